"""What was going on around a patient-day: values, treatments, lines, events. Nothing here is a grade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from carac.grading.explanation import words
from carac.grading.explanation.facts import Facts, Row
from carac.vocabulary.agents import agents
from carac.vocabulary.types import Worse

#: The analytes of the table of values, in the order of a coagulation sheet.
SHEET = (
    *("platelets", "leukocytes", "neutrophils", "haemoglobin"),
    *("fibrinogen", "d_dimer", "fibrin_degradation_products"),
    *("prothrombin_time", "inr", "aptt", "c_reactive_protein", "ferritin"),
    *("alanine_aminotransferase", "aspartate_aminotransferase", "lactate_dehydrogenase", "creatinine"),
)
#: How far back a peak is looked for: fibrinogen rises as an acute-phase protein within days of fever.
LOOK_BACK = 10
#: How far back an event is still told.
EVENT_DAYS = 7
#: The syndromes whose course is told, by definition.
SYNDROMES = (("astct_crs", "CRS"), ("astct_icans", "ICANS"))
#: Last day of the early windows of ICAHT and T-ICAHT, and of the late ones (catalogue 2.1, 2.2).
EARLY_END, LATE_END = 30, 100

Span = tuple[int, float, float]


@dataclass(frozen=True)
class LateWindow:
    """A late grade that counts a low value of today: analyte, limit below which it counts, its names."""

    analyte: str
    limit: float
    early: str
    late: str
    title: str


LATE_WINDOWS = (
    LateWindow("platelets", 100, "t_icaht_early_as_printed", "t_icaht_late_as_printed", "T-ICAHT"),
    LateWindow("neutrophils", 1.5, "icaht_early_as_printed", "icaht_late_as_printed", "ICAHT"),
)


def late_windows(facts: Facts) -> list[LateWindow]:
    """The late grades that count a value of today."""
    if not EARLY_END < facts.number <= LATE_END:
        return []
    found = []
    for window in LATE_WINDOWS:
        value = facts.values(window.analyte, facts.number, facts.number)
        if value and value[0][2] <= window.limit and window.late in facts.infusion:
            found.append(window)
    return found


def value_rows(facts: Facts) -> list[tuple[str, ...]]:
    """Per analyte: title with unit, today, the last value before, the one before treatment, and the extremes."""
    rows: list[tuple[str, ...]] = []
    for analyte in SHEET:
        past = facts.values(analyte, facts.number - LOOK_BACK, facts.number)
        if not past:
            continue
        today = [v for v in past if v[0] == facts.number]
        before = [v for v in past if v[0] < facts.number]
        rows.append(
            (
                words.title(analyte) + (f" ({words.unit(analyte).strip()})" if words.unit(analyte) else ""),
                rounded(*today[0][1:]) if today else "–",
                _at(before[-1]) if before else "–",
                _baseline(facts, analyte),
                _extremes(facts, analyte, past),
            )
        )
    return rows


def _extremes(facts: Facts, analyte: str, past: Sequence[Span]) -> str:
    """The worst end; of fibrinogen the peak of inflammation, and a low of another day than today."""
    wanted = facts.input_of(analyte)
    most, least = max(past, key=lambda v: v[1]), min(past, key=lambda v: v[2])
    if analyte == "fibrinogen":
        return f"highest {_at(most)}" + (f", lowest {_at(least)}" if least[0] not in (most[0], facts.number) else "")
    return f"highest {_at(most)}" if wanted is None or wanted.worse is Worse.HIGHER else f"lowest {_at(least)}"


def _baseline(facts: Facts, analyte: str) -> str:
    low, high = (facts.infusion.get(f"{analyte}_baseline__{end}") for end in ("from", "to"))
    return "–" if low is None or high is None else rounded(low, high)


def rounded(low: float, high: float) -> str:
    """A value to two decimals: more come only from a change of unit."""
    return words.interval(*(round(end, 2) if abs(end) >= 0.1 else end for end in (low, high)))


def _at(value: Span) -> str:
    return f"{rounded(*value[1:])} ({words.day_words(value[0])})"


def agent_title(agent: str) -> str:
    """An agent as it is written."""
    return agents()[agent].title if agent in agents() else agent.replace("_", " ")


#: Treatments whose purpose (prophylactic or therapeutic) changes what they say.
_WITH_PURPOSE = frozenset(
    {
        *("vitamin_k_antagonist", "direct_oral_anticoagulant", "unfractionated_heparin"),
        *("indirect_factor_xa_inhibitor", "direct_thrombin_inhibitor", "low_molecular_weight_heparin"),
        *("platelet_transfusion", "plasma_transfusion", "red_cell_transfusion"),
        *("fibrinogen_replacement", "antifibrinolytic", "granulocyte_colony_stimulating_factor"),
    }
)


def treatments(facts: Facts) -> list[str]:
    """What was given that day and the two days before, one entry for each agent."""
    courses: dict[str, list[Row]] = {}
    for given in facts.treatments:
        if given["start_day"] <= facts.number and given["end_day"] >= facts.number - 2:
            purpose = f" ({given['intent']})" if given["intent"] and given["agent_class"] in _WITH_PURPOSE else ""
            courses.setdefault(agent_title(str(given["agent"])) + purpose, []).append(given)
    return [f"{name}, {_when(given, facts.number)}" for name, given in courses.items()]


def _when(given: list[Row], today: int) -> str:
    """Single days together, and courses from day to day; of one that goes on, only since when."""
    single = sorted({int(t["start_day"]) for t in given if t["start_day"] in (t["end_day"], today)})
    longer = dict.fromkeys(
        f"since {words.day_words(t['start_day'])}"
        if t["end_day"] >= today
        else f"{words.day_words(t['start_day'])} to {t['end_day']}"
        for t in given
        if t["start_day"] < min(t["end_day"], today)
    )
    return ", ".join([*([words.days(single)] if single else []), *longer])


def events(facts: Facts) -> list[str]:
    """Events of the week up to today, with their grades."""
    near = [e for e in facts.events if facts.number - EVENT_DAYS <= e["day"] <= facts.number]
    return [event_words(facts, event) for event in sorted(near, key=lambda event: int(event["day"]))]


def event_words(facts: Facts, event: Row) -> str:
    """An event with its days up to today, place and grades."""
    day, end = int(event["day"]), event.get("end_day")
    when = words.day_words(day)
    if end is not None and day < facts.number:
        when = f"since {when}" if end >= facts.number else when + (f" to {end}" if end > day else "")
    return f"{when}: {event_what(event)}"


def event_kind(event: Row) -> str:
    """The kind of an event as it is said."""
    return {"venous": "thrombosis"}.get(event["kind"] or "", str(event["kind"] or "event").replace("_", " "))


def event_what(event: Row) -> str:
    """An event with its place and grades."""
    place = str(event.get("site") or event.get("code_subclass") or "").replace("_", " ")
    more = [str(event[name]).replace("_", " ") for name in ("vessel", "side") if event.get(name)]
    grades = _event_grades(event)
    said = ", ".join(part for part in (event_kind(event), place, *more) if part)
    return said + (f" ({'; '.join(grades)})" if grades else "")


def scales(event: Row) -> str:
    """Where WHO calls a bleed trivial and ISTH does not (catalogue 7.2, 7.3)."""
    if event.get("who_bleeding") == 1 and event.get("isth_bleeding") == 2:
        return ". WHO grades how much was bled, ISTH also that it led to care: the two may differ"
    return ""


def _event_grades(event: Row) -> list[str]:
    grades = []
    bleeding = {1: "minor", 2: "clinically relevant non-major", 3: "major"}.get(event.get("isth_bleeding") or 0)
    if bleeding:
        grades.append(f"ISTH {bleeding}")
    if event.get("who_bleeding") is not None:
        grades.append(f"WHO grade {event['who_bleeding']}")
    if event.get("thrombosis_class") in ("venous", "arterial"):
        grades.append(event["thrombosis_class"])
    if event.get("thrombosis_class__catheter_related"):
        grades.append("catheter-related")
    return grades


def lines_in_place(facts: Facts) -> list[str]:
    """Central lines of the day, and those taken out within the week before."""
    found = []
    for period in facts.periods:
        end = period["end_day"]
        if period["kind"] != "central_line" or period["start_day"] > facts.number:
            continue
        if end is None or end >= facts.number - EVENT_DAYS:
            start = words.day_words(period["start_day"])
            days = f"since {start}" if end is None or end > facts.number else f"{start} to {end}"
            found.append(f"Central line, {days}" + (f": {period['text']}" if period["text"] else ""))
    return found


def peaks(facts: Facts) -> list[str]:
    """CRS and ICANS: today, and the worst so far."""
    return [said for name, title in SYNDROMES if name in facts.day and (said := _peak(facts, name, title))]


def _peak(facts: Facts, name: str, title: str) -> str:
    past = [(row[name], int(row["day"])) for row in facts.course if 0 <= row["day"] <= facts.number]
    past = [p for p in past if p[0] is not None]
    if not past:
        return ""
    worst = max(past, key=lambda p: (p[0], -p[1]))
    today = facts.day[name]
    said = f"{title}: " + (f"grade {today} today" if today is not None else _ungraded(facts, name))
    if today == 0 and worst[0]:
        said += f" (last above 0 on {words.day_words(max(p[1] for p in past if p[0]))})"
    return said + f"; worst graded so far {worst[0]}" + (f" on {words.day_words(worst[1])}" if worst[0] else "")


def _ungraded(facts: Facts, name: str) -> str:
    recorded = facts.day.get(f"{name}__recorded")
    because = " because of the haemorrhage" if facts.day.get(f"{name}__in_intracranial_haemorrhage") else ""
    return f"not graded today{because}" + (f" (the record says {recorded})" if recorded is not None else "")
