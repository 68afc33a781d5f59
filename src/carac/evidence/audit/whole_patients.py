"""Could a percentage that stands alone belong to whole patients at all?

Brown NJL, Heathers JAJ. Soc Psychol Personal Sci 2017;8:363-369 asks this of means; here of percentages.
"""

from __future__ import annotations

from collections.abc import Sequence

from carac.evidence.audit.cells import printed
from carac.evidence.audit.finding import AuditFinding, Weight
from carac.evidence.audit.rounding import NEAREST, fitting, value
from carac.evidence.study import Outcome, Study

#: How far from the printed number other denominators are looked for, as a part of it.
REACH = 0.25


def counts_giving(denominator: int, percentage: str) -> dict[int, tuple[str, ...]]:
    """The whole counts of a denominator that give a percentage, each with the roundings by which it does."""
    near = int(value(percentage) * denominator / 100)
    found = {
        count: fitting(count, denominator, percentage)
        for count in range(max(0, near - 1), min(denominator, near + 2) + 1)
    }
    return {count: fits for count, fits in found.items() if fits}


def check_whole_patients(entries: Sequence[tuple[Study, Outcome]]) -> list[AuditFinding]:
    """Findings on percentages without a count."""
    found = []
    for study, one in entries:
        asked = one.count is None and one.percentage and one.denominator and one.counted != "events"
        if asked and one.estimate != "cumulative_incidence" and value(one.percentage) <= 100:
            finding = _check(study, one)
            if finding:
                found.append(finding)
    return found


def _check(study: Study, one: Outcome) -> AuditFinding | None:
    denominator = one.denominator or 0
    giving = counts_giving(denominator, one.percentage)
    if any(set(NEAREST) & set(fits) for fits in giving.values()):
        return None
    near = int(value(one.percentage) * denominator / 100)
    neighbours = " and ".join(
        f"{count} of {denominator} are {100 * count / denominator:.2f} %" for count in (near, near + 1)
    )
    arithmetic = f"{neighbours}; nothing between them is a whole patient."
    if giving:
        ways = "; ".join(f"{count} by {' or '.join(fits)}" for count, fits in giving.items())
        arithmetic = f"{neighbours}; the printed figure is that of {ways} only."
    estimate = _cumulative(study, one)
    others = [] if estimate else ["It may be an estimate that allows for those lost or dead, not a share of patients."]
    together = _denominators_for_row(study, one)
    if together:
        others.append(together)
    if estimate:
        reading = f"It is a cumulative incidence ({estimate}), which need not be whole patients."
    elif giving:
        reading = "A matter of rounding, or an estimate that allows for those lost or dead."
    else:
        reading = "It is of another number of patients, or no share of patients at all."
    return AuditFinding(
        "percentage_of_no_whole_patient",
        Weight.NOTE if estimate or giving else Weight.QUESTION,
        study.name,
        f"{one.cell}" if one.cell.row else f"{one.cell}, {study.arm(one.arm).label}",
        printed(one),
        arithmetic,
        reading,
        tuple(others),
    )


def _cumulative(study: Study, one: Outcome) -> str:
    """Where the study says that this percentage is a cumulative incidence; "" where it does not."""
    for other in study.outcomes:
        same = (other.outcome, other.arm, other.percentage) == (one.outcome, one.arm, one.percentage)
        if same and other.estimate == "cumulative_incidence":
            return study.source(other.source).what
    return ""


def _denominators_for_row(study: Study, one: Outcome) -> str:
    """Numbers of patients near the printed one of which all lone percentages of the row are whole patients."""
    row = {
        other.percentage
        for other in study.outcomes
        if other.arm == one.arm and other.cell.place == one.cell.place and other.count is None and other.percentage
    }
    denominator = one.denominator or 0
    reach = range(max(1, int(denominator * (1 - REACH))), int(denominator * (1 + REACH)) + 1)
    fits = [n for n in reach if all(_whole(n, percentage) for percentage in row)]
    nearest = sorted(sorted(fits, key=lambda n: abs(n - denominator))[:3])
    if not nearest or len(row) < 2:
        return ""
    listed = ", ".join(str(n) for n in nearest)
    return f"All percentages of the row ({', '.join(sorted(row))}) are of whole patients where there are {listed}."


def _whole(n: int, percentage: str) -> bool:
    return any(set(NEAREST) & set(fits) for fits in counts_giving(n, percentage).values())
