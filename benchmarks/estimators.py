"""How fast the estimators are beside R (survival, cmprsk) and comprisk, on the same made-up people, in one run.

    python benchmarks/estimators.py [--large]

Processor seconds, the best of three (of one where it is slow); ratios say how much longer the other takes. R needs
Debian's r-cran-survival and r-cran-cmprsk, comprisk the environment of the tests; where one is absent its column is
empty. A figure of each task (a coefficient, a statistic, an incidence) is compared too: a ratio of two answers means
little. With --large the Fine-Gray model of a million people as well (some 2 GB).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time as clock
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from carac.statistics.cox import cox
from carac.statistics.fine_gray import fine_gray
from carac.statistics.gray import gray_test
from carac.statistics.incidence import aalen_johansen, at_times

REPEATS = 3
#: Seconds that R may take in all.
PATIENCE = 600
Data = dict[str, np.ndarray[Any, Any]]
Told = dict[str, tuple[float, float]]
#: Who is told of: what the task is called in the table.
TASKS = {
    "fine_gray_2000": "Fine-Gray, 2,000 people, 4 covariates (R: crr)",
    "fine_gray_again_2000": "the same (R: finegray and coxph)",
    "fine_gray_50000": "Fine-Gray, 50,000 people, 4 covariates",
    "gray_2000": "Gray's test, 2,000 people, 3 groups (R: cuminc, which draws the curves as well)",
    "gray_50000": "Gray's test, 50,000 people, 3 groups",
    "aalen_johansen_2000": "Aalen-Johansen with intervals, 2,000 people (R: survfit)",
    "aalen_johansen_50000": "Aalen-Johansen with intervals, 50,000 people",
    "cox_100000": "Cox, Efron, 100,000 rows (start, stop], 4 covariates (R: coxph)",
    "fine_gray_1000000": "Fine-Gray, 1,000,000 people, 4 covariates",
}
#: crr and comprisk stop at about 1e-6 of a coefficient; Breslow's finegray differs from crr by rounding without ties.
ALIKE = 1e-5


def people(size: int, seed: int = 1) -> Data:
    """Two causes and censoring, times without ties: the most distinct times, and so the most work."""
    random = np.random.default_rng(seed)
    covariates = random.normal(size=(size, 4))
    drawn = random.exponential(np.exp(-covariates @ [0.3, -0.2, 0.0, 0.5]))
    columns = {f"x{place}": covariates[:, place] for place in range(4)}
    status, group = random.integers(0, 3, size), random.integers(0, 3, size)
    return {"time": drawn, "status": status, "group": group, **columns}


def rows(size: int, seed: int = 2) -> Data:
    """Five rows per person, one after the other, of covariates that change; whole days, so that events are tied."""
    random = np.random.default_rng(seed)
    start = np.tile(np.arange(5) * 20.0, size // 5)
    length = np.ceil(random.uniform(0, 20, size))
    columns = {f"x{place}": random.normal(size=size) for place in range(4)}
    chance = 0.05 * np.exp(0.4 * columns["x0"] - 0.3 * columns["x1"])
    return {"start": start, "stop": start + length, "event": (random.random(size) < chance).astype(int), **columns}


def design(data: Data) -> np.ndarray[Any, Any]:
    """The covariates."""
    return np.column_stack([data[f"x{place}"] for place in range(4)])


def best(run: Callable[[], Any], figure: Callable[[Any], float], repeats: int = REPEATS) -> tuple[float, float]:
    """Processor seconds of the fastest run, and its figure."""
    seconds, found = np.inf, None
    for _ in range(repeats):
        begin = clock.process_time()
        found = run()
        seconds = min(seconds, clock.process_time() - begin)
    return float(seconds), float(figure(found))


def own(sets: dict[str, Data]) -> Told:
    """What carac takes."""
    told: Told = {}
    for name, data in sets.items():
        if not name.startswith("people"):
            continue
        size, values = len(data["time"]), design(data)
        once = 1 if size > 100_000 else REPEATS
        told[f"fine_gray_{size}"] = best(
            lambda data=data, values=values: fine_gray(data["time"], data["status"], values),
            lambda fit: fit.coefficients[0],
            once,
        )
    told["fine_gray_again_2000"] = told["fine_gray_2000"]
    for size in (2_000, 50_000):
        some = sets[f"people_{size}"]
        told[f"gray_{size}"] = best(
            lambda some=some: gray_test(some["time"], some["status"], some["group"]), lambda test: test.statistic
        )
        told[f"aalen_johansen_{size}"] = best(
            lambda some=some: aalen_johansen(some["time"], some["status"]),
            lambda curve: at_times(curve, [1.0]).estimate[0],
        )
    by_day = sets["rows_100000"]
    values = design(by_day)
    told["cox_100000"] = best(
        lambda: cox(by_day["stop"], by_day["event"], values, by_day["start"]), lambda fit: fit.coefficients[0]
    )
    return told


def of_comprisk(sets: dict[str, Data]) -> Told:
    """What comprisk takes, compiled beforehand; empty where it is not installed."""
    try:
        import comprisk
    except ImportError:
        return {}

    def model(data: Data) -> tuple[float, float]:
        values = design(data)
        fit = comprisk.FineGrayRegression
        return best(
            lambda: fit(robust_se=True).fit(values, time=data["time"], event=data["status"]), lambda one: one.coef_[0]
        )

    def test(data: Data) -> tuple[float, float]:
        return best(lambda: comprisk.gray_test(data["time"], data["status"], data["group"]), lambda one: one.stat)

    def curve(data: Data) -> tuple[float, float]:
        return best(
            lambda: comprisk.CumulativeIncidence().fit(data["time"], data["status"]),
            lambda fit: fit.curves_[(None, 1)].evaluate(np.array([1.0]))[0][0],
        )

    model(people(200))
    data = sets["people_50000"]
    comprisk.gray_test(data["time"][:200], data["status"][:200], data["group"][:200])
    return {
        **{f"fine_gray_{size}": model(sets[f"people_{size}"]) for size in (2_000, 50_000)},
        **{f"gray_{size}": test(sets[f"people_{size}"]) for size in (2_000, 50_000)},
        **{f"aalen_johansen_{size}": curve(sets[f"people_{size}"]) for size in (2_000, 50_000)},
    }


def of_r(sets: dict[str, Data]) -> Told:
    """What R takes; empty where it is not there."""
    program = shutil.which("Rscript")
    if program is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        for name, data in sets.items():
            if len(next(iter(data.values()))) <= 100_000:
                table = np.column_stack(list(data.values()))
                np.savetxt(Path(folder) / f"{name}.csv", table, "%.17g", ",", header=",".join(data), comments="")
        command, output = [program, str(Path(__file__).with_suffix(".R")), folder, str(REPEATS)], Path(folder) / "told"
        with output.open("w", encoding="utf-8") as file:
            try:
                subprocess.run(command, stdout=file, stderr=subprocess.PIPE, text=True, check=True, timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                print(f"R was stopped after {PATIENCE} s; what it had not done has no figure.", file=sys.stderr)
            except subprocess.CalledProcessError as error:
                print(f"R did not run: {error.stderr.strip()}", file=sys.stderr)
        lines = [line.split("\t") for line in output.read_text(encoding="utf-8").splitlines()]
    return {line[0]: (float(line[1]), float(line[2])) for line in lines}


def cell(mine: tuple[float, float], other: tuple[float, float] | None) -> str:
    """Seconds of the other and the ratio, or that it said something else."""
    if other is None:
        return "–"
    ratio = other[0] / mine[0]
    alike = abs(other[1] - mine[1]) <= ALIKE * max(1.0, abs(mine[1]))
    return f"{other[0]:.3g} ({ratio:.3g})" + ("" if alike else f", but {other[1]:.6g}, not {mine[1]:.6g}")


def main() -> None:
    """Print the table."""
    sets = {f"people_{size}": people(size) for size in (2_000, 50_000)} | {"rows_100000": rows(100_000)}
    if "--large" in sys.argv:
        sets["people_1000000"] = people(1_000_000)
    mine, other, r = own(sets), of_comprisk(sets), of_r(sets)
    print("| task | carac, s | R, s (ratio) | comprisk, s (ratio) |\n| --- | --- | --- | --- |")
    for name, title in TASKS.items():
        if name in mine:
            figures = (cell(mine[name], r.get(name)), cell(mine[name], other.get(name)))
            print(f"| {title} | {mine[name][0]:.3g} | {' | '.join(figures)} |")


if __name__ == "__main__":
    main()
