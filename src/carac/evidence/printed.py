"""Published figures as text: a cell of a table read into its parts, and the parts written as the cell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from carac.evidence.study import Outcome

_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_NUMBER = r"\d{1,3}(?:[,\u00a0\u202f ]\d{3})+|\d+"
#: 12 (9.5); 12/127 (9.4%); 12 of 127 (9.4 %)
_COUNT_AND_PERCENTAGE = re.compile(
    rf"(?P<count>{_NUMBER})(?:\s*(?:/|of)\s*(?P<denominator>{_NUMBER}))?"
    r"\s*[(\[]\s*(?P<percentage>\d+(?:[.·]\d+)?)\s*%?\s*[)\]]"
)
_COUNT_OF = re.compile(rf"(?P<count>{_NUMBER})\s*(?:/|of)\s*(?P<denominator>{_NUMBER})")
_PERCENTAGE = re.compile(r"(?P<percentage>\d+(?:[.·]\d+)?)\s*%")


@dataclass(frozen=True)
class PrintedCount:
    """What one figure of a cell says; None or "" where it is not there.

    Parameters
    ----------
    count, denominator: as whole numbers, separators of thousands left out.
    percentage: as printed.
    text: all of it as it stands in the cell.
    """

    count: int | None
    denominator: int | None
    percentage: str
    text: str


def printed_counts(cell: str) -> list[PrintedCount]:
    """The figures of a cell: counts with percentages, counts of a whole, percentages alone, in their order.

    A number that stands alone ("12", "Grade ≥ 2") is none of these and is left to the caller.
    """
    found: list[tuple[int, int, PrintedCount]] = []
    for pattern in (_COUNT_AND_PERCENTAGE, _COUNT_OF, _PERCENTAGE):
        for match in pattern.finditer(cell):
            if not any(start < match.end() and match.start() < end for start, end, _ in found):
                found.append((match.start(), match.end(), _printed(match)))
    return [one for _, _, one in sorted(found, key=lambda entry: entry[0])]


def _printed(match: re.Match[str]) -> PrintedCount:
    parts = match.groupdict()
    return PrintedCount(
        whole_number(parts.get("count")),
        whole_number(parts.get("denominator")),
        (parts.get("percentage") or "").replace("·", "."),
        match.group(),
    )


def whole_number(text: str | None) -> int | None:
    """A whole number as printed, "2,657" among them; None for no text, or text that is none."""
    digits = re.sub(r"(?<=\d)[,\u00a0\u202f ](?=\d{3}(?!\d))", "", (text or "").strip())
    return int(digits) if digits.isdecimal() else None


def cell_text(outcomes: Iterable[Outcome], mark: str = "{}") -> str:
    """The cell that these outcomes came from.

    Parameters
    ----------
    outcomes: of one cell, in its order.
    mark: how the table sets its footnote marks, such as " [{}]".
    """
    return " ".join(_figure_text(one, mark) for one in outcomes)


def _figure_text(one: Outcome, mark: str) -> str:
    if not one.reported:
        return one.label
    if one.count is None:
        figure = f"{one.percentage}%"
    else:
        figure = f"{one.count} ({one.percentage})" if one.percentage else str(one.count)
    label = f"{one.label}: " if one.label else ""
    return f"{label}{figure}{mark.format(one.mark) if one.mark else ''}{' ' + one.suffix if one.suffix else ''}"


def superscript(reference: str) -> str:
    """A reference number as it stands above the line; several as ^{9,10}."""
    return reference.translate(_SUPERSCRIPT) if reference.isdecimal() else f"^{{{reference}}}"
