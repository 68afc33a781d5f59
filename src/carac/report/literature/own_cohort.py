"""One's own cohort beside the literature: read from a table of counts or an analysis of carac, drawn on one axis."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from carac.endpoints.definition import shipped
from carac.evidence.study import Study
from carac.evidence.synthesis import Gathered, Pooled, gather, pool_counts
from carac.evidence.synthesis.question import Question, window_of
from carac.evidence.synthesis.words import percent, with_interval
from carac.findings import CaracError
from carac.report.content import Block, Figure, Paragraph, Section, Table, Voice
from carac.report.figures.literature_ranges import Range, literature_ranges
from carac.report.questions.asked import sentence
from carac.statistics.proportions import clopper_pearson
from carac.vocabulary.study_outcomes import endpoints_in_literature, study_outcomes

#: The table of an analysis that holds its incidences, and the columns that are read.
INCIDENCE = "incidence"
_ENDPOINT, _AT_RISK, _EVENTS = "Endpoint", "At risk", "Events"
_BY_30, _TO_THE_END = "By day 30, % (95 % CI)", "To the end, % (95 % CI)"
_FIGURE = re.compile(r"(?P<value>[\d.]+) \((?P<low>[\d.]+)–(?P<high>[\d.]+)\)")


@dataclass(frozen=True)
class Own:
    """An incidence of one's own cohort, in per cent.

    Parameters
    ----------
    outcome: of the list of study outcomes.
    title: as the figure names it.
    said: the count in words: "3 of 60".
    value, low, high: with the 95 % interval: exact of a count, with death competing of an analysis.
    definition, grades, window: in words; "" where not said.
    """

    outcome: str
    title: str
    said: str
    value: float
    low: float
    high: float
    definition: str = ""
    grades: str = ""
    window: str = ""


@dataclass(frozen=True)
class OwnCohort:
    """What a cohort of one's own has.

    Parameters
    ----------
    incidences: at least one.
    left_out: what was in the file and cannot be shown, with the reason.
    synthetic: whether its patients are made up.
    """

    incidences: tuple[Own, ...]
    left_out: tuple[str, ...] = ()
    synthetic: bool = False


def own_cohort(path: Path) -> OwnCohort:
    """The incidences of a cohort: of the folder that `carac analyse` wrote, or of a CSV.

    Raises
    ------
    CaracError: what cannot be read, or holds no incidence.
    """
    return _of_analysis(path) if path.is_dir() else OwnCohort(tuple(_of_counts(path)))


# ---- a table of counts ----


def _read(file: Path) -> list[dict[str, str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            return list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError) as error:
        raise CaracError(f"{file} cannot be read ({error}); it must be a CSV in UTF-8.") from None


def _of_counts(file: Path) -> list[Own]:
    rows = _read(file)
    missing = [name for name in ("outcome", "events", "total") if not rows or name not in rows[0]]
    if missing:
        raise CaracError(f"{file} has no column {missing[0]}; it needs outcome, events and total, and a row at least.")
    return [_own_count(file, line, row) for line, row in enumerate(rows, 2)]


def _own_count(file: Path, line: int, row: dict[str, str]) -> Own:
    outcome = (row["outcome"] or "").strip()
    if outcome not in study_outcomes():
        raise CaracError(
            f"{file}, row {line}: there is no outcome {outcome!r}; known are {', '.join(study_outcomes())}."
        )
    events, total = ((row[name] or "").strip() for name in ("events", "total"))
    if not (events.isdecimal() and total.isdecimal() and 0 <= int(events) <= int(total) != 0):
        raise CaracError(f"{file}, row {line}: {events!r} of {total!r} is no count of people.")
    exact = clopper_pearson([int(events)], [int(total)])
    value, low, high = (100 * float(part[0]) for part in (exact.estimate, exact.lower, exact.upper))
    definition, grades, window = ((row.get(name) or "").strip() for name in ("definition", "grades", "window"))
    title = study_outcomes()[outcome].title
    return Own(outcome, title, f"{events} of {total}", value, low, high, definition, grades, window)


# ---- an analysis of carac ----


def _of_analysis(folder: Path) -> OwnCohort:
    """The endpoints that studies count as well, by day 30 and to the end of the window."""
    file = next((path for path in sorted((folder / "tables").glob(f"*{INCIDENCE}.csv"))), None)
    if file is None:
        raise CaracError(
            f"{folder} has no tables/{INCIDENCE}.csv; name a folder that carac analyse wrote with the question"
            " incidence, or a CSV with outcome, events and total."
        )
    last, synthetic = _window(folder)
    rows = {(row.get(_ENDPOINT) or "").strip(): row for row in _read(file)}
    found: list[Own] = []
    left_out: list[str] = []
    for name, like in endpoints_in_literature().items():
        title = sentence(shipped()[name].title)
        row = rows.get(title)
        if row is None:
            left_out.append(f"{title}: not in the analysis")
            continue
        for column, day in ((_BY_30, 30), (_TO_THE_END, last)):
            figure = _FIGURE.fullmatch(row.get(column) or "")
            window = window_of("", day)
            if figure is None:
                left_out.append(f"{title}, {window}: no figure, or hidden as a small cell")
                continue
            value, low, high = (float(figure[part]) for part in ("value", "low", "high"))
            said = f"{row[_EVENTS]} of {row[_AT_RISK]}" if day == last else f"{row[_AT_RISK]} at risk"
            found.append(Own(like.outcome, title, said, value, low, high, like.definition, like.grades, window))
    if not found:
        raise CaracError(f"{file} has no incidence of an endpoint that studies count as well.")
    return OwnCohort(tuple(found), tuple(left_out), synthetic)


def _window(folder: Path) -> tuple[int, bool]:
    """The last day of the window of an analysis, and whether its patients are made up."""
    path = folder / "manifest.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        analysis = manifest["analysis"]
        return int(analysis["windows"][analysis["window"]][1]), bool(manifest["synthetic"])
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        raise CaracError(f"{path} does not say the window; name a folder that carac analyse wrote.") from None


# ---- beside the literature ----


def range_of(own: Own, gathered: Gathered, pooled: Sequence[Pooled]) -> Range:
    """One's own incidence beside all studies of the outcome, and the pool that counts as it does."""
    studies = tuple(
        100 * one.events / one.total
        for counts in gathered.pools.values()
        for one in counts
        if one.outcome.counted == "patients" and one.outcome.serious != "non-serious"
    )
    match = _as_own(own, pooled)
    together = None
    if match and match.main.value is not None and match.main.lower is not None and match.main.upper is not None:
        together = (100 * match.main.value, 100 * match.main.lower, 100 * match.main.upper)
    # An endpoint of carac says in its name by what it was counted.
    named = own.title != study_outcomes()[own.outcome].title
    parts = [own.window] if named else _counted_how(own)
    detail = "; ".join(part for part in parts if part) or "definition and window not said"
    detail += "" if match else "; no study counts so"
    return Range(own.title, detail, studies, together, (own.value, own.low, own.high))


def _counted_how(own: Own) -> list[str]:
    return [part for part in (own.definition, f"grades {own.grades}" if own.grades else "", own.window) if part]


def _as_own(own: Own, pooled: Sequence[Pooled]) -> Pooled | None:
    return next((one for one in pooled if _same(one.question, own)), None)


def _same(question: Question, own: Own) -> bool:
    return (
        question.measure == "proportion"
        and question.counted == "patients"
        and question.serious == ""
        and (question.outcome, question.grades) == (own.outcome, own.grades)
        and question.definition.lower() == own.definition.lower()
        and question.window.lower() == own.window.lower()
    )


def own_blocks(own: OwnCohort, studies: Iterable[Study]) -> list[Block]:
    """The figure and the table of a cohort beside the literature, and what stands with them."""
    every = list(studies)
    gathered = {name: gather(every, name) for name in dict.fromkeys(one.outcome for one in own.incidences)}
    pooled = [
        pool_counts(question, counts)
        for found in gathered.values()
        for question, counts in found.pools.items()
        if any(_same(question, one) for one in own.incidences)
    ]
    ranges = [range_of(one, gathered[one.outcome], pooled) for one in own.incidences]
    title = "Own cohort beside the literature"
    subtitle = "grey: every study of the outcome, however counted; diamond: pooled where counted as in the own cohort"
    chart = literature_ranges(ranges, title, subtitle, own.synthetic)
    said = "; ".join(
        f"{', '.join([one.title, *_counted_how(one)])}: {percent(one.value / 100)} %" for one in own.incidences
    )
    notes = (
        "Patients, tests and follow-up differ as well; a figure outside the range proves no difference.",
        *([f"Not shown: {'; '.join(own.left_out)}."] if own.left_out else []),
    )
    rows = tuple(_row(one, found, _as_own(one, pooled)) for one, found in zip(own.incidences, ranges, strict=True))
    header = ("Outcome", "Counted how", "Own n", "Own % (95 % CI)", "Studies", "Their range, %", "Counted so, pooled")
    blocks: list[Block] = []
    if own.synthetic:
        blocks.append(Paragraph("The own cohort is SYNTHETIC: its patients do not exist.", Voice.CAUTION))
    return [
        *blocks,
        Figure("own_cohort", title, chart, said, notes),
        Table("own_cohort_beside", f"{title}, in figures", header, rows, notes[:1]),
    ]


def _row(own: Own, beside: Range, match: Pooled | None) -> tuple[str, ...]:
    ends = [percent(end / 100) for end in (own.value, own.low, own.high)]
    low, high = (percent(end(beside.studies, default=0) / 100) for end in (min, max))
    return (
        own.title,
        "; ".join(_counted_how(own)) or "not said",
        own.said,
        f"{ends[0]} ({ends[1]} to {ends[2]})",
        str(len(beside.studies)),
        f"{low} to {high}" if beside.studies else "–",
        f"{with_interval(match.main)} of {len(match.counts)}" if match else "no study counts so",
    )


def own_section(own: OwnCohort | None, studies: Iterable[Study]) -> list[Section]:
    """The section of a cohort beside the literature; none without a cohort."""
    if own is None:
        return []
    return [Section("own_cohort", "Own cohort beside the literature", tuple(own_blocks(own, studies)))]
