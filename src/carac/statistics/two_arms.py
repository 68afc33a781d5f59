"""Two arms with few events: effects per study, Mantel-Haenszel, Peto, exact.

Mantel N, Haenszel W. J Natl Cancer Inst 1959;22:719-748, with the variances of Robins J, Breslow N, Greenland S.
Biometrics 1986;42:311-323 (odds ratio), Greenland S, Robins JM. Biometrics 1985;41:55-68 (risk ratio) and Sato T,
Greenland S, Robins JM. Biometrics 1989;45:1323-1324 (risk difference). Peto: Yusuf S et al. Prog Cardiovasc Dis
1985;27:335-371; it is biased where arms differ much in size or the effect is large. Exact: the conditional distribution
of events in the first arm given both margins (Gart JJ. Biometrika 1970;57:471-475).

O(k) each; the exact common odds ratio multiplies k distributions, O(k events^2).

Studies in which nobody or everybody had the event in both arms say nothing about ratios: they are left out and counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import chdtrc, gammaln, logsumexp, ndtr

from carac.statistics.checks import (
    Booleans,
    EstimationError,
    Floats,
    Integers,
    SeparationError,
    normal_quantile,
    require_fraction,
    whole_numbers,
)

Measure = Literal["odds-ratio", "risk-ratio", "risk-difference"]
AddHalf = Literal["zero-cells", "all", "never"]

#: Probabilities that differ by less than this, relatively, count as level in a two-sided exact test.
LEVEL = 1e-7


@dataclass(frozen=True)
class Arms:
    """Checked counts: events and people in the first and the second arm, one row per study."""

    first_events: Floats
    first_total: Floats
    second_events: Floats
    second_total: Floats

    @property
    def informative(self) -> Booleans:
        """Studies with at least one event and one person without, both arms together."""
        events = self.first_events + self.second_events
        return (events > 0) & (events < self.first_total + self.second_total)

    def only(self, which: Booleans) -> Arms:
        """A selection of the studies."""
        return Arms(*(part[which] for part in self.parts))

    @property
    def parts(self) -> tuple[Floats, Floats, Floats, Floats]:
        """The four columns."""
        return self.first_events, self.first_total, self.second_events, self.second_total

    def cells(self, add: Floats | float = 0.0) -> tuple[Floats, Floats, Floats, Floats]:
        """With and without the event in the first arm, and in the second, something added to each."""
        return (
            self.first_events + add,
            self.first_total - self.first_events + add,
            self.second_events + add,
            self.second_total - self.second_events + add,
        )


@dataclass(frozen=True)
class StudyEffects:
    """Effect and variance per study, on the log scale for ratios.

    Attributes
    ----------
    used: places of the studies in the input; those left out say nothing.
    corrected: whether half an event was added.
    """

    estimate: Floats
    variance: Floats
    used: Integers
    corrected: Booleans


@dataclass(frozen=True)
class TwoArm:
    """A pooled effect, on the log scale for ratios.

    Attributes
    ----------
    p_value: against no effect.
    studies, left_out: how many were used, and how many said nothing.
    """

    estimate: float
    standard_error: float
    lower: float
    upper: float
    p_value: float
    studies: int
    left_out: int


@dataclass(frozen=True)
class ExactOddsRatio:
    """Conditional maximum-likelihood log odds ratio with its exact interval.

    Attributes
    ----------
    estimate: minus or plus infinity where all events lie in one arm.
    lower, upper: Clopper-Pearson type; infinite on the side of an infinite estimate.
    p_value: two-sided, of all outcomes not likelier than that observed.
    studies, left_out: how many were used, and how many said nothing.
    """

    estimate: float
    lower: float
    upper: float
    p_value: float
    studies: int
    left_out: int


@dataclass(frozen=True)
class Homogeneity:
    """Test that the odds ratios of the studies are equal."""

    statistic: float
    degrees_of_freedom: int
    p_value: float


def arms(first_events: ArrayLike, first_total: ArrayLike, second_events: ArrayLike, second_total: ArrayLike) -> Arms:
    """Check the counts of two arms."""
    columns = [whole_numbers(first_events, "first_events")]
    size = len(columns[0])
    for values, name in (
        (first_total, "first_total"),
        (second_events, "second_events"),
        (second_total, "second_total"),
    ):
        columns.append(whole_numbers(values, name, size))
    if (columns[0] > columns[1]).any() or (columns[2] > columns[3]).any():
        raise EstimationError("an arm has more people with the event than people")
    if columns[1].min() == 0 or columns[3].min() == 0:
        raise EstimationError("a study has an arm with nobody in it")
    return Arms(*(column.astype(np.float64) for column in columns))


def study_effects(
    counts: Arms, measure: Measure = "odds-ratio", add_half: AddHalf = "zero-cells", keep_empty: bool = False
) -> StudyEffects:
    """Each study's effect and variance.

    Parameters
    ----------
    counts: see `arms`.
    measure: "odds-ratio", "risk-ratio" (both logarithms) or "risk-difference".
    add_half: half an event is added to all four cells of studies with an empty cell, of all studies, or of none.
    keep_empty: whether studies that say nothing about ratios stay, which lets the half events alone speak for them.
    """
    use = np.ones(len(counts.first_total), dtype=bool)
    if measure != "risk-difference" and not keep_empty:
        use = counts.informative
    chosen = counts.only(use)
    empty = np.min(chosen.cells(), axis=0) == 0 if use.any() else np.zeros(0, dtype=bool)
    corrected = {"zero-cells": empty, "all": np.ones(len(empty), dtype=bool), "never": np.zeros(len(empty), dtype=bool)}
    if add_half not in corrected:
        raise EstimationError(f"there is no rule {add_half!r} for half events; known are zero-cells, all and never")
    estimate, variance = _effect(chosen.cells(corrected[add_half] / 2), measure)
    if not (np.isfinite(estimate).all() and np.isfinite(variance).all()):
        raise EstimationError("a study with an empty cell has no finite effect unless half an event is added")
    return StudyEffects(estimate, variance, np.flatnonzero(use).astype(np.int64), corrected[add_half])


def _effect(cells: tuple[Floats, Floats, Floats, Floats], measure: Measure) -> tuple[Floats, Floats]:
    a, b, c, d = cells
    first, second = a + b, c + d
    with np.errstate(divide="ignore", invalid="ignore"):
        if measure == "odds-ratio":
            return np.log(a) + np.log(d) - np.log(b) - np.log(c), 1 / a + 1 / b + 1 / c + 1 / d
        if measure == "risk-ratio":
            return np.log(a / first) - np.log(c / second), 1 / a - 1 / first + 1 / c - 1 / second
        if measure == "risk-difference":
            return a / first - c / second, a * b / first**3 + c * d / second**3
    raise EstimationError(f"there is no measure {measure!r}; known are odds-ratio, risk-ratio and risk-difference")


def mantel_haenszel(counts: Arms, measure: Measure = "odds-ratio", confidence: float = 0.95) -> TwoArm:
    """Mantel-Haenszel's pooled effect, without correction of zeros.

    Raises SeparationError where a ratio would be 0 or infinite, as no event happened in one arm of all studies.
    """
    use = counts.informative if measure != "risk-difference" else np.ones(len(counts.first_total), dtype=bool)
    if not use.any():
        raise EstimationError("no study has both an event and somebody without one, so no ratio can be estimated")
    chosen = counts.only(use)
    a, b, c, d = chosen.cells()
    first, second = chosen.first_total, chosen.second_total
    size = first + second
    if measure == "odds-ratio":
        estimate, variance = _odds_ratio(a, b, c, d, size)
    elif measure == "risk-ratio":
        up, down = a * second / size, c * first / size
        _require_both(float(up.sum()), float(down.sum()))
        estimate = float(np.log(up.sum() / down.sum()))
        events = (first * second * (a + c) - a * c * size) / size**2
        variance = float(events.sum() / (up.sum() * down.sum()))
    elif measure == "risk-difference":
        estimate, variance = _risk_difference(a, c, first, second)
    else:
        raise EstimationError(f"there is no measure {measure!r}; known are odds-ratio, risk-ratio and risk-difference")
    return _two_arm(estimate, variance, confidence, int(use.sum()), int((~use).sum()))


def _require_both(up: float, down: float) -> None:
    if up == 0 or down == 0:
        side = "first" if up == 0 else "second"
        raise SeparationError(
            f"no event counts in the {side} arm of all studies, so that the ratio has no finite estimate"
        )


def _odds_ratio(a: Floats, b: Floats, c: Floats, d: Floats, size: Floats) -> tuple[float, float]:
    up, down = a * d / size, b * c / size
    _require_both(float(up.sum()), float(down.sum()))
    agree, differ = (a + d) / size, (b + c) / size
    variance = (
        np.sum(agree * up) / up.sum() ** 2
        + np.sum(agree * down + differ * up) / (up.sum() * down.sum())
        + np.sum(differ * down) / down.sum() ** 2
    ) / 2
    return float(np.log(up.sum() / down.sum())), float(variance)


def _risk_difference(a: Floats, c: Floats, first: Floats, second: Floats) -> tuple[float, float]:
    size = first + second
    weight = first * second / size
    estimate = float(np.sum(a * second / size - c * first / size) / weight.sum())
    uneven = (first**2 * c - second**2 * a + first * second * (second - first) / 2) / size**2
    discordant = (a * (second - c) + c * (first - a)) / size / 2
    variance = float((estimate * uneven.sum() + discordant.sum()) / weight.sum() ** 2)
    if variance <= 0:
        raise EstimationError("no event happened in any study, so the risk difference has no standard error")
    return estimate, variance


def peto(counts: Arms, confidence: float = 0.95) -> TwoArm:
    """Peto's one-step log odds ratio. Biased with arms of very different size, or effects far from 1."""
    observed, expected, variance, left_out = hypergeometric_moments(counts)
    total = float(variance.sum())
    estimate = float((observed - expected).sum()) / total
    return _two_arm(estimate, 1 / total, confidence, len(observed), left_out)


def mantel_haenszel_test(counts: Arms, continuity: bool = False) -> tuple[float, float]:
    """Chi-squared (1 degree of freedom) of no association, and its p; `continuity` takes off half an event."""
    observed, expected, variance, _ = hypergeometric_moments(counts)
    distance = abs(float((observed - expected).sum()))
    statistic = max(0.0, distance - (0.5 if continuity else 0.0)) ** 2 / float(variance.sum())
    return statistic, float(chdtrc(1, statistic))


def tarone_test(counts: Arms) -> Homogeneity:
    """Breslow-Day test that odds ratios are equal, with Tarone's correction (Biometrika 1985;72:91-95)."""
    pooled = float(np.exp(mantel_haenszel(counts).estimate))
    chosen = counts.only(counts.informative)
    first, second = chosen.first_total, chosen.second_total
    events = chosen.first_events + chosen.second_events
    expected = _expected_given(pooled, first, second, events)
    rest = second - events + expected
    variance = 1 / (1 / expected + 1 / (events - expected) + 1 / (first - expected) + 1 / rest)
    distance = chosen.first_events - expected
    statistic = float(np.sum(distance**2 / variance) - distance.sum() ** 2 / variance.sum())
    freedom = len(first) - 1
    return Homogeneity(statistic, freedom, float(chdtrc(freedom, statistic)) if freedom else 1.0)


def exact_odds_ratio(counts: Arms, confidence: float = 0.95) -> ExactOddsRatio:
    """Common odds ratio of all studies (or of one: Fisher's test) by the exact conditional distribution."""
    require_fraction(confidence, "confidence")
    use = counts.informative
    if not use.any():
        raise EstimationError("no study has both an event and somebody without one, so no ratio can be estimated")
    chosen = counts.only(use)
    lowest, weights = _convolved(chosen)
    support = lowest + np.arange(len(weights), dtype=np.float64)
    seen = float(chosen.first_events.sum())
    tail = (1 - confidence) / 2
    left_out = int((~use).sum())
    level = _chances(weights, support, 0.0)
    own = level[int(seen - lowest)]
    p_value = min(1.0, float(level[level <= own * (1 + LEVEL)].sum()))
    at_low, at_high = seen == support[0], seen == support[-1]

    def above(log_ratio: float) -> float:
        return float(_chances(weights, support, log_ratio)[support >= seen].sum()) - tail

    def below(log_ratio: float) -> float:
        return tail - float(_chances(weights, support, log_ratio)[support <= seen].sum())

    def surplus(log_ratio: float) -> float:
        return float(_chances(weights, support, log_ratio) @ support) - seen

    lower = -np.inf if at_low else _root(above)
    upper = np.inf if at_high else _root(below)
    estimate = -np.inf if at_low else np.inf if at_high else _root(surplus)
    return ExactOddsRatio(estimate, lower, upper, p_value, int(use.sum()), left_out)


def conditional_weights(counts: Arms) -> list[tuple[float, Floats]]:
    """Per study, the fewest possible events of the first arm, and the logarithms of the ways to have each number."""
    found = []
    for index in range(len(counts.first_total)):
        first, second = counts.first_total[index], counts.second_total[index]
        events = counts.first_events[index] + counts.second_events[index]
        support = np.arange(max(0.0, events - second), min(first, events) + 1)
        ways = _log_ways(first, support) + _log_ways(second, events - support)
        found.append((float(support[0]), np.asarray(ways - ways.max(), dtype=np.float64)))
    return found


def hypergeometric_moments(counts: Arms) -> tuple[Floats, Floats, Floats, int]:
    """Events of the first arm as seen and as expected given both margins, their variance, and studies left out."""
    use = counts.informative
    if not use.any():
        raise EstimationError("no study has both an event and somebody without one, so no ratio can be estimated")
    chosen = counts.only(use)
    size = chosen.first_total + chosen.second_total
    events = chosen.first_events + chosen.second_events
    expected = events * chosen.first_total / size
    variance = expected * (size - events) / size * chosen.second_total / (size - 1)
    return chosen.first_events, expected, variance, int((~use).sum())


def _expected_given(ratio: float, first: Floats, second: Floats, events: Floats) -> Floats:
    """Events of the first arm, margins fixed, under an odds ratio: the root of a quadratic within the possible."""
    if abs(ratio - 1) < 1e-10:
        return first * events / (first + second)
    half = (ratio * (first + events) + second - events) / (2 * (ratio - 1))
    inner = np.sqrt(half**2 - ratio * first * events / (ratio - 1))
    low = half - inner
    inside = (low >= np.maximum(0, events - second)) & (low <= np.minimum(first, events))
    return np.where(inside, low, half + inner)


def _two_arm(estimate: float, variance: float, confidence: float, studies: int, left_out: int) -> TwoArm:
    error = float(np.sqrt(variance))
    half = normal_quantile(confidence) * error
    p_value = 2 * float(ndtr(-abs(estimate) / error))
    return TwoArm(estimate, error, estimate - half, estimate + half, p_value, studies, left_out)


def _log_ways(size: float, drawn: Floats) -> Floats:
    return np.asarray(gammaln(size + 1) - gammaln(drawn + 1) - gammaln(size - drawn + 1), dtype=np.float64)


def _convolved(counts: Arms) -> tuple[float, Floats]:
    """The distribution of the sum of events in the first arms: lowest value, logarithms of the weights."""
    lowest, total = 0.0, np.zeros(1)
    for low, ways in conditional_weights(counts):
        lowest += low
        longer, shorter = (total, ways) if len(total) >= len(ways) else (ways, total)
        spread = np.full((len(shorter), len(longer) + len(shorter) - 1), -np.inf)
        for shift, weight in enumerate(shorter):
            spread[shift, shift : shift + len(longer)] = longer + weight
        total = np.asarray(logsumexp(spread, axis=0), dtype=np.float64)
    return lowest, total


def _chances(weights: Floats, support: Floats, log_ratio: float) -> Floats:
    powers = weights + support * log_ratio
    return np.asarray(np.exp(powers - logsumexp(powers)), dtype=np.float64)


def _root(rises: Callable[[float], float]) -> float:
    reach = 1.0
    while rises(-reach) > 0 or rises(reach) < 0:
        reach *= 2
        if reach > 600:
            raise EstimationError("the exact interval reaches beyond what can be computed")
    return float(brentq(rises, -reach, reach, xtol=1e-12))
