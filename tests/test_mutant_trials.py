"""The trials of mutants: definitions made again from kept inputs are right, and a wrong one is noticed."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mutant_cohorts import known
from mutant_loading import module_names
from mutant_trials import Bench, Noticed, Verdict, defaults, graded_again, in_child, variants_now
from mutants import mutants
from support.case_files import all_cases
from support.graded_cases import GradedCases, Run

MODULE, NAME = "carac.definitions.coagulation.hit_4ts", "hit_4ts"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """The cases of one definition alone."""
    return made_bench(tmp_path_factory.mktemp("mutants"))


def made_bench(folder: Path) -> Bench:
    """The cases of one definition alone, graded in a folder."""
    made = Bench(folder)
    cases = [case for case in all_cases() if any(row["column"].startswith(NAME) for row in case.content["expect"])]
    graded = GradedCases(made.folder)
    vars(graded)["runs"] = [Run([case for case in cases if not case.parameters], {}, (NAME,))]
    vars(made)["cases"] = graded
    made.unchanged((NAME, 0), [NAME])
    return made


def test_the_original_passes_and_an_unchanged_query_is_known(bench: Bench) -> None:
    assert graded_again(bench, (NAME, 0), [NAME], control=True)
    assert not graded_again(bench, (NAME, 0), [NAME])


def test_the_original_has_the_defaults_of_the_catalogue_and_another_default_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    defaults(list(known()))
    (parameter, *others) = known()["hscore"].parameters
    monkeypatch.setitem(vars(known()["hscore"]), "parameters", (replace(parameter, default=False), *others))
    with pytest.raises(Noticed, match="hscore"):
        defaults(["hscore"])


def another_group(folder: Path) -> str:
    """What kills the mutant that has the highest group of the 4Ts from 5 points on."""
    bench = made_bench(folder)
    source = module_names()[MODULE].read_text(encoding="utf-8")
    (mutant,) = (one for one in mutants(source) if one.name.endswith("[4 -> 3]"))

    def tried() -> Verdict:
        bench.exchange(MODULE, mutant.applied(source))
        try:
            graded_again(bench, (NAME, 0), [NAME])
        except Exception as fault:
            return Verdict("killed", str(fault))
        return Verdict("survived", "")

    return in_child(tried, seconds=60).by


def test_a_case_notices_another_group(tmp_path: Path) -> None:
    """In a process of its own: one that has run other tests has threads, and does not live on when it forks."""
    code = f"import pathlib, test_mutant_trials as t; print(t.another_group(pathlib.Path({str(tmp_path)!r})))"
    places = os.pathsep.join([str(Path(__file__).parent), *(place for place in sys.path if place)])
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": places}, capture_output=True, text=True
    )
    assert done.stdout.startswith("case differentials::four_ts_total_3: hit_4ts__group"), done.stderr[-2000:]


def test_the_same_queries_are_found_the_same_under_every_parameter(bench: Bench) -> None:
    kept = bench.variants(NAME, [NAME])
    assert not [one for one in kept if isinstance(one, str)], "a query could not be made"
    assert len(kept) > len(bench.cases.runs) and kept == variants_now(bench, NAME, [NAME])
