"""Doubts about the records of a cohort: rows that can be read and yet cannot all be right, or that count for nothing.

What cannot be read is found while the tables are made (`setting_aside`). Here the rows are set against each other:
their infusion, death, birth, window, and their doubles. Nothing is changed; every doubt is counted and placed. No
message holds a patient identifier.
"""

from __future__ import annotations

from dataclasses import replace

from carac.cohort.cohort import Cohort
from carac.cohort.doubles import only_midnights, repeated_rows
from carac.cohort.row_checks import TIMES, RowCheck, file_of, found
from carac.cohort.setting_aside import ROWS, counted_rows
from carac.findings import Finding, Severity

#: Days before the first day of the grid in which a course may begin and still be kept (see `cohort`).
_COURSES_BEFORE = 30
#: Tables of one time per row that may have millions of rows, and which of their rows were not set aside.
_SCREENED = {"labs": "usable", "assessments": "problem IS NULL"}
#: No CAR-T cells were given to patients before this year.
_FIRST_YEAR = 1990


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
    for table in TIMES:
        if table in cohort.present:
            findings.extend(_against_infusions(cohort, table))
    findings.extend(_without_results(cohort))
    findings.extend(_links(cohort))
    if thorough:
        findings.extend(repeated_rows(cohort))
        findings.extend(only_midnights(cohort))
    return findings


# ---- infusions ----


def _infusions(cohort: Cohort) -> list[Finding]:
    """The order of the dates of each infusion, and contradictions between the infusions of a patient."""
    correct = "Correct one of the two dates."
    query = """
        SELECT *, CAST(infusion_time AS DATE) AS infused, CAST(death AS DATE) AS died,
            count(DISTINCT CAST(death AS DATE)) OVER (PARTITION BY patient_id) AS deaths,
            lag(infusion_time) OVER by_time AS previous, lag(infusion_number) OVER by_time AS previous_number
        FROM parsed_infusions WHERE problem IS NULL
        WINDOW by_time AS (PARTITION BY patient_id ORDER BY infusion_time, source_row)"""
    other_number = "(infusion_number IS NULL OR infusion_number IS DISTINCT FROM previous_number)"
    warning, note = Severity.WARNING, Severity.NOTE
    return found(
        cohort,
        "infusions",
        query,
        [
            RowCheck(
                "implausible_date",
                warning,
                f"year(infused) < {_FIRST_YEAR}",
                f"the infusion lies before {_FIRST_YEAR} in {{rows}}.",
                "Check the year.",
                "Results lie outside the window of such an infusion.",
            ),
            RowCheck(
                "death_before_infusion",
                warning,
                "died < infused",
                "the patient dies before the infusion in {rows}.",
                correct,
                "Every window that ends with death is empty.",
            ),
            RowCheck(
                "follow_up_before_infusion",
                warning,
                "CAST(follow_up_end AS DATE) < infused",
                "the follow-up ends before the infusion in {rows}.",
                correct,
                "Every window that ends with the follow-up is empty.",
            ),
            RowCheck(
                "follow_up_after_death",
                warning,
                "CAST(follow_up_end AS DATE) > died",
                "the follow-up ends after the death in {rows}.",
                correct,
            ),
            RowCheck(
                "progression_before_infusion",
                warning,
                "CAST(progression AS DATE) < infused",
                "the progression lies before the infusion in {rows}.",
                "Write the first progression after the infusion.",
                "Windows that end with progression are empty.",
            ),
            RowCheck(
                "next_therapy_before_infusion",
                warning,
                "CAST(next_therapy AS DATE) < infused",
                "the next therapy lies before the infusion in {rows}.",
                "Write the first therapy after the infusion.",
                "Windows that end with the next therapy are empty.",
            ),
            RowCheck(
                "after_death",
                warning,
                "greatest(infused, CAST(progression AS DATE), CAST(next_therapy AS DATE)) > died AND died >= infused",
                "progression or next therapy lies after the death in {rows}.",
                correct,
            ),
            RowCheck(
                "lymphodepletion_after_infusion",
                warning,
                "CAST(lymphodepletion_start AS DATE) > infused",
                "lymphodepletion begins after the infusion in {rows}.",
                correct,
                "The baseline is not that before treatment.",
            ),
            RowCheck(
                "lymphodepletion_early",
                note,
                "CAST(lymphodepletion_start AS DATE) < infused - 30",
                "lymphodepletion begins more than 30 days before the infusion in {rows}.",
                "Check both dates; a long delay may be right.",
                "The grid begins that much earlier.",
            ),
            RowCheck(
                "contradictory_death",
                warning,
                "deaths > 1",
                "the infusions of one patient have different dates of death in {rows}.",
                "Write the same date with each infusion.",
                "Each infusion uses its own.",
            ),
            RowCheck(
                "infusions_close",
                note,
                f"infused - CAST(previous AS DATE) < 14 AND {other_number}",
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
    check = RowCheck(
        "split_dose",
        Severity.NOTE,
        "place > 1",
        "the infusion_number of another row of the patient stands again in {rows}: doses of one infusion.",
        "Number infusions that are no split dose 1, 2, 3.",
        "One dose is day 0 (parameter index_infusion); the other columns of the rest are not read.",
    )
    return found(cohort, "infusions", query, [check])


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


def _make_suspects(cohort: Cohort, table: str, kept: str) -> None:
    """The patients of a large table of whom any row can be wrong, by their first and last times.

    One cheap grouping spares most records the comparison of each row with the infusions.
    """
    cohort.engine.create(
        "check_suspects",
        f"""
        SELECT r.patient_id FROM (
            SELECT patient_id, CAST(min(time) AS DATE) AS earliest, CAST(max(time) AS DATE) AS latest
            FROM parsed_{table} WHERE {kept} GROUP BY patient_id) r
        LEFT JOIN check_people p ON r.patient_id = p.patient_id
        WHERE p.patient_id IS NULL OR infusions > 1 OR latest > least(died, closes) OR earliest < greatest(born, opens)
        """,
    )


def _against_infusions(cohort: Cohort, table: str) -> list[Finding]:
    column, word = TIMES[table]
    end = "coalesce(r.end, r.start)" if table == "treatments" else f"r.{column}"
    rows = f"parsed_{table}"
    if table in _SCREENED:
        _make_suspects(cohort, table, _SCREENED[table])
        if not cohort.engine.rows("SELECT 1 FROM check_suspects LIMIT 1"):
            return []
        rows = f"(SELECT * FROM parsed_{table} SEMI JOIN check_suspects USING (patient_id))"
    query = f"""
        SELECT r.source_row, CAST(r.{column} AS DATE) AS begun, CAST({end} AS DATE) AS ended, p.*
        FROM {rows} r LEFT JOIN check_people p ON r.patient_id = p.patient_id WHERE r.problem IS NULL"""
    findings = _without_infusion(cohort, table, rows)
    checks = [
        RowCheck(
            "after_death",
            Severity.WARNING,
            "begun > died",
            f"the {word} lies after the death of the patient in {{rows}}.",
            "Correct the time or the date of death.",
            "Windows that end with death leave it out; days are graded all the same.",
        ),
        RowCheck(
            "before_birth",
            Severity.WARNING,
            "begun < born",
            f"the {word} lies before the birth of the patient, by the age at infusion, in {{rows}}.",
            "Correct the time or the age.",
        ),
    ]
    if table == "events":
        checks.append(
            RowCheck(
                "event_before_infusion",
                Severity.NOTE,
                "begun < infused",
                "the event lies before the first infusion in {rows}.",
                "That is right for a history; else correct the onset.",
                "It counts to a day before the infusion, if at all.",
            )
        )
    findings.extend(found(cohort, table, query, checks))
    findings.extend(_outside(cohort, table, query, word))
    return findings


def _without_infusion(cohort: Cohort, table: str, rows_of_table: str) -> list[Finding]:
    """Rows of patients who have no infusion: they are in no result."""
    engine = cohort.engine
    query = (
        f"SELECT r.source_row, r.patient_id FROM {rows_of_table} r ANTI JOIN check_people p USING (patient_id)"
        " WHERE r.problem IS NULL AND r.patient_id IS NOT NULL"
    )
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
    file = file_of(cohort, table)
    return [Finding("patient_without_infusion", Severity.WARNING, table, message, remedy, cost, count, file, shown)]


def _outside(cohort: Cohort, table: str, query: str, word: str) -> list[Finding]:
    """Rows that no window of an infusion holds."""
    if table == "periods":
        return []
    check = RowCheck(
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
        return found(cohort, table, query, [replace(check, condition="outside")])
    margin = _COURSES_BEFORE if table == "treatments" else 0
    one = f"(ended < opens - {margin} OR begun > closes)"
    # Between the windows of two infusions may lie days that neither holds.
    many = f"len(list_filter(windows, lambda w: ended >= w.opens - {margin} AND begun <= w.closes)) = 0"
    condition = f"CASE WHEN infusions = 1 THEN {one} ELSE {many} END"
    return found(cohort, table, query, [replace(check, condition=f"patient_id IS NOT NULL AND {condition}")])


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
    message = "1 infusion has" if number == 1 else f"{number} infusions have"
    message += " no laboratory result on the days of the grid."
    remedy = "Check that identifiers and dates are those of the laboratory file."
    cost = "Nothing that needs laboratory results can be graded there."
    file = file_of(cohort, "infusions")
    return [Finding("infusion_without_results", Severity.WARNING, "infusions", message, remedy, cost, number, file)]


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
            RowCheck(
                "unknown_event",
                Severity.WARNING,
                f"event_id NOT IN {known}",
                "the feature belongs to an event that events does not have, in {rows}.",
                "Correct the event_id, or add the event.",
                "The feature is not used.",
            ),
            RowCheck(
                "contradictory_feature",
                Severity.WARNING,
                "versions > 1",
                "a feature of an event has different values in {rows}.",
                "Keep the one that holds.",
                "A feature that contradicts itself counts as not known.",
            ),
        ]
        findings.extend(found(cohort, "event_features", query, checks))
    if "treatments" in cohort.present:
        query = "SELECT source_row, event_id FROM parsed_treatments WHERE problem IS NULL AND event_id IS NOT NULL"
        check = RowCheck(
            "unknown_event",
            Severity.WARNING,
            f"event_id NOT IN {known}",
            "the course names an event that events does not have, in {rows}.",
            "Correct the event_id, or add the event.",
            "The course counts as given, but not as given for a bleed or clot.",
        )
        findings.extend(found(cohort, "treatments", query, [check]))
    return findings
