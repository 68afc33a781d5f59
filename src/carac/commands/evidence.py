"""evidence: the commands on published studies. What each does is imported when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="evidence",
    help="Published studies as data: list, show, check, add, audit.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Studies = Annotated[
    list[Path] | None,
    typer.Option("--studies", "-s", help="study file, or folder of them, beside the shipped; may be repeated"),
]
NoShipped = Annotated[bool, typer.Option("--no-shipped", help="leave out the studies that come with carac")]
Json = Annotated[bool, typer.Option("--json", help="print JSON")]


@app.command("list")
def list_studies(
    studies: Studies = None,
    no_shipped: NoShipped = False,
    outcome: Annotated[str | None, typer.Option("--outcome", help="only studies with this outcome, by count")] = None,
    json: Json = False,
) -> None:
    """List the studies; with --outcome, what each says of it."""
    from carac.commands import evidence_showing as work

    work.list_studies(studies or [], no_shipped, outcome, json)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="name of a study", show_default=False)],
    studies: Studies = None,
    json: Json = False,
) -> None:
    """Show one study: where it was published, its arms, and every figure with its place."""
    from carac.commands import evidence_showing as work

    work.show(name, studies or [], json)


@app.command()
def check(
    paths: Annotated[list[Path] | None, typer.Argument(help="study files or folders; else the shipped ones")] = None,
) -> None:
    """Check study files against the format; every file is looked at, and each fault is one sentence."""
    from carac.commands import evidence_showing as work

    raise typer.Exit(work.check(paths or []))
