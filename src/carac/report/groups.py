"""The groups that courses are drawn by: what each infusion belongs to, in an order, with a colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from carac.report import theme
from carac.report.words import product_short
from carac.vocabulary.printed_words import printed
from carac.vocabulary.products import products

#: Colours of CRS and ICANS groups: from calm to severe, dark enough for a line on white.
_SEVERITY = ("#3a8fc4", "#00795b", "#d55e00", "#5b1a4f")
_UNGRADED, _UNRECORDED = "not graded", "not recorded"


@dataclass(frozen=True)
class Group:
    """One group: its place in the order, label, colour, and how many infusions it has."""

    place: int
    label: str
    colour: str
    size: int


def group_of(row: Mapping[str, Any], by: str) -> str:
    """The label of the group that an infusion belongs to."""
    if by == "none":
        return "all patients"
    if by in ("crs_peak", "icans_peak"):
        name = "CRS" if by == "crs_peak" else "ICANS"
        grade = row[by]
        return f"{name} {_UNGRADED}" if grade is None else f"{name} {grade}" if grade < 3 else f"{name} 3 to 5"
    value = row[by]
    if value is None or value == "":
        return f"{by} {_UNRECORDED}"
    if by == "product":
        return product_short(value) if value in products() else str(value)
    return printed(str(value))


def groups_of(infusions: Sequence[Mapping[str, Any]], by: str) -> list[Group]:
    """The groups in order: severity by grade, all others by size; those that are not graded or recorded last."""
    counts: dict[str, int] = {}
    for row in infusions:
        label = group_of(row, by)
        counts[label] = counts.get(label, 0) + 1
    severity = by in ("crs_peak", "icans_peak")
    unknown = {label for label in counts if is_unknown(label)}
    order = sorted(counts, key=lambda label: (label in unknown, label if severity else -counts[label], label))
    colours = _colours(order, by, unknown)
    return [Group(place, label, colours[label], counts[label]) for place, label in enumerate(order)]


def is_unknown(label: str) -> bool:
    """Whether a group is that of those of whom nothing is known."""
    return label.endswith((_UNGRADED, _UNRECORDED))


def _colours(order: Sequence[str], by: str, unknown: set[str]) -> dict[str, str]:
    if by == "none":
        return dict.fromkeys(order, theme.EVERYONE)
    found = {}
    for place, label in enumerate(order):
        if label in unknown:
            found[label] = theme.OTHER
        elif by in ("crs_peak", "icans_peak"):
            found[label] = _SEVERITY[min(int(label.split()[1]), 3)]
        else:
            found[label] = theme.GROUPS[place % len(theme.GROUPS)]
    return found
