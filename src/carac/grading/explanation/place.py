"""The place of a day in the sorting of coagulopathy, and what could explain it, in a ward's words."""

from __future__ import annotations

from carac.definitions.proposals.sorting.agreement import NAME as AGREEMENT
from carac.definitions.proposals.sorting.explanations import NAME as EXPLAINED
from carac.definitions.proposals.sorting.places import LABORATORY_DIC
from carac.definitions.proposals.sorting.places import NAME as PLACE
from carac.grading.explanation import (
    anticoagulants,
    consumption,
    fibrinogen,
    inflammation,
    measures,
    platelets,
    words,
)
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

    held, open_, beside = said(COULD_EXPLAIN, True), said(COULD_EXPLAIN, None), _beside(facts)
    told = {
        "Could explain it, beside the place": held,
        "Could explain it, but what was not measured decides": [text for text in open_ if text in beside],
        "May explain values (see below), though no rule of the proposal counts it": [
            text for text in beside if text not in (*held, *open_)
        ],
        "Cannot be said, for want of values": [text for text in open_ if text not in beside],
    }
    lines = [f"{text}: {words.listed(causes)}." for text, causes in told.items() if causes]
    if not lines:
        lines.append(f"Nothing that was looked for explains it: not {words.listed([*COULD_EXPLAIN.values()], 'or')}.")
    lines += [f"{words.opening(text)}." for text in said(FLATTERS, True)]
    if facts.day.get(f"{EXPLAINED}__consumption_moves"):
        lines.append("Platelets or fibrinogen fall, or D-dimer rises, as consumption moves them.")
    return lines


def _beside(facts: Facts) -> list[str]:
    """What the facts below the place name as explaining a single value."""
    tocilizumab = fibrinogen.tocilizumab_days(facts) and measures.low_fibrinogen(facts)
    crs = (measures.multiple(facts) or 0) > 1 and (facts.day.get("astct_crs") or 0) > 0
    named = (
        (COULD_EXPLAIN["marrow"], platelets.both_low(facts)),
        (COULD_EXPLAIN["tocilizumab"], tocilizumab and fibrinogen.for_and_against(facts)[0]),
        ("CRS (D-dimer)", crs),
        ("a clot (D-dimer)", consumption.clot(facts)),
        ("an acute phase (D-dimer)", fibrinogen.acute_phase(facts) and fibrinogen.mild_d_dimer(facts)),
        ("inflammation after CRS", inflammation.after_crs(facts)),
        ("heparin (platelets)", anticoagulants.heparin_asked(facts)),
    )
    return [text for text, fits in named if fits]


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
