"""ASTCT cytokine release syndrome: the worked examples of the catalogue, and both sides of every cut."""

from __future__ import annotations

from typing import Any

import pytest

from assessed import ALL, DIALECTS, assessment, cases, check_case, course, grade, sql
from carac.definitions.cytokine_release.astct_crs import DEFINITIONS

(CRS,) = DEFINITIONS
WELL = {"hypotension": "no", "oxygen_device": "none"}
FEVER = {"temperature": 39.0}
AFEBRILE = {"temperature": 37.0}


@pytest.mark.parametrize("case", cases("crs.toml"), ids=lambda case: case["id"])
def test_worked_examples(case: dict[str, Any]) -> None:
    check_case(CRS, case)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_compiles(dialect: str) -> None:
    assert sql(CRS, dialect=dialect)


def one(
    *, treatments: Any = (), present: frozenset[str] = ALL, values: Any = None, **items: float | str
) -> dict[str, Any]:
    """The grade of a single assessment."""
    return grade(CRS, assessment(1, "08:00", **items), treatments=treatments, present=present, **(values or {}))[1]


def bounds(row: dict[str, Any]) -> tuple[int | None, int | None, int | None]:
    return row["grade"], row["lowest"], row["highest"]


@pytest.mark.parametrize(("temperature", "expected"), [(37.99, 0), (38.0, 1)])
def test_fever_starts_at_38(temperature: float, expected: int) -> None:
    row = one(temperature=temperature, **WELL)
    assert (row["grade"], row["fever"]) == (expected, expected == 1)
    assert row["gate"] == ("fever" if expected else "closed")


def test_fever_of_another_cause_does_not_count() -> None:
    assert bounds(one(**FEVER, fever_due_to_other_cause="yes", **WELL)) == (0, 0, 0)


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ({"oxygen_device": "none"}, (1, 1, 1)),
        ({"oxygen_device": "blow_by"}, (2, 2, 2)),
        ({"oxygen_device": "nasal_cannula", "oxygen_flow": 6.0}, (2, 2, 2)),
        ({"oxygen_device": "nasal_cannula", "oxygen_flow": 6.1}, (3, 3, 3)),
        ({"oxygen_device": "nasal_cannula"}, (None, 2, 3)),
        ({"oxygen_device": "high_flow_nasal_cannula"}, (3, 3, 3)),
        ({"oxygen_device": "facemask"}, (3, 3, 3)),
        ({"oxygen_device": "non_rebreather"}, (3, 3, 3)),
        ({"oxygen_device": "cpap"}, (4, 4, 4)),
        ({"oxygen_device": "bipap", "home_positive_pressure": "yes"}, (1, 1, 1)),
        ({"oxygen_device": "mechanical_ventilation", "home_positive_pressure": "yes"}, (4, 4, 4)),
        ({"oxygen_device": "facemask", "hypoxia_due_to_crs": "no"}, (1, 1, 1)),
        ({}, (None, 1, 4)),
        ({"oxygen_flow": 2.0}, (None, 2, 4)),
    ],
)
def test_oxygen(items: dict[str, Any], expected: tuple[int | None, int, int]) -> None:
    assert bounds(one(**FEVER, hypotension="no", **items)) == expected


PRESSORS = [
    (["norepinephrine"], 3),
    (["norepinephrine", "vasopressin"], 3),
    (["vasopressin"], 3),
    (["norepinephrine", "norepinephrine"], 3),
    (["norepinephrine", "phenylephrine"], 4),
    (["dobutamine"], 2),
]


@pytest.mark.parametrize(("agents", "expected"), PRESSORS)
def test_vasopressors(agents: list[str], expected: int) -> None:
    treatments = [course(agent, 1, "07:00", 1, "12:00") for agent in agents]
    assert one(**FEVER, hypotension="yes", oxygen_device="none", treatments=treatments)["grade"] == expected


def test_a_vasopressor_is_hypotension_without_an_item() -> None:
    row = one(**FEVER, oxygen_device="none", treatments=[course("norepinephrine", 1, "07:00")])
    assert (row["grade"], row["hypotension"]) == (3, 3)


def test_vasopressin_alone_is_a_parameter() -> None:
    treatments = [course("vasopressin", 1, "07:00")]
    assert one(**FEVER, **WELL, treatments=treatments, values={"vasopressin_alone": 2})["grade"] == 2


def test_a_vasopressor_is_in_effect_from_its_start_to_its_end() -> None:
    first = assessment(1, "08:00", **FEVER, **WELL)
    for start, end, expected in [("04:00", "08:00", 3), ("04:00", "07:59", 1), ("08:00", "09:00", 3)]:
        assert grade(CRS, first, treatments=[course("norepinephrine", 1, start, 1, end)])[1]["grade"] == expected
    # Without end it lasts until the end of its date.
    later = assessment(2, "00:10", **AFEBRILE, **WELL)
    days = grade(CRS, first, later, treatments=[course("norepinephrine", 1, "07:00")])
    assert (days[1]["grade"], days[2]["grade"]) == (3, 0)


def test_a_change_of_vasopressor_is_not_two_at_once() -> None:
    treatments = [course("norepinephrine", 1, "04:00", 1, "08:00"), course("epinephrine", 1, "08:00", 1, "12:00")]
    assert one(**FEVER, **WELL, treatments=treatments)["grade"] == 3


def test_a_vasopressor_started_between_assessments_counts() -> None:
    treatments = [course("norepinephrine", 1, "10:00", 1, "12:00"), course("epinephrine", 1, "11:00", 1, "12:00")]
    assert one(**FEVER, **WELL, treatments=treatments)["grade"] == 4


def test_vasopressors_of_one_date_may_have_followed_each_other() -> None:
    treatments = [course("norepinephrine", 1, None), course("epinephrine", 1, None)]
    assert bounds(one(**FEVER, **WELL, treatments=treatments)) == (None, 3, 4)
    assert bounds(one(**FEVER, **WELL, treatments=treatments[:1])) == (3, 3, 3)


def test_without_record_of_treatments_vasopressors_are_unknown() -> None:
    none = ALL - {"treatments"}
    assert bounds(one(**FEVER, hypotension="yes", oxygen_device="none", present=none)) == (None, 2, 4)
    fluids = {"hypotension": "yes", "hypotension_treatment": "fluids"}
    assert bounds(one(**FEVER, **fluids, oxygen_device="none", present=none)) == (2, 2, 2)
    assert bounds(one(**FEVER, oxygen_device="none", present=none)) == (None, 1, 4)
    assert bounds(one(**FEVER, oxygen_device="none")) == (None, 1, 2)


def test_unknown_axes_give_every_grade() -> None:
    assert bounds(one(**FEVER)) == (None, 1, 4)
    assert bounds(one(**AFEBRILE)) == (0, 0, 0)


def test_fluids_for_hypotension_are_hypotension() -> None:
    assert one(**FEVER, hypotension_treatment="fluids", oxygen_device="none")["grade"] == 2


def test_hypotension_of_another_cause_does_not_count() -> None:
    row = one(**FEVER, hypotension="yes", hypotension_due_to_crs="no", oxygen_device="none")
    assert (row["grade"], row["hypotension"]) == (1, 0)


def test_an_attribution_holds_for_its_date() -> None:
    low = assessment(1, "08:00", **FEVER, hypotension="yes", oxygen_device="none")
    assert grade(CRS, low, assessment(1, "09:00", hypotension_due_to_crs="no"))[1]["grade"] == 1


def test_unknown_temperature_leaves_the_gate_open_or_closed() -> None:
    row = one(hypotension="yes", oxygen_device="none")
    assert bounds(row) == (None, 0, 2)
    assert (row["gate"], row["fever"]) == (None, None)


@pytest.mark.parametrize(
    ("day", "time", "expected", "gate"),
    [(1, "07:59", 2, "within_hours_of_fever"), (1, "08:00", 2, "within_hours_of_fever"), (1, "08:01", 0, "closed")],
)
def test_gate_closes_after_24_hours(day: int, time: str, expected: int, gate: str) -> None:
    fever = assessment(0, "08:00", **FEVER, **WELL)
    between = assessment(0, "20:00", **AFEBRILE, hypotension="yes", oxygen_device="none")
    later = assessment(day, time, **AFEBRILE, hypotension="yes", oxygen_device="none")
    row = grade(CRS, fever, between, later)[1]
    assert (row["grade"], row["gate"], row["episode"]) == (expected, gate, 1)


def test_an_episode_ends_24_hours_after_its_last_sign() -> None:
    fever = assessment(0, "08:00", **FEVER, **WELL)
    for time, expected in (("07:59", (2, 1)), ("08:00", (0, 2))):
        row = grade(CRS, fever, assessment(1, time, **AFEBRILE, hypotension="yes", oxygen_device="none"))[1]
        assert (row["grade"], row["episode"]) == expected


def test_a_fever_carried_to_a_later_assessment_does_not_hold_the_gate() -> None:
    fever = assessment(0, "08:00", **FEVER, **WELL)
    carried = assessment(0, "19:00", hypotension="yes")
    later = assessment(1, "09:00", **AFEBRILE, hypotension="yes", oxygen_device="none")
    assert grade(CRS, fever, carried, later)[1]["grade"] == 0


def afebrile_later(treatments: Any) -> dict[str, Any]:
    """Fever on day 1; hypotension goes on without fever until day 3."""
    parts = [assessment(1, "08:00", **FEVER, **WELL)]
    for day, time in ((1, "20:00"), (2, "12:00"), (3, "08:00")):
        parts.append(assessment(day, time, **AFEBRILE, hypotension="yes", oxygen_device="none"))
    return grade(CRS, *parts, treatments=treatments)[3]


@pytest.mark.parametrize("agent", ["tocilizumab", "siltuximab", "anakinra", "dexamethasone", "paracetamol"])
def test_after_treatment_fever_is_no_longer_required(agent: str) -> None:
    row = afebrile_later([course(agent, 1, "10:00")])
    assert (row["grade"], row["gate"]) == (2, "after_treatment")


def test_only_a_treatment_after_the_first_fever_counts() -> None:
    assert afebrile_later([])["grade"] == 0
    assert afebrile_later([course("tocilizumab", 1, "07:59")])["grade"] == 0
    assert afebrile_later([course("tocilizumab", 1, "08:00")])["grade"] == 2
    assert afebrile_later([course("tocilizumab", 3, "08:01")])["grade"] == 0
    assert afebrile_later([course("dexamethasone", 0, "08:00", 2, "08:00")])["grade"] == 2
    assert afebrile_later([course("ruxolitinib", 1, "10:00")])["grade"] == 0


def test_a_vasopressor_keeps_its_episode_alive_between_assessments() -> None:
    fever = assessment(1, "08:00", **FEVER, **WELL)
    later = assessment(3, "20:00", **AFEBRILE, **WELL)
    treatments = [course("tocilizumab", 1, "09:00"), course("norepinephrine", 1, "10:00", 4, "10:00")]
    row = grade(CRS, fever, later, treatments=treatments)[3]
    assert (row["grade"], row["gate"], row["episode"]) == (3, "after_treatment", 1)


def test_a_sign_stands_in_for_12_hours() -> None:
    first = assessment(1, "08:00", **FEVER, hypotension="no", oxygen_device="facemask")
    for time, expected in (("20:00", (3, 3, 3)), ("20:01", (None, 3, 4))):
        assert bounds(grade(CRS, first, assessment(1, time, **FEVER, hypotension="no"))[1]) == expected


def test_flow_stands_in_only_for_the_same_device() -> None:
    first = assessment(1, "08:00", **FEVER, hypotension="no", oxygen_device="facemask", oxygen_flow=10)
    second = assessment(2, "00:00", **FEVER, hypotension="no", oxygen_device="nasal_cannula")
    assert (
        bounds(grade(CRS, assessment(1, "18:00", oxygen_device="nasal_cannula", oxygen_flow=4), first, second)[2])[0]
        == 2
    )
    mask = assessment(1, "18:00", oxygen_device="facemask", oxygen_flow=10)
    assert bounds(grade(CRS, first, mask, second)[2]) == (None, 2, 3)


def test_dates_without_times() -> None:
    fever = assessment(1, None, **FEVER, **WELL)
    same = assessment(1, None, hypotension="yes")
    assert grade(CRS, fever, same)[1]["grade"] == 2
    row = grade(CRS, fever, assessment(2, None, **AFEBRILE, hypotension="yes", oxygen_device="none"))[2]
    assert bounds(row) == (None, 0, 2)
    assert row["gate"] is None
    row = grade(CRS, fever, assessment(3, None, **AFEBRILE, hypotension="yes", oxygen_device="none"))[3]
    assert bounds(row) == (0, 0, 0)
    treated = grade(
        CRS,
        fever,
        assessment(2, None, **AFEBRILE, hypotension="yes", oxygen_device="none"),
        treatments=[course("tocilizumab", 1, None)],
    )
    assert bounds(treated[2]) == (2, 2, 2)


def test_a_date_and_a_time_of_one_day_belong_together() -> None:
    hypotension = assessment(1, "10:00", hypotension="yes", oxygen_device="none")
    assert grade(CRS, assessment(1, None, **FEVER), hypotension)[1]["grade"] == 2
    assert (
        grade(CRS, assessment(1, None, hypotension="yes"), assessment(1, "10:00", **FEVER, oxygen_device="none"))[1][
            "grade"
        ]
        == 2
    )


def test_nothing_is_graded_before_day_0() -> None:
    days = grade(
        CRS,
        assessment(-1, "20:00", **FEVER, **WELL),
        assessment(0, "05:00", **AFEBRILE, hypotension="yes", oxygen_device="none"),
    )
    assert -1 not in days
    assert days[0]["grade"] == 0


def test_days_without_assessment_have_no_row() -> None:
    days = grade(CRS, assessment(1, "08:00", heart_rate=100), treatments=[course("norepinephrine", 2, "08:00")])
    assert days == {}


def test_only_an_attribution_is_nothing_known() -> None:
    assert grade(CRS, assessment(1, "08:00", hypoxia_due_to_crs="yes")) == {}


@pytest.mark.parametrize(
    ("cause", "expected"),
    [("CRS", 5), ("grade 5 Cytokine_Release_Syndrome", 5), ("ICANS and crs", 5), ("sepsis", 1), (None, 1)],
)
def test_death_from_the_syndrome(cause: str | None, expected: int) -> None:
    infusion = {"death_day": 4, "cause_of_death": cause}
    fever = [assessment(day, "08:00", **FEVER, **WELL) for day in (3, 4)]
    days = grade(CRS, *fever, infusion=infusion)
    assert (days[3]["grade"], days[4]["grade"]) == (1, expected)
    alone = grade(CRS, fever[0], infusion=infusion)
    assert (4 in alone) == (expected == 5)
    assert expected != 5 or bounds(alone[4]) == (5, 5, 5)


def test_recorded_grades_stay_beside() -> None:
    recorded = {"recorded_grade:astct_crs": 2}
    row = one(**FEVER, **WELL, **recorded)
    assert (row["grade"], row["recorded"], row["disagrees"]) == (1, 2, True)
    row = one(**FEVER, hypotension="no", oxygen_device="nasal_cannula", **recorded)
    assert (row["grade"], row["disagrees"]) == (None, False)
    only = grade(CRS, assessment(5, "08:00", **recorded))[5]
    assert (only["grade"], only["lowest"], only["recorded"], only["disagrees"]) == (None, None, 2, None)


def test_parameters_move_the_gate() -> None:
    fever = assessment(0, "08:00", **FEVER, **WELL)
    later = assessment(1, "20:00", **AFEBRILE, hypotension="yes", oxygen_device="none")
    assert grade(CRS, fever, later)[1]["grade"] == 0
    assert grade(CRS, fever, later, gate_hours=48, episode_gap_hours=48)[1]["grade"] == 2


def test_episodes_are_also_numbered_over_seven_days() -> None:
    def numbers(day: int, time: str) -> tuple[int, int]:
        row = grade(CRS, assessment(1, "08:00", **FEVER, **WELL), assessment(day, time, **FEVER, **WELL))[day]
        return row["episode"], row["episode_within_7_days"]

    assert [numbers(2, "07:59"), numbers(2, "08:00"), numbers(8, "07:59"), numbers(8, "08:00")] == [
        (1, 1),
        (2, 1),
        (2, 1),
        (2, 2),
    ]
