"""A folder with one CSV or Parquet file per table, named as the table."""

from __future__ import annotations

import csv
from pathlib import Path

from carac.cohort.records import Records, RecordSource
from carac.cohort.tables import NEEDED_TABLES, RECORD_TABLES, RecordTable
from carac.engine.duckdb_engine import DuckDB
from carac.findings import CaracError, Finding, Severity
from carac.manifest import file_hash
from carac.vocabulary.spelling import nearest

#: A Parquet file with more bytes stays where it is and is read anew by each query.
LARGE = 200_000_000
#: Hashing a file of this size takes about ten seconds; above it, size and time of change stand for the content.
HASHED = 5_000_000_000

_NAMES = {"patientid": "patient_id", "patient": "patient_id", "datetime": "time", "date_time": "time", "test": "analyte", "result": "value"}


def looks_like_a_folder(path: Path) -> bool:
    """Whether the folder holds a file of infusions or labs."""
    return path.is_dir() and any(_file(path, name) for name in NEEDED_TABLES)


def read_folder(engine: DuckDB, path: Path) -> Records:
    """The tables of a folder.

    Raises
    ------
    CaracError: a needed table or column is absent, or a file cannot be read; the sentence names file and remedy.
    """
    records = Records(engine)
    found = {name: file for name in RECORD_TABLES if (file := _file(path, name))}
    for name in NEEDED_TABLES:
        if name not in found:
            raise CaracError(f"{path} has no {name}.csv or {name}.parquet; `carac template DIR` writes empty tables to fill.")
    for name, file in found.items():
        records.sources[name] = _source(records, RECORD_TABLES[name], file)
        records.files[file.name] = _hash(file)
    for file in sorted(path.iterdir()):
        if file.suffix.lower() in {".csv", ".parquet"} and file not in found.values():
            records.findings.add(_unknown_file(file))
    return records


def _file(folder: Path, name: str) -> Path | None:
    files = {file.name.lower(): file for file in folder.iterdir()} if folder.is_dir() else {}
    for ending in (".parquet", ".csv", ".csv.gz"):
        if name + ending in files:
            return files[name + ending]
    return files.get(name) if name in files and files[name].is_dir() else None


def _unknown_file(file: Path) -> Finding:
    near = nearest(file.stem, RECORD_TABLES)
    remedy = f"Did you mean {near}{file.suffix}?" if near else f"The tables are {', '.join(RECORD_TABLES)}."
    return Finding("unknown_file", Severity.NOTE, "run", "the file is not one of the tables and was not read.", remedy, file=file.name)


def _hash(file: Path) -> str:
    if file.is_dir():
        return "folder of Parquet files, not hashed"
    size = file.stat().st_size
    return file_hash(file) if size < HASHED else f"not hashed: {size} bytes, changed {file.stat().st_mtime:.0f}"


def _source(records: Records, table: RecordTable, file: Path) -> RecordSource:
    raw = f"file_{table.name}"
    parquet = file.is_dir() or file.suffix.lower() == ".parquet"
    if parquet:
        records.engine.read_parquet(raw, file)
    else:
        records.engine.read_csv(raw, file, encoding=checked_encoding(file), delimiter=_delimiter(file))
    columns = records.engine.columns(raw)
    names = _column_names(records, table, file, [c for c in columns if c != "source_row"])
    kept = ", ".join(f'"{written}" AS "{name}"' for name, written in names.items())
    records.engine.create(f"record_{table.name}", f'SELECT {kept}, source_row FROM "{raw}"', view=True)
    large = parquet and (file.is_dir() or file.stat().st_size > LARGE)
    types = {name: columns[written] for name, written in names.items()} | {"source_row": "BIGINT"}
    return RecordSource(table.name, f"record_{table.name}", types, file.name, large)


def _column_names(records: Records, table: RecordTable, file: Path, written: list[str]) -> dict[str, str]:
    """Column of the layout to column of the file; the others are kept aside with a finding."""
    names: dict[str, str] = {}
    aside: list[str] = []
    for column in written:
        name = column.strip().lower().replace(" ", "_")
        name = name if name in table.columns else _NAMES.get(name, name)
        if name in names:
            raise CaracError(f"{file.name} has two columns {name}: {names[name]!r} and {column!r}; keep one.")
        if name in table.columns:
            names[name] = column
        else:
            aside.append(column)
    missing = [name for name in table.required if name not in names]
    if table.name == "labs" and not {"value", "value_low"} & set(names):
        missing.append("value")
    if missing:
        near = {name: nearest(name, aside) for name in missing}
        hints = "".join(f" Is {found!r} meant to be {name}?" for name, found in near.items() if found)
        raise CaracError(f"{file.name} lacks the column {', '.join(missing)}; it has {', '.join(written)}.{hints}")
    if aside:
        message = f"{len(aside)} columns are not of the layout and were left aside: {', '.join(sorted(aside))}."
        records.findings.add(Finding("extra_columns", Severity.NOTE, table.name, message, file=file.name))
    return names


def checked_encoding(file: Path) -> str:
    """``utf-8``, ``utf-16`` or ``latin-1``: the encoding of a CSV file.

    Raises
    ------
    CaracError: the file is empty, or some of its lines are UTF-8 and others are not.
    """
    if file.suffix == ".gz":
        return "utf-8"
    start = file.open("rb").read(4)
    if not start.strip():
        raise CaracError(f"{file.name} is empty; its first line has to hold the names of the columns.")
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    other: list[int] = []
    wide = 0
    with file.open("rb") as lines:
        for row, line in enumerate(lines, start=1):
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                wide += 1
            except UnicodeDecodeError:
                other.append(row)
    if other and wide:
        raise CaracError(f"{file.name}, row {other[0]}: the file mixes two encodings; save it as UTF-8.")
    return "latin-1" if other else "utf-8"


def _delimiter(file: Path) -> str:
    if file.suffix == ".gz":
        return ","
    encoding = "utf-16" if file.open("rb").read(2) in (b"\xff\xfe", b"\xfe\xff") else "latin-1"
    with file.open(encoding=encoding, newline="") as lines:
        header = lines.readline()
    try:
        return csv.Sniffer().sniff(header, delimiters=",;\t|").delimiter
    except csv.Error:
        return ","
