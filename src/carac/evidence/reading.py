"""Reads a study file: TOML in, a `Study` out, or one sentence that names the file, the key and what would be right."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import Field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from carac.evidence import schema
from carac.evidence.consistency import check_study
from carac.evidence.study import FORMATS, Cell, Part, Study
from carac.findings import CaracError

_TYPES: Mapping[str, tuple[type, str]] = {
    "text": (str, 'text in quotes, such as "…"'),
    "number": (int, "a whole number without quotes"),
    "yes or no": (bool, "true or false"),
    "texts": (list, 'a list of texts, such as ["…", "…"]'),
    "cell": (dict, 'a place, such as {place = "Table 1", row = "…", column = "…"}'),
    "parts": (list, "tables of their own, [[arm.parts]]"),
}


def read_study(path: Path) -> Study:
    """The study of a file.

    Raises
    ------
    CaracError: the file cannot be read, or says something the format does not know or that contradicts itself.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise CaracError(f"{path} cannot be read ({error.strerror}); name a study file, which ends in .toml.") from None
    except UnicodeDecodeError:
        raise CaracError(f"{path} is not UTF-8 text; a study file is a TOML file in UTF-8.") from None
    return study_of_text(text, path.stem, path.name)


def study_of_text(text: str, name: str, file: str) -> Study:
    """The study of the text of a file.

    Parameters
    ----------
    text: TOML.
    name: of the study, which is the name of its file without ending.
    file: name for messages.
    """
    try:
        loaded = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CaracError(f"{file} is not TOML: {error}.") from None
    stated = loaded.pop("format", None)
    if stated not in FORMATS or not isinstance(stated, int) or isinstance(stated, bool):
        seen = "has no format" if stated is None else f"has format {stated!r}"
        known = " and ".join(str(one) for one in FORMATS)
        raise CaracError(f"{file} {seen}; this carac reads study files of format = {known}.")
    _check_format(loaded, stated, file)
    head = {key: value for key, value in loaded.items() if key not in schema.SECTIONS}
    values = _values(head, "study", file)
    for section, (field, made) in schema.SECTIONS.items():
        entries = loaded.get(section, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise CaracError(f"{file}, {section}: write each as a table of its own under [[{section}]].")
        if not entries and section in schema.NEEDED_SECTIONS:
            raise CaracError(f"{file} has no [[{section}]]; a study file needs at least one.")
        values[field] = tuple(
            made(**_values(entry, section, f"{file}, {section} {place}")) for place, entry in enumerate(entries, 1)
        )
    study = Study(name=name, **values)
    check_study(study, file)
    return study


def _check_format(loaded: Mapping[str, Any], stated: int, file: str) -> None:
    """A key that came with a later format than the file states is named: an older carac would refuse it unexplained."""
    for (section, key), since in schema.SINCE.items():
        entries = loaded.get(section, [])
        there = isinstance(entries, list) and any(isinstance(entry, dict) and key in entry for entry in entries)
        if there and stated < since:
            raise CaracError(f"{file}, {section}: {key} came with format {since}; write format = {since} at the top.")


def _values(entry: Mapping[str, Any], section: str, where: str) -> dict[str, Any]:
    """The values of one table, each checked against its key."""
    known = {key.name: key for key in schema.keys(section)}
    for name in entry:
        if name not in known:
            raise CaracError(f"{where}: there is no key {name!r} here; {_nearest(name, known)}.")
    for key in known.values():
        if schema.needed(key) and entry.get(key.name) in (None, "", []):
            raise CaracError(f"{where}: {key.name} is missing; it must be {_TYPES[schema.kind_of(key)][1]}.")
    return {name: _value(entry[name], known[name], section, f"{where}, {name}") for name in entry}


def _nearest(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}?".rstrip("?") if close else "known are " + ", ".join(known)


def _value(value: Any, key: Field[Any], section: str, where: str) -> Any:
    kind = schema.kind_of(key)
    _check_type(value, kind, where)
    if kind == "number" and value < 0:
        raise CaracError(f"{where}: {value} is below zero; a count of people cannot be.")
    if kind == "cell":
        return _cell(value, where)
    if kind == "parts":
        return tuple(Part(**_values(part, "part", f"{where} {place}")) for place, part in enumerate(value, 1))
    return _words(value, kind, (section, key.name), where)


def _check_type(value: Any, kind: str, where: str) -> None:
    wanted, words = _TYPES[kind]
    if not isinstance(value, wanted) or (kind == "number" and isinstance(value, bool)):
        if kind == "text" and isinstance(value, int | float) and not isinstance(value, bool):
            words = f'text in quotes, "{value}", so that it stays as it was printed'
        raise CaracError(f"{where}: {value!r} is not right here; it must be {words}.")


def _cell(value: Mapping[str, Any], where: str) -> Cell:
    if not set(value) <= {"place", "row", "column"} or not all(isinstance(one, str) for one in value.values()):
        raise CaracError(f"{where}: a cell has place, row and column, each text.")
    if not value.get("place"):
        raise CaracError(f'{where}: place is missing; it must be a table or a section, such as "Table 1".')
    return Cell(**value)


def _words(value: Any, kind: str, place: tuple[str, str], where: str) -> Any:
    """Text, or texts, held to the closed list or the pattern of its key."""
    if kind == "texts" and not all(isinstance(one, str) and one for one in value):
        raise CaracError(f"{where}: a list of texts holds text in quotes only.")
    if kind in ("text", "texts"):
        for one in value if kind == "texts" else [value] if value else []:
            _check_word(one, place, where)
    return tuple(value) if kind == "texts" else value


def _check_word(word: str, place: tuple[str, str], where: str) -> None:
    allowed = schema.closed_lists().get(place)
    if allowed is not None and word not in allowed:
        raise CaracError(f"{where}: {word!r} is not in the list; {_nearest(word, allowed)}.")
    pattern = schema.PATTERNS.get(place)
    if pattern is not None and not pattern[0].fullmatch(word):
        raise CaracError(f"{where}: {word!r} is not right here; it must be {pattern[1]}.")
