"""Are the tests of funnel asymmetry those of R, and refused where they mean nothing?

All are closed forms, so that 1e-8 is rounding through the sums.
"""

from __future__ import annotations

import pytest

from carac.statistics.checks import EstimationError
from carac.statistics.small_study import Asymmetry, egger, harbord, peters_one_arm, peters_two_arms
from carac.statistics.transformations import transformed
from carac.statistics.two_arms import arms, study_effects
from support.reference import counts, expected


def asymmetry(row: dict[str, str]) -> Asymmetry:
    if row["type"] == "proportion":
        events, total = counts("ma_single_study_ci", row["dataset"], ("x", "n"))
        effects = transformed(events, total)
        if row["test"].startswith("Egger"):
            return egger(effects.estimate, effects.variance, fewest=3)
        return peters_one_arm(events, total, fewest=3)
    table = arms(*counts("ma_twoarm_fisher", row["dataset"], ("ai", "n1i", "ci", "n2i")))
    if row["test"].startswith("Egger"):
        # R's figures keep the study without events, with half events in all cells
        found = study_effects(table, keep_empty=True)
        return egger(found.estimate, found.variance, fewest=3)
    return (harbord if row["test"].startswith("Harbord") else peters_two_arms)(table, fewest=3)


@pytest.mark.parametrize(
    "row", expected("ma_small_study_tests"), ids=lambda row: f"{row['dataset']}-{row['test'].split(':')[0]}"
)
def test_asymmetry_equals_r(row: dict[str, str]) -> None:
    found = asymmetry(row)
    assert found.statistic == pytest.approx(float(row["stat"]), rel=1e-8)
    assert found.degrees_of_freedom == int(row["df"])
    assert found.p_value == pytest.approx(float(row["p"]), rel=1e-8)
    if row["intercept_or_b"] != "NA":
        assert found.slope == pytest.approx(float(row["intercept_or_b"]), rel=1e-8)


def test_few_studies_are_refused_unless_asked_for() -> None:
    with pytest.raises(EstimationError, match="5 studies are too few"):
        egger([1.0, 2, 3, 4, 5], [1.0, 2, 1, 2, 1])
    with pytest.raises(EstimationError, match="needs 3"):
        egger([1.0, 2], [1.0, 2], fewest=1)


def test_studies_of_one_size_or_on_one_line() -> None:
    with pytest.raises(EstimationError, match="one size"):
        egger([1.0, 2, 3], [1.0, 1, 1], fewest=3)
    with pytest.raises(EstimationError, match="one line"):
        egger([1.0, 2, 3], [1.0, 4, 9], fewest=3)
