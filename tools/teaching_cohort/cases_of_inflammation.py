"""Cases in which the question is what inflammation does: CRS, DIC, tocilizumab, neurotoxicity. SYNTHETIC.

ISTH 2025 in the notes is platelets + D-dimer + PT + fibrinogen; D-dimer limit 0.50 mg/L FEU, PT limit 12.5 s,
fibrinogen limit 2.00 g/L. Every day named in a note is an anchor day of the curves concerned.
"""

from __future__ import annotations

from datetime import date

from .background import BLEEDING_FEATURES
from .course import Case, Event, Treatment

TOCILIZUMAB = {"dose": "8", "unit": "mg/kg", "indication": "cytokine release syndrome"}


def fever_and_fluids() -> Case:
    """T01. Day 2: CRS 1. Day 3: fever 39.2, pressure answers to fluids: CRS 2. Day 4: CRS 1. Day 5: 0. ICANS 0
    throughout.

    Day 3: platelets 92, D-dimer 0.84 (1.68 x), PT 12.1, fibrinogen 5.10: ISTH 2025 = 1+0+0+0 = 1.
    CAR-HEMATOTOX 0 (212, 3.20, 11.0, CRP 0.9 mg/dL, ferritin 420): low.
    """
    return Case(
        patient_id="T01",
        title="Fever and fluids",
        teaches="CRS grade 2 by fluids alone; raised fibrinogen and a mild D-dimer are the acute phase, not a "
        "coagulopathy.",
        day_worth_reading=3,
        explained_by="now",
        day_zero=date(2024, 1, 16),
        product="axicabtagene_ciloleucel",
        target="CD19",
        disease="large_b_cell_lymphoma",
        age=58,
        sex="female",
        weight=67.0,
        height=165,
        labs={
            "platelets": "-7:212 -5:208 0:131 3:92 6:78 10:104 14:139 21:176 30:201",
            "fibrinogen": "-7:3.60 0:3.80 3:5.10 4:5.20 8:4.30 14:3.50 30:3.30",
            "prothrombin_time": "-7:11.3 3:12.1 7:11.6 14:11.4",
            "d_dimer": "-7:0.42 0:0.40 3:0.84 5:0.90 10:0.62 20:0.45 30:0.40",
        },
        last_ward_day=12,
        clinic_days=(14, 16, 19, 21, 23, 26, 28, 30),
        fever="2:38.7 3:39.2 4:38.5",
        hypotension={3: ("fluids", "yes")},
    )


def low_fibrinogen_after_tocilizumab() -> Case:
    """T02. Tocilizumab on days 4 and 5; C-reactive protein is gone by day 9 and fibrinogen follows it down.

    Day 13: fibrinogen 1.20 = 0.60 x limit: CTCAE v5 grade 2; with baseline 3.80 (-68 %): grade 3.
        platelets 96, D-dimer 0.62 (1.24 x), PT 12.0: ISTH 2025 = 1+0+0+0 = 1. CRP 1.4 mg/L.
    Day 14: fibrinogen 0.98 = 0.49 x limit: CTCAE v5 grade 3; platelets 102: ISTH 2025 = 0+0+0+1 = 1.
    CRS: day 3 1, days 4 and 5 2. Nothing bled and nothing was replaced.
    """
    return Case(
        patient_id="T02",
        title="Low fibrinogen after tocilizumab",
        teaches="CTCAE fibrinogen grade 2 to 3 without DIC: interleukin-6 blockade switches off synthesis; C-reactive "
        "protein is suppressed, PT and D-dimer are quiet, platelets recover.",
        day_worth_reading=13,
        explained_by="now",
        day_zero=date(2024, 2, 6),
        product="axicabtagene_ciloleucel",
        target="CD19",
        disease="large_b_cell_lymphoma",
        age=64,
        sex="male",
        weight=82.0,
        height=178,
        labs={
            "platelets": "-7:164 -5:161 0:98 6:48 10:71 13:96 14:102 21:148 30:171",
            "c_reactive_protein": "-7:12.0 0:9.0 2:34.0 4:128.0 6:41.0 9:4.6 13:1.4 14:1.2 21:0.9 28:3.8 30:4.2",
            "ferritin": "-7:510 0:600 5:2100 9:1350 13:820 21:560 30:420",
            "fibrinogen": "-7:3.80 -5:3.80 0:4.00 4:5.60 6:4.40 8:3.10 10:2.05 13:1.20 14:0.98 16:1.15 21:1.90 30:2.70",
            "prothrombin_time": "-7:11.3 5:12.3 9:12.1 13:12.0 14:12.1 21:11.6 30:11.4",
            "d_dimer": "-7:0.40 0:0.44 5:1.10 9:0.74 13:0.62 14:0.60 21:0.46 30:0.41",
        },
        last_ward_day=15,
        clinic_days=(16, 18, 21, 23, 25, 28, 30, 33),
        fever="3:38.9 4:39.4 5:38.8",
        hypotension={4: ("fluids", "yes"), 5: ("fluids", "yes")},
        treatments=(
            Treatment("tocilizumab", (4, "15:00"), (4, "16:00"), **TOCILIZUMAB),
            Treatment("tocilizumab", (5, "16:00"), (5, "17:00"), **TOCILIZUMAB),
        ),
    )


def overt_dic_in_severe_crs() -> Case:
    """T03. CRS: day 4 2 (fluids), day 5 3 (one vasopressor, high-flow 40 L/min), days 6 to 8 4 (two vasopressors, BiPAP
    on 7 and 8), day 9 3, day 10 2 (cannula 3 L/min; the gate is held open by tocilizumab). ICANS: 1 on days 7 to 9.

    ISTH 2025: day 5: 51, 1.90 (3.8 x), +1.6, 3.60: 1+2+0+0 = 3. Day 6: 38, 3.00 (6.0 x), +3.3, 2.40: 2+2+1+0 = 5,
    overt. Day 7: 24, 6.10 (12.2 x), +4.7, 1.30: 2+3+1+0 = 6. Day 8: 15, 11.40 (22.8 x), +6.4, 0.82: 2+3+2+1 = 8.
    Day 8, CTCAE v5: platelets 4 (v6: 3), fibrinogen 3 (0.41 x limit; with baseline 3.90, -79 %: 4), INR 2 (1.81).
    T03-B1: overt, haemoglobin 8.6 to 6.2, three units above routine: ISTH major, WHO 3.
    T03-B2: oozing from the arterial line, 90 minutes, pressure dressing: not major, treated: ISTH CRNM, WHO 2.
    """
    upper_bleed = BLEEDING_FEATURES | {
        "haemoglobin_fall": "2.4", "red_cell_units": "3", "units_beyond_routine": "3", "medical_intervention": "yes",
        "invasive_intervention": "yes", "evaluated_face_to_face": "yes", "dedicated_bleeding_evaluation": "yes",
    }  # fmt: skip
    line_bleed = BLEEDING_FEATURES | {
        "medical_intervention": "yes", "bleeding_at_invasive_site_minutes": "90",
        "evaluated_face_to_face": "yes", "dedicated_bleeding_evaluation": "yes",
    }  # fmt: skip
    bleeding = {"indication": "bleeding", "event_id": "T03-B1"}
    red_cells = tuple(
        Treatment("red_cells", (8, f"{hour}:00"), (8, f"{hour + 1}:00"), "1", "unit", beyond_routine="yes", **bleeding)
        for hour in (13, 15, 17)
    )
    return Case(
        patient_id="T03",
        title="Overt DIC in severe CRS",
        teaches="All four ISTH items move together within days and something bleeds: consumption, not marrow and not "
        "a drug.",
        day_worth_reading=8,
        explained_by="now",
        day_zero=date(2024, 3, 5),
        product="brexucabtagene_autoleucel",
        target="CD19",
        disease="mantle_cell_lymphoma",
        age=66,
        sex="male",
        weight=79.0,
        height=175,
        labs={
            "platelets": "-7:118 -5:115 0:84 4:62 5:51 6:38 7:24 8:15 9:27 10:34 12:41 16:62 21:88 30:117 37:130",
            "haemoglobin": "-7:10.4 0:9.3 7:8.8 8:8.6 9:8.3 12:8.5 20:9.1 30:10.0 37:10.4",
            "c_reactive_protein": "-7:38.0 0:44.0 3:140.0 5:236.0 8:118.0 12:24.0 16:6.0 30:4.0",
            "ferritin": "-7:980 0:1250 4:5200 8:9400 12:5100 20:2100 37:900",
            "lactate_dehydrogenase": "-7:420 0:390 6:610 8:720 12:480 20:310 37:240",
            "creatinine": "-7:0.95 4:1.10 8:1.92 12:1.40 20:1.05 37:0.96",
            "fibrinogen": "-7:3.90 -5:3.90 0:4.20 3:4.90 4:4.40 5:3.60 6:2.40 7:1.30 8:0.82 9:1.42 10:1.75 12:2.10 "
            "16:2.60 30:3.10",
            "prothrombin_time": "-7:11.6 0:11.8 4:13.1 5:14.1 6:15.8 7:17.2 8:18.9 9:15.9 10:14.6 12:13.1 16:12.2 "
            "30:11.6",
            "aptt": "-7:30.0 4:35.0 6:43.0 8:61.0 10:44.0 13:35.0 20:31.0",
            "d_dimer": "-7:0.90 0:0.95 4:1.35 5:1.90 6:3.00 7:6.10 8:11.40 9:9.20 10:6.80 12:3.90 16:1.80 21:1.00 "
            "30:0.62",
            "alanine_aminotransferase": "-7:31 5:62 8:118 12:84 20:42 37:30",
            "aspartate_aminotransferase": "-7:29 5:70 8:139 12:71 20:36 37:27",
            "bilirubin": "-7:0.6 5:1.1 8:2.1 12:1.4 20:0.8 37:0.6",
        },
        last_ward_day=22,
        clinic_days=(24, 26, 28, 30, 33, 37),
        intensive_care=(5, 12),
        fever="1:38.6 2:38.9 3:39.3 4:39.8 5:39.5 6:39.2 7:38.8 8:38.4",
        hypotension=dict.fromkeys(range(4, 10), ("fluids", "yes")),
        oxygen={
            5: ("high_flow_nasal_cannula", 40),
            6: ("high_flow_nasal_cannula", 50),
            7: ("bipap", None),
            8: ("bipap", None),
            9: ("high_flow_nasal_cannula", 35),
            10: ("nasal_cannula", 3),
        },
        ice="7:8 8:7 9:8",
        extra_labs=(
            (8, "12:30", "haemoglobin", "6.2"),
            (8, "18:30", "haemoglobin", "7.9"),
            (8, "18:30", "platelets", "31"),
            (8, "18:30", "fibrinogen", "1.15"),
            (8, "18:30", "prothrombin_time", "17.1"),
            (8, "06:30", "antithrombin", "52"),
            (8, "06:30", "fibrin_degradation_products", "86.0"),
            (8, "06:30", "schistocytes", "0"),
        ),
        treatments=(
            Treatment("tocilizumab", (4, "15:30"), (4, "16:30"), **TOCILIZUMAB),
            Treatment("tocilizumab", (5, "10:00"), (5, "11:00"), **TOCILIZUMAB),
            Treatment(
                "dexamethasone", (5, "12:00"), (12, "08:00"), "40", "mg/day", indication="cytokine release syndrome"
            ),
            Treatment("norepinephrine", (5, "12:00"), (10, "05:00"), "0.2", "ug/kg/min", indication="hypotension"),
            Treatment("epinephrine", (6, "11:00"), (8, "22:00"), "0.1", "ug/kg/min", indication="hypotension"),
            Treatment("platelets", (7, "09:00"), (7, "09:40"), "1", "unit", intent="prophylactic", beyond_routine="no"),
            Treatment("platelets", (8, "11:00"), (8, "11:40"), "1", "unit", beyond_routine="yes", **bleeding),
            *red_cells,
            Treatment("plasma", (8, "12:00"), (8, "13:00"), "15", "mL/kg", beyond_routine="yes", **bleeding),
            Treatment("cryoprecipitate", (8, "14:00"), (8, "14:30"), "10", "unit", beyond_routine="yes", **bleeding),
            Treatment("fibrinogen_concentrate", (9, "09:00"), (9, "09:20"), "2", "g", beyond_routine="yes", **bleeding),
            Treatment("vitamin_k", (7, "10:00"), None, "10", "mg", indication="prolonged prothrombin time"),
        ),
        events=(
            Event("T03-B1", (8, "09:30"), "bleeding", "gastrointestinal_upper", upper_bleed, end_day=9),
            Event("T03-B2", (8, "16:00"), "bleeding", "invasive_site", line_bleed, end_day=8, side="left"),
        ),
    )


def acute_phase_masking() -> Case:
    """T11. Section 6.6 of the catalogue, first worked example, day 7: platelets 30 (35 the day before), PT +4.0,
    fibrinogen 3.80 (5.60 the day before, -32 %; highest 6.10 on day 3, -38 %), D-dimer 6.00 (12 x), CRS 3.

    Day 6: 35, 3.10 (6.2 x), +2.4, 5.60: ISTH 2025 = 2+2+0+0 = 4. Day 7: 2+3+1+0 = 6, overt; ISTH 2001 with 10 x ULN
    likewise 6. Day 8: 27, 6.80 (13.6 x), +4.4, 2.90: 2+3+1+0 = 6. Fibrinogen grades of CTCAE v5 on day 7, with or
    without baseline: 0, as 3.80 is not below the limit; v4.03 with baseline 4.10 (a fall of 7 %): 1. A loss of 32 % in
    a day is faster than stopped synthesis gives: half-life about four days, 16 % a day. Tocilizumab was given only on
    day 6 at 16:00. CRS: days 3 to 5 1, day 6 2, day 7 3 (norepinephrine), day 8 3 (no fever; gate open after
    tocilizumab).
    """
    return Case(
        patient_id="T11",
        title="A normal fibrinogen that is falling",
        teaches="Acute-phase masking: fibrinogen falls from 6.1 to 3.8 g/L and no absolute cut-off sees it; the trend "
        "does, and the other items already make overt DIC.",
        day_worth_reading=7,
        explained_by="now",
        day_zero=date(2024, 9, 10),
        product="axicabtagene_ciloleucel",
        target="CD19",
        disease="large_b_cell_lymphoma",
        age=63,
        sex="female",
        weight=71.0,
        height=168,
        labs={
            "platelets": "-7:139 -5:136 0:82 4:47 6:35 7:30 8:27 9:29 11:34 14:52 21:84 30:109",
            "c_reactive_protein": "-7:28.0 0:31.0 3:162.0 6:214.0 7:150.0 9:52.0 12:9.0 16:3.0 30:2.0",
            "ferritin": "-7:760 0:880 4:2900 7:4600 10:3300 16:1500 30:720",
            "lactate_dehydrogenase": "-7:330 0:300 7:455 14:320 30:230",
            "fibrinogen": "-7:4.10 -5:4.10 0:4.60 3:6.10 5:5.90 6:5.60 7:3.80 8:2.90 9:2.40 11:2.15 14:2.20 21:2.60 "
            "30:3.10",
            "prothrombin_time": "-7:11.5 3:12.6 6:14.9 7:16.5 8:16.9 9:15.2 11:13.2 14:12.0 30:11.5",
            "aptt": "-7:29.0 5:35.0 7:42.0 8:44.0 11:35.0 16:31.0",
            "d_dimer": "-7:0.61 0:0.65 3:1.20 5:2.10 6:3.10 7:6.00 8:6.80 9:5.10 11:3.00 14:1.60 21:0.80 30:0.52",
            "alanine_aminotransferase": "-7:26 7:71 12:52 20:30",
            "aspartate_aminotransferase": "-7:24 7:78 12:46 20:27",
        },
        last_ward_day=17,
        clinic_days=(19, 21, 23, 26, 28, 30),
        intensive_care=(7, 9),
        fever="3:38.8 4:39.1 5:39.0 6:39.4 7:39.3",
        hypotension={6: ("fluids", "yes"), 7: ("fluids", "yes"), 8: ("fluids", "yes")},
        treatments=(
            Treatment("tocilizumab", (6, "16:00"), (6, "17:00"), **TOCILIZUMAB),
            Treatment("norepinephrine", (7, "09:00"), (9, "05:00"), "0.12", "ug/kg/min", indication="hypotension"),
            Treatment(
                "dexamethasone", (7, "09:30"), (10, "08:00"), "20", "mg/day", indication="cytokine release syndrome"
            ),
        ),
    )


def fever_gate_and_neurotoxicity() -> Case:
    """T14. Fever days 2 to 4, tocilizumab on day 4 at 15:30, no fever from day 5 on, but the pressure stays low.

    CRS: day 2 1, day 3 1, day 4 2 (fluids), day 5 3 (norepinephrine at 37 degC: fever no longer asked for), day 6 3,
    day 7 0. ICANS: day 6 1 (ICE 7), day 7 2 (ICE 4), day 8 3 (ICE 2, awakens to touch), day 9 2 (ICE 5), day 10 1 (ICE
    8), day 11 0.
    """
    return Case(
        patient_id="T14",
        title="Low pressure without fever",
        teaches="The fever gate of CRS: after tocilizumab, hypotension counts without fever. ICANS follows as CRS "
        "leaves.",
        day_worth_reading=5,
        explained_by="now",
        day_zero=date(2024, 11, 12),
        product="axicabtagene_ciloleucel",
        target="CD19",
        disease="large_b_cell_lymphoma",
        age=52,
        sex="female",
        weight=74.0,
        height=170,
        labs={
            "platelets": "-7:176 -5:172 0:104 5:58 8:49 12:66 16:92 21:121 30:148",
            "c_reactive_protein": "-7:19.0 0:15.0 2:58.0 4:171.0 5:122.0 7:38.0 10:5.0 14:1.8 30:2.4",
            "ferritin": "-7:640 0:720 4:2300 6:3400 9:2600 14:1300 30:620",
            "fibrinogen": "-7:3.90 -5:3.90 0:4.10 4:5.80 6:4.70 9:2.90 12:2.10 15:1.70 21:2.20 30:2.90",
            "prothrombin_time": "-7:11.4 5:13.0 8:12.6 14:11.8 30:11.4",
            "d_dimer": "-7:0.46 0:0.48 5:1.60 8:1.30 14:0.80 30:0.44",
        },
        last_ward_day=16,
        clinic_days=(18, 20, 22, 25, 27, 30),
        intensive_care=(5, 9),
        fever="2:38.6 3:39.0 4:39.4",
        hypotension={4: ("fluids", "yes"), 5: ("fluids", "yes"), 6: ("fluids", "yes")},
        ice="6:7 7:4 8:2 9:5 10:8",
        consciousness={7: "awakens_to_voice", 8: "awakens_to_touch", 9: "awakens_to_voice"},
        # The evening of day 7, item by item: 0+1+1+1 orientation, 1 naming, 0, 0, 0: the same total of 4.
        extra_assessments=(
            (7, "19:00", "ice_year", "0", ""),
            (7, "19:00", "ice_month", "1", ""),
            (7, "19:00", "ice_city", "1", ""),
            (7, "19:00", "ice_hospital", "1", ""),
            (7, "19:00", "ice_naming", "1", ""),
            (7, "19:00", "ice_command", "0", ""),
            (7, "19:00", "ice_writing", "0", ""),
            (7, "19:00", "ice_attention", "0", ""),
            (7, "19:00", "consciousness", "awakens_to_voice", ""),
            (7, "19:00", "seizure", "none", ""),
            (7, "19:00", "weakness", "none", ""),
            (7, "19:00", "raised_intracranial_pressure", "none", ""),
        ),
        treatments=(
            Treatment("tocilizumab", (4, "15:30"), (4, "16:30"), **TOCILIZUMAB),
            Treatment("norepinephrine", (5, "11:00"), (6, "22:00"), "0.08", "ug/kg/min", indication="hypotension"),
            Treatment("dexamethasone", (7, "09:00"), (11, "08:00"), "40", "mg/day", indication="neurotoxicity"),
        ),
    )


CASES: tuple[Case, ...] = (
    fever_and_fluids(),
    low_fibrinogen_after_tocilizumab(),
    overt_dic_in_severe_crs(),
    acute_phase_masking(),
    fever_gate_and_neurotoxicity(),
)
