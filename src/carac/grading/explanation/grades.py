"""The grades of a patient-day, one by one: value, band, items, what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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
    missing: what was not recorded, or is known only within bounds, and would decide, in sentences.
    withheld: why there is no grade although there is something to grade; else empty.
    """

    name: str
    title: str
    grade: str
    reasons: tuple[str, ...]
    missing: tuple[str, ...]
    withheld: str = ""


def line(definition: Definition, row: Row, seen: Mapping[str, str] | None = None) -> Line:
    """One definition on one row; `seen` has what was seen at the bedside, by item."""
    found = bare(definition, row)
    if not found.grade:
        bled = row.get(f"{definition.name}__in_intracranial_haemorrhage")
        return replace(found, withheld="excluded by an intracranial haemorrhage" if bled else "")
    reasons = (*_readings(definition, row), *_rules(definition, row), *_items(definition, row, seen or {}))
    return replace(found, reasons=reasons, missing=tuple(_missing(definition, row)))


def bare(definition: Definition, row: Row) -> Line:
    """The grade alone, for who asks for no reasons: they take most of the time."""
    name = definition.name
    grade = words.grade_words(row.get(name), row.get(f"{name}__lowest"), row.get(f"{name}__highest"))
    return Line(name, definition.title, grade, (), ())


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
    if rule.unit == _OF_BASELINE:
        return points[-1], _share(definition, rule, row, ends)
    unit = f" {rule.unit}" if rule.unit else ""
    noun = "points" if definition.adds else "grade"
    text = " to ".join(str(p) for p in points)
    gave = (f"{text} point" + ("" if text == "1" else "s")) if noun == "points" else f"grade {text}"
    flag = " (cut-offs that no opened source confirms)" if rule.name in definition.low_items else ""
    if rule.column.endswith("above_upper_limit") and high <= 0:
        return points[-1], f"{rule.title}: not prolonged, {gave}"
    return points[-1], f"{rule.title} {words.interval(low, high)}{unit}: {words.band(rule, low, high)}, {gave}{flag}"


#: The unit of a criterion that compares with the value before treatment.
_OF_BASELINE = "x baseline"


def _share(definition: Definition, rule: Rule, row: Row, ends: tuple[float, float]) -> str:
    """A value against that before treatment: a fall in percent of what is left, a rise in multiples."""
    base = next(i for i in definition.inputs if isinstance(i, Baseline) and i.scale == "value")
    before, given = words.of_row(row, base.column), _gave(rule, ends)
    title = "INR" if base.analyte == "inr" else words.title(base.analyte).split(",")[0].lower()
    if rule.name == "relative":
        within = (row.get("inr_highest__to") or _INR_INCREASED + 1) <= _INR_INCREASED
        aside = f" (the INR itself is not above {words.number(_INR_INCREASED)})" if within else ""
        left = words.interval(*(round(end, 2) for end in ends))
        against = f"{left} x the {before} before treatment"
        return f"{title} on anticoagulation {against}: {words.band(rule, *ends)}{given}{aside}"
    met = words.met(rule, ends[0])
    cut = words.share_words(met[0], met[1]) if met else "not fallen"
    left = words.interval(*(round(end * 100, 1) for end in ends))
    by_limit = row.get("fibrinogen_lowest_by_lower_limit__from")
    aside = " (a fall alone counts here: the value is not low)" if by_limit is not None and by_limit >= 1 else ""
    return f"{title} is {left}% of the {before}{words.unit(base.analyte)} before treatment: {cut}{given}{aside}"


#: INR above which CTCAE 5.0 calls it increased.
_INR_INCREASED = 1.2


def _gave(rule: Rule, ends: tuple[float, float]) -> str:
    grades = sorted({(words.met(rule, end) or ("", 0.0, 0))[2] for end in ends})
    return f", grade {' to '.join(str(grade) for grade in grades)}"


def _value_of(definition: Definition, rule: Rule, row: Row) -> tuple[float, float] | None:
    """Both ends of what a rule compares, in its own unit."""
    if rule.unit == _OF_BASELINE:
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


#: Items that are grades of their own; printed bare, the number would be read as the score behind it.
_GRADED = ("hypotension", "hypoxia", "ice", "capd", "consciousness", "seizure", "motor", "pressure")


def _items(definition: Definition, row: Row, seen: Mapping[str, str]) -> list[str]:
    """The other columns of a definition whose criteria are not bands on a value, by their names."""
    if definition.layers is not None:
        return []
    found = []
    for output in definition.outputs[1:]:
        value = row.get(definition.name + output.suffix)
        silent = value is False and output.suffix != "__fever"
        if value is None or silent or output.suffix.endswith(_HIDDEN):
            continue
        graded = output.suffix.removeprefix("__") in _GRADED
        said = (
            f"{sign_title(output.suffix)} grade {value}" if graded else f"{sign_title(output.suffix)}: {_plain(value)}"
        )
        what = seen.get(definition.name + output.suffix)
        found.append(said + (f" ({what})" if what else ""))
    recorded = row.get(f"{definition.name}__recorded")
    if recorded is not None:
        differs = row.get(f"{definition.name}__disagrees")
        found.append(f"the record says {_plain(recorded)}" + (", which differs" if differs else ""))
    return found


def sign_title(suffix: str) -> str:
    """An item of a grade as it is said."""
    name = suffix.removeprefix("__").replace("__", " ").replace("_", " ")
    titles = {"ice": "ICE", "capd": "CAPD", "motor": "weakness", "gate": "fever gate"}
    return titles.get(name, "raised intracranial pressure" if name == "pressure" else name)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return words.number(value) if isinstance(value, int | float) else str(value).replace("_", " ")


def _missing(definition: Definition, row: Row) -> list[str]:
    """The inputs that were not recorded or are known only within bounds, where they leave a range."""
    name = definition.name
    low, high = row.get(f"{name}__lowest"), row.get(f"{name}__highest")
    if low is None or low == high:
        return []
    absent: dict[str, None] = {}
    bounded: dict[str, None] = {}
    for wanted in definition.inputs:
        if isinstance(wanted, Laboratory | Baseline) and wanted.low in row:
            ends = row[wanted.low], row[wanted.high]
            if ends[0] is None or words.interval(*ends) == "unknown":
                absent.setdefault(_absent(wanted, ends[0] is None))
            elif ends[0] != ends[1]:
                bounded.setdefault(words.title(wanted.analyte))
        elif isinstance(wanted, Assessed) and row.get(wanted.column) is None:
            absent.setdefault(assessment_items()[wanted.item].title)
    return [
        *([f"Not recorded: {', '.join(absent)}"] if absent else []),
        *([f"Known only within bounds: {', '.join(bounded)}"] if bounded else []),
    ]


def _absent(wanted: Laboratory | Baseline, value: bool) -> str:
    """A value, or the limit of normal that it has to be compared with."""
    title = words.title(wanted.analyte)
    if not value:
        return f"{'lower' if 'lower' in wanted.scale else 'upper'} limit of normal of {title}"
    return f"{title} before treatment" if isinstance(wanted, Baseline) else title
