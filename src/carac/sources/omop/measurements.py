"""Measurements of an OMOP record as laboratory results: which test, which value, which unit."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from carac.sources.omop.tables import OmopRecord, OmopTable
from carac.sources.omop.words import listed
from carac.vocabulary.codes import AnalyteCode, analyte_of_code, unit_of_omop_concept
from carac.vocabulary.units import conversion

#: Operator concepts of OMOP.
COMPARATORS = {"4171756": "<", "4172704": ">", "4171754": "<=", "4171755": ">="}
EQUAL = "4172703"
_LOINC = r"^\d{1,5}-\d$"
_KEYS = ("concept", "loinc", "unit", "unit_concept")
_MAP = "omop_measurement_words"
PERSONS = 'SELECT patient_id FROM "record_infusions"'


@dataclass(frozen=True)
class _Named:
    """What the record says of a concept: name, code, vocabulary."""

    name: str
    code: str
    vocabulary: str


def read_labs(record: OmopRecord) -> None:
    """Make the laboratory results of the record, in `record_labs`."""
    table = record.tables["measurement"]
    _map_words(record, table)
    value = _value(table)
    time = table.moment("measurement_datetime", "measurement_date")
    keys = _keys(table)
    on = " AND ".join(f"m.{name} = {sql}" for name, sql in keys.items())
    sql = (
        f"SELECT {table.identifier('person_id')} AS patient_id, {time} AS time, m.analyte, {value} AS value, "
        f"m.unit_text AS unit, {table.text('range_low')} AS lower_limit, {table.text('range_high')} AS upper_limit, "
        "source_row "
        f"FROM {table.relation} JOIN {_MAP} m ON {on} WHERE {table.identifier('person_id')} IN ({PERSONS})"
    )
    record.source("labs", sql, table, view=table.large)
    _tell(record, table)


def _keys(table: OmopTable) -> dict[str, str]:
    """SQL of what says test and unit, never null."""
    written = table.text("measurement_source_value")
    return {
        "concept": f"coalesce({table.identifier('measurement_concept_id')}, '')",
        "loinc": f"CASE WHEN regexp_matches({written}, '{_LOINC}') THEN {written} ELSE '' END",
        "unit": f"coalesce({table.text('unit_source_value')}, '')",
        "unit_concept": f"coalesce({table.identifier('unit_concept_id')}, '')",
    }


def _value(table: OmopTable) -> str:
    """SQL of the value as text: the number with its operator, else what the source wrote.

    The text of the source counts only where there is no number: it may be in another unit than the number.
    """
    number, written = table.text("value_as_number"), table.text("value_source_value")
    operator = table.identifier("operator_concept_id")
    plain = f"coalesce({number}, {written})"
    signs = " ".join(f"WHEN '{concept}' THEN '{sign}' || {plain}" for concept, sign in COMPARATORS.items())
    unknown = f"'operator ' || {operator} || ' ' || {plain}"
    signed = (
        f"CASE coalesce({operator}, '0') WHEN '0' THEN {plain} WHEN '{EQUAL}' THEN {plain} {signs} ELSE {unknown} END"
    )
    # A text with letters or a sign of its own is left as it is.
    return f"CASE WHEN {number} IS NULL AND try_cast({written} AS DOUBLE) IS NULL THEN {written} ELSE {signed} END"


# ---- which test, which unit ----


def _map_words(record: OmopRecord, table: OmopTable) -> None:
    """Make a table of the words of the measurements that carac reads; the others are told."""
    keys = ", ".join(f"{sql} AS {name}" for name, sql in _keys(table).items())
    persons = f"WHERE {table.identifier('person_id')} IN ({PERSONS})"
    rows = record.engine.rows(f"SELECT {keys}, count(*) AS n FROM {table.relation} {persons} GROUP BY ALL")
    found = [((str(row[0]), str(row[1]), str(row[2]), str(row[3])), int(str(row[4]))) for row in rows]
    names = _named(record, {key for words, _ in found for key in (words[0], words[3])})
    read: dict[tuple[str, str, str, str], tuple[str, str | None]] = {}
    unread: list[tuple[str, int]] = []
    for words, count in found:
        code = _analyte(words[0], words[1], names)
        if code is None:
            unread.append((_shown(words[0], words[1], names), count))
        else:
            read[words] = code.code, _unit(code, words[2], words[3], names)
    columns = {name: pa.array([words[place] for words in read], pa.string()) for place, name in enumerate(_KEYS)}
    columns["analyte"] = pa.array([analyte for analyte, _ in read.values()], pa.string())
    columns["unit_text"] = pa.array([unit for _, unit in read.values()], pa.string())
    record.engine.load(_MAP, pa.table(columns))
    if unread:
        _tell_unread(record, unread)


def _named(record: OmopRecord, ids: set[str]) -> dict[str, _Named]:
    """Names and codes of these concepts, where the record has the vocabulary."""
    concepts = record.get("concept")
    if concepts is None:
        return {}
    record.engine.load("omop_asked", pa.table({"asked": pa.array(sorted(ids), pa.string())}))
    parts = ", ".join(concepts.text(name) for name in ("concept_name", "concept_code", "vocabulary_id"))
    of = concepts.identifier("concept_id")
    rows = record.engine.rows(
        f"SELECT {of}, {parts} FROM {concepts.relation} JOIN omop_asked ON asked = {of} WHERE asked <> '0'"
    )
    return {str(row[0]): _Named(*(str(part or "") for part in row[1:4])) for row in rows}


def _analyte(concept: str, loinc: str, names: dict[str, _Named]) -> AnalyteCode | None:
    """The test: by the concept, by a LOINC code that the source wrote, by the LOINC code of the concept."""
    named = names.get(concept)
    own = named.code if named and named.vocabulary.upper() == "LOINC" else ""
    return analyte_of_code("OMOP", concept) or analyte_of_code("LOINC", loinc) or analyte_of_code("LOINC", own)


def _unit(code: AnalyteCode, written: str, concept: str, names: dict[str, _Named]) -> str | None:
    """The first text that is a unit of the test: as written, of the concept, its UCUM code; else as written."""
    named = names.get(concept)
    of_concept = unit_of_omop_concept(concept) or (named.code if named else "")
    texts = [text for text in (written, of_concept) if text]
    for text in texts:
        if conversion(code.analyte, text, code.basis or None) is not None:
            return text
    if texts:
        return texts[0]
    # An unknown unit is not an absent one.
    return f"unit concept {concept}" if concept not in ("", "0") else None


def _shown(concept: str, loinc: str, names: dict[str, _Named]) -> str:
    if concept in ("", "0"):
        return f"LOINC {loinc}" if loinc else "no concept"
    return f"{concept} {names[concept].name}" if concept in names else concept


# ---- what is told ----


def _tell_unread(record: OmopRecord, unread: list[tuple[str, int]]) -> None:
    count, concepts = sum(number for _, number in unread), len({text for text, _ in unread})
    of = "1 concept" if concepts == 1 else f"{concepts} concepts"
    message = f"{count} measurements of {of} are not read, the most frequent first: {listed(unread)}."
    remedy = "A test that carac knows needs its standard concept, or its LOINC code as source value."
    record.note("unread_measurements", "measurement", message, remedy, count=count)


def _tell(record: OmopRecord, table: OmopTable) -> None:
    counted = (
        "SELECT count(*), count(*) FILTER (lower_limit IS NULL AND upper_limit IS NULL), "
        'count(*) FILTER (length(time) = 10) FROM "record_labs"'
    )
    rows, unlimited, dated = (int(str(number)) for number in record.engine.rows(counted)[0])
    if not rows:
        remedy = "measurement_concept_id has to be the standard concept of the test."
        record.warn(
            "no_results",
            "measurement",
            "no measurement is a laboratory test of carac.",
            remedy,
            "Every laboratory grade is null.",
        )
        return
    if unlimited:
        record.warn(
            "no_limits",
            "measurement",
            f"{unlimited} of {rows} laboratory results have no limits of normal (range_low, range_high).",
            "Give the laboratory's limits in a site file.",
            "Without them a grade is null wherever its rule compares with a limit of normal, as for fibrinogen, aPTT, "
            "and platelets of 75 and more.",
            unlimited,
        )
    if dated:
        message = f"{dated} laboratory results have a date without time of day; midnight is how OMOP writes that."
        record.note("date_only", "measurement", message, cost="Rules in hours give a range for them.", count=dated)
    _tell_comparators(record, table)


def _tell_comparators(record: OmopRecord, table: OmopTable) -> None:
    """Numbers whose source text has a comparator that the operator does not say."""
    signed = f"regexp_matches({table.text('value_source_value')}, '^\\s*[<>≤≥]')"
    plain = f"coalesce({table.identifier('operator_concept_id')}, '0') IN ('0', '{EQUAL}')"
    kept = f"{signed} AND {plain} AND {table.text('value_as_number')} IS NOT NULL"
    lost = record.number(
        f'SELECT count(*) FROM {table.relation} SEMI JOIN "record_labs" USING (source_row) WHERE {kept}'
    )
    if lost:
        message = (
            f"{lost} results are a number whose value_source_value begins with < or >, and whose operator_concept_id "
            "does not say so."
        )
        remedy = "They were read as plain numbers; fill operator_concept_id."
        record.warn("comparator_lost", "measurement", message, remedy, count=lost)
