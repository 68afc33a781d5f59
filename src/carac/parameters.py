"""Named parameters: every choice that a source leaves open, with a default, a meaning and its options.

A run resolves them once, from defaults, a TOML file and options, and writes what it resolved beside its output.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from carac.findings import CaracError

Value = bool | int | float | str | None
#: The resolved values of one scope.
Values = Mapping[str, Value]


def whole(values: Values, name: str) -> int:
    """A whole-number parameter that always has a value."""
    return int(cast(int, values[name]))


def numeric(values: Values, name: str) -> float:
    """A number that always has a value."""
    return float(cast(float, values[name]))


@dataclass(frozen=True)
class Parameter:
    """One open choice.

    Parameters
    ----------
    name: whole words, unique in its scope.
    default: the value taken where the user names none.
    meaning: one sentence that says what it decides.
    choices: the allowed words; empty means any value of the default's type.
    lowest, highest: inclusive range of a number; None means no bound.
    optional: True where null is an allowed value (the user may leave it unset).
    source: where the choice or its default comes from.
    """

    name: str
    default: Value
    meaning: str
    choices: tuple[str, ...] = ()
    lowest: float | None = None
    highest: float | None = None
    optional: bool = False
    source: str = ""

    def checked(self, value: Any, scope: str) -> Value:
        """The value in the parameter's type; raises `CaracError` naming what would be right."""
        name = f"{scope}.{self.name}"
        if value is None or (isinstance(value, str) and value.lower() in {"none", "null"} and not self.choices):
            if self.optional:
                return None
            raise CaracError(f"Parameter {name} needs a value; its default is {self.default!r}.")
        if self.choices:
            if value not in self.choices:
                raise CaracError(f"Parameter {name} is {value!r}; it must be one of {', '.join(self.choices)}.")
            return str(value)
        return self._number_or_text(value, name)

    def _number_or_text(self, value: Any, name: str) -> Value:
        if isinstance(self.default, bool):
            return _boolean(value, name)
        if isinstance(self.default, str):
            return str(value)
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise CaracError(f"Parameter {name} is {value!r}; it must be a number.") from None
        whole = isinstance(self.default, int) and not isinstance(self.default, bool)
        if whole and number != int(number):
            raise CaracError(f"Parameter {name} is {value!r}; it must be a whole number.")
        low, high = self.lowest, self.highest
        if number != number or (low is not None and number < low) or (high is not None and number > high):
            raise CaracError(f"Parameter {name} is {value!r}; it must lie between {low} and {high}.")
        return int(number) if whole else number


def _boolean(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return value
    words = {"true": True, "yes": True, "false": False, "no": False}
    if str(value).lower() in words:
        return words[str(value).lower()]
    raise CaracError(f"Parameter {name} is {value!r}; it must be true or false.")


@dataclass(frozen=True)
class Parameters:
    """Resolved parameters: scope, name, value. Hashable through `key`, so that compiled SQL can be kept by it."""

    values: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)

    def scope(self, scope: str) -> Mapping[str, Value]:
        """The values of one scope; empty where it declares none."""
        return self.values.get(scope, {})

    def get(self, scope: str, name: str) -> Any:
        """One value; the caller knows its type from the declaration."""
        return self.values[scope][name]

    @property
    def key(self) -> tuple[tuple[str, str, Value], ...]:
        """All values in a fixed order."""
        return tuple(
            (scope, name, self.values[scope][name])
            for scope in sorted(self.values)
            for name in sorted(self.values[scope])
        )

    def as_dict(self) -> dict[str, dict[str, Value]]:
        """Plain dictionaries, for the manifest."""
        return {scope: dict(values) for scope, values in self.values.items()}


def resolve(declared: Mapping[str, Iterable[Parameter]], *overrides: Mapping[str, Mapping[str, Any]]) -> Parameters:
    """The declared defaults, overridden from left to right; an unknown scope or name is refused with the nearest."""
    known = {scope: {parameter.name: parameter for parameter in ps} for scope, ps in declared.items()}
    values: dict[str, dict[str, Value]] = {
        scope: {name: parameter.default for name, parameter in ps.items()} for scope, ps in known.items()
    }
    for override in overrides:
        for scope, changes in override.items():
            if scope not in known:
                raise CaracError(f"There is no parameter group {scope!r}.{_nearest(scope, known)}")
            if not isinstance(changes, Mapping):
                raise CaracError(f"{scope!r} is a group of parameters: write {scope}.NAME = value.")
            for name, value in changes.items():
                if name not in known[scope]:
                    raise CaracError(f"There is no parameter {scope}.{name}.{_nearest(name, known[scope], scope)}")
                values[scope][name] = known[scope][name].checked(value, scope)
    return Parameters(values)


def _nearest(word: str, words: Iterable[str], scope: str = "") -> str:
    words = list(words)
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.4)
    prefix = f"{scope}." if scope else ""
    if near:
        return f" Did you mean {prefix}{near[0]}?"
    return f" There are: {', '.join(prefix + w for w in sorted(words))}." if len(words) <= 12 else ""


def from_toml(path: Path) -> dict[str, dict[str, Any]]:
    """The parameters of a TOML file, one table per scope; raises `CaracError` with the line where it is not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CaracError(f"There is no parameter file {path}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CaracError(f"{path} is not TOML: {error}.") from None


def from_options(options: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The parameters of ``scope.name=value`` options."""
    overrides: dict[str, dict[str, Any]] = {}
    for option in options:
        left, equals, value = option.partition("=")
        scope, dot, name = left.strip().partition(".")
        if not equals or not dot:
            raise CaracError(f"{option!r} is not a parameter: write GROUP.NAME=VALUE, such as grid.last_day=60.")
        overrides.setdefault(scope, {})[name] = value.strip()
    return overrides
