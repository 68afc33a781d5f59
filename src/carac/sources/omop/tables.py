"""The tables of an OMOP record in the engine, whatever file they came from and in whatever case they are named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as arrow_csv

from carac.cohort.records import Records, RecordSource
from carac.engine.duckdb_engine import DuckDB
from carac.findings import CaracError, Finding, Severity
from carac.sources.folder import LARGE, CsvText, content_hash, load_csv, scanned, table_file
from carac.vocabulary.spelling import nearest

#: The tables that carac reads, with the columns without which each cannot be read; one of a group is enough.
NEEDED_COLUMNS: dict[str, tuple[tuple[str, ...], ...]] = {
    "person": (("person_id",),),
    "measurement": (
        ("person_id",),
        ("measurement_concept_id",),
        ("measurement_datetime", "measurement_date"),
        ("value_as_number", "value_source_value"),
    ),
    "visit_occurrence": (("visit_occurrence_id",), ("person_id",), ("visit_start_datetime", "visit_start_date")),
    "visit_detail": (("visit_detail_id",), ("person_id",), ("visit_detail_start_datetime", "visit_detail_start_date")),
    "drug_exposure": (("person_id",), ("drug_exposure_start_datetime", "drug_exposure_start_date")),
    "procedure_occurrence": (("person_id",), ("procedure_datetime", "procedure_date")),
    "device_exposure": (("person_id",), ("device_exposure_start_datetime", "device_exposure_start_date")),
    "condition_occurrence": (("person_id",), ("condition_source_value", "condition_source_concept_id")),
    "death": (("person_id",), ("death_datetime", "death_date")),
    "observation_period": (("person_id",), ("observation_period_start_date",), ("observation_period_end_date",)),
    "concept": (("concept_id",), ("concept_name",)),
    "concept_ancestor": (("ancestor_concept_id",), ("descendant_concept_id",)),
    "cdm_source": (("cdm_version",),),
}
NEEDED = ("person", "measurement")
#: Tables of the vocabulary help to recognise words; a record can be read without them.
_HELPFUL = ("concept", "concept_ancestor", "cdm_source")
_ATTACHED = "omop_file"
_ZONED = "TIMESTAMP WITH TIME ZONE"

#: "2024-03-01 00:00:00": OMOP writes midnight where the time of day is not known.
_MIDNIGHT = r"^\d{4}-\d{2}-\d{2}[T ]00:00(:00(\.0+)?)?\s*(Z|[+-]\d{2}(:?\d{2})?)?$"


@dataclass(frozen=True)
class OmopTable:
    """One table of the record as a relation of the engine, with SQL for its columns.

    Parameters
    ----------
    name: as the data model names it.
    relation: table or view of the engine, with `source_row`.
    columns: DuckDB type by lower-case name.
    file: for findings.
    large: True where it stays a view over a large file.
    """

    name: str
    relation: str
    columns: Mapping[str, str]
    file: str
    large: bool = False

    def text(self, column: str) -> str:
        """SQL of a column as text; empty, NaN and a column that is absent are null."""
        if column not in self.columns:
            return "CAST(NULL AS VARCHAR)"
        value = f'"{column}"'
        if self.columns[column] == _ZONED:
            # Spark writes local times of day as UTC; they are taken as written, not moved to this machine's zone.
            value = f"{value} AT TIME ZONE 'UTC'"
        text = f"nullif(trim(CAST({value} AS VARCHAR)), '')"
        return f"nullif({text}, 'nan')" if self.columns[column] in ("DOUBLE", "FLOAT") else text

    def identifier(self, column: str) -> str:
        """SQL of a column with ids as text: a column with gaps is often written with decimals, 3024929.0."""
        return f"regexp_replace({self.text(column)}, '\\.0$', '')"

    def moment(self, *columns: str) -> str:
        """SQL of the first of the columns that is filled, as an ISO text; midnight is a date without time of day."""
        text = f"coalesce({', '.join(self.text(column) for column in columns)})"
        return (
            f"CASE WHEN regexp_matches({text}, '{_MIDNIGHT}') THEN left({text}, 10) "
            f"WHEN regexp_matches({text}, '^\\d{{8}}$') "
            f"THEN regexp_replace({text}, '^(\\d{{4}})(\\d\\d)(\\d\\d)$', '\\1-\\2-\\3') ELSE {text} END"
        )


@dataclass(frozen=True)
class OmopRecord:
    """The tables that were found, by lower-case name, with the record that is being made of them."""

    records: Records
    tables: Mapping[str, OmopTable]
    place: str

    @property
    def engine(self) -> DuckDB:
        """The session that holds the tables."""
        return self.records.engine

    def get(self, name: str) -> OmopTable | None:
        """The table, None where the record has none."""
        return self.tables.get(name)

    def number(self, sql: str) -> int:
        """The one number of a query, null as 0."""
        return int(str(self.engine.rows(sql)[0][0] or 0))

    def note(self, kind: str, table: str, message: str, remedy: str = "", cost: str = "", count: int = 0) -> None:
        """Keep a finding that only tells."""
        self._find(kind, Severity.NOTE, table, message, remedy, cost, count)

    def warn(self, kind: str, table: str, message: str, remedy: str = "", cost: str = "", count: int = 0) -> None:
        """Keep a finding of something that is lost or doubtful."""
        self._find(kind, Severity.WARNING, table, message, remedy, cost, count)

    def _find(
        self, kind: str, severity: Severity, table: str, message: str, remedy: str, cost: str, count: int
    ) -> None:
        # A finding of an OMOP table names its file; one of the whole record names the record.
        file = self.tables[table].file if table in self.tables else self.place
        self.records.findings.add(Finding(kind, severity, table, message, remedy, cost, count, file))

    def source(self, name: str, sql: str, of: OmopTable, view: bool = False) -> None:
        """Keep a query as one table of the record."""
        relation = f"record_{name}"
        self.engine.create(relation, sql, view=view)
        columns = self.engine.columns(relation)
        self.records.sources[name] = RecordSource(name, relation, columns, of.file, view)


def looks_like_omop(path: Path) -> bool:
    """Whether the folder holds a person or measurement file."""
    return path.is_dir() and any(table_file(path, name) for name in NEEDED)


def looks_like_omop_database(path: Path) -> bool:
    """Whether the file is a DuckDB database."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(12)[8:] == b"DUCK"


def open_omop(records: Records, path: Path) -> OmopRecord:
    """The tables of a folder or DuckDB file.

    Raises
    ------
    CaracError: a needed table or column is absent, or a file cannot be read.
    """
    if path.is_dir():
        found = _of_folder(records, path)
    elif looks_like_omop_database(path):
        found = _of_database(records, path)
    else:
        raise CaracError(f"{path} is neither a folder of CSV or Parquet files nor a DuckDB file, as OMOP has to be.")
    for name in NEEDED:
        if name not in found:
            others = ", ".join(sorted(found)) or "no table of the data model"
            raise CaracError(
                f"{path.name} has no OMOP table {name}; it has {others}. Add {name} as CSV, Parquet or DuckDB table."
            )
    record = OmopRecord(records, found, path.name)
    for table in found.values():
        zoned = [name for name, kind in table.columns.items() if kind == _ZONED and name.endswith("_datetime")]
        if zoned:
            message = f"the times of {', '.join(zoned)} have a time zone and were read as clock times of UTC."
            cost = "Results around midnight may stand on the day before or after."
            record.warn("time_zone", table.name, message, "Write local times without a zone.", cost)
    return record


def _of_folder(records: Records, path: Path) -> dict[str, OmopTable]:
    found: dict[str, OmopTable] = {}
    for name in NEEDED_COLUMNS:
        file = table_file(path, name)
        if file is None:
            continue
        try:
            table = _of_file(records.engine, name, file)
        except CaracError as error:
            if name not in _HELPFUL:
                raise
            records.findings.add(_unreadable(name, file.name, error))
            continue
        records.files[file.name] = content_hash(file)
        found[name] = _checked(table)
    return found


def _unreadable(name: str, file: str, error: CaracError) -> Finding:
    message = f"the table of the vocabulary could not be read: {error}"
    cost = "Drugs, procedures and measurements are recognised by their codes and source values only."
    remedy = "Write it as CSV or Parquet."
    return Finding("unreadable_vocabulary", Severity.WARNING, name, message, remedy, cost, file=file)


def _of_file(engine: DuckDB, name: str, file: Path) -> OmopTable:
    relation = f"omop_{name}"
    if file.is_dir() or file.suffix.lower() == ".parquet":
        engine.read_parquet(relation, file)
        large = file.is_dir() or file.stat().st_size > LARGE
        return OmopTable(name, relation, _lower(engine.columns(relation)), file.name, large)
    load_named_csv(engine, relation, file, unquoted=name in _HELPFUL)
    return OmopTable(name, relation, _lower(engine.columns(relation)), file.name)


def load_named_csv(engine: DuckDB, relation: str, file: Path, unquoted: bool = False) -> None:
    """A table of a CSV file with the columns of its header, in lower case, as text, and `source_row`.

    Parameters
    ----------
    unquoted: True takes quotation marks of a file with tabs as they are: the vocabulary comes with open ones.

    Raises
    ------
    CaracError: the file cannot be read, or its header has a name twice.
    """
    text = scanned(file)
    names = [name.strip().lower() for name in text.names]
    for name in names:
        if name and names.count(name) > 1:
            raise CaracError(f"{file.name}, row 1: the header has the column {name} twice; keep one.")
    if unquoted and text.delimiter == "\t":
        _load_unquoted(engine, f"{relation}_text", file, text)
    else:
        load_csv(engine, f"{relation}_text", file, text)
    columns = ", ".join(f'column_{place} AS "{_escaped(name)}"' for place, name in enumerate(names) if name)
    engine.create(relation, f'SELECT {columns}, source_row FROM "{relation}_text"', view=True)


def _escaped(name: str) -> str:
    return name.replace('"', '""')


def _load_unquoted(engine: DuckDB, relation: str, file: Path, text: CsvText) -> None:
    columns = [f"column_{place}" for place in range(len(text.names))]
    try:
        rows = arrow_csv.read_csv(
            file,
            read_options=arrow_csv.ReadOptions(column_names=columns, skip_rows=1, encoding=text.encoding),
            parse_options=arrow_csv.ParseOptions(delimiter=text.delimiter, quote_char=False),
            convert_options=arrow_csv.ConvertOptions(column_types=dict.fromkeys(columns, pa.string())),
        )
    except pa.ArrowInvalid as error:
        first = str(error).split("\n")[0]
        raise CaracError(f"{file.name} could not be read: {first}") from None
    engine.load(relation, rows.append_column("source_row", pa.array(range(2, len(rows) + 2), pa.int64())))


def _of_database(records: Records, path: Path) -> dict[str, OmopTable]:
    engine = records.engine
    engine.attach(path, _ATTACHED)
    listed = engine.rows(
        "SELECT table_schema, table_name FROM information_schema.tables "
        f"WHERE table_catalog = '{_ATTACHED}' ORDER BY ALL"
    )
    schema = _schema(path, [str(schema) for schema, name in listed if str(name).lower() == "person"])
    # The vocabulary often has a schema of its own; patients' tables of another schema are other patients.
    names = {
        str(name).lower(): f'"{_ATTACHED}"."{of}"."{name}"'
        for of, name in listed
        if of == schema or str(name).lower() in _HELPFUL
    }
    found = {}
    large = path.stat().st_size > LARGE
    for name in NEEDED_COLUMNS:
        if name in names:
            relation = f"omop_{name}"
            engine.create(relation, f"SELECT *, row_number() OVER () AS source_row FROM {names[name]}", view=True)
            columns = _lower(engine.columns(relation))
            found[name] = _checked(OmopTable(name, relation, columns, f"{path.name}:{name}", large))
    records.files[path.name] = content_hash(path)
    return found


def _schema(path: Path, schemas: list[str]) -> str | None:
    if len(schemas) > 1 and "main" not in schemas:
        raise CaracError(f"{path.name} has a table person in {', '.join(schemas)}; keep one data model per file.")
    return "main" if "main" in schemas else next(iter(schemas), None)


def _lower(columns: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): kind for name, kind in columns.items()}


def _checked(table: OmopTable) -> OmopTable:
    missing = [group for group in NEEDED_COLUMNS[table.name] if not set(group) & set(table.columns)]
    if missing:
        written = [name for name in table.columns if name != "source_row"]
        hints = {group[0]: nearest(group[0], written) for group in missing}
        meant = "".join(f" Is {found!r} meant to be {name}?" for name, found in hints.items() if found)
        lacking = ", ".join(" or ".join(group) for group in missing)
        raise CaracError(f"{table.file} lacks the column {lacking}; it has {', '.join(written)}.{meant}")
    return table
