"""ASTCT ICANS: the worked examples of the catalogue, both sides of every cut, and intracranial haemorrhage."""

from __future__ import annotations

from typing import Any

import pytest

from assessed import ALL, DIALECTS, assessment, bleed, cases, check_case, grade, sql
from carac.definitions.neurotoxicity import ice
from carac.definitions.neurotoxicity.astct_icans import DEFINITIONS

(ICANS,) = DEFINITIONS
WELL = {"consciousness": "awake", "seizure": "none", "weakness": "none", "raised_intracranial_pressure": "none"}
ITEMS: dict[str, float | str] = {name: float(points) for name, points in ice.ITEMS.items()}


@pytest.mark.parametrize("case", cases("icans.toml"), ids=lambda case: case["id"])
def test_worked_examples(case: dict[str, Any]) -> None:
    check_case(ICANS, case)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_compiles(dialect: str) -> None:
    assert sql(ICANS, dialect=dialect)


def one(age: float | None = 50.0, values: dict[str, Any] | None = None, **items: float | str) -> dict[str, Any]:
    """The grade of a single assessment."""
    return grade(ICANS, assessment(3, "08:00", **items), infusion={"age": age}, **(values or {})).get(3, {})


def bounds(row: dict[str, Any]) -> tuple[int | None, int | None, int | None]:
    return row.get("grade"), row.get("lowest"), row.get("highest")


@pytest.mark.parametrize(("points", "expected"), [(10, 0), (9, 1), (7, 1), (6, 2), (3, 2), (2, 3), (1, 3), (0, 3)])
def test_ice(points: int, expected: int) -> None:
    row = one(ice_total=points, consciousness="awake")
    assert (row["grade"], row["ice"], row["ambiguous"]) == (expected, expected, False)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"consciousness": "awake"}, (3, 3, 3)),
        ({"consciousness": "awakens_to_touch"}, (3, 3, 3)),
        ({"consciousness": "unarousable"}, (4, 4, 4)),
        ({"aphasia": "global"}, (3, 3, 3)),
        ({"consciousness": "unarousable", "consciousness_due_to_sedation": "yes"}, (None, 3, 4)),
        ({}, (None, 3, 4)),
        ({"seizure": "prolonged"}, (4, 4, 4)),
    ],
)
def test_ice_0_needs_arousal(words: dict[str, str], expected: tuple[int | None, int, int]) -> None:
    row = one(ice_total=0, **words)
    assert bounds(row) == expected
    assert row["ambiguous"] == (expected[0] is None)


def test_ice_alone_is_enough() -> None:
    assert bounds(one(ice_total=8)) == (1, 1, 1)


def test_ice_from_its_items() -> None:
    assert one(**ITEMS)["grade"] == 0
    assert one(**ITEMS | {"ice_attention": 0.0})["grade"] == 1
    partial = {name: points for name, points in ITEMS.items() if name != "ice_naming"}
    assert bounds(one(**partial)) == (None, 0, 1)
    assert bounds(one(**partial | {"ice_year": 0.0})) == (None, 1, 2)


def test_missing_items_may_be_an_ice_of_0() -> None:
    assert bounds(one(ice_year=0.0, consciousness="awake")) == (None, 1, 3)
    assert bounds(one(ice_year=0.0)) == (None, 1, 4)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("awake", (None, 0, 3)),
        ("awakens_spontaneously", (None, 0, 3)),
        ("awakens_to_voice", (None, 2, 3)),
        ("awakens_to_touch", (3, 3, 3)),
        ("unarousable", (4, 4, 4)),
    ],
)
def test_without_ice_consciousness_gives_bounds(word: str, expected: tuple[int | None, int, int]) -> None:
    assert bounds(one(consciousness=word)) == expected


def test_awakens_spontaneously_counts_only_with_reduced_ice() -> None:
    words = {"consciousness": "awakens_spontaneously"}
    assert (one(ice_total=10, **words)["grade"], one(ice_total=10, **words)["consciousness"]) == (0, 0)
    assert (one(ice_total=9, **words)["grade"], one(ice_total=9, **words)["consciousness"]) == (1, 1)


@pytest.mark.parametrize(
    ("item", "word", "expected"),
    [
        ("consciousness", "awakens_to_voice", 2),
        ("consciousness", "awakens_to_touch", 3),
        ("consciousness", "unarousable", 4),
        ("seizure", "resolving", 3),
        ("seizure", "nonconvulsive_resolving", 3),
        ("seizure", "prolonged", 4),
        ("seizure", "repetitive", 4),
        ("weakness", "deep_focal", 4),
        ("raised_intracranial_pressure", "focal_oedema", 3),
        ("raised_intracranial_pressure", "diffuse_oedema", 4),
        ("raised_intracranial_pressure", "posturing", 4),
        ("raised_intracranial_pressure", "sixth_nerve_palsy", 4),
        ("raised_intracranial_pressure", "papilloedema", 4),
        ("raised_intracranial_pressure", "cushing_triad", 4),
    ],
)
def test_the_worst_domain_decides(item: str, word: str, expected: int) -> None:
    row = one(ice_total=9, **WELL | {item: word})
    assert row["grade"] == expected
    column = {"weakness": "motor", "raised_intracranial_pressure": "pressure"}.get(item, item)
    assert (row["ice"], row[column]) == (1, expected)


def test_sedation_is_no_depressed_consciousness() -> None:
    row = one(ice_total=10, consciousness="awakens_to_touch", consciousness_due_to_sedation="yes")
    assert (row["grade"], row["consciousness"]) == (0, None)


def test_unrecorded_signs_are_a_parameter() -> None:
    unknown = {"unrecorded_signs": "unknown"}
    assert bounds(one(ice_total=8, values=unknown)) == (None, 1, 4)
    assert bounds(one(ice_total=8, **WELL, values=unknown)) == (1, 1, 1)
    awake = {name: word for name, word in WELL.items() if name != "consciousness"}
    assert bounds(one(ice_total=8, **awake, values=unknown)) == (None, 1, 3)


def test_a_domain_that_is_not_recorded_is_null() -> None:
    row = one(ice_total=8)
    assert {row[name] for name in ("capd", "consciousness", "seizure", "motor", "pressure")} == {None}
    assert bounds(one(seizure="none")) == (None, 0, 4)
    assert bounds(one(seizure="resolving")) == (None, 3, 4)


def test_nothing_recorded_is_null() -> None:
    assert one(aphasia="no", rass=0.0) == {}


@pytest.mark.parametrize(
    ("points", "word", "by_max", "by_and"),
    [
        (0, "awake", 0, 0),
        (1, "awake", 1, 1),
        (8, "awakens_spontaneously", 1, 1),
        (8, "awakens_to_voice", 2, 2),
        (8, "awakens_to_touch", 3, 2),
        (9, "awake", 3, 1),
        (9, "awakens_to_voice", 3, 2),
        (9, "awakens_to_touch", 3, 3),
        (9, "unarousable", 4, 4),
    ],
)
def test_capd(points: int, word: str, by_max: int, by_and: int) -> None:
    assert one(6, capd_total=points, consciousness=word)["grade"] == by_max
    assert one(6, {"capd_logic": "and"}, capd_total=points, consciousness=word)["grade"] == by_and


def test_capd_without_consciousness() -> None:
    row = one(6, capd_total=8)
    assert (bounds(row), row["ambiguous"]) == ((None, 1, 2), True)
    row = one(6, capd_total=9)
    assert (bounds(row), row["ambiguous"], row["capd"]) == ((3, 3, 3), False, 3)
    assert bounds(one(6, {"capd_logic": "and"}, capd_total=9)) == (None, 1, 3)


def test_capd_from_its_items() -> None:
    items: dict[str, float | str] = {f"capd_{item}": 1.0 for item in range(1, 9)}
    assert one(6, **items, consciousness="awake")["grade"] == 1
    assert one(6, **items | {"capd_8": 2.0}, consciousness="awake")["grade"] == 3
    del items["capd_8"]
    assert bounds(one(6, **items, consciousness="awake")) == (None, 1, 3)


def test_capd_is_not_scored_in_deep_sedation() -> None:
    assert bounds(one(6, capd_total=20, rass=-3.0, consciousness="awake")) == (3, 3, 3)
    assert bounds(one(6, capd_total=20, rass=-4.0, consciousness="awake")) == (None, 0, 3)


def test_age_chooses_the_score() -> None:
    both = {"ice_total": 10, "capd_total": 20, "consciousness": "awake"}
    assert [one(age, **both)["grade"] for age in (11.99, 12.0, None)] == [3, 0, 0]
    assert bounds(one(6, ice_total=10, consciousness="awake")) == (None, 0, 3)
    assert [one(age, capd_total=20, consciousness="awake")["grade"] for age in (15.0, None)] == [3, 3]


def test_the_day_has_the_worst_assessment() -> None:
    days = grade(
        ICANS,
        assessment(3, "08:00", ice_total=10),
        assessment(3, "20:00", ice_total=5),
        assessment(4, "08:00", ice_total=8),
    )
    assert {day: row["grade"] for day, row in days.items()} == {3: 2, 4: 1}


def test_ice_stands_in_for_12_hours() -> None:
    first = assessment(3, "08:00", ice_total=8)
    for time, expected in (("20:00", (1, 1, 1)), ("20:01", (None, 1, 3))):
        assert bounds(grade(ICANS, first, assessment(3, time, consciousness="awake"))[3]) == expected
    # A seizure is over when it is over.
    later = assessment(4, "02:00", ice_total=9)
    assert grade(ICANS, assessment(3, "20:00", ice_total=9, seizure="resolving"), later)[4]["grade"] == 1


def test_dates_without_times() -> None:
    days = grade(ICANS, assessment(3, None, ice_total=8), assessment(3, "10:00", consciousness="awakens_to_voice"))
    assert bounds(days[3]) == (2, 2, 2)
    assert bounds(grade(ICANS, assessment(3, None, ice_total=8), assessment(4, None, consciousness="awake"))[4]) == (
        None,
        0,
        3,
    )


def test_nothing_is_graded_before_day_0() -> None:
    assert grade(ICANS, assessment(-1, "08:00", ice_total=5)) == {}
    assert grade(ICANS, assessment(-1, "08:00", ice_total=5), first_day=-5)[-1]["grade"] == 2


# ---- intracranial haemorrhage


def daily(*events: Any, **options: Any) -> dict[int, tuple[Any, ...]]:
    """ICE 5 at 08:00 on days 3 to 12: grade, kept grade, whether in haemorrhage."""
    parts = [assessment(day, "08:00", ice_total=5) for day in range(3, 13)]
    days = grade(ICANS, *parts, events=events, **options)
    return {day: (row["grade"], row["as_graded"], row["in_intracranial_haemorrhage"]) for day, row in days.items()}


def test_haemorrhage_is_kept_out_for_7_days_after_its_onset() -> None:
    days = daily(bleed(4, site="intracranial"))
    assert days[3] == (2, 2, False)
    assert {days[day] for day in range(4, 12)} == {(None, 2, True)}
    assert days[12] == (2, 2, False)


def test_haemorrhage_ends_on_its_last_day() -> None:
    days = daily(bleed(4, end_day=6, site="intracranial"))
    assert [days[day][0] for day in (3, 4, 6, 7)] == [2, None, None, 2]
    assert [daily(bleed(4, site="intracranial"), haemorrhage_days=1)[day][0] for day in (5, 6)] == [None, 2]


def test_haemorrhage_starts_at_its_onset() -> None:
    assert [daily(bleed(4, time, site="intracranial"))[4][0] for time in ("08:00", "08:01")] == [None, 2]


def test_which_events_are_intracranial_haemorrhage() -> None:
    assert daily(bleed(4, code_subclass="intracranial"))[4][2] is True
    assert daily(bleed(4, code_subclass="intracranial_traumatic"))[4][2] is True
    assert daily(bleed(4, code_subclass="sequelae_of_intracranial_haemorrhage"))[4][2] is False
    assert daily(bleed(4, code_subclass="intracranial", code_role="exclude_incident"))[4][2] is False
    assert daily(bleed(4, site="epistaxis"))[4][2] is False
    assert daily(present=ALL - {"events"})[4] == (2, 2, None)


def test_oedema_of_a_haemorrhage_is_no_icans() -> None:
    oedema = assessment(4, "08:00", ice_total=9, raised_intracranial_pressure="focal_oedema")
    row = grade(ICANS, oedema, events=[bleed(4, site="intracranial")])[4]
    assert (row["grade"], row["lowest"], row["as_graded"], row["pressure"]) == (None, None, 1, 0)
    assert grade(ICANS, oedema)[4]["as_graded"] == 3


# ---- death and recorded grades


@pytest.mark.parametrize(("cause", "expected"), [("ICANS", 5), ("icans/crs", 5), ("one of the africans", 1), (None, 1)])
def test_death_from_the_syndrome(cause: str | None, expected: int) -> None:
    row = grade(
        ICANS, assessment(4, "08:00", ice_total=8), infusion={"age": 50.0, "death_day": 4, "cause_of_death": cause}
    )[4]
    assert row["grade"] == expected


def test_recorded_grades_stay_beside() -> None:
    row = one(ice_total=8, **{"recorded_grade:astct_icans": 3})
    assert (row["grade"], row["recorded"], row["disagrees"]) == (1, 3, True)
    row = one(ice_total=0, **{"recorded_grade:astct_icans": 4})
    assert (row["grade"], row["recorded"], row["disagrees"]) == (None, 4, False)
