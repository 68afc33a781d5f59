"""Write the teaching cohort that ships with carac: SYNTHETIC, invented courses, no patient's data.

    python tools/make_teaching_cohort.py [FOLDER]

Rewrites the eight CSV files of src/carac/examples/teaching_cohort, or of FOLDER. The same files every time.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from teaching_cohort import cases_of_counts, cases_of_events, cases_of_inflammation
from teaching_cohort.course import CENTRE, Case, all_treatments, assessment_rows, lab_rows

SHIPPED = Path(__file__).resolve().parents[1] / "src" / "carac" / "examples" / "teaching_cohort"

HEADERS: dict[str, str] = {
    "cases": "patient_id,title,teaches,day_worth_reading,explained_by",
    "infusions": "patient_id,infusion_number,infusion_time,product,target,disease,centre,age,sex,weight,height,"
    "lymphodepletion_start,observation_start,follow_up_end,death,cause_of_death,progression,next_therapy",
    "labs": "patient_id,time,analyte,value,unit,lower_limit,upper_limit,normal_mean,method,fasting,status",
    "assessments": "patient_id,time,item,value,unit",
    "treatments": "patient_id,start,end,agent,dose,unit,route,intent,indication,event_id,beyond_routine",
    "events": "event_id,patient_id,onset,end,kind,site,vessel,side,certainty,code,code_system,code_position,"
    "present_on_admission,encounter",
    "event_features": "event_id,feature,value",
    "periods": "patient_id,start,end,kind,text",
}

Row = Sequence[object]


def cases() -> list[Case]:
    """All cases, by patient."""
    modules = (cases_of_counts, cases_of_events, cases_of_inflammation)
    return sorted((case for module in modules for case in module.CASES), key=lambda case: case.patient_id)


def infusion_row(case: Case) -> Row:
    """The infusion of a case: one each, at 11:00 of day 0."""
    return (
        case.patient_id, 1, case.at(0, "11:00"), case.product, case.target, case.disease, CENTRE,
        case.age, case.sex, case.weight, case.height,
        case.at(-5, "10:00"), case.date(-7), case.date(case.last_day),
        case.date(case.death_day), case.cause_of_death,
        case.date(case.progression_day), case.date(case.next_therapy_day),
    )  # fmt: skip


def treatment_rows(case: Case) -> Iterable[Row]:
    """Treatments in order of their start."""
    for given in sorted(all_treatments(case), key=lambda given: (given.start, given.agent)):
        end = given.end or given.start
        yield (
            case.patient_id, case.at(*given.start), case.at(*end), given.agent, given.dose, given.unit, given.route,
            given.intent, given.indication, given.event_id, given.beyond_routine,
        )  # fmt: skip


def event_rows(case: Case) -> Iterable[Row]:
    """Events; all are confirmed and began after admission."""
    for event in case.events:
        yield (
            event.event_id, case.patient_id, case.at(*event.onset), case.date(event.end_day), event.kind, event.site,
            event.vessel, event.side, "confirmed", event.code, event.code_system, "", "no", "",
        )  # fmt: skip


def period_rows(case: Case) -> Iterable[Row]:
    """Where the patient was, the central line, and long-term conditions."""
    stays = ((-6, case.last_ward_day), *case.readmissions)
    for first, last in stays:
        if case.intensive_care and first <= case.intensive_care[0] <= last:
            begin, end = case.intensive_care
            places = [(first, begin - 1, "ward"), (begin, end, "intensive_care"), (end + 1, last, "ward")]
        else:
            places = [(first, last, "ward")]
        for since, until, kind in places:
            yield case.patient_id, case.date(since), case.date(until), kind, ""
    starts_again = [first for first, _ in case.readmissions] + [case.last_day + 1]
    for (_, discharge), again in zip(stays, starts_again, strict=True):
        if discharge + 1 < again:
            yield case.patient_id, case.date(discharge + 1), case.date(again - 1), "outpatient", ""
    for start, last_day, kind, text in case.periods:
        yield case.patient_id, case.date(start), case.date(last_day), kind, text


def tables(of: Sequence[Case]) -> dict[str, list[Row]]:
    """Every table as rows, in the order of HEADERS' columns."""
    rows: dict[str, list[Row]] = {name: [] for name in HEADERS}
    for case in of:
        patient = case.patient_id
        rows["cases"].append(
            (patient, f"{case.title} (synthetic)", case.teaches, case.day_worth_reading, case.explained_by)
        )
        rows["infusions"].append(infusion_row(case))
        rows["labs"] += [(patient, *row) for row in sorted(lab_rows(case), key=lambda row: row.time)]
        rows["assessments"] += [(patient, *row) for row in sorted(assessment_rows(case), key=lambda row: row[0])]
        rows["treatments"] += treatment_rows(case)
        rows["events"] += event_rows(case)
        rows["event_features"] += [(e.event_id, name, value) for e in case.events for name, value in e.features.items()]
        rows["periods"] += period_rows(case)
    return rows


def write(folder: Path, made: dict[str, list[Row]], headers: dict[str, str]) -> None:
    """Write every table into `folder` as CSV, replacing what is there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in made.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(headers[name].split(","))
            writer.writerows(rows)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else SHIPPED, tables(cases()), HEADERS)
