"""What a report says, hides and refuses: identifiers, small cells, options, missing tables, the proposal mark."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from carac import api
from carac.commands.reporting import options_of
from carac.definitions import definition_of
from carac.findings import CaracError
from carac.grading.explanation import grades, standing_out
from carac.report import theme
from carac.report import words as report_words
from carac.report.build import MAKERS, build
from carac.report.content import Document, Items, Paragraph, Table
from carac.report.families import Line, family, lines
from carac.report.figures.patient_bars import colour_of
from carac.report.material import gather
from carac.report.numbers import HIDDEN, Writer, percent, wilson
from carac.report.options import QUESTIONS, SECTIONS, Options, from_toml, with_changes
from carac.report.queries.patient import courses_of, texts
from carac.report.queries.worst import Reached, Worst
from carac.report.sections import two_sides
from carac.report.sections.toxicities import drawn, few_known, graded, share
from carac.report.synthetic import is_synthetic
from carac.vocabulary.types import Grain
from report_cohort import TEACHING, graded_teaching, made


def words(document: Document) -> str:
    """All that a document says, figures by their text alternative."""
    said = [document.title, document.subtitle]
    for section in document.all_sections():
        for block in section.blocks:
            if isinstance(block, Table):
                said += [block.title, *block.header, *(cell for row in block.rows for cell in row), *block.notes]
            elif isinstance(block, Items):
                said += block.texts
            elif isinstance(block, Paragraph):
                said.append(block.text)
            elif hasattr(block, "alternative"):
                said += [block.title, block.alternative, *block.notes]
    return "\n".join(said)


def test_no_identifier_and_no_date_is_in_any_file() -> None:
    text = words(made().document)
    page = (made().report / "synthetic_report.html").read_text(encoding="utf-8")
    for said in (text, page, *(p.read_text(encoding="utf-8-sig") for p in (made().report / "tables").glob("*.csv"))):
        assert not re.search(r"\bT\d\d\b", said)
        assert not re.search(r"\b20\d\d-\d\d-\d\d\b", said)
    assert "Teaching centre" not in text


def test_identifiers_are_there_when_asked_for_and_the_page_says_so() -> None:
    options = Options(identifiers="as recorded", sections=("events",))
    document = build(gather(graded_teaching(), options, True))
    assert "T03" in words(document)
    assert any(isinstance(b, Paragraph) and "holds patients' identifiers" in b.text for b in document.lead)


def test_hashes_differ_without_a_salt_and_agree_with_one() -> None:
    def labels(salt: str) -> list[str]:
        return sorted(gather(graded_teaching(), Options(salt=salt), True).labels.values())

    assert labels("") != labels("")
    assert labels("one") == labels("one")


def test_small_cells_are_hidden_with_those_that_would_tell_them() -> None:
    write = Writer(hide_small=True)
    assert write.counts([0, 3, 9, 20]) == ["0", "<5", HIDDEN, "20"]
    assert write.counts([2, 3, 9]) == ["<5", "<5", "9"]
    assert write.count_percent(3, 14) == "<5"
    assert write.count_percent(12, 14) == ">9"
    assert write.count_percent(7, 14) == "7 (50)"
    options = Options(hide_small_cells=True, salt="x")
    document = build(gather(graded_teaching(), options, True))
    for section in document.sections:
        for table in section.tables():
            if table.name in ("toxicities", "table_one", "scores", "event_counts"):
                for row in table.rows:
                    assert not any(re.fullmatch(r"[1-4]( \(.*\))?", cell) for cell in row[1:]), (table.name, row)
    names = {figure.name for section in document.sections for figure in section.figures()}
    assert not names & {"heat_map", "events", "two_sides", "toxicities"}


def test_small_cells_and_pages_of_patients_exclude_each_other() -> None:
    with pytest.raises(CaracError, match="exclude each other"):
        Options(hide_small_cells=True, patients="all")


def test_sections_come_from_a_toml_file_and_in_its_order(tmp_path: Path) -> None:
    file = tmp_path / "report.toml"
    file.write_text('[report]\ntitle = "Ours"\nsections = ["events", "people"]\nlast_day = 20\n', encoding="utf-8")
    options = options_of(file, "product", None, False, False, None)
    assert options == Options(title="Ours", sections=("events", "people"), last_day=20, by="product")
    document = build(gather(graded_teaching(), options, True))
    assert [section.name for section in document.sections] == ["events", "people"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"sections": ("event",)}, "did you mean events"),
        ({"by": "crs"}, "no grouping 'crs'"),
        ({"last_days": 3}, "did you mean last_day"),
        ({"last_day": "20"}, "must be a whole number"),
        ({"sections": "events"}, "must be a list"),
        ({"first_day": 3}, "begin before day 0"),
    ],
)
def test_a_wrong_option_gets_one_sentence(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(CaracError, match=sentence):
        with_changes(Options(), changes)


def test_a_file_without_its_table_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("[other]\n", encoding="utf-8")
    with pytest.raises(CaracError, match=r"no table \[report\]"):
        from_toml(tmp_path / "a.toml")


def test_an_unknown_patient_is_told() -> None:
    with pytest.raises(CaracError, match="no patient 'T99'"):
        build(gather(graded_teaching(), Options(sections=("people",), patients="T99"), True))


def test_every_toxicity_that_is_graded_has_a_family() -> None:
    """One without would stand under "Other" at the end, where nobody looks for it."""
    material = gather(graded_teaching(), Options(), True)
    names = {worst.definition.name for worst in graded(material) if family(worst.definition) == "Other"}
    assert names == set()


def test_versions_share_a_line_where_they_grade_everybody_alike() -> None:
    plan = graded_teaching().plan
    named = {d.name: d for d in plan.definitions}

    def worst(name: str, pairs: dict[tuple[int, int], int]) -> Worst:
        return Worst(named[name], 10, pairs)

    alike, other = {(0, 0): 6, (2, 2): 4}, {(0, 0): 5, (2, 2): 5}
    found = lines(
        [
            worst("ctcae_v6_fibrinogen", alike),
            worst("astct_crs", alike),
            worst("ctcae_v5_fibrinogen", other),
            worst("ctcae_v4_fibrinogen", alike),
            worst("ctcae_v5_inr", {}),
            worst("icaht_early_as_in_authors_code", other),
            worst("icaht_early_as_printed", other),
        ]
    )
    assert [(line.family, line.title) for line in found] == [
        ("Immune effector cell syndromes", "CRS (ASTCT)"),
        ("Blood counts", "Early ICAHT (day 0 to 30), as in authors' code and as printed"),
        ("Coagulation", "Fibrinogen decreased, CTCAE 4.03 and 6.0"),
        ("Coagulation", "Fibrinogen decreased, CTCAE 5.0"),
    ]


def test_a_toxicity_that_is_known_of_fewer_than_half_has_no_bar() -> None:
    """Two of 300 infusions graded, with grade 5, would be a black bar of 100 %."""
    crs = definition_of("astct_crs")
    rare, known = Worst(crs, 300, {(5, 5): 149}), Worst(crs, 300, {(5, 5): 150})
    assert drawn([Line("", "", rare), Line("", "", known)]) == [Line("", "", known)]


def test_a_share_is_told_where_at_most_a_tenth_is_open() -> None:
    assert Reached(yes=5, no=85, open=10).is_told
    assert not Reached(yes=5, no=84, open=11).is_told


def test_a_share_of_the_few_in_whom_it_was_looked_for_is_not_told() -> None:
    """IEC-HS graded in 2 of 500, both grade 5, is not 100 %."""
    iec_hs = definition_of("iec_hs_grade")
    assert not Worst(iec_hs, 500, {(5, 5): 2}).at_least(1).is_told
    assert not Worst(iec_hs, 500, {(5, 5): 249}).at_least(3).is_told
    assert Worst(iec_hs, 500, {(5, 5): 250}).at_least(3).is_told
    assert not Reached(yes=5, no=44, open=0, unknown=51).is_told


def test_what_is_known_of_few_is_named_and_has_no_share() -> None:
    iec_hs, crs = (
        Worst(definition_of("iec_hs_grade"), 500, {(5, 5): 2}),
        Worst(definition_of("astct_crs"), 500, {(5, 5): 500}),
    )
    material = gather(graded_teaching(), Options(), True)
    found = [Line("", "IEC-HS grade", iec_hs), Line("", "CRS (ASTCT)", crs)]
    (said,) = few_known(material, found)
    assert isinstance(said, Paragraph)
    assert "IEC-HS grade (2 of 500)" in said.text and "CRS" not in said.text
    (hidden,) = few_known(gather(graded_teaching(), Options(hide_small_cells=True), True), found)
    assert isinstance(hidden, Paragraph) and "(<5 of 500)" in hidden.text
    assert share(material, iec_hs.at_least(3)) == "–"
    assert share(material, crs.at_least(3)) == "100 (99–100)"


def test_which_infusions_a_share_is_of_is_said_before_the_tables() -> None:
    blocks = next(one for one in made().document.sections if one.name == "toxicities").blocks
    for name, wanted in (("toxicities", "Something known: "), ("scores", "Other outputs of carac")):
        place = next(n for n, block in enumerate(blocks) if isinstance(block, Table) and block.name == name)
        assert any(isinstance(block, Paragraph) and block.text.startswith(wanted) for block in blocks[:place]), name


@pytest.mark.parametrize(
    ("event", "colour"),
    [
        ({"kind": "bleeding"}, theme.BLEEDING),
        ({"kind": "other", "isth_bleeding__present": True}, theme.BLEEDING),
        ({"kind": "venous"}, theme.VENOUS),
        ({"kind": None, "thrombosis_class": "arterial"}, theme.ARTERIAL),
        ({"kind": "infection"}, theme.OTHER),
        ({"kind": "other"}, theme.OTHER),
    ],
)
def test_only_what_bled_or_clotted_has_a_colour_of_its_own(event: dict[str, object], colour: str) -> None:
    assert colour_of(event) == colour


def test_one_event_is_one_event() -> None:
    material: Any = SimpleNamespace(writer=SimpleNamespace(is_small=lambda _: False))
    bleeds: Any = [SimpleNamespace(kind="bleeding", day=day) for day in (8, 8)]
    assert two_sides._said(material, bleeds[:1]).startswith("Bleeding: 1 event, median")
    assert two_sides._said(material, bleeds).startswith("Bleeding: 2 events, median")


def test_every_section_has_a_maker() -> None:
    assert tuple(MAKERS) == (*SECTIONS, *QUESTIONS)


def test_the_teaching_cohort_and_marked_records_are_synthetic(tmp_path: Path) -> None:
    cohort = api.read(TEACHING)
    assert is_synthetic(cohort.findings, cohort.files)
    assert is_synthetic(cohort.findings, {"synthetic_labs.parquet": "0"})
    assert not is_synthetic(cohort.findings, {"infusions.csv": "0"}, tmp_path)
    (tmp_path / "manifest.json").write_text('{"synthetic": true}', encoding="utf-8")
    assert is_synthetic(cohort.findings, {"infusions.csv": "0"}, tmp_path)


def test_a_record_of_laboratory_results_alone_says_what_it_cannot_say(tmp_path: Path) -> None:
    for name in ("infusions", "labs"):
        (tmp_path / f"{name}.csv").write_bytes((TEACHING / f"{name}.csv").read_bytes())
    text = words(build(gather(api.grade(api.read(tmp_path)), Options(salt="x"), False)))
    assert "The record has no table of events" in text
    assert "Not graded in any infusion" in text
    assert "SYNTHETIC" not in text


def test_the_report_says_what_it_is_not() -> None:
    assert "not a medical device" in words(made().document)


def test_wilson_and_percent() -> None:
    assert wilson(0, 10) == (0.0, pytest.approx(0.2775, abs=1e-4))
    assert wilson(5, 10) == (pytest.approx(0.2366, abs=1e-4), pytest.approx(0.7634, abs=1e-4))
    assert wilson(10, 10)[1] == 1.0
    assert wilson(0, 0) == (0.0, 1.0)
    assert [percent(x) for x in (0.0, 0.004, 0.0994, 0.0996, 1.0)] == ["0", "0.4", "9.9", "10", "100"]


def test_every_teaching_patient_has_a_page_that_explains_its_days() -> None:
    material = gather(graded_teaching(), Options(), True)
    keys = [(row["patient_id"], row["infusion_number"]) for row in material.infusions]
    told = {course.key[0]: texts(material, course) for course in courses_of(material, keys)}
    assert len(told) == 14
    assert [patient for patient, days in told.items() if not days] == []
    assert all(day.stands_out for days in told.values() for day in days)


def test_what_stands_out_is_the_same_without_the_reasons_of_each_grade() -> None:
    """A page leaves the reasons out, which `explain` prints: they take most of its time."""
    material = gather(graded_teaching(), Options(salt="x"), True)
    definitions = material.definitions(Grain.DAY)
    told = 0
    for course in courses_of(material, [("T03", 1), ("T07", 1)]):
        for row in course.days[7:30:3]:
            facts = course.facts.on(row)
            whole = standing_out.headline(facts, [grades.line(definition, row) for definition in definitions])
            assert standing_out.headline(facts, [grades.bare(definition, row) for definition in definitions]) == whole
            told += len(whole)
    assert told > 20


def test_words_stand_at_the_left_and_numbers_at_the_right() -> None:
    header = ("", "Status", "n (%)", "A header that is longer than any of its cells", "What it costs", "Seen")
    rows = (
        ("Sex", "", "", "", "", ""),
        ("male", "consensus", "3 (60)", "12", "–", "yes"),
        ("female", "low: no source", "<5", "–", "These rows are in no result.", "–"),
    )
    assert Table("one", "One", header, rows).columns_of_words() == {1, 4, 5}


def test_names_within_a_sentence_keep_their_capitals_where_they_are_abbreviations() -> None:
    wanted = {"platelets": "platelets", "c_reactive_protein": "C-reactive protein", "d_dimer": "D-dimer", "inr": "INR"}
    assert {name: report_words.in_sentence(name) for name in wanted} == wanted
    assert report_words.in_sentence("aptt") == "aPTT"
    assert report_words.typeset("0.7 x10^9/L, 512 ug/L") == "0.7 × 10⁹/L, 512 µg/L"


def test_diseases_and_baselines_are_printed_as_a_doctor_writes_them() -> None:
    rows = [row[0] for table in made().document.sections[0].tables() for row in table.rows]
    assert "  large B-cell lymphoma" in rows
    assert "Baseline platelets, 10⁹/L" in rows
    assert "Large" not in " ".join(rows)


def test_years_are_printed_of_a_cohort_and_not_of_few() -> None:
    material = gather(graded_teaching(), Options(salt="x", sections=("people",)), True)
    few = replace(material, infusions=material.infusions[:4])
    assert re.search(r"patients, 20\d\d( to 20\d\d)?\.", words(build(material)))
    assert not re.search(r"\b20\d\d\b", words(build(few)).split("Patients at infusion")[0])


def test_events_after_the_window_are_counted_beneath_the_figure_that_leaves_them_out() -> None:
    section = next(section for section in made().document.sections if section.name == "two_sides")
    notes = " ".join(next(section.figures()).notes)
    days = [(e["day"], e["isth_bleeding"] is not None) for e in graded_teaching().events.to_pylist() if e["day"] > 30]
    assert ("not drawn" in notes) is bool(days)


def test_pages_of_patients_stand_upright_in_the_pdf() -> None:
    pdf = (made().report / "synthetic_report.pdf").read_bytes()
    boxes = re.findall(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    upright = [float(width) < float(height) for width, height in boxes]
    assert upright.count(True) >= 2
    assert upright.count(False) >= 5
    assert b"IBMPlexSans-SmBld" in pdf


def test_findings_name_analytes_in_words_and_columns_as_they_are_called() -> None:
    said = report_words.with_analytes_named(
        "No result of gamma_glutamyl_transferase; protein_c. Cannot be graded: ctcae_v5_ggt. The column 'protein_c'."
    )
    assert said == (
        "No result of gamma-glutamyl transferase (GGT); protein C activity. Cannot be graded: ctcae_v5_ggt. The column"
        " 'protein_c'."
    )
