"""Hazard ratios as a forest: a line per coefficient, alone (open) and in the joint model (filled), on a log axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from carac.analysis.incidence import Value
from carac.report import theme
from carac.report.figures import axes, marks

WIDTH, ROW, APART = 280.0, 22.0, 5.0
#: Where the axis ends at most; what lies beyond is drawn to the edge, and its numbers stand beside it.
LEAST, MOST = 1 / 32, 32.0
_TICKS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
_WORDS = ("1/32", "1/16", "1/8", "1/4", "1/2", "1", "2", "4", "8", "16", "32")


class Row:
    """One line of the forest.

    Parameters
    ----------
    label: at the left; `head` prints it alone, in bold.
    alone, together: hazard ratios; None draws nothing.
    """

    def __init__(
        self, label: str, alone: Value | None = None, together: Value | None = None, head: bool = False
    ) -> None:
        self.label, self.alone, self.together, self.head = label, alone, together, head


def hazard_ratio(value: Value | None, unbounded: str = "…") -> str:
    """A hazard ratio with its interval, such as "1.31 (0.96–1.79)"; an open end is dots."""
    if value is None:
        return "–"
    low, high = (unbounded if end is None else digits(end) for end in (value.lower, value.upper))
    return f"{digits(value.estimate)} ({low}–{high})"


def digits(value: float) -> str:
    """A ratio to two decimals, or to two digits where it is small or large."""
    if value >= 9.995:
        return f"{value:.0f}" if value < 1000 else ">1000"
    return f"{value:.2f}" if value >= 0.0095 else "<0.01"


def hazard_ratio_figure(
    rows: Sequence[Row], title: str, subtitle: str, synthetic: bool, key: Sequence[tuple[str, str]]
) -> alt.TopLevelMixin:
    """A forest of hazard ratios.

    Parameters
    ----------
    rows: from above to below.
    key: words of the two kinds of points and their colours; of one where only one is drawn.
    """
    points, spans, names = [], [], []
    for place, row in enumerate(rows):
        y = ROW * (place + 0.5)
        names.append({"text": row.label, "y": y, "side": "head" if row.head else "left"})
        both = row.alone is not None and row.together is not None
        for value, kind, shift in ((row.alone, "alone", -APART), (row.together, "together", APART)):
            if value is not None:
                spot = y + (shift if both else 0.0)
                points.append({"ratio": _within(value.estimate), "y": spot, "kind": kind, "true": value.estimate})
                spans.append({**_ends(value), "y": spot, "kind": kind})
        if not row.head:
            told = row.together if row.together is not None else row.alone
            names.append({"text": hazard_ratio(told), "y": y, "side": "right"})
    low, high = _extent(spans)
    layers = [_one(low, high), *_marks(points, spans, low, high), *_texts(names), *marks.key(list(key), -34)]
    chart = marks.layered(layers, WIDTH, ROW * max(len(rows), 1))
    return theme.finished(chart, title, subtitle, synthetic)


def _within(value: float) -> float:
    return min(max(value, LEAST), MOST)


def _ends(value: Value) -> dict[str, float]:
    low = LEAST if value.lower is None else value.lower
    high = MOST if value.upper is None else value.upper
    return {"from": _within(low), "to": _within(high)}


def _extent(spans: Sequence[dict[str, Any]]) -> tuple[float, float]:
    """Ticks that hold all intervals, and 1/2 to 2 at least."""
    lowest = min([0.5, *(one["from"] for one in spans)])
    highest = max([2.0, *(one["to"] for one in spans)])
    return max(one for one in _TICKS if one <= lowest), min(one for one in _TICKS if one >= highest)


def _x(field: str, low: float, high: float) -> alt.X:
    shown = [(tick, word) for tick, word in zip(_TICKS, _WORDS, strict=True) if low <= tick <= high]
    label = " : ".join(f"abs(datum.value / {tick!r} - 1) < 0.01 ? '{word}'" for tick, word in shown) + " : ''"
    axis = alt.Axis(
        values=[tick for tick, _ in shown], title=None, grid=True, domain=False, labelExpr=label, labelFlush=False
    )
    return alt.X(f"{field}:Q", scale=alt.Scale(type="log", domain=[low, high], nice=False), axis=axis)


def _one(low: float, high: float) -> Any:
    chart: Any = alt.Chart(axes.data([{"ratio": 1.0}]))
    return chart.mark_rule(color=theme.MUTED, strokeWidth=1).encode(x=_x("ratio", low, high))


def _marks(points: axes.Rows, spans: axes.Rows, low: float, high: float) -> list[Any]:
    made = []
    shapes: dict[str, dict[str, Any]] = {
        "alone": {"filled": False, "size": 55, "color": theme.GROUPS[0], "strokeWidth": 2},
        "together": {"filled": True, "size": 70, "color": theme.GROUPS[1]},
    }
    for kind, shape in shapes.items():
        lines: Any = alt.Chart(axes.data([one for one in spans if one["kind"] == kind]))
        dots: Any = alt.Chart(axes.data([one for one in points if one["kind"] == kind]))
        made.append(
            lines.mark_rule(color=shape["color"], strokeWidth=2, opacity=0.65).encode(
                x=_x("from", low, high), x2="to:Q", y=marks.down("y")
            )
        )
        made.append(
            dots.mark_point(opacity=1, **shape).encode(
                x=_x("ratio", low, high), y=marks.down("y"), tooltip=[alt.Tooltip("true:Q", format=".3g")]
            )
        )
    return made


def _texts(names: Sequence[dict[str, Any]]) -> list[Any]:
    by_side = {side: [one for one in names if one["side"] == side] for side in ("head", "left", "right")}
    return [
        marks.words(by_side["head"], -290, size=theme.TEXT, bold=True),
        marks.words(by_side["left"], -14, align="right"),
        marks.words(by_side["right"], WIDTH + 14, ink=theme.MUTED),
    ]
