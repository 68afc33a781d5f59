"""Grades that the record itself holds, against the computed ones: kept side by side, and a difference is a finding."""

from __future__ import annotations

from carac.findings import Finding, Severity
from carac.grading.run import Graded

_SUFFIX = "__disagrees"


def disagreement_findings(graded: Graded) -> list[Finding]:
    """One finding per definition whose computed grade differs from a recorded one on some day."""
    findings = []
    for definition in graded.plan.definitions:
        if f"{definition.name}{_SUFFIX}" not in definition.columns or definition.rows is None:
            continue
        condition = f"{definition.name}{_SUFFIX}"
        sql = f"SELECT count(*) AS days FROM rows_{definition.name} WHERE {condition}"
        days = int(graded.engine.fetch(sql).to_pylist()[0]["days"])
        if days:
            message = f"{definition.title}: the recorded grade differs from the computed one on {days} patient-days."
            remedy = f"Both are kept: look at {definition.name}, {definition.name}__recorded and {condition}."
            cost = "The computed grade is used; the recorded one is never overwritten."
            kind = "recorded_grade_differs"
            findings.append(Finding(kind, Severity.WARNING, "assessments", message, remedy, cost, count=days))
    return findings
