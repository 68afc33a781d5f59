"""The tables of a record, in the layout of docs/records.md, made of a course and of what was observed of it.

Nothing lies after the last day on which a patient is seen. Times are typed; those of laboratory results are text where
some of them are dates.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from carac.synthetic.bedside import ITEMS, Signs
from carac.synthetic.columns import MINUTES, Column, date_times, dates, numbers, texts, times, words, written_times
from carac.synthetic.course import DAYS, NEVER, Array, Booleans, Course, Integers
from carac.synthetic.lab_rows import STATUSES, LabRows, value_texts
from carac.synthetic.stays import PLACES, stay_numbers, stretches

#: Hour at which lymphodepletion begins.
_LYMPHODEPLETION = 10


def infusions(course: Course) -> pa.Table:
    """One row per infusion."""
    people = course.people
    date = people["infusion_date"].astype("datetime64[D]")
    start = date + people["lymphodepletion_day"].astype(np.int64)
    patient = np.arange(len(date))
    return pa.table(
        {
            "patient_id": texts(course.patient_ids),
            "infusion_number": pa.array(np.ones(len(date), dtype=np.int64)),
            "infusion_time": times(date_times(course, patient, people["infusion_hour"] / 24.0)),
            **{name: texts(people[name]) for name in ("product", "target", "disease", "centre")},
            "age": numbers(people["age"]),
            "sex": texts(people["sex"]),
            "weight": numbers(people["weight"]),
            "height": numbers(people["height"]),
            "lymphodepletion_start": times(start.astype("datetime64[m]") + _LYMPHODEPLETION * 60),
            "observation_start": dates(np.minimum(start, date + DAYS[0])),
            "follow_up_end": dates(date + course.last_seen_day),
            "death": _outcome(course, "death_day"),
            "cause_of_death": texts(course.outcome["cause_of_death"]),
            "progression": _outcome(course, "progression_day"),
            "next_therapy": _outcome(course, "next_therapy_day"),
        }
    )


def _outcome(course: Course, name: str) -> Column:
    """A date of the outcome; null where it never came or nobody saw it."""
    day = course.outcome[name].astype(np.int64)
    never = (day == NEVER) | (day > course.last_seen_day)
    return dates(course.people["infusion_date"].astype("datetime64[D]") + np.where(never, 0, day), never)


def labs(course: Course, rows: LabRows, as_text: bool) -> pa.Table:
    """One row per laboratory result.

    Parameters
    ----------
    course: the batch.
    rows: its results.
    as_text: True writes times as text, because some are dates.
    """
    return pa.table(
        {
            "patient_id": words(rows.patient, course.patient_ids),
            "time": written_times(rows.time, rows.date_only) if as_text else times(rows.time),
            "analyte": words(rows.analyte, rows.analytes),
            "value": value_texts(rows),
            "unit": words(rows.unit, rows.units),
            "lower_limit": numbers(rows.lower_limit),
            "upper_limit": numbers(rows.upper_limit),
            "status": words(rows.status, STATUSES),
        }
    )


def assessments(course: Course, signs: Signs, fahrenheit: Booleans) -> pa.Table:
    """One row per sign.

    Parameters
    ----------
    course: the batch.
    signs: its signs.
    fahrenheit: whose temperatures are written in degrees Fahrenheit, [B].
    """
    units = list(dict.fromkeys(["", *ITEMS.values(), "degF"]))
    unit = np.array([units.index(each) for each in ITEMS.values()])[signs.item]
    temperature = signs.item == list(ITEMS).index("temperature")
    converted = temperature & fahrenheit[signs.patient]
    number = np.where(converted, np.round(signs.number * 1.8 + 32.0, 1), signs.number)
    return pa.table(
        {
            "patient_id": words(signs.patient, course.patient_ids),
            "time": times(signs.time),
            "item": words(signs.item, list(ITEMS)),
            "value": _sign_texts(signs, number, temperature),
            "unit": words(np.where(converted, units.index("degF"), unit), units),
        }
    )


def _sign_texts(signs: Signs, number: Array, one_digit: Booleans) -> Column:
    """Words as they are; temperatures with one digit, other numbers whole."""
    scaled = np.round(np.nan_to_num(number) * 10).astype(np.int64) * 2 + one_digit
    # Words lie below 0, where no number does.
    key = np.where(np.isnan(number), -1 - signs.word, scaled)
    encoded = pa.array(key).dictionary_encode()
    printed = [
        signs.words[-1 - each] if each < 0 else f"{(each // 2) / 10:.{each % 2}f}"
        for each in np.asarray(encoded.dictionary).tolist()
    ]
    return pa.DictionaryArray.from_arrays(encoded.indices, pa.array(printed, pa.string()))


def treatments(course: Course) -> pa.Table:
    """One row per course, product or concentrate."""
    order = seen_in_order(course, course.treatments["patient"], course.treatments["start_day"])
    given = {name: column[order] for name, column in course.treatments.items()}
    patient = given["patient"].astype(np.int64)
    # Who dies is given nothing on the next day.
    last = course.last_seen_day[patient] + 1.0 - 1.0 / MINUTES
    end = np.minimum(given["end_day"].astype(np.float64), last)
    beyond = given["beyond_routine"].astype(np.int64)
    return pa.table(
        {
            "patient_id": words(patient, course.patient_ids),
            "start": times(date_times(course, patient, given["start_day"])),
            "end": times(date_times(course, patient, end), np.isnan(end)),
            "agent": texts(given["agent"]),
            "dose": numbers(np.round(given["dose"].astype(np.float64), 2)),
            **{name: texts(given[name]) for name in ("unit", "route", "intent", "indication")},
            "event_id": texts(event_ids(course, patient, given["event_number"].astype(np.int64))),
            "beyond_routine": words(np.maximum(beyond, 0), ("no", "yes"), beyond < 0),
        }
    )


def seen_in_order(course: Course, patient: Array, start: Array) -> Integers:
    """Places of the rows up to the last day on which each patient is seen, by patient and time.

    Parameters
    ----------
    course: the batch.
    patient: positions in it.
    start: days since infusion, with fractions.
    """
    patient, start = patient.astype(np.int64), start.astype(np.float64)
    seen = np.floor(start) <= course.last_seen_day[patient]
    order = np.lexsort((start, patient))
    return np.asarray(order[seen[order]])


def event_ids(course: Course, patient: Integers, number: Integers) -> Array:
    """Identifiers of events, empty where there is none.

    Parameters
    ----------
    course: the batch.
    patient: positions in it.
    number: of the event within its patient; -1 where there is none.
    """
    ids = course.patient_ids[patient]
    pairs = zip(ids.tolist(), number.tolist(), strict=True)
    return np.array([f"{patient_id}-{each:02d}" if each >= 0 else "" for patient_id, each in pairs], dtype=object)


def events(course: Course) -> pa.Table:
    """One row per event."""
    order = seen_in_order(course, course.events["patient"], course.events["onset_day"])
    seen = {name: column[order] for name, column in course.events.items()}
    patient = seen["patient"].astype(np.int64)
    end = np.minimum(seen["end_day"].astype(np.float64), course.last_seen_day[patient] + 1.0 - 1.0 / MINUTES)
    day = np.clip(np.floor(seen["onset_day"].astype(np.float64)).astype(np.int64), DAYS[0], DAYS[-1])
    stay = stay_numbers(course)
    number = stay[patient, day - DAYS[0]]
    yesterday = stay[patient, np.maximum(day - 1 - DAYS[0], 0)]
    code = texts(seen["code"])
    return pa.table(
        {
            "event_id": texts(event_ids(course, patient, seen["event_number"].astype(np.int64))),
            "patient_id": words(patient, course.patient_ids),
            "onset": times(date_times(course, patient, seen["onset_day"])),
            "end": times(date_times(course, patient, end), np.isnan(end)),
            **{name: texts(seen[name]) for name in ("kind", "site", "vessel", "side")},
            "certainty": pa.array(["confirmed"] * len(patient), pa.string()),
            "code": code,
            "code_system": texts(np.where(seen["code"].astype(bool), "ICD-10-CM", "")),
            # What comes up on the day of admission led to it.
            "present_on_admission": words((number != yesterday).astype(np.int64), ("no", "yes"), number == 0),
            "encounter": texts(_encounters(course, patient, number)),
        }
    )


def _encounters(course: Course, patient: Integers, number: Integers) -> Array:
    ids = course.patient_ids[patient]
    pairs = zip(ids.tolist(), number.tolist(), strict=True)
    return np.array([f"{patient_id}-stay-{each}" if each else "" for patient_id, each in pairs], dtype=object)


def event_features(course: Course) -> pa.Table:
    """One row per fact about an event."""
    facts, event = course.event_features, course.event_features["event"].astype(np.int64)
    patient = course.events["patient"].astype(np.int64)
    onset = np.floor(course.events["onset_day"].astype(np.float64))
    ids = event_ids(course, patient, course.events["event_number"].astype(np.int64))
    rank = np.empty(len(patient), dtype=np.int64)
    rank[np.lexsort((course.events["onset_day"].astype(np.float64), patient))] = np.arange(len(patient))
    order = np.argsort(rank[event], kind="stable")
    order = order[(onset <= course.last_seen_day[patient])[event[order]]]
    return pa.table(
        {
            "event_id": texts(ids[event[order]]),
            "feature": texts(facts["feature"][order]),
            "value": texts(facts["value"][order]),
        }
    )


def periods(course: Course) -> pa.Table:
    """One row per stay and central line."""
    stays = stretches(course)
    people, last_seen = course.people, course.last_seen_day
    line = people["line_day"].astype(np.int64)
    lines = np.flatnonzero((line != NEVER) & (line <= last_seen))
    line_end = people["line_end_day"].astype(np.int64)[lines]
    # A line that nobody saw removed is still in.
    open_end = (line_end == NEVER) | (line_end > last_seen[lines])
    patient = np.concatenate([stays.patient, lines])
    first = np.concatenate([stays.first, line[lines]])
    last = np.concatenate([stays.last, np.where(open_end, line[lines], line_end)])
    kind = np.concatenate([stays.place, np.full(len(lines), len(PLACES))])
    still = np.concatenate([np.zeros(len(stays.patient), dtype=bool), open_end])
    text = np.concatenate([np.full(len(stays.patient), "", dtype=object), people["line_text"][lines]])
    order = np.lexsort((kind, first, patient))
    date = people["infusion_date"].astype("datetime64[D]")[patient]
    return pa.table(
        {
            "patient_id": words(patient[order], course.patient_ids),
            "start": dates((date + first)[order]),
            "end": dates((date + last)[order], still[order]),
            "kind": words(kind[order], (*PLACES, "central_line")),
            "text": texts(text[order]),
        }
    )
