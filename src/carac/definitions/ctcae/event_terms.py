"""How a term of CTCAE that grades an event becomes a definition: what all of them say of themselves."""

from __future__ import annotations

from typing import Any

from carac.definitions.ctcae.terms import Version
from carac.language.definition import Certainty, Definition, Output, Status
from carac.vocabulary.types import Grain


def event_term(
    version: Version, name: str, title: str, meaning: str, *, term: str | None = None, **more: Any
) -> Definition:
    """One term of one version, graded per event; it has a grade, the lowest and the highest possible.

    Parameters
    ----------
    name, title: without the version.
    meaning: of the grade.
    term: what the column of the printed term holds; None has no such column.
    more: what the definition says beside: rows, rules, choices …
    """
    shown = () if term is None else (Output("__term", term, "string"),)
    return Definition(
        name=f"{version.prefix}_{name}",
        title=f"CTCAE {version.number} {title}",
        instrument="CTCAE events",
        version=version.number,
        citation=version.citation,
        status=Status.CONSENSUS,
        certainty=Certainty.VERIFIED,
        population="adults and children",
        grain=Grain.EVENT,
        outputs=(
            Output("", meaning),
            Output("__lowest", "lowest possible grade, given what is missing"),
            Output("__highest", "highest possible grade, given what is missing"),
            *shown,
        ),
        lowest=1,
        needs=("events", "event_features"),
        **more,
    )
