"""Whether the patients of a record exist: a report of those who do not says so on every page and figure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from carac.findings import Findings
from carac.manifest import MANIFEST, file_hash

#: Kind of the finding by which a reader of records says so.
_KIND = "synthetic"
_PREFIX = "synthetic_"
_SHIPPED = ("teaching_cohort", "sorting_cohort", "template")


def is_synthetic(findings: Findings, inputs: Mapping[str, str], record: Path | None = None) -> bool:
    """Whether a record is synthetic.

    Parameters
    ----------
    findings: of reading the record.
    inputs: hash of each file that was read, by name.
    record: its folder, whose manifest may say so.
    """
    if findings.of(_KIND) or any(name.lower().startswith(_PREFIX) for name in inputs):
        return True
    return _says_so(record) or bool(set(inputs.values()) & _shipped_hashes())


def _says_so(record: Path | None) -> bool:
    if record is None or not (record / MANIFEST).is_file():
        return False
    try:
        loaded = json.loads((record / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(loaded, dict) and loaded.get("synthetic") is True


def _shipped_hashes() -> set[str]:
    """Hashes of the infusions that come with carac: the teaching cohort and the filled example."""
    found = set()
    for name in _SHIPPED:
        path = files("carac") / "examples" / name / "infusions.csv"
        if isinstance(path, Path) and path.is_file():
            found.add(file_hash(path))
    return found
