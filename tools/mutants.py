"""Mutants of a Python module: each differs from it in one number, comparison, connective, extreme or constant.

A mutant is named by the function it stands in, the text of its line and the change; so it keeps its name when lines
move.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

#: What a comparison becomes: the tie goes to the other side.
COMPARISONS: dict[str, str] = {
    **{"Lt": "LtE", "LtE": "Lt", "Gt": "GtE", "GtE": "Gt"},
    **{"Eq": "NotEq", "NotEq": "Eq", "Is": "IsNot", "IsNot": "Is", "In": "NotIn", "NotIn": "In"},
}
OPERATORS: dict[str, str] = {
    **{"Add": "Sub", "Sub": "Add", "Mult": "Div", "Div": "Mult", "Mod": "Mult", "FloorDiv": "Mult"},
    **{"BitAnd": "BitOr", "BitOr": "BitAnd", "And": "Or", "Or": "And"},
}
SYMBOLS: dict[str, str] = {
    **{"Lt": "<", "LtE": "<=", "Gt": ">", "GtE": ">=", "Eq": "==", "NotEq": "!=", "Is": "is", "IsNot": "is not"},
    **{"In": "in", "NotIn": "not in", "Add": "+", "Sub": "-", "Mult": "*", "Div": "/", "Mod": "%", "FloorDiv": "//"},
    **{"BitAnd": "&", "BitOr": "|", "And": "and", "Or": "or"},
}
#: Comparisons, extremes and directions that definitions say in words: as a function, an attribute or an argument.
WORDS: dict[str, str] = {
    **{"below": "at_most", "at_most": "below", "above": "at_least", "at_least": "above"},
    **{"min": "max", "max": "min", "least": "greatest", "greatest": "least"},
    **{"certainly": "possibly", "possibly": "certainly", "LOWER": "HIGHER", "HIGHER": "LOWER"},
}
#: As arguments these compare only in bands; elsewhere they name a number that has no other side.
OF_BANDS = {"below", "at_most", "above", "at_least"}
#: Comparisons as data.
SIGNS = {"<": "≤", "≤": "<", ">": "≥", "≥": ">"}
#: Annotations and decorators decide nothing.
_SKIPPED = {"annotation", "returns", "decorator_list"}
#: A number with a fraction moves by a twentieth: across no neighbouring cut-point, and far beyond rounding.
SHARE = 0.05

#: The way to a node: fields and places in them.
Path = tuple[tuple[str, int | None], ...]


@dataclass(frozen=True)
class Mutant:
    """One change of a module.

    Parameters
    ----------
    place: function or class it stands in, dotted; empty at the top of the module.
    text: its line, without indentation.
    change: what was exchanged for what.
    number: which of several with the same place, text and change, from 0.
    line: line in the present source; no part of the name.
    path, replacement: where in the tree, and the source of what is put there; a lone operator is given by its name.
    """

    place: str
    text: str
    change: str
    number: int
    line: int
    path: Path
    replacement: str

    @property
    def name(self) -> str:
        """What it is known by in stored figures."""
        count = f" #{self.number + 1}" if self.number else ""
        return f"{self.place or 'module'}: {self.text} [{self.change}{count}]"

    def applied(self, source: str) -> ast.Module:
        """The whole changed module."""
        tree = ast.parse(source)
        parent, (field, place) = _at(tree, self.path[:-1]), self.path[-1]
        changed = _made(self.replacement, field)
        if place is None:
            setattr(parent, field, changed)
        else:
            getattr(parent, field)[place] = changed
        return ast.fix_missing_locations(tree)


def mutants(source: str) -> list[Mutant]:
    """All mutants of a module, in the order of its tree."""
    lines = source.split("\n")
    seen: Counter[tuple[str, str, str]] = Counter()
    found = []
    for node, path, place, line in _nodes(ast.parse(source), (), "", 1):
        for inner, change, replacement in _changes(node):
            text = lines[line - 1].strip()
            key = (place, text, change)
            found.append(Mutant(place, text, change, seen[key], line, (*path, *inner), replacement))
            seen[key] += 1
    return found


def _made(replacement: str, field: str) -> object:
    if field in ("op", "ops"):
        return getattr(ast, replacement)()
    if field in ("id", "attr", "arg"):
        return replacement
    return ast.parse(replacement, mode="eval").body


def _at(tree: ast.AST, path: Path) -> ast.AST:
    node: ast.AST = tree
    for field, place in path:
        value = getattr(node, field)
        node = value if place is None else value[place]
    return node


def _nodes(node: ast.AST, path: Path, place: str, line: int) -> Iterator[tuple[ast.AST, Path, str, int]]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        place = f"{place}.{node.name}" if place else node.name
    line = getattr(node, "lineno", line)
    yield node, path, place, line
    for field, value in ast.iter_fields(node):
        if field in _SKIPPED:
            continue
        children = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        for index, child in children:
            if isinstance(child, ast.AST) and not _is_no_code(child):
                yield from _nodes(child, (*path, (field, index)), place, line)


def _is_no_code(node: ast.AST) -> bool:
    """Docstrings, and the words of an error that no test should have to know."""
    return isinstance(node, ast.Raise) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _changes(node: ast.AST) -> Iterator[tuple[Path, str, str]]:
    """Way from the node, the change in words, and the replacement."""
    if isinstance(node, ast.Constant):
        for new in _other_constants(node.value):
            # A constant is replaced whole: through its parent, so the way from here is empty.
            yield (), f"{node.value!r} -> {new}", new
    elif isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            yield (("ops", place),), *_exchanged(operator, COMPARISONS)
    elif isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op).__name__ in OPERATORS and not _is_text(node):
        yield (("op", None),), *_exchanged(node.op, OPERATORS)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert | ast.Not):
        yield (), f"{ast.unparse(node)} -> {ast.unparse(node.operand)}", ast.unparse(node.operand)
    else:
        yield from _other_words(node)


def _exchanged(operator: ast.AST, by: dict[str, str]) -> tuple[str, str]:
    one = type(operator).__name__
    return f"{SYMBOLS[one]} -> {SYMBOLS[by[one]]}", by[one]


def _other_constants(value: object) -> list[str]:
    if isinstance(value, bool):
        return [repr(not value)]
    if isinstance(value, int):
        return [repr(value + 1), repr(value - 1)] if value else ["1"]
    if isinstance(value, float):
        return [repr(round(value * (1 + SHARE), 12)), repr(round(value * (1 - SHARE), 12))] if value else ["1.0"]
    if isinstance(value, str) and value in SIGNS:
        return [repr(SIGNS[value])]
    return []


def _is_text(node: ast.BinOp | ast.BoolOp) -> bool:
    """Texts are put together with + as well."""
    parts = (node.left, node.right) if isinstance(node, ast.BinOp) else ()
    words = [part.value for part in parts if isinstance(part, ast.Constant)]
    return any(isinstance(part, ast.JoinedStr) for part in parts) or any(isinstance(word, str) for word in words)


def _other_words(node: ast.AST) -> Iterator[tuple[Path, str, str]]:
    if isinstance(node, ast.Name) and node.id in WORDS and isinstance(node.ctx, ast.Load):
        yield (("id", None),), f"{node.id} -> {WORDS[node.id]}", WORDS[node.id]
    elif isinstance(node, ast.Attribute) and node.attr in WORDS and node.attr not in OF_BANDS:
        yield (("attr", None),), f"{node.attr} -> {WORDS[node.attr]}", WORDS[node.attr]
    elif isinstance(node, ast.Call) and _called(node) == "Bands":
        given = {keyword.arg for keyword in node.keywords}
        for place, keyword in enumerate(node.keywords):
            if keyword.arg in OF_BANDS and WORDS[keyword.arg] not in given:
                other = WORDS[keyword.arg]
                yield (("keywords", place), ("arg", None)), f"{keyword.arg} -> {other}", other


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""
