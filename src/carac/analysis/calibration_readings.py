"""What a measure reads of each infusion: a fact, a comparison of it, or several of these together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from carac.analysis.calibration_facts import Facts

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
Reading = Callable[[Facts], npt.NDArray[Any]]


def fact(name: str) -> Reading:
    """A fact as it is."""
    return lambda facts: facts[name]


def known(name: str) -> Reading:
    """Who has a value of a fact."""
    return lambda facts: ~np.isnan(facts[name])


def at_least(name: str, value: float) -> Reading:
    """Who has at least this value; who has none has not."""
    return lambda facts: facts[name] >= value


def over(name: str, value: float) -> Reading:
    """Who has more than this value."""
    return lambda facts: facts[name] > value


def below(name: str, value: float) -> Reading:
    """Who has less than this value."""
    return lambda facts: facts[name] < value


def at_most(name: str, value: float) -> Reading:
    """Who has at most this value."""
    return lambda facts: facts[name] <= value


def is_word(name: str, *words: str) -> Reading:
    """Who has one of these words."""
    return lambda facts: np.isin(facts[name], words)


def starts_with(name: str, *words: str) -> Reading:
    """Who has a word that begins so."""
    return lambda facts: np.array([str(text).startswith(words) for text in facts[name]])


def both(*readings: Reading) -> Reading:
    """Who meets all."""
    return lambda facts: np.logical_and.reduce([reading(facts) for reading in readings])


def either(*readings: Reading) -> Reading:
    """Who meets one."""
    return lambda facts: np.logical_or.reduce([reading(facts) for reading in readings])


def neither(*readings: Reading) -> Reading:
    """Who meets none."""
    return lambda facts: ~np.logical_or.reduce([reading(facts) for reading in readings])


def before(day: str, of: str, margin: float = 0.0) -> Reading:
    """Where one day comes before another by more than a margin."""
    return lambda facts: facts[day] + margin < facts[of]


def seen_days(first: int, last: int) -> Reading:
    """Days at risk of each infusion from one day to another: up to death or last contact."""

    def days(facts: Facts) -> Floats:
        end = np.fmin(np.fmin(facts["death_day"], facts["follow_up_end_day"]), float(last))
        return np.clip(np.where(np.isnan(end), last, end) - first, 0, last - first).astype(np.float64)

    return days
