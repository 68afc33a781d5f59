"""Rates of studies on the scale that they are pooled on, and back: logarithmic, or square root.

On the logarithmic scale half an event is added to studies without any; the square root needs no such help, because its
variance, 1 / (4 x exposure), does not hang on the count. O(1) per study.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from carac.statistics.checks import EstimationError, Floats, vector, whole_numbers
from carac.statistics.transformations import Effects

RateScale = Literal["log", "square-root"]


def transformed_rates(events: ArrayLike, exposure: ArrayLike, scale: RateScale = "log") -> Effects:
    """Each study's rate on a scale, with its sampling variance.

    Parameters
    ----------
    events: counts per study.
    exposure: observed time per study, above 0, in the unit that the rate is wanted in.
    """
    happened = whole_numbers(events, "events").astype(np.float64)
    observed = vector(exposure, "exposure", len(happened))
    if observed.min() <= 0:
        raise EstimationError("a study has no exposure, so it has no rate")
    if scale == "square-root":
        return Effects(np.sqrt(happened / observed), 1 / (4 * observed), np.zeros(len(happened)))
    if scale != "log":
        raise EstimationError(f"there is no scale {scale!r}; known are log and square-root")
    none = (happened == 0).astype(np.float64)
    counted = happened + none / 2
    return Effects(np.log(counted / observed), 1 / counted, none)


def rate(values: ArrayLike, scale: RateScale) -> Floats:
    """Back from a scale to rates; below its lowest value the square root stands for no event."""
    scaled = np.asarray(values, dtype=np.float64)
    return np.asarray(np.exp(scaled) if scale == "log" else np.maximum(scaled, 0) ** 2, dtype=np.float64)
