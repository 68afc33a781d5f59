"""Cumulative incidence as steps, with intervals, numbers at risk beneath, and the naive estimate beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np

from carac.analysis.incidence import UNRECORDED, Curve, Incidence
from carac.endpoints.outcome import COMPETING
from carac.report import theme
from carac.report.figures import axes, marks
from carac.report.labels import spread
from carac.report.numbers import percent
from carac.report.questions.asked import group_name, p_value, sentence
from carac.statistics.incidence import aalen_johansen, naive, value_at

WIDTH, HEIGHT = 440.0, 250.0
#: Smaller groups stand in the table alone: their curves say little and hide the others.
SMALLEST, MOST = 10, len(theme.GROUPS)
_TOPS = (5, 10, 15, 20, 25, 30, 40, 50, 60, 80, 100)


def overall_figure(found: Incidence, synthetic: bool) -> alt.TopLevelMixin:
    """Everybody: the incidence with its interval, what the naive estimate says, and what competed."""
    curve, outcome = found.overall, found.overall.outcome
    if curve.curve is None:
        return _nobody(found, synthetic)
    first, last = found.window.first, found.window.last
    plain = naive(outcome.exit, outcome.status, entry=outcome.entry)
    other = aalen_johansen(outcome.exit, outcome.status, cause=COMPETING, entry=outcome.entry)
    reached = curve.last.day if curve.last else last
    top = _top([*curve.curve.upper[curve.curve.time <= reached], *plain.estimate, *other.estimate])
    lines = [
        ("", theme.EVERYONE, _steps(curve.curve.time, curve.curve.estimate, first, reached), False),
        ("naive, 1 − KM", theme.GROUPS[1], _steps(plain.time, plain.estimate, first, reached), True),
        ("competing event", theme.OTHER, _steps(other.time, other.estimate, first, reached), True),
    ]
    layers = [_band(curve, theme.EVERYONE, first, reached, top), *_lines(lines, first, last, top)]
    ends = [
        (sentence("incidence"), theme.EVERYONE, float(curve.curve.estimate[-1])),
        ("naive, 1 − KM", theme.GROUPS[1], float(plain.estimate[-1])),
        ("competing event", theme.OTHER, float(other.estimate[-1])),
    ]
    layers.append(_names(ends, top))
    at_risk = _at_risk(curve, first, last)
    layers += axes.counts_below([("at risk", theme.INK, at_risk)], first, last, HEIGHT)
    return _finished(found, layers, "", synthetic)


def groups_figure(found: Incidence, synthetic: bool) -> alt.TopLevelMixin:
    """A curve per group, with numbers at risk and Gray's test."""
    shown = shown_groups(found)
    if not shown:
        return _nobody(found, synthetic)
    first, last = found.window.first, found.window.last
    bands = len(shown) <= 3
    values = [value for one in shown if one.curve is not None for value in one.curve.estimate]
    if bands:
        values += [value for one in shown if one.curve is not None for value in one.curve.upper]
    top = _top(values)
    lines, ends, counts, layers = [], [], [], []
    for one, colour in zip(shown, theme.GROUPS, strict=False):
        assert one.curve is not None and one.last is not None
        name = group_name(found.by, one.label)
        if bands:
            layers.append(_band(one, colour, first, one.last.day, top))
        lines.append((name, colour, _steps(one.curve.time, one.curve.estimate, first, one.last.day), False))
        ends.append((name, colour, float(one.curve.estimate[-1])))
        counts.append((name, colour, _at_risk(one, first, last)))
    layers += [*_lines(lines, first, last, top), _names(ends, top)]
    layers += axes.counts_below(counts, first, last, HEIGHT)
    test = found.test
    said = f"Gray's test P = {p_value(test.p_value)}" if test and test.p_value is not None else ""
    return _finished(found, layers, said.replace("= <", "< "), synthetic)


def shown_groups(found: Incidence) -> list[Curve]:
    """The groups that are drawn: the largest, recorded, with at least `SMALLEST` people."""
    kept = [one for one in found.groups if one.label != UNRECORDED and one.outcome.at_risk >= SMALLEST]
    return [one for one in kept if one.curve is not None][:MOST]


def _top(values: Sequence[float]) -> float:
    highest = 100 * max((float(value) for value in values), default=0.0)
    return float(next(top for top in _TOPS if top >= min(highest, 100.0)))


def _steps(time: Any, values: Any, first: int, last: int) -> list[dict[str, float]]:
    """The corners of a step function from the first to the last day, in per cent."""
    inside = time[(time >= first) & (time <= last)]
    days = np.unique(np.concatenate([[float(first)], inside, [float(last)]]))
    # day `first` itself may have events: before it nothing has happened
    heights = value_at(time, values, days, 0.0)
    points = [{"day": first - 0.5, "share": 0.0}]
    points += [{"day": float(day), "share": 100 * float(height)} for day, height in zip(days, heights, strict=True)]
    return points


def _share_axis(top: float) -> alt.Y:
    step = top / 5
    ticks = [round(step * place, 2) for place in range(6)]
    axis = alt.Axis(values=ticks, title=None, grid=True, domain=False, tickSize=0, format=".2~f")
    return alt.Y("share:Q", scale=alt.Scale(domain=[0, top], nice=False), axis=axis)


def _lines(
    lines: Sequence[tuple[str, str, list[dict[str, float]], bool]], first: int, last: int, top: float
) -> list[Any]:
    made = []
    for name, colour, points, dashed in lines:
        rows = [{**point, "group": name} for point in points]
        chart: Any = alt.Chart(axes.data(rows))
        mark: dict[str, Any] = {"interpolate": "step-after", "color": colour, "strokeWidth": 1.4 if dashed else 2}
        if dashed:
            mark["strokeDash"] = [4, 3]
        made.append(chart.mark_line(**mark).encode(x=axes.day_axis(first, last), y=_share_axis(top)))
    return made


def _band(curve: Curve, colour: str, first: int, last: int, top: float) -> Any:
    assert curve.curve is not None
    low = _steps(curve.curve.time, curve.curve.lower, first, last)
    high = _steps(curve.curve.time, curve.curve.upper, first, last)
    # before the first event the exact bound would fill the frame
    began = next((place for place, point in enumerate(low) if point["share"] > 0), len(low))
    rows = [
        {"day": one["day"], "low": one["share"], "high": min(two["share"], top)}
        for one, two in zip(low, high, strict=True)
    ][began:]
    chart: Any = alt.Chart(axes.data(rows or [{"day": first, "low": 0, "high": 0}]))
    return chart.mark_area(interpolate="step-after", color=colour, opacity=0.16).encode(
        x=axes.day_axis(first, last),
        y=alt.Y("low:Q", scale=alt.Scale(domain=[0, top], nice=False), axis=_share_axis(top)["axis"]),
        y2=alt.Y2("high:Q"),
    )


def _names(ends: Sequence[tuple[str, str, float]], top: float) -> Any:
    """The name of each line at its end, with its value."""
    places = spread([HEIGHT * (1 - 100 * value / top) for _, _, value in ends], 15, 0, HEIGHT)
    rows = [
        {"text": f"{name} {percent(value)} %", "y": y, "colour": colour}
        for (name, colour, value), y in zip(ends, places, strict=True)
    ]
    return marks.words(rows, WIDTH + 6, size=theme.SMALL, bold=True)


def _at_risk(curve: Curve, first: int, last: int) -> dict[int, str]:
    """Under observation at the beginning of each numbered day."""
    outcome = curve.outcome
    return {day: str(int(np.sum((outcome.exit >= day) & (outcome.entry < day)))) for day in axes.ticks(first, last)}


def _finished(found: Incidence, layers: Sequence[Any], said: str, synthetic: bool) -> alt.TopLevelMixin:
    chart = marks.layered(layers, WIDTH, HEIGHT)
    parts = ["Cumulative incidence, %"]
    if said:
        parts.append(said)
    return theme.finished(chart, _title(found), " · ".join(parts), synthetic)


def _title(found: Incidence) -> str:
    title = sentence(found.endpoint.title)
    return f"{title}, by {found.by}" if found.by else title


def _nobody(found: Incidence, synthetic: bool) -> alt.TopLevelMixin:
    chart = marks.layered([marks.words([{"text": "Nobody is at risk", "y": 20}], 10.0)], WIDTH, 40)
    return theme.finished(chart, _title(found), str(found.window), synthetic)
