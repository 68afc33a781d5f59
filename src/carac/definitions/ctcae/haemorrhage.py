"""CTCAE 5.0 and 6.0: haemorrhage terms, by site, from features of the event.

Source: National Cancer Institute, Common Terminology Criteria for Adverse Events, versions 5.0 (2017) and 6.0 (2025).
Inputs: bleeding events with their site and features; red cells linked to them.
Values: 1 to 4 as printed for the term of the site, 5 death; null where what is missing decides, with the lowest and
highest possible grade. `__term` names the term of that version; null where the site has none.
In 6.0 most terms print "hospitalization" alone in grade 3, so that a transfused bleed that did not lead to admission is
2. Hospitalisation means because of the bleed; prophylactic platelets are no transfusion for it.
Open in the source: gross haematuria alone (`haematuria_gross_grade`, catalogue P8); a code or entry of which no feature
is known is present and cannot be graded.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.definitions.bleeding.bleeds import WANTED, bleeds, some_red_cells
from carac.definitions.ctcae.event_terms import event_term
from carac.definitions.ctcae.finer_haemorrhage import finer_criteria
from carac.definitions.ctcae.haemorrhage_terms import FINER, POSTOPERATIVE, Term, terms_of
from carac.definitions.ctcae.terms import Version
from carac.definitions.ctcae.version_5 import VERSION_5
from carac.definitions.ctcae.version_6 import VERSION_6
from carac.language.comparisons import INFINITY, Interval, agreed, number
from carac.language.definition import Definition, Rule, Tables, Values
from carac.language.event_rules import (
    KEYS,
    Criteria,
    Criterion,
    any_known,
    certainly,
    false_or_unknown,
    features,
    meets,
    unknown,
)
from carac.parameters import Parameter, whole

HIGHEST = 5
#: Features beside those of the other bleeding scales.
MORE = (
    *("life_threatening", "urgent_intervention", "postoperative", "blood_evacuated", "body_surface_area"),
    *("visual_acuity_loss", "platelets_for_bleed", "generalised", "bleeding_with_trauma", "spontaneous_bleeding"),
)
FINER_SITE = "finer_site"
HAEMATOMA = ("soft_tissue", "intramuscular")

TWO_UNITS = Rule("two_units", "red cell units of a postoperative bleed", "units", (("≥", 2, 3),))
ANY_UNIT = Rule("any_unit", "red cells for a postoperative bleed", "units", ((">", 0, 2),))
EVACUATED = Rule("blood_evacuated", "blood evacuated from the pleura", "mL", ((">", 1000, 3),))
WIDE = Rule("wide", "surface covered by purpura", "%", ((">", 30, 3),))
PATCHY = Rule("patchy", "surface covered by purpura", "%", (("≥", 10, 2),))

_NO_SITE = ibis.null("string")
GROSS = Parameter(
    "haematuria_gross_grade", 3, "grade of gross haematuria alone", lowest=2, highest=3, source="catalogue 14, P8"
)


def rows(version: Version, tables: Tables, values: Values) -> ibis.Table:
    """One row per bleeding event."""
    name = f"{version.prefix}_haemorrhage"
    terms = terms_of(version)
    events = _with_more(tables, bleeds(tables))
    finer = events[FINER_SITE].isin([site for site in terms if site in FINER]).ifelse(events[FINER_SITE], _NO_SITE)
    events = events.mutate(place=ibis.coalesce(finer, events.place))
    events = events.mutate(described=events.described | events.more_known)
    events = events.mutate(red_cells=some_red_cells(events))
    events = events.mutate(transfused=events.red_cells | certainly(events.platelets_for_bleed))
    bounds = Criteria(tuple(_criteria(version, events, values)), 1).bounds()
    floor, ceiling = _printed_ends(events, terms)
    low, high = (ibis.greatest(end, floor) for end in (bounds.low, bounds.high))
    found = Interval(events.described.ifelse(low, floor), events.described.ifelse(high, ceiling))
    found = _unless_unprinted(events, bounds, found)
    term = ibis.cases(
        (certainly(events.postoperative), POSTOPERATIVE),
        *((certainly(events.place == site), term.name(version)) for site, term in terms.items()),
        else_=_NO_SITE,
    )
    return events.select(
        *KEYS,
        **{
            name: agreed(found.low, found.high).cast("int8"),
            f"{name}__lowest": found.low.cast("int8"),
            f"{name}__highest": found.high.cast("int8"),
            f"{name}__term": term,
        },
    )


def _printed_ends(events: ibis.Table, terms: dict[str, Term]) -> tuple[ir.IntegerValue, ir.IntegerValue]:
    """The lowest and the highest grade that the term prints; a postoperative bleed has a term of its own."""
    other = ~certainly(events.postoperative)
    floors = {site: term.floor for site, term in terms.items() if term.floor > 1}
    ceilings = {site: term.ceiling for site, term in terms.items() if term.ceiling < HIGHEST}
    floor = ibis.cases(*((other & _at(events, site), grade) for site, grade in floors.items()), else_=1)
    ceiling = ibis.cases(*((other & _at(events, site), grade) for site, grade in ceilings.items()), else_=HIGHEST)
    return floor.cast("int8"), ceiling.cast("int8")


def _unless_unprinted(events: ibis.Table, bounds: Interval, found: Interval) -> Interval:
    """No grade for an intraoperative bleed of which the lowest that its term prints is denied."""
    floor = FINER["intraoperative"].floor
    lower = _at(events, "intraoperative") & ~certainly(events.postoperative) & certainly(bounds.high < floor)
    none = ibis.null("int8")
    return Interval(lower.ifelse(none, found.low), lower.ifelse(none, found.high))


def _with_more(tables: Tables, events: ibis.Table) -> ibis.Table:
    wanted = [feature for feature in MORE if feature not in WANTED]
    more = features(tables, [*wanted, FINER_SITE])
    # Where it is says nothing of how bad it is.
    known = any_known(more, wanted)
    wanted = [*wanted, FINER_SITE]
    more = more.select(*(more[key].name(f"more_{key}") for key in KEYS), *wanted, more_known=known)
    joined = events.left_join(more, [events[key] == more[f"more_{key}"] for key in KEYS])
    return joined.drop(*(f"more_{key}" for key in KEYS))


def _at(events: ibis.Table, *places: str) -> ir.BooleanValue:
    """Whether the bleed is at one of these sites; false where its site is not known."""
    return certainly(events.place.isin(places))


def _criteria(version: Version, events: ibis.Table, values: Values) -> list[Criterion]:
    postoperative = certainly(events.postoperative)
    terms = terms_of(version)
    own = _at(events, *(site for site, term in terms.items() if term.own)) & ~postoperative
    ends_early = [site for site, term in terms.items() if term.ceiling < HIGHEST]
    never_fatal = _at(events, *ends_early) & ~postoperative
    threat = events.life_threatening | events.urgent_intervention
    treated = events.medical_intervention | events.invasive_intervention
    admitted = events.hospitalised_because
    severe = admitted if version is VERSION_6 else events.transfused | events.invasive_intervention | admitted
    common = ~own & ~postoperative
    return [
        Criterion("fatal", 5, ~never_fatal & events.fatal),
        Criterion("life_threatening", 4, ~never_fatal & threat),
        Criterion("severe", 3, common & severe),
        Criterion("intervention", 2, common & (treated | events.transfused)),
        *_postoperative(events, postoperative),
        *_own(version, events, values, ~postoperative),
        *finer_criteria(version, events, ~postoperative),
    ]


def _postoperative(events: ibis.Table, postoperative: ir.BooleanValue) -> list[Criterion]:
    severe = events.invasive_intervention | events.hospitalised_because
    return [
        Criterion("two_units", 3, postoperative & (meets(TWO_UNITS, _units(events)) | severe)),
        Criterion("any_unit", 2, postoperative & (meets(ANY_UNIT, _units(events)) | events.red_cells)),
    ]


def _units(events: ibis.Table) -> Interval:
    """Red cell units as recorded, else as linked: at least so many where the dose of a course is not known."""
    recorded, linked = events.red_cell_units, events.linked_units
    most = ibis.cases((~events.linked_complete, number(INFINITY)), else_=linked)
    return Interval(ibis.coalesce(recorded, linked), ibis.coalesce(recorded, most))


def _own(version: Version, events: ibis.Table, values: Values, other: ir.BooleanValue) -> list[Criterion]:
    """Sites whose cells differ from the common ones; alike in both versions but for intracranial grade 1."""
    urine, head, pleura = (other & _at(events, site) for site in ("haematuria", "intracranial", "haemothorax"))
    nose, bruise = other & _at(events, "epistaxis"), other & _at(events, *HAEMATOMA)
    admitted, invasive = events.hospitalised_because, events.invasive_intervention
    gross = ibis.coalesce(events.visible, ~events.occult)
    gross_grade = whole(values, "haematuria_gross_grade")
    return [
        Criterion("gross", gross_grade, urine & gross),
        Criterion("severe", 3, urine & (events.transfused | admitted | invasive)),
        Criterion("symptomatic", 2, urine & (events.symptomatic | events.medical_intervention)),
        Criterion("severe", 3, head & (invasive | admitted)),
        Criterion("symptomatic", 2, head & (_beyond_grade_1(version, events) | events.medical_intervention)),
        Criterion("evacuated", 3, pleura & (meets(EVACUATED, events.blood_evacuated) | events.transfused | admitted)),
        Criterion("symptomatic", 2, pleura & (events.symptomatic | invasive | events.medical_intervention)),
        Criterion("severe", 3, (nose | bruise) & (events.transfused | invasive)),
        Criterion("intervention", 2, (nose | bruise) & events.medical_intervention),
        *_surface(version, events, other & _at(events, "skin")),
        *_vision(events, other & _at(events, "intraocular")),
    ]


def _beyond_grade_1(version: Version, events: ibis.Table) -> ir.BooleanValue:
    """Whether an intracranial bleed has symptoms beyond grade 1, which is asymptomatic in 5.0 and mild in 6.0."""
    return events.symptomatic if version is VERSION_5 else false_or_unknown(events.symptomatic)


def _surface(version: Version, events: ibis.Table, skin: ir.BooleanValue) -> list[Criterion]:
    """By surface; 5.0 also names bleeding with trauma and spontaneous bleeding, which count where recorded."""
    bleeding = (
        Criterion("spontaneous_bleeding", 3, skin & certainly(events.spontaneous_bleeding)),
        Criterion("bleeding_with_trauma", 2, skin & certainly(events.bleeding_with_trauma)),
    )
    return [
        Criterion("surface", 3, skin & meets(WIDE, events.body_surface_area)),
        Criterion("surface", 2, skin & meets(PATCHY, events.body_surface_area)),
        *(bleeding if version is VERSION_5 else ()),
    ]


def _vision(events: ibis.Table, eye: ir.BooleanValue) -> list[Criterion]:
    loss = events.visual_acuity_loss
    # Impairment without its degree leaves 2 to 4; a vitrectomy is grade 3.
    none = ibis.cases((~events.visual_impairment, False), else_=unknown())
    return [
        Criterion("vision", 4, eye & ibis.coalesce(loss == "severe", none)),
        Criterion("vision", 3, eye & (ibis.coalesce(loss == "marked", none) | certainly(events.invasive_intervention))),
        Criterion("vision", 2, eye & ibis.coalesce(loss == "moderate", events.visual_impairment)),
    ]


def _definition(version: Version) -> Definition:
    third = (
        "hospitalised because of it"
        if version is VERSION_6
        else "transfused for it, invasive intervention, or hospitalised because of it"
    )
    return event_term(
        version,
        "haemorrhage",
        "haemorrhage",
        "1 to 4, 5 death; null where what is missing decides",
        term="the term of the site, with its code; null where the site has none",
        rows=lambda tables, values: rows(version, tables, values),
        parameters=(GROSS,),
        rules=(
            Rule("fatal", "fatal", "", (("=", 1, 5),)),
            Rule("threat", "life-threatening, or urgent intervention", "", (("=", 1, 4),)),
            Rule("severe", third, "", (("=", 1, 3),)),
            Rule("intervention", "an intervention", "", (("=", 1, 2),)),
            *(TWO_UNITS, ANY_UNIT, EVACUATED, WIDE, PATCHY),
        ),
        highest=HIGHEST,
        monotone=False,
        choices=(
            "Hospitalisation means because of the bleed; prophylactic platelets are no transfusion for it.",
            "Platelets given for the bleed count only where that is recorded.",
            "Symptoms of an intracranial bleed may be mild (grade 1 in 6.0) or moderate (2): without an intervention "
            "they leave both in 6.0, and make 2 in 5.0, whose grade 1 has none.",
            "Retroperitoneal and intra-abdominal bleeding has no grade 1; a visual loss without its degree is 2 to 4.",
            "Terms of a finer site (tracheal, renal, varices, menorrhagia …) are chosen by the feature finer_site; one "
            "that a version has no term for is graded under that of the wider site.",
            "An intraoperative bleed without intervention after the operation and without admission has no grade.",
            "Purpura: bleeding with trauma and spontaneous bleeding, which 5.0 prints, count only where recorded.",
            "Persistent bleeding by the hour from the pleura is not read; its volume, transfusion and admission are.",
        ),
    )


DEFINITIONS: tuple[Definition, ...] = (_definition(VERSION_5), _definition(VERSION_6))
