"""The facts around one patient-day: its row, the course of the infusion, treatments and events of those days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from carac.findings import CaracError
from carac.grading.run import Graded
from carac.vocabulary.types import Grain, Laboratory

Row = dict[str, Any]


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
    """

    graded: Graded
    day: Row
    course: Sequence[Row]
    infusion: Row
    treatments: Sequence[Row]
    events: Sequence[Row]

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
                and not wanted.carry
            ):
                return wanted
        return None

    def values(self, analyte: str, first: int, last: int) -> list[tuple[int, float, float]]:
        """Day and both ends of an analyte's worst value, for the days from first to last that have one."""
        wanted = self.input_of(analyte)
        if wanted is None:
            return []
        return [
            (int(row["day"]), row[wanted.low], row[wanted.high])
            for row in self.course
            if first <= row["day"] <= last and row[wanted.low] is not None
        ]


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
    return Facts(
        graded,
        rows[day],
        course,
        graded.table(Grain.INFUSION, items=True, where=where).to_pylist()[0],
        treatments,
        graded.table(Grain.EVENT, items=True, where=where).to_pylist(),
    )


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
