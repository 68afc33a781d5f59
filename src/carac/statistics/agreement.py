"""Agreement between raters: observed, Cohen's and Fleiss' kappa, Gwet's AC1, with an answer when all ratings are alike.

Cohen J. Educ Psychol Meas 1960;20:37-46, with the standard error of Fleiss JL, Cohen J, Everitt BS. Psychol Bull
1969;72:323-327. Fleiss JL. Psychol Bull 1971;76:378-382. Gwet KL. Br J Math Stat Psychol 2008;61:29-48 (AC1, and the
standard errors by linearisation, which carry missing ratings).

Where all ratings fall into one category, chance agreement as kappa has it is 1 and kappa is 0/0. Rare events are like
that, and most libraries then give NaN or an error. Here kappa is 1, as all agree, without a standard error, and
`alike` says that this is a convention; AC1 is 1 by its own formula.

O(subjects x raters).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from carac.statistics.checks import EstimationError, Floats, Integers, labels, require_fraction


@dataclass(frozen=True)
class Coefficient:
    """An estimate with its standard error and interval; the latter three are None where they have no value.

    Attributes
    ----------
    lower, upper: estimate -/+ t quantile (subjects - 1 degrees of freedom) x standard error, cut at -1 and 1.
    """

    estimate: float
    standard_error: float | None = None
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class Agreement:
    """How far raters agree.

    Attributes
    ----------
    subjects: with at least two ratings.
    observed: share of agreeing pairs of ratings.
    kappa: Cohen's for two raters, Fleiss' for more.
    ac1: Gwet's.
    alike: whether all ratings fall into one category, so that kappa is 1 by convention.
    """

    subjects: int
    observed: float
    kappa: Coefficient
    ac1: Coefficient
    alike: bool


def two_raters(first: ArrayLike, second: ArrayLike, confidence: float = 0.95) -> Agreement:
    """Agreement of two raters on the same subjects.

    Parameters
    ----------
    first, second: a label per subject; none may be missing.
    confidence: of the intervals.
    """
    one = np.asarray(first)
    if one.ndim != 1 or not one.size:
        raise EstimationError("the first ratings must be one label per subject, and at least one")
    size = len(one)
    if np.shape(second) != (size,):
        raise EstimationError(f"the second ratings have shape {np.shape(second)}, where {size} labels are wanted")
    names, places = labels(np.concatenate([one, np.asarray(second)]), "ratings", 2 * size)
    table = np.zeros((len(names), len(names)))
    np.add.at(table, (places[:size], places[size:]), 1.0)
    ratings = np.stack([places[:size], places[size:]], axis=1)
    kappa = _cohen(table / size, size, confidence)
    return Agreement(size, float(np.trace(table)) / size, kappa, _ac1(ratings, len(names), confidence), len(names) == 1)


def many_raters(ratings: ArrayLike, confidence: float = 0.95) -> Agreement:
    """Agreement of two raters or more; a subject may lack some ratings.

    Parameters
    ----------
    ratings: [subjects, raters], whole numbers from 0 for the categories, -1 for a missing rating.
    """
    table = np.asarray(ratings)
    if table.ndim != 2 or table.shape[1] < 2 or table.dtype.kind not in "iub":
        raise EstimationError("ratings must be whole numbers by subject and rater, -1 where one is missing")
    table = table.astype(np.int64)
    if (table < -1).any():
        raise EstimationError("a rating is below -1")
    rated = table[(table >= 0).any(axis=1)]
    if not ((rated >= 0).sum(axis=1) >= 2).any():
        raise EstimationError("no subject has two ratings")
    names, inverse = np.unique(rated[rated >= 0], return_inverse=True)
    compact = np.full(rated.shape, -1, dtype=np.int64)
    compact[rated >= 0] = inverse
    counts = _counts(compact, len(names))
    several = counts.sum(axis=1) >= 2
    observed = float(_pairs(counts)[several].mean())
    kappa = _fleiss(compact, len(names), confidence)
    return Agreement(int(several.sum()), observed, kappa, _ac1(compact, len(names), confidence), len(names) == 1)


def _cohen(share: Floats, subjects: int, confidence: float) -> Coefficient:
    """Kappa of a table of shares with its standard error for a value other than 0."""
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    chance = float(rows @ columns)
    observed = float(np.trace(share))
    if chance >= 1:
        return Coefficient(1.0)
    kappa = (observed - chance) / (1 - chance)
    both = columns[:, None] + rows[None, :]
    on = float(np.sum(np.diag(share) * (1 - np.diag(both) * (1 - kappa)) ** 2))
    off = share * both**2
    spread = on + (1 - kappa) ** 2 * float(off.sum() - np.trace(off)) - (kappa - chance * (1 - kappa)) ** 2
    return _with_interval(kappa, float(np.sqrt(max(spread, 0.0) / subjects)) / (1 - chance), subjects, confidence)


def _fleiss(ratings: Integers, categories: int, confidence: float) -> Coefficient:
    if categories == 1:
        require_fraction(confidence, "confidence")
        return Coefficient(1.0)
    shares = _shares(ratings, categories)
    overall = shares.mean(axis=0)
    return _linearised(ratings, categories, shares @ overall, float(overall @ overall), confidence)


def _ac1(ratings: Integers, categories: int, confidence: float) -> Coefficient:
    if categories == 1:
        require_fraction(confidence, "confidence")
        return Coefficient(1.0)
    shares = _shares(ratings, categories)
    overall = shares.mean(axis=0)
    chance = float(overall @ (1 - overall)) / (categories - 1)
    return _linearised(ratings, categories, shares @ (1 - overall) / (categories - 1), chance, confidence)


def _linearised(ratings: Integers, categories: int, own: Floats, chance: float, confidence: float) -> Coefficient:
    """A chance-corrected coefficient and its standard error; `own` is what each subject adds to chance agreement."""
    counts = _counts(ratings, categories)
    several = counts.sum(axis=1) >= 2
    agreeing = np.where(several, _pairs(counts), 0.0)
    size, usable = len(counts), int(several.sum())
    estimate = (agreeing.sum() / usable - chance) / (1 - chance)
    single = size / usable * (agreeing - chance * several) / (1 - chance)
    single = single - 2 * (1 - estimate) * (own - chance) / (1 - chance)
    if size < 2:
        return Coefficient(float(estimate))
    error = float(np.sqrt(np.sum((single - estimate) ** 2) / (size * (size - 1))))
    return _with_interval(float(estimate), error, size, confidence)


def _counts(ratings: Integers, categories: int) -> Floats:
    """Ratings per subject and category."""
    return np.stack([(ratings == one).sum(axis=1) for one in range(categories)], axis=1).astype(np.float64)


def _shares(ratings: Integers, categories: int) -> Floats:
    counts = _counts(ratings, categories)
    shares: Floats = counts / counts.sum(axis=1, keepdims=True)
    return shares


def _pairs(counts: Floats) -> Floats:
    """Share of agreeing pairs of ratings per subject; 0 where there is no pair."""
    total = counts.sum(axis=1)
    pairs = total * (total - 1)
    return np.divide((counts * (counts - 1)).sum(axis=1), pairs, out=np.zeros(len(total)), where=pairs > 0)


def _with_interval(estimate: float, error: float, subjects: int, confidence: float) -> Coefficient:
    require_fraction(confidence, "confidence")
    if subjects < 2:
        return Coefficient(estimate)
    half = float(stdtrit(subjects - 1, 0.5 + confidence / 2)) * error
    return Coefficient(estimate, error, max(-1.0, estimate - half), min(1.0, estimate + half))
