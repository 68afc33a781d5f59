"""The report as a Word file, its tables in the layout that journals ask for: three rules, no shading, notes beneath."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import docx
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from carac.report import theme
from carac.report.content import Block, Document, Figure, Heading, Items, Paragraph, Table, Voice
from carac.report.writers import word_table
from carac.report.writers.drawings import Drawing

_TYPEFACE = "Arial"
_WIDTH = Cm(24.7)
#: Figures are laid out in units of 1/96 inch.
_CM_PER_UNIT = 2.54 / 96


def write(document: Document, drawings: Mapping[str, Drawing]) -> bytes:
    """The Word file."""
    file = docx.Document()
    _page(file, document)
    numbers = document.numbers()
    file.add_heading(document.title, level=0)
    file.add_paragraph(document.subtitle)
    for block in document.lead:
        _block(file, block, drawings, numbers)
    for section in document.all_sections():
        file.add_heading(section.title, level=1)
        for block in section.blocks:
            _block(file, block, drawings, numbers)
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


def _block(file: Any, block: Block, drawings: Mapping[str, Drawing], numbers: Mapping[tuple[str, str], int]) -> None:
    if isinstance(block, Heading):
        file.add_heading(block.text, level=block.level - 1)
    elif isinstance(block, Paragraph):
        run = file.add_paragraph().add_run(block.text)
        run.bold, run.italic = block.voice is Voice.CAUTION, block.voice is Voice.NOTE
    elif isinstance(block, Items):
        for text in block.texts:
            file.add_paragraph(text, style="List Number" if block.numbered else "List Bullet")
    elif isinstance(block, Table):
        _table(file, block, numbers["table", block.name])
    else:
        _figure(file, block, drawings[block.name], numbers["figure", block.name])


def _figure(file: Any, block: Figure, drawn: Drawing, number: int) -> None:
    paragraph = file.add_paragraph()
    paragraph.paragraph_format.keep_with_next = True
    width = _width_of(drawn.svg)
    picture = paragraph.add_run().add_picture(io.BytesIO(drawn.png), width=min(Cm(width * _CM_PER_UNIT), _WIDTH))
    # The text alternative of the picture, which readers of the screen speak.
    picture._inline.docPr.set("descr", block.alternative)
    picture._inline.docPr.set("title", block.title)
    caption = file.add_paragraph()
    caption.add_run(f"Figure {number}. {block.title}. ").bold = True
    caption.add_run(" ".join(block.notes))


def _width_of(drawn: str) -> float:
    return float(drawn.split(' width="', 1)[1].split('"', 1)[0])


def _table(file: Any, block: Table, number: int) -> None:
    caption = file.add_paragraph()
    caption.add_run(f"Table {number}. ").bold = True
    caption.add_run(block.title)
    caption.paragraph_format.keep_with_next = True
    file.element.body._insert_tbl(word_table.table(block, int(_WIDTH.twips)))
    for note in block.notes:
        paragraph = file.add_paragraph()
        paragraph.paragraph_format.space_after = Pt(2)
        paragraph.add_run(note).font.size = Pt(8)
    file.add_paragraph()
