"""Random numbers that belong to a patient: the same whatever the batch, its order, or the other streams.

Philox counts instead of remembering: its key is (seed, patient) and the upper half of its counter a fixed number of the
stream's name, so that a new stream changes no other. Only the raw 64-bit words are taken from numpy, whose methods that
turn them into distributions may change from version to version.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Floats = npt.NDArray[np.float64]


def stream_number(stream: str) -> tuple[int, int]:
    """Two 64-bit words that stand for the name of a stream, the same on every machine.

    Parameters
    ----------
    stream: name, such as "people.age".
    """
    digest = hashlib.blake2b(stream.encode("utf-8"), digest_size=16).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


def uniforms(seed: int, patients: npt.NDArray[np.int64], stream: str, count: int) -> Floats:
    """Uniform numbers, strictly between 0 and 1, [B, count].

    Parameters
    ----------
    seed: of the cohort, 0 or more.
    patients: numbers of the patients, [B].
    stream: what the numbers are for.
    count: how many per patient.
    """
    generator = np.random.Philox(key=np.zeros(2, dtype=np.uint64))
    state: Any = generator.state
    state["state"]["counter"][:] = (0, 0, *stream_number(stream))
    state["state"]["key"][0] = seed
    words = np.empty((len(patients), count), dtype=np.uint64)
    for position, patient in enumerate(np.asarray(patients).tolist()):
        state["state"]["key"][1] = patient
        generator.state = state
        words[position] = generator.random_raw(count)
    # 52 bits and half a step: the largest is 1 - 2**-53, which a double still tells from 1.
    result: Floats = ((words >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52
    return result


def normals(seed: int, patients: npt.NDArray[np.int64], stream: str, count: int) -> Floats:
    """Standard normal numbers, [B, count], by inversion of the uniform ones.

    Parameters
    ----------
    seed, patients, stream, count: as in `uniforms`.
    """
    result: Floats = ndtri(uniforms(seed, patients, stream, count))
    return result
