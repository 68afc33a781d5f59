"""Cox's proportional hazards model, for one cause or for any event, with covariates that change by time.

Cox DR. J R Stat Soc B 1972;34:187-220; ties by Efron B. J Am Stat Assoc 1977;72:557-565 or Breslow N. Biometrics
1974;30:89-99; covariance robust to clusters by Lin DY, Wei LJ. J Am Stat Assoc 1989;84:1074-1078. A cause-specific
model counts events of the other causes as censored: give the indicator of one cause. A row is at risk after its start
and up to and with its stop, so that a covariate known from the start of a row cannot look into its future.

O(n log n) once for sorting, O(n p^2) per iteration: risk sets are differences of running sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from carac.statistics.checks import (
    Booleans,
    ConvergenceError,
    EstimationError,
    Floats,
    Integers,
    SeparationError,
    entries,
    indicators,
    labels,
    matrix,
    normal_quantile,
    require_rank,
    times,
    vector,
)
from carac.statistics.newton import Maximum, Point, inverse, is_singular, maximise, weakest

Ties = Literal["efron", "breslow"]

#: Only where the linear predictor spreads this far can a settled fit be one that runs to infinity.
WIDE = 12.0


@dataclass(frozen=True)
class Cox:
    """A fitted model.

    Attributes
    ----------
    coefficients: log hazard ratios, one per covariate.
    covariance: robust where clusters were given, else the inverse of the information.
    model_covariance: the inverse of the information.
    log_likelihood, null_log_likelihood: of the partial likelihood, at the estimate and at 0.
    rows, events: how many rows were used, and how many ended in an event.
    time, stratum, hazard: the times of events, their stratum's place among the sorted labels, and the step of the
        baseline cumulative hazard at each, for covariates of 0.
    """

    coefficients: Floats
    covariance: Floats
    model_covariance: Floats
    log_likelihood: float
    null_log_likelihood: float
    rows: int
    events: int
    time: Floats
    stratum: Integers
    hazard: Floats

    @property
    def standard_errors(self) -> Floats:
        """Square roots of the covariance's diagonal."""
        return np.sqrt(np.diag(self.covariance))

    def interval(self, confidence: float = 0.95) -> tuple[Floats, Floats]:
        """Wald interval of the coefficients."""
        half = normal_quantile(confidence) * self.standard_errors
        return self.coefficients - half, self.coefficients + half


@dataclass(frozen=True)
class RiskSets:
    """Rows sorted by stratum and stop; all that does not change between iterations.

    Times are coded as whole numbers, `key` joining stratum and time, so that one sorted order serves all strata.

    Attributes
    ----------
    covariates: centred, in the order of the rows as sorted.
    death: places of rows with an event; `fraction`: place of each among its ties, from 0 to below 1 (0 for Breslow).
    moment: for each death, which moment it belongs to.
    moments: key of each distinct time of events, per stratum; `time`, `stratum` of them.
    stop_key, start_key: of each row; `by_start`: order of rows by start.
    order: place in the input of each row as sorted.
    """

    covariates: Floats
    death: Integers
    fraction: Floats
    moment: Integers
    moments: Integers
    time: Floats
    stratum: Integers
    stop_key: Integers
    start_key: Integers
    by_start: Integers
    order: Integers
    centre: Floats
    codes: int
    delayed: bool

    @cached_property
    def _bounds(self) -> tuple[Integers, Integers]:
        """Where the rows with later stops begin, and those with later starts (or the next stratum), per moment."""
        starts = self.start_key[self.by_start]
        first = np.searchsorted(self.stop_key, self.moments, side="left").astype(np.int64)
        first_start = np.searchsorted(starts, self.moments, side="left").astype(np.int64)
        close = np.searchsorted(starts, (self.moments // self.codes + 1) * self.codes, side="left")
        return first, np.where(first_start < close, first_start, len(starts))

    @cached_property
    def window(self) -> tuple[Integers, Integers]:
        """For each row, how many moments lie before it, and before or within it."""
        return (
            np.searchsorted(self.moments, self.start_key, side="right").astype(np.int64),
            np.searchsorted(self.moments, self.stop_key, side="right").astype(np.int64),
        )

    def sums(self, values: Floats) -> Floats:
        """Sums of values (rows) over the risk set at each moment."""
        first, first_start = self._bounds
        found = self._from_the_end(values, self.stop_key)[first]
        if self.delayed:
            found = found - self._from_the_end(values[self.by_start], self.start_key[self.by_start])[first_start]
        return found

    def _from_the_end(self, values: Floats, keys: Integers) -> Floats:
        """Running sums from the last row of each stratum back, so that nothing large is ever taken away again."""
        edges = np.searchsorted(keys, np.arange(int(self.stop_key[-1]) // self.codes + 2) * self.codes)
        total = np.zeros((len(values) + 1, values.shape[1]))
        for low, high in pairwise(edges):
            total[low:high] = np.cumsum(values[low:high][::-1], axis=0)[::-1]
        return total

    def at_moments(self, values: Floats) -> Floats:
        """Sums of values (one per death) over the deaths at each moment."""
        found: Floats = np.add.reduceat(values, self._first_death, axis=0)
        return found

    @cached_property
    def _first_death(self) -> Integers:
        return np.searchsorted(self.moment, np.arange(len(self.moments))).astype(np.int64)

    def exposure(self, steps: Floats) -> Floats:
        """For each row, the sum of steps (one per moment) over the moments at which it was at risk."""
        total = np.concatenate([np.zeros((1, *steps.shape[1:])), np.cumsum(steps, axis=0)])
        before, until = self.window
        return total[until] - total[before]


def risk_sets(
    stop: ArrayLike,
    event: ArrayLike,
    covariates: ArrayLike,
    start: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    ties: Ties = "efron",
) -> RiskSets:
    """Check the input and sort it once."""
    end = times(stop, "stop")
    happened = indicators(event, "event", len(end))
    design = matrix(covariates, "covariates", len(end))
    begin = entries(start, end)
    _, stratum = labels(strata, "strata", len(end))
    if ties not in ("efron", "breslow"):
        raise EstimationError(f"there is no way {ties!r} to treat ties; known are efron and breslow")
    if not happened.any():
        raise EstimationError("no event happened, so that no hazard ratio can be estimated")
    centre = design.mean(axis=0)
    design = design - centre
    design[:, np.ptp(design, axis=0) < 1e-12 * np.maximum(np.abs(centre), 1e-300)] = 0.0
    require_rank(design)
    return _sorted(end, happened, design, begin, stratum, centre, ties)


def _sorted(
    end: Floats, happened: Booleans, design: Floats, begin: Floats, stratum: Integers, centre: Floats, ties: Ties
) -> RiskSets:
    distinct, code = np.unique(np.concatenate([end, begin]), return_inverse=True)
    codes = len(distinct)
    stop_key, start_key = stratum * codes + code[: len(end)], stratum * codes + code[len(end) :]
    order = np.argsort(stop_key, kind="stable")
    stop_key, start_key = stop_key[order], start_key[order]
    death = np.flatnonzero(happened[order])
    moments, first, moment, count = np.unique(
        stop_key[death], return_index=True, return_inverse=True, return_counts=True
    )
    rank = np.arange(len(death)) - first[moment]
    fraction = rank / count[moment] if ties == "efron" else np.zeros(len(death))
    return RiskSets(
        covariates=design[order],
        death=death,
        fraction=fraction,
        moment=moment.astype(np.int64),
        moments=moments,
        time=distinct[moments % codes],
        stratum=moments // codes,
        stop_key=stop_key,
        start_key=start_key,
        by_start=np.argsort(start_key, kind="stable").astype(np.int64),
        order=order.astype(np.int64),
        centre=centre,
        codes=codes,
        delayed=bool(np.isfinite(begin).any()),
    )


def cox(
    stop: ArrayLike,
    event: ArrayLike,
    covariates: ArrayLike,
    start: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    ties: Ties = "efron",
) -> Cox:
    """Fit the model to complete rows.

    Parameters
    ----------
    stop, event: end of each row, and whether it ended in an event (0 or 1).
    covariates: their values within the row; a missing one is an error.
    start: begin of each row, open; minus infinity, or None, for who is observed from before all.
    strata: rows are compared within strata only.
    cluster: who each row belongs to; gives the robust covariance.
    ties: "efron" or "breslow".

    Raises EstimationError where no event happened or a covariate does not vary among those at risk, SeparationError
    where a combination of covariates sorts the events perfectly.
    """
    data = risk_sets(stop, event, covariates, start, strata, ties)
    null = likelihood(data, np.zeros(data.covariates.shape[1]))
    require_information(data, null)
    fit = maximise(lambda beta: likelihood(data, beta), np.zeros(len(null.score)))
    _require_finite_estimate(data, fit)
    beta = fit.coefficients
    model = inverse(fit.point.information)
    covariance = model
    if cluster is not None:
        names, member = labels(cluster, "cluster", len(data.order))
        if len(names) <= len(beta):
            raise EstimationError(f"{len(names)} clusters are too few for {len(beta)} coefficients")
        shares = np.zeros((len(names), len(beta)))
        np.add.at(shares, member[data.order], score_residuals(data, beta))
        covariance = model @ (shares.T @ shares) @ model
    hazard = baseline(data, beta)
    events = len(data.death)
    rows = len(data.order)
    return Cox(beta, covariance, model, fit.point.value, null.value, rows, events, data.time, data.stratum, hazard)


def likelihood(data: RiskSets, beta: Floats) -> Point:
    """Partial log-likelihood with its derivatives."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        hazard, sizes, means = _per_death(data, beta)
        own = data.covariates[data.death]
        value = float((own @ beta).sum() - np.log(sizes).sum())
        if not np.isfinite(value):
            return Point(-np.inf, np.zeros_like(beta), np.eye(len(beta)))
        weight = hazard * data.exposure(data.at_moments(1 / sizes))
        # a tied event counts only in part in the risk set of the next among its ties
        weight[data.death] -= hazard[data.death] * data.at_moments(data.fraction / sizes)[data.moment]
        second = (data.covariates * weight[:, None]).T @ data.covariates
        return Point(value, (own - means).sum(axis=0), second - means.T @ means)


def penalty_slope(data: RiskSets, beta: Floats, spread: Floats) -> Floats:
    """Derivative of the logarithm of the information's determinant; `spread` is the inverse of the information.

    It is the sum over deaths of E[(x - m)' V (x - m) (x - m)] in the risk set, m its mean, multiplied out.
    """
    hazard, sizes, means = _per_death(data, beta)
    design = data.covariates
    width = design.shape[1]
    square = np.einsum("ij,jk,ik->i", design, spread, design)
    products = (design[:, :, None] * design[:, None, :]).reshape(len(design), -1)
    moments = np.column_stack([square, square[:, None] * design, products]) * hazard[:, None]
    sums = data.sums(moments)[data.moment]
    if data.fraction.any():
        sums = sums - data.fraction[:, None] * data.at_moments(moments[data.death])[data.moment]
    sums = sums / sizes[:, None]
    second = sums[:, 1 + width :].reshape(-1, width, width)
    turned = means @ spread
    inner = np.einsum("ij,ijk->ik", turned, second) - means * np.einsum("ij,ij->i", turned, means)[:, None]
    slope: Floats = (sums[:, 1 : 1 + width] - sums[:, :1] * means - 2 * inner).sum(axis=0)
    return slope


def _per_death(data: RiskSets, beta: Floats) -> tuple[Floats, Floats, Floats]:
    """Relative hazard of each row; for each death the weighted size of its risk set and the mean covariates in it."""
    hazard = np.exp(data.covariates @ beta)
    both = np.column_stack([hazard, data.covariates * hazard[:, None]])
    sums = data.sums(both)[data.moment]
    if data.fraction.any():
        sums = sums - data.fraction[:, None] * data.at_moments(both[data.death])[data.moment]
    return hazard, sums[:, 0], sums[:, 1:] / sums[:, :1]


def score_residuals(data: RiskSets, beta: Floats) -> Floats:
    """What each row adds to the score, in sorted order; the sum over all is 0 at the estimate."""
    hazard, sizes, means = _per_death(data, beta)
    steps, mean_steps = 1 / sizes, means / sizes[:, None]
    exposure = data.exposure(data.at_moments(steps))
    mean_exposure = data.exposure(data.at_moments(mean_steps))
    part = data.at_moments(data.fraction * steps)[data.moment]
    mean_part = data.at_moments(data.fraction[:, None] * mean_steps)[data.moment]
    exposure[data.death] -= part
    mean_exposure[data.death] -= mean_part
    shares = -hazard[:, None] * (data.covariates * exposure[:, None] - mean_exposure)
    count = np.bincount(data.moment)[data.moment]
    shares[data.death] += data.covariates[data.death] - data.at_moments(means)[data.moment] / count[:, None]
    return shares


def baseline(data: RiskSets, beta: Floats) -> Floats:
    """Steps of the baseline cumulative hazard at each moment, for covariates of 0."""
    _, sizes, _ = _per_death(data, beta)
    return data.at_moments(1 / sizes) * np.exp(-data.centre @ beta)


def require_information(data: RiskSets, null: Point) -> None:
    """Refuse a covariate that never varies among those at risk when an event happens."""
    scale = data.covariates.var(axis=0) * len(data.death)
    flat = np.flatnonzero(np.diag(null.information) <= 1e-10 * scale)
    if flat.size:
        raise EstimationError(
            f"column {int(flat[0])} of the covariates does not vary among those at risk at the events, so that its"
            " hazard ratio cannot be estimated"
        )


def predicted_incidence(models: Sequence[Cox], covariates: ArrayLike, moments: ArrayLike, cause: int = 1) -> Floats:
    """Cumulative incidence of one cause from cause-specific models of all causes; rows as covariates.

    Parameters
    ----------
    models: one per cause, in the order of the causes, without strata, over the same covariates.
    covariates: fixed in time.
    moments: times, one column of the result each.
    cause: whose incidence, from 1.

    O(times of events x rows of covariates).
    """
    design = np.atleast_2d(np.asarray(covariates, dtype=np.float64))
    if any(model.stratum.any() or len(model.coefficients) != design.shape[1] for model in models):
        raise EstimationError("prediction wants models without strata over the same covariates as given")
    if not np.isfinite(design).all() or not 1 <= cause <= len(models):
        raise EstimationError("a covariate is missing, or there is no model of the cause")
    time = np.unique(np.concatenate([model.time for model in models]))
    steps = []
    for model in models:
        step = np.zeros(len(time))
        step[np.searchsorted(time, model.time)] = model.hazard
        steps.append(np.exp(design @ model.coefficients)[:, None] * step)
    survival = np.cumprod(np.maximum(1 - np.sum(steps, axis=0), 0.0), axis=1)
    before = np.column_stack([np.ones(len(design)), survival[:, :-1]])
    total = np.column_stack([np.zeros(len(design)), np.cumsum(before * steps[cause - 1], axis=1)])
    return total[:, np.searchsorted(time, vector(np.atleast_1d(moments), "moments"), side="right")]


def _require_finite_estimate(data: RiskSets, fit: Maximum) -> None:
    wide = float(np.ptp(data.covariates @ fit.coefficients)) > WIDE
    if wide or not fit.settled or is_singular(fit.point.information):
        weak = weakest(fit.point.information)
        # one covariate alone as well: the last steps of the others hide in rounding that it sorts
        alone = np.eye(len(weak))
        for direction in (fit.coefficients, fit.direction, weak, -weak, *alone, *-alone):
            if sorts_perfectly(data, direction):
                column = int(np.argmax(np.abs(direction * data.covariates.std(axis=0))))
                raise SeparationError(
                    f"every event has the largest value of a combination of covariates, of column {column} above all,"
                    " so that its hazard ratio has no finite estimate; Firth's penalty gives one"
                )
    if not fit.settled:
        raise ConvergenceError("the partial likelihood did not reach a maximum")


def sorts_perfectly(data: RiskSets, direction: Floats) -> bool:
    """Whether every event has the largest value of this combination of covariates in its risk set.

    O(moments x rows), and asked only where a fit looks as if it ran off.
    """
    value = data.covariates @ direction
    spread = float(np.ptp(value))
    if not spread:
        return False
    before, until = data.window
    smallest = np.minimum.reduceat(value[data.death], np.flatnonzero(np.diff(data.moment, prepend=-1)))
    return all(
        value[(before <= place) & (until > place)].max() <= smallest[place] + 1e-7 * spread
        for place in range(len(data.moments))
    )
