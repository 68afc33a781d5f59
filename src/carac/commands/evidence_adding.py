"""evidence registry and add: records, citations and study files into a folder of studies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace as with_other
from pathlib import Path

from carac import evidence
from carac.commands import showing
from carac.evidence.citations import file_name, read_citations
from carac.evidence.registry import raw_records, record_of, study_of_record
from carac.evidence.registry.folder import TERMS, read_folder, write_folder
from carac.evidence.screening import read_screening
from carac.evidence.study import Citation, Source, Study
from carac.findings import CaracError
from carac.vocabulary.adverse_event_terms import with_own_terms

#: What the head of a file made from a citation says until somebody has read the study.
TO_BE_FILLED = "Made from a citation: design, arms and outcomes are still to be filled in."


def registry(folder: Path, output: Path, terms: Path | None, without_flagged: bool) -> None:
    """Study files of a folder of records."""
    own = with_own_terms(terms) if terms is not None else None
    with showing.progress_shown() as progress:
        read = read_folder(folder, progress, own, not without_flagged)
    entries = {"own_terms": str(terms) if terms else None, "flagged_terms_count": not without_flagged}
    write_folder(read, sorted(folder.glob("*.json")), output, entries)
    print(f"{len(read.studies)} study files in {output}; every term with its rule is in {TERMS}.")
    showing.show_findings(read.findings)


def add(files: Sequence[Path], folder: Path, replace: bool) -> None:
    """Put studies into a folder; none takes another's place unasked."""
    studies: list[Study] = []
    for file in files:
        found, told = _studies(file)
        studies += found
        if told:
            print(f"{file.name}: {told}")
    studies = _named_apart(studies)
    taken = [study.name for study in studies if (folder / f"{study.name}.toml").exists()]
    if taken and not replace:
        raise CaracError(
            f"{folder} already holds {', '.join(taken)}; nothing was added. Use --replace to replace them."
        )
    folder.mkdir(parents=True, exist_ok=True)
    for study in studies:
        path = evidence.write_study(study, folder)
        print(f"{'replaced' if study.name in taken else 'added'} {path}: {study.title}")


def _studies(file: Path) -> tuple[list[Study], str]:
    """The studies of a file of any kind, and what to tell of it."""
    if file.suffix == ".toml":
        return [evidence.read_study(file)], ""
    if file.suffix == ".json":
        return [study_of_record(record_of(loaded, name))[0] for name, loaded in raw_records(file)], ""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CaracError(f"{file} cannot be read as UTF-8 text ({error}).") from None
    if file.suffix == ".csv":
        citations, left_out = read_screening(text, file.name)
        told = f"{len(citations)} included, {left_out} not"
        return [_to_be_filled(one, file) for one in citations], told
    return [_to_be_filled(one, file) for one in read_citations(text, file.name)], ""


def _to_be_filled(citation: Citation, file: Path) -> Study:
    return Study(
        name=file_name(citation),
        title=citation.title,
        design="cohort",
        citations=(citation,),
        sources=(Source("citation", "user", f"the citation, from {file.name}"),),
        arms=(),
        note=TO_BE_FILLED,
    )


def _named_apart(studies: Iterable[Study]) -> list[Study]:
    """The studies, with letters after names that come twice: hashmi_2020, hashmi_2020_b."""
    found: dict[str, Study] = {}
    for study in studies:
        name, letter = study.name, "b"
        while name in found:
            name, letter = f"{study.name}_{letter}", chr(ord(letter) + 1)
        found[name] = with_other(study, name=name)
    return list(found.values())
