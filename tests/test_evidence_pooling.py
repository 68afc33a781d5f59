"""Pooling of published counts: is what differs kept apart, do figures equal metafor's, does every output say so?

Figures of R are those of tests/data/statistics, made from the review's tables. Random-effect models: lme4's and
nlminb's searches stop where the estimate still moves by some 1e-5; closed forms agree to rounding.
"""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from math import exp, log
from pathlib import Path
from typing import Any

import pytest
from scipy.special import expit
from typer.testing import CliRunner

from carac import evidence
from carac.commands.app import app
from carac.evidence.study import AnalysisSet, Arm, Cell, Citation, Outcome, RiskOfBias, Source, Study
from carac.evidence.synthesis import Pooled, Question, compare_pairs, gather, gather_pairs, pool_counts
from carac.evidence.synthesis.gathering import ANYWAY, Gathered
from carac.evidence.synthesis.question import window_of
from carac.evidence.synthesis.r_code import one_arm_code, two_arm_code
from carac.evidence.synthesis.words import cautions, heterogeneity, median_odds_ratio, percent
from carac.findings import CaracError
from carac.report.figures.forest import percent_axis, ratio_axis
from carac.report.literature.forests import bias_of, one_arm_forest, two_arm_forest
from carac.statistics.small_study import harbord
from carac.statistics.two_arms import arms as arms_of
from carac.vocabulary.study_outcomes import study_outcomes
from support.reference import expected

MIXED_MODEL, CLOSED_FORM = 3e-5, 1e-9
VTE = "venous_thromboembolism"
TRIALS = "adverse event terms, grouped by the review"


def made_up(name: str, *outcomes: Outcome, design: str = "retrospective_cohort", arms: tuple[Arm, ...] = ()) -> Study:
    """A study that does not exist."""
    return Study(
        name,
        name.replace("_", " "),
        design,
        (Citation("Nobody N.", "None", year=2031),),
        (Source("publication", "publication", "none"),),
        arms or (Arm("car_t", "CAR-T", "car_t", 100),),
        outcomes,
    )


def counted(count: int | None, denominator: int | None = 100, **more: object) -> Outcome:
    values: dict[str, object] = {
        "outcome": "bleeding",
        "arm": "car_t",
        "source": "publication",
        "cell": Cell("Table 1"),
    }
    values |= {"count": count, "denominator": denominator, "denominator_from": "row"}
    return Outcome(**(values | more))  # type: ignore[arg-type]


def sizes(gathered: Gathered) -> list[int]:
    return sorted(len(counts) for counts in gathered.pools.values())


# ---- what may be pooled ----


@pytest.mark.parametrize(
    ("one", "other", "word"),
    [
        ({"definition": "WHO"}, {"definition": "ISTH major"}, "definitions"),
        ({"definition": "CTCAE", "definition_version": "5.0"}, {"definition": "CTCAE"}, "definitions"),
        ({"grades": "2-5"}, {"grades": "3-5"}, "definitions"),
        ({"definition": "WHO"}, {}, "definitions"),
        ({"window": "30 days", "window_days": 30}, {"window": "100 days", "window_days": 100}, "windows"),
        ({"window": "days 31 to 100", "window_days": 100}, {"window": "100 days", "window_days": 100}, "windows"),
        ({"counted": "reports"}, {}, "reports"),
        ({"definition": "the trial's own; not seen"}, {"definition": "the trial's own; not seen"}, "definitions"),
    ],
)
def test_what_differs_is_kept_apart_unless_asked_for_and_is_then_named(
    one: dict[str, object], other: dict[str, object], word: str
) -> None:
    studies = [made_up("first", counted(3, **one)), made_up("second", counted(4, **other))]
    assert sizes(gather(studies, "bleeding")) == [1, 1]
    others = [each for each in ANYWAY if each != word]
    assert sizes(gather(studies, "bleeding", anyway=others)) == [1, 1]
    gathered = gather(studies, "bleeding", anyway=[word])
    assert sizes(gathered) == [2]
    (question,) = gathered.pools
    assert question.is_forced
    assert "POOLED ANYWAY" in str(question)
    assert any("POOLED ANYWAY" in text for text in cautions(question, gathered.pools[question], gathered.anyway))


def test_serious_and_other_events_are_never_pooled() -> None:
    studies = [made_up("first", counted(3, serious="serious"), counted(5, serious="non-serious"))]
    studies.append(made_up("second", counted(4, serious="serious"), counted(9, serious="non-serious")))
    gathered = gather(studies, "bleeding", anyway=["all"])
    assert {question.serious: [one.events for one in counts] for question, counts in gathered.pools.items()} == {
        "serious": [3, 4],
        "non-serious": [5, 9],
    }
    with pytest.raises(CaracError, match="'serious' cannot be pooled anyway"):
        gather(studies, "bleeding", anyway=["serious"])


def test_a_question_says_forced_only_where_something_differs() -> None:
    studies = [made_up("first", counted(3, definition="WHO")), made_up("second", counted(4, definition="WHO"))]
    (question,) = gather(studies, "bleeding", anyway=["all"]).pools
    assert not question.is_forced
    assert question.definition == "WHO"


@pytest.mark.parametrize("outcome", study_outcomes())
def test_no_pool_of_the_shipped_studies_mixes_anything(outcome: str) -> None:
    for question, counts in gather(evidence.load(), outcome).pools.items():
        for one in counts:
            own = one.outcome
            assert (own.grades, own.serious, own.counted) == (question.grades, question.serious, question.counted)
            assert own.counted in ("patients", "reports")
            assert one.study.design not in ("meta_analysis", "review")
            assert own.estimate != "pooled"
        assert len({one.definition for one in counts}) == len({one.window for one in counts}) == 1
        assert len({one.study.name for one in counts}) == len(counts)


@pytest.mark.parametrize(
    ("text", "days", "window"),
    [
        ("three months", 91, "3 months"),
        ("90 days", 90, "3 months"),
        ("100 days", 100, "100 days"),
        ("day 28", 28, "1 month"),
        ("1 year", 365, "1 year"),
        ("days 0 to 30", 30, "1 month"),
        ("days 31 to 100", 100, "days 31 to 100"),
        ("on treatment", None, "on treatment"),
        ("", None, ""),
    ],
)
def test_windows_are_one_where_their_days_are(text: str, days: int | None, window: str) -> None:
    assert window_of(text, days) == window


def test_a_window_is_taken_from_a_repeat_of_the_same_figure_only() -> None:
    one, repeat = counted(3, percentage="3.0"), counted(None, percentage="3.0", window="1 year", window_days=365)
    for last, window in ((repeat, "1 year"), (replace(repeat, percentage="4.0"), "")):
        (counts,) = gather([made_up("first", one, replace(last, repeats=True))], "bleeding").pools.values()
        assert [count.window for count in counts] == [window]


@pytest.mark.parametrize(
    ("percentage", "denominator", "events"),
    [("12.5", 56, 7), ("6.7", 561, None), ("0", 50, 0), ("100", 50, 50), ("43", 744, 320)],
)
def test_a_lone_percentage_gives_a_count_only_where_one_fits(
    percentage: str, denominator: int, events: int | None
) -> None:
    gathered = gather([made_up("first", counted(None, denominator, percentage=percentage))], "bleeding")
    found = [one.events for counts in gathered.pools.values() for one in counts]
    assert found == ([] if events is None else [events])
    if events is None:
        assert "no whole number of patients" in gathered.left_out[0].why
        forced = gather(
            [made_up("first", counted(None, denominator, percentage=percentage))], "bleeding", anyway=["all"]
        )
        ((question, counts),) = forced.pools.items()
        assert (counts[0].events, denominator) == (38, 561)
        assert any("POOLED ANYWAY" in text for text in cautions(question, counts, forced.anyway))


def test_arms_that_count_the_same_people_enter_once_and_others_each() -> None:
    arms = (
        Arm("all", "all", "car_t", 100, overlaps=("part",)),
        Arm("part", "part", "car_t", 60, overlaps=("all",)),
        Arm("later", "later", "car_t", 40),
    )
    outcomes = [counted(n, of, arm=arm) for n, of, arm in ((5, 60, "part"), (8, 100, "all"), (2, 40, "later"))]
    gathered = gather([made_up("first", *outcomes, arms=arms)], "bleeding")
    ((_, counts),) = gathered.pools.items()
    assert sorted(one.arm.name for one in counts) == ["all", "later"]
    assert ["same people" in one.why for one in gathered.left_out] == [True]


def test_what_cannot_be_pooled_is_left_out_with_its_reason() -> None:
    outcomes = {
        "not reported": counted(None, None, denominator_from="", reported=False),
        "events and not patients": counted(3, counted="events"),
        "only bounds": counted(None, count_lowest=1, count_highest=4),
        "no number of patients": counted(3, None, denominator_from=""),
        "already pooled": counted(3, estimate="pooled"),
    }
    for why, outcome in outcomes.items():
        gathered = gather([made_up("first", outcome)], "bleeding", anyway=["all"])
        assert not gathered.pools
        assert [why in one.why for one in gathered.left_out] == [True], why


def test_a_corrected_denominator_is_taken_on_request_and_named() -> None:
    study = replace(
        made_up("first", counted(2, 180, percentage="1.18")),
        analysis_sets=(AnalysisSet("safety set", 170, "car_t", "publication"),),
    )
    for corrected, total in ((False, 180), (True, 170)):
        (counts,) = gather([study], "bleeding", corrected=corrected).pools.values()
        assert [one.total for one in counts] == [total]
        assert ("safety set" in counts[0].origin) is corrected


# ---- what a prediction interval says ----


def test_a_prediction_interval_that_is_the_confidence_interval_again_says_so_and_why() -> None:
    """Five trials with tau² estimated as 0; inverse variance finds some, and its interval stands beside it."""
    found = pooled(VTE, TRIALS)
    main = found.main
    assert main.tau_squared == 0 and main.prediction == pytest.approx((main.lower, main.upper))
    (logit,) = (one for one in found.models if one.model == "logit")
    assert logit.prediction is not None and logit.tau_squared and logit.prediction[1] > 2 * main.prediction[1]
    said = heterogeneity(found)
    assert "is the confidence interval again, because the reported model, Binomial-normal (GLMM), estimates" in said
    assert f"tau² {logit.tau_squared:.3f}) it would be {percent(logit.prediction[0])} to" in said
    assert "would be expected to find anything" not in said
    assert "by inverse variance (REML), not by the model reported: tau²" in said


def test_a_prediction_interval_with_variance_between_studies_is_one() -> None:
    found = pooled(VTE, "", anyway=("windows",))
    assert found.main.tau_squared
    said = heterogeneity(found)
    assert "would be expected to find anything" in said and "confidence interval again" not in said


# ---- figures equal to R's ----


def pooled(outcome: str, definition: str = "", role: str = "car_t", anyway: tuple[str, ...] = ()) -> Pooled:
    for question, counts in gather(evidence.load(), outcome, role, anyway=anyway).pools.items():
        if (question.definition, question.serious, question.counted) == (definition, "", "patients"):
            return pool_counts(question, counts)
    raise AssertionError(definition)


@pytest.mark.parametrize(
    ("dataset", "outcome", "definition", "role", "anyway"),
    [
        ("t1_vte_soc", VTE, TRIALS, "comparator", ()),
        ("t2_vte", VTE, "", "car_t", ("windows",)),
        ("t2_ate", "arterial_thromboembolism", "", "car_t", ("windows",)),
    ],
)
def test_pools_of_the_shipped_studies_equal_metafor(
    dataset: str, outcome: str, definition: str, role: str, anyway: tuple[str, ...]
) -> None:
    found = {one.model: one for one in pooled(outcome, definition, role, anyway).models}
    of_set = [row for row in expected("ma_proportions_pooled") if row["dataset"] == dataset]
    rows = {(row["measure"], row["method"], row["test"]): row for row in of_set}
    logit, glmm = rows["PLO", "REML", "adhoc"], rows["PLO", "GLMM-ML nAGQ=15", "z"]
    one = found["logit"]
    # metafor stops Fisher scoring of tau squared at a step of 1e-5
    wanted = [expit(float(logit[name])) for name in ("est", "ci.lb", "ci.ub")]
    assert [one.value, one.lower, one.upper] == pytest.approx(wanted, rel=1e-4)
    one = found["glmm"]
    assert one.prediction is not None
    wanted = [expit(float(glmm[name])) for name in ("est", "ci.lb", "ci.ub", "pi.lb", "pi.ub")]
    assert [one.value, one.lower, one.upper, *one.prediction] == pytest.approx(wanted, rel=10 * MIXED_MODEL)


CLOSED_FORMS = {
    "odds_ratio": ("OR", "MH"),
    "risk_ratio": ("RR", "MH"),
    "risk_difference": ("RD", "MH"),
    "peto": ("OR", "Peto"),
}


@pytest.mark.parametrize(
    ("dataset", "outcome", "serious"),
    [
        ("t1_vte", VTE, ""),
        ("t1_thrombocytopenia", "thrombocytopenia", ""),
        ("t1_nonserious_bleed", "bleeding", "non-serious"),
    ],
)
def test_comparisons_of_the_shipped_trials_equal_metafor(dataset: str, outcome: str, serious: str) -> None:
    gathered = gather_pairs(evidence.load(), outcome)
    found = next(compare_pairs(q, pairs) for q, pairs in gathered.pairs.items() if q.serious == serious)
    rows = [row for row in expected("ma_twoarm_pooled") if row["dataset"] == dataset]
    effects = {one.method: one for one in found.effects}
    for method, (measure, name) in CLOSED_FORMS.items():
        of_method = [row for row in rows if (row["measure"], row["method"]) == (measure, name)]
        wanted = next(row for row in of_method if "with .5" not in row["zero_handling"])
        value, p_value = effects[method].value, effects[method].p_value
        assert value is not None
        assert (value if measure == "RD" else log(value)) == pytest.approx(float(wanted["est"]), abs=CLOSED_FORM)
        assert p_value == pytest.approx(float(wanted["pval"]), abs=CLOSED_FORM)
        assert effects[method].studies == (len(found.pairs) if measure == "RD" else int(wanted["k"]))
    for method, name in (("conditional", "GLMM CM.EL"), ("study_effects", "GLMM UM.FS")):
        wanted = next(row for row in rows if row["method"] == name)
        value = effects[method].value
        assert value is not None
        assert log(value) == pytest.approx(float(wanted["est"]), abs=MIXED_MODEL)


def test_comparisons_without_each_study_equal_those_of_the_others_alone() -> None:
    question, pairs = next(iter(gather_pairs(evidence.load(), VTE).pairs.items()))
    found = compare_pairs(question, pairs)
    assert found.main.method == "conditional" and len(found.without) == len(pairs) == 5
    rest = compare_pairs(question, pairs[1:])
    assert found.without[0] == rest.main
    assert found.without[0].value != found.main.value
    assert not compare_pairs(question, pairs[:2]).without


def test_small_trials_are_compared_with_large_ones_from_ten_on() -> None:
    arms = (Arm("car_t", "CAR-T", "car_t", 100), Arm("control", "control", "comparator", 100))
    trials = [
        made_up(
            f"trial_{place:02}",
            counted(2 + place % 3, 50 + 20 * place),
            counted(1 + place % 4, 45 + 22 * place, arm="control"),
            design="randomised_trial",
            arms=arms,
        )
        for place in range(10)
    ]
    ((question, pairs),) = gather_pairs(trials, "bleeding").pairs.items()
    found = compare_pairs(question, pairs)
    counts = [(2 + n % 3, 50 + 20 * n, 1 + n % 4, 45 + 22 * n) for n in range(10)]
    assert found.asymmetry == harbord(arms_of(*zip(*counts, strict=True))).p_value
    few = compare_pairs(question, pairs[:9])
    assert few.asymmetry is None
    assert "needs 10 studies" in few.no_asymmetry


# ---- degenerate data ----


def test_one_study_has_its_exact_interval_and_no_heterogeneity() -> None:
    ((question, counts),) = gather([made_up("first", counted(0))], "bleeding").pools.items()
    found = pool_counts(question, counts)
    # nothing of 100: the upper end is 1 - 0.025^(1/100)
    assert (found.main.value, found.main.lower) == (0, 0)
    assert found.main.upper == pytest.approx(1 - 0.025 ** (1 / 100), rel=CLOSED_FORM)
    assert heterogeneity(found).startswith("One study")
    assert not found.models and not found.without and found.interval is None


@pytest.mark.parametrize("count", [0, 100])
def test_no_event_or_only_events_give_an_exact_bound_and_say_why(count: int) -> None:
    studies = [made_up(f"study_{place}", counted(count)) for place in range(4)]
    ((question, counts),) = gather(studies, "bleeding").pools.items()
    found = pool_counts(question, counts, by=["design", "year"])
    assert found.main.model == "together"
    assert "give the exact bound" in found.main.warning
    assert found.main.value == count / 100
    one_arm_forest(found)


def test_an_arm_without_events_gives_an_interval_with_one_finite_end() -> None:
    arms = (Arm("car_t", "CAR-T", "car_t", 100), Arm("control", "control", "comparator", 100))
    study = made_up("first", counted(3), counted(0, arm="control"), design="randomised_trial", arms=arms)
    ((question, pairs),) = gather_pairs([study], "bleeding").pairs.items()
    found = compare_pairs(question, pairs)
    assert found.main.method == "exact"
    assert found.main.upper == float("inf")
    assert found.main.lower is not None and 0 < found.main.lower < 1
    assert "no finite estimate" in found.effects[0].why
    two_arm_forest(found)


def test_comparisons_by_no_lot_and_by_another_count_are_left_out_with_the_reason() -> None:
    arms = (Arm("car_t", "CAR-T", "car_t", 100), Arm("control", "control", "comparator", 100))
    cohort = made_up("first", counted(3), counted(4, arm="control"), arms=arms)
    assert [one.why for one in gather_pairs([cohort], "bleeding").left_out] == ["arms not chosen by lot"]
    assert gather_pairs([cohort], "bleeding", anyway=["designs"]).pairs
    other = made_up("second", counted(3), counted(4, arm="control", grades="3-5"), design="randomised_trial", arms=arms)
    assert [one.why for one in gather_pairs([other], "bleeding").left_out] == [
        "the comparator was not counted in the same way"
    ]


# ---- groups, words ----


def ten() -> Pooled:
    """Ten made-up studies of two designs."""
    studies = [
        made_up(
            f"study_{place:02}",
            counted(2 + place // 2, 60 + 7 * place),
            design="retrospective_cohort" if place % 2 else "prospective_cohort",
        )
        for place in range(10)
    ]
    ((question, counts),) = gather(studies, "bleeding").pools.items()
    return pool_counts(question, counts, by=["design", "year"])


def test_groups_are_compared_from_ten_studies_on() -> None:
    found = ten()
    (grouping,) = found.groupings
    assert grouping.p_value is not None and 0 < grouping.p_value <= 1
    assert sum(len(group.counts) for group in grouping.groups) == 10
    assert found.asymmetry is not None
    (slope,) = found.slopes
    assert slope.ratio is None
    assert "all studies have the same" in slope.why
    few = pool_counts(found.question, found.counts[:9], by=["design"])
    assert few.groupings[0].p_value is None
    assert "needs 10 studies" in few.groupings[0].why
    (slope,) = pool_counts(found.question, found.counts[:9], by=["year"]).slopes
    assert "needs 10 studies that say it, and there are 9" in slope.why
    assert few.asymmetry is None


def test_the_median_odds_ratio_is_that_of_two_random_studies() -> None:
    # Larsen and Merlo: exp(sqrt(2 V) z), z the 0.75 quantile of the normal distribution
    assert median_odds_ratio(1.0) == pytest.approx(exp(2**0.5 * 0.67448975), rel=1e-8)
    assert median_odds_ratio(0.0) == 1


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0"), (0.0048, "0.48"), (0.00994, "0.99"), (0.00996, "1.0"), (0.0994, "9.9"), (0.108, "11")]
)
def test_percentages_have_the_places_that_they_can_carry(share: float, text: str) -> None:
    assert percent(share) == text


# ---- what comes out ----


def positions(chart: Any, mark: str, field: str = "at") -> list[Any]:
    """Values of a field of the data behind marks of one kind."""
    spec = chart.to_dict()
    found: list[Any] = []
    for layer in spec["layer"]:
        kind = layer["mark"]["type"] if isinstance(layer["mark"], dict) else layer["mark"]
        if kind == mark:
            rows = layer["data"].get("values") or spec["datasets"][layer["data"]["name"]]
            found += [row[field] for row in rows if field in row]
    return found


def test_a_forest_plot_encodes_counts_intervals_diamond_and_prediction() -> None:
    found = pooled(VTE, TRIALS)
    chart = one_arm_forest(found)
    assert positions(chart, "square") == [100 * one.events / one.total for one in found.counts]
    main = found.main
    assert main.value is not None and main.lower is not None and main.upper is not None and main.prediction
    assert positions(chart, "area") == [100 * main.lower, 100 * main.value, 100 * main.upper]
    assert positions(chart, "rule", "high")[-1] == 100 * main.prediction[1]
    texts = positions(chart, "text", "text")
    for one in found.counts:
        assert {one.label, str(one.events), str(one.total)} <= set(texts)


def test_what_lies_beyond_the_axis_is_an_arrow() -> None:
    gathered = gather_pairs(evidence.load(), VTE)
    found = next(compare_pairs(question, pairs) for question, pairs in gathered.pairs.items())
    chart = two_arm_forest(found)
    infinite = [own for own in found.own if own.upper == float("inf")]
    assert len(infinite) == 1, "KaRMMA-3 has no event among its comparators"
    assert positions(chart, "point").count(100) == 1


def test_bias_stands_beside_the_study_and_is_the_overall_or_the_worst() -> None:
    judged = tuple(RiskOfBias("RoB 2", domain, word) for domain, word in (("missing data", "low"), ("outcome", "high")))
    study = replace(made_up("first", counted(3)), risk_of_bias=judged)
    assert bias_of(study) == "high"
    overall = RiskOfBias("RoB 2", "overall", "some concerns")
    assert bias_of(replace(study, risk_of_bias=(*judged, overall))) == "some concerns"
    ((question, counts),) = gather([study], "bleeding").pools.items()
    assert "−" in positions(one_arm_forest(pool_counts(question, counts)), "text", "text")


@pytest.mark.parametrize("highest", [0.4, 2, 2.1, 9, 33, 100])
def test_axes_hold_what_they_show(highest: float) -> None:
    axis = percent_axis(highest)
    assert axis.high >= highest and axis.ticks[-1] <= axis.high
    ratio = ratio_axis(0.01, highest, "", ("", ""))
    assert ratio.low * ratio.high == pytest.approx(1)


def numbers_of(code: str, name: str) -> list[list[int]]:
    """Vectors of a name in R code."""
    return [[int(value) for value in part.split(")")[0].split(",")] for part in code.split(f"{name} = c(")[1:]]


def test_r_code_has_the_counts_and_own_figures() -> None:
    found = pooled(VTE, TRIALS)
    code = one_arm_code([found])
    assert numbers_of(code, "x") == [[one.events for one in found.counts]]
    assert numbers_of(code, "n") == [[one.total for one in found.counts]]
    assert f"# carac: {found.main.value:.6f}" in code
    question, pairs = next(iter(gather_pairs(evidence.load(), VTE).pairs.items()))
    code = two_arm_code([compare_pairs(question, pairs)])
    assert numbers_of(code, "ci") == [[pair.second.events for pair in pairs]]
    assert 'model = "CM.EL"' in code


def test_the_command_line_writes_page_word_tables_figures_and_code(tmp_path: Path) -> None:
    target = tmp_path / "out"
    arguments = ["evidence", "pool", "bleeding", "--definition", "WHO", "--anyway", "windows,definitions"]
    done = CliRunner().invoke(app, [*arguments, "-o", str(target)])
    assert done.exit_code == 0, done.output
    assert "POOLED ANYWAY over different windows" in done.output
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["asked"]["anyway"] == ["windows", "definitions"]
    assert any("POOLED ANYWAY" in one["question"] for one in manifest["pools"])
    assert "POOLED ANYWAY" in (target / "report.html").read_text(encoding="utf-8")
    assert "POOLED ANYWAY" in (target / "pooled_with_metafor.R").read_text(encoding="utf-8")
    assert (target / "report.docx").exists()
    with (target / "tables" / "bleeding_1_studies.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["Study"] for row in rows] == ["Johnsrud 2021", "Qi 2022", "Wang 2023"]
    assert [int(row["Events"]) for row in rows] == [12, 39, 7]
    assert "POOLED ANYWAY" in (target / "figures" / "bleeding_1_forest.svg").read_text(encoding="utf-8")


def test_json_holds_every_pool_and_every_figure_left_out() -> None:
    done = CliRunner().invoke(app, ["evidence", "pool", VTE, "--json"])
    found = json.loads(done.output)
    gathered = gather(evidence.load(), VTE)
    assert [len(one["studies"]) for one in found["pools"]] == [len(counts) for counts in gathered.pools.values()]
    assert len(found["left_out"]) == len(gathered.left_out)
    done = CliRunner().invoke(app, ["evidence", "compare", "bleeding", "--json"])
    silent = [
        study["study"]
        for one in json.loads(done.output)["comparisons"]
        for study in one["studies"]
        if study["says_nothing_about_a_ratio"]
    ]
    assert silent == ["zuma_7"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["pool", "bleding"], "did you mean bleeding"),
        (["pool", "bleeding", "--anyway", "serious"], "cannot be pooled anyway"),
        (["pool", "bleeding", "--by", "colour"], "There is no property 'colour'"),
        (["pool", "bleeding", "--model", "best"], "There is no model of a proportion 'best'"),
        (["pool", "bleeding", "--tau", "best"], "There is no estimate of tau squared 'best'"),
        (["pool", "bleeding", "--design", "trial"], "There is no design 'trial'"),
        (["pool", "bleeding", "--definition", "none such"], "No study has a count"),
        (["compare", "coagulopathy"], "No study has a count"),
    ],
)
def test_what_cannot_be_asked_gets_a_sentence(arguments: list[str], message: str) -> None:
    done = CliRunner().invoke(app, ["evidence", *arguments])
    assert isinstance(done.exception, CaracError)
    assert message in str(done.exception)


def test_the_example_of_the_package_runs() -> None:
    gathered = gather(evidence.load(), VTE)
    question, counts = next(iter(gathered.pools.items()))
    assert isinstance(question, Question) and pool_counts(question, counts[:2]).main.value is not None
