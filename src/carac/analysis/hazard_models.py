"""Hazard ratios of several covariates from rows at risk: which model the number of events allows, and what it says.

Ten events per coefficient carry an ordinary Cox model (Peduzzi P et al. J Clin Epidemiol 1995;48:1503-1510). With
fewer, with fewer than five on one side of a yes or no, and where a covariate sorts the events perfectly, Firth's
penalised likelihood is taken, with profile intervals (Heinze G, Schemper M. Biometrics 2001;57:114-119). Below two per
coefficient, or five in all, no hazard ratio is given. The twos and fives are carac's own. Nothing here knows what a row
is about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, ndtr

from carac.analysis.factors import Columns, Factor
from carac.analysis.incidence import Value
from carac.endpoints.people import Booleans, Floats, Integers
from carac.statistics.checks import ConvergenceError, EstimationError, SeparationError
from carac.statistics.cox import cox
from carac.statistics.fine_gray import fine_gray
from carac.statistics.firth import firth_cox

#: Events per coefficient below which the likelihood is penalised, and below which nothing is estimated.
PENALISED_BELOW, REFUSED_BELOW = 10, 2
#: Events in all below which nothing is estimated; with or without a level, below which the likelihood is penalised.
FEWEST_EVENTS = 5


class Method(StrEnum):
    """How a model was fitted."""

    COX = "Cox"
    FIRTH = "Cox with Firth's penalty"
    FINE_GRAY = "Fine-Gray"
    NONE = "none"


@dataclass(frozen=True)
class AtRisk:
    """Rows at risk: after `start` and up to and with `stop`.

    Parameters
    ----------
    start: minus infinity for who is at risk from before all.
    stop, event: end of the row, and whether it ended in the event.
    person: who the row belongs to.
    """

    start: Floats
    stop: Floats
    event: Booleans
    person: Integers

    def only(self, which: Booleans) -> AtRisk:
        """Some of the rows."""
        return AtRisk(self.start[which], self.stop[which], self.event[which], self.person[which])


def rows_by_day(start: Floats, stop: Floats, event: Booleans, member: Integers) -> tuple[AtRisk, Integers, Integers]:
    """A row for everybody at risk on each day on which somebody had the event; and its place in the input, and day.

    Other days have no place in the partial likelihood. Days are whole: a row is at risk after the day before.
    """
    days = np.unique(stop[event])
    person, which = np.nonzero((start[:, None] < days) & (stop[:, None] >= days))
    day = days[which]
    rows = AtRisk(day - 1.0, day, event[person] & (stop[person] == day), member[person])
    return rows, person.astype(np.int64), day.astype(np.int64)


@dataclass(frozen=True)
class Line:
    """One coefficient.

    Parameters
    ----------
    factor, level: of which factor, and which level of a group.
    rows, events: with it, among those in the model; None for a number.
    ratio: hazard ratio with its 95 % interval; an end that the likelihood does not bound is None.
    p_value: of the coefficient: Wald, or of the penalised likelihood ratio.
    """

    factor: Factor
    level: str
    rows: int | None
    events: int | None
    ratio: Value | None = None
    p_value: float | None = None


@dataclass(frozen=True)
class Fit:
    """A model, or why there is none.

    Parameters
    ----------
    method: how it was fitted.
    people, rows, events: in the model.
    missing_people, missing_events: left out because a covariate is missing; a person counts who has no row left.
    missing_rows: rows left out for that.
    lines: one per coefficient.
    reference: of a group, where there is one factor.
    joint_p: of all levels of a group together, by factor; of Cox models alone.
    separated: whether a covariate sorts the events perfectly.
    why_not: one sentence; empty where there is a model.
    """

    method: Method
    people: int
    rows: int
    events: int
    missing_people: int
    missing_events: int
    missing_rows: int
    lines: tuple[Line, ...]
    designs: tuple[Columns, ...]
    joint_p: tuple[tuple[str, float], ...] = ()
    separated: bool = False
    why_not: str = ""

    @property
    def events_per_variable(self) -> float:
        """Events per coefficient."""
        return self.events / max(len(self.lines), 1)


def fitted(at_risk: AtRisk, designs: Sequence[Columns], robust: bool = False) -> Fit:
    """A cause-specific Cox model of the rows in which no covariate is missing.

    Parameters
    ----------
    at_risk: rows; other causes count as censored.
    designs: covariates, one line per column.
    robust: whether a person can have several events, so that the variance has to allow for it (not with the penalty).
    """
    empty, kept, values = _complete(at_risk, designs)
    if empty.why_not:
        return empty
    separated, beta = False, None
    try:
        members = kept.person if robust else None
        beta = cox(kept.stop, kept.event, values, kept.start, cluster=members)
    except SeparationError:
        separated = True
    except ConvergenceError:
        # what runs off without sorting perfectly, the penalty holds as well
        pass
    except EstimationError as error:
        return _refused(empty, f"{_plainly(str(error), empty)}.")
    if beta is not None and not few(empty):
        lower, upper = beta.interval()
        p = 2 * ndtr(-np.abs(beta.coefficients / beta.standard_errors))
        joint = _joint(empty, beta.coefficients, beta.covariance)
        return _with(empty, Method.COX, (beta.coefficients, lower, upper, p), joint)
    try:
        penalised = firth_cox(kept.stop, kept.event, values, kept.start)
    except EstimationError as error:
        return _refused(empty, f"{_plainly(str(error), empty)}.")
    ends = (penalised.coefficients, penalised.lower, penalised.upper, penalised.p_value)
    return _with(empty, Method.FIRTH, ends, (), separated)


def few(fit: Fit) -> bool:
    """Whether the events are too few for an ordinary model: per coefficient, or on one side of a yes or no."""
    sides = [n for line in fit.lines if line.events is not None for n in (line.events, fit.events - line.events)]
    return fit.events_per_variable < PENALISED_BELOW or any(n < FEWEST_EVENTS for n in sides)


def fitted_subdistribution(at_risk: AtRisk, status: Integers, designs: Sequence[Columns]) -> Fit:
    """A Fine-Gray model with crr's standard errors, of covariates fixed at the infusion; refused where events are few.

    Parameters
    ----------
    at_risk: one row per person.
    status: 0 censored, 1 the event, 2 what competes.
    """
    empty, kept, values = _complete(at_risk, designs)
    if not empty.why_not and np.isfinite(kept.start).any():
        return _refused(empty, "The Fine-Gray model here does not know delayed entry.")
    if not empty.why_not and few(empty):
        return _refused(empty, "Too few events for a Fine-Gray model, of which no penalised form is used here.")
    if empty.why_not:
        return empty
    complete = ~np.any([one.missing for one in designs], axis=0)
    try:
        found = fine_gray(kept.stop, status[complete], values)
    except EstimationError as error:
        return _refused(empty, f"{_plainly(str(error), empty)}.")
    lower, upper = found.interval()
    p = 2 * ndtr(-np.abs(found.coefficients / found.standard_errors))
    joint = _joint(empty, found.coefficients, found.covariance)
    return _with(empty, Method.FINE_GRAY, (found.coefficients, lower, upper, p), joint)


def _complete(at_risk: AtRisk, designs: Sequence[Columns]) -> tuple[Fit, AtRisk, Floats]:
    """The rows without a missing covariate, what is lost with the others, and why there can be no model."""
    values = np.column_stack([one.values for one in designs])
    complete: Booleans = np.asarray(~np.isnan(values).any(axis=1), dtype=bool)
    kept, chosen = at_risk.only(complete), values[complete]
    everybody, left = len(np.unique(at_risk.person)), len(np.unique(kept.person))
    events = int(kept.event.sum())
    fit = Fit(
        Method.NONE,
        left,
        len(kept.stop),
        events,
        everybody - left,
        int(at_risk.event.sum()) - events,
        int((~complete).sum()),
        _counted(designs, kept.event, complete),
        tuple(designs),
    )
    return _refused(fit, _hopeless(fit, chosen)), kept, chosen


def _counted(designs: Sequence[Columns], event: Booleans, complete: Booleans) -> tuple[Line, ...]:
    lines = []
    for one in designs:
        for place, level in enumerate(one.labels):
            has = one.values[complete, place] > 0
            counts = (int(has.sum()), int((has & event).sum())) if one.counted else (None, None)
            lines.append(Line(one.factor, level, *counts))
    return tuple(lines)


def _hopeless(fit: Fit, values: Floats) -> str:
    """Why no model can be fitted; empty where one may be."""
    if not fit.rows:
        return "Nobody has a value."
    if not fit.lines:
        return f"{fit.designs[0].factor.title} does not vary."
    if not fit.events:
        return "No event happened, so that no hazard ratio can be estimated."
    if fit.events < FEWEST_EVENTS:
        return f"Only {fit.events} event{'s' * (fit.events != 1)}: fewer than {FEWEST_EVENTS} carry no hazard ratio."
    if fit.events_per_variable < REFUSED_BELOW:
        return (
            f"{fit.events} events for {len(fit.lines)} coefficients are fewer than {REFUSED_BELOW} for each: choose"
            " fewer factors."
        )
    flat = [line for line, column in zip(fit.lines, values.T, strict=True) if np.ptp(column) == 0]
    return f"{_name(flat[0])} does not vary among those with a value." if flat else ""


def _refused(fit: Fit, why: str) -> Fit:
    return replace(fit, why_not=why)


def _name(line: Line) -> str:
    return f"{line.factor.title} ({line.level})" if line.level else line.factor.title


def _plainly(message: str, fit: Fit) -> str:
    """A message of an estimator with the name of the covariate in place of its number."""
    said = re.sub(r"column (\d+)( of the covariates)?", lambda found: _name(fit.lines[int(found[1])]), message)
    return f"{said[:1].upper()}{said[1:]}"


def _with(
    fit: Fit,
    method: Method,
    found: tuple[Floats, Floats, Floats, Floats],
    joint: tuple[tuple[str, float], ...],
    separated: bool = False,
) -> Fit:
    lines = []
    for line, beta, low, high, p in zip(fit.lines, *found, strict=True):
        ends = [float(np.exp(end)) if np.isfinite(end) else None for end in (low, high)]
        ratio = Value(float(np.exp(beta)), *ends)
        lines.append(Line(line.factor, line.level, line.rows, line.events, ratio, float(p)))
    return replace(fit, method=method, lines=tuple(lines), joint_p=joint, separated=separated)


def _joint(fit: Fit, beta: Floats, covariance: npt.NDArray[np.float64]) -> tuple[tuple[str, float], ...]:
    """Wald's test of all levels of each group that has more than two."""
    found, first = [], 0
    for one in fit.designs:
        width = len(one.labels)
        part = slice(first, first + width)
        if width > 1:
            statistic = float(beta[part] @ np.linalg.solve(covariance[part, part], beta[part]))
            found.append((one.factor.name, float(chdtrc(width, statistic))))
        first += width
    return tuple(found)
