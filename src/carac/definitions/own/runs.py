"""How long a count was low, as a site states it."""

from __future__ import annotations

from functools import partial

from carac.definitions.haematotoxicity.site_runs import run_choices, run_outputs, run_rows
from carac.definitions.own.entries import COMMON, Entry
from carac.definitions.own.stated import SIGNS, analyte_of, grades_of, outputs_of, said_of
from carac.language.definition import Definition, Rule
from carac.vocabulary.types import Grain, Laboratory, Worse


def run(entry: Entry) -> Definition:
    """How long a count lay under a threshold after infusion: the longest joined run of low days, graded."""
    entry.only((*COMMON, "analyte", "unit", "below", "at_most", "first_day", "last_day", "join_gap", "days"))
    given = [key for key in ("below", "at_most") if key in entry.values]
    if len(given) != 1:
        raise entry.fault("a run needs one threshold: below or at_most.")
    source, unit, factor, title = analyte_of(entry, Worse.LOWER, Grain.DAY)
    assert isinstance(source, Laboratory)
    threshold = entry.number(given[0])
    first, last = entry.whole("first_day", 0, 0), entry.whole("last_day", 30, 0)
    if last < first:
        raise entry.fault("last_day lies before first_day.", "last_day")
    grades = grades_of(entry, "days")
    parameters = run_choices(first, last, "<" if given[0] == "below" else "<=", entry.whole("join_gap", 0, 0))
    sign = SIGNS[given[0]]
    rule = Rule(
        "days",
        f"days with {title} {sign} {threshold:g} {unit}",
        "d",
        grades.as_tuples,
        f"{entry.name}__duration__lowest",
    )
    return Definition(
        **said_of(entry, Grain.INFUSION),
        inputs=(source,),
        outputs=outputs_of(entry, run_outputs(unit, f"day {first} to {last}")),
        rows=partial(run_rows, entry.name, source, factor, threshold, grades),
        parameters=parameters,
        rules=(rule,),
        lowest=0,
        highest=int(grades.most),
        typed_units=((source.analyte, unit),),
    )
