"""What was going on around a patient-day: values, treatments, lines, events. Nothing here is a grade."""

from __future__ import annotations

from carac.grading.explanation import words
from carac.grading.explanation.facts import Facts, Row
from carac.vocabulary.agents import agents
from carac.vocabulary.types import Worse

#: The analytes of the table of values, in the order of a coagulation sheet.
SHEET = (
    *("platelets", "neutrophils", "haemoglobin", "fibrinogen", "d_dimer", "fibrin_degradation_products"),
    *("prothrombin_time", "inr", "aptt", "c_reactive_protein", "ferritin"),
    *("alanine_aminotransferase", "aspartate_aminotransferase", "lactate_dehydrogenase", "creatinine"),
)
#: How far back a peak is looked for: fibrinogen rises as an acute-phase protein within days of fever.
LOOK_BACK = 10


def value_rows(facts: Facts) -> list[tuple[str, ...]]:
    """Per analyte: title with unit, the last value before, today, and the extremes since ten days before."""
    rows: list[tuple[str, ...]] = []
    for analyte in SHEET:
        wanted = facts.input_of(analyte)
        past = facts.values(analyte, facts.number - LOOK_BACK, facts.number)
        today = [v for v in past if v[0] == facts.number]
        before = [v for v in past if v[0] < facts.number]
        if not past:
            continue
        highest, lowest = max(past, key=lambda v: v[1]), min(past, key=lambda v: v[2])
        rises = wanted is None or wanted.worse is Worse.HIGHER or analyte == "fibrinogen"
        extreme = highest if rises else lowest
        rows.append(
            (
                words.title(analyte) + (f" ({words.unit(analyte).strip()})" if words.unit(analyte) else ""),
                words.interval(*today[0][1:]) if today else "–",
                _at(before[-1]) if before else "–",
                ("highest " if extreme is highest else "lowest ") + _at(extreme),
            )
        )
    return rows


def _at(value: tuple[int, float, float]) -> str:
    return f"{words.interval(*value[1:])} ({words.day_words(value[0])})"


def agent_title(agent: str) -> str:
    """An agent as it is written."""
    return agents()[agent].title if agent in agents() else agent.replace("_", " ")


#: Treatments whose purpose (prophylactic or therapeutic) changes what they say.
_WITH_PURPOSE = frozenset(
    {
        *("vitamin_k_antagonist", "direct_oral_anticoagulant", "unfractionated_heparin", "fondaparinux", "argatroban"),
        *("low_molecular_weight_heparin", "platelet_transfusion", "plasma_transfusion", "red_cell_transfusion"),
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
    return [f"{name}, {_when(given)}" for name, given in courses.items()]


def _when(given: list[Row]) -> str:
    """Single days together, and courses from day to day."""
    single = sorted({int(t["start_day"]) for t in given if t["start_day"] == t["end_day"]})
    longer = dict.fromkeys(
        f"{words.day_words(t['start_day'])} to {t['end_day']}" for t in given if t["start_day"] < t["end_day"]
    )
    return ", ".join([*([words.days(single)] if single else []), *longer])


def events(facts: Facts) -> list[str]:
    """Events from a week before to three days after, with their grades."""
    near = [e for e in facts.events if facts.number - 7 <= e["day"] <= facts.number + 3]
    return [event_words(event) for event in sorted(near, key=lambda event: event["day"])]


def event_words(event: Row) -> str:
    """An event with its days, place and grades."""
    day, end = int(event["day"]), event.get("end_day")
    when = words.day_words(day) + (f" to {end}" if end is not None and end > day else "")
    kind = {"venous": "thrombosis"}.get(event["kind"] or "", event["kind"] or "")
    place = str(event.get("site") or event.get("code_subclass") or "").replace("_", " ")
    more = [str(event[name]).replace("_", " ") for name in ("vessel", "side") if event.get(name)]
    what = ", ".join(part for part in (place, *more) if part)
    grades = _event_grades(event)
    return f"{when}: " + (", ".join(p for p in (kind, what) if p)) + (f" ({'; '.join(grades)})" if grades else "")


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
        if end is None or end >= facts.number - 7:
            days = f"from {words.day_words(period['start_day'])}" + (
                f" to {words.day_words(end)}" if end is not None else ""
            )
            found.append(f"Central line {days}" + (f": {period['text']}" if period["text"] else ""))
    return found


def peaks(facts: Facts) -> list[str]:
    """CRS and ICANS: today, the worst so far, and what the next three days brought if that is worse than today."""
    names = (("astct_crs", "CRS"), ("astct_icans", "ICANS"))
    return [said for name, title in names if name in facts.day and (said := _peak(facts, name, title))]


def _peak(facts: Facts, name: str, title: str) -> str:
    graded = [(row[name], int(row["day"])) for row in facts.course if row["day"] >= 0 and row[name] is not None]
    past = [p for p in graded if p[1] <= facts.number]
    if not past:
        return ""
    worst = max(past, key=lambda p: (p[0], -p[1]))
    today = facts.day[name]
    said = f"{title}: " + (f"grade {today} today" if today is not None else "not graded today")
    if today == 0 and worst[0]:
        said += f" (last above 0 on {words.day_words(max(p[1] for p in past if p[0]))})"
    said += f"; worst so far grade {worst[0]}" + (f" on {words.day_words(worst[1])}" if worst[0] else "")
    after = [p for p in graded if facts.number < p[1] <= facts.number + 3]
    if after and max(after)[0] > (today or 0):
        most = max(after, key=lambda p: (p[0], -p[1]))
        said += f"; in the next 3 days grade {most[0]} ({words.day_words(most[1])})"
    return said
