"""ISTH bleeding: major (2005, non-surgical), clinically relevant non-major (2015), minor.

Sources: Schulman S, Kearon C. J Thromb Haemost 2005;3:692-694. doi:10.1111/j.1538-7836.2005.01204.x.
Kaatz S, Ahmad D, Spyropoulos AC, Schulman S. J Thromb Haemost 2015;13:2119-2126. doi:10.1111/jth.13140.
Inputs: features of the event; fall of haemoglobin (g/dL) from the record, else from the laboratory; units of red
cells from the record, else from treatments linked to the event; site, else role of the code; stays in hospital.
Values: 1 minor, 2 clinically relevant non-major, 3 major; null where what is missing decides, with bounds beside it.
A code or entry without any feature is present and cannot be graded: bounds 1 to 3. Events that are no bleed have no
row.
Open in the sources: the window of the fall and how old the value before may be; whether a transfusion must be caused
by the bleed (here it must: it is linked to it); adjustment of the fall for transfusion (off; reported beside);
whether a daily round counts as an evaluation (strict: no); who says that a bleed is symptomatic (P18: unknown stays
unknown). Haemolysis and blood taken for tests are not looked for as other reasons of a fall.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.definitions.bleeding.bleeds import bleeds, critical_area, overt, red_cells, some_red_cells, symptomatic
from carac.definitions.bleeding.haemoglobin_fall import fall, with_fall
from carac.language.comparisons import INFINITY, Interval, agreed, number
from carac.language.definition import Certainty, Citation, Definition, Output, Rule, Status, Tables
from carac.language.event_rules import (
    KEYS,
    Criteria,
    Criterion,
    any_of,
    at_least_grade,
    certainly,
    meets,
    possibly,
    true_or_unknown,
    unknown,
)
from carac.language.stays import with_stay
from carac.parameters import Parameter, Values
from carac.vocabulary.types import Grain

NAME = "isth_bleeding"
MINOR, RELEVANT, MAJOR = 1, 2, 3

FALL = Rule("haemoglobin_fall", "fall of haemoglobin", "g/dL", (("≥", 2.0, MAJOR),))
RED_CELLS = Rule("red_cell_units", "red cells given because of the bleed", "units", (("≥", 2.0, MAJOR),))

#: g/dL by which one unit raises haemoglobin (10 g/L; LOW: no source opened).
RISE_BY_UNIT = 1.0


def rows(tables: Tables, values: Values) -> ibis.Table:
    """One row per bleeding event, keyed by patient_id, infusion_number, event_id."""
    events = with_fall(tables, with_stay(tables, bleeds(tables)), values)
    events = _with_units(tables, events, values)
    events = events.mutate(
        critical=critical_area(events), symptoms=symptomatic(events), evaluated=_evaluated(events, values)
    )
    events = events.mutate(**_falls(events))
    events = events.mutate(
        major=_held(events, _majors(events, events.fall_enough)),
        major_adjusted=_held(events, _majors(events, events.adjusted_enough)),
        **_bounds(events, values),
    )
    return events.select(*KEYS, **_columns(events))


def _columns(events: ibis.Table) -> dict[str, ir.Value]:
    bounds = Interval(events.lowest, events.highest)
    return {
        NAME: agreed(bounds.low, bounds.high),
        f"{NAME}__lowest": bounds.low,
        f"{NAME}__highest": bounds.high,
        f"{NAME}__major": events.major,
        f"{NAME}__criterion": events.word,
        f"{NAME}__haemoglobin_fall": agreed(events.fall_low, events.fall_high),
        f"{NAME}__haemoglobin_fall_by": events.fall_by,
        f"{NAME}__red_cell_units": agreed(events.units_low, events.units_high),
        f"{NAME}__adjusted_fall": agreed(events.adjusted_low, events.adjusted_high),
        f"{NAME}__major_adjusted": events.major_adjusted,
        f"{NAME}__clinically_relevant": at_least_grade(bounds, RELEVANT),
        f"{NAME}__critical_site_asymptomatic": events.critical & ~events.symptoms,
        f"{NAME}__present": ibis.literal(True),
    }


# ---- the parts of a criterion


def _evaluated(events: ibis.Table, values: Values) -> ir.BooleanValue:
    """Evaluated face to face for the bleed.

    Strict: in hospital only where the record says that the evaluation was made for the bleed; outside hospital a
    visit is taken as made for it unless that is denied.
    """
    if values["crnm_inpatient_rule"] == "lenient":
        return events.evaluated_face_to_face | certainly(events.dedicated_bleeding_evaluation)
    # True only for outpatients: an inpatient's evaluation may or may not have been made for the bleed.
    outpatient = true_or_unknown(~events.inpatient)
    return ibis.coalesce(events.dedicated_bleeding_evaluation, events.evaluated_face_to_face & outpatient)


def _with_units(tables: Tables, events: ibis.Table, values: Values) -> ibis.Table:
    """Adds `units_low` and `units_high`: recorded, else linked, else (by parameter) given in the window of the fall.

    Where the record says one number and the courses linked to the bleed add up to another, it lies between them.
    """
    given = [(events.linked_units, events.linked_complete)]
    if values["red_cell_attribution"] == "within_window":
        events = _with_window(tables, events, int(str(values["hb_window_hours"])))
        given = [(events.linked_units, events.linked_complete), (events.window_units, events.window_complete)]
    known = any_of(complete.notnull() for _, complete in given)
    recorded, missing = events.red_cell_units.notnull(), ibis.null("float64")
    low = sum((units.fill_null(0.0) for units, _ in given), number(0.0))
    high = sum((_most_units(*each) for each in given), number(0.0))
    # Courses of unknown dose contradict nothing.
    both = recorded & certainly(events.linked_complete)
    said = Interval(
        both.ifelse(ibis.least(events.red_cell_units, events.linked_units), events.red_cell_units),
        both.ifelse(ibis.greatest(events.red_cell_units, events.linked_units), events.red_cell_units),
    )
    return events.mutate(
        units_low=ibis.cases((recorded, said.low), (known, low), else_=missing),
        units_high=ibis.cases((recorded, said.high), (known, high), else_=missing),
    )


def _most_units(units: ir.FloatingValue, complete: ir.BooleanValue) -> ir.FloatingValue:
    """The most that can have been given: 0 where nothing was, without end where a dose is not known."""
    return ibis.cases((complete, units), (~complete, number(INFINITY)), else_=number(0.0))


def _with_window(tables: Tables, events: ibis.Table, hours: int) -> ibis.Table:
    given = red_cells(tables)
    given = given.filter(given.given_for.isnull())
    own = tables.events.select(*KEYS, "day")
    near = own.inner_join(given, [own.patient_id == given.given_patient, own.infusion_number == given.given_infusion])
    since = near.start_day - near.day
    near = near.filter((since >= 0) & (since * 24 <= hours))
    sums = near.group_by(list(KEYS)).aggregate(
        window_units=near.units.sum().cast("float64"),
        window_complete=near.units.isnull().ifelse(1, 0).max() == 0,
    )
    sums = sums.rename({f"window_{name}": name for name in KEYS})
    joined = events.left_join(sums, [events[name] == sums[f"window_{name}"] for name in KEYS])
    return joined.drop(*(f"window_{name}" for name in KEYS))


def _falls(events: ibis.Table) -> dict[str, ir.Value]:
    """Whether the fall is enough, as it is and with the rise by transfusion added back."""
    measured, units = fall(events), Interval(events.units_low, events.units_high)
    rise = number(RISE_BY_UNIT)
    adjusted = Interval(measured.low + rise * units.low, measured.high + rise * units.high)
    seen = possibly(overt(events))
    enough = ibis.cases((measured.known, meets(FALL, measured)), else_=unknown())
    more = ibis.cases((adjusted.known, meets(FALL, adjusted)), else_=true_or_unknown(enough))
    return {
        # Marrow-suppressed patients lose haemoglobin without bleeding: no overt bleed, no fall that counts.
        "fall_enough": seen & enough,
        "adjusted_enough": seen & more,
        "adjusted_low": adjusted.low,
        "adjusted_high": adjusted.high,
    }


# ---- the scale


def _majors(events: ibis.Table, fall_enough: ir.BooleanValue) -> tuple[Criterion, ...]:
    units = Interval(events.units_low, events.units_high)
    enough = ibis.cases((units.known, meets(RED_CELLS, units)), else_=unknown())
    return (
        Criterion("fatal", MAJOR, events.fatal),
        Criterion("critical_site", MAJOR, events.critical & events.symptoms),
        Criterion("haemoglobin_fall", MAJOR, fall_enough),
        Criterion("red_cells", MAJOR, enough),
    )


def _relevant(events: ibis.Table) -> tuple[Criterion, ...]:
    # Red cells and invasive procedures are medical interventions; to deny any intervention denies an invasive one.
    some = certainly(events.units_low > 0) | certainly(some_red_cells(events))
    intervention = events.medical_intervention | certainly(events.invasive_intervention) | some
    return (
        Criterion("intervention", RELEVANT, intervention),
        Criterion("hospitalisation", RELEVANT, events.hospitalised_because | events.level_of_care_raised),
        Criterion("evaluation", RELEVANT, events.evaluated),
    )


def _held(events: ibis.Table, majors: tuple[Criterion, ...]) -> ir.BooleanValue:
    return ibis.cases((events.described, any_of(item.met for item in majors)), else_=unknown())


def _bounds(events: ibis.Table, values: Values) -> dict[str, ir.Value]:
    fall_enough = events.adjusted_enough if values["hb_adjust_for_rbc"] else events.fall_enough
    criteria = Criteria((*_majors(events, fall_enough), *_relevant(events)), MINOR)
    bounds, described = criteria.bounds(), events.described
    return {
        "lowest": described.ifelse(bounds.low, ibis.literal(MINOR, "int8")),
        "highest": described.ifelse(bounds.high, ibis.literal(MAJOR, "int8")),
        "word": described.ifelse(criteria.word(), ibis.null("string")),
    }


PARAMETERS = (
    Parameter(
        "hb_window_hours", 48, "hours after onset in which the lowest haemoglobin is looked for", lowest=24, highest=72,
        source="catalogue 7.1: 24, 48 or 72",
    ),
    Parameter(
        "hb_look_back_days", 7, "how many days before onset the haemoglobin before the bleed may be",
        lowest=1, highest=30, source="catalogue 7.1",
    ),
    Parameter(
        "red_cell_attribution", "caused_by_bleed",
        "which red cells count where the record gives no number: those linked to the bleed, or all that are linked to "
        "no other event and given within hb_window_hours",
        choices=("caused_by_bleed", "within_window"), source="catalogue 12, number 21",
    ),
    Parameter(
        "hb_adjust_for_rbc", False,
        "whether the grade takes the fall with 1 g/dL per unit of red cells added back (LOW); both are reported anyway",
        source="catalogue 7.1",
    ),
    Parameter(
        "crnm_inpatient_rule", "strict",
        "whether a face-to-face evaluation of an inpatient counts: only if made for the bleed, or always",
        choices=("strict", "lenient"), source="catalogue 7.2",
    ),
)  # fmt: skip

OUTPUTS = (
    Output("", "1 minor, 2 clinically relevant non-major, 3 major; null where what is missing decides"),
    Output("__lowest", "lowest possible grade, given what is missing"),
    Output("__highest", "highest possible grade, given what is missing"),
    Output("__major", "major by the fall as it is: true, false, or null where what is missing decides", "boolean"),
    Output(
        "__criterion",
        "the worst criterion surely met: fatal, critical_site, haemoglobin_fall, red_cells, intervention, "
        "hospitalisation, evaluation; null where none is",
        "string",
    ),
    Output("__haemoglobin_fall", "fall of haemoglobin that was used; null where not known exactly", "float64", "g/dL"),
    Output("__haemoglobin_fall_by", "where the fall is from: record or laboratory; null where not known", "string"),
    Output("__red_cell_units", "red cells that were counted; null where not known exactly", "float64", "units"),
    Output(
        "__adjusted_fall",
        "fall with 1 g/dL per unit of red cells added back (LOW); null where not known exactly",
        "float64",
        "g/dL",
    ),
    Output("__major_adjusted", "major by the adjusted fall (LOW): true, false, or null where not known", "boolean"),
    Output("__clinically_relevant", "grade 2 or 3: true, false, or null where what is missing decides", "boolean"),
    Output("__critical_site_asymptomatic", "flag: at a critical site, no symptoms, so not major by site", "boolean"),
    Output("__present", "a bleed is recorded, whether or not it can be graded: always true", "boolean"),
)

DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name=NAME,
        title="ISTH bleeding: major, clinically relevant non-major, minor",
        instrument="ISTH bleeding",
        version="2005 (major), 2015 (clinically relevant non-major)",
        citation=Citation(
            "Schulman S, Kearon C. J Thromb Haemost 2005;3:692-694; Kaatz S et al. J Thromb Haemost 2015;13:2119-2126 "
            "(doi:10.1111/jth.13140)",
            "10.1111/j.1538-7836.2005.01204.x",
        ),
        status=Status.CONSENSUS,
        certainty=Certainty.VERIFIED,
        population="non-surgical patients",
        grain=Grain.EVENT,
        outputs=OUTPUTS,
        rows=rows,
        parameters=PARAMETERS,
        rules=(FALL, RED_CELLS),
        lowest=MINOR,
        highest=MAJOR,
        choices=(
            "Window of the haemoglobin fall, and how old the value before may be.",
            "A transfusion counts if it is linked to the bleed; within_window counts the unlinked ones too.",
            "Where a time of day is missing, calendar days are compared, and the day of onset counts as after it.",
            "A fall counts unless the record denies that the bleed was overt, or says that blood was occult alone.",
            "A record that denies the critical site that it names, or whose red cells do not add up, leaves a range.",
            "A suspected bleed is graded as any other; one that was ruled out is none.",
            "Red cells or an invasive procedure are a medical intervention.",
            "Symptoms that nobody recorded leave a bleed at a critical site undetermined (P18).",
            "On the day of admission or discharge nobody knows whether the patient was an inpatient; a patient of "
            "whom no stay is recorded is taken as an outpatient.",
        ),
        low_items=("adjusted fall: 1 g/dL per unit of red cells",),
        needs=("events",),
    ),
)
