"""The places of the sorting by day: a stacked bar per day, of the infusions of which anything is known."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt

from carac.report import theme
from carac.report.figures import axes, marks
from carac.report.figures.course import fewest
from carac.report.material import Material
from carac.report.queries.sorting import ABNORMAL, RANGE

HEIGHT, WIDTH = 210.0, 500.0
#: From the worst place to the mildest, as they are stacked from the axis upwards, so that all that is surely abnormal
#: stands together; those that may have no abnormality come last.
COLOURS: dict[int, tuple[str, str]] = {
    5: ("overt DIC with event", theme.GRADES[4]),
    4: ("laboratory DIC", theme.GRADES[3]),
    3: ("CARAC", theme.ARTERIAL),
    2: ("laboratory coagulopathy", theme.GRADES[2]),
    1: ("isolated abnormality", theme.GRADES[1]),
    ABNORMAL: ("abnormal, how far is open", "#d8c6b0"),
    0: ("no abnormality", theme.GRADES[0]),
    RANGE: ("open, may have none", theme.RANGE),
}


def places_by_day(material: Material, found: Mapping[int, Mapping[int, int]]) -> alt.TopLevelMixin:
    """Bars of shares; a day of which too few are known has none, as its share would look like one of everybody.

    Parameters
    ----------
    found: by day, how many infusions have each place.
    """
    last = material.options.last_day
    rows: list[dict[str, object]] = []
    known: dict[int, str] = {}
    for day, counts in found.items():
        total = sum(counts.values())
        known[day] = str(material.writer.count(total)) if total else "0"
        if total < fewest(material):
            continue
        start = 0.0
        for place, (title, fill) in COLOURS.items():
            share = 100 * counts.get(place, 0) / total
            if share:
                rows.append(
                    {"day": day, "from": day - 0.42, "to": day + 0.42, "low": start, "high": start + share}
                    | {"place": title, "n": counts[place], "fill": fill}
                )
            start += share
    layers = [
        _bars(rows, last),
        *marks.key(list(COLOURS.values())[:4], -42),
        *marks.key(list(COLOURS.values())[4:], -24),
        *axes.counts_below([("known", theme.INK, known)], 0, last, HEIGHT),
    ]
    chart = marks.layered(layers, WIDTH, HEIGHT)
    subtitle = "% of infusions of which anything of coagulation is known that day; a proposal of carac"
    return theme.finished(chart, "Sorting of coagulopathy by day", subtitle, material.synthetic)


def _bars(rows: list[dict[str, object]], last: int) -> alt.Chart:
    x = axes.day_axis(0, last)
    shares = alt.Axis(values=[0, 25, 50, 75, 100], title="%", grid=False)
    return (
        alt.Chart(axes.data(rows))
        .mark_rect()
        .encode(
            x=alt.X("from:Q", scale=x["scale"], axis=x["axis"]),
            x2=alt.X2("to:Q"),
            y=alt.Y("low:Q", scale=alt.Scale(domain=[0, 100], nice=False), axis=shares),
            y2=alt.Y2("high:Q"),
            color=alt.Color("fill:N", scale=None),
            tooltip=axes.told("day:Q", "place:N", "n:Q"),
        )
    )
