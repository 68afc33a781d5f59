"""What was set aside while a table was read: one finding per problem, with its count and first rows."""

from __future__ import annotations

import ibis

from carac.engine.base import compile_sql
from carac.engine.duckdb_engine import DuckDB
from carac.findings import Finding, Severity

#: How many different texts of one kind are told one by one; the others are told together.
TOLD = 8
ROWS = 3


def findings_of(engine: DuckDB, parsed: ibis.Table, table: str, file: str) -> list[Finding]:
    """The findings of the column `problem`, whose text is kind, message and remedy behind "|"."""
    with_problem = parsed.filter(parsed.problem.notnull())
    rank = ibis.row_number().over(ibis.window(group_by="problem", order_by="source_row"))
    ranked = with_problem.mutate(rank=rank)
    counted = ranked.group_by("problem").aggregate(
        count=ranked.count(), rows=ranked.source_row.collect(where=ranked["rank"] < ROWS), first=ranked.source_row.min()
    )
    rows = engine.fetch(compile_sql(counted, engine.dialect)).to_pylist()
    rows.sort(key=lambda row: (-row["count"], row["first"]))
    findings: list[Finding] = []
    told: dict[str, int] = {}
    for row in rows:
        kind, message, remedy = str(row["problem"]).split("|", 2)
        told[kind] = told.get(kind, 0) + 1
        if told[kind] <= TOLD:
            findings.append(_finding(kind, message, remedy, table, file, row["count"], sorted(row["rows"])))
    findings.extend(_others(rows, told, table, file))
    return findings


def _finding(kind: str, message: str, remedy: str, table: str, file: str, count: int, rows: list[int]) -> Finding:
    number = "1 row was" if count == 1 else f"{count} rows were"
    # What names nothing that carac reads costs nothing: it is told, not warned of.
    severity = Severity.NOTE if kind in {"unknown_code", "unknown_code_system", "unknown_agent"} else Severity.WARNING
    return Finding(kind, severity, table, f"{message}; {number} set aside.", remedy, count=count, file=file, rows=tuple(rows))


def _others(rows: list[dict[str, object]], told: dict[str, int], table: str, file: str) -> list[Finding]:
    findings = []
    for kind, number in told.items():
        if number <= TOLD:
            continue
        of_kind = [row for row in rows if str(row["problem"]).startswith(f"{kind}|")][TOLD:]
        count = sum(int(str(row["count"])) for row in of_kind)
        message = f"{len(of_kind)} more texts of the same kind ({kind.replace('_', ' ')})"
        findings.append(_finding(kind, message, "", table, file, count, [int(str(row["first"])) for row in of_kind[:ROWS]]))
    return findings
