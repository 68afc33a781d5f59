"""What a report costs: the whole without pages of patients, and a page of a patient, in CPU seconds and on the clock.

    python benchmarks/report.py [RECORDS] [--pages 20]

RECORDS is a folder such as `carac synthesize -n 1000 -o RECORDS` makes; by default the teaching cohort. Reading and
grading are counted by themselves. A page is counted in all its forms: its facts and words, the figure as SVG, PNG and
PDF, and its share of the HTML, Word and PDF files. Prints JSON.
"""

import argparse
import json
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from carac import api
from carac.report.make import make_report
from carac.report.options import Options

TEACHING = Path(str(files("carac"))) / "examples" / "teaching_cohort"
Cost = dict[str, float]


@contextmanager
def counted(cost: dict[str, Cost], name: str) -> Iterator[None]:
    """Add what the lines within cost: this process with its threads, the processes that drew, and the clock."""
    before = _spent()
    yield
    cost[name] = {unit: round(now - before[unit], 2) for unit, now in _spent().items()}


def _spent() -> Cost:
    own, drawing = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "cpu_s": own.ru_utime + own.ru_stime,
        "drawing_cpu_s": drawing.ru_utime + drawing.ru_stime,
        "clock_s": time.perf_counter(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Time a report and its pages of patients.")
    parser.add_argument("records", type=Path, nargs="?", default=TEACHING)
    parser.add_argument("--pages", type=int, default=20)
    chosen = parser.parse_args()
    cost: dict[str, Cost] = {}
    with counted(cost, "reading"):
        cohort = api.read(chosen.records)
    with counted(cost, "grading"):
        graded = api.grade(cohort)
    names = [str(row[0]) for row in cohort.engine.rows("SELECT DISTINCT patient_id FROM infusions ORDER BY 1")]
    some = names[: chosen.pages]
    with TemporaryDirectory() as name:
        target = Path(name) / "report"
        with counted(cost, "report without pages"):
            make_report(graded, target, Options(salt="x"), cohort.files, chosen.records)
        size = sum(file.stat().st_size for file in target.glob("*.html"))
        with counted(cost, "report of the first section alone"):
            make_report(graded, target, Options(salt="x", sections=("people",)), cohort.files, chosen.records)
        with counted(cost, "the same with pages"):
            options = Options(salt="x", sections=("people",), patients=",".join(some))
            make_report(graded, target, options, cohort.files, chosen.records)
    alone, with_pages = cost["report of the first section alone"], cost["the same with pages"]
    each = {unit: round((with_pages[unit] - alone[unit]) / len(some), 3) for unit in alone}
    sizes = {"patients": len(names), "page_megabytes": round(size / 1e6, 1)}
    print(json.dumps({**cost, "a page, of so many": {"pages": len(some), **each}, **sizes}, indent=2))


if __name__ == "__main__":
    main()
