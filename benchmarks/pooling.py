"""How long pooling takes: the models of one and two arms on the review's numbers, processor time, best of some runs.

python benchmarks/pooling.py
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from carac.statistics.one_arm import binomial_normal
from carac.statistics.two_arms import arms
from carac.statistics.two_arms_bayes import posteriors
from carac.statistics.two_arms_mixed import mixed_odds_ratio

RUNS = 7
#: Venous thromboembolism in the seven cohorts of the review's Table 2 that count patients.
SEVEN = ([11, 16, 8, 9, 1, 8, 2], [250, 148, 127, 140, 38, 91, 97])
#: And in the five trials of its Table 1.
FIVE = arms([1, 2, 3, 1, 3], [162, 180, 254, 208, 92], [2, 2, 0, 6, 3], [160, 179, 132, 211, 92])


def main() -> None:
    """Print a line per model."""
    random = np.random.default_rng(7)
    total = random.integers(50, 300, 18)
    eighteen = arms(random.binomial(total, 0.03), total, random.binomial(total, 0.05), total)
    timed("binomial-normal model, seven studies", lambda: binomial_normal(*SEVEN))
    timed("conditional model, eighteen studies", lambda: mixed_odds_ratio(eighteen))
    timed("conditional model, five studies", lambda: mixed_odds_ratio(FIVE))
    timed("posterior on a grid, five studies", lambda: posteriors(FIVE))


def timed(what: str, work: Callable[[], object]) -> None:
    """Best processor time of some runs."""
    taken = []
    for _ in range(RUNS):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    print(f"{what}: {1000 * min(taken):.0f} ms")


if __name__ == "__main__":
    main()
