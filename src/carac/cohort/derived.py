"""Results that follow from others of the same sample, where a record does not have them itself.

Neutrophils from leukocytes and their percentage (catalogue, section 11.1). Prothrombin time over its mean normal (the
ratio), and prothrombin time and aPTT minus theirs (the prolongation against control; catalogue, P9).
"""

from __future__ import annotations

import ibis

from carac.cohort.records import Records
from carac.cohort.tables import COHORT_SCHEMAS
from carac.engine.base import compile_sql
from carac.findings import Finding, Severity
from carac.vocabulary.analytes import number_of_analyte

_KEYS = ["patient_id", "time"]
#: What is made of a clotting time and its mean normal: analyte, analyte made, whether it is divided or subtracted.
_AGAINST_CONTROL = (
    ("prothrombin_time", "prothrombin_time_ratio", True),
    ("prothrombin_time", "prothrombin_time_prolongation", False),
    ("aptt", "aptt_prolongation", False),
)


def with_derived_neutrophils(records: Records, labs: ibis.Table) -> ibis.Table:
    """The results with a neutrophil count for each time that has leukocytes and a percentage, but no count."""
    engine = records.engine
    # What analytes a record has stands in the translation of its words; nothing is scanned for it.
    if not engine.rows("SELECT 1 FROM translation_unit WHERE analyte_name = 'neutrophil_percentage' LIMIT 1"):
        return labs
    percentages = labs.filter(labs.analyte == "neutrophil_percentage")
    counted = labs.filter(labs.analyte == "neutrophils").select(*_KEYS).distinct()
    wanted = percentages.anti_join(counted, _KEYS)
    leukocytes = (
        labs.filter(labs.analyte == "leukocytes")
        .group_by(*_KEYS)
        .aggregate(leukocytes_low=labs.value_low.min(), leukocytes_high=labs.value_high.max())
    )
    both = wanted.inner_join(leukocytes, _KEYS)
    made = both.mutate(
        analyte=ibis.literal("neutrophils"),
        analyte_number=ibis.literal(number_of_analyte("neutrophils"), "int16"),
        exact=(both.leukocytes_low == both.leukocytes_high) & both.exact,
        value_low=both.leukocytes_low * both.value_low / ibis.literal(100.0, "float64"),
        value_high=both.leukocytes_high * both.value_high / ibis.literal(100.0, "float64"),
        has_lower_limit=ibis.literal(False),
        has_upper_limit=ibis.literal(False),
        lower_limit=ibis.null("float64"),
        upper_limit=ibis.null("float64"),
    ).select(*COHORT_SCHEMAS["labs"])
    number = int(str(engine.rows(compile_sql(made.aggregate(n=made.count()), engine.dialect))[0][0]))
    if number:
        message = f"{number} neutrophil counts were made from leukocytes and percentage of the same sample."
        file = records.sources["labs"].file
        records.findings.add(Finding("derived_neutrophils", Severity.NOTE, "labs", message, count=number, file=file))
    return labs.union(made)


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
