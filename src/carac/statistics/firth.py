"""Firth's penalised likelihood, for logistic regression and for Cox's model, with profile intervals.

Firth D. Biometrika 1993;80:27-38: half the logarithm of the determinant of the information is added to the
log-likelihood, which removes the first order of the bias and leaves a finite estimate also under separation. Heinze G,
Schemper M. Biometrics 2001;57:114-119 (Cox) and Stat Med 2002;21:2409-2419 (logistic), whose profile intervals are
used: where the estimate is far from the edge of the data Wald's interval is as good, with few events it is not.

O(n p^2) per iteration, the derivative of the penalty being written out; an interval takes some ten fits per end, most
of them with the curvature at the estimate, which is taken once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import chdtrc, chdtri

from carac.statistics import cox as cox_model
from carac.statistics import logistic as logistic_model
from carac.statistics.checks import ConvergenceError, Floats, Integers, require_fraction
from carac.statistics.newton import Point, inverse, maximise

#: Fits settle on some 1e-7 standard errors.
LIMIT = 1e-14
#: Longest step of a coefficient of a covariate scaled to 1: far out the penalised likelihood is nearly straight.
LONGEST = 5.0
#: Steps with the curvature of the estimate before it is taken anew.
CHORDS = 20
#: An interval is looked for this many standard errors from the estimate, and is open beyond.
FARTHEST = 200.0


@dataclass(frozen=True)
class Firth:
    """A fitted model.

    Attributes
    ----------
    coefficients: for logistic regression the first is the intercept where one was asked for.
    covariance: inverse of the information at the estimate.
    lower, upper: ends of the profile penalised likelihood interval; infinite where the likelihood never falls enough.
    p_value: of the penalised likelihood ratio test of each coefficient against 0.
    penalised_log_likelihood: at the estimate.
    rows, events: how many were used, and how many had the event.
    """

    coefficients: Floats
    covariance: Floats
    lower: Floats
    upper: Floats
    p_value: Floats
    penalised_log_likelihood: float
    rows: int
    events: int

    @property
    def standard_errors(self) -> Floats:
        """Square roots of the covariance's diagonal."""
        return np.sqrt(np.diag(self.covariance))


def firth_logistic(
    outcome: ArrayLike, covariates: ArrayLike, intercept: bool = True, confidence: float = 0.95
) -> Firth:
    """Logistic regression with Firth's penalty; finite also where the outcomes are separated or all alike."""
    happened, design = logistic_model.logistic_input(outcome, covariates, intercept)
    # columns of unit size, so that the unit of measurement does not matter to the search
    scale = np.abs(design).max(axis=0)
    scaled = design / scale
    model = _Model(
        lambda beta: logistic_model.likelihood(happened, scaled, beta),
        lambda beta, spread: logistic_model.penalty_slope(scaled, beta, spread),
    )
    fit = _fit(model, design.shape[1], confidence)
    return _unscaled(fit, scale, len(happened), int(happened.sum()))


def firth_cox(
    stop: ArrayLike,
    event: ArrayLike,
    covariates: ArrayLike,
    start: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    ties: cox_model.Ties = "efron",
    confidence: float = 0.95,
) -> Firth:
    """Cox's model with Firth's penalty; finite also where a covariate sorts the events perfectly."""
    scale = np.abs(np.asarray(covariates, dtype=np.float64).reshape(len(np.atleast_1d(stop)), -1)).max(axis=0)
    scale = np.where(np.isfinite(scale) & (scale > 0), scale, 1.0)
    design = np.asarray(covariates, dtype=np.float64).reshape(len(np.atleast_1d(stop)), -1) / scale
    data = cox_model.risk_sets(stop, event, design, start, strata, ties)
    width = data.covariates.shape[1]
    cox_model.require_information(data, cox_model.likelihood(data, np.zeros(width)))
    model = _Model(
        lambda beta: cox_model.likelihood(data, beta), lambda beta, spread: cox_model.penalty_slope(data, beta, spread)
    )
    fit = _fit(model, width, confidence)
    return _unscaled(fit, scale, len(data.order), len(data.death))


@dataclass(frozen=True)
class _Model:
    """A log-likelihood, and the derivative of its information's log-determinant given the inverse information."""

    plain: Callable[[Floats], Point]
    slope: Callable[[Floats, Floats], Floats]

    def penalised(self, beta: Floats, free: Integers) -> Point:
        """The log-likelihood with half the log-determinant added, and its derivatives in the free coefficients.

        The second is taken numerically from the first, so that it guides the steps and does not limit the estimate;
        where it does not point to a maximum, the plain information stands in.
        """
        value, score = self.value_and_score(beta)
        plain = self.plain(beta).information[np.ix_(free, free)]
        if not np.isfinite(value):
            return Point(value, score[free], plain)
        curvature = np.column_stack([self._curvature(beta, place)[free] for place in free])
        curvature = (curvature + curvature.T) / 2
        rises = np.isfinite(curvature).all() and np.linalg.eigvalsh(curvature)[0] > 0
        return Point(value, score[free], curvature if rises else plain)

    def value_and_score(self, beta: Floats) -> tuple[float, Floats]:
        """The penalised log-likelihood and its first derivative; minus infinity where no information is left."""
        here = self.plain(beta)
        sign, determinant = np.linalg.slogdet(here.information)
        if sign <= 0 or not np.isfinite(here.value):
            return -np.inf, np.zeros_like(beta)
        try:
            slope = self.slope(beta, inverse(here.information))
        except ConvergenceError:
            # a step too far, where no information is left: it will be halved
            return -np.inf, np.zeros_like(beta)
        return here.value + float(determinant) / 2, here.score + slope / 2

    def _curvature(self, beta: Floats, place: int) -> Floats:
        step = np.zeros_like(beta)
        step[place] = 1e-5
        return (self.value_and_score(beta - step)[1] - self.value_and_score(beta + step)[1]) / 2e-5


@dataclass(frozen=True)
class _Fit:
    coefficients: Floats
    covariance: Floats
    lower: Floats
    upper: Floats
    p_value: Floats
    value: float


def _unscaled(fit: _Fit, scale: Floats, rows: int, events: int) -> Firth:
    """Back to the units of the covariates; the penalty changes by a constant."""
    return Firth(
        fit.coefficients / scale,
        fit.covariance / np.outer(scale, scale),
        fit.lower / scale,
        fit.upper / scale,
        fit.p_value,
        fit.value + float(np.log(scale).sum()),
        rows,
        events,
    )


def _fit(model: _Model, width: int, confidence: float) -> _Fit:
    require_fraction(confidence, "confidence")
    best = maximise(lambda beta: model.penalised(beta, np.arange(width)), np.zeros(width), LIMIT, longest=LONGEST)
    if not best.settled:
        raise ConvergenceError("the penalised likelihood did not reach a maximum")
    spread = inverse(model.plain(best.coefficients).information)
    fall = float(chdtri(1, 1 - confidence)) / 2
    curvature = best.point.information
    profiles = [
        _Profile(model, best.coefficients, best.point.value, curvature, place, best.coefficients.copy())
        for place in range(width)
    ]
    errors = np.sqrt(np.diag(spread))
    lower = np.array([profile.end(-errors[place], fall) for place, profile in enumerate(profiles)])
    upper = np.array([profile.end(errors[place], fall) for place, profile in enumerate(profiles)])
    ratios = np.array([2 * max(profile.fall(0.0), 0.0) for profile in profiles])
    return _Fit(best.coefficients, spread, lower, upper, chdtrc(1, ratios), best.point.value)


@dataclass
class _Profile:
    """The penalised likelihood with one coefficient held, at its maximum over the others.

    `near` keeps the last maximum, from which the next is not far; `curvature` is that at the estimate.
    """

    model: _Model
    best: Floats
    height: float
    curvature: Floats
    place: int
    near: Floats

    def fall(self, value: float) -> float:
        """How far the log-likelihood falls when the coefficient is held at a value."""
        free = np.flatnonzero(np.arange(len(self.best)) != self.place)
        held = self.best.copy()
        held[self.place] = value
        if not free.size:
            return self.height - self.model.value_and_score(held)[0]

        def full(beta: Floats) -> Floats:
            whole = held.copy()
            whole[free] = beta
            return whole

        def nearly(beta: Floats) -> Point:
            value, score = self.model.value_and_score(full(beta))
            return Point(value, score[free], self.curvature[np.ix_(free, free)])

        fit = maximise(nearly, self.near[free], LIMIT, CHORDS, longest=LONGEST)
        if not fit.settled:
            # far out the curvature is another: it is taken anew at every step
            fit = maximise(
                lambda beta: self.model.penalised(full(beta), free), fit.coefficients, LIMIT, longest=LONGEST
            )
        if not fit.settled:
            raise ConvergenceError("the profile of the penalised likelihood did not reach a maximum")
        self.near[free] = fit.coefficients
        return self.height - fit.point.value

    def end(self, error: float, fall: float) -> float:
        """Where, in the direction of the error, the log-likelihood has fallen so far; infinite where it never does."""
        centre = float(self.best[self.place])
        self.near = self.best.copy()

        @cache
        def beyond(distance: float) -> float:
            return self.fall(centre + distance * error) - fall if distance else -fall

        far = 2.0
        while beyond(far) < 0:
            far *= 2
            if far > FARTHEST:
                return float(np.sign(error) * np.inf)
        near = far / 2
        # few data can give the profile two humps: the end nearer to the estimate is taken
        while near > 1e-3 and beyond(near) >= 0:
            near, far = near / 2, near
        found = brentq(beyond, near if beyond(near) < 0 else 0.0, far, xtol=1e-9)
        return float(centre + found * error)
