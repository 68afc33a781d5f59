"""Write docs/world.md, every rate and effect of the synthetic cohort, from the data files of src/carac/synthetic.

    python tools/make_world_docs.py [FILE]

A test holds the file to what this writes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from carac.synthetic.world import Entry, World

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "world.md"

HEAD = """\
# The world of the synthetic cohort

Written by `python tools/make_world_docs.py` from `world.toml` and `observation.toml` in `src/carac/synthetic/`; change
those, not this page.

Every rate, share and effect behind the synthetic patients has a name, a unit and a source. `assumption` marks what no
source gives. `calibrated` means: chosen so that the cohort, graded like a centre's record, lands on the figures of that
source; [calibration.md](calibration.md) shows how closely.

`carac synthesize --set NAME=VALUE` changes one value, `--world FILE` those of a TOML file with the same names and plain
values. One number of a table has the name of the table, a dot and its key: `inflammation.crs_any.tisagenlecleucel`. A
name that does not exist is refused. In a table by product, a name that ends in `_leukaemia` is that product in B-cell
acute lymphoblastic leukaemia.

**Effects on a logarithmic scale** ("log") multiply: 0.7 doubles, -0.7 halves. **Inflammation** is on a scale of its
own, about 0.4 at the peak of CRS grade 1 and 1.2 at that of grade 3; **injury of the marrow** is 1 in the average
patient; **consumption** runs from 0 to about 1; **burden** of the tumour is in standard deviations.

Events are drawn day by day. The hazard of an event is its base rate times the hazard ratio of every state that the
patient is in; a state that is a quantity (inflammation, decades of age above 60) enters as the exponent of its ratio.
So a fit on the truth finds these ratios again.
"""

TITLES = {
    "population": "Who is treated",
    "baseline": "Before lymphodepletion",
    "inflammation": "Inflammation, CRS and ICANS",
    "marrow": "The marrow",
    "treatment": "Treatment",
    "coagulation": "Coagulation",
    "events": "Events",
    "observation": "How the record comes to know",
}


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    lines = [list(header), *[list(row) for row in rows]]
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def said(value: object) -> str:
    """A value as the page shows it."""
    if isinstance(value, Mapping):
        return "<br>".join(f"`{key}` {said(number)}" for key, number in value.items())
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def row(entry: Entry, section: str) -> tuple[str, ...]:
    """One entry, its name without the part that the heading says."""
    return (f"`{entry.name.removeprefix(section + '.')}`", said(entry.value), entry.unit, entry.meaning, entry.source)


def chapter(name: str, entries: list[Entry]) -> str:
    """A section of the file, in tables by subsection.

    Parameters
    ----------
    name: first part of the names.
    entries: all that begin with it, in the order of the file.
    """
    lines = [f"## {TITLES.get(name, name)}: `{name}`\n"]
    header = ("name", "value", "unit", "meaning", "source")
    by_section: dict[str, list[Entry]] = {}
    for entry in entries:
        by_section.setdefault(entry.name.rpartition(".")[0], []).append(entry)
    for section, of_section in by_section.items():
        title = "" if section == name else f"### `{section}`\n\n"
        lines.append(title + table(header, (row(entry, section) for entry in of_section)))
    return "\n".join(lines)


def document() -> str:
    """The page as it should be."""
    sections: dict[str, list[Entry]] = {}
    for entry in World.load():
        sections.setdefault(entry.name.partition(".")[0], []).append(entry)
    return "\n".join([HEAD, *(chapter(name, entries) for name, entries in sections.items())])


def main() -> None:
    """Write the page."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else DOCUMENT
    target.write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
