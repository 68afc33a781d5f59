"""Row-wise definitions in stages: each stage adds the columns of some definitions to the rows of the stage before it.

Within a stage stand the first layers of its definitions side by side, then the second layers … An engine that plans
deep queries well takes all definitions in one stage, which stays a view. Others write every layer into the next before
they plan: there a stage is small, and a table. Only declared columns are handed on to the next stage.

A definition that looks at other rows (the days before) makes the engine sort, and what is sorted are whole rows: beside
hundreds of columns that costs more than all the rest. Where all definitions stand in one stage, these come before it,
with only what they read, in a table of keys and their columns; and so do those whose results other tables are made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.operations as ops

from carac.engine.base import Kind, quoted
from carac.engine.columns import Beside, named_columns, with_columns, with_others
from carac.language.definition import Columns, Definition, Layer
from carac.parameters import Parameters

#: So many columns a small stage may add, those that are not handed on included: PostgreSQL plans it in a second.
COLUMNS_OF_A_STAGE = 120


@dataclass(frozen=True)
class Stage:
    """One query, its name, the types of its columns, and what is made of it."""

    name: str
    sql: str
    columns: Mapping[str, str]
    kind: Kind = Kind.STAGE


@dataclass(frozen=True)
class Early:
    """The table that comes before the one stage of all definitions.

    Parameters
    ----------
    name: of the table.
    definitions: row-wise definitions whose results other tables are made of.
    columns: of the inputs, which these other tables read too.
    """

    name: str
    definitions: frozenset[str] = frozenset()
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Built:
    """One layer of all definitions of a group: the table that it is built on, and the columns by definition."""

    table: ibis.Table
    columns: Mapping[str, Columns]

    def of(self, names: set[str]) -> Columns:
        """The columns of some definitions."""
        return {column: value for name in self.columns if name in names for column, value in self.columns[name].items()}


def stages(
    source: str,
    columns: Mapping[str, str],
    keys: Sequence[str],
    definitions: Sequence[Definition],
    parameters: Parameters,
    dialect: str,
    result: str,
    early: Early | None,
) -> list[Stage]:
    """The stages from a table to the table with the columns of all definitions.

    Parameters
    ----------
    source, columns, keys: the table with the inputs, the types of its columns, and those that name a row.
    definitions: row-wise definitions of one grain, each after those that it uses.
    result: name of the last stage; the others are called after it.
    early: what comes first where the engine plans deep queries well, so that all stand in one stage; else None.
    """
    if not definitions:
        return [Stage(result, named_columns(quoted(source, dialect), columns, dialect), columns)]
    if early is not None:
        return _one_stage(source, columns, keys, definitions, parameters, dialect, result, early)
    groups = list(_groups(definitions))
    found: list[Stage] = []
    for place, group in enumerate(groups, 1):
        name = result if place == len(groups) else f"{result}_{place}"
        built = _built(columns, group, parameters)
        found.append(_stage(name, quoted(source, dialect), columns, built, group, group, dialect))
        source, columns = name, found[-1].columns
    return found


def _one_stage(
    source: str,
    columns: Mapping[str, str],
    keys: Sequence[str],
    definitions: Sequence[Definition],
    parameters: Parameters,
    dialect: str,
    result: str,
    early: Early,
) -> list[Stage]:
    """All definitions in one stage, after those that come first."""
    built, table = _built(columns, definitions, parameters), quoted(source, dialect)
    names = early.definitions | {n for layer in built for n, made in layer.columns.items() if _looks_at_others(made)}
    first, rest = ([d for d in definitions if (d.name in names) is inside] for inside in (True, False))
    if not names:
        return [_stage(result, table, columns, built, rest, rest, dialect)]
    needed = _with_used(names, definitions)
    handed = {column: columns[column] for column in (*keys, *early.columns)}
    chain = [d for d in definitions if d.name in needed]
    before = _stage(early.name, table, handed, built, chain, first, dialect, Kind.TABLE)
    made = {column: kind for column, kind in before.columns.items() if column not in handed}
    joined = f"({with_others(source, [Beside(early.name, keys, made)], dialect)})"
    return [before, _stage(result, joined, {**columns, **made}, built, rest, rest, dialect)]


def _looks_at_others(made: Columns) -> bool:
    return any(value.op().find(ops.WindowFunction) for value in made.values())


def _with_used(names: Iterable[str], definitions: Sequence[Definition]) -> set[str]:
    """These definitions and all that they use among the others."""
    needed = set(names)
    for definition in reversed(definitions):
        if definition.name in needed:
            needed |= set(definition.uses)
    return needed


def _groups(definitions: Sequence[Definition]) -> Iterator[list[Definition]]:
    """The definitions in groups: one that uses another stands in a later group, so that no chain grows long."""
    group: list[Definition] = []
    size = 0
    for definition in definitions:
        added = 2 * len(definition.rules) + len(definition.outputs)
        if group and (size + added > COLUMNS_OF_A_STAGE or {d.name for d in group} & set(definition.uses)):
            yield group
            group, size = [], 0
        group.append(definition)
        size += added
    if group:
        yield group


def _built(columns: Mapping[str, str], group: Sequence[Definition], parameters: Parameters) -> list[_Built]:
    """The layers of a group of definitions as expressions, each on the columns of those before it."""
    layers, known, found = _side_by_side(group, parameters), dict(columns), []
    for place in sorted(layers):
        table = ibis.table(known, name="t")
        made = {name: layer(table) for name, layer in layers[place].items()}
        found.append(_Built(table, made))
        known |= {column: str(value.type()) for of in made.values() for column, value in of.items()}
    return found


def _stage(
    name: str,
    source: str,
    columns: Mapping[str, str],
    built: Sequence[_Built],
    group: Sequence[Definition],
    shown: Sequence[Definition],
    dialect: str,
    kind: Kind = Kind.STAGE,
) -> Stage:
    """One query with the layers of a group: some columns of the source, and the declared ones of what is shown."""
    known, names, query = dict(columns), {d.name for d in group}, source
    for layer in built:
        if made := layer.of(names):
            query, types = with_columns(query, layer.table, made, dialect)
            query = f"({query})"
            known |= types
    declared = [column for definition in shown for column in definition.columns]
    # A parameter may leave an item out (no INR in place of seconds): it has no column then.
    kept = {column: known[column] for column in [*columns, *declared] if column in known}
    return Stage(name, named_columns(query, kept, dialect), kept, kind)


def _side_by_side(group: Sequence[Definition], parameters: Parameters) -> dict[int, dict[str, Layer]]:
    """The layers by depth and definition; those of a definition that uses others come after theirs."""
    layers: dict[int, dict[str, Layer]] = {}
    depth: dict[str, int] = {}
    for definition in group:
        assert definition.layers is not None
        start = max((depth.get(used, 0) for used in definition.uses), default=0)
        own = definition.layers(parameters.scope(definition.name))
        for place, layer in enumerate(own, start):
            layers.setdefault(place, {})[definition.name] = layer
        depth[definition.name] = start + len(own)
    return layers
