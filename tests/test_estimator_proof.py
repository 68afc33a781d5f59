"""The page of simulated coverage is that of its figures, and the figures are what intervals of 95 % should give."""

from __future__ import annotations

import sys
from math import log, sqrt
from typing import Any

import numpy as np
import pytest

from needs import ROOT

for folder in ("proofs", "tools"):
    sys.path.insert(0, str(ROOT / folder))
import estimators  # noqa: E402

import make_estimator_docs  # noqa: E402

FOUND = make_estimator_docs.figures(make_estimator_docs.FIGURES)
RECOVERED = make_estimator_docs.figures(make_estimator_docs.RECOVERED)


def share(found: dict[str, Any], name: str) -> float:
    counts = found["estimators"][name]
    return float(counts["yes"] / counts["answered"])


def test_the_page_is_that_of_the_figures() -> None:
    written = (ROOT / "docs" / "estimators.md").read_text(encoding="utf-8")
    assert written == make_estimator_docs.page(FOUND, RECOVERED)
    assert tuple(one.name for one in estimators.SCENARIOS) == make_estimator_docs.WHOLE


@pytest.mark.parametrize("found", FOUND, ids=lambda one: f"{one['events']}-{one['ratio']:g}")
def test_intervals_cover_at_least_nearly_as_often_as_they_say(found: dict[str, Any]) -> None:
    error = sqrt(0.05 * 0.95 / found["repetitions"])
    names = [
        "rate",
        "firth",
        "chosen",
        "by_day",
        *(["aalen_johansen", "fine_gray", "cox"] if found["events"] > 5 else []),
    ]
    # three Monte-Carlo errors, and one percentage point that approximate intervals of few events may miss
    assert {name: share(found, name) for name in names if share(found, name) < 0.95 - 3 * error - 0.01} == {}
    if found["ratio"] == 1:
        assert share(found, "gray") < 0.05 + 3 * error + 0.01


def test_the_naive_comparison_misses_where_events_are_many() -> None:
    many = [one for one in FOUND if one["events"] >= 20]
    assert many and all(share(one, "ever_against_never") < 0.9 for one in many)


def test_people_are_drawn_as_the_page_says() -> None:
    """The expected number of events in the first arm, and the ratio of subdistribution hazards at the end."""
    rng = np.random.default_rng(1)
    scenario = estimators.Scenario(200, 400, 2.0)
    counts = [int(((one := estimators.drawn(scenario, rng)).status[one.arm == 0] == 1).sum()) for _ in range(60)]
    # sixty sums of four hundred: a standard error near 10 / sqrt(60)
    assert abs(np.mean(counts) - 200) < 4
    large = estimators.drawn_subdistribution(estimators.Scenario(2000, 10_000, 2.0), rng)
    ever = [np.mean(large.status[large.arm == arm] == 1) for arm in (0, 1)]
    # with little censoring 1 - F of the second arm is nearly the square of that of the first
    assert 1 - ever[1] == pytest.approx((1 - ever[0]) ** 2, abs=0.02)


@pytest.mark.parametrize("found", RECOVERED, ids=lambda one: f"{one['events']}-{one['ratio']:g}")
def test_the_truth_is_found_on_average(found: dict[str, Any]) -> None:
    """Within four Monte-Carlo errors, so that one in some thousand figures is off by chance.

    A logarithm of a ratio of few events is not centred: beside the errors half of the inverse of the smaller number of
    events is allowed, which is the order of that bias.
    """
    estimates = found["estimates"]
    off = abs(estimates["aalen_johansen"]["mean"] - found["incidence"])
    assert off < 4 * estimates["aalen_johansen"]["error"]
    assert estimates["naive"]["mean"] > found["incidence"] + 4 * estimates["naive"]["error"]
    for name in make_estimator_docs.RATIOS:
        off = abs(estimates[name]["mean"] - log(found["ratio"]))
        assert off < 4 * estimates[name]["error"] + 0.5 / found["events"], name
