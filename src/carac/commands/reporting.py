"""report: a record goes in, a folder comes out that a doctor reads."""

from __future__ import annotations

from pathlib import Path

from carac.cohort.tables import RECORD_TABLES
from carac.commands import records as work
from carac.commands import showing
from carac.report.make import make_report
from carac.report.options import Options, from_toml, with_changes
from carac.report.write import page_of


def options_of(
    file: Path | None,
    by: str | None,
    patients: str | None,
    hide_small_cells: bool,
    show_identifiers: bool,
    salt: str | None,
) -> Options:
    """The options of the file, changed by those of the command line."""
    changes: dict[str, object] = {"by": by, "patients": patients, "salt": salt}
    changes["hide_small_cells"] = hide_small_cells or None
    changes["identifiers"] = "as recorded" if show_identifiers else None
    given = {name: value for name, value in changes.items() if value is not None}
    return with_changes(from_toml(file) if file else Options(), given)


def report(records: Path, output: Path, run: work.Run, options: Options) -> None:
    """Grade, write, and say where the page is."""
    with work.opened(run) as engine, showing.progress_shown() as progress:
        cohort, graded = work.graded_record(records, run, engine, progress)
        command = {"command": "report", "record": records.name, "tables": sorted(cohort.present & set(RECORD_TABLES))}
        document = make_report(graded, output, options, cohort.files, records, progress, command)
    synthetic = ", SYNTHETIC" if document.synthetic else ""
    print(f"{page_of(document, output)}: {document.subtitle}{synthetic}; also as Word, PDF and CSV.")
