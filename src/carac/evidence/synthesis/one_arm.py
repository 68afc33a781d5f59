"""Pooled incidence of one arm: several models side by side, what single studies do to it, groups, small studies.

The same for proportions of patients and for rates per patient-month; `measures` has the models of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from scipy.special import chdtrc

from carac.evidence.synthesis.estimates import Estimate
from carac.evidence.synthesis.gathering import StudyCount
from carac.evidence.synthesis.measures import MEASURES, Measure
from carac.evidence.synthesis.question import Question
from carac.statistics.checks import EstimationError, Floats
from carac.statistics.pooling import HeterogeneityInterval, Method, PooledEffect, heterogeneity_interval, pool
from carac.statistics.small_study import FEWEST, Asymmetry

#: With fewer studies than this, differences between them can hardly be told from chance.
FEW_STUDIES = 5
#: Fewer studies than this are not compared in groups, nor regressed on anything (as for tests of asymmetry).
ENOUGH_TO_COMPARE = FEWEST


@dataclass(frozen=True)
class Group:
    """Some of the studies, by a property, and their pooled incidence."""

    name: str
    counts: tuple[StudyCount, ...]
    estimate: Estimate


@dataclass(frozen=True)
class Grouping:
    """Studies in groups.

    Parameters
    ----------
    by: the property.
    groups: at least two.
    p_value: that the groups are alike (Wald test of a logistic regression with one variance between studies); None
        where there are too few studies, and `why` says so.
    """

    by: str
    groups: tuple[Group, ...]
    p_value: float | None
    why: str = ""


@dataclass(frozen=True)
class Slope:
    """Meta-regression on a number per study: of the log odds, or the log rate.

    Parameters
    ----------
    by, unit: what the number is.
    name: odds ratio or rate ratio.
    ratio, lower, upper: odds ratio or rate ratio per unit; None where there is none, and `why` says so.
    p_value: that the number does not matter; None likewise.
    studies: that have the number.
    """

    by: str
    unit: str
    name: str
    ratio: float | None
    lower: float | None
    upper: float | None
    p_value: float | None
    studies: int
    why: str = ""


@dataclass(frozen=True)
class Pooled:
    """The pooled incidence of one question.

    Parameters
    ----------
    question: what was counted.
    counts: the studies.
    own: their own proportions or rates with exact intervals, in the order of `counts`.
    weights: percentages, from the main model's variance between studies; they are approximate.
    main: the estimate to report.
    models: all models, the main one first; empty with one study.
    heterogeneity: of the logit (or log) scale by the method chosen; None with one study.
    interval: Q-profile of it; None with one study.
    without: the main estimate without each study in turn; empty with fewer than three.
    groupings, slopes: as asked for.
    asymmetry: Peters' test; None with fewer than ten studies or of rates, and `no_asymmetry` says why.
    tau: method by which the variance between studies of the inverse-variance models was estimated.
    """

    question: Question
    counts: tuple[StudyCount, ...]
    own: tuple[tuple[float, float, float], ...]
    weights: tuple[float, ...]
    main: Estimate
    models: tuple[Estimate, ...]
    heterogeneity: PooledEffect | None
    interval: HeterogeneityInterval | None
    without: tuple[Estimate, ...]
    groupings: tuple[Grouping, ...]
    slopes: tuple[Slope, ...]
    asymmetry: Asymmetry | None
    no_asymmetry: str
    tau: Method

    @property
    def measure(self) -> Measure:
        """Whether this is a proportion or a rate."""
        return MEASURES[self.question.measure]

    @property
    def events(self) -> int:
        """Events of all studies."""
        return sum(one.events for one in self.counts)

    @property
    def size(self) -> float:
        """People (or reports) of all studies, or their patient-months."""
        return sum(one.size for one in self.counts)


def pool_counts(
    question: Question,
    counts: Sequence[StudyCount],
    tau: Method = "REML",
    by: Iterable[str] = (),
    model: str = "glmm",
) -> Pooled:
    """Pool the counts of one question.

    Parameters
    ----------
    counts: at least one.
    tau: how the variance between studies is estimated in the inverse-variance models.
    by: properties of `GROUPS` to divide the studies by, and numbers of `NUMBERS` to regress on.
    model: of `MODELS`: the estimate to report; "glmm" unless a protocol says otherwise.
    """
    measure = MEASURES[question.measure]
    events, sizes = _arrays(counts)
    exact = measure.exact(events, sizes)
    own = tuple(zip(exact.estimate.tolist(), exact.lower.tolist(), exact.upper.tolist(), strict=True))
    several = len(counts) > 1
    models = tuple(measure.estimate(name, events, sizes, tau) for name in measure.models) if several else ()
    main = _main(measure, model, models, events, sizes)
    effects = measure.effects(events, sizes)
    variance = main.tau_squared if main.model == "glmm" and main.tau_squared is not None else None
    weights = pool(effects.estimate, effects.variance, tau, tau_squared=variance).weights
    asymmetry, no_asymmetry = _asymmetry(measure, events, sizes)
    wanted = tuple(by)
    return Pooled(
        question=question,
        counts=tuple(counts),
        own=own,
        weights=tuple(weights.tolist()),
        main=main,
        models=tuple(sorted(models, key=lambda one: one.model != main.model)),
        heterogeneity=pool(effects.estimate, effects.variance, tau) if several else None,
        interval=heterogeneity_interval(effects.estimate, effects.variance) if several else None,
        without=_without(measure, counts, main.model, tau),
        groupings=_groupings(measure, counts, wanted, tau, model),
        slopes=tuple(_slope(measure, counts, name) for name in wanted if name in NUMBERS and several),
        asymmetry=asymmetry,
        no_asymmetry=no_asymmetry,
        tau=tau,
    )


def _arrays(counts: Sequence[StudyCount]) -> tuple[Floats, Floats]:
    return (
        np.array([one.events for one in counts], dtype=np.float64),
        np.array([one.size for one in counts], dtype=np.float64),
    )


def _main(measure: Measure, model: str, models: Sequence[Estimate], events: Floats, sizes: Floats) -> Estimate:
    """The estimate of the model asked for; where it has none, or there is one study, the exact interval."""
    chosen = next((one for one in models if one.model == model), None)
    if chosen is not None and chosen.value is not None:
        return chosen
    together = measure.models["together"](events, sizes, "REML")
    if not models:
        return replace(together, title="One study, exact", warning="")
    why = (chosen.why if chosen else "") or "The model has no answer here."
    return replace(together, title=f"Exact, {together.title.lower()}", warning=f"{why} {together.warning}")


def _without(measure: Measure, counts: Sequence[StudyCount], model: str, tau: Method) -> tuple[Estimate, ...]:
    if len(counts) < 3:
        return ()
    found = []
    for out in range(len(counts)):
        events, sizes = _arrays([one for place, one in enumerate(counts) if place != out])
        found.append(_main(measure, model, [measure.estimate(model, events, sizes, tau)], events, sizes))
    return tuple(found)


def _asymmetry(measure: Measure, events: Floats, sizes: Floats) -> tuple[Asymmetry | None, str]:
    if measure.asymmetry is None:
        return None, "Small studies were not compared with large ones: no test is established for rates."
    if len(sizes) < FEWEST:
        return None, f"Small studies were not compared with large ones: that needs {FEWEST} studies."
    try:
        return measure.asymmetry(events, sizes), ""
    except EstimationError as error:
        return None, f"Small studies could not be compared with large ones: {error}."


# ---- groups ----

MORE_THAN_ONE = "more than one"


def _product(one: StudyCount) -> str:
    return one.arm.product or _single(one.study.products)


def _single(names: Sequence[str]) -> str:
    return names[0].replace("_", " ") if len(names) == 1 else MORE_THAN_ONE if names else "not said"


#: Properties that studies can be divided by.
GROUPS: Mapping[str, Callable[[StudyCount], str]] = MappingProxyType(
    {
        "design": lambda one: one.study.design.replace("_", " "),
        "product": lambda one: _product(one).replace("_", " "),
        "disease": lambda one: _single(one.study.diseases),
        "definition": lambda one: " ".join(part for part in (one.definition, one.outcome.grades) if part) or "not said",
        "window": lambda one: one.window or "not said",
        "counted": lambda one: one.outcome.counted,
    }
)
#: Numbers that the log odds can be regressed on, with their unit.
NUMBERS: Mapping[str, tuple[str, Callable[[StudyCount], float | None]]] = MappingProxyType(
    {
        "window_days": ("30 days", lambda one: one.days / 30 if one.days is not None else None),
        "year": ("year", lambda one: float(one.study.citations[0].year) if one.study.citations[0].year else None),
    }
)


def _groupings(
    measure: Measure, counts: Sequence[StudyCount], wanted: Sequence[str], tau: Method, model: str
) -> tuple[Grouping, ...]:
    found = (_grouping(measure, counts, name, tau, model) for name in wanted if name in GROUPS)
    return tuple(one for one in found if one is not None)


def _grouping(measure: Measure, counts: Sequence[StudyCount], by: str, tau: Method, model: str) -> Grouping | None:
    names = sorted({GROUPS[by](one) for one in counts})
    if len(names) < 2:
        return None
    groups = []
    for name in names:
        chosen = tuple(one for one in counts if GROUPS[by](one) == name)
        events, sizes = _arrays(chosen)
        models = [measure.estimate(model, events, sizes, tau)] if len(chosen) > 1 else []
        groups.append(Group(name, chosen, _main(measure, model, models, events, sizes)))
    p_value, why = _difference(measure, counts, [GROUPS[by](one) for one in counts], names)
    return Grouping(by, tuple(groups), p_value, why)


def _difference(
    measure: Measure, counts: Sequence[StudyCount], group: Sequence[str], names: Sequence[str]
) -> tuple[float | None, str]:
    """Wald test of the groups in one regression, or why there is none."""
    if len(counts) < ENOUGH_TO_COMPARE:
        return None, f"Groups are not compared: that needs {ENOUGH_TO_COMPARE} studies, and there are {len(counts)}."
    if min(group.count(name) for name in names) < 2:
        return None, "Groups are not compared: one of them is a single study."
    design = np.array([[float(own == name) for name in names[1:]] for own in group])
    try:
        found = measure.regression(*_arrays(counts), design)
    except EstimationError as error:
        return None, f"Groups could not be compared: {error}."
    slopes = found.coefficients[1:]
    return float(chdtrc(len(slopes), slopes @ np.linalg.solve(found.covariance[1:, 1:], slopes))), ""


def _slope(measure: Measure, counts: Sequence[StudyCount], by: str) -> Slope:
    unit, number = NUMBERS[by]
    known = [(one, value) for one in counts if (value := number(one)) is not None]
    name, ratio = by.replace("_", " "), measure.ratio

    def none(why: str) -> Slope:
        return Slope(name, unit, ratio, None, None, None, None, len(known), f"No regression on {name}: {why}.")

    if len(known) < ENOUGH_TO_COMPARE:
        return none(f"that needs {ENOUGH_TO_COMPARE} studies that say it, and there are {len(known)}")
    if len({value for _, value in known}) < 2:
        return none("all studies have the same")
    try:
        found = measure.regression(*_arrays([one for one, _ in known]), np.array([[value] for _, value in known]))
    except EstimationError as error:
        return none(str(error))
    wald = float(found.coefficients[1]) / float(found.standard_errors[1])
    low, middle, high = np.exp([found.lower[1], found.coefficients[1], found.upper[1]]).tolist()
    return Slope(name, unit, ratio, middle, low, high, float(chdtrc(1, wald**2)), len(known))
