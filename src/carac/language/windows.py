"""The same criteria on other values: carried from earlier days, of 24 hours, or against another reference.

A score is written once, on values of the calendar day against the upper limit of normal. What its parameters ask for
instead is made from it by exchanging what its items read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from carac.language.combined import Change
from carac.language.definition import Values
from carac.language.points import Total
from carac.parameters import Parameter
from carac.vocabulary.types import Laboratory, Scale

CARRY_FORWARD = Parameter(
    "carry_forward",
    0,
    "days for which a value stands in for following days without one",
    lowest=0,
    highest=7,
    source="catalogue 0: 0 for DIC-type scores",
)
SCORE_WINDOW = Parameter(
    "score_window",
    "calendar_day",
    "whether an item takes the worst value of the calendar day, or of 24 hours up to the day's last coagulation test",
    choices=("calendar_day", "trailing_24h"),
    source="catalogue 14, P10",
)
PT_REFERENCE = Parameter(
    "pt_reference",
    "uln",
    "what clotting times are measured against: the upper limit of normal, or the laboratory's control (mean normal)",
    choices=("uln", "control"),
    source="catalogue 14, P9",
)
#: Clotting times against control are analytes of their own.
_AGAINST_CONTROL = {
    ("prothrombin_time", Scale.ABOVE_UPPER_LIMIT): "prothrombin_time_prolongation",
    ("prothrombin_time", Scale.BY_UPPER_LIMIT): "prothrombin_time_ratio",
    ("aptt", Scale.ABOVE_UPPER_LIMIT): "aptt_prolongation",
}

Anything = TypeVar("Anything")


def exchanged(thing: Anything, change: Callable[[Laboratory], Laboratory]) -> Anything:
    """The criterion, item or total with every laboratory input of today exchanged; a change from day to day is kept."""
    if isinstance(thing, Laboratory):
        return cast(Anything, thing if thing.before else change(thing))
    if isinstance(thing, Change):
        return cast(Anything, thing)
    if isinstance(thing, tuple):
        return cast(Anything, tuple(exchanged(each, change) for each in thing))
    if not is_dataclass(thing) or isinstance(thing, type):
        return thing
    old: dict[str, Any] = {field.name: getattr(thing, field.name) for field in fields(thing) if field.init}
    new = {name: exchanged(value, change) for name, value in old.items()}
    return replace(thing, **new) if any(new[name] is not value for name, value in old.items()) else thing


def read_as_asked(total: Total, values: Values) -> Total:
    """The total on the values that the parameters ask for; a parameter that the score lacks has its default."""
    days = int(str(values.get("carry_forward") or 0))
    trailing = values.get("score_window", "calendar_day") == "trailing_24h"
    control = values.get("pt_reference", "uln") == "control"
    if not (days or trailing or control):
        return total

    def asked(wanted: Laboratory) -> Laboratory:
        made = _AGAINST_CONTROL.get((wanted.analyte, wanted.scale)) if control else None
        if made:
            wanted = Laboratory(made, wanted.worse)
        return replace(wanted, carry=days, trailing=trailing)

    return exchanged(total, asked)
