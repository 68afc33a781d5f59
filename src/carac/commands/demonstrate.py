"""demo: a synthetic cohort made, graded and counted, one patient-day of the teaching cohort, and a report."""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from carac import api
from carac.analysis.toxicities import ALL, TOXICITIES, Count, Row, toxicity_rows
from carac.cohort.cohort import Cohort
from carac.commands import showing
from carac.findings import CaracError
from carac.progress import Progress
from carac.report.make import make_report
from carac.report.write import page_of

PATIENTS = 500
SEED = 1
PROCESSES = 2


def teaching_cases() -> dict[str, dict[str, str]]:
    """The cases of the teaching cohort by patient: title, what it teaches, the day worth reading."""
    text = (files("carac") / "examples" / "teaching_cohort" / "cases.csv").read_text(encoding="utf-8")
    return {row["patient_id"]: row for row in csv.DictReader(text.splitlines())}


def run(patient: str, day: int | None, output: Path, full: bool = False, patients: int = PATIENTS) -> None:
    """Make and grade a cohort, print the table of toxicities and one explanation, and write the report of the cohort.

    Parameters
    ----------
    patient: the teaching case that is explained.
    day: of it; None takes the day worth reading.
    output: folder for the records of the cohort and its report.
    full: the long form of the explanation.
    patients: how many synthetic ones are made.
    """
    cases = teaching_cases()
    if patient not in cases:
        raise CaracError(f"There is no teaching case {patient!r}; there are {', '.join(cases)}.")
    out = showing.console()
    records = output / "records"
    showing.say(f"Making, grading and counting {patients} synthetic patients; this takes a minute or more.")
    with showing.progress_shown() as progress:
        cohort = synthetic_cohort(records, patients, progress)
        synthetic = api.grade(cohort, progress=progress)
        rows = toxicity_rows(synthetic)
    show_toxicities(out, rows, patients)
    out.print()
    showing.say("Grading the teaching cases, to explain one of them.")
    with showing.progress_shown() as progress:
        graded = api.grade(api.demo_cohort(), progress=progress)
        chosen = int(cases[patient]["day_worth_reading"]) if day is None else day
        explanation = api.explain(graded, patient, chosen)
    out.print(Text(f"One day of one of {len(cases)} teaching cases (synthetic)", style="bold"))
    showing.show_explanation(explanation, full)
    out.print()
    out.print(Text(f"What the case teaches: {cases[patient]['teaches']}", style="italic"))
    out.print(Text(f"Others: carac demo -p {', '.join(name for name in cases if name != patient)}", style="dim"))
    out.print()
    showing.say("Writing the report of the synthetic patients; this takes a minute or more.")
    with showing.progress_shown() as progress:
        report = output / "report"
        document = make_report(synthetic, report, None, cohort.files, records, progress, {"command": "demo"})
    out.print(Text.assemble(("The report of the synthetic patients: ", "bold"), str(page_of(document, report))))
    out.print(Text(f"Their records, to try other commands on: {records}", style="dim"))
    out.print(Text("Synthetic data. carac supports research and decisions; it is not a medical device.", style="dim"))


def show_toxicities(out: Console, rows: list[Row], patients: int = PATIENTS) -> None:
    """The table of toxicities, with what its columns mean."""
    out.print(Text(f"{patients} synthetic patients (seed {SEED}), % with each toxicity by day 100", style="bold"))
    out.print(toxicity_table(rows))
    for line in (
        "[n]: % of so many, where not of all: an exact grade on at least one day; other days pass for days without it.",
        "The report leaves such days open, and carac analyse takes all infusions at risk, so that their shares differ.",
        "T-ICAHT: as in its authors' code; as printed, most courses have only a range.",
        "Fibrinogen: CTCAE 5.0, by its lower limit. ICANS is no neurological event by CTCAE.",
        "ISTH DIC: the score reached 5 points, which a suppressed marrow and tocilizumab do without consumption.",
        "Bleeding: ISTH clinically relevant or major. Thrombosis: venous or arterial.",
    ):
        out.print(Text(line, style="dim"))


def synthetic_cohort(folder: Path, patients: int = PATIENTS, progress: Progress | None = None) -> Cohort:
    """The cohort of the demo: its records are written into a folder, and read."""
    api.synthesize(folder, patients, SEED, processes=PROCESSES, progress=progress)
    return api.read(folder, progress=progress)


def toxicity_table(rows: list[Row]) -> Table:
    """The table of toxicities, a line per product."""
    shown = Table(box=None, padding=(0, 1), header_style="dim", show_edge=False)
    shown.add_column("")
    shown.add_column("patients", justify="right")
    for toxicity in TOXICITIES:
        shown.add_column(toxicity.title, justify="right")
    for row in rows:
        cells = [_cell(count, row.patients) for count in row.counts]
        shown.add_row(row.product, str(row.patients), *cells, style="bold" if row.product == ALL else "")
    return shown


def _cell(count: Count, patients: int) -> Text:
    """A percentage, with the number who could be graded where that is not everybody."""
    text = Text(f"{100 * count.had / count.graded:.0f}" if count.graded else "–")
    return text if count.graded == patients else text.append(f" [{count.graded}]", style="dim")
