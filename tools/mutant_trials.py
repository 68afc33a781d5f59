"""Does a test notice a mutant? A warm process forks; the child loads the changed module and runs what reads it.

The cheapest first, up to the first failure: the criteria as printed, the case files of the definitions that read the
module, the generated tests on those definitions, the test modules written by hand. Expressions that did not change are
not compiled or run again: what they make was kept by the parent.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import io
import os
import pickle
import select
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import ibis
import pyarrow as pa

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"
TESTS = ROOT / "tests"
#: Longer than any of the tests takes here; a mutant that never ends is noticed too.
SECONDS = 300
#: Test modules written by hand, with what they are about: part of the name of a module of `definitions` or `language`.
BY_HAND = {
    "test_runs.py": ("language.runs",),
    "test_definitions.py": ("definitions.", "language.definition", "language.score"),
    "test_crs.py": ("cytokine_release", "language.signs", "language.episodes", "language.daily_grades"),
    "test_icans.py": ("neurotoxicity", "language.signs", "language.episodes", "language.daily_grades"),
    "test_haematotoxicity.py": ("haematotoxicity", "language.runs"),
    "test_bleeding.py": ("definitions.bleeding", "language.event_rules", "language.stays"),
    "test_thrombosis.py": ("definitions.thrombosis", "language.event_rules", "language.stays"),
    "test_explain.py": ("language.definition", "language.score", "language.points"),
    "test_values.py": ("language.comparisons",),
}


# ---- which module reads which ----


def module_names() -> dict[str, Path]:
    """Every module of the package, and those of the tests."""
    found = {}
    for top, prefix in ((SOURCE / "carac", "carac"), (TESTS, "")):
        for path in top.rglob("*.py"):
            parts = path.relative_to(top).with_suffix("").parts
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            found[".".join([*([prefix] if prefix else []), *parts])] = path
    return found


def imported(path: Path) -> set[str]:
    """The modules that a module names in its imports; a name of a module may be one as well."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def readers() -> dict[str, set[str]]:
    """For each module all that import it, near or far."""
    paths = module_names()
    direct = {name: imported(path) & set(paths) for name, path in paths.items()}
    # The instruments are imported by name, from a list.
    direct["carac.definitions"] |= {name for name in paths if name.startswith("carac.definitions.")}
    found: dict[str, set[str]] = {name: set() for name in paths}
    for name in paths:
        waiting = [name]
        while waiting:
            for read in direct[waiting.pop()]:
                if name not in found[read]:
                    found[read].add(name)
                    waiting.append(read)
    return found


# ---- the changed module in place of the original ----


class Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the changed tree to whoever imports the module."""

    def __init__(self, name: str, path: Path, tree: ast.Module) -> None:
        self.name, self.path, self.tree = name, path, tree

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        if fullname != self.name:
            return None
        package = [str(self.path.parent)] if self.path.name == "__init__.py" else None
        spec = importlib.machinery.ModuleSpec(fullname, self, origin=str(self.path), is_package=package is not None)
        spec.submodule_search_locations = package
        return spec

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = str(self.path)
        exec(compile(self.tree, str(self.path), "exec"), module.__dict__)


def put_in_place(name: str, tree: ast.Module, stale: set[str]) -> None:
    """Forget the module and all that read it, and give the changed one to the next import."""
    for known in [known for known in sys.modules if known in {name, *stale}]:
        del sys.modules[known]
    sys.meta_path.insert(0, Changed(name, module_names()[name], tree))
    importlib.invalidate_caches()


# ---- what the original makes ----


@dataclass(frozen=True)
class Baseline:
    """One definition on its cases of one run, as the unchanged code grades them.

    Parameters
    ----------
    definition, run: name, and number of the run of `GradedCases`.
    inputs: what it reads, under these parameters.
    first: the steps that do not depend on definitions: their expressions, by name.
    made: hash of each step's expression, its SQL, and the rows that it makes (None for a view).
    tables: the cohort of the cases.
    seconds: how long it took to make.
    """

    definition: str
    run: int
    inputs: tuple[Any, ...]
    first: dict[str, ibis.Table]
    made: dict[str, tuple[int, str, pa.Table | None]]
    tables: dict[str, pa.Table]
    seconds: float


@dataclass
class Bench:
    """The unchanged code, its cases and what it makes of them."""

    folder: Path
    baselines: dict[tuple[str, int], Baseline] = field(default_factory=dict)
    variants: dict[str, dict[str, tuple[int, ...]]] = field(default_factory=dict)

    @cached_property
    def cases(self) -> Any:
        """The case files, read into cohorts."""
        return importlib.import_module("support.graded_cases").GradedCases(self.folder)

    @cached_property
    def readers(self) -> dict[str, set[str]]:
        return readers()

    @cached_property
    def homes(self) -> dict[str, str]:
        """The module of each definition."""
        definitions = importlib.import_module("carac.definitions")
        return {
            definition.name: f"carac.definitions.{module}"
            for module in definitions.MODULES
            for definition in importlib.import_module(f"carac.definitions.{module}").DEFINITIONS
        }

    def affected(self, module: str) -> list[str]:
        """The definitions that a module can change, those that use such a one as well."""
        known = importlib.import_module("carac.definitions").all_definitions()
        touched = {module, *self.readers[module]}
        found = {name for name, home in self.homes.items() if home in touched}
        while more := {name for name, d in known.items() if name not in found and set(d.uses) & found}:
            found |= more
        return [name for name in known if name in found]

    @cached_property
    def expected(self) -> dict[tuple[str, int], list[Any]]:
        """The cases of each definition and run, with what they expect of it alone."""
        graded_cases = importlib.import_module("support.graded_cases")
        found: dict[tuple[str, int], list[Any]] = {}
        for number, run in enumerate(self.cases.runs):
            for case in run.cases:
                by_definition: dict[str, list[Any]] = {}
                for row in case.content["expect"]:
                    by_definition.setdefault(graded_cases.definition_name(row["column"]), []).append(row)
                for name, rows in by_definition.items():
                    found.setdefault((name, number), []).append(
                        replace(case, content={**case.content, "expect": rows})
                    )
        return found

    def trials(self, names: Sequence[str]) -> list[tuple[str, int]]:
        """The runs of these definitions, made ready, the cheapest first."""
        wanted = [key for key in self.expected if key[0] in names]
        for key in wanted:
            if key not in self.baselines:
                self.baselines[key] = self.made(*key)
        return sorted(wanted, key=lambda key: self.baselines[key].seconds)

    def made(self, name: str, run: int) -> Baseline:
        """What the unchanged code makes of the cases of a definition."""
        started = time.monotonic()
        read = self.cases.reads[run]
        patients = pa.array([case.name for case in self.expected[name, run]])
        tables = {table: _of_patients(rows, patients) for table, rows in read.tables.items()}
        if tables["event_features"].num_rows:
            events = tables["events"]["event_id"].combine_chunks()
            features = tables["event_features"]
            tables["event_features"] = features.filter(pa.compute.is_in(features["event_id"], events))
        plan = _plan(name, read.parameters, read.present)
        steps = {step: expression for step, expression, _ in plan.expressions()}
        first = {step: steps[step] for step in _FIRST}
        made: dict[str, tuple[int, str, pa.Table | None]] = {}
        with _engine(tables) as engine:
            for step in _steps_for(steps, name):
                sql = _sql(steps[step])
                view = step in _VIEWS
                engine.create(step, sql, view)
                rows = None if view else engine.fetch(f'SELECT * FROM "{step}"')
                made[step] = (hash(steps[step].op()), sql, rows)
        return Baseline(name, run, plan.inputs, first, made, tables, time.monotonic() - started)

    def variant_hashes(self, names: Sequence[str]) -> dict[str, dict[str, tuple[int, ...]]]:
        """The expressions of definitions with each parameter changed alone."""
        for name in names:
            if name not in self.variants:
                self.variants[name] = _variants(name)
        return {name: self.variants[name] for name in names}


_FIRST = ("labs_open", "infusion_inputs", "day_inputs")
_VIEWS = ("labs_open", "patient_days_full", "infusion_results", "event_results")
_RESULT = {"day": "patient_days_full", "infusion": "infusion_results", "event": "event_results"}


def _of_patients(rows: pa.Table, patients: pa.Array) -> pa.Table:
    if "patient_id" not in rows.column_names:
        return rows
    return rows.filter(pa.compute.is_in(rows["patient_id"], patients)).combine_chunks()


def _engine(tables: dict[str, pa.Table]) -> Any:
    from carac.engine.duckdb_engine import DuckDB

    engine = DuckDB(threads=1)
    for name, rows in tables.items():
        engine.load(name, rows)
    ends = engine.fetch("SELECT min(first_day) AS low, max(last_day) AS high FROM infusions").to_pylist()[0]
    engine.load("day_numbers", pa.table({"day": pa.array(range(ends["low"], ends["high"] + 1), pa.int32())}))
    return engine


def _sql(expression: ibis.Table) -> str:
    from carac.engine.base import compile_sql

    return compile_sql(expression, "duckdb")


def _steps_for(steps: dict[str, Any], name: str) -> list[str]:
    from carac.definitions import all_definitions

    result = _RESULT[all_definitions()[name].grain.value]
    return [step for step in steps if step not in _RESULT.values() or step == result]


def _plan(name: str, parameters: Any, present: frozenset[str], first: dict[str, ibis.Table] | None = None) -> Any:
    """The plan of one definition with those that it uses; `first` are the steps that are known to be the same."""
    planning = importlib.import_module("carac.grading.plan")
    known = importlib.import_module("carac.definitions").all_definitions()
    names = planning.chosen_definitions([name], parameters)
    definitions = tuple(known[wanted] for wanted in names)
    plan = planning._Plan(definitions, parameters, present, planning._inputs(definitions, parameters))
    for step, expression in (first or {}).items():
        if step != "labs_open":
            object.__setattr__(plan, step, lambda expression=expression: expression)
    return plan


# ---- one mutant, in the child ----


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant.

    Parameters
    ----------
    outcome: killed, same (no expression and nothing said of a definition changed), survived.
    by: what noticed it.
    seconds: how long that took.
    """

    outcome: str
    by: str
    seconds: float = 0.0


class Noticed(Exception):
    """A test failed."""


def described(definition: Any) -> str:
    """All that a definition says of itself, without its functions."""
    fields = ("name", "grain", "inputs", "outputs", "parameters", "uses", "rules", "lowest", "highest", "adds")
    more = ("monotone", "choices", "low_items", "needs", "by_default", "population", "title", "version")
    return repr([getattr(definition, name) for name in (*fields, *more)])


def graded_again(bench: Bench, key: tuple[str, int]) -> bool:
    """Grade the cases of one run with the changed code; whether any expression changed. Raises `Noticed`."""
    name, run = key
    base, read = bench.baselines[key], bench.cases.reads[run]
    overrides = bench.cases.runs[run].parameters
    parameters = importlib.import_module("carac.grading.parameters").resolved(overrides)
    plan = _plan(name, parameters, read.present)
    if plan.inputs == base.inputs:
        plan = _plan(name, parameters, read.present, base.first)
    steps = {step: expression for step, expression, _ in plan.expressions()}
    wanted = _steps_for(steps, name)
    changed = [s for s in wanted if s not in base.made or hash(steps[s].op()) != base.made[s][0]]
    if not changed:
        return False
    grain = importlib.import_module("carac.definitions").all_definitions()[name].grain.value
    with _engine(base.tables) as engine:
        # A changed table changes what is made of it, though the expression of that is the same.
        dirty = set(changed)
        for step in wanted:
            reads_dirty = step in base.made and any(f'"{other}"' in base.made[step][1] for other in dirty)
            if step in dirty or reads_dirty or step in _VIEWS:
                dirty |= {step} if step not in _VIEWS else set()
                sql = base.made[step][1] if step in base.made and step not in changed else _sql(steps[step])
                engine.create(step, sql, step in _VIEWS)
            else:
                engine.connection.register(step, base.made[step][2])
        rows = _fetched(engine, name, grain, bench.expected[key])
    for case in bench.expected[key]:
        said = bench.disagreements(case, rows)  # type: ignore[attr-defined]
        if said:
            raise Noticed(f"case {case.name}: {said[0]}")
    return True


def _fetched(engine: Any, name: str, grain: str, cases: Sequence[Any]) -> dict[tuple[str, ...], Any]:
    from carac.definitions import all_definitions

    keys = {"day": ("patient_id", "day"), "infusion": ("patient_id",), "event": ("patient_id", "event_id")}[grain]
    columns = ", ".join(f'"{column}"' for column in (*keys, *all_definitions()[name].columns))
    days = sorted({int(row["day"]) for case in cases for row in case.content["expect"] if "day" in row})
    where = f" WHERE day IN ({', '.join(map(str, days))})" if grain == "day" else ""
    found = engine.fetch(f"SELECT {columns} FROM {_RESULT[grain]}{where}").to_pylist()
    return {(grain, *(str(row[key]) for key in keys)): row for row in found}


def _variants(name: str) -> dict[str, tuple[int, ...]]:
    """Hashes of the expressions of one definition with each parameter of it, or of what it uses, changed alone."""
    from carac.cohort.tables import COHORT_SCHEMAS

    planning = importlib.import_module("carac.grading.plan")
    parameters = importlib.import_module("carac.grading.parameters")
    known = importlib.import_module("carac.definitions").all_definitions()
    present = frozenset(COHORT_SCHEMAS) | {"central_lines"}
    found = {}
    sets: list[dict[str, dict[str, Any]]] = [{}]
    for used in planning.chosen_definitions([name], parameters.resolved()):
        for parameter in known[used].parameters:
            sets += [{used: {parameter.name: value}} for value in _others(parameter)]
    for changes in sets:
        try:
            plan = _plan(name, parameters.resolved(changes), present)
            made = {step: expression for step, expression, _ in plan.expressions()}
            found[repr(changes)] = tuple(hash(made[step].op()) for step in _steps_for(made, name))
        except Exception as fault:  # noqa: BLE001 - a combination that is refused has no expression
            found[repr(changes)] = (hash(type(fault).__name__),)
    # Records without some of the tables.
    for missing in ("assessments", "treatments", "periods", "events"):
        plan = _plan(name, parameters.resolved(), present - {missing, "central_lines"})
        made = {step: expression for step, expression, _ in plan.expressions()}
        found[f"no {missing}"] = tuple(hash(made[step].op()) for step in _steps_for(made, name))
    return found


def _others(parameter: Any) -> list[Any]:
    default = parameter.default
    if parameter.choices:
        return [word for word in parameter.choices if word != default]
    if isinstance(default, bool):
        return [not default]
    if isinstance(default, int | float):
        moved = [default + 1, default - 1]
        ends = (parameter.lowest, parameter.highest)
        return [v for v in moved if (ends[0] is None or v >= ends[0]) and (ends[1] is None or v <= ends[1])]
    return [1, 2.5] if default is None else []


def tried(bench: Bench, module: str, tree: ast.Module, stage: str) -> Verdict:
    """The verdict on a mutant, in a process of its own."""
    names = bench.affected(module)
    trials = bench.trials(names)
    before = {name: described(d) for name, d in _all().items()}
    put_in_place(module, tree, bench.readers[module])
    try:
        now = _all()
    except BaseException as fault:  # noqa: BLE001
        return Verdict("killed", f"cannot be imported: {type(fault).__name__}")
    try:
        criteria = importlib.import_module("test_printed_criteria")
        criteria.check_all(names)
        if stage == "variants":
            return _with_variants(bench, names, {n: described(d) for n, d in now.items()} == before)
        changed = [graded_again(bench, key) for key in trials]
        if not any(changed) and stage == "first":
            return Verdict("same so far", "")
        generated(names)
        by_hand(module)
    except Noticed as fault:
        return Verdict("killed", str(fault))
    except AssertionError as fault:
        return Verdict("killed", _first_line(fault))
    except Exception as fault:  # noqa: BLE001 - a test would fail by it
        return Verdict("killed", f"{type(fault).__name__}: {_first_line(fault)}")
    return Verdict("survived", "")


def _with_variants(bench: Bench, names: Sequence[str], same: bool) -> Verdict:
    if same and all(_variants(name) == bench.variants[name] for name in names):
        return Verdict("same", "no expression changed")
    return Verdict("changed", "")


def _all() -> dict[str, Any]:
    return dict(importlib.import_module("carac.definitions").all_definitions())


def _first_line(fault: BaseException) -> str:
    return (str(fault).strip().split("\n") or [""])[0][:200]


def generated(names: Sequence[str]) -> None:
    """The tests that are generated from the definitions, on these alone."""
    scores = importlib.import_module("test_score_cuts")
    cuts = importlib.import_module("test_cut_points")
    with tempfile.TemporaryDirectory(prefix="carac-") as folder:
        cuts.check(Path(folder), names)
        scores.check(Path(folder), names)


def by_hand(module: str) -> None:
    """The test modules written by hand that are about the module. Raises `Noticed`."""
    import pytest

    wanted = [file for file, parts in BY_HAND.items() if any(part in f"{module}." for part in parts)]
    if not wanted:
        return
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        arguments = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", "not postgresql and not spark"]
        code = pytest.main([*arguments, "--rootdir", str(ROOT), *(str(TESTS / file) for file in wanted)])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        failed = [line for line in said.getvalue().split("\n") if line.startswith("FAILED") or "Error" in line]
        raise Noticed((failed or [f"pytest ended with {code}"])[-1][:200])


# ---- the fork ----


def in_child(work: Callable[[], Verdict], seconds: float = SECONDS) -> Verdict:
    """The verdict of a forked process; one that takes too long, or dies, has noticed the mutant."""
    started = time.monotonic()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            verdict = work()
        except BaseException as fault:  # noqa: BLE001
            verdict = Verdict("error", repr(fault))
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(verdict, pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        ready, _, _ = select.select([pipe], [], [], seconds)
        content = pipe.read() if ready else b""
    if not ready:
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    verdict = pickle.loads(content) if content else Verdict("killed", "too long" if not ready else "process died")
    return replace(verdict, seconds=round(time.monotonic() - started, 2))
