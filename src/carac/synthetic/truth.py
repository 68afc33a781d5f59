"""The truth behind a synthetic record: what the mechanism knows and no record says. Written beside it, never graded.

Four tables in the folder ``truth``: one row per patient-day, per infusion, per event, and per event that would have
happened had nobody been given an anticoagulant. docs/synthetic.md describes the columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet

from carac.findings import CaracError
from carac.synthetic.columns import Column, numbers, texts, words
from carac.synthetic.course import DAYS, NEVER, Array, Course, Integers
from carac.synthetic.record_tables import event_ids, seen_in_order

FOLDER = "truth"
#: Name of each file without its ending, by table of `Truth`.
FILES = {
    "days": "synthetic_truth_days",
    "infusions": "synthetic_truth_infusions",
    "events": "synthetic_truth_events",
    "counterfactual_events": "synthetic_truth_counterfactual_events",
}
#: Values without noise that are written for every day.
VALUES = ("platelets", "neutrophils", "haemoglobin", "fibrinogen", "d_dimer")
#: Significant digits of the numbers of a day.
_DIGITS = 4
_SMALLEST = 1e-9
#: Hazards that no anticoagulant changes; without it they are the same.
_UNTOUCHED = {"death", "infection", "progression"}


@dataclass(frozen=True)
class Truth:
    """The truth of a synthetic record.

    Parameters
    ----------
    days: state, hazards and values without noise, one row per patient and day.
    infusions: what does not change, and how it ended, one row per infusion.
    events: cause, hazard and ratio of each event.
    counterfactual_events: the events of the same patients without anticoagulant.
    """

    days: pa.Table
    infusions: pa.Table
    events: pa.Table
    counterfactual_events: pa.Table


def read_truth(folder: str | Path) -> Truth:
    """The truth of a synthetic record.

    Parameters
    ----------
    folder: that ``carac synthesize`` wrote.

    Raises
    ------
    CaracError: the folder has no truth.
    """
    return Truth(**{name: _read(Path(folder) / FOLDER, file) for name, file in FILES.items()})


def _read(folder: Path, name: str) -> pa.Table:
    if (folder / f"{name}.parquet").exists():
        return parquet.read_table(folder / f"{name}.parquet")
    if (folder / f"{name}.csv").exists():
        return arrow_csv.read_csv(folder / f"{name}.csv")
    raise CaracError(f"{folder} has no {name}.parquet or {name}.csv; write it with `carac synthesize`.")


def truth_tables(course: Course) -> dict[str, pa.Table]:
    """The truth of a batch, by table of `Truth`."""
    return {
        "days": _days(course),
        "infusions": _infusions(course),
        "events": _events(course),
        "counterfactual_events": _counterfactual_events(course),
    }


def _days(course: Course) -> pa.Table:
    """Every day from the first of the axis to the last on which the patient is seen."""
    patient, day = np.nonzero(course.last_seen_day[:, None] >= DAYS)
    columns = {
        "patient_id": words(patient, course.patient_ids),
        "day": pa.array(DAYS[day].astype(np.int16)),
        **{name: _of_day(state[patient, day]) for name, state in course.state.items()},
        **{f"true_{name}": _of_day(course.latent[name][patient, day]) for name in VALUES},
        **{f"hazard_{name}": _of_day(hazard[patient, day]) for name, hazard in course.hazards.items()},
    }
    for name in sorted(set(course.hazards_without_anticoagulant) - _UNTOUCHED):
        hazard = course.hazards_without_anticoagulant[name]
        columns[f"hazard_without_anticoagulant_{name}"] = _of_day(hazard[patient, day])
    return pa.table(columns)


def _of_day(values: Array) -> Column:
    """A column of a day: yes or no, a whole number, or a number of four digits."""
    if values.dtype == np.bool_:
        return pa.array(values)
    if np.issubdtype(values.dtype, np.integer):
        return pa.array(values.astype(np.int8))
    return pa.array(significant(values).astype(np.float32))


def significant(values: Array, digits: int = _DIGITS) -> Array:
    """Numbers rounded to so many significant digits; what is smaller than any rate is 0."""
    result = np.zeros(values.shape)
    # Most states are 0 or 1 on most days.
    whole = values == 1.0
    result[whole] = 1.0
    others = (np.abs(values) > _SMALLEST) & ~whole
    size = values[others].astype(np.float64)
    scale = 10.0 ** (digits - 1 - np.floor(np.log10(np.abs(size))))
    result[others] = np.round(size * scale) / scale
    return result


def _infusions(course: Course) -> pa.Table:
    """What does not change, by column of `Course.people` and `Course.outcome`; a day that never came is null."""
    named = {"patient_id": texts(course.patient_ids)}
    return pa.table(named | {name: _of_person(values) for name, values in (course.people | course.outcome).items()})


def _of_person(values: Array) -> Column:
    if values.dtype == object:
        return texts(values)
    if np.issubdtype(values.dtype, np.datetime64):
        return pa.array(values.astype("datetime64[D]"), pa.date32())
    if np.issubdtype(values.dtype, np.integer):
        return pa.array(values, mask=values == NEVER)
    if values.dtype == np.bool_:
        return pa.array(values)
    return numbers(significant(values, 9))


def _events(course: Course) -> pa.Table:
    """Cause and hazard of each event, in the order of the record."""
    order = seen_in_order(course, course.events["patient"], course.events["onset_day"])
    seen = {name: column[order] for name, column in course.events.items()}
    patient = seen["patient"].astype(np.int64)
    return pa.table(
        {
            "event_id": texts(event_ids(course, patient, seen["event_number"].astype(np.int64))),
            "patient_id": words(patient, course.patient_ids),
            "onset_day": numbers(np.round(seen["onset_day"].astype(np.float64), 4)),
            **{name: texts(seen[name]) for name in ("kind", "site", "cause", "hazard_name")},
            "hazard": numbers(significant(seen["hazard"])),
            "hazard_ratio": numbers(significant(seen["hazard_ratio"])),
            "grade": _grade(seen["grade"].astype(np.int64)),
        }
    )


def _grade(grade: Integers) -> Column:
    return pa.array(grade, mask=grade < 0)


def _counterfactual_events(course: Course) -> pa.Table:
    """What the same random numbers make of the hazards without anticoagulant."""
    events = course.counterfactual_events
    patient, onset = events["patient"].astype(np.int64), events["onset_day"].astype(np.float64)
    order = seen_in_order(course, patient, onset)
    return pa.table(
        {
            "patient_id": words(patient[order], course.patient_ids),
            "onset_day": numbers(np.round(onset[order], 4)),
            "hazard_name": texts(events["hazard_name"][order]),
            "hazard": numbers(significant(events["hazard"][order])),
            "happened": pa.array(events["happened"][order].astype(bool)),
        }
    )
