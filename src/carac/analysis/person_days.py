"""Hazard ratios from person-days: a Poisson regression of events on the state of the day.

With one row per person and day at risk this is the piecewise exponential model: its coefficients are logarithms of
hazard ratios.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from carac.findings import CaracError

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

#: Newton's method stops when no coefficient moves by more than this, or gives up after so many steps.
ENOUGH, STEPS = 1e-9, 60


@dataclass(frozen=True)
class HazardRatio:
    """One effect.

    Parameters
    ----------
    logarithm: of the hazard ratio.
    standard_error: of that logarithm.
    events: events on days with the state.
    """

    logarithm: float
    standard_error: float
    events: int

    @property
    def ratio(self) -> float:
        """The hazard ratio."""
        return float(np.exp(self.logarithm))


def hazard_ratios(
    events: Booleans, at_risk: Booleans, states: Mapping[str, npt.NDArray[np.generic]]
) -> dict[str, HazardRatio]:
    """Fit the hazard of one kind of event.

    Parameters
    ----------
    events: whether it happened, [B, D] or flat.
    at_risk: whether it could have; the day of the event counts, days after death do not. Same shape.
    states: value of each covariate on the day, same shape; a yes-or-no state gives the ratio of with to without, a
        number that of one unit.
    """
    chosen = np.asarray(at_risk, dtype=bool).ravel()
    columns = [np.asarray(values, dtype=np.float64).ravel()[chosen] for values in states.values()]
    happened = np.asarray(events, dtype=np.float64).ravel()[chosen]
    design = np.column_stack([np.ones(len(happened)), *columns])
    coefficients, covariance = poisson(design, happened, np.ones(len(happened)))
    errors = np.sqrt(np.diag(covariance))
    with_state = (design[happened > 0] != 0).sum(axis=0)
    return {
        name: HazardRatio(float(coefficients[place]), float(errors[place]), int(with_state[place]))
        for place, name in enumerate(states, 1)
    }


def poisson(design: Floats, counts: Floats, exposure: Floats) -> tuple[Floats, Floats]:
    """Coefficients and their covariance of a Poisson regression with logarithmic link.

    Parameters
    ----------
    design: [rows, terms], the first column ones.
    counts: events, [rows].
    exposure: person-time, [rows].

    Raises
    ------
    CaracError: there is no event, or the coefficients run away because a state has none.
    """
    if not counts.sum():
        raise CaracError("No event to fit a hazard on.")
    coefficients = np.zeros(design.shape[1])
    coefficients[0] = np.log(counts.sum() / exposure.sum())
    for _ in range(STEPS):
        expected = exposure * np.exp(design @ coefficients)
        information = design.T @ (design * expected[:, None])
        step = np.linalg.solve(information, design.T @ (counts - expected))
        coefficients = coefficients + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < ENOUGH:
            return coefficients, np.asarray(np.linalg.inv(information), dtype=np.float64)
    raise CaracError("The hazard ratios do not settle; a state without any event has none.")
