"""The worked examples of the catalogue, on every engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow.compute as pc
import pytest

from carac.definitions import all_definitions
from carac.vocabulary.types import Grain, OfPatient
from support.case_files import Case, all_cases, folder_rows
from support.compare import differences
from support.engines import ENGINES, KEYS
from support.graded_cases import TEACHING_COHORT, GradedCases, definition_name

#: Relative, where a case gives no tolerance of its own.
TOLERANCE = 1e-3


def _row(rows: Mapping[tuple[str, ...], Any], case: Case, expected: Mapping[str, Any]) -> Mapping[str, Any]:
    if "day" in expected:
        key: tuple[str, ...] = (Grain.DAY.value, case.name, str(expected["day"]))
    elif "event" in expected:
        key = (Grain.EVENT.value, case.name, f"{case.name}::{expected['event']}")
    else:
        key = (Grain.INFUSION.value, case.name)
    assert key in rows, f"there is no row {key}"
    row: Mapping[str, Any] = rows[key]
    return row


def _matches(expected: Any, found: Any, tolerance: float | None) -> bool:
    if expected == "null":
        return found is None
    if isinstance(expected, str | bool) or found is None:
        return bool(found == expected)
    return bool(found == pytest.approx(expected, rel=None if tolerance else TOLERANCE, abs=tolerance))


def disagreements(case: Case, rows: Mapping[tuple[str, ...], Any]) -> list[str]:
    """What a case expects and did not get, one sentence each."""
    found = []
    for expected in case.content["expect"]:
        row = _row(rows, case, expected)
        for key, suffix in (("value", ""), ("lowest", "__lowest"), ("highest", "__highest")):
            column = expected["column"] + suffix
            if key not in expected:
                continue
            if column not in row:
                found.append(f"there is no column {column}")
            elif not _matches(expected[key], row[column], expected.get("tolerance")):
                found.append(f"{column} is {row[column]!r}, expected {expected[key]!r}")
    return found


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_example_of_the_catalogue(case: Case, engine: str, graded_cases: GradedCases) -> None:
    found = disagreements(case, graded_cases.rows(engine, case))
    assert not found, f"{case.content['says']}: {'; '.join(found)}"


def test_nothing_of_the_case_files_is_set_aside(graded_cases: GradedCases) -> None:
    assert [sentence for read in graded_cases.reads for sentence in read.set_aside] == []


def test_expected_columns_exist() -> None:
    columns = {column for definition in all_definitions().values() for column in definition.columns}
    expected = {row["column"] for case in all_cases() for row in case.content["expect"]}
    assert sorted(expected - columns) == []


@pytest.mark.parametrize("engine", [name for name in ENGINES if name != "duckdb"])
def test_engine_gives_the_same_tables_as_duckdb(engine: str, graded_cases: GradedCases) -> None:
    for number in range(len(graded_cases.runs)):
        one, other = graded_cases.of_run("duckdb", number), graded_cases.of_run(engine, number)
        for grain, keys in KEYS.items():
            assert differences(one[grain], other[grain], keys) == []


def test_the_teaching_cohort_is_among_the_tables(graded_cases: GradedCases) -> None:
    patients = set(graded_cases.of_run("duckdb", 0)[Grain.INFUSION]["patient_id"].to_pylist())
    assert {row["patient_id"] for row in folder_rows(TEACHING_COHORT)["infusions"]} < patients


def test_every_case_has_a_definition() -> None:
    for case in all_cases():
        for expected in case.content["expect"]:
            assert definition_name(expected["column"])


def _rests_on_events(name: str) -> bool:
    """Whether a definition reads events, or one that it uses does: then events alone may leave it a range."""
    definition = all_definitions()[name]
    return "events" in definition.needs or any(_rests_on_events(used) for used in definition.uses)


def _rests_on_the_patient(name: str) -> bool:
    """Whether age or sex, which every case has, may leave it a range."""
    return any(isinstance(wanted, OfPatient) for wanted in all_definitions()[name].inputs)


def test_a_patient_with_events_alone_has_no_grade_of_day_or_infusion(graded_cases: GradedCases) -> None:
    case = next(case for case in all_cases() if set(case.content) == {"id", "says", "infusion", "events", "expect"})
    found = graded_cases.of_run("duckdb", 0)
    for grain in (Grain.DAY, Grain.INFUSION):
        rows = found[grain].filter(pc.equal(found[grain]["patient_id"], case.name)).to_pylist()
        assert rows
        names = [
            name
            for name, d in all_definitions().items()
            if d.runs_if is None and d.grain is grain and not _rests_on_events(name) and not _rests_on_the_patient(name)
        ]
        graded = [name + suffix for name in names for suffix in ("", "__lowest", "__highest", "__overt", "__group")]
        assert {c: row[c] for row in rows for c in graded if c in row and row[c] is not None} == {}
