"""IMPEDE-VTE, SAVED, PRISM (newly diagnosed myeloma) and ThroLy (lymphoma): venous thrombosis. Not derived after CAR-T.

Sources: IMPEDE-VTE: Sanfilippo KM et al. Am J Hematol 2019;94:1176. doi:10.1002/ajh.25603; SAVED: Li A et al. JNCCN
2019;17:840; PRISM as tabulated in catalogue 15; ThroLy: Antic D et al. Am J Hematol 2016;91:1014.
Inputs: items judged before the infusion, age, body-mass index; ThroLy also neutrophils (10^9/L) and haemoglobin (g/dL)
before lymphodepletion, since every recipient of CAR T cells has both low afterwards.
Values: points with a group (low, intermediate, high); null where what is missing decides.
Open in the sources: therapeutic anticoagulation takes 4 points off IMPEDE-VTE (another table prints 5:
`therapeutic_points`); ThroLy counts a body-mass index above 30 (from 30 on in some); race items are off (`race_item`).
"""

from __future__ import annotations

from carac.definitions.risk.before_infusion import age, body_mass_index, judged, risk_score, value, word
from carac.language.bands import Bands
from carac.language.definition import Certainty, Citation, Definition, Values
from carac.language.points import Classes, Total
from carac.parameters import Parameter, numeric

VTE, SURGERY = "venous_thrombosis_history", "surgery_within_90_days"
RACE = Parameter(
    "race_item", False, "whether the printed item on race is scored; off by default", source="catalogue 15"
)
THERAPEUTIC = Parameter(
    "therapeutic_points", 4, "points that therapeutic anticoagulation takes off (4, or 5 in another table)",
    lowest=4, highest=5, source="catalogue 15",
)  # fmt: skip
OBESE = Parameter("bmi_30_counts", False, "whether a body-mass index of exactly 30 counts", source="catalogue 15")


def _groups(*words: tuple[float, str]) -> Classes:
    said = ", ".join(f"{word} from {points:g}" if place else word for place, (points, word) in enumerate(words))
    return Classes("__group", f"{said}; null where what is missing decides", words)


def impede(values: Values) -> Total:
    """Ten items; anticoagulation takes points off."""
    off = -numeric(values, "therapeutic_points")
    race = judged("asian_or_pacific_islander", "Asian or Pacific Islander", values, -3)
    return Total(
        (
            judged("immunomodulatory_drug", "immunomodulatory drug", values, 4),
            body_mass_index(Bands(at_least={25: 1})),
            judged("fracture_pelvis_hip_femur", "fracture of pelvis, hip or femur", values, 4),
            judged("erythropoiesis_stimulating_agent", "erythropoiesis-stimulating agent", values, 1),
            word("dexamethasone", "dexamethasone_per_month", "dexamethasone: low, high", {2: 4, 1: 2}),
            judged("doxorubicin", "doxorubicin", values, 3),
            *((race,) if values["race_item"] else ()),
            judged(VTE, "venous thrombosis in history", values, 5),
            judged("tunnelled_line", "tunnelled or central line", values, 2),
            word("anticoagulation", "anticoagulation", "prophylactic, therapeutic", {2: off, 1: -3}),
        ),
        classes=_groups((-10, "low"), (4, "intermediate"), (8, "high")),
    )


def saved(values: Values) -> Total:
    """Surgery, Asian race, venous thrombosis, eighty years, dexamethasone."""
    race = judged("asian_or_pacific_islander", "Asian race", values, -3)
    return Total(
        (
            judged(SURGERY, "surgery within 90 days", values, 2),
            *((race,) if values["race_item"] else ()),
            judged(VTE, "venous thrombosis in history", values, 3),
            age(Bands(at_least={80: 1})),
            word("dexamethasone", "dexamethasone_per_cycle", "dexamethasone: 120 to 160, over 160 mg", {2: 2, 1: 1}),
        ),
        classes=_groups((-10, "low"), (2, "high")),
    )


def prism(values: Values) -> Total:
    """Five items."""
    race = judged("black_race", "Black race", values, 1)
    return Total(
        (
            judged(VTE, "venous thrombosis in history", values, 8),
            judged(SURGERY, "surgery within 90 days", values, 5),
            judged("immunomodulatory_drug", "immunomodulatory drug", values, 2),
            judged("abnormal_metaphase_cytogenetics", "abnormal metaphase cytogenetics", values, 2),
            *((race,) if values["race_item"] else ()),
        ),
        classes=_groups((0, "low"), (1, "intermediate"), (7, "high")),
    )


def throly(values: Values) -> Total:
    """Eight items."""
    obese = Bands(at_least={30: 2}) if values["bmi_30_counts"] else Bands(above={30: 2})
    return Total(
        (
            judged(VTE, "venous thrombosis in history", values, 2),
            judged("infarction_or_stroke_history", "infarction or stroke in history", values, 2),
            judged("reduced_mobility", "reduced mobility", values, 1),
            body_mass_index(obese),
            judged("extranodal_disease", "extranodal localisation", values, 1),
            judged("mediastinal_disease", "mediastinal involvement", values, 2),
            value("neutrophils", "neutrophils", "neutrophils", "10^9/L", Bands(below={1.0: 1})),
            value("haemoglobin", "haemoglobin", "haemoglobin", "g/dL", Bands(below={10: 1})),
        ),
        classes=_groups((0, "low"), (2, "intermediate"), (4, "high")),
    )


MYELOMA, LYMPHOMA = "adults with newly diagnosed multiple myeloma", "adults with lymphoma"

DEFINITIONS: tuple[Definition, ...] = (
    risk_score(
        "impede_vte",
        "IMPEDE-VTE",
        "2019",
        Citation("Sanfilippo KM et al. Am J Hematol 2019;94:1176", "10.1002/ajh.25603"),
        Certainty.VERIFIED,
        MYELOMA,
        impede,
        parameters=(THERAPEUTIC, RACE),
    ),
    risk_score(
        "saved",
        "SAVED",
        "2019",
        Citation("Li A et al. JNCCN 2019;17:840"),
        Certainty.VERIFIED,
        MYELOMA,
        saved,
        parameters=(RACE,),
    ),
    risk_score(
        "prism",
        "PRISM",
        "as tabulated",
        Citation("PRISM score, as tabulated in catalogue 15 (2026)"),
        Certainty.VERIFIED,
        MYELOMA,
        prism,
        parameters=(RACE,),
        choices=("The catalogue opened its tables and names no citation.",),
    ),
    risk_score(
        "throly",
        "ThroLy",
        "2016",
        Citation("Antic D et al. Am J Hematol 2016;91:1014"),
        Certainty.VERIFIED,
        LYMPHOMA,
        throly,
        parameters=(OBESE,),
        choices=("Neutrophils and haemoglobin are those before lymphodepletion.",),
    ),
)
