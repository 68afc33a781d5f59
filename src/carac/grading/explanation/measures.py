"""Single measures of a patient-day that several rules read: values, ratios, points, what is going on."""

from __future__ import annotations

from carac.grading.explanation import signs
from carac.grading.explanation.context import Span
from carac.grading.explanation.facts import Facts, Row

#: The DIC score whose points are read, and its items in words.
SCORE = "isth_overt_dic_2025"
ITEMS = {
    "platelets": "platelets",
    "d_dimer": "D-dimer",
    "prothrombin_time": "prothrombin time",
    "fibrinogen": "fibrinogen",
}
#: Temperature (degC) of a fever, as in the grades of CRS.
FEVER = 38.0
#: INR above which CTCAE 5.0 calls it increased.
INR_INCREASED = 1.2
#: Platelets (10^9/L) below which a cause is looked for.
LOW_PLATELETS = 100


def today(facts: Facts, analyte: str) -> Span | None:
    """Today's worst value of an analyte."""
    found = facts.values(analyte, facts.number, facts.number)
    return found[0] if found else None


def multiple(facts: Facts) -> float | None:
    """D-dimer of the day over its upper limit, where that is one number."""
    low, high = (facts.day.get(f"d_dimer_highest_by_upper_limit__{end}") for end in ("from", "to"))
    return low if low is not None and low == high else None


def prolonged(facts: Facts) -> float | None:
    """Seconds of prothrombin time above its upper limit, where that is one number; 0 or less is not prolonged."""
    low, high = (facts.day.get(f"prothrombin_time_highest_above_upper_limit__{end}") for end in ("from", "to"))
    return low if low is not None and low == high else None


def clearly_prolonged(facts: Facts) -> bool:
    """Whether prothrombin time is above its limit and INR above what CTCAE 5.0 calls increased."""
    inr, seconds = today(facts, "inr"), prolonged(facts)
    if seconds is not None and seconds <= 0:
        return False
    return inr[1] > INR_INCREASED if inr is not None else bool(seconds)


def low_fibrinogen(facts: Facts) -> bool:
    """Whether fibrinogen lies below its lower limit."""
    ratio = facts.day.get("fibrinogen_lowest_by_lower_limit__to")
    return ratio is not None and ratio < 1


def points(facts: Facts, item: str) -> int | None:
    """Today's points of an item of the DIC score."""
    value = facts.day.get(f"{SCORE}__{item}")
    return None if value is None else int(value)


def overt(facts: Facts) -> bool:
    """Whether the DIC score is reached today."""
    return bool(facts.day.get(f"{SCORE}__overt"))


def fever(facts: Facts) -> bool:
    """Whether there was fever today, whatever its cause."""
    return bool(facts.day.get("astct_crs__fever")) or (signs.hottest(facts) or 0) >= FEVER


def low_pressure(facts: Facts) -> bool:
    """Whether pressure was low today, or supported, whatever the cause."""
    supported = bool(facts.running("vasopressor", "vasopressin"))
    return supported or facts.said("hypotension", "yes") or (facts.day.get("astct_crs__hypotension") or 0) >= 2


def infections(facts: Facts) -> list[Row]:
    """Recorded infections that go on today; one without recorded end is taken to last a week."""
    return [
        e
        for e in facts.events
        if e["kind"] == "infection" and e["day"] <= facts.number <= (e["end_day"] or e["day"] + 7)
    ]


def recent_bleeds(facts: Facts) -> list[Row]:
    """Bleeds that began today or on the day before."""
    return [e for e in facts.events if e["kind"] == "bleeding" and 0 <= facts.number - e["day"] <= 1]
