"""One cell: do count, denominator and percentage fit, and if not, what would explain them?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from carac.evidence.audit.denominators import explaining, in_words, known_among
from carac.evidence.audit.finding import AuditFinding, Weight
from carac.evidence.audit.rounding import (
    NEAREST,
    fitting,
    habit,
    in_manner,
    rounded_twice,
    shown,
    value,
    zero_added,
)
from carac.evidence.study import Outcome, Study

#: So many cells must speak for a manner of rounding before another manner is remarked on.
ENOUGH_CELLS = 6


def complete(outcome: Outcome) -> bool:
    """Whether an outcome has count, denominator and percentage."""
    return outcome.count is not None and bool(outcome.denominator) and bool(outcome.percentage)


def table_habit(entries: Iterable[tuple[Study, Outcome]]) -> tuple[str, int]:
    """The rounding of a table, and how many of its cells could have told."""
    cells = [(one.count or 0, one.denominator or 0, one.percentage) for _, one in entries if complete(one)]
    # A cell that every rounding gives, such as 0 (0), tells nothing.
    telling = [cell for cell in cells if 0 < len(fitting(*cell)) < 4]
    return habit(telling), len(telling)


def check_cells(entries: Sequence[tuple[Study, Outcome]]) -> list[AuditFinding]:
    """Findings on the cells of one table.

    Parameters
    ----------
    entries: all outcomes of one place (a table), so that its manner of rounding is seen.
    """
    usual, told = table_habit(entries)
    found = []
    for study, one in entries:
        if impossible := _impossible(study, one):
            found.append(impossible)
        elif complete(one):
            finding = _check(study, one, usual, told, [other for owner, other in entries if owner is study])
            if finding:
                found.append(finding)
    return found


def _impossible(study: Study, one: Outcome) -> AuditFinding | None:
    """More patients than there are, or more than all of them; reports and events may be."""
    if one.counted != "patients":
        return None
    if one.count is not None and one.denominator is not None and one.count > one.denominator:
        arithmetic = f"{one.count} are more than the {one.denominator} there are."
    elif one.percentage and value(one.percentage) > 100:
        arithmetic = f"{one.percentage} % are more than all patients."
    else:
        return None
    reading = "Events were counted and not patients, or one of the numbers is mistyped."
    where = _where(study, one)
    return AuditFinding("more_than_all", Weight.CONTRADICTION, study.name, where, printed(one), arithmetic, reading)


def _check(study: Study, one: Outcome, usual: str, told: int, of_study: Sequence[Outcome]) -> AuditFinding | None:
    count, denominator = one.count or 0, one.denominator or 0
    fits = fitting(count, denominator, one.percentage)
    if in_manner(fits, usual) or (fits and told < ENOUGH_CELLS and in_manner(fits, "half up")):
        return None
    sum_ = f"{count} of {denominator} is {shown(count, denominator, one.percentage)}."
    if fits:
        return _other_manner(study, one, usual, told, fits, sum_)
    found = explaining(count, one.percentage)
    explanations = [*_manner(one), *_populations(study, one, found), *_row(one, of_study), *_slips(one, of_study)]
    arithmetic = f"{sum_} {_denominators(count, one.percentage, found)}"
    counts = _counts(denominator, one.percentage)
    if not explanations and found and found[-1] < denominator and not _near(counts, count):
        explanations.append("It may be of a part of the patients, which is not named here.")
    if counts:
        listed = " or ".join(str(other) for other in counts)
        explanations.append(f"{listed} of {denominator} would give the percentage: the count may be another.")
    harmless = bool(_manner(one))
    return AuditFinding(
        "percentage_does_not_follow",
        Weight.NOTE if harmless else Weight.CONTRADICTION,
        study.name,
        _where(study, one),
        printed(one),
        arithmetic,
        explanations[0] if explanations else "Nothing in the study explains it; a slip of typing is possible.",
        tuple(explanations[1:]),
    )


def printed(one: Outcome) -> str:
    """What is printed, for a sentence."""
    figure = one.percentage + " %" if one.count is None else f"{one.count} ({one.percentage})"
    return f"{one.label}: {figure}" if one.label else figure


def _where(study: Study, one: Outcome) -> str:
    row = "" if one.cell.row else f", {study.arm(one.arm).label}"
    return f"{one.cell}{row}"


def _other_manner(study: Study, one: Outcome, usual: str, told: int, fits: tuple[str, ...], sum_: str) -> AuditFinding:
    count, denominator = one.count or 0, one.denominator or 0
    others = []
    if rounded_twice(count, denominator, one.percentage):
        others.append("Rounding twice, first to one place more, gives it too.")
    found = explaining(count, one.percentage)
    if found:
        others.append(f"A denominator of {in_words(found)} would give it by rounding to the nearest.")
    others += _populations(study, one, found)
    manner = "to the nearest" if usual in NEAREST else f"by {usual}"
    beside = f"; most figures beside it that can tell are rounded {manner}" if told >= ENOUGH_CELLS else ""
    return AuditFinding(
        "rounded_in_another_way",
        Weight.NOTE,
        study.name,
        _where(study, one),
        printed(one),
        f"{sum_} The printed figure is that by {' or '.join(fits)} only{beside}.",
        "A matter of rounding, of the last place only.",
        tuple(others),
    )


def _denominators(count: int, percentage: str, found: range) -> str:
    if count == 0:
        return "No denominator makes it anything but 0 %."
    if not found:
        return f"No denominator gives {percentage} % of {count}."
    return f"It is {percentage} % of {in_words(found)}."


def _manner(one: Outcome) -> list[str]:
    count, denominator = one.count or 0, one.denominator or 0
    found = []
    if rounded_twice(count, denominator, one.percentage):
        found.append("Rounded twice, first to one place more: a matter of the last place only.")
    if zero_added(count, denominator, one.percentage):
        found.append("Rounded to one place less, with a zero put behind it.")
    return found


def _populations(study: Study, one: Outcome, found: range) -> list[str]:
    by_size: dict[int, list[str]] = {}
    for known in known_among(study, found, one):
        by_size.setdefault(known.n, []).append(known.name)
    return [
        f"{n} is the size of {' and of '.join(names)}: the percentage was probably taken of"
        f" {'that population' if len(names) == 1 else 'one of these'}."
        for n, names in by_size.items()
    ]


def _row(one: Outcome, of_study: Sequence[Outcome]) -> list[str]:
    """Where every telling percentage of a row asks for another denominator, one that suits them all."""
    row = [other for other in of_study if other.arm == one.arm and complete(other) and (other.count or 0) > 0]
    misfits = [other for other in row if not fitting(other.count or 0, other.denominator or 0, other.percentage)]
    if len(misfits) < 2:
        return []
    common: set[int] | None = None
    for other in row:
        found = set(explaining(other.count or 0, other.percentage))
        common = found if common is None else common & found
    if not common:
        return []
    numbers = in_words(range(min(common), max(common) + 1))
    return [f"All figures of the row fit a denominator of {numbers}: the number of the row may be mistyped."]


def _slips(one: Outcome, of_study: Sequence[Outcome]) -> list[str]:
    """Slips of typing that would give the printed percentage."""
    count, denominator = one.count or 0, one.denominator or 0
    found = []
    if any(other is not one and other.percentage == one.percentage and complete(other) for other in of_study):
        found.append("Another cell of the study has the same percentage; it may have been copied.")
    for factor, direction in ((10, "left"), (100, "left"), (-10, "right"), (-100, "right")):
        scaled = value(one.percentage) * factor if factor > 0 else value(one.percentage) / -factor
        exact = 100 * count / denominator
        if exact and abs(float(scaled) - exact) <= 0.05 * abs(factor) * 10 ** -len(one.percentage.partition(".")[2]):
            found.append(f"The decimal point may have slipped to the {direction}.")
    if any(fitting(count, denominator, text) for text in _turned(one.percentage)):
        found.append("Two digits may have changed places.")
    return found


def _turned(text: str) -> list[str]:
    pairs = [place for place in range(len(text) - 1) if text[place : place + 2].isdigit()]
    return [text[:place] + text[place + 1] + text[place] + text[place + 2 :] for place in pairs]


def _near(counts: Sequence[int], count: int) -> bool:
    """Whether one of the counts is a patient more or less."""
    return any(abs(other - count) <= 1 for other in counts)


def _counts(denominator: int, percentage: str) -> list[int]:
    """The counts of a denominator that give the percentage."""
    near = round(float(value(percentage)) * denominator / 100)
    return [
        count
        for count in range(max(0, near - 2), min(denominator, near + 2) + 1)
        if set(NEAREST) & set(fitting(count, denominator, percentage))
    ]
