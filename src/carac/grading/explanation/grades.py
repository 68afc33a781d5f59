"""The grades of a patient-day, one by one: value, band, items, what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from carac.grading.explanation import words
from carac.grading.explanation.facts import Row
from carac.language.definition import Definition, Rule
from carac.vocabulary.assessment_items import assessment_items
from carac.vocabulary.types import Assessed, Baseline, Laboratory


@dataclass(frozen=True)
class Line:
    """One grade with its reasons.

    Parameters
    ----------
    name: the definition.
    title: its title.
    grade: as printed; a range where what is missing leaves one; empty where nothing is known.
    reasons: what led to it, in order.
    missing: what was not recorded and would decide.
    withheld: why there is no grade although there is something to grade; else empty.
    """

    name: str
    title: str
    grade: str
    reasons: tuple[str, ...]
    missing: tuple[str, ...]
    withheld: str = ""


def line(definition: Definition, row: Row) -> Line:
    """One definition on one row."""
    name = definition.name
    grade = words.grade_words(row.get(name), row.get(f"{name}__lowest"), row.get(f"{name}__highest"))
    reasons = [*_readings(definition, row), *_rules(definition, row), *_items(definition, row)] if grade else []
    withheld = "excluded by an intracranial haemorrhage" if row.get(f"{name}__in_intracranial_haemorrhage") else ""
    missing = tuple(_missing(definition, row)) if grade else ()
    return Line(name, definition.title, grade, tuple(reasons), missing, "" if grade else withheld)


def _readings(definition: Definition, row: Row) -> list[str]:
    """What booleans on the day say, such as "compatible with overt DIC"."""
    found = []
    for output in definition.outputs:
        if output.type != "boolean" or output.item or not output.meaning.startswith(("compatible", "high risk")):
            continue
        value = row.get(definition.name + output.suffix)
        reading = output.meaning.split(" (")[0]
        found.append({True: reading, False: f"not {reading}", None: f"{reading}: cannot be said"}[value])
    return found


def _rules(definition: Definition, row: Row) -> list[str]:
    """The criteria that decided, each with its value and what it gave; of a grade, only those as bad as the grade."""
    found = [made for rule in definition.rules if (made := _criterion(definition, rule, row))]
    if definition.lowest is None or not found:
        return [rule.title for rule in definition.rules if definition.lowest is None]
    scores = definition.adds
    worst = max(points for points, _ in found)
    return [text for points, text in found if scores or points == worst]


def _criterion(definition: Definition, rule: Rule, row: Row) -> tuple[float, str] | None:
    """The most points that a criterion can give on this row, and its sentence; None where nothing is known of it."""
    if not rule.cuts:
        return None
    ends = _value_of(definition, rule, row)
    if ends is None or words.interval(*ends) == "unknown":
        return None
    low, high = ends
    points = sorted({(words.met(rule, end) or ("", 0.0, 0))[2] for end in ends})
    if rule.name in ("absolute", "relative") and (rule.name == "relative") != bool(row.get("anticoagulant")):
        return None
    stood_in = row.get(f"{definition.name}__{_scored_as(definition, rule)}__by")
    if stood_in is not None and stood_in != rule.name:
        return None
    unit = f" {rule.unit}" if rule.unit else ""
    noun = "points" if definition.adds else "grade"
    text = " to ".join(str(p) for p in points)
    gave = (f"{text} point" + ("" if text == "1" else "s")) if noun == "points" else f"grade {text}"
    flag = " (cut-offs that no opened source confirms)" if rule.name in definition.low_items else ""
    if rule.column.endswith("above_upper_limit") and high <= 0:
        return points[-1], f"{rule.title}: not prolonged, {gave}"
    return points[-1], f"{rule.title} {words.interval(low, high)}{unit}: {words.band(rule, low, high)}, {gave}{flag}"


def _value_of(definition: Definition, rule: Rule, row: Row) -> tuple[float, float] | None:
    """Both ends of what a rule compares, in its own unit."""
    if rule.unit == "x baseline":
        return _against_baseline(definition, row)
    low, high = (row.get(f"{rule.column}__{end}", row.get(rule.column)) for end in ("from", "to"))
    if low is None or high is None:
        return None
    factor = rule.factor
    return low * factor, high * factor


def _against_baseline(definition: Definition, row: Row) -> tuple[float, float] | None:
    """The value of the day over the value before treatment."""
    baselines = [i for i in definition.inputs if isinstance(i, Baseline) and i.scale == "value"]
    values = [i for i in definition.inputs if isinstance(i, Laboratory) and i.scale == "value"]
    if not baselines or not values:
        return None
    low, high, base = row.get(values[0].low), row.get(values[0].high), row.get(baselines[0].low)
    if low is None or high is None or not base or base != row.get(baselines[0].high):
        return None
    return low / base, high / base


def _scored_as(definition: Definition, rule: Rule) -> str:
    """The item under which an alternative's points stand."""
    return "prothrombin_time" if rule.name in definition.low_items else rule.name


_HIDDEN = ("__lowest", "__highest", "__log2", "__known", "__recorded", "__disagrees", "__as_graded", "__episode")


def _items(definition: Definition, row: Row) -> list[str]:
    """The other columns of a definition whose criteria are not bands on a value, by their names."""
    if definition.layers is not None:
        return []
    found = []
    for output in definition.outputs[1:]:
        value = row.get(definition.name + output.suffix)
        silent = value is False and output.suffix != "__fever"
        if value is None or silent or output.suffix.endswith(_HIDDEN):
            continue
        found.append(f"{_item_title(output.suffix)}: {_plain(value)}")
    recorded = row.get(f"{definition.name}__recorded")
    if recorded is not None:
        differs = row.get(f"{definition.name}__disagrees")
        found.append(f"the record says {_plain(recorded)}" + (", which differs" if differs else ""))
    return found


def _item_title(suffix: str) -> str:
    name = suffix.removeprefix("__").replace("__", " ").replace("_", " ")
    return {"ice": "ICE", "capd": "CAPD", "motor": "weakness", "gate": "fever gate"}.get(name, name)


def course_reasons(definition: Definition, row: Row) -> list[str]:
    """What a grade of the whole course was made of: nadir, durations and counts, days without a count."""
    name = definition.name
    found = []
    if row.get(f"{name}__nadir") is not None:
        found.append(f"nadir {words.number(row[f'{name}__nadir'])}{_course_unit(name)}")
    for output in definition.outputs:
        if not output.suffix.startswith("__duration_") or not output.suffix.endswith("__lowest"):
            continue
        low, high = (row.get(name + output.suffix.replace("__lowest", end)) for end in ("__lowest", "__highest"))
        if low is not None and high is not None and high > 0:
            threshold = output.suffix.removeprefix("__duration_").removesuffix("__lowest")
            found.append(
                f"{words.interval(low, high)} {'day' if low == high == 1 else 'days'} by the cut-off {threshold}"
            )
    for output in definition.outputs:
        if output.suffix.startswith("__counts_") and row.get(name + output.suffix):
            count = row[name + output.suffix]
            found.append(f"{words.plural(count, 'count')} by the cut-off {output.suffix.removeprefix('__counts_')}")
    missing = row.get(f"{name}__days_without_count")
    if found and missing:
        found.append(f"{words.plural(missing, 'day')} without a count")
    return found


def _course_unit(name: str) -> str:
    return {"icaht": " /uL", "t": " x10^9/L"}.get(name.split("_")[0], "")


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return words.number(value) if isinstance(value, int | float) else str(value).replace("_", " ")


def _missing(definition: Definition, row: Row) -> list[str]:
    """The inputs that were not recorded, where they leave a range."""
    name = definition.name
    low, high = row.get(f"{name}__lowest"), row.get(f"{name}__highest")
    if low is None or low == high:
        return []
    found: dict[str, None] = {}
    for wanted in definition.inputs:
        if isinstance(wanted, Laboratory | Baseline):
            text = _missing_input(wanted, row)
            if text:
                found.setdefault(text)
        elif isinstance(wanted, Assessed) and row.get(wanted.column) is None:
            found.setdefault(assessment_items()[wanted.item].title)
    return list(found)


def _missing_input(wanted: Laboratory | Baseline, row: Row) -> str:
    if wanted.low not in row:
        return ""
    low, high = row[wanted.low], row[wanted.high]
    title = words.title(wanted.analyte)
    if low is None:
        return f"{title} before treatment" if isinstance(wanted, Baseline) else title
    if words.interval(low, high) == "unknown":
        return f"{'lower' if 'lower' in wanted.scale else 'upper'} limit of normal of {title}"
    return "" if low == high else f"{title} is known only as {words.interval(low, high)}"
