"""What definitions of CTCAE and of DIC say of themselves, as far as no grade shows it."""

from __future__ import annotations

from typing import Any

import pytest

from carac.definitions import all_definitions
from carac.definitions.coagulation import isth_overt_dic_2001
from carac.parameters import resolve
from carac.vocabulary.types import Baseline, Exposure, Laboratory, Scale

VERSIONS = ("v4", "v5", "v6")


def declared(name: str) -> Any:
    return all_definitions()[name]


def columns(name: str) -> list[str]:
    return [output.suffix for output in declared(name).outputs]


@pytest.mark.parametrize("version", ["v5", "v6"])
def test_bleeds_and_clots_name_their_term(version: str) -> None:
    for name in ("haemorrhage", "thromboembolism"):
        assert columns(f"ctcae_{version}_{name}") == ["", "__lowest", "__highest", "__term"]


def test_access_has_one_term_and_does_not_name_it() -> None:
    found = [name for name in all_definitions() if name.startswith("ctcae_") and "vascular_access" in name]
    assert found
    for name in found:
        assert "__term" not in columns(name)


@pytest.mark.parametrize(
    ("version", "grade_3"),
    [
        # Transfusion makes grade 3 in 5.0; 6.0 prints hospitalization alone.
        ("v5", "transfused for it, invasive intervention, or hospitalised because of it"),
        ("v6", "hospitalised because of it"),
    ],
)
def test_what_makes_a_bleed_severe(version: str, grade_3: str) -> None:
    (rule,) = (rule for rule in declared(f"ctcae_{version}_haemorrhage").rules if rule.name == "severe")
    assert (rule.title, rule.cuts) == (grade_3, (("=", 1, 3),))


def test_an_inr_is_read_as_it_is_in_5_and_against_its_limit_in_4() -> None:
    units = {
        version: {rule.name: rule.unit for rule in declared(f"ctcae_{version}_inr_with_baseline").rules}
        for version in VERSIONS
    }
    assert units == {
        "v4": {"absolute": "x ULN", "relative": "x baseline"},
        "v5": {"absolute": "", "relative": "x baseline"},
        "v6": {"absolute": "", "relative": "x baseline"},
    }


@pytest.mark.parametrize(("version", "oxygen"), [("v5", "share"), ("v6", "6 L/min by nasal cannula")])
def test_hypoxia_goes_by_the_share_of_oxygen_in_5_and_by_the_flow_in_6(version: str, oxygen: str) -> None:
    said = [choice for choice in declared(f"ctcae_{version}_crs").choices if "xygen" in choice or "flow" in choice]
    assert len(said) == 1
    assert oxygen in said[0]


@pytest.mark.parametrize("version", ["v5", "v6"])
def test_fibrinogen_against_its_baseline_reads_both_limits(version: str) -> None:
    # "If abnormal" may mean the value of the day or the baseline (P6).
    inputs = declared(f"ctcae_{version}_fibrinogen_with_baseline").inputs
    for kind in (Laboratory, Baseline):
        assert {i.scale for i in inputs if type(i) is kind} == {Scale.VALUE, Scale.BY_LOWER_LIMIT}


def test_platelets_read_what_was_transfused_under_every_choice() -> None:
    given = {i.name for i in declared("ctcae_v6_platelets_with_transfusion").inputs if isinstance(i, Exposure)}
    assert given == {
        *("platelets_transfused_today", "platelets_not_prophylactic_today", "platelets_therapeutic_today"),
    }


@pytest.mark.parametrize(
    ("name", "instrument", "highest"),
    [
        ("ctcae_v5_platelets", "CTCAE", 4),
        ("ctcae_v6_platelets_with_transfusion", "CTCAE transfusion", 4),
        ("ctcae_v5_fibrinogen_with_baseline", "CTCAE", 4),
        ("ctcae_v5_inr", "CTCAE", 3),
        ("ctcae_v5_inr_with_baseline", "CTCAE", 3),
        ("ctcae_v5_haemoglobin", "CTCAE", 3),
    ],
)
def test_a_laboratory_term_shows_its_grade_alone(name: str, instrument: str, highest: int) -> None:
    assert declared(name).instrument == instrument
    assert columns(name) == ["", "__lowest", "__highest"]
    assert declared(name).outputs[0].meaning.startswith(f"grade of the day, 0 to {highest};")
    assert declared(name).highest == highest


def test_overt_dic_by_percentiles_runs_where_the_laboratory_has_both() -> None:
    name = "isth_overt_dic_2001_percentile"
    parameters = {name: declared(name).parameters}
    both = {parameter.name: 500.0 + number for number, parameter in enumerate(isth_overt_dic_2001.PERCENTILES)}
    assert len(both) == 2
    for values, runs in (({}, False), (dict.fromkeys(both), False), (both, True)):
        assert declared(name).runs_if(resolve(parameters, {name: values}).scope(name)) is runs


def test_markers_of_non_overt_dic_are_read_against_the_limit_on_their_bad_side() -> None:
    units = {rule.name: rule.unit for rule in declared("isth_non_overt_dic").rules}
    assert units["antithrombin"] == units["protein_c"] == "x LLN"
    assert units["thrombin_antithrombin_complex"] == "x ULN"
