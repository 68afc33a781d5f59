"""The domains of the ASTCT grade of ICANS beside ICE and CAPD: consciousness, seizure, motor weakness, pressure."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.language.comparisons import Interval
from carac.language.signs import Sign
from carac.vocabulary.types import Worse

#: The words in the order of their grades; awakening spontaneously is 1 only with reduced ICE or CAPD.
CONSCIOUSNESS = Sign(
    "consciousness",
    {"awake": 0, "awakens_spontaneously": 1, "awakens_to_voice": 2, "awakens_to_touch": 3, "unarousable": 4},
)
SEDATION = Sign("consciousness_due_to_sedation", {"no": 0, "yes": 1}, Worse.LOWER)
APHASIA = Sign("aphasia", {"no": 0, "global": 1})
RASS = Sign("rass", worse=Worse.LOWER)
SEIZURE = Sign("seizure", {"none": 0, "resolving": 3, "nonconvulsive_resolving": 3, "prolonged": 4, "repetitive": 4})
WEAKNESS = Sign("weakness", {"none": 0, "deep_focal": 4})
FOCAL_OEDEMA = 3
PRESSURE = Sign(
    "raised_intracranial_pressure",
    {
        "none": 0,
        "focal_oedema": FOCAL_OEDEMA,
        "diffuse_oedema": 4,
        "posturing": 4,
        "sixth_nerve_palsy": 4,
        "papilloedema": 4,
        "cushing_triad": 4,
    },
)
WORST = 4


def consciousness(table: ibis.Table, reduced: Interval, scored: ir.BooleanValue, unrecorded_absent: bool) -> Interval:
    """Grade by consciousness, 0 to 4.

    Parameters
    ----------
    table: with `consciousness`, null where unknown or due to sedation.
    reduced: whether ICE or CAPD is certainly (`low`) and possibly (`high`) reduced.
    scored: whether ICE or CAPD is recorded: who has answered was not unarousable.
    unrecorded_absent: whether consciousness that is not recorded is normal in one who has a score.
    """
    level = table.consciousness
    spontaneous = level == 1
    unknown = scored.ifelse(0 if unrecorded_absent else 3, WORST)
    lowest = ibis.cases((level.isnull(), 0), (spontaneous, reduced.low.ifelse(1, 0)), else_=level)
    highest = ibis.cases((level.isnull(), unknown), (spontaneous, reduced.high.ifelse(1, 0)), else_=level)
    return Interval(lowest, highest)


def recorded_when_present(value: ir.NumericValue, unrecorded_absent: bool) -> Interval:
    """Grade by a sign that charts record when it is present; if not recorded 0, or anything."""
    return Interval(ibis.coalesce(value, 0), ibis.coalesce(value, 0 if unrecorded_absent else WORST))
