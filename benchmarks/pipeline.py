"""The benchmark pipeline, made of carac's own pieces: the columns of the hand-written SQL, from expressions.

    python benchmarks/pipeline.py RECORDS OUT [--memory 4GB] [--threads 2]

Prints the same JSON as run_sql.py. Checks and findings are left out: the hand-written SQL has none.
"""

import argparse
import json
import resource
import time
from pathlib import Path

import ibis
import pyarrow as pa
from run_sql import BEGUN, BYTES_PER_MAXRSS, non_null_counts

from carac.cohort.grid import KEYS, carried, exposures, grid, labs_by_day, open_labs, patient_days, worst_of_day
from carac.cohort.infusions import cohort_infusions, parsed_infusions
from carac.cohort.labs import LabOptions, parsed_labs
from carac.cohort.tables import COHORT_SCHEMAS, cohort_table
from carac.definitions import all_definitions
from carac.engine.base import compile_sql
from carac.engine.duckdb_engine import DuckDB
from carac.grading.parameters import resolved
from carac.language.runs import joined_runs, longest_run
from carac.sources.folder import read_folder
from carac.vocabulary.types import Exposure, Laboratory, Scale, Worse

FIRST_DAY, LAST_DAY = -7, 52
NAMES = (
    "ctcae_v5_platelets",
    "ctcae_v5_neutrophils",
    "ctcae_v5_fibrinogen",
    "ctcae_v5_aptt",
    "isth_overt_dic_2025",
    "easix",
)
PARAMETERS = resolved({"isth_overt_dic_2025": {"carry_forward": 2, "inr_for_seconds": False}})
TOCILIZUMAB = Exposure("tocilizumab_within_14_days", ("tocilizumab",), days_after=14)
#: Inputs that no definition here reads, but the pipeline holds.
MORE = (
    Laboratory("haemoglobin", Worse.LOWER),
    Laboratory("inr", Worse.HIGHER),
    Laboratory("aptt", Worse.HIGHER),
    Laboratory("prothrombin_time", Worse.HIGHER),
    Laboratory("d_dimer", Worse.HIGHER),
    Laboratory("c_reactive_protein", Worse.HIGHER),
    Laboratory("ferritin", Worse.HIGHER),
)


def run(records: Path, out: Path, engine: DuckDB) -> None:
    """Read, grade, and write days.parquet and patients.parquet."""
    _read(records, engine)
    engine.load("day_numbers", pa.table({"day": pa.array(range(FIRST_DAY, LAST_DAY + 1), pa.int32())}))
    days = day_expression()
    engine.write_parquet(compile_sql(days, engine.dialect), out / "days.parquet")
    engine.read_parquet("days", out / "days.parquet")
    patients = patient_expression(ibis.table(days.schema(), name="days"))
    engine.write_parquet(compile_sql(patients, engine.dialect), out / "patients.parquet")


def _read(records: Path, engine: DuckDB) -> None:
    read = read_folder(engine, records)
    parameters = resolved({"grid": {"days_before": 2, "last_day": LAST_DAY}})
    infusions = cohort_infusions(parsed_infusions(engine, read.sources["infusions"]), parameters.scope("grid"))
    engine.create(
        "infusions", compile_sql(infusions.mutate(first_day=ibis.literal(FIRST_DAY, "int32")), engine.dialect)
    )
    labs = parsed_labs(engine, read.sources["labs"], LabOptions(keep_implausible=True))
    labs = labs.filter(labs.usable).select(*COHORT_SCHEMAS["labs"])
    engine.create("labs", compile_sql(labs, engine.dialect), view=True)
    engine.create("labs_open", compile_sql(open_labs(cohort_table("labs")), engine.dialect), view=True)
    given = read.sources["treatments"].expression()
    keyed = cohort_table("infusions").select(*KEYS, "infusion_date")
    placed = given.inner_join(keyed, "patient_id")
    start = placed.start.date().delta(placed.infusion_date, unit="day").cast("int32")
    end = placed.end.date().delta(placed.infusion_date, unit="day").cast("int32")
    none = {name: ibis.null("string") for name in ("agent_class", "intent", "event_id")}
    courses = placed.select(*KEYS, "agent", **none, start_day=start, end_day=ibis.coalesce(end, start))
    engine.create("treatments", compile_sql(courses, engine.dialect))


def day_expression() -> ibis.Table:
    """The patient-days with inputs and grades, in the columns of the hand-written SQL."""
    definitions = [all_definitions()[name] for name in NAMES]
    inputs = [i for d in definitions for i in d.inputs_with(PARAMETERS.scope(d.name)) if isinstance(i, Laboratory)]
    inputs = list(dict.fromkeys([*(i.uncarried for i in inputs), *inputs, *MORE]))
    plain = [i for i in inputs if not i.carry]
    infusions, numbers = cohort_table("infusions"), ibis.table({"day": "int32"}, name="day_numbers")
    rows, open_rows = (
        labs_by_day(ibis.table(COHORT_SCHEMAS["labs"], name=name), infusions, False) for name in ("labs", "labs_open")
    )
    worst = worst_of_day(rows, open_rows, plain)
    exposed = exposures(cohort_table("treatments"), infusions, numbers, [TOCILIZUMAB])
    days = patient_days(grid(infusions, numbers), worst, exposed, [*plain, TOCILIZUMAB])
    days = carried(days, inputs)
    layers = [d.layers(PARAMETERS.scope(d.name)) for d in definitions if d.layers is not None]
    for place in range(max(len(own) for own in layers)):
        columns = {}
        for own in layers:
            if place < len(own):
                columns |= own[place](days)
        days = days.mutate(**columns)
    return days.select(*_columns(plain))


def _columns(plain: list[Laboratory]) -> list[str]:
    values = [
        c for i in plain if (i.analyte, i.scale) != ("neutrophils", Scale.BY_LOWER_LIMIT) for c in (i.low, i.high)
    ]
    items = [
        f"isth_overt_dic_2025__{item}__{end}"
        for item in ("platelets", "d_dimer", "prothrombin_time", "fibrinogen")
        for end in ("lowest", "highest")
    ]
    grades = [name + end for name in NAMES if name != "easix" for end in ("", "__lowest", "__highest")]
    return [*KEYS, "day", *values, *grades, *items, "easix", TOCILIZUMAB.name]


def patient_expression(days: ibis.Table) -> ibis.Table:
    """Per infusion: nadir of platelets and its day, first day below 50, recovery, longest run below 50."""
    low, high = days.platelets_lowest__from, days.platelets_lowest__to
    measured = days.filter(high.notnull()).select(*KEYS, "day", low=low, high=high, below=high < 50.0)
    depth = ibis.struct({"high": measured.high, "day": measured.day})
    nadirs = measured.group_by(*KEYS).aggregate(
        platelets_nadir__from=measured.low.min(),
        platelets_nadir__to=measured.high.min(),
        platelets_nadir_day=measured.day.argmin(depth),
        platelets_below_50_onset_day=measured.day.min(where=measured.below),
    )
    after = measured.inner_join(nadirs.select(*KEYS, "platelets_nadir_day"), list(KEYS))
    after = after.filter(after.low >= 50.0, after.day > after.platelets_nadir_day)
    recovered = after.group_by(*KEYS).aggregate(platelets_50_recovery_day=after.day.min())
    low_days = measured.filter(measured.below).select(*KEYS, "day", flag=ibis.literal(True))
    runs = joined_runs(low_days, list(KEYS), "day", ["flag"], 2)
    longest = runs.group_by(*KEYS).aggregate(length=longest_run(runs, "day", "flag"))
    patients = days.select(*KEYS).distinct()
    for part in (nadirs, recovered, longest):
        joined = patients.left_join(part, list(KEYS))
        patients = joined.drop(*[c for c in joined.columns if c.endswith("_right")])
    length = patients.platelets_nadir_day.notnull().ifelse(ibis.coalesce(patients.length, 0), ibis.null("int64"))
    return patients.mutate(platelets_below_50_longest_run=length).drop("length")


def main() -> None:
    parser = argparse.ArgumentParser(description="Run the benchmark pipeline of carac and print its cost as JSON.")
    parser.add_argument("records", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--memory", default="4GB")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with DuckDB(arguments.memory, arguments.out / "spill", arguments.threads) as engine:
        run(arguments.records, arguments.out, engine)
        wall, usage = time.perf_counter() - BEGUN, resource.getrusage(resource.RUSAGE_SELF)
        cost = {
            "file": "carac",
            "records": arguments.records.name,
            "wall_seconds": round(wall, 2),
            "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
            "peak_memory_megabytes": round(usage.ru_maxrss * BYTES_PER_MAXRSS / 1e6),
            "non_null": {
                name: non_null_counts(engine.connection, arguments.out / name)
                for name in ("days.parquet", "patients.parquet")
            },
        }
    print(json.dumps(cost, indent=2))


if __name__ == "__main__":
    main()
