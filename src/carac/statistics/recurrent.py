"""Mean cumulative count of an event that may recur, with death ending the counting.

Ghosh D, Lin DY. Biometrics 2000;56:554-562 (estimator and variance); Dong H et al. Am J Epidemiol 2015;181:532-540
(the same as sums of cumulative incidences). The count of the dead stays where it was; it does not go on as if they
lived, which is what a Nelson-Aalen sum with death as censoring would say.

O(n log n + events x log n), and O(people x 1) for the variance at each of the chosen moments.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from carac.statistics.checks import (
    EstimationError,
    Floats,
    Integers,
    entries,
    indicators,
    normal_quantile,
    times,
    whole_numbers,
)


@dataclass(frozen=True)
class MeanCount:
    """Expected number of events per person by each moment.

    Attributes
    ----------
    lower, upper: interval on the logarithmic scale; where no event has happened, 0 and the exact Poisson-type bound
        -log(alpha/2) / n with n the people observed from the start to the moment at least, or dead by it.
    """

    time: Floats
    estimate: Floats
    standard_error: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True)
class _Counts:
    """Distinct times of events and deaths, with counts, at risk, and survival before each."""

    time: Floats
    at_risk: Floats
    events: Floats
    deaths: Floats
    before: Floats


def mean_count(
    person: ArrayLike,
    event_time: ArrayLike,
    stop: ArrayLike,
    died: ArrayLike,
    moments: ArrayLike,
    entry: ArrayLike | None = None,
    confidence: float = 0.95,
) -> MeanCount:
    """Mean cumulative count at chosen moments.

    Parameters
    ----------
    person, event_time: one per event: the place of the person (from 0) in the next three, and when it happened. Both
        may be empty. An event on the day of death counts.
    stop, died: one per person: when last observed, and whether by death (0 or 1).
    moments: when the count is wanted, not after the last observed time.
    entry: when each came under observation; minus infinity, or None, from the start.
    """
    end = times(stop, "stop")
    dead = indicators(died, "died", len(end))
    begin = entries(entry, end)
    who, when = _events(person, event_time, begin, end)
    wanted = times(np.atleast_1d(moments), "moments")
    if wanted.max() > end.max():
        raise EstimationError(f"nobody was observed beyond {end.max():g}, so there is no count at {wanted.max():g}")
    distinct = np.unique(np.concatenate([when, end[dead]]))
    if not distinct.size:
        return _nothing(begin, end, dead, wanted, confidence)
    counts = _count(distinct, when, begin, end, dead)
    steps = counts.before * counts.events / counts.at_risk
    total = np.concatenate([[0.0], np.cumsum(steps)])
    estimate = total[np.searchsorted(distinct, wanted, side="right")]
    error = np.array([_error(counts, total, moment, who, when, begin, end, dead) for moment in wanted])
    nothing = _nothing(begin, end, dead, wanted, confidence)
    some = estimate > 0
    factor = np.exp(normal_quantile(confidence) * error / np.where(some, estimate, 1.0))
    lower, upper = np.where(some, estimate / factor, 0.0), np.where(some, estimate * factor, nothing.upper)
    return MeanCount(wanted, estimate, error, lower, upper)


def _events(person: ArrayLike, event_time: ArrayLike, begin: Floats, end: Floats) -> tuple[Integers, Floats]:
    if not np.size(person) and not np.size(event_time):
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    who = whole_numbers(person, "person")
    when = times(event_time, "event_time", len(who))
    if who.max() >= len(end):
        raise EstimationError(f"an event belongs to person {who.max()}, and there are {len(end)}, counted from 0")
    outside = np.flatnonzero((when > end[who]) | (when <= begin[who]))
    if outside.size:
        row = int(outside[0])
        raise EstimationError(f"event {row} at {when[row]:g} lies outside the time that its person was observed")
    return who, when


def _count(distinct: Floats, when: Floats, begin: Floats, end: Floats, dead: ArrayLike) -> _Counts:
    entered = np.searchsorted(np.sort(begin), distinct, side="left")
    at_risk = (entered - np.searchsorted(np.sort(end), distinct, side="left")).astype(np.float64)
    size = len(distinct)
    events = np.bincount(np.searchsorted(distinct, when), minlength=size).astype(np.float64)
    deaths = np.bincount(np.searchsorted(distinct, end[np.asarray(dead)]), minlength=size).astype(np.float64)
    survival = np.cumprod(1 - deaths / at_risk)
    return _Counts(distinct, at_risk, events, deaths, np.concatenate([[1.0], survival[:-1]]))


def _error(
    counts: _Counts,
    total: Floats,
    moment: float,
    who: Integers,
    when: Floats,
    begin: Floats,
    end: Floats,
    dead: ArrayLike,
) -> float:
    """Root of the sum of squared influences of the people on the count at one moment."""
    use = counts.time <= moment
    # an event adds its step; a death takes away what would still have come
    weight = np.where(use, counts.before / counts.at_risk, 0.0)
    reached = total[np.searchsorted(counts.time, moment, side="right")]
    gone = np.where(counts.deaths < counts.at_risk, counts.at_risk - counts.deaths, np.inf)
    loss = np.where(use, (reached - total[1:]) / gone, 0.0)
    influence = np.zeros(len(end))
    np.add.at(influence, who, weight[np.searchsorted(counts.time, when)])
    died = np.flatnonzero(dead)
    influence[died] -= loss[np.searchsorted(counts.time, end[died])]
    drift = weight * counts.events / counts.at_risk - loss * counts.deaths / counts.at_risk
    passed = np.concatenate([[0.0], np.cumsum(drift)])
    window = passed[np.searchsorted(counts.time, end, side="right")]
    influence -= window - passed[np.searchsorted(counts.time, begin, side="right")]
    return float(np.sqrt(np.sum(influence**2)))


def _nothing(begin: Floats, end: Floats, dead: ArrayLike, wanted: Floats, confidence: float) -> MeanCount:
    tail = (1 - confidence) / 2
    normal_quantile(confidence)
    early = begin <= begin.min()
    known = np.array([np.sum(early & ((end >= moment) | np.asarray(dead))) for moment in wanted], dtype=np.float64)
    upper = np.divide(-np.log(tail), known, out=np.full(len(wanted), np.inf), where=known > 0)
    zero = np.zeros(len(wanted))
    return MeanCount(wanted, zero, zero, zero, upper)
