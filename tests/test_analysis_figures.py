"""Figures and pages of an analysis: what they encode, that every edge is drawn, and that small counts are hidden."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from carac import figures
from carac.analysis.incidence import incidence
from carac.analysis.settings import Settings
from carac.analysis.spread import spread
from carac.endpoints.study import Study
from carac.findings import CaracError
from carac.report import drawing
from carac.report.figures.incidence_curves import groups_figure, overall_figure
from carac.report.questions.asked import Asked, sentence
from carac.report.questions.build import answer, answered, checked, questions_of
from support.hand_graded import Row, study
from test_analysis import CRS, crs
from test_endpoints import bleed, bleeding_study, dic

DEFINITIONS = ["isth_bleeding", "isth_overt_dic_2025", "isth_overt_dic_2001_5xuln", CRS]


@pytest.fixture(scope="module")
def own() -> Study:
    """Twenty-four infusions of two products: bleeds, DIC, CRS, a death."""
    people: list[Row] = [{"id": f"p{n:02d}", "end": 120, "product": "axi" if n < 12 else "tisa"} for n in range(24)]
    people[3] |= {"end": 20, "death": 20}
    events = [bleed(f"p{n:02d}", 2 + n) for n in range(0, 24, 3)] + [bleed("p05", 9, 2), bleed("p07", 60, 3)]
    days = [
        {**dic(f"p{n:02d}", day, 6 if n in (0, 6) and day == 4 else 1, 6 if n in (0, 6) and day == 4 else 1), **crs(f"p{n:02d}", day, int(day in (2, 3) and n % 2 == 0))}  # noqa: E501
        for n in range(24)
        for day in range(12)
    ]  # fmt: skip
    return study(people, events=events, days=days, definitions=DEFINITIONS)


def values(chart: Any) -> list[dict[str, Any]]:
    """Every row of every layer of a chart."""
    spec = chart.to_dict()
    rows = []
    for layer in spec.get("layer", [spec]):
        data = layer.get("data", {})
        rows += data.get("values") or spec.get("datasets", {}).get(data.get("name"), [])
    return rows


def texts(chart: Any) -> set[str]:
    return {str(row["text"]) for row in values(chart) if "text" in row}


def test_the_curve_ends_at_its_estimate_and_days_stand_where_they_are(own: Study) -> None:
    found = incidence(own, "major_bleeding")
    chart = overall_figure(found, True)
    last = found.overall.last
    assert last is not None
    curve = [row for row in values(chart) if row.get("group") == "" and "share" in row]
    assert curve[-1] == {"day": 100.0, "share": pytest.approx(100 * last.incidence.estimate), "group": ""}
    assert curve[0]["day"] == -0.5 and curve[0]["share"] == 0
    # the first bleed is on day 2: nothing before it
    assert {row["share"] for row in curve if row["day"] < 2} == {0.0}
    spec = chart.to_dict()
    domains = {json.dumps(layer["encoding"]["x"]["scale"]) for layer in spec["layer"] if "scale" in layer["encoding"].get("x", {}) and layer["encoding"]["x"]["scale"]}  # noqa: E501  # fmt: skip
    assert domains == {json.dumps({"domain": [-0.5, 100.5], "nice": False, "zero": False})}
    assert "SYNTHETIC PATIENTS" in json.dumps(spec["title"])


def test_numbers_at_risk_stand_beneath_their_days(own: Study) -> None:
    found = incidence(own, "major_bleeding", by="product")
    rows = [row for row in values(groups_figure(found, False)) if "day" in row and "text" in row]
    axi = found.groups[0].outcome
    for day in (0, 7, 28, 100):
        shown = [row["text"] for row in rows if row["day"] == day]
        assert str(int((axi.exit >= day).sum())) in shown
    # everybody is at risk on day 0
    assert [row["text"] for row in rows if row["day"] == 0] == ["12", "12"]


def test_the_spread_figure_says_the_shares(own: Study) -> None:
    topic = spread(own, ["bleeding"]).topics[0]
    shown = texts(figures.spread(own, "bleeding"))
    shares = {f"{100 * (one.share or 0):.0f} %" for one in topic.shares}
    assert {"ISTH major", "published: 2.8 to 12.5 %"} <= shown and shares & shown


@pytest.mark.parametrize("name", ["incidence", "onset", "overlap", "spread", "agreement", "combinations", "under"])
@pytest.mark.parametrize("cohort", ["some", "nothing", "nobody", "one"])
def test_every_figure_is_drawn_of_every_cohort(own: Study, name: str, cohort: str) -> None:
    people: list[Row] = {"nothing": [{"id": "a", "end": 100}, {"id": "b", "end": 9}], "one": [{"id": "a", "end": 9}]}.get(cohort, [])  # noqa: E501  # fmt: skip
    events = [bleed("a", 3)] if cohort == "one" else []
    days = [{**dic("a", 3, 1, 1), **crs("a", 3, 0)}] if people else []
    made = own if cohort == "some" else study(people, events=events, days=days, definitions=DEFINITIONS)
    drawn = {
        "incidence": lambda: figures.incidence(made, "major_bleeding"),
        "onset": lambda: figures.onset(made, "major_bleeding", "crs_any"),
        "overlap": lambda: figures.overlap(made, "major_bleeding"),
        "spread": lambda: figures.spread(made, "bleeding"),
        "agreement": lambda: figures.agreement(made, "bleeding"),
        "combinations": lambda: figures.combinations(made, "bleeding"),
        "under": lambda: figures.under_reporting(made),
    }[name]()
    picture = drawing.svg(drawn)
    assert picture.startswith("<svg") and "NaN" not in picture


def asked(made: Study, **settings: Any) -> Asked:
    return Asked(made, Settings(**settings), True)


def test_an_analysis_answers_every_question(own: Study) -> None:
    document = answered(asked(own, endpoints=("major_bleeding", "overt_dic_isth_2025"), by=("product",)))
    assert [section.name for section in document.sections] == [*questions_of(Settings()), "rules"]
    names = [figure.name for section in document.sections for figure in section.figures()]
    assert len(names) == len(set(names)) and "incidence_major_bleeding_by_product" in names
    tables = [table for section in document.sections for table in section.tables()]
    assert len({table.name for table in tables}) == len(tables)
    assert all(len(row) == len(table.header) for table in tables for row in table.rows)
    assert document.synthetic and "400" not in document.subtitle


def test_a_cohort_of_nobody_has_a_page() -> None:
    document = answered(asked(bleeding_study([], [])))
    assert document.subtitle.startswith("0 infusions")
    assert answered(asked(bleeding_study([{"id": "a", "end": -4}], []))).sections


def test_small_counts_are_hidden(own: Study) -> None:
    document = answered(asked(own, hide_small_cells=True, endpoints=("overt_dic_isth_2025",)))
    cells = [cell for section in document.sections for table in section.tables() for row in table.rows for cell in row]
    counts = {"1", "2", "3", "4"} & set(cells)
    # the rules hold a number of days, which is no count of people
    assert counts == set() and "<5" in cells
    assert not any(figure.name.startswith(("under", "combinations", "timing_onset")) for section in document.sections
                   for figure in section.figures())  # fmt: skip


def test_an_unknown_question_is_one_sentence() -> None:
    with pytest.raises(CaracError, match="did you mean incidence"):
        checked(Settings(questions=("incidenc",)))


def test_the_folder_is_whole_and_says_what_was_asked(own: Study, tmp_path: Path) -> None:
    settings = Settings(questions=("under_reporting",))
    answer(own.graded, tmp_path / "out", settings, {"synthetic_infusions.csv": "0" * 64})
    folder = tmp_path / "out"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["analysis"]["questions"] == ["under_reporting"] and manifest["synthetic"] is True
    assert manifest["analysis"]["rules"]["infusions"] == "first"
    assert "isth_bleeding" in manifest["definitions"] and manifest["input"]
    assert (folder / "synthetic_report.html").exists() and (folder / "figures/synthetic_under_reporting.png").exists()
    page = (folder / "synthetic_report.html").read_text(encoding="utf-8")
    assert "SYNTHETIC PATIENTS" in page and "not a medical device" in page


def test_sentences_keep_abbreviations() -> None:
    assert [sentence(text) for text in ("aPTT long", "any bleeding", "CRS")] == ["aPTT long", "Any bleeding", "CRS"]
