"""The report as PDF, set by Typst from the same content; figures stay drawings, text can be searched and is tagged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory

import typst

from carac.report import drawing, theme
from carac.report.content import Block, Document, Figure, Heading, Items, Paragraph, Table
from carac.report.drawing import Drawing


def write(document: Document, drawings: Mapping[str, Drawing]) -> bytes:
    """The PDF.

    The content goes to Typst as JSON and is never read as markup: a name in a record cannot change the page.
    """
    with TemporaryDirectory() as name, as_file(files("carac.report.writers") / "page.typ") as template:
        folder = Path(name)
        (folder / "page.typ").write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
        for figure, drawn in drawings.items():
            (folder / f"{figure}.svg").write_text(drawing.for_print(drawn.svg), encoding="utf-8")
        content = json.dumps(_content(document), ensure_ascii=False)
        (folder / "content.json").write_text(content, encoding="utf-8")
        made = typst.compile(str(folder / "page.typ"), root=str(folder), font_paths=drawing.typst_fonts(), format="pdf")
    assert isinstance(made, bytes)
    return made


def _content(document: Document) -> dict[str, object]:
    numbers = document.numbers()
    return {
        "title": document.title,
        "subtitle": document.subtitle,
        "mark": f"{theme.SYNTHETIC_MARK}: nobody here exists" if document.synthetic else "",
        "lead": [_block(block, numbers) for block in document.lead],
        "sections": [
            {"title": section.title, "blocks": [_block(block, numbers) for block in section.blocks], "upright": upright}
            for upright, sections in ((False, document.sections), (True, document.patients))
            for section in sections
        ],
    }


def _block(block: Block, numbers: Mapping[tuple[str, str], int]) -> dict[str, object]:
    if isinstance(block, Heading):
        return {"kind": "heading", "text": block.text, "level": block.level - 1}
    if isinstance(block, Paragraph):
        return {"kind": "paragraph", "text": block.text, "voice": str(block.voice)}
    if isinstance(block, Items):
        return {"kind": "items", "texts": list(block.texts), "numbered": block.numbered}
    if isinstance(block, Table):
        return _table(block, numbers["table", block.name])
    return _figure(block, numbers["figure", block.name])


def _table(block: Table, number: int) -> dict[str, object]:
    return {
        "kind": "table",
        "title": f"Table {number}. {block.title}",
        "header": list(block.header),
        "rows": [
            {"cells": [cell.strip() for cell in row], "inner": row[0].startswith("  "), "group": block.is_group(row)}
            for row in block.rows
        ],
        "notes": list(block.notes),
        "widths": _widths(block),
        "words": sorted(block.columns_of_words() | {0}),
    }


def _widths(block: Table) -> list[float]:
    """Shares of the width by the longest text of each column, within bounds, so that words columns may wrap."""
    longest = [
        max([len(name), *(len(row[place]) for row in block.rows if not block.is_group(row))])
        for place, name in enumerate(block.header)
    ]
    return [float(min(max(length, 6), 42)) for length in longest]


def _figure(block: Figure, number: int) -> dict[str, object]:
    return {
        "kind": "figure",
        "file": f"{block.name}.svg",
        "title": f"Figure {number}. {block.title}.",
        "alternative": block.alternative,
        "notes": " ".join(block.notes),
    }
