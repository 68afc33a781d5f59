"""Figures drawn by other processes are those drawn here; a process that ends costs time and no figure."""

from __future__ import annotations

import io
from collections.abc import Iterator
from xml.etree import ElementTree

import docx
import pytest

from carac.report.content import Document, Figure, Paragraph, Section
from carac.report.drawers import Drawers
from carac.report.drawing import Drawing, drawn, specification
from carac.report.writers import word

SVG = "{http://www.w3.org/2000/svg}"


def figure(name: str, **spoilt: object) -> Figure:
    """A chart of one mark and one word, the name."""
    layer = {
        "data": {"values": [{"day": 3, "text": name}]},
        "mark": "text",
        "encoding": {"x": {"field": "day", "type": "quantitative"}, "text": {"field": "text", "type": "nominal"}},
    }
    return Figure(name, name, {**layer, **spoilt}, name, dots=60)


def section(*figures: Figure) -> Section:
    return Section("one", "One", figures)


@pytest.fixture(scope="module")
def two() -> Iterator[Drawers]:
    """Two processes."""
    with Drawers(2) as drawers:
        yield drawers


def words_of(drawing: Drawing) -> set[str | None]:
    return {text.text for text in ElementTree.fromstring(drawing.svg).iter(f"{SVG}text")}


def test_each_figure_is_its_own_and_as_drawn_here(two: Drawers) -> None:
    figures = [figure(f"figure {place}") for place in range(5)]
    two.begin(section(*figures))
    for one in reversed(figures):
        found = two.drawing(one)
        assert one.name in words_of(found)
        assert found.png[:4] == b"\x89PNG"
        assert found.pdf[:4] == b"%PDF"
        assert found.svg == drawn(specification(one.chart), one.dots).svg


def test_what_was_not_begun_is_drawn_when_asked_for(two: Drawers) -> None:
    assert "late" in words_of(two.drawing(figure("late")))


def test_a_process_that_ended_costs_no_figure() -> None:
    with Drawers(2) as drawers:
        drawers.drawing(figure("first"))
        for process in drawers._processes:
            process.kill()
            process.wait()
        for name in ("second", "third", "fourth"):
            assert name in words_of(drawers.drawing(figure(name)))


def test_a_figure_that_cannot_be_drawn_is_an_error_and_not_an_empty_picture(two: Drawers) -> None:
    with pytest.raises(RuntimeError, match="cannot be drawn"):
        two.drawing(figure("spoilt", mark={"type": "nothing of the kind"}))
    assert "after" in words_of(two.drawing(figure("after")))


def test_no_process_is_left_when_it_is_over() -> None:
    with Drawers(2) as drawers:
        drawers.begin(section(*(figure(str(place)) for place in range(4))))
        drawers.drawing(figure("0"))
    assert drawers._processes
    assert all(process.poll() is not None for process in drawers._processes)


def test_a_name_with_characters_that_xml_cannot_hold_gives_a_word_file_that_opens() -> None:
    section = Section("one", "Pa\x0btient", (Paragraph("a\x00b < c & d"),))
    made = word.write(Document("T", "S", False, (), (section,)), {})
    texts = [paragraph.text for paragraph in docx.Document(io.BytesIO(made)).paragraphs]
    assert texts[-2:] == ["Patient", "ab < c & d"]
