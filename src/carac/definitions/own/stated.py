"""What the entries of a site's file state in every shape: what is read, its cut-points, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from carac.definitions.own.entries import Entry, is_number
from carac.language.bands import Bands
from carac.language.definition import Certainty, Citation, Output, Status
from carac.language.points import Reading
from carac.vocabulary.analytes import analytes
from carac.vocabulary.assessment_items import assessment_items
from carac.vocabulary.spelling import nearest
from carac.vocabulary.types import Assessed, Baseline, Grain, Laboratory, OfPatient, Scale, Span, Worse
from carac.vocabulary.units import conversion, known_units

LOW_CUTS = ("below", "at_most")
CUTS = (*LOW_CUTS, "above", "at_least")
#: More points or grades than any published scale gives for one item.
MOST_POINTS = 100
_AGAINST = {
    "value": Scale.VALUE,
    "lower_limit": Scale.BY_LOWER_LIMIT,
    "upper_limit": Scale.BY_UPPER_LIMIT,
    "above_upper_limit": Scale.ABOVE_UPPER_LIMIT,
}
MEASURE = ("analyte", "assessment", "patient", "unit", "against")
#: What belongs to the patient, and its unit.
OF_PATIENT = {"age": "years", "weight": "kg", "height": "cm", "body_mass_index": "kg/m2"}
PER = {"day": Grain.DAY, "infusion": Grain.INFUSION}
SIGNS = {"below": "<", "at_most": "≤", "above": ">", "at_least": "≥"}

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


def measured_by(entry: Entry, worse: Worse, grain: Grain) -> tuple[Measured, str, float, str]:
    """What is read, the unit of the cut-points, the factor to it, and a title."""
    kinds = [key for key in ("analyte", "assessment", "patient") if key in entry.values]
    if len(kinds) != 1:
        raise entry.fault("name what is read by one of analyte, assessment or patient.")
    if kinds[0] != "analyte" and "against" in entry.values:
        raise entry.fault("only a laboratory value has limits of normal; leave against out.", "against")
    if kinds[0] == "patient":
        if grain is not Grain.INFUSION:
            raise entry.fault('what belongs to the patient is read per infusion; write per = "infusion".', "patient")
        column = entry.word("patient", OF_PATIENT)
        unit = OF_PATIENT[column]
        if entry.text("unit", unit) != unit:
            raise entry.fault(f"{column} is read in {unit}; leave the unit out.", "unit")
        return OfPatient(column), unit, 1.0, column.replace("_", " ")
    if kinds[0] == "assessment":
        name = _known_word(entry, "assessment", assessment_items())
        item = assessment_items()[name]
        span = Span.DAY if grain is Grain.DAY else Span.BEFORE_INFUSION
        if entry.text("unit", item.unit) != item.unit:
            raise entry.fault(f"{name} is read in {item.unit or 'no unit'}; leave the unit out.", "unit")
        return Assessed(name, worse, span), item.unit, 1.0, item.title
    return analyte_of(entry, worse, grain)


def analyte_of(entry: Entry, worse: Worse, grain: Grain) -> tuple[Measured, str, float, str]:
    """The same for a laboratory value."""
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


def bands_of(entry: Entry, single: float | None = None) -> Bands:
    """The cut-points; `single` are the points of each where an entry writes a number alone."""
    given = [key for key in CUTS if key in entry.values]
    if not given:
        raise entry.fault(f"there is no cut-point; write one of {', '.join(CUTS)}.")
    low = [key for key in given if key in LOW_CUTS]
    if low and low != given:
        raise entry.fault("cut-points of low and of high values do not go together in one item.", given[0])
    made = {key: _cuts(entry, key) if single is None else {entry.number(key): single} for key in given}
    below, at_most, above, at_least = (made.get(key, {}) for key in CUTS)
    return _rising(entry, given[0], Bands(below, at_most, above, at_least))


def grades_of(entry: Entry, key: str) -> Bands:
    """The grades that a number gets from so much on."""
    return _rising(entry, key, Bands(at_least=_cuts(entry, key)))


def _rising(entry: Entry, key: str, bands: Bands) -> Bands:
    """The bands, if a worse value always gives more."""
    points = [cut.points for cut in bands.cuts]
    if points != sorted(set(points), reverse=True):
        raise entry.fault("a worse value has to give more: the points or grades do not rise with the cut-points.", key)
    return bands


def _cuts(entry: Entry, key: str) -> dict[float, float]:
    """The points by cut-point, of a list of both."""
    value = entry.values.get(key)
    if not isinstance(value, list) or not value:
        raise entry.fault(_form_of_cuts(key), key)
    made = dict(_pair(entry, key, pair) for pair in value)
    if len(made) != len(value):
        raise entry.fault(f"{key} has one cut-point twice.", key)
    return made


def _form_of_cuts(key: str) -> str:
    example = "[[50, 2], [100, 1]]" if key in LOW_CUTS else "[[50, 1], [100, 2]]"
    return f"{key} is a list of [cut-point, points], such as {key} = {example}."


def _pair(entry: Entry, key: str, pair: Any) -> tuple[float, float]:
    if not isinstance(pair, list) or len(pair) != 2 or not all(is_number(one) for one in pair):
        raise entry.fault(_form_of_cuts(key), key)
    cut, points = pair
    if points not in range(1, MOST_POINTS + 1):
        raise entry.fault(f"{key}: points and grades are whole numbers from 1 to {MOST_POINTS}; without, 0.", key)
    return float(cut), int(points)


def said_of(entry: Entry, grain: Grain) -> dict[str, Any]:
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


def outputs_of(entry: Entry, outputs: tuple[Output, ...]) -> tuple[Output, ...]:
    """The columns, the first with the meaning that the site states."""
    first, *others = outputs
    return (replace(first, meaning=entry.text("meaning", first.meaning)), *others)


def readings_of(entry: Entry) -> tuple[Reading, ...]:
    """Whether the result is at least so much, under a name of its own; none where the entry has none."""
    if "reading" not in entry.values:
        return ()
    value = entry.values["reading"]
    part = Entry(entry.file, entry.name, value if isinstance(value, dict) else {}, "reading")
    part.only(("name", "at_least"))
    name = part.text("name")
    if not name.isidentifier() or len(name) > 30:
        raise part.fault("name has to be one word of at most 30 letters, digits and underscores.", "name")
    return (Reading(f"__{name}", name.replace("_", " "), part.whole("at_least")),)
