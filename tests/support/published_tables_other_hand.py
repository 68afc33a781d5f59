"""More made-up tables for the audit, by somebody who had not read it: other manners of printing, other errors.

Written after the audit and apart from it, from tables as journals print them and from how they are typed; it imports
nothing of carac. Manners are right tables that look otherwise than those of `published_tables`; the kinds of error are
put into tables of that module.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from types import MappingProxyType

from support.published_tables import MadeTable, Place, Plan, Row, percentage

OUTCOMES = ("Arterial thromboembolism", "Venous thromboembolism", "Bleeding", "Thrombocytopenia")

# ---- right tables in other manners ----


def _rows(luck: random.Random) -> list[Row]:
    rows = []
    for number in range(luck.randint(2, 6)):
        n = luck.randint(18, 260)
        counts = [luck.randint(0, max(1, n // share)) for share in (30, 12, 6, 2)]
        rows.append(Row(f"Author {2017 + number}", "CAR-T", n, counts, n))
    return rows


def _joined(heads: tuple[str, ...], rows: list[Row], cells: list[list[str]], between: str) -> MadeTable:
    lines = [between.join(("Study", "N", *heads))]
    lines += [between.join((row.study, str(row.n), *line)) for row, line in zip(rows, cells, strict=True)]
    return MadeTable("\n".join(lines) + "\n", rows)


def of_denominator(luck: random.Random) -> MadeTable:
    """Each cell with its own denominator: 8/101 (7.9%)."""
    rows = _rows(luck)
    cells = [[f"{c}/{r.n} ({percentage(c, r.n, 1, 'half_up')}%)" for c in r.counts] for r in rows]
    return _joined(tuple(f"{name}, n/N (%)" for name in OUTCOMES), rows, cells, "\t")


def whole_percentages(luck: random.Random) -> MadeTable:
    """Percentages without a decimal place, as in short reports."""
    rows = _rows(luck)
    cells = [[f"{c} ({percentage(c, r.n, 0, 'half_up')})" for c in r.counts] for r in rows]
    return _joined(tuple(f"{name}, n (%)" for name in OUTCOMES), rows, cells, "\t")


def with_gaps(luck: random.Random) -> MadeTable:
    """Some cells not reported, in the words that journals use; none as a bare 0."""
    rows = _rows(luck)
    cells = []
    for row in rows:
        line = [f"{c} ({percentage(c, row.n, 1, 'half_up')})" if c else "0" for c in row.counts]
        line[luck.randrange(len(line))] = luck.choice(("NR", "–", "Not reported", ""))
        cells.append(line)
    return _joined(tuple(f"{name}, n (%)" for name in OUTCOMES), rows, cells, "\t")


def comma_separated(luck: random.Random) -> MadeTable:
    """A CSV as a spreadsheet writes it, heads in quotes."""
    rows = _rows(luck)
    cells = [[f"{c} ({percentage(c, r.n, 2, 'half_up')})" for c in r.counts] for r in rows]
    return _joined(tuple(f'"{name}, n (%)"' for name in OUTCOMES), rows, cells, ",")


MANNERS: Mapping[str, Callable[[random.Random], MadeTable]] = MappingProxyType(
    {made.__name__: made for made in (of_denominator, whole_percentages, with_gaps, comma_separated)}
)

# ---- other errors ----


def _cell(count: int, shown: str) -> str:
    return f"{count} ({shown})"


def earlier_data_cut(plan: Plan) -> Place:
    """The count was brought up to date, the percentage is of the earlier one."""
    r, c = plan.spot(3)
    row = plan.rows[r]
    earlier = max(0, row.counts[c] - plan.luck.randint(1, 3))
    return plan.put(r, c, _cell(row.counts[c], plan.shown(earlier, row.n)))


def a_few_not_assessed(plan: Plan) -> Place:
    """One to four of the arm were not assessed for this outcome alone; the table does not say so."""
    r, c = plan.spot()
    row = plan.rows[r]
    return plan.put(r, c, _cell(row.counts[c], plan.shown(row.counts[c], row.n - plan.luck.randint(1, 4))))


def share_of_one(plan: Plan) -> Place:
    """A proportion of 1 where a percentage belongs: 0.08 for 8 %."""
    r, c = plan.spot()
    row = plan.rows[r]
    places = plan.places + 1
    return plan.put(r, c, _cell(row.counts[c], percentage(row.counts[c], 100 * row.n, places, "half_up")))


def digit_doubled(plan: Plan) -> Place:
    """A digit of the percentage typed twice."""
    r, c = plan.spot()
    shown = plan.shown(plan.rows[r].counts[c], plan.rows[r].n)
    at = plan.luck.choice([place for place, sign in enumerate(shown) if sign.isdigit()])
    return plan.put(r, c, _cell(plan.rows[r].counts[c], shown[:at] + shown[at] + shown[at:]))


def digit_lost(plan: Plan) -> Place:
    """A digit of the count was lost."""
    r, c = plan.spot(10)
    row = plan.rows[r]
    digits = str(row.counts[c])
    at = plan.luck.randrange(len(digits))
    left = digits[:at] + digits[at + 1 :]
    return plan.put(r, c, _cell(int(left), plan.shown(row.counts[c], row.n))) if left else None


def one_arm_doubled(plan: Plan) -> Place:
    """The count is of both arms, the percentage of its own."""
    r, c = plan.spot()
    row, other = plan.rows[r], plan.rows[r ^ 1]
    return plan.put(r, c, _cell(row.counts[c] + other.counts[c], plan.shown(row.counts[c], row.n)))


def percentage_of_the_subset(plan: Plan) -> Place:
    """The percentage of bleeding of grade 2 or more is of those who bled, not of the arm."""
    spots = [r for r, row in enumerate(plan.rows) if 0 < row.counts[3] < row.counts[2]]
    if not spots:
        return None
    r = plan.luck.choice(spots)
    row = plan.rows[r]
    return plan.put(r, 3, _cell(row.counts[3], plan.shown(row.counts[3], row.counts[2])))


KINDS: tuple[Callable[[Plan], Place], ...] = (
    earlier_data_cut,
    a_few_not_assessed,
    share_of_one,
    digit_doubled,
    digit_lost,
    one_arm_doubled,
    percentage_of_the_subset,
)
