"""Vascular terms of CTCAE 5.0 and 6.0 that no class of event leads to: the feature `vascular_term` chooses them.

Source: National Cancer Institute, Common Terminology Criteria for Adverse Events, versions 5.0 (2017) and 6.0 (2025).
Superior vena cava syndrome: 1 asymptomatic, incidental; 2 symptomatic or treated; 3 several kinds of treatment; 4
urgent. Peripheral and visceral ischaemia: 2 under 24 hours and managed medically; 3 24 hours or more, recurring, or
invasive (peripheral in 6.0 also pain at rest); 4 organ damage (peripheral in 6.0: major tissue loss) or urgent.
Superficial thrombophlebitis and phlebitis: 2. Cerebrovascular ischaemia: 1 asymptomatic, 2 symptomatic.
The last two are terms of 5.0 alone; there 6.0 grades the event under the term of its class.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from carac.definitions.ctcae.terms import Version
from carac.definitions.ctcae.version_5 import VERSION_5
from carac.definitions.ctcae.version_6 import VERSION_6
from carac.language.definition import Rule
from carac.language.event_rules import Criterion, certainly, meets

CHOSEN = "vascular_term"
#: Features that these terms ask for beside those of the others.
MORE = ("multimodality_intervention", "ischaemia_hours", "recurring_symptoms", "pain_at_rest", "tissue_loss")
LASTING = Rule("ischaemia_hours", "hours of ischaemia of a limb or organ", "h", (("≥", 24, 3),))


@dataclass(frozen=True)
class VascularTerm:
    """A term with its MedDRA code, the lowest and highest grade that it prints, and whether 6.0 has it."""

    name: str
    floor: int
    ceiling: int = 5
    in_6: bool = True


TERMS = {
    "superior_vena_cava_syndrome": VascularTerm("Superior vena cava syndrome [10042569]", 1),
    "superficial_thrombophlebitis": VascularTerm("Superficial thrombophlebitis [10042554]", 2, 2),
    "phlebitis": VascularTerm("Phlebitis [10034879]", 2, 2, in_6=False),
    "peripheral_ischaemia": VascularTerm("Peripheral ischemia [10034578]", 2),
    "visceral_ischaemia": VascularTerm("Visceral arterial ischemia [10054692]", 2),
    "cerebrovascular_ischaemia": VascularTerm("Ischemia cerebrovascular [10023030]", 1, 2, in_6=False),
}


def terms_of(version: Version) -> dict[str, VascularTerm]:
    """The terms that a version has, by the word that chooses them."""
    return {word: term for word, term in TERMS.items() if term.in_6 or version is VERSION_5}


def chosen_term(version: Version, events: ibis.Table) -> ir.StringValue:
    """The term that the record chooses, null where it chooses none."""
    return events[CHOSEN].cases(*((word, t.name) for word, t in terms_of(version).items()), else_=ibis.null("string"))


def criteria(version: Version, events: ibis.Table) -> list[Criterion]:
    """The criteria of these terms beside death and instability, which are common to all that print them."""

    def of(word: str) -> ir.BooleanValue:
        return certainly(events.term == TERMS[word].name)

    cava, limb, organ = (
        of(word) for word in ("superior_vena_cava_syndrome", "peripheral_ischaemia", "visceral_ischaemia")
    )
    brain, ischaemia = of("cerebrovascular_ischaemia"), limb | organ
    damage = events.tissue_loss if version is VERSION_6 else events.organ_dysfunction
    return [
        Criterion("urgent_intervention", 4, (cava | ischaemia) & events.urgent_intervention),
        Criterion("organ_damage", 4, certainly((limb & damage) | (organ & events.organ_dysfunction))),
        Criterion("several_interventions", 3, cava & events.multimodality_intervention),
        Criterion("lasting", 3, ischaemia & meets(LASTING, events.ischaemia_hours)),
        Criterion("recurring", 3, ischaemia & events.recurring_symptoms),
        Criterion("invasive_intervention", 3, ischaemia & events.invasive_intervention),
        *((Criterion("pain_at_rest", 3, certainly(limb & events.pain_at_rest)),) if version is VERSION_6 else ()),
        Criterion("symptomatic", 2, cava & (events.symptomatic | events.treated)),
        Criterion("symptomatic", 2, brain & events.symptomatic),
    ]
