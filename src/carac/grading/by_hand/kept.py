"""What a calculation needs of a definition, kept on disk: what it takes, and its compiled queries.

Made with Ibis and all definitions the first time; read back the next, with neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from carac.engine.kept_sql import kept
from carac.grading.by_hand.items import CaseItem, item_from_json

Overrides = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class KeptRule:
    """A criterion, as in `language.definition.Rule`."""

    name: str
    title: str
    unit: str
    cuts: tuple[tuple[str, float, float], ...]
    column: str
    factor: float


@dataclass(frozen=True)
class Sheet:
    """A definition as one calculates with it."""

    data: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.data["name"])

    @cached_property
    def items(self) -> tuple[CaseItem, ...]:
        """What it takes."""
        return tuple(item_from_json(item) for item in self.data["items"])

    @cached_property
    def rules(self) -> tuple[KeptRule, ...]:
        """Its criteria."""
        rules = self.data["rules"]
        return tuple(KeptRule(r[0], r[1], r[2], tuple(tuple(cut) for cut in r[3]), r[4], r[5]) for r in rules)


def sheet(name: str, overrides: Overrides, definitions_file: Path | None = None) -> Sheet:
    """The sheet of a definition under these parameters; raises `CaracError` for a name or parameter that is none."""

    def make() -> dict[str, Any]:
        from carac.grading.by_hand.making import made_sheet

        return made_sheet(name, overrides, definitions_file)

    return Sheet(kept(("sheet by hand", name, _key(overrides), _text(definitions_file)), make))


def queries(
    name: str, overrides: Overrides, present: frozenset[str], definitions_file: Path | None = None
) -> dict[str, Any]:
    """The compiled steps of a definition, and the query of its result.

    Keys: ``tables`` (columns and types of the cohort tables), ``steps`` (name, SQL, whether a view), ``result``.
    """

    def make() -> dict[str, Any]:
        from carac.grading.by_hand.making import made_queries

        return made_queries(name, overrides, present, definitions_file)

    found: dict[str, Any] = kept(
        ("queries by hand", name, _key(overrides), sorted(present), _text(definitions_file)), make
    )
    return found


def _text(file: Path | None) -> str:
    """The text of a site's definitions; one that cannot be read is told where it is read in earnest."""
    try:
        return f"{file}: {file.read_text(encoding='utf-8')}" if file else ""
    except (OSError, UnicodeDecodeError):
        return f"{file}: unreadable"


def _key(overrides: Overrides) -> list[tuple[str, str, str]]:
    return sorted((scope, name, repr(value)) for scope, values in overrides.items() for name, value in values.items())
