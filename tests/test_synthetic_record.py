"""The record of a synthetic cohort: the same rows every time, in the layout, readable, clean or messy as asked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet
import pytest
from typer.testing import CliRunner

from carac import api
from carac.cohort.tables import RECORD_TABLES
from carac.commands.app import app
from carac.findings import CaracError, Finding
from carac.manifest import read_manifest
from carac.synthetic import batches
from carac.synthetic.batches import Order, tables_of
from carac.synthetic.course import Course
from carac.synthetic.lab_rows import rows_of, value_texts
from carac.synthetic.laboratory import LABORATORIES, assays, limits
from carac.synthetic.observation import observe
from carac.synthetic.options import world_of
from carac.synthetic.results import Results, printed
from carac.synthetic.simulate import simulate
from carac.synthetic.truth import read_truth, significant
from carac.synthetic.world import World
from carac.vocabulary.analytes import analytes
from carac.vocabulary.units import conversion

PATIENTS = 120


@pytest.fixture(scope="module")
def course() -> Course:
    return simulate(World.load(), 7, np.arange(1, PATIENTS + 1))


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synthetic") / "cohort"
    api.synthesize(folder, PATIENTS, 7)
    return folder


def rows_of_patients(table: pa.Table, first: int, last: int) -> pa.Table:
    wanted = pa.array([f"S{number:06d}" for number in range(first, last + 1)])
    return table.filter(compute.is_in(table["patient_id"].cast(pa.string()), wanted))


def plain(table: pa.Table) -> pa.Table:
    """The table with words as text, so that dictionaries of different batches compare."""
    columns = [c.cast(pa.string()) if pa.types.is_dictionary(c.type) else c for c in table.columns]
    return pa.table(columns, names=table.column_names).combine_chunks()


# ---- the same rows ----


@pytest.mark.parametrize("level", ["none", "much"])
def test_rows_depend_on_seed_and_patient_alone(level: str) -> None:
    order = Order(40, 3, World.load(), level)
    whole = tables_of(order, 1, 40)
    part = tables_of(order, 13, 29)
    for name, table in part.items():
        if "patient_id" in table.column_names:
            assert plain(table).equals(plain(rows_of_patients(whole[name], 13, 29))), name


def test_batches_and_processes_leave_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH", 25)
    api.synthesize(tmp_path / "small", 60, 3)
    monkeypatch.setattr(batches, "BATCH", 60)
    api.synthesize(tmp_path / "large", 60, 3)
    for file in (tmp_path / "small").rglob("*.parquet"):
        other = tmp_path / "large" / file.relative_to(tmp_path / "small")
        assert plain(parquet.read_table(file)).equals(plain(parquet.read_table(other))), file.name


@pytest.mark.slow
def test_two_processes_write_what_one_writes(tmp_path: Path) -> None:
    number = batches.BATCH + 20
    api.synthesize(tmp_path / "one", number, 3, with_truth=False)
    api.synthesize(tmp_path / "two", number, 3, with_truth=False, processes=2)
    for file in (tmp_path / "one").glob("*.parquet"):
        assert plain(parquet.read_table(file)).equals(plain(parquet.read_table(tmp_path / "two" / file.name)))


def test_csv_says_what_parquet_says(tmp_path: Path, record: Path) -> None:
    api.synthesize(tmp_path / "csv", PATIENTS, 7, file_format="csv", with_truth=False)
    text = arrow_csv.ConvertOptions(column_types={"value": pa.string()})
    for name in ("labs", "assessments"):
        written = arrow_csv.read_csv(tmp_path / "csv" / f"synthetic_{name}.csv", convert_options=text)
        table = parquet.read_table(record / f"synthetic_{name}.parquet")
        assert written["value"].to_pylist() == plain(table)["value"].to_pylist()
    both = [api.read(folder).counts for folder in (tmp_path / "csv", record)]
    assert both[0] == both[1]


def test_another_seed_makes_other_patients() -> None:
    one, other = (tables_of(Order(20, seed, World.load()), 1, 20)["synthetic_labs"] for seed in (1, 2))
    assert not plain(one).equals(plain(other))


# ---- the layout ----


def test_tables_have_columns_of_the_layout(course: Course) -> None:
    for name, table in observe(course).items():
        assert set(table.column_names) <= set(RECORD_TABLES[name].columns), name
        assert set(RECORD_TABLES[name].required) <= set(table.column_names), name


def test_synthetic_stands_in_every_name_and_in_the_metadata(record: Path) -> None:
    for file in record.rglob("*.parquet"):
        assert file.name.startswith("synthetic_")
        assert (parquet.read_schema(file).metadata or {})[b"carac"] == b"synthetic"
    assert read_manifest(record)["synthetic"] is True


def test_a_clean_record_has_no_warning(record: Path) -> None:
    result = CliRunner().invoke(app, ["check", str(record), "--json"])
    findings = [Finding(**each) for each in json.loads(result.stdout)["findings"]]
    assert [str(each) for each in findings if each.severity != "note"] == []
    assert "synthetic" in {each.kind for each in findings}
    assert result.exit_code == 0


def test_a_clean_record_has_only_words_of_the_vocabulary(record: Path) -> None:
    cohort = api.read(record)
    written = {name: parquet.read_metadata(record / f"synthetic_{name}.parquet").num_rows for name in RECORD_TABLES}
    for name, number in written.items():
        good = cohort.engine.rows(f"SELECT count(*) FROM parsed_{name} WHERE problem IS NULL")[0][0]
        assert good == number, name


def test_laboratories_know_the_vocabulary() -> None:
    for assay in assays():
        assert assay.analyte in analytes()
        own = conversion(assay.analyte, assay.unit)
        assert own is not None and own.apply(1.0) == pytest.approx(1.0)
        if assay.other_unit:
            other = conversion(assay.analyte, assay.other_unit)
            assert other is not None and other.apply(assay.other_factor) == pytest.approx(1.0, rel=1e-3), assay.analyte
    assert limits().upper.shape[0] == LABORATORIES
    assert np.isfinite(limits().upper).all()


# ---- what is seen ----


def test_nothing_after_the_last_day(record: Path) -> None:
    infusions = parquet.read_table(record / "synthetic_infusions.parquet").to_pylist()
    last = {row["patient_id"]: row["follow_up_end"] for row in infusions}
    assert all(row["death"] is None or row["death"] == row["follow_up_end"] for row in infusions)
    columns = {"labs": ("time",), "assessments": ("time",), "treatments": ("start", "end"), "events": ("onset", "end")}
    for name, times in {**columns, "periods": ("start", "end")}.items():
        table = plain(parquet.read_table(record / f"synthetic_{name}.parquet"))
        for time in times:
            dates = table[time].cast(pa.date32())
            limit = pa.array([last[patient] for patient in table["patient_id"].to_pylist()])
            assert not compute.any(compute.greater(dates, limit)).as_py(), (name, time)


def test_laboratory_rows_are_many_first_and_few_later(record: Path) -> None:
    rows = plain(parquet.read_table(record / "synthetic_labs.parquet")).num_rows
    assert 400 <= rows / PATIENTS <= 1_000


def test_results_beyond_the_assay_are_bounds() -> None:
    d_dimer = next(assay for assay in assays() if assay.analyte == "d_dimer")
    value, bound = printed(np.array([0.04, 0.19, 1.234, 35.0, 90.0]), d_dimer)
    assert value.tolist() == [0.19, 0.19, 1.23, 35.0, 35.0]
    assert bound.tolist() == [-1, 0, 0, 0, 1]


def test_values_have_the_digits_of_the_laboratory() -> None:
    place = {assay.analyte: number for number, assay in enumerate(assays())}
    named = [("platelets", 150.0, 0), ("fibrinogen", 0.5, 0), ("d_dimer", 0.19, -1), ("neutrophils", 12.3, 0)]
    nothing = np.full(len(named), np.nan)
    results = Results(
        np.zeros(len(named), dtype=np.int64),
        np.full(len(named), np.datetime64("2024-03-01T06:30", "m")),
        np.array([place[name] for name, _, _ in named]),
        np.array([value for _, value, _ in named]),
        np.array([bound for _, _, bound in named]),
        nothing,
        nothing,
    )
    assert value_texts(rows_of(results)).to_pylist() == ["150", "0.50", "<0.19", "12.30"]


# ---- faults on request ----


@pytest.mark.parametrize("level", ["some", "much"])
def test_a_messy_record_has_the_intended_findings(tmp_path: Path, level: str) -> None:
    api.synthesize(tmp_path / "messy", 300, 5, messiness=level, with_truth=False)
    result = CliRunner().invoke(app, ["check", str(tmp_path / "messy"), "--json"])
    kinds = {each["kind"] for each in json.loads(result.stdout)["findings"]}
    assert result.exit_code == 1
    intended = {"unknown_unit", "missing_unit", "unknown_analyte", "unreadable_value", "implausible_value"}
    assert intended | {"duplicate", "superseded", "withdrawn", "synthetic"} <= kinds
    assert not {"after_death", "unreadable_time", "unknown_event", "unknown_word", "unknown_item"} & kinds


def test_units_of_other_laboratories_change_no_value(course: Course) -> None:
    clean, messy = observe(course)["labs"], observe(course, "some")["labs"]
    assert messy.num_rows >= clean.num_rows
    assert set(plain(messy)["unit"].to_pylist()) > set(plain(clean)["unit"].to_pylist())


# ---- reading ----


def test_a_renamed_file_stays_synthetic(tmp_path: Path, record: Path) -> None:
    for file in record.glob("*.parquet"):
        (tmp_path / file.name.removeprefix("synthetic_")).write_bytes(file.read_bytes())
    (finding,) = api.read(tmp_path).findings.of("synthetic")
    assert finding.severity == "note"


def test_a_mixture_is_a_warning(tmp_path: Path, record: Path) -> None:
    for name in ("infusions", "labs"):
        file = f"synthetic_{name}.parquet"
        (tmp_path / file).write_bytes((record / file).read_bytes())
    (tmp_path / "events.csv").write_text("event_id,patient_id,onset,kind\nE1,S000001,2024-01-01,bleeding\n")
    (finding,) = api.read(tmp_path).findings.of("synthetic")
    assert finding.severity == "warning"
    assert "infusions, labs" in finding.message


def test_the_graded_cohort_says_that_it_is_synthetic(tmp_path: Path, record: Path) -> None:
    arguments = ["grade", str(record), "-o", str(tmp_path / "graded"), "-d", "ctcae_v5_platelets"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "synthetic" in result.stdout
    assert read_manifest(tmp_path / "graded")["synthetic"] is True


# ---- truth ----


def test_the_truth_is_read_back(record: Path) -> None:
    truth = read_truth(record)
    assert truth.infusions.num_rows == PATIENTS
    days = plain(truth.days)
    assert {"marrow", "inflammation", "consumption", "tocilizumab_effect", "iec_hs"} <= set(days.column_names)
    record_events = parquet.read_table(record / "synthetic_events.parquet")
    assert truth.events["event_id"].to_pylist() == record_events["event_id"].to_pylist()


def test_truth_can_be_left_out(tmp_path: Path) -> None:
    api.synthesize(tmp_path / "cohort", 5, 1, with_truth=False)
    with pytest.raises(CaracError, match="has no synthetic_truth_days"):
        read_truth(tmp_path / "cohort")


def test_significant_digits() -> None:
    given = np.array([0.0, 123.456, -0.00123456, 9.9999, 1e-300])
    assert significant(given).tolist() == [0.0, 123.5, -0.001235, 10.0, 0.0]


# ---- options ----


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--patients", "0"], "--patients is 0; it must be 1 to"),
        (["--seed", "-1"], "--seed is -1"),
        (["--format", "parqet"], "Did you mean parquet"),
        (["--messiness", "muhc"], "Did you mean much"),
        (["--processes", "0"], "--processes is 0"),
        (["--product", "axi-cel=-1"], "write PRODUCT=WEIGHT"),
        (["--product", "lifileucel=1"], "is none of the world"),
        (["--product", "axi-cel=0"], "the weight 0"),
        (["--from", "1.3.2024"], "write a date such as"),
        (["--from", "2024-03-01", "--until", "2024-02-01"], "before it begins"),
        (["--set", "marrow.injry=0"], "marrow.injury"),
        (["--set", "marrow.injury"], "write NAME=VALUE"),
        (["--world", "nowhere.toml"], "There is no world file"),
    ],
)
def test_a_bad_option_is_one_sentence(tmp_path: Path, options: list[str], sentence: str) -> None:
    result = CliRunner().invoke(app, ["synthesize", "-o", str(tmp_path / "cohort"), "-n", "5", *options])
    assert isinstance(result.exception, CaracError)
    assert sentence in str(result.exception)
    assert not (tmp_path / "cohort").exists()


def test_other_files_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(CaracError, match="holds other files"):
        api.synthesize(tmp_path, 5)


def test_an_interrupted_run_leaves_the_previous_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    api.synthesize(tmp_path / "cohort", 5, 1)
    before = (tmp_path / "cohort" / "synthetic_labs.parquet").read_bytes()

    def interrupted(*_: object) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(batches, "stage", interrupted)
    with pytest.raises(KeyboardInterrupt):
        api.synthesize(tmp_path / "cohort", 8, 1)
    assert (tmp_path / "cohort" / "synthetic_labs.parquet").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["cohort"]


def test_products_and_calendar(tmp_path: Path) -> None:
    world = world_of(products=["ide-cel", "cilta-cel=3"], first="2023-05-01", last="2023-06-30")
    people = simulate(world, 1, np.arange(1, 61)).people
    assert set(people["product"]) == {"idecabtagene_vicleucel", "ciltacabtagene_autoleucel"}
    dates = people["infusion_date"].astype("datetime64[D]")
    assert dates.min() >= np.datetime64("2023-05-01") and dates.max() <= np.datetime64("2023-06-30")
