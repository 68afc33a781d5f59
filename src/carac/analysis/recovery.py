"""How well grading recovers the true state of a synthetic record: sensitivity, false calls, and where they come from.

The truth is joined to the graded patient-days; nothing of it was seen in grading. A score is compared on days on which
it is known, a patient over the first month after the infusion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from carac.engine.duckdb_engine import DuckDB
from carac.findings import CaracError
from carac.grading.run import Graded
from carac.synthetic.truth import FILES, FOLDER

#: The printed scores of overt DIC that are compared, with the scheme of D-dimer that each takes.
SCORES: Mapping[str, str] = {
    "isth_overt_dic_2025": "ISTH 2025: D-dimer above 3 and 7 x ULN",
    "isth_overt_dic_2001_5xuln": "ISTH 2001: D-dimer above ULN and from 5 x ULN",
    "isth_overt_dic_2001_10xuln": "ISTH 2001: D-dimer above ULN and from 10 x ULN",
    "isth_overt_dic_2001_2x4x": "ISTH 2001: D-dimer from 2 and above 4 x ULN",
    "isth_overt_dic_2001_fdp": "ISTH 2001: FDP from 10 and 25 ug/mL",
    "isth_overt_dic_2001_absolute": "ISTH 2001: D-dimer from 1 and 4 mg/L FEU",
}
#: Days after infusion that are compared.
FIRST_DAY, LAST_DAY = 0, 30
#: A patient-day on which marrow and tocilizumab alone would score: platelets that earn two points of ISTH, fibrinogen
#: that most centres replace or think of replacing, under at least half of the full effect of tocilizumab.
LOW_PLATELETS, LOW_FIBRINOGEN, HALF_EFFECT = 50.0, 1.5, 0.5


@dataclass(frozen=True)
class Calls:
    """What a printed score says against true DIC.

    Parameters
    ----------
    score: name of the definition.
    days_true, days_found: days with true DIC on which the score is known, and those it calls overt.
    days_other, days_false: days without true DIC on which it is known, and those it calls overt.
    patients_true, patients_found: patients with true DIC in the first month, and those called overt on any day of it.
    patients_other, patients_false: patients without, and those called overt all the same.
    mimic_patients, mimic_false: of the latter two those with platelets low by marrow and fibrinogen low by tocilizumab.
    """

    score: str
    days_true: int
    days_found: int
    days_other: int
    days_false: int
    patients_true: int
    patients_found: int
    patients_other: int
    patients_false: int
    mimic_patients: int
    mimic_false: int

    @property
    def sensitivity(self) -> float:
        """Share of patients with true DIC whom the score calls, in per cent."""
        return percent(self.patients_found, self.patients_true)

    @property
    def false_calls(self) -> float:
        """Share of patients without true DIC whom the score calls, in per cent."""
        return percent(self.patients_false, self.patients_other)

    @property
    def wrong_among_called(self) -> float:
        """Share of called patients who have no true DIC, in per cent."""
        return percent(self.patients_false, self.patients_false + self.patients_found)

    @property
    def mimic_calls(self) -> float:
        """Share called among those whose platelets are low by marrow and fibrinogen by tocilizumab, in per cent."""
        return percent(self.mimic_false, self.mimic_patients)


def percent(part: float, whole: float) -> float:
    """A share in per cent; NaN of nothing."""
    return 100.0 * part / whole if whole else float("nan")


def has_truth(folder: Path) -> bool:
    """Whether the truth of each day stands beside a record, as Parquet."""
    return (folder / FOLDER / f"{FILES['days']}.parquet").exists()


def join_truth(graded: Graded, folder: Path) -> None:
    """Make the table `truth_days` in the session of a graded record, from the truth beside that record.

    Parameters
    ----------
    graded: the record, graded in DuckDB.
    folder: of the record.

    Raises
    ------
    CaracError: there is no truth as Parquet beside the record.
    """
    file = folder / FOLDER / f"{FILES['days']}.parquet"
    if not isinstance(graded.engine, DuckDB) or not has_truth(folder):
        raise CaracError(f"{folder} has no truth as Parquet; write it with `carac synthesize --format parquet`.")
    graded.engine.read_parquet("truth_days", file)


_MARROW_AND_TOCILIZUMAB = f"""
    true_platelets < {LOW_PLATELETS} AND true_fibrinogen < {LOW_FIBRINOGEN} AND tocilizumab_effect >= {HALF_EFFECT}
"""


def calls(graded: Graded, score: str) -> Calls:
    """Compare a printed score with true DIC; `join_truth` comes first.

    A patient counts among those with platelets low by marrow and fibrinogen low by tocilizumab who on a day of the
    first month had both, and in that month neither true DIC nor IEC-HS, sepsis or another liver injury.
    """
    by_patient = f"""
        SELECT patient_id,
            count(*) FILTER (WHERE true_dic AND {score}__overt IS NOT NULL) AS days_true,
            count(*) FILTER (WHERE true_dic AND {score}__overt) AS days_found,
            count(*) FILTER (WHERE NOT true_dic AND {score}__overt IS NOT NULL) AS days_other,
            count(*) FILTER (WHERE NOT true_dic AND {score}__overt) AS days_false,
            bool_or(true_dic) AS has_dic, coalesce(bool_or({score}__overt), false) AS called,
            bool_or({_MARROW_AND_TOCILIZUMAB}) AND NOT bool_or(true_dic OR iec_hs OR sepsis OR hepatic_injury > 0.1)
                AS mimics
        FROM patient_days_full JOIN truth_days USING (patient_id, day)
        WHERE day BETWEEN {FIRST_DAY} AND {LAST_DAY} GROUP BY patient_id
    """
    sums = ", ".join(f"sum({name})" for name in ("days_true", "days_found", "days_other", "days_false"))
    counted = graded.engine.fetch(
        f"""
        SELECT {sums}, count(*) FILTER (WHERE has_dic), count(*) FILTER (WHERE has_dic AND called),
            count(*) FILTER (WHERE NOT has_dic), count(*) FILTER (WHERE NOT has_dic AND called),
            count(*) FILTER (WHERE mimics), count(*) FILTER (WHERE mimics AND called)
        FROM ({by_patient})
        """
    )
    return Calls(score, *(int(column[0].as_py() or 0) for column in counted.columns))


@dataclass(frozen=True)
class Agreement:
    """A computed grade against the grade of the mechanism, highest of the first month per patient.

    Parameters
    ----------
    definition: name.
    table: patients by true grade (rows 0 to 4) and computed grade (columns 0 to 4).
    """

    definition: str
    table: npt.NDArray[np.int64]

    @property
    def exact(self) -> float:
        """Share of patients with the same grade, in per cent."""
        return percent(float(np.trace(self.table)), float(self.table.sum()))

    def sensitivity(self, grade: int) -> float:
        """Share graded so or higher among those who truly are, in per cent."""
        return percent(float(self.table[grade:, grade:].sum()), float(self.table[grade:].sum()))

    def false_calls(self, grade: int) -> float:
        """Share graded so or higher among those who truly are not, in per cent."""
        return percent(float(self.table[:grade, grade:].sum()), float(self.table[:grade].sum()))


def agreement(graded: Graded, definition: str, state: str) -> Agreement:
    """Compare a graded syndrome with the state of the mechanism; `join_truth` comes first.

    Parameters
    ----------
    graded: the record.
    definition: ``astct_crs`` or ``astct_icans``.
    state: column of the truth with grades 0 to 4.
    """
    rows = graded.engine.fetch(
        f"""
        SELECT truly, least(found, 4) AS found, count(*) AS patients FROM (
            SELECT max({state}) AS truly, coalesce(max(coalesce({definition}, {definition}__lowest)), 0) AS found
            FROM patient_days_full JOIN truth_days USING (patient_id, day)
            WHERE day BETWEEN {FIRST_DAY} AND {LAST_DAY} GROUP BY patient_id
        ) GROUP BY ALL
        """
    ).to_pylist()
    table = np.zeros((5, 5), dtype=np.int64)
    for row in rows:
        table[int(row["truly"]), int(row["found"])] += int(row["patients"])
    return Agreement(definition, table)
