"""Name the proof figures that were made with other code than the present one.

A long job in proofs/ writes its figures to a JSON file beside it, with the code and data they came from:

    {"figures": {"ratio to hand-written SQL": 1.18},
     "depends_on": {"src/carac/engine": "<hash>", "proofs/benchmark.sql": "<hash>"}}

or, where parts of a job depend on other code, one such pair for each part: {"parts": {"definitions.sic": {...}}}.
`depends_on(...)` makes the second part; a name is a file, or a folder with all that is in it. A figure is stale once
one of the hashes is no longer right. Stale figures are printed; with CARAC_REQUIRE_ALL=1 they also fail.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: Left behind by running, no part of what a figure depends on.
LEFT_BEHIND = "__pycache__"


def code_hash(path: Path) -> str | None:
    """SHA-256 of a file, or of the names and contents of all files of a folder; None where there is neither."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    if not path.is_dir():
        return None
    whole = hashlib.sha256()
    for file in sorted(path.rglob("*")):
        if file.is_file() and LEFT_BEHIND not in file.parts:
            whole.update(f"{file.relative_to(path).as_posix()}\n{code_hash(file)}\n".encode())
    return whole.hexdigest()


def depends_on(names: Iterable[str], root: Path = ROOT) -> dict[str, str]:
    """The hashes to write beside figures.

    Parameters
    ----------
    names: files and folders, relative to the root of the project.
    root: of the project.

    Raises
    ------
    FileNotFoundError: a name is neither a file nor a folder.
    """
    hashes = {}
    for name in names:
        value = code_hash(root / name)
        if value is None:
            raise FileNotFoundError(f"{name} is neither a file nor a folder of the project.")
        hashes[name] = value
    return hashes


def reasons(proof: Path, root: Path) -> list[str]:
    """Why the figures of one file are stale; empty where they are not."""
    try:
        content = json.loads(proof.read_text(encoding="utf-8"))
        if "parts" not in content:
            return _of_part(proof.name, content["figures"], content["depends_on"], root)
        found = [
            _of_part(proof.name, [name], part["depends_on"], root) for name, part in sorted(content["parts"].items())
        ]
    except (ValueError, KeyError, TypeError) as fault:
        return [f"{proof.name}: cannot be read as figures with what they depend on ({fault!r})"]
    return [line for lines in found for line in lines]


def _of_part(file: str, figures: Iterable[str], known: Mapping[str, str], root: Path) -> list[str]:
    if not known:
        return [f"{file}: does not say what its figures depend on"]
    changed = [name for name, value in known.items() if code_hash(root / name) != value]
    return [f"{file}: {figure} ({', '.join(changed)} changed since)" for figure in figures] if changed else []


def stale(root: Path = ROOT) -> list[str]:
    """All stale figures, one line each; none where there is no folder proofs/."""
    return [line for proof in sorted((root / "proofs").glob("*.json")) for line in reasons(proof, root)]


def main() -> int:
    """Print the stale figures; 1 where there are some and everything is required, else 0."""
    lines = stale()
    for line in lines:
        print(f"stale: {line}")
    print(f"{len(lines)} stale proof figures; make prove makes them anew" if lines else "no stale proof figures")
    return 1 if lines and os.environ.get("CARAC_REQUIRE_ALL") == "1" else 0


if __name__ == "__main__":
    sys.exit(main())
