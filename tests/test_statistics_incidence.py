"""Do cumulative incidence, Gray's test and what stands on them give R's figures, and a defined answer on poor data?

Tolerance 1e-10 where both sides evaluate the same closed form: only rounding separates them.
"""

from __future__ import annotations

import numpy as np
import pytest

from carac.statistics.checks import EstimationError
from carac.statistics.gray import gray_test
from carac.statistics.incidence import (
    aalen_johansen,
    at_times,
    event_free,
    naive,
    risk_table,
    time_lost,
    value_at,
)
from carac.statistics.landmark import landmark
from carac.statistics.proportions import clopper_pearson, poisson_rate, wilson
from carac.statistics.pseudo import pseudo_incidence, pseudo_time_lost
from carac.statistics.recurrent import mean_count
from support.reference import Competing, bmt35, expected, mgus2, number

CLOSED_FORM = 1e-10


def in_group(data: Competing, group: str) -> Competing:
    return data if group == "all" else data.only(data.group == int(group))


# ---- Aalen-Johansen against survfit and prodlim ----


@pytest.mark.parametrize(
    "row", expected("cr_aalen_johansen"), ids=lambda row: f"{row['group']}-{row['cause']}-{row['time']}"
)
def test_cumulative_incidence_equals_survfit_and_prodlim(row: dict[str, str]) -> None:
    data = in_group(mgus2(), row["group"])
    cause, moment = int(row["cause"]), float(row["time"])
    logs = at_times(aalen_johansen(data.time, data.status, cause, scale="log"), [moment])
    lines = at_times(aalen_johansen(data.time, data.status, cause, scale="linear"), [moment])
    found = [logs.estimate, logs.standard_error, logs.lower, logs.upper, lines.lower, lines.upper]
    names = ["cif_survfit", "se_survfit_IJ", "lo_survfit_log", "hi_survfit_log", "lo_prodlim", "hi_prodlim"]
    assert [value[0] for value in found] == pytest.approx([float(row[name]) for name in names], abs=CLOSED_FORM)
    assert logs.at_risk[0] == int(row["n_risk"])
    # cuminc's variance is Aalen's, up to 2.3 % larger on these data: the two are different estimators
    assert 0.99 < float(row["var_cuminc"]) / logs.standard_error[0] ** 2 < 1.023


@pytest.mark.parametrize("row", expected("bmt35_cuminc"), ids=lambda row: f"{row['curve']}-{row['time']}")
def test_ties_and_events_at_time_0_are_exact(row: dict[str, str]) -> None:
    """lifelines moves tied times of different causes apart and drops events at time 0."""
    group, cause = row["curve"].split()
    data = in_group(bmt35(), group)
    found = at_times(aalen_johansen(data.time, data.status, int(cause)), [float(row["time"])])
    assert found.estimate[0] == pytest.approx(float(row["est"]), abs=CLOSED_FORM)


@pytest.mark.parametrize("row", expected("cr_km_and_naive"), ids=lambda row: f"{row['group']}-{row['time']}")
def test_kaplan_meier_and_the_naive_curve_equal_survfit(row: dict[str, str]) -> None:
    data = in_group(mgus2(), row["group"])
    moment = np.array([float(row["time"])])
    time, free, error = event_free(data.time, data.status)
    wrong = naive(data.time, data.status)
    assert value_at(time, free, moment, 1.0)[0] == pytest.approx(float(row["eventfree_surv"]), abs=CLOSED_FORM)
    assert value_at(time, error, moment, 0.0)[0] == pytest.approx(float(row["se"]), abs=CLOSED_FORM)
    found = value_at(wrong.time, wrong.estimate, moment, 0.0)[0]
    assert found == pytest.approx(float(row["naive_1mKM_cause1"]), abs=CLOSED_FORM)
    naive_error = value_at(wrong.time, wrong.standard_error, moment, 0.0)[0]
    assert naive_error == pytest.approx(float(row["naive_se"]), abs=CLOSED_FORM)
    right = at_times(aalen_johansen(data.time, data.status), moment).estimate[0]
    assert value_at(wrong.time, wrong.overstatement, moment, 0.0)[0] == pytest.approx(found - right, abs=CLOSED_FORM)


def test_incidences_and_the_event_free_add_up_to_one() -> None:
    random = np.random.default_rng(1)
    time, status = random.integers(0, 20, 300), random.integers(0, 3, 300)
    entry = np.where(random.random(300) < 0.5, -np.inf, time - random.integers(1, 5, 300))
    first, second = (aalen_johansen(time, status, cause, entry) for cause in (1, 2))
    assert first.estimate + second.estimate + first.event_free == pytest.approx(np.ones(20), abs=1e-12)


def test_delayed_entry_by_hand() -> None:
    # at 2 two are at risk (the third comes at 2 and counts from then on), at 3 two, at 5 one
    curve = aalen_johansen([2, 3, 5], [1, 2, 1], entry=[-np.inf, 1, 2])
    assert curve.risk.at_risk.tolist() == [2, 2, 1]
    assert curve.estimate == pytest.approx([1 / 2, 1 / 2, 3 / 4])


def test_a_risk_set_that_empties_early_is_named() -> None:
    assert aalen_johansen([1, 5, 6], [1, 1, 1], entry=[-np.inf, 2, 2]).emptied_at == 1
    assert aalen_johansen([1, 5, 6], [1, 1, 1]).emptied_at is None


def test_log_log_interval_by_its_formula() -> None:
    curve = aalen_johansen([1, 2, 3, 4, 5], [1, 2, 0, 1, 0])
    value, error = curve.estimate[0], curve.standard_error[0]
    half = 1.959963984540054 * error / abs(value * np.log(value))
    assert curve.lower[0] == pytest.approx(value ** np.exp(half), rel=1e-12)
    assert curve.upper[0] == pytest.approx(value ** np.exp(-half), rel=1e-12)


# ---- no event, all events, one person ----


def test_no_event_has_an_exact_bound() -> None:
    """scikit-survival raises where one cause never happened; nothing happened to 20, so at most 16.8 %."""
    curve = aalen_johansen([5.0] * 20, [0] * 20)
    assert curve.estimate.tolist() == [0.0]
    early = at_times(curve, [4])
    assert (early.lower[0], early.upper[0]) == (0.0, pytest.approx(1 - 0.025 ** (1 / 20)))
    assert early.upper[0] == pytest.approx(clopper_pearson([0], [20]).upper[0])
    # who is censored on a day was at risk on it: at the end of a window all are known to be free of the event
    assert curve.upper.tolist() == [pytest.approx(1 - 0.025 ** (1 / 20))]
    assert at_times(curve, [5]).upper[0] == curve.upper[0]


def test_the_bound_counts_those_stopped_by_another_cause_and_not_late_comers() -> None:
    curve = aalen_johansen([1, 2, 9, 9], [2, 0, 0, 0], entry=[-np.inf, -np.inf, -np.inf, 3])
    known = curve.known.tolist()
    # the one censored at 2 is known to be free of it up to 2, not up to 9
    assert known == [3, 3, 2]
    assert curve.upper[1] == pytest.approx(1 - 0.025 ** (1 / 3))


def test_everybody_having_the_event_has_an_exact_bound() -> None:
    curve = aalen_johansen([3.0] * 10, [1] * 10)
    assert (curve.estimate[0], curve.upper[0]) == (1.0, 1.0)
    assert curve.lower[0] == pytest.approx(clopper_pearson([10], [10]).lower[0])


def test_one_person() -> None:
    assert aalen_johansen([0], [0]).estimate.tolist() == [0.0]
    assert aalen_johansen([0], [1]).estimate.tolist() == [1.0]


@pytest.mark.parametrize(
    ("time", "status", "said"),
    [
        ([], [], "is empty"),
        ([1, np.nan], [1, 0], "missing or not finite in row 1"),
        ([1, 2], [1, np.nan], "missing"),
        ([1, 2], [1], "1 rows, where 2"),
        ([-1, 2], [1, 0], "before 0"),
        ([1, 2], [0.5, 0], "no whole number"),
        (["a", 2], [1, 0], "no number"),
    ],
)
def test_what_is_wrong_is_said(time: list[float], status: list[float], said: str) -> None:
    with pytest.raises(EstimationError, match=said):
        aalen_johansen(time, status)


def test_what_cannot_be_asked() -> None:
    with pytest.raises(EstimationError, match="entry must come before exit"):
        aalen_johansen([0, 1], [1, 0], entry=[0, 0])
    with pytest.raises(EstimationError, match="censoring"):
        risk_table([1], [1], cause=0)
    with pytest.raises(EstimationError, match="nobody was observed beyond 2"):
        at_times(aalen_johansen([1, 2], [1, 0]), [3])
    with pytest.raises(EstimationError, match="no scale"):
        aalen_johansen([1, 2], [1, 0], scale="probit")  # type: ignore[arg-type]
    with pytest.raises(EstimationError, match="confidence"):
        aalen_johansen([1, 2], [1, 0], confidence=95)


# ---- mean time lost, pseudo-observations, landmark ----


def test_time_lost_without_censoring_is_a_mean() -> None:
    time, status = np.array([1.0, 2, 3, 4, 5, 6]), np.array([1, 2, 1, 1, 2, 1])
    lost = np.where(status == 1, np.maximum(5.5 - time, 0), 0)
    found = time_lost(time, status, 5.5)
    assert found.estimate == pytest.approx(lost.mean(), abs=1e-12)
    assert found.standard_error == pytest.approx(np.sqrt(lost.var() / 6), abs=1e-12)


def test_time_lost_with_censoring_agrees_with_its_pseudo_observations() -> None:
    data = mgus2()
    found = time_lost(data.time, data.status, 120)
    pseudo = pseudo_time_lost(data.time, data.status, 120)
    assert pseudo.mean() == pytest.approx(found.estimate, abs=1e-9)
    # the jackknife is another estimator of the same error; on 1384 rows they differ by 0.04 %
    assert pseudo.std(ddof=1) / np.sqrt(len(pseudo)) == pytest.approx(found.standard_error, rel=2e-3)


def test_time_lost_to_nothing_is_bounded() -> None:
    found = time_lost([10.0] * 30, [0] * 30, 8)
    assert (found.estimate, found.lower) == (0.0, 0.0)
    assert found.upper == pytest.approx(8 * clopper_pearson([0], [30]).upper[0])
    with pytest.raises(EstimationError, match="horizon"):
        time_lost([1, 2], [1, 0], 5)


def test_pseudo_observations_are_those_left_out_in_turn() -> None:
    random = np.random.default_rng(3)
    time, status = random.integers(0, 8, 30), random.integers(0, 3, 30)
    entry = np.where(random.random(30) < 0.7, -np.inf, time - 1.0)
    found = pseudo_incidence(time, status, [3, 6], entry=entry)
    whole = at_times(aalen_johansen(time, status, entry=entry), [3, 6]).estimate
    for row in range(30):
        rest = np.arange(30) != row
        without = at_times(aalen_johansen(time[rest], status[rest], entry=entry[rest]), [3, 6]).estimate
        assert found[row] == pytest.approx(30 * whole - 29 * without, abs=1e-12)


def test_pseudo_observations_without_censoring_are_outcomes() -> None:
    found = pseudo_incidence([1, 2, 3, 4], [1, 2, 1, 1], [2.5])
    assert found[:, 0] == pytest.approx([1, 0, 0, 0], abs=1e-12)
    with pytest.raises(EstimationError, match="two people"):
        pseudo_incidence([1], [1], [1])


def test_landmark_keeps_who_is_at_risk_afterwards() -> None:
    found = landmark([5, 10, 20, 40, 50], [1, 0, 2, 1, 0], 10, 30, entry=[-1, -1, -1, -1, 12])
    assert (found.rows.tolist(), found.time.tolist(), found.status.tolist()) == ([2, 3], [10, 20], [2, 0])
    assert (found.gone, found.not_yet) == (2, 1)
    with pytest.raises(EstimationError, match="nobody"):
        landmark([1, 2], [1, 0], 2)
    with pytest.raises(EstimationError, match="after the landmark"):
        landmark([1, 2], [1, 0], 1, 1)


# ---- Gray's test ----


@pytest.mark.parametrize("row", expected("cr_gray_test"), ids=lambda row: f"rho{row['rho']}-{row['cause']}")
def test_gray_equals_cuminc(row: dict[str, str]) -> None:
    data = mgus2()
    found = gray_test(data.time, data.status, data.group, int(row["cause"]), rho=float(row["rho"]))
    assert found.statistic == pytest.approx(float(row["stat"]), rel=CLOSED_FORM)
    assert (found.p_value, found.degrees_of_freedom) == (pytest.approx(float(row["pv"]), rel=1e-9), int(row["df"]))


@pytest.mark.parametrize("row", expected("bmt35_gray"), ids=lambda row: row["cause"])
def test_gray_equals_cuminc_with_many_ties(row: dict[str, str]) -> None:
    data = bmt35()
    found = gray_test(data.time, data.status, data.group, int(row["cause"]))
    assert found.statistic == pytest.approx(float(row["stat"]), rel=CLOSED_FORM)


def some_groups(groups: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(7)
    return random.integers(0, 15, 240), random.integers(0, 3, 240), random.integers(0, groups, 240)


def test_gray_does_not_depend_on_how_groups_are_named_or_ordered() -> None:
    time, status, group = some_groups(3)
    once = gray_test(time, status, group)
    again = gray_test(time, status, np.array(["c", "a", "b"])[group])
    assert once.degrees_of_freedom == 2
    assert again.statistic == pytest.approx(once.statistic, rel=1e-9)
    assert once.observed.sum() == pytest.approx(once.expected.sum())


def test_gray_within_strata() -> None:
    time, status, group = some_groups(2)
    twice = gray_test(np.tile(time, 2), np.tile(status, 2), np.tile(group, 2), strata=np.repeat([0, 1], len(time)))
    # two copies as strata: score and variance both double
    assert twice.statistic == pytest.approx(2 * gray_test(time, status, group).statistic, rel=1e-9)
    alone = gray_test(time, status, group, strata=np.zeros(len(time)))
    assert alone.statistic == pytest.approx(gray_test(time, status, group).statistic, rel=1e-12)


def test_gray_without_competing_events_or_censoring_before_the_end_is_near_the_log_rank_test() -> None:
    random = np.random.default_rng(9)
    time, group = random.exponential(size=400), random.integers(0, 2, 400)
    score = variance = 0.0
    for moment in time:
        there = time >= moment
        share = group[there].mean()
        score += group[time == moment][0] - share
        variance += share * (1 - share)
    # other variance estimators of the same score
    assert gray_test(time, np.ones(400), group).statistic == pytest.approx(score**2 / variance, rel=0.05)


@pytest.mark.parametrize(
    ("time", "status", "group", "said"),
    [
        ([1, 2, 3], [1, 0, 2], [1, 1, 1], "one group"),
        ([1, 2, 3, 4], [2, 0, 2, 0], [1, 1, 2, 2], "no event of cause 1"),
        ([1, 1, 2, 3], [0, 0, 1, 1], [1, 1, 2, 2], "more than one group"),
        ([1, 2, 3], [1, 0, 2], [1, None, 1], "missing label"),
    ],
)
def test_gray_says_what_cannot_be_compared(
    time: list[float], status: list[int], group: list[object], said: str
) -> None:
    with pytest.raises(EstimationError, match=said):
        gray_test(time, status, group)


def test_gray_with_one_event_and_with_all_tied() -> None:
    assert 0 < gray_test([1, 2, 3, 4], [1, 0, 0, 0], [1, 2, 1, 2]).p_value < 1
    tied = gray_test([2.0] * 8, [1, 1, 1, 2, 1, 2, 2, 2], [0] * 4 + [1] * 4)
    assert np.isfinite(tied.statistic)


# ---- recurrent events ----


def recurrent(censored: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(2)
    stop = random.exponential(5, 200)
    person = np.repeat(np.arange(200), random.poisson(stop))
    when = random.random(len(person)) * stop[person]
    limit = random.exponential(6, 200) if censored else np.full(200, np.inf)
    seen = when <= limit[person]
    return person[seen], when[seen], np.minimum(stop, limit), stop <= limit


def test_mean_count_without_censoring_is_a_mean() -> None:
    person, when, stop, died = recurrent(censored=False)
    found = mean_count(person, when, stop, died, [1, 4, 8])
    for place, moment in enumerate((1, 4, 8)):
        each = np.bincount(person[when <= moment], minlength=200)
        assert found.estimate[place] == pytest.approx(each.mean(), abs=1e-12)
        assert found.standard_error[place] == pytest.approx(each.std() / np.sqrt(200), abs=1e-12)


def test_mean_count_is_the_sum_of_incidences_of_the_first_second_and_later_events() -> None:
    """Dong's identity, with death as the competing event of each."""
    person, when, stop, died = recurrent(censored=True)
    total = 0.0
    order = np.argsort(when, kind="stable")
    rank = np.zeros(len(when), dtype=int)
    for place in range(200):
        rows = order[person[order] == place]
        rank[rows] = np.arange(len(rows))
    for number_of_event in range(int(rank.max()) + 1):
        time, status = stop.copy(), np.where(died, 2, 0)
        rows = rank == number_of_event
        time[person[rows]], status[person[rows]] = when[rows], 1
        total += aalen_johansen(time, status).estimate[np.unique(time) <= 4][-1]
    # incidences of the k-th event condition on past events, the count does not: the same in the long run
    assert mean_count(person, when, stop, died, [4]).estimate[0] == pytest.approx(total, rel=0.03)


def test_mean_count_error_agrees_with_the_bootstrap() -> None:
    person, when, stop, died = recurrent(censored=True)
    random = np.random.default_rng(4)
    drawn = []
    for _ in range(150):
        chosen = random.integers(0, 200, 200)
        parts = [when[person == place] for place in chosen]
        again = np.repeat(np.arange(200), [len(part) for part in parts])
        drawn.append(mean_count(again, np.concatenate(parts), stop[chosen], died[chosen], [4]).estimate[0])
    # 150 draws leave the bootstrap error itself uncertain by some 6 %
    assert mean_count(person, when, stop, died, [4]).standard_error[0] == pytest.approx(np.std(drawn), rel=0.2)


def test_mean_count_without_events_is_bounded() -> None:
    found = mean_count([], [], [9, 9, 9, 2], [0, 0, 0, 1], [5])
    assert (found.estimate[0], found.lower[0]) == (0, 0)
    assert found.upper[0] == pytest.approx(-np.log(0.025) / 4)
    # on the last day that anybody was observed, who was still there counts
    assert mean_count([], [], [9, 9, 5, 2], [0, 0, 0, 1], [9]).upper[0] == pytest.approx(-np.log(0.025) / 3)
    assert mean_count([], [], [9, 9], [0, 0], [5]).estimate[0] == 0


def test_mean_count_says_what_is_wrong() -> None:
    with pytest.raises(EstimationError, match="outside the time"):
        mean_count([0], [5], [4], [0], [1])
    with pytest.raises(EstimationError, match="person 3"):
        mean_count([3], [1], [4], [0], [1])
    with pytest.raises(EstimationError, match="beyond 4"):
        mean_count([0], [1], [4], [0], [6])


# ---- one proportion, one rate ----


@pytest.mark.parametrize("row", expected("ma_single_study_ci"), ids=lambda row: f"{row['dataset']}-{row['study']}")
def test_intervals_of_one_proportion_equal_r(row: dict[str, str]) -> None:
    events, total = [int(row["x"])], [int(row["n"])]
    exact, score = clopper_pearson(events, total), wilson(events, total)
    found = [exact.lower[0], exact.upper[0], score.lower[0], score.upper[0]]
    wanted = [number(row[name]) for name in ("cp_lo", "cp_hi", "wilson_lo", "wilson_hi")]
    assert found == pytest.approx(wanted, abs=CLOSED_FORM)


def test_intervals_at_the_edges() -> None:
    for interval in (wilson, clopper_pearson):
        found = interval([0, 7], [7, 7])
        assert (found.lower[0], found.upper[1]) == (0.0, 1.0)
        assert 0 < found.upper[0] < 1 and 0 < found.lower[1] < 1
    with pytest.raises(EstimationError, match="total is 0"):
        wilson([0], [0])
    with pytest.raises(EstimationError, match="more events"):
        wilson([2], [1])


def test_rates_by_their_definition() -> None:
    found = poisson_rate([0, 4], [10, 10])
    assert found.lower[0] == 0
    assert found.upper[0] == pytest.approx(-np.log(0.025) / 10)
    mean = found.lower[1] * 10
    # four or more events have a chance of 2.5 % at the lower end
    fewer = np.exp(-mean) * (1 + mean + mean**2 / 2 + mean**3 / 6)
    assert 1 - fewer == pytest.approx(0.025, abs=1e-9)
    with pytest.raises(EstimationError, match="more than 0"):
        poisson_rate([1], [0])
