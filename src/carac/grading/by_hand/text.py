"""A calculation, and what a definition takes, as text for a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from carac.grading.by_hand.case import Case
from carac.grading.by_hand.items import CaseItem
from carac.grading.by_hand.kept import Sheet
from carac.grading.cut_words import number

NOT_A_DEVICE = "Research software; not a medical device."


class Shown(Protocol):
    """A calculation, as far as its text needs it."""

    @property
    def sheet(self) -> Sheet: ...

    @property
    def case(self) -> Case: ...

    @property
    def row(self) -> dict[str, Any]: ...

    @property
    def value(self) -> Any: ...

    @property
    def lowest(self) -> Any: ...

    @property
    def highest(self) -> Any: ...

    @property
    def criteria(self) -> Sequence[Any]: ...

    @property
    def missing(self) -> Sequence[Any]: ...


def range_words(value: Any, lowest: Any, highest: Any) -> str:
    """A value, the range that what is missing leaves, or that it cannot be known."""
    if value is not None:
        return _said(value)
    if lowest is None or highest is None:
        return "cannot be known"
    return f"not certain: {_said(lowest)} to {_said(highest)}"


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value) if value in (float("inf"), float("-inf")) else number(value)
    return str(value).replace("_", " ")


def result_text(made: Shown) -> str:
    """A result as one reads it: the grade first, then why, what is missing, how sure, and the source."""
    data = made.sheet.data
    when = f", day {made.case.day}" if data["grain"] == "day" else ""
    lines = [f"{data['title']} ({made.sheet.name}, version {data['version']}{when})"]
    lines.append(f"  {range_words(made.value, made.lowest, made.highest)}")
    lines += [f"  {line}" for line in _readings(made)]
    criteria = [_criterion(c.title, c.value, c.unit, c.band, c.lowest, c.highest) for c in made.criteria]
    lines += _section("Criteria", _aligned(criteria))
    lines += _section("Taken as", _taken(made.case))
    missing = []
    for one in made.missing:
        known = one.lowest is not None
        means = f"with it {range_words(None, one.lowest, one.highest).removeprefix('not certain: ')}" if known else ""
        if known and one.lowest == one.highest:
            means = f"with it {range_words(one.lowest, None, None)}"
        missing.append(f"{one.item.name}: {means or 'could change the result'}")
    lines += _section("Not typed, and could change it", missing)
    lines += _section("Notes", made.case.notes)
    lines += ["", f"How sure: {data['certainty']}; {data['status']}. For {data['population']}."]
    lines += [f"Source: {data['citation']}", NOT_A_DEVICE]
    return "\n".join(lines)


_OF_ONE_DAY = re.compile(r"(.*), day (-?\d+)$")


def _taken(case: Case) -> list[str]:
    """What was understood, days one after another with the same value in one line."""
    found: list[tuple[str, int, int]] = []
    lines: list[str] = []
    for one in case.taken:
        said = f"{one.item.name}: {one.words}"
        match = _OF_ONE_DAY.match(said)
        if match is None:
            lines, found = [*lines, *_runs(found), said], []
        elif found and found[-1][0] == match[1] and found[-1][2] == int(match[2]) - 1:
            found[-1] = (match[1], found[-1][1], int(match[2]))
        else:
            found.append((match[1], int(match[2]), int(match[2])))
    return [*lines, *_runs(found)]


def _runs(found: Sequence[tuple[str, int, int]]) -> list[str]:
    return [
        f"{said}, day {first}" if first == last else f"{said}, day {first} to {last}" for said, first, last in found
    ]


def _readings(made: Shown) -> list[str]:
    """The other columns of the result that have a value."""
    skip = ("__lowest", "__highest")
    found = []
    for suffix, meaning, kind, unit, item in made.sheet.data["outputs"]:
        value = made.row.get(made.sheet.name + suffix)
        if not suffix or suffix in skip or item or (value is None and kind != "boolean"):
            continue
        label = suffix.removeprefix("__").replace("__", ", ").replace("_", " ")
        said = range_words(value, None, None)
        found.append(
            f"{label}: {said}{' ' + unit if unit and value is not None else ''}" + _first(meaning, kind, label)
        )
    return found


def _first(meaning: str, kind: str, label: str) -> str:
    """What a flag or a day means, which its name alone does not say."""
    if kind == "boolean":
        return f" ({meaning.split(': true')[0].split(':')[0]})"
    return f" ({meaning.split(';')[0]})" if label.endswith(" day") else ""


def _criterion(
    title: str, value: str, unit: str, band: str, low: float | None, high: float | None
) -> tuple[str, str, str, str]:
    points = "" if low is None else number(low) if low == high else f"{number(low)} to {number(high or 0)}"
    with_unit = f"{value} {unit}".strip() if value[:1].isdigit() or value[:1] in "<>" else value
    return title, with_unit, band, points


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    if not rows:
        return []
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _section(heading: str, lines: Iterable[str]) -> list[str]:
    lines = list(lines)
    return ["", heading, *(f"  {line}" for line in lines)] if lines else []


#: Kinds of items in the order of help, with their heading.
_HEADINGS = {
    "laboratory": "Laboratory values",
    "baseline": "Values before treatment",
    "limit": "Limits of normal",
    "assessment": "Signs and judged items",
    "event": "The event",
    "feature": "Features of the event",
    "exposure": "Treatments: yes, no, or the day of the dose",
    "treatment": "Agents: no, yes, the day of the dose (-3), or its days (2..9, with :prophylactic where it was)",
    "period": "Stays and lines: no, yes, or their days (-5..10)",
    "patient": "The patient",
}


def help_text(known: Sheet) -> str:
    """What a definition takes, with units and words, and an example that works."""
    data = known.data
    lines = [f"{data['title']} ({known.name}, version {data['version']})", f"  {data['outputs'][0][1]}"]
    if data["grain"] == "day":
        lines += _section("The day", ["day: day after infusion that is graded (0 if left out)"])
    for kind, heading in _HEADINGS.items():
        rows = [(item.name, _takes(item)) for item in known.items if item.kind == kind]
        lines += _section(heading, _aligned(rows))
    lines += _section("How values are typed", _syntax(known))
    lines += _section("Example", [example(known)])
    lines += _section("Parameters (--set NAME=VALUE)", [f"{k} = {v}" for k, v in data["parameters"].items()])
    return "\n".join([*lines, "", f"Source: {data['citation']}", NOT_A_DEVICE])


def _takes(item: CaseItem) -> str:
    if item.words:
        return f"{item.title}: {', '.join(item.words)}"
    unit = f" in {item.unit}" if item.unit else ""
    limit = {"lower": "; xLLN", "upper": "; xULN"}.get(item.by_limit, "") if item.kind != "limit" else ""
    more = " or with its own unit" if item.unit and item.kind in ("laboratory", "baseline", "limit") else ""
    days = ", by days" if item.days_needed else ""
    return f"{item.title}{unit}{more}{limit if not item.absolute else ''}{days}"


def _syntax(known: Sheet) -> list[str]:
    kinds = {item.kind for item in known.items}
    lines = []
    if kinds & {"laboratory", "baseline"}:
        lines.append("A value: 45, 95mg/dL, '<10' (in quotes), 10-40; against its limit also 8xULN.")
    if kinds & {"laboratory", "assessment"}:
        lines.append("Several days: DAY:VALUE, such as 0:45,1:30,2..9:12; with a time: 1@08:30:45.")
    lines.append("What is left out is not known: it is neither zero nor no.")
    return lines


def example(known: Sheet) -> str:
    """A command that works, made from what the definition takes."""
    typed = " ".join(f"'{k}={v}'" if set(v) & set("<>{} ") else f"{k}={v}" for k, v in example_items(known).items())
    return f"carac calc {known.name} {typed}"


def example_items(known: Sheet) -> dict[str, str]:
    """Items of the example: of each kind the first few, at a value that is usual or that the item itself names."""
    by_kind: dict[str, list[CaseItem]] = {}
    for item in known.items:
        by_kind.setdefault(item.kind, []).append(item)
    if known.data["grain"] == "event":
        return _example_event(by_kind)
    found = {item.name: _example_value(item) for item in by_kind.get("laboratory", [])[:4]}
    found |= {item.name: _example_value(item) for item in by_kind.get("baseline", [])[:5]}
    found |= {i.name: i.words[-1] if i.words else _middle(i) for i in by_kind.get("assessment", [])[:3]}
    if not found and "event" in by_kind:
        found = _example_event(by_kind)
    if not found:
        found = {item.name: "3" for item in (by_kind.get("treatment", []) + by_kind.get("exposure", []))[:1]}
    if known.data["grain"] == "infusion":
        found |= {item.name: _PERSON[item.name] for item in by_kind.get("patient", []) if item.name in _PERSON}
    return found


def _example_event(by_kind: dict[str, list[CaseItem]]) -> dict[str, str]:
    sites = next(item.words for item in by_kind["event"] if item.name == "site")
    features = by_kind.get("feature", [])
    shown = [f for f in features if not f.words][:2] + [f for f in features if f.words][:3]
    return {"site": sites[0]} | {f.name: f.words[0] if f.words else _middle(f) for f in shown}


#: A person for the examples of help.
_PERSON = {"age": "60", "sex": "female", "weight": "70", "height": "170"}


def _middle(item: CaseItem) -> str:
    values = {"temperature": "38.5", "haemoglobin_fall": "2.5", "red_cell_units": "2"}
    return values.get(item.name) or (item.tries[-1] if item.tries else "1")


#: A usual value in the canonical unit, for the examples of help.
_USUAL: dict[str, Any] = {
    "platelets": "45 x10^9/L", "neutrophils": "0.4 x10^9/L", "leukocytes": "1.2 x10^9/L", "haemoglobin": "8.1 g/dL",
    "fibrinogen": "0.95 g/L", "d_dimer": "4 mg/L{FEU}", "prothrombin_time": "18 s", "prothrombin_time_ratio": "1.5",
    "inr": "1.5", "aptt": "50 s", "fibrin_degradation_products": "25 ug/mL", "antithrombin": "60 %",
    "protein_c": "50 %", "lactate_dehydrogenase": "600 U/L", "creatinine": "1.4 mg/dL", "c_reactive_protein": "80 mg/L",
    "ferritin": "5000 ug/L", "interleukin_10": "60 pg/mL", "soluble_interleukin_2_receptor": "4000 U/mL",
    "alanine_aminotransferase": "150 U/L", "aspartate_aminotransferase": "150 U/L",
    "gamma_glutamyl_transferase": "150 U/L", "bilirubin": "2.5 mg/dL", "triglycerides": "300 mg/dL",
    "soluble_p_selectin": "60 ng/mL",
}  # fmt: skip


def _example_value(item: CaseItem) -> str:
    usual = str(_USUAL.get(item.of, "")).replace(" ", "")
    if not item.absolute and item.by_limit:
        ratio = "1.5xULN" if "upper" in item.by_limit else "0.5xLLN"
        return f"0..45:{ratio}" if item.days_needed else ratio
    if item.days_needed:
        low = usual or "1"
        return f"0:{_higher(low)},1..12:{low},13..45:{_higher(low)}"
    return usual or (item.tries[-1] if item.tries else "1")


def _higher(text: str) -> str:
    match = re.match(r"[\d.]+", text)
    return f"{float(match[0]) * 3:g}{text[match.end() :]}" if match else text
