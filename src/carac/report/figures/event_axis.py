"""Events on one day axis: a lane per kind and severity, a mark per event; on crowded days marks are stacked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import altair as alt

from carac.report import theme
from carac.report.figures import axes, marks
from carac.report.material import Material
from carac.report.queries.events import Event

WIDTH = 470
MARK = 11
#: A lane is at most this high; with more events on a day the marks become flatter.
HIGHEST = 90
#: Lanes from the most severe bleed to clots, with the colour of their marks.
LANES = {
    "bleeding, major": theme.BLEEDS["major"],
    "bleeding, clinically relevant non-major": theme.BLEEDS["clinically relevant non-major"],
    "bleeding, minor": theme.BLEEDS["minor"],
    "bleeding, not graded": theme.BLEEDS["not graded"],
    "venous": theme.VENOUS,
    "arterial": theme.ARTERIAL,
}
_TITLES = {
    "bleeding, major": "Bleeding: major",
    "bleeding, clinically relevant non-major": "Bleeding: relevant non-major",
    "bleeding, minor": "Bleeding: minor",
    "bleeding, not graded": "Bleeding: not gradable",
    "venous": "Thrombosis: venous",
    "arterial": "Thrombosis: arterial",
}


def event_axis(material: Material, events: Sequence[Event]) -> alt.TopLevelMixin:
    """Events by day and lane, as a chart; days beyond the window are counted in the subtitle."""
    first, last = 0, material.options.last_day
    shown = [event for event in events if event.day <= last]
    placed, names, height = _lanes(shown)
    layers = [marks.level_lines(names, WIDTH, y="line"), _marks(placed, first, last), *_names(names)]
    chart = marks.layered(layers, WIDTH, height)
    later = len(events) - len(shown)
    subtitle = f"Each mark is one event, by day of onset; {len(shown)} events"
    subtitle += f", {later} more after day {last}" if later else ""
    if not events:
        subtitle = "No bleeding or thrombosis is recorded"
    return theme.finished(chart, "Bleeding and thrombosis by day", subtitle, material.synthetic)


def _lanes(events: Sequence[Event]) -> tuple[list[dict[str, object]], list[dict[str, object]], float]:
    """Marks with their pixels, lanes with their names, and the height of all."""
    placed: list[dict[str, object]] = []
    names: list[dict[str, object]] = []
    bottom = 0.0
    for lane, colour in LANES.items():
        own = [event for event in events if event.lane == lane]
        crowd = max(Counter(event.day for event in own).values(), default=1)
        size = min(MARK, HIGHEST / crowd)
        room = max(26.0, size * crowd + 12)
        base = bottom + room - 6
        used: Counter[int] = Counter()
        for event in own:
            y = base - size * used[event.day]
            used[event.day] += 1
            placed.append(
                {"day": event.day, "from": event.day - 0.42, "to": event.day + 0.42, "lane": lane, "what": event.what}
                | {"patient": event.label, "y": y, "y2": y - max(size - 1.5, size * 0.75), "colour": colour}
            )
        bottom += room
        text = _TITLES[lane]
        names.append({"lane": text, "y": bottom - room / 2, "line": bottom, "colour": colour, "n": len(own)})
    return placed, names, bottom


def _marks(rows: Sequence[dict[str, object]], first: int, last: int) -> Any:
    x = axes.day_axis(first, last)
    x["field"], x["type"] = "from", "quantitative"
    x["shorthand"] = alt.Undefined
    return (
        alt.Chart(axes.data(rows))
        .mark_rect(cornerRadius=1.5)
        .encode(
            x=x,
            x2=alt.X2("to:Q"),
            y=alt.Y("y:Q", scale=None, axis=None),
            y2=alt.Y2("y2:Q"),
            color=alt.Color("colour:N", scale=None),
            tooltip=axes.told("patient:N", "day:Q", "lane:N", "what:N"),
        )
    )


def _names(rows: axes.Rows) -> list[Any]:
    numbers = [{"y": row["y"], "text": f"n = {row['n']}" if row["n"] else "none"} for row in rows]
    lanes = [{"y": row["y"], "text": row["lane"]} for row in rows]
    return [
        marks.words(lanes, -10, align="right", size=theme.TEXT),
        marks.words(numbers, WIDTH + 10, ink=theme.MUTED),
    ]
