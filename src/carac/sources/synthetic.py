"""Records that carac made up itself: told by the name of the file or by the metadata of a Parquet file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet

from carac.cohort.tables import SYNTHETIC
from carac.findings import Finding, Severity

#: Kind of the finding that says so.
KIND = "synthetic"


def is_synthetic(file: Path) -> bool:
    """Whether `carac synthesize` made the file, or the folder of files, of a table."""
    if file.name.lower().startswith(SYNTHETIC):
        return True
    if file.is_dir() or file.suffix.lower() != ".parquet":
        return False
    try:
        return (parquet.read_schema(file).metadata or {}).get(b"carac") == b"synthetic"
    except (OSError, pa.ArrowInvalid):
        # Whoever reads the file says what is wrong with it.
        return False


def synthetic_findings(files: Mapping[str, Path]) -> list[Finding]:
    """A note where a record is synthetic, a warning where only some of its tables are; none where no table is.

    Parameters
    ----------
    files: by table.
    """
    made_up = [name for name, file in files.items() if is_synthetic(file)]
    if not made_up:
        return []
    if len(made_up) == len(files):
        message = "the record is synthetic, made by carac synthesize; its patients do not exist."
        return [Finding(KIND, Severity.NOTE, "run", message)]
    others = ", ".join(name for name in files if name not in made_up)
    message = f"the tables {', '.join(made_up)} are synthetic, made by carac synthesize; {others} say nothing of that."
    remedy = "Keep synthetic and other records apart."
    return [Finding(KIND, Severity.WARNING, "run", message, remedy, "No result of the mixture is about real patients.")]
