"""Comparisons with a constant: a printed tie is a tie, within a relative 1e-9 (catalogue, section 0)."""

from __future__ import annotations

import ibis
import pytest

from carac.language.comparisons import COMPARISONS, Interval, above, agreed, at_least, at_most, below
from small_tables import values_of

#: A value as a part of the constant, and whether it is below, at most, above and at least the constant.
SIDES = [
    (1 - 1.03e-9, (True, True, False, False)),
    (1 - 0.97e-9, (False, True, False, True)),
    (1.0, (False, True, False, True)),
    (1 + 0.97e-9, (False, True, False, True)),
    (1 + 1.03e-9, (False, False, True, True)),
]
SIGNS = {"<": below, "≤": at_most, ">": above, "≥": at_least}


def _compared(values: list[float | None], constant: float) -> list[tuple[bool | None, ...]]:
    return values_of(
        {"value": ("float64", values)},
        lambda t: {made.__name__: made(t.value, constant) for made in SIGNS.values()},
    )


@pytest.mark.parametrize("constant", [50.0, 0.1, 3.5])
def test_a_value_within_the_tolerance_is_a_tie(constant: float) -> None:
    assert _compared([constant * part for part, _ in SIDES], constant) == [sides for _, sides in SIDES]


def test_a_negative_constant_is_widened_the_same_way() -> None:
    # What is a little more than -50 by its amount lies below it.
    below_it, tie, above_it = _compared([-50 * (1 + 1.03e-9), -50.0, -50 * (1 - 1.03e-9)], -50)
    assert (below_it, tie, above_it) == (SIDES[0][1], SIDES[2][1], SIDES[4][1])


def test_nothing_is_as_near_to_0_as_0() -> None:
    assert _compared([0.0, 1e-300, -1e-300], 0) == [SIDES[2][1], SIDES[4][1], SIDES[0][1]]


def test_a_multiple_of_a_limit_as_the_laboratory_prints_it() -> None:
    # 1.5 times 35.2 is 52.8; in plain float64 it is 52.800000000000004.
    assert _compared([35.2 * 1.5], 52.8) == [SIDES[2][1]]


def test_what_is_missing_is_on_no_side() -> None:
    assert _compared([None], 50) == [(None,) * 4]


def test_the_signs_stand_for_their_comparisons() -> None:
    assert COMPARISONS == SIGNS


def test_a_result_is_known_where_both_ends_agree() -> None:
    ends = {"low": ("int8", [1, 1, None]), "high": ("int8", [1, 2, None])}

    def made(table: ibis.Table) -> dict[str, ibis.Value]:
        return {"agreed": agreed(table.low, table.high), "known": Interval(table.low, table.high).known}

    assert values_of(ends, made) == [(1, True), (None, True), (None, False)]
