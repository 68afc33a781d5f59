"""evidence audit: findings in a terminal, as CSV, as JSON."""

from __future__ import annotations

import csv
import json as json_module
import sys
from collections.abc import Sequence
from dataclasses import asdict, fields
from io import StringIO
from pathlib import Path

from rich.text import Text

from carac.commands import showing
from carac.commands.evidence_showing import loaded
from carac.evidence.audit import AuditFinding, Weight, audit_table
from carac.evidence.audit import audit as audit_studies
from carac.evidence.audit.finding import SAID
from carac.evidence.audit.user_table import UserTable
from carac.findings import CaracError

_STYLE = {Weight.CONTRADICTION: "bold red", Weight.QUESTION: "dark_orange", Weight.NOTE: "cyan"}


def audit(table: str | None, studies: Sequence[Path], no_shipped: bool, output: Path | None, json: bool) -> None:
    """Print, or write, the findings."""
    read: UserTable | None = None
    if table is None:
        found = audit_studies(loaded(studies, no_shipped))
    elif table != "-" and (Path(table).is_dir() or table.endswith(".toml")):
        raise CaracError(f"{table} holds study files and no table; name it with --studies.")
    else:
        found, read = audit_table(_text(table), "standard input" if table == "-" else Path(table).name)
    if output is not None:
        output.write_text(as_csv(found), encoding="utf-8")
    if json:
        print(json_module.dumps([asdict(one) for one in found], indent=1, ensure_ascii=False))
        return
    for one in found:
        _show(one)
    if read is not None:
        _show_reading(read)
    counts = {weight: sum(one.weight is weight for one in found) for weight in Weight}
    total = ", ".join(f"{n} {weight}{'' if n == 1 else 's'}" for weight, n in counts.items() if n)
    showing.console().print(Text(total or "no findings", style="bold"))
    if output is not None:
        showing.console().print(Text(f"The findings are in {output}.", style="dim"))


def _text(table: str) -> str:
    if table == "-":
        return sys.stdin.read()
    try:
        return Path(table).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CaracError(
            f"{table} cannot be read ({error.strerror}); name a CSV file, or - for standard input."
        ) from None
    except UnicodeDecodeError:
        raise CaracError(f"{table} is not UTF-8 text; save it as CSV in UTF-8.") from None


def as_csv(found: Sequence[AuditFinding]) -> str:
    """The findings as a table, one per row."""
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    names = [field.name for field in fields(AuditFinding)]
    writer.writerow(names)
    for one in found:
        values = asdict(one) | {"others": " ".join(one.others)}
        writer.writerow([values[name] for name in names])
    return stream.getvalue()


def _show(one: AuditFinding) -> None:
    out = showing.console()
    head = Text(f"{one.weight:<14}", style=_STYLE[one.weight])
    out.print(head.append(f"{one.study}, {one.where}: {one.printed}", style="bold"))
    for line in (one.arithmetic, one.reading):
        out.print(Text(f"              {line}", style="default"))
    for line in one.others:
        out.print(Text(f"              {'' if line.startswith(SAID) else 'or: '}{line}", style="dim"))


def _show_reading(read: UserTable) -> None:
    out = showing.console()
    out.print(Text(f"{read.figures} figures read; {read.unchecked} of them without a number of patients.", style="dim"))
    for line, column, text in read.unread:
        out.print(Text(f"not read: row {line}, {column}: {text}", style="dim"))
