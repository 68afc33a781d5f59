"""Transplantation-associated thrombotic microangiopathy, harmonised criteria of 2023: a differential diagnosis.

Source: Schoettler ML et al. Transplant Cell Ther 2023;29:151-163 (from memory, moderate; catalogue 6.7).
Inputs: lactate dehydrogenase against its upper limit; six judged items; tissue proof (judged).
Values: how many of seven are met; the reading is true from 4, or with tissue proof; null where what is missing decides.
Open in the source: "on two consecutive tests within 14 days" is left to whoever judges the items.
"""

from __future__ import annotations

from carac.language.bands import Bands
from carac.language.combined import Judged, recorded
from carac.language.definition import Certainty, Citation, Definition, Values
from carac.language.points import Item, Reading, Total
from carac.language.score import UNRECORDED, About, score
from carac.vocabulary.types import Laboratory, Scale, Span, Worse

DEHYDROGENASE = Item(
    "lactate_dehydrogenase",
    "lactate dehydrogenase",
    Laboratory("lactate_dehydrogenase", Worse.HIGHER, Scale.BY_UPPER_LIMIT),
    "x ULN",
    Bands(above={1.0: 1}),
)
JUDGED = (
    ("tma_anaemia", "anaemia"),
    ("tma_thrombocytopenia", "thrombocytopenia"),
    ("tma_schistocytes", "schistocytes"),
    ("tma_hypertension", "hypertension"),
    ("tma_complement", "raised sC5b-9"),
    ("tma_proteinuria", "proteinuria"),
)


def total(values: Values) -> Total:
    """Seven criteria, and tissue proof in their place."""
    absent = bool(values["unrecorded_is_absent"])
    items = (recorded(Judged(name, title, span=Span.DAY), absent) for name, title in JUDGED)
    proof = recorded(Judged("tma_biopsy", "tissue proof"), absent)
    return Total(
        (DEHYDROGENASE, *items), readings=(Reading("__met", "criteria met, or tissue proof", 4),), instead=(proof,)
    )


DEFINITIONS: tuple[Definition, ...] = (
    score(
        About(
            name="ta_tma",
            title="TA-TMA, harmonised criteria",
            instrument="TA-TMA",
            version="2023",
            citation=Citation("Schoettler ML et al. Transplant Cell Ther 2023;29:151-163"),
            certainty=Certainty.MEMORY_MODERATE,
            population="recipients of haematopoietic cells; a differential after CAR T cells",
            meaning="criteria met, 0 to 7; null where what is missing decides",
            parameters=(UNRECORDED,),
            choices=("Two consecutive tests within 14 days are left to the judged items.",),
        ),
        total,
    ),
)
