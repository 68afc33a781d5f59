"""Events and their features: codes looked up, words against the closed lists, three-valued booleans."""

from __future__ import annotations

from math import isfinite

import ibis
import ibis.expr.types as ir

from carac.cohort.labs import time_problem
from carac.cohort.records import RecordSource, first_problem, text_of, time_of
from carac.cohort.setting_aside import (
    COUNTED,
    SEEN,
    doubt_text,
    doubtful_offset,
    doubtful_order,
    doubtful_time,
    doubts,
    ends_before,
)
from carac.cohort.signs import missing_patient, range_text
from carac.cohort.translation import Problem, Translated, translate
from carac.engine.duckdb_engine import DuckDB
from carac.vocabulary.event_certainty import CERTAINTIES, certainty_of
from carac.vocabulary.event_classes import class_of
from carac.vocabulary.event_features import EventFeature, boolean_of, event_features, feature_of
from carac.vocabulary.event_sites import event_sites, site_of
from carac.vocabulary.icd10cm import code_of
from carac.vocabulary.spelling import fold, nearest

KINDS = ("bleeding", "venous", "arterial", "infection", "other")
_CODE = ("domain", "category", "acuity", "role", "class", "subclass")
_PLACE = ("site", "side", "vessel")
_ICD10CM = {"", "icd10cm", "icd-10-cm", "icd 10 cm", "icd10", "icd-10", "http://hl7.org/fhir/sid/icd-10-cm"}


def parsed_events(engine: DuckDB, source: RecordSource) -> ibis.Table:
    """Events with the class of their code, `problem` and `source_row`."""
    raw = source.expression()
    words = {"kind_word": "string", "site_word": "string", "admission": "boolean", "word_doubt": "string"}
    keys = {"kind": raw.kind, "site": raw.site, "present_on_admission": raw.present_on_admission, "coded": raw.code}
    rows = translate(engine, raw, keys, words, _words, "event")
    sure = {"certainty_word": "string", "certainty_doubt": "string"}
    rows = translate(engine, rows, {"certainty": rows.certainty}, sure, _certainty, "certainty")
    codes = {f"code_{name}": "string" for name in (*_CODE, *_PLACE, "doubt")}
    rows = translate(engine, rows, {"code": rows.code, "system": rows.code_system}, codes, _code, "code")
    onset, onset_precision = time_of(rows.onset)
    end, end_precision = time_of(rows.end)
    texts = ("event_id", "patient_id", "code", "code_system", "code_position", "encounter")
    no_event = text_of(rows.event_id).isnull()
    nothing = ibis.null("string")
    problem = no_event.ifelse(Problem("missing_event", "the event_id is empty", "Number the events.").text, nothing)
    # What is described by its kind does not need its code.
    described = rows.kind_word.notnull()
    cost = "The event is taken as open."
    doubted = [
        rows.word_doubt,
        rows.certainty_doubt,
        described.ifelse(rows.code_doubt, nothing),
        doubtful_time(rows.end, "the end", cost),
        doubtful_order(rows.onset, rows.end, cost),
        doubtful_offset(rows.onset),
    ]
    unread_code = (~described & rows.code_doubt.notnull()).ifelse(rows.code_doubt, nothing)
    return rows.select(
        **{name: text_of(rows[name]) for name in texts},
        # What the record says of the place goes before what its code says.
        vessel=ibis.coalesce(text_of(rows.vessel), rows.code_vessel),
        side=ibis.coalesce(_side(text_of(rows.side)), rows.code_side),
        certainty=rows.certainty_word,
        onset=onset,
        onset_precision=onset_precision,
        end=ends_before(rows.onset, rows.end).ifelse(ibis.null("timestamp"), end),
        end_precision=end_precision,
        kind=rows.kind_word,
        site=ibis.coalesce(rows.site_word, rows.code_site),
        site_by=ibis.cases(
            (rows.site_word.notnull(), "record"), (rows.code_site.notnull(), "code"), else_=ibis.null("string")
        ),
        present_on_admission=rows.admission,
        **{f"code_{name}": rows[f"code_{name}"] for name in _CODE},
        problem=first_problem(
            [
                missing_patient(rows.patient_id),
                problem,
                time_problem(rows.onset, onset),
                rows.event_problem,
                unread_code,
            ]
        ),
        doubt=doubts(doubted),
        source_row=rows.source_row.cast("int64"),
    )


def _side(text: ir.StringValue) -> ir.StringValue:
    word = text.lower()
    return word.cases(("r", "right"), ("l", "left"), ("both", "bilateral"), else_=word)


def _words(kind: str, site: str, present_on_admission: str, coded: str) -> Translated:
    if kind and kind.lower() not in KINDS:
        return Problem("unknown_word", f"the kind {kind!r} is not known", f"Write one of {', '.join(KINDS)}.")
    if not kind and not coded:
        return Problem("missing_kind", "an event has neither kind nor code", f"Write one of {', '.join(KINDS)}.")
    name = fold(site).replace(" ", "_")
    if site and site_of(name) is None:
        near = nearest(site, event_sites())
        remedy = f"Did you mean {near}?" if near else "See the list of sites; write other where none fits."
        return Problem("unknown_site", f"the site {site!r} is not known", remedy)
    words = {"kind_word": kind.lower() or None, "site_word": name or None}
    # U, W and 1 of the coding guidelines all mean that it is not known.
    admission = "" if present_on_admission.upper() in ("U", "W", "1") else present_on_admission
    try:
        return words | {"admission": boolean_of(admission)}
    except ValueError:
        message = f"present_on_admission is not known and counts as missing in {COUNTED}"
        doubted = doubt_text("unknown_word", message, "Write yes or no, or Y, N, U, W.", "", admission)
        return words | {"word_doubt": doubted}


def _certainty(certainty: str) -> Translated:
    if not certainty:
        return {}
    known = certainty_of(certainty)
    if known is not None:
        return {"certainty_word": known}
    message = f"the certainty is not known and counts as missing in {COUNTED}"
    return {
        "certainty_doubt": doubt_text("unknown_word", message, f"Write one of {', '.join(CERTAINTIES)}.", "", certainty)
    }


def _code(code: str, system: str) -> Translated:
    if not code:
        return {}
    if system.lower() not in _ICD10CM:
        remedy = "Only ICD-10-CM codes are; describe the event by kind and site."
        return _unread("unknown_code_system", f"codes of {system} are not read", remedy)
    known = code_of(code)
    if known is None:
        remedy = "If it should, check it against ICD-10-CM."
        return _unread("unknown_code", f"the code {code!r} names no event that carac reads", remedy)
    event_class = class_of(known)
    return {
        "code_domain": known.domain,
        "code_category": known.category,
        "code_acuity": known.acuity,
        "code_role": known.role,
        "code_class": event_class.level_1,
        "code_subclass": event_class.level_2,
        "code_site": event_class.site or None,
        "code_side": known.side,
        "code_vessel": known.vessel,
    }


def _unread(kind: str, message: str, remedy: str) -> Translated:
    return {"code_doubt": doubt_text(kind, message, remedy, "")}


def parsed_event_features(engine: DuckDB, source: RecordSource) -> ibis.Table:
    """Features as number, word or boolean, `problem` and `source_row`."""
    raw = source.expression()
    outputs = {"feature_name": "string", "number": "float64", "text": "string", "flag": "boolean"}
    rows = translate(engine, raw, {"feature": raw.feature, "value": raw.value}, outputs, _feature, "feature")
    event = text_of(rows.event_id)
    no_event = Problem("missing_event", "the event_id is empty", "Name the event.")
    missing = event.isnull().ifelse(no_event.text, ibis.null("string"))
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
    if not feature:
        return Problem("missing_feature", "the feature is empty", "Fill it in.")
    if known is None:
        near = nearest(feature, event_features())
        remedy = f"Did you mean {near}?" if near else "See the list of features."
        return Problem("unknown_feature", f"the feature {feature!r} is not known", remedy)
    if not value:
        return Problem("missing_value", f"{feature} has no value", "Leave the row out where it is not known.")
    try:
        if known.kind == "bool":
            return {"feature_name": feature, "flag": boolean_of(value)}
        if known.kind == "number":
            return _feature_number(known, float(value))
    except ValueError:
        remedy = "Write yes or no." if known.kind == "bool" else "Write a number with a point for decimals."
        return Problem("unreadable_value", f"{feature} is not understood", f"{remedy}{SEEN}{value}")
    word = fold(value).replace(" ", "_")
    if known.allowed and word not in known.allowed:
        return Problem("unknown_word", f"{feature} is {value!r}", f"Write one of {', '.join(known.allowed)}.")
    return {"feature_name": feature, "text": word}


def _feature_number(known: EventFeature, number: float) -> Translated:
    low, high = known.low, known.high
    if not isfinite(number) or (low is not None and number < low) or (high is not None and number > high):
        message = f"{known.name} outside {range_text(low, high, known.unit)}"
        return Problem("implausible_value", message, f"Check value and unit.{SEEN}{number:g}")
    return {"feature_name": known.name, "number": number}
