"""PostgreSQL: where a registry keeps its records in a warehouse of its own."""

from __future__ import annotations

import psycopg
import pyarrow as pa
from psycopg import sql as build

_TYPES = {
    "string": "text",
    "large_string": "text",
    "double": "double precision",
    "int64": "bigint",
    "int32": "integer",
    "int16": "smallint",
    "int8": "smallint",
    "bool": "boolean",
    "timestamp[us]": "timestamp",
    "date32[day]": "date",
    "null": "text",
}


class PostgreSQL:
    """A PostgreSQL session that works in a schema of its own.

    Parameters
    ----------
    address: connection string of libpq.
    schema: schema to work in; made if absent, dropped on `close`.
    """

    dialect = "postgres"

    def __init__(self, address: str, schema: str = "carac") -> None:
        self.connection = psycopg.connect(address, autocommit=True)
        self.schema = schema
        name = build.Identifier(schema)
        self.connection.execute(build.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(name))
        self.connection.execute(build.SQL("CREATE SCHEMA {}").format(name))
        self.connection.execute(build.SQL("SET search_path TO {}").format(name))

    def close(self) -> None:
        """Drop the schema and end the session."""
        self.connection.execute(build.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(build.Identifier(self.schema)))
        self.connection.close()

    def load(self, name: str, rows: pa.Table) -> None:
        """Make a table of these rows."""
        self.connection.execute(f'DROP TABLE IF EXISTS "{name}" CASCADE')
        columns = ", ".join(f'"{field.name}" {_TYPES[str(field.type)]}' for field in rows.schema)
        self.connection.execute(f'CREATE TABLE "{name}" ({columns})'.encode())
        with self.connection.cursor() as cursor, cursor.copy(f'COPY "{name}" FROM STDIN'.encode()) as copy:
            for row in rows.to_pylist():
                copy.write_row(tuple(row.values()))

    def create(self, name: str, sql: str, view: bool = False) -> None:
        """Make a table, or a view, of a query."""
        kind = "VIEW" if view else "TABLE"
        for existing in ("VIEW", "TABLE"):
            found = self.connection.execute(
                "SELECT count(*) FROM information_schema.tables WHERE table_schema = %s AND table_name = %s AND table_type = %s",
                (self.schema, name, "VIEW" if existing == "VIEW" else "BASE TABLE"),
            ).fetchone()
            if found and found[0]:
                self.connection.execute(f'DROP {existing} "{name}" CASCADE'.encode())
        self.connection.execute(f'CREATE {kind} "{name}" AS {sql}'.encode())

    def fetch(self, sql: str) -> pa.Table:
        """The rows of a query."""
        cursor = self.connection.execute(sql.encode())
        names = [column.name for column in cursor.description or []]
        rows = cursor.fetchall()
        return pa.table({name: [row[place] for row in rows] for place, name in enumerate(names)})
