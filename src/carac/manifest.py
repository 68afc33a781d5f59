"""What stands beside an output: versions, parameters, counts, hashes of the input. Written last, then exchanged.

A run writes into a new folder beside the old one; only when the manifest is in it are the two exchanged. An
interrupted run therefore leaves the previous output whole.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from carac.findings import CaracError

#: Version of the layout of an output folder.
OUTPUT_SCHEMA = 1
MANIFEST = "manifest.json"

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def versions(packages: Iterable[str] = ("carac", "duckdb", "ibis-framework", "pyarrow")) -> dict[str, str]:
    """The versions that a result depends on; a package that is not installed is left out."""
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def manifest(**entries: Any) -> dict[str, Any]:
    """The manifest of a run: schema number, time of writing, versions, and the caller's entries."""
    return {
        "schema": OUTPUT_SCHEMA,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        **entries,
    }


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A new folder beside `target` to write into; it takes the target's place only if no error was raised.

    Raises `CaracError` where `target` exists and is not an output of carac (it would be overwritten).
    """
    target = target.resolve()
    if target.exists() and not target.is_dir():
        raise CaracError(f"{target} is a file; name a folder for the output.")
    if target.is_dir() and any(target.iterdir()) and not (target / MANIFEST).exists():
        raise CaracError(f"{target} holds other files and is no output of carac; name an empty or new folder.")
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.parent / f".{target.name}.new-{os.getpid()}"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    try:
        yield fresh
        if not (fresh / MANIFEST).exists():
            raise AssertionError("an output folder is complete only with its manifest")
        _exchange(fresh, target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def write_manifest(folder: Path, entries: dict[str, Any]) -> None:
    """Write the manifest; call it last."""
    text = json.dumps(manifest(**entries), indent=1, ensure_ascii=False, default=str)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of an output folder; raises `CaracError` where there is none."""
    path = folder / MANIFEST
    if not path.exists():
        raise CaracError(f"{folder} is no output of carac: it has no {MANIFEST}.")
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def _exchange(fresh: Path, target: Path) -> None:
    """Put `fresh` where `target` is; on Linux in one step of the file system, elsewhere in two renames."""
    if not target.exists():
        fresh.rename(target)
        return
    if sys.platform == "linux" and _renamed_in_one_step(fresh, target):
        return
    old = target.parent / f".{target.name}.old-{os.getpid()}"
    target.rename(old)
    fresh.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _renamed_in_one_step(fresh: Path, target: Path) -> bool:
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    done = rename(_AT_FDCWD, os.fsencode(fresh), _AT_FDCWD, os.fsencode(target), _RENAME_EXCHANGE)
    return bool(done == 0)
