"""Intervals for one proportion and for one rate.

Wilson's score interval (Wilson EB. J Am Stat Assoc 1927;22:209-212), the exact interval (Clopper CJ, Pearson ES.
Biometrika 1934;26:404-413), and the exact interval of a Poisson rate (Garwood F. Biometrika 1936;28:437-442).
Each is O(1) per proportion and takes arrays. With no event the lower end is exactly 0, with all events the upper is 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv, gammaincinv

from carac.statistics.checks import (
    EstimationError,
    Floats,
    normal_quantile,
    require_fraction,
    vector,
    whole_numbers,
)


@dataclass(frozen=True)
class Proportions:
    """Estimates with their intervals, one per pair of count and total."""

    estimate: Floats
    lower: Floats
    upper: Floats


def wilson(events: ArrayLike, total: ArrayLike, confidence: float = 0.95) -> Proportions:
    """Wilson's score interval, without continuity correction.

    Parameters
    ----------
    events, total: counts, with 0 <= events <= total and total > 0.
    confidence: two-sided.
    """
    counts, totals = _counts(events, total)
    squared = normal_quantile(confidence) ** 2
    estimate = counts / totals
    centre = (counts + squared / 2) / (totals + squared)
    half = np.sqrt(squared * (estimate * (1 - estimate) * totals + squared / 4)) / (totals + squared)
    # rounding must not leave 3e-18 where nothing happened
    lower = np.where(counts == 0, 0.0, centre - half)
    upper = np.where(counts == totals, 1.0, centre + half)
    return Proportions(estimate, lower, upper)


def clopper_pearson(events: ArrayLike, total: ArrayLike, confidence: float = 0.95) -> Proportions:
    """The exact interval: never covers less than it says; 0 events of n give the upper end 1 - (alpha/2)^(1/n)."""
    counts, totals = _counts(events, total)
    require_fraction(confidence, "confidence")
    tail = (1 - confidence) / 2
    none, all_of_them = counts == 0, counts == totals
    lower = betaincinv(np.where(none, 1, counts), totals - counts + 1, tail)
    upper = betaincinv(counts + 1, np.where(all_of_them, 1, totals - counts), 1 - tail)
    return Proportions(counts / totals, np.where(none, 0.0, lower), np.where(all_of_them, 1.0, upper))


def poisson_rate(events: ArrayLike, exposure: ArrayLike, confidence: float = 0.95) -> Proportions:
    """Events per unit of exposure with Garwood's exact interval.

    Parameters
    ----------
    events: counts.
    exposure: observed time, more than 0, in the unit that the rate is wanted in.
    """
    counts = np.atleast_1d(whole_numbers(np.atleast_1d(events), "events"))
    observed = vector(np.atleast_1d(exposure), "exposure", len(counts))
    require_fraction(confidence, "confidence")
    if observed.min() <= 0:
        raise EstimationError("exposure must be more than 0")
    tail = (1 - confidence) / 2
    lower = np.where(counts == 0, 0.0, gammaincinv(np.maximum(counts, 1), tail))
    upper = gammaincinv(counts + 1, 1 - tail)
    return Proportions(counts / observed, lower / observed, upper / observed)


def _counts(events: ArrayLike, total: ArrayLike) -> tuple[Floats, Floats]:
    counts = whole_numbers(np.atleast_1d(events), "events")
    totals = whole_numbers(np.atleast_1d(total), "total", len(counts))
    if totals.min() == 0:
        raise EstimationError("a total is 0, and nothing of nothing is no proportion")
    if (counts > totals).any():
        raise EstimationError("more events than there are in total")
    return counts.astype(np.float64), totals.astype(np.float64)
