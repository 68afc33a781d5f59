"""What must agree before counts of studies are pooled: outcome, definition, grades, window, and what was counted."""

from __future__ import annotations

import re
from dataclasses import dataclass

from carac.evidence.study import Outcome, Study
from carac.vocabulary.study_outcomes import study_outcomes

NOT_SAID = "not said"
#: Stands for a part of a question that is pooled over on purpose.
ANY = "*"
POOLED_ANYWAY = "POOLED ANYWAY"
#: Days that count as one window: a month as four weeks or by the calendar, three months as 90 days, and so on.
SAME_WINDOW = ((28, 31, "1 month"), (89, 92, "3 months"), (178, 184, "6 months"), (360, 370, "1 year"))
#: How a study file says that a study counted by its own rules.
OWN = "the trial's own"
_FROM_TO = re.compile(r"days? (?P<first>\d+) to (?P<last>\d+)")


@dataclass(frozen=True)
class Question:
    """What was counted, of whom, by which definition, in which window.

    Parameters
    ----------
    outcome: of carac's list.
    role: of the arm: car_t, comparator or other.
    definition: with its version; "" where the sources do not say. `ANY` where different ones are pooled on purpose.
    grades, serious: as in `carac.evidence.Outcome`.
    window: in words; "" where the sources do not say, `ANY` as above.
    counted: patients, reports or events; `ANY` as above.
    measure: proportion, or rate per patient-month.
    """

    outcome: str
    role: str
    definition: str
    grades: str
    serious: str
    window: str
    counted: str
    measure: str = "proportion"

    @property
    def title(self) -> str:
        """The outcome with its grades, for a heading: "Bleeding, grades 2-5, serious"."""
        parts = [study_outcomes()[self.outcome].title]
        if self.grades == ANY:
            parts.append("different grades")
        elif self.grades:
            parts.append(f"grade{'s' if '-' in self.grades else ''} {self.grades.replace('-', '–')}")
        if self.serious:
            parts.append(self.serious)
        if self.measure == "rate":
            parts.append("rate")
        return ", ".join(parts)

    @property
    def detail(self) -> str:
        """Definition, window and what was counted, in words."""
        definition = self.definition or f"definition {NOT_SAID}"
        window = self.window or f"window {NOT_SAID}"
        if definition == ANY:
            definition = "different definitions"
        if window == ANY:
            window = "different windows"
        counted = "patients and reports together" if self.counted == ANY else self.counted
        text = f"{definition}; {window}" + ("" if self.counted == "patients" else f"; {counted}")
        return f"{POOLED_ANYWAY}: {text}" if self.is_forced else text

    @property
    def is_forced(self) -> bool:
        """Whether something that differs was pooled on purpose."""
        return ANY in (self.definition, self.grades, self.window, self.counted)

    def __str__(self) -> str:
        return f"{self.title} ({self.detail})"


def definition_of(study: Study, one: Outcome) -> str:
    """The definition of an outcome with its version; "" where the source does not say.

    A definition that is said to be the study's own, and not which, is that of no other study.
    """
    if one.definition.startswith(OWN):
        return f"{study.title}'s own definition"
    return " ".join(part for part in (one.definition, one.definition_version) if part)


def window_of(window: str, window_days: int | None) -> str:
    """A window in words that are the same for the same days; "" where the source does not say.

    Parameters
    ----------
    window: as the source has it.
    window_days: its end in days after infusion; None where not said.
    """
    span = _FROM_TO.search(window)
    if span and int(span["first"]) > 1:
        return f"days {span['first']} to {span['last']}"
    if window_days is None:
        return window
    for low, high, name in SAME_WINDOW:
        if low <= window_days <= high:
            return name
    return f"{window_days} days"
