"""Which denominators would explain a percentage, and which populations of the study have that size."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from carac.evidence.audit.rounding import NEAREST, fitting, places, value
from carac.evidence.study import Outcome, Study

#: Denominators up to this are looked at; larger than any cohort of the field.
LARGEST = 200_000


@dataclass(frozen=True)
class Known:
    """A number of people that a study names.

    Parameters
    ----------
    n: how many.
    name: who they are.
    """

    n: int
    name: str


def explaining(count: int, printed: str) -> range:
    """The denominators of which a count rounds, to the nearest, to the printed percentage; empty where none does.

    A count of 0 is 0 % of anything and explains nothing: the range is then empty.
    """
    if count <= 0 or value(printed) <= 0:
        return range(0)
    half = Fraction(1, 2 * 10 ** places(printed))
    lowest = max(count, ceil(100 * count / (value(printed) + half)))
    below = value(printed) - half
    highest = min(LARGEST, floor(100 * count / below)) if below > 0 else LARGEST
    # An exact half may fall to either side, so that the ends are tried.
    while lowest <= highest and not set(NEAREST) & set(fitting(count, lowest, printed)):
        lowest += 1
    while lowest <= highest and not set(NEAREST) & set(fitting(count, highest, printed)):
        highest -= 1
    return range(lowest, highest + 1)


def in_words(found: range) -> str:
    """A range of denominators for a sentence."""
    if not found:
        return "no denominator"
    return str(found[0]) if len(found) == 1 else f"{found[0]} to {found[-1]}"


def known_numbers(study: Study) -> tuple[Known, ...]:
    """Every number of people that the study names: arms, analysis sets, parts, other denominators, arms together."""
    found: dict[tuple[int, str], Known] = {}

    def keep(n: int | None, name: str) -> None:
        if n:
            found.setdefault((n, name), Known(n, name))

    for arm in study.arms:
        keep(arm.n, f"the arm {arm.label}" if len(study.arms) > 1 else "the whole study")
        for part in arm.parts:
            keep(part.n, f"the part {part.name} of {arm.label}")
    for one in study.analysis_sets:
        memory = " (from memory, to be confirmed)" if one.source and study.source(one.source).kind == "memory" else ""
        arm_label = f" of {study.arm(one.arm).label}" if one.arm else ""
        keep(one.n, f"the analysis set “{one.name}”{arm_label}{memory}")
    for outcome in study.outcomes:
        if outcome.denominator_from in ("cell", "record"):
            keep(outcome.denominator, f"the denominator of {outcome.outcome.replace('_', ' ')} in {outcome.cell}")
    numbers = [arm.n for arm in study.arms if arm.n and not arm.overlaps]
    if len(numbers) > 1:
        keep(sum(numbers), "all arms together")
    return tuple(found.values())


def known_among(study: Study, found: range, outcome: Outcome) -> list[Known]:
    """The populations of a study whose size is in a range, the outcome's own denominator left out."""
    return [one for one in known_numbers(study) if one.n in found and one.n != outcome.denominator]
