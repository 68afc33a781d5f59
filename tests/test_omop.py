"""OMOP records: a real one, whose counts are known, and small ones that hold one trap each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from carac.cohort.cohort import Cohort, make_cohort
from carac.cohort.limits import load_site_limits
from carac.cohort.records import Records
from carac.engine.duckdb_engine import DuckDB
from carac.findings import CaracError
from carac.grading.parameters import resolved
from carac.grading.run import grade_tables
from carac.sources.detect import kind_of, read
from carac.sources.omop import OmopOptions
from carac.sources.omop.treatments import ingredient
from needs import requires_shared

Rows = Sequence[Mapping[str, Any]]
Tables = dict[str, Rows]

PERSON = {"person_id": 1, "gender_concept_id": 8532, "year_of_birth": 1960}
VISIT = {
    "visit_occurrence_id": 5,
    "person_id": 1,
    "visit_concept_id": 9201,
    "visit_start_datetime": "2024-02-25 10:00:00",
    "visit_end_datetime": "2024-03-20 10:00:00",
}
DRUG = {
    "drug_exposure_id": 1,
    "person_id": 1,
    "drug_concept_id": 0,
    "drug_exposure_start_date": "2024-03-01",
    "drug_source_value": "Yescarta",
}
PROCEDURE = {
    "procedure_occurrence_id": 1,
    "person_id": 1,
    "procedure_concept_id": 0,
    "procedure_date": "2024-03-01",
    "procedure_source_value": "XW033H7",
}


def result(**changes: Any) -> dict[str, Any]:
    """A platelet count of 40."""
    plain: dict[str, Any] = {
        "measurement_id": 1,
        "person_id": 1,
        "measurement_concept_id": 3024929,
        "measurement_date": "2024-03-05",
        "measurement_datetime": "2024-03-05 06:30:00",
        "operator_concept_id": 0,
        "value_as_number": 40,
        "unit_source_value": "K/uL",
        "unit_concept_id": 8848,
        "range_low": "",
        "range_high": "",
        "measurement_source_value": "PLT",
        "value_source_value": "40",
    }
    return plain | changes


def write(folder: Path, tables: Tables, upper: bool = False) -> Path:
    """A folder of CSV files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        lines = [",".join(rows[0])] + [",".join("" if v is None else str(v) for v in row.values()) for row in rows]
        lines[0] = lines[0].upper() if upper else lines[0]
        (folder / f"{name.upper() if upper else name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def small(**tables: Rows) -> Tables:
    """A record of one person with one visit, one drug and one result, with these tables changed or added."""
    return {
        "person": [PERSON],
        "visit_occurrence": [VISIT],
        "drug_exposure": [DRUG],
        "measurement": [result()],
        **tables,
    }


def records_of(path: Path, **options: Any) -> Records:
    return read(DuckDB(), path, **options)


def cohort_of(path: Path, **options: Any) -> Cohort:
    return make_cohort(records_of(path, **options), resolved())


def column(cohort: Cohort, sql: str) -> list[Any]:
    return [row[0] for row in cohort.engine.rows(sql)]


def kinds(cohort: Cohort | Records) -> set[str]:
    return {finding.kind for finding in cohort.findings}


# ---- the demonstration record of MIMIC-III ----


@pytest.fixture(scope="module")
def mimic() -> Cohort:
    return cohort_of(requires_shared("data/mimic3demo_omop"))


def persons_with(cohort: Cohort, condition: str) -> int:
    return int(column(cohort, f"SELECT count(DISTINCT patient_id) FROM labs WHERE {condition}")[0])


def test_every_test_of_mimic_is_read_for_its_persons(mimic: Cohort) -> None:
    counts = {"platelets": 100, "inr": 100, "aptt": 100, "prothrombin_time": 100, "fibrinogen": 32, "d_dimer": 15}
    assert {analyte: persons_with(mimic, f"analyte = '{analyte}'") for analyte in counts} == counts


def test_degradation_products_of_mimic_are_intervals(mimic: Cohort) -> None:
    assert persons_with(mimic, "analyte = 'fibrin_degradation_products' AND value_low < value_high") == 13
    assert column(mimic, "SELECT count(*) FROM labs WHERE analyte = 'd_dimer' AND isinf(value_high)") == [1]


def test_one_person_of_mimic_has_no_inr_near_the_first_visit(mimic: Cohort) -> None:
    near = "date_diff('day', infusion_time, time) BETWEEN -30 AND 100"
    joined = "labs JOIN infusions USING (patient_id)"
    sql = f"SELECT count(DISTINCT patient_id) FROM {joined} WHERE analyte = 'inr' AND {near}"
    assert column(mimic, sql) == [99]


def test_what_mimic_does_not_have_is_told(mimic: Cohort) -> None:
    found = {finding.kind: finding for finding in mimic.findings}
    assert found["icd9_conditions"].count == 1761
    assert "ICD-9-CM" in found["icd9_conditions"].message
    assert found["unread_measurements"].count == 2007
    assert found["no_limits"].count == 14731
    assert "first visit" in found["no_car_t_infusion"].message
    assert mimic.present == {"infusions", "labs", "periods"}
    texts = "; ".join(finding.message for finding in mimic.findings if finding.kind == "unreadable_value")
    assert "150 IS HIGHEST MEASURED PTT" in texts


def test_every_measurement_of_mimic_is_read_or_counted(mimic: Cohort) -> None:
    aside = {"unreadable_value", "missing_unit", "missing_value", "implausible_value", "unread_measurements"}
    lost = sum(finding.count for finding in mimic.findings if finding.kind in aside)
    derived = sum(finding.count for finding in mimic.findings.of("derived_neutrophils"))
    assert mimic.counts["labs"] - derived + lost == 16738


def test_every_visit_of_mimic_makes_one_infusion() -> None:
    cohort = cohort_of(requires_shared("data/mimic3demo_omop"), index="every-visit")
    assert cohort.counts["infusions"] == 129
    assert column(cohort, "SELECT max(infusion_number) FROM infusions")[0] > 1
    assert "no_car_t_infusion" not in kinds(cohort)


def graded_persons(limits: Path | None) -> dict[str, int]:
    """Persons with a grade on at least one day."""
    records = records_of(requires_shared("data/mimic3demo_omop"))
    if limits:
        load_site_limits(records, limits)
    cohort = make_cohort(records, resolved())
    names = ["ctcae_v5_platelets", "ctcae_v5_fibrinogen", "ctcae_v5_inr"]
    days = grade_tables(cohort.engine, resolved(), cohort.present, names).patient_days
    patients = days["patient_id"].to_pylist()
    return {
        name: len({who for who, grade in zip(patients, days[name].to_pylist(), strict=True) if grade is not None})
        for name in names
    }


def test_without_limits_mimic_has_grades_only_where_the_rule_has_none() -> None:
    assert graded_persons(None) == {"ctcae_v5_platelets": 20, "ctcae_v5_fibrinogen": 0, "ctcae_v5_inr": 99}


def test_with_a_site_file_mimic_has_all_grades(tmp_path: Path) -> None:
    site = tmp_path / "limits.csv"
    site.write_text("analyte,unit,lower_limit,upper_limit\nplatelets,10^9/L,150,450\nfibrinogen,g/L,2,4\n")
    assert graded_persons(site) == {"ctcae_v5_platelets": 100, "ctcae_v5_fibrinogen": 32, "ctcae_v5_inr": 99}


# ---- day 0 ----


@pytest.mark.parametrize("drug", ["Yescarta", "AXICABTAGENE CILOLEUCEL 68 ML bag", "L01XL03"])
def test_a_drug_by_name_or_code_is_the_infusion(tmp_path: Path, drug: str) -> None:
    cohort = cohort_of(write(tmp_path, small(drug_exposure=[DRUG | {"drug_source_value": drug}])))
    sql = "SELECT (product, target, infusion_date::VARCHAR, infusion_time_precision, sex, age) FROM infusions"
    expected = ("axicabtagene_ciloleucel", "CD19", "2024-03-01", "day", "female", 64.0)
    assert [tuple(row.values()) if isinstance(row, dict) else row for row in column(cohort, sql)] == [expected]
    assert "no_car_t_infusion" not in kinds(cohort)


def test_a_drug_by_concept_is_the_infusion(tmp_path: Path) -> None:
    drug = DRUG | {"drug_source_value": "local 17", "drug_concept_id": "792844.0"}
    cohort = cohort_of(write(tmp_path, small(drug_exposure=[drug])))
    assert column(cohort, "SELECT product FROM infusions") == ["axicabtagene_ciloleucel"]


@pytest.mark.parametrize(("code", "product"), [("XW033J7", "tisagenlecleucel"), ("0540T", None), ("38228", None)])
def test_a_procedure_code_is_the_infusion(tmp_path: Path, code: str, product: str | None) -> None:
    tables = small(procedure_occurrence=[PROCEDURE | {"procedure_source_value": code}])
    del tables["drug_exposure"]
    cohort = cohort_of(write(tmp_path, tables))
    assert column(cohort, "SELECT product FROM infusions") == [product]
    assert ("unnamed_product" in kinds(cohort)) == (product is None)


def test_a_bare_number_of_a_drug_is_no_procedure_code(tmp_path: Path) -> None:
    cohort = cohort_of(write(tmp_path, small(drug_exposure=[DRUG | {"drug_source_value": "38228"}])))
    assert "no_car_t_infusion" in kinds(cohort)


def test_another_step_of_car_t_is_not_the_infusion(tmp_path: Path) -> None:
    steps = [
        PROCEDURE
        | {"procedure_date": "2024-01-10", "procedure_source_value": "CAR-T therapy; harvesting of lymphocytes"},
        PROCEDURE | {"procedure_date": "2024-03-02", "procedure_source_value": "CAR-T cell administration"},
    ]
    tables = small(procedure_occurrence=steps)
    del tables["drug_exposure"]
    cohort = cohort_of(write(tmp_path, tables))
    assert column(cohort, "SELECT infusion_date::VARCHAR FROM infusions") == ["2024-03-02"]
    assert cohort.findings.of("not_the_infusion")[0].count == 1


def test_drug_procedure_and_bill_are_one_infusion_and_months_later_is_another(tmp_path: Path) -> None:
    drugs = [DRUG, DRUG | {"drug_exposure_id": 2, "drug_exposure_start_date": "2024-09-01"}]
    procedures = [PROCEDURE, PROCEDURE | {"procedure_date": "2024-03-03", "procedure_source_value": "0540T"}]
    cohort = cohort_of(write(tmp_path, small(drug_exposure=drugs, procedure_occurrence=procedures)))
    dates = column(cohort, "SELECT infusion_date::VARCHAR FROM infusions ORDER BY infusion_number")
    assert dates == ["2024-03-01", "2024-09-01"]
    assert cohort.findings.of("same_infusion")[0].count == 4


def test_persons_without_infusion_are_counted_and_not_read(tmp_path: Path) -> None:
    others = {"person": [PERSON, PERSON | {"person_id": 2}], "measurement": [result(), result(person_id=2)]}
    cohort = cohort_of(write(tmp_path, small(**others)))
    assert cohort.counts["labs"] == 1
    assert cohort.findings.of("without_index")[0].count == 1


def test_without_infusion_day_0_is_the_first_visit(tmp_path: Path) -> None:
    visits = [VISIT, VISIT | {"visit_occurrence_id": 4, "visit_start_datetime": "2023-05-01 00:00:00"}]
    tables = small(visit_occurrence=visits)
    del tables["drug_exposure"]
    cohort = cohort_of(write(tmp_path, tables))
    assert column(cohort, "SELECT infusion_date::VARCHAR FROM infusions") == ["2023-05-01"]
    assert column(cohort, "SELECT infusion_time_precision FROM infusions") == ["day"]
    every = cohort_of(tmp_path, index="every-visit")
    dates = column(every, "SELECT infusion_date::VARCHAR FROM infusions ORDER BY infusion_number")
    assert dates == ["2023-05-01", "2024-02-25"]


def test_a_table_of_the_user_names_the_infusions(tmp_path: Path) -> None:
    table = tmp_path / "index.csv"
    table.write_text("person_id;infusion_time;product;centre\n1;2024-03-02T11:30;liso-cel;A\n9;2024-03-02;liso-cel;A\n")
    cohort = cohort_of(write(tmp_path / "omop", small()), index_table=table)
    assert column(cohort, "SELECT product FROM infusions") == ["lisocabtagene_maraleucel"]
    assert column(cohort, "SELECT centre || sex FROM infusions") == ["Afemale"]
    assert column(cohort, "SELECT infusion_time::VARCHAR FROM infusions") == ["2024-03-02 11:30:00"]
    assert cohort.findings.of("unknown_person")[0].count == 1


def test_death_and_follow_up_are_read(tmp_path: Path) -> None:
    tables = small(
        death=[{"person_id": 1, "death_date": "2024-06-01"}],
        observation_period=[
            {"person_id": 1, "observation_period_start_date": a, "observation_period_end_date": b}
            for a, b in (("2020-01-01", "2021-01-01"), ("2024-01-01", "2024-05-31"))
        ],
    )
    cohort = cohort_of(write(tmp_path, tables))
    assert column(cohort, "SELECT death_day FROM infusions") == [92]
    assert column(cohort, "SELECT follow_up_end_day FROM infusions") == [91]
    assert column(cohort, "SELECT observation_start::VARCHAR FROM infusions") == ["2024-01-01 00:00:00"]


def test_an_impossible_age_is_left_empty(tmp_path: Path) -> None:
    cohort = cohort_of(write(tmp_path, small(person=[PERSON | {"year_of_birth": 1724}])))
    assert column(cohort, "SELECT age FROM infusions") == [None]
    assert cohort.findings.of("implausible_age")[0].count == 1


# ---- results ----


READINGS: list[tuple[dict[str, Any], float, float]] = [
    ({"operator_concept_id": 4171756, "value_as_number": 10}, 0, 10 * (1 - 1e-6)),
    ({"operator_concept_id": 4171754, "value_as_number": 10}, 0, 10),
    ({"operator_concept_id": 4172704, "value_as_number": 10}, 10 * (1 + 1e-6), float("inf")),
    ({"operator_concept_id": 4171755, "value_as_number": 10}, 10, float("inf")),
    ({"operator_concept_id": 4172703, "value_as_number": 10}, 10, 10),
    ({"operator_concept_id": 4171756, "value_as_number": None, "value_source_value": "<5"}, 0, 5 * (1 - 1e-6)),
    ({"operator_concept_id": 4171756, "value_as_number": None, "value_source_value": "5"}, 0, 5 * (1 - 1e-6)),
    ({"value_as_number": None, "value_source_value": "10-40"}, 10, 40),
    ({"value_as_number": 12, "value_source_value": "12000 /uL"}, 12, 12),
]


def test_operators_and_texts_are_intervals(tmp_path: Path) -> None:
    rows = [
        result(measurement_datetime=f"2024-03-05 0{hour}:30:00", **changes)
        for hour, (changes, *_) in enumerate(READINGS)
    ]
    cohort = cohort_of(write(tmp_path, small(measurement=rows)))
    ends = cohort.engine.rows("SELECT value_low, value_high FROM labs ORDER BY time")
    assert ends == [(pytest.approx(low), pytest.approx(high)) for _, low, high in READINGS]


def test_an_unknown_operator_sets_the_result_aside(tmp_path: Path) -> None:
    rows = [result(operator_concept_id=99), result()]
    cohort = cohort_of(write(tmp_path, small(measurement=rows)))
    assert cohort.counts["labs"] == 1
    assert cohort.findings.of("unreadable_value")[0].count == 1


def test_a_comparator_that_the_operator_lacks_is_told(tmp_path: Path) -> None:
    cohort = cohort_of(write(tmp_path, small(measurement=[result(value_as_number=5, value_source_value="<5")])))
    assert cohort.engine.rows("SELECT value_high FROM labs") == [(5.0,)]
    assert cohort.findings.of("comparator_lost")[0].count == 1


def test_units_come_from_text_else_concept_and_unknown_is_not_absent(tmp_path: Path) -> None:
    rows = [
        result(unit_source_value="", unit_concept_id=8647, value_as_number=40000),
        result(unit_source_value="local unit 7", unit_concept_id="8848.0"),
        result(unit_source_value="", unit_concept_id=4711),
        result(unit_source_value="", unit_concept_id=0),
    ]
    cohort = cohort_of(write(tmp_path, small(measurement=rows)))
    assert column(cohort, "SELECT value_low FROM labs") == [40.0, 40.0]
    assert {"unknown_unit", "missing_unit"} <= kinds(cohort)


def test_limits_of_normal_and_times_are_read(tmp_path: Path) -> None:
    rows = [result(range_low=150, range_high=400), result(measurement_datetime="2024-03-06 00:00:00")]
    cohort = cohort_of(write(tmp_path, small(measurement=rows)))
    read_back = cohort.engine.rows("SELECT lower_limit, upper_limit, time_precision FROM labs ORDER BY time")
    assert read_back == [(150.0, 400.0, "minute"), (None, None, "day")]
    assert cohort.findings.of("no_limits")[0].count == 1
    assert cohort.findings.of("date_only")[0].count == 1


def test_tests_are_found_by_loinc_where_the_concept_is_not_known(tmp_path: Path) -> None:
    d_dimer = {"unit_source_value": "ng/mL", "unit_concept_id": 8842, "value_as_number": 1000}
    rows = [
        result(measurement_concept_id=0, measurement_source_value="48066-5", **d_dimer),
        result(measurement_concept_id=77, unit_source_value="", unit_concept_id=9000),
        result(measurement_concept_id=0),
    ]
    concepts = [
        {"concept_id": 77, "concept_name": "Interleukin 6", "vocabulary_id": "LOINC", "concept_code": "26881-3"},
        {"concept_id": 9000, "concept_name": "picogram per mL", "vocabulary_id": "UCUM", "concept_code": "pg/mL"},
    ]
    cohort = cohort_of(write(tmp_path, small(measurement=rows, concept=concepts)))
    assert cohort.engine.rows("SELECT analyte, value_low FROM labs ORDER BY ALL") == [
        ("d_dimer", 2.0),
        ("interleukin_6", 40.0),
    ]
    assert cohort.findings.of("unread_measurements")[0].count == 1


# ---- treatments, events, periods ----


def test_treatments_are_found_by_name_ingredient_and_ancestor(tmp_path: Path) -> None:
    names = [
        "Tocilizumab",
        "heparin sodium 5000 UNT/ML Injection",
        "hydrocortisone 10 MG/ML Topical Cream",
        "ward stock 3",
    ]
    drugs = [DRUG, *({**DRUG, "drug_source_value": name} for name in names)]
    drugs.append({**DRUG, "drug_source_value": "ward stock 9", "drug_concept_id": 500})
    ancestors = [{"ancestor_concept_id": 1301025, "descendant_concept_id": 500}]
    cohort = cohort_of(write(tmp_path, small(drug_exposure=drugs, concept_ancestor=ancestors)))
    agents = column(cohort, "SELECT agent FROM treatments ORDER BY agent")
    assert agents == ["axicabtagene_ciloleucel", "enoxaparin", "heparin", "tocilizumab"]
    assert cohort.findings.of("unknown_agent")[0].count == 2


def test_drugs_of_which_none_is_known_are_no_treatments(tmp_path: Path) -> None:
    tables = small(drug_exposure=[DRUG | {"drug_source_value": "ward stock 3"}])
    cohort = cohort_of(write(tmp_path, tables))
    assert "treatments" not in cohort.present
    assert "no_agents" in kinds(cohort)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("4 ML tocilizumab 20 MG/ML Injection", "tocilizumab"),
        ("enoxaparin sodium 100 MG/ML", "enoxaparin sodium"),
        ("2-factor", "2-factor"),
    ],
)
def test_the_ingredient_stands_before_the_strength(text: str, name: str) -> None:
    assert ingredient(text) == name


def condition(code: str, number: int = 1) -> dict[str, Any]:
    return {
        "condition_occurrence_id": number,
        "person_id": 1,
        "condition_start_date": "2024-03-09",
        "visit_occurrence_id": 5,
        "condition_source_value": code,
    }


def test_conditions_with_a_code_of_the_list_are_events(tmp_path: Path) -> None:
    rows = [condition("I26.99", 1), condition("E119", 2), condition("4019", 3)]
    cohort = cohort_of(write(tmp_path, small(condition_occurrence=rows)))
    assert cohort.engine.rows("SELECT event_id, code, encounter, day FROM events") == [
        ("condition-1", "I26.99", "5", 8)
    ]
    assert cohort.findings.of("unknown_code")[0].count == 1
    assert cohort.findings.of("icd9_conditions")[0].count == 1


@pytest.mark.parametrize(
    ("codes", "kind"), [(["4019", "V5861"], "icd9_conditions"), (["59282003"], "no_icd10_conditions")]
)
def test_conditions_in_another_code_are_no_events(tmp_path: Path, codes: list[str], kind: str) -> None:
    cohort = cohort_of(write(tmp_path, small(condition_occurrence=[condition(code) for code in codes])))
    assert "events" not in cohort.present
    assert cohort.findings.of(kind)[0].count == len(codes)


def test_icd_10_cm_codes_of_which_none_is_an_event_say_that_there_was_none(tmp_path: Path) -> None:
    cohort = cohort_of(write(tmp_path, small(condition_occurrence=[condition("C83.30"), condition("E11.9")])))
    assert "events" in cohort.present
    assert cohort.counts["events"] == 0


def test_visits_are_periods(tmp_path: Path) -> None:
    visits = [
        VISIT | {"visit_occurrence_id": n, "visit_concept_id": c} for n, c in enumerate((9201, 32037, 9202, 9203, 7))
    ]
    cohort = cohort_of(write(tmp_path, small(visit_occurrence=visits)))
    assert column(cohort, "SELECT kind FROM periods") == ["ward", "intensive_care", "outpatient", "emergency", "other"]
    assert cohort.findings.of("other_visits")[0].count == 1


# ---- kinds of file, faults ----


def as_parquet(folder: Path, tables: Tables, to: Path) -> Path:
    write(folder, tables)
    to.mkdir()
    with duckdb.connect() as connection:
        for name in tables:
            connection.execute(f"COPY (FROM read_csv('{folder / name}.csv')) TO '{to / name}.parquet'")
    return to


def as_database(folder: Path, tables: Tables, to: Path) -> Path:
    write(folder, tables)
    with duckdb.connect(str(to)) as connection:
        for name in tables:
            connection.execute(f"CREATE TABLE \"{name.upper()}\" AS FROM read_csv('{folder / name}.csv')")
    return to


def test_all_kinds_of_file_say_the_same(tmp_path: Path) -> None:
    tables = small(
        measurement=[result(), result(operator_concept_id=4171756, value_as_number=1.5), result(value_as_number=None)],
        condition_occurrence=[condition("I26.99")],
    )
    places = [
        write(tmp_path / "lower", tables),
        write(tmp_path / "UPPER", tables, upper=True),
        as_parquet(tmp_path / "a", tables, tmp_path / "parquet"),
        as_database(tmp_path / "b", tables, tmp_path / "record.duckdb"),
    ]
    seen = []
    for place in places:
        assert kind_of(place) == "omop"
        cohort = cohort_of(place)
        rows = [
            cohort.engine.rows(f"SELECT * FROM {name} ORDER BY ALL")
            for name in ("infusions", "labs", "treatments", "events", "periods")
        ]
        assert all(rows)
        assert cohort.files
        seen.append(rows)
    assert seen == [seen[0]] * 4


def test_a_vocabulary_with_tabs_and_open_quotation_marks_is_read(tmp_path: Path) -> None:
    write(tmp_path, small(drug_exposure=[DRUG | {"drug_source_value": "7", "drug_concept_id": 42}]))
    text = 'concept_id\tconcept_name\tconcept_code\n42\t"axi-cel" 68 ML\tx\n43\t5" tube\ty\n'
    (tmp_path / "CONCEPT.csv").write_text(text)
    cohort = cohort_of(tmp_path)
    assert column(cohort, "SELECT product FROM infusions") == ["axicabtagene_ciloleucel"]
    assert "unreadable_vocabulary" not in kinds(cohort)


def test_another_version_of_the_data_model_is_told(tmp_path: Path) -> None:
    write(tmp_path, small(cdm_source=[{"cdm_version": "v6.0"}]))
    assert "other_version" in kinds(records_of(tmp_path))
    write(tmp_path, small(cdm_source=[{"cdm_version": "v5.4.1"}]))
    assert "other_version" not in kinds(records_of(tmp_path))


def fault(path: Path, **options: Any) -> str:
    with pytest.raises(CaracError) as raised:
        records_of(path, **options)
    return str(raised.value)


def test_faults_are_told_in_one_sentence(tmp_path: Path) -> None:
    no_measurement = write(tmp_path / "a", {"person": [PERSON]})
    assert "no OMOP table measurement; it has person" in fault(no_measurement)
    no_date = [{k: v for k, v in result().items() if k not in ("measurement_date", "measurement_datetime")}]
    assert "measurement_datetime or measurement_date" in fault(write(tmp_path / "b", small(measurement=no_date)))
    folder = write(tmp_path / "c", small(drug_exposure=[DRUG | {"drug_source_value": "x"}]))
    assert "--index-table" in fault(folder, index="infusion")
    assert "Did you mean first-visit?" in fault(folder, index="firstvisit")
    assert "There is no table of infusions" in fault(folder, index_table=tmp_path / "none.csv")
    bad = tmp_path / "bad.csv"
    bad.write_text("patient_id,date\n1,2024-03-01\n")
    assert "lacks the column infusion_time; it has patient_id, date" in fault(folder, index_table=bad)
    assert "Did you mean omop?" in fault(folder, kind="omob")
    assert "does not apply" in fault(folder, kind="folder", index="first-visit")
    assert "There is no folder or file" in fault(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    assert "is no record that carac knows" in fault(tmp_path / "empty")
    (tmp_path / "text.txt").write_text("x")
    assert "nor a DuckDB file" in fault(tmp_path / "text.txt", kind="omop")
    assert fault(folder, omop=OmopOptions(index="x")).startswith("The index 'x' is not known")


def test_a_damaged_database_is_told(tmp_path: Path) -> None:
    file = tmp_path / "record.duckdb"
    file.write_bytes(b"\0" * 8 + b"DUCK" + b"\0" * 4000)
    assert "could not be opened as a DuckDB file" in fault(file)
