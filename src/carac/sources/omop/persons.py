"""What an OMOP record knows of the persons with a day 0: age, sex, death, follow-up."""

from __future__ import annotations

from carac.sources.omop.tables import OmopRecord, OmopTable

#: De-identified records shift the birth of the very old by centuries.
OLDEST = 120
_NULL = "CAST(NULL AS VARCHAR)"


def make_infusions(record: OmopRecord, of: OmopTable) -> None:
    """Make the infusions of the record, in `record_infusions`, of the days 0 in `omop_index`."""
    person = record.tables["person"]
    given = record.engine.columns("omop_index")
    record.engine.create("omop_person_facts", _facts(person))
    age = _age("i.date", "p")
    facts = {"age": f"CASE WHEN {age} BETWEEN 0 AND {OLDEST} THEN {age} END", "sex": "p.sex"}
    facts |= {"observation_start": "o.observation_start", "follow_up_end": "o.follow_up_end"}
    facts |= {"death": "d.death", "cause_of_death": "d.cause_of_death"}
    listed = {
        name: f'i."{name}"' for name in given if name not in ("patient_id", "infusion_time", "source_row", *facts)
    }
    for name, fact in facts.items():
        # What the user's table says comes before what the record says.
        listed[name] = f'coalesce(CAST(i."{name}" AS VARCHAR), CAST({fact} AS VARCHAR))' if name in given else fact
    columns = ", ".join(f'{sql} AS "{name}"' for name, sql in listed.items())
    day = "left(i.infusion_time, 10)"
    sql = (
        f"WITH i AS ({_DATED}), d AS ({_death(record)}), o AS ({_observation(record)}) "
        f"SELECT i.patient_id, i.infusion_time, {columns}, i.source_row "
        "FROM i JOIN omop_person_facts p ON p.person = i.patient_id LEFT JOIN d ON d.dead = i.patient_id "
        "LEFT JOIN o ON o.observed = i.patient_id "
        f"AND {day} BETWEEN left(o.observation_start, 10) AND left(o.follow_up_end, 10) "
        "QUALIFY row_number() OVER (PARTITION BY i.source_row ORDER BY o.follow_up_end DESC NULLS LAST) = 1"
    )
    record.source("infusions", sql, of)
    _tell_persons(record)


_DATED = "SELECT *, try_cast(left(infusion_time, 10) AS DATE) AS date FROM omop_index"


def _age(date: str, person: str) -> str:
    """SQL of the age in whole years; by the year of birth alone it can be one too high."""
    return f"coalesce(date_sub('year', {person}.birth, {date}), year({date}) - {person}.birth_year)"


def _facts(person: OmopTable) -> str:
    year, gender = person.identifier("year_of_birth"), person.identifier("gender_concept_id")
    sex = (
        f"CASE {gender} WHEN '8532' THEN 'female' WHEN '8507' THEN 'male' ELSE {person.text('gender_source_value')} END"
    )
    birth = f"try_cast(left({person.text('birth_datetime')}, 10) AS DATE)"
    # Month and day may stand in columns of their own.
    parts = [f"try_cast({person.identifier(f'{part}_of_birth')} AS INTEGER)" for part in ("year", "month", "day")]
    written = f"try_cast(format('{{:04d}}-{{:02d}}-{{:02d}}', {', '.join(parts)}) AS DATE)"
    return (
        f"SELECT {person.identifier('person_id')} AS person, {sex} AS sex, coalesce({birth}, {written}) AS birth, "
        f"try_cast({year} AS INTEGER) AS birth_year FROM {person.relation} "
        "QUALIFY row_number() OVER (PARTITION BY person ORDER BY source_row) = 1"
    )


def _death(record: OmopRecord) -> str:
    table = record.get("death")
    if table is None:
        return f"SELECT {_NULL} AS dead, {_NULL} AS death, {_NULL} AS cause_of_death WHERE false"
    time, cause = table.moment("death_datetime", "death_date"), table.text("cause_source_value")
    return (
        f"SELECT {table.identifier('person_id')} AS dead, {time} AS death, {cause} AS cause_of_death "
        f"FROM {table.relation} QUALIFY row_number() OVER (PARTITION BY dead ORDER BY death, source_row) = 1"
    )


def _observation(record: OmopRecord) -> str:
    table = record.get("observation_period")
    if table is None:
        return f"SELECT {_NULL} AS observed, {_NULL} AS observation_start, {_NULL} AS follow_up_end WHERE false"
    start, end = table.moment("observation_period_start_date"), table.moment("observation_period_end_date")
    person = table.identifier("person_id")
    return (
        f"SELECT {person} AS observed, {start} AS observation_start, {end} AS follow_up_end FROM {table.relation} "
        f"WHERE {end} IS NOT NULL"
    )


def _tell_persons(record: OmopRecord) -> None:
    persons = record.number("SELECT count(*) FROM omop_person_facts")
    with_index = record.number('SELECT count(DISTINCT patient_id) FROM "record_infusions"')
    if persons > with_index:
        without = persons - with_index
        message = f"{without} of {persons} persons have no day 0; nothing of them is read."
        record.note("without_index", "person", message, count=without)
    strangers = record.number("SELECT count(*) FROM omop_index ANTI JOIN omop_person_facts ON person = patient_id")
    if strangers:
        message = f"{strangers} infusions are of persons who are not in the person table, and were set aside."
        record.warn("unknown_person", "person", message, "patient_id has to be the person_id.", count=strangers)
    joined_facts = f"({_DATED}) i JOIN omop_person_facts p ON p.person = i.patient_id"
    odd = record.number(f"SELECT count(*) FROM {joined_facts} WHERE {_age('i.date', 'p')} NOT BETWEEN 0 AND {OLDEST}")
    if odd:
        message = f"{odd} infusions have an age below 0 or above {OLDEST} years; the age was left empty."
        remedy = "De-identified records shift the birth of the very old; give the age with --index-table."
        record.warn("implausible_age", "person", message, remedy, count=odd)
