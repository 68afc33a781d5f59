"""Formulas: what they mean, the least and the most that they can be, and what is no formula."""

from __future__ import annotations

import math
from typing import Any

import ibis
import pytest

from carac.language.comparisons import Interval
from carac.language.formula import FormulaError, read_formula
from small_tables import values_of

Ends = tuple[float | None, float | None]
NOTHING: Ends = (None, None)


def same(value: float) -> Ends:
    """A value that is known exactly."""
    return (value, value)


#: Formula, what its inputs lie between, and the least and the most that it can be, by hand.
FORMULAS: list[tuple[str, dict[str, Ends], Ends]] = [
    # Precedence, and from left to right.
    ("x + 2 * 3", {"x": same(1)}, same(7)),
    ("(x + 2) * 3", {"x": same(1)}, same(9)),
    ("10 - 2 - x", {"x": (1, 3)}, (5, 7)),
    ("12 / 2 / x", {"x": (2, 3)}, (2, 3)),
    ("2 * x ^ 2", {"x": same(3)}, same(18)),
    ("10-x*2", {"x": same(3)}, same(4)),
    # Numbers and names in every form.
    ("2.5 * x", {"x": same(2)}, same(5)),
    (".5 * x", {"x": same(4)}, same(2)),
    ("4. * x", {"x": same(2)}, same(8)),
    ("15 * x", {"x": same(2)}, same(30)),
    ("1e2 + x", {"x": same(1)}, same(101)),
    ("1.5E-1 * x", {"x": same(2)}, same(0.3)),
    ("2E+1 * x", {"x": same(2)}, same(40)),
    ("  _x  ", {"_x": same(1)}, same(1)),
    ("x1 - e", {"x1": same(3), "e": same(1)}, same(2)),
    ("il_6", {"il_6": same(7)}, same(7)),
    # Sums, differences and signs of ranges.
    ("x + y", {"x": (1, 2), "y": (10, 20)}, (11, 22)),
    ("x - y", {"x": (1, 2), "y": (10, 20)}, (-19, -8)),
    ("-x", {"x": (1, 2)}, (-2, -1)),
    ("--x", {"x": (1, 2)}, (1, 2)),
    ("x + -2", {"x": same(5)}, same(3)),
    # The least of a product need not be that of the least factors.
    ("x * y", {"x": (-1, 2), "y": (3, 4)}, (-4, 8)),
    ("x * y", {"x": (-3, -1), "y": (-2, 4)}, (-12, 6)),
    # A quotient by what may be nothing is none.
    ("x / y", {"x": (-1, 2), "y": (2, 4)}, (-0.5, 1)),
    ("x / y", {"x": (1, 2), "y": (-4, -2)}, (-1, -0.25)),
    ("1 / y", {"y": (0.5, 1)}, (1, 2)),
    ("x / y", {"x": (1, 2), "y": (0, 4)}, NOTHING),
    ("x / y", {"x": (1, 2), "y": (-4, 0)}, NOTHING),
    ("x / y", {"x": (1, 2), "y": (-1, 0.5)}, NOTHING),
    # Powers of what is above 0.
    ("x ^ 0.5", {"x": (4, 9)}, (2, 3)),
    ("x ^ 2", {"x": (0.5, 1)}, (0.25, 1)),
    ("x ^ -1", {"x": (2, 4)}, (0.25, 0.5)),
    ("x ^ --2", {"x": same(3)}, same(9)),
    ("x ^ (2)", {"x": same(3)}, same(9)),
    ("x ^ 0", {"x": (2, 4)}, same(1)),
    ("x ^ 0.5", {"x": (0, 9)}, NOTHING),
    ("-x ^ 2", {"x": same(3)}, NOTHING),
    # Logarithms of what is above 0.
    ("log(x)", {"x": (0.5, math.e)}, (-math.log(2), 1)),
    ("log2(x)", {"x": (0.5, 8)}, (-1, 3)),
    ("log10(x)", {"x": (100, 1000)}, (2, 3)),
    ("log(x)", {"x": (0, 8)}, NOTHING),
    ("log2(x)", {"x": (-1, 8)}, NOTHING),
    # A float64 ends a little above exp(709).
    ("exp(x)", {"x": (0, 1)}, (1, math.e)),
    ("exp(x) / exp(680)", {"x": same(680)}, same(1)),
    ("exp(x) * exp(680)", {"x": same(-680)}, same(1)),
    ("exp(x)", {"x": same(700)}, NOTHING),
    ("exp(x)", {"x": same(720)}, NOTHING),
    ("exp(x)", {"x": (0, 800)}, NOTHING),
    ("exp(x)", {"x": (-700, 0)}, NOTHING),
    ("sqrt(x)", {"x": (0, 16)}, (0, 4)),
    ("sqrt(x)", {"x": (0.25, 1)}, (0.5, 1)),
    ("sqrt(x)", {"x": (-1, 16)}, NOTHING),
    ("min(x, y, 5)", {"x": (1, 9), "y": (2, 8)}, (1, 5)),
    ("max(x, 1e2)", {"x": (1, 200)}, (100, 200)),
    ("max(x, min(y, 5))", {"x": (1, 2), "y": (3, 9)}, (3, 5)),
    # An input that is missing leaves nothing: neither the least nor the greatest passes over it.
    ("x + y", {"x": NOTHING, "y": same(1)}, NOTHING),
    ("x * y", {"x": NOTHING, "y": same(1)}, NOTHING),
    ("min(x, y)", {"x": NOTHING, "y": same(1)}, NOTHING),
    ("max(x, y)", {"x": same(1), "y": NOTHING}, NOTHING),
    ("1 / y", {"y": NOTHING}, NOTHING),
]


@pytest.fixture(scope="module")
def found() -> list[Ends]:
    """The least and the most of every formula, made in one query."""
    columns = {
        f"{name}_{end}_{number}": ("float64", [value])
        for number, (_, values, _) in enumerate(FORMULAS)
        for name, ends in values.items()
        for end, value in zip(("low", "high"), ends, strict=True)
    }

    def made(table: ibis.Table) -> dict[str, ibis.Value]:
        ends: dict[str, ibis.Value] = {}
        for number, (text, values, _) in enumerate(FORMULAS):
            given = {name: Interval(table[f"{name}_low_{number}"], table[f"{name}_high_{number}"]) for name in values}
            interval = read_formula(text).interval(given)
            ends |= {f"least_{number}": interval.low, f"most_{number}": interval.high}
        return ends

    (row,) = values_of(columns, made)
    return [(row[2 * number], row[2 * number + 1]) for number in range(len(FORMULAS))]


@pytest.mark.parametrize("number", range(len(FORMULAS)), ids=[text for text, _, _ in FORMULAS])
def test_a_formula_as_by_hand(found: list[Ends], number: int) -> None:
    expected: Any = FORMULAS[number][2]
    assert found[number] == (expected if expected == NOTHING else pytest.approx(expected))


def test_the_inputs_stand_in_the_order_of_the_formula() -> None:
    assert read_formula("log2(ldh * crp / platelets)").names == ("ldh", "crp", "platelets")


WRONG = [
    ("", "it ends too early"),
    ("x +", "it ends too early"),
    ("x y", "'y' cannot stand there (part 2)"),
    ("(x", "there should be ')' in place of the end (part 3)"),
    ("(x y", "there should be ')' in place of 'y' (part 3)"),
    ("x)", "')' cannot stand there (part 2)"),
    ("log x", "there should be '(' in place of 'x' (part 2)"),
    ("log(x, 2)", "log takes one argument"),
    ("min(x)", "min takes two arguments or more"),
    ("min(x,)", "a value is missing before ')'"),
    ("x ^ y", "the exponent behind ^ has to be a number"),
    ("x ^ -y", "the exponent behind ^ has to be a number"),
    ("x ^ (1 + 1)", "the exponent behind ^ has to be a number"),
    ("x ^ 2 ^ 2", "'^' cannot stand there (part 4)"),
    ("2 + 3", "it has no input"),
    ("x + x", "x stands twice"),
    ("x; y", "';' cannot stand there (part 2)"),
    ("x + .", "a value is missing before '.'"),
    ("* x", "a value is missing before '*'"),
    ("lgo(x)", "there is no function 'lgo'; there are log, log2, log10, exp, sqrt, min, max"),
    ("__import__(1)", "there is no function '__import__'"),
]


@pytest.mark.parametrize(("text", "says"), WRONG)
def test_what_is_no_formula_is_told(text: str, says: str) -> None:
    with pytest.raises(FormulaError) as refused:
        read_formula(text)
    assert says in str(refused.value)


@pytest.mark.parametrize("around", [("(", ")"), ("-", ""), ("exp(", ")"), ("min(1, ", ")")])
def test_a_formula_may_be_nested_forty_deep(around: tuple[str, str]) -> None:
    before, after = around
    assert read_formula(before * 40 + "x" + after * 40).names == ("x",)
    with pytest.raises(FormulaError, match="nested more than 40 deep"):
        read_formula(before * 41 + "x" + after * 41)
