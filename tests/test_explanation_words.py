"""Does an explanation contradict itself? Patient-days made by hand, without an engine."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from carac.definitions.proposals.sorting.explanations import NAME as EXPLAINED
from carac.definitions.proposals.sorting.explanations import OUTPUTS
from carac.definitions.proposals.sorting.places import NAME as PLACE
from carac.grading.explanation import causes, leading, place
from carac.grading.explanation.facts import Facts
from carac.grading.run import Graded
from carac.vocabulary.types import Laboratory, Worse

DAY = 8
LABS = {
    name: Laboratory(
        name, Worse.HIGHER if name in ("d_dimer", "inr", "c_reactive_protein", "ferritin") else Worse.LOWER
    )
    for name in ("platelets", "neutrophils", "fibrinogen", "d_dimer", "inr", "c_reactive_protein", "ferritin")
}
Values = dict[str, float]


def row(day: int, values: Values) -> dict[str, Any]:
    """A patient-day with these values and nothing else."""
    ends = {end: values.get(name) for name, lab in LABS.items() for end in (lab.low, lab.high)}
    return {"patient_id": "A", "infusion_number": 1, "day": day, **ends}


def facts(
    before: Values,
    today: Values,
    treatments: list[dict[str, Any]] | None = None,
    overt: bool | None = True,
    **held: Any,
) -> Facts:
    """The facts of a day on which these explanations hold (True) or are open (None); all others do not."""
    scope = {"dic_score": "isth_2025"}
    graded = SimpleNamespace(
        plan=SimpleNamespace(inputs=tuple(LABS.values()), definitions=()),
        parameters=SimpleNamespace(scope=lambda name: scope),
    )
    sorting = {f"{EXPLAINED}__{name}": held.get(name, False) for name in OUTPUTS}
    score = {"isth_overt_dic_2025__overt": overt, "isth_overt_dic_2025": 6 if overt else 3}
    places = {f"{PLACE}__lowest": 2, f"{PLACE}__highest": 2}
    low = {"fibrinogen_lowest_by_lower_limit__to": today["fibrinogen"] / 2} if "fibrinogen" in today else {}
    course = [row(DAY - 1, before), row(DAY, today) | sorting | score | places | low]
    infusion = {"patient_id": "A", "age": 60}
    return Facts(cast(Graded, graded), course[1], course, infusion, treatments or [], [], [], [], [])


def given(agent_class: str, day: int, intent: str | None = None) -> dict[str, Any]:
    return {"agent": agent_class, "agent_class": agent_class, "start_day": day, "end_day": day, "intent": intent}


def said(lines: list[str]) -> str:
    return "\n".join(lines)


#: A day on which platelets and fibrinogen fall while D-dimer halves, five days after tocilizumab, in neutropenia.
YESTERDAY = {"platelets": 45.0, "fibrinogen": 1.3, "d_dimer": 8.5, "neutrophils": 0.4}
TODAY = {"platelets": 30.0, "fibrinogen": 0.95, "d_dimer": 4.0, "neutrophils": 0.3, "c_reactive_protein": 3.0}


def test_what_is_named_below_is_not_denied_above() -> None:
    made = facts(YESTERDAY, TODAY, [given("interleukin_6_receptor_blocker", 3)], consumption_moves=True)
    above, below = said(place.place(made)), said(causes.explanations(made))
    assert "suppressed marrow could explain the platelets" in below
    assert "That fits here" in below
    assert "Nothing that was looked for" not in above
    assert (
        "May explain values (see below), though no rule of the proposal counts it:"
        " suppressed marrow (platelets) and tocilizumab (fibrinogen)."
    ) in above


def test_nothing_explains_it_only_where_all_was_looked_for() -> None:
    plain = {"platelets": 80.0, "neutrophils": 3.0, "fibrinogen": 2.5}
    assert "Nothing that was looked for explains it: not suppressed marrow" in said(place.place(facts(plain, plain)))
    unknown = said(place.place(facts(plain, plain, marrow=None)))
    assert "Nothing that was looked for" not in unknown
    assert "Cannot be said, for want of values: suppressed marrow (platelets)." in unknown
    low = said(place.place(facts(YESTERDAY, TODAY, marrow=None)))
    assert "Could explain it, but what was not measured decides: suppressed marrow (platelets)." in low
    assert "Cannot be said" not in low
    held = said(place.place(facts(YESTERDAY, TODAY, marrow=True)))
    assert "Could explain it, beside the place: suppressed marrow (platelets)." in held


def test_items_that_worsened_and_the_one_that_did_not_are_named() -> None:
    line = next(line for line in leading.leading(facts(YESTERDAY, TODAY)) if line.startswith("Consumption"))
    assert line == (
        "Consumption fits in part: the DIC score is reached, and items of the DIC score have worsened since the value"
        " before (platelets 45 to 30, fibrinogen 1.3 to 0.95), but others have improved (D-dimer 8.5 to 4)."
    )
    assert "consumption looks so only in part" in said(causes.explanations(facts(YESTERDAY, TODAY)))


def test_items_that_all_worsened_fit_consumption() -> None:
    made = facts(YESTERDAY | {"inr": 1.4}, TODAY | {"d_dimer": 11.0, "inr": 1.9})
    line = next(line for line in leading.leading(made) if line.startswith("Consumption"))
    assert line.startswith("Consumption fits: the DIC score is reached, and all four items")
    assert "D-dimer 8.5 to 11, INR 1.4 to 1.9" in line
    assert "improved" not in line


def test_a_count_after_transfusion_is_no_improvement() -> None:
    after = TODAY | {"platelets": 70.0, "d_dimer": 11.0}
    for treatments, fits in (([given("platelet_transfusion", DAY)], "Consumption fits:"), ([], "Consumption fits in")):
        assert any(line.startswith(fits) for line in leading.leading(facts(YESTERDAY, after, treatments)))


VERY_LOW = {"platelets": 20.0, "neutrophils": 3.0, "fibrinogen": 2.5, "ferritin": 300.0}


def test_what_was_not_measured_is_not_excluded() -> None:
    line = said(leading.leading(facts(VERY_LOW, VERY_LOW, overt=False)))
    assert "Neither neutropenia, consumption, inflammation after CRS nor heparin explains platelets of 20" in line
    without = {name: value for name, value in VERY_LOW.items() if name != "neutrophils"}
    line = said(leading.leading(facts(VERY_LOW, without, overt=False)))
    assert "What explains platelets of 20 cannot be said: neutropenia could not be looked for today." in line
    assert "Neither" not in line
    line = said(leading.leading(facts(VERY_LOW, VERY_LOW, overt=None)))
    assert "consumption could not be looked for today" in line


def test_heparin_is_not_excluded_where_it_is_a_question() -> None:
    made = facts(VERY_LOW, VERY_LOW, [given("unfractionated_heparin", DAY)], overt=False)
    made.course[0].update({LABS["platelets"].low: 200.0, LABS["platelets"].high: 200.0})  # type: ignore[attr-defined]
    assert "heparin-induced thrombocytopenia is a question" in said(causes.explanations(made))
    assert "nor heparin" not in said(leading.leading(made))
    assert "Nothing here explains" not in said(causes.explanations(made))
    assert "heparin (platelets)" in said(place.place(made))


@pytest.mark.parametrize(
    ("moves", "tail"), [(True, "yet platelets or fibrinogen fall"), (False, "cannot be said without")]
)
def test_nothing_speaks_for_consumption_only_where_it_was_looked_for(moves: bool, tail: str) -> None:
    counts = {"platelets": 40.0, "neutrophils": 0.2}
    line = said(leading.leading(facts(counts, counts, overt=False, consumption_moves=moves)))
    assert "Low platelets fit suppressed marrow" in line
    assert tail in line
    assert "nothing speaks for consumption" not in line
