"""Bleeding by ISTH and WHO: the examples of catalogue 7.1 to 7.5, ties, linkage, and bounds against all completions."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from carac.definitions.bleeding import isth_bleeding, who_bleeding
from carac.engine.base import compile_sql
from carac.language.definition import Definition
from carac.language.event_rules import features as wide_features
from event_tables import TABLES, Row, event, features, haemoglobin, period, red_cells, run

(ISTH,) = isth_bleeding.DEFINITIONS
(WHO,) = who_bleeding.DEFINITIONS

# A bleed of which everything was looked for and nothing found, fit for both scales.
NOTHING: Row = {
    "fatal": False, "symptomatic": True, "overt": True, "compartment_syndrome": False, "haemoglobin_fall": 0.0,
    "red_cell_units": 0.0, "units_beyond_routine": 0.0, "medical_intervention": False, "invasive_intervention": False,
    "haemodynamic_instability": "none", "hospitalised_because": False, "level_of_care_raised": False,
    "evaluated_face_to_face": False, "dedicated_bleeding_evaluation": False, "organ_dysfunction": False,
    "tachycardia": False,
}  # fmt: skip

PACKED: Row = {"medical_intervention": True}
MELENA: Row = {"visible": True, "medical_intervention": True}

# site, features, WHO, ISTH: 7.1, 7.2, 7.3 and the rows of 7.5. A pair is a range.
EXAMPLES: dict[str, tuple[str, Row, Any, Any]] = {
    "petechiae": ("skin", {"petechiae": True}, 1, 1),
    "epistaxis 20 min": ("epistaxis", {"minutes_in_24_h": 20.0}, 1, 1),
    "epistaxis 30 min, tie": ("epistaxis", {"minutes_in_24_h": 30.0}, 1, 1),
    "epistaxis 35 min": ("epistaxis", {"minutes_in_24_h": 35.0}, 2, 1),
    "epistaxis, minutes unknown": ("epistaxis", {}, (1, 2), 1),
    "epistaxis, packing": ("epistaxis", PACKED, 2, 2),
    "gingival, mouthwash": ("oropharyngeal", PACKED, (1, 2), 2),
    "haematochezia, endoscopy": ("gastrointestinal_lower", MELENA, 2, 2),
    "occult blood": ("gastrointestinal_lower", {"occult": True}, 1, 1),
    "melena, 1 unit, fall 15": (
        "gastrointestinal_upper",
        MELENA | {"red_cell_units": 1.0, "units_beyond_routine": 1.0, "haemoglobin_fall": 1.5}, 3, 2,
    ),
    "melena, 2 units": ("gastrointestinal_upper", MELENA | {"red_cell_units": 2.0, "units_beyond_routine": 2.0}, 3, 3),
    "fall 20 g/L, tie": ("gastrointestinal_unspecified", {"visible": True, "haemoglobin_fall": 9.3 - 7.3}, 2, 3),
    "fall 19 g/L, 1 unit": (
        "gastrointestinal_unspecified",
        MELENA | {"haemoglobin_fall": 1.9, "red_cell_units": 1.0}, 2, 2,
    ),
    "retroperitoneal, symptomatic": ("retroperitoneal", {"medical_intervention": True}, 3, 3),
    "intracranial, no symptoms": ("intracranial", {"symptomatic": False}, 4, 1),
    "intracranial, symptoms": ("intracranial", {}, 4, 3),
    "intracranial, symptoms unknown": ("intracranial", {"symptomatic": None}, 4, (1, 3)),
    "retinal, no visual change": ("intraocular", {"symptomatic": False, "visual_impairment": False}, 2, 1),
    "retinal, visual loss": ("intraocular", {"symptomatic": None, "visual_impairment": True}, 4, 3),
    "haematuria, irrigation": ("haematuria", {"visible": True, "medical_intervention": True}, 2, 2),
    "microscopic haematuria": ("haematuria", {"visible": False}, 1, 1),
    "line oozing > 1 h, dressing": ("invasive_site", PACKED | {"bleeding_at_invasive_site_minutes": 90.0}, 2, 2),
    "line oozing 60 min, tie": ("invasive_site", {"bleeding_at_invasive_site_minutes": 60.0}, 1, 1),
    "haemoptysis, intensive care": ("respiratory", {"level_of_care_raised": True}, 2, 2),
    "haemoptysis, intubation": ("respiratory", PACKED | {"organ_dysfunction": True}, 3, 2),
    "fatal": ("gastrointestinal_unspecified", {"fatal": True, "visible": True}, 4, 3),
    "thigh without compartment syndrome": (
        "intramuscular", {"deep": True, "haemoglobin_fall": 1.5, "medical_intervention": True}, 2, 2,
    ),
    "compartment syndrome": ("intramuscular", {"deep": True, "compartment_syndrome": True}, 2, 3),
    "haemarthrosis": ("intra_articular", {}, 2, 3),
    "purpura 2.5 cm, tie": ("skin", {"petechiae": False, "lesion_size": 2.5}, 1, 1),
    "purpura 3 cm": ("skin", {"petechiae": False, "lesion_size": 3.0}, 2, 1),
    "moderate instability, red cells": (
        "gastrointestinal_upper",
        MELENA | {"haemodynamic_instability": "moderate", "red_cell_units": 1.0}, 3, 2,
    ),
    "severe instability, red cells": (
        "gastrointestinal_upper",
        MELENA | {"haemodynamic_instability": "severe", "tachycardia": True, "red_cell_units": 1.0}, 4, 2,
    ),
    "severe instability, no red cells": (
        "gastrointestinal_upper", MELENA | {"haemodynamic_instability": "severe", "tachycardia": True}, 2, 2,
    ),
    "lumbar puncture, clear to the eye": ("other", {"cerebrospinal_fluid_blood": True, "visible": False}, 2, 1),
    "lumbar puncture, visible, no symptoms": (
        "other", {"cerebrospinal_fluid_blood": True, "visible": True, "symptomatic": False}, 3, 1,
    ),
    "haemothorax, drained": ("haemothorax", {"invasive_intervention": True}, 3, 2),
}  # fmt: skip


def graded(definition: Definition, cases: Mapping[str, Row], parameters: Row | None = None) -> dict[str, Row]:
    """Grades of bleeds given as {name: {"site": …, feature: …}}."""
    events = [event(name, kind="bleeding", site=case.get("site")) for name, case in cases.items()]
    described = [row for name, case in cases.items() for row in features(name, _without_site(case))]
    return run(definition, parameters, events=events, event_features=described)


def _without_site(case: Row) -> Row:
    return {name: value for name, value in case.items() if name != "site"}


@pytest.mark.parametrize(("definition", "column"), [(WHO, 2), (ISTH, 3)], ids=["who", "isth"])
def test_examples_of_the_catalogue(definition: Definition, column: int) -> None:
    found = graded(definition, {name: {"site": case[0]} | NOTHING | case[1] for name, case in EXAMPLES.items()})
    wanted = {name: case[column] for name, case in EXAMPLES.items()}
    bounds = {name: want if isinstance(want, tuple) else (want, want) for name, want in wanted.items()}
    assert {name: (row["lowest"], row["highest"]) for name, row in found.items()} == bounds
    assert all(row["grade"] == (row["lowest"] if row["lowest"] == row["highest"] else None) for row in found.values())


def test_criterion_says_what_decided() -> None:
    cases = {name: {"site": EXAMPLES[name][0]} | NOTHING | EXAMPLES[name][1] for name in EXAMPLES}
    isth, who = graded(ISTH, cases), graded(WHO, cases)
    assert isth["fatal"]["criterion"] == who["fatal"]["criterion"] == "fatal"
    assert isth["melena, 2 units"]["criterion"] == "red_cells"
    assert isth["fall 20 g/L, tie"]["criterion"] == "haemoglobin_fall"
    assert isth["petechiae"]["criterion"] is None
    assert who["melena, 2 units"]["criterion"] == "red_cells_beyond_routine"
    assert isth["intracranial, no symptoms"]["critical_site_asymptomatic"] is True
    assert isth["intracranial, symptoms"]["critical_site_asymptomatic"] is False
    assert isth["intracranial, symptoms unknown"]["major"] is None
    assert isth["epistaxis, packing"]["clinically_relevant"] is True
    assert isth["intracranial, symptoms unknown"]["clinically_relevant"] is None
    assert who["epistaxis, minutes unknown"]["clinically_significant"] is None
    assert who["petechiae"]["clinically_significant"] is False


def test_central_nervous_system_rule() -> None:
    cases = {
        "without": {"site": "intracranial"} | NOTHING | {"neurological_signs": False},
        "with": {"site": "intracranial"} | NOTHING | {"neurological_signs": True},
        "unknown": {"site": "intracranial"} | NOTHING | {"symptomatic": None},
    }
    found = graded(WHO, cases, {"who_cns_rule": 3})
    bounds = {name: (row["lowest"], row["highest"]) for name, row in found.items()}
    assert bounds == {"without": (3, 3), "with": (4, 4), "unknown": (3, 4)}


@pytest.mark.parametrize(("definition", "top"), [(ISTH, 3), (WHO, 4)], ids=["isth", "who"])
def test_code_alone_is_present_and_cannot_be_graded(definition: Definition, top: int) -> None:
    labs = [haemoglobin(11, 12.0), haemoglobin(13, 8.0)]
    found = run(definition, events=[event("a", code="K92.2")], labs=labs)["a"]
    assert (found["grade"], found["lowest"], found["highest"], found["present"]) == (None, 1, top, True)


def test_only_bleeds_have_a_row() -> None:
    events = [
        event("bleed", kind="bleeding", site="skin"),
        event("code", code="R04.0"),
        event("sequelae", kind="bleeding", code="I69.00"),
        event("severity", kind="bleeding", code="D62"),
        event("flag with site", kind="bleeding", code="K50.011", site="gastrointestinal_lower"),
        event("clot", kind="venous", site="pulmonary_embolism"),
        event("dic", code="D65"),
    ]
    assert set(run(ISTH, events=events)) == set(run(WHO, events=events)) == {"bleed", "code", "flag with site"}


def test_feature_stated_twice_with_different_values_is_unknown() -> None:
    rows = features("a", NOTHING) + features("a", {"fatal": True})
    found = run(ISTH, events=[event("a", kind="bleeding", site="skin")], event_features=rows)["a"]
    assert (found["lowest"], found["highest"]) == (1, 3)


# ---- haemoglobin and red cells from the record's other tables

NO_FALL = NOTHING | {"haemoglobin_fall": None}


def fall(labs: list[Row], day: float = 12.5, parameters: Row | None = None, **more: Any) -> Row:
    rows = features("a", NO_FALL | more)
    events = [event("a", day, kind="bleeding", site="gastrointestinal_upper")]
    return run(ISTH, parameters, events=events, event_features=rows, labs=labs)["a"]


def test_fall_from_the_laboratory() -> None:
    found = fall([haemoglobin(6.0, 12.0), haemoglobin(12.25, 9.5), haemoglobin(13.0, 7.5), haemoglobin(14.0, 8.0)])
    assert (found["grade"], found["haemoglobin_fall"], found["haemoglobin_fall_by"]) == (3, 2.0, "laboratory")


@pytest.mark.parametrize(
    ("labs", "parameters", "grade"),
    [
        ([haemoglobin(12.25, 9.5), haemoglobin(14.5, 7.5)], {}, 3),
        ([haemoglobin(12.25, 9.5), haemoglobin(14.51, 7.5)], {}, None),
        ([haemoglobin(12.25, 9.5), haemoglobin(14.51, 7.5)], {"hb_window_hours": 72}, 3),
        ([haemoglobin(12.25, 9.5), haemoglobin(14.5, 7.5)], {"hb_window_hours": 24}, None),
        ([haemoglobin(5.5, 9.5), haemoglobin(13.0, 7.5)], {}, 3),
        ([haemoglobin(5.4, 9.5), haemoglobin(13.0, 7.5)], {}, None),
        ([haemoglobin(5.4, 9.5), haemoglobin(13.0, 7.5)], {"hb_look_back_days": 8}, 3),
        # dates only: the day of onset counts as after it
        ([haemoglobin(11, 9.5), haemoglobin(12, 7.5)], {}, 3),
        ([haemoglobin(12, 9.5), haemoglobin(13, 7.5)], {}, None),
        ([haemoglobin(11, 9.5), haemoglobin(14, 7.5)], {}, 3),
        ([haemoglobin(11, 9.5), haemoglobin(15, 7.5)], {}, None),
        # two values at the same time: which was the last is open
        ([haemoglobin(11, 9.5), haemoglobin(11, 9.0), haemoglobin(12, 7.5)], {}, None),
        ([haemoglobin(11, 9.0), haemoglobin(12, 0.0, 6.99)], {}, 3),
    ],
)
def test_window_of_the_fall(labs: list[Row], parameters: Row, grade: int | None) -> None:
    assert fall(labs, parameters=parameters)["grade"] == grade


def test_no_fall_without_an_overt_bleed() -> None:
    labs = [haemoglobin(12.25, 9.5), haemoglobin(13.0, 7.5)]
    assert fall(labs, overt=False)["grade"] == 1
    assert fall(labs, overt=None)["grade"] == 3


def units(treatments: list[Row], parameters: Row | None = None, **more: Any) -> tuple[Row, Row]:
    given = {"red_cell_units": None, "units_beyond_routine": None, "visible": True, **more}
    rows = features("a", NOTHING | given)
    events = [event("a", kind="bleeding", site="gastrointestinal_upper")]
    tables = {"events": events, "event_features": rows, "treatments": treatments}
    return run(ISTH, parameters, **tables)["a"], run(WHO, **tables)["a"]


def test_red_cells_linked_to_the_bleed() -> None:
    isth, who = units([red_cells(12, 1.0, "a", beyond_routine=True), red_cells(13, 1.0, "a", beyond_routine=True)])
    assert (isth["grade"], isth["red_cell_units"], who["grade"]) == (3, 2.0, 3)
    isth, who = units([red_cells(12, 1.0, "a", beyond_routine=False)])
    assert (isth["grade"], who["grade"]) == (2, 2)
    # beyond routine, but later than 24 hours
    assert units([red_cells(14, 1.0, "a", beyond_routine=True)])[1]["grade"] == 2


def test_red_cells_of_unknown_dose_or_link() -> None:
    isth, _ = units([red_cells(12, None, "a")])
    assert (isth["lowest"], isth["highest"]) == (2, 3)
    isth, _ = units([red_cells(12, 300.0, "a", unit="mL")])
    assert (isth["lowest"], isth["highest"]) == (2, 3)
    isth, who = units([red_cells(12, 2.0)])
    assert (isth["lowest"], isth["highest"], who["lowest"], who["highest"]) == (1, 3, 2, 3)
    assert units([red_cells(12, 2.0)], {"red_cell_attribution": "within_window"})[0]["grade"] == 3
    assert units([red_cells(15, 2.0)], {"red_cell_attribution": "within_window"})[0]["highest"] == 3
    assert units([red_cells(12, 2.0, "b")], {"red_cell_attribution": "within_window"})[0]["lowest"] == 1


def test_adjusted_fall_stands_beside() -> None:
    case = {"a": {"site": "gastrointestinal_upper"} | NOTHING | {"haemoglobin_fall": 1.5, "red_cell_units": 1.0}}
    found = graded(ISTH, case)["a"]
    assert (found["grade"], found["major"], found["adjusted_fall"], found["major_adjusted"]) == (2, False, 2.5, True)
    found = graded(ISTH, case, {"hb_adjust_for_rbc": True})["a"]
    assert (found["grade"], found["major"], found["major_adjusted"]) == (3, False, True)


# ---- the rule for inpatients

SEEN = NOTHING | {"evaluated_face_to_face": True, "dedicated_bleeding_evaluation": None}


@pytest.mark.parametrize(
    ("periods", "dedicated", "rule", "bounds"),
    [
        ([], None, "strict", (2, 2)),
        ([period("outpatient", 2, 40)], None, "strict", (2, 2)),
        ([period("ward", -5, 20)], None, "strict", (1, 2)),
        ([period("ward", -5, 20)], False, "strict", (1, 1)),
        ([period("ward", -5, 20)], True, "strict", (2, 2)),
        ([period("ward", -5, 20)], None, "lenient", (2, 2)),
        ([period("ward", -5, 11), period("intensive_care", 12, 14)], None, "strict", (1, 2)),
        ([period("ward", -5, 9)], None, "strict", (2, 2)),
        ([period("ward", -5)], None, "strict", (1, 2)),
    ],
)
def test_inpatient_rule(periods: list[Row], dedicated: bool | None, rule: str, bounds: tuple[int, int]) -> None:
    rows = features("a", SEEN | {"dedicated_bleeding_evaluation": dedicated})
    events = [event("a", kind="bleeding", site="oropharyngeal")]
    found = run(ISTH, {"crnm_inpatient_rule": rule}, events=events, event_features=rows, periods=periods)["a"]
    assert (found["lowest"], found["highest"]) == bounds


# ---- bounds are the minimum and maximum over all completions

ISTH_DOMAIN: dict[str, tuple[Any, ...]] = {
    "fatal": (False, True), "symptomatic": (False, True), "overt": (False, True),
    "critical_site": (False, True), "compartment_syndrome": (False, True), "haemoglobin_fall": (0.0, 2.0),
    "red_cell_units": (0.0, 1.0, 2.0), "medical_intervention": (False, True), "invasive_intervention": (False, True),
    "hospitalised_because": (False, True), "level_of_care_raised": (False, True),
    "evaluated_face_to_face": (False, True), "dedicated_bleeding_evaluation": (False, True),
}  # fmt: skip
WHO_DOMAIN: dict[str, tuple[Any, ...]] = {
    "fatal": (False, True), "symptomatic": (False, True), "haemodynamic_instability": ("none", "moderate", "severe"),
    "tachycardia": (False, True), "red_cell_units": (0.0, 1.0), "units_beyond_routine": (0.0, 1.0),
    "organ_dysfunction": (False, True), "medical_intervention": (False, True), "visible": (False, True),
    "occult": (False, True), "visual_impairment": (False, True), "neurological_signs": (False, True),
    "minutes_in_24_h": (20.0, 40.0), "petechiae": (False, True), "lesion_size": (1.0, 3.0), "deep": (False, True),
}  # fmt: skip


def isth_possible(case: Row) -> bool:
    """A record that can be: what is part of something else does not stand without it."""
    if case["dedicated_bleeding_evaluation"] != case["evaluated_face_to_face"]:
        return False
    if case["invasive_intervention"] and not case["medical_intervention"]:
        return False
    in_muscle = case["site"] == "intramuscular" and case["compartment_syndrome"]
    return bool(case["critical_site"]) == (in_muscle or case["site"] in ("intracranial", "intraocular"))


def who_possible(case: Row) -> bool:
    if case["red_cell_units"] < case["units_beyond_routine"] or case["visible"] == case["occult"]:
        return False
    if case["site"] == "skin" and case["petechiae"] == (case["lesion_size"] > 2.5):
        return False
    return bool(case["symptomatic"] or not (case["visual_impairment"] or case["neurological_signs"]))


SITES = (
    "epistaxis", "gastrointestinal_upper", "skin", "soft_tissue", "intracranial", "intraocular", "intramuscular",
    "haemothorax", "respiratory",
)  # fmt: skip

#: Never unknown here: a packing counts only where it is recorded, and a bleed counts as overt unless that is denied.
STATED = {"epistaxis": ("medical_intervention", "overt")}


def partial_events(
    domain: Mapping[str, tuple[Any, ...]], possible: Callable[[Row], bool]
) -> dict[str, tuple[Row, list[Row]]]:
    """Partly known events, each with every possible completion of what it lacks."""
    random_ = random.Random(20240301)
    events: dict[str, tuple[Row, list[Row]]] = {}
    while len(events) < 60:
        case = {"site": random_.choice(SITES)} | {name: random_.choice(values) for name, values in domain.items()}
        case = case if random_.random() < 0.3 else case | {"fatal": False, "haemodynamic_instability": "none"}
        case = {name: value for name, value in case.items() if name == "site" or name in domain}
        if not possible(case):
            continue
        free = [name for name in domain if name not in STATED.get(case["site"], ("overt",))]
        missing = random_.sample(free, random_.randint(1, 5))
        known = {name: value for name, value in case.items() if name not in missing}
        filled = [known | dict(zip(missing, each, strict=True)) for each in
                  itertools.product(*(domain[name] for name in missing))]  # fmt: skip
        events[f"e{len(events)}"] = (known, [full for full in filled if possible(full)])
    return events


@pytest.mark.parametrize(
    ("definition", "domain", "possible"),
    [(ISTH, ISTH_DOMAIN, isth_possible), (WHO, WHO_DOMAIN, who_possible)],
    ids=["isth", "who"],
)
def test_bounds_are_exact(
    definition: Definition, domain: Mapping[str, tuple[Any, ...]], possible: Callable[[Row], bool]
) -> None:
    events = partial_events(domain, possible)
    rest = {} if definition is ISTH else {"invasive_intervention": False}
    cases = {name: known | rest for name, (known, _) in events.items()}
    for name, (_, completions) in events.items():
        cases |= {f"{name}/{number}": full | rest for number, full in enumerate(completions)}
    found = graded(definition, cases)
    for name, (known, completions) in events.items():
        grades = [found[f"{name}/{number}"]["grade"] for number in range(len(completions))]
        assert None not in grades, known
        assert (found[name]["lowest"], found[name]["highest"]) == (min(grades), max(grades)), known
    assert len({(found[name]["lowest"], found[name]["highest"]) for name in events}) >= 4


# ---- the contract


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "databricks"])
@pytest.mark.parametrize("definition", [ISTH, WHO], ids=lambda each: each.name)
def test_compiles(definition: Definition, dialect: str) -> None:
    assert definition.rows is not None
    values = {parameter.name: parameter.default for parameter in definition.parameters}
    assert compile_sql(definition.rows(TABLES, values), dialect)
    assert all(len(column) <= 60 for column in definition.columns)


def test_unknown_feature_is_refused() -> None:
    with pytest.raises(ValueError, match="not a feature"):
        wide_features(TABLES, ["fatality"])
