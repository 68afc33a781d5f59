"""All benchmarks at one size, in turn, with ratios against baselines run in the same call.

    python benchmarks/run.py RECORDS OUT [--rounds 3] [--memory 4GB] [--threads 2]

Runs a bare scan, the two hand-written shapes, carac's pipeline, and `carac grade` with all definitions; each as a
process of its own, round after round in turn, so that a machine that drifts drifts for all. Prints medians, the ratio
of carac to the faster hand-written shape, and whether the two gave the same values.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
FIGURES = ("cpu_seconds", "wall_seconds", "peak_memory_megabytes")


def measured(command: list[str]) -> dict[str, float]:
    """CPU seconds, wall seconds and peak memory of a command; raises where it fails."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    # The largest child so far is all that getrusage tells of memory, so each command gets a parent of its own.
    code = (
        "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL);"
        " print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(done.returncode)"
    )
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "cpu_seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "wall_seconds": time.perf_counter() - begun,
        "peak_memory_megabytes": int(done.stdout.split()[-1]) / 1000,
    }


def commands(records: Path, out: Path, memory: str, threads: str) -> dict[str, list[str]]:
    """The command of each benchmark."""
    limits = ["--memory", memory, "--threads", threads]
    made = {
        name: [
            sys.executable,
            str(HERE / "run_sql.py"),
            str(HERE / f"{name}.sql"),
            str(records),
            str(out / name),
            *limits,
        ]
        for name in ("bare_scan", "handwritten_a", "handwritten_b")
    }
    made["carac pipeline"] = [sys.executable, str(HERE / "pipeline.py"), str(records), str(out / "carac"), *limits]
    spill = ["--memory", memory, "--temporary", str(out / "spill")]
    made["carac grade"] = [sys.executable, "-m", "carac", "grade", str(records), "-o", str(out / "graded"), *spill]
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description="Run all benchmarks at one size and print ratios.")
    parser.add_argument("records", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", default="4GB")
    parser.add_argument("--threads", default="2")
    parser.add_argument("--skip", action="append", default=[], help="name of a benchmark to leave out")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    wanted = commands(arguments.records, arguments.out, arguments.memory, arguments.threads)
    wanted = {name: command for name, command in wanted.items() if name not in arguments.skip}
    costs: dict[str, list[dict[str, float]]] = {name: [] for name in wanted}
    for _ in range(arguments.rounds):
        for name, command in wanted.items():
            costs[name].append(measured(command))
    medians = {
        name: {figure: round(statistics.median(cost[figure] for cost in of), 2) for figure in FIGURES}
        for name, of in costs.items()
    }
    faster = min(medians[name]["cpu_seconds"] for name in ("handwritten_a", "handwritten_b") if name in medians)
    ratio = round(medians["carac pipeline"]["cpu_seconds"] / faster, 2)
    same = subprocess.run(
        [
            sys.executable,
            str(HERE / "compare.py"),
            *(str(arguments.out / f / "days.parquet") for f in ("carac", "handwritten_b")),
        ],
        stdout=subprocess.DEVNULL,
    )
    print(json.dumps({"medians": medians, "cpu_ratio": ratio, "same_values": same.returncode == 0}, indent=2))


if __name__ == "__main__":
    main()
