"""Events with their grades, and what was going on that day and the day before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from carac.report.material import Material
from carac.report.words import lowered
from carac.vocabulary.event_classes import class_names
from carac.vocabulary.event_sites import site_of
from carac.vocabulary.printed_words import printed
from carac.vocabulary.types import Grain

#: Days before and after an event in which its surroundings are read.
AROUND = 1
_ISTH = {3: "major", 2: "clinically relevant non-major", 1: "minor"}
_KINDS = ("bleeding", "venous", "arterial")


@dataclass(frozen=True)
class Event:
    """One bleed or clot as a report shows it.

    Parameters
    ----------
    label: what its patient is called; key: its infusion.
    day: day of onset after infusion.
    kind: bleeding, venous, arterial, or thrombosis where the bed is not settled.
    what: site or class in words.
    severity: ISTH class of a bleed ("not graded" where it cannot be graded); empty for a clot.
    scales: every grade it has, in words.
    around: CRS, ICANS, platelets, fibrinogen, anticoagulation within a day of it, in words; a dash where unknown.
    """

    label: str
    key: tuple[str, int]
    day: int
    kind: str
    what: str
    severity: str
    scales: str
    around: dict[str, str]

    @property
    def lane(self) -> str:
        """Where it stands in the figure."""
        return f"bleeding, {self.severity}" if self.kind == "bleeding" else self.kind


def events(material: Material) -> list[Event]:
    """The bleeds and clots that count, in order of day; codes of context, history and infections are none."""
    if not material.definitions(Grain.EVENT):
        return []
    rows = material.rows(
        f"SELECT e.*, c.vessel, c.side FROM ({material.graded.sql(Grain.EVENT, ordered=False)}) AS e"
        " LEFT JOIN (SELECT patient_id, infusion_number, event_id, vessel, side FROM events) AS c"
        " USING (patient_id, infusion_number, event_id) WHERE day >= 0 ORDER BY day, patient_id, event_id"
    )
    around = _around(material)
    found = [_event(material, row, kind, around) for row in rows if (kind := _kind(row))]
    return sorted(found, key=lambda event: (event.day, event.label))


def _kind(row: dict[str, Any]) -> str:
    """What an event counts as; empty where it is neither bleed nor clot, or does not count."""
    if row.get("thrombosis_class__counts") is False:
        return ""
    clot = row.get("thrombosis_class")
    if clot in ("venous", "arterial"):
        return str(clot)
    if row["kind"] == "bleeding" or row.get("isth_bleeding__present") or row["code_class"] == "bleeding":
        return "bleeding"
    if row["kind"] in ("venous", "arterial"):
        return str(row["kind"])
    return ""


def _event(material: Material, row: dict[str, Any], kind: str, around: dict[Any, dict[str, str]]) -> Event:
    key = (row["patient_id"], row["infusion_number"])
    severity = _ISTH.get(row.get("isth_bleeding") or 0, "not graded") if kind == "bleeding" else ""
    return Event(
        material.label(row),
        key,
        int(row["day"]),
        kind,
        _what(row, kind),
        severity,
        _scales(row, kind),
        around.get((*key, row["event_id"]), {}),
    )


def _what(row: dict[str, Any], kind: str) -> str:
    known = class_names().get((kind, row["code_subclass"] or ""))
    parts = [lowered(known.title) if known else site_words(row["site"] or "")]
    parts += [printed(str(row[name])) for name in ("vessel", "side") if row.get(name)]
    return ", ".join(parts)


def site_words(name: str) -> str:
    """A site in the middle of a sentence, by its title where it is one of carac's."""
    known = site_of(name)
    return lowered(known.title) if known else printed(name) or "site not recorded"


def _scales(row: dict[str, Any], kind: str) -> str:
    """Every grade of an event in words; what cannot be graded says so."""
    if kind == "bleeding":
        return f"ISTH {_graded(row, 'isth_bleeding', _ISTH)}; WHO {_graded(row, 'who_bleeding', {})}"
    category = row.get("thrombosis_category")
    parts = [str(category).replace("_", " ") if category else "category not settled"]
    flags = ("catheter_related", "incidental", "subsegmental", "septic", "recurrent", "superficial")
    parts += [flag.replace("_", "-") for flag in flags if row.get(f"thrombosis_class__{flag}")]
    return "; ".join(parts)


def _graded(row: dict[str, Any], name: str, words: dict[int, str]) -> str:
    grade, low, high = row.get(name), row.get(f"{name}__lowest"), row.get(f"{name}__highest")
    if grade is not None:
        return words.get(int(grade), f"grade {grade}")
    if low is not None and high is not None:
        return f"{words.get(int(low), low)} to {words.get(int(high), high)}"
    return "cannot be graded"


def _around(material: Material) -> dict[Any, dict[str, str]]:
    """Per event: the worst of the day of onset and the days beside it."""
    days = {name: material.definition(name) is not None for name in ("astct_crs", "astct_icans")}
    exposed = {row["column_name"] for row in _exposures(material)}
    anticoagulant = "max(CASE WHEN d.anticoagulant THEN 1 WHEN NOT d.anticoagulant THEN 0 END)"
    crs, icans = (f"max(d.{name})" if days[name] else "NULL" for name in ("astct_crs", "astct_icans"))
    near = f"BETWEEN e.day - {AROUND} AND e.day + {AROUND}"
    keys = "e.patient_id, e.infusion_number, e.event_id"
    sql = f"""
        WITH grades AS (SELECT {keys}, {crs} AS crs, {icans} AS icans,
            {anticoagulant if "anticoagulant" in exposed else "NULL"} AS anticoagulant FROM events AS e JOIN
            report_days AS d ON d.patient_id = e.patient_id AND d.infusion_number = e.infusion_number AND d.day {near}
            GROUP BY 1, 2, 3),
        results AS (SELECT {keys}, min(CASE WHEN v.analyte = 'platelets' THEN v.value END) AS platelets,
            min(CASE WHEN v.analyte = 'fibrinogen' THEN v.value END) AS fibrinogen FROM events AS e JOIN
            report_values AS v ON v.patient_id = e.patient_id AND v.infusion_number = e.infusion_number AND v.day {near}
            GROUP BY 1, 2, 3)
        SELECT grades.*, results.platelets, results.fibrinogen FROM grades LEFT JOIN results
            USING (patient_id, infusion_number, event_id)"""
    return {
        (row["patient_id"], row["infusion_number"], row["event_id"]): _surroundings(row) for row in material.rows(sql)
    }


def _exposures(material: Material) -> list[dict[str, Any]]:
    names = material.engine.fetch("SELECT * FROM report_days LIMIT 0").column_names
    return [{"column_name": name} for name in names]


def _surroundings(row: dict[str, Any]) -> dict[str, str]:
    anticoagulant = {1: "yes", 0: "no", None: "–"}[row["anticoagulant"]]
    return {
        "CRS": _or_dash(row["crs"]),
        "ICANS": _or_dash(row["icans"]),
        "Platelets": _or_dash(row["platelets"]),
        "Fibrinogen": _or_dash(row["fibrinogen"]),
        "Anticoagulant": anticoagulant,
    }


def _or_dash(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"
