"""Is a skip of any kind a failure where everything is required, and only there?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import needs

TESTS = Path(__file__).resolve().parent

KINDS = {
    "call": "def test_it():\n    pytest.skip('no engine')",
    "mark": "@pytest.mark.skip(reason='no engine')\ndef test_it():\n    pass",
    "mark_if": "@pytest.mark.skipif(True, reason='no engine')\ndef test_it():\n    pass",
    "require": "import needs\ndef test_it():\n    needs.require(False, 'no engine')",
    "module": "import needs\nneeds.require(False, 'no engine')\ndef test_it():\n    pass",
    "import": "pytest.importorskip('no_engine', reason='no engine')\ndef test_it():\n    pass",
    "not_run": "@pytest.mark.xfail(run=False, reason='no engine')\ndef test_it():\n    pass",
}


def run(folder: Path, code: str, require_all: str) -> subprocess.CompletedProcess[str]:
    """Run one test module with this folder's conftest in a pytest of its own."""
    module = folder / "test_it.py"
    module.write_text(f"import pytest\n{code}\n", encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    environment = os.environ | {"CARAC_REQUIRE_ALL": require_all, "PYTHONPATH": str(TESTS), "PYTEST_ADDOPTS": ""}
    for name in [name for name in environment if name.startswith("PYTEST_XDIST")]:
        del environment[name]
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "conftest", "-p", "no:cacheprovider", str(module)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("kind", KINDS)
def test_a_skip_fails_where_everything_is_required(kind: str, tmp_path: Path) -> None:
    result = run(tmp_path, KINDS[kind], require_all="1")
    assert result.returncode in (1, 2), result.stdout
    assert "nothing may be skipped" in result.stdout
    assert "no engine" in result.stdout


def test_a_skip_is_a_skip_elsewhere(tmp_path: Path) -> None:
    result = run(tmp_path, KINDS["require"], require_all="0")
    assert result.returncode == 0, result.stdout
    assert "1 skipped" in result.stdout


def test_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    result = run(tmp_path, "@pytest.mark.xfail(reason='known')\ndef test_it():\n    assert False", require_all="1")
    assert result.returncode == 0, result.stdout
    assert "1 xfailed" in result.stdout


def test_the_shared_folder_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CARAC_SHARED", str(tmp_path))
    assert needs.requires_shared(".") == tmp_path
    monkeypatch.delenv("CARAC_SHARED")
    assert needs.shared_folder() == needs.ROOT.parent / "shared"
