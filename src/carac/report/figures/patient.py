"""The page of one patient: grades, laboratory courses with their cut-points, treatments and events on one day axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from carac.report import theme, words
from carac.report.figures.course import LOGARITHMIC, Vertical, vertical
from carac.report.figures.patient_bars import bars, colour_of
from carac.report.figures.patient_strips import strips
from carac.report.figures.sheet import Sheet
from carac.report.labels import spread
from carac.report.material import Material
from carac.report.queries.patient import Course
from carac.report.thresholds import Threshold, thresholds

WIDTH, HEIGHT = 560.0, 66.0
#: Between two panels.
GAP = 10.0
ANALYTES = ("platelets", "neutrophils", "fibrinogen", "d_dimer", "inr", "c_reactive_protein", "ferritin")
_COLOURS = dict(zip(ANALYTES, (*theme.GROUPS,), strict=False))


def patient(material: Material, course: Course) -> dict[str, Any]:
    """All panels of one infusion on one day axis, as a Vega-Lite specification."""
    sheet = Sheet(material.options.first_day, material.options.last_day, WIDTH)
    strips(sheet, course)
    for analyte in ANALYTES:
        rows = [row for row in course.values if row["analyte"] == analyte]
        if rows:
            _lab(sheet, material, analyte, rows)
            _events(sheet, course)
            sheet.bottom += HEIGHT + GAP
    bars(sheet, course)
    sheet.bottom = max(sheet.bottom, GAP)
    label = material.labels[course.key]
    subtitle = "One day axis; blank: nothing known that day"
    return sheet.specification(f"Patient {label}", subtitle, material.synthetic)


def _events(sheet: Sheet, course: Course) -> None:
    """Days of events, as fine lines through the panel."""
    for row in course.facts.events:
        if sheet.first <= row["day"] <= sheet.last:
            top, colour = sheet.bottom, colour_of(row)
            sheet.add("guide", day=int(row["day"]), y=top, y2=top + HEIGHT, colour=colour)


def _lab(sheet: Sheet, material: Material, analyte: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """The course of one analyte, with the cut-points that it comes near."""
    top, colour = sheet.bottom, _COLOURS[analyte]
    values = [float(row["value"]) for row in rows]
    limits = [limit for limit in thresholds(material, analyte) if limit.value <= 1.5 * max(values)]
    y = vertical([*values, *(limit.value for limit in limits)], analyte in LOGARITHMIC, HEIGHT)
    for tick in _few(y.ticks()):
        sheet.add("grid", y=top + y.pixel(tick))
        sheet.say(f"{tick:,.6g}", top + y.pixel(tick), -6, align="right")
    sheet.add("infusion", day=0, y=top, y2=top + HEIGHT)
    for row in rows:
        at = {"day": int(row["day"]), "y": top + y.pixel(max(float(row["value"]), y.low))}
        sheet.add("line", **at, colour=colour, what=analyte)
        sheet.add("point", **at, colour=colour, what=analyte)
    _limits(sheet, limits, y)
    unit = words.unit(analyte)
    sheet.say(
        words.analyte_short(analyte), top + HEIGHT / 2 - (7 if unit else 0), -42, align="right", bold=True, ink=colour
    )
    if unit:
        sheet.say(unit, top + HEIGHT / 2 + 8, -42, align="right", size=10, ink=colour)


def _few(ticks: Sequence[float]) -> list[float]:
    """At most three numbers on a small axis: the ends and the middle."""
    if len(ticks) <= 3:
        return list(ticks)
    return [ticks[0], ticks[len(ticks) // 2], ticks[-1]]


def _limits(sheet: Sheet, limits: Sequence[Threshold], y: Vertical) -> None:
    inside = [limit for limit in limits if y.low < limit.value < y.high]
    places = spread([y.pixel(limit.value) for limit in inside], 11, 4, HEIGHT - 2)
    for limit, place in zip(inside, places, strict=True):
        sheet.add("limit", y=sheet.bottom + y.pixel(limit.value))
        sheet.say(limit.words, sheet.bottom + place, WIDTH + 6, size=9.5, ink=theme.MUTED)
