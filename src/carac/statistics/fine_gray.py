"""The proportional subdistribution hazards model for one cause among competing ones.

Fine JP, Gray RJ. J Am Stat Assoc 1999;94:496-509. Who had a competing event stays in the risk set with the weight
G(t-) / G(T-), G the Kaplan-Meier estimate of being uncensored (within strata of censoring, where given); at a shared
time, events come before censoring only in that all who leave are at risk. Ties by Breslow. The covariance is that of
the paper, with the term for G being estimated, as crr gives it; finegray with coxph differs in the fourth decimal where
times are tied.

O(n log n) once for sorting and O(n p + p^3) per iteration: the risk sets are running sums, and the second derivative is
one weighted product of the covariates with themselves. The covariance is O(n p^2).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from carac.statistics.checks import (
    ConvergenceError,
    EstimationError,
    Floats,
    Integers,
    SeparationError,
    labels,
    matrix,
    normal_quantile,
    require_rank,
    times,
    vector,
    whole_numbers,
)
from carac.statistics.newton import Maximum, Point, inverse, maximise, weakest


@dataclass(frozen=True)
class FineGray:
    """A fitted model.

    Attributes
    ----------
    coefficients: log subdistribution hazard ratios, one per covariate.
    covariance: robust, with the censoring term.
    model_covariance: the inverse of the information, for comparison.
    log_likelihood, null_log_likelihood: of the weighted partial likelihood, at the estimate and at 0.
    rows, events: how many were used, and how many had the event.
    time, baseline_hazard: cumulative subdistribution hazard at covariates of 0, after each time of an event.
    """

    coefficients: Floats
    covariance: Floats
    model_covariance: Floats
    log_likelihood: float
    null_log_likelihood: float
    rows: int
    events: int
    time: Floats
    baseline_hazard: Floats

    @property
    def standard_errors(self) -> Floats:
        """Square roots of the covariance's diagonal."""
        return np.sqrt(np.diag(self.covariance))

    def interval(self, confidence: float = 0.95) -> tuple[Floats, Floats]:
        """Wald interval of the coefficients."""
        half = normal_quantile(confidence) * self.standard_errors
        return self.coefficients - half, self.coefficients + half

    def incidence(self, covariates: ArrayLike, moments: ArrayLike) -> Floats:
        """Predicted cumulative incidence: rows as the covariates, columns as moments; constant after the last event."""
        design = np.atleast_2d(np.asarray(covariates, dtype=np.float64))
        if design.shape[1] != len(self.coefficients) or not np.isfinite(design).all():
            raise EstimationError(f"prediction wants {len(self.coefficients)} covariates, none of them missing")
        place = np.searchsorted(self.time, vector(np.atleast_1d(moments), "moments"), side="right")
        hazard = np.append(0.0, self.baseline_hazard)[place]
        return -np.expm1(-np.exp(design @ self.coefficients)[:, None] * hazard)


@dataclass(frozen=True)
class _Data:
    """Rows sorted by time, covariates centred; all that does not change between iterations.

    Attributes
    ----------
    time, covariates: per row.
    event, other: places of rows with the event of interest and with a competing one.
    moments: distinct times of the event; `count`: how many at each.
    first: place of the first row at risk at each moment.
    group, free: stratum of censoring, and G(T-) of each row.
    free_at: G(t-) at each moment, one row per stratum.
    """

    time: Floats
    covariates: Floats
    event: Integers
    other: Integers
    moments: Floats
    count: Floats
    first: Integers
    group: Integers
    free: Floats
    free_at: Floats
    censored: Integers

    @cached_property
    def after(self) -> Integers:
        """For each row, how many moments lie at or before its time."""
        return np.searchsorted(self.moments, self.time, side="right").astype(np.int64)

    @cached_property
    def ended_before(self) -> list[tuple[Integers, Integers]]:
        """Per stratum: its rows with a competing event, and how many of them came before each moment."""
        found = []
        for number in range(len(self.free_at)):
            rows = self.other[self.group[self.other] == number]
            found.append((rows, np.searchsorted(self.time[rows], self.moments, side="left").astype(np.int64)))
        return found


def fine_gray(
    time: ArrayLike,
    status: ArrayLike,
    covariates: ArrayLike,
    cause: int = 1,
    censoring_group: ArrayLike | None = None,
) -> FineGray:
    """Fit the model to complete rows.

    Parameters
    ----------
    time: when each was last observed, from 0.
    status: 0 for censored, else the number of the cause.
    covariates: one row each, fixed in time; a missing one is an error, never a coefficient of 0.
    cause: the cause of interest.
    censoring_group: strata within which censoring is alike; None for one.

    Raises EstimationError where no event happened or covariates do not vary, SeparationError where a combination of
    covariates sorts the events perfectly.
    """
    data, centre = _prepare(time, status, covariates, cause, censoring_group)
    width = data.covariates.shape[1]
    fit = maximise(lambda beta: _likelihood(data, beta), np.zeros(width))
    if not fit.settled or _runs_off(data, fit):
        _say_why(data, fit)
    beta = fit.coefficients
    spread = inverse(fit.point.information)
    middle = _middle(data, beta)
    weights, _, _ = _risk_sums(data, beta)
    hazard = np.cumsum(data.count / weights) * np.exp(-centre @ beta)
    null = _likelihood(data, np.zeros(width)).value
    return FineGray(
        beta,
        spread @ middle @ spread,
        spread,
        fit.point.value,
        null,
        len(data.time),
        len(data.event),
        data.moments,
        hazard,
    )


def censoring_survival(time: Floats, censored: Integers, group: Integers, moments: Floats) -> tuple[Floats, Floats]:
    """Kaplan-Meier of being uncensored just before a time, within groups; rows are sorted by time.

    Returns it at each row's own time, and at the moments with one row per group.
    """
    own, at_moments = np.ones(len(time)), []
    for number in range(int(group.max()) + 1):
        rows = np.flatnonzero(group == number)
        distinct, first, left = np.unique(time[rows], return_index=True, return_counts=True)
        gone = np.add.reduceat(censored[rows].astype(np.float64), first)
        at_risk = len(rows) - (np.cumsum(left) - left)
        curve = np.concatenate([[1.0], np.cumprod(1 - gone / at_risk)])
        own[rows] = curve[np.searchsorted(distinct, time[rows], side="left")]
        at_moments.append(curve[np.searchsorted(distinct, moments, side="left")])
    return own, np.array(at_moments)


def _prepare(
    time: ArrayLike, status: ArrayLike, covariates: ArrayLike, cause: int, censoring_group: ArrayLike | None
) -> tuple[_Data, Floats]:
    stop = times(time)
    ended = whole_numbers(status, "status", len(stop))
    design = matrix(covariates, "covariates", len(stop))
    _, group = labels(censoring_group, "censoring_group", len(stop))
    if not (ended == cause).any():
        raise EstimationError(f"no event of cause {cause} happened, so that no hazard ratio can be estimated")
    centre = design.mean(axis=0)
    design = design - centre
    design[:, np.ptp(design, axis=0) < 1e-12 * np.maximum(np.abs(centre), 1e-300)] = 0.0
    require_rank(design)
    order = np.argsort(stop, kind="stable")
    stop, ended, design, group = stop[order], ended[order], design[order], group[order]
    moments, count = np.unique(stop[ended == cause], return_counts=True)
    free, free_at = censoring_survival(stop, (ended == 0).astype(np.int64), group, moments)
    data = _Data(
        time=stop,
        covariates=design,
        event=np.flatnonzero(ended == cause),
        other=np.flatnonzero((ended != cause) & (ended != 0)),
        moments=moments,
        count=count.astype(np.float64),
        first=np.searchsorted(stop, moments, side="left").astype(np.int64),
        group=group,
        free=free,
        free_at=free_at,
        censored=np.flatnonzero(ended == 0),
    )
    return data, centre


def _risk_sums(data: _Data, beta: Floats) -> tuple[Floats, Floats, Floats]:
    """Weighted size of the risk set at each moment, the mean covariates in it, and each row's relative hazard."""
    hazard = np.exp(data.covariates @ beta)
    both = np.column_stack([hazard, data.covariates * hazard[:, None]])
    sums = np.cumsum(both[::-1], axis=0)[::-1][data.first]
    for number, (rows, before) in enumerate(data.ended_before):
        gone = np.vstack([np.zeros(both.shape[1]), np.cumsum(both[rows] / data.free[rows, None], axis=0)])
        sums += data.free_at[number][:, None] * gone[before]
    return sums[:, 0], sums[:, 1:] / sums[:, :1], hazard


def _exposure(data: _Data, steps: Floats) -> tuple[Floats, list[Floats]]:
    """What each row was exposed to, steps adding up over the moments that it was at risk at.

    Also, per stratum of censoring, the sums of G(t-) times step over the moments from each on.
    """
    shape = (1, *steps.shape[1:])
    total = np.concatenate([np.zeros(shape), np.cumsum(steps, axis=0)])[data.after]
    tails = []
    for number, (rows, _) in enumerate(data.ended_before):
        weighted = steps * data.free_at[number].reshape(-1, *[1] * (steps.ndim - 1))
        tail = np.concatenate([np.cumsum(weighted[::-1], axis=0)[::-1], np.zeros(shape)])
        total[rows] += tail[data.after[rows]] / data.free[rows].reshape(-1, *[1] * (steps.ndim - 1))
        tails.append(tail)
    return total, tails


def _likelihood(data: _Data, beta: Floats) -> Point:
    with np.errstate(over="ignore", invalid="ignore"):
        weights, means, hazard = _risk_sums(data, beta)
        value = float((data.covariates[data.event] @ beta).sum() - (data.count * np.log(weights)).sum())
        if not np.isfinite(value):
            return Point(-np.inf, np.zeros_like(beta), np.eye(len(beta)))
        score = data.covariates[data.event].sum(axis=0) - data.count @ means
        exposure, _ = _exposure(data, data.count / weights)
        second = (data.covariates * (hazard * exposure)[:, None]).T @ data.covariates
        return Point(value, score, second - (means * data.count[:, None]).T @ means)


def _middle(data: _Data, beta: Floats) -> Floats:
    """The sum of squares of each row's share in the score, that through the estimated censoring among it."""
    weights, means, hazard = _risk_sums(data, beta)
    steps = data.count / weights
    exposure, tails = _exposure(data, steps)
    exposure_means, mean_tails = _exposure(data, steps[:, None] * means)
    shares = -hazard[:, None] * (data.covariates * exposure[:, None] - exposure_means)
    shares[data.event] += data.covariates[data.event] - means[data.after[data.event] - 1]
    for number, (rows, _) in enumerate(data.ended_before):
        shares += _censoring_shares(data, number, rows, hazard, tails[number], mean_tails[number])
    return shares.T @ shares


def _censoring_shares(
    data: _Data, number: int, rows: Integers, hazard: Floats, tail: Floats, mean_tail: Floats
) -> Floats:
    """What each row of a stratum adds through G: its censoring martingale, times how the score depends on G.

    Censoring at u moves the weight at s of who had a competing event at X where X < u <= s, as the paper prints it.
    """
    shares = np.zeros_like(data.covariates)
    members = np.flatnonzero(data.group == number)
    gone = data.censored[data.group[data.censored] == number]
    if not gone.size or not rows.size:
        return shares
    moments, count = np.unique(data.time[gone], return_counts=True)
    at_risk = len(members) - np.searchsorted(data.time[members], moments, side="left")
    weight = hazard[rows] / data.free[rows]
    sums = np.cumsum(np.column_stack([weight, data.covariates[rows] * weight[:, None]]), axis=0)
    sums = np.vstack([np.zeros(sums.shape[1]), sums])[np.searchsorted(data.time[rows], moments, side="left")]
    following = np.searchsorted(data.moments, moments, side="left")
    slope = (sums[:, 1:] * tail[following, None] - sums[:, :1] * mean_tail[following]) / at_risk[:, None]
    passed = np.vstack([np.zeros(slope.shape[1]), np.cumsum(slope * (count / at_risk)[:, None], axis=0)])
    shares[members] -= passed[np.searchsorted(moments, data.time[members], side="right")]
    shares[gone] += slope[np.searchsorted(moments, data.time[gone], side="left")]
    return shares


def _runs_off(data: _Data, fit: Maximum) -> bool:
    """Whether the last direction sorts every risk set perfectly, so that the likelihood has no maximum."""
    weak = weakest(fit.point.information)
    return any(sorts_perfectly(data, way) for way in (fit.direction, fit.coefficients, weak, -weak))


def sorts_perfectly(data: _Data, direction: Floats) -> bool:
    """Whether every event has the largest value of this combination of covariates in its risk set."""
    value = data.covariates @ direction
    spread = float(np.ptp(value))
    if not spread:
        return False
    largest = np.maximum.accumulate(value[::-1])[::-1][data.first]
    for number, (rows, before) in enumerate(data.ended_before):
        peak = np.concatenate([[-np.inf], np.maximum.accumulate(value[rows])])[before]
        largest = np.maximum(largest, np.where(data.free_at[number] > 0, peak, -np.inf))
    own = value[data.event]
    return bool((own >= largest[data.after[data.event] - 1] - 1e-9 * spread).all())


def _say_why(data: _Data, fit: Maximum) -> None:
    if _runs_off(data, fit):
        column = int(np.argmax(np.abs(fit.direction * data.covariates.std(axis=0))))
        raise SeparationError(
            f"every event has the largest value of a combination of covariates, of column {column} above all, so that"
            " its hazard ratio has no finite estimate"
        )
    raise ConvergenceError("the likelihood of the subdistribution hazards did not reach a maximum")
