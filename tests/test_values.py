"""Texts that stand for a laboratory value, read as intervals; what is none says what would be right."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carac.cohort.values import INFINITY, INSIDE, compared, read_value


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("45", 45.0),
        (" 45 ", 45.0),
        ("+45", 45.0),
        ("-3", -3.0),
        (".5", 0.5),
        ("45.", 45.0),
        ("1.5e3", 1500.0),
        ("0", 0.0),
    ],
)
def test_a_number_has_both_ends_equal(text: str, number: float) -> None:
    reading = read_value(text)
    assert (reading.low, reading.high, reading.problem) == (number, number, "")


@pytest.mark.parametrize("text", ["<10", "< 10", "less than 10", "LESS THAN  10", "below 10", "under 10"])
def test_below_is_open_at_its_upper_end(text: str) -> None:
    reading = read_value(text)
    assert reading.low == 0.0
    assert reading.high == 10 * (1 - INSIDE) < 10


@pytest.mark.parametrize("text", [">5000", "> 5000", "GREATER THAN 5000", "more than 5000", "above 5000", "over 5000"])
def test_above_is_open_at_its_lower_end(text: str) -> None:
    reading = read_value(text)
    assert reading.low is not None and reading.low > 5000
    assert reading.high == INFINITY


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("<=10", 0, 10),
        ("≤ 10", 0, 10),
        ("=<10", 0, 10),
        ("at most 10", 0, 10),
        ("less than or equal to 10", 0, 10),
        (">=10", 10, INFINITY),
        ("≥10", 10, INFINITY),
        ("=>10", 10, INFINITY),
        ("at least 10", 10, INFINITY),
        ("greater than or equal to 10", 10, INFINITY),
        ("<=0", 0, 0),
        ("10-40", 10, 40),
        ("10 - 40", 10, 40),
        ("10 – 40", 10, 40),
        ("10 \x96 40", 10, 40),
        ("10 to 40", 10, 40),
        ("10..40", 10, 40),
        ("10-10", 10, 10),
    ],
)
def test_closed_comparators_and_ranges_keep_their_ends(text: str, low: float, high: float) -> None:
    reading = read_value(text)
    assert (reading.low, reading.high) == (low, high)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no number"),
        ("clotted", "no number"),
        ("45 H", "no number"),
        ("45*", "no number"),
        ("+++", "no number"),
        ("nan", "no number"),
        ("inf", "no number"),
        ("1e400", "too large"),
        ("<1e400", "too large"),
        ("10-1e400", "too large"),
        ("1,4", "comma"),
        ("<1,4", "comma"),
        ("1,234", "comma"),
        ("40-10", "backwards"),
        ("<0", "below 0"),
        ("<-5", "below 0"),
        (">-5", "below 0"),
        ("Oct-40", "no number"),
        ("10-", "no number"),
        ("<", "no number"),
        ("<>10", "no number"),
    ],
)
def test_what_is_no_value_says_what_would_be_right(text: str, problem: str) -> None:
    reading = read_value(text)
    assert reading.low is None and reading.high is None
    assert problem in reading.problem
    assert reading.remedy.endswith(".")


def test_an_unknown_comparator_is_an_error_of_the_program() -> None:
    with pytest.raises(ValueError, match="no"):
        compared("about", 10)


finite = st.floats(min_value=0, max_value=1e12, allow_nan=False).map(lambda number: round(number, 6))


@given(finite)
def test_every_number_is_read_as_it_is_written(number: float) -> None:
    reading = read_value(repr(number))
    assert reading.low == reading.high == number


@given(finite, finite)
def test_every_range_holds_its_ends(one: float, other: float) -> None:
    low, high = sorted((one, other))
    reading = read_value(f"{low!r}-{high!r}")
    assert (reading.low, reading.high) == (low, high)


@given(st.text(max_size=12))
def test_no_text_breaks_the_reading(text: str) -> None:
    reading = read_value(text)
    if reading.problem:
        assert reading.low is None and reading.high is None and reading.remedy
    else:
        assert reading.low is not None and reading.high is not None
        assert reading.low <= reading.high
        assert not math.isnan(reading.low) and not math.isinf(reading.low)
