"""Who was tested: a field of analytes and days, and the share tested by how severe the day was."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from carac.report import theme, words
from carac.report.figures import axes
from carac.report.labels import spread
from carac.report.material import Material
from carac.report.numbers import percent
from carac.report.queries.coverage import Tested

ROW, WIDTH = 20.0, 470.0
#: From paper to dark blue: nobody tested to everybody.
_SHADES = ("#ffffff", "#dce9f3", "#a9cce3", "#5fa2ce", "#1f6fa8", "#0b3c66")


def coverage_figure(material: Material, tested: Sequence[Tested]) -> alt.TopLevelMixin:
    """A row per analyte, a cell per day: the darker, the more of those under observation were tested."""
    first, last = material.options.first_day, material.options.last_day
    analytes = list(dict.fromkeys(row.analyte for row in tested))
    cells = [
        {"from": row.key - 0.5, "to": row.key + 0.5, "day": row.key, "analyte": words.analyte_short(row.analyte)}
        | {"share": round(100 * (row.share or 0)), "fill": _shade(row.share or 0)}
        | {"y": ROW * analytes.index(row.analyte), "y2": ROW * (analytes.index(row.analyte) + 1) - 1.5}
        for row in tested
    ]
    height = ROW * len(analytes)
    total = _totals(tested, analytes)
    layers = [_cells(cells, first, last), _names(analytes, total), *_key()]
    observed = {row.key: str(material.writer.count(row.observed)) for row in tested if row.analyte == analytes[0]}
    layers += axes.counts_below([("observed", theme.INK, observed)], first, last, height)
    chart = alt.layer(*layers).properties(width=WIDTH, height=height)
    subtitle = "Share with a result, of those under observation that day"
    return theme.finished(chart, "Who was tested", subtitle, material.synthetic)


def _shade(share: float) -> str:
    """The colour of a share: white is nobody at all, so that a day without any test stands out."""
    return _SHADES[0] if share == 0 else _SHADES[min(int(share * 5), 4) + 1]


def _totals(tested: Sequence[Tested], analytes: Sequence[str]) -> list[str]:
    never = [not any(row.tested for row in tested if row.analyte == analyte) for analyte in analytes]
    return ["never measured" if one else "" for one in never]


def _cells(rows: Sequence[dict[str, object]], first: int, last: int) -> alt.Chart:
    x = axes.day_axis(first, last)
    return (
        alt.Chart(axes.data(rows))
        .mark_rect()
        .encode(
            x=alt.X("from:Q", scale=x["scale"], axis=x["axis"]),
            x2="to:Q",
            y=alt.Y("y:Q", scale=None, axis=None),
            y2="y2:Q",
            color=alt.Color("fill:N", scale=None),
            tooltip=["analyte:N", "day:Q", "share:Q"],
        )
    )


def _names(analytes: Sequence[str], totals: Sequence[str]) -> alt.Chart:
    rows = [
        {"text": words.analyte_short(a), "y": ROW * (n + 0.5), "x": -10, "align": "right"}
        for n, a in enumerate(analytes)
    ]
    rows += [{"text": t, "y": ROW * (n + 0.5), "x": WIDTH + 8, "align": "left"} for n, t in enumerate(totals) if t]

    def side(align: str) -> alt.Chart:
        return (
            alt.Chart(axes.data([row for row in rows if row["align"] == align]))
            .mark_text(align=align, baseline="middle", fontSize=theme.TEXT if align == "right" else theme.SMALL)
            .encode(x=alt.X("x:Q", scale=None, axis=None), y=alt.Y("y:Q", scale=None, axis=None), text="text:N")
        )

    return alt.layer(side("right"), side("left")) if any(totals) else side("right")  # type: ignore[return-value]


def _key() -> list[alt.Chart]:
    labels = ("nobody", "to 20 %", "40", "60", "80", "100 %")
    rows, x = [], 0.0
    for label, fill in zip(labels, _SHADES, strict=True):
        rows.append({"x": x, "x2": x + 13, "tx": x + 18, "fill": fill, "label": label, "y": -22, "y2": -10, "yc": -16})
        x += 18 + 5.8 * len(label) + 12
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
        .mark_text(align="left", baseline="middle", fontSize=theme.SMALL)
        .encode(x=alt.X("tx:Q", **pixel), y=alt.Y("yc:Q", **pixel), text="label:N"),
    ]


#: Analytes of the slope figure: more lines would not be told apart.
_SLOPES = ("platelets", "fibrinogen", "d_dimer", "inr", "ferritin", "interleukin_6")


def severity_figure(material: Material, tested: Sequence[Tested], last_day: int) -> alt.TopLevelMixin:
    """A line per analyte from CRS grade 0 to 3 or more: the share of patient-days with a result."""
    width, height = 300.0, 220.0
    grades = sorted({row.key for row in tested if row.key >= 0})
    kept = [row for row in tested if row.analyte in _SLOPES and row.key >= 0 and row.share is not None]
    kept = [row for row in kept if any(r.tested for r in kept if r.analyte == row.analyte)]
    names = list(dict.fromkeys(row.analyte for row in kept))
    colours = dict(zip(names, theme.GROUPS, strict=False))
    points = [
        {"grade": row.key, "share": 100 * (row.share or 0), "analyte": words.analyte_short(row.analyte)}
        | {"colour": colours[row.analyte], "n": row.tested, "observed": row.observed}
        for row in kept
    ]
    layers = [
        _slopes(points, grades),
        _slope_names(kept, names, colours, max(grades), width, height),
        *_observed_below(material, tested, grades, height),
    ]
    chart = alt.layer(*layers).properties(width=width, height=height)
    subtitle = f"Patient-days 0 to {last_day} with a result, %, by the CRS grade of the day"
    return theme.finished(chart, "Testing depends on severity", subtitle, material.synthetic)


def _grade_axis(grades: Sequence[int]) -> alt.X:
    label = "datum.value == 3 ? '3 to 5' : format(datum.value, 'd')"
    axis = alt.Axis(values=list(grades), title="CRS grade of the day", grid=False, labelExpr=label)
    return alt.X(
        "grade:Q", scale=alt.Scale(domain=[min(grades) - 0.2, max(grades) + 0.2], nice=False, zero=False), axis=axis
    )


def _slopes(points: Sequence[dict[str, object]], grades: Sequence[int]) -> alt.Chart:
    axis = alt.Axis(values=[0, 25, 50, 75, 100], title=None, domain=False)
    return (
        alt.Chart(axes.data(points))
        .mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=30, filled=True))
        .encode(
            x=_grade_axis(grades),
            y=alt.Y("share:Q", scale=alt.Scale(domain=[0, 100], nice=False), axis=axis),
            color=alt.Color("colour:N", scale=None),
            detail="analyte:N",
            tooltip=["analyte:N", "grade:Q", "share:Q", "n:Q", "observed:Q"],
        )
    )


def _slope_names(
    kept: Sequence[Tested], names: Sequence[str], colours: dict[str, str], last: int, width: float, height: float
) -> alt.Chart:
    ends = {row.analyte: row.share or 0 for row in kept if row.key == last}
    shown = [name for name in names if name in ends]
    places = spread([height * (1 - ends[name]) for name in shown], 15, 0, height)
    rows = [
        {"text": f"{words.analyte_short(name)} {percent(ends[name])} %", "y": y, "colour": colours[name]}
        for name, y in zip(shown, places, strict=True)
    ]
    return (
        alt.Chart(axes.data(rows))
        .mark_text(align="left", baseline="middle", fontSize=theme.TEXT, fontWeight=theme.SEMIBOLD)
        .encode(
            x=alt.value(width + 6),
            y=alt.Y("y:Q", scale=None, axis=None),
            text="text:N",
            color=alt.Color("colour:N", scale=None),
        )
    )


def _observed_below(
    material: Material, tested: Sequence[Tested], grades: Sequence[int], height: float
) -> list[alt.Chart]:
    observed = {row.key: row.observed for row in tested}
    rows = [{"grade": grade, "text": material.writer.count(observed[grade]), "y": height + 48} for grade in grades]
    label = [{"text": "patient-days", "y": height + 48}]
    y = alt.Y("y:Q", scale=None, axis=None)
    text = {"baseline": "middle", "fontSize": theme.SMALL, "color": theme.MUTED}
    return [
        alt.Chart(axes.data(rows)).mark_text(**text).encode(x="grade:Q", y=y, text="text:N"),
        alt.Chart(axes.data(label)).mark_text(align="right", dx=-8, **text).encode(x=alt.value(0), y=y, text="text:N"),
    ]
