"""ISTH non-overt DIC score, 2001: counts and clotting tests with their trend, and three specific markers.

Sources: Taylor FB Jr, Toh CH, Hoots WK, Wada H, Levi M. Thromb Haemost 2001;86:1327-1330.
doi:10.1055/s-0037-1616068; Toh CH, Downey C. Blood Coagul Fibrinolysis 2005;16:69-74.
Inputs: platelets (10^9/L), prothrombin time (seconds above the upper limit), a fibrin-related marker, each of the day
and of the day before; antithrombin, protein C and thrombin-antithrombin complex against their limits of normal.
Values: -4 to 11 (printed -6 to 11; the 2 points of an underlying disorder are always given here); 5 or more is commonly
read as non-overt DIC (from memory, moderate); null where what is missing
decides, with the lowest and highest possible score.
Open in the source: what counts as stable (`stable_within`, a proposal), which earlier value a trend is taken from (here
the day before), which fibrin-related marker (`fibrin_marker`), and whether a specific marker that was not measured
leaves a range or gives no points (`unmeasured_markers_count`).
"""

from __future__ import annotations

from carac.definitions.coagulation.isth_overt_dic_2001 import CITATION
from carac.language.bands import Bands
from carac.language.combined import Change, Constant, recorded
from carac.language.definition import Certainty, Definition, Values
from carac.language.points import Criterion, Item, Reading, Total
from carac.language.score import About, score
from carac.language.windows import CARRY_FORWARD, PT_REFERENCE, SCORE_WINDOW
from carac.parameters import Parameter, numeric
from carac.vocabulary.types import Laboratory, Scale, Worse

NAME = "isth_non_overt_dic"
UNDERLYING = Constant("underlying_disorder", "underlying disorder associated with DIC", 2)
PLATELETS = Item("platelets", "platelets", Laboratory("platelets", Worse.LOWER), "10^9/L", Bands(below={100: 1}))
PROTHROMBIN_TIME = Item(
    "prothrombin_time",
    "prothrombin time above the upper limit",
    Laboratory("prothrombin_time", Worse.HIGHER, Scale.ABOVE_UPPER_LIMIT),
    "s",
    Bands(above={3: 1}),
)
#: A point where the value lies outside its limit of normal, and one less where it does not.
LOW_OR_NOT = Bands(below={1.0: 1}, otherwise=-1)
HIGH_OR_NOT = Bands(above={1.0: 1}, otherwise=-1)
MARKERS = (
    ("antithrombin", "antithrombin", Scale.BY_LOWER_LIMIT, LOW_OR_NOT),
    ("protein_c", "protein C", Scale.BY_LOWER_LIMIT, LOW_OR_NOT),
    ("thrombin_antithrombin_complex", "thrombin-antithrombin complex", Scale.BY_UPPER_LIMIT, HIGH_OR_NOT),
)

PARAMETERS = (
    Parameter(
        "stable_within",
        0.1,
        "share of the earlier value by which a value may differ and still be stable (a proposal)",
        lowest=0.0,
        highest=0.9,
        source="catalogue 0: what counts as stable is a parameter",
    ),
    Parameter(
        "fibrin_marker",
        "fibrin_degradation_products",
        "which fibrin-related marker is read",
        ("fibrin_degradation_products", "soluble_fibrin", "d_dimer"),
        source="catalogue 4.3",
    ),
    Parameter(
        "unmeasured_markers_count",
        True,
        "whether antithrombin, protein C or thrombin-antithrombin complex that was not measured leaves a range; "
        "false gives it no points",
        source="catalogue 4.3",
    ),
    CARRY_FORWARD,
    SCORE_WINDOW,
    PT_REFERENCE,
)


def _lower_is_worse(share: float) -> Bands:
    """Falling, stable, rising: one point, none, one less."""
    return Bands(below={1 - share: 1}, at_most={1 + share: 0}, otherwise=-1)


def _higher_is_worse(share: float) -> Bands:
    return Bands(above={1 + share: 1}, at_least={1 - share: 0}, otherwise=-1)


def _trend(name: str, title: str, analyte: str, worse: Worse, bands: Bands) -> Change:
    return Change(name, title, Laboratory(analyte, worse), Laboratory(analyte, worse, before=1), bands)


def total(values: Values) -> Total:
    """The score under its parameters."""
    share, marker = numeric(values, "stable_within"), str(values["fibrin_marker"])
    raised = Item(
        "fibrin_marker",
        f"{marker.replace('_', ' ')} above the upper limit",
        Laboratory(marker, Worse.HIGHER, Scale.BY_UPPER_LIMIT),
        "x ULN",
        Bands(above={1.0: 1}),
    )
    clotting = _trend(
        "prothrombin_time_trend",
        "trend of prothrombin time",
        "prothrombin_time",
        Worse.HIGHER,
        _higher_is_worse(share),
    )
    specific: list[Criterion] = [
        recorded(
            Item(
                analyte,
                title,
                Laboratory(analyte, bands.worse, scale),
                "x " + ("LLN", "ULN")[bands is HIGH_OR_NOT],
                bands,
            ),
            not values["unmeasured_markers_count"],
        )
        for analyte, title, scale, bands in MARKERS
    ]
    return Total(
        (
            UNDERLYING,
            PLATELETS,
            _trend("platelet_trend", "trend of platelets", "platelets", Worse.LOWER, _lower_is_worse(share)),
            PROTHROMBIN_TIME,
            clotting,
            raised,
            _trend("fibrin_marker_trend", "trend of the marker", marker, Worse.HIGHER, _higher_is_worse(share)),
            *specific,
        ),
        readings=(Reading("__non_overt", "non-overt DIC", 5),),
    )


DEFINITIONS: tuple[Definition, ...] = (
    score(
        About(
            name=NAME,
            title="ISTH non-overt DIC",
            instrument="ISTH non-overt DIC",
            version="2001",
            citation=CITATION,
            certainty=Certainty.SECONDARY,
            population="adults; an underlying disorder associated with DIC",
            meaning="score, -4 to 11 (the disorder always gives 2); null where what is missing decides",
            parameters=PARAMETERS,
            choices=(
                "A trend compares with the value of the day before; without one it leaves a range.",
                "The threshold of 5 is from memory, moderate.",
                "Every recipient of CAR T cells is taken to have an underlying disorder (2 points).",
            ),
        ),
        total,
    ),
)
