"""Mutation testing of the definitions and of the language they are written in; the figures of docs/mutation.md.

    python proofs/mutation.py [--minutes 70] [part of the name of a module ...]
    python proofs/mutation.py --quick --again --cases isth_bleeding_edges fibrinogen_course_edges

The verdict on each mutant is kept in build/mutation/, by the hash of its module: a second call goes on where the first
was ended. `--again` asks only of the mutants that lived, on a machine without these verdicts too. After new case files
were written, `--cases` asks these alone. Modules that are done stand in proofs/mutation.json. Survivors with a reason
stand in proofs/mutation_reasons.toml, written by hand.
"""

from __future__ import annotations

import argparse
import fcntl
import gc
import importlib
import json
import os
import pickle
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tools"), str(ROOT / "tests")]
import pyarrow as pa  # noqa: E402

from carac.engine.kept_sql import _code  # noqa: E402
from mutant_loading import module_names  # noqa: E402
from mutant_trials import FOR_SITES, SECONDS, Bench, Verdict, controlled, in_child, tried  # noqa: E402
from mutants import Mutant, mutants  # noqa: E402
from stale_figures import depends_on  # noqa: E402

FIGURES = Path(__file__).with_suffix(".json")
KEPT = ROOT / "build" / "mutation"
ROOMS = ("carac.definitions", "carac.language")
#: What a module's figures depend on beside its own code.
TOOL = ("tools/mutants.py",)
#: Warm modules, so that a fork need not import them.
WARM = (
    *("carac.definitions", "test_cases", "test_cut_points", "test_score_cuts", "test_printed_criteria", "test_bounds"),
    *("test_catalogue_parameters", "test_catalogue_parameters_events", "test_printed_parameters", "hypothesis"),
)
#: A verdict that no later test changes.
FINAL = ("killed", "same")


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
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        # Two runs may share the modules.
        fcntl.flock(lock, fcntl.LOCK_EX)
        _stored_with(name, found)


def _stored_with(name: str, found: dict[str, Any]) -> None:
    parts = {module: part for module, part in stored().items() if module in modules()} | {name: found}
    whole = {"parts": {module: parts[module] for module in sorted(parts)}}
    fresh = FIGURES.with_suffix(".new")
    fresh.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    fresh.replace(FIGURES)


class Verdicts:
    """The verdicts on the mutants of one module, kept as they come; begun with those behind its stored figures."""

    def __init__(self, name: str, path: Path, every: Sequence[Mutant]) -> None:
        self.file, self.key = KEPT / f"{name}.json", hashes(path)
        content = json.loads(self.file.read_text(encoding="utf-8")) if self.file.exists() else {}
        own = content.get("key") == self.key
        self.known: dict[str, list[str]] = content["verdicts"] if own else self._stored(name, every)

    def _stored(self, name: str, every: Sequence[Mutant]) -> dict[str, list[str]]:
        part = stored().get(name, {})
        # Which mutants were the same is not stored: then all are asked again.
        if part.get("depends_on") != self.key or part["figures"]["same"]:
            return {}
        lived = set(part["figures"]["survived"])
        return {m.name: ["survived", ""] if m.name in lived else ["killed", "a run before"] for m in every}

    def add(self, mutant: Mutant, found: Verdict) -> None:
        """Keep one more."""
        self.known[mutant.name] = [found.outcome, found.by]
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps({"key": self.key, "verdicts": self.known}, ensure_ascii=False, indent=0))

    def is_final(self, mutant: Mutant) -> bool:
        """Whether nothing that is asked later can change it."""
        return self.known.get(mutant.name, ["open"])[0] in FINAL


def verdict(bench: Bench, module: str, source: str, mutant: Mutant, quick: bool) -> Verdict:
    """What becomes of one mutant; `quick` leaves out what takes long, and lets some live."""

    def asked(stage: str) -> Verdict:
        return in_child(lambda: tried(bench, module, mutant.applied(source), stage))

    found = asked("cases")
    if found.outcome in ("open", "unseen"):
        must_pass(bench, module, "soon")
        soon = asked("soon")
        found = soon if soon.outcome == "killed" else found
    if quick and found.outcome in ("open", "unseen"):
        return replace(found, outcome="survived", by=found.outcome)
    if found.outcome == "unseen" and not f"{module}.".startswith(FOR_SITES):
        found = asked("variants")
    if found.outcome not in ("open", "unseen"):
        return found
    must_pass(bench, module, "by hand")
    return asked("by hand")


@cache
def must_pass(bench: Bench, module: str, stage: str) -> None:
    """Raises RuntimeError where the unchanged code does not pass: a test that always fails kills every mutant."""
    control = in_child(lambda: controlled(bench, module, stage), 10 * SECONDS)
    if control.outcome != "passed":
        raise RuntimeError(f"{module}: {control.by}")


def of_module(bench: Bench, name: str, path: Path, ends: float, quick: bool, again: bool) -> dict[str, Any] | None:
    """The figures of one module; None where the time ended first."""
    source = path.read_text(encoding="utf-8")
    every = mutants(source)
    verdicts = Verdicts(name, path, every)
    asked = verdicts.known if quick and not again else {}
    waiting = [mutant for mutant in every if not verdicts.is_final(mutant) and mutant.name not in asked]
    if waiting:
        bench.ready(name)
        must_pass(bench, name, "cases")
        gc.collect()
        gc.freeze()
    for mutant in waiting:
        if time.monotonic() > ends:
            return None
        found = verdict(bench, name, source, mutant, quick)
        if found.outcome == "error":
            raise RuntimeError(f"{mutant.name}: {found.by}")
        verdicts.add(mutant, found)
        if found.trial:
            bench.has_noticed(found.trial)
    return figures(every, verdicts, path)


def figures(every: Sequence[Mutant], verdicts: Verdicts, path: Path) -> dict[str, Any]:
    """The figures of a module that is done."""
    outcomes = {mutant.name: verdicts.known[mutant.name][0] for mutant in every}
    counts = Counter(outcomes.values())
    counted = {"mutants": len(every), "killed": counts["killed"], "same": counts["same"]}
    lived = sorted(name for name, outcome in outcomes.items() if outcome not in FINAL)
    return {"figures": {**counted, "survived": lived}, "depends_on": hashes(path)}


def all_cases() -> tuple[Any, ...]:
    """Every case of every file."""
    found: tuple[Any, ...] = importlib.import_module("support.case_files").all_cases()
    return found


def made_ready(bench: Bench) -> None:
    """Grade the cases, or take them from a file that the same code has left, and grade those that are new."""
    file = KEPT / f"{_code()}.pickle"
    every = all_cases()
    kept, new = None, list(every)
    if file.exists():
        kept = pickle.loads(file.read_bytes())
        before = [case for run in kept[0] for case in run.cases]
        new = [case for case in every if case not in before]
        # A case that was changed or taken away is in the middle of a run.
        kept = kept if all(case in every for case in before) else None
    if kept is None:
        content = (bench.cases.runs, bench.cases.reads, bench.runs, bench.generated)
    else:
        added = added_runs(bench.folder / "added", new) if new else ((), (), ())
        content = *([*one, *more] for one, more in zip(kept[:3], added, strict=True)), kept[3]
        vars(bench.cases).update(runs=content[0], reads=content[1])
        vars(bench).update(runs=content[2], generated=content[3])
    if kept is None or new:
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(pickle.dumps(content))
        fresh.replace(file)


def added_runs(folder: Path, cases: Sequence[Any]) -> tuple[list[Any], list[Any], list[Any]]:
    """Runs of these cases alone, what was read and what was made of them."""
    more = Bench(folder, frozenset(case.name for case in cases))
    return more.cases.runs, more.cases.reads, more.runs


def order(bench: Bench, name: str, parts: Sequence[str]) -> tuple[int, bool, int, str]:
    """In the order of the parts that were asked for; then those first that few definitions depend on.

    Most are done soon. What reads a site's file is slow.
    """
    place = next((place for place, part in enumerate(parts) if part in name), 0)
    return place, f"{name}.".startswith(FOR_SITES), len(bench.affected(name)), name


def main() -> int:
    """Do all modules whose figures are not those of the present code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=600, help="begin no mutant after so many minutes")
    parser.add_argument("--quick", action="store_true", help="without comparing queries and the tests by hand")
    parser.add_argument("--again", action="store_true", help="ask again of the mutants that lived, in modules done too")
    parser.add_argument("--cases", nargs="+", default=[], help="with --quick --again: ask these case files alone")
    parser.add_argument("parts", nargs="*", help="parts of the names of modules, in this order; none means all")
    wanted = parser.parse_args()
    pa.set_cpu_count(1)
    known, ends = stored(), time.monotonic() + 60 * wanted.minutes
    waiting = {
        name: path
        for name, path in modules(wanted.parts).items()
        if known.get(name, {}).get("depends_on") != hashes(path)
        or (wanted.again and known[name]["figures"]["survived"])
    }
    print(f"{len(waiting)} modules to do", file=sys.stderr, flush=True)
    if not waiting:
        return 0
    for module in WARM:
        importlib.import_module(module)
    with tempfile.TemporaryDirectory(prefix="carac-") as folder:
        bench = Bench(Path(folder), frozenset(case.name for case in all_cases() if case.file in wanted.cases))
        if not bench.asked:
            made_ready(bench)
        # Compiled SQL is kept by the code on disk, and a mutant is not on disk.
        os.environ["CARAC_CACHE"] = ""
        print("the cases are graded", file=sys.stderr, flush=True)
        for name, path in sorted(waiting.items(), key=lambda item: order(bench, item[0], wanted.parts)):
            started = time.monotonic()
            found = of_module(bench, name, path, ends, wanted.quick, wanted.again)
            if found is None:
                print(f"  {name}: time is over", file=sys.stderr)
                return 1
            store(name, found)
            told = {key: len(value) if isinstance(value, list) else value for key, value in found["figures"].items()}
            print(f"  {name}: {told} in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
