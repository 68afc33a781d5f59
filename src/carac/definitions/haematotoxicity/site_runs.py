"""A run of low days with thresholds of a site: days under one cut-point after infusion, graded by their number.

The window, the gaps and the joining are those of ICAHT, and so are their parameters; the source of the thresholds is
the site's own file. Null is not grade 0: days without a count leave a range.
"""

from __future__ import annotations

import ibis

from carac.definitions.haematotoxicity import (
    KEYS,
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
    word,
)
from carac.language.bands import Bands
from carac.language.comparisons import Interval
from carac.language.definition import Output, Tables, Values
from carac.language.runs import duration, joined_runs
from carac.parameters import Parameter, Value, whole
from carac.vocabulary.types import Laboratory


def run_choices(first_day: int, last_day: int, comparator: str, join_gap: int) -> tuple[Parameter, ...]:
    """The parameters of a run: as for ICAHT, with the window, the comparator and the joining of the site."""
    return (
        *window_parameters(first_day, last_day, ("death", "follow_up_end"), "the site"),
        comparator_parameter(comparator, "the site"),
        *run_parameters("longest_joined", join_gap, "linear", 7, "nearest", "the site"),
    )


def run_outputs(unit: str, days: str) -> tuple[Output, ...]:
    """The columns of a run."""
    return (
        *shared_outputs("grade by the number of low days.", unit, days, "there is no count in the window"),
        Output("__duration__lowest", "fewest low days, by the duration rule", "int32", "d"),
        Output("__duration__highest", "most low days, by the duration rule", "int32", "d"),
    )


def run_rows(
    name: str, source: Laboratory, factor: float, threshold: float, grades: Bands, tables: Tables, values: Values
) -> ibis.Table:
    """The grade per infusion.

    Parameters
    ----------
    name: of the definition.
    source, factor: the count, and from its canonical unit to that of the threshold.
    threshold: what a low count lies under; ties by the parameter ``comparator``.
    grades: of the number of low days.
    tables, values: as a definition gets them.
    """
    windows = limits(tables, values)
    tests = counts(tables, windows, values, source, factor)
    days = every_day(tests, values)
    flags = low_flags(Interval(days.low, days.high), word(values, "comparator"), threshold)
    surely, maybe = flags
    days = days.mutate(**flags)
    runs = joined_runs(days.filter(days[maybe]), KEYS, "day", list(flags), whole(values, "join_gap"))
    lengths = {flag: duration(runs, "day", flag, word(values, "duration")) for flag in flags}
    lows = runs.group_by(*KEYS).aggregate(**lengths)
    absent: dict[str, Value] = dict.fromkeys(lengths, 0)
    graded = beside(windows, (tests_done(tests), {"counts": 0}), (lows, absent))
    columns = {"duration__lowest": graded[surely], "duration__highest": graded[maybe]}
    low, high = grades.points(graded[surely]), grades.points(graded[maybe])
    return result(tables, name, graded, columns, low, high, graded.counts > 0)
