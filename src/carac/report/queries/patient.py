"""Everything about one infusion: its days, values, treatments and events, and in words what explains each day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from carac.grading.explanation import causes, context, grades, standing_out
from carac.grading.explanation.facts import Facts
from carac.grading.explanation.gathering import TOGETHER, at_day, of_infusions
from carac.report.material import Key, Material
from carac.vocabulary.types import Grain

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Course:
    """One infusion within the window of the report.

    Parameters
    ----------
    key: its patient and number.
    facts: what `explain` works on; its day is day 0.
    days: the patient-days of the window, in order.
    values: rows of analyte, day, low and high.
    """

    key: Key
    facts: Facts
    days: list[Row]
    values: list[Row]


@dataclass(frozen=True)
class DayText:
    """What explains one day, in the words of `explain`."""

    day: int
    stands_out: list[str]
    could_explain: list[str]
    going_on: list[str]


def course_of(material: Material, key: Key) -> Course:
    """The course of one infusion."""
    return next(courses_of(material, [key]))


def courses_of(material: Material, keys: Sequence[Key]) -> Iterator[Course]:
    """The courses of these infusions, in this order."""
    first, last = material.options.first_day, material.options.last_day
    for start in range(0, len(keys), TOGETHER):
        chunk = keys[start : start + TOGETHER]
        values = _values(material, chunk)
        for key, facts in zip(chunk, of_infusions(material.graded, chunk), strict=True):
            days = [row for row in facts.course if first <= row["day"] <= last]
            yield Course(key, at_day(facts, 0), days, values.get(key, []))


def _values(material: Material, keys: Sequence[Key]) -> dict[Key, list[Row]]:
    """The values within the window by infusion, in order of analyte and day."""
    people = ", ".join("'" + patient.replace("'", "''") + "'" for patient in dict.fromkeys(p for p, _ in keys))
    sql = (
        "SELECT patient_id, infusion_number, analyte, day, low, high, value FROM report_values"
        f" WHERE patient_id IN ({people}) AND day BETWEEN {material.options.first_day} AND {material.options.last_day}"
        " ORDER BY analyte, day"
    )
    found: dict[Key, list[Row]] = defaultdict(list)
    for row in material.rows(sql):
        found[row["patient_id"], row["infusion_number"]].append(row)
    return found


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
        facts = course.facts.on(row)
        lines = [grades.bare(definition, row) for definition in definitions]
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
