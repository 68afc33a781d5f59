"""The world file: every rate, effect and share of the mechanism, named, with its unit, source and meaning.

`world.toml` holds the default world. Each entry is a table with value, unit, source and meaning; a value is a number, a
word, or a table with one number per product, disease or state. A user's file and changes by name override values only.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from carac.findings import CaracError
from carac.vocabulary.spelling import nearest

#: The files of the default world: what happens, and how the record comes to know it.
FILES = ("world.toml", "observation.toml")


@dataclass(frozen=True)
class Entry:
    """One named value of the world.

    Parameters
    ----------
    name: full name, such as "treatment.tocilizumab_fibrinogen_effect".
    value: number, word, or table of numbers by key.
    unit: of the value; empty where it has none.
    source: citation, or "assumption".
    meaning: one line.
    """

    name: str
    value: Any
    unit: str
    source: str
    meaning: str


def entries_of(table: Mapping[str, Any], prefix: str = "") -> Iterator[Entry]:
    """The entries of a parsed file, in its order.

    Parameters
    ----------
    table: parsed TOML, of which a table with "value" and "meaning" is an entry and any other a section.
    prefix: name of the section, with its dot.
    """
    for key, content in table.items():
        name = f"{prefix}{key}"
        if "value" in content and "meaning" in content:
            yield Entry(name, content["value"], content["unit"], content["source"], content["meaning"])
        else:
            yield from entries_of(content, f"{name}.")


def flattened(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Full names and values of a table of changes, whose entries may be plain or tables with "value".

    Parameters
    ----------
    table: parsed TOML of the user, or changes whose names may have dots.
    prefix: name of the section, with its dot.
    """
    for key, content in table.items():
        name = f"{prefix}{key}"
        if isinstance(content, Mapping) and "value" in content:
            yield name, content["value"]
        elif isinstance(content, Mapping):
            yield from flattened(content, f"{name}.")
        else:
            yield name, content


def is_number(value: object) -> bool:
    """Whether a value is a number; yes and no are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


class World:
    """The values of one world; it does not change.

    Parameters
    ----------
    entries: by full name.
    """

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = dict(entries)

    @classmethod
    def load(cls, path: Path | None = None, changes: Mapping[str, object] | None = None) -> World:
        """The default world, with what a file and then named changes override.

        Parameters
        ----------
        path: TOML file of the user with the values that differ.
        changes: values by full name, such as {"marrow.injury": 0.0}; one key of a table is named with a further dot.
        """
        texts = [(files("carac.synthetic") / name).read_text(encoding="utf-8") for name in FILES]
        world = cls({entry.name: entry for text in texts for entry in entries_of(tomllib.loads(text))})
        if path is not None:
            try:
                world = world.changed(dict(flattened(tomllib.loads(path.read_text(encoding="utf-8")))))
            except (OSError, ValueError) as fault:
                raise CaracError(f"The world file {path} cannot be read: {fault}.") from fault
        return world.changed(dict(flattened(changes or {})))

    def changed(self, changes: Mapping[str, object]) -> World:
        """This world with some values replaced.

        Parameters
        ----------
        changes: new values by full name.
        """
        entries = dict(self._entries)
        for name, value in changes.items():
            entry, key = self._find(name)
            entries[entry.name] = replaced(entries[entry.name], key, value)
        return World(entries)

    def _find(self, name: str) -> tuple[Entry, str | None]:
        """The entry of a full name, and the key where the name goes on into a table of values."""
        if name in self._entries:
            return self._entries[name], None
        table, _, key = name.rpartition(".")
        if table in self._entries and key in self.keys_of(table):
            return self._entries[table], key
        close = nearest(name, self.all_names())
        hint = f"; did you mean {close}?" if close else "; docs/world.md lists all names."
        raise CaracError(f"The world has no value named {name}{hint}")

    def keys_of(self, name: str) -> tuple[str, ...]:
        """Keys of a value that is a table; none for a single value."""
        value = self._entries[name].value
        return tuple(value) if isinstance(value, Mapping) else ()

    def all_names(self) -> list[str]:
        """Every name that can be changed, keys of tables included."""
        keys = [f"{name}.{key}" for name in self._entries for key in self.keys_of(name)]
        return [*self._entries, *keys]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def __getitem__(self, name: str) -> Any:
        entry, key = self._find(name)
        return entry.value if key is None else entry.value[key]

    def number(self, name: str) -> float:
        """A single number."""
        value = self[name]
        if not is_number(value):
            raise CaracError(f"{name} of the world is no single number.")
        return float(value)

    def text(self, name: str) -> str:
        """A word."""
        return str(self[name])

    def table(self, name: str) -> dict[str, float]:
        """Numbers by key: product, disease or state."""
        value = self[name]
        if not isinstance(value, Mapping):
            raise CaracError(f"{name} of the world is no table.")
        return {str(key): float(number) for key, number in value.items()}

    def by_product(self, name: str) -> dict[str, float]:
        """One number per product."""
        return self.table(name)

    def values(self) -> dict[str, Any]:
        """Every value by full name, for the manifest of a run."""
        return {entry.name: entry.value for entry in self}


def replaced(entry: Entry, key: str | None, value: object) -> Entry:
    """An entry with its value, or one number of its table, replaced by one of the same type.

    Parameters
    ----------
    entry: as it was.
    key: of the table; None for the whole value.
    value: the new one.
    """
    old = entry.value if key is None else entry.value[key]
    wanted = "a number" if is_number(old) else "a table" if isinstance(old, Mapping) else "text"
    fits = is_number(value) if is_number(old) else isinstance(value, Mapping | str) and isinstance(value, type(old))
    if not fits:
        name = entry.name if key is None else f"{entry.name}.{key}"
        raise CaracError(f"{name} of the world must be {wanted}, not {value!r}.")
    new = value if key is None else {**entry.value, key: value}
    return Entry(entry.name, new, entry.unit, entry.source, entry.meaning)
