"""Do parts and wholes of one study agree: parts of an arm, grades within all grades, vessels within thrombosis?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from carac.evidence.audit.cells import printed
from carac.evidence.audit.finding import AuditFinding, Weight
from carac.evidence.study import Arm, Outcome, Study


def check_parts(study: Study, outcomes: Sequence[Outcome]) -> list[AuditFinding]:
    """Findings on parts and wholes.

    Parameters
    ----------
    study: whose arms are looked at.
    outcomes: of it, repeats among them.
    """
    found = [finding for arm in study.arms if (finding := _check_arm(study, arm))]
    found += _check_grades(study, outcomes)
    found += _check_vessels(study, outcomes)
    return found


def _check_arm(study: Study, arm: Arm) -> AuditFinding | None:
    numbers = [part.n for part in arm.parts]
    if not numbers or arm.n is None or None in numbers:
        return None
    total = sum(n for n in numbers if n is not None)
    if total == arm.n:
        return None
    sum_ = " + ".join(str(n) for n in numbers)
    if total > arm.n:
        weight, reading = Weight.QUESTION, "Parts may overlap, or one of the numbers is another population's."
    else:
        weight, reading = Weight.NOTE, f"The parts named may not be all: {arm.n - total} are in none of them."
    return AuditFinding(
        "parts_do_not_add_up",
        weight,
        study.name,
        arm.label,
        f"{arm.n} in all",
        f"{sum_} = {total}, {abs(arm.n - total)} {'more' if total > arm.n else 'fewer'} than {arm.n}.",
        reading,
    )


def _range(one: Outcome) -> tuple[int, int]:
    """Lowest and highest grade counted; all grades where it does not say."""
    if not one.grades:
        return (0, 5)
    low, _, high = one.grades.partition("-")
    return (int(low), int(high or low))


def _check_grades(study: Study, outcomes: Sequence[Outcome]) -> list[AuditFinding]:
    """Within one table, no band of grades may hold more patients than a band around it."""
    groups: dict[tuple[str, ...], list[Outcome]] = defaultdict(list)
    for one in outcomes:
        if one.count is not None and one.counted == "patients" and not one.repeats:
            groups[(one.outcome, one.arm, one.serious, one.cell.place, one.window)].append(one)
    found = []
    for group in groups.values():
        for part in group:
            for whole in group:
                (low, high), (least, most) = _range(part), _range(whole)
                inside = least <= low and high <= most and (low, high) != (least, most)
                if inside and (part.count or 0) > (whole.count or 0):
                    found.append(_part_above(study, part, whole))
    return found


def _part_above(study: Study, part: Outcome, whole: Outcome) -> AuditFinding:
    return AuditFinding(
        "part_above_whole",
        Weight.CONTRADICTION,
        study.name,
        f"{part.cell}" if part.cell.row else f"{part.cell}, {study.arm(part.arm).label}",
        printed(part),
        f"{part.count} with grade {part.grades} are more than {whole.count} with grade {whole.grades or 'any'}.",
        "One of the two counts belongs elsewhere, or they count events and not patients.",
    )


def _check_vessels(study: Study, outcomes: Sequence[Outcome]) -> list[AuditFinding]:
    """Thrombosis of any vessel lies between the larger of venous and arterial and their sum.

    Not asked of registry records, where "thrombosis" stands for terms that do not say the vessel.
    """
    found = []
    for arm in study.arms:
        counts = {
            name: next(
                (one.count for one in outcomes if one.outcome == name and one.arm == arm.name and not one.terms), None
            )
            for name in ("thrombosis", "venous_thromboembolism", "arterial_thromboembolism")
        }
        whole, venous, arterial = counts.values()
        if whole is None or venous is None or arterial is None:
            continue
        least, most = max(venous, arterial), venous + arterial
        sum_ = f"{venous} venous and {arterial} arterial make {least} to {most} patients; {whole} are given."
        if not least <= whole <= most:
            found.append(_vessels(study, arm, whole, sum_, Weight.CONTRADICTION, "One of the three is another count."))
        elif whole < most:
            shared = most - whole
            reading = f"{shared} had both, or the whole leaves one kind out."
            found.append(_vessels(study, arm, whole, sum_, Weight.NOTE, reading))
    return found


def _vessels(study: Study, arm: Arm, whole: int, sum_: str, weight: Weight, reading: str) -> AuditFinding:
    return AuditFinding(
        "vessels_and_thrombosis", weight, study.name, arm.label, f"thrombosis in {whole}", sum_, reading
    )
