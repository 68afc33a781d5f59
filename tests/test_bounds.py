"""Bounds are exact: the lowest and highest grade are those of all completions of what is missing, and no wider.

For every row-wise definition, on made-up inputs: some are known, some missing, some intervals, some without a limit of
normal. All completions run through values on, between and beyond the cut-points. A reading that is true and false among
the completions is null.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import ibis
import pyarrow as pa
import pytest

from carac.definitions import all_definitions
from carac.engine.base import compile_sql
from carac.language.definition import Definition
from carac.vocabulary.types import Assessed, Baseline, Exposure, Input, Laboratory, Scale
from support.engines import open_engine

#: Stand in for another input as if they were it (LOW), so that its completions do not count: never known here.
STAND_INS = {
    "ISTH overt DIC": ("inr_highest", "prothrombin_time_ratio_highest"),
    "ISTH overt DIC sensitivity": ("inr_highest", "prothrombin_time_ratio_highest"),
    "JAAM DIC": ("prothrombin_time_highest_by_upper_limit",),
    "JSTH DIC": ("prothrombin_time_highest_by_upper_limit",),
    # Not recorded is taken as no sign of kidney failure.
    "SOFA": ("urine_output_lowest_assessed",),
    "SIC": ("urine_output_lowest_assessed",),
}
#: Places and rates on both sides of what their rules compare without a column of their own, or below 1.
PLACES = {
    "oxygen_device_highest_assessed": (0.0, 6.0, 7.0, 9.0),
    "norepinephrine_rate_highest_assessed": (0.0, 0.05, 0.1, 0.2),
}
#: One of them is enough, and the others leave no range beside it: always measured here.
MARKERS = {"thrombin_antithrombin_complex", "soluble_fibrin", "prothrombin_fragment_1_2"}
#: A rate of what is not given is none.
RATES = {
    "norepinephrine_rate_highest_assessed": "norepinephrine_or_epinephrine",
    "dopamine_rate_highest_assessed": "dopamine",
}
#: Not exact, with the reason.
ELSEWHERE = {
    "vte_bleed": "with age unknown the creatinine clearance is open, though 140 - age has a largest value",
    **{
        f"ctcae_{version}_{term}": "an unknown baseline is taken on the limit of today: judged in test_cut_points"
        for version in ("v5", "v6")
        for term in ("alt", "ast", "bilirubin", "ggt")
    },
    "cartox_hlh": "reads those terms",
    "overt_dic_persistence": "reads the days before: see its own test below",
}
#: Smaller and larger than anything that is compared: what is compared with an open value may lie anywhere.
FAR = (1e-4, 1e6)
#: What a partly known row may have of completions.
MOST_COMPLETIONS = 400
ROWS = 12
Row = dict[str, Any]


def of_rows(definition: Definition) -> bool:
    """Whether it, and all that it uses, reads nothing but inputs of the row."""
    if definition.layers is None or definition.runs_if is not None:
        return False
    return all(of_rows(all_definitions()[used]) for used in definition.uses)


DEFINITIONS = [name for name, definition in all_definitions().items() if of_rows(definition) and name not in ELSEWHERE]


@dataclass(frozen=True)
class Group:
    """What one measurement gives: its value, and its ratio to its limits; or one judged item, exposure or number."""

    inputs: tuple[Input, ...]
    plain: tuple[float, ...]
    scaled: tuple[float, ...]

    @property
    def usual(self) -> tuple[float, ...]:
        """The values that a row may have; those far away are kept for completions."""
        return tuple(value for value in self.plain if value not in FAR)

    @property
    def is_laboratory(self) -> bool:
        """Whether it may be an interval, or lack its limit."""
        return isinstance(self.inputs[0], Laboratory | Baseline)

    def columns(self, low: float | None, high: float | None, ratio: tuple[float, float] | None) -> Row:
        """The columns of the row; `ratio` is that of the value to its limit."""
        found: Row = {}
        for wanted in self.inputs:
            if isinstance(wanted, Exposure):
                found[wanted.name] = None if low is None else bool(low)
            elif isinstance(wanted, Laboratory | Baseline) and wanted.scale is not Scale.VALUE:
                found[wanted.low], found[wanted.high] = ratio or (None, None)
            else:
                found[wanted.low], found[wanted.high] = low, high
        return found

    def rows(self, draw: random.Random) -> tuple[Row, list[Row]]:
        """What is known of it, and all its completions."""
        value, ratio = draw.choice(self.usual), draw.choice(self.scaled)
        exact = self.columns(value, value, (ratio, ratio))
        kind = draw.choice(("known", "known", "missing", "interval", "no limit"))
        if kind == "missing" and getattr(self.inputs[0], "analyte", "") not in MARKERS:
            pairs = itertools.product(self.plain, self.scaled)
            return self.columns(None, None, None), [self.columns(v, v, (r, r)) for v, r in pairs]
        if kind == "interval" and self.is_laboratory:
            return self._interval(draw, value, ratio)
        if kind == "no limit" and self._has_both:
            return self.columns(value, value, None), [self.columns(value, value, (r, r)) for r in self.scaled]
        return exact, [exact]

    @property
    def _has_both(self) -> bool:
        scales = {wanted.scale is Scale.VALUE for wanted in self.inputs if isinstance(wanted, Laboratory | Baseline)}
        return scales == {True, False}

    def _interval(self, draw: random.Random, value: float, ratio: float) -> tuple[Row, list[Row]]:
        """From one value to another; with a limit, the ratio goes with the value."""
        if self._has_both or not self._scaled_only:
            low, high = sorted((value, draw.choice(self.usual)))
            limit = (value or 1.0) / (ratio or 1.0)
            inner = [v for v in self._fine(self.plain, limit) if low <= v <= high]
            known = self.columns(low, high, (low / limit, high / limit))
            return known, [self.columns(v, v, (v / limit, v / limit)) for v in sorted({low, high, *inner})]
        low, high = sorted((ratio, draw.choice(self.scaled)))
        inner = [r for r in self.scaled if low <= r <= high]
        return self.columns(None, None, (low, high)), [self.columns(None, None, (r, r)) for r in inner]

    @property
    def _scaled_only(self) -> bool:
        return not any(getattr(wanted, "scale", Scale.VALUE) is Scale.VALUE for wanted in self.inputs)

    def _fine(self, values: tuple[float, ...], limit: float) -> set[float]:
        return {*values, *(ratio * limit for ratio in self.scaled)}


def around(cuts: Collection[float]) -> tuple[float, ...]:
    """Values on the cuts, between them, and beyond them."""
    if not cuts:
        return (0.0, 1.0)
    ordered = sorted(cuts)
    between = [(one + other) / 2 for one, other in itertools.pairwise(ordered)]
    return tuple(sorted({*ordered, *between, ordered[0] * 0.9, ordered[0] * 0.1, ordered[-1] * 1.1, ordered[-1] * 5}))


@dataclass(frozen=True)
class Bounded:
    """A definition with all that it uses, as one query over made-up inputs."""

    name: str

    @property
    def definition(self) -> Definition:
        return all_definitions()[self.name]

    @cached_property
    def chain(self) -> list[Definition]:
        """What it uses first, itself last."""
        found: list[Definition] = []

        def add(name: str) -> None:
            for used in all_definitions()[name].uses:
                add(used)
            if all_definitions()[name] not in found:
                found.append(all_definitions()[name])

        add(self.name)
        return found

    @staticmethod
    def values(definition: Definition) -> dict[str, Any]:
        return {parameter.name: parameter.default for parameter in definition.parameters}

    @cached_property
    def inputs(self) -> list[Input]:
        return list(dict.fromkeys(i for d in self.chain for i in d.inputs_with(self.values(d))))

    @cached_property
    def cuts(self) -> dict[str, set[float]]:
        """The cut-points by column, in the unit of the column; under "" those of changes, as ratios."""
        found: dict[str, set[float]] = {}
        for definition in self.chain:
            for rule in definition.rules:
                found.setdefault(rule.column, set()).update(constant / rule.factor for _, constant, _ in rule.cuts)
        return found

    @cached_property
    def groups(self) -> list[Group]:
        by_key: dict[object, list[Input]] = {}
        for wanted in self.inputs:
            match wanted:
                case Laboratory():
                    key: object = (wanted.analyte, wanted.before, wanted.carry, wanted.worse)
                case Baseline():
                    key = (wanted.analyte, "baseline")
                case _:
                    key = wanted
            if getattr(wanted, "column", "") not in STAND_INS.get(self.definition.instrument, ()):
                by_key.setdefault(key, []).append(wanted)
        return [self._group(tuple(inputs)) for inputs in by_key.values()]

    def _group(self, inputs: tuple[Input, ...]) -> Group:
        scaled: set[float] = set()
        plain: set[float] = set()
        for wanted in inputs:
            column = wanted.name if isinstance(wanted, Exposure) else wanted.column
            of_ratio = isinstance(wanted, Laboratory | Baseline) and wanted.scale is not Scale.VALUE
            (scaled if of_ratio else plain).update(self.cuts.get(column, set()))
        if isinstance(inputs[0], Exposure):
            return Group(inputs, (0.0, 1.0), (1.0,))
        if isinstance(inputs[0], Assessed):
            places = around(plain) if any(cut > 4 for cut in plain) else (0.0, 1.0, 2.0, 3.0)
            places = PLACES.get(inputs[0].column, places)
            return Group(inputs, places, (1.0,))
        changed = self._compared(inputs[0])
        if changed:
            today = sorted(plain)[len(plain) // 2] if plain else 10.0
            plain |= {today * ratio for ratio in around(changed)}
        values = around(plain) if plain and not changed else (FAR[0], *(around(plain) if plain else (1.0,)), FAR[1])
        # Which rule holds may hang on whether the value before treatment was outside its limits.
        outside = (0.5, 1.0, 2.0) if isinstance(inputs[0], Baseline) else (1.0,)
        return Group(inputs, values, around(scaled) if scaled else outside)

    def _compared(self, wanted: Input) -> set[float]:
        """The ratios of a change, for a value that is compared with an earlier one."""
        analyte = getattr(wanted, "analyte", "")
        times = {
            "baseline" if isinstance(i, Baseline) else i.before
            for i in self.inputs
            if isinstance(i, Laboratory | Baseline) and i.analyte == analyte
        }
        return {cut for cut in self.cuts.get("", set()) if cut < 6} if len(times) > 1 else set()

    @cached_property
    def schema(self) -> dict[str, str]:
        found: dict[str, str] = {"case": "int64", "sex": "string"}
        for wanted in self.inputs:
            if isinstance(wanted, Exposure):
                found[wanted.name] = "boolean"
            else:
                found |= {wanted.low: "float64", wanted.high: "float64"}
        return found

    @cached_property
    def sql(self) -> str:
        table = ibis.table(self.schema, name="bounds_inputs")
        for definition in self.chain:
            assert definition.layers is not None
            for layer in definition.layers(self.values(definition)):
                table = table.mutate(**layer(table))
        return compile_sql(table.select("case", *self.columns), "duckdb")

    @property
    def columns(self) -> list[str]:
        """The grade with its bounds, and its readings."""
        outputs = {self.name + output.suffix: output for output in self.definition.outputs}
        grade = [name for name in (f"{self.name}__lowest", f"{self.name}__highest", self.name) if name in outputs]
        return [*grade, *(name for name, o in outputs.items() if o.type == "boolean" and not o.item)]

    def graded(self, rows: list[Row]) -> list[Row]:
        """The results, in the order of the rows."""
        types = {"int64": pa.int64(), "float64": pa.float64(), "boolean": pa.bool_(), "string": pa.string()}
        schema = pa.schema([(name, types[kind]) for name, kind in self.schema.items()])
        numbered = [{"case": place, "sex": "female"} | row for place, row in enumerate(rows)]
        engine = open_engine("duckdb")
        engine.load("bounds_inputs", pa.Table.from_pylist(numbered, schema=schema))
        return sorted(engine.fetch(self.sql).to_pylist(), key=lambda row: int(row["case"]))

    def partly_known(self, draw: random.Random) -> tuple[Row, list[Row]]:
        """A row of which something is open, and its completions."""
        while True:
            drawn = [group.rows(draw) for group in self.groups]
            sizes = 1
            for place in draw.sample(range(len(drawn)), len(drawn)):
                completions = drawn[place][1]
                if sizes * len(completions) > MOST_COMPLETIONS:
                    # Too many: this one is known after all.
                    exact = draw.choice([row for row in completions if not set(FAR) & set(row.values())])
                    drawn[place] = (exact, [exact])
                sizes *= len(drawn[place][1])
            if sizes > 1 or all(len(group.plain) * len(group.scaled) == 1 for group in self.groups):
                break
        row = {column: value for known, _ in drawn for column, value in known.items()}
        products = itertools.product(*(completions for _, completions in drawn))
        made = [{c: v for part in parts for c, v in part.items()} for parts in products]
        return row, [completion for completion in made if _is_possible(completion)]


def _is_possible(row: Row) -> bool:
    """Whether a drug has a rate where it is given, and none where it is not."""
    rates = [(row[rate], row[given]) for rate, given in RATES.items() if rate in row]
    return all((rate or 0) > 0 if given else not rate for rate, given in rates)


def faults(bounded: Bounded, seed: int) -> Iterator[str]:
    """Where bounds or readings are not those of all completions."""
    draw = random.Random(seed)
    made = [pair for pair in (bounded.partly_known(draw) for _ in range(ROWS)) if pair[1]]
    results = iter(bounded.graded([row for known, completions in made for row in (known, *completions)]))
    for known, completions in made:
        found, completed = next(results), [next(results) for _ in completions]
        yield from _wrong_bounds(bounded.name, known, found, completed)
        for column in bounded.columns:
            values = {row[column] for row in completed}
            if isinstance(found[column], bool) and values != {found[column]}:
                yield f"{column} is {found[column]} and among the completions {values}: {known}"


def _wrong_bounds(name: str, known: Row, found: Row, completed: list[Row]) -> Iterator[str]:
    low, high = f"{name}__lowest", f"{name}__highest"
    if low not in found or found[low] is None:
        return
    lowest = [row[low] for row in completed if row[low] is not None]
    highest = [row[high] for row in completed if row[high] is not None]
    bounds, extremes = (found[low], found[high]), (min(lowest), max(highest))
    if bounds != pytest.approx(extremes, rel=1e-9):
        yield f"{name} has bounds {bounds}, not {extremes}: {known}"


@cache
def bounded(name: str) -> Bounded:
    return Bounded(name)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_bounds_are_those_of_all_completions(name: str) -> None:
    found = list(faults(bounded(name), seed=1))
    assert not found, f"{len(found)}: " + "\n".join(found[:3])


def test_bounds_of_persistence_are_those_of_all_completions_of_the_days() -> None:
    name, score = "overt_dic_persistence", "isth_overt_dic_2025"
    courses = [*itertools.product((True, False, None), repeat=4)]
    rows = [
        {"patient_id": str(course), "infusion_number": 1, "day": day, f"{score}__lowest": 0, f"{score}__overt": overt}
        for course in courses
        for day, overt in enumerate(course)
    ]
    definition = all_definitions()[name]
    kinds = {"patient_id": "string", "infusion_number": "int64", "day": "int32"}
    table = ibis.table(kinds | {f"{score}__lowest": "int8", f"{score}__overt": "boolean"}, name="persistence_inputs")
    assert definition.layers is not None
    for layer in definition.layers({parameter.name: parameter.default for parameter in definition.parameters}):
        table = table.mutate(**layer(table))
    engine = open_engine("duckdb")
    schema = pa.schema(
        [
            *(("patient_id", pa.string()), ("infusion_number", pa.int64()), ("day", pa.int32())),
            *((f"{score}__lowest", pa.int8()), (f"{score}__overt", pa.bool_())),
        ]
    )
    engine.load("persistence_inputs", pa.Table.from_pylist(rows, schema=schema))
    found = {(row["patient_id"], row["day"]): row for row in engine.fetch(compile_sql(table, "duckdb")).to_pylist()}
    for course in courses:
        completions = [
            [overt if completed is None else completed for completed, overt in zip(course, drawn, strict=True)]
            for drawn in itertools.product((True, False), repeat=4)
        ]
        for day in range(4):
            lengths = {_days_in_a_row(completed[: day + 1]) for completed in completions}
            row = found[str(course), day]
            assert (row[f"{name}__lowest"], row[f"{name}__highest"]) == (min(lengths), max(lengths)), (course, day)


def _days_in_a_row(days: list[bool]) -> int:
    """How many of the last days are true."""
    return sum(1 for _ in itertools.takewhile(bool, reversed(days)))
