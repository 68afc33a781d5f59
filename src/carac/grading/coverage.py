"""What definitions need and a record lacks, and what that costs: analytes, limits of normal, signs, whole tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from carac.cohort.cohort import Cohort
from carac.cohort.row_checks import file_of
from carac.cohort.setting_aside import counted_rows
from carac.cohort.tables import NEEDED_TABLES, RECORD_TABLES
from carac.findings import Finding, Severity
from carac.language.definition import Definition
from carac.vocabulary.types import Baseline, Exposure, Laboratory, Scale

#: Analytes of which one is enough for a definition that reads several of them.
ALTERNATIVES = (("prothrombin_time", "prothrombin_time_ratio", "inr"),)
#: Tables that a definition reads beside those without which it is null. A test holds this list against the definitions.
ALSO_READ: Mapping[str, frozenset[str]] = {
    "treatments": frozenset(
        {
            *("astct_crs", "isth_bleeding", "isth_surgical_bleeding", "who_bleeding", "thrombosis_class"),
            *("ctcae_v5_crs", "ctcae_v6_crs", "ctcae_v5_haemorrhage", "ctcae_v6_haemorrhage"),
        }
    ),
    "assessments": frozenset({"spesi"}),
    "events": frozenset({"astct_icans", "ctcae_v6_icans"}),
    "event_features": frozenset({"isth_bleeding", "who_bleeding", "thrombosis_class", "thrombosis_category", "spesi"}),
    "periods": frozenset({"isth_bleeding", "thrombosis_class"}),
}
#: Signs of which a definition needs one.
SIGNS = {
    "astct_crs": ("temperature",),
    "astct_icans": ("ice_total", "ice_year", "capd_total", "capd_1", "consciousness", "recorded_grade:astct_icans"),
}
#: What an absent table costs beside the definitions that read it.
_TABLE_COST = {
    "treatments": "What a patient was given (tocilizumab, fibrinogen, transfusions, anticoagulants) explains no value.",
    "events": "No bleed or clot can be counted.",
    "periods": "Days in hospital and central lines are not known.",
}
_LIMITS = {
    Scale.BY_LOWER_LIMIT: "lower",
    Scale.BY_UPPER_LIMIT: "upper",
    Scale.ABOVE_UPPER_LIMIT: "upper",
}
#: So many lines of one kind are told one by one; the others are told together.
_TOLD = 4
#: So many definitions are named.
_NAMED = 5


def coverage_findings(cohort: Cohort, definitions: Sequence[Definition], every: bool = False) -> list[Finding]:
    """What the definitions need and the record lacks.

    Parameters
    ----------
    cohort: as made from a record.
    definitions: those that are graded.
    every: True names every definition that a lack costs, else the first few and how many more.

    Returns
    -------
    At most fifteen findings, each with what it costs; those about limits of normal count the results without.
    """
    counts = _results(cohort)
    most = len(definitions) if every else _NAMED
    return [
        *_absent_tables(cohort, definitions, most),
        *_absent_signs(cohort, definitions, most),
        *_absent_analytes(cohort, definitions, counts, most),
        *_missing_limits(cohort, definitions, counts, most),
    ]


@dataclass(frozen=True)
class _Results:
    """How many results of an analyte there are, and how many have each limit."""

    number: int
    lower: int
    upper: int


def _results(cohort: Cohort) -> dict[str, _Results]:
    rows = cohort.engine.rows(
        "SELECT min(analyte), count(*), count(*) FILTER (WHERE has_lower_limit), "
        "count(*) FILTER (WHERE has_upper_limit) FROM labs GROUP BY analyte_number"
    )
    return {str(row[0]): _Results(*(int(str(number)) for number in row[1:])) for row in rows}


def named(definitions: Iterable[Definition], most: int = _NAMED) -> str:
    """The first names of the definitions, at most so many, and how many more there are."""
    names = [definition.name for definition in definitions]
    shown = names if len(names) <= most + 1 else [*names[:most], f"{len(names) - most} more"]
    return ", ".join(shown)


def _cost(lost: Iterable[Definition], bounded: Iterable[Definition], most: int) -> str:
    """What cannot be graded, and what has a range."""
    lost, bounded = list(lost), list(bounded)
    parts = []
    if lost:
        parts.append(f"Cannot be graded: {named(lost, most)}.")
    if bounded:
        parts.append(f"Has a range where this decides: {named(bounded, most)}.")
    return " ".join(parts)


# ---- tables ----


def _absent_tables(cohort: Cohort, definitions: Sequence[Definition], most: int) -> list[Finding]:
    findings = []
    for table in RECORD_TABLES:
        if table in cohort.present or table in NEEDED_TABLES:
            continue
        if table in ("event_features", "periods") and "events" not in cohort.present:
            # Both only say more about events.
            continue
        lost = [d for d in definitions if table in d.needs and not _reads_without(d, table)]
        bounded = [d for d in definitions if d not in lost and _reads(d, table)]
        cost = " ".join(part for part in (_cost(lost, bounded, most), _TABLE_COST.get(table, "")) if part)
        message = f"the record has no table {table} ({RECORD_TABLES[table].purpose})."
        remedy = f"Add {table}.csv if the data exist."
        findings.append(Finding("absent_table", Severity.NOTE, table, message, remedy, cost))
    return findings


def _reads(definition: Definition, table: str) -> bool:
    exposed = table == "treatments" and any(isinstance(i, Exposure) for i in definition.inputs)
    return exposed or table in definition.needs or definition.name in ALSO_READ.get(table, ())


def _reads_without(definition: Definition, table: str) -> bool:
    """Whether a definition that asks for treatments only lacks an exposure: its grade has a range then."""
    return table == "treatments" and "labs" in definition.needs


def _absent_signs(cohort: Cohort, definitions: Sequence[Definition], most: int) -> list[Finding]:
    if "assessments" not in cohort.present:
        return []
    wanted = [d for d in definitions if d.name in SIGNS]
    if not wanted:
        return []
    found = {str(row[0]) for row in cohort.engine.rows("SELECT DISTINCT item FROM assessments")}
    findings = []
    for definition in wanted:
        signs = SIGNS[definition.name]
        if found & set(signs):
            continue
        message = f"no assessment of {_either(signs)} on the days of the grid."
        remedy = "Add them to assessments if the data exist."
        file = file_of(cohort, "assessments")
        cost = _cost([definition], [], most)
        findings.append(Finding("absent_sign", Severity.NOTE, "assessments", message, remedy, cost, file=file))
    return findings


def _either(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


# ---- analytes ----


def _analytes(definition: Definition) -> tuple[str, ...]:
    found = (i.analyte for i in definition.inputs if isinstance(i, Laboratory | Baseline))
    return tuple(dict.fromkeys(found))


def _groups(definition: Definition) -> list[tuple[str, ...]]:
    """The analytes of a definition; alternatives stand together."""
    groups: list[tuple[str, ...]] = []
    for analyte in _analytes(definition):
        others = next((g for g in ALTERNATIVES if analyte in g), (analyte,))
        group = tuple(a for a in others if a in _analytes(definition))
        if group not in groups:
            groups.append(group)
    return groups


def _absent_analytes(
    cohort: Cohort, definitions: Sequence[Definition], counts: Mapping[str, _Results], most: int
) -> list[Finding]:
    lacking: dict[tuple[str, ...], list[Definition]] = {}
    for definition in definitions:
        for group in _groups(definition):
            if not any(analyte in counts for analyte in group):
                lacking.setdefault(group, []).append(definition)
    by_readers: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for group, readers in lacking.items():
        by_readers.setdefault(tuple(d.name for d in readers), []).append(group)
    together = list(by_readers.values())
    if len(together) > _TOLD:
        together = [*together[: _TOLD - 1], [group for rest in together[_TOLD - 1 :] for group in rest]]
    return [_absent(cohort, groups, lacking, most) for groups in together]


def _absent(
    cohort: Cohort, groups: Sequence[tuple[str, ...]], lacking: Mapping[tuple[str, ...], list[Definition]], most: int
) -> Finding:
    readers = list({d.name: d for group in groups for d in lacking[group]}.values())
    lost = [d for d in readers if _only(d, groups) or d.highest is None]
    bounded = [d for d in readers if d not in lost]
    words = "; ".join(_either(group) for group in groups)
    message = f"no result of {words}."
    remedy = "If the laboratory measured them, check the names of the analytes and the rows that were set aside."
    file = file_of(cohort, "labs")
    return Finding("absent_analyte", Severity.NOTE, "labs", message, remedy, _cost(lost, bounded, most), file=file)


def _only(definition: Definition, groups: Sequence[tuple[str, ...]]) -> bool:
    """Whether a definition reads nothing of the laboratory but these."""
    return all(group in groups for group in _groups(definition))


# ---- limits of normal ----


def _missing_limits(
    cohort: Cohort, definitions: Sequence[Definition], counts: Mapping[str, _Results], most: int
) -> list[Finding]:
    """One line per analyte and limit that some results lack; those that all lack stand together."""
    readers = _limit_readers(definitions)
    every: dict[str, list[tuple[str, int]]] = {}
    some: list[Finding] = []
    for (analyte, limit), wanted in readers.items():
        found = counts.get(analyte)
        if found is None:
            continue
        without = found.number - (found.lower if limit == "lower" else found.upper)
        if without == found.number:
            every.setdefault(limit, []).append((analyte, without))
        elif without:
            share = f"{without} of {found.number} results of {analyte} have no {limit} limit of normal."
            some.append(_limits(cohort, share, without, wanted, most))
    some.sort(key=lambda finding: -finding.count)
    findings = []
    for limit, analytes in every.items():
        wanted = list({d.name: d for analyte, _ in analytes for d in readers[analyte, limit]}.values())
        count = sum(number for _, number in analytes)
        names = ", ".join(analyte for analyte, _ in analytes)
        message = f"no result of {names} has its {limit} limit of normal ({counted_rows(count)})."
        findings.append(_limits(cohort, message, count, wanted, most))
    findings.extend(some[:_TOLD])
    if rest := some[_TOLD:]:
        words = " ".join(finding.message for finding in rest)
        cost = "Grades that compare these with a limit of normal have a range."
        count = sum(finding.count for finding in rest)
        findings.append(
            Finding("missing_limits", Severity.WARNING, "labs", words, rest[0].remedy, cost, count, rest[0].file)
        )
    return findings


def _limit_readers(definitions: Sequence[Definition]) -> dict[tuple[str, str], list[Definition]]:
    readers: dict[tuple[str, str], list[Definition]] = {}
    for definition in definitions:
        for wanted in definition.inputs:
            if isinstance(wanted, Laboratory | Baseline) and wanted.scale in _LIMITS:
                key = (wanted.analyte, _LIMITS[wanted.scale])
                if definition not in readers.setdefault(key, []):
                    readers[key].append(definition)
    return readers


def _limits(cohort: Cohort, message: str, count: int, wanted: Sequence[Definition], most: int) -> Finding:
    remedy = "Export the limits with the results, or give a site file of limits."
    cost = _cost([], wanted, most)
    file = file_of(cohort, "labs")
    return Finding("missing_limits", Severity.WARNING, "labs", message, remedy, cost, count, file)
