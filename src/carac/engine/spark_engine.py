"""Spark: where the records outgrow one machine."""

from __future__ import annotations

import pyarrow as pa
from pyspark.sql import SparkSession


class Spark:
    """A Spark session on this machine, or the one that is handed over.

    Parameters
    ----------
    session: an existing session; None starts a local one with two threads and no web page.
    """

    dialect = "databricks"
    plans_deep = False

    def __init__(self, session: SparkSession | None = None) -> None:
        self.owned = session is None
        self.session = session or (
            SparkSession.builder.master("local[2]")
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.sql.shuffle.partitions", "2")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.timestampType", "TIMESTAMP_NTZ")
            .config("spark.sql.ansi.enabled", "true")
            .config("spark.log.level", "ERROR")
            .getOrCreate()
        )

    def close(self) -> None:
        """End the session, if it was started here."""
        if self.owned:
            self.session.stop()

    def load(self, name: str, rows: pa.Table) -> None:
        """Make a table of these rows, kept in memory."""
        self.session.createDataFrame(rows).cache().createOrReplaceTempView(name)

    def create(self, name: str, sql: str, view: bool = False) -> None:
        """Make a table, or a view, of a query; a table is kept in memory with its lineage cut."""
        frame = self.session.sql(sql)
        if not view:
            frame = frame.localCheckpoint(eager=True)
        frame.createOrReplaceTempView(name)

    def fetch(self, sql: str) -> pa.Table:
        """The rows of a query."""
        return self.session.sql(sql).toArrow()
