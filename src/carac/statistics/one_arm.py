"""One pooled proportion or rate from studies with few events, without any correction of zeros.

Binomial-normal (log odds) and Poisson-normal (log rate) models, see `carac.statistics.mixed`; and the beta-binomial
(Skellam JG. J R Stat Soc B 1948;10:257-261), whose mean is that of the studies' own proportions.

O(studies x nodes) per evaluation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv, expit, logit

from carac.statistics.checks import (
    ConvergenceError,
    EstimationError,
    Floats,
    matrix,
    normal_quantile,
    require_rank,
    vector,
    whole_numbers,
)
from carac.statistics.mixed import NODES, Binomial, Poisson, Rows, fit_mixed
from carac.statistics.newton import Point, inverse, maximise
from carac.statistics.transformations import study_counts


@dataclass(frozen=True)
class OneArm:
    """Pooled log odds or log rate.

    Attributes
    ----------
    coefficients, covariance, standard_errors, lower, upper: on the log scale; one coefficient without covariates.
    tau_squared: variance between studies.
    prediction: interval of a new study's value, on the log scale; None with covariates.
    log_likelihood: at the estimate.
    ratio_test, ratio_p: test that studies do not differ.
    studies: how many.
    """

    coefficients: Floats
    covariance: Floats
    standard_errors: Floats
    lower: Floats
    upper: Floats
    tau_squared: float
    prediction: tuple[float, float] | None
    log_likelihood: float
    ratio_test: float
    ratio_p: float
    studies: int


@dataclass(frozen=True)
class BetaBinomial:
    """Mean proportion of studies whose own proportions follow a beta distribution.

    Attributes
    ----------
    proportion: the mean, with the interval of its log odds transformed back.
    overdispersion: correlation of two people of one study, 0 where studies do not differ.
    prediction: central range of the studies' own proportions, uncertainty of the estimate left out.
    """

    proportion: float
    lower: float
    upper: float
    overdispersion: float
    prediction: tuple[float, float]
    log_likelihood: float
    studies: int


def binomial_normal(
    events: ArrayLike,
    total: ArrayLike,
    covariates: ArrayLike | None = None,
    confidence: float = 0.95,
    nodes: int = NODES,
) -> OneArm:
    """Pool proportions on the log odds scale.

    Parameters
    ----------
    events, total: counts per study; studies without events count fully.
    covariates: one row per study; a column of ones is put first.
    nodes: of the quadrature.

    Where no study or every study had only events, no finite log odds exist: the error says so.
    """
    happened, people = study_counts(events, total)
    if not happened.any():
        raise EstimationError(f"no event happened in any study, among {people.sum():g} people: give the exact bound")
    if (happened == people).all():
        raise EstimationError(f"all {people.sum():g} people of all studies had the event: give the exact bound")
    return _one_arm(Binomial(happened, people), _design(covariates, len(people)), confidence, nodes)


def poisson_normal(
    events: ArrayLike,
    exposure: ArrayLike,
    covariates: ArrayLike | None = None,
    confidence: float = 0.95,
    nodes: int = NODES,
) -> OneArm:
    """Pool rates on the log scale.

    Parameters
    ----------
    events: counts per study.
    exposure: observed time per study, above 0, in the unit that the rate is wanted in.
    """
    happened = whole_numbers(events, "events").astype(np.float64)
    observed = vector(exposure, "exposure", len(happened))
    if observed.min() <= 0:
        raise EstimationError("a study has no exposure, so it has no rate")
    if not happened.any():
        raise EstimationError(
            f"no event happened in any study, in {observed.sum():g} of exposure: give the exact bound"
        )
    return _one_arm(Poisson(happened, observed), _design(covariates, len(observed)), confidence, nodes)


def beta_binomial(events: ArrayLike, total: ArrayLike, confidence: float = 0.95) -> BetaBinomial:
    """Pool proportions by the beta-binomial model."""
    happened, people = study_counts(events, total)
    pooled = float(happened.sum() / people.sum())
    if pooled in (0.0, 1.0):
        raise EstimationError("nobody or everybody had the event in all studies: give the exact bound")
    common = np.array([logit(pooled)])
    binomial = maximise(lambda place: _beta_point(happened, people, np.append(place, -np.inf)), common, 1e-14, 200)
    best, log_odds, variance, dispersion = binomial.point.value, float(binomial.coefficients[0]), 0.0, 0.0
    variance = 1 / float(binomial.point.information[0, 0])
    if len(people) > 1 and _beta_value(happened, people, pooled, 1e-6) > _beta_value(happened, people, pooled, 0.0):
        fit = maximise(
            lambda place: _beta_point(happened, people, place), np.array([log_odds, logit(0.02)]), 1e-13, 200
        )
        if not fit.settled:
            raise ConvergenceError("the beta-binomial model did not reach a maximum")
        best, log_odds = fit.point.value, float(fit.coefficients[0])
        variance, dispersion = float(inverse(fit.point.information)[0, 0]), float(expit(fit.coefficients[1]))
    half = normal_quantile(confidence) * float(np.sqrt(variance))
    mean = float(expit(log_odds))
    tail = (1 - confidence) / 2
    return BetaBinomial(
        mean,
        float(expit(log_odds - half)),
        float(expit(log_odds + half)),
        dispersion,
        _beta_range(mean, dispersion, tail),
        best,
        len(people),
    )


def _design(covariates: ArrayLike | None, length: int) -> Floats:
    design = np.ones((length, 1))
    if covariates is not None:
        design = np.column_stack([design, matrix(covariates, "covariates", length)])
        require_rank(design, "design")
        if length < design.shape[1]:
            raise EstimationError(f"{length} studies are too few for {design.shape[1]} coefficients")
    return design


def _one_arm(family: Binomial | Poisson, design: Floats, confidence: float, nodes: int) -> OneArm:
    count = len(design)
    fit = fit_mixed(Rows(family, design, np.zeros(count), np.ones(count), np.arange(count)), nodes)
    error = np.sqrt(np.diag(fit.covariance))
    quantile = normal_quantile(confidence)
    half = quantile * float(np.sqrt(error[0] ** 2 + fit.tau**2))
    centre = float(fit.coefficients[0])
    return OneArm(
        fit.coefficients,
        fit.covariance,
        error,
        fit.coefficients - quantile * error,
        fit.coefficients + quantile * error,
        fit.tau**2,
        (centre - half, centre + half) if design.shape[1] == 1 and count > 1 else None,
        fit.log_likelihood,
        fit.ratio_test,
        fit.ratio_p,
        count,
    )


def _beta_value(happened: Floats, people: Floats, mean: float, dispersion: float) -> float:
    """Log-likelihood without the binomial coefficients, written as products so that no dispersion is a limit."""
    steps = np.arange(int(people.max()))
    share = (1 - dispersion) * mean + steps * dispersion, (1 - dispersion) * (1 - mean) + steps * dispersion
    sums = [np.concatenate([[0.0], np.cumsum(np.log(part))]) for part in share]
    whole = np.concatenate([[0.0], np.cumsum(np.log((1 - dispersion) + steps * dispersion))])
    with_event, size = happened.astype(np.int64), people.astype(np.int64)
    return float(np.sum(sums[0][with_event] + sums[1][size - with_event] - whole[size]))


def _beta_point(happened: Floats, people: Floats, place: Floats) -> Point:
    """The log-likelihood in the log odds of the mean (and of the dispersion), differentiated numerically."""
    free = np.flatnonzero(np.isfinite(place))

    def value(step: Floats) -> float:
        moved = place.copy()
        moved[free] += step
        return _beta_value(happened, people, float(expit(moved[0])), float(expit(moved[1])))

    if np.abs(place[free]).max() > 30:
        return Point(-np.inf, np.zeros(len(free)), np.eye(len(free)))
    size = 1e-3
    unit = np.eye(len(free)) * size
    score = np.array([(8 * (value(e) - value(-e)) - (value(2 * e) - value(-2 * e))) / (12 * size) for e in unit])
    second = np.array([[value(a + b) - value(a - b) - value(b - a) + value(-a - b) for a in unit] for b in unit])
    information = -second / (4 * size**2)
    lowest = np.linalg.eigvalsh(information)[0]
    if lowest <= 0:
        information = information + (1e-3 - lowest) * np.eye(len(free))
    return Point(value(np.zeros(len(free))), score, information)


def _beta_range(mean: float, dispersion: float, tail: float) -> tuple[float, float]:
    if dispersion <= 0:
        return mean, mean
    size = 1 / dispersion - 1
    return (
        float(betaincinv(mean * size, (1 - mean) * size, tail)),
        float(betaincinv(mean * size, (1 - mean) * size, 1 - tail)),
    )
