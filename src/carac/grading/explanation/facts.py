"""The facts around one patient-day: its row, the course of the infusion, treatments and events of those days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from carac.findings import CaracError
from carac.grading.run import Graded
from carac.vocabulary.types import Grain, Laboratory

Row = dict[str, Any]

#: Analytes of a coagulation sheet that definitions read not at all, or only against their limits.
FURTHER = ("prothrombin_time", "aptt", "ferritin", "alanine_aminotransferase", "aspartate_aminotransferase")
#: Analytes that are replaced: the times of their results say whether they were taken before or after that.
REPLACED = ("platelets", "fibrinogen")


@dataclass(frozen=True)
class Facts:
    """What is known around one patient-day.

    Parameters
    ----------
    graded: the graded cohort.
    day: the patient-day, with the items of every grade.
    course: all days of the infusion, in order.
    infusion: the row of the infusion, with its grades.
    treatments: courses of the patient within the window.
    events: events of the patient, with their grades.
    labs: results of analytes that no definition reads, and of those that are replaced, with their day.
    signs: assessments of the day.
    periods: stays and lines of the patient.
    """

    graded: Graded
    day: Row
    course: Sequence[Row]
    infusion: Row
    treatments: Sequence[Row]
    events: Sequence[Row]
    labs: Sequence[Row]
    signs: Sequence[Row]
    periods: Sequence[Row]

    @property
    def number(self) -> int:
        """The day after infusion."""
        return int(self.day["day"])

    def input_of(self, analyte: str) -> Laboratory | None:
        """The plain input of an analyte on the patient-day; None where no definition reads it."""
        for wanted in self.graded.plan.inputs:
            if (
                isinstance(wanted, Laboratory)
                and wanted.analyte == analyte
                and wanted.scale == "value"
                and not wanted.is_moved
            ):
                return wanted
        return None

    def values(self, analyte: str, first: int, last: int) -> list[tuple[int, float, float]]:
        """Day and both ends of an analyte's worst value, for the days from first to last that have one."""
        wanted = self.input_of(analyte)
        if wanted is None:
            return self._worst_results(analyte, first, last)
        return [
            (int(row["day"]), row[wanted.low], row[wanted.high])
            for row in self.course
            if first <= row["day"] <= last and row[wanted.low] is not None
        ]

    def _worst_results(self, analyte: str, first: int, last: int) -> list[tuple[int, float, float]]:
        """Of an analyte that no definition reads: the highest result of each day."""
        worst: dict[int, tuple[float, float]] = {}
        for row in self.labs:
            day = int(row["day"])
            if analyte in FURTHER and row["analyte"] == analyte and first <= day <= last:
                worst[day] = max(worst.get(day, (0.0, 0.0)), (row["value_low"], row["value_high"]))
        return [(day, *ends) for day, ends in sorted(worst.items())]

    def upper_limit(self, analyte: str) -> float | None:
        """The upper limit of normal printed beside today's result of an analyte that no definition reads."""
        limits = [r["upper_limit"] for r in self.labs if r["analyte"] == analyte and r["day"] == self.number]
        return limits[0] if limits else None

    def given(self, *classes: str) -> list[int]:
        """Days until today on which an agent of these classes was begun."""
        begun = (t["start_day"] for t in self.treatments if t["agent_class"] in classes)
        return sorted({int(day) for day in begun if day <= self.number})

    def running(self, *classes: str) -> list[Row]:
        """Courses of an agent of these classes that go on today."""
        return [
            t for t in self.treatments if t["agent_class"] in classes and t["start_day"] <= self.number <= t["end_day"]
        ]

    def numbers(self, item: str) -> list[float]:
        """Today's numbers of an item of assessment."""
        return [float(sign["number"]) for sign in self.signs if sign["item"] == item and sign["number"] is not None]

    def texts(self, item: str) -> list[str]:
        """Today's words of an item of assessment, each once."""
        return list(dict.fromkeys(str(s["text"]) for s in self.signs if s["item"] == item and s["text"] is not None))

    def said(self, item: str, text: str) -> bool:
        """Whether an assessment of the day says this of an item."""
        return any(sign["item"] == item and sign["text"] == text for sign in self.signs)


def gather(graded: Graded, patient: str, day: int, infusion: int | None) -> Facts:
    """The facts of one patient-day.

    Raises
    ------
    CaracError: the patient, the infusion or the day is not in the graded cohort; the sentence says which are.
    """
    number = _infusion_of(graded, patient, infusion)
    where = f"patient_id = {_literal(patient)} AND infusion_number = {number}"
    course = graded.table(Grain.DAY, items=True, where=where).to_pylist()
    rows = {int(row["day"]): row for row in course}
    if day not in rows:
        raise CaracError(f"Patient {patient} has no day {day}; the grid runs from day {min(rows)} to {max(rows)}.")
    treatments = graded.engine.fetch(f"SELECT * FROM treatments WHERE {where}").to_pylist()
    treatments.sort(key=lambda row: (row["start_day"], row["agent"]))
    infused = graded.table(Grain.INFUSION, items=True, where=where).to_pylist()[0]
    person = f"patient_id = {_literal(patient)}"
    return Facts(
        graded,
        rows[day],
        course,
        infused,
        treatments,
        _events(graded, where),
        _results(graded, person, infused["infusion_date"]),
        assessed(graded, f"{where} AND day = {day}"),
        _periods(graded, person, infused["infusion_date"]),
    )


def assessed(graded: Graded, where: str) -> list[Row]:
    """The assessments that an SQL condition names, as `Facts.signs` holds those of a day."""
    return graded.engine.fetch(f"SELECT day, time, item, number, text FROM assessments WHERE {where}").to_pylist()


def _events(graded: Graded, where: str) -> list[Row]:
    """The events with their grades, and what the record says of vessel, side and end."""
    said = graded.engine.fetch(f"SELECT event_id, vessel, side, end_day FROM events WHERE {where}").to_pylist()
    more = {row["event_id"]: row for row in said}
    return [row | more[row["event_id"]] for row in graded.table(Grain.EVENT, items=True, where=where).to_pylist()]


def _results(graded: Graded, person: str, infused: date) -> list[Row]:
    names = ", ".join(_literal(name) for name in (*FURTHER, *REPLACED))
    columns = "analyte, time, time_precision, value_low, value_high, upper_limit"
    sql = f"SELECT {columns} FROM labs WHERE {person} AND analyte IN ({names})"
    return [row | {"day": (row["time"].date() - infused).days} for row in graded.engine.fetch(sql).to_pylist()]


def _periods(graded: Graded, person: str, infused: date) -> list[Row]:
    """The periods with the days they run from and to; without a recorded end, to the end of time."""
    rows = graded.engine.fetch(f"SELECT * FROM periods WHERE {person}").to_pylist()
    return [
        row
        | {
            "start_day": (row["start"].date() - infused).days,
            "end_day": (row["end"].date() - infused).days if row["end"] is not None else None,
        }
        for row in rows
        if row["start"] is not None
    ]


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _infusion_of(graded: Graded, patient: str, infusion: int | None) -> int:
    sql = f"SELECT infusion_number FROM infusions WHERE patient_id = {_literal(patient)} ORDER BY infusion_number"
    numbers = [int(row["infusion_number"]) for row in graded.engine.fetch(sql).to_pylist()]
    if not numbers:
        some = graded.engine.fetch("SELECT patient_id FROM infusions ORDER BY patient_id LIMIT 5").to_pylist()
        names = ", ".join(row["patient_id"] for row in some)
        raise CaracError(f"There is no patient {patient!r} with an infusion; the first ones are {names}.")
    if infusion is None:
        return numbers[0]
    if infusion not in numbers:
        raise CaracError(f"Patient {patient} has no infusion {infusion}; there are {', '.join(map(str, numbers))}.")
    return infusion
