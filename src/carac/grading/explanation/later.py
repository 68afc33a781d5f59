"""What came after the patient-day that is explained: true, and of use in looking back, but not known on that day."""

from __future__ import annotations

from carac.grading.explanation import context, words
from carac.grading.explanation.facts import Facts

#: Days after the explained one that are looked at.
AHEAD = 3


def later(facts: Facts) -> list[str]:
    """Grades and events of the next days, how what is going on today ended, and the late grades."""
    return [*_worse(facts), *_events(facts), *_ends(facts), *_late(facts)]


def _on(facts: Facts, day: int) -> str:
    away = day - facts.number
    return "On the next day" if away == 1 else f"{away} days later"


def _worse(facts: Facts) -> list[str]:
    """CRS and ICANS of the next days where they are worse than today."""
    found = []
    for name, title in context.SYNDROMES:
        if name not in facts.day:
            continue
        after = [(row[name], -int(row["day"])) for row in facts.course if _soon(facts, row["day"]) and row[name]]
        if after and max(after)[0] > (facts.day[name] or 0):
            grade, day = max(after)
            found.append(f"{_on(facts, -day)} ({words.day_words(-day)}): {title} grade {grade}")
    return found


def _soon(facts: Facts, day: int) -> bool:
    return facts.number < day <= facts.number + AHEAD


def _events(facts: Facts) -> list[str]:
    near = sorted((e for e in facts.events if _soon(facts, e["day"])), key=lambda event: int(event["day"]))
    return [
        f"{_on(facts, e['day'])} ({words.day_words(e['day'])}): {context.event_what(e)}{context.scales(e)}"
        for e in near
    ]


def _ends(facts: Facts) -> list[str]:
    """Events that had begun and ended after today, and lines taken out in the next days."""
    begun = [e for e in facts.events if _open_today(facts, e["day"], e.get("end_day"))]
    ended = [
        f"The {context.event_kind(e)} of {words.day_words(e['day'])} was recorded as over on"
        f" {words.day_words(e['end_day'])}"
        for e in begun
    ]
    lines = [p for p in facts.periods if p["kind"] == "central_line" and p["start_day"] <= facts.number]
    out = [
        f"{_on(facts, p['end_day'])} ({words.day_words(p['end_day'])}): the central line was taken out"
        for p in lines
        if p["end_day"] is not None and _soon(facts, p["end_day"])
    ]
    return [*ended, *out]


def _open_today(facts: Facts, first: int, last: int | None) -> bool:
    return facts.number - context.EVENT_DAYS <= first <= facts.number and last is not None and last > facts.number


def _late(facts: Facts) -> list[str]:
    """The late grades that the days from today on helped to make."""
    found = []
    for row in context.late_windows(facts):
        grade = facts.infusion.get(row.late)
        if grade is not None:
            found.append(f"Over the whole late window: late {row.title} grade {grade}")
    return found
