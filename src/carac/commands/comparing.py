"""compare: what changed between two outputs."""

from __future__ import annotations

import json as json_module
from dataclasses import asdict
from pathlib import Path

from rich.table import Table
from rich.text import Text

from carac import api
from carac.commands import showing
from carac.grading.compare import Comparison


def run(first: Path, second: Path, json: bool) -> int:
    """Print the differences; 0 where all values are the same, else 1."""
    found = api.compare(first, second)
    if json:
        print(json_module.dumps(asdict(found), indent=1, ensure_ascii=False))
    else:
        _show(found)
    return 0 if found.same else 1


def _show(found: Comparison) -> None:
    out = showing.console()
    for path, before, after in found.settings:
        out.print(Text(f"{path}: {before} → {after}"))
    for table, both, only_first, only_second in found.rows:
        out.print(
            Text(
                f"{table}: {both} rows in both, {only_first} only in the first, {only_second} only in the second",
                style="bold",
            )
        )
    for table, column, where in found.columns:
        out.print(Text(f"{table}.{column}: {where}"))
    if found.changes:
        shown = Table(box=None, padding=(0, 2), header_style="dim", show_edge=False)
        for name in ("table", "column", "rows that differ", "for example"):
            shown.add_column(name)
        for change in found.changes:
            examples = "; ".join(f"{key}: {before} → {after}" for key, before, after in change.examples)
            shown.add_row(change.table, change.column, str(change.rows), examples)
        out.print(shown)
    elif found.same:
        out.print(Text("Every value is the same.", style="bold"))
