"""Run one of the SQL files here as a process of its own and print what it cost, as JSON.

    python benchmarks/run_sql.py FILE RECORDS OUT [--memory 4GB] [--threads 2]

In the file, {records} stands for the folder of records and {out} for the folder of results. Wall time, CPU seconds
(user and system) and peak resident memory are those of this process up to the end of the SQL, so that starting Python
and DuckDB counts; the columns are counted afterwards.
"""

import argparse
import json
import resource
import sys
import time
from pathlib import Path

import duckdb

BEGUN = time.perf_counter()
# ru_maxrss is in kilobytes, on macOS in bytes.
BYTES_PER_MAXRSS = 1 if sys.platform == "darwin" else 1024


def quoted(path: Path) -> str:
    """A path as it may stand inside a quoted SQL text."""
    return str(path).replace("'", "''")


def non_null_counts(connection: duckdb.DuckDBPyConnection, file: Path) -> dict[str, int]:
    """How many values that are not null each column of a Parquet file holds; `rows` is the number of rows."""
    source = f"read_parquet('{quoted(file)}')"
    names = [str(row[0]) for row in connection.execute(f"DESCRIBE FROM {source}").fetchall()]
    counted = ", ".join('count("' + name.replace('"', '""') + '")' for name in names)
    row = connection.execute(f"SELECT count(*), {counted} FROM {source}").fetchone()
    return {} if row is None else dict(zip(["rows", *names], row, strict=True))


def run_sql(file: Path, records: Path, out: Path, memory: str, threads: int) -> dict[str, object]:
    """Run the file and give back its cost and, per Parquet file it wrote, the non-null counts of the columns."""
    out.mkdir(parents=True, exist_ok=True)
    statements = file.read_text(encoding="utf-8")
    statements = statements.replace("{records}", quoted(records)).replace("{out}", quoted(out))
    spill = out / "spill"
    with duckdb.connect(
        config={"memory_limit": memory, "threads": threads, "temp_directory": str(spill)}
    ) as connection:
        started = time.time()
        connection.execute(statements)
        wall = time.perf_counter() - BEGUN
        usage = resource.getrusage(resource.RUSAGE_SELF)
        written = sorted(path for path in out.glob("*.parquet") if path.stat().st_mtime >= started - 1)
        return {
            "file": file.name,
            "records": records.name,
            "duckdb": duckdb.__version__,
            "memory_limit": memory,
            "threads": threads,
            "wall_seconds": round(wall, 2),
            "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
            "user_seconds": round(usage.ru_utime, 2),
            "system_seconds": round(usage.ru_stime, 2),
            "peak_memory_megabytes": round(usage.ru_maxrss * BYTES_PER_MAXRSS / 1e6),
            "non_null": {path.name: non_null_counts(connection, path) for path in written},
        }


def main() -> None:
    parser = argparse.ArgumentParser(description="Run one SQL file and print its cost as JSON.")
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("records", type=Path, metavar="RECORDS")
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--memory", default="4GB", help="memory limit of DuckDB (default 4GB)")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    cost = run_sql(arguments.file, arguments.records, arguments.out, arguments.memory, arguments.threads)
    print(json.dumps(cost, indent=2))


if __name__ == "__main__":
    main()
