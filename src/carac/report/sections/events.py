"""Events: what, when, how severe by each scale, and what was going on that day and the days beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from carac.report import words
from carac.report.content import Block, Figure, Paragraph, Section, Table
from carac.report.figures.event_axis import LANES, event_axis
from carac.report.material import Material
from carac.report.queries.events import AROUND, Event, events

#: A page shows so many events; the CSV has all of them.
_AROUND = ("CRS", "ICANS", "Platelets", "Fibrinogen", "Anticoagulant")


def section(material: Material) -> Section:
    """The figure of events and the table of each of them."""
    found = events(material)
    blocks: list[Block] = [Paragraph(_summary(material, found))]
    if "events" not in material.graded.present:
        return Section("events", "Bleeding and thrombosis", tuple(blocks))
    if not material.options.hide_small_cells:
        blocks.append(_figure(material, found))
    blocks.append(_counts(material, found))
    if material.options.hide_small_cells:
        blocks.append(Paragraph("Single events are left out because small counts are hidden."))
    elif found:
        blocks.append(_each(found))
    return Section("events", "Bleeding and thrombosis", tuple(blocks))


def _summary(material: Material, found: Sequence[Event]) -> str:
    if "events" not in material.graded.present:
        return "The record has no table of events: whether anyone bled or clotted cannot be said."
    if not found:
        return "The record has a table of events, and no bleeding or thrombosis from day 0 on is in it."
    people = len({event.key for event in found})
    kinds = Counter("bleeding" if event.kind == "bleeding" else "thrombosis" for event in found)
    write = material.writer
    parts = [f"{write.count(count)} of {kind}" for kind, count in kinds.items()]
    text = f"{write.count(len(found))} events after {write.count(people)} of {len(material.infusions)} infusions: "
    return (
        text
        + words.listed(parts)
        + ". Events that nobody recorded are in no table; bleeding that is recorded without the facts that a scale asks"
        " for is counted and cannot be graded."
    )


def _figure(material: Material, found: Sequence[Event]) -> Figure:
    counts = Counter(event.lane for event in found)
    said = "; ".join(f"{lane} {counts[lane]}" for lane in LANES)
    return Figure(
        "events",
        "Bleeding and thrombosis by day",
        event_axis(material, found),
        f"Each event by its day of onset. Number of events: {said}.",
        ("Bleeding by ISTH; not gradable: the record lacks the facts that the scale asks for.",),
    )


def _counts(material: Material, found: Sequence[Event]) -> Table:
    """Infusions with at least one event of a kind: the first of its kind counts once."""
    write, total = material.writer, len(material.infusions)
    rows = []
    for lane in LANES:
        own = [event for event in found if event.lane == lane]
        with_any = len({event.key for event in own})
        rows.append((lane.capitalize(), write.count(len(own)), write.share_interval(with_any, total)))
    with_bleed = len({event.key for event in found if event.kind == "bleeding"})
    with_clot = len({event.key for event in found if event.kind != "bleeding"})
    both = len({e.key for e in found if e.kind == "bleeding"} & {e.key for e in found if e.kind != "bleeding"})
    rows += [
        ("Any bleeding", _number(material, found, True), write.share_interval(with_bleed, total)),
        ("Any thrombosis", _number(material, found, False), write.share_interval(with_clot, total)),
        ("Bleeding and thrombosis", NOT_COUNTED, write.share_interval(both, total)),
    ]
    header = ("Kind", "Events", f"Infusions with any, % of {total} (95 % CI)")
    notes = (
        "From day 0 to the end of each record. These are crude shares of all infusions, whatever their follow-up;"
        " they are not cumulative incidences.",
    )
    return Table("event_counts", "Events by kind and severity", header, tuple(rows), notes)


#: For a line that counts infusions only.
NOT_COUNTED = "–"


def _number(material: Material, found: Sequence[Event], bleeding: bool) -> str:
    return material.writer.count(sum((event.kind == "bleeding") is bleeding for event in found))


def _each(found: Sequence[Event]) -> Table:
    header = (
        "Patient",
        "Day",
        "Event",
        "Scales",
        "CRS",
        "ICANS",
        "Platelets, 10⁹/L",
        "Fibrinogen, g/L",
        "Anticoagulant",
    )
    rows = tuple(
        (
            event.label,
            words.day(event.day),
            f"{event.kind.capitalize()}: {event.what}",
            event.scales,
            *(event.around.get(name, "–") for name in _AROUND),
        )
        for event in found
    )
    notes = (
        f"CRS, ICANS: worst grade, platelets and fibrinogen: lowest value, anticoagulant: whether given, from"
        f" {AROUND} day before to {AROUND} day after onset. A dash: not recorded.",
    )
    return Table("events", "Each event, and what was going on", header, rows, notes)
