"""analyse: what happened to the cohort, question by question."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from carac.analysis.settings import Settings, from_toml
from carac.cohort.tables import RECORD_TABLES
from carac.commands import records as work
from carac.commands import showing
from carac.report.questions.build import answer, checked
from carac.report.write import page_of


def settings_of(file: Path | None, questions: str | None, hide_small_cells: bool) -> Settings:
    """The settings of the file, changed by those of the command line."""
    settings = from_toml(file) if file else Settings()
    if questions:
        settings = replace(settings, questions=tuple(name.strip() for name in questions.split(",")))
    return checked(replace(settings, hide_small_cells=settings.hide_small_cells or hide_small_cells))


def analyse(records: Path, output: Path, run: work.Run, settings: Settings) -> None:
    """Grade what the questions need, answer them, and say where the page is."""
    run = replace(run, definitions=run.definitions or settings.definitions())
    with work.opened(run) as engine, showing.progress_shown() as progress:
        cohort, graded = work.graded_record(records, run, engine, progress)
        command = {"command": "analyse", "record": records.name, "tables": sorted(cohort.present & set(RECORD_TABLES))}
        document = answer(graded, output, settings, cohort.files, records, progress, command)
    synthetic = ", SYNTHETIC" if document.synthetic else ""
    print(f"{page_of(document, output)}: {document.subtitle}{synthetic}; also as Word, PDF and CSV.")
