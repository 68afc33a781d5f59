"""Newton's method for concave log-likelihoods, with halved steps, and what it means when it does not settle.

O(p^3) per step besides the likelihood itself. A likelihood that has no maximum shows as steps that keep going while the
gain vanishes; the direction of the last step is then the direction in which a coefficient runs off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from carac.statistics.checks import ConvergenceError, Floats

#: A Newton decrement below this leaves the estimate some 1e-10 standard errors from the maximum.
DECREMENT = 1e-20
STEPS = 60
HALVINGS = 30
#: An eigenvalue of a scaled information matrix below this is nothing but rounding.
SINGULAR = 1e-11


@dataclass(frozen=True)
class Point:
    """A log-likelihood with its first derivative and its negative second derivative."""

    value: float
    score: Floats
    information: Floats


@dataclass(frozen=True)
class Maximum:
    """Where Newton's method ended.

    Attributes
    ----------
    direction: the last step; it points to infinity where `settled` is false.
    settled: whether the gain to be had fell below the limit.
    """

    coefficients: Floats
    point: Point
    direction: Floats
    settled: bool


def maximise(
    likelihood: Callable[[Floats], Point],
    start: Floats,
    limit: float = DECREMENT,
    steps: int = STEPS,
    longest: float = np.inf,
) -> Maximum:
    """Climb to the maximum of a log-likelihood; a step that does not gain is halved.

    Parameters
    ----------
    likelihood: value, score and information at given coefficients.
    start: where to begin.
    limit: Newton decrement (twice the gain still to be had, in log-likelihood) at which to stop.
    steps: how many at most; more where the information is not quite the second derivative.
    longest: no coefficient moves further in one step, for likelihoods that are nearly flat far out.
    """
    place, here = start, likelihood(start)
    step: Floats = np.zeros_like(start)
    for _ in range(steps):
        try:
            step = np.asarray(np.linalg.solve(here.information, here.score), dtype=np.float64)
        except np.linalg.LinAlgError:
            return Maximum(place, here, step if step.any() else here.score, False)
        decrement = float(step @ here.score)
        # nothing is left to gain beyond what rounding of the value itself hides
        if abs(decrement) <= max(limit, 1e-15 * abs(here.value) * 1e-3):
            return Maximum(place, here, step, True)
        reach = float(np.abs(step).max())
        place, here, moved = _gain(likelihood, place, here, step * min(1.0, longest / reach) if reach else step)
        if not moved:
            return Maximum(place, here, step, abs(decrement) < 1e-11 * (1 + abs(here.value)))
    return Maximum(place, here, step, False)


def _gain(
    likelihood: Callable[[Floats], Point], place: Floats, here: Point, step: Floats
) -> tuple[Floats, Point, bool]:
    slack = 1e-13 * (1 + abs(here.value))
    for halving in range(HALVINGS):
        next_place = place + step * 0.5**halving
        there = likelihood(next_place)
        if np.isfinite(there.value) and there.value >= here.value - slack:
            return next_place, there, True
    return place, here, False


def inverse(information: Floats) -> Floats:
    """The inverse of an information matrix, scaled first so that units of covariates do not matter."""
    scale = np.sqrt(np.diag(information))
    if not np.isfinite(information).all() or (scale <= 0).any():
        raise ConvergenceError("the data hold no information on one of the coefficients")
    values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
    if values[0] < SINGULAR:
        raise ConvergenceError("the data hold no information on one combination of the coefficients")
    unit = (vectors / values) @ vectors.T
    return np.asarray(unit / np.outer(scale, scale), dtype=np.float64)


def is_singular(information: Floats) -> bool:
    """Whether an information matrix, scaled by its diagonal, says nothing in some direction."""
    scale = np.sqrt(np.maximum(np.diag(information), 1e-300))
    return bool(np.linalg.eigvalsh(information / np.outer(scale, scale))[0] < SINGULAR)


def weakest(information: Floats) -> Floats:
    """The direction in which an information matrix, scaled by its diagonal, is smallest."""
    scale = np.sqrt(np.maximum(np.diag(information), 1e-300))
    return np.asarray(np.linalg.eigh(information / np.outer(scale, scale))[1][:, 0] / scale, dtype=np.float64)
