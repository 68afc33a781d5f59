"""The facts around one patient-day: its row, the course of the infusion, treatments and events of those days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from carac.grading.run import Graded
from carac.vocabulary.types import Laboratory

Row = Mapping[str, Any]

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
    assessments: those of all days of the infusion.
    periods: stays and lines of the patient.
    found: values of the course by analyte, kept once looked up and shared by the days of an infusion.
    """

    graded: Graded
    day: Row
    course: Sequence[Row]
    infusion: Row
    treatments: Sequence[Row]
    events: Sequence[Row]
    labs: Sequence[Row]
    assessments: Sequence[Row]
    periods: Sequence[Row]
    found: dict[str, list[tuple[int, float, float]]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def number(self) -> int:
        """The day after infusion."""
        return int(self.day["day"])

    @cached_property
    def signs(self) -> list[Row]:
        """The assessments of the day."""
        number = self.number
        return [row for row in self.assessments if row["day"] == number]

    def on(self, day: Row) -> Facts:
        """The facts of another day of the infusion."""
        return replace(self, day=day)

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
        if analyte not in self.found:
            self.found[analyte] = [
                (int(row["day"]), row[wanted.low], row[wanted.high])
                for row in self.course
                if row[wanted.low] is not None
            ]
        return [value for value in self.found[analyte] if first <= value[0] <= last]

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
