"""Findings: what is wrong or doubtful in a record, counted, placed, and with what would be right.

Nothing in carac is dropped in silence: whoever leaves a row out writes a finding that counts it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum

#: Version of the JSON that `as_json` writes; see docs/findings.schema.json.
FINDINGS_SCHEMA = 1
#: Kinds that mostly follow from another fault, such as a row of an infusion that could not be read: told after it.
CONSEQUENCES = frozenset({"patient_without_infusion"})


class Severity(StrEnum):
    """How much a finding matters: an error stops the run, a warning drops or doubts rows, a note only tells."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class CaracError(Exception):
    """A fault of the input, told in one sentence; the command line prints it without a traceback."""


@dataclass(frozen=True)
class Finding:
    """One kind of fault in one table.

    Parameters
    ----------
    kind: short stable name, such as ``unknown_unit``.
    severity: see `Severity`.
    table: the table of the records it concerns, or ``run``.
    message: one sentence: what was seen, with its value.
    remedy: what would be right.
    cost: what cannot be said because of it; empty where it costs nothing.
    count: how many rows; 0 where rows are not what is counted.
    file: name of the file, where there is one.
    rows: the first rows, as lines of the file (the header is line 1).
    """

    kind: str
    severity: Severity
    table: str
    message: str
    remedy: str = ""
    cost: str = ""
    count: int = 0
    file: str = ""
    rows: tuple[int, ...] = ()

    def __str__(self) -> str:
        place = f"{self.file or self.table}"
        if self.rows:
            shown = ", ".join(str(row) for row in self.rows)
            place += f", row {shown}" if len(self.rows) == 1 else f", rows {shown}"
            if self.count > len(self.rows):
                place += " …"
        return " ".join(part for part in (f"{place}: {self.message}", self.remedy, self.cost) if part)


@dataclass
class Findings:
    """The findings of one run, in the order in which they were made."""

    items: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        """Keep a finding."""
        self.items.append(finding)

    def extend(self, findings: Iterable[Finding]) -> None:
        """Keep several findings."""
        self.items.extend(findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def of(self, *kinds: str) -> list[Finding]:
        """The findings of these kinds."""
        return [item for item in self.items if item.kind in kinds]

    @property
    def errors(self) -> list[Finding]:
        """The findings that stop a run."""
        return [item for item in self.items if item.severity is Severity.ERROR]

    def sorted(self) -> list[Finding]:
        """Errors first, then warnings, then notes; in each, what may follow from others last; larger counts first."""
        order = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}
        return sorted(self.items, key=lambda item: (order[item.severity], item.kind in CONSEQUENCES, -item.count))

    def as_json(self) -> str:
        """The findings as JSON, in the documented schema."""
        return json.dumps(
            {"schema": FINDINGS_SCHEMA, "findings": [asdict(item) for item in self.sorted()]},
            indent=1,
            ensure_ascii=False,
        )


def hashed(identifier: str, salt: str = "") -> str:
    """A stable short hash of a patient identifier (ten hexadecimal digits of SHA-256)."""
    return hashlib.sha256((salt + identifier).encode()).hexdigest()[:10]


def without_identifiers(finding: Finding, identifiers: Iterable[str]) -> Finding:
    """The finding with each of the identifiers replaced by its hash, for logs that leave the ward."""
    message = finding.message
    for identifier in sorted(set(identifiers), key=len, reverse=True):
        message = message.replace(identifier, hashed(identifier))
    return replace(finding, message=message)
