"""An analysis as a document: the questions that were asked, in order, with what they were asked of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from carac.analysis import markers
from carac.analysis.settings import Settings
from carac.findings import CaracError
from carac.grading.run import Graded
from carac.progress import Progress
from carac.report.content import Block, Document, Paragraph, Section, Table, Voice
from carac.report.questions import (
    anticoagulation,
    incidence,
    landmark,
    prediction_model,
    risk,
    scores,
    spread,
    timing,
    under_reporting,
)
from carac.report.questions.asked import Asked, sentence
from carac.report.synthetic import is_synthetic
from carac.report.write import graded_entries, write_document
from carac.vocabulary.spelling import nearest

TITLE = "What happened to the cohort"
#: Every question, in the order in which they are answered where none is named.
QUESTIONS: Mapping[str, Callable[[Asked], Section]] = {
    "incidence": incidence.section,
    "timing": timing.section,
    "landmark": landmark.section,
    "risk": risk.section,
    "anticoagulation": anticoagulation.section,
    "spread": spread.section,
    "under_reporting": under_reporting.section,
    "scores": scores.section,
    "model": prediction_model.section,
}
#: What is answered only where the settings say what of: nobody is to get a model that was not asked for.
MODEL = "model"


def questions_of(settings: Settings) -> tuple[str, ...]:
    """The questions that are answered, in order."""
    return settings.questions or tuple(name for name in QUESTIONS if name != MODEL or settings.models)


def checked(settings: Settings) -> Settings:
    """The settings, if every question of them is known; raises `CaracError` with the nearest."""
    for name in settings.questions:
        if name not in QUESTIONS:
            near = nearest(name, QUESTIONS)
            hint = f"did you mean {near}?" if near else f"known are {', '.join(QUESTIONS)}."
            raise CaracError(f"There is no question {name!r}; {hint}")
    return settings


def answer(
    graded: Graded,
    target: Path,
    settings: Settings,
    files: Mapping[str, str],
    record: Path | None = None,
    progress: Progress | None = None,
    more: Mapping[str, Any] | None = None,
) -> Document:
    """Answer the questions of a graded cohort and write them into a folder; the content.

    Parameters
    ----------
    graded: the graded cohort.
    target: the folder; an earlier output in it is exchanged whole, anything else is refused.
    settings: what is asked.
    files: hash of each file of the record, by name.
    record: the folder of the record.
    more: further entries of the manifest, such as the command.
    """
    progress = progress or Progress()
    synthetic = is_synthetic(graded.findings, files, record)
    with progress.step("endpoints"):
        asked = Asked(settings.study(graded, files), settings, synthetic, files)
    document = answered(asked, progress)
    entries = {**graded_entries(graded, files, synthetic), "analysis": entries_of(settings), **(more or {})}
    write_document(document, target, entries, progress)
    return document


def answered(asked: Asked, progress: Progress | None = None) -> Document:
    """The content of an analysis."""
    progress = progress or Progress()
    made = []
    for name in questions_of(checked(asked.settings)):
        with progress.step(f"question {name}"):
            made.append(QUESTIONS[name](asked))
    people = asked.study.people
    patients = len(set(people.table.column("patient_id").to_pylist()))
    subtitle = f"{len(people)} infusion{'s' * (len(people) != 1)} of {patients} patient{'s' * (patients != 1)}"
    return Document(TITLE, subtitle, asked.synthetic, tuple(_lead(asked)), (*made, _rules(asked)))


def _lead(asked: Asked) -> list[Block]:
    lead: list[Block] = []
    if asked.synthetic:
        text = "SYNTHETIC PATIENTS. Nobody here exists, and no figure of this says anything about people."
        lead.append(Paragraph(text, Voice.CAUTION))
    text = (
        "Made by carac from a record, by published definitions. It supports research; it is not a medical device."
        " Nothing here is adjusted beyond what its table says, and nothing is advice for the care of anyone."
    )
    return [*lead, Paragraph(text)]


def _rules(asked: Asked) -> Section:
    """How it was counted: rules, windows, and what every endpoint is."""
    entries = entries_of(asked.settings)
    rules = tuple((sentence(name.replace("_", " ")), str(value)) for name, value in entries["rules"].items())
    windows = tuple((name, f"days {first} to {last}") for name, (first, last) in entries["windows"].items())
    known = asked.settings.known.values()
    rows = tuple((sentence(one.title), one.rule, one.grain.value, one.source or "–") for one in known)
    blocks: tuple[Block, ...] = (
        Paragraph("Death always competes. Day 0 is the calendar date of infusion. What is not known is not absent."),
        Table("analysis_rules", "Rules", ("Rule", "Value"), rules),
        Table("analysis_windows", "Windows", ("Name", "Days"), windows),
        Table("endpoints", "What each endpoint is", ("Endpoint", "Rule", "Per", "Source"), rows),
    )
    return Section("rules", "How it was counted", blocks)


def entries_of(settings: Settings) -> dict[str, Any]:
    """The settings as the manifest has them."""
    rules = settings.rules
    return {
        "questions": list(questions_of(settings)),
        "endpoints": list(settings.endpoints),
        "by": list(settings.by),
        "window": settings.window,
        "spread_window": settings.spread_window,
        "under_reporting_window": settings.under_reporting_window,
        "risk_endpoints": list(settings.risk_endpoints),
        "risk_factors": list(settings.risk_factors),
        "risk_factors_by_day": list(settings.risk_factors_by_day),
        "risk_together": list(settings.risk_together),
        "risk_together_by_day": list(settings.risk_together_by_day),
        "risk_window_by_day": settings.risk_window_by_day,
        "risk_missing": settings.risk_missing,
        "landmark_day": settings.landmark_day,
        "landmark_states": list(settings.landmark_states),
        "landmark_endpoints": list(settings.landmark_endpoints),
        "landmark_adjust": list(settings.landmark_adjust),
        "anticoagulation_endpoints": list(settings.anticoagulation_endpoints),
        "windows": {name: [one.first, one.last] for name, one in settings.windows.items()},
        "rules": {
            "infusions": rules.infusions,
            "next_therapy": str(rules.next_therapy),
            "progression": str(rules.progression),
            "later_infusion": rules.later_infusion,
            "unassessed": str(rules.unassessed),
            "merge_hours": rules.merge_hours,
            "merge_days": rules.merge_days,
        },
        "known_endpoints": {name: one.rule for name, one in settings.known.items()},
        "hide_small_cells": settings.hide_small_cells,
        "scores": {
            "endpoints": list(settings.scores.endpoints),
            "day": settings.scores.day,
            "look_back": settings.scores.look_back,
            "thresholds": list(settings.scores.thresholds),
            "markers": list(settings.scores.markers or markers.shipped()),
            "models": [one.name for one in settings.scores.models],
        },
        "models": [asdict(one) for one in settings.models],
    }
