"""The file of a site as entries with checked keys; every complaint names the line and what would be right."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from carac.findings import CaracError
from carac.vocabulary.spelling import nearest

_NAME = re.compile(r"^[a-z][a-z0-9_]{2,39}$")
#: No measurement or count is larger in any unit.
LARGEST = 1e12
#: Keys that every entry may have.
COMMON = ("shape", "title", "source", "version", "meaning", "population", "choices")


@dataclass(frozen=True)
class SiteFile:
    """A file as it was read: its name, its text, and its hash for the manifest."""

    name: str
    text: str
    data: Mapping[str, Any]

    @property
    def sha256(self) -> str:
        """Hash of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def line(self, entry: str, key: str = "") -> int:
        """The line of an entry, or of a key in it; the line of the entry where the key is not found."""
        found = 0
        inside = False
        for number, text in enumerate(self.text.splitlines(), start=1):
            if re.match(rf"^\s*\[*\s*\"?{re.escape(entry)}\"?\s*[\].=]", text):
                inside, found = True, found or number
            elif re.match(r"^\s*\[+\s*[\"A-Za-z]", text):
                inside = False
            if inside and key and re.search(rf"(^|[\s,{{])\"?{re.escape(key)}\"?\s*=", text):
                return number
        return found


@dataclass(frozen=True)
class Entry:
    """One definition of the file, or one part of it.

    Parameters
    ----------
    file: where it stands.
    name: the definition.
    values: its keys.
    what: what the part is, for messages; empty for the entry itself.
    """

    file: SiteFile
    name: str
    values: Mapping[str, Any]
    what: str = ""

    def fault(self, message: str, key: str = "") -> CaracError:
        """A complaint with file, line and definition."""
        where = f"{self.file.name}, line {self.file.line(self.name, key)}"
        return CaracError(f"{where}: {self.name}{': ' + self.what if self.what else ''}: {message}")

    def only(self, allowed: Iterable[str]) -> None:
        """Refuse a key that is not known, with the nearest."""
        allowed = tuple(allowed)
        for key in self.values:
            if key not in allowed:
                near = nearest(key, allowed)
                hint = f"Did you mean {near}?" if near else f"There are: {', '.join(allowed)}."
                raise self.fault(f"the key {key!r} is not known. {hint}", key)

    def text(self, key: str, default: str | None = None) -> str:
        """A text; needed where there is no default."""
        value = self.values.get(key, default)
        if value is None:
            raise self.fault(f"{key} is missing.")
        if not isinstance(value, str) or (not value.strip() and default is None):
            raise self.fault(f"{key} is {value!r}; it must be a text.", key)
        return value

    def word(self, key: str, allowed: Iterable[str], default: str | None = None) -> str:
        """One of several words."""
        allowed = tuple(allowed)
        value = self.text(key, default)
        if value not in allowed:
            near = nearest(value, allowed)
            hint = f"Did you mean {near}?" if near else f"It must be one of {', '.join(allowed)}."
            raise self.fault(f"{key} is {value!r}. {hint}", key)
        return value

    def number(self, key: str, default: float | None = None) -> float:
        """A number; needed where there is no default."""
        value = self.values.get(key, default)
        if value is None:
            raise self.fault(f"{key} is missing.")
        if not is_number(value):
            raise self.fault(f"{key} is {value!r}; it must be a number.", key)
        return value

    def whole(self, key: str, default: int | None = None, lowest: int | None = None) -> int:
        """A whole number."""
        value = self.number(key, default)
        if value != int(value) or (lowest is not None and value < lowest):
            least = f" of {lowest} or more" if lowest is not None else ""
            raise self.fault(f"{key} is {value!r}; it must be a whole number{least}.", key)
        return int(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; none where the key is absent."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.fault(f"{key} must be a list of texts.", key)
        return tuple(value)

    def parts(self, key: str) -> list[Entry]:
        """A list of tables, each as an entry of its own."""
        value = self.values.get(key)
        if not isinstance(value, list) or not value or not all(isinstance(one, dict) for one in value):
            raise self.fault(f"{key} must be a list of tables, such as {key} = [{{ … }}, {{ … }}].", key)
        return [Entry(self.file, self.name, one, f"{key}, number {place}") for place, one in enumerate(value, start=1)]


def is_number(value: object) -> TypeGuard[float]:
    """Whether it is a finite number, and no larger than any measurement or count."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST


def read_file(path: Path) -> SiteFile:
    """The file; raises `CaracError` where it is none or no TOML."""
    try:
        text = path.read_text(encoding="utf-8")
        return SiteFile(path.name, text, tomllib.loads(text))
    except FileNotFoundError:
        raise CaracError(f"There is no definitions file {path}.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CaracError(f"{path} is not TOML: {error}.") from None


def entries_of(file: SiteFile, taken: Iterable[str]) -> list[Entry]:
    """The definitions of a file; a name that is none, or that carac has, is refused."""
    known = set(taken)
    found = []
    for name, values in file.data.items():
        entry = Entry(file, name, values if isinstance(values, dict) else {})
        if not isinstance(values, dict):
            raise entry.fault("every definition is a table: write [name] and its keys below.")
        if not _NAME.match(name) or "__" in name:
            raise entry.fault(
                "a name has 3 to 40 small letters, digits and single underscores, and begins with a letter."
            )
        if name in known:
            raise entry.fault("carac has a definition of this name; choose another, such as " + f"site_{name}.")
        found.append(entry)
    if not found:
        raise CaracError(f"{file.name} has no definition; write [name] and its keys below.")
    return found
