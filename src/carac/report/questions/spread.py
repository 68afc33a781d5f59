"""Definition spread: how much of an incidence is its definition, and how far definitions agree about who has it."""

from __future__ import annotations

from carac.analysis.spread import PUBLISHED, Topic, spread
from carac.report.content import Block, Figure, Heading, Paragraph, Section, Table, Voice
from carac.report.figures.definition_spread import agreement_figure, combinations_figure, spread_figure, texts
from carac.report.numbers import NOTHING, percent
from carac.report.questions.asked import Asked, sentence
from carac.statistics.agreement import Coefficient


def section(asked: Asked) -> Section:
    """Every topic: shares by definition, agreement, combinations."""
    found = spread(asked.study, window=asked.settings.spread_window)
    blocks: list[Block] = [Paragraph(_text(found.topics))]
    for topic in found.topics:
        blocks += _topic(asked, topic, str(found.window))
    blocks.append(Paragraph(found.methods, Voice.PASTE))
    return Section("spread", "How much is definition alone", tuple(blocks))


def _text(topics: tuple[Topic, ...]) -> str:
    return (
        "The same infusions, the same days, the same results; only the definition changes:"
        f" {texts(topics)}. Published incidences differ by patients, tests and follow-up as well; this much of the"
        " difference needs no patients at all."
    )


def _topic(asked: Asked, topic: Topic, window: str) -> list[Block]:
    blocks: list[Block] = [Heading(sentence(topic.name))]
    if not topic.shares or not topic.people:
        why = "; ".join(f"{title}: {reason}" for title, reason in topic.left_out)
        return [*blocks, Paragraph(f"No definition could be read of the same people. {why}", Voice.NOTE)]
    if not asked.settings.hide_small_cells:
        notes = (
            (f"Shaded: range of published incidences ({PUBLISHED[topic.name][2]}).",) if topic.name in PUBLISHED else ()
        )
        said = "; ".join(f"{one.endpoint.title} {percent(one.share or 0)} %" for one in topic.shares)
        chart = spread_figure(topic, window, asked.synthetic)
        blocks.append(Figure(f"spread_{topic.name}", f"{sentence(topic.name)} by definition", chart, said + ".", notes))
    blocks.append(_table(asked, topic))
    if len(topic.shares) > 1 and not asked.settings.hide_small_cells:
        blocks += _agreement(asked, topic)
    return blocks


def _table(asked: Asked, topic: Topic) -> Table:
    write = asked.writer
    rows = []
    for one in topic.shares:
        small = write.is_small(one.events, one.people)
        highest = NOTHING if small or one.highest is None else percent(one.highest)
        rows.append(
            (
                sentence(one.endpoint.title),
                write.count(one.events, one.people),
                NOTHING if small else write.share_interval(one.events, one.people),
                highest,
                f"{write.count(one.own_events)} of {write.count(one.own_people)}",
                one.endpoint.source,
            )
        )
    header = ("Definition", "n", f"% of {topic.people} (95 % CI)", "At most, %", "Of all it could be read of", "Source")
    notes = [
        "At most: if every grade that is known only as a range had reached it.",
        *dict.fromkeys(one.endpoint.note for one in topic.shares if one.endpoint.note),
    ]
    if topic.left_out_people:
        notes.append(
            f"{topic.left_out_people} infusions lack at least one definition and are not in the first columns."
        )
    notes += [f"{title} could not be counted: {reason}." for title, reason in topic.left_out]
    return Table(
        f"spread_{topic.name}", f"{sentence(topic.name)} under every definition", header, tuple(rows), tuple(notes)
    )


def _agreement(asked: Asked, topic: Topic) -> list[Block]:
    overall = topic.overall
    assert overall is not None
    said = (
        f"All {len(topic.shares)} definitions together: {percent(overall.observed)} % of pairs say the same,"
        f" Fleiss' kappa {_coefficient(overall.kappa)}, Gwet's AC1 {_coefficient(overall.ac1)}."
    )
    alike = [pair for pair in topic.pairs if pair.agreement.alike]
    notes = (said,) + (
        (f"{len(alike)} pairs have everybody in one category: kappa is then 1 by convention.",) if alike else ()
    )
    matrix = agreement_figure(topic, asked.synthetic)
    upset = combinations_figure(topic, asked.synthetic)
    most = topic.combinations[0]
    members = ", ".join(topic.shares[place].endpoint.title for place in most.members) or "none of them"
    return [
        Figure(f"agreement_{topic.name}", f"{sentence(topic.name)}: agreement of definitions", matrix, said, notes),
        Figure(
            f"combinations_{topic.name}",
            f"{sentence(topic.name)}: who reaches which definitions",
            upset,
            f"The most frequent combination, of {most.people} infusions: {members}.",
        ),
        _pairs(topic),
    ]


def _pairs(topic: Topic) -> Table:
    rows = tuple(
        (
            sentence(topic.shares[pair.first].endpoint.title),
            sentence(topic.shares[pair.second].endpoint.title),
            percent(pair.agreement.observed),
            _coefficient(pair.agreement.kappa),
            _coefficient(pair.agreement.ac1),
        )
        for pair in topic.pairs
    )
    header = ("Definition", "Against", "Same, %", "Cohen's kappa (95 % CI)", "Gwet's AC1 (95 % CI)")
    return Table(f"agreement_{topic.name}", f"{sentence(topic.name)}: agreement of each two", header, rows)


def _coefficient(one: Coefficient) -> str:
    if one.lower is None or one.upper is None:
        return f"{one.estimate:.2f}".replace("-", "−")
    return f"{one.estimate:.2f} ({one.lower:.2f} to {one.upper:.2f})".replace("-", "−")
