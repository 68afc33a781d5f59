"""What this report cannot say, from what the record lacks and what the definitions are."""

from __future__ import annotations

from carac.language.definition import Certainty, Status
from carac.report import words
from carac.report.content import Items, Section
from carac.report.material import Material


def section(material: Material) -> Section:
    """A list of sentences, each true of this record."""
    graded = material.graded.plan.definitions
    texts = [
        "carac is not a medical device. This report supports research and the review of records; it is no advice for"
        " the care of anyone.",
        "Grades are computed from the record. An event or sign that nobody wrote down is not in it, and under-reporting"
        " looks like absence.",
        "Days without a measurement say nothing. Patients who are less ill are measured less, so that worst values of"
        " the milder cases are the less certain.",
        "No comparison of groups is adjusted for anything, and none was chosen before the data were seen.",
    ]
    unsure = [d for d in graded if d.certainty not in (Certainty.VERIFIED, Certainty.SECONDARY)]
    if unsure:
        titles = words.listed([words.definition_title(d) for d in unsure])
        texts.append(f"The thresholds of these definitions could not be confirmed in a source: {titles}.")
    proposals = [d for d in graded if d.status is Status.PROPOSAL]
    if proposals:
        titles = words.listed([d.title for d in proposals])
        texts.append(f"These are proposals of carac and no consensus: {titles}.")
    costs = [f"{f.message[0].upper()}{f.message[1:]} {f.cost}" for f in material.graded.findings if _missing(f.kind)]
    texts += [words.with_analytes_named(text) for text in costs]
    if material.synthetic:
        texts.insert(0, "The patients are synthetic: no figure of this report says anything about people.")
    return Section("limitations", "Limitations", (Items(tuple(texts)),))


def _missing(kind: str) -> bool:
    return kind in ("absent_table", "absent_sign", "absent_analyte", "missing_limits")
