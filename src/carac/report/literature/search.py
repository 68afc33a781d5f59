"""The search behind a review, as its authors give it: read, added up, drawn as a PRISMA flow diagram.

Page MJ, McKenzie JE, Bossuyt PM, et al. The PRISMA 2020 statement. The boxes are those that the user names; nothing is
counted or corrected here.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from carac.findings import CaracError
from carac.report.content import Figure, Section, Table
from carac.report.figures.flow import flow_chart
from carac.report.queries.follow_up import FlowStep


def search_stages(file: Path) -> list[FlowStep]:
    """Stages of a search, from a CSV with the columns stage and n, and perhaps reason.

    A row without a reason is a stage; one with a reason says how many of its stage do not go on, and why.

    Raises
    ------
    CaracError: a file that cannot be read, a missing column, a number that is none, a stage given twice, or a reason
        of a stage that has not come yet.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError) as error:
        raise CaracError(f"{file} cannot be read ({error}); it must be a CSV in UTF-8.") from None
    if not rows or "stage" not in rows[0] or "n" not in rows[0]:
        raise CaracError(f"{file} needs the columns stage and n, perhaps reason, and a row at least.")
    counts: dict[str, int] = {}
    leaving: dict[str, list[tuple[str, int]]] = {}
    for line, row in enumerate(rows, 2):
        stage, number, reason = ((row.get(name) or "").strip() for name in ("stage", "n", "reason"))
        where = f"{file}, row {line}"
        if not stage:
            raise CaracError(f"{where}: stage is empty; it must name the box, such as records screened.")
        if not number.isdecimal():
            raise CaracError(f"{where}: {number!r} is no number of records.")
        if reason and stage not in counts:
            raise CaracError(
                f"{where}: {stage!r} has a reason before its own number; give its row without reason first."
            )
        if not reason and stage in counts:
            raise CaracError(f"{where}: {stage!r} is there twice; what does not go on has a reason.")
        if reason:
            leaving[stage].append((reason, int(number)))
        else:
            counts[stage], leaving[stage] = int(number), []
    return [FlowStep(stage, count, tuple(leaving[stage])) for stage, count in counts.items()]


def gaps_in_sums(stages: Sequence[FlowStep]) -> tuple[str, ...]:
    """Where what goes on is not what is left, in words; nothing is said of stages without reasons."""
    found = []
    for stage, following in pairwise(stages):
        left = stage.count - sum(number for _, number in stage.leaving)
        if stage.leaving and left != following.count:
            gone = stage.count - left
            found.append(
                f"{stage.name}: {stage.count} less {gone} are {left}, and {following.name} has {following.count};"
                " perhaps one counts records or reports and the other studies."
            )
    return tuple(found)


def search_section(stages: Sequence[FlowStep]) -> list[Section]:
    """The section of the search; none where no stage is given."""
    if not stages:
        return []
    rows = [
        row
        for stage in stages
        for row in ((stage.name, str(stage.count), ""), *((stage.name, str(n), why) for why, n in stage.leaving))
    ]
    said = "; ".join(f"{stage.name} {stage.count}" for stage in stages)
    notes = ("Numbers as the authors of the review give them.", *gaps_in_sums(stages))
    chart = flow_chart(stages, "Flow of the search")
    figure = Figure("prisma_flow", "Flow of the search (PRISMA)", chart, said, notes)
    table = Table("prisma", "Flow of the search, as given", ("Stage", "n", "Not going on, because"), tuple(rows))
    return [Section("prisma", "The search", (figure, table))]
