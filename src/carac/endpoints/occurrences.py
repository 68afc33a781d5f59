"""Every event and patient-day of an endpoint, with whether it surely reached it, may have, or surely did not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from carac.definitions import all_definitions
from carac.endpoints.definition import Criterion, Endpoint
from carac.endpoints.people import PEOPLE, People, array_of
from carac.grading.run import Graded
from carac.language.comparisons import TIE
from carac.vocabulary.types import Grain

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

TABLES = {Grain.DAY: "patient_days_full", Grain.INFUSION: "infusion_results", Grain.EVENT: "event_results"}
#: What is known of a row: it surely is no event, what is missing decides, or it surely is one.
NO, OPEN, SURE = 0, 1, 2


@dataclass(frozen=True)
class Occurrences:
    """Rows of which anything is known, ordered by place and day.

    Parameters
    ----------
    place: row of the infusion in the study's people.
    day: day after infusion.
    state: NO, OPEN or SURE.
    site: where, for events; empty elsewhere.
    hour: hours after the infusion's midnight, for events with a time of day; else 24 times the day.
    event_id: of events; empty elsewhere.
    """

    place: Integers
    day: Floats
    state: Integers
    site: npt.NDArray[Any]
    hour: Floats
    event_id: npt.NDArray[Any]


def occurrences_of(graded: Graded, endpoint: Endpoint, people: People, last_day: int, source: str = "") -> Occurrences:
    """The rows of an endpoint from day 0 to a last day.

    Parameters
    ----------
    source: a table with `place` and the columns that are read; empty takes that of the grain.
    """
    source = source or f"{TABLES[endpoint.grain]} JOIN {PEOPLE} USING (patient_id, infusion_number)"
    event = endpoint.grain is Grain.EVENT
    day = "0" if endpoint.grain is Grain.INFUSION and endpoint.day == "day" else endpoint.day
    if endpoint.otherwise_day is not None:
        day = f"coalesce({day}, {endpoint.otherwise_day})"
    more = ", site, onset, event_id" if event else ""
    gate = " AND ".join(_surely(one) for one in endpoint.among) or "1 = 1"
    rows = graded.engine.fetch(
        f"SELECT place, {day} AS day, {_state(endpoint, event)} AS state{more} FROM {source} WHERE {gate}"
    )
    return _arranged(rows, people, last_day)


def _arranged(rows: pa.Table, people: People, last_day: int) -> Occurrences:
    place = array_of(rows, "place").astype(np.int64)
    day, state = array_of(rows, "day"), array_of(rows, "state")
    event = "site" in rows.column_names
    site = np.array(rows["site"].to_pylist() if event else [""] * len(place), dtype=object)
    identifier = np.array(rows["event_id"].to_pylist() if event else [""] * len(place), dtype=object)
    hour = _hours(rows, place, people) if event else 24 * day
    keep = ~np.isnan(state) & ~np.isnan(day) & (day >= 0) & (day <= last_day)
    order = np.flatnonzero(keep)
    order = order[np.lexsort((hour[order], day[order], place[order]))]
    return Occurrences(
        place[order], day[order], state[order].astype(np.int64), site[order], hour[order], identifier[order]
    )


def _hours(rows: pa.Table, place: Integers, people: People) -> Floats:
    """Hours of the onset since the midnight on which day 0 began; that of the day where an event counts from another
    day than its onset (a thrombosis present on admission)."""
    onset = rows["onset"].cast(pa.timestamp("us")).cast(pa.int64()).to_numpy(zero_copy_only=False).astype(np.float64)
    midnight = people.table["infusion_date"].cast(pa.int32()).to_numpy(zero_copy_only=False).astype(np.float64)
    day = array_of(rows, "day")
    hours = onset / 3.6e9 - 24.0 * midnight[place]
    return np.where(np.floor(hours / 24) == day, hours, 24 * day)


def columns_read(endpoint: Endpoint) -> set[str]:
    """The columns that the query of an endpoint reads, beside its day."""
    found: set[str] = set()
    for one in endpoint.criteria:
        found |= set(_ends(one)) if isinstance(one.wanted, Mapping) else {one.column}
        if isinstance(one.wanted, bool) and _lowest(one):
            found.add(_lowest(one))
    return found


# ---- criteria as SQL: a number for what is known, null where nothing is


def _state(endpoint: Endpoint, event: bool) -> str:
    """SURE where one alternative surely holds, OPEN where one may, NO where none does; null where nothing is known."""
    ways = [_all([_criterion(one, event) for one in alternative]) for alternative in endpoint.alternatives]
    if len(ways) == 1:
        return ways[0]
    # coalesce: an alternative of which nothing is known does not hide what the others say
    return _extreme("greatest", ways)


def _all(states: list[str]) -> str:
    """The least of several: surely not where one surely does not hold; null where one is unknown and none is NO."""
    if len(states) == 1:
        return states[0]
    refused = " OR ".join(f"({state}) = {NO}" for state in states)
    unknown = " OR ".join(f"({state}) IS NULL" for state in states)
    return f"CASE WHEN {refused} THEN {NO} WHEN {unknown} THEN NULL ELSE {_extreme('least', states)} END"


def _extreme(which: str, states: list[str]) -> str:
    """`greatest` or `least` of states, null only where all are."""
    filler = -1 if which == "greatest" else SURE + 1
    listed = ", ".join(f"coalesce({state}, {filler})" for state in states)
    return f"nullif({which}({listed}), {filler})"


def _criterion(one: Criterion, event: bool) -> str:
    column, wanted = one.column, one.wanted
    # an event that is asked is there: a column without a value leaves it open
    nothing_known = str(OPEN) if event else "NULL"
    if isinstance(wanted, bool):
        known = f"WHEN {_lowest(one)} IS NOT NULL THEN {OPEN} " if _lowest(one) and not event else ""
        yes, no = (column, f"NOT {column}") if wanted else (f"NOT {column}", column)
        return f"CASE WHEN {yes} THEN {SURE} WHEN {no} THEN {NO} {known}ELSE {nothing_known} END"
    if isinstance(wanted, Mapping):
        return _all([_comparison(one, name, number, nothing_known) for name, number in wanted.items()])
    return (
        f"CASE WHEN {_words(column, wanted)} THEN {SURE} WHEN {column} IS NOT NULL THEN {NO} ELSE {nothing_known} END"
    )


def _comparison(one: Criterion, name: str, number: float, nothing_known: str) -> str:
    low, high = _ends(one)
    sign, worst_first = {
        "at_least": (">=", True),
        "above": (">", True),
        "at_most": ("<=", False),
        "below": ("<", False),
    }[name]
    # a printed tie is a tie: catalogue, section 0
    widened = number + abs(number) * TIE * (1 if name in ("above", "at_most") else -1)
    surely, perhaps = (low, high) if worst_first else (high, low)
    # with an exponent every engine reads a double
    constant = f"{widened:.17e}"
    return (
        f"CASE WHEN {surely} {sign} {constant} THEN {SURE} WHEN {perhaps} {sign} {constant} THEN {OPEN}"
        f" WHEN {low} IS NOT NULL OR {high} IS NOT NULL THEN {NO} ELSE {nothing_known} END"
    )


def _ends(one: Criterion) -> tuple[str, str]:
    """The columns with the lowest and the highest that a grade or value can be."""
    if one.definition is None:
        return f"{one.column}__from", f"{one.column}__to"
    definition = all_definitions()[one.definition]
    suffixes = {output.suffix for output in definition.outputs}
    stem = one.column
    own = stem.removeprefix(one.definition)
    if f"{own}__lowest" in suffixes and f"{own}__highest" in suffixes:
        return f"{stem}__lowest", f"{stem}__highest"
    return stem, stem


def _lowest(one: Criterion) -> str:
    """The column that says whether anything is known of the definition on a row; empty where there is none."""
    if one.definition is None:
        return ""
    suffixes = {output.suffix for output in all_definitions()[one.definition].outputs}
    return f"{one.definition}__lowest" if "__lowest" in suffixes else ""


def _surely(one: Criterion) -> str:
    """A condition that holds where the criterion surely does."""
    return f"({_criterion(one, False)}) = {SURE}"


def _words(column: str, wanted: str | tuple[str, ...]) -> str:
    words = (wanted,) if isinstance(wanted, str) else wanted
    parts = []
    for word in words:
        quoted = word.removesuffix("*").replace("'", "''")
        start = f"substr({column}, 1, {len(word) - 1}) = '{quoted}'"
        parts.append(start if word.endswith("*") else f"{column} = '{quoted}'")
    return f"({' OR '.join(parts)})"
