"""Do the estimators find, on average, what was put in? The last table of docs/estimators.md.

    python proofs/estimates_recovered.py [REPETITIONS]

The same made-up people as in proofs/estimators.py: the mean estimate of each repetition's incidence, hazard ratio and
subdistribution hazard ratio beside the truth, with its Monte-Carlo error. Writes proofs/estimates_recovered.json after
each scenario, and takes up where it was stopped; some minutes on two cores.
"""

from __future__ import annotations

import json
import sys
from multiprocessing import get_context
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "proofs")]
from estimators import (  # noqa: E402
    COMPETING,
    DEPENDS_ON,
    SCENARIOS,
    SEED,
    TOLD,
    Sample,
    Scenario,
    drawn,
    drawn_subdistribution,
)

from carac.statistics.checks import EstimationError  # noqa: E402
from carac.statistics.cox import cox  # noqa: E402
from carac.statistics.fine_gray import fine_gray  # noqa: E402
from carac.statistics.firth import firth_cox  # noqa: E402
from carac.statistics.incidence import aalen_johansen, at_times, naive  # noqa: E402
from stale_figures import depends_on  # noqa: E402

FIGURES = Path(__file__).with_suffix(".json")
REPETITIONS, PROCESSES = 2_000, 2
#: What is averaged as it is; the others are averaged as logarithms of ratios.
SHARES = ("aalen_johansen", "naive")


def incidence(scenario: Scenario) -> float:
    """The true incidence of the first arm by the day that is told."""
    every = scenario.hazard + COMPETING
    return float(scenario.hazard / every * -np.expm1(-every * TOLD))


def once(job: tuple[Scenario, int]) -> dict[str, float | None]:
    """Every estimate of one repetition; the samples are those of the other proof."""
    scenario, number = job
    rng = np.random.default_rng([SEED, scenario.events, round(100 * scenario.ratio), number])
    sample, subdistribution = drawn(scenario, rng), drawn_subdistribution(scenario, rng)
    first = sample.arm == 0
    curve = aalen_johansen(sample.time[first], sample.status[first])
    cause_alone = naive(sample.time[first], sample.status[first])
    last = np.searchsorted(cause_alone.time, TOLD, side="right") - 1
    found: dict[str, float | None] = {
        "aalen_johansen": float(at_times(curve, [float(TOLD)]).estimate[0]),
        "naive": float(cause_alone.estimate[last]) if last >= 0 else 0.0,
    }
    models = {"cox": _cox, "firth": _firth, "fine_gray": _fine_gray}
    for name, model in models.items():
        try:
            found[name] = model(subdistribution if name == "fine_gray" else sample)
        except EstimationError:
            found[name] = None
    return found


def _cox(sample: Sample) -> float:
    return float(cox(sample.time, sample.status == 1, sample.arm[:, None]).coefficients[0])


def _firth(sample: Sample) -> float:
    return float(firth_cox(sample.time, sample.status == 1, sample.arm[:, None]).coefficients[0])


def _fine_gray(sample: Sample) -> float:
    return float(fine_gray(sample.time, sample.status, sample.arm[:, None]).coefficients[0])


def averaged(answers: list[dict[str, float | None]]) -> dict[str, dict[str, float]]:
    """Per estimator, how many answered, their mean, and its Monte-Carlo error."""
    found = {}
    for name in answers[0]:
        known = np.array([one[name] for one in answers if one[name] is not None], dtype=np.float64)
        error = float(known.std(ddof=1) / np.sqrt(len(known)))
        found[name] = {"answered": len(known), "mean": float(known.mean()), "error": error}
    return found


def main(repetitions: int) -> None:
    """Repeat each scenario that is not there yet with the present code, and write after each."""
    made_with = depends_on([*DEPENDS_ON, "proofs/estimates_recovered.py"])
    kept = json.loads(FIGURES.read_text(encoding="utf-8"))["parts"] if FIGURES.exists() else {}
    for scenario in SCENARIOS:
        part = kept.get(scenario.name)
        if part and part["depends_on"] == made_with and part["figures"]["repetitions"] >= repetitions:
            continue
        print(f"  {scenario.name}", file=sys.stderr, flush=True)
        # a forked process can wait for ever on a lock that a thread of its parent held
        with get_context("spawn").Pool(PROCESSES) as pool:
            answers = pool.map(once, [(scenario, number) for number in range(repetitions)], chunksize=20)
        figures = {"repetitions": repetitions, "events": scenario.events, "ratio": scenario.ratio,
                   "incidence": incidence(scenario), "estimates": averaged(answers)}  # fmt: skip
        kept[scenario.name] = {"figures": figures, "depends_on": made_with}
        FIGURES.write_text(json.dumps({"parts": kept}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else REPETITIONS)
