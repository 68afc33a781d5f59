"""Does the second reading still point at the code and at the cases that it names?"""

from __future__ import annotations

import re
from collections import Counter
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest

import make_verification_docs
from make_verification_docs import OUTCOMES, SOURCE, Row, documents, readings, rows_of
from needs import ROOT
from support.case_files import all_cases

ROWS = [
    pytest.param(row, id=f"{path.stem}:{row.instrument}:{row.criterion}")
    for path in readings()
    for row in rows_of(path)
]


@cache
def known_cases() -> tuple[str, ...]:
    """The worked examples, and the tests by file and name."""
    tests = [
        f"{path.name}::{name}"
        for path in sorted((ROOT / "tests").glob("test_*.py"))
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    ]
    return (*(case.name for case in all_cases()), *tests)


@pytest.mark.parametrize("row", ROWS)
def test_the_anchor_stands_exactly_once_in_its_module(row: Row) -> None:
    if not row.module:
        assert not row.anchor
        return
    assert (SOURCE / row.module).is_file(), f"there is no src/carac/{row.module}"
    assert row.anchor, "a row with a module needs an anchor"
    assert len(row.lines) == 1, f"{row.anchor!r} stands on the lines {row.lines} of {row.module}"


@pytest.mark.parametrize("row", ROWS)
def test_the_case_exists(row: Row) -> None:
    missing = [case for case in row.cases if not any(fnmatchcase(known, case) for known in known_cases())]
    assert not missing, f"there is no case {', '.join(missing)}"


@pytest.mark.parametrize("row", ROWS)
def test_the_row_is_complete(row: Row) -> None:
    assert row.outcome in OUTCOMES, f"{row.found!r} begins with none of {', '.join(OUTCOMES)}"
    for name in ("instrument", "criterion", "catalogue_section", "catalogue_says"):
        assert getattr(row, name).strip(), f"{name} is empty"
    if row.outcome in ("agrees", "corrected", "added"):
        assert row.module and row.cases, "what agrees has its line of code and its case"


def test_no_criterion_stands_twice() -> None:
    counted = Counter((path.stem, row.instrument, row.criterion) for path in readings() for row in rows_of(path))
    assert [key for key, number in counted.items() if number > 1] == []


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_the_page_is_what_the_tool_writes(path: Path) -> None:
    assert path.is_file() and path.read_text(encoding="utf-8") == documents()[path], (
        "python tools/make_verification_docs.py"
    )


def test_every_page_has_its_reading() -> None:
    assert set(make_verification_docs.DOCS.glob("verification*.md")) == set(documents())
