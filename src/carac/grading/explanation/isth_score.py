"""The ISTH DIC score in words: its points, its cut-off, and whether its readings of D-dimer agree."""

from __future__ import annotations

from collections.abc import Sequence

from carac.grading.explanation import anticoagulants, measures, words
from carac.grading.explanation.facts import Facts
from carac.grading.explanation.grades import Line

INSTRUMENT = "ISTH overt DIC"
_OLDER = "isth_overt_dic_2001"
_MARKERS = {"fibrin_degradation_products": "fibrin degradation products"}
#: Points from which the score is compatible with overt DIC.
OVERT_FROM = 5


def headline(facts: Facts, lines: Sequence[Line]) -> list[str]:
    """The score of 2025 with its points, what else could give them, and readings that differ from it."""
    score = next((line for line in lines if line.name == measures.SCORE), None)
    if score is None or not score.grade:
        return []
    points = {item: measures.points(facts, item) for item in measures.ITEMS}
    given = [f"{measures.ITEMS[item]} {number}" for item, number in points.items() if number]
    of = f" ({', '.join(given)})" if given else ""
    text = f"{score.title}: {score.grade} of 8 points{of}, {reading(facts, score.name)} (from {OVERT_FROM} points on)"
    if points["platelets"] and all(points[item] == 0 for item in points if item != "platelets"):
        text += ". Every point is from the platelets; D-dimer, prothrombin time and fibrinogen give none"
    drugs = anticoagulants.prolonging(facts)
    if points["prothrombin_time"] and drugs:
        text += f". The prothrombin-time points may be those of {', '.join(drugs)}, not of consumption"
    return [text + ".", *_disagreement(facts, lines)]


def reading(facts: Facts, name: str) -> str:
    """Whether a score is compatible with overt DIC."""
    overt = facts.day.get(f"{name}__overt")
    return {
        True: "compatible with overt DIC",
        False: "not compatible with overt DIC",
        None: "whether compatible with overt DIC cannot be said",
    }[overt]


def _disagreement(facts: Facts, lines: Sequence[Line]) -> list[str]:
    """Readings of the older score that say another thing than that of 2025."""
    ours = facts.day.get(f"{measures.SCORE}__overt")
    others = [line for line in _measured(facts, lines) if facts.day.get(f"{line.name}__overt") not in (ours, None)]
    if ours is None or not others:
        return []
    grades = " or ".join(sorted({line.grade for line in others}))
    return [
        f"The 2001 score disagrees: {grades} points, {reading(facts, others[0].name)}, by"
        f" {words.listed([scheme(line) for line in others])}."
    ]


def _measured(facts: Facts, lines: Sequence[Line]) -> list[Line]:
    """The older scores whose marker was measured."""
    return [line for line in lines if line.name.startswith(_OLDER) and line.grade and _marker(facts, line.name)[1]]


def _marker(facts: Facts, name: str) -> tuple[str, bool]:
    """The item of the fibrin-related marker of a score, and whether its points are known."""
    item = next((i for i in ("d_dimer", *_MARKERS) if f"{name}__{i}" in facts.day), "d_dimer")
    return item, facts.day.get(f"{name}__{item}") is not None


def scheme(line: Line) -> str:
    """How a score of 2001 reads its fibrin-related marker."""
    return line.title.split(", ", 1)[-1]


def section(facts: Facts, lines: Sequence[Line]) -> list[str]:
    """The score of 2025 item by item; those of 2001 together where they agree."""
    texts = []
    for line in lines:
        if line.name == measures.SCORE and line.grade:
            items = [reason for reason in line.reasons if "compatible" not in reason]
            texts.append(f"{line.title}: {line.grade} — {reading(facts, line.name)}; {'; '.join(items)}" + _gap(line))
    alike: dict[str, list[str]] = {}
    measured = _measured(facts, lines)
    for line in measured:
        said = f"{line.grade} — {reading(facts, line.name)}; {_points(facts, line.name)}{_gap(line)}"
        alike.setdefault(said, []).append(scheme(line))
    texts += [f"{INSTRUMENT} 2001: {said}. By {'; '.join(schemes)}" for said, schemes in alike.items()]
    without = [scheme(line) for line in lines if line.name.startswith(_OLDER) and line.grade and line not in measured]
    return texts + ([f"{INSTRUMENT} 2001, marker not measured: {'; '.join(without)}"] if without else [])


def _points(facts: Facts, name: str) -> str:
    marker, _ = _marker(facts, name)
    items = {**measures.ITEMS, **_MARKERS}
    known = {item: facts.day.get(f"{name}__{item}") for item in ("platelets", marker, "prothrombin_time", "fibrinogen")}
    return ", ".join(f"{items[item]} {'unknown' if n is None else n}" for item, n in known.items())


def _gap(line: Line) -> str:
    return f". {'. '.join(line.missing)}" if line.missing else ""
