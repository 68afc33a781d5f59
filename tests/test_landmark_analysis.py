"""Landmark analysis on people worked by hand: who is asked, who is in which group, and the difference at the end."""

from __future__ import annotations

import numpy as np
import pytest

from carac.analysis.incidence import UNRECORDED, incidence
from carac.analysis.landmark_analysis import FEWEST_PEOPLE, landmark, reached_by
from carac.analysis.settings import Settings, settings_from
from carac.endpoints.rules import Window
from carac.endpoints.study import Study
from carac.findings import CaracError
from carac.report.content import Figure, Table
from carac.report.questions.asked import Asked
from carac.report.questions.landmark import section
from carac.statistics.checks import EstimationError
from carac.statistics.pseudo import pseudo_incidence, regression
from support.hand_graded import Row, study
from test_analysis import CRS, crs
from test_endpoints import bleed


def graded(people: list[Row], events: list[Row], days: list[Row]) -> Study:
    """Bleeds beside patient-days with CRS."""
    made: Study = study(people, days=days, events=events, definitions=["isth_bleeding", CRS])
    return made


@pytest.fixture(scope="module")
def paper() -> Study:
    """Twenty with CRS by day 7, of whom five bleed afterwards; twenty without, of whom one does; seven others."""
    people: list[Row] = [{"id": f"p{place:02}", "end": 100} for place in range(40)]
    days = [crs(f"p{place:02}", 2, 2 if place < 20 else 0) for place in range(40)]
    events = [bleed(f"p{place:02}", 10 + place) for place in (0, 1, 2, 3, 4, 20)]
    # bled, died and left by day 7; CRS begins after it; nothing graded; only a range; graded before the infusion alone
    people += [{"id": "q1", "end": 100}, {"id": "q2", "end": 5, "death": 5}, {"id": "q3", "end": 6}]
    people += [{"id": f"q{place}", "end": 100} for place in (4, 5, 6, 7)]
    events.append(bleed("q1", 7))
    days += [crs("q1", 1, 2), crs("q2", 1, 2), crs("q3", 1, 2), crs("q4", 1, 0), crs("q4", 8, 3)]
    days.append(crs("q7", -2, 0))
    days.append({"id": "q6", "day": 3, "astct_crs__lowest": 0, "astct_crs__highest": 1})
    return graded(people, events, days)


def test_groups_are_what_was_known_on_the_day(paper: Study) -> None:
    found = landmark(paper, "major_bleeding", 7, ["crs_any"], adjust=())
    (split,) = found.splits
    sizes = {group.label: (group.outcome.at_risk, group.outcome.events) for group in split.found.groups}
    # q1 to q3 are not asked, q4 had no CRS by day 7, of q5, q6 and q7 it is not known
    assert sizes == {"with it": (20, 5), "without it": (21, 1), UNRECORDED: (3, 0)}
    had, known = reached_by(paper, paper.endpoint("crs_any"), 8)
    q4 = [str(one) for one in paper.people.table.column("patient_id").to_pylist()].index("q4")
    assert had[q4] and known[q4]


def test_the_difference_is_that_of_proportions_where_nobody_is_lost(paper: Study) -> None:
    (split,) = landmark(paper, "major_bleeding", 7, ["crs_any"], adjust=()).splits
    assert split.plain is not None and split.plain.people == 41
    assert split.plain.value.estimate == pytest.approx(5 / 20 - 1 / 21)
    # the sandwich of two means: each with its own binomial variance
    error = np.sqrt(5 / 20 * 15 / 20 / 20 + 1 / 21 * 20 / 21 / 21)
    assert split.plain.value.upper == pytest.approx(5 / 20 - 1 / 21 + 1.959964 * error, abs=1e-6)
    assert split.found.test is not None and split.found.test.p_value is not None
    # area under each curve to day 100: who bleeds on day 10 loses 90 days
    lost = {group.label: group.time_lost for group in split.found.groups}
    assert lost["with it"] is not None
    assert lost["with it"].estimate == pytest.approx(sum(100 - day for day in range(10, 15)) / 20)


def test_few_people_or_events_are_shown_and_not_compared(paper: Study) -> None:
    (split,) = landmark(paper, "major_bleeding", 31, ["crs_any"], adjust=()).splits
    assert split.plain is None and "Only 0 events" in split.why_not
    few = graded([{"id": f"p{n}", "end": 100} for n in range(12)], [], [crs(f"p{n}", 2, int(n < 2)) for n in range(12)])
    (split,) = landmark(few, "major_bleeding", 7, ["crs_any"], adjust=()).splits
    assert split.plain is None and f"Only 2 people with it: fewer than {FEWEST_PEOPLE}" in split.why_not


def test_a_landmark_outside_the_count_or_a_state_of_no_days_is_one_sentence(paper: Study) -> None:
    with pytest.raises(CaracError, match=r"The landmark is day 100; it must lie between day 0 and day 100"):
        landmark(paper, "major_bleeding", 100, ["crs_any"])
    with pytest.raises(CaracError, match="no endpoint of patient-days"):
        landmark(paper, "major_bleeding", 7, ["any_bleeding"])


def test_the_page_has_a_figure_a_table_and_a_sentence(paper: Study) -> None:
    settings = settings_from(
        {"analysis": {"landmark_endpoints": ["major_bleeding"], "landmark_states": ["crs_any"], "landmark_adjust": []}}
    )
    blocks = section(Asked(paper, settings, False)).blocks
    (figure,) = [one for one in blocks if isinstance(one, Figure)]
    assert "with it 25 %" in figure.alternative and figure.name == "landmark_major_bleeding_crs_any"
    (table,) = [one for one in blocks if isinstance(one, Table)]
    assert table.rows[0][0].endswith("by day 7") and table.rows[0][5].startswith("+20.2 (")
    hidden = Asked(paper, settings_from({"analysis": {"hide_small_cells": True}}), False)
    assert not [one for one in section(hidden).blocks if isinstance(one, Figure)]


@pytest.mark.parametrize("changes", [{"landmark_day": "7"}, {"landmark_day": True}, {"landmark_states": "crs_any"}])
def test_faulty_settings_are_one_sentence(changes: dict[str, object]) -> None:
    with pytest.raises(CaracError, match=r"it must be a day, such as 7|it must be a list of names"):
        settings_from({"analysis": changes})


def test_the_definitions_of_the_states_are_graded() -> None:
    wanted = Settings(landmark_states=("icans_any",)).definitions()
    assert "astct_icans" in wanted


def test_time_lost_of_four_people_by_hand() -> None:
    """Bleeds on days 1 and 3 of 10, nobody lost: 9 and 7 days of four people."""
    made = graded([{"id": name, "end": 90} for name in "abcd"], [bleed("a", 1), bleed("b", 3)], [])
    found = incidence(made, "major_bleeding", window=Window("w", 0, 10))
    assert found.overall.time_lost is not None
    assert found.overall.time_lost.estimate == pytest.approx(16 / 4)
    nothing = incidence(graded([{"id": "a", "end": 90}], [], []), "major_bleeding", window=Window("w", 0, 10))
    assert nothing.overall.time_lost is not None and nothing.overall.time_lost.estimate == 0


def test_regression_of_pseudo_observations_without_covariates_of_use_is_said() -> None:
    pseudo = pseudo_incidence([1, 2, 3, 4.0], [1, 0, 1, 0], [3.5])[:, 0]
    fit = regression(pseudo, [[0], [0], [1], [1]])
    assert fit.coefficients[0] == pytest.approx(pseudo[:2].mean())
    assert fit.coefficients[1] == pytest.approx(pseudo[2:].mean() - pseudo[:2].mean())
    with pytest.raises(EstimationError):
        regression(pseudo, [[1], [1], [1], [1]])
