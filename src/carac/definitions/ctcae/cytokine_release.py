"""CTCAE 5.0 and 6.0: the term "cytokine release syndrome" [10052015].

Source: National Cancer Institute, Common Terminology Criteria for Adverse Events, versions 5.0 (2017) and 6.0 (2025).
Inputs: those of the ASTCT grade (`astct_crs`); for 5.0 also inspired oxygen (%); a judged item for grade 4; death and
its cause.
Values: 0 none; 1 fever; 2 hypotension that responds to fluids, or hypoxia that responds to less than 40 % oxygen (5.0)
or to low flow or blow-by (6.0); 3 hypotension managed with one vasopressor, or hypoxia that needs 40 % oxygen or more
(5.0), high flow, a mask or Venturi (6.0); 4 life-threatening; 5 death. Null where the lowest and the highest possible
grade differ, or nothing is recorded.
6.0 words oxygen as ASTCT does; 5.0 counts it by its share, so that oxygen without that share leaves 2 and 3.
Open in the source: whether fever is needed beyond grade 1 (`fever_gate`), and what is life-threatening: several
vasopressors or positive pressure here, as in ASTCT, or the judged item.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ibis

from carac.definitions.ctcae.judged import at_least_judged, judged_days
from carac.definitions.ctcae.terms import Version
from carac.definitions.ctcae.version_5 import VERSION_5
from carac.definitions.ctcae.version_6 import VERSION_6
from carac.definitions.cytokine_release import astct_crs as astct
from carac.definitions.cytokine_release import axes, fever_gate
from carac.language.comparisons import Interval, above, at_least
from carac.language.daily_grades import DAY_KEYS, with_records_and_deaths
from carac.language.definition import Certainty, Definition, Output, Rule, Status, Tables
from carac.language.episodes import numbered
from carac.language.signs import Sign
from carac.parameters import Parameter, Values
from carac.vocabulary.types import Grain

#: Inspired oxygen in %; 40 itself is grade 3.
MUCH_OXYGEN = 40.0
ROOM_AIR = 21.0
#: What the rule of thumb adds the litres by nasal cannula to, in %.
WITHOUT_CANNULA = 20.0
INSPIRED = Sign("fio2")
LIFE_THREATENING = ("crs_life_threatening", {"yes": 4})

FEVER_GATE = Parameter(
    "fever_gate",
    True,
    "whether hypotension and hypoxia count only as long as the fever gate of ASTCT is open",
    source="proposal of carac: CTCAE prints no gate, but oxygen for another reason is no cytokine release",
)
PER_LITRE = Parameter(
    "percent_per_litre",
    0,
    "inspired oxygen (%) that each L/min by nasal cannula adds to 20 where none is recorded; 0 estimates nothing",
    lowest=0,
    highest=5,
    source="4 is a common rule of thumb; CTCAE is silent",
)
SHARED = (astct.GATE, astct.GAP, astct.CARRY, astct.ALONE, astct.FIRST_DAY)


def parameters(version: Version) -> tuple[Parameter, ...]:
    """The open choices of a version."""
    return (FEVER_GATE, *((PER_LITRE,) if version is VERSION_5 else ()), *SHARED)


def hypoxia_by_share(table: ibis.Table, per_litre: float) -> Interval:
    """Hypoxia by the share of oxygen, 0 to 4, as 5.0 prints it; oxygen whose share is not known is 2 or 3.

    Positive pressure is 4 as in ASTCT, and 0 where it is used at home. A share alone may have been given by it.
    """
    device, flow, percent = table.oxygen_device, table.oxygen_flow, table.fio2
    if per_litre:
        cannula = device == axes.NASAL_CANNULA
        percent = ibis.coalesce(percent, cannula.ifelse(WITHOUT_CANNULA + per_litre * flow, ibis.null("float64")))
    by_device = axes.hypoxia(table)
    none = (by_device.high == 0) | (device.isnull() & ~ibis.coalesce(above(percent, ROOM_AIR), True))
    pressure = ibis.coalesce(device >= axes.POSITIVE_PRESSURE, False)
    some = device.notnull() | (by_device.low > 0) | ibis.coalesce(above(percent, ROOM_AIR), False)
    much = at_least(percent, MUCH_OXYGEN)
    lowest = ibis.cases(
        (none, 0), (pressure, by_device.low), (some, ibis.coalesce(much, False).ifelse(3, 2)), else_=by_device.low
    )
    highest = ibis.cases(
        (none, 0), (pressure | device.isnull(), by_device.high), else_=ibis.coalesce(much, True).ifelse(3, 2)
    )
    other_cause = ibis.coalesce(table.hypoxia_due_to_crs, 1) == 0
    return Interval(other_cause.ifelse(0, lowest), other_cause.ifelse(0, highest))


def rows(version: Version, tables: Tables, values: Values) -> ibis.Table:
    """One row per infusion and day that has an assessment, a judgement, a recorded grade, or death from it."""
    name = f"{version.prefix}_crs"
    chosen: dict[str, Any] = {p.name: values.get(p.name, p.default) for p in parameters(version)}
    signs, by_oxygen = _oxygen(version, chosen)
    observed = astct.with_observations(tables, chosen, (*signs, *axes.ATTRIBUTIONS))
    seen = numbered(astct.with_axes(observed, tables, chosen, by_oxygen), chosen["episode_gap_hours"])
    gated = fever_gate.with_gate(seen, chosen["gate_hours"])
    if not chosen["fever_gate"]:
        gated = gated.mutate(open_lowest=ibis.literal(True), open_highest=ibis.literal(True))
    gated = gated.mutate(long_number=gated.episode_number, in_long_episode=gated.in_episode)
    day = astct.by_day(astct.graded(gated, signs))
    day = at_least_judged(day, judged_days(tables.assessments, *LIFE_THREATENING))
    day = with_records_and_deaths(day, tables, name, astct.CAUSES)
    shown = {"": day.grade} | {f"__{column}": day[column] for column in SHOWN}
    types = {output.suffix: output.type for output in OUTPUTS}
    return day.select(*DAY_KEYS, **{name + end: column.cast(types[end]) for end, column in shown.items()})


def _oxygen(
    version: Version, chosen: dict[str, Any]
) -> tuple[tuple[Sign, ...], Callable[[ibis.Table], Interval] | None]:
    """The signs, and how hypoxia is graded; None as ASTCT does."""
    if version is VERSION_6:
        return astct.SIGNS, None
    return (*astct.SIGNS, INSPIRED), lambda table: hypoxia_by_share(table, float(chosen["percent_per_litre"]))


OUTPUTS = (
    Output("", "0 none, 1 to 4, 5 death from the syndrome; null where the bounds differ or nothing is recorded"),
    Output("__lowest", "lowest grade that what is recorded allows; null where nothing is recorded"),
    Output("__highest", "highest grade that what is recorded allows; null where nothing is recorded"),
    Output(
        "__fever",
        "whether there was 38.0 degC or more, not due to another cause; null where unknown",
        "boolean",
        item=True,
    ),
    Output("__hypotension", "worst hypotension of the day, whatever the gate; null where it cannot be said", item=True),
    Output("__hypoxia", "worst hypoxia of the day, whatever the gate; null where it cannot be said", item=True),
    Output("__judged", "4 where it was judged life-threatening; null where nobody did", item=True),
    Output("__recorded", "worst grade that a clinician recorded on the day; null where none"),
)
SHOWN = tuple(output.suffix.removeprefix("__") for output in OUTPUTS if output.suffix)


def _hypoxia_rules(version: Version) -> tuple[Rule, ...]:
    if version is VERSION_5:
        return (
            Rule("oxygen", "inspired oxygen under which hypoxia responds", "%", (("<", MUCH_OXYGEN, 2),)),
            Rule("much_oxygen", "inspired oxygen that hypoxia needs", "%", (("≥", MUCH_OXYGEN, 3),)),
        )
    return (
        Rule("low_flow", "oxygen by nasal cannula, or blow-by", "L/min", (("≤", axes.LOW_FLOW, 2),)),
        Rule("high_flow", "oxygen by nasal cannula", "L/min", ((">", axes.LOW_FLOW, 3),)),
        Rule("mask", "facemask, non-rebreather, Venturi or high-flow nasal cannula", "", (("≥", 1, 3),)),
    )


def _definition(version: Version) -> Definition:
    oxygen = (
        "Oxygen whose share is not recorded leaves grades 2 and 3, unless percent_per_litre estimates it."
        if version is VERSION_5
        else "Low flow is 6 L/min by nasal cannula or less, as in ASTCT, whose words 6.0 takes."
    )
    return Definition(
        name=f"{version.prefix}_crs",
        title=f"CTCAE {version.number} cytokine release syndrome",
        instrument="CTCAE CRS",
        version=version.number,
        citation=version.citation,
        status=Status.CONSENSUS,
        certainty=Certainty.VERIFIED,
        population="adults and children",
        grain=Grain.DAY,
        outputs=OUTPUTS,
        rows=lambda tables, values: rows(version, tables, values),
        parameters=parameters(version),
        rules=(
            Rule("temperature", "fever, not due to another cause", "degC", (("≥", astct.FEVER, 1),)),
            Rule("hypotension", "hypotension that responds to fluids", "", (("≥", 1, 2),)),
            Rule("vasopressors", "vasopressors at once, vasopressin not counted", "", (("≥", 2, 4), ("≥", 1, 3))),
            *_hypoxia_rules(version),
            Rule("positive_pressure", "CPAP, BiPAP or mechanical ventilation", "", (("≥", 1, 4),)),
            Rule("life_threatening", "life-threatening, urgent intervention: judged", "", (("=", 1, 4),)),
        ),
        highest=5,
        monotone=False,
        choices=(
            "CTCAE prints no fever gate: that of ASTCT is taken (fever_gate); signs, their times and their attribution "
            "are read as for astct_crs.",
            oxygen,
            "Several vasopressors and positive pressure stand for life-threatening consequences with urgent "
            "intervention, of which CTCAE gives no example; a judged item says the same whatever the signs.",
            "Organ toxicities are no part of the term.",
        ),
        needs=("assessments",),
    )


DEFINITIONS: tuple[Definition, ...] = (_definition(VERSION_5), _definition(VERSION_6))
