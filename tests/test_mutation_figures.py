"""The figures of mutation testing: complete, explained, and shown as they are."""

from __future__ import annotations

import json
from typing import Any

from make_mutation_docs import FIGURES, PAGE, counts, not_done, page, reasons

#: Percent of the mutants that can be noticed which the tests have to kill.
WANTED = 98.0


def parts() -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8"))["parts"]
    return stored


def test_the_page_is_that_of_the_figures() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(parts(), reasons())


def test_every_module_was_asked() -> None:
    assert not not_done(parts())


def test_every_survivor_has_a_reason_and_every_reason_a_survivor() -> None:
    lived = {(name, mutant) for name, part in parts().items() for mutant in part["figures"]["survived"]}
    assert set(reasons()) == lived


def test_nearly_all_that_can_be_noticed_are_killed() -> None:
    found = [counts(name, part["figures"], reasons()) for name, part in parts().items()]
    killed, lived = (sum(each[key] for each in found) for key in ("killed", "survived"))
    assert 100 * killed / (killed + lived) >= WANTED
