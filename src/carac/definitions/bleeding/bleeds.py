"""Which events are bleeds, where they are, and what was transfused for them: what both scales start from.

Inputs: events with the role and class of their code, their features, red cells linked to them.
Source: catalogue 7.1 to 7.3 and the roles of 8.2.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.language.definition import Tables
from carac.language.event_rules import KEYS, any_known, any_of, any_row, certainly, features, true_or_unknown, unknown
from carac.vocabulary.event_certainty import RULED_OUT
from carac.vocabulary.event_classes import event_classes
from carac.vocabulary.event_features import event_features
from carac.vocabulary.event_sites import event_sites

SCALES = frozenset({"isth_bleeding", "who_bleeding"})

#: Every feature that one of the scales asks for; an event without any of them is present but cannot be graded.
WANTED = tuple(name for name, feature in event_features().items() if SCALES & set(feature.asked_by))

#: Roles of codes that are a bleed of their own.
BLEEDS = ("site", "critical_site", "critical_site_check", "critical_site_flag", "minor")
#: Roles that never are a new bleed, whatever the record says: sequelae, follow-up, wrong code.
NEVER = ("exclude", "exclude_incident")
#: Roles that are a bleed only if the record itself names a site: shown for adjudication, or a sign of severity.
ONLY_WITH_SITE = ("flag", "severity_proxy")

#: Spellings of a unit of red cells; a dose without unit counts units too, a volume does not.
UNITS_OF_RED_CELLS = ("unit", "units", "u", "{unit}", "{units}", "bag", "bags")


def bleeds(tables: Tables) -> ibis.Table:
    """The bleeding events with all features of both scales, and `place`, `described`, and what was transfused.

    `place` is the site of the record, else of its code, null where neither tells. `described` is false for a code
    or an entry of which no feature is known. `linked_units`, `linked_complete` and `linked_beyond` come from red
    cells whose event_id names the bleed; null where there are none.
    """
    rows = features(tables, WANTED)
    rows = _with_red_cells(tables, rows.filter(is_bleed(rows)))
    described = any_of([any_known(rows, WANTED), rows.linked_complete.notnull()])
    return rows.mutate(place=ibis.coalesce(rows.site, _site_of_code(rows)), described=described)


def is_bleed(events: ibis.Table) -> ir.BooleanValue:
    """Whether an event is a bleed, by its kind or its code, and not ruled out; never null."""
    role, by_code = events.code_role.fill_null(""), events.code_class.fill_null("") == "bleeding"
    placed = events.site.notnull() & ~place_by_code(events)
    said = (events.kind == "bleeding").fill_null(False) & (~role.isin(ONLY_WITH_SITE) | placed)
    ruled_out = certainly(events.certainty == RULED_OUT)
    return (said | (by_code & role.isin(BLEEDS))) & ~role.isin(NEVER) & ~ruled_out


def place_by_code(events: ibis.Table) -> ir.BooleanValue:
    """Whether the code alone says where the bleed is; never null."""
    return certainly(events.site_by == "code")


def overt(rows: ibis.Table) -> ir.BooleanValue:
    """Overt: as recorded; what is visible is overt, occult blood alone is not; null where nobody says.

    What is not visible may be overt all the same, such as a haematoma that was seen on imaging.
    """
    return ibis.coalesce(rows.overt, true_or_unknown(rows.visible), ~rows.occult)


def critical_area(events: ibis.Table) -> ir.BooleanValue:
    """A critical area or organ: as recorded, else by the site, else by the role of the code; null where open.

    In a muscle the compartment syndrome decides, as printed. A record that denies what its own site says is open.
    """
    yes = [name for name, site in event_sites().items() if site.critical == "yes"]
    denied = ~events.critical_site & events.place.isin(yes)
    by_role = events.code_role.cases(
        ("critical_site", True), ("critical_site_flag", True), ("site", False), ("minor", False), else_=unknown()
    )
    muscle = (events.place == "intramuscular").fill_null(False)
    return ibis.cases(
        (muscle, ibis.coalesce(events.compartment_syndrome, events.critical_site)),
        (certainly(denied), unknown()),
        (events.critical_site.notnull(), events.critical_site),
        (events.site.notnull() & ~place_by_code(events), events.site.isin(yes)),
        else_=by_role,
    )


def symptomatic(events: ibis.Table) -> ir.BooleanValue:
    """Symptomatic: loss of vision or neurological signs at their site are symptoms; else as recorded."""
    eye = events.visual_impairment & (events.place == "intraocular")
    nerves = events.neurological_signs & events.place.isin(("intracranial", "intraspinal"))
    return ibis.coalesce(true_or_unknown(eye | nerves), events.symptomatic)


def _site_of_code(rows: ibis.Table) -> ir.StringValue:
    sites = {c.category: c.site for c in event_classes().values() if c.level_1 == "bleeding" and c.site}
    return rows.code_category.cases(*sites.items(), else_=ibis.null("string"))


def red_cells(tables: Tables) -> ibis.Table:
    """Courses of red cells as given_patient, given_infusion, given_for (event), start_day, units (null: not known)."""
    rows = tables.treatments
    rows = rows.filter((rows.agent == "red_cells") | (rows.agent_class == "red_cell_transfusion"))
    counted = rows.unit.isnull() | rows.unit.lower().isin(UNITS_OF_RED_CELLS)
    return rows.select(
        given_patient=rows.patient_id,
        given_infusion=rows.infusion_number,
        given_for=rows.event_id,
        start_day=rows.start_day,
        beyond_routine=rows.beyond_routine,
        units=counted.ifelse(rows.dose, ibis.null("float64")),
    )


def _with_red_cells(tables: Tables, rows: ibis.Table) -> ibis.Table:
    """Joined by the link of the record, which says that the transfusion was caused by the bleed."""
    given, own = red_cells(tables), tables.events.select(*KEYS, "day")
    same = [
        own.patient_id == given.given_patient,
        own.infusion_number == given.given_infusion,
        own.event_id == given.given_for,
    ]
    linked = own.inner_join(given, same)
    # WHO counts red cells within 24 hours of onset; on calendar days that is the day itself and the next.
    soon = (linked.start_day - linked.day).between(0, 1)
    linked = linked.mutate(beyond=linked.beyond_routine & soon.fill_null(False))
    sums = linked.group_by(list(KEYS)).aggregate(
        linked_units=linked.units.sum().cast("float64"),
        linked_complete=linked.units.isnull().ifelse(1, 0).max() == 0,
        linked_beyond=any_row(linked.beyond),
    )
    sums = sums.rename({f"linked_{name}": name for name in KEYS})
    joined = rows.left_join(sums, [rows[name] == sums[f"linked_{name}"] for name in KEYS])
    return joined.drop(*(f"linked_{name}" for name in KEYS))


def some_red_cells(rows: ibis.Table) -> ir.BooleanValue:
    """Whether any red cells were given for the bleed; null where nothing tells, or the record contradicts itself."""
    # A course of unknown dose is still a transfusion.
    given = true_or_unknown(rows.linked_complete.notnull() | (rows.units_beyond_routine > 0))
    recorded = rows.red_cell_units > 0
    return ibis.cases((~recorded & given, unknown()), else_=ibis.coalesce(recorded, given))
