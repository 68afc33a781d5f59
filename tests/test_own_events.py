"""A grade of an event that a site states by its features."""

from __future__ import annotations

import itertools
from typing import Any

from event_tables import Row, event, features
from event_tables import run as events_of
from site_files import entry, one

BLEED = entry(
    "event",
    'kind = "bleeding"',
    'criteria = [{ grade = 1, any = ["occult", "medical_intervention"] }, '
    '{ name = "dead", grade = 3, any = ["fatal"] }, { grade = 2, feature = "red_cell_units", at_least = 2 }]',
)


_numbers = itertools.count()


def bleeds(text: str, *stated: Row, **more: Any) -> list[dict[str, Any]]:
    """The columns of one bleed after the other, of their features."""
    # Compiled queries are kept by the name of the definition.
    definition = one(text.replace("site_a", f"site_{next(_numbers)}"))
    names = [f"e{number}" for number in range(len(stated))]
    rows = [row for name, values in zip(names, stated, strict=True) for row in features(name, values)]
    events = [event(name, **({"kind": "bleeding"} | more)) for name in names]
    found = events_of(definition, events=events, event_features=rows)
    return [found[name] for name in names if name in found]


NO: Row = {"fatal": False, "occult": False, "medical_intervention": False, "red_cell_units": 0.0}


def test_an_event_has_the_worst_grade_of_what_it_meets() -> None:
    found = bleeds(
        BLEED,
        NO,
        NO | {"occult": True},
        NO | {"medical_intervention": True, "red_cell_units": 1.9},
        NO | {"occult": True, "red_cell_units": 2.0},
        NO | {"fatal": True, "red_cell_units": 5.0},
        NO | {"fatal": None},
        NO | {"red_cell_units": None, "occult": True},
        {},
    )
    assert [row["grade"] for row in found] == [0, 1, 1, 2, 3, None, None, None]
    assert [(row["lowest"], row["highest"]) for row in found[5:]] == [(0, 3), (1, 2), (None, None)]
    words = [None, "occult", "occult", "red_cell_units", "dead", None, "occult", None]
    assert [row["criterion"] for row in found] == words
    above = BLEED.replace("at_least", "above")
    assert [row["grade"] for row in bleeds(above, NO | {"red_cell_units": 2.0}, NO | {"red_cell_units": 2.1})] == [0, 2]


def test_only_events_of_its_kind_are_graded() -> None:
    assert len(bleeds(BLEED, NO, kind="bleeding")) == 1
    assert bleeds(BLEED, NO, kind="venous") == []
    assert bleeds(BLEED, NO, kind=None) == []


def test_what_an_event_gets_that_meets_nothing() -> None:
    text = BLEED.replace('kind = "bleeding"', 'kind = "bleeding"\notherwise = 1').replace("grade = 1", "grade = 2")
    (found,) = bleeds(text.replace("grade = 2, feature", "grade = 4, feature"), NO)
    assert (found["grade"], found["criterion"]) == (1, None)
    assert (one(text).lowest, one(text).highest) == (1, 3)


def test_an_event_shows_its_criteria() -> None:
    definition = one(BLEED)
    assert [(rule.name, rule.title, rule.cuts) for rule in definition.rules] == [
        ("occult", "Occult or microscopic blood only", (("=", 1, 1),)),
        ("occult", "Medical intervention by a professional", (("=", 1, 1),)),
        ("dead", "Fatal", (("=", 1, 3),)),
        ("red_cell_units", "Red cell units transfused for the bleed", (("≥", 2.0, 2),)),
    ]
    assert (definition.lowest, definition.highest, definition.needs) == (0, 3, ("events", "event_features"))
    assert definition.columns == tuple(f"site_a{end}" for end in ("", "__lowest", "__highest", "__criterion"))
