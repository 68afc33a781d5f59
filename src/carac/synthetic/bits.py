"""Several small decisions out of one random number: its bits are independent of each other.

Making random numbers is most of the work of observing a cohort, and what hour a sample is taken at needs no 52 bits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from carac.synthetic.course import Floats

#: Bits of a number of `random_numbers.uniforms`.
BITS = 52


def parts(numbers: Floats, sizes: Sequence[int]) -> tuple[Floats, ...]:
    """Uniform numbers between 0 and 1, one array per part, each in steps of 1 / 2**size.

    Parameters
    ----------
    numbers: uniform, of any shape.
    sizes: bits of each part, 52 together or fewer.
    """
    whole = (numbers * 2.0**BITS).astype(np.int64)
    found = []
    for size in sizes:
        found.append(((whole & ((1 << size) - 1)) + 0.5) / (1 << size))
        whole >>= size
    return tuple(found)
