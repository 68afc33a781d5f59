"""PNG and PDF of a figure: as large as the SVG, of the resolution asked for, with the letters of the typeface."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image, ImageStat

from carac.report import drawing


def picture(weight: int, text: str = "Fibrinogen 1.5 g/L ≥ −7") -> str:
    """An SVG two inches wide and half an inch high, as charts write their words."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="192" height="48" viewBox="0 0 192 48">'
        '<rect width="192" height="48" fill="#ffffff"/><text font-family="IBM Plex Sans, Arial, Helvetica, sans-serif"'
        f' font-size="14px" font-weight="{weight}" x="4" y="30" fill="#000000">{text}</text></svg>'
    )


def opened(made: bytes) -> Image.Image:
    return Image.open(io.BytesIO(made))


def blackness(made: bytes) -> float:
    return 255 - float(ImageStat.Stat(opened(made).convert("L")).mean[0])


@pytest.mark.parametrize("dots", [96, 200, 300])
def test_a_picture_has_its_dots_to_the_inch_and_says_so(dots: int) -> None:
    found = opened(drawing.png(picture(400), dots))
    assert found.size == (2 * dots, dots // 2)
    assert found.info["dpi"] == pytest.approx((dots, dots), abs=0.1)


def test_a_page_of_pdf_is_as_large_as_the_figure_and_tells_what_it_shows() -> None:
    made = drawing.pdf(picture(400), "Fibrinogen falls")
    box = re.search(rb"/MediaBox ?\[([\d. ]+)\]", made)
    assert box is not None
    assert [float(end) for end in box[1].split()] == pytest.approx([0, 0, 144, 36])
    assert b"(Fibrinogen falls)" in made


def test_titles_are_semibold_in_picture_and_pdf() -> None:
    assert blackness(drawing.png(picture(600))) > 1.1 * blackness(drawing.png(picture(400)))
    assert b"IBMPlexSans-SmBld" in drawing.pdf(picture(600))
    assert b"SmBld" not in drawing.pdf(picture(400))


def test_nothing_but_the_typeface_is_drawn_with() -> None:
    fonts = set(re.findall(rb"/BaseFont ?/\w+\+([\w-]+)", drawing.pdf(picture(400)) + drawing.pdf(picture(600))))
    assert fonts == {b"IBMPlexSans", b"IBMPlexSans-SmBld"}
