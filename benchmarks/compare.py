"""Compare two Parquet files column by column and print how many values differ.

    python benchmarks/compare.py A.parquet B.parquet [--tolerance 1e-9]

Rows are matched by patient_id, infusion_number and, where both have it, day. Two numbers are equal if they differ by no
more than the relative tolerance; null equals only null. The exit code is 0 where everything agrees, 1 where a row or a
value differs or a key is repeated, 2 where the files have no key in common. Columns that one file alone has are named
but are no difference, unless --strict is given.
"""

import argparse
import sys
from pathlib import Path

import duckdb

KEYS = ("patient_id", "infusion_number", "day")
NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
EXAMPLES = 3


def named(column: str) -> str:
    """A column name in quotes."""
    return '"' + column.replace('"', '""') + '"'


def columns(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """The columns of a relation and their types."""
    return {str(row[0]): str(row[1]) for row in connection.execute(f"DESCRIBE FROM {relation}").fetchall()}


def is_number(kind: str) -> bool:
    """Whether a DuckDB type is a number."""
    return kind in NUMBERS or kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL")


def differs(column: str, left: str, right: str, tolerance: float) -> str:
    """The SQL condition that the two sides differ. Infinity equals itself; a null differs from every value."""
    a, b = f"a.{named(column)}", f"b.{named(column)}"
    if is_number(left) and is_number(right):
        a, b = f"{a}::DOUBLE", f"{b}::DOUBLE"
        near = (
            f"({a} = {b} OR (isfinite({a}) AND isfinite({b}) AND "
            f"abs({a} - {b}) <= {tolerance!r} * greatest(abs({a}), abs({b}))))"
        )
        return f"(({a} IS NULL) <> ({b} IS NULL) OR NOT coalesce({near}, TRUE))"
    return f"{a} IS DISTINCT FROM {b}"


def row_differences(connection: duckdb.DuckDBPyConnection, key: str) -> int:
    """Print and count the rows with a repeated key, and those that only one of the views a and b has."""
    wrong = 0
    for name in ("a", "b"):
        query = f"SELECT count(*), count(DISTINCT ({key})) FROM {name}"
        rows, distinct = connection.execute(query).fetchone() or (0, 0)
        print(f"{name}: {rows} rows, {rows - distinct} of them with a repeated key")
        wrong += rows - distinct
    for name, other in (("a", "b"), ("b", "a")):
        query = f"SELECT count(*) FROM {name} ANTI JOIN {other} USING ({key})"
        alone = (connection.execute(query).fetchone() or (0,))[0]
        print(f"rows only in {name}: {alone}")
        wrong += alone
    return wrong


def compare(left: Path, right: Path, tolerance: float, strict: bool) -> int:
    """Print the differences of two files and give back the exit code."""
    with duckdb.connect(config={"memory_limit": "4GB"}) as connection:
        for name, path in (("a", left), ("b", right)):
            source = str(path).replace("'", "''")
            connection.execute(f"CREATE VIEW {name} AS FROM read_parquet('{source}')")
        in_a, in_b = columns(connection, "a"), columns(connection, "b")
        keys = [key for key in KEYS if key in in_a and key in in_b]
        if not keys:
            print(f"no key in common: none of {', '.join(KEYS)} is in both files")
            return 2
        key = ", ".join(named(k) for k in keys)
        wrong = row_differences(connection, key)
        for name, mine, others in (("a", in_a, in_b), ("b", in_b, in_a)):
            missing = sorted(set(mine) - set(others))
            if missing:
                print(f"columns only in {name}: {', '.join(missing)}")
                wrong += len(missing) if strict else 0
        shared = [column for column in in_a if column in in_b and column not in keys]
        conditions = {column: differs(column, in_a[column], in_b[column], tolerance) for column in shared}
        joined = "a JOIN b ON " + " AND ".join(f"a.{named(k)} IS NOT DISTINCT FROM b.{named(k)}" for k in keys)
        if shared:
            sums = ", ".join(f"count(*) FILTER ({condition})" for condition in conditions.values())
            counts = connection.execute(f"SELECT {sums} FROM {joined}").fetchone() or ()
            for column, count in zip(shared, counts, strict=True):
                if count:
                    wrong += count
                    print(f"{column}: {count} values differ")
                    shown = ", ".join([*(f"a.{named(k)}" for k in keys), f"a.{named(column)}", f"b.{named(column)}"])
                    sample = f"SELECT {shown} FROM {joined} WHERE {conditions[column]} LIMIT {EXAMPLES}"
                    for row in connection.execute(sample).fetchall():
                        print("   ", *row)
        print(f"{len(shared)} columns compared, {wrong} differences")
        return 1 if wrong else 0


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare two Parquet files column by column.")
    parser.add_argument("left", type=Path, metavar="A.parquet")
    parser.add_argument("right", type=Path, metavar="B.parquet")
    parser.add_argument("--tolerance", type=float, default=1e-9, help="relative tolerance (default 1e-9)")
    parser.add_argument("--strict", action="store_true", help="a column that one file alone has is a difference")
    arguments = parser.parse_args()
    sys.exit(compare(arguments.left, arguments.right, arguments.tolerance, arguments.strict))


if __name__ == "__main__":
    main()
