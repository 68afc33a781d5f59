"""The flow of infusions from the record to those followed: boxes downwards, and beside them why some do not go on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from carac.report import theme
from carac.report.figures import axes, marks
from carac.report.material import Material
from carac.report.queries.follow_up import FlowStep

BOX, SIDE, LINE = 240.0, 290.0, 16.0
GAP, HIGH = 26.0, 44.0


def flow_figure(material: Material, steps: Sequence[FlowStep]) -> alt.TopLevelMixin:
    """Boxes with numbers; reasons at the right, where there are any."""
    boxes: list[dict[str, Any]] = []
    texts: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    top = 0.0
    for place, step in enumerate(steps):
        boxes.append({"x": 0, "x2": BOX, "y": top, "y2": top + HIGH})
        texts.append({"x": BOX / 2, "y": top + HIGH / 2, "text": f"{step.name}", "weight": "normal", "dy": -8})
        texts.append(
            {
                "x": BOX / 2,
                "y": top + HIGH / 2,
                "text": f"n = {material.writer.count(step.count)}",
                "weight": 600,
                "dy": 9,
            }
        )
        bottom = top + HIGH
        if place == len(steps) - 1:
            break
        reasons = [(why, count) for why, count in step.leaving if count]
        room = max(GAP, LINE * len(reasons) + 14)
        lines.append({"x": BOX / 2, "y": bottom, "x2": BOX / 2, "y2": bottom + room})
        if reasons:
            middle = bottom + room / 2
            lines.append({"x": BOX / 2, "y": middle, "x2": BOX + 20, "y2": middle})
            first = middle - LINE * (len(reasons) - 1) / 2
            texts += [
                {
                    "x": BOX + 28,
                    "y": first + LINE * n,
                    "text": f"{material.writer.count(count)} {why}",
                    "weight": "side",
                }
                | {"dy": 0}
                for n, (why, count) in enumerate(reasons)
            ]
        top = bottom + room
    return theme.finished(_drawn(boxes, texts, lines, top + HIGH), "Flow of infusions", "", material.synthetic)


def _drawn(boxes: axes.Rows, texts: axes.Rows, lines: axes.Rows, height: float) -> Any:
    inside = [{**text, "y": text["y"] + text["dy"]} for text in texts]
    rules: Any = alt.Chart(axes.data(lines)).mark_rule(color=theme.MUTED)
    names, numbers, reasons = ([t for t in inside if t["weight"] == kind] for kind in ("normal", 600, "side"))
    layers = [
        rules.encode(x=marks.across("x"), y=marks.down("y"), x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q")),
        marks.boxes([{**box, "fill": theme.PAPER} for box in boxes], stroke=theme.INK, strokeWidth=1, cornerRadius=3),
        marks.words(names, "x", align="center", size=theme.TEXT),
        marks.words(numbers, "x", align="center", size=theme.TEXT, bold=True),
        marks.words(reasons, "x"),
    ]
    return marks.layered(layers, BOX + SIDE, height)
