"""Databases: the only room that names DuckDB, PostgreSQL or Spark. Definitions are expressions; here they run."""

from carac.engine.base import Engine, Kind, Step, compile_sql, run_steps

__all__ = ["Engine", "Kind", "Step", "compile_sql", "run_steps"]
