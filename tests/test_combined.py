"""Criteria made of others, or of what surrounds a value: their points, and what is unknown of them."""

from __future__ import annotations

from typing import Any

import ibis
import pytest

from carac.language.bands import Bands
from carac.language.combined import (
    Both,
    Change,
    Combined,
    Constant,
    IfRecorded,
    IsMale,
    Judged,
    OfGrade,
    any_of,
    ratio,
)
from carac.language.comparisons import Interval
from carac.language.conditions import Given, Not, SetAside, all_of, any_true, point, set_aside, truth
from carac.language.points import Criterion, Item, Total
from carac.language.score import tables_needed
from carac.language.windows import exchanged
from carac.vocabulary.types import Assessed, Baseline, Exposure, Laboratory, OfPatient, Span, Worse
from small_tables import Columns, values_of

PLATELETS = Laboratory("platelets", Worse.LOWER)
BEFORE = Laboratory("platelets", Worse.HIGHER, before=1)
FERRITIN = Laboratory("ferritin", Worse.HIGHER)
LOW = Item("platelets", "platelets", PLATELETS, "10^9/L", Bands(below={50: 2, 100: 1}))
HIGH = Item("ferritin", "ferritin", FERRITIN, "ug/L", Bands(above={500: 1}))
ASPIRIN = Exposure("aspirin", ("aspirin",))
TRANSFUSED = Exposure("transfused", ("platelet_transfusion",))


def exactly(**of: tuple[Laboratory, list[float | None]]) -> dict[str, tuple[str, list[Any]]]:
    """Columns of values that are known exactly, or not at all."""
    return {column: ("float64", values) for source, values in of.values() for column in (source.low, source.high)}


def bounds_of(criterion: Criterion, columns: Columns) -> list[tuple[Any, ...]]:
    """The fewest and the most points, and whether anything is known, by row."""

    def made(table: ibis.Table) -> dict[str, ibis.Value]:
        found = criterion.bounds(table)
        return {"low": found.low, "high": found.high, "known": criterion.known(table)}

    return values_of(columns, made)


#: Platelets and ferritin: 2 and 0 points, 1 and 1, 0 and 1; then one of both unknown, and both.
TWO = exactly(a=(PLATELETS, [40, 60, 100, None, 40, None]), b=(FERRITIN, [500, 501, 501, 501, None, None]))
KNOWN = [True, True, True, True, True, False]


def test_the_worst_of_several_and_their_sum() -> None:
    sums = [(2, 2), (2, 2), (1, 1), (1, 3), (2, 3), (0, 3)]
    worst = [(2, 2), (1, 1), (1, 1), (1, 2), (2, 2), (0, 2)]
    for criterion, expected in ((Combined("c", "c", (LOW, HIGH)), sums), (any_of("c", "c", (LOW, HIGH)), worst)):
        assert bounds_of(criterion, TWO) == [(*ends, known) for ends, known in zip(expected, KNOWN, strict=True)]
        assert (criterion.fewest, criterion.most) == (0, 3 if criterion.name == "c" and not criterion.worst else 2)


def test_a_sum_has_an_upper_limit() -> None:
    criterion = Combined("c", "c", (LOW, HIGH), at_most=2)
    found = [row[:2] for row in bounds_of(criterion, TWO)]
    assert found == [(2, 2), (2, 2), (1, 1), (1, 2), (2, 2), (0, 2)]
    assert (criterion.fewest, criterion.most) == (0, 2)


def test_of_parts_that_always_give_points_the_worst_gives_at_least_the_most_of_these() -> None:
    always = Constant("disorder", "an underlying disorder", 1)
    assert (any_of("c", "c", (always, LOW)).fewest, any_of("c", "c", (always, LOW)).most) == (1, 2)
    assert (Combined("c", "c", (always, LOW)).fewest, Combined("c", "c", (always, LOW)).most) == (1, 3)
    assert bounds_of(always, TWO)[0] == (1, 1, False)


def test_two_of_two_or_nothing() -> None:
    low = Item("platelets", "platelets", PLATELETS, "10^9/L", Bands(below={100: 1}))
    both = Both("both", "both", (low, HIGH))
    assert [row[:2] for row in bounds_of(both, TWO)] == [(0, 0), (1, 1), (0, 0), (0, 1), (0, 1), (0, 1)]
    assert (both.fewest, both.most) == (0, 1)


def test_what_is_not_recorded_is_not_met() -> None:
    assert bounds_of(IfRecorded(HIGH), TWO)[3:] == [(1, 1, True), (0, 0, False), (0, 0, False)]
    better = Item("antithrombin", "antithrombin", FERRITIN, "%", Bands(below={70: 2}, otherwise=1))
    worse = Item("antithrombin", "antithrombin", FERRITIN, "%", Bands(at_least={70: -1}, otherwise=-2))
    assert (IfRecorded(better).fewest, IfRecorded(better).most) == (0, 2)
    assert (IfRecorded(worse).fewest, IfRecorded(worse).most) == (-2, 0)


def test_a_ratio_to_what_may_be_nothing_is_unknown() -> None:
    ends: Columns = {
        "value_low": ("float64", [10.0, 10.0, 10.0]),
        "value_high": ("float64", [20.0, 20.0, 20.0]),
        "low": ("float64", [2.0, 0.0, 0.5]),
        "high": ("float64", [4.0, 4.0, 1.0]),
    }

    def made(table: ibis.Table) -> dict[str, ibis.Value]:
        found = ratio(Interval(table.value_low, table.value_high), Interval(table.low, table.high))
        return {"least": found.low, "most": found.high}

    assert values_of(ends, made) == [(2.5, 10.0), (None, None), (10.0, 40.0)]


#: Today's count over the one before is 0.5, 0.5, 0.5 and not known; transfused before: no, yes, not known, not known.
FALLEN: Columns = {
    **exactly(a=(PLATELETS, [100, 100, 100, None]), b=(BEFORE, [200, 200, 200, 200])),
    "transfused": ("boolean", [False, True, None, None]),
}


@pytest.mark.parametrize(
    ("bands", "expected", "ends"),
    [
        (Bands(at_most={0.7: 2}), [(2, 2), (0, 0), (0, 2), (0, 2)], (0, 2)),
        # Where a fall takes points away, what does not count is the most.
        (Bands(at_most={0.7: -1}, otherwise=-2), [(-1, -1), (0, 0), (-1, 0), (-2, 0)], (-2, 0)),
        (Bands(at_most={0.7: 2}, otherwise=1), [(2, 2), (0, 0), (0, 2), (0, 2)], (0, 2)),
    ],
)
def test_a_fall_from_a_transfused_count_does_not_count(
    bands: Bands, expected: list[tuple[int, int]], ends: tuple[int, int]
) -> None:
    change = Change("fall", "fall", PLATELETS, BEFORE, bands, TRANSFUSED)
    assert [row[:2] for row in bounds_of(change, FALLEN)] == expected
    assert (change.fewest, change.most) == ends
    plain = Change("fall", "fall", PLATELETS, BEFORE, bands)
    assert [row[:2] for row in bounds_of(plain, FALLEN)][:3] == [expected[0]] * 3
    assert (plain.fewest, plain.most) == (bands.fewest, bands.most)


def test_the_male_sex_in_words_and_where_it_is_not_recorded() -> None:
    sexes: Columns = {"sex": ("string", ["male", "M", "female", "f", None])}
    expected = [(1, 1, False), (1, 1, False), (0, 0, False), (0, 0, False), (0, 1, False)]
    assert bounds_of(IsMale(), sexes) == expected
    assert (IsMale().fewest, IsMale().most) == (0, 1)
    assert IsMale().rules[0].cuts == (("=", 1, 1),)


def test_a_grade_of_another_definition_counts_from_its_number_on() -> None:
    grades: Columns = {
        "alt__lowest": ("int8", [3, 2, 2, 0, 3, None]),
        "alt__highest": ("int8", [3, 2, 3, 4, 4, None]),
    }
    expected = [(1, 1, True), (0, 0, True), (0, 1, True), (0, 1, True), (1, 1, True), (0, 1, False)]
    criterion = OfGrade("alt_grade_3", "ALT", "alt", 3)
    assert bounds_of(criterion, grades) == expected
    assert (criterion.fewest, criterion.most) == (0, 1)
    assert criterion.rules[0].cuts == (("≥", 3, 1),)


def test_what_a_clinician_judges_holds_on_but_makes_no_later_day_known() -> None:
    for span, known in ((Span.SO_FAR, [False] * 3), (Span.DAY, [True, True, False])):
        judged = Judged("splenomegaly", "enlarged spleen", span=span)
        column = Assessed("splenomegaly", span=span).column
        found = bounds_of(judged, {column: ("float64", [1.0, 0.0, None])})
        assert found == [(1, 1, known[0]), (0, 0, known[1]), (0, 1, known[2])]
    worst = Judged("oedema", "oedema", points=2, from_place=2, span=Span.DAY)
    column = Assessed("oedema").column
    found = bounds_of(worst, {column: ("float64", [3.0, 2.0, 1.0, None])})
    assert [row[:2] for row in found] == [(2, 2), (2, 2), (0, 0), (0, 2)]


# ---- conditions


def test_a_point_is_never_unknown_and_a_truth_may_be() -> None:
    assert values_of({"met": ("boolean", [True, False, None])}, lambda t: {"point": point(t.met)}) == [(1,), (0,), (0,)]
    ends: Columns = {"low": ("int8", [0, 0, 1]), "high": ("int8", [0, 1, 1])}
    found = values_of(ends, lambda t: {"truth": truth(Interval(t.low, t.high))})
    assert found == [(False,), (None,), (True,)]


def test_all_of_several_and_any_of_them_keep_what_is_unknown() -> None:
    pairs = [(one, other) for one in (True, False, None) for other in (True, False, None)]
    table: Columns = {name: ("boolean", [p[place] for p in pairs]) for place, name in enumerate(("one", "other"))}
    found = values_of(table, lambda t: {"all": all_of(t.one, t.other), "any": any_true(t.one, t.other)})
    assert found == [
        (
            False if False in pair else None if None in pair else True,
            True if True in pair else None if None in pair else False,
        )
        for pair in pairs
    ]


def test_an_agent_that_was_given_and_one_of_which_nobody_knows() -> None:
    given = Given("aspirin", "aspirin", ASPIRIN)
    assert bounds_of(given, {"aspirin": ("boolean", [True, False, None])}) == [
        (1, 1, False),
        (0, 0, False),
        (0, 1, False),
    ]
    assert (given.fewest, given.most) == (0, 1)
    assert (given.rules[0].cuts, given.rules[0].column) == ((("=", 1, 1),), "aspirin")


def test_the_denial_of_a_criterion() -> None:
    denied = Not(HIGH)
    assert bounds_of(denied, TWO)[1:5] == [(0, 0, True), (0, 0, True), (0, 0, True), (0, 1, False)]
    assert bounds_of(denied, TWO)[0] == (1, 1, True)
    assert (denied.fewest, denied.most, denied.name) == (0, 1, "not_ferritin")


def test_points_that_something_else_explains_are_set_aside() -> None:
    table: Columns = {
        **exactly(a=(PLATELETS, [40, 40, 40, None, None])),
        "chemotherapy": ("boolean", [True, False, None, None, False]),
        "sepsis": ("boolean", [False, False, False, False, False]),
    }
    aside = SetAside(LOW, ("chemotherapy", "sepsis"))
    assert [row[:2] for row in bounds_of(aside, table)] == [(0, 0), (2, 2), (0, 2), (0, 2), (0, 2)]
    assert (aside.fewest, aside.most) == (0, 2)
    # A value that takes points away: where it may be explained, the total may be as high as without it.
    minus = Item("platelets", "platelets", PLATELETS, "10^9/L", Bands(below={50: -1}, otherwise=-2))
    taken = SetAside(minus, ("chemotherapy",))
    assert [row[:2] for row in bounds_of(taken, table)][:3] == [(0, 0), (-1, -1), (-1, 0)]
    assert (taken.fewest, taken.most) == (-2, 0)
    always = SetAside(Constant("disorder", "an underlying disorder", 1), ("chemotherapy",))
    assert (always.fewest, always.most) == (0, 1)


def test_only_the_explained_item_is_set_aside_also_within_a_line_of_several() -> None:
    explained = {"platelets": ("chemotherapy",)}
    assert set_aside(LOW, explained) == SetAside(LOW, ("chemotherapy",))
    assert set_aside(HIGH, explained) == HIGH
    together = set_aside(Combined("c", "c", (LOW, HIGH)), explained)
    assert together == Combined("c", "c", (SetAside(LOW, ("chemotherapy",)), HIGH))


def test_a_criterion_is_in_the_unit_of_its_input_unless_it_says_otherwise() -> None:
    # The report lays the cut-points of such criteria beside the values of the record.
    assert [rule.factor for rule in Both("both", "both", (LOW, HIGH)).rules] == [1, 1]
    assert IsMale().rules[0].factor == 1
    per_litre = Item("fibrinogen", "fibrinogen", FERRITIN, "mg/dL", Bands(below={150: 1}), factor=100)
    assert per_litre.rules[0].factor == 100


# ---- what a total reads


@pytest.mark.parametrize(
    ("inputs", "tables"),
    [
        ((PLATELETS, Assessed("temperature"), ASPIRIN), ("labs",)),
        ((Baseline("ferritin"),), ("labs",)),
        ((Assessed("temperature"), ASPIRIN), ("assessments",)),
        # The age alone leaves a range.
        ((Assessed("temperature"), OfPatient("age")), ("infusions",)),
        ((OfPatient("age"),), ("infusions",)),
        ((ASPIRIN,), ("infusions",)),
        ((), ("infusions",)),
    ],
)
def test_the_table_without_which_nothing_is_known(inputs: tuple[Any, ...], tables: tuple[str, ...]) -> None:
    assert tables_needed(inputs) == tables


def test_an_exchange_of_what_is_read_leaves_the_rest() -> None:
    carried = Laboratory("platelets", Worse.LOWER, carry=2)

    def change(wanted: Laboratory) -> Laboratory:
        return carried if wanted == PLATELETS else wanted

    fall = Change("fall", "fall", PLATELETS, BEFORE, Bands(at_most={0.7: 1}))
    total = Total((LOW, HIGH, fall))
    made = exchanged(total, change)
    assert [criterion.inputs for criterion in made.criteria] == [(carried,), (FERRITIN,), (PLATELETS, BEFORE)]
    # What does not change is the same object, so that nothing is compiled anew.
    assert made.criteria[1] is HIGH
    assert exchanged(HIGH, change) is HIGH
