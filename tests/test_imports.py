"""The direction of imports: who may read from whom, as the table of rooms in the design has it, and no circles."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import pytest

from carac.definitions import all_definitions
from needs import ROOT

SOURCE = ROOT / "src"
PACKAGE = "carac"

BOTTOM = frozenset({"findings", "parameters", "manifest", "progress"})
#: What each room may import; who may import a room may import what that room may.
ROOMS: dict[str, frozenset[str]] = {
    **dict.fromkeys(sorted(BOTTOM), BOTTOM),
    "engine": BOTTOM,
    "vocabulary": BOTTOM,
    "statistics": frozenset(),
    "cohort": frozenset({"vocabulary", "engine"}),
    "sources": frozenset({"cohort"}),
    "synthetic": frozenset({"cohort"}),
    "language": frozenset({"vocabulary"}),
    "definitions": frozenset({"language"}),
    "grading": frozenset({"definitions", "cohort"}),
}
#: The last row of the table: each may import the rooms above, and those before it here.
LAST_ROW = ("endpoints", "analysis", "evidence", "guidance", "report", "commands")
#: What stands on top of all rooms but the commands, which call it; and the data that is no room.
ON_TOP = frozenset({"", "api", "figures", "__main__"})
DATA = frozenset({"examples"})

#: Databases and their drivers, which only engine may name.
DATABASES = frozenset({"duckdb", "pyspark", "psycopg", "py4j"})


def may_import() -> dict[str, frozenset[str]]:
    """Room to all rooms that it may import, those that its rooms may import among them."""
    direct = dict(ROOMS)
    above = frozenset(ROOMS)
    for place, room in enumerate(LAST_ROW):
        direct[room] = above | frozenset(LAST_ROW[:place])
    direct["commands"] |= ON_TOP
    direct |= dict.fromkeys(ON_TOP, above | frozenset(LAST_ROW) | ON_TOP)
    return {room: _reached(room, direct) for room in direct}


def _reached(room: str, direct: Mapping[str, frozenset[str]]) -> frozenset[str]:
    found: set[str] = {room}
    waiting = list(direct[room])
    while waiting:
        other = waiting.pop()
        if other not in found:
            found.add(other)
            waiting.extend(direct[other])
    return frozenset(found)


@cache
def modules() -> dict[str, Path]:
    """Every module of carac by its full name."""
    found = {}
    for path in sorted((SOURCE / PACKAGE).rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def room_of(module: str) -> str:
    """The room of a module: its first part under carac, empty for carac itself."""
    return module.split(".")[1] if "." in module else ""


@cache
def imports_of(module: str) -> frozenset[str]:
    """Full names that a module imports: modules of carac as such, all others by their first part."""
    return frozenset(_imported(module, ast.parse(modules()[module].read_text(encoding="utf-8"))))


def _imported(module: str, tree: ast.AST) -> Iterable[str]:
    is_package = modules()[module].name == "__init__.py"
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (_known(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(module, is_package, node)
            yield from (_known(f"{base}.{alias.name}", base) for alias in node.names)


def _absolute(module: str, is_package: bool, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    parts = parts[: len(parts) - node.level + (1 if is_package else 0)]
    return ".".join([*parts, *([node.module] if node.module else [])])


def _known(name: str, base: str = "") -> str:
    """The module of carac that a name stands for, else the first part of the foreign package."""
    if name.split(".")[0] != PACKAGE:
        return name.split(".")[0]
    return name if name in modules() or not base else base


def test_every_module_has_a_room() -> None:
    rooms = {room_of(module) for module in modules()}
    assert rooms - set(may_import()) - DATA == set()


@pytest.mark.parametrize("module", sorted(modules()))
def test_imports_go_one_way(module: str) -> None:
    allowed = may_import()[room_of(module)]
    ours = {name for name in imports_of(module) if name.split(".")[0] == PACKAGE}
    wrong = {name for name in ours if room_of(name) not in allowed | {room_of(module)}}
    assert sorted(wrong) == [], f"{room_of(module) or PACKAGE} may import {', '.join(sorted(allowed))}"


def test_only_engine_names_a_database() -> None:
    wrong = {
        module: sorted(imports_of(module) & DATABASES)
        for module in modules()
        if room_of(module) != "engine" and imports_of(module) & DATABASES
    }
    assert wrong == {}


def circle(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """One circle of a graph, as the nodes on it; empty where there is none."""
    done: set[str] = set()

    def visit(node: str, path: list[str]) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done:
            return []
        for other in sorted(graph.get(node, ())):
            if found := visit(other, [*path, node]):
                return found
        done.add(node)
        return []

    for node in sorted(graph):
        if found := visit(node, []):
            return found
    return []


def test_no_circle_of_modules() -> None:
    # A package that gathers names from its own modules is no circle: they do not import the package.
    graph = {
        module: {name for name in imports_of(module) if name in modules() and name != module} for module in modules()
    }
    assert circle(graph) == []


def test_no_circle_of_definitions() -> None:
    assert circle({name: definition.uses for name, definition in all_definitions().items()}) == []


def test_a_circle_is_found() -> None:
    assert circle({"a": ["b"], "b": ["c"], "c": ["b"], "d": []}) == ["b", "c", "b"]
    assert circle({"a": ["b", "c"], "b": ["c"], "c": []}) == []


def test_the_table_is_the_one_of_the_design() -> None:
    allowed = may_import()
    assert "engine" not in allowed["definitions"]
    assert "cohort" not in allowed["language"]
    assert {"language", "vocabulary", "engine"} <= allowed["grading"]
    assert "commands" not in allowed["report"]
    assert allowed["statistics"] == {"statistics"}
