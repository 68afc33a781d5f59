"""Grades by day of every infusion, in an order that shows pattern: worst CRS first, then how early and how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from carac.report.material import Key, Material

#: What a cell can be: nothing known, a range, or a grade.
UNKNOWN, RANGE = -2, -1


@dataclass(frozen=True)
class HeatMap:
    """Cells of one instrument.

    Parameters
    ----------
    name, title: the definition, and how its panel is headed.
    cells: one list per infusion, in the order of `keys`, with a grade (or `RANGE`, `UNKNOWN`) per day.
    """

    name: str
    title: str
    cells: Sequence[Sequence[int]]


def order(material: Material) -> list[Key]:
    """Infusions by worst CRS grade, then worst ICANS grade, then days with a platelet count below 50."""
    low = {
        (row["patient_id"], row["infusion_number"]): int(row["days"])
        for row in material.rows(
            "SELECT patient_id, infusion_number, count(*) AS days FROM report_values"
            f" WHERE analyte = 'platelets' AND value < 50 AND day BETWEEN 0 AND {material.options.last_day}"
            " GROUP BY 1, 2"
        )
    }

    def weight(row: dict[str, object]) -> tuple[int, int, int, str]:
        key = (str(row["patient_id"]), int(str(row["infusion_number"])))
        peaks = [-1 if row[name] is None else int(str(row[name])) for name in ("crs_peak", "icans_peak")]
        return -peaks[0], -peaks[1], -low.get(key, 0), material.labels[key]

    rows = sorted(material.infusions, key=weight)
    return [(row["patient_id"], row["infusion_number"]) for row in rows]


def cells(material: Material, name: str, title: str, keys: Sequence[Key], points: Sequence[int] = ()) -> HeatMap:
    """The cells of a definition.

    Parameters
    ----------
    points: of a score, the points from which shades 1, 2, … begin; empty for a grade.
    """
    options = material.options
    width = options.last_day - options.first_day + 1
    place = {key: number for number, key in enumerate(keys)}
    made = [[UNKNOWN] * width for _ in keys]
    sql = (
        f'SELECT patient_id, infusion_number, day, "{name}" AS grade FROM report_days'
        f' WHERE "{name}__lowest" IS NOT NULL AND day BETWEEN {options.first_day} AND {options.last_day}'
    )
    found = material.engine.fetch(sql).to_pydict()
    for patient, number, day, grade in zip(*(found[c] for c in found), strict=True):
        shade = RANGE if grade is None else sum(grade >= p for p in points) if points else grade
        made[place[patient, number]][day - options.first_day] = shade
    return HeatMap(name, title, made)
