"""The methods paragraph, ready to paste: what was graded with which version, window and open choices."""

from __future__ import annotations

from carac.grading.parameters import resolved
from carac.language.definition import Status
from carac.manifest import versions
from carac.report import words
from carac.report.content import Block, Paragraph, Section, Table, Voice
from carac.report.material import Material
from carac.report.sections.references import numbered

#: Scopes whose parameters are about how records are read, not about a definition.
_GRID = "grid"


def section(material: Material) -> Section:
    """Text to paste, and the table of every parameter that is not at its default."""
    blocks: list[Block] = [
        Paragraph("To be pasted; numbers in brackets are those of the references below.", Voice.NOTE),
        Paragraph(_text(material), Voice.PASTE),
        _parameters(material),
    ]
    return Section("methods", "Methods", tuple(blocks))


def _text(material: Material) -> str:
    options, grid = material.options, material.graded.parameters.scope(_GRID)
    parts = [
        f"Toxicities were graded from the record with carac {versions()['carac']}, which applies published definitions"
        " to every patient-day.",
        _instruments(material),
        "Day 0 is the calendar date of infusion; where doses were split, of the "
        f"{grid['index_infusion']} one. The worst grade on days 0 to {options.worst_until} is reported unless a"
        " definition has a window of its own.",
        "Of several results of one day the one that gives the worse grade counted. What was not measured was not"
        " imputed, except in ICAHT and T-ICAHT as in their authors' code: a grade that missing inputs could change is"
        " reported as a range, and shares are of those whose grade could be decided, with 95 % intervals after Wilson.",
        "Courses are medians and quartiles of the worst value of each day among those measured that day.",
    ]
    if material.synthetic:
        parts.insert(0, "SYNTHETIC PATIENTS: no sentence of this report is about anyone who exists.")
    return " ".join(part for part in parts if part)


def _instruments(material: Material) -> str:
    """Each instrument with its versions and the numbers of its references."""
    numbers = {citation: place for place, citation in enumerate(numbered(material), 1)}
    by_instrument: dict[str, dict[str, set[int]]] = {}
    for definition in material.graded.plan.definitions:
        versions_of = by_instrument.setdefault(definition.instrument, {})
        version = definition.version.replace(", as printed", "").replace(", as in authors code", "")
        versions_of.setdefault(version, set()).add(numbers[str(definition.citation)])
    said = []
    for instrument, found in by_instrument.items():
        places = sorted(set().union(*found.values()))
        version = "" if list(found) == ["1"] else f" ({words.listed(list(found))})"
        said.append(f"{instrument}{version} [{', '.join(map(str, places))}]")
    site = [d.title for d in material.graded.plan.definitions if d.status is Status.SITE]
    own = f" {words.listed(site)} are definitions of the site itself, and no consensus." if site else ""
    return f"The definitions were {words.listed(said)}.{own}"


def _parameters(material: Material) -> Table:
    """Every open choice, those of one definition in a row; what is not at its default is said."""
    defaults = resolved()
    by_values: dict[tuple[str, str], list[str]] = {}
    for scope, values in material.graded.parameters.as_dict().items():
        standard = defaults.scope(scope)
        changed = [f"{name} (default {standard[name]})" for name, value in values.items() if standard[name] != value]
        text = "; ".join(f"{name} = {value}" for name, value in values.items())
        by_values.setdefault((text, "; ".join(changed) or "–"), []).append(scope)
    rows = tuple((", ".join(scopes), text, changed) for (text, changed), scopes in by_values.items() if text)
    header = ("Definition", "Open choices", "Not at the default")
    return Table("parameters", "What the sources leave open, as taken here", header, rows)
