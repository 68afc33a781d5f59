"""Laboratory results of a graded cohort as arrays by infusion and day, and what is read off them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from carac.engine.base import Engine

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

#: What of a result is surely reached: a value "<0.6" is below 0.6, a value ">20" is above 20.
LOWEST = "min(value_high)"
HIGHEST = "max(value_low)"
LOWEST_BY_LOWER_LIMIT = "min(value_high / lower_limit)"
HIGHEST_BY_UPPER_LIMIT = "max(value_low / upper_limit)"
HIGHEST_ABOVE_UPPER_LIMIT = "max(value_low - upper_limit)"


@dataclass(frozen=True)
class DayValues:
    """One value per infusion and day.

    Parameters
    ----------
    values: [n, days]; NaN where nothing was measured.
    first_day: day of the first column.
    """

    values: Floats
    first_day: int

    def between(self, first: int, last: int) -> Floats:
        """The columns of these days, both included."""
        return self.values[:, first - self.first_day : last - self.first_day + 1]

    def lowest(self, first: int, last: int) -> Floats:
        """Lowest value of these days, [n]; NaN where nothing was measured."""
        return _quietly(np.fmin.reduce, self.between(first, last))

    def highest(self, first: int, last: int) -> Floats:
        """Highest value of these days, [n]; NaN where nothing was measured."""
        return _quietly(np.fmax.reduce, self.between(first, last))

    def day_of_lowest(self, first: int, last: int) -> Floats:
        """First day of the lowest value, [n]; NaN where nothing was measured."""
        values = self.between(first, last)
        place = np.argmin(np.where(np.isnan(values), np.inf, values), axis=1).astype(float)
        return np.where(np.isnan(values).all(axis=1), np.nan, place + first)

    def first_day_where(self, condition: Callable[[Floats], Booleans], first: int, last: int) -> Floats:
        """First day whose value meets a condition, [n]; NaN where none does."""
        met = condition(self.between(first, last))
        return np.where(met.any(axis=1), met.argmax(axis=1) + float(first), np.nan)

    def at_or_before(self, days: Floats, look_back: int) -> Floats:
        """Last value on a day of each infusion or up to `look_back` days before it, [n].

        Parameters
        ----------
        days: [n]; NaN gives NaN.
        look_back: days.
        """
        found = np.full(len(days), np.nan)
        rows = np.flatnonzero(~np.isnan(days))
        for back in range(look_back + 1):
            place = days[rows].astype(int) - back - self.first_day
            inside = (place >= 0) & (place < self.values.shape[1])
            value = np.where(inside, self.values[rows, np.clip(place, 0, self.values.shape[1] - 1)], np.nan)
            found[rows] = np.where(np.isnan(found[rows]), value, found[rows])
        return found

    def carried_forward(self, first: int, last: int) -> Floats:
        """The values of these days, a day without one taking the last before it."""
        values = self.between(first, last)
        place = np.maximum.accumulate(np.where(np.isnan(values), 0, np.arange(values.shape[1])), axis=1)
        return np.take_along_axis(values, place, axis=1)


def _quietly(reduce: Callable[..., Floats], values: Floats) -> Floats:
    return reduce(values, axis=1, initial=np.nan)


def read_day_values(
    engine: Engine, analyte: str, worst: str, infusions: int, first_day: int, last_day: int
) -> DayValues:
    """The worst result of each day.

    Parameters
    ----------
    engine: a session with the tables of a cohort and with `calibration_people` (see `calibration_facts`).
    analyte: word of the vocabulary.
    worst: one of the expressions above.
    infusions: how many, n.
    first_day, last_day: days since infusion to keep.
    """
    rows = engine.fetch(
        f"""
        SELECT place, date_diff('day', infusion_date, CAST(time AS DATE)) AS day, {worst} AS worst
        FROM labs JOIN calibration_people USING (patient_id)
        WHERE analyte = '{analyte}'
            AND date_diff('day', infusion_date, CAST(time AS DATE)) BETWEEN {first_day} AND {last_day}
        GROUP BY ALL
        """
    )
    return scattered(rows, "worst", infusions, first_day, last_day)


def scattered(rows: pa.Table, column: str, infusions: int, first_day: int, last_day: int) -> DayValues:
    """Rows of place, day and a value as an array by infusion and day.

    Parameters
    ----------
    rows: with columns place (0 … n - 1), day, and the column named.
    column: of the value; nulls stay NaN.
    infusions: how many, n.
    first_day, last_day: days of the axis.
    """
    values = np.full((infusions, last_day - first_day + 1), np.nan)
    filled = rows.column(column).cast(pa.float64()).to_numpy(zero_copy_only=False)
    places = rows.column("place").to_numpy(zero_copy_only=False)
    days = rows.column("day").to_numpy(zero_copy_only=False)
    # The open end of a bound (">7") says nothing about the lowest value.
    values[places.astype(np.int64), days.astype(np.int64) - first_day] = np.where(np.isfinite(filled), filled, np.nan)
    return DayValues(values, first_day)
