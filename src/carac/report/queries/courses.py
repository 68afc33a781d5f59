"""Courses: quartiles by day and group, and of each infusion the nadir or peak, its day, and the day of recovery."""

from __future__ import annotations

from dataclasses import dataclass

from carac.report.material import Material
from carac.report.queries.tables import LOWEST


@dataclass(frozen=True)
class DayQuartiles:
    """Quartiles of an analyte on one day in one group (by its place), of so many infusions that were measured."""

    place: int
    day: int
    count: int
    low: float
    middle: float
    high: float


def by_day(material: Material, analyte: str, together: bool = False) -> list[DayQuartiles]:
    """Quartiles by day within the window of the options, in order; `together` takes all groups as one."""
    options = material.options
    place = "0" if together else "place"
    sql = (
        f"SELECT {place} AS place, day, count(*) AS count, {_quartiles('value')} FROM report_values"
        " JOIN report_groups USING (patient_id, infusion_number)"
        f" WHERE analyte = '{analyte}' AND day BETWEEN {options.first_day} AND {options.last_day}"
        " GROUP BY 1, 2 ORDER BY 1, 2"
    )
    return [DayQuartiles(**row) for row in material.rows(sql)]


def _quartiles(column: str) -> str:
    parts = {"low": 0.25, "middle": 0.5, "high": 0.75}
    return ", ".join(f"percentile_cont({q}) WITHIN GROUP (ORDER BY {column}) AS {name}" for name, q in parts.items())


def measured(material: Material) -> dict[str, int]:
    """How many infusions have at least one value of an analyte within the window, by analyte."""
    options = material.options
    sql = (
        "SELECT analyte, count(*) AS count FROM (SELECT DISTINCT analyte, patient_id, infusion_number"
        f" FROM report_values WHERE day BETWEEN {options.first_day} AND {options.last_day}) AS known GROUP BY analyte"
    )
    return {row["analyte"]: row["count"] for row in material.rows(sql)}


def beyond_measurement(material: Material, analyte: str) -> int:
    """How many of the drawn values lie beyond the range of measurement, and count at its limit."""
    options = material.options
    sql = (
        f"SELECT count(*) AS count FROM report_values WHERE analyte = '{analyte}' AND low < high"
        f" AND day BETWEEN {options.first_day} AND {options.last_day}"
    )
    return int(material.rows(sql)[0]["count"])


@dataclass(frozen=True)
class Extremes:
    """Of one group: quartiles of the worst value, of its day, and of the days until recovery.

    Parameters
    ----------
    place: the group.
    count: infusions with a value on days 0 to the end of the window.
    worst, day, recovery: quartiles; recovery is counted from the day of the worst value.
    fell, recovered: how many crossed the limit, and of those how many were seen back across it.
    """

    place: int
    count: int
    worst: tuple[float, float, float]
    day: tuple[float, float, float]
    fell: int
    recovered: int
    recovery: tuple[float | None, float | None, float | None]


def extremes(material: Material, analyte: str, limit: float) -> list[Extremes]:
    """The worst value of each infusion from day 0 on, its first day, and the first day back across a limit after it.

    Parameters
    ----------
    limit: below it (of a peak: above it) a value has crossed; in the canonical unit.
    """
    low = analyte in LOWEST
    worst, crossed = ("min", "<") if low else ("max", ">")
    sql = f"""
        WITH own AS (SELECT patient_id, infusion_number, day, value FROM report_values
            WHERE analyte = '{analyte}' AND day BETWEEN 0 AND {material.options.last_day}),
        worst AS (SELECT patient_id, infusion_number, {worst}(value) AS worst FROM own GROUP BY 1, 2),
        first AS (SELECT w.patient_id, w.infusion_number, w.worst, min(o.day) AS day FROM worst AS w
            JOIN own AS o ON o.patient_id = w.patient_id AND o.infusion_number = w.infusion_number
            AND o.value = w.worst GROUP BY 1, 2, 3),
        back AS (SELECT f.patient_id, f.infusion_number, f.worst, f.day, f.worst {crossed} {limit} AS fell,
            min(CASE WHEN f.worst {crossed} {limit} AND o.day > f.day AND NOT o.value {crossed} {limit}
            THEN o.day - f.day END) AS recovery
            FROM first AS f JOIN own AS o ON o.patient_id = f.patient_id AND o.infusion_number = f.infusion_number
            GROUP BY 1, 2, 3, 4)
        SELECT place, count(*) AS count, {_named("worst")}, {_named("day")},
            count(*) FILTER (WHERE fell) AS fell, count(recovery) AS recovered, {_named("recovery")}
        FROM back JOIN report_groups USING (patient_id, infusion_number) GROUP BY place ORDER BY place"""
    return [_extremes(row) for row in material.rows(sql)]


def _named(column: str) -> str:
    parts = (("low", 0.25), ("middle", 0.5), ("high", 0.75))
    return ", ".join(f"percentile_cont({q}) WITHIN GROUP (ORDER BY {column}) AS {column}_{name}" for name, q in parts)


def _extremes(row: dict[str, float]) -> Extremes:
    three = {name: tuple(row[f"{name}_{end}"] for end in ("low", "middle", "high")) for name in _THREE}
    counts = {name: int(row[name]) for name in ("place", "count", "fell", "recovered")}
    return Extremes(**counts, **three)  # type: ignore[arg-type]


_THREE = ("worst", "day", "recovery")
