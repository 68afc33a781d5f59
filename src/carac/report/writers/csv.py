"""Every table as CSV, as it is printed."""

from __future__ import annotations

import csv
from pathlib import Path

from carac.report.content import Document


def write_tables(document: Document, folder: Path) -> list[Path]:
    """One file per table; its first line is the header. A synthetic one has the mark in its name."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for section in document.all_sections():
        for table in section.tables():
            path = folder / f"{'synthetic_' if document.synthetic else ''}{table.name}.csv"
            with path.open("w", encoding="utf-8-sig", newline="") as stream:
                lines = csv.writer(stream, lineterminator="\n")
                lines.writerow(table.header)
                lines.writerows(table.rows)
            written.append(path)
    return written
