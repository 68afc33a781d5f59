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
from typing import TYPE_CHECKING, Any, Literal

import typst
import vl_convert

from carac.report.png_image import with_dots

if TYPE_CHECKING:
    import altair as alt

#: Dots to the inch of a printed picture; charts are laid out at 96.
PRINT_DOTS = 300
#: Those of a page of a patient, which is read and not printed in a journal.
READING_DOTS = 200
_SCREEN_DOTS, _POINTS = 96, 72
_FAMILY, _OTHERWISE = "IBM Plex Sans", ", Arial, Helvetica, sans-serif"
_SEMIBOLD = re.compile(rf'(<text[^>]*font-family=)"{_FAMILY}"(?=[^>]*font-weight="600")')


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


def drawn(said: str, dots: int = PRINT_DOTS, alternative: str = "") -> Drawing:
    """All forms of what a specification says; PNG and PDF come from the one SVG.

    Parameters
    ----------
    dots: to the inch of the PNG.
    alternative: what the PDF tells who cannot see it.
    """
    picture = _svg(said)
    return Drawing(picture, png(picture, dots), pdf(picture, alternative))


def svg(chart: alt.TopLevelMixin | Mapping[str, Any]) -> str:
    """The chart as SVG."""
    return _svg(specification(chart))


def _svg(said: str) -> str:
    assert _registered()
    picture: str = vl_convert.vegalite_to_svg(said, allowed_base_urls=[])
    return _with_font(picture)


def _with_font(picture: str) -> str:
    """Readers that lack the typeface take one of the same width."""
    return picture.replace(f'font-family="{_FAMILY}"', f'font-family="{_FAMILY}{_OTHERWISE}"')


def png(picture: str, dots: int = PRINT_DOTS) -> bytes:
    """An SVG as PNG, at so many dots to the inch."""
    return with_dots(_set(picture, "png", dots=dots), dots)


def pdf(picture: str, alternative: str = "") -> bytes:
    """An SVG as a page of PDF."""
    return _set(picture, "pdf", alternative)


def for_print(picture: str) -> str:
    """The drawing with one font name, which is what Typst looks up; it knows the letters of titles as a family."""
    plain = picture.replace(f"{_FAMILY}{_OTHERWISE}", _FAMILY)
    return _SEMIBOLD.sub(rf'\g<1>"{_FAMILY} SmBld"', plain)


#: A page as large as the drawing.
_PAGE = b"""#let width = float(sys.inputs.width) * 1pt
#set document(title: sys.inputs.alternative, author: "carac", date: none)
#set page(width: width, height: auto, margin: 0pt)
#image(bytes(sys.inputs.drawing), format: "svg", width: width, alt: sys.inputs.alternative)
"""


def _set(picture: str, form: Literal["png", "pdf"], alternative: str = "", dots: int = PRINT_DOTS) -> bytes:
    """An SVG set by Typst, which reads it once for PNG and PDF and takes a third of the converter's time."""
    compiler, width = _compiler(), width_of(picture) * _POINTS / _SCREEN_DOTS
    told = {"drawing": for_print(picture), "width": str(width), "alternative": alternative}
    made = compiler.compile(input=_PAGE, format=form, ppi=float(dots), sys_inputs=told)
    assert isinstance(made, bytes)
    return made


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(_PAGE, font_paths=typst_fonts())


@cache
def typst_fonts() -> typst.Fonts:
    """The typeface for Typst, and those of the system for letters that it lacks."""
    return typst.Fonts(font_paths=[str(font_folder())])


def width_of(picture: str) -> float:
    """The width of a drawing, in units of 1/96 inch."""
    return float(picture.split(' width="', 1)[1].split('"', 1)[0])
