"""The worst grade of each infusion, a bar per definition: shares of those with a grade or a range, n at the right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from carac.report import theme
from carac.report.families import Line
from carac.report.figures import axes, marks
from carac.report.material import Material
from carac.report.numbers import percent
from carac.report.queries.worst import Worst

BAR, PITCH, BREAK = 17, 22, 8
WIDTH = 330
#: Narrower segments carry no number.
NARROWEST = 24
_OPEN = "range"


def grade_bars(material: Material, found: Sequence[Line]) -> alt.TopLevelMixin:
    """Bars of worst grades.

    Parameters
    ----------
    found: the lines, in the order in which they are drawn; the name of a family stands above its first.
    """
    segments: list[dict[str, object]] = []
    names: list[dict[str, object]] = []
    top, before = 0.0, ""
    for line in found:
        if line.family != before:
            top += BREAK if before else 0
            names.append({"text": line.family, "side": "head", "y": top + BAR / 2})
            before = line.family
            top += PITCH
        segments += _segments(line.worst, top)
        names += _names(material, line, top)
        top += PITCH
    layers = [_bars(segments), _numbers(segments), *_texts(names), *_key({str(s["grade"]) for s in segments})]
    chart = marks.layered(layers, WIDTH, max(top - PITCH + BAR, BAR))
    until = material.options.worst_until
    subtitle = f"Worst grade on days 0 to {until} (ICAHT and T-ICAHT: of their own windows)"
    return theme.finished(chart, "Toxicities by grade", subtitle, material.synthetic)


def _segments(worst: Worst, top: float) -> list[dict[str, object]]:
    highest = worst.definition.highest or 0
    grades: list[tuple[str, int, str, str]] = [
        (str(grade), worst.exactly(grade), theme.GRADES[grade], theme.ON_GRADES[grade]) for grade in range(highest + 1)
    ]
    grades.append((_OPEN, worst.between, theme.RANGE, theme.ON_GRADES[0]))
    made: list[dict[str, object]] = []
    start = 0.0
    for grade, count, fill, ink in grades:
        share = 100 * count / worst.graded
        if count:
            wide = share / 100 * WIDTH >= NARROWEST
            label = percent(count / worst.graded) if wide else ""
            segment: dict[str, object] = (
                {"definition": worst.definition.name, "grade": grade, "n": count}
                | {"from": start, "to": start + share, "middle": start + share / 2, "y": top, "y2": top + BAR}
                | {"yc": top + BAR / 2, "fill": fill, "colour": ink, "label": label}
            )
            made.append(segment)
        start += share
    return made


def _names(material: Material, line: Line, top: float) -> list[dict[str, object]]:
    write, worst = material.writer, line.worst
    decided = f"{write.count(worst.graded, worst.total)} of {worst.total}"
    return [
        {"text": line.title, "side": "left", "y": top + BAR / 2},
        {"text": decided, "side": "right", "y": top + BAR / 2},
    ]


def _bars(rows: Sequence[dict[str, object]]) -> alt.Chart:
    axis = alt.Axis(values=[0, 25, 50, 75, 100], title="% of those with a grade or a range", grid=False)
    return (
        alt.Chart(axes.data(rows))
        .mark_rect(stroke=theme.PAPER, strokeWidth=1)
        .encode(
            x=alt.X("from:Q", scale=alt.Scale(domain=[0, 100], nice=False), axis=axis),
            x2=alt.X2("to:Q"),
            y=alt.Y("y:Q", scale=None, axis=None),
            y2=alt.Y2("y2:Q"),
            color=alt.Color("fill:N", scale=None),
            tooltip=axes.told("definition:N", "grade:N", "n:N"),
        )
    )


def _numbers(rows: Sequence[dict[str, object]]) -> Any:
    return marks.words([row for row in rows if row["label"]], alt.X("middle:Q"), y="yc", align="center", field="label")


def _texts(rows: Sequence[dict[str, object]]) -> list[Any]:
    head, left, right = ([row for row in rows if row["side"] == side] for side in ("head", "left", "right"))
    return [
        marks.words(head, -10, align="right", size=theme.TEXT, bold=True),
        marks.words(left, -10, align="right", size=theme.TEXT),
        marks.words(right, WIDTH + 10),
    ]


def _key(drawn: set[str]) -> list[Any]:
    """The grades and their colours, above the bars; the fifth only where somebody has it."""
    grades = [(f"grade {n}" if n == 0 else str(n), theme.GRADES[n]) for n in range(6) if n < 5 or "5" in drawn]
    if _OPEN in drawn:
        grades.append(("range only", theme.RANGE))
    head = marks.words([{"text": "n with either", "y": -16}], WIDTH + 10, ink=theme.MUTED)
    return [*marks.key(grades, -22), head]
