"""How long the patients were followed, how follow-up ended, and who drops out on the way to what is reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from carac.report.material import Material


@dataclass(frozen=True)
class FlowStep:
    """One step of the flow: how many infusions stand there, in words, and why the others do not."""

    name: str
    count: int
    leaving: tuple[tuple[str, int], ...] = ()


def flow(material: Material) -> list[FlowStep]:
    """From the infusions of the record to those with results, and to those followed to day 28."""
    rows = material.infusions
    tested = {
        (row["patient_id"], row["infusion_number"])
        for row in material.rows(
            "SELECT DISTINCT patient_id, infusion_number FROM report_values_measured"
            f" WHERE day BETWEEN 0 AND {material.options.worst_until}"
        )
    }
    with_results = [row for row in rows if (row["patient_id"], row["infusion_number"]) in tested]
    followed = [row for row in with_results if row["last_seen_day"] is not None and row["last_seen_day"] >= LANDMARK]
    died = sum(_ended(row, "death_day") for row in with_results)
    ended = sum(_ended(row, "follow_up_end_day") and not _ended(row, "death_day") for row in with_results)
    unknown = sum(row["last_seen_day"] is None for row in with_results)
    set_aside = sum(f.count for f in material.graded.findings if f.table == "infusions" and f.kind in _REFUSED)
    until = material.options.worst_until
    return [
        FlowStep("Infusions in the record", len(rows) + set_aside, (("row could not be read", set_aside),)),
        FlowStep(
            "Infusions graded", len(rows), ((f"no laboratory result on days 0 to {until}", len(rows) - len(tested)),)
        ),
        FlowStep(
            "With laboratory results",
            len(with_results),
            (
                (f"died before day {LANDMARK}", died),
                (f"follow-up ended before day {LANDMARK}", ended),
                ("end of follow-up not recorded", unknown),
            ),
        ),
        FlowStep(f"Known to be followed to day {LANDMARK}", len(followed)),
    ]


#: The day to which a course is commonly followed before it is called complete.
LANDMARK = 28
#: Findings that set an infusion aside.
_REFUSED = frozenset({"missing_patient", "missing_time", "unreadable_time", "unknown_word"})


def _ended(row: dict[str, object], column: str) -> bool:
    day = row[column]
    return day is not None and int(str(day)) < LANDMARK


def observed(material: Material, days: Sequence[int]) -> list[tuple[int, int, int]]:
    """Per day: infusions known to be observed, and those of which the end of follow-up is not recorded."""
    rows = material.infusions
    unknown = sum(row["last_seen_day"] is None for row in rows)
    return [(day, sum((row["last_seen_day"] or -999) >= day for row in rows), unknown) for day in days]
