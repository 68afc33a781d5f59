"""Are predictions scored as riskRegression scores them, and does imputation do what it says?"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from carac.statistics.checks import EstimationError
from carac.statistics.cox import cox, predicted_incidence
from carac.statistics.fine_gray import fine_gray
from carac.statistics.imputation import Column, impute, nelson_aalen, pool
from carac.statistics.prediction import (
    Score,
    area_difference,
    area_under_curve,
    brier_score,
    calibration,
    decision_curve,
    null_brier_score,
)
from support.reference import expected, mgus2

HORIZON = 120.0


def predictions(model: str) -> NDArray[np.float64]:
    data = mgus2().complete
    if model == "FGR":
        return fine_gray(data.time, data.status, data.covariates).incidence(data.covariates, [HORIZON])[:, 0]
    models = [cox(data.time, data.status == cause, data.covariates) for cause in (1, 2)]
    return predicted_incidence(models, data.covariates, [HORIZON])[:, 0]


def scored(metric: str, model: str) -> Score:
    data = mgus2().complete
    if model == "Null model":
        return null_brier_score(data.time, data.status, HORIZON)
    score = brier_score if metric == "Brier" else area_under_curve
    return score(data.time, data.status, predictions(model), HORIZON)


@pytest.mark.parametrize("row", expected("cr_score_auc_brier"), ids=lambda row: f"{row['metric']}-{row['model']}")
def test_scores_equal_riskregression(row: dict[str, str]) -> None:
    found = scored(row["metric"], row["model"])
    # 1e-8: crr, whose coefficients R used for FGR, stops at 1e-6 of them
    assert found.estimate == pytest.approx(float(row["value"]), abs=1e-8)
    # R divides the squared influences by n - 1 and ours by n, 0.04 % on 1360 rows
    assert found.standard_error == pytest.approx(float(row["se"]), rel=5e-4)


def test_scores_without_censoring_are_plain() -> None:
    random = np.random.default_rng(1)
    time, status, chance = random.random(200) * 10, random.integers(1, 3, 200), random.random(200)
    case = (time <= 5) & (status == 1)
    brier = brier_score(time, status, chance, 5)
    parts = (case - chance) ** 2
    assert brier.estimate == pytest.approx(parts.mean(), abs=1e-12)
    assert brier.standard_error == pytest.approx(parts.std() / np.sqrt(200), abs=1e-12)
    pairs = np.sign(chance[case][:, None] - chance[~case]) / 2 + 0.5
    assert area_under_curve(time, status, chance, 5).estimate == pytest.approx(pairs.mean(), abs=1e-12)


def test_the_difference_of_two_areas_is_that_of_delong() -> None:
    """Without censoring, by the placements of DeLong et al. written out, with n in place of n - 1."""
    random = np.random.default_rng(8)
    time, status = random.random(150) * 10, random.integers(1, 3, 150)
    case = (time <= 5) & (status == 1)
    first = random.normal(size=150) + case
    second = 0.6 * first + random.normal(size=150)
    found = area_difference(time, status, first, second, 5)
    placed = [np.sign(one[case][:, None] - one[~case]) / 2 + 0.5 for one in (first, second)]
    of_cases = placed[0].mean(axis=1) - placed[1].mean(axis=1)
    of_controls = placed[0].mean(axis=0) - placed[1].mean(axis=0)
    assert found.estimate == pytest.approx(of_cases.mean(), abs=1e-12)
    variance = of_cases.var() / case.sum() + of_controls.var() / (~case).sum()
    assert found.standard_error == pytest.approx(np.sqrt(variance), abs=1e-12)
    back = area_difference(time, status, second, first, 5)
    assert (back.estimate, back.lower) == (pytest.approx(-found.estimate), pytest.approx(-found.upper))


def test_the_difference_of_two_areas_under_censoring_has_the_error_of_the_bootstrap() -> None:
    """400 samples: their standard deviation is off by some 4 %, three times which is the tolerance."""
    random = np.random.default_rng(9)
    marker = random.normal(size=300)
    drawn = np.stack([random.uniform(1, 20, 300), random.exponential(9 * np.exp(-marker)), random.exponential(30, 300)])
    time, status, other = drawn.min(axis=0), drawn.argmin(axis=0), marker + random.normal(size=300)
    found = area_difference(time, status, marker, other, 6)
    again = []
    for _ in range(400):
        rows = random.integers(0, 300, 300)
        again.append(area_difference(time[rows], status[rows], marker[rows], other[rows], 6).estimate)
    assert found.standard_error == pytest.approx(np.std(again), rel=0.12)


def test_scores_of_one_order_do_not_differ() -> None:
    random = np.random.default_rng(8)
    time, marker = random.random(50) * 10, random.random(50)
    found = area_difference(time, np.ones(50, dtype=int), marker, np.exp(marker), 5)
    assert (found.estimate, found.standard_error) == (0, 0)


def test_equal_predictions_tell_nothing_apart() -> None:
    found = area_under_curve([1, 2, 3, 4], [1, 0, 1, 0], [0.3] * 4, 3.5)
    assert found.estimate == pytest.approx(0.5)


def test_what_cannot_be_scored_is_said() -> None:
    with pytest.raises(EstimationError, match="cases and controls"):
        area_under_curve([1, 2, 3], [2, 0, 0], [0.1, 0.2, 0.3], 2.5)
    with pytest.raises(EstimationError, match="no probability"):
        brier_score([1, 2, 3], [1, 0, 0], [0.1, 1.2, 0.3], 2)
    with pytest.raises(EstimationError, match="horizon"):
        brier_score([1, 2, 3], [1, 0, 0], [0.1, 0.2, 0.3], 3)
    with pytest.raises(EstimationError, match="missing"):
        brier_score([1, 2, 3], [1, 0, 0], [0.1, np.nan, 0.3], 2)


def test_calibration_of_right_predictions() -> None:
    random = np.random.default_rng(3)
    chance = random.random(4000)
    time = np.where(random.random(4000) < chance, 1.0, 3.0)
    status = np.where(time == 1, 1, 0)
    groups = calibration(time, status, chance, 2, groups=4)
    assert [group.count for group in groups] == [1000] * 4
    # four standard errors of a proportion of 1000
    assert all(abs(group.predicted - group.observed) < 4 * np.sqrt(0.25 / 1000) for group in groups)


def test_calibration_keeps_level_predictions_together() -> None:
    groups = calibration([1, 2, 3, 4], [1, 0, 1, 0], [0.2] * 4, 2, groups=3)
    assert [group.count for group in groups] == [4]
    with pytest.raises(EstimationError, match="fewer groups"):
        calibration([1, 2, 9, 9], [0, 0, 1, 0], [0.1, 0.2, 0.8, 0.9], 5, groups=2)


def test_decision_curve_by_hand() -> None:
    # above 0.5 are two, one of whom has the event: 1/4 benefit, 1/4 in vain at odds 1
    found = decision_curve([1, 9, 9, 9], [1, 0, 0, 0], [0.9, 0.6, 0.2, 0.1], 5, [0.5, 0.2, 0.95])
    assert found.above.tolist() == [2, 3, 0]
    assert found.model == pytest.approx([0.0, 1 / 4 - 2 / 4 * 0.25, 0.0])
    assert found.treat_all[1] == pytest.approx(1 / 4 - 3 / 4 * 0.25)
    with pytest.raises(EstimationError, match="threshold"):
        decision_curve([1, 9], [1, 0], [0.9, 0.6], 5, [1.0])


# ---- Rubin's rules ----


def test_rubins_rules_by_hand() -> None:
    found = pool([1.0, 2.0, 3.0], [1.0, 1.0, 1.0])
    assert found.estimate[0] == 2.0
    assert found.standard_error[0] == pytest.approx(np.sqrt(1 + 4 / 3))
    assert found.missing_information[0] == pytest.approx(4 / 7)
    assert found.degrees_of_freedom[0] == pytest.approx(2 * (1 + 3 / 4) ** 2)


def test_rubins_rules_with_nothing_missing() -> None:
    found = pool([[2.0, 0.0]] * 5, [[4.0, 1.0]] * 5)
    assert np.isinf(found.degrees_of_freedom).all()
    assert found.lower == pytest.approx([2 - 1.959964 * 2, -1.959964], abs=1e-6)
    small = pool([2.0] * 5, [4.0] * 5, complete_freedom=10)
    assert small.degrees_of_freedom[0] == pytest.approx(11 / 13 * 10)


def test_rubins_rules_say_what_is_wrong() -> None:
    with pytest.raises(EstimationError, match="two imputations"):
        pool([1.0], [1.0])
    with pytest.raises(EstimationError, match="missing"):
        pool([1.0, np.nan], [1.0, 1.0])


# ---- chained equations ----


def regression(columns: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Slope of the second column on the first, with an intercept, and the variances."""
    design = np.column_stack([np.ones(len(columns)), columns[:, 0]])
    inverse = np.linalg.inv(design.T @ design)
    beta = inverse @ design.T @ columns[:, 1]
    residual = columns[:, 1] - design @ beta
    return beta, np.diag(inverse) * residual.var(ddof=0) * len(columns) / (len(columns) - 2)


def test_imputation_recovers_what_complete_cases_miss() -> None:
    random = np.random.default_rng(0)
    first = random.normal(size=1500)
    second = 1 + 2 * first + random.normal(size=1500)
    gone = (random.random(1500) < 0.6) & (second < 1)
    sets = impute([Column("first", np.where(gone, np.nan, first)), Column("second", second)], 10, seed=1)
    found = pool(*(np.array(part) for part in zip(*(regression(each) for each in sets), strict=True)), 1498)
    # four pooled standard errors, at a fixed seed
    assert np.all(np.abs(found.estimate - [1, 2]) < 4 * found.standard_error)
    biased, _ = regression(np.column_stack([first, second])[~gone])
    assert abs(biased[0] - 1) > 4 * found.standard_error[0]


def test_values_below_a_limit_are_drawn_below_it() -> None:
    random = np.random.default_rng(5)
    level = random.normal(size=1500)
    outcome = 0.5 * level + random.normal(size=1500)
    below = level < -0.5
    columns = [
        Column("level", np.where(below, np.nan, level), upper=np.where(below, -0.5, np.inf)),
        Column("outcome", outcome),
    ]
    sets = impute(columns, 5, seed=2)
    for each in sets:
        assert (each[below, 0] <= -0.5).all()
        assert (each[~below, 0] == level[~below]).all()
    # the mean of the part of a standard normal below -0.5 is -1.141; its spread over 460 rows allows 0.1
    assert np.mean([each[below, 0].mean() for each in sets]) == pytest.approx(-1.141, abs=0.1)


def test_binary_columns_stay_binary_also_when_separated() -> None:
    values = np.array([0.0, 0, 0, 1, 1, 1, np.nan, np.nan])
    sets = impute([Column("sign", values, "binary"), Column("size", [-3, -2, -1, 1, 2, 3, -9, 9])], 20, seed=3)
    drawn = np.array([each[6:, 0] for each in sets])
    assert np.isin(drawn, [0, 1]).all()
    assert drawn[:, 1].mean() > drawn[:, 0].mean()


def test_a_far_interval_is_drawn_within() -> None:
    columns = [
        Column("far", [0.0, 1, 2, 1, np.nan], lower=[-np.inf] * 4 + [1000]),
        Column("other", [1, 2, 3, 2.5, 2]),
    ]
    assert all(each[4, 0] >= 1000 and np.isfinite(each).all() for each in impute(columns, 5, seed=4))


def test_the_seed_decides() -> None:
    columns = [Column("first", [1, 2, np.nan, 4]), Column("second", [1, 3, 2, 5])]
    once, again, other = (impute(columns, 2, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(once, again) and not np.array_equal(once, other)


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (Column("x", [np.nan, np.nan, np.nan]), "no known value"),
        (Column("x", [1, 1, np.nan]), "one distinct known value"),
        (Column("x", [1, 2, np.nan], lower=[0, 0, 5], upper=[1, 1, 4]), "ends before it begins"),
        (Column("x", [1, 2, np.nan], "binary"), "0 or 1"),
        (Column("x", [1, 2]), "dimension of 3"),
    ],
)
def test_what_cannot_be_imputed_is_said(column: Column, said: str) -> None:
    with pytest.raises(EstimationError, match=said):
        impute([Column("y", [1, 2, 3]), column], 2, seed=1)


def test_nelson_aalen_by_hand() -> None:
    assert nelson_aalen([1, 2, 2, 5], [1, 1, 0, 1]) == pytest.approx([1 / 4, 7 / 12, 7 / 12, 19 / 12])
