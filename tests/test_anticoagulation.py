"""Anticoagulants: days on and off counted by hand, recurrences, and immortal time where nothing has an effect."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from carac.analysis.anticoagulation import BANDS, Anticoagulation, Compared, anticoagulation
from carac.analysis.factors import Columns, Factor, Kind
from carac.analysis.hazard_models import AtRisk, Method, fitted, rows_by_day
from carac.endpoints.people import Floats
from carac.endpoints.study import Study
from carac.engine.base import Engine
from carac.findings import CaracError
from carac.report.questions.build import answered
from support.engines import open_engine
from support.hand_graded import Row, study
from test_analysis_figures import asked, values
from test_endpoints import bleed

HEPARIN = {"agent": "enoxaparin", "agent_class": "low_molecular_weight_heparin"}
ON = Factor("on", "On", "", Kind.FLAG, "")
LOWEST, HIGHEST = "ctcae_v5_platelets__lowest", "ctcae_v5_platelets__highest"
DEFINITIONS = ["isth_bleeding", "thrombosis_class", "recent_thrombosis_proposal", "ctcae_v5_platelets"]


def given(patient: str, start: int, end: int, intent: str | None = "prophylactic", **more: Any) -> Row:
    """A course of enoxaparin."""
    return {"id": patient, "start_day": start, "end_day": end, "intent": intent, **HEPARIN, **more}


def count_of(lowest: int, highest: int) -> Row:
    """A grade of platelets, or a range of grades."""
    return {LOWEST: lowest, HIGHEST: highest}


def clot(patient: str, day: float, **more: Any) -> Row:
    """A venous thrombosis that counts."""
    return {"id": patient, "day": day, "thrombosis_class": "venous", "thrombosis_class__counts": True,
            "thrombosis_class__onset_day": int(day), "site": "leg", **more}  # fmt: skip


def cohort(
    people: list[Row],
    events: list[Row],
    treatments: list[Row] | None,
    days: list[Row] | None = None,
    engine: Engine | None = None,
) -> Study:
    return study(
        people, events=events, treatments=treatments, days=days or [], definitions=DEFINITIONS,
        values_of_day=["platelets_lowest"], engine=engine,
    )  # fmt: skip


def of(found: Anticoagulation, title: str) -> Compared:
    return next(one for one in found.compared if title in one.title)


def rates(one: Compared, platelets: str = "") -> dict[str, tuple[int, int]]:
    return {rate.name: (rate.days, rate.events) for rate in one.rates if rate.platelets == platelets}


@pytest.fixture(scope="module")
def paper() -> Study:
    return on_paper()


def on_paper(engine: Engine | None = None) -> Study:
    """Four people to day 9: heparin on days 2 to 4 and a bleed on 4; none; from day 5 after a clot; before and on 0."""
    people: list[Row] = [{"id": name, "end": 9} for name in "abcd"]
    people[3] |= {"recent_thrombosis_proposal": "days_31_to_90"}
    days = [
        {
            "id": "a",
            "day": day,
            **count_of(grade, grade),
            "platelets_lowest__from": count,
            "platelets_lowest__to": count,
        }
        for day, grade, count in ((2, 4, 20.0), (3, 3, 40.0))
    ]
    events = [bleed("a", 4), bleed("b", 6), clot("c", 5), clot("c", 5.5, site="lung"), clot("c", 8), clot("d", 7)]
    treatments = [given("a", 2, 4), given("c", 5, 20, "therapeutic"), given("d", -3, 0, None)]
    return cohort(people, events, treatments, days, engine)


def test_days_on_and_off_by_hand(paper: Study) -> None:
    found = anticoagulation(paper, ["major_bleeding", "any_thrombosis"])
    bleeding = of(found, "bleeding")
    # a: days 0 to 4, on from 3; b: 0 to 6; c: 0 to 9, on from 6; d: 0 to 9, on on 0 and 1
    assert rates(bleeding) == {"off": (3 + 7 + 6 + 8, 1), "on": (2 + 4 + 2, 1), "prophylactic": (2, 1),
                               "therapeutic": (4, 0), "dose not recorded": (2, 0)}  # fmt: skip
    rate = next(one for one in bleeding.rates if one.name == "on").rate
    # one event in 8 days; Garwood's lower end of one event is -log(0.975)
    assert rate is not None and rate.estimate == pytest.approx(100 * (365.25 / 12) / 8)
    assert rate.lower == pytest.approx(-np.log(0.975) * 100 * (365.25 / 12) / 8)
    thrombosis = of(found, "venous or arterial")
    # the clot of day 5 for which the course began that day is off it
    assert rates(thrombosis)["off"] == (7 + 10 + 6 + 6, 2) and rates(thrombosis)["on"] == (3 + 0 + 2, 0)


def test_rates_by_platelets_take_the_last_count_before_the_day(paper: Study) -> None:
    bleeding = of(anticoagulation(paper, ["major_bleeding"]), "bleeding")
    below, between, more, unknown = BANDS
    assert (below, between, more) == ("platelets below 25", "25 to below 50", "50 or more")
    # a, day 3: the count of day 2; day 4: that of day 3
    assert rates(bleeding, below) == {"off": (0, 0), "on": (1, 0)}
    assert rates(bleeding, between) == {"off": (0, 0), "on": (1, 1)}
    assert rates(bleeding, more) == {"off": (0, 0), "on": (0, 0)}
    assert rates(bleeding, unknown) == {"off": (24, 1), "on": (6, 0)}


@pytest.mark.parametrize("engine", ["postgresql"])
def test_the_same_days_on_every_engine(engine: str, paper: Study) -> None:
    found, wanted = (anticoagulation(one, ["major_bleeding"]) for one in (on_paper(open_engine(engine)), paper))
    assert found.given == wanted.given
    assert [one.rates for one in found.compared] == [one.rates for one in wanted.compared]


def test_exposure_is_counted_under_observation(paper: Study) -> None:
    found = {one.name: one for one in anticoagulation(paper, []).given}
    # a: days 3 to 5; c: 6 to 9; d: 0 and 1
    assert (found["any"].people, found["any"].days) == (3, 3 + 4 + 2) and found["enoxaparin"].days == 9
    assert found["prophylactic"].days == 3 and found["any"].days_by_platelets == (1, 2, 0, 6)


def test_a_recurrence_is_the_next_clot_on_another_day(paper: Study) -> None:
    again = of(anticoagulation(paper, []), "recurrence")
    # c: from day 6 to the clot of day 8, the second site of day 5 being none; d, with one before: to the clot of day 7
    assert (again.people, again.events) == (2, 2)
    assert rates(again) == {"off": (6, 1), "on": (3 + 2, 1), "therapeutic": (3, 1), "dose not recorded": (2, 0)}


def test_immortal_time_is_counted_where_it_was(paper: Study) -> None:
    bleeding = of(anticoagulation(paper, ["major_bleeding"]), "bleeding")
    # a three days, c six, d none before the first day on it
    assert bleeding.ever == 3 and bleeding.immortal_days == 9


def without_effect(seed: int) -> tuple[Floats, Floats]:
    """Days on which four hundred made-up people bleed, of one hazard, and on which half begin heparin: no effect."""
    rng = np.random.default_rng(seed)
    begins = np.where(np.arange(400) % 2 == 0, rng.integers(0, 60, 400), 1000)
    return rng.geometric(0.012, 400) - 1.0, begins.astype(np.float64)


def test_without_an_effect_the_naive_ratio_is_off_and_ours_covers_one() -> None:
    """The world of these people knows no effect: whatever is found but 1 is the method's."""
    bled, begins = without_effect(0)
    people = [{"id": f"p{n:03d}", "end": 100} for n in range(400)]
    events = [bleed(f"p{n:03d}", int(day)) for n, day in enumerate(bled) if day <= 100]
    treatments = [given(f"p{n:03d}", int(day), 100) for n, day in enumerate(begins) if day <= 100]
    found = anticoagulation(cohort(people, events, treatments), ["major_bleeding"], recurrence=False).compared[0]
    naive, ours = found.naive.lines[0].ratio, found.by_day.lines[0].ratio
    assert naive is not None and naive.upper is not None and naive.upper < 0.8
    assert ours is not None and ours.lower is not None and ours.upper is not None and ours.lower < 1 < ours.upper
    assert found.immortal_days > 1000


def test_intervals_by_day_cover_no_effect_as_often_as_they_say() -> None:
    logarithms, covered, naive_covered = [], 0, 0
    for seed in range(30):
        bled, begins = (days[:150] for days in without_effect(seed))
        stop, event, start = np.minimum(bled, 100.0), bled <= 100, np.full(150, -np.inf)
        rows, person, day = rows_by_day(start, stop, event, np.arange(150))
        on = Columns(ON, ("",), (day > begins[person]).astype(float)[:, None])
        ever = Columns(ON, ("",), (begins < stop).astype(float)[:, None])
        ours = fitted(rows, [on]).lines[0].ratio
        naive = fitted(AtRisk(start, stop, event, np.arange(150)), [ever]).lines[0].ratio
        assert ours and naive and ours.lower and ours.upper and naive.lower and naive.upper
        logarithms.append(np.log(ours.estimate))
        covered += ours.lower < 1 < ours.upper
        naive_covered += naive.lower < 1 < naive.upper
    # of thirty intervals of 95 % fewer than 25 cover in 3 of 1000 runs; the mean lies within three standard errors
    assert covered >= 25 and naive_covered <= 20
    assert abs(np.mean(logarithms)) < 3 * np.std(logarithms) / np.sqrt(30)


def test_an_effect_is_found() -> None:
    """The same with thrice the hazard from the day after the start on."""
    rng = np.random.default_rng(3)
    people, events, treatments = [], [], []
    for n in range(400):
        begin = int(rng.integers(0, 60)) if n % 2 else 1000
        hazard = np.where(np.arange(101) > begin, 0.03, 0.01)
        bled = np.flatnonzero(rng.random(101) < hazard)
        people.append({"id": f"p{n:03d}", "end": 100})
        events += [bleed(f"p{n:03d}", int(bled[0]))] if bled.size else []
        treatments += [given(f"p{n:03d}", begin, 100)] if n % 2 else []
    ratio = anticoagulation(cohort(people, events, treatments), ["major_bleeding"]).compared[0].by_day.lines[0].ratio
    assert ratio is not None and ratio.lower is not None and ratio.upper is not None
    assert ratio.lower < 3 < ratio.upper and ratio.lower > 1.5


def test_a_record_without_treatments_is_one_sentence() -> None:
    own = cohort([{"id": "a", "end": 9}], [], None)
    with pytest.raises(CaracError, match="no table of treatments"):
        anticoagulation(own)
    section = answered(asked(own, questions=("anticoagulation",))).sections[0]
    assert "Not answered: the record has no table of treatments" in str(section.blocks)


@pytest.mark.parametrize("people", [0, 1, 6], ids=["nobody", "one", "six"])
def test_cohorts_at_the_edge_have_a_page(people: int) -> None:
    rows: list[Row] = [{"id": f"p{n}", "end": 9} for n in range(people)]
    events = [bleed(row["id"], 3) for row in rows]
    own = cohort(rows, events, [given(row["id"], 0, 9) for row in rows])
    found = anticoagulation(own, ["major_bleeding"])
    fits = [
        fit for one in found.compared for fit in (one.by_day, one.by_dose, one.naive) if not one.naive.lines[0].ratio
    ]
    assert all(fit.why_not or fit.method is not Method.NONE for fit in fits)
    document = answered(asked(own, questions=("anticoagulation",), anticoagulation_endpoints=("major_bleeding",)))
    assert {"anticoagulant_exposure"} <= {table.name for table in document.sections[0].tables()}


def test_the_page_says_why_the_naive_ratio_is_wrong() -> None:
    people = [{"id": f"p{n:02d}", "end": 60} for n in range(60)]
    events = [bleed(f"p{n:02d}", 1 + n % 50) for n in range(0, 60, 2)]
    own = cohort(people, events, [given(f"p{n:02d}", n % 20, 60) for n in range(0, 60, 3)])
    section = answered(
        asked(own, questions=("anticoagulation",), anticoagulation_endpoints=("major_bleeding",))
    ).sections[0]
    text = str(section.blocks)
    assert "It is wrong" in text and "immortal time" in text
    figure = next(section.figures())
    points = {row["kind"] for row in values(figure.chart) if "true" in row}
    assert points == {"alone", "together"} and "SYNTHETIC" in json.dumps(figure.chart.to_dict()["title"])
    assert all(len(row) == len(table.header) for table in section.tables() for row in table.rows)
    hidden = answered(
        asked(own, questions=("anticoagulation",), anticoagulation_endpoints=("major_bleeding",), hide_small_cells=True)
    )
    assert not list(hidden.sections[0].figures())


def test_a_range_of_platelet_grades_tells_the_band_only_where_all_of_it_lies_in_one() -> None:
    days = [
        {"id": "a", "day": 1, **count_of(0, 1)},
        {"id": "a", "day": 2, **count_of(2, 4)},
        {"id": "a", "day": 3, **count_of(3, 4)},
        {"id": "a", "day": 4, **count_of(4, 4)},
    ]
    found = anticoagulation(cohort([{"id": "a", "end": 5}], [], [given("a", 1, 4)], days), recurrence=False)
    any_of_them = next(one for one in found.given if one.name == "any")
    # Days 2 to 5 count with the count of the day before: 50 or more, open, open, below 25.
    assert dict(zip(BANDS, any_of_them.days_by_platelets, strict=True)) == {
        "platelets below 25": 1,
        "25 to below 50": 0,
        "50 or more": 1,
        "not known": 2,
    }
