"""Under-reporting: what would have been told had only serious or symptomatic events, or thirty days, been collected."""

from __future__ import annotations

from collections.abc import Sequence

from carac.analysis.under_reporting import Reported, under_reporting
from carac.report.content import Block, Figure, Paragraph, Section, Table, Voice
from carac.report.figures.collected import collected_figure
from carac.report.numbers import NOTHING, percent
from carac.report.questions.asked import Asked, sentence


def section(asked: Asked) -> Section:
    """Every endpoint of events under every way of collecting."""
    found = under_reporting(asked.study, window=asked.settings.under_reporting_window)
    kept = [one for one in found.endpoints if one.ways]
    blocks: list[Block] = [Paragraph(_text(kept))]
    if kept and not asked.settings.hide_small_cells:
        blocks.append(
            Figure(
                "under_reporting",
                "What would have been reported",
                collected_figure(kept, asked.synthetic),
                "; ".join(f"{one.endpoint.title}: {_said(one)}" for one in kept) + ".",
                ("Grey: events of which the record does not say whether they were serious or symptomatic.",),
            )
        )
    if kept:
        blocks.append(_table(asked, kept))
    blocks.append(Paragraph(found.methods, Voice.PASTE))
    if found.left_out:
        said = "; ".join(f"{title}: {why}" for title, why in found.left_out)
        blocks.append(Paragraph(f"Not counted here: {said}.", Voice.NOTE))
    return Section("under_reporting", "What under-reporting would have hidden", tuple(blocks))


def _text(found: Sequence[Reported]) -> str:
    start = (
        "Trials often report serious events of a fixed window; clots without symptoms and bleeds that nobody called"
        " serious are then not seen."
    )
    told = [f"{one.endpoint.title} {_said(one)}" for one in found if one.share_seen][:2]
    return f"{start} In this record: {'; '.join(told)}." if told else start


def _said(one: Reported) -> str:
    everything, least = one.ways[0], min(one.ways, key=lambda way: way.incidence)
    return f"{percent(everything.incidence)} % in full, {percent(least.incidence)} % by {least.way.title}"


def _table(asked: Asked, found: Sequence[Reported]) -> Table:
    rows: list[tuple[str, ...]] = []
    for some in found:
        rows.append((sentence(some.endpoint.title), "", "", "", "", ""))
        for one in some.ways:
            write, share = asked.writer, some.share_seen.get(one.way.name)
            small = write.is_small(one.events)
            interval = f"{percent(one.incidence)} ({percent(one.lower)}–{percent(one.upper)})"
            rows.append(
                (
                    f"  {sentence(one.way.title)}",
                    write.count(one.events),
                    NOTHING if small else interval,
                    NOTHING if small or share is None else percent(share),
                    write.count(one.unknown),
                    NOTHING if small else percent(max(one.highest, one.incidence)),
                )
            )
    header = ("Collected", "Events", "Incidence, % (95 % CI)", "% of all", "Not recorded whether", "At most, %")
    notes = ("At most: had every event been collected of which it is not recorded.",)
    return Table("under_reporting", "Incidence had less been collected", header, tuple(rows), notes)
