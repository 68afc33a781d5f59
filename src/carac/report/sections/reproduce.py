"""How to make this report again: versions, the record's hashes, the command."""

from __future__ import annotations

from carac.manifest import versions
from carac.report.content import Block, Paragraph, Section, Table
from carac.report.material import Material


def section(material: Material) -> Section:
    """Versions and options; the manifest beside the report has every parameter and the hash of each input file."""
    options = material.options
    found = versions(("carac", "duckdb", "ibis-framework", "pyarrow", "altair", "vl-convert-python"))
    rows = tuple((name, value) for name, value in found.items())
    chosen = (
        ("sections", ", ".join(options.sections)),
        ("by", options.by),
        ("first_day, last_day", f"{options.first_day}, {options.last_day}"),
        ("worst_until", str(options.worst_until)),
        ("patients", "none" if options.patients == "none" else "some" if options.patients != "all" else "all"),
        ("identifiers", options.identifiers),
        ("hide_small_cells", str(options.hide_small_cells).lower()),
    )
    text = (
        "The same record, versions, parameters and options give the same numbers. manifest.json beside this report"
        " holds the SHA-256 of every file that was read, every parameter, and the version, status and source of every"
        " definition."
    )
    hashed = (
        "Identifiers are hashed. Without a salt of your own they are other ones in every report."
        if options.identifiers == "hashed"
        else "Identifiers are those of the record: this report is not de-identified."
    )
    blocks: list[Block] = [
        Paragraph(text),
        Paragraph(hashed),
        Table("versions_of_software", "Versions", ("Software", "Version"), rows),
        Table("options", "Options of the report", ("Option", "Value"), chosen),
    ]
    return Section("reproduce", "How to make this report again", tuple(blocks))
