"""The figures of docs/calibration.md: 20,000 synthetic patients against publications and against their own truth.

    python proofs/synthetic_cohort.py

Writes proofs/synthetic_cohort.json; `python tools/make_calibration_docs.py` writes the page from it. Some minutes.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from carac.analysis.calibration import compared, graded_record
from carac.analysis.calibration_facts import facts_of
from carac.analysis.interventions import courses, difference_in_errors, fitted, late_fall, rates, z_of_difference
from carac.analysis.recovery import SCORES, agreement, calls, join_truth
from carac.grading.run import Graded
from carac.progress import Progress
from carac.synthetic.batches import Order
from carac.synthetic.world import World
from carac.synthetic.write import synthesize

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from stale_figures import depends_on  # noqa: E402

FIGURES = Path(__file__).with_suffix(".json")
#: The cohort that is compared with publications, and the smaller ones of the interventions.
SEED, PATIENTS, FEWER = 1, 20_000, 4_000
PROCESSES = 2
#: What a figure follows from; with any of it changed the figures are stale.
DEPENDS_ON = (
    "src/carac/synthetic",
    "src/carac/definitions",
    "src/carac/language",
    *(f"src/carac/analysis/calibration{part}.py" for part in ("", "_estimates", "_facts", "_measures", "_readings")),
    *(f"src/carac/analysis/{name}.py" for name in ("day_values", "interventions", "person_days", "recovery")),
    "src/carac/analysis/calibration_targets.csv",
    "proofs/synthetic_cohort.py",
)
#: Whose hazard ratio is doubled, and how often bleeding comes then, so that the fit has enough events.
DOUBLED, OFTEN = "events.hazard_ratio.bleeding.platelets_below_50", 10.0
SIGNIFICANT = 5


def rounded(value: Any) -> Any:
    """Numbers to five significant digits, NaN as null, in any nesting."""
    if isinstance(value, float):
        return None if value != value else float(f"{value:.{SIGNIFICANT}g}")
    if isinstance(value, Mapping):
        return {name: rounded(inner) for name, inner in value.items()}
    return [rounded(inner) for inner in value] if isinstance(value, list | tuple) else value


def made(folder: Path, patients: int, changes: Mapping[str, object] | None = None) -> Path:
    """A cohort with its truth as Parquet."""
    synthesize(Order(patients, SEED, World.load(changes=changes)), folder, PROCESSES)
    return folder


def graded_with_truth(record: Path, progress: Progress) -> Graded:
    """A record graded, with its truth beside."""
    graded = graded_record(record, progress)
    join_truth(graded, record)
    return graded


def against_publications(graded: Graded, progress: Progress) -> dict[str, Any]:
    """Achieved value of every target, its interval by chance, and who was counted."""
    return {row.target.id: asdict(row.achieved) for row in compared(facts_of(graded, progress))}


def printed_scores(graded: Graded) -> dict[str, Any]:
    """Counts of every printed score of overt DIC against true DIC."""
    return {score: asdict(calls(graded, score)) for score in SCORES}


def grades_against_truth(graded: Graded) -> dict[str, Any]:
    """Patients by true and computed highest grade."""
    pairs = {"astct_crs": "crs", "astct_icans": "icans"}
    return {name: agreement(graded, name, state).table.tolist() for name, state in pairs.items()}


def without_tocilizumab_effect() -> dict[str, Any]:
    """The late fall of fibrinogen as it is, and with the effect of tocilizumab set to zero."""
    world = World.load()
    without = world.changed({"treatment.tocilizumab_fibrinogen_effect": 0.0})
    return {
        "as it is": asdict(late_fall(world, SEED, FEWER)),
        "effect zero": asdict(late_fall(without, SEED, FEWER)),
    }


def doubled_hazard_ratio() -> dict[str, Any]:
    """A hazard ratio and its double, each fitted on the truth of its world."""
    base = World.load()
    often = base.changed({"events.base_rate.bleeding": OFTEN * base.number("events.base_rate.bleeding")})
    twice = often.changed({DOUBLED: 2.0 * float(often[DOUBLED])})
    state = DOUBLED.rpartition(".")[2]
    first, second = (fitted(world, SEED, FEWER, "bleeding")[state] for world in (often, twice))
    return {
        "value": DOUBLED,
        "set": [float(often[DOUBLED]), float(twice[DOUBLED])],
        "fitted": [first.ratio, second.ratio],
        "standard errors of the logarithm": [first.standard_error, second.standard_error],
        "distance from a doubling in standard errors": difference_in_errors(first, second, 2.0),
    }


def without_injury(folder: Path, progress: Progress) -> dict[str, Any]:
    """T-ICAHT where no marrow is injured."""
    graded = graded_with_truth(made(folder, FEWER, {"marrow.injury": 0.0}), progress)
    counted = graded.engine.fetch(
        """
        SELECT count(*) AS patients,
            count(*) FILTER (WHERE coalesce(t_icaht_early_as_in_authors_code, 0) >= 1) AS early,
            count(*) FILTER (WHERE coalesce(t_icaht_late_as_in_authors_code, 0) >= 1) AS late,
            (SELECT max(marrow_injury) FROM truth_days) AS most_injury
        FROM infusion_results
        """
    ).to_pylist()[0]
    return dict(counted)


def without_consumption(folder: Path, progress: Progress) -> dict[str, Any]:
    """What the printed scores call where nobody has true DIC."""
    changes = {"coagulation.consumption_probability": 0.0}
    return printed_scores(graded_with_truth(made(folder, FEWER, changes), progress))


def two_seeds() -> dict[str, Any]:
    """Main rates of two seeds, and how many standard errors lie between them."""
    first, second = (rates(courses(World.load(), seed, FEWER)) for seed in (SEED, SEED + 1))
    return {name: [*first[name], *second[name], z_of_difference(first[name], second[name])] for name in first}


def main() -> None:
    """Make all figures and write them with the hashes of what they follow from."""
    progress = Progress(lambda name: print(f"  {name}", file=sys.stderr))
    # Taken first: what is changed while the figures are made makes them stale.
    made_with = depends_on(DEPENDS_ON)
    with tempfile.TemporaryDirectory(prefix="carac-") as temporary:
        folder = Path(temporary)
        graded = graded_with_truth(made(folder / "cohort", PATIENTS), progress)
        figures: dict[str, Any] = {
            "cohort": {"patients": PATIENTS, "seed": SEED, "of the interventions": FEWER},
            "calibration": against_publications(graded, progress),
            "printed scores of overt DIC": printed_scores(graded),
            "grades against the truth": grades_against_truth(graded),
        }
        graded.engine.close()
        others: dict[str, Callable[[], dict[str, Any]]] = {
            "no marrow injury": lambda: without_injury(folder / "no_injury", progress),
            "no consumption": lambda: without_consumption(folder / "no_consumption", progress),
            "no effect of tocilizumab": without_tocilizumab_effect,
            "hazard ratio doubled": doubled_hazard_ratio,
            "two seeds": two_seeds,
        }
        for name, make in others.items():
            with progress.step(name):
                figures[name] = make()
    content = {"figures": rounded(figures), "depends_on": made_with}
    FIGURES.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"wrote {FIGURES}")


if __name__ == "__main__":
    main()
