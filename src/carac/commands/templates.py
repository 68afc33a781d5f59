"""template: empty tables with headers, and a filled example."""

from __future__ import annotations

import csv
import shutil
from importlib.resources import as_file, files
from pathlib import Path

from carac.cohort.limits import COLUMNS
from carac.cohort.tables import NEEDED_TABLES, RECORD_TABLES
from carac.findings import CaracError


def write(folder: Path) -> None:
    """Write the tables into a new or empty folder."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CaracError(f"{folder} is not empty; name a new folder.")
    folder.mkdir(parents=True, exist_ok=True)
    for table in RECORD_TABLES.values():
        _empty(folder / f"{table.name}.csv", table.columns)
    _empty(folder / "limits.csv", COLUMNS)
    with as_file(files("carac") / "examples" / "template") as example:
        shutil.copytree(example, folder / "example")
    for table in RECORD_TABLES.values():
        needed = "needed" if table.name in NEEDED_TABLES else "may be absent"
        print(f"{folder / table.name}.csv — {table.purpose} ({needed})")
    print(
        f"{folder / 'limits.csv'} — limits of normal of your laboratory, for --limits, where results have none; "
        "period_from and period_to are the first and last day on which they held, and empty means always"
    )
    print(f"{folder / 'example'} — the same tables, filled with one invented patient")


def _empty(path: Path, columns: tuple[str, ...]) -> None:
    # value_low and value_high are for programs; a person writes value.
    names = [name for name in columns if name not in ("value_low", "value_high")]
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, lineterminator="\n").writerow(names)
