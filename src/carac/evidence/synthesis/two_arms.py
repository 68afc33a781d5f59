"""Two arms of the same studies with rare events: several estimates side by side, no study lost in silence.

Studies without an event in either arm say nothing about a ratio and are left out of it, which is shown; they speak for
the risk difference, which has them. The conditional model comes first: it corrects no zero and needs no assumption
about the risks of the comparators.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy.special import ndtr

from carac.evidence.study import Study
from carac.evidence.synthesis.gathering import Gathered, LeftOut, StudyCount, checked_anyway, gather
from carac.evidence.synthesis.question import Question
from carac.statistics.checks import EstimationError
from carac.statistics.small_study import FEWEST, harbord
from carac.statistics.two_arms import (
    Arms,
    ExactOddsRatio,
    TwoArm,
    arms,
    exact_odds_ratio,
    mantel_haenszel,
    peto,
    tarone_test,
)
from carac.statistics.two_arms_bayes import Posterior, Priors, posteriors
from carac.statistics.two_arms_mixed import MixedOddsRatio, Model, mixed_odds_ratio

#: Peto's odds ratio is biased where arms differ in size by more than this, or the effect is beyond that (Greenland S,
#: Salvan A. Stat Med 1990;9:247-252); where exactly is carac's choice.
UNEVEN, FAR = 1.5, 3.0
#: The priors to report, and others: more room between studies, less for the effect, both.
PRIORS = (Priors(), Priors(spread=1.0), Priors(effect=1.0), Priors(effect=1.0, spread=1.0))


@dataclass(frozen=True)
class Pair:
    """A study's two arms: the CAR T-cells, and the comparator."""

    first: StudyCount
    second: StudyCount

    @property
    def study(self) -> Study:
        """The study of both."""
        return self.first.study

    @property
    def silent(self) -> bool:
        """Whether it says nothing about a ratio: nobody, or everybody, had the event in both arms."""
        events = self.first.events + self.second.events
        return events in (0, self.first.total + self.second.total)


@dataclass(frozen=True)
class Effect:
    """What one method says of the two arms; ratios as such, differences as proportions of 1.

    Parameters
    ----------
    method, title: short name, and what a table calls it.
    measure: odds ratio, risk ratio or risk difference.
    value, lower, upper: None where the method has no answer, and `why` says so; infinite where the exact one is.
    p_value: of no difference; None where the method gives none.
    tau_squared: variance of the log odds ratio between studies; None where the method has none.
    prediction: of a new study's odds ratio; None where there is none.
    studies, left_out: how many were used, and how many say nothing to the method.
    warning: what a reader must know; "" else.
    """

    method: str
    title: str
    measure: str
    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    p_value: float | None = None
    tau_squared: float | None = None
    prediction: tuple[float, float] | None = None
    studies: int = 0
    left_out: int = 0
    warning: str = ""
    why: str = ""


@dataclass(frozen=True)
class Compared:
    """Two arms compared.

    Parameters
    ----------
    question: what was counted, in the first arms.
    pairs: the studies.
    own: each study's exact odds ratio; a study that says nothing has no value.
    effects: all methods, that to be reported first.
    alike: p of Tarone's test that the odds ratios are equal; None where it has no answer.
    without: the main estimate without each study in turn; empty with fewer than three.
    asymmetry: p of Harbord's test that small studies report as large ones do; None with fewer than ten that say
        something about a ratio, and `no_asymmetry` says so.
    beliefs: posteriors under weak priors, and under others to see what hangs on them; empty where no study says
        anything about a ratio.
    """

    question: Question
    pairs: tuple[Pair, ...]
    own: tuple[Effect, ...]
    effects: tuple[Effect, ...]
    alike: float | None
    without: tuple[Effect, ...]
    asymmetry: float | None
    no_asymmetry: str
    beliefs: tuple[Posterior, ...] = ()

    @property
    def main(self) -> Effect:
        """The first method that has an answer; of one study, the exact one."""
        return _main(self.effects, len(self.pairs))


@dataclass(frozen=True)
class Comparisons:
    """Pairs by question, and what is left out."""

    pairs: Mapping[Question, tuple[Pair, ...]]
    left_out: tuple[LeftOut, ...]
    anyway: tuple[str, ...]


def gather_pairs(
    studies: Iterable[Study],
    outcome: str,
    designs: Collection[str] = (),
    anyway: Iterable[str] = (),
    corrected: bool = False,
    definition: str | None = None,
    window: str | None = None,
) -> Comparisons:
    """Studies with a CAR T-cell arm and a comparator, both counted in the same way.

    Parameters
    ----------
    studies, outcome, designs, anyway, corrected, definition, window: as in `gather`. Studies whose arms were not
        chosen by lot are left out unless `anyway` names "designs".

    Raises
    ------
    CaracError: an outcome or a word that is not known.
    """
    every = [study for study in studies if any(arm.role == "comparator" for arm in study.arms)]
    wanted = checked_anyway(anyway)
    first = gather(every, outcome, "car_t", designs, wanted, corrected, definition, window)
    second = gather(every, outcome, "comparator", designs, wanted, corrected, definition, window)
    left_out = [*first.left_out, *second.left_out]
    found: dict[Question, list[Pair]] = {}
    for question, counts in first.pools.items():
        others = _same_question(second, question)
        for study in dict.fromkeys(one.study.name for one in counts):
            mine = [one for one in counts if one.study.name == study]
            theirs = [one for one in others if one.study.name == study]
            why = _unpaired(mine, theirs, "designs" in wanted)
            if why:
                left_out += [LeftOut(one.study, one.outcome, why) for one in mine]
            else:
                found.setdefault(question, []).append(Pair(mine[0], theirs[0]))
    order = sorted(found, key=lambda question: (-len(found[question]), str(question)))
    return Comparisons({question: tuple(found[question]) for question in order}, tuple(left_out), wanted)


def _same_question(second: Gathered, question: Question) -> Sequence[StudyCount]:
    parts = ("definition", "grades", "serious", "window", "counted")
    for other, counts in second.pools.items():
        if all(getattr(other, part) == getattr(question, part) for part in parts):
            return counts
    return ()


def _unpaired(mine: Sequence[StudyCount], theirs: Sequence[StudyCount], any_design: bool) -> str:
    if not theirs:
        return "the comparator was not counted in the same way"
    if len(mine) > 1 or len(theirs) > 1:
        return "more than one arm on a side; arms are never added up here"
    if mine[0].study.design != "randomised_trial" and not any_design:
        return "arms not chosen by lot"
    return ""


def compare_pairs(question: Question, pairs: Sequence[Pair]) -> Compared:
    """Compare the arms of these studies by every method."""
    counts = _arms(pairs)
    effects = tuple(_effect(method, counts) for method in METHODS)
    asymmetry, no_asymmetry = _asymmetry(counts)
    return Compared(
        question,
        tuple(pairs),
        tuple(_own(pair) for pair in pairs),
        effects,
        _alike(counts),
        _without(pairs, _main(effects, len(pairs)).method),
        asymmetry,
        no_asymmetry,
        tuple(posteriors(counts, PRIORS)) if counts.informative.any() else (),
    )


def _arms(pairs: Sequence[Pair]) -> Arms:
    return arms(
        [pair.first.events for pair in pairs],
        [pair.first.total for pair in pairs],
        [pair.second.events for pair in pairs],
        [pair.second.total for pair in pairs],
    )


def _own(pair: Pair) -> Effect:
    if pair.silent:
        return Effect("own", "Exact", "odds ratio", why="No event in either arm: says nothing about a ratio.")
    return _exact(_arms([pair]))


def _alike(counts: Arms) -> float | None:
    try:
        return tarone_test(counts).p_value if int(counts.informative.sum()) > 1 else None
    except EstimationError:
        return None


def _main(effects: Sequence[Effect], studies: int) -> Effect:
    exact = next(one for one in effects if one.method == "exact")
    if studies == 1 and exact.value is not None:
        return exact
    return next((one for one in effects if one.value is not None), effects[0])


def _without(pairs: Sequence[Pair], method: str) -> tuple[Effect, ...]:
    if len(pairs) < 3:
        return ()
    return tuple(_effect(method, _arms([*pairs[:place], *pairs[place + 1 :]])) for place in range(len(pairs)))


def _asymmetry(counts: Arms) -> tuple[float | None, str]:
    if int(counts.informative.sum()) < FEWEST:
        return None, f"Small studies were not compared with large ones: that needs {FEWEST} studies with an event."
    try:
        return harbord(counts).p_value, ""
    except EstimationError as error:
        return None, f"Small studies could not be compared with large ones: {error}."


# ---- methods ----


def _made(
    method: str, measure: str, found: MixedOddsRatio | TwoArm | ExactOddsRatio, p_value: float, **more: Any
) -> Effect:
    """An effect from what the statistics give, which are logarithms of ratios, or differences as such."""
    ends = [found.estimate, found.lower, found.upper]
    value, lower, upper = ends if measure == DIFFERENCE else np.exp(ends).tolist()
    title = METHODS[method][0]
    return Effect(
        method, title, measure, value, lower, upper, p_value, studies=found.studies, left_out=found.left_out, **more
    )


def _mixed(method: str, model: Model) -> Callable[[Arms], Effect]:
    def made(counts: Arms) -> Effect:
        found = mixed_odds_ratio(counts, model)
        low, high = np.exp(found.prediction).tolist()
        return _made(
            method,
            "odds ratio",
            found,
            float(2 * ndtr(-abs(found.estimate / found.standard_error))),
            tau_squared=found.tau_squared,
            prediction=(low, high) if found.studies > 1 else None,
        )

    return made


def _mantel_haenszel(method: str, measure: str) -> Callable[[Arms], Effect]:
    def made(counts: Arms) -> Effect:
        found = mantel_haenszel(counts, measure.replace(" ", "-"))  # type: ignore[arg-type]
        return _made(method, measure, found, found.p_value)

    return made


def _peto(counts: Arms) -> Effect:
    found = peto(counts)
    sizes = np.maximum(counts.first_total / counts.second_total, counts.second_total / counts.first_total)
    reasons = []
    if sizes[counts.informative].max() > UNEVEN:
        reasons.append("arms of a study differ much in size")
    if abs(found.estimate) > np.log(FAR):
        reasons.append("the effect is large")
    warning = f"Biased here: {' and '.join(reasons)}." if reasons else "Only for rare events, even arms, small effects."
    return _made("peto", "odds ratio", found, found.p_value, warning=warning)


def _exact(counts: Arms) -> Effect:
    found = exact_odds_ratio(counts)
    return _made("exact", "odds ratio", found, found.p_value)


DIFFERENCE = "risk difference"
_CONDITIONAL = "Conditional GLMM (non-central hypergeometric)"
_STUDY_EFFECTS = "Unconditional GLMM (fixed study effects)"
#: Methods by name, in the order of tables, with title and measure; the first that has an answer is reported.
METHODS: Mapping[str, tuple[str, str, Callable[[Arms], Effect]]] = MappingProxyType(
    {
        "conditional": (_CONDITIONAL, "odds ratio", _mixed("conditional", "conditional")),
        "study_effects": (_STUDY_EFFECTS, "odds ratio", _mixed("study_effects", "study-effects")),
        "odds_ratio": ("Mantel-Haenszel, odds ratio", "odds ratio", _mantel_haenszel("odds_ratio", "odds ratio")),
        "exact": ("Exact, common odds ratio", "odds ratio", _exact),
        "peto": ("Peto", "odds ratio", _peto),
        "risk_ratio": ("Mantel-Haenszel, risk ratio", "risk ratio", _mantel_haenszel("risk_ratio", "risk ratio")),
        "risk_difference": (
            "Mantel-Haenszel, risk difference",
            DIFFERENCE,
            _mantel_haenszel("risk_difference", DIFFERENCE),
        ),
    }
)


def _effect(method: str, counts: Arms) -> Effect:
    title, measure, made = METHODS[method]
    try:
        return made(counts)
    except EstimationError as error:
        return Effect(method, title, measure, why=f"{str(error)[:1].upper()}{str(error)[1:]}.")
