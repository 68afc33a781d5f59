"""One patient after another gives what the whole cohort gives."""

from __future__ import annotations

from carac import api
from carac.cohort.tables import COHORT_SCHEMAS
from carac.grading.case import CaseSession
from carac.grading.parameters import resolved
from carac.vocabulary.types import Grain

NAMES = ["isth_overt_dic_2025", "ctcae_v5_platelets", "icaht_early_as_in_authors_code", "car_hematotox"]


def test_a_session_gives_each_patient_what_the_cohort_gives() -> None:
    """Rows of one patient must not linger for the next one."""
    cohort = api.demo_cohort()
    graded = api.grade(cohort, definitions=NAMES)
    wanted = {grain: graded.table(grain).to_pylist() for grain in (Grain.DAY, Grain.INFUSION)}
    tables = {}
    for patient in ("T03", "T01", "T09"):
        of_patient = f"WHERE patient_id = '{patient}'"
        tables[patient] = {
            name: cohort.engine.fetch(f'SELECT * FROM "{name}" {of_patient}')
            for name in COHORT_SCHEMAS
            if name != "event_features"
        }
    session = CaseSession(cohort.engine, resolved(), cohort.present, NAMES)
    for patient, rows in tables.items():
        found = session.grade(rows)
        for grain, table in ((Grain.DAY, found.patient_days), (Grain.INFUSION, found.infusions)):
            assert table.to_pylist() == [row for row in wanted[grain] if row["patient_id"] == patient], (patient, grain)
    session.close()
