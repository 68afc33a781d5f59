"""The map of the evidence, its gaps, and one's own cohort beside the literature: from studies to figures and tables."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import altair as alt

from carac.evidence.study import Study
from carac.evidence.synthesis import Gathered, Pooled, gather
from carac.evidence.synthesis.gathering import known_window
from carac.evidence.synthesis.question import Question, definition_of, window_of
from carac.findings import CaracError
from carac.report.content import Table
from carac.report.figures.evidence_map import Measured, evidence_map
from carac.report.figures.literature_ranges import Range, literature_ranges
from carac.statistics.proportions import clopper_pearson
from carac.vocabulary.study_outcomes import study_outcomes

#: What the map and the gaps are about: the outcomes that the review asks standard endpoints for.
CORE = (
    "arterial_thromboembolism",
    "venous_thromboembolism",
    "bleeding",
    "fatal_bleeding",
    "thrombocytopenia",
    "coagulopathy",
    "disseminated_intravascular_coagulation",
    "hypofibrinogenaemia",
)
#: Designs that follow people themselves; what others have is theirs.
_SECOND_HAND = ("meta_analysis", "review", "guideline")
_SHORT = {"fatal_bleeding": "Fatal bleed", "thrombocytopenia": "Low platelets", "hypofibrinogenaemia": "Low fibrin."}


def own_studies(studies: Iterable[Study]) -> list[Study]:
    """Studies that counted people themselves."""
    return [study for study in studies if study.design not in _SECOND_HAND and study.arms]


def column(outcome: str) -> str:
    """An outcome as a narrow column names it."""
    return _SHORT.get(outcome, study_outcomes()[outcome].column)


def measured(studies: Iterable[Study]) -> list[Measured]:
    """What each study says of each core outcome in its CAR T-cell arms."""
    found = []
    for study in own_studies(studies):
        for one in study.outcomes:
            if one.outcome in CORE and study.arm(one.arm).role == "car_t" and not one.repeats:
                window = _short_window(window_of(*known_window(study, one)))
                definition = definition_of(study, one)
                found.append(Measured(study.title, column(one.outcome), _family(definition), window, one.reported))
    return found


def _family(definition: str) -> str:
    """Trials' own definitions, which are all different, share a letter of the map."""
    return "the trial's own definition, each another" if definition.endswith("'s own definition") else definition


def _short_window(window: str) -> str:
    for long, short in ((" months", " mo"), (" month", " mo"), (" days", " d"), (" year", " y")):
        if window.endswith(long):
            return window.removesuffix(long) + short
    return window.replace("days ", "d ").replace(" to ", "–")


def map_figure(studies: Iterable[Study]) -> alt.TopLevelMixin:
    """The map of the evidence."""
    found = measured(studies)
    columns = [column(name) for name in CORE if any(one.outcome == column(name) for one in found)]
    definitions = len({one.definition for one in found if one.reported and one.definition})
    subtitle = f"{len({one.study for one in found})} studies, {definitions} definitions; empty: the study says nothing"
    return evidence_map(found, columns, "Who measured what, by which definition, by when", subtitle)


def gaps_table(studies: Iterable[Study]) -> Table:
    """Per core outcome: how many studies give it, with a definition, with a window, with both; and who does not."""
    own = own_studies(studies)
    rows = []
    for name in CORE:
        given = {
            study: [
                one
                for one in study.outcomes
                if one.outcome == name and one.reported and study.arm(one.arm).role == "car_t"
            ]
            for study in own
        }
        having = {study: found for study, found in given.items() if found}
        said = [any(one.definition for one in found) for found in having.values()]
        when = [any(any(known_window(study, one)) for one in found) for study, found in having.items()]
        both = sum(a and b for a, b in zip(said, when, strict=True))
        silent = [study.title for study in own if study not in having]
        rows.append(
            (
                study_outcomes()[name].title,
                str(len(having)),
                str(sum(said)),
                str(sum(when)),
                str(both),
                ", ".join(silent) or "–",
            )
        )
    header = ("Outcome", "Studies with it", "say how", "say by when", "say both", "Not in")
    notes = (f"Of {len(own)} studies that counted patients or reports themselves.",)
    return Table("gaps", "What no study, or few, report", header, tuple(rows), notes)


# ---- one's own cohort ----


@dataclass(frozen=True)
class OwnCount:
    """What a cohort of one's own has.

    Parameters
    ----------
    outcome, events, total: as in a study.
    definition, window: in words; "" where not said.
    """

    outcome: str
    events: int
    total: int
    definition: str = ""
    window: str = ""


def own_counts(file: Path) -> list[OwnCount]:
    """Counts of one's own cohort from a CSV with the columns outcome, events, total, and perhaps definition, window.

    Raises
    ------
    CaracError: a file that cannot be read, a missing column, an unknown outcome, or counts that cannot be.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError) as error:
        raise CaracError(f"{file} cannot be read ({error}); it must be a CSV in UTF-8.") from None
    missing = [name for name in ("outcome", "events", "total") if not rows or name not in rows[0]]
    if missing:
        raise CaracError(f"{file} has no column {missing[0]}; it needs outcome, events and total, and a row at least.")
    return [_own_count(file, line, row) for line, row in enumerate(rows, 2)]


def _own_count(file: Path, line: int, row: dict[str, str]) -> OwnCount:
    outcome = (row["outcome"] or "").strip()
    if outcome not in study_outcomes():
        raise CaracError(
            f"{file}, row {line}: there is no outcome {outcome!r}; known are {', '.join(study_outcomes())}."
        )
    numbers = [(row[name] or "").strip() for name in ("events", "total")]
    if not all(number.isdecimal() for number in numbers) or not 0 <= int(numbers[0]) <= int(numbers[1]) != 0:
        raise CaracError(f"{file}, row {line}: {numbers[0]!r} of {numbers[1]!r} is no count of people.")
    definition, window = ((row.get(name) or "").strip() for name in ("definition", "window"))
    return OwnCount(outcome, int(numbers[0]), int(numbers[1]), definition, window)


def range_of(own: OwnCount, gathered: Gathered, pooled: Sequence[Pooled]) -> Range:
    """One's own count beside all studies of the outcome, and the pool that counts as it does."""
    studies = tuple(
        100 * one.events / one.total
        for counts in gathered.pools.values()
        for one in counts
        if one.outcome.counted == "patients" and one.outcome.serious != "non-serious"
    )
    exact = clopper_pearson([own.events], [own.total])
    mine = (100 * float(exact.estimate[0]), 100 * float(exact.lower[0]), 100 * float(exact.upper[0]))
    match = next((one for one in pooled if _as_own(one.question, own) and one.question.counted == "patients"), None)
    together = None
    if match and match.main.value is not None and match.main.lower is not None and match.main.upper is not None:
        together = (100 * match.main.value, 100 * match.main.lower, 100 * match.main.upper)
    detail = "; ".join(part for part in (own.definition, own.window) if part) or "definition and window not said"
    detail += "" if match else "; no study counts so"
    return Range(study_outcomes()[own.outcome].title, detail, studies, together, mine)


def _as_own(question: Question, own: OwnCount) -> bool:
    return (
        question.outcome == own.outcome
        and question.definition.lower() == own.definition.lower()
        and question.window.lower() == own.window.lower()
    )


def ranges_figure(own: Sequence[OwnCount], studies: Iterable[Study], pooled: Sequence[Pooled]) -> alt.TopLevelMixin:
    """One's own cohort beside the literature."""
    every = list(studies)
    ranges = [range_of(one, gather(every, one.outcome), pooled) for one in own]
    subtitle = "grey: every study of the outcome, however counted; diamond: pooled where counted as in the own cohort"
    return literature_ranges(ranges, "Own cohort beside the literature", subtitle)
