"""The worst grade of each infusion as one bar per definition: shares of those who could be graded, n at the right."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from carac.report import theme, words
from carac.report.figures import axes
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
    segments, names, top = [], [], 0.0
    before = ""
    for worst in shown:
        top += BREAK if before not in ("", worst.definition.instrument) else 0 if not before else PITCH
        before = worst.definition.instrument
        segments += _segments(material, worst, top)
        names += _names(material, worst, top)
    height = top + BAR
    layers = [
        _bars(segments),
        _numbers(segments),
        *_texts(names),
        *_key(height, any(s["grade"] == _OPEN for s in segments)),
    ]
    chart = alt.layer(*layers).properties(width=WIDTH, height=height)
    until = material.options.worst_until
    subtitle = f"Worst grade on days 0 to {until} (ICAHT and T-ICAHT: of their own windows), % of those graded"
    return theme.finished(chart, "Toxicities by grade", subtitle, material.synthetic)


def _segments(material: Material, worst: Worst, top: float) -> list[dict[str, object]]:
    highest = worst.definition.highest or 0
    grades: list[tuple[str, int, str, str]] = [
        (str(grade), worst.exactly(grade), theme.GRADES[grade], theme.ON_GRADES[grade]) for grade in range(highest + 1)
    ]
    grades.append((_OPEN, worst.between, theme.RANGE, theme.INK))
    made: list[dict[str, object]] = []
    start = 0.0
    for grade, count, fill, ink in grades:
        share = 100 * count / worst.graded
        if count:
            hidden = material.writer.is_small(count, worst.graded)
            wide = share / 100 * WIDTH >= NARROWEST
            label = percent(count / worst.graded) if wide and not hidden else ""
            made.append(
                {"definition": worst.definition.name, "grade": grade, "n": material.writer.count(count)}
                | {"from": start, "to": start + share, "middle": start + share / 2, "y": top, "y2": top + BAR}
                | {"yc": top + BAR / 2, "fill": fill, "ink": ink, "label": label}
            )
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


def _numbers(rows: Sequence[dict[str, object]]) -> alt.Chart:
    return (
        alt.Chart(axes.data([row for row in rows if row["label"]]))
        .mark_text(fontSize=theme.SMALL, baseline="middle")
        .encode(
            x=alt.X("middle:Q"),
            y=alt.Y("yc:Q", scale=None, axis=None),
            text="label:N",
            color=alt.Color("ink:N", scale=None),
        )
    )


def _texts(rows: Sequence[dict[str, object]]) -> list[alt.Chart]:
    def side(name: str, align: str, x: float) -> alt.Chart:
        own = [row for row in rows if row["side"] == name]
        return (
            alt.Chart(axes.data(own))
            .mark_text(align=align, baseline="middle", fontSize=theme.TEXT if name == "left" else theme.SMALL)
            .encode(x=alt.value(x), y=alt.Y("y:Q", scale=None, axis=None), text="text:N")
        )

    return [side("left", "right", -10), side("right", "left", WIDTH + 10)]


def _key(height: float, with_range: bool) -> list[alt.Chart]:
    """The grades and their colours, above the bars."""
    grades = [(f"grade {n}" if n == 0 else str(n), theme.GRADES[n]) for n in range(5)]
    if with_range:
        grades.append(("range only", theme.RANGE))
    rows, x = [], 0.0
    for label, fill in grades:
        rows.append({"x": x, "x2": x + 13, "tx": x + 18, "fill": fill, "label": label, "y": -22, "y2": -10, "yc": -16})
        x += 18 + 5.6 * len(label) + 12
    heads = [{"x": WIDTH + 10, "text": "n graded", "y": -16}]
    pixel = {"scale": None, "axis": None}
    return [
        alt.Chart(axes.data(rows))
        .mark_rect(stroke=theme.LINE, strokeWidth=0.5)
        .encode(
            x=alt.X("x:Q", **pixel),
            x2="x2:Q",
            y=alt.Y("y:Q", **pixel),
            y2="y2:Q",
            color=alt.Color("fill:N", scale=None),
        ),
        alt.Chart(axes.data(rows))
        .mark_text(align="left", baseline="middle", fontSize=theme.SMALL, color=theme.INK)
        .encode(x=alt.X("tx:Q", **pixel), y=alt.Y("yc:Q", **pixel), text="label:N"),
        alt.Chart(axes.data(heads))
        .mark_text(align="left", baseline="middle", fontSize=theme.SMALL, color=theme.MUTED)
        .encode(x=alt.X("x:Q", **pixel), y=alt.Y("y:Q", **pixel), text="text:N"),
    ]
