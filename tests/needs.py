"""What a test may need and a machine may lack: an engine, the shared folder, a program.

A test says so with `require` and is then skipped with the reason. Where CARAC_REQUIRE_ALL=1, as in .ci/run, nothing
may be lacking: conftest.py turns every skip of any kind into a failure.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def require_all() -> bool:
    """Whether a skipped test is a failed one."""
    return os.environ.get("CARAC_REQUIRE_ALL") == "1"


def require(condition: object, reason: str) -> None:
    """Skip the test, or the whole module where called at its top, unless the condition holds.

    Parameters
    ----------
    condition: true where the test can run.
    reason: one sentence: what is lacking and how to get it.
    """
    if not condition:
        pytest.skip(reason, allow_module_level=True)


def shared_folder() -> Path:
    """The folder of real records and reference answers: CARAC_SHARED, else ../shared seen from the project."""
    return Path(os.environ.get("CARAC_SHARED") or ROOT.parent / "shared")


def requires_shared(name: str) -> Path:
    """A file or folder of the shared folder; skips where it is absent.

    Parameters
    ----------
    name: relative to the shared folder, such as ``data/mimic3demo_omop``.
    """
    path = shared_folder() / name
    require(path.exists(), f"{name} is not in the shared folder; CARAC_SHARED names that folder")
    return path
