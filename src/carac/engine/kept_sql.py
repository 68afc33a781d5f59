"""Compiled SQL, kept on disk by code and question: compiling takes seconds, reading does not.

The folder is CARAC_CACHE, else ``carac`` in the user's cache folder. It holds SQL only, nothing of a record; where it
cannot be written, everything is compiled anew.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from carac.manifest import versions


def kept(key: object, make: Callable[[], Any]) -> Any:
    """What `make` gives for this key, as JSON-like data; from disk where the same code has made it before.

    Parameters
    ----------
    key: everything that the result depends on beside the code, with a stable `repr`.
    make: makes the result: strings, numbers, lists and dictionaries of them.
    """
    folder = _folder()
    if folder is None:
        return _made(make)
    name = hashlib.sha256(f"{_code()}{key!r}".encode()).hexdigest()
    path = folder / f"{name}.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        made = _made(make)
        _write(path, made)
        return made


def _made(make: Callable[[], Any]) -> Any:
    """What it makes; nobody looks for rubbish meanwhile: compiling holds a million small things, all of them live."""
    collects = gc.isenabled()
    gc.disable()
    try:
        return make()
    finally:
        if collects:
            gc.enable()


def _folder() -> Path | None:
    named = os.environ.get("CARAC_CACHE")
    if named == "":
        return None
    base = Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "carac"
    return base / "sql"


def _write(path: Path, made: Any) -> None:
    fresh = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps(made), encoding="utf-8")
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)


@cache
def _code() -> str:
    """A hash of carac's code and vocabulary, and of the libraries that write SQL."""
    found = hashlib.sha256(repr(sorted(versions(("ibis-framework", "sqlglot")).items())).encode())
    root = Path(__file__).parent.parent
    for path in sorted([*root.rglob("*.py"), *(root / "vocabulary").glob("*.csv")]):
        found.update(path.read_bytes())
    return found.hexdigest()
