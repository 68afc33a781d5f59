"""Does a test notice a mutant? A warm process forks; the child loads the changed module and asks the tests.

The cheapest first, up to the first failure: the criteria as printed, the case files of the definitions that the module
can change, the tests generated from the criteria, the bounds over all completions, the test modules written by hand.
The tests are those of the suite: only the inputs that no mutant changes are made once, by the unchanged code.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import importlib
import io
import os
import pickle
import select
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from mutant_cohorts import RESULTS, Kept, Queries, forget, kept, known, queries, reads_known_inputs, results, with_used
from mutant_loading import ROOT, TESTS, executed_again, module_names, put_in_place, readers

#: Longer than any of the tests takes here; a mutant that never ends is noticed too.
SECONDS = 300
#: Test modules that take seconds, with what they are about: part of the name of a module.
SOON = {
    "test_bands_and_points.py": ("language.bands.", "language.points."),
    "test_clots_by_vessel.py": ("thromboembolism.", "thrombosis.counting.", "thrombosis.earlier.", "spesi."),
    "test_combined.py": (
        *("language.combined.", "language.conditions.", "language.definition.", "language.windows.", "language.score."),
    ),
    "test_comparisons.py": ("language.comparisons.",),
    "test_ctcae_declared.py": ("definitions.ctcae.", "isth_overt_dic_2001.", "isth_non_overt_dic."),
    "test_definitions.py": ("carac.definitions.",),
    "test_event_rules.py": ("language.event_rules.",),
    "test_formula.py": ("language.formula.",),
    "test_own_entries.py": ("definitions.own.",),
    "test_own_events.py": ("own.events.", "own.stated."),
    "test_own_runs.py": ("own.alike.", "own.runs.", "own.stated.", "haematotoxicity.site_runs."),
    "test_own_shapes.py": tuple(f"own.{name}." for name in ("alike", "force", "formulas", "row_wise", "stated")),
    "test_printed_terms.py": ("haemorrhage.", "haemorrhage_terms.", "ctcae.vascular_terms.", "bleeding.bleeds."),
    "test_records_without_tables.py": (
        *("definitions.cytokine_release.", "neurotoxicity.", "haematotoxicity.", "proposals.", "language.runs."),
    ),
    "test_runs.py": ("language.runs.",),
    "test_sensitivity_sets.py": ("carac.definitions.",),
    "test_signs.py": ("language.signs.", "language.daily_grades."),
    "test_stays.py": ("language.stays.",),
    "test_what_definitions_say.py": ("carac.definitions.",),
    "test_without_treatments.py": ("coagulation.sofa.", "ctcae.fall_from_baseline."),
}
#: The same of test modules that take longer.
BY_HAND = {
    "test_crs.py": ("cytokine_release", "language.signs.", "language.episodes.", "language.daily_grades."),
    "test_icans.py": ("neurotoxicity", "language.signs.", "language.episodes.", "language.daily_grades."),
    "test_haematotoxicity.py": ("haematotoxicity", "language.runs."),
    "test_bleeding.py": ("definitions.bleeding", "language.event_rules.", "language.stays."),
    "test_thrombosis.py": ("definitions.thrombosis", "language.event_rules.", "language.stays."),
    "test_own_definitions.py": ("definitions.own", "language.formula.", "language.conditions."),
    "test_sorting.py": ("proposals.sorting", "language.definition."),
    "test_definitions.py": ("language.definition.", "language.score.", "language.points."),
    "test_explain.py": ("language.definition.", "language.score.", "language.points."),
}
#: The test modules of a stage.
TESTS_OF: Mapping[str, Mapping[str, Sequence[str]]] = {"soon": SOON, "by hand": BY_HAND}
#: How many definitions stand for all in the control of a module that has none of its own.
SOME = 5
#: Modules that read what a site writes: that nothing of carac's own definitions changes says nothing of them.
FOR_SITES = ("carac.definitions.own.", "carac.language.formula.", "carac.language.conditions.")


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant.

    Parameters
    ----------
    outcome: killed, same (no query and nothing said of a definition changed), survived; open until all is asked.
    by: what noticed it.
    seconds: how long that took.
    trial: the cases that noticed it.
    """

    outcome: str
    by: str
    seconds: float = 0.0
    trial: Trial | None = None


class Noticed(Exception):
    """A test failed: the cases of a trial, if that is given."""

    def __init__(self, said: str, trial: Trial | None = None) -> None:
        super().__init__(said)
        self.trial = trial


#: A definition, and the number of a run of the cases.
Trial = tuple[str, int]


@dataclass(eq=False)
class Bench:
    """The unchanged code, its cases and what it makes of them.

    Parameters
    ----------
    folder: where records are written.
    asked: the names of the cases that are asked alone; none means all, and the tests generated from the criteria.
    noticed: the trials that have noticed a mutant, the last one first: they are likely to notice the next.
    """

    folder: Path
    asked: frozenset[str] = frozenset()
    noticed: list[Trial] = field(default_factory=list)
    _affected: dict[str, list[str]] = field(default_factory=dict)
    _kept: dict[Trial, Kept] = field(default_factory=dict)
    _queries: dict[tuple[Trial, tuple[str, ...]], Queries] = field(default_factory=dict)
    _variants: dict[tuple[str, tuple[str, ...]], list[object]] = field(default_factory=dict)

    @cached_property
    def cases(self) -> Any:
        """The case files, read into cohorts."""
        graded = importlib.import_module("support.graded_cases")
        made = graded.GradedCases(self.folder)
        if self.asked:
            every = importlib.import_module("support.case_files").all_cases()
            found = graded.runs([case for case in every if case.name in self.asked])
            vars(made)["runs"] = [run for run in found if run.cases]
            for run in made.runs:
                run.names = tuple(sorted(run.read_from))
        return made

    @cached_property
    def homes(self) -> dict[str, str]:
        """The module of each definition."""
        modules = importlib.import_module("carac.definitions").MODULES
        named = {module: importlib.import_module(f"carac.definitions.{module}").DEFINITIONS for module in modules}
        return {d.name: f"carac.definitions.{module}" for module, brought in named.items() for d in brought}

    def affected(self, module: str) -> list[str]:
        """The definitions that a module can change, those that use such a one as well."""
        if module in self._affected:
            return self._affected[module]
        found = set(self.touched(module))
        while more := {name for name, d in known().items() if name not in found and set(d.uses) & found}:
            found |= more
        self._affected[module] = [name for name in known() if name in found]
        return self._affected[module]

    def touched(self, module: str) -> list[str]:
        """The definitions whose own code a module is part of."""
        read_by = {module, *readers(module)}
        return [name for name, home in self.homes.items() if home in read_by]

    def exchange(self, module: str, tree: ast.Module) -> None:
        """Put a changed module in the place of the original, in this process and for good."""
        touched = self.touched(module)
        put_in_place(module, tree)
        forget(touched)

    @cached_property
    def said(self) -> dict[str, str]:
        """What each definition of the unchanged code says of itself."""
        return {name: described(definition) for name, definition in known().items()}

    @cached_property
    def expected(self) -> dict[Trial, list[Any]]:
        """The cases of each definition and run, with what they expect of it alone."""
        definition_name = importlib.import_module("support.graded_cases").definition_name
        found: dict[Trial, list[Any]] = {}
        for number, run in enumerate(self.cases.runs):
            for case in run.cases:
                by_definition: dict[str, list[Any]] = {}
                for row in case.content["expect"]:
                    by_definition.setdefault(definition_name(row["column"]), []).append(row)
                for name, rows in by_definition.items():
                    of_it = replace(case, content={**case.content, "expect": rows})
                    found.setdefault((name, number), []).append(of_it)
        return found

    @cached_property
    def runs(self) -> list[Kept]:
        """All runs of the case files, graded."""
        return [
            kept(self.cases.reads[number], sorted({name for name, of in self.expected if of == number}))
            for number in range(len(self.cases.runs))
        ]

    def of_trial(self, trial: Trial) -> Kept:
        """The patients of one definition in one run."""
        if trial not in self._kept:
            self._kept[trial] = self.runs[trial[1]].of({case.name for case in self.expected[trial]})
        return self._kept[trial]

    @cached_property
    def generated(self) -> tuple[dict[Any, int], Kept]:
        """Every patient that is generated from the criteria by their place, and the cohort of them."""
        cuts, scores = _tests("test_cut_points"), _tests("test_score_cuts")
        patients = importlib.import_module("support.patients")
        engines, files = importlib.import_module("support.engines"), importlib.import_module("support.case_files")
        of_scores = [place.patient(side) for place in scores.places() for side in scores.SIDES]
        made = list(dict.fromkeys([*cuts.patients(), *of_scores]))
        record = files.write_record(self.folder / "generated", patients.record(made))
        read = engines.read_record(record, patients.SMALL_GRID, implausible=True)
        names = {d.name for d in cuts.definitions()} | {place.definition.name for place in scores.places()}
        return {p: n for n, p in enumerate(made)}, kept(read, sorted(names), patients.TODAY)

    @cached_property
    def with_cuts(self) -> dict[str, list[str]]:
        """The names of the test modules that generate tests from a definition."""
        cuts, scores = _tests("test_cut_points"), _tests("test_score_cuts")
        found: dict[str, list[str]] = {d.name: ["test_cut_points"] for d in cuts.definitions() if d.rules}
        for name in {place.definition.name for place in scores.places()}:
            found.setdefault(name, []).append("test_score_cuts")
        return found

    @cached_property
    def bounded(self) -> set[str]:
        """The definitions whose bounds are held against all completions."""
        return set(_tests("test_bounds").DEFINITIONS)

    def ready(self, module: str) -> None:
        """Make what the trials of a module need, so that each child has it."""
        # Some are imported only where they are needed.
        importlib.import_module(module)
        names = self.affected(module)
        for trial in self.trials(module, names):
            self.unchanged(trial, names)
        for name in [] if self.asked else names:
            if name in self.with_cuts:
                self.unchanged_generated(name, names)
        _ = self.said, self.bounded, _tests("test_printed_criteria").printed(), executed_again(module)

    def trials(self, module: str, names: Sequence[str]) -> list[Trial]:
        """The runs of these definitions: those that noticed another mutant first, then those at home in the module.

        Of the others those that use the fewest come first.
        """
        wanted = [trial for trial in self.expected if trial[0] in names]
        last = {trial: place - len(self.noticed) for place, trial in enumerate(self.noticed)}
        return sorted(wanted, key=lambda t: (last.get(t, 0), self.homes[t[0]] != module, len(with_used([t[0]])), t[1]))

    def has_noticed(self, trial: Trial) -> None:
        """Ask this trial first of the next mutant."""
        self.noticed[:] = [trial, *(other for other in self.noticed if other != trial)]

    def unchanged(self, trial: Trial, names: Sequence[str]) -> Queries:
        """How the unchanged code makes a definition again, with those of these names that it uses."""
        key = (trial, again(trial[0], names))
        if key not in self._queries:
            self._queries[key] = queries(self.of_trial(trial), key[1])
        return self._queries[key]

    def unchanged_generated(self, name: str, names: Sequence[str]) -> Queries:
        """How the unchanged code makes a definition again from the patients that are generated."""
        key = (name, -1), again(name, names)
        if key not in self._queries:
            self._queries[key] = queries(self.on_small_grid(), key[1])
        return self._queries[key]

    def on_small_grid(self) -> Kept:
        """The patients that are generated, with the present parameters of their grid."""
        resolved = importlib.import_module("carac.grading.parameters").resolved
        return replace(self.generated[1], parameters=resolved(_tests("support.patients").SMALL_GRID))

    def variants(self, name: str, names: Sequence[str]) -> list[object]:
        """The queries of a definition with each parameter changed alone, of the unchanged code."""
        key = (name, again(name, names))
        if key not in self._variants:
            number = min((run for of, run in self.expected if of == name), default=0)
            self._variants[key] = variants(self.runs[number], *key)
        return self._variants[key]


def _tests(name: str) -> Any:
    return importlib.import_module(name)


def again(name: str, names: Sequence[str]) -> tuple[str, ...]:
    """Those of these definitions that one of them rests on, itself last; `names` are in the order of grading."""
    rests_on = with_used([name])
    return tuple(each for each in names if each in rests_on)


# ---- one mutant, in the child ----


def described(definition: Any) -> str:
    """All that a definition says of itself, without its functions."""
    fields = ("name", "grain", "inputs", "outputs", "parameters", "uses", "rules", "lowest", "highest", "adds")
    more = ("monotone", "choices", "low_items", "needs", "by_default", "population", "title", "version")
    return repr([getattr(definition, name) for name in (*fields, *more)])


def graded_again(bench: Bench, trial: Trial, names: Sequence[str], control: bool = False) -> bool:
    """Grade the cases of one trial with the changed code; whether any query changed. Raises `Noticed`.

    As a control everything counts as changed: of the original code, nothing may be noticed.
    """
    name, run = trial
    of, cases = bench.of_trial(trial), bench.expected[trial]
    parameters = importlib.import_module("carac.grading.parameters").resolved(bench.cases.runs[run].parameters)
    of = replace(of, parameters=parameters)
    grain, columns = known()[name].grain.value, known()[name].columns
    chain = again(name, names)
    if reads_known_inputs(of, chain):
        how = queries(of, chain)
        if how == bench.unchanged(trial, names) and not control:
            return False
        rows = results(of, how, grain, columns)
    else:
        rows = _anew(of, name, columns)
    twice = importlib.import_module("support.compare").standing_twice(rows, RESULTS[grain][1])
    if twice:
        raise Noticed(f"case {cases[0].name}: {twice[0]}", trial)
    found = {
        (grain, *(str(row[key]) for key in RESULTS[grain][1] if key != "infusion_number")): row
        for row in rows.to_pylist()
    }
    for case in cases:
        said = _tests("test_cases").disagreements(case, found)
        if said:
            raise Noticed(f"case {case.name}: {said[0]}", trial)
    return True


def _anew(of: Kept, name: str, columns: Sequence[str]) -> Any:
    """The results of a definition whose inputs changed: all is made anew."""
    from carac.cohort.tables import COHORT_SCHEMAS
    from carac.engine.duckdb_engine import DuckDB
    from carac.grading.run import grade_tables

    table, keys = RESULTS[known()[name].grain.value]
    with DuckDB(threads=1) as engine:
        for each in COHORT_SCHEMAS:
            engine.load(each, of.tables[each])
        grade_tables(engine, of.parameters, of.present, [name])
        return engine.fetch(f"SELECT {', '.join(chr(34) + c + chr(34) for c in (*keys, *columns))} FROM {table}")


class _Unseen(Exception):
    """A test was generated that the unchanged code does not know."""


def generated(bench: Bench, names: Sequence[str], control: bool = False) -> None:
    """The tests that are generated from the definitions, on these alone. Raises what they raise.

    Not asked of one that says the same of itself and makes the same of these patients, but as a control.
    """
    if not any(name in bench.with_cuts for name in names):
        return
    places, of = bench.generated[0], bench.on_small_grid()

    def is_the_same(name: str) -> bool:
        chain = again(name, names)
        known_inputs = not control and reads_known_inputs(of, chain)
        said = described(known()[name]) == bench.said[name]
        return known_inputs and said and queries(of, chain) == bench.unchanged_generated(name, names)

    def rows(folder: Path, patients: Sequence[Any], wanted: Sequence[str], engine: str = "") -> list[dict[str, Any]]:
        """What `graded_rows` gives, from the inputs that were kept."""
        if any(patient not in places for patient in patients):
            raise _Unseen
        (name,) = wanted
        grain, chain = known()[name].grain.value, again(name, names)
        if not reads_known_inputs(of, chain):
            raise _Unseen
        made = results(of, queries(of, chain), grain, known()[name].columns).to_pylist()
        by_patient = {row["patient_id"]: row for row in made}
        return [by_patient[f"{places[patient]:06d}"] for patient in patients]

    for name in [name for name in names if name in bench.with_cuts and not is_the_same(name)]:
        for test in bench.with_cuts[name]:
            module = _tests(test)
            vars(module).update(record=lambda patients: patients, graded_rows=rows)
            with contextlib.suppress(_Unseen):
                module.check(Path(), [name])


def defaults(names: Sequence[str]) -> None:
    """That the parameters of these definitions have the defaults of the catalogue. Raises `Noticed`."""
    declared = importlib.import_module("carac.grading.parameters").declared()
    for test in ("test_catalogue_parameters", "test_catalogue_parameters_events"):
        for number, scope, name, default in _tests(test).EXPECTED:
            if scope not in names:
                continue
            found = {parameter.name: parameter.default for parameter in declared[scope]}
            if name not in found or found[name] != default:
                raise Noticed(f"catalogue {number}: {scope}.{name} is {found.get(name)!r}, not {default!r}")


def declared_as_printed(names: Sequence[str]) -> None:
    """That these definitions say of themselves what is printed. Raises what the tests raise."""
    _tests("test_printed_criteria").check_all(names)
    _tests("test_printed_parameters").check_all(names)
    defaults(names)


def bounds(bench: Bench, names: Sequence[str]) -> None:
    """That bounds are those of all completions. Raises `Noticed`."""
    module = _tests("test_bounds")
    for name in names:
        if name in bench.bounded:
            for fault in module.faults(module.Bounded(name), seed=1):
                raise Noticed(f"bounds: {fault}")


def variants_now(bench: Bench, name: str, names: Sequence[str]) -> list[object]:
    """The queries under every parameter, of the changed code."""
    number = min((run for of, run in bench.expected if of == name), default=0)
    return variants(bench.runs[number], name, again(name, names))


def _is_the_same(bench: Bench, name: str, names: Sequence[str]) -> bool:
    """Whether no query changed under any parameter; one that cannot be made says nothing."""
    unchanged = bench.variants(name, names)
    return not any(isinstance(one, str) for one in unchanged) and variants_now(bench, name, names) == unchanged


def controlled(bench: Bench, module: str, stage: str = "cases") -> Verdict:
    """That the original code, put in place as a mutant is, passes what a stage of `tried` asks of the module.

    Asked of the definitions of the module itself; where it has none, of some that it can change.
    """
    names = bench.affected(module)
    try:
        bench.exchange(module, ast.parse(module_names()[module].read_text(encoding="utf-8")))
        if any(described(known()[name]) != bench.said[name] for name in names):
            return Verdict("error", "the original code says something else of itself")
        if stage in TESTS_OF:
            by_hand(module, TESTS_OF[stage])
            return Verdict("passed", "")
        declared_as_printed(names)
        at_home = [name for name in names if bench.homes[name] == module] or names[:SOME]
        for trial in [trial for trial in bench.trials(module, names) if trial[0] in at_home]:
            graded_again(bench, trial, names, control=True)
        if not bench.asked:
            generated(bench, at_home, control=True)
            bounds(bench, at_home)
    except Exception as fault:
        return Verdict("error", f"the original code fails: {type(fault).__name__}: {_first_line(fault)}")
    return Verdict("passed", "")


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


def variants(of: Kept, name: str, chain: Sequence[str]) -> list[object]:
    """The queries of one definition with each parameter of it, or of what it uses, changed alone; nothing is run."""
    sets: list[dict[str, dict[str, Any]]] = [{}]
    for used in sorted(with_used([name])):
        for parameter in known()[used].parameters:
            sets += [{used: {parameter.name: value}} for value in _others(parameter)]
    found: list[object] = [_variant(replace(of, present=frozenset({"infusions", "labs"})), chain, {})]
    return found + [_variant(of, chain, changes) for changes in sets]


def _variant(of: Kept, chain: Sequence[str], changes: Mapping[str, Mapping[str, Any]]) -> object:
    try:
        parameters = importlib.import_module("carac.grading.parameters").resolved(changes)
        inputs = [wanted for each in chain for wanted in known()[each].inputs_with(parameters.scope(each))]
        return repr(inputs), queries(replace(of, parameters=parameters), chain, inputs)
    except Exception as fault:
        return type(fault).__name__


def tried(bench: Bench, module: str, tree: ast.Module, stage: str) -> Verdict:
    """The verdict on a mutant, in a process of its own.

    Parameters
    ----------
    stage: ``cases`` asks the criteria, the case files and the generated tests; ``variants`` compares queries under
        every parameter; ``soon`` and ``by hand`` ask the tests written by hand.
    """
    names = bench.affected(module)
    try:
        bench.exchange(module, tree)
        same = all(described(known()[name]) == bench.said[name] for name in names)
    except BaseException as fault:
        return Verdict("killed", f"cannot be imported: {type(fault).__name__}")
    try:
        if stage in TESTS_OF:
            by_hand(module, TESTS_OF[stage])
            return Verdict("survived", "")
        if stage == "variants":
            equal = same and all(_is_the_same(bench, name, names) for name in names)
            return Verdict("same" if equal else "open", "no query changed" if equal else "")
        return _cases(bench, module, names, same)
    except Noticed as fault:
        return Verdict("killed", str(fault), trial=fault.trial)
    except AssertionError as fault:
        return Verdict("killed", f"assertion: {_first_line(fault)}")
    except Exception as fault:
        return Verdict("killed", f"{type(fault).__name__}: {_first_line(fault)}")


def _cases(bench: Bench, module: str, names: Sequence[str], same: bool) -> Verdict:
    """Criteria, defaults, case files, generated tests, bounds. Raises what the first failure raises."""
    declared_as_printed(names)
    changed = [trial[0] for trial in bench.trials(module, names) if graded_again(bench, trial, names)]
    if not changed and same:
        return Verdict("unseen", "")
    if bench.asked:
        return Verdict("open", "")
    near = [name for name in names if name in changed or described(known()[name]) != bench.said[name]]
    generated(bench, names)
    bounds(bench, near)
    return Verdict("open", "")


def _first_line(fault: BaseException) -> str:
    return (str(fault).strip().split("\n") or [""])[0][:200]


def by_hand(module: str, tests: Mapping[str, Sequence[str]]) -> None:
    """Those of these test modules that are about the module. Raises `Noticed`."""
    import pytest

    wanted = [file for file, parts in tests.items() if any(part in f"{module}." for part in parts)]
    if not wanted:
        return
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        left_out = ("cacheprovider", "xdist", "unraisableexception")
        plugins = [word for name in left_out for word in ("-p", f"no:{name}")]
        arguments = ["-x", "-q", *plugins, "-k", "not postgresql and not spark"]
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
        # It ends soon, and shares the pages of its parent as long as nobody writes on them.
        gc.disable()
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
