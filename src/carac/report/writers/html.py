"""One page of HTML that opens anywhere: figures inside it as SVG, no script, nothing fetched."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from importlib.resources import files

from carac.report import theme
from carac.report.content import Block, Document, Figure, Heading, Items, Paragraph, Section, Table
from carac.report.drawing import Drawing
from carac.report.numbers import NOTHING

#: Neutral colours of a figure that follow the page when it is read in the dark.
_FOLLOW = {
    theme.INK: "--ink",
    theme.MUTED: "--muted",
    theme.LINE: "--line",
    theme.GRID: "--grid",
    theme.PAPER: "--paper",
}
_ID = re.compile(r'\b(id="|url\(#|href="#)([A-Za-z_][\w-]*)')
#: Brackets within which a line could break.
_BRACKETS = re.compile(r"\([^()]{0,24}[ –][^()]{0,24}\)")
#: A table with more columns is set closer.
_MANY_COLUMNS = 7
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"


def page(document: Document, drawings: Mapping[str, Drawing]) -> str:
    """The page."""
    sections, write = document.all_sections(), _Page(drawings, document.numbers())
    parts = [
        "<!doctype html>",
        '<html lang="en">',
        _head(document),
        "<body>",
        '<a class="skip" href="#content">To the content</a>',
        _banner(document),
        f"<header><h1>{escape(document.title)}</h1>",
        f'<p class="subtitle">{escape(document.subtitle)}</p>',
        *(write.block(block) for block in document.lead),
        "</header>",
        _contents(sections),
        '<main id="content">',
        *(write.section(section) for section in sections),
        "</main>",
        f"<footer><p>Made by carac. Not a medical device.{_again(document)}</p></footer>",
        "</body></html>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _banner(document: Document) -> str:
    """The mark of synthetic patients, which stays in sight."""
    if not document.synthetic:
        return ""
    return f'<aside class="synthetic" aria-label="Kind of patients">{theme.SYNTHETIC_MARK}: nobody here exists</aside>'


def _again(document: Document) -> str:
    return f" {theme.SYNTHETIC_MARK}." if document.synthetic else ""


def _head(document: Document) -> str:
    mark = "SYNTHETIC: " if document.synthetic else ""
    return (
        '<head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="data:,">'
        f"<title>{mark}{escape(document.title)}</title><style>{_fonts()}{_style()}</style></head>"
    )


def _style() -> str:
    """The style of the page, and the colours of figures by day and in the dark."""
    light = "".join(f"--{colour[1:]}:{colour};" for colour in theme.IN_THE_DARK)
    dark = "".join(f"--{colour[1:]}:{other};" for colour, other in theme.IN_THE_DARK.items())
    own = f":root{{{light}}}@media (prefers-color-scheme: dark){{:root{{{dark}}}}}@media print{{:root{{{light}}}}}"
    return own + (files("carac.report.writers") / "page.css").read_text(encoding="utf-8")


def _fonts() -> str:
    """The typeface of the figures, so that letters are as wide as they were laid out."""
    made = []
    for name, weight in (("Regular", 400), ("SemiBold", 600)):
        data = (files("carac.report") / "fonts" / f"IBMPlexSans-{name}.woff2").read_bytes()
        source = base64.b64encode(data).decode("ascii")
        made.append(
            f'@font-face{{font-family:"{theme.TYPEFACE}";font-weight:{weight};'
            f'src:url(data:font/woff2;base64,{source}) format("woff2")}}'
        )
    return "".join(made)


def _contents(sections: tuple[Section, ...]) -> str:
    links = "".join(f'<li><a href="#{section.name}">{escape(section.title)}</a></li>' for section in sections)
    return f'<nav aria-label="Contents"><ol>{links}</ol></nav>'


@dataclass(frozen=True)
class _Page:
    """Writes blocks, with the drawings and numbers of a document at hand."""

    drawings: Mapping[str, Drawing]
    numbers: Mapping[tuple[str, str], int]

    def section(self, section: Section) -> str:
        """A section with its heading."""
        inside = "\n".join(self.block(block) for block in section.blocks)
        head = f'<h2 id="{section.name}-title">{escape(section.title)}</h2>'
        return f'<section id="{section.name}" aria-labelledby="{section.name}-title">{head}\n{inside}</section>'

    def block(self, block: Block) -> str:
        """Any block."""
        if isinstance(block, Heading):
            return f"<h{block.level}>{escape(block.text)}</h{block.level}>"
        if isinstance(block, Paragraph):
            return f'<p class="{block.voice}">{escape(block.text)}</p>'
        if isinstance(block, Items):
            kind = "ol" if block.numbered else "ul"
            texts = "".join(f"<li>{escape(text)}</li>" for text in block.texts)
            return f'<{kind} class="list">{texts}</{kind}>'
        if isinstance(block, Table):
            return table(block, self.numbers["table", block.name])
        return _figure(block, self.drawings[block.name], self.numbers["figure", block.name])


def table(block: Table, number: int) -> str:
    """A table with its title as caption.

    On a phone its rows stand beneath each other, each cell under the name of its column; the roles say that it is still
    a table, which browsers forget when cells are laid out in another way.
    """
    text, many = block.columns_of_words(), "many" if len(block.header) > _MANY_COLUMNS else ""
    head = "".join(
        f'<th scope="col" role="columnheader"{_class("text" if place in text else "")}>{_kept(name)}</th>'
        if name or place
        else '<td role="cell"></td>'
        for place, name in enumerate(block.header)
    )
    body = "".join(_row(block, row, text) for row in block.rows)
    notes = "".join(f"<p>{escape(note)}</p>" for note in block.notes)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(block.title, quote=True)}">'
        f'<table id="table-{block.name}" role="table"{_class(many)}>'
        f"<caption>Table {number}. {escape(block.title)}</caption>"
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead><tbody role="rowgroup">{body}</tbody></table></div>'
        + (f'<div class="table-notes">{notes}</div>' if notes else "")
    )


def _kept(text: str) -> str:
    """The text of a cell; quartiles and numbers in brackets stay on one line where it has to break."""
    return _BRACKETS.sub(r"<span>\g<0></span>", escape(text))


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""


def _row(block: Table, row: tuple[str, ...], text: frozenset[int]) -> str:
    if block.is_group(row):
        head = f'<th scope="rowgroup" role="rowheader" class="group" colspan="{len(row)}">{escape(row[0].strip())}</th>'
        return f'<tr role="row">{head}</tr>'
    inner = ' class="inner"' if row[0].startswith("  ") else ""
    cells = "".join(_cell(block.header[n], cell, n in text) for n, cell in enumerate(row[1:], 1))
    return f'<tr role="row"><th scope="row" role="rowheader"{inner}>{escape(row[0].strip())}</th>{cells}</tr>'


def _cell(column: str, text: str, is_words: bool) -> str:
    """A cell, with the name of its column for where the header is out of sight; there, one of nothing is left out."""
    kinds = [*(["text"] if is_words else []), *(["nothing"] if text in ("", NOTHING) else [])]
    return f'<td role="cell"{_class(" ".join(kinds))} data-of="{escape(column, quote=True)}">{_kept(text)}</td>'


def _figure(block: Figure, drawn: Drawing, number: int) -> str:
    notes = "".join(f"<p>{escape(note)}</p>" for note in block.notes)
    width = re.search(r'<svg[^>]* width="([\d.]+)"', drawn.svg)
    limit = f"{float(width.group(1)) * 1.12:.0f}px" if width else "100%"
    return (
        f'<figure id="figure-{block.name}"><div class="wide" tabindex="0" role="img"'
        f' aria-label="{escape(block.alternative, quote=True)}" style="--width:{limit}">'
        f"{inline(drawn.svg, block.name)}</div>"
        f"<figcaption><strong>Figure {number}. {escape(block.title)}</strong>{notes}</figcaption></figure>"
    )


def inline(drawn: str, name: str) -> str:
    """An SVG for the inside of the page: identifiers of its own, neutral colours from the page, hidden from readers.

    The drawing is described by the label of what holds it; its own words would be read out in no order.
    """
    drawn = _ID.sub(lambda found: f"{found.group(1)}{name}-{found.group(2)}", drawn)
    for colour, variable in _FOLLOW.items():
        drawn = re.sub(rf'(fill|stroke)="{colour}"', rf'\1="var({variable})"', drawn)
    for colour in theme.IN_THE_DARK:
        drawn = re.sub(rf'(fill|stroke)="{colour}"', rf'\1="var(--{colour[1:]})"', drawn)
    drawn = drawn.replace('fill="white"', 'fill="var(--paper)"')
    drawn = re.sub(r' (aria-[\w-]+|role)="[^"]*"', "", drawn)
    return drawn.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)
