"""Logistic regression by maximum likelihood, with separation found before it is fitted.

Separation is decided exactly, by the linear program of Konis K. DPhil thesis, Oxford 2007: is there a combination of
covariates that is never on the wrong side and sometimes on the right one? Albert A, Anderson JA. Biometrika
1984;71:1-10 show that a finite maximum exists if and only if there is none.

O(n p^2) per iteration; the linear program is solved by scipy's HiGHS.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linprog
from scipy.special import expit

from carac.statistics.checks import (
    Booleans,
    ConvergenceError,
    EstimationError,
    Floats,
    SeparationError,
    indicators,
    matrix,
    normal_quantile,
    require_rank,
)
from carac.statistics.newton import Point, inverse, maximise


@dataclass(frozen=True)
class Logistic:
    """A fitted model.

    Attributes
    ----------
    coefficients: log odds ratios; the first is the intercept where one was asked for.
    covariance: inverse of the information.
    log_likelihood: at the estimate.
    rows, events: how many rows, and how many with outcome 1.
    """

    coefficients: Floats
    covariance: Floats
    log_likelihood: float
    rows: int
    events: int

    @property
    def standard_errors(self) -> Floats:
        """Square roots of the covariance's diagonal."""
        return np.sqrt(np.diag(self.covariance))

    def interval(self, confidence: float = 0.95) -> tuple[Floats, Floats]:
        """Wald interval of the coefficients."""
        half = normal_quantile(confidence) * self.standard_errors
        return self.coefficients - half, self.coefficients + half


def logistic(outcome: ArrayLike, covariates: ArrayLike, intercept: bool = True) -> Logistic:
    """Fit the model to complete rows.

    Parameters
    ----------
    outcome: 0 or 1.
    covariates: one row each; a missing one is an error.
    intercept: whether to put a column of ones first.

    Raises SeparationError where no finite estimate exists.
    """
    happened, design = logistic_input(outcome, covariates, intercept)
    column = separating_column(happened, design)
    if column is not None:
        raise SeparationError(
            f"a combination of covariates, of column {column} of the design above all, sorts the outcomes perfectly, so"
            " that its odds ratio has no finite estimate; Firth's penalty gives one"
        )
    fit = maximise(lambda beta: likelihood(happened, design, beta), np.zeros(design.shape[1]))
    if not fit.settled:
        raise ConvergenceError("the likelihood did not reach a maximum")
    spread = inverse(fit.point.information)
    return Logistic(fit.coefficients, spread, fit.point.value, len(happened), int(happened.sum()))


def logistic_input(outcome: ArrayLike, covariates: ArrayLike, intercept: bool) -> tuple[Booleans, Floats]:
    """Checked outcome and design, the column of ones first."""
    happened = indicators(outcome, "outcome")
    design = matrix(covariates, "covariates", len(happened))
    if intercept:
        design = np.column_stack([np.ones(len(design)), design])
    require_rank(design, "design")
    return happened, design


def likelihood(happened: Booleans, design: Floats, beta: Floats) -> Point:
    """Log-likelihood with its derivatives."""
    predictor = design @ beta
    chance = expit(predictor)
    value = -float(np.logaddexp(0.0, np.where(happened, -predictor, predictor)).sum())
    weighted = design * (chance * (1 - chance))[:, None]
    return Point(value, design.T @ (happened - chance), weighted.T @ design)


def penalty_slope(design: Floats, beta: Floats, spread: Floats) -> Floats:
    """Derivative of the logarithm of the information's determinant; `spread` is the inverse of the information."""
    chance = expit(design @ beta)
    square = np.einsum("ij,jk,ik->i", design, spread, design)
    return design.T @ (chance * (1 - chance) * (1 - 2 * chance) * square)


def separating_column(happened: Booleans, design: Floats) -> int | None:
    """The column that weighs most in a direction that separates the outcomes; None where there is no such direction."""
    if happened.all() or not happened.any():
        raise EstimationError(f"the outcome is {int(happened[0])} in every row, so that there is nothing to explain")
    signed = np.where(happened, 1.0, -1.0)[:, None] * design / np.abs(design).max(axis=0)
    # equal rows are one constraint: binary covariates have few distinct ones
    distinct, count = np.unique(signed, axis=0, return_counts=True)
    answer = linprog(-(count @ distinct), A_ub=-distinct, b_ub=np.zeros(len(distinct)), bounds=(-1, 1), method="highs")
    if answer.status != 0:
        raise ConvergenceError(f"whether the outcomes are separated could not be decided: {answer.message}")
    if -answer.fun <= 1e-7 * len(design):
        return None
    return int(np.argmax(np.abs(answer.x)))
