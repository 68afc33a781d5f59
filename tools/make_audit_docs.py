"""Write docs/audit_of_the_review.md: what the audit finds in the shipped studies, and how often it errs.

    python tools/make_audit_docs.py [FILE]

A test holds the file to what this writes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from carac import evidence
from carac.evidence.audit import AuditFinding, Weight, audit
from carac.evidence.audit.finding import SAID
from carac.evidence.review_tables import COHORTS, TRIALS
from make_vocabulary_docs import table

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "audit_of_the_review.md"
PROOF = ROOT / "proofs" / "evidence_audit.json"

HEAD = """\
# An audit of the review's figures

Written by `python tools/make_audit_docs.py` from the shipped study files; change those, not this page.

The review (Lee D, Lage Bodour Danielian PL, Leader A. Bleeding, Thrombosis and Vascular Biology 2026;5(s1):461,
doi:10.4081/btvb.2026.461) gathered what is known about bleeding and thrombosis after CAR T-cells into two tables. carac
holds every cell of them as printed, and `carac evidence audit` asks of each what arithmetic can ask. This page is the
answer. **These are checks, not accusations.** Among {figures} figures of {studies} studies a handful that do not fit is
usual; several have an innocent reason that only the original paper shows. carac changes no figure: what is pooled, and
with which denominator, is said where it is pooled.

What is asked: does count / denominator round to the printed percentage, half up, half to even, by truncation or by
ceiling; if not, which denominators would give it, and is one of them another population of the study; could a lone
percentage be of whole patients; do parts add up; does the text say what the tables say; do two sources agree.

A **contradiction** cannot be true as printed by any usual rounding. A **question** has more than one fair answer. A
**note** is a matter of manner, or has a known and harmless reason. Numbers marked "from memory" were not looked up for
this page and are to be confirmed before anybody relies on them.
"""

ABOUT = {
    Weight.CONTRADICTION: "Contradictions",
    Weight.QUESTION: "Questions",
    Weight.NOTE: "Notes",
}


def document() -> str:
    """The whole page."""
    found = audit(evidence.load())
    rows = [evidence.load()[name] for name in (*TRIALS, *COHORTS)]
    printed = sum(one.reported and bool(one.cell.row) and not one.repeats for row in rows for one in row.outcomes)
    # The table of coagulopathy by trial is not the review's.
    printed -= sum(one.source == "table_of_trials" for row in rows for one in row.outcomes)
    parts = [HEAD.format(figures=printed, studies=len(rows))]
    for weight, heading in ABOUT.items():
        chosen = [one for one in found if one.weight is weight]
        parts.append(
            f"\n## {heading}\n\n{table(('where', 'printed', 'arithmetic', 'likeliest reading'), _rows(chosen))}"
        )
    parts.append("\n## How often the audit errs\n\n")
    parts.append(_rates(json.loads(PROOF.read_text(encoding="utf-8"))["figures"]))
    return "".join(parts)


def _rows(found: Iterable[AuditFinding]) -> list[tuple[str, ...]]:
    studies = {study.name: study.title for study in evidence.load()}
    return [
        (
            f"{studies[one.study]}: {one.where}",
            one.printed,
            one.arithmetic,
            " ".join((one.reading, *(f"{'' if other.startswith(SAID) else 'Or: '}{other}" for other in one.others))),
        )
        for one in found
    ]


def _other_hand(manners: dict[str, dict[str, int]]) -> str:
    """The tables and errors of somebody who had not read the audit."""
    tables, figures, alarms = (
        sum(one[name] for one in manners.values()) for name in ("tables", "figures", "tables with a finding")
    )
    named = ", ".join(name.replace("_", " ") for name in manners)
    return (
        "Errors and right tables of somebody who had not read the audit, written apart from it"
        " (`tests/support/published_tables_other_hand.py`), stand as a group of their own; no change was made to the"
        f" audit after they were tried. Of {tables:,} of these right tables ({named}), with {figures:,} figures,"
        f" {alarms} had a finding.\n\n"
    )


def _rates(figures: dict[str, Any]) -> str:
    right, kinds = figures["right tables"], figures["planted errors"]
    text = (
        "Tried on made-up tables from a generator that was written before the audit, by the same hand, from how such"
        f" errors come about. Of {right['tables']:,} tables made to be right, rounded in one of the four ways, with"
        f" {right['figures']:,} figures, {right['tables with a finding']} had a finding. Each kind of error was planted"
        f" {right['per kind']} times, one per table, anew where the print stayed the same. It counts as found where"
        " the audit remarks on the very cell (for a mistyped number of patients, on the row). The last group leaves a"
        " table that is right in itself: nothing in it shows the error, and what is found there is found by luck.\n\n"
        + _other_hand(figures["right tables by another hand"])
    )
    rows = [
        (
            kind.replace("_", " "),
            one["group"],
            f"{100 * one['found'] / one['planted']:.1f} %",
            f"{100 * (1 - one['found'] / one['planted']):.1f} %",
            f"{100 * one['more than a note'] / one['planted']:.1f} %",
        )
        for kind, one in kinds.items()
    ]
    return text + table(("kind of error", "group", "found", "missed", "found as more than a note"), rows)


if __name__ == "__main__":
    (Path(sys.argv[1]) if len(sys.argv) > 1 else DOCUMENT).write_text(document(), encoding="utf-8")
