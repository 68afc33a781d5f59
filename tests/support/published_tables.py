"""Made-up published tables, right ones and ones with planted errors, to try the audit on.

Written before the audit, from how such errors come about and not from what the audit looks for; it imports nothing of
carac. Some kinds are of the sort that arithmetic on one cell finds, some only show when cells are compared, and some
leave a table that is right in itself and so cannot be found from it: they are planted to know the rate of misses.

A table has one row per arm: study, treatment, N, then outcomes as "count (percentage)", tabs between.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

OUTCOMES = ("ATE, n (%)", "VTE, n (%)", "Bleeding, n (%)", "Bleeding grade ≥ 2, n (%)", "Thrombocytopenia, n (%)")
ROUNDINGS = {
    "half_up": ROUND_HALF_UP,
    "half_even": ROUND_HALF_EVEN,
    "truncation": ROUND_DOWN,
    "ceiling": ROUND_CEILING,
}


@dataclass
class Row:
    """One arm: its true numbers, and what is printed."""

    study: str
    arm: str
    n: int
    counts: list[int]
    safety: int
    printed_n: str = ""
    cells: list[str] = field(default_factory=list)


@dataclass
class MadeTable:
    """A table and what is wrong in it.

    Parameters
    ----------
    text: as it would be pasted.
    rows: the arms.
    planted: kind of the error, "" for a right table.
    place: row and column of outcomes where it stands; column None where it concerns the whole row.
    """

    text: str
    rows: list[Row]
    planted: str = ""
    place: tuple[int, int | None] | None = None


def percentage(count: int, n: int, places: int, rounding: str) -> str:
    """A percentage as an author prints it."""
    exact = Decimal(100 * count) / Decimal(n)
    return str(exact.quantize(Decimal(1).scaleb(-places), ROUNDINGS[rounding]))


def _cell(count: int, shown: str) -> str:
    return f"{count} ({shown})"


def right_table(seed: int, rounding: str | None = None) -> MadeTable:
    """A table without an error; rounded throughout in one of the usual ways."""
    return _made(random.Random(seed), rounding)[0]


def _made(luck: random.Random, rounding: str | None = None) -> tuple[MadeTable, int, str]:
    chosen = rounding or luck.choices(list(ROUNDINGS), weights=(80, 8, 8, 4))[0]
    places = luck.choice((1, 2, 2))
    rows = []
    for number in range(luck.randint(3, 7)):
        for arm in ("CAR-T", "SoC"):
            n = luck.randint(35, 420)
            bleeding = luck.randint(0, max(2, n // 6))
            counts = [
                luck.randint(0, max(1, n // 40)),
                luck.randint(0, max(2, n // 15)),
                bleeding,
                luck.randint(0, bleeding),
                luck.randint(n // 5, n * 3 // 4),
            ]
            rows.append(Row(f"Study {chr(65 + number)}", arm, n, counts, n - luck.randint(1, max(2, n // 12))))
    for row in rows:
        row.printed_n = str(row.n)
        row.cells = [_cell(count, percentage(count, row.n, places, chosen)) for count in row.counts]
    return MadeTable(_text(rows), rows), places, chosen


def _text(rows: list[Row]) -> str:
    lines = ["\t".join(("Study", "Treatment", "N", *OUTCOMES))]
    lines += ["\t".join((row.study, row.arm, row.printed_n, *row.cells)) for row in rows]
    return "\n".join(lines) + "\n"


@dataclass
class Plan:
    """What a kind of error needs to know; it changes `rows` and returns the place, or None where it cannot be put."""

    luck: random.Random
    rows: list[Row]
    places: int
    rounding: str

    def shown(self, count: int, n: int) -> str:
        """A percentage in the manner of the table."""
        return percentage(count, n, self.places, self.rounding)

    def spot(self, least: int = 1) -> tuple[int, int]:
        """A cell with at least so many patients, where there is one."""
        spots = [(r, c) for r, row in enumerate(self.rows) for c, count in enumerate(row.counts) if count >= least]
        return self.luck.choice(spots or [(0, 4)])

    def put(self, r: int, c: int, text: str) -> tuple[int, int] | None:
        """Print another text in a cell; None where it is the same as before."""
        if text == self.rows[r].cells[c]:
            return None
        self.rows[r].cells[c] = text
        return (r, c)


Place = tuple[int, int | None] | None


def other_arm(plan: Plan) -> Place:
    """The percentage is of the other arm's number."""
    r, c = plan.spot()
    row = plan.rows[r]
    return plan.put(r, c, _cell(row.counts[c], plan.shown(row.counts[c], plan.rows[r ^ 1].n)))


def safety_set(plan: Plan) -> Place:
    """The percentage is of the safety set, which the table does not print."""
    r, c = plan.spot()
    row = plan.rows[r]
    return plan.put(r, c, _cell(row.counts[c], plan.shown(row.counts[c], row.safety)))


def digits_swapped(plan: Plan) -> Place:
    """Two digits of the percentage changed places."""
    r, c = plan.spot()
    shown = list(plan.shown(plan.rows[r].counts[c], plan.rows[r].n))
    spots = [i for i in range(len(shown) - 1) if shown[i].isdigit() and shown[i + 1].isdigit()]
    if not spots:
        return None
    i = plan.luck.choice(spots)
    shown[i], shown[i + 1] = shown[i + 1], shown[i]
    return plan.put(r, c, _cell(plan.rows[r].counts[c], "".join(shown)))


def wrong_digit(plan: Plan) -> Place:
    """One digit of the percentage is another."""
    r, c = plan.spot()
    shown = list(plan.shown(plan.rows[r].counts[c], plan.rows[r].n))
    i = plan.luck.choice([i for i, sign in enumerate(shown) if sign.isdigit()])
    shown[i] = plan.luck.choice([digit for digit in "0123456789" if digit != shown[i]])
    return plan.put(r, c, _cell(plan.rows[r].counts[c], "".join(shown)))


def one_patient_more_or_less(plan: Plan) -> Place:
    """The count was changed by one after the percentage was worked out."""
    r, c = plan.spot()
    row = plan.rows[r]
    count = row.counts[c] + plan.luck.choice((-1, 1))
    return plan.put(r, c, _cell(count, plan.shown(row.counts[c], row.n)))


def point_moved(plan: Plan) -> Place:
    """The decimal point is one place off."""
    r, c = plan.spot()
    row = plan.rows[r]
    shown = Decimal(plan.shown(row.counts[c], row.n)).scaleb(plan.luck.choice((-1, 1)))
    return plan.put(r, c, _cell(row.counts[c], f"{shown:.{plan.places}f}"))


def neighbour_copied(plan: Plan) -> Place:
    """The percentage is that of the cell above or below."""
    r, c = plan.spot()
    row, other = plan.rows[r], plan.rows[r ^ 1]
    return plan.put(r, c, _cell(row.counts[c], plan.shown(other.counts[c], other.n)))


def number_of_row_mistyped(plan: Plan) -> Place:
    """The N of a row has two digits changed over."""
    r = plan.luck.randrange(len(plan.rows))
    shown = list(str(plan.rows[r].n))
    if shown[-1] == shown[-2]:
        return None
    shown[-1], shown[-2] = shown[-2], shown[-1]
    plan.rows[r].printed_n = "".join(shown)
    return (r, None)


def part_above_whole(plan: Plan) -> Place:
    """Bleeding of grade 2 or more in more patients than bleeding; each cell right in itself."""
    r = plan.luck.randrange(len(plan.rows))
    row = plan.rows[r]
    count = row.counts[2] + plan.luck.randint(1, 4)
    return plan.put(r, 3, _cell(count, plan.shown(count, row.n)))


def percentage_alone_impossible(plan: Plan) -> Place:
    """Only a percentage is printed, and no whole number of patients gives it."""
    r, c = plan.spot()
    n = plan.rows[r].n
    for _ in range(200):
        shown = f"{plan.luck.uniform(1, 60):.{plan.places}f}"
        if all(shown != percentage(k, n, plan.places, way) for k in range(n + 1) for way in ROUNDINGS):
            return plan.put(r, c, f"{shown}%")
    return None


# ---- kinds that a check of count, denominator and percentage has no rule for ----


def rounded_twice(plan: Plan) -> Place:
    """Rounded to one place more, and then again (9.449, 9.45, 9.5)."""
    step, finer = Decimal(1).scaleb(-plan.places), Decimal(1).scaleb(-plan.places - 1)
    for r, row in enumerate(plan.rows):
        for c, count in enumerate(row.counts):
            exact = Decimal(100 * count) / Decimal(row.n)
            twice = exact.quantize(finer, ROUND_HALF_UP).quantize(step, ROUND_HALF_UP)
            if twice != exact.quantize(step, ROUND_HALF_UP) and (where := plan.put(r, c, _cell(count, str(twice)))):
                return where
    return None


def zero_added(plan: Plan) -> Place:
    """Rounded to one place less, and a zero put behind it (1.087, 1.1, 1.10)."""
    r, c = plan.spot()
    row = plan.rows[r]
    return plan.put(
        r,
        c,
        _cell(
            row.counts[c],
            percentage(row.counts[c], row.n, plan.places - 1, plan.rounding) + "0"
            if plan.places > 1
            else percentage(row.counts[c], row.n, 0, plan.rounding) + ".0",
        ),
    )


def events_for_patients(plan: Plan) -> Place:
    """The count is of events, the percentage of patients."""
    r, c = plan.spot(2)
    row = plan.rows[r]
    events = row.counts[c] + plan.luck.randint(1, row.counts[c])
    return plan.put(r, c, _cell(events, plan.shown(row.counts[c], row.n)))


def count_and_percentage_swapped(plan: Plan) -> Place:
    """Count and percentage changed places, the percentage rounded to be a count."""
    r, c = plan.spot()
    row = plan.rows[r]
    whole = percentage(row.counts[c], row.n, 0, "half_up")
    return plan.put(r, c, f"{whole} ({row.counts[c]:.{plan.places}f})")


def complement(plan: Plan) -> Place:
    """The percentage is of those who did not have it."""
    r, c = plan.spot()
    row = plan.rows[r]
    return plan.put(r, c, _cell(row.counts[c], plan.shown(row.n - row.counts[c], row.n)))


def of_all_arms(plan: Plan) -> Place:
    """The percentage is of both arms together."""
    r, c = plan.spot()
    row = plan.rows[r]
    return plan.put(r, c, _cell(row.counts[c], plan.shown(row.counts[c], row.n + plan.rows[r ^ 1].n)))


def column_slipped(plan: Plan) -> Place:
    """Count and percentage of the next column, both: right in itself."""
    r, c = plan.spot()
    return plan.put(r, c, plan.rows[r].cells[(c + 1) % len(OUTCOMES)])


def row_slipped(plan: Plan) -> Place:
    """Count and percentage of the other arm, both."""
    r, c = plan.spot()
    return plan.put(r, c, plan.rows[r ^ 1].cells[c])


def other_figure_altogether(plan: Plan) -> Place:
    """Another count with the percentage that belongs to it: nothing in the table shows it."""
    r, c = plan.spot()
    row = plan.rows[r]
    count = plan.luck.randint(0, row.n // 2)
    return plan.put(r, c, _cell(count, plan.shown(count, row.n)))


#: Kinds that the issue describes in so many words.
DESCRIBED: tuple[Callable[[Plan], Place], ...] = (
    other_arm,
    safety_set,
    digits_swapped,
    wrong_digit,
    one_patient_more_or_less,
    point_moved,
    neighbour_copied,
    number_of_row_mistyped,
    part_above_whole,
    percentage_alone_impossible,
)
#: Kinds that it does not describe.
UNDESCRIBED: tuple[Callable[[Plan], Place], ...] = (
    rounded_twice,
    zero_added,
    events_for_patients,
    count_and_percentage_swapped,
    complement,
    of_all_arms,
    row_slipped,
)
#: Kinds that leave a table which is right in itself: no audit of the table alone can find them but by luck.
INVISIBLE: tuple[Callable[[Plan], Place], ...] = (column_slipped, other_figure_altogether)


def table_with(kind: Callable[[Plan], Place], seed: int) -> MadeTable:
    """A table with one error of this kind; other tables are tried until the error can be put and shows."""
    luck = random.Random(seed)
    while True:
        table, places, rounding = _made(luck)
        place = kind(Plan(luck, table.rows, places, rounding))
        if place is not None:
            return MadeTable(_text(table.rows), table.rows, kind.__name__, place)
