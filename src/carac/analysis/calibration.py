"""The synthetic cohort against published figures: target, achieved, accepted range, source.

The targets stand in `calibration_targets.csv`, one row per published figure. Grades come from carac's definitions
applied to the observed record, as they would at a centre; what each source counted is what is counted. The accepted
range is the one that the source prints, or the interval that its number of people leaves open.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.table import Table
from rich.text import Text

from carac.analysis.calibration_estimates import Achieved, Measure, Z, wilson
from carac.analysis.calibration_facts import Facts, facts_of
from carac.analysis.calibration_measures import MEASURES
from carac.analysis.calibration_readings import Floats
from carac.analysis.recovery import has_truth, join_truth
from carac.cohort.cohort import make_cohort
from carac.engine.duckdb_engine import DuckDB
from carac.findings import CaracError
from carac.grading.parameters import resolved
from carac.grading.run import Graded, grade_tables
from carac.progress import Progress
from carac.sources.detect import read
from carac.vocabulary.products import products
from carac.vocabulary.spelling import fold

#: What a median's own interval is made from where a source prints none: standard deviation over median of times and
#: counts in these patients (an assumption), and standard error of a median over that of a mean.
COEFFICIENT_OF_VARIATION = 0.7
MEDIAN_ERROR = 1.2533
#: Days to either side that are always accepted: sources count the day of infusion as 0 or 1.
ONE_DAY = 1.0
#: What the achieved value of a target is called.
INSIDE, NEAR, OUTSIDE, SHOWN, NOBODY = "inside", "near", "outside", "shown", "nobody"


@dataclass(frozen=True)
class Target:
    """One published figure.

    Parameters
    ----------
    id: unique word.
    section: heading.
    role: "target", or "plausible" or "shown" where it is printed beside the cohort and not demanded of it.
    population: who of the cohort is counted, see `weights_of`.
    measure: name in `MEASURES`.
    published: the figure as printed.
    value: the same as a number in the unit of the measure; None where a range is printed.
    n: people behind it; None where not known.
    low, high: the accepted range where it is printed; None where it follows from value and n.
    what_is_counted: in words.
    certainty: V read in an opened source, S in a review, M from memory.
    source: citation.
    note: what cannot hold, what stands for what, why a range is as wide as it is.
    """

    id: str
    section: str
    role: str
    population: str
    measure: str
    published: str
    value: float | None
    n: float | None
    low: float | None
    high: float | None
    what_is_counted: str
    certainty: str
    source: str
    note: str

    def accepted(self) -> tuple[float, float]:
        """The accepted range; NaN where nothing is demanded."""
        if self.low is not None and self.high is not None:
            return self.low, self.high
        if self.value is None or self.n is None:
            return float("nan"), float("nan")
        return interval(MEASURES[self.measure].unit, self.value, self.n)


def interval(unit: str, value: float, n: float) -> tuple[float, float]:
    """The 95 % interval that a published figure leaves open.

    Parameters
    ----------
    unit: of the measure: per cent, "r" of a correlation, else that of a median.
    value: published.
    n: people behind it.
    """
    if unit == "%":
        return wilson(value, n)
    if unit == "r":
        half = Z / sqrt(n - 3)
        return float(np.tanh(np.arctanh(value) - half)), float(np.tanh(np.arctanh(value) + half))
    half = Z * MEDIAN_ERROR * COEFFICIENT_OF_VARIATION * abs(value) / sqrt(n)
    half = max(half, ONE_DAY) if unit == "d" else half
    return value - half, value + half


@dataclass(frozen=True)
class Row:
    """A target beside what the cohort has.

    Parameters
    ----------
    target: the published figure.
    achieved: value, its interval by chance, and who was counted.
    low, high: the accepted range.
    verdict: inside; near (outside, but its interval by chance reaches the range); outside; shown (nothing is
        demanded); nobody (nobody could be counted).
    """

    target: Target
    achieved: Achieved
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """Where the achieved value lies."""
        value = self.achieved.value
        if np.isnan(value):
            return NOBODY
        if self.target.role != "target":
            return SHOWN
        if self.low <= value <= self.high:
            return INSIDE
        reaches = self.achieved.low <= self.high and self.achieved.high >= self.low
        return NEAR if reaches else OUTSIDE

    @property
    def unit(self) -> str:
        """Of the measure."""
        return MEASURES[self.target.measure].unit


@cache
def targets() -> tuple[Target, ...]:
    """All published figures, in the order of the file."""
    text = (files("carac.analysis") / "calibration_targets.csv").read_text(encoding="utf-8")
    return tuple(_target(row) for row in csv.DictReader(text.splitlines()))


def _target(row: dict[str, str]) -> Target:
    if row["measure"] not in MEASURES:
        raise CaracError(f"Target {row['id']} asks for the measure {row['measure']!r}, which there is not.")
    values: dict[str, Any] = dict(row)
    for name in ("value", "n", "low", "high"):
        values[name] = float(row[name]) if row[name] else None
    return Target(**values)


def weights_of(population: str, facts: Facts) -> Floats:
    """How much each infusion counts, [n].

    Parameters
    ----------
    population: strata separated by ``|``; a stratum is words joined by ``&``, each a product or part of a disease, and
        may have a weight after ``:``. With weights the strata are mixed in these proportions, without as they come.
        Empty: everybody.
    facts: with product and disease.
    """
    weights = np.zeros(len(facts["product"]))
    if not population:
        return weights + 1.0
    for stratum in population.split("|"):
        words, _, share = stratum.partition(":")
        inside = np.logical_and.reduce([_has(word.strip(), facts) for word in words.split("&")])
        if inside.any():
            weights[inside] = float(share) / inside.sum() if share.strip() else 1.0
    total = weights.sum()
    return weights * ((weights > 0).sum() / total) if total else weights


def _has(word: str, facts: Facts) -> npt.NDArray[np.bool_]:
    """Whose product is this word, or whose disease has it in its name."""
    by_disease = {name: fold(word) in fold(str(name)) for name in set(facts["disease"])}
    return (facts["product"] == word) | np.array([by_disease[name] for name in facts["disease"]], dtype=bool)


def compared(facts: Facts, wanted: Sequence[Target] | None = None) -> list[Row]:
    """Every target beside what the cohort has.

    Parameters
    ----------
    facts: see `facts_of`.
    wanted: targets; None takes all.
    """
    return [_row(target, facts) for target in (targets() if wanted is None else wanted)]


def _row(target: Target, facts: Facts) -> Row:
    measure: Measure = MEASURES[target.measure]
    return Row(target, measure.of(facts, weights_of(target.population, facts)), *target.accepted())


def calibration_table(record_folder: Path, progress: Progress | None = None) -> list[Row]:
    """Grade a record and compare it with every target.

    Parameters
    ----------
    record_folder: of `carac synthesize`, or any other record.
    progress: shows the steps.
    """
    graded = graded_record(record_folder, progress or Progress())
    if has_truth(record_folder):
        join_truth(graded, record_folder)
    return compared(facts_of(graded, progress))


#: What the measures read: twenty thousand patients are not graded by all the others.
DEFINITIONS = (
    *("astct_crs", "astct_icans", "car_hematotox"),
    *("icaht_early_as_in_authors_code", "icaht_late_as_in_authors_code"),
    *("ctcae_v5_platelets", "ctcae_v5_neutrophils", "ctcae_v5_fibrinogen", "ctcae_v5_aptt", "ctcae_v5_inr"),
    *("t_icaht_early_as_in_authors_code", "t_icaht_late_as_in_authors_code"),
    *("isth_overt_dic_2025", "isth_overt_dic_2001_5xuln", "isth_overt_dic_2001_10xuln"),
    *("isth_overt_dic_2001_2x4x", "isth_overt_dic_2001_fdp", "isth_overt_dic_2001_absolute"),
    *("isth_bleeding", "who_bleeding", "thrombosis_class", "thrombosis_category"),
)


def graded_record(folder: Path, progress: Progress) -> Graded:
    """A record read and graded by what the measures read, with every default parameter."""
    parameters = resolved()
    with progress.step("reading"):
        records = read(DuckDB(), folder)
    cohort = make_cohort(records, parameters, progress=progress)
    return grade_tables(cohort.engine, parameters, cohort.present, DEFINITIONS, cohort.findings, progress)


# ---- printing ----

_STYLES = {INSIDE: "green", NEAR: "dark_orange", OUTSIDE: "bold red", SHOWN: "dim", NOBODY: "dim"}


def number(value: float) -> str:
    """Three figures, without a trailing ``.0``; a dash where there is none."""
    return "–" if np.isnan(value) else f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def rendered(rows: Sequence[Row], title: str = "Synthetic cohort against published figures") -> Table:
    """The comparison as a table for a terminal.

    Parameters
    ----------
    rows: see `compared`.
    title: above the table; says that the cohort is synthetic.
    """
    table = Table(title=title, title_justify="left", header_style="bold", pad_edge=False)
    for heading in ("figure", "population", "published", "accepted", "achieved", "counted", "", "source"):
        table.add_column(heading, justify="right" if heading in ("accepted", "achieved", "counted") else "left")
    section = ""
    for row in rows:
        if row.target.section != section:
            section = row.target.section
            table.add_section()
            table.add_row(Text(section, style="bold"))
        verdict = Text(row.verdict, style=_STYLES[row.verdict])
        table.add_row(*_cells(row), verdict, row.target.source)
    return table


def _cells(row: Row) -> tuple[str, ...]:
    accepted = "" if np.isnan(row.low) else f"{number(row.low)} to {number(row.high)}"
    achieved = f"{number(row.achieved.value)} {row.unit}".strip()
    published = row.target.published
    return (
        row.target.id,
        population_in_words(row.target.population),
        published,
        accepted,
        achieved,
        f"{row.achieved.counted:,}",
    )


def population_in_words(population: str) -> str:
    """A population with the short names of the products; "all" for everybody."""
    for product in products().values():
        short = next((name for name in product.synonyms if name.endswith("-cel")), product.name)
        population = population.replace(product.name, short)
    return population.replace(" & ", " in ").replace(" | ", ", ").replace(":", "") or "all"


def counts(rows: Sequence[Row]) -> str:
    """How many targets are where, in one line."""
    demanded = [row for row in rows if row.target.role == "target"]
    found = {verdict: sum(row.verdict == verdict for row in demanded) for verdict in (INSIDE, NEAR, OUTSIDE, NOBODY)}
    parts = ", ".join(f"{n} {verdict}" for verdict, n in found.items() if n)
    return f"{len(demanded)} targets: {parts}; {len(rows) - len(demanded)} more figures shown"
