"""The figures of docs/sorting_truth.md and docs/versions.md: synthetic patients, sorted and graded, beside their truth.

    python proofs/sorting.py [PATIENTS]

Writes proofs/sorting.json; `python tools/make_sorting_docs.py` writes the pages from it. Some minutes.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from carac.analysis import sorting_recovery, versions
from carac.analysis.recovery import join_truth
from carac.cohort.cohort import make_cohort
from carac.engine.duckdb_engine import DuckDB
from carac.grading.parameters import resolved
from carac.grading.run import grade_tables
from carac.progress import Progress
from carac.sources.detect import read
from carac.synthetic.batches import Order
from carac.synthetic.world import World
from carac.synthetic.write import synthesize

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from stale_figures import depends_on  # noqa: E402

FIGURES = Path(__file__).with_suffix(".json")
SEED, PATIENTS, PROCESSES = 1, 4_000, 2
#: What a figure follows from; with any of it changed the figures are stale.
DEPENDS_ON = (
    "src/carac/synthetic",
    "src/carac/definitions",
    "src/carac/analysis/sorting_recovery.py",
    "src/carac/analysis/versions.py",
    "proofs/sorting.py",
)


def main(patients: int) -> None:
    """Make the cohort, grade it once for each page, and write the figures with the hashes of what they follow from."""
    progress = Progress(lambda name: print(f"  {name}", file=sys.stderr))
    made_with = depends_on(DEPENDS_ON)
    figures: dict[str, object] = {"cohort": {"patients": patients, "seed": SEED}}
    with tempfile.TemporaryDirectory(prefix="carac-") as temporary:
        folder = Path(temporary) / "cohort"
        synthesize(Order(patients, SEED, World.load()), folder, PROCESSES)
        parameters = resolved()
        cohort = make_cohort(read(DuckDB(), folder), parameters, progress=progress)
        for name, names in (("sorting", sorting_recovery.DEFINITIONS), ("versions", versions.DEFINITIONS)):
            graded = grade_tables(cohort.engine, parameters, cohort.present, names, cohort.findings, progress)
            if name == "sorting":
                # What every reading asks of a day is worked out once.
                graded.engine.create("days_kept", "SELECT * FROM patient_days_full")
                graded.engine.create("patient_days_full", "SELECT * FROM days_kept", view=True)
                join_truth(graded, folder)
                figures[name] = sorting_recovery.against_the_truth(graded)
            else:
                figures[name] = versions.all_changes(graded)
    FIGURES.write_text(json.dumps({"figures": figures, "depends_on": made_with}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PATIENTS)
