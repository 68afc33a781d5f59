"""Flows from the first number to the last: boxes downwards, and beside them why some do not go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import altair as alt

from carac.report import theme
from carac.report.figures import axes, marks
from carac.report.material import Material
from carac.report.queries.follow_up import FlowStep

BOX, SIDE, LINE = 240.0, 290.0, 16.0
GAP, HIGH = 26.0, 44.0
#: About so many pixels a letter is wide, for boxes that hold longer words.
_LETTER = 7.0


def flow_figure(material: Material, steps: Sequence[FlowStep]) -> alt.TopLevelMixin:
    """The flow of infusions from the record to those followed."""
    return flow_chart(steps, "Flow of infusions", material.writer.count, material.synthetic)


def flow_chart(
    steps: Sequence[FlowStep], title: str, count: Callable[[int], str] = str, synthetic: bool = False
) -> alt.TopLevelMixin:
    """Boxes with numbers; reasons at the right, where there are any.

    Parameters
    ----------
    count: how a number is written.
    """
    width = max([BOX, *(_LETTER * len(step.name) + 20 for step in steps)])
    boxes: list[dict[str, Any]] = []
    texts: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    top = 0.0
    for place, step in enumerate(steps):
        last = place == len(steps) - 1
        middle, bottom = width / 2, top + HIGH
        boxes.append({"x": 0, "x2": width, "y": top, "y2": bottom})
        texts.append({"x": middle, "y": top + HIGH / 2 - 8, "text": step.name, "kind": "name"})
        texts.append({"x": middle, "y": top + HIGH / 2 + 9, "text": f"n = {count(step.count)}", "kind": "number"})
        reasons = [(why, number) for why, number in step.leaving if number]
        room = max(0.0 if last else GAP, LINE * len(reasons) + 14 if reasons else 0.0)
        if not last:
            lines.append({"x": middle, "y": bottom, "x2": middle, "y2": bottom + room})
        if reasons:
            level = bottom + room / 2
            lines += [] if not last else [{"x": middle, "y": bottom, "x2": middle, "y2": level}]
            lines.append({"x": middle, "y": level, "x2": width + 20, "y2": level})
            first = level - LINE * (len(reasons) - 1) / 2
            texts += [
                {"x": width + 28, "y": first + LINE * n, "text": f"{count(number)} {why}", "kind": "reason"}
                for n, (why, number) in enumerate(reasons)
            ]
        top = bottom + room
    longest = max((len(str(text["text"])) for text in texts if text["kind"] == "reason"), default=0)
    side = max(SIDE, _LETTER * longest + 40)
    return theme.finished(_drawn(boxes, texts, lines, width + side, top), title, "", synthetic)


def _drawn(boxes: axes.Rows, texts: axes.Rows, lines: axes.Rows, width: float, height: float) -> Any:
    rules: Any = alt.Chart(axes.data(lines)).mark_rule(color=theme.MUTED)
    names, numbers, reasons = ([t for t in texts if t["kind"] == kind] for kind in ("name", "number", "reason"))
    layers = [
        rules.encode(x=marks.across("x"), y=marks.down("y"), x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q")),
        marks.boxes([{**box, "fill": theme.PAPER} for box in boxes], stroke=theme.INK, strokeWidth=1, cornerRadius=3),
        marks.words(names, "x", align="center", size=theme.TEXT),
        marks.words(numbers, "x", align="center", size=theme.TEXT, bold=True),
        *([marks.words(reasons, "x")] if reasons else []),
    ]
    return marks.layered(layers, width, height)
