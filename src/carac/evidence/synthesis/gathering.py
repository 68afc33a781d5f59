"""Counts of studies that may be pooled, sorted by what was counted; and what is left out, with the reason.

Kept apart: different definitions, grades, windows, serious and other events (of which a person may have had both), and
reports as against patients. What a caller pools all the same is named, and stays named in every output.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from carac.endpoints.rules import DAYS_OF_MONTH
from carac.evidence.audit.denominators import explaining, known_among
from carac.evidence.audit.rounding import NEAREST, fitting, same_figure, value
from carac.evidence.study import Arm, Outcome, Study
from carac.evidence.synthesis.question import ANY, NOT_SAID, Question, definition_of, window_of
from carac.findings import CaracError
from carac.vocabulary.spelling import nearest
from carac.vocabulary.study_outcomes import study_outcomes

#: What may be pooled on purpose, and what that means. Serious and other events are not among it.
ANYWAY: Mapping[str, str] = {
    "definitions": "counts by different definitions or grades",
    "windows": "counts in different windows",
    "reports": "spontaneous reports beside patients",
    "percentages": "percentages that are of no whole number of patients, as the nearest count",
    "designs": "comparisons that were not chosen by lot",
}
#: Designs whose figures are others' figures, already pooled or repeated.
SECOND_HAND = ("meta_analysis", "review")


@dataclass(frozen=True)
class StudyCount:
    """One arm of one study as it enters a pool.

    Parameters
    ----------
    study, arm, outcome: where it comes from.
    events, total: how many had it, of how many (0 where a rate's study does not say).
    months: patient-months at risk; None where a proportion is asked for.
    definition, window: as in `Question`, "" where not said.
    days: end of the window in days after infusion; None where not known.
    origin: "" where both are printed; else how they came about, in words.
    """

    study: Study
    arm: Arm
    outcome: Outcome
    events: int
    total: int
    definition: str
    window: str
    days: int | None
    origin: str = ""
    months: float | None = None

    @property
    def size(self) -> float:
        """What the events are held against: patient-months of a rate, else people."""
        return self.total if self.months is None else self.months

    @property
    def said(self) -> str:
        """Events and what they are held against: "11 of 250", or "11 in 812.5 patient-months"."""
        if self.months is None:
            return f"{self.events} of {self.total}"
        return f"{self.events} in {self.months:,.1f} patient-months"

    @property
    def label(self) -> str:
        """How a table names it."""
        first = next(arm for arm in self.study.arms if arm.role == self.arm.role)
        return self.study.title if first is self.arm else f"{self.study.title}, {self.arm.label}"


@dataclass(frozen=True)
class LeftOut:
    """A figure that cannot be pooled, and why."""

    study: Study
    outcome: Outcome
    why: str


@dataclass(frozen=True)
class Gathered:
    """Counts by question, most studies first, and what is left out.

    Parameters
    ----------
    pools: at least one study each.
    left_out: with reasons.
    anyway: what was pooled on purpose.
    """

    pools: Mapping[Question, tuple[StudyCount, ...]]
    left_out: tuple[LeftOut, ...]
    anyway: tuple[str, ...]


def checked_anyway(anyway: Iterable[str]) -> tuple[str, ...]:
    """The words of `ANYWAY`, in its order; "all" stands for all of them. Raises `CaracError` on another word."""
    wanted = {word for word in anyway if word}
    for word in wanted - {"all"}:
        if word not in ANYWAY:
            near = nearest(word, ANYWAY)
            hint = f"did you mean {near}?" if near else f"there are {', '.join(ANYWAY)} and all."
            raise CaracError(f"{word!r} cannot be pooled anyway; {hint}")
    return tuple(word for word in ANYWAY if "all" in wanted or word in wanted)


def gather(
    studies: Iterable[Study],
    outcome: str,
    role: str = "car_t",
    designs: Collection[str] = (),
    anyway: Iterable[str] = (),
    corrected: bool = False,
    definition: str | None = None,
    window: str | None = None,
    measure: str = "proportion",
) -> Gathered:
    """Sort the counts of an outcome into what may be pooled.

    Parameters
    ----------
    studies: such as `carac.evidence.load()`.
    outcome: of carac's list.
    role: of the arms.
    designs: of the studies; all where empty.
    anyway: words of `ANYWAY`: what is pooled although it differs.
    corrected: True takes, where a printed percentage does not follow from its denominator, the one population of the
        study that explains it; False takes what is printed.
    definition, window: only counts that have these words in theirs, "not said" among them; None for all.
    measure: proportion (of patients), or rate (per patient-month).

    Raises
    ------
    CaracError: an outcome or a word that is not known.
    """
    if outcome not in study_outcomes():
        near = nearest(outcome, study_outcomes())
        hint = f"did you mean {near}?" if near else "known are " + ", ".join(study_outcomes()) + "."
        raise CaracError(f"There is no outcome {outcome!r}; {hint}")
    wanted = checked_anyway(anyway)
    found: dict[Question, list[StudyCount]] = defaultdict(list)
    left_out: list[LeftOut] = []
    for study in studies:
        if designs and study.design not in designs:
            continue
        for one in study.outcomes_of(outcome):
            if study.arm(one.arm).role != role or one.repeats:
                continue
            made = (
                rate_count(study, one) if measure == "rate" else _count(study, one, "percentages" in wanted, corrected)
            )
            if isinstance(made, LeftOut):
                left_out.append(made)
            elif _within(definition, made.definition) and _within(window, made.window):
                found[_question(made, wanted, measure)].append(made)
    pools = {}
    for question, counts in found.items():
        kept, overlapping = _each_person_once(counts)
        pools[_narrowed(question, kept)] = kept
        left_out += overlapping
    order = sorted(pools, key=lambda question: (-len(pools[question]), str(question)))
    return Gathered({question: pools[question] for question in order}, tuple(left_out), wanted)


def _within(wanted: str | None, said: str) -> bool:
    return wanted is None or wanted.lower() in (said or NOT_SAID).lower()


def correction(study: Study, one: Outcome) -> tuple[int, str] | None:
    """The one population of a study that explains a percentage which its own denominator does not; None else.

    Returns
    -------
    Its size, and who they are.
    """
    if one.count is None or one.denominator is None or not one.percentage:
        return None
    if fitting(one.count, one.denominator, one.percentage):
        return None
    known = known_among(study, explaining(one.count, one.percentage), one)
    if len({population.n for population in known}) != 1:
        return None
    return known[0].n, " or ".join(population.name for population in known)


def _count(study: Study, one: Outcome, nearest_count: bool, corrected: bool) -> StudyCount | LeftOut:
    why = _unfit(study, one)
    if why:
        return LeftOut(study, one, why)
    total, origin = one.denominator or 0, ""
    better = correction(study, one) if corrected else None
    if better:
        total, origin = better[0], f"denominator {better[0]} ({better[1]}) in place of {one.denominator}"
    events = one.count
    if events is None:
        events, told = _from_percentage(study, one, nearest_count)
        if events is None:
            return LeftOut(study, one, told)
        origin = told
    window, days = known_window(study, one)
    definition = definition_of(study, one)
    return StudyCount(study, study.arm(one.arm), one, events, total, definition, window_of(window, days), days, origin)


#: Patient-months in a unit of a study file.
MONTHS: Mapping[str, float] = {
    "patient-days": 1 / DAYS_OF_MONTH,
    "patient-weeks": 7 / DAYS_OF_MONTH,
    "patient-months": 1.0,
    "patient-years": 12.0,
}


def rate_count(study: Study, one: Outcome) -> StudyCount | LeftOut:
    """Events and patient-months of an outcome, or why there is no rate: a percentage is never turned into one."""
    why = _never(study, one)
    if not why and one.counted == "reports":
        why = "spontaneous reports have no time at risk"
    if not why and not one.person_time:
        why = "no time at risk is given"
    if not why and one.count is None:
        why = "no count of events"
    if why:
        return LeftOut(study, one, why)
    window, days = known_window(study, one)
    return StudyCount(
        study,
        study.arm(one.arm),
        one,
        one.count or 0,
        one.denominator or 0,
        definition_of(study, one),
        window_of(window, days),
        days,
        "" if one.person_time_unit == "patient-months" else f"{one.person_time} {one.person_time_unit}",
        float(one.person_time) * MONTHS[one.person_time_unit],
    )


def _never(study: Study, one: Outcome) -> str:
    """Why a figure enters no pool of any measure; "" where it may."""
    if not one.reported:
        return "not reported"
    if study.design in SECOND_HAND or one.estimate == "pooled":
        return "already pooled, or another study's figure"
    if one.count_lowest is not None:
        return f"only bounds are known, {one.count_lowest} to {one.count_highest}"
    return ""


def _unfit(study: Study, one: Outcome) -> str:
    """Why a figure cannot be pooled as a proportion; "" where it can."""
    never = _never(study, one)
    if never:
        return never
    if one.counted == "events":
        return "events and not patients; one patient may have several"
    if not one.denominator:
        return "no number of patients"
    if one.count is not None and one.count > one.denominator:
        return "the count is above its denominator"
    return ""


def _from_percentage(study: Study, one: Outcome, nearest_count: bool) -> tuple[int | None, str]:
    """The count behind a lone percentage and how it was found, or None and why there is none."""
    denominator = one.denominator or 0
    near = float(value(one.percentage)) * denominator / 100
    reach = int(denominator / 100) + 2
    around = range(max(0, int(near) - reach), min(denominator, int(near) + reach) + 1)
    whole = [count for count in around if set(NEAREST) & set(fitting(count, denominator, one.percentage))]
    cumulative = any(
        other.estimate == "cumulative_incidence" and other.percentage == one.percentage
        for other in study.outcomes_of(one.outcome, one.arm)
    )
    if whole and not cumulative:
        others = f"; {whole[0]} to {whole[-1]} would fit" if len(whole) > 1 else ""
        return min(whole, key=lambda count: abs(count - near)), f"count worked out from {one.percentage} %{others}"
    what = "a cumulative incidence" if cumulative else "no whole number of patients"
    if not nearest_count:
        return None, f"{one.percentage} % of {denominator} is {what}"
    return round(near), f"{one.percentage} % is {what}; nearest count"


def known_window(study: Study, one: Outcome) -> tuple[str, int | None]:
    """The window of an outcome, from a repeat of the same count where its own place does not say."""
    if one.window or one.window_days is not None:
        return one.window, one.window_days
    for other in study.outcomes_of(one.outcome, one.arm):
        if other.repeats and (other.window or other.window_days is not None) and _same(one, other):
            return other.window, other.window_days
    return "", None


def _same(one: Outcome, other: Outcome) -> bool:
    """Whether two outcomes of one arm give one figure."""
    if one.count is not None and other.count is not None:
        return one.count == other.count
    return bool(one.percentage and other.percentage) and same_figure(one.percentage, other.percentage)


def _question(one: StudyCount, anyway: Collection[str], measure: str) -> Question:
    loose = "definitions" in anyway
    return Question(
        outcome=one.outcome.outcome,
        role=one.arm.role,
        definition=ANY if loose else one.definition,
        grades=ANY if loose else one.outcome.grades,
        serious=one.outcome.serious,
        window=ANY if "windows" in anyway else one.window,
        # First events and all events are two rates, and reports have no time at risk: nothing to pool on purpose.
        counted=ANY if "reports" in anyway and measure == "proportion" else one.outcome.counted,
        measure=measure,
    )


def _narrowed(question: Question, counts: Sequence[StudyCount]) -> Question:
    """The question with what all its counts share after all, where it was left open."""
    shared = {
        "definition": {one.definition for one in counts},
        "grades": {one.outcome.grades for one in counts},
        "window": {one.window for one in counts},
        "counted": {one.outcome.counted for one in counts},
    }
    open_ = {part: next(iter(values)) for part, values in shared.items() if len(values) == 1}
    return replace(question, **{part: value for part, value in open_.items() if getattr(question, part) == ANY})


def _each_person_once(counts: Sequence[StudyCount]) -> tuple[tuple[StudyCount, ...], list[LeftOut]]:
    """One count per arm, and no two arms of the same people: the definition that most share, then the larger."""
    shared = Counter((one.definition, one.outcome.grades) for one in counts)
    order = sorted(counts, key=lambda one: (-shared[one.definition, one.outcome.grades], -one.size))
    kept: list[StudyCount] = []
    left_out = []
    for one in order:
        rival = next((other for other in kept if _overlap(one, other)), None)
        if rival is None:
            kept.append(one)
        else:
            what = " ".join(part for part in (rival.definition, rival.outcome.grades) if part)
            why = f"the same people are in already{f', by {what}' if what else ''}"
            left_out.append(LeftOut(one.study, one.outcome, why))
    return tuple(one for one in counts if one in kept), left_out


def _overlap(one: StudyCount, other: StudyCount) -> bool:
    if one.study.name != other.study.name:
        return False
    return one.arm.name == other.arm.name or one.arm.name in other.arm.overlaps or other.arm.name in one.arm.overlaps
