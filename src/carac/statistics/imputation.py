"""Multiple imputation by chained equations, values below an assay's limit among them, and Rubin's rules.

van Buuren S, Groothuis-Oudshoorn K. J Stat Softw 2011;45(3); each column is drawn in turn from a Bayesian regression
on all others: linear for numbers, logistic for 0 and 1. A number of which only an interval is known, such as a result
below the limit of detection, is drawn from the regression's distribution within the interval. Pooling: Rubin DB.
Multiple Imputation for Nonresponse in Surveys, 1987; degrees of freedom by Barnard J, Rubin DB. Biometrika
1999;86:948-955.

Outcomes belong among the columns: for times, the event indicator and `nelson_aalen` (White IR, Royston P. Stat Med
2009;28:1982-1998). O(imputations x sweeps x columns x n p^2). The seed is asked for, so that a run can be repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, fdtrc, log_ndtr, ndtri_exp, stdtrit

from carac.statistics.checks import (
    Booleans,
    EstimationError,
    Floats,
    indicators,
    normal_quantile,
    times,
)
from carac.statistics.incidence import value_at

Kind = Literal["number", "binary"]

#: Spread of the normal prior of coefficients of standardised covariates in the logistic draws: it keeps a column that
#: is sorted perfectly by the others from drawing infinite coefficients, and is far too wide to matter else.
PRIOR = 5.0


@dataclass(frozen=True)
class Column:
    """One variable.

    Attributes
    ----------
    name: for messages.
    values: NaN where not exactly known.
    kind: "number" or "binary" (0 and 1).
    lower, upper: for numbers that are not exactly known, the interval in which they lie; infinite ends are open. None
        where nothing is known of any. A result below a limit has the limit as its upper end.
    """

    name: str
    values: ArrayLike
    kind: Kind = "number"
    lower: ArrayLike | None = None
    upper: ArrayLike | None = None


@dataclass(frozen=True)
class Pooled:
    """Estimates over the imputed sets.

    Attributes
    ----------
    estimate, standard_error: one per coefficient.
    degrees_of_freedom: of the t distribution; infinite where nothing was missing and the sample is taken as large.
    lower, upper, p_value: against 0.
    missing_information: share of the variance that is due to what is missing.
    """

    estimate: Floats
    standard_error: Floats
    degrees_of_freedom: Floats
    lower: Floats
    upper: Floats
    p_value: Floats
    missing_information: Floats


@dataclass(frozen=True)
class _Variable:
    """A checked column: which rows are exact, which have an interval, and the interval."""

    name: str
    kind: Kind
    values: Floats
    known: Booleans
    bounded: Booleans
    lower: Floats
    upper: Floats


def impute(columns: Sequence[Column], imputations: int, seed: int, sweeps: int = 20) -> list[Floats]:
    """Complete the columns several times.

    Parameters
    ----------
    columns: variables over the same rows; those without missing values only explain.
    imputations: how many completed sets; a usual choice is the percentage of incomplete rows.
    seed: of the random numbers.
    sweeps: how often all columns are drawn in turn before a set is kept.

    Returns one matrix per imputation, columns as given. Known values are never changed.
    """
    if len(columns) < 2 or imputations < 2 or sweeps < 1:
        raise EstimationError("imputation wants two columns, two imputations and one sweep at least")
    length = np.size(columns[0].values)
    variables = [_checked(column, length) for column in columns]
    generator = np.random.default_rng(seed)
    return [_one(variables, generator, sweeps) for _ in range(imputations)]


def pool(
    estimates: ArrayLike, variances: ArrayLike, complete_freedom: float = np.inf, confidence: float = 0.95
) -> Pooled:
    """Rubin's rules for one or more coefficients.

    Parameters
    ----------
    estimates, variances: one row per imputation, one column per coefficient.
    complete_freedom: degrees of freedom had nothing been missing (n - p for linear regression; infinite for the rest).
    """
    values = np.asarray(estimates, dtype=np.float64)
    values = values[:, None] if values.ndim == 1 else values
    within = np.asarray(variances, dtype=np.float64).reshape(values.shape)
    count = len(values)
    if count < 2:
        raise EstimationError("Rubin's rules need two imputations or more")
    if not (np.isfinite(values).all() and np.isfinite(within).all()) or (within <= 0).any():
        raise EstimationError("an imputation has an estimate that is missing, or a variance that is not above 0")
    mean, spread = values.mean(axis=0), values.var(axis=0, ddof=1)
    inner = within.mean(axis=0)
    total = inner + (1 + 1 / count) * spread
    share = (1 + 1 / count) * spread / total
    freedom = _freedom(share, count, complete_freedom)
    error = np.sqrt(total)
    normal_quantile(confidence)
    half = _t_quantile(freedom, 0.5 + confidence / 2) * error
    p_value = fdtrc(1, np.minimum(freedom, 1e10), (mean / error) ** 2)
    return Pooled(mean, error, freedom, mean - half, mean + half, p_value, share)


def nelson_aalen(time: ArrayLike, event: ArrayLike) -> Floats:
    """Each row's own cumulative hazard at its time, as a covariate for imputation."""
    stop = times(time)
    happened = indicators(event, "event", len(stop))
    distinct, place = np.unique(stop, return_inverse=True)
    left = np.bincount(place, minlength=len(distinct))
    at_risk = len(stop) - (np.cumsum(left) - left)
    hazard = np.cumsum(np.bincount(place, happened, minlength=len(distinct)) / at_risk)
    return value_at(distinct, hazard, stop, 0.0)


def _freedom(share: Floats, count: int, complete: float) -> Floats:
    with np.errstate(divide="ignore"):
        large = np.where(share > 0, (count - 1) / share**2, np.inf)
    if not np.isfinite(complete):
        return large
    if complete <= 0:
        raise EstimationError("the degrees of freedom of the complete data must be above 0")
    observed = (complete + 1) / (complete + 3) * complete * (1 - share)
    return 1 / (1 / large + 1 / observed)


def _t_quantile(freedom: Floats, probability: float) -> Floats:
    finite = np.isfinite(freedom)
    quantile = stdtrit(np.where(finite, freedom, 1.0), probability)
    return np.where(finite, quantile, normal_quantile(2 * probability - 1))


def _checked(column: Column, length: int) -> _Variable:
    values = np.array(column.values, dtype=np.float64)
    if values.shape != (length,) or np.isinf(values).any():
        raise EstimationError(f"{column.name} is not one dimension of {length} finite or missing numbers")
    known = ~np.isnan(values)
    lower = _ends(column.lower, -np.inf, column.name, length)
    upper = _ends(column.upper, np.inf, column.name, length)
    bounded = ~known & (np.isfinite(lower) | np.isfinite(upper))
    if not known.any():
        raise EstimationError(f"{column.name} has no known value, so nothing can be learnt about it")
    if column.kind == "binary":
        indicators(values[known], column.name)
        if bounded.any():
            raise EstimationError(f"{column.name} is 0 or 1, and cannot have an interval")
    elif np.ptp(values[known]) == 0 and not known.all():
        raise EstimationError(f"{column.name} has one distinct known value, so its spread cannot be learnt")
    if (lower > upper)[~known].any():
        raise EstimationError(f"{column.name} has an interval that ends before it begins")
    return _Variable(column.name, column.kind, values, known, bounded, lower, upper)


def _ends(values: ArrayLike | None, open_end: float, name: str, length: int) -> Floats:
    if values is None:
        return np.full(length, open_end)
    ends = np.array(values, dtype=np.float64)
    if ends.shape != (length,):
        raise EstimationError(f"the interval of {name} has shape {ends.shape}, where {length} ends are wanted")
    return np.where(np.isnan(ends), open_end, ends)


def _one(variables: Sequence[_Variable], generator: np.random.Generator, sweeps: int) -> Floats:
    """One completed set, from a start of its own."""
    filled = np.column_stack([_start(variable, generator) for variable in variables])
    incomplete = [place for place, variable in enumerate(variables) if not variable.known.all()]
    for _ in range(sweeps):
        for place in incomplete:
            design = _design(np.delete(filled, place, axis=1))
            filled[:, place] = _draw(variables[place], filled[:, place], design, generator)
    return filled


def _start(variable: _Variable, generator: np.random.Generator) -> Floats:
    """Missing values drawn from the known ones, moved to the near end of their interval where they lie outside."""
    values = variable.values.copy()
    missing = ~variable.known
    values[missing] = generator.choice(values[variable.known], size=int(missing.sum()))
    return np.where(missing, np.clip(values, variable.lower, variable.upper), values)


def _design(others: Floats) -> Floats:
    """Standardised columns after a column of ones; one that does not vary is left out by its scale."""
    centred = others - others.mean(axis=0)
    scale = centred.std(axis=0)
    return np.column_stack([np.ones(len(others)), centred / np.where(scale > 0, scale, 1.0)])


def _draw(variable: _Variable, current: Floats, design: Floats, generator: np.random.Generator) -> Floats:
    # what has an interval informs the regression with its current value, what is wholly missing does not
    used = variable.known | variable.bounded
    wanted = ~variable.known
    if variable.kind == "binary":
        chance = expit(design[wanted] @ _logistic_draw(design[used], current[used], generator))
        drawn = (generator.random(len(chance)) < chance).astype(np.float64)
    else:
        beta, spread = _linear_draw(design[used], current[used], generator)
        mean = design[wanted] @ beta
        drawn = _within(mean, spread, variable.lower[wanted], variable.upper[wanted], generator)
    filled = current.copy()
    filled[wanted] = drawn
    return filled


def _linear_draw(design: Floats, values: Floats, generator: np.random.Generator) -> tuple[Floats, float]:
    """Coefficients and residual spread from their posterior under a flat prior (a slight ridge keeps it proper)."""
    product = design.T @ design
    root = np.linalg.cholesky(product + 1e-8 * np.diag(np.diag(product)) + 1e-8 * np.eye(len(product)))
    estimate = np.linalg.solve(root.T, np.linalg.solve(root, design.T @ values))
    freedom = max(len(values) - design.shape[1], 1)
    spread = float(np.sqrt(np.sum((values - design @ estimate) ** 2) / generator.chisquare(freedom)))
    return estimate + spread * np.linalg.solve(root.T, generator.standard_normal(len(estimate))), spread


def _logistic_draw(design: Floats, values: Floats, generator: np.random.Generator) -> Floats:
    """Coefficients from the normal approximation of their posterior."""
    beta = np.zeros(design.shape[1])
    precision = np.eye(len(beta)) / PRIOR**2
    for _ in range(50):
        chance = expit(design @ beta)
        information = (design * (chance * (1 - chance))[:, None]).T @ design + precision
        step = np.linalg.solve(information, design.T @ (values - chance) - beta / PRIOR**2)
        beta = beta + step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-8:
            break
    root = np.linalg.cholesky(information)
    return beta + np.linalg.solve(root.T, generator.standard_normal(len(beta)))


def _within(mean: Floats, spread: float, lower: Floats, upper: Floats, generator: np.random.Generator) -> Floats:
    """Normal draws within intervals, by the inverse of the distribution, in logarithms so that far tails stay exact."""
    if spread <= 0:
        return np.clip(mean, lower, upper)
    low, high = (lower - mean) / spread, (upper - mean) / spread
    # the upper tail is the lower one mirrored, where the logarithm is precise
    mirrored = low > 0
    low, high = np.where(mirrored, -high, low), np.where(mirrored, -low, high)
    log_low, log_high = log_ndtr(low), log_ndtr(high)
    uniform = generator.random(len(mean))
    log_sum = log_high + np.log(uniform + (1 - uniform) * np.exp(np.minimum(log_low - log_high, 0.0)))
    score = ndtri_exp(np.minimum(log_sum, -1e-300))
    return np.clip(mean + spread * np.where(mirrored, -score, score), lower, upper)
