"""Both sides of every cut, and the tie itself, generated from the criteria as data and judged in exact arithmetic.

Every value is a decimal text and every judgement is made on fractions, so that a tie is a tie: 1.5 times an upper
limit of 35.2 is 52.8, which plain float64 misses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pytest

from carac.definitions import all_definitions
from carac.engine.base import compile_sql
from carac.language.comparisons import above, at_least, at_most, below
from carac.language.definition import Definition, Rule
from carac.vocabulary.types import Baseline, Laboratory, Scale
from support.engines import ENGINES, open_engine
from support.patients import BEFORE, Patient, Result, graded_rows, record

INSTRUMENTS = ("CTCAE", "ISTH overt DIC", "CAR-HEMATOTOX")
#: Scores add their items; a grade of CTCAE is that of its worst rule.
SUMS = ("ISTH overt DIC", "CAR-HEMATOTOX")
#: Each stands in where the one before it is not known.
ALTERNATIVES = ("prothrombin_time", "inr", "prothrombin_time_ratio")
#: Upper and lower limits whose multiples are no binary fractions.
LIMITS = ("35.2", "0.27", "1.1")
#: Far outside the relative 1e-9 by which comparisons are widened.
STEP = Decimal("0.000001")
#: What a unit of a criterion is of the canonical one.
FACTORS = {("neutrophils", "/uL"): 1000, ("c_reactive_protein", "mg/dL"): Fraction(1, 10)}
#: Needs cut-points of the user.
WITHOUT_CUTS = {"isth_overt_dic_2001_percentile"}


@cache
def definitions() -> tuple[Definition, ...]:
    """The definitions whose criteria are bands."""
    return tuple(
        definition
        for definition in all_definitions().values()
        if definition.instrument in INSTRUMENTS and definition.name not in WITHOUT_CUTS
    )


# ---- the judge: fractions and comparisons, nothing of carac but the cut-points as they are written ----

Range = tuple[int, int]


def meets(value: Fraction, comparison: str, constant: float) -> bool:
    limit = Fraction(str(constant))
    if comparison == "<":
        return value < limit
    if comparison == "≤":
        return value <= limit
    if comparison == ">":
        return value > limit
    if comparison == "≥":
        return value >= limit
    raise ValueError(comparison)


def points(rule: Rule, value: Fraction | None) -> Range:
    """Fewest and most points."""
    if value is None:
        return 0, max(cut[2] for cut in rule.cuts)
    got = max([0, *(cut[2] for cut in rule.cuts if meets(value, cut[0], cut[1]))])
    return got, got


def result_of(patient: Patient, analyte: str, day: int | None = None) -> Result | None:
    for result in patient.results:
        if result.analyte == analyte and (result.day == BEFORE) == (day == BEFORE):
            return result
    return None


def number(result: Result | None) -> Fraction | None:
    """The value in the canonical unit."""
    if result is None:
        return None
    return Fraction(result.value) / FACTORS.get((result.analyte, result.unit or ""), 1)


def on_scale(result: Result | None, scale: Scale) -> Fraction | None:
    value = number(result)
    if result is None or value is None:
        return None
    if scale is Scale.VALUE:
        return value
    limit = result.lower if scale is Scale.BY_LOWER_LIMIT else result.upper
    if limit is None:
        return None
    factor = FACTORS.get((result.analyte, result.unit or ""), 1)
    canonical = Fraction(limit) / factor
    return value - canonical if scale is Scale.ABOVE_UPPER_LIMIT else value / canonical


def quotient(one: Fraction | None, other: Fraction | None) -> Fraction | None:
    return None if one is None or other is None else one / other


def read(definition: Definition, rule: Rule, patient: Patient) -> Fraction | None:
    """What the rule reads, in its own unit."""
    wanted = next(i for i in definition.inputs if not hasattr(i, "agents") and i.column == rule.column)
    assert isinstance(wanted, Laboratory | Baseline)
    result = result_of(patient, wanted.analyte, BEFORE if isinstance(wanted, Baseline) else None)
    value = on_scale(result, wanted.scale)
    return None if value is None else value * FACTORS.get((wanted.analyte, rule.unit), 1)


def judged_rule(definition: Definition, rule: Rule, patient: Patient) -> Range:
    if rule.name == "fall":
        today, before = result_of(patient, "fibrinogen"), result_of(patient, "fibrinogen", BEFORE)
        low, high = points(rule, quotient(number(today), number(before)))
        by_limit = on_scale(today, Scale.BY_LOWER_LIMIT)
        if definition.version == "4.03":
            return low, high
        if by_limit is None:
            return 0, high
        return (low, high) if by_limit < 1 else (0, 0)
    if any(other.name == "multiple" for other in definition.rules):
        return judged_against_baseline(definition, patient) if rule.name == "limit" else (0, 0)
    if rule.name == "rise":
        return judged_rise(definition, rule, patient)
    if rule.name == "relative":
        before = result_of(patient, "inr", BEFORE)
        value = quotient(number(result_of(patient, "inr")), number(before))
        return points(rule, value) if patient.anticoagulated else (0, 0)
    if rule.name == "absolute" and patient.anticoagulated:
        return 0, 0
    return points(rule, read(definition, rule, patient))


def judged_against_baseline(definition: Definition, patient: Patient) -> Range:
    """Against the limit where the baseline was normal, else against the baseline; without one, either."""
    limit, multiple = definition.rules
    today, before = (result_of(patient, definition.analytes[0], day) for day in (None, BEFORE))
    by_limit = on_scale(today, Scale.BY_UPPER_LIMIT)
    normal = points(limit, by_limit)
    if before is None:
        # An abnormal baseline lay above the limit, so that its multiple is smaller, if by ever so little.
        largest = None if by_limit is None else by_limit * (1 - Fraction(1, 10**8))
        return 0, max(normal[1], points(multiple, largest)[1])
    abnormal = points(multiple, quotient(number(today), number(before)))
    was = on_scale(before, Scale.BY_UPPER_LIMIT)
    if was is None:
        return min(normal[0], abnormal[0]), max(normal[1], abnormal[1])
    return abnormal if was > 1 else normal


def judged_rise(definition: Definition, rule: Rule, patient: Patient) -> Range:
    """Creatinine over its baseline; in 6.0 only where that lay below its lower limit."""
    today, before = (result_of(patient, "creatinine", day) for day in (None, BEFORE))
    low, high = points(rule, quotient(number(today), number(before)))
    if definition.version == "5.0":
        return low, high
    was = on_scale(before, Scale.BY_LOWER_LIMIT)
    if was is None:
        return 0, high
    return (low, high) if was < 1 else (0, 0)


def judged_items(definition: Definition, patient: Patient) -> Iterator[Range]:
    alternatives = [rule for rule in definition.rules if rule.name in ALTERNATIVES and definition.instrument in SUMS]
    known = [rule for rule in alternatives if read(definition, rule, patient) is not None]
    for rule in definition.rules:
        if rule not in alternatives:
            yield judged_rule(definition, rule, patient)
    if alternatives:
        yield judged_rule(definition, (known or alternatives)[0], patient)


def is_known(definition: Definition, patient: Patient) -> bool:
    wanted = [i for i in definition.inputs if isinstance(i, Laboratory)]
    if not wanted:
        return any(result_of(patient, i.analyte, BEFORE) for i in definition.inputs if isinstance(i, Baseline))
    return any(result_of(patient, i.analyte) for i in wanted)


def judged(definition: Definition, patient: Patient) -> tuple[int, int] | tuple[None, None]:
    """Lowest and highest possible grade or score."""
    if not is_known(definition, patient):
        return None, None
    items = list(judged_items(definition, patient))
    together = sum if definition.instrument in SUMS else max
    return together(low for low, _ in items), together(high for _, high in items)


# ---- the patients: one for each side of each cut ----


def around(constant: float) -> Iterator[tuple[Decimal, str]]:
    """On the constant, just below, just above."""
    exact = Decimal(str(constant))
    yield exact, "on"
    yield exact * (1 - STEP), "just below"
    yield exact * (1 + STEP), "just above"


def of_rule(definition: Definition, rule: Rule) -> Iterator[Patient]:
    for comparison, constant, _ in rule.cuts:
        for exact, side in around(constant):
            says = f"{definition.name}: {rule.title} {side} {comparison} {constant} {rule.unit}"
            if rule.name in AGAINST_BASELINE:
                yield from against_baseline(definition, rule, exact, says)
            else:
                yield from on_input(definition, rule, exact, says)


def on_input(definition: Definition, rule: Rule, exact: Decimal, says: str) -> Iterator[Patient]:
    wanted = next(i for i in definition.inputs if not hasattr(i, "agents") and i.column == rule.column)
    assert isinstance(wanted, Laboratory | Baseline)
    day = BEFORE if isinstance(wanted, Baseline) else Result.day
    unit = rule.unit if (wanted.analyte, rule.unit) in FACTORS else None
    if wanted.scale is Scale.VALUE:
        yield Patient((Result(wanted.analyte, str(exact), day=day, unit=unit),), says=says)
        return
    for limit in LIMITS:
        multiple = Decimal(limit) + exact if wanted.scale is Scale.ABOVE_UPPER_LIMIT else Decimal(limit) * exact
        limits = {"lower" if wanted.scale is Scale.BY_LOWER_LIMIT else "upper": limit}
        yield Patient((Result(wanted.analyte, str(multiple), day=day, **limits),), says=f"{says}, limit {limit}")


#: Rules that have no input column, since they compare two.
AGAINST_BASELINE = ("fall", "relative", "multiple", "rise")


def against_baseline(definition: Definition, rule: Rule, exact: Decimal, says: str) -> Iterator[Patient]:
    analyte = definition.analytes[0]
    for baseline in ("3.3", "5.9", "1.1"):
        value = Decimal(baseline) * exact
        # Below its lower limit, so that the fall counts, and not so far that the limit gives more than grade 1.
        lower = str(value * Decimal("1.25")) if analyte == "fibrinogen" else None
        # A baseline outside its limits, so that its multiple counts.
        limits = {
            "multiple": {"upper": str(Decimal(baseline) / 2)},
            "rise": {"lower": str(Decimal(baseline) * 2)},
        }.get(rule.name, {})
        results = (Result(analyte, str(value), lower=lower), Result(analyte, baseline, day=BEFORE, **limits))
        yield Patient(results, anticoagulated=analyte == "inr", says=f"{says}, baseline {baseline}")


@cache
def patients() -> tuple[Patient, ...]:
    """One for each side of each cut of each rule, and one with nothing."""
    return patients_of(definitions())


def patients_of(wanted: Iterable[Definition]) -> tuple[Patient, ...]:
    """Those of some definitions."""
    every = [p for definition in wanted for rule in definition.rules for p in of_rule(definition, rule)]
    return (*dict.fromkeys(every), Patient((), says="nothing measured"))


def disagreements(
    found: Sequence[dict[str, Any]], patients: Iterable[Patient], wanted: Iterable[Definition]
) -> list[str]:
    sentences = []
    wanted = tuple(wanted)
    for row, patient in zip(found, patients, strict=True):
        for definition in wanted:
            low, high = judged(definition, patient)
            name = definition.name
            expected = (low if low == high else None, low, high)
            got = (row[name], row[f"{name}__lowest"], row[f"{name}__highest"])
            if got != expected:
                sentences.append(f"{patient.says}: {name} is {got}, not {expected}; {patient.results}")
    return sentences


@pytest.mark.parametrize("engine", ENGINES)
def test_both_sides_of_every_cut(engine: str, tmp_path: Path) -> None:
    check(tmp_path, engine=engine)


def check(folder: Path, of: Collection[str] | None = None, engine: str = "duckdb") -> None:
    """Both sides of every cut of these definitions, each patient judged under all of them; None means all."""
    wanted = [definition for definition in definitions() if of is None or definition.name in of]
    if not wanted:
        return
    made = patients() if of is None else patients_of(wanted)
    found = graded_rows(folder, record(made), [definition.name for definition in wanted], engine)
    wrong = disagreements(found, made, wanted)
    assert not wrong, f"{len(wrong)} of {len(found) * len(wanted)}: " + "\n".join(wrong[:5])


def test_every_rule_of_these_instruments_is_tested() -> None:
    for definition in definitions():
        for rule in definition.rules:
            assert rule.cuts, f"{definition.name}: {rule.name}"
            assert rule.column or rule.name in AGAINST_BASELINE, f"{definition.name}: {rule.name}"
            assert any(patient.says.startswith(f"{definition.name}: ") for patient in of_rule(definition, rule))


# ---- printed ties ----


def test_502_values_of_aptt_on_a_multiple_of_their_limit_are_ties(tmp_path: Path) -> None:
    limits = [Decimal(tenths) / 10 for tenths in range(250, 501)]
    multiples = (Decimal("1.5"), Decimal("2.5"))
    ties = [(limit, multiple) for limit in limits for multiple in multiples]
    assert len(ties) == 502
    plain = [float(limit * multiple) > float(multiple) * float(limit) for limit, multiple in ties]
    as_ratio = [float(limit * multiple) / float(limit) > float(multiple) for limit, multiple in ties]
    assert any(plain) or any(as_ratio), "in plain float64 some ties are missed, or this test shows nothing"
    made = [Patient((Result("aptt", str(limit * multiple), upper=str(limit)),)) for limit, multiple in ties]
    rows = graded_rows(tmp_path, record(made), ["ctcae_v5_aptt", "ctcae_v6_aptt"])
    # More than 1.5 and more than 2.5 times the limit: the tie has the lower grade.
    expected = [{Decimal("1.5"): 1, Decimal("2.5"): 2}[multiple] for _, multiple in ties]
    for name in ("ctcae_v5_aptt", "ctcae_v6_aptt"):
        assert [row[name] for row in rows] == expected


def test_582_falls_of_exactly_a_quarter_a_half_and_three_quarters_are_ties(tmp_path: Path) -> None:
    shares = {Decimal("0.75"): 2, Decimal("0.5"): 3, Decimal("0.25"): 4}
    falls = [(Decimal(20 + step) / 10, left) for step in range(194) for left in shares]
    assert len(falls) == 582
    made = [
        Patient(
            (
                # Above half a gram, and just below a limit of its own, so that the fall alone decides.
                Result("fibrinogen", str(baseline * left), lower=str(baseline * left * Decimal("1.25"))),
                Result("fibrinogen", str(baseline), day=BEFORE),
            )
        )
        for baseline, left in falls
        if baseline * left >= Decimal("0.5")
    ]
    expected = [shares[left] for baseline, left in falls if baseline * left >= Decimal("0.5")]
    rows = graded_rows(
        tmp_path, record(made), ["ctcae_v5_fibrinogen_with_baseline", "ctcae_v4_fibrinogen_with_baseline"]
    )
    assert len(made) == 582
    for name in ("ctcae_v5_fibrinogen_with_baseline", "ctcae_v4_fibrinogen_with_baseline"):
        assert [row[name] for row in rows] == expected


@pytest.mark.parametrize("engine", ENGINES)
def test_582_falls_of_exactly_30_50_and_75_percent_meet_every_comparison(engine: str) -> None:
    shares = (Decimal("0.7"), Decimal("0.5"), Decimal("0.25"))
    falls = [(Decimal(11 + step) / 10, left) for step in range(194) for left in shares]
    table = ibis.table({"before": "float64", "after": "float64", "left_over": "float64"}, name="falls")
    session = open_engine(engine)
    columns = [[float(value) for value in column] for column in zip(*((b, b * s, s) for b, s in falls), strict=True)]
    missed = sum(after / before > left for before, after, left in zip(*columns, strict=True))
    assert missed, "in plain float64 some ties are missed, or this test shows nothing"
    session.load("falls", pa.table(dict(zip(("before", "after", "left_over"), columns, strict=True))))
    ratio = table.after / table.before
    comparisons = {"below": below, "at_most": at_most, "above": above, "at_least": at_least}
    counts = {
        f"{name}_{place}": ((table.left_over == float(share)) & compare(ratio, float(share))).ifelse(1, 0).sum()
        for place, share in enumerate(shares)
        for name, compare in comparisons.items()
    }
    counted = table.aggregate(**counts)
    found = session.fetch(compile_sql(counted, session.dialect)).to_pylist()[0]
    for place in range(len(shares)):
        got = {name: int(found[f"{name}_{place}"]) for name in comparisons}
        assert got == {"below": 0, "at_most": 194, "above": 0, "at_least": 194}
