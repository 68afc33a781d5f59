"""The table of toxicities: of the patients who could be graded, how many had each, by product.

Counted from day 0 to day 100, the days of the grid. A patient could be graded for a sign or value of the day where any
of these days has a grade; for a grade of the whole course where its range is on one side of the cut; for an event
always.
T-ICAHT is that of its authors' code, which fills days without a count; as printed, most courses have a range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from carac.grading.run import Graded
from carac.vocabulary.products import products

#: Definitions that the table needs.
DEFINITIONS = (
    *(
        "astct_crs",
        "astct_icans",
        "t_icaht_early_as_in_authors_code",
        "t_icaht_late_as_in_authors_code",
        "ctcae_v5_fibrinogen",
    ),
    *("isth_overt_dic_2001_5xuln", "isth_overt_dic_2025", "isth_bleeding", "thrombosis_class"),
)
ALL = "all"
_LAST_DAY = 100


@dataclass(frozen=True)
class Toxicity:
    """One column of the table.

    Parameters
    ----------
    title: heading, in lines.
    per_day: SQL condition on a graded day, or "" for what is not graded by day.
    of_course: SQL expression on an infusion that is true, false or null, or "".
    of_event: SQL condition on an event, or "".
    graded: column that has to be known on a day for it to count as graded.
    """

    title: str
    per_day: str = ""
    of_course: str = ""
    of_event: str = ""
    graded: str = ""


def _daily(title: str, column: str, least: int) -> Toxicity:
    return Toxicity(title, per_day=f"{column} >= {least}", graded=column)


def _course(title: str, column: str, least: int) -> Toxicity:
    decided = f"CASE WHEN {column}__lowest >= {least} THEN true WHEN {column}__highest < {least} THEN false END"
    return Toxicity(title, of_course=decided)


TOXICITIES: tuple[Toxicity, ...] = (
    _daily("CRS\nany", "astct_crs", 1),
    _daily("CRS\n≥ 3", "astct_crs", 3),
    _daily("ICANS\nany", "astct_icans", 1),
    _daily("ICANS\n≥ 3", "astct_icans", 3),
    _course("early\nT-ICAHT\n≥ 3", "t_icaht_early_as_in_authors_code", 3),
    _course("late\nT-ICAHT\n≥ 3", "t_icaht_late_as_in_authors_code", 3),
    _daily("fibrinogen\nCTCAE ≥ 3", "ctcae_v5_fibrinogen", 3),
    _daily("ISTH\nDIC\n2001", "isth_overt_dic_2001_5xuln", 5),
    _daily("ISTH\nDIC\n2025", "isth_overt_dic_2025", 5),
    Toxicity("bleeding", of_event="isth_bleeding__clinically_relevant"),
    Toxicity("thrombosis", of_event="thrombosis_class IN ('venous', 'arterial')"),
)


@dataclass(frozen=True)
class Count:
    """How many had it, of how many who could be graded."""

    had: int
    graded: int


@dataclass(frozen=True)
class Row:
    """The patients of one product, or all.

    Parameters
    ----------
    product: short name.
    patients: how many infusions.
    counts: one per `TOXICITIES`.
    """

    product: str
    patients: int
    counts: tuple[Count, ...]


def toxicity_rows(graded: Graded) -> list[Row]:
    """The rows of the table, most frequent product first, all patients last.

    Parameters
    ----------
    graded: with at least `DEFINITIONS`.
    """
    names = range(len(TOXICITIES))
    counted = ", ".join(f"count(*) FILTER (WHERE had_{n}), count(had_{n})" for n in names)
    sql = f"""
        SELECT coalesce(product, 'unknown'), count(*), {counted} FROM ({_per_infusion(graded)})
        GROUP BY GROUPING SETS ((product), ()) ORDER BY grouping(product), count(*) DESC, product"""
    found = [tuple(row.values()) for row in graded.engine.fetch(sql).to_pylist()]
    rows = [_row(values) for values in found[:-1]]
    return [*rows, _row((ALL, *found[-1][1:]))]


def _row(values: Sequence[object]) -> Row:
    product, patients, *numbers = values
    whole = [int(str(number)) for number in numbers]
    pairs = zip(whole[::2], whole[1::2], strict=True)
    return Row(_short(str(product)), int(str(patients)), tuple(Count(*pair) for pair in pairs))


def _short(product: str) -> str:
    known = products().get(product)
    return known.synonyms[0] if known and known.synonyms else product


def _per_infusion(graded: Graded) -> str:
    """One row per infusion: product, and for each toxicity true, false, or null where it could not be graded."""
    of_day, of_event = _measures("per_day"), _measures("of_event")
    days = ", ".join(f"bool_or({t.per_day}) FILTER (WHERE {t.graded} IS NOT NULL) AS had_{n}" for n, t in of_day)
    events = ", ".join(f"coalesce(bool_or({t.of_event}), false) AS had_{n}" for n, t in of_event)
    courses = ", ".join(f"{t.of_course} AS had_{n}" for n, t in _measures("of_course"))
    by_event = ", ".join(f"coalesce(e.had_{n}, false) AS had_{n}" for n, _ in of_event)
    keys, window = "patient_id, infusion_number", f"day BETWEEN 0 AND {_LAST_DAY}"
    return f"""
        SELECT i.product, d.* EXCLUDE (patient_id, infusion_number), {courses}, {by_event}
        FROM infusion_results i
        LEFT JOIN (SELECT {keys}, {days} FROM patient_days_full WHERE {window} GROUP BY ALL) d USING ({keys})
        LEFT JOIN (SELECT {keys}, {events} FROM event_results WHERE {window} GROUP BY ALL) e USING ({keys})"""


def _measures(field: str) -> list[tuple[int, Toxicity]]:
    return [(number, toxicity) for number, toxicity in enumerate(TOXICITIES) if getattr(toxicity, field)]
