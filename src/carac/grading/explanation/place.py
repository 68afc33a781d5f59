"""The place of a day in the sorting of coagulopathy, and what could explain it, in a ward's words."""

from __future__ import annotations

from carac.definitions.proposals.sorting.agreement import NAME as AGREEMENT
from carac.definitions.proposals.sorting.explanations import NAME as EXPLAINED
from carac.definitions.proposals.sorting.places import LABORATORY_DIC
from carac.definitions.proposals.sorting.places import NAME as PLACE
from carac.grading.explanation import words
from carac.grading.explanation.facts import Facts

TITLES = (
    "no abnormality",
    "isolated laboratory abnormality",
    "laboratory coagulopathy",
    "CARAC: a bleed or clot with a laboratory abnormality",
    "laboratory DIC without a clinical event",
    "overt DIC with a clinical event",
)
COULD_EXPLAIN = {
    "marrow": "suppressed marrow (platelets)",
    "tocilizumab": "tocilizumab (fibrinogen)",
    "asparaginase": "asparaginase (fibrinogen)",
    "anticoagulant_prothrombin": "an anticoagulant (prothrombin time)",
    "anticoagulant_aptt": "an anticoagulant (aPTT)",
    "liver": "liver injury (prothrombin time, fibrinogen)",
    "dilution": "dilution by fluids or blood products",
}
#: What does not explain an abnormality, but makes values look better than they are.
FLATTERS = {
    "replacement": "fibrinogen, plasma or platelets were given, so that values flatter",
    "acute_phase_mask": "an acute phase hides a fall of fibrinogen",
}
_READINGS = {
    "supported": "the DIC of the day stays",
    "explained": "the DIC of the day is explained; it is not taken away",
    "open": "what is missing decides whether the DIC of the day stays",
}
_SCORES = {
    "ISTH 2025": ("isth_overt_dic_2025", "isth_2025_adjusted_proposal"),
    "ISTH 2001 (10 x ULN)": ("isth_overt_dic_2001_10xuln", "isth_2001_adjusted_proposal"),
    "CDSS": ("cdss_malignant", "cdss_adjusted_proposal"),
}


def place(facts: Facts) -> list[str]:
    """The place, what could explain it, and how DIC reads with explained points set aside; nothing before infusion."""
    low, high = (facts.day.get(f"{PLACE}__{end}") for end in ("lowest", "highest"))
    if low is None or high is None:
        return []
    return [_place(facts, low, high), *(_explained(facts) if high else []), *_points(facts), *_agreement(facts, high)]


def _place(facts: Facts, low: int, high: int) -> str:
    if low != high:
        return (
            f"At least {TITLES[low]} ({low}), at most {TITLES[high]} ({high}), of places 0 to 5: what was not measured"
            " or recorded decides."
        )
    pattern = ", with the pattern of consumption" if low and facts.day.get(f"{PLACE}__consumptive") else ""
    return f"{words.opening(TITLES[low])}{pattern} (place {low} of 0 to 5)."


def _explained(facts: Facts) -> list[str]:
    def said(known: dict[str, str], value: bool | None) -> list[str]:
        return [text for name, text in known.items() if facts.day.get(f"{EXPLAINED}__{name}") is value]

    held, open_ = said(COULD_EXPLAIN, True), said(COULD_EXPLAIN, None)
    lines = [
        f"Could explain it, beside the place: {words.listed(held)}."
        if held
        else "Nothing that was looked for explains it."
    ]
    if open_:
        lines.append(f"Cannot be said, for want of values: {words.listed(open_, 'or')}.")
    lines += [f"{words.opening(text)}." for text in said(FLATTERS, True)]
    if facts.day.get(f"{EXPLAINED}__consumption_moves"):
        lines.append("Platelets or fibrinogen fall, or D-dimer rises, as consumption moves them.")
    return lines


def _points(facts: Facts) -> list[str]:
    """The score of the place as printed and adjusted, where the two differ or DIC is called."""
    chosen = str(facts.graded.parameters.scope(PLACE)["dic_score"])
    title = {"isth_2025": "ISTH 2025", "isth_2001": "ISTH 2001 (10 x ULN)", "cdss": "CDSS"}[chosen]
    printed, adjusted = (
        words.interval(facts.day[f"{name}__lowest"], facts.day[f"{name}__highest"])
        if facts.day.get(f"{name}__lowest") is not None
        else ""
        for name in _SCORES[title]
    )
    reading = facts.day.get(f"{PLACE}__dic_reading")
    if not printed or (printed == adjusted and not reading):
        return []
    end = f": {_READINGS[reading]}" if reading else ""
    return [f"{title} is {printed} as printed, {adjusted} with explained points set aside{end}."]


def _agreement(facts: Facts, high: int) -> list[str]:
    if high < LABORATORY_DIC or facts.day.get(AGREEMENT) is None:
        return []
    calling, against, open_ = (facts.day[f"{AGREEMENT}__{name}"] for name in ("calling", "not_calling", "open"))
    return [f"Of the DIC scores {calling} call DIC, {against} do not, {open_} cannot say."]
