"""A site's own run of low days: what its rows say without low days, without counts, and over gaps, worked by hand.

The days, gaps and rules are those of ICAHT (catalogue 2.1): gaps of up to seven days are filled, longer ones are open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from carac.definitions import definitions_from
from carac.grading.parameters import resolved
from carac.vocabulary.types import Grain
from support.case_files import Case, record_rows, write_record
from support.engines import Read, grade, open_engine, read_record, results

SITE = """
[site_run]
shape = "run"
title = "Neutropenia below 200"
source = "Transplant unit, 2026"
analyte = "neutrophils"
unit = "/uL"
below = 200
first_day = 0
last_day = 28
join_gap = 1
days = [[5, 1], [10, 2]]
"""
LAST_DAY = 28


def counts(low: Iterable[int] = (), without: Iterable[int] = ()) -> dict[str, Any]:
    """A count on every day: 199 on low days, else 200, which is not below; none on some days."""
    low, without = set(low), set(without)
    return {
        "labs": [
            {"day": day, "analyte": "neutrophils", "value": "199" if day in low else "200", "unit": "/uL"}
            for day in range(LAST_DAY + 1)
            if day not in without
        ]
    }


#: Record, grade with its bounds, low days with their bounds.
PATIENTS: dict[str, tuple[dict[str, Any], tuple[int | None, ...], tuple[int | None, ...]]] = {
    "no_low_day": (counts(), (0, 0, 0), (0, 0)),
    "four_days": (counts(range(3, 7)), (0, 0, 0), (4, 4)),
    "five_days": (counts(range(3, 8)), (1, 1, 1), (5, 5)),
    "ten_days": (counts(range(3, 13)), (2, 2, 2), (10, 10)),
    "joined_over_a_day": (counts([*range(3, 8), *range(9, 13)]), (2, 2, 2), (10, 10)),
    "not_joined_over_two": (counts([*range(3, 8), *range(10, 15)]), (1, 1, 1), (5, 5)),
    # Low on both sides of seven days without a count: on the line between them they were low too.
    "a_gap_of_seven": (counts([5, 13], range(6, 13)), (1, 1, 1), (9, 9)),
    # Of eight such days nobody knows.
    "a_gap_of_eight": (counts([5, 14], range(6, 14)), (None, 0, 2), (1, 10)),
    # One count is enough to say what is known: one low day at least, and all of them at most.
    "one_count": (counts([0], range(1, LAST_DAY + 1)), (None, 0, 2), (1, LAST_DAY + 1)),
    "no_count": ({"labs": []}, (None, None, None), (None, None)),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, Any]]:
    """The rows of the infusions, by patient."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "site.toml").write_text(SITE, encoding="utf-8")
    cases = [Case(name, {"id": "p", **content}) for name, (content, _, _) in PATIENTS.items()]
    read = read_record(write_record(folder / "record", record_rows(cases)))
    with definitions_from(folder / "site.toml"):
        now = Read(read.tables, read.present, read.findings, resolved())
        rows = results(grade(open_engine("duckdb"), now, ["site_run"]))[Grain.INFUSION].to_pylist()
    return {row["patient_id"].partition("::")[0]: row for row in rows}


@pytest.mark.parametrize("patient", PATIENTS)
def test_a_run_of_a_site(patient: str, found: Mapping[str, Mapping[str, Any]]) -> None:
    _, grades, days = PATIENTS[patient]
    row = found[patient]
    assert tuple(row[f"site_run{end}"] for end in ("", "__lowest", "__highest")) == grades
    assert tuple(row[f"site_run__duration__{end}"] for end in ("lowest", "highest")) == days
