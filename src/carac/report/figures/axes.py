"""The day axis that all figures share, and the rows of numbers that stand beneath it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from carac.report import theme

#: Rows as a chart takes them.
Rows = Sequence[Mapping[str, Any]]

#: Channels that stay at one pixel; Altair gives these no types. Named as channels, they spare it a long search.
x_at: Any = alt.XValue
x2_at: Any = alt.X2Value
y_at: Any = alt.YValue
y2_at: Any = alt.Y2Value

#: Days that may carry a number; a window shows those that fit.
_TICKS = (-35, -28, -21, -14, -7, -3, 0, 3, 7, 10, 14, 17, 21, 24, 28, 35, 42, 49, 56, 63, 70, 77, 84, 91, 100)
_EVERY_WEEK = tuple(day for day in _TICKS if day % 7 == 0 or day == 100)


def ticks(first: int, last: int) -> list[int]:
    """The numbered days of a window: twice a week in a short one, weekly in a long one, monthly in a year."""
    if last > _TICKS[-1]:
        return [day for day in (*range(0, last - 14, 30), last) if first <= day]
    wanted = _TICKS if last - first <= 45 else _EVERY_WEEK
    return [day for day in wanted if first <= day <= last]


def day_axis(first: int, last: int, title: str | None = "Days after infusion", grid: bool = False) -> alt.X:
    """The x channel of a field ``day``: the first and last day stand half a day within the frame."""
    axis = alt.Axis(**axis_options(first, last, title, grid))
    return alt.X("day:Q", scale=day_scale(first, last), axis=axis)


def axis_options(
    first: int, last: int, title: str | None = "Days after infusion", grid: bool = False
) -> dict[str, Any]:
    """The options of a day axis; without a title it is bare."""
    return {
        "values": ticks(first, last),
        "title": title,
        "grid": grid,
        "labelExpr": "replace(datum.label, '-', '−')",
        "labelOverlap": False,
        "labels": title is not None,
        "ticks": title is not None,
        "domain": title is not None,
    }


def day_scale(first: int, last: int) -> alt.Scale:
    """The scale of days."""
    return alt.Scale(**scale_options(first, last))


def scale_options(first: int, last: int) -> dict[str, Any]:
    """The options of the scale of days: half a day of room on both sides, so that a day is as wide as its bar."""
    return {"domain": [first - 0.5, last + 0.5], "nice": False, "zero": False}


def pixel_of_day(day: float, first: int, last: int, width: float) -> float:
    """Where a day is drawn, in pixels from the left of the frame."""
    return (day - (first - 0.5)) / (last - first + 1) * width


def data(rows: Rows) -> alt.InlineData:
    """Rows as the data of a chart."""
    # Altair copies lists with every step of a chart and leaves tuples alone: ten times the work on a patient's page.
    return alt.InlineData(values=tuple(dict(row) for row in rows))


def told(*fields: str) -> list[alt.Tooltip]:
    """What a notebook tells of a mark that is pointed at."""
    return [alt.Tooltip(field) for field in fields]


def infusion_line(first: int, last: int, height: float, ink: str = theme.MUTED) -> alt.Chart:
    """A fine line at day 0."""
    return (
        alt.Chart(data([{"day": 0}]))
        .mark_rule(color=ink, strokeWidth=1, strokeDash=[2, 2])
        .encode(x=alt.X("day:Q", scale=day_scale(first, last)), y=y_at(0), y2=y2_at(height))
    )


def counts_below(
    rows: Sequence[tuple[str, str, dict[int, str]]], first: int, last: int, height: float, top: float = 46
) -> list[alt.Chart]:
    """Rows of numbers beneath a day axis, one per group: label at the left, a number at each numbered day.

    Parameters
    ----------
    rows: label, colour, and the text by day.
    height: of the frame, in pixels; `top`: how far beneath it the first row stands.
    """
    longest = max((len(text) for _, _, by_day in rows for text in by_day.values()), default=1)
    texts, names = [], [{"label": "n", "y": height + top - 13, "colour": theme.MUTED}]
    for place, (label, colour, by_day) in enumerate(rows):
        y = height + top + 14 * place
        names.append({"label": label, "y": y, "colour": colour})
        texts += [{"day": day, "text": by_day.get(day, "0"), "y": y, "colour": colour} for day in ticks(first, last)]
    return [
        alt.Chart(data(texts))
        .mark_text(fontSize=theme.SMALL, baseline="middle")
        .encode(
            x=alt.X("day:Q", scale=day_scale(first, last)),
            y=_pixels(),
            text=alt.Text("text:N"),
            color=alt.Color("colour:N", scale=None),
        ),
        alt.Chart(data(names))
        .mark_text(fontSize=theme.SMALL, align="right", baseline="middle", dx=-(6 + 3.3 * longest))
        .encode(x=x_at(0), y=_pixels(), text=alt.Text("label:N"), color=alt.Color("colour:N", scale=None)),
    ]


def _pixels() -> alt.Y:
    """A y channel that takes pixels as they are."""
    return alt.Y("y:Q", scale=None, axis=None)
