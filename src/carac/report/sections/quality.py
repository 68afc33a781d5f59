"""Data quality: the findings and what each costs, and who was tested on which day, by how ill they were."""

from __future__ import annotations

import re

from carac.findings import Severity
from carac.report import words
from carac.report.content import Block, Figure, Heading, Paragraph, Section, Table
from carac.report.figures.coverage import coverage_figure, severity_figure
from carac.report.material import Material
from carac.report.numbers import percent
from carac.report.queries.coverage import Tested, by_day, by_severity

_DATE = re.compile(r"\b(19|20)\d\d-\d\d(-\d\d)?(T[\d:.]+)?\b")
#: Days of the sentence that says how often something was tested.
_FROM, _TO = 0, 14


def section(material: Material) -> Section:
    """Findings, coverage by day, coverage by severity."""
    tested, severe = by_day(material), by_severity(material, _TO)
    blocks: list[Block] = [_findings(material), Heading("Who was tested, and who was not")]
    blocks.append(Paragraph(_said(tested)))
    blocks.append(_coverage(material, tested))
    if severe and len({row.key for row in severe if row.key >= 0 and row.observed}) > 1:
        blocks.append(_severity(material, severe))
    blocks.append(_table(material, tested))
    return Section("quality", "Data quality", tuple(blocks))


def _findings(material: Material) -> Table:
    rows = []
    for finding in material.graded.findings.sorted():
        if finding.severity is Severity.ERROR or finding.kind == "synthetic":
            continue
        message = words.with_analytes_named(without_dates(f"{finding.message[0].upper()}{finding.message[1:]}"))
        count = material.writer.count(finding.count) if finding.count else "–"
        rows.append((str(finding.severity), finding.table, message, count, without_dates(finding.cost) or "–"))
    header = ("", "Table", "What was found", "Rows", "What it costs")
    notes = () if rows else ("Nothing was found.",)
    return Table("findings", "Findings of reading and grading", header, tuple(rows), notes)


def without_dates(text: str) -> str:
    """A text without calendar dates, which would tell when someone was treated."""
    return _DATE.sub("(a date)", text)


def _share(tested: list[Tested], analyte: str) -> float | None:
    own = [row for row in tested if row.analyte == analyte and _FROM <= row.key <= _TO]
    observed = sum(row.observed for row in own)
    return sum(row.tested for row in own) / observed if observed else None


def _said(tested: list[Tested]) -> str:
    parts = []
    for analyte in ("platelets", "fibrinogen", "d_dimer", "ferritin"):
        share = _share(tested, analyte)
        if share is not None:
            parts.append(f"{words.in_sentence(analyte)} on {percent(share)} %")
    return (
        f"Of the patient-days {_FROM} to {_TO} under observation, {words.listed(parts)} had a result."
        " A day without a result is a day without a grade, not a day without toxicity."
    )


def _coverage(material: Material, tested: list[Tested]) -> Figure:
    said = "; ".join(
        f"{words.analyte_short(a)} {percent(share)} %"
        for a in dict.fromkeys(row.analyte for row in tested)
        if (share := _share(tested, a)) is not None
    )
    return Figure(
        "coverage",
        "Share tested by day",
        coverage_figure(material, tested),
        f"Share of those under observation with a result, by analyte and day. On days {_FROM} to {_TO}: {said}.",
        ("Under observation: alive and not past the end of follow-up; where that is not recorded, every day.",),
    )


def _severity(material: Material, tested: list[Tested]) -> Figure:
    return Figure(
        "coverage_by_severity",
        "Testing by severity",
        severity_figure(material, tested, _TO),
        "Share of patient-days with a result, by the CRS grade of the day. " + _severity_words(tested),
        (
            f"Patient-days {_FROM} to {_TO} under observation. Where the shares differ, what is measured is no"
            " sample of all.",
        ),
    )


def _severity_words(tested: list[Tested]) -> str:
    said = []
    for analyte in ("fibrinogen", "d_dimer"):
        own = [row for row in tested if row.analyte == analyte and row.key >= 0]
        parts = [f"grade {row.key} {percent(row.share)} %" for row in own if row.share is not None]
        said.append(f"{words.analyte_short(analyte)}: {', '.join(parts)}")
    return "; ".join(said) + "."


def _table(material: Material, tested: list[Tested]) -> Table:
    days = [day for day in (-5, 0, 3, 7, 10, 14, 21, 28) if any(row.key == day for row in tested)]
    by_key = {(row.analyte, row.key): row for row in tested}
    rows = [
        (words.analyte_short(a), *(_cell(material, by_key.get((a, day))) for day in days))
        for a in dict.fromkeys(row.analyte for row in tested)
    ]
    observed = [next((row.observed for row in tested if row.key == day), 0) for day in days]
    head = ("Under observation, n", *(material.writer.count(count) for count in observed))
    header = ("", *(f"Day {words.day(day)}" for day in days))
    return Table("coverage", "Tested on a day, n (% of those under observation)", header, (head, *rows))


def _cell(material: Material, row: Tested | None) -> str:
    return "–" if row is None else material.writer.count_percent(row.tested, row.observed)
