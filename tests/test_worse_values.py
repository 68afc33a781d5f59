"""A worse value never lowers the result: scores of the infusion, grades of a run of counts, and grades of an event.

Those of the patient-day are in test_properties. Every other definition stands in not_monotone.toml with its reason.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from carac.definitions import brought_definitions
from carac.definitions.bleeding import isth_bleeding, isth_surgical_bleeding, who_bleeding
from carac.definitions.ctcae import vascular_access
from carac.definitions.thrombosis import on_imaging, spesi
from carac.language.definition import Definition
from carac.vocabulary.types import Grain
from event_tables import KEYS, Row, event, features, run
from test_bounds import Bounded, Group, of_rows
from test_haematotoxicity import DEFINITIONS as RUNS
from test_haematotoxicity import Patient, grade_all

REASONS: dict[str, str] = tomllib.loads(Path(__file__).with_name("not_monotone.toml").read_text(encoding="utf-8"))
BLEEDS = (*isth_bleeding.DEFINITIONS, *isth_surgical_bleeding.DEFINITIONS, *who_bleeding.DEFINITIONS)
(EXTENDED,) = (definition for definition in on_imaging.DEFINITIONS if definition.monotone)
#: What is recorded of a complication of a line and of an older thrombosis on imaging, from the best to the worst.
OF_A_LINE: dict[str, tuple[Any, ...]] = {
    "device_complication": ("lysis", "blockage"),
    "haemodynamic_instability": ("none", "moderate", "severe"),
    "life_threatening": (False, True),
    "fatal": (False, True),
}
ON_IMAGING: dict[str, tuple[Any, ...]] = {
    "new_noncompressible_segment": (False, True),
    "defect_extension": (0.0, 4.9, 5.0, 8.0),
    "new_filling_defect": (False, True),
}
SMALL = [(definition, "other", OF_A_LINE) for definition in vascular_access.DEFINITIONS]
SMALL += [(EXTENDED, "venous", ON_IMAGING)]
#: Classes by words: no value is worse than another.
CLASSES = {"thrombosis_class", "thrombosis_category"}
# Each example is a whole cohort; a failure names its case, so that nothing has to be made smaller.
FEW = settings(max_examples=1, phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck))


def test_every_definition_that_is_not_monotone_has_a_reason() -> None:
    assert set(REASONS) == {name for name, d in brought_definitions().items() if not d.monotone}
    assert all(len(reason) > 10 for reason in REASONS.values())


def test_every_monotone_definition_of_infusions_and_events_is_asked() -> None:
    others = {n for n, d in brought_definitions().items() if d.monotone and d.grain is not Grain.DAY}
    of_events = {definition.name for definition in (*BLEEDS, *(each[0] for each in SMALL), *spesi.DEFINITIONS)}
    assert others == {*SCORES, *RUNS} | of_events | CLASSES


# ---- scores of the infusion ----

SCORES = [n for n, d in brought_definitions().items() if d.grain is Grain.INFUSION and d.monotone and of_rows(d)]
#: Formulas, whose inputs have no cut-points: the direction of each.
FORMULAS = {"lactate_dehydrogenase": 1, "creatinine": 1, "c_reactive_protein": 1, "platelets": -1}
ROWS = 12


def direction(bounded: Bounded, group: Group) -> int:
    """1 where a higher value is worse, -1 where a lower one is, 0 where one input has signs both ways."""
    columns = {getattr(wanted, "column", "") for wanted in group.inputs}
    signs = {
        sign
        for definition in bounded.chain
        for rule in definition.rules
        if rule.column in columns
        for sign, _, points in rule.cuts
        if points > 0
    }
    if not signs:
        return FORMULAS.get(getattr(group.inputs[0], "analyte", ""), 0)
    # A judged item that is there ("= 1") is worse than one that is not.
    if signs <= {">", "≥", "="}:
        return 1
    return -1 if signs <= {"<", "≤"} else 0


def known_row(bounded: Bounded, draw: random.Random) -> Row:
    """A row of which everything is known."""
    row: Row = {}
    for group in bounded.groups:
        row |= _columns(group, draw.choice(values_of(group)), draw.choice(group.scaled))
    return row


def values_of(group: Group) -> tuple[float, ...]:
    """Values around its cut-points; of a formula, which has none, some that differ."""
    return group.usual if len(group.usual) > 1 else (0.5, 1.0, 2.0, 8.0)


def _columns(group: Group, value: float, ratio: float) -> Row:
    return group.columns(value, value, (ratio, ratio))


@pytest.mark.parametrize("name", SCORES)
def test_a_worse_value_before_infusion_never_lowers_the_score(name: str) -> None:
    bounded, draw = Bounded(name), random.Random(name)
    pairs: list[tuple[Row, Row]] = []
    for group in bounded.groups:
        sign = direction(bounded, group)
        for _ in range(ROWS if sign else 0):
            row = known_row(bounded, draw)
            values = sorted(draw.sample(values_of(group), 2))[::sign]
            ratios = sorted(draw.sample(group.scaled, 2) if len(group.scaled) > 1 else group.scaled * 2)[::sign]
            better, worse = (row | _columns(group, v, r) for v, r in zip(values, ratios, strict=True))
            pairs.append((better, worse))
    assert pairs, f"{name}: no input has a direction"
    found = bounded.graded([row for pair in pairs for row in pair])
    changed = 0
    for (better, worse), was, now in zip(pairs, found[::2], found[1::2], strict=True):
        for column in (name, f"{name}__lowest", f"{name}__highest"):
            if column in was and was[column] is not None and now[column] is not None:
                assert now[column] >= was[column], f"{column} fell from {was} to {now}: {better} then {worse}"
                changed += now[column] > was[column]
    assert changed, f"{name}: nothing ever changed, so that this test shows nothing"


# ---- runs of counts ----


@st.composite
def series(draw: st.DrawFn) -> tuple[dict[int, float], dict[int, float]]:
    """Counts of some days, and the same with one of them lower."""
    days = draw(st.lists(st.integers(0, 60), min_size=4, max_size=40, unique=True))
    places = (50.0, 99.0, 100.0, 400.0, 500.0, 501.0, 1500.0, 3000.0)
    counts = {day: draw(st.sampled_from(places)) for day in days}
    day = draw(st.sampled_from(days))
    return counts, counts | {day: counts[day] * draw(st.sampled_from((0.1, 0.5, 0.99)))}


@pytest.mark.parametrize("name", sorted(RUNS))
@FEW
@given(cohort=st.lists(series(), min_size=60, max_size=60))
def test_a_lower_count_never_lowers_the_grade_of_a_run(
    name: str, cohort: Sequence[tuple[dict[int, float], dict[int, float]]]
) -> None:
    factor = 1.0 if name.startswith("icaht") else 0.1
    patients = [Patient({d: c * factor for d, c in counts.items()}) for pair in cohort for counts in pair]
    found = grade_all(name, patients)
    for pair, was, now in zip(cohort, found[::2], found[1::2], strict=True):
        for column in ("grade", "lowest", "highest"):
            if was[column] is not None and now[column] is not None:
                assert now[column] >= was[column], f"{name}: {column} fell: {pair}"


# ---- bleeds ----

#: What makes a bleed worse, from the best to the worst that can be recorded.
WORSE: dict[str, tuple[Any, ...]] = {
    "fatal": (False, True),
    "symptomatic": (False, True),
    "compartment_syndrome": (False, True),
    "haemoglobin_fall": (0.0, 1.9, 2.0, 5.0),
    "red_cell_units": (0.0, 1.0, 2.0, 4.0),
    "units_beyond_routine": (0.0, 1.0, 2.0, 4.0),
    "medical_intervention": (False, True),
    "invasive_intervention": (False, True),
    "haemodynamic_instability": ("none", "moderate", "severe"),
    "hospitalised_because": (False, True),
    "level_of_care_raised": (False, True),
    "evaluated_face_to_face": (False, True),
    "organ_dysfunction": (False, True),
    "second_intervention": (False, True),
    "mobilisation_delayed": (False, True),
}
SITES = (
    "intra_articular",
    "skin",
    "epistaxis",
    "gastrointestinal_upper",
    "intracranial",
    "intramuscular",
    "haematuria",
    "respiratory",
)


@st.composite
def bleeds(draw: st.DrawFn) -> tuple[str, Row, Row]:
    """A site, what was recorded, and the same with one thing worse."""
    recorded = {name: draw(st.sampled_from(places)) for name, places in WORSE.items()}
    name = draw(st.sampled_from([n for n, places in WORSE.items() if recorded[n] != places[-1]] or ["fatal"]))
    later = WORSE[name][WORSE[name].index(recorded[name]) + 1 :] or (recorded[name],)
    # Where a bleed is against the wound is no better or worse.
    common = {"overt": True, "visible": True, "postoperative": True, "surgical_site": draw(st.booleans())}
    return draw(st.sampled_from(SITES)), recorded | common, recorded | common | {name: later[0]}


@pytest.mark.parametrize("definition", BLEEDS, ids=lambda definition: definition.name)
@FEW
@given(cohort=st.lists(bleeds(), min_size=80, max_size=80))
def test_a_worse_feature_never_lowers_the_grade_of_a_bleed(
    definition: Definition, cohort: Sequence[tuple[str, Row, Row]]
) -> None:
    named = {f"{n}{side}": (c[0], c[1 + side]) for n, c in enumerate(cohort) for side in (0, 1)}
    found = run(
        definition,
        events=[event(name, kind="bleeding", site=site) for name, (site, _) in named.items()],
        event_features=[row for name, (_, recorded) in named.items() for row in features(name, recorded)],
    )
    for number, case in enumerate(cohort):
        was, now = found[f"{number}0"], found[f"{number}1"]
        for column in ("lowest", "highest"):
            assert now[column] >= was[column], f"{column} fell from {was} to {now}: {case}"


@pytest.mark.parametrize(("definition", "kind", "worse"), SMALL, ids=lambda value: getattr(value, "name", ""))
def test_nothing_worse_lowers_the_grade_of_a_line_or_an_extension(
    definition: Definition, kind: str, worse: dict[str, tuple[Any, ...]]
) -> None:
    every = list(product(*(range(len(places)) for places in worse.values())))
    recorded = {
        "-".join(map(str, places)): {name: worse[name][place] for name, place in zip(worse, places, strict=True)}
        for places in every
    }
    found = run(
        definition,
        events=[event(name, kind=kind) for name in recorded],
        event_features=[row for name, values in recorded.items() for row in features(name, values)],
    )
    grade = {places: found["-".join(map(str, places))]["grade"] for places in every}
    pairs = [(one, other) for one in every for other in every if all(a <= b for a, b in zip(one, other, strict=True))]
    assert [(one, other) for one, other in pairs if grade[one] > grade[other]] == []
    # All of them are graded, and not all alike.
    assert None not in grade.values() and len(set(grade.values())) > 1


#: The signs of a pulmonary embolism, from the best to the worst.
SIGNS: dict[str, tuple[float, ...]] = {
    "heart_rate": (80, 109, 110, 140),
    "systolic_pressure": (130, 100, 99, 70),
    "oxygen_saturation": (98, 90, 89, 70),
}


def test_a_worse_sign_never_lowers_the_severity_of_a_pulmonary_embolism() -> None:
    courses = [(sign, worse) for sign, values in SIGNS.items() for worse in range(len(values))]
    (definition,) = spesi.DEFINITIONS
    found = {}
    for sign, worse in courses:
        signs = {name: values[worse if name == sign else 0] for name, values in SIGNS.items()}
        assessed = [KEYS | {"day": 12, "item": name, "number": value} for name, value in signs.items()]
        rows = run(definition, events=[event("e", kind="venous", site="pulmonary_embolism")], assessments=assessed)
        found[sign, worse] = (rows["e"]["lowest"], rows["e"]["highest"])
    # Age and the disease are not known: two points more are possible.
    assert found == {(sign, worse): (1 + (worse > 1), 3 + (worse > 1)) for sign, worse in courses}
