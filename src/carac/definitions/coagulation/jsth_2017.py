"""JSTH DIC diagnostic criteria, 2017: basic, haematopoietic and infectious type.

Source: Wada H et al. Thromb J 2017 (s12959-017-0142-4, table 1); catalogue 4.6.
Inputs: platelets (10^9/L) and their fall since the day before, fibrin degradation products (ug/mL), fibrinogen (g/L),
prothrombin time ratio (else prothrombin time over its upper limit), antithrombin (%), a marker of coagulation
activation (thrombin-antithrombin complex, soluble fibrin or prothrombin fragment 1+2, x ULN), liver failure (judged).
Values: a sum of points; DIC from 6 (basic), 4 (haematopoietic: platelets are not scored) or 5 (infectious: fibrinogen
is not scored); null where what is missing decides.
Open in the source: which denominator the ratio has (P9); judged liver failure and the activation markers that nobody
recorded leave a range unless the parameters say otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

from carac.definitions.coagulation.jaam import ratio_item
from carac.language.bands import Bands
from carac.language.combined import AnyMeasured, Combined, Judged, platelet_fall, recorded
from carac.language.definition import Certainty, Citation, Definition, Values
from carac.language.points import Criterion, Item, Reading, Total
from carac.language.score import UNRECORDED, About, score
from carac.language.windows import CARRY_FORWARD, PT_REFERENCE, SCORE_WINDOW
from carac.parameters import Parameter
from carac.vocabulary.types import Laboratory, Scale, Span, Worse

CITATION = Citation("Wada H et al. Thromb J 2017 (s12959-017-0142-4)")

COUNT = Item(
    "platelet_count",
    "platelets",
    Laboratory("platelets", Worse.LOWER),
    "10^9/L",
    Bands(at_most={50: 3, 80: 2, 120: 1}),
)
#: A fall of 30 % or more leaves at most 0.7 of the count of the day before.
FALL = Bands(at_most={0.7: 1})
DEGRADATION_PRODUCTS = Item(
    "fibrin_degradation_products",
    "fibrin degradation products",
    Laboratory("fibrin_degradation_products", Worse.HIGHER),
    "ug/mL",
    Bands(at_least={40: 3, 20: 2, 10: 1}),
)
FIBRINOGEN = Item(
    "fibrinogen", "fibrinogen", Laboratory("fibrinogen", Worse.LOWER), "g/L", Bands(at_most={1.0: 2, 1.5: 1})
)
RATIO = ratio_item(Bands(at_least={1.67: 2, 1.25: 1}))
ANTITHROMBIN = Item(
    "antithrombin", "antithrombin", Laboratory("antithrombin", Worse.LOWER), "%", Bands(at_most={70: 1})
)
MARKERS = (
    ("thrombin_antithrombin_complex", "thrombin-antithrombin complex"),
    ("soluble_fibrin", "soluble fibrin"),
    ("prothrombin_fragment_1_2", "prothrombin fragment 1+2"),
)
ACTIVATED = Bands(at_least={2: 1})
LIVER_FAILURE = Judged("liver_failure", "liver failure", -3, Span.SO_FAR)


@dataclass(frozen=True)
class Kind:
    """One of the three types: what it leaves out, and from how many points on it is DIC."""

    word: str
    title: str
    dic_from: int
    platelets: bool = True
    fibrinogen: bool = True


KINDS = (
    Kind("haematopoietic", "haematopoietic disorder (platelets not scored)", 4, platelets=False),
    Kind("basic", "basic", 6),
    Kind("infectious", "infectious (fibrinogen not scored)", 5, fibrinogen=False),
)

TRANSFUSED = Parameter(
    "exclude_transfused_falls",
    True,
    "whether a fall from a count that stands on a platelet transfusion of the two days before is left out",
    source="catalogue 14, P12",
)


def _activation() -> Criterion:
    """One marker is enough, whichever it is; those that were not measured leave no range beside one that was."""
    items = [
        Item(analyte, title, Laboratory(analyte, Worse.HIGHER, Scale.BY_UPPER_LIMIT), "x ULN", ACTIVATED)
        for analyte, title in MARKERS
    ]
    return AnyMeasured("activation", "marker of coagulation activation", tuple(items))


def total(kind: Kind, values: Values) -> Total:
    """The score of one type."""
    absent = bool(values["unrecorded_is_absent"])
    fall = platelet_fall(FALL, bool(values.get("exclude_transfused_falls")))
    platelets = Combined("platelets", "platelets and their fall, at most 3", (COUNT, fall), at_most=3)
    criteria: list[Criterion] = [
        *((platelets,) if kind.platelets else ()),
        DEGRADATION_PRODUCTS,
        *((FIBRINOGEN,) if kind.fibrinogen else ()),
        RATIO,
        ANTITHROMBIN,
        recorded(_activation(), absent),
        recorded(LIVER_FAILURE, absent),
    ]
    return Total(tuple(criteria), readings=(Reading("__dic", f"DIC, {kind.title}", kind.dic_from),))


def _definition(kind: Kind) -> Definition:
    about = About(
        name=f"jsth_dic_{kind.word}",
        title=f"JSTH DIC 2017, {kind.title}",
        instrument="JSTH DIC",
        version="2017",
        citation=CITATION,
        certainty=Certainty.VERIFIED,
        population="adults; the type follows the underlying disorder",
        meaning="score; null where what is missing decides",
        parameters=(UNRECORDED, *((TRANSFUSED,) if kind.platelets else ()), CARRY_FORWARD, SCORE_WINDOW, PT_REFERENCE),
        choices=(
            'The fall "in 24 hours" is that of the lowest count from the highest of the day before.',
            "Of the markers of coagulation activation, any that was measured gives the point.",
        ),
    )
    return score(about, lambda values: total(kind, values))


DEFINITIONS: tuple[Definition, ...] = tuple(_definition(kind) for kind in KINDS)
