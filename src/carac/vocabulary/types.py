"""The words in which a definition says what it reads: grain, direction, scale, input."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Grain(StrEnum):
    """What one row of a result is about."""

    ASSESSMENT = "assessment"
    DAY = "day"
    EVENT = "event"
    INFUSION = "infusion"


class Worse(StrEnum):
    """Which end of a value is worse: the lowest value of the day is graded, or the highest."""

    LOWER = "lower"
    HIGHER = "higher"


class Scale(StrEnum):
    """How a value is set against the limits of normal of its own result."""

    VALUE = "value"
    BY_LOWER_LIMIT = "by_lower_limit"
    BY_UPPER_LIMIT = "by_upper_limit"
    ABOVE_UPPER_LIMIT = "above_upper_limit"


@dataclass(frozen=True)
class Laboratory:
    """The worst value of an analyte on a patient-day, as an interval in two columns (`low` and `high`).

    Parameters
    ----------
    analyte: name in the vocabulary; its canonical unit holds.
    worse: which end of the day's values is taken.
    scale: the value itself, its ratio to a limit of normal (no unit), or its distance above the upper limit.
    carry: days for which a value stands in for the days after it that have none.
    before: the value of so many calendar days earlier (for a fall in 24 h: 1), not of the day itself; with `carry`,
        the last value of the days before that stands in.
    trailing: whether the worst value of the 24 hours before the day's last coagulation test is taken, which reaches
        into the day before, and not that of the calendar day.
    """

    analyte: str
    worse: Worse
    scale: Scale = Scale.VALUE
    carry: int = 0
    before: int = 0
    trailing: bool = False

    @property
    def column(self) -> str:
        """Name of the input on the patient-day, such as ``aptt_highest_by_upper_limit``."""
        extreme = "lowest" if self.worse is Worse.LOWER else "highest"
        scale = "" if self.scale is Scale.VALUE else f"_{self.scale}"
        carried = f"_carry_{self.carry}" if self.carry else ""
        earlier = f"_before_{self.before}" if self.before else ""
        trailing = "_24h" if self.trailing else ""
        return f"{self.analyte}_{extreme}{scale}{trailing}{carried}{earlier}"

    @property
    def low(self) -> str:
        """Column of the lower end."""
        return f"{self.column}__from"

    @property
    def high(self) -> str:
        """Column of the upper end."""
        return f"{self.column}__to"

    @property
    def is_moved(self) -> bool:
        """Whether it takes values of another day than its own."""
        return bool(self.carry or self.before or self.trailing)

    @property
    def uncarried(self) -> Laboratory:
        """The same input on its own day: what the grid itself holds."""
        return Laboratory(self.analyte, self.worse, self.scale)

    @property
    def source(self) -> Laboratory:
        """What is carried, or taken of an earlier day."""
        return Laboratory(self.analyte, self.worse, self.scale, trailing=self.trailing)


@dataclass(frozen=True)
class Baseline:
    """The value of an analyte before treatment: last before lymphodepletion, else last before infusion."""

    analyte: str
    scale: Scale = Scale.VALUE

    @property
    def column(self) -> str:
        """Name of the input, such as ``fibrinogen_baseline``."""
        scale = "" if self.scale is Scale.VALUE else f"_{self.scale}"
        return f"{self.analyte}_baseline{scale}"

    @property
    def low(self) -> str:
        """Column of the lower end."""
        return f"{self.column}__from"

    @property
    def high(self) -> str:
        """Column of the upper end."""
        return f"{self.column}__to"


@dataclass(frozen=True)
class Exposure:
    """Whether a patient was under an agent on a day, or within so many days after it. Null without treatments.

    Parameters
    ----------
    name: name of the column, such as ``anticoagulant`` or ``tocilizumab_within_21_days``.
    agents: names or classes of agents in the vocabulary.
    days_after: for how many days after the last dose the exposure counts.
    without_prophylaxis: True leaves out courses whose intent is prophylactic.
    from_day: from how many days after the start on it counts; 1 leaves out the day of the dose itself.
    only_therapeutic: True takes only courses whose intent is therapeutic, or that name the event they were given for.
    """

    name: str
    agents: tuple[str, ...]
    days_after: int = 0
    without_prophylaxis: bool = False
    from_day: int = 0
    only_therapeutic: bool = False


class Span(StrEnum):
    """Which assessments an input takes."""

    DAY = "day"
    SO_FAR = "so_far"
    BEFORE_INFUSION = "before_infusion"


@dataclass(frozen=True)
class Assessed:
    """A bedside or judged item as a number in one column; null where it was not recorded.

    A word is its place in the item's list, from 0: ``no|yes`` gives 0 and 1.

    Parameters
    ----------
    item: name in the vocabulary.
    worse: which of several records is taken.
    span: those of the day; the last one up to the day (an enlarged spleen); the last one up to the day of infusion.
    """

    item: str
    worse: Worse = Worse.HIGHER
    span: Span = Span.DAY

    @property
    def column(self) -> str:
        """Name of the input, such as ``temperature_highest_assessed``."""
        extreme = "lowest" if self.worse is Worse.LOWER else "highest"
        words = {Span.DAY: extreme, Span.SO_FAR: "so_far", Span.BEFORE_INFUSION: "before"}
        return f"{self.item}_{words[self.span]}_assessed"

    @property
    def low(self) -> str:
        """The column: an assessment has no open ends."""
        return self.column

    @property
    def high(self) -> str:
        """The column: an assessment has no open ends."""
        return self.column


@dataclass(frozen=True)
class OfPatient:
    """A number that the table of infusions holds or gives: ``age``, ``weight``, ``height``, ``body_mass_index``."""

    column: str

    @property
    def low(self) -> str:
        """The column: a plain number."""
        return self.column

    @property
    def high(self) -> str:
        """The column: a plain number."""
        return self.column


Input = Laboratory | Baseline | Exposure | Assessed | OfPatient
