"""Neutropenia refractory to growth factor: severe on so many days in a row in spite of it. A proposal of carac's own.

Source: none has an algorithm; "refractory" in IEC-HS has no number (catalogue 14, P16). Severe is 500/uL or less, as in
ICAHT, gaps between counts are filled as there: Rejeski K et al. Blood 2023;142:865-877. doi:10.1182/blood.2023020578.
Inputs: the lowest neutrophil count of each day (cells/uL); filgrastim and pegfilgrastim.
Values: the day that completes the first so many days in a row that are severe and under growth factor; null where there
is none, or it is not known; `__status` says which. The first week, when lymphodepletion alone keeps neutrophils low, is
not read. Every constant is a parameter.
Five drawn courses that it gets right and two that it does not are in tests/cases/neutrophil_refractoriness.toml.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.definitions.haematotoxicity import (
    counts,
    every_day,
    limits,
    run_parameters,
    window_parameters,
)
from carac.language.comparisons import at_most
from carac.language.definition import Certainty, Citation, Definition, Output, Rule, Status, Tables, Values
from carac.language.runs import joined_runs
from carac.parameters import Parameter, numeric, whole
from carac.vocabulary.types import Exposure, Grain, Input, Laboratory, Worse

NAME = "neutrophil_refractoriness_proposal"
KEYS = ("patient_id", "infusion_number")
NEUTROPHILS = Laboratory("neutrophils", Worse.LOWER)
PER_MICROLITRE = 1000.0
SOURCE = "proposal of carac"
#: Neutrophils (/uL) up to which it is severe, and for how many days in a row.
SEVERE, DAYS = 500.0, 7

PARAMETERS = (
    *window_parameters(7, 100, ("death", "follow_up_end"), SOURCE),
    Parameter("severe_at_most", SEVERE, "neutrophils (/uL) up to which it is severe", lowest=1.0, source=SOURCE),
    Parameter("days_needed", DAYS, "severe days in a row under growth factor", lowest=1, highest=60, source=SOURCE),
    Parameter("filgrastim_days", 1, "days after filgrastim that are under it", lowest=0, highest=30, source=SOURCE),
    Parameter(
        "pegfilgrastim_days", 10, "days after pegfilgrastim that are under it", lowest=0, highest=30, source=SOURCE
    ),
    *run_parameters("longest_joined", 0, "linear", 7, "unknown", SOURCE)[2:],
)


def _growth_factors(values: Values) -> tuple[Exposure, ...]:
    days = {agent: whole(values, f"{agent}_days") for agent in ("filgrastim", "pegfilgrastim")}
    return tuple(Exposure(f"{a}_within_{n}_days", (a,), days_after=n) for a, n in days.items())


def _inputs(values: Values) -> tuple[Input, ...]:
    return (NEUTROPHILS, *_growth_factors(values))


def rows(tables: Tables, values: Values) -> ibis.Table:
    """One row per infusion."""
    every = tables.infusions.select(*KEYS)
    if "treatments" not in tables.present:
        nothing = ibis.null("int32")
        return every.select(*KEYS, **_columns(nothing, nothing, nothing, ibis.null("string")))
    windows = limits(tables, values)
    under = _under_growth_factor(tables, windows, values)
    runs = _severe_runs(under, every_day(counts(tables, windows, values, NEUTROPHILS, PER_MICROLITRE), values), values)
    given = under.group_by(*KEYS).aggregate(days_under=under.count())
    found = every.left_join(given, list(KEYS)).select(*KEYS, "days_under")
    found = found.left_join(runs, list(KEYS)).select(*found.columns, "earliest", "latest")
    earliest, latest = found.earliest.cast("int32"), found.latest.cast("int32")
    status = ibis.cases(
        (found.days_under.isnull(), "never_given"),
        (latest.notnull(), "refractory"),
        (earliest.isnull(), "not_refractory"),
        else_=ibis.null("string"),
    )
    return found.select(
        *KEYS, **_columns((earliest == latest).ifelse(latest, ibis.null("int32")), earliest, latest, status)
    )


def _columns(day: ir.Value, earliest: ir.Value, latest: ir.Value, status: ir.Value) -> dict[str, ir.Value]:
    return {NAME: day, f"{NAME}__lowest": earliest, f"{NAME}__highest": latest, f"{NAME}__status": status}


def _under_growth_factor(tables: Tables, windows: ibis.Table, values: Values) -> ibis.Table:
    """The days of the window that are under growth factor."""
    days = tables.days
    filgrastim, pegfilgrastim = (days[exposure.name] for exposure in _growth_factors(values))
    under = days.filter(filgrastim | pegfilgrastim).select(*KEYS, "day").inner_join(windows, list(KEYS))
    return under.filter(under.day >= under.window_start, under.day <= under.graded_to).select(*KEYS, "day")


def _severe_runs(under: ibis.Table, counted: ibis.Table, values: Values) -> ibis.Table:
    """The earliest day on which a run may be long enough, and on which one surely is."""
    severe = numeric(values, "severe_at_most")
    days = under.left_join(counted.select(*KEYS, "day", "low", "high"), [*KEYS, "day"])
    days = days.select(
        *under.columns,
        surely=at_most(days.high, severe).fill_null(False),
        # A day without a count may have been severe.
        maybe=at_most(days.low, severe).fill_null(True),
    )
    runs = joined_runs(days.filter(days.maybe), KEYS, "day", ("surely", "maybe"), 0)
    reached = {
        flag: (runs.day - runs[f"{flag}__start"] + 1 >= whole(values, "days_needed")).fill_null(False)
        for flag in ("surely", "maybe")
    }
    day = {flag: reached[flag].ifelse(runs.day, ibis.null("int32")) for flag in reached}
    return runs.group_by(*KEYS).aggregate(earliest=day["maybe"].min(), latest=day["surely"].min())


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name=NAME,
        title="Neutropenia refractory to growth factor",
        instrument="Refractory cytopenia",
        version="proposal",
        citation=Citation(
            "Proposal of carac, 2026; after Rejeski K et al. Blood 2023;142:865-877", "10.1182/blood.2023020578"
        ),
        status=Status.PROPOSAL,
        certainty=Certainty.LOW,
        population="recipients of CAR T cells who are given G-CSF",
        grain=Grain.INFUSION,
        inputs=_inputs({"filgrastim_days": 1, "pegfilgrastim_days": 10}),
        inputs_of=_inputs,
        typed_units=(("neutrophils", "/uL"),),
        outputs=(
            Output("", "day that completes the first run; null where there is none, or it is not known", "int32", "d"),
            Output("__lowest", "earliest possible such day; null where none is possible", "int32", "d"),
            Output("__highest", "earliest sure such day; null where none is sure", "int32", "d"),
            Output(
                "__status",
                "refractory, not_refractory, never_given; null where counts that are missing decide, or without "
                "treatments",
                "string",
            ),
        ),
        rows=rows,
        parameters=PARAMETERS,
        rules=(
            Rule(
                "severe",
                "neutrophils under growth factor",
                "/uL",
                (("≤", SEVERE, 1),),
                NEUTROPHILS.column,
                PER_MICROLITRE,
            ),
            Rule("days_needed", "severe days in a row", "d", (("≥", DAYS, 1),)),
        ),
        lowest=None,
        monotone=False,
        by_default=False,
        choices=(
            "No source has an algorithm: every constant is carac's own; 500/uL and filled gaps are those of ICAHT.",
            "A day is under growth factor on the day of a dose and so few days after it.",
            "A day without a count, also after filling, may have been severe: the day has a range.",
        ),
        needs=("treatments",),
    ),
)
