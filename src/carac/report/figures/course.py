"""The course of an analyte: median with quartiles by day, per group, with names at the lines and n beneath the axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any

import altair as alt

from carac.report import theme, words
from carac.report.figures import axes, marks
from carac.report.groups import Group
from carac.report.labels import spread
from carac.report.material import Material
from carac.report.numbers import SMALL
from carac.report.options import GROUPINGS
from carac.report.queries.courses import DayQuartiles, by_day
from carac.report.thresholds import Threshold, thresholds

#: Quantities that span orders of magnitude are drawn on a logarithmic axis.
LOGARITHMIC = frozenset(
    {"d_dimer", "ferritin", "easix", "m_easix", "s_easix", "interleukin_6", "neutrophils", "c_reactive_protein"}
)
HEIGHT = 260
WIDTH = 470
#: A day on which fewer of a group were measured has no quartiles worth a line.
FEWEST = 3


@dataclass(frozen=True)
class Vertical:
    """The y axis: its ends, and where a value is drawn in pixels from the top."""

    low: float
    high: float
    logarithmic: bool
    height: float = HEIGHT

    def pixel(self, value: float) -> float:
        """Where a value is drawn."""
        if self.logarithmic:
            share = (log10(value) - log10(self.low)) / (log10(self.high) - log10(self.low))
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.height * (1 - share)

    def scale(self) -> alt.Scale:
        """The scale of the chart."""
        kind: Any = "log" if self.logarithmic else "linear"
        return alt.Scale(type=kind, domain=[self.low, self.high], nice=False, zero=False, clamp=True)

    def ticks(self) -> list[float]:
        """Round values at which the axis has a number."""
        if not self.logarithmic:
            step = _step((self.high - self.low) / 5)
            return [step * n for n in range(ceil(self.low / step), floor(self.high / step + 1e-9) + 1)]
        decades = range(floor(log10(self.low)), ceil(log10(self.high)) + 1)
        steps = (
            (1, 2, 5) if log10(self.high / self.low) < 2.3 else (1, 3) if log10(self.high / self.low) < 3.3 else (1,)
        )
        made = [m * 10.0**d for d in decades for m in steps]
        return [value for value in made if self.low <= value * 1.0000001 and value <= self.high * 1.0000001]


def _step(rough: float) -> float:
    power = 10.0 ** floor(log10(rough))
    return next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough)


def vertical(values: Sequence[float], logarithmic: bool, height: float = HEIGHT) -> Vertical:
    """The axis for these values: from 0, or over whole steps of a logarithmic one."""
    positive = [value for value in values if value > 0]
    if logarithmic and positive:
        low, high = min(positive) / 1.15, max(positive) * 1.15
        return Vertical(low, high if high > 2 * low else 2 * low, True, height)
    high = max([*positive, 0.1]) * 1.08
    return Vertical(0.0, high, False, height)


def course(material: Material, analyte: str) -> alt.TopLevelMixin:
    """The course of an analyte by the groups of the options, as a chart."""
    rows = by_day(material, analyte)
    groups = [group for group in material.groups if any(row.place == group.place for row in rows)]
    title = words.with_unit(analyte)
    chart = panel(material, analyte, rows, groups)
    subtitle = f"Median and quartiles by day, {_by_words(material)}; worst value of each day"
    return theme.finished(chart, title, subtitle, material.synthetic)


def fewest(material: Material) -> int:
    """How many have to be measured on a day for a median: a cohort of a few shows what it has."""
    if material.options.hide_small_cells:
        return SMALL
    return 1 if len(material.infusions) < 2 * FEWEST else FEWEST


def _by_words(material: Material) -> str:
    return "all patients" if material.options.by == "none" else f"by {GROUPINGS[material.options.by]}"


def panel(
    material: Material, analyte: str, rows: Sequence[DayQuartiles], groups: Sequence[Group], width: float = WIDTH
) -> Any:
    """The layers of a course, without title."""
    first, last = material.options.first_day, material.options.last_day
    least = fewest(material)
    drawn = [row for row in rows if row.count >= least]
    limits = thresholds(material, analyte)
    y = vertical(_extent(drawn, limits), analyte in LOGARITHMIC)
    # Many bands make mud of each other: quartiles are drawn as bands for up to four groups.
    bands = [_bands(drawn, groups, first, last, y)] if len(groups) <= 4 else []
    threshold_lines, threshold_words = _threshold_layers(limits, y, width, _emptier(drawn, limits, y))
    layers = [
        *threshold_lines,
        axes.infusion_line(first, last, y.height),
        *bands,
        _lines(drawn, groups, first, last, y),
        *threshold_words,
        *_names(drawn, groups, y, first, last, width),
        *axes.counts_below(_counts(material, rows, groups), first, last, y.height),
    ]
    return marks.layered(layers, width, y.height)


def _extent(rows: Sequence[DayQuartiles], limits: Sequence[Threshold]) -> list[float]:
    """What has to be in the frame: all quartiles, and thresholds that are not far below or above them."""
    values = [end for row in rows for end in (row.low, row.high)]
    top = max(values, default=1.0)
    return values + [limit.value for limit in limits if limit.value <= 1.3 * top] if values else [1.0]


def _bands(rows: Sequence[DayQuartiles], groups: Sequence[Group], first: int, last: int, y: Vertical) -> Any:
    return (
        alt.Chart(axes.data(_points(rows, groups, y)))
        .mark_area(opacity=0.16, interpolate="linear")
        .encode(
            x=alt.X("day:Q", scale=axes.day_scale(first, last)),
            y=alt.Y("low:Q", scale=y.scale()),
            y2=alt.Y2("high:Q"),
            color=alt.Color("colour:N", scale=None),
            detail=[alt.Detail("group:N"), alt.Detail("run:N")],
        )
    )


def _lines(rows: Sequence[DayQuartiles], groups: Sequence[Group], first: int, last: int, y: Vertical) -> Any:
    return (
        alt.Chart(axes.data(_points(rows, groups, y)))
        .mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=18, filled=True))
        .encode(
            x=axes.day_axis(first, last),
            y=alt.Y(
                "median:Q",
                scale=y.scale(),
                axis=alt.Axis(values=y.ticks(), grid=True, title=None, domain=False, format=",.6~g"),
            ),
            color=alt.Color("colour:N", scale=None),
            detail=[alt.Detail("group:N"), alt.Detail("run:N")],
            tooltip=axes.told("group:N", "day:Q", "median:Q", "low:Q", "high:Q", "n:Q"),
        )
    )


def _points(rows: Sequence[DayQuartiles], groups: Sequence[Group], y: Vertical) -> list[dict[str, object]]:
    """One row per group and day; `run` changes where days are missing, so that no line bridges more than two days."""
    named = {group.place: group for group in groups}
    points: list[dict[str, object]] = []
    before: dict[int, tuple[int, int]] = {}
    for row in sorted(rows, key=lambda row: (row.place, row.day)):
        if row.place not in named:
            continue
        day, run = before.get(row.place, (row.day, 0))
        run += row.day - day > 3
        before[row.place] = (row.day, run)
        group = named[row.place]
        floor_ = y.low if y.logarithmic else 0.0
        points.append(
            {
                "group": group.label,
                "colour": group.colour,
                "day": row.day,
                "run": run,
                "low": max(row.low, floor_),
                "median": max(row.middle, floor_),
                "high": max(row.high, floor_),
                "n": row.count,
            }
        )
    return points


def _names(
    rows: Sequence[DayQuartiles], groups: Sequence[Group], y: Vertical, first: int, last: int, width: float
) -> list[Any]:
    """The name of each group beside the end of its line, pushed apart, with a fine line where it had to move."""
    ends = []
    for group in groups:
        own = [row for row in rows if row.place == group.place]
        if own:
            final = max(own, key=lambda row: row.day)
            ends.append((group, final.day, y.pixel(max(final.middle, y.low))))
    places = spread([end for _, _, end in ends], 14, 6, y.height - 6)
    texts = [
        {"label": group.label, "y": place, "colour": group.colour}
        for (group, _, _), place in zip(ends, places, strict=True)
    ]
    leaders = [
        {
            "x": axes.pixel_of_day(day, first, last, width) + 4,
            "y": end,
            "x2": width + 12,
            "y2": place,
            "colour": g.colour,
        }
        for (g, day, end), place in zip(ends, places, strict=True)
    ]
    lines: Any = alt.Chart(axes.data(leaders)).mark_rule(strokeWidth=0.75, opacity=0.6)
    return [
        lines.encode(
            x=marks.across("x"), x2=alt.X2("x2:Q"), y=marks.down("y"), y2=alt.Y2("y2:Q"), color=marks.colour()
        ),
        marks.words(texts, width + 15, size=theme.TEXT, bold=True, field="label"),
    ]


def _emptier(rows: Sequence[DayQuartiles], limits: Sequence[Threshold], y: Vertical) -> str:
    """The side of the frame, left or right, on which fewer medians run where the words of the cut-points stand."""
    days = sorted({row.day for row in rows})
    third = len(days) // 3
    sides = {"left": set(days[:third]), "right": set(days[len(days) - third :])}
    wanted = [y.pixel(limit.value) - 7 for limit in limits if y.low < limit.value < y.high]

    def crossed(side: str) -> int:
        near = (y.pixel(max(row.middle, y.low)) for row in rows if row.day in sides[side])
        return sum(abs(pixel - place) < 12 for pixel in near for place in wanted)

    return "left" if crossed("left") < crossed("right") else "right"


def _threshold_layers(limits: Sequence[Threshold], y: Vertical, width: float, side: str) -> tuple[list[Any], list[Any]]:
    """Lines at the cut-points, which lie behind the courses, and their words, which stand before them."""
    inside = [limit for limit in limits if y.low < limit.value < y.high]
    if not inside:
        return [], []
    # The words stand above their line; two close lines share no room.
    wanted = [y.pixel(limit.value) - 7 for limit in inside]
    places = spread(wanted, 12, 4, y.height)
    rows = [
        {"value": limit.value, "words": limit.words, "y": place} for limit, place in zip(inside, places, strict=True)
    ]
    rules: Any = alt.Chart(axes.data(rows)).mark_rule(color=theme.MUTED, strokeWidth=1, strokeDash=[5, 3], opacity=0.8)
    said = marks.haloed(rows, width - 3 if side == "right" else 3, align=side, size=10, ink=theme.MUTED, field="words")
    return [rules.encode(y=alt.Y("value:Q", scale=y.scale()))], said


def _counts(
    material: Material, rows: Sequence[DayQuartiles], groups: Sequence[Group]
) -> list[tuple[str, str, dict[int, str]]]:
    write = material.writer.count
    return [
        (group.label, group.colour, {row.day: write(row.count) for row in rows if row.place == group.place})
        for group in groups
    ]
