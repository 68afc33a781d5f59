"""Rates per patient-month: are they metafor's, is no percentage turned into one, does every output say what they are?

tools/metafor_rate_sets.R made thirty sets of studies and metafor's figures for them. Closed forms agree to rounding;
where tau squared is estimated, metafor stops scoring at a step of 1e-10, and in the random-effect models lme4's search
stops where the estimate still moves by some 1e-4.
"""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from carac import evidence
from carac.commands.app import app
from carac.evidence.library import Evidence
from carac.evidence.study import Arm, Cell, Citation, Outcome, RiskOfBias, Source, Study
from carac.evidence.synthesis import Estimate, Pooled, gather, pool_counts
from carac.evidence.synthesis.measures import RATE
from carac.evidence.synthesis.r_code import one_arm_code
from carac.evidence.synthesis.words import cautions, heterogeneity
from carac.findings import CaracError
from carac.report.literature.forests import one_arm_forest
from carac.report.literature.review import gather_review
from carac.statistics.checks import EstimationError
from carac.statistics.pooling import Method
from carac.statistics.rates import transformed_rates
from support.reference import expected

CLOSED_FORM, SCORING, MIXED_MODEL = 1e-9, 1e-6, 1e-3
#: Names of metafor's models, and carac's; the estimate of tau squared stands behind the name.
MODELS = {"IRLN": "log", "IRS": "square_root", "glmm": "glmm"}


def study(name: str, *outcomes: Outcome, year: int = 2031) -> Study:
    """A study that does not exist."""
    return Study(
        name,
        name.replace("_", " "),
        "prospective_cohort",
        (Citation("Nobody N.", "None", year=year),),
        (Source("publication", "publication", "none"),),
        (Arm("car_t", "CAR-T", "car_t", 100),),
        outcomes,
    )


def timed(events: int | None, time: str = "200", unit: str = "patient-months", **more: object) -> Outcome:
    values: dict[str, object] = {"outcome": "bleeding", "arm": "car_t", "source": "publication"}
    values |= {"cell": Cell("Table 1"), "count": events, "person_time": time, "person_time_unit": unit if time else ""}
    return Outcome(**(values | more))  # type: ignore[arg-type]


def rates(*outcomes: Outcome, tau: str = "REML", by: tuple[str, ...] = (), years: tuple[int, ...] = ()) -> Pooled:
    """One pool of these outcomes, a study each."""
    years = years or (2031,) * len(outcomes)
    studies = [study(f"study_{place:02}", one, year=years[place]) for place, one in enumerate(outcomes)]
    ((question, counts),) = gather(studies, "bleeding", measure="rate").pools.items()
    return pool_counts(question, counts, tau, by)  # type: ignore[arg-type]


# ---- figures equal to R's ----


@cache
def sets() -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for row in expected("rate_sets"):
        found.setdefault(row["set"], []).append(row)
    return found


def estimate(number: str, model: str, tau: Method = "REML") -> Estimate:
    """What a model says of a set of the script."""
    events, months = (np.array([float(row[name]) for row in sets()[number]]) for name in ("events", "months"))
    return RATE.estimate(model, events, months, tau)


@pytest.mark.parametrize("tau", ["REML", "DL"])
def test_inverse_variance_rates_equal_metafor(tau: Method) -> None:
    seen = 0
    for row in expected("rate_pooled"):
        measure, _, method = row["model"].partition(" ")
        if method != tau:
            continue
        found = estimate(row["set"], MODELS[measure], tau)
        ends = [max(float(row[name]), 0 if measure == "IRS" else -np.inf) for name in ("estimate", "lower", "upper")]
        wanted = [float(np.exp(end) if measure == "IRLN" else end**2) for end in ends]
        limit = CLOSED_FORM if tau == "DL" else SCORING
        assert [found.value, found.lower, found.upper] == pytest.approx(wanted, rel=10 * limit, abs=limit), row
        assert found.tau_squared == pytest.approx(float(row["tau2"]), rel=1e-4, abs=1e-6), row
        seen += 1
    assert seen == 60


def test_the_poisson_normal_model_equals_metafor() -> None:
    rows = [row for row in expected("rate_pooled") if row["model"] == "glmm"]
    assert len(rows) == 30
    for row in rows:
        main = estimate(row["set"], "glmm")
        assert main.value is not None and main.lower is not None and main.upper is not None
        values = np.log([main.value, main.lower, main.upper])
        assert values == pytest.approx([float(row[name]) for name in ("estimate", "lower", "upper")], abs=0.01), row
        assert values[0] == pytest.approx(float(row["estimate"]), abs=MIXED_MODEL), row


def test_pools_and_regressions_of_rates_through_study_files_equal_metafor() -> None:
    """The number that the script regresses on stands as the year of the citation."""
    compared = 0
    for row in (row for row in expected("rate_pooled") if row["model"] == "regression"):
        rows = sets()[row["set"]]
        outcomes = [timed(int(one["events"]), one["months"]) for one in rows]
        found = rates(*outcomes, by=("year",), years=tuple(int(one["number"]) for one in rows))
        assert found.main == estimate(row["set"], "glmm")
        (slope,) = found.slopes
        if slope.ratio is None:
            assert len(sets()[row["set"]]) < 10, "only few studies are a reason"
            continue
        assert slope.name == "rate ratio"
        assert slope.lower is not None and slope.upper is not None
        values = np.log([slope.ratio, slope.lower, slope.upper])
        assert values == pytest.approx([float(row[name]) for name in ("estimate", "lower", "upper")], abs=0.005), row
        compared += 1
    assert compared >= 3


# ---- what enters ----


@pytest.mark.parametrize(
    ("time", "unit", "months"),
    [
        ("200", "patient-months", 200),
        ("10", "patient-years", 120),
        # 365.25 / 12 days are a month
        ("3652.5", "patient-days", 120),
        ("1461", "patient-weeks", 336),
    ],
)
def test_time_at_risk_is_in_months_whatever_was_printed(time: str, unit: str, months: float) -> None:
    found = rates(timed(6, time, unit))
    assert found.size == pytest.approx(months, rel=CLOSED_FORM)
    assert found.main.value == pytest.approx(6 / months, rel=CLOSED_FORM)
    assert (f"{time} {unit}" in found.counts[0].origin) is (unit != "patient-months")


@pytest.mark.parametrize(
    ("outcome", "why"),
    [
        (timed(3, "", denominator=100, denominator_from="row"), "no time at risk is given"),
        (timed(None, "200", percentage="3.0"), "no count of events"),
        (timed(3, counted="reports"), "spontaneous reports have no time at risk"),
        (timed(3, estimate="pooled"), "already pooled"),
        (timed(None, count_lowest=1, count_highest=4), "only bounds are known"),
        (timed(None, "", reported=False), "not reported"),
    ],
)
def test_what_gives_no_rate_is_left_out_with_its_reason(outcome: Outcome, why: str) -> None:
    gathered = gather([study("first", outcome)], "bleeding", anyway=["all"], measure="rate")
    assert not gathered.pools
    assert [why in one.why for one in gathered.left_out] == [True]


def test_first_events_and_all_events_are_two_rates_whatever_is_asked() -> None:
    studies = [study("first", timed(3)), study("second", timed(9, counted="events"))]
    pools = gather(studies, "bleeding", anyway=["all"], measure="rate").pools
    assert sorted(question.counted for question in pools) == ["events", "patients"]
    question = next(one for one in pools if one.counted == "events")
    assert any("may have had several" in text for text in cautions(question, pools[question], ()))


def test_more_events_than_patients_are_a_rate_and_no_proportion() -> None:
    outcome = timed(130, counted="events", denominator=100, denominator_from="row")
    assert not gather([study("first", outcome)], "bleeding").pools
    (counts,) = gather([study("first", outcome)], "bleeding", measure="rate").pools.values()
    assert [(one.events, one.size) for one in counts] == [(130, 200)]


def test_a_count_with_people_and_time_enters_both_pools() -> None:
    outcome = timed(3, denominator=100, denominator_from="row")
    for measure, size in (("proportion", 100), ("rate", 200)):
        (counts,) = gather([study("first", outcome)], "bleeding", measure=measure).pools.values()
        assert [one.size for one in counts] == [size]


# ---- degenerate data ----


def test_no_event_in_any_study_gives_the_exact_bound_and_says_why() -> None:
    found = rates(timed(0, "100"), timed(0, "300"))
    # nothing in 400 months: the upper end is -log(0.025) / 400
    assert (found.main.value, found.main.lower) == (0, 0)
    assert found.main.upper == pytest.approx(-np.log(0.025) / 400, rel=CLOSED_FORM)
    assert "give the exact bound" in found.main.warning
    one_arm_forest(found)


def test_one_study_has_its_exact_interval() -> None:
    found = rates(timed(0))
    assert found.main.upper == pytest.approx(-np.log(0.025) / 200, rel=CLOSED_FORM)
    assert heterogeneity(found).startswith("One study")
    assert not found.models and not found.slopes


def test_exposure_of_nothing_and_an_unknown_scale_are_refused() -> None:
    with pytest.raises(EstimationError, match="no exposure"):
        transformed_rates([1, 0], [10.0, 0])
    with pytest.raises(EstimationError, match="no scale"):
        transformed_rates([1, 0], [10.0, 5], "cube")  # type: ignore[arg-type]


# ---- what comes out ----


def test_the_words_are_those_of_rates() -> None:
    found = rates(timed(4, "210"), timed(9, "350"), timed(1, "90"))
    said = heterogeneity(found)
    assert "in the odds" not in said
    assert "On the log scale" in said
    assert "no test is established for rates" in found.no_asymmetry
    assert any("first weeks" in text for text in cautions(found.question, found.counts, ()))


def test_the_forest_plot_of_rates_encodes_events_months_and_rates_of_hundred_months() -> None:
    chart = one_arm_forest(rates(timed(4, "210"), timed(9, "350.5")))
    spec = json.dumps(chart.to_dict())
    for text in ('"Patient-months"', '"210.0"', '"350.5"', '"560.5"', "Events per 100 patient-months"):
        assert text in spec
    assert all(f'"at": {100 * (events / months)}' in spec for events, months in ((4, 210), (9, 350.5)))


def test_r_code_has_events_and_months() -> None:
    code = one_arm_code([rates(timed(4, "210"), timed(9, "29.2", "patient-years"))])
    assert "x = c(4, 9), t = c(210.0, 350.4" in code
    assert 'rma.glmm(measure = "IRLN", xi = x, ti = t' in code
    assert "poisson.test(sum(d$x), sum(d$t))" in code


def test_the_review_pools_rates_beside_proportions_where_time_is_given() -> None:
    outcome = timed(3, denominator=100, denominator_from="row")
    review = gather_review(Evidence((study("first", outcome), study("second", replace(outcome, count=5)))))
    assert [one.question.measure for one in review.pooled] == ["proportion", "rate"]
    assert any("patient-months" in figure for figure in review.state().figures.values())


def test_the_command_writes_rates_with_figure_tables_and_code(tmp_path: Path) -> None:
    folder, target = tmp_path / "mine", tmp_path / "out"
    folder.mkdir()
    judged = (RiskOfBias("ROBINS-I", "overall", "some concerns"),)
    for place, events in enumerate((4, 9, 2)):
        one = replace(study(f"study_{place}", timed(events, f"{200 + 50 * place}.5")), risk_of_bias=judged)
        evidence.write_study(one, folder)
    arguments = ["evidence", "pool", "bleeding", "--measure", "rate", "--no-shipped", "-s", str(folder)]
    done = CliRunner().invoke(app, [*arguments, "-o", str(target)])
    assert done.exit_code == 0, done.output
    assert "15 in 751.5 patient-months in 3 studies" in " ".join(done.output.split())
    with (target / "tables" / "bleeding_1_studies.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["Patient-months"] for row in rows] == ["200.5", "250.5", "300.5"]
    assert rows[0]["Rate per 100 patient-months (exact 95 % CI)"].startswith("2.0 (")
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["asked"]["measure"] == "rate"
    assert 'measure = "IRLN"' in (target / "pooled_with_metafor.R").read_text(encoding="utf-8")
    assert "Poisson-normal" in (target / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--measure", "rate"], "No study has a time at risk with its count of bleeding"),
        (["--measure", "rates"], "There is no measure 'rates'; did you mean rate?"),
        (["--measure", "rate", "--model", "arcsine"], "There is no model of a rate 'arcsine'"),
    ],
)
def test_a_rate_that_cannot_be_given_gets_a_sentence(arguments: list[str], message: str) -> None:
    done = CliRunner().invoke(app, ["evidence", "pool", "bleeding", *arguments])
    assert isinstance(done.exception, CaracError)
    assert message in str(done.exception)
