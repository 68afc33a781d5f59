"""What changed between two outputs of the living review: studies, and every figure that they touch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from carac.evidence.study import Study
from carac.evidence.writing import text_of_study
from carac.manifest import MANIFEST, read_manifest
from carac.report.content import Block, Items, Paragraph, Section, Table

#: Where the manifest of a review has what it is compared by.
ENTRY = "review"


@dataclass(frozen=True)
class State:
    """What one output of the review says.

    Parameters
    ----------
    studies: name to a hash of what the file says.
    figures: what a figure is about, to the figure, both as printed.
    written: when; "" for one not yet written.
    """

    studies: Mapping[str, str]
    figures: Mapping[str, str]
    written: str = ""

    def entry(self) -> dict[str, Any]:
        """For the manifest."""
        return {"studies": dict(self.studies), "figures": dict(self.figures)}


def study_hashes(studies: Iterable[Study]) -> dict[str, str]:
    """A hash of what each study file says, whatever its layout."""
    return {study.name: hashlib.sha256(text_of_study(study).encode()).hexdigest()[:16] for study in studies}


def previous(folder: Path) -> State | None:
    """The state of the output in a folder; None where there is none, or one of another kind."""
    if not (folder / MANIFEST).exists():
        return None
    manifest = read_manifest(folder)
    entry = manifest.get(ENTRY)
    if not isinstance(entry, dict):
        return None
    return State(entry.get("studies", {}), entry.get("figures", {}), str(manifest.get("written", "")))


def changes_section(before: State | None, after: State) -> Section:
    """What changed since the previous output."""
    if before is None:
        text = "There was no earlier output in this folder to compare with."
        return Section("changes", "What changed", (Paragraph(text),))
    blocks: list[Block] = [Paragraph(f"Compared with the output of {before.written}.")]
    said = _studies(before, after)
    blocks.append(Items(tuple(said)) if said else Paragraph("No study was added, removed or changed."))
    rows = figure_changes(before, after)
    if rows:
        header = ("Figure", "Before", "Now")
        blocks.append(Table("changed_figures", "Figures that changed", header, tuple(rows)))
    else:
        blocks.append(Paragraph("No figure changed."))
    return Section("changes", "What changed", tuple(blocks))


def _studies(before: State, after: State) -> list[str]:
    said = [f"added: {name}" for name in after.studies if name not in before.studies]
    said += [f"removed: {name}" for name in before.studies if name not in after.studies]
    both = [name for name in after.studies if name in before.studies]
    return said + [f"changed: {name}" for name in both if after.studies[name] != before.studies[name]]


def figure_changes(before: State, after: State) -> list[tuple[str, str, str]]:
    """Figures that are new, gone or different: what, before, now."""
    names = dict.fromkeys((*before.figures, *after.figures))
    return [
        (name, before.figures.get(name, "–"), after.figures.get(name, "–"))
        for name in names
        if before.figures.get(name) != after.figures.get(name)
    ]
