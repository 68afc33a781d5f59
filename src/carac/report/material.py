"""What every section works on: the graded tables in the engine, the options, and what each infusion is called."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from carac.engine.base import Engine
from carac.findings import hashed
from carac.grading.run import Graded
from carac.language.definition import Definition
from carac.report.groups import Group, group_of, groups_of, is_unknown
from carac.report.numbers import Writer
from carac.report.options import Options
from carac.report.queries import tables
from carac.vocabulary.types import Grain

Row = dict[str, Any]
Key = tuple[str, int]


@dataclass(frozen=True)
class Material:
    """What sections and figures are made from.

    Parameters
    ----------
    graded: the graded cohort.
    options: what the report holds.
    synthetic: whether the patients do not exist.
    infusions: one row per infusion, with its worst CRS and ICANS grade.
    labels: what each infusion is called: a hash, or its identifier where that was asked for.
    groups: the groups that courses are drawn by, in order.
    """

    graded: Graded
    options: Options
    synthetic: bool
    infusions: Sequence[Row]
    labels: Mapping[Key, str]
    groups: Sequence[Group]

    @property
    def engine(self) -> Engine:
        """The session that holds the tables."""
        return self.graded.engine

    @property
    def writer(self) -> Writer:
        """Writes counts as the options ask."""
        return Writer(self.options.hide_small_cells)

    def rows(self, sql: str) -> list[Row]:
        """The rows of a query."""
        found: list[Row] = self.engine.fetch(sql).to_pylist()
        return found

    def definitions(self, grain: Grain) -> tuple[Definition, ...]:
        """The definitions of a grain that were graded."""
        return self.graded.plan.of_grain(grain)

    def definition(self, name: str) -> Definition | None:
        """A definition, where it was graded."""
        return next((d for d in self.graded.plan.definitions if d.name == name), None)

    def label(self, row: Row) -> str:
        """What the infusion of a row is called."""
        return self.labels[row["patient_id"], row["infusion_number"]]


def gather(graded: Graded, options: Options, synthetic: bool) -> Material:
    """Make the tables that the sections read, once, and name the infusions."""
    tables.make_days(graded)
    tables.make_values(graded)
    tables.make_infusions(graded, options.worst_until)
    infusions = graded.engine.fetch("SELECT * FROM report_infusions ORDER BY patient_id, infusion_number").to_pylist()
    groups = groups_of(infusions, options.by)
    if len(groups) == 1 and is_unknown(groups[0].label):
        # What nothing is known of parts nobody: all are drawn as one.
        options = replace(options, by="none")
        groups = groups_of(infusions, options.by)
    _load_groups(graded.engine, infusions, groups, options.by)
    return Material(graded, options, synthetic, infusions, _labels(infusions, options), groups)


def _load_groups(engine: Engine, infusions: Sequence[Row], groups: Sequence[Group], by: str) -> None:
    """Which infusion is in which group, as a table that queries join."""
    place = {group.label: group.place for group in groups}
    rows = {
        "patient_id": pa.array([row["patient_id"] for row in infusions], pa.string()),
        "infusion_number": pa.array([row["infusion_number"] for row in infusions], pa.int64()),
        "place": pa.array([place[group_of(row, by)] for row in infusions], pa.int32()),
    }
    engine.load("report_groups", pa.table(rows))


def _labels(infusions: Sequence[Row], options: Options) -> dict[Key, str]:
    """A second infusion of a patient has its number behind the name."""
    salt = options.salt or secrets.token_hex(16)
    labels: dict[Key, str] = {}
    for row in infusions:
        patient, number = row["patient_id"], row["infusion_number"]
        name = patient if options.identifiers == "as recorded" else hashed(patient, salt)
        labels[patient, number] = name if number == 1 else f"{name} ({number})"
    return labels
