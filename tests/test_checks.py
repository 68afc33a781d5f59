"""Doubts about a cohort, and what definitions need and it lacks: each is counted, placed and priced."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import ibis
import ibis.expr.operations as operations
import pytest

from carac.cohort.checks import check_cohort
from carac.cohort.cohort import Cohort, make_cohort
from carac.cohort.setting_aside import TOLD
from carac.cohort.tables import COHORT_SCHEMAS, NEEDED_TABLES
from carac.definitions import all_definitions
from carac.engine.duckdb_engine import DuckDB
from carac.findings import Finding, Severity
from carac.grading.coverage import ALSO_READ, SIGNS, coverage_findings
from carac.grading.parameters import resolved
from carac.grading.plan import default_definitions, make_plan, tables_of
from carac.sources.folder import read_folder

TEACHING = Path(__file__).resolve().parents[1] / "src" / "carac" / "examples" / "teaching_cohort"
INFUSIONS = "patient_id,infusion_time\nP1,2024-03-05T11:00"
LABS = "patient_id,time,analyte,value,unit\nP1,2024-03-06T06:30,platelets,45,10^9/L"


def read(folder: Path, infusions: str = INFUSIONS, labs: str = LABS, **others: str) -> Cohort:
    for name, text in {"infusions": infusions, "labs": labs, **others}.items():
        (folder / f"{name}.csv").write_text(text + "\n")
    return make_cohort(read_folder(DuckDB(), folder), resolved())


def check(folder: Path, infusions: str = INFUSIONS, labs: str = LABS, **others: str) -> list[Finding]:
    return check_cohort(read(folder, infusions, labs, **others), thorough=True)


def one(findings: list[Finding], kind: str) -> Finding:
    found = [finding for finding in findings if finding.kind == kind]
    assert len(found) == 1, [finding.kind for finding in findings]
    return found[0]


def placed(finding: Finding) -> tuple[str, int, tuple[int, ...]]:
    return finding.file, finding.count, finding.rows


def test_the_teaching_cohort_gives_no_doubt() -> None:
    cohort = make_cohort(read_folder(DuckDB(), TEACHING), resolved())
    assert check_cohort(cohort, thorough=True) == []
    # Its courses are of one question each: it has no analytes for scores beside that question, and is told so.
    assert {(f.kind, str(f.severity)) for f in coverage_findings(cohort, default_definitions(resolved()))} == {
        ("absent_analyte", "note")
    }


def test_a_sound_record_gives_no_doubt(tmp_path: Path) -> None:
    assert check(tmp_path) == []


# ---- infusions ----


@pytest.mark.parametrize(
    ("column", "value", "kind"),
    [
        ("death", "2024-03-04", "death_before_infusion"),
        ("follow_up_end", "2024-03-04", "follow_up_before_infusion"),
        ("progression", "2024-03-04", "progression_before_infusion"),
        ("next_therapy", "2024-03-04", "next_therapy_before_infusion"),
        ("lymphodepletion_start", "2024-03-06", "lymphodepletion_after_infusion"),
        ("lymphodepletion_start", "2024-01-06", "lymphodepletion_early"),
    ],
)
def test_dates_of_an_infusion_have_an_order(tmp_path: Path, column: str, value: str, kind: str) -> None:
    infusions = f"patient_id,infusion_time,{column}\nP1,2024-03-05T11:00,{value}\nP2,2024-03-05,2024-03-05"
    labs = LABS + "\nP2,2024-03-05,platelets,45,10^9/L"
    assert placed(one(check(tmp_path, infusions, labs), kind)) == ("infusions.csv", 1, (2,))


@pytest.mark.parametrize(
    ("column", "kind"), [("follow_up_end", "follow_up_after_death"), ("progression", "after_death")]
)
def test_nothing_comes_after_death(tmp_path: Path, column: str, kind: str) -> None:
    infusions = f"patient_id,infusion_time,death,{column}\nP1,2024-03-05T11:00,2024-03-20,2024-03-21"
    assert one(check(tmp_path, infusions), kind).table == "infusions"


def test_two_infusions_of_a_patient(tmp_path: Path) -> None:
    infusions = "patient_id,infusion_time,death\nP1,2024-03-05,2024-06-01\nP1,2024-03-12,2024-06-02"
    findings = check(tmp_path, infusions)
    assert placed(one(findings, "contradictory_death")) == ("infusions.csv", 2, (2, 3))
    assert placed(one(findings, "infusions_close")) == ("infusions.csv", 1, (3,))


def test_split_doses_are_counted(tmp_path: Path) -> None:
    infusions = (
        "patient_id,infusion_number,infusion_time\nP1,1,2024-03-05\nP1,1,2024-03-06\nP1,1,2024-03-07\nP1,2,2024-09-05"
    )
    cohort = read(tmp_path, infusions, LABS + "\nP1,2024-09-06,platelets,45,10^9/L")
    assert cohort.counts["infusions"] == 2
    assert placed(one(check_cohort(cohort, True), "split_dose")) == ("infusions.csv", 2, (3, 4))


def test_an_old_date_is_a_slip(tmp_path: Path) -> None:
    findings = check(tmp_path, "patient_id,infusion_time\nP1,1024-03-05")
    assert {"implausible_date", "outside_window", "infusion_without_results"} <= {f.kind for f in findings}


# ---- other tables against infusions ----

ROWS = {
    "assessments": ("patient_id,time,item,value", "{patient},{time},temperature,38"),
    "treatments": ("patient_id,start,agent", "{patient},{time},tocilizumab"),
    "events": ("event_id,patient_id,onset,kind", "{number},{patient},{time},bleeding"),
    "periods": ("patient_id,start,kind", "{patient},{time},ward"),
}


@pytest.mark.parametrize("table", ROWS)
def test_rows_without_infusion_after_death_and_before_birth(tmp_path: Path, table: str) -> None:
    header, row = ROWS[table]
    written = [
        row.format(patient=patient, time=time, number=number)
        for number, (patient, time) in enumerate(
            [
                ("P1", "2024-03-06"),
                ("P9", "2024-03-06"),
                ("P9", "2024-03-07"),
                ("P1", "2024-04-02"),
                ("P1", "1930-01-01"),
            ]
        )
    ]
    infusions = "patient_id,infusion_time,age,death\nP1,2024-03-05T11:00,57,2024-04-01"
    findings = [f for f in check(tmp_path, infusions, **{table: "\n".join([header, *written])}) if f.table == table]
    without = one(findings, "patient_without_infusion")
    assert placed(without) == (f"{table}.csv", 2, (3, 4))
    assert without.message == "1 patient with 2 rows has no infusion."
    assert placed(one(findings, "after_death")) == (f"{table}.csv", 1, (5,))
    assert placed(one(findings, "before_birth")) == (f"{table}.csv", 1, (6,))
    if table != "periods":
        assert one(findings, "outside_window").rows == (6,)


def test_the_day_of_death_and_the_last_day_count(tmp_path: Path) -> None:
    infusions = "patient_id,infusion_time,death\nP1,2024-03-05T11:00,2024-06-13T08:00"
    labs = LABS + "\nP1,2024-06-13T23:00,platelets,45,10^9/L\nP1,2024-02-04,platelets,45,10^9/L"
    assert check(tmp_path, infusions, labs) == []


def test_days_between_two_windows_are_outside_both(tmp_path: Path) -> None:
    infusions = "patient_id,infusion_time\nP1,2024-03-05\nP1,2025-03-05"
    days = ("2024-06-14", "2024-08-01", "2025-02-02", "2025-02-03")
    labs = LABS + "".join(f"\nP1,{day},platelets,45,10^9/L" for day in days)
    assert placed(one(check(tmp_path, infusions, labs), "outside_window")) == ("labs.csv", 3, (3, 4, 5))


def test_what_is_outside_is_what_the_cohort_leaves_out(tmp_path: Path) -> None:
    header, row = ROWS["treatments"]
    written = [row.format(patient="P1", time=f"2024-{month:02d}-05") for month in range(1, 13)]
    cohort = read(tmp_path, treatments="\n".join([header, *written]))
    outside = one(check_cohort(cohort, False), "outside_window")
    assert cohort.counts["treatments"] + outside.count == 12


def test_rows_that_were_set_aside_are_not_told_twice(tmp_path: Path) -> None:
    labs = LABS + "\nP9,2024-03-06,platelets,clotted,10^9/L"
    assert check(tmp_path, labs=labs) == []


# ---- links and doubles ----


def test_features_and_courses_need_their_event(tmp_path: Path) -> None:
    findings = check(
        tmp_path,
        events="event_id,patient_id,onset,kind\nB1,P1,2024-03-06,bleeding",
        event_features="event_id,feature,value\nB1,fatal,no\nB2,fatal,no\nB1,overt,yes\nB1,overt,no",
        treatments="patient_id,start,agent,event_id\nP1,2024-03-06,red_cells,B1\nP1,2024-03-06,red_cells,B3",
    )
    unknown = {f.table: f.rows for f in findings if f.kind == "unknown_event"}
    assert unknown == {"event_features": (3,), "treatments": (3,)}
    assert one(findings, "contradictory_feature").rows == (4, 5)


def test_doubles_are_told_by_a_thorough_check_only(tmp_path: Path) -> None:
    repeated = "P1,2024-03-06T06:30,platelets,45000,/uL"
    labs = f"{LABS}\n{repeated}\nP1,2024-03-07,platelets,45,10^9/L\nP1,2024-03-07,platelets,45,10^9/L"
    cohort = read(tmp_path, labs=labs)
    assert check_cohort(cohort, thorough=False) == []
    told = [(f.severity, f.rows) for f in check_cohort(cohort, thorough=True) if f.kind == "duplicate"]
    assert told == [(Severity.WARNING, (3,)), (Severity.NOTE, (5,))]


def test_different_values_of_one_minute_are_noted(tmp_path: Path) -> None:
    rows = ("2024-03-06T06:30,platelets,54", "2024-03-07,platelets,1", "2024-03-07,platelets,2")
    labs = LABS + "".join(f"\nP1,{row},10^9/L" for row in rows)
    finding = one(check(tmp_path, labs=labs), "contradictory_result")
    assert (finding.severity, finding.rows) == (Severity.NOTE, (2, 3))


def test_every_finding_says_what_is_right_or_what_it_costs(tmp_path: Path) -> None:
    labs = LABS + "\nP9,2024-03-06,platelets,45,10^9/L\nP1,2030-03-06,platelets,45,10^9/L"
    for finding in check(tmp_path, labs=labs):
        assert finding.remedy and finding.cost and finding.count and finding.rows
        assert "P9" not in str(finding)


# ---- coverage ----


def coverage(folder: Path, infusions: str = INFUSIONS, labs: str = LABS, **others: str) -> list[Finding]:
    return coverage_findings(read(folder, infusions, labs, **others), tuple(all_definitions().values()))


def test_a_poor_record_is_told_in_few_lines(tmp_path: Path) -> None:
    findings = coverage(tmp_path)
    assert len(findings) <= 15
    tables = {f.table for f in findings if f.kind == "absent_table"}
    assert tables == {"assessments", "treatments", "events"}
    assert all(f.cost for f in findings)


def test_absent_analytes_name_what_cannot_be_graded(tmp_path: Path) -> None:
    findings = coverage(tmp_path)
    said = " ".join(f.message for f in findings if f.kind == "absent_analyte")
    read_by_some = {a for d in all_definitions().values() for a in d.analytes}
    assert "platelets" not in said
    for analyte in read_by_some - {"platelets"}:
        assert analyte in said
    haemoglobin = next(f for f in findings if f.message == "no result of haemoglobin.")
    assert "Cannot be graded: ctcae_v5_haemoglobin, ctcae_v6_haemoglobin." in haemoglobin.cost
    assert "car_hematotox" in haemoglobin.cost


def test_a_shortened_list_of_definitions_can_be_written_out(tmp_path: Path) -> None:
    cohort, definitions = read(tmp_path), tuple(all_definitions().values())
    short = coverage_findings(cohort, definitions)
    whole = coverage_findings(cohort, definitions, every=True)
    assert [f.message for f in short] == [f.message for f in whole]
    assert any(" more" in f.cost for f in short) and not any(" more" in f.cost for f in whole)
    neutrophils = next(f for f in whole if f.message == "no result of neutrophils.")
    assert "icaht_late_as_in_authors_code" in neutrophils.cost


@pytest.mark.parametrize("tell_all", [False, True])
def test_texts_that_are_told_together_can_be_told_one_by_one(tmp_path: Path, tell_all: bool) -> None:
    labs = LABS + "".join(f"\nP1,2024-03-06,unheard_{number:02},1,g/L" for number in range(TOLD + 2))
    for name, text in {"infusions": INFUSIONS, "labs": labs}.items():
        (tmp_path / f"{name}.csv").write_text(text + "\n")
    records = read_folder(DuckDB(), tmp_path)
    records.tell_all = tell_all
    said = [str(f) for f in make_cohort(records, resolved()).findings.of("unknown_analyte")]
    together = [text for text in said if "2 more texts of the same kind" in text and "carac check --all" in text]
    assert (len(said), len(together)) == ((TOLD + 2, 0) if tell_all else (TOLD + 1, 1))
    assert tell_all == any("unheard_09" in text for text in said)


def test_one_of_several_alternatives_is_enough(tmp_path: Path) -> None:
    findings = coverage(tmp_path, labs=LABS + "\nP1,2024-03-06,prothrombin_time,14,s")
    said = [f.message for f in findings if f.kind == "absent_analyte"]
    assert not any("prothrombin_time" in message for message in said)
    assert any("inr" in message for message in said)


def test_missing_limits_are_counted_with_their_cost(tmp_path: Path) -> None:
    labs = "patient_id,time,analyte,value,unit,lower_limit,upper_limit\n" + "\n".join(
        [
            "P1,2024-03-06,platelets,45,10^9/L,150,",
            "P1,2024-03-07,platelets,45,10^9/L,,400",
            "P1,2024-03-08,platelets,45,10^9/L,,400",
            "P1,2024-03-06,aptt,45,s,20,",
        ]
    )
    limits = {f.message: f for f in coverage(tmp_path, labs=labs) if f.kind == "missing_limits"}
    some = limits["2 of 3 results of platelets have no lower limit of normal."]
    assert (some.count, some.severity) == (2, Severity.WARNING)
    assert "ctcae_v5_platelets" in some.cost
    assert limits["no result of aptt has its upper limit of normal (1 row)."].count == 1


def test_assessments_without_temperature_cost_crs(tmp_path: Path) -> None:
    findings = coverage(tmp_path, assessments="patient_id,time,item,value\nP1,2024-03-06,ice_total,9")
    signs = [f for f in findings if f.kind == "absent_sign"]
    assert [f.cost for f in signs] == ["Cannot be graded: astct_crs."]


@pytest.mark.slow
def test_the_tables_that_definitions_read_are_listed() -> None:
    parameters = resolved()
    present = frozenset(COHORT_SCHEMAS)
    wanted = {d.name: d for d in default_definitions(parameters)}
    plan = make_plan(tuple(wanted), parameters.key, present, "duckdb")
    tables = tables_of(dict(plan.day_columns), present)
    read: dict[str, set[str]] = {table: set() for table in COHORT_SCHEMAS if table not in NEEDED_TABLES}
    results: dict[str, ibis.Table] = {}
    for name, definition in wanted.items():
        # What reads graded days reads no table of the record by itself.
        if definition.rows is None or any(wanted[used].layers is not None for used in definition.uses):
            continue
        expression = definition.rows(replace(tables, results=results), parameters.scope(name))
        # What it reads of others is theirs to list.
        results[name] = ibis.table(expression.schema(), name=f"rows_{name}")
        for table in {found.name for found in expression.op().find(operations.UnboundTable)}:
            if table in read and table not in definition.needs:
                read[table].add(name)
    listed = {table: set(ALSO_READ.get(table, ())) for table in read}
    assert read == listed
    assert set(SIGNS) <= set(all_definitions())
