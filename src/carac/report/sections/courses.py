"""Courses of the main analytes by day, and of each the worst value, when it was, and when it was over."""

from __future__ import annotations

from dataclasses import dataclass

from carac.report import words
from carac.report.content import Block, Figure, Paragraph, Section, Table
from carac.report.figures.course import course
from carac.report.material import Material
from carac.report.numbers import NOTHING, quartiles, rounded
from carac.report.options import GROUPINGS
from carac.report.queries.courses import Extremes, beyond_measurement, by_day, extremes, measured
from carac.report.queries.tables import LOWEST
from carac.report.thresholds import thresholds

#: The analytes of the report, in the order of a coagulation sheet.
ANALYTES = (
    *("platelets", "neutrophils", "fibrinogen", "d_dimer", "inr", "aptt", "ferritin", "c_reactive_protein", "easix"),
)


def section(material: Material) -> Section:
    """A figure per analyte that was measured, and the table of nadirs and peaks."""
    options = material.options
    known = measured(material)
    by = "of all patients" if options.by == "none" else f"by {GROUPINGS[options.by]}"
    text = (
        f"Medians and quartiles {by}, of the worst value of each day, for the infusions that were measured that day:"
        " n stands beneath the axis. Who is measured depends on how ill they are (see data quality), so that late and"
        " early days show other patients than the days between."
    )
    blocks: list[Block] = [Paragraph(text)]
    blocks += [_figure(material, analyte) for analyte in ANALYTES if known.get(analyte)]
    missing = [words.in_sentence(analyte) for analyte in ANALYTES if not known.get(analyte)]
    if missing:
        blocks.append(Paragraph(f"Not measured, or not gradable, in any infusion: {words.listed(missing)}."))
    table = _extremes(material, [analyte for analyte in ANALYTES if known.get(analyte)])
    return Section("courses", "Courses by day", (*blocks, *table))


def _figure(material: Material, analyte: str) -> Figure:
    beyond = beyond_measurement(material, analyte)
    notes = ["Dotted line: infusion. Medians of fewer than 3 infusions are not drawn; a gap is a stretch without any."]
    if len(material.infusions) < 6:
        notes = ["Dotted line: infusion. A gap is a stretch of days without any value."]
    if beyond and not analyte.endswith("easix"):
        notes.append(f"{words.plural(beyond, 'patient-day')} beyond the range of measurement, counted at its limit.")
    return Figure(
        f"course_{analyte}",
        f"Course of {words.with_unit(analyte)}",
        course(material, analyte),
        _alternative(material, analyte),
        tuple(notes),
    )


def _alternative(material: Material, analyte: str) -> str:
    """Lowest or highest median of each group in words."""
    low = analyte in LOWEST
    rows = by_day(material, analyte)
    said = []
    for group in material.groups:
        own = [row for row in rows if row.place == group.place and not material.writer.is_small(row.count)]
        own = [row for row in own if row.count >= 3] or own
        if own:
            worst = min(own, key=lambda row: row.middle) if low else max(own, key=lambda row: row.middle)
            said.append(f"{group.label} {rounded(worst.middle)} on day {words.day(worst.day)} (n = {worst.count})")
    what = "lowest" if low else "highest"
    return f"Median and quartiles of {words.with_unit(analyte)} by day. The {what} median: {'; '.join(said)}."


@dataclass(frozen=True)
class _Limit:
    """The value that ends a nadir, with whose it is."""

    value: float
    words: str


def _limit(material: Material, analyte: str) -> _Limit | None:
    """The first cut-point of an analyte; recovery is not spoken of where no definition has one in plain units."""
    found = thresholds(material, analyte)
    return _Limit(found[-1].value, found[-1].words) if found else None


def _extremes(material: Material, analytes: list[str]) -> list[Table]:
    rows: list[tuple[str, ...]] = []
    for analyte in analytes:
        limit = _limit(material, analyte)
        low = analyte in LOWEST
        # Without a cut-point nobody has crossed it: only the worst value and its day are told.
        value = limit.value if limit else (-1.0 if low else 1e300)
        title = f"{words.with_unit(analyte)}: {'lowest' if low else 'highest'}"
        found = extremes(material, analyte, value)
        rows.append((title, *([""] * 5)))
        rows += [_row(material, one, limit) for one in found]
    if not rows:
        return []
    header = ("Group", "n", "Value", "Day", "Crossed, n (%)", "Back after, days; seen back, n")
    used = dict.fromkeys(
        f"{words.analyte_short(analyte)}: {limit.words}" for analyte in analytes if (limit := _limit(material, analyte))
    )
    notes = [
        f"Median (quartiles) of each infusion's worst value on days 0 to {material.options.last_day}, and of its first"
        " day. Back after: days from the worst value to the first value across the cut-point, of those seen back"
        " within the window; the others are not counted in, so that it is too short where many are not seen back.",
        *((f"Cut-points: {'; '.join(used)}.",) if used else ()),
    ]
    return [Table("nadirs", "Worst values, when they were, and recovery", header, tuple(rows), tuple(notes))]


def _row(material: Material, one: Extremes, limit: _Limit | None) -> tuple[str, ...]:
    write = material.writer
    group = next(group for group in material.groups if group.place == one.place)
    if write.is_small(one.count):
        return (f"  {group.label}", write.count(one.count), NOTHING, NOTHING, NOTHING, NOTHING)
    crossed = write.count_percent(one.fell, one.count) if limit else NOTHING
    back = NOTHING
    if limit and one.fell and not write.is_small(one.recovered, one.fell):
        back = f"{quartiles(one.recovery)}; {one.recovered} of {one.fell}"
    return (f"  {group.label}", str(one.count), quartiles(one.worst), quartiles(one.day), crossed, back)
