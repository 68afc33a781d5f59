"""Neutrophils from leukocytes and their percentage, where a record has no absolute count (catalogue, section 11.1)."""

from __future__ import annotations

import ibis

from carac.cohort.records import Records
from carac.cohort.tables import COHORT_SCHEMAS
from carac.engine.base import compile_sql
from carac.findings import Finding, Severity
from carac.vocabulary.analytes import number_of_analyte

_KEYS = ["patient_id", "time"]


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
