"""The case files parse, their ids are unique and their keys are known; no definition is run here."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

CASES = Path(__file__).parent / "cases"
FILES = sorted(CASES.glob("*.toml"))
CASE_KEYS = {
    "id", "says", "infusion", "parameters", "labs", "assessments", "treatments", "events", "periods", "expect",
}  # fmt: skip
INFUSION_KEYS = {
    "age", "sex", "lymphodepletion_day", "death_day", "cause_of_death", "progression_day", "next_therapy_day",
    "follow_up_end_day", "weight", "height",
}  # fmt: skip
ROW_KEYS = {
    "labs": {"day", "days", "time", "analyte", "value", "unit", "lower", "upper", "mean"},
    "assessments": {"day", "time", "item", "value", "unit"},
    "treatments": {
        "day", "time", "end_day", "end_time", "agent", "intent", "indication", "dose", "unit", "beyond_routine",
        "event",
    },
    "events": {
        "id", "day", "time", "end_day", "end_time", "kind", "site", "side", "certainty", "code", "code_system",
        "present_on_admission", "encounter", "features",
    },
    "periods": {"day", "end_day", "kind", "text"},
    "expect": {"day", "event", "column", "value", "lowest", "highest", "tolerance"},
}  # fmt: skip


def read(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return tomllib.load(file)


def test_there_are_case_files() -> None:
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_file_has_a_section_and_unique_ids(path: Path) -> None:
    content = read(path)
    assert set(content) == {"section", "case"}
    assert re.fullmatch(r"\d+(\.\d+)?", content["section"]), "a section of the catalogue; some have no parts"
    ids = [case["id"] for case in content["case"]]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in ids)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_keys_are_known(path: Path) -> None:
    for case in read(path)["case"]:
        where = f"{path.stem}: {case['id']}"
        assert set(case) <= CASE_KEYS, where
        assert {"id", "says", "expect"} <= set(case), where
        assert set(case.get("infusion", {})) <= INFUSION_KEYS, where
        assert all(re.fullmatch(r"[a-z0-9_]+\.[a-z0-9_]+", name) for name in case.get("parameters", {})), where
        for table, allowed in ROW_KEYS.items():
            for row in case.get(table, []):
                assert set(row) <= allowed, f"{where}: {table} {set(row) - allowed}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_rows_say_when_and_expectations_say_what(path: Path) -> None:
    for case in read(path)["case"]:
        where = f"{path.stem}: {case['id']}"
        assert case["expect"], where
        for row in case.get("labs", []):
            assert ("day" in row) != ("days" in row), where
            assert re.fullmatch(r"\d+-\d+", row.get("days", "0-0")), where
            assert isinstance(row["value"], str), where
        events = {event["id"] for event in case.get("events", [])}
        for expected in case["expect"]:
            assert {"column", "value"} <= set(expected), where
            assert not {"day", "event"} <= set(expected), where
            assert expected.get("event") in events | {None}, where
