"""CTCAE 5.0 and 6.0: thromboembolic terms, by vessel, from features of the event.

Source: National Cancer Institute, Common Terminology Criteria for Adverse Events, versions 5.0 (2017) and 6.0 (2025);
the mapping of classified events to terms is a proposal (catalogue 3.3).
Inputs: thrombotic events with their category and whether they are catheter-related; features of the event.
Values: 1 to 4 as printed for the term, 5 death; null where what is missing decides, with the lowest and highest
possible grade. `__term` names the term of that version.
5.0 gives pulmonary embolism as an example of grade 3, 6.0 does not: there "urgent medical intervention" decides. 6.0
has a term of its own for cerebral venous sinus thrombosis.
Open in the source: what makes an intervention urgent; a thrombus at a catheter is Vascular access complication,
whatever its deep vein. Terms that no class leads to stand in `vascular_terms`.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.definitions.ctcae import vascular_terms
from carac.definitions.ctcae.event_terms import event_term
from carac.definitions.ctcae.terms import Version
from carac.definitions.ctcae.version_5 import VERSION_5
from carac.definitions.ctcae.version_6 import VERSION_6
from carac.language.comparisons import Interval, agreed
from carac.language.definition import Definition, Rule, Tables
from carac.language.event_rules import KEYS, Criteria, Criterion, any_known, certainly, features

CLASSED, CATEGORY = "thrombosis_class", "thrombosis_category"
HIGHEST = 5
WANTED = (
    *("fatal", "life_threatening", "haemodynamic_instability", "urgent_intervention", "medical_intervention"),
    *("invasive_intervention", "anticoagulant_started", "hospitalised_because", "symptomatic", "incidental"),
    *("severe_neurological_deficit", "neurological_deficit", "organ_dysfunction"),
    *vascular_terms.MORE,
)
VENOUS = {VERSION_5.number: "Thromboembolic event [10043565]", VERSION_6.number: "Venous thromboembolism [10066899]"}
CATHETER = "Vascular access complication [10062169]"
PORTAL = "Portal vein thrombosis [10036206]"
SINUS = "Cerebral venous sinus thrombosis [10083037]"
STROKE = "Stroke [10042244]"
ATTACK = "Transient ischemic attacks [10044391]"
INFARCTION = "Myocardial infarction [10028596]"
ARTERIAL = "Arterial thromboembolism [10073529]"


def rows(version: Version, tables: Tables) -> ibis.Table:
    """One row per thrombotic event of a class that counts as one, or is superficial."""
    name = f"{version.prefix}_thromboembolism"
    events = _events(tables).mutate(term=_term(version, _events(tables)))
    events = events.filter(events.term.notnull())
    # Any one statement makes the bounds follow from what is missing; without one nothing is known but its presence.
    bounds = Criteria(tuple(_criteria(version, events)), 1).bounds()
    floor = _floor(version, events)
    low, high = (ibis.greatest(end, floor) for end in (bounds.low, bounds.high))
    described = any_known(events, WANTED)
    found = Interval(
        described.ifelse(low, floor).cast("int8"), described.ifelse(high, _ceiling(version, events)).cast("int8")
    )
    return events.select(
        *KEYS,
        **{
            name: agreed(found.low, found.high),
            f"{name}__lowest": found.low,
            f"{name}__highest": found.high,
            f"{name}__term": events.term,
        },
    )


def _events(tables: Tables) -> ibis.Table:
    wide = features(tables, (*WANTED, vascular_terms.CHOSEN))
    classed, category = tables.results[CLASSED], tables.results[CATEGORY]
    classed = classed.select(
        *KEYS,
        class_=classed[CLASSED],
        bed=classed[f"{CLASSED}__bed"],
        catheter=classed[f"{CLASSED}__catheter_related"],
        superficial=classed[f"{CLASSED}__superficial"],
    )
    category = category.select(*KEYS, category=category[CATEGORY])
    joined = wide.inner_join(classed, list(KEYS)).inner_join(category, list(KEYS))
    unstable = joined.haemodynamic_instability.isin(("moderate", "severe"))
    return joined.mutate(
        unstable=unstable | joined.life_threatening,
        treated=joined.anticoagulant_started | joined.medical_intervention | joined.invasive_intervention,
    )


def _term(version: Version, events: ibis.Table) -> ir.StringValue:
    venous = certainly(events.bed == "venous")
    gone = events.class_.isin(("excluded", "baseline"))
    return ibis.cases(
        (gone | events.class_.isnull(), ibis.null("string")),
        (vascular_terms.chosen_term(version, events).notnull(), vascular_terms.chosen_term(version, events)),
        # The grade 3 cell names deep veins, heart and lung: a superficial vein at a catheter is none of them.
        (venous & certainly(events.catheter) & ~certainly(events.superficial), CATHETER),
        (venous & certainly(events.site == "portal"), PORTAL),
        (venous & certainly(events.category == "CVST"), SINUS if version is VERSION_6 else VENOUS[version.number]),
        (venous, VENOUS[version.number]),
        (certainly(events.category == "ischaemic_stroke"), STROKE),
        (certainly(events.category == "TIA"), ATTACK),
        (certainly(events.category.startswith("MI")), INFARCTION),
        (certainly(events.bed == "arterial"), ARTERIAL),
        else_=ibis.null("string"),
    )


def _floor(version: Version, events: ibis.Table) -> ir.IntegerValue:
    """The lowest grade that the term prints."""
    chosen = [(events.term == term.name, term.floor) for term in vascular_terms.terms_of(version).values()]
    return ibis.cases(
        (events.term.isin((PORTAL, SINUS, INFARCTION)), 2),
        (events.term == ARTERIAL, 3),
        (events.term == CATHETER, 3),
        *chosen,
        else_=1,
    ).cast("int8")


def _ceiling(version: Version, events: ibis.Table) -> ir.IntegerValue:
    """The highest grade that the term prints."""
    return _ends_early(version, events).ifelse(2, HIGHEST).cast("int8")


def _ends_early(version: Version, events: ibis.Table) -> ir.BooleanValue:
    """Whether the term prints grades 1 and 2 alone."""
    terms = vascular_terms.terms_of(version).values()
    return events.term.isin((ATTACK, *(term.name for term in terms if term.ceiling < HIGHEST)))


def _criteria(version: Version, events: ibis.Table) -> list[Criterion]:
    common = events.term.isin(tuple(VENOUS.values()))
    # A clot of which nobody wrote down the vessel may lie in the lung.
    lung = events.category.startswith("PE_") | certainly(events.site == "right_atrial")
    treated_3 = events.term.isin((PORTAL, SINUS))
    stroke, attack, heart = events.term == STROKE, events.term == ATTACK, events.term == INFARCTION
    urgent, ends_early = events.urgent_intervention, _ends_early(version, events)
    by_deficit = events.neurological_deficit
    severe = ibis.coalesce(events.severe_neurological_deficit, by_deficit == "severe")
    return [
        Criterion("fatal", 5, ~ends_early & events.fatal),
        Criterion("unstable", 4, ~ends_early & events.unstable),
        # "Life-threatening consequences; urgent intervention indicated": either makes grade 4 of these terms.
        Criterion("urgent_intervention", 4, (treated_3 | stroke) & urgent),
        Criterion("organ_damage", 4, certainly((events.term == ARTERIAL) & events.organ_dysfunction)),
        # Printed as an example in 5.0 alone.
        *((Criterion("pulmonary_embolism", 3, common & lung),) if version is VERSION_5 else ()),
        Criterion("urgent_intervention", 3, common & urgent),
        Criterion("intervention", 3, treated_3 & events.treated),
        Criterion("intervention", 2, common & (events.treated | urgent)),
        Criterion("severe_deficit", 3, stroke & (severe | events.hospitalised_because)),
        Criterion("deficit", 2, stroke & ibis.coalesce(events.symptomatic, ~events.incidental)),
        Criterion("infarction", 3, heart & events.symptomatic),
        Criterion("attack", 2, attack & by_deficit.isin(("moderate", "severe"))),
        *vascular_terms.criteria(version, events),
    ]


def _definition(version: Version) -> Definition:
    return event_term(
        version,
        "thromboembolism",
        "thromboembolic event",
        "1 to 4, 5 death; null where what is missing decides",
        term="the term of the vessel, with its code; null where it has none",
        rows=lambda tables, _: rows(version, tables),
        uses=(CLASSED, CATEGORY),
        rules=(
            Rule("fatal", "fatal", "", (("=", 1, 5),)),
            Rule("unstable", "haemodynamic or neurological instability, life-threatening", "", (("=", 1, 4),)),
            Rule(
                "urgent_portal", "urgent intervention: stroke, portal vein; in 6.0 cerebral sinus", "", (("=", 1, 4),)
            ),
            Rule("urgent", "urgent intervention in other veins; in 5.0 also pulmonary embolism", "", (("=", 1, 3),)),
            Rule("catheter", "thrombosis at a catheter, superficial veins apart", "", (("=", 1, 3),)),
            Rule("treated", "treated portal vein; in 6.0 also cerebral sinus", "", (("=", 1, 3),)),
            Rule("intervention", "medical intervention in other veins", "", (("=", 1, 2),)),
            vascular_terms.LASTING,
        ),
        highest=HIGHEST,
        monotone=False,
        choices=(
            "The mapping of classified events to terms is a proposal of the catalogue.",
            "A thrombus at a catheter is Vascular access complication, grade 3 or more, but not in a superficial vein.",
            "Organ damage by an arterial event that nobody recorded is taken as absent.",
            "An arterial event has no grade 1 or 2; a transient ischaemic attack is 1, or 2 by a moderate deficit.",
            "Superior vena cava syndrome, ischaemia of a limb or organ, (superficial) phlebitis and cerebrovascular "
            "ischaemia are chosen by the feature vascular_term; without it the class of the event decides.",
            "Tissue loss and pain at rest that nobody recorded are taken as absent; of a vena cava syndrome severe "
            "symptoms alone are not read.",
            "Dislodgement, blockage and lysis of a line (grades 1 and 2) are no thrombotic events: the definitions of "
            "vascular access grade them.",
        ),
    )


DEFINITIONS: tuple[Definition, ...] = (_definition(VERSION_5), _definition(VERSION_6))
