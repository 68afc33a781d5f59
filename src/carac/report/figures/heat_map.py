"""Grades by day of every infusion: a panel per instrument, infusions in the same rows, worst courses on top."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np

from carac.report import theme
from carac.report.figures import axes, marks
from carac.report.labels import spread
from carac.report.material import Key, Material
from carac.report.png_image import colour, data_address
from carac.report.queries.heat import RANGE, UNKNOWN, HeatMap

#: A row is at most this high; with many infusions all of them share the height of a page.
ROW, HIGHEST = 15.0, 470.0
PANEL = 150.0
#: So many rows can carry the name of their infusion.
NAMED = 30
#: More rows than this are drawn as the mean colour of neighbours: a screen has no more lines.
LINES = 940


def heat_map(material: Material, maps: Sequence[HeatMap], keys: Sequence[Key]) -> alt.TopLevelMixin:
    """The panels, side by side."""
    height = min(ROW * len(keys), HIGHEST)
    panels = [_panel(material, one, keys, height, place) for place, one in enumerate(maps)]
    chart = alt.hconcat(*panels, spacing=12, bounds="flush").resolve_scale(x="independent", y="independent")
    subtitle = _subtitle(len(keys))
    return theme.finished(chart, "Grades by day", subtitle, material.synthetic)


def _subtitle(number: int) -> str:
    merged = -(-number // LINES)
    if merged > 1:
        return f"{number} infusions; each line is the mean colour of {merged} of them, worst CRS on top"
    return f"{number} infusion{'s' * (number != 1)}, one line each, worst CRS on top"


def picture(one: HeatMap) -> list[list[tuple[int, int, int]]]:
    """The cells as colours; rows beyond what can be drawn are averaged, each with its neighbours."""
    colours = {UNKNOWN: colour(theme.UNKNOWN), RANGE: colour(theme.RANGE)}
    colours |= {grade: colour(shade) for grade, shade in enumerate(theme.GRADES)}
    merged = -(-len(one.cells) // LINES)
    table = np.array([[colours[cell] for cell in row] for row in one.cells], dtype=np.float64)
    made = [table[start : start + merged].mean(axis=0).round().astype(int) for start in range(0, len(table), merged)]
    return [[(int(r), int(g), int(b)) for r, g, b in row] for row in made]


def _panel(material: Material, one: HeatMap, keys: Sequence[Key], height: float, place: int) -> Any:
    first, last = material.options.first_day, material.options.last_day
    cells = picture(one)
    # With few rows every cell gets a picture point of its own; the frame shows where unknown days are.
    address = data_address(cells)
    rows = [{"from": first - 0.5, "to": last + 0.5, "y": 0, "y2": height, "url": address}]
    week = [day for day in axes.ticks(first, last) if day % 7 == 0]
    axis = alt.Axis(
        values=week,
        title="Days after infusion" if place == 0 else None,
        grid=False,
        titleAnchor="start",
        labelOverlap=False,
        labelExpr="replace(datum.label, '-', '−')",
    )
    image = (
        alt.Chart(axes.data(rows))
        .mark_image(aspect=False, smooth=False)
        .encode(
            x=alt.X("from:Q", scale=axes.day_scale(first, last), axis=axis),
            x2=alt.X2("to:Q"),
            y=alt.Y("y:Q", scale=None, axis=None),
            y2=alt.Y2("y2:Q"),
            url=alt.Url("url:N"),
        )
    )
    head = marks.words([{"text": one.title, "y": -13}], 0.0, size=theme.TEXT, bold=True)
    layers = [
        image,
        _frame(height),
        axes.infusion_line(first, last, height, theme.ON_PICTURES),
        head,
    ]
    if place == 0:
        layers += [*_names(material, keys, height), *_key(height)]
    return marks.layered(layers, PANEL, height)


def _frame(height: float) -> alt.Chart:
    return (
        alt.Chart(axes.data([{}]))
        .mark_rect(filled=False, stroke=theme.LINE, strokeWidth=1)
        .encode(x=axes.x_at(0), x2=axes.x2_at(PANEL), y=axes.y_at(0), y2=axes.y2_at(height))
    )


def _names(material: Material, keys: Sequence[Key], height: float) -> list[Any]:
    """Names of few infusions; of many, brackets with the worst CRS grade of the rows beside them."""
    row = height / len(keys)
    if len(keys) <= NAMED:
        rows = [{"text": material.labels[key], "y": row * (n + 0.5)} for n, key in enumerate(keys)]
        return [marks.words(rows, -8, align="right")]
    peaks = {(r["patient_id"], r["infusion_number"]): r["crs_peak"] for r in material.infusions}
    blocks: list[tuple[str, int, int]] = []
    for n, key in enumerate(keys):
        text = "not graded" if peaks[key] is None else f"CRS {peaks[key]}"
        if blocks and blocks[-1][0] == text:
            blocks[-1] = (text, blocks[-1][1], n + 1)
        else:
            blocks.append((text, n, n + 1))
    ends = [{"y": row * start + 1, "y2": row * stop - 1} for _, start, stop in blocks]
    places = spread([row * (start + stop) / 2 for _, start, stop in blocks], 14, 6, height - 6)
    texts = [
        {"text": f"{text} (n = {material.writer.count(stop - start)})", "y": y}
        for (text, start, stop), y in zip(blocks, places, strict=True)
    ]
    lines = (
        alt.Chart(axes.data(ends))
        .mark_rule(color=theme.MUTED, strokeWidth=2)
        .encode(x=axes.x_at(-6), y=alt.Y("y:Q", scale=None, axis=None), y2=alt.Y2("y2:Q"))
    )
    return [lines, marks.words(texts, -12, align="right")]


def _key(height: float) -> list[Any]:
    """What the colours are, beneath the first panel."""
    labels = [("grade 0", theme.GRADES[0]), *((str(n), theme.GRADES[n]) for n in range(1, 6))]
    labels += [("range only", theme.RANGE), ("nothing known that day", theme.UNKNOWN)]
    return marks.key(labels, height + 52)
