"""How good predictions of a cumulative incidence are: discrimination, accuracy, calibration, net benefit.

Weighted by the inverse probability of being uncensored (Graf E et al. Stat Med 1999;18:2529-2545; under competing
risks: Blanche P, Dartigues JF, Jacqmin-Gadda H. Stat Med 2013;32:5381-5397; Schoop R et al. Biom J 2011;53:88-112).
Somebody who had a competing event by the horizon is a control: the event of interest did not happen. Standard errors
hold the part that comes from estimating the weights. Decision curves: Vickers AJ et al. BMC Med Inform Decis Mak
2008;8:53, with the cumulative incidence among those above the threshold.

O(n log n) each. The censoring distribution does not depend on covariates here, and is that of all rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from carac.statistics.checks import (
    Booleans,
    EstimationError,
    Floats,
    Integers,
    normal_quantile,
    require_fraction,
    times,
    vector,
    whole_numbers,
)
from carac.statistics.incidence import aalen_johansen, at_times


@dataclass(frozen=True)
class Score:
    """A figure of merit with its standard error and interval."""

    estimate: float
    standard_error: float
    lower: float
    upper: float


@dataclass(frozen=True)
class CalibrationGroup:
    """People with similar predictions: mean prediction, and what happened to them (Aalen-Johansen)."""

    count: int
    predicted: float
    observed: float
    lower: float
    upper: float


@dataclass(frozen=True)
class DecisionCurve:
    """Net benefit per person of treating those above each threshold, beside treating all and none (0)."""

    threshold: Floats
    model: Floats
    treat_all: Floats
    above: Integers


@dataclass(frozen=True)
class Weighted:
    """Who is a case by the horizon, who a control, with their weights; and what the influence of the weights needs.

    Attributes
    ----------
    case, control: neither where somebody was censored before the horizon.
    weight: inverse probability of being uncensored; 0 for those who are neither.
    until, stop, censored: time observed up to the horizon and in all, and whether it ended without an event.
    """

    case: Booleans
    control: Booleans
    weight: Floats
    until: Floats
    stop: Floats
    censored: Booleans


def brier_score(
    time: ArrayLike,
    status: ArrayLike,
    predicted: ArrayLike,
    horizon: float,
    cause: int = 1,
    confidence: float = 0.95,
) -> Score:
    """Mean squared distance between prediction and outcome at the horizon, from 0 (perfect).

    Parameters
    ----------
    time, status: as for the cumulative incidence.
    predicted: probability of the event of interest by the horizon, between 0 and 1.
    horizon: must lie before the last observed time.
    """
    data = weighted_outcome(time, status, horizon, cause)
    chance = _probabilities(predicted, len(data.stop))
    parts = data.weight * (data.case - chance) ** 2 / len(chance)
    estimate = float(parts.sum())
    influence = parts - estimate / len(chance) + _through_censoring(data, parts)
    return _score(estimate, influence, confidence)


def null_brier_score(time: ArrayLike, status: ArrayLike, horizon: float, cause: int = 1) -> Score:
    """The Brier score of giving everybody the cumulative incidence of all; what a model has to beat."""
    stop = times(time)
    overall = at_times(aalen_johansen(stop, status, cause), [horizon]).estimate[0]
    return brier_score(stop, status, np.full(len(stop), overall), horizon, cause)


def area_under_curve(
    time: ArrayLike,
    status: ArrayLike,
    predicted: ArrayLike,
    horizon: float,
    cause: int = 1,
    confidence: float = 0.95,
) -> Score:
    """Probability that a case by the horizon was given a higher prediction than a control; ties count half.

    Parameters
    ----------
    predicted: any score of which higher means likelier.
    """
    data = weighted_outcome(time, status, horizon, cause)
    return _score(*_area(data, vector(predicted, "predicted", len(data.stop)), horizon), confidence)


def area_difference(
    time: ArrayLike,
    status: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    horizon: float,
    cause: int = 1,
    confidence: float = 0.95,
) -> Score:
    """Area of the first score less that of the second on the same people, whose areas are not independent.

    The influences of each person on both areas are subtracted (without censoring this is DeLong ER et al. Biometrics
    1988;44:837-845, but for n in place of n - 1). Two scores that order everybody alike differ by 0 with no error.
    """
    data = weighted_outcome(time, status, horizon, cause)
    found = [
        _area(data, vector(one, name, len(data.stop)), horizon) for one, name in ((first, "first"), (second, "second"))
    ]
    (one, own), (other, theirs) = found
    error = float(np.sqrt(np.sum((own - theirs) ** 2)))
    half = normal_quantile(confidence) * error
    return Score(one - other, error, max(-1.0, one - other - half), min(1.0, one - other + half))


def _area(data: Weighted, marker: Floats, horizon: float) -> tuple[float, Floats]:
    """Area under the curve, and the influence of each person on it."""
    cases, controls = data.weight * data.case, data.weight * data.control
    if not cases.any() or not controls.any():
        raise EstimationError(f"by {horizon:g} there are not both cases and controls, so nothing can be told apart")
    # share of controls below each, and of cases above each, with half of those level
    below = _share_below(marker, marker, controls)
    above = 1 - _share_below(marker, marker, cases)
    estimate = float(np.sum(cases * below) / cases.sum())
    parts = cases * (below - estimate) / cases.sum() + controls * (above - estimate) / controls.sum()
    return estimate, parts + _through_censoring(data, parts)


def calibration(
    time: ArrayLike,
    status: ArrayLike,
    predicted: ArrayLike,
    horizon: float,
    cause: int = 1,
    groups: int = 5,
    confidence: float = 0.95,
) -> list[CalibrationGroup]:
    """Predicted against observed incidence at the horizon in groups of like prediction; equal ones stay together.

    A group of which nobody was observed to the horizon has no observed value: fewer groups are then wanted, and the
    error says so.
    """
    stop = times(time)
    ended = whole_numbers(status, "status", len(stop))
    chance = _probabilities(predicted, len(stop))
    if groups < 1:
        raise EstimationError("there must be one group or more")
    edges = np.unique(np.quantile(chance, np.linspace(0, 1, groups + 1)[1:-1]))
    member = np.searchsorted(edges, chance, side="left")
    found = []
    for number in np.unique(member):
        rows = member == number
        curve = aalen_johansen(stop[rows], ended[rows], cause, confidence=confidence)
        # where all had an event of some cause before the horizon, nothing is open
        if stop[rows].max() < horizon and curve.event_free[-1] > 0:
            raise EstimationError(f"nobody in group {number} was observed to {horizon:g}; take fewer groups")
        seen = at_times(curve, [horizon])
        mean = float(chance[rows].mean())
        low, high = float(seen.lower[0]), float(seen.upper[0])
        found.append(CalibrationGroup(int(rows.sum()), mean, float(seen.estimate[0]), low, high))
    return found


def decision_curve(
    time: ArrayLike,
    status: ArrayLike,
    predicted: ArrayLike,
    horizon: float,
    thresholds: Sequence[float],
    cause: int = 1,
) -> DecisionCurve:
    """Net benefit: the share treated and having the event, less the share treated in vain at the threshold's odds.

    Where nobody lies above a threshold, the model treats nobody and its net benefit is 0.
    """
    stop = times(time)
    ended = whole_numbers(status, "status", len(stop))
    chance = _probabilities(predicted, len(stop))
    limits = vector(thresholds, "thresholds")
    for limit in limits:
        require_fraction(float(limit), "threshold")
    counts = [int((chance >= limit).sum()) for limit in limits]
    # those above a threshold are among those above a lower one: how many they are says who they are
    incidence = {0: 0.0}
    for count, limit in [(len(chance), -1.0), *zip(counts, limits.tolist(), strict=True)]:
        if count not in incidence:
            above = chance >= limit
            curve = aalen_johansen(stop[above], ended[above], cause)
            incidence[count] = float(at_times(curve, [horizon]).estimate[0])
    odds = limits / (1 - limits)
    share = np.array(counts) / len(chance)
    happens = np.array([incidence[count] for count in counts])
    of_all = incidence[len(chance)]
    return DecisionCurve(
        limits, share * (happens - (1 - happens) * odds), of_all - (1 - of_all) * odds, np.array(counts)
    )


def weighted_outcome(time: ArrayLike, status: ArrayLike, horizon: float, cause: int = 1) -> Weighted:
    """What happened by the horizon, weighted so that those who were seen to it stand for those who were not."""
    stop = times(time)
    ended = whole_numbers(status, "status", len(stop))
    if not 0 < horizon < stop.max():
        raise EstimationError(f"the horizon {horizon:g} must lie between 0 and the last observed time {stop.max():g}")
    distinct, place = np.unique(stop, return_inverse=True)
    gone = np.bincount(place, ended == 0, minlength=len(distinct))
    left = np.bincount(place, minlength=len(distinct))
    # at a shared time events come before censoring, as the usual reverse Kaplan-Meier has it
    at_risk = len(stop) - np.cumsum(left) + gone
    steps = np.divide(gone, at_risk, out=np.zeros(len(distinct)), where=at_risk > 0)
    free = np.concatenate([[1.0], np.cumprod(1 - steps)])
    happened = (stop <= horizon) & (ended != 0)
    later = stop > horizon
    at_own = free[place]
    at_horizon = free[np.searchsorted(distinct, horizon, side="right")]
    weight = np.where(happened, 1 / np.where(at_own > 0, at_own, 1), 0.0)
    weight[later] = 1 / at_horizon
    case = happened & (ended == cause)
    return Weighted(case, (happened & ~case) | later, weight, np.minimum(stop, horizon), stop, ended == 0)


def _through_censoring(data: Weighted, parts: Floats) -> Floats:
    """What each row adds through the estimated weights: its censoring martingale times the later share of the parts."""
    use = data.censored & (data.stop <= data.until)
    moments, count = np.unique(data.stop[use], return_counts=True)
    influence = np.zeros(len(parts))
    if not moments.size:
        return influence
    order = np.argsort(data.until, kind="stable")
    tail = np.concatenate([np.cumsum(parts[order][::-1])[::-1], [0.0]])
    later = tail[np.searchsorted(data.until[order], moments, side="right")]
    survivors = parts[data.stop > data.until].sum()
    later = np.where(moments >= data.until.max(), survivors, later)
    ahead = np.sort(data.stop)
    events = np.sort(data.stop[~data.censored])
    same = np.searchsorted(events, moments, side="right") - np.searchsorted(events, moments, side="left")
    at_risk = len(ahead) - np.searchsorted(ahead, moments, side="left") - same
    slope = later / at_risk
    passed = np.concatenate([[0.0], np.cumsum(slope * count / at_risk)])
    rows = np.searchsorted(moments, data.stop, side="right")
    # whoever had an event at a moment was no longer at risk of being censored at it
    rows = np.where(data.censored, rows, np.searchsorted(moments, data.stop, side="left"))
    influence -= passed[rows]
    influence[use] += slope[np.searchsorted(moments, data.stop[use])]
    return influence


def _share_below(marker: Floats, values: Floats, weight: Floats) -> Floats:
    """Weighted share of values below each marker, with half of the level ones."""
    order = np.argsort(values, kind="stable")
    total = np.concatenate([[0.0], np.cumsum(weight[order])])
    ranked = values[order]
    low = total[np.searchsorted(ranked, marker, side="left")]
    high = total[np.searchsorted(ranked, marker, side="right")]
    return (low + high) / 2 / total[-1]


def _score(estimate: float, influence: Floats, confidence: float) -> Score:
    error = float(np.sqrt(np.sum(influence**2)))
    half = normal_quantile(confidence) * error
    return Score(estimate, error, max(0.0, estimate - half), min(1.0, estimate + half))


def _probabilities(predicted: ArrayLike, length: int) -> Floats:
    chance = vector(predicted, "predicted", length)
    if chance.min() < 0 or chance.max() > 1:
        raise EstimationError("a prediction lies outside 0 to 1, and is no probability")
    return chance
