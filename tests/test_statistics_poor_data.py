"""Does any estimator give NaN, a warning or a foreign error on small, tied, empty or lopsided data?

Data are drawn to be poor: few rows, few distinct times, causes that never happen, arms without events. Every answer
must be free of NaN, and every refusal one sentence of ours.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest

from carac.statistics.checks import EstimationError, SeparationError
from carac.statistics.cox import cox
from carac.statistics.fine_gray import fine_gray
from carac.statistics.firth import firth_cox, firth_logistic
from carac.statistics.gray import gray_test
from carac.statistics.incidence import aalen_johansen, naive, time_lost
from carac.statistics.logistic import logistic
from carac.statistics.one_arm import beta_binomial, binomial_normal, poisson_normal
from carac.statistics.pooling import heterogeneity_interval, pool
from carac.statistics.prediction import area_under_curve, brier_score
from carac.statistics.pseudo import pseudo_incidence
from carac.statistics.recurrent import mean_count
from carac.statistics.transformations import transformed
from carac.statistics.two_arms import arms, exact_odds_ratio, mantel_haenszel, peto, study_effects, tarone_test
from carac.statistics.two_arms_mixed import mixed_odds_ratio

SEEDS = range(12)


def has_nan(answer: Any) -> bool:
    """Whether a number anywhere in an answer is NaN."""
    if is_dataclass(answer):
        errors = getattr(answer, "standard_errors", 0.0)
        return has_nan(errors) or any(has_nan(getattr(answer, field.name)) for field in fields(answer))
    if isinstance(answer, tuple | list):
        return any(has_nan(part) for part in answer)
    if isinstance(answer, np.ndarray):
        return answer.dtype.kind == "f" and bool(np.isnan(answer).any())
    return isinstance(answer, float) and np.isnan(answer)


def ask(call: Callable[..., Any], *arguments: Any, **named: Any) -> None:
    try:
        answer = call(*arguments, **named)
    except EstimationError as refusal:
        assert 20 < len(str(refusal)) < 300 and "nan" not in str(refusal)
    else:
        assert not has_nan(answer), (call, arguments, named, answer)


@pytest.mark.parametrize("seed", SEEDS)
def test_people_with_competing_events(seed: int) -> None:
    random = np.random.default_rng(seed)
    size = int(random.integers(1, 25))
    time = random.integers(0, random.integers(2, 14), size).astype(float)
    status = random.choice(3, size, p=random.dirichlet([0.5, 0.5, 0.5]))
    covariates = np.column_stack([random.integers(0, 2, size), random.normal(size=size)])[:, : random.integers(1, 3)]
    group = random.integers(0, random.integers(1, 4), size)
    entry = np.where(random.random(size) < 0.6, -np.inf, time - random.integers(1, 4, size))
    chance, horizon = np.round(random.random(size), 1), float(random.integers(1, 8))
    person = random.integers(0, size, random.integers(0, 15))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for curve in (aalen_johansen, naive):
            ask(curve, time, status, entry=entry)
        ask(gray_test, time, status, group)
        ask(gray_test, time, status, group, strata=covariates[:, 0] > 0)
        ask(fine_gray, time, status, covariates, censoring_group=group)
        ask(cox, time, status == 1, covariates, start=entry, strata=group)
        ask(cox, time, status == 1, covariates, cluster=group, ties="breslow")
        ask(firth_cox, time, status == 1, covariates, start=entry)
        ask(firth_logistic, status == 1, covariates)
        ask(logistic, status == 1, covariates)
        ask(time_lost, time, status, horizon, entry=entry)
        ask(pseudo_incidence, time, status, [horizon], entry=entry)
        ask(area_under_curve, time, status, chance, horizon)
        ask(brier_score, time, status, chance, horizon)
        ask(mean_count, person, random.random(len(person)) * time[person], time, status == 2, [horizon])


@pytest.mark.parametrize("seed", SEEDS)
def test_studies_with_few_events(seed: int) -> None:
    random = np.random.default_rng(seed)
    size = int(random.integers(1, 7))
    total, other_total = random.integers(1, 60, size), random.integers(1, 60, size)
    events = random.binomial(total, random.choice([0.01, 0.1, 0.5, 0.97]))
    table = arms(events, total, random.binomial(other_total, random.choice([0.01, 0.1, 0.5])), other_total)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for model in (binomial_normal, beta_binomial, poisson_normal):
            ask(model, events, total)
        for scale in ("logit", "arcsine", "raw", "freeman-tukey"):
            effects = transformed(events, total, scale)  # type: ignore[arg-type]
            for method in ("REML", "ML", "PM", "DL", "HS", "SJ", "common"):
                ask(pool, effects.estimate, effects.variance, method)
            ask(pool, effects.estimate, effects.variance, "REML", "knapp-hartung")
            ask(heterogeneity_interval, effects.estimate, effects.variance)
        for measure in ("odds-ratio", "risk-ratio", "risk-difference"):
            ask(mantel_haenszel, table, measure)
            ask(study_effects, table, measure)
        for call in (peto, tarone_test, exact_odds_ratio):
            ask(call, table)
        for kind in ("conditional", "conditional-approximate", "study-effects"):
            ask(mixed_odds_ratio, table, kind)


def test_studies_at_opposite_extremes_have_no_finite_spread() -> None:
    table = arms([0, 5, 0], [30, 36, 21], [5, 0, 9], [51, 27, 46])
    with pytest.raises(SeparationError, match="no finite estimate"):
        mixed_odds_ratio(table)


def test_a_sum_that_misses_1_by_rounding_is_1() -> None:
    curve = aalen_johansen(np.arange(49.0), np.ones(49))
    assert curve.upper[-1] == 1 and curve.lower[-1] > 0.9
