"""How much of an incidence is its definition: every published definition of one thing on the same patients.

Per topic (coagulopathy, DIC, bleeding, thrombocytopenia): how many of the same people reach each definition within the
same days, and how far the definitions agree about who. Crude shares, as the publications give them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt

from carac.endpoints.definition import Endpoint, read_file, read_text
from carac.endpoints.outcome import EVENT, Outcome
from carac.endpoints.rules import Reading, Window
from carac.endpoints.study import Study
from carac.findings import CaracError
from carac.statistics.agreement import Agreement, many_raters, two_raters
from carac.statistics.proportions import wilson

Booleans = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

#: Range that publications report, with its source, where the two seeds print one.
PUBLISHED: Mapping[str, tuple[float, float, str]] = {
    "coagulopathy": (7.0, 96.0, "Galli 2024, doi:10.1111/bjh.19619"),
    "DIC": (6.0, 29.0, "Galli 2024, doi:10.1111/bjh.19619"),
    "bleeding": (2.8, 12.5, "Lee 2026, doi:10.4081/btvb.2026.461"),
    "thrombocytopenia": (14.7, 54.3, "Lee 2026, doi:10.4081/btvb.2026.461: grade 3 or more to any grade"),
}


@dataclass(frozen=True)
class Share:
    """One definition on the people that all definitions of its topic could be read of.

    Parameters
    ----------
    endpoint: the definition.
    people, events: of the same people, those who surely reach it.
    share, lower, upper: with the 95 % interval after Wilson; None where nobody is counted.
    highest: share if everything that is not known had been reached: graded with a range, or a bleed without a grade.
    own_people, own_events: among all who could be assessed by this definition alone.
    """

    endpoint: Endpoint
    people: int
    events: int
    share: float | None
    lower: float | None
    upper: float | None
    highest: float | None
    own_people: int
    own_events: int


@dataclass(frozen=True)
class Pair:
    """Two definitions about the same people: places in `Topic.shares`, and their agreement."""

    first: int
    second: int
    agreement: Agreement


@dataclass(frozen=True)
class Combination:
    """People who reach exactly these definitions: places in `Topic.shares`, and how many people."""

    members: tuple[int, ...]
    people: int


@dataclass(frozen=True)
class Topic:
    """All definitions of one thing.

    Parameters
    ----------
    name: of the topic.
    people: that every definition could be read of; the denominators.
    left_out_people: people at risk of whom at least one definition could not be read.
    shares: from the most to the least frequent.
    pairs: agreement of each two; empty where nobody is counted.
    overall: agreement of all definitions together; None where nobody is counted or there is one definition.
    combinations: who reaches which definitions together, most frequent first.
    left_out: definitions that could not be counted in this cohort, and why.
    """

    name: str
    people: int
    left_out_people: int
    shares: tuple[Share, ...]
    pairs: tuple[Pair, ...]
    overall: Agreement | None
    combinations: tuple[Combination, ...]
    left_out: tuple[tuple[str, str], ...]

    @property
    def range(self) -> tuple[float, float] | None:
        """Lowest and highest share of the definitions."""
        shares = [one.share for one in self.shares if one.share is not None]
        return (min(shares), max(shares)) if shares else None


@dataclass(frozen=True)
class Spread:
    """What `spread` finds."""

    window: Window
    topics: tuple[Topic, ...]
    methods: str


@cache
def shipped_definitions() -> Mapping[str, tuple[Endpoint, ...]]:
    """The definitions that come with carac, by topic."""
    text = (files("carac.analysis") / "spread_definitions.toml").read_text(encoding="utf-8")
    return by_topic(read_text(text, "spread_definitions.toml"))


def by_topic(endpoints: Sequence[Endpoint]) -> dict[str, tuple[Endpoint, ...]]:
    """Endpoints by their family."""
    found: dict[str, tuple[Endpoint, ...]] = {}
    for one in endpoints:
        found[one.family] = (*found.get(one.family, ()), one)
    return found


def with_own_definitions(path: Path | None) -> dict[str, tuple[Endpoint, ...]]:
    """The definitions of carac and those of a user's file, which name their topic as family."""
    known = dict(shipped_definitions())
    for topic, own in by_topic(read_file(path) if path else []).items():
        names = {one.name for one in own}
        known[topic] = (*(one for one in known.get(topic, ()) if one.name not in names), *own)
    return known


def spread(
    study: Study,
    topics: Sequence[str] | None = None,
    window: str | Window = "0_to_30",
    definitions: Mapping[str, Sequence[Endpoint]] | None = None,
) -> Spread:
    """The incidence under every definition of a topic, and how far they agree.

    Parameters
    ----------
    study: a graded cohort with its rules.
    topics: names; None takes all.
    window: days in which each is sought.
    definitions: by topic; None takes those that come with carac.

    Raises
    ------
    CaracError: an unknown topic or window.
    """
    known = definitions if definitions is not None else shipped_definitions()
    chosen = study.window(window)
    wanted = list(topics) if topics is not None else list(known)
    for name in wanted:
        if name not in known:
            raise CaracError(f"There is no topic {name!r}; known are {', '.join(known)}.")
    return Spread(chosen, tuple(_topic(study, name, known[name], chosen) for name in wanted), _methods(chosen))


def _topic(study: Study, name: str, definitions: Sequence[Endpoint], window: Window) -> Topic:
    left_out = [(one.title, study.lacks(one)) for one in definitions if study.lacks(one)]
    kept = [one for one in definitions if not study.lacks(one)]
    study.prepare(kept)
    sure = [study.outcome(one, window) for one in kept]
    size = len(study.people)
    ratings = np.stack([_rated(made, size) for made in sure], axis=1) if sure else np.zeros((size, 0), dtype=np.int64)
    common = np.all(ratings >= 0, axis=1) if sure else np.zeros(size, dtype=bool)
    anyone = (ratings >= 0).any(axis=1)
    shares = [_share(study, made, ratings[:, place], common) for place, made in enumerate(sure)]
    order = sorted(range(len(kept)), key=lambda place: (-shares[place].events, -shares[place].own_events, place))
    table = ratings[common][:, order]
    return Topic(
        name,
        int(common.sum()),
        int((anyone & ~common).sum()),
        tuple(shares[place] for place in order),
        _pairs(table),
        many_raters(table) if table.shape[0] and table.shape[1] > 1 else None,
        _combinations(table),
        tuple(left_out),
    )


def _rated(outcome: Outcome, size: int) -> Integers:
    """1 with the event, 0 without, -1 where it could not be asked, per row of the people."""
    rated = np.full(size, -1, dtype=np.int64)
    rated[outcome.place] = (outcome.status == EVENT).astype(np.int64)
    return rated


def _share(study: Study, outcome: Outcome, rated: Integers, common: Booleans) -> Share:
    own = rated[rated >= 0]
    people, events = int(common.sum()), int(rated[common].sum())
    if not people:
        return Share(outcome.endpoint, 0, 0, None, None, None, None, len(own), int(own.sum()))
    found = wilson(events, people)
    highest = _rated(study.outcome(outcome.endpoint, outcome.window, Reading.OPEN), len(rated))
    return Share(
        outcome.endpoint,
        people,
        events,
        float(found.estimate[0]),
        float(found.lower[0]),
        float(found.upper[0]),
        float(np.mean(highest[common] == 1)),
        len(own),
        int(own.sum()),
    )


def _pairs(table: Integers) -> tuple[Pair, ...]:
    if not table.shape[0]:
        return ()
    columns = range(table.shape[1])
    return tuple(
        Pair(one, other, two_raters(table[:, one], table[:, other]))
        for one in columns
        for other in columns
        if one < other
    )


def _combinations(table: Integers) -> tuple[Combination, ...]:
    counted = Counter(tuple(np.flatnonzero(row).tolist()) for row in table)
    ordered = sorted(counted.items(), key=lambda item: (-item[1], len(item[0]), item[0]))
    return tuple(Combination(members, people) for members, people in ordered)


def _methods(window: Window) -> str:
    return (
        f"Each definition was applied to the same people on {window}: those of whom every definition of the topic"
        " could be read. Shares are crude, with 95 % intervals after Wilson; what is not known counts as not reached."
        " Agreement about who reaches a definition is given as the share of people on whom two definitions say the"
        " same, Cohen's kappa and Gwet's AC1; for all definitions together as Fleiss' kappa and Gwet's AC1."
    )
