"""Facts from the engine: of one patient-day, or of many infusions by a few queries for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Any

from carac.findings import CaracError
from carac.grading.explanation.facts import FURTHER, REPLACED, Facts, Row
from carac.grading.explanation.rows import Columns
from carac.grading.run import Graded
from carac.vocabulary.types import Grain

#: An infusion: its patient and number.
Key = tuple[str, int]
#: Planning a query of the wide tables takes seconds whoever is asked for, so that many infusions share one; a hundred
#: have some ten million cells.
TOGETHER = 100
#: So many identifiers are named where one is unknown.
SOME = 5


def gather(graded: Graded, patient: str, day: int, infusion: int | None) -> Facts:
    """The facts of one patient-day.

    Raises
    ------
    CaracError: the patient, the infusion or the day is not in the graded cohort; the sentence says which are.
    """
    key = (patient, infusion_of(graded, patient, infusion))
    return at_day(next(of_infusions(graded, [key])), day)


def at_day(facts: Facts, day: int) -> Facts:
    """The facts of an infusion on this day; raises `CaracError` where it has none."""
    days = {int(row["day"]): row for row in facts.course}
    if day not in days:
        patient = facts.infusion["patient_id"]
        raise CaracError(f"Patient {patient} has no day {day}; the grid runs from day {min(days)} to {max(days)}.")
    return facts.on(days[day])


def of_infusions(graded: Graded, keys: Sequence[Key]) -> Iterator[Facts]:
    """The facts of these infusions, each on the first day of its grid, in the order of the keys."""
    for start in range(0, len(keys), TOGETHER):
        chunk = keys[start : start + TOGETHER]
        asked = _Asked(graded, chunk)
        yield from (asked.facts(key) for key in chunk)


class _Asked:
    """What the engine says of some infusions, sorted by whom it is about."""

    def __init__(self, graded: Graded, keys: Sequence[Key]) -> None:
        self._graded = graded
        people = ", ".join(dict.fromkeys(_literal(patient) for patient, _ in keys))
        self._where = f"patient_id IN ({people})"
        self._days = _by_key(Columns(graded.table(Grain.DAY, items=True, where=self._where)).rows())
        self._infusions = _by_key(graded.table(Grain.INFUSION, items=True, where=self._where).to_pylist())
        self._treatments = _by_key(self._rows("SELECT * FROM treatments"))
        self._events = _by_key(self._graded_events())
        self._assessments = _by_key(
            self._rows("SELECT patient_id, infusion_number, day, time, item, number, text FROM assessments")
        )
        names = ", ".join(_literal(name) for name in (*FURTHER, *REPLACED))
        columns = "patient_id, analyte, time, time_precision, value_low, value_high, upper_limit"
        self._labs = _by_patient(self._rows(f"SELECT {columns} FROM labs", f" AND analyte IN ({names})"))
        self._periods = _by_patient(self._rows("SELECT * FROM periods"))

    def _rows(self, select: str, more: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._graded.engine.fetch(f"{select} WHERE {self._where}{more}").to_pylist()
        return found

    def _graded_events(self) -> list[Row]:
        """The events with their grades, and what the record says of vessel, side and end."""
        said = self._rows("SELECT patient_id, infusion_number, event_id, vessel, side, end_day FROM events")
        more = {(row["patient_id"], row["infusion_number"], row["event_id"]): row for row in said}
        results = self._graded.table(Grain.EVENT, items=True, where=self._where).to_pylist()
        return [row | more[row["patient_id"], row["infusion_number"], row["event_id"]] for row in results]

    def facts(self, key: Key) -> Facts:
        """The facts of one infusion, on the first day of its grid."""
        infused, course = self._infusions[key][0], self._days[key]
        return Facts(
            self._graded,
            course[0],
            course,
            infused,
            sorted(self._treatments.get(key, ()), key=lambda row: (row["start_day"], row["agent"])),
            self._events.get(key, []),
            [row | {"day": (row["time"].date() - infused["infusion_date"]).days} for row in self._labs.get(key[0], ())],
            self._assessments.get(key, []),
            _from_infusion(self._periods.get(key[0], ()), infused["infusion_date"]),
        )


def _by_key(rows: Sequence[Row]) -> dict[Key, list[Row]]:
    found: dict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["patient_id"], row["infusion_number"]].append(row)
    return found


def _by_patient(rows: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["patient_id"]].append(row)
    return found


def _from_infusion(rows: Sequence[Mapping[str, Any]], infused: date) -> list[Row]:
    """The periods with the days they run from and to; without a recorded end, to the end of time."""
    return [
        {
            **row,
            "start_day": (row["start"].date() - infused).days,
            "end_day": (row["end"].date() - infused).days if row["end"] is not None else None,
        }
        for row in rows
        if row["start"] is not None
    ]


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def infusion_of(graded: Graded, patient: str, infusion: int | None) -> int:
    """The number of an infusion that the cohort has; None asks for the first of the patient.

    Raises
    ------
    CaracError: no such patient or infusion; the sentence says whose identifier is like it, or which there are.
    """
    sql = f"SELECT infusion_number FROM infusions WHERE patient_id = {_literal(str(patient))} ORDER BY infusion_number"
    numbers = [int(row["infusion_number"]) for row in graded.engine.fetch(sql).to_pylist()]
    if not numbers:
        rows = graded.engine.fetch("SELECT DISTINCT patient_id FROM infusions").to_pylist()
        raise no_such_patient(str(patient), [str(row["patient_id"]) for row in rows])
    if infusion is None:
        return numbers[0]
    if infusion not in numbers:
        raise CaracError(f"Patient {patient} has no infusion {infusion}; there are {', '.join(map(str, numbers))}.")
    return infusion


def no_such_patient(patient: str, known: Iterable[str]) -> CaracError:
    """What to say where nobody has an identifier: those like it, else the first ones."""
    by_folded = {name.casefold(): name for name in sorted(known)}
    close = get_close_matches(patient.casefold(), by_folded, n=SOME, cutoff=0.7)
    names = [by_folded[one] for one in sorted(close)] or list(by_folded.values())[:SOME]
    if not names:
        which = "nobody in the record has one"
    elif len(names) == 1:
        which = f"{'like it' if close else 'the only one'} is {names[0]}"
    else:
        which = f"{'like it' if close else 'the first ones'} are {', '.join(names)}"
    return CaracError(f"There is no patient {patient!r} with an infusion; {which}.")
