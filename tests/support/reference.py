"""Figures of R in tests/data/statistics, and the input that they were made from, in the shared folder."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from needs import ROOT, requires_shared

EXPECTED = ROOT / "tests" / "data" / "statistics"


def expected(name: str) -> list[dict[str, str]]:
    """Rows of a table of figures."""
    return _rows(EXPECTED / f"{name}.csv")


def given(name: str) -> list[dict[str, str]]:
    """Rows of an input; the test is skipped where the shared folder is absent."""
    return _rows(requires_shared(f"reference/data/{name}.csv"))


def number(text: str) -> float | None:
    """A figure of R; None where there is none."""
    return None if text in ("NA", "") else float(text)


@dataclass(frozen=True)
class Competing:
    """A data set with competing events; covariates are NaN where missing."""

    time: NDArray[np.float64]
    status: NDArray[np.int64]
    group: NDArray[np.int64]
    covariates: NDArray[np.float64]

    def only(self, which: NDArray[np.bool_]) -> Competing:
        """Some of the rows."""
        return Competing(self.time[which], self.status[which], self.group[which], self.covariates[which])

    @property
    def complete(self) -> Competing:
        """Rows without a missing covariate."""
        return self.only(np.isfinite(self.covariates).all(axis=1))


@cache
def mgus2() -> Competing:
    """Months to progression (1) or death (2)."""
    rows = given("mgus2")
    names = ("group", "age", "hgb", "mspike")
    covariates = [[np.nan if number(row[name]) is None else float(row[name]) for name in names] for row in rows]
    return Competing(_floats(rows, "time"), _integers(rows, "status"), _integers(rows, "group"), np.array(covariates))


@cache
def bmt35() -> Competing:
    """Thirty-five transplants with ties and events at time 0."""
    rows = given("bmt35")
    group = _integers(rows, "dis")
    return Competing(_floats(rows, "ftime"), _integers(rows, "status"), group, group[:, None].astype(np.float64))


def counts(name: str, dataset: str, columns: tuple[str, ...]) -> list[NDArray[np.int64]]:
    """Columns of counts of one data set of studies, which stand beside R's figures for the single studies."""
    rows = [row for row in expected(name) if row["dataset"] == dataset]
    return [_integers(rows, column) for column in columns]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _floats(rows: list[dict[str, str]], column: str) -> NDArray[np.float64]:
    return np.array([float(row[column]) for row in rows])


def _integers(rows: list[dict[str, str]], column: str) -> NDArray[np.int64]:
    return np.array([int(row[column]) for row in rows])
