"""The cards: made from the definitions, complete, and the pages what the tool writes."""

from __future__ import annotations

import pytest

import make_definition_docs
from carac.definitions import brought_definitions
from carac.grading.cards import card
from carac.language.definition import Certainty

WRITTEN = make_definition_docs.pages()


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_the_pages_are_what_the_tool_writes(name: str) -> None:
    committed = (make_definition_docs.FOLDER / name).read_text(encoding="utf-8")
    assert committed == WRITTEN[name], "python tools/make_definition_docs.py"


def test_no_page_is_left_over() -> None:
    assert {path.name for path in make_definition_docs.FOLDER.glob("*.md")} == set(WRITTEN)


def test_every_definition_has_its_card_once() -> None:
    headings = [line for text in WRITTEN.values() for line in text.splitlines() if line.startswith("## ")]
    for name in brought_definitions():
        assert headings.count(f"## {name}") == 1
        assert f"#{name})" in WRITTEN["README.md"]


def test_a_card_has_the_printed_table_with_its_units() -> None:
    """Typed from the catalogue, 4.2: platelets below 50 give 2 and below 100 one point; fibrinogen below 1 g/L one."""
    made = card(brought_definitions()["isth_overt_dic_2025"])
    assert made.table[:2] == (("platelets", "below 50 10^9/L", "2"), ("", "below 100 10^9/L", "1"))
    assert ("fibrinogen", "below 1 g/L", "1") in made.table
    assert ("lowest platelets of the day", "10^9/L") in made.inputs


def test_a_card_says_how_versions_differ() -> None:
    """Of 2001 the D-dimer limb alone differs; of ICAHT in the authors' code the rounding of counts does."""
    dic = card(brought_definitions()["isth_overt_dic_2025"]).versions
    assert any(text.startswith("isth_overt_dic_2001_5xuln (2001) differs in: D-dimer") for text in dic)
    icaht = card(brought_definitions()["icaht_early_as_printed"]).versions
    assert any("icaht_early_as_in_authors_code" in text and "rounding = ten_half_to_even" in text for text in icaht)


def test_a_low_entry_says_so_among_its_pitfalls() -> None:
    for definition in brought_definitions().values():
        low = any("No source of its thresholds" in text for text in card(definition).pitfalls)
        assert low == (definition.certainty is Certainty.LOW)
