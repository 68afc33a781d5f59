"""Cases in which an event, another drug, or the printing of the results decides the reading. SYNTHETIC."""

from __future__ import annotations

from datetime import date

from .background import BLEEDING_FEATURES, VENOUS_FEATURES
from .course import Case, Event, LabRow, Treatment

TOCILIZUMAB = {"dose": "8", "unit": "mg/kg", "indication": "cytokine release syndrome"}


def hyperinflammation_after_crs() -> Case:
    """T05. CRS 1 to 2 on days 2 to 5, then none; ferritin turns on day 12.

    Day 16: ferritin 22000 (baseline 800), ALT 280 (7.0 x), fibrinogen 1.10, platelets 12, PT +2.0, D-dimer 2.00 (4.0
    x): ISTH 2025 = 2+2+0+0 = 4, not overt; ISTH 2001 with 10 x ULN also 4. CTCAE v5: fibrinogen 2 (0.55 x limit; with
    baseline 3.60, -69 %: 3), ALT 3, platelets 4. IEC-HS: ferritin, onset after CRS, transaminases, fibrinogen,
    cytopenia. T05-B1, day 17: visible haematuria, bladder irrigated: ISTH CRNM, WHO 2.
    """
    haematuria = BLEEDING_FEATURES | {
        "medical_intervention": "yes", "evaluated_face_to_face": "yes", "dedicated_bleeding_evaluation": "yes",
    }  # fmt: skip
    routine = {"intent": "prophylactic", "indication": "count", "beyond_routine": "no"}
    return Case(
        patient_id="T05",
        title="Hyperinflammation after CRS has gone",
        teaches="Ferritin, transaminases and low fibrinogen return without fever a week after CRS: IEC-HS, and the "
        "ISTH score stays below overt DIC.",
        day_worth_reading=16,
        explained_by="later",
        day_zero=date(2024, 4, 30),
        product="brexucabtagene_autoleucel",
        target="CD19",
        disease="b_cell_acute_lymphoblastic_leukaemia",
        age=34,
        sex="female",
        weight=61.0,
        height=163,
        labs={
            "platelets": "-7:88 -5:86 0:61 5:34 8:41 11:52 13:34 15:18 16:12 17:22 18:19 20:27 24:48 30:71 40:92",
            "neutrophils": "-7:2.10 -5:1.90 -2:0.90 0:0.60 3:0.25 6:0.20 9:0.60 11:0.95 13:0.60 15:0.32 17:0.24 "
            "20:0.40 22:0.70 26:1.30 40:1.80",
            "haemoglobin": "-7:9.9 0:9.0 8:8.5 16:7.6 18:8.2 24:8.4 40:9.6",
            "c_reactive_protein": "-7:14.0 0:11.0 2:46.0 4:112.0 6:31.0 9:6.0 12:22.0 15:58.0 17:44.0 20:14.0 26:4.0",
            "ferritin": "-7:800 -5:800 0:910 3:2200 5:3400 9:1900 11:2600 12:5600 14:14800 16:22000 18:18400 20:12100 "
            "22:7200 26:3600 30:2100 40:1150",
            "lactate_dehydrogenase": "-7:310 0:280 5:390 9:310 13:620 16:1180 19:810 24:410 40:260",
            "fibrinogen": "-7:3.60 -5:3.60 0:3.70 4:4.90 7:3.60 10:2.90 12:2.30 14:1.55 16:1.10 17:1.60 18:1.45 "
            "20:1.70 24:2.30 40:2.90",
            "prothrombin_time": "-7:11.4 5:12.3 10:11.9 13:13.0 16:14.5 18:13.9 22:12.3 40:11.5",
            "aptt": "-7:30.0 5:33.0 12:34.0 16:43.0 20:37.0 26:31.0",
            "d_dimer": "-7:0.46 0:0.44 5:1.00 9:0.72 13:1.42 16:2.00 18:1.85 22:1.10 30:0.62 40:0.48",
            "alanine_aminotransferase": "-7:32 5:58 9:44 12:96 14:198 16:280 18:231 22:118 30:52 40:34",
            "aspartate_aminotransferase": "-7:29 5:61 9:39 12:121 14:266 16:352 18:240 22:92 30:40 40:29",
            "bilirubin": "-7:0.6 5:0.9 10:0.7 14:1.9 16:2.8 18:2.4 22:1.3 30:0.7",
        },
        last_ward_day=27,
        clinic_days=(30, 33, 36, 40),
        fever="2:38.6 3:39.0 4:39.3 5:38.5",
        hypotension={4: ("fluids", "yes")},
        extra_labs=(
            (15, "06:30", "triglycerides", "292"),
            (16, "06:30", "triglycerides", "338"),
            (16, "06:30", "soluble_interleukin_2_receptor", "9200"),
        ),
        extra_assessments=((16, "11:00", "spleen", "enlarged", ""), (17, "11:00", "haemophagocytosis", "yes", "")),
        treatments=(
            Treatment("tocilizumab", (4, "15:00"), (4, "16:00"), **TOCILIZUMAB),
            Treatment("anakinra", (14, "10:00"), (24, "10:00"), "400", "mg/day", "subcutaneous", indication="IEC-HS"),
            Treatment("dexamethasone", (15, "10:00"), (22, "10:00"), "20", "mg/day", indication="IEC-HS"),
            Treatment("platelets", (16, "09:30"), (16, "10:10"), "1", "unit", **routine),
            Treatment("fibrinogen_concentrate", (16, "12:00"), (16, "12:20"), "2", "g", **routine),
            Treatment("red_cells", (16, "14:00"), (16, "16:00"), "1", "unit", **routine),
        ),
        events=(Event("T05-B1", (17, "15:00"), "bleeding", "haematuria", haematuria, end_day=18),),
    )


def catheter_thrombosis() -> Case:
    """T06. PICC in the right brachial vein since day -6; on day 20 the right arm swells: axillary vein, platelets 30.

    Day 20: platelets 30, D-dimer 2.60 (5.2 x), PT 11.7, fibrinogen 4.00: ISTH 2025 = 2+2+0+0 = 4. T06-V1: venous, upper
    DVT, catheter-related. Acute, lower risk of progression, platelets 25 to below 50: half dose (ISTH SSC 2018); full
    from day 34, platelets 58.
    """
    arm_vein = VENOUS_FEATURES | {"catheter_related": "yes", "catheter_in_vein": "yes", "hospitalised_because": "yes"}
    enoxaparin = {"unit": "mg/kg/12h", "route": "subcutaneous", "indication": "venous thrombosis", "event_id": "T06-V1"}
    return Case(
        patient_id="T06",
        title="Catheter thrombosis with low platelets",
        teaches="Thrombosis and thrombocytopenia on the same day: the side and the course of the line make it "
        "catheter-related, the platelets make the dose. The clot explains the D-dimer.",
        day_worth_reading=20,
        explained_by="now",
        day_zero=date(2024, 5, 14),
        product="lisocabtagene_maraleucel",
        target="CD19",
        disease="large_b_cell_lymphoma",
        age=70,
        sex="female",
        weight=64.0,
        height=160,
        labs={
            "platelets": "-7:121 -5:119 0:78 5:42 9:36 14:39 18:32 20:30 22:31 26:38 30:45 33:51 34:58 42:76 60:112",
            "c_reactive_protein": "-7:11.0 2:14.0 4:48.0 8:14.0 14:6.0 19:9.0 20:21.0 24:12.0 30:5.0",
            "fibrinogen": "-7:3.70 4:4.60 12:3.80 20:4.00 26:3.90 34:3.50",
            "prothrombin_time": "-7:11.4 6:11.9 14:11.6 20:11.7 34:11.5",
            "d_dimer": "-7:0.44 0:0.42 5:0.80 12:0.58 18:0.90 20:2.60 22:2.30 26:1.50 34:0.90 60:0.48",
        },
        last_ward_day=16,
        clinic_days=(18, 28, 30, 32, 34, 38, 42, 49, 60),
        readmissions=((20, 26),),
        fever="4:38.6 5:38.4",
        treatments=(
            Treatment("enoxaparin", (20, "18:00"), (33, "20:00"), "0.5", **enoxaparin),
            Treatment("enoxaparin", (34, "08:00"), (60, "20:00"), "1", **enoxaparin),
        ),
        events=(
            Event(
                "T06-V1",
                (20, "09:00"),
                "venous",
                "deep_vein_upper",
                arm_vein,
                vessel="axillary",
                side="right",
                code="I82.A11",
                code_system="ICD-10-CM",
            ),
        ),
        periods=((-6, 21, "central_line", "PICC, brachial vein, right"),),
    )


def intracranial_bleed() -> Case:
    """T07. CRS 1 on day 2, 2 on day 3, 1 on days 4 and 5. Day 8, 03:20: intracranial bleed with platelets 14.

    From day 8 on ICE 2 to 5, drowsiness, hemiparesis and oedema around the blood would read as ICANS 3 to 4; they
    follow the bleed and are excluded (ASTCT 2019): no ICANS grade above 0 can be read off these days. The ward recorded
    4 on day 9. T07-B1: symptomatic, critical site: ISTH major; WHO 4. Day 8: 14, D-dimer 1.20 (2.4 x), PT 12.8 (+0.3),
    fibrinogen 2.60: ISTH 2025 = 2+0+0+0 = 2.
    """
    bleed = BLEEDING_FEATURES | {
        "critical_site": "yes", "visible": "no", "neurological_signs": "yes", "haemoglobin_fall": "0.3",
        "medical_intervention": "yes", "life_threatening": "yes", "level_of_care_raised": "yes",
        "evaluated_face_to_face": "yes", "dedicated_bleeding_evaluation": "yes",
    }  # fmt: skip
    for_bleed = {"indication": "bleeding", "event_id": "T07-B1", "beyond_routine": "yes"}
    return Case(
        patient_id="T07",
        title="Neurological signs after an intracranial bleed",
        teaches="A low ICE total, drowsiness and weakness that follow a bleed are the bleed's, not ICANS.",
        day_worth_reading=9,
        explained_by="now",
        day_zero=date(2024, 5, 28),
        product="axicabtagene_ciloleucel",
        target="CD19",
        disease="large_b_cell_lymphoma",
        age=69,
        sex="male",
        weight=84.0,
        height=177,
        labs={
            "platelets": "-7:104 -5:101 0:62 4:31 6:19 8:14 9:52 10:56 12:51 15:55 20:71 30:96",
            "haemoglobin": "-7:10.6 0:9.4 7:8.9 8:8.6 12:8.5 20:9.2 30:10.0",
            "fibrinogen": "-7:3.90 3:5.00 5:4.20 8:2.60 11:2.10 16:2.30 30:3.00",
            "prothrombin_time": "-7:11.5 4:12.6 8:12.8 11:12.2 16:11.7 30:11.4",
            "d_dimer": "-7:0.52 4:1.05 8:1.20 12:0.95 20:0.66 30:0.48",
            "c_reactive_protein": "-7:16.0 0:14.0 2:60.0 3:121.0 5:48.0 8:6.0 12:3.0 20:4.0",
        },
        last_ward_day=24,
        clinic_days=(26, 28, 30, 33),
        intensive_care=(8, 12),
        fever="2:38.7 3:39.1 4:38.7 5:38.3",
        hypotension={3: ("fluids", "yes")},
        ice="8:2 9:2 10:3 11:3 12:4 13:4 14:5 15:5 16:5 17:5 18:6 19:6 20:6 21:6 22:6 23:6 24:7 26:7 28:8 30:8",
        consciousness={
            8: "awakens_to_touch",
            9: "awakens_to_voice",
            10: "awakens_to_voice",
            11: "awakens_spontaneously",
        },
        weakness=dict.fromkeys((*range(8, 25), 26, 28, 30), "deep_focal"),
        intracranial_pressure=dict.fromkeys(range(9, 14), "focal_oedema"),
        extra_assessments=((9, "08:00", "recorded_grade:astct_icans", "4", ""),),
        treatments=(
            Treatment("tocilizumab", (4, "10:00"), (4, "11:00"), **TOCILIZUMAB),
            Treatment("platelets", (6, "09:00"), (6, "09:40"), "1", "unit", intent="prophylactic", beyond_routine="no"),
            Treatment("platelets", (8, "04:30"), (8, "05:10"), "2", "unit", **for_bleed),
            Treatment("platelets", (9, "09:00"), (9, "09:40"), "1", "unit", **for_bleed),
            Treatment("fibrinogen_concentrate", (8, "05:30"), (8, "05:50"), "2", "g", **for_bleed),
            Treatment("tranexamic_acid", (8, "05:15"), None, "1000", "mg", indication="bleeding", event_id="T07-B1"),
        ),
        events=(Event("T07-B1", (8, "03:20"), "bleeding", "intracranial", bleed, end_day=30, side="left"),),
    )


# How the second laboratory (from day 9 on) prints: factor, decimals, and what changes on the row. Its D-dimer assay
# counts in D-dimer units: about half the number, and half the limit.
SECOND_LABORATORY: dict[str, tuple[float, int, dict[str, str]]] = {
    "fibrinogen": (100, 0, {"unit": "mg/dL", "lower_limit": "200", "upper_limit": "400"}),
    "d_dimer": (500, 0, {"unit": "ng/mL{DDU}", "upper_limit": "250", "method": "DDU"}),
    "haemoglobin": (10, 0, {"unit": "g/L", "lower_limit": "120", "upper_limit": "160"}),
    "creatinine": (88.4, 0, {"unit": "umol/L", "lower_limit": "44", "upper_limit": "80"}),
    "bilirubin": (17.1, 0, {"unit": "umol/L", "upper_limit": "21"}),
    "c_reactive_protein": (0.1, 2, {"unit": "mg/dL", "upper_limit": "0.5"}),
}


def _platelets_printed(day: int, row: LabRow) -> list[LabRow]:
    """T09's platelets: a comparator, a corrected result and a range on days 7 to 9; else /uL and K/uL in turn."""
    if day == 7:
        return [row._replace(value="<10")]
    if day == 8:  # a clumped sample, called at once and corrected
        return [row._replace(value="9", status="preliminary"), row._replace(value="18", status="corrected")]
    if day == 9:  # estimated on the film
        return [row._replace(value="20-25")]
    if day % 2:
        thousands = f"{float(row.value) * 1000:.0f}"
        return [row._replace(value=thousands, unit="/uL", lower_limit="150000", upper_limit="400000")]
    return [row._replace(unit="K/uL")]


def _as_two_laboratories_print(case: Case, day: int, row: LabRow) -> list[LabRow]:
    """T09's results in other units, with comparators, ranges and corrections; none at weekends in hospital."""
    if case.on_ward(day) and date.fromisoformat(case.date(day)).weekday() >= 5:
        return []
    value = float(row.value)
    if row.analyte == "platelets":
        return _platelets_printed(day, row)
    if row.analyte == "ferritin" and day > 0 and value > 1500:
        return [row._replace(value=">1500", unit="ng/mL")]
    if row.analyte == "d_dimer" and 0 < day < 9:
        return [row._replace(value=f"{value * 1000:.0f}", unit="ng/mL{FEU}", upper_limit="500")]
    if day < 9 or row.analyte not in SECOND_LABORATORY:
        return [row]
    factor, decimals, changes = SECOND_LABORATORY[row.analyte]
    row = row._replace(**changes)
    if row.analyte == "c_reactive_protein" and value < 4.0:
        return [row._replace(value="<0.4")]
    return [row._replace(value=f"{value * factor:.{decimals}f}")]


def mixed_units_and_missing_days() -> Case:
    """T09. Day 0 is a Tuesday: no bloods on days -3, -2, 4, 5, 11 and 12. Two laboratories, the second from day 9 on.

    Day 6: 14 K/uL. Day 7: platelets "<10": CTCAE v5 4, v6 4. Day 8: 9 preliminary, 18 corrected: v5 4, v6 3.
    Day 9: "20-25": v5 3 or 4, so null with bounds; v6 3. D-dimer 480 ng/mL DDU with limit 250 = about 0.96 mg/L FEU,
    1.92 x either way; fibrinogen 310 mg/dL = 3.10 g/L; PT 11.8: ISTH 2025 = 2+0+0+0 = 2 whatever the count.
    """
    return Case(
        patient_id="T09",
        title="Mixed units and missing days",
        teaches="The same patient printed by two laboratories: /uL and K/uL, mg/dL and g/L, FEU and DDU, comparators, "
        "a range, a corrected result, weekends without bloods. What is missing stays missing.",
        day_worth_reading=9,
        explained_by="now",
        day_zero=date(2024, 7, 16),
        product="tisagenlecleucel",
        target="CD19",
        disease="follicular_lymphoma",
        age=55,
        sex="female",
        weight=69.0,
        height=166,
        labs={
            "platelets": "-7:158 -5:155 0:71 3:31 6:14 7:8 8:18 9:22 10:28 13:41 16:58 21:92 30:133",
            "ferritin": "-7:640 0:760 3:1420 6:2300 8:1720 10:1380 16:840 30:520",
            "fibrinogen": "-7:3.50 3:4.40 6:3.90 9:3.10 14:2.90 30:3.20",
            "prothrombin_time": "-7:11.4 6:12.0 9:11.8 16:11.5",
            "d_dimer": "-7:0.41 0:0.43 3:0.90 7:1.10 9:0.96 16:0.60 30:0.42",
        },
        last_ward_day=14,
        clinic_days=(16, 17, 20, 22, 24, 27, 30),
        fever="3:38.5 4:38.7",
        fahrenheit_days=(16, 17),
        as_reported=_as_two_laboratories_print,
    )


def anticoagulated_from_before() -> Case:
    """T13. Warfarin for a mechanical mitral valve, INR 2.40 before lymphodepletion; fluconazole from day 2 raises it.

    INR against baseline (absolute rule in brackets): day 3 2.40: 0 (2). Day 6 3.00, 1.25 x: 1 (3). Day 9 3.90, 1.63 x:
    2 (3). Day 12 2.50, 1.04 x: 1 (2). The PT of these days is the drug's: day 9 PT 37.9 s would give 2 ISTH points
    (platelets 70, D-dimer 0.44, fibrinogen 3.60: 1+0+2+0 = 3), read with the flag. Platelets never below 50: warfarin
    went on.
    """
    return Case(
        patient_id="T13",
        title="An INR that was high before",
        teaches="On warfarin the INR is graded against its own baseline, and its PT points belong to the drug, not to "
        "DIC.",
        day_worth_reading=9,
        explained_by="now",
        day_zero=date(2024, 10, 29),
        product="lisocabtagene_maraleucel",
        target="CD19",
        disease="large_b_cell_lymphoma",
        age=71,
        sex="male",
        weight=91.0,
        height=183,
        labs={
            "platelets": "-7:184 -5:181 0:112 6:64 9:70 12:88 16:119 21:146 30:172 90:198",
            "inr": "-7:2.40 -5:2.40 0:2.38 3:2.40 6:3.00 9:3.90 10:3.40 12:2.50 16:2.35 30:2.42 90:2.40",
            "aptt": "-7:38.0 6:41.0 9:46.0 12:39.0 30:38.0",
            "d_dimer": "-7:0.24 4:0.48 9:0.44 16:0.30 30:0.24",
            "fibrinogen": "-7:3.50 4:4.40 9:3.60 16:3.30 30:3.30",
        },
        last_ward_day=13,
        clinic_days=(15, 17, 20, 22, 25, 28, 30, 45, 60, 75, 90),
        lymphodepletion="bendamustine",
        fever="4:38.3",
        treatments=(
            Treatment(
                "warfarin", (-420, "18:00"), (9, "18:00"), "5", "mg/day", "oral", indication="mechanical mitral valve"
            ),
            Treatment(
                "warfarin", (10, "18:00"), (90, "18:00"), "3", "mg/day", "oral", indication="mechanical mitral valve"
            ),
        ),
        periods=((-2200, None, "history", "mechanical mitral valve"),),
        progression_day=84,
        next_therapy_day=89,
    )


CASES: tuple[Case, ...] = (
    hyperinflammation_after_crs(),
    catheter_thrombosis(),
    intracranial_bleed(),
    mixed_units_and_missing_days(),
    anticoagulated_from_before(),
)
