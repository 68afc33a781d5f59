"""Reads a user's table of counts and percentages: CSV, tabs, Markdown, or columns set with blanks.

Three layouts are understood, told apart by the head:

- rows are arms: a column with the number of patients (N, sample size), and columns of "12 (9.5)";
- rows are outcomes: heads such as "CAR-T (N=162)", the outcome in the first column;
- one figure per row: columns named count, denominator and percentage.

What holds a digit and could not be read as a figure is kept as `unread`, so that nothing is passed over in silence.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO

from carac.evidence.printed import PrintedCount, printed_counts, whole_number
from carac.evidence.study import Arm, Cell, Citation, Outcome, Source, Study
from carac.findings import CaracError

_N = re.compile(r"\(?\bn\s*=\s*(\d[\d,\u00a0\u202f ]*)\)?", re.IGNORECASE)
_AT_LEAST = re.compile(r"grades?\s*(?:≥|>=|⩾)\s*(\d)|grades?\s*(\d)\s*(?:or (?:more|higher)|\+)", re.IGNORECASE)
_BAND = re.compile(r"grades?\s*(\d)\s*(?:-|–|to|/)\s*(\d)", re.IGNORECASE)
#: Names of columns, in small letters without what is in brackets.
_NAMES = {
    "study": ("study", "trial", "author", "reference", "source"),
    "arm": ("arm", "treatment", "group", "cohort"),
    "n": ("n", "sample size", "patients", "no. of patients", "number of patients", "total", "size"),
    "count": ("count", "events", "number", "affected", "cases"),
    "denominator": ("denominator", "at risk", "of", "evaluable"),
    "percentage": ("percentage", "percent", "%", "proportion"),
    "outcome": ("outcome", "event", "endpoint", "term", "adverse event"),
}


@dataclass(frozen=True)
class UserTable:
    """What was read.

    Parameters
    ----------
    studies: one per study of the table, each with its figures.
    figures: how many figures were read.
    unchecked: how many of them have no number of patients to check against.
    unread: cells with digits that are no figure, as (row, column, text); the head is row 1.
    """

    studies: tuple[Study, ...]
    figures: int
    unchecked: int
    unread: tuple[tuple[int, str, str], ...]


@dataclass
class _Row:
    """One figure with its place, before studies are made."""

    study: str
    arm: str
    n: int | None
    outcome: str
    label: str
    figure: PrintedCount
    line: int


def read_table(text: str, name: str) -> UserTable:
    """The figures of a table; raises `CaracError` where there is none."""
    rows = [[cell.strip() for cell in row] for row in _split(text)]
    rows = [row for row in rows if any(row)]
    if len(rows) < 2:
        raise CaracError(f"{name} holds no table; it needs a head and at least one row.")
    head, body = rows[0], rows[1:]
    found: list[_Row] = []
    unread: list[tuple[int, str, str]] = []
    roles = _roles(head)
    if {"count", "percentage"} <= set(roles):
        _read_long(head, body, roles, found, unread)
    elif sum(bool(_N.search(cell)) for cell in head[1:]) and "n" not in roles:
        _read_by_outcome(head, body, found, unread)
    else:
        _read_by_arm(head, body, roles, found, unread)
    if not found:
        raise CaracError(
            f'{name} holds no figure such as "12 (9.5)"; give counts with percentages, or percentages with %.'
        )
    unchecked = sum(row.n is None and row.figure.denominator is None for row in found)
    return UserTable(_studies(found, name), len(found), unchecked, tuple(unread))


def _split(text: str) -> list[list[str]]:
    """The cells of the rows, by whatever parts them."""
    lines = [line for line in text.lstrip("\ufeff").splitlines() if line.strip()]
    if any("\t" in line for line in lines):
        return [line.split("\t") for line in lines]
    if lines and lines[0].lstrip().startswith("|"):
        cells = [line.strip().strip("|").split("|") for line in lines]
        return [row for row in cells if not all(set(cell.strip()) <= set("-: ") for cell in row)]
    if lines and "," not in lines[0] and ";" not in lines[0]:
        return [re.split(r"\s{2,}", line.strip()) for line in lines]
    delimiter = ";" if lines and lines[0].count(";") > lines[0].count(",") else ","
    return list(csv.reader(StringIO("\n".join(lines)), delimiter=delimiter))


def _plain(head: str) -> str:
    return re.sub(r"[\[(].*?[\])]", "", head).strip(" .:*§†‡#").casefold() or head.strip().casefold()


def _roles(head: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, cell in enumerate(head):
        for role, names in _NAMES.items():
            if _plain(cell) in names and role not in found:
                found[role] = place
                break
    return found


def _at(row: Sequence[str], place: int | None) -> str:
    return row[place] if place is not None and place < len(row) else ""


def _read_long(
    head: Sequence[str],
    body: Sequence[Sequence[str]],
    roles: dict[str, int],
    found: list[_Row],
    unread: list[tuple[int, str, str]],
) -> None:
    size = roles.get("denominator", roles.get("n"))
    for line, row in enumerate(body, 2):
        count, percentage = whole_number(_at(row, roles["count"])), _at(row, roles["percentage"]).rstrip(" %")
        percentage = percentage.replace(",", ".")
        if not re.fullmatch(r"\d+(\.\d+)?", percentage):
            unread += [(line, head[roles["percentage"]], percentage)] if percentage else []
            continue
        n = whole_number(_at(row, size))
        figure = PrintedCount(count, n, percentage, f"{_at(row, roles['count'])} ({percentage})")
        outcome = _at(row, roles.get("outcome")) or "outcome"
        names = (_at(row, roles.get("study")) or "the study", _at(row, roles.get("arm")) or "all")
        found.append(_Row(*names, n, outcome, "", figure, line))


def _read_by_outcome(
    head: Sequence[str], body: Sequence[Sequence[str]], found: list[_Row], unread: list[tuple[int, str, str]]
) -> None:
    numbers = [whole_number(match.group(1)) if (match := _N.search(cell)) else None for cell in head]
    for line, row in enumerate(body, 2):
        for place in range(1, len(head)):
            cell = _at(row, place)
            arm = _N.sub("", head[place]).strip(" ,;()") or f"column {place + 1}"
            _keep(found, unread, ("the study", arm, numbers[place], row[0]), cell, line, head[place])


def _read_by_arm(
    head: Sequence[str],
    body: Sequence[Sequence[str]],
    roles: dict[str, int],
    found: list[_Row],
    unread: list[tuple[int, str, str]],
) -> None:
    taken = {roles[role] for role in ("study", "arm", "n") if role in roles}
    study = ""
    for line, row in enumerate(body, 2):
        # A study that spans several rows is named in the first.
        study = _at(row, roles.get("study", 0)) or study
        arm = _at(row, roles.get("arm")) or "all"
        n = whole_number(_at(row, roles.get("n")))
        if n is None and "n" not in roles:
            match = _N.search(" ".join(row))
            n = whole_number(match.group(1)) if match else None
        for place, cell in enumerate(row[: len(head)]):
            if place not in taken and not (place == 0 and "study" not in roles):
                _keep(found, unread, (study, arm, n, head[place]), cell, line, head[place])


def _keep(
    found: list[_Row],
    unread: list[tuple[int, str, str]],
    names: tuple[str, str, int | None, str],
    cell: str,
    line: int,
    column: str,
) -> None:
    # "9,5" is a decimal comma; "1,732" and "(n=1,732)" are thousands.
    plain = re.sub(r"(?<=[(\[ ])(\d{1,3}),(\d{1,2})(?=\s*%?\s*[)\]])", r"\1.\2", _N.sub("", cell))
    figures = printed_counts(plain)
    if not figures:
        if re.search(r"\d", plain) and not re.fullmatch(r"[A-Za-z].*", plain):
            unread.append((line, column, cell))
        return
    position = 0
    for figure in figures:
        start = plain.index(figure.text, position)
        label = plain[position:start].strip(" :;,.[]*†‡#")
        position = start + len(figure.text)
        found.append(_Row(*names, label, figure, line))


def _studies(rows: Sequence[_Row], table: str) -> tuple[Study, ...]:
    studies = []
    for name in dict.fromkeys(row.study for row in rows):
        own = [row for row in rows if row.study == name]
        arms = {row.arm: row.n for row in own}
        studies.append(
            Study(
                name=name or "the study",
                title=name or "the study",
                design="cohort",
                citations=(Citation("", table),),
                sources=(Source(table, "user", table),),
                arms=tuple(Arm(arm, arm, "other", n) for arm, n in arms.items()),
                outcomes=tuple(_outcome(row, table) for row in own),
            )
        )
    return tuple(studies)


def _outcome(row: _Row, table: str) -> Outcome:
    outcome, grades = _grades(f"{row.outcome} {row.label}")
    denominator = row.figure.denominator if row.figure.denominator is not None else row.n
    return Outcome(
        outcome=outcome,
        arm=row.arm,
        source=table,
        cell=Cell(table, f"row {row.line} ({row.study}, {row.arm})", row.outcome),
        count=row.figure.count,
        denominator=denominator,
        denominator_from="" if denominator is None else "cell" if row.figure.denominator is not None else "row",
        percentage=row.figure.percentage,
        grades=grades,
        label=row.label,
    )


def _grades(text: str) -> tuple[str, str]:
    """The outcome without its grades, and the grades."""
    plain = re.sub(r"[,;]?\s*n\s*\(%\)|\btotal\b", "", text, flags=re.IGNORECASE)
    band, least = _BAND.search(plain), _AT_LEAST.search(plain)
    grades = ""
    if band:
        grades = f"{band.group(1)}-{band.group(2)}"
    elif least:
        grades = f"{least.group(1) or least.group(2)}-5"
    for pattern in (_BAND, _AT_LEAST):
        plain = pattern.sub("", plain)
    return " ".join(plain.split()).strip(" ,;:").casefold(), grades
