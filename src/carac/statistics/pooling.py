"""Inverse-variance pooling of study effects, with or without study-level covariates.

Variance between studies (tau squared): REML and ML (Viechtbauer W. J Educ Behav Stat 2005;30:261-293), Paule-Mandel
(which empirical Bayes equals), DerSimonian-Laird, Hunter-Schmidt, Sidik-Jonkman, or none (common effect). Interval by
the normal distribution, or by Knapp G, Hartung J. Stat Med 2003;22:2693-2710, plain or with its variance not below the
usual one (Jackson D et al. Stat Med 2017;36:3923-3934): with few, homogeneous studies the plain form can be narrower
than the normal interval. Interval of tau squared by Q-profile (Viechtbauer W. Stat Med 2007;26:37-52).

O(k p^2) per evaluation, k studies and p coefficients; tens of evaluations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import chdtrc, chdtri, fdtrc, stdtrit

from carac.statistics.checks import (
    ConvergenceError,
    EstimationError,
    Floats,
    labels,
    matrix,
    normal_quantile,
    require_rank,
    vector,
)

Method = Literal["REML", "ML", "PM", "EB", "DL", "HS", "SJ", "common"]
Test = Literal["normal", "knapp-hartung", "knapp-hartung-floored"]


@dataclass(frozen=True)
class Heterogeneity:
    """How much studies differ beyond chance.

    Attributes
    ----------
    tau_squared: variance between studies.
    i_squared: percentage of the variance that is between studies; h_squared: its ratio to that within.
    q, degrees_of_freedom, p_value: Cochran's test that there is none.
    """

    tau_squared: float
    i_squared: float
    h_squared: float
    q: float
    degrees_of_freedom: int
    p_value: float


@dataclass(frozen=True)
class HeterogeneityInterval:
    """Q-profile interval of tau squared, with I squared and H squared at its ends."""

    tau_squared: tuple[float, float]
    i_squared: tuple[float, float]
    h_squared: tuple[float, float]


@dataclass(frozen=True)
class ModeratorTest:
    """That no covariate matters: chi-squared, or F where `residual_freedom` is given."""

    statistic: float
    degrees_of_freedom: int
    residual_freedom: int | None
    p_value: float


@dataclass(frozen=True)
class PooledEffect:
    """Coefficients (one, the pooled effect, where no covariates were given).

    Attributes
    ----------
    coefficients, covariance, standard_errors, lower, upper, p_value: per coefficient, p against 0.
    degrees_of_freedom: of the t distribution used; None where the normal was.
    weights: percentage of each study in a pooled effect.
    heterogeneity: see there.
    prediction: interval for the effect of a new study, from the quantile of the confidence interval; None with
        covariates or a common effect.
    prediction_k_minus_2: the same from t with k - 2 degrees of freedom (Higgins JPT et al. J R Stat Soc A
        2009;172:137-159); None also with fewer than 3 studies.
    moderators: test that all coefficients but the first are 0; None without covariates.
    studies: how many.
    """

    coefficients: Floats
    covariance: Floats
    standard_errors: Floats
    lower: Floats
    upper: Floats
    p_value: Floats
    degrees_of_freedom: int | None
    weights: Floats
    heterogeneity: Heterogeneity
    prediction: tuple[float, float] | None
    prediction_k_minus_2: tuple[float, float] | None
    moderators: ModeratorTest | None
    studies: int

    @property
    def estimate(self) -> float:
        """The pooled effect, or the first coefficient."""
        return float(self.coefficients[0])


@dataclass(frozen=True)
class _Studies:
    effect: Floats
    variance: Floats
    design: Floats

    @property
    def freedom(self) -> int:
        return self.design.shape[0] - self.design.shape[1]


def pool(
    effects: ArrayLike,
    variances: ArrayLike,
    method: Method = "REML",
    test: Test = "normal",
    covariates: ArrayLike | None = None,
    confidence: float = 0.95,
    tau_squared: float | None = None,
) -> PooledEffect:
    """Pool effects, or regress them on study-level covariates.

    Parameters
    ----------
    effects, variances: one per study, on one scale; variances above 0.
    method: how tau squared is estimated; "common" takes it for 0.
    test: how the interval is made.
    covariates: one row per study; a column of ones is put first.
    tau_squared: a value to take instead of an estimate, for sensitivity.

    One study alone is given back as it is, with no heterogeneity and no prediction interval.
    """
    studies = _checked(effects, variances, covariates)
    if tau_squared is None:
        tau_squared = _tau_squared(studies, method)
    elif not tau_squared >= 0:
        raise EstimationError(f"tau squared is {tau_squared:g}, and cannot be below 0")
    beta, spread, weight = _weighted_fit(studies, tau_squared)
    freedom = _test_freedom(studies, test)
    if freedom is not None:
        factor = float(np.sum(weight * (studies.effect - studies.design @ beta) ** 2)) / studies.freedom
        spread = spread * (max(factor, 1.0) if test == "knapp-hartung-floored" else factor)
    error = np.sqrt(np.diag(spread))
    quantile = _quantile(confidence, freedom)
    ratio = np.divide(beta, error, out=np.full(len(beta), np.inf), where=error > 0) ** 2
    p_value = chdtrc(1, ratio) if freedom is None else fdtrc(1, freedom, ratio)
    alone = studies.design.shape[1] == 1
    near, far = None, None
    if alone and method != "common" and len(weight) > 1:
        near = _prediction(beta[0], error[0], tau_squared, quantile)
        if len(weight) > 2:
            far = _prediction(beta[0], error[0], tau_squared, _quantile(confidence, len(weight) - 2))
    return PooledEffect(
        coefficients=beta,
        covariance=spread,
        standard_errors=error,
        lower=beta - quantile * error,
        upper=beta + quantile * error,
        p_value=p_value,
        degrees_of_freedom=freedom,
        weights=100 * weight / weight.sum(),
        heterogeneity=_heterogeneity(studies, tau_squared, method),
        prediction=near,
        prediction_k_minus_2=far,
        moderators=None if alone else _moderator_test(beta, spread, freedom),
        studies=len(weight),
    )


def heterogeneity_interval(
    effects: ArrayLike, variances: ArrayLike, covariates: ArrayLike | None = None, confidence: float = 0.95
) -> HeterogeneityInterval:
    """Q-profile interval: the values of tau squared that the generalised Q does not reject; ends below 0 are 0."""
    studies = _checked(effects, variances, covariates)
    if studies.freedom < 1:
        raise EstimationError("one study alone says nothing about differences between studies")
    normal_quantile(confidence)
    tail = (1 - confidence) / 2
    low = _where_q_is(studies, float(chdtri(studies.freedom, tail)))
    high = _where_q_is(studies, float(chdtri(studies.freedom, 1 - tail)))
    typical = _typical_variance(studies)
    i_squared = (100 * low / (low + typical), 100 * high / (high + typical))
    return HeterogeneityInterval((low, high), i_squared, (low / typical + 1, high / typical + 1))


def leave_one_out(
    effects: ArrayLike,
    variances: ArrayLike,
    method: Method = "REML",
    test: Test = "normal",
    confidence: float = 0.95,
) -> list[PooledEffect]:
    """The pooled effect without each study in turn."""
    effect, variance = vector(effects, "effects"), vector(variances, "variances")
    if len(effect) < 2:
        raise EstimationError("there is one study only, so none can be left out")
    rows = np.arange(len(effect))
    return [pool(effect[rows != out], variance[rows != out], method, test, None, confidence) for out in rows]


@dataclass(frozen=True)
class Subgroups:
    """Pooled effects per group, each with its own tau squared, and the test that they are equal."""

    groups: tuple[Any, ...]
    pooled: tuple[PooledEffect, ...]
    q_between: float
    degrees_of_freedom: int
    p_value: float


def subgroups(
    effects: ArrayLike,
    variances: ArrayLike,
    group: ArrayLike,
    method: Method = "REML",
    test: Test = "normal",
    confidence: float = 0.95,
) -> Subgroups:
    """Pool each group by itself; between groups, the pooled effects are compared by their standard errors."""
    effect, variance = vector(effects, "effects"), vector(variances, "variances")
    names, member = labels(group, "group", len(effect))
    if len(names) < 2:
        raise EstimationError("there is one group only, so there is nothing to compare")
    parts = tuple(
        pool(effect[member == place], variance[member == place], method, test, None, confidence)
        for place in range(len(names))
    )
    means = np.array([part.estimate for part in parts])
    weight = np.array([1 / part.covariance[0, 0] for part in parts])
    q = float(np.sum(weight * (means - np.sum(weight * means) / weight.sum()) ** 2))
    return Subgroups(names, parts, q, len(names) - 1, float(chdtrc(len(names) - 1, q)))


def _checked(effects: ArrayLike, variances: ArrayLike, covariates: ArrayLike | None) -> _Studies:
    effect = vector(effects, "effects")
    variance = vector(variances, "variances", len(effect))
    if variance.min() <= 0:
        raise EstimationError(f"study {int(np.argmin(variance))} has a variance that is not above 0")
    design = np.ones((len(effect), 1))
    if covariates is not None:
        design = np.column_stack([design, matrix(covariates, "covariates", len(effect))])
        require_rank(design, "design")
        if len(effect) <= design.shape[1]:
            raise EstimationError(f"{len(effect)} studies are too few for {design.shape[1]} coefficients")
    return _Studies(effect, variance, design)


def _weighted_fit(studies: _Studies, tau_squared: float) -> tuple[Floats, Floats, Floats]:
    """Coefficients, their covariance, and the weights."""
    weight = 1 / (studies.variance + tau_squared)
    weighted = studies.design * weight[:, None]
    spread = np.asarray(np.linalg.inv(weighted.T @ studies.design), dtype=np.float64)
    return spread @ (weighted.T @ studies.effect), spread, weight


def _generalised_q(studies: _Studies, tau_squared: float) -> float:
    beta, _, weight = _weighted_fit(studies, tau_squared)
    return float(np.sum(weight * (studies.effect - studies.design @ beta) ** 2))


def _where_q_is(studies: _Studies, target: float) -> float:
    """The tau squared at which the generalised Q falls to a value; 0 where it is already below."""
    if _generalised_q(studies, 0.0) <= target:
        return 0.0
    high = float(np.var(studies.effect)) + float(studies.variance.max())
    while _generalised_q(studies, high) > target:
        high *= 2
    return float(brentq(lambda value: _generalised_q(studies, value) - target, 0.0, high, xtol=1e-14, rtol=1e-13))


def _tau_squared(studies: _Studies, method: Method) -> float:
    estimators: dict[str, Callable[[_Studies], float]] = {
        "REML": lambda these: _by_likelihood(these, restricted=True),
        "ML": lambda these: _by_likelihood(these, restricted=False),
        "PM": lambda these: _where_q_is(these, these.freedom),
        "EB": lambda these: _where_q_is(these, these.freedom),
        "DL": _dersimonian_laird,
        "HS": _hunter_schmidt,
        "SJ": _sidik_jonkman,
        "common": lambda these: 0.0,
    }
    if method not in estimators:
        raise EstimationError(f"there is no method {method!r}; known are {', '.join(estimators)}")
    return estimators[method](studies) if studies.freedom > 0 else 0.0


def _typical_variance(studies: _Studies) -> float:
    """The variance within a typical study (Higgins JPT, Thompson SG. Stat Med 2002;21:1539-1558)."""
    _, spread, weight = _weighted_fit(studies, 0.0)
    squared = (studies.design * (weight**2)[:, None]).T @ studies.design
    return studies.freedom / float(weight.sum() - np.sum(spread * squared))


def _dersimonian_laird(studies: _Studies) -> float:
    excess = _generalised_q(studies, 0.0) - studies.freedom
    return max(0.0, excess * _typical_variance(studies) / studies.freedom)


def _hunter_schmidt(studies: _Studies) -> float:
    return max(0.0, (_generalised_q(studies, 0.0) - len(studies.effect)) / float(np.sum(1 / studies.variance)))


def _sidik_jonkman(studies: _Studies) -> float:
    start = float(np.var(studies.effect))
    return start * _generalised_q(studies, start) / studies.freedom if start > 0 else 0.0


def _by_likelihood(studies: _Studies, restricted: bool) -> float:
    """Fisher scoring from several starts; the highest likelihood wins, 0 among the candidates."""
    spread = float(np.var(studies.effect))
    starts = [_dersimonian_laird(studies), spread, spread / 10]
    found = [0.0, *(_scored(studies, start, restricted) for start in starts)]
    return max(found, key=lambda value: _log_likelihood(studies, value, restricted))


def _scored(studies: _Studies, start: float, restricted: bool) -> float:
    value = start
    for _ in range(500):
        score, information = _score(studies, value, restricted)
        step = max(score / information, -value)
        while _log_likelihood(studies, value + step, restricted) < _log_likelihood(studies, value, restricted) - 1e-12:
            step /= 2
        value += step
        if abs(step) <= 1e-12 * (1 + value):
            return value
    raise ConvergenceError("the variance between studies did not settle")


def _projection(studies: _Studies, tau_squared: float) -> tuple[Floats, Floats]:
    weight = 1 / (studies.variance + tau_squared)
    weighted = studies.design * weight[:, None]
    return np.diag(weight) - weighted @ np.linalg.inv(weighted.T @ studies.design) @ weighted.T, weight


def _score(studies: _Studies, tau_squared: float, restricted: bool) -> tuple[float, float]:
    """Twice the derivative of the log-likelihood in tau squared, and twice its information."""
    projection, weight = _projection(studies, tau_squared)
    fitted = projection @ studies.effect
    if restricted:
        return float(fitted @ fitted - np.trace(projection)), float(np.sum(projection**2))
    return float(fitted @ fitted - weight.sum()), float(np.sum(weight**2))


def _log_likelihood(studies: _Studies, tau_squared: float, restricted: bool) -> float:
    _, spread, weight = _weighted_fit(studies, tau_squared)
    value = float(np.log(weight).sum()) - _generalised_q(studies, tau_squared)
    return (value + float(np.linalg.slogdet(spread)[1]) if restricted else value) / 2


def _heterogeneity(studies: _Studies, tau_squared: float, method: Method) -> Heterogeneity:
    freedom = studies.freedom
    if freedom < 1:
        return Heterogeneity(0.0, 0.0, 1.0, 0.0, 0, 1.0)
    q = _generalised_q(studies, 0.0)
    ratio = q / freedom if method == "common" else tau_squared / _typical_variance(studies) + 1
    i_squared = 100 * max(0.0, 1 - 1 / ratio) if ratio > 0 else 0.0
    return Heterogeneity(tau_squared, i_squared, ratio, q, freedom, float(chdtrc(freedom, q)))


def _test_freedom(studies: _Studies, test: Test) -> int | None:
    if test == "normal":
        return None
    if test not in ("knapp-hartung", "knapp-hartung-floored"):
        raise EstimationError(f"there is no test {test!r}; known are normal, knapp-hartung, knapp-hartung-floored")
    if studies.freedom < 1:
        raise EstimationError("Knapp-Hartung's interval needs more studies than coefficients")
    return studies.freedom


def _quantile(confidence: float, freedom: int | None) -> float:
    normal = normal_quantile(confidence)
    return normal if freedom is None else float(stdtrit(freedom, 0.5 + confidence / 2))


def _prediction(centre: float, error: float, tau_squared: float, quantile: float) -> tuple[float, float]:
    half = quantile * float(np.sqrt(error**2 + tau_squared))
    return float(centre) - half, float(centre) + half


def _moderator_test(beta: Floats, spread: Floats, freedom: int | None) -> ModeratorTest:
    tested = len(beta) - 1
    value = float(beta[1:] @ np.linalg.solve(spread[1:, 1:], beta[1:]))
    if freedom is None:
        return ModeratorTest(value, tested, None, float(chdtrc(tested, value)))
    return ModeratorTest(value / tested, tested, freedom, float(fdtrc(tested, freedom, value / tested)))
