"""Laboratory results on their way into the cohort: units, comparators, statuses, default units, D-dimer, limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from carac import api
from carac.cohort.cohort import Cohort, make_cohort
from carac.cohort.labs import LabOptions
from carac.cohort.limits import load_site_limits
from carac.cohort.values import INFINITY, INSIDE
from carac.engine.duckdb_engine import DuckDB
from carac.findings import CaracError
from carac.grading.parameters import resolved
from carac.sources.folder import read_folder
from needs import ROOT

INFUSIONS = "patient_id,infusion_time,age,sex\nP1,2024-03-05T11:00,57,female\nP2,2024-03-05,34,male\nP3,2024-03-05,,\n"
COLUMNS = "patient_id,time,analyte,value,unit,lower_limit,upper_limit,method,status"


def read(
    folder: Path, *rows: str, options: LabOptions | None = None, limits: str = "", columns: str = COLUMNS
) -> Cohort:
    (folder / "infusions.csv").write_text(INFUSIONS)
    (folder / "labs.csv").write_text("\n".join([columns, *rows]) + "\n")
    records = read_folder(DuckDB(), folder)
    if limits:
        (folder / "limits.txt").write_text(limits)
        load_site_limits(records, folder / "limits.txt")
    return make_cohort(records, resolved(), options)


def labs(cohort: Cohort, columns: str = "value_low, value_high") -> list[tuple[object, ...]]:
    return cohort.engine.rows(f"SELECT {columns} FROM labs ORDER BY patient_id, time, analyte, value_low")


def row(
    analyte: str, value: str, unit: str, rest: str = ",,,", patient: str = "P1", time: str = "2024-03-06T06:30"
) -> str:
    return f"{patient},{time},{analyte},{value},{unit},{rest}"


def test_units_become_canonical_with_their_limits(tmp_path: Path) -> None:
    cohort = read(
        tmp_path,
        row("creatinine", "176.8", "umol/L", "44.2,88.4,,"),
        row("fibrinogen", "150", "mg/dL", "200,400,,"),
        row("haemoglobin", "85", "g/L", "120,160,,"),
        row("platelets", "45000", "/uL", "150000,400000,,"),
    )
    assert labs(cohort, "analyte, value_low, value_high, lower_limit, upper_limit") == [
        ("creatinine", 2.0, 2.0, 0.5, 1.0),
        ("fibrinogen", 1.5, 1.5, 2.0, 4.0),
        ("haemoglobin", 8.5, 8.5, 12.0, 16.0),
        ("platelets", 45.0, 45.0, 150.0, 400.0),
    ]
    assert list(cohort.findings) == []


@pytest.mark.parametrize(
    ("value", "unit", "low", "high"),
    [
        ("<50", "mg/dL", 0.0, 0.5 * (1 - INSIDE)),
        (">500", "mg/dL", 5.0 * (1 + INSIDE), INFINITY),
        ("50-100", "mg/dL", 0.5, 1.0),
        ("LESS THAN 0.5", "g/L", 0.0, 0.5 * (1 - INSIDE)),
    ],
)
def test_comparators_are_converted_as_intervals(tmp_path: Path, value: str, unit: str, low: float, high: float) -> None:
    assert labs(read(tmp_path, row("fibrinogen", value, unit))) == [
        (pytest.approx(low, rel=1e-12), pytest.approx(high, rel=1e-12))
    ]


def test_two_columns_hold_an_interval(tmp_path: Path) -> None:
    columns = "patient_id,time,analyte,value_low,value_high,unit"
    cohort = read(
        tmp_path,
        "P1,2024-03-06,platelets,10,20,10^9/L",
        "P1,2024-03-07,platelets,20,10,10^9/L",
        "P1,2024-03-08,platelets,,10,10^9/L",
        "P1,2024-03-09,platelets,,,10^9/L",
        columns=columns,
    )
    assert labs(cohort) == [(10.0, 20.0)]
    assert {(f.kind, f.rows) for f in cohort.findings} == {
        ("unreadable_value", (3,)),
        ("half_an_interval", (4,)),
        ("missing_value", (5,)),
    }


def test_an_absent_unit_is_right_only_where_there_is_none(tmp_path: Path) -> None:
    cohort = read(tmp_path, row("inr", "1.3", ""), row("platelets", "45", ""), row("aptt", "44", "n/a"))
    assert labs(cohort, "analyte") == [("inr",)]
    assert {f.kind for f in cohort.findings} == {"missing_unit"}
    assert sum(f.count for f in cohort.findings) == 2


def test_a_default_unit_stands_in_for_an_absent_one_only(tmp_path: Path) -> None:
    options = LabOptions(default_units={"platelets": "/uL"})
    rows = (row("platelets", "45000", ""), row("platelets", "46", "10^9/L", time="2024-03-07"))
    cohort = read(tmp_path, *rows, options=options)
    assert labs(cohort) == [(45.0, 45.0), (46.0, 46.0)]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (LabOptions(default_units={"platlets": "/uL"}), "no analyte. Did you mean platelets?"),
        (LabOptions(default_units={"platelets": "g/dL"}), "is not known for platelets; name one of"),
        (LabOptions(d_dimer_basis="DDI"), "FEU or DDU, not 'DDI'"),
    ],
)
def test_options_that_cannot_be_are_refused(tmp_path: Path, options: LabOptions, sentence: str) -> None:
    with pytest.raises(CaracError) as refusal:
        read(tmp_path, row("platelets", "45", "10^9/L"), options=options)
    assert sentence in str(refusal.value)


@pytest.mark.parametrize(
    ("unit", "method", "basis", "value"),
    [
        ("mg/L{FEU}", "", None, 2.0),
        ("mg/L{DDU}", "", None, 4.0),
        ("ng/mL DDU", "", None, 0.004),
        ("mg/L", "FEU", None, 2.0),
        ("mg/L", "ddu", None, 4.0),
        ("mg/L", "", "DDU", 4.0),
        ("mg/L", "FEU", "DDU", 2.0),
        ("mg/L{FEU}", "DDU", "DDU", 2.0),
    ],
)
def test_the_basis_of_d_dimer_comes_from_unit_then_method_then_option(
    tmp_path: Path, unit: str, method: str, basis: str | None, value: float
) -> None:
    options = LabOptions(d_dimer_basis=basis)
    assert labs(read(tmp_path, row("d_dimer", "2", unit, f",,{method},"), options=options)) == [(value, value)]


def test_d_dimer_without_basis_is_set_aside(tmp_path: Path) -> None:
    cohort = read(tmp_path, row("d_dimer", "2", "mg/L"))
    assert labs(cohort) == []
    assert [f.kind for f in cohort.findings.of("unknown_d_dimer_unit")] == ["unknown_d_dimer_unit"]


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        ("preliminary", "final", [50.0]),
        ("final", "corrected", [50.0]),
        ("preliminary", "corrected", [50.0]),
        ("corrected", "preliminary", [45.0]),
        ("final", "final", [45.0, 50.0]),
        ("", "preliminary", [45.0]),
        ("final", "Entered in error", [45.0]),
        ("final", "cancelled", [45.0]),
    ],
)
def test_the_better_status_of_a_sample_holds(tmp_path: Path, first: str, second: str, kept: list[float]) -> None:
    cohort = read(
        tmp_path,
        row("platelets", "45", "10^9/L", f",,,{first}"),
        row("platelets", "50", "10^9/L", f",,,{second}"),
    )
    assert [low for (low,) in labs(cohort, "value_low")] == kept
    # whoever is left out is counted
    assert sum(f.count for f in cohort.findings) == 2 - len(kept)


def test_a_preliminary_result_of_another_time_stays(tmp_path: Path) -> None:
    cohort = read(
        tmp_path,
        row("platelets", "45", "10^9/L", ",,,preliminary"),
        row("platelets", "50", "10^9/L", ",,,final", time="2024-03-06T18:00"),
    )
    assert len(labs(cohort)) == 2


def test_implausible_values_stay_where_the_user_says_so(tmp_path: Path) -> None:
    values = (row("platelets", "9000", "10^9/L"), row("haemoglobin", "0.2", "g/dL"))
    assert labs(read(tmp_path, *values)) == []
    assert len(labs(read(tmp_path, *values, options=LabOptions(keep_implausible=True)))) == 2


def test_a_comparator_that_reaches_the_plausible_range_stays(tmp_path: Path) -> None:
    cohort = read(tmp_path, row("aptt", ">400", "s"), row("aptt", ">600", "s", time="2024-03-07"))
    assert [low for (low,) in labs(cohort, "value_low")] == [pytest.approx(400, rel=1e-5)]


# ---- limits of normal ----


def test_limits_that_cannot_be_count_as_missing_and_are_counted(tmp_path: Path) -> None:
    cohort = read(
        tmp_path,
        row("platelets", "41", "10^9/L", "150-400,,,"),
        row("platelets", "42", "10^9/L", "400,150,,", time="2024-03-07"),
        row("platelets", "43", "10^9/L", "0,0,,", time="2024-03-08"),
        row("platelets", "44", "10^9/L", "0,400,,", time="2024-03-09"),
    )
    limits = labs(cohort, "lower_limit, upper_limit")
    assert limits == [(None, None), (None, None), (None, None), (None, 400.0)]
    assert {(f.kind, f.count, f.rows) for f in cohort.findings} == {
        ("unreadable_number", 1, (2,)),
        ("limits_backwards", 1, (3,)),
        ("implausible_limit", 1, (4,)),
    }


SITE = """analyte,sex,age_from,age_to,period_from,period_to,unit,lower_limit,upper_limit
haemoglobin,,,,,,g/L,110,170
haemoglobin,female,,,,,g/L,120,160
haemoglobin,female,50,,2024-03-08,2024-03-09,g/L,115,155
"""


def test_the_most_specific_limits_of_a_site_are_taken(tmp_path: Path) -> None:
    cohort = read(
        tmp_path,
        row("haemoglobin", "8.0", "g/dL"),
        row("haemoglobin", "8.1", "g/dL", time="2024-03-09T23:59"),
        row("haemoglobin", "8.2", "g/dL", time="2024-03-10"),
        row("haemoglobin", "8.3", "g/dL", "13,17,,", time="2024-03-11"),
        row("haemoglobin", "8.4", "g/dL", patient="P2"),
        row("haemoglobin", "8.5", "g/dL", patient="P3"),
        limits=SITE,
    )
    assert labs(cohort, "value_low, lower_limit, upper_limit") == [
        (8.0, 12.0, 16.0),
        (8.1, 11.5, 15.5),
        (8.2, 12.0, 16.0),
        (8.3, 13.0, 17.0),
        (8.4, 11.0, 17.0),
        (8.5, 11.0, 17.0),
    ]
    assert [f.count for f in cohort.findings.of("site_limits")] == [5]


def test_site_limits_go_to_the_right_results_of_several_parquet_files(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    folder = tmp_path / "labs"
    folder.mkdir()
    for name, analyte, unit in (("one", "haemoglobin", "g/dL"), ("two", "platelets", "10^9/L")):
        table = {"patient_id": ["P1"], "time": ["2024-03-06"], "analyte": [analyte], "value": [9.0], "unit": [unit]}
        parquet.write_table(pa.table(table), folder / f"{name}.parquet")
    (tmp_path / "infusions.csv").write_text(INFUSIONS)
    records = read_folder(DuckDB(), tmp_path)
    (tmp_path / "limits.txt").write_text("analyte,unit,lower_limit\nhaemoglobin,g/dL,12\n")
    load_site_limits(records, tmp_path / "limits.txt")
    cohort = make_cohort(records, resolved())
    assert labs(cohort, "analyte, lower_limit") == [("haemoglobin", 12.0), ("platelets", None)]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "needs the columns"),
        ("analyte,unit\n", "needs the columns analyte, unit, and lower_limit or upper_limit; it has analyte, unit."),
        (
            "analyte,unit,lower_limit\nhaemoglobn,g/L,120\n",
            "row 2: the analyte 'haemoglobn' is not known. Did you mean",
        ),
        ("analyte,unit,lower_limit\n\nhaemoglobin,mm,120\n", "row 3: the unit 'mm' is not known for haemoglobin"),
        ("analyte,unit,lower_limit\nhaemoglobin,g/L,12O\n", "row 2: lower_limit is '12O'; write a number"),
        ("analyte,unit,lower_limit\nhaemoglobin,g/L,nan\n", "row 2: lower_limit is 'nan'; write a number"),
        ("analyte,unit,lower_limit\nhaemoglobin,g/L,\n", "row 2: there is neither"),
        ("analyte,unit,lower_limit\nhaemoglobin,g/L,1,2\n", "row 2: there are more fields"),
        ("analyte,unit,lower_limit,upper_limit\nhaemoglobin,g/L,160,120\n", "row 2: lower_limit 160 lies above"),
        ("analyte,unit,lower_limit,sex\nhaemoglobin,g/L,120,x\n", "row 2: the sex 'x' is not known"),
        ("analyte,unit,lower_limit,period_from\nhaemoglobin,g/L,120,1.1.24\n", "row 2: '1.1.24' is no date"),
        ("analyte,unit,upper_limit\nd_dimer,mg/L,0.5\n", "row 2: the unit 'mg/L' is not known for d_dimer"),
    ],
)
def test_a_site_file_that_cannot_be_read_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "limits.txt").write_text(text)
    (tmp_path / "infusions.csv").write_text(INFUSIONS)
    (tmp_path / "labs.csv").write_text(COLUMNS + "\n")
    records = read_folder(DuckDB(), tmp_path)
    with pytest.raises(CaracError) as refusal:
        load_site_limits(records, tmp_path / "limits.txt")
    assert sentence in str(refusal.value)
    with pytest.raises(CaracError):
        load_site_limits(records, tmp_path)


# ---- neutrophils ----


def test_neutrophils_are_made_where_no_count_is(tmp_path: Path) -> None:
    cohort = read(
        tmp_path,
        row("leukocytes", "4.0", "10^9/L"),
        row("neutrophil_percentage", "25", "%"),
        row("leukocytes", "2.0", "10^9/L", time="2024-03-07"),
        row("neutrophil_percentage", "50", "%", time="2024-03-07"),
        row("neutrophils", "0.9", "10^9/L", time="2024-03-07"),
        row("leukocytes", "<0.2", "10^9/L", time="2024-03-08"),
        row("neutrophil_percentage", "10", "%", time="2024-03-08"),
        row("neutrophil_percentage", "10", "%", time="2024-03-09"),
    )
    made = cohort.engine.rows("SELECT value_low, value_high FROM labs WHERE analyte = 'neutrophils' ORDER BY time")
    assert made == [(1.0, 1.0), (0.9, 0.9), (0.0, pytest.approx(0.02))]
    assert [f.count for f in cohort.findings.of("derived_neutrophils")] == [2]


def test_every_row_is_kept_or_counted(tmp_path: Path) -> None:
    rows = [
        row("platelets", value, unit, patient=patient, time=time)
        for value in ("45", "", "x", "<10", "99999")
        for unit in ("10^9/L", "g/dL", "")
        for patient in ("P1", "")
        for time in ("2024-03-06", "2024-3", "")
    ]
    cohort = read(tmp_path, *rows)
    assert cohort.counts["labs"] + sum(f.count for f in cohort.findings) == len(rows)


def test_the_booleans_that_stand_for_the_texts_say_the_same() -> None:
    """A large record is filtered by `usable` and `doubtful`; they hold exactly where `problem` and `doubt` do."""
    folders = [ROOT / "src" / "carac" / "examples" / "teaching_cohort", *sorted((ROOT / "tests" / "broken").iterdir())]
    compared = 0
    for folder in folders:
        if not folder.is_dir():
            continue
        try:
            cohort = api.read(folder)
        except CaracError:
            continue
        wrong = cohort.engine.rows(
            "SELECT count(*) FILTER (usable <> (problem IS NULL)), count(*) FILTER (doubtful <> (doubt IS NOT NULL)),"
            " count(*) FROM parsed_labs"
        )[0]
        assert wrong[:2] == (0, 0), folder.name
        compared += 1
    assert compared > 10


def test_a_lymphodepletion_of_another_decade_leaves_other_patients_alone(tmp_path: Path) -> None:
    """A mistyped year must not make the days of one infusion those of another."""
    infusions = "patient_id,infusion_time,lymphodepletion_start\nA,2024-03-06,2024-03-01\nB,2024-03-06,2001-06-01\n"
    (tmp_path / "infusions.csv").write_text(infusions)
    labs = "patient_id,time,analyte,value,unit\nA,2024-03-06,platelets,20,10^9/L\nB,2024-03-06,platelets,60,10^9/L\n"
    (tmp_path / "labs.csv").write_text(labs)
    cohort = api.read(tmp_path)
    assert cohort.findings.of("lymphodepletion_early")
    graded = api.grade(cohort, definitions=["ctcae_v5_platelets"])
    rows = [row for row in graded.patient_days.to_pylist() if row["ctcae_v5_platelets"] is not None]
    assert [(row["patient_id"], row["day"], row["ctcae_v5_platelets"]) for row in rows] == [("A", 0, 4), ("B", 0, 2)]
