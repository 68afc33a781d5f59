"""The grades of a whole infusion: those from before treatment, and those known only at the end."""

from __future__ import annotations

from dataclasses import dataclass

from carac.grading.explanation import grades, words
from carac.grading.explanation.facts import Facts, Row
from carac.language.definition import Definition
from carac.vocabulary.types import Baseline, Grain

_UNITS = {"ICAHT": " /uL", "T-ICAHT": " x10^9/L"}
_BY = {"as_printed": "as printed", "as_in_authors_code": "by the authors' code"}


def before_treatment(facts: Facts) -> list[str]:
    """Scores from values before treatment, with every item."""
    found = []
    for definition in _known(facts):
        if _from_baseline(definition):
            line = grades.line(definition, facts.infusion)
            found.append(f"{line.title}: {line.grade}" + (f" — {'; '.join(line.reasons)}" if line.reasons else ""))
    return found


@dataclass(frozen=True)
class _Course:
    """One grade of a course, in one of its computations: "Early ICAHT", "as printed", window, grade, what made it."""

    title: str
    by: str
    window: str
    said: str


def whole_course(facts: Facts) -> list[str]:
    """Grades of the whole course; computations that agree stand together."""
    together: dict[tuple[str, str, str], list[str]] = {}
    for definition in _known(facts):
        if not _from_baseline(definition):
            made = _course(facts, definition)
            together.setdefault((made.title, made.window, made.said), []).append(made.by)
    return [", ".join([title, *_named(ways)]) + f"{window}: {said}" for (title, window, said), ways in together.items()]


def _named(ways: list[str]) -> list[str]:
    """The computations as one phrase; nothing where there is only one and it has no name."""
    named = [by for by in ways if by]
    return [words.listed(named)] if named else []


def _known(facts: Facts) -> list[Definition]:
    definitions = facts.graded.plan.of_grain(Grain.INFUSION)
    return [d for d in definitions if grades.line(d, facts.infusion).grade]


def _from_baseline(definition: Definition) -> bool:
    return bool(definition.inputs) and all(isinstance(wanted, Baseline) for wanted in definition.inputs)


def _course(facts: Facts, definition: Definition) -> _Course:
    way = next((text for suffix, text in _BY.items() if definition.name.endswith(suffix)), "")
    values = facts.graded.parameters.scope(definition.name)
    first, last = values.get("first_day"), values.get("last_day")
    window = f" (day {first} to {last})" if first is not None and last is not None else ""
    line = grades.line(definition, facts.infusion)
    reasons = _reasons(definition, facts.infusion, values.get("imputation") not in (None, "none"))
    grade = "cannot be graded" if _anything(definition, facts.infusion) else line.grade
    said = f"{grade} — {'; '.join(reasons)}" if reasons else grade
    return _Course(line.title.split(" (")[0].split(",")[0], way, window, said)


def _anything(definition: Definition, row: Row) -> bool:
    """Whether the range is the whole scale, which says nothing."""
    low, high = row.get(f"{definition.name}__lowest"), row.get(f"{definition.name}__highest")
    return (low, high) == (0, definition.highest)


def _reasons(definition: Definition, row: Row, filled: bool) -> list[str]:
    """What a grade of the whole course was made of: nadir, durations and counts, days without a count."""
    name = definition.name
    found = []
    if row.get(f"{name}__nadir") is not None:
        found.append(f"nadir {words.number(row[f'{name}__nadir'])}{_UNITS.get(definition.instrument, '')}")
    found += [text for output in definition.outputs if (text := _duration(name, output.suffix, row))]
    for output in definition.outputs:
        if output.suffix.startswith("__counts_") and row.get(name + output.suffix):
            count = row[name + output.suffix]
            found.append(f"{words.plural(count, 'count')} by the cut-off {output.suffix.removeprefix('__counts_')}")
    missing = row.get(f"{name}__days_without_count")
    if found and missing:
        found.append(
            f"{words.plural(missing, 'day')} without a count" + (", filled from their neighbours" if filled else "")
        )
    return found


def _duration(name: str, suffix: str, row: Row) -> str:
    """The days under one cut-off."""
    if not suffix.startswith("__duration_") or not suffix.endswith("__lowest"):
        return ""
    low, high = (row.get(name + suffix.replace("__lowest", end)) for end in ("__lowest", "__highest"))
    if low is None or high is None or high <= 0:
        return ""
    threshold = suffix.removeprefix("__duration_").removesuffix("__lowest")
    days = f"{low} to {high}" if low != high else words.number(low)
    return f"{days} {'day' if low == high == 1 else 'days'} by the cut-off {threshold}"
