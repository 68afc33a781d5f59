"""How long one patient takes, warm: through the definitions of toxicity and DIC, through one, and through all.

    python benchmarks/one_patient.py [--patients 100] [--all]

The patients are the teaching cases (synthetic), each several times. Prints JSON with median and worst milliseconds, and
with those of processor time, which other work on the machine disturbs less. All definitions take minutes.
"""

import argparse
import json
import re
import statistics
import time

from carac import api
from carac.cohort.tables import COHORT_SCHEMAS
from carac.definitions import all_definitions
from carac.engine.duckdb_engine import DuckDB
from carac.grading.case import CaseSession
from carac.grading.parameters import resolved

#: Grades of toxicity, overt DIC, EASIX, CAR-HEMATOTOX, ICAHT, bleeding and thrombosis: some 45 definitions.
CORE = re.compile(
    r"ctcae_v[456]_(platelets|neutrophils|haemoglobin|fibrinogen|fibrinogen_with_baseline|inr|inr_with_baseline|aptt)"
    r"|astct_(crs|icans)|isth_overt_dic_.*|(m_|s_)?easix|car_hematotox|(t_)?icaht_(early|late)_as_.*"
    r"|(isth|who)_bleeding|thrombosis_(class|category)"
)


def patients(engine: DuckDB) -> list[dict[str, object]]:
    """The cohort tables of each teaching case."""
    names = [str(row[0]) for row in engine.rows("SELECT DISTINCT patient_id FROM infusions ORDER BY 1")]
    found = []
    for patient in names:
        of_patient = f"WHERE patient_id = '{patient}'"
        events = f"WHERE event_id IN (SELECT event_id FROM events {of_patient})"
        found.append(
            {
                name: engine.fetch(f'SELECT * FROM "{name}" {events if name == "event_features" else of_patient}')
                for name in COHORT_SCHEMAS
            }
        )
    return found


def milliseconds(session: CaseSession, cases: list[dict[str, object]], number: int) -> dict[str, float]:
    """Median and worst of so many patients, after one warm round."""
    for case in cases:
        session.grade(case)  # type: ignore[arg-type]
    taken, worked = [], []
    for place in range(number):
        begun, before = time.perf_counter(), time.process_time()
        session.grade(cases[place % len(cases)])  # type: ignore[arg-type]
        taken.append(1000 * (time.perf_counter() - begun))
        worked.append(1000 * (time.process_time() - before))
    return {
        "patients": number,
        "median_ms": round(statistics.median(taken), 1),
        "worst_ms": round(max(taken), 1),
        "median_processor_ms": round(statistics.median(worked), 1),
        "least_processor_ms": round(min(worked), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Time one patient: some definitions, one, all.")
    parser.add_argument("--patients", type=int, default=100)
    parser.add_argument("--all", action="store_true", help="time all definitions as well, which takes minutes")
    options = parser.parse_args()
    parameters = resolved()
    cost = {}
    core = [name for name in all_definitions() if CORE.fullmatch(name)]
    asked: dict[str, list[str] | None] = {
        f"{len(core)} of toxicity and DIC": core,
        "isth_overt_dic_2025": ["isth_overt_dic_2025"],
    }
    if options.all:
        asked["all definitions"] = None
    for label, names in asked.items():
        cohort = api.demo_cohort()
        cases = patients(cohort.engine)
        session = CaseSession(cohort.engine, parameters, cohort.present, names)
        cost[label] = milliseconds(session, cases, options.patients)
        session.close()
    print(json.dumps(cost, indent=2))


if __name__ == "__main__":
    main()
