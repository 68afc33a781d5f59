"""The vocabulary: every data file parses and agrees with the others; every spelling and example of the catalogue."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

import pytest

from carac.vocabulary.agents import agent_classes, agent_of, agents
from carac.vocabulary.analytes import analyte_hint, analytes
from carac.vocabulary.assessment_items import assessment_items, item_of
from carac.vocabulary.codes import analyte_codes, analyte_of_code, unit_concepts, unit_of_omop_concept
from carac.vocabulary.event_classes import LEVEL_1, class_names, class_of, event_classes
from carac.vocabulary.event_features import boolean_of, event_features, feature_of
from carac.vocabulary.event_sites import event_sites, site_of
from carac.vocabulary.files import rows, yes
from carac.vocabulary.icd10cm import code_of, icd10cm
from carac.vocabulary.products import excluded_products, names_car_t, product_codes, product_of, products
from carac.vocabulary.spelling import fold, nearest, usual_names
from carac.vocabulary.units import conversion

SHARED = Path(os.environ.get("CARAC_SHARED", str(Path(__file__).parents[1] / ".." / "shared")))
DATA_FILES = sorted(file.name for file in files("carac.vocabulary").iterdir() if file.name.endswith(".csv"))

#: First column or columns of each file, which must not repeat.
KEYS = {
    "adverse_event_terms.csv": ("term", "group"),
    "agents.csv": ("agent",),
    "analyte_codes.csv": ("system", "code"),
    "analytes.csv": ("name",),
    "assessment_items.csv": ("item",),
    "event_certainty.csv": ("word",),
    "event_class_names.csv": ("level_1", "level_2"),
    "event_classes.csv": ("domain", "category"),
    "event_features.csv": ("feature",),
    "event_sites.csv": ("site",),
    "icd10cm.csv": ("code",),
    "omop_units.csv": ("concept",),
    "product_codes.csv": ("system", "code"),
    "products.csv": ("name",),
    "study_diseases.csv": ("name",),
    "endpoints_in_literature.csv": ("endpoint",),
    "study_outcomes.csv": ("name",),
    "unit_words.csv": ("word",),
    "units.csv": ("quantity", "unit"),
    "printed_words.csv": ("words",),
    "usual_names.csv": ("name",),
    "other_quantities.csv": ("written",),
}


# Files


@pytest.mark.parametrize("name", DATA_FILES)
def test_every_file_parses_and_its_keys_are_unique(name: str) -> None:
    found = rows(name)
    assert found
    keys = [tuple(row[column] for column in KEYS[name]) for row in found]
    assert len(keys) == len(set(keys))
    assert not [value for row in found for value in row.values() if value != value.strip()]


def test_no_file_is_unknown_to_the_tests() -> None:
    assert sorted(KEYS) == DATA_FILES


@pytest.mark.parametrize("name", ["analyte_codes.csv", "omop_units.csv", "product_codes.csv"])
def test_every_code_says_how_sure_it_is(name: str) -> None:
    assert {row["status"] for row in rows(name)} <= {"verified", "memory"}


def test_yes_takes_only_yes_and_no() -> None:
    assert yes("yes") and not yes("no")
    with pytest.raises(ValueError, match="neither"):
        yes("maybe")


# Codes


def test_codes_name_known_analytes_once() -> None:
    assert {code.analyte for code in analyte_codes().values()} <= set(analytes())
    for code in analyte_codes().values():
        assert code.basis in {"", "FEU", "DDU"} and (not code.basis or code.analyte == "d_dimer")


@pytest.mark.parametrize(
    ("system", "code", "analyte", "basis"),
    [
        ("LOINC", "777-3", "platelets", ""),
        ("LOINC", "26515-7", "platelets", ""),
        ("LOINC", "6301-6", "inr", ""),
        ("LOINC", "34714-6", "inr", ""),
        ("LOINC", "5895-7", "inr", ""),
        ("http://loinc.org", "3173-2", "aptt", ""),
        ("loinc", "14979-9", "aptt", ""),
        ("LOINC", "3256-5", "fibrinogen_antigen", ""),
        ("LOINC", "48065-7", "d_dimer", "FEU"),
        ("LOINC", "48066-5", "d_dimer", "DDU"),
        ("OMOP", "3051714", "d_dimer", "FEU"),
        ("OMOP", "3048530", "d_dimer", "DDU"),
        ("OMOP", "3016407", "fibrinogen", ""),
    ],
)
def test_analyte_of_code(system: str, code: str, analyte: str, basis: str) -> None:
    found = analyte_of_code(system, code)
    assert found is not None and (found.analyte, found.basis) == (analyte, basis)


def test_unknown_codes_are_none() -> None:
    assert analyte_of_code("LOINC", "0-0") is None
    assert analyte_of_code("SNOMED", "777-3") is None
    assert analyte_of_code("OMOP", 3024929) is not None


def test_omop_unit_concepts_are_units_of_some_analyte_or_item() -> None:
    texts = {unit_of_omop_concept(concept) for concept in (8848, "8961", 9444, 8647)}
    assert texts == {"10^3/uL", "10^9/L", "/uL"}
    assert unit_of_omop_concept(0) is None and unit_of_omop_concept(None) is None and unit_of_omop_concept("x") is None
    quantities = (*analytes(), *assessment_items())
    for concept in unit_concepts().values():
        # Femtolitres are of the mean corpuscular volume, which carac does not read.
        assert concept.unit == "fL" or any(conversion(name, concept.unit) for name in quantities), concept


# Agents and products


def test_agents_have_a_class_and_a_status_for_every_code() -> None:
    for agent in agents().values():
        assert agent.agent_class and agent.title
        for code, status in [
            (agent.atc, agent.atc_status),
            (agent.rxnorm, agent.rxnorm_status),
            (agent.omop, agent.omop_status),
        ]:
            assert (status in {"verified", "memory"}) if code else status == ""


@pytest.mark.parametrize(
    ("text", "agent"),
    [
        ("tocilizumab", "tocilizumab"),
        ("RoActemra", "tocilizumab"),
        ("L04AC07", "tocilizumab"),
        ("l04ac07", "tocilizumab"),
        ("40171288", "tocilizumab"),
        ("noradrenaline", "norepinephrine"),
        ("Adrenaline", "epinephrine"),
        ("acetaminophen", "paracetamol"),
        ("tranexamic acid", "tranexamic_acid"),
        ("Tranexamic_Acid", "tranexamic_acid"),
        ("UFH", "heparin"),
        ("11289", "warfarin"),
        ("45775372", "dabigatran"),
        ("FFP", "plasma"),
        ("packed red cells", "red_cells"),
        ("pegaspargase", "pegaspargase"),
        ("Yescarta", "axicabtagene_ciloleucel"),
    ],
)
def test_agent_of(text: str, agent: str) -> None:
    assert agent_of(text) == agent


@pytest.mark.parametrize("text", ["LMWH", "steroid", "", None, "heparinoid", "42"])
def test_classes_and_unknown_words_are_no_agents(text: str | None) -> None:
    assert agent_of(text) is None


def test_classes_of_agents() -> None:
    assert set(agent_classes()["vasopressor"]) == {"norepinephrine", "epinephrine", "dopamine", "phenylephrine"}
    assert agent_classes()["vasopressin"] == ("vasopressin",)
    assert agents()["midodrine"].agent_class != "vasopressor"
    assert len(agent_classes()["low_molecular_weight_heparin"]) == 4
    assert set(agent_classes()["car_t_product"]) == set(products())


def test_every_name_of_every_agent_leads_to_it() -> None:
    for agent in agents().values():
        for text in (agent.name, agent.title, *agent.synonyms, *agent.atc, *agent.rxnorm, *agent.omop):
            assert agent_of(text) == agent.name, text


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("Yescarta", "axicabtagene_ciloleucel"),
        ("axi-cel", "axicabtagene_ciloleucel"),
        ("axicabtagene ciloleucel (Yescarta) 2e6/kg", "axicabtagene_ciloleucel"),
        ("KYMRIAH", "tisagenlecleucel"),
        ("L01XX71", "tisagenlecleucel"),
        ("L01XL05", "ciltacabtagene_autoleucel"),
        ("792844", "axicabtagene_ciloleucel"),
        ("XW033J7", "tisagenlecleucel"),
        ("Q2054", "lisocabtagene_maraleucel"),
        ("brexucabtagene", "brexucabtagene_autoleucel"),
        ("Abecma", "idecabtagene_vicleucel"),
        ("obe-cel", "obecabtagene_autoleucel"),
    ],
)
def test_product_of(text: str, product: str) -> None:
    assert product_of(text) == product
    assert names_car_t(text)


@pytest.mark.parametrize(
    "text", ["lifileucel", "afamitresgene autoleucel", "sipuleucel-T", "Provenge", "a crash cart", "", None]
)
def test_what_is_no_car_t_product(text: str | None) -> None:
    assert product_of(text) is None
    assert not names_car_t(text)


@pytest.mark.parametrize("text", ["CAR-T", "CAR T cell infusion", "CART", "XW043C3", "38228", "Yescarta or Kymriah"])
def test_car_t_without_a_single_product(text: str) -> None:
    assert product_of(text) is None
    assert names_car_t(text)


def test_products_and_their_codes() -> None:
    assert {product.target for product in products().values()} == {"CD19", "BCMA"}
    assert {code.product for code in product_codes().values()} <= {"", *products()}
    assert not set(products()) & set(excluded_products())


# Items, features, sites


def test_items_are_numbers_with_a_range_or_words_from_a_list() -> None:
    for item in assessment_items().values():
        if item.kind == "number":
            assert item.low is not None and item.high is not None and item.low < item.high and not item.allowed
        else:
            assert item.kind == "word" and len(item.allowed) >= 2 and not item.unit


def test_recorded_grades_are_items_and_features() -> None:
    item = item_of("recorded_grade:astct_crs")
    assert item is not None and item.read_by == ("astct_crs",) and item.low == 0
    assert item_of("recorded_grade:") is None and item_of("mood") is None
    assert item_of("capd_8") is assessment_items()["capd_8"]
    for name in ("recorded_grade:isth_bleeding", "adjudicated_grade:isth_bleeding"):
        feature = feature_of(name)
        assert feature is not None and feature.kind == "number" and feature.asked_by == ("isth_bleeding",)
    assert feature_of("recorded_grade:two words") is None and feature_of("colour") is None


def test_maxima_of_ice_and_capd_items_add_up_to_their_totals() -> None:
    items = assessment_items()
    for prefix, total in [("ice_", "ice_total"), ("capd_", "capd_total")]:
        parts = [item.high or 0 for name, item in items.items() if name.startswith(prefix) and name != total]
        assert sum(parts) == items[total].high


def test_features_have_one_of_three_kinds() -> None:
    for feature in event_features().values():
        assert feature.kind in {"bool", "number", "word"}
        assert (feature.kind == "word") == bool(feature.allowed)
        assert (feature.kind == "number") == (feature.high is not None)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("Yes", True),
        ("1", True),
        ("FALSE", False),
        ("no", False),
        ("0", False),
        ("", None),
        (None, None),
    ],
)
def test_booleans_have_three_values(text: str | None, value: bool | None) -> None:
    assert boolean_of(text) is value


def test_a_text_that_is_no_boolean_is_told() -> None:
    with pytest.raises(ValueError, match="not a boolean"):
        boolean_of("perhaps")


def test_critical_sites_are_those_of_isth_2005() -> None:
    critical = {site.name for site in event_sites().values() if site.critical == "yes"}
    assert critical == {
        "intracranial", "intraspinal", "intraocular", "retroperitoneal", "intra_articular", "pericardial"
    }  # fmt: skip
    assert [site.name for site in event_sites().values() if site.critical == "check"] == ["intramuscular"]
    for site in event_sites().values():
        assert (site.critical in {"yes", "check", "no"}) if site.kind == "bleeding" else site.critical == ""
        assert (site.kind, site.level_2) in class_names()
    assert site_of("elbow") is None and site_of("epistaxis") is event_sites()["epistaxis"]


# ICD-10-CM


def test_every_category_maps_and_every_mapping_is_used() -> None:
    categories = {(code.domain, code.category) for code in icd10cm().values()}
    assert categories == set(event_classes())
    assert len(icd10cm()) == 1175


def test_classes_agree_with_their_names_and_sites() -> None:
    for entry in event_classes().values():
        assert entry.level_1 in LEVEL_1
        assert (entry.level_1, entry.level_2) in class_names(), entry
        if entry.site:
            assert event_sites()[entry.site].kind == entry.level_1


@pytest.mark.parametrize("text", ["I82.622", "I82622", "i82.622", " i82622 "])
def test_codes_without_dot_or_capitals(text: str) -> None:
    found = code_of(text)
    assert found is not None and found.code == "I82.622"


def test_codes_that_are_not_in_the_list() -> None:
    assert code_of("I82.4") is None and code_of("") is None and code_of(None) is None


@pytest.mark.parametrize(
    ("code", "level_1", "level_2", "role"),
    [
        # The examples of catalogue section 8.2
        ("I26.93", "venous", "PE_subsegmental_single", "event"),
        ("I82.622", "venous", "DVT_upper", "event"),
        ("T82.868A", "venous", "DVT_catheter_related", "modifier_catheter"),
        ("I82.512", "venous", "DVT_lower_unspecified", "exclude_incident"),
        ("I26.01", "venous", "PE_unspecified", "flag"),
        ("I63.6", "venous", "CVST", "event"),
        ("H34.8312", "venous", "other", "exclude_incident"),
        ("I21.A1", "arterial", "MI_type_2", "flag"),
        ("Z86.711", "baseline", "history_of_venous_thrombosis", "baseline"),
        ("I81", "venous", "splanchnic", "event"),
        ("D65", "coagulation", "DIC", "event"),
        ("D75.821", "other", "HIT", "separate"),
        ("I61.0", "bleeding", "intracranial", "critical_site"),
    ],
)
def test_classes_of_codes(code: str, level_1: str, level_2: str, role: str) -> None:
    found = code_of(code)
    assert found is not None and found.role == role
    assert (class_of(found).level_1, class_of(found).level_2) == (level_1, level_2)


def test_catheter_and_septic_flags() -> None:
    by_flag = {code: class_of(entry) for code in ("T82.868A", "I26.01", "G08", "I76", "I82.622")
               if (entry := code_of(code)) is not None}  # fmt: skip
    assert [code for code, entry in by_flag.items() if entry.catheter] == ["T82.868A"]
    assert [code for code, entry in by_flag.items() if entry.septic] == ["I26.01", "G08", "I76"]


def test_the_list_is_the_catalogues() -> None:
    source = SHARED / "icd10cm.csv"
    if not source.exists():
        pytest.skip("the shared catalogue is not here: set CARAC_SHARED to its folder")
    assert files("carac.vocabulary").joinpath("icd10cm.csv").read_bytes() == source.read_bytes()


# Spelling


def test_nearest() -> None:
    assert nearest("fibrinogene", analytes()) == "fibrinogen"
    assert nearest("Tranexamic-acid", agents()) == "tranexamic_acid"
    assert nearest("xyzzy", analytes()) is None


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("CRP", "c_reactive_protein"),
        ("LDH", "lactate_dehydrogenase"),
        ("Hb", "haemoglobin"),
        ("PLT", "platelets"),
        ("ANC", "neutrophils"),
        ("Thrombozyten", "platelets"),
        ("PTT", "aptt"),
        ("il-6", "interleukin_6"),
    ],
)
def test_a_usual_name_of_an_analyte_is_near(written: str, name: str) -> None:
    assert nearest(written, analytes()) == name


def test_a_usual_name_of_a_site_is_near_and_of_nothing_else() -> None:
    assert nearest("melena", event_sites()) == "gastrointestinal_unspecified"
    assert nearest("Nasenbluten", event_sites()) == "epistaxis"
    assert nearest("Nasenbluten", analytes()) is None
    assert nearest("quick", analytes()) is None, "a percentage that no analyte of carac holds"


@pytest.mark.parametrize("written", ["quick", "Quick-Wert", "TPZ", "PT %", "prothrombin_activity"])
def test_a_quick_value_is_said_to_be_neither_seconds_nor_an_inr(written: str) -> None:
    said = analyte_hint(written)
    assert "prothrombin activity in %" in said and "neither seconds nor an INR" in said
    assert "Did you mean" not in said, "the nearest name would be prothrombin_time"


def test_a_name_of_another_quantity_is_none_that_carac_knows() -> None:
    written = [fold(text) for row in rows("other_quantities.csv") for text in row["written"].split("|")]
    assert len(written) == len(set(written))
    assert not set(written) & ({fold(name) for name in analytes()} | set(usual_names()))
    assert (analyte_hint("platlets"), analyte_hint("xyzzy")) == ("Did you mean platelets?", "")


def test_every_usual_name_has_one_meaning_and_is_of_a_word_that_carac_knows() -> None:
    known = set(analytes()) | set(event_sites())
    assert set(usual_names().values()) <= known
    written = [fold(text) for row in rows("usual_names.csv") for text in row["written"].split("|")]
    assert len(written) == len(set(written))
    assert not set(written) & {fold(name) for name in known}


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("isth_overt_dic", "isth_overt_dic_2025"),  # what begins so, and not the other instrument that is spelt alike
        ("isth_dic", "isth_overt_dic_2025"),  # what holds all its words
        ("isth_non_overt", "isth_non_overt_dic"),
        ("isth_bleding", "isth_bleeding"),  # a slip
        ("isth", "isth_bleeding"),
    ],
)
def test_the_nearest_name_is_what_begins_so_or_holds_all_words(asked: str, meant: str) -> None:
    names = ("isth_overt_dic_2001_percentile", "isth_overt_dic_2025", "isth_non_overt_dic", "isth_bleeding", "sic")
    assert nearest(asked, names) == meant
