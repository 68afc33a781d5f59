"""The page of one patient: grades, laboratory courses with their cut-points, treatments and events on one day axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from carac.report import theme, words
from carac.report.figures import axes, marks
from carac.report.figures.course import LOGARITHMIC, Vertical, vertical
from carac.report.figures.patient_bars import bars
from carac.report.figures.patient_strips import strips
from carac.report.labels import spread
from carac.report.material import Material
from carac.report.queries.patient import Course
from carac.report.thresholds import Threshold, thresholds

WIDTH, HEIGHT = 560.0, 66.0
ANALYTES = ("platelets", "neutrophils", "fibrinogen", "d_dimer", "inr", "c_reactive_protein", "ferritin")
_COLOURS = dict(zip(ANALYTES, (*theme.GROUPS,), strict=False))


def patient(material: Material, course: Course) -> alt.TopLevelMixin:
    """All panels of one infusion on one day axis."""
    panels: list[Any] = []
    if (made := strips(material, course, WIDTH)) is not None:
        panels.append(made)
    for analyte in ANALYTES:
        rows = [row for row in course.values if row["analyte"] == analyte]
        if rows:
            panels.append(_lab(material, analyte, rows, event_days(course)))
    if (made := bars(material, course, WIDTH)) is not None:
        panels.append(made)
    else:
        panels.append(_bare_axis(material))
    # Each panel has the same domain and width; a shared scale cannot have an axis on one panel only.
    chart = alt.vconcat(*panels, spacing=10, bounds="flush").resolve_scale(x="independent", y="independent")
    label = material.labels[course.key]
    return theme.finished(chart, f"Patient {label}", "One day axis; blank: nothing known that day", material.synthetic)


def _bare_axis(material: Material) -> Any:
    """The day axis alone, where no treatment or event is known."""
    first, last = material.options.first_day, material.options.last_day
    point = alt.Chart(axes.data([{"day": 0}])).mark_point(opacity=0).encode(x=axes.day_axis(first, last))
    return marks.layered([point], WIDTH, 4)


def event_days(course: Course) -> list[dict[str, object]]:
    """Days on which something bled or clotted, as fine lines through the courses above."""
    return [
        {"day": int(row["day"]), "colour": theme.BLEEDING if row["kind"] == "bleeding" else theme.VENOUS}
        for row in course.facts.events
    ]


def _lab(
    material: Material, analyte: str, rows: Sequence[dict[str, float]], events: Sequence[dict[str, object]]
) -> Any:
    first, last = material.options.first_day, material.options.last_day
    values = [float(row["value"]) for row in rows]
    limits = [limit for limit in thresholds(material, analyte) if limit.value <= 1.5 * max(values)]
    y = vertical([*values, *(limit.value for limit in limits)], analyte in LOGARITHMIC, HEIGHT)
    points = [
        {"day": row["day"], "value": max(float(row["value"]), y.low), "beyond": row["low"] < row["high"]}
        for row in rows
    ]
    x = axes.day_axis(first, last, title=None)
    ticks = _few(y.ticks())
    axis = alt.Axis(values=ticks, title=None, domain=False, format=",.6~g", grid=True, labelOverlap=False)
    inside = [event for event in events if first <= int(str(event["day"])) <= last]
    guides = alt.Chart(axes.data(inside)).mark_rule(opacity=0.35)
    base = alt.Chart(axes.data(points)).encode(x=x, y=alt.Y("value:Q", scale=y.scale(), axis=axis))
    colour = _COLOURS[analyte]
    layers = [
        axes.infusion_line(first, last, HEIGHT),
        guides.encode(x=x, y=alt.value(0), y2=alt.value(HEIGHT), color=alt.Color("colour:N", scale=None)),
        *_limits(limits, y),
        base.mark_line(color=colour, strokeWidth=1.6),
        base.mark_point(color=colour, filled=True, size=22, opacity=1),
        *_name(words.analyte_short(analyte), words.unit(analyte), colour),
    ]
    return marks.layered(layers, WIDTH, HEIGHT)


def _few(ticks: Sequence[float]) -> list[float]:
    """At most three numbers on a small axis: the ends and the middle."""
    if len(ticks) <= 3:
        return list(ticks)
    return [ticks[0], ticks[len(ticks) // 2], ticks[-1]]


def _limits(limits: Sequence[Threshold], y: Vertical) -> list[Any]:
    inside = [limit for limit in limits if y.low < limit.value < y.high]
    if not inside:
        return []
    places = spread([y.pixel(limit.value) for limit in inside], 11, 4, HEIGHT - 2)
    rows = [
        {"value": limit.value, "text": limit.words, "y": place} for limit, place in zip(inside, places, strict=True)
    ]
    return [
        alt.Chart(axes.data(rows))
        .mark_rule(color=theme.MUTED, strokeDash=[4, 3], opacity=0.8)
        .encode(y=alt.Y("value:Q", scale=y.scale())),
        marks.words(rows, WIDTH + 6, size=9.5, ink=theme.MUTED),
    ]


def _name(name: str, unit: str, colour: str) -> list[Any]:
    first = [{"text": name, "y": HEIGHT / 2 - (7 if unit else 0)}]
    second = [{"text": unit, "y": HEIGHT / 2 + 8}] if unit else []
    return [
        marks.words(first, -42, align="right", bold=True, ink=colour),
        marks.words(second, -42, align="right", size=10, ink=colour),
    ]
