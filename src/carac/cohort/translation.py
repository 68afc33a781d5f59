"""Words of a record, translated: the distinct texts of some columns go through a function, the result is joined back.

A record has millions of rows and a few hundred different texts. The function sees each text once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from carac.cohort.setting_aside import COST
from carac.engine.base import compile_sql
from carac.engine.duckdb_engine import DuckDB

_ARROW = {"string": pa.string(), "float64": pa.float64(), "boolean": pa.bool_(), "int64": pa.int64()}


@dataclass(frozen=True)
class Problem:
    """Why a text cannot be taken: a stable kind, a clause with the value, what would be right, what it costs."""

    kind: str
    message: str
    remedy: str = ""
    cost: str = ""

    @property
    def text(self) -> str:
        """All in one string, as they stand in the column `problem`."""
        return f"{self.kind}|{self.message}|{self.remedy}" + (COST + self.cost if self.cost else "")


Translated = Mapping[str, Any] | Problem


def translate(
    engine: DuckDB,
    rows: ibis.Table,
    keys: Mapping[str, ir.Value | None],
    outputs: Mapping[str, str],
    function: Callable[..., Translated],
    name: str,
) -> ibis.Table:
    """The rows with the outputs of `function` and a column `<name>_problem`.

    Parameters
    ----------
    rows: an expression over tables of the engine.
    keys: the columns whose distinct texts are translated; None for a column that the record lacks. The function gets
        the texts without blanks around them, and "" for null.
    outputs: name and type (string, float64, boolean, int64) of what the function gives.
    function: takes one text per key; gives the outputs, or a `Problem`.
    name: name of the translation; its table is ``translation_<name>``.
    """
    columns = {f"{name}__{key}": column.cast("string") for key, column in keys.items() if column is not None}
    keyed = rows.mutate(**columns)
    distinct = engine.fetch(compile_sql(keyed.select(*columns).distinct(), engine.dialect)).to_pylist()
    table = _translated(distinct, [f"{name}__{key}" for key in keys], outputs, function, f"{name}_problem")
    engine.load(f"translation_{name}", table)
    types = {f"{name}__{key}": "string" for key in keys} | dict(outputs) | {f"{name}_problem": "string"}
    translation = ibis.table(types, name=f"translation_{name}")
    # Null is a text of its own here: an absent unit is translated too.
    joined = keyed.left_join(translation, [keyed[key].identical_to(translation[key]) for key in columns])
    return joined.select(*rows.columns, *outputs, f"{name}_problem")


def _translated(
    distinct: list[dict[str, Any]],
    keys: list[str],
    outputs: Mapping[str, str],
    function: Callable[..., Translated],
    problem: str,
) -> pa.Table:
    columns: dict[str, list[Any]] = {name: [] for name in (*keys, *outputs, problem)}
    for texts in distinct:
        result = function(*((texts.get(key) or "").strip() for key in keys))
        for key in keys:
            columns[key].append(texts.get(key))
        for name in outputs:
            columns[name].append(None if isinstance(result, Problem) else result.get(name))
        columns[problem].append(result.text if isinstance(result, Problem) else None)
    types = {key: pa.string() for key in keys} | {n: _ARROW[t] for n, t in outputs.items()} | {problem: pa.string()}
    return pa.table({name: pa.array(values, types[name]) for name, values in columns.items()})
