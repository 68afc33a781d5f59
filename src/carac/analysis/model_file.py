"""A prediction model as a file that a person can read: what it foretells, its predictors, coefficients, and its making.

The risk by the horizon is 1 / (1 + exp(-(intercept + sum of coefficient x value))), where a value on the scale log2 is
the base-2 logarithm of the measurement. Numbers are written with all their digits, so that a model that was loaded
gives the same risks to the last one.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from carac.analysis.markers import BEFORE_INFUSION, LOOK_BACK, Marker, lacks, read
from carac.definitions import all_definitions
from carac.endpoints.people import Floats
from carac.endpoints.study import Study
from carac.findings import CaracError

#: Version of the form of the file.
SCHEMA = 1
SYNTHETIC = "Made from SYNTHETIC patients, who do not exist. It says nothing about people."
NOT_A_DEVICE = "For research. Not a medical device; not validated outside the cohort it was made from."


@dataclass(frozen=True)
class Predictor:
    """One predictor of a model.

    Parameters
    ----------
    marker: what is read.
    coefficient: log odds ratio per unit of the value on its scale.
    mean, lowest, highest: of the values that the model was made from, on that scale.
    version: of the definition that makes it; empty for what the record holds.
    """

    marker: Marker
    coefficient: float
    mean: float
    lowest: float
    highest: float
    version: str = ""


@dataclass(frozen=True)
class Risk:
    """Predicted risks of everybody in a study: NaN where there is none, and then why.

    Parameters
    ----------
    values: between 0 and 1.
    outside: how many predictors lie outside the values that the model was made from.
    """

    values: Floats
    why: npt.NDArray[Any]
    outside: npt.NDArray[np.int64]


@dataclass(frozen=True)
class PredictionModel:
    """A model that gives the risk of an endpoint.

    Parameters
    ----------
    name, title: of the model.
    endpoint, endpoint_title, rule: what it foretells.
    day: the landmark on which it is read; -1 is before the infusion.
    last: last day of the events that it foretells.
    look_back: days before the landmark from which a value of a day may be.
    intercept, predictors: the model.
    baseline_risk: of somebody with the mean of each predictor.
    incidence: observed in the cohort it was made from.
    synthetic: whether the people of that cohort exist.
    made: how it was made, in plain entries: people, events, penalty, performance, sample size, rules, hashes.
    """

    name: str
    title: str
    endpoint: str
    endpoint_title: str
    rule: str
    day: int
    last: int
    look_back: int
    intercept: float
    predictors: tuple[Predictor, ...]
    baseline_risk: float
    incidence: float
    synthetic: bool
    made: Mapping[str, Any] = field(default_factory=dict)

    def risk(self, values: Sequence[Sequence[float]] | Floats) -> Floats:
        """Risks from values on the scales of the predictors: rows of people, columns in the order of the predictors."""
        rows = np.atleast_2d(np.asarray(values, dtype=np.float64))
        if rows.shape[1] != len(self.predictors):
            raise CaracError(f"The model {self.name} takes {len(self.predictors)} values, and got {rows.shape[1]}.")
        # column by column, so that one person alone and among others has the same risk to the last digit
        total = np.full(len(rows), self.intercept)
        for place, one in enumerate(self.predictors):
            total = total + one.coefficient * rows[:, place]
        return np.asarray(expit(total), dtype=np.float64)

    def apply(self, study: Study) -> Risk:
        """Risks of everybody in a graded cohort.

        Raises
        ------
        CaracError: a predictor that this cohort does not have.
        """
        markers = [one.marker for one in self.predictors]
        for one in markers:
            if reason := lacks(one, study):
                raise CaracError(f"The model {self.name} needs {one.title}, and this cohort lacks it: {reason}.")
        self._require_versions()
        found = read(study, markers, self.day, self.look_back)
        values = np.column_stack([found[one.name].values for one in markers])
        why = np.full(len(values), "", dtype=object)
        for one in reversed(markers):
            missing = np.isnan(values).any(axis=1) & np.isnan(found[one.name].values)
            why[missing] = [f"{one.title}: {text}" for text in found[one.name].why[missing]]
        low, high = (np.array([getattr(one, name) for one in self.predictors]) for name in ("lowest", "highest"))
        outside = ((values < low) | (values > high)).sum(axis=1)
        return Risk(self.risk(values), why, outside.astype(np.int64))

    def _require_versions(self) -> None:
        """A score of another version than the model was made with would give a wrong risk in silence."""
        known = all_definitions()
        for one in self.predictors:
            now = known[one.marker.definition].version if one.marker.definition in known else ""
            if one.version and now != one.version:
                raise CaracError(
                    f"The model {self.name} was made with version {one.version} of {one.marker.title}; here it is"
                    f" {now or 'none'}, and the risk would be another one."
                )


def as_toml(model: PredictionModel) -> str:
    """The model as the text of its file."""
    lines = [
        f"# {model.title}",
        f"# {SYNTHETIC if model.synthetic else NOT_A_DEVICE}",
        "# Risk = 1 / (1 + exp(-(intercept + sum of coefficient x value))); on the scale log2 a value is the base-2",
        "# logarithm of the measurement. How to read and apply it: docs/analysis.md of carac.",
        "",
        f"schema = {SCHEMA}",
        *_entries({"name": model.name, "title": model.title, "synthetic": model.synthetic}),
        "",
        "[outcome]",
        *_entries(
            {
                "endpoint": model.endpoint,
                "title": model.endpoint_title,
                "rule": model.rule,
                "read_on_day": model.day,
                "first_day": model.day + 1,
                "last_day": model.last,
                "look_back_days": model.look_back,
            }
        ),
        "",
        "[risk]",
        *_entries(
            {
                "intercept": model.intercept,
                "baseline_risk": model.baseline_risk,
                "observed_incidence": model.incidence,
            }
        ),
    ]
    for one in model.predictors:
        lines += ["", "[[predictor]]", *_entries(_predictor_entries(one))]
    for name, entries in model.made.items():
        lines += ["", f"[{name}]", *_entries(entries)]
    return "\n".join(lines) + "\n"


def _predictor_entries(one: Predictor) -> dict[str, Any]:
    marker = one.marker
    made = {
        "name": marker.name,
        "title": marker.title,
        "per": marker.per,
        "column": marker.column,
        "equals": marker.equals,
        "definition_version": one.version,
        "unit": marker.unit,
        "scale": marker.scale,
        "coefficient": one.coefficient,
        "mean": one.mean,
        "lowest": one.lowest,
        "highest": one.highest,
    }
    return {name: value for name, value in made.items() if value != ""}


def _entries(values: Mapping[str, Any]) -> list[str]:
    return [f"{_key(name)} = {_written(value)}" for name, value in values.items() if value is not None]


def _key(name: str) -> str:
    plain = name.replace("_", "").replace("-", "")
    return name if plain.isascii() and plain.isalnum() else json.dumps(name, ensure_ascii=False)


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        # the shortest text that gives back the same number; TOML wants a point or an exponent in it
        return repr(float(value))
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_written(one) for one in value)}]"
    # strings of JSON are basic strings of TOML, but for DEL
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def save(model: PredictionModel, path: str | Path) -> Path:
    """Write a model into a file; one that is there already is replaced only if it is a model."""
    target = Path(path)
    if target.exists():
        load(target)
    target.write_text(as_toml(model), encoding="utf-8")
    return target


def load(path: str | Path) -> PredictionModel:
    """The model of a file; raises `CaracError` with the file and what would be right."""
    file = Path(path)
    try:
        loaded = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CaracError(f"{file} cannot be read as a model: {error}.") from None
    return from_entries(loaded, file.name)


def from_entries(loaded: Mapping[str, Any], file: str = "model") -> PredictionModel:
    """A model from the tables of its file."""
    if loaded.get("schema") != SCHEMA:
        raise CaracError(
            f"{file} is no model of this version of carac: schema is {loaded.get('schema')!r}, not {SCHEMA}."
        )
    known = ("schema", "name", "title", "synthetic", "outcome", "risk", "predictor")
    try:
        outcome, risk = loaded["outcome"], loaded["risk"]
        predictors = tuple(_predictor(row) for row in loaded["predictor"])
        made = PredictionModel(
            str(loaded["name"]),
            str(loaded["title"]),
            str(outcome["endpoint"]),
            str(outcome["title"]),
            str(outcome["rule"]),
            int(outcome["read_on_day"]),
            int(outcome["last_day"]),
            int(outcome.get("look_back_days", LOOK_BACK)),
            _number(risk["intercept"]),
            predictors,
            _number(risk["baseline_risk"]),
            _number(risk["observed_incidence"]),
            bool(loaded["synthetic"]),
            {name: value for name, value in loaded.items() if name not in known},
        )
    except KeyError as error:
        raise CaracError(f"{file} is no whole model: {error.args[0]} is missing.") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise CaracError(f"{file} is no whole model: {error}.") from None
    if not predictors or made.day >= made.last or made.day < BEFORE_INFUSION:
        raise CaracError(f"{file} is no whole model: it needs a predictor, and a last_day after read_on_day.")
    return made


def _predictor(row: Mapping[str, Any]) -> Predictor:
    scale, per = str(row.get("scale", "linear")), str(row["per"])
    if scale not in ("linear", "log2") or per not in ("infusion", "day"):
        raise ValueError(f"the predictor {row['name']} has scale {scale!r} and is per {per!r}")
    marker = Marker(
        str(row["name"]),
        str(row["title"]),
        per,
        str(row["column"]),
        str(row.get("unit", "")),
        scale,
        str(row.get("equals", "")),
    )
    coefficient, mean, low, high = (_number(row[name]) for name in ("coefficient", "mean", "lowest", "highest"))
    return Predictor(marker, coefficient, mean, low, high, str(row.get("definition_version", "")))


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise ValueError(f"{value!r} is no number")
    return float(value)
