"""Cases in which the question is what the marrow does: platelets and neutrophils over weeks. SYNTHETIC."""

from __future__ import annotations

from datetime import date

from .background import BLEEDING_FEATURES
from .course import Case, Event, Treatment


def biphasic_platelets() -> Case:
    """T04. Platelets below 50 on days 3 to 8, back to 104 on day 17, below 50 again on days 26 to 38: 11 of the counted
    days of 0 to 30, so T-ICAHT early at least 2 as printed (the days without a count widen it) and 2 in the authors'
    code. Late: eight counts below 50, none below 20: 2.

    Day 29: platelets 25, normal coagulation: ISTH 2025 = 2+0+0+0 = 2; CTCAE v5 3, v6 3.
    T04-B1, day 29: nose bleed of 50 minutes, packed: ISTH CRNM, WHO 2.
    """
    nose_bleed = BLEEDING_FEATURES | {
        "minutes_in_24_h": "50", "medical_intervention": "yes",
        "evaluated_face_to_face": "yes", "dedicated_bleeding_evaluation": "yes",
    }  # fmt: skip
    return Case(
        patient_id="T04",
        title="Two platelet nadirs",
        teaches="The first nadir belongs to lymphodepletion, the second to the CAR-T marrow: recovery on day 17 is "
        "not the end.",
        day_worth_reading=29,
        explained_by="later",
        day_zero=date(2024, 4, 9),
        product="axicabtagene_ciloleucel",
        target="CD19",
        disease="large_b_cell_lymphoma",
        age=61,
        sex="male",
        weight=88.0,
        height=181,
        labs={
            "platelets": "-7:142 -5:140 0:88 2:60 3:44 5:31 8:44 9:54 12:78 17:104 21:92 25:57 26:46 28:29 29:25 "
            "30:22 33:26 38:41 40:54 45:68 60:110 90:151",
            "neutrophils": "-7:3.60 -5:3.20 -2:1.50 0:0.85 2:0.40 5:0.15 8:0.40 10:0.80 14:2.40 18:1.90 22:1.10 "
            "26:0.70 29:0.62 31:0.90 36:1.30 45:1.70 90:2.40",
            "haemoglobin": "-7:11.6 0:10.4 7:9.2 20:9.6 29:9.1 40:9.8 90:12.2",
        },
        last_ward_day=13,
        clinic_days=(15, 17, 19, 21, 23, 25, 40, 42, 45, 49, 53, 60, 67, 74, 81, 90),
        readmissions=((26, 38),),
        fever="3:38.6 4:38.9 5:38.4",
        treatments=(
            Treatment(
                "filgrastim", (27, "09:00"), (31, "09:00"), "300", "ug/day", "subcutaneous", indication="neutropenia"
            ),
            Treatment(
                "tranexamic_acid",
                (29, "19:30"),
                None,
                "1000",
                "mg",
                "topical",
                indication="bleeding",
                event_id="T04-B1",
            ),
        ),
        events=(Event("T04-B1", (29, "18:40"), "bleeding", "epistaxis", nose_bleed, end_day=29, side="left"),),
    )


def late_thrombocytopenia() -> Case:
    """T08. Platelets below 50 again from day 35 to day 72, lowest 24 on day 52; never below 20.

    Day 52: CTCAE v5 4, v6 3. T-ICAHT late grade 2 in both presets. D-dimer, PT and fibrinogen normal: ISTH 2025 = 2.
    T08-B1, day 53: gums, 20 minutes: WHO 1; but it brought the outpatient to the clinic: ISTH CRNM.
    """
    gums = BLEEDING_FEATURES | {
        "minutes_in_24_h": "20", "evaluated_face_to_face": "yes", "dedicated_bleeding_evaluation": "yes",
    }  # fmt: skip
    return Case(
        patient_id="T08",
        title="Late thrombocytopenia",
        teaches="Weeks after discharge the platelets fall again; the early grade closes on day 30 and only the late "
        "one sees it. One bleed, two scales: WHO 1 and clinically relevant non-major.",
        day_worth_reading=52,
        explained_by="now",
        day_zero=date(2024, 6, 4),
        product="idecabtagene_vicleucel",
        target="BCMA",
        disease="multiple_myeloma",
        age=67,
        sex="male",
        weight=76.0,
        height=172,
        labs={
            "platelets": "-7:96 -5:94 0:66 4:41 6:34 9:43 11:53 14:61 21:72 30:63 35:47 45:33 52:24 53:25 60:29 67:36 "
            "72:44 75:56 81:68 90:78",
            "neutrophils": "-7:2.40 -5:2.20 -2:1.20 0:0.70 3:0.30 7:0.20 11:0.42 14:0.90 21:1.40 30:1.20 52:0.95 "
            "70:1.40 90:1.90",
            "haemoglobin": "-7:10.1 0:9.2 7:8.5 20:9.0 52:8.9 90:10.4",
            "c_reactive_protein": "-7:6.0 0:18.0 1:64.0 2:71.0 5:18.0 10:5.0 20:3.0",
            "d_dimer": "-7:0.38 2:0.80 10:0.52 20:0.41 52:0.36 90:0.33",
        },
        last_ward_day=12,
        clinic_days=(
            14,
            16,
            18,
            21,
            23,
            25,
            28,
            30,
            32,
            35,
            38,
            42,
            45,
            48,
            52,
            53,
            56,
            60,
            63,
            67,
            70,
            72,
            75,
            81,
            90,
        ),
        fever="1:38.8 2:38.6",
        treatments=(
            Treatment(
                "eltrombopag", (54, "08:00"), (84, "08:00"), "50", "mg/day", "oral", indication="thrombocytopenia"
            ),
        ),
        events=(Event("T08-B1", (53, "07:30"), "bleeding", "oropharyngeal", gums, end_day=53),),
    )


def child_with_marrow_suppression() -> Case:
    """T10. A child of 7: CAPD 0 every day, so ICANS 0; CRS 1 on days 3 to 5.

    Day 9: platelets 18 (22 two days before: slow, no fall of 30 % in a day), D-dimer 0.44, PT 11.6, fibrinogen 3.40:
    ISTH 2025 = 2+0+0+0 = 2; CTCAE v5 platelets 4, v6 3. Days 9 to 15 below 20: T-ICAHT early 3 (7 days).
    T10-B1, day 10: petechiae, watched: ISTH minor, WHO 1.
    """
    petechiae = BLEEDING_FEATURES | {"symptomatic": "no", "petechiae": "yes", "lesion_size": "0.2"}
    return Case(
        patient_id="T10",
        title="Low platelets from the marrow alone",
        teaches="Looks like DIC by its platelets: two ISTH points from marrow suppression, every other item normal.",
        day_worth_reading=9,
        explained_by="now",
        day_zero=date(2024, 8, 13),
        product="tisagenlecleucel",
        target="CD19",
        disease="b_cell_acute_lymphoblastic_leukaemia",
        age=7,
        sex="female",
        weight=23.0,
        height=122,
        labs={
            "platelets": "-7:92 -5:90 0:74 4:34 7:22 8:21 9:18 12:17 15:19 16:22 20:28 25:46 30:71",
            "neutrophils": "-7:1.90 -5:1.70 -2:0.80 0:0.55 1:0.40 4:0.12 9:0.16 12:0.28 14:0.44 16:0.62 21:0.95 "
            "30:1.50",
            "creatinine": "-7:0.38 30:0.37",
            "c_reactive_protein": "-7:3.0 2:12.0 4:38.0 7:12.0 10:4.0 15:2.0",
            "ferritin": "-7:680 4:1400 9:1050 20:720 30:560",
            "fibrinogen": "-7:3.10 4:4.10 9:3.40 15:3.10 30:3.00",
            "prothrombin_time": "-7:11.3 4:11.9 9:11.6 15:11.4",
            "d_dimer": "-7:0.34 4:0.47 9:0.44 15:0.38 30:0.33",
        },
        last_ward_day=21,
        clinic_days=(23, 25, 27, 30, 33),
        fever="3:38.4 4:38.8 5:38.3",
        events=(Event("T10-B1", (10, "08:30"), "bleeding", "skin", petechiae, end_day=13),),
    )


def prolonged_neutropenia_and_bleed() -> Case:
    """T12. Neutrophils at or below 0.50 on days 1 to 23 (23 days), at or below 0.10 on days 5 to 13 (9 days): early
    ICAHT 3. CAR-HEMATOTOX 7 (68, 0.90, 8.4, CRP 4.2 mg/dL, ferritin 2350): high.

    Day 11: fever 38.9 of another cause (bacteraemia): no CRS. Day 14: T12-B1, haemoglobin 8.9 to 6.6, three units,
    pressure down by about 36 mmHg: ISTH major, WHO 3. The low pressure of day 14 is the bleed's: CRS 0.
    """
    bleed = BLEEDING_FEATURES | {
        "haemoglobin_fall": "2.3", "red_cell_units": "3", "units_beyond_routine": "3", "medical_intervention": "yes",
        "haemodynamic_instability": "moderate", "tachycardia": "yes", "level_of_care_raised": "yes",
        "evaluated_face_to_face": "yes", "dedicated_bleeding_evaluation": "yes",
    }  # fmt: skip
    for_bleed = {"indication": "bleeding", "event_id": "T12-B1", "beyond_routine": "yes"}
    routine = {"intent": "prophylactic", "indication": "count", "beyond_routine": "no"}
    return Case(
        patient_id="T12",
        title="Prolonged neutropenia and a gastrointestinal bleed",
        teaches="Early ICAHT 3 foreseen by CAR-HEMATOTOX; a low pressure caused by bleeding is not CRS.",
        day_worth_reading=14,
        explained_by="now",
        day_zero=date(2024, 10, 8),
        product="axicabtagene_ciloleucel",
        target="CD19",
        disease="large_b_cell_lymphoma",
        age=72,
        sex="male",
        weight=70.0,
        height=174,
        labs={
            "platelets": "-7:68 -5:66 0:41 5:22 9:14 10:21 12:16 14:24 15:31 18:22 22:26 26:29 30:34 45:41 60:47",
            "neutrophils": "-7:0.90 -5:0.90 -2:0.70 0:0.62 1:0.44 4:0.14 5:0.08 9:0.03 13:0.08 14:0.14 18:0.24 "
            "23:0.44 24:0.58 26:0.90 30:1.20 45:0.90 60:0.60",
            "other_leukocytes": "-7:0.50 0:0.10 10:0.10 20:0.30 30:0.50",
            "haemoglobin": "-7:8.4 -5:8.4 0:8.0 6:8.3 13:8.9 14:8.9 15:8.6 20:8.2 30:8.7 60:8.9",
            "c_reactive_protein": "-7:42.0 -5:42.0 0:38.0 3:84.0 7:36.0 10:40.0 11:168.0 13:202.0 16:88.0 22:24.0 "
            "30:14.0 60:31.0",
            "ferritin": "-7:2350 -5:2350 0:2600 4:3900 12:4400 20:3200 30:2700 60:2400",
            "lactate_dehydrogenase": "-7:410 0:360 7:340 14:365 30:290",
            "creatinine": "-7:1.05 13:1.10 15:1.48 20:1.15 60:1.10",
            "fibrinogen": "-7:4.30 3:5.10 10:4.60 12:5.60 14:5.20 20:4.40 30:4.00",
            "prothrombin_time": "-7:11.9 12:12.9 14:13.4 18:12.4 30:12.0",
            "d_dimer": "-7:0.88 4:1.20 12:1.42 14:1.36 20:1.10 30:0.90",
        },
        last_ward_day=30,
        intensive_care=(14, 16),
        clinic_days=(32, 35, 38, 42, 45, 49, 52, 56, 60),
        fever="2:38.5 3:38.8 11:38.9 12:38.6",
        fever_of_other_cause=(11, 12),
        hypotension={14: ("fluids", "no")},
        extra_labs=((14, "12:30", "haemoglobin", "6.6"), (14, "19:30", "haemoglobin", "8.1")),
        treatments=(
            Treatment(
                "filgrastim", (10, "09:00"), (24, "09:00"), "300", "ug/day", "subcutaneous", indication="neutropenia"
            ),
            Treatment("platelets", (9, "11:00"), (9, "11:40"), "1", "unit", **routine),
            Treatment("red_cells", (5, "11:00"), (5, "13:00"), "1", "unit", **routine),
            Treatment("platelets", (14, "12:00"), (14, "12:40"), "1", "unit", **for_bleed),
            *(
                Treatment("red_cells", (14, f"{hour}:00"), (14, f"{hour}:50"), "1", "unit", **for_bleed)
                for hour in (13, 14, 16)
            ),
            Treatment(
                "tranexamic_acid",
                (14, "12:15"),
                (15, "12:15"),
                "3000",
                "mg/day",
                indication="bleeding",
                event_id="T12-B1",
            ),
        ),
        events=(
            Event("T12-I1", (11, "20:00"), "infection", "", {"fatal": "no"}, end_day=21),
            Event("T12-B1", (14, "10:40"), "bleeding", "gastrointestinal_lower", bleed, end_day=16),
        ),
        death_day=62,
        cause_of_death="infection",
    )


CASES: tuple[Case, ...] = (
    biphasic_platelets(),
    late_thrombocytopenia(),
    child_with_marrow_suppression(),
    prolonged_neutropenia_and_bleed(),
)
