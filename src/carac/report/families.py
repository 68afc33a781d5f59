"""Toxicities in families, and versions of one toxicity with the same counts as one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from carac.language.definition import Definition
from carac.report import words
from carac.report.queries.worst import Worst

#: What is graded, in the order of a report; versions of it follow each other.
FAMILIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Immune effector cell syndromes",
        ("astct_crs", "crs", "astct_icans", "icans", "iec_hs_grade", "hlh", "capillary_leak"),
    ),
    (
        "Blood counts",
        (
            *("platelets", "platelets_with_transfusion", "t_icaht_early", "t_icaht_late"),
            *("neutrophils", "icaht_early", "icaht_late", "leukocytes", "haemoglobin"),
        ),
    ),
    (
        "Coagulation",
        ("fibrinogen", "fibrinogen_with_baseline", "inr", "inr_with_baseline", "aptt", "dic"),
    ),
    ("Thrombotic microangiopathy", ("tma", "hus", "ttp")),
    ("Liver, kidney and cell turnover", ("alt", "ast", "ggt", "bilirubin", "creatinine", "ldh")),
)
_OTHER = "Other"
_VERSIONS = ("ctcae_v4_", "ctcae_v5_", "ctcae_v6_")
_READINGS = {"_as_printed": "as printed", "_as_in_authors_code": "as in authors' code"}


@dataclass(frozen=True)
class Line:
    """One line of a table or figure: a toxicity under the versions with as many infusions in every grade.

    Parameters
    ----------
    family: the heading that it stands under.
    title: what is graded, with its versions.
    worst: the worst grades, under the first of the versions.
    """

    family: str
    title: str
    worst: Worst


def term(definition: Definition) -> str:
    """What is graded, whatever the version."""
    name = definition.name
    for version in _VERSIONS:
        name = name.removeprefix(version)
    for reading in _READINGS:
        name = name.removesuffix(reading)
    return name


def family(definition: Definition) -> str:
    """The family of what is graded."""
    return next((name for name, terms in FAMILIES if term(definition) in terms), _OTHER)


def ordered(found: Sequence[Worst]) -> list[Worst]:
    """By family and toxicity, and within it by version; what is in no family comes last."""
    order = [name for _, terms in FAMILIES for name in terms]
    order += dict.fromkeys(term(w.definition) for w in found if family(w.definition) == _OTHER)
    return sorted(found, key=lambda w: (order.index(term(w.definition)), w.definition.version))


def lines(found: Sequence[Worst]) -> list[Line]:
    """The lines of those of which anything is known, in order; versions with equal counts share one."""
    together: dict[tuple[object, ...], list[Worst]] = {}
    for worst in ordered(found):
        if worst.graded:
            together.setdefault((term(worst.definition), *sorted(worst.pairs.items())), []).append(worst)
    return [
        Line(family(same[0].definition), _title([worst.definition for worst in same]), same[0])
        for same in together.values()
    ]


def _title(definitions: Sequence[Definition]) -> str:
    """What is graded, and under which versions."""
    first = definitions[0]
    title = words.definition_title(first).removesuffix(" (software convention)")
    if first.name.startswith(_VERSIONS):
        what = title.removeprefix(f"CTCAE {first.version} ").removesuffix(", by lower limit").removesuffix(", absolute")
        what = what if what[:2] == "aP" else f"{what[0].upper()}{what[1:]}"
        return f"{what}, CTCAE {words.listed([d.version for d in definitions])}"
    readings = [said for d in definitions for ending, said in _READINGS.items() if d.name.endswith(ending)]
    if len(readings) > 1:
        return f"{title.rsplit(', ', 1)[0]}, {words.listed(readings)}"
    return title
