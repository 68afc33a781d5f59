"""What every estimator checks of its input, and the error it raises.

All checks are O(n) and happen once per call, before anything is computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


class EstimationError(ValueError):
    """What was asked cannot be estimated from these numbers; the message is one sentence that says why."""


class SeparationError(EstimationError):
    """A likelihood that grows without end: some combination of covariates sorts the outcome perfectly."""


class ConvergenceError(EstimationError):
    """An iteration that did not settle; no figure of it is given."""


def vector(values: ArrayLike, name: str, length: int | None = None) -> Floats:
    """One dimension of finite numbers.

    Parameters
    ----------
    values: numbers; None, NaN and infinities are refused with the first place where one stands.
    name: what they are, for the message.
    length: how many there must be; None accepts any number of at least one.
    """
    array = _as_floats(values, name)
    if array.ndim != 1:
        raise EstimationError(f"{name} must have one dimension, and has {array.ndim}")
    _require_length(array, name, length)
    _require_finite(array, name)
    return array


def matrix(values: ArrayLike, name: str, length: int) -> Floats:
    """Rows of covariates, all finite; a single column may be given as one dimension."""
    array = _as_floats(values, name)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2:
        raise EstimationError(f"{name} must have two dimensions, and has {array.ndim}")
    _require_length(array, name, length)
    _require_finite(array, name)
    return array


def times(values: ArrayLike, name: str = "time", length: int | None = None) -> Floats:
    """Times that are finite and not before 0."""
    array = vector(values, name, length)
    if array.min() < 0:
        raise EstimationError(f"{name} holds {array.min():g}, and may not be before 0")
    return array


def whole_numbers(values: ArrayLike, name: str, length: int | None = None) -> Integers:
    """One dimension of whole numbers of at least 0: counts, or what ended an observation (0 where nothing did)."""
    array = vector(values, name, length)
    wrong = np.flatnonzero((array < 0) | (array != np.round(array)))
    if wrong.size:
        raise EstimationError(f"{name} holds {array[wrong[0]]:g} in row {wrong[0]}, which is no whole number from 0")
    return array.astype(np.int64)


def indicators(values: ArrayLike, name: str, length: int | None = None) -> Booleans:
    """One dimension of zeros and ones."""
    array = vector(values, name, length)
    wrong = np.flatnonzero((array != 0) & (array != 1))
    if wrong.size:
        raise EstimationError(f"{name} holds {array[wrong[0]]:g} in row {wrong[0]}, where 0 or 1 is wanted")
    return array == 1


def labels(values: ArrayLike | Sequence[Any] | None, name: str, length: int) -> tuple[tuple[Any, ...], Integers]:
    """Distinct labels in order, and the place of each row's label among them; None puts all into one."""
    if values is None:
        return (None,), np.zeros(length, dtype=np.int64)
    array = np.asarray(values)
    if array.shape != (length,):
        raise EstimationError(f"{name} has shape {array.shape}, where {length} labels are wanted")
    if array.dtype.kind == "O" and any(label is None or label != label for label in array):
        raise EstimationError(f"{name} has a missing label")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise EstimationError(f"{name} has a missing label")
    distinct, places = np.unique(array, return_inverse=True)
    return tuple(distinct.tolist()), places.astype(np.int64)


def entries(values: ArrayLike | None, stop: Floats) -> Floats:
    """Times of entry, minus infinity for who is observed from the start (None: all are).

    Somebody is at risk after the entry and up to and with the exit, so that an exit at the entry is an error.
    """
    if values is None:
        return np.full(stop.size, -np.inf)
    array = _as_floats(values, "entry")
    if array.shape != stop.shape:
        raise EstimationError(f"entry has shape {array.shape}, where {stop.shape} is wanted")
    if np.isnan(array).any():
        raise EstimationError(f"entry is missing in row {int(np.flatnonzero(np.isnan(array))[0])}")
    late = np.flatnonzero(array >= stop)
    if late.size:
        row = int(late[0])
        raise EstimationError(
            f"row {row} enters at {array[row]:g} and leaves at {stop[row]:g}; entry must come before exit"
            " (minus infinity for who is observed from the start)"
        )
    return array


def normal_quantile(confidence: float) -> float:
    """The two-sided standard normal quantile: 1.96 for a confidence of 0.95."""
    require_fraction(confidence, "confidence")
    return float(ndtri(0.5 + confidence / 2))


def require_fraction(value: float, name: str) -> None:
    """A number strictly between 0 and 1."""
    if not 0 < value < 1:
        raise EstimationError(f"{name} is {value:g}, and must lie between 0 and 1")


def require_rank(design: Floats, what: str = "covariates") -> None:
    """Columns that do not follow from each other, judged after scaling each by its length."""
    lengths = np.sqrt((design**2).sum(axis=0))
    constant = np.flatnonzero(lengths == 0)
    if constant.size:
        raise EstimationError(f"column {int(constant[0])} of the {what} does not vary")
    if np.linalg.matrix_rank(design / lengths, tol=1e-9 * np.sqrt(len(design))) < design.shape[1]:
        raise EstimationError(f"the columns of the {what} follow from each other, so that none has a value of its own")


def _as_floats(values: ArrayLike, name: str) -> Floats:
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise EstimationError(f"{name} holds something that is no number") from error


def _require_length(array: Floats, name: str, length: int | None) -> None:
    if length is not None and len(array) != length:
        raise EstimationError(f"{name} has {len(array)} rows, where {length} are wanted")
    if not array.size:
        raise EstimationError(f"{name} is empty")


def _require_finite(array: Floats, name: str) -> None:
    wrong = np.argwhere(~np.isfinite(array))
    if len(wrong):
        place = " column ".join(str(part) for part in wrong[0])
        raise EstimationError(f"{name} is missing or not finite in row {place}; leave the row out, or impute it")
