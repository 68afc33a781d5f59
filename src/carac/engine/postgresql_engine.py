"""PostgreSQL: where a registry keeps its records in a warehouse of its own."""

from __future__ import annotations

import io
from types import TracebackType

import psycopg
import pyarrow as pa
import pyarrow.csv
from psycopg import sql as build

_TYPES = {
    "string": "text",
    "large_string": "text",
    "double": "double precision",
    "float": "real",
    "int64": "bigint",
    "int32": "integer",
    "int16": "smallint",
    "int8": "smallint",
    "bool": "boolean",
    "timestamp[us]": "timestamp",
    "date32[day]": "date",
    "null": "text",
}
#: Types of PostgreSQL by number. Sums of integers come back as numeric.
_ARROW: dict[int, pa.DataType] = {
    16: pa.bool_(),
    20: pa.int64(),
    21: pa.int16(),
    23: pa.int32(),
    700: pa.float32(),
    701: pa.float64(),
    1700: pa.float64(),
    1082: pa.date32(),
    1114: pa.timestamp("us"),
}


class PostgreSQL:
    """A PostgreSQL session that works in a schema of its own.

    Parameters
    ----------
    address: connection string of libpq.
    schema: schema to work in; made if absent, dropped on `close`.
    """

    dialect = "postgres"
    plans_deep = False

    def __init__(self, address: str, schema: str = "carac") -> None:
        self.connection = psycopg.connect(address, autocommit=True)
        self.schema = schema
        name = build.Identifier(schema)
        # One notice for every table that goes with the schema helps nobody.
        self.connection.execute("SET client_min_messages TO warning")
        self.connection.execute(build.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(name))
        self.connection.execute(build.SQL("CREATE SCHEMA {}").format(name))
        self.connection.execute(build.SQL("SET search_path TO {}").format(name))
        # Compiling expressions this long to machine code costs more than it saves.
        self.connection.execute("SET jit TO off")
        # After several filters it guesses one row where there are thousands, and would go through all of them for each.
        self.connection.execute("SET enable_nestloop TO off")

    def __enter__(self) -> PostgreSQL:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop the schema and end the session."""
        self.connection.execute(build.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(build.Identifier(self.schema)))
        self.connection.close()

    def load(self, name: str, rows: pa.Table) -> None:
        """Make a table of these rows."""
        self._drop(name)
        columns = ", ".join(f'"{field.name}" {_TYPES[str(field.type)]}' for field in rows.schema)
        self.connection.execute(f'CREATE TABLE "{name}" ({columns})'.encode())
        # As CSV, null is nothing and an empty text is "": both arrive as they left.
        with self.connection.cursor() as cursor:
            with cursor.copy(f'COPY "{name}" FROM STDIN (FORMAT csv)'.encode()) as copy:
                for batch in rows.to_batches():
                    copy.write(_as_csv(batch))
            # A new table has no statistics yet, and every query that follows joins it.
            cursor.execute(f'ANALYZE "{name}"'.encode())

    def create(self, name: str, sql: str, view: bool = False) -> None:
        """Make a table, or a view, of a query."""
        self._drop(name)
        self.connection.execute(f'CREATE {"VIEW" if view else "TABLE"} "{name}" AS {sql}'.encode())
        if not view:
            self.connection.execute(f'ANALYZE "{name}"'.encode())

    def _drop(self, name: str) -> None:
        found = self.connection.execute(
            "SELECT table_type FROM information_schema.tables WHERE table_schema = %s AND table_name = %s",
            (self.schema, name),
        ).fetchone()
        if found:
            kind = "VIEW" if found[0] == "VIEW" else "TABLE"
            self.connection.execute(f'DROP {kind} "{name}" CASCADE'.encode())

    def fetch(self, sql: str) -> pa.Table:
        """The rows of a query, with the types that the query has."""
        columns = self.connection.execute(f"SELECT * FROM ({sql}) AS wanted LIMIT 0".encode()).description or []
        types = {column.name: _ARROW.get(column.type_code, pa.string()) for column in columns}
        text = io.BytesIO()
        with self.connection.cursor() as cursor, cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv)".encode()) as copy:
            for block in copy:
                text.write(block)
        if not text.tell():
            return pa.schema(list(types.items())).empty_table()
        text.seek(0)
        return pyarrow.csv.read_csv(
            text,
            read_options=pyarrow.csv.ReadOptions(column_names=list(types)),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=types,
                null_values=[""],
                true_values=["t"],
                false_values=["f"],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )


def _as_csv(batch: pa.RecordBatch) -> bytes:
    sink = io.BytesIO()
    pyarrow.csv.write_csv(batch, sink, pyarrow.csv.WriteOptions(include_header=False))
    return sink.getvalue()
