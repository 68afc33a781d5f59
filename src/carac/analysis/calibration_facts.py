"""What is known of each infusion after grading: the facts that published figures are counted from.

Every fact is an array with one entry per infusion, in the order of `calibration_people`. Days count from the infusion;
NaN stands for "never" in a day and for "not known" elsewhere. Grades whose exact value is not known count with the
lowest grade that they surely have, as they would in a publication.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from carac.analysis.day_values import (
    HIGHEST,
    HIGHEST_ABOVE_UPPER_LIMIT,
    HIGHEST_BY_UPPER_LIMIT,
    LOWEST,
    LOWEST_BY_LOWER_LIMIT,
    DayValues,
    Floats,
    read_day_values,
    scattered,
)
from carac.definitions.thrombosis.setting import ANTICOAGULANTS
from carac.engine.base import Engine
from carac.grading.run import Graded
from carac.progress import Progress

Facts = Mapping[str, npt.NDArray[Any]]

#: Days of the laboratory axis: from before lymphodepletion to the end of late T-ICAHT.
FIRST_DAY, LAST_DAY = -28, 100
#: First month, in which trials and cohorts looked for coagulation disorders; and the days of severe neutropenia.
MONTH, TWO_MONTHS, THREE_MONTHS = 30, 60, 91
#: Last day on which a CRS or ICANS is taken to belong to the infusion.
SYNDROME_LAST_DAY = 60
#: Cells and days of severe neutropenia as Rejeski 2021 counts them, in 10^9/L.
SEVERE_NEUTROPENIA = 0.5
#: Start of the ICD-10-CM codes that a trial counts as neurological adverse events.
NEUROLOGICAL_CODES = ("G", *(f"R{number}" for number in (20, 25, 26, 27, 29, 40, 41, 42, 44, 45, 47, 48, 51, 56)))
#: How old a count may be that decides on an anticoagulant, in days.
COUNT_LOOK_BACK = 3
#: Recent thrombosis, as Hashmi 2020: within six months before the infusion.
RECENT = 183


def facts_of(graded: Graded, progress: Progress | None = None) -> Facts:
    """All facts of a graded cohort.

    Parameters
    ----------
    graded: with the default definitions.
    progress: shows what is being counted.
    """
    progress = progress or Progress()
    engine = graded.engine
    engine.create("calibration_people", PEOPLE)
    facts: dict[str, npt.NDArray[Any]] = {}
    topics = {"people": _people, "syndromes": _syndromes, "blood counts": _blood_counts, "coagulation": _coagulation}
    for name, topic in topics.items():
        with progress.step(f"counting {name}"):
            facts |= topic(engine)
    with progress.step("counting treatments"):
        facts |= _treatments(engine, len(facts["product"])) | _true_dic(engine, len(facts["product"]))
    with progress.step("counting events"):
        facts |= _bleeding(engine, facts) | _thrombosis(engine, facts) | _neurological(engine, facts)
    with progress.step("counting anticoagulation"):
        facts |= _anticoagulation(engine, facts)
    return facts


PEOPLE = """
SELECT row_number() OVER (ORDER BY patient_id, infusion_number) - 1 AS place, patient_id, infusion_number, infusion_date
FROM infusions
"""


def _columns(table: pa.Table) -> dict[str, npt.NDArray[Any]]:
    """Text as objects, everything else as numbers with NaN for null."""
    found: dict[str, npt.NDArray[Any]] = {}
    for name in table.column_names:
        column = table.column(name)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            found[name] = np.array(["" if text is None else text for text in column.to_pylist()], dtype=object)
        else:
            found[name] = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return found


def placed(rows: Mapping[str, npt.NDArray[Any]], infusions: int) -> dict[str, npt.NDArray[Any]]:
    """Rows of some infusions as facts of all; the column `place` says whose each row is.

    Parameters
    ----------
    rows: columns, `place` among them, at most one row per infusion.
    infusions: how many there are.
    """
    places = rows["place"].astype(np.int64)
    found: dict[str, npt.NDArray[Any]] = {}
    for name, values in rows.items():
        if name == "place":
            continue
        empty: Any = "" if values.dtype == object else np.nan
        found[name] = np.full(infusions, empty, dtype=values.dtype if values.dtype == object else np.float64)
        found[name][places] = values
    return found


def _people(engine: Engine) -> dict[str, npt.NDArray[Any]]:
    scales = [f"{scale}_{when}_as_in_authors_code" for scale in ("t_icaht", "icaht") for when in ("early", "late")]
    grades = ", ".join(f"coalesce({name}, {name}__lowest) AS {name}" for name in scales)
    return _columns(
        engine.fetch(
            f"""
            SELECT coalesce(product, '') AS product, coalesce(disease, '') AS disease, age, follow_up_end_day,
                death_day, progression_day, next_therapy_day, car_hematotox__group AS car_hematotox_group,
                platelets_baseline__from AS baseline_platelets, {grades}
            FROM infusion_results JOIN calibration_people USING (patient_id, infusion_number) ORDER BY place
            """
        )
    )


# ---- CRS and ICANS ----


def _syndromes(engine: Engine) -> dict[str, npt.NDArray[Any]]:
    facts: dict[str, npt.NDArray[Any]] = {}
    infusions = engine.fetch("SELECT count(*) AS n FROM calibration_people").to_pylist()[0]["n"]
    for name, definition in (("crs", "astct_crs"), ("icans", "astct_icans")):
        rows = engine.fetch(
            f"""
            SELECT place, day, coalesce({definition}, {definition}__lowest) AS grade
            FROM patient_days_full JOIN calibration_people USING (patient_id, infusion_number)
            WHERE day BETWEEN 0 AND {SYNDROME_LAST_DAY}
            """
        )
        facts |= _syndrome(name, scattered(rows, "grade", infusions, 0, SYNDROME_LAST_DAY))
    return facts


def _syndrome(name: str, grades: DayValues) -> dict[str, npt.NDArray[Any]]:
    """Highest grade (0 where nothing was graded), first day, last day of the first month, and how long that is."""
    worst = np.nan_to_num(grades.highest(0, SYNDROME_LAST_DAY))
    present = np.nan_to_num(grades.between(0, MONTH)) >= 1
    first = grades.first_day_where(lambda grade: grade >= 1, 0, SYNDROME_LAST_DAY)
    last = np.where(present.any(axis=1), MONTH - present[:, ::-1].argmax(axis=1).astype(float), np.nan)
    maximum = np.nan_to_num(grades.between(0, SYNDROME_LAST_DAY)) >= np.maximum(worst, 1)[:, None]
    return {
        f"{name}_grade": worst,
        f"{name}_first_day": first,
        f"{name}_last_day": last,
        f"{name}_days": last - first + 1,
        f"{name}_worst_first_day": np.where(worst >= 1, maximum.argmax(axis=1), np.nan),
        f"{name}_worst_last_day": np.where(worst >= 1, SYNDROME_LAST_DAY - maximum[:, ::-1].argmax(axis=1), np.nan),
    }


# ---- laboratory ----


def _read(engine: Engine, analyte: str, worst: str) -> DayValues:
    infusions = engine.fetch("SELECT count(*) AS n FROM calibration_people").to_pylist()[0]["n"]
    return read_day_values(engine, analyte, worst, infusions, FIRST_DAY, LAST_DAY)


def _blood_counts(engine: Engine) -> dict[str, npt.NDArray[Any]]:
    platelets = _read(engine, "platelets", LOWEST)
    neutrophils = _read(engine, "neutrophils", LOWEST)
    severe = neutrophils.carried_forward(0, TWO_MONTHS) <= SEVERE_NEUTROPENIA
    return {
        "platelets_lowest": platelets.lowest(0, TWO_MONTHS),
        "platelets_lowest_month": platelets.lowest(0, MONTH),
        "platelets_lowest_by_limit": _read(engine, "platelets", LOWEST_BY_LOWER_LIMIT).lowest(0, LAST_DAY),
        "neutrophils_lowest": neutrophils.lowest(0, TWO_MONTHS),
        "neutropenia_days": severe.sum(axis=1).astype(float),
        **_courses(platelets),
    }


def _courses(platelets: DayValues) -> dict[str, npt.NDArray[Any]]:
    """The platelet counts of each day, one fact per day, for the two nadirs of the median course."""
    days = range(0, TWO_MONTHS + 1)
    return {f"platelets_day_{day}": platelets.between(day, day)[:, 0] for day in days}


def _coagulation(engine: Engine) -> dict[str, npt.NDArray[Any]]:
    fibrinogen = _read(engine, "fibrinogen", LOWEST)
    by_limit = _read(engine, "fibrinogen", LOWEST_BY_LOWER_LIMIT)
    d_dimer = _read(engine, "d_dimer", HIGHEST)
    products = _read(engine, "fibrin_degradation_products", HIGHEST)
    raised = {
        "d_dimer": _read(engine, "d_dimer", HIGHEST_BY_UPPER_LIMIT),
        "fibrin_degradation_products": _read(engine, "fibrin_degradation_products", HIGHEST_BY_UPPER_LIMIT),
        "aptt": _read(engine, "aptt", HIGHEST_BY_UPPER_LIMIT),
        "prothrombin_time": _read(engine, "prothrombin_time", HIGHEST_BY_UPPER_LIMIT),
    }
    above = {name: _read(engine, name, HIGHEST_ABOVE_UPPER_LIMIT) for name in ("aptt", "prothrombin_time")}
    return {
        "fibrinogen_lowest": fibrinogen.lowest(0, MONTH),
        "fibrinogen_lowest_by_limit": by_limit.lowest(0, MONTH),
        "fibrinogen_lowest_day": fibrinogen.day_of_lowest(0, MONTH),
        "fibrinogen_first_day_to_1_5": fibrinogen.first_day_where(lambda value: value <= 1.5, 0, MONTH),
        "fibrinogen_before": fibrinogen.at_or_before(np.full(len(fibrinogen.values), 1.0), 14),
        "fibrinogen_late_lowest": fibrinogen.lowest(8, MONTH),
        "d_dimer_highest": d_dimer.highest(0, MONTH),
        "d_dimer_highest_day": _day_of_highest(d_dimer),
        "fibrin_degradation_products_highest": products.highest(0, MONTH),
        **{f"{name}_highest_by_limit": values.highest(0, MONTH) for name, values in raised.items()},
        **{f"{name}_highest_above_limit": values.highest(0, MONTH) for name, values in above.items()},
        **_abnormal(raised, by_limit),
        **_overt_dic(engine),
    }


def _day_of_highest(values: DayValues) -> Floats:
    return DayValues(-values.values, values.first_day).day_of_lowest(0, MONTH)


def _abnormal(raised: Mapping[str, DayValues], fibrinogen: DayValues) -> dict[str, npt.NDArray[Any]]:
    """Whether any coagulation test was outside its limits of normal, and the middle of the days on which one was."""
    outside = fibrinogen.between(0, MONTH) < 1
    measured = ~np.isnan(fibrinogen.between(0, MONTH))
    for values in raised.values():
        outside = outside | (values.between(0, MONTH) > 1)
        measured = measured | ~np.isnan(values.between(0, MONTH))
    any_day, ever = outside.any(axis=1), measured.any(axis=1)
    mean_day = (outside * np.arange(MONTH + 1)).sum(axis=1) / np.maximum(outside.sum(axis=1), 1)
    return {
        "coagulation_abnormal": np.where(ever, any_day.astype(float), np.nan),
        "coagulation_abnormal_mean_day": np.where(any_day, mean_day, np.nan),
    }


def _true_dic(engine: Engine, infusions: int) -> dict[str, npt.NDArray[Any]]:
    """True DIC in the first month (1 or 0) where the truth was joined, else not known: a clinician's diagnosis, as the
    publications have it, can be compared with nothing in a record."""
    joined = engine.fetch("SELECT 1 FROM information_schema.tables WHERE table_name = 'truth_days'")
    if not joined.num_rows:
        return {"true_dic": np.full(infusions, np.nan)}
    rows = engine.fetch(
        f"""
        SELECT place, max(true_dic::INT) AS true_dic FROM truth_days JOIN calibration_people USING (patient_id)
        WHERE day BETWEEN 0 AND {MONTH} GROUP BY place
        """
    )
    return placed(_columns(rows), infusions)


def _overt_dic(engine: Engine) -> dict[str, npt.NDArray[Any]]:
    """By which printed scores overt DIC was surely called in the first month: 1 or 0."""
    scores = [f"isth_overt_dic_{scheme}" for scheme in ("2025", "2001_5xuln", "2001_10xuln", "2001_fdp")]
    called = ", ".join(f"coalesce(bool_or({name}__overt), false)::INT AS {name}" for name in scores)
    return _columns(
        engine.fetch(
            f"""
            SELECT {called} FROM patient_days_full JOIN calibration_people USING (patient_id, infusion_number)
            WHERE day BETWEEN 0 AND {MONTH} GROUP BY place ORDER BY place
            """
        )
    )


# ---- treatments ----

_GIVEN = {
    "tocilizumab": "agent = 'tocilizumab'",
    "steroid": "agent_class = 'steroid'",
    "fibrinogen_replacement": "agent_class = 'fibrinogen_replacement'",
    "plasma": "agent = 'plasma'",
    "platelet_transfusion": "agent = 'platelets'",
}


def _treatments(engine: Engine, infusions: int) -> dict[str, npt.NDArray[Any]]:
    """Number of doses and day of the first, in the first month."""
    facts: dict[str, npt.NDArray[Any]] = {}
    for name, condition in _GIVEN.items():
        rows = engine.fetch(
            f"""
            SELECT place, count(*) AS {name}_doses, min(start_day) AS {name}_first_day
            FROM treatments JOIN calibration_people USING (patient_id, infusion_number)
            WHERE {condition} AND start_day BETWEEN 0 AND {MONTH} GROUP BY place
            """
        )
        facts |= placed(_columns(rows), infusions)
        facts[f"{name}_doses"] = np.nan_to_num(facts[f"{name}_doses"])
    return facts


def _anticoagulation(engine: Engine, facts: Facts) -> dict[str, npt.NDArray[Any]]:
    """Recent thrombosis before the infusion; when an anticoagulant was held and resumed, with the platelets then."""
    classes = ", ".join(f"'{name}'" for name in ANTICOAGULANTS)
    infusions = len(facts["product"])
    # The graded events begin with the grid; a history reaches further back.
    recent = engine.fetch(
        f"""
        SELECT place, 1 AS recent_thrombosis FROM parsed_events JOIN calibration_people USING (patient_id)
        WHERE kind = 'venous' AND date_diff('day', infusion_date, CAST(onset AS DATE)) BETWEEN {-RECENT} AND -1
        GROUP BY place
        """
    )
    courses = engine.fetch(
        f"""
        WITH given AS (
            SELECT place, start_day, coalesce(end_day, start_day) AS end_day
            FROM treatments JOIN calibration_people USING (patient_id, infusion_number)
            WHERE agent_class IN ({classes}) AND coalesce(intent, '') <> 'prophylactic'
        ), held AS (
            SELECT place, max(end_day) AS anticoagulant_last_day FROM given
            WHERE start_day <= 0 AND end_day >= -1 GROUP BY place
        )
        SELECT place, any_value(anticoagulant_last_day) AS anticoagulant_last_day,
            min(start_day) FILTER (WHERE start_day > anticoagulant_last_day) AS anticoagulant_resumed_day
        FROM held JOIN given USING (place) GROUP BY place
        """
    )
    found = placed(_columns(recent), infusions) | placed(_columns(courses), infusions)
    found["recent_thrombosis"] = np.nan_to_num(found["recent_thrombosis"])
    held = np.where(found["anticoagulant_last_day"] <= MONTH, found["anticoagulant_last_day"] + 1, np.nan)
    platelets = _read(engine, "platelets", LOWEST)
    on_axis = np.where(found["anticoagulant_resumed_day"] <= LAST_DAY, found["anticoagulant_resumed_day"], np.nan)
    return found | {
        "anticoagulant_held_day": held,
        "platelets_when_held": platelets.at_or_before(held, COUNT_LOOK_BACK),
        "platelets_when_resumed": platelets.at_or_before(on_axis, COUNT_LOOK_BACK),
    }


# ---- events ----


def _events(engine: Engine, columns: str, condition: str) -> dict[str, npt.NDArray[Any]]:
    return _columns(
        engine.fetch(
            f"""
            SELECT place, {columns} FROM event_results JOIN calibration_people USING (patient_id, infusion_number)
            WHERE {condition} ORDER BY place, day
            """
        )
    )


def first_of(rows: Mapping[str, npt.NDArray[Any]], infusions: int, prefix: str) -> dict[str, npt.NDArray[Any]]:
    """The first event of each infusion as facts named with a prefix.

    Parameters
    ----------
    rows: columns, `place` among them, ordered by place and day.
    infusions: how many there are.
    prefix: put before the name of each column.
    """
    _, first = np.unique(rows["place"], return_index=True)
    found = placed({name: values[first] for name, values in rows.items()}, infusions)
    return {f"{prefix}_{name}": values for name, values in found.items()}


def _kept(rows: Mapping[str, npt.NDArray[Any]], chosen: npt.NDArray[np.bool_]) -> dict[str, npt.NDArray[Any]]:
    return {name: values[chosen] for name, values in rows.items()}


def _bleeding(engine: Engine, facts: Facts) -> dict[str, npt.NDArray[Any]]:
    infusions = len(facts["product"])
    rows = _events(
        engine,
        """day, site, coalesce(isth_bleeding, isth_bleeding__lowest) AS isth,
        coalesce(who_bleeding, who_bleeding__lowest) AS who""",
        "(isth_bleeding__present OR who_bleeding__present) AND day >= 0",
    )
    counted = {
        "bleed": rows["day"] >= 0,
        "who_2_bleed": rows["who"] >= 2,
        "isth_relevant_bleed": rows["isth"] >= 2,
        "isth_major_bleed": rows["isth"] >= 3,
    }
    found: dict[str, npt.NDArray[Any]] = {}
    for name, chosen in counted.items():
        found |= first_of(_kept(rows, chosen), infusions, name)
    found["bleeds_to_6_months"] = _number(_kept(rows, rows["day"] <= RECENT), infusions)
    found["bleeds_after_6_months"] = _number(_kept(rows, rows["day"] > RECENT), infusions)
    return found


def _number(rows: Mapping[str, npt.NDArray[Any]], infusions: int) -> npt.NDArray[Any]:
    return np.bincount(rows["place"].astype(np.int64), minlength=infusions).astype(float)


def _thrombosis(engine: Engine, facts: Facts) -> dict[str, npt.NDArray[Any]]:
    infusions = len(facts["product"])
    rows = _events(
        engine,
        """thrombosis_class__onset_day AS day, thrombosis_class AS class, thrombosis_category AS category, site,
        thrombosis_class__catheter_related::INT AS catheter, thrombosis_class__incidental::INT AS incidental,
        thrombosis_class__recurrent::INT AS recurrent""",
        "thrombosis_class IN ('venous', 'arterial') AND thrombosis_class__counts AND thrombosis_class__onset_day >= 0",
    )
    found: dict[str, npt.NDArray[Any]] = {}
    for name in ("venous", "arterial"):
        found |= first_of(_kept(rows, rows["class"] == name), infusions, name)
    found |= first_of(rows, infusions, "thrombosis")
    venous = _kept(rows, rows["class"] == "venous")
    found["venous_to_6_months"] = _number(_kept(venous, venous["day"] <= RECENT), infusions)
    found["venous_after_6_months"] = _number(_kept(venous, venous["day"] > RECENT), infusions)
    return found


def _neurological(engine: Engine, facts: Facts) -> dict[str, npt.NDArray[Any]]:
    """Neurological adverse events as trials count them: ICANS, and events with a neurological code and their grade."""
    codes = " OR ".join(f"code LIKE '{code}%'" for code in NEUROLOGICAL_CODES)
    rows = engine.fetch(
        f"""
        SELECT place, max(coalesce(number, 1)) AS event_grade, min(day) AS first_day,
            max(coalesce(end_day, day)) AS last_day
        FROM events JOIN calibration_people USING (patient_id, infusion_number)
        LEFT JOIN (SELECT event_id, number FROM event_features WHERE feature LIKE 'recorded_grade%') USING (event_id)
        WHERE kind = 'other' AND ({codes}) AND day BETWEEN 0 AND {SYNDROME_LAST_DAY} GROUP BY place
        """
    )
    events = placed(_columns(rows), len(facts["product"]))
    first = np.fmin(events["first_day"], facts["icans_first_day"])
    last = np.fmax(events["last_day"], facts["icans_last_day"])
    return {
        "neurological_grade": np.fmax(np.nan_to_num(events["event_grade"]), facts["icans_grade"]),
        "neurological_first_day": first,
        "neurological_days": last - first + 1,
    }
