"""A page per patient; made only where it was asked for."""

from __future__ import annotations

from carac.progress import Progress
from carac.report.content import Section
from carac.report.material import Material


def sections(material: Material, progress: Progress) -> tuple[Section, ...]:
    """One section per infusion of the patients that the options name."""
    return ()
