"""What a report holds: its sections, the window of its figures, how patients are shown; from options or a TOML file."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from carac.findings import CaracError

#: Every section, in the order of the report.
SECTIONS = (
    *("people", "follow_up", "quality", "toxicities", "sorting", "courses", "heat_map", "events", "two_sides"),
    *("methods", "references", "limitations", "reproduce"),
)
#: Sections that are in a report only where they are named: questions that count people over time.
QUESTIONS = ("incidence", "timing", "landmark", "risk", "anticoagulation", "spread", "under_reporting", "scores")
#: By what courses can be drawn: how a word of the options is said.
GROUPINGS = {
    "crs_peak": "worst CRS grade",
    "icans_peak": "worst ICANS grade",
    "product": "product",
    "disease": "disease",
    "centre": "centre",
    "sex": "sex",
    "none": "all patients",
}


@dataclass(frozen=True)
class Options:
    """What a report holds.

    Parameters
    ----------
    title: on top of the report.
    sections: names of sections, in order.
    by: what courses are drawn by, one of `GROUPINGS`.
    first_day, last_day: window of the figures by day; days after infusion.
    worst_until: last day of the window in which the worst grade is sought; it begins on day 0.
    patients: "none", "all", or identifiers of the record joined by commas.
    identifiers: "hashed" or "as recorded".
    salt: what is mixed into the hashes; empty draws one that is kept nowhere.
    hide_small_cells: True hides counts below 5, and leaves out what shows single patients.
    """

    title: str = "Coagulopathy, bleeding and thrombosis after CAR T-cell therapy"
    sections: tuple[str, ...] = SECTIONS
    by: str = "crs_peak"
    first_day: int = -7
    last_day: int = 30
    worst_until: int = 30
    patients: str = "none"
    identifiers: str = "hashed"
    salt: str = ""
    hide_small_cells: bool = False

    def __post_init__(self) -> None:
        for name in self.sections:
            _one_of(name, (*SECTIONS, *QUESTIONS), "section")
        _one_of(self.by, tuple(GROUPINGS), "grouping")
        _one_of(self.identifiers, ("hashed", "as recorded"), "way to show identifiers")
        if not self.first_day < 0 <= self.worst_until or self.last_day < 1:
            raise CaracError("The days of a report must begin before day 0 and end after it.")
        if self.hide_small_cells and self.patients != "none":
            raise CaracError("A page per patient and hidden small cells exclude each other; choose one.")


def _one_of(word: str, known: tuple[str, ...], what: str) -> None:
    if word not in known:
        near = difflib.get_close_matches(word, known, 1)
        hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(known)}."
        raise CaracError(f"There is no {what} {word!r}{hint}")


def with_changes(options: Options, changes: Mapping[str, Any]) -> Options:
    """The options with some of them changed; raises `CaracError` for a name or a type that cannot be."""
    known = {field.name: type(getattr(options, field.name)) for field in fields(options)}
    made: dict[str, Any] = {}
    for name, value in changes.items():
        _one_of(name, tuple(known), "option of the report")
        if known[name] is tuple:
            if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
                raise CaracError(f"The option {name} must be a list of names.")
            made[name] = tuple(value)
        elif not isinstance(value, known[name]) or (known[name] is int and isinstance(value, bool)):
            raise CaracError(f"The option {name} is {value!r}; it must be a {_WORDS[known[name]]}.")
        else:
            made[name] = value
    return replace(options, **made)


_WORDS: dict[type, str] = {str: "text", int: "whole number", bool: "true or false"}


def from_toml(path: Path) -> Options:
    """The options of a TOML file, whose table is ``[report]``."""
    try:
        loaded = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CaracError(f"{path} cannot be read as TOML: {error}.") from None
    found = loaded.get("report")
    if not isinstance(found, dict):
        raise CaracError(f"{path} has no table [report].")
    return with_changes(Options(), found)
