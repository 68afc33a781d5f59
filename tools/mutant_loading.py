"""A changed module in place of the original, in a process of its own: all that reads it is executed anew.

Modules keep their objects: what holds a module, or a function that looks names up when it is called, finds the new
ones. So only the readers need to be executed again, not everything that carac imports.
"""

from __future__ import annotations

import ast
import sys
from functools import cache
from pathlib import Path
from types import CodeType

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"
TESTS = ROOT / "tests"


@cache
def module_names() -> dict[str, Path]:
    """Every module of the package, and those of the tests."""
    found = {}
    for top, prefix in ((SOURCE / "carac", "carac"), (TESTS, "")):
        for path in top.rglob("*.py"):
            parts = path.relative_to(top).with_suffix("").parts
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            found[".".join([*([prefix] if prefix else []), *parts])] = path
    return found


def _imported(path: Path) -> set[str]:
    """The modules that a module names in its imports; a name of a module may be one as well."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@cache
def _direct() -> dict[str, set[str]]:
    """For each module those that it imports."""
    paths = module_names()
    direct = {name: (_imported(path) & set(paths)) - {name} for name, path in paths.items()}
    # The instruments are imported by name, from a list; they read nothing of the list.
    direct["carac.definitions"] |= {name for name in paths if name.startswith("carac.definitions.")}
    for name in paths:
        if name.startswith("carac.definitions."):
            direct[name].discard("carac.definitions")
    return direct


@cache
def readers(module: str) -> frozenset[str]:
    """All modules that import a module, near or far."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        read = waiting.pop()
        more = {name for name, imports in _direct().items() if read in imports and name not in found}
        found |= more
        waiting += more
    return frozenset(found - {module})


@cache
def _compiled(name: str) -> CodeType:
    path = module_names()[name]
    return compile(path.read_text(encoding="utf-8"), str(path), "exec")


@cache
def executed_again(module: str) -> tuple[str, ...]:
    """The loaded modules that read a module, each after those that it reads."""
    wanted = [name for name in readers(module) if name in sys.modules]
    ordered: list[str] = []

    def add(name: str) -> None:
        if name in ordered or name not in wanted:
            return
        wanted.remove(name)
        for read in sorted(_direct()[name]):
            add(read)
        ordered.append(name)

    for name in sorted(wanted):
        add(name)
    for name in ordered:
        _compiled(name)
    return tuple(ordered)


def put_in_place(module: str, tree: ast.Module) -> None:
    """Execute the changed module, and all loaded ones that read it."""
    path = str(module_names()[module])
    exec(compile(tree, path, "exec"), vars(sys.modules[module]))
    for name in executed_again(module):
        exec(_compiled(name), vars(sys.modules[name]))
