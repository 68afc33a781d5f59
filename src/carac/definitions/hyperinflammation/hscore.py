"""HScore, 2014: probability of reactive haemophagocytic syndrome, in points.

Source: Fardet L et al. Arthritis Rheumatol 2014;66:2613-2620. doi:10.1002/art.38690.
Inputs: immunosuppression, temperature (°C), spleen and liver, haemoglobin (g/dL), leukocytes and platelets (10^9/L),
ferritin (ug/L), triglycerides (mmol/L), fibrinogen (g/L), AST (U/L), haemophagocytosis.
Values: 0 to 337 points; the reading is true from 169; null where what is missing decides.
Open in the source: whether 169 itself is above the cut-off (`cut_off_included`). Probabilities are not computed: the
curve was not opened. After CAR T cells every patient is immunosuppressed (18) and most lack three lineages (34).
"""

from __future__ import annotations

from carac.definitions.hyperinflammation.hlh import highest, lowest
from carac.language.bands import Bands
from carac.language.combined import Combined, Judged, recorded
from carac.language.definition import Certainty, Citation, Definition, Values
from carac.language.points import Item, Reading, Total
from carac.language.score import UNRECORDED, About, score
from carac.parameters import Parameter
from carac.vocabulary.types import Assessed

CUT_OFF = 169
#: Triglycerides are kept in mg/dL.
MMOL_PER_L = 1 / 88.57

TEMPERATURE = Item(
    "temperature", "temperature", Assessed("temperature"), "°C", Bands(above={39.4: 49}, at_least={38.4: 33})
)
CYTOPENIA = Combined(
    "cytopenia",
    "lineages that are low",
    (
        lowest("haemoglobin", "haemoglobin", "haemoglobin", "g/dL", Bands(at_most={9.2: 1})),
        lowest("leukocytes", "leukocytes", "leukocytes", "10^9/L", Bands(at_most={5: 1})),
        lowest("platelets", "platelets", "platelets", "10^9/L", Bands(at_most={110: 1})),
    ),
    bands=Bands(at_least={3: 34, 2: 24}),
)
FERRITIN = highest("ferritin", "ferritin", "ferritin", "ug/L", Bands(above={6000: 50}, at_least={2000: 35}))
TRIGLYCERIDES = highest(
    "triglycerides",
    "triglycerides",
    "triglycerides",
    "mmol/L",
    Bands(above={4: 64}, at_least={1.5: 44}),
    factor=MMOL_PER_L,
)
FIBRINOGEN = lowest("fibrinogen", "fibrinogen", "fibrinogen", "g/L", Bands(at_most={2.5: 30}))
AST = highest("ast", "aspartate_aminotransferase", "AST", "U/L", Bands(at_least={30: 19}))

INCLUDED = Parameter(
    "cut_off_included", True, "whether 169 points themselves reach the cut-off", source="catalogue 12 #18"
)


def total(values: Values) -> Total:
    """The score under its parameters."""
    absent = bool(values["unrecorded_is_absent"])
    organs = Combined(
        "organomegaly",
        "enlarged spleen, liver, or both",
        (recorded(Judged("spleen", "spleen"), absent), recorded(Judged("liver", "liver"), absent)),
        bands=Bands(at_least={2: 38, 1: 23}),
    )
    return Total(
        (
            recorded(Judged("immunosuppression", "known immunosuppression", 18), absent),
            TEMPERATURE,
            organs,
            CYTOPENIA,
            FERRITIN,
            TRIGLYCERIDES,
            FIBRINOGEN,
            AST,
            recorded(Judged("haemophagocytosis", "haemophagocytosis", 35), absent),
        ),
        readings=(Reading("__likely", "haemophagocytic syndrome likely", CUT_OFF + (not values["cut_off_included"])),),
    )


DEFINITIONS: tuple[Definition, ...] = (
    score(
        About(
            name="hscore",
            title="HScore",
            instrument="HScore",
            version="2014",
            citation=Citation("Fardet L et al. Arthritis Rheumatol 2014;66:2613-2620", "10.1002/art.38690"),
            certainty=Certainty.VERIFIED,
            population="adults; not validated after CAR T cells",
            meaning="points, 0 to 337; null where what is missing decides",
            parameters=(INCLUDED, UNRECORDED),
            choices=(
                "The sign of the cut-off of 169 is not printed.",
                "After CAR T cells immunosuppression and cytopenia alone give 52 points.",
                "No probability is computed.",
            ),
        ),
        total,
    ),
)
