"""A graded cohort as a folder: Parquet tables, data dictionary, findings, manifest; written whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet

from carac.cohort.grid import KEYS
from carac.engine.duckdb_engine import DuckDB
from carac.findings import Finding, Findings
from carac.grading.dictionary import TABLES, as_table, dictionary
from carac.grading.plan import DAY_KEYS, EVENT_KEYS
from carac.grading.run import Graded
from carac.grading.sensitivity import sensitivity_sql
from carac.language.definition import Definition
from carac.manifest import whole_folder, write_manifest
from carac.progress import Progress
from carac.vocabulary.types import Grain

_KEYS = {Grain.DAY: DAY_KEYS, Grain.INFUSION: KEYS, Grain.EVENT: EVENT_KEYS}


def write_output(
    graded: Graded,
    target: Path,
    files: Mapping[str, str],
    *,
    items: bool = False,
    sensitivity: bool = False,
    ordered: bool = True,
    progress: Progress | None = None,
    more: Mapping[str, Any] | None = None,
) -> dict[str, int]:
    """Write a graded cohort into a folder; the number of rows by table.

    Parameters
    ----------
    graded: the graded cohort.
    target: the folder; an earlier output in it is exchanged whole, anything else is refused.
    files: hash of each input file, for the manifest.
    items: True writes a table per definition with what its grades were made of, in ``items/``.
    ordered: False leaves the rows in no order, which a large cohort needs to stay within its memory.
    sensitivity: True writes the table of ICAHT and T-ICAHT under each parameter set.
    more: further entries of the manifest, such as the command.
    """
    progress = progress or Progress()
    with whole_folder(target) as folder:
        counts = _write_tables(graded, folder, items, sensitivity, ordered, progress)
        entries = dictionary(graded)
        arrow_csv.write_csv(
            as_table([e for e in entries if items or not e.table.startswith("items/")]), folder / "dictionary.csv"
        )
        counts["findings"] = _write_findings(graded.findings, folder)
        write_manifest(
            folder,
            {
                "input": dict(files),
                "parameters": graded.parameters.as_dict(),
                "definitions": {d.name: _card_of(d) for d in graded.plan.definitions},
                "rows": counts,
                "seconds": {name: round(seconds, 3) for name, seconds in progress.seconds.items()},
                **site_entry(graded),
                **(more or {}),
            },
        )
    return counts


def site_entry(graded: Graded) -> dict[str, dict[str, str]]:
    """The entry of the manifest for definitions of the site; none where there are none."""
    return {"definitions_file": dict(graded.plan.site_file)} if graded.plan.site_file else {}


def _card_of(definition: Definition) -> dict[str, str]:
    return {
        "version": definition.version,
        "status": str(definition.status),
        "certainty": str(definition.certainty),
        "citation": str(definition.citation),
    }


def _write_tables(
    graded: Graded, folder: Path, items: bool, sensitivity: bool, ordered: bool, progress: Progress
) -> dict[str, int]:
    counts: dict[str, int] = {}
    for grain, name in TABLES.items():
        with progress.step(f"writing {name.replace('_', ' ')}"):
            counts[name] = write_query(graded, graded.sql(grain, ordered=ordered), folder / f"{name}.parquet")
    if sensitivity and (sql := sensitivity_sql(graded)):
        with progress.step("writing sensitivity"):
            counts["sensitivity"] = write_query(graded, sql, folder / "sensitivity.parquet")
    if items:
        (folder / "items").mkdir()
        for definition in graded.plan.definitions:
            with progress.step(f"writing items of {definition.name}"):
                counts[f"items/{definition.name}"] = _write_items(graded, definition, folder)
    return counts


def _write_items(graded: Graded, definition: Definition, folder: Path) -> int:
    """What one definition's grades were made of: keys, inputs, all its columns, where anything is known."""
    keys = _KEYS[definition.grain]
    columns = [*keys, *graded.inputs_of(definition), *definition.columns]
    known = [f"{definition.name}__lowest", f"{definition.name}__highest", definition.name]
    condition = " OR ".join(f'"{column}" IS NOT NULL' for column in known if column in definition.columns)
    table = {Grain.DAY: "patient_days_full", Grain.INFUSION: "infusion_results", Grain.EVENT: "event_results"}[
        definition.grain
    ]
    names = ", ".join(f'"{column}"' for column in columns)
    sql = f"SELECT {names} FROM {table} WHERE {condition} ORDER BY {', '.join(keys)}"
    return write_query(graded, sql, folder / "items" / f"{definition.name}.parquet")


def write_query(graded: Graded, sql: str, path: Path) -> int:
    """Write a query as Parquet; the number of rows."""
    if isinstance(graded.engine, DuckDB):
        return graded.engine.write_parquet(sql, path)
    rows = graded.engine.fetch(sql)
    parquet.write_table(rows, path, compression="zstd")
    return int(rows.num_rows)


def findings_table(findings: Findings) -> pa.Table:
    """The findings as a table."""
    columns: dict[str, Callable[[Finding], object]] = {
        "severity": lambda f: str(f.severity),
        "kind": lambda f: f.kind,
        "table": lambda f: f.table,
        "file": lambda f: f.file,
        "count": lambda f: f.count,
        "rows": lambda f: list(f.rows),
        "message": lambda f: f.message,
        "remedy": lambda f: f.remedy,
        "cost": lambda f: f.cost,
    }
    types = {
        name: pa.int64() if name == "count" else pa.list_(pa.int64()) if name == "rows" else pa.string()
        for name in columns
    }
    listed = findings.sorted()
    return pa.table({name: pa.array([pick(f) for f in listed], types[name]) for name, pick in columns.items()})


def _write_findings(findings: Findings, folder: Path) -> int:
    parquet.write_table(findings_table(findings), folder / "findings.parquet")
    (folder / "findings.json").write_text(findings.as_json() + "\n", encoding="utf-8")
    return len(findings)
