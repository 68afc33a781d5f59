"""What is to be analysed: the questions, endpoints, windows and rules; from a short TOML file, with sensible defaults.

[analysis]
questions = ["incidence", "timing", "landmark", "risk", "anticoagulation", "spread", "under_reporting"]
endpoints = ["venous_thrombosis", "major_bleeding"]      # those with figures of their own
risk_endpoints = ["venous_thrombosis"]                   # those whose risk factors are sought
by = ["product", "disease", "target"]
window = "to_100"

[windows]
first_week = [0, 7]

[rules]
next_therapy = "compete"                                 # or "censor", "ignore"

[[endpoint]]                                             # endpoints of one's own; see carac.endpoints.definition

[scores] and [[model]]: see carac.analysis.prediction_settings.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from carac.analysis import landmark_analysis, markers
from carac.analysis.anticoagulation import ENDPOINTS
from carac.analysis.factors import AT_INFUSION, BY_DAY, NEEDED, factor_of
from carac.analysis.prediction_model import ModelRequest
from carac.analysis.prediction_settings import models_from, scores_from
from carac.analysis.risk import LEAVE_OUT, MISSING
from carac.analysis.scores import Request
from carac.analysis.spread import shipped_definitions
from carac.analysis.timing import STATES
from carac.endpoints.definition import Endpoint, endpoint_of, read_rows, shipped
from carac.endpoints.rules import WINDOWS, Rules, Window, rules_from, window_of, windows_from
from carac.endpoints.study import Study
from carac.findings import CaracError
from carac.grading.run import Graded
from carac.vocabulary.spelling import nearest

#: Endpoints that have figures of their own where nothing is named.
MAIN = (
    *("venous_thrombosis", "clinically_relevant_bleeding", "laboratory_coagulopathy", "carac"),
    *("overt_dic_isth_2025", "t_icaht_grade_3"),
)
#: Endpoints whose risk factors are sought where nothing is named.
RISK_ENDPOINTS = ("venous_thrombosis", "clinically_relevant_bleeding", "carac")


@dataclass(frozen=True)
class Settings:
    """What is to be analysed.

    Parameters
    ----------
    questions: names, in the order in which they are answered; empty takes all.
    endpoints: that have figures of their own; every other that can be counted stands in the tables.
    by: what groups are made by.
    window: in which first events are sought.
    spread_window: in which definitions are compared.
    under_reporting_window: of full collection.
    risk_endpoints: whose risk factors are sought.
    risk_factors, risk_factors_by_day: known at infusion, and changing by day.
    risk_together, risk_together_by_day: those of the joint models; empty takes what the events carry.
    risk_window_by_day: in which factors that change by day are examined; those at infusion have `window`.
    risk_missing: "leave out" who lacks a factor at infusion, or "impute".
    anticoagulation_endpoints: counted on and off anticoagulants.
    landmark_day: by which states are read, and after which events count.
    landmark_states: endpoints of patient-days that make the groups; landmark_endpoints: that are counted after it.
    landmark_adjust: factors at infusion that differences are adjusted for.
    known: every endpoint by name, those of the user among them.
    windows: further windows, and those that are meant by the names above.
    rules: who counts, and until when.
    hide_small_cells: True hides counts from 1 to 4, and what would tell them.
    scores: which scores are judged, and for what.
    models: that are to be made.
    """

    questions: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = MAIN
    by: tuple[str, ...] = ("product", "disease", "target")
    window: str = "to_100"
    spread_window: str = "0_to_30"
    under_reporting_window: str = "to_365"
    risk_endpoints: tuple[str, ...] = RISK_ENDPOINTS
    risk_factors: tuple[str, ...] = tuple(AT_INFUSION)
    risk_factors_by_day: tuple[str, ...] = tuple(BY_DAY)
    risk_together: tuple[str, ...] = ()
    risk_together_by_day: tuple[str, ...] = ()
    risk_window_by_day: str = "0_to_30"
    risk_missing: str = LEAVE_OUT
    anticoagulation_endpoints: tuple[str, ...] = ENDPOINTS
    landmark_day: int = landmark_analysis.DAY
    landmark_states: tuple[str, ...] = STATES
    landmark_endpoints: tuple[str, ...] = landmark_analysis.ENDPOINTS
    landmark_adjust: tuple[str, ...] = landmark_analysis.ADJUST
    known: Mapping[str, Endpoint] = field(default_factory=lambda: dict(shipped()))
    windows: Mapping[str, Window] = field(default_factory=lambda: dict(WINDOWS))
    rules: Rules = field(default_factory=Rules)
    hide_small_cells: bool = False
    scores: Request = field(default_factory=Request)
    models: tuple[ModelRequest, ...] = ()

    def __post_init__(self) -> None:
        own = (*self.scores.endpoints, *(one.endpoint for one in self.models))
        for name in (*self.endpoints, *self.risk_endpoints, *self.anticoagulation_endpoints, *self._landmark, *own):
            endpoint_of(name, self.known)
        if self.risk_missing not in MISSING:
            raise CaracError(f"risk_missing is {self.risk_missing!r}; it must be {' or '.join(map(repr, MISSING))}.")
        windows = [self.window, self.spread_window, self.under_reporting_window, self.risk_window_by_day]
        for name in (*windows, *(one.window for one in self.models if one.window)):
            window_of(name, self.windows)
        for name in (*self.risk_factors, *self.risk_together, *self.landmark_adjust):
            factor_of(name, AT_INFUSION)
        for name in (*self.risk_factors_by_day, *self.risk_together_by_day):
            factor_of(name, BY_DAY)

    @property
    def _landmark(self) -> tuple[str, ...]:
        return (*self.landmark_states, *self.landmark_endpoints)

    def definitions(self) -> list[str]:
        """The definitions that have to be graded for it."""
        spread = [one for some in shipped_definitions().values() for one in some]
        states = [endpoint_of(name, self.known) for name in (*STATES, *self._landmark)]
        endpoints: Iterable[Endpoint] = [*self.known.values(), *spread, *states]
        named = {*NEEDED, *(name for one in endpoints for name in one.definitions)}
        return sorted(named | set(markers.definitions_of(self._predictors())))

    def _predictors(self) -> set[str]:
        """What scores and models are read from, as it is written."""
        asked = {*(self.scores.markers or markers.shipped()), *(name for one in self.models for name in one.predictors)}
        return asked | {one.marker.column for model in self.scores.models for one in model.predictors}

    def study(self, graded: Graded, files: Mapping[str, str] | None = None) -> Study:
        """A graded cohort under these settings; `files` has the hash of each file of its record."""
        return Study(graded, self.known, self.rules, self.windows, files or {})


_LISTS = (
    *("questions", "endpoints", "by", "risk_endpoints", "risk_factors", "risk_factors_by_day"),
    *("risk_together", "risk_together_by_day", "anticoagulation_endpoints"),
    *("landmark_states", "landmark_endpoints", "landmark_adjust"),
)
_FLAGS, _DAYS, _CHOICES = ("hide_small_cells",), ("landmark_day",), ("risk_missing",)
_WORDS = ("window", "spread_window", "under_reporting_window", "risk_window_by_day")


#: What is written as it is meant, and of which type it must be.
_PLAIN: tuple[tuple[tuple[str, ...], type], ...] = ((_WORDS, str), (_FLAGS, bool), (_DAYS, int), (_CHOICES, str))


def from_toml(path: Path) -> Settings:
    """The settings of a TOML file; raises `CaracError` with the file and what would be right."""
    try:
        loaded = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CaracError(f"{path} cannot be read as TOML: {error}.") from None
    return settings_from(loaded, path.name, path.parent)


def settings_from(loaded: Mapping[str, Any], file: str = "settings", folder: Path = Path()) -> Settings:
    """Settings from the tables of a TOML file; `folder` is where the files are that it names."""
    tables = ("analysis", "windows", "rules", "endpoint", "scores", "model")
    for name in loaded:
        if name not in tables:
            near = nearest(name, tables)
            raise CaracError(f"{file} has a table [{name}]; " + (f"did you mean {near}?" if near else "leave it out."))
    known = dict(shipped()) | {one.name: one for one in read_rows(loaded.get("endpoint", []), file)}
    windows = {**WINDOWS, **windows_from(loaded.get("windows", {}))}
    settings = Settings(
        known=known,
        windows=windows,
        rules=rules_from(loaded.get("rules", {})),
        scores=scores_from(loaded.get("scores", {}), file, folder),
        models=models_from(loaded.get("model", []), file),
    )
    return with_changes(settings, loaded.get("analysis", {}), file)


def with_changes(settings: Settings, changes: Mapping[str, Any], file: str = "settings") -> Settings:
    """The settings with some of [analysis] changed."""
    made: dict[str, Any] = {}
    for name, value in changes.items():
        if name in _LISTS and isinstance(value, Sequence) and not isinstance(value, str):
            made[name] = tuple(str(one) for one in value)
        elif any(name in names and type(value) is kind for names, kind in _PLAIN):
            made[name] = value
        else:
            raise CaracError(_wrong(name, value, file))
    return replace(settings, **made)


def _wrong(name: str, value: Any, file: str) -> str:
    known = (*_LISTS, *_WORDS, *_FLAGS, *_DAYS, *_CHOICES)
    if name not in known:
        near = nearest(name, known)
        return f"{file}: [analysis] has no {name!r}; " + (f"did you mean {near}?" if near else f"known: {known}.")
    kinds = {**dict.fromkeys(_LISTS, "a list of names"), **dict.fromkeys(_WORDS, "the name of a window")}
    kinds |= dict.fromkeys(_CHOICES, " or ".join(map(repr, MISSING)))
    kind = kinds.get(name) or ("true or false" if name in _FLAGS else "a day, such as 7")
    return f"{file}: {name} is {value!r}; it must be {kind}."
