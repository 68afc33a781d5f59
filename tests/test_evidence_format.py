"""Study files: are the shipped ones what the papers print, and does the format refuse what is not right?"""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import make_evidence_docs
from carac import evidence
from carac.evidence.printed import PrintedCount, cell_text, printed_counts, whole_number
from carac.evidence.reading import study_of_text
from carac.evidence.review_tables import COHORTS, TRIALS, review_tables
from carac.evidence.study import Cell, Outcome
from carac.evidence.writing import text_of_study
from carac.findings import CaracError
from needs import requires_shared

EXAMPLE = make_evidence_docs.EXAMPLE


def seed_tables() -> tuple[list[list[str]], list[list[str]]]:
    """Head and rows of the review's two tables, as its text has them."""
    lines = requires_shared("seeds/lee2026_review.txt").read_text(encoding="utf-8").splitlines()
    tables = []
    for head in ("Study\tIndication", "Population\tDesign"):
        start = next(place for place, line in enumerate(lines) if line.startswith(head))
        end = next(place for place in range(start, len(lines)) if not lines[place].strip())
        tables.append([line.split("\t") for line in lines[start:end]])
    return tables[0], tables[1]


# ---- the shipped studies ----


def test_the_tables_written_anew_are_those_of_the_review() -> None:
    for made, (head, *rows) in zip(review_tables(evidence.load()), seed_tables(), strict=True):
        # A footnote mark stands behind one head.
        assert list(made.header) == [re.sub(r" \[.\]$", "", cell) for cell in head]
        assert [list(row) for row in made.rows] == rows


#: A figure of a cell in one expression, written apart from the package: count (percentage), or percentage alone.
SEED_FIGURE = re.compile(r"(?:(\d+) \((\d+(?:\.\d+)?)\))|(?:(\d+(?:\.\d+)?)%)")


def test_every_cell_of_the_review_is_held_with_count_denominator_and_percentage() -> None:
    seen = 0
    shipped = evidence.load()
    for names, (head, *rows), size in zip((TRIALS, COHORTS), seed_tables(), ("N", "Sample size"), strict=True):
        order = [name for name in names for _ in (shipped[name].arms if size == "N" else (0,))]
        columns = [place for place, cell in enumerate(head) if cell.endswith("n (%)")]
        turn = dict.fromkeys(names, 0)
        for name, row in zip(order, rows, strict=True):
            arm = shipped[name].arms[turn[name]]
            turn[name] += 1
            for place in columns:
                held = [
                    one
                    for one in shipped[name].outcomes
                    if one.arm == arm.name and one.cell.column == head[place] and one.cell.place.startswith("Table")
                ]
                figures = SEED_FIGURE.findall(row[place])
                assert len(held) == max(len(figures), 1), (name, head[place])
                for one, (count, percentage, alone) in zip(held, figures, strict=False):
                    assert one.count == (int(count) if count else None)
                    assert one.percentage == (percentage or alone)
                    assert one.denominator == int(row[head.index(size)])
                    seen += 1
                if not figures:
                    assert not held[0].reported
    # 10 arms of 4 columns, bleeding twice in 8 of them, less 2 not reported; the 24 of the cohorts by hand.
    assert seen == 10 * 4 + 8 - 2 + 24


def test_the_figures_of_the_text_are_held() -> None:
    claims = evidence.load()["lee_2026_review"].claims
    abstract = {(one.low, one.high) for one in claims if one.cell.place == "Abstract" and one.kind == "range"}
    assert abstract == {("0.48", "3.26"), ("2.1", "10.8"), ("0", "1.85"), ("2.8", "12.5")}
    figures = {one.quantity: one for one in evidence.load()["lee_2026_review"].figures}
    nadir = figures["fibrinogen nadir, median by cohort"]
    assert (nadir.low, nadir.high, nadir.unit) == ("227", "307", "mg/dL")
    commentary = evidence.load()["peng_2024_review"].figures
    assert ("7", "96") in {(one.low, one.high) for one in commentary}


def test_studies_that_a_review_names_are_there() -> None:
    shipped = evidence.load()
    for study in shipped:
        for one in (*study.claims, *study.figures):
            assert all(name in shipped for name in one.studies), (study.name, one.studies)
        assert all(one.cited_by in ("", *(other.name for other in shipped)) for one in study.citations)


def test_the_published_targets_are_held() -> None:
    import json

    path = requires_shared("evidence/published_targets.json")
    targets = json.loads(path.read_text(encoding="utf-8"))
    shipped = evidence.load()
    for trial, n, count in targets["ash_view_large_12536299_coagulopathy"]["rows"]:
        held = list(shipped[trial.lower().replace("-", "_")].outcomes_of("coagulopathy"))
        assert [(one.count, one.denominator) for one in held] == [(count, n)]
    rates = {one.value for one in shipped["bindal_2024"].figures if one.statistic == "rate"}
    assert rates == {str(one["est"]) for one in targets["bindal_2024_jth"]["pooled_per_patient_month"].values()}
    deaths = next(shipped["cordas_dos_santos_2024"].outcomes_of("death_without_relapse"))
    assert (deaths.count, deaths.denominator) == (574, 7604)


def test_repeats_are_left_out_unless_asked_for() -> None:
    shipped = evidence.load()
    once = [one for study, one in shipped.outcomes("venous_thromboembolism") if study.name == "melody_2022"]
    every = [
        one for study, one in shipped.outcomes("venous_thromboembolism", repeats=True) if study.name == "melody_2022"
    ]
    assert len(once) == 1
    assert len(every) == 3


# ---- reading and writing ----


def test_the_example_of_the_page_is_read() -> None:
    study = study_of_text(EXAMPLE, "example", "example.toml")
    clot, bleeding = study.outcomes
    assert (clot.count, clot.denominator, clot.percentage) == (3, 60, "5.0")
    assert not bleeding.reported
    assert bleeding.count is None


def test_the_page_is_what_the_tool_writes() -> None:
    committed = make_evidence_docs.DOCUMENT.read_text(encoding="utf-8")
    assert committed == make_evidence_docs.document(), "python tools/make_evidence_docs.py"


def test_what_is_written_is_read_back_equal(tmp_path: Path) -> None:
    for study in evidence.load():
        path = evidence.write_study(study, tmp_path)
        assert evidence.read_study(path) == study


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_text_is_written_and_read_back(text: str) -> None:
    study = study_of_text(EXAMPLE, "example", "example.toml")
    changed = evidence.Study(**{key.name: getattr(study, key.name) for key in fields(study)} | {"note": text})
    assert study_of_text(text_of_study(changed), "example", "example.toml").note == text


def test_a_folder_of_the_user_stands_beside_the_shipped(tmp_path: Path) -> None:
    (tmp_path / "example.toml").write_text(EXAMPLE, encoding="utf-8")
    alone = evidence.load(tmp_path)
    assert [study.name for study in alone] == ["example"]
    assert len(evidence.load(tmp_path, with_shipped=True)) == len(evidence.load()) + 1


#: What is changed in the example, and what the sentence must name.
FAULTS = {
    "a number for a percentage": ('percentage = "5.0"', "percentage = 5.0", ["outcome 1", "percentage", '"5.0"']),
    "a percentage with a sign": ('percentage = "5.0"', 'percentage = "5.0%"', ["percentage", "7.20"]),
    "an unknown key": ("window_days = 90", "windowdays = 90", ["windowdays", "window_days"]),
    "an unknown outcome": ('outcome = "bleeding"', 'outcome = "bleedings"', ["outcome 2", "bleedings", "bleeding"]),
    "an unknown design": ("retrospective_cohort", "retrospective", ["design", "retrospective_cohort"]),
    "an unknown product": ('product = "axicab', 'product = "xaxicab', ["arm 1", "product", "axicabtagene"]),
    "an unknown arm": ('arm = "car_t"\nsource', 'arm = "treated"\nsource', ["outcome 1", "treated", "car_t"]),
    "an unknown source": ('source = "publication"', 'source = "registry"', ["outcome 1", "registry", "publication"]),
    "a count above its denominator": ("count = 3", "count = 61", ["61", "60"]),
    "a count below zero": ("count = 3", "count = -3", ["count", "-3"]),
    "a count as text": ("count = 3", 'count = "3"', ["count", "whole number"]),
    "neither count nor percentage": ("reported = false\n", "", ["outcome 2", "reported = false"]),
    "not reported and yet a figure": ("reported = false", "reported = false\ncount = 1", ["outcome 2", "reported"]),
    "a denominator from nowhere": ('denominator_from = "row"\n', "", ["denominator_from"]),
    "no format": ("format = 1\n", "", ["format"]),
    "another format": ("format = 1\n", "format = 3\n", ["format", "3", "1 and 2"]),
    "true for a format": ("format = 1\n", "format = true\n", ["format"]),
    "a key of a later format": ("count = 3", 'count = 3\nperson_time = "180.5"\nperson_time_unit = "patient-months"',
                                ["outcome", "person_time", "format = 2"]),
    "no title": ('title = "Example 2031"\n', "", ["title"]),
    "no source": ("[[source]]", "[[figure]]", ["[[source]]"]),
    "one table for many": ("[[citation]]", "[citation]", ["citation", "[[citation]]"]),
    "no TOML": ('title = "Example 2031"', "title = Example 2031", ["TOML"]),
    "a cell without place": ('place = "Table 2", row = "Bleeding"', 'row = "Bleeding"', ["cell", "place"]),
    "grades that run backwards": ("window_days = 90", 'window_days = 90\ngrades = "5-2"', ["grades", "2-5"]),
    "a DOI with its prefix": ('year = 2031', 'year = 2031\ndoi = "doi:10.1/x"', ["doi", "10.1000/182"]),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_sentence_that_names_it(fault: str) -> None:
    old, new, named = FAULTS[fault]
    assert old in EXAMPLE
    with pytest.raises(CaracError) as caught:
        study_of_text(EXAMPLE.replace(old, new, 1), "example", "example.toml")
    message = str(caught.value)
    assert message.startswith("example.toml")
    assert "\n" not in message
    assert message.endswith(".")
    assert all(word in message for word in named), message


TIME = 'count = 3\nperson_time = "180.5"\nperson_time_unit = "patient-months"'


def with_time(old: str = "", new: str = "") -> str:
    """The example as a file of the second format, with the time at risk of its first outcome."""
    return EXAMPLE.replace("format = 1", "format = 2", 1).replace(
        "count = 3", TIME.replace(old, new) if old else TIME, 1
    )


def test_time_at_risk_is_read_and_written_with_the_format_that_knows_it() -> None:
    study = study_of_text(with_time(), "example", "example.toml")
    assert (study.outcomes[0].person_time, study.outcomes[0].person_time_unit) == ("180.5", "patient-months")
    assert text_of_study(study).startswith("format = 2\n")
    assert study_of_text(text_of_study(study), "example", "example.toml") == study
    without = study_of_text(EXAMPLE.replace("format = 1", "format = 2", 1), "example", "example.toml")
    assert text_of_study(without).startswith("format = 1\n"), "an older carac reads what it can hold"


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('\nperson_time_unit = "patient-months"', "", "given together"),
        ('\nperson_time = "180.5"', "", "given together"),
        ('"180.5"', "180.5", 'it must be text in quotes, "180.5"'),
        ('"180.5"', '"-3"', "a number as text"),
        ('"180.5"', '"0.0"', "no time at risk"),
        ("patient-months", "months", "patient-months"),
    ],
)
def test_a_fault_of_the_time_at_risk_is_named(old: str, new: str, named: str) -> None:
    with pytest.raises(CaracError, match="outcome 1") as caught:
        study_of_text(with_time(old, new), "example", "example.toml")
    assert named in str(caught.value)


def test_a_missing_file_and_an_empty_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(CaracError, match="does not exist"):
        evidence.load(tmp_path / "nowhere")
    with pytest.raises(CaracError, match="no study files"):
        evidence.load(tmp_path)


# ---- cells ----


@pytest.mark.parametrize(
    ("cell", "figures"),
    [
        ("12 (9.5)", [(12, None, "9.5")]),
        ("12 (9.50%)", [(12, None, "9.50")]),
        ("12/127 (9.4 %)", [(12, 127, "9.4")]),
        ("12 of 127", [(12, 127, "")]),
        ("1,732/2,657 (65.2)", [(1732, 2657, "65.2")]),
        ("Total: 32.8% at 1 month Grade ≥ 2: 12.5% at 1 month", [(None, None, "32.8"), (None, None, "12.5")]),
        ("Serious: 3 (1.85) Non-serious: 3 (1.85)", [(3, None, "1.85"), (3, None, "1.85")]),
        ("Grade ≥ 2: 12 (9.5)", [(12, None, "9.5")]),
        ("0 (0) [‡]", [(0, None, "0")]),
        ("5 [7.20]", [(5, None, "7.20")]),
        ("NR", []),
        ("", []),
    ],
)
def test_a_cell_is_read_into_its_figures(cell: str, figures: list[tuple[int | None, int | None, str]]) -> None:
    assert [(one.count, one.denominator, one.percentage) for one in printed_counts(cell)] == figures


def test_whole_numbers() -> None:
    assert whole_number("2,657") == 2657
    assert whole_number("26,57") is None
    assert whole_number("12.5") is None
    assert whole_number(None) is None


def test_a_cell_written_is_read_back() -> None:
    one = Outcome(
        "bleeding", "car_t", "publication", Cell("Table 1"), count=8, percentage="8.70", label="Serious", mark="*"
    )
    assert cell_text([one]) == "Serious: 8 (8.70)*"
    assert printed_counts(cell_text([one], " [{}]")) == [PrintedCount(8, None, "8.70", "8 (8.70)")]
