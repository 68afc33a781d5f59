"""A site file with limits of normal, for results that come without: by analyte, and by sex, age and period if given.

Most exports carry no limits, and without them every rule that compares with a limit of normal has a range.
"""

from __future__ import annotations

import csv
import io
from datetime import datetime
from math import inf, isfinite
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa

from carac.cohort.records import Records
from carac.cohort.tables import COHORT_SCHEMAS
from carac.engine.base import compile_sql
from carac.engine.duckdb_engine import DuckDB
from carac.findings import CaracError, Finding, Severity
from carac.manifest import file_hash
from carac.vocabulary.analytes import analyte_hint, analytes
from carac.vocabulary.spelling import fold
from carac.vocabulary.units import conversion, known_units

COLUMNS = ("analyte", "sex", "age_from", "age_to", "period_from", "period_to", "unit", "lower_limit", "upper_limit")
RELATION = "site_limits"
#: What the choice of a row of the site depends on.
_MATCH = ["patient_id", "analyte", "time"]
_SCHEMA = pa.schema(
    [("site_analyte", pa.string()), ("site_sex", pa.string())]
    + [(name, pa.float64()) for name in ("age_from", "age_to")]
    + [(name, pa.timestamp("us")) for name in ("period_from", "period_to")]
    + [
        ("site_lower", pa.float64()),
        ("site_upper", pa.float64()),
        ("specificity", pa.int64()),
        ("site_row", pa.int64()),
    ]
)
_TYPES = {
    "site_analyte": "string", "site_sex": "string", "age_from": "float64", "age_to": "float64",
    "period_from": "timestamp", "period_to": "timestamp", "site_lower": "float64", "site_upper": "float64",
    "specificity": "int64", "site_row": "int64",
}  # fmt: skip


def load_site_limits(records: Records, path: Path) -> None:
    """Read a site file and keep it in the engine, in canonical units.

    Parameters
    ----------
    records: the record whose results lack limits.
    path: CSV with the columns `COLUMNS`; only analyte, unit and one limit are needed. An age range holds from
        `age_from` up to but not including `age_to`, in years; a period from its first to its last day.

    Raises
    ------
    CaracError: a row that cannot be read, with its number and what would be right.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise CaracError(f"There is no file of limits {path}.") from None
    except UnicodeDecodeError:
        raise CaracError(f"{path.name} is not UTF-8; save it as UTF-8.") from None
    except OSError as error:
        raise CaracError(f"The file of limits {path} could not be read: {error.strerror}.") from None
    lines = csv.DictReader(io.StringIO(text))
    names = [name.strip().lower() for name in lines.fieldnames or []]
    if "analyte" not in names or not {"lower_limit", "upper_limit"} & set(names):
        has = ", ".join(names) or "none"
        raise CaracError(f"{path.name} needs the columns analyte, unit, and lower_limit or upper_limit; it has {has}.")
    rows = []
    for line in lines:
        if None in line:
            raise CaracError(f"{path.name}, row {lines.line_num}: there are more fields than columns in the header.")
        rows.append(_site_row(path.name, lines.line_num, dict(zip(names, line.values(), strict=True))))
    records.engine.load(RELATION, pa.Table.from_pylist(rows, schema=_SCHEMA))
    records.files[path.name] = file_hash(path)


def _site_row(file: str, number: int, texts: dict[str, str | None]) -> dict[str, Any]:
    def text(name: str) -> str:
        return (texts.get(name) or "").strip()

    where = f"{file}, row {number}"
    analyte = fold(text("analyte")).replace(" ", "_")
    if analyte not in analytes():
        hint = analyte_hint(text("analyte"))
        raise CaracError(f"{where}: the analyte {text('analyte')!r} is not known. {hint}".strip())
    found = conversion(analyte, text("unit"))
    if found is None or found.basis_needed:
        units = ", ".join(dict.fromkeys(known_units(analyte)))
        raise CaracError(f"{where}: the unit {text('unit')!r} is not known for {analyte}; write one of {units}.")
    numbers = {name: _number(where, name, text(name)) for name in ("age_from", "age_to", "lower_limit", "upper_limit")}
    lower, upper = numbers["lower_limit"], numbers["upper_limit"]
    if lower is None and upper is None:
        raise CaracError(f"{where}: there is neither lower_limit nor upper_limit; write at least one.")
    if lower is not None and upper is not None and lower > upper:
        raise CaracError(f"{where}: lower_limit {lower:g} lies above upper_limit {upper:g}; exchange the two.")
    sex = {"f": "female", "female": "female", "m": "male", "male": "male", "": None}.get(text("sex").lower(), "?")
    if sex == "?":
        raise CaracError(f"{where}: the sex {text('sex')!r} is not known; write female, male, or nothing for both.")
    conditions = (sex, numbers["age_from"], numbers["age_to"], text("period_from") or None, text("period_to") or None)
    return {
        "site_analyte": analyte,
        "site_sex": sex,
        "age_from": numbers["age_from"],
        "age_to": numbers["age_to"],
        "period_from": _date(where, text("period_from")),
        "period_to": _date(where, text("period_to")),
        "site_lower": None if lower is None else found.apply(lower),
        "site_upper": None if upper is None else found.apply(upper),
        "specificity": sum(condition is not None for condition in conditions),
        "site_row": number,
    }


def _number(where: str, name: str, text: str) -> float | None:
    try:
        number = float(text) if text else None
    except ValueError:
        number = inf
    if number is not None and not isfinite(number):
        raise CaracError(f"{where}: {name} is {text!r}; write a number with a point for decimals.")
    return number


def _date(where: str, text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        raise CaracError(f"{where}: {text!r} is no date; write 2024-03-01.") from None


def has_site_limits(engine: DuckDB) -> bool:
    """Whether a site file was loaded."""
    return bool(engine.rows(f"SELECT 1 FROM information_schema.tables WHERE table_name = '{RELATION}'"))


def with_site_limits(records: Records, labs: ibis.Table) -> ibis.Table:
    """The results with the site's limits where they have none of their own; the most specific row of the site wins."""
    engine = records.engine
    if not has_site_limits(engine):
        return labs
    site = ibis.table(_TYPES, name=RELATION)
    infusions = ibis.table(COHORT_SCHEMAS["infusions"], name="infusions")
    people = infusions.group_by("patient_id").aggregate(
        site_of_sex=infusions.sex.max(), site_of_age=infusions.age.min()
    )
    wanting = labs.filter(labs.lower_limit.isnull() & labs.upper_limit.isnull())
    # Not by row: a folder of several Parquet files counts its rows anew in each.
    wanting = wanting.group_by(_MATCH).aggregate(results=wanting.count())
    wanting = wanting.left_join(people, "patient_id").drop("patient_id_right")
    matched = wanting.inner_join(site, [wanting.analyte == site.site_analyte])
    matched = matched.filter(
        matched.site_sex.isnull() | (matched.site_sex == matched.site_of_sex),
        matched.age_from.isnull() | (matched.site_of_age >= matched.age_from),
        matched.age_to.isnull() | (matched.site_of_age < matched.age_to),
        matched.period_from.isnull() | (matched.time >= matched.period_from),
        matched.period_to.isnull() | (matched.time.date() <= matched.period_to.date()),
    )
    order = [ibis.desc(matched.specificity), matched.site_row]
    ranked = matched.mutate(place=ibis.row_number().over(ibis.window(group_by=_MATCH, order_by=order)))
    chosen = ranked.filter(ranked.place == 0).select(*_MATCH, "results", "site_lower", "site_upper")
    engine.create("site_limits_by_result", compile_sql(chosen, engine.dialect))
    by_result = ibis.table(chosen.schema(), name="site_limits_by_result")
    number = int(str(engine.rows('SELECT coalesce(sum(results), 0) FROM "site_limits_by_result"')[0][0]))
    if number:
        message = f"{number} results took their limits of normal from the site file."
        file = records.sources["labs"].file
        records.findings.add(Finding("site_limits", Severity.NOTE, "labs", message, count=number, file=file))
    joined = labs.left_join(by_result, _MATCH)
    none = joined.lower_limit.isnull() & joined.upper_limit.isnull()
    joined = joined.mutate(
        lower_limit=none.ifelse(joined.site_lower, joined.lower_limit),
        upper_limit=none.ifelse(joined.site_upper, joined.upper_limit),
    )
    has = {"has_lower_limit": joined.lower_limit.notnull(), "has_upper_limit": joined.upper_limit.notnull()}
    return joined.mutate(**has).select(*labs.columns)
