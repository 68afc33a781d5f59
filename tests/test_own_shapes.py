"""What comes of a site's definition: cut-points on both sides, units, windows, gaps, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import pytest

from carac.definitions.coagulation.isth_overt_dic_2025 import DEFINITIONS as ISTH
from carac.language.definition import Definition
from carac.parameters import resolve
from carac.vocabulary.types import Assessed, Baseline, Grain, Laboratory, OfPatient, Scale, Span, Worse
from site_files import bands, entry, made, one
from small_tables import rows_of

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


def test_several_definitions_stand_in_one_file() -> None:
    text = bands("below = [[10, 1]]") + INDEX.replace("site_a", "site_b") + SCORE.replace("site_a", "site_c")
    assert list(made(text)) == ["site_a", "site_b", "site_c"]
