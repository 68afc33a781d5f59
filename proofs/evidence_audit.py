"""How often the audit errs: false alarms on tables made to be right, misses on planted errors, by kind.

    python proofs/evidence_audit.py

A few minutes. The tables are from tests/support/published_tables.py, written before the audit, and from
tests/support/published_tables_other_hand.py, written by somebody who had not read it.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tools"), str(ROOT / "src")]

from carac.evidence.audit import AuditFinding, Weight, audit_table  # noqa: E402
from stale_figures import depends_on  # noqa: E402
from support import published_tables as made  # noqa: E402
from support import published_tables_other_hand as other  # noqa: E402

RESULT = Path(__file__).with_suffix(".json")
RIGHT_TABLES = 1000
#: Right tables of each manner of the other hand.
PER_MANNER = 250
PER_KIND = 400
DEPENDS_ON = (
    "src/carac/evidence/audit",
    "src/carac/evidence/printed.py",
    "src/carac/evidence/study.py",
    "tests/support/published_tables.py",
    "tests/support/published_tables_other_hand.py",
    "proofs/evidence_audit.py",
)
GROUPS = {
    "described in the task": made.DESCRIBED,
    "not described": made.UNDESCRIBED,
    "by another hand": other.KINDS,
    "right in itself": made.INVISIBLE,
}


def on_the_spot(table: made.MadeTable, findings: list[AuditFinding]) -> list[AuditFinding]:
    """The findings on the cell, or the row, where the error stands."""
    assert table.place is not None
    row, column = table.place
    here = [one for one in findings if f"row {row + 2} " in one.where]
    return here if column is None else [one for one in here if one.where.endswith(made.OUTCOMES[column])]


def rates(right_tables: int = RIGHT_TABLES, per_kind: int = PER_KIND, per_manner: int = PER_MANNER) -> dict[str, Any]:
    """False alarms and misses."""
    alarms = figures = 0
    for seed in range(right_tables):
        findings, read = audit_table(made.right_table(seed).text)
        alarms += bool(findings)
        figures += read.figures
    kinds = {}
    for group, members in GROUPS.items():
        for kind in members:
            kinds[kind.__name__] = {"group": group, "planted": per_kind, **_found(kind, per_kind)}
    right = {"tables": right_tables, "figures": figures, "tables with a finding": alarms, "per kind": per_kind}
    manners = {name: _alarms(manner, per_manner) for name, manner in other.MANNERS.items()}
    return {"right tables": right, "right tables by another hand": manners, "planted errors": kinds}


def _alarms(manner: Callable[[random.Random], made.MadeTable], tables: int) -> dict[str, int]:
    alarms = figures = 0
    for seed in range(tables):
        findings, read = audit_table(manner(random.Random(seed)).text)
        alarms += bool(findings)
        figures += read.figures
    return {"tables": tables, "figures": figures, "tables with a finding": alarms}


def _found(kind: Callable[[made.Plan], made.Place], per_kind: int) -> dict[str, int]:
    found = strong = 0
    for seed in range(per_kind):
        table = made.table_with(kind, 1_000_000 + seed)
        here = on_the_spot(table, audit_table(table.text)[0])
        found += bool(here)
        strong += any(one.weight is not Weight.NOTE for one in here)
    return {"found": found, "more than a note": strong}


if __name__ == "__main__":
    result = {"figures": rates(), "depends_on": depends_on(DEPENDS_ON)}
    RESULT.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(result["figures"], indent=1))
