"""Does the text of a review say what its tables say: ranges, numbers of studies, totals?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from carac.evidence.audit.denominators import known_numbers
from carac.evidence.audit.finding import SAID, AuditFinding, Weight
from carac.evidence.audit.rounding import NEAREST, fitting, same_figure, value
from carac.evidence.audit.whole_patients import counts_giving
from carac.evidence.study import Claim, Outcome, Study
from carac.vocabulary.study_outcomes import study_outcomes


@dataclass(frozen=True)
class _Tables:
    """The studies in the tables of a review, and the review itself."""

    review: Study
    studies: tuple[Study, ...]

    def meant(self, claim: Claim) -> tuple[Study, ...]:
        """The studies that a claim is about, by design."""
        return tuple(one for one in self.studies if not claim.designs or one.design in claim.designs)

    def figures(self, claim: Claim, studies: Iterable[Study]) -> list[tuple[Study, Outcome]]:
        """The reported figures of the tables that a claim is about."""
        return [
            (study, one)
            for study in studies
            for one in study.outcomes
            if one.outcome in claim.outcomes
            and one.reported
            and not one.repeats
            and one.cell.place.startswith("Table")
            and claim.role in ("", study.arm(one.arm).role)
            and _of_review(study, one, self.review)
        ]

    def unlisted(self) -> tuple[str, ...]:
        """Studies in the tables that the review's text does not list among its studies, where it lists them."""
        listing = [one for one in self.review.claims if one.kind == "studies" and one.studies]
        named = {name for one in listing for name in one.studies}
        designs = {design for one in listing for design in one.designs}
        return tuple(one.name for one in self.studies if one.design in designs and one.name not in named)


def _of_review(study: Study, one: Outcome, review: Study) -> bool:
    """Whether a figure was read from a table of this review."""
    return study.source(one.source).doi in {citation.doi for citation in review.citations if citation.doi}


def check_claims(studies: Sequence[Study]) -> list[AuditFinding]:
    """Findings on the claims of every review among the studies, against the studies that it cites in its tables."""
    found = []
    for review in (one for one in studies if one.claims):
        rows = tuple(
            study
            for study in studies
            if any(_of_review(study, one, review) and one.cell.row and not one.repeats for one in study.outcomes)
        )
        tables = _Tables(review, rows)
        by_kind = {"range": _range, "below": _below, "total": _total}
        for claim in review.claims:
            finding = by_kind.get(claim.kind, _number_of_studies)(tables, claim)
            if finding:
                found.append(finding)
    return found


def _finding(
    tables: _Tables, claim: Claim, printed: str, arithmetic: str, reading: str, weight: Weight
) -> AuditFinding:
    kind = {"range": "range_and_table", "below": "range_and_table", "total": "total_and_table"}
    about = " and ".join(study_outcomes()[name].title.lower() for name in claim.outcomes) or "studies"
    return AuditFinding(
        kind.get(claim.kind, "number_of_studies"),
        weight,
        tables.review.name,
        str(claim.cell),
        f"{about}: {printed}",
        arithmetic,
        reading,
        (f"{SAID}{claim.note}",) if claim.note else (),
    )


def _exact(one: Outcome) -> Fraction:
    if one.count is not None and one.denominator:
        return Fraction(100 * one.count, one.denominator)
    return value(one.percentage)


def _is_end(one: Outcome, end: str) -> bool:
    """Whether a figure of the table can be the end of a range."""
    if one.percentage and same_figure(one.percentage, end):
        return True
    return bool(
        one.count is not None and one.denominator and set(NEAREST) & set(fitting(one.count, one.denominator, end))
    )


def _shown(study: Study, one: Outcome) -> str:
    serious = f"{one.serious} " if one.serious else ""
    label = f"{one.label.lower()} " if one.label and not one.serious else ""
    return f"{one.percentage} % ({serious}{label}{study.title})"


def _range(tables: _Tables, claim: Claim) -> AuditFinding | None:
    if claim.grades:
        return _range_of_grades(tables, claim)
    cited = [one for one in tables.meant(claim) if not claim.studies or one.name in claim.studies]
    among = tables.figures(claim, cited)
    every = tables.figures(claim, tables.meant(claim))
    printed = f"{claim.low} to {claim.high} %"
    faults = [
        f"No figure of the table {'of the studies cited ' if claim.studies else ''}is {end} %."
        for end in (claim.low, claim.high)
        if not any(_is_end(one, end) for _, one in among)
    ]
    low, high = value(claim.low), value(claim.high)
    outside = [
        (study, one)
        for study, one in every
        if not (low <= _exact(one) <= high or _is_end(one, claim.low) or _is_end(one, claim.high))
    ]
    if outside:
        faults.append("Outside it in the table: " + "; ".join(_shown(study, one) for study, one in outside) + ".")
    if not faults:
        return None
    return _finding(tables, claim, printed, " ".join(faults), _reading_outside(claim, outside), Weight.QUESTION)


def _reading_outside(claim: Claim, outside: Sequence[tuple[Study, Outcome]]) -> str:
    reasons = []
    if any(one.counted == "reports" for _, one in outside):
        reasons.append("one counts reports and not patients")
    if any(one.serious == "non-serious" for _, one in outside):
        reasons.append("the text may mean serious events only")
    if any(one.count == 0 for _, one in outside):
        reasons.append("studies without any event may have been left out")
    if any("2-5" in one.grades or one.label == "Total" for _, one in outside):
        reasons.append("the text may mean one band of grades")
    if claim.studies:
        reasons.append("the text cites only some of the studies")
    return (
        ("Perhaps " + ", and ".join(reasons) + ".") if reasons else "Text and table were made from different figures."
    )


def _range_of_grades(tables: _Tables, claim: Claim) -> AuditFinding | None:
    """A range whose figures the table does not hold: could its ends be whole patients of an arm?"""
    studies = tables.meant(claim)
    faults, readings = [], []
    for end in (claim.low, claim.high):
        arms = [(study, arm) for study in studies for arm in study.arms if claim.role in ("", arm.role) and arm.n]
        if any(_whole(arm.n or 0, end) for _, arm in arms):
            continue
        faults.append(
            f"{end} % is no whole number of patients of any arm ({', '.join(f'{s.title} {a.n}' for s, a in arms)})."
        )
        readings += [
            f"{count} of {known.n}, {known.name} ({study.title}), would be {end} %."
            for study in studies
            for known in known_numbers(study)
            for count, fits in counts_giving(known.n, end).items()
            if set(fits) & set(NEAREST) and _of_role(study, known.name, claim.role)
        ]
    if not faults:
        return None
    reading = " ".join(readings[:2]) or "It is of a population that the table does not give."
    printed = f"grade {claim.grades}, {claim.low} to {claim.high} %"
    return _finding(tables, claim, printed, " ".join(faults), reading, Weight.QUESTION)


def _of_role(study: Study, name: str, role: str) -> bool:
    """Whether a known number is of an arm with this role, by the label in its name."""
    others = [arm.label for arm in study.arms if role and arm.role != role]
    return name != "all arms together" and not any(label in name for label in others)


def _whole(n: int, percentage: str) -> bool:
    return any(set(NEAREST) & set(fits) for fits in counts_giving(n, percentage).values())


def _below(tables: _Tables, claim: Claim) -> AuditFinding | None:
    over = [
        (study, one) for study, one in tables.figures(claim, tables.meant(claim)) if _exact(one) >= value(claim.high)
    ]
    if not over:
        return None
    listed = "; ".join(_shown(study, one) for study, one in over)
    reading = "The text may mean most studies, or leaves one kind of study out."
    return _finding(tables, claim, f"below {claim.high} %", f"In the table: {listed}.", reading, Weight.QUESTION)


def _number_of_studies(tables: _Tables, claim: Claim) -> AuditFinding | None:
    counted = _counted(tables, claim)
    said = int(claim.value)
    if len(counted) == said:
        return _unlisted_rows(tables, claim) if claim.kind == "studies" and claim.studies else None
    what = {"studies": "are in the tables", "studies_with": "have at least one event in the tables"}
    verb = what.get(claim.kind, "report it in the tables")
    names = ", ".join(one.title for one in counted)
    arithmetic = f"{len(counted)} {verb}: {names}."
    unlisted = [one for one in counted if one.name in tables.unlisted()]
    fatal = [one for one in counted if all(o.outcome == "fatal_bleeding" for _, o in tables.figures(claim, [one]))]
    if unlisted and len(counted) - len(unlisted) == said:
        titles = ", ".join(one.title for one in unlisted)
        reading = f"The text does not list {titles} among its studies; without it the numbers agree."
    elif claim.outcomes and fatal and len(counted) - len(fatal) == said:
        titles = ", ".join(one.title for one in fatal)
        reading = f"{titles} gives fatal bleeding only; without it the numbers agree."
    else:
        reading = "A study was counted otherwise in the text than in the table."
    return _finding(tables, claim, f"{said} studies", arithmetic, reading, Weight.QUESTION)


def _counted(tables: _Tables, claim: Claim) -> list[Study]:
    studies = tables.meant(claim)
    if claim.kind == "studies":
        return [one for one in studies if not claim.studies or one.name in claim.studies]
    wanted = []
    for study in studies:
        figures = [one for _, one in tables.figures(claim, [study])]
        if claim.kind == "studies_with":
            figures = [one for one in figures if _exact(one) > 0]
        if figures:
            wanted.append(study)
    return wanted


def _unlisted_rows(tables: _Tables, claim: Claim) -> AuditFinding | None:
    more = [one for one in tables.meant(claim) if one.name not in claim.studies]
    if not more:
        return None
    titles = ", ".join(one.title for one in more)
    arithmetic = f"The tables have {len(tables.meant(claim))}: the {claim.value} that are listed, and {titles}."
    reading = "It was added to the table, and not to the text."
    return _finding(tables, claim, f"{claim.value} studies, listed", arithmetic, reading, Weight.NOTE)


def _total(tables: _Tables, claim: Claim) -> AuditFinding | None:
    studies = [one for one in tables.studies if one.name in claim.studies]
    if claim.outcomes:
        numbers = [(s.title, o.count) for s in studies for _, o in tables.figures(claim, [s])]
    else:
        numbers = [(one.title, one.arms[0].n) for one in studies]
    total = sum(n for _, n in numbers if n is not None)
    said = int(claim.value)
    if total == said:
        return None
    sum_ = " + ".join(f"{n} ({title})" for title, n in numbers)
    difference = said - total
    arithmetic = f"{sum_} = {total}, {abs(difference)} {'fewer' if difference > 0 else 'more'} than {said}."
    reading = "The text may add up another population, or a study that the sentence does not name."
    return _finding(tables, claim, claim.value, arithmetic, reading, Weight.QUESTION)
