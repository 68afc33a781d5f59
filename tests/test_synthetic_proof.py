"""Is the synthetic cohort the same again, in keeping with itself, moved by what moves it, and found by grading?

`make prove` does the same with thousands of patients and stores the figures; here it is hundreds, with wider tolerance.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.parquet as parquet
import pytest

import make_calibration_docs
from carac import api
from carac.analysis.calibration import INSIDE, OUTSIDE, SHOWN, Row, compared, interval, rendered, targets, weights_of
from carac.analysis.calibration_estimates import Achieved, cumulative_incidence, wilson
from carac.analysis.calibration_facts import facts_of
from carac.analysis.calibration_measures import MEASURES
from carac.analysis.interventions import courses, difference_in_errors, fitted, late_fall, rates, z_of_difference
from carac.analysis.person_days import hazard_ratios
from carac.analysis.recovery import SCORES, agreement, calls, join_truth
from carac.engine.duckdb_engine import DuckDB
from carac.grading.run import Graded
from carac.synthetic.batches import Order, tables_of
from carac.synthetic.course import DAYS, NEVER, Course, day_index
from carac.synthetic.simulate import simulate
from carac.synthetic.world import World
from carac.synthetic.write import synthesize
from needs import ROOT

SEED = 1
#: A difference of more standard errors than this is taken for one: by chance about once in 2,000 comparisons.
TOLERATED = 3.5
DIC_SCORES = tuple(SCORES)


@pytest.fixture(scope="module")
def world() -> World:
    """The default world."""
    return World.load()


@pytest.fixture(scope="module")
def course(world: World) -> Course:
    """The truth of the first 400 patients."""
    return simulate(world, SEED, np.arange(1, 401))


@pytest.fixture(scope="module")
def record(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cohort of 1,000 with its truth."""
    folder = tmp_path_factory.mktemp("synthetic") / "cohort"
    synthesize(Order(1_000, SEED, world), folder)
    return folder


def all_tests_done(world: World) -> dict[str, object]:
    """Changes of the world under which every panel is ordered at every draw, without noise and without loss."""
    changes: dict[str, object] = {
        "observation.lost": 0.0,
        "observation.centre_spread": 0.0,
        "observation.visit_kept": 1.0,
    }
    for name in world.all_names():
        if name.startswith("observation.noise.variation."):
            changes[name] = 0.0
        elif name.startswith("observation.orders.") and name.count(".") == 3:
            changes[name] = 1.0
    return changes | {
        "observation.ward_draw": 1.0,
        "observation.ward_draw_weekend": 1.0,
        "observation.weekend_orders": 1.0,
    }


def graded_cohort(folder: Path, world: World, patients: int, names: tuple[str, ...] | None) -> Graded:
    """A cohort of its own, graded by some definitions, with its truth beside."""
    synthesize(Order(patients, SEED, world), folder)
    graded = api.grade(api.read(folder, engine=DuckDB(threads=1)), definitions=names)
    join_truth(graded, folder)
    return graded


@pytest.fixture(scope="module")
def clean(world: World, tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """400 patients of whom everything is measured at every draw and without noise, with every definition."""
    folder = tmp_path_factory.mktemp("clean") / "cohort"
    return graded_cohort(folder, world.changed(all_tests_done(world)), 400, None)


# ---- determinism ----


def sorted_rows(table: pa.Table) -> list[tuple[object, ...]]:
    """The rows of a table in an order of their own."""
    return sorted((tuple(row.values()) for row in table.to_pylist()), key=repr)


@pytest.mark.parametrize("patient", [7, 640])
def test_a_patient_depends_on_no_other(world: World, record: Path, patient: int) -> None:
    alone = tables_of(Order(1, SEED, world), patient, patient)
    identifier = f"S{patient:06d}"
    compared_tables = 0
    for name, table in alone.items():
        among = parquet.read_table(record / f"{name}.parquet")
        if "patient_id" not in among.column_names:
            continue
        chosen = among.filter(compute.equal(among.column("patient_id").cast(pa.string()), identifier))
        assert sorted_rows(chosen) == sorted_rows(table), name
        compared_tables += 1
    assert compared_tables >= 6


def test_the_same_seed_gives_the_same_rows(world: World) -> None:
    first, again = (tables_of(Order(30, SEED, world), 1, 30) for _ in range(2))
    assert first.keys() == again.keys()
    assert [name for name in first if not first[name].equals(again[name])] == []


def test_another_seed_gives_other_patients(world: World) -> None:
    first, second = (tables_of(Order(5, seed, world), 1, 5)["synthetic_labs"] for seed in (SEED, SEED + 1))
    assert sorted_rows(first) != sorted_rows(second)


# ---- conservation ----


def last_days(record: Path) -> dict[str, np.datetime64]:
    """The day of death of each patient who died."""
    infusions = parquet.read_table(record / "synthetic_infusions.parquet").to_pylist()
    return {row["patient_id"]: np.datetime64(row["death"], "D") for row in infusions if row["death"] is not None}


TIMES = {"labs": "time", "assessments": "time", "treatments": "start", "events": "onset", "periods": "start"}


@pytest.mark.parametrize("table", TIMES)
def test_nothing_is_seen_after_death(record: Path, table: str) -> None:
    dead = last_days(record)
    assert len(dead) > 50
    rows = parquet.read_table(record / f"synthetic_{table}.parquet", columns=["patient_id", TIMES[table]])
    patients = rows.column("patient_id").cast(pa.string()).to_pylist()
    days = rows.column(TIMES[table]).cast(pa.timestamp("s")).to_numpy().astype("datetime64[D]")
    late = [patient for patient, day in zip(patients, days, strict=True) if patient in dead and day > dead[patient]]
    assert late == []


def test_the_truth_ends_with_death(course: Course) -> None:
    death = course.outcome["death_day"]
    after = (death != NEVER)[:, None] & (death[:, None] < DAYS)
    assert after.any()
    for name, hazard in course.hazards.items():
        assert not (hazard[after] > 0).any(), name
    onset = course.events["onset_day"].astype(float)
    died = death[course.events["patient"].astype(int)]
    assert not ((died != NEVER) & (np.floor(onset) > died)).any()


def test_no_value_is_below_zero(course: Course) -> None:
    for name, values in course.latent.items():
        alive = course.last_seen_day[:, None] >= DAYS
        assert not np.isnan(values[alive]).any(), name
        assert values[alive].min() >= 0, name
    assert np.nanmin(course.latent["fibrinogen"]) > 0


def test_a_platelet_transfusion_raises_the_count(world: World, course: Course) -> None:
    without = simulate(world.changed({"treatment.platelets_rise": 0.0}), SEED, course.patients)
    given = course.treatments["agent"] == "platelets"
    patients = course.treatments["patient"][given].astype(int)
    first: dict[int, int] = {}
    for patient, start in zip(patients, course.treatments["start_day"][given].astype(float), strict=True):
        first[patient] = min(first.get(patient, 999), int(np.floor(start)))
    assert len(first) > 30
    rises = []
    for patient, day in first.items():
        if course.last_seen_day[patient] > day and without.last_seen_day[patient] > day:
            both = (world_.latent["platelets"][patient, day_index(day + 1)] for world_ in (course, without))
            rises.append(float(np.subtract(*both)))
    assert min(rises) > 0
    assert np.median(rises) > 5


# ---- interventions ----


def test_without_its_effect_tocilizumab_lowers_no_fibrinogen(world: World) -> None:
    as_it_is = late_fall(world, SEED, 400)
    without = late_fall(world.changed({"treatment.tocilizumab_fibrinogen_effect": 0.0}), SEED, 400)
    assert as_it_is.patients > 80
    assert as_it_is.with_tocilizumab < as_it_is.without - 0.8
    assert abs(without.with_tocilizumab - without.without) < 0.25


def test_a_hazard_ratio_doubled_is_doubled(world: World) -> None:
    name, state = "events.hazard_ratio.bleeding.platelets_below_50", "platelets_below_50"
    often = world.changed({"events.base_rate.bleeding": 15 * world.number("events.base_rate.bleeding")})
    twice = often.changed({name: 2.0 * float(often[name])})
    first, second = (fitted(each, SEED, 400, "bleeding")[state] for each in (often, twice))
    assert first.events > 100
    assert abs(first.logarithm - np.log(float(often[name]))) < TOLERATED * first.standard_error
    assert abs(difference_in_errors(first, second, 2.0)) < TOLERATED
    assert abs(difference_in_errors(first, second, 1.0)) > 2, "a doubling would go unnoticed"


def test_without_marrow_injury_nobody_has_t_icaht(world: World, tmp_path: Path) -> None:
    names = ("t_icaht_early_as_in_authors_code", "t_icaht_late_as_in_authors_code")
    graded = graded_cohort(tmp_path / "cohort", world.changed({"marrow.injury": 0.0}), 250, names)
    assert graded.engine.fetch("SELECT max(marrow_injury) AS most FROM truth_days").to_pylist()[0]["most"] == 0
    # What is left consumes platelets: true DIC and IEC-HS, which need no injured marrow.
    rows = graded.engine.fetch(
        f"""
        SELECT patient_id FROM infusion_results
        WHERE (coalesce({names[0]}, 0) >= 1 OR coalesce({names[1]}, 0) >= 1)
            AND patient_id NOT IN (SELECT patient_id FROM truth_days WHERE true_dic OR iec_hs)
        """
    )
    assert rows.column(0).to_pylist() == []


def test_without_consumption_nobody_has_dic_and_the_score_calls_some(world: World, tmp_path: Path) -> None:
    none = world.changed({"coagulation.consumption_probability": 0.0})
    graded = graded_cohort(tmp_path / "cohort", none, 300, DIC_SCORES[:2])
    for score in DIC_SCORES[:2]:
        found = calls(graded, score)
        assert (found.patients_true, found.days_true, found.patients_found) == (0, 0, 0)
        assert found.patients_other >= 290
    assert calls(graded, "isth_overt_dic_2001_5xuln").patients_false > 0


# ---- recovery of the truth by grading ----


@pytest.mark.parametrize(("definition", "state"), [("astct_crs", "crs"), ("astct_icans", "icans")])
def test_grading_recovers_crs_and_icans(clean: Graded, definition: str, state: str) -> None:
    found = agreement(clean, definition, state)
    assert found.table.sum() >= 290
    assert found.table[1:].sum() > 30
    assert found.exact > 98
    assert found.sensitivity(3) > 95
    assert found.false_calls(1) < 2


@pytest.mark.parametrize("score", DIC_SCORES)
def test_the_printed_score_is_right_often_and_wrong_at_times(clean: Graded, score: str) -> None:
    found = calls(clean, score)
    assert found.patients_true > 5
    assert found.sensitivity > 50
    assert found.false_calls < 30
    assert found.days_found <= found.days_true
    assert found.days_false <= found.days_other
    assert found.mimic_false <= found.mimic_patients <= found.patients_other


# ---- two seeds ----


def test_two_seeds_differ_by_chance(world: World) -> None:
    first, second = (rates(courses(world, seed, 500)) for seed in (SEED, SEED + 1))
    distances = {name: z_of_difference(first[name], second[name]) for name in first}
    assert max(abs(z) for z in distances.values()) < TOLERATED, distances


# ---- calibration: how it counts ----


def test_every_target_is_counted(clean: Graded) -> None:
    rows = compared(facts_of(clean))
    assert [row.target for row in rows] == list(targets())
    # Of 400 patients hardly one has the rarest: fibrinogen below 1.0, replaced, in a child.
    assert sum(row.achieved.counted == 0 for row in rows) < 5
    assert rendered(rows).row_count >= len(rows)
    demanded = [row for row in rows if row.target.role == "target"]
    # Chance moves many, and daily measurement finds more; that few are far shows that it is the cohort of the proof.
    assert sum(row.verdict == OUTSIDE for row in demanded) < len(demanded) / 4


def test_targets_are_whole() -> None:
    assert len({target.id for target in targets()}) == len(targets())
    for target in targets():
        assert target.measure in MEASURES
        assert target.role in ("target", "plausible", "shown"), target.id
        low, high = target.accepted()
        if target.role == "target":
            assert low < high or low == high == 0, target.id
        else:
            assert target.note, f"{target.id} says not why nothing is demanded of it"
        if target.low is not None and target.value is not None:
            assert low <= target.value <= high, target.id


def test_every_measure_is_asked_for() -> None:
    asked = {target.measure for target in targets()}
    assert set(MEASURES) - asked == set()


@pytest.mark.parametrize(
    ("share", "n", "low", "high"),
    [(0.0, 10, 0.0, 27.75), (50.0, 10, 23.66, 76.34), (10.8, 148, 6.76, 16.82)],
)
def test_wilson(share: float, n: float, low: float, high: float) -> None:
    assert wilson(share, n) == pytest.approx((low, high), abs=0.01)


def test_a_median_has_a_day_to_either_side() -> None:
    assert interval("d", 3, 10_000) == (2, 4)
    assert interval("d", 11, 62)[1] > 13


def test_cumulative_incidence_of_a_small_example() -> None:
    nan = float("nan")
    event, death, end = np.array([1, nan, nan, 4]), np.array([nan, 2, nan, nan]), np.array([9.0, 9, 3, 9])
    # A quarter on day 1; three left, one dies on day 2, one is lost on day 3; the last has half of the rest.
    assert cumulative_incidence(event, death, end, 10, np.ones(4)) == pytest.approx(0.25 + 0.5)
    assert cumulative_incidence(event, death, end, 3, np.ones(4)) == pytest.approx(0.25)


def test_a_mixed_population_is_weighted() -> None:
    facts = {"product": np.array(["a", "a", "b", "b"], object), "disease": np.array(["x_y", "z", "x-y", "z"], object)}
    assert weights_of("", facts).tolist() == [1, 1, 1, 1]
    assert weights_of("a", facts).tolist() == [1, 1, 0, 0]
    assert weights_of("a & x y", facts).tolist() == [1, 0, 0, 0]
    assert weights_of("a: 3 | b & z: 1", facts) == pytest.approx([3 * 3 / 8, 3 * 3 / 8, 0, 3 / 4])


@pytest.mark.parametrize(
    ("value", "role", "verdict"), [(91.0, "target", INSIDE), (50.0, "target", OUTSIDE), (50.0, "shown", SHOWN)]
)
def test_the_verdict(value: float, role: str, verdict: str) -> None:
    from dataclasses import replace

    target = replace(next(t for t in targets() if t.id == "zuma7_crs_any"), role=role)
    assert Row(target, Achieved(value, value - 1, value + 1, 1_000), *target.accepted()).verdict == verdict


def test_hazard_ratios_of_a_small_example() -> None:
    state = np.repeat([0, 1], 1_000)
    events = np.zeros(2_000, dtype=bool)
    events[:10] = events[1_000:1_030] = True
    found: Mapping[str, object] = hazard_ratios(events, np.ones(2_000, dtype=bool), {"state": state})
    ratio = hazard_ratios(events, np.ones(2_000, dtype=bool), {"state": state})["state"]
    assert list(found) == ["state"]
    assert ratio.ratio == pytest.approx(3.0)
    assert ratio.standard_error == pytest.approx(np.sqrt(1 / 10 + 1 / 30))


# ---- the page ----


def test_the_calibration_page_is_what_the_tool_writes() -> None:
    committed = (ROOT / "docs" / "calibration.md").read_text(encoding="utf-8")
    assert committed == make_calibration_docs.document(), "python tools/make_calibration_docs.py"


def test_the_pictures_of_courses_say_that_they_are_synthetic() -> None:
    for name in ("courses_by_product.svg", "courses_by_crs.svg"):
        assert "SYNTHETIC" in (ROOT / "docs" / "pictures" / name).read_text(encoding="utf-8")
