"""Modified WHO bleeding scale, graded from the features of the event.

Sources: Miller AB et al. Cancer 1981;47:207-214 (WHO grades). Operational content: Slichter SJ et al. N Engl J Med
2010;362:600-613 (PLADO), doi:10.1056/NEJMoa0904084; Stanworth SJ et al. N Engl J Med 2013;368:1771-1780 (TOPPS);
read in a secondary source (catalogue 7.3).
Inputs: features of the event; its site, else that of its code; red cells linked to it.
Values: 1 petechiae or minor, 2 mild, 3 gross (red cells above routine), 4 debilitating or fatal; null where what is
missing decides, with bounds beside it. 0 is no bleed; an event never has it. A code or entry without any feature is
present and cannot be graded: bounds 1 to 4. Events that are no bleed have no row.
Open in the source: bleeding of the central nervous system on imaging without neurological signs is 4, in some
versions 3 (`who_cns_rule`). Read so here: an epistaxis that was packed is 2 (table 7.5); retroperitoneal blood is a
body cavity; an airway bleed with organ dysfunction is 3; subconjunctival bleeding is 1; blood in the cerebrospinal
fluid counts as such only where it is recorded, 3 if it was visible, 4 with symptoms; an overt bleed of gut or urine
of which nobody says whether blood was seen is 2 or more, since occult blood is not overt.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.definitions.bleeding.bleeds import bleeds, place_by_code, some_red_cells
from carac.language.comparisons import Interval, agreed
from carac.language.definition import Certainty, Citation, Definition, Output, Rule, Status, Tables
from carac.language.event_rules import (
    KEYS,
    Criteria,
    Criterion,
    at_least_grade,
    certainly,
    false_or_unknown,
    meets,
    true_or_unknown,
    unknown,
)
from carac.parameters import Parameter, Values
from carac.vocabulary.types import Grain

NAME = "who_bleeding"
LOWEST, SIGNIFICANT, HIGHEST = 1, 2, 4

MINUTES = Rule("minutes_in_24_h", "epistaxis or oropharyngeal bleeding, total in 24 hours", "min", ((">", 30.0, 2),))
MINUTES_AT_SITE = Rule("bleeding_at_invasive_site_minutes", "bleeding at an invasive site", "min", ((">", 60.0, 2),))
SIZE = Rule("lesion_size", "diameter of purpura (1 inch)", "cm", ((">", 2.5, 2),))
BEYOND_ROUTINE = Rule("units_beyond_routine", "red cells above routine, within 24 h", "units", ((">", 0.0, 3),))

NOSE_AND_MOUTH = ("epistaxis", "oropharyngeal")
GUT = ("gastrointestinal_upper", "gastrointestinal_lower", "gastrointestinal_unspecified")
NERVOUS_SYSTEM = ("intracranial", "intraspinal")
CAVITIES = ("haemothorax", "intra_abdominal", "pericardial", "retroperitoneal")
#: A bleed at these sites is at least grade 2 by its nature.
MILD_BY_SITE = ("intra_articular", "respiratory", "intraocular", *CAVITIES)
#: Codes whose text says that blood was seen: haematemesis, melena, and the category of gross haematuria.
VISIBLE_CODES, VISIBLE_CATEGORY = ("K920", "K921"), "haematuria_gross"
#: Sites at which blood in the cerebrospinal fluid is the finding itself (lumbar puncture).
PUNCTURE = ("invasive_site", "other")


def rows(tables: Tables, values: Values) -> ibis.Table:
    """One row per bleeding event, keyed by patient_id, infusion_number, event_id."""
    events = bleeds(tables)
    events = events.mutate(red_cells=some_red_cells(events), beyond=_beyond_routine(events))
    criteria = Criteria((*_debilitating(events, values), *_gross(events, values), *_mild(events)), LOWEST)
    bounds = criteria.bounds()
    events = events.mutate(
        lowest=events.described.ifelse(bounds.low, ibis.literal(LOWEST, "int8")),
        highest=events.described.ifelse(bounds.high, ibis.literal(HIGHEST, "int8")),
        word=events.described.ifelse(criteria.word(), ibis.null("string")),
    )
    found = Interval(events.lowest, events.highest)
    return events.select(
        *KEYS,
        **{
            NAME: agreed(found.low, found.high),
            f"{NAME}__lowest": found.low,
            f"{NAME}__highest": found.high,
            f"{NAME}__criterion": events.word,
            f"{NAME}__clinically_significant": at_least_grade(found, SIGNIFICANT),
            f"{NAME}__present": ibis.literal(True),
        },
    )


# ---- the parts of a criterion


def _at(events: ibis.Table, *places: str) -> ir.BooleanValue:
    """Whether the bleed is at one of these sites; null where its site is not known."""
    return events.place.isin(places)


def _beyond_routine(events: ibis.Table) -> ir.BooleanValue:
    """Any red cells above routine needs: as recorded, else as linked; none at all are none above routine."""
    none = false_or_unknown(events.red_cell_units > 0)
    return ibis.coalesce(meets(BEYOND_ROUTINE, events.units_beyond_routine), events.linked_beyond, none)


def _visible(events: ibis.Table) -> ir.BooleanValue:
    """Visible blood: as recorded, else unless it was occult alone, else where the text of the code says so."""
    code = events.code.upper().replace(".", "").isin(VISIBLE_CODES) | (events.code_category == VISIBLE_CATEGORY)
    return ibis.coalesce(events.visible, ~events.occult, true_or_unknown(code))


def _seen(events: ibis.Table) -> ir.BooleanValue:
    """Visible blood of gut or urine: a bleed there that is recorded as overt is not one of occult blood alone."""
    return ibis.coalesce(_visible(events), true_or_unknown(events.overt))


def _in_nervous_system(events: ibis.Table) -> ir.BooleanValue:
    """Bleeding of the central nervous system; null where only a code says so that covers other diseases too."""
    doubtful = place_by_code(events) & (events.code_role == "critical_site_check")
    return ibis.cases(
        (certainly(doubtful & _at(events, *NERVOUS_SYSTEM)), unknown()), else_=_at(events, *NERVOUS_SYSTEM)
    )


def _signs(events: ibis.Table) -> ir.BooleanValue:
    """Neurological signs: as recorded, else whether the bleed was symptomatic."""
    return ibis.coalesce(events.neurological_signs, events.symptomatic)


def _blood_in_fluid(events: ibis.Table) -> ir.BooleanValue:
    # The feature names what the event is: unless it is recorded, nobody asks whether an oozing line was one.
    return _at(events, *PUNCTURE) & certainly(events.cerebrospinal_fluid_blood)


# ---- the grades


def _debilitating(events: ibis.Table, values: Values) -> tuple[Criterion, ...]:
    severe = events.haemodynamic_instability == "severe"
    no_visual_symptom = false_or_unknown(events.symptomatic)
    vision = ibis.coalesce(events.visual_impairment, no_visual_symptom)
    nervous_system = _in_nervous_system(events)
    if values["who_cns_rule"] == 3:
        nervous_system = nervous_system & _signs(events)
    return (
        Criterion("fatal", 4, events.fatal),
        Criterion("central_nervous_system", 4, nervous_system),
        Criterion("visual_impairment", 4, _at(events, "intraocular") & vision),
        Criterion("haemodynamic_compromise", 4, severe & events.tachycardia & events.red_cells),
        Criterion("cerebrospinal_fluid", 4, _blood_in_fluid(events) & _visible(events) & _signs(events)),
    )


def _gross(events: ibis.Table, values: Values) -> tuple[Criterion, ...]:
    unstable = events.haemodynamic_instability.isin(("moderate", "severe"))
    intervention = events.medical_intervention | events.invasive_intervention
    # Without signs; with them it is 4.
    nervous_system = (Criterion("central_nervous_system", 3, _in_nervous_system(events)),)
    return (
        Criterion("red_cells_beyond_routine", 3, events.beyond),
        Criterion("haemodynamic_instability", 3, unstable & events.red_cells),
        Criterion("body_cavity", 3, _at(events, *CAVITIES) & (events.organ_dysfunction | intervention)),
        Criterion("organ_dysfunction", 3, _at(events, "respiratory") & events.organ_dysfunction),
        *(nervous_system if values["who_cns_rule"] == 3 else ()),
        Criterion("cerebrospinal_fluid", 3, _blood_in_fluid(events) & _visible(events)),
    )


def _mild(events: ibis.Table) -> tuple[Criterion, ...]:
    large = ibis.coalesce(meets(SIZE, events.lesion_size), false_or_unknown(~events.petechiae))
    at_site = ibis.coalesce(events.bleeding_at_invasive_site_minutes, events.minutes_in_24_h)
    return (
        Criterion("duration", 2, _at(events, *NOSE_AND_MOUTH) & meets(MINUTES, events.minutes_in_24_h)),
        # The scale goes by minutes; only a packing that is recorded stands beside them.
        Criterion("intervention", 2, _at(events, "epistaxis") & certainly(events.medical_intervention)),
        Criterion("size", 2, _at(events, "skin") & large),
        Criterion("depth", 2, _at(events, "soft_tissue", "intramuscular") & events.deep),
        Criterion("visible_blood", 2, _at(events, *GUT, "haematuria") & _seen(events)),
        Criterion("duration", 2, _at(events, "invasive_site") & meets(MINUTES_AT_SITE, at_site)),
        Criterion("site", 2, _at(events, *MILD_BY_SITE)),
        Criterion("cerebrospinal_fluid", 2, _blood_in_fluid(events)),
        Criterion("beyond_spotting", 2, _at(events, "gynaecological") & ~events.spotting),
        # A site without a rule: no feature tells 1 from 2.
        Criterion("site", 2, _at(events, "other") & unknown()),
    )


PARAMETERS = (
    Parameter(
        "who_cns_rule", 4,
        "grade of bleeding in the central nervous system on imaging without neurological signs: 4 (PLADO) or 3",
        lowest=3, highest=4, source="catalogue 7.3; 3 is from memory, moderate",
    ),
)  # fmt: skip

OUTPUTS = (
    Output("", "1 to 4; null where what is missing decides (0, no bleed, never stands at an event)"),
    Output("__lowest", "lowest possible grade, given what is missing"),
    Output("__highest", "highest possible grade, given what is missing"),
    Output(
        "__criterion",
        "the worst criterion surely met: fatal, central_nervous_system, visual_impairment, haemodynamic_compromise, "
        "cerebrospinal_fluid, red_cells_beyond_routine, haemodynamic_instability, body_cavity, organ_dysfunction, "
        "duration, intervention, size, depth, visible_blood, beyond_spotting, site; null where none is above grade 1",
        "string",
    ),
    Output("__clinically_significant", "grade 2 to 4: true, false, or null where what is missing decides", "boolean"),
    Output("__present", "a bleed is recorded, whether or not it can be graded: always true", "boolean"),
)

DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name=NAME,
        title="Modified WHO bleeding scale",
        instrument="WHO bleeding",
        version="modified (PLADO 2010, TOPPS 2013)",
        citation=Citation(
            "Miller AB et al. Cancer 1981;47:207-214; modified as in Slichter SJ et al. N Engl J Med 2010;362:600-613",
            "10.1056/NEJMoa0904084",
        ),
        status=Status.CONSENSUS,
        certainty=Certainty.SECONDARY,
        population="patients with thrombocytopenia",
        grain=Grain.EVENT,
        outputs=OUTPUTS,
        rows=rows,
        parameters=PARAMETERS,
        rules=(MINUTES, MINUTES_AT_SITE, SIZE, BEYOND_ROUTINE),
        lowest=0,
        highest=HIGHEST,
        choices=(
            "Bleeding of the central nervous system without neurological signs: 4, or 3 in some versions.",
            "An epistaxis that was packed is grade 2 whatever its minutes; one not recorded as packed was not.",
            "Retroperitoneal blood is graded as a body cavity: 2, and 3 with organ dysfunction or intervention.",
            "An airway bleed with organ dysfunction, as when it needs intubation, is 3.",
            "Red cells above routine count from the first, if given on the day of onset or the next.",
            "An overt bleed of gut or urine counts as visible blood unless the record denies that.",
            "Gynaecological bleeding is 2 beyond spotting; unrecorded, it is 1 or 2, as are sites without a rule.",
        ),
        needs=("events",),
    ),
)
