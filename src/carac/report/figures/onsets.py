"""When events begin, and what they coincide with: a lane per endpoint, and observed against chance overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from carac.analysis.timing import Overlap, Timing
from carac.report import theme
from carac.report.figures import axes, marks
from carac.report.numbers import percent
from carac.report.questions.asked import capped, p_value, sentence

WIDTH, LANE = 400.0, 30.0
ROW = 20.0


def onset_figure(found: Sequence[Timing], last: int, synthetic: bool) -> alt.TopLevelMixin:
    """A lane per endpoint: a tick per first event, the quartiles as a bar, the median as a point."""
    ticks, boxes, names = [], [], []
    for place, one in enumerate(found):
        y = LANE * place
        ticks += [{"day": float(day), "y": y, "y2": y + 18, "endpoint": one.endpoint.name} for day in one.onset.days]
        names.append({"text": capped(sentence(one.endpoint.title), 52), "side": "left", "y": y + 9})
        told = f"median day {one.onset.quartiles[1]:g}" if one.onset.quartiles else "no event"
        names.append({"text": f"n = {len(one.onset.days)}, {told}", "side": "right", "y": y + 9})
        if one.onset.quartiles:
            low, middle, high = one.onset.quartiles
            boxes.append({"from": low, "to": high, "day": middle, "y": y + 9})
    height = LANE * max(len(found), 1) - 8
    chart: Any = alt.Chart(axes.data(ticks or [{"day": 0, "y": -5, "y2": -5, "endpoint": ""}]))
    lanes = chart.mark_rule(color=theme.EVERYONE, opacity=0.35, strokeWidth=1.6).encode(
        x=axes.day_axis(0, last),
        y=marks.down("y"),
        y2=alt.Y2("y2:Q"),
        tooltip=axes.told("endpoint:N", "day:Q"),
    )
    layers = [
        lanes,
        *_quartiles(boxes, last),
        marks.words([one for one in names if one["side"] == "left"], -12, align="right", size=theme.TEXT),
        marks.words([one for one in names if one["side"] == "right"], WIDTH + 10, ink=theme.MUTED),
    ]
    drawn = marks.layered(layers, WIDTH, height)
    return theme.finished(
        drawn, "Day of the first event", "A line per person; bar: quartiles, point: median", synthetic
    )


def _quartiles(rows: axes.Rows, last: int) -> list[Any]:
    if not rows:
        return []
    chart: Any = alt.Chart(axes.data(rows))
    x = alt.X("from:Q", scale=axes.day_scale(0, last), axis=axes.day_axis(0, last)["axis"])
    bar = chart.mark_rule(color=theme.GROUPS[1], strokeWidth=4, opacity=0.8).encode(
        x=x, x2=alt.X2("to:Q"), y=marks.down("y")
    )
    point = chart.mark_point(filled=True, size=70, color=theme.GROUPS[1], opacity=1).encode(
        x=axes.day_axis(0, last), y=marks.down("y")
    )
    return [bar, point]


def overlap_figure(found: Sequence[Timing], around: int, synthetic: bool) -> alt.TopLevelMixin:
    """Per endpoint and other toxicity: the share that coincides (filled), and what chance would give (open)."""
    points, names, spans = [], [], []
    y = 0.0
    for one in found:
        rows = [overlap for overlap in one.overlaps if overlap.around == around and overlap.assessed]
        if not rows:
            continue
        names.append({"text": capped(sentence(one.endpoint.title), 96), "y": y, "side": "head"})
        y += ROW
        for overlap in rows:
            seen, whole, near = (100 * number / overlap.assessed for number in _three(overlap))
            spans.append({"from": min(seen, near), "to": max(seen, near), "y": y})
            points += [
                {"share": whole, "y": y, "kind": "whole"},
                {"share": near, "y": y, "kind": "near"},
                {"share": seen, "y": y, "kind": "seen"},
            ]
            names.append({"text": _short(overlap), "y": y, "side": "left"})
            names.append({"text": _told(overlap), "y": y, "side": "right"})
            y += ROW
        y += 8
    layers = [*_overlap_marks(points, spans), *_texts(names), *_key()]
    chart = marks.layered(layers, WIDTH - 60, max(y - 8, ROW))
    days = "on the day of the event" if around == 0 else f"within {around} days of the event"
    title = "What events coincide with"
    return theme.finished(chart, title, f"% of those assessed, {days}", synthetic)


def _three(overlap: Overlap) -> tuple[float, float, float]:
    return overlap.present, overlap.expected, overlap.expected_in_period


def _short(overlap: Overlap) -> str:
    return capped(sentence(overlap.state.title), 46)


def _told(overlap: Overlap) -> str:
    share = percent(overlap.present / overlap.assessed)
    sign = "P " if (overlap.p_value_in_period or 0) < 0.001 else "P = "
    return f"{overlap.present} of {overlap.assessed} ({share} %), {sign}{p_value(overlap.p_value_in_period)}"


def _overlap_marks(points: axes.Rows, spans: axes.Rows) -> list[Any]:
    axis = alt.Axis(values=[0, 25, 50, 75, 100], title=None, grid=True, domain=False)
    scale = alt.Scale(domain=[-2, 102], nice=False)
    line: Any = alt.Chart(axes.data(spans))
    made = [
        line.mark_rule(color=theme.LINE, strokeWidth=3).encode(
            x=alt.X("from:Q", scale=scale, axis=axis), x2=alt.X2("to:Q"), y=marks.down("y")
        )
    ]
    shapes: dict[str, dict[str, Any]] = {
        "whole": {"filled": False, "size": 50, "color": theme.OTHER, "shape": "diamond"},
        "near": {"filled": False, "size": 60, "color": theme.GROUPS[0], "strokeWidth": 2},
        "seen": {"filled": True, "size": 80, "color": theme.GROUPS[1]},
    }
    for kind, shape in shapes.items():
        chart: Any = alt.Chart(axes.data([one for one in points if one["kind"] == kind]))
        made.append(
            chart.mark_point(opacity=1, **shape).encode(
                x=alt.X("share:Q", scale=scale, axis=axis),
                y=marks.down("y"),
                tooltip=axes.told("share:Q"),
            )
        )
    return made


def _texts(names: Sequence[dict[str, Any]]) -> list[Any]:
    by_side = {side: [one for one in names if one["side"] == side] for side in ("head", "left", "right")}
    return [
        marks.words(by_side["head"], -300, size=theme.TEXT, bold=True),
        marks.words(by_side["left"], -14, align="right"),
        marks.words(by_side["right"], WIDTH - 50, ink=theme.MUTED),
    ]


def _key() -> list[Any]:
    words = (
        ("seen", theme.GROUPS[1]),
        ("chance within its period", theme.GROUPS[0]),
        ("chance, whole window", theme.OTHER),
    )
    return marks.key(list(words), -34)
