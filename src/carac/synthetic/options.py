"""What a user says of a world: a file, single values, the mix of products, the calendar."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from math import isfinite
from pathlib import Path

from carac.findings import CaracError
from carac.synthetic.world import World
from carac.vocabulary.products import product_of
from carac.vocabulary.spelling import nearest

_MIX = "population.product_mix"
_FIRST, _LAST = "population.calendar_start", "population.calendar_end"


def world_of(
    file: Path | None = None,
    changes: Iterable[str] = (),
    products: Iterable[str] = (),
    first: str | None = None,
    last: str | None = None,
) -> World:
    """The default world with what the options change.

    Parameters
    ----------
    file: TOML file with other values.
    changes: ``name=value``.
    products: ``product=weight``; products that are not named are then not given.
    first, last: dates between which patients are infused.

    Raises
    ------
    CaracError: an option that cannot be understood; the sentence says what would be right.
    """
    if file is not None and not file.is_file():
        raise CaracError(f"There is no world file {file}.")
    world = World.load(file, dict(_change(option) for option in changes))
    mix = _mix(world, list(products))
    calendar = {name: _date(option, text) for name, option, text in _asked(first, last)}
    world = world.changed(mix | calendar)
    start, end = (_date(name, world.text(name)) for name in (_FIRST, _LAST))
    if start > end:
        raise CaracError(f"The calendar of the cohort ends on {end}, before it begins on {start}.")
    return world


def _change(option: str) -> tuple[str, object]:
    name, equals, text = option.partition("=")
    if not equals or not name.strip():
        raise CaracError(f"--set {option!r} is not understood; write NAME=VALUE, such as marrow.injury=0.")
    try:
        value: object = float(text)
    except ValueError:
        value = text.strip()
    return name.strip(), value


def _mix(world: World, options: list[str]) -> dict[str, object]:
    """The weights of all products, of which those that are not named are 0."""
    if not options:
        return {}
    known = world.table(_MIX)
    weights = dict.fromkeys(known, 0.0)
    for option in options:
        name, equals, text = option.partition("=")
        product = product_of(name) or name.strip()
        if product not in known:
            near = nearest(product, known)
            hint = f" Did you mean {near}?" if near else ""
            raise CaracError(f"--product {name!r} is none of the world: {', '.join(known)}.{hint}")
        weights[product] = _weight(option, text if equals else "1")
    if not any(weights.values()):
        raise CaracError("--product gives every product the weight 0; give one of them more.")
    return {_MIX: dict(weights)}


def _weight(option: str, text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = -1.0
    if not isfinite(weight) or weight < 0:
        raise CaracError(f"--product {option!r} is not understood; write PRODUCT=WEIGHT, such as axi-cel=2.")
    return weight


def _asked(first: str | None, last: str | None) -> list[tuple[str, str, str]]:
    asked = [(_FIRST, "--from", first), (_LAST, "--until", last)]
    return [(name, option, text) for name, option, text in asked if text is not None]


def _date(option: str, text: str) -> str:
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        raise CaracError(f"{option} is {text!r}; write a date such as 2024-03-01.") from None
