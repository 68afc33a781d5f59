"""Which groups of a record may count the same people. When in doubt they do: such groups are never added up."""

from __future__ import annotations

import re
from collections.abc import Mapping

from carac.evidence.registry.record import Record

_WHOLE = re.compile(
    r"\b(?:total|overall|all (?:participants|patients|subjects|treated)|combined|pooled|entire)\b", re.I
)
_PERIOD = re.compile(
    r"\b(?:periods?|extension|crossover|cross-over|re-?treatment|open[- ]label|OLE|follow-?up|long-?term|"
    r"phase [AB12]|part [AB12]|run-in|maintenance|consolidation|induction)\b",
    re.I,
)


def overlapping(record: Record) -> Mapping[str, tuple[str, ...]]:
    """Name of each group to the names of the groups that may count some of the same people.

    Three signs: a title that speaks of the whole; titles that speak of periods, of which one person may pass several;
    more people at risk in all groups together than were enrolled.
    """
    names = [group.name for group in record.groups]
    titles = {group.name: group.title for group in record.groups}
    whole = {name for name in names if _WHOLE.search(titles[name])}
    periods = {name for name in names if _PERIOD.search(titles[name])}
    crowded = more_than_enrolled(record)
    return {
        name: tuple(
            other
            for other in names
            if other != name and (crowded or {name, other} & whole or (name in periods and other in periods))
        )
        for name in names
    }


def more_than_enrolled(record: Record) -> bool:
    """Whether the groups together hold more people than the study enrolled."""
    at_risk: dict[str, int] = {}
    for event in record.events:
        for one in event.groups:
            at_risk[one.group] = max(at_risk.get(one.group, 0), one.at_risk or 0)
    return record.enrolment is not None and sum(at_risk.values()) > record.enrolment
