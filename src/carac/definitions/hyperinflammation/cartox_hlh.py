"""CARTOX-HLH, 2018: ferritin above 10,000 with two organ criteria.

Source: Neelapu SS et al. Nat Rev Clin Oncol 2018;15:47-62. doi:10.1038/nrclinonc.2017.148 (from memory, high).
Inputs: ferritin (ug/L), required; CTCAE 5.0 grade 3 or more of bilirubin, AST or ALT (one criterion); grade 3 or more
of creatinine, or oliguria; pulmonary oedema of grade 3; haemophagocytosis.
Values: how many of the four are met; the reading is true where ferritin is above 10,000 and two or more are met; null
where what is missing decides.
Open in the source: which version of CTCAE (5.0 here; the paper used the one of its time); "during cytokine release"
is not checked.
"""

from __future__ import annotations

from carac.definitions.hyperinflammation.hlh import highest
from carac.language.bands import Bands
from carac.language.combined import Judged, OfGrade, any_of, recorded
from carac.language.definition import Certainty, Citation, Definition, Values
from carac.language.points import Reading, Total
from carac.language.score import UNRECORDED, About, score

LIVER = tuple(f"ctcae_v5_{term}" for term in ("bilirubin", "ast", "alt"))
KIDNEY = "ctcae_v5_creatinine"


def total(values: Values) -> Total:
    """The count of organ criteria, with ferritin required."""
    absent = bool(values["unrecorded_is_absent"])
    liver = (OfGrade(term, f"{term.removeprefix('ctcae_v5_')} of grade 3 or more", term, 3) for term in LIVER)
    oliguria = recorded(Judged("oliguria_grade_3", "oliguria of grade 3 or more"), absent)
    kidney = (OfGrade(KIDNEY, "creatinine of grade 3 or more", KIDNEY, 3), oliguria)
    return Total(
        (
            any_of("liver", "bilirubin, AST or ALT of grade 3 or more", liver),
            any_of("kidney", "creatinine or oliguria of grade 3 or more", kidney),
            recorded(Judged("pulmonary_oedema_grade_3", "pulmonary oedema of grade 3 or more"), absent),
            recorded(Judged("haemophagocytosis", "haemophagocytosis"), absent),
        ),
        readings=(Reading("__met", "criteria met with ferritin above 10,000", 2),),
        gates=(highest("ferritin", "ferritin", "ferritin (required)", "ug/L", Bands(above={10000: 1})),),
    )


DEFINITIONS: tuple[Definition, ...] = (
    score(
        About(
            name="cartox_hlh",
            title="CARTOX-HLH",
            instrument="CARTOX-HLH",
            version="2018",
            citation=Citation("Neelapu SS et al. Nat Rev Clin Oncol 2018;15:47-62", "10.1038/nrclinonc.2017.148"),
            certainty=Certainty.MEMORY_HIGH,
            population="adults after CAR T cells",
            meaning="organ criteria met, 0 to 4; null where what is missing decides",
            parameters=(UNRECORDED,),
            uses=(*LIVER, KIDNEY),
            choices=("Organ grades are those of CTCAE 5.0.", "That cytokine release goes on is not checked."),
        ),
        total,
    ),
)
