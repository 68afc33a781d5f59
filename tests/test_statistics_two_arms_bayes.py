"""The posterior on a grid: is it that of numerical integration written apart, and does it behave where data are poor?

The grid has a step of 0.04 in the log odds ratio and 0.05 in the spread; by the trapezoid rule both are exact to some
1e-3 for densities as smooth as these, which is the tolerance.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import nchypergeom_fisher, norm

from carac.statistics.checks import EstimationError
from carac.statistics.two_arms import Arms, arms
from carac.statistics.two_arms_bayes import Priors, posteriors
from carac.statistics.two_arms_mixed import mixed_odds_ratio

GRID = 2e-3
#: Venous thromboembolism in the five trials of the review's Table 1.
TRIALS = arms([1, 2, 3, 1, 3], [162, 180, 254, 208, 92], [2, 2, 0, 6, 3], [160, 179, 132, 211, 92])


def brute_force(counts: Arms, priors: Priors, level: float) -> float:
    """A quantile by summing over effects and integrating spread and studies' effects, all by other means."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(30)
    spreads, of_spread = np.polynomial.legendre.leggauss(16)
    spreads, of_spread = 1.5 * (spreads + 1), 1.5 * of_spread
    effects = np.linspace(-8, 8, 641)
    rows = list(zip(*counts.parts, strict=True))

    def likelihood(effect: float, spread: float) -> float:
        found = 1.0
        for a, n1, b, n2 in rows:
            ratios = np.exp(effect + spread * nodes)
            chances = nchypergeom_fisher.pmf(a, n1 + n2, n1, a + b, ratios)
            found *= float(chances @ weights) / np.sqrt(2 * np.pi)
        return found

    density = np.array(
        [
            norm.pdf(effect, scale=priors.effect)
            * sum(
                weight * norm.pdf(spread, scale=priors.spread) * likelihood(effect, spread)
                for spread, weight in zip(spreads, of_spread, strict=True)
            )
            for effect in effects[::8]
        ]
    )
    smooth = np.interp(effects, effects[::8], density)
    share = np.cumsum(smooth) / smooth.sum()
    return float(np.interp(level, share, effects))


def test_one_study_without_spread_is_the_posterior_by_quadrature() -> None:
    study = arms([3], [60], [7], [58])
    # a prior that leaves no room for spread: then one integral is left
    (found,) = posteriors(study, (Priors(1.0, 1e-3),))

    def density(effect: float) -> float:
        return float(norm.pdf(effect) * nchypergeom_fisher.pmf(3, 118, 60, 10, np.exp(effect)))

    total = quad(density, -8, 8)[0]
    for quantile, level in ((found.lower, 0.025), (found.median, 0.5), (found.upper, 0.975)):
        assert quad(density, -8, quantile)[0] / total == pytest.approx(level, abs=GRID)
    assert found.below_zero == pytest.approx(quad(density, -8, 0)[0] / total, abs=GRID)


def test_two_studies_equal_integration_by_other_means() -> None:
    counts = arms([2, 1], [40, 50], [5, 4], [42, 47])
    priors = Priors(2.82, 0.5)
    (found,) = posteriors(counts, (priors,))
    # interpolation between every eighth effect in the check itself: 0.02
    assert found.median == pytest.approx(brute_force(counts, priors, 0.5), abs=0.02)


def test_much_data_leave_little_to_the_prior() -> None:
    counts = arms([400, 380, 420], [2000] * 3, [500, 470, 520], [2000] * 3)
    wide, narrow = posteriors(counts, (Priors(2.82, 0.5), Priors(1.0, 0.1)))
    likelihood = mixed_odds_ratio(counts)
    assert wide.median == pytest.approx(likelihood.estimate, abs=0.01)
    assert narrow.median == pytest.approx(likelihood.estimate, abs=0.01)
    assert wide.upper - wide.lower > narrow.upper - narrow.lower


def test_arms_exchanged_exchange_the_signs() -> None:
    (found,) = posteriors(TRIALS)
    (other,) = posteriors(Arms(TRIALS.second_events, TRIALS.second_total, TRIALS.first_events, TRIALS.first_total))
    turned = (-found.median, -found.upper, -found.lower)
    assert (other.median, other.lower, other.upper) == pytest.approx(turned, abs=1e-9)
    assert other.below_zero == pytest.approx(1 - found.below_zero, abs=1e-9)


def test_all_events_in_one_arm_leave_a_proper_posterior_that_hangs_on_the_prior() -> None:
    counts = arms([2, 1], [254, 100], [0, 0], [132, 100])
    weak, strong = posteriors(counts, (Priors(2.82, 0.5), Priors(0.5, 0.5)))
    assert 0 < strong.median < weak.median < weak.upper < 12
    assert weak.prediction[0] < weak.lower < weak.upper < weak.prediction[1]


def test_studies_without_events_say_nothing_and_are_counted() -> None:
    with_empty = arms([1, 0], [50, 60], [3, 0], [50, 60])
    (found,), (alone,) = posteriors(with_empty), posteriors(arms([1], [50], [3], [50]))
    assert (found.studies, found.left_out) == (1, 1)
    assert found.median == alone.median
    with pytest.raises(EstimationError, match="no study has both"):
        posteriors(arms([0], [50], [0], [50]))
    with pytest.raises(EstimationError, match="above 0"):
        posteriors(with_empty, (Priors(0.0),))
