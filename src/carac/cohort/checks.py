"""Doubts about the records of a cohort: rows that can be read and yet cannot all be right, or that count for nothing.

What cannot be read is found while the tables are made (`setting_aside`). Here the rows are set against each other: their
infusion, death, birth, window, and their doubles. Nothing is changed; every doubt is counted and placed. No message
holds a patient identifier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from carac.cohort.cohort import Cohort
from carac.cohort.setting_aside import ROWS, counted_rows
from carac.findings import Finding, Severity

#: Days before the first day of the grid in which a course may begin and still be kept (see `cohort`).
_COURSES_BEFORE = 30
#: So many times at midnight, and no other, look like dates.
_MIDNIGHTS = 20
#: No CAR-T cells were given to patients before this year.
_FIRST_YEAR = 1990

#: Time column of each table of a patient, and what one row is called.
_TABLES = {
    "labs": ("time", "result"),
    "assessments": ("time", "assessment"),
    "treatments": ("start", "course"),
    "events": ("onset", "event"),
    "periods": ("start", "period"),
}


def check_cohort(cohort: Cohort, thorough: bool) -> list[Finding]:
    """The doubts about a cohort.

    Parameters
    ----------
    cohort: as made from a record.
    thorough: False leaves out what has to compare all rows with each other (doubles, and times at midnight).

    Returns
    -------
    Findings with count, file, first rows, what would be right and what it costs; empty where nothing is doubtful.
    """
    findings = [*_infusions(cohort), *_split_doses(cohort)]
    _make_people(cohort)
    for table in _TABLES:
        if table in cohort.present:
            findings.extend(_against_infusions(cohort, table, thorough))
    findings.extend(_without_results(cohort))
    findings.extend(_links(cohort))
    if thorough:
        findings.extend(_doubles(cohort))
        findings.extend(_midnights(cohort))
    return findings


@dataclass(frozen=True)
class _Check:
    """A condition on the rows of a query, and what is said where it holds.

    `message` takes the number of rows at ``{rows}``.
    """

    kind: str
    severity: Severity
    condition: str
    message: str
    remedy: str = ""
    cost: str = ""


def _file(cohort: Cohort, table: str) -> str:
    names = [name for name in cohort.files if name.split(".")[0].lower() == table]
    return names[0] if names else ""


def _found(cohort: Cohort, table: str, query: str, checks: Sequence[_Check]) -> list[Finding]:
    """The findings of several conditions on one query, in one pass over it."""
    measures = ", ".join(
        f"count(*) FILTER (WHERE {check.condition}), min(source_row, {ROWS}) FILTER (WHERE {check.condition})"
        for check in checks
    )
    values = cohort.engine.rows(f"SELECT {measures} FROM ({query})")[0]
    findings = []
    for place, check in enumerate(checks):
        count, first = int(str(values[2 * place])), values[2 * place + 1]
        if count:
            rows = tuple(int(row) for row in first) if isinstance(first, list) else ()
            message = check.message.replace("{rows}", counted_rows(count))
            file = _file(cohort, table)
            findings.append(
                Finding(check.kind, check.severity, table, message, check.remedy, check.cost, count, file, rows)
            )
    return findings


# ---- infusions ----


def _infusions(cohort: Cohort) -> list[Finding]:
    """The order of the dates of each infusion, and contradictions between the infusions of a patient."""
    correct = "Correct one of the two dates."
    query = """
        SELECT *, CAST(infusion_time AS DATE) AS infused, CAST(death AS DATE) AS died,
            count(DISTINCT CAST(death AS DATE)) OVER (PARTITION BY patient_id) AS deaths,
            lag(infusion_time) OVER (PARTITION BY patient_id ORDER BY infusion_time, source_row) AS previous
        FROM parsed_infusions WHERE problem IS NULL"""
    warning, note = Severity.WARNING, Severity.NOTE
    return _found(
        cohort,
        "infusions",
        query,
        [
            _Check(
                "implausible_date",
                warning,
                f"year(infused) < {_FIRST_YEAR}",
                f"the infusion lies before {_FIRST_YEAR} in {{rows}}.",
                "Check the year.",
                "Results lie outside the window of such an infusion.",
            ),
            _Check(
                "death_before_infusion",
                warning,
                "died < infused",
                "the patient dies before the infusion in {rows}.",
                correct,
                "Every window that ends with death is empty.",
            ),
            _Check(
                "follow_up_before_infusion",
                warning,
                "CAST(follow_up_end AS DATE) < infused",
                "the follow-up ends before the infusion in {rows}.",
                correct,
                "Every window that ends with the follow-up is empty.",
            ),
            _Check(
                "follow_up_after_death",
                warning,
                "CAST(follow_up_end AS DATE) > died",
                "the follow-up ends after the death in {rows}.",
                correct,
            ),
            _Check(
                "progression_before_infusion",
                warning,
                "CAST(progression AS DATE) < infused",
                "the progression lies before the infusion in {rows}.",
                "Write the first progression after the infusion.",
                "Windows that end with progression are empty.",
            ),
            _Check(
                "next_therapy_before_infusion",
                warning,
                "CAST(next_therapy AS DATE) < infused",
                "the next therapy lies before the infusion in {rows}.",
                "Write the first therapy after the infusion.",
                "Windows that end with the next therapy are empty.",
            ),
            _Check(
                "after_death",
                warning,
                "greatest(infused, CAST(progression AS DATE), CAST(next_therapy AS DATE)) > died AND died >= infused",
                "progression or next therapy lies after the death in {rows}.",
                correct,
            ),
            _Check(
                "lymphodepletion_after_infusion",
                warning,
                "CAST(lymphodepletion_start AS DATE) > infused",
                "lymphodepletion begins after the infusion in {rows}.",
                correct,
                "The baseline is not that before treatment.",
            ),
            _Check(
                "lymphodepletion_early",
                note,
                "CAST(lymphodepletion_start AS DATE) < infused - 30",
                "lymphodepletion begins more than 30 days before the infusion in {rows}.",
                "Check both dates; a long delay may be right.",
                "The grid begins that much earlier.",
            ),
            _Check(
                "contradictory_death",
                warning,
                "deaths > 1",
                "the infusions of one patient have different dates of death in {rows}.",
                "Write the same date with each infusion.",
                "Each infusion uses its own.",
            ),
            _Check(
                "infusions_close",
                note,
                "CAST(infusion_time AS DATE) - CAST(previous AS DATE) < 14",
                "an infusion follows another of the same patient within 14 days in {rows}.",
                "Give the doses of a split infusion one infusion_number.",
                "Each counts as an infusion of its own; the windows overlap.",
            ),
        ],
    )


def _split_doses(cohort: Cohort) -> list[Finding]:
    """Rows of one patient with the same number: doses, of which one is the infusion."""
    query = """
        SELECT source_row, row_number() OVER (PARTITION BY patient_id, infusion_number ORDER BY source_row) AS place
        FROM parsed_infusions WHERE problem IS NULL AND infusion_number IS NOT NULL"""
    check = _Check(
        "split_dose",
        Severity.NOTE,
        "place > 1",
        "{rows} with the infusion_number of another row of the patient: taken as doses of one infusion.",
        "Number infusions that are no split dose 1, 2, 3.",
        "One dose is day 0 (parameter index_infusion); the other columns of the rest are not read.",
    )
    return _found(cohort, "infusions", query, [check])


# ---- every other table against the infusions ----


def _make_people(cohort: Cohort) -> None:
    """One row per patient with what the rows of the other tables are set against."""
    cohort.engine.create(
        "check_people",
        """
        SELECT patient_id, min(infusion_date) AS infused, max(CAST(death AS DATE)) AS died,
            min(infusion_date - to_years(CAST(floor(age) AS INTEGER) + 1)) AS born,
            min(infusion_date + first_day) AS opens, max(infusion_date + last_day) AS closes, count(*) AS infusions,
            list({'opens': infusion_date + first_day, 'closes': infusion_date + last_day}) AS windows
        FROM infusions GROUP BY patient_id""",
    )


def _against_infusions(cohort: Cohort, table: str, thorough: bool) -> list[Finding]:
    column, word = _TABLES[table]
    end = "coalesce(r.end, r.start)" if table == "treatments" else f"r.{column}"
    # Over a large file the rows are not converted once more only to leave out those that were set aside.
    whole = "WHERE r.problem IS NULL" if thorough or not cohort.large or table != "labs" else ""
    query = f"""
        SELECT r.source_row, CAST(r.{column} AS DATE) AS begun, CAST({end} AS DATE) AS ended, p.*
        FROM parsed_{table} r LEFT JOIN check_people p ON r.patient_id = p.patient_id {whole}"""
    findings = _without_infusion(cohort, table, whole)
    checks = [
        _Check(
            "after_death",
            Severity.WARNING,
            "begun > died",
            f"the {word} lies after the death of the patient in {{rows}}.",
            "Correct the time or the date of death.",
            "Windows that end with death leave it out; days are graded all the same.",
        ),
        _Check(
            "before_birth",
            Severity.WARNING,
            "begun < born",
            f"the {word} lies before the birth of the patient, by the age at infusion, in {{rows}}.",
            "Correct the time or the age.",
        ),
    ]
    if table == "events":
        checks.append(
            _Check(
                "event_before_infusion",
                Severity.NOTE,
                "begun < infused",
                "the event lies before the first infusion in {rows}.",
                "That is right for a history; else correct the onset.",
                "It counts to the days before infusion, or outside every window to none.",
            )
        )
    findings.extend(_found(cohort, table, query, checks))
    findings.extend(_outside(cohort, table, query, word))
    return findings


def _without_infusion(cohort: Cohort, table: str, whole: str) -> list[Finding]:
    """Rows of patients who have no infusion: they are in no result."""
    engine = cohort.engine
    query = (
        f"SELECT r.source_row, r.patient_id FROM parsed_{table} r ANTI JOIN check_people p USING (patient_id) {whole}"
    )
    query += " AND r.patient_id IS NOT NULL" if whole else " WHERE r.patient_id IS NOT NULL"
    rows, patients, first = engine.rows(
        f"SELECT count(*), count(DISTINCT patient_id), min(source_row, {ROWS}) FROM ({query})"
    )[0]
    count = int(str(rows))
    if not count:
        return []
    same = "ltrim(lower({}), '0 ')"
    alike = engine.rows(
        f"SELECT count(DISTINCT q.patient_id) FROM ({query}) q "
        f"JOIN check_people p ON {same.format('q.patient_id')} = {same.format('p.patient_id')}"
    )[0][0]
    remedy = "Add their infusions, or leave the rows out."
    if int(str(alike)):
        number = "1 of them is" if int(str(alike)) == 1 else f"{alike} of them are"
        remedy = f"{number} found with other leading zeros or capitals: write the identifier alike in all files."
    who = "1 patient" if int(str(patients)) == 1 else f"{patients} patients"
    shown = tuple(int(row) for row in first) if isinstance(first, list) else ()
    message = f"{who} with {counted_rows(count)} {'has' if int(str(patients)) == 1 else 'have'} no infusion."
    cost = "These rows are in no result."
    file = _file(cohort, table)
    return [Finding("patient_without_infusion", Severity.WARNING, table, message, remedy, cost, count, file, shown)]


def _outside(cohort: Cohort, table: str, query: str, word: str) -> list[Finding]:
    """Rows that no window of an infusion holds."""
    if table == "periods":
        return []
    check = _Check(
        "outside_window",
        Severity.NOTE,
        "",
        f"the {word} lies outside the days of every infusion of its patient in {{rows}}.",
        "That is right for an export of whole histories; else check the times.",
        "These rows are in no result.",
    )
    if table == "events":
        # How long events are counted is a parameter: what was not placed is what was left out.
        query = """
            SELECT r.source_row, e.event_id IS NULL AS outside
            FROM parsed_events r JOIN check_people p ON r.patient_id = p.patient_id
            LEFT JOIN (SELECT DISTINCT patient_id, event_id FROM events) e
                ON r.patient_id = e.patient_id AND r.event_id = e.event_id
            WHERE r.problem IS NULL"""
        return _found(cohort, table, query, [_with(check, "outside")])
    margin = _COURSES_BEFORE if table == "treatments" else 0
    one = f"(ended < opens - {margin} OR begun > closes)"
    # Between the windows of two infusions may lie days that neither holds.
    many = f"len(list_filter(windows, lambda w: ended >= w.opens - {margin} AND begun <= w.closes)) = 0"
    condition = f"CASE WHEN infusions = 1 THEN {one} ELSE {many} END"
    return _found(cohort, table, query, [_with(check, f"patient_id IS NOT NULL AND {condition}")])


def _with(check: _Check, condition: str) -> _Check:
    return _Check(check.kind, check.severity, condition, check.message, check.remedy, check.cost)


def _without_results(cohort: Cohort) -> list[Finding]:
    """Infusions without any laboratory result in their window."""
    if cohort.large:
        return []
    count = cohort.engine.rows(
        """SELECT count(*) FROM infusions i WHERE NOT EXISTS (
            SELECT 1 FROM labs l WHERE l.patient_id = i.patient_id
            AND CAST(l.time AS DATE) BETWEEN i.infusion_date + i.first_day AND i.infusion_date + i.last_day)"""
    )[0][0]
    number = int(str(count))
    if not number:
        return []
    return [
        Finding(
            "infusion_without_results",
            Severity.WARNING,
            "infusions",
            f"{number} infusion{' has' if number == 1 else 's have'} no laboratory result within {'its' if number == 1 else 'their'} days.",
            "Check that identifiers and dates are those of the laboratory file.",
            "Nothing that needs laboratory results can be graded there.",
            number,
            _file(cohort, "infusions"),
        )
    ]


# ---- links between tables ----


def _links(cohort: Cohort) -> list[Finding]:
    """References to events that the record lacks, and features that contradict each other."""
    known = "(SELECT event_id FROM parsed_events)" if "events" in cohort.present else "(SELECT NULL WHERE false)"
    findings: list[Finding] = []
    if "event_features" in cohort.present:
        query = """
            SELECT *, count(DISTINCT coalesce(CAST(number AS VARCHAR), text, CAST(flag AS VARCHAR)))
                OVER (PARTITION BY event_id, feature) AS versions
            FROM parsed_event_features WHERE problem IS NULL"""
        checks = [
            _Check(
                "unknown_event",
                Severity.WARNING,
                f"event_id NOT IN {known}",
                "the feature belongs to an event that events does not have, in {rows}.",
                "Correct the event_id, or add the event.",
                "The feature is not used.",
            ),
            _Check(
                "contradictory_feature",
                Severity.WARNING,
                "versions > 1",
                "a feature of an event has different values in {rows}.",
                "Keep the one that holds.",
                "A feature that contradicts itself counts as not known.",
            ),
        ]
        findings.extend(_found(cohort, "event_features", query, checks))
    if "treatments" in cohort.present:
        query = "SELECT source_row, event_id FROM parsed_treatments WHERE problem IS NULL AND event_id IS NOT NULL"
        check = _Check(
            "unknown_event",
            Severity.WARNING,
            f"event_id NOT IN {known}",
            "the course names an event that events does not have, in {rows}.",
            "Correct the event_id, or add the event.",
            "The course counts as given, but not as given for a bleed or clot.",
        )
        findings.extend(_found(cohort, "treatments", query, [check]))
    return findings


# ---- doubles ----

_SAME = {
    "labs": "patient_id, time, analyte, value_low, value_high, coalesce(status, '')",
    "assessments": "patient_id, time, item, number, text",
    "treatments": 'patient_id, start, "end", agent, dose, unit, route, event_id',
    "event_features": "event_id, feature, number, text, flag",
    "periods": 'patient_id, start, "end", kind, text',
}


def _doubles(cohort: Cohort) -> list[Finding]:
    findings: list[Finding] = []
    for table, same in _SAME.items():
        if table in cohort.present:
            findings.extend(_repeated(cohort, table, same))
    findings.extend(_contradictory_results(cohort))
    if "events" in cohort.present:
        query = """
            SELECT source_row, row_number() OVER (PARTITION BY event_id ORDER BY source_row) AS place
            FROM parsed_events WHERE problem IS NULL"""
        check = _Check(
            "duplicate_event",
            Severity.WARNING,
            "place > 1",
            "{rows} with the event_id of another row.",
            "Give each event an event_id of its own.",
            "The features of one are counted to all of that event_id.",
        )
        findings.extend(_found(cohort, "events", query, [check]))
    return findings


def _repeated(cohort: Cohort, table: str, same: str) -> list[Finding]:
    """Rows that say exactly what an earlier row says."""
    day = "time_precision = 'day'" if table == "labs" else "false"
    query = f"""
        SELECT source_row, {day} AS day, row_number() OVER (PARTITION BY {same} ORDER BY source_row) AS place
        FROM parsed_{table} WHERE problem IS NULL"""
    checks = [
        _Check(
            "duplicate",
            Severity.WARNING,
            "place > 1 AND NOT day",
            "{rows} that repeat an earlier row exactly.",
            "Export each row once.",
            "No grade changes, but counts of rows are too high.",
        ),
        _Check(
            "duplicate",
            Severity.NOTE,
            "place > 1 AND day",
            "{rows} that repeat an earlier row of the same date, which has no time of day.",
            "Write the time of day; then two equal results of a day can be told from one exported twice.",
        ),
    ]
    return _found(cohort, table, query, checks)


def _contradictory_results(cohort: Cohort) -> list[Finding]:
    """Different results of one analyte at one minute, of which none replaces the other."""
    query = """
        SELECT source_row, count(*) OVER result > 1 AND (min(value_low) OVER result <> max(value_low) OVER result
            OR min(value_high) OVER result <> max(value_high) OVER result) AS different
        FROM parsed_labs WHERE problem IS NULL AND time_precision = 'minute'
        WINDOW result AS (PARTITION BY patient_id, time, analyte, coalesce(status, ''))"""
    check = _Check(
        "contradictory_result",
        Severity.NOTE,
        "different",
        "different values of one analyte at one time in {rows}.",
        "Mark the one that holds as corrected, or the other as preliminary.",
        "Both are kept, and the worse one counts.",
    )
    return _found(cohort, "labs", query, [check])


def _midnights(cohort: Cohort) -> list[Finding]:
    """Tables whose times of day are all midnight."""
    findings = []
    for table in _TABLES:
        if table not in cohort.present:
            continue
        column, _ = _TABLES[table]
        timed, midnight = cohort.engine.rows(
            f"SELECT count(*), count(*) FILTER (WHERE {column} = date_trunc('day', {column})) "
            f"FROM parsed_{table} WHERE problem IS NULL AND {_precision(column)} = 'minute'"
        )[0]
        count = int(str(timed))
        if count >= _MIDNIGHTS and count == midnight:
            message = f"all {count} times are at midnight and look like dates."
            cost = "Rules in hours take midnight for the time of day."
            remedy = "Write dates without a time of day."
            file = _file(cohort, table)
            findings.append(Finding("only_midnight", Severity.WARNING, table, message, remedy, cost, count, file))
    return findings


def _precision(column: str) -> str:
    return f"{column}_precision"
