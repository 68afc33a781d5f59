"""One report for all tests that read it: the teaching cohort (synthetic), graded once, written once per process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from tempfile import mkdtemp

from carac import api
from carac.cohort.cohort import Cohort
from carac.grading.output import write_output
from carac.grading.run import Graded
from carac.report.content import Document
from carac.report.make import make_report
from carac.report.options import Options

TEACHING = Path(str(files("carac"))) / "examples" / "teaching_cohort"


@dataclass(frozen=True)
class Made:
    """A report, its content, and beside it the graded tables as `carac grade` writes them."""

    graded: Graded
    document: Document
    report: Path
    tables: Path


@cache
def made() -> Made:
    """The teaching cohort, graded, and its report with the pages of two patients."""
    folder = Path(mkdtemp(prefix="carac-report-"))
    graded, files = graded_teaching(), _read().files
    write_output(graded, folder / "graded", files)
    options = Options(salt="test", patients="T02,T03")
    document = make_report(graded, folder / "report", options, files, TEACHING)
    return Made(graded, document, folder / "report", folder / "graded")


@cache
def graded_teaching() -> Graded:
    """The teaching cohort, graded."""
    return api.grade(_read())


@cache
def _read() -> Cohort:
    return api.read(TEACHING)
