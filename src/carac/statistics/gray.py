"""Gray's test: does the cumulative incidence of one cause differ between groups, other causes competing.

Gray RJ. Ann Stat 1988;16:1141-1154. For each group the number of events is held against what the groups' common
subdistribution hazard gives, weighted by (1 - F)^rho with F the common cumulative incidence before the time. The
variance is Gray's, for tied times with the factor of sampling without replacement, 1 - (d - 1) / (n - 1).

O(n log n) for the sorting, then O(times x groups^3) per stratum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from carac.statistics.checks import Booleans, EstimationError, Floats, Integers, labels, times, whole_numbers


@dataclass(frozen=True)
class GrayTest:
    """Result of the test.

    Attributes
    ----------
    statistic, degrees_of_freedom, p_value: chi-squared.
    groups: labels in order.
    observed, expected: weighted events per group, and what the common subdistribution hazard gives.
    """

    statistic: float
    degrees_of_freedom: int
    p_value: float
    groups: tuple[Any, ...]
    observed: Floats
    expected: Floats


@dataclass(frozen=True)
class _Counts:
    """Per distinct time (rows) and group (columns): at risk, events of the cause, other events."""

    at_risk: Floats
    events: Floats
    competing: Floats


def gray_test(
    time: ArrayLike,
    status: ArrayLike,
    group: ArrayLike,
    cause: int = 1,
    strata: ArrayLike | None = None,
    rho: float = 0.0,
) -> GrayTest:
    """Compare the cumulative incidence of one cause among two groups or more.

    Parameters
    ----------
    time: when each was last observed, from 0.
    status: 0 for censored, else the number of the cause.
    group: label of each.
    strata: label of the stratum of each; groups are compared within strata only. None for a single stratum.
    rho: 0 weighs all times alike; above 0 early times count more.

    Raises EstimationError where there is one group, no event of the cause, or nothing to compare.
    """
    stop = times(time)
    ended = whole_numbers(status, "status", len(stop))
    names, member = labels(group, "group", len(stop))
    _, stratum = labels(strata, "strata", len(stop))
    if len(names) < 2:
        raise EstimationError("there is one group only, so there is nothing to compare")
    if not (ended == cause).any():
        raise EstimationError(f"no event of cause {cause} happened in any group, so there is nothing to compare")
    score, variance = np.zeros(len(names)), np.zeros((len(names), len(names)))
    observed = np.zeros(len(names))
    for number in range(int(stratum.max()) + 1):
        chosen = stratum == number
        part, spread, weighted = _stratum(_counts(stop, ended, member, cause, len(names), chosen), rho)
        score, variance, observed = score + part, variance + spread, observed + weighted
    statistic, freedom = quadratic_form(score, variance)
    if not freedom:
        raise EstimationError("no event happened while more than one group was under observation")
    return GrayTest(statistic, freedom, float(chdtrc(freedom, statistic)), names, observed, observed - score)


def quadratic_form(score: Floats, variance: Floats) -> tuple[float, int]:
    """Chi-squared of scores that sum to 0, and the rank of their variance (0 where nothing varies)."""
    values, vectors = np.linalg.eigh(variance)
    use = values > 1e-9 * max(float(np.abs(np.diag(variance)).max()), 1e-300)
    return float(np.sum((vectors[:, use].T @ score) ** 2 / values[use])), int(use.sum())


def _counts(stop: Floats, ended: Integers, member: Integers, cause: int, groups: int, chosen: Booleans) -> _Counts:
    distinct, place = np.unique(stop[chosen], return_inverse=True)
    kind, cell = ended[chosen], place * groups + member[chosen]
    size = len(distinct) * groups

    def tally(which: Booleans) -> Floats:
        return np.bincount(cell[which], minlength=size).reshape(-1, groups).astype(np.float64)

    left = tally(np.ones(len(cell), dtype=bool))
    at_risk = np.cumsum(left[::-1], axis=0)[::-1]
    return _Counts(at_risk, tally(kind == cause), tally((kind != 0) & (kind != cause)))


def _stratum(counts: _Counts, rho: float) -> tuple[Floats, Floats, Floats]:
    """Score, its variance, and weighted events of one stratum."""
    groups = counts.at_risk.shape[1]
    use = ((counts.events + counts.competing) > 0).any(axis=1)
    if not use.any():
        return np.zeros(groups), np.zeros((groups, groups)), np.zeros(groups)
    part = _Counts(counts.at_risk[use], counts.events[use], counts.competing[use])
    left = 1 - _divide(part.events + part.competing, part.at_risk)
    survival = np.asarray(np.cumprod(left, axis=0), dtype=np.float64)
    before = _previous(survival, 1.0)
    own = _previous(np.cumsum(before * _divide(part.events, part.at_risk), axis=0), 0.0)
    # as many as would be at risk had no competing event and no earlier event of the cause removed anybody
    size = _divide(part.at_risk, before)
    total = part.events.sum(axis=1, keepdims=True)
    expected = total * _divide(size * (1 - own), (size * (1 - own)).sum(axis=1, keepdims=True))
    step = _divide(total, size.sum(axis=1, keepdims=True))
    common = np.cumsum(step, axis=0)
    weight = (1 - _previous(common, 0.0)) ** rho
    variance = _variance(part, size, survival, before, step, weight)
    return (weight * (part.events - expected)).sum(axis=0), variance, (weight * part.events).sum(axis=0)


def _variance(counts: _Counts, size: Floats, survival: Floats, before: Floats, step: Floats, weight: Floats) -> Floats:
    """Gray's variance: what each event of each group (r) adds to the scores of all groups (k).

    An event of the cause in group r at u moves score k at u by `direct`, and through the later incidence of r by
    `later` times 1 - (1 - F) / S; a competing event moves it by the second alone.
    """
    groups = size.shape[1]
    common = np.cumsum(step, axis=0)
    left = 1 - _previous(common, 0.0)
    share = _divide(size, size.sum(axis=1, keepdims=True))
    direct = (weight * size)[:, None, :] * (np.eye(groups) - share[:, :, None])
    passed = np.cumsum(direct * _divide(step, left)[:, :, None], axis=0)
    later = passed[-1] - passed
    relative = np.where(survival > 0, _divide(1 - common, survival), 0.0)[:, None, :]
    of_cause = direct + (1 - relative) * later
    of_others = -relative * later
    tied = counts.events.sum(axis=1, keepdims=True)
    cause_weight = _without_replacement(tied, size.sum(axis=1, keepdims=True) * before) * _divide(step, size)
    other_weight = _without_replacement(counts.competing, counts.at_risk) * _divide(
        before**2 * counts.competing, counts.at_risk**2
    )
    return np.einsum("tkr,tlr,tr->kl", of_cause, of_cause, cause_weight) + np.einsum(
        "tkr,tlr,tr->kl", of_others, of_others, other_weight
    )


def _without_replacement(drawn: Floats, size: Floats) -> Floats:
    """1 - (d - 1) / (n - 1) where more than one event is tied, else 1."""
    return np.where(drawn > 1, 1 - _divide(drawn - 1, size - 1), 1.0)


def _previous(values: Floats, start: float) -> Floats:
    return np.vstack([np.full((1, values.shape[1]), start), values[:-1]])


def _divide(above: Floats, below: Floats) -> Floats:
    """Quotient, 0 where the divisor is not positive: a group of which nobody is left adds nothing."""
    shape = np.broadcast_shapes(above.shape, below.shape)
    divisor = np.broadcast_to(below, shape)
    return np.divide(above, divisor, out=np.zeros(shape), where=divisor > 0)
