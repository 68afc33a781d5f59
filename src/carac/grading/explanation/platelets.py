"""What could explain low platelets: marrow, transfusion; and what was looked for where nothing does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from carac.definitions.proposals.sorting.explanations import NAME as EXPLAINED
from carac.grading.explanation import anticoagulants, consumption, inflammation, measures, words
from carac.grading.explanation.context import Span
from carac.grading.explanation.facts import Facts, Row

#: Marrow suppression shows in both lines; up to this, neutrophils say that platelets may be low for the same reason.
NEUTROPENIA = 1.0
#: Platelets (10^9/L) below which the marrow is thought of, and below which a cause is asked for.
LOW, VERY_LOW = measures.LOW_PLATELETS, 50
#: Last day on which lymphodepletion is the first thought.
LYMPHODEPLETION_END = 14


def marrow(facts: Facts) -> list[str]:
    """Low neutrophils beside low platelets, and what marrow does not explain."""
    neutrophils = both_low(facts)
    if neutrophils is None:
        return []
    text = (
        f"Neutrophils are {words.interval(*neutrophils[1:])} x10^9/L as well: suppressed marrow could explain the"
        " platelets"
    )
    if 0 <= facts.number <= LYMPHODEPLETION_END and facts.given("lymphodepletion"):
        text += ", as is usual after lymphodepletion"
    moved = _beyond_marrow(facts)
    return [text + (f", but not {words.listed(moved, 'or')}." if moved else ".")]


def both_low(facts: Facts) -> Span | None:
    """Today's neutrophils, where they and the platelets are low."""
    platelets, neutrophils = measures.today(facts, "platelets"), measures.today(facts, "neutrophils")
    if platelets is None or platelets[1] >= LOW or neutrophils is None or neutrophils[2] > NEUTROPENIA:
        return None
    return neutrophils


def _beyond_marrow(facts: Facts) -> list[str]:
    return [
        *(["fibrinogen"] if measures.low_fibrinogen(facts) else []),
        *(["D-dimer"] if measures.points(facts, "d_dimer") else []),
        *(["prothrombin time"] if measures.clearly_prolonged(facts) else []),
    ]


def marrow_alone(facts: Facts) -> bool:
    """Whether the marrow explains the platelets and nothing else asks for a cause; a drug may prolong the time."""
    if both_low(facts) is None or consumption.movement(facts) or inflammation.after_crs(facts) or measures.overt(facts):
        return False
    drugs = anticoagulants.prolonging(facts)
    return not [item for item in _beyond_marrow(facts) if not (drugs and item == "prothrombin time")]


def replaced(facts: Facts) -> list[str]:
    """What was transfused or replaced, and whether today's value was taken before or after that."""
    found = []
    for name, what, analyte, days in (
        ("fibrinogen_replacement", "Fibrinogen was replaced", "fibrinogen", 2),
        ("platelet_transfusion", "Platelets were transfused", "platelets", 1),
        ("plasma_transfusion", "Plasma was given", "", 1),
    ):
        given = [d for d in facts.given(name) if d >= facts.number - days]
        if given:
            taken = _taken(facts, name, analyte, given) if analyte else ""
            found.append(f"{what} on {words.days(given)}{taken}: values after it are not the patient's own alone.")
    return found


def _taken(facts: Facts, name: str, analyte: str, given: list[int]) -> str:
    """Whether today's lowest value was taken before or after what was given; empty where there is none today."""
    times = _lowest_of_today(facts, analyte)
    if not times:
        return ""
    earlier = [d for d in given if d < facts.number]
    now = [t for t in facts.treatments if t["agent_class"] == name and t["start_day"] == facts.number]
    parts = [f"after that of {words.days(earlier)}"] if earlier else []
    parts += [f"{_order(times, now)} that of today"] if now else []
    return f" (today's lowest value was taken {words.listed(parts)})"


def _of_today(facts: Facts, analyte: str) -> list[Row]:
    return [row for row in facts.labs if row["analyte"] == analyte and row["day"] == facts.number]


def _lowest_of_today(facts: Facts, analyte: str) -> list[Row]:
    rows = _of_today(facts, analyte)
    lowest = min((row["value_low"] for row in rows), default=None)
    return [row for row in rows if row["value_low"] == lowest]


def _order(results: list[Row], given: list[Row]) -> str:
    """Before or after, where both are recorded to the minute."""
    if any(r["time_precision"] == "day" for r in results) or any(t["start_precision"] == "day" for t in given):
        return "the record does not say whether before or after"
    first, last = min(t["start"] for t in given), max(t["start"] for t in given)
    if all(r["time"] < first for r in results):
        return "before"
    return "after" if all(r["time"] >= last for r in results) else "in part before, in part after"


@dataclass(frozen=True)
class Transfused:
    """Platelets that are higher today than before a transfusion: its days, and the counts from just before it on."""

    days: list[int]
    counts: list[Row]


def risen_by_transfusion(facts: Facts) -> Transfused | None:
    """Transfusions of today and the day before that today's lowest count follows, where it is higher than before."""
    now = _lowest_of_today(facts, "platelets")
    if not now:
        return None
    taken: datetime = now[0]["time"]
    given = [
        t
        for t in facts.treatments
        if t["agent_class"] == "platelet_transfusion" and t["start_day"] >= facts.number - 1 and t["start"] <= taken
    ]
    first: datetime = min((t["start"] for t in given), default=taken)
    rows = sorted((r for r in facts.labs if r["analyte"] == "platelets"), key=lambda row: row["time"])
    before, since = [r for r in rows if r["time"] < first], [r for r in rows if first <= r["time"] < taken]
    if not given or not before or now[0]["value_low"] <= before[-1]["value_high"]:
        return None
    return Transfused(sorted({int(t["start_day"]) for t in given}), [before[-1], *since])


#: What is looked for where platelets are very low, with the analyte that tells it and its unit.
LOOKED = {
    "neutropenia": ("neutrophils", " x10^9/L"),
    "consumption": ("fibrinogen", " g/L"),
    "inflammation after CRS": ("ferritin", " ug/L"),
}


def unexplained(facts: Facts) -> list[str]:
    """Very low platelets that nothing here explains: what was looked for, and for how long they have been low."""
    now = measures.today(facts, "platelets")
    if now is None or now[2] >= VERY_LOW or _explained(facts):
        return []
    looked = [_looked(facts, what, *told) for what, told in LOOKED.items()]
    count = f"platelets of {words.interval(*now[1:])}"
    undecided = f"Whether anything here explains {count} cannot be said"
    said = undecided if not_looked(facts) else f"Nothing here explains {count}"
    text = f"{said}. Looked for: {'; '.join(looked)}."
    return [text + _low_since(facts)]


def not_looked(facts: Facts) -> list[str]:
    """Of these, what today's values cannot tell; consumption also where only a range of the score is known."""
    missing = {what for what, (analyte, _) in LOOKED.items() if measures.today(facts, analyte) is None}
    if facts.day.get(f"{measures.SCORE}__overt") is None:
        missing.add("consumption")
    return [what for what in LOOKED if what in missing]


def _explained(facts: Facts) -> bool:
    """Whether something here may explain low platelets."""
    return bool(
        both_low(facts)
        or measures.overt(facts)
        or consumption.movement(facts)
        or inflammation.after_crs(facts)
        or anticoagulants.heparin_asked(facts)
        or any(facts.day.get(f"{EXPLAINED}__{name}") for name in ("marrow", "dilution"))
    )


def _looked(facts: Facts, what: str, analyte: str, unit: str) -> str:
    value = measures.today(facts, analyte)
    return f"{what} ({analyte} {words.interval(*value[1:]) + unit if value else 'not measured today'})"


def _low_since(facts: Facts) -> str:
    run = []
    for count in reversed(facts.values("platelets", -30, facts.number)):
        if count[2] >= VERY_LOW:
            break
        run.append(count)
    if len(run) < 2:
        return " They were not below 50 at the count before."
    since, days = words.day_words(run[-1][0]), facts.number - run[-1][0] + 1
    return f" They have been below 50 on every count since {since}, {days} days: no new fall."
