"""What each definition says of itself beside its criteria: defaults and ends of parameters, and the range of its grade.

A wrong default changes a grade in silence; a wrong end refuses what the catalogue allows, or lets in what has no
meaning. The list was typed from the catalogue, and never from the code.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from carac.definitions import all_definitions, brought_definitions
from carac.language.definition import Definition
from carac.parameters import Parameter
from support.typed_lists import read_once

FILE = Path(__file__).with_name("printed_parameters.toml")
NOT_MONOTONE = Path(__file__).with_name("not_monotone.toml")
_SAID = re.compile(r"(?P<default>[^,]+?)(?:, (?:from (?P<lowest>\S+))?(?: ?to (?P<highest>\S+))?)?")

#: Default, lowest, highest.
Said = tuple[Any, float | None, float | None]


@cache
def _file() -> dict[str, Any]:
    return read_once(FILE)


@cache
def printed() -> dict[tuple[str, str], Said]:
    """What is typed, by definition and parameter."""
    found: dict[tuple[str, str], Said] = {}
    for group in _file()["parameters"]:
        for definition in group["definitions"]:
            for parameter, text in group["values"].items():
                assert (definition, parameter) not in found, f"{definition}.{parameter} is typed twice"
                found[definition, parameter] = said(text)
    return found


def said(text: str) -> Said:
    """``"48, from 24 to 72"`` as default and ends; an end that is not named is None."""
    match = _SAID.fullmatch(text)
    assert match, f"{text!r} is not written as 48, from 24 to 72"
    default = match["default"]
    words = {"true": True, "false": False, "none": None}
    value = words[default] if default in words else default[1:-1] if default[0] == "'" else float(default)
    return value, *(None if match[end] is None else float(match[end]) for end in ("lowest", "highest"))


@cache
def ranges() -> dict[str, tuple[float, ...] | None]:
    """The range of each grade; None where there is none."""
    found: dict[str, tuple[float, ...] | None] = dict.fromkeys(_file()["columns"]["without_a_grade"])
    for group in _file()["range"]:
        for definition in group["definitions"]:
            assert definition not in found, f"{definition} is typed twice"
            found[definition] = tuple(float(end) for end in group["grades"].split(" to "))
    return found


def _is_typed_here(parameter: Parameter) -> bool:
    """Numbers, switches and comparators; other words are in test_catalogue_parameters."""
    return not isinstance(parameter.default, str) or parameter.default[0] in "<>"


def _number_or_word(default: Any) -> Any:
    return float(default) if isinstance(default, int | float) and not isinstance(default, bool) else default


def wrong_parameters(definition: Definition) -> Iterator[str]:
    """Where parameters differ from what is typed, one sentence each."""
    of_it = {name: one for (of, name), one in printed().items() if of == definition.name}
    found = {
        p.name: (_number_or_word(p.default), p.lowest, p.highest) for p in definition.parameters if _is_typed_here(p)
    }
    for name in {**of_it, **found}:
        if of_it.get(name, ()) != found.get(name, ()):
            yield f"{definition.name}.{name} is {found.get(name)}, printed is {of_it.get(name)}"


def wrong_declarations(definition: Definition) -> Iterator[str]:
    """Where the range of the grade, or what a worse value may do, is not as typed."""
    name, file = definition.name, _file()["columns"]
    ends = None if definition.lowest is None else (definition.lowest, definition.highest)
    if name not in ranges() or ranges()[name] != ends:
        yield f"{name}: the range of the grade is {ends}, printed is {ranges().get(name)}"
    if definition.adds != (name in file["adds"]):
        yield f"{name}: adds is {definition.adds}"
    if len(set(definition.columns)) != len(definition.columns):
        yield f"{name}: a column is declared twice"
    items = [output.suffix.removeprefix("__") for output in definition.outputs if output.item]
    if definition.rows is not None and items != file["items"].get(name, []):
        yield f"{name}: its items are {items}, printed are {file['items'].get(name)}"
    if definition.inputs != definition.inputs_with({p.name: p.default for p in definition.parameters}):
        yield f"{name}: its inputs are not those of the default parameters"
    if definition.by_default == (name in file["on_request"]):
        yield f"{name}: by_default is {definition.by_default}"
    if definition.monotone == (name in read_once(NOT_MONOTONE)):
        yield f"{name}: monotone is {definition.monotone}, see {NOT_MONOTONE.name}"


def check_all(names: Collection[str] | None = None) -> None:
    """That these definitions say of themselves what is typed; None means all that carac brings."""
    wanted = [all_definitions()[name] for name in (brought_definitions() if names is None else names)]
    faults = [fault for each in wanted for wrong in (wrong_parameters, wrong_declarations) for fault in wrong(each)]
    assert not faults, "\n".join(faults)


def test_every_definition_says_of_itself_what_is_printed() -> None:
    check_all()


def test_what_is_typed_exists() -> None:
    assert {definition for definition, _ in printed()} | set(ranges()) == set(brought_definitions())


def test_a_text_without_its_form_is_refused() -> None:
    assert said("48, from 24 to 72") == (48.0, 24.0, 72.0)
    assert said("none, from 0") == (None, 0.0, None)
    assert said("'<='") == ("<=", None, None)
