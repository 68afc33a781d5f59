"""Do the drawn courses of carac's proposals show the cases, five right and two wrong each?"""

from __future__ import annotations

from pathlib import Path

import pytest

import make_proposal_pictures
from carac.definitions import definition_of
from make_proposal_pictures import PROPOSALS, Proposal, cases_of, documents, points_of


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_page_and_pictures_are_what_the_tool_writes(path: Path) -> None:
    committed = path.read_text(encoding="utf-8")
    assert committed == documents()[path], "python tools/make_proposal_pictures.py"


@pytest.mark.parametrize("proposal", PROPOSALS, ids=lambda proposal: proposal.file)
def test_five_are_right_and_two_wrong(proposal: Proposal) -> None:
    assert (len(proposal.right), len(proposal.wrong)) == (5, 2)
    assert all(name.startswith("wrong_") for name in proposal.wrong)
    assert not any(name.startswith("wrong_") for name in proposal.right)
    columns = {expected["column"] for case in cases_of(proposal).values() for expected in case["expect"]}
    owners = {proposal.definition, proposal.definition.replace("platelet_", "red_cell_")}
    assert all(any(column.startswith(owner) for owner in owners) for column in columns)


@pytest.mark.parametrize("proposal", [one for one in PROPOSALS if one.analyte], ids=lambda proposal: proposal.file)
def test_every_value_of_a_case_is_a_point_of_its_panel(proposal: Proposal) -> None:
    picture = make_proposal_pictures.picture(proposal)
    assert picture.count("<circle") == sum(
        len(points_of(case, proposal.analyte)) for case in cases_of(proposal).values()
    )


def test_every_constant_is_a_parameter_of_the_proposal() -> None:
    for proposal in PROPOSALS:
        names = {parameter.name for parameter in definition_of(proposal.definition).parameters}
        assert {line for line in proposal.lines if isinstance(line, str)} <= names
