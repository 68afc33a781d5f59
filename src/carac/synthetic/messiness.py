"""The faults of an export, on request: other units and codes, dates for times, doubles, corrections, slips.

Every share is a value of the world, by level. What a fault hits is decided by random numbers of its own, so that the
clean rows behind a messy export are those of the clean one.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from carac.findings import CaracError
from carac.synthetic.centres import Centres
from carac.synthetic.course import Booleans, Course, Floats, Integers
from carac.synthetic.lab_rows import STATUSES, LabRows
from carac.synthetic.laboratory import assays
from carac.synthetic.random_numbers import uniforms
from carac.vocabulary.agents import agents
from carac.vocabulary.codes import analyte_codes
from carac.vocabulary.spelling import nearest

LEVELS = ("none", "some", "much")
_NO_UNITS = ("arb. units", "see report", "SI")
_REMARKS = ("haemolysed", "clotted", "see comment", "not enough material")
#: A slip of the decimal point that no plausible range lets through.
_SLIP = 1e6
#: Faults of single results, of which one row has at most one, in the order in which one random number decides.
_FAULTS = (
    *("unknown_unit", "missing_unit", "unknown_analyte", "unreadable", "decimal_comma", "wrong_magnitude"),
    *("withdrawn", "duplicate", "corrected"),
)


def checked_level(level: str) -> str:
    """The level; raises `CaracError` for a word that is none."""
    if level not in LEVELS:
        near = nearest(level, LEVELS)
        hint = f" Did you mean {near}?" if near else ""
        raise CaracError(f"--messiness is {level!r}; it must be {', '.join(LEVELS[:-1])} or {LEVELS[-1]}.{hint}")
    return level


def _share(course: Course, name: str, level: str) -> float:
    return course.world.number(f"messiness.{name}.{level}")


def messy_labs(course: Course, rows: LabRows, centres: Centres, level: str) -> LabRows:
    """The results as a careless export has them.

    Parameters
    ----------
    course, rows, centres: of one batch.
    level: "some" or "much".
    """
    _habits_of_centres(course, rows, centres, level)
    chance = _of_rows(course, rows.patient, "fault")
    detail = _of_rows(course, rows.patient, "detail")
    limits = np.cumsum([_share(course, name, level) for name in _FAULTS])
    fault = np.searchsorted(limits, chance, side="right")
    hit = {name: fault == place for place, name in enumerate(_FAULTS)}
    _faults(rows, hit, detail)
    return _doubles(rows, hit, detail, _share(course, "preliminary_error", level))


def _of_rows(course: Course, patient: Integers, stream: str) -> Floats:
    """One uniform number per row, by its place among the rows of its patient."""
    if not len(patient):
        return np.empty(0)
    counts = np.bincount(patient, minlength=len(course.patients))
    place = np.arange(len(patient)) - (np.cumsum(counts) - counts)[patient]
    numbers = uniforms(course.seed, course.patients, f"messiness.{stream}", int(counts.max()))
    return np.asarray(numbers[patient, place])


# ---- laboratory results ----


def _habits_of_centres(course: Course, rows: LabRows, centres: Centres, level: str) -> None:
    """Units, codes, limits and times as whole centres write them."""
    other = centres.share("other_units", _share(course, "centres_with_other_units", level))[rows.patient]
    other |= _of_rows(course, rows.patient, "unit") < _share(course, "rows_in_other_units", level)
    _other_units(rows, other)
    _loinc(rows, centres.share("codes", _share(course, "centres_with_codes", level))[rows.patient])
    without = centres.share("no_limits", _share(course, "centres_without_limits", level))[rows.patient]
    rows.lower_limit = np.where(without, np.nan, rows.lower_limit)
    rows.upper_limit = np.where(without, np.nan, rows.upper_limit)
    rows.date_only = centres.share("dates", _share(course, "centres_with_dates", level))[rows.patient]


def _other_units(rows: LabRows, where: Booleans) -> None:
    has = np.array([bool(assay.other_unit) for assay in assays()])
    where = where & has[rows.assay]
    factor = np.nan_to_num(np.array([assay.other_factor for assay in assays()]), nan=1.0)[rows.assay]
    digits = np.array([assay.other_decimals for assay in assays()])[rows.assay]
    unit = np.array([rows.place(rows.units, assay.other_unit) for assay in assays()])[rows.assay]
    for name in ("value", "lower_limit", "upper_limit"):
        own = getattr(rows, name)
        converted = np.round(np.round(own * factor * 10.0**digits) / 10.0**digits, 3)
        setattr(rows, name, np.where(where, converted, own))
    rows.decimals = np.where(where, digits, rows.decimals)
    rows.unit = np.where(where, unit, rows.unit)


def _loinc(rows: LabRows, where: Booleans) -> None:
    """The verified LOINC codes that settle no basis of D-dimer, in place of the names."""
    known = {
        code.analyte: code.code
        for code in reversed(list(analyte_codes().values()))
        if code.system == "LOINC" and code.status == "verified" and not code.basis
    }
    coded = np.array([rows.place(rows.analytes, known.get(assay.analyte, assay.analyte)) for assay in assays()])
    rows.analyte = np.where(where, coded[rows.assay], rows.analyte)


def _faults(rows: LabRows, hit: dict[str, Booleans], detail: Floats) -> None:
    """What makes single results unreadable or doubtful."""
    wrong = np.array([rows.place(rows.units, unit) for unit in _NO_UNITS])
    rows.unit = np.where(hit["unknown_unit"], wrong[(detail * len(wrong)).astype(np.int64)], rows.unit)
    rows.unit = np.where(hit["missing_unit"], 0, rows.unit)
    local = np.array([rows.place(rows.analytes, f"LAB-{place + 101}") for place in range(len(assays()))])
    rows.analyte = np.where(hit["unknown_analyte"], local[rows.assay], rows.analyte)
    remarks = np.array([rows.place(rows.remarks, remark) for remark in _REMARKS])
    remark = remarks[(detail * len(remarks)).astype(np.int64)]
    rows.remark = np.where(hit["unreadable"], remark, rows.remark)
    rows.comma = hit["decimal_comma"] & (rows.decimals > 0)
    rows.value = np.where(hit["wrong_magnitude"], rows.value * _SLIP, rows.value)
    rows.status = np.where(hit["withdrawn"], STATUSES.index("cancelled"), rows.status)


def _doubles(rows: LabRows, hit: dict[str, Booleans], detail: Floats, error: float) -> LabRows:
    """Results exported twice, and results with a preliminary report before the corrected one."""
    twice = hit["duplicate"] | hit["corrected"]
    rows.status = np.where(hit["corrected"], STATUSES.index("corrected"), rows.status)
    times = np.where(twice, 2, 1)
    doubled = rows.repeated(times)
    # The first of the two rows.
    first = (np.cumsum(times) - times)[hit["corrected"]]
    sign = np.where(detail[hit["corrected"]] < 0.5, 1.0 - error, 1.0 + error)
    digits = 10.0 ** doubled.decimals[first]
    doubled.value[first] = np.round(np.round(doubled.value[first] * sign * digits) / digits, 3)
    doubled.status[first] = STATUSES.index("preliminary")
    return doubled


# ---- other tables ----


def doubled_rows(course: Course, table: pa.Table, patient: Integers, level: str, stream: str) -> pa.Table:
    """A table in which some rows stand twice.

    Parameters
    ----------
    course: the batch.
    table: its rows.
    patient: position of the patient of each row.
    level: "some" or "much".
    stream: what the random numbers are for.
    """
    twice = _of_rows(course, patient, stream) < _share(course, "duplicate", level)
    return table.take(np.repeat(np.arange(len(patient)), np.where(twice, 2, 1)))


def fahrenheit(course: Course, centres: Centres, level: str) -> Booleans:
    """Whose temperatures are written in degrees Fahrenheit, [B]."""
    return centres.share("fahrenheit", _share(course, "centres_in_fahrenheit", level))


def brand_names(course: Course, level: str) -> Course:
    """The course with some drugs under a brand name."""
    agent, patient = course.treatments["agent"], course.treatments["patient"].astype(np.int64)
    brands = {
        name: next((each for each in known.synonyms if each[:1].isupper()), name) for name, known in agents().items()
    }
    order = np.argsort(patient, kind="stable")
    chance = np.empty(len(patient))
    chance[order] = _of_rows(course, patient[order], "brand")
    branded = np.array([brands.get(name, name) for name in agent.tolist()], dtype=object)
    treatments = course.treatments | {"agent": np.where(chance < _share(course, "brand_name", level), branded, agent)}
    return replace(course, treatments=treatments)


def missing_facts(course: Course, level: str) -> Course:
    """The course without some of the facts about its events."""
    facts = course.event_features
    patient = course.events["patient"].astype(np.int64)[facts["event"].astype(np.int64)]
    order = np.argsort(patient, kind="stable")
    chance = np.empty(len(patient))
    chance[order] = _of_rows(course, patient[order], "feature")
    kept = chance >= _share(course, "missing_feature", level)
    return replace(course, event_features={name: column[kept] for name, column in facts.items()})
