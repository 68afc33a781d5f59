"""Chinese DIC scoring system (CDSS), 2017, with its variant for malignant haematology.

Source: Thrombosis and Hemostasis Group, Society of Hematology, Chinese Medical Association. Zhonghua Xue Ye Xue Za Zhi
2017;38:361-363. doi:10.3760/cma.j.issn.0253-2727.2017.05.001. The table was read in two open calculators.
Inputs: three clinical items (judged), platelets (10^9/L) and their fall since the day before, D-dimer (mg/L), seconds
by which prothrombin time and aPTT exceed their upper limits, fibrinogen (g/L).
Values: a sum of points; DIC from 7, in malignant haematology from 6, where bleeding is not scored; null where what is
missing decides.
Open in the source: whether count and fall of platelets add (`plt_additive`); D-dimer of exactly 9 (`d_dimer_9_counts`);
"or" or "and" between prothrombin time and aPTT (`pt_aptt`); a follow-up paper also scores fibrinogen above 4 g/L
(`high_fibrinogen_counts`); whether D-dimer is FEU or DDU (`d_dimer_basis`).
"""

from __future__ import annotations

from carac.language.bands import Bands
from carac.language.combined import Combined, Constant, Judged, any_of, platelet_fall, recorded
from carac.language.definition import Certainty, Citation, Definition, Values
from carac.language.points import Criterion, Item, Reading, Total
from carac.language.score import UNRECORDED, About, score
from carac.language.windows import CARRY_FORWARD, PT_REFERENCE, SCORE_WINDOW
from carac.parameters import Parameter
from carac.vocabulary.types import Laboratory, Scale, Span, Worse

CITATION = Citation(
    "Thrombosis and Hemostasis Group, Chinese Society of Hematology. Zhonghua Xue Ye Xue Za Zhi 2017;38:361-363",
    "10.3760/cma.j.issn.0253-2727.2017.05.001",
)

UNDERLYING = Constant("underlying_disease", "underlying disease that leads to DIC", 2)
BLEEDING = Judged("unexplained_bleeding", "severe or multi-site bleeding", span=Span.DAY)
SHOCK = Judged("unexplained_shock", "microcirculatory disturbance or shock", span=Span.DAY)
EMBOLISM = Judged("unexplained_embolism", "embolism, necrosis or failure of lung, kidney or brain", span=Span.DAY)
COUNTS = {"malignant": Bands(below={50: 1}), "other": Bands(below={80: 2, 100: 1})}
#: A fall of 50 % or more leaves at most half of the count of the day before.
FALL = Bands(at_most={0.5: 1})
D_DIMER = {True: Bands(at_least={9: 3, 5: 2}), False: Bands(above={9: 3}, at_least={5: 2})}
FIBRINOGEN = Item("low_fibrinogen", "fibrinogen", Laboratory("fibrinogen", Worse.LOWER), "g/L", Bands(below={1.0: 1}))
HIGH_FIBRINOGEN = Item(
    "high_fibrinogen", "high fibrinogen", Laboratory("fibrinogen", Worse.HIGHER), "g/L", Bands(above={4.0: 1})
)

PARAMETERS = (
    Parameter(
        "plt_additive", True, "whether the points of count and fall of platelets add, or the more of them counts",
        source="catalogue 12 #14",
    ),
    Parameter("d_dimer_9_counts", True, "whether D-dimer of exactly 9 mg/L gives 3 points", source="catalogue 4.7"),
    Parameter(
        "pt_aptt", "or", "whether prothrombin time or aPTT is enough for the one point, or both are needed",
        ("or", "and"), source="catalogue 4.7",
    ),
    Parameter(
        "high_fibrinogen_counts", False, "whether fibrinogen above 4 g/L gives a point too (a follow-up paper)",
        source="catalogue 4.7",
    ),
    Parameter(
        "exclude_transfused_falls", True,
        "whether a fall from a count that stands on a platelet transfusion of the two days before is left out",
        source="catalogue 14, P12",
    ),
    Parameter(
        "d_dimer_basis", "feu", "whether the printed 5 and 9 mg/L are FEU or DDU (half as much of the same sample)",
        ("feu", "ddu"), source="catalogue 4.7",
    ),
    CARRY_FORWARD,
    SCORE_WINDOW,
    PT_REFERENCE,
    UNRECORDED,
)  # fmt: skip


def _seconds(analyte: str, title: str, bands: Bands, name: str = "") -> Item:
    return Item(name or analyte, title, Laboratory(analyte, Worse.HIGHER, Scale.ABOVE_UPPER_LIMIT), "s", bands)


def _clotting(joined: str) -> Criterion:
    title, activated = "prothrombin time above the upper limit", "aPTT above the upper limit"
    if joined == "or":
        both: tuple[Criterion, ...] = (
            _seconds("prothrombin_time", title, Bands(at_least={6: 2, 3: 1})),
            _seconds("aptt", activated, Bands(at_least={10: 1})),
        )
    else:
        one_each = (
            _seconds("prothrombin_time", title, Bands(at_least={3: 1}), "prothrombin_time_3"),
            _seconds("aptt", activated, Bands(at_least={10: 1})),
        )
        both = (
            _seconds("prothrombin_time", title, Bands(at_least={6: 2})),
            Combined("both_prolonged", "both prolonged", one_each, bands=Bands(at_least={2: 1})),
        )
    return any_of("clotting_times", "prothrombin time and aPTT", both)


def total(malignant: bool, values: Values) -> Total:
    """The score of one variant."""
    absent = bool(values["unrecorded_is_absent"])
    count = Item(
        "platelet_count",
        "platelets",
        Laboratory("platelets", Worse.LOWER),
        "10^9/L",
        COUNTS["malignant" if malignant else "other"],
    )
    fall = platelet_fall(FALL, bool(values["exclude_transfused_falls"]))
    d_dimer = D_DIMER[bool(values["d_dimer_9_counts"])]
    # FEU is about twice DDU (catalogue 0.1).
    unit, factor = ("mg/L FEU", 1.0) if values.get("d_dimer_basis", "feu") == "feu" else ("mg/L DDU", 0.5)
    fibrinogen = (FIBRINOGEN, HIGH_FIBRINOGEN) if values["high_fibrinogen_counts"] else (FIBRINOGEN,)
    clinical = (SHOCK, EMBOLISM) if malignant else (BLEEDING, SHOCK, EMBOLISM)
    return Total(
        (
            UNDERLYING,
            *(recorded(item, absent) for item in clinical),
            Combined("platelets", "platelets and their fall", (count, fall), worst=not values["plt_additive"]),
            Item("d_dimer", "D-dimer", Laboratory("d_dimer", Worse.HIGHER), unit, d_dimer, factor),
            _clotting(str(values["pt_aptt"])),
            any_of("fibrinogen", "fibrinogen", fibrinogen),
        ),
        readings=(Reading("__dic", "DIC", 6 if malignant else 7),),
    )


def _definition(name: str, title: str, population: str, malignant: bool) -> Definition:
    about = About(
        name=name,
        title=title,
        instrument="CDSS",
        version="2017",
        citation=CITATION,
        certainty=Certainty.SECONDARY,
        population=population,
        meaning="score; null where what is missing decides",
        parameters=PARAMETERS,
        choices=(
            'The fall "in 24 hours" is that of the lowest count from the highest of the day before.',
            "The source does not say whether D-dimer is FEU or DDU; FEU is read.",
            "Every recipient of CAR T cells is taken to have an underlying disease (2 points).",
        ),
    )
    return score(about, lambda values: total(malignant, values))


DEFINITIONS: tuple[Definition, ...] = (
    _definition("cdss_malignant", "CDSS, malignant haematology", "adults with a haematological malignancy", True),
    _definition("cdss", "CDSS", "adults without a haematological malignancy", False),
)
