"""What bands, items and totals say of themselves, and the word of a total, apart from any definition."""

from __future__ import annotations

from typing import Any

import ibis
import pyarrow as pa
import pytest

from carac.engine.duckdb_engine import DuckDB
from carac.language.bands import Bands, type_of_points
from carac.language.points import Classes, Item, Total
from carac.vocabulary.types import Laboratory, Worse

PROTHROMBIN_TIME = Laboratory("pt", Worse.HIGHER)
INR = Laboratory("inr", Worse.HIGHER)
#: The printed seconds give up to 2 points; the ratio that stands in gives 1 to 3.
STAND_IN = Item("inr", "INR", INR, "1", Bands(at_least={1.5: 3}, otherwise=1))
SECONDS = Item("pt", "PT", PROTHROMBIN_TIME, "s", Bands(above={6: 2}), otherwise=STAND_IN)


@pytest.mark.parametrize(
    ("points", "kind"),
    [
        ([0, 127], "int8"),
        ([-127, 0], "int8"),
        ([0, 128], "int16"),
        ([-128], "int16"),
        ([0, 0.5], "float64"),
        ([1.0, 2.0], "int8"),
    ],
)
def test_points_have_the_smallest_type_that_holds_them(points: list[float], kind: str) -> None:
    assert type_of_points(points) == kind


def test_an_item_gives_what_it_or_its_stand_in_can_give() -> None:
    assert (SECONDS.fewest, SECONDS.most) == (0, 3)
    assert (STAND_IN.fewest, STAND_IN.most) == (1, 3)


def test_a_grade_is_the_worst_item_and_a_score_the_sum() -> None:
    grade, score = Total((SECONDS, STAND_IN), worst=True), Total((SECONDS, STAND_IN))
    assert (grade.fewest, grade.most) == (1, 3)
    assert (score.fewest, score.most) == (1, 6)


def test_columns_of_items_are_marked_as_such() -> None:
    outputs = {output.suffix: output.item for output in Total((SECONDS,)).outputs("points")}
    assert outputs == {"": False, "__lowest": False, "__highest": False, "__pt": True, "__pt__by": True}


def rows(total: Total, values: dict[str, Any]) -> list[dict[str, Any]]:
    """The columns of a total over these rows of inputs."""
    inputs = [column for wanted in total.inputs for column in (wanted.low, wanted.high)]
    table = ibis.table(dict.fromkeys(inputs, "float64"), name="inputs")
    expression: ibis.Table = table
    for layer in total.layers("score"):
        expression = expression.mutate(**layer(expression))
    with DuckDB(threads=1) as engine:
        engine.load("inputs", pa.table({column: pa.array(values[column], pa.float64()) for column in inputs}))
        found: list[dict[str, Any]] = engine.fetch(str(ibis.to_sql(expression, dialect="duckdb"))).to_pylist()
    return found


def test_what_stood_in_is_named() -> None:
    seconds, inr = [7.0, None, None], [2.0, 2.0, None]
    values = {PROTHROMBIN_TIME.low: seconds, PROTHROMBIN_TIME.high: seconds, INR.low: inr, INR.high: inr}
    found = rows(Total((SECONDS,)), values)
    assert [row["score__pt__by"] for row in found] == ["pt", "inr", None]
    assert [row["score"] for row in found] == [2, 3, None]


@pytest.mark.parametrize(
    ("factor", "value", "points"), [(0.95, 10.2, 1), (1.05, 9.9, 0), (1.0, 9.9, 1), (1.0, 10.2, 0)]
)
def test_a_factor_near_1_is_one_too(factor: float, value: float, points: int) -> None:
    item = Item("inr", "INR", INR, "1", Bands(below={10: 1}), factor=factor)
    (found,) = rows(Total((item,)), {INR.low: [value], INR.high: [value]})
    assert found["score"] == points


def test_a_class_needs_both_ends_of_the_total() -> None:
    ends = [(0, 1), (1, 2), (2, 4), (0, None), (None, 2), (None, None)]
    classes = Classes("__risk", "risk", ((0, "low"), (2, "high")))
    table = ibis.table({"low": "int8", "high": "int8"}, name="totals")
    query = str(ibis.to_sql(table.select(word=classes.word(table.low, table.high)), dialect="duckdb"))
    columns = {name: pa.array([end[place] for end in ends], pa.int8()) for place, name in enumerate(("low", "high"))}
    with DuckDB(threads=1) as engine:
        engine.load("totals", pa.table(columns))
        found = engine.fetch(query)["word"].to_pylist()
    assert found == ["low", None, "high", None, None, None]
