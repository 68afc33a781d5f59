"""What was seen at the bedside on a patient-day, beside the grade that a sign was given."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from carac.definitions.cytokine_release.astct_crs import NAME as CRS
from carac.definitions.neurotoxicity import capd, ice
from carac.definitions.neurotoxicity.astct_icans import NAME as ICANS
from carac.grading.explanation import context, words
from carac.grading.explanation.facts import Facts

Worst = Callable[[Iterable[float]], float]

#: Words of an assessment that say that there was nothing.
_NOTHING = ("no", "none")


def seen(facts: Facts) -> dict[str, str]:
    """By item of a grade, such as ``astct_icans__ice``: what it was graded from today; absent where nothing says it."""
    pressors = [context.agent_title(t["agent"]).lower() for t in facts.running("vasopressor", "vasopressin")]
    pressure = [*_number(facts, "systolic_pressure", "lowest systolic {} mmHg"), *dict.fromkeys(pressors)]
    if facts.said("hypotension_due_to_crs", "no"):
        pressure.append("by the record not because of CRS")
    found = {
        f"{CRS}__fever": _number(facts, "temperature", "{} °C", worst=max),
        f"{CRS}__hypotension": pressure,
        f"{CRS}__hypoxia": [
            *_words(facts, "oxygen_device"),
            *_number(facts, "oxygen_saturation", "lowest saturation {}%"),
        ],
        f"{ICANS}__ice": _total(facts, "ICE {} of 10", "ice_total", ice.ITEMS, worst=min),
        f"{ICANS}__capd": _total(facts, "CAPD {} of 32", "capd_total", capd.ITEMS, worst=max),
        f"{ICANS}__consciousness": _words(facts, "consciousness"),
        f"{ICANS}__seizure": _words(facts, "seizure"),
        f"{ICANS}__motor": _words(facts, "weakness"),
        f"{ICANS}__pressure": _words(facts, "raised_intracranial_pressure"),
    }
    return {name: ", ".join(texts) for name, texts in found.items() if texts}


def hottest(facts: Facts) -> float | None:
    """The highest temperature of the day, where one was taken."""
    return max(facts.numbers("temperature"), default=None)


def _number(facts: Facts, item: str, text: str, worst: Worst = min) -> list[str]:
    numbers = facts.numbers(item)
    return [text.format(words.number(worst(numbers)))] if numbers else []


def _words(facts: Facts, item: str) -> list[str]:
    return [text.replace("_", " ") for text in facts.texts(item) if text not in _NOTHING]


def _total(facts: Facts, text: str, whole: str, items: Mapping[str, int], worst: Worst) -> list[str]:
    """The worst total of the day: as recorded, or the sum of its items where all of them were recorded at once."""
    at: dict[object, dict[str, float]] = defaultdict(dict)
    for sign in facts.signs:
        if sign["item"] in items and sign["number"] is not None:
            at[sign["time"]][sign["item"]] = float(sign["number"])
    totals = [*facts.numbers(whole), *(sum(parts.values()) for parts in at.values() if len(parts) == len(items))]
    return [text.format(words.number(worst(totals)))] if totals else []
