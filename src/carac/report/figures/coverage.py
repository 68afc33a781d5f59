"""Who was tested: a field of analytes and days, and the share tested by how severe the day was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from carac.report import theme, words
from carac.report.figures import axes, marks
from carac.report.labels import spread
from carac.report.material import Material
from carac.report.numbers import percent
from carac.report.queries.coverage import Tested

ROW, WIDTH = 20.0, 470.0
#: From paper to dark blue: nobody tested to everybody.
_SHADES = (theme.UNKNOWN, "#dce9f3", "#a9cce3", "#5fa2ce", "#1f6fa8", "#0b3c66")


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
    layers: list[Any] = [_cells(cells, first, last), *_names(analytes, total), *_key()]
    observed = {row.key: str(material.writer.count(row.observed)) for row in tested if row.analyte == analytes[0]}
    layers += axes.counts_below([("observed", theme.INK, observed)], first, last, height)
    chart = marks.layered(layers, WIDTH, height)
    subtitle = "Share with a result, of those under observation that day"
    return theme.finished(chart, "Who was tested", subtitle, material.synthetic)


def _shade(share: float) -> str:
    """The colour of a share: white is nobody at all, so that a day without any test stands out."""
    return _SHADES[0] if share == 0 else _SHADES[min(int(share * 5), 4) + 1]


def _totals(tested: Sequence[Tested], analytes: Sequence[str]) -> list[str]:
    never = [not any(row.tested for row in tested if row.analyte == analyte) for analyte in analytes]
    return ["never measured" if one else "" for one in never]


def _cells(rows: Sequence[dict[str, object]], first: int, last: int) -> Any:
    x = axes.day_axis(first, last)
    return (
        alt.Chart(axes.data(rows))
        .mark_rect()
        .encode(
            x=alt.X("from:Q", scale=x["scale"], axis=x["axis"]),
            x2=alt.X2("to:Q"),
            y=alt.Y("y:Q", scale=None, axis=None),
            y2=alt.Y2("y2:Q"),
            color=alt.Color("fill:N", scale=None),
            tooltip=axes.told("analyte:N", "day:Q", "share:Q"),
        )
    )


def _names(analytes: Sequence[str], totals: Sequence[str]) -> list[Any]:
    left = [{"text": words.analyte_short(a), "y": ROW * (n + 0.5)} for n, a in enumerate(analytes)]
    right = [{"text": t, "y": ROW * (n + 0.5)} for n, t in enumerate(totals) if t]
    return [marks.words(left, -10, align="right", size=theme.TEXT), marks.words(right, WIDTH + 8)]


def _key() -> list[Any]:
    labels = ("nobody", "to 20 %", "40", "60", "80", "100 %")
    return marks.key(list(zip(labels, _SHADES, strict=True)), -22)


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
    chart = marks.layered(layers, width, height)
    subtitle = f"Patient-days 0 to {last_day} with a result, %, by the CRS grade of the day"
    return theme.finished(chart, "Testing by severity", subtitle, material.synthetic)


def _grade_axis(grades: Sequence[int]) -> alt.X:
    label = "datum.value == 3 ? '3 to 5' : format(datum.value, 'd')"
    axis = alt.Axis(values=list(grades), title="CRS grade of the day", grid=False, labelExpr=label)
    return alt.X(
        "grade:Q", scale=alt.Scale(domain=[min(grades) - 0.2, max(grades) + 0.2], nice=False, zero=False), axis=axis
    )


def _slopes(points: axes.Rows, grades: Sequence[int]) -> Any:
    axis = alt.Axis(values=[0, 25, 50, 75, 100], title=None, domain=False)
    return (
        alt.Chart(axes.data(points))
        .mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=30, filled=True))
        .encode(
            x=_grade_axis(grades),
            y=alt.Y("share:Q", scale=alt.Scale(domain=[0, 100], nice=False), axis=axis),
            color=alt.Color("colour:N", scale=None),
            detail=alt.Detail("analyte:N"),
            tooltip=axes.told("analyte:N", "grade:Q", "share:Q", "n:Q", "observed:Q"),
        )
    )


def _slope_names(
    kept: Sequence[Tested], names: Sequence[str], colours: dict[str, str], last: int, width: float, height: float
) -> Any:
    ends = {row.analyte: row.share or 0 for row in kept if row.key == last}
    shown = [name for name in names if name in ends]
    places = spread([height * (1 - ends[name]) for name in shown], 15, 0, height)
    rows = [
        {"text": f"{words.analyte_short(name)} {percent(ends[name])} %", "y": y, "colour": colours[name]}
        for name, y in zip(shown, places, strict=True)
    ]
    return marks.words(rows, width + 6, size=theme.TEXT, bold=True)


def _observed_below(material: Material, tested: Sequence[Tested], grades: Sequence[int], height: float) -> list[Any]:
    observed = {row.key: row.observed for row in tested}
    rows = [{"grade": grade, "text": material.writer.count(observed[grade]), "y": height + 48} for grade in grades]
    label = [{"text": "patient-days", "y": height + 48}]
    return [
        marks.words(rows, alt.X("grade:Q"), align="center", ink=theme.MUTED),
        marks.words(label, -8, align="right", ink=theme.MUTED),
    ]
