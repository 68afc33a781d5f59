"""Day 0 of an OMOP record: the CAR-T infusion, a visit, or a table that the user gives."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from carac.cohort.tables import RECORD_TABLES
from carac.findings import CaracError
from carac.sources.folder import content_hash
from carac.sources.omop.persons import make_infusions
from carac.sources.omop.tables import OmopRecord, OmopTable, load_named_csv
from carac.sources.omop.words import DOMAINS, PROCEDURES, Domain, Words, distinct_words, joined, keep_meanings, told
from carac.vocabulary.products import names_car_t, product_of, products
from carac.vocabulary.spelling import fold, nearest

INFUSION, FIRST_VISIT, EVERY_VISIT = "infusion", "first-visit", "every-visit"
INDEXES = (INFUSION, FIRST_VISIT, EVERY_VISIT)

#: CAR-T rows of one patient that follow each other within so many days are one infusion: split doses, or the same
#: infusion as drug, as procedure and on the bill. A proposal; second infusions come months later.
SAME_INFUSION_DAYS = 7

#: Steps before and after the infusion that go by the name of CAR-T too (such as CPT 0537T to 0539T, 38225 to 38227).
_NOT_THE_INFUSION = re.compile(
    r"harvest|collect|apheresis|prepar|receipt|transport|cryopreserv|storage|consult|evaluation|screening|counsel|"
    r"planning|history|complication|education|follow.?up|lymphodeplet|premedic|monitor|assess",
    re.IGNORECASE,
)
_CHIMERIC = "chimeric antigen receptor"


@dataclass(frozen=True)
class OmopOptions:
    """What a user says of an OMOP record.

    Parameters
    ----------
    index: ``infusion`` (the CAR-T infusion), ``first-visit``, ``every-visit`` (one infusion per visit); None takes the
        CAR-T infusions, or the first visits where there is none.
    index_table: CSV or Parquet file with patient_id (or person_id), infusion_time, and whatever else of the infusions
        table; instead of `index`.
    """

    index: str | None = None
    index_table: Path | None = None


def read_infusions(record: OmopRecord, options: OmopOptions) -> str:
    """Make the infusions of the record, in `record_infusions`; what day 0 is.

    Raises
    ------
    CaracError: what was asked for is not in the record, or cannot be read.
    """
    if options.index is not None and options.index not in INDEXES:
        near = nearest(options.index, INDEXES)
        meant = f" Did you mean {near}?" if near else ""
        raise CaracError(f"The index {options.index!r} is not known; write {', '.join(INDEXES)}.{meant}")
    if options.index_table is not None:
        if options.index is not None:
            raise CaracError("Give --index or --index-table, not both.")
        day_zero, of = _given(record, options.index_table)
    else:
        day_zero, of = _from_record(record, options.index)
    make_infusions(record, of)
    return day_zero


def _from_record(record: OmopRecord, asked: str | None) -> tuple[str, OmopTable]:
    visits = record.get("visit_occurrence")
    found = _car_t(record) if asked in (None, INFUSION) else None
    if found:
        return INFUSION, found
    searched = [domain.table for domain in DOMAINS if record.get(domain.table)]
    where = f"in {' or '.join(searched)}" if searched else "(the record has no drugs, procedures or devices)"
    if asked == INFUSION or visits is None:
        lacking = "" if visits else " and no visit_occurrence to take its place"
        raise CaracError(
            f"{record.place}: no CAR-T infusion was found {where}{lacking}; name the infusions in a CSV with "
            "patient_id and infusion_time, and give it with --index-table."
        )
    index = asked or FIRST_VISIT
    _visits(record, visits, index)
    if asked is None:
        record.warn(
            "no_car_t_infusion",
            "run",
            f"no CAR-T infusion was found {where}; day 0 is the start of each person's first visit.",
            "Name the infusions with --index-table, or say --index every-visit.",
            "Days are counted from a visit, and what is made for CAR-T says nothing about a treatment.",
        )
    return index, visits


# ---- the CAR-T infusions ----


def _car_t(record: OmopRecord) -> OmopTable | None:
    """Make `omop_index` of the CAR-T infusions; the first table with one, None where there is none."""
    parts, first = [], None
    for order, domain in enumerate(DOMAINS):
        table = record.get(domain.table)
        if table is None:
            continue
        words = distinct_words(record, domain, table)
        named = [each for each in words if _is_car_t(each, domain)]
        infused = [each for each in named if not _is_another_step(each)]
        _tell_other_steps(record, domain, [each for each in named if each not in infused])
        relation = f"omop_car_t_{domain.prefix}"
        keep_meanings(record, relation, infused, partial(_product, domain))
        if infused:
            first = first or table
            time = table.moment(f"{domain.start}_datetime", f"{domain.start}_date")
            parts.append(
                f"SELECT {table.identifier('person_id')} AS patient_id, {time} AS infusion_time, "
                f"nullif(m.meaning, '') AS product, {order} AS place, source_row "
                f"FROM {table.relation} JOIN {joined(domain, table, relation)}"
            )
    if first is None:
        return None
    _one_row_per_infusion(record, " UNION ALL ".join(parts))
    return first


def _texts(words: Words, domain: Domain) -> list[str]:
    """Source value, names and codes; bare numbers only where they can be CPT codes, not RxNorm or local ids."""
    texts = [words.keys[0], *words.names, *words.codes]
    return [text for text in texts if text and (domain is PROCEDURES or not text.isdigit())]


def _is_car_t(words: Words, domain: Domain) -> bool:
    texts = _texts(words, domain)
    named = any(names_car_t(text) or _CHIMERIC in fold(text) for text in texts)
    return named or _product_of_concept(words) is not None


def _is_another_step(words: Words) -> bool:
    return any(_NOT_THE_INFUSION.search(text) for text in (words.keys[0], *words.names))


def _product(domain: Domain, words: Words) -> str:
    """The product, "" where the words do not say which."""
    return _product_of_concept(words) or next((p for text in _texts(words, domain) if (p := product_of(text))), "")


def _product_of_concept(words: Words) -> str | None:
    return next((name for name, product in products().items() if set(product.omop) & set(words.concepts)), None)


def _tell_other_steps(record: OmopRecord, domain: Domain, others: list[Words]) -> None:
    if others:
        count = sum(words.count for words in others)
        record.warn(
            "not_the_infusion",
            domain.table,
            f"{count} rows name CAR-T but another step than its infusion, and are not day 0: {told(others)}.",
            "Name the infusions with --index-table if one of them is the infusion.",
            count=count,
        )


def _one_row_per_infusion(record: OmopRecord, rows: str) -> None:
    """Rows of one patient that follow each other closely share a number; on one day the best-described is kept.

    Rows of one infusion on several days all stay: the cohort takes the first or the last of them, a parameter.
    """
    record.engine.create("omop_index_rows", rows)
    # Drug before procedure before device; a row with product and time of day before one without.
    best = (
        "SELECT *, try_cast(left(infusion_time, 10) AS DATE) AS date FROM omop_index_rows "
        "QUALIFY row_number() OVER (PARTITION BY patient_id, left(infusion_time, 10) "
        "ORDER BY product IS NULL, length(infusion_time) = 10, place, source_row) = 1"
    )
    by_time = "PARTITION BY patient_id ORDER BY infusion_time, source_row"
    starts = f"coalesce(date_diff('day', lag(date) OVER ({by_time}), date) > {SAME_INFUSION_DAYS}, true)"
    started = f"SELECT *, {starts} AS starts FROM ({best})"
    numbered = f"SELECT *, sum(starts::INTEGER) OVER ({by_time}) AS infusion_number FROM ({started})"
    product = "coalesce(product, min(product) OVER (PARTITION BY patient_id, infusion_number))"
    record.engine.create(
        "omop_index",
        f"SELECT patient_id, infusion_number::BIGINT AS infusion_number, infusion_time, {product} AS product, "
        f"row_number() OVER (ORDER BY patient_id, infusion_time) AS source_row FROM ({numbered})",
    )
    all_rows = record.number("SELECT count(*) FROM omop_index_rows")
    infusions = record.number("SELECT count(*) FROM (SELECT DISTINCT patient_id, infusion_number FROM omop_index)")
    if all_rows > infusions:
        record.note(
            "same_infusion",
            "run",
            f"{all_rows} rows with CAR-T were read as {infusions} infusions: rows within {SAME_INFUSION_DAYS} days of "
            "each other are one, as split doses or as drug, procedure and bill of the same infusion.",
            "Name the infusions with --index-table where this is not so.",
            count=all_rows,
        )
    unnamed = record.number("SELECT count(*) FROM omop_index WHERE product IS NULL")
    if unnamed:
        record.note("unnamed_product", "run", f"{unnamed} CAR-T infusions do not say which product.", count=unnamed)


# ---- visits and a table of the user ----


def _visits(record: OmopRecord, visits: OmopTable, index: str) -> None:
    time = visits.moment("visit_start_datetime", "visit_start_date")
    rows = (
        f"SELECT {visits.identifier('person_id')} AS patient_id, {time} AS infusion_time, "
        f"{visits.identifier('visit_occurrence_id')} AS visit, source_row FROM {visits.relation}"
    )
    number = "row_number() OVER (PARTITION BY patient_id ORDER BY infusion_time, visit, source_row)"
    numbered = f"SELECT patient_id, {number} AS infusion_number, infusion_time, source_row FROM ({rows})"
    first = "WHERE infusion_number = 1" if index == FIRST_VISIT else ""
    record.engine.create("omop_index", f"SELECT * FROM ({numbered}) {first}")


def _given(record: OmopRecord, path: Path) -> tuple[str, OmopTable]:
    """Make `omop_index` of a table of the user."""
    if not path.is_file():
        raise CaracError(f"There is no table of infusions {path}.")
    engine = record.engine
    if path.suffix.lower() == ".parquet":
        engine.read_parquet("omop_index_file", path)
    else:
        load_named_csv(engine, "omop_index_file", path)
    written = engine.columns("omop_index_file")
    table = OmopTable("infusions", "omop_index_file", {name.lower(): kind for name, kind in written.items()}, path.name)
    patient = "patient_id" if "patient_id" in table.columns else "person_id"
    missing = [name for name in (patient, "infusion_time") if name not in table.columns]
    if missing:
        lacking = "patient_id and infusion_time" if len(missing) > 1 else missing[0].replace("person_id", "patient_id")
        raise CaracError(
            f"{path.name} lacks the column {lacking}; it has {', '.join(c for c in written if c != 'source_row')}."
        )
    known = [name for name in RECORD_TABLES["infusions"].columns if name != "patient_id" and name in table.columns]
    columns = ", ".join(
        f'{table.moment(name) if name == "infusion_time" else table.text(name)} AS "{name}"' for name in known
    )
    engine.create(
        "omop_index", f"SELECT {table.identifier(patient)} AS patient_id, {columns}, source_row FROM omop_index_file"
    )
    record.records.files[path.name] = content_hash(path)
    return f"the infusion_time of {path.name}", table
