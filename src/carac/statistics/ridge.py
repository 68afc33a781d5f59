"""Penalised (ridge) logistic regression for what has happened by a horizon, with censoring and competing events.

Each person who was seen to have the event, or not, by the horizon is weighted by the inverse probability of being
uncensored (direct binomial regression: Scheike TH, Zhang MJ, Gerds TA. Biometrika 2008;95:205-220); a competing event
by the horizon is no event. The penalty on the squares of the coefficients (le Cessie S, van Houwelingen JC. J R Stat
Soc C 1992;41:191-201) acts on standardised covariates and spares the intercept. Where none is given it is the one with
the least AIC with effective degrees of freedom (Gray RJ. J Am Stat Assoc 1992;87:942-951), as in Harrell FE. Regression
Modeling Strategies, 2015, section 9.10.

O(n p^2) per iteration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, xlogy

from carac.statistics.checks import (
    ConvergenceError,
    EstimationError,
    Floats,
    SeparationError,
    matrix,
    require_rank,
    vector,
)
from carac.statistics.logistic import separating_column
from carac.statistics.newton import Point, maximise

#: Penalties that are tried: half the precision of a standardised coefficient, from next to none to nearly all.
PENALTIES = tuple(float(value) for value in np.geomspace(0.1, 1000.0, 13))
#: Twice the gain in log-likelihood still to be had: far below what moves a prediction in the eighth digit.
LIMIT = 1e-18


@dataclass(frozen=True)
class Ridge:
    """A fitted model.

    Attributes
    ----------
    intercept, coefficients: log odds and log odds ratios on the scale of the covariates as they were given.
    penalty: on half the sum of the squared standardised coefficients.
    degrees_of_freedom: effective ones, beside the intercept; as many as covariates where the penalty is 0.
    log_likelihood: weighted, without the penalty.
    standardised: coefficients per standard deviation.
    """

    intercept: float
    coefficients: Floats
    penalty: float
    degrees_of_freedom: float
    log_likelihood: float
    standardised: Floats

    @property
    def aic(self) -> float:
        """Akaike's criterion with effective degrees of freedom."""
        return -2 * self.log_likelihood + 2 * self.degrees_of_freedom

    def predictor(self, covariates: ArrayLike) -> Floats:
        """Log odds of the event by the horizon."""
        rows = np.atleast_2d(np.asarray(covariates, dtype=np.float64))
        return self.intercept + matrix(rows, "covariates", len(rows)) @ self.coefficients

    def chance(self, covariates: ArrayLike) -> Floats:
        """Probability of the event by the horizon."""
        return np.asarray(expit(self.predictor(covariates)), dtype=np.float64)


def ridge_logistic(
    outcome: ArrayLike,
    covariates: ArrayLike,
    weight: ArrayLike | None = None,
    penalty: float | None = None,
    penalties: Sequence[float] = PENALTIES,
) -> Ridge:
    """Fit the model.

    Parameters
    ----------
    outcome: 0 or 1; of no account where the weight is 0.
    covariates: one row each; a missing one is an error.
    weight: of each row, 0 or more; None weighs all alike.
    penalty: 0 is maximum likelihood; None takes that of `penalties` with the least AIC.

    Raises SeparationError where the penalty is 0 and no finite estimate exists.
    """
    happened, design, weights = _input(outcome, covariates, weight)
    use = weights > 0
    centre, spread = design[use].mean(axis=0), design[use].std(axis=0)
    standard = np.column_stack([np.ones(len(design)), (design - centre) / spread])[use]
    wanted = penalties if penalty is None else (penalty,)
    if min(wanted) < 0:
        raise EstimationError(f"the penalty is {min(wanted):g}, and may not be below 0")
    if min(wanted) == 0 and separating_column(happened[use] == 1, standard) is not None:
        raise SeparationError("a combination of covariates sorts the outcomes perfectly; a penalty gives an estimate")
    best: Ridge | None = None
    # the largest penalty first: each fit begins where the last one ended
    place = np.zeros(standard.shape[1])
    mean = float(weights[use] @ happened[use] / weights[use].sum())
    place[0] = np.log(mean / (1 - mean))
    for one in sorted(wanted, reverse=True):
        made, place = _fit(happened[use], standard, weights[use], float(one), place, centre, spread)
        if best is None or made.aic < best.aic:
            best = made
    assert best is not None
    return best


def _input(outcome: ArrayLike, covariates: ArrayLike, weight: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    happened = vector(outcome, "outcome")
    design = matrix(covariates, "covariates", len(happened))
    weights = np.ones(len(happened)) if weight is None else vector(weight, "weight", len(happened))
    if weights.min() < 0:
        raise EstimationError(f"a weight is {weights.min():g}, and may not be below 0")
    use = weights > 0
    counted = np.unique(happened[use])
    if not set(counted.tolist()) <= {0.0, 1.0}:
        raise EstimationError("outcome must hold 0 and 1 alone")
    if len(counted) < 2:
        raise EstimationError("the outcome is the same in every row, so that there is nothing to explain")
    require_rank(design[use] - design[use].mean(axis=0))
    return happened, design, weights


def _fit(
    happened: Floats, standard: Floats, weights: Floats, penalty: float, start: Floats, centre: Floats, spread: Floats
) -> tuple[Ridge, Floats]:
    punished = np.full(standard.shape[1], penalty)
    punished[0] = 0.0
    fit = maximise(lambda beta: _likelihood(happened, standard, weights, punished, beta), start, LIMIT)
    if not fit.settled:
        raise ConvergenceError("the penalised likelihood did not reach a maximum")
    beta = fit.coefficients
    information = fit.point.information
    effective = float(np.trace(np.linalg.solve(information, information - np.diag(punished)))) - 1.0
    value = fit.point.value + float(punished @ beta**2) / 2
    slopes = beta[1:] / spread
    return Ridge(float(beta[0] - slopes @ centre), slopes, penalty, effective, value, beta[1:]), beta


def _likelihood(happened: Floats, design: Floats, weights: Floats, punished: Floats, beta: Floats) -> Point:
    predictor = design @ beta
    chance = expit(predictor)
    value = float(weights @ (happened * predictor - np.logaddexp(0.0, predictor))) - float(punished @ beta**2) / 2
    slope = design.T @ (weights * (happened - chance)) - punished * beta
    information = (design * (weights * chance * (1 - chance))[:, None]).T @ design + np.diag(punished)
    return Point(value, slope, information)


def null_log_likelihood(outcome: ArrayLike, weight: ArrayLike) -> float:
    """Weighted log-likelihood of giving everybody the same chance."""
    happened, weights = vector(outcome, "outcome"), vector(weight, "weight")
    total = float(weights.sum())
    share = float(weights @ happened) / total
    return float(total * (xlogy(share, share) + xlogy(1 - share, 1 - share)))
