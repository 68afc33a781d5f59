"""How results of a day stand in the record: corrected, in another unit or none, as a range; days without a count."""

from __future__ import annotations

from carac.grading.explanation import words
from carac.grading.explanation.context import LOOK_BACK, SHEET, rounded
from carac.grading.explanation.facts import Facts, Row
from carac.vocabulary.unit_spelling import is_absent
from carac.vocabulary.units import conversion

_SQL = """SELECT p.analyte, p.time, p.value_low, p.value_high, p.status, {written}
FROM parsed_labs p JOIN record_labs r ON p.source_row = r.source_row
WHERE p.patient_id = {patient} AND p.usable"""
#: What is read of a result as it was written; a record may have no such column.
_WRITTEN = ("value", "unit")


def notes(facts: Facts) -> list[str]:
    """What a reader has to know of the results of today and of the day before to read the values."""
    rows = [row for row in _as_recorded(facts) if row["analyte"] in SHEET]
    return [
        *_missing_days(facts),
        *_intervals(facts),
        *_corrected(facts, rows),
        *_without_unit(facts, rows),
        *_converted(facts, rows),
    ]


def _missing_days(facts: Facts) -> list[str]:
    """Days of the last ten, from day 0, without a platelet count."""
    first = max(0, facts.number - LOOK_BACK)
    known = {value[0] for value in facts.values("platelets", first, facts.number)}
    missing = [day for day in range(first, facts.number + 1) if day not in known]
    if not missing or not known or facts.number > 30:
        return []
    return [f"No platelet count on {words.days(missing)}: what is missing stays missing, no value stands in for it."]


def _intervals(facts: Facts) -> list[str]:
    found = []
    for analyte in SHEET:
        value = facts.values(analyte, facts.number, facts.number)
        if value and value[0][1] < value[0][2]:
            found.append(f"{words.title(analyte)} {words.interval(*value[0][1:])}")
    return (
        [f"Known only within bounds: {'; '.join(found)}. A grade on which both ends agree is certain."] if found else []
    )


def _as_recorded(facts: Facts) -> list[Row]:
    """The results of today and the day before as the record has them; none where the session does not hold them."""
    engine = facts.graded.engine
    if engine.dialect != "duckdb":
        return []
    held = engine.fetch(
        "SELECT table_name FROM information_schema.tables WHERE table_name = 'record_labs'"
        " OR (table_name = 'parsed_labs' AND table_type = 'BASE TABLE')"
    )
    if held.num_rows < 2:
        return []
    has = {row["column_name"] for row in engine.fetch("SELECT column_name FROM (DESCRIBE record_labs)").to_pylist()}
    written = ", ".join(f"CAST({f'r.{name}' if name in has else 'NULL'} AS VARCHAR) AS {name}" for name in _WRITTEN)
    patient = "'" + str(facts.day["patient_id"]).replace("'", "''") + "'"
    infused = facts.infusion["infusion_date"]
    rows = [
        r | {"day": (r["time"].date() - infused).days}
        for r in engine.fetch(_SQL.format(patient=patient, written=written)).to_pylist()
    ]
    return [row for row in rows if facts.number - 1 <= row["day"] <= facts.number]


def _corrected(facts: Facts, rows: list[Row]) -> list[str]:
    found = []
    for new in rows:
        old = [r for r in rows if (r["analyte"], r["time"]) == (new["analyte"], new["time"]) and r is not new]
        if new["status"] != "corrected" or not old or old[0]["value_low"] == new["value_low"]:
            continue
        when = "" if new["day"] == facts.number else f" of {words.day_words(new['day'])}"
        found.append(
            f"{words.title(new['analyte'])}{when}: {old[0]['value']} was corrected to {new['value']}, which counts."
        )
    return found


def _without_unit(facts: Facts, rows: list[Row]) -> list[str]:
    """Results of today without a unit where one is needed: it came from an option."""
    said = []
    for row in rows:
        if row["day"] != facts.number or not is_absent(row["unit"]) or conversion(row["analyte"], None) is not None:
            continue
        value = row["value"] or words.interval(row["value_low"], row["value_high"])
        shown = rounded(row["value_low"], row["value_high"]) + words.unit(row["analyte"])
        said.append(f"{words.title(row['analyte'])} {value} is {shown}")
    return (
        [f"Unit taken from the option --unit, the record gives none: {'; '.join(dict.fromkeys(said))}."] if said else []
    )


def _converted(facts: Facts, rows: list[Row]) -> list[str]:
    """Results of today whose printed number is another in the unit shown here."""
    said = []
    for row in rows:
        value = _number(row["value"])
        if row["day"] != facts.number or value is None or value == row["value_low"] or not row["unit"]:
            continue
        unit = row["unit"].replace("{", " ").replace("}", "")
        shown = rounded(row["value_low"], row["value_high"]) + words.unit(row["analyte"])
        basis = " (1 DDU is taken as 2 FEU)" if "DDU" in row["unit"].upper() else ""
        said.append(f"{words.title(row['analyte'])} {row['value']} {unit} is {shown}{basis}")
    return [f"Converted from the unit of the record: {'; '.join(dict.fromkeys(said))}."] if said else []


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
