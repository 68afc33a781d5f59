"""evidence: the commands on published studies. What each does is imported when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="evidence",
    help="Published studies as data: list, show, check, add, audit, pool, compare, beside, report.",
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
OutcomeName = Annotated[str, typer.Argument(help="outcome, such as venous_thromboembolism", show_default=False)]
Definition = Annotated[
    str | None, typer.Option("--definition", help='only counts whose definition has these words, or "not said"')
]
Window = Annotated[str | None, typer.Option("--window", help='only counts in this window, such as "3 months"')]
Design = Annotated[str | None, typer.Option("--design", help="only studies of these designs, comma-separated")]
Anyway = Annotated[
    str | None,
    typer.Option(
        "--anyway",
        help="pool what differs, comma-separated: definitions, windows, reports, percentages, designs, all;"
        " every output says so. Serious and other events are never added",
    ),
]
Corrected = Annotated[
    bool,
    typer.Option("--corrected", help="where a printed percentage fits another population of the study, take that"),
]


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


@app.command()
def audit(
    table: Annotated[
        str | None,
        typer.Argument(help="CSV file or pasted table; - reads it from standard input; else the studies"),
    ] = None,
    studies: Studies = None,
    no_shipped: NoShipped = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="CSV file for the findings")] = None,
    json: Json = False,
) -> None:
    """Check published counts and percentages: of a table, or of the studies. Nothing is changed."""
    from carac.commands import evidence_auditing as work

    work.audit(table, studies or [], no_shipped, output, json)


@app.command()
def registry(
    folder: Annotated[Path, typer.Argument(help="folder of ClinicalTrials.gov records (JSON)", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", help="folder for the study files", show_default=False)],
    terms: Annotated[
        Path | None, typer.Option("--terms", help="CSV of your own terms: term, group; they decide over carac's")
    ] = None,
    without_flagged: Annotated[
        bool, typer.Option("--without-flagged", help="count only terms that need no second look")
    ] = False,
) -> None:
    """Make study files of registry records: adverse events by group, sorted, serious and other apart."""
    from carac.commands import evidence_adding as work

    work.registry(folder, output, terms, without_flagged)


@app.command()
def add(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="study files, citations (RIS, nbib, PubMed XML), registry records (JSON), a CSV of a screening tool",
            show_default=False,
        ),
    ],
    folder: Annotated[Path, typer.Option("--folder", "-f", help="your folder of studies", show_default=False)],
    replace: Annotated[bool, typer.Option("--replace", help="replace study files of the same name")] = False,
) -> None:
    """Add studies to a folder of your own; what is only a citation becomes a file to be filled in."""
    from carac.commands import evidence_adding as work

    work.add(files, folder, replace)


@app.command()
def pool(
    outcome: OutcomeName,
    definition: Definition = None,
    window: Window = None,
    role: Annotated[str, typer.Option("--role", help="of the arms: car_t, comparator or other")] = "car_t",
    design: Design = None,
    anyway: Anyway = None,
    corrected: Corrected = False,
    by: Annotated[
        str | None,
        typer.Option(
            "--by", help="groups: design, product, disease, definition, window, counted; numbers: window_days, year"
        ),
    ] = None,
    measure: Annotated[
        str, typer.Option("--measure", help="proportion of patients, or rate per patient-month (needs time at risk)")
    ] = "proportion",
    model: Annotated[
        str,
        typer.Option(
            "--model",
            help="to report: glmm, beta_binomial, logit, arcsine, freeman_tukey, together; of a rate: glmm, log,"
            " square_root, together",
        ),
    ] = "glmm",
    tau: Annotated[
        str, typer.Option("--tau", help="variance between studies of the others: REML, ML, PM, EB, DL, HS, SJ, common")
    ] = "REML",
    studies: Studies = None,
    no_shipped: NoShipped = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="folder: page, Word, tables, R code")] = None,
    json: Json = False,
) -> None:
    """Pool the incidence of an outcome, one figure per way of counting; what differs is kept apart."""
    from carac.commands import evidence_pooling as work

    asked = work.Asked(outcome, role, definition, window, work.listed(design), work.listed(anyway), corrected, measure)
    work.pool(asked, studies or [], no_shipped, by, model, tau, output, json)


@app.command()
def compare(
    outcome: OutcomeName,
    definition: Definition = None,
    window: Window = None,
    design: Design = None,
    anyway: Anyway = None,
    corrected: Corrected = False,
    studies: Studies = None,
    no_shipped: NoShipped = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="folder: page, Word, tables, R code")] = None,
    json: Json = False,
) -> None:
    """Compare CAR T-cells with the comparator of the same trials, by methods for rare events side by side."""
    from carac.commands import evidence_pooling as work

    asked = work.Asked(outcome, "car_t", definition, window, work.listed(design), work.listed(anyway), corrected)
    work.compare(asked, studies or [], no_shipped, output, json)


@app.command()
def beside(
    cohort: Annotated[
        Path,
        typer.Argument(
            help="folder that carac analyse wrote, or CSV: outcome, events, total (definition, grades, window)",
            show_default=False,
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="folder for the page", show_default=False)],
    studies: Studies = None,
    no_shipped: NoShipped = False,
) -> None:
    """Lay your own cohort's incidences beside those of the literature, on one axis."""
    from carac.commands import evidence_pooling as work

    work.beside(cohort, studies or [], no_shipped, output)


@app.command()
def report(
    output: Annotated[Path, typer.Option("--output", "-o", help="folder for the page", show_default=False)],
    studies: Studies = None,
    no_shipped: NoShipped = False,
    prisma: Annotated[
        Path | None, typer.Option("--prisma", help="CSV of the search: stage, n, reason; drawn as a flow diagram")
    ] = None,
    cohort: Annotated[
        Path | None,
        typer.Option("--cohort", help="your own cohort: folder of carac analyse, or CSV of outcome, events, total"),
    ] = None,
) -> None:
    """Write the living review: tables, map, pooled figures, arms, audit, gaps, and what changed since the last time."""
    from carac.commands import evidence_pooling as work

    work.report(output, studies or [], no_shipped, prisma, cohort)
