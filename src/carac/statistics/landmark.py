"""Landmark analysis: only who is still event-free and observed at a moment is asked what happened afterwards.

Anderson JR, Cain KC, Gelber RD. J Clin Oncol 1983;1:710-719. What is known at the landmark may then be a covariate or
make groups: nobody is put into a group by something that happened later (no immortal time). O(n).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from carac.statistics.checks import EstimationError, Floats, Integers, entries, times, whole_numbers


@dataclass(frozen=True)
class Landmark:
    """Who is at risk after the landmark, with times counted from it.

    Attributes
    ----------
    rows: places in the input.
    time, status: from the landmark on, censored at the horizon where one was given.
    gone, not_yet: how many had left by the landmark, and how many came under observation after it.
    """

    rows: Integers
    time: Floats
    status: Integers
    gone: int
    not_yet: int


def landmark(
    time: ArrayLike,
    status: ArrayLike,
    moment: float,
    horizon: float | None = None,
    entry: ArrayLike | None = None,
) -> Landmark:
    """Select who is at risk just after a moment.

    Parameters
    ----------
    time, status: as for the cumulative incidence; who leaves at the moment itself is gone.
    moment: the landmark, on the scale of time.
    horizon: on the same scale; who is observed beyond it is censored at it.
    entry: who comes under observation after the landmark is left out and counted.
    """
    stop = times(time)
    ended = whole_numbers(status, "status", len(stop))
    begin = entries(entry, stop)
    if horizon is not None and horizon <= moment:
        raise EstimationError(f"the horizon {horizon:g} must lie after the landmark {moment:g}")
    late = begin > moment
    gone = ~late & (stop <= moment)
    rows = np.flatnonzero(~late & ~gone)
    if not rows.size:
        raise EstimationError(f"nobody is under observation and free of events after {moment:g}")
    left, kind = stop[rows], ended[rows]
    if horizon is not None:
        kind = np.where(left > horizon, 0, kind)
        left = np.minimum(left, horizon)
    return Landmark(rows.astype(np.int64), left - moment, kind, int(gone.sum()), int(late.sum()))
