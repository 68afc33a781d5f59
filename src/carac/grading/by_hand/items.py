"""What a definition takes by hand: plain data, so that it can be kept on disk beside the compiled SQL."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

#: Facts of an event that only some definitions read; its day, kind, site and code always tell which event it is.
FACTS_OF_EVENTS = ("side", "certainty", "present_on_admission")


@dataclass(frozen=True)
class CaseItem:
    """One thing that a user can type.

    Parameters
    ----------
    name: as typed.
    kind: ``laboratory``, ``baseline``, ``limit``, ``assessment``, ``patient``, ``event``, ``feature``, ``exposure``,
        ``treatment`` or ``period``.
    title: as a doctor writes it.
    of: the analyte of a value or limit, the item, feature, column, agent or kind of period behind the name.
    unit: unit of a bare number; empty where it has none.
    words: the words allowed; empty for a number.
    agents: of an exposure: agent or class, first the one that "yes" stands for.
    by_limit: of a value: ``lower`` or ``upper`` where it is compared with that limit of normal, joined by a blank.
    absolute: of a value: whether the value itself is compared, too.
    days_needed: True where it makes no sense without days (a count over the whole course).
    tries: what it could be, worst and best and beside each cut-point: to find out whether it matters.
    """

    name: str
    kind: str
    title: str
    of: str = ""
    unit: str = ""
    words: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    by_limit: str = ""
    absolute: bool = True
    days_needed: bool = False
    tries: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def item_from_json(data: dict[str, Any]) -> CaseItem:
    """The item of `as_json`, back from the disk."""
    lists = {name: tuple(data[name]) for name in ("words", "agents", "tries")}
    return CaseItem(**{**data, **lists})
