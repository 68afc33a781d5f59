"""The engines of the tests, and a cohort moved from DuckDB, which reads the record, into each of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa

from carac.cohort.cohort import Cohort, make_cohort
from carac.cohort.labs import LabOptions
from carac.cohort.tables import COHORT_SCHEMAS
from carac.engine.base import Engine
from carac.engine.duckdb_engine import DuckDB
from carac.findings import Finding
from carac.grading.parameters import resolved
from carac.grading.run import Graded, grade_tables
from carac.parameters import Parameters
from carac.sources.folder import read_folder
from carac.vocabulary.types import Grain
from needs import require

ENGINES = ("duckdb", "postgresql", "spark")
KEYS = {
    Grain.DAY: ("patient_id", "infusion_number", "day"),
    Grain.INFUSION: ("patient_id", "infusion_number"),
    Grain.EVENT: ("patient_id", "infusion_number", "event_id"),
}
#: Each of hundreds of long queries runs once, on few rows: Spark would spend its time compiling them and planning anew.
OF_SMALL_QUERIES = {
    "spark.driver.memory": "6g",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}

_SESSIONS: dict[str, Engine] = {}


def open_engine(name: str) -> Engine:
    """A session of the engine, kept until the tests end; skips where the machine lacks the engine."""
    if name not in _SESSIONS:
        _SESSIONS[name] = _opened(name)
    return _SESSIONS[name]


def close_engines() -> None:
    """End all sessions: PostgreSQL drops the schema of this process."""
    while _SESSIONS:
        _SESSIONS.popitem()[1].close()


def _opened(name: str) -> Engine:
    if name == "postgresql":
        address = os.environ.get("CARAC_POSTGRESQL", "")
        require(address, "CARAC_POSTGRESQL names no PostgreSQL; set it to a connection string of libpq")
        require(find_spec("psycopg"), "psycopg is not installed; install carac[postgresql]")
        from carac.engine.postgresql_engine import PostgreSQL

        # Parallel test processes share the database: each works in a schema of its own.
        return PostgreSQL(address, schema=f"carac_test_{os.getpid()}")
    if name == "spark":
        require(shutil.which("java") or os.environ.get("JAVA_HOME"), "Spark needs Java 17 or later")
        require(find_spec("pyspark"), "pyspark is not installed; install carac[spark]")
        from carac.engine.spark_engine import Spark

        # Many small queries, each planned and compiled once: the quick compiler of Java halves their time.
        os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseParallelGC")
        return Spark(settings=OF_SMALL_QUERIES)
    return DuckDB()


@dataclass(frozen=True)
class Read:
    """A record read by DuckDB: the cohort as Arrow tables, what was found, and the parameters it was made with."""

    tables: dict[str, pa.Table]
    present: frozenset[str]
    findings: tuple[Finding, ...]
    parameters: Parameters

    @property
    def set_aside(self) -> list[str]:
        """What was not taken as it was written."""
        return [str(finding) for finding in self.findings if finding.severity != "note"]


def read_record(
    folder: Path, overrides: Mapping[str, Mapping[str, Any]] | None = None, implausible: bool = False
) -> Read:
    """The cohort of a record folder.

    Parameters
    ----------
    folder: CSV files.
    overrides: parameters by scope and name.
    implausible: True keeps values outside the plausible range of their analyte.
    """
    parameters = resolved(overrides or {})
    engine = DuckDB(threads=1)
    cohort: Cohort = make_cohort(read_folder(engine, folder), parameters, LabOptions(keep_implausible=implausible))
    tables = {name: engine.fetch(f'SELECT * FROM "{name}"') for name in COHORT_SCHEMAS}
    engine.close()
    return Read(tables, cohort.present, tuple(cohort.findings), parameters)


def grade(engine: Engine, read: Read, names: Sequence[str] | None = None) -> Graded:
    """Grade a cohort in an engine.

    Parameters
    ----------
    names: definitions; None grades all that run by default.
    """
    for name, table in read.tables.items():
        engine.load(name, table)
    return grade_tables(engine, read.parameters, read.present, names)


def results(graded: Graded, grains: Iterable[Grain] = tuple(KEYS)) -> dict[Grain, pa.Table]:
    """The result tables with their items, as Arrow."""
    return {grain: graded.table(grain, items=True) for grain in grains}
