"""Risk factors of an endpoint: what is known at infusion, and what changes by day, one by one and together.

Cause-specific Cox models in which a competing event ends the risk; beside those of the infusion the Fine-Gray model, of
which the subdistribution hazard ratio tells what a factor does to the cumulative incidence. Which model is fitted
follows from the number of events (`hazard_models`). The joint model takes the factors that were named, or the first of
a fixed list as far as the events carry them; it never chooses by P. By day the state at the beginning of the day counts
(`day_states`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from carac.analysis.day_states import lacks as lacks_state
from carac.analysis.day_states import states
from carac.analysis.factors import (
    AT_INFUSION,
    BY_DAY,
    GRADE_HOLDS,
    VALUE_HOLDS,
    Columns,
    Factor,
    Kind,
    columns_of,
    factor_of,
    middle,
)
from carac.analysis.hazard_models import (
    FEWEST_EVENTS,
    PENALISED_BELOW,
    REFUSED_BELOW,
    AtRisk,
    Fit,
    Method,
    fitted,
    fitted_subdistribution,
    rows_by_day,
)
from carac.analysis.imputed_models import SETS, completed, fitted_imputed, incomplete
from carac.definitions import all_definitions
from carac.endpoints.definition import Endpoint
from carac.endpoints.outcome import EVENT, Outcome
from carac.endpoints.people import Floats, Integers
from carac.endpoints.rules import Window
from carac.endpoints.study import Study
from carac.findings import CaracError
from carac.statistics.checks import EstimationError
from carac.vocabulary.types import Laboratory

#: Events that the joint model has to have for each coefficient where its factors are not named: below ten it is
#: penalised (Vittinghoff E, McCulloch CE. Am J Epidemiol 2007;165:710-718 find five to nine often enough).
JOINT_NEEDS = 5
#: What is done with who lacks a factor known at infusion.
MISSING = LEAVE_OUT, IMPUTE = "leave out", "impute"


@dataclass(frozen=True)
class Part:
    """The models of one kind of factor.

    Parameters
    ----------
    by_day: whether the factors change by day.
    outcome: the people at risk.
    alone: one model per factor.
    subdistribution: the same by Fine-Gray, in the same order; empty by day.
    together: the joint model; None where fewer than two factors could enter.
    not_together: factors that the joint model leaves out, and why.
    left_out: factors that cannot be read in this cohort, and why.
    imputed: of how many people the value was drawn, by name of the factor; empty where nothing is imputed.
    not_imputed: why nothing could be imputed although it was asked for.
    """

    by_day: bool
    outcome: Outcome
    alone: tuple[Fit, ...]
    subdistribution: tuple[Fit, ...]
    together: Fit | None
    not_together: tuple[tuple[str, str], ...]
    left_out: tuple[tuple[str, str], ...]
    imputed: Mapping[str, int] = field(default_factory=dict)
    not_imputed: str = ""


@dataclass(frozen=True)
class Risk:
    """What `risk` finds: at infusion, by day, and how, to be pasted."""

    endpoint: Endpoint
    at_infusion: Part
    by_day: Part
    methods: str

    @property
    def parts(self) -> tuple[Part, Part]:
        """Both."""
        return self.at_infusion, self.by_day


def risk(
    study: Study,
    name: str | Endpoint,
    factors: Sequence[str] = tuple(AT_INFUSION),
    factors_by_day: Sequence[str] = tuple(BY_DAY),
    together: Sequence[str] = (),
    together_by_day: Sequence[str] = (),
    window: str | Window = "to_100",
    window_by_day: str | Window = "0_to_30",
    missing: str = LEAVE_OUT,
) -> Risk:
    """Hazard ratios of an endpoint.

    Parameters
    ----------
    study: a graded cohort with its rules.
    name: of the endpoint.
    factors, factors_by_day: known at infusion, and changing by day; names of `AT_INFUSION` and `BY_DAY`.
    together, together_by_day: those of the joint models; empty takes as many as the events carry, in a fixed order.
    window, window_by_day: in which the first event is sought.
    missing: "leave out" who lacks a factor known at infusion from its models, or "impute" (`imputed_models`).

    Raises
    ------
    CaracError: an endpoint that is unknown or cannot be counted, or an unknown factor.
    """
    if missing not in MISSING:
        raise CaracError(f"What is missing can be {' or '.join(map(repr, MISSING))}, and not {missing!r}.")
    at_infusion = [factor_of(one, AT_INFUSION) for one in factors]
    by_day = [factor_of(one, BY_DAY) for one in factors_by_day]
    chosen = [factor_of(one, AT_INFUSION) for one in together]
    chosen_by_day = [factor_of(one, BY_DAY) for one in together_by_day]
    first = _at_infusion(study, study.outcome(name, window), at_infusion, chosen, missing == IMPUTE)
    second = _by_day(study, study.outcome(name, window_by_day), by_day, chosen_by_day)
    return Risk(first.outcome.endpoint, first, second, _methods(study, first, second))


# ---- at infusion


def at_risk_of(outcome: Outcome) -> AtRisk:
    """One row per person at risk."""
    first = outcome.window.first
    # in a later window all enter together, which is no delayed entry
    together = first > 0 and bool((outcome.entry == first - 1.0).all())
    start = np.full(outcome.at_risk, -np.inf) if together else outcome.entry
    return AtRisk(start, outcome.exit, outcome.status == EVENT, members_of(outcome))


def members_of(outcome: Outcome) -> Integers:
    """The patient of each entry, by number: with several infusions of one they are not independent."""
    patients = [str(one) for one in outcome.people.table.column("patient_id").to_pylist()]
    return np.unique(patients, return_inverse=True)[1][outcome.place].astype(np.int64)


def _at_infusion(
    study: Study, outcome: Outcome, factors: Sequence[Factor], chosen: Sequence[Factor], impute: bool = False
) -> Part:
    designs, left_out = {}, []
    for one in dict.fromkeys(one.name for one in (*factors, *chosen)):
        factor = AT_INFUSION[one]
        if reason := lacks(study, factor):
            left_out.append((factor.title, reason))
        else:
            designs[one] = design_of(outcome, factor)
    rows, robust = at_risk_of(outcome), study.rules.infusions == "all"
    asked = [designs[one.name] for one in factors if one.name in designs]
    alone = tuple(fitted(rows, [one], robust) for one in asked)
    subdistribution = tuple(fitted_subdistribution(rows, outcome.status, [one]) for one in asked)
    named = [designs[one.name] for one in (chosen or factors) if one.name in designs]
    joint, rest = _together(rows, named, bool(chosen), robust)
    part = Part(False, outcome, alone, subdistribution, joint, rest, tuple(left_out))
    return _imputed(part, rows, list(designs.values()), named, bool(chosen), robust) if impute else part


def _imputed(
    part: Part, rows: AtRisk, designs: Sequence[Columns], named: Sequence[Columns], chosen: bool, robust: bool
) -> Part:
    """The same models with what is missing drawn; Fine-Gray models stay those of the complete."""
    if part.outcome.events < FEWEST_EVENTS:
        return replace(part, not_imputed=f"fewer than {FEWEST_EVENTS} events carry no model.")
    ends = {
        one.factor.name: ends_of(part.outcome, one)
        for one in designs
        if one.factor.interval and one.factor.kind in (Kind.NUMBER, Kind.LOGARITHM)
    }
    counts = {one.factor.name: number for one in designs if (number := incomplete(one, ends))}
    try:
        sets = completed(rows, part.outcome.status, designs, ends) if counts else []
    except EstimationError as error:
        return replace(part, not_imputed=f"{error}.")
    if not sets:
        return part
    by_name = [{one.factor.name: one for one in some} for some in sets]
    drawn = {
        name: number - int(by_name[0][name].missing.sum())
        for name, number in counts.items()
        if number > int(by_name[0][name].missing.sum())
    }

    def model(fit: Fit) -> Fit:
        names = [one.factor.name for one in fit.designs]
        if not set(names) & set(drawn):
            return fit
        return fitted_imputed(rows, [[one[name] for name in names] for one in by_name], robust)

    joint, rest = _together(rows, [by_name[0][one.factor.name] for one in named], chosen, robust)
    return replace(
        part,
        alone=tuple(model(fit) for fit in part.alone),
        together=None if joint is None else model(joint),
        not_together=rest,
        imputed=drawn,
    )


def ends_of(outcome: Outcome, design: Columns) -> tuple[Floats, Floats]:
    """The interval of each value as it enters a model; an end that is not known is infinite."""
    factor, values = design.factor, design.values[:, 0]
    low, high = (outcome.column(f"{factor.column}__{end}") for end in ("from", "to"))
    exact = low == high
    nothing = np.isnan(low) & np.isnan(high)
    if factor.kind is Kind.LOGARITHM:
        with np.errstate(divide="ignore", invalid="ignore"):
            low, high = np.log2(np.maximum(low, 0.0)), np.log2(np.maximum(high, 0.0))
    ends = np.sort(np.stack([low / factor.step, high / factor.step]), axis=0)
    lower, upper = np.where(np.isnan(ends[0]), -np.inf, ends[0]), np.where(np.isnan(ends[1]), np.inf, ends[1])
    lower, upper = (np.where(exact, values, np.where(nothing, np.nan, end)) for end in (lower, upper))
    return lower, upper


def lacks(study: Study, factor: Factor) -> str:
    """Why a factor known at infusion cannot be read in this cohort; empty where it can."""
    graded = {definition.name for definition in study.graded.plan.definitions}
    if factor.needs and factor.needs not in graded:
        return f"{factor.needs} was not graded (name it with --definition)"
    names = study.people.table.column_names
    column = f"{factor.column}__from" if factor.interval else factor.column
    return "" if column in names else f"the infusions have no column {column}"


def design_of(outcome: Outcome, factor: Factor) -> Columns:
    """The columns of a factor for the people at risk."""
    return columns_of(factor, _values(outcome, factor))


def _values(outcome: Outcome, factor: Factor) -> Floats:
    if factor.interval:
        return middle(outcome.column(f"{factor.column}__from"), outcome.column(f"{factor.column}__to"))
    return outcome.column(factor.column)


def _together(
    rows: AtRisk, designs: Sequence[Columns], named: bool, robust: bool
) -> tuple[Fit | None, tuple[tuple[str, str], ...]]:
    """The joint model, and what it leaves out: of a list that nobody chose, what the events do not carry."""
    usable = [one for one in designs if one.labels and not one.missing.all()]
    rest = [(one.factor.title, "no value, or always the same") for one in designs if one not in usable]
    if not named:
        usable, more = _carried(rows, usable)
        rest += more
    if len(usable) < 2:
        return None, tuple(rest)
    return fitted(rows, usable, robust), tuple(rest)


def _carried(rows: AtRisk, designs: Sequence[Columns]) -> tuple[list[Columns], list[tuple[str, str]]]:
    """As many as the events carry, in their order; of several that tell the same only the first."""
    taken: list[Columns] = []
    rest: list[tuple[str, str]] = []
    for one in designs:
        if told := _told_by(one.factor, [other.factor for other in taken]):
            rest.append((one.factor.title, f"tells in part the same as {told}"))
            continue
        tried = [*taken, one]
        complete = ~np.any([other.missing for other in tried], axis=0)
        coefficients = sum(len(other.labels) for other in tried)
        varies = all(np.ptp(column) > 0 for column in one.values[complete].T) if complete.any() else False
        if not varies:
            rest.append((one.factor.title, "does not vary among those with all values"))
        elif int(rows.event[complete].sum()) < JOINT_NEEDS * coefficients:
            rest.append((one.factor.title, f"fewer than {JOINT_NEEDS} events would be left for each coefficient"))
        else:
            taken = tried
    return taken, rest


#: Factors that are made of each other, or nearly: only the first that is taken stands in a joint model.
_THE_SAME = (
    {"prior_thrombosis", "recent_thrombosis"},
    {"platelets_baseline", "easix_pre", "car_hematotox"},
    {"easix_pre", "lactate_dehydrogenase_baseline"},
    {"car_hematotox", "ferritin_baseline", "c_reactive_protein_baseline", "haemoglobin_baseline"},
    {"product", "target", "disease"},
)


def _told_by(factor: Factor, taken: Sequence[Factor]) -> str:
    for one in taken:
        # those of a set that are parts of a score may stand beside each other; the score beside them may not
        pair = {factor.name, one.name}
        scores = pair & {"easix_pre", "car_hematotox", "recent_thrombosis", "prior_thrombosis", "product", "target"}
        if scores and any(pair <= some for some in _THE_SAME):
            return one.title
    return ""


# ---- by day


def _by_day(study: Study, outcome: Outcome, factors: Sequence[Factor], chosen: Sequence[Factor]) -> Part:
    left_out, usable = [], []
    for one in dict.fromkeys(one.name for one in (*factors, *chosen)):
        if reason := lacks_state(study, BY_DAY[one]):
            left_out.append((BY_DAY[one].title, reason))
        else:
            usable.append(BY_DAY[one])
    last = min(outcome.window.last, int(study.graded.parameters.get("grid", "last_day") or 0))
    read = states(study, usable, last)
    rows, person, day = rows_by_day(outcome.entry, outcome.exit, outcome.status == EVENT, members_of(outcome))
    known = day <= last
    rows, person, day = rows.only(known), person[known], day[known]
    designs = {one.name: Columns(one, ("",), read[one.name][outcome.place[person], day][:, None]) for one in usable}
    alone = tuple(fitted(rows, [designs[one.name]]) for one in factors if one.name in designs)
    wanted = [one for one in (chosen or factors) if one.name in designs]
    circular = [] if chosen else [one for one in wanted if is_part_of(study, one, outcome.endpoint)]
    rest = [(one.title, "is part of the endpoint") for one in circular]
    joint, more = _together(rows, [designs[one.name] for one in wanted if one not in circular], bool(chosen), False)
    return Part(True, outcome, alone, (), joint, (*rest, *more), tuple(left_out))


def is_part_of(study: Study, factor: Factor, endpoint: Endpoint) -> bool:
    """Whether an endpoint is made of what the factor measures, so that it goes with it by definition."""
    waiting, seen = list(endpoint.definitions), set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        waiting += all_definitions()[name].uses
    if factor.analyte:
        read = [i for name in seen for i in all_definitions()[name].inputs_with(study.graded.parameters.scope(name))]
        return any(isinstance(one, Laboratory) and one.analyte == factor.analyte for one in read)
    return bool(factor.needs) and factor.needs in endpoint.definitions


# ---- how


def _methods(study: Study, first: Part, second: Part) -> str:
    used = {fit.method for part in (first, second) for fit in (*part.alone, part.together) if fit is not None}
    title = first.outcome.endpoint.title
    parts = [
        f"Risk factors of {title} were examined with cause-specific Cox models (Efron's ties; competing events"
        f" censored), those known at infusion on {first.outcome.window}, those that change by day on"
        f" {second.outcome.window} with the state known at the beginning of each day (a grade holds for up to"
        f" {GRADE_HOLDS} days without one, a laboratory value for {VALUE_HOLDS})."
    ]
    if Method.FIRTH in used:
        parts.append(
            f"With fewer than {PENALISED_BELOW} events per coefficient, or fewer than {FEWEST_EVENTS} on one side of a"
            " yes or no, or where a covariate sorted the events perfectly, Firth's penalised"
            " likelihood with profile intervals was used; with fewer than"
            f" {REFUSED_BELOW} per coefficient, or {FEWEST_EVENTS} in all, no hazard ratio was estimated."
        )
    if any(fit.method is Method.FINE_GRAY for fit in first.subdistribution):
        parts.append("Subdistribution hazard ratios are those of Fine and Gray.")
    if first.imputed:
        parts.append(
            f"Missing values at infusion were imputed {SETS} times by chained equations on all factors, the event, the"
            " competing event and the cumulative hazard, results beyond an assay's limit within what is known of them;"
            " estimates were pooled by Rubin's rules (Wald intervals on his t distribution). Fine-Gray models are of"
            " the complete."
        )
    parts.append(
        "Patients or days with a missing covariate"
        + (" that was not imputed" if first.imputed else "")
        + " are not in a model and are counted beside it. Factors of joint"
        " models were fixed beforehand, not selected by P; P values are not adjusted for their number."
    )
    if study.rules.infusions == "all":
        parts.append("Variances allow for several infusions of one patient (not those of the penalised models).")
    return " ".join(parts)
