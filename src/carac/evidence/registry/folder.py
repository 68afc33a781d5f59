"""A folder of registry records in one go: study files, every term with the rule that sorted it, and what went wrong."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from carac.evidence.registry.layouts import raw_records, record_of
from carac.evidence.registry.study_file import TermReading, study_of_record
from carac.evidence.study import Study
from carac.evidence.writing import write_study
from carac.findings import CaracError, Finding, Findings, Severity
from carac.manifest import file_hash, whole_folder, write_manifest
from carac.progress import Progress
from carac.vocabulary.adverse_event_terms import Term

TERMS = "terms.csv"
FINDINGS = "findings.json"


@dataclass(frozen=True)
class Folder:
    """What a folder of records gave.

    Parameters
    ----------
    studies: one per record that could be read.
    terms: every term of every record.
    findings: records that could not be read, records twice, terms for a person.
    """

    studies: tuple[Study, ...]
    terms: tuple[TermReading, ...]
    findings: Findings


def read_folder(
    folder: Path, progress: Progress, terms: Mapping[str, Term] | None = None, with_flags: bool = True
) -> Folder:
    """The studies of all JSON files of a folder.

    Raises
    ------
    CaracError: there is no JSON file in it.
    """
    files = sorted(folder.glob("*.json")) if folder.is_dir() else []
    if not files:
        raise CaracError(f"{folder} holds no records; name a folder of JSON files from ClinicalTrials.gov.")
    studies: dict[str, Study] = {}
    readings: list[TermReading] = []
    findings = Findings()
    for number, file in enumerate(files, 1):
        with progress.step(f"{number} of {len(files)}: {file.name}"):
            for study, own in _of_file(file, terms, with_flags, findings):
                if study.name in studies:
                    message = f"{study.registry_number} was already read; this one is left out."
                    findings.add(_finding("record_twice", Severity.WARNING, file.name, message))
                    continue
                studies[study.name] = study
                readings += own
    findings.extend(_for_a_person(readings))
    return Folder(tuple(studies.values()), tuple(readings), findings)


def _of_file(
    file: Path, terms: Mapping[str, Term] | None, with_flags: bool, findings: Findings
) -> Iterator[tuple[Study, list[TermReading]]]:
    """The studies of the records of a file; a record that cannot be read is a finding and leaves the others."""
    try:
        raw = raw_records(file)
    except CaracError as error:
        findings.add(_finding("unread_record", Severity.WARNING, file.name, str(error)))
        return
    for name, loaded in raw:
        try:
            yield study_of_record(record_of(loaded, name), terms, with_flags)
        except CaracError as error:
            findings.add(_finding("unread_record", Severity.WARNING, file.name, str(error)))


def _finding(kind: str, severity: Severity, file: str, message: str, count: int = 1, remedy: str = "") -> Finding:
    return Finding(kind, severity, "registry", message, remedy, count=count, file=file)


def _for_a_person(readings: Iterable[TermReading]) -> Iterable[Finding]:
    """One finding for the terms that sound like one of the kinds and are not listed."""
    unknown = sorted({one.term.printed for one in readings if one.term.group == "unknown"})
    if unknown:
        message = f"{len(unknown)} terms are not in the list and may be events: {', '.join(unknown)}."
        remedy = f"{TERMS} has them; give their group in a file of your own with --terms."
        yield _finding("unknown_terms", Severity.WARNING, TERMS, message, len(unknown), remedy)


def write_folder(read: Folder, files: Sequence[Path], output: Path, entries: Mapping[str, object]) -> None:
    """Write study files, terms, findings and the manifest into a new folder, which then takes the place of the old.

    Parameters
    ----------
    read: what to write.
    files: the records, for their hashes.
    output: the folder.
    entries: for the manifest, beside these.
    """
    with whole_folder(output) as fresh:
        for study in read.studies:
            write_study(study, fresh)
        (fresh / TERMS).write_text(terms_as_csv(read.terms), encoding="utf-8")
        (fresh / FINDINGS).write_text(read.findings.as_json() + "\n", encoding="utf-8")
        hashes = {file.name: file_hash(file) for file in files}
        write_manifest(fresh, {"records": hashes, "studies": [study.name for study in read.studies], **entries})


def terms_as_csv(readings: Iterable[TermReading]) -> str:
    """Each term once per kind of event, those for a person first, with the rule and the records it stands in."""
    groups: dict[tuple[str, bool], list[TermReading]] = defaultdict(list)
    for one in readings:
        groups[(one.term.printed, one.serious)].append(one)
    order = {"unknown": 0, "none": 2}
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("term", "serious", "group", "category", "role", "rule", "most_affected_in_a_group", "records"))
    for (printed, serious), own in sorted(
        groups.items(), key=lambda entry: (order.get(entry[1][0].term.group, 1), entry[0][0].casefold(), entry[0][1])
    ):
        term = own[0].term
        affected = max((one.affected for one in own if one.affected is not None), default="")
        records = " ".join(sorted({one.record for one in own}))
        flag = "yes" if serious else "no"
        writer.writerow((printed, flag, term.group, term.category, term.role, term.rule, affected, records))
    return stream.getvalue()
