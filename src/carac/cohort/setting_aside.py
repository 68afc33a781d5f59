"""What was set aside or doubted while a table was read: one finding per problem, with its count and first rows.

A parsed table has a column `problem`: the row is set aside. It may have a column `doubt`: the row stays, but something
in it is not used. Their texts are read here only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from carac.cohort.records import number_of, text_of, time_of
from carac.engine.base import compile_sql
from carac.engine.duckdb_engine import DuckDB
from carac.findings import Finding, Severity

#: How many different texts of one kind are told one by one; the others are told together.
TOLD = 8
ROWS = 3
#: Where what is told together stands one by one.
NAMES_ALL = "carac check --all names each."
#: Stands before what the row holds, so that rows with the same fault and different values make one finding.
SEEN = "\x1e"
#: Stands between the doubts of a row.
_NEXT = "\x1d"
#: Stands between a remedy and what the fault costs.
COST = "\x1c"
#: Stands in the message of a doubt where the number of rows is told.
COUNTED = "{rows}"
_NONE = ibis.null("string")
#: What names nothing that carac reads costs nothing: it is told, not warned of.
_NOTES = {"unknown_code", "unknown_code_system", "unknown_product", "time_offset", "withdrawn"}


def with_seen(problem: str, seen: ir.Value) -> ir.StringValue:
    """The text of a problem, with what the row holds behind it."""
    return ibis.literal(problem + SEEN) + ibis.coalesce(seen.cast("string"), ibis.literal(""))


def doubt(
    kind: str, message: str, remedy: str, cost: str, holds: ir.BooleanValue, seen: ir.Value | None = None
) -> ir.StringValue:
    """The doubt where it holds, else null.

    Parameters
    ----------
    kind: of the finding.
    message: a sentence without its stop, with ``{rows}`` where the number of rows belongs.
    remedy, cost: sentences of the finding.
    holds: where the row is doubted.
    seen: what the row holds; None where the message says it all.
    """
    text = doubt_text(kind, message, remedy, cost)
    said = ibis.literal(text) if seen is None else with_seen(text, seen)
    return holds.fill_null(False).ifelse(said, _NONE)


def doubt_text(kind: str, message: str, remedy: str, cost: str, seen: str = "") -> str:
    """A doubt as it stands in the column `doubt`."""
    return f"{kind}|{message}|{remedy}{COST}{cost}" + (SEEN + seen if seen else "")


def doubtful_number(
    column: ir.Value, name: str, remedy: str, cost: str = "", low: float | None = None, high: float | None = None
) -> ir.StringValue:
    """The doubt of an optional number: no number, or outside its range (in the unit of the column)."""
    number = number_of(column)
    # NaN in a typed column is how a table says that nothing is known.
    unread = _NONE
    if not column.type().is_numeric():
        message = f"{name} is no number and counts as missing in {COUNTED}"
        text = text_of(column)
        unread = doubt("unreadable_number", message, remedy, cost, text.notnull() & number.isnull(), text)
    if low is None or high is None:
        return unread
    outside = ~number.between(low, high)
    message = f"{name} lies outside {low:g} to {high:g} and counts as missing in {COUNTED}"
    return ibis.coalesce(unread, doubt("implausible_value", message, remedy, cost, outside, text_of(column)))


def plausible(column: ir.Value, low: float, high: float) -> ir.FloatingValue:
    """A number within its range, else null."""
    number = number_of(column)
    return number.between(low, high).ifelse(number, ibis.null("float64"))


def doubtful_time(column: ir.Value, name: str, cost: str) -> ir.StringValue:
    """The doubt of an optional time that is not understood."""
    message = f"{name} is not understood and counts as missing in {COUNTED}"
    unread = text_of(column).notnull() & time_of(column)[0].isnull()
    return doubt("unreadable_time", message, "Write 2024-03-01 or 2024-03-01T06:30.", cost, unread, text_of(column))


def ends_before(start: ir.Value, end: ir.Value) -> ir.BooleanValue:
    """Whether an end, as written, lies before its start; a date without time is the whole day."""
    (began, began_to), (ended, ended_to) = time_of(start), time_of(end)
    exact = (began_to == "minute") & (ended_to == "minute")
    return ((ended.date() < began.date()) | (exact & (ended < began))).fill_null(False)


def doubtful_order(start: ir.Value, end: ir.Value, cost: str) -> ir.StringValue:
    """The doubt of an end, as written, before its start."""
    message = f"the end lies before the start and counts as missing in {COUNTED}"
    return doubt("end_before_start", message, "Correct one of the two.", cost, ends_before(start, end), end)


def doubtful_offset(column: ir.Value) -> ir.StringValue:
    """The doubt of a time with the offset of a time zone."""
    if not column.type().is_string():
        return _NONE
    message = f"the offset of a time zone was left out in {COUNTED}"
    cost = "If the times are not local ones, results around midnight stand on the day before or after."
    found = text_of(column).re_search(r"\d{2}:\d{2}.*(Z|[+-]\d{2}(:?\d{2})?)$")
    return doubt("time_offset", message, "Write local times without an offset.", cost, found, text_of(column))


def doubts(each: Sequence[ir.StringValue]) -> ir.StringValue:
    """All doubts of a row in one text."""
    return ibis.literal(_NEXT).join(list(each)).nullif("")


@dataclass(frozen=True)
class _Fault:
    kind: str
    message: str
    remedy: str
    cost: str
    seen: tuple[str, ...]
    count: int
    rows: tuple[int, ...]


def findings_of(engine: DuckDB, parsed: ibis.Table, table: str, file: str, told: int | None = TOLD) -> list[Finding]:
    """The findings of the columns `problem` and `doubt`; of a kind of problem so many one by one, None for all."""
    if "usable" not in parsed.columns:
        return [*_of_problems(engine, parsed, table, file, told), *_of_doubts(engine, parsed, table, file)]
    # Of millions of rows the few with a fault are found by booleans; texts are made for those alone, if there are any.
    aside, doubted = parsed.filter(~parsed.usable), parsed.filter(parsed.usable & parsed.doubtful)
    number = parsed.aggregate(
        aside=parsed.count(where=~parsed.usable), doubted=parsed.count(where=parsed.usable & parsed.doubtful)
    )
    (any_aside, any_doubted), *_ = engine.rows(compile_sql(number, engine.dialect))
    return [
        *(_of_problems(engine, aside, table, file, told) if any_aside else ()),
        *(_of_doubts(engine, doubted, table, file) if any_doubted else ()),
    ]


def _of_problems(engine: DuckDB, parsed: ibis.Table, table: str, file: str, told: int | None) -> list[Finding]:
    """What was set aside: the most frequent faults of a kind one by one, the others together."""
    findings: list[Finding] = []
    kinds: dict[str, list[_Fault]] = {}
    for fault in _faults(engine, parsed.filter(parsed.problem.notnull()), "problem"):
        of_kind = kinds.setdefault(fault.kind, [])
        of_kind.append(fault)
        if told is None or len(of_kind) <= told:
            findings.append(_set_aside(fault, table, file))
    for kind, of_kind in kinds.items():
        if told is not None and len(of_kind) > told:
            findings.append(_others(kind, of_kind[told:], table, file))
    return findings


def _of_doubts(engine: DuckDB, parsed: ibis.Table, table: str, file: str) -> list[Finding]:
    """What is not used of rows that stay."""
    if "doubt" not in parsed.columns:
        return []
    kept = parsed.filter(parsed.problem.isnull() & parsed.doubt.notnull())
    kept = kept.mutate(doubt=kept.doubt.split(_NEXT).unnest())
    return [_doubted(fault, table, file) for fault in _faults(engine, kept, "doubt")]


def _faults(engine: DuckDB, rows: ibis.Table, column: str) -> list[_Fault]:
    """The different faults, the most frequent first, each with its first rows and what stands in them."""
    parts = rows[column].split(SEEN)
    rows = rows.select("source_row", fault=parts[0], seen=parts[1])
    place = ibis.row_number().over(ibis.window(group_by="fault", order_by="source_row"))
    ranked = rows.mutate(place=place)
    first = ranked.place < ROWS
    counted = ranked.group_by("fault").aggregate(
        count=ranked.count(),
        rows=ranked.source_row.collect(where=first, order_by=ranked.place),
        seen=ranked.seen.collect(where=first, order_by=ranked.place),
    )
    found = engine.fetch(compile_sql(counted, engine.dialect)).to_pylist()
    found.sort(key=lambda row: (-row["count"], row["rows"][0]))
    return [_fault(row["fault"], row["count"], row["rows"], row["seen"] or []) for row in found]


def _fault(text: str, count: int, rows: Iterable[int], seen: Iterable[str | None]) -> _Fault:
    # A message may hold "|" where the record does; kind and remedy never do.
    kind, _, rest = text.partition("|")
    message, _, remedy = rest.rpartition("|")
    remedy, _, cost = remedy.partition(COST)
    shown = dict.fromkeys(_shortened(one) for one in seen if one)
    return _Fault(kind, message, remedy, cost, tuple(shown), count, tuple(rows))


def _shortened(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= 40 else one_line[:39] + "…"


def counted_rows(count: int) -> str:
    """``1 row`` or ``7 rows``."""
    return "1 row" if count == 1 else f"{count} rows"


def _said(fault: _Fault) -> str:
    return f"{fault.message}: {', '.join(repr(one) for one in fault.seen)}" if fault.seen else fault.message


def _set_aside(fault: _Fault, table: str, file: str) -> Finding:
    message = f"{_said(fault)}; {counted_rows(fault.count)} {'was' if fault.count == 1 else 'were'} set aside."
    return Finding(
        fault.kind, _severity(fault.kind), table, message, fault.remedy, fault.cost, fault.count, file, fault.rows
    )


def _doubted(fault: _Fault, table: str, file: str) -> Finding:
    message = _said(fault).replace(COUNTED, counted_rows(fault.count), 1) + "."
    return Finding(
        fault.kind, _severity(fault.kind), table, message, fault.remedy, fault.cost, fault.count, file, fault.rows
    )


def _severity(kind: str) -> Severity:
    return Severity.NOTE if kind in _NOTES else Severity.WARNING


def _others(kind: str, faults: Sequence[_Fault], table: str, file: str) -> Finding:
    count = sum(fault.count for fault in faults)
    message = f"{len(faults)} more texts of the same kind ({kind.replace('_', ' ')})"
    rows = tuple(fault.rows[0] for fault in faults[:ROWS])
    return _set_aside(_Fault(kind, message, NAMES_ALL, "", (), count, rows), table, file)
