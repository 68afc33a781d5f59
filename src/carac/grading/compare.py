"""What changed between two outputs: versions, parameters, and every column of every table, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from carac.engine.duckdb_engine import DuckDB
from carac.manifest import read_manifest

_KEYS = {
    "patient_days": ("patient_id", "infusion_number", "day"),
    "infusions": ("patient_id", "infusion_number"),
    "events": ("patient_id", "infusion_number", "event_id"),
}
_EXAMPLES = 3


@dataclass(frozen=True)
class Change:
    """A column that differs.

    Parameters
    ----------
    table, column: where.
    rows: how many rows differ, of those that both outputs have.
    examples: some of them: key, value in the first output, value in the second.
    """

    table: str
    column: str
    rows: int
    examples: tuple[tuple[str, str, str], ...]


@dataclass
class Comparison:
    """The differences between two outputs."""

    settings: list[tuple[str, str, str]] = field(default_factory=list)
    rows: list[tuple[str, int, int, int]] = field(default_factory=list)
    columns: list[tuple[str, str, str]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Whether all rows, columns and values are the same (settings may differ)."""
        return not self.columns and not self.changes and all(not a and not b for _, _, a, b in self.rows)


def compare(first: Path, second: Path) -> Comparison:
    """Compare two output folders.

    Raises
    ------
    CaracError: one of them is no output of carac.
    """
    found = Comparison()
    before, after = read_manifest(first), read_manifest(second)
    for name in ("versions", "parameters", "definitions", "input"):
        found.settings.extend(_differing(before.get(name, {}), after.get(name, {}), name))
    with DuckDB() as engine:
        for table in _KEYS:
            files = first / f"{table}.parquet", second / f"{table}.parquet"
            if all(file.exists() for file in files):
                engine.read_parquet("before", files[0])
                engine.read_parquet("after", files[1])
                _compare_table(engine, table, found)
    return found


def _differing(before: Mapping[str, Any], after: Mapping[str, Any], path: str) -> Iterator[tuple[str, str, str]]:
    for name in dict.fromkeys([*before, *after]):
        a, b = before.get(name), after.get(name)
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            yield from _differing(a, b, f"{path}.{name}")
        elif a != b:
            yield f"{path}.{name}", _shown(a), _shown(b)


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    return "present" if isinstance(value, Mapping) else f"{value:.6g}" if isinstance(value, float) else str(value)


def _compare_table(engine: DuckDB, table: str, found: Comparison) -> None:
    keys = _KEYS[table]
    before, after = (_own(engine.columns(name)) for name in ("before", "after"))
    for column in dict.fromkeys([*before, *after]):
        if (column in before) != (column in after):
            found.columns.append((table, column, "only in the first" if column in before else "only in the second"))
    shared = [c for c in before if c in after and c not in keys]
    using = ", ".join(keys)
    counts = engine.rows(
        "SELECT count(*) FILTER (b.here AND a.here), count(*) FILTER (a.here IS NULL), count(*) FILTER (b.here IS NULL)"
        f" FROM (SELECT {using}, true AS here FROM before) b"
        f" FULL JOIN (SELECT {using}, true AS here FROM after) a USING ({using})"
    )[0]
    found.rows.append((table, *(int(str(number)) for number in counts)))  # type: ignore[arg-type]
    if not shared:
        return
    differs = {column: _differs(column, before[column]) for column in shared}
    sums = ", ".join(f"count(*) FILTER ({condition})" for condition in differs.values())
    joined = f"FROM before b JOIN after a USING ({using})"
    numbers = engine.rows(f"SELECT {sums} {joined}")[0]
    for column, number in zip(shared, numbers, strict=True):
        if number:
            rows = engine.rows(
                f'SELECT {using}, b."{column}", a."{column}" {joined}'
                f" WHERE {differs[column]} ORDER BY {using} LIMIT {_EXAMPLES}"
            )
            examples = tuple((", ".join(map(str, row[:-2])), _shown(row[-2]), _shown(row[-1])) for row in rows)
            found.changes.append(Change(table, column, int(str(number)), examples))


def _own(columns: dict[str, str]) -> dict[str, str]:
    """The columns of a file without the row numbers that reading adds."""
    return {name: kind for name, kind in columns.items() if name not in ("source_row", "file_row_number")}


def _differs(column: str, kind: str) -> str:
    """Whether two values differ; numbers with decimals by more than the last digits of the arithmetic."""
    different = f'(b."{column}" IS DISTINCT FROM a."{column}")'
    if kind != "DOUBLE":
        return different
    close = f'abs(b."{column}" - a."{column}") <= 1e-9 * greatest(abs(b."{column}"), abs(a."{column}"))'
    return f"({different} AND NOT coalesce({close}, false))"
