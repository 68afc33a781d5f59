"""Episodes of a sign, without recursion: a new one starts where the last sign is old enough.

Between two date-only moments the shortest possible distance counts: signs on neighbouring dates belong together, and
an episode ends where a whole date without a sign lies between.
"""

from __future__ import annotations

import ibis

from carac.language.signs import HOUR, before_now, until_now


def numbered(moments: ibis.Table, gap_hours: float) -> ibis.Table:
    """The moments with their episode.

    Parameters
    ----------
    moments: with `earliest`, `latest` (seconds), `sign` (boolean, never null), and `sign_until` (seconds: how long what
        is seen at the moment is known to last; null where no longer than the moment).
    gap_hours: a sign starts an episode where the last one is at least so old.

    Adds `episode_number` (how many episodes have started) and `in_episode` (false before the first one and where the
    last sign is `gap_hours` old).
    """
    lasting = ibis.coalesce(ibis.greatest(moments.latest, moments.sign_until), moments.latest)
    signs = moments.mutate(sign_latest=moments.sign.ifelse(lasting, ibis.null("float64")))
    known = signs.mutate(last_sign=signs.sign_latest.max().over(before_now(signs)))
    recent = known.last_sign.notnull() & (known.earliest - known.last_sign < gap_hours * HOUR)
    inside = known.mutate(in_episode=known.sign | recent, starts=(known.sign & ~recent).ifelse(1, 0))
    number = inside.starts.sum().over(until_now(inside)).cast("int32")
    return inside.mutate(episode_number=number).drop("sign_latest", "last_sign", "starts")
