"""The figures of a document, drawn once for all writers."""

from __future__ import annotations

from collections.abc import Mapping

from carac.progress import Progress
from carac.report.content import Document
from carac.report.drawers import Drawers
from carac.report.drawing import Drawing

#: So few figures are drawn sooner than a process that draws is started.
_FEW = 6


def drawings(
    document: Document, progress: Progress | None = None, drawers: Drawers | None = None
) -> Mapping[str, Drawing]:
    """Every figure of the document by name.

    Parameters
    ----------
    drawers: who may have begun with them; None starts some where there is much to draw.
    """
    progress = progress or Progress()
    if drawers is None:
        few = sum(1 for section in document.all_sections() for _ in section.figures()) <= _FEW
        with Drawers(0 if few else None) as own:
            return drawings(document, progress, own)
    for section in document.all_sections():
        drawers.begin(section)
    made: dict[str, Drawing] = {}
    for section in document.all_sections():
        for figure in section.figures():
            with progress.step(f"drawing {figure.name.replace('_', ' ')}"):
                made[figure.name] = drawers.drawing(figure)
    return made
