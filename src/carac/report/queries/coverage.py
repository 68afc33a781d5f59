"""Who was tested and who was not: by analyte and day, and by how severe the CRS of that day was."""

from __future__ import annotations

from dataclasses import dataclass

from carac.report.material import Material

#: The analytes of the coverage figure, from blood count to inflammation.
SHEET = (
    *("platelets", "neutrophils", "haemoglobin", "fibrinogen", "d_dimer", "inr", "aptt", "prothrombin_time"),
    *("lactate_dehydrogenase", "creatinine", "c_reactive_protein", "ferritin", "interleukin_6"),
)


@dataclass(frozen=True)
class Tested:
    """Of one analyte on one day, or in one class of severity: patient-days observed, and tested among them."""

    analyte: str
    key: int
    tested: int
    observed: int

    @property
    def share(self) -> float | None:
        """Share tested; None where nobody was observed."""
        return self.tested / self.observed if self.observed else None


#: A day on which a patient was alive and, as far as is recorded, followed.
_OBSERVED = (
    "SELECT d.patient_id, d.infusion_number, d.day FROM report_days AS d JOIN report_infusions AS i"
    " ON i.patient_id = d.patient_id AND i.infusion_number = d.infusion_number"
    " WHERE (i.last_seen_day IS NULL OR d.day <= i.last_seen_day)"
)


#: A day that is not graded is a class of its own; `least` would pass over its null and take the 3.
_GRADE = "CASE WHEN d.astct_crs IS NULL THEN -1 WHEN d.astct_crs > 3 THEN 3 ELSE d.astct_crs END"


def observed_by_day(material: Material) -> dict[int, int]:
    """Infusions observed on each day of the window."""
    options = material.options
    sql = (
        f"SELECT day, count(*) AS count FROM ({_OBSERVED}) AS observed"
        f" WHERE day BETWEEN {options.first_day} AND {options.last_day} GROUP BY day"
    )
    return {int(row["day"]): int(row["count"]) for row in material.rows(sql)}


def by_day(material: Material) -> list[Tested]:
    """Tested among those observed, by analyte of the sheet and day of the window."""
    options = material.options
    observed = observed_by_day(material)
    names = ", ".join(f"'{name}'" for name in SHEET)
    sql = (
        "SELECT analyte, day, count(*) AS count FROM report_values"
        f" JOIN ({_OBSERVED}) AS observed USING (patient_id, infusion_number, day)"
        f" WHERE analyte IN ({names}) AND day BETWEEN {options.first_day} AND {options.last_day} GROUP BY analyte, day"
    )
    tested = {(row["analyte"], int(row["day"])): int(row["count"]) for row in material.rows(sql)}
    return [
        Tested(analyte, day, tested.get((analyte, day), 0), observed[day])
        for analyte in SHEET
        for day in sorted(observed)
    ]


def by_severity(material: Material, last_day: int = 14) -> list[Tested]:
    """Tested among those observed on days 0 to `last_day`, by the CRS grade of that day (3 to 5 as 3; -1: not graded).

    Where testing grows with severity, what is measured is no sample of all.
    """
    if material.definition("astct_crs") is None:
        return []
    names = ", ".join(f"'{name}'" for name in SHEET)
    days = (
        f"SELECT o.patient_id, o.infusion_number, o.day, {_GRADE} AS grade"
        f" FROM ({_OBSERVED} AND d.day BETWEEN 0 AND {last_day}) AS o JOIN report_days AS d"
        " ON d.patient_id = o.patient_id AND d.infusion_number = o.infusion_number AND d.day = o.day"
    )
    observed = {
        int(r["grade"]): int(r["count"])
        for r in material.rows(f"SELECT grade, count(*) AS count FROM ({days}) AS days GROUP BY grade")
    }
    sql = (
        f"SELECT analyte, grade, count(*) AS count FROM ({days}) AS days JOIN report_values"
        f" USING (patient_id, infusion_number, day) WHERE analyte IN ({names}) GROUP BY analyte, grade"
    )
    tested = {(row["analyte"], int(row["grade"])): int(row["count"]) for row in material.rows(sql)}
    return [
        Tested(analyte, grade, tested.get((analyte, grade), 0), observed[grade])
        for analyte in SHEET
        for grade in sorted(observed)
    ]
