"""DuckDB, in process: the default engine, and the one that reads files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import duckdb

from carac.findings import CaracError

if TYPE_CHECKING:
    import pyarrow as pa

#: How Parquet is written: against the defaults a quarter less work for files larger by a twentieth. Measured values
#: are hardly ever alike, so that a dictionary of many of them is made in vain.
PARQUET = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 1000"


class DuckDB:
    """A DuckDB session.

    Parameters
    ----------
    memory: limit such as ``"4GB"``; None leaves DuckDB's own, 80 % of the machine.
    temporary: folder to spill into; None keeps DuckDB's own.
    threads: number of threads; None takes all.
    file: a database file to work in; None works in memory.
    """

    dialect = "duckdb"
    plans_deep = True

    def __init__(
        self,
        memory: str | None = None,
        temporary: Path | None = None,
        threads: int | None = None,
        file: Path | None = None,
    ) -> None:
        settings: dict[str, str | bool | int | float | list[str]] = {"autoinstall_known_extensions": "false"}
        if memory:
            settings["memory_limit"] = memory
        if temporary:
            settings["temp_directory"] = str(temporary)
        if threads:
            settings["threads"] = threads
        try:
            self.connection = duckdb.connect(str(file) if file else ":memory:", config=settings)
        except duckdb.Error as error:
            raise CaracError(f"DuckDB did not start with these settings: {_first_line(error)}") from None
        # carac writes its joins with the large table first. After several filters DuckDB guesses few rows where there
        # are millions, and would put the laboratory results into the hash table.
        self.connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        # carac shows its own progress.
        self.connection.execute("SET enable_progress_bar = false")

    def __enter__(self) -> DuckDB:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the session."""
        self.connection.close()

    def load(self, name: str, rows: pa.Table) -> None:
        """Make a table of these rows."""
        self.connection.register("rows_to_load", rows)
        self.create(name, "SELECT * FROM rows_to_load")
        self.connection.unregister("rows_to_load")

    def insert(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Add a few rows to a table, as literals: for a handful, nothing is faster."""
        if rows:
            named = ", ".join(f'"{column}"' for column in columns)
            values = ", ".join(f"({', '.join(_literal(value) for value in row)})" for row in rows)
            self.connection.execute(f'INSERT INTO "{name}" ({named}) VALUES {values}')

    def make_small(self) -> None:
        """For a few rows planning costs more than running badly, and one thread is enough."""
        self.connection.execute("PRAGMA disable_optimizer")
        self.connection.execute("SET threads = 1")

    def create(self, name: str, sql: str, view: bool = False) -> None:
        """Make a table, or a view, of a query."""
        kind, other = ("VIEW", "TABLE") if view else ("TABLE", "VIEW")
        try:
            self.connection.execute(f'CREATE OR REPLACE {kind} "{name}" AS {sql}')
        except duckdb.CatalogException as error:
            if f"is of type {other.title()}" not in str(error):
                raise
            self.connection.execute(f'DROP {other} "{name}"')
            self.create(name, sql, view)
        except duckdb.OutOfMemoryException:
            raise _out_of_memory(f"making {name}") from None

    def drop(self, name: str) -> None:
        """Forget a table."""
        self.connection.execute(f'DROP TABLE IF EXISTS "{name}"')

    def fetch(self, sql: str) -> pa.Table:
        """The rows of a query."""
        relation = self.connection.sql(sql)
        return relation.to_arrow_table()

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """The rows of a small query, as tuples."""
        return self.connection.execute(sql).fetchall()

    def columns(self, name: str) -> dict[str, str]:
        """Names and DuckDB types of a table's columns."""
        return {str(row[0]): str(row[1]) for row in self.rows(f'DESCRIBE "{name}"')}

    def write_parquet(self, sql: str, path: Path) -> int:
        """Write the rows of a query; the number of rows."""
        # The order of rows is the query's own; keeping the order of insertion as well would hold all rows in memory.
        self.connection.execute("SET preserve_insertion_order = false")
        try:
            written = self.connection.execute(f"COPY ({sql}) TO '{_quoted(path)}' ({PARQUET})").fetchone()
        except duckdb.OutOfMemoryException:
            raise _out_of_memory(f"writing {path.name}") from None
        finally:
            self.connection.execute("SET preserve_insertion_order = true")
        return int(written[0]) if written else 0

    def attach(self, path: Path, name: str) -> None:
        """Attach a DuckDB file for reading."""
        try:
            self.connection.execute(f"ATTACH '{_quoted(path)}' AS \"{name}\" (READ_ONLY)")
        except duckdb.Error as error:
            raise CaracError(f"{path.name} could not be opened as a DuckDB file: {_first_line(error)}") from None

    def read_parquet(self, name: str, path: Path) -> None:
        """A view over a Parquet file or a folder of them, with the row of the file as `source_row`."""
        pattern = path / "**/*.parquet" if path.is_dir() else path
        self._view(
            name,
            path,
            "SELECT *, file_row_number + 1 AS source_row"
            f" FROM read_parquet('{_quoted(pattern)}', file_row_number=true)",
        )

    def _view(self, name: str, path: Path, sql: str) -> None:
        try:
            self.connection.execute(f'CREATE OR REPLACE VIEW "{name}" AS {sql}')
        except duckdb.Error as error:
            raise CaracError(f"{path.name} could not be read as Parquet: {_first_line(error)}") from None


def _out_of_memory(doing: str) -> CaracError:
    return CaracError(
        f"Memory ran out while {doing}; give more with --memory, or a folder to spill into with --temporary."
    )


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        # As text: a plain decimal would be read as DECIMAL and lose its last bit.
        return f"'{value!r}'::DOUBLE"
    if isinstance(value, int):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0].removeprefix("Invalid Input Error: ")
