"""The worst grade of each infusion as one bar per definition: shares of those who could be graded, n at the right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from carac.report import theme, words
from carac.report.figures import axes, marks
from carac.report.material import Material
from carac.report.numbers import percent
from carac.report.queries.worst import Worst

BAR, PITCH, BREAK = 17, 22, 30
WIDTH = 330
#: Narrower segments carry no number.
NARROWEST = 24
_OPEN = "range"


def grade_bars(material: Material, found: Sequence[Worst]) -> alt.TopLevelMixin:
    """Bars of worst grades.

    Parameters
    ----------
    found: the definitions, in the order in which they are drawn; a break is set between instruments.
    """
    shown = [worst for worst in found if worst.graded]
    segments: list[dict[str, object]] = []
    names: list[dict[str, object]] = []
    top = 0.0
    before = ""
    for worst in shown:
        top += BREAK if before not in ("", worst.definition.instrument) else 0 if not before else PITCH
        before = worst.definition.instrument
        segments += _segments(worst, top)
        names += _names(material, worst, top)
    height = top + BAR
    layers = [
        _bars(segments),
        _numbers(segments),
        *_texts(names),
        *_key(any(s["grade"] == _OPEN for s in segments)),
    ]
    chart = marks.layered(layers, WIDTH, height)
    until = material.options.worst_until
    subtitle = f"Worst grade on days 0 to {until} (ICAHT and T-ICAHT: of their own windows), % of those graded"
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


def _names(material: Material, worst: Worst, top: float) -> list[dict[str, object]]:
    write = material.writer
    decided = f"{write.count(worst.graded, worst.total)} of {worst.total}"
    return [
        {"text": bar_title(worst), "side": "left", "y": top + BAR / 2},
        {"text": decided, "side": "right", "y": top + BAR / 2},
    ]


def bar_title(worst: Worst) -> str:
    """A short title: the version stands where an instrument has several."""
    title = words.definition_title(worst.definition).removesuffix(" (software convention)")
    if worst.definition.instrument == "CTCAE":
        version = f"CTCAE {worst.definition.version} "
        what = title.removeprefix(version).removesuffix(", by lower limit").removesuffix(", absolute")
        what = what if what.startswith("aPTT") else f"{what[0].upper()}{what[1:]}"
        return f"{what}, CTCAE {worst.definition.version}"
    return title


def _bars(rows: Sequence[dict[str, object]]) -> alt.Chart:
    axis = alt.Axis(values=[0, 25, 50, 75, 100], title="% of those graded", grid=False)
    return (
        alt.Chart(axes.data(rows))
        .mark_rect(stroke=theme.PAPER, strokeWidth=1)
        .encode(
            x=alt.X("from:Q", scale=alt.Scale(domain=[0, 100], nice=False), axis=axis),
            x2="to:Q",
            y=alt.Y("y:Q", scale=None, axis=None),
            y2="y2:Q",
            color=alt.Color("fill:N", scale=None),
            tooltip=["definition:N", "grade:N", "n:N"],
        )
    )


def _numbers(rows: Sequence[dict[str, object]]) -> Any:
    return marks.words([row for row in rows if row["label"]], alt.X("middle:Q"), y="yc", align="center", field="label")


def _texts(rows: Sequence[dict[str, object]]) -> list[Any]:
    left = [row for row in rows if row["side"] == "left"]
    right = [row for row in rows if row["side"] == "right"]
    return [marks.words(left, -10, align="right", size=theme.TEXT), marks.words(right, WIDTH + 10)]


def _key(with_range: bool) -> list[Any]:
    """The grades and their colours, above the bars."""
    grades = [(f"grade {n}" if n == 0 else str(n), theme.GRADES[n]) for n in range(5)]
    if with_range:
        grades.append(("range only", theme.RANGE))
    head = marks.words([{"text": "n graded", "y": -16}], WIDTH + 10, ink=theme.MUTED)
    return [*marks.key(grades, -22), head]
