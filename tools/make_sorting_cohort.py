"""Write the cohort of the sorting that ships with carac: SYNTHETIC, invented short courses, no patient's data.

    python tools/make_sorting_cohort.py [FOLDER]

Rewrites the eight CSV files of src/carac/examples/sorting_cohort, or of FOLDER. The same files every time.
"""

from __future__ import annotations

import sys
from pathlib import Path

from make_teaching_cohort import HEADERS, tables, write
from teaching_cohort.cases_of_sorting import SORTED

SHIPPED = Path(__file__).resolve().parents[1] / "src" / "carac" / "examples" / "sorting_cohort"
#: What each case is there for: its place, the case from which it differs in one fact, and that fact.
CASES = "patient_id,title,teaches,day_worth_reading,place,pair_of,differs_in"

if __name__ == "__main__":
    made = tables([one.case for one in SORTED])
    made["cases"] = [
        (
            *(one.case.patient_id, f"{one.case.title} (synthetic)", one.case.teaches, one.case.day_worth_reading),
            *(one.place, one.case.twin_of, one.differs_in),
        )
        for one in SORTED
    ]
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else SHIPPED, made, HEADERS | {"cases": CASES})
