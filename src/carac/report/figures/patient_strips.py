"""Of one patient: each instrument as a strip of days, coloured by grade, with the grade in the cell."""

from __future__ import annotations

from typing import Any

import altair as alt

from carac.report import theme
from carac.report.figures import axes, marks
from carac.report.material import Material
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
HEIGHT = 18.0
_POINTS = "isth_overt_dic_2025"


def strips(material: Material, course: Course, width: float) -> Any:
    """The strips of the instruments of which anything is known; None where nothing is."""
    first, last = material.options.first_day, material.options.last_day
    known = [(c, n) for c, n in STRIPS if any(row.get(f"{c}__lowest") is not None for row in course.days)]
    if not known:
        return None
    cells = [cell for place, (column, _) in enumerate(known) for cell in _cells(course, column, place)]
    names = [{"text": name, "y": HEIGHT * (place + 0.5)} for place, (_, name) in enumerate(known)]
    y = alt.Y("y:Q", scale=None, axis=None)
    base = alt.Chart(axes.data(cells))
    bare = axes.day_axis(first, last, title=None)
    scale, axis = bare["scale"], bare["axis"]
    x = alt.X("from:Q", scale=scale, axis=axis)
    return alt.layer(
        base.mark_rect().encode(x=x, x2="to:Q", y=y, y2="y2:Q", color=alt.Color("fill:N", scale=None)),
        base.mark_text(fontSize=10, baseline="middle").encode(
            x=alt.X("day:Q", scale=scale, axis=axis),
            y=alt.Y("yc:Q", scale=None, axis=None),
            text="text:N",
            color=alt.Color("ink:N", scale=None),
        ),
        marks.words(names, -8, align="right"),
    ).properties(width=width, height=HEIGHT * len(known))


def _cells(course: Course, column: str, place: int) -> list[dict[str, object]]:
    made: list[dict[str, object]] = []
    for row in course.days:
        low, high, grade = row.get(f"{column}__lowest"), row.get(f"{column}__highest"), row.get(column)
        if low is None or high is None:
            continue
        fill, ink = _colours(column, grade, row)
        text = "?" if grade is None else str(grade or "")
        day = int(row["day"])
        made.append(
            {
                "day": day,
                "from": day - 0.5,
                "to": day + 0.5,
                "instrument": column,
                "text": text,
                "fill": fill,
                "ink": ink,
            }
            | {"y": HEIGHT * place, "y2": HEIGHT * (place + 1) - 2, "yc": HEIGHT * (place + 0.5) - 0.5}
        )
    return made


def _colours(column: str, grade: int | None, row: dict[str, object]) -> tuple[str, str]:
    """Points of a score are pale until its cut-point is reached."""
    if grade is None:
        return theme.RANGE, theme.ON_GRADES[0]
    shade = grade
    if column == _POINTS:
        shade = 3 if row.get(f"{column}__overt") else 1 if grade >= 3 else 0
    return theme.GRADES[min(shade, 5)], theme.ON_GRADES[min(shade, 5)]
