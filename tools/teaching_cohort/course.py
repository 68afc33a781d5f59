"""How one invented course is said, and how it becomes rows of the tables.

A curve passes exactly through its anchor days, so that the grades of these days can be worked out by hand; between them
it takes a small noise that depends on patient, analyte and day alone. SYNTHETIC throughout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from random import Random
from typing import NamedTuple

from .background import ANALYTES, BACKGROUND, PANEL

CENTRE = "Teaching centre (synthetic)"

# PT and INR of the invented reagent: INR = (PT / mean normal PT) ** ISI.
MEAN_NORMAL_PT = 11.0
ISI = 1.1

WARD_HOURS = ("06:00", "14:00", "20:00")
CLINIC_HOURS = ("10:00",)


class LabRow(NamedTuple):
    """One row of labs without the patient; value and limits as printed, "" where there is none."""

    time: str
    analyte: str
    value: str
    unit: str
    lower_limit: str
    upper_limit: str
    normal_mean: str = ""
    method: str = ""
    fasting: str = ""
    status: str = "final"


@dataclass(frozen=True)
class Treatment:
    """One treatment; start and end are (day, "hh:mm"). A single dose ends when it starts; intent "" is not recorded."""

    agent: str
    start: tuple[int, str]
    end: tuple[int, str] | None = None
    dose: str = ""
    unit: str = ""
    route: str = "intravenous"
    intent: str = "therapeutic"
    indication: str = ""
    event_id: str = ""
    beyond_routine: str = ""


@dataclass(frozen=True)
class Event:
    """One event with its features; a feature that is absent is unknown."""

    event_id: str
    onset: tuple[int, str]
    kind: str
    site: str
    features: dict[str, str]
    end_day: int | None = None
    vessel: str = ""
    side: str = ""
    code: str = ""
    code_system: str = ""


@dataclass(frozen=True)
class Case:
    """One invented patient.

    labs: curves ("day:value ...") that replace the background; fever: highest temperature (degC) of each day with
    fever; hypotension: day to (treatment word, due to CRS yes or no); oxygen: day to (device, L/min or None);
    twin_of: the patient from whom this one differs in one fact;
    ice: ICE total of the days on which it is not 10; the words for consciousness, weakness and intracranial pressure by
    day. Hypotension and oxygen begin at 14:00 of the first day of a row of days.
    """

    patient_id: str
    title: str
    teaches: str
    day_worth_reading: int
    explained_by: str
    day_zero: date
    product: str
    target: str
    disease: str
    age: int
    sex: str
    weight: float
    height: int
    labs: dict[str, str]
    last_ward_day: int = 14
    clinic_days: tuple[int, ...] = (16, 18, 21, 23, 25, 28, 30)
    readmissions: tuple[tuple[int, int], ...] = ()
    intensive_care: tuple[int, int] | None = None
    lymphodepletion: str = "fludarabine_cyclophosphamide"
    fever: str = ""
    fever_of_other_cause: tuple[int, ...] = ()
    hypotension: dict[int, tuple[str, str]] = field(default_factory=dict)
    oxygen: dict[int, tuple[str, float | None]] = field(default_factory=dict)
    ice: str = ""
    consciousness: dict[int, str] = field(default_factory=dict)
    weakness: dict[int, str] = field(default_factory=dict)
    intracranial_pressure: dict[int, str] = field(default_factory=dict)
    fahrenheit_days: tuple[int, ...] = ()
    extra_labs: tuple[tuple[int, str, str, str], ...] = ()
    extra_assessments: tuple[tuple[int, str, str, str, str], ...] = ()
    treatments: tuple[Treatment, ...] = ()
    events: tuple[Event, ...] = ()
    periods: tuple[tuple[int, int | None, str, str], ...] = ()
    death_day: int | None = None
    cause_of_death: str = ""
    progression_day: int | None = None
    next_therapy_day: int | None = None
    as_reported: Callable[[Case, int, LabRow], list[LabRow]] | None = None
    twin_of: str = ""

    @property
    def noise_of(self) -> str:
        """Whose noise it has: a twin differs from its pair in the one fact that it is there for."""
        return self.twin_of or self.patient_id

    @property
    def is_child(self) -> bool:
        """Below 12 years CAPD takes the place of ICE (ASTCT 2019)."""
        return self.age < 12

    @property
    def group(self) -> str:
        """Whose limits of normal are printed."""
        return "child" if self.is_child else self.sex

    def on_ward(self, day: int) -> bool:
        """Whether the patient is in hospital that day: from day -6 to discharge, and readmissions."""
        return any(first <= day <= last for first, last in ((-6, self.last_ward_day), *self.readmissions))

    def days(self) -> list[int]:
        """Every day with bloods: the visit on day -7, the days in hospital, the clinic visits."""
        ward = {day for first, last in ((-6, self.last_ward_day), *self.readmissions) for day in range(first, last + 1)}
        return sorted({-7} | ward | set(self.clinic_days))

    @property
    def last_day(self) -> int:
        """Last day of follow-up."""
        return self.death_day if self.death_day is not None else self.days()[-1]

    def date(self, day: int | None) -> str:
        """ISO date of a day after infusion; "" for no day."""
        return "" if day is None else (self.day_zero + timedelta(days=day)).isoformat()

    def at(self, day: int, clock: str) -> str:
        """ISO local date-time of a day after infusion and a time of day."""
        moment = datetime.combine(self.day_zero + timedelta(days=day), time.fromisoformat(clock))
        return moment.isoformat(timespec="minutes")


def anchors(text: str) -> dict[int, float]:
    """Read "day:value" pairs."""
    return {int(day): float(value) for day, value in (pair.split(":") for pair in text.split())}


def small_noise(patient_id: str, what: str, day: int, clock: str = "") -> float:
    """A number from -1 to 1 that depends on its arguments alone, so that changing one curve moves no other."""
    return 2.0 * Random(f"{patient_id} {what} {day} {clock}").random() - 1.0


def on_curve(points: dict[int, float], day: int) -> float:
    """Straight line between the anchor days around `day`, flat outside."""
    before = max((d for d in points if d <= day), default=min(points))
    after = min((d for d in points if d >= day), default=max(points))
    if before == after or day <= min(points):
        return points[before]
    return points[before] + (points[after] - points[before]) * (day - before) / (after - before)


def measured(case: Case, analyte: str, day: int) -> float:
    """Value of one analyte on one day, before printing: exact on anchor days, noisy between them."""
    curves = BACKGROUND | case.labs
    if analyte == "leukocytes":
        return measured(case, "neutrophils", day) + on_curve(anchors(curves["other_leukocytes"]), day)
    if analyte == "prothrombin_time" and "inr" in curves:
        return float(MEAN_NORMAL_PT * measured(case, "inr", day) ** (1 / ISI))
    if analyte == "inr" and "inr" not in curves:
        return float((measured(case, "prothrombin_time", day) / MEAN_NORMAL_PT) ** ISI)
    points = anchors(curves[analyte])
    value = on_curve(points, day)
    if day in points:
        return value
    return value * (1.0 + ANALYTES[analyte].noise * small_noise(case.noise_of, analyte, day))


def lab_row(case: Case, day: int, clock: str, analyte: str, value: str) -> LabRow:
    """One printed result with unit, limits, method."""
    known = ANALYTES[analyte]
    lower, upper = known.limits.get(case.group, ("", ""))
    fasting = "yes" if analyte == "triglycerides" else ""
    return LabRow(
        case.at(day, clock), analyte, value, known.unit, lower, upper, known.normal_mean, known.method, fasting
    )


def lab_rows(case: Case) -> Iterator[LabRow]:
    """Every laboratory result of a case; a case of its own printing habits rewrites each row."""
    for day in case.days():
        clock = "06:30" if case.on_ward(day) else "09:15"
        for analyte in PANEL:
            value = f"{measured(case, analyte, day):.{ANALYTES[analyte].decimals}f}"
            row = lab_row(case, day, clock, analyte, value)
            yield from case.as_reported(case, day, row) if case.as_reported else [row]
    for day, clock, analyte, value in case.extra_labs:
        yield lab_row(case, day, clock, analyte, value)


def _temperature(case: Case, fever: dict[int, float], day: int, clock: str) -> float:
    noise = small_noise(case.noise_of, "temperature", day, clock)
    if day not in fever:
        return 36.8 + 0.3 * noise
    if clock >= "20:00" or not case.on_ward(day):
        return fever[day]
    return fever[day] - (0.8 if clock < "12:00" else 0.3) + 0.1 * noise


def _vital_signs(case: Case, fever: dict[int, float], day: int, clock: str) -> Iterator[tuple[str, str, str]]:
    """Item, value, unit of one round of observations."""
    afternoon = clock >= "12:00" or not case.on_ward(day)
    low_pressure = day in case.hypotension and (afternoon or day - 1 in case.hypotension)
    breathing_aid = day in case.oxygen and (afternoon or day - 1 in case.oxygen)
    noise = {
        item: small_noise(case.noise_of, item, day, clock) for item in ("systolic", "diastolic", "heart", "saturation")
    }
    temperature = round(_temperature(case, fever, day, clock), 1)
    if day in case.fahrenheit_days:
        yield "temperature", f"{temperature * 1.8 + 32:.1f}", "degF"
    else:
        yield "temperature", f"{temperature:.1f}", "degC"
    if temperature >= 38.0:
        yield "fever_due_to_other_cause", "yes" if day in case.fever_of_other_cause else "no", ""
    normal_systolic, normal_diastolic = (102, 62) if case.is_child else (121, 72)
    yield "systolic_pressure", f"{(85 if low_pressure else normal_systolic) + 4 * noise['systolic']:.0f}", "mmHg"
    yield "diastolic_pressure", f"{(47 if low_pressure else normal_diastolic) + 4 * noise['diastolic']:.0f}", "mmHg"
    yield "hypotension", "yes" if low_pressure else "no", ""
    if low_pressure:
        treatment, due_to_crs = case.hypotension[day]
        yield "hypotension_treatment", treatment, ""
        yield "hypotension_due_to_crs", due_to_crs, ""
    rest = 92 if case.is_child else 76
    heart = rest + 12 * (temperature - 37.0) + (18 if low_pressure else 0) + 5 * noise["heart"]
    yield "heart_rate", f"{heart:.0f}", "/min"
    yield "oxygen_saturation", f"{(94 if breathing_aid else 97.5) + 1.4 * noise['saturation']:.0f}", "%"
    device, flow = case.oxygen[day] if breathing_aid else ("none", None)
    yield "oxygen_device", device, ""
    if flow is not None:
        yield "oxygen_flow", f"{flow:g}", "L/min"
    if breathing_aid:
        yield "hypoxia_due_to_crs", "yes", ""


def assessment_rows(case: Case) -> Iterator[tuple[str, str, str, str]]:
    """Time, item, value, unit of every bedside observation: vital signs at each round, neurology once a day."""
    fever = anchors(case.fever)
    ice = anchors(case.ice)
    for day in case.days():
        ward = case.on_ward(day)
        for clock in WARD_HOURS if ward else CLINIC_HOURS:
            for item, value, unit in _vital_signs(case, fever, day, clock):
                yield case.at(day, clock), item, value, unit
        if day < -1 or day > 31:
            continue
        now = case.at(day, "08:00" if ward else CLINIC_HOURS[0])
        yield (now, "capd_total", "0", "") if case.is_child else (now, "ice_total", f"{ice.get(day, 10):g}", "")
        yield now, "consciousness", case.consciousness.get(day, "awake"), ""
        yield now, "seizure", "none", ""
        yield now, "weakness", case.weakness.get(day, "none"), ""
        yield now, "raised_intracranial_pressure", case.intracranial_pressure.get(day, "none"), ""
    for day, clock, item, value, unit in case.extra_assessments:
        yield case.at(day, clock), item, value, unit


LYMPHODEPLETION: dict[str, tuple[tuple[str, str, tuple[int, ...]], ...]] = {
    # agent, dose in mg/m2, days
    "fludarabine_cyclophosphamide": (("fludarabine", "30", (-5, -4, -3)), ("cyclophosphamide", "500", (-5, -4, -3))),
    "bendamustine": (("bendamustine", "90", (-5, -4)),),
}


def all_treatments(case: Case) -> Iterator[Treatment]:
    """The case's own treatments, and what follows from its course: lymphodepletion, paracetamol for fever, fluids."""
    for agent, dose, days in LYMPHODEPLETION[case.lymphodepletion]:
        for day in days:
            yield Treatment(agent, (day, "10:00"), (day, "11:00"), dose, "mg/m2", indication="lymphodepletion")
    for day in anchors(case.fever):
        dose, unit = ("15", "mg/kg") if case.is_child else ("1000", "mg")
        yield Treatment("paracetamol", (day, "20:15"), None, dose, unit, "oral", indication="fever")
    for day, (answer, _) in case.hypotension.items():
        if answer == "fluids":
            yield Treatment("intravenous_fluids", (day, "14:15"), (day, "15:15"), "500", "mL", indication="hypotension")
    for treatment in case.treatments:
        yield treatment if treatment.end else replace(treatment, end=treatment.start)
