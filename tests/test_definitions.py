"""Every definition says what it is, its source, what it reads and gives, and what the source leaves open."""

from __future__ import annotations

import re
from importlib import import_module

import pytest

from carac.definitions import MODULES, all_definitions
from carac.grading.parameters import declared, resolved
from carac.grading.plan import CONTEXT, chosen_definitions
from carac.language.definition import Certainty, Definition
from carac.vocabulary.agents import agents
from carac.vocabulary.analytes import analytes
from carac.vocabulary.assessment_items import assessment_items
from carac.vocabulary.types import Assessed, Exposure, Grain, Input, OfPatient

#: A column is a definition's name with a suffix; PostgreSQL cuts names at 63 bytes.
LONGEST_NAME = 40
LONGEST_COLUMN = 60
TYPES = {"int8", "int16", "int32", "int64", "float64", "boolean", "string"}

EVERY_DEFINITION = pytest.mark.parametrize("definition", all_definitions().values(), ids=lambda d: d.name)
EVERY_MODULE = pytest.mark.parametrize("module", MODULES)


def every_input(definition: Definition) -> set[Input]:
    """Its inputs under the defaults and under every choice of every parameter."""
    defaults = {parameter.name: parameter.default for parameter in definition.parameters}
    variants = [defaults]
    for parameter in definition.parameters:
        choices = [*parameter.choices, *([True, False] if isinstance(parameter.default, bool) else [])]
        variants += [defaults | {parameter.name: choice} for choice in choices]
    return {i for values in variants for i in definition.inputs_with(values)} | set(definition.inputs)


@EVERY_DEFINITION
def test_says_what_it_is(definition: Definition) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", definition.name)
    assert len(definition.name.encode()) <= LONGEST_NAME
    assert "__" not in definition.name, "two underscores part the name from what follows"
    for text in (definition.title, definition.instrument, definition.version, definition.population):
        assert text.strip() == text != ""
    assert re.search(r"\d{4}", definition.citation.text), "a citation has a year"
    assert not definition.citation.doi or re.fullmatch(r"10\.\d{4,}/\S+", definition.citation.doi)


@EVERY_DEFINITION
def test_says_what_it_gives(definition: Definition) -> None:
    assert definition.outputs
    assert definition.outputs[0].suffix == ""
    assert not definition.outputs[0].item, "the grade itself stands on the patient-day"
    suffixes = [output.suffix for output in definition.outputs]
    assert len(suffixes) == len(set(suffixes))
    for output in definition.outputs:
        assert len(output.meaning) > 10, f"{output.suffix}: a meaning is a sentence"
        assert output.suffix == "" or re.fullmatch(r"__[a-z0-9_]+", output.suffix)
        assert len((definition.name + output.suffix).encode()) <= LONGEST_COLUMN
        assert output.type in TYPES
    if "__lowest" in suffixes or "__highest" in suffixes:
        assert {"__lowest", "__highest"} <= set(suffixes)


@EVERY_DEFINITION
def test_says_how_it_is_made(definition: Definition) -> None:
    assert (definition.layers is None) != (definition.rows is None)
    if definition.grain in (Grain.EVENT, Grain.ASSESSMENT):
        assert definition.rows is not None, "layers stand on patient-days and infusions"
    if definition.lowest is not None and definition.highest is not None:
        assert definition.lowest < definition.highest


@EVERY_DEFINITION
def test_criteria_are_data(definition: Definition) -> None:
    # Classes are looked up in the vocabulary; everything else states its criteria.
    assert definition.rules or definition.outputs[0].type == "string"
    for rule in definition.rules:
        assert rule.name and rule.title
        for comparison, constant, points in rule.cuts:
            assert comparison in {"<", "≤", ">", "≥", "="}
            assert constant == constant and points == points
    names = [rule.name for rule in definition.rules]
    assert len(names) == len(set(names))


@EVERY_DEFINITION
def test_open_choices_are_named(definition: Definition) -> None:
    names = [parameter.name for parameter in definition.parameters]
    assert len(names) == len(set(names))
    for parameter in definition.parameters:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", parameter.name)
        assert len(parameter.meaning) > 10, f"{parameter.name}: a meaning is a sentence"
        assert parameter.checked(parameter.default, definition.name) == parameter.default
    assert all(choice.strip() == choice != "" for choice in definition.choices)


@EVERY_DEFINITION
def test_what_it_reads_is_in_the_vocabulary(definition: Definition) -> None:
    words = set(agents()) | {agent.agent_class for agent in agents().values()}
    columns = [i.name if isinstance(i, Exposure) else i.column for i in every_input(definition)]
    for read in every_input(definition):
        if isinstance(read, Assessed):
            assert read.item in assessment_items()
            assert len(read.column.encode()) <= LONGEST_COLUMN
        elif isinstance(read, OfPatient):
            assert read.column in {"age", "weight", "height", "body_mass_index"}
        elif isinstance(read, Exposure):
            assert set(read.agents) <= words, f"unknown agents {set(read.agents) - words}"
        else:
            assert read.analyte in analytes()
            assert max(len(column.encode()) for column in (read.low, read.high)) <= LONGEST_COLUMN
    assert len(columns) == len(set(columns)), "two inputs have the same column"


@EVERY_DEFINITION
def test_uses_and_needs_exist(definition: Definition) -> None:
    assert set(definition.uses) <= set(all_definitions())
    assert definition.name not in definition.uses
    tables = {"infusions", "labs", "assessments", "treatments", "events", "event_features", "periods"}
    assert definition.needs and set(definition.needs) <= tables


def test_exposures_of_one_name_are_one_exposure() -> None:
    found: dict[str, Exposure] = {read.name: read for read in CONTEXT if isinstance(read, Exposure)}
    for definition in all_definitions().values():
        for read in every_input(definition):
            if isinstance(read, Exposure):
                assert found.setdefault(read.name, read) == read, f"{definition.name} means another {read.name}"


def test_columns_are_unique() -> None:
    columns = [column for definition in all_definitions().values() for column in definition.columns]
    assert len(columns) == len(set(columns))


def test_parameters_are_declared_by_definition() -> None:
    scopes = declared()
    for name, definition in all_definitions().items():
        assert scopes.get(name, ()) == definition.parameters


@EVERY_MODULE
def test_module_opens_with_title_and_source(module: str) -> None:
    found = import_module(f"carac.definitions.{module}")
    text = found.__doc__ or ""
    first, _, rest = text.partition("\n")
    assert ":" in first or first.endswith("."), "the first line is the title"
    assert re.search(r"\bSources?:", rest), "the docstring names its source"
    assert re.search(r"doi:10\.|National Cancer Institute|catalogue \d", rest), "the source can be found"
    assert re.search(r"\b(null|Null)\b|Values and null", rest), "the docstring says what null means"
    assert found.DEFINITIONS


def test_all_run_by_default_but_what_no_source_settles() -> None:
    """Of the entries marked low only CARAC runs unasked, with what it uses; its columns end in ``_proposal``."""
    known = all_definitions()
    chosen = chosen_definitions(None, resolved())
    low = {name for name, d in known.items() if d.certainty is Certainty.LOW}
    asked_by_parameters = {name for name, d in known.items() if d.runs_if is not None}
    assert set(known) - set(chosen) <= low | asked_by_parameters
    assert "carac_proposal" in chosen
    assert "fibrinogen_course_proposal" not in chosen
    assert all(name.endswith("_proposal") for name in low)
