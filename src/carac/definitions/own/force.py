"""Which definitions of a site are in force: those of one file, for as long as a block of code runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from carac.definitions.own.entries import Entry, SiteFile, entries_of, read_file
from carac.language.definition import Definition

SHAPES = ("bands", "points", "count", "formula", "run", "event")


@dataclass(frozen=True)
class Own:
    """The definitions of one file; an empty one has none."""

    definitions: Mapping[str, Definition] = field(default_factory=dict)
    file: SiteFile | None = None

    @property
    def key(self) -> str:
        """What compiled SQL is kept by: the hash of the file."""
        return self.file.sha256 if self.file else ""


_OWN: ContextVar[Own] = ContextVar("definitions of a site", default=Own())  # noqa: B039 - frozen


def own() -> Own:
    """The definitions of a site that are in force."""
    return _OWN.get()


def read_own(path: Path, known: Mapping[str, Definition]) -> Own:
    """The definitions of a file, checked; `known` are those that carac brings."""
    file = read_file(path)
    made = {entry.name: _made(entry, known) for entry in entries_of(file, known)}
    return Own(made, file)


def _made(entry: Entry, known: Mapping[str, Definition]) -> Definition:
    from carac.definitions.own import events, formulas, row_wise, runs
    from carac.definitions.own.alike import alike

    if "like" in entry.values:
        made = alike(entry, known)
    else:
        shape = entry.word("shape", SHAPES)
        makers: dict[str, Callable[[Entry], Definition]] = {
            "bands": row_wise.bands,
            "points": row_wise.points,
            "count": row_wise.count,
            "formula": formulas.formula,
            "run": runs.run,
            "event": events.event,
        }
        made = makers[shape](entry)
    for column in made.columns:
        if made.columns.count(column) > 1:
            raise entry.fault(f"two of its columns would be called {column}; give an item or the reading another name.")
        if len(column.encode()) > 60:
            raise entry.fault(f"the column {column} has more than 60 letters; shorten the name.")
    return made


@contextmanager
def in_force(made: Own) -> Iterator[None]:
    """The definitions of a site beside those of carac, within the block."""
    token = _OWN.set(made)
    try:
        yield
    finally:
        _OWN.reset(token)
