"""Row-wise definitions in stages: each stage adds the columns of some definitions to the rows of the stage before it.

Within a stage stand the first layers of its definitions side by side, then the second layers … An engine that plans
deep queries well takes all definitions in one stage, which stays a view. Others write every layer into the next before
they plan: there a stage is small, and a table. Only declared columns are handed on to the next stage.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import ibis

from carac.engine.columns import named_columns, with_columns
from carac.language.definition import Columns, Definition, Layer
from carac.parameters import Parameters

#: So many columns a small stage may add, those that are not handed on included: PostgreSQL plans it in a second.
COLUMNS_OF_A_STAGE = 120


@dataclass(frozen=True)
class Stage:
    """One query, its name, and the types of its columns."""

    name: str
    sql: str
    columns: Mapping[str, str]


def stages(
    source: str,
    columns: Mapping[str, str],
    definitions: Sequence[Definition],
    parameters: Parameters,
    dialect: str,
    result: str,
    deep: bool,
) -> list[Stage]:
    """The stages from a table to the table with the columns of all definitions.

    Parameters
    ----------
    source, columns: the table with the inputs, and the types of its columns.
    definitions: row-wise definitions of one grain, each after those that it uses.
    result: name of the last stage; the others are called after it.
    deep: whether the engine plans deep queries well.
    """
    groups = [list(definitions)] if deep and definitions else list(_groups(definitions))
    found: list[Stage] = []
    for place, group in enumerate(groups, 1):
        name = result if place == len(groups) else f"{result}_{place}"
        found.append(_stage(name, source, columns, group, parameters, dialect))
        source, columns = name, found[-1].columns
    if not groups:
        found.append(Stage(result, named_columns(source, columns, dialect), columns))
    return found


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


def _stage(
    name: str,
    source: str,
    columns: Mapping[str, str],
    group: Sequence[Definition],
    parameters: Parameters,
    dialect: str,
) -> Stage:
    layers = _side_by_side(group, parameters)
    known = dict(columns)
    query = source
    for place in sorted(layers):
        table = ibis.table(known, name="t")
        made: Columns = {}
        for layer in layers[place]:
            made |= layer(table)
        query, types = with_columns(query, table, made, dialect, nested=place > 0)
        known |= types
    declared = [column for definition in group for column in definition.columns]
    # A parameter may leave an item out (no INR in place of seconds): it has no column then.
    kept = {column: known[column] for column in [*columns, *declared] if column in known}
    return Stage(name, named_columns(query, kept, dialect, nested=True), kept)


def layered(table: ibis.Table, definitions: Sequence[Definition], parameters: Parameters) -> ibis.Table:
    """The same as one expression, with all columns."""
    layers = _side_by_side(definitions, parameters)
    for place in sorted(layers):
        columns: Columns = {}
        for layer in layers[place]:
            columns |= layer(table)
        table = table.mutate(**columns)
    return table


def _side_by_side(group: Sequence[Definition], parameters: Parameters) -> dict[int, list[Layer]]:
    """The layers by depth; those of a definition that uses others come after theirs."""
    layers: dict[int, list[Layer]] = {}
    depth: dict[str, int] = {}
    for definition in group:
        assert definition.layers is not None
        start = max((depth.get(used, 0) for used in definition.uses), default=0)
        own = definition.layers(parameters.scope(definition.name))
        for place, layer in enumerate(own, start):
            layers.setdefault(place, []).append(layer)
        depth[definition.name] = start + len(own)
    return layers
