"""What an endpoint is: columns of the graded tables and what they must say. Data, in TOML.

    [[endpoint]]
    name = "pulmonary_embolism"
    title = "pulmonary embolism"
    family = "thrombosis"
    per = "event"                                # event, day or infusion: the table that is read
    among = { thrombosis_class = "venous" }      # events that are asked at all; others are no event of this kind
    where = { thrombosis_class__counts = true, thrombosis_category = "PE_*" }
    day = "thrombosis_class__onset_day"          # the day that counts; else `day`

`where` names columns and what each must be, and all must hold: true or false, a word (with * at its end: the start of
one), a list of words, or `{ at_least = 3 }`, `{ below = 1.5 }`, `{ above = 1.0 }`, `{ at_most = 50 }` of a grade or a
value of the day (`fibrinogen_lowest`). `any_of` is a list of such tables of which one must hold. `source` cites a
publication that counts so. A file of the user's own has the same form; an endpoint of the same name replaces.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from carac.definitions import all_definitions
from carac.findings import CaracError
from carac.vocabulary.spelling import nearest
from carac.vocabulary.types import Grain

GRAINS = {"event": Grain.EVENT, "day": Grain.DAY, "infusion": Grain.INFUSION}
COMPARISONS = ("at_least", "at_most", "above", "below")
_KEYS = {
    *("name", "title", "family", "per", "among", "where", "any_of", "day", "otherwise_day", "source", "note", "needs"),
}
#: How the value of a day is named: the analyte, which value counts, and what it is divided by or taken from.
_VALUE_OF_DAY = ("_lowest", "_highest", "_by_upper_limit", "_by_lower_limit", "_above_upper_limit")

Wanted = bool | str | tuple[str, ...] | Mapping[str, float]


@dataclass(frozen=True)
class Criterion:
    """One column and what it must be: true or false, a word, several, or a comparison with a number."""

    column: str
    wanted: Wanted

    @property
    def definition(self) -> str | None:
        """The definition that makes the column; None for a value of the day."""
        return _column_owners().get(self.column)

    def __str__(self) -> str:
        if isinstance(self.wanted, Mapping):
            words = {"at_least": "≥", "at_most": "≤", "above": ">", "below": "<"}
            return " and ".join(f"{self.column} {words[name]} {number:g}" for name, number in self.wanted.items())
        if isinstance(self.wanted, bool):
            return self.column if self.wanted else f"not {self.column}"
        return f"{self.column} = {self.wanted if isinstance(self.wanted, str) else ' or '.join(self.wanted)}"


@dataclass(frozen=True)
class Endpoint:
    """One endpoint.

    Parameters
    ----------
    name: whole words, unique.
    title: as it is written in a sentence.
    family: what it stands with: bleeding, thrombosis, coagulation, blood counts, immune toxicity, or a user's word.
    grain: the table that is read.
    among: what an event must be to be asked at all; empty asks every row.
    alternatives: of which one must hold; in each of them all criteria must.
    day: the column with the day that counts.
    otherwise_day: the day where that column is null; None leaves such a row out.
    source: a publication that counts so.
    note: a sentence that readers should see beside every figure of it.
    needs: definitions beside those of the columns, such as those that hold a value of the day.
    """

    name: str
    title: str
    family: str
    grain: Grain
    among: tuple[Criterion, ...]
    alternatives: tuple[tuple[Criterion, ...], ...]
    day: str
    otherwise_day: int | None
    source: str
    note: str
    needs: tuple[str, ...]

    @property
    def definitions(self) -> tuple[str, ...]:
        """The definitions that have to be graded for it."""
        named = (criterion.definition for criterion in self.criteria)
        return tuple(dict.fromkeys([*(name for name in named if name), *self.needs]))

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """Every criterion."""
        return (*self.among, *(one for alternative in self.alternatives for one in alternative))

    @property
    def proposal(self) -> bool:
        """Whether a proposal of carac's own is part of it."""
        return any(name.endswith("_proposal") for name in self.definitions)

    @property
    def rule(self) -> str:
        """The criteria as one line."""
        ways = [" and ".join(str(one) for one in (*self.among, *alternative)) for alternative in self.alternatives]
        return "; or ".join(ways)


@cache
def shipped() -> Mapping[str, Endpoint]:
    """The endpoints that come with carac, by name."""
    text = (files("carac.endpoints") / "endpoints.toml").read_text(encoding="utf-8")
    return {one.name: one for one in read_text(text, "endpoints.toml")}


def with_own(path: Path | None) -> dict[str, Endpoint]:
    """The endpoints of carac and those of a user's file; one of the same name is replaced."""
    known = dict(shipped())
    if path is not None:
        known |= {one.name: one for one in read_file(path)}
    return known


def endpoint_of(name: str, known: Mapping[str, Endpoint]) -> Endpoint:
    """The endpoint of that name; raises `CaracError` with the nearest."""
    if name in known:
        return known[name]
    near = nearest(name, known)
    raise CaracError(
        f"There is no endpoint {name!r}; " + (f"did you mean {near}?" if near else f"known are {', '.join(known)}.")
    )


def read_file(path: Path) -> list[Endpoint]:
    """The endpoints of a TOML file; raises `CaracError` with the file and what would be right."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CaracError(f"{path} cannot be read: {error}.") from None
    return read_text(text, path.name)


def read_text(text: str, file: str) -> list[Endpoint]:
    """The endpoints of a TOML text."""
    try:
        loaded = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CaracError(f"{file} cannot be read as TOML: {error}.") from None
    rows = loaded.get("endpoint", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise CaracError(f"{file}: endpoints are tables [[endpoint]].")
    return read_rows(rows, file)


def read_rows(rows: Iterable[Mapping[str, Any]], file: str) -> list[Endpoint]:
    """Endpoints from their tables; each name once."""
    found: dict[str, Endpoint] = {}
    for row in rows:
        one = _endpoint(row, file)
        if one.name in found:
            raise CaracError(f"{file}: the endpoint {one.name} stands there twice; name them apart.")
        found[one.name] = one
    return list(found.values())


def _endpoint(row: Mapping[str, Any], file: str) -> Endpoint:
    name = row.get("name")
    if not isinstance(name, str) or not name.replace("_", "a").isalnum():
        raise CaracError(f"{file}: an endpoint has the name {name!r}; write letters, digits and underscores.")
    where = f"{file}: endpoint {name}"
    unknown = sorted(set(row) - _KEYS)
    if unknown:
        near = nearest(unknown[0], _KEYS)
        raise CaracError(
            f"{where} has the key {unknown[0]!r}; " + (f"did you mean {near}?" if near else "leave it out.")
        )
    per = row.get("per")
    if per not in GRAINS:
        raise CaracError(f"{where} has per = {per!r}; it must be event, day or infusion.")
    alternatives = _alternatives(row, where)
    grain = GRAINS[per]
    criteria = [*_criteria(row.get("among", {}), where), *(one for some in alternatives for one in some)]
    for criterion in criteria:
        _require_grain(criterion, grain, where)
    otherwise = row.get("otherwise_day")
    return Endpoint(
        name,
        str(row.get("title", name.replace("_", " "))),
        str(row.get("family", "own")),
        grain,
        _criteria(row.get("among", {}), where),
        alternatives,
        str(row.get("day", "day")),
        None if otherwise is None else int(otherwise),
        str(row.get("source", "")),
        str(row.get("note", "")),
        tuple(str(one) for one in row.get("needs", ())),
    )


def _alternatives(row: Mapping[str, Any], where: str) -> tuple[tuple[Criterion, ...], ...]:
    if ("where" in row) == ("any_of" in row):
        raise CaracError(f"{where} needs one of where and any_of: columns and what they must be.")
    ways = [row["where"]] if "where" in row else row["any_of"]
    if not isinstance(ways, list) or not ways:
        raise CaracError(f"{where}: any_of is a list of tables.")
    made = tuple(_criteria(way, where) for way in ways)
    if not all(made) and "among" not in row:
        raise CaracError(f"{where} asks for nothing; name a column and what it must be.")
    return made


def _criteria(table: Any, where: str) -> tuple[Criterion, ...]:
    if not isinstance(table, Mapping):
        raise CaracError(f"{where}: {table!r} is no table of columns and what they must be.")
    return tuple(Criterion(column, _wanted(column, wanted, where)) for column, wanted in table.items())


def _wanted(column: str, wanted: Any, where: str) -> Wanted:
    if isinstance(wanted, bool | str):
        return wanted
    if isinstance(wanted, list) and wanted and all(isinstance(one, str) for one in wanted):
        return tuple(wanted)
    if isinstance(wanted, Mapping) and wanted and set(wanted) <= set(COMPARISONS):
        numbers = {name: number for name, number in wanted.items() if isinstance(number, int | float)}
        if len(numbers) == len(wanted):
            return {name: float(number) for name, number in numbers.items()}
    raise CaracError(
        f"{where}: {column} = {wanted!r} is not understood; write true, a word, a list of words, or {{ at_least = 3 }}"
        f" ({', '.join(COMPARISONS)})."
    )


def _require_grain(criterion: Criterion, grain: Grain, where: str) -> None:
    owner = criterion.definition
    if owner is not None:
        actual = all_definitions()[owner].grain
        if actual is not grain:
            raise CaracError(f"{where}: {criterion.column} is known per {actual.value}, not per {grain.value}.")
        return
    if grain is Grain.DAY and criterion.column.endswith(_VALUE_OF_DAY):
        return
    if grain is Grain.EVENT and criterion.column in ("kind", "site"):
        return
    near = nearest(criterion.column, _column_owners())
    hint = f"did you mean {near}?" if near else "see `carac definitions` for the columns."
    raise CaracError(f"{where}: there is no column {criterion.column!r}; {hint}")


def _column_owners() -> Mapping[str, str]:
    """Every column that a definition makes, and the definition; those of a site of its own among them."""
    return _owners_of(tuple(all_definitions()))


@cache
def _owners_of(names: tuple[str, ...]) -> Mapping[str, str]:
    known = all_definitions()
    return {name + output.suffix: name for name in names for output in known[name].outputs}
