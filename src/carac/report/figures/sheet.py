"""A sheet of panels on one day axis, laid out in pixels and said as one plain Vega-Lite specification.

A page per patient has ten panels. As a chart of charts, Altair would copy and check each of them at every step, and the
drawing would have some eighty layers; here whatever is drawn alike is one layer, and a page costs a tenth.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from carac.report import theme
from carac.report.figures import axes

Layer = dict[str, Any]
#: What is drawn, from back to front: its mark, and the channels that its rows fill.
_MARKS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "cell": ({"type": "rect"}, ("from", "to", "y", "y2", "colour")),
    "grid": ({"type": "rule", "color": theme.GRID}, ("level",)),
    "guide": ({"type": "rule", "opacity": 0.35}, ("day", "y", "y2", "colour")),
    "infusion": (
        {"type": "rule", "color": theme.MUTED, "strokeWidth": 1, "strokeDash": [2, 2]},
        ("day", "y", "y2"),
    ),
    "bar": ({"type": "rect", "cornerRadius": 2}, ("from", "to", "y", "y2", "colour")),
    "limit": ({"type": "rule", "color": theme.MUTED, "strokeDash": [4, 3], "opacity": 0.8}, ("level",)),
    "line": ({"type": "line", "strokeWidth": 1.6}, ("day", "y", "colour", "what")),
    "point": ({"type": "point", "filled": True, "size": 22, "opacity": 1}, ("day", "y", "colour")),
    "symbol": ({"type": "point", "filled": True, "opacity": 1}, ("day", "y", "colour", "size", "shape")),
}


class Sheet:
    """What stands on the sheet; panels add to it, and move its lower end down.

    Parameters
    ----------
    first, last: days at the ends of the axis.
    width: of the panels, in pixels.
    """

    def __init__(self, first: int, last: int, width: float) -> None:
        self.first, self.last, self.width = first, last, width
        self.bottom = 0.0
        self._rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._words: dict[tuple[float | None, str, bool, float], list[dict[str, Any]]] = defaultdict(list)

    def add(self, kind: str, **row: Any) -> None:
        """Draw one thing: days in `day`, `from_` and `to`, pixels from the top in `y`, `y2`."""
        self._rows[kind].append({name.rstrip("_"): value for name, value in row.items()})

    def say(
        self,
        text: str,
        y: float,
        x: float | None = None,
        *,
        day: float = 0,
        align: str = "left",
        bold: bool = False,
        size: float = theme.SMALL,
        ink: str = theme.INK,
    ) -> None:
        """Write words: at pixel `x` from the left, or where it is None at a day."""
        place = {"day": day} if x is None else {}
        self._words[x, align, bold, size].append({"text": text, "y": y, "colour": ink, **place})

    def specification(self, title: str, subtitle: str, synthetic: bool) -> dict[str, Any]:
        """The whole sheet, with its day axis beneath."""
        self._rows["infusion"] = self._rows["infusion"] or [{"day": 0, "y": 0.0, "y2": self.bottom}]
        layers = [self._layer(kind) for kind in _MARKS if self._rows[kind]]
        layers += [self._texts(key) for key in self._words]
        return {
            "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
            "title": theme.heading(title, subtitle, synthetic),
            "width": self.width,
            "height": self.bottom,
            "layer": layers,
            "config": theme.config(),
        }

    def _layer(self, kind: str) -> Layer:
        mark, channels = _MARKS[kind]
        encoding: dict[str, Any] = {}
        for name in channels:
            encoding |= self._channel(name)
        return {"data": {"values": self._rows[kind]}, "mark": mark, "encoding": encoding}

    def _channel(self, name: str) -> dict[str, Any]:
        own: dict[str, dict[str, Any]] = {
            "day": {"x": self._days("day")},
            "from": {"x": self._days("from")},
            "to": {"x2": {"field": "to"}},
            "y": {"y": _DOWN},
            "y2": {"y2": {"field": "y2"}},
            "level": {"x": {"value": 0}, "x2": {"value": self.width}, "y": _DOWN},
            "colour": {"color": _as_it_is("colour", "nominal")},
            "size": {"size": _as_it_is("size", "quantitative")},
            "shape": {"shape": _as_it_is("shape", "nominal")},
            "what": {"detail": {"field": "what", "type": "nominal"}},
        }
        return own[name]

    def _days(self, field: str) -> dict[str, Any]:
        scale = axes.scale_options(self.first, self.last)
        axis = axes.axis_options(self.first, self.last)
        return {"field": field, "type": "quantitative", "scale": scale, "axis": axis}

    def _texts(self, key: tuple[float | None, str, bool, float]) -> Layer:
        x, align, bold, size = key
        weight = theme.SEMIBOLD if bold else "normal"
        return {
            "data": {"values": self._words[key]},
            "mark": {"type": "text", "baseline": "middle", "align": align, "fontSize": size, "fontWeight": weight},
            "encoding": {
                "x": self._days("day") if x is None else {"value": x},
                "y": _DOWN,
                "text": {"field": "text", "type": "nominal"},
                "color": _as_it_is("colour", "nominal"),
            },
        }


def _as_it_is(field: str, kind: str) -> dict[str, Any]:
    """A channel that takes its values as they are."""
    return {"field": field, "type": kind, "scale": None}


_DOWN = {**_as_it_is("y", "quantitative"), "axis": None}
