"""The card of a definition: what it is, how sure, its criteria as printed, its columns, its open choices."""

from __future__ import annotations

from dataclasses import dataclass

from carac.definitions.unopened import STATUS, Unopened
from carac.grading.explanation.words import cut_words
from carac.language.definition import Definition, Rule
from carac.vocabulary.types import Assessed, Baseline, Exposure, Input, Laboratory, OfPatient, Span


@dataclass(frozen=True)
class Card:
    """A definition as a reader meets it."""

    name: str
    title: str
    facts: tuple[tuple[str, str], ...]
    criteria: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, str], ...]
    parameters: tuple[tuple[str, str, str], ...]
    choices: tuple[str, ...]


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
    )


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
