"""The card of a definition: what it is, how sure, its criteria as printed, its columns, its open choices."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from carac.definitions import all_definitions
from carac.definitions.unopened import STATUS, Unopened
from carac.grading.explanation.words import cut_words
from carac.language.definition import Certainty, Definition, Rule
from carac.vocabulary.analytes import analytes
from carac.vocabulary.assessment_items import assessment_items
from carac.vocabulary.types import Assessed, Baseline, Exposure, Input, Laboratory, OfPatient, Scale, Span


@dataclass(frozen=True)
class Card:
    """A definition as a reader meets it.

    Parameters
    ----------
    facts: label and text.
    criteria: what is compared, and its cut-points in one line.
    columns: name and meaning.
    parameters: name, default, meaning.
    choices: what the source leaves open.
    inputs: what is read, and its unit.
    table: the criteria as a table: what is compared, what it has to be, points or grade.
    versions: the other versions of the instrument, and in which criteria they differ.
    pitfalls: what to know of it and of what it reads.
    """

    name: str
    title: str
    facts: tuple[tuple[str, str], ...]
    criteria: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, str], ...]
    parameters: tuple[tuple[str, str, str], ...]
    choices: tuple[str, ...]
    inputs: tuple[tuple[str, str], ...] = ()
    table: tuple[tuple[str, str, str], ...] = ()
    versions: tuple[str, ...] = ()
    pitfalls: tuple[str, ...] = ()


def card(definition: Definition) -> Card:
    """The card of a definition, made from its declaration."""
    facts = (
        ("Version", definition.version),
        ("Source", str(definition.citation)),
        ("Status", str(definition.status)),
        ("How sure", str(definition.certainty)),
        ("For whom", definition.population),
        ("One result per", {"day": "patient-day"}.get(definition.grain, str(definition.grain))),
        ("Range", _range(definition)),
        ("Inputs", "; ".join(dict.fromkeys(input_words(i) for i in definition.inputs)) or ", ".join(definition.needs)),
        ("Needs the tables", ", ".join(definition.needs)),
        ("A worse value never lowers the grade", "yes" if definition.monotone else "no"),
    )
    return Card(
        definition.name,
        definition.title,
        tuple((label, text) for label, text in facts if text),
        tuple((rule.title, rule_words(rule)) for rule in definition.rules),
        tuple((definition.name + o.suffix, o.meaning) for o in definition.outputs),
        tuple(
            (p.name, str(p.default), p.meaning + (f" ({', '.join(p.choices)})" if p.choices else ""))
            for p in definition.parameters
        ),
        definition.choices,
        tuple(dict.fromkeys((input_words(i), input_unit(i)) for i in definition.inputs)),
        tuple(_criteria_rows(definition.rules)),
        tuple(_versions(definition)),
        tuple(_pitfalls(definition)),
    )


def _criteria_rows(rules: Iterable[Rule]) -> Iterator[tuple[str, str, str]]:
    for rule in rules:
        unit = f" {rule.unit}" if rule.unit else ""
        for place, (sign, constant, points) in enumerate(rule.cuts):
            yield "" if place else rule.title, f"{cut_words(sign, constant)}{unit}", f"{points:g}"
        if not rule.cuts:
            yield rule.title, "", ""


_OF_VERSION = re.compile(r"_(v\d|as_printed|as_in_authors_code|\d{4}(_\w+)?)(?=_|$)")


def _versions(definition: Definition) -> Iterator[str]:
    """The same instrument in its other versions: which criteria differ, and how they stand there."""
    own = {rule.name: rule_words(rule) for rule in definition.rules}
    part = _OF_VERSION.sub("", definition.name)
    for other in all_definitions().values():
        same = other.instrument == definition.instrument and _OF_VERSION.sub("", other.name) == part
        if not same or other.name == definition.name:
            continue
        there = {rule.name: rule_words(rule) for rule in other.rules}
        titles = {rule.name: rule.title for rule in (*definition.rules, *other.rules)}
        changed = [
            f"{titles[name]} {there.get(name) or 'is not there'}"
            for name in dict.fromkeys([*own, *there])
            if own.get(name) != there.get(name)
        ]
        defaults = {p.name: p.default for p in definition.parameters}
        changed += [
            f"{p.name} = {p.default}" for p in other.parameters if p.name in defaults and defaults[p.name] != p.default
        ]
        differs = f"differs in: {'; '.join(changed)}" if changed else "the same criteria and defaults"
        yield f"{other.name} ({other.version}) {differs}"


def _pitfalls(definition: Definition) -> Iterator[str]:
    if definition.certainty is Certainty.LOW:
        yield "No source of its thresholds could be opened: it runs only when asked for, and its column says proposal."
    for item in definition.low_items:
        yield f"No opened source confirms {item}."
    if not definition.monotone and definition.lowest is not None:
        yield "A worse value in place of today's may lower the result."
    for analyte in definition.analytes:
        if analytes()[analyte].note:
            yield f"{analytes()[analyte].title}: {analytes()[analyte].note}."
    for name in dict.fromkeys(i.item for i in definition.inputs if isinstance(i, Assessed)):
        if assessment_items()[name].note:
            yield f"{assessment_items()[name].title}: {assessment_items()[name].note}."
    for used in definition.uses:
        yield f"It reads the result of {used}: what is missing there is missing here."


def unopened_card(one: Unopened) -> Card:
    """The card of an instrument that is not computed, with the reason."""
    facts = (("Status", STATUS), ("Source", str(one.citation)), ("Not known", one.missing))
    return Card(one.name, one.title, (*facts, ("One result per", ""), ("How sure", STATUS)), (), (), (), ())


def _range(definition: Definition) -> str:
    if definition.lowest is None or definition.highest is None:
        return ""
    return f"{definition.lowest} to {definition.highest}"


def rule_words(rule: Rule) -> str:
    """The cut-points of a criterion in words, worst first."""
    unit = f" {rule.unit}" if rule.unit else ""
    return "; ".join(f"{cut_words(sign, constant)}{unit} → {points}" for sign, constant, points in rule.cuts)


def input_unit(wanted: Input) -> str:
    """The unit of an input; empty where it has none."""
    if isinstance(wanted, Laboratory | Baseline):
        if wanted.scale in (Scale.BY_LOWER_LIMIT, Scale.BY_UPPER_LIMIT):
            return "x LLN" if wanted.scale is Scale.BY_LOWER_LIMIT else "x ULN"
        return analytes()[wanted.analyte].canonical_unit
    if isinstance(wanted, Assessed):
        item = assessment_items()[wanted.item]
        return item.unit or ", ".join(item.allowed)
    if isinstance(wanted, OfPatient):
        return {"age": "years", "weight": "kg", "height": "cm", "body_mass_index": "kg/m2"}.get(wanted.column, "")
    return "yes, no"


def input_words(wanted: Input) -> str:
    """An input in words."""
    if isinstance(wanted, Exposure):
        return f"{wanted.name.replace('_', ' ')} (from treatments)"
    if isinstance(wanted, Baseline):
        return f"{wanted.analyte.replace('_', ' ')} before treatment"
    if isinstance(wanted, OfPatient):
        return f"{wanted.column.replace('_', ' ')} (from infusions)"
    extreme = "lowest" if wanted.worse == "lower" else "highest"
    if isinstance(wanted, Assessed):
        when = {Span.DAY: " of the day", Span.SO_FAR: ", last up to the day", Span.BEFORE_INFUSION: " before infusion"}
        return f"{wanted.item.replace('_', ' ')}{when[wanted.span]} (from assessments)"
    assert isinstance(wanted, Laboratory)
    scale = "" if wanted.scale == "value" else f" {str(wanted.scale).replace('_', ' ')}"
    when_taken = "of the day before" if wanted.before else "of the day"
    return f"{extreme} {wanted.analyte.replace('_', ' ')}{scale} {when_taken}"
