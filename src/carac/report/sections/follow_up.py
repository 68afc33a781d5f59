"""How long the patients were followed, and how many were under observation at each milestone."""

from __future__ import annotations

from carac.report.content import Block, Paragraph, Section, Table
from carac.report.material import Material
from carac.report.numbers import NOTHING, quartiles
from carac.report.queries.follow_up import observed
from carac.report.queries.people import three

MILESTONES = (7, 14, 28, 60, 90, 180, 365)


def section(material: Material) -> Section:
    """A sentence and two small tables."""
    rows, write = material.infusions, material.writer
    ends = [row["last_seen_day"] for row in rows if row["last_seen_day"] is not None]
    deaths = sum(row["death_day"] is not None for row in rows)
    text = (
        f"The end of follow-up, or death, is recorded for {write.count(len(ends), len(rows))} of {len(rows)} infusions;"
        f" its median (quartiles) is day {quartiles(three(ends)) if ends else NOTHING}."
        f" Death is recorded after {write.count(deaths)}. The median counts those who died at their death."
    )
    blocks: list[Block] = [Paragraph(text)]
    if ends:
        blocks += [_milestones(material), _outcomes(material)]
    return Section("follow_up", "Follow-up", tuple(blocks))


def _milestones(material: Material) -> Table:
    write, total = material.writer, len(material.infusions)
    found = [
        (
            f"Day {day}",
            write.count_percent(count, total),
            write.count(sum(_by(row["death_day"], day) for row in material.infusions)),
            write.count(unknown),
        )
        for day, count, unknown in observed(material, MILESTONES)
    ]
    header = ("", "Known to be observed, n (%)", "Died until then, n", "End of follow-up not recorded, n")
    return Table("follow_up", "Under observation", header, tuple(found))


def _by(value: int | None, day: int) -> bool:
    return value is not None and value <= day


def _outcomes(material: Material) -> Table:
    rows = []
    for column, name in (
        ("death_day", "Death"),
        ("progression_day", "Progression or relapse"),
        ("next_therapy_day", "Next therapy"),
    ):
        days = [row[column] for row in material.infusions if row[column] is not None]
        hidden = material.writer.is_small(len(days))
        rows.append((name, material.writer.count(len(days)), NOTHING if hidden else quartiles(three(days))))
    notes = ("Recorded ones; nobody's absence from this table says that it did not happen.",)
    return Table(
        "outcomes", "What is recorded of the time after", ("", "n", "Day, median (quartiles)"), tuple(rows), notes
    )
