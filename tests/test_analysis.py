"""Incidence, timing, spread of definitions and under-reporting, on cohorts worked by hand and on a synthetic truth."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from carac import api
from carac.analysis.incidence import Incidence, incidence
from carac.analysis.settings import Settings, settings_from
from carac.analysis.spread import PUBLISHED, shipped_definitions, spread, with_own_definitions
from carac.analysis.timing import at_least, timing
from carac.analysis.under_reporting import under_reporting
from carac.endpoints.definition import read_text
from carac.endpoints.rules import Window
from carac.endpoints.study import Study
from carac.findings import CaracError
from carac.statistics.incidence import aalen_johansen
from support.hand_graded import Row, study
from support.reference import bmt35, expected
from test_endpoints import bleed, bleeding_study, dic

CRS = "astct_crs"


def crs(patient: str, day: int, grade: int) -> Row:
    """A patient-day with a grade of CRS."""
    return {"id": patient, "day": day, f"{CRS}__lowest": grade, f"{CRS}__highest": grade}


# ---- incidence ----


@pytest.fixture(scope="module")
def paper() -> Study:
    """Four people: a bleed on day 1, a death on 2, a bleed on 3, one seen to day 4."""
    people = [
        {"id": "a", "end": 90, "product": "x"},
        {"id": "b", "end": 2, "death": 2, "product": "x"},
        {"id": "c", "end": 90, "product": "y"},
        {"id": "d", "end": 4},
    ]
    return bleeding_study(people, [bleed("a", 1), bleed("c", 3), bleed("c", 50, site="nose")])


def test_incidence_of_four_people_on_paper(paper: Study) -> None:
    found = incidence(paper, "major_bleeding", window=Window("w", 0, 10))
    last = found.overall.last
    # 1/4 on day 1; of the half that is left after the death one of two bleeds on day 3
    assert last is not None and last.day == 4
    assert last.incidence.estimate == pytest.approx(0.5)
    # taking the death for censoring: 1 - 3/4 x 1/2
    assert last.naive == pytest.approx(0.625) and last.overstatement == pytest.approx(0.125)
    assert found.recurrences == 0 and "death competed" in found.methods


def test_rates_are_events_over_months_at_risk(paper: Study) -> None:
    found = incidence(paper, "major_bleeding", rate_windows=["0_to_30"])
    # 2 + 3 + 4 + 5 days at risk
    months = 14 / (365.25 / 12)
    rate = found.rates[0]
    assert (rate.events, rate.people) == (2, 4) and rate.months == pytest.approx(months)
    assert rate.rate is not None and rate.rate.estimate == pytest.approx(200 / months)


def test_a_rate_is_not_given_for_longer_than_days_are_graded() -> None:
    own = study(
        [{"id": "a", "end": 300}], days=[dic("a", day, 1, 1) for day in range(5)], definitions=["isth_overt_dic_2025"]
    )
    rates = {rate.window.name: rate.rate for rate in incidence(own, "overt_dic_isth_2025").rates}
    assert rates["to_100"] is not None and rates["to_365"] is None


def test_recurrent_bleeds_are_counted_beside_the_first(paper: Study) -> None:
    found = incidence(paper, "major_bleeding", window="to_100")
    assert found.recurrences == 1 and found.overall.outcome.events == 2
    assert found.mean_count is not None and found.mean_count.estimate > found.overall.moments[-1].incidence.estimate


def test_groups_leave_out_who_is_not_recorded_from_the_test(paper: Study) -> None:
    found = incidence(paper, "major_bleeding", by="product")
    assert [one.label for one in found.groups] == ["x", "not recorded", "y"]
    assert found.test is not None and found.test.left_out == ("not recorded",)
    assert found.test.degrees_of_freedom == 1
    with pytest.raises(CaracError, match="no grouping 'colour'"):
        incidence(paper, "major_bleeding", by="colour")


@pytest.mark.parametrize("cause", [1, 2])
def test_gray_between_groups_equals_r(cause: int) -> None:
    """Thirty-five transplants of R's reference as infusions: the way through tables and endpoints changes nothing."""
    data = bmt35()
    named = [f"p{place:02d}" for place in range(len(data.time))]
    dies = 2 if cause == 1 else 1
    people = [
        {"id": name, "end": int(time), "death": int(time) if status == dies else None, "product": str(group)}
        for name, time, status, group in zip(named, data.time, data.status, data.group, strict=True)
    ]
    events = [bleed(name, int(t)) for name, t, s in zip(named, data.time, data.status, strict=True) if s == cause]
    found = incidence(bleeding_study(people, events), "major_bleeding", "product", Window("all", 0, 365))
    row = expected("bmt35_gray")[cause - 1]
    assert found.test is not None and found.test.p_value is not None and found.test.statistic is not None
    # a closed form: what differs is rounding
    assert found.test.statistic == pytest.approx(float(row["stat"]), rel=1e-9)
    assert found.test.p_value == pytest.approx(float(row["pv"]), rel=1e-9)


def test_delayed_entry_is_estimated_and_gray_is_refused() -> None:
    people = [{"id": name, "end": 50, "start": start, "product": name[0]} for name, start in
              [("a1", None), ("a2", 5), ("b1", None), ("b2", 8)]]  # fmt: skip
    found = incidence(bleeding_study(people, [bleed("a1", 3), bleed("a2", 10)]), "major_bleeding", "product")
    assert found.test is not None and found.test.p_value is None and "delayed entry" in found.test.why_not
    # day 3: one of two; day 10: one of the three then observed, after survival 1/2
    assert found.overall.moments[-1].incidence.estimate == pytest.approx(1 / 2 + 1 / 2 * 1 / 3)


def total_is_one(found: Incidence) -> bool:
    """Event-free, the event and the competing event make up everybody at every time."""
    outcome, curve = found.overall.outcome, found.overall.curve
    assert curve is not None
    other = aalen_johansen(outcome.exit, outcome.status, cause=2, entry=outcome.entry)
    return bool(np.allclose(curve.event_free + curve.estimate + other.estimate, 1, atol=1e-12))


@pytest.mark.parametrize(
    ("people", "events", "estimate"),
    [
        ([{"id": "a", "end": 5}, {"id": "b", "end": 9}], [], 0.0),
        ([{"id": "a", "end": 5}], [bleed("a", 2)], 1.0),
        ([{"id": name, "end": 0, "death": 0} for name in "abc"], [], 0.0),
        ([{"id": name, "end": 9} for name in "abc"], [bleed(name, 0) for name in "abc"], 1.0),
        ([{"id": name, "end": 0, "death": 0} for name in "ab"], [bleed("a", 0)], 0.5),
    ],
    ids=["nothing happened", "one person", "all died on day 0", "all bled on day 0", "all ended on day 0"],
)
def test_cohorts_at_the_edge_have_an_answer(people: list[Row], events: list[Row], estimate: float) -> None:
    found = incidence(bleeding_study(people, events), "major_bleeding", "product")
    last = found.overall.last
    assert last is not None and last.incidence.estimate == pytest.approx(estimate)
    low, high = last.incidence.lower, last.incidence.upper
    assert low is not None and high is not None and 0 <= low <= estimate <= high <= 1
    assert total_is_one(found)
    assert found.test is not None
    alone = incidence(bleeding_study(people, events), "major_bleeding")
    assert alone.bounds is not None and alone.bounds.lowest == pytest.approx(estimate)


def test_nobody_at_risk_is_said() -> None:
    found = incidence(bleeding_study([{"id": "a", "end": -3}], []), "major_bleeding", "product")
    assert found.overall.curve is None and found.overall.moments == () and found.bounds is None
    assert found.test is not None and found.test.p_value is None
    assert all(rate.rate is None for rate in found.rates)


def test_bounds_contain_who_could_not_be_assessed() -> None:
    people = [{"id": name, "end": 3} for name in ("sure", "clean", "never")]
    days = [dic("sure", 0, 6, 6), *(dic("clean", day, 0, 0) for day in range(4))]
    found = incidence(study(people, days=days, definitions=["isth_overt_dic_2025"]), "overt_dic_isth_2025")
    assert found.overall.moments[-1].incidence.estimate == pytest.approx(1 / 2)
    bounds = found.bounds
    assert bounds is not None
    assert (bounds.lowest, bounds.if_open) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    assert bounds.if_unknown == pytest.approx(2 / 3)


# ---- timing ----


def test_the_chance_of_at_least_so_many_is_exact() -> None:
    chances = np.array([0.1, 0.5, 0.9, 0.3])
    for number in range(5):
        brute = sum(
            np.prod([chance if hit else 1 - chance for chance, hit in zip(chances, hits, strict=True)])
            for hits in product([0, 1], repeat=4)
            if sum(hits) >= number
        )
        assert at_least(number, chances) == pytest.approx(brute, abs=1e-12)
    assert at_least(0, np.zeros(0)) == 1


def test_overlap_against_chance_by_hand() -> None:
    """One patient seen on days 0 to 9, CRS on day 2 only, a bleed on day 4."""
    days = [crs("a", day, int(day == 2)) for day in range(10)]
    own = study([{"id": "a", "end": 9}], days=days, events=[bleed("a", 4)], definitions=["isth_bleeding", CRS])
    found = timing(own, "major_bleeding", states=["crs_any"])
    same_day, around = found.overlaps
    assert (same_day.present, around.present) == (0, 1)
    # on one of ten days; within 3 days of day 2 lie days 0 to 5
    assert (same_day.expected, around.expected) == (pytest.approx(0.1), pytest.approx(0.6))
    # of the eight days of the first period
    assert (same_day.expected_in_period, around.expected_in_period) == (pytest.approx(1 / 8), pytest.approx(6 / 8))
    assert around.p_value == pytest.approx(0.6) and same_day.p_value == pytest.approx(1)


def test_days_without_a_grade_are_no_days_without_overlap() -> None:
    people = [{"id": "a", "end": 9}, {"id": "b", "end": 9}]
    # of b nothing is graded near the bleed; of a only days 0 and 4
    days = [crs("a", 0, 0), crs("a", 4, 1), crs("b", 9, 0)]
    events = [bleed("a", 4), bleed("b", 2)]
    own = study(people, days=days, events=events, definitions=["isth_bleeding", CRS])
    same_day = timing(own, "major_bleeding", states=["crs_any"]).overlaps[0]
    assert (same_day.events, same_day.assessed, same_day.present) == (2, 1, 1)
    assert same_day.expected == pytest.approx(1 / 2)


def test_onset_of_nobody_and_of_some() -> None:
    people = [{"id": name, "end": 100} for name in "abcd"]
    own = bleeding_study(people, [bleed("a", 7), bleed("b", 8), bleed("c", 30)])
    found = timing(own, "major_bleeding", states=[]).onset
    assert found.days.tolist() == [7, 8, 30] and found.periods == (1, 2, 0, 0)
    assert found.quartiles == (7.5, 8, 19) and found.range == (7, 30)
    none = timing(own, "who_2_bleeding", states=[]) if not own.lacks("who_2_bleeding") else None
    assert none is None
    empty = timing(bleeding_study(people, []), "major_bleeding", states=["crs_any"])
    assert empty.onset.quartiles is None and empty.left_out[0][0] == "CRS of any grade"


def test_overlap_of_no_event_has_no_p_value() -> None:
    own = study([{"id": "a", "end": 9}], days=[crs("a", 2, 1)], definitions=["isth_bleeding", CRS])
    one = timing(own, "major_bleeding", states=["crs_any"]).overlaps[0]
    assert (one.events, one.assessed, one.expected, one.p_value) == (0, 0, 0, None)
    with pytest.raises(CaracError, match="no state of patient-days"):
        timing(own, "major_bleeding", states=["any_bleeding"])


# ---- spread ----

TWO = """
[[endpoint]]
name = "low"
family = "thing"
per = "day"
where = { isth_overt_dic_2025 = { at_least = 2 } }

[[endpoint]]
name = "high"
family = "thing"
per = "day"
where = { isth_overt_dic_2025 = { at_least = 5 } }

[[endpoint]]
name = "crs"
family = "thing"
per = "day"
where = { astct_crs = { at_least = 1 } }
"""


def test_every_definition_on_the_same_people() -> None:
    people = [{"id": name, "end": 20} for name in "abcde"]
    days = [
        {**dic("a", 3, 6, 6), **crs("a", 3, 1)},
        {**dic("b", 3, 3, 3), **crs("b", 3, 0)},
        {**dic("c", 3, 3, 5), **crs("c", 3, 0)},
        {**dic("d", 3, 0, 0), **crs("d", 3, 0)},
        dic("e", 3, 6, 6),
    ]
    own = study(people, days=days, definitions=["isth_overt_dic_2025", CRS])
    found = spread(own, definitions={"thing": read_text(TWO, "two.toml")}).topics[0]
    assert (found.people, found.left_out_people) == (4, 1)
    shares = {one.endpoint.name: one for one in found.shares}
    assert [one.endpoint.name for one in found.shares] == ["low", "high", "crs"]
    assert {name: (one.events, one.people) for name, one in shares.items()} == {
        "low": (3, 4),
        "high": (1, 4),
        "crs": (1, 4),
    }
    assert (shares["high"].own_events, shares["high"].own_people) == (2, 5)
    assert shares["high"].highest == pytest.approx(2 / 4)
    assert found.range == (0.25, 0.75)
    assert {one.members: one.people for one in found.combinations} == {(0, 1, 2): 1, (0,): 2, (): 1}
    pairs = {(found.shares[p.first].endpoint.name, found.shares[p.second].endpoint.name): p for p in found.pairs}
    assert pairs["high", "crs"].agreement.kappa.estimate == 1
    assert pairs["low", "high"].agreement.observed == pytest.approx(0.5)


def test_a_definition_nobody_reaches_has_an_agreement() -> None:
    own = study([{"id": name, "end": 9} for name in "ab"], days=[dic("a", 1, 0, 0), dic("b", 1, 1, 1)],
                definitions=["isth_overt_dic_2025"])  # fmt: skip
    found = spread(own, definitions={"thing": read_text(TWO, "two.toml")[:2]}).topics[0]
    assert found.pairs[0].agreement.alike and found.pairs[0].agreement.ac1.estimate == 1
    assert found.overall is not None and found.overall.kappa.estimate == 1


def test_a_topic_without_anything_is_empty() -> None:
    own = bleeding_study([{"id": "a", "end": 9}], [])
    found = spread(own, ["DIC"]).topics[0]
    assert found.people == 0 and found.shares == () and found.overall is None and found.range is None
    assert len(found.left_out) == len(shipped_definitions()["DIC"])
    with pytest.raises(CaracError, match="no topic 'DICK'"):
        spread(own, ["DICK"])


def test_the_shipped_topics_name_their_sources(tmp_path: Path) -> None:
    assert set(shipped_definitions()) == {"coagulopathy", "DIC", "bleeding", "thrombocytopenia"} == set(PUBLISHED)
    assert all(one.source for some in shipped_definitions().values() for one in some)
    file = tmp_path / "own.toml"
    file.write_text(TWO.replace('"thing"', '"DIC"', 1), encoding="utf-8")
    own = with_own_definitions(file)
    assert own["DIC"][-1].name == "low" and len(own["DIC"]) == len(shipped_definitions()["DIC"]) + 1
    assert [one.name for one in own["thing"]] == ["high", "crs"]


# ---- under-reporting ----


def test_less_is_seen_the_less_is_collected() -> None:
    people = [{"id": name, "end": 300} for name in "abcdefgh"]
    events = [bleed("a", 5), bleed("b", 10), bleed("c", 20), bleed("d", 60), bleed("e", 15)]
    denied = {"fatal": False, "life_threatening": False, "hospitalised_because": False}
    features = {
        "e0": {"symptomatic": True, "fatal": True},
        "e1": {"symptomatic": True, **denied},
        "e2": {"symptomatic": False, **denied},
        "e3": {"symptomatic": True, "hospitalised_because": True},
        "e4": {"symptomatic": True, "fatal": False},
    }
    own = study(people, events=events, features=features, definitions=["isth_bleeding"])
    found = under_reporting(own, ["major_bleeding"]).endpoints[0]
    told = {one.way.name: one for one in found.ways}
    shares = {name: one.incidence for name, one in told.items()}
    assert shares == {
        "everything": pytest.approx(5 / 8),
        "thirty_days": pytest.approx(4 / 8),
        "symptomatic": pytest.approx(4 / 8),
        "serious": pytest.approx(2 / 8),
        "as_a_trial": pytest.approx(1 / 8),
    }
    # of e4 it is not recorded whether it was serious
    assert told["serious"].highest == pytest.approx(3 / 8) and told["serious"].unknown == 1
    assert told["symptomatic"].highest == told["symptomatic"].incidence
    assert found.share_seen["serious"] == pytest.approx(2 / 5)


def test_a_later_event_is_seen_where_the_first_is_not_collected() -> None:
    own = study([{"id": "a", "end": 90}], events=[bleed("a", 5), bleed("a", 40)], definitions=["isth_bleeding"],
                features={"e0": {"symptomatic": False}, "e1": {"symptomatic": True}})  # fmt: skip
    ways = {one.way.name: one for one in under_reporting(own, ["major_bleeding"]).endpoints[0].ways}
    assert ways["symptomatic"].events == 1


def test_under_reporting_is_asked_of_events_alone() -> None:
    own = study([{"id": "a", "end": 9}], days=[dic("a", 1, 0, 0)], definitions=["isth_overt_dic_2025"])
    with pytest.raises(CaracError, match="no endpoint of events"):
        under_reporting(own, ["overt_dic_isth_2025"])
    assert under_reporting(own).left_out and not under_reporting(own).endpoints


# ---- settings ----


def test_settings_of_a_file_reach_the_study() -> None:
    loaded: dict[str, Any] = {
        "analysis": {"questions": ["timing"], "endpoints": ["own"], "by": ["centre"], "window": "week"},
        "windows": {"week": [0, 7]},
        "rules": {"next_therapy": "compete"},
        "endpoint": [{"name": "own", "per": "day", "where": {"astct_crs": {"at_least": 4}}}],
    }
    made = settings_from(loaded)
    assert made.windows["week"] == Window("week", 0, 7) and made.endpoints == ("own",)
    assert str(made.rules.next_therapy) == "compete" and made.questions == ("timing",)
    assert {"astct_crs", "carac_proposal", "jaam_2_dic"} <= set(made.definitions())
    assert settings_from({}) == Settings()


@pytest.mark.parametrize(
    ("loaded", "message"),
    [
        ({"analysi": {}}, "did you mean analysis"),
        ({"analysis": {"endpoint": []}}, "did you mean endpoints"),
        ({"analysis": {"endpoints": "all"}}, "a list of names"),
        ({"analysis": {"endpoints": ["clot"]}}, "no endpoint 'clot'"),
        ({"analysis": {"window": "month"}}, "no window 'month'"),
        ({"analysis": {"window": 3}}, "the name of a window"),
        ({"rules": {"next_therapy": "maybe"}}, "ignore, censor, compete"),
    ],
)
def test_faulty_settings_are_one_sentence(loaded: dict[str, Any], message: str) -> None:
    with pytest.raises(CaracError, match=message):
        settings_from(loaded)


# ---- a synthetic truth ----


def test_the_endpoints_of_a_synthetic_record_are_those_of_its_truth(tmp_path: Path) -> None:
    """Who had a venous event from day 0 to 100 while observed, as the mechanism has it; the estimate adds nothing."""
    api.synthesize(tmp_path / "cohort", patients=150, seed=11)
    graded = api.grade(tmp_path / "cohort", definitions=["thrombosis_class", "isth_bleeding"])
    own = api.study(graded)
    found = incidence(own, "venous_thrombosis")
    truth = api.read_truth(tmp_path / "cohort")
    contact = dict(
        zip(truth.infusions["patient_id"].to_pylist(), truth.infusions["last_contact_day"].to_pylist(), strict=True)
    )
    infused = dict(
        zip(truth.infusions["patient_id"].to_pylist(), truth.infusions["infusion_hour"].to_pylist(), strict=True)
    )
    first: dict[str, int] = {}
    for row in truth.events.to_pylist():
        # a clot of the morning before the infusion is none after it
        day = int(np.floor(row["onset_day"])) if 24 * row["onset_day"] >= infused[row["patient_id"]] else -1
        if row["kind"] == "venous" and 0 <= day <= min(100, contact[row["patient_id"]]):
            first[row["patient_id"]] = min(day, first.get(row["patient_id"], day))
    outcome = found.overall.outcome
    named = outcome.column("patient_id")
    counted = {p: int(d) for p, d, s in zip(named, outcome.exit, outcome.status, strict=True) if s == 1}
    assert counted == first and len(first) > 3
    assert total_is_one(found)
    assert all(moment.overstatement >= -1e-12 for moment in found.overall.moments)
    assert found.overall.moments[-1].overstatement > 0
