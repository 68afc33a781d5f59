"""The tables [scores] and [[model]] of a settings file.

[scores]
endpoints = ["venous_thrombosis", "major_bleeding"]
day = 7                                            # landmark of scores that belong to a day
thresholds = [0.05, 0.10, 0.20]
markers = ["easix_pre", "khorana", "easix"]        # empty: every score that carac grades
models = ["model_venous_thrombosis_day_0.toml"]    # models to be judged, beside this file

[[model]]
endpoint = "venous_thrombosis"
predictors = ["age", "sex = male", "easix_pre", "log2 d_dimer_highest"]
day = 3                                            # left out: before infusion
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from carac.analysis.markers import BEFORE_INFUSION
from carac.analysis.model_file import load
from carac.analysis.prediction_model import ModelRequest
from carac.analysis.scores import Request
from carac.findings import CaracError
from carac.vocabulary.spelling import nearest


def scores_from(table: Any, file: str, folder: Path) -> Request:
    """What [scores] asks; `folder` is where the files of models are looked for."""
    made = _read(table, _SCORES, "[scores]", file)
    made["models"] = tuple(load(folder / name) for name in made.get("models", ()))
    return Request(**made)


def models_from(tables: Any, file: str) -> tuple[ModelRequest, ...]:
    """The models that [[model]] asks for; a single [model] is one."""
    rows = [tables] if isinstance(tables, Mapping) else tables
    if not isinstance(rows, list):
        raise CaracError(f"{file}: [[model]] must be a table.")
    made = []
    for row in rows:
        found = _read(row, _MODEL, "[[model]]", file)
        for name in ("endpoint", "predictors"):
            if name not in found:
                raise CaracError(f"{file}: [[model]] needs {name}.")
        made.append(ModelRequest(**found))
    names = [(one.name, one.endpoint, one.day) for one in made]
    if len(set(names)) < len(names):
        raise CaracError(f"{file}: two models of one endpoint and day need a name each.")
    return tuple(made)


def _read(table: Any, known: Mapping[str, Callable[[Any], Any]], where: str, file: str) -> dict[str, Any]:
    if not isinstance(table, Mapping):
        raise CaracError(f"{file}: {where} must be a table.")
    made = {}
    for name, value in table.items():
        if name not in known:
            near = nearest(name, known)
            raise CaracError(f"{file}: {where} has no {name!r}; " + (f"did you mean {near}?" if near else f"known: {', '.join(known)}."))  # noqa: E501  # fmt: skip
        try:
            made[name] = known[name](value)
        except ValueError as error:
            raise CaracError(f"{file}: {name} of {where} is {value!r}; it must be {error}.") from None
    return made


def _words(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError("a list of names")
    return tuple(value)


def _word(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a name")
    return value


def _file_word(value: Any) -> str:
    if not isinstance(value, str) or not value.replace("_", "").replace("-", "").isalnum():
        raise ValueError("letters, digits and underscores, because a file is named for it")
    return value


def _whole(least: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ValueError(f"a whole number of at least {least}")
        return value

    return read


def _risks(value: Any) -> tuple[float, ...]:
    fractions = isinstance(value, list) and all(isinstance(one, float) and 0 < one < 1 for one in value)
    if not fractions or not value:
        raise ValueError("a list of risks between 0 and 1, such as [0.05, 0.1]")
    return tuple(value)


_SCORES: Mapping[str, Callable[[Any], Any]] = {
    "endpoints": _words,
    "day": _whole(0),
    "look_back": _whole(0),
    "thresholds": _risks,
    "markers": _words,
    "models": _words,
}
_MODEL: Mapping[str, Callable[[Any], Any]] = {
    "endpoint": _word,
    "predictors": _words,
    "window": _word,
    "day": _whole(BEFORE_INFUSION),
    "look_back": _whole(0),
    "name": _file_word,
    "samples": _whole(20),
    "seed": _whole(0),
}
