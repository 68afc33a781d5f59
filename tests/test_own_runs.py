"""How long a count was low, as a site states it: thresholds, windows, gaps, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import ibis
import pyarrow as pa
import pytest

from carac.cohort.tables import COHORT_SCHEMAS
from carac.engine.base import compile_sql
from carac.engine.duckdb_engine import DuckDB
from carac.language.definition import Definition
from carac.parameters import resolve
from carac.vocabulary.types import Laboratory, Worse
from event_tables import INFUSION, KEYS, TABLES, as_arrow, at
from site_files import KNOWN, entry, one
from small_tables import TYPES

#: The least and the most that a count can be; one number is a count that is known.
Ends = float | tuple[float, float] | None
RUN = ('analyte = "neutrophils"', 'unit = "/uL"', "days = [[5, 1], [10, 2]]")
DAYS = {"patient_id": "string", "infusion_number": "int64", "day": "int32"} | {
    f"neutrophils_lowest__{end}": "float64" for end in ("from", "to")
}
Counts = Mapping[int, Ends]


def runs_of(definition: Definition, patients: list[Counts], last_day: int = 40, **changes: Any) -> list[dict[str, Any]]:
    """The columns by patient, of counts per uL by day after infusion."""
    values = resolve({"it": definition.parameters}, {"it": changes}).scope("it")
    assert definition.rows is not None
    tables = replace(TABLES, days=ibis.table(DAYS, name="days"))
    sql = compile_sql(definition.rows(tables, values).order_by("patient_id"), "duckdb")
    infusions, days = [], []
    for number, counts in enumerate(patients):
        key = KEYS | {"patient_id": f"{number:03d}"}
        window = {"first_day": 0, "last_day": last_day, "infusion_date": INFUSION.date()}
        infusions.append(key | window | at("infusion_time", 0))
        for day in range(last_day + 1):
            count = counts.get(day)
            ends = count if isinstance(count, tuple) else (count, count)
            # The canonical unit is 10^9/L.
            both = {
                f"neutrophils_lowest__{end}": None if value is None else value / 1000
                for end, value in zip(("from", "to"), ends, strict=True)
            }
            days.append(key | {"day": day} | both)
    columns = {name: [row[name] for row in days] for name in DAYS}
    with DuckDB(threads=1) as engine:
        for name in COHORT_SCHEMAS:
            engine.load(name, as_arrow(name, infusions if name == "infusions" else []))
        engine.load("days", pa.table({name: pa.array(each, TYPES[DAYS[name]]) for name, each in columns.items()}))
        return [_short(definition, row) for row in engine.fetch(sql).to_pylist()]


def _short(definition: Definition, row: Mapping[str, Any]) -> dict[str, Any]:
    return {name.removeprefix(definition.name).removeprefix("__") or "grade": value for name, value in row.items()}


def low(*spans: tuple[int, int], count: float = 100, normal: float = 3000, last: int = 40) -> dict[int, Ends]:
    """A count on every day, low from first to last day of each span."""
    found: dict[int, Ends] = dict.fromkeys(range(last + 1), normal)
    for first, end in spans:
        found |= dict.fromkeys(range(first, end + 1), count)
    return found


def test_a_run_is_graded_by_its_days_within_the_window() -> None:
    definition = one(entry("run", *RUN, "below = 200"))
    patients = [
        low(),
        low((3, 6)),
        low((3, 7)),
        low((3, 11)),
        low((3, 12)),
        # The day of infusion and day 30 belong to the window, the days after it do not.
        low((0, 4)),
        low((26, 30)),
        low((27, 40)),
    ]
    found = runs_of(definition, patients)
    assert [row["duration__lowest"] for row in found] == [0, 4, 5, 9, 10, 5, 5, 4]
    assert [row["grade"] for row in found] == [0, 0, 1, 1, 2, 1, 1, 0]
    assert [row["nadir"] for row in found] == [3000, *[100] * 7]
    assert (definition.lowest, definition.highest) == (0, 2)


@pytest.mark.parametrize(("line", "sign", "tie"), [("below = 200", "<", 0), ("at_most = 200", "≤", 5)])
def test_a_count_that_equals_the_threshold(line: str, sign: str, tie: int) -> None:
    definition = one(entry("run", *RUN, line))
    found = runs_of(definition, [low((3, 7), count=count) for count in (199, 200, 201)])
    assert [row["duration__lowest"] for row in found] == [5, tie, 0]
    (rule,) = definition.rules
    assert (rule.title, rule.column) == (
        f"days with Absolute neutrophil count {sign} 200 /uL",
        "site_a__duration__lowest",
    )
    assert rule.cuts == (("≥", 10, 2), ("≥", 5, 1))


def test_the_window_and_the_joining_of_the_site() -> None:
    definition = one(entry("run", *RUN, "below = 200", "first_day = 2", "last_day = 28", "join_gap = 1"))
    patients = [low((0, 4)), low((25, 30)), low((3, 5), (7, 9)), low((3, 5), (8, 10))]
    assert [row["duration__lowest"] for row in runs_of(definition, patients)] == [3, 4, 7, 3]
    plain = one(entry("run", *RUN, "below = 200"))
    assert [row["duration__lowest"] for row in runs_of(plain, patients)][2:] == [3, 3]


def test_a_gap_of_seven_days_is_filled_and_a_longer_one_leaves_a_range() -> None:
    definition = one(entry("run", *RUN, "below = 200"))

    def with_gap(days: int) -> dict[int, Ends]:
        # Low on day 5 and on the day after the gap.
        return {day: count for day, count in low((5, 6 + days)).items() if not 5 < day < 6 + days}

    seven, eight = runs_of(definition, [with_gap(7), with_gap(8)])
    assert (seven["grade"], seven["duration__lowest"], seven["duration__highest"]) == (1, 9, 9)
    assert (eight["grade"], eight["duration__lowest"], eight["duration__highest"]) == (None, 1, 10)
    assert (eight["lowest"], eight["highest"]) == (0, 2)
    (wider,) = runs_of(definition, [with_gap(8)], maximum_gap=8)
    assert wider["duration__lowest"] == 10


def test_without_any_count_nothing_is_known() -> None:
    definition = one(entry("run", *RUN, "below = 200"))
    nothing, one_count = runs_of(definition, [{}, {10: 3000}])
    assert [nothing[name] for name in ("grade", "lowest", "highest", "nadir", "duration__lowest")] == [None] * 5
    assert (nothing["days_without_count"], one_count["days_without_count"]) == (31, 30)
    assert (one_count["lowest"], one_count["highest"], one_count["nadir"]) == (0, 2, 3000)


def test_a_run_says_what_its_grade_means() -> None:
    plain, told = (one(entry("run", *RUN, "below = 200", *more)) for more in ((), ('meaning = "days of isolation"',)))
    assert plain.outputs[0].meaning.startswith("grade by the number of low days.")
    assert told.outputs[0].meaning == "days of isolation"
    assert told.outputs[1:] == plain.outputs[1:]
    assert (told.outputs[3].suffix, told.outputs[3].meaning) == (
        "__days_without_count",
        "number of days of the window (day 0 to 30) without a count",
    )


def test_a_run_says_what_it_reads_and_its_parameters() -> None:
    definition = one(entry("run", *RUN, "below = 200"))
    assert definition.inputs == (Laboratory("neutrophils", Worse.LOWER),)
    assert definition.typed_units == (("neutrophils", "/uL"),)
    preset = {parameter.name: parameter.default for parameter in definition.parameters}
    expected = {"first_day": 0, "last_day": 30, "join_gap": 0, "comparator": "<", "duration": "longest_joined"}
    expected |= {"imputation": "linear", "maximum_gap": 7, "end_gaps": "nearest"}
    assert {name: preset[name] for name in expected} == expected
    ends = [name for name, value in preset.items() if name.startswith("censor_at") and value]
    assert ends == ["censor_at_death", "censor_at_follow_up_end"]


LIKE = '[site_a]\nlike = "icaht_early_as_printed"\nsource = "our ward"\nset = {{ {} }}\n'


def test_like_another_by_infusion_with_its_own_parameters() -> None:
    model = KNOWN["icaht_early_as_printed"]
    own = one(LIKE.format('join_gap = 0, comparator = "<"'))
    assert own.columns == tuple(name.replace("icaht_early_as_printed", "site_a") for name in model.columns)
    # Low for 6 days, a day above, low for 6 days: 13 days where one day of recovery is joined.
    patients: list[Counts] = [low((3, 8), (10, 15), count=400), low((3, 12), count=500)]
    assert [row["duration_500__lowest"] for row in runs_of(model, patients)] == [13, 10]
    assert [row["duration_500__lowest"] for row in runs_of(own, patients)] == [6, 0]
    assert runs_of(own, patients, join_gap=2, comparator="<=") == runs_of(model, patients)


def test_like_another_says_whose_it_is() -> None:
    model = KNOWN["icaht_early_as_printed"]
    own = one(LIKE.format("join_gap = 0") + 'choices = ["days in a row"]\n')
    assert own.by_default and not model.by_default
    assert own.citation.text == f"our ward, after: {model.citation.text}"
    assert own.title == f"{model.title}, with parameters of the site"
    assert own.choices == (*model.choices, "days in a row")
    assert own.outputs == model.outputs
    assert one(LIKE.format("join_gap = 0") + 'meaning = "ours"\n').outputs[0].meaning == "ours"
    assert [rule.column for rule in own.rules] == ["site_a__duration_500__lowest", "site_a__duration_100__lowest", ""]
    preset, other = ({p.name: p.default for p in definition.parameters} for definition in (model, own))
    assert other == preset | {"join_gap": 0}
