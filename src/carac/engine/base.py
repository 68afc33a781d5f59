"""What every database does for carac: hold tables, make one from SQL, hand rows back as Arrow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from carac.progress import Progress

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa
    import sqlglot.expressions as sge


class Kind(StrEnum):
    """What a step makes of its query."""

    TABLE = "table"
    VIEW = "view"
    #: A view where the engine plans queries over queries well, else a table.
    STAGE = "stage"


@dataclass(frozen=True)
class Step:
    """One table of a plan, as SQL of one dialect over the tables of the steps before it."""

    name: str
    sql: str
    kind: Kind = Kind.TABLE

    def is_view(self, plans_deep: bool) -> bool:
        """Whether it stays a query in an engine that plans deep queries well, or does not."""
        return self.kind is Kind.VIEW or (self.kind is Kind.STAGE and plans_deep)


class Engine(Protocol):
    """A database session with tables of carac in it."""

    @property
    def dialect(self) -> str:
        """The dialect that `compile_sql` is asked for."""
        ...

    @property
    def plans_deep(self) -> bool:
        """Whether a query over a query over a query costs nothing to plan; else each in between becomes a table."""
        ...

    def load(self, name: str, rows: pa.Table) -> None:
        """Make a table of these rows; one of that name is replaced."""
        ...

    def create(self, name: str, sql: str, view: bool = False) -> None:
        """Make a table, or a view, of a query; one of that name is replaced."""
        ...

    def fetch(self, sql: str) -> pa.Table:
        """The rows of a query."""
        ...

    def close(self) -> None:
        """End the session."""
        ...


def quoted(name: str, dialect: str) -> str:
    """A column as the dialect writes it."""
    return f"`{name}`" if dialect == "databricks" else f'"{name}"'


def compile_sql(expression: ibis.Table, dialect: str) -> str:
    """The SQL of an expression over unbound tables; a plain string, so that it can be kept."""
    # Only who compiles waits for Ibis: one case by hand runs SQL that was kept.
    import ibis
    import ibis.backends.sql.compilers as compilers

    compiler = getattr(compilers, dialect).compiler
    fuses = ibis.options.sql.fuse_selects
    # DuckDB melts selects into each other itself; for Ibis it is a tenth of the work.
    ibis.options.sql.fuse_selects = dialect != "duckdb"
    try:
        return written_sql(compiler.to_sqlglot(expression.unbind()), dialect)
    finally:
        ibis.options.sql.fuse_selects = fuses


def written_sql(query: sge.Query, dialect: str) -> str:
    """The SQL of a compiled query, as the dialect reads it."""
    import ibis.backends.sql.compilers as compilers
    import sqlglot.expressions as sge

    if dialect == "postgres":
        # One division by zero would end the whole query; the other engines go on, and Spark gives null as well.
        for division in query.find_all(sge.Div):
            division.set("safe", True)
    if dialect == "databricks":
        # Spark reads `a IN (b) IS NOT NULL` only with the brackets that the compiler leaves out.
        for each in list(query.find_all(sge.Is)):
            if isinstance(each.this, sge.In):
                each.set("this", sge.paren(each.this, copy=False))
    sql: str = query.sql(dialect=getattr(compilers, dialect).compiler.dialect)
    return sql


def run_steps(engine: Engine, steps: Iterable[Step], progress: Progress, stages_as_tables: bool = False) -> None:
    """Make the tables of a plan, in order; stages too become tables where that is asked for or the engine needs it."""
    for step in steps:
        with progress.step(step.name):
            engine.create(step.name, step.sql, step.is_view(engine.plans_deep and not stages_as_tables))
