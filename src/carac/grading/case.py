"""One patient after another through the same definitions: a session that is made once and then answers quickly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from carac.cohort.grid import EARLIEST_LYMPHODEPLETION
from carac.cohort.tables import COHORT_SCHEMAS
from carac.engine.base import Step
from carac.engine.duckdb_engine import DuckDB
from carac.engine.prepared import PreparedSteps
from carac.grading.run import Graded, grade_tables
from carac.parameters import Parameters
from carac.vocabulary.types import Grain


@dataclass(frozen=True)
class GradedCase:
    """The results of one patient."""

    patient_days: pa.Table
    infusions: pa.Table
    events: pa.Table


class CaseSession:
    """Grades one patient at a time.

    Parameters
    ----------
    engine: a session that holds the cohort tables of any cohort; they are emptied.
    parameters: resolved parameters.
    present: tables that the patients' records have.
    names: definitions; None takes all that run by default.
    """

    def __init__(
        self,
        engine: DuckDB,
        parameters: Parameters,
        present: frozenset[str],
        names: Sequence[str] | None = None,
    ) -> None:
        for name in COHORT_SCHEMAS:
            engine.connection.execute(f'DELETE FROM "{name}"')
        self._graded: Graded = grade_tables(engine, parameters, present, names, days_as_table=False)
        last_day, before = (int(parameters.get("grid", name)) for name in ("last_day", "days_before"))
        engine.load(
            "day_numbers",
            pa.table({"day": pa.array(range(EARLIEST_LYMPHODEPLETION - before, last_day + 1), pa.int32())}),
        )
        # One row per event: a patient who has none has no row of them, and most patients have none.
        self._of_events = frozenset(f"rows_{d.name}" for d in self._graded.plan.of_grain(Grain.EVENT))
        steps = self._graded.plan.steps
        stages = _stages(steps)
        grains = {g: g.value for g in (Grain.DAY, Grain.INFUSION, Grain.EVENT) if self._graded.plan.of_grain(g)}
        queries = {name: self._graded.sql(g) for g, name in grains.items()}
        self._prepared = PreparedSteps(engine, stages, queries, COHORT_SCHEMAS)

    def grade(self, tables: Mapping[str, pa.Table]) -> GradedCase:
        """Grade one patient.

        Parameters
        ----------
        tables: the patient's rows of the cohort tables; one that is absent is empty.
        """
        events = tables.get("events")
        rows = self._prepared.run(tables, without=() if events is not None and events.num_rows else self._of_events)
        empty = pa.table({})
        return GradedCase(rows.get("day", empty), rows.get("infusion", empty), rows.get("event", empty))

    def close(self) -> None:
        """End the session."""
        self._prepared.__exit__(None, None, None)


def _stages(steps: Sequence[Step]) -> list[list[Step]]:
    """The steps in stages: each reads only what stages before its own have made."""
    place: dict[str, int] = {}
    for step in steps:
        read = [name for name in place if f'"{name}"' in step.sql]
        place[step.name] = max((place[name] + 1 for name in read), default=0)
    return [[s for s in steps if place[s.name] == at] for at in sorted(set(place.values()))]
