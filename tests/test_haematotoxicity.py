"""ICAHT and T-ICAHT against every example of the catalogue (2.1, 2.2), their bounds, and the three dialects."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import duckdb
import ibis
import pyarrow as pa
import pytest

from carac.cohort.tables import COHORT_SCHEMAS, cohort_table
from carac.definitions.haematotoxicity import icaht, t_icaht
from carac.engine.base import compile_sql
from carac.language.definition import Definition, Tables
from carac.parameters import resolve

DEFINITIONS = {definition.name: definition for definition in (*icaht.DEFINITIONS, *t_icaht.DEFINITIONS)}
DAYS = {"patient_id": "string", "infusion_number": "int64", "day": "int32"} | {
    f"{analyte}_lowest__{end}": "float64" for analyte in ("neutrophils", "platelets") for end in ("from", "to")
}
COHORT = ("infusions", "labs", "assessments", "treatments", "events", "event_features", "periods")
TABLES = Tables(**{n: cohort_table(n) for n in COHORT}, days=ibis.table(DAYS, name="days"), present=frozenset(COHORT))

ARROW = {
    "string": pa.string(),
    "int64": pa.int64(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "float64": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}

Count = float | tuple[float, float] | None


def expression(name: str, **changes: Any) -> ibis.Table:
    definition = DEFINITIONS[name]
    assert definition.rows is not None
    values = resolve({name: definition.parameters}, {name: changes} if changes else {}).scope(name)
    return definition.rows(TABLES, values)


@cache
def duckdb_sql(name: str, changes: tuple[tuple[str, Any], ...]) -> str:
    return compile_sql(expression(name, **dict(changes)), "duckdb")


class Patient:
    """One patient: counts by day (cells/µL or 10^9/L), the end of the grid, censoring days, treatments."""

    def __init__(
        self, counts: Mapping[int, Count], treatments: Sequence[tuple[int, int, str]] = (), **days: int
    ) -> None:
        self.counts, self.treatments, self.days = counts, treatments, days


def grade_all(name: str, patients: Sequence[Patient], **changes: Any) -> list[dict[str, Any]]:
    """The columns of each patient, names without the definition; the grade is `grade`."""
    factor = 0.001 if name.startswith("icaht") else 1.0
    analyte = "neutrophils" if name.startswith("icaht") else "platelets"
    infusions, days, treatments = [], [], []
    for number, patient in enumerate(patients):
        key = {"patient_id": f"{number:05d}", "infusion_number": 1}
        limits = {"first_day": -30, "last_day": 100} | patient.days
        infusions.append(key | limits)
        for day in range(limits["first_day"], limits["last_day"] + 1):
            count = patient.counts.get(day)
            low, high = count if isinstance(count, tuple) else (count, count)
            ends = {"from": low, "to": high}
            days.append(
                key
                | {"day": day}
                | {f"{analyte}_lowest__{end}": None if value is None else value * factor for end, value in ends.items()}
            )
        for start, end, agent_class in patient.treatments:
            treatments.append(key | {"start_day": start, "end_day": end, "agent_class": agent_class})
    connection = duckdb.connect()
    for table, rows, schema in (
        ("infusions", infusions, COHORT_SCHEMAS["infusions"]),
        ("days", days, DAYS),
        ("treatments", treatments, COHORT_SCHEMAS["treatments"]),
    ):
        arrow = pa.schema({column: ARROW[type_] for column, type_ in schema.items()})
        connection.register("rows", pa.Table.from_pylist(rows, schema=arrow))
        connection.execute(f"CREATE TABLE {table} AS SELECT * FROM rows")
    sql = duckdb_sql(name, tuple(changes.items()))
    found = connection.sql(f"SELECT * FROM ({sql}) ORDER BY patient_id").to_arrow_table().to_pylist()
    assert len(found) == len(patients)
    return [{column.removeprefix(name).removeprefix("__") or "grade": v for column, v in row.items()} for row in found]


def grade(
    name: str, counts: Mapping[int, Count], treatments: Sequence[tuple[int, int, str]] = (), **rest: Any
) -> dict[str, Any]:
    days = {key: rest.pop(key) for key in list(rest) if key.endswith("_day") and key in COHORT_SCHEMAS["infusions"]}
    days = {"last_day" if key == "grid_last_day" else key: value for key, value in days.items()}
    return grade_all(name, [Patient(counts, treatments, **days)], **rest)[0]


def month(*dips: tuple[int, int, float], normal: float = 3000, last: int = 30) -> dict[int, Count]:
    """Daily values, normal but for the dips (first day, last day, count)."""
    counts: dict[int, Count] = dict.fromkeys(range(last + 1), normal)
    for first, end, count in dips:
        counts |= dict.fromkeys(range(first, end + 1), count)
    return counts


PRINTED, CODE = "as_printed", "as_in_authors_code"

EARLY_ICAHT = [
    (month((5, 10, 400)), 1, 1),
    (month((5, 11, 500)), 2, 2),
    (month((5, 11, 501)), 0, 2),
    (month((5, 17, 400)), 2, 2),
    (month((5, 18, 400)), 3, 3),
    (month((5, 10, 100)), 1, 1),
    (month((5, 11, 100)), 3, 3),
    (month((5, 18, 90)), 4, 4),
    (month((0, 30, 400)), 4, 4),
    (month((1, 30, 400)), 3, 4),
    (month((5, 9, 400), (12, 16, 400)), 2, 2),
    (month((5, 9, 400), (13, 17, 400)), 1, 1),
    (month(), 0, 0),
]


@pytest.mark.parametrize(("counts", "printed", "code"), EARLY_ICAHT)
def test_early_icaht_examples(counts: dict[int, Count], printed: int, code: int) -> None:
    for preset, expected in ((PRINTED, printed), (CODE, code)):
        row = grade(f"icaht_early_{preset}", counts)
        assert (row["grade"], row["lowest"], row["highest"], row["days_without_count"]) == (
            expected,
            expected,
            expected,
            0,
        )


@pytest.mark.parametrize("preset", [PRINTED, CODE])
def test_early_icaht_gap_and_cumulative(preset: str) -> None:
    name = f"icaht_early_{preset}"
    near, far = month((5, 9, 400), (12, 16, 400)), month((5, 9, 400), (13, 17, 400))
    assert grade(name, near)["duration_500__lowest"] == 12
    assert grade(name, near, join_gap=0)["grade"] == 1
    assert grade(name, near, duration="cumulative")["grade"] == 2
    assert grade(name, near, duration="cumulative")["duration_500__lowest"] == 10
    assert grade(name, far, duration="cumulative")["grade"] == 2
    assert grade(name, month((5, 11, 500)), comparator="<")["grade"] == 0


def test_early_icaht_g4_rules() -> None:
    counts, late_start = month((1, 30, 400)), month((4, 30, 400))
    assert grade("icaht_early_as_in_authors_code", counts, g4_rule="strict_31_days")["grade"] == 3
    assert grade("icaht_early_as_printed", counts, g4_rule="start_d0_3_and_open")["grade"] == 4
    assert grade("icaht_early_as_in_authors_code", month((3, 30, 400)))["grade"] == 4
    assert grade("icaht_early_as_in_authors_code", late_start)["grade"] == 3
    # A recovery of two days joins the run; in the printed version a value above 500 forbids grade 4.
    joined = month((0, 30, 400), (14, 15, 900))
    assert grade("icaht_early_as_in_authors_code", joined)["grade"] == 4
    assert grade("icaht_early_as_printed", joined)["grade"] == 3


@pytest.mark.parametrize("event", ["death_day", "follow_up_end_day"])
def test_early_icaht_ends_at_death_or_last_follow_up(event: str) -> None:
    low = month((2, 16, 400))
    code = grade("icaht_early_as_in_authors_code", low, **{event: 16})
    assert (code["grade"], code["last_day"], code["days_without_count"]) == (4, 16, 0)
    assert grade("icaht_early_as_printed", low, **{event: 16})["grade"] == 3
    assert grade("icaht_early_as_printed", month((0, 10, 400)), **{event: 10})["grade"] == 2
    assert grade("icaht_early_as_printed", month((0, 10, 400)), g4_rule="never_above", **{event: 10})["grade"] == 4
    # The grid itself may end there.
    short = grade_all("icaht_early_as_in_authors_code", [Patient(low, **{event: 16, "last_day": 16})])[0]
    assert short["grade"] == 4
    # Progression does not end the early window.
    assert grade("icaht_early_as_in_authors_code", low, progression_day=16)["grade"] == 3
    assert grade("icaht_early_as_in_authors_code", low, progression_day=16, censor_at_progression=True)["grade"] == 4


def test_early_icaht_rounding_is_half_to_even() -> None:
    name = "icaht_early_as_in_authors_code"
    for count, expected in ((504, 2), (505, 2), (505.1, 0), (506, 0), (515, 0), (104, 3), (105, 3), (106, 2)):
        assert grade(name, month((5, 11, count)))["grade"] == expected, count


def test_early_icaht_gaps_of_seven_days_are_filled_and_longer_ones_widen() -> None:
    name = "icaht_early_as_printed"
    filled = dict.fromkeys(range(31), 3000.0) | {5: 400.0, 13: 400.0} | dict.fromkeys(range(6, 13))
    row = grade(name, filled)
    assert (row["grade"], row["duration_500__lowest"], row["days_without_count"], row["days_unknown"]) == (2, 9, 7, 0)
    longer = filled | {13: None, 14: 400.0}
    row = grade(name, longer)
    assert (row["grade"], row["lowest"], row["highest"], row["days_unknown"]) == (None, 1, 3, 8)
    # Unknown days may also have been at most 100.
    assert (row["duration_500__highest"], row["duration_100__highest"]) == (10, 8)
    # On the line from 400 to 700 the count passes 500 after one day of three.
    line = month((5, 5, 400), (8, 8, 700)) | {6: None, 7: None}
    assert grade(name, line)["duration_500__lowest"] == 2
    assert grade(name, line, imputation="last_observation")["duration_500__lowest"] == 3
    assert grade(name, line, imputation="mean_of_neighbours")["duration_500__lowest"] == 1
    assert (grade(name, line, imputation="none")["lowest"], grade(name, line, imputation="none")["highest"]) == (1, 1)


def test_early_icaht_nearest_count_stands_in_at_the_ends() -> None:
    counts = month((24, 26, 400)) | dict.fromkeys(range(27, 31))
    assert grade("icaht_early_as_printed", counts)["grade"] == 2
    row = grade("icaht_early_as_printed", counts, end_gaps="unknown")
    assert (row["grade"], row["lowest"], row["highest"]) == (None, 1, 2)


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_no_count_is_null_not_zero(name: str) -> None:
    row = grade(name, {})
    window = {"early": 38 if name == "t_icaht_early_as_in_authors_code" else 31, "late": 70}[
        "early" if "early" in name else "late"
    ]
    assert row["days_without_count"] == window
    assert all(
        value is None
        for key, value in row.items()
        if key not in {"patient_id", "infusion_number", "days_without_count"}
    )
    # Nobody is dropped who has no day in the window.
    gone = grade_all(name, [Patient({}, last_day=-1, death_day=-1)])[0]
    assert gone["grade"] is None and gone["days_without_count"] is None


def at(*counts: float) -> dict[int, Count]:
    """Late counts, a week apart."""
    return {35 + 7 * index: count for index, count in enumerate(counts)}


@pytest.mark.parametrize("preset", [PRINTED, CODE])
def test_late_icaht_examples(preset: str) -> None:
    name = f"icaht_late_{preset}"
    for counts, expected in (((1500, 1400, 2600), 1), ((900, 2200, 3000), 0), ((400, 1400, 3000), 3), ((80,), 4)):
        row = grade(name, at(*counts))
        assert (row["grade"], row["lowest"], row["highest"], row["counts"]) == (
            expected,
            expected,
            expected,
            len(counts),
        )
        assert row["nadir"] == pytest.approx(min(counts))
    assert grade(name, at(400, 1400, 3000), late_rule="each_threshold_twice")["grade"] == 1
    assert grade(name, at(80), late_minimum_values=2)["grade"] is None
    assert grade(name, at(400, 300, 3000), progression_day=40)["grade"] == 3
    assert grade(name, at(3000, 300, 300), progression_day=41)["grade"] == 0
    assert grade(name, at(3000, 300, 300), next_therapy_day=41, censor_at_next_therapy=False)["grade"] == 3


def test_late_icaht_interval_gives_a_range() -> None:
    row = grade("icaht_late_as_printed", {40: (0.0, 499.9995), 50: 1400.0})
    assert (row["grade"], row["lowest"], row["highest"], row["nadir"]) == (None, 3, 4, None)


def test_gcsf_is_ignored_flagged_or_ends_the_window() -> None:
    name, counts = "icaht_early_as_printed", month((5, 18, 400))
    given = [(12, 14, icaht.GCSF_CLASS)]
    assert grade(name, counts, given)["gcsf"] is None
    assert grade(name, counts, given, gcsf_handling="flag")["gcsf"] is True
    assert grade(name, counts, gcsf_handling="flag")["gcsf"] is False
    ended = grade(name, counts, given, gcsf_handling="censor")
    assert (ended["grade"], ended["last_day"], ended["gcsf"]) == (2, 11, True)
    assert grade(name, counts, gcsf_handling="censor")["grade"] == 3


def platelets(*dips: tuple[int, int, float]) -> dict[int, Count]:
    return month(*dips, normal=150, last=37)


EARLY_T_ICAHT = [
    (platelets((5, 10, 49)), 1, 1),
    (platelets((5, 11, 49)), 2, 2),
    (platelets((5, 11, 50)), 0, 2),
    (platelets((5, 5, 19)), 3, 3),
    (platelets((5, 17, 19)), 3, 3),
    (platelets((5, 18, 19)), 4, 4),
    (platelets((5, 14, 20)), 2, 3),
    (platelets((3, 5, 49), (6, 7, 60), (8, 10, 49)), 2, 2),
    (platelets((3, 8, 19), (9, 10, 25), (11, 16, 19)), 4, 4),
]


@pytest.mark.parametrize(("counts", "printed", "code"), EARLY_T_ICAHT)
def test_early_t_icaht_examples(counts: dict[int, Count], printed: int, code: int) -> None:
    for preset, expected in ((PRINTED, printed), (CODE, code)):
        row = grade(f"t_icaht_early_{preset}", counts)
        assert (row["grade"], row["lowest"], row["highest"], row["days_without_count"]) == (
            expected,
            expected,
            expected,
            0,
        )


def test_early_t_icaht_gap_rule() -> None:
    name = "t_icaht_early_as_printed"
    eight, fourteen = platelets((3, 5, 49), (6, 7, 60), (8, 10, 49)), platelets((3, 8, 19), (9, 10, 25), (11, 16, 19))
    assert grade(name, eight)["duration_50__lowest"] == 8
    assert grade(name, eight, duration="cumulative")["grade"] == 1
    assert grade(name, fourteen)["duration_20__lowest"] == 14
    assert grade(name, fourteen, duration="cumulative")["grade"] == 3
    # A recovery of three days is stable.
    assert grade(name, platelets((3, 5, 49), (6, 8, 60), (9, 11, 49)))["grade"] == 1
    assert grade(name, platelets((3, 8, 19), (9, 11, 25), (12, 17, 19)))["grade"] == 3
    # Cumulative: far apart, the low days add up; the code joins over six days only.
    apart = platelets((3, 6, 49), (20, 23, 49))
    assert (grade(name, apart)["grade"], grade("t_icaht_early_as_in_authors_code", apart)["grade"]) == (2, 1)
    six, seven = platelets((3, 5, 49), (12, 13, 49)), platelets((3, 5, 49), (13, 14, 49))
    assert [grade("t_icaht_early_as_in_authors_code", dips)["grade"] for dips in (six, seven)] == [2, 1]


def test_early_t_icaht_days_without_a_count() -> None:
    counts = platelets((5, 7, 45)) | {8: None, 9: None, 10: None, 11: 45.0}
    row = grade("t_icaht_early_as_printed", counts)
    assert (row["grade"], row["lowest"], row["highest"], row["days_without_count"]) == (None, 1, 3, 3)
    row = grade("t_icaht_early_as_in_authors_code", counts)
    assert (row["grade"], row["duration_50__lowest"], row["days_without_count"]) == (2, 7, 3)
    # The mean of 45 and 55 is 50: low in the code; of 45 and 56 it is not.
    assert (
        grade("t_icaht_early_as_in_authors_code", platelets((5, 5, 45), (9, 9, 55)) | dict.fromkeys((6, 7, 8)))[
            "duration_50__lowest"
        ]
        == 4
    )
    assert (
        grade("t_icaht_early_as_in_authors_code", platelets((5, 5, 45), (9, 9, 56)) | dict.fromkeys((6, 7, 8)))[
            "duration_50__lowest"
        ]
        == 1
    )
    # The ends take the nearest count; days 31 to 37 are graded too.
    assert grade("t_icaht_early_as_in_authors_code", {10: 45.0})["duration_50__lowest"] == 38
    late_dip = platelets((33, 37, 19))
    assert (
        grade("t_icaht_early_as_in_authors_code", late_dip)["grade"],
        grade("t_icaht_early_as_printed", late_dip)["grade"],
    ) == (3, 0)
    assert grade("t_icaht_early_as_in_authors_code", late_dip, last_day=30)["grade"] == 0
    # Read to day 37, graded to 30: the count of day 34 fills days 28 to 30.
    reading = platelets((27, 27, 49), (34, 34, 49)) | dict.fromkeys(range(28, 34))
    assert grade("t_icaht_early_as_in_authors_code", reading, last_day=30)["duration_50__lowest"] == 4


def test_early_t_icaht_censoring() -> None:
    counts = platelets((5, 18, 19))
    for event, printed, code in (("progression_day", 3, 3), ("death_day", 3, 3), ("next_therapy_day", 3, 4)):
        assert grade("t_icaht_early_as_printed", counts, **{event: 10})["grade"] == printed
        assert grade("t_icaht_early_as_in_authors_code", counts, **{event: 10})["grade"] == code


@pytest.mark.parametrize("preset", [PRINTED, CODE])
def test_late_t_icaht_examples(preset: str) -> None:
    name = f"t_icaht_late_{preset}"
    for counts, expected in (((90, 95, 140), 1), ((99, 140, 150), 0), ((45, 49, 80), 2), ((19, 18, 60), 3)):
        for spacing in (1, 7, 14):
            row = grade(name, {35 + spacing * index: float(count) for index, count in enumerate(counts)})
            if preset == CODE and expected == 3 and spacing == 14:
                # Filled between the two counts, 15 days at most 20 are one streak.
                assert (row["grade"], row["duration_20__lowest"]) == (4, 15)
                continue
            assert (row["grade"], row["lowest"], row["highest"]) == (expected, expected, expected)
    assert grade(name, dict.fromkeys(range(40, 54), 19.0))["grade"] == 4
    assert grade(name, dict.fromkeys(range(40, 53), 19.0))["grade"] == 3
    single = grade(name, {40: 15.0})
    assert (single["grade"], single["lowest"], single["highest"]) == (None, None, None)
    assert grade(name, at(19, 45, 80))["grade"] == 2
    assert grade(name, at(19, 45, 80), late_rule="any_one_if_two_tests")["grade"] == 3
    two_hundred = at(100, 100, 140)
    assert grade(name, two_hundred)["grade"] == (0 if preset == PRINTED else 1)


def test_late_t_icaht_unknown_days_can_widen() -> None:
    row = grade("t_icaht_late_as_printed", {40: 19.0, 41: 18.0}, late_unknown_days="widen")
    assert (row["grade"], row["lowest"], row["highest"]) == (None, 3, 4)


def test_counts_after_a_platelet_transfusion_can_be_left_out() -> None:
    counts = platelets((3, 5, 19), (6, 6, 55), (7, 9, 19))
    given = [(5, 5, t_icaht.TRANSFUSION_CLASS)]
    name = "t_icaht_early_as_printed"
    assert grade(name, counts, given)["days_without_count"] == 0
    assert grade(name, counts, given, transfusion_adjust="drop_24h")["days_without_count"] == 1
    assert grade(name, counts, given, transfusion_adjust="drop_72h")["days_without_count"] == 3


def exact_bounds(name: str, patients: Sequence[Patient], choices: Sequence[float], **changes: Any) -> None:
    """The bounds of each patient against all completions of its days without a count."""
    everything: list[Patient] = []
    sizes = []
    for patient in patients:
        open_days = [day for day, count in patient.counts.items() if count is None]
        completions = list(itertools.product(choices, repeat=len(open_days)))
        sizes.append(len(completions))
        everything += [
            Patient(dict(patient.counts) | dict(zip(open_days, values, strict=True)), **patient.days)
            for values in completions
        ]
    bounds = grade_all(name, patients, **changes)
    grades = iter(grade_all(name, everything, **changes))
    for patient, row, size in zip(patients, bounds, sizes, strict=True):
        possible = [next(grades)["grade"] for _ in range(size)]
        assert (row["lowest"], row["highest"]) == (min(possible), max(possible)), patient.counts
        assert row["grade"] == (possible[0] if len(set(possible)) == 1 else None)


@pytest.mark.parametrize(
    ("name", "choices", "changes"),
    [
        ("icaht_early_as_printed", (50.0, 300.0, 900.0), {"imputation": "none"}),
        ("icaht_early_as_printed", (50.0, 300.0, 900.0), {"imputation": "none", "duration": "cumulative_with_gaps"}),
        ("icaht_early_as_in_authors_code", (50.0, 300.0, 900.0), {"imputation": "none"}),
        ("t_icaht_early_as_printed", (10.0, 40.0, 90.0), {}),
        ("t_icaht_early_as_printed", (10.0, 40.0, 90.0), {"duration": "cumulative"}),
    ],
)
def test_bounds_are_the_extremes_over_all_completions(
    name: str, choices: tuple[float, ...], changes: dict[str, Any]
) -> None:
    draw = random.Random(name)
    patients = []
    for _ in range(25):
        level = draw.choice([(1, 1, 1), (4, 3, 1), (1, 4, 1)])
        counts: dict[int, Count] = {
            day: draw.choices(choices, level)[0] if draw.random() < 0.9 else choices[draw.randrange(2)]
            for day in range(18)
        }
        counts |= dict.fromkeys(draw.sample(range(18), draw.randint(1, 4)))
        patients.append(Patient(counts, death_day=17))
    exact_bounds(name, patients, choices, **changes)


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_results_have_the_declared_columns_and_compile_everywhere(name: str) -> None:
    definition: Definition = DEFINITIONS[name]
    rows = expression(name)
    assert rows.columns == ("patient_id", "infusion_number", *definition.columns)
    assert {c: str(rows[c].type()) for c in definition.columns} == {
        name + output.suffix: output.type for output in definition.outputs
    }
    assert all(len(column.encode()) <= 60 for column in definition.columns)
    for dialect in ("duckdb", "postgres", "databricks"):
        assert compile_sql(rows, dialect)


def test_sensitivity_sets_run() -> None:
    sets = icaht.sensitivity_sets() | t_icaht.sensitivity_sets()
    assert set(sets) == set(DEFINITIONS)
    for name, changes in sets.items():
        columns = expression(name).columns
        assert changes[0] == {}
        assert len(changes) == len({repr(change) for change in changes})
        assert all(expression(name, **change).columns == columns for change in changes[1:])


def _lowered(patient: Patient, draw: random.Random) -> Patient:
    """The patient with a few counts replaced by lower ones."""
    counts = dict(patient.counts)
    for day in draw.sample(sorted(counts), 4):
        share, count = draw.choice((0.02, 0.3, 0.9)), counts[day]
        counts[day] = (count[0] * share, count[1] * share) if isinstance(count, tuple) else share * (count or 0)
    return Patient(counts, patient.treatments, **patient.days)


def _sparse(draw: random.Random, low: Sequence[float]) -> Patient:
    """Counts on some days from 0 to 100, in stretches of low and of normal ones, one in ten of them an interval."""
    counts: dict[int, Count] = {}
    level = draw.choice(low)
    for day in range(101):
        if draw.random() < 0.1:
            level = draw.choice(low)
        if draw.random() < (0.8 if day < 40 else 0.3):
            value = level * draw.uniform(0.7, 1.4)
            counts[day] = (0.0, value) if draw.random() < 0.1 else value
    counts[draw.randrange(101)] = draw.choice(low)
    return Patient(counts, death_day=draw.choice((12, 30, 55, 200)))


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_a_lower_count_never_lowers_the_grade(name: str) -> None:
    draw = random.Random(name)
    levels = (60.0, 300.0, 480.0, 900.0, 3000.0) if name.startswith("icaht") else (10.0, 19.0, 35.0, 52.0, 120.0)
    before = [_sparse(draw, levels) for _ in range(120)]
    after = [_lowered(patient, draw) for patient in before]
    sets = (icaht.sensitivity_sets() | t_icaht.sensitivity_sets())[name]
    moved = 0
    for changes in (sets[0], *draw.sample(sets[1:], 1)):
        found = grade_all(name, [*before, *after], **changes)
        for patient, one, other in zip(before, found[:120], found[120:], strict=True):
            for end in ("lowest", "highest"):
                assert (one[end] is None) == (other[end] is None), (changes, patient.counts)
                assert one[end] is None or one[end] <= other[end], (changes, patient.counts, end)
            moved += one["lowest"] != other["lowest"]
    assert moved > 0, "no lower count made a difference, so that nothing was tested"


def test_a_cell_boost_can_end_the_window() -> None:
    boost = [(12, 12, "cell_boost")]
    low = month((5, 20, 400))
    for name in ("icaht_early_as_printed", "icaht_early_as_in_authors_code"):
        assert grade(name, low, boost)["grade"] == 3
        row = grade(name, low, boost, censor_at_cell_boost=True)
        assert (row["grade"], row["last_day"], row["duration_500__lowest"]) == (2, 12, 8)
        assert grade(name, low, [(-3, -3, "cell_boost")], censor_at_cell_boost=True)["grade"] == 3
