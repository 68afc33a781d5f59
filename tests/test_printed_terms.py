"""Terms of CTCAE for bleeds and clots, each held against a table typed from the catalogue (3.3 to 3.6).

A row of `BLEEDS` gives the term in 5.0 and in 6.0 (empty: the same; None: that version has none), and the grade that
the cells of each version print for a bleed of which one thing alone is true, in the order of `SITUATIONS`. A dash: no
cell holds, so that there is no grade; a dot: the cells do not say, so that nothing is asked.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from carac.definitions.ctcae import haemorrhage, haemorrhage_terms, vascular_terms
from carac.definitions.ctcae.terms import Version
from carac.definitions.ctcae.version_5 import VERSION_5
from carac.definitions.ctcae.version_6 import VERSION_6
from event_tables import Row, event, features, red_cells, run

VERSIONS = (VERSION_5, VERSION_6)
#: What is true of a bleed of which everything else is denied.
SITUATIONS: tuple[Row, ...] = (
    {},
    {"medical_intervention": True},
    {"red_cell_units": 1},
    {"invasive_intervention": True},
    {"hospitalised_because": True},
    {"urgent_intervention": True},
    {"fatal": True},
)
DENIED: Row = {
    **dict.fromkeys(("fatal", "life_threatening", "urgent_intervention", "invasive_intervention"), False),
    **dict.fromkeys(("medical_intervention", "hospitalised_because", "symptomatic", "visual_impairment"), False),
    **dict.fromkeys(("postoperative", "platelets_for_bleed", "visible", "generalised"), False),
    **{"red_cell_units": 0, "blood_evacuated": 0, "body_surface_area": 5, "visual_acuity_loss": "none"},
    "occult": True,
}
#: 5.0 prints transfusion, invasive intervention and hospitalization in grade 3; 6.0 hospitalization alone.
COMMON_5, COMMON_6 = "1233345", "1222345"
NO_GRADE_1_5, NO_GRADE_1_6 = "2233345", "2222345"
HEMATOCHEZIA = "Hematochezia [10060544]"

#: By site: the term in each version, the grades in each, the lowest and the highest grade that is printed.
BLEEDS = {
    "epistaxis": ("Epistaxis [10015090]", "", "1233145", "1233145", 1, 5),
    "oropharyngeal": ("Oral hemorrhage [10030980]", "", COMMON_5, COMMON_6, 1, 5),
    "gastrointestinal_upper": ("Upper gastrointestinal hemorrhage [10055356]", "", COMMON_5, COMMON_6, 1, 5),
    "gastrointestinal_lower": (
        *("Lower gastrointestinal hemorrhage [10051746]", HEMATOCHEZIA, COMMON_5, COMMON_6, 1, 5),
    ),
    "respiratory": ("Bronchopulmonary hemorrhage [10065746]", "", COMMON_5, COMMON_6, 1, 5),
    # A chest tube is 2; an operation that somebody chose is not told from it.
    "haemothorax": ("Pleural hemorrhage [10055319]", "", "123.345", "123.345", 1, 5),
    "intra_abdominal": ("Intra-abdominal hemorrhage [10055291]", "", NO_GRADE_1_5, NO_GRADE_1_6, 2, 5),
    "retroperitoneal": ("Retroperitoneal hemorrhage [10038981]", "", NO_GRADE_1_5, NO_GRADE_1_6, 2, 5),
    "haematuria": ("Hematuria [10019450]", "", "1233345", "1233345", 1, 5),
    "gynaecological": ("Vaginal hemorrhage [10046912]", "", COMMON_5, COMMON_6, 1, 5),
    "intracranial": ("Intracranial hemorrhage [10022763]", "", "12.3345", "12.3345", 1, 5),
    # Visual acuity decides; neither admission nor death is printed.
    "intraocular": ("Vitreous hemorrhage [10047656]", "", "1..3111", "1..3111", 1, 4),
    "skin": ("Purpura [10037549]", "", "1111111", "1111111", 1, 3),
    "soft_tissue": ("Hematoma [10019428]", "", "1233145", "1233145", 1, 5),
    "intramuscular": ("Hematoma [10019428]", "", "1233145", "1233145", 1, 5),
    "oesophageal": ("Esophageal hemorrhage [10015384]", "", COMMON_5, COMMON_6, 1, 5),
    "oesophageal_varices": ("Esophageal varices hemorrhage [10015453]", "", NO_GRADE_1_5, NO_GRADE_1_6, 2, 5),
    "gastric": ("Gastric hemorrhage [10017789]", "", COMMON_5, COMMON_6, 1, 5),
    "duodenal": ("Duodenal hemorrhage [10055242]", "", COMMON_5, COMMON_6, 1, 5),
    "jejunal": ("Jejunal hemorrhage [10055300]", "", COMMON_5, COMMON_6, 1, 5),
    "ileal": ("Ileal hemorrhage [10055287]", "", COMMON_5, COMMON_6, 1, 5),
    "caecal": ("Cecal hemorrhage [10065747]", "", COMMON_5, COMMON_6, 1, 5),
    "colonic": ("Colonic hemorrhage [10009998]", HEMATOCHEZIA, COMMON_5, COMMON_6, 1, 5),
    "rectal": ("Rectal hemorrhage [10038064]", HEMATOCHEZIA, COMMON_5, COMMON_6, 1, 5),
    "anal": ("Anal hemorrhage [10055226]", HEMATOCHEZIA, COMMON_5, COMMON_6, 1, 5),
    "haemorrhoidal": ("Hemorrhoidal hemorrhage [10060640]", "", COMMON_5, COMMON_6, 1, 5),
    "haematemesis": (None, "Hematemesis [10019418]", "", COMMON_6, 1, 5),
    "melaena": (None, "Melena [10027162]", "", COMMON_6, 1, 5),
    "haematochezia": (None, HEMATOCHEZIA, "", COMMON_6, 1, 5),
    "pancreatic": ("Pancreatic hemorrhage [10033626]", "", COMMON_5, COMMON_6, 1, 5),
    "hepatic": ("Hepatic hemorrhage [10019678]", "", COMMON_5, COMMON_6, 1, 5),
    "laryngeal": ("Laryngeal hemorrhage [10065759]", "", COMMON_5, COMMON_6, 1, 5),
    "pharyngeal": ("Pharyngeal hemorrhage [10055315]", "", COMMON_5, COMMON_6, 1, 5),
    "tracheal": ("Tracheal hemorrhage [10062548]", "", COMMON_5, COMMON_6, 1, 5),
    "mediastinal": ("Mediastinal hemorrhage [10056356]", "", COMMON_5, COMMON_6, 1, 5),
    "renal": ("Renal hemorrhage [10038463]", "", COMMON_5, COMMON_6, 1, 5),
    "prostatic": ("Prostatic hemorrhage [10055325]", "", COMMON_5, COMMON_6, 1, 5),
    "testicular": ("Testicular hemorrhage [10055347]", "", COMMON_5, COMMON_6, 1, 5),
    "spermatic_cord": ("Spermatic cord hemorrhage [10065762]", "", COMMON_5, COMMON_6, 1, 5),
    "ovarian": ("Ovarian hemorrhage [10065763]", "", COMMON_5, COMMON_6, 1, 5),
    "uterine": ("Uterine hemorrhage [10046789]", "", COMMON_5, COMMON_6, 1, 5),
    # 5.0 prints transfusion in grade 3, 6.0 hospitalization; an operation is 3 in both.
    "menorrhagia": ("Menorrhagia [10027313]", "", "1233145", "1223345", 1, 5),
    "tumour": ("Tumor hemorrhage [10055351]", "", COMMON_5, COMMON_6, 1, 5),
    # Whether it is generalised is all that is printed.
    "bruising": ("Bruising [10006504]", "", "1111111", "1111111", 1, 2),
    "intraoperative": ("Intraoperative hemorrhage [10055298]", "", "---3345", "---3345", 3, 5),
    "after_biopsy": (None, "Post biopsy bleeding [10054113]", "", "2233345", 2, 5),
    "intestinal_stoma": (None, "Intestinal stoma site bleeding [10049468]", "", "12.3345", 1, 5),
    "tracheostomy": (None, "Tracheostomy site bleeding [10065749]", "", "12.3345", 1, 5),
    "urostomy": (None, "Urostomy site bleeding [10065748]", "", "12.3345", 1, 5),
}

#: By word: the term, the lowest and the highest grade in both versions; whether 6.0 has it.
CLOTS = {
    "superior_vena_cava_syndrome": ("Superior vena cava syndrome [10042569]", 1, 5, True),
    "superficial_thrombophlebitis": ("Superficial thrombophlebitis [10042554]", 2, 2, True),
    "phlebitis": ("Phlebitis [10034879]", 2, 2, False),
    "peripheral_ischaemia": ("Peripheral ischemia [10034578]", 2, 5, True),
    "visceral_ischaemia": ("Visceral arterial ischemia [10054692]", 2, 5, True),
    "cerebrovascular_ischaemia": ("Ischemia cerebrovascular [10023030]", 1, 2, False),
}


def printed(version: Version, site: str) -> tuple[str, str, int, int] | None:
    """The term of a site with its grades in each situation, and the lowest and highest; None where there is none."""
    name_5, name_6, grades_5, grades_6, lowest, highest = BLEEDS[site]
    if version is VERSION_5:
        return None if name_5 is None else (name_5, grades_5, lowest, highest)
    return str(name_6 or name_5), grades_6, lowest, highest


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.number)
def test_the_terms_of_bleeds_are_those_that_are_printed(version: Version) -> None:
    rows = {site: row for site in BLEEDS if (row := printed(version, site))}
    found = {
        site: (term.name(version), term.floor, term.ceiling)
        for site, term in haemorrhage_terms.terms_of(version).items()
    }
    assert found == {site: (name, lowest, highest) for site, (name, _, lowest, highest) in rows.items()}


def test_the_terms_of_clots_are_those_that_are_printed() -> None:
    for version in VERSIONS:
        found = {w: (t.name, t.floor, t.ceiling) for w, t in vascular_terms.terms_of(version).items()}
        assert found == {w: row[:3] for w, row in CLOTS.items() if version is VERSION_5 or row[3]}


# ---- every cell


def place(site: str) -> tuple[Row, Row]:
    """What the event and its features say of a site; a finer one stands in a feature."""
    if site in haemorrhage_terms.SITES:
        return {"site": site}, {}
    return {"site": "other"}, {"finer_site": site}


def definition(version: Version) -> Any:
    return haemorrhage.DEFINITIONS[VERSIONS.index(version)]


@cache
def graded(version: Version) -> dict[str, Row]:
    """Every site in every situation, and with nothing known of it, by site and number of the situation."""
    events, told = [], []
    for site in BLEEDS:
        where, named = place(site)
        for number, situation in enumerate(SITUATIONS):
            events.append(event(f"{site} {number}", kind="bleeding", **where))
            told += features(f"{site} {number}", DENIED | named | situation)
        events.append(event(site, kind="bleeding", **where))
        told += features(site, named)
    return run(definition(version), events=events, event_features=told)


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.number)
def test_every_cell_gives_its_grade(version: Version) -> None:
    found, expected = {}, {}
    for site in BLEEDS:
        name, grades, _, _ = printed(version, site) or ("", "", 0, 0)
        for number, grade in enumerate(grades):
            if grade != ".":
                row = graded(version)[f"{site} {number}"]
                found[site, number] = (row["term"], row["grade"])
                expected[site, number] = (name, None if grade == "-" else int(grade))
    assert found == expected


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.number)
def test_of_an_undescribed_bleed_any_printed_grade_is_possible(version: Version) -> None:
    rows = {site: row for site in BLEEDS if (row := printed(version, site))}
    found = {site: (graded(version)[site]["lowest"], graded(version)[site]["highest"]) for site in rows}
    assert found == {site: (lowest, highest) for site, (_, _, lowest, highest) in rows.items()}


# ---- what one entry or one feature says


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.number)
def test_a_single_feature_describes_a_bleed(version: Version) -> None:
    told = {
        # More than 30 % of the surface: 3, and purpura prints no 4.
        "wide purpura": ("skin", {"body_surface_area": 40}),
        # No visual loss at all, so that only a vitrectomy would be more than 1.
        "sight kept": ("intraocular", {"visual_impairment": False}),
        # Red cells above the routine are red cells: 3 in 5.0; 6.0 prints admission alone, so that they make 2.
        "above routine": ("oropharyngeal", {"units_beyond_routine": 1, "fatal": False, **_NO_MORE}),
    }
    events = [event(name, kind="bleeding", site=site) for name, (site, _) in told.items()]
    rows = [row for name, (_, more) in told.items() for row in features(name, more)]
    found = run(definition(version), events=events, event_features=rows)
    expected = {"wide purpura": 3, "sight kept": 1, "above routine": 3 if version is VERSION_5 else 2}
    assert {name: row["grade"] for name, row in found.items()} == expected


_NO_MORE: Row = dict.fromkeys(("life_threatening", "urgent_intervention", "hospitalised_because"), False)


@pytest.mark.parametrize(
    ("doses", "expected"),
    [
        ((1,), (2, 2, 2)),
        ((1, 1), (3, 3, 3)),
        # A course of unknown dose is a transfusion, of less than 2 units or of more.
        ((None,), (None, 2, 3)),
        ((1, None), (None, 2, 3)),
        ((2, None), (3, 3, 3)),
    ],
)
def test_red_cells_given_for_a_postoperative_bleed(
    doses: tuple[int | None, ...], expected: tuple[int | None, int, int]
) -> None:
    told = {name: value for name, value in DENIED.items() if name != "red_cell_units"} | {"postoperative": True}
    found = run(
        definition(VERSION_5),
        events=[event("a", kind="bleeding", site="invasive_site")],
        event_features=features("a", told),
        treatments=[red_cells(12, dose, "a") for dose in doses],
    )["a"]
    assert (found["grade"], found["lowest"], found["highest"]) == expected


def test_platelets_given_for_a_bleed_are_no_red_cells() -> None:
    told = {name: value for name, value in DENIED.items() if name != "red_cell_units"} | {"postoperative": True}
    platelets = red_cells(12, 2, "a", agent="platelets", agent_class="platelet_transfusion")
    found = run(
        definition(VERSION_5),
        events=[event("a", kind="bleeding", site="invasive_site")],
        event_features=features("a", told),
        treatments=[platelets],
    )["a"]
    # Of red cells nothing is known: none, fewer than two units, or more.
    assert (found["grade"], found["lowest"], found["highest"]) == (None, 1, 3)


def test_a_clot_is_no_bleed() -> None:
    events = [event("clot", code="I82.411"), event("bleed", patient_id="q", code="K92.0")]
    assert set(run(definition(VERSION_5), events=events)) == {"bleed"}
