"""From the truth of a batch of patients to the tables of its record."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from carac.synthetic import messiness, record_tables
from carac.synthetic.bedside import signs
from carac.synthetic.centres import Centres
from carac.synthetic.course import Course
from carac.synthetic.lab_rows import rows_of
from carac.synthetic.ordering import draws
from carac.synthetic.results import results


def observe(course: Course, level: str = "none") -> dict[str, pa.Table]:
    """The record of a batch, by table in the layout of docs/records.md.

    Parameters
    ----------
    course: the truth.
    level: messiness: "none", "some" or "much".
    """
    centres = Centres.of(course)
    messy = messiness.checked_level(level) != "none"
    drawn = draws(course)
    lab_rows = rows_of(results(course, drawn, centres))
    bedside = signs(course, drawn)
    fahrenheit = np.zeros(len(course.patients), dtype=bool)
    if messy:
        lab_rows = messiness.messy_labs(course, lab_rows, centres, level)
        fahrenheit = messiness.fahrenheit(course, centres, level)
    assessments = record_tables.assessments(course, bedside, fahrenheit)
    if messy:
        assessments = messiness.doubled_rows(course, assessments, bedside.patient, level, "sign")
        course = messiness.missing_facts(messiness.brand_names(course, level), level)
    return {
        "infusions": record_tables.infusions(course),
        "labs": record_tables.labs(course, lab_rows, as_text=messy),
        "assessments": assessments,
        "treatments": record_tables.treatments(course),
        "events": record_tables.events(course),
        "event_features": record_tables.event_features(course),
        "periods": record_tables.periods(course),
    }
