"""What every section of an analysis works on, and how it writes its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from carac.analysis.incidence import Value
from carac.analysis.settings import Settings
from carac.endpoints.study import Study
from carac.report import words
from carac.report.numbers import NOTHING, Writer, percent
from carac.vocabulary.printed_words import printed


@dataclass(frozen=True)
class Asked:
    """A study and what is asked of it.

    Parameters
    ----------
    study: the graded cohort with its rules.
    settings: what is asked.
    synthetic: whether the patients do not exist.
    files: hash of each file of the record, by name.
    """

    study: Study
    settings: Settings
    synthetic: bool
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def writer(self) -> Writer:
        """Writes counts as the settings ask."""
        return Writer(self.settings.hide_small_cells)


def with_interval(value: Value | None) -> str:
    """An estimate with its interval in per cent, such as "6.0 (4.0–8.7)"."""
    if value is None:
        return NOTHING
    if value.lower is None or value.upper is None:
        return percent(value.estimate)
    return f"{percent(value.estimate)} ({percent(value.lower)}–{percent(value.upper)})"


def p_value(value: float | None) -> str:
    """A probability as a journal prints it."""
    if value is None:
        return NOTHING
    return "<0.001" if value < 0.001 else f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def group_name(by: str, label: str) -> str:
    """A group as it is printed: products by their short name, words without underscores."""
    return words.product_short(label) if by == "product" else printed(label)


def sentence(text: str) -> str:
    """A text with a capital first letter; an abbreviation such as aPTT stays as it is."""
    return text if text[1:2].isupper() else f"{text[:1].upper()}{text[1:]}"


def capped(text: str, most: int = 62) -> str:
    """A title that fits beside a figure; a longer one ends in an ellipsis."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
