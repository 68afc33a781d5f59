"""ONKOTEV, 2017: venous thrombosis in outpatients with solid tumours. Not derived after CAR T cells.

Source: ONKOTEV score. Oncologist 2017;22:601 (catalogue 15).
Inputs: the Khorana score; metastatic disease, macroscopic compression of vessels or lymphatics, and venous thrombosis
in history, judged before the infusion.
Values: 0 to 4, a point each for Khorana above 2, metastases, compression, and venous thrombosis; classes 0, 1, 2, and
more than 2; null where what is missing decides.
Made for solid tumours: metastases and compression say little in lymphoma, leukaemia and myeloma.
"""

from __future__ import annotations

from carac.definitions.risk.before_infusion import judged, risk_score
from carac.language.bands import Bands
from carac.language.combined import OnResult
from carac.language.definition import Certainty, Citation, Definition, Values
from carac.language.points import Classes, Total

CLASSES = Classes(
    "__group",
    "0, 1, 2, or more than 2; null where what is missing decides",
    ((0, "0"), (1, "1"), (2, "2"), (3, "more_than_2")),
)


def onkotev(values: Values) -> Total:
    """Four items of one point."""
    return Total(
        (
            OnResult("khorana", "Khorana score", "khorana", "points", Bands(above={2: 1})),
            judged("metastatic_disease", "metastatic disease", values),
            judged("vascular_compression", "macroscopic vascular or lymphatic compression", values),
            judged("venous_thrombosis_history", "venous thrombosis in history", values),
        ),
        classes=CLASSES,
    )


DEFINITIONS: tuple[Definition, ...] = (
    risk_score(
        "onkotev",
        "ONKOTEV",
        "2017",
        Citation("ONKOTEV score. Oncologist 2017;22:601"),
        Certainty.VERIFIED,
        "ambulatory patients with solid tumours",
        onkotev,
        choices=("Made for solid tumours: metastases and compression are judged items.",),
        uses=("khorana",),
    ),
)
