"""Risk factors: against R, against equations solved here, and on cohorts at the edge."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq

from carac.analysis import day_states
from carac.analysis.factors import AT_INFUSION, BY_DAY, Factor, Kind, columns_of, middle
from carac.analysis.hazard_models import AtRisk, Fit, Method, fitted, fitted_subdistribution
from carac.analysis.incidence import Value
from carac.analysis.risk import is_part_of, risk
from carac.analysis.settings import Settings, settings_from
from carac.endpoints.rules import Window
from carac.endpoints.study import Study
from carac.findings import CaracError
from carac.report.figures.hazard_ratios import Row as Line
from carac.report.figures.hazard_ratios import hazard_ratio, hazard_ratio_figure
from carac.report.questions.build import answered
from carac.statistics.checks import SeparationError
from carac.statistics.cox import cox
from support.hand_graded import Row, study
from support.reference import expected, mgus2
from test_analysis_figures import asked, texts, values
from test_endpoints import bleed

NUMBER = Factor("x", "X", "per unit", Kind.NUMBER, "x")
FLAG = Factor("on", "On", "", Kind.FLAG, "on")
GROUP = Factor("group", "Group", "", Kind.GROUP, "group")


def once(stop: Any, event: Any) -> AtRisk:
    """One row per person, from the beginning."""
    stop = np.asarray(stop, dtype=np.float64)
    return AtRisk(np.full(len(stop), -np.inf), stop, np.asarray(event, dtype=bool), np.arange(len(stop)))


# ---- how a factor enters ----


def test_an_interval_enters_by_its_middle_or_its_reported_end() -> None:
    low = np.array([3.0, 2.0, 0.0, 5000.0, np.nan])
    high = np.array([3.0, 4.0, 10.0, np.inf, np.nan])
    assert middle(low, high).tolist()[:4] == [3.0, 3.0, 10.0, 5000.0]
    assert np.isnan(middle(low, high)[4])


def test_a_logarithm_counts_halvings_and_zero_is_the_lowest_seen() -> None:
    platelets = AT_INFUSION["platelets_baseline"]
    found = columns_of(platelets, np.array([100.0, 50.0, 25.0, 0.0, np.nan])).values[:, 0]
    assert np.diff(found[:3]).tolist() == pytest.approx([1.0, 1.0])
    assert found[3] == found[2] and np.isnan(found[4])


def test_groups_are_held_against_the_largest_and_small_ones_stand_together() -> None:
    words = np.array(["a"] * 12 + ["b"] * 15 + ["c"] * 9 + ["d"] * 2 + [None] * 3, dtype=object)
    found = columns_of(GROUP, words)
    assert found.reference == "b" and found.labels == ("a", "others") and found.together == ("c", "d")
    assert np.nansum(found.values, axis=0).tolist() == [12, 11]
    # who has no word is missing, not in the reference
    assert found.missing.tolist() == [False] * 38 + [True] * 3


def test_words_of_prior_and_recent_thrombosis() -> None:
    words = np.array(["never", "days_91_to_180", "over_180_days", "date_not_known", None], dtype=object)
    prior = columns_of(AT_INFUSION["prior_thrombosis"], words).values[:, 0]
    recent = columns_of(AT_INFUSION["recent_thrombosis"], words).values[:, 0]
    assert prior.tolist()[:4] == [0, 1, 1, 1] and np.isnan(prior[4])
    # a history without a date is not known to be recent, nor not to be
    assert recent.tolist()[:3] == [0, 1, 0] and np.isnan(recent[3:]).all()


# ---- which model, held against R ----


@pytest.mark.parametrize(("model", "cause"), [("cause-specific_coxph_efron", 1), ("cause-specific_coxph_efron", 2), ("cmprsk::crr", 1)])  # fmt: skip  # noqa: E501
def test_models_equal_r_and_count_who_is_missing(model: str, cause: int) -> None:
    data = mgus2()
    names = ("group", "age", "hgb", "mspike")
    designs = [
        columns_of(Factor(name, name, "", Kind.NUMBER, name), data.covariates[:, place])
        for place, name in enumerate(names)
    ]
    rows = once(data.time, data.status == cause)
    status = np.where(data.status == cause, 1, np.where(data.status == 0, 0, 2))
    found = fitted(rows, designs) if "coxph" in model else fitted_subdistribution(rows, status, designs)
    wanted = [row for row in expected("cr_regression")
              if row["model"] == "multi" and row["method"] == model and row["cause"] == str(cause)]  # fmt: skip
    assert [row["term"] for row in wanted] == list(names)
    # R's convergence leaves some 1e-7; crr stops at 1e-6 of its gradient
    logarithms = [np.log(line.ratio.estimate) for line in found.lines if line.ratio]
    assert logarithms == pytest.approx([float(row["coef"]) for row in wanted], rel=1e-5)
    z = 1.959963984540054
    for line, row in zip(found.lines, wanted, strict=True):
        assert line.ratio is not None and line.ratio.lower is not None
        assert np.log(line.ratio.estimate / line.ratio.lower) == pytest.approx(z * float(row["se"]), rel=1e-4)
    assert found.people == int(wanted[0]["n"]) == 1360 and found.missing_people == 1384 - 1360
    assert found.events + found.missing_events == (data.status == cause).sum() == {1: 115, 2: 860}[cause]


def test_few_events_are_penalised_and_hardly_any_refused() -> None:
    rng = np.random.default_rng(5)
    stop, x = rng.integers(1, 90, 60), rng.normal(size=(60, 1))
    designs = [columns_of(NUMBER, x[:, 0])]

    def with_events(count: int) -> Fit:
        return fitted(once(stop, np.arange(60) < count), designs)

    assert with_events(10).method is Method.COX and with_events(9).method is Method.FIRTH
    assert with_events(5).method is Method.FIRTH and with_events(5).lines[0].ratio is not None
    assert with_events(4).method is Method.NONE and "Only 4 events" in with_events(4).why_not
    assert "No event happened" in with_events(0).why_not
    # two coefficients of five events are 2.5 each, three are fewer than two
    more = [columns_of(Factor(f"x{n}", f"X{n}", "", Kind.NUMBER, ""), rng.normal(size=60)) for n in range(3)]
    assert fitted(once(stop, np.arange(60) < 5), more[:2]).method is Method.FIRTH
    assert "fewer than 2 for each" in fitted(once(stop, np.arange(60) < 5), more).why_not


def test_a_yes_or_no_with_few_events_on_one_side_is_penalised() -> None:
    stop = np.arange(1.0, 101)
    on = np.arange(100) % 2
    event = np.zeros(100, dtype=bool)
    event[np.flatnonzero(on == 0)[:20]] = True
    event[np.flatnonzero(on == 1)[:5]] = True
    assert fitted(once(stop, event), [columns_of(FLAG, on.astype(float))]).method is Method.COX
    event[np.flatnonzero(on == 1)[0]] = False
    found = fitted(once(stop, event), [columns_of(FLAG, on.astype(float))])
    assert found.method is Method.FIRTH and found.lines[0].events == 4 and not found.separated


def test_separation_is_said_and_has_an_interval() -> None:
    stop = np.arange(1.0, 61)
    on = (np.arange(60) % 3 == 0).astype(float)
    event = (on == 0) & (np.arange(60) % 2 == 0)
    found = fitted(once(stop, event), [columns_of(FLAG, on), columns_of(NUMBER, np.sin(np.arange(60.0)))])
    assert found.separated and found.method is Method.FIRTH
    ratio = found.lines[0].ratio
    assert ratio is not None and 0 < ratio.estimate < 1 and ratio.upper is not None and ratio.upper < 1
    refused = fitted_subdistribution(once(stop, event), event.astype(int), [columns_of(FLAG, on)])
    assert refused.method is Method.NONE and refused.why_not


def test_a_covariate_that_sorts_alone_is_found_among_others() -> None:
    """Firth's case: with two further covariates the last steps hid that the first sorts every event."""
    rng = np.random.default_rng(2)
    day = np.repeat(np.arange(1.0, 18), 250)
    x = np.column_stack([rng.normal(size=(len(day), 2)), rng.random(len(day)) < 0.14]).astype(float)
    event = np.zeros(len(day), dtype=bool)
    event[[np.flatnonzero((day == one) & (x[:, 2] == 0))[0] for one in range(1, 18)]] = True
    with pytest.raises(SeparationError):
        cox(day, event, x, day - 1)


def test_what_does_not_vary_or_nobody_has_is_one_sentence() -> None:
    rows = once(np.arange(1.0, 31), np.ones(30))
    assert fitted(rows, [columns_of(NUMBER, np.full(30, 2.0))]).why_not == "X does not vary among those with a value."
    assert fitted(rows, [columns_of(NUMBER, np.full(30, np.nan))]).why_not == "Nobody has a value."
    alike = columns_of(GROUP, np.array(["a"] * 30, dtype=object))
    assert fitted(rows, [alike]).why_not == "Group does not vary."
    same = columns_of(Factor("y", "Y", "", Kind.NUMBER, ""), np.arange(30.0))
    both = fitted(rows, [columns_of(NUMBER, 2 * np.arange(30.0)), same])
    assert "follow from each other" in both.why_not and both.lines[0].ratio is None


# ---- by day ----


def test_a_day_counts_with_what_was_known_before_it() -> None:
    first = -day_states.LOOK_BACK
    row = np.full((1, 6 - first), np.nan)
    row[0, -2 - first], row[0, 3 - first] = 7.0, 1.0
    # the value of day -2 holds for two more days; that of day 3 begins with day 4
    found = day_states.known_before(row, 2)[0]
    assert np.array_equal(found, [7.0, 7.0, np.nan, np.nan, 1.0, 1.0], equal_nan=True)


def test_an_anticoagulant_counts_from_the_day_after_its_start() -> None:
    heparin = {"agent": "enoxaparin", "agent_class": "low_molecular_weight_heparin"}
    given: list[Row] = [
        {"id": "a", "start_day": 2, "end_day": 4, "intent": "prophylactic", **heparin},
        {"id": "b", "start_day": -20, "end_day": -1, "indication": "DVT thrombosis", **heparin},
        {"id": "c", "start_day": 6, "end_day": 6, **heparin},
        {"id": "c", "start_day": 0, "end_day": 6, "agent": "aspirin", "agent_class": "antiplatelet"},
    ]
    own = study([{"id": name, "end": 50} for name in "abc"], definitions=["isth_bleeding"], treatments=given)
    found = day_states.anticoagulated(own, 8)
    assert np.flatnonzero(found["any"][0]).tolist() == [3, 4, 5]
    assert np.flatnonzero(found["prophylactic"][0]).tolist() == [3, 4, 5] and not found["therapeutic"][0].any()
    assert np.flatnonzero(found["therapeutic"][1]).tolist() == [0]
    assert np.flatnonzero(found["dose not recorded"][2]).tolist() == [7]


@pytest.fixture(scope="module")
def own() -> Study:
    """Ninety infusions: a bleed of every third, CRS and counts by day, anticoagulants, ages, thromboses before."""
    rng = np.random.default_rng(11)
    people: list[Row] = [
        {"id": f"p{n:02d}", "end": 60, "age": float(40 + n % 37), "product": "axi" if n % 2 else "tisa",
         "sex": None if n % 15 == 0 else "female" if n % 4 else "male",
         "recent_thrombosis_proposal": "days_31_to_90" if n % 5 == 0 else "never"}
        for n in range(90)
    ]  # fmt: skip
    people[7] |= {"end": 12, "death": 12}
    events = [bleed(f"p{n:02d}", 3 + n % 20) for n in range(0, 90, 3)]
    days = [
        {"id": f"p{n:02d}", "day": day, "astct_crs": int(rng.integers(0, 3)),
         "platelets_lowest__from": count, "platelets_lowest__to": count}
        for n in range(90) for day in range(-1, 28) for count in [float(rng.integers(10, 200))]
    ]  # fmt: skip
    heparin = {"agent": "enoxaparin", "agent_class": "low_molecular_weight_heparin", "intent": "prophylactic"}
    given = [{"id": f"p{n:02d}", "start_day": n % 12, "end_day": 40, **heparin} for n in range(0, 90, 4)]
    names = ["isth_bleeding", "recent_thrombosis_proposal", "astct_crs", "ctcae_v5_platelets"]
    return study(
        people, events=events, days=days, definitions=names, values_of_day=["platelets_lowest"], treatments=given
    )


def test_a_hazard_ratio_by_day_solves_its_equation(own: Study) -> None:
    """Of one yes or no without ties in question: events on it are what the risk sets expect, solved here."""
    found = risk(own, "major_bleeding", [], ["anticoagulant"])
    fit = found.by_day.alone[0]
    outcome = found.by_day.outcome
    on = day_states.anticoagulated(own, 30)["any"]
    at_risk = [
        (on[outcome.place[outcome.exit >= day], int(day)].sum(), (outcome.exit >= day).sum(), day)
        for day in np.unique(outcome.exit[outcome.status == 1])
    ]
    seen = int(sum(on[outcome.place[n], int(outcome.exit[n])] for n in np.flatnonzero(outcome.status == 1)))
    deaths = {day: int(((outcome.exit == day) & (outcome.status == 1)).sum()) for *_, day in at_risk}
    own_on = {day: int(sum(on[outcome.place[n], int(day)] for n in np.flatnonzero((outcome.exit == day) & (outcome.status == 1)))) for day in deaths}  # fmt: skip  # noqa: E501

    def left(beta: float) -> float:
        """Score with Efron's ties: the k-th of d tied events counts the others by (d - k)/d."""
        theta, total = np.exp(beta), 0.0
        for with_it, everybody, day in at_risk:
            tied, tied_on = deaths[day], own_on[day]
            for k in range(tied):
                w = with_it - tied_on * k / tied
                rest = (everybody - with_it) - (tied - tied_on) * k / tied
                total += w * theta / (w * theta + rest)
        return seen - total

    root = float(brentq(left, -5, 5))
    assert fit.lines[0].events == seen and fit.method is Method.COX
    assert fit.lines[0].ratio is not None
    # both solve the same equation: rounding
    assert np.log(fit.lines[0].ratio.estimate) == pytest.approx(root, abs=1e-8)


def test_risk_of_a_cohort_counts_and_says(own: Study) -> None:
    found = risk(own, "major_bleeding", ["prior_thrombosis", "age", "sex", "easix_pre"], ["platelets", "crs", "icans"])
    first, second = found.parts
    assert [fit.lines[0].factor.name for fit in first.alone] == ["prior_thrombosis", "age", "sex"]
    assert first.left_out == (("EASIX before lymphodepletion", "easix_pre was not graded (name it with --definition)"),)
    thrombosis, _, sex = first.alone
    # every fifth of ninety; every fifteenth of them bled
    assert (thrombosis.lines[0].rows, thrombosis.lines[0].events) == (18, 6)
    assert sex.missing_people == 6 and sex.missing_events == 6 and sex.people == 84
    assert first.together is not None and first.together.missing_people == 6 and len(first.together.lines) == 3
    # the last value of day 27 holds for the days to 30
    assert second.alone[0].missing_rows == 0 and second.left_out[0][0] == "ICANS"
    assert "cause-specific Cox" in found.methods and "not selected by P" in found.methods


def test_what_an_endpoint_is_made_of_stays_out_of_its_joint_model(own: Study) -> None:
    dic, bleeding = own.endpoint("overt_dic_isth_2025"), own.endpoint("major_bleeding")
    assert is_part_of(own, BY_DAY["platelets"], dic) and not is_part_of(own, BY_DAY["crs"], dic)
    assert is_part_of(own, BY_DAY["crs"], own.endpoint("crs_any"))
    assert not is_part_of(own, BY_DAY["platelets"], bleeding)


def test_the_joint_model_takes_what_the_events_carry_and_no_score_with_its_parts() -> None:
    people = [
        {"id": f"p{n:03d}", "end": 40, "age": float(n % 50), "sex": "female" if n % 3 else "male",
         "product": "axi" if n % 7 < 4 else "tisa", "disease": "x" if n % 5 else "y"}
        for n in range(120)
    ]  # fmt: skip
    events = [bleed(f"p{n:03d}", 1 + n % 30) for n in range(0, 120, 11)]
    made = risk(study(people, events=events, definitions=["isth_bleeding"]), "major_bleeding", by := ["age", "sex", "product", "disease"], [])  # fmt: skip  # noqa: E501
    joint = made.at_infusion.together
    # eleven events carry two coefficients of five
    assert joint is not None and [line.factor.name for line in joint.lines] == by[:2]
    reasons = dict(made.at_infusion.not_together)
    assert reasons["Product"].startswith("fewer than 5 events") and len(reasons) == 2
    named = risk(study(people, events=events, definitions=["isth_bleeding"]), "major_bleeding", ["age"], [], by)
    # what is named is not cut down: it is penalised
    assert named.at_infusion.together is not None and named.at_infusion.together.method is Method.FIRTH
    assert len(named.at_infusion.together.lines) == 4


@pytest.mark.parametrize("people", [0, 1, 3], ids=["nobody", "one", "three"])
def test_cohorts_at_the_edge_have_an_answer(people: int) -> None:
    rows = [{"id": f"p{n}", "end": 9, "age": 50.0 + n} for n in range(people)]
    made = risk(study(rows, definitions=["isth_bleeding"], treatments=[]), "major_bleeding", ["age"], ["anticoagulant"])
    assert all(fit.method is Method.NONE and fit.why_not for part in made.parts for fit in part.alone)
    assert made.at_infusion.together is None


def test_a_later_window_is_no_delayed_entry() -> None:
    people = [{"id": f"p{n:02d}", "end": 90, "age": float(n % 13)} for n in range(40)]
    events = [bleed(f"p{n:02d}", 35 + n) for n in range(0, 40, 2)]
    late = risk(
        study(people, events=events, definitions=["isth_bleeding"]), "major_bleeding", ["age"], [], window="31_to_90"
    )
    assert late.at_infusion.subdistribution[0].method is Method.FINE_GRAY
    people[0] |= {"start": 33}
    mixed = risk(
        study(people, events=events, definitions=["isth_bleeding"]),
        "major_bleeding", ["age"], [], window=Window("w", 0, 90),
    )  # fmt: skip
    assert "delayed entry" in mixed.at_infusion.subdistribution[0].why_not
    assert mixed.at_infusion.alone[0].method is Method.COX


# ---- settings, figure, page ----


def test_settings_name_factors_and_unknown_ones_are_one_sentence() -> None:
    made = settings_from({"analysis": {"risk_factors": ["age"], "risk_together": ["age", "sex"], "risk_endpoints": ["carac"]}})  # noqa: E501  # fmt: skip
    assert made.risk_factors == ("age",) and made.risk_together == ("age", "sex")
    with pytest.raises(CaracError, match="no risk factor 'agee'; did you mean age"):
        settings_from({"analysis": {"risk_factors": ["agee"]}})
    with pytest.raises(CaracError, match="no risk factor 'age'"):
        settings_from({"analysis": {"risk_factors_by_day": ["age"]}})
    assert {"easix_pre", "car_hematotox", "recent_thrombosis_proposal"} <= set(Settings().definitions())


def test_the_forest_draws_ratios_where_they_are(own: Study) -> None:
    age = risk(own, "major_bleeding", ["age"], []).at_infusion.alone[0].lines[0].ratio
    assert age is not None
    lines = [Line("head", head=True), Line("Age", age), Line("Wide", Value(100.0, 0.001, None), Value(1.5, 0.5, 3.0))]
    chart = hazard_ratio_figure(lines, "Title", "under", True, [("alone", "#000000")])
    points = {(row["true"], row["ratio"]) for row in values(chart) if "true" in row}
    # what lies beyond the axis is drawn at its edge, and an end without bound as well
    assert points == {(age.estimate, age.estimate), (100.0, 32.0), (1.5, 1.5)}
    spans = [(row["from"], row["to"]) for row in values(chart) if "to" in row]
    assert spans == [(age.lower, age.upper), (1 / 32, 32.0), (0.5, 3.0)]
    scales = {
        json.dumps(layer["encoding"]["x"]["scale"])
        for layer in chart.to_dict()["layer"]
        if (layer["encoding"].get("x") or {}).get("scale")
    }
    assert scales == {json.dumps({"domain": [1 / 32, 32.0], "nice": False, "type": "log"})}
    assert "SYNTHETIC PATIENTS" in json.dumps(chart.to_dict()["title"])
    assert {hazard_ratio(age), "1.50 (0.50–3.00)", "head"} <= texts(chart)
    assert hazard_ratio(Value(100.0, 0.001, None)) == "100 (<0.01–…)"


def test_the_page_has_a_table_a_figure_and_a_sentence(own: Study) -> None:
    document = answered(asked(own, questions=("risk",), risk_endpoints=("major_bleeding",)))
    section = document.sections[0]
    assert [table.name for table in section.tables()] == [
        "risk_major_bleeding_at_infusion", "risk_major_bleeding_by_day",
    ]  # fmt: skip
    assert len(list(section.figures())) == 2
    first = next(section.tables())
    assert all(len(row) == len(first.header) for row in first.rows)
    text = json.dumps([str(block) for block in section.blocks])
    assert "Sex (against female)" in json.dumps(first.rows) and "6 (6 with the event)" in json.dumps(first.rows)
    assert "Not in the joint model" in text and "was not graded" in text


def test_small_counts_are_hidden_from_the_table(own: Study) -> None:
    document = answered(asked(own, questions=("risk",), risk_endpoints=("major_bleeding",), hide_small_cells=True))
    section = document.sections[0]
    assert not list(section.figures())
    few = study(
        [{"id": f"p{n}", "end": 9, "age": 50.0 + n} for n in range(12)],
        events=[bleed("p1", 3), bleed("p2", 4)], definitions=["isth_bleeding"], treatments=[],
    )  # fmt: skip
    hidden = answered(asked(few, questions=("risk",), risk_endpoints=("major_bleeding",), hide_small_cells=True))
    assert not list(hidden.sections[0].tables()) and "<5 events" in str(hidden.sections[0].blocks)
