"""The two sides: bleeding and thrombosis share their days, and share them with low platelets and fibrinogen."""

from __future__ import annotations

from collections.abc import Sequence

from carac.report import words
from carac.report.content import Block, Figure, Paragraph, Section
from carac.report.figures.two_sides import two_sides
from carac.report.material import Material
from carac.report.numbers import quartiles
from carac.report.queries.coverage import observed_by_day
from carac.report.queries.events import Event, events
from carac.report.queries.people import three


def section(material: Material) -> Section:
    """One figure, and when each side happened."""
    title = "Bleeding and thrombosis on one day axis"
    if "events" not in material.graded.present:
        text = "The record has no table of events: bleeding and thrombosis cannot be set on one axis."
        return Section("two_sides", title, (Paragraph(text),))
    found = events(material)
    blocks: list[Block] = [Paragraph(_said(material, found))]
    if not material.options.hide_small_cells:
        blocks.append(_figure(material, found))
    return Section("two_sides", title, tuple(blocks))


def _said(material: Material, found: Sequence[Event]) -> str:
    parts = []
    for name, bleeding in (("Bleeding", True), ("Thrombosis", False)):
        days = [float(event.day) for event in found if (event.kind == "bleeding") is bleeding]
        if days and not material.writer.is_small(len(days)):
            number = words.plural(len(days), "event")
            parts.append(f"{name}: {number}, median (quartiles) day {quartiles(three(days))}.")
        elif days:
            parts.append(f"{name}: {material.writer.count(len(days))} events.")
        else:
            parts.append(f"{name}: none recorded.")
    return " ".join(parts)


def _figure(material: Material, found: Sequence[Event]) -> Figure:
    return Figure(
        "two_sides",
        "Bleeding above, thrombosis below, with platelets and fibrinogen",
        two_sides(material, found, observed_by_day(material)),
        "Bars by day of onset, bleeding upwards and thrombosis downwards, beneath the median and quartiles of platelets"
        f" and fibrinogen. {_said(material, found)}",
        (
            "Observed: infusions alive and not past the end of follow-up that day." + _later(material, found),
            "Bars upwards are bleeding, by ISTH severity; bars downwards thrombosis.",
        ),
    )


def _later(material: Material, found: Sequence[Event]) -> str:
    """How many events the window leaves out."""
    last = material.options.last_day
    later = [event for event in found if event.day > last]
    if not later:
        return ""
    bled = sum(event.kind == "bleeding" for event in later)
    return f" {bled} of bleeding and {len(later) - bled} of thrombosis came after day {last} and are not drawn."
