"""Penalised models, their optimism, the people they need; scores at a landmark; a model as a file."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import replace
from math import exp, log2
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize

from carac import api
from carac.analysis.landmarks import ahead_of
from carac.analysis.markers import NO_LOGARITHM, NONE_RECORDED, ONLY_A_RANGE, marker_of, read, shipped
from carac.analysis.model_file import PredictionModel, as_toml, from_entries, load, save
from carac.analysis.prediction_model import Fitted, ModelRequest, fit
from carac.analysis.scores import Request, Scored, scores
from carac.analysis.settings import from_toml, settings_from
from carac.definitions import all_definitions
from carac.endpoints.rules import Window
from carac.endpoints.study import Study
from carac.findings import CaracError
from carac.report import drawing
from carac.report.figures.decision import Drawn, decision_figure
from carac.report.questions.asked import Asked
from carac.report.questions.build import QUESTIONS, questions_of
from carac.statistics.checks import EstimationError, SeparationError
from carac.statistics.internal_validation import bootstrap, calibration_slope, cross_validated, make_ridge
from carac.statistics.logistic import logistic
from carac.statistics.prediction import weighted_outcome
from carac.statistics.ridge import PENALTIES, ridge_logistic
from carac.statistics.sample_size import largest_explained, people_needed
from support.hand_graded import Row, study
from test_endpoints import bleed, dic

Floats = NDArray[np.float64]
DEFINITIONS = ["isth_bleeding", "easix_pre", "easix", "isth_overt_dic_2025", "icaht_early_as_in_authors_code"]

# ---- the estimator ----


def made_up(people: int = 150, seed: int = 4) -> tuple[Floats, Floats, Floats]:
    """Outcome, covariates of unlike size, weights."""
    random = np.random.default_rng(seed)
    covariates = random.normal(size=(people, 3)) * [1.0, 20.0, 0.01] + [0.0, 60.0, 5.0]
    chance = 1 / (1 + np.exp(1.5 - covariates[:, 0] - 0.03 * (covariates[:, 1] - 60)))
    return (random.random(people) < chance).astype(float), covariates, random.uniform(0, 2, people)


@pytest.mark.parametrize("penalty", [0.5, 8.0, 200.0])
def test_the_penalised_estimate_is_the_minimum_that_scipy_finds(penalty: float) -> None:
    outcome, covariates, weight = made_up()
    weight[::7] = 0
    use = weight > 0
    centre, spread = covariates[use].mean(axis=0), covariates[use].std(axis=0)

    def loss(beta: Floats) -> float:
        eta = beta[0] + ((covariates - centre) / spread) @ beta[1:]
        chance = 1 / (1 + np.exp(-eta))
        fit = weight @ (outcome * np.log(chance) + (1 - outcome) * np.log(1 - chance))
        return float(-fit + penalty / 2 * (beta[1:] ** 2).sum())

    best = minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-9})
    found = ridge_logistic(outcome, covariates, weight, penalty)
    # 1e-5: what BFGS with numerical derivatives reaches
    assert found.standardised == pytest.approx(best.x[1:], abs=1e-5)
    eta = best.x[0] + ((covariates - centre) / spread) @ best.x[1:]
    assert found.chance(covariates) == pytest.approx(1 / (1 + np.exp(-eta)), abs=1e-5)


def test_without_penalty_it_is_logistic_regression_and_weights_are_copies() -> None:
    outcome, covariates, _ = made_up()
    # 1e-8: both climb to the same maximum, which R's glm has too (test_statistics_regression)
    plain = logistic(outcome, covariates)
    found = ridge_logistic(outcome, covariates, penalty=0.0)
    assert [found.intercept, *found.coefficients] == pytest.approx(list(plain.coefficients), rel=1e-8)
    assert found.degrees_of_freedom == pytest.approx(3, abs=1e-9)
    copies = np.arange(len(outcome)) % 3
    twice = np.repeat(np.arange(len(outcome)), copies)
    weighted = ridge_logistic(outcome, covariates, copies, penalty=0.0)
    assert weighted.coefficients == pytest.approx(ridge_logistic(outcome[twice], covariates[twice], penalty=0.0).coefficients)  # noqa: E501  # fmt: skip


def test_the_penalty_shrinks_and_is_chosen_by_aic() -> None:
    outcome, covariates, _ = made_up()
    fits = [ridge_logistic(outcome, covariates, penalty=one) for one in PENALTIES]
    sizes = [float((one.standardised**2).sum()) for one in fits]
    free = [one.degrees_of_freedom for one in fits]
    assert sizes == sorted(sizes, reverse=True) and free == sorted(free, reverse=True) and free[-1] < 0.2
    chosen = ridge_logistic(outcome, covariates)
    assert chosen.penalty == min(fits, key=lambda one: one.aic).penalty and 0.1 < chosen.penalty < 1000


def test_separation_has_a_penalised_estimate_and_no_other() -> None:
    marker, outcome = np.arange(20.0), (np.arange(20) >= 10).astype(float)
    with pytest.raises(SeparationError, match="sorts the outcomes"):
        ridge_logistic(outcome, marker, penalty=0.0)
    assert np.isfinite(ridge_logistic(outcome, marker).coefficients).all()
    with pytest.raises(EstimationError, match="same in every row"):
        ridge_logistic(np.zeros(20), marker)
    with pytest.raises(EstimationError, match="does not vary"):
        ridge_logistic(outcome, np.ones(20))
    with pytest.raises(EstimationError, match="missing"):
        ridge_logistic(outcome, np.where(marker == 3, np.nan, marker))


def test_people_needed_by_hand() -> None:
    # 24 parameters, 17.4 % with the event, explained variation 0.288: worked with a pocket calculator
    found = people_needed(24, 0.174, 0.288)
    # 24 / (0.1 x 0.38566); 24 / (0.09479 x 0.38296); (1.96 / 0.05)^2 x 0.174 x 0.826
    assert (found.for_shrinkage, found.for_optimism, found.for_risk) == (623, 662, 221)
    assert found.people == 662 and found.events_per_parameter == pytest.approx(4.80, abs=0.005)
    assert largest_explained(0.5) == pytest.approx(0.75)
    # where nothing is known, 15 % of the largest: 0.15 x 0.75 = 0.1125
    assert people_needed(10, 0.5).explained == pytest.approx(0.1125)
    with pytest.raises(EstimationError, match="share"):
        people_needed(3, 0.0)


def test_optimism_is_found_where_there_is_nothing_but_noise() -> None:
    random = np.random.default_rng(8)
    people = 200
    time, status = random.exponential(60, people), np.where(random.random(people) < 0.5, 1, 2)
    noise = random.normal(size=(people, 10))
    found = bootstrap(time, status, noise, 60.0, make_ridge(60.0, 0.5), samples=25)
    assert found.apparent.area > 0.6 and found.failed == 0
    # a standard error of the area of noise is 0.05 here
    assert abs(found.corrected.area - 0.5) < 0.12 and found.corrected.gain < 0.02
    assert found.corrected.slope is not None and found.corrected.slope < 0.6
    again = bootstrap(time, status, noise, 60.0, make_ridge(60.0, 0.5), samples=25)
    assert again == found


def test_nobody_is_predicted_from_their_own_outcome() -> None:
    outcome, covariates, _ = made_up(40)
    time = np.where(outcome == 1, np.arange(40) % 9 + 1.0, 20.0)
    status = outcome.astype(int)
    left_out = cross_validated(time, status, covariates, 10.0, folds=40)
    for row in (0, 13, 39):
        others = np.arange(40) != row
        alone = ridge_logistic(outcome[others], covariates[others]).chance(covariates[[row]])
        assert left_out[row] == pytest.approx(alone[0], rel=1e-9)
    assert calibration_slope(time, status, np.full(40, 0.3), 10.0) is None


# ---- scores at a landmark ----


def cohort() -> list[Row]:
    """Eighty people; EASIX before lymphodepletion doubles with each, some is missing or a range."""
    people: list[Row] = []
    for number in range(80):
        value: dict[str, Any] = {"easix_pre": 2.0 ** (number / 10)}
        value |= {"easix_pre__lowest": value["easix_pre"], "easix_pre__highest": value["easix_pre"]}
        if number in (3, 4):
            value = {"easix_pre__lowest": 1.0, "easix_pre__highest": 5.0}
        if number == 5:
            value = {}
        people.append({"id": f"p{number:02d}", "end": 120, "age": 40.0 + number % 30, "sex": "male" if number % 3 else "female", **value})  # noqa: E501  # fmt: skip
    people[10] |= {"end": 20, "death": 20}
    people[11] |= {"end": 0, "death": 0}
    return people


def events() -> list[Row]:
    """Thirty bleeds, more of them where EASIX is high; two on day 0, one on day 7, one on day 8."""
    bled = [*range(1, 60, 6), *range(60, 80)]
    days = {1: 0, 60: 0, 61: 7, 62: 8}
    return [bleed(f"p{number:02d}", days.get(number, 10 + number % 40)) for number in bled]


@pytest.fixture(scope="module")
def own() -> Study:
    """The cohort, with the DIC score of days 5 to 9 and EASIX of days 6 and 8."""
    days = [dic(f"p{number:02d}", day, number % 6, number % 6) for number in range(80) for day in (5, 9)]
    days += [{"id": f"p{number:02d}", "day": day, "easix__lowest": float(day), "easix__highest": float(day)} for number in range(40) for day in (6, 8)]  # noqa: E501  # fmt: skip
    return study(cohort(), events=events(), days=days, definitions=DEFINITIONS, values_of_day=["platelets_lowest"])


def one_of(made: Study, marker: str, window: str | Window = "to_100", **more: Any) -> Scored:
    return scores(made, "major_bleeding", window, Request(markers=(marker,), **more)).scored[0]


def test_only_events_after_the_landmark_count(own: Study) -> None:
    before, on_day = ahead_of(own, "major_bleeding", "to_100", -1), ahead_of(own, "major_bleeding", "to_100", 7)
    assert (before.events, len(before.place), before.gone) == (30, 80, 0)
    # bleeds of days 0 and 7 are over, that of day 8 is ahead; who died on day 0 is gone
    assert (on_day.events, len(on_day.place), on_day.gone) == (27, 76, 4)
    assert on_day.days == "days 8 to 100" and on_day.horizon == 93
    assert on_day.time[on_day.place == 62].tolist() == [1.0]
    # the death of day 20 competes; who was seen to the end lies beyond the horizon
    assert (on_day.competing, int((on_day.time > on_day.horizon).sum())) == (1, 48)
    later = ahead_of(own, "major_bleeding", Window("later", 31, 90), -1)
    assert later.day == 30 and later.days == "days 31 to 90"
    with pytest.raises(CaracError, match="Nothing is left to foretell"):
        ahead_of(own, "major_bleeding", "0_to_30", 30)


def test_nothing_after_the_landmark_is_looked_at(own: Study) -> None:
    markers = [shipped()["easix"], shipped()["isth_overt_dic_2025"]]
    on_7, on_8, alone = read(own, markers, 7), read(own, markers, 8), read(own, markers, 7, look_back=0)
    assert on_7["easix"].values[:2].tolist() == [log2(6), log2(6)] and on_8["easix"].values[0] == 3.0
    assert on_7["isth_overt_dic_2025"].values[7] == 1 and np.isnan(on_8["isth_overt_dic_2025"].values[7])
    assert np.isnan(alone["easix"].values).all() and set(on_7["easix"].why[40:]) == {NONE_RECORDED}


def test_who_could_not_be_scored_is_counted_with_the_reason(own: Study) -> None:
    found = one_of(own, "easix_pre")
    assert found.people == 77 and dict(found.unscored) == {ONLY_A_RANGE: 2, NONE_RECORDED: 1}
    assert found.people + sum(number for _, number in found.unscored) == len(found.ahead.place)
    zero = study([{"id": "a", "end": 9, "easix_pre": 0.0, "easix_pre__lowest": 0.0, "easix_pre__highest": 0.0}], definitions=DEFINITIONS)  # noqa: E501  # fmt: skip
    assert read(zero, [shipped()["easix_pre"]], -1)["easix_pre"].why.tolist() == [NO_LOGARITHM]


def test_the_area_is_the_share_of_pairs_in_order(own: Study) -> None:
    found = one_of(own, "easix_pre")
    assert found.merit is not None
    bled = {int(row["id"][1:]) for row in events()}
    scored = [number for number in range(80) if number not in (3, 4, 5)]
    # EASIX rises with the number, nobody is censored, and the two who died are controls
    pairs = [(case > control) for case in scored if case in bled for control in scored if control not in bled]
    assert found.merit.area.estimate == pytest.approx(sum(pairs) / len(pairs))
    assert found.merit.observed == pytest.approx(30 / 77)
    # treating all at 20 %: 30/77 - 47/77 x 0.25
    assert found.merit.treat_all[2] == pytest.approx(30 / 77 - 47 / 77 / 4)
    assert sum(group.count for group in found.merit.groups) == 77 and len(found.merit.groups) == 5


def test_what_cannot_be_judged_is_refused_with_one_sentence(own: Study) -> None:
    few = one_of(own, "easix_pre", Window("first_week", 0, 7))
    assert few.merit is None and few.refusal.startswith("3 with the event on days 0 to 7")
    same = [{**row, "easix_pre": 9.0, "easix_pre__lowest": 9.0, "easix_pre__highest": 9.0} for row in cohort()]
    alike = study(same, events=events(), definitions=DEFINITIONS)
    assert one_of(alike, "easix_pre").refusal == "everybody has the same value, which tells nobody apart"
    assert one_of(own, "platelets_lowest").refusal == "nobody could be scored"
    left = study([{**row, "end": 50} for row in cohort()], events=events(), definitions=DEFINITIONS)
    assert one_of(left, "easix_pre").refusal == "nobody was observed free of events to day 100"
    nobody = study([], definitions=DEFINITIONS)
    assert one_of(nobody, "easix_pre").refusal == "nobody could be scored"
    found = scores(own, "major_bleeding", request=Request(markers=("khorana", "icaht_early_as_in_authors_code")), window="0_to_30")  # noqa: E501  # fmt: skip
    assert [why for _, why in found.left_out] == ["khorana was not graded", "it is known only on day 30, when the window has ended"]  # noqa: E501  # fmt: skip


def test_a_score_that_sorts_perfectly_has_no_interval_of_its_own() -> None:
    people = [{**row, "easix_pre": 9.0, "easix_pre__lowest": 9.0, "easix_pre__highest": 9.0} for row in cohort()]
    bled = {row["id"] for row in events()}
    for row in people:
        if row["id"] in bled:
            row |= {"easix_pre": 20.0, "easix_pre__lowest": 20.0, "easix_pre__highest": 20.0}
    found = one_of(study(people, events=events(), definitions=DEFINITIONS), "easix_pre")
    assert found.merit is not None and found.merit.area.estimate == 1 and found.merit.area.standard_error == 0
    assert np.isfinite([found.merit.brier.estimate, found.merit.gain]).all()


def test_predictors_are_named_or_refused(own: Study) -> None:
    assert marker_of("sex = male", own).equals == "male" and marker_of("log2 platelets_lowest", own).scale == "log2"
    for text, said in (("sex", "write one of them, such as sex = female"), ("age = old", "holds numbers"), ("easix_pree", "did you mean easix_pre"), ("platelets_lowest = low", "leave out")):  # noqa: E501  # fmt: skip
        with pytest.raises(CaracError, match=said):
            marker_of(text, own)


def test_every_shipped_score_is_a_column_that_carac_grades() -> None:
    known = all_definitions()
    for one in shipped().values():
        definition = known[one.definition or ""]
        assert str(definition.grain.value) == one.per and {"", "__lowest"} <= {o.suffix for o in definition.outputs}
        assert set(one.known_by) <= {parameter.name for parameter in definition.parameters}
        # what is read before infusion uses nothing later
        if one.per == "infusion" and not one.known_by:
            assert not [i for i in definition.inputs if type(i).__name__ == "Laboratory"]


# ---- a model and its file ----

PREDICTORS = ("easix_pre", "age", "sex = male")


@pytest.fixture(scope="module")
def fitted(own: Study) -> Fitted:
    request = ModelRequest("major_bleeding", PREDICTORS, samples=20)
    return fit(own, request, synthetic=True, files={"labs.csv": "ab", "infusions.csv": "cd"})


@pytest.fixture(scope="module")
def model(fitted: Fitted) -> PredictionModel:
    assert fitted.model is not None
    return fitted.model


def test_a_model_made_in_python_keeps_the_hashes_of_its_record(own: Study) -> None:
    known = dataclasses.replace(own, files={"labs.csv": "ab"})
    made = api.fit_model(known, "major_bleeding", ["age", "easix_pre"], samples=20).model
    assert made is not None and made.made["data"] == {"labs.csv": "ab"} and made.made["made"]["data_sha256"]
    found = scores(known, "major_bleeding", request=Request(markers=("easix_pre", "age")))
    (compared,) = found.compared
    assert compared.against == found.scored[0].title and compared.people <= min(one.people for one in found.scored)


def test_a_loaded_model_gives_the_same_risks(model: PredictionModel, own: Study, tmp_path: Path) -> None:
    loaded = load(save(model, tmp_path / "model.toml"))
    assert loaded == model
    first, second = model.apply(own), loaded.apply(own)
    assert np.array_equal(first.values, second.values, equal_nan=True) and first.why.tolist() == second.why.tolist()
    assert np.isnan(first.values[3]) and first.why[3] == f"EASIX before lymphodepletion: {ONLY_A_RANGE}"
    assert not first.outside.any()
    # alone or among others: the same to the last digit
    assert model.risk([[1.0, 60.0, 1.0]])[0] == model.risk([[1.0, 60.0, 1.0]] * 9)[4]


def test_the_file_can_be_worked_by_hand(model: PredictionModel, own: Study, fitted: Fitted) -> None:
    text = as_toml(model)
    file = tomllib.loads(text)
    slopes = {row["name"]: row["coefficient"] for row in file["predictor"]}
    odds = file["risk"]["intercept"] + slopes["easix_pre"] * 2.0 + slopes["age"] * 60.0 + slopes["sex = male"]
    # person 20: EASIX 4, whose logarithm is 2; 60 years; a man
    assert model.apply(own).values[20] == pytest.approx(1 / (1 + exp(-odds)), rel=1e-12)
    assert file["synthetic"] is True and "SYNTHETIC" in text.splitlines()[1]
    assert file["data"] == {"labs.csv": "ab", "infusions.csv": "cd"} and len(file["made"]["data_sha256"]) == 64
    assert file["made"]["people"] == 77 and file["made"]["events"] == 30 and file["sample_size"]["enough"] is False
    assert file["outcome"]["read_on_day"] == -1 and file["outcome"]["last_day"] == 100
    assert fitted.missing == (("EASIX before lymphodepletion", 3),) and not fitted.enough


def test_the_model_is_the_ridge_of_its_people(model: PredictionModel, own: Study) -> None:
    ahead = ahead_of(own, "major_bleeding", "to_100", -1)
    rows = [number for number in range(80) if number not in (3, 4, 5)]
    design = np.array([[number / 10, 40.0 + number % 30, float(number % 3 != 0)] for number in rows])
    known = weighted_outcome(ahead.time[rows], ahead.status[rows], 101.0)
    again = ridge_logistic(known.case, design, known.weight, model.made["made"]["penalty"])
    assert [one.coefficient for one in model.predictors] == pytest.approx(list(again.coefficients), rel=1e-9)
    mean = again.intercept + float(design.mean(axis=0) @ again.coefficients)
    assert model.baseline_risk == pytest.approx(1 / (1 + exp(-mean)), rel=1e-9)


def test_a_loaded_model_is_judged_by_its_own_risks(model: PredictionModel, own: Study) -> None:
    found = scores(own, "major_bleeding", request=Request(markers=("easix_pre",), models=(model,))).scored[-1]
    assert found.own_risk and found.merit is not None and found.people == 77
    assert found.title == "model major_bleeding_before_infusion, made from SYNTHETIC patients"
    risks = model.apply(own).values
    assert found.merit.expected == pytest.approx(float(np.nanmean(risks)))
    bled = {int(row["id"][1:]) for row in events()}
    plain = np.mean([(float(n in bled) - risks[n]) ** 2 for n in range(80) if n not in (3, 4, 5)])
    assert found.merit.brier.estimate == pytest.approx(plain)


def test_a_model_is_not_judged_for_what_it_does_not_foretell(model: PredictionModel, own: Study) -> None:
    older = replace(model, predictors=(replace(model.predictors[0], version="0"), *model.predictors[1:]))
    for one, endpoint, window, said in (
        (model, "any_bleeding", "to_100", "it foretells ISTH major bleeding"),
        (model, "major_bleeding", "0_to_30", "it foretells days 0 to 100, and events count on days 0 to 30"),
        (model, "major_bleeding", "31_to_90", "it foretells days 0 to 100"),
        (older, "major_bleeding", "to_100", "version 0 of EASIX"),
    ):
        found = scores(own, endpoint, window, Request(markers=("age",), models=(one,)))
        assert len(found.scored) == 1 and said in found.left_out[0][1]


def test_a_model_that_cannot_be_made_is_refused(own: Study) -> None:
    found = fit(own, ModelRequest("major_bleeding", ("age",), samples=20), Window("first_week", 0, 7))
    assert found.model is None and found.refusal.startswith("3 with the event")
    for request, said in (
        (ModelRequest("major_bleeding", ("khorana",)), "was not graded"),
        (ModelRequest("major_bleeding", ("easix",)), "give the model the day"),
        (ModelRequest("major_bleeding", ("icaht_early_as_in_authors_code",), day=7), "known only on day 30"),
    ):
        with pytest.raises(CaracError, match=said):
            fit(own, request)
    with pytest.raises(CaracError, match="needs predictors"):
        ModelRequest("major_bleeding", ())


def test_a_broken_file_is_named(model: PredictionModel, own: Study, tmp_path: Path) -> None:
    whole = tomllib.loads(as_toml(model))
    for changed, said in (
        ({"schema": 9}, "schema is 9"),
        ({"predictor": []}, "needs a predictor"),
        ({"risk": {"intercept": "high"}}, "is no number"),
        ({"outcome": {"endpoint": "x"}}, "title is missing"),
    ):
        with pytest.raises(CaracError, match=said):
            from_entries({**whole, **changed})
    (tmp_path / "other.txt").write_text("not = a = model", encoding="utf-8")
    with pytest.raises(CaracError, match="cannot be read as a model"):
        load(tmp_path / "other.txt")
    with pytest.raises(CaracError, match="cannot be read as a model"):
        save(model, tmp_path / "other.txt")
    older = replace(model, predictors=(replace(model.predictors[0], version="0"), *model.predictors[1:]))
    with pytest.raises(CaracError, match="version 0 of EASIX before lymphodepletion"):
        older.apply(own)
    with pytest.raises(CaracError, match="takes 3 values, and got 2"):
        model.risk([[1.0, 2.0]])


# ---- settings, pages, figures ----


def test_settings_ask_for_scores_and_models(model: PredictionModel, tmp_path: Path) -> None:
    save(model, tmp_path / "own.toml")
    file = tmp_path / "settings.toml"
    file.write_text(
        '[scores]\nendpoints = ["any_bleeding"]\nday = 3\nthresholds = [0.1]\nmodels = ["own.toml"]\n'
        '[[model]]\nendpoint = "any_bleeding"\npredictors = ["age", "log2 easix"]\nday = 2\n',
        encoding="utf-8",
    )
    made = from_toml(file)
    assert (
        made.scores.day == 3 and made.scores.models[0] == model and made.models[0].predictors == ("age", "log2 easix")
    )
    assert {"easix", "easix_pre", "khorana"} <= set(made.definitions()) and questions_of(made) == tuple(QUESTIONS)
    assert "model" not in questions_of(settings_from({}))
    for table, said in (
        ({"scores": {"dayy": 3}}, "did you mean day"),
        ({"scores": {"thresholds": [5]}}, "risks between 0 and 1"),
        ({"scores": {"endpoints": ["bleeding_x"]}}, "no endpoint"),
        ({"model": [{"endpoint": "any_bleeding"}]}, "needs predictors"),
        ({"model": [{"endpoint": "any_bleeding", "predictors": ["age"], "name": "a/b"}]}, "letters, digits"),
    ):
        with pytest.raises(CaracError, match=said):
            settings_from(table)


def section_of(made: Study, name: str, **more: Any) -> Any:
    settings = settings_from({"scores": {"endpoints": ["major_bleeding"]}, "model": [{"endpoint": "major_bleeding", "predictors": ["easix_pre", "age"], "samples": 20}]})  # noqa: E501  # fmt: skip
    return QUESTIONS[name](Asked(made, replace(settings, **more), True))


def test_pages_hold_tables_figures_methods_and_the_model(own: Study) -> None:
    judged, made = section_of(own, "scores"), section_of(own, "model")
    table = next(judged.tables())
    row = next(row for row in table.rows if row[0] == "  EASIX before lymphodepletion")
    assert row[1:4] == ("77", "2 known only within a range, 1 no value recorded", "30")
    assert all(len(one) == len(table.header) for one in table.rows)
    assert next(figure.name for figure in judged.figures()) == "scores_major_bleeding_before_infusion"
    file = made.attachments[0]
    assert file.name == "model_major_bleeding_before_infusion.toml" and from_entries(tomllib.loads(file.text))
    said = " ".join(block.text for block in made.blocks if hasattr(block, "text"))
    assert "Too few people for a model with 2 parameters: 77 were there" in said and "Not a medical device" in said


@pytest.mark.parametrize("people", [[], [{"id": "a", "end": 30}]])
def test_pages_of_nobody_say_so(people: list[Row]) -> None:
    made = study(people, definitions=DEFINITIONS)
    for name, said in (("scores", "No score could be judged"), ("model", "No model was made")):
        section = section_of(made, name)
        assert any(said in getattr(block, "text", "") for block in section.blocks) and not section.attachments


def test_small_counts_are_hidden(own: Study) -> None:
    section = section_of(own, "scores", hide_small_cells=True)
    cells = [cell for table in section.tables() for row in table.rows for cell in row[1:4]]
    assert not list(section.figures()) and "<5 known only within a range, <5 no value recorded" in cells


def test_the_figure_says_net_benefit_and_calibration(own: Study) -> None:
    merit = one_of(own, "easix_pre").merit
    assert merit is not None
    chart = decision_figure("Major bleeding", "", [Drawn("EASIX", merit.curve, merit.groups)], True)
    spec = chart.to_dict()
    curves = [rows for rows in spec["datasets"].values() if "benefit" in rows[0]]
    at_20 = [row["benefit"] for rows in curves for row in rows if abs(row["threshold"] - 20) < 1e-6]
    assert sorted(at_20) == pytest.approx(sorted(100 * value for value in (merit.net_benefit[2], merit.treat_all[2])))
    assert "SYNTHETIC PATIENTS" in str(spec["title"])
    for drawn in ([Drawn("one", merit.curve, ())], [Drawn("one", None, ())]):
        picture = drawing.svg(decision_figure("x", "", drawn, False))
        assert picture.startswith("<svg") and "NaN" not in picture
