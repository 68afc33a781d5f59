"""Lists that were typed from the catalogue, read from their files once."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any


@cache
def read_once(file: Path) -> dict[str, Any]:
    """The content of a TOML file, which nobody changes."""
    return tomllib.loads(file.read_text(encoding="utf-8"))
