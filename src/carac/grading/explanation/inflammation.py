"""Inflammation after CRS, infection as a competing cause, and drugs that hide both."""

from __future__ import annotations

from carac.grading.explanation import measures, words
from carac.grading.explanation.context import agent_title
from carac.grading.explanation.facts import Facts

#: Neutrophils (10^9/L) below which fever or low pressure are infection until it is excluded.
SEVERE_NEUTROPENIA = 0.5
#: Days for which a neutrophil count stands for the days after it.
COUNT_DAYS = 3
#: C-reactive protein (mg/L) from which it is raised.
RAISED_PROTEIN = 10.0


def after_crs(facts: Facts) -> list[str]:
    """Inflammation that returns when CRS is over: ferritin above twice its baseline and rising, with what else."""
    ferritin = facts.values("ferritin", facts.number - 2, facts.number)
    base = facts.infusion.get("ferritin_baseline__to")
    past = [int(row["day"]) for row in facts.course if row["day"] <= facts.number and (row.get("astct_crs") or 0) > 0]
    if len(ferritin) < 2 or not base or not past or facts.day.get("astct_crs") != 0:
        return []
    now = ferritin[-1]
    beside = _beside_ferritin(facts)
    if now[0] != facts.number or now[1] <= 2 * base or now[1] <= ferritin[0][2] or len(beside) < 2:
        return []
    return [
        f"CRS was last graded on {words.day_words(past[-1])}, yet ferritin is rising: {words.interval(*now[1:])} ug/L,"
        f" {words.number(round(now[1] / base))} times its value before treatment. With it: {'; '.join(beside)}."
        " Inflammation that returns after CRS with these is the pattern of IEC-HS, once infection and progression are"
        " excluded."
    ]


def _beside_ferritin(facts: Facts) -> list[str]:
    found = []
    for analyte, short in (("alanine_aminotransferase", "ALT"), ("aspartate_aminotransferase", "AST")):
        value, limit = measures.today(facts, analyte), facts.upper_limit(analyte)
        if value is not None and limit and value[1] > 5 * limit:
            found.append(f"{short} {words.number(round(value[1] / limit, 1))} times its upper limit")
    fibrinogen, platelets = measures.today(facts, "fibrinogen"), measures.today(facts, "platelets")
    if fibrinogen is not None and (measures.low_fibrinogen(facts) or fibrinogen[2] < 1.5):
        found.append(f"fibrinogen {words.interval(*fibrinogen[1:])} g/L")
    if platelets is not None and platelets[2] < 25:
        found.append(f"platelets {words.interval(*platelets[1:])}")
    return found


def competing_infection(facts: Facts) -> list[str]:
    """Infection beside CRS or a bleed: in severe neutropenia with fever or low pressure, recorded or not."""
    recorded = measures.infections(facts)
    counts = facts.values("neutrophils", facts.number - COUNT_DAYS, facts.number)
    severe = bool(counts) and counts[-1][2] < SEVERE_NEUTROPENIA
    what = _could_be(facts)
    if not what or not (severe or recorded):
        return []
    beside = [
        *(["CRS"] if (facts.day.get("astct_crs") or 0) > 0 else []),
        *(["the bleed"] if measures.recent_bleeds(facts) and measures.low_pressure(facts) else []),
    ]
    neutrophils = f"Neutrophils are {words.interval(*counts[-1][1:])} x10^9/L" if severe else ""
    known = (
        f"an infection is recorded since {words.day_words(recorded[0]['day'])}"
        if recorded
        else "no infection is recorded, which does not exclude one"
    )
    competes = f"{words.listed(what)} may be from infection"
    competes += f", from {' or '.join(beside)}, or from more than one of them" if beside else ""
    return [f"{neutrophils}; {known}: {competes}." if severe else f"{words.opening(known)}: {competes}."]


def _could_be(facts: Facts) -> list[str]:
    """What of today an infection could cause: fever and low pressure, and with them the points of the DIC score."""
    what = [
        *(["the fever"] if measures.fever(facts) else []),
        *(["the low blood pressure"] if measures.low_pressure(facts) else []),
    ]
    return [*what, "DIC"] if what and measures.overt(facts) else what


def infection(facts: Facts) -> list[str]:
    """A recorded infection beside a raised C-reactive protein."""
    active, protein = measures.infections(facts), measures.today(facts, "c_reactive_protein")
    if not active or protein is None or protein[1] < RAISED_PROTEIN:
        return []
    since = words.day_words(active[0]["day"])
    return [f"An infection is recorded since {since}: it too raises C-reactive protein and fibrinogen."]


def hiding(facts: Facts) -> list[str]:
    """Steroids and interleukin-1 blockade: they too lower fever and C-reactive protein."""
    names = list(dict.fromkeys(agent_title(t["agent"]) for t in facts.running("steroid", "interleukin_1_blocker")))
    if not names:
        return []
    lower = "lowers" if len(names) == 1 else "lower"
    return [f"{words.opening(words.listed(names).lower())} {lower} fever and C-reactive protein too."]
