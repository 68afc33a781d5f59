"""Odds ratio of two arms by Bayes' theorem on a grid: the conditional likelihood, a normal effect between studies.

The likelihood is that of `two_arms_mixed`'s conditional model: no zero is corrected, and studies without an event in
either arm say nothing. The log odds ratio has a normal prior about 0, its standard deviation between studies a
half-normal one; weak choices for rare events: Gunhan BK, Rover C, Friede T. Res Synth Methods 2020;11:74-90,
doi:10.1002/jrsm.1370.
No sampling: the same numbers on every run.

One evaluation for all priors: O(studies x spreads x effects^2), some 0.3 s.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from carac.statistics.checks import EstimationError, Floats, require_fraction
from carac.statistics.two_arms import Arms, conditional_weights

#: Standard deviation of the prior of the log odds ratio: an odds ratio between 1/250 and 250 with 95 %.
EFFECT_SCALE = 2.82
#: Scale of the half-normal prior of the standard deviation between studies: moderate differences.
SPREAD_SCALE = 0.5
#: Steps of the grid in the log odds ratio, and in the standard deviation between studies up to its end.
STEP, SPREAD_STEP, WIDEST = 0.04, 0.05, 3.0
#: The prior beyond so many of its standard deviations is left out.
_REACH = 4.0


@dataclass(frozen=True)
class Priors:
    """Scales of the priors, on the log odds scale."""

    effect: float = EFFECT_SCALE
    spread: float = SPREAD_SCALE


@dataclass(frozen=True)
class Posterior:
    """What is believed of the log odds ratio after the data.

    Attributes
    ----------
    priors: before them.
    median, lower, upper: with the central credible interval.
    below_zero: probability that it is below 0.
    spread: median of the standard deviation between studies.
    prediction: central credible interval of a new study's log odds ratio.
    studies, left_out: how many were used, and how many said nothing.
    """

    priors: Priors
    median: float
    lower: float
    upper: float
    below_zero: float
    spread: float
    prediction: tuple[float, float]
    studies: int
    left_out: int


def posteriors(counts: Arms, priors: tuple[Priors, ...] = (Priors(),), confidence: float = 0.95) -> list[Posterior]:
    """The posterior under each of the priors.

    Parameters
    ----------
    counts: see `two_arms.arms`.
    confidence: of the credible intervals.
    """
    require_fraction(confidence, "confidence")
    for one in priors:
        if not (one.effect > 0 and one.spread > 0):
            raise EstimationError("the scale of a prior must be above 0")
    use = counts.informative
    if not use.any():
        raise EstimationError("no study has both an event and somebody without one, so no ratio can be estimated")
    reach = _REACH * max(one.effect for one in priors)
    steps = int(np.ceil(reach / STEP))
    effects = np.asarray(np.arange(-steps, steps + 1) * STEP, dtype=np.float64)
    spreads = np.asarray(np.arange(round(WIDEST / SPREAD_STEP) + 1) * SPREAD_STEP, dtype=np.float64)
    likelihood = _log_likelihood(counts.only(use), effects, spreads)
    left_out = int((~use).sum())
    return [_posterior(one, likelihood, effects, spreads, confidence, int(use.sum()), left_out) for one in priors]


def _log_likelihood(counts: Arms, effects: Floats, spreads: Floats) -> Floats:
    """Effects by spreads: the studies' own effects integrated out, each on a grid wider than that of their mean."""
    wider = int(np.ceil(_REACH * WIDEST / STEP))
    offsets = np.arange(-wider, wider + 1) * STEP
    own = np.concatenate([effects[0] + offsets[:wider], effects, effects[-1] + offsets[wider + 1 :]])
    chance = np.exp(_conditional(counts, own))
    total = np.empty((len(effects), len(spreads)))
    total[:, 0] = np.log(np.maximum(chance[wider : wider + len(effects)], 1e-300)).sum(axis=1)
    for place, spread in enumerate(spreads[1:], 1):
        kernel = np.exp(-((offsets / spread) ** 2) / 2)
        smooth = [np.convolve(one, kernel / kernel.sum(), mode="valid") for one in chance.T]
        total[:, place] = np.log(np.maximum(smooth, 1e-300)).sum(axis=0)
    return total


def _conditional(counts: Arms, effects: Floats) -> Floats:
    """Log-probability of each study's events given both margins, at each effect."""
    found = []
    for (lowest, weight), seen in zip(conditional_weights(counts), counts.first_events, strict=True):
        support = lowest + np.arange(len(weight))
        powers = weight + effects[:, None] * support
        place = int(seen - lowest)
        found.append(powers[:, place] - logsumexp(powers, axis=1))
    return np.column_stack(found)


def _posterior(
    priors: Priors,
    likelihood: Floats,
    effects: Floats,
    spreads: Floats,
    confidence: float,
    studies: int,
    left_out: int,
) -> Posterior:
    before = -((effects / priors.effect) ** 2)[:, None] / 2 - ((spreads / priors.spread) ** 2) / 2
    # ends of the trapezoid rule count half
    ends = np.ones(len(spreads))
    ends[[0, -1]] = 0.5
    logs = likelihood + before + np.log(ends)
    mass = np.exp(logs - logsumexp(logs))
    of_effect, of_spread = mass.sum(axis=1), mass.sum(axis=0)
    tail = (1 - confidence) / 2
    lower, median, upper = (_quantile(effects, of_effect, level) for level in (tail, 0.5, 1 - tail))
    return Posterior(
        priors,
        median,
        lower,
        upper,
        float(np.interp(0.0, effects + STEP / 2, np.cumsum(of_effect))),
        _quantile(spreads, of_spread, 0.5),
        _prediction(mass, effects, spreads, tail),
        studies,
        left_out,
    )


def _quantile(points: Floats, mass: Floats, level: float) -> float:
    """Where the distribution reaches a level; each point stands for a step about it."""
    half = (points[1] - points[0]) / 2
    return float(
        np.interp(level, np.concatenate([[0.0], np.cumsum(mass)]), np.append(points - half, points[-1] + half))
    )


def _prediction(mass: Floats, effects: Floats, spreads: Floats, tail: float) -> tuple[float, float]:
    wider = int(np.ceil(_REACH * WIDEST / STEP))
    offsets = np.arange(-wider, wider + 1) * STEP
    total = np.pad(mass[:, 0], wider)
    for place, spread in enumerate(spreads[1:], 1):
        kernel = np.exp(-((offsets / spread) ** 2) / 2)
        total += np.convolve(mass[:, place], kernel / kernel.sum(), mode="full")
    points = effects[0] + np.arange(-wider, len(effects) + wider) * STEP
    return _quantile(points, total, tail), _quantile(points, total, 1 - tail)
