"""What was going on around a patient-day: values, treatments, events; facts beside the grades, to be weighed.

Nothing here is a grade. The sorting of an abnormality by what explains it is a proposal of its own.
"""

from __future__ import annotations

from carac.grading.explanation import words
from carac.grading.explanation.facts import Facts
from carac.vocabulary.agents import agents
from carac.vocabulary.types import Worse

#: The analytes of the table of values, in the order of a coagulation sheet.
SHEET = (
    *("platelets", "neutrophils", "haemoglobin", "fibrinogen", "d_dimer", "fibrin_degradation_products"),
    *("prothrombin_time", "inr", "aptt", "c_reactive_protein", "ferritin", "lactate_dehydrogenase", "creatinine"),
)
#: How far back a peak is looked for: fibrinogen rises as an acute-phase protein within days of fever.
LOOK_BACK = 10
#: Marrow suppression shows in both lines; below this, neutrophils say that platelets may be low for the same reason.
NEUTROPENIA = 1.0


def value_rows(facts: Facts) -> list[tuple[str, ...]]:
    """Per analyte: title with unit, the last value before, today, and the extremes since ten days before."""
    rows: list[tuple[str, ...]] = []
    for analyte in SHEET:
        wanted = facts.input_of(analyte)
        if wanted is None:
            continue
        past = facts.values(analyte, facts.number - LOOK_BACK, facts.number)
        today = [v for v in past if v[0] == facts.number]
        before = [v for v in past if v[0] < facts.number]
        if not past:
            continue
        highest, lowest = max(past, key=lambda v: v[1]), min(past, key=lambda v: v[2])
        extreme = highest if (wanted.worse is Worse.HIGHER or analyte == "fibrinogen") else lowest
        rows.append(
            (
                words.title(analyte) + (f" ({words.unit(analyte).strip()})" if words.unit(analyte) else ""),
                words.interval(*today[0][1:]) if today else "–",
                _at(before[-1]) if before else "–",
                ("highest " if extreme is highest else "lowest ") + _at(extreme),
            )
        )
    return rows


def _at(value: tuple[int, float, float]) -> str:
    return f"{words.interval(*value[1:])} ({words.day_words(value[0])})"


def explanations(facts: Facts) -> list[str]:
    """Facts that could explain an abnormal value, each with what it does."""
    found = [*_tocilizumab(facts), *_marrow(facts), *_fibrinogen_course(facts), *_consumption(facts)]
    return [*found, *_replacement(facts), *_anticoagulant(facts)]


def _given(facts: Facts, *classes: str) -> list[int]:
    return sorted(
        {
            int(t["start_day"])
            for t in facts.treatments
            if t["agent_class"] in classes and t["start_day"] <= facts.number
        }
    )


def _days(days: list[int]) -> str:
    return words.day_words(days[0]) + "".join(f" and {day}" if day == days[-1] else f", {day}" for day in days[1:])


def _tocilizumab(facts: Facts) -> list[str]:
    days = [d for d in _given(facts, "interleukin_6_receptor_blocker") if d >= facts.number - 21]
    if not days:
        return []
    protein = facts.values("c_reactive_protein", facts.number - 2, facts.number)
    beside = f" C-reactive protein is {words.interval(*protein[-1][1:])} mg/L." if protein else ""
    ago = facts.number - days[-1]
    when = "today" if ago == 0 else f"{words.plural(ago, 'day')} ago"
    return [
        f"Tocilizumab was given on {_days(days)}, last {when}: it lowers fibrinogen and C-reactive protein for weeks"
        f" without any consumption.{beside}"
    ]


def _marrow(facts: Facts) -> list[str]:
    platelets = facts.values("platelets", facts.number, facts.number)
    neutrophils = facts.values("neutrophils", facts.number, facts.number)
    if not platelets or platelets[0][1] >= 100 or not neutrophils or neutrophils[0][2] >= NEUTROPENIA:
        return []
    count = words.interval(*neutrophils[0][1:])
    return [f"Neutrophils are {count} x10^9/L as well: platelets may be low because the marrow is suppressed."]


def _fibrinogen_course(facts: Facts) -> list[str]:
    values = facts.values("fibrinogen", facts.number - LOOK_BACK, facts.number)
    if not values or values[-1][0] != facts.number:
        return []
    peak, today = max(values, key=lambda v: v[1]), values[-1]
    if peak[0] == today[0] or peak[1] <= 0:
        return []
    fall = 1 - today[2] / peak[1]
    if fall < 0.3:
        return []
    before = f"{words.number(peak[1])} g/L on {words.day_words(peak[0])}"
    text = f"Fibrinogen has fallen by {fall:.0%} from {before} to {words.interval(*today[1:])}."
    if today[1] >= 1.5:
        text += " Raised as an acute-phase protein, it can be consumed and still look normal to any absolute cut-off."
    return [text]


def _consumption(facts: Facts) -> list[str]:
    """Whether the markers that consumption moves have moved: D-dimer and prothrombin time against their own limits."""
    said = []
    row = facts.day
    ratio = row.get("d_dimer_highest_by_upper_limit__from")
    if ratio is not None and ratio == row.get("d_dimer_highest_by_upper_limit__to"):
        said.append(
            "D-dimer is not raised"
            if ratio <= 1
            else f"D-dimer is {words.number(round(ratio, 1))} times its upper limit"
        )
    above = row.get("prothrombin_time_highest_above_upper_limit__from")
    if above is not None and above == row.get("prothrombin_time_highest_above_upper_limit__to"):
        normal = "prothrombin time is not prolonged"
        said.append(
            normal if above <= 0 else f"prothrombin time is {words.number(round(above, 1))} s above its upper limit"
        )
    return (
        [
            f"{'; '.join(said)}.".replace(
                "prothrombin", "Prothrombin", 1 if len(said) == 1 and said[0].startswith("p") else 0
            )
        ]
        if said
        else []
    )


def _replacement(facts: Facts) -> list[str]:
    found = []
    for name, what, days in (
        ("fibrinogen_replacement", "Fibrinogen was replaced", 2),
        ("platelet_transfusion", "Platelets were transfused", 1),
        ("plasma_transfusion", "Plasma was given", 1),
    ):
        given = [d for d in _given(facts, name) if d >= facts.number - days]
        if given:
            found.append(f"{what} on {_days(given)}: later values are not the patient's own alone.")
    return found


def _anticoagulant(facts: Facts) -> list[str]:
    if not facts.day.get("therapeutic_anticoagulant"):
        return []
    on = [
        t for t in facts.treatments if t["start_day"] <= facts.number <= t["end_day"] and t["intent"] != "prophylactic"
    ]
    group = {
        "vitamin_k_antagonist",
        "direct_oral_anticoagulant",
        "unfractionated_heparin",
        "low_molecular_weight_heparin",
    }
    names = sorted({agent_title(t["agent"]) for t in on if t["agent_class"] in group | {"fondaparinux", "argatroban"}})
    return [f"On {', '.join(names).lower()}: INR or aPTT may be the drug's effect."] if names else []


def agent_title(agent: str) -> str:
    """An agent as it is written."""
    return agents()[agent].title if agent in agents() else agent.replace("_", " ")


def treatments(facts: Facts) -> list[str]:
    """What was given that day and the two days before."""
    near = [t for t in facts.treatments if t["start_day"] <= facts.number and t["end_day"] >= facts.number - 2]
    return list(dict.fromkeys(_course(t, facts.number) for t in near))


def _course(treatment: dict[str, object], today: int) -> str:
    start, end = int(str(treatment["start_day"])), int(str(treatment["end_day"]))
    when = words.day_words(start) if start == end else f"{words.day_words(start)} to {end}"
    intent = f", {treatment['intent']}" if treatment["intent"] else ""
    return f"{agent_title(str(treatment['agent']))} ({when}{intent})"


def events(facts: Facts) -> list[str]:
    """Events from a week before to three days after, with their grades."""
    found = []
    for event in facts.events:
        if not facts.number - 7 <= event["day"] <= facts.number + 3:
            continue
        what = str(event.get("site") or event.get("code_subclass") or event["kind"]).replace("_", " ")
        grades = []
        bleeding = {1: "minor", 2: "clinically relevant non-major", 3: "major"}.get(event.get("isth_bleeding") or 0)
        if bleeding:
            grades.append(f"ISTH {bleeding}")
        if event.get("who_bleeding") is not None:
            grades.append(f"WHO grade {event['who_bleeding']}")
        if event.get("thrombosis_class") in ("venous", "arterial"):
            grades.append(
                f"{event['thrombosis_class']} thrombosis, {str(event.get('thrombosis_category')).replace('_', ' ')}"
            )
        if event.get("thrombosis_class__catheter_related"):
            grades.append("catheter-related")
        kind = f"{event['kind']}: " if event["kind"] else ""
        found.append(f"{words.day_words(event['day'])}: {kind}{what}" + (f" ({'; '.join(grades)})" if grades else ""))
    return found


def peaks(facts: Facts) -> list[str]:
    """CRS and ICANS: today, and the worst so far."""
    found = []
    for name, title in (("astct_crs", "CRS"), ("astct_icans", "ICANS")):
        if name not in facts.day:
            continue
        past = [
            (row[name], int(row["day"]))
            for row in facts.course
            if 0 <= row["day"] <= facts.number and row[name] is not None
        ]
        if not past:
            continue
        worst = max(past, key=lambda p: (p[0], -p[1]))
        today = facts.day[name]
        now = f"grade {today} today" if today is not None else "not graded today"
        found.append(
            f"{title}: {now}; worst so far grade {worst[0]}" + (f" on {words.day_words(worst[1])}" if worst[0] else "")
        )
    return found
