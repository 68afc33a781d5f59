"""Result tables of two engines against each other, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

#: Engines may add and multiply in another order; more than this is another answer.
TOLERANCE = 1e-9


def differences(one: pa.Table, other: pa.Table, keys: Sequence[str], shown: int = 3) -> list[str]:
    """Where two tables differ, one sentence per column; empty where they agree.

    Parameters
    ----------
    one, other: tables with the same columns in any order of rows.
    keys: columns that name a row.
    shown: how many rows are quoted per column.

    Numbers agree to a relative 1e-9, whatever their type; null agrees with null alone.
    """
    if set(one.column_names) != set(other.column_names):
        return [f"the columns differ: {sorted(set(one.column_names) ^ set(other.column_names))}"]
    if one.num_rows != other.num_rows:
        return [f"{one.num_rows} rows against {other.num_rows}"]
    order: Any = [(key, "ascending") for key in keys]
    one, other = one.sort_by(order), other.sort_by(order)
    found = []
    for name in one.column_names:
        unequal = pc.indices_nonzero(pc.invert(_equal(one[name], other[name]))).to_pylist()
        if unequal:
            quoted = "; ".join(_quoted(one, other, keys, name, row) for row in unequal[:shown])
            found.append(f"{name}: {len(unequal)} rows differ, such as {quoted}")
    return found


def standing_twice(table: pa.Table, keys: Sequence[str], shown: int = 3) -> list[str]:
    """Rows of a table that its keys should name and do not, a sentence for the first of them; empty where all do."""
    rows = table.select(list(keys)).group_by(list(keys)).aggregate([([], "count_all")])
    twice = rows.filter(pc.greater(rows["count_all"], 1))
    return [
        f"{' '.join(str(row[key]) for key in keys)} stands {row['count_all']} times"
        for row in twice.slice(0, shown).to_pylist()
    ]


def _quoted(one: pa.Table, other: pa.Table, keys: Sequence[str], name: str, row: int) -> str:
    where = " ".join(str(one[key][row].as_py()) for key in keys)
    return f"{where}: {one[name][row].as_py()!r} against {other[name][row].as_py()!r}"


def _equal(one: Any, other: Any) -> Any:
    """Row by row, whether two columns agree; never null."""
    nulls = pc.and_(pc.is_null(one), pc.is_null(other))
    if pa.types.is_null(one.type) or pa.types.is_null(other.type):
        return nulls
    if _is_number(one.type) and _is_number(other.type):
        same = _close(_floats(one), _floats(other))
    elif _is_number(one.type) or _is_number(other.type):
        return nulls
    else:
        same = pc.equal(_texts(one), _texts(other))
    return pc.or_(nulls, pc.fill_null(same, False))


def _close(one: Any, other: Any) -> Any:
    largest = pc.max_element_wise(pc.abs(one), pc.abs(other), skip_nulls=False)
    near = pc.less_equal(pc.abs(pc.subtract(one, other)), pc.multiply(largest, TOLERANCE))
    # An infinite end has no difference from itself, and a relative tolerance of infinity would let anything pass.
    return pc.or_(pc.equal(one, other), pc.and_(near, pc.is_finite(largest)))


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_boolean(kind)
    )


def _floats(column: Any) -> Any:
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    return column.cast(pa.float64())


def _texts(column: Any) -> Any:
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us"))
    return column.cast(pa.string())
