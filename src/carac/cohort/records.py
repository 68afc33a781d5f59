"""A record as it was read: its tables as text or typed columns in DuckDB, before anything is made of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import ibis
import ibis.expr.types as ir

from carac.cohort.tables import RECORD_TABLES
from carac.engine.duckdb_engine import DuckDB
from carac.findings import Findings

INFINITY = float("inf")


@dataclass(frozen=True)
class RecordSource:
    """One table of a record: where it stands in the engine, and the file it came from.

    Parameters
    ----------
    name: table of `RECORD_TABLES`.
    relation: table or view of the engine, with lower-case columns and `source_row`.
    columns: names and DuckDB types.
    file: name of the file, for findings.
    large: True keeps it a view over the file, so that it is never copied.
    """

    name: str
    relation: str
    columns: dict[str, str]
    file: str
    large: bool = False

    def expression(self) -> ibis.Table:
        """The table as an unbound expression, with every column of the layout; the absent ones are null."""
        types = {column: _IBIS.get(kind.split("(")[0], "string") for column, kind in self.columns.items()}
        table = ibis.table(types, name=self.relation)
        absent = [c for c in RECORD_TABLES[self.name].columns if c not in self.columns]
        return table.mutate(**{c: ibis.null("string") for c in absent}) if absent else table


_IBIS = {
    "VARCHAR": "string", "DOUBLE": "float64", "FLOAT": "float32", "BIGINT": "int64", "INTEGER": "int32",
    "SMALLINT": "int16", "TINYINT": "int8", "BOOLEAN": "boolean", "TIMESTAMP": "timestamp", "TIMESTAMP_S": "timestamp",
    "TIMESTAMP_NS": "timestamp", "TIMESTAMP_MS": "timestamp", "DATE": "date", "DECIMAL": "decimal",
    "UBIGINT": "uint64", "UINTEGER": "uint32", "TIMESTAMP WITH TIME ZONE": "timestamp('UTC')", "HUGEINT": "float64",
}  # fmt: skip


@dataclass
class Records:
    """The tables of one record, with the findings of reading them.

    Parameters
    ----------
    engine: the session that holds them.
    sources: by name of the table.
    findings: what was seen while reading.
    files: hash of each file that was read, for the manifest.
    kind: kind of record, such as ``folder`` or ``omop``.
    tell_all: True tells each text that was set aside by itself; else the rarer ones of a kind stand together.
    """

    engine: DuckDB
    sources: dict[str, RecordSource] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)
    files: dict[str, str] = field(default_factory=dict)
    kind: str = "folder"
    tell_all: bool = False

    @property
    def present(self) -> frozenset[str]:
        """Names of the tables that the record has."""
        return frozenset(self.sources)


def text_of(column: ir.Value) -> ir.StringValue:
    """A column as text without blanks around it; empty is null."""
    text = column.cast("string").strip()
    return text.nullif("")


def number_of(column: ir.Value) -> ir.FloatingValue:
    """A column as float64; what is no finite number is null."""
    number = column.cast("float64") if column.type().is_numeric() else text_of(column).try_cast("float64")
    # DuckDB, which reads all records, orders NaN above infinity: one comparison finds what is no finite number.
    return (number.abs() < INFINITY).ifelse(number, ibis.null("float64"))


def end_of(column: ir.Value) -> ir.FloatingValue:
    """An end of an interval as float64: a number, or infinity where the interval is open; NaN is null."""
    number = column.cast("float64") if column.type().is_numeric() else text_of(column).try_cast("float64")
    return (number <= INFINITY).ifelse(number, ibis.null("float64"))


_ISO = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?$"
_OFFSET = r"([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)\s*(Z|[+-]\d{2}(:?\d{2})?)$"


def time_of(column: ir.Value) -> tuple[ir.TimestampValue, ir.StringValue]:
    """A column as a local date-time as written, and its precision (``day`` or ``minute``); null where it is neither.

    An offset of a time zone is left out: times of day are taken as they were written.
    """
    if column.type().is_timestamp():
        return column.cast("timestamp"), column.notnull().ifelse("minute", ibis.null("string"))
    if column.type().is_date():
        return column.cast("timestamp"), column.notnull().ifelse("day", ibis.null("string"))
    text = text_of(column).re_replace(_OFFSET, r"\1")
    time = text.re_search(_ISO).ifelse(text, ibis.null("string")).try_cast("timestamp")
    precision = ibis.cases(
        (time.isnull(), ibis.null("string")), (text.length() <= 10, ibis.literal("day")), else_=ibis.literal("minute")
    )
    return time, precision


def first_problem(problems: Iterable[ir.StringValue]) -> ir.StringValue:
    """The first problem of a row; null where it has none."""
    return ibis.coalesce(*problems)
