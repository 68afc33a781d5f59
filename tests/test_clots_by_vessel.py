"""A clot whose vessel nobody wrote down, and entries that are no clot (catalogue 3.3, 3.4, 8.1, 8.2)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from carac.definitions.ctcae import thromboembolism
from carac.definitions.thrombosis import classes, spesi
from carac.language.definition import Definition, Tables
from carac.parameters import Values
from event_tables import INFUSION, Row, at, event, features, run

CLASS, CATEGORY = classes.DEFINITIONS
(SPESI,) = spesi.DEFINITIONS
VENOUS = ("Thromboembolic event [10043565]", "Venous thromboembolism [10066899]")
CATHETER, ARTERIAL = "Vascular access complication [10062169]", "Arterial thromboembolism [10073529]"
#: A treated clot of which everything else is denied.
TREATED: Row = {
    **dict.fromkeys(("fatal", "life_threatening", "urgent_intervention", "invasive_intervention"), False),
    **dict.fromkeys(("medical_intervention", "hospitalised_because", "organ_dysfunction"), False),
    **{"haemodynamic_instability": "none", "anticoagulant_started": True},
}
STROKE = TREATED | {"anticoagulant_started": False, "severe_neurological_deficit": False}


def with_classes(definition: Definition) -> Definition:
    """The definition of a term with the classes and categories that it reads made beside it."""

    def rows(tables: Tables, values: Values) -> Any:
        made = {used.name: _made(used, tables) for used in (CLASS, CATEGORY)}
        assert definition.rows is not None
        return definition.rows(replace(tables, results=made), values)

    return replace(definition, rows=rows)


def _made(used: Definition, tables: Tables) -> Any:
    assert used.rows is not None
    return used.rows(tables, {parameter.name: parameter.default for parameter in used.parameters})


TERMS = tuple(with_classes(definition) for definition in thromboembolism.DEFINITIONS)


def graded(events: dict[str, tuple[Row, Row]], absent: tuple[str, ...] = ()) -> tuple[dict[str, Row], dict[str, Row]]:
    """The rows of 5.0 and of 6.0 by event; each has what it says of itself, and its features."""
    tables = {
        "events": [event(name, patient_id=name, **own) for name, (own, _) in events.items()],
        "event_features": [row for name, (_, told) in events.items() for row in features(name, told)],
    }
    five, six = (run(term, absent=absent, **tables) for term in TERMS)
    return five, six


def bounds(row: Row) -> tuple[int | None, int, int]:
    return row["grade"], row["lowest"], row["highest"]


def test_an_unknown_vessel_is_no_special_one() -> None:
    found = graded(
        {
            "vein": ({"kind": "venous"}, TREATED),
            "at a line": ({"kind": "venous"}, TREATED | {"catheter_related": True}),
            "artery": ({"kind": "arterial"}, TREATED),
        }
    )
    for rows, venous in zip(found, VENOUS, strict=True):
        assert {name: row["term"] for name, row in rows.items()} == {
            "vein": venous,
            "at a line": CATHETER,
            "artery": ARTERIAL,
        }
        # Arterial thromboembolism and an access complication print nothing under 3.
        assert bounds(rows["artery"]) == bounds(rows["at a line"]) == (3, 3, 3)
    # 5.0 prints pulmonary embolism in grade 3, and an unknown vein may have sent one; 6.0 asks for the intervention.
    assert [bounds(rows["vein"]) for rows in found] == [(None, 2, 3), (2, 2, 2)]


def test_a_line_that_nobody_recorded_is_no_access_complication() -> None:
    arm = {"arm": ({"kind": "venous", "site": "deep_vein_upper"}, TREATED)}
    for rows, venous in zip(graded(arm, absent=("periods",)), VENOUS, strict=True):
        assert (rows["arm"]["term"], *bounds(rows["arm"])) == (venous, 2, 2, 2)


def test_what_is_no_new_clot_has_no_term() -> None:
    codes = {
        "K76.5": "sinusoidal obstruction, an entity of its own",
        "I82.512": "a chronic thrombosis",
        "Z86.711": "a history of embolism",
        "D68.51": "thrombophilia",
        "I26.03": "an embolism of cement",
        "I69.30": "sequelae of a stroke",
    }
    for rows in graded({code: ({"code": code}, TREATED) for code in codes}):
        assert rows == {}


def test_a_stroke_found_by_chance_is_grade_1_one_that_was_not_is_2() -> None:
    stroke = {"kind": "arterial", "site": "ischaemic_stroke"}
    events = {
        "by chance": (stroke, STROKE | {"incidental": True}),
        "not by chance": (stroke, STROKE | {"incidental": False}),
        "nobody says": (stroke, STROKE),
        "without symptoms": (stroke, STROKE | {"incidental": False, "symptomatic": False}),
    }
    for rows in graded(events):
        assert {name: bounds(row) for name, row in rows.items()} == {
            "by chance": (1, 1, 1),
            "not by chance": (2, 2, 2),
            "nobody says": (None, 1, 2),
            "without symptoms": (1, 1, 1),
        }


def test_only_an_embolism_has_an_index_of_its_severity() -> None:
    events = [
        event("lung", patient_id="a", kind="venous", site="pulmonary_embolism"),
        event("leg", patient_id="b", kind="venous", site="deep_vein_lower_proximal"),
        event("unknown", patient_id="c", kind="venous"),
    ]
    assert set(run(SPESI, events=events)) == {"lung"}


# ---- the class


def test_whether_a_clot_of_unknown_vessel_is_septic_is_open_unless_a_code_names_one_that_is_not() -> None:
    events = [
        event("told", patient_id="a", kind="venous"),
        event("coded", patient_id="b", code="I82.411"),
        event("septic", patient_id="c", code="I26.01"),
        # The code leaves the vein open, and the site of the record decides: what the code is silent of stays open too.
        event("by site", patient_id="d", code="I82.601", site="deep_vein_upper"),
    ]
    found = run(CLASS, events=events)
    expected = {"told": None, "coded": False, "septic": True, "by site": None}
    assert {name: row["septic"] for name, row in found.items()} == expected


def test_a_clot_of_unknown_vessel_says_nothing_of_another_infusion() -> None:
    infusions = [
        {"patient_id": "p", "infusion_number": number, "infusion_date": INFUSION.date(), **at("infusion_time", 0)}
        for number in (1, 2)
    ]
    events = [
        event("unknown", day=10, kind="venous"),
        event("same", day=40, code="I82.411"),
        event("other", day=40, code="I82.411", infusion_number=2),
    ]
    found = run(CLASS, events=events, infusions=infusions)
    assert (found["same"]["recurrent"], found["other"]["recurrent"]) == (None, False)
