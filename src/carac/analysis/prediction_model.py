"""A new model of the risk of an endpoint: penalised, with its optimism by bootstrap and a word on its sample size.

Ridge logistic regression for the event by the end of the window, weighted for censoring, competing events counted as
no event (carac.statistics.ridge). Its making, the choice of the penalty included, is repeated in bootstrap samples.
Nothing is selected: every predictor that was named stays, because selecting in few events makes models fail elsewhere.
Only people with every predictor are used; how many that costs, and by which predictor, is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from scipy.special import expit

from carac import manifest
from carac.analysis.landmarks import Ahead, ahead_of, competing_words
from carac.analysis.markers import BEFORE_INFUSION, LOOK_BACK, Marker, Read, lacks, marker_of, read
from carac.analysis.model_file import PredictionModel, Predictor
from carac.analysis.scores import groups_of, refused
from carac.definitions import all_definitions
from carac.endpoints.people import Booleans, Floats
from carac.endpoints.rules import Window
from carac.endpoints.study import Study
from carac.findings import CaracError
from carac.statistics.checks import EstimationError
from carac.statistics.incidence import aalen_johansen, at_times
from carac.statistics.internal_validation import Corrected, bootstrap, make_ridge
from carac.statistics.prediction import CalibrationGroup, Score, area_under_curve, weighted_outcome
from carac.statistics.ridge import Ridge
from carac.statistics.sample_size import Needed, people_needed

SAMPLES = 200
SEED = 1


@dataclass(frozen=True)
class ModelRequest:
    """What is asked of a new model.

    Parameters
    ----------
    endpoint: by name.
    predictors: as they are written, see `carac.analysis.markers`.
    window: in which the first event counts; empty takes that of the analysis.
    day: the landmark; -1 is before the infusion.
    look_back: days before it from which a value of a day may be.
    name: of the model and its file; empty makes one.
    samples, seed: of the bootstrap.
    """

    endpoint: str
    predictors: tuple[str, ...]
    window: str = ""
    day: int = BEFORE_INFUSION
    look_back: int = LOOK_BACK
    name: str = ""
    samples: int = SAMPLES
    seed: int = SEED

    def __post_init__(self) -> None:
        if not self.predictors:
            raise CaracError('A model needs predictors, such as predictors = ["age", "easix_pre"].')
        if self.samples < 20:
            raise CaracError(f"A model with {self.samples} bootstrap samples says nothing of its optimism; take 200.")
        if len(set(self.predictors)) < len(self.predictors):
            raise CaracError("A predictor of the model is named twice.")


@dataclass(frozen=True)
class Fitted:
    """What `fit` finds.

    Parameters
    ----------
    ahead: everybody at the landmark.
    people, events, competing: those with every predictor, and what happened to them.
    missing: by predictor, how many have no value of it (one person may lack several).
    model: None where `refusal` says why there is none.
    validated: apparent performance and what is left without optimism.
    area: apparent area under the curve with its interval.
    needed: how many people such a model would have needed.
    groups: apparent calibration.
    """

    endpoint_title: str
    ahead: Ahead
    people: int
    events: int
    competing: int
    missing: tuple[tuple[str, int], ...]
    model: PredictionModel | None
    refusal: str
    validated: Corrected | None = None
    area: Score | None = None
    needed: Needed | None = None
    groups: tuple[CalibrationGroup, ...] = ()
    methods: str = ""

    @property
    def enough(self) -> bool:
        """Whether there were as many people as such a model needs."""
        return self.needed is not None and self.people >= self.needed.people

    @property
    def corrected_interval(self) -> tuple[float, float] | None:
        """The interval of the area moved by its optimism (Noma H et al. Stat Med 2021;40:5691-5701)."""
        if self.area is None or self.validated is None:
            return None
        shift = self.validated.apparent.area - self.validated.corrected.area
        return max(0.0, self.area.lower - shift), min(1.0, self.area.upper - shift)


def fit(
    study: Study,
    request: ModelRequest,
    window: str | Window = "to_100",
    synthetic: bool = False,
    files: Mapping[str, str] | None = None,
) -> Fitted:
    """Fit a model and say how good it is.

    Parameters
    ----------
    study: a graded cohort with its rules.
    request: endpoint, predictors, landmark.
    window: where the request names none.
    synthetic: whether the patients do not exist; the file says so.
    files: hash of each file of the record, kept in the model.

    Raises
    ------
    CaracError: an unknown name, or a predictor that this cohort lacks.
    """
    ahead = ahead_of(study, request.endpoint, study.window(request.window or window), request.day)
    markers = [marker_of(text, study) for text in request.predictors]
    for one in markers:
        if reason := lacks(one, study):
            raise CaracError(f"The predictor {one.name} cannot be read: {reason}.")
        if one.per == "infusion" and one.known_until(study.graded) > ahead.day:
            raise CaracError(
                f"The predictor {one.name} is known only on day {one.known_until(study.graded)}, and the model is read"
                f" {landmark_words(ahead.day)}; choose a later day."
            )
        if one.per == "day" and ahead.day < 0:
            raise CaracError(f"The predictor {one.name} belongs to a day; give the model the day it is read on.")
    values = read(study, markers, ahead.day, request.look_back)
    design = np.column_stack([values[one.name].values[ahead.place] for one in markers])
    known: Booleans = np.asarray(~np.isnan(design).any(axis=1))
    title = ahead.outcome.endpoint.title
    missing = _missing(values, markers, ahead)
    refusal = refused(ahead.time[known], ahead.status[known], ahead)
    if not refusal:
        try:
            return _fitted(study, request, ahead, markers, design[known], known, missing, synthetic, files or {})
        except EstimationError as error:
            refusal = str(error)
    events, competing = (int((ahead.status[known] == cause).sum()) for cause in (1, 2))
    return Fitted(title, ahead, int(known.sum()), events, competing, missing, None, refusal)


def _missing(values: Mapping[str, Read], markers: list[Marker], ahead: Ahead) -> tuple[tuple[str, int], ...]:
    counts = Counter({one.title: int(np.isnan(values[one.name].values[ahead.place]).sum()) for one in markers})
    return tuple((title, number) for title, number in counts.items() if number)


def _fitted(
    study: Study,
    request: ModelRequest,
    ahead: Ahead,
    markers: list[Marker],
    design: Floats,
    known: Booleans,
    missing: tuple[tuple[str, int], ...],
    synthetic: bool,
    files: Mapping[str, str],
) -> Fitted:
    time, status = ahead.time[known], ahead.status[known]
    make = make_ridge(ahead.horizon)
    ridge = make(time, status, design)
    validated = bootstrap(time, status, design, ahead.horizon, make, request.samples, request.seed)
    incidence = float(at_times(aalen_johansen(time, status), [ahead.horizon]).estimate[0])
    needed = people_needed(len(markers), incidence)
    cases = int(weighted_outcome(time, status, ahead.horizon).case.sum())
    counted = {
        "people": len(time),
        "events": int((status == 1).sum()),
        "events_by_the_horizon": cases,
        "competing_events": int((status == 2).sum()),
        "without_a_predictor": int((~known).sum()),
    }
    made: dict[str, Mapping[str, object]] = {
        "made": _made(study, request, ridge, counted, files),
        "performance": _performance(validated),
        "sample_size": {
            "candidate_parameters": len(markers),
            "events_per_parameter": cases / len(markers),
            "people": len(time),
            "people_needed": needed.people,
            "enough": len(time) >= needed.people,
        },
        "rules": _rules(study),
        "data": dict(files),
    }
    model = _model(request, ahead, markers, design, ridge, incidence, synthetic, made)
    chance = ridge.chance(design)
    return Fitted(
        ahead.outcome.endpoint.title,
        ahead,
        len(time),
        counted["events"],
        counted["competing_events"],
        missing,
        model,
        "",
        validated,
        area_under_curve(time, status, chance, ahead.horizon),
        needed,
        groups_of(time, status, chance, ahead.horizon),
        _methods(study, ahead, request, ridge),
    )


def _model(
    request: ModelRequest,
    ahead: Ahead,
    markers: list[Marker],
    design: Floats,
    ridge: Ridge,
    incidence: float,
    synthetic: bool,
    made: Mapping[str, Mapping[str, object]],
) -> PredictionModel:
    endpoint = ahead.outcome.endpoint
    means = design.mean(axis=0)
    known = all_definitions()
    predictors = tuple(
        Predictor(
            marker,
            float(ridge.coefficients[place]),
            float(means[place]),
            float(design[:, place].min()),
            float(design[:, place].max()),
            known[marker.definition].version if marker.definition else "",
        )
        for place, marker in enumerate(markers)
    )
    when = "before_infusion" if ahead.day < 0 else f"day_{ahead.day}"
    return PredictionModel(
        request.name or f"{endpoint.name}_{when}",
        f"Risk of {endpoint.title} on {ahead.days}, read {landmark_words(ahead.day)}",
        endpoint.name,
        endpoint.title,
        endpoint.rule,
        ahead.day,
        ahead.last,
        request.look_back,
        ridge.intercept,
        predictors,
        float(expit(ridge.intercept + means @ ridge.coefficients)),
        incidence,
        synthetic,
        made,
    )


def landmark_words(day: int) -> str:
    """When something is read, in words."""
    return "before infusion" if day < 0 else f"on day {day}"


def _made(
    study: Study, request: ModelRequest, ridge: Ridge, counted: Mapping[str, int], files: Mapping[str, str]
) -> dict[str, object]:
    return {
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "carac_version": manifest.versions().get("carac", ""),
        "method": "ridge logistic regression for the event by last_day, weighted by the inverse probability of being"
        " uncensored; penalty with the least AIC with effective degrees of freedom; competing events are no event",
        "competing": competing_words(study),
        **counted,
        "penalty": ridge.penalty,
        "effective_degrees_of_freedom": ridge.degrees_of_freedom,
        "missing_values": "people without one of the predictors were left out",
        "bootstrap_samples": request.samples,
        "seed": request.seed,
        "data_sha256": data_hash(files),
    }


def data_hash(files: Mapping[str, str]) -> str:
    """One hash for the files of a record; empty where none are known."""
    if not files:
        return ""
    import hashlib

    text = "\n".join(f"{name} {files[name]}" for name in sorted(files))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _performance(validated: Corrected) -> dict[str, object]:
    made: dict[str, object] = {}
    for name, one in (("apparent", validated.apparent), ("corrected", validated.corrected)):
        made[f"area_under_curve_{name}"] = one.area
        made[f"brier_{name}"] = one.brier
        made[f"brier_gain_{name}"] = one.gain
        made[f"calibration_slope_{name}"] = one.slope
    return made | {"bootstrap_samples_failed": validated.failed}


def _rules(study: Study) -> dict[str, object]:
    rules = study.rules
    return {
        "infusions": rules.infusions,
        "next_therapy": str(rules.next_therapy),
        "progression": str(rules.progression),
        "later_infusion": rules.later_infusion,
        "unassessed": str(rules.unassessed),
    }


def _methods(study: Study, ahead: Ahead, request: ModelRequest, ridge: Ridge) -> str:
    return (
        f"The risk of {ahead.outcome.endpoint.title} on {ahead.days} was modelled in those then free of it and"
        f" observed, from {len(request.predictors)} predictors read {landmark_words(ahead.day)} and named"
        " beforehand; none was selected. Ridge logistic regression for the event by the last day was weighted by the"
        f" inverse probability of being uncensored; {competing_words(study)} competed and counted as no event. The"
        f" penalty ({ridge.penalty:.3g}) had the least AIC with effective degrees of freedom"
        f" ({ridge.degrees_of_freedom:.1f})."
        f" Optimism was estimated by repeating all of it in {request.samples} bootstrap samples (Harrell). The number"
        " of people needed follows Riley et al. (BMJ 2020;368:m441), with 15 % of the largest explained variation"
        " expected. People without one of the predictors were left out."
    )
