"""Who the patients are: counts and quartiles of what is known at infusion, by product, with what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

from carac.report import words
from carac.report.numbers import NOTHING, Writer, percent

Row = dict[str, Any]


def three(values: Sequence[float]) -> tuple[float | None, float | None, float | None]:
    """Lower quartile, median and upper quartile, interpolated as the engine does; None where there is no value."""
    if not values:
        return None, None, None
    if len(values) == 1:
        return values[0], values[0], values[0]
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return low, middle, high


@dataclass(frozen=True)
class Line:
    """One row of table one: a name, and the text of each column; the texts of a group are empty."""

    name: str
    texts: tuple[str, ...]


def number_lines(
    name: str, pick: Callable[[Row], float | None], columns: Sequence[Sequence[Row]], write: Writer
) -> list[Line]:
    """Median with quartiles per column, and a line of missing counts where any is missing."""
    from carac.report.numbers import quartiles

    texts, missing = [], []
    for rows in columns:
        known = [value for row in rows if (value := pick(row)) is not None]
        hidden = write.is_small(len(known))
        texts.append(NOTHING if hidden else quartiles(three(known)))
        missing.append(len(rows) - len(known))
    return [Line(name, tuple(texts)), *_missing_line(missing, columns, write)]


def share_lines(
    name: str, pick: Callable[[Row], str | None], columns: Sequence[Sequence[Row]], write: Writer, most: int = 8
) -> list[Line]:
    """Counts with shares of those recorded, most frequent first; rare ones beyond `most` together."""
    known = [[value for row in rows if (value := pick(row))] for rows in columns]
    order = [value for value, _ in Counter(known[0]).most_common()]
    shown = order if len(order) <= most else order[: most - 1]
    lines = [Line(name, ("",) * len(columns))]
    counts = [Counter(values) for values in known]
    names = [f"  {value}" for value in shown]
    rest = [c.total() - sum(c[value] for value in shown) for c in counts]
    if len(shown) < len(order):
        names.append(f"  other ({len(order) - len(shown)})")
    cells = [
        _with_shares([*(c[v] for v in shown), left], c.total(), write) for c, left in zip(counts, rest, strict=True)
    ]
    lines += [Line(text, tuple(column[place] for column in cells)) for place, text in enumerate(names)]
    missing = [len(rows) - len(values) for rows, values in zip(columns, known, strict=True)]
    return [*lines, *_missing_line(missing, columns, write)]


def _with_shares(counts: Sequence[int], total: int, write: Writer) -> list[str]:
    """Counts with their shares; a hidden count has none."""
    if not total:
        return [NOTHING] * len(counts)
    texts = write.counts(counts)
    return [
        f"{text} ({percent(count / total)})" if text == str(count) else text
        for text, count in zip(texts, counts, strict=True)
    ]


def _missing_line(missing: Sequence[int], columns: Sequence[Sequence[Row]], write: Writer) -> list[Line]:
    if not any(missing):
        return []
    texts = tuple(write.count(count, len(rows)) for count, rows in zip(missing, columns, strict=True))
    return [Line("  not recorded, n", texts)]


def products_of(rows: Sequence[Row], most: int = 6) -> list[tuple[str, list[Row]]]:
    """The infusions by product, most frequent first, beyond `most` the rest together; none where there is one."""
    by_name: dict[str, list[Row]] = {}
    for row in rows:
        by_name.setdefault(words.product_short(row["product"]), []).append(row)
    order = sorted(by_name.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    if len(order) == 1:
        return []
    if len(order) <= most:
        return order
    rest = [row for _, own in order[most - 1 :] for row in own]
    return [*order[: most - 1], ("others", rest)]


def baseline(row: Row, analyte: str) -> float | None:
    """The baseline of an analyte; of a result beyond measurement its limit."""
    low, high = row.get(f"{analyte}_baseline__from"), row.get(f"{analyte}_baseline__to")
    if low is None or high is None:
        return None
    return float(low if high > 1e300 else high if low <= 0 else (low + high) / 2)
