"""What a study file must not contradict within itself: names that lead somewhere, counts within denominators."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from carac.evidence.study import Claim, Figure, Outcome, Study
from carac.findings import CaracError


def check_study(study: Study, file: str) -> None:
    """Raise `CaracError` where parts of a study do not fit together; published contradictions are the audit's matter.

    A count above its own denominator is refused here only where the file says that it counts people: reports and
    events may be more than people.
    """
    arms = {arm.name for arm in study.arms}
    sources = {source.name for source in study.sources}
    _unique((arm.name for arm in study.arms), "arm", file)
    _unique((source.name for source in study.sources), "source", file)
    for place, arm in enumerate(study.arms, 1):
        _known(arm.overlaps, arms - {arm.name}, "arm", f"{file}, arm {place}, overlaps")
    for place, one in enumerate(study.analysis_sets, 1):
        _known((one.arm,), arms, "arm", f"{file}, analysis_set {place}, arm")
        _known((one.source,), sources, "source", f"{file}, analysis_set {place}, source")
    for place, outcome in enumerate(study.outcomes, 1):
        where = f"{file}, outcome {place}"
        _known((outcome.arm,), arms, "arm", f"{where}, arm")
        _known((outcome.source,), sources, "source", f"{where}, source")
        _check_outcome(outcome, where)
    for place, figure in enumerate(study.figures, 1):
        _known((figure.arm,), arms, "arm", f"{file}, figure {place}, arm")
        _check_printed(figure, sources, f"{file}, figure {place}")
    for place, claim in enumerate(study.claims, 1):
        _check_printed(claim, sources, f"{file}, claim {place}")


def _unique(names: Iterable[str], what: str, file: str) -> None:
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise CaracError(f"{file}: two {what}s are called {twice[0]!r}; give each a name of its own.")


def _known(names: Iterable[str], known: set[str], what: str, where: str) -> None:
    for name in names:
        if name and name not in known:
            there = ", ".join(sorted(known)) or "none"
            raise CaracError(f"{where}: there is no {what} {name!r} in this file; there is {there}.")


def _check_printed(one: Figure | Claim, sources: set[str], where: str) -> None:
    _known((one.source,), sources, "source", f"{where}, source")
    if isinstance(one, Figure) and one.statistic == "statement":
        return
    if not (one.value or one.low or one.high):
        raise CaracError(f"{where}: value, low or high is missing; one of them must be given, as text.")


def _check_bounds(outcome: Outcome, where: str) -> None:
    low, high = outcome.count_lowest, outcome.count_highest
    if outcome.count is not None or low is None or high is None or low > high:
        raise CaracError(
            f"{where}: count_lowest and count_highest are given together, the lower first, and without a count."
        )


def _check_time(outcome: Outcome, where: str) -> None:
    if bool(outcome.person_time) != bool(outcome.person_time_unit):
        raise CaracError(
            f"{where}: person_time and person_time_unit are given together,"
            ' such as person_time = "812.5" and person_time_unit = "patient-months".'
        )
    if outcome.person_time and float(outcome.person_time) == 0:
        raise CaracError(f"{where}, person_time: {outcome.person_time!r} is no time at risk; leave it out.")


def _check_outcome(outcome: Outcome, where: str) -> None:
    bounds = (outcome.count_lowest, outcome.count_highest)
    given = outcome.count is not None or outcome.percentage or bounds != (None, None)
    if bounds != (None, None):
        _check_bounds(outcome, where)
    if outcome.reported and not given:
        raise CaracError(f"{where}: there is neither count nor percentage; say reported = false if that is so.")
    if not outcome.reported and given:
        raise CaracError(f"{where}: reported is false and yet there is a figure; leave one of the two out.")
    if outcome.denominator is not None and not outcome.denominator_from:
        raise CaracError(f'{where}: denominator_from is missing; it must be "cell", "row" or "record".')
    if (
        outcome.counted == "patients"
        and None not in (outcome.count, outcome.denominator)
        and outcome.count > outcome.denominator  # type: ignore[operator]
    ):
        raise CaracError(
            f"{where}: count {outcome.count} is above its denominator {outcome.denominator};"
            ' it must not be, unless counted = "events" or "reports".'
        )
    _check_time(outcome, where)
    low, _, high = outcome.grades.partition("-")
    if high and int(low) > int(high):
        raise CaracError(f'{where}, grades: {outcome.grades!r} runs backwards; write it as "{high}-{low}".')
