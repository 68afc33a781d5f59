"""One case by hand: what is typed, what comes out, what is refused, and how long it takes as a process."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import carac
from carac.findings import CaracError
from carac.grading.by_hand.calculation import calculate, calculate_all
from carac.grading.by_hand.kept import sheet
from carac.grading.by_hand.text import example, example_items, help_text

#: Typed from the catalogue's worked examples: definition, items, result or lowest and highest.
WORKED = [
    # 4.2: platelets 45 (2), fibrinogen 0.95 (1), D-dimer 8 x ULN (3): 6, and prothrombin time unknown (0 to 2).
    ("isth_overt_dic_2025", {"platelets": "45", "fibrinogen": "95mg/dL", "d_dimer": "8xULN"}, (6, 8)),
    ("isth_overt_dic_2025", {"platelets": 45, "fibrinogen": 0.95, "d_dimer": "4ug/mL", "d_dimer_limit": 0.5}, (6, 8)),
    (
        "isth_overt_dic_2025",
        {"platelets": 45, "fibrinogen": 0.95, "d_dimer": "8xULN", "prothrombin_time": "ULN+4"},
        (7, 7),
    ),
    (
        "isth_overt_dic_2025",
        {"platelets": 45, "fibrinogen": 0.95, "d_dimer": "8xULN", "prothrombin_time": 18, "prothrombin_time_limit": 14},
        (7, 7),
    ),
    # 3.1: platelets below 25 are grade 4 whatever the limit; 25 to 50 grade 3.
    ("ctcae_v5_platelets", {"platelets": 24}, (4, 4)),
    ("ctcae_v5_platelets", {"platelets": "<10"}, (4, 4)),
    ("ctcae_v5_platelets", {"platelets": "24-30"}, (3, 4)),
    # 3.1, v5: fibrinogen 1.2 g/L of a baseline of 2.0 g/L, lower limit 2.0 g/L.
    ("ctcae_v5_inr", {"inr": "1.6"}, (2, 2)),
    # 9.2: PLT 175, ANC 1200, Hb 9.0, CRP 2.9 mg/dL, ferritin 649 give 1.
    (
        "car_hematotox",
        {
            "platelets": 175,
            "neutrophils": "1200/uL",
            "haemoglobin": 9,
            "c_reactive_protein": "2.9mg/dL",
            "ferritin": 649,
        },
        (1, 1),
    ),
    # 9.1: EASIX = LDH x creatinine / platelets.
    ("easix", {"lactate_dehydrogenase": 300, "creatinine": 1, "platelets": 100}, (3, 3)),
    # 2.1: six days at 400, otherwise 3000: grade 1; seven days at 500: grade 2.
    ("icaht_early_as_printed", {"neutrophils": "0..4:3000,5..10:400,11..30:3000"}, (1, 1)),
    ("icaht_early_as_printed", {"neutrophils": "0..4:3x10^9/L,5..11:0.5x10^9/L,12..30:3x10^9/L"}, (2, 2)),
    # 1.1: fever alone 1; with six litres by nasal cannula 2, with seven 3.
    (
        "astct_crs",
        {
            "temperature": 38.5,
            "fever_due_to_other_cause": "no",
            "oxygen_device": "nasal cannula",
            "oxygen_flow": 7,
            "hypoxia_due_to_crs": True,
            "hypotension": "no",
        },
        (3, 3),
    ),
    # 7.1: a fall of 2.0 g/dL of an overt bleed is major.
    ("isth_bleeding", {"site": "gastrointestinal_unspecified", "haemoglobin_fall": 2.0, "overt": "yes"}, (3, 3)),
    # 9.4: Cockcroft-Gault, woman of 60 with 72 kg and creatinine 1 mg/dL: (140 - 60) x 72 / 72 x 0.85.
    ("creatinine_clearance", {"creatinine": 1, "age": 60, "sex": "female", "weight": 72}, (68, 68)),
]


@pytest.mark.parametrize(("name", "items", "ends"), WORKED, ids=lambda value: value if isinstance(value, str) else "")
def test_worked_examples(name: str, items: dict[str, object], ends: tuple[float, float]) -> None:
    """The catalogue's examples, typed as a user types them."""
    made = calculate(name, items)
    assert (made.lowest, made.highest) == pytest.approx(ends, rel=1e-9)
    assert made.value == (pytest.approx(ends[0], rel=1e-9) if ends[0] == ends[1] else None)


def test_what_is_missing_tells_what_it_could_change() -> None:
    """Platelets and D-dimer typed: each of the others, and the two stand-ins, by the range that is left with it."""
    made = calculate("isth_overt_dic_2025", {"platelets": 45, "d_dimer": "8xULN"})
    found = {one.item.name: (one.lowest, one.highest) for one in made.missing}
    assert (made.value, made.lowest, made.highest) == (None, 5, 8)
    assert found["fibrinogen"] == (5, 8)
    assert found["prothrombin_time"] == (5, 8)
    assert "d_dimer_limit" not in found
    assert made.columns["isth_overt_dic_2025__overt"] is True


def test_nothing_is_missing_where_nothing_can_change() -> None:
    """A count below 25 is grade 4 with any limit of normal."""
    assert calculate("ctcae_v5_platelets", {"platelets": 24}).missing == ()
    above = calculate("ctcae_v5_platelets", {"platelets": 100})
    assert [one.item.name for one in above.missing] == ["platelets_limit"]
    assert (above.lowest, above.highest) == (0, 1)


def test_a_criterion_on_what_the_definition_works_out_says_the_value_it_met() -> None:
    bleed = calculate("isth_bleeding", {"site": "gastrointestinal_upper", "haemoglobin_fall": 2.5, "overt": "yes"})
    assert [(c.value, c.unit, c.band) for c in bleed.criteria] == [("2.5", "g/dL", "at least 2")]
    counts = {"neutrophils": "0..4:3000,5..10:400,11..30:3000"}
    course = calculate("icaht_early_as_printed", counts)
    assert [(c.value, c.band) for c in course.criteria] == [
        ("6", "at least 1"),
        ("0", "not at least 7"),
        ("not met", ""),
    ]


def test_days_with_the_same_value_stand_in_one_line() -> None:
    text = calculate("icaht_early_as_printed", {"neutrophils": "0..4:3000,5..10:400,11:3000"}).as_text()
    assert "neutrophils: 3000 /uL (no unit typed), day 0 to 4\n" in text
    assert "neutrophils: 400 /uL (no unit typed), day 5 to 10\n" in text
    assert "neutrophils: 3000 /uL (no unit typed), day 11\n" in text


@pytest.mark.parametrize(("typed", "doubted"), [("45/uL", True), ("999/uL", True), ("1000/uL", False), ("45", False)])
def test_platelets_below_one_are_doubted(typed: str, doubted: bool) -> None:
    notes = calculate("ctcae_v5_platelets", {"platelets": typed}).case.notes
    assert any("Platelets are below 1" in note for note in notes) is doubted


def test_a_dose_of_tocilizumab_is_an_exposure() -> None:
    """INR 2 on an anticoagulant is graded against the baseline, and not without one."""
    base = {"inr": 2.0, "inr_baseline": 1.0}
    on = calculate("ctcae_v5_inr_with_baseline", base | {"apixaban": "0"})
    named = calculate("ctcae_v5_inr_with_baseline", base | {"anticoagulant": "yes"})
    off = calculate("ctcae_v5_inr_with_baseline", base | {"anticoagulant": "no"})
    unknown = calculate("ctcae_v5_inr_with_baseline", base)
    assert on.row["anticoagulant"] is True
    assert named.row["anticoagulant"] is True
    assert off.row["anticoagulant"] is False
    assert unknown.row["anticoagulant"] is None


REFUSED = [
    ("isth_overt_dic", {"platelets": 45}, "There is no definition 'isth_overt_dic'. Did you mean isth_overt_dic_2025?"),
    ("isth_overt_dic_2025", {"platlets": 45}, "Did you mean platelets?"),
    (
        "who_bleeding",
        {"site": "skin", "haemoglobin_fall": 2},
        "'haemoglobin_fall'. It is not used there. It reads: event_day,",
    ),
    ("who_bleeding", {"site": "skin", "side": "left"}, "takes no item 'side'. It is not used there."),
    ("isth_overt_dic_2025", {"quick": 45}, "takes no item 'quick'. It is the prothrombin activity in %"),
    ("isth_overt_dic_2025", {"haemoglobin": 8}, "takes no item 'haemoglobin'"),
    ("isth_overt_dic_2025", {"platelets": "45 mg/dL"}, "the unit 'mg/dL' is not known for platelets"),
    ("isth_overt_dic_2025", {"platelets": "45000"}, "outside 0 to 5,000 10^9/L"),
    ("isth_overt_dic_2025", {"fibrinogen": "1,5"}, "write a point for decimals: fibrinogen=1.5."),
    ("isth_overt_dic_2025", {"fibrinogen": "1,5g/L"}, "write a point for decimals: fibrinogen=1.5g/L."),
    ("isth_overt_dic_2025", {"platelets": "low"}, "is no value"),
    ("isth_overt_dic_2025", {"platelets": "0.3xLLN"}, "is compared as a value"),
    ("isth_overt_dic_2025", {"d_dimer_limit": 0.5}, "is a limit of normal without a value"),
    (
        "ctcae_v6_creatinine",
        {"creatinine": 2, "creatinine_lower_limit": 1.2, "creatinine_upper_limit": 0.6},
        "lies above its upper limit",
    ),
    ("isth_overt_dic_2025", {"platelets": "400:45"}, "Day 400 is not read"),
    ("isth_overt_dic_2025", {"platelets": 45, "day": "x"}, "is no whole number"),
    ("isth_overt_dic_2025", {}, "Nothing was typed"),
    ("isth_overt_dic_2001_absolute", {"d_dimer": "4mg/L"}, "neither FEU nor DDU"),
    ("icaht_early_as_printed", {"neutrophils": 400}, "DAY:VALUE"),
    ("icaht_early_as_printed", {"neutrophils": "5..1:400"}, "run backwards"),
    ("astct_crs", {"oxygen_device": "nasal canula"}, "Did you mean nasal_cannula?"),
    ("astct_crs", {"temperature": "385"}, "must lie between 25 and 45"),
    ("isth_bleeding", {"site": "stomach"}, "is not known"),
    ("thrombosis_class", {"incidental": "yes"}, "An event needs its kind"),
    ("thrombosis_class", {"code": "X99"}, "names no event"),
    ("astct_icans", {"site": "intracranal"}, "Did you mean intracranial?"),
    ("creatinine_clearance", {"creatinine": 1, "age": 200}, "from 0 to 120"),
    ("car_hematotox", {"platelets": 175, "platelets_baseline": 175}, "are the same item"),
]


@pytest.mark.parametrize(("name", "items", "says"), REFUSED, ids=[r[2][:30] for r in REFUSED])
def test_what_cannot_be_is_refused_in_one_sentence(name: str, items: dict[str, object], says: str) -> None:
    """A wrong item, word, unit or day is told, never dropped."""
    with pytest.raises(CaracError) as refused:
        calculate(name, items)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


#: One of each shape.
SHAPES = [
    "astct_crs", "ctcae_v5_fibrinogen_with_baseline", "isth_overt_dic_2025", "car_hematotox", "icaht_late_as_printed",
    "who_bleeding", "thrombosis_class", "hscore", "has_bled", "platelet_independence_proposal",
]  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_the_example_of_the_help_works(name: str) -> None:
    """Help is made from the definition; its example can be typed as it stands."""
    known = sheet(name, {})
    assert example(known) in help_text(known)
    made = calculate(name, example_items(known))
    assert made.row
    assert known.data["citation"] in made.as_text()


DIC_ON_DAY_1 = {
    "platelets": "0:120,1:40,2:30,3:60",
    "fibrinogen": "0:3,1:0.8,2:0.7,3:1.5",
    "d_dimer": "0:1,1:12,2:20,3:5",
    "inr": "0:1.1,1:1.8,2:2.0,3:1.2",
}


def test_a_definition_over_graded_days_is_worked_out_by_hand() -> None:
    """Laboratory DIC on days 1 and 2 (platelets 2, D-dimer 3, INR 1, fibrinogen 1): with an event it would be overt."""
    taken = example_items(sheet("sorting_patient_proposal", {}))
    assert taken["prothrombin_time"] == "0..45:1.5xULN", "a course can be typed in multiples of the limit"
    made = calculate("sorting_patient_proposal", DIC_ON_DAY_1)
    assert (made.lowest, made.highest) == (4, 5)
    assert (
        made.columns["sorting_patient_proposal__onset_day"] == made.columns["sorting_patient_proposal__peak_day"] == 1
    )


def test_parameters_count() -> None:
    """Ties of early ICAHT: a count of 500 is low by default, not with the comparator <."""
    typed = {"neutrophils": "0..4:3000,5..11:500,12..30:3000"}
    assert calculate("icaht_early_as_printed", typed).value == 2
    strict = {"icaht_early_as_printed": {"comparator": "<"}}
    assert calculate("icaht_early_as_printed", typed, strict).value == 0
    with pytest.raises(CaracError, match="Did you mean"):
        calculate("icaht_early_as_printed", typed, {"icaht_early_as_printed": {"comparater": "<"}})


def test_several_cases_are_what_each_is_alone() -> None:
    """Rows of a table do not see each other, also where only some name treatments."""
    cases: list[dict[str, object]] = [
        {"inr": 2.0, "inr_baseline": 1.0},
        {"inr": 2.0, "inr_baseline": 1.0, "apixaban": "0"},
        {"inr": 1.0},
    ]
    together = calculate_all("ctcae_v5_inr_with_baseline", cases)
    assert [one.columns for one in together] == [calculate("ctcae_v5_inr_with_baseline", c).columns for c in cases]
    with pytest.raises(CaracError, match="Row 2"):
        calculate_all("ctcae_v5_inr", [{"inr": 1.0}, {"inr": "high"}])


def test_python_offers_it() -> None:
    """`carac.calculate` is the same."""
    assert carac.calculate("ctcae_v5_inr", {"inr": 1.6}).value == 2


# ---- as a process


def _run(*arguments: str, status: int = 0) -> str:
    made = subprocess.run(
        [sys.executable, "-m", "carac", *arguments], capture_output=True, text=True, check=False, timeout=120
    )
    assert made.returncode == status, made.stderr
    return made.stdout if status == 0 else made.stderr


def test_the_command(tmp_path: Path) -> None:
    """Text, JSON, a table in and out, and a refusal."""
    text = _run("calc", "ctcae_v5_inr", "inr=1.6")
    assert text.splitlines()[1].strip() == "2"
    data = json.loads(_run("calc", "ctcae_v5_inr", "inr=1.6", "--json"))
    assert (data["value"], data["columns"]["ctcae_v5_inr"]) == (2, 2)
    table = tmp_path / "cases.csv"
    table.write_text("case,inr\na,1.0\nb,2.6\nc,\n".replace("c,\n", ""), encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(_run("calc", "ctcae_v5_inr", "--from", str(table)))))
    assert [(row["case"], row["ctcae_v5_inr"]) for row in rows] == [("a", "0"), ("b", "3")]
    both = json.loads(_run("calc", "ctcae_v5_inr", "--from", str(table), "--json"))
    assert [one["value"] for one in both] == [0, 3]
    assert "Example" in _run("calc", "ctcae_v5_inr", "--help") == _run("calc", "ctcae_v5_inr")
    assert "Did you mean inr?" in _run("calc", "ctcae_v5_inr", "inrr=2", status=2)


def test_the_second_call_is_quick_and_loads_nothing_heavy() -> None:
    """From the second call on no Ibis, no Arrow, and little processor time beside that of Python and DuckDB."""
    code = (
        "import sys; from carac.grading.by_hand.calculation import calculate;"
        "calculate('isth_overt_dic_2025', {'platelets': 45});"
        "print([m for m in ('ibis', 'pyarrow', 'pandas', 'carac.definitions') if m in sys.modules])"
    )
    for _ in range(2):
        made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert made.stdout.strip() == "[]"
    # Against a process that imports DuckDB and Typer and does nothing: others may use the cores while this runs. On an
    # idle machine that takes 0.15 s; 0.5 s is the aim, and the first call, which compiles, takes ten times as long.
    least = min(_spent("-c", "import duckdb, typer") for _ in range(3))
    spent = min(_spent("-m", "carac", "calc", "isth_overt_dic_2025", "platelets=45") for _ in range(3))
    assert spent < 5 * least


def _spent(*arguments: str) -> float:
    """Processor time of a process, in seconds."""
    before = os.times()
    subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
    after = os.times()
    return (after.children_user + after.children_system) - (before.children_user + before.children_system)
