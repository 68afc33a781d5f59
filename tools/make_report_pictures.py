"""Render every figure of the report as it looks with few, many, and odd patients, so that it can be looked at.

    python tools/make_report_pictures.py OUT [--cohort FOLDER …]

Writes PNG files into a folder of OUT per case: the teaching cohort (SYNTHETIC), three of its patients, one patient,
no event, an analyte that was never measured; and each cohort named, such as synthetic ones of 300 and 3,000 patients.
An index.html beside them shows all cases of a figure side by side.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import sys
from collections.abc import Callable, Iterator
from html import escape
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from carac import api
from carac.report import drawing
from carac.report.build import build
from carac.report.material import gather
from carac.report.options import Options
from carac.report.synthetic import is_synthetic

TEACHING = Path(str(files("carac"))) / "examples" / "teaching_cohort"
#: Wide enough to see a collision of labels.
DOTS = 130


def _kept(source: Path, target: Path, keep: Callable[[str, dict[str, str]], bool]) -> Path:
    """A copy of a record with the rows that are kept."""
    target.mkdir(parents=True)
    for file in source.glob("*.csv"):
        with file.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        kept = [row for row in rows if keep(file.stem, row)]
        with (target / file.name).open("w", encoding="utf-8", newline="") as stream:
            lines = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
            lines.writeheader()
            lines.writerows(kept)
    (target / "manifest.json").write_text('{"synthetic": true}', encoding="utf-8")
    return target


def _of(*patients: str) -> Callable[[str, dict[str, str]], bool]:
    return lambda table, row: row.get("patient_id", patients[0]) in patients


def cases(folder: Path, cohorts: list[Path]) -> Iterator[tuple[str, Path]]:
    """Name and record of every case; the derived ones are written into a folder."""
    yield "teaching cohort", TEACHING
    yield "3 patients", _kept(TEACHING, folder / "three", _of("T02", "T03", "T07"))
    yield "1 patient", _kept(TEACHING, folder / "one", _of("T03"))
    yield "no event", _kept(TEACHING, folder / "none", lambda table, _: table not in ("events", "event_features"))
    without = ("fibrinogen", "d_dimer")
    yield (
        "no fibrinogen, no D-dimer",
        _kept(TEACHING, folder / "missing", lambda table, row: table != "labs" or row["analyte"] not in without),
    )
    for cohort in cohorts:
        yield cohort.name, cohort


def draw(record: Path, target: Path) -> list[str]:
    """Every figure of a record's report as PNG, with the page of its first patient; their names."""
    cohort = api.read(record)
    graded = api.grade(cohort)
    first = str(cohort.engine.rows("SELECT min(patient_id) FROM infusions")[0][0])
    options = Options(salt="pictures", patients=first)
    document = build(gather(graded, options, is_synthetic(graded.findings, cohort.files, record)))
    target.mkdir(parents=True, exist_ok=True)
    names = []
    for section in document.all_sections():
        for figure in section.figures():
            (target / f"{figure.name}.png").write_bytes(drawing.png(drawing.svg(figure.chart), DOTS))
            names.append(figure.name)
    return names


def index(made: dict[str, list[str]]) -> str:
    """A page with all cases of a figure beneath each other."""
    figures = dict.fromkeys(name for names in made.values() for name in names)
    parts = ["<!doctype html><meta charset='utf-8'><title>Figures of the report</title>"]
    for figure in figures:
        parts.append(f"<h2>{escape(figure)}</h2>")
        for case, names in made.items():
            place = f"{escape(case)}/{figure}.png"
            shown = f"<img src='{place}' alt=''>" if figure in names else "<em>left out</em>"
            parts.append(f"<h3>{escape(case)}</h3>{shown}")
    return "\n".join(parts)


def main() -> None:
    """Draw all cases."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--cohort", type=Path, action="append", default=[])
    chosen = parser.parse_args()
    made: dict[str, list[str]] = {}
    with TemporaryDirectory() as name:
        for case, record in cases(Path(name), chosen.cohort):
            shutil.rmtree(chosen.out / case, ignore_errors=True)
            made[case] = draw(record, chosen.out / case)
            print(f"{case}: {len(made[case])} figures", file=sys.stderr)
    (chosen.out / "index.html").write_text(index(made), encoding="utf-8")


if __name__ == "__main__":
    main()
