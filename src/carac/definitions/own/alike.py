"""`like`: a definition that carac brings, under another name and with other parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import ibis

from carac.definitions.own.entries import COMMON, Entry
from carac.definitions.own.stated import outputs_of
from carac.findings import CaracError
from carac.language.definition import Certainty, Columns, Definition, Layer, Rule, Status, Tables, Values
from carac.parameters import Parameter
from carac.vocabulary.spelling import nearest


def alike(entry: Entry, known: Mapping[str, Definition]) -> Definition:
    """The definition that an entry is like, with the parameters that the site sets as its defaults."""
    entry.only((*(key for key in COMMON if key != "shape"), "like", "set"))
    other = entry.text("like")
    if other not in known:
        near = nearest(other, known)
        raise entry.fault(f"like names no definition: {other!r}.{f' Did you mean {near}?' if near else ''}", "like")
    model = known[other]
    parameters = _parameters(entry, model)
    name = entry.name
    # An item of the model may say who it is like by its own column; the columns of this one carry its own name.
    rules = tuple(_renamed_rule(rule, other, name) for rule in model.rules)
    changed = replace(
        model,
        name=name,
        title=entry.text("title", f"{model.title}, with parameters of the site"),
        version=entry.text("version", f"{model.version}; parameters of the site"),
        citation=replace(model.citation, text=f"{entry.text('source')}, after: {model.citation.text}"),
        status=Status.SITE,
        certainty=Certainty.SITE,
        population=entry.text("population", model.population),
        choices=(*model.choices, *entry.texts("choices")),
        parameters=parameters,
        outputs=outputs_of(entry, model.outputs),
        rules=rules,
        by_default=True,
    )
    made = replace(changed, inputs=model.inputs_with({p.name: p.default for p in parameters}))
    if model.rows is not None:
        return replace(made, rows=_renamed_rows(model.rows, other, name))
    assert model.layers is not None
    return replace(made, layers=_renamed_layers(model.layers, other, name))


def _parameters(entry: Entry, model: Definition) -> tuple[Parameter, ...]:
    given = entry.values.get("set", {})
    if not isinstance(given, dict) or not given:
        raise entry.fault("set is a table with at least one parameter, such as set = { join_gap = 0 }.", "set")
    names = [parameter.name for parameter in model.parameters]
    Entry(entry.file, entry.name, given, "set").only(names)
    changed = []
    for parameter in model.parameters:
        if parameter.name not in given:
            changed.append(parameter)
            continue
        try:
            value = parameter.checked(given[parameter.name], entry.name)
        except CaracError as error:
            raise entry.fault(str(error), parameter.name) from None
        changed.append(replace(parameter, default=value, source=f"{entry.file.name}; {parameter.source}".strip("; ")))
    return tuple(changed)


def _renamed(column: str, old: str, new: str) -> str:
    return new + column.removeprefix(old) if column == old or column.startswith(f"{old}__") else column


def _renamed_rule(rule: Rule, old: str, new: str) -> Rule:
    return replace(rule, column=_renamed(rule.column, old, new))


def _renamed_rows(
    rows: Callable[[Tables, Values], ibis.Table], old: str, new: str
) -> Callable[[Tables, Values], ibis.Table]:
    def made(tables: Tables, values: Values) -> ibis.Table:
        found = rows(tables, values)
        return found.rename({_renamed(c, old, new): c for c in found.columns if _renamed(c, old, new) != c})

    return made


class _Renamed:
    """A table whose columns of the one name are those of the other."""

    def __init__(self, table: ibis.Table, old: str, new: str) -> None:
        self._table, self._old, self._new = table, old, new

    def __getitem__(self, column: str) -> Any:
        return self._table[_renamed(column, self._old, self._new)]

    def __getattr__(self, column: str) -> Any:
        return getattr(self._table, _renamed(column, self._old, self._new))


def _renamed_layers(
    layers: Callable[[Values], Sequence[Layer]], old: str, new: str
) -> Callable[[Values], Sequence[Layer]]:
    def renamed(layer: Layer) -> Layer:
        def columns(table: ibis.Table) -> Columns:
            found = layer(cast(ibis.Table, _Renamed(table, old, new)))
            return {_renamed(name, old, new): value for name, value in found.items()}

        return columns

    return lambda values: [renamed(layer) for layer in layers(values)]
