"""One case by hand as rows of the cohort tables, and its days."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from carac.findings import CaracError
from carac.grading.by_hand.items import CaseItem

#: Calendar date of day 0; any would do, and none shows.
DAY_0 = date(2024, 6, 10)


@dataclass(frozen=True)
class Taken:
    """One item as it was understood, for the reader to check."""

    item: CaseItem
    words: str


@dataclass
class Case:
    """A case as rows.

    Parameters
    ----------
    patient: identifier.
    day: the day that is graded.
    rows: rows by cohort table, as mappings.
    present: tables that the case has.
    taken: the items as understood.
    notes: what to know of them.
    typed: names of the items that were typed.
    """

    patient: str
    day: int
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    present: set[str] = field(default_factory=lambda: {"infusions", "labs", "assessments"})
    taken: list[Taken] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    typed: set[str] = field(default_factory=set)

    def add(self, table: str, **columns: Any) -> None:
        """One more row of a table."""
        keys = {} if table in ("labs", "periods", "event_features") else {"infusion_number": 1}
        owner = {} if table == "event_features" else {"patient_id": self.patient}
        self.rows.setdefault(table, []).append({**owner, **keys, **columns})


def whole_number(name: str, text: str) -> int:
    """A day as it was typed; `name` is for the message. Raises CaracError for anything else."""
    try:
        return int(text)
    except ValueError:
        raise CaracError(f"{name}={text} is no whole number; days count from the infusion, day 0.") from None


def moment(day: int, time: str = "") -> tuple[str, str]:
    """A timestamp, and whether the minute or only the day is known."""
    text = (DAY_0 + timedelta(days=day)).isoformat()
    return (f"{text} {time}:00", "minute") if time else (f"{text} 00:00:00", "day")
