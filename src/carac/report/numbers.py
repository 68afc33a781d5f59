"""How counts, shares and quartiles are written; the interval of a share; how small counts are hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from carac.grading.explanation.words import number

#: Quantile of the normal distribution for an interval of 95 %.
_Z = 1.959963984540054
#: Counts below this, and above 0, are small: a patient could be told from them.
SMALL = 5
NOTHING = "–"
#: A count that is large enough and would tell a small one.
HIDDEN = "hidden"


def wilson(count: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share after Wilson; (0, 1) where nobody is counted.

    Parameters
    ----------
    count, total: people with and people in all.

    Returns
    -------
    Both ends as shares of 1.
    """
    if total == 0:
        return 0.0, 1.0
    share, z2 = count / total, _Z * _Z
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = _Z * sqrt(share * (1 - share) / total + z2 / (4 * total * total)) / (1 + z2 / total)
    # At 0 and at everyone the end is exact; rounding would leave a speck.
    low = 0.0 if count == 0 else max(0.0, middle - half)
    high = 1.0 if count == total else min(1.0, middle + half)
    return low, high


def percent(share: float) -> str:
    """A share as a percentage; one decimal below 10 %, which is what a hundred people can carry."""
    value = 100 * share
    return f"{value:.1f}" if 0 < value < 9.95 else f"{value:.0f}"


@dataclass(frozen=True)
class Writer:
    """Writes counts; hides small ones where asked to.

    Parameters
    ----------
    hide_small: True writes counts from 1 to 4 as "<5", and no share that would tell them.
    """

    hide_small: bool = False

    def is_small(self, count: int, total: int | None = None) -> bool:
        """Whether a count is hidden; so is one whose rest of the total is small, because a difference would tell it."""
        rest = 0 if total is None else total - count
        return self.hide_small and (0 < count < SMALL or 0 < rest < SMALL)

    def count(self, count: int, total: int | None = None) -> str:
        """A count; hidden where it is small, or where it would tell a small rest."""
        if self.hide_small and 0 < count < SMALL:
            return f"<{SMALL}"
        if total is not None and self.is_small(count, total):
            return f">{total - SMALL}"
        return str(count)

    def counts(self, counts: Sequence[int]) -> list[str]:
        """Counts of one total that is told; where one is hidden, so is the next smallest, or the total tells it."""
        hidden = {place for place, count in enumerate(counts) if self.hide_small and 0 < count < SMALL}
        if len(hidden) == 1:
            others = [place for place, count in enumerate(counts) if count and place not in hidden]
            hidden |= set(sorted(others, key=lambda place: counts[place])[:1])
        small = [f"<{SMALL}" if 0 < count < SMALL else HIDDEN for count in counts]
        return [small[place] if place in hidden else str(count) for place, count in enumerate(counts)]

    def count_percent(self, count: int, total: int) -> str:
        """A count with its share, such as "12 (40)"; a dash where nobody could be counted."""
        if total == 0:
            return NOTHING
        if self.is_small(count, total):
            return self.count(count, total)
        return f"{count} ({percent(count / total)})"

    def share_interval(self, count: int, total: int) -> str:
        """A share with its interval, such as "40 (22–61)"; a dash where nobody could be counted."""
        if total == 0 or self.is_small(count, total):
            return NOTHING
        low, high = wilson(count, total)
        return f"{percent(count / total)} ({percent(low)}–{percent(high)})"


def rounded(value: float) -> str:
    """A laboratory value to at most three significant digits, as a table shows it."""
    if value != value or value in (float("inf"), float("-inf")):
        return NOTHING
    return number(float(f"{value:.3g}"))


def quartiles(row: tuple[float | None, float | None, float | None]) -> str:
    """Median with quartiles, such as "45 (30–61)"; a dash where there is none."""
    low, middle, high = row
    if middle is None or low is None or high is None:
        return NOTHING
    return f"{rounded(middle)} ({rounded(low)}–{rounded(high)})"
