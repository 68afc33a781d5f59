"""Of one patient: treatments and stays as bars, transfusions and events as marks, each on a line of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import altair as alt

from carac.grading.explanation.context import agent_title
from carac.report import theme
from carac.report.figures import axes, marks
from carac.report.material import Material
from carac.report.queries.patient import Course

LINE = 17.0
#: Given by the bag: each is a mark on its day, not a bar.
_PRODUCTS = frozenset(
    {
        "platelet_transfusion",
        "red_cell_transfusion",
        "plasma_transfusion",
        "fibrinogen_replacement",
        "prothrombin_complex",
    }
)
#: Colours by what a treatment is for; all others are grey.
_COLOURS = {
    "interleukin_6_receptor_blocker": "#00795b",
    "interleukin_6_blocker": "#00795b",
    "interleukin_1_blocker": "#00795b",
    "steroid": "#3a8fc4",
    "vasopressor": "#8c0d1f",
    "low_molecular_weight_heparin": "#6a3d9a",
    "unfractionated_heparin": "#6a3d9a",
    "direct_oral_anticoagulant": "#6a3d9a",
    "vitamin_k_antagonist": "#6a3d9a",
}
_STAYS = {
    "intensive_care": "Intensive care",
    "ventilation": "Ventilation",
    "dialysis": "Dialysis",
    "central_line": "Central line",
}
#: A page has room for so many lines; what is left out is said.
MOST = 18


@dataclass(frozen=True)
class Span:
    """Days of one thing: its line, colour, first and last day, and whether it is a mark."""

    line: str
    first: int
    last: int
    colour: str
    mark: bool
    text: str = ""


def spans(course: Course) -> list[Span]:
    """Events first, then treatments by the day they began, then blood products, then stays."""
    found = [_event(row) for row in sorted(course.facts.events, key=lambda row: row["day"])]
    given = sorted(course.facts.treatments, key=lambda row: (row["agent_class"] in _PRODUCTS, row["start_day"]))
    found += [
        Span(
            agent_title(str(row["agent"])),
            int(row["start_day"]),
            int(row["end_day"]),
            _COLOURS.get(str(row["agent_class"]), theme.OTHER),
            row["agent_class"] in _PRODUCTS,
        )
        for row in given
    ]
    for row in course.facts.periods:
        if row["kind"] in _STAYS:
            end = row["end_day"] if row["end_day"] is not None else 10_000
            found.append(Span(_STAYS[row["kind"]], int(row["start_day"]), int(end), "#b9c1c9", False))
    return found


def _event(row: dict[str, object]) -> Span:
    bleeding = row["kind"] == "bleeding" or row.get("isth_bleeding__present") is True
    grade = {1: "minor", 2: "relevant", 3: "major"}.get(int(str(row.get("isth_bleeding") or 0)), "")
    clot = row.get("thrombosis_class") or row["kind"] or "event"
    where = str(row.get("site") or row.get("code_subclass") or "").replace("_", " ")
    name = f"{f'{grade} bleeding'.strip().capitalize() if bleeding else str(clot).capitalize()}: {where}".removesuffix(
        ": "
    )
    colour = theme.BLEEDING if bleeding else theme.ARTERIAL if clot == "arterial" else theme.VENOUS
    day = int(str(row["day"]))
    return Span(name if len(name) <= 46 else f"{name[:45]}…", day, day, colour, True, "event")


def bars(material: Material, course: Course, width: float) -> Any:
    """Bars and marks within the window; None where there is nothing."""
    first, last = material.options.first_day, material.options.last_day
    inside = [span for span in spans(course) if span.first <= last and span.last >= first]
    lines = list(dict.fromkeys(span.line for span in inside))[:MOST]
    inside = [span for span in inside if span.line in lines]
    if not lines:
        return None
    names = [{"text": line, "y": LINE * (n + 0.5), "rule": LINE * (n + 1)} for n, line in enumerate(lines)]
    y = alt.Y("y:Q", scale=None, axis=None)
    x = axes.day_axis(first, last)
    scale, axis = x["scale"], x["axis"]
    made = [_row(span, lines.index(span.line), first, last) for span in inside]
    return alt.layer(
        marks.level_lines(names, width, y="rule"),
        alt.Chart(axes.data([row for row in made if not row["mark"]]))
        .mark_rect(cornerRadius=2)
        .encode(
            x=alt.X("from:Q", scale=scale, axis=axis),
            x2="to:Q",
            y=y,
            y2="y2:Q",
            color=alt.Color("colour:N", scale=None),
        ),
        alt.Chart(axes.data([row for row in made if row["mark"]]))
        .mark_point(filled=True, opacity=1)
        .encode(
            x=alt.X("day:Q", scale=scale, axis=axis),
            y=alt.Y("yc:Q", scale=None, axis=None),
            size=alt.Size("size:Q", scale=None),
            shape=alt.Shape("shape:N", scale=None),
            color=alt.Color("colour:N", scale=None),
        ),
        marks.words(names, -8, align="right"),
    ).properties(width=width, height=LINE * len(lines))


def _row(span: Span, place: int, first: int, last: int) -> dict[str, object]:
    top = LINE * place
    return {
        "what": span.line,
        "day": span.first,
        "from": max(span.first, first) - 0.42,
        "to": min(span.last, last) + 0.42,
        "y": top + 4,
        "y2": top + LINE - 4,
        "yc": top + LINE / 2,
        "colour": span.colour,
        "mark": span.mark,
        "shape": "diamond" if span.text == "event" else "triangle-down",
        "size": 110 if span.text == "event" else 55,
    }
