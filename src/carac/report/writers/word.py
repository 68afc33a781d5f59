"""The report as a Word file, its tables in the layout that journals ask for: three rules, no shading, notes beneath."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import docx
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.text.paragraph import Paragraph as Written

from carac.report import theme
from carac.report.content import Block, Document, Figure, Heading, Items, Paragraph, Table, Voice
from carac.report.drawing import Drawing, width_of
from carac.report.writers import word_table
from carac.report.writers.word_text import paragraph, run

_TYPEFACE = "Arial"
_WIDTH = Cm(24.7)
#: Figures are laid out in units of 1/96 inch.
_CM_PER_UNIT = 2.54 / 96
#: Size of notes beneath a table, in half points.
_NOTE = 16


def write(document: Document, drawings: Mapping[str, Drawing]) -> bytes:
    """The Word file."""
    file = docx.Document()
    _page(file, document)
    page = _Page(file, drawings, document.numbers())
    page.heading(document.title, 0)
    page.add(paragraph(run(document.subtitle)))
    for block in document.lead:
        page.block(block)
    for section in document.all_sections():
        page.heading(section.title, 1)
        for block in section.blocks:
            page.block(block)
    stream = io.BytesIO()
    file.save(stream)
    return stream.getvalue()


def _page(file: Any, document: Document) -> None:
    """A4 across, because tables by product are wide; the mark of synthetic patients on every page."""
    section = file.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Cm(29.7), Cm(21.0)
    section.left_margin = section.right_margin = Cm(2.5)
    section.top_margin = section.bottom_margin = Cm(2.0)
    mark = (
        f"{theme.SYNTHETIC_MARK}: nobody here exists" if document.synthetic else "Made by carac. Not a medical device."
    )
    head = section.header.paragraphs[0]
    head.text = mark
    head.runs[0].bold = document.synthetic
    section.footer.paragraphs[0].text = "Made by carac. Not a medical device."
    normal = file.styles["Normal"]
    normal.font.name, normal.font.size = _TYPEFACE, Pt(10)
    for level in range(4):
        style = file.styles["Title" if level == 0 else f"Heading {level}"]
        style.font.name, style.font.color.rgb = _TYPEFACE, RGBColor(0x1C, 0x21, 0x26)
        style.element.rPr.rFonts.set(qn("w:asciiTheme"), _TYPEFACE)
        style.font.size = Pt((20, 15, 13, 11)[level])
    file.core_properties.title = document.title
    file.core_properties.author = "carac"


class _Page:
    """What is written, one block after the other."""

    def __init__(self, file: Any, drawings: Mapping[str, Drawing], numbers: Mapping[tuple[str, str], int]) -> None:
        self._file, self._drawings, self._numbers = file, drawings, numbers
        self._styles = {style.name: style.style_id for style in file.styles}
        self._end = file.element.body.sectPr

    def add(self, element: Any) -> Any:
        """Put an element at the end, before what is said of the paper."""
        self._end.addprevious(element)
        return element

    def heading(self, text: str, level: int) -> None:
        """A heading; level 0 is the title."""
        style = self._styles["Title" if level == 0 else f"Heading {level}"]
        self.add(paragraph(run(text), style=style))

    def block(self, block: Block) -> None:
        """Any block."""
        if isinstance(block, Heading):
            self.heading(block.text, block.level - 1)
        elif isinstance(block, Paragraph):
            bold, italic = block.voice is Voice.CAUTION, block.voice is Voice.NOTE
            self.add(paragraph(run(block.text, bold=bold, italic=italic)))
        elif isinstance(block, Items):
            style = self._styles["List Number" if block.numbered else "List Bullet"]
            for text in block.texts:
                self.add(paragraph(run(text), style=style))
        elif isinstance(block, Table):
            self._table(block, self._numbers["table", block.name])
        else:
            self._figure(block, self._drawings[block.name], self._numbers["figure", block.name])

    def _figure(self, block: Figure, drawn: Drawing, number: int) -> None:
        held = Written(self.add(paragraph(with_next=True)), self._file._body)
        width = min(Cm(width_of(drawn.svg) * _CM_PER_UNIT), _WIDTH)
        picture = held.add_run().add_picture(io.BytesIO(drawn.png), width=width)
        # The text alternative of the picture, which readers of the screen speak.
        picture._inline.docPr.set("descr", block.alternative)
        picture._inline.docPr.set("title", block.title)
        self.add(paragraph(run(f"Figure {number}. {block.title}. ", bold=True), run(" ".join(block.notes))))

    def _table(self, block: Table, number: int) -> None:
        self.add(paragraph(run(f"Table {number}. ", bold=True), run(block.title), with_next=True))
        self.add(word_table.table(block, int(_WIDTH.twips)))
        for note in block.notes:
            self.add(paragraph(run(note, half_points=_NOTE), after=40))
        self.add(paragraph())
