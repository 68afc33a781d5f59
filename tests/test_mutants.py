"""The mutator: what it changes, what it leaves alone, and that a mutant keeps its name when lines move."""

from __future__ import annotations

import ast

import pytest

from mutants import mutants

SOURCE = '''"""A docstring with 5."""
LIMIT: Final[3] = 6

def grade(value, *, open_=False):
    """Below 7."""
    if value < LIMIT and not open_:
        return max(value + 1, 0.5)
    raise ValueError("12" * 3)

BANDS = Bands(below={50: 2})
'''


def changes(source: str) -> list[str]:
    return [mutant.change for mutant in mutants(source)]


def test_numbers_comparisons_connectives_extremes_and_truths_change() -> None:
    assert sorted(changes(SOURCE)) == sorted(
        [
            *("6 -> 7", "6 -> 5", "False -> True", "< -> <=", "and -> or", "not open_ -> open_"),
            *("max -> min", "+ -> -", "1 -> 2", "1 -> 0", "0.5 -> 0.525", "0.5 -> 0.475"),
            *("below -> at_most", "50 -> 51", "50 -> 49", "2 -> 3", "2 -> 1"),
        ]
    )


def test_each_mutant_differs_from_the_source_and_from_the_others() -> None:
    made = [ast.unparse(mutant.applied(SOURCE)) for mutant in mutants(SOURCE)]
    assert len({*made, ast.unparse(ast.parse(SOURCE))}) == len(made) + 1


def test_a_name_does_not_depend_on_the_line() -> None:
    moved = "\n\n" + SOURCE
    assert [mutant.name for mutant in mutants(moved)] == [mutant.name for mutant in mutants(SOURCE)]
    assert len({mutant.name for mutant in mutants(SOURCE)}) == len(mutants(SOURCE))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Bands(below={1: 1}, at_most={2: 2})", []),
        ("below(value, limit)", ["below -> at_most"]),
        ("Worse.LOWER", ["LOWER -> HIGHER"]),
        ("cut = ('≥', 'text', None)", ["'≥' -> '>'"]),
        ("a & b | ~c", ["| -> &", "& -> |", "~c -> c"]),
        ("name + 'text'", []),
    ],
)
def test_words_that_compare(source: str, expected: list[str]) -> None:
    assert [change for change in changes(source) if not change[0].isdigit()] == expected
