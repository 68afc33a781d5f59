"""What stands out on a patient-day: the grades that matter, each with the fact that makes or unmakes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from carac.definitions.cytokine_release.vasopressors import FEVER_LOWERING
from carac.grading.explanation import anticoagulants, context, inflammation, isth_score, leading, measures, signs, words
from carac.grading.explanation.context import EARLY_END
from carac.grading.explanation.facts import Facts
from carac.grading.explanation.grades import Line, sign_title

_HYPOTENSION = {
    2: "low blood pressure without vasopressor",
    3: "low blood pressure on one vasopressor",
    4: "low blood pressure on several vasopressors",
}
_HYPOXIA = {2: "low-flow oxygen", 3: "high-flow oxygen or a mask", 4: "positive-pressure ventilation"}
_DOMAINS = ("ice", "capd", "consciousness", "seizure", "motor", "pressure")
#: Neutrophils (10^9/L) and days that make early ICAHT grade 3 (catalogue 2.1).
SEVERE_NEUTROPENIA, LONG = 0.5, 14


def headline(facts: Facts, lines: Sequence[Line]) -> list[str]:
    """The worst of each kind, and what explains the day best, in one line each."""
    by_name = {line.name: line for line in lines}
    found = [
        *_cytokine_release(facts, by_name),
        *_not_due_to_crs(facts),
        *inflammation.competing_infection(facts),
        *_neurotoxicity(facts, by_name),
        *_events(facts),
        *leading.leading(facts),
        *_toxicity(facts, by_name),
        *_against_baseline(facts, by_name),
        *isth_score.headline(facts, lines),
        *_neutropenia(facts),
        *_second_fall(facts),
        *_late(facts),
    ]
    if any(line.grade for line in lines):
        return found or ["Nothing is graded above 0 on this day."]
    return found or ["Nothing could be graded on this day."]


def _cytokine_release(facts: Facts, by_name: Mapping[str, Line]) -> list[str]:
    line, row = by_name.get("astct_crs"), facts.day
    if line is None or line.grade in ("", "0"):
        return []
    pressure, oxygen = row.get("astct_crs__hypotension") or 0, row.get("astct_crs__hypoxia") or 0
    seen = signs.seen(facts)
    fluids = pressure == 2 and facts.number in facts.given("intravenous_fluids")
    made = [
        _with_what_was_seen("fever", seen.get("astct_crs__fever", "")) if row.get("astct_crs__fever") else "",
        _HYPOTENSION.get(pressure, "") + (", given fluids" if fluids else ""),
        _with_what_was_seen(_HYPOXIA[oxygen], seen.get("astct_crs__hypoxia", "")) if oxygen in _HYPOXIA else "",
    ]
    if pressure in _HYPOTENSION:
        made[1] = _with_what_was_seen(made[1], seen.get("astct_crs__hypotension", ""))
    text = ": " + "; ".join(sign for sign in made if sign) if any(made) else ""
    return [f"{line.title}: grade {line.grade}{text}", *_gate(facts)]


def _with_what_was_seen(text: str, seen: str) -> str:
    return f"{text} ({seen})" if seen else text


def _gate(facts: Facts) -> list[str]:
    """Why signs without fever count: a fever not long ago, or a treatment that takes fever away."""
    gate = facts.day.get("astct_crs__gate")
    if facts.day.get("astct_crs__fever") or gate not in ("within_hours_of_fever", "after_treatment"):
        return []
    hours = facts.graded.parameters.scope("astct_crs")["gate_hours"]
    lasting = [t for t in FEVER_LOWERING if t != "antipyretic"]
    near = [
        t
        for t in facts.treatments
        if t["agent_class"] in lasting and t["start_day"] <= facts.number <= t["end_day"] + 7
    ]
    names = [f"{context.agent_title(t['agent']).lower()} ({words.day_words(t['start_day'])})" for t in near]
    after = f"after {words.listed(list(dict.fromkeys(names)))}" if names else "after treatment that lowers fever"
    if gate == "after_treatment":
        return [f"No fever today; graded because {after} fever is no longer required."]
    text = f"No fever today; graded because the last fever was within {hours} hours"
    return [text + (f"; {after} fever is no longer required either." if names else ".")]


def _not_due_to_crs(facts: Facts) -> list[str]:
    found = []
    for sign, present, title in (
        ("hypotension", facts.said("hypotension", "yes"), "Blood pressure was low"),
        ("hypoxia", bool(facts.day.get("astct_crs__hypoxia")), "Oxygen was needed"),
    ):
        if not present or not facts.said(f"{sign}_due_to_crs", "no"):
            continue
        bleeds = measures.recent_bleeds(facts)
        beside = f" A bleed is recorded beside it ({_place(bleeds[0])})." if bleeds and sign == "hypotension" else ""
        closed = " Without a recent fever it would not have counted either." if _closed(facts) else ""
        found.append(
            f"{title}, but the record says not because of CRS: it does not count for the CRS grade.{closed}{beside}"
        )
    if facts.said("fever_due_to_other_cause", "yes"):
        found.append("There was fever, but the record gives it another cause: it does not count for the CRS grade.")
    return found


def _closed(facts: Facts) -> bool:
    return facts.day.get("astct_crs__gate") == "closed"


def _place(event: Mapping[str, object]) -> str:
    return str(event.get("site") or event.get("code_subclass") or event["kind"]).replace("_", " ")


def _neurotoxicity(facts: Facts, by_name: Mapping[str, Line]) -> list[str]:
    line, row = by_name.get("astct_icans"), facts.day
    if line is None:
        return []
    made = words.listed(_signs(facts))
    if line.grade not in ("", "0"):
        return [f"{line.title}: grade {line.grade}" + (f": {made}" if made else "") + _ventilated(facts)]
    if not row.get("astct_icans__in_intracranial_haemorrhage"):
        return []
    bleeds = [e for e in facts.events if e["site"] == "intracranial" and e["day"] <= facts.number]
    since = f" ({words.day_words(bleeds[-1]['day'])})" if bleeds else ""
    text = f"{line.title}: no grade, because of the intracranial haemorrhage{since}: ICANS excludes its signs."
    graded, recorded = row.get("astct_icans__as_graded"), row.get("astct_icans__recorded")
    if graded:
        text += f" Without it they would be grade {graded} ({made}); ICANS beside the bleed cannot be told from it."
    return [text + (f" The record says ICANS {recorded}." if recorded is not None else "")]


def _signs(facts: Facts) -> list[str]:
    """The signs of ICANS that have a grade above 0, with what was seen."""
    seen = signs.seen(facts)
    return [
        _with_what_was_seen(f"{sign_title(f'__{name}')} grade {grade}", seen.get(f"astct_icans__{name}", ""))
        for name in _DOMAINS
        if (grade := facts.day.get(f"astct_icans__{name}") or 0) > 0
    ]


def _ventilated(facts: Facts) -> str:
    """A score that asks for speech, under ventilation."""
    if facts.day.get("astct_crs__hypoxia") != 4 or facts.day.get("astct_icans__ice") is None:
        return ""
    return ". Under positive-pressure ventilation ICE asks whether the patient could speak and was not sedated."


def _events(facts: Facts) -> list[str]:
    """Bleeds that began today or the day before, clots of the last week."""
    found = []
    for event in sorted(facts.events, key=lambda e: int(e["day"])):
        away = facts.number - event["day"]
        if event["kind"] == "bleeding" and 0 <= away <= 1:
            found.append(words.opening(context.event_words(facts, event)) + context.scales(event))
        elif event.get("thrombosis_class") in ("venous", "arterial") and 0 <= away <= context.EVENT_DAYS:
            found.append(words.opening(context.event_words(facts, event)) + _with_platelets(facts))
    return found


def _with_platelets(facts: Facts) -> str:
    platelets = measures.today(facts, "platelets")
    if platelets is None or platelets[2] >= 50:
        return ""
    count = words.interval(*platelets[1:])
    return f", with platelets {count}: below 50, where the dose of an anticoagulant is reconsidered (ISTH SSC 2018)"


def _toxicity(facts: Facts, by_name: Mapping[str, Line]) -> list[str]:
    """The grades of CTCAE 5.0; where the fall from baseline says more than the limit, both."""
    named = []
    for name, line in by_name.items():
        if not name.startswith("ctcae_v5") or name.endswith("with_baseline"):
            continue
        if name == "ctcae_v5_inr" and anticoagulants.baseline_counts(facts):
            continue
        fall = by_name.get(f"{name}_with_baseline") if name == "ctcae_v5_fibrinogen" else None
        differs = fall is not None and fall.grade not in ("", line.grade)
        if line.grade not in ("", "0") or (differs and fall is not None and fall.grade != "0"):
            title = line.title.removeprefix("CTCAE 5.0 ").split(", ")[0]
            more = f" by its lower limit, {fall.grade} with the fall from baseline" if fall and differs else ""
            named.append(f"{title} {line.grade}{more}")
    return [f"CTCAE 5.0 grades: {'; '.join(named)}"] if named else []


def _against_baseline(facts: Facts, by_name: Mapping[str, Line]) -> list[str]:
    absolute, relative = (by_name.get(name) for name in ("ctcae_v5_inr", "ctcae_v5_inr_with_baseline"))
    inr, base = measures.today(facts, "inr"), facts.day.get("inr_baseline__from")
    if not anticoagulants.baseline_counts(facts) or absolute is None or relative is None or inr is None or not base:
        return []
    if absolute.grade in ("", "0") and relative.grade in ("", "0"):
        return []
    times, on = words.number(round(inr[1] / base, 1)), ", ".join(anticoagulants.prolonging(facts))
    return [
        f"INR {words.interval(*inr[1:])} on {on}, {times} times the {words.number(base)} before treatment:"
        f" CTCAE 5.0 grade {relative.grade} against that baseline (taken alone it would be grade {absolute.grade})."
    ]


def _neutropenia(facts: Facts) -> list[str]:
    """A long run of low neutrophils up to today, against the days that early ICAHT counts."""
    counts = facts.values("neutrophils", 0, facts.number)
    run = []
    for count in reversed(counts):
        if count[2] > SEVERE_NEUTROPENIA:
            break
        run.append(count)
    if not run or run[0][0] != facts.number or facts.number > EARLY_END:
        return []
    length = facts.number - run[-1][0] + 1
    if length < LONG:
        return []
    text = (
        f"Neutrophils have been at or below 0.5 on every count since {words.day_words(run[-1][0])}, {length} days"
        " (14 days or more are early ICAHT grade 3)."
    )
    score = facts.infusion.get("car_hematotox")
    if facts.infusion.get("car_hematotox__group") == "high" and score is not None:
        text += f" CAR-HEMATOTOX before treatment was {score}: from 2 on, a long neutropenia is to be expected."
    return [text]


def _second_fall(facts: Facts) -> list[str]:
    """Platelets that had recovered from a first nadir and fall again below 50."""
    counts = facts.values("platelets", 0, facts.number)
    if len(counts) < 3 or counts[-1][0] != facts.number or counts[-1][2] >= 50:
        return []
    now = counts[-1]
    transfused = facts.given("platelet_transfusion")
    own = [i for i, count in enumerate(counts) if i and not {count[0], count[0] - 1} & set(transfused)]
    peaks = [(counts[i], min(counts[:i], key=lambda c: c[1])) for i in own]
    peaks = [(p, low) for p, low in peaks if p[1] >= 50 and p[1] >= 1.5 * max(low[2], now[2]) and low[2] < 75]
    if not peaks:
        return []
    peak, low = max(peaks, key=lambda p: p[0][1])
    text = (
        f"Platelets fall a second time: {words.interval(*low[1:])} on {words.day_words(low[0])},"
        f" {words.interval(*peak[1:])} on {words.day_words(peak[0])}, {words.interval(*now[1:])} today."
    )
    if facts.number >= 20:
        text += " A first recovery is not the end: lymphodepletion has its nadir around day 5, the marrow after CAR-T"
        text += " often a second one around day 30."
    return [text]


def _late(facts: Facts) -> list[str]:
    """On days after the early windows: which grade counts low values now."""
    found = []
    for window in context.late_windows(facts):
        value = measures.today(facts, window.analyte)
        if value is None:
            continue
        before = words.grade_words(*(facts.infusion.get(window.early + end) for end in ("", "__lowest", "__highest")))
        if before and facts.infusion.get(window.early) is None:
            before += ", for want of counts"
        found.append(
            f"{words.title(window.analyte)} {words.interval(*value[1:])} after day {EARLY_END}: early {window.title}"
            f" ({before or 'not graded'}) has closed, from here on late {window.title} counts."
        )
    return found
