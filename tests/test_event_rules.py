"""Features of events, three-valued logic, and grades of what is only partly known, apart from any definition."""

from __future__ import annotations

from typing import Any

import ibis
import pytest

from carac.cohort.tables import COHORT_SCHEMAS
from carac.engine.base import compile_sql
from carac.engine.duckdb_engine import DuckDB
from carac.language.comparisons import Interval
from carac.language.definition import Rule
from carac.language.event_rules import (
    Criteria,
    Criterion,
    any_of,
    any_row,
    at_least_grade,
    false_or_unknown,
    features,
    meets,
    true_or_unknown,
)
from event_tables import TABLES, Row, as_arrow, event
from event_tables import features as feature_rows
from small_tables import rows_of, values_of

TRUTHS = (True, False, None)


def _wide(rows: list[Row]) -> dict[str, Any]:
    wanted = ("fatal", "red_cell_units", "haemodynamic_instability")
    sql = compile_sql(features(TABLES, wanted).select(*wanted), "duckdb")
    with DuckDB(threads=1) as engine:
        for name in COHORT_SCHEMAS:
            engine.load(name, as_arrow(name, {"events": [event("a")], "event_features": rows}.get(name, [])))
        (found,) = engine.fetch(sql).to_pylist()
    return dict(found)


def test_a_feature_is_what_the_record_states_and_nothing_without() -> None:
    stated = {"fatal": True, "red_cell_units": 2.0, "haemodynamic_instability": "severe"}
    assert _wide(feature_rows("a", stated)) == stated
    assert _wide(feature_rows("a", {"fatal": False})) == dict.fromkeys(stated) | {"fatal": False}
    assert _wide([]) == dict.fromkeys(stated)


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [("fatal", True, False), ("red_cell_units", 1.0, 2.0), ("haemodynamic_instability", "none", "severe")],
)
def test_a_feature_that_is_stated_twice_holds_only_where_both_agree(name: str, one: Any, other: Any) -> None:
    twice = [*feature_rows("a", {name: one}), *feature_rows("a", {name: one})]
    assert _wide(twice)[name] == one
    assert _wide([*feature_rows("a", {name: one}), *feature_rows("a", {name: other})])[name] is None


def test_a_feature_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="'fatality' is not a feature of the vocabulary"):
        features(TABLES, ["fatality"])


def test_one_true_is_enough_and_all_must_be_false() -> None:
    pairs = [(one, other) for one in TRUTHS for other in TRUTHS]
    table = {name: ("boolean", [pair[place] for pair in pairs]) for place, name in enumerate(("one", "other"))}
    found = values_of(table, lambda t: {"any": any_of([t.one, t.other])})
    assert [row[0] for row in found] == [
        True if True in pair else False if pair == (False, False) else None for pair in pairs
    ]


def test_evidence_that_shows_only_one_way() -> None:
    table = {"truth": ("boolean", TRUTHS)}
    found = values_of(table, lambda t: {"true": true_or_unknown(t.truth), "false": false_or_unknown(t.truth)})
    assert found == [(True, None), (None, False), (None, None)]


@pytest.mark.parametrize(
    ("truths", "expected"),
    [
        ([True, False], True),
        ([False, True, None], True),
        ([None, False], None),
        ([False, None], None),
        ([False, False], False),
    ],
)
def test_any_row_of_a_group(truths: list[bool | None], expected: bool | None) -> None:
    (found,) = rows_of({"truth": ("boolean", truths)}, lambda t: t.aggregate(any=any_row(t.truth)))
    assert found["any"] is expected


#: Least and most that the value can be, and whether it is at least 2 and above 2; a tie is at least, and not above.
CUT_AT_2 = [
    ((2.0, 2.0), True, False),
    ((1.9, 1.9), False, False),
    ((2.1, 2.1), True, True),
    ((1.0, 2.0), None, False),
    ((1.0, 1.9), False, False),
    ((2.0, 3.0), True, None),
    ((1.0, 3.0), None, None),
    ((2.1, 3.0), True, True),
    ((None, None), None, None),
]


@pytest.mark.parametrize(("sign", "place"), [("≥", 1), (">", 2)])
def test_a_range_meets_a_cut_point_only_where_it_lies_on_one_side(sign: str, place: int) -> None:
    rule = Rule("units", "red cells", "U", ((sign, 2.0, 3),))
    table = {name: ("float64", [row[0][end] for row in CUT_AT_2]) for end, name in enumerate(("low", "high"))}
    found = values_of(table, lambda t: {"met": meets(rule, Interval(t.low, t.high))})
    assert [row[0] for row in found] == [row[place] for row in CUT_AT_2]
    plain = values_of({"low": table["low"]}, lambda t: {"met": meets(rule, t.low)})
    exact = [at for at, row in enumerate(CUT_AT_2) if row[0][0] == row[0][1]]
    assert [plain[at][0] for at in exact] == [CUT_AT_2[at][place] for at in exact]


@pytest.mark.parametrize("sign", ["<", "≤"])
def test_a_range_is_not_asked_for_low_values(sign: str) -> None:
    table = ibis.table({"low": "float64", "high": "float64"}, name="given")
    with pytest.raises(ValueError, match="only criteria of high values"):
        meets(Rule("fall", "fall", "", ((sign, 2.0, 3),)), Interval(table.low, table.high))


#: Whether the criterion of grade 3 and that of grade 2 are met, the bounds, and the criterion that is surely met.
GRADES = [
    ((True, True), (3, 3), "worst"),
    ((True, None), (3, 3), "worst"),
    ((False, True), (2, 2), "second"),
    ((None, True), (2, 3), "second"),
    ((False, False), (1, 1), None),
    ((None, False), (1, 3), None),
    ((False, None), (1, 2), None),
    ((None, None), (1, 3), None),
]


def test_a_grade_is_the_worst_criterion_and_what_is_unknown_leaves_a_range() -> None:
    table = {name: ("boolean", [row[0][place] for row in GRADES]) for place, name in enumerate(("worst", "second"))}

    def made(t: ibis.Table) -> dict[str, ibis.Value]:
        # Written with the milder one first: the worst goes first all the same.
        criteria = Criteria((Criterion("second", 2, t.second), Criterion("worst", 3, t.worst)), floor=1)
        bounds = criteria.bounds()
        return {"low": bounds.low, "high": bounds.high, "word": criteria.word(), "two": at_least_grade(bounds, 2)}

    found = values_of(table, made)
    assert [row[:2] for row in found] == [row[1] for row in GRADES]
    assert [row[2] for row in found] == [row[2] for row in GRADES]
    assert [row[3] for row in found] == [low >= 2 or (None if high >= 2 else False) for _, (low, high), _ in GRADES]
