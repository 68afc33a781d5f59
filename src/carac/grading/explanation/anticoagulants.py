"""What an anticoagulant does to the values of a patient-day, and whether heparin could have lowered the platelets."""

from __future__ import annotations

from dataclasses import dataclass

from carac.grading.explanation import measures, words
from carac.grading.explanation.context import Span, agent_title
from carac.grading.explanation.facts import Facts

#: What therapeutic doses of an anticoagulant move.
_MOVES = {
    "vitamin_k_antagonist": "raises INR and prothrombin time, prolongs aPTT a little and lowers D-dimer",
    "direct_oral_anticoagulant": "can prolong prothrombin time and aPTT, and lowers D-dimer",
    "unfractionated_heparin": "prolongs aPTT, and lowers D-dimer",
    "direct_thrombin_inhibitor": "prolongs aPTT and raises INR",
    "low_molecular_weight_heparin": "hardly moves INR or aPTT",
    "indirect_factor_xa_inhibitor": "hardly moves INR or aPTT",
}
#: Of these, what lengthens prothrombin time.
PROLONGS = ("vitamin_k_antagonist", "direct_oral_anticoagulant", "direct_thrombin_inhibitor")
_HEPARINS = ("unfractionated_heparin", "low_molecular_weight_heparin")
#: INR above its baseline by this factor asks why it rose.
RISEN = 1.5


def anticoagulants(facts: Facts) -> dict[str, str]:
    """Agents at more than prophylactic dose today, with their class."""
    return {
        agent_title(t["agent"]).lower(): t["agent_class"]
        for t in facts.running(*_MOVES)
        if t["intent"] != "prophylactic"
    }


def prolonging(facts: Facts) -> list[str]:
    """Of these, the ones that lengthen prothrombin time."""
    return [name for name, kind in anticoagulants(facts).items() if kind in PROLONGS]


def baseline_counts(facts: Facts) -> bool:
    """Whether INR is to be read against its own baseline: on an anticoagulant that raises it, with one known."""
    return bool(prolonging(facts)) and facts.day.get("inr_baseline__from") is not None


def effects(facts: Facts) -> list[str]:
    """What an anticoagulant of today moves, why INR may have risen on it, and heparin beside low platelets."""
    return [
        *(f"On {name}, which {_MOVES[kind]}." for name, kind in anticoagulants(facts).items()),
        *_risen(facts),
        *_heparin(facts),
    ]


def _risen(facts: Facts) -> list[str]:
    inr, base = measures.today(facts, "inr"), facts.day.get("inr_baseline__from")
    if not baseline_counts(facts) or inr is None or not base or inr[1] <= RISEN * base:
        return []
    platelets = measures.today(facts, "platelets")
    beside = f", as do platelets of {words.interval(*platelets[1:])}" if platelets and platelets[2] < 100 else ""
    return [
        f"The record does not say why INR rose from {words.number(base)} to {words.interval(*inr[1:])} on"
        f" {words.listed(prolonging(facts))}: another drug (antibiotic, azole), poor intake or the liver can do it."
        f" Whatever the cause, it raises the risk of bleeding{beside}."
    ]


@dataclass(frozen=True)
class _Heparin:
    """Heparin beside low platelets: its first day, and the last count before it with its day, where one is known."""

    first: int
    before: Span | None

    @property
    def is_asked(self) -> bool:
        """Whether it may have lowered the platelets: they are not known to have been low before it."""
        return self.before is None or self.before[2] >= measures.LOW_PLATELETS


def heparin_asked(facts: Facts) -> bool:
    """Whether heparin may have lowered the platelets."""
    course = _heparin_course(facts)
    return course is not None and course.is_asked


def _heparin_course(facts: Facts) -> _Heparin | None:
    courses = [t for t in facts.treatments if t["agent_class"] in _HEPARINS and t["start_day"] <= facts.number]
    platelets = measures.today(facts, "platelets")
    if not courses or platelets is None or platelets[2] >= measures.LOW_PLATELETS or not facts.running(*_HEPARINS):
        return None
    first = min(int(t["start_day"]) for t in courses)
    before = facts.values("platelets", first - 14, first - 1)
    return _Heparin(first, before[-1] if before else None)


def _heparin(facts: Facts) -> list[str]:
    """Heparin beside platelets below 100: whether they had been low before it."""
    course = _heparin_course(facts)
    if course is None:
        return []
    count = "no count before it is known"
    if course.before:
        day, *ends = course.before
        count = f"platelets were {words.interval(*ends)} before it ({words.day_words(day)})"
    began = f"Heparin has been given since {words.day_words(course.first)}; {count}"
    if course.is_asked:
        return [f"{began}: heparin-induced thrombocytopenia is a question."]
    return [f"{began}, so heparin did not begin the fall."]
