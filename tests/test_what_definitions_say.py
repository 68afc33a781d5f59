"""What single definitions say of themselves where nothing that they compute would show it: typed from the catalogue."""

from __future__ import annotations

import pytest

from carac.definitions import all_definitions, brought_definitions, definition_of, definitions_from, sensitivity_sets
from carac.definitions.unopened import unopened
from carac.findings import CaracError
from carac.grading.parameters import resolved
from carac.language.definition import Status

#: Presets of ICAHT and T-ICAHT (catalogue 2.1, 2.2), with how the paper is cited.
PAPERS = {"icaht": "Blood 2023;142:865-877", "t_icaht": "Blood 2025;146:834-846"}
#: How the code of the authors is cited beside it.
CODES = {"icaht": "commit c3e0109", "t_icaht": "T-ICAHT coding"}


@pytest.mark.parametrize("when", ["early", "late"])
@pytest.mark.parametrize("instrument", PAPERS)
def test_the_printed_preset_is_the_consensus_and_the_code_a_convention(instrument: str, when: str) -> None:
    printed = definition_of(f"{instrument}_{when}_as_printed")
    code = definition_of(f"{instrument}_{when}_as_in_authors_code")
    assert (printed.status, code.status) == (Status.CONSENSUS, Status.CONVENTION)
    assert all(PAPERS[instrument] in definition.citation.text for definition in (printed, code))
    assert CODES[instrument] in code.citation.text
    assert CODES[instrument] not in printed.citation.text


@pytest.mark.parametrize("when", ["early", "late"])
@pytest.mark.parametrize(("preset", "sign", "other"), [("as_printed", "<", "≤"), ("as_in_authors_code", "≤", "<")])
def test_t_icaht_prints_below_and_computes_at_most(when: str, preset: str, sign: str, other: str) -> None:
    """Catalogue 2.2: 50 itself is no low count in the table, and is one in the vignette."""
    titles = [rule.title for rule in definition_of(f"t_icaht_{when}_{preset}").rules]
    assert titles
    assert all(f" {sign} " in title and other not in title for title in titles)


@pytest.mark.parametrize(("name", "most"), [("hlh_2004", 8), ("hlh_2024", 7)])
def test_hlh_counts_so_many_criteria(name: str, most: int) -> None:
    """Catalogue 6.3: eight criteria, and seven without the function of natural killer cells."""
    definition = definition_of(name)
    assert definition.highest == most
    assert definition.outputs[0].meaning.startswith(f"criteria met, 0 to {most};")


def test_car_hematotox_shows_its_five_items_after_the_group() -> None:
    suffixes = [output.suffix for output in definition_of("car_hematotox").outputs]
    items = ["platelets", "neutrophils", "haemoglobin", "c_reactive_protein", "ferritin"]
    shown = [suffix for suffix in suffixes if suffix.removeprefix("__") in items]
    assert suffixes[:4] == ["", "__lowest", "__highest", "__group"]
    assert shown == [f"__{item}" for item in items]


def test_what_goes_on_beside_is_told_in_grades_and_in_the_words_of_iec_hs() -> None:
    types = {output.suffix: output.type for output in definition_of("sorting_concurrency_proposal").outputs}
    for moment in ("onset", "peak"):
        assert types[f"__crs_at_{moment}"] == types[f"__icans_at_{moment}"] == "int8"
        assert types[f"__iec_hs_at_{moment}"] == "string"


def test_the_rules_of_the_sorting_give_the_places_of_its_page() -> None:
    """docs/sorting.md: 5 and 4 with DIC by score, 3 from level 2 of CARAC, 2 and 1 by the number of abnormal items."""
    assert {rule.name: rule.cuts for rule in definition_of("sorting_proposal").rules} == {
        "overt_dic": (("=", 1, 5),),
        "laboratory_dic": (("=", 1, 4),),
        "carac": (("≥", 2, 3),),
        "abnormal": (("≥", 2, 2), ("≥", 1, 1)),
    }


@pytest.mark.parametrize(
    ("definition", "name"),
    [("iec_hs_candidate", "rising_fold"), ("platelet_refractoriness_proposal", "body_surface")],
)
def test_some_parameters_may_be_none(definition: str, name: str) -> None:
    """Catalogue 6.1: rapidly rising has no number in the source; the body surface may be unknown."""
    assert resolved({definition: {name: None}}).scope(definition)[name] is None


def test_a_card_for_what_no_source_states() -> None:
    status = unopened("hypercoagulable_status")
    assert status is not None
    assert (status.name, status.citation.doi) == ("hypercoagulable_status", "10.1111/bjh.19619")
    assert unopened("astct_crs") is None


def test_a_definition_is_found_by_its_name_and_a_near_one_is_named() -> None:
    assert definition_of("astct_crs").name == "astct_crs"
    with definitions_from(None) as own:
        # Without a file of a site nothing is added.
        assert own.definitions == {}
        assert all_definitions() == brought_definitions()
    with pytest.raises(CaracError, match=r"no definition 'astct_cr'\. Did you mean astct_crs\?"):
        definition_of("astct_cr")
    with pytest.raises(CaracError, match=r"See `carac definitions`"):
        definition_of("qqqqqqqqqqqqqqq")


def test_no_two_definitions_have_one_name() -> None:
    assert all(name == definition.name for name, definition in brought_definitions().items())
    assert {name.partition("_")[0] for name in sensitivity_sets()} == {"icaht", "t"}
