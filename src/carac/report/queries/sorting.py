"""The sorting of coagulopathy, counted: infusions and days by place, what explains them, DIC printed and adjusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from carac.definitions.proposals.sorting.adjusted_points import DEFINITIONS as ADJUSTED
from carac.definitions.proposals.sorting.death import NAME as DEATH
from carac.definitions.proposals.sorting.explanations import EXPLANATIONS
from carac.definitions.proposals.sorting.explanations import NAME as EXPLAINED
from carac.definitions.proposals.sorting.patient import NAME as PATIENT
from carac.definitions.proposals.sorting.places import NAME as PLACE
from carac.report.material import Material

KEYS = "patient_id, infusion_number"
#: Days on which the place is known only as a range: surely abnormal, or possibly without abnormality.
ABNORMAL, RANGE = -2, -1


def is_sorted(material: Material) -> bool:
    """Whether the sorting was graded."""
    return material.definition(PATIENT) is not None


def infusions_by_place(material: Material) -> list[dict[str, object]]:
    """Product, place that the record shows (null where nothing is known), and how many infusions have both."""
    return material.rows(
        f'SELECT product, "{PATIENT}__lowest" AS place, count(*) AS n FROM report_infusions GROUP BY product, place'
        " ORDER BY product, place"
    )


def open_above(material: Material) -> int:
    """How many infusions may have a worse place than the record shows."""
    sql = f'SELECT count(*) AS n FROM report_infusions WHERE "{PATIENT}__lowest" < "{PATIENT}__highest"'
    return int(material.rows(sql)[0]["n"])


def places_by_day(material: Material) -> dict[int, dict[int, int]]:
    """By day, how many infusions have each place; `ABNORMAL` and `RANGE` count those whose place is open."""
    last = material.options.last_day
    rows = material.rows(
        f'SELECT day, CASE WHEN "{PLACE}" IS NOT NULL THEN "{PLACE}" WHEN "{PLACE}__lowest" > 0 THEN {ABNORMAL}'
        f" ELSE {RANGE} END AS place, count(*) AS n FROM report_days"
        f' WHERE day BETWEEN 0 AND {last} AND "{PLACE}__lowest" IS NOT NULL GROUP BY day, place'
    )
    found: dict[int, dict[int, int]] = {day: {} for day in range(last + 1)}
    for row in rows:
        found[int(row["day"])][int(row["place"])] = int(row["n"])
    return found


@dataclass(frozen=True)
class Explained:
    """Abnormal days of one place: how many, with each explanation, and with none that surely holds."""

    days: int
    with_each: Mapping[str, int]
    none: int


def explained_by_place(material: Material) -> dict[int, Explained]:
    """What stands beside the abnormal days, by the place that is shown."""
    last = material.options.worst_until
    counts = ", ".join(f'sum(CASE WHEN "{EXPLAINED}__{name}" THEN 1 ELSE 0 END) AS "{name}"' for name in EXPLANATIONS)
    rows = material.rows(
        f'SELECT "{PLACE}__lowest" AS place, count(*) AS days, {counts},'
        f' sum(CASE WHEN "{EXPLAINED}" = 0 THEN 1 ELSE 0 END) AS none FROM report_days'
        f' WHERE day BETWEEN 0 AND {last} AND "{PLACE}__lowest" > 0 GROUP BY place ORDER BY place'
    )
    return {
        int(row["place"]): Explained(
            int(row["days"]), {name: int(row[name] or 0) for name in EXPLANATIONS}, int(row["none"] or 0)
        )
        for row in rows
    }


@dataclass(frozen=True)
class Calls:
    """One DIC score over the window: infusions and days called as printed, and what is left with points set aside."""

    title: str
    known: int
    printed: int
    supported: int
    explained: int
    open: int
    days_printed: int
    days_explained: int


def dic_calls(material: Material) -> list[Calls]:
    """Each score of which both readings were graded."""
    made = []
    for definition in ADJUSTED:
        printed = material.definition(definition.uses[-1])
        if printed is None or material.definition(definition.name) is None:
            continue
        reading = next(o.suffix for o in printed.outputs if o.type == "boolean" and not o.item)
        one, other = f'"{printed.name}{reading}"', f'"{definition.name}{reading}"'
        days = (
            f'SELECT {KEYS}, CASE WHEN "{printed.name}__lowest" IS NOT NULL THEN 1 ELSE 0 END AS known,'
            f" CASE WHEN {one} THEN 1 ELSE 0 END AS called,"
            f" CASE WHEN {one} AND {other} THEN 2 WHEN {one} AND {other} IS NULL THEN 1 ELSE 0 END AS stays,"
            f" CASE WHEN {one} AND NOT {other} THEN 1 ELSE 0 END AS gone FROM report_days"
            f" WHERE day BETWEEN 0 AND {material.options.worst_until}"
        )
        by_infusion = (
            f"SELECT max(known) AS known, max(called) AS called, max(stays) AS stays, sum(called) AS days,"
            f" sum(gone) AS gone FROM ({days}) AS days GROUP BY {KEYS}"
        )
        row = material.rows(
            "SELECT sum(known) AS known, sum(called) AS printed,"
            " sum(CASE WHEN called = 1 AND stays = 2 THEN 1 ELSE 0 END) AS supported,"
            " sum(CASE WHEN called = 1 AND stays = 0 THEN 1 ELSE 0 END) AS explained,"
            " sum(CASE WHEN called = 1 AND stays = 1 THEN 1 ELSE 0 END) AS open,"
            f" sum(days) AS days_printed, sum(gone) AS days_explained FROM ({by_infusion}) AS own"
        )[0]
        made.append(Calls(printed.title, **{name: int(value or 0) for name, value in row.items()}))
    return made


def with_or_from(material: Material) -> dict[str, int]:
    """Infusions by the word of "with DIC or from DIC"; empty where it was not graded."""
    if material.definition(DEATH) is None:
        return {}
    rows = material.rows(f'SELECT "{DEATH}" AS word, count(*) AS n FROM report_infusions GROUP BY word ORDER BY word')
    return {str(row["word"]): int(row["n"]) for row in rows if row["word"] is not None}
