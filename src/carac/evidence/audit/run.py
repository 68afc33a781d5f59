"""Runs every check of the audit on studies, or on a table of a user."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from carac.evidence.audit.cells import check_cells
from carac.evidence.audit.claims import check_claims
from carac.evidence.audit.finding import AuditFinding, by_weight
from carac.evidence.audit.parts import check_parts
from carac.evidence.audit.sources import check_figures, check_sources
from carac.evidence.audit.user_table import UserTable, read_table
from carac.evidence.audit.whole_patients import check_whole_patients
from carac.evidence.study import Outcome, Study


def audit(studies: Iterable[Study]) -> list[AuditFinding]:
    """Findings on published studies, contradictions first; the studies are not changed.

    Parameters
    ----------
    studies: such as `carac.evidence.load()`.
    """
    every = tuple(studies)
    found: list[AuditFinding] = []
    for entries in _tables(every).values():
        found += check_cells(entries)
        found += check_whole_patients(entries)
    for study in every:
        found += check_parts(study, study.outcomes)
        found += check_sources(study)
    found += check_figures(every)
    found += check_claims(every)
    return by_weight(found)


def _tables(studies: Iterable[Study]) -> dict[tuple[str, str], list[tuple[Study, Outcome]]]:
    """Outcomes by the table they stand in: its source, and its place there."""
    found: dict[tuple[str, str], list[tuple[Study, Outcome]]] = defaultdict(list)
    for study in studies:
        for one in study.outcomes:
            source = study.source(one.source)
            # A user's table is one source for all its studies; so is a review that is known by its DOI.
            shared = source.name if source.kind == "user" else source.doi or source.url
            found[(shared or f"{study.name} {source.name}", one.cell.place)].append((study, one))
    return found


def audit_table(text: str, name: str = "table") -> tuple[list[AuditFinding], UserTable]:
    """Findings on a table as text (CSV, or pasted), with what was read from it.

    Parameters
    ----------
    text: the table with its head.
    name: how findings call it.

    Raises
    ------
    CaracError: no figure can be read from it.
    """
    table = read_table(text, name)
    return audit(table.studies), table
