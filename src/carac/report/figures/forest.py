"""Forest plots as journals print them: a line per study, diamonds, prediction intervals, bias."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from carac.report import theme
from carac.report.figures import axes, marks

PLOT, ROW = 240.0, 20.0
#: About so many pixels a letter of the small size is wide.
_LETTER = 5.9
_LONGEST = 44
#: Judgements of bias: colour, and the sign that tells it without colour.
BIAS = {
    "low": ("#1a7f5a", "+"),
    "some concerns": ("#c99700", "!"),
    "high": ("#b2182b", "−"),
    "unclear": ("#8d97a1", "?"),
}
_BIAS_INK = "#fefefe"


@dataclass(frozen=True)
class Line:
    """A line of a forest plot.

    Parameters
    ----------
    label: of the study, the group or the model.
    kind: study, pooled (a diamond), prediction (a bar), group (a heading) or words (no mark).
    left, right: texts of the columns beside the plot.
    value, low, high: on the axis; None draws nothing. Infinite ends become arrows.
    weight: of a study in per cent, for the size of its square.
    bias: judgement of the risk of bias; "" where none was made.
    """

    label: str
    kind: str = "study"
    left: tuple[str, ...] = ()
    right: tuple[str, ...] = ()
    value: float | None = None
    low: float | None = None
    high: float | None = None
    weight: float = 0.0
    bias: str = ""


@dataclass(frozen=True)
class Axis:
    """The axis of a forest plot.

    Parameters
    ----------
    title: beneath it.
    low, high: its ends; what lies beyond is drawn as an arrow.
    ticks: numbers on it.
    logarithmic: of ratios.
    line: where a fine line stands for no difference; None for none.
    sides: words to the left and the right of it, such as what is favoured.
    """

    title: str
    low: float
    high: float
    ticks: tuple[float, ...]
    logarithmic: bool = False
    line: float | None = None
    sides: tuple[str, str] = ("", "")

    def scale(self) -> alt.Scale:
        """The x scale."""
        kind: Any = "log" if self.logarithmic else "linear"
        return alt.Scale(type=kind, domain=[self.low, self.high], nice=False, zero=False)

    def x(self, field: str) -> alt.X:
        """The x channel of a field."""
        axis = alt.Axis(
            values=list(self.ticks),
            title=self.title,
            grid=False,
            labelExpr="format(datum.value, '~g')",
            labelOverlap=False,
            labelFlush=False,
        )
        return alt.X(f"{field}:Q", scale=self.scale(), axis=axis)

    def inside(self, value: float) -> float:
        """The value, or the end that it lies beyond."""
        return min(max(value, self.low), self.high)


def forest(
    lines: Sequence[Line],
    axis: Axis,
    heads: tuple[Sequence[str], Sequence[str]],
    title: str,
    subtitle: str = "",
    centre: float | None = None,
    synthetic: bool = False,
) -> alt.TopLevelMixin:
    """Draw a forest plot.

    Parameters
    ----------
    lines: from top to bottom.
    heads: of the columns left and right of the plot, without that of the names.
    centre: where a dashed line marks the pooled value; None for none.
    """
    placed = [(line, ROW * place + 12) for place, line in enumerate(lines)]
    height = ROW * len(lines) + 4
    layers = [*_rules(axis, height, centre), *_marks(placed, axis)]
    layers += _columns(placed, heads)
    layers += _bias(placed, _right_edge(lines, heads[1]))
    layers += _sides(axis, height)
    return theme.finished(marks.layered(layers, PLOT, height), title, subtitle, synthetic)


def percent_axis(highest: float, title: str = "% of patients") -> Axis:
    """An axis of percentages from 0 to a round number that holds the highest.

    Parameters
    ----------
    highest: in per cent.
    """
    steps = {2: 0.5, 5: 1.0, 10: 2.0, 20: 5.0, 30: 10.0, 40: 10.0, 60: 20.0, 80: 20.0, 100: 25.0}
    end = next((end for end in steps if highest <= end), 100)
    step = steps[end]
    ticks = tuple(step * place for place in range(int(end / step) + 1))
    return Axis(title, 0, end, ticks)


def ratio_axis(lowest: float, highest: float, title: str, sides: tuple[str, str]) -> Axis:
    """A logarithmic axis about 1, wide enough for most and never beyond a hundredfold.

    Parameters
    ----------
    lowest, highest: of what should be seen.
    """
    far = max(highest, 1 / lowest if lowest > 0 else 100, 4)
    end, ticks = (
        (5, (0.2, 0.5, 1, 2, 5))
        if far <= 5
        else (20, (0.05, 0.2, 1, 5, 20))
        if far <= 20
        else (100, (0.01, 0.1, 1, 10, 100))
    )
    return Axis(title, 1 / end, end, ticks, logarithmic=True, line=1, sides=sides)


def _rules(axis: Axis, height: float, centre: float | None) -> list[Any]:
    found = []
    for value, dash in ((axis.line, []), (centre, [3, 3])):
        if value is not None and axis.low <= value <= axis.high:
            chart: Any = alt.Chart(axes.data([{"at": value}]))
            found.append(
                chart.mark_rule(color=theme.LINE if not dash else theme.MUTED, strokeDash=dash).encode(
                    x=axis.x("at"), y=alt.value(0), y2=alt.value(height)
                )
            )
    return found


def _marks(placed: Sequence[tuple[Line, float]], axis: Axis) -> list[Any]:
    whiskers, squares, diamonds, bars, arrows = [], [], [], [], []
    for place, (line, y) in enumerate(placed):
        if line.value is None or line.low is None or line.high is None:
            continue
        low, high = axis.inside(line.low), axis.inside(line.high)
        arrows += [{"at": axis.low, "y": y, "way": -90}] if line.low < axis.low else []
        arrows += [{"at": axis.high, "y": y, "way": 90}] if line.high > axis.high else []
        if line.kind == "pooled":
            middle = axis.inside(line.value)
            diamonds += [
                {"at": at, "top": y - half, "bottom": y + half, "id": place}
                for at, half in ((low, 0), (middle, 6.5), (high, 0))
            ]
        elif line.kind == "prediction":
            bars.append({"low": low, "high": high, "y": y})
        else:
            whiskers.append({"low": low, "high": high, "y": y})
            if axis.low <= line.value <= axis.high:
                squares.append({"at": line.value, "y": y, "size": 18 + 2.2 * line.weight, "study": line.label})
    return [
        *_rule_marks(whiskers, axis, theme.EVERYONE, 1.3),
        *_rule_marks(bars, axis, theme.GROUPS[1], 4),
        *_points(squares, axis),
        *_diamonds(diamonds, axis),
        *_arrows(arrows, axis),
    ]


def _rule_marks(rows: axes.Rows, axis: Axis, ink: str, width: float) -> list[Any]:
    if not rows:
        return []
    chart: Any = alt.Chart(axes.data(rows))
    return [chart.mark_rule(color=ink, strokeWidth=width).encode(x=axis.x("low"), x2="high:Q", y=marks.down("y"))]


def _points(rows: axes.Rows, axis: Axis) -> list[Any]:
    if not rows:
        return []
    chart: Any = alt.Chart(axes.data(rows))
    size = alt.Size("size:Q", scale=None)
    return [
        chart.mark_square(color=theme.GROUPS[0], opacity=1).encode(
            x=axis.x("at"), y=marks.down("y"), size=size, tooltip=["study:N", "at:Q"]
        )
    ]


def _diamonds(rows: axes.Rows, axis: Axis) -> list[Any]:
    if not rows:
        return []
    chart: Any = alt.Chart(axes.data(rows))
    return [
        chart.mark_area(color=theme.GROUPS[1], opacity=1, line=False, interpolate="linear").encode(
            x=axis.x("at"), y=marks.down("top"), y2="bottom:Q", detail="id:N"
        )
    ]


def _arrows(rows: axes.Rows, axis: Axis) -> list[Any]:
    if not rows:
        return []
    chart: Any = alt.Chart(axes.data(rows))
    return [
        chart.mark_point(shape="triangle-up", filled=True, size=46, color=theme.EVERYONE, opacity=1).encode(
            x=axis.x("at"), y=marks.down("y"), angle=alt.Angle("way:Q", scale=None)
        )
    ]


# ---- columns of text ----


def shown(label: str) -> str:
    """A label that fits its column."""
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1].rstrip()}…"


def _width(texts: Sequence[str]) -> float:
    return _LETTER * max((len(text) for text in texts), default=0)


def _columns(placed: Sequence[tuple[Line, float]], heads: tuple[Sequence[str], Sequence[str]]) -> list[Any]:
    layers, edge = [], -14.0
    for column in reversed(range(len(heads[0]))):
        texts = [line.left[column] if column < len(line.left) else "" for line, _ in placed]
        layers += _column(placed, texts, heads[0][column], edge, "right")
        edge -= max(_width([heads[0][column], *texts]), 30) + 12
    names = [shown(line.label) for line, _ in placed]
    start = edge - _width(["Study", *names])
    layers += _column(placed, names, "Study", start, "left")
    edge = PLOT + 14
    for column, head in enumerate(heads[1]):
        texts = [line.right[column] if column < len(line.right) else "" for line, _ in placed]
        edge += max(_width([head, *texts]), 30)
        layers += _column(placed, texts, head, edge, "right")
        edge += 12
    return layers


def _right_edge(lines: Sequence[Line], heads: Sequence[str]) -> float:
    edge = PLOT + 14
    for column, head in enumerate(heads):
        texts = [line.right[column] if column < len(line.right) else "" for line in lines]
        edge += max(_width([head, *texts]), 30) + 12
    return edge


def _column(placed: Sequence[tuple[Line, float]], texts: Sequence[str], head: str, x: float, align: str) -> list[Any]:
    plain: list[dict[str, Any]] = []
    bold: list[dict[str, Any]] = [{"text": head, "y": -8.0}]
    for (line, y), text in zip(placed, texts, strict=True):
        if text:
            (bold if line.kind in ("pooled", "group") else plain).append({"text": text, "y": y})
    found = [marks.words(bold, x, align=align, bold=True)]
    if plain:
        found.append(marks.words(plain, x, align=align))
    return found


def _bias(placed: Sequence[tuple[Line, float]], x: float) -> list[Any]:
    judged = [(line, y) for line, y in placed if line.bias]
    if not judged:
        return []
    rows = [{"y": y, "colour": BIAS[line.bias][0], "text": BIAS[line.bias][1]} for line, y in judged]
    chart: Any = alt.Chart(axes.data(rows))
    middle = x + 12
    return [
        marks.words([{"text": "Bias", "y": -8.0}], middle, align="center", bold=True),
        chart.mark_circle(size=190, opacity=1).encode(x=alt.value(middle), y=marks.down("y"), color=marks.colour()),
        marks.words(rows, middle, align="center", bold=True, ink=_BIAS_INK),
    ]


def _sides(axis: Axis, height: float) -> list[Any]:
    left, right = axis.sides
    if not left and not right:
        return []
    return [
        marks.words([{"text": f"← {left}", "y": height + 52}], 0, align="left", ink=theme.MUTED),
        marks.words([{"text": f"{right} →", "y": height + 52}], PLOT, align="right", ink=theme.MUTED),
    ]
