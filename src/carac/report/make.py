"""From a graded cohort to a report, or to one figure of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from carac.grading.run import Graded
from carac.progress import Progress
from carac.report.build import build
from carac.report.content import Document
from carac.report.drawers import Drawers
from carac.report.material import Material, gather
from carac.report.options import Options
from carac.report.synthetic import is_synthetic
from carac.report.write import write_report


def make_report(
    graded: Graded,
    target: Path,
    options: Options | None = None,
    files: Mapping[str, str] | None = None,
    record: Path | None = None,
    progress: Progress | None = None,
    more: Mapping[str, Any] | None = None,
) -> Document:
    """Make the report of a graded cohort and write it into a folder; its content.

    Parameters
    ----------
    graded: the graded cohort.
    target: the folder of the report.
    options: what it holds; None takes the defaults.
    files: hash of each file of the record, by name.
    record: the folder of the record.
    more: further entries of the manifest.
    """
    progress = progress or Progress()
    files = files or {}
    synthetic = is_synthetic(graded.findings, files, record)
    with progress.step("tables of the report"):
        material: Material = gather(graded, options or Options(), synthetic)
    with Drawers() as drawers:
        document = build(material, progress, drawers.begin)
        write_report(document, target, material, files, progress, more, drawers)
    return document
