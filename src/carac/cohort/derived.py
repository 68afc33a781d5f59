"""Neutrophils where a record has no absolute count: from leukocytes and percentage, or as at most the leukocytes.

Source: catalogue, sections 11.1 and 11.3 (P21).
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.cohort.records import Records
from carac.cohort.tables import COHORT_SCHEMAS
from carac.engine.base import compile_sql
from carac.findings import Finding, Severity
from carac.vocabulary.analytes import number_of_analyte

_KEYS = ["patient_id", "time"]
#: Relative widening that keeps a printed tie a tie (catalogue, section 0).
_TIE = 1e-9


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
    made = _neutrophils(
        both,
        exact=(both.leukocytes_low == both.leukocytes_high) & both.exact,
        low=both.leukocytes_low * both.value_low / ibis.literal(100.0, "float64"),
        high=both.leukocytes_high * both.value_high / ibis.literal(100.0, "float64"),
    )
    return _added(records, labs, made, "neutrophil counts were made from leukocytes and percentage of the same sample.")


def with_neutrophils_below_leukocytes(records: Records, labs: ibis.Table, few_up_to: float) -> ibis.Table:
    """The results with neutrophils between 0 and the leukocytes, for each date without count and with few leukocytes.

    Parameters
    ----------
    few_up_to: leukocytes (10^9/L) up to which laboratories report no differential.
    """
    most = ibis.literal(few_up_to * (1 + _TIE), "float64")
    dated = labs.mutate(date=labs.time.date())
    counted = dated.filter(dated.analyte == "neutrophils").select("patient_id", "date").distinct()
    few = dated.filter(dated.analyte == "leukocytes", dated.value_high <= most)
    few = few.anti_join(counted, ["patient_id", "date"])
    made = _neutrophils(few, ibis.literal(False), ibis.literal(0.0, "float64"), few.value_high)
    return _added(records, labs, made, "neutrophil counts were taken to lie between 0 and the leukocytes.")


def _neutrophils(rows: ibis.Table, exact: ir.BooleanValue, low: ir.FloatingValue, high: ir.FloatingValue) -> ibis.Table:
    """The rows as neutrophil counts without limits of normal."""
    return rows.mutate(
        analyte=ibis.literal("neutrophils"),
        analyte_number=ibis.literal(number_of_analyte("neutrophils"), "int16"),
        exact=exact,
        value_low=low,
        value_high=high,
        has_lower_limit=ibis.literal(False),
        has_upper_limit=ibis.literal(False),
        lower_limit=ibis.null("float64"),
        upper_limit=ibis.null("float64"),
    ).select(*COHORT_SCHEMAS["labs"])


def _added(records: Records, labs: ibis.Table, made: ibis.Table, what: str) -> ibis.Table:
    """The results and those that were made, with a finding that counts them."""
    engine = records.engine
    number = int(str(engine.rows(compile_sql(made.aggregate(n=made.count()), engine.dialect))[0][0]))
    if number:
        message, file = f"{number} {what}", records.sources["labs"].file
        records.findings.add(Finding("derived_neutrophils", Severity.NOTE, "labs", message, count=number, file=file))
    return labs.union(made)
