"""definitions: the list, and the card of one."""

from __future__ import annotations

import json as json_module
from dataclasses import asdict

from rich.table import Table
from rich.text import Text

from carac.commands import showing
from carac.definitions import all_definitions, definition_of
from carac.definitions.unopened import UNOPENED, unopened
from carac.grading.cards import Card, card, unopened_card


def run(name: str | None, json: bool) -> None:
    """Print the list of definitions, or the card of one."""
    closed = unopened(name) if name else None
    if closed:
        cards = [unopened_card(closed)]
    elif name:
        cards = [card(definition_of(name))]
    else:
        cards = [card(definition) for definition in all_definitions().values()]
        cards += [unopened_card(one) for one in UNOPENED]
    if json:
        print(json_module.dumps([asdict(one) for one in cards], indent=1, ensure_ascii=False))
    elif name:
        _show(cards[0])
    else:
        _list(cards)


def _list(cards: list[Card]) -> None:
    shown = Table(box=None, padding=(0, 2), header_style="dim", show_edge=False)
    for column in ("name", "what it is", "per", "how sure"):
        shown.add_column(column, no_wrap=column == "name")
    for one in cards:
        facts = dict(one.facts)
        shown.add_row(Text(one.name, style="cyan"), one.title, facts["One result per"], facts["How sure"])
    showing.console().print(shown)


def _show(one: Card) -> None:
    out = showing.console()
    out.print(Text(f"{one.title} ({one.name})", style="bold"))
    for label, text in (fact for fact in one.facts if fact[1]):
        out.print(Text(f"  {label}: ", style="dim").append(text, style="default"))
    _section("Inputs", [f"{title}{f' ({unit})' if unit else ''}" for title, unit in one.inputs])
    _table(one)
    _section("Columns", [f"{name}: {meaning}" for name, meaning in one.columns])
    _section("Parameters", [f"{one.name}.{name} = {default}: {meaning}" for name, default, meaning in one.parameters])
    _section("What the source leaves open", list(one.choices))
    _section("Other versions", list(one.versions))
    _section("Pitfalls", list(one.pitfalls))
    _section("By hand", [f"carac calc {one.name}"] if one.columns else [])


def _table(one: Card) -> None:
    """The criteria as they are printed: what is compared, what it has to be, points or grade."""
    if not one.table:
        return
    out = showing.console()
    out.print(Text("\nCriteria", style="bold cyan"))
    shown = Table(box=None, padding=(0, 2), header_style="dim", show_edge=False)
    for column in ("what", "is", "gives"):
        shown.add_column(column)
    for row in one.table:
        shown.add_row(*[Text(cell) for cell in row])
    out.print(shown)


def _section(heading: str, lines: list[str]) -> None:
    if not lines:
        return
    out = showing.console()
    out.print(Text(f"\n{heading}", style="bold cyan"))
    for line in lines:
        out.print(Text(f"  {line}"))
