"""ASTCT grade of immune effector cell-associated neurotoxicity syndrome (ICANS), 2019.

Source: Lee DW, Santomasso BD, Locke FL, et al. Biol Blood Marrow Transplant 2019;25:625-638.
doi:10.1016/j.bbmt.2018.12.758.
Inputs: age (years), ICE (0 to 10) from age 12, CAPD (0 to 32) below it, consciousness, seizure, motor weakness, raised
intracranial pressure, intracranial haemorrhage with its dates, death and its cause.
Values: the worst domain. ICE 7 to 9 is 1, 3 to 6 is 2, 0 to 2 is 3; CAPD 1 to 8 is 1 or 2, 9 or more is 3; awakening
spontaneously (with reduced ICE or CAPD) 1, to voice 2, to touch 3, unarousable 4; a seizure that resolves 3, prolonged
or repetitive 4; deep focal weakness 4; focal oedema 3, other raised pressure 4; death 5; none 0. Null where the lowest
and the highest possible grade differ, where nothing is recorded, and during an intracranial haemorrhage.
Open in the source: CAPD 1 to 8, ICE 0 with unrecorded arousal, how long a haemorrhage counts; see the parameters.

Each assessment is graded; the day has the worst.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis

from carac.definitions.neurotoxicity import capd, domains, haemorrhage, ice
from carac.language.comparisons import Interval, agreed, at_least, at_most, below
from carac.language.daily_grades import DAY_KEYS, beside, with_records_and_deaths
from carac.language.definition import Certainty, Citation, Definition, Output, Rule, Status, Tables
from carac.language.signs import KEYS, Sign, filled, moments
from carac.parameters import Parameter, Values
from carac.vocabulary.types import Grain, Worse

NAME = "astct_icans"
#: Years from which ICE is used.
ICE_AGE = 12
#: Words of a cause of death that make it grade 5.
CAUSES = ("immune[ _-]effector[ _-]cell[ _-]associated[ _-]neurotoxicity[ _-]syndrome", "icans")

LASTING = (domains.CONSCIOUSNESS, domains.APHASIA)
ON_THE_DATE = (domains.SEDATION,)
WHEN_PRESENT = (domains.SEIZURE, domains.WEAKNESS, domains.PRESSURE)
SIGNS = (*ice.SIGNS, *capd.SIGNS, *LASTING, *ON_THE_DATE, *WHEN_PRESENT, domains.RASS)
ITEMS = tuple(sign.name for sign in SIGNS)
DOMAINS = ("ice", "capd", "consciousness", "seizure", "motor", "pressure")

UNRECORDED = Parameter(
    "unrecorded_signs",
    "absent",
    "what a seizure, weakness, raised pressure or, beside ICE or CAPD, consciousness is that nobody recorded",
    choices=("absent", "unknown"),
    source="proposal of carac: charts record these when they are present",
)
LOGIC = Parameter(
    "capd_logic",
    "max",
    "whether CAPD and consciousness count by the worse of the two, or only together as in CTCAE 6.0",
    choices=("max", "and"),
    source="catalogue 12 no. 17",
)
CARRY = Parameter(
    "sign_carry_hours",
    12,
    "hours for which the last ICE, CAPD or consciousness stands in at an assessment that does not record it",
    lowest=0,
    source="proposal of carac; the source is silent",
)
BLEED = Parameter(
    "haemorrhage_days",
    7,
    "days after the onset of an intracranial haemorrhage without recorded end on which there is no grade",
    lowest=0,
    source="proposal of carac; the source excludes haemorrhage without saying for how long",
)
FIRST_DAY = Parameter(
    "first_day", 0, "first day that can have a grade; what was recorded before it is not read", source="as astct_crs"
)
PARAMETERS = (UNRECORDED, LOGIC, CARRY, BLEED, FIRST_DAY)


def rows(tables: Tables, values: Values) -> ibis.Table:
    """One row per infusion and day that has an assessment, a recorded grade, or death from the syndrome."""
    chosen: dict[str, Any] = {parameter.name: values.get(parameter.name, parameter.default) for parameter in PARAMETERS}
    observed = with_observations(tables, chosen)
    table = with_domains(observed, chosen["unrecorded_signs"] == "absent", chosen["capd_logic"])
    daily = by_day(graded(table), "events" in tables.present)
    return results(with_records_and_deaths(daily, tables, NAME, CAUSES))


def with_observations(tables: Tables, chosen: dict[str, Any], signs: Sequence[Sign] = SIGNS) -> ibis.Table:
    """The moments with their signs, gaps filled, age, and whether the patient has an intracranial haemorrhage."""
    items = [sign.name for sign in signs]
    recorded = tables.assessments.filter(tables.assessments.item.isin(items))
    table = moments(recorded.filter(recorded.day >= chosen["first_day"]), signs, items)
    table = with_totals(table)
    worse = {"ice_low": Worse.LOWER, "ice_high": Worse.LOWER, "capd_low": Worse.HIGHER, "capd_high": Worse.HIGHER}
    lasting = LASTING + ON_THE_DATE + (() if chosen["unrecorded_signs"] == "absent" else WHEN_PRESENT)
    worse |= {sign.name: sign.worse for sign in lasting}
    table = filled(table, worse, chosen["sign_carry_hours"], all_day=[sign.name for sign in ON_THE_DATE])
    sedated = ibis.coalesce(table[domains.SEDATION.name], 0) == 1
    table = table.mutate(consciousness=sedated.ifelse(ibis.null("float64"), table.consciousness))
    table = beside(table, tables.infusions.select(*KEYS, "age"), KEYS)
    return haemorrhage.with_haemorrhage(table, tables.events, chosen["haemorrhage_days"])


def with_totals(table: ibis.Table) -> ibis.Table:
    """The totals of ICE and CAPD as lowest and highest; CAPD is not scored in deep sedation."""
    by_ice = ice.total(table, "ice_total", ice.ITEMS)
    by_capd = ice.total(table, "capd_total", capd.ITEMS)
    too_deep = ibis.coalesce(at_most(table.rass, capd.DEEP_SEDATION), False)
    none = ibis.null("float64")
    return table.mutate(
        ice_low=by_ice.low,
        ice_high=by_ice.high,
        capd_low=too_deep.ifelse(none, by_capd.low),
        capd_high=too_deep.ifelse(none, by_capd.high),
    )


def with_domains(table: ibis.Table, unrecorded_absent: bool, logic: str) -> ibis.Table:
    """The moments with lowest and highest grade by domain, and whether a printed rule leaves two grades."""
    by_ice, by_capd = Interval(table.ice_low, table.ice_high), Interval(table.capd_low, table.capd_high)
    adult = ~ibis.coalesce(below(table.age, ICE_AGE), False)
    # CAPD also serves older patients with developmental delay, who have no ICE.
    uses_ice = adult & (by_ice.known | ~by_capd.known)
    scored = uses_ice.ifelse(by_ice.known, by_capd.known)
    aphasia = ibis.coalesce(table.aphasia, 0) == 1
    score = _either(
        uses_ice, ice.grade(by_ice, table.consciousness, aphasia), capd.grade(by_capd, table.consciousness, logic)
    )
    awake = domains.consciousness(table, _reduced(uses_ice, by_ice, by_capd), scored, unrecorded_absent)
    if logic == "and":
        alone = uses_ice | (ibis.coalesce(table.consciousness, 0) == domains.WORST) | ~scored
        awake = Interval(alone.ifelse(awake.low, 0), alone.ifelse(awake.high, 0))
    oedema = table[domains.PRESSURE.name]
    pressure = (table.in_haemorrhage & (oedema == domains.FOCAL_OEDEMA)).ifelse(0.0, oedema)
    seizure = domains.recorded_when_present(table.seizure, unrecorded_absent)
    motor = domains.recorded_when_present(table.weakness, unrecorded_absent)
    oedema_grade = domains.recorded_when_present(pressure, unrecorded_absent)
    nothing = ibis.null("float64")
    lowest, highest = (
        ibis.greatest(*(getattr(domain, end) for domain in (score, awake, seizure, motor, oedema_grade)))
        for end in ("low", "high")
    )
    zero = uses_ice & ibis.coalesce(at_most(by_ice.high, 0), False) & ~aphasia
    mild = ~uses_ice & ibis.coalesce(at_least(by_capd.low, 1) & below(by_capd.high, 9), False)
    recorded = ibis.coalesce(table.consciousness, table.seizure, table.weakness, oedema).notnull()
    return table.mutate(
        known=recorded | by_ice.known | by_capd.known,
        lowest=lowest,
        highest=highest,
        ice=(uses_ice & by_ice.known).ifelse(agreed(score.low, score.high), nothing),
        capd=(~uses_ice & by_capd.known).ifelse(agreed(score.low, score.high), nothing),
        consciousness_grade=table.consciousness.notnull().ifelse(agreed(awake.low, awake.high), nothing),
        motor=table.weakness,
        pressure=pressure,
        ambiguous=(zero | mild) & table.consciousness.isnull() & (lowest < highest),
    )


def _either(first: ibis.Value, one: Interval, other: Interval) -> Interval:
    return Interval(first.ifelse(one.low, other.low), first.ifelse(one.high, other.high))


def _reduced(uses_ice: ibis.Value, by_ice: Interval, by_capd: Interval) -> Interval:
    """Whether ICE is under 10, or CAPD 1 or more: certainly, possibly."""
    ice_lower = Interval(
        ibis.coalesce(below(by_ice.high, ice.MOST), False), ibis.coalesce(below(by_ice.low, ice.MOST), True)
    )
    capd_higher = Interval(
        ibis.coalesce(at_least(by_capd.low, 1), False), ibis.coalesce(at_least(by_capd.high, 1), True)
    )
    return _either(uses_ice, ice_lower, capd_higher)


def graded(table: ibis.Table) -> ibis.Table:
    """The known moments; the grade is kept apart during an intracranial haemorrhage."""
    known = table.filter(table.known)
    nothing = ibis.null("float64")
    outside = ~known.in_haemorrhage
    return known.mutate(
        as_graded_lowest=known.lowest,
        as_graded_highest=known.highest,
        lowest=outside.ifelse(known.lowest, nothing),
        highest=outside.ifelse(known.highest, nothing),
    )


def by_day(table: ibis.Table, events_recorded: bool) -> ibis.Table:
    """The worst of each day."""
    bleeding = table.in_haemorrhage.ifelse(1, 0).max() == 1
    day = table.group_by(*DAY_KEYS).aggregate(
        lowest=table.lowest.max(),
        highest=table.highest.max(),
        as_graded_lowest=table.as_graded_lowest.max(),
        as_graded_highest=table.as_graded_highest.max(),
        **{name: table[name].max() for name in ("ice", "capd", "seizure", "motor", "pressure")},
        consciousness=table.consciousness_grade.max(),
        in_intracranial_haemorrhage=bleeding if events_recorded else ibis.null("boolean"),
        ambiguous=table.ambiguous.ifelse(1, 0).max(),
    )
    open_grade = day.as_graded_lowest < day.as_graded_highest
    return day.mutate(
        as_graded=agreed(day.as_graded_lowest, day.as_graded_highest), ambiguous=(day.ambiguous == 1) & open_grade
    )


def results(day: ibis.Table) -> ibis.Table:
    """The columns under the names of the definition."""
    # A grade recorded during an intracranial haemorrhage, where ICANS has none, is a difference to look at.
    in_bleed = day.in_intracranial_haemorrhage.ifelse(day.recorded > 0, ibis.null("boolean"))
    day = day.mutate(disagrees=ibis.coalesce(day.disagrees, in_bleed))
    columns = {NAME: day.grade} | {f"{NAME}__{output}": day[output] for output in SUFFIXES}
    types = {NAME + output.suffix: output.type for output in OUTPUTS}
    return day.select(*DAY_KEYS, **{name: column.cast(types[name]) for name, column in columns.items()})


_UNKNOWN = "; null where it is not recorded or cannot be said"
OUTPUTS = (
    Output("", "0 none to 4, 5 death from the syndrome; null if the bounds differ, nothing is recorded, or bleeding"),
    Output("__lowest", "lowest grade that what is recorded allows, outside intracranial haemorrhage; else null"),
    Output("__highest", "highest grade that what is recorded allows, outside intracranial haemorrhage; else null"),
    Output("__ice", "grade by ICE, 0 to 4" + _UNKNOWN, item=True),
    Output("__capd", "grade by CAPD, 0 to 3" + _UNKNOWN, item=True),
    Output("__consciousness", "grade by consciousness not due to sedation, 0 to 4" + _UNKNOWN, item=True),
    Output("__seizure", "grade by seizure, 0, 3 or 4; null where not recorded", item=True),
    Output("__motor", "grade by weakness, 0 or 4; null where not recorded", item=True),
    Output("__pressure", "grade by raised pressure, 0, 3 or 4; null where not recorded", item=True),
    Output("__ambiguous", "whether ICE 0 or CAPD 1 to 8 without recorded consciousness leaves two grades", "boolean"),
    Output("__in_intracranial_haemorrhage", "whether an assessment lies in one; null without events", "boolean"),
    Output("__as_graded", "the grade of the day with what lies in a haemorrhage; null where its bounds differ"),
    Output("__recorded", "worst grade that a clinician recorded on the day; null where none"),
    Output(
        "__disagrees", "whether the recorded grade lies outside the bounds, or in a bleed; null if unknown", "boolean"
    ),
)
SUFFIXES = tuple(output.suffix.removeprefix("__") for output in OUTPUTS if output.suffix)

DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name=NAME,
        title="ICANS (ASTCT)",
        instrument="ASTCT ICANS",
        version="2019",
        citation=Citation("Lee DW et al. Biol Blood Marrow Transplant 2019;25:625-638", "10.1016/j.bbmt.2018.12.758"),
        status=Status.CONSENSUS,
        certainty=Certainty.VERIFIED,
        population="adults and children after immune effector cells; ICE from 12 years, CAPD below",
        grain=Grain.DAY,
        outputs=OUTPUTS,
        rows=rows,
        parameters=PARAMETERS,
        rules=(
            Rule("ice", "ICE, from 12 years", "", tuple(ice.BANDS.cuts)),
            Rule(
                "capd",
                "CAPD, under 12 years (1 to 8 is 2 if the child awakens to voice)",
                "",
                tuple(capd.LEAST_GRADE.cuts),
            ),
        ),
        highest=5,
        monotone=False,
        choices=(
            "A seizure, weakness or raised pressure that nobody recorded is taken as absent (unrecorded_signs), and so "
            "is reduced consciousness in a patient with ICE of 1 or more, or CAPD 0 or 9 or more.",
            "ICE 0 with arousal not recorded is 3 or 4, CAPD 1 to 8 with consciousness not recorded 1 or 2: ambiguous.",
            "Consciousness due to sedation counts as not recorded; CAPD is not scored at RASS -4 or lower.",
            "Awakening spontaneously is grade 1 only with ICE under 10 or CAPD of 1 or more.",
            "Without age, ICE is used where it is recorded; from 12 years, CAPD is used where only it is recorded.",
            "Intracranial haemorrhage is kept out of ICANS from its onset to its end, else for haemorrhage_days after "
            "the onset; __as_graded keeps the grade. Focal oedema during it does not count.",
            "Under capd_logic and, an awake child counts as awakening spontaneously.",
            "Grade 5 is a cause of death that names ICANS (from memory, high confidence).",
        ),
        needs=("assessments",),
    ),
)
