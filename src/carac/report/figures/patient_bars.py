"""Of one patient: treatments and stays as bars, transfusions and events as marks, each on a line of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from carac.grading.explanation.context import agent_title
from carac.report import theme
from carac.report.figures.sheet import Sheet
from carac.report.queries.patient import Course
from carac.vocabulary.printed_words import printed

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


def colour_of(row: Mapping[str, Any]) -> str:
    """The colour of an event: what bled, what clotted in a vein or an artery, and grey for all else."""
    if _bled(row):
        return theme.BLEEDING
    clot = row.get("thrombosis_class") or row["kind"]
    if clot == "arterial":
        return theme.ARTERIAL
    return theme.VENOUS if row.get("thrombosis_class") or clot == "venous" else theme.OTHER


def _bled(row: Mapping[str, Any]) -> bool:
    return row["kind"] == "bleeding" or row.get("isth_bleeding__present") is True


def _event(row: Mapping[str, Any]) -> Span:
    bleeding = _bled(row)
    grade = {1: "minor", 2: "relevant", 3: "major"}.get(int(str(row.get("isth_bleeding") or 0)), "")
    clot = row.get("thrombosis_class") or ("other event" if row["kind"] in (None, "other") else row["kind"])
    where = printed(str(row.get("site") or row.get("code_subclass") or ""))
    name = f"{f'{grade} bleeding'.strip().capitalize() if bleeding else str(clot).capitalize()}: {where}".removesuffix(
        ": "
    )
    day = int(str(row["day"]))
    return Span(name if len(name) <= 46 else f"{name[:45]}…", day, day, colour_of(row), True, "event")


def bars(sheet: Sheet, course: Course) -> None:
    """Bars and marks within the window, a line for each thing."""
    inside = [span for span in spans(course) if span.first <= sheet.last and span.last >= sheet.first]
    lines = list(dict.fromkeys(span.line for span in inside))
    for line in lines[:MOST]:
        sheet.say(line, sheet.bottom + LINE / 2, -8, align="right")
        for span in (span for span in inside if span.line == line):
            _draw(sheet, span)
        sheet.bottom += LINE
        sheet.add("grid", y=sheet.bottom)
    if len(lines) > MOST:
        sheet.say(f"and {len(lines) - MOST} more, not drawn", sheet.bottom + LINE / 2, -8, align="right")
        sheet.bottom += LINE


def _draw(sheet: Sheet, span: Span) -> None:
    top = sheet.bottom
    if span.mark:
        event = span.text == "event"
        shape, size = ("diamond", 110) if event else ("triangle-down", 55)
        day = span.first
        sheet.add("symbol", day=day, y=top + LINE / 2, colour=span.colour, shape=shape, size=size, what=span.line)
        return
    start, end = max(span.first, sheet.first) - 0.42, min(span.last, sheet.last) + 0.42
    sheet.add("bar", from_=start, to=end, y=top + 4, y2=top + LINE - 4, colour=span.colour, what=span.line)
