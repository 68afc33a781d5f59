"""What stands out on a patient-day: the grades that matter, each with the fact that makes or unmakes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from carac.definitions.cytokine_release.vasopressors import FEVER_LOWERING
from carac.grading.explanation import causes, context, words
from carac.grading.explanation.facts import Facts
from carac.grading.explanation.grades import Line

_HYPOTENSION = {
    2: "low blood pressure without vasopressor",
    3: "low blood pressure on one vasopressor",
    4: "low blood pressure on several vasopressors",
}
_HYPOXIA = {2: "low-flow oxygen", 3: "high-flow oxygen or a mask", 4: "positive-pressure ventilation"}
_DOMAINS = {
    "ice": "ICE",
    "capd": "CAPD",
    "consciousness": "consciousness",
    "seizure": "seizure",
    "motor": "weakness",
    "pressure": "raised intracranial pressure",
}
_ITEMS = {
    "platelets": "platelets",
    "d_dimer": "D-dimer",
    "prothrombin_time": "prothrombin time",
    "fibrinogen": "fibrinogen",
}
#: Neutrophils (10^9/L) and days that make early ICAHT grade 3 (catalogue 2.1).
SEVERE_NEUTROPENIA, LONG = 0.5, 14
#: Last day of the early windows of ICAHT and T-ICAHT (catalogue 2.1, 2.2).
EARLY_END, LATE_END = 30, 100


def headline(facts: Facts, lines: Sequence[Line]) -> list[str]:
    """The worst of each kind, in one line each."""
    by_name = {line.name: line for line in lines}
    found = [
        *_cytokine_release(facts, by_name),
        *_not_due_to_crs(facts),
        *_neurotoxicity(facts, by_name),
        *_events(facts),
        *_toxicity(facts, lines),
        *_against_baseline(facts, by_name),
        *_consumption(facts, by_name),
        *_neutropenia(facts),
        *_second_fall(facts),
        *_late(facts),
    ]
    return found or ["Nothing is graded above 0 on this day."]


def _cytokine_release(facts: Facts, by_name: Mapping[str, Line]) -> list[str]:
    line, row = by_name.get("astct_crs"), facts.day
    if line is None or line.grade in ("", "0"):
        return []
    pressure, oxygen = row.get("astct_crs__hypotension"), row.get("astct_crs__hypoxia")
    fluids = pressure == 2 and facts.number in facts.given("intravenous_fluids")
    signs = [
        "fever" if row.get("astct_crs__fever") else "",
        _HYPOTENSION.get(pressure or 0, "") + (", given fluids" if fluids else ""),
        _HYPOXIA.get(oxygen or 0, ""),
    ]
    made = ": " + "; ".join(s for s in signs if s) if any(signs) else ""
    return [f"{line.title}: grade {line.grade}{made}", *_gate(facts)]


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
    after = f"after {' and '.join(dict.fromkeys(names))}" if names else "after treatment that lowers fever"
    if gate == "after_treatment":
        return [f"No fever today; graded because {after} CRS needs fever no longer."]
    text = f"No fever today; graded because the last fever was within {hours} hours"
    return [text + (f", and {after} CRS needs fever no longer." if names else ".")]


def _not_due_to_crs(facts: Facts) -> list[str]:
    found = []
    for sign, present, title in (
        ("hypotension", facts.said("hypotension", "yes"), "Blood pressure was low"),
        ("hypoxia", bool(facts.day.get("astct_crs__hypoxia")), "Oxygen was needed"),
    ):
        if not present or not facts.said(f"{sign}_due_to_crs", "no"):
            continue
        bleeds = [e for e in facts.events if e["kind"] == "bleeding" and 0 <= facts.number - e["day"] <= 1]
        beside = f" It goes with a bleed ({_place(bleeds[0])})." if bleeds and sign == "hypotension" else ""
        found.append(f"{title}, but the record says not because of CRS: it does not count for the CRS grade.{beside}")
    if facts.said("fever_due_to_other_cause", "yes"):
        found.append("There was fever, but the record gives it another cause: it does not count for the CRS grade.")
    return found


def _place(event: Mapping[str, object]) -> str:
    return str(event.get("site") or event.get("code_subclass") or event["kind"]).replace("_", " ")


def _neurotoxicity(facts: Facts, by_name: Mapping[str, Line]) -> list[str]:
    line, row = by_name.get("astct_icans"), facts.day
    if line is None:
        return []
    signs = [
        f"{title} {row[f'astct_icans__{name}']}"
        for name, title in _DOMAINS.items()
        if (row.get(f"astct_icans__{name}") or 0) > 0
    ]
    if line.grade not in ("", "0"):
        return [f"{line.title}: grade {line.grade}" + (f" (grade by sign: {', '.join(signs)})" if signs else "")]
    if not row.get("astct_icans__in_intracranial_haemorrhage"):
        return []
    bleeds = [e for e in facts.events if e["site"] == "intracranial" and e["day"] <= facts.number]
    since = f" ({words.day_words(bleeds[-1]['day'])})" if bleeds else ""
    text = f"{line.title}: no grade, because of the intracranial haemorrhage{since}: ICANS excludes its signs."
    graded, recorded = row.get("astct_icans__as_graded"), row.get("astct_icans__recorded")
    if graded:
        text += f" Without it they would be grade {graded} ({', '.join(signs)})."
    return [text + (f" The record says ICANS {recorded}." if recorded is not None else "")]


def _events(facts: Facts) -> list[str]:
    """Bleeds of the day and the days beside it, clots of the last week."""
    found = []
    for event in sorted(facts.events, key=lambda e: e["day"]):
        away = facts.number - event["day"]
        if event["kind"] == "bleeding" and abs(away) <= 1:
            found.append(_begun(context.event_words(event)) + _scales(event))
        elif event.get("thrombosis_class") in ("venous", "arterial") and 0 <= away <= 7:
            found.append(_begun(context.event_words(event)) + _with_platelets(facts))
    return found


def _begun(text: str) -> str:
    return text[0].upper() + text[1:]


def _scales(event: Mapping[str, object]) -> str:
    """Where WHO calls a bleed trivial and ISTH does not (catalogue 7.2, 7.3)."""
    if event.get("who_bleeding") == 1 and event.get("isth_bleeding") == 2:
        return ": WHO grades the blood, ISTH also what was done about it"
    return ""


def _with_platelets(facts: Facts) -> str:
    platelets = causes.today(facts, "platelets")
    if platelets is None or platelets[2] >= 50:
        return ""
    count = words.interval(*platelets[1:])
    return f", with platelets {count}: below 50, where the dose of an anticoagulant is reconsidered (ISTH SSC 2018)"


def _toxicity(facts: Facts, lines: Sequence[Line]) -> list[str]:
    named = [
        f"{line.title.removeprefix('CTCAE 5.0 ')} {line.grade}"
        for line in lines
        if line.name.startswith("ctcae_v5")
        and line.grade not in ("", "0")
        and not line.name.endswith("with_baseline")
        and not (line.name == "ctcae_v5_inr" and _baseline_counts(facts))
    ]
    return [f"CTCAE 5.0 grades: {'; '.join(named)}"] if named else []


def _baseline_counts(facts: Facts) -> bool:
    """Whether INR is to be read against its own baseline: on an anticoagulant that raises it, with one known."""
    return bool(_prolonging(facts)) and facts.day.get("inr_baseline__from") is not None


def _prolonging(facts: Facts) -> list[str]:
    return [name for name, kind in causes.anticoagulants(facts).items() if kind in causes.PROLONGS]


def _against_baseline(facts: Facts, by_name: Mapping[str, Line]) -> list[str]:
    absolute, relative = (by_name.get(name) for name in ("ctcae_v5_inr", "ctcae_v5_inr_with_baseline"))
    inr, base = causes.today(facts, "inr"), facts.day.get("inr_baseline__from")
    if not _baseline_counts(facts) or absolute is None or relative is None or inr is None or not base:
        return []
    if absolute.grade in ("", "0") and relative.grade in ("", "0"):
        return []
    times, on = words.number(round(inr[1] / base, 1)), ", ".join(_prolonging(facts))
    return [
        f"INR {words.interval(*inr[1:])} on {on}, {times} times the {words.number(base)} before treatment:"
        f" CTCAE 5.0 grade {relative.grade} against that baseline (taken alone it would be grade {absolute.grade})."
    ]


def _consumption(facts: Facts, by_name: Mapping[str, Line]) -> list[str]:
    score = by_name.get("isth_overt_dic_2025")
    if score is None or not score.grade:
        return []
    points = {item: facts.day.get(f"{score.name}__{item}") for item in _ITEMS}
    given = [f"{_ITEMS[item]} {number}" for item, number in points.items() if number]
    of = f" ({', '.join(given)})" if given else ""
    text = f"{score.title}: {score.grade} of 8 points{of}, {score.reasons[0] if score.reasons else ''}"
    if points["platelets"] == 2 and all(points[item] == 0 for item in points if item != "platelets"):
        text += ". Every point is from the platelets; D-dimer, prothrombin time and fibrinogen give none."
    drugs = _prolonging(facts)
    if points["prothrombin_time"] and drugs:
        text += f". The prothrombin-time points may be those of {', '.join(drugs)}, not of consumption."
    return [text]


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
    if not EARLY_END < facts.number <= LATE_END:
        return []
    found = []
    for analyte, limit, early, late, title in (
        ("platelets", 100, "t_icaht_early_as_printed", "t_icaht_late_as_printed", "T-ICAHT"),
        ("neutrophils", 1.5, "icaht_early_as_printed", "icaht_late_as_printed", "ICAHT"),
    ):
        value = causes.today(facts, analyte)
        if value is None or value[2] > limit or facts.infusion.get(late) is None:
            continue
        before = words.grade_words(*(facts.infusion.get(early + end) for end in ("", "__lowest", "__highest")))
        found.append(
            f"{words.title(analyte)} {words.interval(*value[1:])} after day {EARLY_END}: early {title}"
            f" ({before or 'not graded'}) has closed, late {title} counts it (grade {facts.infusion[late]} in the end)."
        )
    return found
