"""4Ts: pretest probability of heparin-induced thrombocytopenia, from four judged items.

Source: Lo GK et al. J Thromb Haemost 2006;4:759 (catalogue 6.7 and 15; tables opened).
Inputs: thrombocytopenia, timing, thrombosis, other causes, each judged on the day as 0, 1 or 2 points.
Values: 0 to 8: 0 to 3 low, 4 to 5 intermediate, 6 to 8 high; null where what is missing decides.
Open in the source: nothing; after CAR T cells marrow suppression is a definite other cause (0 points).
"""

from __future__ import annotations

from carac.language.bands import Bands
from carac.language.definition import Certainty, Citation, Definition
from carac.language.points import Classes, Item, Total
from carac.language.score import About, score
from carac.vocabulary.types import Assessed

ITEMS = (
    ("hit_thrombocytopenia", "fall of platelets: 30 to 50 % or nadir 10 to 19; over 50 % and nadir 20 or more"),
    ("hit_timing", "timing: unclear or late; consistent"),
    ("hit_thrombosis", "thrombosis: progressive or suspected; new"),
    ("hit_other_cause", "other cause: possible; none"),
)
TOTAL = Total(
    tuple(
        Item(item.removeprefix("hit_"), title, Assessed(item), "place in the list", Bands(at_least={2: 2, 1: 1}))
        for item, title in ITEMS
    ),
    classes=Classes(
        "__group",
        "low (0 to 3), intermediate (4 to 5) or high (6 to 8); null where what is missing decides",
        ((0, "low"), (4, "intermediate"), (6, "high")),
    ),
)

DEFINITIONS: tuple[Definition, ...] = (
    score(
        About(
            name="hit_4ts",
            title="4Ts for heparin-induced thrombocytopenia",
            instrument="4Ts",
            version="2006",
            citation=Citation("Lo GK et al. J Thromb Haemost 2006;4:759"),
            certainty=Certainty.VERIFIED,
            population="patients under heparin whose platelets fall",
            meaning="points, 0 to 8; null where what is missing decides",
            choices=("After CAR T cells marrow suppression is a definite other cause.",),
        ),
        lambda _: TOTAL,
    ),
)
