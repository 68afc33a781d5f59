"""Formulas that a user writes: a small grammar with a parser of its own, and exact bounds by interval arithmetic.

    expression := term (("+" | "-") term)*
    term       := power (("*" | "/") power)*
    power      := unary ("^" unary)?
    unary      := "-" unary | number | name | function "(" arguments ")" | "(" expression ")"

Functions: log (natural), log2, log10, exp, sqrt of one argument; min and max of two or more. An input may stand once
only: then the two ends of an interval are exactly the least and the most that the formula can be. Nothing is evaluated
as code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce

import ibis
import ibis.expr.types as ir

from carac.language.comparisons import Interval, number

_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)|([A-Za-z_]\w*)|(.))")
ONE_ARGUMENT = ("log", "log2", "log10", "exp", "sqrt")
SEVERAL_ARGUMENTS = ("min", "max")
FUNCTIONS = (*ONE_ARGUMENT, *SEVERAL_ARGUMENTS)
#: Deeper than any formula that a person writes, and far from what the parser can stand.
_DEEPEST = 40
#: exp of more overflows a float64.
_LARGEST_EXPONENT = 700.0


class FormulaError(ValueError):
    """What is wrong with a formula, in a clause."""


@dataclass(frozen=True)
class Node:
    """A part of a formula: a number, an input, or an operation on parts."""

    operation: str
    parts: tuple[Node, ...] = ()
    value: float = 0.0
    name: str = ""


@dataclass(frozen=True)
class Formula:
    """A formula, read.

    Parameters
    ----------
    text: as written.
    root: its parts.
    names: its inputs, in the order in which they stand.
    """

    text: str
    root: Node
    names: tuple[str, ...]

    def interval(self, values: Mapping[str, Interval]) -> Interval:
        """The least and the most that it can be; null where an input is, or where it has no value."""
        return _interval(self.root, values)


def read_formula(text: str) -> Formula:
    """Read a formula; raises `FormulaError` with the place where it cannot be read."""
    parser = _Parser(text)
    root = parser.expression(0)
    parser.expect_end()
    names = tuple(_names(root))
    for name in names:
        if names.count(name) > 1:
            raise FormulaError(f"{name} stands twice; each input may stand once, so that the bounds are exact")
    if not names:
        raise FormulaError("it has no input")
    return Formula(text, root, names)


def _names(node: Node) -> list[str]:
    return [node.name] if node.operation == "input" else [name for part in node.parts for name in _names(part)]


class _Parser:
    """Recursive descent over the tokens."""

    def __init__(self, text: str) -> None:
        self.tokens = [match[1] or match[2] or match[3] for match in _TOKEN.finditer(text.rstrip())]
        self.place = 0

    @property
    def _next(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def _take(self) -> str:
        token = self._next
        self.place += 1
        return token

    def _expect(self, token: str) -> None:
        if self._next != token:
            found = f"{self._next!r}" if self._next else "the end"
            raise FormulaError(f"there should be {token!r} in place of {found} (part {self.place + 1})")
        self.place += 1

    def expect_end(self) -> None:
        """Nothing may follow."""
        if self._next:
            raise FormulaError(f"{self._next!r} cannot stand there (part {self.place + 1})")

    def expression(self, depth: int) -> Node:
        """Sums and differences."""
        node = self._term(depth)
        while self._next in ("+", "-"):
            node = Node(self._take(), (node, self._term(depth)))
        return node

    def _term(self, depth: int) -> Node:
        node = self._power(depth)
        while self._next in ("*", "/"):
            node = Node(self._take(), (node, self._power(depth)))
        return node

    def _power(self, depth: int) -> Node:
        base = self._unary(depth)
        if self._next != "^":
            return base
        self._take()
        exponent = self._unary(depth)
        value = _constant(exponent)
        if value is None:
            raise FormulaError("the exponent behind ^ has to be a number")
        return Node("^", (base,), value)

    def _unary(self, depth: int) -> Node:
        if depth > _DEEPEST:
            raise FormulaError(f"it is nested more than {_DEEPEST} deep")
        token = self._take()
        if token == "-":
            return Node("negative", (self._unary(depth + 1),))
        if token == "(":
            node = self.expression(depth + 1)
            self._expect(")")
            return node
        if token[:1].isdigit() or (token[:1] == "." and len(token) > 1):
            return Node("number", value=float(token))
        if not (token[:1].isalpha() or token[:1] == "_"):
            raise FormulaError(f"a value is missing before {token!r}" if token else "it ends too early")
        if token in FUNCTIONS:
            return self._function(token, depth)
        if self._next == "(":
            raise FormulaError(f"there is no function {token!r}; there are {', '.join(FUNCTIONS)}")
        return Node("input", name=token)

    def _function(self, name: str, depth: int) -> Node:
        self._expect("(")
        parts = [self.expression(depth + 1)]
        while self._next == ",":
            self._take()
            parts.append(self.expression(depth + 1))
        self._expect(")")
        if name in ONE_ARGUMENT and len(parts) != 1:
            raise FormulaError(f"{name} takes one argument")
        if name in SEVERAL_ARGUMENTS and len(parts) < 2:
            raise FormulaError(f"{name} takes two arguments or more")
        return Node(name, tuple(parts))


def _constant(node: Node) -> float | None:
    if node.operation == "number":
        return node.value
    if node.operation == "negative":
        inner = _constant(node.parts[0])
        return None if inner is None else -inner
    return None


# ---- intervals


def _interval(node: Node, values: Mapping[str, Interval]) -> Interval:
    if node.operation == "number":
        return Interval(number(node.value), number(node.value))
    if node.operation == "input":
        return values[node.name]
    parts = [_interval(part, values) for part in node.parts]
    if node.operation == "^":
        return _power(parts[0], node.value)
    return _OPERATIONS[node.operation](*parts)


def _nothing() -> ir.FloatingScalar:
    return ibis.null("float64")


def _guarded(fine: ir.BooleanValue, value: Interval) -> Interval:
    """The interval where the operation has a value throughout, else null."""
    return Interval(fine.ifelse(value.low, _nothing()), fine.ifelse(value.high, _nothing()))


def _ends(pairs: list[ir.NumericValue]) -> Interval:
    return Interval(ibis.least(*pairs), ibis.greatest(*pairs))


def _product(one: Interval, other: Interval) -> Interval:
    return _ends([a * b for a in (one.low, one.high) for b in (other.low, other.high)])


def _quotient(one: Interval, other: Interval) -> Interval:
    usable = (other.low > 0) | (other.high < 0)
    low, high = (usable.ifelse(end, _nothing()) for end in (other.low, other.high))
    return _guarded(usable, _ends([a / b for a in (one.low, one.high) for b in (low, high)]))


def _power(base: Interval, exponent: float) -> Interval:
    # Only of a base above 0 is every power a number, and monotone.
    usable = base.low > 0
    low, high = (usable.ifelse(end, _nothing()) ** number(exponent) for end in (base.low, base.high))
    return Interval(low, high) if exponent >= 0 else Interval(high, low)


def _logarithm(base: float | None) -> Callable[[Interval], Interval]:
    def made(value: Interval) -> Interval:
        usable = value.low > 0
        ends = (usable.ifelse(end, _nothing()) for end in (value.low, value.high))
        # One way of writing it on every engine: the natural logarithm, and a division.
        low, high = (end.ln() / number(_LN[base]) if base else end.ln() for end in ends)
        return Interval(low, high)

    return made


_LN = {2.0: 0.6931471805599453, 10.0: 2.302585092994046}


def _exponential(value: Interval) -> Interval:
    usable = (value.high < _LARGEST_EXPONENT) & (value.low > -_LARGEST_EXPONENT)
    low, high = (usable.ifelse(end, _nothing()).exp() for end in (value.low, value.high))
    return Interval(low, high)


def _root(value: Interval) -> Interval:
    usable = value.low >= 0
    low, high = (usable.ifelse(end, _nothing()).sqrt() for end in (value.low, value.high))
    return Interval(low, high)


def _of_several(worst: Callable[..., ir.Value]) -> Callable[..., Interval]:
    """Least or greatest of several, null where one of them is."""

    def made(*parts: Interval) -> Interval:
        known = reduce(lambda a, b: a & b, [part.known for part in parts])
        return _guarded(known, Interval(worst(*[p.low for p in parts]), worst(*[p.high for p in parts])))

    return made


_OPERATIONS: dict[str, Callable[..., Interval]] = {
    "+": lambda one, other: Interval(one.low + other.low, one.high + other.high),
    "-": lambda one, other: Interval(one.low - other.high, one.high - other.low),
    "*": _product,
    "/": _quotient,
    "negative": lambda one: Interval(-one.high, -one.low),
    "log": _logarithm(None),
    "log2": _logarithm(2.0),
    "log10": _logarithm(10.0),
    "exp": _exponential,
    "sqrt": _root,
    "min": _of_several(ibis.least),
    "max": _of_several(ibis.greatest),
}
