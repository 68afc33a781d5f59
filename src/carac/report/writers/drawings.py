"""The figures of a document, drawn once for all writers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from carac.progress import Progress
from carac.report import drawing
from carac.report.content import Document


@dataclass(frozen=True)
class Drawing:
    """One figure as SVG and as PNG for print."""

    svg: str
    png: bytes


def drawings(document: Document, progress: Progress | None = None) -> Mapping[str, Drawing]:
    """Every figure of the document by name."""
    progress = progress or Progress()
    made: dict[str, Drawing] = {}
    for section in document.all_sections():
        for figure in section.figures():
            with progress.step(f"drawing {figure.name.replace('_', ' ')}"):
                drawn = drawing.svg(figure.chart)
                made[figure.name] = Drawing(drawn, drawing.png(drawn, figure.dots))
    return made
