"""What holds for every record: worse is never better, units and order do not matter, bounds are exact, null is not 0.

Hypothesis makes few examples, each a whole cohort of patients, as one run costs the same for one patient and for many.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from carac.definitions import all_definitions
from carac.language.definition import Definition
from carac.vocabulary.types import Baseline, Grain, Laboratory, Worse
from carac.vocabulary.units import conversion, known_units
from support.case_files import Row, Rows
from support.patients import BEFORE, Patient, Result, graded_rows, record

Found = dict[str, Any]

#: Values that cover all bands, in tenths of thousandths of the canonical unit, and the limits that come with them.
RANGES: dict[str, tuple[str, str, str | None, str | None]] = {
    "platelets": ("1", "300", "150", None),
    "neutrophils": ("0.05", "6", "1.8", None),
    "haemoglobin": ("5", "16", "12.0", None),
    "fibrinogen": ("0.2", "8", "2.0", None),
    "inr": ("0.8", "4", None, "1.2"),
    "aptt": ("20", "120", None, "35.2"),
    "d_dimer": ("0.1", "8", None, "0.5"),
    "prothrombin_time": ("10", "25", None, "13.7"),
    "prothrombin_time_ratio": ("0.8", "3", None, None),
    "fibrin_degradation_products": ("1", "50", None, None),
    "lactate_dehydrogenase": ("100", "3000", None, None),
    "creatinine": ("0.4", "6", None, None),
    "c_reactive_protein": ("1", "300", None, None),
    "leukocytes": ("0.5", "20", "4.0", None),
    "antithrombin": ("30", "120", "80", None),
    "ferritin": ("50", "20000", None, "300"),
    "triglycerides": ("50", "500", None, None),
    "soluble_interleukin_2_receptor": ("500", "6000", None, None),
    "alanine_aminotransferase": ("10", "1000", None, "40"),
    "aspartate_aminotransferase": ("10", "1000", None, "40"),
    "bilirubin": ("0.2", "20", None, "1.2"),
    "gamma_glutamyl_transferase": ("10", "2000", None, "60"),
}
AT_BASELINE = (
    *("fibrinogen", "inr", "platelets", "neutrophils", "haemoglobin", "c_reactive_protein", "creatinine", "ferritin"),
    *("alanine_aminotransferase", "bilirubin", "lactate_dehydrogenase"),
)
#: A day without them has no grade; those with cut-points of the user do not run.
DEFINITIONS: dict[str, Definition] = {
    name: definition
    for name, definition in all_definitions().items()
    if definition.layers is not None and definition.runs_if is None and f"{name}__lowest" in definition.columns
}

# A failure names its patient, so that nothing has to be made smaller, which would take many runs.
FEW = settings(
    max_examples=2,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("properties")


def grade_patients(folder: Path, patients: Sequence[Patient]) -> list[Found]:
    return graded_rows(folder, record(patients), DEFINITIONS)


# ---- patients ----


def values(analyte: str) -> st.SearchStrategy[str]:
    low, high, _, _ = RANGES[analyte]
    return st.decimals(low, high, places=2).map(str)


@st.composite
def results(draw: st.DrawFn, analyte: str, day: int) -> Result:
    _, _, lower, upper = RANGES[analyte]
    with_limits = draw(st.integers(0, 3)) > 0
    value = draw(values(analyte))
    return Result(analyte, value, lower if with_limits else None, upper if with_limits else None, day)


@st.composite
def patients(draw: st.DrawFn) -> Patient:
    today = draw(st.sets(st.sampled_from(sorted(RANGES)), min_size=1))
    before = draw(st.sets(st.sampled_from(AT_BASELINE)))
    made = [draw(results(analyte, Result.day)) for analyte in sorted(today)]
    made += [draw(results(analyte, BEFORE)) for analyte in sorted(before)]
    return Patient(tuple(made), anticoagulated=draw(st.booleans()))


def laboratory(definition: Definition) -> list[Laboratory]:
    return [i for i in definition.inputs if isinstance(i, Laboratory)]


def triple(row: Mapping[str, Any], name: str) -> tuple[Any, Any, Any]:
    return row[name], row[f"{name}__lowest"], row[f"{name}__highest"]


# ---- a worse value ----


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Patient, Patient, str]:
    """A patient, the same with one worse value today, and the analyte."""
    patient = draw(patients())
    today = [p for p, result in enumerate(patient.results) if result.day == Result.day and _directions(result.analyte)]
    assume(today)
    place = draw(st.sampled_from(today))
    result = patient.results[place]
    share = draw(st.decimals("0.05", "0.99", places=2))
    value = Decimal(result.value)
    worse = value * share if _direction(result.analyte) is Worse.LOWER else value / share
    changed = replace(result, value=str(worse))
    after = (*patient.results[:place], changed, *patient.results[place + 1 :])
    return patient, replace(patient, results=after), result.analyte


def _directions(analyte: str) -> set[Worse]:
    """The direction in which it is worse; nothing for one that is read in both (leukocytes of SIRS)."""
    found = {i.worse for d in DEFINITIONS.values() for i in laboratory(d) if i.analyte == analyte and not i.before}
    return found if len(found) == 1 else set()


def _direction(analyte: str) -> Worse:
    (found,) = _directions(analyte)
    return found


@FEW
@given(st.lists(pairs(), min_size=60, max_size=60))
def test_a_worse_value_never_lowers_the_grade(folder: Path, cohort: list[tuple[Patient, Patient, str]]) -> None:
    found = grade_patients(folder, [patient for before, after, _ in cohort for patient in (before, after)])
    for (patient, worse, analyte), before, after in zip(cohort, found[::2], found[1::2], strict=True):
        for name, definition in DEFINITIONS.items():
            if not definition.monotone or definition.grain is not Grain.DAY:
                continue
            for was, now in zip(triple(before, name), triple(after, name), strict=True):
                said = f"{name} fell from {was} to {now} with a worse {analyte}: {patient} then {worse}"
                assert was is None or now is None or now >= was or now == pytest.approx(was, rel=1e-9), said


# ---- null is not 0 ----


@FEW
@given(st.lists(patients(), min_size=80, max_size=80))
def test_null_never_turns_to_0(folder: Path, cohort: list[Patient]) -> None:
    for patient, row in zip(cohort, grade_patients(folder, cohort), strict=True):
        for name, definition in DEFINITIONS.items():
            value, lowest, highest = triple(row, name)
            days = {result.analyte for result in patient.results if result.day == Result.day}
            before = {result.analyte for result in patient.results if result.day == BEFORE}
            of_day = {i.analyte for i in laboratory(definition)}
            read = (
                of_day & days if of_day else before & {i.analyte for i in definition.inputs if isinstance(i, Baseline)}
            )
            # What another definition found is known although no input of its own is.
            if not read and not definition.uses:
                assert (value, lowest, highest) == (None, None, None), f"{name}: {patient}"
            if lowest is None:
                assert value is None and highest is None, f"{name}: {patient}"
            else:
                assert lowest <= highest and value == (lowest if lowest == highest else None), f"{name}: {patient}"


# ---- units and order ----


def in_other_units(rows: Rows, seed: int) -> Rows:
    """The laboratory rows in other units and in another order."""
    draw = random.Random(seed)
    labs = [_in_another_unit(row, draw) for row in rows["labs"]]
    draw.shuffle(labs)
    infusions = list(rows["infusions"])
    draw.shuffle(infusions)
    return rows | {"labs": labs, "infusions": infusions}


def _in_another_unit(row: Row, draw: random.Random) -> Row:
    units = [unit for unit in known_units(row["analyte"]) if not _needs_more(row["analyte"], unit)]
    if not units:
        return row
    unit = draw.choice(units)
    found = conversion(row["analyte"], unit)
    assert found is not None

    def written(text: str | None) -> str | None:
        return None if text is None else repr(float(text) * found.divide / found.multiply - found.offset_before)

    changed = {name: written(row[name]) for name in ("value", "lower_limit", "upper_limit")}
    return {**row, **changed, "unit": unit}


def _needs_more(analyte: str, unit: str) -> bool:
    found = conversion(analyte, unit)
    return found is None or found.basis_needed


@FEW
@given(st.lists(patients(), min_size=80, max_size=80), st.integers(0, 10**6))
def test_units_and_order_of_rows_change_nothing(folder: Path, cohort: list[Patient], seed: int) -> None:
    rows = record(cohort)
    found = graded_rows(folder, rows, DEFINITIONS)
    again = graded_rows(folder, in_other_units(rows, seed), DEFINITIONS)
    for patient, one, other in zip(cohort, found, again, strict=True):
        for column, value in one.items():
            same = other[column] == (pytest.approx(value, rel=1e-9) if isinstance(value, float) else value)
            assert same, f"{column} is {value} and then {other[column]}: {patient}"


# ---- several values of a day ----


def in_several_results(rows: Rows, seed: int) -> Rows:
    """Each result of today twice: the same again, or with a better one beside it where one direction is worse."""
    draw = random.Random(seed)
    labs = []
    for row in rows["labs"]:
        other = dict(row)
        if _is_of_today(row) and _directions(row["analyte"]) and draw.random() < 0.5:
            better = 1 + draw.random() if _direction(row["analyte"]) is Worse.LOWER else 1 - draw.random() / 2
            other["value"] = repr(float(row["value"]) * better)
        labs += draw.sample([row, other], 2)
    return rows | {"labs": labs}


def _is_of_today(row: Row) -> bool:
    return bool(row["time"] == record([Patient((Result("inr", "1"),))])["labs"][0]["time"])


@FEW
@given(st.lists(patients(), min_size=80, max_size=80), st.integers(0, 10**6))
def test_splitting_the_values_of_a_day_changes_nothing(folder: Path, cohort: list[Patient], seed: int) -> None:
    rows = record(cohort)
    more = in_several_results(rows, seed)
    assert len(more["labs"]) == 2 * len(rows["labs"]) and more["labs"][::2] != more["labs"][1::2]
    found, again = graded_rows(folder, rows, DEFINITIONS), graded_rows(folder, more, DEFINITIONS)
    for patient, one, other in zip(cohort, found, again, strict=True):
        for name in DEFINITIONS:
            for was, now in zip(triple(one, name), triple(other, name), strict=True):
                same = now == (pytest.approx(was, rel=1e-9) if isinstance(was, float) else was)
                assert same, f"{name} is {was}, and then {now}: {patient}"


# ---- an unrelated patient ----


@FEW
@given(st.lists(patients(), min_size=40, max_size=40), patients())
def test_an_unrelated_patient_changes_nothing(folder: Path, cohort: list[Patient], stranger: Patient) -> None:
    found = grade_patients(folder, cohort)
    again = grade_patients(folder, [*cohort, stranger])[:-1]
    assert [{**row} for row in found] == [{**row} for row in again]


# ---- comparators ----


@st.composite
def compared(draw: st.DrawFn) -> tuple[Patient, Patient, Patient, str]:
    """A patient with a comparator or a range, the same with each of its two ends, and the analyte."""
    patient = draw(patients())
    place = draw(st.integers(0, len(patient.results) - 1))
    result = patient.results[place]
    value, other = sorted((Decimal(result.value), Decimal(draw(values(result.analyte)))))
    # An open end lies a relative 1e-6 inside; above ">", a value beyond all bands stands for infinity.
    text, low, high = draw(
        st.sampled_from(
            [
                (f"<{value}", "0", repr(float(value) * (1 - 1e-6))),
                (f"<={value}", "0", str(value)),
                (f">{value}", repr(float(value) * (1 + 1e-6)), "1e9"),
                (f">={value}", str(value), "1e9"),
                (f"{value}-{other}", str(value), str(other)),
            ]
        )
    )

    def with_value(text: str) -> Patient:
        changed = replace(result, value=text)
        return replace(patient, results=(*patient.results[:place], changed, *patient.results[place + 1 :]))

    return with_value(text), with_value(low), with_value(high), result.analyte


@FEW
@given(st.lists(compared(), min_size=40, max_size=40))
def test_a_comparator_is_the_interval_between_its_ends(
    folder: Path, cohort: list[tuple[Patient, Patient, Patient, str]]
) -> None:
    found = grade_patients(folder, [patient for three in cohort for patient in three[:3]])
    for number, (patient, with_low, with_high, analyte) in enumerate(cohort):
        if _baseline_across_a_limit(with_low, with_high):
            continue
        row, low, high = found[3 * number : 3 * number + 3]
        for name, definition in DEFINITIONS.items():
            # The formulas have a rule of their own for "<" and for platelets of 0; a surrogate may decide what a range
            # does not.
            if definition.instrument in FORMULAS or (definition.instrument in SURROGATES and _is_time(analyte)):
                continue
            value, lowest, highest = triple(row, name)
            ends = [end[f"{name}__{bound}"] for end in (low, high) for bound in ("lowest", "highest")]
            if None in ends:
                assert {value, lowest, highest, *ends} == {None}, f"{name}: {patient}"
                continue
            assert (lowest, highest) == (min(ends), max(ends)), f"{name}: {patient}"


def _baseline_across_a_limit(with_low: Patient, with_high: Patient) -> bool:
    """Whether an interval of the baseline holds its limit of normal: what "abnormal" decides then turns inside it."""
    for one, other in zip(with_low.results, with_high.results, strict=True):
        limits = [float(limit) for limit in (one.lower, one.upper) if limit]
        if one.day == BEFORE and any(float(one.value) <= limit <= float(other.value) for limit in limits):
            return one != other
    return False


#: Quotients, with rules of their own for "<" and for a divisor of 0, and what is laid on them.
FORMULAS = ("EASIX", "IL-10 and EASIX", "Creatinine clearance", "Vienna CATS", "VTE-BLEED")
#: Prothrombin time, for which a ratio or INR stands in.
SURROGATES = (
    *("ISTH overt DIC", "JAAM DIC", "JSTH DIC", "CARAC", "CTCAE DIC", "DIC persistence"),
    "Sorting of coagulopathy",
)


def _is_time(analyte: str) -> bool:
    return analyte in ("prothrombin_time", "inr", "prothrombin_time_ratio")


# ---- bounds ----

#: Values in every band of every rule, as multiples of the limit where a rule reads one.
FILLING: dict[str, tuple[Result, ...]] = {
    "platelets": tuple(Result("platelets", value) for value in ("20", "75", "150")),
    "d_dimer": tuple(Result("d_dimer", value, upper="0.5") for value in ("0.4", "2", "4")),
    "prothrombin_time": tuple(Result("prothrombin_time", value, upper="13") for value in ("14", "17", "20")),
    "fibrinogen": tuple(Result("fibrinogen", value) for value in ("0.9", "2")),
}


def inside(text: str) -> tuple[str, ...]:
    """Values that cover an interval, its ends among them."""
    if text.startswith("<"):
        return "0", *inside(f"0-{float(text[1:]) * (1 - 1e-6)!r}")
    low, high = (float(end) for end in text.split("-"))
    # Fine enough to meet every band that the intervals of this test reach into.
    steps = 6
    return tuple(repr(low + (high - low) * step / steps) for step in range(steps + 1))


INTERVALS = {
    "platelets": ("<60", "40-120", "80-200"),
    "d_dimer": ("<2", "1-5", "3-3.4"),
    "prothrombin_time": ("<15", "15-17", "10-30"),
    "fibrinogen": ("<1.2", "0.5-0.9"),
}


@st.composite
def incomplete_scores(draw: st.DrawFn) -> tuple[Patient, list[Patient]]:
    """A patient for whom some inputs of the score are missing or intervals, and all completions."""
    options: list[list[Result]] = []
    known: list[Result] = []
    for analyte, filling in FILLING.items():
        match draw(st.sampled_from(("missing", "known", "interval", "no limit"))):
            case "known":
                known.append(draw(st.sampled_from(filling)))
                options.append([known[-1]])
            case "interval":
                result = replace(filling[0], value=draw(st.sampled_from(INTERVALS[analyte])))
                known.append(result)
                options.append([replace(result, value=value) for value in inside(result.value)])
            case "no limit" if filling[0].upper:
                known.append(replace(draw(st.sampled_from(filling)), upper=None))
                limits = (
                    str(Decimal(known[-1].value) * Decimal(share)) for share in ("0.05", "0.2", "0.25", "0.7", "2")
                )
                options.append([replace(known[-1], upper=limit) for limit in limits])
            case _:
                options.append(list(filling))
    return Patient(tuple(known)), [Patient(completion) for completion in itertools.product(*options)]


@FEW
@given(st.lists(incomplete_scores(), min_size=6, max_size=6))
def test_bounds_of_the_dic_score_are_the_extremes_of_all_completions(
    folder: Path, cohort: list[tuple[Patient, list[Patient]]]
) -> None:
    _assert_bounds(folder, ["isth_overt_dic_2025"], cohort)


@st.composite
def incomplete_falls(draw: st.DrawFn) -> tuple[Patient, list[Patient]]:
    """A patient whose fibrinogen, limit or baseline is open, and completions that cover all bands of all rules."""
    value = draw(st.sampled_from(("0.4", "0.8", "1.4", "1.9", "3", "<1.2", "0.3-2", "1.5-2.5")))
    exact = [value] if value.replace(".", "").isdigit() else list(inside(value))
    lower = draw(st.sampled_from((None, "2.0", "1.5")))
    limits = [lower] if lower else [str(limit) for limit in ("0.1", "0.5", "1", "1.5", "2", "2.6", "4", "9")]
    before = draw(st.sampled_from((None, "2", "4.4", "9", "<4", "3-8")))
    levels = ["0.1", "0.7", "1.5", "2", "3", "4.5", "6", "20"]
    if before:
        levels = [before] if before.replace(".", "").isdigit() else [b for b in inside(before) if float(b) > 0]
    known = [Result("fibrinogen", value, lower=lower)]
    if before:
        known.append(Result("fibrinogen", before, day=BEFORE))
    completions = [
        Patient((Result("fibrinogen", today, lower=limit), Result("fibrinogen", level, day=BEFORE)))
        for today, limit, level in itertools.product(exact, limits, levels)
    ]
    return Patient(tuple(known)), completions


@FEW
@given(st.lists(incomplete_falls(), min_size=8, max_size=8))
def test_bounds_of_fibrinogen_are_the_extremes_of_all_completions(
    folder: Path, cohort: list[tuple[Patient, list[Patient]]]
) -> None:
    _assert_bounds(folder, [f"ctcae_{version}_fibrinogen_with_baseline" for version in ("v4", "v5")], cohort)


def _assert_bounds(folder: Path, names: Sequence[str], cohort: Sequence[tuple[Patient, list[Patient]]]) -> None:
    flat = [patient for incomplete, completions in cohort for patient in (incomplete, *completions)]
    rows = iter(graded_rows(folder, record(flat), names))
    for incomplete, completions in cohort:
        found, completed = next(rows), [next(rows) for _ in completions]
        for name in names:
            grades = [row[name] for row in completed]
            assert None not in grades, f"a completion has no {name}: {incomplete}"
            extremes = (min(grades), max(grades)) if incomplete.results else (None, None)
            _, *bounds = triple(found, name)
            assert tuple(bounds) == extremes, f"{name} has bounds {bounds}, not {extremes}: {incomplete}"
