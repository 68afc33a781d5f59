"""evidence list, show, check: studies in a terminal."""

from __future__ import annotations

import json as json_module
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from difflib import get_close_matches
from pathlib import Path

from rich.table import Table
from rich.text import Text

from carac import evidence
from carac.commands import showing
from carac.evidence.library import study_files
from carac.findings import CaracError
from carac.vocabulary.study_outcomes import study_outcomes


def loaded(studies: Sequence[Path], no_shipped: bool) -> evidence.Evidence:
    """The shipped studies and those of the user, or the user's alone."""
    if no_shipped and not studies:
        raise CaracError("There are no studies left; name some with --studies, or leave --no-shipped out.")
    return evidence.load(*studies, with_shipped=not no_shipped)


def list_studies(studies: Sequence[Path], no_shipped: bool, outcome: str | None, json: bool) -> None:
    """Print the list."""
    found = loaded(studies, no_shipped)
    if outcome is not None:
        _list_outcome(found, outcome, json)
        return
    if json:
        print(json_module.dumps([_summary(study) for study in found], indent=1, ensure_ascii=False))
        return
    table = _table(("name", "study", "design", "patients", "outcomes", "published in"))
    for study in found:
        one = _summary(study)
        table.add_row(
            Text(study.name, style="cyan"),
            study.title,
            study.design.replace("_", " "),
            str(one["patients"] if one["patients"] is not None else "·"),
            str(one["outcomes"] or "·"),
            str(one["published_in"]),
        )
    showing.console().print(table)


def _summary(study: evidence.Study) -> dict[str, object]:
    numbers = [arm.n for arm in study.arms if arm.n is not None]
    # Arms that may count the same people are not added; the largest stands for all.
    together = max if any(arm.overlaps for arm in study.arms) else sum
    first = study.citations[0]
    return {
        "name": study.name,
        "title": study.title,
        "design": study.design,
        "patients": together(numbers) if numbers else None,
        "outcomes": sum(one.reported for one in study.outcomes),
        "published_in": f"{first.journal} {first.year or ''}".strip(),
    }


def _list_outcome(found: evidence.Evidence, outcome: str, json: bool) -> None:
    if outcome not in study_outcomes():
        close = get_close_matches(outcome, study_outcomes(), n=1)
        hint = f"did you mean {close[0]}" if close else "known are " + ", ".join(study_outcomes())
        raise CaracError(f"There is no outcome {outcome!r}; {hint}.")
    entries = list(found.outcomes(outcome, repeats=True))
    if json:
        print(json_module.dumps([{"study": s.name, **asdict(o)} for s, o in entries], indent=1, ensure_ascii=False))
        return
    table = _table(("study", "arm", "count", "of", "printed %", "by when", "definition", "from"))
    for study, one in entries:
        table.add_row(
            Text(study.name, style="cyan"),
            study.arm(one.arm).label,
            *figures(one),
            study.source(one.source).kind + (" (again)" if one.repeats else ""),
        )
    showing.console().print(table)


def figures(one: evidence.Outcome) -> tuple[str, ...]:
    """Count, denominator, percentage, window and definition of an outcome, as cells."""
    if not one.reported:
        return ("not reported", "", "", "", "")
    definition = " ".join(
        part
        for part in (
            "" if one.counted == "patients" else f"{one.counted}, not patients;",
            one.serious,
            f"grade {one.grades}" if one.grades else "",
            one.definition,
            one.definition_version,
        )
        if part
    )
    count = "·" if one.count is None else str(one.count)
    if one.count_lowest is not None:
        count = f"{one.count_lowest}–{one.count_highest}"
    return (
        count,
        _held_against(one),
        one.percentage or "·",
        one.window or "·",
        definition or "·",
    )


def _held_against(one: evidence.Outcome) -> str:
    """Denominator and time at risk: "60", "210.5 patient-months", or both."""
    people = str(one.denominator) if one.denominator is not None else ""
    time = f"{one.person_time} {one.person_time_unit}" if one.person_time else ""
    return "; ".join(part for part in (people, time) if part) or "·"


def show(name: str, studies: Sequence[Path], json: bool) -> None:
    """Print one study."""
    found = loaded(studies, False)
    if name not in found:
        close = get_close_matches(name, [study.name for study in found], n=1)
        hint = f"did you mean {close[0]}" if close else "carac evidence list has them all"
        raise CaracError(f"There is no study {name!r}; {hint}.")
    study = found[name]
    if json:
        print(json_module.dumps(asdict(study), indent=1, ensure_ascii=False))
        return
    out = showing.console()
    out.print(Text(f"{study.title} ({study.name})", style="bold"))
    for label, text in _head(study):
        out.print(Text(f"  {label}: ", style="dim").append(text, style="default"))
    _print_arms(study)
    _print_outcomes(study)
    _print_lines("Figures", (_figure(one) for one in study.figures))
    _print_lines("What its text says of the table", (_claim(one) for one in study.claims))


def _head(study: evidence.Study) -> list[tuple[str, str]]:
    entries = [
        ("Design", study.design.replace("_", " ") + (f", phase {study.phase}" if study.phase else "")),
        ("Population", study.population),
        ("Registry", study.registry_number),
        ("Enrolment", study.enrolment),
        ("Follow-up", study.follow_up),
        ("Risk factors", study.risk_factors),
        *(("Published", str(one)) for one in study.citations),
        *((f"Source {one.name}", one.what) for one in study.sources),
        ("Note", study.note),
    ]
    return [(label, text) for label, text in entries if text]


def _print_arms(study: evidence.Study) -> None:
    if not study.arms:
        return
    lines = [f"{arm.name}: {arm.label}, {arm.n if arm.n is not None else 'number not said'}" for arm in study.arms]
    lines += [f"{one.name}: {one.n}{f' of {one.arm}' if one.arm else ''} ({one.source})" for one in study.analysis_sets]
    _print_lines("Arms and analysis sets", lines)


def _print_outcomes(study: evidence.Study) -> None:
    if not study.outcomes:
        return
    table = _table(("outcome", "arm", "count", "of", "printed %", "by when", "definition", "where", "source"))
    for one in study.outcomes:
        title = study_outcomes()[one.outcome].title
        table.add_row(title, one.arm, *figures(one), str(one.cell), one.source)
    out = showing.console()
    out.print(Text("\nOutcomes", style="bold cyan"))
    out.print(table)


def _figure(one: evidence.Figure) -> str:
    ends = f" ({one.low} to {one.high})" if one.low and one.high and one.value else ""
    value = one.value or " to ".join(part for part in (one.low, one.high) if part)
    shown = " ".join(
        part for part in (one.statistic.replace("_", " "), f"{value}{ends}" if value else "", one.unit) if part
    )
    return f"{one.quantity}: {shown} [{one.cell}]{' ' + one.note if one.note else ''}"


def _claim(one: evidence.Claim) -> str:
    about = ", ".join(study_outcomes()[name].title for name in one.outcomes) or "studies"
    value = one.value or (f"{one.low} to {one.high} %" if one.low else f"below {one.high} %")
    return f"{one.kind.replace('_', ' ')} ({about}; {', '.join(one.designs) or 'all designs'}): {value} [{one.cell}]"


def _print_lines(heading: str, lines: Iterable[str]) -> None:
    shown = list(lines)
    if shown:
        out = showing.console()
        out.print(Text(f"\n{heading}", style="bold cyan"))
        for line in shown:
            out.print(Text(f"  {line}"))


def _table(header: tuple[str, ...]) -> Table:
    table = Table(box=None, padding=(0, 2), header_style="dim", show_edge=False)
    for place, column in enumerate(header):
        table.add_column(column, no_wrap=place == 0)
    return table


def check(paths: Sequence[Path]) -> int:
    """Print what is wrong in each file; 0 where nothing is, else 1."""
    files = [file for path in paths for file in study_files(path)]
    if not files:
        print(f"{len(evidence.load())} shipped studies: no fault.")
        return 0
    faults = []
    for file in files:
        try:
            evidence.read_study(file)
        except CaracError as error:
            faults.append(str(error))
    for fault in faults:
        print(fault)
    ending = "s" if len(faults) > 1 else ""
    print(f"{len(files)} file{'' if len(files) == 1 else 's'}: {len(faults) or 'no'} fault{ending}.")
    return 1 if faults else 0
