"""One patient after another gives what the whole cohort gives."""

from __future__ import annotations

from carac import api
from carac.cohort.tables import COHORT_SCHEMAS
from carac.grading.case import CaseSession
from carac.grading.parameters import resolved
from carac.vocabulary.types import Grain

NAMES = [
    *("isth_overt_dic_2025", "ctcae_v5_platelets", "icaht_early_as_in_authors_code", "car_hematotox"),
    *("thrombosis_category", "who_bleeding"),
]
#: T03 has two events, the others none: what lingers of the events of one would stand beside the next.
PATIENTS = ("T03", "T01", "T09")


def test_a_session_gives_each_patient_what_the_cohort_gives() -> None:
    """Rows of one patient must not linger for the next one."""
    cohort = api.demo_cohort()
    graded = api.grade(cohort, definitions=NAMES)
    grains = (Grain.DAY, Grain.INFUSION, Grain.EVENT)
    wanted = {grain: graded.table(grain).to_pylist() for grain in grains}
    assert [sum(row["patient_id"] == patient for row in wanted[Grain.EVENT]) for patient in PATIENTS] == [2, 0, 0]
    tables = {}
    for patient in PATIENTS:
        of_patient = f"WHERE patient_id = '{patient}'"
        of_event = f"WHERE event_id IN (SELECT event_id FROM events {of_patient})"
        tables[patient] = {
            name: cohort.engine.fetch(f'SELECT * FROM "{name}" {of_event if name == "event_features" else of_patient}')
            for name in COHORT_SCHEMAS
        }
    session = CaseSession(cohort.engine, resolved(), cohort.present, NAMES)
    for patient, rows in tables.items():
        found = session.grade(rows)
        for grain, table in zip(grains, (found.patient_days, found.infusions, found.events), strict=True):
            assert table.to_pylist() == [row for row in wanted[grain] if row["patient_id"] == patient], (patient, grain)
    session.close()
