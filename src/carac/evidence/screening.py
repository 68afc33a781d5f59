"""The list of a screening tool (Covidence, Rayyan, ASReview and others write CSV): which studies were included."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from io import StringIO

from carac.evidence.citations import DOI
from carac.evidence.study import Citation
from carac.findings import CaracError

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "title": ("title", "primary title", "article title"),
    "authors": ("authors", "author", "first author"),
    "journal": ("journal", "journal title", "source", "publication title"),
    "year": ("year", "published year", "publication year", "date"),
    "volume": ("volume",),
    "pages": ("pages",),
    "doi": ("doi",),
    "pmid": ("pmid", "pubmed id", "pubmed_id", "accession number"),
    "decision": (
        "included",
        "decision",
        "status",
        "screening decision",
        "inclusion",
        "label_included",
        "included (1/0)",
    ),
}
_YES = ("1", "1.0", "yes", "y", "true", "include", "included", "accept", "accepted")
_NO = ("0", "0.0", "no", "n", "false", "exclude", "excluded", "reject", "rejected", "maybe", "unscreened", "")


def read_screening(text: str, name: str) -> tuple[list[Citation], int]:
    """The included citations of a CSV, and how many rows were left out as not included.

    Where there is no column of decisions, every row counts as included.

    Raises
    ------
    CaracError: there is no column title, or a decision that is neither yes nor no.
    """
    rows = list(csv.DictReader(StringIO(text.lstrip("\ufeff"))))
    if not rows:
        raise CaracError(f"{name} holds no rows; export the studies with their titles as CSV.")
    columns = _columns(list(rows[0]))
    if "title" not in columns:
        raise CaracError(f"{name} has no column title; export the studies with their titles as CSV.")
    found, left_out = [], 0
    for line, row in enumerate(rows, 2):
        if not _included(row, columns, f"{name}, row {line}"):
            left_out += 1
            continue
        found.append(_citation(row, columns))
    return [one for one in found if one.title], left_out


def _columns(head: Sequence[str]) -> dict[str, str]:
    plain = {column.strip().casefold(): column for column in head if column}
    return {
        key: next(plain[name] for name in names if name in plain)
        for key, names in _COLUMNS.items()
        if any(name in plain for name in names)
    }


def _included(row: Mapping[str, str], columns: Mapping[str, str], where: str) -> bool:
    if "decision" not in columns:
        return True
    decision = (row[columns["decision"]] or "").strip().casefold()
    if decision in _YES:
        return True
    if decision in _NO:
        return False
    raise CaracError(f"{where}: the decision {decision!r} is neither yes nor no; write included or excluded.")


def _citation(row: Mapping[str, str], columns: Mapping[str, str]) -> Citation:
    def cell(key: str) -> str:
        return (row.get(columns.get(key, ""), "") or "").strip()

    year = re.search(r"\b(?:19|20)\d\d\b", cell("year"))
    doi = DOI.search(cell("doi"))
    return Citation(
        authors=cell("authors") or "not given",
        title=cell("title"),
        journal=cell("journal"),
        year=int(year.group()) if year else None,
        volume=cell("volume"),
        pages=cell("pages"),
        doi=doi.group().rstrip(".,;") if doi else "",
        pmid=cell("pmid") if cell("pmid").isdecimal() else "",
    )
