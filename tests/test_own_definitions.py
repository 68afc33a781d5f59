"""Definitions of a site's own: every example of the page on every engine, what is refused, and where it shows."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

import carac
from carac import api
from carac.definitions import all_definitions, brought_definitions, definitions_from
from carac.findings import CaracError
from carac.grading.by_hand.calculation import calculate
from carac.grading.cards import card
from carac.grading.output import write_output
from carac.grading.parameters import resolved
from carac.language.definition import Status
from carac.vocabulary.types import Grain
from needs import ROOT
from support.case_files import Case, record_rows, write_record
from support.engines import ENGINES, Read, grade, open_engine, read_record, results

PAGE = ROOT / "docs" / "own_definitions.md"


def _page() -> str:
    return "\n".join(re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL))


@pytest.fixture(scope="module")
def site_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All examples of the page in one file."""
    path = tmp_path_factory.mktemp("site") / "site.toml"
    path.write_text(_page(), encoding="utf-8")
    return path


def _lab(analyte: str, value: str, unit: str, day: int = 3, upper: float | None = None) -> dict[str, Any]:
    return {"day": day, "analyte": analyte, "value": value, "unit": unit, "upper": upper}


#: One patient in whom every example has something to say; worked by hand.
PATIENT: dict[str, Any] = {
    "id": "site",
    "infusion": {"age": 50},
    "labs": [
        _lab("platelets", "25", "10^9/L"),
        _lab("fibrinogen", "140", "mg/dL"),
        _lab("ferritin", "5001", "ug/L"),
        _lab("lactate_dehydrogenase", "400", "U/L"),
        _lab("c_reactive_protein", "100", "mg/L"),
        # Six low days, one day of recovery, six low days: joined over one day, a run of thirteen; then recovery.
        {"days": "0-2", "analyte": "neutrophils", "value": "3000", "unit": "/uL"},
        {"days": "3-8", "analyte": "neutrophils", "value": "199", "unit": "/uL"},
        {"day": 9, "analyte": "neutrophils", "value": "900", "unit": "/uL"},
        {"days": "10-15", "analyte": "neutrophils", "value": "199", "unit": "/uL"},
        {"days": "16-30", "analyte": "neutrophils", "value": "900", "unit": "/uL"},
    ],
    "assessments": [{"day": 3, "item": "temperature", "value": "38.4", "unit": "degC"}],
    "events": [
        {
            "id": "e1",
            "day": 4,
            "kind": "bleeding",
            "features": {"fatal": False, "red_cell_units": 1, "medical_intervention": True},
        },
        {"id": "e2", "day": 5, "kind": "bleeding", "features": {"fatal": False, "evaluated_face_to_face": True}},
    ],
}
#: Column and value of day 3, of the infusion, and of the two events.
DAY_3 = {
    "site_platelets": 2,
    "site_platelets__lowest": 2,
    # Platelets 1, fibrinogen 1; the aPTT is unknown: 2 or 3, so the reading is open.
    "site_bleeding_risk": None,
    "site_bleeding_risk__lowest": 2,
    "site_bleeding_risk__highest": 3,
    "site_bleeding_risk__high": None,
    "site_bleeding_risk__fibrinogen": 1,
    # Temperature below, ferritin above, C-reactive protein exactly 10 mg/dL: a tie is not above.
    "site_inflamed": 1,
    "site_inflamed__met": False,
    # log2(400 x 10 / 25)
    "site_index": math.log2(160),
    "site_index__high": True,
}
INFUSION = {"site_neutropenia": 2, "site_neutropenia__duration__lowest": 13, "site_icaht": 1}
EVENTS = {
    "e1": {"site_bleed": 2, "site_bleed__criterion": "transfused"},
    "e2": {"site_bleed": None, "site_bleed__lowest": 1, "site_bleed__highest": 2},
}


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """The patient, read by DuckDB."""
    folder = write_record(tmp_path_factory.mktemp("record"), record_rows([Case("own", PATIENT)]))
    return read_record(folder)


@pytest.mark.parametrize("engine", ENGINES)
def test_every_example_of_the_page_grades(engine: str, site_file: Path, record: Read) -> None:
    """The examples as they stand on the page, on a patient worked by hand."""
    with definitions_from(site_file) as site:
        names = list(site.definitions)
        read = Read(record.tables, record.present, record.findings, resolved())
        found = results(grade(open_engine(engine), read, names))
    day = next(row for row in found[Grain.DAY].to_pylist() if row["day"] == 3)
    assert {column: day[column] for column in DAY_3} == pytest.approx(DAY_3)
    infusion = found[Grain.INFUSION].to_pylist()[0]
    assert {column: infusion[column] for column in INFUSION} == INFUSION
    events = {row["event_id"].rpartition("::")[2]: row for row in found[Grain.EVENT].to_pylist()}
    for event, expected in EVENTS.items():
        assert {column: events[event][column] for column in expected} == expected


def test_the_same_by_hand(site_file: Path) -> None:
    """`calc` knows them, with their cut-points on both sides and their units."""
    for value, expected in (("9.9", 3), ("10", 2), ("29.9", 2), ("30", 1), ("75", 0)):
        assert calculate("site_platelets", {"platelets": value}, None, site_file).value == expected
    made = calculate("site_bleeding_risk", {"platelets": 25, "fibrinogen": "1.4g/L"}, None, site_file)
    assert (made.lowest, made.highest, made.missing[0].item.name) == (2, 3, "aptt")
    assert "site definition" in made.as_text()


def test_like_is_its_model_where_nothing_differs(tmp_path: Path) -> None:
    """Row-wise and other models alike: with a parameter at its default, the model's answer; with another, its own."""
    file = tmp_path / "like.toml"
    file.write_text(
        '[site_dic]\nlike = "isth_overt_dic_2025"\nsource = "s"\nset = { inr_for_seconds = false }\n', encoding="utf-8"
    )
    typed = {"platelets": 45, "d_dimer": "8xULN", "fibrinogen": 2}
    model = calculate("isth_overt_dic_2025", {**typed, "inr": 1.5})
    without = calculate("isth_overt_dic_2025", typed, {"isth_overt_dic_2025": {"inr_for_seconds": False}})
    own = calculate("site_dic", typed, None, file)
    assert (own.value, own.lowest, own.highest) == (without.value, without.lowest, without.highest)
    assert (own.lowest, own.highest) != (model.lowest, model.highest)


def _refused(tmp_path: Path, text: str) -> str:
    file = tmp_path / "wrong.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CaracError) as refused, definitions_from(file):
        pass
    assert "\n" not in str(refused.value)
    return str(refused.value)


BANDS = '[site_a]\nshape = "bands"\ntitle = "t"\nsource = "s"\nanalyte = "platelets"\n'
FORMULA = '[site_f]\nshape = "formula"\ntitle = "t"\nsource = "s"\n'
EVENT = '[site_e]\nshape = "event"\ntitle = "t"\nsource = "s"\nkind = "bleeding"\n'
WRONG = [
    (BANDS.replace("site_a", "easix") + "below = [[10, 1]]", "carac has a definition of this name"),
    (BANDS + "belo = [[10, 1]]", "line 6: site_a: the key 'belo' is not known. Did you mean below?"),
    (BANDS.replace("platelets", "platlets") + "below = [[10, 1]]", "Did you mean platelets?"),
    (BANDS + 'unit = "mg/dL"\nbelow = [[10, 1]]', "line 6: site_a: the unit 'mg/dL' is not known for platelets"),
    (BANDS + "below = [[10, 1], [50, 2]]", "a worse value has to give more"),
    (BANDS + "below = [[10, 1]]\nabove = [[50, 2]]", "do not go together"),
    (BANDS + "below = [[10, 0]]", "are whole numbers from 1 to 100"),
    (BANDS + "below = [10, 1]", "is a list of [cut-point, points]"),
    (BANDS, "there is no cut-point"),
    (BANDS.replace("bands", "band"), "Did you mean bands?"),
    (BANDS.replace('source = "s"\n', "") + "below = [[10, 1]]", "source is missing"),
    (BANDS.replace("site_a", "Site"), "small letters"),
    ("x = 1", "every definition is a table"),
    ("", "has no definition"),
    ("[site_a", "is not TOML"),
    (FORMULA + 'formula = "platelets / platelets"', "stands twice"),
    (FORMULA + 'formula = "__import__(1)"', "there is no function '__import__'"),
    (FORMULA + 'formula = "platelets +"', "it ends too early"),
    (FORMULA + 'formula = "thrombocytes * 2"', "analyte 'thrombocytes' is not known"),
    (EVENT + 'criteria = [{ grade = 2, any = ["fatall"] }]', "Did you mean fatal?"),
    (EVENT + 'criteria = [{ grade = 2, any = ["red_cell_units"] }]', "is not answered by yes or no"),
    (EVENT + 'criteria = [{ grade = 2, any = ["fatal"] }]\notherwise = 2', "has to give more"),
    ('[site_l]\nlike = "icaht"\nsource = "s"\nset = { join_gap = 0 }', "like names no definition"),
    ('[site_l]\nlike = "icaht_early_as_printed"\nsource = "s"\nset = { joingap = 0 }', "Did you mean join_gap?"),
    ('[site_l]\nlike = "icaht_early_as_printed"\nsource = "s"\nset = { join_gap = -1 }', "must lie between"),
]


@pytest.mark.parametrize(("text", "says"), WRONG, ids=[says[:28] for _, says in WRONG])
def test_what_cannot_be_is_refused_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    """One sentence with file, line and what would be right."""
    assert says in _refused(tmp_path, text)


def test_a_file_that_is_not_there_is_told() -> None:
    """In a block, and for calc."""
    with pytest.raises(CaracError, match="There is no definitions file"):
        calculate("site_x", {"platelets": 1}, None, Path("nowhere.toml"))


def test_it_shows_whose_they_are(site_file: Path, tmp_path: Path) -> None:
    """Card, manifest and dictionary; after the block nothing is left."""
    with definitions_from(site_file) as site:
        assert dict(card(all_definitions()["site_platelets"]).facts)["Status"] == "site definition"
        assert all(definition.status is Status.SITE for definition in site.definitions.values())
    assert all_definitions() == brought_definitions()
    cohort = carac.read(ROOT / "src" / "carac" / "examples" / "template")
    graded = carac.grade(cohort, definitions=["site_platelets"], definitions_file=site_file)
    write_output(graded, tmp_path / "out", cohort.files)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["definitions_file"]["file"] == "site.toml"
    assert len(manifest["definitions_file"]["sha256"]) == 64
    assert manifest["definitions"]["site_platelets"]["status"] == "site definition"
    assert set(api.definitions(site_file)) > set(api.definitions())


def test_own_definitions_run_by_default(site_file: Path) -> None:
    """Who gives a file wants what is in it."""
    from carac.grading.plan import chosen_definitions

    with definitions_from(site_file) as site:
        assert set(site.definitions) < set(chosen_definitions(None, resolved()))
    assert not any(name.startswith("site_") for name in chosen_definitions(None, resolved()))
