"""A graded cohort typed by hand: a few rows of each result table, for what counts people and does not grade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pyarrow as pa

from carac.definitions import all_definitions
from carac.endpoints.definition import Endpoint
from carac.endpoints.rules import Rules
from carac.endpoints.study import Study
from carac.engine.base import Engine
from carac.engine.duckdb_engine import DuckDB
from carac.findings import Findings
from carac.grading.parameters import resolved
from carac.grading.run import Graded
from carac.vocabulary.types import Grain

Row = dict[str, Any]
INFUSION = date(2024, 3, 1)

_INFUSION = {
    **dict.fromkeys(("patient_id", "product", "disease", "centre", "sex"), pa.string()),
    "infusion_number": pa.int64(),
    "infusion_date": pa.date32(),
    "age": pa.float64(),
    **dict.fromkeys(
        ("lymphodepletion_day", "follow_up_end_day", "death_day", "progression_day", "next_therapy_day"), pa.int32()
    ),
}
_BESIDE = {
    "patient_id": pa.string(),
    "infusion_number": pa.int64(),
    **dict.fromkeys(("target", "cause_of_death"), pa.string()),
    **dict.fromkeys(("weight", "height"), pa.float64()),
    **dict.fromkeys(("observation_start", "lymphodepletion_start"), pa.timestamp("us")),
}
_DAY = {"patient_id": pa.string(), "infusion_number": pa.int64(), "day": pa.int32()}
_EVENT = {
    **dict.fromkeys(("patient_id", "event_id", "kind", "site"), pa.string()),
    "infusion_number": pa.int64(),
    "day": pa.int32(),
    "onset": pa.timestamp("us"),
}
_TREATMENT = {
    **dict.fromkeys(("patient_id", "agent", "agent_class", "intent", "indication", "event_id"), pa.string()),
    "infusion_number": pa.int64(),
    **dict.fromkeys(("start_day", "end_day"), pa.int32()),
}
_FEATURE = {"event_id": pa.string(), "feature": pa.string(), "flag": pa.bool_()}
_TYPES = {"boolean": pa.bool_(), "string": pa.string(), "float64": pa.float64()}


@dataclass
class HandGraded:
    """The part of a graded cohort that endpoints and analyses read."""

    engine: Engine
    names: Sequence[str]
    values_of_day: Sequence[str] = ()
    present: frozenset[str] = frozenset({"infusions", "labs", "events", "event_features"})
    findings: Findings = field(default_factory=Findings)

    def __post_init__(self) -> None:
        self.parameters = resolved()
        self.plan = SimpleNamespace(
            site_file={},
            definitions=[all_definitions()[name] for name in self.names],
            of_grain=lambda grain: tuple(d for d in self.plan.definitions if d.grain is grain),
        )

    def sql(self, grain: Grain, items: bool = False, where: str = "", ordered: bool = True) -> str:
        table = {Grain.INFUSION: "infusion_results", Grain.DAY: "patient_days_full", Grain.EVENT: "event_results"}
        return f"SELECT * FROM {table[grain]}"

    def columns(self, grain: Grain, items: bool = False) -> list[str]:
        return [f"{name}{end}" for name in self.values_of_day for end in ("__from", "__to")]


def hand_graded(
    infusions: Sequence[Row],
    days: Sequence[Row] = (),
    events: Sequence[Row] = (),
    definitions: Sequence[str] = (),
    values_of_day: Sequence[str] = (),
    features: Mapping[str, Mapping[str, bool]] | None = None,
    engine: Engine | None = None,
    treatments: Sequence[Row] | None = None,
) -> Graded:
    """Tables as a grading leaves them; what a row lacks is null.

    Parameters
    ----------
    infusions: `id`, and what is known: `end`, `death`, `progression`, `next_therapy`, `start` (of observation) in days,
        `after` (days after the first infusion, for a later one), `number`, product, disease, target, age, columns of
        definitions.
    days: `id`, `day`, and columns of definitions or values of the day.
    events: `id`, `day` (a float has a time of day), and columns of definitions; numbered e0, e1, …
    features: yes-or-no features by event.
    engine: that holds the tables; None takes DuckDB.
    treatments: `id`, `agent`, `agent_class`, `start_day`, `end_day`, `intent` …; None is a record without that table.
    """
    engine = engine or DuckDB(threads=1)
    owned = {d.name + o.suffix: _TYPES.get(o.type, pa.int32()) for d in all_definitions().values() for o in d.outputs}
    for name, kinds, rows in (
        ("infusion_results", _INFUSION, [_infusion(row) for row in infusions]),
        ("infusions", _BESIDE, [_beside(row) for row in infusions]),
        ("patient_days_full", _DAY, [_renamed(row) for row in days]),
        ("event_results", _EVENT, [_event(row, place) for place, row in enumerate(events)]),
        ("event_features", _FEATURE, _features(features or {})),
        ("treatments", _TREATMENT, [_renamed(row) | {"infusion_number": 1} for row in treatments or ()]),
    ):
        mine = {
            **kinds,
            **_columns_of(definitions, name, owned),
            **{f"{value}{end}": pa.float64() for value in values_of_day for end in ("__from", "__to")},
        }
        schema = pa.schema(list(mine.items()))
        assert all(set(row) <= set(mine) or name == "infusions" for row in rows), name
        engine.load(name, pa.Table.from_pylist([{k: row.get(k) for k in mine} for row in rows], schema=schema))
    graded = HandGraded(engine, definitions, values_of_day)
    graded.present |= frozenset({"treatments"} if treatments is not None else ())
    return cast(Graded, graded)


def study(
    infusions: Sequence[Row],
    endpoints: Sequence[Endpoint] | None = None,
    rules: Rules | None = None,
    **more: Any,
) -> Study:
    """A study of hand-typed tables."""
    graded = hand_graded(infusions, **more)
    known: Mapping[str, Endpoint] | None = None if endpoints is None else {one.name: one for one in endpoints}
    return Study(graded, known, rules or Rules())


def _columns_of(definitions: Sequence[str], table: str, owned: Mapping[str, pa.DataType]) -> dict[str, pa.DataType]:
    grain = {"infusion_results": Grain.INFUSION, "patient_days_full": Grain.DAY, "event_results": Grain.EVENT}.get(
        table
    )
    chosen = [all_definitions()[name] for name in definitions]
    return {d.name + o.suffix: owned[d.name + o.suffix] for d in chosen if d.grain is grain for o in d.outputs}


def _renamed(row: Row) -> Row:
    rest = {name: value for name, value in row.items() if name not in ("id", "number")}
    return {"patient_id": row["id"], "infusion_number": row.get("number", 1), **rest}


_DAYS = {
    "end": "follow_up_end_day",
    "death": "death_day",
    "progression": "progression_day",
    "next_therapy": "next_therapy_day",
}


def _infusion(row: Row) -> Row:
    made = {_DAYS.get(name, name): value for name, value in _renamed(row).items()}
    day = INFUSION + timedelta(days=made.pop("after", 0))
    for name in ("start", "target", "weight", "height"):
        made.pop(name, None)
    return {"infusion_date": day, **made}


def _beside(row: Row) -> Row:
    start = row.get("start")
    day = datetime.combine(INFUSION + timedelta(days=row.get("after", 0)), datetime.min.time())
    begins = None if start is None else day + timedelta(days=start)
    return {**_renamed(row), "observation_start": begins}


def _event(row: Row, place: int) -> Row:
    onset = datetime.combine(INFUSION, datetime.min.time()) + timedelta(days=row["day"])
    return {"event_id": f"e{place}", **_renamed(row), "day": int(row["day"] // 1), "onset": onset}


def _features(features: Mapping[str, Mapping[str, bool]]) -> list[Row]:
    return [
        {"event_id": event, "feature": name, "flag": flag}
        for event, said in features.items()
        for name, flag in said.items()
    ]
