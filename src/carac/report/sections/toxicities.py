"""Each toxicity by grade: numbers of those who could be graded, intervals, ranges, how sure each definition is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from carac.language.definition import Definition
from carac.report import words
from carac.report.content import Block, Figure, Heading, Paragraph, Section, Table
from carac.report.families import Line, lines, ordered, term
from carac.report.figures.grade_bars import grade_bars
from carac.report.material import Material
from carac.report.numbers import NOTHING, percent
from carac.report.queries.worst import Reached, Worst, disagreement, is_grade, reading_reached, readings_of, worst_of
from carac.vocabulary.types import Grain

_NOTES = (
    "Versions with as many infusions in every grade share a row.",
    "≥ 1 and ≥ 3: 95 % interval after Wilson. Possible: lowest and highest % of those of whom something is known, over"
    " all values of what is missing.",
    "A dash where more than a tenth are open: one day decides who has it, and it takes all days to say that somebody"
    " has not, so that those of whom it can be said are mostly those who have it. A dash also where something is known"
    " of fewer than half of the infusions: they are those in whom it was looked for.",
    "A day without any input says nothing and counts in neither: a toxicity of such a day is not in this table.",
)
#: Said before the tables: which infusions their numbers are of.
_DENOMINATORS = (
    "Something known: on at least one day of the window the grade is known, if only as a range. Only a range: of these,"
    " those for whom what is missing decides between two grades. Shares are of those of whom it can be said."
)
_OTHER_OUTPUTS = (
    "Other outputs of carac count the same patients otherwise. Here the score is open as long as a day with inputs"
    " missing could have reached the cut-point. The table of the command carac demo takes the infusions with an exact"
    " score on at least one of days 0 to 100, and lets their other days pass for days without it. The command carac"
    " analyse takes every infusion at risk, lets a day without an exact score pass for a day without the event, and"
    " prints what such days could hide beside it."
)


def section(material: Material) -> Section:
    """Grades, scores, and where versions disagree."""
    found = ordered(graded(material))
    shown = lines(found)
    until = material.options.worst_until
    blocks: list[Block] = [
        Paragraph(
            f"Worst grade of each infusion on days 0 to {until}; ICAHT and T-ICAHT have windows of their own."
            " Published versions of one definition stand side by side where they differ."
        ),
        Paragraph(_DENOMINATORS),
        *few_known(material, shown),
    ]
    main = drawn(shown)
    if main and not material.options.hide_small_cells:
        blocks.append(_figure(material, main))
    blocks += [_grades(material, shown), *_scores(material), *_versions(material, found), *_silent(found)]
    blocks.append(_certainty(material))
    return Section("toxicities", "Toxicities by grade", tuple(blocks))


def graded(material: Material) -> list[Worst]:
    """The worst grades under every definition that gives grades."""
    definitions = (*material.definitions(Grain.DAY), *material.definitions(Grain.INFUSION))
    return [worst_of(material, d) for d in definitions if is_grade(d)]


def _figure(material: Material, main: Sequence[Line]) -> Figure:
    said = []
    for line in main:
        severe = line.worst.at_least(3)
        if severe.decided and severe.is_told:
            said.append(f"{line.title} {material.writer.count_percent(severe.yes, severe.decided)} %")
    return Figure(
        "toxicities",
        "Toxicities by worst grade",
        grade_bars(material, main),
        "Bars of the worst grade. Number (%) with grade 3 or higher: " + "; ".join(said).replace(") %", " %)") + ".",
        (
            "Versions with as many infusions in every grade share a bar. Grey: missing inputs leave a range. In the"
            " table only: what is known of fewer than half, and CTCAE with the fall from baseline.",
        ),
    )


def drawn(found: Sequence[Line]) -> list[Line]:
    """The lines that the figure has: a bar of a few graded would look like one of everybody."""
    return [
        line for line in found if not line.worst.definition.name.endswith("_with_baseline") and line.worst.is_of_most
    ]


def _grades(material: Material, found: Sequence[Line]) -> Table:
    rows: list[tuple[str, ...]] = []
    before = ""
    for line in found:
        if line.family != before:
            before = line.family
            rows.append((before, *([""] * 10)))
        rows.append(_row(material, line))
    header = (
        "Toxicity, and who defines it",
        "Something known",
        *(str(n) for n in range(6)),
        "Only a range",
        "≥ 1, % (95 % CI)",
        "≥ 3, % (95 % CI; possible)",
    )
    return Table("toxicities", "Worst grade of each infusion", header, tuple(rows), _NOTES)


def few_known(material: Material, found: Sequence[Line]) -> list[Block]:
    """What is known of too few for a share, with how many."""
    few = [(line.title, line.worst) for line in found if not line.worst.is_of_most]
    said = [f"{title} ({material.writer.count(one.graded, one.total)} of {one.total})" for title, one in few]
    if not said:
        return []
    return [
        Paragraph(
            "Known of fewer than half of the infusions, for want of inputs or because it is graded only where it is"
            f" looked for: {'; '.join(said)}. The numbers of these are in the table, without a share."
        )
    ]


def _row(material: Material, line: Line) -> tuple[str, ...]:
    write, worst = material.writer, line.worst
    highest = worst.definition.highest or 0
    *grades, between = write.counts([*(worst.exactly(n) for n in range(highest + 1)), worst.between])
    cells = [*grades, *[NOTHING] * (5 - highest)]
    any_grade, severe = worst.at_least(1), worst.at_least(3)
    return (
        "  " + line.title,
        f"{write.count(worst.graded, worst.total)} of {worst.total}",
        *cells,
        between,
        share(material, any_grade),
        share(material, severe) + possible(material, severe),
    )


def share(material: Material, reached: Reached) -> str:
    """The share of those of whom it can be said; a dash where too many are open for it to mean anything."""
    return material.writer.share_interval(reached.yes, reached.decided) if reached.is_told else NOTHING


def possible(material: Material, reached: Reached) -> str:
    """The range of a share where what is missing leaves one, such as "; 20–45"; empty where nothing is open."""
    if not reached.open or reached.range is None or material.writer.is_small(reached.open, reached.known):
        return ""
    low, high = (percent(end) for end in reached.range)
    return f"; {low}–{high}" if low != high else ""


def _scores(material: Material) -> list[Block]:
    rows: list[tuple[str, ...]] = []
    for definition in material.definitions(Grain.DAY):
        for suffix in readings_of(definition):
            reached = reading_reached(material, definition, suffix)
            if reached.known:
                rows.append(_reading_row(material, definition, suffix, reached))
    if not rows:
        return []
    header = ("Score", "Reading", "Something known", "Yes, n", "Open, n", "% (95 % CI; possible)")
    notes = (
        "Yes: on at least one day. Open: on no day yes, and on a day with inputs missing it could be.",
        "%: of those of whom it can be said. Where more than a tenth are open: only what is possible; the lower"
        " number is the share in whom it was found. A dash where something is known of fewer than half.",
        "Platelets low because the marrow is suppressed and fibrinogen low after tocilizumab score as overt DIC as"
        " consumption does.",
    )
    title = f"Scores that reached their cut-point on days 0 to {material.options.worst_until}"
    return [Paragraph(_OTHER_OUTPUTS), Table("scores", title, header, tuple(rows), notes)]


def _reading_row(material: Material, definition: Definition, suffix: str, reached: Reached) -> tuple[str, ...]:
    write = material.writer
    reading = suffix.removeprefix("__").replace("_", " ")
    return (
        words.definition_title(definition),
        reading,
        f"{write.count(reached.known, len(material.infusions))} of {len(material.infusions)}",
        write.count(reached.yes, reached.known),
        write.count(reached.open, reached.known),
        share(material, reached) + possible(material, reached),
    )


def _versions(material: Material, found: Sequence[Worst]) -> list[Block]:
    """Pairs of versions whose sure worst grades differ for someone."""
    rows = []
    for first, second in pairwise(found):
        if term(first.definition) != term(second.definition) or not (first.graded and second.graded):
            continue
        cells = disagreement(material, first.definition, second.definition)
        total, differ = sum(cells.values()), sum(n for (a, b), n in cells.items() if a != b)
        if differ:
            write = material.writer
            higher = sum(n for (a, b), n in cells.items() if a > b)
            rows.append(
                (
                    words.definition_title(first.definition),
                    words.definition_title(second.definition),
                    str(total),
                    write.count_percent(differ, total),
                    write.count(higher, total),
                    write.count(differ - higher, total),
                )
            )
    if not rows:
        return [Paragraph("No two versions of a definition gave any infusion different worst grades.")]
    header = ("First", "Second", "Both sure", "Differ, n (%)", "First is higher", "Second is higher")
    notes = ("Infusions whose worst grade is sure under both.",)
    return [
        Heading("Where versions disagree"),
        Table("versions", "Worst grades under two versions", header, tuple(rows), notes),
    ]


def _silent(found: Sequence[Worst]) -> list[Block]:
    silent = [words.definition_title(worst.definition) for worst in found if not worst.graded]
    if not silent:
        return []
    return [
        Paragraph("Not graded in any infusion, because the record lacks what they need: " + "; ".join(silent) + ".")
    ]


def _certainty(material: Material) -> Table:
    """How sure each definition is: the thresholds of some could not be read in the source itself."""
    kept: dict[tuple[str, ...], list[str]] = {}
    for definition in material.graded.plan.definitions:
        key = (definition.instrument, definition.version, str(definition.status), str(definition.certainty))
        kept.setdefault(key, []).append(definition.name)
    rows = tuple((*key, ", ".join(names)) for key, names in kept.items())
    header = ("Instrument", "Version", "Status", "How sure its thresholds are", "Columns")
    return Table("certainty", "Definitions, and how sure their thresholds are", header, rows)
