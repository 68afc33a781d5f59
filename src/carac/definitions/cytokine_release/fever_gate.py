"""The fever gate: when hypotension and hypoxia count as cytokine release syndrome.

Fever opens it, for `gate_hours`. Once a fever-lowering treatment was given at or after the first fever of an episode,
fever is no longer required until the episode ends. Distances between times of which one is a date only are ranges, so
that the gate may be certainly open, possibly open, or closed.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.language.signs import HOUR, until_now

#: Widest open first; the gate of a day is the widest of its assessments.
WORDS = {3: "fever", 2: "within_hours_of_fever", 1: "after_treatment", 0: "closed"}


def with_gate(moments: ibis.Table, gate_hours: float) -> ibis.Table:
    """The moments with the state of the gate.

    Parameters
    ----------
    moments: numbered in episodes, with `fever` (0, 1 or null), `fever_seen` (boolean: fever recorded at the moment
        itself) and `fever_lowering_until`.
    gate_hours: for how long a fever opens the gate, both ends included.

    Adds `open_lowest` and `open_highest` (booleans: certainly, possibly open) and `gate` (a number of `WORDS`; null
    where it cannot be said).
    """
    times = _fever_times(moments)
    within = times.in_episode & ibis.coalesce(times.latest - times.fever_earliest <= gate_hours * HOUR, False)
    perhaps = times.in_episode & ibis.coalesce(times.earliest - times.fever_latest <= gate_hours * HOUR, False)
    treated = times.in_episode & ibis.coalesce(times.fever_lowering_until >= times.first_fever, False)
    fever = ibis.coalesce(times.fever, 0) == 1
    no_fever = ibis.coalesce(times.fever, 1) == 0
    gate = ibis.cases((fever, 3), (within, 2), (treated, 1), (no_fever & ~perhaps, 0), else_=ibis.null("int8"))
    gated = times.mutate(
        open_lowest=fever | within | treated, open_highest=~no_fever | within | perhaps | treated, gate=gate
    )
    return gated.drop("first_fever", "fever_earliest", "fever_latest")


def _fever_times(moments: ibis.Table) -> ibis.Table:
    """The first and the last fever of the episode up to each moment."""
    so_far = until_now(moments, "episode_number")
    never = ibis.null("float64")
    start, end = moments.fever_seen.ifelse(moments.earliest, never), moments.fever_seen.ifelse(moments.latest, never)
    return moments.mutate(
        first_fever=start.min().over(so_far),
        fever_earliest=start.max().over(so_far),
        fever_latest=end.max().over(so_far),
    )


def word(gate: ir.IntegerValue) -> ir.StringValue:
    """The gate in words."""
    return ibis.cases(*((gate == number, text) for number, text in WORDS.items()))
