"""Everything about one infusion: its days, values, treatments and events, and in words what explains each day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from carac.grading.explanation import causes, context, grades, standing_out
from carac.grading.explanation.facts import Facts, assessed, gather
from carac.report.material import Key, Material
from carac.vocabulary.types import Grain

Row = dict[str, Any]


@dataclass(frozen=True)
class Course:
    """One infusion within the window of the report.

    Parameters
    ----------
    key: its patient and number.
    facts: what `explain` works on; its day is day 0.
    days: the patient-days of the window, in order.
    values: rows of analyte, day, low and high.
    signs: assessments by day.
    """

    key: Key
    facts: Facts
    days: list[Row]
    values: list[Row]
    signs: dict[int, list[Row]]


@dataclass(frozen=True)
class DayText:
    """What explains one day, in the words of `explain`."""

    day: int
    stands_out: list[str]
    could_explain: list[str]
    going_on: list[str]


def course_of(material: Material, key: Key) -> Course:
    """The course of one infusion."""
    first, last = material.options.first_day, material.options.last_day
    facts = gather(material.graded, key[0], 0, key[1])
    where = f"patient_id = '{key[0].replace(chr(39), chr(39) * 2)}' AND infusion_number = {key[1]}"
    values = material.rows(
        f"SELECT analyte, day, low, high, value FROM report_values WHERE {where} AND day BETWEEN {first} AND {last}"
        " ORDER BY analyte, day"
    )
    signs: dict[int, list[Row]] = {}
    for row in assessed(material.graded, where):
        signs.setdefault(int(row["day"]), []).append(row)
    days = [row for row in facts.course if first <= row["day"] <= last]
    return Course(key, facts, days, values, signs)


def texts(material: Material, course: Course) -> list[DayText]:
    """The days on which something changed: a grade, a treatment, an event; each with what explains it."""
    definitions = material.definitions(Grain.DAY)
    found = []
    before: tuple[object, ...] = ()
    for row in course.days:
        day = int(row["day"])
        state = _state(row, course)
        if day < 0 or state == before or not any(state):
            before = state
            continue
        before = state
        facts = replace(course.facts, day=row, signs=course.signs.get(day, []))
        lines = [grades.line(definition, row) for definition in definitions]
        going_on = [*context.peaks(facts), *context.treatments(facts)]
        found.append(DayText(day, standing_out.headline(facts, lines), causes.explanations(facts), going_on))
    return [one for one in found if one.stands_out]


#: Grades whose change makes a day worth telling.
_TOLD = ("astct_crs", "astct_icans", "ctcae_v5_fibrinogen", "isth_overt_dic_2025__overt")


def _state(row: Row, course: Course) -> tuple[object, ...]:
    day = int(row["day"])
    begun = tuple(sorted({str(t["agent"]) for t in course.facts.treatments if t["start_day"] == day}))
    events = tuple(str(e["event_id"]) for e in course.facts.events if e["day"] == day)
    return (*(row.get(name) for name in _TOLD), begun, events)
