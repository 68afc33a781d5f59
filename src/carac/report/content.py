"""What a report is made of, whoever writes it: headings, paragraphs, tables and figures, in sections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import altair as alt

from carac.report.drawing import PRINT_DOTS

#: A chart of Altair, or the plain Vega-Lite specification of one.
Chart = alt.TopLevelMixin | Mapping[str, Any]


class Voice(StrEnum):
    """How a paragraph is meant: plain text, a note beneath something, a caution, or text to be pasted elsewhere."""

    PLAIN = "plain"
    NOTE = "note"
    CAUTION = "caution"
    PASTE = "paste"


@dataclass(frozen=True)
class Heading:
    """A heading inside a section; level 3 is the first below that of the section."""

    text: str
    level: int = 3


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of plain text."""

    text: str
    voice: Voice = Voice.PLAIN


@dataclass(frozen=True)
class Items:
    """A list of short texts; numbered for references."""

    texts: tuple[str, ...]
    numbered: bool = False


#: A cell that is longer than this is text.
_LONG = 26


@dataclass(frozen=True)
class Table:
    """A table as a journal prints it: the first column names the row, notes stand beneath.

    Parameters
    ----------
    name: name of its CSV file and anchor on the page; whole words joined by underscores.
    title: what it shows, in a sentence fragment.
    header: one text per column.
    rows: as many texts per row; a row whose other cells are all empty names the group of those that follow.
    notes: abbreviations, denominators, what an empty cell means.
    """

    name: str
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def columns_of_words(self) -> frozenset[int]:
        """The columns after the first that hold words and stand at the left; numbers stand at the right.

        A column is one of words where a cell is long, or where more of its cells begin with a letter than with a digit.
        """
        found = set()
        for place in range(1, len(self.header)):
            cells = [row[place].strip() for row in self.rows if not self.is_group(row) and row[place].strip()]
            letters = sum(cell[0].isalpha() for cell in cells)
            digits = sum(any(letter.isdigit() for letter in cell[:2]) for cell in cells)
            if letters > digits or max(map(len, cells), default=0) > _LONG:
                found.add(place)
        return frozenset(found)

    def is_group(self, row: tuple[str, ...]) -> bool:
        """Whether a row only names those that follow it."""
        return len(row) > 1 and bool(row[0]) and not any(row[1:])


@dataclass(frozen=True)
class Figure:
    """A chart with its title, what it shows in words, and its notes.

    Parameters
    ----------
    name: name of its files and anchor on the page.
    title: what it shows.
    chart: the Altair chart, or its specification.
    alternative: what a reader who cannot see it is told: what is drawn, and the main numbers.
    notes: denominators, ranges, what is missing.
    dots: to the inch of its picture: what a journal asks for, or less where it is only read.
    """

    name: str
    title: str
    chart: Chart
    alternative: str
    notes: tuple[str, ...] = ()
    dots: int = PRINT_DOTS


Block = Heading | Paragraph | Items | Table | Figure


@dataclass(frozen=True)
class Attachment:
    """A file of text that is written beside the pages, such as a model."""

    name: str
    text: str


@dataclass(frozen=True)
class Section:
    """A part of the report with a heading of its own, and the files that belong to it."""

    name: str
    title: str
    blocks: tuple[Block, ...]
    attachments: tuple[Attachment, ...] = ()

    def tables(self) -> Iterator[Table]:
        """Its tables, in order."""
        return (block for block in self.blocks if isinstance(block, Table))

    def figures(self) -> Iterator[Figure]:
        """Its figures, in order."""
        return (block for block in self.blocks if isinstance(block, Figure))


@dataclass(frozen=True)
class Document:
    """A whole report.

    Parameters
    ----------
    title, subtitle: on top of every form of it.
    synthetic: True where the patients do not exist; every page and figure then says so.
    lead: what stands before the first section: what this is and what it is not.
    sections: in order.
    patients: one section per patient, on pages of their own; empty where none was asked for.
    """

    title: str
    subtitle: str
    synthetic: bool
    lead: tuple[Block, ...]
    sections: tuple[Section, ...]
    patients: tuple[Section, ...] = ()

    def all_sections(self) -> tuple[Section, ...]:
        """The sections, and after them those of the patients."""
        return self.sections + self.patients

    def numbers(self) -> Mapping[tuple[str, str], int]:
        """The number of each table and figure, by its kind and name."""
        tables = (table.name for section in self.all_sections() for table in section.tables())
        figures = (figure.name for section in self.all_sections() for figure in section.figures())
        found = {("table", name): number for number, name in enumerate(tables, 1)}
        return found | {("figure", name): number for number, name in enumerate(figures, 1)}
