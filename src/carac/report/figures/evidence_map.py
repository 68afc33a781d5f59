"""Which study measured which outcome, by which definition, in which window: one look at what cannot be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from carac.report import theme
from carac.report.figures import marks

COLUMN, ROW, GAP = 82.0, 20.0, 3.0
#: Pixels from one line of the key to the next, and how many letters of a definition it shows.
_KEY_LINE, _KEY_LETTERS = 15.0, 84
#: So many letters of a window fit beside the letter of its definition.
_WINDOW_LETTERS = 9
NOT_SAID_COLOUR = "#d5dbe1"
#: Definitions in the order of their first use; after the last, colours begin again and letters tell.
COLOURS = ("#9cc7e8", "#f6b48f", "#8fd3bd", "#dcb2d6", "#f0cf82", "#c5cf8a", "#f2a3a8", "#b9b3e3", "#a9d6d8", "#d3c2a8")
_INK = "#1d2227"


@dataclass(frozen=True)
class Measured:
    """What one study says of one outcome.

    Parameters
    ----------
    study, outcome: row and column, as they are shown.
    definition: "" where not said.
    window: short, such as "90 d"; "" where not said.
    reported: False where the study says that it does not report it.
    """

    study: str
    outcome: str
    definition: str
    window: str
    reported: bool = True


def evidence_map(measured: Sequence[Measured], outcomes: Sequence[str], title: str, subtitle: str) -> alt.TopLevelMixin:
    """Draw the map.

    Parameters
    ----------
    measured: every entry; several of one study and outcome share a cell.
    outcomes: the columns, in order; what stands elsewhere is left out.
    """
    shown = [one for one in measured if one.outcome in outcomes]
    studies = list(dict.fromkeys(one.study for one in shown))
    letters = letters_of(shown)
    boxes: list[dict[str, Any]] = []
    texts: list[dict[str, Any]] = []
    absent: list[dict[str, Any]] = []
    for row, study in enumerate(studies):
        for column, outcome in enumerate(outcomes):
            cell = list(dict.fromkeys(one for one in shown if (one.study, one.outcome) == (study, outcome)))
            reported = [one for one in cell if one.reported]
            if cell and not reported:
                absent.append({"x": COLUMN * (column + 0.5), "y": ROW * (row + 0.5), "text": "not reported"})
            _cell(reported, letters, COLUMN * column, ROW * row, boxes, texts)
    width, height = COLUMN * len(outcomes), ROW * len(studies)
    layers = [
        marks.level_lines([{"y": ROW * place} for place in range(len(studies) + 1)], width),
        marks.boxes(boxes),
        marks.words(texts, "x", align="center", size=10, ink=_INK),
        *([marks.words(absent, "x", align="center", size=9, ink=theme.MUTED)] if absent else []),
        marks.words([{"text": s, "y": ROW * (place + 0.5)} for place, s in enumerate(studies)], -8, align="right"),
        marks.words(
            [{"text": o, "x": COLUMN * (place + 0.5), "y": -10} for place, o in enumerate(outcomes)],
            "x",
            align="center",
            bold=True,
        ),
        *_key(letters, height + 14),
    ]
    full = height + 14 + _KEY_LINE * (len(letters) + 1)
    return theme.finished(marks.layered(layers, width, full), title, subtitle)


def letters_of(measured: Sequence[Measured]) -> dict[str, str]:
    """A letter per definition, the most used first; "?" for none said."""
    used = [one.definition for one in measured if one.reported and one.definition]
    order = sorted(dict.fromkeys(used), key=lambda name: -used.count(name))
    return {"": "?"} | {name: _letter(place) for place, name in enumerate(order)}


def _letter(place: int) -> str:
    return chr(ord("A") + place) if place < 26 else f"{_letter(place // 26 - 1)}{_letter(place % 26)}"


def _colour(letters: dict[str, str], definition: str) -> str:
    if not definition:
        return NOT_SAID_COLOUR
    return COLOURS[(list(letters).index(definition) - 1) % len(COLOURS)]


def _cell(
    reported: Sequence[Measured],
    letters: dict[str, str],
    left: float,
    top: float,
    boxes: list[dict[str, Any]],
    texts: list[dict[str, Any]],
) -> None:
    """One box per way of counting; where they are more than fit with their window, the letters stand alone."""
    if not reported:
        return
    definitions = list(dict.fromkeys(one.definition for one in reported))
    part = (COLUMN - 2 * GAP) / len(definitions)
    for place, definition in enumerate(definitions):
        x = left + GAP + part * place
        windows = list(dict.fromkeys(one.window or "?" for one in reported if one.definition == definition))
        said = ", ".join(windows) if len(", ".join(windows)) <= _WINDOW_LETTERS else "several"
        text = f"{letters[definition]} · {said}" if len(definitions) == 1 else letters[definition]
        boxes.append(
            {"x": x, "x2": x + part, "y": top + GAP, "y2": top + ROW - GAP, "fill": _colour(letters, definition)}
        )
        texts.append({"x": x + part / 2, "y": top + ROW / 2, "text": text})


def _key(letters: dict[str, str], top: float) -> list[Any]:
    rows, texts = [], []
    for place, (definition, letter) in enumerate(letters.items()):
        y = top + _KEY_LINE * (place + 0.5)
        said = definition or "definition, or window, not said"
        said = said if len(said) <= _KEY_LETTERS else f"{said[: _KEY_LETTERS - 1].rstrip()}…"
        rows.append({"x": 0, "x2": 13, "y": y - 5, "y2": y + 5, "fill": _colour(letters, definition)})
        texts.append({"text": f"{letter}  {said}", "y": y})
    return [marks.boxes(rows), marks.words(texts, 20)]
