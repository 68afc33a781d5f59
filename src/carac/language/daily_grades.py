"""From grades per assessment to grades per day: what a clinician recorded beside them, and death as grade 5."""

from __future__ import annotations

import ibis

from carac.language.comparisons import agreed
from carac.language.definition import Tables
from carac.language.signs import KEYS

DAY_KEYS = (*KEYS, "day")
DEATH = 5


def beside(left: ibis.Table, right: ibis.Table, keys: tuple[str, ...] = DAY_KEYS) -> ibis.Table:
    """Left join on equal keys, with the keys once."""
    joined = left.left_join(right, list(keys))
    return joined.drop(*(column for column in joined.columns if column.endswith("_right")))


def recorded_grades(assessments: ibis.Table, name: str) -> ibis.Table:
    """The worst grade that a clinician recorded on each day."""
    rows = assessments.filter(assessments.item == f"recorded_grade:{name}", assessments.number.notnull())
    return rows.group_by(*DAY_KEYS).aggregate(recorded=rows.number.max())


def deaths(infusions: ibis.Table, words: tuple[str, ...]) -> ibis.Table:
    """The day of death of those whose cause of death names one of the words, as a word of its own; `died` says it."""
    pattern = "(^|[^a-z])(" + "|".join(words) + ")([^a-z]|$)"
    cause = infusions.cause_of_death.lower()
    died = infusions.filter(infusions.death_day.notnull(), cause.re_search(pattern))
    return died.select(*KEYS, day=died.death_day, died=died.cause_of_death)


def with_records_and_deaths(graded: ibis.Table, tables: Tables, name: str, causes: tuple[str, ...]) -> ibis.Table:
    """The graded days with the recorded grade and death as grade 5; days that only these have are added.

    Parameters
    ----------
    graded: keys, day, `lowest`, `highest`, and what else the definition shows.
    tables: the assessments and infusions are read.
    name: of the definition, for `recorded_grade:<name>`.
    causes: words (regular expressions in lower case) that make a death one of this toxicity.

    Adds `grade`, `recorded` and `disagrees` (null where either grade is unknown).
    """
    recorded = recorded_grades(tables.assessments, name)
    died = deaths(tables.infusions, causes)
    days = ibis.union(*(table.select(*DAY_KEYS) for table in (graded, recorded, died)), distinct=True)
    joined = beside(beside(beside(days, graded), recorded), died)
    fatal = joined.died.notnull()
    bounded = joined.mutate(
        lowest=fatal.ifelse(DEATH, joined.lowest),
        highest=fatal.ifelse(DEATH, joined.highest),
    )
    return bounded.mutate(
        grade=agreed(bounded.lowest, bounded.highest),
        disagrees=(bounded.recorded < bounded.lowest) | (bounded.recorded > bounded.highest),
    )
