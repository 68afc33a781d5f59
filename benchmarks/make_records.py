"""Write a made-up folder of records of any size, for the benchmarks only.

    python benchmarks/make_records.py N_PATIENTS OUT_DIR

The folder has carac's table layout as Parquet: infusions, labs (720 rows per patient on average: 1,400 patients are one
million rows, 100,000 are 72 million) and treatments. Every number comes from the hash of a patient, day, analyte and
draw, so the same DuckDB version writes the same records; no value here is meant to resemble a published one.
"""

import argparse
import time
from pathlib import Path

import duckdb

FIRST_DAY, LAST_DAY = -7, 52
DAYS = LAST_DAY - FIRST_DAY + 1
MOST_DRAWS_PER_DAY = 2

# 0.92 of the days have blood taken, 0.924 of the analytes then have a result (together 15 % missing), and 0.1765 of the
# days have a second draw: 0.92 * 0.924 * 1.1765 * 60 days * 12 analytes = 720 rows per patient.
DAY_TAKEN, ANALYTE_TAKEN, SECOND_DRAW = 0.92, 0.924, 0.1765
WITH_COMPARATOR = 0.005
# Most rows of a patient are in one unit; some are in the other, so that one day can hold both.
PATIENT_IN_OTHER_UNIT, ROW_IN_OTHER_UNIT = 0.3, 0.02
# Some sites export no limits of normal.
PATIENT_WITHOUT_LIMITS = 0.02
WITH_TOCILIZUMAB, WITH_SECOND_TOCILIZUMAB = 0.5, 0.4

# number, analyte, canonical unit, decimals, other unit or null, factor to the other unit, decimals in it,
# value before infusion, factor at the worst day when mild and when severe, worst day, limits of normal (canonical unit)
ANALYTES = """
    (0, 'platelets', '10^9/L', 0, '/uL', 1000.0, -3, 170.0, 0.5, 0.04, 9, 150.0, 400.0),
    (1, 'neutrophils', '10^9/L', 2, NULL, 1.0, 2, 3.5, 0.3, 0.01, 6, 1.8, 7.5),
    (2, 'haemoglobin', 'g/dL', 1, 'g/L', 10.0, 0, 11.0, 0.95, 0.6, 8, 12.0, 16.0),
    (3, 'fibrinogen', 'g/L', 2, 'mg/dL', 100.0, 0, 3.8, 1.0, 0.12, 14, 2.0, 4.0),
    (4, 'd_dimer', 'mg/L{FEU}', 2, 'ng/mL{FEU}', 1000.0, -1, 0.6, 1.5, 30.0, 8, NULL, 0.5),
    (5, 'prothrombin_time', 's', 1, NULL, 1.0, 1, 12.5, 1.02, 1.9, 8, 10.0, 14.0),
    (6, 'inr', NULL, 2, NULL, 1.0, 2, 1.05, 1.02, 1.9, 8, 0.9, 1.2),
    (7, 'aptt', 's', 0, NULL, 1.0, 0, 30.0, 1.05, 2.8, 8, 25.0, 36.0),
    (8, 'lactate_dehydrogenase', 'U/L', 0, NULL, 1.0, 0, 220.0, 1.1, 6.0, 8, 135.0, 225.0),
    (9, 'creatinine', 'mg/dL', 2, 'umol/L', 88.4, 0, 0.85, 1.0, 2.5, 9, 0.6, 1.2),
    (10, 'c_reactive_protein', 'mg/L', 0, 'mg/dL', 0.1, 1, 6.0, 3.0, 40.0, 5, NULL, 5.0),
    (11, 'ferritin', 'ug/L', 0, NULL, 1.0, 0, 400.0, 1.5, 60.0, 9, 30.0, 300.0)
"""
ANALYTE_COUNT = 12
ROWS_OFFERED = DAYS * MOST_DRAWS_PER_DAY * ANALYTE_COUNT

# The top 53 bits of the hash as a number from 0 up to, not including, 1. Hashed twice, because the hash of several
# arguments is a combination by exclusive or, which leaves draws for two purposes dependent.
PREPARE = f"""
    CREATE MACRO uniform(a, b, c, purpose) AS (hash(hash(a, b, c, purpose)) >> 11)::DOUBLE * {2.0**-53!r};
    CREATE TEMP TABLE analytes AS SELECT * FROM (VALUES {ANALYTES}) t(
        number, analyte, unit, decimals, other_unit, factor, other_decimals, usual, mild, severe, worst_day,
        lower, upper);
    CREATE TEMP TABLE patients AS
    SELECT i::BIGINT AS i,
           'P' || lpad(i::VARCHAR, 7, '0') AS patient_id,
           TIMESTAMP '2018-01-01' + to_days((hash(hash(i, 'date')) % 2500)::INTEGER)
               + to_minutes((480 + hash(hash(i, 'minute')) % 600)::BIGINT) AS infusion_time,
           (uniform(i, 0, 0, 'severity') ** 2)::DOUBLE AS severity,
           uniform(i, 0, 0, 'limits') >= {PATIENT_WITHOUT_LIMITS} AS has_limits
    FROM range(getvariable('patients')) r(i);
"""

INFUSIONS = """
    SELECT patient_id, 1::BIGINT AS infusion_number, infusion_time,
           ['axicabtagene_ciloleucel', 'tisagenlecleucel', 'lisocabtagene_maraleucel', 'idecabtagene_vicleucel',
            'ciltacabtagene_autoleucel'][(1 + hash(hash(i, 'product')) % 5)::INTEGER] AS product,
           (20 + hash(hash(i, 'age')) % 60)::DOUBLE AS age,
           CASE WHEN hash(hash(i, 'sex')) % 5 < 3 THEN 'male' ELSE 'female' END AS sex,
           infusion_time - INTERVAL 5 DAY AS lymphodepletion_start
    FROM patients ORDER BY i
"""

# One row per patient, day, draw and analyte in that order, as a laboratory system exports them; what was not taken is
# left out before anything is computed.
LABS = f"""
    WITH offered AS (
        SELECT r // {ROWS_OFFERED} AS i,
               (r // {MOST_DRAWS_PER_DAY * ANALYTE_COUNT}) % {DAYS} + ({FIRST_DAY}) AS day,
               (r // {ANALYTE_COUNT}) % {MOST_DRAWS_PER_DAY} AS draw,
               r % {ANALYTE_COUNT} AS number
        FROM range(getvariable('patients') * {ROWS_OFFERED}) rows(r)
    ), taken AS (
        SELECT * FROM offered
        WHERE uniform(i, day, 0, 'day') < {DAY_TAKEN}
          AND (draw = 0 OR uniform(i, day, 0, 'second') < {SECOND_DRAW})
          AND uniform(i, day, number, 'analyte') < {ANALYTE_TAKEN}
    ), drawn AS (
        SELECT taken.day, taken.draw, patients.*, analytes.*,
               other_unit IS NOT NULL AND (uniform(taken.i, taken.number, 0, 'unit') < {PATIENT_IN_OTHER_UNIT}
                   OR uniform(taken.i, day * 2 + draw, taken.number, 'row_unit') < {ROW_IN_OTHER_UNIT}) AS in_other,
               0.75 * severity + 0.25 * uniform(taken.i, taken.number, 0, 'course') AS course,
               greatest(0.0, 1.0 - abs(taken.day - worst_day)
                   / (CASE WHEN taken.day < worst_day THEN worst_day + 4.0
                           ELSE 12.0 + 40.0 * uniform(taken.i, taken.number, 0, 'recovery') END)) AS depth,
               0.7 * (uniform(taken.i, taken.number, 0, 'person') - 0.5)
                   + 0.3 * (uniform(taken.i, day * 2 + draw, taken.number, 'noise') - 0.5) AS deviation,
               uniform(taken.i, day * 2 + draw, taken.number, 'comparator') AS comparator
        FROM taken JOIN patients ON taken.i = patients.i JOIN analytes ON taken.number = analytes.number
    ), valued AS (
        SELECT *,
               -- people differ less in clotting times than in counts
               usual * exp(deviation * (CASE WHEN number IN (2, 5, 6, 7) THEN 0.25 ELSE 1.0 END))
                   * (mild * (severe / mild) ** course) ** depth AS canonical
        FROM drawn
    ), reported AS (
        SELECT *, CASE WHEN in_other THEN round(canonical * factor, other_decimals)
                       ELSE round(canonical, decimals) END AS value
        FROM valued
    )
    SELECT patient_id,
           infusion_time::DATE + to_days(day::INTEGER) + to_minutes((360 + draw * 600 + hash(i, day) % 120)::BIGINT)
               AS time,
           analyte,
           CASE WHEN comparator < {WITH_COMPARATOR / 2} THEN 0.0
                WHEN comparator < {WITH_COMPARATOR} THEN value * (1 + 1e-6) ELSE value END AS value_low,
           CASE WHEN comparator < {WITH_COMPARATOR / 2} THEN value * (1 - 1e-6)
                WHEN comparator < {WITH_COMPARATOR} THEN 'infinity'::DOUBLE ELSE value END AS value_high,
           CASE WHEN in_other THEN other_unit ELSE unit END AS unit,
           CASE WHEN has_limits THEN CASE WHEN in_other THEN round(lower * factor, 6) ELSE lower END END::DOUBLE
               AS lower_limit,
           CASE WHEN has_limits THEN CASE WHEN in_other THEN round(upper * factor, 6) ELSE upper END END::DOUBLE
               AS upper_limit,
           'final' AS status
    FROM reported
"""

TREATMENTS = f"""
    SELECT patient_id, given AS start, given + INTERVAL 1 HOUR AS "end", 'tocilizumab' AS agent
    FROM (
        SELECT i, patient_id, dose,
               infusion_time::DATE + to_days((1 + hash(hash(i, 'dose')) % 9 + dose)::INTEGER) + INTERVAL 14 HOUR
                   AS given
        FROM patients, range(2) doses(dose)
        WHERE uniform(i, 0, 0, 'tocilizumab') < {WITH_TOCILIZUMAB}
          AND (dose = 0 OR uniform(i, 1, 0, 'tocilizumab') < {WITH_SECOND_TOCILIZUMAB})
    ) ORDER BY i, dose
"""


def make_records(patients: int, folder: Path, memory: str = "2GB", threads: int = 2) -> int:
    """Write the records of so many patients into the folder and give back the number of laboratory rows.

    DuckDB streams the rows into the file, so memory stays below `memory` plus one row group per thread at any size.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(config={"memory_limit": memory, "threads": threads}) as connection:
        connection.execute("SET VARIABLE patients = ?::BIGINT", [patients])
        connection.execute(PREPARE)
        for name, query in (("infusions", INFUSIONS), ("treatments", TREATMENTS), ("labs", LABS)):
            target = str(folder / f"{name}.parquet").replace("'", "''")
            connection.execute(f"COPY ({query}) TO '{target}' (FORMAT parquet)")
        row = connection.execute("SELECT count(*) FROM read_parquet(?)", [str(folder / "labs.parquet")]).fetchone()
    return int(row[0]) if row else 0


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a made-up folder of records for the benchmarks.")
    parser.add_argument("patients", type=int, metavar="N_PATIENTS")
    parser.add_argument("folder", type=Path, metavar="OUT_DIR")
    parser.add_argument("--memory", default="2GB", help="memory limit of DuckDB (default 2GB)")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    if arguments.patients < 1:
        parser.error(f"N_PATIENTS must be at least 1, not {arguments.patients}")
    begun = time.perf_counter()
    rows = make_records(arguments.patients, arguments.folder, arguments.memory, arguments.threads)
    print(f"{arguments.patients} patients, {rows} laboratory rows, {time.perf_counter() - begun:.1f} s")


if __name__ == "__main__":
    main()
