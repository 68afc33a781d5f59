"""carac demo: what a newcomer sees first, with fewer patients."""

from pathlib import Path

import pytest

from carac.commands import demonstrate
from carac.findings import CaracError


def test_the_demo_counts_explains_and_ends_with_a_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    demonstrate.run("T02", None, tmp_path / "demo", patients=12)
    shown = capsys.readouterr().out
    page = tmp_path / "demo" / "report" / "synthetic_report.html"
    assert "12 synthetic patients" in shown
    assert "an exact grade on at least one day" in shown, "which denominator"
    assert "in its authors' code" in shown, "which T-ICAHT"
    assert "CTCAE 5.0, by its lower limit" in " ".join(shown.split()), "which fibrinogen"
    assert "What stands out" in shown
    assert "".join(str(page).split()) in "".join(shown.split()), "where the report is, over however many lines"
    assert shown.index("What stands out") < shown.index("The report of the synthetic patients")
    assert "12 infusions of 12 patients" in page.read_text(encoding="utf-8")
    assert (tmp_path / "demo" / "records" / "synthetic_labs.parquet").is_file()


def test_a_teaching_case_that_is_not_there_is_named_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(CaracError, match="There is no teaching case 'T99'"):
        demonstrate.run("T99", None, tmp_path / "demo")
    assert not (tmp_path / "demo").exists()
