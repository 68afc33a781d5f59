"""The trials of mutants: definitions made again from kept inputs are right, and a wrong one is noticed."""

from __future__ import annotations

import pytest

from mutant_loading import module_names
from mutant_trials import Bench, Verdict, graded_again, in_child, put_in_place, variants_now
from mutants import mutants
from support.case_files import all_cases
from support.graded_cases import GradedCases, Run

MODULE, NAME = "carac.definitions.coagulation.hit_4ts", "hit_4ts"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """The cases of one definition alone."""
    made = Bench(tmp_path_factory.mktemp("mutants"))
    cases = [case for case in all_cases() if any(row["column"].startswith(NAME) for row in case.content["expect"])]
    graded = GradedCases(made.folder)
    vars(graded)["runs"] = [Run([case for case in cases if not case.parameters], {}, (NAME,))]
    vars(made)["cases"] = graded
    made.unchanged((NAME, 0), [NAME])
    return made


def test_the_original_passes_and_an_unchanged_query_is_known(bench: Bench) -> None:
    assert graded_again(bench, (NAME, 0), [NAME], control=True)
    assert not graded_again(bench, (NAME, 0), [NAME])


def test_a_case_notices_another_group(bench: Bench) -> None:
    source = module_names()[MODULE].read_text(encoding="utf-8")
    (mutant,) = (one for one in mutants(source) if one.name.endswith("[4 -> 3]"))

    def tried() -> Verdict:
        put_in_place(MODULE, mutant.applied(source))
        try:
            graded_again(bench, (NAME, 0), [NAME])
        except Exception as fault:
            return Verdict("killed", str(fault))
        return Verdict("survived", "")

    assert in_child(tried, seconds=60).by.startswith("case differentials::four_ts_total_3: hit_4ts__group")


def test_the_same_queries_are_found_the_same_under_every_parameter(bench: Bench) -> None:
    kept = bench.variants(NAME, [NAME])
    assert not [one for one in kept if isinstance(one, str)], "a query could not be made"
    assert len(kept) > len(bench.cases.runs) and kept == variants_now(bench, NAME, [NAME])
