"""Columns beside each other on the rows of one table, compiled without the passes that a whole query needs.

Ibis compiles a query in half a dozen passes over its graph, and names every column of a wide table in every layer.
Plain columns of one table need neither: each expression is translated once by Ibis' own compiler, and ``SELECT *``
stands for the rest. What is no plain expression goes through the whole compiler.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.backends.sql.compilers as compilers
import ibis.expr.operations as ops
import ibis.expr.types as ir
import sqlglot.expressions as sge

from carac.engine.base import quoted, written_sql

#: Operations that no pass of the compiler rewrites.
_PLAIN: tuple[type[ops.Node], ...] = (
    *(ops.Field, ops.Literal, ops.Cast, ops.IfElse, ops.SearchedCase, ops.SimpleCase, ops.Coalesce, ops.NullIf),
    *(ops.And, ops.Or, ops.Not, ops.IsNull, ops.NotNull, ops.Between),
    *(ops.Equals, ops.NotEquals, ops.Less, ops.LessEqual, ops.Greater, ops.GreaterEqual),
    *(ops.Add, ops.Subtract, ops.Multiply, ops.Divide, ops.Negate, ops.Greatest, ops.Least, ops.Abs, ops.Floor),
    *(ops.Exp, ops.Ln, ops.Log10, ops.Log2, ops.Power, ops.StringConcat),
)


def with_columns(
    source: str, table: ibis.Table, columns: Mapping[str, ir.Value], dialect: str
) -> tuple[str, dict[str, str]]:
    """A query with all columns of a source and these beside them, and the types of these.

    Parameters
    ----------
    source: a table as the dialect writes it, or a query in brackets.
    table: the source as an unbound table.
    columns: expressions on it; a name that the source has already is refused.
    """
    if doubled := set(columns) & set(table.columns):
        raise ValueError(f"these columns are there already: {', '.join(sorted(doubled))}")
    compiler = getattr(compilers, dialect).compiler
    values = {name: value.op() for name, value in columns.items()}
    made = _translated(compiler, table, values)
    quoted = [sge.alias_(each, name, quoted=True, copy=False) for name, each in made.items()]
    selected = written_sql(sge.Select(expressions=quoted), dialect).removeprefix("SELECT ")
    types = {name: str(value.dtype) for name, value in values.items()}
    return f"SELECT *, {selected} FROM {_source(source, dialect)}", types


@dataclass(frozen=True)
class Beside:
    """Columns of another table that has at most one row for each key.

    Parameters
    ----------
    name: of the table.
    keys: the columns that both tables have.
    columns: what it adds.
    """

    name: str
    keys: Sequence[str]
    columns: Iterable[str]


def with_others(source: str, others: Sequence[Beside], dialect: str) -> str:
    """A query with all columns of a table and those of others; null where another has no row for it."""
    selected, joins = ["s.*"], [f"FROM {quoted(source, dialect)} AS s"]
    for number, other in enumerate(others):
        selected += [f"o{number}.{quoted(column, dialect)}" for column in other.columns]
        on = " AND ".join(f"s.{key} = o{number}.{key}" for key in (quoted(key, dialect) for key in other.keys))
        joins.append(f"LEFT JOIN {quoted(other.name, dialect)} AS o{number} ON {on}")
    return f"SELECT {', '.join(selected)} {' '.join(joins)}"


def named_columns(source: str, names: Iterable[str], dialect: str) -> str:
    """A query with these columns of a source: a table as the dialect writes it, or a query in brackets."""
    return f"SELECT {', '.join(quoted(name, dialect) for name in names)} FROM {_source(source, dialect)}"


def _source(source: str, dialect: str) -> str:
    return f"{source} AS {quoted('t0', dialect)}"


def _translated(compiler: Any, table: ibis.Table, values: Mapping[str, ops.Value]) -> dict[str, sge.Expression]:
    known: dict[ops.Node, Any] = {table.op(): sge.to_table("t0", dialect=compiler.dialect)}
    if all(_is_plain(value, known) for value in values.values()):
        return {name: _expression(compiler, value, known) for name, value in values.items()}
    query = compiler.to_sqlglot(table.select(**{name: value.to_expr() for name, value in values.items()}))
    if not isinstance(query, sge.Select) or query.args.get("with_") or query.args.get("joins"):
        raise ValueError("these columns need more than one table")
    return {each.alias_or_name: each.unalias() for each in query.expressions}


def _is_plain(root: ops.Node, known: Mapping[ops.Node, Any]) -> bool:
    seen: set[ops.Node] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node in seen or node in known:
            continue
        if not isinstance(node, _PLAIN):
            return False
        seen.add(node)
        waiting.extend(node.__children__)
    return True


def _expression(compiler: Any, node: ops.Node, known: dict[ops.Node, Any]) -> Any:
    """The expression of a node, made from those of its arguments; each node once."""
    if node not in known:
        arguments = {
            name: _argument(compiler, value, known)
            for name, value in zip(node.__argnames__, node.__args__, strict=True)
        }
        known[node] = compiler.visit_node(node, **arguments)
    return known[node]


def _argument(compiler: Any, value: Any, known: dict[ops.Node, Any]) -> Any:
    if isinstance(value, ops.Node):
        return _expression(compiler, value, known)
    if isinstance(value, tuple):
        return tuple(_argument(compiler, each, known) for each in value)
    return value
