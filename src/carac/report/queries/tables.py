"""The three tables that every other query of a report reads: days, values and infusions; made once per report."""

from __future__ import annotations

import ibis

from carac.cohort.grid import SCOPE, labs_by_day
from carac.cohort.tables import COHORT_SCHEMAS, cohort_table
from carac.engine.base import compile_sql
from carac.grading.run import Graded
from carac.vocabulary.types import Exposure, Grain

#: Analytes whose course a report can show, and whether the lowest or the highest value of a day counts.
LOWEST = ("platelets", "neutrophils", "haemoglobin", "fibrinogen", "lymphocytes", "leukocytes", "albumin")
HIGHEST = (
    *("d_dimer", "inr", "aptt", "prothrombin_time", "ferritin", "c_reactive_protein", "lactate_dehydrogenase"),
    *("creatinine", "interleukin_6", "fibrin_degradation_products", "alanine_aminotransferase", "bilirubin"),
    *("aspartate_aminotransferase", "triglycerides"),
)
#: Indices of the patient-day that have a course, as laboratory values have one.
INDICES = ("easix", "m_easix", "s_easix")


def make_days(graded: Graded) -> None:
    """``report_days``: the patient-days with their grades, bounds, readings and exposures, as a table."""
    exposures = [i.name for i in graded.plan.inputs if isinstance(i, Exposure)]
    made = [d.name + o.suffix for d in graded.plan.of_grain(Grain.DAY) for o in d.outputs if not o.item]
    columns = ["patient_id", "infusion_number", "day", *exposures, *made]
    names = ", ".join(f'"{name}"' for name in dict.fromkeys(columns))
    graded.engine.create("report_days", f"SELECT {names} FROM patient_days_full")


def make_values(graded: Graded) -> None:
    """``report_values``: per infusion, day and analyte the value that counts, as an interval and as one number.

    A result beyond the range of measurement counts at its limit; of another interval the middle counts.
    """
    from_infusion = bool(graded.parameters.get(SCOPE, "day_0_from_infusion"))
    labs = ibis.table(COHORT_SCHEMAS["labs"], name="labs")
    rows = labs_by_day(labs, cohort_table("infusions"), from_infusion)
    rows = rows.filter(rows.analyte.isin([*LOWEST, *HIGHEST]))
    low = rows.analyte.isin(LOWEST)
    ends = rows.group_by("patient_id", "infusion_number", "day", "analyte").agg(
        low=low.ifelse(rows.value_low, -rows.value_low).min(),
        high=low.ifelse(rows.value_high, -rows.value_high).min(),
    )
    higher = ends.analyte.isin(HIGHEST)
    worst = ends.mutate(low=higher.ifelse(-ends.low, ends.low), high=higher.ifelse(-ends.high, ends.high))
    graded.engine.create("report_values_measured", compile_sql(worst, graded.engine.dialect))
    graded.engine.create("report_values", _with_indices(graded))


def _with_indices(graded: Graded) -> str:
    """The measured values and the indices, each with the one number that it counts as."""
    days = {d.name for d in graded.plan.of_grain(Grain.DAY)}
    parts = ["SELECT patient_id, infusion_number, day, analyte, low, high FROM report_values_measured"]
    parts += [
        f"SELECT patient_id, infusion_number, day, '{name}', {name}__lowest, {name}__highest FROM report_days"
        f" WHERE {name}__lowest IS NOT NULL AND {name}__highest < 1e300"
        for name in INDICES
        if name in days
    ]
    number = "CASE WHEN high > 1e300 THEN low WHEN low <= 0 AND high > 0 THEN high ELSE (low + high) / 2 END"
    return f"SELECT *, {number} AS value FROM ({' UNION ALL '.join(parts)}) AS values_of_days"


def make_infusions(graded: Graded, worst_until: int) -> None:
    """``report_infusions``: the infusions with their grades, worst CRS and ICANS grade, and last observed day."""
    peaks = {"crs_peak": "astct_crs", "icans_peak": "astct_icans"}
    days = {d.name for d in graded.plan.of_grain(Grain.DAY)}
    worst = ", ".join(
        f"max({name}) AS {peak}" if name in days else f"CAST(NULL AS INTEGER) AS {peak}" for peak, name in peaks.items()
    )
    keys = "patient_id, infusion_number"
    sql = (
        f"WITH worst AS (SELECT {keys}, {worst} FROM report_days WHERE day BETWEEN 0 AND {worst_until}"
        f" GROUP BY {keys}), results AS ({graded.sql(Grain.INFUSION, ordered=False)})"
        f" SELECT results.*, worst.crs_peak, worst.icans_peak, least(death_day, follow_up_end_day) AS last_seen_day"
        f" FROM results LEFT JOIN worst ON results.patient_id = worst.patient_id"
        f" AND results.infusion_number = worst.infusion_number"
    )
    graded.engine.create("report_infusions", sql)
