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

from carac.engine.base import compile_sql
from carac.engine.duckdb_engine import DuckDB

_ARROW = {"string": pa.string(), "float64": pa.float64(), "boolean": pa.bool_(), "int64": pa.int64()}


@dataclass(frozen=True)
class Problem:
    """Why a text cannot be taken: a stable kind, a clause with the value, and what would be right."""

    kind: str
    message: str
    remedy: str = ""

    @property
    def text(self) -> str:
        """All three in one string, as they stand in the column `problem`."""
        return f"{self.kind}|{self.message}|{self.remedy}"


Translated = Mapping[str, Any] | Problem


def translate(
    engine: DuckDB,
    rows: ibis.Table,
    keys: Mapping[str, ir.StringValue],
    outputs: Mapping[str, str],
    function: Callable[..., Translated],
    name: str,
) -> ibis.Table:
    """The rows with the outputs of `function` and a column `<name>_problem`.

    Parameters
    ----------
    rows: an expression over tables of the engine.
    keys: the columns whose distinct texts are translated; null is handed over as "".
    outputs: name and type (string, float64, boolean, int64) of what the function gives.
    function: takes one text per key; gives the outputs, or a `Problem`.
    name: name of the translation; its table is ``translation_<name>``.
    """
    folded = {f"{name}__{key}": ibis.coalesce(text.cast("string").strip(), "") for key, text in keys.items()}
    keyed = rows.mutate(**folded)
    distinct = engine.fetch(compile_sql(keyed.select(*folded).distinct(), engine.dialect)).to_pylist()
    table = _translated(distinct, list(folded), outputs, function, f"{name}_problem")
    engine.load(f"translation_{name}", table)
    types = {key: "string" for key in folded} | dict(outputs) | {f"{name}_problem": "string"}
    translation = ibis.table(types, name=f"translation_{name}")
    joined = keyed.left_join(translation, list(folded))
    return joined.drop(*[c for c in joined.columns if c.endswith("_right") or c in folded])


def _translated(
    distinct: list[dict[str, Any]], keys: list[str], outputs: Mapping[str, str], function: Callable[..., Translated], problem: str
) -> pa.Table:
    columns: dict[str, list[Any]] = {name: [] for name in (*keys, *outputs, problem)}
    for texts in distinct:
        result = function(*(texts[key] for key in keys))
        for key in keys:
            columns[key].append(texts[key])
        for name in outputs:
            columns[name].append(None if isinstance(result, Problem) else result.get(name))
        columns[problem].append(result.text if isinstance(result, Problem) else None)
    types = {key: pa.string() for key in keys} | {n: _ARROW[t] for n, t in outputs.items()} | {problem: pa.string()}
    return pa.table({name: pa.array(values, types[name]) for name, values in columns.items()})
