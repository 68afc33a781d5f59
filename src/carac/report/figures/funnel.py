"""A funnel plot: each study's log odds against its standard error, with what chance alone would give."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log
from typing import Any

import altair as alt

from carac.report import theme
from carac.report.figures import axes, marks

WIDTH, HEIGHT = 420.0, 300.0
_QUANTILE = 1.959963984540054
#: Percentages that may stand on the axis of log odds.
_TICKS = (0.1, 0.3, 1, 3, 10, 30, 50, 70, 90, 97)


def log_odds(percentage: float) -> float:
    """The log odds of a percentage."""
    return log(percentage / (100 - percentage))


def funnel(studies: Sequence[tuple[str, float, float]], centre: float, title: str, subtitle: str) -> alt.TopLevelMixin:
    """Draw a funnel plot of proportions.

    Parameters
    ----------
    studies: label, log odds and standard error of each.
    centre: the pooled log odds.
    """
    deepest = ceil(10 * max(error for _, _, error in studies)) / 10 + 0.1
    reach = _QUANTILE * deepest
    values = [value for _, value, _ in studies]
    low, high = min(centre - reach, *values) - 0.2, max(centre + reach, *values) + 0.2
    x = alt.Scale(domain=[low, high], nice=False, zero=False)
    y = alt.Scale(domain=[0, deepest], reverse=True, nice=False)
    ticks = [log_odds(tick) for tick in _TICKS if low < log_odds(tick) < high]
    across = alt.Axis(
        values=ticks,
        title="% with the event (log odds scale)",
        grid=False,
        labelExpr="format(100 / (1 + exp(-datum.value)), '.1~f')",
        labelOverlap=False,
    )
    down = alt.Axis(title="Standard error of the log odds", grid=False, tickCount=5)
    cone = [{"x": centre, "y": 0.0}, {"x": centre - reach, "y": deepest}]
    other = [{"x": centre, "y": 0.0}, {"x": centre + reach, "y": deepest}]
    layers: list[Any] = [
        _line(side, x, y, across, down, [4, 3]) for side in (cone, other, [cone[0], {"x": centre, "y": deepest}])
    ]
    points: Any = alt.Chart(axes.data([{"study": name, "x": value, "y": error} for name, value, error in studies]))
    layers.append(
        points.mark_circle(size=56, color=theme.GROUPS[0], opacity=0.85).encode(
            x=alt.X("x:Q", scale=x, axis=across), y=alt.Y("y:Q", scale=y, axis=down), tooltip=["study:N"]
        )
    )
    return theme.finished(marks.layered(layers, WIDTH, HEIGHT), title, subtitle)


def _line(rows: axes.Rows, x: alt.Scale, y: alt.Scale, across: alt.Axis, down: alt.Axis, dash: list[int]) -> Any:
    chart: Any = alt.Chart(axes.data(rows))
    return chart.mark_line(color=theme.MUTED, strokeWidth=1, strokeDash=dash).encode(
        x=alt.X("x:Q", scale=x, axis=across), y=alt.Y("y:Q", scale=y, axis=down)
    )
