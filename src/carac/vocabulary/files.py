"""Reads the data files of this room."""

from __future__ import annotations

import csv
from importlib.resources import files
from io import StringIO


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a data file of the vocabulary, as text.

    Parameters
    ----------
    name: file name, such as ``analytes.csv``.

    Raises
    ------
    ValueError: a row with more or fewer fields than the header, which a stray comma makes.
    """
    reader = csv.DictReader(StringIO(files(__package__).joinpath(name).read_text(encoding="utf-8")))
    found = []
    for row in reader:
        if None in row or None in row.values():
            raise ValueError(f"{name}, line {reader.line_num}: the number of fields differs from the header.")
        found.append(row)
    return found


def words(text: str) -> tuple[str, ...]:
    """The parts of a field that holds several, separated by ``|``; none for an empty field."""
    return tuple(part.strip() for part in text.split("|")) if text else ()


def number(text: str) -> float | None:
    """The number in a field, None where it is empty."""
    return float(text) if text else None


def yes(text: str) -> bool:
    """True for ``yes``, False for ``no``; ValueError for anything else."""
    if text not in ("yes", "no"):
        raise ValueError(f"{text!r} is neither yes nor no.")
    return text == "yes"
