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

#: What betters an item without an end of consumption.
_BETTERED_BY = {
    "platelets": ("platelet_transfusion",),
    "fibrinogen": ("fibrinogen_replacement", "plasma_transfusion"),
    "inr": ("plasma_transfusion", "prothrombin_complex", "vitamin_k"),
}


def moved(facts: Facts) -> dict[str, str]:
    """The items that are worse than at the value before (at most three days ago), with both values."""
    return _compared(facts, worse=True)


def improved(facts: Facts) -> dict[str, str]:
    """The items that are better than at the value before, with both values, unless they were replaced in between."""
    found = _compared(facts, worse=False)
    return {name: text for name, text in found.items() if not _replaced(facts, name)}


def _compared(facts: Facts, worse: bool) -> dict[str, str]:
    found = {}
    for analyte, title, falls in _MOVING:
        past = facts.values(analyte, facts.number - 3, facts.number)
        if len(past) > 1 and past[-1][0] == facts.number:
            before, now = past[-2], past[-1]
            fell, rose = now[2] < before[1], now[1] > before[2]
            if fell if falls == worse else rose:
                found[analyte] = f"{title} {words.interval(*before[1:])} to {words.interval(*now[1:])}"
    return found


def _replaced(facts: Facts, analyte: str) -> bool:
    """Whether something given since the value before would better this item by itself."""
    given = facts.given(*_BETTERED_BY.get(analyte, ()))
    return any(day >= facts.number - 4 for day in given)


def movement_words(facts: Facts) -> str:
    """Which items worsened, and which did not; empty where too few worsened to speak of consumption."""
    worse, better = moved(facts), improved(facts)
    if len(worse) < (2 if measures.overt(facts) else len(_MOVING)):
        return ""
    every = len(worse) == len(_MOVING)
    text = "all four items of the DIC score have worsened" if every else "items of the DIC score have worsened"
    text += f" since the value before ({', '.join(worse.values())})"
    return text + (f", but others have improved ({', '.join(better.values())})" if better else "")


def movement(facts: Facts) -> list[str]:
    """What the items did since the value before: all four on any day, some of them where the score is reached."""
    text = words.opening(movement_words(facts))
    if not text:
        return []
    if measures.overt(facts):
        return [
            f"{text}: consumption looks so only in part."
            if improved(facts)
            else f"{text}: that is how consumption looks."
        ]
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
