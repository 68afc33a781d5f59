"""Whether a thrombosis is catheter-related: recorded, coded beside it, or by a line in the same vein.

Inputs: features catheter_related and catheter_in_vein; modifier codes (T82.868A, T82.818A, T80.1XXA) of the same
encounter or within so many days; periods of kind central_line, whose text names vein and side ("PICC, brachial
vein, right").
Open in the source: P20, a line of the other side or removed long ago. Here the same side is required, or a vein in
which both sides meet, and a removal at most so many days before. A vein or side that nobody wrote down is unknown.
Source: catalogue 8.1, 8.2 and 14 (P20).
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.language.definition import Tables
from carac.language.event_rules import KEYS, any_of, any_row, days_between, true_or_unknown, unknown
from carac.parameters import Values

#: Categories that a line in the upper, or the lower, body can cause.
UPPER = ("DVT_upper", "SVC", "DVT_catheter_related", "unspecified")
LOWER = ("DVT_lower_proximal", "DVT_lower_distal", "DVT_lower_unspecified", "IVC")
#: Veins in which both sides meet.
CENTRAL = ("SVC", "IVC", "DVT_catheter_related")

#: Among the tables present where any period of the record is a central line.
CENTRAL_LINES = "central_lines"
#: Words that place a line; the femoral ones first, because a femoral port is femoral.
LOWER_WORDS = ("femoral", "iliac", "groin", "saphen")
UPPER_WORDS = (
    *("jugular", "subclavian", "axillary", "brachial", "basilic", "cephalic", "innominate", "cava superior"),
    *("superior vena cava", "picc", "port", "hickman", "broviac"),
)


def with_catheter(tables: Tables, rows: ibis.Table, values: Values) -> ibis.Table:
    """The events with `catheter`: true, false, or null where what is missing decides."""
    rows = _joined(rows, _modifiers(tables, int(str(values["code_link_days"]))), "modifier")
    rows = _joined(rows, _lines(tables, int(str(values["cvc_lookback_days"]))), "line")
    in_reach = rows.category.isnull() | rows.category.isin((*UPPER, *LOWER))
    possible = in_reach & (rows.bed == "venous")
    # A record of stays alone says nothing of lines; only one that records lines denies them by silence.
    no_lines = ibis.literal(False) if CENTRAL_LINES in tables.present else unknown()
    line = ibis.coalesce(rows.catheter_in_vein, ibis.cases((rows.lines.isnull(), no_lines), else_=_by_line(rows)))
    coded = true_or_unknown(rows.modifiers.notnull())
    own_code = true_or_unknown(rows.code_role == "modifier_catheter")
    found = ibis.cases((possible, ibis.coalesce(own_code, coded, line)), else_=False)
    rows = rows.mutate(catheter=ibis.coalesce(rows.catheter_related, found))
    return rows.drop("lines", "modifiers", "upper_line", "upper_line_of_side", "lower_line", "lower_line_of_side")


def _modifiers(tables: Tables, days: int) -> ibis.Table:
    """Of each event with a catheter code nearby or in its encounter: the keys and `modifiers`, how many."""
    codes = tables.events.filter(tables.events.code_role == "modifier_catheter")
    codes = codes.select(
        near_patient=codes.patient_id,
        near_infusion=codes.infusion_number,
        near_event=codes.event_id,
        near_day=codes.day,
        near_encounter=codes.encounter,
    )
    own = tables.events.select(*KEYS, "day", "encounter")
    pairs = own.inner_join(codes, [own.patient_id == codes.near_patient, own.infusion_number == codes.near_infusion])
    near = (pairs.day - pairs.near_day).abs() <= days
    together = (pairs.encounter == pairs.near_encounter).fill_null(False)
    pairs = pairs.filter((pairs.event_id != pairs.near_event) & (near | together))
    return pairs.group_by(list(KEYS)).aggregate(modifiers=pairs.count())


def _lines(tables: Tables, days: int) -> ibis.Table:
    """Of each event with a line in place or removed not long before: whether one lay in the upper or lower body, and
    whether one did on the event's side; null where nobody wrote it down."""
    lines = tables.periods.filter(tables.periods.kind == "central_line")
    lines = lines.select(
        holder=lines.patient_id, line_start=lines.start, line_end=lines.end, line_text=lines.text.lower()
    )
    own = tables.events.select(*KEYS, "onset", "side")
    pairs = own.inner_join(lines, own.patient_id == lines.holder)
    begun = days_between(pairs.onset, pairs.line_start) >= 0
    there = pairs.line_end.isnull() | (days_between(pairs.onset, pairs.line_end) <= days)
    pairs = pairs.filter(begun & there)
    pairs = pairs.mutate(region=_region(pairs.line_text), same_side=_same_side(pairs))
    upper, lower = pairs.region == "upper", pairs.region == "lower"
    return pairs.group_by(list(KEYS)).aggregate(
        lines=pairs.count(),
        upper_line=any_row(upper),
        upper_line_of_side=any_row(upper & pairs.same_side),
        lower_line=any_row(lower),
        lower_line_of_side=any_row(lower & pairs.same_side),
    )


def _region(text: ir.StringValue) -> ir.StringValue:
    lower = any_of(text.contains(word) for word in LOWER_WORDS)
    upper = any_of(text.contains(word) for word in UPPER_WORDS)
    return ibis.cases((lower, "lower"), (upper, "upper"), else_=ibis.null("string"))


def _same_side(pairs: ibis.Table) -> ir.BooleanValue:
    left, right = (pairs.line_text.contains(side) for side in ("left", "right"))
    line = ibis.cases((left & ~right, "left"), (right & ~left, "right"), else_=ibis.null("string"))
    own = pairs.side.isin(("left", "right")).ifelse(pairs.side, ibis.null("string"))
    return ibis.cases((pairs.side == "bilateral", True), else_=own == line)


def _by_line(rows: ibis.Table) -> ir.BooleanValue:
    """Whether a line lay in the vein, as far as its category says which that is."""
    central = rows.category.isin(CENTRAL)
    return ibis.cases(
        (rows.category.isnull() | (rows.category == "unspecified"), unknown()),
        (rows.category.isin(UPPER) & central, rows.upper_line),
        (rows.category.isin(UPPER), rows.upper_line_of_side),
        (central, rows.lower_line),
        else_=rows.lower_line_of_side,
    )


def _joined(rows: ibis.Table, found: ibis.Table, prefix: str) -> ibis.Table:
    found = found.rename({f"{prefix}_{name}": name for name in KEYS})
    joined = rows.left_join(found, [rows[name] == found[f"{prefix}_{name}"] for name in KEYS])
    return joined.drop(*(f"{prefix}_{name}" for name in KEYS))
