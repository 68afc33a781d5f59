"""Labels that never collide: places on a line pushed apart by as little as is needed, in pixels."""

from __future__ import annotations

from collections.abc import Sequence


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places near the wanted ones that are at least `gap` apart, within `low` and `high` where they fit.

    Parameters
    ----------
    wanted: where each label would stand, in pixels, in any order.
    gap: least distance of two labels.
    low, high: ends of the room; where the labels need more, they run over the lower end.

    Returns
    -------
    The places in the order of `wanted`.
    """
    order = sorted(range(len(wanted)), key=lambda place: wanted[place])
    blocks: list[tuple[float, list[int]]] = []
    for index in order:
        blocks.append((wanted[index], [index]))
        while len(blocks) > 1 and _end(blocks[-2], gap) > _start(blocks[-1], gap):
            blocks[-2:] = [_joined(blocks[-2], blocks[-1])]
    places = [0.0] * len(wanted)
    floor = low
    for block in blocks:
        start = max(_start(block, gap) + gap / 2, floor)
        start = min(start, max(high - gap * (len(block[1]) - 1), floor))
        for number, index in enumerate(block[1]):
            places[index] = start + gap * number
        floor = places[block[1][-1]] + gap
    return _lifted(places, order, gap, low, high)


def _start(block: tuple[float, list[int]], gap: float) -> float:
    return block[0] - gap * len(block[1]) / 2


def _end(block: tuple[float, list[int]], gap: float) -> float:
    return block[0] + gap * len(block[1]) / 2


def _joined(first: tuple[float, list[int]], second: tuple[float, list[int]]) -> tuple[float, list[int]]:
    members = first[1] + second[1]
    middle = (first[0] * len(first[1]) + second[0] * len(second[1])) / len(members)
    return middle, members


def _lifted(places: list[float], order: list[int], gap: float, low: float, high: float) -> list[float]:
    """The lowest labels are lifted back where the room allows it."""
    ceiling = high
    for index in reversed(order):
        if places[index] <= ceiling:
            break
        places[index] = max(ceiling, low)
        ceiling -= gap
    return places


def lanes(starts: Sequence[float], ends: Sequence[float]) -> list[int]:
    """The lane of each span so that no two spans of one lane overlap; lanes are filled from 0.

    Parameters
    ----------
    starts, ends: of each span, starts in rising order.
    """
    free: list[float] = []
    found = []
    for start, end in zip(starts, ends, strict=True):
        lane = next((place for place, until in enumerate(free) if until < start), len(free))
        if lane == len(free):
            free.append(end)
        else:
            free[lane] = end
        found.append(lane)
    return found
