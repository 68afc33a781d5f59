"""What could explain a fibrinogen: acute phase, tocilizumab, consumption that an acute phase hides."""

from __future__ import annotations

from carac.grading.explanation import consumption, measures, words
from carac.grading.explanation.context import LOOK_BACK, Span
from carac.grading.explanation.facts import Facts

#: Interleukin-6 blockade keeps fibrinogen and C-reactive protein low for up to three weeks.
TOCILIZUMAB_DAYS = 21
#: C-reactive protein (mg/L) below which it counts as suppressed.
SUPPRESSED_PROTEIN = 10.0
#: Fibrinogen (g/L) above which it is raised as an acute-phase protein.
ACUTE_PHASE = 4.0
#: Share of the peak by which fibrinogen must have fallen to be said; and its value (g/L) that still looks normal.
FALL, LOOKS_NORMAL = 0.3, 1.5


def acute_phase(facts: Facts) -> list[str]:
    """A fibrinogen that is raised together with C-reactive protein, and a mild D-dimer beside it."""
    fibrinogen, protein = measures.today(facts, "fibrinogen"), measures.today(facts, "c_reactive_protein")
    if fibrinogen is None or protein is None or fibrinogen[1] <= ACUTE_PHASE or protein[1] < SUPPRESSED_PROTEIN:
        return []
    text = (
        f"Fibrinogen ({words.interval(*fibrinogen[1:])} g/L) is raised together with C-reactive protein"
        f" ({words.interval(*protein[1:])} mg/L): an acute-phase reaction."
    )
    return [text + (" " + _MILD_D_DIMER if mild_d_dimer(facts) else "")]


_MILD_D_DIMER = "A D-dimer raised up to 3 times its upper limit with a normal prothrombin time goes with it."


def mild_d_dimer(facts: Facts) -> bool:
    """Whether D-dimer is raised too little for points, and prothrombin time is not prolonged."""
    ratio, seconds = measures.multiple(facts), measures.prolonged(facts)
    return ratio is not None and 1 < ratio <= 3 and (seconds is None or seconds <= 0)


def tocilizumab_days(facts: Facts) -> list[int]:
    """Days of tocilizumab that can still act."""
    return [d for d in facts.given("interleukin_6_receptor_blocker") if d >= facts.number - TOCILIZUMAB_DAYS]


def last_given(facts: Facts, days: list[int]) -> str:
    """How long ago the last of these days was."""
    ago = facts.number - days[-1]
    return "today" if ago == 0 else f"{words.plural(ago, 'day')} ago"


def tocilizumab(facts: Facts) -> list[str]:
    """What tocilizumab takes away; where fibrinogen is low or has fallen since, what speaks for and against it."""
    days = tocilizumab_days(facts)
    if not days:
        return []
    when = last_given(facts, days)
    given = f"Tocilizumab was given on {words.days(days)}" + (f", last {when}" if len(days) > 1 else f" ({when})")
    text = f"{given}: it takes away fever and C-reactive protein, which then no longer measure inflammation."
    text += " There is fever today in spite of it." if measures.fever(facts) else ""
    if not (measures.low_fibrinogen(facts) or _fallen_since(facts, days[0])):
        return [text]
    fits, against = for_and_against(facts)
    text += " It also lowers fibrinogen for up to three weeks without any consumption."
    text += f" That fits here: {'; '.join(fits)}." if fits else ""
    return [text + (f" Against it here: {'; '.join(against)}." if against else "")]


def _fallen_since(facts: Facts, first: int) -> bool:
    """Whether fibrinogen has fallen since the day of the first dose."""
    values = facts.values("fibrinogen", max(first, facts.number - LOOK_BACK), facts.number)
    now = measures.today(facts, "fibrinogen")
    return bool(values) and now is not None and 1 - now[2] / max(v[1] for v in values) >= FALL


def for_and_against(facts: Facts) -> tuple[list[str], list[str]]:
    """What speaks for and against tocilizumab as the cause of a low or falling fibrinogen."""
    fits: list[str] = []
    against: list[str] = []
    protein = facts.values("c_reactive_protein", facts.number - 2, facts.number)
    if protein:
        low = protein[-1][2] < SUPPRESSED_PROTEIN
        named = f"C-reactive protein is {words.interval(*protein[-1][1:])} mg/L"
        (fits if low else against).append(f"{named}, suppressed" if low else f"{named}, not suppressed")
    seconds = measures.prolonged(facts)
    if seconds is not None:
        (fits if seconds <= 0 else against).append(consumption.prothrombin_words(seconds))
    markers = facts.values("d_dimer", facts.number - 3, facts.number)
    if len(markers) > 1 and markers[-1][0] == facts.number:
        rising = markers[-1][1] > markers[0][2]
        (against if rising else fits).append(f"D-dimer is {'' if rising else 'not '}rising")
    counts = facts.values("platelets", facts.number - 3, facts.number)
    transfused = [d for d in facts.given("platelet_transfusion") if d >= facts.number - 4]
    if len(counts) > 1 and counts[-1][1] > counts[0][2] and not transfused:
        fits.append("platelets are rising")
    return fits, against


def course(facts: Facts) -> list[str]:
    """A fall from the peak of the last days, and what it may mean."""
    peak, now = peak_and_now(facts)
    if peak is None or now is None:
        return []
    before = f"{words.number(peak[1])} g/L on {words.day_words(peak[0])}"
    text = f"Fibrinogen has fallen by {1 - now[2] / peak[1]:.0%} from {before} to {words.interval(*now[1:])}"
    last = facts.values("fibrinogen", facts.number - LOOK_BACK, facts.number)[-2]
    if last[0] != peak[0]:
        text += f" (it was {words.interval(*last[1:])} on {words.day_words(last[0])})"
    text += "."
    if hidden_consumption(facts):
        text += " Raised as an acute-phase protein, it can be consumed and still look normal to any absolute cut-off."
    elif peak[1] > ACUTE_PHASE and now[1] >= LOOKS_NORMAL:
        text += _passing(facts, peak[0])
    return [text]


def _passing(facts: Facts, since: int) -> str:
    """Where C-reactive protein has fallen to less than half as well: the acute phase passes."""
    then = facts.values("c_reactive_protein", since - 1, facts.number)
    now = measures.today(facts, "c_reactive_protein")
    if now is None or not then:
        return ""
    highest = max(then, key=lambda v: v[1])
    if now[2] >= highest[1] / 2:
        return ""
    fallen = f"from {words.number(highest[1])} to {words.interval(*now[1:])} mg/L"
    return f" C-reactive protein has fallen too, {fallen}: an acute phase that passes, or is blocked, lowers both."


def peak_and_now(facts: Facts) -> tuple[Span | None, Span | None]:
    """The peak of the last days and today's value, where it has fallen from the one to the other."""
    values = facts.values("fibrinogen", facts.number - LOOK_BACK, facts.number)
    if not values or values[-1][0] != facts.number:
        return None, None
    peak, now = max(values, key=lambda v: v[1]), values[-1]
    if peak[0] == now[0] or peak[1] <= 0 or 1 - now[2] / peak[1] < FALL:
        return None, None
    return peak, now


def hidden_consumption(facts: Facts) -> bool:
    """Whether a fibrinogen that looks normal has fallen from an acute-phase peak while consumption shows elsewhere."""
    peak, now = peak_and_now(facts)
    if peak is None or now is None or peak[1] <= ACUTE_PHASE or now[1] < LOOKS_NORMAL:
        return False
    moved = consumption.moved(facts)
    return bool(measures.points(facts, "d_dimer")) and {"d_dimer", "inr"} <= set(moved)
