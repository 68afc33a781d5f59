"""Events and their features: codes looked up, words against the closed lists, three-valued booleans."""

from __future__ import annotations

import ibis

from carac.cohort.labs import time_problem
from carac.cohort.records import RecordSource, first_problem, text_of, time_of
from carac.cohort.signs import missing_patient
from carac.cohort.translation import Problem, Translated, translate
from carac.engine.duckdb_engine import DuckDB
from carac.vocabulary.event_classes import class_of
from carac.vocabulary.event_features import boolean_of, event_features, feature_of
from carac.vocabulary.event_sites import event_sites, site_of
from carac.vocabulary.icd10cm import code_of
from carac.vocabulary.spelling import fold, nearest

KINDS = ("bleeding", "venous", "arterial", "infection", "other")
_CODE = ("domain", "category", "acuity", "role", "class", "subclass")
_ICD10CM = {"", "icd10cm", "icd-10-cm", "icd 10 cm", "icd10", "icd-10", "http://hl7.org/fhir/sid/icd-10-cm"}


def parsed_events(engine: DuckDB, source: RecordSource) -> ibis.Table:
    """Events with the class of their code, `problem` and `source_row`."""
    raw = source.expression()
    words = {"kind_word": "string", "site_word": "string", "admission": "boolean"}
    keys = {"kind": raw.kind, "site": raw.site, "present_on_admission": raw.present_on_admission, "coded": raw.code}
    rows = translate(engine, raw, keys, words, _words, "event")
    codes = {f"code_{name}": "string" for name in _CODE} | {"code_site": "string"}
    rows = translate(engine, rows, {"code": rows.code, "system": rows.code_system}, codes, _code, "code")
    onset, onset_precision = time_of(rows.onset)
    end, end_precision = time_of(rows.end)
    texts = ("event_id", "patient_id", "vessel", "side", "certainty", "code", "code_system", "code_position", "encounter")
    no_event = text_of(rows.event_id).isnull()
    problem = no_event.ifelse(Problem("missing_event", "the event_id is empty", "Number the events.").text, ibis.null("string"))
    return rows.select(
        **{name: text_of(rows[name]) for name in texts},
        onset=onset,
        onset_precision=onset_precision,
        end=end,
        end_precision=end_precision,
        kind=rows.kind_word,
        site=ibis.coalesce(rows.site_word, rows.code_site),
        present_on_admission=rows.admission,
        **{f"code_{name}": rows[f"code_{name}"] for name in _CODE},
        problem=first_problem(
            [missing_patient(rows.patient_id), problem, time_problem(rows.onset, onset), rows.event_problem, rows.code_problem]
        ),
        source_row=rows.source_row.cast("int64"),
    )


def _words(kind: str, site: str, present_on_admission: str, coded: str) -> Translated:
    if kind and kind.lower() not in KINDS:
        return Problem("unknown_word", f"the kind {kind!r} is not known", f"Write one of {', '.join(KINDS)}.")
    if not kind and not coded:
        return Problem("missing_kind", "an event has neither kind nor code", f"Write one of {', '.join(KINDS)}.")
    name = fold(site).replace(" ", "_")
    if site and site_of(name) is None:
        near = nearest(site, event_sites())
        return Problem("unknown_site", f"the site {site!r} is not known", f"Did you mean {near}?" if near else "Write other.")
    admission = {"y": "true", "n": "false"}.get(present_on_admission.lower(), present_on_admission)
    try:
        at_admission = boolean_of(admission)
    except ValueError:
        at_admission = None  # U, W and 1 of the coding guidelines all mean that it is not known
    return {"kind_word": kind.lower() or None, "site_word": name or None, "admission": at_admission}


def _code(code: str, system: str) -> Translated:
    if not code:
        return {}
    if system.lower() not in _ICD10CM:
        return Problem("unknown_code_system", f"codes of {system} are not read", "Only ICD-10-CM codes are; describe the event by kind and site.")
    known = code_of(code)
    if known is None:
        return Problem("unknown_code", f"the code {code!r} is not in the list of ICD-10-CM codes", "It names no event that carac reads.")
    event_class = class_of(known)
    return {
        "code_domain": known.domain,
        "code_category": known.category,
        "code_acuity": known.acuity,
        "code_role": known.role,
        "code_class": event_class.level_1,
        "code_subclass": event_class.level_2,
        "code_site": event_class.site or None,
    }


def parsed_event_features(engine: DuckDB, source: RecordSource) -> ibis.Table:
    """Features as number, word or boolean, `problem` and `source_row`."""
    raw = source.expression()
    outputs = {"feature_name": "string", "number": "float64", "text": "string", "flag": "boolean"}
    rows = translate(engine, raw, {"feature": raw.feature, "value": raw.value}, outputs, _feature, "feature")
    event = text_of(rows.event_id)
    missing = event.isnull().ifelse(Problem("missing_event", "the event_id is empty", "Name the event.").text, ibis.null("string"))
    return rows.select(
        event_id=event,
        feature=rows.feature_name,
        number=rows.number,
        text=rows.text,
        flag=rows.flag,
        problem=first_problem([missing, rows.feature_problem]),
        source_row=rows.source_row.cast("int64"),
    )


def _feature(feature: str, value: str) -> Translated:
    known = feature_of(feature)
    if known is None:
        near = nearest(feature, event_features())
        return Problem("unknown_feature", f"the feature {feature!r} is not known", f"Did you mean {near}?" if near else "See the list of features.")
    if not value:
        return Problem("missing_value", f"{feature} has no value", "Leave the row out where it is not known.")
    try:
        if known.kind == "bool":
            return {"feature_name": feature, "flag": boolean_of(value)}
        if known.kind == "number":
            return {"feature_name": feature, "number": float(value)}
    except ValueError:
        return Problem("unreadable_value", f"{feature} is {value!r}", f"It is a {known.kind}.")
    word = fold(value).replace(" ", "_")
    if known.allowed and word not in known.allowed:
        return Problem("unknown_word", f"{feature} is {value!r}", f"Write one of {', '.join(known.allowed)}.")
    return {"feature_name": feature, "text": word}
