"""From a chart to SVG, PNG and PDF, without browser and network; the typeface comes with carac."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import vl_convert
from altair.utils import schemapi

from carac.report.content import PRINT_DOTS, Chart

_SCREEN_DOTS = 96


@cache
def font_folder() -> Path:
    """The folder of the typeface."""
    with as_file(files("carac.report") / "fonts") as folder:
        return Path(folder)


@cache
def _registered() -> bool:
    vl_convert.register_font_directory(str(font_folder()))
    return True


@contextmanager
def unchecked() -> Iterator[None]:
    """Charts made within are not held against the schema of Vega-Lite part by part, which takes longer than the rest.

    A test holds every figure against it.
    """
    with schemapi.debug_mode(False):
        yield


def svg(chart: Chart) -> str:
    """The chart as SVG."""
    assert _registered()
    said = chart if isinstance(chart, Mapping) else chart.to_dict(validate=False)
    drawn: str = vl_convert.vegalite_to_svg(json.dumps(said), allowed_base_urls=[])
    return _with_font(drawn)


def _with_font(drawn: str) -> str:
    """Readers that lack the typeface take one of the same width."""
    return re.sub(r'font-family="IBM Plex Sans"', 'font-family="IBM Plex Sans, Arial, Helvetica, sans-serif"', drawn)


def png(drawn: str, dots: int = PRINT_DOTS) -> bytes:
    """An SVG as PNG, at so many dots to the inch."""
    assert _registered()
    # The converter takes a unit of the drawing for 1/72 inch; charts are laid out in units of 1/96.
    return vl_convert.svg_to_png(for_print(drawn), scale=72 / _SCREEN_DOTS, ppi=dots)


def pdf(drawn: str) -> bytes:
    """An SVG as a page of PDF."""
    assert _registered()
    return vl_convert.svg_to_pdf(for_print(drawn))


def for_print(drawn: str) -> str:
    """The drawing with one font name, which is what the converter looks up."""
    return drawn.replace("IBM Plex Sans, Arial, Helvetica, sans-serif", "IBM Plex Sans")
