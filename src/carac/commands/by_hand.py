"""calc: one case by hand, or a table of them."""

from __future__ import annotations

import csv
import io
import json as json_module
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from carac.findings import CaracError
from carac.grading.by_hand.calculation import Calculation, calculate_all
from carac.grading.by_hand.kept import Sheet, sheet
from carac.grading.by_hand.text import help_text
from carac.parameters import from_options, from_toml


@dataclass(frozen=True)
class Chosen:
    """The definition, its parameters as the options say, and the file of the site."""

    name: str
    parameter_file: Path | None = None
    changes: Sequence[str] | None = None
    definitions_file: Path | None = None

    def overrides(self) -> dict[str, dict[str, Any]]:
        """Parameters; one without a group belongs to the definition itself."""
        full = [c if "." in c.partition("=")[0] else f"{self.name}.{c}" for c in self.changes or ()]
        found = from_toml(self.parameter_file) if self.parameter_file else {}
        for scope, values in from_options(full).items():
            found.setdefault(scope, {}).update(values)
        return found


def run(chosen: Chosen, typed: Sequence[str], table: Path | None, json: bool) -> None:
    """Calculate, or say what the definition takes where nothing was typed."""
    name, overrides, file = chosen.name, chosen.overrides(), chosen.definitions_file
    items = _items(typed)
    if table is not None:
        if items:
            raise CaracError("Write the items into the table, or leave --from out.")
        _table(name, table, overrides, file, json)
        return
    if not items:
        known = sheet(name, overrides, file)
        print(_help_json(known) if json else help_text(known))
        return
    made = calculate_all(name, [items], overrides, file)[0]
    print(made.as_json() if json else made.as_text())


def _items(typed: Sequence[str]) -> dict[str, str]:
    items: dict[str, str] = {}
    for text in typed:
        name, equals, value = text.partition("=")
        if not equals:
            raise CaracError(f"{text!r} is not understood; write ITEM=VALUE, such as platelets=45.")
        if name.strip() in items:
            raise CaracError(f"{name.strip()} is typed twice; several days are one item: {name.strip()}=0:45,1:30.")
        items[name.strip()] = value
    return items


def _help_json(known: Sheet) -> str:
    return json_module.dumps({**known.data, "help": help_text(known)}, indent=1, ensure_ascii=False)


def _table(name: str, path: Path, overrides: Mapping[str, Mapping[str, Any]], file: Path | None, json: bool) -> None:
    """One row per case; what it gave stands behind the columns of the file."""
    header, rows = _rows(path)
    kept = [column for column in header if column in ("case", "patient_id", "id")]
    cases = [{k: v for k, v in row.items() if k not in kept and (v or "").strip()} for row in rows]
    made = calculate_all(name, cases, overrides, file)
    if json:
        named = [{**{k: row[k] for k in kept}, **one.as_dict()} for row, one in zip(rows, made, strict=True)]
        print(json_module.dumps(named, indent=1, ensure_ascii=False))
        return
    print(_csv(header, rows, made), end="")


def _rows(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise CaracError(f"There is no file {path}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CaracError(f"{path} cannot be read as CSV: {error}.") from None
    reader = csv.DictReader(io.StringIO(text))
    header = [name.strip() for name in reader.fieldnames or []]
    rows = []
    for number, row in enumerate(reader, start=1):
        if None in row or None in row.values():
            raise CaracError(f"{path.name}, row {number}: the number of fields is not that of the header.")
        rows.append({name.strip(): value for name, value in row.items()})
    if not rows:
        raise CaracError(f"{path} has no row below its header of items.")
    return header, rows


def _csv(header: Sequence[str], rows: Sequence[Mapping[str, str]], made: Sequence[Calculation]) -> str:
    out = io.StringIO()
    columns = list(made[0].columns)
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*header, *columns, "could_change_it"])
    for row, one in zip(rows, made, strict=True):
        values = ["" if v is None else str(v).lower() if isinstance(v, bool) else v for v in one.columns.values()]
        missing = " ".join(m.item.name for m in one.missing)
        writer.writerow([*(row[name] for name in header), *values, missing])
    return out.getvalue()
