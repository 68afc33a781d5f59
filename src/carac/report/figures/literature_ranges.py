"""The incidences of the literature beside those of a cohort of one's own, on one axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from carac.report import theme
from carac.report.figures import axes, marks

WIDTH, ROW = 340.0, 34.0


@dataclass(frozen=True)
class Range:
    """One way of counting: what studies found, what they give together, and one's own figure.

    Parameters
    ----------
    title, detail: the outcome; definition and window.
    studies: percentages of the single studies.
    pooled: percentage with the ends of its interval; None where nothing was pooled.
    own: the same of one's own cohort; None where it has none.
    """

    title: str
    detail: str
    studies: tuple[float, ...]
    pooled: tuple[float, float, float] | None
    own: tuple[float, float, float] | None


def literature_ranges(ranges: Sequence[Range], title: str, subtitle: str, synthetic: bool = False) -> alt.TopLevelMixin:
    """Draw the ranges.

    Parameters
    ----------
    ranges: from top to bottom.
    """
    highest = max((value for one in ranges for value in _values(one)), default=1.0)
    end = next((end for end in (2, 5, 10, 20, 30, 40, 60, 80) if highest <= end), 100)
    scale = alt.Scale(domain=[0, end], nice=False, zero=False)
    axis = alt.Axis(title="%", tickCount=5, grid=True, domain=False)
    names, spans, dots, pools, owns = [], [], [], [], []
    for place, one in enumerate(ranges):
        y = ROW * place + 14
        names += [
            {"text": one.title, "y": y - 6, "size": "title"},
            {"text": _short(one.detail), "y": y + 7, "size": ""},
        ]
        if one.studies:
            spans.append({"low": min(one.studies), "high": max(one.studies), "y": y - 3, "at": 0.0})
            dots += [{"at": value, "y": y - 3} for value in one.studies]
        pools += [{"at": one.pooled[0], "low": one.pooled[1], "high": one.pooled[2], "y": y - 3}] if one.pooled else []
        owns += [{"at": one.own[0], "low": one.own[1], "high": one.own[2], "y": y + 8}] if one.own else []
    height = ROW * len(ranges)

    def x(field: str) -> alt.X:
        return alt.X(f"{field}:Q", scale=scale, axis=axis)

    layers: list[Any] = [*_spans(spans, x), *_dots(dots, x)]
    layers += [*_estimates(pools, x, theme.EVERYONE, "diamond"), *_estimates(owns, x, theme.GROUPS[1], "circle")]
    layers.append(marks.words([one for one in names if one["size"]], -12, align="right", bold=True))
    layers.append(marks.words([one for one in names if not one["size"]], -12, align="right", ink=theme.MUTED))
    labels = (("studies", theme.LINE), ("pooled", theme.EVERYONE), ("own cohort", theme.GROUPS[1]))
    layers += marks.key(labels, -24)
    return theme.finished(marks.layered(layers, WIDTH, height), title, subtitle, synthetic)


def _values(one: Range) -> tuple[float, ...]:
    return (*one.studies, *(one.pooled or ()), *(one.own or ()))


def _short(text: str, most: int = 58) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _spans(rows: axes.Rows, x: Any) -> list[Any]:
    if not rows:
        return []
    chart: Any = alt.Chart(axes.data(rows))
    return [chart.mark_rule(color=theme.LINE, strokeWidth=11).encode(x=x("low"), x2="high:Q", y=marks.down("y"))]


def _dots(rows: axes.Rows, x: Any) -> list[Any]:
    if not rows:
        return []
    chart: Any = alt.Chart(axes.data(rows))
    return [chart.mark_tick(color=theme.MUTED, size=9, thickness=1.5).encode(x=x("at"), y=marks.down("y"))]


def _estimates(rows: axes.Rows, x: Any, ink: str, shape: str) -> list[Any]:
    if not rows:
        return []
    chart: Any = alt.Chart(axes.data(rows))
    line = chart.mark_rule(color=ink, strokeWidth=1.6).encode(x=x("low"), x2="high:Q", y=marks.down("y"))
    point = chart.mark_point(shape=shape, filled=True, size=60, color=ink, opacity=1)
    return [line, point.encode(x=x("at"), y=marks.down("y"))]
