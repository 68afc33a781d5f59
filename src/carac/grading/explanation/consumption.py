"""Whether the items of the DIC score move as consumption moves them, and what else moves them."""

from __future__ import annotations

from carac.grading.explanation import measures, words
from carac.grading.explanation.facts import Facts

#: The items by analyte, and whether consumption lowers them.
_MOVING = (
    ("platelets", "platelets", True),
    ("fibrinogen", "fibrinogen", True),
    ("d_dimer", "D-dimer", False),
    ("inr", "INR", False),
)


def moved(facts: Facts) -> dict[str, str]:
    """The items that are worse than at the value before (at most three days ago), with both values."""
    found = {}
    for analyte, title, falls in _MOVING:
        past = facts.values(analyte, facts.number - 3, facts.number)
        if len(past) > 1 and past[-1][0] == facts.number:
            before, now = past[-2], past[-1]
            if (now[2] < before[1]) if falls else (now[1] > before[2]):
                found[analyte] = f"{title} {words.interval(*before[1:])} to {words.interval(*now[1:])}"
    return found


def movement(facts: Facts) -> list[str]:
    """What the items did since the value before: all four on any day, some of them where the score is reached."""
    worse = moved(facts)
    overt = measures.overt(facts)
    if len(worse) < (2 if overt else len(_MOVING)):
        return []
    said = "All four items" if len(worse) == len(_MOVING) else "Items"
    text = f"{said} of the DIC score have worsened since the value before ({', '.join(worse.values())})"
    if overt:
        return [f"{text}: that is how consumption looks."]
    score = facts.day.get(measures.SCORE)
    total = f"the score is {score} of 8" if score is not None else "the score is not reached"
    return [f"{text}: consumption can begin so, though {total}; the next values tell."]


def prothrombin_words(seconds: float) -> str:
    """Prothrombin time against its upper limit."""
    above = f"prothrombin time is {words.number(round(seconds, 1))} s above its upper limit"
    return "prothrombin time is not prolonged" if seconds <= 0 else above


def markers(facts: Facts) -> list[str]:
    """Whether the markers that consumption moves have moved: D-dimer and prothrombin time against their own limits."""
    said, ratio, seconds = [], measures.multiple(facts), measures.prolonged(facts)
    if ratio is not None:
        times = f"D-dimer is {words.number(round(ratio, 1))} times its upper limit"
        by_itself = " (CRS raises it by itself)" if (facts.day.get("astct_crs") or 0) > 0 else ""
        said.append("D-dimer is not raised" if ratio <= 1 else times + by_itself)
    if seconds is not None:
        said.append(prothrombin_words(seconds))
    return [words.opening("; ".join(said)) + "."] if said else []


def clot_days(facts: Facts) -> list[int]:
    """Days of the last week on which a clot was found."""
    clots = [e for e in facts.events if e.get("thrombosis_class") in ("venous", "arterial")]
    return sorted(int(e["day"]) for e in clots if facts.number - 7 <= e["day"] <= facts.number)


def clot(facts: Facts) -> list[str]:
    """A clot beside a raised D-dimer."""
    ratio, days = measures.multiple(facts), clot_days(facts)
    if not days or ratio is None or ratio <= 1:
        return []
    when = words.day_words(days[0])
    return [
        f"A clot was found on {when}: it raises D-dimer by itself, and may explain the DIC points that D-dimer gives."
    ]
