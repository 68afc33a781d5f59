"""Bleeding and thrombosis on one day axis, bars up and down, beneath the median platelet and fibrinogen course."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import altair as alt

from carac.report import theme, words
from carac.report.figures import axes, marks
from carac.report.figures.course import Vertical, fewest, vertical
from carac.report.figures.event_axis import LANES
from carac.report.material import Material
from carac.report.queries.courses import DayQuartiles, by_day
from carac.report.queries.events import Event

WIDTH, LAB, BARS = 470.0, 100.0, 150.0
_COURSES = (("platelets", "#6b4e9b"), ("fibrinogen", "#8a6100"))
_BLEEDS = tuple(lane for lane in LANES if lane.startswith("bleeding"))
_CLOTS = tuple(lane for lane in LANES if not lane.startswith("bleeding"))


def two_sides(material: Material, events: Sequence[Event], observed: dict[int, int]) -> alt.TopLevelMixin:
    """Three panels on one day axis.

    Parameters
    ----------
    events: of all infusions; those beyond the window are left out.
    observed: infusions under observation by day, which stand beneath the axis.
    """
    panels = []
    for analyte, colour in _COURSES:
        rows = [row for row in by_day(material, analyte, together=True) if row.count >= fewest(material)]
        if rows:
            panels.append(_lab(material, analyte, colour, rows))
    panels.append(_events(material, events, observed))
    chart = alt.vconcat(*panels, spacing=24, bounds="flush").resolve_scale(x="shared", y="independent")
    subtitle = "Events by day of onset; above them median and quartiles of all infusions"
    return theme.finished(chart, "Bleeding and thrombosis on one day axis", subtitle, material.synthetic)


def _lab(material: Material, analyte: str, colour: str, rows: Sequence[DayQuartiles]) -> Any:
    first, last = material.options.first_day, material.options.last_day
    y = vertical([row.high for row in rows], False, LAB)
    points = [{"day": row.day, "low": row.low, "median": row.middle, "high": row.high, "n": row.count} for row in rows]
    base = alt.Chart(axes.data(points))
    axis = alt.Axis(values=y.ticks(), title=None, domain=False, tickCount=4, format=",.6~g")
    x = axes.day_axis(first, last, title=None)
    layers = [
        axes.infusion_line(first, last, LAB),
        base.mark_area(color=colour, opacity=0.18).encode(
            x=x, y=alt.Y("low:Q", scale=y.scale(), axis=axis), y2=alt.Y2("high:Q")
        ),
        base.mark_line(color=colour, strokeWidth=2).encode(x=x, y=alt.Y("median:Q", scale=y.scale(), axis=axis)),
        *_side(words.analyte_short(analyte), words.unit(analyte), colour, _at_end(rows, y)),
    ]
    return marks.layered(layers, WIDTH, LAB)


def _at_end(rows: Sequence[DayQuartiles], y: Vertical) -> float:
    return min(max(y.pixel(rows[-1].middle), 14), LAB - 16)


def _side(name: str, unit: str, colour: str, at: float) -> list[Any]:
    return [
        marks.words([{"text": name, "y": at - 7}], WIDTH + 8, size=theme.TEXT, bold=True, ink=colour),
        marks.words([{"text": f"median, {unit}", "y": at + 8}], WIDTH + 8, ink=colour),
    ]


def _events(material: Material, events: Sequence[Event], observed: dict[int, int]) -> Any:
    first, last = material.options.first_day, material.options.last_day
    bars, most = _bars(material, events, first, last)
    scale = alt.Scale(domain=[-most, most], nice=False)
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if most / s <= 4)
    axis = alt.Axis(
        values=list(range(-(most // step) * step, most + 1, step)),
        title="Events that day",
        domain=False,
        labelOverlap=False,
        labelExpr="format(abs(datum.value), 'd')",
    )
    x = axes.day_axis(first, last)
    drawn = (
        alt.Chart(axes.data(bars))
        .mark_rect()
        .encode(
            x=alt.X("from:Q", scale=x["scale"], axis=x["axis"]),
            x2=alt.X2("to:Q"),
            y=alt.Y("low:Q", scale=scale, axis=axis),
            y2=alt.Y2("high:Q"),
            color=alt.Color("colour:N", scale=None),
            tooltip=axes.told("day:Q", "lane:N", "n:Q"),
        )
    )
    zero = alt.Chart(axes.data([{"zero": 0}])).mark_rule(color=theme.INK).encode(y=alt.Y("zero:Q", scale=scale))
    below = {day: material.writer.count(count) for day, count in observed.items()}
    layers = [
        drawn,
        zero,
        axes.infusion_line(first, last, BARS),
        *_lane_names(material, events),
        *axes.counts_below([("observed", theme.INK, below)], first, last, BARS),
    ]
    return marks.layered(layers, WIDTH, BARS)


def _bars(material: Material, events: Sequence[Event], first: int, last: int) -> tuple[list[dict[str, object]], int]:
    """Bars by day and lane, bleeding stacked upwards, thrombosis downwards; and the highest of all."""
    counts = Counter((event.day, event.lane) for event in events if first <= event.day <= last)
    bars: list[dict[str, object]] = []
    most = 2
    for sign, lanes in ((1, _BLEEDS), (-1, _CLOTS)):
        for day in range(first, last + 1):
            height = 0
            for lane in lanes:
                n = counts[day, lane]
                if n:
                    bars.append(
                        {"day": day, "from": day - 0.42, "to": day + 0.42, "lane": lane, "n": n, "colour": LANES[lane]}
                        | {"low": sign * height, "high": sign * (height + n)}
                    )
                height += n
            most = max(most, height)
    return bars, most + 1 if most < 10 else int(most * 1.1)


def _lane_names(material: Material, events: Sequence[Event]) -> list[Any]:
    counts = Counter(event.lane for event in events if event.day <= material.options.last_day)
    short = {lane: lane.removeprefix("bleeding, ").replace("clinically relevant", "relevant") for lane in LANES}
    rows: list[dict[str, object]] = []
    for lanes, head, top in ((_BLEEDS, "Bleeding", 6.0), (_CLOTS, "Thrombosis", BARS / 2 + 12)):
        rows.append({"text": head, "y": top, "colour": theme.INK, "bold": True})
        shown = [lane for lane in lanes if counts[lane]]
        if not shown:
            rows.append({"text": "none recorded", "y": top + 15, "colour": theme.MUTED, "bold": False})
        for place, lane in enumerate(shown, 1):
            text = f"{short[lane]} ({material.writer.count(counts[lane])})"
            rows.append(
                {"text": text, "y": top + 15 * place, "colour": theme.INK, "bold": False, "square": LANES[lane]}
            )

    heads, names = ([row for row in rows if row["bold"] is bold] for bold in (True, False))
    squares: Any = alt.Chart(axes.data([row for row in rows if "square" in row]))
    return [
        marks.words(heads, WIDTH + 8, size=theme.TEXT, bold=True),
        marks.words(names, WIDTH + 23),
        squares.mark_point(shape="square", filled=True, size=90, opacity=1).encode(
            x=axes.x_at(WIDTH + 14), y=marks.down("y"), color=marks.colour("square")
        ),
    ]
