"""Registry records: both layouts, groups apart, nobody at risk, terms sorted; citations and screening lists."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from carac import evidence
from carac.commands.app import app
from carac.evidence.citations import file_name, read_citations
from carac.evidence.reading import study_of_text
from carac.evidence.registry import read_record, record_of, study_of_record
from carac.evidence.screening import read_screening
from carac.evidence.study import Outcome, Study
from carac.evidence.writing import text_of_study
from carac.findings import CaracError
from carac.vocabulary.adverse_event_terms import adverse_event_terms, plain_term, sort_term, with_own_terms
from needs import requires_shared

run = CliRunner()

#: A made-up record in the layout of API version 2. Group C was not looked at for serious events.
VERSION_2: dict[str, Any] = {
    "protocolSection": {
        "identificationModule": {"nctId": "NCT99999991", "briefTitle": "A made-up trial of axi-cel"},
        "statusModule": {"lastUpdatePostDateStruct": {"date": "2031-02-03"}},
        "designModule": {
            "studyType": "INTERVENTIONAL",
            "phases": ["PHASE2", "PHASE3"],
            "designInfo": {"allocation": "RANDOMIZED"},
            "enrollmentInfo": {"count": 170},
        },
        "conditionsModule": {"conditions": ["Large B-cell lymphoma"]},
        "armsInterventionsModule": {"interventions": [{"name": "Axicabtagene ciloleucel"}]},
    },
    "resultsSection": {
        "adverseEventsModule": {
            "frequencyThreshold": "5",
            "timeFrame": "Up to 3 months",
            "eventGroups": [
                {"id": "A", "title": "Axi-cel", "deathsNumAffected": 4, "deathsNumAtRisk": 80},
                {"id": "B", "title": "Standard of care"},
                {"id": "C", "title": "Observation"},
            ],
            "seriousEvents": [
                {"term": "Pulmonary embolism", "stats": [
                    {"groupId": "A", "numAffected": 2, "numAtRisk": 80},
                    {"groupId": "B", "numAffected": 1, "numAtRisk": 60},
                    {"groupId": "C", "numAffected": 0, "numAtRisk": 0}]},
                {"term": "Deep vein thrombosis", "stats": [
                    {"groupId": "A", "numAffected": 3, "numAtRisk": 80},
                    {"groupId": "B", "numAffected": 0, "numAtRisk": 60},
                    {"groupId": "C", "numAffected": 0, "numAtRisk": 0}]},
                {"term": "13200-Intracranial hemorrhage", "stats": [
                    {"groupId": "A", "numAffected": 1, "numAtRisk": 80},
                    {"groupId": "B", "numAtRisk": 60},
                    {"groupId": "C", "numAffected": 0, "numAtRisk": 0}]},
            ],
            "otherEvents": [
                {"term": "Thrombocytopenia", "stats": [
                    {"groupId": "A", "numAffected": 40, "numAtRisk": 80},
                    {"groupId": "B", "numAffected": 20, "numAtRisk": 58},
                    {"groupId": "C", "numAffected": 1, "numAtRisk": 30}]},
                {"term": "Platelet count decreased", "stats": [
                    {"groupId": "A", "numAffected": 50, "numAtRisk": 80},
                    {"groupId": "B", "numAffected": 0, "numAtRisk": 58},
                    {"groupId": "C", "numAffected": 0, "numAtRisk": 30}]},
                {"term": "Clot of the left thumb", "stats": [
                    {"groupId": "A", "numAffected": 7, "numAtRisk": 80}]},
            ],
        }
    },
}  # fmt: skip


def older(attributes: bool) -> dict[str, Any]:
    """A made-up record in the older layout, with attributes in either of their two styles, and one of each list."""

    def counts(group: str, affected: str, at_risk: str) -> dict[str, Any]:
        own = {"group_id": group, "subjects_affected": affected, "subjects_at_risk": at_risk}
        return {"@attributes": own} if attributes else own

    def group(name: str, title: str) -> dict[str, Any]:
        return {"@attributes": {"group_id": name}, "title": title} if attributes else {"group_id": name, "title": title}

    return {
        "id_info": {"nct_id": "NCT99999992"},
        "brief_title": "A made-up trial &amp; its extension",
        "sponsors": {"lead_sponsor": {"agency": "Nobody"}},
        "study_type": "Interventional",
        "phase": "Phase 3",
        "study_design_info": {"allocation": "Randomized"},
        "enrollment": "100",
        "condition": "Multiple myeloma",
        "intervention": {"intervention_name": "Placebo"},
        "last_update_posted": "January 17, 2031",
        "clinical_results": {
            "reported_events": {
                "time_frame": "Through 30 days after the last dose",
                "group_list": {"group": [group("E1", "Open-label period"), group("E2", "Placebo double-blind period")]},
                "serious_events": {
                    "category_list": {
                        "category": [
                            {"title": "Total", "event_list": {"event": [
                                {"sub_title": "Total, all-cause mortality",
                                 "counts": [counts("E1", "1", "100"), counts("E2", "0", "50")]},
                                {"sub_title": "Total, serious adverse events",
                                 "counts": [counts("E1", "9", "100"), counts("E2", "4", "50")]}]}},
                            {"title": "Vascular disorders", "event_list": {"event":
                                {"sub_title": "Deep vein thrombosis",
                                 "counts": [counts("E1", "2", "100"), counts("E2", "1", "50")]}}},
                        ]
                    }
                },
                "other_events": {},
            }
        },
    }  # fmt: skip


def one(study: Study, outcome: str, arm: str, serious: str) -> Outcome:
    """The only outcome of this kind."""
    (found,) = (o for o in study.outcomes_of(outcome, arm) if o.serious == serious)
    return found


@pytest.fixture(scope="module")
def version_2() -> Study:
    return study_of_record(record_of(VERSION_2, "record"))[0]


# ---- the made-up records ----


def test_what_a_record_is(version_2: Study) -> None:
    assert (version_2.name, version_2.design, version_2.phase) == ("nct99999991", "randomised_trial", "2/3")
    assert [(arm.role, arm.n, arm.product) for arm in version_2.arms] == [
        ("car_t", 80, "axicabtagene_ciloleucel"),
        ("comparator", None, ""),
        ("comparator", None, ""),
    ]
    assert study_of_text(text_of_study(version_2), version_2.name, "record") == version_2


def test_one_term_with_patients_is_a_count(version_2: Study) -> None:
    clots = one(version_2, "venous_thromboembolism", "B", "serious")
    assert (clots.count, clots.denominator, clots.window_days) == (1, 60, 91)


def test_several_terms_with_patients_are_bounds(version_2: Study) -> None:
    # 2 with one term and 3 with another: 3 to 5 patients, for the same person may have had both.
    clots = one(version_2, "venous_thromboembolism", "A", "serious")
    assert (clots.count, clots.count_lowest, clots.count_highest, clots.denominator) == (None, 3, 5, 80)
    assert clots.terms == ("Pulmonary embolism", "Deep vein thrombosis")
    # 40 and 50 of 80: no more than all of them.
    platelets = one(version_2, "thrombocytopenia", "A", "non-serious")
    assert (platelets.count_lowest, platelets.count_highest) == (50, 80)


def test_nobody_at_risk_is_not_none(version_2: Study) -> None:
    for outcome in ("venous_thromboembolism", "bleeding", "thrombocytopenia"):
        found = one(version_2, outcome, "C", "serious")
        assert not found.reported
        assert found.count is None
    assert one(version_2, "thrombocytopenia", "C", "non-serious").count == 1


def test_a_number_that_is_not_given_is_not_none(version_2: Study) -> None:
    bleeding = one(version_2, "bleeding", "B", "serious")
    assert (bleeding.count, bleeding.count_lowest, bleeding.count_highest) == (None, 0, 60)


def test_no_term_is_none_only_where_all_are_listed(version_2: Study) -> None:
    assert one(version_2, "arterial_thromboembolism", "A", "serious").count == 0
    rare = one(version_2, "arterial_thromboembolism", "A", "non-serious")
    assert not rare.reported


def test_serious_and_other_stay_apart(version_2: Study) -> None:
    serious = one(version_2, "thrombocytopenia", "A", "serious")
    other = one(version_2, "thrombocytopenia", "A", "non-serious")
    assert (serious.count, other.count_highest) == (0, 80)
    (death,) = version_2.outcomes_of("death")
    assert (death.count, death.denominator, death.serious) == (4, 80, "")


@pytest.mark.parametrize("attributes", [True, False])
def test_the_older_layout_in_both_styles(attributes: bool) -> None:
    study, readings = study_of_record(record_of(older(attributes), "record"))
    assert [reading.term.printed for reading in readings] == ["Deep vein thrombosis"]
    clots = one(study, "venous_thromboembolism", "E1", "serious")
    assert (clots.count, clots.denominator) == (2, 100)
    # "30 days after the last dose" is no window after infusion.
    assert clots.window_days is None
    assert [(o.count, o.denominator) for o in study.outcomes_of("death")] == [(1, 100), (0, 50)]
    assert study.title.endswith("A made-up trial & its extension")


def test_groups_that_may_overlap_say_so(version_2: Study) -> None:
    study = study_of_record(record_of(older(True), "record"))[0]
    assert [arm.overlaps for arm in study.arms] == [("E2",), ("E1",)]
    assert [arm.overlaps for arm in version_2.arms] == [(), (), ()]
    with_total = json.loads(json.dumps(VERSION_2))
    with_total["resultsSection"]["adverseEventsModule"]["eventGroups"][1]["title"] = "All participants"
    study = study_of_record(record_of(with_total, "record"))[0]
    assert [arm.overlaps for arm in study.arms] == [("B",), ("A", "C"), ("B",)]


@pytest.mark.parametrize(
    ("loaded", "words"),
    [
        ([], "one JSON object"),
        ({}, "neither protocolSection nor clinical_results"),
        ({"protocolSection": {"identificationModule": {}}}, "no adverse events"),
        ({"protocolSection": {}, "resultsSection": {"adverseEventsModule": {"eventGroups": []}}}, "not laid out"),
    ],
)
def test_what_is_no_record_is_refused(loaded: Any, words: str) -> None:
    with pytest.raises(CaracError, match=words):
        record_of(loaded, "file.json")


# ---- terms ----


@pytest.mark.parametrize(
    ("printed", "group", "category", "role"),
    [
        ("Superior sagittal sinus thrombosis", "venous", "CVST", "event"),
        ("Cerebrovascular accident", "arterial", "ischaemic_stroke", "flag"),
        ("Central venous catheterisation", "none", "procedure_or_sign", "exclude"),
        ("Melaena", "bleeding", "gastrointestinal", "event"),
        ("Platelet count decreased", "thrombocytopenia", "platelets", "event"),
        ("65800-Platelet count decreased", "thrombocytopenia", "platelets", "event"),
        ("INTRACRANIAL HEMORRHAGE", "bleeding", "intracranial", "event"),
        ("Hematuria", "bleeding", "genitourinary", "event"),
        ("Transient ischemic attack", "arterial", "TIA", "event"),
        ("Thrombosis", "thrombosis_unspecified", "vessel_unspecified", "flag"),
        ("Superficial vein thrombosis", "venous", "superficial", "flag"),
        ("Hypofibrinogenemia", "coagulopathy", "laboratory", "event"),
        ("Hemoglobin decreased", "none", "blood_count", "exclude"),
        ("Periorbital haematoma", "bleeding", "", "flag"),
        ("Tonsillar hemorrhage", "bleeding", "", "flag"),
        ("Gastric vein thrombosis", "venous", "", "flag"),
        ("Vertebrobasilar stroke", "unknown", "", "flag"),
        ("Headache", "none", "", "exclude"),
        ("Hemophagocytic lymphohistiocytosis", "none", "other", "exclude"),
    ],
)
def test_terms_are_sorted(printed: str, group: str, category: str, role: str) -> None:
    found = sort_term(printed)
    assert (found.group, found.category, found.role) == (group, category, role)
    assert found.rule


def test_the_list_names_each_term_once_in_british_spelling() -> None:
    for plain, term in adverse_event_terms().items():
        assert plain == plain_term(term.term)
        assert sort_term(term.term).group == term.group
    assert len(adverse_event_terms()) > 200


def test_a_list_of_the_user_decides(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text("term,group\nVertebrobasilar stroke,arterial\nEpistaxis,none\n", encoding="utf-8")
    terms = with_own_terms(own)
    assert sort_term("Vertebrobasilar stroke", terms).group == "arterial"
    assert sort_term("Epistaxis", terms).group == "none"
    assert sort_term("Melaena", terms).group == "bleeding"
    own.write_text("term,group\nX,venousish\n", encoding="utf-8")
    with pytest.raises(CaracError, match=r"row 2.*venousish"):
        with_own_terms(own)
    own.write_text("name\nX\n", encoding="utf-8")
    with pytest.raises(CaracError, match="columns term and group"):
        with_own_terms(own)


# ---- real records ----


def raw_counts(loaded: dict[str, Any], term: str) -> list[tuple[str, int, int]]:
    """Group, affected and at risk of a term, dug out of the raw record without regard to its layout."""
    found: list[tuple[str, int, int]] = []

    def dig(part: Any) -> None:
        if isinstance(part, list):
            for entry in part:
                dig(entry)
        elif isinstance(part, dict):
            if term in (part.get("term"), part.get("sub_title")):
                for counts in part.get("stats", part.get("counts")):
                    flat = {**counts, **counts.get("@attributes", {})}
                    values = [
                        flat.get(a, flat.get(b))
                        for a, b in (
                            ("groupId", "group_id"),
                            ("numAffected", "subjects_affected"),
                            ("numAtRisk", "subjects_at_risk"),
                        )
                    ]
                    found.append((str(values[0]), int(values[1]), int(values[2])))
            for entry in part.values():
                dig(entry)

    dig(loaded)
    return found


@pytest.mark.parametrize(
    ("number", "term"),
    [
        ("NCT00567567", "65800-Platelet count decreased"),
        ("NCT00716976", "Platelet count decreased"),
        ("NCT01305200", "Intracranial hemorrhage"),
        ("NCT03275402", "Haemorrhage intracranial"),
        ("NCT03325556", "Haematemesis"),
        ("NCT03443973", "Pulmonary embolism"),
        ("NCT03548584", "Covid-19"),
    ],
)
def test_the_numbers_of_real_records(number: str, term: str) -> None:
    path = requires_shared(f"data/ctgov/{number}.json")
    record = read_record(path)
    ours = [
        (one.group, one.affected, one.at_risk) for event in record.events if event.term == term for one in event.groups
    ]
    assert ours == raw_counts(json.loads(path.read_text(encoding="utf-8")), term)
    assert ours


def test_a_folder_of_real_records_in_one_command(tmp_path: Path) -> None:
    folder = requires_shared("data/ctgov")
    output = tmp_path / "registry"
    result = run.invoke(app, ["evidence", "registry", str(folder), "-o", str(output)])
    assert result.exit_code == 0, result.output
    assert len(list(output.glob("nct*.toml"))) == 8
    studies = evidence.load(output)
    sodium = studies["nct00716976"]
    assert not one(sodium, "bleeding", "EG001", "serious").reported
    # Two arms of a cross-over: 21 and 21 of 23 enrolled.
    assert studies["nct01987596"].arms[0].overlaps == ("EG001",)
    terms = list(csv.DictReader(StringIO((output / "terms.csv").read_text(encoding="utf-8"))))
    assert {row["term"] for row in terms if row["group"] == "unknown"} == {
        "86400-Vascular access complication",
        "87500-Visceral arterial ischemia",
        "Vertebrobasilar stroke",
    }
    assert "Vertebrobasilar stroke" in result.output


def test_a_broken_record_leaves_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(VERSION_2), encoding="utf-8")
    (tmp_path / "b.json").write_text("{", encoding="utf-8")
    (tmp_path / "c.json").write_text(json.dumps(VERSION_2), encoding="utf-8")
    output = tmp_path / "out"
    result = run.invoke(app, ["evidence", "registry", str(tmp_path), "-o", str(output)])
    assert result.exit_code == 0
    assert [path.name for path in output.glob("*.toml")] == ["nct99999991.toml"]
    assert "b.json" in result.output
    assert "already read" in result.output


def test_a_download_of_several_records_is_read(tmp_path: Path) -> None:
    many = [VERSION_2, {"protocolSection": {"identificationModule": {}}}, older(True)]
    (tmp_path / "list.json").write_text(json.dumps(many), encoding="utf-8")
    output = tmp_path / "out"
    result = run.invoke(app, ["evidence", "registry", str(tmp_path), "-o", str(output)])
    assert sorted(path.stem for path in output.glob("*.toml")) == ["nct99999991", "nct99999992"]
    assert "list.json, record 2 has no adverse events" in result.output


# ---- citations ----

RIS = """TY  - JOUR
AU  - Hashmi, Hamza
AU  - Mirza, Abu-Sayeef
AU  - Darwin, Alicia
AU  - Logothetis, C
TI  - Venous thromboembolism associated with CD19-directed CAR T-cell therapy
JO  - Blood Adv
PY  - 2020/09/08
VL  - 4
SP  - 4086
EP  - 4090
DO  - https://doi.org/10.1000/182
ER  -
"""
NBIB = """PMID- 37814134
TI  - IL-10 plus the EASIX score predict bleeding events after anti-CD19 CAR T-cell
      therapy.
AU  - Wang X
AU  - Li C
TA  - Ann Hematol
DP  - 2023 Dec
VI  - 102
PG  - 3575-3585
LID - 10.1007/s00277-023-05477-y [doi]
"""
XML = """<?xml version="1.0"?><PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>37814134</PMID><Article>
<Journal><Title>Annals of hematology</Title><ISOAbbreviation>Ann Hematol</ISOAbbreviation><JournalIssue>
<Volume>102</Volume><PubDate><Year>2023</Year></PubDate></JournalIssue></Journal>
<ArticleTitle>IL-10 plus the <i>EASIX</i> score.</ArticleTitle>
<Pagination><MedlinePgn>3575-3585</MedlinePgn></Pagination>
<AuthorList><Author><LastName>Wang</LastName><Initials>X</Initials></Author></AuthorList></Article></MedlineCitation>
<PubmedData><ArticleIdList><ArticleId IdType="doi">10.1007/s00277-023-05477-y</ArticleId></ArticleIdList></PubmedData>
</PubmedArticle></PubmedArticleSet>"""


def test_ris() -> None:
    (found,) = read_citations(RIS, "a.ris")
    assert found.authors == "Hashmi H, Mirza AS, Darwin A, et al."
    assert (found.journal, found.year, found.volume, found.pages) == ("Blood Adv", 2020, "4", "4086-4090")
    assert found.doi == "10.1000/182"
    assert file_name(found) == "hashmi_2020"


def test_nbib() -> None:
    (found,) = read_citations(NBIB, "a.nbib")
    assert found.title.endswith("anti-CD19 CAR T-cell therapy")
    assert (found.authors, found.pmid, found.doi) == ("Wang X, Li C.", "37814134", "10.1007/s00277-023-05477-y")


def test_pubmed_xml() -> None:
    (found,) = read_citations(XML, "a.xml")
    assert found.title == "IL-10 plus the EASIX score"
    assert (found.year, found.volume, found.doi) == (2023, "102", "10.1007/s00277-023-05477-y")


@pytest.mark.parametrize(
    "text", ["", "hello", "<html></html>", "<a", "TY  - JOUR\nER  -\n", "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"]
)
def test_what_holds_no_citation_is_refused(text: str) -> None:
    with pytest.raises(CaracError) as caught:
        read_citations(text, "file")
    assert str(caught.value).startswith("file")


def test_a_screening_list() -> None:
    text = "Title,Authors,Published Year,DOI,Included\nA,Hashmi H,2020,10.1000/182,yes\nB,Other O,2021,,no\n"
    found, left_out = read_screening(text, "list.csv")
    assert [(one.title, one.year, one.doi) for one in found] == [("A", 2020, "10.1000/182")]
    assert left_out == 1
    with pytest.raises(CaracError, match=r"row 2.*perhaps"):
        read_screening("title,decision\nA,perhaps\n", "list.csv")
    with pytest.raises(CaracError, match="no column title"):
        read_screening("name\nA\n", "list.csv")


# ---- the commands ----


def test_add_makes_files_to_be_filled_in_and_replaces_nothing_unasked(tmp_path: Path) -> None:
    source, folder = tmp_path / "found.ris", tmp_path / "mine"
    source.write_text(RIS + RIS, encoding="utf-8")
    assert run.invoke(app, ["evidence", "add", str(source), "-f", str(folder)]).exit_code == 0
    assert sorted(path.name for path in folder.iterdir()) == ["hashmi_2020.toml", "hashmi_2020_b.toml"]
    assert "still to be filled in" in evidence.load(folder)["hashmi_2020"].note
    again = run.invoke(app, ["evidence", "add", str(source), "-f", str(folder)])
    assert isinstance(again.exception, CaracError)
    assert "nothing was added" in str(again.exception)
    assert run.invoke(app, ["evidence", "add", str(source), "-f", str(folder), "--replace"]).exit_code == 0


def test_list_show_and_check(tmp_path: Path) -> None:
    assert "zuma_7" in run.invoke(app, ["evidence", "list"]).output
    rows = json.loads(run.invoke(app, ["evidence", "list", "--outcome", "venous_thromboembolism", "--json"]).output)
    assert {"zuma_7", "ko_2025"} <= {row["study"] for row in rows}
    patients = {
        row["name"]: row["patients"] for row in json.loads(run.invoke(app, ["evidence", "list", "--json"]).output)
    }
    # Two arms of 180 and 179; a cohort of 127 of which 89 are an arm of their own; a review without arms.
    assert (patients["zuma_7"], patients["johnsrud_2021"], patients["lee_2026_review"]) == (359, 127, None)
    shown = run.invoke(app, ["evidence", "show", "zuma_7"]).output
    assert "1.18" in shown
    assert "Table 1" in shown
    missing = run.invoke(app, ["evidence", "show", "zuma_8"])
    assert "zuma_7" in str(missing.exception) or "zuma" in str(missing.exception)
    (tmp_path / "bad.toml").write_text("format = 1\n", encoding="utf-8")
    checked = run.invoke(app, ["evidence", "check", str(tmp_path)])
    assert checked.exit_code == 1
    assert "bad.toml" in checked.output


def test_the_audit_of_a_file_and_of_standard_input(tmp_path: Path) -> None:
    table = "Study,N,VTE\nA,180,2 (1.18)\n"
    (tmp_path / "table.csv").write_text(table, encoding="utf-8")
    findings = tmp_path / "findings.csv"
    by_file = run.invoke(app, ["evidence", "audit", str(tmp_path / "table.csv"), "-o", str(findings)])
    by_input = run.invoke(app, ["evidence", "audit", "-"], input=table)
    for result in (by_file, by_input):
        assert result.exit_code == 0
        assert "169 to 170" in result.output
    (row,) = csv.DictReader(StringIO(findings.read_text(encoding="utf-8")))
    assert row["weight"] == "contradiction"
    assert "1.1111" in row["arithmetic"]
