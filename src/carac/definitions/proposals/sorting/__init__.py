"""The sorting of "coagulopathy": a place for each day and infusion, and beside it what could explain it. A proposal.

`explanations` what could explain an abnormality; `adjusted_points` the DIC scores with explained items set aside;
`agreement` how the scores agree; `places` the place of a day; `patient` that of an infusion; `concurrency` with CRS,
ICANS and IEC-HS; `death` with DIC or from it. The rules stand in docs/sorting.md.
"""

from __future__ import annotations

from carac.language.definition import Citation

GALLI = Citation("Galli E, Sorà F, Rossi E. Br J Haematol 2024;205:409-410", "10.1111/bjh.19619")
INSTRUMENT = "Sorting of coagulopathy"
VERSION = "proposal 1"
POPULATION = "recipients of CAR T cells"
KEYS = ("patient_id", "infusion_number")
