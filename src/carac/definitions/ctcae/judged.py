"""Clinical cells of CTCAE as judged items: the word that a clinician recorded on a day gives the grade as printed.

"Life-threatening consequences; urgent intervention indicated" is a judgement, and stays one. A day on which nobody
judged has none.
"""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from carac.language.daily_grades import DAY_KEYS, beside


def judged_days(assessments: ibis.Table, item: str, grades: Mapping[str, int]) -> ibis.Table:
    """The worst judgement of each day on which there was one, as `judged`.

    Parameters
    ----------
    assessments: with keys, day, item and text.
    item: the judged item.
    grades: the grade that each of its words prints.
    """
    rows = assessments.filter(assessments.item == item)
    grade = ibis.cases(*((rows.text == word, number) for word, number in grades.items()), else_=ibis.null("int8"))
    return rows.group_by(*DAY_KEYS).aggregate(judged=grade.max().cast("int8")).filter(lambda t: t.judged.notnull())


def at_least_judged(day: ibis.Table, judged: ibis.Table) -> ibis.Table:
    """The graded days, no bound of which lies under what was judged; days that were only judged are added.

    Parameters
    ----------
    day: keys, day, `lowest`, `highest` and what else the definition shows.
    judged: as made by `judged_days`.
    """
    days = ibis.union(day.select(*DAY_KEYS), judged.select(*DAY_KEYS), distinct=True)
    joined = beside(beside(days, day), judged)
    return joined.mutate(**{end: _worst(joined[end], joined.judged) for end in ("lowest", "highest")})


def _worst(grade: ir.NumericValue, judged: ir.NumericValue) -> ir.NumericValue:
    """The worse of the two where both are known, else the one that is."""
    return ibis.greatest(ibis.coalesce(grade, judged), ibis.coalesce(judged, grade))
