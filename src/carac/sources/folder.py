"""A folder with one CSV or Parquet file per table, named as the table."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.csv as arrow_csv

from carac.cohort.records import Records, RecordSource
from carac.cohort.tables import NEEDED_TABLES, RECORD_TABLES, SYNTHETIC, RecordTable
from carac.engine.duckdb_engine import DuckDB
from carac.findings import CaracError, Finding, Severity
from carac.manifest import file_hash
from carac.sources.synthetic import synthetic_findings
from carac.vocabulary.spelling import nearest

#: A Parquet file with more bytes stays where it is and is read anew by each query: copying its rows costs as much
#: as reading them four times, and three times the memory.
LARGE = 20_000_000
#: Hashing a file of this size takes about ten seconds; above it, size and time of change stand for the content.
HASHED = 5_000_000_000

_NAMES = {
    "patientid": "patient_id",
    "patient": "patient_id",
    "datetime": "time",
    "date_time": "time",
    "test": "analyte",
    "result": "value",
}
_ENDINGS = (".parquet", ".csv", ".csv.gz")
#: Columns that the engine adds to those of a Parquet file.
_ROW_NUMBERS = ("source_row", "file_row_number")
_DELIMITERS = (",", ";", "\t", "|")
#: Types of Parquet that are worked on as they are; all others are read as text.
_TYPED = {"VARCHAR", "DOUBLE", "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "BOOLEAN", "TIMESTAMP", "DATE", "DECIMAL"}


def looks_like_a_folder(path: Path) -> bool:
    """Whether the folder holds a file of infusions or labs."""
    return path.is_dir() and any(table_file(path, name) for name in NEEDED_TABLES)


def read_folder(engine: DuckDB, path: Path) -> Records:
    """The tables of a folder.

    Raises
    ------
    CaracError: a needed table or column is absent, or a file cannot be read; the sentence names file and remedy.
    """
    if not path.is_dir():
        raise CaracError(f"There is no folder {path}.")
    records = Records(engine)
    found = {name: file for name in RECORD_TABLES if (file := table_file(path, name))}
    for name in NEEDED_TABLES:
        if name not in found:
            raise CaracError(_no_table(path, name))
    records.findings.extend(synthetic_findings(found))
    for name, file in found.items():
        try:
            records.sources[name] = _source(records, RECORD_TABLES[name], file)
            records.files[file.name] = content_hash(file)
        except PermissionError:
            raise CaracError(f"{file.name} may not be read by this user; change its permissions.") from None
    for file in sorted(path.iterdir()):
        if file.name.lower().endswith(_ENDINGS) and file not in found.values():
            records.findings.add(_unknown_file(file, found))
    return records


def _no_table(folder: Path, name: str) -> str:
    others = [file.name for file in sorted(folder.iterdir()) if file.stem.lower() == name and file.is_file()]
    if others:
        return f"{folder} has {others[0]}, which is not read; save it as {name}.csv (UTF-8) or {name}.parquet."
    return f"{folder} has no {name}.csv or {name}.parquet; `carac template DIR` writes empty tables to fill."


def table_file(folder: Path, name: str) -> Path | None:
    """The file of a table in a folder, in any letter case; None where there is none.

    A file named after the table comes before a synthetic one.
    """
    files = {file.name.lower(): file for file in folder.iterdir()} if folder.is_dir() else {}
    for known in (name, SYNTHETIC + name):
        for ending in _ENDINGS:
            if known + ending in files:
                return files[known + ending]
        if known in files and files[known].is_dir():
            return files[known]
    return None


def _unknown_file(file: Path, found: dict[str, Path]) -> Finding:
    stem = file.name.split(".")[0].lower().removeprefix(SYNTHETIC)
    near = nearest(stem, RECORD_TABLES)
    if stem in found:
        message = f"the file was not read, because {found[stem].name} was."
        return Finding("unknown_file", Severity.WARNING, "run", message, "Keep one of the two.", file=file.name)
    remedy = f"Did you mean {near}{file.suffix}?" if near else f"The tables are {', '.join(RECORD_TABLES)}."
    message = "the file is not one of the tables and was not read."
    return Finding("unknown_file", Severity.NOTE, "run", message, remedy, file=file.name)


def content_hash(file: Path) -> str:
    """What stands in the manifest for a file: its hash, or size and time of change where hashing takes too long."""
    if file.is_dir():
        return "folder of Parquet files, not hashed"
    size = file.stat().st_size
    return file_hash(file) if size < HASHED else f"not hashed: {size} bytes, changed {file.stat().st_mtime:.0f}"


def _source(records: Records, table: RecordTable, file: Path) -> RecordSource:
    raw, relation = f"file_{table.name}", f"record_{table.name}"
    parquet = file.is_dir() or file.suffix.lower() == ".parquet"
    if parquet:
        records.engine.read_parquet(raw, file)
        types = {name: kind for name, kind in records.engine.columns(raw).items() if name not in _ROW_NUMBERS}
        written = list(types)
    else:
        text = scanned(file)
        written = list(text.names)
    names = _column_names(records, table, file, written)
    if not parquet:
        load_csv(records.engine, raw, file, text)
        types = {f"column_{place}": "VARCHAR" for place in range(len(written))}
    columns = list(types)
    chosen = {name: columns[place] for name, place in names.items()}
    made = {name: _typed(name, column, types[column]) for name, column in chosen.items()}
    if zoned := [name for name, column in chosen.items() if types[column] == "TIMESTAMP WITH TIME ZONE"]:
        records.findings.add(_zoned(table, file, zoned))
    kept = ", ".join(f'{expression} AS "{name}"' for name, (expression, _) in made.items())
    records.engine.create(relation, f'SELECT {kept}, source_row FROM "{raw}"', view=True)
    if not records.engine.rows(f'SELECT 1 FROM "{relation}" LIMIT 1'):
        message = "there are no rows under the header."
        severity = Severity.WARNING if table.name in NEEDED_TABLES else Severity.NOTE
        records.findings.add(Finding("empty_table", severity, table.name, message, "Export it again.", file=file.name))
    large = parquet and (file.is_dir() or file.stat().st_size > LARGE)
    kinds = {name: kind for name, (_, kind) in made.items()} | {"source_row": "BIGINT"}
    return RecordSource(table.name, relation, kinds, file.name, large)


def _typed(name: str, column: str, kind: str) -> tuple[str, str]:
    """The SQL of a column, and the type that it has then."""
    quoted = '"' + column.replace('"', '""') + '"'
    if kind in ("DOUBLE", "FLOAT") and name in ("patient_id", "event_id"):
        # A table with gaps makes 17.0 of the identifier 17.
        whole = f"CAST(CAST({quoted} AS BIGINT) AS VARCHAR)"
        return f"CASE WHEN {quoted} = floor({quoted}) THEN {whole} ELSE CAST({quoted} AS VARCHAR) END", "VARCHAR"
    if kind == "FLOAT":
        # By way of its text, 1.2 in single precision stays 1.2, so that printed ties stay ties.
        return f"CAST(CAST({quoted} AS VARCHAR) AS DOUBLE)", "DOUBLE"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"({quoted} AT TIME ZONE 'UTC')", "TIMESTAMP"
    if kind in ("TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"):
        return f"CAST({quoted} AS TIMESTAMP)", "TIMESTAMP"
    if kind in ("UTINYINT", "USMALLINT", "UINTEGER"):
        return f"CAST({quoted} AS BIGINT)", "BIGINT"
    if kind in ("UBIGINT", "HUGEINT", "UHUGEINT"):
        return f"CAST({quoted} AS DOUBLE)", "DOUBLE"
    if kind.split("(")[0] in _TYPED:
        return quoted, kind
    return f"CAST({quoted} AS VARCHAR)", "VARCHAR"


def _zoned(table: RecordTable, file: Path, columns: Sequence[str]) -> Finding:
    return Finding(
        "time_zone",
        Severity.WARNING,
        table.name,
        f"the times of {', '.join(columns)} are stored with a time zone and were read as clock times of UTC.",
        "Write local times without a zone.",
        "Results around midnight may stand on the day before or after.",
        file=file.name,
    )


def _column_names(records: Records, table: RecordTable, file: Path, written: Sequence[str]) -> dict[str, int]:
    """Column of the layout to place in the file; the others are kept aside with a finding."""
    names: dict[str, int] = {}
    aside: list[str] = []
    for place, column in enumerate(written):
        name = column.strip().lower().replace(" ", "_")
        name = name if name in table.columns else _NAMES.get(name, name)
        if name in names:
            both = f"{written[names[name]]!r} and {column!r}"
            raise CaracError(f"{file.name}, row 1: two columns stand for {name}, {both}; keep one.")
        if name in table.columns:
            names[name] = place
        else:
            aside.append(column.strip() or f"column {place + 1}, which has no name")
    _refuse_missing(table, file, names, aside, written)
    if aside:
        number = "1 column is" if len(aside) == 1 else f"{len(aside)} columns are"
        message = f"{number} not of the layout and not read: {', '.join(sorted(aside))}."
        records.findings.add(Finding("extra_columns", Severity.NOTE, table.name, message, file=file.name))
    return names


def _refuse_missing(
    table: RecordTable, file: Path, names: Mapping[str, int], aside: Sequence[str], written: Sequence[str]
) -> None:
    missing = [name for name in table.required if name not in names]
    if table.name == "labs" and "value" not in names and not {"value_low", "value_high"} <= set(names):
        missing.append("value")
    if missing:
        near = {name: nearest(name, aside) for name in missing}
        hints = "".join(f" Is {found!r} meant to be {name}?" for name, found in near.items() if found)
        has = ", ".join(column.strip() for column in written if column.strip())
        columns = f"column{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
        if not names:
            hints = " The first row has to name the columns."
        raise CaracError(f"{file.name}, row 1: the header lacks the {columns}; it has {has}.{hints}")


# ---- CSV ----


@dataclass(frozen=True)
class CsvText:
    """How a CSV file is written.

    Parameters
    ----------
    encoding: ``utf-8``, ``utf-16`` or ``latin-1``.
    delimiter: what stands between fields.
    names: the header as written.
    plain: True where every line is one row: no quotation marks, no empty lines.
    """

    encoding: str
    delimiter: str
    names: tuple[str, ...]
    plain: bool


def _bytes(file: Path) -> IO[bytes]:
    return gzip.open(file, "rb") if file.suffix.lower() == ".gz" else file.open("rb")  # type: ignore[return-value]


def scanned(file: Path) -> CsvText:
    """Encoding, delimiter and header of a CSV file.

    Raises
    ------
    CaracError: the file is empty, cannot be unpacked, mixes encodings, or does not begin with a header.
    """
    try:
        encoding, plain = _encoding(file)
        header = _header(file, encoding)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise CaracError(f"{file.name} could not be unpacked; pack it again with gzip.") from None
    except UnicodeError:
        raise CaracError(f"{file.name} could not be read as {encoding.upper()}; save it as UTF-8.") from None
    if not header.strip():
        raise CaracError(f"{file.name}, row 1 is empty; it has to hold the names of the columns.")
    delimiter, names = _fields(header)
    return CsvText(encoding, delimiter, names, plain)


def checked_encoding(file: Path) -> str:
    """The encoding of a CSV file; raises `CaracError` as `scanned` does."""
    return scanned(file).encoding


def _delimiter(file: Path) -> str:
    with _bytes(file) as stream:
        start = stream.read(2)
    return _fields(_header(file, "utf-16" if start in (b"\xff\xfe", b"\xfe\xff") else "latin-1"))[0]


def _header(file: Path, encoding: str) -> str:
    with io.TextIOWrapper(_bytes(file), encoding=_codec(encoding), newline="") as text:
        return text.readline()


def _fields(header: str) -> tuple[str, tuple[str, ...]]:
    """The delimiter that gives the most columns, and the names of these."""
    fields = {delimiter: next(csv.reader([header], delimiter=delimiter)) for delimiter in _DELIMITERS}
    delimiter = max(_DELIMITERS, key=lambda each: len(fields[each]))
    return delimiter, tuple(fields[delimiter])


def _codec(encoding: str) -> str:
    # The first takes a byte-order mark away.
    return "utf-8-sig" if encoding == "utf-8" else encoding


def _encoding(file: Path) -> tuple[str, bool]:
    """The encoding, and whether every line is one row."""
    other = wide = 0
    plain = True
    content = False
    with _bytes(file) as lines:
        for row, line in enumerate(lines, start=1):
            if row == 1 and line[:2] in (b"\xff\xfe", b"\xfe\xff"):
                return "utf-16", False
            content = content or bool(line.removeprefix(b"\xef\xbb\xbf").strip())
            plain = plain and b'"' not in line and not line.isspace()
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                wide = wide or row
            except UnicodeDecodeError:
                other = other or row
    if not content:
        raise CaracError(f"{file.name} is empty; its first row has to hold the names of the columns.")
    if other and wide:
        raise CaracError(
            f"{file.name} mixes two encodings: row {wide} is UTF-8, row {other} is not; save the whole file as UTF-8."
        )
    return "latin-1" if other else "utf-8", plain


def load_csv(engine: DuckDB, name: str, file: Path, text: CsvText) -> None:
    """A table of a CSV file: ``column_0``, ``column_1`` … as text, with the line of the file as `source_row`.

    Raises
    ------
    CaracError: a row whose fields are not those of the header, or an open quotation mark, with the row.
    """
    columns = [f"column_{place}" for place in range(len(text.names))]
    # A quotation mark that never closes would swallow rows in silence: such files are walked through first.
    lines = None if text.plain else list(_line_numbers(file, text))
    try:
        rows = arrow_csv.read_csv(
            file,
            read_options=arrow_csv.ReadOptions(column_names=columns, skip_rows=1, encoding=text.encoding),
            parse_options=arrow_csv.ParseOptions(delimiter=text.delimiter, newlines_in_values=not text.plain),
            convert_options=arrow_csv.ConvertOptions(column_types=dict.fromkeys(columns, pa.string())),
        )
    except pa.ArrowInvalid as error:
        only_header = "Empty CSV file" in str(error) or "Could not skip" in str(error)
        rows = _without_rows(columns) if only_header else _fault(file, text, error)
    numbers = lines if lines is not None and len(lines) == len(rows) else range(2, len(rows) + 2)
    engine.load(name, rows.append_column("source_row", pa.array(numbers, pa.int64())))


def _without_rows(columns: Sequence[str]) -> pa.Table:
    return pa.table({column: pa.array([], pa.string()) for column in columns})


def _fault(file: Path, text: CsvText, error: Exception) -> pa.Table:
    """Say in one sentence what is wrong with a file that could not be read."""
    for _ in _line_numbers(file, text):
        pass
    first = str(error).split("\n")[0]
    raise CaracError(f"{file.name} could not be read as CSV: {first}") from None


def _line_numbers(file: Path, text: CsvText) -> Iterator[int]:
    """The line on which each row after the header begins.

    Raises
    ------
    CaracError: a row that does not have the fields of the header, or quotation marks that do not pair.
    """
    wanted = len(text.names)
    start = 1
    with io.TextIOWrapper(_bytes(file), encoding=_codec(text.encoding), newline="") as lines:
        rows = csv.reader(lines, delimiter=text.delimiter, strict=True)
        try:
            for fields in rows:
                if fields and len(fields) != wanted:
                    raise CaracError(f"{file.name}, row {start}: {_ragged(fields, wanted, text.delimiter)}")
                if fields and start > 1:
                    yield start
                start = rows.line_num + 1
        except csv.Error:
            raise CaracError(
                f"{file.name}, row {start}: a quotation mark is open or stands inside a text; "
                'close it, or write a quotation mark inside a text twice ("").'
            ) from None


def _ragged(fields: Sequence[str], wanted: int, delimiter: str) -> str:
    number = "1 field" if len(fields) == 1 else f"{len(fields)} fields"
    if len(fields) < wanted:
        return f"{number} where the header has {wanted} columns; write an empty field for what is not known."
    if delimiter == ",":
        return (
            f"{number} where the header has {wanted} columns; perhaps a decimal comma splits a number in two: "
            "write a point, or put quotation marks around a text with a comma."
        )
    return f"{number} where the header has {wanted} columns; put quotation marks around a text with {delimiter!r}."
