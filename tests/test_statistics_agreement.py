"""Agreement against published examples, and an answer where all ratings are alike."""

from __future__ import annotations

import numpy as np
import pytest

from carac.statistics.agreement import Agreement, many_raters, two_raters
from carac.statistics.checks import EstimationError


def of_table(both: int, first: int, second: int, neither: int) -> Agreement:
    """Two raters by the four cells of their table."""
    rows = [(1, 1)] * both + [(1, 0)] * first + [(0, 1)] * second + [(0, 0)] * neither
    ratings = np.array(rows)
    return two_raters(ratings[:, 0], ratings[:, 1])


@pytest.mark.parametrize(
    ("table", "observed", "kappa"),
    # Worked by hand: chance agreement is the sum of products of marginal shares.
    [((20, 5, 10, 15), 0.7, 0.4), ((45, 15, 25, 15), 0.6, 0.06 / 0.46), ((25, 35, 5, 35), 0.6, 0.14 / 0.54)],
)
def test_cohens_kappa_of_tables_worked_by_hand(table: tuple[int, int, int, int], observed: float, kappa: float) -> None:
    made = of_table(*table)
    assert made.observed == pytest.approx(observed, abs=1e-12)
    assert made.kappa.estimate == pytest.approx(kappa, abs=1e-12)
    assert made.subjects == sum(table) and not made.alike


def test_ac1_of_a_table_worked_by_hand() -> None:
    # 118 of 125 agree; share of "yes" over both raters is (5 + 7 / 2) / 125
    made = of_table(5, 4, 3, 113)
    yes = 8.5 / 125
    chance = 2 * yes * (1 - yes)
    assert made.ac1.estimate == pytest.approx((118 / 125 - chance) / (1 - chance), abs=1e-12)


def test_standard_error_of_kappa_against_the_bootstrap() -> None:
    # The error is asymptotic; 4,000 resamples carry about 1 % of it themselves.
    random = np.random.default_rng(3)
    rows = np.array([(1, 1)] * 80 + [(1, 0)] * 30 + [(0, 1)] * 20 + [(0, 0)] * 170)
    drawn = rows[random.integers(0, len(rows), (4000, len(rows)))]
    share = np.stack([(drawn == pair).all(axis=2).mean(axis=1) for pair in ((1, 1), (1, 0), (0, 1), (0, 0))])
    first, second = share[0] + share[1], share[0] + share[2]
    chance = first * second + (1 - first) * (1 - second)
    kappas = (share[0] + share[3] - chance) / (1 - chance)
    made = two_raters(rows[:, 0], rows[:, 1])
    assert made.kappa.standard_error == pytest.approx(kappas.std(), rel=0.05)
    yes = (first + second) / 2
    by_chance = 2 * yes * (1 - yes)
    ac1 = (share[0] + share[3] - by_chance) / (1 - by_chance)
    assert made.ac1.standard_error == pytest.approx(ac1.std(), rel=0.05)


def test_kappa_of_a_table_of_three_equals_r() -> None:
    # The table and the figures that the vignette of R's irrCAC prints for it, to their last digit.
    table = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]
    rows = np.array([(i, j) for i in range(3) for j in range(3) for _ in range(table[i][j])])
    made = two_raters(rows[:, 0], rows[:, 1])
    assert made.kappa.estimate == pytest.approx(0.7964094, abs=5e-8)
    assert made.kappa.standard_error == pytest.approx(0.05891072, abs=5e-9)


#: Twelve units rated by four observers with gaps: the example of Krippendorff that Gwet's handbook takes over.
FOUR = np.array(
    [
        [1, 1, 0, 1],
        [2, 2, 3, 2],
        [3, 3, 3, 3],
        [3, 3, 3, 3],
        [2, 2, 2, 2],
        [1, 2, 3, 4],
        [4, 4, 4, 4],
        [1, 1, 2, 1],
        [2, 2, 2, 2],
        [0, 5, 5, 5],
        [0, 0, 1, 1],
        [0, 0, 3, 0],
    ]
)


def test_many_raters_with_missing_ratings() -> None:
    # Figures that R's irrCAC prints for this example, to the five digits that it prints.
    made = many_raters(FOUR - 1)
    assert made.ac1.estimate == pytest.approx(0.77544, abs=5e-6)
    assert made.ac1.standard_error == pytest.approx(0.14295, abs=5e-6)
    assert made.kappa.estimate == pytest.approx(0.76117, abs=5e-6)
    assert made.kappa.standard_error == pytest.approx(0.15302, abs=5e-6)
    assert made.subjects == 11
    assert made.observed == pytest.approx(0.8181818, abs=5e-8)


def test_two_raters_and_many_raters_have_one_ac1() -> None:
    random = np.random.default_rng(5)
    ratings = random.integers(0, 3, (60, 2))
    pair, table = two_raters(ratings[:, 0], ratings[:, 1]), many_raters(ratings)
    assert pair.ac1 == table.ac1 and pair.observed == pytest.approx(table.observed)


@pytest.mark.parametrize("answer", [0, 1])
def test_all_alike_has_an_answer(answer: int) -> None:
    for made in (two_raters([answer] * 5, [answer] * 5), many_raters(np.full((5, 3), answer))):
        assert made.alike and made.observed == 1
        assert (made.kappa.estimate, made.ac1.estimate) == (1, 1)
        assert made.kappa.standard_error is None and made.kappa.lower is None


def test_rare_events_keep_ac1_where_kappa_falls() -> None:
    # one "yes" each, on different subjects: 98 of 100 agree and kappa is below 0
    made = of_table(0, 1, 1, 98)
    assert made.kappa.estimate < 0 < 0.95 < made.ac1.estimate


def test_all_agree_on_both_categories_and_total_disagreement() -> None:
    made = of_table(3, 0, 0, 4)
    assert made.kappa.estimate == made.ac1.estimate == 1 and made.kappa.standard_error == 0 and not made.alike
    assert of_table(0, 4, 4, 0).kappa.estimate == -1


def test_one_subject_has_no_interval() -> None:
    made = two_raters(["yes"], ["no"])
    assert made.observed == 0 and made.kappa.lower is None and made.ac1.lower is None


@pytest.mark.parametrize(
    "call",
    [
        lambda: two_raters([], []),
        lambda: two_raters([1, 0], [1]),
        lambda: two_raters([1.0, np.nan], [1.0, 0.0]),
        lambda: many_raters([[0.5, 1.0]]),
        lambda: many_raters(np.array([[0], [1]])),
        lambda: many_raters(np.array([[0, -1], [-1, 1]])),
        lambda: many_raters(np.array([[0, -2]])),
        lambda: two_raters([1, 0], [1, 0], confidence=1.0),
    ],
)
def test_what_cannot_be_estimated_is_an_error(call: object) -> None:
    assert callable(call)
    with pytest.raises(EstimationError):
        call()
