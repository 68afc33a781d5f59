"""Endpoints: who is at risk, when, and what ended it, on cohorts that fit on a sheet of paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from carac.endpoints.definition import read_file, read_text, shipped, with_own
from carac.endpoints.outcome import ends_of
from carac.endpoints.rules import Reading, Role, Rules, Unassessed, Window, rules_from, windows_from
from carac.endpoints.study import Study
from carac.findings import CaracError
from support.engines import ENGINES, open_engine
from support.hand_graded import Row, study

DIC = "isth_overt_dic_2025"
BLEED = {"isth_bleeding__present": True}


def bleed(patient: str, day: float, grade: int | None = 3, **more: Any) -> Row:
    """A bleed of an ISTH class; None cannot be graded."""
    low, high = (grade, grade) if grade else (None, None)
    return {"id": patient, "day": day, "isth_bleeding__lowest": low, "isth_bleeding__highest": high, **BLEED, **more}


def dic(patient: str, day: int, low: int | None, high: int | None) -> Row:
    """A patient-day with a range of the score; overt from 5 points."""
    overt = None if low is None or high is None else True if low >= 5 else False if high < 5 else None
    return {"id": patient, "day": day, f"{DIC}__lowest": low, f"{DIC}__highest": high, f"{DIC}__overt": overt}


def bleeding_study(infusions: list[Row], events: list[Row], rules: Rules | None = None) -> Study:
    return study(infusions, rules=rules, events=events, definitions=["isth_bleeding"])


def table(made: Any) -> dict[str, tuple[float, int]]:
    """Exit and status by patient."""
    names = made.column("patient_id").tolist()
    return {name: (float(e), int(s)) for name, e, s in zip(names, made.exit, made.status, strict=True)}


# ---- what ends the observation ----


def test_exit_and_status_of_a_cohort_on_paper() -> None:
    people = [
        {"id": "bled", "end": 90},
        {"id": "died", "end": 40, "death": 40},
        {"id": "left", "end": 10},
        {"id": "bled_and_died", "end": 7, "death": 7},
        {"id": "bled_later_than_seen", "end": 12},
        {"id": "never_followed"},
        {"id": "minor_only", "end": 365},
    ]
    events = [
        bleed("bled", 5),
        bleed("bled", 3, grade=1),
        bleed("bled", 30),
        bleed("bled_and_died", 7),
        bleed("bled_later_than_seen", 13),
        bleed("minor_only", 20, grade=2),
        bleed("died", -3),
    ]
    made = bleeding_study(people, events).outcome("major_bleeding", "to_100")
    assert table(made) == {
        "bled": (5, 1),
        "died": (40, 2),
        "left": (10, 0),
        "bled_and_died": (7, 1),
        "bled_later_than_seen": (12, 0),
        "never_followed": (100, 0),
        "minor_only": (100, 0),
    }
    assert (made.at_risk, made.events, made.competing) == (7, 2, 1)
    assert np.isneginf(made.entry).all() and not made.delayed
    # 6 + 41 + 11 + 8 + 13 + 101 + 101 days, the day of the infusion among them
    assert made.person_days.sum() == 281
    assert ends_of(made) == {"end of the window": 1, "last contact": 3, "death": 1}
    assert "Of 1 infusions" in " ".join(made.notes)


def test_death_after_the_last_contact_is_not_taken_for_known_follow_up() -> None:
    made = bleeding_study([{"id": "a", "end": 20, "death": 60}], []).outcome("major_bleeding")
    assert table(made) == {"a": (20, 0)}
    assert any("1 died after their last contact" in note for note in made.notes)


@pytest.mark.parametrize(("role", "expected"), [("ignore", (100, 0)), ("censor", (30, 0)), ("compete", (30, 2))])
@pytest.mark.parametrize("what", ["next_therapy", "progression"])
def test_next_therapy_and_progression_by_choice(what: str, role: str, expected: tuple[float, int]) -> None:
    rules = rules_from({what: role})
    made = bleeding_study([{"id": "a", "end": 200, what: 30}], [], rules).outcome("major_bleeding")
    assert table(made) == {"a": expected}


def test_death_comes_before_what_else_ends_the_same_day() -> None:
    rules = Rules(next_therapy=Role.CENSOR)
    made = bleeding_study([{"id": "a", "end": 30, "death": 30, "next_therapy": 30}], [], rules).outcome(
        "major_bleeding"
    )
    assert table(made) == {"a": (30, 2)}


def test_a_later_infusion_ends_the_first_and_is_left_out() -> None:
    people = [{"id": "a", "end": 300}, {"id": "a", "number": 2, "after": 50, "end": 250}]
    made = bleeding_study(people, [bleed("a", 60)]).outcome("major_bleeding")
    assert table(made) == {"a": (50, 0)}
    assert made.flow[0].leaving == (("later infusion of the patient", 1),)
    both = bleeding_study(people, [bleed("a", 10, number=2)], Rules(infusions="all")).outcome("major_bleeding")
    assert both.exit.tolist() == [50, 10] and both.status.tolist() == [0, 1]
    kept = bleeding_study(people, [bleed("a", 60)], Rules(later_infusion=False)).outcome("major_bleeding")
    assert table(kept) == {"a": (60, 1)}


# ---- windows and delayed entry ----


def test_a_later_window_asks_those_still_free_of_it() -> None:
    people = [{"id": name, "end": 200} for name in ("early", "on_30", "on_31", "on_90", "on_91", "none")]
    people += [{"id": "died_30", "end": 30, "death": 30}, {"id": "left_20", "end": 20}, {"id": "died_31", "death": 31}]
    days = {"early": 5, "on_30": 30, "on_31": 31, "on_90": 90, "on_91": 91}
    made = bleeding_study(people, [bleed(*one) for one in days.items()]).outcome("major_bleeding", "31_to_90")
    assert table(made) == {"on_31": (31, 1), "on_90": (90, 1), "on_91": (90, 0), "none": (90, 0), "died_31": (31, 2)}
    assert set(made.entry) == {30}
    assert dict(made.flow[0].leaving) == {
        "died before day 31": 1,
        "observation ended before day 31": 1,
        "had it before day 31": 2,
    }
    assert [step.count for step in made.flow] == [9, 5, 2, 1, 2]


def test_delayed_entry_asks_from_the_first_day_of_observation() -> None:
    people = [
        {"id": "on_entry", "end": 100, "start": 10},
        {"id": "before_entry", "end": 100, "start": 10},
        {"id": "from_the_start", "end": 100, "start": -5},
        {"id": "too_late", "end": 200, "start": 150},
    ]
    events = [bleed("on_entry", 10), bleed("before_entry", 9)]
    made = bleeding_study(people, events).outcome("major_bleeding", "to_100")
    assert table(made) == {"on_entry": (10, 1), "from_the_start": (100, 0)}
    assert made.entry.tolist() == [-np.inf, 9.0] or made.entry.tolist() == [9.0, -np.inf]
    assert made.delayed and sorted(made.person_days) == [1, 101]
    reasons = dict(made.flow[0].leaving)
    assert reasons["had it before the observation began"] == 1
    assert reasons["observation began after it ended, or after the window"] == 1


def test_a_window_of_the_users_own() -> None:
    assert windows_from({"week": [0, 7]})["week"] == Window("week", 0, 7)
    made = bleeding_study([{"id": "a", "end": 90}], [bleed("a", 8)]).outcome("major_bleeding", Window("week", 0, 7))
    assert table(made) == {"a": (7, 0)}
    with pytest.raises(CaracError, match="first and last day"):
        windows_from({"week": [0]})
    with pytest.raises(CaracError, match="must begin on day 0"):
        windows_from({"week": [7, 0]})


# ---- what is not known ----


def test_readings_bound_the_incidence_and_ungraded_days_are_counted() -> None:
    people = [{"id": name, "end": 4} for name in ("sure", "open", "gap", "clean", "never")]
    days = [
        *(dic("sure", day, 2, 2) for day in range(4)),
        dic("sure", 4, 5, 8),
        *(dic("open", day, 2, 5) if day == 2 else dic("open", day, 1, 1) for day in range(5)),
        *(dic("gap", day, 1, 1) for day in (0, 1, 3, 4)),
        dic("gap", 2, None, None),
        *(dic("clean", day, 0, 4) for day in range(5)),
    ]
    own = study(people, days=days, definitions=[DIC])
    made = {reading: own.outcome("overt_dic_isth_2025", "0_to_30", reading) for reading in Reading}
    assert table(made[Reading.SURE]) == {"sure": (4, 1), "open": (4, 0), "gap": (4, 0), "clean": (4, 0)}
    assert made[Reading.SURE].flow[0].leaving == (("could not be assessed on any day of the window", 1),)
    assert (made[Reading.SURE].ungraded_days, made[Reading.SURE].days) == (1, 20)
    assert table(made[Reading.OPEN])["open"] == (2, 1)
    assert table(made[Reading.OPEN])["never"] == (4, 0)
    highest = table(made[Reading.UNKNOWN])
    assert highest["gap"] == (2, 1) and highest["never"] == (0, 1) and highest["clean"] == (4, 0)
    events = [made[reading].events for reading in Reading]
    assert events == sorted(events) == [1, 2, 4]
    kept = study(people, rules=Rules(unassessed=Unassessed.NO_EVENT), days=days, definitions=[DIC])
    assert kept.outcome("overt_dic_isth_2025", "0_to_30").at_risk == 5


def test_a_bleed_that_cannot_be_graded_is_open() -> None:
    own = bleeding_study([{"id": "a", "end": 90}], [bleed("a", 8, None)])
    assert table(own.outcome("major_bleeding")) == {"a": (90, 0)}
    assert table(own.outcome("major_bleeding", reading=Reading.OPEN)) == {"a": (8, 1)}
    assert table(own.outcome("any_bleeding")) == {"a": (8, 1)}


def test_bounds_hold_in_a_later_window_too() -> None:
    # open on day 10 and surely none before 31: at risk from day 31 on under every reading
    own = study([{"id": "a", "end": 90}], days=[dic("a", 10, 2, 5), dic("a", 40, 1, 5)], definitions=[DIC])
    assert table(own.outcome("overt_dic_isth_2025", "31_to_90")) == {"a": (90, 0)}
    assert table(own.outcome("overt_dic_isth_2025", "31_to_90", Reading.OPEN)) == {"a": (40, 1)}


# ---- criteria ----


def test_criteria_of_events() -> None:
    columns = ("thrombosis_class", "thrombosis_class__counts", "thrombosis_category", "thrombosis_class__onset_day")
    kinds = [
        ("pe", "venous", True, "PE_segmental", 3),
        ("dvt", "venous", True, "DVT_upper", 4),
        ("old", "venous", False, "PE_segmental", 5),
        ("unsettled", "venous", None, "PE_segmental", 6),
        ("somewhere", "venous", True, None, 7),
        ("stroke", "arterial", True, "ischaemic_stroke", 8),
        ("superficial", "separate", False, None, 9),
    ]
    events = [{"id": name, "day": 20, **dict(zip(columns, rest, strict=True))} for name, *rest in kinds]
    people = [{"id": name, "end": 100} for name, *_ in kinds]
    own = study(people, events=events, definitions=["thrombosis_class", "thrombosis_category"])

    def who(name: str, reading: Reading = Reading.SURE) -> dict[str, float]:
        return {patient: day for patient, (day, status) in table(own.outcome(name, reading=reading)).items() if status}

    assert who("venous_thrombosis") == {"pe": 3, "dvt": 4, "somewhere": 7}
    assert who("pulmonary_embolism") == {"pe": 3}
    assert who("pulmonary_embolism", Reading.OPEN) == {"pe": 3, "unsettled": 6, "somewhere": 7}
    assert who("deep_vein_thrombosis") == {"dvt": 4}
    assert who("arterial_thrombosis") == {"stroke": 8}
    assert who("any_thrombosis") == {"pe": 3, "dvt": 4, "somewhere": 7, "stroke": 8}


OWN = """
[[endpoint]]
name = "low_fibrinogen"
per = "day"
where = { fibrinogen_lowest = { below = 1.5 } }

[[endpoint]]
name = "low_or_overt"
per = "day"
any_of = [{ fibrinogen_lowest = { at_most = 1.5 } }, { isth_overt_dic_2025 = { at_least = 5 } }]

[[endpoint]]
name = "both"
per = "day"
where = { fibrinogen_lowest = { below = 1.5 }, isth_overt_dic_2025 = { at_least = 5 } }
"""


def test_values_of_the_day_keep_ties_and_intervals() -> None:
    def day(patient: str, low: float, high: float, score: int | None = None) -> Row:
        fibrinogen = {"fibrinogen_lowest__from": low, "fibrinogen_lowest__to": high}
        return {**dic(patient, 2, score, score), **fibrinogen}

    rows = [
        day("low", 1.4, 1.4),
        day("tie", 1.5, 1.5),
        day("almost_tie", 1.5 - 1e-12, 1.5 - 1e-12),
        day("interval", 0.0, 2.0),
        day("surely_low", 0.0, 0.6),
        day("both", 1.0, 1.0, 6),
        {**dic("score_alone", 2, 6, 6)},
    ]
    people = [{"id": row["id"], "end": 3} for row in rows]
    endpoints = read_text(OWN, "own.toml")
    own = study(people, endpoints, days=rows, definitions=[DIC], values_of_day=["fibrinogen_lowest"])

    def who(name: str, reading: Reading = Reading.SURE) -> set[str]:
        made = own.outcome(name, "0_to_30", reading)
        return {patient for patient, (_, status) in table(made).items() if status == 1}

    assert who("low_fibrinogen") == {"low", "surely_low", "both"}
    assert who("low_fibrinogen", Reading.OPEN) == {"low", "surely_low", "both", "interval"}
    assert who("low_or_overt") == {"low", "tie", "almost_tie", "surely_low", "both", "score_alone"}
    assert who("both") == {"both"}
    # low fibrinogen without a score, and a score without fibrinogen: not assessed, not "no"
    assert own.outcome("both", "0_to_30").at_risk == 3


def test_the_shipped_endpoints_name_what_exists() -> None:
    assert len(shipped()) >= 25
    for endpoint in shipped().values():
        assert endpoint.definitions and endpoint.rule, endpoint.name
    assert shipped()["carac"].proposal and not shipped()["major_bleeding"].proposal


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = 'a'\nper = 'week'\nwhere = { astct_crs = { at_least = 1 } }", "must be event, day or infusion"),
        ("name = 'a'\nper = 'day'\nwhere = { astct_crss = { at_least = 1 } }", "did you mean astct_crs"),
        ("name = 'a'\nper = 'event'\nwhere = { astct_crs = { at_least = 1 } }", "known per day, not per event"),
        ("name = 'a'\nper = 'day'\nwhere = { astct_crs = { least = 1 } }", "at_least = 3"),
        ("name = 'a'\nper = 'day'\nwhere = { astct_crs = 3 }", "at_least = 3"),
        ("name = 'a'\nper = 'day'", "one of where and any_of"),
        ("name = 'a'\nper = 'day'\nwhere = {}", "asks for nothing"),
        ("name = 'a'\nper = 'day'\nwher = {}", "did you mean where"),
        ("name = 'a b'\nper = 'day'", "letters, digits and underscores"),
    ],
)
def test_a_faulty_endpoint_is_one_sentence(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(f"[[endpoint]]\n{text}\n", encoding="utf-8")
    with pytest.raises(CaracError, match=message):
        read_file(file)


def test_own_endpoints_stand_beside_and_replace(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(
        "[[endpoint]]\nname = 'crs_grade_3'\nper = 'day'\nwhere = { astct_crs = { at_least = 4 } }\n", encoding="utf-8"
    )
    known = with_own(file)
    assert known["crs_grade_3"].rule == "astct_crs ≥ 4"
    assert "major_bleeding" in known
    twice = tmp_path / "twice.toml"
    twice.write_text(file.read_text(encoding="utf-8") * 2, encoding="utf-8")
    with pytest.raises(CaracError, match="stands there twice"):
        with_own(twice)


def test_what_cannot_be_counted_says_why() -> None:
    own = bleeding_study([{"id": "a", "end": 3}], [])
    assert "was not graded" in own.lacks("overt_dic_isth_2025")
    with pytest.raises(CaracError, match="overt_dic_isth_2025 cannot be counted"):
        own.outcome("overt_dic_isth_2025")
    with pytest.raises(CaracError, match="did you mean major_bleeding"):
        own.outcome("major_bleding")
    own.graded.present = frozenset({"infusions", "labs"})
    assert own.lacks("major_bleeding") == "the record has no table of events"
    for changes in ({"next_therapy": "kill"}, {"merge_hours": "12"}, {"infusion": "first"}, {"infusions": "some"}):
        with pytest.raises(CaracError, match="rule"):
            rules_from(changes)


# ---- events that recur ----


def test_recurrent_bleeds_of_one_site_within_a_day_are_one() -> None:
    events = [
        bleed("a", 3.0, site="nose"),
        bleed("a", 3.9, site="nose"),
        bleed("a", 4.95, site="nose"),
        bleed("a", 3.5, site="gut"),
        bleed("a", 20.0, site="nose"),
        bleed("a", 95.0, site="nose"),
        bleed("a", 3.2, grade=1, site="eye"),
        bleed("b", 9.0, site="nose"),
    ]
    people = [{"id": "a", "end": 90}, {"id": "b", "end": 60, "death": 60}, {"id": "c", "end": 5}]
    made = bleeding_study(people, events).recurrent("major_bleeding")
    assert sorted(zip(made.person.tolist(), made.event_day.tolist(), strict=True)) == [
        (0, 3.0),
        (0, 3.0),
        (0, 4.0),
        (0, 20.0),
        (1, 9.0),
    ]
    assert made.stop.tolist() == [90, 60, 5] and made.died.tolist() == [False, True, False]


def test_a_state_recurs_after_it_was_absent() -> None:
    overt = [2, 3, 5, 13, 14, 23]  # absent on 4; on 6 to 12 (7 days); on 15 to 22 (8 days)
    own = study([{"id": "a", "end": 40}], days=[dic("a", day, 6, 6) for day in overt], definitions=[DIC])
    assert own.recurrent("overt_dic_isth_2025").event_day.tolist() == [2, 23]


# ---- cohorts at the edge ----


def test_nobody_at_risk() -> None:
    made = bleeding_study([{"id": "a", "end": -1}, {"id": "b", "end": 20}], []).outcome("major_bleeding", "31_to_90")
    assert made.at_risk == made.events == 0 and made.person_months == 0
    assert dict(made.flow[0].leaving) == {
        "observation ended before the infusion": 1,
        "observation ended before day 31": 1,
    }


def test_everybody_died_or_bled_on_day_0() -> None:
    people = [{"id": name, "end": 0, "death": 0} for name in "abc"]
    assert bleeding_study(people, []).outcome("major_bleeding").status.tolist() == [2, 2, 2]
    made = bleeding_study(people, [bleed(name, 0) for name in "abc"]).outcome("major_bleeding")
    assert made.status.tolist() == [1, 1, 1] and made.exit.tolist() == [0, 0, 0]
    assert made.person_days.tolist() == [1, 1, 1]


def test_a_record_without_infusions_has_nobody() -> None:
    made = bleeding_study([], []).outcome("major_bleeding")
    assert made.at_risk == 0 and made.flow[0].count == 0


def test_a_grade_without_a_day_of_its_own() -> None:
    name = "t_icaht_early_as_in_authors_code"
    people = [
        {"id": "a", "end": 90, f"{name}__lowest": 3, f"{name}__highest": 3, f"{name}__first_day": 4},
        {"id": "b", "end": 90, f"{name}__lowest": 1, f"{name}__highest": 4, f"{name}__first_day": 6},
        {"id": "c", "end": 90},
        {"id": "d", "end": 90, f"{name}__lowest": 0, f"{name}__highest": 0},
    ]
    own = study(people, definitions=[name])
    assert table(own.outcome("t_icaht_grade_3", "0_to_30")) == {"a": (4, 1), "b": (30, 0), "d": (30, 0)}
    assert table(own.outcome("t_icaht_grade_3", "0_to_30", Reading.OPEN))["b"] == (6, 1)


def test_days_as_a_matrix() -> None:
    own = study([{"id": "a", "end": 9}, {"id": "b", "end": 9}], days=[dic("b", 2, 3, 6)], definitions=[DIC])
    found = own.days(DIC, "highest", 0, 3)
    assert found.shape == (2, 4) and found[1, 2] == 6 and np.isnan(found).sum() == 7


# ---- every engine ----


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_people_and_days_on_every_engine(engine: str) -> None:
    thrombosis = {"thrombosis_class": "venous", "thrombosis_class__counts": True, "thrombosis_class__onset_day": 6}
    events = [
        bleed("a", 3.25, site="nose"),
        bleed("b", 9, None),
        {"id": "b", "day": 8, **thrombosis, "thrombosis_category": "PE_segmental"},
        {"id": "c", "day": 9, **thrombosis, "thrombosis_category": None},
    ]
    days = [
        {**dic(patient, day, low, high), "fibrinogen_lowest__from": value, "fibrinogen_lowest__to": value}
        for patient, day, low, high, value in [("a", 1, 5, 6, 1.5), ("b", 2, 3, 5, 1.4), ("c", 3, 1, 1, None)]
    ]
    people = [{"id": "a", "end": 90, "start": 2}, {"id": "b", "end": 40, "death": 40}, {"id": "c", "end": 9}]
    chosen = [*read_text(OWN, "own.toml"), *shipped().values()]
    own = study(
        people,
        chosen,
        days=days,
        events=events,
        definitions=[DIC, "isth_bleeding", "thrombosis_class", "thrombosis_category"],
        values_of_day=["fibrinogen_lowest"],
        engine=open_engine(engine),
    )

    def told(name: str, reading: Reading = Reading.SURE) -> dict[str, tuple[float, int]]:
        return table(own.outcome(name, "to_100", reading))

    assert told("major_bleeding") == {"a": (3, 1), "b": (40, 2), "c": (9, 0)}
    assert told("major_bleeding", Reading.OPEN)["b"] == (9, 1)
    assert told("pulmonary_embolism") == {"a": (90, 0), "b": (6, 1), "c": (9, 0)}
    assert told("pulmonary_embolism", Reading.OPEN)["c"] == (6, 1)
    assert told("overt_dic_isth_2025") == {"b": (40, 2), "c": (9, 0)}
    assert told("overt_dic_isth_2025", Reading.OPEN)["b"] == (2, 1)
    # the tie of 1.5 is not below it
    assert told("low_fibrinogen") == {"b": (2, 1)}
    assert told("low_or_overt")["b"] == (2, 1)
    assert own.days(DIC, "highest", 0, 3)[1, 2] == 5
