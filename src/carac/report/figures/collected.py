"""What would have been reported: a bar per way of collecting, with what is not known as a lighter end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from carac.analysis.under_reporting import Reported
from carac.report import theme
from carac.report.figures import axes, marks
from carac.report.numbers import percent
from carac.report.questions.asked import capped, sentence

WIDTH, ROW, BAR = 300.0, 20.0, 14.0
_TOPS = (2, 5, 10, 15, 20, 30, 50, 75, 100)


def collected_figure(found: Sequence[Reported], synthetic: bool) -> alt.TopLevelMixin:
    """Bars per endpoint and way; the lighter part are events of which it is not recorded."""
    highest = max((100 * max(one.highest, one.incidence) for some in found for one in some.ways), default=1.0)
    top = next(value for value in _TOPS if value >= highest)
    bars, names = [], []
    y = 0.0
    for some in found:
        names.append({"text": capped(sentence(some.endpoint.title), 60), "y": y + BAR / 2, "side": "head"})
        y += ROW
        for place, one in enumerate(some.ways):
            low, high = 100 * one.incidence, 100 * max(one.highest, one.incidence)
            colour = theme.EVERYONE if place == 0 else theme.GROUPS[0]
            bars.append({"from": 0.0, "to": low, "y": y, "y2": y + BAR, "fill": colour})
            bars.append({"from": low, "to": high, "y": y, "y2": y + BAR, "fill": theme.RANGE})
            names.append({"text": one.way.title, "y": y + BAR / 2, "side": "left"})
            names.append({"text": _told(some, place), "y": y + BAR / 2, "side": "right"})
            y += ROW
        y += 10
    axis = alt.Axis(title=None, grid=True, domain=False, tickCount=5)
    chart: Any = alt.Chart(axes.data(bars))
    layers = [
        chart.mark_rect().encode(
            x=alt.X("from:Q", scale=alt.Scale(domain=[0, top], nice=False), axis=axis),
            x2=alt.X2("to:Q"),
            y=marks.down("y"),
            y2=alt.Y2("y2:Q"),
            color=marks.colour("fill"),
        ),
        marks.words([one for one in names if one["side"] == "head"], -282, size=theme.TEXT, bold=True),
        marks.words([one for one in names if one["side"] == "left"], -10, align="right"),
        marks.words([one for one in names if one["side"] == "right"], WIDTH + 10, ink=theme.INK),
        *marks.key([("collected", theme.GROUPS[0]), ("not recorded whether", theme.RANGE)], -26),
    ]
    drawn = marks.layered(layers, WIDTH, max(y - 10, ROW))
    return theme.finished(drawn, "What would have been reported", "Cumulative incidence, %", synthetic)


def _told(some: Reported, place: int) -> str:
    one = some.ways[place]
    share = some.share_seen.get(one.way.name)
    text = f"{percent(one.incidence)} %"
    if one.highest > one.incidence + 1e-9:
        text += f" to {percent(one.highest)} %"
    elif place and share is not None:
        text += f" ({percent(share)} % of it)"
    return text
