"""ISTH overt DIC score, 2025 update: what differs from 2001 is the D-dimer item.

Source: Iba T, Levi M, Thachil J, et al. J Thromb Haemost 2025;23:2356-2362. doi:10.1016/j.jtha.2025.03.038.
D-dimer above 3 x ULN gives 2 points and above 7 x ULN gives 3; exactly 3.0 x ULN gives none. Platelets, prothrombin
time and fibrinogen as in 2001; the source allows INR locally and prints no cut-offs for it (LOW).
Values: 0 to 8; 5 or more is overt DIC; null where what is missing decides.
"""

from __future__ import annotations

from carac.definitions.coagulation.isth_overt_dic_2001 import d_dimer_by_limit, definition
from carac.language.bands import Bands
from carac.language.definition import Certainty, Citation, Definition

CITATION = Citation("Iba T et al. J Thromb Haemost 2025;23:2356-2362", "10.1016/j.jtha.2025.03.038")

D_DIMER = d_dimer_by_limit(Bands(above={7: 3, 3: 2}))

DEFINITIONS: tuple[Definition, ...] = (
    definition(
        "isth_overt_dic_2025", "ISTH overt DIC, 2025 update", "2025", CITATION, Certainty.SECONDARY, lambda _: D_DIMER
    ),
)
