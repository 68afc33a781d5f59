"""Reads the two layouts of ClinicalTrials.gov results: API version 2, and the older one (clinical_results)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from html import unescape
from pathlib import Path
from typing import Any

from carac.evidence.registry.record import Affected, Event, Group, Record
from carac.findings import CaracError

Json = Mapping[str, Any]
#: The older layout lists its totals among the terms, under this heading.
_TOTAL = "Total"
#: Which total is which.
_MORTALITY, _SERIOUS, _OTHER = (
    "Total, all-cause mortality",
    "Total, serious adverse events",
    "Total, other adverse events",
)


def read_record(path: Path) -> Record:
    """The record of a JSON file that holds one.

    Raises
    ------
    CaracError: the file is no JSON, no record of either layout, or has no adverse events.
    """
    return record_of(_loaded(path), path.name)


def raw_records(path: Path) -> list[tuple[str, Any]]:
    """The records of a JSON file, not yet read, each with a name for messages.

    A file holds one record, or many as a list or under "studies", as downloads of a whole search do.
    """
    loaded = _loaded(path)
    many = loaded.get("studies") if isinstance(loaded, dict) else loaded
    if not isinstance(many, list):
        return [(path.name, loaded)]
    return [(f"{path.name}, record {number}", one) for number, one in enumerate(many, 1)]


def _loaded(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise CaracError(f"{path.name} cannot be read ({error}).") from None
    except json.JSONDecodeError as error:
        raise CaracError(
            f"{path.name} is no JSON ({error.msg}, line {error.lineno}); save the record as JSON."
        ) from None


def record_of(loaded: Any, name: str) -> Record:
    """The record of loaded JSON, of whichever layout; `name` is for messages."""
    if not isinstance(loaded, dict):
        raise CaracError(f"{name} is no record of ClinicalTrials.gov; one record is one JSON object.")
    study = loaded.get("clinical_study", loaded)
    try:
        if "protocolSection" in study:
            return _version_2(study, name)
        if "clinical_results" in study or "id_info" in study:
            return _older(study, name)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CaracError(f"{name}: the record is not laid out as expected ({type(error).__name__}: {error}).") from None
    raise CaracError(f"{name} is no record of ClinicalTrials.gov; it has neither protocolSection nor clinical_results.")


# ---- both ----


def _text(value: Any) -> str:
    """Text without markup signs and line breaks; "" for what is no text (an empty element is an empty object)."""
    return " ".join(unescape(value).split()) if isinstance(value, str) else ""


def _list(value: Any) -> list[Any]:
    """A list of what may be one, several or none."""
    if value is None or value == {}:
        return []
    return value if isinstance(value, list) else [value]


def _whole(value: Any) -> int | None:
    """A whole number; None where there is none."""
    if isinstance(value, bool) or value in (None, "", {}):
        return None
    text = str(value).replace(",", "").strip()
    return int(text) if text.isdecimal() else None


def _percentage(value: Any) -> float | None:
    try:
        return float(str(value))
    except (TypeError, ValueError):
        return None


def _phase(words: Iterable[str]) -> str:
    return "/".join(digit for word in words for digit in re.findall(r"\d", word))


def _adverse(found: Any, name: str) -> Json:
    if not found:
        raise CaracError(f"{name} has no adverse events; only records with posted results have them.")
    return found


# ---- API version 2 ----


def _version_2(study: Json, name: str) -> Record:
    protocol = study["protocolSection"]
    module = _adverse(study.get("resultsSection", {}).get("adverseEventsModule"), name)
    identity, design = protocol["identificationModule"], protocol.get("designModule", {})
    status = protocol.get("statusModule", {})
    events = [
        _event_2(entry, serious)
        for key, serious in (("seriousEvents", True), ("otherEvents", False))
        for entry in module.get(key, [])
    ]
    listed = [*module.get("seriousEvents", []), *module.get("otherEvents", [])]
    vocabularies = {_text(entry.get("sourceVocabulary")) for entry in listed}
    return Record(
        number=_text(identity["nctId"]),
        title=_text(identity.get("briefTitle")),
        sponsor=_text(protocol.get("sponsorCollaboratorsModule", {}).get("leadSponsor", {}).get("name")),
        conditions=tuple(_text(one) for one in protocol.get("conditionsModule", {}).get("conditions", [])),
        interventions=tuple(
            _text(one.get("name")) for one in protocol.get("armsInterventionsModule", {}).get("interventions", [])
        ),
        allocation=_text(design.get("designInfo", {}).get("allocation")).upper(),
        observational=_text(design.get("studyType")).upper() == "OBSERVATIONAL",
        phase=_phase(design.get("phases", [])),
        enrolment=_whole(design.get("enrollmentInfo", {}).get("count")),
        updated=_text(status.get("lastUpdatePostDateStruct", {}).get("date")),
        time_frame=_text(module.get("timeFrame")),
        note=_text(module.get("description")),
        threshold=_percentage(module.get("frequencyThreshold")),
        vocabulary=", ".join(sorted(word for word in vocabularies if word)),
        groups=tuple(_group_2(one) for one in module.get("eventGroups", [])),
        events=tuple(events),
    )


def _group_2(one: Json) -> Group:
    return Group(
        name=_text(one["id"]),
        title=_text(one.get("title")),
        description=_text(one.get("description")),
        deaths=_whole(one.get("deathsNumAffected")),
        deaths_at_risk=_whole(one.get("deathsNumAtRisk")),
        serious_at_risk=_whole(one.get("seriousNumAtRisk")),
        other_at_risk=_whole(one.get("otherNumAtRisk")),
    )


def _event_2(entry: Json, serious: bool) -> Event:
    groups = (
        Affected(_text(one["groupId"]), _whole(one.get("numAffected")), _whole(one.get("numAtRisk")))
        for one in entry.get("stats", [])
    )
    return Event(_text(entry["term"]), serious, tuple(groups))


# ---- the older layout ----


def _attributes(entry: Json) -> Json:
    """Attributes stand in the entry itself or under "@attributes"."""
    return {**entry, **entry.get("@attributes", {})}


def _older(study: Json, name: str) -> Record:
    module = _adverse(study.get("clinical_results", {}).get("reported_events"), name)
    events: list[Event] = []
    totals: dict[str, dict[str, Affected]] = {}
    for key, serious in (("serious_events", True), ("other_events", False)):
        for heading, entry in _terms(module.get(key)):
            event = _event_older(entry, serious)
            if heading == _TOTAL:
                totals[event.term] = {one.group: one for one in event.groups}
                continue
            events.append(event)
    other = _attributes(module.get("other_events") or {})
    design = study.get("study_design_info") or {}
    sponsor = (study.get("sponsors") or {}).get("lead_sponsor") or {}
    return Record(
        number=_text((study.get("id_info") or {})["nct_id"]),
        title=_text(study.get("brief_title")),
        sponsor=_text(sponsor.get("agency")),
        conditions=tuple(_text(one) for one in _list(study.get("condition"))),
        interventions=tuple(_text(one.get("intervention_name")) for one in _list(study.get("intervention"))),
        allocation=_text(design.get("allocation")).upper(),
        observational=_text(study.get("study_type")).casefold().startswith("observational"),
        phase=_phase([_text(study.get("phase"))]),
        enrolment=_whole(_number_in(study.get("enrollment"))),
        updated=_text(study.get("last_update_posted")),
        time_frame=_text(module.get("time_frame")),
        note=_text(module.get("desc")),
        threshold=_percentage(other.get("frequency_threshold")),
        vocabulary=_text(other.get("default_vocab")),
        groups=tuple(_group_older(one, totals) for one in _list((module.get("group_list") or {}).get("group"))),
        events=tuple(events),
    )


def _number_in(value: Any) -> Any:
    """A number that may stand beside its attributes."""
    return value.get("#text", value.get("value")) if isinstance(value, dict) else value


def _terms(part: Any) -> Iterable[tuple[str, Json]]:
    """The terms of one part, each with its heading."""
    for category in _list(((part or {}).get("category_list") or {}).get("category")):
        for event in _list((category.get("event_list") or {}).get("event")):
            yield _text(category.get("title")), event


def _event_older(entry: Json, serious: bool) -> Event:
    groups = []
    for counts in _list(entry.get("counts")):
        one = _attributes(counts)
        groups.append(
            Affected(_text(one["group_id"]), _whole(one.get("subjects_affected")), _whole(one.get("subjects_at_risk")))
        )
    title = entry["sub_title"]
    return Event(_text(title.get("#text") if isinstance(title, dict) else title), serious, tuple(groups))


def _group_older(entry: Json, totals: Mapping[str, Mapping[str, Affected]]) -> Group:
    one = _attributes(entry)
    name = _text(one["group_id"])
    death, serious, other = (totals.get(total, {}).get(name) for total in (_MORTALITY, _SERIOUS, _OTHER))
    return Group(
        name=name,
        title=_text(one.get("title")),
        description=_text(one.get("description")),
        deaths=death.affected if death else None,
        deaths_at_risk=death.at_risk if death else None,
        serious_at_risk=serious.at_risk if serious else None,
        other_at_risk=other.at_risk if other else None,
    )
