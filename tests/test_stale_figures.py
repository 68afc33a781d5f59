"""Is a proof figure called stale when, and only when, what it depends on has changed?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import stale_figures


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with one package of two files and one figure that depends on it."""
    (tmp_path / "package" / "inner").mkdir(parents=True)
    (tmp_path / "package" / "one.py").write_text("one = 1\n", encoding="utf-8")
    (tmp_path / "package" / "inner" / "two.py").write_text("two = 2\n", encoding="utf-8")
    (tmp_path / "proofs").mkdir()
    content = {"figures": {"seconds": 32}, "depends_on": stale_figures.depends_on(["package"], tmp_path)}
    (tmp_path / "proofs" / "benchmark.json").write_text(json.dumps(content), encoding="utf-8")
    return tmp_path


def test_nothing_changed(root: Path) -> None:
    assert stale_figures.stale(root) == []


def test_no_proofs(tmp_path: Path) -> None:
    assert stale_figures.stale(tmp_path) == []


def test_what_running_leaves_behind_is_no_change(root: Path) -> None:
    (root / "package" / "__pycache__").mkdir()
    (root / "package" / "__pycache__" / "one.pyc").write_bytes(b"\x00")
    assert stale_figures.stale(root) == []


@pytest.mark.parametrize("change", ["edit", "add", "rename", "remove"])
def test_a_change_is_named(root: Path, change: str) -> None:
    two = root / "package" / "inner" / "two.py"
    if change == "edit":
        two.write_text("two = 3\n", encoding="utf-8")
    elif change == "add":
        (two.parent / "three.py").write_text("", encoding="utf-8")
    elif change == "rename":
        two.rename(two.parent / "zwei.py")
    else:
        two.unlink()
    assert stale_figures.stale(root) == ["benchmark.json: seconds (package changed since)"]


@pytest.mark.parametrize("content", ["[]", "{", '{"figures": {"seconds": 1}}', '{"figures": {}, "depends_on": {}}'])
def test_figures_that_cannot_be_checked_are_named(root: Path, content: str) -> None:
    (root / "proofs" / "benchmark.json").write_text(content, encoding="utf-8")
    assert len(stale_figures.stale(root)) == 1


def test_a_name_that_is_not_there(root: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"package/missing\.py"):
        stale_figures.depends_on(["package/missing.py"], root)


@pytest.mark.parametrize(("require_all", "status"), [("1", 1), ("0", 0)])
def test_stale_figures_fail_only_where_everything_is_required(
    root: Path, monkeypatch: pytest.MonkeyPatch, require_all: str, status: int
) -> None:
    monkeypatch.setenv("CARAC_REQUIRE_ALL", require_all)
    monkeypatch.setattr(stale_figures, "stale", lambda: ["benchmark.json: seconds (package changed since)"])
    assert stale_figures.main() == status


def test_parts_are_stale_one_by_one(root: Path) -> None:
    (root / "other.py").write_text("one = 1\n", encoding="utf-8")
    parts = {
        name: {"figures": {"seconds": 1}, "depends_on": stale_figures.depends_on([name], root)}
        for name in ("package", "other.py")
    }
    (root / "proofs" / "benchmark.json").write_text(json.dumps({"parts": parts}), encoding="utf-8")
    assert stale_figures.stale(root) == []
    (root / "other.py").write_text("one = 2\n", encoding="utf-8")
    assert stale_figures.stale(root) == ["benchmark.json: other.py (other.py changed since)"]
