"""How much of a model's performance is optimism: cross-validated predictions, and the bootstrap.

Harrell FE, Lee KL, Mark DB. Stat Med 1996;15:361-387: the whole making of the model, the choice of its penalty
included, is repeated in samples drawn with replacement; what it does better there than on the people themselves is
optimism. O(samples x making).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logit

from carac.statistics.checks import Booleans, EstimationError, Floats, Integers, matrix, times, whole_numbers
from carac.statistics.prediction import area_under_curve, brier_score, null_brier_score, weighted_outcome
from carac.statistics.ridge import PENALTIES, Ridge, ridge_logistic

#: Predictions are kept off 0 and 1 by this much where their log odds are taken.
EDGE = 1e-9
#: Log odds that vary by less than this standard deviation are all but one number, and a slope on them is noise.
LEAST_SPREAD = 0.1
#: A penalty that moves nothing, where separation has been looked at already.
NEXT_TO_NONE = 1e-9
#: More failed samples than this share, and what is left of them says nothing.
MOST_FAILED = 0.1

#: Makes a model from rows: time, status, covariates.
Maker = Callable[[Floats, Integers, Floats], Ridge]


@dataclass(frozen=True)
class Performance:
    """What a model does on people.

    Attributes
    ----------
    area: area under the curve.
    brier, gain: Brier score, and by what share it is below that of giving all the same chance.
    slope: by which the log odds would have to be multiplied; below 1 the predictions are too extreme. None where the
        predictions hardly differ or sort the outcomes perfectly.
    """

    area: float
    brier: float
    gain: float
    slope: float | None


@dataclass(frozen=True)
class Corrected:
    """Performance of a model, and what is left of it without optimism.

    Attributes
    ----------
    apparent: on the people it was made from.
    corrected: apparent less optimism; that of the slope is the median of the samples, because a model that a sample
        shrinks to nearly nothing has a slope without bounds.
    samples, failed: drawn, and those in which no model could be made.
    """

    apparent: Performance
    corrected: Performance
    samples: int
    failed: int


def make_ridge(horizon: float, penalty: float | None = None) -> Maker:
    """What makes a ridge model for a horizon, with its penalty chosen anew each time."""

    def make(time: Floats, status: Integers, covariates: Floats) -> Ridge:
        known = weighted_outcome(time, status, horizon)
        return ridge_logistic(known.case, covariates, known.weight, penalty)

    return make


def performance(time: ArrayLike, status: ArrayLike, chance: Floats, horizon: float) -> Performance:
    """What predictions do on people."""
    brier = brier_score(time, status, chance, horizon).estimate
    nothing = null_brier_score(time, status, horizon).estimate
    area = area_under_curve(time, status, chance, horizon).estimate
    return Performance(area, brier, 1 - brier / nothing, calibration_slope(time, status, chance, horizon))


def calibration_slope(time: ArrayLike, status: ArrayLike, chance: Floats, horizon: float) -> float | None:
    """The coefficient of the log odds of the predictions; None where it has no value."""
    known = weighted_outcome(time, status, horizon)
    odds = logit(np.clip(chance, EDGE, 1 - EDGE))
    if odds.std() < LEAST_SPREAD or _sorted_by(odds, known.case, known.control):
        return None
    try:
        return float(ridge_logistic(known.case, odds, known.weight, penalty=NEXT_TO_NONE).coefficients[0])
    except EstimationError:
        return None


def _sorted_by(odds: Floats, case: Booleans, control: Booleans) -> bool:
    """Whether no case lies among the controls, so that the slope has no finite value."""
    if not case.any() or not control.any():
        return True
    return bool(odds[case].min() >= odds[control].max() or odds[case].max() <= odds[control].min())


def cross_validated(
    time: ArrayLike,
    status: ArrayLike,
    covariates: ArrayLike,
    horizon: float,
    folds: int = 10,
    seed: int = 1,
    penalties: Sequence[float] = PENALTIES,
) -> Floats:
    """Predictions for each person by a ridge model made from the others, who are parted into folds.

    Those with the event are spread evenly over the folds, and so are the others; the parting follows from the seed. A
    fold that leaves nothing to make a model from takes the incidence of the others.
    """
    stop = times(time)
    ended = whole_numbers(status, "status", len(stop))
    design = matrix(covariates, "covariates", len(stop))
    known = weighted_outcome(stop, ended, horizon)
    random = np.random.default_rng(seed)
    fold = np.zeros(len(stop), dtype=np.int64)
    order = random.permutation(len(stop))
    order = order[np.argsort(~known.case[order], kind="stable")]
    fold[order] = np.arange(len(stop)) % folds
    chance = np.zeros(len(stop))
    for number in range(folds):
        own = fold == number
        if not own.any():
            continue
        weight = known.weight[~own]
        try:
            chance[own] = ridge_logistic(known.case[~own], design[~own], weight, penalties=penalties).chance(
                design[own]
            )
        except EstimationError:
            chance[own] = float(weight @ known.case[~own]) / max(float(weight.sum()), 1e-300)
    return chance


def bootstrap(
    time: ArrayLike,
    status: ArrayLike,
    covariates: ArrayLike,
    horizon: float,
    make: Maker,
    samples: int = 200,
    seed: int = 1,
) -> Corrected:
    """Apparent performance and what is left without optimism.

    Parameters
    ----------
    make: the whole making of the model.
    samples: drawn with replacement; 200 leave an error of the optimism far below the width of any interval.

    Raises EstimationError where more than a tenth of the samples gave no model.
    """
    stop = times(time)
    ended = whole_numbers(status, "status", len(stop))
    design = matrix(covariates, "covariates", len(stop))
    apparent = performance(stop, ended, make(stop, ended, design).chance(design), horizon)
    random = np.random.default_rng(seed)
    found: list[tuple[Performance, Performance]] = []
    for _ in range(samples):
        rows = random.integers(0, len(stop), len(stop))
        try:
            model = make(stop[rows], ended[rows], design[rows])
            within = performance(stop[rows], ended[rows], model.chance(design[rows]), horizon)
            found.append((within, performance(stop, ended, model.chance(design), horizon)))
        except EstimationError:
            continue
    failed = samples - len(found)
    if failed > MOST_FAILED * samples:
        raise EstimationError(f"in {failed} of {samples} samples drawn from the people no model could be made")
    return Corrected(apparent, _without_optimism(apparent, found), samples, failed)


def _without_optimism(apparent: Performance, found: list[tuple[Performance, Performance]]) -> Performance:
    area, brier, gain = (
        float(np.mean([getattr(within, name) - getattr(on_all, name) for within, on_all in found]))
        for name in ("area", "brier", "gain")
    )
    slopes = [a.slope - b.slope for a, b in found if a.slope is not None and b.slope is not None]
    slope = None if apparent.slope is None or not slopes else apparent.slope - float(np.median(slopes))
    return Performance(min(1.0, max(0.0, apparent.area - area)), apparent.brier - brier, apparent.gain - gain, slope)
