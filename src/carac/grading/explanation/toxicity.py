"""The CTCAE grades of a patient-day by term, the versions side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from carac.grading.explanation import words
from carac.grading.explanation.grades import Line
from carac.language.definition import Definition

INSTRUMENT = "CTCAE"


def section(lines: Sequence[Line], definitions: Mapping[str, Definition]) -> list[str]:
    """One line for each term that is graded above 0 in any version, and one for all others."""
    by_term: dict[str, list[Line]] = {}
    for line in lines:
        if definitions[line.name].instrument == INSTRUMENT and line.grade:
            by_term.setdefault(line.name.split("_", 2)[2], []).append(line)
    graded, none = [], []
    for of_term in by_term.values():
        title = _title(of_term[0], definitions)
        if any(line.grade != "0" for line in of_term):
            graded.append(f"{words.opening(title)}: {_versions(of_term, definitions)}")
        else:
            none.append(title)
    return graded + ([f"Grade 0 in every version: {'; '.join(none)}"] if none else [])


def _title(line: Line, definitions: Mapping[str, Definition]) -> str:
    return line.title.removeprefix(f"{INSTRUMENT} {definitions[line.name].version} ")


def _versions(lines: Sequence[Line], definitions: Mapping[str, Definition]) -> str:
    """The grade in each version with what made it; versions that agree stand together."""
    alike: dict[str, list[str]] = {}
    for line in lines:
        made = f" — {'; '.join(line.reasons)}" if line.reasons and line.grade != "0" else ""
        gap = f". {'. '.join(line.missing)}" if line.missing else ""
        alike.setdefault(f"{made}{gap}", []).append(f"{definitions[line.name].version} grade {line.grade}")
    return "; ".join(f"{', '.join(grades)}{made}" for made, grades in alike.items())
