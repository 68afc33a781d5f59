"""Clotting times against the laboratory's control, where a record states the mean normal (catalogue 14, P9).

Prothrombin time over its mean normal is the ratio; prothrombin time and aPTT minus theirs are the prolongation. What a
record states itself is kept.
"""

from __future__ import annotations

import ibis

from carac.cohort.records import Records
from carac.cohort.tables import COHORT_SCHEMAS
from carac.vocabulary.analytes import number_of_analyte

_KEYS = ["patient_id", "time"]
#: What is made of a clotting time and its mean normal: analyte, analyte made, whether it is divided or subtracted.
_AGAINST_CONTROL = (
    ("prothrombin_time", "prothrombin_time_ratio", True),
    ("prothrombin_time", "prothrombin_time_prolongation", False),
    ("aptt", "aptt_prolongation", False),
)


def with_values_against_control(records: Records, labs: ibis.Table, with_mean: ibis.Table) -> ibis.Table:
    """The results with ratio and prolongation of the clotting times that state their mean normal.

    Parameters
    ----------
    labs: the results.
    with_mean: the same results with `normal_mean`.
    """
    if "normal_mean" not in records.sources["labs"].columns:
        return labs
    for analyte, made, divided in _AGAINST_CONTROL:
        stated = labs.filter(labs.analyte == made).select(*_KEYS).distinct()
        rows = with_mean.filter(with_mean.analyte == analyte, with_mean.normal_mean > 0).anti_join(stated, _KEYS)
        low, high = (
            (end / rows.normal_mean if divided else end - rows.normal_mean) for end in (rows.value_low, rows.value_high)
        )
        new = rows.mutate(
            analyte=ibis.literal(made),
            analyte_number=ibis.literal(number_of_analyte(made), "int16"),
            value_low=low,
            value_high=high,
            has_lower_limit=ibis.literal(False),
            has_upper_limit=ibis.literal(False),
            lower_limit=ibis.null("float64"),
            upper_limit=ibis.null("float64"),
        )
        schema = COHORT_SCHEMAS["labs"]
        labs = labs.union(new.select(*[new[name].cast(kind).name(name) for name, kind in schema.items()]))
    return labs
