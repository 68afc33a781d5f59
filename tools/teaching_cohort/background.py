"""What an unremarkable course looks like: analytes with units and limits of normal, and the curves a case departs from.

SYNTHETIC: limits and curves are invented, of a size that a hospital laboratory could print.
"""

from __future__ import annotations

from typing import NamedTuple


class Analyte(NamedTuple):
    """How the invented laboratory prints one analyte.

    unit: unit text ("" for a quantity without unit); limits: lower and upper limit of normal by group, "" where none;
    decimals: digits after the point; noise: largest relative departure from the curve between anchor days;
    method and normal_mean as in the labs table, "" where none.
    """

    unit: str
    limits: dict[str, tuple[str, str]]
    decimals: int
    noise: float
    method: str = ""
    normal_mean: str = ""


def _same(lower: str, upper: str) -> dict[str, tuple[str, str]]:
    return {"female": (lower, upper), "male": (lower, upper), "child": (lower, upper)}


def _by_group(female: tuple[str, str], male: tuple[str, str], child: tuple[str, str]) -> dict[str, tuple[str, str]]:
    return {"female": female, "male": male, "child": child}


ANALYTES: dict[str, Analyte] = {
    "platelets": Analyte("10^9/L", _same("150", "400"), 0, 0.04),
    "leukocytes": Analyte("10^9/L", _same("4.0", "10.0"), 2, 0.05),
    "neutrophils": Analyte("10^9/L", _same("1.80", "7.50"), 2, 0.05),
    "haemoglobin": Analyte("g/dL", _by_group(("12.0", "16.0"), ("13.5", "17.5"), ("11.5", "15.5")), 1, 0.015),
    "c_reactive_protein": Analyte("mg/L", _same("", "5.0"), 1, 0.10),
    "ferritin": Analyte("ug/L", _by_group(("15", "200"), ("30", "300"), ("15", "150")), 0, 0.05),
    "lactate_dehydrogenase": Analyte("U/L", _by_group(("135", "250"), ("135", "250"), ("150", "300")), 0, 0.04),
    "creatinine": Analyte("mg/dL", _by_group(("0.50", "0.90"), ("0.70", "1.20"), ("0.30", "0.60")), 2, 0.04),
    "fibrinogen": Analyte("g/L", _same("2.00", "4.00"), 2, 0.03, method="Clauss"),
    "prothrombin_time": Analyte("s", _same("9.5", "12.5"), 1, 0.01, normal_mean="11.0"),
    "inr": Analyte("", _same("0.90", "1.20"), 2, 0.0),
    "aptt": Analyte("s", _same("25.0", "36.0"), 1, 0.02),
    "d_dimer": Analyte("mg/L{FEU}", _same("", "0.50"), 2, 0.05, method="FEU"),
    "alanine_aminotransferase": Analyte("U/L", _same("", "40"), 0, 0.06),
    "aspartate_aminotransferase": Analyte("U/L", _same("", "40"), 0, 0.06),
    "bilirubin": Analyte("mg/dL", _same("", "1.2"), 1, 0.08),
    # The rest is asked for on single days only.
    "triglycerides": Analyte("mg/dL", _same("", "150"), 0, 0.0),
    "soluble_interleukin_2_receptor": Analyte("U/mL", _same("", "710"), 0, 0.0),
    "antithrombin": Analyte("%", _same("80", "120"), 0, 0.0),
    "fibrin_degradation_products": Analyte("ug/mL", _same("", "5.0"), 1, 0.0),
    "schistocytes": Analyte("", {}, 0, 0.0),
}

# The panel drawn on every day with bloods, in printed order.
PANEL: tuple[str, ...] = tuple(ANALYTES)[:16]

# "day:value" pairs, joined by straight lines, flat before the first and after the last. A case replaces what is special
# about it. `other_leukocytes` is what is left of the leukocytes without neutrophils (lymphodepleted, slow to come
# back).
BACKGROUND: dict[str, str] = {
    "neutrophils": "-7:3.20 -5:2.90 -2:1.40 0:0.80 2:0.46 3:0.32 6:0.18 9:0.42 11:0.75 14:1.50 21:1.80 30:2.20 90:2.60",
    "other_leukocytes": "-7:1.30 -3:0.40 0:0.15 7:0.40 14:0.70 30:1.10 90:1.40",
    "haemoglobin": "-7:11.0 0:9.9 7:8.8 12:8.6 20:9.2 30:10.1 90:11.4",
    "c_reactive_protein": "-7:9.0 0:6.0 2:22.0 4:78.0 7:25.0 10:8.0 15:4.0 30:3.0",
    "ferritin": "-7:420 0:510 4:1150 8:900 14:690 30:460 90:300",
    "lactate_dehydrogenase": "-7:265 0:228 7:255 14:240 30:215 90:200",
    "creatinine": "-7:0.84 90:0.82",
    "fibrinogen": "-7:3.80 0:3.90 4:5.20 8:4.40 14:3.60 30:3.30",
    "prothrombin_time": "-7:11.4 6:11.9 14:11.5 90:11.3",
    "aptt": "-7:29.0 6:32.0 14:30.0 90:29.0",
    "d_dimer": "-7:0.42 0:0.40 5:0.85 10:0.66 20:0.46 30:0.41 90:0.36",
    "alanine_aminotransferase": "-7:24 6:34 14:28 90:23",
    "aspartate_aminotransferase": "-7:22 6:30 14:25 90:22",
    "bilirubin": "-7:0.5 6:0.7 14:0.5 90:0.5",
}

# Every feature that a bleeding scale asks for, as it stands in a small visible bleed that nobody had to treat.
BLEEDING_FEATURES: dict[str, str] = {
    "fatal": "no", "symptomatic": "yes", "overt": "yes", "critical_site": "no", "compartment_syndrome": "no",
    "haemoglobin_fall": "0.0", "red_cell_units": "0", "units_beyond_routine": "0",
    "medical_intervention": "no", "invasive_intervention": "no", "life_threatening": "no",
    "haemodynamic_instability": "none", "tachycardia": "no", "hospitalised_because": "no", "level_of_care_raised": "no",
    "evaluated_face_to_face": "no", "dedicated_bleeding_evaluation": "no",
    "petechiae": "no", "occult": "no", "visible": "yes", "deep": "no", "organ_dysfunction": "no",
    "visual_impairment": "no", "neurological_signs": "no", "cerebrospinal_fluid_blood": "no",
}  # fmt: skip

# The same for a symptomatic deep vein thrombosis that was treated.
VENOUS_FEATURES: dict[str, str] = {
    "fatal": "no", "symptomatic": "yes", "incidental": "no", "imaging_confirmed": "yes", "septic": "no",
    "catheter_related": "no", "catheter_in_vein": "no", "fibrin_sheath": "no", "life_threatening": "no",
    "haemodynamic_instability": "none", "neurological_signs": "no", "medical_intervention": "yes",
    "anticoagulant_started": "yes", "urgent_intervention": "no", "hospitalised_because": "no", "new_site": "yes",
}  # fmt: skip
