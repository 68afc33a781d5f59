"""The flow of infusions from the record to those followed: boxes downwards, and beside them why some do not go on."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from carac.report import theme
from carac.report.figures import axes
from carac.report.material import Material
from carac.report.queries.follow_up import FlowStep

BOX, SIDE, LINE = 240.0, 290.0, 16.0
GAP, HIGH = 26.0, 44.0


def flow_figure(material: Material, steps: Sequence[FlowStep]) -> alt.TopLevelMixin:
    """Boxes with numbers; reasons at the right, where there are any."""
    boxes, texts, lines, top = [], [], [], 0.0
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


def _drawn(
    boxes: list[dict[str, object]], texts: list[dict[str, object]], lines: list[dict[str, object]], height: float
) -> alt.LayerChart:
    x, y = alt.X("x:Q", scale=None, axis=None), alt.Y("y:Q", scale=None, axis=None)
    inside = [text | {"y": float(str(text["y"])) + float(str(text["dy"]))} for text in texts]

    def words(rows: list[dict[str, object]], **mark: object) -> alt.Chart:
        return alt.Chart(axes.data(rows)).mark_text(baseline="middle", **mark).encode(x=x, y=y, text="text:N")

    return alt.layer(
        alt.Chart(axes.data(lines)).mark_rule(color=theme.MUTED).encode(x=x, y=y, x2="x2:Q", y2="y2:Q"),
        alt.Chart(axes.data(boxes))
        .mark_rect(fill=theme.PAPER, stroke=theme.INK, strokeWidth=1, cornerRadius=3)
        .encode(x=x, y=y, x2="x2:Q", y2="y2:Q"),
        words([t for t in inside if t["weight"] == "normal"], fontSize=theme.TEXT),
        words([t for t in inside if t["weight"] == 600], fontSize=theme.TEXT, fontWeight=theme.SEMIBOLD),
        words([t for t in inside if t["weight"] == "side"], fontSize=theme.SMALL, align="left", color=theme.INK),
    ).properties(width=BOX + SIDE, height=height)
