"""Queries prepared once and run for one small cohort after another: most of their time is parsing and planning.

Two lanes (connections to the same database) run side by side; the optimiser is off, because planning a query costs more
here than running it badly.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import TracebackType

import duckdb
import pyarrow as pa

from carac.engine.base import Step
from carac.engine.duckdb_engine import DuckDB

LANES = 2


class PreparedSteps:
    """The steps of a plan, prepared in an engine whose tables exist already.

    Parameters
    ----------
    engine: holds the tables; it must have run the steps once, so that every table is there.
    stages: steps that depend on nothing within their stage; views are left as they are.
    queries: name and SQL of what is handed back.
    """

    def __init__(self, engine: DuckDB, stages: Sequence[Sequence[Step]], queries: Mapping[str, str]) -> None:
        self._lanes = [_Lane(engine.connection.cursor()) for _ in range(LANES)]
        self._pool = ThreadPoolExecutor(LANES)
        # Each lane works in its own thread; workers that share the work of one query would only wait for each other.
        engine.connection.execute("SET threads = 1")
        self._stages = [self._shared([s for s in stage if not s.is_view(engine.plans_deep)]) for stage in stages]
        for lane, names in zip(self._lanes, self._spread(sorted(queries)), strict=True):
            lane.prepare_queries({name: queries[name] for name in names})

    def __enter__(self) -> PreparedSteps:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown()
        for lane in self._lanes:
            lane.close()

    def _shared(self, steps: Sequence[Step]) -> list[list[str]]:
        """Prepare the steps of a stage, the longest first, each in the lane with less to do; the names by lane."""
        names: list[list[str]] = [[] for _ in self._lanes]
        load = [0] * LANES
        for step in sorted(steps, key=lambda step: -len(step.sql)):
            place = load.index(min(load))
            load[place] += len(step.sql)
            names[place].append(step.name)
            self._lanes[place].prepare_step(step)
        return names

    @staticmethod
    def _spread(names: Sequence[str]) -> list[list[str]]:
        return [list(names[place::LANES]) for place in range(LANES)]

    def run(self, without: Collection[str] = ()) -> dict[str, pa.Table]:
        """Run all stages on what the tables hold now; the rows of each query.

        Parameters
        ----------
        without: steps known to give no row; their tables are emptied.
        """
        for stage in self._stages:
            list(self._pool.map(partial(_Lane.run_steps, without=without), self._lanes, stage))
        found: dict[str, pa.Table] = {}
        for rows in self._pool.map(_Lane.run_queries, self._lanes):
            found |= rows
        return found


class _Lane:
    """One connection with its prepared statements."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._queries: list[str] = []
        connection.execute("PRAGMA disable_optimizer")

    def prepare_step(self, step: Step) -> None:
        self._connection.execute(f'PREPARE "step_{step.name}" AS INSERT INTO "{step.name}" {step.sql}')

    def prepare_queries(self, queries: Mapping[str, str]) -> None:
        for name, sql in queries.items():
            self._connection.execute(f'PREPARE "query_{name}" AS {sql}')
            self._queries.append(name)

    def run_steps(self, names: Sequence[str], without: Collection[str]) -> None:
        for name in names:
            self._connection.execute(f'DELETE FROM "{name}"')
            if name not in without:
                self._connection.execute(f'EXECUTE "step_{name}"')

    def run_queries(self) -> dict[str, pa.Table]:
        return {name: self._fetched(name) for name in self._queries}

    def _fetched(self, name: str) -> pa.Table:
        result = self._connection.execute(f'EXECUTE "query_{name}"')
        columns = [column[0] for column in result.description or []]
        rows = result.fetchall()
        return pa.table({column: [row[place] for row in rows] for place, column in enumerate(columns)})

    def close(self) -> None:
        self._connection.close()
