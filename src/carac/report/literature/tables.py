"""The review's two tables written anew, with what the audit holds against a denominator marked, and studies added."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from carac.evidence.audit.rounding import fitting, shown
from carac.evidence.library import Evidence
from carac.evidence.review_tables import COHORTS, TRIALS, PrintedTable, review_tables
from carac.evidence.schema import OBSERVATIONAL
from carac.evidence.study import Arm, Outcome, Study
from carac.evidence.synthesis.gathering import correction
from carac.evidence.synthesis.words import percent
from carac.report.content import Table

#: A percentage of another population of the study; one that nothing in the study explains.
OTHER_POPULATION, UNEXPLAINED = "¶", "¶¶"
OWN_MARKS = "*, # and marks in brackets are footnotes of the review (doi:10.4081/btvb.2026.461); NR: not reported."
_ADDED = "added"
_COLUMNS = {
    "ATE, n (%)": ("arterial_thromboembolism",),
    "VTE, n (%)": ("venous_thromboembolism",),
    "Bleeding, n (%)": ("bleeding", "fatal_bleeding"),
    "Thrombocytopenia, n (%)": ("thrombocytopenia",),
}


def tables(evidence: Evidence) -> tuple[Table, Table]:
    """Table 1 (randomised trials) and Table 2 (cohorts), those of the review first, studies added after them."""
    marked = Evidence(tuple(_marked(study) for study in evidence))
    first, second = review_tables(marked)
    added = [study for study in evidence if study.name not in (*TRIALS, *COHORTS)]
    trials = [study for study in added if study.design == "randomised_trial"]
    cohorts = [study for study in added if study.design in OBSERVATIONAL]
    return _table(evidence, first, trials, "table_1"), _table(evidence, second, cohorts, "table_2")


def _table(evidence: Evidence, printed: PrintedTable, added: Sequence[Study], name: str) -> Table:
    rows = [tuple(_plain(cell) for cell in row) for row in printed.rows]
    new = [_added_row(study, arm, printed.header) for study in added for arm in study.arms if arm.role != "other"]
    rows += [
        row for row in new if any(cell for head, cell in zip(printed.header, row, strict=True) if head in _COLUMNS)
    ]
    notes = [note for study in printed.studies for note in _notes(evidence[study])]
    notes.append(OWN_MARKS)
    header = tuple(_plain(head) for head in printed.header)
    return Table(name, printed.title, header, tuple(rows), tuple(dict.fromkeys(notes)))


def _plain(text: str) -> str:
    return re.sub(r"\^\{([^}]*)\}", r"[\1]", text).replace("<i>", "").replace("</i>", "")


def _mark(study: Study, one: Outcome) -> str:
    if one.count is None or not one.denominator or not one.percentage or one.repeats:
        return ""
    if fitting(one.count, one.denominator, one.percentage):
        return ""
    return OTHER_POPULATION if correction(study, one) else UNEXPLAINED


def _marked(study: Study) -> Study:
    outcomes = tuple(
        replace(one, suffix=f"{one.suffix} {mark}".strip()) if (mark := _mark(study, one)) else one
        for one in study.outcomes
    )
    return replace(study, outcomes=outcomes)


def _notes(study: Study) -> list[str]:
    found = []
    for one in study.outcomes:
        mark = _mark(study, one)
        if not mark:
            continue
        head = f"{mark} {study.title}, {one.outcome.replace('_', ' ')}: {one.count} ({one.percentage}) printed;"
        own = f"{one.count} of {one.denominator} is {shown(one.count or 0, one.denominator or 0, one.percentage)}."
        better = correction(study, one)
        if better:
            own += f" {one.percentage} % is of {better[0]}, {better[1]}."
        found.append(f"{head} {own}")
    return found


def _added_row(study: Study, arm: Arm, header: Iterable[str]) -> tuple[str, ...]:
    year = study.citations[0].year
    known = {
        "Study": f"{study.title} ({_ADDED})",
        "Indication for CAR-T": study.population,
        "Population": study.population,
        "Treatment": arm.label,
        "N": str(arm.n or ""),
        "Sample size": str(arm.n or ""),
        "Design": study.design.replace("_", " ").capitalize() + (f", {year}" if year else ""),
        "Thrombotic risk factors": study.risk_factors,
    }
    return tuple(_cell(study, arm, _COLUMNS[head]) if head in _COLUMNS else known.get(head, "") for head in header)


def _cell(study: Study, arm: Arm, outcomes: Sequence[str]) -> str:
    found = []
    for one in study.outcomes:
        if one.outcome not in outcomes or one.arm != arm.name or one.repeats:
            continue
        label = ", ".join(part for part in (one.serious, f"grade {one.grades}" if one.grades else "") if part)
        found.append((f"{label}: " if label else "") + _figure(study, one))
    return "; ".join(found)


def _figure(study: Study, one: Outcome) -> str:
    if not one.reported:
        return "Not reported"
    share = one.percentage
    if not share and one.count is not None and one.denominator:
        share = percent(one.count / one.denominator)
    figure = f"{one.count} ({share})" if one.count is not None else f"{share}%"
    return f"{figure} {_mark(study, one)}".strip()
