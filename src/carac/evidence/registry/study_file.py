"""Makes a study of a registry record: one outcome per group, kind of event and seriousness.

A registry gives patients per term and not per kind of event. Where one term of a kind has patients, their number is
known; where several have, it lies between the largest and the sum, because one person may have had several. Serious
and other events stay apart for the same reason, and so do groups. A group with nobody at risk was not observed: it has
no outcome, and not zero.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from carac.evidence.registry.overlap import overlapping
from carac.evidence.registry.record import Event, Group, Record
from carac.evidence.study import Arm, Cell, Citation, Outcome, Source, Study
from carac.vocabulary.adverse_event_terms import SortedTerm, Term, sort_term
from carac.vocabulary.products import names_car_t, product_of

#: Group of terms to the outcome of a study file. A clot whose vessel is not said is neither venous nor arterial.
OUTCOMES: Mapping[str, str] = {
    "venous": "venous_thromboembolism",
    "arterial": "arterial_thromboembolism",
    "thrombosis_unspecified": "thrombosis",
    "bleeding": "bleeding",
    "thrombocytopenia": "thrombocytopenia",
    "coagulopathy": "coagulopathy",
}
#: Not given where no term is listed: there "none" would be said of a kind that has no name of its own.
_ONLY_WHERE_LISTED = ("thrombosis_unspecified",)
_SPAN = re.compile(r"(?:up to )?(\d+(?:\.\d+)?)\s*(day|week|month|year)s?", re.IGNORECASE)
_DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}


@dataclass(frozen=True)
class TermReading:
    """What became of one term of one record.

    Parameters
    ----------
    record: its number.
    serious: among which events it stands.
    term: see `SortedTerm`.
    affected: the most patients in any one group, for whoever goes through the list (groups may overlap and are not
        added); None where not said.
    """

    record: str
    serious: bool
    term: SortedTerm
    affected: int | None


def study_of_record(
    record: Record, terms: Mapping[str, Term] | None = None, with_flags: bool = True
) -> tuple[Study, list[TermReading]]:
    """The study of a record, and what became of each of its terms.

    Parameters
    ----------
    record: of either layout.
    terms: list of terms; carac's own where None.
    with_flags: whether terms that are flagged for a person count; unknown ones never do.
    """
    readings = [
        TermReading(record.number, event.serious, sort_term(event.term, terms), _most_affected(event))
        for event in record.events
    ]
    overlaps = overlapping(record)
    arms = tuple(_arm(record, group, overlaps[group.name]) for group in record.groups)
    outcomes = [one for group in record.groups for one in _outcomes(record, group, readings, with_flags)]
    study = Study(
        name=record.number.lower(),
        title=f"{record.number}: {record.title}",
        design=_design(record),
        citations=(Citation(record.sponsor or "not given", record.title, "ClinicalTrials.gov", _year(record.updated)),),
        sources=(
            Source("registry", "registry", f"results of {record.number} on ClinicalTrials.gov", version=record.updated),
        ),
        arms=arms,
        outcomes=tuple(outcomes),
        phase=record.phase,
        population="; ".join(record.conditions),
        products=tuple(dict.fromkeys(arm.product for arm in arms if arm.product)),
        enrolment="" if record.enrolment is None else f"{record.enrolment} enrolled",
        follow_up=record.time_frame,
        registry_number=record.number,
        note=_note(record, overlaps),
    )
    return study, readings


def _most_affected(event: Event) -> int | None:
    numbers = [one.affected for one in event.groups if one.affected is not None]
    return max(numbers, default=None)


def _design(record: Record) -> str:
    if record.observational:
        return "cohort"
    if record.allocation.startswith("RANDOMI"):
        return "randomised_trial"
    # Several groups without lots are parts of one trial, each without a comparator of its own.
    return "single_arm_trial"


def _year(updated: str) -> int | None:
    found = re.search(r"\b(?:19|20)\d\d\b", updated)
    return int(found.group()) if found else None


def _note(record: Record, overlaps: Mapping[str, tuple[str, ...]]) -> str:
    parts = []
    if record.vocabulary:
        parts.append(f"Terms by {record.vocabulary}.")
    if record.threshold is not None:
        parts.append(f"Other events are listed from {record.threshold:g} % on.")
    if any(overlaps.values()):
        parts.append("Groups may count the same people and are not added.")
    return " ".join(parts)


def _arm(record: Record, group: Group, overlaps: tuple[str, ...]) -> Arm:
    told = f"{group.title} {group.description}"
    product = product_of(group.title) or product_of(group.description) or ""
    any_car_t = any(names_car_t(name) for name in (record.title, *record.interventions))
    car_t = bool(product) or names_car_t(told)
    at_risk = {one.at_risk for event in record.events for one in event.groups if one.group == group.name}
    number = at_risk.pop() if len(at_risk) == 1 else None
    return Arm(
        name=group.name,
        label=group.title or group.name,
        role="car_t" if car_t else "comparator" if any_car_t else "other",
        n=number or None,
        population="at risk of adverse events" if number else "",
        product=product if car_t else "",
        overlaps=overlaps,
    )


def _outcomes(record: Record, group: Group, readings: list[TermReading], with_flags: bool) -> Iterable[Outcome]:
    for serious in (True, False):
        terms: dict[str, list[tuple[str, int | None, int | None]]] = defaultdict(list)
        at_risk: set[int | None] = set()
        for event, reading in zip(record.events, readings, strict=True):
            for one in event.groups if event.serious is serious else ():
                if one.group != group.name:
                    continue
                at_risk.add(one.at_risk)
                sorted_ = reading.term
                if sorted_.group in OUTCOMES and (sorted_.role == "event" or (with_flags and sorted_.role == "flag")):
                    terms[sorted_.group].append((event.term, one.affected, one.at_risk))
        looked_at = group.serious_at_risk if serious else group.other_at_risk
        at_risk = at_risk or ({looked_at} if looked_at is not None else set())
        if at_risk:
            yield from _of_part(record, group, serious, terms, at_risk)
    if group.deaths is not None and group.deaths_at_risk:
        yield Outcome(
            "death",
            group.name,
            "registry",
            Cell("All-cause mortality", group.title),
            count=group.deaths,
            denominator=group.deaths_at_risk,
            denominator_from="record",
            **_window(record),  # type: ignore[arg-type]
        )


def _window(record: Record) -> dict[str, object]:
    """The window, where the record's time frame is one span and nothing else: "30 days after the last dose" is not."""
    match = _SPAN.fullmatch(record.time_frame.strip(" ."))
    if match is None:
        return {}
    days = float(match.group(1)) * _DAYS[match.group(2).casefold()]
    return {"window": match.group(), "window_days": round(days)}


def _of_part(
    record: Record,
    group: Group,
    serious: bool,
    terms: Mapping[str, list[tuple[str, int | None, int | None]]],
    at_risk: set[int | None],
) -> Iterable[Outcome]:
    """The outcomes of one group among its serious or its other events."""
    for kind, outcome in OUTCOMES.items():
        listed = terms.get(kind, [])
        if not listed and kind in _ONLY_WHERE_LISTED:
            continue
        denominators = {n for _, _, n in listed} or at_risk
        # Terms may be asked of different numbers of people; each number is an outcome of its own.
        for n in sorted(denominators, key=lambda n: (n is None, n)):
            yield Outcome(
                outcome=outcome,
                arm=group.name,
                source="registry",
                cell=Cell("Serious events" if serious else "Other events", group.title),
                serious="serious" if serious else "non-serious",
                definition="terms sorted by carac's list",
                terms=tuple(term for term, _, m in listed if m == n),
                **_window(record),  # type: ignore[arg-type]
                **_number(record, serious, [(term, k) for term, k, m in listed if m == n], n),  # type: ignore[arg-type]
            )


def _number(record: Record, serious: bool, listed: list[tuple[str, int | None]], n: int | None) -> dict[str, object]:
    """Count, or its bounds, or why there is none."""
    if not n:
        return {"reported": False, "note": "Nobody was at risk: not observed, which is not none."}
    if not listed:
        full = serious or record.threshold == 0
        if full:
            said = "Serious events are listed in full" if serious else "All other events are listed"
            note = f"{said}, and none is of this kind."
            return {"count": 0, "denominator": n, "denominator_from": "record", "note": note}
        return {"reported": False, "note": "No term of this kind is listed; rarer ones would not be."}
    unknown = any(k is None for _, k in listed)
    numbers = [k for _, k in listed if k is not None]
    detail = ", ".join(f"{term} {'not given' if k is None else k}" for term, k in listed)
    if not serious and record.threshold:
        detail += f"; terms below {record.threshold:g} % are not listed"
    found: dict[str, object] = {"denominator": n, "denominator_from": "record", "note": f"{detail}."}
    largest, total = max(numbers, default=0), min(sum(numbers), n)
    if not unknown and largest == total:
        return {**found, "count": largest}
    return {**found, "count_lowest": largest, "count_highest": n if unknown else total}
