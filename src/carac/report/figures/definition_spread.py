"""One thing under every definition: shares on the same people, agreement of each two, and who reaches which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from carac.analysis.spread import PUBLISHED, Topic
from carac.report import theme
from carac.report.figures import axes, marks
from carac.report.numbers import percent
from carac.report.questions.asked import capped, sentence

WIDTH, ROW = 360.0, 21.0
CELL = 34.0
#: So many combinations are drawn; the rest is summed.
MOST = 14


def spread_figure(topic: Topic, window: str, synthetic: bool) -> alt.TopLevelMixin:
    """A point with its interval per definition, the published range behind them."""
    rows, names = [], []
    for place, one in enumerate(topic.shares):
        y = ROW * place + 8
        share, low, high = (100 * (value or 0.0) for value in (one.share, one.lower, one.upper))
        rows.append({"share": share, "low": low, "high": high, "y": y, "definition": one.endpoint.title})
        names.append({"text": capped(sentence(one.endpoint.title), 64), "y": y, "side": "left"})
        names.append({"text": f"{percent(one.share or 0)} %", "y": y, "side": "right"})
    height = ROW * len(topic.shares)
    layers = [*_published(topic, height), *_points(rows)]
    layers.append(marks.words([n for n in names if n["side"] == "left"], -10, align="right", size=theme.TEXT))
    layers.append(marks.words([n for n in names if n["side"] == "right"], WIDTH + 10, bold=True))
    chart = marks.layered(layers, WIDTH, height)
    subtitle = f"% of the same {topic.people} infusions, {window}, by definition alone"
    return theme.finished(
        chart, f"{sentence(topic.name)}: one cohort, {len(topic.shares)} definitions", subtitle, synthetic
    )


def _published(topic: Topic, height: float) -> list[Any]:
    if topic.name not in PUBLISHED:
        return []
    low, high, _ = PUBLISHED[topic.name]
    chart: Any = alt.Chart(axes.data([{"from": low, "to": high}]))
    band = chart.mark_rect(color=theme.GRID).encode(
        x=alt.X("from:Q", scale=_scale(), axis=_axis()), x2=alt.X2("to:Q"), y=axes.y_at(0), y2=axes.y2_at(height)
    )
    label = [{"text": f"published: {low:g} to {high:g} %", "y": -9, "share": (low + high) / 2}]
    return [band, marks.words(label, alt.X("share:Q", scale=_scale(), axis=_axis()), align="center", ink=theme.MUTED)]


def _scale() -> alt.Scale:
    return alt.Scale(domain=[-1, 101], nice=False)


def _axis() -> alt.Axis:
    return alt.Axis(values=[0, 25, 50, 75, 100], title=None, grid=True, domain=False)


def _points(rows: axes.Rows) -> list[Any]:
    chart: Any = alt.Chart(axes.data(rows))
    line = chart.mark_rule(color=theme.EVERYONE, strokeWidth=2).encode(
        x=alt.X("low:Q", scale=_scale(), axis=_axis()), x2=alt.X2("high:Q"), y=marks.down("y")
    )
    point = chart.mark_point(filled=True, size=60, color=theme.GROUPS[1], opacity=1).encode(
        x=alt.X("share:Q", scale=_scale(), axis=_axis()),
        y=marks.down("y"),
        tooltip=axes.told("definition:N", "share:Q"),
    )
    return [line, point]


def agreement_figure(topic: Topic, synthetic: bool) -> alt.TopLevelMixin:
    """A matrix: AC1 of each two definitions below the diagonal, kappa above it."""
    size = len(topic.shares)
    cells: list[dict[str, Any]] = []
    for pair in topic.pairs:
        for row, column, value in (
            (pair.second, pair.first, pair.agreement.ac1.estimate),
            (pair.first, pair.second, pair.agreement.kappa.estimate),
        ):
            shade = max(0.0, value)
            cells.append(
                {"x": CELL * column, "x2": CELL * column + CELL - 1.5, "y": 24 * row, "y2": 24 * row + 22.5}
                | {"xc": CELL * (column + 0.5), "yc": 24 * row + 11, "fill": _shade(shade)}
                | {"colour": "#fefefe" if shade >= 0.6 else "#1d2227", "text": f"{value:.2f}".replace("-", "−")}
            )
    left = [
        {"text": f"{place + 1}  {capped(sentence(one.endpoint.title), 58)}", "y": 24 * place + 11}
        for place, one in enumerate(topic.shares)
    ]
    above = [{"text": str(place + 1), "y": -9, "x": CELL * (place + 0.5)} for place in range(size)]
    layers = [
        marks.boxes(cells),
        marks.words(cells, "xc", y="yc", align="center", size=10),
        marks.words(left, -10, align="right"),
        marks.words(above, "x", align="center", ink=theme.MUTED),
    ]
    chart = marks.layered(layers, CELL * size, 24.0 * size)
    subtitle = "Who has it: below the diagonal Gwet's AC1, above it Cohen's kappa"
    return theme.finished(chart, f"{sentence(topic.name)}: agreement of definitions", subtitle, synthetic)


#: From no more agreement than chance to complete agreement.
_SHADES = ("#f1f5f9", "#dce9f3", "#a9cce3", "#5fa2ce", "#1f6fa8", "#0b3c66")


def _shade(value: float) -> str:
    return _SHADES[min(int(value * 5 + 1e-9), 4) + (1 if value > 0 else 0)]


def combinations_figure(topic: Topic, synthetic: bool) -> alt.TopLevelMixin:
    """An UpSet figure: which definitions people reach together, and how many people; most frequent first."""
    shown = topic.combinations[:MOST]
    most = max((one.people for one in shown), default=1)
    top, step = 90.0, 26.0
    bars, dots, numbers, links = [], [], [], []
    for place, one in enumerate(shown):
        x = step * place
        bars.append(
            {"x": x + 4, "x2": x + step - 4, "y": top - 80 * one.people / most, "y2": top, "fill": theme.EVERYONE}
        )
        numbers.append({"text": str(one.people), "xc": x + step / 2, "y": top - 80 * one.people / most - 8})
        for row in range(len(topic.shares)):
            fill = theme.EVERYONE if row in one.members else theme.GRID
            dots.append({"x": x + step / 2, "y": top + 16 + ROW * row, "colour": fill})
        if len(one.members) > 1:
            first, last = (top + 16 + ROW * row for row in (min(one.members), max(one.members)))
            links.append({"x": x + step / 2, "y": first, "y2": last})
    names = [
        {"text": capped(sentence(one.endpoint.title), 60), "y": top + 16 + ROW * row}
        for row, one in enumerate(topic.shares)
    ]
    dot: Any = alt.Chart(axes.data(dots))
    link: Any = alt.Chart(axes.data(links or [{"x": -50, "y": 0, "y2": 0}]))
    layers = [
        marks.boxes(bars),
        link.mark_rule(color=theme.EVERYONE, strokeWidth=2).encode(
            x=marks.across("x"), y=marks.down("y"), y2=alt.Y2("y2:Q")
        ),
        dot.mark_circle(size=90, opacity=1).encode(x=marks.across("x"), y=marks.down("y"), color=marks.colour()),
        marks.words(numbers, "xc", align="center"),
        marks.words(names, -10, align="right"),
    ]
    chart = marks.layered(layers, step * max(len(shown), 1), top + 16 + ROW * len(topic.shares))
    rest = sum(one.people for one in topic.combinations[MOST:])
    subtitle = f"{topic.people} infusions by the definitions that they reach"
    subtitle += f"; {rest} more in {len(topic.combinations) - MOST} rarer combinations" if rest else ""
    return theme.finished(chart, f"{sentence(topic.name)}: who reaches which definitions", subtitle, synthetic)


def texts(topics: Sequence[Topic]) -> str:
    """The range of each topic in words."""
    said = []
    for topic in topics:
        if topic.range:
            low, high = topic.range
            said.append(f"{topic.name} {percent(low)} to {percent(high)} %")
    return "; ".join(said)
