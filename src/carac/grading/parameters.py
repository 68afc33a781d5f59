"""All parameters of a grading: those of the grid, and those of every definition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carac.cohort.grid import PARAMETERS, SCOPE
from carac.definitions import all_definitions
from carac.parameters import Parameter, Parameters, resolve


def declared() -> dict[str, tuple[Parameter, ...]]:
    """Every parameter by scope: ``grid``, then the name of each definition that has open choices."""
    scopes: dict[str, tuple[Parameter, ...]] = {SCOPE: PARAMETERS}
    scopes |= {name: d.parameters for name, d in all_definitions().items() if d.parameters}
    return scopes


def resolved(*overrides: Mapping[str, Mapping[str, Any]]) -> Parameters:
    """The parameters of a run, from defaults and overrides; an unknown one is refused with the nearest."""
    return resolve(declared(), *overrides)
