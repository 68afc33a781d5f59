"""The explanation that fits a patient-day best, in one line for each: what a reader must not have to look for."""

from __future__ import annotations

from carac.definitions.neurotoxicity.astct_icans import ICE_AGE
from carac.definitions.proposals.sorting.explanations import NAME as EXPLAINED
from carac.grading.explanation import anticoagulants, consumption, fibrinogen, inflammation, measures, platelets, words
from carac.grading.explanation.facts import Facts


def leading(facts: Facts) -> list[str]:
    """The main explanations that fit, worst first; none where only single facts can be told."""
    return [
        *_after_crs(facts),
        *_hidden_consumption(facts),
        *_consumption(facts),
        *_tocilizumab(facts),
        *_transfused(facts),
        *_clot(facts),
        *_marrow(facts),
        *_acute_phase(facts),
        *_unexplained(facts),
        *_child(facts),
    ]


def _after_crs(facts: Facts) -> list[str]:
    if not inflammation.after_crs(facts):
        return []
    ferritin = facts.values("ferritin", facts.number, facts.number)[0]
    return [
        f"Pattern of IEC-HS: ferritin rises to {words.interval(*ferritin[1:])} ug/L after CRS has gone, with what"
        f" stands below; infection and progression are to be excluded. {_candidate(facts)}"
    ]


def _candidate(facts: Facts) -> str:
    """What the rule for candidates says of the day, where it was asked for."""
    if "iec_hs_candidate" not in facts.day:
        return "IEC-HS is not graded here."
    if not facts.day.get("iec_hs_candidate__enough"):
        return "The rule for a candidate of IEC-HS is not met, or cannot be said to be."
    items = words.interval(facts.day["iec_hs_candidate__lowest"], facts.day["iec_hs_candidate__highest"])
    return f"The rule for a candidate of IEC-HS is met with {items} of its items; the diagnosis is a clinician's."


def _hidden_consumption(facts: Facts) -> list[str]:
    if not fibrinogen.hidden_consumption(facts):
        return []
    peak, now = fibrinogen.peak_and_now(facts)
    if peak is None or now is None:
        return []
    return [
        f"Consumption hidden by an acute phase: fibrinogen {words.interval(*now[1:])} g/L looks normal and gives no"
        f" point, but was {words.number(peak[1])} on {words.day_words(peak[0])}, while D-dimer and INR rise."
    ]


def _consumption(facts: Facts) -> list[str]:
    if not measures.overt(facts) or fibrinogen.hidden_consumption(facts) or not consumption.movement(facts):
        return []
    fits = "Consumption fits in part" if consumption.improved(facts) else "Consumption fits"
    bleeds = "; there is bleeding" if measures.recent_bleeds(facts) else ""
    return [f"{fits}: the DIC score is reached, and {consumption.movement_words(facts)}{bleeds}."]


def _tocilizumab(facts: Facts) -> list[str]:
    days, now = fibrinogen.tocilizumab_days(facts), measures.today(facts, "fibrinogen")
    fits, against = fibrinogen.for_and_against(facts)
    if not days or now is None or not measures.low_fibrinogen(facts) or against or len(fits) < 2:
        return []
    return [
        f"Low fibrinogen ({words.interval(*now[1:])} g/L) fits tocilizumab, last given"
        f" {fibrinogen.last_given(facts, days)}: less is made, none need be consumed."
    ]


def _transfused(facts: Facts) -> list[str]:
    found, now = platelets.risen_by_transfusion(facts), measures.today(facts, "platelets")
    if found is None or now is None:
        return []
    counts = [
        f"{words.interval(row['value_low'], row['value_high'])} ({words.day_words(row['day'])})" for row in found.counts
    ]
    return [
        f"Platelets {words.interval(*now[1:])} are counted after transfusion ({words.days(found.days)}), so that their"
        f" grade flatters; before: {', '.join(counts)}."
    ]


def _clot(facts: Facts) -> list[str]:
    days = consumption.clot_days(facts)
    if not days or not measures.points(facts, "d_dimer") or measures.points(facts, "prothrombin_time"):
        return []
    return [f"The D-dimer points may be those of the clot of {words.day_words(days[0])}, not of consumption."]


def _marrow(facts: Facts) -> list[str]:
    neutrophils = platelets.both_low(facts)
    if neutrophils is None or not platelets.marrow_alone(facts):
        return []
    drugs = anticoagulants.prolonging(facts)
    fits = f"Low platelets fit suppressed marrow: neutrophils are {words.interval(*neutrophils[1:])} x10^9/L as well"
    if drugs:
        return [f"{fits}. The long prothrombin time may be that of {words.listed(drugs)}."]
    return [f"{fits}{_beside_marrow(facts)}."]


def _beside_marrow(facts: Facts) -> str:
    """Of what consumption moves: what does not speak for it, and what was not measured."""
    if facts.day.get(f"{EXPLAINED}__consumption_moves"):
        return "; yet platelets or fibrinogen fall, or D-dimer rises, as in consumption"
    known = {
        "fibrinogen": measures.today(facts, "fibrinogen") is not None,
        "D-dimer": measures.points(facts, "d_dimer") is not None,
        "prothrombin time": measures.points(facts, "prothrombin_time") is not None,
    }
    unknown = [name for name, there in known.items() if not there]
    if not unknown:
        return ", and nothing speaks for consumption"
    return f"; whether there is consumption too cannot be said without {words.listed(unknown, 'and')}"


def _acute_phase(facts: Facts) -> list[str]:
    if not fibrinogen.acute_phase(facts) or not fibrinogen.mild_d_dimer(facts):
        return []
    text = "Raised fibrinogen and mildly raised D-dimer fit an acute-phase reaction"
    moves = any(facts.day.get(f"{EXPLAINED}__{name}") for name in ("consumption_moves", "acute_phase_mask"))
    return [f"{text}; what moves as in consumption stands below." if moves else f"{text}, not a consumption."]


def _unexplained(facts: Facts) -> list[str]:
    now = measures.today(facts, "platelets")
    if now is None or not platelets.unexplained(facts):
        return []
    count = words.interval(*now[1:])
    open_ = platelets.not_looked(facts)
    if open_:
        return [
            f"What explains platelets of {count} cannot be said: {words.listed(open_)} could not be looked for today."
        ]
    looked = words.listed([*platelets.LOOKED, "heparin"], "nor")
    return [f"Neither {looked} explains platelets of {count}; what was looked for stands below."]


def _child(facts: Facts) -> list[str]:
    age = facts.infusion["age"]
    if age is None or age >= ICE_AGE:
        return []
    adult = [
        d for d in facts.graded.plan.definitions if d.population.startswith("adults") and "child" not in d.population
    ]
    instruments = list(dict.fromkeys(d.instrument for d in adult))
    text = f"A child of {words.number(age)} years: ICANS is graded by CAPD, not ICE."
    return [text + (f" Made for adults: {words.listed(instruments)}." if instruments else "")]
