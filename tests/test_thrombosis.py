"""Thrombosis: categories and classes of catalogue 8.1, codes and counting rules of 8.2, catheter link of P20."""

from __future__ import annotations

from typing import Any

import pytest

from carac.definitions.thrombosis import categories, classes
from carac.engine.base import compile_sql
from carac.language.definition import Definition
from carac.vocabulary.event_sites import event_sites
from carac.vocabulary.icd10cm import icd10cm
from event_tables import TABLES, Row, at, event, features, period, rows_of, run

CLASS, CATEGORY = classes.DEFINITIONS


def one(parameters: Row | None = None, tables: dict[str, list[Row]] | None = None, **more: Any) -> Row:
    """The class of one event; `told` holds its features."""
    told = more.pop("told", {})
    events = [event("a", **more)]
    return run(CLASS, parameters, events=events, event_features=features("a", told), **(tables or {}))["a"]


def category(told: Row | None = None, **more: Any) -> str | None:
    events = [event("a", **more)]
    return run(CATEGORY, events=events, event_features=features("a", told or {}))["a"]["grade"]


# ---- codes


CODES = {
    # printed under 8.2
    "I26.93": ("venous", "PE_subsegmental_single", "acute_event"),
    "I82.512": ("excluded", "DVT_lower_unspecified", "chronic"),
    "I26.01": ("flagged", "PE_unspecified", "septic"),
    "I63.6": ("venous", "CVST", "acute_event"),
    "H34.8312": ("excluded", "other", "chronic"),
    "I21.A1": ("flagged", "MI_type_2", "type_2_infarction"),
    "Z86.711": ("baseline", "history_of_venous_thrombosis", "history"),
    # from its table
    "I26.92": ("venous", "PE_saddle", "acute_event"),
    "I82.411": ("venous", "DVT_lower_proximal", "acute_event"),
    "I81": ("venous", "splanchnic", "acute_event"),
    "I82.890": ("venous", "other", "acute_event"),
    "I82.601": ("flagged", "unspecified", "needs_text"),
    "I82.611": ("separate", "superficial", "superficial"),
    "K55.011": ("flagged", "visceral_arterial", "needs_text"),
    "I51.3": ("flagged", "intracardiac", "needs_text"),
    "G08": ("flagged", "CVST", "septic"),
    "I76": ("flagged", "other", "septic"),
    "I63.411": ("arterial", "ischaemic_stroke", "acute_event"),
    "I69.30": ("excluded", "sequelae_of_cerebral_infarction", "history"),
    "I65.21": ("flagged", "occlusion_without_infarction", "flagged_code"),
    "G45.4": ("excluded", "transient_global_amnesia", "no_thrombosis"),
    "I26.03": ("excluded", "nonthrombotic_embolism", "no_thrombosis"),
    "K76.5": ("separate", "VOD_SOS", "separate_entity"),
    "D68.51": ("baseline", "thrombophilia", "history"),
    "T82.868A": ("flagged", "DVT_catheter_related", "catheter_code_alone"),
}


def test_codes() -> None:
    events = [event(code, code=code, patient_id=code, kind="other") for code in CODES]
    found, categories = run(CLASS, events=events), run(CATEGORY, events=events)
    assert {c: (found[c]["grade"], categories[c]["grade"], found[c]["why"]) for c in CODES} == CODES
    counted = {code for code in CODES if found[code]["counts"]}
    assert counted == {code for code, (level, _, _) in CODES.items() if level in ("venous", "arterial")}
    assert not any(found[code]["counts"] is None for code in CODES)


def test_every_code_has_a_class_or_no_row() -> None:
    events = [event(code, code=code, patient_id=code) for code in icd10cm()]
    found = run(CLASS, events=events)
    about = {c for c, e in icd10cm().items() if e.domain in categories.DOMAINS or e.role == "separate"}
    about |= {c for c, e in icd10cm().items() if e.category == "thrombophilia"}
    assert set(found) == about
    assert {row["grade"] for row in found.values()} == {
        *("venous", "arterial", "separate", "flagged", "excluded", "baseline")
    }
    incident = ("event", "event_minor", "event_superficial")
    assert all(icd10cm()[code].role in incident for code, row in found.items() if row["counts"])
    assert found["H34.8110"]["reported_apart"] is True


def test_parameters_let_more_count() -> None:
    more = {"superficial_counts": True, "septic_counts": True, "type_2_infarction_counts": True}
    events = [event(code, code=code, patient_id=code) for code in ("I82.611", "I26.01", "I21.A1")]
    found = run(CLASS, more, events=events)
    assert {code: (row["grade"], row["counts"]) for code, row in found.items()} == {
        "I82.611": ("venous", True), "I26.01": ("venous", True), "I21.A1": ("arterial", True),
    }  # fmt: skip


def test_parameters_let_less_count() -> None:
    events = [event(code, code=code, patient_id=code) for code in ("I26.93", "I26.92", "I26.99", "I82.411")]
    found = run(
        CLASS,
        {"subsegmental_counts": False, "incidental_counts": False},
        events=events,
        event_features=[
            *features("I26.93", {"incidental": False}),
            *features("I26.92", {"incidental": False}),
            *features("I26.99", {"incidental": False}),
            *features("I82.411", {"incidental": True}),
        ],
    )
    # whether I26.99 is subsegmental nobody knows
    assert {code: row["counts"] for code, row in found.items()} == {
        "I26.93": False, "I26.92": True, "I26.99": None, "I82.411": False,
    }  # fmt: skip
    assert (found["I26.93"]["why"], found["I82.411"]["why"]) == ("subsegmental_left_out", "incidental_left_out")


# ---- records without code


@pytest.mark.parametrize(
    ("site", "told", "wanted"),
    [
        ("pulmonary_embolism", {"saddle": True, "most_proximal_vessel": "main"}, "PE_saddle"),
        ("pulmonary_embolism", {"most_proximal_vessel": "lobar"}, "PE_central_lobar"),
        ("pulmonary_embolism", {"most_proximal_vessel": "segmental", "subsegmental": "single"}, "PE_segmental"),
        ("pulmonary_embolism", {"subsegmental": "single"}, "PE_subsegmental_single"),
        (
            "pulmonary_embolism",
            {"most_proximal_vessel": "subsegmental", "subsegmental": "multiple"},
            "PE_subsegmental_multiple",
        ),
        ("pulmonary_embolism", {}, "PE_unspecified"),
        ("deep_vein_upper", {}, "DVT_upper"),
        ("myocardial_infarction", {"type_2_infarction": True}, "MI_type_2"),
        ("intracardiac_left", {}, "intracardiac_left"),
        (None, {}, None),
    ],
)
def test_categories_of_records(site: str | None, told: Row, wanted: str | None) -> None:
    assert category(told, kind="venous", site=site) == wanted


def test_every_site_has_a_category() -> None:
    sites = {name: site for name, site in event_sites().items() if site.kind != "bleeding"}
    events = [event(name, kind=site.kind, site=name, patient_id=name) for name, site in sites.items()]
    found, categories = run(CLASS, events=events), run(CATEGORY, events=events)
    assert {name: categories[name]["grade"] for name in sites} == {name: site.level_2 for name, site in sites.items()}
    assert {name: found[name]["bed"] for name in sites} == {name: site.kind for name, site in sites.items()}


def test_features_of_records() -> None:
    known = {"kind": "venous", "site": "deep_vein_upper"}
    assert one(**known, told={"fibrin_sheath": True})["why"] == "fibrin_sheath"
    assert one(**known, told={"septic": True})["grade"] == "flagged"
    assert one(**known)["septic"] is None
    assert one(**known)["counts"] is True
    assert one(kind="venous", site="superficial_vein")["why"] == "superficial"
    assert one(kind="arterial", site="myocardial_infarction", told={"type_2_infarction": True})["grade"] == "flagged"


def test_site_of_the_record_settles_an_open_code() -> None:
    assert one(code="K55.011", site="mesenteric_venous")["grade"] == "venous"
    assert category(code="K55.011", site="mesenteric_venous") == "splanchnic"
    assert category(code="I82.890", site="splenic") == "splanchnic"
    assert one(code="I51.3", site="right_atrial")["grade"] == "venous"
    assert category(code="I82.411", site="splenic") == "DVT_lower_proximal"
    assert one(code="K76.5", kind="venous", site="hepatic_vein")["grade"] == "separate"


def test_other_events_have_no_row() -> None:
    events = [event("b", kind="bleeding", site="skin"), event("i", kind="infection"), event("d", code="D65")]
    assert run(CLASS, events=events) == {}


# ---- catheter


ARM = {"kind": "venous", "site": "deep_vein_upper", "side": "right"}
LINE = "PICC, brachial vein, right"


@pytest.mark.parametrize(
    ("told", "lines", "more", "wanted"),
    [
        ({"catheter_related": False}, [period("central_line", 1, 30, LINE)], {}, False),
        ({}, [period("central_line", 1, 30, LINE)], {}, True),
        ({}, [period("central_line", 1, None, LINE)], {}, True),
        ({}, [period("central_line", 1, 5, LINE)], {}, True),
        ({}, [period("central_line", 1, 4, LINE)], {}, False),
        ({}, [period("central_line", 13, 20, LINE)], {}, False),
        ({}, [period("central_line", 1, 30, LINE)], {"side": "left"}, False),
        ({}, [period("central_line", 1, 30, LINE)], {"side": None}, None),
        ({}, [period("central_line", 1, 30, LINE)], {"side": None, "site": "superior_vena_cava"}, True),
        ({}, [period("central_line", 1, 30, None)], {}, None),
        ({}, [period("central_line", 1, 30, "femoral vein, right")], {}, False),
        ({}, [period("central_line", 1, 30, "femoral vein, right")], {"site": "deep_vein_lower_proximal"}, True),
        ({}, [period("central_line", 1, 30, LINE)], {"site": "pulmonary_embolism"}, False),
        ({"catheter_in_vein": False}, [period("central_line", 1, 30, LINE)], {}, False),
        ({"catheter_in_vein": True}, [], {}, True),
        ({}, [], {}, False),
    ],
)
def test_line_in_the_vein(told: Row, lines: list[Row], more: Row, wanted: bool | None) -> None:
    assert one(tables={"periods": lines}, told=told, **(ARM | more))["catheter_related"] is wanted


def test_without_periods_a_line_is_unknown() -> None:
    for lacking in ("periods", "central_lines"):
        assert run(CLASS, absent=[lacking], events=[event("a", **ARM)])["a"]["catheter_related"] is None
    found = run(CLASS, {"catheter_counts": False}, absent=["periods"], events=[event("a", **ARM)])["a"]
    assert found["counts"] is None


@pytest.mark.parametrize(
    ("day", "encounter", "wanted"), [(10, "x", True), (17, "x", True), (18, "x", False), (40, "stay", True)]
)
def test_catheter_code_beside_a_venous_code(day: int, encounter: str, wanted: bool) -> None:
    events = [
        event("a", 10, "I82.622", encounter="stay"),
        event("m", day, "T82.868A", encounter=encounter),
    ]
    found = run(CLASS, events=events)
    assert (found["a"]["catheter_related"], found["a"]["counts"]) == (wanted, True)
    assert run(CATEGORY, events=events)["a"]["grade"] == "DVT_upper"
    assert found["m"]["counts"] is False
    left_out = run(CLASS, {"catheter_counts": False}, events=events)["a"]
    assert (left_out["counts"], left_out["why"]) == ((False, "catheter_left_out") if wanted else (True, "acute_event"))


# ---- counting


INDEX_STAY = [period("ward", -5, 11), period("intensive_care", 12, 20)]
LATER_STAY = [period("ward", -5, 20), period("outpatient", 22, 37), period("ward", 38, 50)]


@pytest.mark.parametrize(
    ("day", "periods", "present", "wanted"),
    [
        (12, INDEX_STAY, False, (True, "acute_event", 12)),
        (12, INDEX_STAY, True, (False, "present_before_infusion", -5)),
        (12, INDEX_STAY, None, (None, "present_on_admission_unknown", 12)),
        (40, LATER_STAY, True, (True, "acute_event", 38)),
        (40, LATER_STAY, False, (True, "acute_event", 40)),
        (40, LATER_STAY, None, (True, "acute_event", 40)),
        (-3, [], False, (False, "present_before_infusion", -3)),
        (12, [], False, (True, "acute_event", 12)),
        (12, [], None, (True, "acute_event", 12)),
        (12, [period("ward", -5)], True, (False, "present_before_infusion", -5)),
    ],
)
def test_present_on_admission(day: int, periods: list[Row], present: bool | None, wanted: tuple[Any, ...]) -> None:
    found = one(tables={"periods": periods}, day=day, code="I26.99", present_on_admission=present)
    assert (found["counts"], found["why"], found["onset_day"]) == wanted


def test_start_of_the_stay_from_its_encounter() -> None:
    events = [event("d", -2, "D65", encounter="e"), event("a", 12, "I26.99", encounter="e", present_on_admission=True)]
    assert run(CLASS, events=events)["a"]["grade"] == "baseline"


def test_hour_of_infusion() -> None:
    infusions = [
        {"patient_id": "p", "infusion_number": 1}
        | {"infusion_time": _at(0.5), "infusion_time_precision": "minute", "infusion_date": _at(0.0).date()}
    ]
    for day, counts in ((0.4, False), (0.6, True)):
        found = one(tables={"infusions": infusions}, day=day, kind="venous", site="portal")
        assert found["counts"] is counts


def _at(day: float) -> Any:
    return at("time", day)["time"]


def treatment(day: int, agent_class: str) -> Row:
    return {"patient_id": "p", "infusion_number": 1, "start_day": day, "agent": "x", "agent_class": agent_class}


@pytest.mark.parametrize(
    ("treatments", "told", "counts"),
    [
        ([treatment(30, "low_molecular_weight_heparin")], {}, True),
        ([treatment(60, "direct_oral_anticoagulant")], {}, True),
        ([treatment(61, "direct_oral_anticoagulant")], {}, False),
        ([treatment(30, "steroid")], {}, False),
        ([], {"anticoagulant_started": True}, True),
    ],
)
def test_outpatient_code_wants_an_anticoagulant(treatments: list[Row], told: Row, counts: bool) -> None:
    tables = {"periods": [period("ward", -5, 20), period("outpatient", 21, 90)], "treatments": treatments}
    assert one(tables=tables, day=30, code="I82.412", told=told)["counts"] is counts
    assert one({"outpatient_requires_treatment": False}, tables, day=30, code="I82.412")["counts"] is True
    # a stroke is treated in another way
    assert one(tables=tables, day=30, code="I63.411")["counts"] is True


def test_outpatient_code_without_treatments_is_unknown() -> None:
    tables = {"periods": [period("outpatient", 21, 90)]}
    found = run(CLASS, absent=["treatments"], events=[event("a", 30, "I82.412")], **tables)["a"]
    assert (found["counts"], found["why"]) == (None, "no_anticoagulant_recorded")


@pytest.mark.parametrize(
    ("told", "encounter", "counts", "recurrent"),
    [
        ({}, "two", False, None),
        ({"new_site": False, "treatment_escalated": False, "imaging_confirmed": False}, "two", False, False),
        ({"new_site": True}, "one", True, True),
        ({"treatment_escalated": True}, "one", True, True),
        ({"imaging_confirmed": True}, "two", True, True),
        ({"imaging_confirmed": True}, "one", False, None),
        ({"imaging_confirmed": True, "new_site": False, "treatment_escalated": False}, "one", False, False),
    ],
)
def test_second_code_of_a_category(told: Row, encounter: str, counts: bool, recurrent: bool | None) -> None:
    events = [event("first", 10, "I82.411", encounter="one"), event("a", 40, "I82.442", encounter=encounter)]
    found = run(CLASS, events=events, event_features=features("a", told))
    assert (found["first"]["counts"], found["first"]["recurrent"]) == (True, False)
    assert (found["a"]["counts"], found["a"]["recurrent"]) == (counts, recurrent)
    assert found["a"]["why"] == ("recurrent" if counts else "repeated_mention")


def test_earlier_event_before_the_infusion() -> None:
    events = [event("old", -100, "I26.99", encounter="one"), event("a", 20, "I26.92", encounter="two")]
    found = run(CLASS, events=events)
    assert (found["old"]["grade"], found["a"]["counts"], found["a"]["recurrent"]) == ("baseline", True, None)
    washed = run(CLASS, {"earlier_code": "washout"}, events=events)["a"]
    assert (washed["counts"], washed["why"]) == (False, "washout")
    assert run(CLASS, {"earlier_code": "washout", "washout_days": 119}, events=events)["a"]["counts"] is True
    assert run(CLASS, {"earlier_code": "washout", "washout_days": 120}, events=events)["a"]["counts"] is False


def test_other_categories_chronic_codes_and_records_are_no_mention() -> None:
    events = [
        event("chronic", 5, "I82.512"),
        event("leg", 10, "I82.411"),
        event("lung", 10, "I26.99"),
        event("record", 20, kind="venous", site="pulmonary_embolism"),
    ]
    found = run(CLASS, events=events)
    assert {name: row["counts"] for name, row in found.items()} == {
        "chronic": False, "leg": True, "lung": True, "record": True,
    }  # fmt: skip


def test_two_infusions_are_kept_apart() -> None:
    events = [event("a", 10, "I26.99"), event("a", -80, "I26.99") | {"infusion_number": 2}]
    days = {1: 0.0, 2: 90.0}
    infusions = [{"patient_id": "p", "infusion_number": n, "infusion_date": _at(day).date()} for n, day in days.items()]
    assert rows_of(CLASS, events=events, infusions=infusions) == {(1, "a"): "venous", (2, "a"): "baseline"}


# ---- the contract


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "databricks"])
@pytest.mark.parametrize("definition", [CATEGORY, CLASS], ids=lambda each: each.name)
def test_compiles(definition: Definition, dialect: str) -> None:
    assert definition.rows is not None
    for earlier in ("recurrent", "washout"):
        values = {parameter.name: parameter.default for parameter in definition.parameters} | {"earlier_code": earlier}
        assert compile_sql(definition.rows(TABLES, values), dialect)
    assert all(len(column) <= 60 for column in definition.columns)
