"""CTCAE 6.0: what differs from 5.0 in the laboratory terms of blood count and coagulation.

Source: National Cancer Institute, Common Terminology Criteria for Adverse Events, version 6.0, 2025.
"Platelet count decreased" is gone; "Thrombocytopenia" has grade 4 below 10 (5.0: below 25) and names transfusion in
its grade 3 cell. Neutrophils lose the lower limit of normal and shift by one grade: what was grade 4 in 5.0 (below
0.5) is grade 3. Anaemia, fibrinogen, INR and aPTT are printed as in 5.0.
Open in the source: whether a transfusion makes grade 3 where the count does not (catalogue, P7): `ctcae_v6_platelets`
is by the count alone, `ctcae_v6_platelets_with_transfusion` takes 3 for platelets given for bleeding (a parameter).
Values and null as in 5.0.
"""

from __future__ import annotations

from carac.definitions.ctcae.terms import Version, below_limit, by_value, term, term_with_choice
from carac.definitions.ctcae.transfusion import TRANSFUSION_COUNTS, Transfused
from carac.definitions.ctcae.version_5 import BELOW_LIMIT, coagulation_terms, haemoglobin_term
from carac.language.bands import Bands
from carac.language.definition import Citation, Definition

VERSION_6 = Version(
    "ctcae_v6",
    "6.0",
    Citation("National Cancer Institute. Common Terminology Criteria for Adverse Events version 6.0. 2025"),
)

PLATELETS = Bands(below={10: 4, 50: 3, 75: 2})
NEUTROPHILS = Bands(below={0.1: 4, 0.5: 3, 1.0: 2, 1.5: 1})

_platelets = (
    by_value("platelets", "platelets", "10^9/L", PLATELETS),
    below_limit("platelets", "platelets", BELOW_LIMIT),
)

DEFINITIONS: tuple[Definition, ...] = (
    term(
        VERSION_6,
        "platelets",
        "thrombocytopenia, by the count",
        _platelets,
        choices=(
            "By the count alone; ctcae_v6_platelets_with_transfusion reads the words transfusion indicated, too.",
            "Life-threatening consequences in the grade 4 cell are clinical and not given here.",
        ),
    ),
    term_with_choice(
        term(
            VERSION_6,
            "platelets_with_transfusion",
            "thrombocytopenia, by the count and by transfusion",
            (*_platelets, Transfused()),
            choices=(
                "A platelet transfusion counts on its calendar day, with platelets below 75 or the lower limit.",
                "For bleeding are those whose intent is therapeutic or that name an event; without intent they may be.",
            ),
            needs=("labs", "treatments"),
        ),
        TRANSFUSION_COUNTS,
        lambda v: (*_platelets, Transfused(str(v["transfusion_counts"]))),
        instrument="CTCAE transfusion",
    ),
    term(
        VERSION_6,
        "neutrophils",
        "neutrophil count decreased",
        (by_value("neutrophils", "neutrophils", "10^9/L", NEUTROPHILS),),
    ),
    haemoglobin_term(VERSION_6),
    *coagulation_terms(VERSION_6),
)
