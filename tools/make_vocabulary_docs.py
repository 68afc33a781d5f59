"""Write docs/vocabulary.md, the closed lists of words, from the data files of src/carac/vocabulary.

    python tools/make_vocabulary_docs.py [FILE]

A test holds the file to what this writes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from carac.vocabulary.agents import CAR_T_PRODUCT, agents
from carac.vocabulary.analytes import Analyte, analytes
from carac.vocabulary.assessment_items import RECORDED_GRADE, assessment_items
from carac.vocabulary.codes import analyte_codes
from carac.vocabulary.event_certainty import MEANING, event_certainty
from carac.vocabulary.event_features import GRADES, event_features
from carac.vocabulary.event_sites import event_sites
from carac.vocabulary.products import products
from carac.vocabulary.units import known_units

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "vocabulary.md"

HEAD = """\
# The words of the record

Written by `python tools/make_vocabulary_docs.py` from the data files in `src/carac/vocabulary/`; change those, not this
page. A word that is not in its list sets its row aside, with a finding. Capital letters and blanks for underscores are
understood, except in the names of features, which are written as here. Ranges are carac's own and wide: what lies
outside is taken for an error of unit or typing.
[records.md](records.md) says in which column each list is used.
"""


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def code(names: Iterable[str]) -> str:
    """Words as they are written, separated by commas."""
    return ", ".join(f"`{name}`" for name in names)


def span(low: float | None, high: float | None) -> str:
    """A range in words; an open end is left out."""
    if low is None and high is None:
        return ""
    if high is None:
        return f"from {low:,.10g}"
    return f"up to {high:,.10g}" if low is None else f"{low:,.10g} to {high:,.10g}"


def units(analyte: Analyte) -> str:
    """The units that are read for an analyte, its canonical unit first."""
    if not analyte.canonical_unit:
        return "none" + "".join(f", `{unit}`" for unit in dict.fromkeys(known_units(analyte.name)))
    return code(dict.fromkeys((analyte.canonical_unit, *known_units(analyte.name))))


def analytes_part() -> str:
    """The analytes, with the units and LOINC codes that are read."""
    codes: dict[str, list[str]] = {}
    for entry in analyte_codes().values():
        if entry.system == "LOINC":
            doubt = "?" if entry.status == "memory" else ""
            codes.setdefault(entry.analyte, []).append(entry.code + doubt)
    rows = [
        (
            f"`{one.name}`",
            one.title,
            units(one),
            span(one.plausible_low, one.plausible_high),
            ", ".join(codes.get(one.name, ())),
            one.note,
        )
        for one in analytes().values()
    ]
    text = """
## Analytes (`labs.analyte`)

The first unit is the one in which carac works; the range is in it. Units are understood in many spellings (`K/uL`,
`10*3/ul`); a unit that is not understood sets its row aside. In place of the name the LOINC code may stand; a question
mark says that carac's authors have the code from memory and could not look it up.

"""
    return text + table(("word", "meaning", "units that are read", "plausible", "LOINC", "to know"), rows)


def items_part() -> str:
    """The signs of the assessments."""
    rows = [
        (
            f"`{one.name}`",
            one.title,
            code(one.allowed) or f"number, {span(one.low, one.high)}",
            code(dict.fromkeys(known_units(one.name))) if one.unit else "",
            code(one.read_by),
            one.note,
        )
        for one in assessment_items().values()
    ]
    recorded = (
        f"`{RECORDED_GRADE}NAME`",
        "The grade a clinician recorded for the definition NAME",
        "number from 0",
        "",
    )
    rows.append((*recorded, "the definition named", "kept beside the computed grade, never in its place"))
    text = """
## Assessment items (`assessments.item`)

A number without unit is taken to be in the first unit; the range is in it.

"""
    return text + table(("word", "meaning", "value", "units", "read by", "to know"), rows)


def agents_part() -> str:
    """Drugs and blood products."""
    rows = [
        (f"`{one.name}`", one.title, one.agent_class.replace("_", " "), ", ".join(one.synonyms), one.note)
        for one in agents().values()
        if one.agent_class != CAR_T_PRODUCT
    ]
    text = """
## Agents (`treatments.agent`)

Names, brand names, and the ATC, RxNorm (ingredient) and OMOP codes of `agents.csv` are understood. The CAR-T products
below are agents, too. An agent that is not in the list sets its row aside with a warning; a drug that no
definition reads may stay.

"""
    return text + table(("word", "name", "class", "also written", "to know"), rows)


def products_part() -> str:
    """The products of the infusions."""
    rows = [
        (f"`{one.name}`", one.title, one.target or "not CAR-T", ", ".join(one.synonyms), one.note)
        for one in products().values()
    ]
    text = "\n## Products (`infusions.product`)\n\nAny other product is kept as written, with a note.\n\n"
    return text + table(("word", "name", "target", "also written", "to know"), rows)


def sites_part() -> str:
    """The sites of events."""
    rows = [
        (f"`{one.name}`", one.title, one.kind, {"check": "by its features"}.get(one.critical, one.critical), one.note)
        for one in event_sites().values()
    ]
    text = """
## Sites (`events.site`)

"Critical" is that of ISTH major bleeding ([doi:10.1111/j.1538-7836.2005.01204.x](https://doi.org/10.1111/j.1538-7836.2005.01204.x)).

"""
    return text + table(("word", "meaning", "kind", "critical", "to know"), rows)


def features_part() -> str:
    """The features of events."""
    kinds = {"bool": "yes or no", "number": "number"}
    rows = [
        (
            f"`{one.name}`",
            one.title,
            code(one.allowed) or " ".join((kinds[one.kind], span(one.low, one.high), one.unit)).strip(),
            code(one.asked_by),
            one.note,
        )
        for one in event_features().values()
    ]
    for prefix, title in GRADES.items():
        rows.append((f"`{prefix}NAME`", f"{title} for the definition NAME", "number from 0", "", "kept apart"))
    text = """
## Features (`event_features.feature`)

A feature that is absent is unknown, which is not "no": leave the row out where nobody looked, write `no` where somebody
looked and it was not so.

"""
    return text + table(("word", "meaning", "value", "asked for by", "to know"), rows)


def certainty_part() -> str:
    """How sure a record is of an event."""
    words = event_certainty()
    rows = [
        (f"`{name}`", meaning, ", ".join(word.replace("_", " ") for word, one in words.items() if one == name != word))
        for name, meaning in MEANING.items()
    ]
    text = "\n## Certainty (`events.certainty`)\n\nAbsent is taken as confirmed.\n\n"
    return text + table(("word", "what it means for a grade", "also written"), rows)


def document() -> str:
    """The whole page."""
    parts = (analytes_part, items_part, agents_part, products_part, sites_part, certainty_part, features_part)
    return HEAD + "".join(part() for part in parts)


def main() -> None:
    """Write the page."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else DOCUMENT
    target.write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
