"""How well the sorting, and DIC scores printed and adjusted, find the true DIC of a synthetic record.

The truth is joined to the graded days (`recovery.join_truth`); nothing of it was seen in grading. Days 0 to 30; a
reading is compared on days on which it is known, an infusion by any day of the month.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from carac.analysis.recovery import FIRST_DAY, LAST_DAY, percent
from carac.definitions.proposals.sorting.patient import NAME as PATIENT
from carac.definitions.proposals.sorting.places import LABORATORY_DIC
from carac.definitions.proposals.sorting.places import NAME as PLACE
from carac.grading.run import Graded

#: What is graded for the comparison, with what it uses.
DEFINITIONS = (PATIENT, "dic_agreement_proposal", "jsth_adjusted_proposal", "dic_and_death_proposal")
#: Each reading by its name on the page: true, false or null of a day.
READINGS: Mapping[str, str] = {
    "ISTH 2025, printed": "isth_overt_dic_2025__overt",
    "ISTH 2025, adjusted": "isth_2025_adjusted_proposal__overt",
    "ISTH 2001 (10 x ULN), printed": "isth_overt_dic_2001_10xuln__overt",
    "ISTH 2001 (10 x ULN), adjusted": "isth_2001_adjusted_proposal__overt",
    "CDSS (malignant), printed": "cdss_malignant__dic",
    "CDSS (malignant), adjusted": "cdss_adjusted_proposal__dic",
    "JSTH (haematopoietic), printed": "jsth_dic_haematopoietic__dic",
    "JSTH (haematopoietic), adjusted": "jsth_adjusted_proposal__dic",
    "Sorting, place 4 or 5": f"CASE WHEN {PLACE}__lowest >= {LABORATORY_DIC} THEN TRUE"
    f" WHEN {PLACE}__highest < {LABORATORY_DIC} THEN FALSE END",
    "Sorting, DIC supported": f"CASE WHEN {PLACE}__dic_reading = 'supported' THEN TRUE"
    f" WHEN {PLACE}__dic_reading = 'explained' OR {PLACE}__highest < {LABORATORY_DIC} THEN FALSE END",
    "Sorting, DIC while consumption moves": f"{PLACE}__dic_like",
}
#: True states of a patient-day, the worst first.
STATES: Mapping[str, str] = {
    "true DIC": "true_dic",
    "IEC-HS, no DIC": "iec_hs",
    "sepsis, no DIC": "sepsis",
    "CRS, no DIC": "crs >= 1",
    "none of them": "TRUE",
}


@dataclass(frozen=True)
class Confusion:
    """A reading against the truth.

    Parameters
    ----------
    found, missed: with the state, called and not called.
    false, right: without the state, called and not called.
    """

    found: int
    missed: int
    false: int
    right: int

    @property
    def sensitivity(self) -> float:
        """Share called of those with the state, in per cent; NaN of nobody."""
        return percent(self.found, self.found + self.missed)

    @property
    def false_calls(self) -> float:
        """Share called of those without, in per cent; NaN of nobody."""
        return percent(self.false, self.false + self.right)

    @property
    def wrong_among_called(self) -> float:
        """Share of the called who do not have the state, in per cent; NaN of nobody."""
        return percent(self.false, self.false + self.found)

    @property
    def kappa(self) -> float:
        """Cohen's kappa; NaN where all are alike, so that agreement by chance is complete."""
        total = self.found + self.missed + self.false + self.right
        if not total:
            return float("nan")
        called, true = self.found + self.false, self.found + self.missed
        chance = (called * true + (total - called) * (total - true)) / total**2
        observed = (self.found + self.right) / total
        return (observed - chance) / (1 - chance) if chance < 1 else float("nan")


def confusion(graded: Graded, reading: str, by_patient: bool) -> Confusion:
    """Days on which the reading is known, or patients by any day of the month (an unknown day calls nobody)."""
    rows = f"""
        SELECT patient_id, true_dic AS truly, {reading} AS called
        FROM patient_days_full JOIN truth_days USING (patient_id, day) WHERE day BETWEEN {FIRST_DAY} AND {LAST_DAY}
    """
    if by_patient:
        rows = (
            f"SELECT bool_or(truly) AS truly, coalesce(bool_or(called), FALSE) AS called FROM ({rows})"
            " GROUP BY patient_id"
        )
    counted = graded.engine.fetch(
        f"""
        SELECT count(*) FILTER (WHERE truly AND called), count(*) FILTER (WHERE truly AND NOT called),
            count(*) FILTER (WHERE NOT truly AND called), count(*) FILTER (WHERE NOT truly AND NOT called) FROM ({rows})
        """
    )
    return Confusion(*(int(column[0].as_py() or 0) for column in counted.columns))


def states_by_place(graded: Graded) -> dict[str, dict[str, int]]:
    """Patient-days by true state and place of the sorting; ``range`` where the place is open."""
    state = "CASE " + " ".join(f"WHEN {where} THEN '{name}'" for name, where in STATES.items()) + " END"
    rows = graded.engine.fetch(
        f"""
        SELECT {state} AS state, coalesce({PLACE}__word, 'range') AS place, count(*) AS n
        FROM patient_days_full JOIN truth_days USING (patient_id, day)
        WHERE day BETWEEN {FIRST_DAY} AND {LAST_DAY} AND {PLACE}__lowest IS NOT NULL GROUP BY ALL
        """
    ).to_pylist()
    found: dict[str, dict[str, int]] = {name: {} for name in STATES}
    for row in rows:
        found[row["state"]][row["place"]] = int(row["n"])
    return found


def against_the_truth(graded: Graded) -> dict[str, Any]:
    """All counts of the page, as plain numbers."""
    return {
        "days": {name: asdict(confusion(graded, reading, False)) for name, reading in READINGS.items()},
        "patients": {name: asdict(confusion(graded, reading, True)) for name, reading in READINGS.items()},
        "states by place": states_by_place(graded),
    }
