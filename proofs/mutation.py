"""Mutation testing of the definitions and of the language they are written in; the figures of docs/mutation.md.

    python proofs/mutation.py [--processes 2] [part of the name of a module ...]

Each module is done for itself, and its figures are kept in proofs/mutation.json with the hash of its code: a second
call does what has changed since, and goes on where the first was ended. Survivors with a reason stand in
proofs/mutation_reasons.toml, written by hand.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
# Compiled SQL is kept by the code on disk, and a mutant is not on disk. One thread: the process forks.
os.environ["CARAC_CACHE"] = ""
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tools"), str(ROOT / "tests")]
import pyarrow as pa  # noqa: E402
import pyarrow.compute  # noqa: E402

from carac.engine.kept_sql import _code  # noqa: E402
from mutant_trials import SECONDS, Bench, Verdict, controlled, in_child, module_names, shared, tried  # noqa: E402
from mutants import Mutant, mutants  # noqa: E402
from stale_figures import depends_on  # noqa: E402

FIGURES = Path(__file__).with_suffix(".json")
ROOMS = ("carac.definitions", "carac.language")
#: What a module's figures depend on beside its own code.
TOOL = ("tools/mutants.py",)
#: Warm modules, so that a fork need not import them.
WARM = ("pytest", "hypothesis", "carac.definitions", "carac.grading.plan", "test_cases")


def modules(parts: Sequence[str] = ()) -> dict[str, Path]:
    """The modules that are mutated, those whose name holds one of the parts."""
    found = {name: path for name, path in module_names().items() if name.startswith(ROOMS)}
    return {name: path for name, path in sorted(found.items()) if not parts or any(part in name for part in parts)}


def stored() -> dict[str, Any]:
    """The figures so far, by module."""
    parts: dict[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8"))["parts"] if FIGURES.exists() else {}
    return parts


def hashes(path: Path) -> dict[str, str]:
    """The code that a module's figures depend on."""
    return depends_on([path.relative_to(ROOT).as_posix(), *TOOL])


def store(name: str, found: dict[str, Any]) -> None:
    """Put the figures of one module beside those of the others; modules that are gone are forgotten."""
    parts = {module: part for module, part in stored().items() if module in modules()} | {name: found}
    whole = {"parts": {module: parts[module] for module in sorted(parts)}}
    fresh = FIGURES.with_suffix(".new")
    fresh.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    fresh.replace(FIGURES)


def verdict(bench: Bench, module: str, source: str, mutant: Mutant) -> Verdict:
    """What becomes of one mutant that can be imported and has the criteria that are printed."""

    def asked(stage: str) -> Verdict:
        return in_child(lambda: tried(bench, module, mutant.applied(source), stage))

    found = asked("full")
    if found.outcome == "unseen":
        bench.variant_hashes(bench.affected(module))
        found = asked("variants")
        if found.outcome == "differs":
            found = asked("by hand")
    return found


def of_module(bench: Bench, name: str, path: Path, processes: int) -> dict[str, Any]:
    """The figures of one module."""
    source, started = path.read_text(encoding="utf-8"), time.monotonic()
    every = mutants(source)
    verdicts = shared(
        lambda mutant: in_child(lambda: tried(bench, name, mutant.applied(source), "quick")), every, processes
    )
    waiting = [place for place, found in enumerate(verdicts) if found.outcome == "open"]
    if waiting:
        trials = bench.trials(bench.affected(name), name)
        new = [key for key in trials if key not in bench.controlled]
        control = in_child(lambda: controlled(bench, new), 10 * SECONDS)
        if control.outcome != "passed":
            raise RuntimeError(f"{name}: {control.by}")
        bench.controlled |= set(new)
        found = shared(lambda place: verdict(bench, name, source, every[place]), waiting, processes)
        for place, later in zip(waiting, found, strict=True):
            verdicts[place] = later
    counts = Counter(found.outcome for found in verdicts)
    lived = {
        mutant.name: found.by for mutant, found in zip(every, verdicts, strict=True) if found.outcome == "survived"
    }
    figures = {
        "mutants": len(every),
        "killed": counts["killed"],
        "same": counts["same"],
        "survived": sorted(lived),
        "seconds": round(time.monotonic() - started),
    }
    odd = {outcome: n for outcome, n in counts.items() if outcome not in ("killed", "same", "survived")}
    if odd:
        raise RuntimeError(f"{name}: {odd}: {[v.by for v in verdicts if v.outcome in odd][:3]}")
    return {"figures": figures, "depends_on": hashes(path)}


def main() -> int:
    """Do all modules whose figures are not those of the present code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("parts", nargs="*", help="parts of the names of modules; none means all")
    wanted = parser.parse_args()
    pa.set_cpu_count(1)
    known = stored()
    waiting = {
        name: path
        for name, path in modules(wanted.parts).items()
        if known.get(name, {}).get("depends_on") != hashes(path)
    }
    print(f"{len(waiting)} modules to do", file=sys.stderr)
    if not waiting:
        return 0
    for module in WARM:
        __import__(module)
    with tempfile.TemporaryDirectory(prefix="carac-") as folder:
        bench = Bench(Path(folder))
        bench.keep(ROOT / "build" / "mutation" / f"{_code()}.pickle")
        print("the cases are graded", file=sys.stderr)
        # The small ones first: whoever ends the run early has most of them.
        for name, path in sorted(waiting.items(), key=lambda item: item[1].stat().st_size):
            found = of_module(bench, name, path, wanted.processes)
            store(name, found)
            told = {key: len(value) if isinstance(value, list) else value for key, value in found["figures"].items()}
            print(f"  {name}: {told}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
