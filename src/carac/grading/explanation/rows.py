"""Rows of a wide result table that are read cell by cell: a patient-day has some 700 columns, and few are looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa


class Columns:
    """The columns of a table, each made into Python values when it is first read."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._values: dict[str, list[Any]] = {}
        self.names = frozenset(table.column_names)

    def values(self, name: str) -> list[Any]:
        """The values of a column; raises KeyError where there is none of this name."""
        if name not in self._values:
            if name not in self.names:
                raise KeyError(name)
            self._values[name] = self._table.column(name).to_pylist()
        return self._values[name]

    def rows(self) -> list[WideRow]:
        """Every row, in order."""
        return [WideRow(self, place) for place in range(self._table.num_rows)]


class WideRow(Mapping[str, Any]):
    """One row of `Columns`; it reads like a dictionary."""

    __slots__ = ("_columns", "_place")

    def __init__(self, columns: Columns, place: int) -> None:
        self._columns, self._place = columns, place

    def __getitem__(self, name: str) -> Any:
        return self._columns.values(name)[self._place]

    def __contains__(self, name: object) -> bool:
        return name in self._columns.names

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns.names)

    def __len__(self) -> int:
        return len(self._columns.names)
