"""From the entries of a site's file to definitions, in the language of those that carac brings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import ibis

from carac.definitions.haematotoxicity.site_runs import run_choices, run_outputs, run_rows
from carac.definitions.own.entries import COMMON, Entry
from carac.language.bands import Bands
from carac.language.comparisons import INFINITY, Interval, agreed, at_least
from carac.language.definition import (
    Certainty,
    Citation,
    Columns,
    Definition,
    Layer,
    Output,
    Rule,
    Status,
    Values,
    interval,
)
from carac.language.event_rules import KEYS as EVENT_KEYS
from carac.language.event_rules import Criteria, any_of, features, meets
from carac.language.event_rules import Criterion as EventCriterion
from carac.language.formula import FormulaError, read_formula
from carac.language.points import Item, Reading, Total
from carac.language.score import About, score
from carac.vocabulary.analytes import analytes
from carac.vocabulary.assessment_items import assessment_items
from carac.vocabulary.event_features import event_features
from carac.vocabulary.spelling import nearest
from carac.vocabulary.types import Assessed, Baseline, Grain, Laboratory, OfPatient, Scale, Span, Worse
from carac.vocabulary.units import conversion, known_units

_CUTS = ("below", "at_most", "above", "at_least")
_AGAINST = {
    "value": Scale.VALUE,
    "lower_limit": Scale.BY_LOWER_LIMIT,
    "upper_limit": Scale.BY_UPPER_LIMIT,
    "above_upper_limit": Scale.ABOVE_UPPER_LIMIT,
}
_MEASURE = ("analyte", "assessment", "patient", "unit", "against")
_PER = {"day": Grain.DAY, "infusion": Grain.INFUSION}
_SIGNS = {"below": "<", "at_most": "≤", "above": ">", "at_least": "≥"}

Measured = Laboratory | Baseline | Assessed | OfPatient


def citation(entry: Entry) -> Citation:
    """The source that the site names."""
    return Citation(entry.text("source"))


def _known_word(entry: Entry, key: str, known: Mapping[str, Any]) -> str:
    word = entry.text(key)
    if word not in known:
        near = nearest(word, known)
        raise entry.fault(f"{key} {word!r} is not known.{f' Did you mean {near}?' if near else ''}", key)
    return word


def _measured(entry: Entry, worse: Worse, grain: Grain) -> tuple[Measured, str, float, str]:
    """What is read, the unit of the cut-points, the factor to it, and a title."""
    kinds = [key for key in ("analyte", "assessment", "patient") if key in entry.values]
    if len(kinds) != 1:
        raise entry.fault("name what is read by one of analyte, assessment or patient.")
    if kinds[0] == "patient":
        if grain is not Grain.INFUSION:
            raise entry.fault('what belongs to the patient is read per infusion; write per = "infusion".', "patient")
        column = entry.word("patient", ("age", "weight", "height", "body_mass_index"))
        return OfPatient(column), "", 1.0, column.replace("_", " ")
    if kinds[0] == "assessment":
        name = _known_word(entry, "assessment", assessment_items())
        item = assessment_items()[name]
        span = Span.DAY if grain is Grain.DAY else Span.BEFORE_INFUSION
        if entry.text("unit", item.unit) != item.unit:
            raise entry.fault(f"{name} is read in {item.unit or 'no unit'}; leave the unit out.", "unit")
        return Assessed(name, worse, span), item.unit, 1.0, item.title
    return _analyte(entry, worse, grain)


def _analyte(entry: Entry, worse: Worse, grain: Grain) -> tuple[Measured, str, float, str]:
    name = _known_word(entry, "analyte", analytes())
    scale = _AGAINST[entry.word("against", _AGAINST, "value")]
    known = analytes()[name]
    read: Measured = Laboratory(name, worse, scale) if grain is Grain.DAY else Baseline(name, scale)
    if grain is Grain.INFUSION and scale is Scale.ABOVE_UPPER_LIMIT:
        raise entry.fault("above_upper_limit is read per day only.", "against")
    if scale in (Scale.BY_LOWER_LIMIT, Scale.BY_UPPER_LIMIT):
        if "unit" in entry.values:
            raise entry.fault("a multiple of the limit has no unit; leave it out.", "unit")
        return read, "x LLN" if scale is Scale.BY_LOWER_LIMIT else "x ULN", 1.0, known.title
    unit = entry.text("unit", known.canonical_unit)
    found = conversion(name, unit or None)
    if found is None or found.basis_needed:
        units = ", ".join(dict.fromkeys(known_units(name))) or "none"
        raise entry.fault(f"the unit {unit!r} is not known for {name}; there are {units}.", "unit")
    return read, unit, found.divide / found.multiply, known.title


def _bands(entry: Entry, single: float | None = None) -> Bands:
    """The cut-points; `single` are the points of a cut-point that is written as a number alone."""
    given = [key for key in _CUTS if key in entry.values]
    if not given:
        raise entry.fault(f"there is no cut-point; write one of {', '.join(_CUTS)}.")
    low = [key for key in given if key in ("below", "at_most")]
    if low and len(low) != len(given):
        raise entry.fault("cut-points of low and of high values do not go together in one item.", given[0])
    made: dict[str, dict[float, float]] = {key: {} for key in _CUTS}
    for key in given:
        value = entry.values[key]
        if single is not None and not isinstance(value, list):
            made[key] = {float(entry.number(key)): single}
            continue
        made[key] = dict(_pair(entry, key, pair) for pair in (value if isinstance(value, list) else [value]))
        if len(made[key]) != len(value):
            raise entry.fault(f"{key} has one cut-point twice.", key)
    bands = Bands(below=made["below"], at_most=made["at_most"], above=made["above"], at_least=made["at_least"])
    points = [cut.points for cut in bands.cuts]
    if points != sorted(points, reverse=True) or len(set(points)) != len(points):
        raise entry.fault(
            "a worse value has to give more: the points or grades do not rise with the cut-points.", given[0]
        )
    if min(points) <= 0:
        raise entry.fault("points and grades of a cut-point are above 0; what meets none gets 0.", given[0])
    return bands


def _pair(entry: Entry, key: str, pair: Any) -> tuple[float, float]:
    numbers = isinstance(pair, list) and len(pair) == 2
    if not numbers or any(isinstance(one, bool) or not isinstance(one, int | float) for one in pair):
        raise entry.fault(f"{key} is a list of [cut-point, points], such as {key} = [[50, 2], [100, 1]].", key)
    if pair[1] != int(pair[1]):
        raise entry.fault(f"{key}: points are whole numbers.", key)
    return float(pair[0]), int(pair[1])


def _item(entry: Entry, grain: Grain, single: float | None = None, more: Sequence[str] = ("name",)) -> Item:
    entry.only((*more, *_MEASURE, *_CUTS))
    bands = _bands(entry, single)
    read, unit, factor, title = _measured(entry, bands.worse, grain)
    name = entry.text("name", getattr(read, "analyte", "") or getattr(read, "item", "") or read.column)
    if not name.isidentifier() or len(name) > 30 or "__" in name:
        raise entry.fault(f"name {name!r} has to be one word of at most 30 letters, digits and underscores.", "name")
    return Item(name, title, read, unit, bands, factor)


def _about(entry: Entry, grain: Grain, meaning: str) -> About:
    return About(
        name=entry.name,
        title=entry.text("title"),
        instrument=entry.name,
        version=entry.text("version", "as in the file"),
        citation=citation(entry),
        certainty=Certainty.SITE,
        population=entry.text("population", "as the site says"),
        meaning=entry.text("meaning", meaning),
        status=Status.SITE,
        grain=grain,
        choices=entry.texts("choices"),
    )


def bands(entry: Entry) -> Definition:
    """A grade from the cut-points of one value."""
    entry.only((*COMMON, "per", *_MEASURE, *_CUTS))
    grain = _PER[entry.word("per", _PER, "day")]
    item = _item(entry, grain, more=(*COMMON, "per"))
    total = Total((item,), worst=True)
    return score(_about(entry, grain, "grade; null where what is missing decides"), lambda _: total)


def points(entry: Entry) -> Definition:
    """A score: the points of several items, added up."""
    entry.only((*COMMON, "per", "items", "reading"))
    grain = _PER[entry.word("per", _PER, "day")]
    items = _items(entry, grain)
    total = Total(items, readings=_readings(entry))
    return score(_about(entry, grain, "score; null where what is missing decides"), lambda _: total)


def count(entry: Entry) -> Definition:
    """How many of several criteria are met, and whether these are enough."""
    entry.only((*COMMON, "per", "criteria", "at_least_met"))
    grain = _PER[entry.word("per", _PER, "day")]
    items = _items(entry, grain, "criteria", 1)
    enough = entry.whole("at_least_met", lowest=1)
    if enough > len(items):
        raise entry.fault(f"at_least_met is {enough}, but there are {len(items)} criteria.", "at_least_met")
    total = Total(items, readings=(Reading("__met", "enough criteria are met", enough),))
    return score(_about(entry, grain, "number of criteria met; null where what is missing decides"), lambda _: total)


def _items(entry: Entry, grain: Grain, key: str = "items", single: float | None = None) -> tuple[Item, ...]:
    items = tuple(_item(part, grain, single) for part in entry.parts(key))
    names = [item.name for item in items]
    for name in names:
        if names.count(name) > 1:
            raise entry.fault(f"two of its {key} are called {name}; give one a name of its own.", key)
    return items


def _readings(entry: Entry) -> tuple[Reading, ...]:
    if "reading" not in entry.values:
        return ()
    value = entry.values["reading"]
    part = Entry(entry.file, entry.name, value if isinstance(value, dict) else {}, "reading")
    part.only(("name", "at_least"))
    name = part.text("name")
    if not name.isidentifier() or len(name) > 30:
        raise part.fault("name has to be one word of at most 30 letters, digits and underscores.", "name")
    return (Reading(f"__{name}", name.replace("_", " "), part.whole("at_least")),)


# ---- formulas


def formula(entry: Entry) -> Definition:
    """An index: a formula of values of the day, or of values before treatment."""
    entry.only((*COMMON, "per", "formula", "inputs", "unit", "reading"))
    grain = _PER[entry.word("per", _PER, "day")]
    try:
        read = read_formula(entry.text("formula"))
    except FormulaError as error:
        raise entry.fault(f"the formula cannot be read: {error}.", "formula") from None
    given = entry.values.get("inputs", {})
    if not isinstance(given, dict):
        raise entry.fault("inputs is a table of what each name of the formula reads.", "inputs")
    Entry(entry.file, entry.name, given, "inputs").only(read.names)
    sources: dict[str, tuple[Measured, float]] = {}
    for name in read.names:
        own = given.get(name, {"analyte": name})
        part = Entry(entry.file, entry.name, own if isinstance(own, dict) else {}, f"input {name}")
        part.only((*_MEASURE, "worse"))
        worse = Worse(part.word("worse", ("lower", "higher"), "higher"))
        source, _, factor, _ = _measured(part, worse, grain)
        sources[name] = (source, factor)
    reading = _readings(entry)
    inputs = tuple(dict.fromkeys(source for source, _ in sources.values()))
    unit = entry.text("unit", "")
    own_readings = [
        Output(r.suffix, f"{r.title} (at least {r.at_least}): true, false, or null", "boolean") for r in reading
    ]
    return Definition(
        **_said(entry, grain),
        inputs=inputs,
        outputs=(
            Output("", entry.text("meaning", "value of the formula; null where an input is missing"), "float64", unit),
            Output("__lowest", "lowest possible value; null where an input is missing or open", "float64", unit),
            Output("__highest", "highest possible value; null where an input is missing or open", "float64", unit),
            *own_readings,
        ),
        layers=lambda _: _formula_layers(entry.name, read.interval, sources, reading),
        rules=(Rule("formula", f"{entry.text('formula')}", "", ()),),
        lowest=None,
        monotone=False,
    )


def _formula_layers(
    name: str,
    made: Callable[[Mapping[str, Interval]], Interval],
    sources: Mapping[str, tuple[Measured, float]],
    readings: Sequence[Reading],
) -> list[Layer]:
    def bounds(table: ibis.Table) -> Columns:
        values = {key: _finite(interval(table, source), factor) for key, (source, factor) in sources.items()}
        found = made(values)
        return {f"{name}__lowest": found.low, f"{name}__highest": found.high}

    def value(table: ibis.Table) -> Columns:
        low, high = table[f"{name}__lowest"], table[f"{name}__highest"]
        columns: Columns = {name: agreed(low, high)}
        for reading in readings:
            surely, never = at_least(low, reading.at_least), ~at_least(high, reading.at_least)
            columns[name + reading.suffix] = ibis.cases((surely, True), (never, False), else_=ibis.null("boolean"))
        return columns

    return [bounds, value]


def _finite(value: Interval, factor: float) -> Interval:
    """The interval in the unit of the formula; one without an end gives no value."""
    known = (value.low > -INFINITY) & (value.high < INFINITY)
    low, high = (known.ifelse(end.cast("float64") * factor, ibis.null("float64")) for end in (value.low, value.high))
    return Interval(low, high)


def _said(entry: Entry, grain: Grain) -> dict[str, Any]:
    """What every definition says of itself."""
    return {
        "name": entry.name,
        "title": entry.text("title"),
        "instrument": entry.name,
        "version": entry.text("version", "as in the file"),
        "citation": citation(entry),
        "status": Status.SITE,
        "certainty": Certainty.SITE,
        "population": entry.text("population", "as the site says"),
        "grain": grain,
        "choices": entry.texts("choices"),
    }


# ---- runs


def run(entry: Entry) -> Definition:
    """How long a count lay under a threshold after infusion: the longest joined run of low days, graded."""
    entry.only((*COMMON, "analyte", "unit", "below", "at_most", "first_day", "last_day", "join_gap", "days"))
    given = [key for key in ("below", "at_most") if key in entry.values]
    if len(given) != 1:
        raise entry.fault("a run needs one threshold: below or at_most.")
    source, unit, factor, title = _analyte(entry, Worse.LOWER, Grain.DAY)
    assert isinstance(source, Laboratory)
    threshold = entry.number(given[0])
    first, last = entry.whole("first_day", 0, 0), entry.whole("last_day", 30, 0)
    if last < first:
        raise entry.fault("last_day lies before first_day.", "last_day")
    grades = _bands(Entry(entry.file, entry.name, {"at_least": entry.values.get("days")}, "days"))
    parameters = run_choices(first, last, "<" if given[0] == "below" else "<=", entry.whole("join_gap", 0, 0))
    sign = _SIGNS[given[0]]
    rule = Rule(
        "days",
        f"days with {title} {sign} {threshold:g} {unit}",
        "d",
        grades.as_tuples,
        f"{entry.name}__duration__lowest",
    )
    return Definition(
        **_said(entry, Grain.INFUSION),
        inputs=(source,),
        outputs=run_outputs(unit, f"day {first} to {last}"),
        rows=partial(run_rows, entry.name, source, factor, threshold, grades),
        parameters=parameters,
        rules=(rule,),
        lowest=0,
        highest=int(grades.most),
        typed_units=((source.analyte, unit),),
    )


# ---- events


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
        **_said(entry, Grain.EVENT),
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
    cut = (_SIGNS[given[0]], float(part.number(given[0])), grade)
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
