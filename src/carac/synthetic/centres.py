"""Centres: their laboratory and their habits, drawn once per centre, the same for all its patients.

A share of centres is that share of all centres of the world, to the nearest whole one: with six of them, chance would
often leave out what one in four does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carac.synthetic.course import Booleans, Course, Floats, Integers
from carac.synthetic.laboratory import LABORATORIES
from carac.synthetic.random_numbers import normals, uniforms

#: Numbers from here on are those of centres; no cohort has so many patients.
_FIRST = 2**62


@dataclass(frozen=True)
class Centres:
    """The centres of a world, and those of the patients of a batch.

    Parameters
    ----------
    seed: of the cohort.
    numbers: what the random numbers of each centre are keyed by, [C].
    of_patient: place of each patient's centre in `numbers`, [B].
    """

    seed: int
    numbers: Integers
    of_patient: Integers

    @classmethod
    def of(cls, course: Course) -> Centres:
        """The centres of a batch.

        Parameters
        ----------
        course: the batch; its centres are named centre_1, centre_2 …
        """
        number = int(course.world.number("population.centres"))
        places = {f"centre_{place + 1}": place for place in range(number)}
        of_patient = np.array([places[name] for name in course.people["centre"]], dtype=np.int64)
        return cls(course.seed, _FIRST + np.arange(number, dtype=np.int64), of_patient)

    def _ranks(self, stream: str) -> Integers:
        """The centres in an order of their own for each stream, [C]."""
        drawn = uniforms(self.seed, self.numbers, f"centre.{stream}", 1)[:, 0]
        return np.asarray(np.argsort(np.argsort(drawn, kind="stable"), kind="stable"))

    def laboratory(self) -> Integers:
        """The laboratory of each patient, 0 to 2, [B]."""
        return np.asarray((self._ranks("laboratory") % LABORATORIES)[self.of_patient])

    def habit(self, stream: str, count: int) -> Floats:
        """Standard normal numbers of each patient's centre, [B, count]."""
        return np.asarray(normals(self.seed, self.numbers, f"centre.{stream}", count)[self.of_patient])

    def share(self, stream: str, share: float) -> Booleans:
        """Whether each patient's centre is one of a share of all centres, [B].

        Parameters
        ----------
        stream: what is decided.
        share: 0 to 1.
        """
        # Half a centre is one.
        chosen = int(np.floor(share * len(self.numbers) + 0.5))
        return np.asarray((self._ranks(stream) < chosen)[self.of_patient])
