"""ISTH overt DIC score, 2001, under each D-dimer scheme.

Source: Taylor FB Jr, Toh CH, Hoots WK, Wada H, Levi M. Thromb Haemost 2001;86:1327-1330. doi:10.1055/s-0037-1616068.
Inputs: platelets (10^9/L), D-dimer (x ULN, or mg/L FEU) or fibrin degradation products (ug/mL), prothrombin time
(seconds above the upper limit; INR where the seconds cannot be scored), fibrinogen (g/L), of one calendar day.
Values: 0 to 8; 5 or more is compatible with overt DIC; null where what is missing decides, with the lowest and
highest possible score. Items stand beside the score.
Open in the source: what a moderate and a strong increase of the fibrin-related marker is (each scheme is a column of
its own); ties at 100, 50, 1.0 and 3 or 6 s (`ties`; here at least: the catalogue's reading); what prothrombin time is
prolonged against (`pt_reference`: the upper limit of normal); how many days a value may stand in (`carry_forward`), and
whether a calendar day or 24 hours are read (`score_window`). The INR cut-offs are LOW. The score
presupposes an underlying disorder, which every recipient of CAR T cells has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from carac.language.bands import Bands
from carac.language.definition import Certainty, Citation, Definition, Layer, Status, Values
from carac.language.points import Item, Reading, Total
from carac.language.windows import CARRY_FORWARD, PT_REFERENCE, SCORE_WINDOW, read_as_asked
from carac.parameters import Parameter
from carac.vocabulary.types import Grain, Laboratory, Scale, Worse

CITATION = Citation("Taylor FB Jr et al. Thromb Haemost 2001;86:1327-1330", "10.1055/s-0037-1616068")

#: Ties by the table of JAAM-2, and as first printed (">100 = 0", ">3 but <6 = 1", ">1.0 = 0").
PLATELET_BANDS = {">=": Bands(below={50: 2, 100: 1}), ">": Bands(at_most={50: 2, 100: 1})}
SECONDS_BANDS = {">=": Bands(at_least={6: 2, 3: 1}), ">": Bands(above={6: 2, 3: 1})}
FIBRINOGEN_BANDS = {">=": Bands(below={1.0: 1}), ">": Bands(at_most={1.0: 1})}
PLATELETS = Item("platelets", "platelets", Laboratory("platelets", Worse.LOWER), "10^9/L", PLATELET_BANDS[">="])
SURROGATE = Bands(above={1.4: 2, 1.2: 1})
RATIO_SURROGATE = Item(
    "prothrombin_time_ratio",
    "prothrombin time ratio in place of seconds",
    Laboratory("prothrombin_time_ratio", Worse.HIGHER),
    "",
    SURROGATE,
)
INR_SURROGATE = Item(
    "inr", "INR in place of seconds", Laboratory("inr", Worse.HIGHER), "", SURROGATE, otherwise=RATIO_SURROGATE
)
PROTHROMBIN_TIME = Item(
    "prothrombin_time",
    "prothrombin time above the upper limit",
    Laboratory("prothrombin_time", Worse.HIGHER, Scale.ABOVE_UPPER_LIMIT),
    "s",
    SECONDS_BANDS[">="],
    otherwise=INR_SURROGATE,
)
FIBRINOGEN = Item("fibrinogen", "fibrinogen", Laboratory("fibrinogen", Worse.LOWER), "g/L", FIBRINOGEN_BANDS[">="])
OVERT = Reading("__overt", "compatible with overt DIC", 5)

INR_FOR_SECONDS = Parameter(
    "inr_for_seconds",
    True,
    "whether INR or ratio >1.2 and >1.4 stand in where prothrombin time cannot be scored (LOW)",
    source="catalogue 4.1, LOW",
)
TIES = Parameter(
    "ties",
    ">=",
    "platelets of exactly 100 or 50, prothrombin time of exactly 3 or 6 s, fibrinogen of exactly 1.0 g/L: by the table "
    "with at-least signs (>=), or as first printed (>)",
    (">=", ">"),
    source="catalogue 4.1, 12 #11",
)
PARAMETERS = (CARRY_FORWARD, SCORE_WINDOW, PT_REFERENCE, TIES, INR_FOR_SECONDS)

_D_DIMER_BY_LIMIT = Laboratory("d_dimer", Worse.HIGHER, Scale.BY_UPPER_LIMIT)


def d_dimer_by_limit(bands: Bands) -> Item:
    """The D-dimer item in multiples of the upper limit."""
    return Item("d_dimer", "D-dimer", _D_DIMER_BY_LIMIT, "x ULN", bands)


@dataclass(frozen=True)
class Scheme:
    """What counts as a moderate and a strong increase of the fibrin-related marker."""

    suffix: str
    title: str
    item: Item
    certainty: Certainty


SCHEMES = (
    Scheme(
        "5xuln",
        "D-dimer above ULN and from 5 x ULN",
        d_dimer_by_limit(Bands(above={1: 2}, at_least={5: 3})),
        Certainty.VERIFIED,
    ),
    Scheme(
        "10xuln",
        "D-dimer above ULN and from 10 x ULN",
        d_dimer_by_limit(Bands(above={1: 2}, at_least={10: 3})),
        Certainty.MEMORY_HIGH,
    ),
    Scheme(
        "2x4x",
        "D-dimer from 2 and above 4 x ULN",
        d_dimer_by_limit(Bands(at_least={2: 2}, above={4: 3})),
        Certainty.VERIFIED,
    ),
    Scheme(
        "fdp",
        "fibrin degradation products from 10 and 25 ug/mL",
        Item(
            "fibrin_degradation_products",
            "fibrin degradation products",
            Laboratory("fibrin_degradation_products", Worse.HIGHER),
            "ug/mL",
            Bands(at_least={25: 3, 10: 2}),
        ),
        Certainty.MEMORY_MODERATE,
    ),
    Scheme(
        "absolute",
        "D-dimer from 1 and 4 mg/L FEU",
        Item("d_dimer", "D-dimer", Laboratory("d_dimer", Worse.HIGHER), "mg/L FEU", Bands(at_least={4: 3, 1: 2})),
        Certainty.MEMORY_MODERATE,
    ),
)

CHOICES = (
    "The source leaves open what a moderate and a strong increase of the fibrin-related marker is.",
    "Ties follow the printed table with at-least signs: platelets of exactly 100 or 50, fibrinogen of exactly 1.0.",
    "Prothrombin time is prolonged above the upper limit of normal.",
    "Platelets are low after lymphodepletion and fibrinogen after tocilizumab without any consumption: read the items.",
)


def total(values: Values, marker: Item) -> Total:
    """The score with this fibrin-related marker."""
    ties = str(values.get("ties", ">="))
    items = (
        replace(PLATELETS, bands=PLATELET_BANDS[ties]),
        marker,
        replace(
            PROTHROMBIN_TIME,
            bands=SECONDS_BANDS[ties],
            otherwise=INR_SURROGATE if values["inr_for_seconds"] else None,
        ),
        replace(FIBRINOGEN, bands=FIBRINOGEN_BANDS[ties]),
    )
    return read_as_asked(Total(items, readings=(OVERT,)), values)


def definition(
    name: str,
    title: str,
    version: str,
    citation: Citation,
    certainty: Certainty,
    d_dimer: Callable[[Values], Item],
    more: tuple[Parameter, ...] = (),
    runs_if: Callable[[Values], bool] | None = None,
) -> Definition:
    """An ISTH overt DIC score with this fibrin-related marker.

    Parameters
    ----------
    d_dimer: the item of the marker, given the parameters.
    more: parameters of the marker.
    runs_if: whether the parameters allow the score.
    """
    parameters = (*PARAMETERS, *more)

    def layers(values: Values) -> list[Layer]:
        return total(values, d_dimer(values)).layers(name)

    defaults: Values = {parameter.name: parameter.default for parameter in parameters}
    standard = total(defaults, d_dimer(defaults))
    return Definition(
        name=name,
        title=title,
        instrument="ISTH overt DIC",
        version=version,
        citation=citation,
        status=Status.CONSENSUS,
        certainty=certainty,
        population="adults; an underlying disorder associated with DIC",
        grain=Grain.DAY,
        inputs=standard.inputs,
        inputs_of=lambda values: total(values, d_dimer(values)).inputs,
        outputs=standard.outputs("score, 0 to 8; null where what is missing decides"),
        layers=layers,
        parameters=parameters,
        rules=standard.rules,
        highest=8,
        adds=True,
        choices=CHOICES,
        low_items=("inr", "prothrombin_time_ratio"),
        runs_if=runs_if,
    )


PERCENTILES = tuple(
    Parameter(
        f"percentile_{place}",
        None,
        f"the {place}th percentile of D-dimer (mg/L FEU) in local patients with DIC",
        optional=True,
        lowest=0.0,
    )
    for place in (25, 75)
)


def _by_percentile(values: Values) -> Item:
    low, high = (values[parameter.name] for parameter in PERCENTILES)
    bands = Bands(above={float(high or 1.0): 3, float(low or 0.5): 2})
    return Item("d_dimer", "D-dimer", Laboratory("d_dimer", Worse.HIGHER), "mg/L FEU", bands)


def _both_known(values: Values) -> bool:
    return all(values[parameter.name] is not None for parameter in PERCENTILES)


def _of_scheme(scheme: Scheme) -> Definition:
    title = f"ISTH overt DIC 2001, {scheme.title}"
    return definition(
        f"isth_overt_dic_2001_{scheme.suffix}", title, "2001", CITATION, scheme.certainty, lambda _: scheme.item
    )


DEFINITIONS: tuple[Definition, ...] = (
    *(_of_scheme(scheme) for scheme in SCHEMES),
    definition(
        "isth_overt_dic_2001_percentile",
        "ISTH overt DIC 2001, D-dimer above the local 25th and 75th percentile",
        "2001",
        CITATION,
        Certainty.MEMORY_MODERATE,
        _by_percentile,
        PERCENTILES,
        _both_known,
    ),
)
