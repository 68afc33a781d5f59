"""A grade of an event that a site states by its features."""

from __future__ import annotations

from typing import Any

import ibis

from carac.definitions.own.entries import COMMON, Entry
from carac.definitions.own.stated import MOST_POINTS, SIGNS, said_of
from carac.language.comparisons import agreed
from carac.language.definition import Definition, Output, Rule, Values
from carac.language.event_rules import KEYS as EVENT_KEYS
from carac.language.event_rules import Criteria, any_of, features, meets
from carac.language.event_rules import Criterion as EventCriterion
from carac.vocabulary.event_features import event_features
from carac.vocabulary.spelling import nearest
from carac.vocabulary.types import Grain


def event(entry: Entry) -> Definition:
    """A grade of an event from its features: the worst grade among the criteria that it meets."""
    entry.only((*COMMON, "kind", "criteria", "otherwise"))
    kind = entry.word("kind", ("bleeding", "venous", "arterial", "infection", "other"))
    otherwise = entry.whole("otherwise", 0, 0)
    criteria = [_event_criterion(part) for part in entry.parts("criteria")]
    if min(grade for _, grade, _ in criteria) <= otherwise:
        raise entry.fault("every criterion has to give more than what an event without any gets.", "criteria")
    names = [word for word, _, _ in criteria]
    if len(set(names)) != len(names):
        raise entry.fault("two criteria have the same name.", "criteria")
    wanted = tuple(dict.fromkeys(feature for _, _, rules in criteria for feature, _ in rules))
    name = entry.name

    def rows(tables: Any, values: Values) -> ibis.Table:
        found = features(tables, wanted)
        found = found.filter((found.kind == kind).fill_null(False))
        made = Criteria(
            tuple(
                EventCriterion(word, grade, any_of(_met(found, *rule) for rule in rules))
                for word, grade, rules in criteria
            ),
            otherwise,
        )
        known = any_of(found[feature].notnull() for feature in wanted)
        ends = made.bounds()
        low, high = (known.ifelse(end, ibis.null("int8")) for end in (ends.low, ends.high))
        criterion = known.ifelse(made.word(), ibis.null("string"))
        columns = {name: agreed(low, high), f"{name}__lowest": low, f"{name}__highest": high}
        return found.select(*EVENT_KEYS, **columns, **{f"{name}__criterion": criterion})

    return Definition(
        **said_of(entry, Grain.EVENT),
        outputs=(
            Output("", entry.text("meaning", "grade; null where what is missing decides, or no feature is known")),
            Output("__lowest", "lowest possible grade, given what is missing"),
            Output("__highest", "highest possible grade, given what is missing"),
            Output("__criterion", "the worst criterion surely met; null where none is", "string"),
        ),
        rows=rows,
        rules=tuple(
            rule if rule is not None else Rule(word, event_features()[feature].title, "", (("=", 1, grade),))
            for word, grade, rules in criteria
            for feature, rule in rules
        ),
        lowest=otherwise,
        highest=max(grade for _, grade, _ in criteria),
        needs=("events", "event_features"),
    )


def _event_criterion(part: Entry) -> tuple[str, int, list[tuple[str, Rule | None]]]:
    """Name, grade, and the features of which one is enough, each with its cut-point where it is a number."""
    part.only(("name", "grade", "any", "feature", "above", "at_least"))
    grade = part.whole("grade", lowest=1)
    if grade > MOST_POINTS:
        raise part.fault(f"a grade is at most {MOST_POINTS}.", "grade")
    if ("any" in part.values) == ("feature" in part.values):
        raise part.fault('write any = ["fatal", …] for yes-or-no features, or feature and at_least for a number.')
    if "any" in part.values:
        names = part.texts("any")
        for name in names:
            _feature(part, name, "bool", "any")
        if not names:
            raise part.fault("any is empty.", "any")
        return part.text("name", names[0]), grade, [(name, None) for name in names]
    name = part.text("feature")
    _feature(part, name, "number", "feature")
    given = [key for key in ("above", "at_least") if key in part.values]
    if len(given) != 1:
        raise part.fault("a number needs one cut-point: above or at_least.", "feature")
    known = event_features()[name]
    cut = (SIGNS[given[0]], float(part.number(given[0])), grade)
    word = part.text("name", name)
    return word, grade, [(name, Rule(word, known.title, known.unit, (cut,)))]


def _feature(part: Entry, name: str, kind: str, key: str) -> None:
    known = event_features().get(name)
    if known is None:
        near = nearest(name, event_features())
        raise part.fault(f"the feature {name!r} is not known.{f' Did you mean {near}?' if near else ''}", key)
    if known.kind != kind:
        wanted = {"bool": "answered by yes or no", "number": "a number"}[kind]
        raise part.fault(f"{name} is not {wanted}.", key)


def _met(found: ibis.Table, feature: str, rule: Rule | None) -> Any:
    return found[feature] if rule is None else meets(rule, found[feature])
