"""HLH-2004, HLH-2024, and the optimised HLH inflammatory (OHI) index.

Sources: HLH-2004: Henter JI et al. Pediatr Blood Cancer 2007;48:124-131. doi:10.1002/pbc.21039. HLH-2024: Henter JI et
al. Blood 2024;144:2308-2318 (without activity of natural killer cells; the number needed is from memory). OHI index:
Zoref-Lorenz A et al. Blood 2022;139:1098 (from memory).
Inputs: temperature, spleen, haemoglobin (g/dL), platelets, neutrophils (10^9/L), triglycerides (mg/dL), fibrinogen
(g/L), ferritin (ug/L), soluble interleukin-2 receptor (U/mL), and judged items.
Values: number of criteria met; the reading is true from 5, or with a molecular diagnosis; OHI: both of two. Null where
what is missing decides, with the lowest and highest possible number.
Open in the sources: ties of fibrinogen 1.5, triglycerides 265 and ferritin 500 (`ties_count`); triglycerides are to be
fasting, which is not checked. After CAR T cells, cytopenia, fever, fibrinogen and ferritin overlap with cytokine
release: low specificity.
"""

from __future__ import annotations

from carac.language.bands import Bands
from carac.language.combined import Combined, Judged, any_of, recorded
from carac.language.definition import Certainty, Citation, Definition, Values
from carac.language.points import Criterion, Item, Reading, Total
from carac.language.score import UNRECORDED, About, score
from carac.parameters import Parameter
from carac.vocabulary.types import Assessed, Laboratory, Worse

HENTER = Citation("Henter JI et al. Pediatr Blood Cancer 2007;48:124-131", "10.1002/pbc.21039")
HENTER_2024 = Citation("Henter JI et al. Blood 2024;144:2308-2318")
ZOREF = Citation("Zoref-Lorenz A et al. Blood 2022;139:1098")

TIES = Parameter(
    "ties_count",
    True,
    "whether fibrinogen of exactly 1.5, triglycerides of exactly 265 and ferritin of exactly 500 count, as in 2007",
    source="catalogue 12 #19",
)

FEVER = Item("fever", "fever", Assessed("temperature"), "°C", Bands(at_least={38.5: 1}))
SPLEEN = Judged("spleen", "splenomegaly")
HAEMOPHAGOCYTOSIS = Judged("haemophagocytosis", "haemophagocytosis")
NATURAL_KILLER = Judged("natural_killer_activity_low", "low or absent activity of natural killer cells")
MUTATION = Judged("hlh_mutation", "molecular diagnosis")
RECEPTOR = Item(
    "soluble_interleukin_2_receptor",
    "soluble interleukin-2 receptor",
    Laboratory("soluble_interleukin_2_receptor", Worse.HIGHER),
    "U/mL",
    Bands(at_least={2400: 1}),
)


def lowest(name: str, analyte: str, title: str, unit: str, bands: Bands) -> Item:
    """An item on the lowest value of the day."""
    return Item(name, title, Laboratory(analyte, Worse.LOWER), unit, bands)


def highest(name: str, analyte: str, title: str, unit: str, bands: Bands, factor: float = 1.0) -> Item:
    """An item on the highest value of the day."""
    return Item(name, title, Laboratory(analyte, Worse.HIGHER), unit, bands, factor)


CYTOPENIA = Combined(
    "cytopenia",
    "cytopenia of two or three lineages",
    (
        lowest("haemoglobin", "haemoglobin", "haemoglobin", "g/dL", Bands(below={9.0: 1})),
        lowest("platelets", "platelets", "platelets", "10^9/L", Bands(below={100: 1})),
        lowest("neutrophils", "neutrophils", "neutrophils", "10^9/L", Bands(below={1.0: 1})),
    ),
    bands=Bands(at_least={2: 1}),
)


def _criteria(values: Values, natural_killer: bool) -> tuple[Criterion, ...]:
    ties = bool(values["ties_count"])
    metabolic = (
        highest(
            "triglycerides",
            "triglycerides",
            "triglycerides",
            "mg/dL",
            Bands(at_least={265: 1}) if ties else Bands(above={265: 1}),
        ),
        lowest(
            "fibrinogen",
            "fibrinogen",
            "fibrinogen",
            "g/L",
            Bands(at_most={1.5: 1}) if ties else Bands(below={1.5: 1}),
        ),
    )
    ferritin = Bands(at_least={500: 1}) if ties else Bands(above={500: 1})
    absent = bool(values["unrecorded_is_absent"])
    return (
        FEVER,
        recorded(SPLEEN, absent),
        CYTOPENIA,
        any_of("triglycerides_or_fibrinogen", "triglycerides or fibrinogen", metabolic),
        recorded(HAEMOPHAGOCYTOSIS, absent),
        *((recorded(NATURAL_KILLER, absent),) if natural_killer else ()),
        highest("ferritin", "ferritin", "ferritin", "ug/L", ferritin),
        RECEPTOR,
    )


def total(values: Values, natural_killer: bool) -> Total:
    """The count of criteria, and the molecular diagnosis in its place."""
    mutation = recorded(MUTATION, bool(values["unrecorded_is_absent"]))
    return Total(
        _criteria(values, natural_killer), readings=(Reading("__met", "criteria met", 5),), instead=(mutation,)
    )


def _about(name: str, title: str, version: str, citation: Citation, certainty: Certainty, most: int) -> About:
    return About(
        name=name,
        title=title,
        instrument="HLH",
        version=version,
        citation=citation,
        certainty=certainty,
        population="children and adults; not validated after CAR T cells",
        meaning=f"criteria met, 0 to {most}; null where what is missing decides",
        parameters=(TIES, UNRECORDED),
        choices=(
            "After CAR T cells these criteria overlap with cytokine release: low specificity.",
            "Triglycerides are compared in mg/dL, so that 3.0 mmol/L and 265 mg/dL both meet 265; fasting is not read.",
            "Haemoglobin below 10 g/dL in the first four weeks of life is not read.",
        ),
    )


OHI = About(
    name="ohi_index",
    title="Optimised HLH inflammatory index",
    instrument="OHI index",
    version="2022",
    citation=ZOREF,
    certainty=Certainty.MEMORY_HIGH,
    population="adults with lymphoma-associated HLH; not validated after CAR T cells",
    meaning="how many of the two markers are raised; null where what is missing decides",
    choices=("Made for haemophagocytic syndromes of haematological malignancy.",),
)
OHI_TOTAL = Total(
    (
        highest(
            "soluble_interleukin_2_receptor",
            "soluble_interleukin_2_receptor",
            "soluble interleukin-2 receptor",
            "U/mL",
            Bands(above={3900: 1}),
        ),
        highest("ferritin", "ferritin", "ferritin", "ug/L", Bands(above={1000: 1})),
    ),
    readings=(Reading("__met", "both markers raised", 2),),
)

DEFINITIONS: tuple[Definition, ...] = (
    score(_about("hlh_2004", "HLH-2004", "2004", HENTER, Certainty.VERIFIED, 8), lambda values: total(values, True)),
    score(
        _about("hlh_2024", "HLH-2024", "2024", HENTER_2024, Certainty.MEMORY_HIGH, 7),
        lambda values: total(values, False),
    ),
    score(OHI, lambda _: OHI_TOTAL),
)
