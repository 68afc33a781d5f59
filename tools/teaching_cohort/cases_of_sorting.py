"""Short courses for the sorting: three or more for each place of it, and pairs that differ in one fact. SYNTHETIC.

Limits: platelets 100, prothrombin time 12.5 + 3 s, aPTT 36 + 10 s, fibrinogen 1.5 g/L, D-dimer 5 mg/L; ISTH 2025 is
platelets + D-dimer (limit 0.50) + prothrombin time + fibrinogen. Every day named in a note is an anchor day.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from .background import BLEEDING_FEATURES, VENOUS_FEATURES
from .course import Case, Event, Treatment

TOCILIZUMAB = {"dose": "8", "unit": "mg/kg", "indication": "cytokine release syndrome"}
NOSE = BLEEDING_FEATURES | {
    "minutes_in_24_h": "40",
    "medical_intervention": "yes",
    "evaluated_face_to_face": "yes",
    "dedicated_bleeding_evaluation": "yes",
}
FATAL = BLEEDING_FEATURES | {
    "fatal": "yes",
    "critical_site": "yes",
    "visible": "no",
    "neurological_signs": "yes",
    "medical_intervention": "yes",
    "life_threatening": "yes",
    "level_of_care_raised": "yes",
    "evaluated_face_to_face": "yes",
    "dedicated_bleeding_evaluation": "yes",
}


@dataclass(frozen=True)
class Sorted:
    """A case with the place that it has, and what it differs in from its pair."""

    case: Case
    place: str
    differs_in: str = ""


def _course(patient_id: str, title: str, teaches: str, day: int, labs: dict[str, str]) -> Case:
    """A short course in hospital, to day 14."""
    return Case(
        patient_id=patient_id,
        title=title,
        teaches=teaches,
        day_worth_reading=day,
        explained_by="now",
        day_zero=date(2025, 2, 4),
        product="axicabtagene_ciloleucel",
        target="CD19",
        disease="large_b_cell_lymphoma",
        age=60,
        sex="female",
        weight=70.0,
        height=168,
        labs=labs,
        last_ward_day=14,
        clinic_days=(),
    )


def _twin(case: Case, patient_id: str, title: str, teaches: str, **changed: object) -> Case:
    """The same course with one fact changed; a bleed has its identifier anew."""
    return replace(case, patient_id=patient_id, title=title, teaches=teaches, twin_of=case.noise_of, **changed)  # type: ignore[arg-type]


def _nose_bleed(patient_id: str, day: int) -> Event:
    return Event(f"{patient_id}-B1", (day, "18:00"), "bleeding", "epistaxis", NOSE, end_day=day)


# ---- 0, no abnormality

GOOD = {
    "platelets": "-7:210 0:170 3:140 5:126 6:124 7:127 9:136 14:180",
    "neutrophils": "-7:3.6 0:2.0 3:1.4 6:1.2 9:1.6 14:2.4",
}
P01 = _course("P01", "A quiet course", "Platelets stay above 100 and nothing else is abnormal.", 6, GOOD)
P02 = replace(
    _course(
        "P02",
        "An acute phase alone",
        "Fibrinogen of 6 and a D-dimer of 1.4 are inflammation.",
        4,
        GOOD | {"fibrinogen": "-7:3.6 0:4.0 4:6.0 8:4.6 14:3.6", "d_dimer": "-7:0.4 0:0.4 4:1.4 9:0.7 14:0.5"},
    ),
    fever="2:38.7 3:39.1 4:38.6",
)
P03 = replace(
    _course(
        "P03",
        "A nose bleed with normal values",
        "A bleed alone is no CARAC: nothing is abnormal around it.",
        8,
        GOOD | {"platelets": "-7:210 0:170 3:140 6:124 7:122 8:118 9:136 14:180"},
    ),
    events=(_nose_bleed("P03", 8),),
)

# ---- 1, isolated abnormality

P04 = _twin(
    P01,
    "P04",
    "One platelet count of 97",
    "The course of P01 with 97 in place of 124 on day 6.",
    labs=GOOD | {"platelets": GOOD["platelets"].replace("6:124", "6:97")},
)
P05 = _course(
    "P05",
    "The marrow alone",
    "Platelets of 24 with neutrophils of 0.2: the marrow, told beside the place.",
    8,
    {"platelets": "-7:140 0:88 4:44 6:34 8:24 10:26 12:30 14:36"},
)
P06 = replace(
    _course(
        "P06",
        "Low fibrinogen after tocilizumab",
        "Fibrinogen of 1.30 alone: its making is switched off.",
        10,
        GOOD
        | {
            "fibrinogen": "-7:3.8 0:4.0 3:5.2 5:3.9 7:2.6 8:2.0 9:1.55 10:1.30 12:1.40 14:1.70",
            "c_reactive_protein": "-7:9 0:6 3:90 5:22 7:6.0 10:1.5 14:1.0",
            "prothrombin_time": "-7:11.4 6:11.9 10:11.8 14:11.5",
            "aptt": "-7:29 6:32 9:32 10:32 11:32 14:30",
            "d_dimer": "-7:0.42 0:0.40 5:0.85 10:0.62 14:0.50",
        },
    ),
    fever="2:38.8 3:39.2",
    treatments=(Treatment("tocilizumab", (3, "15:00"), (3, "16:00"), **TOCILIZUMAB),),
)

# ---- 2, laboratory coagulopathy

P07 = _twin(
    P06,
    "P07",
    "The same with a long aPTT",
    "The course of P06 with an aPTT of 48 s on day 10: consumptive by pattern.",
    labs=P06.labs | {"aptt": "-7:29 6:32 9:32 10:48 11:32 14:30"},
)
_P08 = _course(
    "P08",
    "Warfarin and the marrow",
    "Two abnormal items, each with an explanation: no consumptive pattern.",
    7,
    {
        "platelets": "-7:150 0:96 4:72 7:60 10:66 14:82",
        "prothrombin_time": "-7:18.0 7:19.0 14:18.0",
        "aptt": "-7:36.0 14:36.0",
    },
)
P08 = replace(
    _P08,
    treatments=(
        Treatment("warfarin", (-7, "18:00"), (14, "18:00"), "3", "mg/day", "oral", indication="atrial fibrillation"),
    ),
)
P10 = _course(
    "P10",
    "Consumption short of DIC",
    "Fibrinogen 1.40 and D-dimer 5.60 with platelets 64: ISTH 2025 = 1+3+0+0 = 4.",
    8,
    {
        "platelets": "-7:180 0:130 5:104 7:82 8:64 9:66 14:110",
        "fibrinogen": "-7:3.8 4:5.0 6:2.6 8:1.40 9:1.6 14:2.6",
        "d_dimer": "-7:0.4 4:0.9 6:2.4 8:5.60 9:4.2 14:1.0",
        "prothrombin_time": "-7:11.4 8:13.6 14:11.8",
    },
)

# ---- 3, CARAC

P09 = _twin(
    P03,
    "P09",
    "The same nose bleed with platelets of 88",
    "The course of P03 with 88 in place of 118 on day 8.",
    labs=P03.labs | {"platelets": P03.labs["platelets"].replace("8:118", "8:88")},
    events=(_nose_bleed("P09", 8),),
)
P11 = _twin(
    P10,
    "P11",
    "The same with a thrombosis",
    "The course of P10 with a thrombosis of the arm on day 8.",
    events=(
        Event(
            "P11-V1",
            (8, "10:00"),
            "venous",
            "deep_vein_upper",
            VENOUS_FEATURES,
            vessel="axillary",
            side="left",
            code="I82.A12",
            code_system="ICD-10-CM",
        ),
    ),
)
P12 = replace(
    _course(
        "P12",
        "A nose bleed of the marrow",
        "CARAC by rule, and the marrow explains its only abnormal item.",
        9,
        {"platelets": "-7:130 0:80 4:40 7:24 8:20 9:18 11:21 14:30"},
    ),
    events=(_nose_bleed("P12", 9),),
)

# ---- 4, laboratory DIC

P13 = _course(
    "P13",
    "DIC by score, platelets by marrow",
    "Platelets 2 + D-dimer 3 = 5; without the marrow's points 3: explained.",
    8,
    {
        "platelets": "-7:140 0:88 4:50 6:46 7:44 8:42 9:42 14:60",
        "d_dimer": "-7:0.5 4:2.0 6:3.0 7:3.3 8:4.20 9:3.2 14:1.2",
        "neutrophils": "-7:3.2 0:0.8 4:0.4 7:0.25 8:0.20 9:0.25 14:1.2",
    },
)
P14 = _twin(
    P13,
    "P14",
    "The same with normal neutrophils",
    "The course of P13 with neutrophils of 2.4 on day 8: the score stays.",
    labs=P13.labs | {"neutrophils": P13.labs["neutrophils"].replace("8:0.20", "8:2.40")},
)
P15 = replace(
    _course(
        "P15",
        "Consumption in severe inflammation",
        "All items move together: ISTH 2025 = 2+3+1+1 = 7 on day 7.",
        7,
        {
            "platelets": "-7:170 0:120 5:96 6:64 7:36 8:34 10:52 14:104",
            "fibrinogen": "-7:3.8 4:5.4 6:2.2 7:0.90 8:1.2 10:2.0 14:3.0",
            "d_dimer": "-7:0.4 4:1.2 6:4.0 7:9.00 8:7.0 10:3.0 14:1.0",
            "prothrombin_time": "-7:11.4 5:13.0 6:14.6 7:16.4 8:15.6 10:13.4 14:11.8",
        },
    ),
    fever="3:38.8 4:39.4 5:39.6 6:39.5 7:39.0",
    hypotension={5: ("fluids", "yes"), 6: ("fluids", "yes")},
)
P19 = replace(
    _twin(
        P15,
        "P19",
        "The same, died of sepsis on day 8",
        "The course of P15 cut short: active DIC, no bleed, another cause.",
    ),
    death_day=8,
    cause_of_death="sepsis",
    last_ward_day=8,
)

# ---- 5, overt DIC with a clinical event

P16 = _twin(
    P15,
    "P16",
    "The same with a nose bleed",
    "The course of P15 with a nose bleed on day 7.",
    events=(_nose_bleed("P16", 7),),
)
P17 = replace(
    _twin(P19, "P17", "Fatal intracranial bleed in DIC", "Active DIC, a fatal bleed, and a cause of death that fits."),
    cause_of_death="intracranial haemorrhage",
    events=(Event("P17-B1", (7, "22:00"), "bleeding", "intracranial", FATAL, end_day=8),),
)
P18 = _twin(
    P17,
    "P18",
    "The same with sepsis as cause of death",
    "Event and cause of death contradict each other: adjudicate.",
    cause_of_death="sepsis",
    events=(replace(P17.events[0], event_id="P18-B1"),),
)
# P19 differs from P15 in how it ended, and P17 from P19 in cause and event: they stand for places, not for pairs.
P19 = replace(P19, twin_of="")
P17 = replace(P17, twin_of="")
P18 = replace(P18, twin_of="P17")

SORTED: tuple[Sorted, ...] = (
    *(Sorted(case, "no_abnormality") for case in (P01, P02, P03)),
    Sorted(P04, "isolated_abnormality", "labs: platelets of day 6"),
    *(Sorted(case, "isolated_abnormality") for case in (P05, P06)),
    Sorted(P07, "laboratory_coagulopathy", "labs: aptt of day 10"),
    *(Sorted(case, "laboratory_coagulopathy") for case in (P08, P10)),
    Sorted(P09, "carac", "labs: platelets of day 8"),
    Sorted(P11, "carac", "events: a thrombosis on day 8"),
    Sorted(P12, "carac"),
    Sorted(P13, "laboratory_dic"),
    Sorted(P14, "laboratory_dic", "labs: neutrophils of day 8"),
    *(Sorted(case, "laboratory_dic") for case in (P15, P19)),
    Sorted(P16, "overt_dic", "events: a nose bleed on day 7"),
    Sorted(P17, "overt_dic"),
    Sorted(P18, "overt_dic", "infusions: cause of death"),
)
