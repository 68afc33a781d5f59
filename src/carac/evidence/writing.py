"""Writes a `Study` as the text of its file: keys in the order of the format, what is absent left out."""

from __future__ import annotations

import json
from dataclasses import MISSING
from pathlib import Path
from typing import Any

from carac.evidence import schema
from carac.evidence.study import FORMATS, Cell, Study


def text_of_study(study: Study) -> str:
    """The study in TOML; `study_of_text` reads it back equal."""
    lines = [f"format = {_format_of(study)}", *_keys(study, "study")]
    for section, (field, _) in schema.SECTIONS.items():
        for one in getattr(study, field):
            lines += ["", f"[[{section}]]", *_keys(one, section)]
            for part in getattr(one, "parts", ()):
                lines += ["", f"[[{section}.parts]]", *_keys(part, "part")]
    return "\n".join(lines) + "\n"


def _format_of(study: Study) -> int:
    """The earliest format that holds all of a study, so that an older carac reads it too."""
    used = (
        since
        for (section, key), since in schema.SINCE.items()
        if any(getattr(one, key) for one in getattr(study, schema.SECTIONS[section][0]))
    )
    return max(used, default=FORMATS[0])


def write_study(study: Study, folder: Path) -> Path:
    """Write the file of a study into a folder; the file appears whole or not at all."""
    path = folder / f"{study.name}.toml"
    fresh = folder / f".{study.name}.toml.new"
    fresh.write_text(text_of_study(study), encoding="utf-8")
    fresh.replace(path)
    return path


def _keys(one: Any, section: str) -> list[str]:
    lines = []
    for key in schema.keys(section):
        value = getattr(one, key.name)
        if schema.kind_of(key) == "parts" or (key.default is not MISSING and value == key.default):
            continue
        lines.append(f"{key.name} = {_toml(value)}")
    return lines


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Cell):
        parts = (f"{name} = {_toml(getattr(value, name))}" for name in ("place", "row", "column"))
        return "{" + ", ".join(part for part in parts if not part.endswith(' = ""')) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    # A JSON string is a TOML basic string, but for the one control character that JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
