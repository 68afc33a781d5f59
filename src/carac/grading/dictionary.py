"""The data dictionary: what every column of the output is, made from the definitions and tested against the output."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import pyarrow as pa

from carac.grading.explanation.words import title
from carac.grading.run import Graded
from carac.vocabulary.analytes import analytes
from carac.vocabulary.assessment_items import assessment_items
from carac.vocabulary.types import Assessed, Baseline, Exposure, Grain, Input, Laboratory, OfPatient, Scale, Span, Worse

_KEYS = {
    "patient_id": "identifier of the patient, as in the record",
    "infusion_number": "number of the infusion of this patient, from 1",
    "day": "day after infusion; day 0 is its calendar date",
    "event_id": "identifier of the event, as in the record",
    "infusion_date": "calendar date of the infusion",
    "product": "CAR T-cell product",
    "disease": "disease, as in the record",
    "centre": "centre, as in the record",
    "age": "age at infusion, years",
    "sex": "sex as recorded",
    "lymphodepletion_day": "first day of lymphodepletion",
    "follow_up_end_day": "last day of follow-up; null: not recorded",
    "death_day": "day of death; null: none recorded",
    "progression_day": "day of progression or relapse; null: none recorded",
    "next_therapy_day": "day of the next anti-cancer therapy; null: none recorded",
    "onset": "date-time of onset, as in the record",
    "kind": "kind of event, as in the record",
    "site": "site of the event, from the record or its code",
    "vessel": "vein or artery, from the record or its code",
    "side": "right, left or bilateral, from the record or its code",
    "certainty": "confirmed, probable, suspected or ruled_out; null: not recorded",
    "code": "diagnosis code, as in the record",
    "code_class": "class of the code",
    "code_subclass": "category of the code",
}
TABLES = {Grain.DAY: "patient_days", Grain.INFUSION: "infusions", Grain.EVENT: "events"}


@dataclass(frozen=True)
class Entry:
    """One column of the output."""

    table: str
    column: str
    meaning: str
    unit: str = ""
    definition: str = ""
    version: str = ""
    status: str = ""
    certainty: str = ""


def dictionary(graded: Graded) -> list[Entry]:
    """Every column of every result table, in order; items included."""
    entries: list[Entry] = []
    for grain, table in TABLES.items():
        of_inputs = {column: entry for i in graded.plan.inputs for column, entry in _input_entries(i, table).items()}
        of_grades = {entry.column: entry for entry in _grade_entries(graded, grain, table)}
        shown = set(graded.columns(grain))
        for column in graded.columns(grain, items=True):
            known = of_grades.get(column) or of_inputs.get(column) or Entry(table, column, _KEYS[column])
            if column in shown or column in of_grades:
                entries.append(known)
            else:
                entries += [replace(known, table=f"items/{name}") for name in _readers(graded, grain, column)]
    return entries


def _readers(graded: Graded, grain: Grain, column: str) -> list[str]:
    """The definitions of a grain in whose table of items an input column stands."""
    return [d.name for d in graded.plan.of_grain(grain) if column in graded.inputs_of(d)]


def _grade_entries(graded: Graded, grain: Grain, table: str) -> list[Entry]:
    return [
        Entry(
            f"items/{d.name}" if o.item else table,
            d.name + o.suffix,
            f"{d.title}: {o.meaning}",
            o.unit,
            d.name,
            d.version,
            str(d.status),
            str(d.certainty),
        )
        for d in graded.plan.of_grain(grain)
        for o in d.outputs
    ]


def _input_entries(wanted: Input, table: str) -> dict[str, Entry]:
    if isinstance(wanted, OfPatient):
        return {wanted.column: Entry(table, wanted.column, _OF_PATIENT[wanted.column], _UNITS[wanted.column])}
    if isinstance(wanted, Assessed):
        return {wanted.column: _assessed_entry(wanted, table)}
    if isinstance(wanted, Exposure):
        after = f", or within {wanted.days_after} days after it" if wanted.days_after else ""
        agents = ", ".join(wanted.agents).replace("_", " ")
        when = "on an earlier day" if wanted.from_day else "that day"
        meaning = f"whether {agents} was given {when}{after}; null: no table of treatments"
        return {wanted.name: Entry(table, wanted.name, meaning)}
    meaning, unit = _value_meaning(wanted)
    ends = {wanted.low: "lower end", wanted.high: "upper end"}
    null = "null: not measured; both ends are equal for a plain number"
    return {column: Entry(table, column, f"{meaning}, {end}; {null}", unit) for column, end in ends.items()}


_OF_PATIENT = {
    "age": "age at infusion, years",
    "weight": "body weight at infusion",
    "height": "body height",
    "body_mass_index": "weight over the square of height; null where either is missing",
}
_UNITS = {"age": "a", "weight": "kg", "height": "cm", "body_mass_index": "kg/m2"}


def _assessed_entry(wanted: Assessed, table: str) -> Entry:
    item = assessment_items()[wanted.item]
    extreme = "lowest" if wanted.worse is Worse.LOWER else "highest"
    when = {
        Span.DAY: f"{extreme} record of the day",
        Span.SO_FAR: "last record up to the day",
        Span.BEFORE_INFUSION: "last record up to the day of infusion",
    }[wanted.span]
    words = f" ({', '.join(f'{place} {word}' for place, word in enumerate(item.allowed))})" if item.allowed else ""
    return Entry(table, wanted.column, f"{item.title}{words}, {when}; null: not recorded", item.unit)


def _value_meaning(wanted: Laboratory | Baseline) -> tuple[str, str]:
    name, unit = title(wanted.analyte), analytes()[wanted.analyte].canonical_unit
    scale = {
        Scale.VALUE: "",
        Scale.BY_LOWER_LIMIT: " over its lower limit of normal",
        Scale.BY_UPPER_LIMIT: " over its upper limit of normal",
        Scale.ABOVE_UPPER_LIMIT: " minus its upper limit of normal",
    }[wanted.scale]
    unit = "" if wanted.scale in (Scale.BY_LOWER_LIMIT, Scale.BY_UPPER_LIMIT) else unit
    if isinstance(wanted, Baseline):
        return f"baseline of {name}{scale} (last before lymphodepletion, else last before infusion)", unit
    extreme = "lowest" if wanted.worse is Worse.LOWER else "highest"
    carried = f", standing in for up to {wanted.carry} days" if wanted.carry else ""
    if wanted.trailing:
        return f"{extreme} {name}{scale} in the 24 hours before the last coagulation test of the day{carried}", unit
    day = "day before" if wanted.before == 1 else f"{wanted.before}th day before" if wanted.before else "day"
    return f"{extreme} {name}{scale} of the {day}{carried}", unit


def as_table(entries: list[Entry]) -> pa.Table:
    """The dictionary as a table."""
    return pa.Table.from_pylist([asdict(entry) for entry in entries])
