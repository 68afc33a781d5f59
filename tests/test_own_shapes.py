"""What comes of a site's definition: cut-points on both sides, units, windows, gaps, and what is missing."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import ibis
import pytest

from carac.cohort.tables import COHORT_SCHEMAS
from carac.definitions.coagulation.isth_overt_dic_2025 import DEFINITIONS as ISTH
from carac.engine.base import compile_sql
from carac.engine.duckdb_engine import DuckDB
from carac.language.definition import Definition
from carac.parameters import resolve
from carac.vocabulary.types import Assessed, Baseline, Grain, Laboratory, OfPatient, Scale, Span, Worse
from event_tables import INFUSION, KEYS, TABLES, Row, as_arrow, at, event, features
from event_tables import run as events_of
from site_files import KNOWN, bands, entry, made, one
from small_tables import TYPES, rows_of

INFINITE = float("inf")
#: The least and the most that a value can be; one number is a value that is known.
Ends = float | tuple[float, float] | None


def by_row(definition: Definition, inputs: Mapping[str, list[Ends]], **changes: Any) -> list[dict[str, Any]]:
    """The columns by row, without the name in front; the grade is `grade`. Inputs by their column, without an end."""
    columns: dict[str, tuple[str, list[float | None]]] = {}
    values = resolve({"it": definition.parameters}, {"it": changes}).scope("it")
    for source in definition.inputs_with(values):
        assert isinstance(source, Laboratory | Baseline | Assessed | OfPatient)
        ends = [value if isinstance(value, tuple) else (value, value) for value in inputs[source.column]]
        columns[source.low] = ("float64", [end[0] for end in ends])
        columns[source.high] = ("float64", [end[1] for end in ends])
    assert definition.layers is not None
    layers = definition.layers(values)

    def graded(table: ibis.Table) -> ibis.Table:
        for layer in layers:
            table = table.mutate(**layer(table))
        # What stands in for an item is shown only where something may.
        shown = [column for column in definition.columns if column in table.columns]
        return table.select("place", *shown).order_by("place")

    place = ("int32", list(range(len(next(iter(columns.values()))[1]))))
    return [_short(definition, row) for row in rows_of({**columns, "place": place}, graded)]


def _short(definition: Definition, row: Mapping[str, Any]) -> dict[str, Any]:
    return {name.removeprefix(definition.name).removeprefix("__") or "grade": value for name, value in row.items()}


# ---- bands


@pytest.mark.parametrize(
    ("line", "worse", "sign", "expected"),
    [
        ("below = [[10, 2], [30, 1]]", Worse.LOWER, "<", [2, 1, 1, 0, None]),
        ("at_most = [[10, 2], [30, 1]]", Worse.LOWER, "≤", [2, 2, 1, 1, None]),
        ("above = [[10, 1], [30, 2]]", Worse.HIGHER, ">", [0, 0, 1, 1, None]),
        ("at_least = [[10, 1], [30, 2]]", Worse.HIGHER, "≥", [0, 1, 1, 2, None]),
    ],
)
def test_a_cut_point_has_its_tie_on_the_right_side(
    line: str, worse: Worse, sign: str, expected: list[int | None]
) -> None:
    definition = one(bands(line))
    (source,) = definition.inputs
    assert source == Laboratory("platelets", worse)
    found = by_row(
        definition, {f"platelets_{'lowest' if worse is Worse.LOWER else 'highest'}": [9.9, 10, 29.9, 30, None]}
    )
    assert [row["grade"] for row in found] == expected
    assert (definition.lowest, definition.highest, definition.adds) == (0, 2, False)
    assert {cut[0] for cut in definition.rules[0].cuts} == {sign}


def test_a_range_over_a_cut_point_leaves_a_range() -> None:
    found = by_row(one(bands("below = [[10, 2], [30, 1]]")), {"platelets_lowest": [(5, 15), (0, 100), (31, 40)]})
    assert [(row["grade"], row["lowest"], row["highest"]) for row in found] == [(None, 1, 2), (None, 0, 2), (0, 0, 0)]


def test_the_cut_points_are_in_the_unit_of_the_site() -> None:
    definition = one(entry("bands", 'analyte = "fibrinogen"', 'unit = "mg/dL"', "below = [[150, 1]]"))
    # The canonical unit is g/L.
    found = by_row(definition, {"fibrinogen_lowest": [1.49, 1.5]})
    assert [row["grade"] for row in found] == [1, 0]
    assert (definition.rules[0].unit, definition.rules[0].title) == ("mg/dL", "Fibrinogen, functional (Clauss)")


@pytest.mark.parametrize(
    ("against", "cut", "column", "unit"),
    [
        ("lower_limit", "below = [[0.5, 1]]", "fibrinogen_lowest_by_lower_limit", "x LLN"),
        ("upper_limit", "above = [[0.5, 1]]", "fibrinogen_highest_by_upper_limit", "x ULN"),
        ("above_upper_limit", "above = [[0.5, 1]]", "fibrinogen_highest_above_upper_limit", "g/L"),
        ("value", "above = [[0.5, 1]]", "fibrinogen_highest", "g/L"),
    ],
)
def test_a_value_against_its_limits_of_normal(against: str, cut: str, column: str, unit: str) -> None:
    definition = one(entry("bands", 'analyte = "fibrinogen"', f'against = "{against}"', cut))
    (source,) = definition.inputs
    assert (source.column, definition.rules[0].unit) == (column, unit)
    found = by_row(definition, {column: [0.49, 0.5, 0.51]})
    assert [row["grade"] for row in found] == ([1, 0, 0] if cut.startswith("below") else [0, 0, 1])


def test_by_infusion_the_values_before_treatment_are_read() -> None:
    lines = {
        Baseline("platelets"): ('analyte = "platelets"',),
        Baseline("platelets", Scale.BY_LOWER_LIMIT): ('analyte = "platelets"', 'against = "lower_limit"'),
        Assessed("temperature", Worse.LOWER, Span.BEFORE_INFUSION): ('assessment = "temperature"',),
        OfPatient("age"): ('patient = "age"',),
    }
    for source, read in lines.items():
        definition = one(entry("bands", *read, 'per = "infusion"', "below = [[60, 1]]"))
        assert (definition.grain, definition.inputs) == (Grain.INFUSION, (source,))
        assert [row["grade"] for row in by_row(definition, {source.column: [59.9, 60]})] == [1, 0]
    by_day = one(entry("bands", 'assessment = "temperature"', "at_least = [[38, 1]]"))
    assert (by_day.grain, by_day.inputs) == (Grain.DAY, (Assessed("temperature", Worse.HIGHER, Span.DAY),))
    assert [row["grade"] for row in by_row(by_day, {"temperature_highest_assessed": [37.9, 38]})] == [0, 1]
    assert by_day.rules[0].unit == "degC"


def test_what_belongs_to_the_patient_has_its_unit() -> None:
    units = {"age": "years", "weight": "kg", "height": "cm", "body_mass_index": "kg/m2"}
    for what, unit in units.items():
        definition = one(entry("bands", f'patient = "{what}"', 'per = "infusion"', "below = [[60, 1]]"))
        assert (definition.rules[0].unit, definition.rules[0].title) == (unit, what.replace("_", " "))


# ---- points and counts

SCORE = entry(
    "points",
    'items = [{ analyte = "platelets", below = [[20, 2], [50, 1]] }, '
    '{ name = "long", analyte = "inr", above = [[2, 1]] }]',
    'reading = { name = "high", at_least = 2 }',
)


def test_a_score_adds_up_and_is_read_from_its_number_on() -> None:
    inputs: dict[str, list[Ends]] = {
        "platelets_lowest": [10, 30, 30, 30, 50, None],
        "inr_highest": [1, 1, 3, None, 3, None],
    }
    found = by_row(one(SCORE), inputs)
    assert [(row["lowest"], row["highest"]) for row in found] == [(2, 2), (1, 1), (2, 2), (1, 2), (1, 1), (None, None)]
    assert [row["grade"] for row in found] == [2, 1, 2, None, 1, None]
    assert [row["high"] for row in found] == [True, False, True, None, False, None]
    assert [row["long"] for row in found] == [0, 0, 1, None, 1, None]
    assert (one(SCORE).lowest, one(SCORE).highest, one(SCORE).adds) == (0, 3, True)


def test_an_item_is_called_by_what_it_reads_unless_it_has_a_name() -> None:
    items = [
        '{ analyte = "platelets", below = [[50, 1]] }',
        '{ assessment = "temperature", at_least = [[38, 1]] }',
        '{ patient = "age", at_least = [[60, 1]] }',
        '{ name = "heavy", patient = "weight", at_least = [[90, 1]] }',
    ]
    definition = one(entry("points", 'per = "infusion"', f"items = [{', '.join(items)}]"))
    assert definition.columns[3:] == tuple(f"site_a__{n}" for n in ("platelets", "temperature", "age", "heavy"))


def test_each_criterion_counts_once() -> None:
    criteria = [
        '{ analyte = "platelets", below = 50 }',
        '{ analyte = "inr", at_least = 2 }',
        '{ analyte = "ferritin", unit = "mg/L", above = 5 }',
    ]
    definition = one(entry("count", f"criteria = [{', '.join(criteria)}]", "at_least_met = 2"))
    # The canonical unit of ferritin is ug/L.
    inputs: dict[str, list[Ends]] = {
        "platelets_lowest": [49, 50, 49, 49, 49],
        "inr_highest": [2, 2, 1.9, 1.9, None],
        "ferritin_highest": [5001, 5000, 5000, None, None],
    }
    found = by_row(definition, inputs)
    assert [(row["lowest"], row["highest"]) for row in found] == [(3, 3), (1, 1), (1, 1), (1, 2), (1, 3)]
    assert [row["met"] for row in found] == [True, False, False, None, None]
    assert (definition.lowest, definition.highest) == (0, 3)


# ---- formulas

INDEX = entry(
    "formula",
    'formula = "crp / platelets"',
    'unit = "mg/dL"',
    'inputs = { crp = { analyte = "c_reactive_protein", unit = "mg/dL" }, '
    'platelets = { analyte = "platelets", worse = "lower" } }',
    'reading = { name = "high", at_least = 5 }',
)


def test_an_index_in_the_units_of_the_site_with_its_reading() -> None:
    definition = one(INDEX)
    # The canonical unit of C-reactive protein is mg/L: 100 mg/L over 2 is 10 mg/dL over 2.
    inputs: dict[str, list[Ends]] = {
        "c_reactive_protein_highest": [100, 100, (90, 100), (100, 200), None, (100, INFINITE), (-INFINITE, 100)],
        "platelets_lowest": [2, 2.1, 2, 2, 2, 2, 2],
    }
    found = by_row(definition, inputs)
    assert [row["grade"] for row in found] == [5, pytest.approx(10 / 2.1), None, None, None, None, None]
    assert [(row["lowest"], row["highest"]) for row in found][2:] == [(4.5, 5), (5, 10), *[(None, None)] * 3]
    assert [row["high"] for row in found] == [True, False, None, True, None, None, None]
    assert [output.unit for output in definition.outputs] == ["mg/dL", "mg/dL", "mg/dL", ""]


def test_an_index_says_what_it_reads_and_what_holds_of_it() -> None:
    definition = one(INDEX)
    assert [source.column for source in definition.inputs] == ["c_reactive_protein_highest", "platelets_lowest"]
    # A worse input need not make an index worse, and it has no least value.
    assert (definition.monotone, definition.lowest, definition.highest) == (False, None, None)
    assert (definition.grain, definition.needs) == (Grain.DAY, ("labs",))
    by_infusion = one(entry("formula", 'formula = "platelets / 2"', 'per = "infusion"'))
    assert (by_infusion.grain, by_infusion.inputs) == (Grain.INFUSION, (Baseline("platelets"),))
    bedside = one(entry("formula", 'formula = "t - 37"', 'inputs = { t = { assessment = "temperature" } }'))
    assert bedside.needs == ("assessments",)


# ---- runs

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
        engine.load("days", _arrow(columns))
        return [_short(definition, row) for row in engine.fetch(sql).to_pylist()]


def _arrow(columns: Mapping[str, list[Any]]) -> Any:
    import pyarrow as pa

    return pa.table({name: pa.array(values, TYPES[DAYS[name]]) for name, values in columns.items()})


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


# ---- events

BLEED = entry(
    "event",
    'kind = "bleeding"',
    'criteria = [{ grade = 1, any = ["occult", "medical_intervention"] }, '
    '{ name = "dead", grade = 3, any = ["fatal"] }, { grade = 2, feature = "red_cell_units", at_least = 2 }]',
)


_numbers = itertools.count()


def bleeds(text: str, *stated: Row, **more: Any) -> list[dict[str, Any]]:
    """The columns of one bleed after the other, of their features."""
    # Compiled queries are kept by the name of the definition.
    definition = one(text.replace("site_a", f"site_{next(_numbers)}"))
    names = [f"e{number}" for number in range(len(stated))]
    rows = [row for name, values in zip(names, stated, strict=True) for row in features(name, values)]
    events = [event(name, **({"kind": "bleeding"} | more)) for name in names]
    found = events_of(definition, events=events, event_features=rows)
    return [found[name] for name in names if name in found]


NO: Row = {"fatal": False, "occult": False, "medical_intervention": False, "red_cell_units": 0.0}


def test_an_event_has_the_worst_grade_of_what_it_meets() -> None:
    found = bleeds(
        BLEED,
        NO,
        NO | {"occult": True},
        NO | {"medical_intervention": True, "red_cell_units": 1.9},
        NO | {"occult": True, "red_cell_units": 2.0},
        NO | {"fatal": True, "red_cell_units": 5.0},
        NO | {"fatal": None},
        NO | {"red_cell_units": None, "occult": True},
        {},
    )
    assert [row["grade"] for row in found] == [0, 1, 1, 2, 3, None, None, None]
    assert [(row["lowest"], row["highest"]) for row in found[5:]] == [(0, 3), (1, 2), (None, None)]
    words = [None, "occult", "occult", "red_cell_units", "dead", None, "occult", None]
    assert [row["criterion"] for row in found] == words
    above = BLEED.replace("at_least", "above")
    assert [row["grade"] for row in bleeds(above, NO | {"red_cell_units": 2.0}, NO | {"red_cell_units": 2.1})] == [0, 2]


def test_only_events_of_its_kind_are_graded() -> None:
    assert len(bleeds(BLEED, NO, kind="bleeding")) == 1
    assert bleeds(BLEED, NO, kind="venous") == []
    assert bleeds(BLEED, NO, kind=None) == []


def test_what_an_event_gets_that_meets_nothing() -> None:
    text = BLEED.replace('kind = "bleeding"', 'kind = "bleeding"\notherwise = 1').replace("grade = 1", "grade = 2")
    (found,) = bleeds(text.replace("grade = 2, feature", "grade = 4, feature"), NO)
    assert (found["grade"], found["criterion"]) == (1, None)
    assert (one(text).lowest, one(text).highest) == (1, 3)


def test_an_event_shows_its_criteria() -> None:
    definition = one(BLEED)
    assert [(rule.name, rule.title, rule.cuts) for rule in definition.rules] == [
        ("occult", "Occult or microscopic blood only", (("=", 1, 1),)),
        ("occult", "Medical intervention by a professional", (("=", 1, 1),)),
        ("dead", "Fatal", (("=", 1, 3),)),
        ("red_cell_units", "Red cell units transfused for the bleed", (("≥", 2.0, 2),)),
    ]
    assert (definition.lowest, definition.highest, definition.needs) == (0, 3, ("events", "event_features"))
    assert definition.columns == tuple(f"site_a{end}" for end in ("", "__lowest", "__highest", "__criterion"))


# ---- like another

LIKE = '[site_a]\nlike = "{}"\nsource = "our ward"\nset = {{ {} }}\n'


def test_like_another_by_row_with_its_own_parameter() -> None:
    model = ISTH[0]
    own = one(LIKE.format("isth_overt_dic_2025", "inr_for_seconds = false"))
    assert own.columns == tuple(name.replace("isth_overt_dic_2025", "site_a") for name in model.columns)
    inputs: dict[str, list[Ends]] = {
        source.column: [None, None] for source in model.inputs if isinstance(source, Laboratory)
    }
    inputs |= {"platelets_lowest": [40, 120], "d_dimer_highest_by_upper_limit": [8, 1], "inr_highest": [1.5, 1.0]}
    inputs["fibrinogen_lowest"] = [2, 2]
    with_inr, without = by_row(model, inputs), by_row(own, inputs)
    assert [row["lowest"] == row["highest"] for row in with_inr] == [True, True]
    # Without the INR the seconds are open.
    assert [row["lowest"] == row["highest"] for row in without] == [False, False]
    assert by_row(model, inputs, inr_for_seconds=False) == without
    assert by_row(own, inputs, inr_for_seconds=True) == with_inr


def test_like_another_by_infusion_with_its_own_parameters() -> None:
    model = KNOWN["icaht_early_as_printed"]
    own = one(LIKE.format("icaht_early_as_printed", 'join_gap = 0, comparator = "<"'))
    assert own.columns == tuple(name.replace("icaht_early_as_printed", "site_a") for name in model.columns)
    # Low for 6 days, a day above, low for 6 days: 13 days where one day of recovery is joined.
    patients: list[Counts] = [low((3, 8), (10, 15), count=400), low((3, 12), count=500)]
    assert [row["duration_500__lowest"] for row in runs_of(model, patients)] == [13, 10]
    assert [row["duration_500__lowest"] for row in runs_of(own, patients)] == [6, 0]
    assert runs_of(own, patients, join_gap=2, comparator="<=") == runs_of(model, patients)


def test_like_another_says_whose_it_is() -> None:
    model = KNOWN["icaht_early_as_printed"]
    own = one(LIKE.format("icaht_early_as_printed", "join_gap = 0") + 'choices = ["days in a row"]\n')
    assert own.by_default and not model.by_default
    assert own.citation.text == f"our ward, after: {model.citation.text}"
    assert own.title == f"{model.title}, with parameters of the site"
    assert own.choices == (*model.choices, "days in a row")
    assert [rule.column for rule in own.rules] == ["site_a__duration_500__lowest", "site_a__duration_100__lowest", ""]
    preset, other = ({p.name: p.default for p in definition.parameters} for definition in (model, own))
    assert other == preset | {"join_gap": 0}


def test_several_definitions_stand_in_one_file() -> None:
    text = bands("below = [[10, 1]]") + BLEED.replace("site_a", "site_b") + SCORE.replace("site_a", "site_c")
    assert list(made(text)) == ["site_a", "site_b", "site_c"]
