"""Lines that a course is read against: the cut-points of the definitions that were graded, never numbers of our own."""

from __future__ import annotations

from dataclasses import dataclass

from carac.grading.explanation.words import number
from carac.report.material import Material

#: Whose cut-points are drawn, in order; the first that has some for an analyte is taken.
_READ = (
    *("ctcae_v5_platelets", "ctcae_v5_neutrophils", "ctcae_v5_haemoglobin", "ctcae_v5_inr"),
    "isth_overt_dic_2025",
)
#: Grades whose cut-points are drawn; of a score every cut-point.
_GRADES = (3, 4)


@dataclass(frozen=True)
class Threshold:
    """A cut-point in the canonical unit, with what it decides."""

    value: float
    words: str


def thresholds(material: Material, analyte: str) -> list[Threshold]:
    """The cut-points of an analyte among the definitions graded; none where they compare it with a limit of normal."""
    for name in _READ:
        definition = material.definition(name)
        if definition is None:
            continue
        columns = (f"{analyte}_lowest", f"{analyte}_highest")
        score = definition.highest is not None and definition.highest > 5
        found = []
        for rule in definition.rules:
            if rule.column not in columns or rule.factor != 1.0:
                continue
            for sign, constant, points in rule.cuts:
                if score or points in _GRADES:
                    what = f"{points} points" if points > 1 else "1 point"
                    shown = f"DIC {what}" if score else f"CTCAE {definition.version} grade {points}"
                    found.append(Threshold(float(constant), f"{shown} {sign} {number(constant)}"))
        if found:
            return found
    return []
