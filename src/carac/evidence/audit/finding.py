"""One finding of the audit, and how much it weighs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: How a remark of the source's own begins; it is no further explanation.
SAID = "Said with it: "


class Weight(StrEnum):
    """How much a finding weighs.

    A contradiction cannot be true as printed by any usual rounding; a question has more than one fair answer and is
    for a person to look at; a note is a matter of manner, or has a known and harmless reason.
    """

    CONTRADICTION = "contradiction"
    QUESTION = "question"
    NOTE = "note"


@dataclass(frozen=True)
class AuditFinding:
    """What does not fit, with its arithmetic.

    Parameters
    ----------
    kind: short stable name of the check.
    weight: see `Weight`.
    study: name of the study, or of the review whose text it is about.
    where: the place in the source.
    printed: what is printed.
    arithmetic: what was worked out, with its numbers.
    reading: the likeliest explanation, worded as what it is, a guess.
    others: further explanations that the numbers allow.
    """

    kind: str
    weight: Weight
    study: str
    where: str
    printed: str
    arithmetic: str
    reading: str
    others: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.study}, {self.where}: {self.printed}. {self.arithmetic} {self.reading}"


def by_weight(findings: list[AuditFinding]) -> list[AuditFinding]:
    """Contradictions first, notes last; else in the order found."""
    order = list(Weight)
    return sorted(findings, key=lambda one: order.index(one.weight))
