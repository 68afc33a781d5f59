"""What could explain the values of a patient-day: facts beside the grades, to be weighed.

The sorting is that of the rules of thumb of catalogue section 6.6, 6.1 for inflammation after CRS and 2.2 for marrow.
"""

from __future__ import annotations

from carac.grading.explanation import words
from carac.grading.explanation.context import LOOK_BACK, agent_title
from carac.grading.explanation.facts import Facts

#: Interleukin-6 blockade keeps fibrinogen and C-reactive protein low for up to three weeks.
TOCILIZUMAB_DAYS = 21
#: C-reactive protein (mg/L) below which it counts as suppressed.
SUPPRESSED_PROTEIN = 10.0
#: Fibrinogen (g/L) above which it is raised as an acute-phase protein.
ACUTE_PHASE = 4.0
#: Share of the peak by which fibrinogen must have fallen to be said.
FALL = 0.3
#: Marrow suppression shows in both lines; below this, neutrophils say that platelets may be low for the same reason.
NEUTROPENIA = 1.0

Span = tuple[int, float, float]


def explanations(facts: Facts) -> list[str]:
    """Facts that could explain an abnormal value, each with what it does."""
    return [
        *_acute_phase(facts),
        *_tocilizumab(facts),
        *_fibrinogen_course(facts),
        *_movement(facts),
        *_markers(facts),
        *_marrow(facts),
        *_after_crs(facts),
        *_infection(facts),
        *_clot(facts),
        *_replacement(facts),
        *_anticoagulant(facts),
    ]


def today(facts: Facts, analyte: str) -> Span | None:
    """Today's worst value of an analyte."""
    found = facts.values(analyte, facts.number, facts.number)
    return found[0] if found else None


def multiple(facts: Facts) -> float | None:
    """D-dimer of the day over its upper limit, where that is one number."""
    low, high = (facts.day.get(f"d_dimer_highest_by_upper_limit__{end}") for end in ("from", "to"))
    return low if low is not None and low == high else None


def prolonged(facts: Facts) -> float | None:
    """Seconds of prothrombin time above its upper limit, where that is one number; 0 or less is not prolonged."""
    low, high = (facts.day.get(f"prothrombin_time_highest_above_upper_limit__{end}") for end in ("from", "to"))
    return low if low is not None and low == high else None


def _low_fibrinogen(facts: Facts) -> bool:
    ratio = facts.day.get("fibrinogen_lowest_by_lower_limit__to")
    return ratio is not None and ratio < 1


def _acute_phase(facts: Facts) -> list[str]:
    fibrinogen, protein, ratio, seconds = (
        *(today(facts, "fibrinogen"), today(facts, "c_reactive_protein")),
        *(multiple(facts), prolonged(facts)),
    )
    if fibrinogen is None or protein is None or fibrinogen[1] <= ACUTE_PHASE or protein[1] < SUPPRESSED_PROTEIN:
        return []
    text = (
        f"Fibrinogen ({words.interval(*fibrinogen[1:])} g/L) is raised together with C-reactive protein"
        f" ({words.interval(*protein[1:])} mg/L): an acute-phase reaction."
    )
    if ratio is not None and 1 < ratio <= 3 and (seconds is None or seconds <= 0):
        text += " A D-dimer raised up to 3 times its upper limit with a normal prothrombin time goes with it."
    return [text]


def _tocilizumab(facts: Facts) -> list[str]:
    days = [d for d in facts.given("interleukin_6_receptor_blocker") if d >= facts.number - TOCILIZUMAB_DAYS]
    if not days:
        return []
    ago = facts.number - days[-1]
    when = "today" if ago == 0 else f"{words.plural(ago, 'day')} ago"
    given = f"Tocilizumab was given on {words.days(days)}" + (f", last {when}" if len(days) > 1 else f" ({when})")
    if not _low_fibrinogen(facts):
        return [f"{given}: it takes away fever and C-reactive protein, which then no longer measure inflammation."]
    text = f"{given}: it lowers fibrinogen and C-reactive protein for up to three weeks without any consumption."
    fits, against = _for_and_against(facts)
    text += f" That fits here: {'; '.join(fits)}." if fits else ""
    return [text + (f" Against it here: {'; '.join(against)}." if against else "")]


def _for_and_against(facts: Facts) -> tuple[list[str], list[str]]:
    """What speaks for and against tocilizumab as the cause of a low fibrinogen."""
    fits: list[str] = []
    against: list[str] = []
    protein = facts.values("c_reactive_protein", facts.number - 2, facts.number)
    if protein:
        low = protein[-1][2] < SUPPRESSED_PROTEIN
        named = f"C-reactive protein is {words.interval(*protein[-1][1:])} mg/L"
        (fits if low else against).append(f"{named}, suppressed" if low else f"{named}, not suppressed")
    seconds = prolonged(facts)
    if seconds is not None:
        (fits if seconds <= 0 else against).append(f"prothrombin time is {'not ' if seconds <= 0 else ''}prolonged")
    markers = facts.values("d_dimer", facts.number - 3, facts.number)
    if len(markers) > 1 and markers[-1][0] == facts.number:
        rising = markers[-1][1] > markers[0][2]
        (against if rising else fits).append(f"D-dimer is {'' if rising else 'not '}rising")
    counts = facts.values("platelets", facts.number - 3, facts.number)
    if len(counts) > 1 and counts[-1][1] > counts[0][2]:
        fits.append("platelets are rising")
    return fits, against


def _fibrinogen_course(facts: Facts) -> list[str]:
    values = facts.values("fibrinogen", facts.number - LOOK_BACK, facts.number)
    if not values or values[-1][0] != facts.number:
        return []
    peak, now = max(values, key=lambda v: v[1]), values[-1]
    if peak[0] == now[0] or peak[1] <= 0 or 1 - now[2] / peak[1] < FALL:
        return []
    before = f"{words.number(peak[1])} g/L on {words.day_words(peak[0])}"
    text = f"Fibrinogen has fallen by {1 - now[2] / peak[1]:.0%} from {before} to {words.interval(*now[1:])}."
    if now[1] >= 1.5 and peak[1] > ACUTE_PHASE:
        text += " Raised as an acute-phase protein, it can be consumed and still look normal to any absolute cut-off."
    return [text]


def _movement(facts: Facts) -> list[str]:
    """Where the DIC score is reached: what its items did since the value before."""
    if not facts.day.get("isth_overt_dic_2025__overt"):
        return []
    moved = []
    for analyte, title, falls in (
        ("platelets", "platelets", True),
        ("fibrinogen", "fibrinogen", True),
        ("d_dimer", "D-dimer", False),
        ("inr", "INR", False),
    ):
        past = facts.values(analyte, facts.number - 3, facts.number)
        if len(past) > 1 and past[-1][0] == facts.number:
            (before, now) = past[-2], past[-1]
            if (now[2] < before[1]) if falls else (now[1] > before[2]):
                moved.append(f"{title} {words.interval(*before[1:])} to {words.interval(*now[1:])}")
    if len(moved) < 2:
        return []
    said = (
        "All four items of the DIC score have worsened" if len(moved) == 4 else "Items of the DIC score have worsened"
    )
    return [f"{said} since the value before ({', '.join(moved)}): that is how consumption looks."]


def _markers(facts: Facts) -> list[str]:
    """Whether the markers that consumption moves have moved: D-dimer and prothrombin time against their own limits."""
    said, ratio, seconds = [], multiple(facts), prolonged(facts)
    if ratio is not None:
        times = f"D-dimer is {words.number(round(ratio, 1))} times its upper limit"
        said.append("D-dimer is not raised" if ratio <= 1 else times)
    if seconds is not None:
        above = f"prothrombin time is {words.number(round(seconds, 1))} s above its upper limit"
        said.append("prothrombin time is not prolonged" if seconds <= 0 else above)
    text = "; ".join(said)
    return [f"{text[0].upper()}{text[1:]}."] if said else []


def _marrow(facts: Facts) -> list[str]:
    platelets, neutrophils = today(facts, "platelets"), today(facts, "neutrophils")
    if platelets is None or platelets[1] >= 100 or neutrophils is None or neutrophils[2] >= NEUTROPENIA:
        return []
    text = (
        f"Neutrophils are {words.interval(*neutrophils[1:])} x10^9/L as well: suppressed marrow could explain the"
        " platelets"
    )
    points = "isth_overt_dic_2025__"
    moved = [
        *(["fibrinogen"] if _low_fibrinogen(facts) else []),
        *(["D-dimer"] if facts.day.get(f"{points}d_dimer") else []),
        *(["prothrombin time"] if facts.day.get(f"{points}prothrombin_time") else []),
    ]
    return [text + (f", but not {' or '.join(moved)}." if moved else ".")]


def _after_crs(facts: Facts) -> list[str]:
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
        value, limit = today(facts, analyte), facts.upper_limit(analyte)
        if value is not None and limit and value[1] > 5 * limit:
            found.append(f"{short} {words.number(round(value[1] / limit, 1))} times its upper limit")
    fibrinogen, platelets = today(facts, "fibrinogen"), today(facts, "platelets")
    if fibrinogen is not None and (_low_fibrinogen(facts) or fibrinogen[2] < 1.5):
        found.append(f"fibrinogen {words.interval(*fibrinogen[1:])} g/L")
    if platelets is not None and platelets[2] < 25:
        found.append(f"platelets {words.interval(*platelets[1:])}")
    return found


def _infection(facts: Facts) -> list[str]:
    active = [
        e
        for e in facts.events
        if e["kind"] == "infection" and e["day"] <= facts.number <= (e["end_day"] or e["day"] + 7)
    ]
    protein = today(facts, "c_reactive_protein")
    if not active or protein is None or protein[1] < SUPPRESSED_PROTEIN:
        return []
    since = words.day_words(active[0]["day"])
    return [f"An infection is recorded since {since}: it too raises C-reactive protein and fibrinogen."]


def _clot(facts: Facts) -> list[str]:
    ratio = multiple(facts)
    clots = [e for e in facts.events if e.get("thrombosis_class") in ("venous", "arterial")]
    near = [e for e in clots if facts.number - 7 <= e["day"] <= facts.number]
    if not near or ratio is None or ratio <= 1:
        return []
    when = words.day_words(near[0]["day"])
    return [
        f"A clot was found on {when}: it raises D-dimer by itself, and may explain the DIC points that D-dimer gives."
    ]


def _replacement(facts: Facts) -> list[str]:
    found = []
    for name, what, days in (
        ("fibrinogen_replacement", "Fibrinogen was replaced", 2),
        ("platelet_transfusion", "Platelets were transfused", 1),
        ("plasma_transfusion", "Plasma was given", 1),
    ):
        given = [d for d in facts.given(name) if d >= facts.number - days]
        if given:
            found.append(f"{what} on {words.days(given)}: later values are not the patient's own alone.")
    return found


#: What therapeutic doses of an anticoagulant move.
_MOVES = {
    "vitamin_k_antagonist": "raises INR and prothrombin time",
    "direct_oral_anticoagulant": "can prolong prothrombin time and aPTT",
    "unfractionated_heparin": "prolongs aPTT",
    "argatroban": "prolongs aPTT and raises INR",
    "low_molecular_weight_heparin": "hardly moves INR or aPTT",
    "fondaparinux": "hardly moves INR or aPTT",
}
#: Of these, what lengthens prothrombin time.
PROLONGS = ("vitamin_k_antagonist", "direct_oral_anticoagulant", "argatroban")


def anticoagulants(facts: Facts) -> dict[str, str]:
    """Agents at more than prophylactic dose today, with their class."""
    return {
        agent_title(t["agent"]).lower(): t["agent_class"]
        for t in facts.treatments
        if t["start_day"] <= facts.number <= t["end_day"]
        and t["intent"] != "prophylactic"
        and t["agent_class"] in _MOVES
    }


def _anticoagulant(facts: Facts) -> list[str]:
    return [f"On {name}, which {_MOVES[kind]}." for name, kind in anticoagulants(facts).items()]
