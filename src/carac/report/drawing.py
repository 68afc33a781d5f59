"""From a chart to SVG, PNG and PDF, without browser and network; the typeface comes with carac.

Nothing here needs Altair, whose import takes longer than a figure: other processes draw with this module alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import vl_convert

if TYPE_CHECKING:
    import altair as alt

#: Dots to the inch of a printed picture; charts are laid out at 96.
PRINT_DOTS = 300
#: Those of a page of a patient, which is read and not printed in a journal.
READING_DOTS = 200
_SCREEN_DOTS = 96


@dataclass(frozen=True)
class Drawing:
    """One figure as SVG, as PNG, and as a page of PDF."""

    svg: str
    png: bytes
    pdf: bytes


@cache
def font_folder() -> Path:
    """The folder of the typeface."""
    with as_file(files("carac.report") / "fonts") as folder:
        return Path(folder)


@cache
def _registered() -> bool:
    vl_convert.register_font_directory(str(font_folder()))
    return True


def specification(chart: alt.TopLevelMixin | Mapping[str, Any]) -> str:
    """What is to be drawn, as the JSON of Vega-Lite."""
    said = chart if isinstance(chart, Mapping) else chart.to_dict(validate=False)
    return json.dumps(said)


def drawn(said: str, dots: int = PRINT_DOTS) -> Drawing:
    """All forms of what a specification says; PNG and PDF come from the one SVG."""
    picture = _svg(said)
    return Drawing(picture, png(picture, dots), pdf(picture))


def svg(chart: alt.TopLevelMixin | Mapping[str, Any]) -> str:
    """The chart as SVG."""
    return _svg(specification(chart))


def _svg(said: str) -> str:
    assert _registered()
    picture: str = vl_convert.vegalite_to_svg(said, allowed_base_urls=[])
    return _with_font(picture)


def _with_font(picture: str) -> str:
    """Readers that lack the typeface take one of the same width."""
    return re.sub(r'font-family="IBM Plex Sans"', 'font-family="IBM Plex Sans, Arial, Helvetica, sans-serif"', picture)


def png(picture: str, dots: int = PRINT_DOTS) -> bytes:
    """An SVG as PNG, at so many dots to the inch."""
    assert _registered()
    # The converter takes a unit of the drawing for 1/72 inch; charts are laid out in units of 1/96.
    return vl_convert.svg_to_png(for_print(picture), scale=72 / _SCREEN_DOTS, ppi=dots)


def pdf(picture: str) -> bytes:
    """An SVG as a page of PDF."""
    assert _registered()
    return vl_convert.svg_to_pdf(for_print(picture))


def for_print(picture: str) -> str:
    """The drawing with one font name, which is what the converter looks up."""
    return picture.replace("IBM Plex Sans, Arial, Helvetica, sans-serif", "IBM Plex Sans")
