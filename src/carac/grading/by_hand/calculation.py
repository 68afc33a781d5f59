"""The result of one case by hand: grade, bounds, items, what is missing and what it could change."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from carac.findings import CaracError
from carac.grading.by_hand.case import Case
from carac.grading.by_hand.cases import case_of
from carac.grading.by_hand.items import CaseItem
from carac.grading.by_hand.kept import KeptRule, Overrides, Sheet, queries, sheet
from carac.grading.by_hand.session import Row, graded
from carac.grading.by_hand.text import NOT_A_DEVICE, result_text
from carac.grading.cut_words import band, interval

#: Version of the JSON.
SCHEMA = 1


@dataclass(frozen=True)
class Criterion:
    """One criterion on this case.

    Parameters
    ----------
    name, title, unit: of the rule.
    value: what was compared, in words.
    band: the cut-point that it met.
    lowest, highest: fewest and most points or the grade that it gives; None where not known.
    """

    name: str
    title: str
    unit: str
    value: str
    band: str
    lowest: float | None
    highest: float | None


@dataclass(frozen=True)
class Missing:
    """An item that was not typed and could change the result: what the result could then at least and at most be."""

    item: CaseItem
    lowest: Any
    highest: Any


@dataclass(frozen=True)
class Calculation:
    """One definition on one case.

    Parameters
    ----------
    sheet: the definition.
    case: the case as it was understood.
    row: every result column; empty where the case has no row.
    missing: what was not typed and could change the result.
    """

    sheet: Sheet
    case: Case
    row: Row
    missing: tuple[Missing, ...]

    @property
    def value(self) -> Any:
        """The grade, score or class; None where it cannot be known."""
        return self.row.get(self.sheet.name)

    @property
    def lowest(self) -> Any:
        """The lowest possible value; None where nothing is known, or where it has no range."""
        return self.row.get(f"{self.sheet.name}__lowest", self.value)

    @property
    def highest(self) -> Any:
        """The highest possible value."""
        return self.row.get(f"{self.sheet.name}__highest", self.value)

    @property
    def columns(self) -> Row:
        """Every output column of the definition, by its name in a graded cohort."""
        name = self.sheet.name
        return {name + suffix: self.row.get(name + suffix) for suffix, *_ in self.sheet.data["outputs"]}

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """The criteria of which something is known, in the order of the printed table."""
        return tuple(made for rule in self.sheet.rules if (made := self._criterion(rule)))

    def _criterion(self, rule: KeptRule) -> Criterion | None:
        if not rule.cuts:
            return None
        prefix = f"{self.sheet.name}__{rule.name}"
        # The ends where the result has them; else the points, which are null where they are not known.
        low, high = (self.row.get(f"{prefix}__{end}", self.row.get(prefix)) for end in ("lowest", "highest"))
        first, last = (self.row.get(f"{rule.column}__{end}", self.row.get(rule.column)) for end in ("from", "to"))
        value, met = "", ""
        if rule.column and first is not None and last is not None:
            first, last = first * rule.factor, last * rule.factor
            value, met = interval(first, last), band(rule, first, last)
            if value == "unknown":
                value, met = "limit of normal not given", ""
            elif rule.column.endswith("above_upper_limit") and last <= 0:
                value, met = "not prolonged", ""
        if not value and low is None:
            return None
        if not rule.column:
            return self._without_input(rule, low, high)
        return Criterion(rule.name, rule.title, rule.unit, value or "not given", met, low, high)

    def _without_input(self, rule: KeptRule, low: Any, high: Any) -> Criterion:
        """A criterion on what the definition itself works out: a column of its own says the value, or the points."""
        kind, unit = next((o[2:4] for o in self.sheet.data["outputs"] if o[0] == f"__{rule.name}"), ("", ""))
        if kind == "boolean":
            return Criterion(rule.name, rule.title, "", "met" if low else "not met", "", None, None)
        if unit and unit == rule.unit and high is not None:
            return Criterion(rule.name, rule.title, unit, interval(low, high), band(rule, low, high), None, None)
        return Criterion(rule.name, rule.title, rule.unit, "", "", low, high)

    def as_dict(self) -> dict[str, Any]:
        """Everything, as plain data."""
        data = self.sheet.data
        return {
            "schema": SCHEMA,
            **{key: data[key] for key in ("name", "title", "version", "status", "certainty", "grain", "population")},
            "day": self.case.day if data["grain"] == "day" else None,
            "value": _plain(self.value),
            "lowest": _plain(self.lowest),
            "highest": _plain(self.highest),
            "columns": {name: _plain(value) for name, value in self.columns.items()},
            "criteria": [
                {"name": c.name, "title": c.title, "value": c.value, "unit": c.unit, "band": c.band}
                | {"lowest": _plain(c.lowest), "highest": _plain(c.highest)}
                for c in self.criteria
            ],
            "taken": [{"item": t.item.name, "title": t.item.title, "as": t.words} for t in self.case.taken],
            "missing": [
                {"item": m.item.name, "title": m.item.title, "lowest": _plain(m.lowest), "highest": _plain(m.highest)}
                for m in self.missing
            ],
            "notes": list(self.case.notes),
            "parameters": dict(data["parameters"]),
            "citation": data["citation"],
            "not_a_device": NOT_A_DEVICE,
        }

    def as_json(self) -> str:
        """Everything, as JSON."""
        return json.dumps(self.as_dict(), indent=1, ensure_ascii=False)

    def as_text(self) -> str:
        """The result as one reads it."""
        return result_text(self)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return str(value)
    return value.isoformat() if isinstance(value, date | datetime) else value


def calculate(
    name: str, items: Mapping[str, Any], overrides: Overrides | None = None, definitions_file: Path | None = None
) -> Calculation:
    """One case by hand, through the expressions that grade a cohort.

    Parameters
    ----------
    name: the definition.
    items: item to value, as typed: ``{"platelets": 45, "fibrinogen": "95mg/dL", "d_dimer": "8xULN"}``; ``day`` is the
        day after infusion that is graded (0).
    overrides: parameters by scope and name.
    definitions_file: TOML file with definitions of a site.

    Raises
    ------
    CaracError: a definition, item, value or parameter that is none; one sentence says what would be right.
    """
    return calculate_all(name, [items], overrides, definitions_file)[0]


def calculate_all(
    name: str,
    cases: Sequence[Mapping[str, Any]],
    overrides: Overrides | None = None,
    definitions_file: Path | None = None,
    with_missing: bool = True,
) -> list[Calculation]:
    """Several cases of one definition; see `calculate`."""
    chosen = overrides or {}
    known = sheet(name, chosen, definitions_file)
    counter = iter(range(1, 10**9))
    made: list[Case] = []
    for place, typed in enumerate(cases, start=1):
        try:
            made.append(_case(known, typed, str(next(counter))))
        except CaracError as error:
            raise CaracError(f"Row {place}: {error}" if len(cases) > 1 else str(error)) from None
    tried: dict[str, list[tuple[CaseItem, Case]]] = {}
    if with_missing:
        for case, typed in zip(made, cases, strict=True):
            tried[case.patient] = [
                (item, other) for item, other in _tries(known, typed, case, counter) if other is not None
            ]
    rows = _rows(known, chosen, definitions_file, [*made, *(other for pairs in tried.values() for _, other in pairs)])
    return [
        Calculation(known, case, rows.get(case.patient, {}), _missing(known, case, tried.get(case.patient, []), rows))
        for case in made
    ]


def _case(known: Sheet, typed: Mapping[str, Any], patient: str) -> Case:
    texts = {name: _text(value) for name, value in typed.items() if value is not None}
    if not any(name != "day" for name in texts):
        raise CaracError(f"Nothing was typed; `carac calc {known.name}` lists the items that it takes.")
    case = case_of(patient, known.items, texts, known.data["grid"], known.name)
    if known.data["grain"] == "event" and "events" not in case.present:
        raise CaracError(f"{known.name} grades an event; write its kind or site, and its features.")
    case.notes += _notes(known, case)
    return case


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return repr(value)
    return str(value)


def _notes(known: Sheet, case: Case) -> list[str]:
    notes = []
    if "treatments" in case.present and any(i.kind == "exposure" and i.name not in case.typed for i in known.items):
        notes.append("Treatments that were not typed count as not given, because others were.")
    if known.data["grain"] != "event" and "events" not in case.present and any(i.kind == "event" for i in known.items):
        notes.append("No event was typed: whether there was a bleed or a thrombosis is not known.")
    in_cells = any(item.of == "neutrophils" and item.unit == "/uL" for item in known.items)
    if in_cells and _all_below(case, "neutrophils", 0.02):
        notes.append("Every neutrophil count is below 20 per µL; if they were in 10^9/L, type that unit: 0.4 10^9/L.")
    if _all_below(case, "platelets", 1.0):
        notes.append("Platelets are below 1 10^9/L; if what was typed is in 10^9/L, type that unit: 45 10^9/L.")
    return notes


def _all_below(case: Case, analyte: str, limit: float) -> bool:
    """Whether every value of an analyte is so low that its unit is to be doubted; `limit` in 10^9/L."""
    ends = [row["value_high"] for row in case.rows.get("labs", []) if row["analyte"] == analyte]
    return bool(ends) and all(end is not None and end < limit for end in ends)


def _tries(known: Sheet, typed: Mapping[str, Any], case: Case, counter: Any) -> list[tuple[CaseItem, Case | None]]:
    """The case with each item that was not typed, at what it could be."""
    found: list[tuple[CaseItem, Case | None]] = []
    names = {item.name for item in known.items}
    for item in known.items:
        exposure = item.kind == "treatment" and any(i.kind == "exposure" for i in known.items)
        baseline = item.kind == "baseline" and item.of in names and f"{item.of}_baseline" not in names
        if item.name in case.typed or exposure or baseline:
            continue
        if item.kind == "limit" and not any(t.item.of == item.of and t.item.kind != "limit" for t in case.taken):
            continue
        for text in item.tries:
            try:
                found.append((item, _case(known, {**typed, item.name: text}, str(next(counter)))))
            except CaracError:
                # Cannot go with what was typed (a body-mass index beside a weight), so it is not missing.
                continue
    return found


def _rows(known: Sheet, overrides: Overrides, file: Path | None, cases: Sequence[Case]) -> dict[str, Row]:
    """The result rows; cases with different tables are graded apart."""
    groups: dict[frozenset[str], list[Case]] = {}
    for case in cases:
        groups.setdefault(frozenset(case.present), []).append(case)
    rows: dict[str, Row] = {}
    for present, group in groups.items():
        rows |= graded(queries(known.name, overrides, present, file), group)
    return rows


def _missing(
    known: Sheet, case: Case, tried: Sequence[tuple[CaseItem, Case]], rows: Mapping[str, Row]
) -> tuple[Missing, ...]:
    """The items whose value would change the result or its bounds."""
    base = _ends(known.name, rows.get(case.patient, {}))
    by_item: dict[CaseItem, list[tuple[Any, Any, Any]]] = {}
    for item, other in tried:
        by_item.setdefault(item, []).append(_ends(known.name, rows.get(other.patient, {})))
    found = []
    for item, results in by_item.items():
        if any(result != base for result in results):
            lows, highs = ([r[place] for r in results if r[place] is not None] for place in (1, 2))
            comparable = lows and highs and not isinstance(lows[0], str)
            found.append(Missing(item, min(lows) if comparable else None, max(highs) if comparable else None))
    return tuple(found)


def _ends(name: str, row: Row) -> tuple[Any, Any, Any]:
    value = row.get(name)
    return value, row.get(f"{name}__lowest", value), row.get(f"{name}__highest", value)
