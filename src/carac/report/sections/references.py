"""The sources of the definitions that were graded, numbered."""

from __future__ import annotations

from carac.manifest import versions
from carac.report.content import Items, Paragraph, Section, Voice
from carac.report.material import Material

#: Where a reader finds what a column stands for. The page stands alone, so that a link would lead nowhere.
CARDS = (
    "The card of each definition, with its criteria as a table, its open choices and its pitfalls, is printed by carac"
    " definitions NAME; the documentation of carac has all of them in docs/definitions/README.md."
)


def numbered(material: Material) -> list[str]:
    """Each source once, in the order in which its definitions are listed."""
    return list(dict.fromkeys(str(d.citation) for d in material.graded.plan.definitions))


def section(material: Material) -> Section:
    """The list, and how carac itself is cited."""
    own = f"carac {versions()['carac']}: consensus definitions after CAR T-cell therapy, as software. Apache-2.0."
    return Section(
        "references",
        "References",
        (
            Items(tuple(numbered(material)), numbered=True),
            Paragraph(f"The software: {own}"),
            Paragraph(CARDS, Voice.NOTE),
        ),
    )
