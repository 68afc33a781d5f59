"""The living review: do tables, map, gaps and figures follow the study files, and does the page say what changed?"""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import make_evidence_docs
from carac import evidence
from carac.commands.app import app
from carac.endpoints.definition import shipped
from carac.evidence.library import Evidence
from carac.evidence.reading import study_of_text
from carac.evidence.review_tables import review_tables
from carac.evidence.synthesis import gather, pool_counts
from carac.findings import CaracError
from carac.report.content import Document, Figure, Table
from carac.report.figures.evidence_map import Measured, evidence_map, letters_of
from carac.report.literature.changes import State, changes_section, figure_changes, study_hashes
from carac.report.literature.mapped import gaps_table, map_figure, measured
from carac.report.literature.own_cohort import Own, OwnCohort, own_blocks, own_cohort, range_of
from carac.report.literature.review import Review, gather_review, review_document
from carac.report.literature.search import gaps_in_sums, search_section, search_stages
from carac.report.literature.tables import tables
from carac.report.queries.follow_up import FlowStep
from carac.vocabulary.study_outcomes import endpoints_in_literature, study_outcomes

VTE = "venous_thromboembolism"
EXAMPLE = study_of_text(make_evidence_docs.EXAMPLE, "example_2031", "example_2031.toml")


def some(*names: str) -> Evidence:
    """Some of the shipped studies."""
    return Evidence(tuple(evidence.load()[name] for name in names))


def rows_of(chart: Any, field: str) -> list[Any]:
    """Values of a field in all layers of a chart."""
    spec = chart.to_dict()
    found: list[Any] = []
    for layer in spec["layer"]:
        rows = layer["data"].get("values") or spec["datasets"][layer["data"]["name"]]
        found += [row[field] for row in rows if field in row]
    return found


# ---- the two tables ----


def test_tables_are_those_of_the_review_but_for_the_marks() -> None:
    for made, printed in zip(tables(evidence.load()), review_tables(evidence.load()), strict=True):
        assert len(made.rows) == len(printed.rows)
        counted = [place for place, head in enumerate(made.header) if head.endswith("n (%)")]
        for mine, theirs in zip(made.rows, printed.rows, strict=True):
            for place in counted:
                assert mine[place].replace(" ¶¶", "").replace(" ¶", "") == theirs[place]


def test_what_does_not_follow_from_its_denominator_is_marked_with_its_arithmetic() -> None:
    first, second = tables(evidence.load())
    marked = [cell for row in first.rows for cell in row if "¶" in cell]
    assert marked == ["2 (1.18) ¶", "2 (1.19) ¶", "65 (31.25) ¶"]
    notes = " ".join(first.notes)
    for text in ("2 of 180 is 1.1111 %", "1.18 % is of 170", "65 of 211 is 30.8057 %", "31.25 % is of 208"):
        assert text in notes
    assert [cell for row in second.rows for cell in row if "¶" in cell] == ["13 (2.8) [‡] ¶¶"]
    assert "13 of 744" in " ".join(second.notes)


def test_a_study_that_was_added_stands_after_those_of_the_review() -> None:
    second = tables(evidence.load().with_studies([EXAMPLE]))[1]
    row = dict(zip(second.header, second.rows[-1], strict=True))
    assert row["Study"] == "Example 2031 (added)"
    assert (row["VTE, n (%)"], row["Bleeding, n (%)"], row["Sample size"]) == ("3 (5.0)", "Not reported", "60")


# ---- map and gaps ----


def test_the_map_shows_definition_and_window_and_what_is_not_reported() -> None:
    chart = map_figure(some("hashmi_2020", "wang_2023", "ko_2025"))
    texts = rows_of(chart, "text")
    assert "? · 100 d" in texts
    assert texts.count("not reported") == 4
    # the text of the review says the window of a figure that its table gives without
    assert "? · 1 y" in texts


def test_every_definition_has_a_letter_and_a_place_in_the_key() -> None:
    entries = [Measured(f"study {n}", "VTE", f"definition {n % 30}", "") for n in range(40)]
    letters = letters_of(entries)
    assert len(set(letters.values())) == 31
    texts = rows_of(evidence_map(entries, ["VTE"], "", ""), "text")
    assert all(f"{letter}  {name}" in texts for name, letter in letters.items() if name)


def test_trials_that_count_by_their_own_rules_are_not_shown_as_one_definition() -> None:
    found = [one for one in measured(evidence.load()) if one.outcome == "Coagulopathy"]
    assert {one.definition for one in found} == {"the trial's own definition, each another"}
    assert len(gather(evidence.load(), "coagulopathy").pools) == len(found) == 8


def test_gaps_count_the_studies_that_say_how_and_by_when() -> None:
    chosen = some("hashmi_2020", "wang_2023", "ko_2025", "qi_2022", "lee_2026_review")
    rows = {row[0]: row for row in gaps_table(chosen).rows}
    assert rows["Venous thromboembolism"][1:5] == ("2", "0", "1", "0")
    assert rows["Bleeding"][1:5] == ("3", "3", "1", "1")
    assert rows["Bleeding"][5] == "Hashmi 2020"


# ---- what changed ----


def small() -> Evidence:
    return some("hashmi_2020", "johnsrud_2021")


def figures(review: Review) -> dict[str, str]:
    return dict(review.state().figures)


def test_a_study_added_changes_the_figures_it_touches_and_no_other() -> None:
    before, after = gather_review(small()), gather_review(small().with_studies([EXAMPLE]))
    changed = figure_changes(before.state(), after.state())
    assert {name.split(" (")[0] for name, _, _ in changed} == {
        "Incidence: Venous thromboembolism",
        "Studies with Venous thromboembolism",
    }
    name, old, new = changed[0]
    assert "3 months" in name
    # 8 of 127 of Johnsrud, and 3 of 60 of the example
    assert old.startswith("8 of 127 in 1") and new.startswith("11 of 187 in 2")
    section = changes_section(replace_written(before.state()), after.state())
    table = next(block for block in section.blocks if isinstance(block, Table))
    assert list(table.rows) == changed
    assert "added: example_2031" in str(section.blocks)


def replace_written(state: State) -> State:
    return replace(state, written="2031-01-01")


def test_a_changed_count_is_told_as_a_changed_study() -> None:
    study = evidence.load()["hashmi_2020"]
    other = replace(study, outcomes=tuple(replace(one, count=17) if one.count == 16 else one for one in study.outcomes))
    assert study_hashes([study]) != study_hashes([other])
    assert study_hashes([study]) == study_hashes([evidence.load()["hashmi_2020"]])
    section = changes_section(State(study_hashes([study]), {}), State(study_hashes([other]), {}))
    assert "changed: hashmi_2020" in str(section.blocks)


def test_without_an_earlier_output_or_a_change_the_page_says_so() -> None:
    state = State({"a": "1"}, {"b": "2"})
    assert "no earlier output" in str(changes_section(None, state).blocks)
    assert "No figure changed" in str(changes_section(state, state).blocks)


def test_the_page_holds_every_part_and_names_nothing_twice() -> None:
    review = gather_review(
        some("hashmi_2020", "johnsrud_2021", "belinda", "zuma_7"),
        OwnCohort((own_vte(),)),
        [FlowStep("records found", 812)],
    )
    document: Document = review_document(review, None)
    names = [section.name for section in document.sections]
    wanted = ["changes", "studies", "gaps", "incidence", "arms", "own_cohort", "audit", "prisma", "methods"]
    assert names == wanted
    blocks = [block.name for section in document.sections for block in (*section.tables(), *section.figures())]
    assert len(blocks) == len(set(blocks))
    arms = next(section for section in document.sections if section.name == "arms")
    assert len(list(arms.figures())) == len(review.compared) == 5
    audit = next(section for section in document.sections if section.name == "audit")
    assert any("1.18" in cell for table in audit.tables() for row in table.rows for cell in row)


# ---- one's own cohort, the search ----


def own_vte() -> Own:
    """3 of 60 by three months."""
    return Own(VTE, "Venous thromboembolism", "3 of 60", 5.0, 1.0, 13.9, window="3 months")


def test_a_pool_of_other_grades_or_of_serious_events_is_not_the_one_beside() -> None:
    gathered = gather(small().with_studies([EXAMPLE]), VTE)
    pooled = [pool_counts(question, counts) for question, counts in gathered.pools.items()]
    assert range_of(replace(own_vte(), grades="3-5"), gathered, pooled).pooled is None
    serious = [replace(one, question=replace(one.question, serious="serious")) for one in pooled]
    assert range_of(own_vte(), gathered, serious).pooled is None


ANALYSED = """\
Endpoint,At risk,Events,Competing,"By day 30, % (95 % CI)","To the end, % (95 % CI)","Naive 1 − KM, %"
Thrombosis,,,,,,
  Venous thromboembolism,140,9,11,3.6 (1.3–7.6),6.5 (3.2–11),7.0
  Arterial thromboembolism,140,<5,11,–,–,–
Bleeding,,,,,,
  WHO grade 2 or more bleeding,140,14,8,7.9 (4.2–13),10 (5.7–16),11
"""


def analysed(folder: Path, synthetic: bool = False) -> Path:
    """A folder as carac analyse writes it, with numbers made up by hand."""
    (folder / "tables").mkdir(parents=True)
    name = "synthetic_incidence.csv" if synthetic else "incidence.csv"
    (folder / "tables" / name).write_text(ANALYSED, encoding="utf-8-sig")
    manifest = {"synthetic": synthetic, "analysis": {"window": "to_100", "windows": {"to_100": [0, 100]}}}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def test_an_analysis_is_read_by_endpoint_and_window(tmp_path: Path) -> None:
    own = own_cohort(analysed(tmp_path / "analysis"))
    found = {(one.outcome, one.definition, one.grades, one.window): one for one in own.incidences}
    assert len(found) == 4
    month, end = found[VTE, "", "", "1 month"], found[VTE, "", "", "100 days"]
    assert ((month.value, month.low, month.high), month.said) == ((3.6, 1.3, 7.6), "140 at risk")
    assert ((end.value, end.low, end.high), end.said) == ((6.5, 3.2, 11), "9 of 140")
    assert found["bleeding", "WHO bleeding grades", "2-5", "100 days"].value == 10
    assert any(text.startswith("Arterial thromboembolism, 1 month: no figure") for text in own.left_out)
    assert any(text == "Any bleeding: not in the analysis" for text in own.left_out)
    assert not own.synthetic


def test_every_endpoint_that_studies_count_is_one_and_has_an_outcome() -> None:
    for name, like in endpoints_in_literature().items():
        assert name in shipped()
        assert like.outcome in study_outcomes()


def test_the_own_incidences_are_drawn_where_the_analysis_has_them(tmp_path: Path) -> None:
    own = own_cohort(analysed(tmp_path / "analysis", synthetic=True))
    assert own.synthetic
    caution, figure, table = own_blocks(own, evidence.load())
    assert "SYNTHETIC" in str(caution)
    assert isinstance(figure, Figure) and isinstance(table, Table)
    at = rows_of(figure.chart, "at")
    assert {3.6, 6.5, 7.9, 10.0} <= set(at)
    row = next(row for row in table.rows if row[1] == "100 days")
    # Wang 2023 and Hashmi 2020 count venous thromboembolism by day 100 and say no definition
    assert row[0] == "Venous thromboembolism" and row[2:4] == ("9 of 140", "6.5 (3.2 to 11)")
    assert int(row[4]) > 5


@pytest.mark.parametrize(
    ("take", "message"),
    [("tables", "has no tables/incidence.csv"), ("manifest", "does not say the window")],
)
def test_a_folder_that_is_no_analysis_gets_a_sentence(tmp_path: Path, take: str, message: str) -> None:
    folder = analysed(tmp_path / "analysis")
    (folder / ("manifest.json" if take == "manifest" else "tables/incidence.csv")).unlink()
    with pytest.raises(CaracError, match=message):
        own_cohort(folder)


def test_the_command_lays_an_analysis_beside_the_studies_in_one_step(tmp_path: Path) -> None:
    folder, target = analysed(tmp_path / "analysis"), tmp_path / "beside"
    done = CliRunner().invoke(app, ["evidence", "beside", str(folder), "-o", str(target)])
    assert done.exit_code == 0, done.output
    assert (target / "report.docx").exists() and (target / "figures" / "own_cohort.svg").exists()
    with (target / "tables" / "own_cohort_beside.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert [row["Own n"] for row in csv.DictReader(stream)][:2] == ["140 at risk", "9 of 140"]


def test_own_counts_stand_beside_the_pool_that_counts_in_the_same_way() -> None:
    gathered = gather(small().with_studies([EXAMPLE]), VTE)
    pooled = [pool_counts(question, counts) for question, counts in gathered.pools.items()]
    found = range_of(own_vte(), gathered, pooled)
    assert sorted(found.studies) == pytest.approx([5.0, 800 / 127, 1600 / 148])
    assert found.pooled is not None and found.own is not None
    assert found.own[0] == 5
    assert 5 < found.pooled[0] < 800 / 127
    other = range_of(replace(own_vte(), definition="ISTH"), gathered, pooled)
    assert other.pooled is None
    assert "no study counts so" in other.detail


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("outcome,events\nbleeding,3\n", "no column total"),
        ("outcome,events,total\nbleding,3,5\n", "row 2: there is no outcome 'bleding'"),
        ("outcome,events,total\nbleeding,3,5\nbleeding,6,5\n", "row 3: '6' of '5' is no count"),
        ("outcome,events,total\nbleeding,0,0\n", "row 2: '0' of '0' is no count"),
        ("outcome,events,total\nbleeding,some,5\n", "row 2: 'some' of '5' is no count"),
        ("outcome,events,total\nbleeding,-1,5\n", "row 2"),
    ],
)
def test_a_faulty_table_of_own_counts_gets_a_sentence(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "own.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CaracError, match=message.replace("(", r"\(")):
        own_cohort(file)


SEARCH = """\
stage,n,reason
Records identified,812,
Records identified,120,duplicates
Records screened,692,
Records screened,640,not about bleeding or thrombosis
Reports assessed,52,
Reports assessed,30,no count of patients
Reports assessed,6,the same patients as another report
Studies included,15,
"""


def test_the_search_is_drawn_with_its_boxes_reasons_and_what_does_not_add_up(tmp_path: Path) -> None:
    file = tmp_path / "prisma.csv"
    file.write_text(SEARCH, encoding="utf-8")
    stages = search_stages(file)
    assert [(one.name, one.count, len(one.leaving)) for one in stages] == [
        ("Records identified", 812, 1),
        ("Records screened", 692, 1),
        ("Reports assessed", 52, 2),
        ("Studies included", 15, 0),
    ]
    # 812 - 120 = 692 and 692 - 640 = 52; of the 52 reports 16 are left, and 15 studies are given
    (gap,) = gaps_in_sums(stages)
    assert "52 less 36 are 16, and Studies included has 15" in gap
    (section,) = search_section(stages)
    (figure,) = section.figures()
    texts = rows_of(figure.chart, "text")
    assert {
        "n = 812",
        "n = 15",
        "640 not about bleeding or thrombosis",
        "6 the same patients as another report",
    } <= set(texts)
    assert gap in figure.notes
    (table,) = section.tables()
    assert len(table.rows) == 8


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stage,n\nincluded,many\n", "row 2: 'many' is no number"),
        ("stage,n\n,3\n", "row 2: stage is empty"),
        ("stage,n,reason\nscreened,3,late\n", "row 2: 'screened' has a reason before its own number"),
        ("stage,n\nscreened,3\nscreened,3\n", "row 3: 'screened' is there twice"),
        ("stage\nincluded\n", "needs the columns stage and n"),
    ],
)
def test_a_faulty_search_gets_a_sentence(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "prisma.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CaracError, match=message):
        search_stages(file)
    with pytest.raises(CaracError, match="cannot be read"):
        search_stages(tmp_path / "none.csv")


# ---- the command ----


def test_the_command_writes_the_page_and_says_what_changed(tmp_path: Path) -> None:
    folder, target = tmp_path / "mine", tmp_path / "review"
    folder.mkdir()
    evidence.write_study(EXAMPLE, folder)
    arguments = ["evidence", "report", "-o", str(target), "--no-shipped", "-s", str(folder)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    written = {path.name for path in target.iterdir()}
    assert {"report.html", "report.docx", "manifest.json", "pooled_with_metafor.R"} <= written
    more = replace(
        EXAMPLE,
        name="example_2032",
        title="Example 2032",
        outcomes=(replace(EXAMPLE.outcomes[0], count=6, percentage="10.0"),),
    )
    evidence.write_study(more, folder)
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "3 of 60 in 1" in done.output and "9 of 120 in 2" in done.output
    with (target / "tables" / "changed_figures.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert next(row["Now"] for row in csv.DictReader(stream)).startswith("9 of 120 in 2")
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    assert sorted(manifest["review"]["studies"]) == ["example_2031", "example_2032"]
