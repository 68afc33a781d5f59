"""The closed list of sites of bleeding and thrombosis. Sources: catalogue sections 7.1, 7.3 and 8.1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from carac.vocabulary.files import rows


@dataclass(frozen=True)
class EventSite:
    """Where a bleed or clot is.

    Parameters
    ----------
    name: the word of the tables.
    title: as a doctor writes it.
    kind: "bleeding", "venous" or "arterial".
    critical: whether a bleed there is in a critical area of ISTH 2005 (Schulman, doi:10.1111/j.1538-7836.2005.01204.x):
        "yes", "no", or "check" where the event's features decide; "" for thrombosis.
    level_2: class of catalogue section 8.1, or of 8.2 for bleeding; features may make it finer.
    note: what to know, or "".
    """

    name: str
    title: str
    kind: str
    critical: str
    level_2: str
    note: str


@cache
def event_sites() -> Mapping[str, EventSite]:
    """All sites by name, in the order of the file."""
    return MappingProxyType(
        {
            row["site"]: EventSite(row["site"], row["title"], row["kind"], row["critical"], row["level_2"], row["note"])
            for row in rows("event_sites.csv")
        }
    )


def site_of(name: str) -> EventSite | None:
    """The site of that name, None where there is none."""
    return event_sites().get(name)
