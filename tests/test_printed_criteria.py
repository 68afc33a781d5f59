"""The cut-points of every instrument as they are printed, typed from the catalogue a second time.

Tests on both sides of each cut are generated from the criteria in the definitions, and follow a wrong number in
silence. This list does not: it was typed from the catalogue, with its section, and never from the code.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

from carac.definitions import all_definitions
from carac.language.definition import Definition, Status
from carac.vocabulary.types import Assessed, Laboratory, Worse
from support.typed_lists import read_once

FILE = Path(__file__).with_name("printed_criteria.toml")
_CUT = re.compile(r"([<≤>≥=])\s*(-?[\d.]+)(?: → (-?[\d.]+))?")

#: A recovery has to hold for the lowest count of the day too.
RECOVERIES = {
    ("neutrophil_recovery_phenotype", "recovery"),
    ("platelet_recovery_20", "platelets"),
    ("platelet_recovery_50", "platelets"),
}

Cuts = list[tuple[str, float, float]]


@cache
def printed() -> dict[str, dict[str, Cuts]]:
    """The cuts by definition and item; a section of the file may name several definitions."""
    found: dict[str, dict[str, Cuts]] = {}
    for section in read_once(FILE)["instrument"]:
        for name in section["definitions"]:
            items = found.setdefault(name, {})
            for item, text in section["items"].items():
                assert item not in items, f"{name}: {item} is typed twice"
                items[item] = cuts_of(text)
    return found


def cuts_of(text: str) -> Cuts:
    """``"< 50 → 2, < 100 → 1"`` as comparison, constant and points; without points, one."""
    parts = [part.strip() for part in text.split(",")]
    matches = [_CUT.fullmatch(part) for part in parts]
    assert all(matches), f"{text!r} is not written as < 50 → 2, < 100 → 1"
    return [(m[1], float(m[2]), float(m[3] or 1)) for m in matches if m]


def in_code(definition: Definition) -> dict[str, Cuts]:
    """The cuts of a definition by item."""
    return {
        rule.name: [(sign, float(constant), float(points)) for sign, constant, points in rule.cuts]
        for rule in definition.rules
    }


def wrong(names: Collection[str]) -> Iterator[str]:
    """Where criteria differ from what is printed, or are not typed; no source prints those of carac's own proposals."""
    for name in names:
        definition = all_definitions()[name]
        if name not in printed() and definition.status is Status.PROPOSAL:
            continue
        expected, found = printed().get(name, {}), in_code(definition)
        for item in {**expected, **found}:
            if sorted(expected.get(item, [])) != sorted(found.get(item, [])):
                yield f"{name}: {item} has {found.get(item)}, printed is {expected.get(item)}"


def check_all(names: Collection[str] | None = None) -> None:
    """That these definitions have the criteria that are printed, on the worse end of the day; None means all."""
    wanted = list(all_definitions()) if names is None else names
    faults = [*wrong(wanted), *wrong_ends(wanted)]
    assert not faults, "\n".join(faults)


def wrong_ends(names: Collection[str]) -> Iterator[str]:
    """Where a criterion of low values reads the highest of the day, or the other way round (catalogue, section 0)."""
    for name in names:
        definition = all_definitions()[name]
        if name not in printed():
            continue
        directions = {i.column: i.worse for i in definition.inputs if isinstance(i, Laboratory | Assessed)}
        for rule in definition.rules:
            read = directions.get(rule.column)
            signs = {sign for sign, _, _ in rule.cuts} - {"="}
            low_is_worse = signs <= {"<", "≤"} or (name, rule.name) in RECOVERIES
            if read is not None and signs and (read is Worse.LOWER) != low_is_worse:
                yield f"{name}: {rule.name} looks for {signs} in {rule.column}"


def test_every_criterion_is_as_printed() -> None:
    check_all()


def test_what_is_typed_exists() -> None:
    assert set(printed()) <= set(all_definitions())
