"""Thrombocytopenia after infusion as immune effector cell-associated haematotoxicity (T-ICAHT), 2025.

Sources: Rejeski K, Sanz J, Fei T, et al. Blood 2025;146:834-846, doi:10.1182/blood.2025028833 (`as_printed`: table and
footnotes); the authors' R vignette "T-ICAHT coding" (`as_in_authors_code`).

Input: lowest platelet count of each day, 10^9/L.
Output: grade 0 to 4, early (day 0 to 30, in the vignette to 37) and late (day 31 to 100). Null is not grade 0: it means
that there is no count in the window (late: fewer than two), or that more than one grade is possible.

Choices that the source leaves open, each a parameter: whether 50 and 20 themselves count; cumulated days, with or
without short recoveries, or the longest streak; how days without a count are filled; where the early window ends; how
two late tests are asked for; what ends the window; counts after a platelet transfusion.

The versions differ in these: printed thresholds are < 50, < 20 and < 100, in the vignette <=; printed time is
cumulative, with recoveries of one or two days counted, in the vignette the longest streak, joined over six days;
printed nothing is filled, in the vignette every gap takes the mean of its neighbours, and the early window reads and
grades days 31 to 37 too; printed the window ends at progression, next therapy or death, in the vignette with
progression-free survival (progression, death or last follow-up).
"""

from __future__ import annotations

from functools import partial

import ibis
import ibis.expr.types as ir

from carac.definitions.haematotoxicity import (
    KEYS,
    NO_LIMIT,
    Alternatives,
    beside,
    comparator_parameter,
    counts,
    every_day,
    limits,
    low_flags,
    result,
    run_parameters,
    shared_outputs,
    tests_done,
    window_parameters,
    without_days_after,
    word,
)
from carac.language.bands import Bands
from carac.language.comparisons import Interval, agreed
from carac.language.definition import Certainty, Citation, Definition, Output, Rule, Status, Tables
from carac.language.runs import duration, joined_runs
from carac.parameters import Parameter, Value, Values, whole
from carac.vocabulary.types import Grain, Laboratory, Worse

PLATELETS = Laboratory("platelets", Worse.LOWER)

MODERATE, SEVERE = 50, 20
MODERATE_DAYS = Bands(at_least={7: 2, 1: 1})
SEVERE_DAYS = Bands(at_least={14: 4, 1: 3})
LATE_GRADES = {20: 3, 50: 2, 100: 1}
LATE_LONGEST = Bands(at_least={14: 4})

PRINTED, CODE = "as_printed", "as_in_authors_code"
SOURCE = "catalogue 2.2"
TRANSFUSION_CLASS = "platelet_transfusion"
TRANSFUSION_DAYS = {"none": 0, "drop_24h": 1, "drop_72h": 3}


def _counts(tables: Tables, windows: ibis.Table, values: Values) -> ibis.Table:
    """The counts of the window, without those after a transfusion where that is asked for."""
    rows = counts(tables, windows, values, PLATELETS)
    days_after = TRANSFUSION_DAYS[word(values, "transfusion_adjust")]
    return without_days_after(rows, tables.treatments, TRANSFUSION_CLASS, days_after) if days_after else rows


def _early(name: str, tables: Tables, values: Values) -> ibis.Table:
    """Early T-ICAHT per infusion."""
    windows = limits(tables, values, whole(values, "read_to_day"))
    tests = _counts(tables, windows, values)
    days = every_day(tests, values)
    flagged = {
        flag: low
        for threshold in (MODERATE, SEVERE)
        for flag, low in low_flags(Interval(days.low, days.high), word(values, "comparator"), threshold).items()
    }
    days = days.mutate(**flagged)
    # The other flags hold only where this one does.
    runs = joined_runs(days.filter(days[f"maybe_{MODERATE}"]), KEYS, "day", list(flagged), whole(values, "join_gap"))
    durations = {flag: duration(runs, "day", flag, word(values, "duration")) for flag in flagged}
    lows = runs.group_by(*KEYS).aggregate(
        unknown=runs.low.isnull().ifelse(1, 0).sum().cast("int32"),
        first_low=runs.surely_50.ifelse(runs.day, ibis.null("int32")).min(),
        **durations,
    )
    graded = beside(windows, (tests_done(tests), {"counts": 0}), (lows, {"unknown": 0} | dict.fromkeys(durations, 0)))
    lowest, highest = (
        ibis.greatest(
            MODERATE_DAYS.points(graded[f"{sure}_{MODERATE}"]), SEVERE_DAYS.points(graded[f"{sure}_{SEVERE}"])
        )
        for sure in ("surely", "maybe")
    )
    columns: dict[str, ir.Value] = {
        f"duration_{threshold}__{end}": graded[f"{sure}_{threshold}"]
        for threshold in (MODERATE, SEVERE)
        for sure, end in (("surely", "lowest"), ("maybe", "highest"))
    }
    columns |= {"first_day": graded.first_low, "last_day": graded.graded_to, "days_unknown": graded.unknown}
    return result(tables, name, graded, columns, lowest, highest, graded.counts > 0)


def _late(name: str, tables: Tables, values: Values) -> ibis.Table:
    """Late T-ICAHT per infusion: tests under a threshold for grades 1 to 3, days under 20 for grade 4."""
    comparator = word(values, "comparator")
    windows = limits(tables, values, whole(values, "read_to_day"))
    tests = _counts(tables, windows, values)
    # A day without a count is no test, and a filled day neither.
    low_tests = {
        f"test_{flag}": low.ifelse(1, 0).sum().cast("int32")
        for threshold in LATE_GRADES
        for flag, low in low_flags(Interval(tests.low, tests.high), comparator, threshold).items()
    }
    widen = word(values, "late_unknown_days") == "widen"
    days = every_day(tests, values) if widen or word(values, "imputation") != "none" else tests
    flagged = low_flags(Interval(days.low, days.high), comparator, SEVERE, unknown_may_be_low=widen)
    days = days.mutate(**flagged)
    runs = joined_runs(days.filter(days[f"maybe_{SEVERE}"]), KEYS, "day", list(flagged), whole(values, "join_gap"))
    durations = {flag: duration(runs, "day", flag, word(values, "duration")) for flag in flagged}
    graded = beside(
        windows,
        (tests_done(tests, **low_tests), {"counts": 0}),
        (runs.group_by(*KEYS).aggregate(**durations), dict.fromkeys(durations, 0)),
    )
    needed = 2 if word(values, "late_rule") == "two_below_threshold" else 1
    lowest, highest = (_late_grade(graded, sure, needed) for sure in ("surely", "maybe"))
    columns: dict[str, ir.Value] = {"counts": graded.counts}
    columns |= {
        f"counts_{threshold}": agreed(graded[f"test_surely_{threshold}"], graded[f"test_maybe_{threshold}"])
        for threshold in LATE_GRADES
    }
    columns |= {
        f"duration_{SEVERE}__{end}": graded[f"{sure}_{SEVERE}"]
        for sure, end in (("surely", "lowest"), ("maybe", "highest"))
    }
    enough = graded.counts >= whole(values, "late_minimum_values")
    return result(tables, name, graded, columns, lowest, highest, enough)


def _late_grade(graded: ibis.Table, sure: str, needed: int) -> ir.IntegerValue:
    """The worst of the tests under each threshold and the days under 20."""
    tests = ibis.cases(
        *(
            (graded[f"test_{sure}_{threshold}"] >= needed, ibis.literal(grade, "int8"))
            for threshold, grade in LATE_GRADES.items()
        ),
        else_=ibis.literal(0, "int8"),
    )
    return ibis.greatest(tests, LATE_LONGEST.points(graded[f"{sure}_{SEVERE}"]))


def _parameters(preset: str, early: bool) -> tuple[Parameter, ...]:
    code = preset == CODE
    censoring = ("death", "follow_up_end", "progression") if code else ("death", "progression", "next_therapy")
    first_day, last_day = (0, 37 if code else 30) if early else (31, 100)
    return (
        *window_parameters(first_day, last_day, censoring, SOURCE),
        Parameter(
            "read_to_day",
            last_day,
            "days up to this one are read to fill gaps, though graded only to last_day",
            lowest=0,
            source=SOURCE,
        ),
        comparator_parameter("<=" if code else "<", "catalogue 12 #2"),
        *run_parameters(
            "longest_joined" if code else "cumulative_with_gaps",
            6 if code else 2,
            "mean_of_neighbours" if code else "none",
            NO_LIMIT,
            "nearest" if early else "unknown",
            SOURCE,
        ),
        Parameter(
            "transfusion_adjust",
            "none",
            "whether counts of the day (24h) or the three days (72h) after a platelet transfusion are left out",
            tuple(TRANSFUSION_DAYS),
            source=SOURCE,
        ),
        *(() if early else _late_only()),
    )


def _late_only() -> tuple[Parameter, ...]:
    return (
        Parameter(
            "late_rule",
            "two_below_threshold",
            "whether a late grade of 1 to 3 needs two counts under that threshold, or any one if there are two tests",
            ("two_below_threshold", "any_one_if_two_tests"),
            source="catalogue 14 P5",
        ),
        Parameter("late_minimum_values", 2, "days with a count that a late grade needs", lowest=1, source=SOURCE),
        Parameter(
            "late_unknown_days",
            "not_counted",
            "whether late days without a count are left out, or may each have been under 20 and so widen the range",
            ("not_counted", "widen"),
            source="catalogue 14 P4",
        ),
    )


PRINTED_CITATION = Citation("Rejeski K, Sanz J, Fei T, et al. Blood 2025;146:834-846", doi="10.1182/blood.2025028833")
CODE_CITATION = Citation(
    'Rejeski K, Sanz J, Fei T, et al. Blood 2025;146:834-846, computed as in the authors\' R vignette "T-ICAHT coding"',
    doi="10.1182/blood.2025028833",
)


def _durations(thresholds: tuple[int, ...], null: str) -> tuple[Output, ...]:
    """Days under each threshold, fewest and most."""
    return tuple(
        Output(
            f"__duration_{threshold}__{end}",
            f"days under {threshold} x 10^9/L by the duration rule, days still unknown taken as {taken}; {null}",
            "int32",
            "d",
        )
        for threshold in thresholds
        for end, taken in (("lowest", "not low"), ("highest", "low where they widen the range"))
    )


EARLY_OUTPUTS = (
    *shared_outputs(
        "0 no day under 50 x 10^9/L; 1 under 50 for 1 to 6 days; 2 for 7 or more; 3 under 20 for 1 to 13 days; 4 for "
        "14 or more.",
        "10^9/L",
        "day 0 to last_day, to the censoring event if earlier",
        "the window has no count",
    ),
    *_durations((MODERATE, SEVERE), "null without a count"),
    Output("__first_day", "first day surely under 50, measured or filled; null where there is none", "int32", "d"),
    Output("__last_day", "last day of the window that was graded; null without a count", "int32", "d"),
    Output("__days_unknown", "days that stay without a count after filling; null without a count", "int32", "d"),
)
LATE_OUTPUTS = (
    *shared_outputs(
        "0 fewer than two counts under 100 x 10^9/L; 1 two counts under 100; 2 two under 50; 3 two under 20; "
        "4 under 20 for 14 days or more.",
        "10^9/L",
        "day 31 to 100, to the censoring event if earlier",
        "the window has fewer counts than late_minimum_values",
    ),
    Output("__counts", "days of the window with a count", "int32"),
    *(
        Output(
            f"__counts_{threshold}", f"counts under {threshold} x 10^9/L; null where a range leaves it open", "int32"
        )
        for threshold in LATE_GRADES
    ),
    *_durations((SEVERE,), "null with too few counts"),
)


def _rules(name: str, early: bool, under: str) -> tuple[Rule, ...]:
    """The criteria as data; `under` is the comparator of the preset."""
    if early:
        return tuple(
            Rule(
                f"days_under_{threshold}",
                f"days with platelets {under} {threshold} x 10^9/L, by the duration rule",
                "d",
                tuple((cut.comparison, cut.constant, cut.points) for cut in bands.cuts),
                column=f"{name}__duration_{threshold}__lowest",
            )
            for threshold, bands in ((MODERATE, MODERATE_DAYS), (SEVERE, SEVERE_DAYS))
        )
    tests = tuple(
        Rule(
            f"counts_under_{threshold}",
            f"counts {under} {threshold} x 10^9/L",
            "",
            (("≥", 2, grade),),
            column=f"{name}__counts_{threshold}",
        )
        for threshold, grade in LATE_GRADES.items()
    )
    longest = Rule(
        f"days_under_{SEVERE}",
        f"days with platelets {under} {SEVERE} x 10^9/L, by the duration rule",
        "d",
        tuple((cut.comparison, cut.constant, cut.points) for cut in LATE_LONGEST.cuts),
        column=f"{name}__duration_{SEVERE}__lowest",
    )
    return (*tests, longest)


EARLY_CHOICES = (
    "50 and 20 themselves: the table prints <, the vignette computes <=.",
    "Duration: the table cumulates time under the threshold and counts recoveries of one or two days between two low "
    "days; the vignette takes the longest streak, joined over up to six days.",
    "Days without a count: the table says nothing, so that each is once low and once not and widens the range; the "
    "vignette gives each the mean of its neighbours, and the nearest count at the ends.",
    "The vignette reads days 31 to 37 as well and takes the worst of all 38 days; last_day 30 grades 31 days only.",
    "The window ends at progression, next therapy or death (table), or with progression-free survival, which ends at "
    "last follow-up too (vignette). As printed, days after last follow-up are days without a count.",
    "Neither version adjusts for platelet transfusion. Counts of the days after one can be left out; the rule of seven "
    "days free of transfusion is not computed.",
)
LATE_CHOICES = (
    "100, 50 and 20 themselves: the table prints <, the vignette computes <=.",
    "Two tests: both versions ask for two counts under the threshold of the grade; the other reading takes any one "
    "count if two tests exist.",
    "Grade 4 asks for 14 days under 20, cumulated with short recoveries (table) or as the longest streak joined over "
    "six days, with gaps between counts filled but nothing before the first or after the last (vignette).",
    "Late counts are sparse. By default a day without a count is left out, so that as printed grade 4 needs nearly "
    "daily counts and is likely to be missed; late_unknown_days widen shows the grade 4 that the unknown days allow.",
    "The window ends at progression, next therapy or death (table), or with progression-free survival (vignette).",
    "Neither version adjusts for platelet transfusion. Counts of the days after one can be left out.",
)


def _definition(when: str, preset: str) -> Definition:
    early = when == "early"
    name = f"t_icaht_{when}_{preset}"
    printed = preset == PRINTED
    return Definition(
        name=name,
        title=f"{when.capitalize()} T-ICAHT ({'from day 0' if early else 'day 31 to 100'}), {preset.replace('_', ' ')}",
        instrument="T-ICAHT",
        version=f"2025, {preset.replace('_', ' ')}",
        citation=PRINTED_CITATION if printed else CODE_CITATION,
        status=Status.CONSENSUS if printed else Status.CONVENTION,
        certainty=Certainty.VERIFIED,
        population="patients after infusion of CAR T-cells",
        grain=Grain.INFUSION,
        inputs=(PLATELETS,),
        outputs=EARLY_OUTPUTS if early else LATE_OUTPUTS,
        rows=partial(_early if early else _late, name),
        parameters=_parameters(preset, early),
        rules=_rules(name, early, "<" if printed else "≤"),
        lowest=0,
        highest=4,
        choices=EARLY_CHOICES if early else LATE_CHOICES,
    )


DEFINITIONS = tuple(_definition(when, preset) for when in ("early", "late") for preset in (PRINTED, CODE))

#: Other values for a sensitivity analysis; words and booleans come from the parameters themselves. The window stays.
ALTERNATIVES = Alternatives(
    numbers={"join_gap": (0, 2, 6), "maximum_gap": (0, 3, 7), "late_minimum_values": (1,)},
    idle={
        "maximum_gap": ("imputation", "none"),
        "end_gaps": ("imputation", "none"),
        "join_gap": ("duration", "cumulative"),
    },
)
#: Where the early window ends differs between table and vignette.
EARLY_LAST_DAYS: tuple[Value, ...] = (30, 37)


def sensitivity_sets() -> dict[str, list[dict[str, Value]]]:
    """Per definition: the preset (no change), then each parameter alone at each of its other meaningful values."""
    sets = {definition.name: ALTERNATIVES.of(definition) for definition in DEFINITIONS}
    for definition in DEFINITIONS:
        default = next(p.default for p in definition.parameters if p.name == "last_day")
        if default in EARLY_LAST_DAYS:
            sets[definition.name] += [{"last_day": day} for day in EARLY_LAST_DAYS if day != default]
    return sets
