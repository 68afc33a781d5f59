"""The few marks that figures are made of where a place is given in pixels: words, boxes, lines, keys of colours.

Altair types its marks by the whole Vega-Lite schema; here the options are those that carac uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from carac.report import theme
from carac.report.figures.axes import Rows, data, x2_at, x_at


def across(field: str) -> alt.X:
    """An x channel that takes pixels from the left as they are."""
    return alt.X(f"{field}:Q", scale=None, axis=None)


def down(field: str) -> alt.Y:
    """A y channel that takes pixels from the top as they are."""
    return alt.Y(f"{field}:Q", scale=None, axis=None)


def colour(field: str = "colour") -> alt.Color:
    """A colour channel that takes colours as they are."""
    return alt.Color(f"{field}:N", scale=None)


def words(
    rows: Rows,
    x: float | str | alt.X,
    *,
    y: str = "y",
    align: str = "left",
    size: float = theme.SMALL,
    bold: bool = False,
    ink: str = "",
    field: str = "text",
) -> Any:
    """Words at places.

    Parameters
    ----------
    rows: with the words in `field` and their middle, in pixels from the top, in `y`.
    x: pixels from the left for all of them, the field that has them, or a channel.
    ink: one colour for all; empty takes the field ``colour`` where the rows have one.
    """
    mark: dict[str, Any] = {"baseline": "middle", "align": align, "fontSize": size}
    mark["fontWeight"] = theme.SEMIBOLD if bold else "normal"
    mark["color"] = ink or theme.INK
    chart: Any = alt.Chart(data(rows))
    place = across(x) if isinstance(x, str) else x_at(x) if isinstance(x, int | float) else x
    drawn = chart.mark_text(**mark).encode(x=place, y=down(y), text=alt.Text(f"{field}:N"))
    coloured = not ink and bool(rows) and "colour" in rows[0]
    return drawn.encode(color=colour()) if coloured else drawn


def haloed(rows: Rows, x: float | str | alt.X, **options: Any) -> list[Any]:
    """Words that stay legible where lines run behind them."""
    behind = words(rows, x, **options).copy()
    behind.mark["stroke"], behind.mark["strokeWidth"], behind.mark["color"] = theme.PAPER, 4, theme.PAPER
    return [behind, words(rows, x, **options)]


def boxes(rows: Rows, fill: str = "fill", **mark: Any) -> Any:
    """Boxes from ``x``, ``y`` to ``x2``, ``y2`` in pixels."""
    chart: Any = alt.Chart(data(rows))
    return chart.mark_rect(**mark).encode(
        x=across("x"), x2=alt.X2("x2:Q"), y=down("y"), y2=alt.Y2("y2:Q"), color=colour(fill)
    )


def level_lines(rows: Rows, width: float, y: str = "y", ink: str = theme.GRID) -> Any:
    """Lines from left to right."""
    chart: Any = alt.Chart(data(rows))
    return chart.mark_rule(color=ink).encode(y=down(y), x=x_at(0), x2=x2_at(width))


def key(labels: Sequence[tuple[str, str]], y: float, x: float = 0.0) -> list[Any]:
    """Colours and what they mean, in one row.

    Parameters
    ----------
    labels: words and colour of each.
    y, x: top and left of the row, in pixels.
    """
    rows: list[dict[str, object]] = []
    for text, fill in labels:
        rows.append({"x": x, "x2": x + 13, "tx": x + 18, "fill": fill, "text": text, "y": y, "y2": y + 12, "yc": y + 6})
        x += 18 + _width(text) + 12
    return [boxes(rows, stroke=theme.LINE, strokeWidth=0.75), words(rows, "tx", y="yc", ink=theme.INK)]


def _width(text: str) -> float:
    """About how wide words are, in pixels; capitals are wider."""
    return 5.6 * len(text) + 2.2 * sum(letter.isupper() for letter in text)


def _share_axis(channels: Sequence[Any]) -> None:
    """Give the axis of one layer to all that have none of their own.

    Vega-Lite merges the axes of layers; an axis that one of them leaves to it brings back its dropping of numbers.
    """
    scaled = [c for c in channels if isinstance(c, alt.X | alt.Y) and c["scale"] is not None]
    own = [c["axis"] for c in scaled if c["axis"] is not alt.Undefined and c["axis"] is not None]
    for channel in scaled:
        if own and channel["axis"] is alt.Undefined:
            channel["axis"] = own[0]


def layered(layers: Sequence[Any], width: float, height: float) -> Any:
    """Layers on one frame of this size in pixels, all with the axes of those that have some."""
    for name in ("x", "y"):
        _share_axis([getattr(layer.encoding, name, alt.Undefined) for layer in layers])
    return alt.layer(*layers).properties(width=width, height=height)
