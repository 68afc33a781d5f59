"""Arrays of the mechanism as columns of a table: words, times, dates, numbers with what is missing as null."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as compute

from carac.synthetic.course import Array, Booleans, Course, Integers

Column: TypeAlias = "pa.Array[Any]"

TIME = pa.timestamp("us")
DATE = pa.date32()
MINUTES = 1_440


def words(codes: Array, vocabulary: Sequence[str] | Array, absent: Booleans | None = None) -> Column:
    """A column of words.

    Parameters
    ----------
    codes: places in the vocabulary.
    vocabulary: the words; an empty one is null.
    absent: rows without a word.
    """
    empty = [place for place, word in enumerate(vocabulary) if not str(word)]
    missing = np.isin(codes, empty) if empty else np.zeros(len(codes), dtype=bool)
    if absent is not None:
        missing = missing | absent
    indices: Column = pa.array(codes.astype(np.int32), mask=missing if missing.any() else None)
    return pa.DictionaryArray.from_arrays(indices, pa.array([str(word) for word in vocabulary], pa.string()))


def texts(values: Array) -> Column:
    """A column of an array of texts; an empty one is null."""
    column = pa.array(values.astype(object), pa.string())
    return compute.if_else(compute.equal(column, pa.scalar("")), pa.scalar(None, pa.string()), column)


def times(values: Array, absent: Booleans | None = None) -> Column:
    """A column of local times to the minute."""
    return pa.array(values.astype("datetime64[us]"), TIME, mask=absent)


def written_times(values: Array, date_only: Booleans) -> Column:
    """Times as text: "2024-03-01T06:30", or the date alone."""
    text = np.datetime_as_string(values.astype("datetime64[m]"), unit="m")
    return pa.array(np.where(date_only, text.astype("U10"), text), pa.string())


def dates(values: Array, absent: Booleans | None = None) -> Column:
    """A column of dates."""
    return pa.array(values.astype("datetime64[D]"), DATE, mask=absent)


def numbers(values: Array) -> Column:
    """A column of numbers; NaN is null."""
    return pa.array(values.astype(np.float64), pa.float64(), from_pandas=True)


def date_times(course: Course, patient: Integers, day: Array) -> Array:
    """Date-times of days with fractions, datetime64[m].

    Parameters
    ----------
    course: the batch.
    patient: positions in it.
    day: days since the date of infusion, with fractions; NaN gives a time that is of no use.
    """
    date = course.people["infusion_date"].astype("datetime64[D]")[patient].astype("datetime64[m]")
    # A minute that a fraction cannot hold exactly is the minute all the same.
    minutes = np.floor(np.nan_to_num(day.astype(np.float64)) * MINUTES + 1e-6).astype("timedelta64[m]")
    return np.asarray(date + minutes)
