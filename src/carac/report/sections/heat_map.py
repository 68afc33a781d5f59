"""Grades by day of every infusion, as one heat map with the same rows in every panel."""

from __future__ import annotations

from carac.report import words
from carac.report.content import Figure, Paragraph, Section
from carac.report.figures.heat_map import heat_map
from carac.report.material import Material
from carac.report.queries.heat import HeatMap, cells, order

#: Definition, head of its panel, and of a score the points from which a shade begins (5 points are overt DIC).
PANELS: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    ("astct_crs", "CRS", ()),
    ("astct_icans", "ICANS", ()),
    ("ctcae_v5_platelets", "Platelets, CTCAE 5.0", ()),
    ("ctcae_v5_fibrinogen", "Fibrinogen, CTCAE 5.0", ()),
)


def panels(material: Material) -> list[HeatMap]:
    """The panels of which anything is known."""
    keys = order(material)
    made = [cells(material, name, title, keys, points) for name, title, points in PANELS if material.definition(name)]
    return [one for one in made if any(cell >= -1 for row in one.cells for cell in row)]


def section(material: Material) -> Section:
    """The heat map; nothing where small counts are hidden, because a row is a patient."""
    title = "Grades by day"
    if material.options.hide_small_cells:
        return Section("heat_map", title, (Paragraph("Left out: each row is a patient, and small counts are hidden."),))
    made = panels(material)
    if not made:
        return Section("heat_map", title, (Paragraph("No grade by day is known of any infusion."),))
    names = words.listed([one.title for one in made])
    figure = Figure(
        "heat_map",
        "Grades by day, one line per infusion",
        heat_map(material, made, order(material)),
        f"Grades by day of {len(material.infusions)} infusions: {names}. Rows are ordered by worst CRS grade, then"
        " worst ICANS grade, then days with platelets below 50. The numbers are in patient_days of the graded output.",
        (
            "Rows: by worst CRS grade, then worst ICANS grade, then days with platelets below 50 × 10⁹/L. White:"
            " nothing is known of that day.",
        ),
    )
    return Section("heat_map", title, (figure,))
