"""Do the estimators agree with the Python libraries where those are right, and give the right answer where they do not?

lifelines, statsmodels and comprisk run here; scikit-survival, which is under the GPL, was run by
tools/scikit_survival_figures.py. Each known wrong answer of theirs is shown beside ours: where a new version mends it,
the test says so by failing, and the comparison can become an ordinary one. Right is R's figure, or paper and pencil's.

1e-9 where both go on to rounding; 1e-6 where comprisk stops at a gradient of that size; 1e-5 where lifelines stops at a
change of 1e-7 in the likelihood, whose square root and more the coefficients are off by.
"""

from __future__ import annotations

import warnings
from importlib.util import find_spec

import numpy as np
import pytest
from numpy.typing import NDArray

from carac.statistics.checks import EstimationError, SeparationError
from carac.statistics.cox import cox
from carac.statistics.fine_gray import fine_gray
from carac.statistics.gray import gray_test
from carac.statistics.imputation import Column, impute, nelson_aalen, pool
from carac.statistics.incidence import aalen_johansen, at_times
from carac.statistics.logistic import logistic
from carac.statistics.prediction import area_under_curve, brier_score
from carac.statistics.proportions import wilson
from needs import require
from support.reference import expected

for library in ("comprisk", "lifelines", "statsmodels"):
    require(find_spec(library), f"{library} is not installed; make test installs it")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import comprisk
    import pandas as pd
    from lifelines import AalenJohansenFitter, CoxPHFitter, CoxTimeVaryingFitter
    from statsmodels.discrete.discrete_model import Logit
    from statsmodels.duration.hazard_regression import PHReg
    from statsmodels.imputation import mice
    from statsmodels.stats.proportion import proportion_confint

TO_ROUNDING = 1e-9
TO_A_GRADIENT = 1e-6
TO_A_LIKELIHOOD = 1e-5

pytestmark = pytest.mark.filterwarnings("ignore")


class People:
    """Times with ties (whole numbers), two causes, two covariates."""

    def __init__(self, size: int = 240, seed: int = 5) -> None:
        random = np.random.default_rng(seed)
        self.covariates = random.normal(size=(size, 2)).round(3)
        hazard = 0.05 * np.exp(self.covariates @ [0.6, -0.4])
        drawn = np.stack([random.uniform(5, 40, size), random.exponential(1 / hazard), random.exponential(50, size)])
        self.exact = drawn.min(axis=0)
        self.time = np.ceil(self.exact)
        self.status = drawn.argmin(axis=0)
        self.event = (self.status == 1).astype(int)
        self.group = random.integers(0, 3, size)
        self.entry = np.where(random.random(size) < 0.5, 0.0, np.floor(self.exact * random.random(size)))

    def table(self, **more: NDArray[np.float64]) -> pd.DataFrame:
        """For lifelines."""
        both = {"first": self.covariates[:, 0], "second": self.covariates[:, 1], "event": self.event}
        return pd.DataFrame({**both, **more})


ALL = People()
TIMES = [1.0, 5.0, 10.0, 20.0, 30.0]
#: Completed sets of data.
SETS = 8


# ---- where they are right ----


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_cox_equals_statsmodels(ties: str) -> None:
    theirs = PHReg(ALL.time, ALL.covariates, status=ALL.event, ties=ties).fit(disp=0)
    ours = cox(ALL.time, ALL.event, ALL.covariates, ties=ties)  # type: ignore[arg-type]
    assert ours.coefficients == pytest.approx(theirs.params, abs=TO_ROUNDING)
    assert ours.standard_errors == pytest.approx(theirs.bse, abs=TO_ROUNDING)
    assert ours.log_likelihood == pytest.approx(theirs.llf, abs=TO_ROUNDING)


def test_cox_with_strata_equals_statsmodels() -> None:
    theirs = PHReg(ALL.time, ALL.covariates, status=ALL.event, ties="efron", strata=ALL.group).fit(disp=0)
    ours = cox(ALL.time, ALL.event, ALL.covariates, strata=ALL.group)
    assert ours.coefficients == pytest.approx(theirs.params, abs=TO_ROUNDING)


def test_cox_equals_lifelines() -> None:
    theirs = CoxPHFitter().fit(ALL.table(time=ALL.time), "time", "event")
    ours = cox(ALL.time, ALL.event, ALL.covariates)
    assert ours.coefficients == pytest.approx(theirs.params_.to_numpy(), abs=TO_A_LIKELIHOOD)
    assert ours.standard_errors == pytest.approx(theirs.standard_errors_.to_numpy(), abs=TO_A_LIKELIHOOD)


def test_cox_by_day_equals_lifelines() -> None:
    """Rows of one person that follow each other, with a covariate that changes."""
    half = np.floor(ALL.time / 2)
    later = half > 0
    person = np.concatenate([np.arange(240)[later], np.arange(240)])
    start = np.concatenate([np.zeros(later.sum()), np.where(later, half, 0.0)])
    stop = np.concatenate([half[later], ALL.time])
    event = np.concatenate([np.zeros(later.sum(), dtype=int), ALL.event])
    values = np.concatenate([ALL.covariates[later], ALL.covariates + np.array([0.5, 0.0])])
    table = pd.DataFrame({"person": person, "start": start, "stop": stop, "event": event})
    table[["first", "second"]] = values
    theirs = CoxTimeVaryingFitter().fit(table, id_col="person", event_col="event", start_col="start", stop_col="stop")
    ours = cox(stop, event, values, start)
    assert ours.coefficients == pytest.approx(theirs.params_.to_numpy(), abs=TO_A_LIKELIHOOD)
    assert ours.standard_errors == pytest.approx(theirs.standard_errors_.to_numpy(), abs=TO_A_LIKELIHOOD)


def test_cause_specific_cox_equals_comprisk() -> None:
    theirs = comprisk.CauseSpecificCox().fit(ALL.covariates, time=ALL.time, event=ALL.status)
    ours = cox(ALL.time, ALL.event, ALL.covariates, ties="breslow")
    assert ours.coefficients == pytest.approx(theirs.coef_, abs=TO_ROUNDING)
    assert ours.standard_errors == pytest.approx(theirs.se_, abs=TO_ROUNDING)


def test_fine_gray_coefficients_equal_comprisk_and_errors_nearly() -> None:
    """Its robust errors are those of finegray with coxph, without crr's order of censoring and events of one time."""
    theirs = comprisk.FineGrayRegression(robust_se=True).fit(ALL.covariates, time=ALL.time, event=ALL.status)
    ours = fine_gray(ALL.time, ALL.status, ALL.covariates)
    assert ours.coefficients == pytest.approx(theirs.coef_, abs=TO_A_GRADIENT)
    assert ours.standard_errors == pytest.approx(theirs.se_, rel=0.02)


@pytest.mark.parametrize("cause", [1, 2])
@pytest.mark.parametrize("rho", [0.0, 1.0])
def test_gray_equals_comprisk(cause: int, rho: float) -> None:
    theirs = comprisk.gray_test(ALL.time, ALL.status, ALL.group, cause=cause, rho=rho)
    ours = gray_test(ALL.time, ALL.status, ALL.group, cause, rho=rho)
    assert (ours.statistic, ours.degrees_of_freedom) == (pytest.approx(theirs.stat, abs=TO_ROUNDING), theirs.df)


@pytest.mark.parametrize("cause", [1, 2])
def test_cumulative_incidence_equals_comprisk(cause: int) -> None:
    theirs = comprisk.CumulativeIncidence().fit(ALL.time, ALL.status).curves_[(None, cause)]
    ours = at_times(aalen_johansen(ALL.time, ALL.status, cause), TIMES)
    assert ours.estimate == pytest.approx(theirs.evaluate(np.array(TIMES))[0], abs=TO_ROUNDING)


def test_cumulative_incidence_without_ties_equals_lifelines() -> None:
    theirs = AalenJohansenFitter(calculate_variance=False).fit(ALL.exact, ALL.status, event_of_interest=1)
    ours = at_times(aalen_johansen(ALL.exact, ALL.status), TIMES)
    assert ours.estimate == pytest.approx(theirs.predict(TIMES).to_numpy(), abs=TO_ROUNDING)


def test_logistic_regression_equals_statsmodels() -> None:
    theirs = Logit(ALL.event, np.column_stack([np.ones(240), ALL.covariates])).fit(disp=0, method="newton", tol=1e-14)
    ours = logistic(ALL.event, ALL.covariates)
    assert ours.coefficients == pytest.approx(theirs.params, abs=TO_ROUNDING)
    assert ours.standard_errors == pytest.approx(theirs.bse, abs=TO_ROUNDING)


@pytest.mark.parametrize("events", [0, 1, 7, 19, 20])
def test_wilson_equals_statsmodels(events: int) -> None:
    ours = wilson([events], [20])
    assert (ours.lower[0], ours.upper[0]) == pytest.approx(proportion_confint(events, 20, method="wilson"), abs=1e-12)


def test_chained_equations_draw_as_those_of_statsmodels() -> None:
    """Two random procedures: means are held to four Monte-Carlo errors, and 0.01 for its matching; pooling exactly."""
    random = np.random.default_rng(2)
    first = random.normal(size=400)
    second = 0.8 * first + 0.6 * random.normal(size=400)
    outcome = first + second + random.normal(size=400)
    # whether the second is known follows from the first, so that complete cases alone would be off
    second[random.random(400) < 1 / (1 + np.exp(1 - 1.5 * first))] = np.nan
    columns = [Column("first", first), Column("second", second), Column("outcome", outcome)]
    drawn = impute(columns, SETS, seed=3, sweeps=3)
    np.random.seed(4)  # statsmodels draws from it
    data = mice.MICEData(pd.DataFrame({"first": first, "second": second, "outcome": outcome}), k_pmm=5)
    theirs = []
    for _ in range(SETS):
        data.update_all(3)
        theirs.append(float(data.data["second"].mean()))
    means = np.array([one[:, 1].mean() for one in drawn])
    error = np.sqrt((means.var(ddof=1) + np.var(theirs, ddof=1)) / SETS)
    assert means.mean() == pytest.approx(np.mean(theirs), abs=4 * error + 0.01)
    fits = [_least_squares(one) for one in drawn]
    pooled = pool([beta for beta, _ in fits], [np.diag(spread) for _, spread in fits])
    within = np.mean([spread for _, spread in fits], axis=0)
    between = np.cov(np.array([beta for beta, _ in fits]).T)
    # Rubin's total variance, of the fits of statsmodels
    assert pooled.standard_error**2 == pytest.approx(np.diag(within + (1 + 1 / SETS) * between), rel=1e-12)


def _least_squares(completed: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from statsmodels.regression.linear_model import OLS

    fit = OLS(completed[:, 2], np.column_stack([np.ones(len(completed)), completed[:, :2]])).fit()
    return fit.params, fit.cov_params()


def test_prediction_incidence_and_cox_equal_scikit_survival() -> None:
    rows = expected("scikit_survival_people")
    column = {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}
    time, status = column["time"], column["status"].astype(int)
    # its area and Brier score know one cause
    single = np.where(status == 1, 1, 0)
    design = np.column_stack([column["marker"], column["second"]])
    for row in expected("scikit_survival"):
        name, at = row["figure"], float(row["at"])
        if name == "area":
            ours = area_under_curve(time, single, column["marker"], at).estimate
        elif name == "brier":
            ours = brier_score(time, single, column["risk"], at).estimate
        elif name.startswith("incidence"):
            ours = float(at_times(aalen_johansen(time, status, int(name[-1])), [at]).estimate[0])
        else:
            ties = "efron" if name == "cox_efron" else "breslow"
            ours = float(cox(np.ceil(time), single, design, ties=ties).coefficients[int(at)])  # type: ignore[arg-type]
        assert ours == pytest.approx(float(row["value"]), abs=TO_ROUNDING), row


# ---- where they are not ----


def test_tied_times_are_not_jittered() -> None:
    """lifelines moves tied times at random: another seed, another answer.

    Of eight one has it on day 1, one dies, two leave; of the four on day 2 one has it: 1/8 + 6/8 x 1/4.
    """
    time, status = np.array([1.0, 1, 1, 1, 2, 2, 2, 3]), np.array([1, 2, 0, 0, 1, 2, 0, 0])
    theirs = [
        float(AalenJohansenFitter(calculate_variance=False, seed=seed).fit(time, status, 1).predict(2.5))
        for seed in range(4)
    ]
    assert len({round(one, 6) for one in theirs}) > 1
    assert at_times(aalen_johansen(time, status), [1.0, 2.5]).estimate == pytest.approx([1 / 8, 5 / 16], abs=1e-15)


def test_events_at_time_0_count() -> None:
    """lifelines leaves them out. One of six at time 0 is one sixth."""
    time, status = np.array([0.0, 2.0, 4.0, 6.0, 8.0, 10.0]), np.array([1, 0, 1, 0, 2, 0])
    theirs = AalenJohansenFitter(calculate_variance=False).fit(time, status, event_of_interest=1)
    assert float(theirs.predict(0.0)) == 0
    ours = at_times(aalen_johansen(time, status), [0.0, 4.0])
    assert ours.estimate == pytest.approx([1 / 6, 1 / 6 + 5 / 6 / 4], abs=1e-15)


def test_any_moment_may_be_asked() -> None:
    """lifelines gives NaN on a timeline of one's own; ours holds the last step."""
    moments = [2.5, 11.25, 17.0]
    theirs = AalenJohansenFitter(calculate_variance=False).fit(
        ALL.exact, ALL.status, event_of_interest=1, timeline=np.array(moments)
    )
    assert theirs.cumulative_density_.isna().to_numpy().any()
    curve = aalen_johansen(ALL.exact, ALL.status)
    steps = [float(curve.estimate[curve.time <= moment][-1]) for moment in moments]
    assert at_times(curve, moments).estimate == pytest.approx(steps, abs=1e-15)


def test_a_cause_that_never_happened_has_an_incidence_of_0_with_a_bound() -> None:
    """scikit-survival raises ("Some risks do not appear in the event array")."""
    status = np.where(ALL.status == 1, 0, ALL.status)
    ours = at_times(aalen_johansen(ALL.time, status), [10.0])
    assert ours.estimate[0] == 0
    assert 0 < ours.upper[0] < 0.05


def test_one_missing_covariate_is_an_error_and_no_coefficient_of_0() -> None:
    """comprisk gives a coefficient of 0."""
    covariates = ALL.covariates[:, :1].copy()
    covariates[7] = np.nan
    theirs = comprisk.FineGrayRegression().fit(covariates, time=ALL.time, event=ALL.status)
    assert theirs.coef_[0] == 0
    for fit, status in ((fine_gray, ALL.status), (cox, ALL.event)):
        with pytest.raises(EstimationError, match="missing or not finite in row 7 column 0"):
            fit(ALL.time, status, covariates)  # type: ignore[operator]


def test_complete_separation_is_an_error_and_no_large_number() -> None:
    """comprisk gives a coefficient of 16, that is a hazard ratio of nine million."""
    time = np.arange(1.0, 41.0)
    status = np.where(np.arange(40) < 10, 1, np.where(np.arange(40) % 3 == 0, 2, 0))
    sorting = (status == 1).astype(float)[:, None]
    theirs = comprisk.FineGrayRegression().fit(sorting, time=time, event=status)
    assert 10 < theirs.coef_[0] < np.inf
    for fit, ended in ((fine_gray, status), (cox, status == 1)):
        with pytest.raises(SeparationError):
            fit(time, ended, sorting)  # type: ignore[operator]


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_who_enters_at_a_time_is_not_yet_at_risk_at_it(ties: str) -> None:
    """statsmodels counts them; with 1e-6 added to the entry it gives R's figure, and so do we without."""
    plain, moved = (
        PHReg(ALL.time, ALL.covariates, status=ALL.event, entry=ALL.entry + shift, ties=ties).fit(disp=0).params
        for shift in (0.0, 1e-6)
    )
    ours = cox(ALL.time, ALL.event, ALL.covariates, ALL.entry, ties=ties).coefficients  # type: ignore[arg-type]
    assert ours == pytest.approx(moved, abs=TO_ROUNDING)
    assert np.abs(plain - moved).max() > 1e-4


def test_nelson_aalen_orders_as_lifelines() -> None:
    from lifelines import NelsonAalenFitter

    # without smoothing of ties lifelines adds up the same steps
    theirs = NelsonAalenFitter(nelson_aalen_smoothing=False).fit(ALL.time, ALL.event)
    assert nelson_aalen(ALL.time, ALL.event) == pytest.approx(theirs.predict(ALL.time).to_numpy(), abs=TO_ROUNDING)
