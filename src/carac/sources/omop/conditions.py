"""Conditions of an OMOP record with an ICD-10-CM code, as events."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pyarrow as pa

from carac.sources.omop.measurements import PERSONS
from carac.sources.omop.tables import OmopRecord, OmopTable
from carac.sources.omop.words import listed
from carac.vocabulary.icd10cm import code_of

_ICD9 = re.compile(r"^\d{3}(\.?\d{1,2})?$")
#: Supplementary codes of ICD-9-CM, which may be ICD-10-CM too: what stands around them decides.
_EITHER = re.compile(r"^(V\d{2}(\.?\d{1,2})?|E[89]\d{2}(\.?\d)?)$", re.IGNORECASE)
_ICD10 = re.compile(r"^[A-TV-Z]\d[0-9A-Z](\.?[0-9A-Z]{1,4})?$", re.IGNORECASE)
_COST = "Bleeding and thrombosis that the codes name are not known."
_WORDS = "omop_condition_words"


def read_conditions(record: OmopRecord) -> None:
    """Make the events of the record, in `record_events`, where its conditions are coded in ICD-10-CM."""
    table = record.get("condition_occurrence")
    if table is None:
        return
    counts, codes = _codes(record, table)
    read = {words: code for words, code in codes.items() if code_of(code)}
    old, icd10 = _by_look({words: code for words, code in codes.items() if words not in read}, counts)
    rows, old_rows, icd10_rows = sum(counts.values()), _sum(counts, old), _sum(counts, icd10)
    if not read and old_rows > icd10_rows:
        message = (
            f"{rows} conditions look like ICD-9-CM ({old_rows} have such a code, the most frequent first: "
            f"{_told(counts, old)}); no events are read."
        )
        remedy = "Only ICD-10-CM codes are read."
        record.warn("icd9_conditions", table.name, message, remedy, _COST, rows)
        return
    if not read and not icd10:
        message = f"none of {rows} conditions has an ICD-10-CM code; no events are read."
        remedy = "condition_source_value has to be the ICD-10-CM code, or condition_source_concept_id its concept."
        record.warn("no_icd10_conditions", table.name, message, remedy, _COST, rows)
        return
    _keep(record, table, read)
    _tell_unread(record, table.name, counts, {k: code for k, code in codes.items() if k not in read}, old)
    record.note(
        "codes_only",
        table.name,
        "OMOP has no present-on-admission flag and no features of events.",
        cost="An event by its code is present but cannot be graded; a code of the index stay may be older than it.",
    )


_Words = tuple[str, str]


def _by_look(codes: Mapping[_Words, str], counts: Mapping[_Words, int]) -> tuple[dict[_Words, str], dict[_Words, str]]:
    """The codes that look like ICD-9-CM, and those that look like ICD-10-CM."""
    either = {words: code for words, code in codes.items() if _EITHER.match(code)}
    old = {words: code for words, code in codes.items() if _ICD9.match(code)}
    icd10 = {words: code for words, code in codes.items() if _ICD10.match(code) and words not in either}
    return (old | either, icd10) if _sum(counts, old) > _sum(counts, icd10) else (old, icd10 | either)


def _keys(table: OmopTable) -> tuple[str, str]:
    written, concept = table.text("condition_source_value"), table.identifier("condition_source_concept_id")
    return f"coalesce({written}, '')", f"coalesce({concept}, '')"


def _codes(record: OmopRecord, table: OmopTable) -> tuple[dict[_Words, int], dict[_Words, str]]:
    """Rows by source value and source concept; the code of each, which the vocabulary may have to give."""
    value, concept = _keys(table)
    persons = f"WHERE {table.identifier('person_id')} IN ({PERSONS})"
    rows = record.engine.rows(f"SELECT {value}, {concept}, count(*) FROM {table.relation} {persons} GROUP BY ALL")
    counts = {(str(row[0]), str(row[1])): int(str(row[2])) for row in rows}
    by_concept = _icd10_of(record, {concept for _, concept in counts})
    codes = {words: words[0] if code_of(words[0]) else by_concept.get(words[1], words[0]) for words in counts}
    return counts, codes


def _icd10_of(record: OmopRecord, ids: set[str]) -> dict[str, str]:
    concepts = record.get("concept")
    if concepts is None:
        return {}
    record.engine.load("omop_asked", pa.table({"asked": pa.array(sorted(ids - {"", "0"}), pa.string())}))
    of = concepts.identifier("concept_id")
    rows = record.engine.rows(
        f"SELECT {of}, {concepts.text('concept_code')} FROM {concepts.relation} JOIN omop_asked ON asked = {of} "
        f"WHERE {concepts.text('vocabulary_id')} = 'ICD10CM'"
    )
    return {str(concept): str(code) for concept, code in rows if code}


def _keep(record: OmopRecord, table: OmopTable, read: Mapping[_Words, str]) -> None:
    columns = {
        "word": [words[0] for words in read],
        "concept": [words[1] for words in read],
        "code": list(read.values()),
    }
    record.engine.load(_WORDS, pa.table({name: pa.array(texts, pa.string()) for name, texts in columns.items()}))
    value, concept = _keys(table)
    onset = table.moment("condition_start_datetime", "condition_start_date")
    end = table.moment("condition_end_datetime", "condition_end_date")
    number = f"coalesce({table.identifier('condition_occurrence_id')}, 'row-' || source_row)"
    person = table.identifier("person_id")
    sql = (
        f"SELECT 'condition-' || {number} AS event_id, {person} AS patient_id, {onset} AS onset, {end} AS \"end\", "
        f"m.code, 'ICD-10-CM' AS code_system, {table.identifier('visit_occurrence_id')} AS encounter, source_row "
        f"FROM {table.relation} JOIN {_WORDS} m ON m.word = {value} AND m.concept = {concept} "
        f"WHERE {person} IN ({PERSONS})"
    )
    record.source("events", sql, table)


def _tell_unread(
    record: OmopRecord,
    table: str,
    counts: Mapping[_Words, int],
    unread: Mapping[_Words, str],
    old: Mapping[_Words, str],
) -> None:
    others = {words: code for words, code in unread.items() if words not in old}
    if others:
        count = _sum(counts, others)
        message = (
            f"{count} conditions have a code that is not in carac's list of ICD-10-CM codes, the most frequent first: "
            f"{_told(counts, others)}."
        )
        record.note("unknown_code", table, message, "Such a code names no event that carac reads.", count=count)
    if old:
        count = _sum(counts, old)
        shown = _told(counts, old)
        message = f"{count} conditions look like ICD-9-CM and are not read, the most frequent first: {shown}."
        record.warn("icd9_conditions", table, message, "Only ICD-10-CM codes are read.", _COST, count)


def _sum(counts: Mapping[_Words, int], of: Mapping[_Words, str]) -> int:
    return sum(counts[words] for words in of)


def _told(counts: Mapping[_Words, int], of: Mapping[_Words, str]) -> str:
    return listed([(code or "no code", counts[words]) for words, code in of.items()])
