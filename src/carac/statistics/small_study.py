"""Do small studies report other effects than large ones? Regression tests of funnel asymmetry.

Egger M et al. BMJ 1997;315:629-634 (effect on its standard error); Peters JL et al. JAMA 2006;295:676-680 (on the
inverse of the size); Harbord RM, Egger M, Sterne JAC. Stat Med 2006;25:3443-3457 (two arms, by scores, which are free
of the link between a log odds ratio and its own error). Sterne JAC et al. BMJ 2011;343:d4002 advise against any of them
with fewer than ten studies: fewer are refused unless asked for. With proportions near 0 a log odds and its error are
linked whatever was published, so that Egger's test says little there.

O(k) each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr

from carac.statistics.checks import EstimationError, Floats, vector
from carac.statistics.transformations import study_counts, transformed
from carac.statistics.two_arms import Arms, hypergeometric_moments, study_effects

#: Below this the tests have next to no power.
FEWEST = 10


@dataclass(frozen=True)
class Asymmetry:
    """Slope of the effect on smallness, with its t test.

    Attributes
    ----------
    slope: change of effect per unit of smallness (standard error, or inverse size).
    statistic, degrees_of_freedom, p_value: t test that it is 0.
    studies, left_out: how many were used, and how many said nothing.
    """

    slope: float
    statistic: float
    degrees_of_freedom: int
    p_value: float
    studies: int
    left_out: int


def egger(effects: ArrayLike, variances: ArrayLike, fewest: int = FEWEST) -> Asymmetry:
    """Effect on standard error, weighted by the inverse variance."""
    effect = vector(effects, "effects")
    variance = vector(variances, "variances", len(effect))
    if variance.min() <= 0:
        raise EstimationError("a study has a variance that is not above 0")
    return _regression(effect, np.sqrt(variance), 1 / variance, fewest, 0)


def peters_one_arm(events: ArrayLike, total: ArrayLike, fewest: int = FEWEST) -> Asymmetry:
    """Log odds on the inverse of the size; half an event is added where nobody or everybody had it."""
    _, people = study_counts(events, total)
    effects = transformed(events, total)
    return _regression(effects.estimate, 1 / people, 1 / effects.variance, fewest, 0)


def peters_two_arms(counts: Arms, fewest: int = FEWEST) -> Asymmetry:
    """Log odds ratio on the inverse of the size, weighted by the events and non-events of both arms."""
    effects = study_effects(counts)
    chosen = counts.only(counts.informative)
    size = chosen.first_total + chosen.second_total
    events = chosen.first_events + chosen.second_events
    left_out = len(counts.first_total) - len(size)
    return _regression(effects.estimate, 1 / size, 1 / (1 / events + 1 / (size - events)), fewest, left_out)


def harbord(counts: Arms, fewest: int = FEWEST) -> Asymmetry:
    """Score over its variance on the inverse root of that variance; no zero is corrected."""
    observed, expected, variance, left_out = hypergeometric_moments(counts)
    return _regression((observed - expected) / variance, 1 / np.sqrt(variance), variance, fewest, left_out)


def _regression(effect: Floats, smallness: Floats, weight: Floats, fewest: int, left_out: int) -> Asymmetry:
    count = len(effect)
    if count < max(fewest, 3):
        raise EstimationError(f"{count} studies are too few for a test of asymmetry, which needs {max(fewest, 3)}")
    centre = float(np.average(smallness, weights=weight))
    spread = float(np.sum(weight * (smallness - centre) ** 2))
    if spread <= 1e-12 * float(np.sum(weight * smallness**2)):
        raise EstimationError("all studies are of one size, so that small ones cannot differ from large ones")
    slope = float(np.sum(weight * (smallness - centre) * effect)) / spread
    level = float(np.average(effect, weights=weight))
    residual = effect - level - slope * (smallness - centre)
    freedom = count - 2
    error = float(np.sqrt(np.sum(weight * residual**2) / freedom / spread))
    if error <= 1e-12 * (abs(slope) + float(np.abs(effect).max()) / float(smallness.max())):
        raise EstimationError("the effects lie on one line, so that there is no error to test the slope against")
    statistic = slope / error
    return Asymmetry(slope, statistic, freedom, 2 * float(stdtr(freedom, -abs(statistic))), count, left_out)
