"""Landmark analysis: does what happened by a day go with what comes after it?

Who had a toxicity is a group that one enters by living long enough to have it. So groups are made on one day, the
landmark, from what was known by then; only people still observed and free of the endpoint are asked, and only what
comes afterwards counts (Anderson JR, Cain KC, Gelber RD. J Clin Oncol 1983;1:710-719). They are compared by their
cumulative incidence, by Gray's test, and by the difference at the end, plain and adjusted, from pseudo-observations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from carac.analysis.factors import AT_INFUSION, factor_of
from carac.analysis.hazard_models import FEWEST_EVENTS
from carac.analysis.incidence import UNRECORDED, Incidence, Value, compared, curve_of, methods
from carac.analysis.risk import design_of
from carac.analysis.risk import lacks as lacks_factor
from carac.analysis.timing import STATES
from carac.endpoints.definition import Endpoint
from carac.endpoints.occurrences import OPEN, SURE
from carac.endpoints.outcome import Outcome
from carac.endpoints.people import Booleans, Floats
from carac.endpoints.rules import Window
from carac.endpoints.study import Study
from carac.findings import CaracError
from carac.statistics.checks import EstimationError
from carac.statistics.pseudo import pseudo_incidence, regression
from carac.vocabulary.types import Grain

#: The landmark where none is named: by then most CRS and ICANS has begun, and most bleeds and clots have not.
DAY = 7
#: Endpoints that are looked at where none are named.
ENDPOINTS = ("venous_thrombosis", "clinically_relevant_bleeding")
#: What a difference is adjusted for where nothing is named.
ADJUST = ("age", "platelets_baseline")
#: Groups smaller than this are shown and not compared.
FEWEST_PEOPLE = 10


@dataclass(frozen=True)
class Difference:
    """Cumulative incidence with the state less that without it, as probabilities.

    Parameters
    ----------
    day: on which.
    people: whose values are in it.
    """

    day: int
    people: int
    value: Value


@dataclass(frozen=True)
class Split:
    """People split by one state.

    Parameters
    ----------
    state: reached by the landmark or not.
    found: the incidence after the landmark by group: with it, without it, not known.
    plain, adjusted: the difference; None where `why_not` (or `not_adjusted`) says why.
    """

    state: Endpoint
    found: Incidence
    plain: Difference | None
    adjusted: Difference | None
    why_not: str = ""
    not_adjusted: str = ""


@dataclass(frozen=True)
class AfterLandmark:
    """What `landmark` finds; `left_out` are states that cannot be read in this cohort, and why."""

    endpoint: Endpoint
    day: int
    outcome: Outcome
    splits: tuple[Split, ...]
    left_out: tuple[tuple[str, str], ...]
    methods: str


def landmark(
    study: Study,
    name: str | Endpoint,
    day: int = DAY,
    states: Sequence[str] = STATES,
    window: str | Window = "to_100",
    adjust: Sequence[str] = ADJUST,
) -> AfterLandmark:
    """Cumulative incidence after a day, by what was reached by that day.

    Parameters
    ----------
    study: a graded cohort with its rules.
    name: of the endpoint.
    day: the landmark; what happens on it is known, and events count from the next day on.
    states: endpoints of patient-days that make the groups.
    window: of which the last day ends the count.
    adjust: factors known at infusion, of `AT_INFUSION`, for the adjusted difference; empty makes none.

    Raises
    ------
    CaracError: an unknown name, a landmark after the end, or an endpoint that cannot be counted.
    """
    endpoint, chosen = study.endpoint(name), study.window(window)
    last = min(chosen.last, study.known_until(endpoint))
    if not 0 <= day < last:
        raise CaracError(f"The landmark is day {day}; it must lie between day 0 and day {last}, when the count ends.")
    outcome = study.outcome(endpoint, Window(f"after_{day}", day + 1, last))
    splits, left_out = [], []
    for one in [study.endpoint(state) for state in states]:
        if one.grain is not Grain.DAY:
            raise CaracError(f"{one.name} is no endpoint of patient-days, so that it makes no groups at a landmark.")
        if reason := study.lacks(one):
            left_out.append((one.title, reason))
        else:
            splits.append(_split(study, outcome, one, day, adjust))
    text = (
        f"Groups were made on day {day} (landmark) from what was graded by then, among those still observed and free of"
        f" {endpoint.title}; only later events count. {methods(study, outcome, '')} Groups were compared with Gray's"
        " test and by the difference of cumulative incidence at the end: regression of pseudo-observations (identity"
        " link, robust variance; Andersen, Klein and Rosthøj)"
        + (f", also adjusted for {_named(adjust)}." if adjust else ".")
    )
    return AfterLandmark(endpoint, day, outcome, tuple(splits), tuple(left_out), text)


def _named(adjust: Sequence[str]) -> str:
    titles = [factor_of(one, AT_INFUSION).title for one in adjust]
    return " and ".join([", ".join(titles[:-1]), titles[-1]] if titles[1:] else titles)


def _split(study: Study, outcome: Outcome, state: Endpoint, day: int, adjust: Sequence[str]) -> Split:
    had, known = reached_by(study, state, day)
    had, known = had[outcome.place], known[outcome.place]
    names = ("with it", "without it")
    labels = np.where(known, np.where(had, *names), UNRECORDED).astype(object)
    groups = tuple(
        curve_of(label, outcome.only(labels == label)) for label in (*names, UNRECORDED) if (labels == label).any()
    )
    found = Incidence(
        outcome.endpoint,
        outcome.window,
        f"{state.title} (day {day})",
        curve_of("", outcome),
        groups,
        compared(outcome, labels),
        (),
        None,
        None,
        0,
        methods(study, outcome, ""),
    )
    if reason := _too_few(outcome, had, known):
        return Split(state, found, None, None, reason)
    plain = _difference(outcome, had, known, [])
    read, lacking = [], []
    for one in [factor_of(text, AT_INFUSION) for text in adjust]:
        if reason := lacks_factor(study, one):
            lacking.append(f"{one.title}: {reason}")
        else:
            read.append(design_of(outcome, one).values)
    if lacking or not adjust:
        return Split(state, found, plain, None, "", "; ".join(lacking))
    complete = known & ~np.isnan(np.column_stack(read)).any(axis=1)
    if reason := _too_few(outcome, had, complete):
        return Split(state, found, plain, None, "", f"with every value {reason[:1].lower()}{reason[1:]}")
    return Split(state, found, plain, _difference(outcome, had, complete, read))


def reached_by(study: Study, state: Endpoint, day: int) -> tuple[Booleans, Booleans]:
    """Of each infusion: whether the state was surely reached by a day, and whether that is known.

    It is known where it was reached, or where some day since the infusion was graded and no day up to then could have
    been one. Days without any grade between graded ones are taken for days without it; who was graded before the
    infusion alone is not known to be without it.
    """
    found = study.occurrences(state)
    early = found.day <= day
    size = len(study.people)

    def somebody(which: Booleans) -> Booleans:
        return np.asarray(np.bincount(found.place[early & which], minlength=size) > 0)

    had = somebody(found.state == SURE)
    graded, open_ = somebody(np.ones(len(found.day), dtype=bool)), somebody(found.state == OPEN)
    return had, had | (graded & ~open_)


def _too_few(outcome: Outcome, had: Booleans, known: Booleans) -> str:
    """Why two groups are not compared; empty where they are."""
    for side, word in ((had & known, "with"), (~had & known, "without")):
        count = int(side.sum())
        if count < FEWEST_PEOPLE:
            people = "person" if count == 1 else "people"
            return f"Only {count} {people} {word} it: fewer than {FEWEST_PEOPLE} are not compared."
    events = int(((outcome.status == 1) & known).sum())
    if events < FEWEST_EVENTS:
        return f"Only {events} event{'s' * (events != 1)}: fewer than {FEWEST_EVENTS} are not compared."
    return ""


def _difference(outcome: Outcome, had: Booleans, known: Booleans, others: Sequence[Floats]) -> Difference | None:
    """Difference at the last day to which both groups were observed."""
    start = float(outcome.window.first - 1)
    # all enter together at the landmark, but for who came under observation later
    entry = np.where(outcome.entry <= start, -np.inf, outcome.entry - start)[known]
    time, status, group = outcome.exit[known] - start, outcome.status[known], had[known]
    end = min(float(time[group].max()), float(time[~group].max()))
    design = np.column_stack([group.astype(np.float64), *[one[known] for one in others]])
    try:
        pseudo = pseudo_incidence(time, status, [end], entry=entry)[:, 0]
        fit = regression(pseudo, design)
    except EstimationError:
        return None
    low, high = fit.interval()
    value = Value(float(fit.coefficients[1]), float(low[1]), float(high[1]))
    return Difference(int(end + start), int(known.sum()), value)
