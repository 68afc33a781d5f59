"""The figures of docs/estimators.md: do intervals of 95 % cover the truth, and do tests err as often as they say?

    python proofs/estimators.py [REPETITIONS]

Two arms of made-up people whose hazards are known, with a competing event, censoring and whole days, again and again.
Writes proofs/estimators.json after each scenario, and takes up where it was stopped; some minutes on two cores.
`python tools/make_estimator_docs.py` writes the page.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from scipy.optimize import brentq

from carac.analysis.factors import Columns, Factor, Kind
from carac.analysis.hazard_models import AtRisk, Method, fitted, rows_by_day
from carac.endpoints.people import Floats, Integers
from carac.statistics.checks import EstimationError
from carac.statistics.cox import cox
from carac.statistics.fine_gray import fine_gray
from carac.statistics.firth import firth_cox
from carac.statistics.gray import gray_test
from carac.statistics.incidence import aalen_johansen, at_times, naive
from carac.statistics.proportions import poisson_rate

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from stale_figures import depends_on  # noqa: E402

FIGURES = Path(__file__).with_suffix(".json")
REPETITIONS, PROCESSES, SEED = 2_000, 2, 20261128
#: What a figure follows from; with any of it changed the figures are stale.
DEPENDS_ON = (
    *(f"src/carac/statistics/{name}.py" for name in ("checks", "cox", "fine_gray", "firth", "gray", "incidence")),
    *("src/carac/statistics/newton.py", "src/carac/statistics/proportions.py"),
    *("src/carac/analysis/hazard_models.py", "proofs/estimators.py"),
)
#: Days of observation, the day at which incidence is told, and the hazards per day of what competes and of leaving.
LAST, TOLD, COMPETING, LEAVING = 100, 90, 0.002, 0.002
FACTOR = Factor("arm", "Arm", "", Kind.FLAG, "arm")


@dataclass(frozen=True)
class Scenario:
    """Two arms alike but for the ratio of their hazards.

    Parameters
    ----------
    events: expected of the first arm; people: of each arm; ratio: hazard of the second arm to the first.
    """

    events: int
    people: int
    ratio: float

    @property
    def name(self) -> str:
        return f"{self.events} events, ratio {self.ratio:g}"

    @property
    def hazard(self) -> float:
        """Of the event per day in the first arm, so that as many events are expected."""

        def expected(hazard: float) -> float:
            every = hazard + COMPETING + LEAVING
            return hazard / every * -np.expm1(-every * LAST) * self.people - self.events

        return float(brentq(expected, 1e-9, 1.0))


SCENARIOS = tuple(
    Scenario(events, people, ratio) for events, people in ((5, 200), (20, 200), (200, 400)) for ratio in (1.0, 2.0)
)


@dataclass(frozen=True)
class Sample:
    """Day on which each was last seen, what ended it (0 left, 1 event, 2 competing), and the arm."""

    time: Floats
    status: Integers
    arm: Floats


def drawn(scenario: Scenario, rng: np.random.Generator) -> Sample:
    """People with constant cause-specific hazards; days are whole, so that many are tied."""
    arm = np.repeat([0.0, 1.0], scenario.people)
    hazards = (scenario.hazard * scenario.ratio**arm, np.full(len(arm), COMPETING), np.full(len(arm), LEAVING))
    return _observed([rng.exponential(1 / hazard) for hazard in hazards], arm)


def drawn_subdistribution(scenario: Scenario, rng: np.random.Generator) -> Sample:
    """People whose subdistribution hazards have the ratio at all times (Fine and Gray 1999, section 5).

    In the first arm a share p has the event at last, at a constant pace; the second has 1 - (1 - p)^ratio of it.
    """
    arm = np.repeat([0.0, 1.0], scenario.people)
    share, pace = 1.4 * scenario.events / scenario.people, 0.02
    power = scenario.ratio**arm
    has = rng.random(len(arm)) < 1 - (1 - share) ** power
    quantile = rng.random(len(arm)) * (1 - (1 - share) ** power)
    event = -np.log1p(-(1 - (1 - quantile) ** (1 / power)) / share) / pace
    other = rng.exponential(1 / (5 * COMPETING), len(arm))
    away = rng.exponential(1 / LEAVING, len(arm))
    return _observed([np.where(has, event, np.inf), np.where(has, np.inf, other), away], arm)


def _observed(times: list[Floats], arm: Floats) -> Sample:
    stacked = np.ceil(np.stack([*times, np.full(len(arm), float(LAST))]))
    # on one day the event comes first, then what competes
    which = np.stack([*times, np.full(len(arm), float(LAST))]).argmin(axis=0)
    status = np.array([1, 2, 0, 0])[which]
    return Sample(stacked.min(axis=0), status.astype(np.int64), arm)


#: Whether an interval covers, or a test rejects; None where there was no answer.
Answer = bool | None


def covers(lower: float, upper: float, truth: float) -> bool:
    """Whether the truth lies within, ends included."""
    return bool(lower <= truth <= upper)


def incidence_covers(sample: Sample, scenario: Scenario) -> Answer:
    """The Aalen-Johansen interval of the first arm on the day that is told."""
    first = sample.arm == 0
    every = scenario.hazard + COMPETING
    truth = scenario.hazard / every * -np.expm1(-every * TOLD)
    found = at_times(aalen_johansen(sample.time[first], sample.status[first]), [float(TOLD)])
    return covers(float(found.lower[0]), float(found.upper[0]), truth)


def naive_overstates(sample: Sample, scenario: Scenario) -> Answer:
    """Whether 1 - Kaplan-Meier lies above the Aalen-Johansen estimate at the end."""
    first = sample.arm == 0
    found = naive(sample.time[first], sample.status[first])
    curve = aalen_johansen(sample.time[first], sample.status[first])
    return bool(found.estimate[-1] > curve.estimate[-1])


def rate_covers(sample: Sample, scenario: Scenario) -> Answer:
    """The exact interval of events per day in the first arm; whole days count half too long, which is taken off."""
    first = sample.arm == 0
    days = float((sample.time[first] - 0.5 * (sample.time[first] < LAST)).sum())
    found = poisson_rate(int((sample.status[first] == 1).sum()), days)
    return covers(float(found.lower[0]), float(found.upper[0]), scenario.hazard)


def cox_covers(sample: Sample, scenario: Scenario) -> Answer:
    """Wald's interval of an ordinary Cox model."""
    lower, upper = cox(sample.time, sample.status == 1, sample.arm[:, None]).interval()
    return covers(float(lower[0]), float(upper[0]), np.log(scenario.ratio))


def firth_covers(sample: Sample, scenario: Scenario) -> Answer:
    """The profile interval of Firth's penalised likelihood."""
    found = firth_cox(sample.time, sample.status == 1, sample.arm[:, None])
    return covers(float(found.lower[0]), float(found.upper[0]), np.log(scenario.ratio))


def chosen_covers(sample: Sample, scenario: Scenario) -> Answer:
    """The model that carac chooses by the number of events."""
    rows = AtRisk(np.full(len(sample.time), -np.inf), sample.time, sample.status == 1, np.arange(len(sample.time)))
    found = fitted(rows, [Columns(FACTOR, ("",), sample.arm[:, None])])
    ratio = found.lines[0].ratio
    if found.method is Method.NONE or ratio is None:
        return None
    lower = 0.0 if ratio.lower is None else ratio.lower
    return covers(lower, np.inf if ratio.upper is None else ratio.upper, scenario.ratio)


def fine_gray_covers(sample: Sample, scenario: Scenario) -> Answer:
    """Wald's interval of the Fine-Gray model, with crr's standard error."""
    lower, upper = fine_gray(sample.time, sample.status, sample.arm[:, None]).interval()
    return covers(float(lower[0]), float(upper[0]), np.log(scenario.ratio))


def gray_rejects(sample: Sample, scenario: Scenario) -> Answer:
    """Gray's test between the arms at 5 %."""
    p_value = gray_test(sample.time, sample.status, sample.arm.astype(int).astype(str)).p_value
    return None if p_value is None else bool(p_value < 0.05)


def treated_by_day(scenario: Scenario, rng: np.random.Generator) -> tuple[Answer, Answer]:
    """A treatment of half the people that begins on some day and has the ratio from then on: by day, and ever."""
    people = scenario.people
    begins = np.where(np.arange(people) % 2 == 0, rng.integers(0, 60, people), 10 * LAST).astype(float)
    before = rng.exponential(1 / scenario.hazard, people)
    after = begins + rng.exponential(1 / (scenario.hazard * scenario.ratio), people)
    event = np.where(before <= begins, before, after)
    other = rng.exponential(1 / (COMPETING + LEAVING), people)
    stop = np.ceil(np.minimum(np.minimum(event, other), LAST))
    happened = (event <= other) & (event <= LAST)
    start, member = np.full(people, -np.inf), np.arange(people)
    rows, person, day = rows_by_day(start, stop, happened, member)
    by_day = _ratio_covers(rows, (day > begins[person]).astype(float), scenario)
    ever = _ratio_covers(AtRisk(start, stop, happened, member), (begins < stop).astype(float), scenario)
    return by_day, ever


def _ratio_covers(rows: AtRisk, on: Floats, scenario: Scenario) -> Answer:
    ratio = fitted(rows, [Columns(FACTOR, ("",), on[:, None])]).lines[0].ratio
    if ratio is None:
        return None
    upper = np.inf if ratio.upper is None else ratio.upper
    return covers(0.0 if ratio.lower is None else ratio.lower, upper, scenario.ratio)


CAUSE_SPECIFIC: dict[str, Callable[[Sample, Scenario], Answer]] = {
    "aalen_johansen": incidence_covers,
    "naive_above": naive_overstates,
    "rate": rate_covers,
    "cox": cox_covers,
    "firth": firth_covers,
    "chosen": chosen_covers,
}
SUBDISTRIBUTION: dict[str, Callable[[Sample, Scenario], Answer]] = {
    "fine_gray": fine_gray_covers,
    "gray": gray_rejects,
}


def once(job: tuple[Scenario, int]) -> dict[str, Answer]:
    """Every answer of one repetition; the seed follows from its number, so that a stopped run can go on."""
    scenario, number = job
    rng = np.random.default_rng([SEED, scenario.events, round(100 * scenario.ratio), number])
    found: dict[str, Answer] = {}
    for sample, asked in (
        (drawn(scenario, rng), CAUSE_SPECIFIC),
        (drawn_subdistribution(scenario, rng), SUBDISTRIBUTION),
    ):
        for name, answer in asked.items():
            try:
                found[name] = answer(sample, scenario)
            except EstimationError:
                found[name] = None
    found["by_day"], found["ever_against_never"] = treated_by_day(scenario, rng)
    return found


def counted(answers: list[dict[str, Answer]]) -> dict[str, dict[str, int]]:
    """Per estimator, how many answered, and how many of these covered (or rejected)."""
    return {
        name: {
            "answered": sum(one[name] is not None for one in answers),
            "yes": sum(one[name] is True for one in answers),
        }
        for name in answers[0]
    }


def main(repetitions: int) -> None:
    """Repeat each scenario that is not there yet with the present code, and write after each."""
    made_with = depends_on(DEPENDS_ON)
    kept = json.loads(FIGURES.read_text(encoding="utf-8"))["parts"] if FIGURES.exists() else {}
    for scenario in SCENARIOS:
        part = kept.get(scenario.name)
        if part and part["depends_on"] == made_with and part["figures"]["repetitions"] >= repetitions:
            continue
        print(f"  {scenario.name}", file=sys.stderr, flush=True)
        jobs = [(scenario, number) for number in range(repetitions)]
        # a forked process can wait for ever on a lock that a thread of its parent held
        with get_context("spawn").Pool(PROCESSES) as pool:
            answers = pool.map(once, jobs, chunksize=20)
        figures = {"repetitions": repetitions, "events": scenario.events, "people": scenario.people,
                   "ratio": scenario.ratio, "estimators": counted(answers)}  # fmt: skip
        kept[scenario.name] = {"figures": figures, "depends_on": made_with}
        FIGURES.write_text(json.dumps({"parts": kept}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else REPETITIONS)
