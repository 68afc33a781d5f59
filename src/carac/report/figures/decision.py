"""Scores and models side by side: net benefit by threshold, and what was predicted against what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import altair as alt

from carac.analysis.scores import Curve
from carac.report import theme
from carac.report.figures import axes, marks
from carac.report.questions.asked import capped
from carac.statistics.prediction import CalibrationGroup

SIDE, GAP, HEIGHT, KEY_ROW = 245.0, 34.0, 215.0, 16.0
#: More lines than this cannot be told apart.
MOST = 6
_TOPS = (1, 2, 5, 10, 15, 20, 30, 40, 50, 60, 80, 100)


@dataclass(frozen=True)
class Drawn:
    """One line of the figure: its name, its decision curve (None where it has none), its calibration."""

    name: str
    curve: Curve | None
    groups: tuple[CalibrationGroup, ...]


def decision_figure(title: str, subtitle: str, drawn: Sequence[Drawn], synthetic: bool) -> alt.TopLevelMixin:
    """Decision curves at the left, calibration at the right, the first `MOST` of what is given."""
    shown = list(drawn[:MOST])
    panels = [_calibration(shown)]
    if any(one.curve is not None for one in shown):
        panels.insert(0, _decision(shown))
    beside = alt.hconcat(*panels, spacing=GAP).resolve_scale(x="independent", y="independent")
    return theme.finished(alt.vconcat(beside, _key(shown), spacing=14), title, subtitle, synthetic)


def _decision(shown: Sequence[Drawn]) -> Any:
    curves = [one.curve for one in shown if one.curve is not None]
    last = max(100 * float(one.threshold[-1]) for one in curves)
    best = max(100 * float(value) for one in curves for value in (*one.model, *one.treat_all) if isfinite(value))
    top = next((one for one in (0.5, *_TOPS) if one >= best), 100.0)
    bottom = -top / 4
    x = alt.X("threshold:Q", scale=_scale(0, last), axis=_axis("Treated from a risk of, %", last))
    y = alt.Y("benefit:Q", scale=_scale(bottom, top), axis=_axis(None, top, grid=True))
    layers = [
        _line([{"threshold": 0.0, "benefit": 0.0}, {"threshold": last, "benefit": 0.0}], x, y, theme.MUTED, [2, 2]),
    ]
    longest = max(curves, key=lambda one: float(one.threshold[-1]))
    everybody = _points(longest.threshold, longest.treat_all, bottom)
    layers.append(_line(everybody, x, y, theme.OTHER, [5, 3]))
    for one, colour in zip(shown, theme.GROUPS, strict=False):
        if one.curve is not None:
            layers.append(_line(_points(one.curve.threshold, one.curve.model, bottom), x, y, colour))
    layers.append(marks.words([{"text": "Net benefit, per 100 people", "y": -10}], 0.0, ink=theme.MUTED))
    return marks.layered(layers, SIDE, HEIGHT)


def _calibration(shown: Sequence[Drawn]) -> Any:
    groups = [group for one in shown for group in one.groups]
    highest = max((100 * max(one.observed, one.predicted) for one in groups), default=5.0)
    top = float(next((one for one in _TOPS if one >= min(1.4 * highest, 100)), 100))
    x = alt.X("predicted:Q", scale=_scale(0, top), axis=_axis("Predicted, %", top))
    y = alt.Y("observed:Q", scale=_scale(0, top), axis=_axis(None, top, grid=True))
    layers = [
        _line([{"predicted": 0.0, "observed": 0.0}, {"predicted": top, "observed": top}], x, y, theme.MUTED, [2, 2])
    ]
    for one, colour in zip(shown, theme.GROUPS, strict=False):
        rows = [
            {
                "predicted": 100 * group.predicted,
                "observed": 100 * group.observed,
                "low": 100 * group.lower,
                "high": min(100 * group.upper, top),
                "people": group.count,
            }
            for group in one.groups
        ]
        if not rows:
            continue
        chart: Any = alt.Chart(axes.data(rows))
        if len(shown) <= 2:
            layers.append(
                chart.mark_rule(color=colour, opacity=0.6).encode(x=x, y=alt.Y("low:Q", scale=y["scale"]), y2="high:Q")
            )
        layers.append(_line(rows, x, y, colour))
        layers.append(chart.mark_point(color=colour, filled=True, size=42, opacity=1).encode(x=x, y=y))
    layers.append(marks.words([{"text": "Observed, %", "y": -10}], 0.0, ink=theme.MUTED))
    return marks.layered(layers, SIDE, HEIGHT)


def _points(threshold: Any, benefit: Any, bottom: float) -> list[dict[str, float]]:
    """The points of a curve that lie in the frame, in per cent and per 100 people."""
    return [
        {"threshold": 100 * float(at), "benefit": 100 * float(value)}
        for at, value in zip(threshold, benefit, strict=True)
        if isfinite(value) and 100 * value >= bottom
    ]


def _line(rows: Sequence[dict[str, Any]], x: alt.X, y: alt.Y, colour: str, dash: Sequence[int] = ()) -> Any:
    chart: Any = alt.Chart(axes.data(rows))
    mark: dict[str, Any] = {"color": colour, "strokeWidth": 1.3 if dash else 1.9}
    if dash:
        mark["strokeDash"] = list(dash)
    return chart.mark_line(**mark).encode(x=x, y=y)


def _scale(low: float, high: float) -> alt.Scale:
    return alt.Scale(domain=[low, high], nice=False, zero=False)


def _axis(title: str | None, top: float, grid: bool = False) -> alt.Axis:
    ticks = [round(top * place / 5, 3) for place in range(6)]
    return alt.Axis(values=ticks, title=title, grid=grid, domain=not grid, tickSize=0 if grid else 4, format=".2~f")


def _key(shown: Sequence[Drawn]) -> Any:
    """Names beneath the panels, in two columns where there are two panels."""
    named = [(one.name, colour) for one, colour in zip(shown, theme.GROUPS, strict=False)]
    columns = 2 if any(one.curve is not None for one in shown) else 1
    if columns == 2:
        named += [
            ("treat everybody (dashed)", theme.OTHER),
            ("treat nobody; perfect calibration (dotted)", theme.MUTED),
        ]
    else:
        named.append(("perfect calibration (dotted)", theme.MUTED))
    rows = []
    for place, (text, colour) in enumerate(named):
        left, y = (SIDE + GAP) * (place % columns), KEY_ROW * (place // columns)
        rows.append(
            {"x": left, "x2": left + 13, "tx": left + 18, "y": y, "y2": y + 10, "yc": y + 5, "fill": colour}
            | {"text": capped(text, 44)}
        )
    height = KEY_ROW * -(-len(named) // columns)
    return marks.layered([marks.boxes(rows), marks.words(rows, "tx", y="yc", ink=theme.INK)], SIDE * columns, height)
