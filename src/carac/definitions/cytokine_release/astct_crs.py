"""ASTCT grade of cytokine release syndrome, 2019.

Source: Lee DW, Santomasso BD, Locke FL, et al. Biol Blood Marrow Transplant 2019;25:625-638.
doi:10.1016/j.bbmt.2018.12.758.
Inputs: temperature (degC), hypotension and its treatment, vasopressors and fever-lowering treatments with their times,
oxygen device and flow (L/min), to what each sign is attributed, death and its cause.
Values: 0 none; 1 fever of 38.0 degC or more; 2 hypotension without vasopressor, or oxygen at low flow (6 L/min by nasal
cannula, or less) or blow-by; 3 one vasopressor with or without vasopressin, or oxygen at high flow, by mask or Venturi;
4 several vasopressors (vasopressin not counted), or positive pressure; 5 death. The more severe axis decides. Null
where the lowest and the highest possible grade differ, or nothing is recorded.
Open in the source: for how long a fever opens the gate, when an episode ends, vasopressin alone; see the parameters.

Each assessment is graded, and each start of a vasopressor on a day with an assessment; the day has the worst.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ibis

from carac.definitions.cytokine_release import axes, fever_gate, vasopressors
from carac.language.comparisons import Interval, agreed, at_least
from carac.language.daily_grades import DAY_KEYS, with_records_and_deaths
from carac.language.definition import Certainty, Citation, Definition, Output, Rule, Status, Tables
from carac.language.episodes import numbered
from carac.language.signs import Sign, filled, moments, own
from carac.parameters import Parameter, Values
from carac.vocabulary.types import Grain

NAME = "astct_crs"
FEVER = 38.0
#: Words of a cause of death that make it grade 5.
CAUSES = ("cytokine[ _-]release[ _-]syndrome", "crs")

SIGNS = (Sign("temperature"), *axes.SIGNS)
ALL_SIGNS = (*SIGNS, *axes.ATTRIBUTIONS)
ITEMS = tuple(sign.name for sign in ALL_SIGNS)

GATE = Parameter(
    "gate_hours",
    24,
    "hours for which a fever opens the gate for hypotension and hypoxia, the last one included",
    lowest=0,
    source="catalogue 14 P1 (crs_gate_h); the source is silent",
)
GAP = Parameter(
    "episode_gap_hours",
    24,
    "hours without fever, hypotension or hypoxia after which an episode has ended",
    lowest=1,
    source="catalogue 14 P2 (crs_episode_gap_h); the trials of lisocabtagene took 7 days",
)
CARRY = Parameter(
    "sign_carry_hours",
    12,
    "hours for which the last value of a sign stands in at an assessment that does not record it",
    lowest=0,
    source="proposal of carac; the source is silent",
)
ALONE = Parameter(
    "vasopressin_alone",
    3,
    "grade of vasopressin as the only vasopressor",
    lowest=2,
    highest=4,
    source="catalogue 12 no. 16; the source is silent",
)
LONG_GAP = Parameter(
    "long_episode_gap_hours",
    168,
    "hours without a sign after which an episode has ended in the second numbering, which changes no grade",
    lowest=1,
    source="catalogue 14 P2: report both",
)
FIRST_DAY = Parameter(
    "first_day", 0, "first day that can have a grade; what was recorded before it is not read", source="catalogue 1.1"
)
PARAMETERS = (GATE, GAP, LONG_GAP, CARRY, ALONE, FIRST_DAY)


def rows(tables: Tables, values: Values) -> ibis.Table:
    """One row per infusion and day that has an assessment, a recorded grade, or death from the syndrome."""
    chosen: dict[str, Any] = {parameter.name: values.get(parameter.name, parameter.default) for parameter in PARAMETERS}
    seen = with_axes(with_observations(tables, chosen), tables, chosen)
    joined = numbered(seen, chosen["long_episode_gap_hours"])
    seen = joined.rename(long_number="episode_number", in_long_episode="in_episode")
    gated = fever_gate.with_gate(numbered(seen, chosen["episode_gap_hours"]), chosen["gate_hours"])
    return results(with_records_and_deaths(by_day(graded(gated)), tables, NAME, CAUSES))


def with_observations(tables: Tables, chosen: dict[str, Any], signs: Sequence[Sign] = ALL_SIGNS) -> ibis.Table:
    """The moments with their signs, gaps filled, and what was being given."""
    items = [sign.name for sign in signs]
    assessments = tables.assessments.select(*DAY_KEYS, "time", "time_precision", "item", "number", "text")
    recorded = assessments.filter(assessments.item.isin(items))
    everything = recorded.union(vasopressors.starts(tables.treatments))
    counted = everything.filter(everything.day >= chosen["first_day"])
    table = moments(counted, signs, items)
    # Fluids given for hypotension say that there was hypotension.
    fluids = (table.hypotension_treatment == 1).ifelse(1.0, ibis.null("float64"))
    table = table.mutate(hypotension=ibis.coalesce(table.hypotension, fluids))
    hours = chosen["sign_carry_hours"]
    worse = {sign.name: sign.worse for sign in signs if sign.name not in axes.OF_DEVICE}
    table = filled(table, worse, hours, all_day=[sign.name for sign in axes.ATTRIBUTIONS])
    oxygen = {sign.name: sign.worse for sign in signs if sign.name in axes.OF_DEVICE}
    return vasopressors.with_treatments(filled(table, oxygen, hours, within=["oxygen_device"]), tables.treatments)


def with_axes(
    table: ibis.Table, tables: Tables, chosen: dict[str, Any], by_oxygen: Callable[[ibis.Table], Interval] | None = None
) -> ibis.Table:
    """The moments with fever, both axes, and whether a sign was seen at the moment itself (not only carried to it).

    `by_oxygen` grades hypoxia where another instrument than ASTCT asks.
    """
    hypotension = axes.hypotension(table, "treatments" in tables.present, chosen["vasopressin_alone"])
    hypoxia = (by_oxygen or axes.hypoxia)(table)
    other_cause = ibis.coalesce(table.fever_due_to_other_cause, 0) == 1
    fever = ibis.cases((other_cause, 0), (at_least(table.temperature, FEVER), 1), (table.temperature.notnull(), 0))
    signs = table.mutate(
        fever=fever,
        fever_seen=ibis.coalesce(at_least(table[own("temperature")], FEVER), False) & ~other_cause,
        hypotension_lowest=hypotension.low,
        hypotension_highest=hypotension.high,
        hypoxia_lowest=hypoxia.low,
        hypoxia_highest=hypoxia.high,
    )
    supported = (signs.vasopressors >= 1) | (signs.vasopressin == 1)
    hypotension_seen = (signs[own("hypotension")].notnull() | supported) & (signs.hypotension_lowest > 0)
    oxygen = [own(name) for name in ("oxygen_device", *axes.OF_DEVICE) if own(name) in signs.columns]
    hypoxia_seen = ibis.coalesce(*(signs[name] for name in oxygen)).notnull() & (signs.hypoxia_lowest > 0)
    lasting = (signs.hypotension_lowest > 0).ifelse(signs.vasopressor_until, ibis.null("float64"))
    return signs.mutate(sign=signs.fever_seen | hypotension_seen | hypoxia_seen, sign_until=lasting)


def graded(table: ibis.Table, signs: Sequence[Sign] = SIGNS) -> ibis.Table:
    """The moments with lowest and highest grade; null where no sign is known.

    A vasopressor started between assessments adds what is certain; what nobody looked at then is not held possible.
    """
    fever_lowest = ibis.coalesce(table.fever, 0)
    fever_highest = ibis.coalesce(table.fever, 1)
    lowest = ibis.greatest(fever_lowest, table.hypotension_lowest, table.hypoxia_lowest)
    highest = ibis.greatest(fever_highest, table.hypotension_highest, table.hypoxia_highest)
    known = table.vasopressors + table.vasopressin > 0
    for sign in signs:
        known = known | table[sign.name].notnull()
    bounded = table.mutate(
        known=known,
        fever_lowest=fever_lowest,
        fever_highest=fever_highest,
        lowest=table.open_lowest.ifelse(lowest, 0),
        highest=table.open_highest.ifelse(highest, 0),
    )
    pairs = ("fever", "hypotension", "hypoxia", "")
    names = [(f"{pair}_lowest".lstrip("_"), f"{pair}_highest".lstrip("_")) for pair in pairs]
    certain = {high: bounded.assessed.ifelse(bounded[high], bounded[low]) for low, high in names}
    return bounded.mutate(**certain)


def by_day(table: ibis.Table) -> ibis.Table:
    """The worst of each day that has an assessment."""
    known = table.filter(table.known)
    unsaid = (known.gate.isnull() & known.assessed).ifelse(1, 0).max()
    day = known.group_by(*DAY_KEYS).aggregate(
        assessed=known.assessed.ifelse(1, 0).max(),
        lowest=known.lowest.max(),
        highest=known.highest.max(),
        fever=agreed(known.fever_lowest.max(), known.fever_highest.max()) == 1,
        hypotension=agreed(known.hypotension_lowest.max(), known.hypotension_highest.max()),
        hypoxia=agreed(known.hypoxia_lowest.max(), known.hypoxia_highest.max()),
        gate=known.gate.max(),
        gate_unsaid=unsaid,
        episode=known.in_episode.ifelse(known.episode_number, ibis.null("int32")).max(),
        long_episode=known.in_long_episode.ifelse(known.long_number, ibis.null("int32")).max(),
    )
    day = day.filter(day.assessed == 1)
    closed_or_not = (day.gate == 0) & (day.gate_unsaid == 1)
    return day.mutate(gate=closed_or_not.ifelse(ibis.null("string"), fever_gate.word(day.gate)))


def results(day: ibis.Table) -> ibis.Table:
    """The columns under the names of the definition."""
    columns = {
        NAME: day.grade,
        f"{NAME}__lowest": day.lowest,
        f"{NAME}__highest": day.highest,
        f"{NAME}__fever": day.fever,
        f"{NAME}__hypotension": day.hypotension,
        f"{NAME}__hypoxia": day.hypoxia,
        f"{NAME}__gate": day.gate,
        f"{NAME}__episode": day.episode,
        f"{NAME}__episode_within_7_days": day.long_episode,
        f"{NAME}__recorded": day.recorded,
        f"{NAME}__disagrees": day.disagrees,
    }
    types = {NAME + output.suffix: output.type for output in OUTPUTS}
    return day.select(*DAY_KEYS, **{name: column.cast(types[name]) for name, column in columns.items()})


OUTPUTS = (
    Output("", "0 none to 4, 5 death from the syndrome; null where the bounds differ or nothing is recorded"),
    Output("__lowest", "lowest grade that what is recorded allows; null where nothing is recorded"),
    Output("__highest", "highest grade that what is recorded allows; null where nothing is recorded"),
    Output(
        "__fever",
        "whether there was 38.0 degC or more, not due to another cause; null where unknown",
        "boolean",
        item=True,
    ),
    Output(
        "__hypotension",
        "worst hypotension of the day, 0 or 2 to 4, whatever the gate; null where it cannot be said",
        item=True,
    ),
    Output(
        "__hypoxia", "worst hypoxia of the day, 0 or 2 to 4, whatever the gate; null where it cannot be said", item=True
    ),
    Output(
        "__gate",
        "what let hypotension and hypoxia count: fever, within_hours_of_fever, after_treatment, or closed; the widest "
        "of the day; null where it cannot be said",
        "string",
    ),
    Output("__episode", "running number of the last episode of the day; null outside episodes", "int32"),
    Output(
        "__episode_within_7_days",
        "the same where signs less than 7 days (long_episode_gap_hours) apart are one episode; null outside episodes",
        "int32",
    ),
    Output("__recorded", "worst grade that a clinician recorded on the day; null where none"),
    Output("__disagrees", "whether the recorded grade lies outside the bounds; null if either is unknown", "boolean"),
)

DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name=NAME,
        title="CRS (ASTCT)",
        instrument="ASTCT CRS",
        version="2019",
        citation=Citation("Lee DW et al. Biol Blood Marrow Transplant 2019;25:625-638", "10.1016/j.bbmt.2018.12.758"),
        status=Status.CONSENSUS,
        certainty=Certainty.VERIFIED,
        population="adults and children after immune effector cells",
        grain=Grain.DAY,
        outputs=OUTPUTS,
        rows=rows,
        parameters=PARAMETERS,
        rules=(
            Rule("temperature", "fever, not due to another cause", "degC", (("≥", FEVER, 1),)),
            Rule("hypotension", "hypotension without vasopressor", "", (("≥", 1, 2),)),
            Rule("vasopressors", "vasopressors at once, vasopressin not counted", "", (("≥", 2, 4), ("≥", 1, 3))),
            Rule("low_flow", "oxygen by nasal cannula, or blow-by", "L/min", (("≤", axes.LOW_FLOW, 2),)),
            Rule("high_flow", "oxygen by nasal cannula", "L/min", ((">", axes.LOW_FLOW, 3),)),
            Rule("mask", "facemask, non-rebreather, Venturi or high-flow nasal cannula", "", (("≥", 1, 3),)),
            Rule("positive_pressure", "CPAP, BiPAP or mechanical ventilation", "", (("≥", 1, 4),)),
        ),
        highest=5,
        monotone=False,
        choices=(
            "Fever must have been measured within gate_hours, in the same episode; the source does not say how long.",
            "After an antipyretic, a blocker of interleukin 6, its receptor or interleukin 1, or a steroid, given at "
            "or after the first fever of an episode, fever is no longer required until the episode ends.",
            "Vasopressin alone is grade 3; midodrine and other drugs by mouth are not vasopressors.",
            "A start of a vasopressor between assessments is graded too, with what is certain at that time.",
            "A vasopressor without end lasts until the end of its date; one with a date only counts on the whole date.",
            "CPAP or BiPAP used at home does not count; mechanical ventilation counts also where one of them is used "
            "at home.",
            "What a sign is attributed to holds for the date on which it is recorded; unattributed signs count.",
            "Where only dates are known, a fever of the same date is simultaneous, one of the date before leaves the "
            "gate open or closed, and an episode ends with a whole date without sign.",
            "Grade 5 is a cause of death that names CRS or cytokine release syndrome (from memory, high confidence).",
        ),
        needs=("assessments",),
    ),
)
