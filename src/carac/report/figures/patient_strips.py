"""Of one patient: each instrument as a strip of days, coloured by grade, with the grade in each run of days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from carac.report import theme
from carac.report.figures.sheet import Sheet
from carac.report.queries.patient import Course

#: Column, name of the strip, and for a score the column of its reading.
STRIPS = (
    ("astct_crs", "CRS"),
    ("astct_icans", "ICANS"),
    ("ctcae_v5_platelets", "Platelets, CTCAE 5.0"),
    ("ctcae_v5_neutrophils", "Neutrophils, CTCAE 5.0"),
    ("ctcae_v5_fibrinogen", "Fibrinogen, CTCAE 5.0"),
    ("ctcae_v5_inr", "INR, CTCAE 5.0"),
    ("isth_overt_dic_2025", "Overt DIC 2025, points"),
)
HEIGHT, GAP = 18.0, 10.0
_POINTS = "isth_overt_dic_2025"


def strips(sheet: Sheet, course: Course) -> None:
    """The strips of the instruments of which anything is known."""
    known = [(c, n) for c, n in STRIPS if any(row.get(f"{c}__lowest") is not None for row in course.days)]
    for column, name in known:
        sheet.say(name, sheet.bottom + HEIGHT / 2, -8, align="right")
        for run in _runs(course, column):
            _draw(sheet, run)
        sheet.bottom += HEIGHT
    if known:
        sheet.bottom += GAP


@dataclass
class Run:
    """Days one after another with one grade: its text, colours, and first and last day."""

    column: str
    text: str
    colours: tuple[str, str]
    first: int
    last: int


def _runs(course: Course, column: str) -> list[Run]:
    """The strip of an instrument; a day on which nothing is known is in none of its runs."""
    found: list[Run] = []
    for row in course.days:
        if row.get(f"{column}__lowest") is None or row.get(f"{column}__highest") is None:
            continue
        grade, day = row.get(column), int(row["day"])
        run = Run(column, "?" if grade is None else str(grade or ""), _colours(column, grade, row), day, day)
        before = found[-1] if found else run
        if before.last == day - 1 and (before.text, before.colours) == (run.text, run.colours):
            before.last = day
        else:
            found.append(run)
    return found


def _draw(sheet: Sheet, run: Run) -> None:
    top = sheet.bottom
    fill, ink = run.colours
    start, end = run.first - 0.5, run.last + 0.5
    sheet.add("cell", from_=start, to=end, y=top, y2=top + HEIGHT - 2, colour=fill, what=run.column, grade=run.text)
    if run.text:
        middle = (run.first + run.last) / 2
        sheet.say(run.text, top + HEIGHT / 2 - 0.5, day=middle, align="center", size=10, ink=ink)


def _colours(column: str, grade: int | None, row: Mapping[str, Any]) -> tuple[str, str]:
    """Points of a score are pale until its cut-point is reached."""
    if grade is None:
        return theme.RANGE, theme.ON_GRADES[0]
    shade = grade
    if column == _POINTS:
        shade = 3 if row.get(f"{column}__overt") else 1 if grade >= 3 else 0
    return theme.GRADES[min(shade, 5)], theme.ON_GRADES[min(shade, 5)]
