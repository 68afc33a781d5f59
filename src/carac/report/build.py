"""The content of a report, section by section."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from altair.utils import schemapi

from carac.analysis.settings import Settings
from carac.progress import Progress
from carac.report.content import Block, Document, Paragraph, Section, Voice
from carac.report.material import Material
from carac.report.options import QUESTIONS as WITH_QUESTIONS
from carac.report.questions.asked import Asked
from carac.report.questions.build import QUESTIONS
from carac.report.sections import (
    courses,
    events,
    follow_up,
    heat_map,
    limitations,
    methods,
    patients,
    people,
    quality,
    references,
    reproduce,
    sorting,
    toxicities,
    two_sides,
)

_OF_RECORDS: Mapping[str, Callable[[Material], Section]] = {
    "people": people.section,
    "follow_up": follow_up.section,
    "quality": quality.section,
    "toxicities": toxicities.section,
    "sorting": sorting.section,
    "courses": courses.section,
    "heat_map": heat_map.section,
    "events": events.section,
    "two_sides": two_sides.section,
    "methods": methods.section,
    "references": references.section,
    "limitations": limitations.section,
    "reproduce": reproduce.section,
}


def _question(name: str) -> Callable[[Material], Section]:
    """A section that answers a question of its own, with the defaults of an analysis."""

    def made(material: Material) -> Section:
        settings = replace(Settings(), hide_small_cells=material.options.hide_small_cells)
        return QUESTIONS[name](Asked(settings.study(material.graded), settings, material.synthetic))

    return made


MAKERS = {**_OF_RECORDS, **{name: _question(name) for name in WITH_QUESTIONS}}


@contextmanager
def _unchecked() -> Iterator[None]:
    """Charts made within are not held against the schema of Vega-Lite part by part, which takes longer than the rest.

    A test holds every figure against it.
    """
    with schemapi.debug_mode(False):
        yield


def build(
    material: Material, progress: Progress | None = None, ready: Callable[[Section], None] = lambda _: None
) -> Document:
    """The whole report, as content; `ready` is called with each section once it is made."""
    progress = progress or Progress()
    made = []
    with _unchecked():
        for name in material.options.sections:
            with progress.step(f"section {name}"):
                made.append(MAKERS[name](material))
            ready(made[-1])
        with progress.step("pages of patients"):
            pages = patients.sections(material, progress, ready)
    return Document(
        material.options.title, _subtitle(material), material.synthetic, tuple(_lead(material)), tuple(made), pages
    )


def _subtitle(material: Material) -> str:
    patients_of = {row["patient_id"] for row in material.infusions}
    number = len(material.infusions)
    return f"{number} infusion{'s' * (number != 1)} of {len(patients_of)} patient{'s' * (len(patients_of) != 1)}"


def _lead(material: Material) -> list[Block]:
    lead: list[Block] = []
    if material.synthetic:
        text = "SYNTHETIC PATIENTS. Nobody in this report exists, and no figure of it says anything about people."
        lead.append(Paragraph(text, Voice.CAUTION))
    lead.append(
        Paragraph(
            "Made by carac from a record, by published definitions. It supports research and the review of records; it"
            " is not a medical device. Null is not zero: every share is of those who could be graded, and where inputs"
            " are missing a range is given."
        )
    )
    if material.options.identifiers != "hashed":
        lead.append(Paragraph("This report holds patients' identifiers.", Voice.CAUTION))
    return lead
