"""demo: the teaching cohort, graded, as a table; and the explanation of one patient-day."""

from __future__ import annotations

import csv
from importlib.resources import files
from typing import Any

from rich.table import Table
from rich.text import Text

from carac import api
from carac.commands import showing
from carac.findings import CaracError
from carac.grading.run import Graded

_COLUMNS = (
    ("astct_crs", "CRS"),
    ("astct_icans", "ICANS"),
    ("ctcae_v5_platelets", "platelets"),
    ("ctcae_v5_fibrinogen", "fibrinogen"),
    ("isth_overt_dic_2025", "ISTH DIC"),
)
_COURSE = (("icaht_early_as_in_authors_code", "ICAHT"), ("t_icaht_early_as_in_authors_code", "T-ICAHT"))


def teaching_cases() -> dict[str, dict[str, str]]:
    """The cases of the teaching cohort by patient: title, what it teaches, the day worth reading."""
    text = (files("carac") / "examples" / "teaching_cohort" / "cases.csv").read_text(encoding="utf-8")
    return {row["patient_id"]: row for row in csv.DictReader(text.splitlines())}


def run(patient: str, day: int | None, full: bool = False) -> None:
    """Grade the teaching cohort, print the table and one explanation."""
    cases = teaching_cases()
    if patient not in cases:
        raise CaracError(f"There is no teaching case {patient!r}; there are {', '.join(cases)}.")
    with showing.progress_shown() as progress:
        graded = api.grade(api.demo_cohort(), progress=progress)
        chosen = int(cases[patient]["day_worth_reading"]) if day is None else day
        explanation = api.explain(graded, patient, chosen)
    out = showing.console()
    out.print(Text("The teaching cohort: synthetic courses, worst grade of each", style="bold"))
    out.print(_table(graded, cases))
    out.print()
    showing.show_explanation(explanation, full)
    out.print()
    out.print(Text(f"What the case teaches: {cases[patient]['teaches']}", style="italic"))
    out.print(Text(f"Others: carac demo -p {', '.join(name for name in cases if name != patient)}", style="dim"))
    out.print(Text("Synthetic data. carac supports research and decisions; it is not a medical device.", style="dim"))


def _table(graded: Graded, cases: dict[str, dict[str, str]]) -> Table:
    days = graded.patient_days.to_pylist()
    infusions = {row["patient_id"]: row for row in graded.infusions.to_pylist()}
    bleeds = graded.events.to_pylist()
    shown = Table(box=None, padding=(0, 1), header_style="dim", show_edge=False)
    shown.add_column("")
    shown.add_column("case")
    for _, title in (*_COLUMNS, *_COURSE):
        shown.add_column(title, justify="center")
    shown.add_column("bleeding, thrombosis")
    for patient, case in cases.items():
        own = [row for row in days if row["patient_id"] == patient and row["day"] >= 0]
        cells = [_worst(own, name) for name, _ in _COLUMNS]
        cells += [_of_infusion(infusions[patient], name) for name, _ in _COURSE]
        title = case["title"].removesuffix(" (synthetic)")
        shown.add_row(patient, title, *cells, _events([row for row in bleeds if row["patient_id"] == patient]))
    return shown


def _worst(rows: list[dict[str, Any]], name: str) -> Text:
    grades = [(row[name], row["day"]) for row in rows if row.get(name) is not None]
    if not grades:
        return Text("·", style="dim")
    worst, day = max(grades, key=lambda pair: (pair[0], -pair[1]))
    text = showing.grade_cell(min(int(worst), 9)) if name != "isth_overt_dic_2025" else _score(int(worst))
    return text.append(f" d{day}", style="dim") if worst else text


def _score(points: int) -> Text:
    return Text(str(points), style="bold red" if points >= 5 else "default")


def _of_infusion(row: dict[str, Any], name: str) -> Text:
    return showing.grade_cell(row.get(name), row.get(f"{name}__lowest"), row.get(f"{name}__highest"))


def _events(rows: list[dict[str, Any]]) -> Text:
    words = []
    for row in rows:
        grade = {1: "minor", 2: "relevant", 3: "major"}.get(row.get("isth_bleeding") or 0)
        where = str(row["site"] or row["kind"]).replace("_", " ")
        if grade:
            words.append(f"{where} {grade} d{row['day']}")
        elif row.get("thrombosis_class") in ("venous", "arterial"):
            words.append(f"{where} d{row['day']}")
    return Text("; ".join(words))
