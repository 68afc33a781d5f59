"""How results look in a terminal: one console, one set of colours, progress on standard error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

from carac.findings import Finding, Findings, Severity
from carac.grading.explanation import Explanation
from carac.progress import PlainLines, Progress

#: Colours of grades 0 to 5, from sequential orange; readable on dark and light.
GRADE_STYLES = ("dim", "yellow", "dark_orange", "bold orange_red1", "bold red", "bold white on red")
#: Wide enough that nothing wraps where there is no terminal.
WIDE = 400
_SEVERITY = {Severity.ERROR: "bold red", Severity.WARNING: "dark_orange", Severity.NOTE: "cyan"}


def console(stderr: bool = False) -> Console:
    """A console; colours only in a terminal, and elsewhere (a file, a pipe) lines of their natural length."""
    shown = Console(stderr=stderr, highlight=False)
    return shown if shown.is_terminal else Console(stderr=stderr, highlight=False, width=WIDE)


@contextmanager
def progress_shown() -> Iterator[Progress]:
    """Progress on standard error: the current step while it runs; outside a terminal a line for each slow step."""
    shown = console(stderr=True)
    if not shown.is_terminal:
        lines = PlainLines(lambda line: shown.print(Text(line.replace("_", " "))))
        with lines.watching():
            yield Progress(lines.show)
        return
    status = Status("starting", console=shown)
    with status:
        yield Progress(lambda name: status.update(name.replace("_", " ")))


def say(line: str) -> None:
    """What is done next, on standard error."""
    console(stderr=True).print(Text(line, style="dim"))


#: How a line says that it leaves some out; "5 or more" leaves out nothing.
_MORE = re.compile(r"\d+ more\b")


def show_findings(findings: Findings, shortened: bool = False) -> None:
    """The findings, worst first; where they are shortened, how to see the rest."""
    out = console()
    for finding in findings.sorted():
        out.print(_finding_text(finding))
    counts = {s: sum(f.severity is s for f in findings) for s in Severity}
    total = ", ".join(
        f"{number} {severity}{'' if number == 1 else 's'}" for severity, number in counts.items() if number
    )
    out.print(Text(total or "no findings", style="bold"))
    if shortened and any(_MORE.search(str(finding)) for finding in findings):
        out.print(Text('Lines that end in "more" are written out by carac check --all.', style="dim"))


def _finding_text(finding: Finding) -> Text:
    text = Text(f"{finding.severity:<8}", style=_SEVERITY[finding.severity])
    head, _, rest = str(finding).partition(": ")
    return text.append(f"{head}: ", style="bold").append(rest, style="default")


def show_explanation(explanation: Explanation, full: bool = False) -> None:
    """An explanation, in sections: all of them, or those that a ward round needs."""
    out = console()
    shown = explanation if full else explanation.short()
    out.print(Text(explanation.title, style="bold"))
    out.print(Text(explanation.subtitle))
    for section in shown.sections:
        out.print()
        out.print(Text(section.heading, style="bold cyan"))
        for line in section.lines:
            out.print(_line(line))
        if section.rows:
            out.print(_table(section.header, section.rows))
    if not full:
        out.print()
        out.print(Text("Every grade with its reasons, the course, sources and open choices: --full", style="dim"))


def _line(line: str) -> Text:
    """A line with its grade in its colour."""
    text = Text("  ")
    title, separator, rest = line.partition(": ")
    grade = rest.split(" ")[0].rstrip(".") if separator else ""
    if grade in ("0", "1", "2", "3", "4", "5") and "—" in rest:
        text.append(f"{title}: ").append(grade, style=GRADE_STYLES[int(grade)]).append(rest[len(grade) :])
        return text
    return text.append(line)


def _table(header: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> Table:
    table = Table(box=None, padding=(0, 2), header_style="dim", show_edge=False)
    for place, name in enumerate(header):
        table.add_column(name, justify="left" if place == 0 else "right")
    for row in rows:
        table.add_row(*[Text(cell) for cell in row])
    return table


def grade_cell(grade: int | None, lowest: int | None = None, highest: int | None = None) -> Text:
    """A grade in its colour; a range where it is not known; a dot where nothing is."""
    if grade is not None:
        return Text(str(grade), style=GRADE_STYLES[min(grade, 5)])
    if lowest is not None and highest is not None:
        return Text(f"{lowest}–{highest}", style="dim")
    return Text("·", style="dim")
