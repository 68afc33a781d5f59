"""Pooled incidence of one arm: several models side by side, what single studies do to it, groups, small studies.

The main model is the binomial-normal one (a logistic regression with a random effect per study): it needs no
correction of zeros and weighs small studies by what they know. The others stand beside it because readers know them
and because a result that hangs on the model should be seen to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from scipy.special import chdtrc, expit

from carac.evidence.synthesis.gathering import StudyCount
from carac.evidence.synthesis.question import Question
from carac.statistics.checks import EstimationError, Floats
from carac.statistics.one_arm import beta_binomial, binomial_normal
from carac.statistics.pooling import HeterogeneityInterval, Method, PooledEffect, heterogeneity_interval, pool
from carac.statistics.proportions import clopper_pearson
from carac.statistics.small_study import FEWEST, Asymmetry, peters_one_arm
from carac.statistics.transformations import Scale, proportion, transformed

#: With fewer studies than this, differences between them can hardly be told from chance.
FEW_STUDIES = 5
#: Fewer studies than this are not compared in groups, nor regressed on anything (as for tests of asymmetry).
ENOUGH_TO_COMPARE = FEWEST


@dataclass(frozen=True)
class Estimate:
    """What one model says; proportions of 1.

    Parameters
    ----------
    model, title: short name, and what a table calls it.
    value, lower, upper: None where the model has no answer, and `why` says so.
    prediction: of a new study's incidence; None where the model gives none.
    tau_squared: variance between studies on the model's scale; None where it has none.
    warning: what a reader must know of the model; "" else.
    """

    model: str
    title: str
    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    prediction: tuple[float, float] | None = None
    tau_squared: float | None = None
    warning: str = ""
    why: str = ""


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
    """Meta-regression of the log odds on a number per study.

    Parameters
    ----------
    by, unit: what the number is.
    odds_ratio, lower, upper: per unit.
    """

    by: str
    unit: str
    odds_ratio: float
    lower: float
    upper: float
    p_value: float
    studies: int


@dataclass(frozen=True)
class Pooled:
    """The pooled incidence of one question.

    Parameters
    ----------
    question: what was counted.
    counts: the studies.
    own: their own proportions with exact intervals, in the order of `counts`.
    weights: percentages, from the main model's variance between studies; they are approximate.
    main: the estimate to report.
    models: all models, the main one first; empty with one study.
    heterogeneity: of the logit scale by the method chosen; None with one study.
    interval: Q-profile of it; None with one study.
    without: the main estimate without each study in turn; empty with fewer than three.
    groupings: as asked for.
    asymmetry: Peters' test; None with fewer than ten studies, and `no_asymmetry` says why.
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
    slope: Slope | None
    asymmetry: Asymmetry | None
    no_asymmetry: str
    tau: Method

    @property
    def events(self) -> int:
        """Events of all studies."""
        return sum(one.events for one in self.counts)

    @property
    def total(self) -> int:
        """People (or reports) of all studies."""
        return sum(one.total for one in self.counts)


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
    events, total = _arrays(counts)
    exact = clopper_pearson(events, total)
    own = tuple(zip(exact.estimate.tolist(), exact.lower.tolist(), exact.upper.tolist(), strict=True))
    models = tuple(_estimate(name, events, total, tau) for name in MODELS) if len(counts) > 1 else ()
    main = _main(model, models, events, total)
    effects = transformed(events, total)
    several = len(counts) > 1
    variance = main.tau_squared if main.model == "glmm" and main.tau_squared is not None else None
    weights = pool(effects.estimate, effects.variance, tau, tau_squared=variance).weights
    asymmetry, no_asymmetry = _asymmetry(events, total)
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
        without=_without(counts, main.model, tau),
        groupings=_groupings(counts, wanted, tau, model),
        slope=_slope(counts, wanted),
        asymmetry=asymmetry,
        no_asymmetry=no_asymmetry,
        tau=tau,
    )


def _arrays(counts: Sequence[StudyCount]) -> tuple[Floats, Floats]:
    return (
        np.array([one.events for one in counts], dtype=np.float64),
        np.array([one.total for one in counts], dtype=np.float64),
    )


# ---- models ----


def _glmm(events: Floats, total: Floats, tau: Method) -> Estimate:
    found = binomial_normal(events, total)
    low, high = found.prediction or (float("nan"), float("nan"))
    return Estimate(
        "glmm",
        "Binomial-normal (GLMM)",
        float(expit(found.coefficients[0])),
        float(expit(found.lower[0])),
        float(expit(found.upper[0])),
        (float(expit(low)), float(expit(high))) if found.prediction else None,
        found.tau_squared,
    )


def _beta(events: Floats, total: Floats, tau: Method) -> Estimate:
    found = beta_binomial(events, total)
    return Estimate(
        "beta_binomial",
        "Beta-binomial",
        found.proportion,
        found.lower,
        found.upper,
        found.prediction if found.overdispersion > 0 else None,
        warning="The mean of the studies' incidences, not the incidence of a typical study; its prediction interval"
        " leaves the uncertainty of the estimate out.",
    )


def _inverse_variance(name: str, title: str, scale: Scale, warning: str = "") -> Callable[..., Estimate]:
    def made(events: Floats, total: Floats, tau: Method) -> Estimate:
        effects = transformed(events, total, scale)
        found = pool(effects.estimate, effects.variance, tau, "knapp-hartung-floored" if len(total) > 1 else "normal")
        near = found.prediction or (float("nan"), float("nan"))
        ends = [found.estimate, float(found.lower[0]), float(found.upper[0]), *near]
        value, lower, upper, near_low, near_high = proportion(ends, scale, total).tolist()
        prediction = (near_low, near_high) if found.prediction else None
        halves = int(effects.corrected.sum())
        said = f"Half an event was added in {halves} studies without any." if halves > 1 else ""
        said = "Half an event was added in the one study without any." if halves == 1 else said
        told = " ".join(part for part in (warning, said) if part)
        return Estimate(name, title, value, lower, upper, prediction, found.heterogeneity.tau_squared, told)

    return made


def _common(events: Floats, total: Floats, tau: Method) -> Estimate:
    exact = clopper_pearson([events.sum()], [total.sum()])
    return Estimate(
        "together",
        "All people together",
        float(exact.estimate[0]),
        float(exact.lower[0]),
        float(exact.upper[0]),
        warning="As if all were one study: too narrow wherever studies differ.",
    )


#: Models by name, in the order of tables.
MODELS: Mapping[str, Callable[[Floats, Floats, Method], Estimate]] = MappingProxyType(
    {
        "glmm": _glmm,
        "beta_binomial": _beta,
        "logit": _inverse_variance("logit", "Logit, inverse variance", "logit"),
        "arcsine": _inverse_variance("arcsine", "Arcsine, inverse variance", "arcsine"),
        "freeman_tukey": _inverse_variance(
            "freeman_tukey",
            "Freeman-Tukey double arcsine",
            "freeman-tukey",
            "Can mislead where sizes differ much; here only to compare with published figures.",
        ),
        "together": _common,
    }
)


def _estimate(name: str, events: Floats, total: Floats, tau: Method) -> Estimate:
    try:
        return MODELS[name](events, total, tau)
    except EstimationError as error:
        return Estimate(name, name.replace("_", " ").capitalize(), why=f"{str(error)[:1].upper()}{str(error)[1:]}.")


def _main(model: str, models: Sequence[Estimate], events: Floats, total: Floats) -> Estimate:
    """The estimate of the model asked for; where it has none, or there is one study, the exact interval."""
    chosen = next((one for one in models if one.model == model), None)
    if chosen is not None and chosen.value is not None:
        return chosen
    together = _common(events, total, "REML")
    if not models:
        return replace(together, title="One study, exact", warning="")
    why = (chosen.why if chosen else "") or "The model has no answer here."
    return replace(together, title="Exact, all people together", warning=f"{why} {together.warning}")


def _without(counts: Sequence[StudyCount], model: str, tau: Method) -> tuple[Estimate, ...]:
    if len(counts) < 3:
        return ()
    found = []
    for out in range(len(counts)):
        events, total = _arrays([one for place, one in enumerate(counts) if place != out])
        found.append(_main(model, [_estimate(model, events, total, tau)], events, total))
    return tuple(found)


def _asymmetry(events: Floats, total: Floats) -> tuple[Asymmetry | None, str]:
    if len(total) < FEWEST:
        return None, f"Small studies were not compared with large ones: that needs {FEWEST} studies."
    try:
        return peters_one_arm(events, total), ""
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


def _groupings(counts: Sequence[StudyCount], wanted: Sequence[str], tau: Method, model: str) -> tuple[Grouping, ...]:
    found = (_grouping(counts, name, tau, model) for name in wanted if name in GROUPS)
    return tuple(one for one in found if one is not None)


def _grouping(counts: Sequence[StudyCount], by: str, tau: Method, model: str) -> Grouping | None:
    names = sorted({GROUPS[by](one) for one in counts})
    if len(names) < 2:
        return None
    groups = []
    for name in names:
        chosen = tuple(one for one in counts if GROUPS[by](one) == name)
        events, total = _arrays(chosen)
        models = [_estimate(model, events, total, tau)] if len(chosen) > 1 else []
        groups.append(Group(name, chosen, _main(model, models, events, total)))
    p_value, why = _difference(counts, [GROUPS[by](one) for one in counts], names)
    return Grouping(by, tuple(groups), p_value, why)


def _difference(counts: Sequence[StudyCount], group: Sequence[str], names: Sequence[str]) -> tuple[float | None, str]:
    """Wald test of the groups in one regression, or why there is none."""
    if len(counts) < ENOUGH_TO_COMPARE:
        return None, f"Groups are not compared: that needs {ENOUGH_TO_COMPARE} studies, and there are {len(counts)}."
    if min(group.count(name) for name in names) < 2:
        return None, "Groups are not compared: one of them is a single study."
    design = np.array([[float(own == name) for name in names[1:]] for own in group])
    try:
        found = binomial_normal(*_arrays(counts), design)
    except EstimationError as error:
        return None, f"Groups could not be compared: {error}."
    slopes = found.coefficients[1:]
    return float(chdtrc(len(slopes), slopes @ np.linalg.solve(found.covariance[1:, 1:], slopes))), ""


def _slope(counts: Sequence[StudyCount], wanted: Sequence[str]) -> Slope | None:
    """The first regression asked for that enough studies allow."""
    for by in wanted:
        if by in NUMBERS and (found := _regression(counts, by)):
            return found
    return None


def _regression(counts: Sequence[StudyCount], by: str) -> Slope | None:
    unit, number = NUMBERS[by]
    known = [(one, value) for one in counts if (value := number(one)) is not None]
    if len(known) < ENOUGH_TO_COMPARE or len({value for _, value in known}) < 2:
        return None
    try:
        found = binomial_normal(*_arrays([one for one, _ in known]), [value for _, value in known])
    except EstimationError:
        return None
    error = float(found.standard_errors[1])
    ratio = float(found.coefficients[1]) / error
    low, middle, high = np.exp([found.lower[1], found.coefficients[1], found.upper[1]]).tolist()
    return Slope(by.replace("_", " "), unit, middle, low, high, float(chdtrc(1, ratio**2)), len(known))
