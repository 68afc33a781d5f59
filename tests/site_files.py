"""Files of a site for the tests: their text, what is made of it, and what is said where it is refused."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from carac.definitions.coagulation import isth_overt_dic_2025
from carac.definitions.haematotoxicity import icaht
from carac.definitions.own.force import read_own
from carac.findings import CaracError
from carac.language.definition import Definition

_MODELS = {d.name: d for d in (*icaht.DEFINITIONS, *isth_overt_dic_2025.DEFINITIONS)}
#: Some definitions that carac brings, row by row and by infusion; one of them runs only when asked for.
KNOWN: dict[str, Definition] = {
    **_MODELS,
    "icaht_early_as_printed": replace(_MODELS["icaht_early_as_printed"], by_default=False),
}


def made(text: str) -> dict[str, Definition]:
    """The definitions of a file with this text."""
    with tempfile.TemporaryDirectory(prefix="carac-") as folder:
        path = Path(folder) / "site.toml"
        path.write_text(text, encoding="utf-8")
        return dict(read_own(path, KNOWN).definitions)


def refused(text: str) -> str:
    """What is said of a file that is refused: one sentence, or two, in one line."""
    with pytest.raises(CaracError) as told:
        made(text)
    assert "\n" not in str(told.value)
    return str(told.value)


def entry(shape: str, *lines: str, name: str = "site_a", leave_out: str = "") -> str:
    """An entry of a shape with these lines, on a line each from line 5 on."""
    head = [f'shape = "{shape}"', 'title = "t"', 'source = "s"']
    return "\n".join([f"[{name}]", *(line for line in head if not leave_out or leave_out not in line), *lines]) + "\n"


def bands(*lines: str, name: str = "site_a", leave_out: str = "") -> str:
    """A grade by platelets."""
    return entry("bands", 'analyte = "platelets"', *lines, name=name, leave_out=leave_out)


def one(text: str) -> Definition:
    """The only definition of a file with this text."""
    (definition,) = made(text).values()
    return definition
