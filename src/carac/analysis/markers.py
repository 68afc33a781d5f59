"""What may foretell an endpoint: graded scores, columns of the infusions, values of a day; read without looking ahead.

A predictor is written as one line: the name of a score that carac grades (`easix_pre`, `khorana`), a column of the
infusions or patient-days (`age`, `astct_crs`), a value of the day (`d_dimer_highest`), or a column and what it must be
(`sex = male`). `log2` before it takes the base-2 logarithm. What belongs to a day is read on the landmark, or on the
last day with a value of the few days before it; nothing after it is looked at.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from carac.definitions import all_definitions
from carac.endpoints.people import PEOPLE, Floats, array_of
from carac.endpoints.study import Study
from carac.findings import CaracError
from carac.grading.run import Graded
from carac.vocabulary.analytes import analytes
from carac.vocabulary.spelling import nearest
from carac.vocabulary.types import Grain

#: A value is read on the landmark or so many days before it, where the day itself has none.
LOOK_BACK = 2
BEFORE_INFUSION = -1
#: Why somebody has no value.
NONE_RECORDED = "no value recorded"
ONLY_A_RANGE = "known only within a range"
NO_LOGARITHM = "0 or less, which has no logarithm"
#: What is known of people at infusion, with its unit.
_OF_INFUSION = {"age": "years", "weight": "kg", "height": "cm"}
#: The day of a patient-day's value is named by analyte and which of its values counts.
_VALUE_ENDS = ("_lowest", "_highest")


@dataclass(frozen=True)
class Marker:
    """One thing that may foretell.

    Parameters
    ----------
    name: as it was written.
    title: as it is printed.
    per: "infusion" or "day".
    column: of the graded tables; a value of the day has two, `__from` and `__to`.
    unit: of the value, before any logarithm.
    scale: "linear", or "log2": the base-2 logarithm enters.
    equals: the word that a column of words must be; empty where it holds numbers.
    known_on: last day whose values it needs (-1: before the infusion); of a day's value it is that day.
    known_by: parameters of its definition that say so instead, of which the latest counts.
    """

    name: str
    title: str
    per: str
    column: str
    unit: str
    scale: str = "linear"
    equals: str = ""
    known_on: int = BEFORE_INFUSION
    known_by: tuple[str, ...] = ()

    @property
    def definition(self) -> str | None:
        """The definition that makes it; None for what the record holds."""
        known = all_definitions()
        return next((name for name in (self.column, self.column.split("__")[0]) if name in known), None)

    @property
    def is_value_of_day(self) -> bool:
        """Whether it is a measured value, known as an interval."""
        return self.per == "day" and self.definition is None

    def known_until(self, graded: Graded) -> int:
        """Last day whose values it needs under the parameters of this cohort."""
        days = [graded.parameters.get(self.definition or "", one) for one in self.known_by]
        return max([int(day) for day in days if isinstance(day, int | float)], default=self.known_on)


@dataclass(frozen=True)
class Read:
    """A marker of everybody: NaN where there is no value, and then why; one entry per infusion of the study."""

    marker: Marker
    values: Floats
    why: npt.NDArray[Any]


@cache
def shipped() -> Mapping[str, Marker]:
    """The scores that come with carac, by name."""
    text = (files("carac.analysis") / "markers.toml").read_text(encoding="utf-8")
    return {row["name"]: _from_row(row) for row in tomllib.loads(text)["marker"]}


def _from_row(row: Mapping[str, Any]) -> Marker:
    known = row.get("known_on", BEFORE_INFUSION)
    by = tuple(known) if isinstance(known, list) else ()
    return Marker(
        row["name"],
        row["title"],
        row["per"],
        row["name"],
        row["unit"],
        row.get("scale", "linear"),
        known_on=BEFORE_INFUSION if by else known,
        known_by=by,
    )


def definitions_of(predictors: Iterable[str]) -> list[str]:
    """The definitions that have to be graded for predictors as they are written."""
    known = all_definitions()
    columns = (_parts(text)[0] for text in predictors)
    return sorted({name for column in columns for name in (column, column.split("__")[0]) if name in known})


def marker_of(text: str, study: Study) -> Marker:
    """The marker that a line means; raises `CaracError` with the nearest name.

    Parameters
    ----------
    text: such as `easix_pre`, `sex = male`, `log2 d_dimer_highest`.
    study: whose columns are looked up.
    """
    column, equals, scale = _parts(text)
    if column in shipped():
        made = shipped()[column]
        return made if scale == "linear" else replace(made, scale=scale)
    if column in study.people.table.column_names:
        return _of_infusion(text, column, equals, scale, study)
    days = set(study.graded.columns(Grain.DAY))
    if f"{column}__from" in days or _is_column(study.graded, column):
        if equals:
            raise CaracError(
                f"The predictor {text!r} asks a value of the day for a word; leave out what follows the =."
            )
        return Marker(text, _title(column), "day", column, _unit(column), scale)
    near = nearest(column, [*shipped(), *study.people.table.column_names, *days])
    hint = f"did you mean {near.removesuffix('__from').removesuffix('__to')}?" if near else "see docs/analysis.md."
    raise CaracError(f"There is no predictor {column!r} in this cohort; {hint}")


def _parts(text: str) -> tuple[str, str, str]:
    """Column, word that it must be, and scale of a line."""
    column, _, equals = (part.strip() for part in text.partition("="))
    scale = "linear"
    if column.startswith("log2 "):
        column, scale = column[5:].strip(), "log2"
    return column, equals, scale


def _of_infusion(text: str, column: str, equals: str, scale: str, study: Study) -> Marker:
    words = study.people.values(column).dtype == object
    if words and not equals:
        seen = sorted({str(one) for one in study.people.values(column) if one is not None})
        raise CaracError(f"{column} holds words; write one of them, such as {column} = {seen[0] if seen else 'word'}.")
    if equals and not words:
        raise CaracError(f"{column} holds numbers, and cannot be {equals!r}.")
    title = f"{_title(column)} {equals.replace('_', ' ')}" if equals else _title(column)
    unit = "0 or 1" if equals else _OF_INFUSION.get(column, "")
    return Marker(text, title, "infusion", column, unit, scale, equals)


def _is_column(graded: Graded, column: str) -> bool:
    owner = next((d for d in graded.plan.definitions if column.startswith(d.name) and d.grain is Grain.DAY), None)
    return owner is not None and any(column == owner.name + one.suffix for one in owner.outputs)


def _title(column: str) -> str:
    known, (analyte, end) = all_definitions(), _analyte(column)
    if analyte:
        return f"{analytes()[analyte].title}, {end} of the day"
    return known[column].title if column in known else column.replace("_", " ")


def _analyte(column: str) -> tuple[str, str]:
    """The analyte of a value of the day, and which value it is; empty where it is none."""
    for end in _VALUE_ENDS:
        analyte = column.removesuffix(end)
        if column.endswith(end) and analyte in analytes():
            return analyte, end[1:]
    return "", ""


def _unit(column: str) -> str:
    analyte, _ = _analyte(column)
    return analytes()[analyte].canonical_unit if analyte else ""


def lacks(marker: Marker, study: Study) -> str:
    """Why a marker cannot be read in this cohort; empty where it can."""
    graded = {definition.name for definition in study.graded.plan.definitions}
    owner = marker.definition
    if owner is not None:
        return "" if owner in graded else f"{owner} was not graded"
    if marker.per == "infusion":
        return "" if marker.column in study.people.table.column_names else f"no column {marker.column}"
    held = f"{marker.column}__from" in study.graded.columns(Grain.DAY)
    return "" if held else f"no graded definition holds {marker.column}"


def read(study: Study, markers: Sequence[Marker], day: int, look_back: int = LOOK_BACK) -> dict[str, Read]:
    """Markers of everybody as they are known on a day, by name.

    Parameters
    ----------
    study: a graded cohort.
    markers: that can be read in it, see `lacks`.
    day: the landmark; values of patient-days after it are not looked at.
    look_back: how many days before it a value may be from.
    """
    by_day = [one for one in markers if one.per == "day"]
    rows = _days(study, by_day, day - look_back, day) if by_day else pa.table({})
    found = {}
    for one in markers:
        low, high = _of_days(study, one, rows) if one.per == "day" else _of_people(study, one)
        found[one.name] = _read(one, low, high)
    return found


def _of_people(study: Study, marker: Marker) -> tuple[Floats, Floats]:
    values = study.people.values(marker.column)
    if marker.equals:
        given = np.array([np.nan if one is None else float(one == marker.equals) for one in values], dtype=np.float64)
        return given, given
    numbers = values.astype(np.float64)
    bounds = [f"{marker.column}{end}" for end in ("__lowest", "__highest")]
    if not set(bounds) <= set(study.people.table.column_names):
        return numbers, numbers
    low, high = (study.people.values(name).astype(np.float64) for name in bounds)
    known = ~np.isnan(numbers)
    return np.where(known, numbers, low), np.where(known, numbers, high)


def _days(study: Study, markers: Sequence[Marker], first: int, last: int) -> pa.Table:
    """The columns of some days, read once: the patient-days are a view over many tables."""
    pairs = {name for one in markers for name in _ends(one)}
    return study.graded.engine.fetch(
        f"SELECT place, day, {', '.join(sorted(pairs))} FROM patient_days_full JOIN {PEOPLE}"
        f" USING (patient_id, infusion_number) WHERE day BETWEEN {first} AND {last} ORDER BY place, day"
    )


def _ends(marker: Marker) -> tuple[str, str]:
    """The columns with the lowest and the highest possible value."""
    if marker.is_value_of_day:
        return f"{marker.column}__from", f"{marker.column}__to"
    definition = all_definitions()[marker.definition or ""]
    bounded = marker.column == definition.name and any(one.suffix == "__lowest" for one in definition.outputs)
    return (f"{marker.column}__lowest", f"{marker.column}__highest") if bounded else (marker.column, marker.column)


def _of_days(study: Study, marker: Marker, rows: pa.Table) -> tuple[Floats, Floats]:
    """The bounds on the last day with a sure value; where there is none, those of the last day with bounds."""
    place = array_of(rows, "place").astype(np.int64)
    low, high = (array_of(rows, name).astype(np.float64) for name in _ends(marker))
    known = ~np.isnan(low) & ~np.isnan(high)
    kept_low, kept_high = (np.full(len(study.people), np.nan) for _ in range(2))
    # rows ascend by day, so that the last one written is the latest; sure values are written over ranges
    for which in (known & (low < high), known & (low == high)):
        kept_low[place[which]], kept_high[place[which]] = low[which], high[which]
    return kept_low, kept_high


def _read(marker: Marker, low: Floats, high: Floats) -> Read:
    why = np.full(len(low), "", dtype=object)
    values = np.where(low == high, low, np.nan)
    why[np.isnan(values)] = ONLY_A_RANGE
    why[np.isnan(low) | np.isnan(high)] = NONE_RECORDED
    if marker.scale == "log2":
        none = ~np.isnan(values) & (values <= 0)
        why[none], values[none] = NO_LOGARITHM, np.nan
        values = np.log2(values)
    return Read(marker, values, why)
