"""The commands of carac. Whatever is heavy is imported inside the command that needs it, so that help is instant."""

from __future__ import annotations

import sys
from copy import copy
from pathlib import Path
from typing import Annotated

import typer

import carac
from carac.commands import evidence
from carac.findings import CaracError

app = typer.Typer(
    name="carac",
    help="Grades bleeding, clotting and what leads to them after CAR T-cell therapy, by every consensus definition."
    " Research software; not a medical device.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.add_typer(evidence.app)

Records = Annotated[Path, typer.Argument(help="folder of tables, OMOP folder, or OMOP DuckDB file", show_default=False)]
Kind = Annotated[str | None, typer.Option("--from", help="what the record is: folder or omop; else it is found out")]
Limits = Annotated[Path | None, typer.Option("--limits", help="CSV with limits of normal, for results that have none")]
Index = Annotated[str | None, typer.Option("--index", help="OMOP: infusion, first-visit or every-visit")]
IndexTable = Annotated[Path | None, typer.Option("--index-table", help="OMOP: CSV with patient_id and infusion_time")]
Unit = Annotated[
    list[str] | None, typer.Option("--unit", help="ANALYTE=UNIT for results without unit; may be repeated")
]
DDimer = Annotated[str | None, typer.Option("--d-dimer", help="FEU or DDU, for D-dimer that does not say")]
Implausible = Annotated[bool, typer.Option("--keep-implausible", help="grade values outside the plausible range")]
ParameterFile = Annotated[Path | None, typer.Option("--parameters", help="TOML file with parameters")]
Set = Annotated[list[str] | None, typer.Option("--set", help="GROUP.NAME=VALUE changes one parameter; may be repeated")]
Definitions = Annotated[
    list[str] | None, typer.Option("--definition", "-d", help="grade only this one; may be repeated")
]
OwnFile = Annotated[
    Path | None,
    typer.Option("--definitions-file", help="TOML file with definitions of your own; docs/own_definitions.md"),
]
Memory = Annotated[str | None, typer.Option("--memory", help="limit for the engine, such as 4GB")]
Temporary = Annotated[Path | None, typer.Option("--temporary", help="folder for the engine to spill into")]
Full = Annotated[bool, typer.Option("--full/--short", help="also every grade, the course, sources and choices")]
Json = Annotated[bool, typer.Option("--json", help="print JSON")]


@app.callback(invoke_without_command=True)
def about(
    version: Annotated[bool, typer.Option("--version", help="print the version")] = False,
) -> None:
    if version:
        print(carac.__version__)
        raise typer.Exit


@app.command()
def demo(
    patient: Annotated[str, typer.Option("--patient", "-p", help="teaching case to explain")] = "T02",
    day: Annotated[int | None, typer.Option("--day", help="day to explain; else the day worth reading")] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="folder for the records of the cohort and its report")
    ] = Path("carac-demo"),
    full: Full = False,
) -> None:
    """Make, grade and count 500 synthetic patients, explain a patient-day of a teaching case, and write a report."""
    from carac.commands import demonstrate

    demonstrate.run(patient, day, output, full)


@app.command()
def template(
    folder: Annotated[Path, typer.Argument(help="new folder", show_default=False)],
) -> None:
    """Write empty tables with headers, and a filled example."""
    from carac.commands import templates

    templates.write(folder)


@app.command()
def check(
    records: Records,
    kind: Kind = None,
    limits: Limits = None,
    index: Index = None,
    index_table: IndexTable = None,
    unit: Unit = None,
    d_dimer: DDimer = None,
    keep_implausible: Implausible = False,
    parameter_file: ParameterFile = None,
    changes: Set = None,
    memory: Memory = None,
    temporary: Temporary = None,
    hash_identifiers: Annotated[
        bool, typer.Option("--hash-identifiers", help="hash patient identifiers in findings")
    ] = False,
    json: Json = False,
    every: Annotated[bool, typer.Option("--all", help="each finding by itself, and every definition by name")] = False,
) -> None:
    """Say what is wrong or doubtful in a record, and what each fault costs."""
    from carac.commands import records as work

    reading = work.reading(kind, limits, index, index_table, unit, d_dimer, keep_implausible)
    raise typer.Exit(
        work.check(records, reading, parameter_file, changes, memory, temporary, hash_identifiers, json, every)
    )


@app.command()
def grade(
    records: Records,
    output: Annotated[Path, typer.Option("--output", "-o", help="folder for the graded tables", show_default=False)],
    kind: Kind = None,
    limits: Limits = None,
    index: Index = None,
    index_table: IndexTable = None,
    unit: Unit = None,
    d_dimer: DDimer = None,
    keep_implausible: Implausible = False,
    definitions: Definitions = None,
    definitions_file: OwnFile = None,
    parameter_file: ParameterFile = None,
    changes: Set = None,
    items: Annotated[bool, typer.Option("--items", help="also write what each grade was made of")] = False,
    sensitivity: Annotated[
        bool, typer.Option("--sensitivity", help="also write ICAHT and T-ICAHT by parameter set (slow the first time)")
    ] = False,
    memory: Memory = None,
    temporary: Temporary = None,
    hash_identifiers: Annotated[
        bool, typer.Option("--hash-identifiers", help="hash patient identifiers in findings")
    ] = False,
) -> None:
    """Grade a record: Parquet tables, a data dictionary, findings and a manifest, in a new folder."""
    from carac.commands import records as work

    reading = work.reading(kind, limits, index, index_table, unit, d_dimer, keep_implausible)
    chosen = work.Run(reading, parameter_file, changes, definitions, memory, temporary, hash_identifiers)
    with work.definitions_from(definitions_file):
        work.grade(records, output, chosen, items, sensitivity)


@app.command()
def explain(
    records: Records,
    patient: Annotated[str, typer.Option("--patient", "-p", help="patient_id", show_default=False)],
    day: Annotated[int, typer.Option("--day", help="day after infusion", show_default=False)],
    infusion: Annotated[int | None, typer.Option("--infusion", help="infusion_number; else the first")] = None,
    kind: Kind = None,
    limits: Limits = None,
    index: Index = None,
    index_table: IndexTable = None,
    unit: Unit = None,
    d_dimer: DDimer = None,
    keep_implausible: Implausible = False,
    definitions: Definitions = None,
    definitions_file: OwnFile = None,
    parameter_file: ParameterFile = None,
    changes: Set = None,
    memory: Memory = None,
    temporary: Temporary = None,
    full: Full = False,
    json: Json = False,
) -> None:
    """Say why a patient-day has its grades: the main points, with --full (and in JSON) everything."""
    from carac.commands import records as work

    reading = work.reading(kind, limits, index, index_table, unit, d_dimer, keep_implausible)
    chosen = work.Run(reading, parameter_file, changes, definitions, memory, temporary, False)
    with work.definitions_from(definitions_file):
        work.explain(records, patient, day, infusion, chosen, full, json)


@app.command()
def report(
    records: Records,
    output: Annotated[Path, typer.Option("--output", "-o", help="folder for the report", show_default=False)],
    kind: Kind = None,
    limits: Limits = None,
    index: Index = None,
    index_table: IndexTable = None,
    unit: Unit = None,
    d_dimer: DDimer = None,
    keep_implausible: Implausible = False,
    definitions: Definitions = None,
    definitions_file: OwnFile = None,
    parameter_file: ParameterFile = None,
    changes: Set = None,
    options: Annotated[
        Path | None, typer.Option("--options", help="TOML file with a table [report]: sections, title, days and more")
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", help="courses by crs_peak, icans_peak, product, disease, centre, sex or none")
    ] = None,
    patients: Annotated[
        str | None, typer.Option("--patients", help="a page for: none, all, or identifiers joined by commas")
    ] = None,
    hide_small_cells: Annotated[bool, typer.Option("--hide-small-cells", help="hide counts below 5")] = False,
    show_identifiers: Annotated[
        bool, typer.Option("--show-identifiers", help="identifiers as recorded, not hashed")
    ] = False,
    salt: Annotated[
        str | None, typer.Option("--salt", help="mixed into the hashes, so that they are the same in the next report")
    ] = None,
    memory: Memory = None,
    temporary: Temporary = None,
) -> None:
    """Write the report: a page of HTML, Word, PDF, tables and figures, in a new folder. De-identified by default."""
    from carac.commands import records as work
    from carac.commands import reporting

    reading = work.reading(kind, limits, index, index_table, unit, d_dimer, keep_implausible)
    chosen = work.Run(reading, parameter_file, changes, definitions, memory, temporary, False)
    asked = reporting.options_of(options, by, patients, hide_small_cells, show_identifiers, salt)
    with work.definitions_from(definitions_file):
        reporting.report(records, output, chosen, asked)


@app.command()
def analyse(
    records: Records,
    output: Annotated[Path, typer.Option("--output", "-o", help="folder for the analysis", show_default=False)],
    kind: Kind = None,
    limits: Limits = None,
    index: Index = None,
    index_table: IndexTable = None,
    unit: Unit = None,
    d_dimer: DDimer = None,
    keep_implausible: Implausible = False,
    definitions_file: OwnFile = None,
    parameter_file: ParameterFile = None,
    changes: Set = None,
    settings: Annotated[
        Path | None, typer.Option("--settings", help="TOML file with questions, endpoints, windows and rules")
    ] = None,
    questions: Annotated[
        str | None,
        typer.Option(
            "--questions",
            help="some of incidence, timing, risk, anticoagulation, spread, under_reporting, scores, model, joined by"
            " commas",
        ),
    ] = None,
    hide_small_cells: Annotated[bool, typer.Option("--hide-small-cells", help="hide counts below 5")] = False,
    memory: Memory = None,
    temporary: Temporary = None,
) -> None:
    """Count what happened: incidence with competing risks, timing, spread of definitions, under-reporting, scores."""
    from carac.commands import analysing
    from carac.commands import records as work

    reading = work.reading(kind, limits, index, index_table, unit, d_dimer, keep_implausible)
    chosen = work.Run(reading, parameter_file, changes, None, memory, temporary, False)
    with work.definitions_from(definitions_file):
        analysing.analyse(records, output, chosen, analysing.settings_of(settings, questions, hide_small_cells))


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(help="output folder", show_default=False)],
    second: Annotated[Path, typer.Argument(help="output folder", show_default=False)],
    json: Json = False,
) -> None:
    """Say what changed between two outputs: versions, parameters, grades. Exit code 1 where a value differs."""
    from carac.commands import comparing

    raise typer.Exit(comparing.run(first, second, json))


@app.command(add_help_option=False)
def calc(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="the definition", show_default=False)] = None,
    items: Annotated[list[str] | None, typer.Argument(help="ITEM=VALUE, such as platelets=45")] = None,
    table: Annotated[Path | None, typer.Option("--from", help="CSV with one case per row, items as columns")] = None,
    parameter_file: ParameterFile = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=VALUE changes one parameter; may be repeated")
    ] = None,
    definitions_file: OwnFile = None,
    json: Json = False,
    show_help: Annotated[bool, typer.Option("--help", help="what the definition takes, with an example")] = False,
) -> None:
    """One case by hand: carac calc NAME ITEM=VALUE …; without items it lists those that the definition takes."""
    if name is None:
        print(context.get_help())
        raise typer.Exit
    from carac.commands import by_hand

    typed = [] if show_help else items or []
    chosen = by_hand.Chosen(name, parameter_file, changes, definitions_file)
    by_hand.run(chosen, typed, None if show_help else table, json)


@app.command()
def definitions(
    name: Annotated[str | None, typer.Argument(help="one definition; else all are listed", show_default=False)] = None,
    definitions_file: OwnFile = None,
    json: Json = False,
) -> None:
    """Show the cards of the definitions."""
    from carac.commands import cards
    from carac.definitions import definitions_from

    with definitions_from(definitions_file):
        cards.run(name, json)


@app.command()
def synthesize(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="folder for the tables", show_default=False)
    ] = None,
    patients: Annotated[
        int | None, typer.Option("--patients", "-n", help="how many (500; with --check 20000)", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="the same seed makes the same patients")] = 1,
    file_format: Annotated[str, typer.Option("--format", help="parquet or csv")] = "parquet",
    products: Annotated[
        list[str] | None,
        typer.Option("--product", help="PRODUCT=WEIGHT, such as axi-cel=2; only those named; may be repeated"),
    ] = None,
    first: Annotated[str | None, typer.Option("--from", help="first date of infusion")] = None,
    last: Annotated[str | None, typer.Option("--until", help="last date of infusion")] = None,
    messiness: Annotated[str, typer.Option("--messiness", help="faults of an export: none, some or much")] = "none",
    world: Annotated[Path | None, typer.Option("--world", help="TOML file with other rates and effects")] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=VALUE changes one rate or effect; may be repeated")
    ] = None,
    no_truth: Annotated[bool, typer.Option("--no-truth", help="leave the truth out")] = False,
    processes: Annotated[int, typer.Option("--processes", help="how many work at once")] = 2,
    check: Annotated[
        bool, typer.Option("--check", help="grade the cohort and compare it with published figures")
    ] = False,
) -> None:
    """Make a synthetic cohort whose truth is known: tables like those of a centre, and what really happened."""
    from carac.commands import synthesizing as work

    if output is None and not check:
        raise CaracError("There is nowhere to write; name a folder with -o, or use --check.")
    number = patients if patients is not None else work.CHECKED if check else work.PATIENTS
    order = work.order_of(number, seed, messiness, not no_truth, file_format, products, first, last, world, changes)
    if check:
        work.check(order, output, processes)
    elif output is not None:
        work.write(order, output, processes)


def _app_for(asked: list[str]) -> typer.Typer:
    """The command that is asked for alone, where it is one: Typer reads the options of all commands that it is given.

    For `carac calc` that is a tenth of its time.
    """
    found = [command for command in app.registered_commands if command.callback and command.callback.__name__ in asked]
    if not found:
        return app
    alone = copy(app)
    alone.registered_commands, alone.registered_groups = found, []
    return alone


def main() -> None:
    """The entry point: a fault of the input is one sentence on standard error and exit code 2, never a traceback."""
    try:
        _app_for(sys.argv[1:2])()
    except CaracError as error:
        print(f"carac: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(0)
    except KeyboardInterrupt:
        print("carac: stopped; what was there before is unchanged.", file=sys.stderr)
        sys.exit(130)
    except Exception as error:
        _unexpected(error)


def _unexpected(error: Exception) -> None:
    """A fault of carac itself: one sentence, and where the traceback was kept for a report."""
    import os
    import traceback

    if os.environ.get("CARAC_TRACEBACK"):
        raise error
    where = traceback.extract_tb(error.__traceback__)[-1]
    message = str(error).strip().split("\n")[0]
    print(
        f"carac: this should not have happened: {type(error).__name__} in {Path(where.filename).name},"
        f" line {where.lineno}: {message}."
        " Set CARAC_TRACEBACK=1 for the whole story and report it.",
        file=sys.stderr,
    )
    sys.exit(70)
