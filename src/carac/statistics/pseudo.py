"""Pseudo-observations: one number per person that stands for an incidence, so that ordinary regression can be used.

Andersen PK, Klein JP, Rosthoj S. Biometrika 2003;90:15-27. That of person i is n F - (n - 1) F without i, exactly
(leaving out in turn, no approximation). Without censoring it is the person's own outcome. They are right where
censoring does not depend on the covariates.

O(distinct ways to leave x distinct times): people who came and left alike are computed once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from carac.statistics.checks import (
    EstimationError,
    Floats,
    entries,
    matrix,
    normal_quantile,
    require_rank,
    times,
    vector,
    whole_numbers,
)
from carac.statistics.incidence import RiskTable, risk_table


@dataclass(frozen=True)
class Regression:
    """A linear model of pseudo-observations.

    Attributes
    ----------
    coefficients: the intercept, then one per covariate: differences of incidence, or of time.
    covariance: robust (the sandwich of estimating equations with independence): pseudo-observations of small spread and
        large spread stand side by side.
    """

    coefficients: Floats
    covariance: Floats

    def interval(self, confidence: float = 0.95) -> tuple[Floats, Floats]:
        """Wald interval of the coefficients."""
        half = normal_quantile(confidence) * np.sqrt(np.diag(self.covariance))
        return self.coefficients - half, self.coefficients + half


_Reader = Callable[[Floats, Floats], Floats]

#: How many numbers one block of curves may hold; 8 bytes each.
BLOCK = 2_000_000


def pseudo_incidence(
    time: ArrayLike, status: ArrayLike, moments: ArrayLike, cause: int = 1, entry: ArrayLike | None = None
) -> Floats:
    """Pseudo-observations of the cumulative incidence: one row per person, one column per moment."""
    wanted = times(np.atleast_1d(moments), "moments")

    def read(distinct: Floats, curves: Floats) -> Floats:
        place = np.searchsorted(distinct, wanted, side="right")
        return np.column_stack([np.zeros(len(curves)), curves])[:, place]

    return _leave_one_out(time, status, cause, entry, float(wanted.max()), read)


def pseudo_time_lost(
    time: ArrayLike, status: ArrayLike, horizon: float, cause: int = 1, entry: ArrayLike | None = None
) -> Floats:
    """Pseudo-observations of the mean time lost to the cause before the horizon."""
    if horizon <= 0:
        raise EstimationError("the horizon must lie after 0")

    def read(distinct: Floats, curves: Floats) -> Floats:
        use = distinct <= horizon
        widths = np.diff(np.append(distinct[use], horizon))
        return curves[:, use] @ widths[:, None]

    return _leave_one_out(time, status, cause, entry, horizon, read)[:, 0]


def regression(pseudo: ArrayLike, covariates: ArrayLike) -> Regression:
    """Least squares with an intercept and the robust variance; raises EstimationError where covariates do not vary."""
    values = vector(pseudo, "pseudo")
    given = matrix(covariates, "covariates", len(values))
    require_rank(given)
    design = np.column_stack([np.ones(len(given)), given])
    require_rank(design, "design")
    bread = np.linalg.inv(design.T @ design)
    beta = bread @ design.T @ values
    scores = design * (values - design @ beta)[:, None]
    return Regression(beta, bread @ (scores.T @ scores) @ bread)


def _leave_one_out(
    time: ArrayLike, status: ArrayLike, cause: int, entry: ArrayLike | None, latest: float, read: _Reader
) -> Floats:
    stop = times(time)
    ended = whole_numbers(status, "status", len(stop))
    table = risk_table(stop, ended, cause, entry)
    if len(stop) < 2:
        raise EstimationError("pseudo-observations need two people or more")
    if latest > table.time[-1]:
        raise EstimationError(f"nobody was observed beyond {table.time[-1]:g}, so there is no value at {latest:g}")
    kind = np.where(ended == 0, 0, np.where(ended == cause, 1, 2))
    ways, place = np.unique(np.column_stack([entries(entry, stop), stop, kind]), axis=0, return_inverse=True)
    whole = read(table.time, _curves(table, np.array([[np.inf, np.inf, 0.0]])))
    rows = max(1, BLOCK // len(table.time))
    parts = [read(table.time, _curves(table, ways[low : low + rows])) for low in range(0, len(ways), rows)]
    without = np.vstack(parts)[place.ravel()]
    return len(stop) * whole - (len(stop) - 1) * without


def _curves(table: RiskTable, ways: Floats) -> Floats:
    """Cumulative incidence without one person who came and left in each of these ways (rows)."""
    entry, stop, kind = ways[:, :1], ways[:, 1:2], ways[:, 2:]
    present = (table.time > entry) & (table.time <= stop)
    leaves = table.time == stop
    at_risk = table.at_risk - present
    events = table.events - (leaves & (kind == 1))
    ended = table.events + table.competing - (leaves & (kind > 0))
    safe = np.maximum(at_risk, 1)
    survival = np.cumprod(1 - ended / safe, axis=1)
    before = np.column_stack([np.ones(len(ways)), survival[:, :-1]])
    return np.asarray(np.cumsum(before * events / safe, axis=1), dtype=np.float64)
