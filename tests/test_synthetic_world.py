"""The world file and the random numbers of the synthetic cohort: names, changes, page, and independence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import make_world_docs
from carac.findings import CaracError
from carac.synthetic.course import DAYS, NEVER, Course, day_index
from carac.synthetic.hazards import DAILY_EVENTS, hazard_ratios
from carac.synthetic.random_numbers import normals, stream_number, uniforms
from carac.synthetic.simulate import simulate
from carac.synthetic.world import World
from carac.vocabulary.agents import agents
from carac.vocabulary.analytes import analytes
from carac.vocabulary.event_features import feature_of
from carac.vocabulary.event_sites import site_of
from carac.vocabulary.products import products

SEED = 7


@pytest.fixture(scope="module")
def world() -> World:
    """The default world."""
    return World.load()


@pytest.fixture(scope="module")
def course(world: World) -> Course:
    """The truth of 150 patients."""
    return simulate(world, SEED, np.arange(1, 151))


# ---- the world file ----


def test_the_page_is_what_the_tool_writes() -> None:
    committed = make_world_docs.DOCUMENT.read_text(encoding="utf-8")
    assert committed == make_world_docs.document(), "python tools/make_world_docs.py"


def test_every_value_says_where_it_comes_from(world: World) -> None:
    for entry in world:
        assert entry.source and entry.meaning, entry.name
        assert entry.meaning[0].islower() or not entry.meaning[0].isalpha() or entry.meaning[:2].isupper(), entry.name


def test_a_change_by_name_changes_that_value_alone(world: World) -> None:
    changed = World.load(changes={"marrow.injury": 0, "inflammation.crs_any.tisagenlecleucel": 0.5})
    assert changed.number("marrow.injury") == 0
    assert changed.by_product("inflammation.crs_any")["tisagenlecleucel"] == 0.5
    before, after = world.values(), changed.values()
    assert {name for name in before if before[name] != after[name]} == {"marrow.injury", "inflammation.crs_any"}


def test_a_file_changes_values_only(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        '[population]\ncalendar_start = "2020-01-01"\n[marrow]\ninjury = { value = 0.5 }\n', encoding="utf-8"
    )
    world = World.load(file)
    assert world.text("population.calendar_start") == "2020-01-01"
    assert world.number("marrow.injury") == 0.5
    assert World.load(file, {"marrow.injury": 2.0}).number("marrow.injury") == 2.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"marrow.injry": 1.0}, "did you mean marrow.injury?"),
        ({"inflammation.crs_any.tisagenlecleucle": 1.0}, "did you mean inflammation.crs_any.tisagenlecleucel?"),
        ({"nothing like it at all": 1.0}, "docs/world.md"),
        ({"marrow.injury": "much"}, "marrow.injury of the world must be a number, not 'much'"),
        ({"marrow.injury": True}, "must be a number"),
        ({"population.calendar_start": 2022}, "must be text"),
        ({"inflammation.crs_any": 0.5}, "must be a table"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(CaracError, match="world") as refusal:
        World.load(changes=changes)
    assert message in str(refusal.value)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "broken.toml"
    file.write_text("[marrow\n", encoding="utf-8")
    with pytest.raises(CaracError, match=r"broken\.toml cannot be read"):
        World.load(file)


def test_tables_by_product_have_every_product_of_the_mix(world: World) -> None:
    mix = world.table("population.product_mix")
    assert set(mix) <= set(products())
    for entry in world:
        keys = world.keys_of(entry.name)
        if "tisagenlecleucel" in keys:
            assert set(mix) <= set(keys), entry.name
            assert {key.removesuffix("_leukaemia") for key in keys} <= set(mix), entry.name


# ---- random numbers ----


def test_some_draws_have_the_values_that_they_had() -> None:
    """Pinned: another number here means that no cohort of an earlier version can be made again."""
    assert stream_number("people.product") == PRODUCT_STREAM
    drawn = uniforms(1, np.array([1, 2, 99_999]), "people.product", 2)
    np.testing.assert_allclose(drawn, DRAWS, rtol=0, atol=1e-15)


PRODUCT_STREAM = (5270293854841936966, 1597768965815631725)
DRAWS = [
    [0.6538393712968494, 0.5846735305784155],
    [0.6639016361319016, 0.9185532137722142],
    [0.6744149282398216, 0.7409949821973963],
]


def test_numbers_are_those_of_philox_with_the_documented_key() -> None:
    counter = np.array([0, 0, *stream_number("a.stream")], dtype=np.uint64)
    generator = np.random.Philox(key=np.array([5, 42], dtype=np.uint64), counter=counter)
    words = generator.random_raw(6) >> np.uint64(12)
    np.testing.assert_array_equal(uniforms(5, np.array([42]), "a.stream", 6)[0], (words.astype(float) + 0.5) / 2**52)


def test_a_patients_numbers_depend_on_no_other_patient() -> None:
    together = normals(3, np.arange(1, 51), "marrow.injury", 7)
    for order in (np.array([17]), np.array([50, 17, 3]), np.arange(10, 20)):
        alone = normals(3, order, "marrow.injury", 7)
        np.testing.assert_array_equal(alone, together[order - 1])


def test_streams_seeds_and_patients_have_their_own_numbers() -> None:
    first = uniforms(1, np.arange(1, 201), "a", 20)
    others = [
        uniforms(1, np.arange(1, 201), "b", 20),
        uniforms(2, np.arange(1, 201), "a", 20),
        np.roll(first, 1, axis=0),
    ]
    for other in others:
        assert abs(np.corrcoef(first.ravel(), other.ravel())[0, 1]) < 0.06
    assert first.min() > 0 and first.max() < 1
    assert abs(first.mean() - 0.5) < 0.02 and abs(first.var() - 1 / 12) < 0.005


# ---- the course ----


def test_a_patients_course_depends_on_no_other_patient(world: World, course: Course) -> None:
    some = np.array([140, 3, 77])
    alone = simulate(world, SEED, some)
    for name in ("latent", "state", "signs", "hazards"):
        for key, values in getattr(alone, name).items():
            np.testing.assert_allclose(values, getattr(course, name)[key][some - 1], rtol=1e-12, err_msg=key)
    for name in ("treatments", "events"):
        whole, part = getattr(course, name), getattr(alone, name)
        for position, number in enumerate(some):
            of_whole, of_part = whole["patient"] == number - 1, part["patient"] == position
            for key in set(whole) - {"patient", "event"}:
                assert list(map(str, whole[key][of_whole])) == list(map(str, part[key][of_part])), key


def test_shapes_and_words(course: Course) -> None:
    shape = (150, len(DAYS))
    for name in ("latent", "state", "signs", "hazards", "hazards_without_anticoagulant"):
        for key, values in getattr(course, name).items():
            assert values.shape == shape, key
    assert set(course.latent) <= set(analytes())
    assert set(course.treatments["agent"]) <= set(agents())
    assert all(site_of(site) for site in set(course.events["site"]) if site)
    assert all(feature_of(feature) for feature in set(course.event_features["feature"]))
    assert set(DAILY_EVENTS) <= set(course.hazards)


def test_every_state_with_a_hazard_ratio_is_among_the_states(world: World, course: Course) -> None:
    fixed = {"myeloma", "leukaemia", "male", "age_decades", "marrow_damage", "prior_thrombosis", "asparaginase"}
    for event in (*DAILY_EVENTS, "infection"):
        assert set(hazard_ratios(world, event)) <= set(course.state) | fixed, event


def test_physiology_holds(course: Course) -> None:
    latent = course.latent
    alive = course.state["alive"]
    for name, values in latent.items():
        assert np.isfinite(values[alive]).all(), name
        assert (values[alive] > 0).all(), name
    np.testing.assert_allclose(latent["prothrombin_time"], 12.0 * latent["inr"])
    assert (latent["leukocytes"][alive] >= latent["neutrophils"][alive]).all()
    assert np.abs(np.diff(np.log(latent["ferritin"]), axis=1)[alive[:, 1:]]).max() < np.log(6)


def test_platelet_transfusion_raises_the_next_count(course: Course) -> None:
    given = course.treatments["agent"] == "platelets"
    patient = course.treatments["patient"][given]
    day = np.floor(course.treatments["start_day"][given]).astype(int) - DAYS[0]
    there = day + 1 < len(DAYS)
    there &= course.state["alive"][patient, np.minimum(day + 1, len(DAYS) - 1)].astype(bool)
    before, after = (course.latent["platelets"][patient[there], day[there] + later] for later in (0, 1))
    assert there.sum() > 20
    assert (after > before).all()


def test_nothing_follows_a_death(course: Course) -> None:
    death = course.outcome["death_day"]
    dead = np.flatnonzero(death != NEVER)
    assert len(dead) > 0
    for name in ("treatments", "events"):
        table = getattr(course, name)
        start = table["start_day" if name == "treatments" else "onset_day"]
        last = death[table["patient"]]
        assert (start < np.where(last == NEVER, np.inf, last + 1)).all()
    for patient in dead:
        after = day_index(int(death[patient])) + 1
        assert np.isnan(course.latent["platelets"][patient, after:]).all()
        assert (course.hazards["bleeding"][patient, after:] == 0).all()
        for name in ("progression_day", "next_therapy_day"):
            assert course.outcome[name][patient] <= death[patient]


def test_without_anticoagulant_hazards_differ_only_where_it_was_given(world: World, course: Course) -> None:
    given = (course.state["anticoagulated"] | course.state["prophylactic_anticoagulant"]).astype(bool)
    for event in DAILY_EVENTS:
        with_it, without = course.hazards[event], course.hazards_without_anticoagulant[event]
        np.testing.assert_array_equal(with_it[~given], without[~given])
    at_risk = given & (course.hazards["venous_leg"] > 0) & course.state["anticoagulated"].astype(bool)
    ratio = course.hazards["venous_leg"][at_risk] / course.hazards_without_anticoagulant["venous_leg"][at_risk]
    np.testing.assert_allclose(ratio, world.number("treatment.anticoagulant_effect.venous"))


def test_hazards_are_log_linear_in_their_states(world: World, course: Course) -> None:
    """The truth's hazard is the base rate times the ratios of the states, to the last digits."""
    event = "bleeding"
    logarithm = np.log(world.number(f"events.base_rate.{event}"))
    people = {
        "age_decades": (course.people["age"] - 60) / 10,
        "marrow_damage": np.minimum(course.people["marrow_damage"], 3.0),
    }
    for state, ratio in hazard_ratios(world, event).items():
        values = course.state[state] if state in course.state else people[state].astype(float)[:, None]
        logarithm = logarithm + np.log(ratio) * values
    at_risk = course.hazards[event] > 0
    expected = np.broadcast_to(logarithm, at_risk.shape)
    np.testing.assert_allclose(np.log(course.hazards[event][at_risk]), expected[at_risk], rtol=1e-9)
