"""From what a user types to rows of the cohort tables: one patient, in canonical units, with every word checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from carac.findings import CaracError
from carac.grading.by_hand import texts
from carac.grading.by_hand.case import DAY_0, Case, Taken, moment, whole_number
from carac.grading.by_hand.checked_words import YES, number_of, word_of
from carac.grading.by_hand.event_rows import EventRows
from carac.grading.by_hand.items import FACTS_OF_EVENTS, CaseItem
from carac.grading.by_hand.laboratory_rows import LaboratoryRows
from carac.vocabulary.agents import agent_classes, agent_of, agents
from carac.vocabulary.analytes import analytes, other_quantity
from carac.vocabulary.assessment_items import assessment_items
from carac.vocabulary.event_features import event_features
from carac.vocabulary.spelling import fold, nearest

#: Day on which lymphodepletion is taken to start where a value before treatment is typed and no day is.
LYMPHODEPLETION_DAY = -5
_RANGES = {
    "age": (0.0, 120.0, "years"),
    "weight": (1.0, 500.0, "kg"),
    "height": (30.0, 250.0, "cm"),
    "body_mass_index": (1.0, 500.0, "kg/m2"),
}
_DATES = {"lymphodepletion": "lymphodepletion_start"}
_SEXES = {"f": "female", "female": "female", "w": "female", "m": "male", "male": "male"}


def matched(items: Sequence[CaseItem], typed: Mapping[str, str], definition: str) -> list[tuple[CaseItem, str]]:
    """The items with what was typed for each; one that the definition does not take is refused with the nearest."""
    by_name = {item.name: item for item in items}
    for item in items:
        for other in _other_names(item):
            by_name.setdefault(other, item)
    found: dict[str, tuple[CaseItem, str]] = {}
    for name, text in typed.items():
        key = fold(name).replace(" ", "_")
        known = by_name.get(key) or by_name.get(fold(agent_of(name) or "").replace(" ", "_"))
        if known is None:
            raise CaracError(f"{definition} takes no item {name!r}. {_hint(name, key, by_name, items)}")
        if known.name in found:
            raise CaracError(f"{name} and {known.name} are the same item; write it once.")
        if not str(text).strip():
            raise CaracError(f"{name} has no value; leave it out where it is not known.")
        found[known.name] = (known, str(text).strip())
    return list(found.values())


def _hint(name: str, key: str, by_name: Iterable[str], items: Sequence[CaseItem]) -> str:
    """What to write in place of an item that the definition does not take."""
    takes = f"It reads: {', '.join(item.name for item in items)}."
    if key in analytes() or key in event_features() or key in assessment_items() or key in FACTS_OF_EVENTS:
        # A word of carac that is meant as it stands; the nearest of the others would be another thing.
        return f"It is not used there. {takes}"
    near = nearest(key, by_name)
    return other_quantity(name) or (f"Did you mean {near}?" if near else takes)


def _other_names(item: CaseItem) -> Iterable[str]:
    if item.kind == "limit":
        return (f"{item.of}_limit", f"{item.of}_{item.by_limit}_limit")
    if item.kind == "baseline":
        return (f"{item.of}_baseline",)
    return ()


def case_of(
    patient: str, items: Sequence[CaseItem], typed: Mapping[str, str], grid: Mapping[str, Any], definition: str
) -> Case:
    """The case that a user types.

    Parameters
    ----------
    patient: identifier of the one patient.
    items: what the definition takes.
    typed: item to text; ``day`` is the day graded, 0 if absent.
    grid: parameters of the window of days.
    definition: for messages.

    Raises
    ------
    CaracError: an item that the definition does not take, a word or value that is none, a day outside the window.
    """
    typed = dict(typed)
    day = whole_number("day", str(typed.pop("day", "0")))
    case = Case(patient, day)
    pairs = matched(items, typed, definition)
    case.typed = {item.name for item, _ in pairs}
    _infusion(case, pairs, grid)
    LaboratoryRows(case, pairs, grid).add()
    event = EventRows(case, items)
    for item, text in pairs:
        match item.kind:
            case "assessment":
                _assessment(case, item, text)
            case "event" | "feature":
                event.take(item, text)
            case "exposure" | "treatment":
                _treatment(case, item, text)
            case "period":
                _period(case, item, text)
    event.add()
    _check_days(case, grid)
    return case


# ---- the patient


def _infusion(case: Case, pairs: Sequence[tuple[CaseItem, str]], grid: Mapping[str, Any]) -> None:
    row: dict[str, Any] = {
        "infusion_time": moment(0)[0],
        "infusion_time_precision": "day",
        "infusion_date": DAY_0.isoformat(),
        "infusion_index": int(case.patient),
        "last_day": int(grid["last_day"]),
    }
    for item, text in pairs:
        if item.kind == "patient":
            row |= _of_patient(item, text, case)
    if any(item.kind == "baseline" for item, _ in pairs) and "lymphodepletion_day" not in row:
        row |= _dated("lymphodepletion_day", LYMPHODEPLETION_DAY)
    start = max(min(row.get("lymphodepletion_day", 0), 0), int(grid["earliest"]))
    case.add("infusions", **row, first_day=start - int(grid["days_before"]))


def _of_patient(item: CaseItem, text: str, case: Case) -> dict[str, Any]:
    name = item.name
    if name.endswith("_day"):
        day = whole_number(name, text)
        case.taken.append(Taken(item, f"day {day}"))
        return _dated(name, day)
    if name == "sex":
        if text.lower() not in _SEXES:
            raise CaracError(f"sex={text} is not known; write female or male.")
        case.taken.append(Taken(item, _SEXES[text.lower()]))
        return {"sex": _SEXES[text.lower()]}
    if name == "cause_of_death":
        case.taken.append(Taken(item, text))
        return {name: text}
    low, high, unit = _RANGES[name]
    number = texts.value(name, text.removesuffix(unit).strip())
    if number.unit or number.by or number.low != number.high or not low <= number.low <= high:
        raise CaracError(f"{name}={text} must be a number from {low:g} to {high:g} {unit}.")
    case.taken.append(Taken(item, f"{number.low:g} {unit}"))
    if name == "body_mass_index":
        if case.typed & {"weight", "height"}:
            raise CaracError("body_mass_index stands in place of weight and height; leave one of them out.")
        return {"weight": number.low, "height": 100.0}
    return {name: number.low}


def _dated(name: str, day: int) -> dict[str, Any]:
    stem = name.removesuffix("_day")
    column = _DATES.get(stem, stem)
    dated: dict[str, Any] = {name: day, column: moment(day)[0]}
    if stem == "lymphodepletion":
        dated["lymphodepletion_start_precision"] = "day"
    return dated


def _assessment(case: Case, item: CaseItem, text: str) -> None:
    for one in texts.by_days(item.name, text, case.day):
        time, precision = moment(one.day, one.time)
        row: dict[str, Any] = {"day": one.day, "time": time, "time_precision": precision, "item": item.of}
        if item.words:
            row["text"] = word_of(item.name, one.text, item.words)
        else:
            known = assessment_items().get(item.of)
            low, high = (known.low, known.high) if known else (0.0, None)
            row["number"] = number_of(item.name, one.text, item.of, item.unit, low, high)
        case.add("assessments", **row)
        shown = row.get("text") or f"{row['number']:g} {item.unit}".strip()
        when = f", day {one.day}{' ' + one.time if one.time else ''}"
        case.taken.append(Taken(item, f"{shown.replace('_', ' ')}{when}"))


def _treatment(case: Case, item: CaseItem, text: str) -> None:
    case.present.add("treatments")
    word = YES.get(text.lower()) if text not in ("0", "1") else None
    case.taken.append(Taken(item, word or f"day {text.replace('..', ' to ')}"))
    if word == "no":
        return
    name = item.agents[0] if item.agents else item.of
    agent = name if name in agents() else agent_classes()[name][0]
    given = texts.courses(item.name, text) if word is None else [texts.Course(case.day, case.day, "", "")]
    for course in given:
        start, precision = moment(course.first, course.time)
        end = moment(course.last)[0] if course.last != course.first else None
        case.add(
            "treatments",
            start_day=course.first,
            end_day=course.last,
            start=start,
            start_precision=precision,
            end=end,
            end_precision="day" if end else None,
            agent=agent,
            agent_class=agents()[agent].agent_class,
            intent=course.intent or None,
        )


def _period(case: Case, item: CaseItem, text: str) -> None:
    case.present.add("periods")
    if item.of == "central_line":
        case.present.add("central_lines")
    word = YES.get(text.lower()) if text not in ("0", "1") else None
    case.taken.append(Taken(item, word or f"day {text.replace('..', ' to ')}"))
    if word == "no":
        return
    given = texts.courses(item.name, text) if word is None else [texts.Course(case.day, case.day, "", "")]
    for course in given:
        # A stay without an end is still going on.
        end = moment(course.last)[0] if ".." in text else None
        start = moment(course.first)[0]
        dated = {"end": end, "end_precision": "day"} if end else {}
        case.add("periods", kind=item.of, start=start, start_precision="day", **dated)


def _check_days(case: Case, grid: Mapping[str, Any]) -> None:
    """A day that no definition reads is refused, not dropped."""
    first, last = int(case.rows["infusions"][0]["first_day"]), int(grid["last_day"])
    spans = {
        "labs": (first, last),
        "assessments": (first, last),
        "treatments": (first - 30, last),
        "events": (first - int(grid["events_days_before"]), int(grid["events_last_day"])),
    }
    zero = date.fromisoformat(DAY_0.isoformat())
    for table, (low, high) in spans.items():
        for row in case.rows.get(table, []):
            when = str(row.get("time") or row.get("start") or row.get("onset"))
            day = (date.fromisoformat(when[:10]) - zero).days
            if not low <= day <= high:
                what = {"events": "events_days_before or grid.events_last_day"}.get(
                    table, "last_day or grid.days_before"
                )
                raise CaracError(f"Day {day} is not read ({low} to {high} are); widen it with --set grid.{what}.")
    if not first <= case.day <= last:
        raise CaracError(f"day={case.day} is not read ({first} to {last} are); widen it with --set grid.last_day.")
