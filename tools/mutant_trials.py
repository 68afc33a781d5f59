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
from collections.abc import Callable, Mapping, Sequence
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
        package, _, inner = known.rpartition(".")
        # A package remembers its modules, and `from package import module` would find the old one there.
        vars(sys.modules.get(package, ModuleType(""))).pop(inner, None)
        del sys.modules[known]
    sys.meta_path.insert(0, Changed(name, module_names()[name], tree))
    importlib.invalidate_caches()


# ---- what the original makes ----


@dataclass(frozen=True)
class Graded:
    """One run of the case files, graded by the unchanged code.

    Parameters
    ----------
    inputs: what its patient-days hold.
    first: the tables that depend on no definition, unbound.
    made: the rows of every step, the last views left out.
    """

    inputs: frozenset[Any]
    first: dict[str, ibis.Table]
    made: dict[str, pa.Table]


@dataclass(frozen=True)
class Baseline:
    """One definition on its cases of one run.

    Parameters
    ----------
    hashes: of the expression of each step.
    tables: cohort and steps, the patients of the cases alone.
    weight: how long its queries are, for the order of trials.
    """

    hashes: dict[str, int]
    tables: dict[str, pa.Table]
    weight: float


@dataclass
class Bench:
    """The unchanged code, its cases and what it makes of them."""

    folder: Path
    baselines: dict[tuple[str, int], Baseline] = field(default_factory=dict)
    variants: dict[str, dict[str, tuple[int, ...]]] = field(default_factory=dict)
    controlled: set[tuple[str, int]] = field(default_factory=set)

    @cached_property
    def cases(self) -> Any:
        """The case files, read into cohorts."""
        return importlib.import_module("support.graded_cases").GradedCases(self.folder)

    @cached_property
    def disagreements(self) -> Callable[[Any, Any], list[str]]:
        """What a case expects and did not get."""
        found: Callable[[Any, Any], list[str]] = importlib.import_module("test_cases").disagreements
        return found

    @cached_property
    def readers(self) -> dict[str, set[str]]:
        """For each module all that import it."""
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
        known = _all()
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
                    of_it = replace(case, content={**case.content, "expect": rows})
                    found.setdefault((name, number), []).append(of_it)
        return found

    @cached_property
    def graded(self) -> list[Graded]:
        """All runs, with every definition that their cases ask for."""
        return [self._graded(number) for number in range(len(self.cases.runs))]

    def _graded(self, number: int) -> Graded:
        planning = importlib.import_module("carac.grading.plan")
        read, known = self.cases.reads[number], _all()
        names = planning.chosen_definitions([name for name, run in self.expected if run == number], read.parameters)
        definitions = tuple(known[name] for name in names)
        inputs = planning._inputs(definitions, read.parameters)
        plan = planning._Plan(definitions, read.parameters, read.present, inputs)
        steps = [(step, expression) for step, expression, _ in plan.expressions() if step not in _RESULT.values()]
        made: dict[str, pa.Table] = {}
        with _engine(read.tables) as engine:
            for step, expression in steps:
                engine.create(step, _sql(expression), step in _VIEWS)
                if step not in _VIEWS:
                    made[step] = engine.fetch(f'SELECT * FROM "{step}"')
        unbound = {step: ibis.table(expression.schema(), name=step) for step, expression in steps if step in _FIRST}
        return Graded(frozenset(inputs), unbound, made)

    def keep(self, file: Path) -> None:
        """Make the runs, or take them from a file that the same code and cases have left."""
        if file.exists():
            runs, reads, kept = pickle.loads(file.read_bytes())
            vars(self.cases).update(runs=runs, reads=reads)
            self.graded = [Graded(inputs, _unbound(first), made) for inputs, first, made in kept]
            return
        kept = [(g.inputs, {n: dict(x.schema().items()) for n, x in g.first.items()}, g.made) for g in self.graded]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(pickle.dumps((self.cases.runs, self.cases.reads, kept)))

    def trials(self, names: Sequence[str], near: str) -> list[tuple[str, int]]:
        """The runs of these definitions, made ready: those at home in the module first, then the shortest."""
        wanted = [key for key in self.expected if key[0] in names]
        for key in wanted:
            if key not in self.baselines:
                self.baselines[key] = self.made(*key)
        return sorted(wanted, key=lambda key: (self.homes[key[0]] != near, self.baselines[key].weight))

    def made(self, name: str, run: int) -> Baseline:
        """What the unchanged code makes of the cases of a definition."""
        started = time.monotonic()
        read, graded = self.cases.reads[run], self.graded[run]
        plan = _plan(name, read.parameters, read.present, graded.first)
        steps = {step: expression for step, expression, _ in plan.expressions()}
        wanted = _steps_for(steps, name)
        hashes = {step: hash(steps[step].op()) for step in wanted}
        patients = pa.array([case.name for case in self.expected[name, run]])
        tables = {table: _of_patients(rows, patients) for table, rows in read.tables.items()}
        events = tables["events"]["event_id"].combine_chunks()
        features = tables["event_features"]
        tables["event_features"] = features.filter(pa.compute.is_in(features["event_id"], events))
        tables |= {
            step: _of_patients(graded.made[step], patients) for step in (*_FIRST, *wanted) if step in graded.made
        }
        return Baseline(hashes, tables, time.monotonic() - started)

    def variant_hashes(self, names: Sequence[str]) -> None:
        """Keep the expressions of definitions with each parameter changed alone."""
        for name in names:
            if name not in self.variants:
                self.variants[name] = _variants(name)


_FIRST = ("infusion_inputs", "day_inputs")
_VIEWS = ("labs_open", "patient_days_full", "infusion_results", "event_results")
_RESULT = {"day": "patient_days_full", "infusion": "infusion_results", "event": "event_results"}


def _unbound(schemas: Mapping[str, Any]) -> dict[str, ibis.Table]:
    return {name: ibis.table(ibis.schema(schema), name=name) for name, schema in schemas.items()}


def _of_patients(rows: pa.Table, patients: pa.Array[Any]) -> pa.Table:
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
    return [step for step in steps if step not in (*_FIRST, "labs_open", *_RESULT.values()) or step == result]


def _plan(name: str, parameters: Any, present: frozenset[str], first: dict[str, ibis.Table] | None = None) -> Any:
    """The plan of one definition with those that it uses; `first` are the steps that are known to be the same."""
    planning = importlib.import_module("carac.grading.plan")
    known = importlib.import_module("carac.definitions").all_definitions()
    names = planning.chosen_definitions([name], parameters)
    definitions = tuple(known[wanted] for wanted in names)
    plan = planning._Plan(definitions, parameters, present, planning._inputs(definitions, parameters))
    for step, expression in (first or {}).items():
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


def graded_again(bench: Bench, key: tuple[str, int], control: bool = False) -> bool:
    """Grade the cases of one run with the changed code; whether any expression changed. Raises `Noticed`.

    As a control everything counts as changed: of the original code, nothing may be noticed.
    """
    name, run = key
    base, read, graded = bench.baselines[key], bench.cases.reads[run], bench.graded[run]
    overrides = bench.cases.runs[run].parameters
    parameters = importlib.import_module("carac.grading.parameters").resolved(overrides)
    plan = _plan(name, parameters, read.present)
    of_old_inputs = set(plan.inputs) <= graded.inputs
    if of_old_inputs:
        plan = _plan(name, parameters, read.present, graded.first)
    steps = {step: expression for step, expression, _ in plan.expressions()}
    wanted = _steps_for(steps, name) if of_old_inputs else [s for s in steps if s not in _RESULT.values()]
    result = _RESULT[_all()[name].grain.value]
    changed = {s for s in {*wanted, result} if s not in base.hashes or control or hash(steps[s].op()) != base.hashes[s]}
    if not changed:
        return False
    with _engine({table: rows for table, rows in base.tables.items() if table not in changed}) as engine:
        dirty = set(changed)
        for step in [*(s for s in wanted if s != result), result]:
            # A changed table changes what is made of it, though the expression of that is the same.
            sql = _sql(steps[step]) if step in changed or _uses_dirty(name, step, dirty) or step == result else ""
            if sql:
                engine.create(step, sql, step in _VIEWS)
                dirty.add(step)
        rows = _fetched(engine, name, _all()[name].grain.value, bench.expected[key])
    for case in bench.expected[key]:
        said = bench.disagreements(case, rows)
        if said:
            raise Noticed(f"case {case.name}: {said[0]}")
    return True


def controlled(bench: Bench, keys: Sequence[tuple[str, int]]) -> Verdict:
    """That the original code passes these trials."""
    try:
        for key in keys:
            graded_again(bench, key, control=True)
    except Exception as fault:
        return Verdict("error", f"the original code fails: {type(fault).__name__}: {_first_line(fault)}")
    return Verdict("passed", "")


def _uses_dirty(name: str, step: str, dirty: set[str]) -> bool:
    """Whether the definition of a step uses one whose step changed."""
    definition = _all().get(step.removeprefix("rows_"))
    return definition is not None and any(f"rows_{used}" in dirty for used in definition.uses)


def _fetched(engine: Any, name: str, grain: str, cases: Sequence[Any]) -> dict[tuple[str, ...], Any]:
    keys = {"day": ("patient_id", "day"), "infusion": ("patient_id",), "event": ("patient_id", "event_id")}[grain]
    columns = ", ".join(f'"{column}"' for column in (*keys, *_all()[name].columns))
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
        except Exception as fault:
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


#: How many runs of case files are tried before the other tests, and the rest after them.
NEAR = 12


def tried(bench: Bench, module: str, tree: ast.Module, stage: str) -> Verdict:
    """The verdict on a mutant, in a process of its own.

    Parameters
    ----------
    stage: ``quick`` reads the module and compares criteria; ``full`` runs all tests; ``variants`` compares the
        expressions under every parameter.
    """
    names = bench.affected(module)
    before = {name: described(d) for name, d in _all().items()}
    put_in_place(module, tree, bench.readers[module])
    try:
        same = {name: described(d) for name, d in _all().items()} == before
    except BaseException as fault:
        return Verdict("killed", f"cannot be imported: {type(fault).__name__}")
    try:
        importlib.import_module("test_printed_criteria").check_all(names)
        if stage == "variants":
            equal = same and all(_variants(name) == bench.variants[name] for name in names)
            return Verdict("same" if equal else "differs", "no expression changed" if equal else "")
        if stage == "full":
            return _all_tests(bench, module, names)
        if stage == "by hand":
            by_hand(module)
            return Verdict("survived", "")
    except Noticed as fault:
        return Verdict("killed", str(fault))
    except AssertionError as fault:
        return Verdict("killed", _first_line(fault))
    except Exception as fault:
        return Verdict("killed", f"{type(fault).__name__}: {_first_line(fault)}")
    return Verdict("open", "")


def _all_tests(bench: Bench, module: str, names: Sequence[str]) -> Verdict:
    """Case files, generated tests, tests by hand. Raises what the first failure raises."""
    trials = bench.trials(names, module)
    changed = [graded_again(bench, key) for key in trials[:NEAR]]
    if not any(changed) and len(trials) <= NEAR:
        return Verdict("unseen", "no expression of a case changed")
    if any(changed):
        generated(names)
    changed += [graded_again(bench, key) for key in trials[NEAR:]]
    if not any(changed):
        return Verdict("unseen", "no expression of a case changed")
    by_hand(module)
    return Verdict("survived", "")


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
        except BaseException as fault:
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


def shared(work: Callable[[Any], Verdict], tasks: Sequence[Any], processes: int) -> list[Verdict]:
    """The verdicts on all tasks, in their order, by so many processes; each takes every so-manieth task."""
    pipes = []
    for first in range(processes):
        reading, writing = os.pipe()
        worker = os.fork()
        if worker == 0:
            os.close(reading)
            with os.fdopen(writing, "wb") as answer:
                pickle.dump([work(task) for task in tasks[first::processes]], answer)
            os._exit(0)
        os.close(writing)
        pipes.append((worker, os.fdopen(reading, "rb")))
    found: list[list[Verdict]] = []
    for worker, pipe in pipes:
        with pipe:
            content = pipe.read()
        os.waitpid(worker, 0)
        if not content:
            raise RuntimeError("A process that tries mutants ended before its time.")
        found.append(pickle.loads(content))
    return [found[place % processes][place // processes] for place in range(len(tasks))]
