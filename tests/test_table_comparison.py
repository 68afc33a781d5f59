"""The comparison of result tables sees what differs; tests of engines rest on it."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from support.compare import differences, standing_twice

ONE = {"key": ["a", "b", "c"], "number": [1.0, float("inf"), None], "grade": [0, None, 4], "word": ["x", None, ""]}


def table(**changes: list[object]) -> pa.Table:
    return pa.table(ONE | changes)


def test_the_same_in_another_order_and_type() -> None:
    other = table().take([2, 0, 1])
    other = other.set_column(2, "grade", other["grade"].cast(pa.float64()))
    assert differences(table(), other, ["key"]) == []


def test_rounding_is_no_difference() -> None:
    assert differences(table(), table(number=[1.0 + 1e-12, float("inf"), None]), ["key"]) == []


def test_what_differs_is_named() -> None:
    assert differences(table(), table(number=[1.0 + 1e-6, float("inf"), None]), ["key"]) != []
    assert differences(table(), table(number=[1.0, 1e300, None]), ["key"]) != []
    assert differences(table(), table(number=[1.0, float("-inf"), None]), ["key"]) != []
    assert "0 against None" in differences(table(), table(grade=[None, None, 4]), ["key"])[0]
    assert differences(table(), table(grade=[0, 0, 4]), ["key"]) != []
    assert differences(table(), table(word=["x", "", ""]), ["key"]) != []
    assert differences(table(), table(word=[None, None, None]), ["key"]) != []
    assert differences(table(), table(number=["1.0", "inf", None]), ["key"]) != []


def test_rows_and_columns_are_counted() -> None:
    assert differences(table(), table().slice(0, 2), ["key"]) == ["3 rows against 2"]
    assert "word" in differences(table(), table().drop_columns(["word"]), ["key"])[0]


def test_booleans_numbers_and_times() -> None:
    time = datetime(2024, 6, 10, 8)
    one = pa.table({"key": [1, 2], "flag": [True, None], "time": pa.array([time, None], pa.timestamp("us"))})
    other = pa.table({"key": [1, 2], "flag": [1, None], "time": pa.array([time, None], pa.timestamp("ns"))})
    assert differences(one, other, ["key"]) == []
    later = other.set_column(2, "time", pa.array([time.replace(hour=9), None], pa.timestamp("us")))
    assert len(differences(one, later, ["key"])) == 1


def test_a_row_that_stands_twice_is_named() -> None:
    twice = pa.table({"patient_id": ["p1", "p1", "p2"], "day": [3, 3, 3], "grade": [0, 1, 2]})
    assert standing_twice(twice, ["patient_id", "day"]) == ["p1 3 stands 2 times"]
    assert standing_twice(twice.slice(1), ["patient_id", "day"]) == []
    assert standing_twice(twice.slice(0, 0), ["patient_id", "day"]) == []
