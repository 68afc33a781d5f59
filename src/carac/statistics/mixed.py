"""Generalised linear models with one normal random effect per study, by maximum likelihood.

The one-stage models of Stijnen T, Hamza TH, Ozdemir P. Stat Med 2010;29:3046-3067 and Jackson D et al. Stat Med
2018;37:1059-1085: binomial-normal and Poisson-normal for one arm; for two arms the conditional model on the non-central
hypergeometric distribution, and binomial models with a fixed effect per study. No zero is ever corrected.

The random effect is integrated out by adaptive Gauss-Hermite quadrature (Pinheiro JC, Bates DM. J Comput Graph Stat
1995;4:12-35): the nodes lie about each study's own mode, so that 7 to 25 are as good as exact.

O(rows x nodes x p) per evaluation of the likelihood and its derivative; a fit takes some tens of evaluations.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy.special import chdtrc, expit, gammaln, logsumexp

from carac.statistics.checks import ConvergenceError, EstimationError, Floats, Integers, SeparationError
from carac.statistics.newton import Point, inverse, maximise

#: Nodes of the quadrature; twice as many change no estimate of the reference data in the sixth decimal.
NODES = 25
FEWEST_NODES = 15
#: Standard deviation between studies at which the search begins where the likelihood rises from none; where it falls,
#: a far one then, from which a second maximum would be found.
NEAR, FAR = 0.4, 1.5
#: A standard deviation between studies below this is 0.
NOTHING = 1e-4
#: One above this, on a log odds or log rate scale, is on its way to infinity.
ENDLESS = 12.0


class Family(Protocol):
    """A distribution of counts given the linear predictor; rows by nodes."""

    def evaluate(self, predictor: Floats) -> tuple[Floats, Floats, Floats]:
        """Log-probability of what was observed, its derivative in the predictor, and its negative second derivative."""


@dataclass(frozen=True)
class Binomial:
    """Events among people, with the log odds as predictor."""

    events: Floats
    total: Floats

    @cached_property
    def _constant(self) -> Floats:
        rest = gammaln(self.events + 1) + gammaln(self.total - self.events + 1)
        return np.asarray(gammaln(self.total + 1) - rest, dtype=np.float64)[:, None]

    def evaluate(self, predictor: Floats) -> tuple[Floats, Floats, Floats]:
        """See `Family`."""
        events, total = self.events[:, None], self.total[:, None]
        chance = expit(predictor)
        value = self._constant + events * predictor - total * np.logaddexp(0, predictor)
        return value, events - total * chance, total * chance * (1 - chance)


@dataclass(frozen=True)
class Poisson:
    """Events in an exposure, with the log rate as predictor."""

    events: Floats
    exposure: Floats

    @cached_property
    def _constant(self) -> Floats:
        return np.asarray(self.events * np.log(self.exposure) - gammaln(self.events + 1), dtype=np.float64)[:, None]

    def evaluate(self, predictor: Floats) -> tuple[Floats, Floats, Floats]:
        """See `Family`."""
        events = self.events[:, None]
        mean = self.exposure[:, None] * np.exp(np.minimum(predictor, 600))
        return self._constant + events * predictor - mean, events - mean, mean


@dataclass(frozen=True)
class Hypergeometric:
    """Events in the first arm given both margins, with the log odds ratio as predictor.

    The possible counts of all studies stand one after another.

    Attributes
    ----------
    excess: possible count less the one observed; `weight`: logarithm of the ways to have it.
    first: where each study begins.
    """

    excess: Floats
    weight: Floats
    first: Integers

    @cached_property
    def _study(self) -> Integers:
        lengths = np.diff(np.append(self.first, len(self.excess)))
        return np.repeat(np.arange(len(self.first)), lengths)

    @cached_property
    def _own(self) -> Floats:
        return self.weight[self.excess == 0][:, None]

    def evaluate(self, predictor: Floats) -> tuple[Floats, Floats, Floats]:
        """See `Family`."""
        powers = self.weight[:, None] + predictor[self._study] * self.excess[:, None]
        largest = np.maximum.reduceat(powers, self.first, axis=0)
        chance = np.exp(powers - largest[self._study])
        total = np.add.reduceat(chance, self.first, axis=0)
        moved = chance * self.excess[:, None]
        mean = np.add.reduceat(moved, self.first, axis=0) / total
        square = np.add.reduceat(moved * self.excess[:, None], self.first, axis=0) / total
        return self._own - largest - np.log(total), -mean, np.maximum(square - mean**2, 0.0)


@dataclass(frozen=True)
class Rows:
    """What was observed: one row per arm or study, rows of a study together and in order.

    Attributes
    ----------
    family: distribution, holding the counts.
    design: fixed effects; offset: what is added to the predictor.
    loading: how much of the study's random effect each row feels.
    study: place of each row's study, from 0, ascending.
    """

    family: Family
    design: Floats
    offset: Floats
    loading: Floats
    study: Integers

    @cached_property
    def first(self) -> Integers:
        """The first row of each study."""
        return np.searchsorted(self.study, np.arange(int(self.study[-1]) + 1)).astype(np.int64)

    def by_study(self, values: Floats) -> Floats:
        """Sums of rows over each study."""
        return np.asarray(np.add.reduceat(values, self.first, axis=0), dtype=np.float64)


@dataclass(frozen=True)
class MixedFit:
    """A fit.

    Attributes
    ----------
    coefficients, covariance: of the fixed effects.
    tau: standard deviation of the random effect; 0 where the likelihood is highest there.
    log_likelihood: constants included.
    ratio_test, ratio_p: twice the gain over no random effect; p from half a chi-squared, as tau cannot be below 0.
    """

    coefficients: Floats
    covariance: Floats
    tau: float
    log_likelihood: float
    ratio_test: float
    ratio_p: float


def fit_mixed(rows: Rows, nodes: int = NODES) -> MixedFit:
    """Fit by maximum likelihood, beginning with the fit without a random effect.

    Raises SeparationError where the variance between studies has no finite estimate.
    """
    if nodes < FEWEST_NODES:
        raise EstimationError(f"{nodes} nodes are too few for the derivative to fit the likelihood; take {NODES}")
    width = rows.design.shape[1]
    plain = maximise(lambda beta: _without(rows, beta), np.zeros(width), steps=200)
    if not plain.settled:
        raise ConvergenceError("the model without differences between studies did not reach a maximum")
    quadrature = np.polynomial.hermite.hermgauss(nodes)
    best = plain.point.value, plain.coefficients, inverse(plain.point.information), 0.0
    start = NEAR if _rises_from_none(rows, plain.coefficients) else FAR
    fit = maximise(lambda place: _with(rows, place, quadrature), np.append(plain.coefficients, start), 1e-13, 100)
    tau = abs(float(fit.coefficients[-1]))
    higher = fit.point.value > best[0] + (1e-10 if fit.settled else 1e-6)
    if higher and (tau > ENDLESS or not fit.settled):
        raise SeparationError(
            "the likelihood keeps rising as the differences between studies grow, as where every study has all its"
            " events in one arm: their variance has no finite estimate"
        )
    if higher and tau > NOTHING:
        best = fit.point.value, fit.coefficients[:-1], inverse(fit.point.information)[:-1, :-1], tau
    gain = max(0.0, 2 * (best[0] - plain.point.value))
    p_value = float(chdtrc(1, gain)) / 2 if gain > 0 else 1.0
    return MixedFit(best[1], best[2], best[3], best[0], gain, p_value)


def _without(rows: Rows, beta: Floats) -> Point:
    predictor = (rows.design @ beta + rows.offset)[:, None]
    if np.abs(predictor).max() > 500:
        return Point(-np.inf, np.zeros_like(beta), np.eye(len(beta)))
    value, first, second = rows.family.evaluate(predictor)
    return Point(float(value.sum()), rows.design.T @ first[:, 0], (rows.design * second).T @ rows.design)


def _rises_from_none(rows: Rows, beta: Floats) -> bool:
    """Whether the likelihood rises as tau squared leaves 0: the studies' scores spread more than chance gives."""
    _, first, second = rows.family.evaluate((rows.design @ beta + rows.offset)[:, None])
    score = rows.by_study(first * rows.loading[:, None])
    return bool(np.sum(score**2) > np.sum(second * (rows.loading**2)[:, None]))


def _with(rows: Rows, place: Floats, quadrature: tuple[Floats, Floats]) -> Point:
    """Marginal log-likelihood with its derivatives in the fixed effects and tau; the second numerically."""
    if not np.isfinite(place).all() or np.abs(rows.design @ place[:-1]).max() > 500 or abs(place[-1]) > 50:
        return Point(-np.inf, np.zeros_like(place), np.eye(len(place)))
    value, score = _marginal(rows, place, quadrature)
    size = 1e-5
    columns = []
    for step in np.eye(len(place)) * size:
        high, low = _marginal(rows, place + step, quadrature)[1], _marginal(rows, place - step, quadrature)[1]
        columns.append((low - high) / (2 * size))
    return Point(value, score, _upward((np.array(columns) + np.array(columns).T) / 2))


def _upward(information: Floats) -> Floats:
    """The same matrix where it is positive definite, else with its eigenvalues turned positive: steps then climb."""
    values, vectors = np.linalg.eigh(information)
    if values[0] > 0:
        return information
    floor = 1e-6 * float(np.abs(values).max()) + 1e-12
    return np.asarray((vectors * np.maximum(np.abs(values), floor)) @ vectors.T, dtype=np.float64)


def _marginal(rows: Rows, place: Floats, quadrature: tuple[Floats, Floats]) -> tuple[float, Floats]:
    """Value, and score by Fisher's identity: the mean of the complete-data score over the random effect's posterior."""
    fixed = rows.design @ place[:-1] + rows.offset
    load = rows.loading * place[-1]
    mode, width = _modes(rows, fixed, load)
    points, weights = quadrature
    effect = mode[:, None] + np.sqrt(2) * width[:, None] * points
    predictor = fixed[:, None] + load[:, None] * effect[rows.study]
    value, first, _ = rows.family.evaluate(predictor)
    joint = rows.by_study(value) - effect**2 / 2 - np.log(2 * np.pi) / 2
    logs = joint + np.log(weights) + points**2 + np.log(np.sqrt(2) * width)[:, None]
    total = logsumexp(logs, axis=1)
    posterior = np.exp(logs - total[:, None])[rows.study]
    slope = first * posterior
    score = np.append(rows.design.T @ slope.sum(axis=1), np.sum(slope * effect[rows.study] * rows.loading[:, None]))
    return float(total.sum()), score


def _modes(rows: Rows, fixed: Floats, load: Floats) -> tuple[Floats, Floats]:
    """Each study's most likely random effect (standard normal) and the spread about it, by damped Newton steps."""
    mode = np.zeros(len(rows.first))
    curvature = np.ones(len(rows.first))
    for _ in range(100):
        _, first, second = rows.family.evaluate((fixed + load * mode[rows.study])[:, None])
        score = rows.by_study(first * load[:, None])[:, 0] - mode
        curvature = rows.by_study(second * (load**2)[:, None])[:, 0] + 1
        step = np.clip(score / curvature, -1.0, 1.0)
        mode = mode + step
        if np.abs(step).max() < 1e-10:
            break
    return mode, 1 / np.sqrt(curvature)
