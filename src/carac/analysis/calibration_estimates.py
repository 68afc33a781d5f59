"""The kinds of measures: a share of infusions, an incidence, a median, a rate, a correlation, a figure of a course.

Each is computed with a weight per infusion, so that a mixed population of a publication can be matched by product and
disease.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from carac.analysis.calibration_facts import TWO_MONTHS, Facts
from carac.analysis.calibration_readings import Booleans, Floats, Reading

#: Two-sided 95 % of the normal distribution.
Z = 1.959963984540054
#: Days per month, which rates per patient-month are counted in, and per year.
DAYS_PER_MONTH = 30.4375
YEAR = 365


@dataclass(frozen=True)
class Achieved:
    """What the cohort has of a measure.

    Parameters
    ----------
    value: in the unit of the measure; NaN where nobody can be counted.
    low, high: its own 95 % interval by chance; NaN where none is computed.
    counted: infusions that could be counted.
    """

    value: float
    low: float
    high: float
    counted: int


NOTHING = Achieved(float("nan"), float("nan"), float("nan"), 0)


def wilson(share: float, counted: float) -> tuple[float, float]:
    """The Wilson interval of a share in per cent.

    Parameters
    ----------
    share: 0 to 100.
    counted: number of people.
    """
    p, n = share / 100, counted
    middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    return 100 * max(0.0, middle - half), 100 * min(1.0, middle + half)


def effective(weights: Floats) -> float:
    """How many equally weighted people have the same information."""
    return float(weights.sum() ** 2 / (weights**2).sum()) if weights.size and weights.sum() else 0.0


class Measure:
    """One way to count; `unit` is what its value is in."""

    unit = ""

    def of(self, facts: Facts, weights: Floats) -> Achieved:
        """The value in a cohort.

        Parameters
        ----------
        facts: of all infusions.
        weights: [n]; 0 leaves an infusion out.
        """
        raise NotImplementedError


def everybody(facts: Facts) -> Booleans:
    """All infusions."""
    return np.ones(len(facts["product"]), dtype=bool)


@dataclass(frozen=True)
class Share(Measure):
    """Share of infusions with something, in per cent.

    Parameters
    ----------
    having: who has it.
    among: who could be counted.
    """

    having: Reading
    among: Reading = everybody
    unit = "%"

    def of(self, facts: Facts, weights: Floats) -> Achieved:
        """See `Measure`."""
        chosen = self.among(facts) & (weights > 0)
        if not chosen.any():
            return NOTHING
        used = weights[chosen]
        value = 100 * float(np.average(self.having(facts)[chosen], weights=used))
        return Achieved(value, *wilson(value, effective(used)), int(chosen.sum()))


@dataclass(frozen=True)
class Incidence(Measure):
    """Cumulative incidence by a day in per cent, with a competing event and censoring at last contact (Aalen-Johansen).

    Parameters
    ----------
    day: of the event, NaN where it never came.
    by: last day that counts.
    among: who could be counted.
    competing: day of what makes the event impossible.
    """

    day: Reading
    by: int
    among: Reading = everybody
    competing: Reading = lambda facts: facts["death_day"]
    unit = "%"

    def of(self, facts: Facts, weights: Floats) -> Achieved:
        """See `Measure`."""
        chosen = self.among(facts) & (weights > 0)
        if not chosen.any():
            return NOTHING
        days = (self.day(facts)[chosen], self.competing(facts)[chosen], facts["follow_up_end_day"][chosen])
        value = 100 * cumulative_incidence(*days, self.by, weights[chosen])
        return Achieved(value, *wilson(value, effective(weights[chosen])), int(chosen.sum()))


def cumulative_incidence(event: Floats, competing: Floats, last_seen: Floats, by: int, weights: Floats) -> float:
    """The Aalen-Johansen estimate of the share with an event by a day.

    Parameters
    ----------
    event, competing, last_seen: whole days, NaN for never; of two on one day the event counts, then the competing one.
    by: last day that counts; negative days count as day 0.
    weights: of each person.
    """
    first = np.fmin(np.fmin(np.fmin(event, competing), last_seen), by + 1.0)
    day = np.clip(first, 0, by + 1).astype(np.int64)
    happened, ended = event <= first, (competing <= first) & ~(event <= first)
    size = by + 2
    leaving = np.bincount(day, weights, size)
    events = np.bincount(day[happened], weights[happened], size)
    stops = events + np.bincount(day[ended], weights[ended], size)
    at_risk = np.maximum(np.cumsum(leaving[::-1])[::-1], 1e-300)
    free = np.concatenate([[1.0], np.cumprod(1 - np.minimum(stops / at_risk, 1.0))[:-1]])
    return float((free * events / at_risk)[: by + 1].sum())


@dataclass(frozen=True)
class Median(Measure):
    """Median of those who have a value.

    Parameters
    ----------
    values: NaN where there is none.
    among: who could be counted.
    unit: of the values.
    """

    values: Reading
    among: Reading = everybody
    unit: str = "d"

    def of(self, facts: Facts, weights: Floats) -> Achieved:
        """See `Measure`."""
        values = self.values(facts)
        chosen = self.among(facts) & (weights > 0) & ~np.isnan(values)
        if not chosen.any():
            return NOTHING
        order = np.argsort(values[chosen], kind="stable")
        ranked, used = values[chosen][order], weights[chosen][order]
        reached = np.cumsum(used) / used.sum()
        spread = Z * 0.5 / sqrt(effective(used))
        low, value, high = (_quantile(ranked, reached, 0.5 + shift) for shift in (-spread, 0.0, spread))
        return Achieved(value, low, high, int(chosen.sum()))


def _quantile(ranked: Floats, reached: Floats, share: float) -> float:
    """The value at which the running weight reaches a share; half-way where it is reached exactly."""
    place = min(int(np.searchsorted(reached, min(max(share, 0.0), 1.0))), len(ranked) - 1)
    exact = abs(reached[place] - share) < 1e-12 and place + 1 < len(ranked)
    return float((ranked[place] + ranked[place + 1]) / 2 if exact else ranked[place])


@dataclass(frozen=True)
class Rate(Measure):
    """Events per 100 patient-months.

    Parameters
    ----------
    events: number per infusion.
    days: at risk, per infusion.
    """

    events: Reading
    days: Reading
    unit = "per 100 patient-months"

    def of(self, facts: Facts, weights: Floats) -> Achieved:
        """See `Measure`."""
        months = float((weights * self.days(facts)).sum()) / DAYS_PER_MONTH
        if months <= 0:
            return NOTHING
        events = float((weights * self.events(facts)).sum())
        # The weights of a matched population keep the sum of people, so that the count is near Poisson.
        half = Z * sqrt(max(events, 1.0))
        bounds = 100 * max(0.0, events - half) / months, 100 * (events + half) / months
        return Achieved(100 * events / months, *bounds, int((weights > 0).sum()))


@dataclass(frozen=True)
class Correlation(Measure):
    """Pearson's correlation of two values.

    Parameters
    ----------
    first, second: values per infusion; NaN leaves an infusion out.
    among: who could be counted.
    """

    first: Reading
    second: Reading
    among: Reading = everybody
    unit = "r"

    def of(self, facts: Facts, weights: Floats) -> Achieved:
        """See `Measure`."""
        first, second = self.first(facts), self.second(facts)
        chosen = self.among(facts) & (weights > 0) & ~np.isnan(first) & ~np.isnan(second)
        if chosen.sum() < 4 or np.ptp(first[chosen]) == 0 or np.ptp(second[chosen]) == 0:
            return NOTHING
        covariance = np.cov(first[chosen], second[chosen], aweights=weights[chosen])
        value = float(covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]))
        half = Z / sqrt(max(effective(weights[chosen]) - 3, 1.0))
        low, high = np.tanh(np.arctanh(value) - half), np.tanh(np.arctanh(value) + half)
        return Achieved(value, float(low), float(high), int(chosen.sum()))


@dataclass(frozen=True)
class Nadir(Measure):
    """Day of the lowest mean platelet count of a stretch of days, the first and second nadir of the cohort's course.

    The mean is of logarithms, smoothed over three days; a nadir at the edge of its stretch is none.

    Parameters
    ----------
    first, last: the stretch.
    """

    first: int
    last: int
    unit = "d"

    def of(self, facts: Facts, weights: Floats) -> Achieved:
        """See `Measure`."""
        course = np.array([_mean_logarithm(facts[f"platelets_day_{day}"], weights) for day in range(TWO_MONTHS + 1)])
        smooth = np.array([_mean_known(course[max(0, day - 1) : day + 2]) for day in range(TWO_MONTHS + 1)])
        if np.isnan(smooth[self.first : self.last + 1]).all():
            return NOTHING
        place = self.first + int(np.nanargmin(smooth[self.first : self.last + 1]))
        value = float(place) if self.first < place < self.last else float("nan")
        return Achieved(value, float("nan"), float("nan"), int((weights > 0).sum()))


def _mean_known(values: Floats) -> float:
    known_ones = values[~np.isnan(values)]
    return float(known_ones.mean()) if known_ones.size else float("nan")


def _mean_logarithm(values: Floats, weights: Floats) -> float:
    known = ~np.isnan(values) & (weights > 0)
    if not known.any():
        return float("nan")
    return float(np.average(np.log(np.maximum(values[known], 1.0)), weights=weights[known]))
