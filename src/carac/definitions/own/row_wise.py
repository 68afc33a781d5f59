"""Grades, scores and counts of criteria that a site states, row by row."""

from __future__ import annotations

from collections.abc import Sequence

from carac.definitions.own.entries import COMMON, Entry
from carac.definitions.own.stated import CUTS, MEASURE, PER, bands_of, citation, measured_by, readings_of
from carac.language.definition import Certainty, Definition, Status
from carac.language.points import Item, Reading, Total
from carac.language.score import About, score
from carac.vocabulary.types import Grain


def _item(entry: Entry, grain: Grain, single: float | None = None, more: Sequence[str] = ("name",)) -> Item:
    entry.only((*more, *MEASURE, *CUTS))
    bands = bands_of(entry, single)
    read, unit, factor, title = measured_by(entry, bands.worse, grain)
    name = entry.text("name", getattr(read, "analyte", "") or getattr(read, "item", "") or read.column)
    if not name.isidentifier() or len(name) > 30 or "__" in name:
        raise entry.fault(f"name {name!r} has to be one word of at most 30 letters, digits and underscores.", "name")
    return Item(name, title, read, unit, bands, factor)


def _about(entry: Entry, grain: Grain, meaning: str) -> About:
    return About(
        name=entry.name,
        title=entry.text("title"),
        instrument=entry.name,
        version=entry.text("version", "as in the file"),
        citation=citation(entry),
        certainty=Certainty.SITE,
        population=entry.text("population", "as the site says"),
        meaning=entry.text("meaning", meaning),
        status=Status.SITE,
        grain=grain,
        choices=entry.texts("choices"),
    )


def bands(entry: Entry) -> Definition:
    """A grade from the cut-points of one value."""
    entry.only((*COMMON, "per", *MEASURE, *CUTS))
    grain = PER[entry.word("per", PER, "day")]
    item = _item(entry, grain, more=(*COMMON, "per"))
    total = Total((item,), worst=True)
    return score(_about(entry, grain, "grade; null where what is missing decides"), lambda _: total)


def points(entry: Entry) -> Definition:
    """A score: the points of several items, added up."""
    entry.only((*COMMON, "per", "items", "reading"))
    grain = PER[entry.word("per", PER, "day")]
    items = _items(entry, grain)
    total = Total(items, readings=readings_of(entry))
    return score(_about(entry, grain, "score; null where what is missing decides"), lambda _: total)


def count(entry: Entry) -> Definition:
    """How many of several criteria are met, and whether these are enough."""
    entry.only((*COMMON, "per", "criteria", "at_least_met"))
    grain = PER[entry.word("per", PER, "day")]
    items = _items(entry, grain, "criteria", 1)
    enough = entry.whole("at_least_met", lowest=1)
    if enough > len(items):
        raise entry.fault(f"at_least_met is {enough}, but there are {len(items)} criteria.", "at_least_met")
    total = Total(items, readings=(Reading("__met", "enough criteria are met", enough),))
    return score(_about(entry, grain, "number of criteria met; null where what is missing decides"), lambda _: total)


def _items(entry: Entry, grain: Grain, key: str = "items", single: float | None = None) -> tuple[Item, ...]:
    items = tuple(_item(part, grain, single) for part in entry.parts(key))
    names = [item.name for item in items]
    for name in names:
        if names.count(name) > 1:
            raise entry.fault(f"two of its {key} are called {name}; give one a name of its own.", key)
    return items
