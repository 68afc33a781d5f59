"""Spark: where the records outgrow one machine."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
from pyspark.sql import SparkSession

_LOCAL = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.ansi.enabled": "true",
    "spark.log.level": "ERROR",
}


def _started(settings: Mapping[str, str]) -> SparkSession:
    builder = SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


class Spark:
    """A Spark session on this machine, or the one that is handed over.

    Parameters
    ----------
    session: an existing session; None starts a local one with two threads and no web page.
    settings: of Spark, by name, for the session that is started; they go before carac's own.
    """

    dialect = "databricks"
    plans_deep = False

    def __init__(self, session: SparkSession | None = None, settings: Mapping[str, str] | None = None) -> None:
        self.owned = session is None
        self.session = session or _started(_LOCAL | dict(settings or {}))

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
