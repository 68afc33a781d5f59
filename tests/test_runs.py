"""Runs, fillings and rounding against plain Python."""

from __future__ import annotations

import random
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import duckdb
import ibis
import pyarrow as pa
import pytest

from carac.engine.base import compile_sql
from carac.language.runs import END_GAPS, IMPUTATIONS, completed, duration, half_to_even, joined_runs, reaches

ROWS = ibis.table(
    {"series": "string", "day": "int32", "low": "float64", "high": "float64", "first": "int32", "last": "int32"},
    name="rows",
)
ARROW = pa.schema(
    {
        "series": pa.string(),
        "day": pa.int32(),
        "low": pa.float64(),
        "high": pa.float64(),
        "first": pa.int32(),
        "last": pa.int32(),
    }
)
ENDS, LIMITS = ("low", "high"), ("first", "last")


def run(expression: ibis.Table, series: Sequence[Sequence[float | None]], order: str) -> list[dict[str, Any]]:
    rows = [
        {"series": f"{number:04d}", "day": day, "low": value, "high": value, "first": 0, "last": len(values) - 1}
        for number, values in enumerate(series)
        for day, value in enumerate(values)
    ]
    connection = duckdb.connect()
    connection.register("arrow", pa.Table.from_pylist(rows, schema=ARROW))
    connection.execute("CREATE TABLE rows AS SELECT * FROM arrow")
    found = connection.sql(f"SELECT * FROM ({compile_sql(expression, 'duckdb')}) ORDER BY {order}")
    return found.to_arrow_table().to_pylist()


def fill_by_hand(values: Sequence[float | None], method: str, maximum_gap: int, end_gaps: str) -> list[float | None]:
    known = [day for day, value in enumerate(values) if value is not None]
    filled = list(values)
    for day, value in enumerate(values):
        if value is not None or method == "none" or not known:
            continue
        before = max((k for k in known if k < day), default=None)
        after = min((k for k in known if k > day), default=None)
        gap = (len(values) if after is None else after) - (-1 if before is None else before) - 1
        if gap > maximum_gap:
            continue
        if before is None or after is None:
            if end_gaps == "nearest":
                filled[day] = values[after if before is None else before]  # type: ignore[index]
            continue
        left, right = values[before], values[after]
        assert left is not None and right is not None
        filled[day] = {
            "linear": left + (right - left) * (day - before) / (after - before),
            "mean_of_neighbours": (left + right) / 2,
            "last_observation": left,
        }[method]
    return filled


@pytest.mark.parametrize("method", IMPUTATIONS)
@pytest.mark.parametrize("end_gaps", END_GAPS)
def test_completed_as_by_hand(method: str, end_gaps: str) -> None:
    draw = random.Random(method + end_gaps)
    series = [
        [None if draw.random() < share else draw.uniform(0, 1000) for _ in range(draw.randint(1, 15))]
        for share in (0.2, 0.5, 0.8, 1.0)
        for _ in range(20)
    ]
    for maximum_gap in (0, 2, 100):
        expression = completed(
            ROWS.filter(ROWS.low.notnull()),
            ["series"],
            "day",
            ENDS,
            LIMITS,
            method=method,
            maximum_gap=maximum_gap,
            end_gaps=end_gaps,
        )
        rows = run(expression, series, "series, day")
        expected = [
            value
            for values in series
            if any(v is not None for v in values)
            for value in fill_by_hand(values, method, maximum_gap, end_gaps)
        ]
        assert [row["low"] for row in rows] == [
            pytest.approx(value) if value is not None else None for value in expected
        ]
        assert [row["high"] for row in rows] == [row["low"] for row in rows]


def runs_by_hand(flags: Sequence[bool], join_gap: int) -> list[list[int]]:
    runs: list[list[int]] = []
    for day in (day for day, flag in enumerate(flags) if flag):
        if runs and day - runs[-1][1] <= join_gap + 1:
            runs[-1][1] = day
        else:
            runs.append([day, day])
    return runs


@pytest.mark.parametrize("join_gap", [0, 1, 2, 6])
def test_runs_as_by_hand(join_gap: int) -> None:
    draw = random.Random(join_gap)
    series = [
        [float(draw.random() < share) for _ in range(draw.randint(1, 31))]
        for share in (0, 0.2, 0.5, 0.8, 1)
        for _ in range(20)
    ]
    flagged = ROWS.mutate(flag=ROWS.low > 0, other=ROWS.low == 0)
    runs = joined_runs(flagged, ["series"], "day", ["flag", "other"], join_gap)
    expression = runs.group_by("series").aggregate(
        **{
            rule: duration(runs, "day", "flag", rule)
            for rule in ("longest_joined", "cumulative_with_gaps", "cumulative")
        },
        other=duration(runs, "day", "other", "longest_joined"),
        open=reaches(runs, "day", "flag", 3, "last"),
    )
    for row, values in zip(run(expression, series, "series"), series, strict=True):
        flags = [value > 0 for value in values]
        by_hand = runs_by_hand(flags, join_gap)
        lengths = [end - start + 1 for start, end in by_hand]
        assert (row["longest_joined"], row["cumulative_with_gaps"], row["cumulative"]) == (
            max(lengths, default=0),
            sum(lengths),
            sum(flags),
        )
        others = [end - start + 1 for start, end in runs_by_hand([not flag for flag in flags], join_gap)]
        assert row["other"] == max(others, default=0)
        assert row["open"] == any(start <= 3 and end == len(values) - 1 for start, end in by_hand)


def test_low_days_alone_make_the_same_runs() -> None:
    """Days that are not low may be left out: low from day 1 to 3 and from day 6 to 7."""
    low = [0.0, 1, 1, 1, 0, 0, 1, 1, 0]
    flagged = ROWS.mutate(flag=ROWS.low > 0)
    runs = joined_runs(flagged.filter(flagged.flag), ["series"], "day", ["flag"], 1)
    found = run(runs.select("day", "flag__start", "flag__counted"), [low], "day")
    assert [(row["day"], row["flag__start"], row["flag__counted"]) for row in found] == [
        (1, 1, 1),
        (2, 1, 1),
        (3, 1, 1),
        (6, 6, 1),
        (7, 6, 1),
    ]
    (row,) = run(runs.group_by("series").aggregate(days=duration(runs, "day", "flag", "longest_joined")), [low], "days")
    assert row["days"] == 3


def test_a_window_that_starts_later_and_a_value_that_is_a_range() -> None:
    """From day 10 to 19, a value of 2 to 4 on day 13 and of 6 to 10 on day 16: both ends are filled by themselves."""
    window = ROWS.mutate(first=ibis.literal(10, "int32"), last=ibis.literal(19, "int32"))
    ranges = window.mutate(high=(window.day == 13).ifelse(4.0, 10.0)).filter(window.low.notnull())
    values = [None] * 13 + [2.0, None, None, 6.0]
    expected = {
        3: [(2, 4), (2, 4), (2, 4), (2, 4), (10 / 3, 6), (14 / 3, 8), (6, 10), (6, 10), (6, 10), (6, 10)],
        # Two days between the values are filled, three before and after them are not.
        2: [None, None, None, (2, 4), (10 / 3, 6), (14 / 3, 8), (6, 10), None, None, None],
    }
    for maximum_gap, ends in expected.items():
        filled = completed(
            ranges, ["series"], "day", ENDS, LIMITS, method="linear", maximum_gap=maximum_gap, end_gaps="nearest"
        )
        found = run(filled, [values], "day")
        assert [row["day"] for row in found] == list(range(10, 20))
        assert [row["low"] for row in found] == [pytest.approx(end[0]) if end else None for end in ends]
        assert [row["high"] for row in found] == [pytest.approx(end[1]) if end else None for end in ends]


def test_a_tie_is_one_within_the_tolerance_of_all_comparisons() -> None:
    """A relative 1e-9 of the value and half a step together: 5 of a step of 10 goes to 0, what lies above it to 10."""
    values = [5.0, 5 + 1.48e-8, 5 + 1.52e-8, 5 - 1.48e-8]
    rows = run(ROWS.select("day", rounded=half_to_even(ROWS.low, 10.0)), [values], "day")
    assert [row["rounded"] for row in rows] == [0, 0, 10, 0]


def test_half_to_even() -> None:
    values = [
        0,
        4,
        5,
        6,
        15,
        25,
        495,
        501,
        505,
        505.0000001,
        505.1,
        514.9,
        515,
        995,
        1005,
        1e9,
        0.505 * 1000,
        1.005 * 1000,
        0.145 * 1000,
    ]
    expression = ROWS.select("day", rounded=half_to_even(ROWS.low, 10.0))
    rows = run(expression, [[float(value) for value in values]], "day")
    exact = [round(value, 6) for value in values]
    expected = [float((Decimal(str(value)) / 10).quantize(Decimal(1), ROUND_HALF_EVEN) * 10) for value in exact]
    assert [row["rounded"] for row in rows] == expected


def test_compile_everywhere() -> None:
    filled = completed(
        ROWS.filter(ROWS.low.notnull()),
        ["series"],
        "day",
        ENDS,
        LIMITS,
        method="linear",
        maximum_gap=7,
        end_gaps="nearest",
    )
    runs = joined_runs(filled.mutate(flag=(filled.low < 1).fill_null(False)), ["series"], "day", ["flag"], 2)
    for dialect in ("duckdb", "postgres", "databricks"):
        assert compile_sql(runs, dialect)
