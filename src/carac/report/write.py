"""A report as a folder: one page of HTML, Word, PDF, tables as CSV, figures as SVG, PNG and PDF, and the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from carac.grading.output import site_entry
from carac.grading.run import Graded
from carac.manifest import whole_folder, write_manifest
from carac.progress import Progress
from carac.report.content import Document
from carac.report.drawers import Drawers
from carac.report.drawing import Drawing
from carac.report.material import Material
from carac.report.writers import csv, html, pdf, word
from carac.report.writers.drawings import drawings

PAGE, WORD, PDF = "report.html", "report.docx", "report.pdf"


def write_report(
    document: Document,
    target: Path,
    material: Material,
    files: Mapping[str, str],
    progress: Progress | None = None,
    more: Mapping[str, Any] | None = None,
    drawers: Drawers | None = None,
) -> None:
    """Write a report into a folder, whole or not at all.

    Parameters
    ----------
    document: the content.
    target: the folder; an earlier output in it is exchanged whole, anything else is refused.
    files: hash of each input file, for the manifest.
    more: further entries of the manifest, such as the command.
    drawers: who may have begun with its figures.
    """
    entries = {**_entries(document, material, files), **(more or {})}
    write_document(document, target, entries, progress, drawers=drawers)


def write_document(
    document: Document,
    target: Path,
    entries: Mapping[str, Any],
    progress: Progress | None = None,
    texts: Mapping[str, str] | None = None,
    drawers: Drawers | None = None,
) -> None:
    """Write a document into a folder, whole or not at all.

    Parameters
    ----------
    document: the content.
    target: the folder; an earlier output in it is exchanged whole, anything else is refused.
    entries: of the manifest; the times taken are added.
    texts: further files of text by name, such as a script.
    drawers: who may have begun with its figures.
    """
    progress = progress or Progress()
    drawn = drawings(document, progress, drawers)
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
            for one in (file for section in document.sections for file in section.attachments):
                (folder / f"{mark}{one.name}").write_text(one.text, encoding="utf-8")
            for name, text in (texts or {}).items():
                (folder / f"{mark}{name}").write_text(text, encoding="utf-8")
        seconds = {name: round(taken, 3) for name, taken in progress.seconds.items()}
        write_manifest(folder, {"seconds": seconds, **entries})


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
        (folder / f"{mark}{name}.pdf").write_bytes(one.pdf)


def _entries(document: Document, material: Material, files: Mapping[str, str]) -> dict[str, Any]:
    options = material.options
    return {
        **graded_entries(material.graded, files, document.synthetic),
        "report": {
            "sections": list(options.sections),
            "by": options.by,
            "days": [options.first_day, options.last_day],
            "worst_until": options.worst_until,
            "identifiers": options.identifiers,
            "hide_small_cells": options.hide_small_cells,
        },
    }


def graded_entries(graded: Graded, files: Mapping[str, str], synthetic: bool) -> dict[str, Any]:
    """What a manifest says of a graded cohort: input, parameters, definitions."""
    return {
        **({"synthetic": True} if synthetic else {}),
        "input": dict(files),
        "parameters": graded.parameters.as_dict(),
        "definitions": {
            d.name: {
                "version": d.version,
                "status": str(d.status),
                "certainty": str(d.certainty),
                "citation": str(d.citation),
            }
            for d in graded.plan.definitions
        },
        **site_entry(graded),
    }
