"""What the entries of a site's file state in every shape: what is read, its cut-points, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carac.definitions.own.entries import Entry
from carac.language.bands import Bands
from carac.language.definition import Certainty, Citation, Status
from carac.language.points import Reading
from carac.vocabulary.analytes import analytes
from carac.vocabulary.assessment_items import assessment_items
from carac.vocabulary.spelling import nearest
from carac.vocabulary.types import Assessed, Baseline, Grain, Laboratory, OfPatient, Scale, Span, Worse
from carac.vocabulary.units import conversion, known_units

CUTS = ("below", "at_most", "above", "at_least")
_AGAINST = {
    "value": Scale.VALUE,
    "lower_limit": Scale.BY_LOWER_LIMIT,
    "upper_limit": Scale.BY_UPPER_LIMIT,
    "above_upper_limit": Scale.ABOVE_UPPER_LIMIT,
}
MEASURE = ("analyte", "assessment", "patient", "unit", "against")
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
    """The cut-points; `single` are the points of a cut-point that is written as a number alone."""
    given = [key for key in CUTS if key in entry.values]
    if not given:
        raise entry.fault(f"there is no cut-point; write one of {', '.join(CUTS)}.")
    low = [key for key in given if key in ("below", "at_most")]
    if low and len(low) != len(given):
        raise entry.fault("cut-points of low and of high values do not go together in one item.", given[0])
    made: dict[str, dict[float, float]] = {key: {} for key in CUTS}
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
