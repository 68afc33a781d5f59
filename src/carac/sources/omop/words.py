"""The different words of a table of drugs, procedures or devices: source values, and concepts with their names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from carac.sources.omop.tables import OmopRecord, OmopTable


@dataclass(frozen=True)
class Domain:
    """How one table names its columns.

    Parameters
    ----------
    table: name of the table.
    prefix: of its concept and source columns.
    start, end: stems of its columns of time.
    """

    table: str
    prefix: str
    start: str
    end: str

    @property
    def words(self) -> tuple[str, str, str]:
        """Its columns of source value, concept and source concept."""
        return f"{self.prefix}_source_value", f"{self.prefix}_concept_id", f"{self.prefix}_source_concept_id"

    def keys(self, table: OmopTable) -> tuple[str, str, str]:
        """SQL of the three, never null."""
        value, concept, source_concept = self.words
        parts = (table.text(value), table.identifier(concept), table.identifier(source_concept))
        return (f"coalesce({parts[0]}, '')", f"coalesce({parts[1]}, '')", f"coalesce({parts[2]}, '')")


DRUGS = Domain("drug_exposure", "drug", "drug_exposure_start", "drug_exposure_end")
PROCEDURES = Domain("procedure_occurrence", "procedure", "procedure", "procedure_end")
DEVICES = Domain("device_exposure", "device", "device_exposure_start", "device_exposure_end")
DOMAINS = (DRUGS, PROCEDURES, DEVICES)


@dataclass(frozen=True)
class Words:
    """One combination of words, and how many rows have it.

    Parameters
    ----------
    keys: source value, concept id, source concept id; "" where empty.
    count: rows.
    names: names of the two concepts, where the record has them.
    codes: their codes.
    """

    keys: tuple[str, str, str]
    count: int
    names: tuple[str, ...]
    codes: tuple[str, ...]

    @property
    def concepts(self) -> tuple[str, ...]:
        """The two concept ids without 0, which means none."""
        return tuple(key for key in self.keys[1:] if key not in ("", "0"))

    @property
    def shown(self) -> str:
        """What a finding calls it."""
        concept = f"concept {self.concepts[0]}" if self.concepts else "no concept"
        return self.keys[0] or next(iter(self.names), concept)


def distinct_words(record: OmopRecord, domain: Domain, table: OmopTable) -> list[Words]:
    """Every combination of words in the table, most frequent first."""
    value, concept, source_concept = domain.keys(table)
    grouped = (
        f"SELECT {value} AS word, {concept} AS concept, {source_concept} AS source_concept, count(*) AS n "
        f"FROM {table.relation} GROUP BY ALL"
    )
    concepts = record.get("concept")
    named = "SELECT NULL AS id, NULL AS name, NULL AS code WHERE false"
    if concepts:
        number, name, code = (concepts.text(f"concept_{part}") for part in ("id", "name", "code"))
        named = f"SELECT {number} AS id, {name} AS name, {code} AS code FROM {concepts.relation}"
    # 0 is the concept of what has none; its name would be a word of every unmapped row.
    sql = (
        f"WITH words AS ({grouped}), named AS (SELECT DISTINCT ON (id) * FROM ({named}) WHERE id <> '0') "
        "SELECT word, concept, source_concept, n, a.name, b.name, a.code, b.code FROM words "
        "LEFT JOIN named a ON a.id = concept LEFT JOIN named b ON b.id = source_concept "
        "ORDER BY n DESC, word, concept, source_concept"
    )
    return [
        Words(
            (str(row[0]), str(row[1]), str(row[2])),
            int(str(row[3])),
            tuple(str(name) for name in row[4:6] if name is not None),
            tuple(str(code) for code in row[6:8] if code is not None),
        )
        for row in record.engine.rows(sql)
    ]


def keep_meanings(
    record: OmopRecord, relation: str, found: list[Words], meaning: Callable[[Words], str | None]
) -> list[Words]:
    """Make a table of the words with their meaning (null where it is none); the words without."""
    meanings = [meaning(words) for words in found]
    taken = [(words, meant) for words, meant in zip(found, meanings, strict=True) if meant is not None]
    columns = {
        name: pa.array([words.keys[place] for words, _ in taken], pa.string())
        for place, name in enumerate(("word", "concept", "source_concept"))
    }
    columns["meaning"] = pa.array([meant for _, meant in taken], pa.string())
    record.engine.load(relation, pa.table(columns))
    return [words for words, meant in zip(found, meanings, strict=True) if meant is None]


def joined(domain: Domain, table: OmopTable, relation: str) -> str:
    """SQL of the condition that joins the rows of the table with the meanings of their words, named `m`."""
    value, concept, source_concept = domain.keys(table)
    return f"{relation} m ON m.word = {value} AND m.concept = {concept} AND m.source_concept = {source_concept}"


def told(found: list[Words], most: int = 5) -> str:
    """The most frequent words with their counts."""
    return listed([(words.shown, words.count) for words in found], most)


def listed(counts: list[tuple[str, int]], most: int = 5) -> str:
    """Texts with their counts, most frequent first; the rest as a number."""
    summed: dict[str, int] = {}
    for text, count in counts:
        summed[text] = summed.get(text, 0) + count
    ordered = sorted(summed.items(), key=lambda item: (-item[1], item[0]))
    more = f" and {len(ordered) - most} more" if len(ordered) > most else ""
    return ", ".join(f"{text} ({count})" for text, count in ordered[:most]) + more
