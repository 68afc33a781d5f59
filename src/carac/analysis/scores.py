"""How well the scores that carac grades foretell an endpoint: discrimination, calibration, accuracy, net benefit.

A score is read at a landmark, and only events after it count: what was measured before the infusion is read before it,
scores of a day on a chosen day, ICAHT when its window has ended. Competing events are no events. Most scores give
points and no risk; the risk that goes with them is then estimated in this cohort by a penalised logistic model in which
nobody's own outcome is used for their own prediction (cross-validation), so that calibration, Brier score and net
benefit are not flattered. A model loaded from a file gives risks of its own, and these are taken as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from carac.analysis.landmarks import Ahead, ahead_of, competing_words
from carac.analysis.markers import LOOK_BACK, Marker, lacks, marker_of, read, shipped
from carac.analysis.model_file import PredictionModel
from carac.endpoints.people import Floats
from carac.endpoints.rules import Window
from carac.endpoints.study import Study
from carac.findings import CaracError
from carac.statistics.checks import EstimationError
from carac.statistics.incidence import aalen_johansen, at_times
from carac.statistics.internal_validation import calibration_slope, cross_validated
from carac.statistics.prediction import (
    CalibrationGroup,
    Score,
    area_difference,
    area_under_curve,
    brier_score,
    calibration,
    decision_curve,
    null_brier_score,
    weighted_outcome,
)
from carac.statistics.ridge import PENALTIES

#: With fewer people with the event (or without it) than this nothing is estimated: an area of 0.7 from ten events has
#: an interval of about 0.15 to either side, which holds both a useless and a good score.
FEWEST = 10
#: What is asked where nothing is named.
ENDPOINTS = ("venous_thrombosis", "clinically_relevant_bleeding")
#: The landmark of scores that belong to a day.
DAY = 7
#: Risks from which somebody would be treated, for the table.
THRESHOLDS = (0.05, 0.10, 0.20)
FOLDS = 10
#: Groups of like prediction; fewer where a group would have fewer people with the event than this.
GROUPS, EVENTS_PER_GROUP = 5, 4
#: How far a decision curve goes: the first of these above three times the incidence.
_CURVE_ENDS = (0.1, 0.2, 0.3, 0.5, 0.8)


@dataclass(frozen=True)
class Curve:
    """Net benefit by threshold; NaN where nobody above it was seen to the horizon."""

    threshold: Floats
    model: Floats
    treat_all: Floats


@dataclass(frozen=True)
class Merit:
    """How well a score did.

    Parameters
    ----------
    area: area under the time-dependent curve.
    brier, null_brier: of its risks, and of giving all the same.
    expected, observed: mean risk, and cumulative incidence (Aalen-Johansen).
    slope: calibration slope; None where it has no value.
    groups: people of like risk, predicted against observed.
    net_benefit: at each threshold that was asked; NaN as in `Curve`.
    treat_all: of treating everybody, at the same thresholds.
    curve: over the thresholds that matter.
    """

    area: Score
    brier: Score
    null_brier: float
    expected: float
    observed: float
    slope: float | None
    groups: tuple[CalibrationGroup, ...]
    net_benefit: Floats
    treat_all: Floats
    curve: Curve

    @property
    def gain(self) -> float:
        """By what share the Brier score is below that of giving all the same risk."""
        return 1 - self.brier.estimate / self.null_brier


@dataclass(frozen=True)
class Scored:
    """One score for one endpoint.

    Parameters
    ----------
    title: of the score.
    own_risk: whether it gives risks itself, as a loaded model does.
    ahead: everybody at the landmark; `day` is it.
    people: of them, those who could be scored; events, competing: among these.
    unscored: why the others could not, and how many.
    merit: None where too few events or nothing else allows it; `refusal` then says why.
    outside: of a loaded model, scored people with a value beyond those that it was made from: it extrapolates.
    """

    title: str
    own_risk: bool
    ahead: Ahead
    people: int
    events: int
    competing: int
    unscored: tuple[tuple[str, int], ...]
    merit: Merit | None
    refusal: str
    outside: int = 0


@dataclass(frozen=True)
class Compared:
    """Two scores of one landmark on the people whom both could score: area of `title` less that of `against`."""

    title: str
    against: str
    day: int
    people: int
    difference: Score

    @property
    def p_value(self) -> float | None:
        """Of no difference; None where nobody is ordered otherwise."""
        error = self.difference.standard_error
        return float(2 * ndtr(-abs(self.difference.estimate) / error)) if error > 0 else None


@dataclass(frozen=True)
class Scores:
    """Every score for one endpoint; those of one landmark are of the same people, but for who could be scored.

    `compared` holds each score against the first of its landmark in the order in which they are named.
    """

    endpoint: str
    title: str
    window: Window
    thresholds: tuple[float, ...]
    scored: tuple[Scored, ...]
    left_out: tuple[tuple[str, str], ...]
    methods: str
    compared: tuple[Compared, ...] = ()


@dataclass(frozen=True)
class Request:
    """What is asked of scores.

    Parameters
    ----------
    endpoints: names.
    day: landmark of scores that belong to a day.
    look_back: days before it from which a value may be taken.
    thresholds: risks, between 0 and 1, at which net benefit is told.
    markers: predictors as they are written; empty takes the scores of carac.
    models: loaded from files.
    """

    endpoints: tuple[str, ...] = ENDPOINTS
    day: int = DAY
    look_back: int = LOOK_BACK
    thresholds: tuple[float, ...] = THRESHOLDS
    markers: tuple[str, ...] = ()
    models: tuple[PredictionModel, ...] = field(default=())


def scores(study: Study, endpoint: str, window: str | Window = "to_100", request: Request | None = None) -> Scores:
    """How well scores foretell an endpoint.

    Parameters
    ----------
    study: a graded cohort with its rules.
    endpoint: by name.
    window: in which its first event counts.
    request: landmark, thresholds, which scores; None takes the defaults.

    Raises
    ------
    CaracError: an unknown endpoint, window or predictor, or a landmark after the window.
    """
    asked = request or Request()
    chosen = study.window(window)
    found, left_out, compared = [], [], _Compared()
    landmarks: dict[int, Ahead] = {}
    by_day: dict[int, list[Marker]] = {}
    for one in [marker_of(text, study) for text in asked.markers] or list(shipped().values()):
        if reason := lacks(one, study):
            left_out.append((one.title, reason))
            continue
        day = max(asked.day, 0) if one.per == "day" else one.known_until(study.graded)
        if max(day, chosen.first - 1) >= min(chosen.last, study.known_until(study.endpoint(endpoint))):
            left_out.append((one.title, f"it is known only on day {day}, when the window has ended"))
            continue
        by_day.setdefault(max(day, chosen.first - 1), []).append(one)
    for day, markers in sorted(by_day.items()):
        landmarks[day] = ahead_of(study, endpoint, chosen, day)
        values = read(study, markers, day, asked.look_back)
        for one in markers:
            own = values[one.name]
            found.append(_scored(one.title, landmarks[day], own.values, own.why, False, asked.thresholds))
            compared.add(found[-1], own.values)
    for model in asked.models:
        title = f"model {model.name}" + (", made from SYNTHETIC patients" if model.synthetic else "")
        if reason := _not_for(model, study, endpoint, chosen):
            left_out.append((title, reason))
            continue
        ahead = landmarks.get(model.day) or ahead_of(study, endpoint, chosen, model.day)
        try:
            risk = model.apply(study)
        except CaracError as error:
            left_out.append((title, str(error).rstrip(".")))
            continue
        scored = _scored(title, ahead, risk.values, risk.why, True, asked.thresholds)
        beyond = (risk.outside[ahead.place] > 0) & ~np.isnan(risk.values[ahead.place])
        found.append(replace(scored, outside=int(beyond.sum())))
        compared.add(scored, risk.values)
    ahead = next(iter(landmarks.values()), None) or ahead_of(study, endpoint, chosen, chosen.first - 1)
    return Scores(
        ahead.outcome.endpoint.name,
        ahead.outcome.endpoint.title,
        chosen,
        asked.thresholds,
        tuple(sorted(found, key=lambda one: one.ahead.day)),
        tuple(left_out),
        _methods(study, ahead, asked, chosen),
        tuple(compared.made),
    )


class _Compared:
    """Holds the first score of each landmark, and compares the others with it."""

    def __init__(self) -> None:
        self.first: dict[int, tuple[str, Floats]] = {}
        self.made: list[Compared] = []

    def add(self, scored: Scored, values: Floats) -> None:
        """Compare one more, where it could be judged."""
        ahead = scored.ahead
        if scored.merit is None:
            return
        if ahead.day not in self.first:
            self.first[ahead.day] = (scored.title, values)
            return
        title, other = self.first[ahead.day]
        own, theirs = values[ahead.place], other[ahead.place]
        both = ~np.isnan(own) & ~np.isnan(theirs)
        if refused(ahead.time[both], ahead.status[both], ahead):
            return
        difference = area_difference(ahead.time[both], ahead.status[both], own[both], theirs[both], ahead.horizon)
        self.made.append(Compared(scored.title, title, ahead.day, int(both.sum()), difference))


def _not_for(model: PredictionModel, study: Study, endpoint: str, window: Window) -> str:
    """Why a model says nothing of this endpoint and window; empty where it was made for them."""
    if model.endpoint != study.endpoint(endpoint).name:
        return f"it foretells {model.endpoint_title}"
    last = min(window.last, study.known_until(study.endpoint(endpoint)))
    if (model.last, model.day) != (last, max(model.day, window.first - 1)):
        return f"it foretells days {model.day + 1} to {model.last}, and events count on {window}"
    return ""


def _scored(
    title: str,
    ahead: Ahead,
    values: Floats,
    why: npt.NDArray[np.object_],
    own_risk: bool,
    thresholds: Sequence[float],
) -> Scored:
    own = values[ahead.place]
    known = ~np.isnan(own)
    reasons = Counter(str(one) for one in why[ahead.place][~known])
    time, status, marker = ahead.time[known], ahead.status[known], own[known]
    events, competing = int((status == 1).sum()), int((status == 2).sum())
    merit, refusal = None, refused(time, status, ahead)
    if not refusal and np.ptp(marker) == 0:
        refusal = "everybody has the same value, which tells nobody apart"
    if not refusal:
        try:
            merit = _merit(time, status, marker, ahead.horizon, own_risk, thresholds)
        except EstimationError as error:
            refusal = str(error)
    return Scored(
        title, own_risk, ahead, int(known.sum()), events, competing, tuple(sorted(reasons.items())), merit, refusal
    )


def refused(time: Floats, status: npt.NDArray[np.int64], ahead: Ahead) -> str:
    """Why nothing is estimated of so few people with or without the event; empty where it can be."""
    if not len(time):
        return "nobody could be scored"
    if time.max() <= ahead.horizon:
        return f"nobody was observed free of events to day {ahead.last}"
    known = weighted_outcome(time, status, ahead.horizon)
    for count, word in ((int(known.case.sum()), "with"), (int(known.control.sum()), "without")):
        if count < FEWEST:
            return f"{count} {word} the event on {ahead.days}, and fewer than {FEWEST} say nothing"
    return ""


def _merit(
    time: Floats,
    status: npt.NDArray[np.int64],
    marker: Floats,
    horizon: float,
    own_risk: bool,
    thresholds: Sequence[float],
) -> Merit:
    risk = marker if own_risk else cross_validated(time, status, marker, horizon, FOLDS, penalties=PENALTIES[::2])
    observed = float(at_times(aalen_johansen(time, status), [horizon]).estimate[0])
    end = next((one for one in _CURVE_ENDS if one >= 3 * observed), _CURVE_ENDS[-1])
    table = _net_benefit(time, status, risk, horizon, np.array(thresholds, dtype=np.float64))
    return Merit(
        area_under_curve(time, status, marker, horizon),
        brier_score(time, status, risk, horizon),
        null_brier_score(time, status, horizon).estimate,
        float(risk.mean()),
        observed,
        calibration_slope(time, status, risk, horizon),
        groups_of(time, status, risk, horizon),
        table.model,
        table.treat_all,
        _net_benefit(time, status, risk, horizon, np.arange(0.005, end + 1e-9, 0.005)),
    )


def groups_of(
    time: Floats, status: npt.NDArray[np.int64], risk: Floats, horizon: float
) -> tuple[CalibrationGroup, ...]:
    """Calibration in as many groups as the events allow; empty where not even two can be made."""
    wanted = min(GROUPS, int((status == 1).sum()) // EVENTS_PER_GROUP)
    for number in range(wanted, 1, -1):
        try:
            return tuple(calibration(time, status, risk, horizon, groups=number))
        except EstimationError:
            continue
    return ()


def _net_benefit(
    time: Floats, status: npt.NDArray[np.int64], risk: Floats, horizon: float, thresholds: Floats
) -> Curve:
    try:
        whole = decision_curve(time, status, risk, horizon, thresholds.tolist())
        return Curve(thresholds, whole.model, whole.treat_all)
    except EstimationError:
        # of those above some threshold nobody was seen to the horizon: the others still have their value
        pass
    model, everybody = (np.full(len(thresholds), np.nan) for _ in range(2))
    for place, limit in enumerate(thresholds.tolist()):
        try:
            one = decision_curve(time, status, risk, horizon, [limit])
        except EstimationError:
            continue
        model[place], everybody[place] = one.model[0], one.treat_all[0]
    return Curve(thresholds, model, everybody)


def _methods(study: Study, ahead: Ahead, asked: Request, window: Window) -> str:
    last = min(window.last, ahead.last)
    return (
        f"Scores were judged by how well they foretell {ahead.outcome.endpoint.title} by day {last}, at landmarks: only"
        " events after the last day that a score needs count, among those then free of the event and observed. Scores"
        f" of a day were read on day {max(asked.day, 0)}, or up to {asked.look_back} days before it. What competed:"
        f" {competing_words(study)}. Discrimination is the area under the time-dependent curve (a competing event is no"
        " event), with weights by the inverse probability of being uncensored and a 95 % interval that holds their"
        " estimation."
        f" Scores give no risk of this event; risks were estimated by penalised logistic regression with {FOLDS}-fold"
        " cross-validation and then judged by Brier score, calibration slope, observed against predicted incidence, and"
        f" net benefit. Nothing was estimated with fewer than {FEWEST} people with or without the event. Areas of two"
        " scores were compared on the people whom both could score, by the difference of each person's influence on"
        " them. No adjustment was made for the number of scores."
    )
