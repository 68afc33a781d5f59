"""Does a count of a denominator round to the printed percentage? Exact arithmetic on the text that was printed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

HALF = Fraction(1, 2)


def _half_up(scaled: Fraction) -> int:
    return int(scaled + HALF)


def _half_even(scaled: Fraction) -> int:
    return round(scaled)


def _truncated(scaled: Fraction) -> int:
    return int(scaled)


def _ceiling(scaled: Fraction) -> int:
    return -int(-scaled // 1)


#: The usual ways of rounding a percentage, in the order in which they are believed.
ROUNDINGS: Mapping[str, Callable[[Fraction], int]] = MappingProxyType(
    {"half up": _half_up, "half even": _half_even, "truncation": _truncated, "ceiling": _ceiling}
)
#: Both round to the nearest and differ at an exact half only.
NEAREST = ("half up", "half even")


def places(printed: str) -> int:
    """Decimal places of a number as printed: two in "7.20"."""
    return len(printed.partition(".")[2])


def value(printed: str) -> Fraction:
    """The exact value of a number as printed."""
    return Fraction(Decimal(printed))


def fitting(count: int, denominator: int, printed: str) -> tuple[str, ...]:
    """The usual roundings by which a count of a denominator gives the printed percentage; none where it cannot.

    Parameters
    ----------
    count: at least 0.
    denominator: 0 fits nothing.
    printed: the percentage as text.
    """
    if denominator <= 0:
        return ()
    scale = 10 ** places(printed)
    scaled = Fraction(100 * count * scale, denominator)
    target = value(printed) * scale
    return tuple(name for name, rounded in ROUNDINGS.items() if rounded(scaled) == target)


def shown(count: int, denominator: int, printed: str) -> str:
    """A percentage for a sentence, to two places more than were printed: "1.1111 %"."""
    return f"{float(Fraction(100 * count, denominator)):.{places(printed) + 2}f} %"


def habit(cells: Iterable[tuple[int, int, str]]) -> str:
    """The rounding that gives most cells of one table; to the nearest where nothing speaks against it."""
    votes = dict.fromkeys(ROUNDINGS, 0)
    for count, denominator, printed in cells:
        for name in fitting(count, denominator, printed):
            votes[name] += 1
    return max(votes, key=lambda name: votes[name])


def in_manner(fits: tuple[str, ...], usual: str) -> bool:
    """Whether a fit is in the manner of its table; the two ways of rounding to the nearest are one manner."""
    return bool(set(fits) & ({usual} | (set(NEAREST) if usual in NEAREST else set())))


def same_figure(first: str, second: str) -> bool:
    """Whether two printed numbers can be one figure: the finer, rounded to the places of the coarser, equals it."""
    coarse, fine = sorted((first, second), key=places)
    scaled = value(fine) * 10 ** places(coarse)
    sign = -1 if scaled < 0 else 1
    return any(
        sign * rounded(abs(scaled)) == value(coarse) * 10 ** places(coarse)
        for name, rounded in ROUNDINGS.items()
        if name in NEAREST
    )


def rounded_twice(count: int, denominator: int, printed: str) -> bool:
    """Whether rounding to one place more, and then again, gives the printed percentage (9.449, 9.45, 9.5)."""
    scale = 10 ** places(printed)
    finer = _half_up(Fraction(100 * count * scale * 10, denominator))
    return Fraction(_half_up(Fraction(finer, 10)), scale) == value(printed)


def zero_added(count: int, denominator: int, printed: str) -> bool:
    """Whether the percentage was rounded to a place less and a zero put behind it (1.087, 1.1, 1.10)."""
    return printed.endswith("0") and "." in printed and bool(fitting(count, denominator, printed[:-1].rstrip(".")))
