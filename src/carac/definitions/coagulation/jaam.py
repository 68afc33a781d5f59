"""JAAM DIC, 2006, and JAAM-2, 2024, which leaves out the systemic inflammatory response.

Sources: Gando S et al. Crit Care Med 2006;34:625-631. doi:10.1097/01.CCM.0000202209.42491.38; JAAM-2: Yamakawa K et
al. Thromb Haemost 2024. doi:10.1055/s-0044-1786808.
Inputs: platelets (10^9/L) and their fall since the day before, fibrin degradation products (ug/mL), prothrombin time
ratio (else prothrombin time over its upper limit); for JAAM also temperature, heart rate, breathing rate, leukocytes.
Values: JAAM 0 to 8, DIC from 4; JAAM-2 0 to 7, DIC from 3; null where what is missing decides.
Open in the source: a fall of exactly 30 % (`jaam_fall_op`); a fall from a transfused count, which does not count by
default (`exclude_transfused_falls`); PaCO2 and band forms count only where they are recorded.
"""

from __future__ import annotations

from carac.language.bands import Bands
from carac.language.combined import Combined, IfRecorded, any_of, platelet_fall
from carac.language.definition import Certainty, Citation, Definition, Values
from carac.language.points import Criterion, Item, Reading, Total
from carac.language.score import About, score
from carac.language.windows import CARRY_FORWARD, PT_REFERENCE, SCORE_WINDOW
from carac.parameters import Parameter
from carac.vocabulary.types import Assessed, Laboratory, Scale, Worse

GANDO = Citation("Gando S et al. Crit Care Med 2006;34:625-631", "10.1097/01.CCM.0000202209.42491.38")
YAMAKAWA = Citation("Yamakawa K et al. Thromb Haemost 2024", "10.1055/s-0044-1786808")

COUNT = Item(
    "platelet_count", "platelets", Laboratory("platelets", Worse.LOWER), "10^9/L", Bands(below={80: 3, 120: 1})
)
#: What is left of the count of the day before: a fall of over 50 % leaves less than half.
LEFT = {">": Bands(below={0.5: 3, 0.7: 1}), ">=": Bands(below={0.5: 3}, at_most={0.7: 1})}
DEGRADATION_PRODUCTS = Item(
    "fibrin_degradation_products",
    "fibrin degradation products",
    Laboratory("fibrin_degradation_products", Worse.HIGHER),
    "ug/mL",
    Bands(at_least={25: 3, 10: 1}),
)


def ratio_item(bands: Bands) -> Item:
    """The prothrombin time ratio, else prothrombin time over its upper limit of normal (catalogue, P9)."""
    by_limit = Item(
        "prothrombin_time",
        "prothrombin time over its upper limit",
        Laboratory("prothrombin_time", Worse.HIGHER, Scale.BY_UPPER_LIMIT),
        "x ULN",
        bands,
    )
    return Item(
        "prothrombin_time_ratio",
        "prothrombin time ratio",
        Laboratory("prothrombin_time_ratio", Worse.HIGHER),
        "",
        bands,
        otherwise=by_limit,
    )


def _sign(item: str, title: str, unit: str, bands: Bands) -> Item:
    return Item(f"sirs_{item}_{bands.worse}", title, Assessed(item, bands.worse), unit, bands)


def _leukocytes(bands: Bands) -> Item:
    return Item(f"sirs_leukocytes_{bands.worse}", "leukocytes", Laboratory("leukocytes", bands.worse), "10^9/L", bands)


INFLAMMATORY_RESPONSE = Combined(
    "sirs",
    "systemic inflammatory response: three or four of four",
    (
        any_of(
            "sirs_temperature",
            "temperature",
            (
                _sign("temperature", "temperature", "°C", Bands(above={38: 1})),
                _sign("temperature", "low temperature", "°C", Bands(below={36: 1})),
            ),
        ),
        _sign("heart_rate", "heart rate", "/min", Bands(above={90: 1})),
        any_of(
            "sirs_breathing",
            "breathing",
            (
                _sign("respiratory_rate", "breathing rate", "/min", Bands(above={20: 1})),
                IfRecorded(_sign("paco2", "carbon dioxide pressure", "mmHg", Bands(below={32: 1}))),
            ),
        ),
        any_of(
            "sirs_leukocytes",
            "leukocytes",
            (
                _leukocytes(Bands(above={12: 1})),
                _leukocytes(Bands(below={4: 1})),
                IfRecorded(_sign("band_forms", "band forms", "%", Bands(above={10: 1}))),
            ),
        ),
    ),
    bands=Bands(at_least={3: 1}),
)

PARAMETERS = (
    Parameter(
        "jaam_fall_op",
        ">",
        "whether a fall of exactly 30 % gives a point (>=) or not (>)",
        (">", ">="),
        source="catalogue 14, P11",
    ),
    Parameter(
        "exclude_transfused_falls",
        True,
        "whether a fall from a count that stands on a platelet transfusion of the two days before is left out",
        source="catalogue 14, P12",
    ),
    CARRY_FORWARD,
    SCORE_WINDOW,
    PT_REFERENCE,
)
CHOICES = (
    'The fall "in 24 hours" is that of the lowest count from the highest of the day before.',
    "A haematological malignancy was excluded from validation: read it as exploratory after CAR T cells.",
    "Band forms and carbon dioxide pressure count only where they are recorded.",
)


def _criteria(values: Values) -> tuple[Criterion, ...]:
    fall = platelet_fall(LEFT[str(values["jaam_fall_op"])], bool(values["exclude_transfused_falls"]))
    platelets = Combined("platelets", "platelets or their fall", (COUNT, fall), worst=True)
    return (platelets, DEGRADATION_PRODUCTS, ratio_item(Bands(at_least={1.2: 1})))


def _about(name: str, title: str, version: str, citation: Citation, meaning: str) -> About:
    return About(
        name=name,
        title=title,
        instrument="JAAM DIC",
        version=version,
        citation=citation,
        certainty=Certainty.VERIFIED,
        population="critically ill adults; haematological malignancy was excluded",
        meaning=meaning,
        parameters=PARAMETERS,
        choices=CHOICES,
        # Leukocytes count where they are high and where they are low.
        monotone=name == "jaam_2_dic",
    )


DEFINITIONS: tuple[Definition, ...] = (
    score(
        _about("jaam_dic", "JAAM DIC", "2006", GANDO, "score, 0 to 8; null where what is missing decides"),
        lambda values: Total((*_criteria(values), INFLAMMATORY_RESPONSE), readings=(Reading("__dic", "JAAM DIC", 4),)),
    ),
    score(
        _about("jaam_2_dic", "JAAM-2 DIC", "2024", YAMAKAWA, "score, 0 to 7; null where what is missing decides"),
        lambda values: Total(_criteria(values), readings=(Reading("__dic", "JAAM-2 DIC", 3),)),
    ),
)
