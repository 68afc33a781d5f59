"""A report as a folder: one page of HTML, Word, PDF, tables as CSV, figures as SVG, PNG and PDF, and the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from carac.grading.output import site_entry
from carac.manifest import whole_folder, write_manifest
from carac.progress import Progress
from carac.report import drawing
from carac.report.content import Document
from carac.report.material import Material
from carac.report.writers import csv, html, pdf, word
from carac.report.writers.drawings import Drawing, drawings

PAGE, WORD, PDF = "report.html", "report.docx", "report.pdf"


def write_report(
    document: Document,
    target: Path,
    material: Material,
    files: Mapping[str, str],
    progress: Progress | None = None,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Write a report into a folder, whole or not at all.

    Parameters
    ----------
    document: the content.
    target: the folder; an earlier output in it is exchanged whole, anything else is refused.
    files: hash of each input file, for the manifest.
    more: further entries of the manifest, such as the command.
    """
    progress = progress or Progress()
    drawn = drawings(document, progress)
    mark = _mark(document)
    with whole_folder(target) as folder:
        with progress.step("writing the page"):
            (folder / f"{mark}{PAGE}").write_text(html.page(document, drawn), encoding="utf-8")
        with progress.step("writing Word"):
            (folder / f"{mark}{WORD}").write_bytes(word.write(document, drawn))
        with progress.step("writing PDF"):
            (folder / f"{mark}{PDF}").write_bytes(pdf.write(document, drawn))
        with progress.step("writing tables and figures"):
            csv.write_tables(document, folder / "tables")
            _write_figures(drawn, folder / "figures", mark)
        write_manifest(folder, _entries(document, material, files, progress, more or {}))


def page_of(document: Document, folder: Path) -> Path:
    """The page of HTML of a report that was written into a folder."""
    return folder / f"{_mark(document)}{PAGE}"


def _mark(document: Document) -> str:
    return "synthetic_" if document.synthetic else ""


def _write_figures(drawn: Mapping[str, Drawing], folder: Path, mark: str) -> None:
    folder.mkdir()
    for name, one in drawn.items():
        (folder / f"{mark}{name}.svg").write_text(one.svg, encoding="utf-8")
        (folder / f"{mark}{name}.png").write_bytes(one.png)
        (folder / f"{mark}{name}.pdf").write_bytes(drawing.pdf(one.svg))


def _entries(
    document: Document, material: Material, files: Mapping[str, str], progress: Progress, more: Mapping[str, Any]
) -> dict[str, Any]:
    plan = material.graded.plan
    return {
        **({"synthetic": True} if document.synthetic else {}),
        "input": dict(files),
        "parameters": material.graded.parameters.as_dict(),
        "definitions": {
            d.name: {
                "version": d.version,
                "status": str(d.status),
                "certainty": str(d.certainty),
                "citation": str(d.citation),
            }
            for d in plan.definitions
        },
        "report": {
            "sections": list(material.options.sections),
            "by": material.options.by,
            "days": [material.options.first_day, material.options.last_day],
            "worst_until": material.options.worst_until,
            "identifiers": material.options.identifiers,
            "hide_small_cells": material.options.hide_small_cells,
        },
        "seconds": {name: round(seconds, 3) for name, seconds in progress.seconds.items()},
        **site_entry(material.graded),
        **more,
    }
