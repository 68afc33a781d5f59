"""Comparisons in which a printed tie is a tie, and intervals that know which end decides.

Every constant is widened by a relative 1e-9 in the direction that keeps a tie a tie: in plain float64,
1.5 times an upper limit of 35.2 is not the 52.8 that the laboratory printed (catalogue, section 0).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

TIE = 1e-9
INFINITY = float("inf")


def number(value: float | None) -> ir.FloatingScalar:
    """A constant as float64; engines would read a plain decimal as DECIMAL."""
    return ibis.literal(value, type="float64")


def _widened(constant: float, sign: int) -> ir.FloatingScalar:
    return number(constant + sign * abs(constant) * TIE)


def below(value: ir.NumericValue, constant: float) -> ir.BooleanValue:
    """Value < constant; a printed tie is not below."""
    return value < _widened(constant, -1)


def at_most(value: ir.NumericValue, constant: float) -> ir.BooleanValue:
    """Value ≤ constant; a printed tie is."""
    return value <= _widened(constant, +1)


def above(value: ir.NumericValue, constant: float) -> ir.BooleanValue:
    """Value > constant; a printed tie is not above."""
    return value > _widened(constant, +1)


def at_least(value: ir.NumericValue, constant: float) -> ir.BooleanValue:
    """Value ≥ constant; a printed tie is."""
    return value >= _widened(constant, -1)


COMPARISONS: dict[str, Callable[[ir.NumericValue, float], ir.BooleanValue]] = {
    "<": below,
    "≤": at_most,
    ">": above,
    "≥": at_least,
}


@dataclass(frozen=True)
class Interval:
    """A value known to lie between two ends, both included; a plain value has equal ends, a missing one null ends."""

    low: ir.NumericValue
    high: ir.NumericValue

    @property
    def known(self) -> ir.BooleanValue:
        """Whether anything at all is known of the value."""
        return self.low.notnull()


def agreed(lowest: ir.Value, highest: ir.Value) -> ir.Value:
    """The result where its lowest and highest possible value agree, else null."""
    return (lowest == highest).ifelse(highest, ibis.null(highest.type()))
