"""From what a user types to rows of the cohort tables: one patient, in canonical units, with every word checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from carac.findings import CaracError
from carac.grading.by_hand import texts
from carac.grading.by_hand.items import FACTS_OF_EVENTS, CaseItem
from carac.vocabulary.agents import agent_classes, agent_of, agents
from carac.vocabulary.analytes import analytes, number_of_analyte, other_quantity
from carac.vocabulary.assessment_items import assessment_items
from carac.vocabulary.event_classes import class_of
from carac.vocabulary.event_features import event_features
from carac.vocabulary.event_sites import site_of
from carac.vocabulary.icd10cm import code_of
from carac.vocabulary.spelling import fold, nearest
from carac.vocabulary.units import conversion, known_units

#: Calendar date of day 0; any would do, and none shows.
DAY_0 = date(2024, 6, 10)
#: Day on which lymphodepletion is taken to start where a value before treatment is typed and no day is.
LYMPHODEPLETION_DAY = -5
EVENT_ID = "event"
_YES = {"yes": "yes", "y": "yes", "true": "yes", "1": "yes", "no": "no", "n": "no", "false": "no", "0": "no"}
_RANGES = {
    "age": (0.0, 120.0, "years"),
    "weight": (1.0, 500.0, "kg"),
    "height": (30.0, 250.0, "cm"),
    "body_mass_index": (1.0, 500.0, "kg/m2"),
}
_DATES = {"lymphodepletion": "lymphodepletion_start"}
_SEXES = {"f": "female", "female": "female", "w": "female", "m": "male", "male": "male"}


@dataclass(frozen=True)
class Taken:
    """One item as it was understood, for the reader to check."""

    item: CaseItem
    words: str


@dataclass
class Case:
    """A case as rows.

    Parameters
    ----------
    patient: identifier.
    day: the day that is graded.
    rows: rows by cohort table, as mappings.
    present: tables that the case has.
    taken: the items as understood.
    notes: what to know of them.
    typed: names of the items that were typed.
    """

    patient: str
    day: int
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    present: set[str] = field(default_factory=lambda: {"infusions", "labs", "assessments"})
    taken: list[Taken] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    typed: set[str] = field(default_factory=set)

    def add(self, table: str, **columns: Any) -> None:
        """One more row of a table."""
        keys = {} if table in ("labs", "periods", "event_features") else {"infusion_number": 1}
        owner = {} if table == "event_features" else {"patient_id": self.patient}
        self.rows.setdefault(table, []).append({**owner, **keys, **columns})


def matched(items: Sequence[CaseItem], typed: Mapping[str, str], definition: str) -> list[tuple[CaseItem, str]]:
    """The items with what was typed for each; one that the definition does not take is refused with the nearest."""
    by_name = {item.name: item for item in items}
    for item in items:
        for other in _other_names(item):
            by_name.setdefault(other, item)
    found: dict[str, tuple[CaseItem, str]] = {}
    for name, text in typed.items():
        key = fold(name).replace(" ", "_")
        known = by_name.get(key) or by_name.get(fold(agent_of(name) or "").replace(" ", "_"))
        if known is None:
            raise CaracError(f"{definition} takes no item {name!r}. {_hint(name, key, by_name, items)}")
        if known.name in found:
            raise CaracError(f"{name} and {known.name} are the same item; write it once.")
        if not str(text).strip():
            raise CaracError(f"{name} has no value; leave it out where it is not known.")
        found[known.name] = (known, str(text).strip())
    return list(found.values())


def _hint(name: str, key: str, by_name: Iterable[str], items: Sequence[CaseItem]) -> str:
    """What to write in place of an item that the definition does not take."""
    takes = f"It reads: {', '.join(item.name for item in items)}."
    if key in analytes() or key in event_features() or key in assessment_items() or key in FACTS_OF_EVENTS:
        # A word of carac that is meant as it stands; the nearest of the others would be another thing.
        return f"It is not used there. {takes}"
    near = nearest(key, by_name)
    return other_quantity(name) or (f"Did you mean {near}?" if near else takes)


def _other_names(item: CaseItem) -> Iterable[str]:
    if item.kind == "limit":
        return (f"{item.of}_limit", f"{item.of}_{item.by_limit}_limit")
    if item.kind == "baseline":
        return (f"{item.of}_baseline",)
    return ()


def case_of(
    patient: str, items: Sequence[CaseItem], typed: Mapping[str, str], grid: Mapping[str, Any], definition: str
) -> Case:
    """The case that a user types.

    Parameters
    ----------
    patient: identifier of the one patient.
    items: what the definition takes.
    typed: item to text; ``day`` is the day graded, 0 if absent.
    grid: parameters of the window of days.
    definition: for messages.

    Raises
    ------
    CaracError: an item that the definition does not take, a word or value that is none, a day outside the window.
    """
    typed = dict(typed)
    day = _whole("day", str(typed.pop("day", "0")))
    case = Case(patient, day)
    pairs = matched(items, typed, definition)
    case.typed = {item.name for item, _ in pairs}
    _infusion(case, pairs, grid)
    _Values(case, pairs, grid).add()
    event = _Event(case, items)
    for item, text in pairs:
        match item.kind:
            case "assessment":
                _assessment(case, item, text)
            case "event" | "feature":
                event.take(item, text)
            case "exposure" | "treatment":
                _treatment(case, item, text)
            case "period":
                _period(case, item, text)
    event.add()
    _check_days(case, grid)
    return case


def _whole(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise CaracError(f"{name}={text} is no whole number; days count from the infusion, day 0.") from None


def _moment(day: int, time: str = "") -> tuple[str, str]:
    """A timestamp, and whether the minute or only the day is known."""
    text = (DAY_0 + timedelta(days=day)).isoformat()
    return (f"{text} {time}:00", "minute") if time else (f"{text} 00:00:00", "day")


# ---- the patient


def _infusion(case: Case, pairs: Sequence[tuple[CaseItem, str]], grid: Mapping[str, Any]) -> None:
    row: dict[str, Any] = {
        "infusion_time": _moment(0)[0],
        "infusion_time_precision": "day",
        "infusion_date": DAY_0.isoformat(),
        "infusion_index": int(case.patient),
        "last_day": int(grid["last_day"]),
    }
    for item, text in pairs:
        if item.kind == "patient":
            row |= _of_patient(item, text, case)
    if any(item.kind == "baseline" for item, _ in pairs) and "lymphodepletion_day" not in row:
        row |= _dated("lymphodepletion_day", LYMPHODEPLETION_DAY)
    start = max(min(row.get("lymphodepletion_day", 0), 0), int(grid["earliest"]))
    case.add("infusions", **row, first_day=start - int(grid["days_before"]))


def _of_patient(item: CaseItem, text: str, case: Case) -> dict[str, Any]:
    name = item.name
    if name.endswith("_day"):
        day = _whole(name, text)
        case.taken.append(Taken(item, f"day {day}"))
        return _dated(name, day)
    if name == "sex":
        if text.lower() not in _SEXES:
            raise CaracError(f"sex={text} is not known; write female or male.")
        case.taken.append(Taken(item, _SEXES[text.lower()]))
        return {"sex": _SEXES[text.lower()]}
    if name == "cause_of_death":
        case.taken.append(Taken(item, text))
        return {name: text}
    low, high, unit = _RANGES[name]
    number = texts.value(name, text.removesuffix(unit).strip())
    if number.unit or number.by or number.low != number.high or not low <= number.low <= high:
        raise CaracError(f"{name}={text} must be a number from {low:g} to {high:g} {unit}.")
    case.taken.append(Taken(item, f"{number.low:g} {unit}"))
    if name == "body_mass_index":
        if case.typed & {"weight", "height"}:
            raise CaracError("body_mass_index stands in place of weight and height; leave one of them out.")
        return {"weight": number.low, "height": 100.0}
    return {name: number.low}


def _dated(name: str, day: int) -> dict[str, Any]:
    stem = name.removesuffix("_day")
    column = _DATES.get(stem, stem)
    dated: dict[str, Any] = {name: day, column: _moment(day)[0]}
    if stem == "lymphodepletion":
        dated["lymphodepletion_start_precision"] = "day"
    return dated


# ---- laboratory values


class _Values:
    """The laboratory rows of a case."""

    def __init__(self, case: Case, pairs: Sequence[tuple[CaseItem, str]], grid: Mapping[str, Any]) -> None:
        self.case = case
        self.look_back = int(grid["baseline_look_back"])
        self.pairs = [(item, text) for item, text in pairs if item.kind in ("laboratory", "baseline")]
        self.limits = {
            (item.of, item.by_limit): (item, texts.value(item.name, text), text)
            for item, text in pairs
            if item.kind == "limit"
        }

    def add(self) -> None:
        """Read them all; a limit without a value to go with it is refused."""
        for item, text in self.pairs:
            start = int(self.case.rows["infusions"][0].get("lymphodepletion_day") or 0)
            day = start - 1 if item.kind == "baseline" else self.case.day
            for one in texts.by_days(item.name, text, day, item.days_needed):
                self._add(item, one)
        valued = {item.of for item, _ in self.pairs}
        for (analyte, _), (item, _, _) in self.limits.items():
            if analyte not in valued:
                raise CaracError(f"{item.name} is a limit of normal without a value; write {analyte}=VALUE, too.")
        self._refuse_shadowed()

    def _refuse_shadowed(self) -> None:
        """A value before treatment that a later one would replace."""
        start = self.case.rows["infusions"][0].get("lymphodepletion_day")
        for item, _ in self.pairs:
            earlier = [row for row in self.case.rows["labs"] if row["analyte"] == item.of]
            before = [row for row in earlier if row["time"] <= _moment(int(start or 0))[0]]
            if item.kind == "baseline" and len(before) > 1:
                raise CaracError(
                    f"{item.name} is the value before treatment, and the series has others of day {start} or earlier;"
                    " leave one out, or move lymphodepletion_day."
                )

    def _add(self, item: CaseItem, one: texts.OfDay) -> None:
        read = texts.value(item.name, one.text)
        lower, upper = (self._limit(item, side, read.unit) for side in ("lower", "upper"))
        if lower is not None and upper is not None and lower > upper:
            raise CaracError(f"The lower limit of {item.of} lies above its upper limit; exchange the two.")
        low, high, unit = self._converted(item, read, lower, upper)
        if read.by in ("ULN", "above") and upper is None:
            upper = _UNIT_LIMIT if read.by == "ULN" else _LIMIT_FOR_DISTANCE
        if read.by == "LLN" and lower is None:
            lower = _UNIT_LIMIT
        time, precision = _moment(one.day, one.time)
        self.case.add(
            "labs",
            time=time,
            time_precision=precision,
            analyte=item.of,
            analyte_number=number_of_analyte(item.of),
            exact=low == high,
            has_lower_limit=lower is not None,
            has_upper_limit=upper is not None,
            value_low=low,
            value_high=high,
            lower_limit=lower,
            upper_limit=upper,
        )
        self.case.taken.append(Taken(item, self._words(item, one, read, unit)))

    def _words(self, item: CaseItem, one: texts.OfDay, read: texts.Value, unit: str) -> str:
        text = one.text if read.unit or read.by else f"{one.text} {unit}".strip()
        limits = [t for (analyte, _), (_, _, t) in self.limits.items() if analyte == item.of]
        against = f", limit of normal {' and '.join(limits)}" if limits else ""
        when = "" if item.kind == "baseline" else f", day {one.day}{' ' + one.time if one.time else ''}"
        assumed = " (no unit typed)" if unit and not read.unit and not read.by else ""
        return f"{text}{assumed}{against}{when}"

    def _limit(self, item: CaseItem, side: str, unit: str) -> float | None:
        found = self.limits.get((item.of, side))
        if found is None:
            return None
        limit, read, text = found
        if read.by or read.low != read.high or read.low <= 0:
            raise CaracError(f"{limit.name}={text} must be one number above 0.")
        return self._in_canonical(limit, read.low, read.unit or unit, text)

    def _converted(
        self, item: CaseItem, read: texts.Value, lower: float | None, upper: float | None
    ) -> tuple[float, float, str]:
        if read.by == "":
            unit = read.unit or item.unit
            low, high = (self._in_canonical(item, end, unit, f"{end:g}{unit}") for end in (read.low, read.high))
            self._check_plausible(item, low, high, unit)
            return low, high, unit
        limit = lower if read.by == "LLN" else upper
        if limit is None and (item.absolute or ("lower" if read.by == "LLN" else "upper") not in item.by_limit):
            side = "lower" if read.by == "LLN" else "upper"
            raise CaracError(
                f"{item.name} is compared as a value here, which a multiple of the limit does not tell;"
                f" write the value with its unit, and {item.of}_{side}_limit where the limit matters."
            )
        if read.by == "above":
            base = limit if limit is not None else _LIMIT_FOR_DISTANCE
            return base + read.low, base + read.high, ""
        base = limit if limit is not None else _UNIT_LIMIT
        return base * read.low, base * read.high, ""

    def _in_canonical(self, item: CaseItem, number: float, unit: str, text: str) -> float:
        found = conversion(item.of, unit or item.unit or None)
        if found is None:
            units = ", ".join(dict.fromkeys(known_units(item.of)))
            right = f"write one of {units}" if units else "it has no unit"
            raise CaracError(f"{item.name}={text}: the unit {unit!r} is not known for {item.of}; {right}.")
        if found.basis_needed:
            if item.absolute:
                raise CaracError(
                    f"{item.name}={text} says neither FEU nor DDU; write the unit as mg/L{{FEU}} or ng/mL{{DDU}}."
                )
            # Only its ratio to the limit counts, and that is the same in both.
            found = conversion(item.of, unit, "FEU")
            assert found is not None
        return number * found.multiply / found.divide

    def _check_plausible(self, item: CaseItem, low: float, high: float, unit: str) -> None:
        known = analytes()[item.of]
        if high < known.plausible_low or low > known.plausible_high:
            raise CaracError(
                f"{item.name} of {low:g} {known.canonical_unit} is outside"
                f" {known.plausible_low:,g} to {known.plausible_high:,g} {known.canonical_unit};"
                f" check the value and its unit (a bare number is taken in {item.unit or 'no unit'})."
            )


_UNIT_LIMIT = 1.0
#: Stands for the upper limit where only the distance above it is typed and compared.
_LIMIT_FOR_DISTANCE = 12.0


# ---- signs, events, treatments, periods


def _word(name: str, text: str, allowed: Sequence[str]) -> str:
    word = fold(text).replace(" ", "_")
    if set(allowed) == {"no", "yes"}:
        word = _YES.get(word, word)
    if word not in allowed:
        near = nearest(word, allowed)
        hint = f"Did you mean {near}?" if near else f"Write one of {', '.join(allowed)}."
        raise CaracError(f"{name}={text} is not known. {hint}")
    return word


def _number(name: str, text: str, quantity: str, unit: str, low: float | None, high: float | None) -> float:
    read = texts.value(name, text)
    if read.by or read.low != read.high:
        raise CaracError(f"{name}={text} must be one number{' in ' + unit if unit else ''}.")
    number = read.low
    if read.unit and read.unit != unit:
        found = conversion(quantity, read.unit)
        if found is None:
            units = ", ".join(dict.fromkeys(known_units(quantity))) or unit or "none"
            raise CaracError(f"{name}={text}: the unit {read.unit!r} is not known; units are {units}.")
        number = found.apply(number)
    if (low is not None and number < low) or (high is not None and number > high):
        upper = "any number" if high is None else f"{high:g}"
        raise CaracError(f"{name}={text} must lie between {low or 0:g} and {upper} {unit}".strip() + ".")
    return number


def _assessment(case: Case, item: CaseItem, text: str) -> None:
    for one in texts.by_days(item.name, text, case.day):
        time, precision = _moment(one.day, one.time)
        row: dict[str, Any] = {"day": one.day, "time": time, "time_precision": precision, "item": item.of}
        if item.words:
            row["text"] = _word(item.name, one.text, item.words)
        else:
            known = assessment_items().get(item.of)
            low, high = (known.low, known.high) if known else (0.0, None)
            row["number"] = _number(item.name, one.text, item.of, item.unit, low, high)
        case.add("assessments", **row)
        shown = row.get("text") or f"{row['number']:g} {item.unit}".strip()
        when = f", day {one.day}{' ' + one.time if one.time else ''}"
        case.taken.append(Taken(item, f"{shown.replace('_', ' ')}{when}"))


class _Event:
    """The one event of a case."""

    def __init__(self, case: Case, items: Sequence[CaseItem]) -> None:
        self.case = case
        self.columns: dict[str, str] = {}
        self.features: list[dict[str, Any]] = []
        self.kinds = next((item.words for item in items if item.name == "kind"), ())

    def take(self, item: CaseItem, text: str) -> None:
        """One fact of the event."""
        if item.kind == "event":
            word = _word(item.name, text, item.words) if item.words else text
            self.columns[item.name] = word
            self.case.taken.append(Taken(item, word.replace("_", " ")))
            return
        known = event_features()[item.of]
        row: dict[str, Any] = {"event_id": self._id, "feature": item.of}
        if known.kind == "number":
            row["number"] = _number(item.name, text, item.of, known.unit, known.low, known.high)
            self.case.taken.append(Taken(item, f"{row['number']:g} {known.unit}".strip()))
        else:
            word = _word(item.name, text, item.words)
            row |= {"flag": word == "yes"} if known.kind == "bool" else {"text": word}
            self.case.taken.append(Taken(item, word.replace("_", " ")))
        self.features.append(row)

    @property
    def _id(self) -> str:
        return f"{EVENT_ID}-{self.case.patient}"

    def add(self) -> None:
        """Write it, if anything was said of it."""
        if not self.columns and not self.features:
            return
        self.case.present |= {"events", "event_features"}
        day = _whole("event_day", self.columns.get("event_day", str(self.case.day)))
        onset, precision = _moment(day)
        code = self._code()
        site = self.columns.get("site")
        kind = self.columns.get("kind") or self._kind(site, code)
        admission = self.columns.get("present_on_admission")
        texts_ = {name: self.columns.get(name) for name in ("side", "certainty")}
        self.case.add(
            "events",
            event_id=self._id,
            day=day,
            onset=onset,
            onset_precision=precision,
            kind=kind,
            site=site or code.pop("code_site", None),
            present_on_admission=None if admission is None else admission == "yes",
            **texts_,
            **{name: value for name, value in code.items() if name != "code_site"},
        )
        for row in self.features:
            self.case.rows.setdefault("event_features", []).append(row)

    def _kind(self, site: str | None, code: Mapping[str, Any]) -> str | None:
        known = site_of(site) if site else None
        if known is not None:
            return known.kind
        if code:
            return None
        if len(self.kinds) == 1:
            return self.kinds[0]
        raise CaracError(f"An event needs its kind, site or code; write kind={' or kind='.join(self.kinds)}.")

    def _code(self) -> dict[str, Any]:
        text = self.columns.get("code")
        if not text:
            return {}
        known = code_of(text)
        if known is None:
            raise CaracError(f"code={text} names no event that carac reads; write a whole ICD-10-CM code, or the kind.")
        of = class_of(known)
        return {
            "code": text,
            "code_domain": known.domain,
            "code_category": known.category,
            "code_acuity": known.acuity,
            "code_role": known.role,
            "code_class": of.level_1,
            "code_subclass": of.level_2,
            "code_site": of.site or None,
        }


def _treatment(case: Case, item: CaseItem, text: str) -> None:
    case.present.add("treatments")
    word = _YES.get(text.lower()) if text not in ("0", "1") else None
    case.taken.append(Taken(item, word or f"day {text.replace('..', ' to ')}"))
    if word == "no":
        return
    name = item.agents[0] if item.agents else item.of
    agent = name if name in agents() else agent_classes()[name][0]
    given = texts.courses(item.name, text) if word is None else [texts.Course(case.day, case.day, "", "")]
    for course in given:
        start, precision = _moment(course.first, course.time)
        end = _moment(course.last)[0] if course.last != course.first else None
        case.add(
            "treatments",
            start_day=course.first,
            end_day=course.last,
            start=start,
            start_precision=precision,
            end=end,
            end_precision="day" if end else None,
            agent=agent,
            agent_class=agents()[agent].agent_class,
            intent=course.intent or None,
        )


def _period(case: Case, item: CaseItem, text: str) -> None:
    case.present.add("periods")
    if item.of == "central_line":
        case.present.add("central_lines")
    word = _YES.get(text.lower()) if text not in ("0", "1") else None
    case.taken.append(Taken(item, word or f"day {text.replace('..', ' to ')}"))
    if word == "no":
        return
    given = texts.courses(item.name, text) if word is None else [texts.Course(case.day, case.day, "", "")]
    for course in given:
        # A stay without an end is still going on.
        end = _moment(course.last)[0] if ".." in text else None
        start = _moment(course.first)[0]
        dated = {"end": end, "end_precision": "day"} if end else {}
        case.add("periods", kind=item.of, start=start, start_precision="day", **dated)


def _check_days(case: Case, grid: Mapping[str, Any]) -> None:
    """A day that no definition reads is refused, not dropped."""
    first, last = int(case.rows["infusions"][0]["first_day"]), int(grid["last_day"])
    spans = {
        "labs": (first, last),
        "assessments": (first, last),
        "treatments": (first - 30, last),
        "events": (first - int(grid["events_days_before"]), int(grid["events_last_day"])),
    }
    zero = date.fromisoformat(DAY_0.isoformat())
    for table, (low, high) in spans.items():
        for row in case.rows.get(table, []):
            when = str(row.get("time") or row.get("start") or row.get("onset"))
            day = (date.fromisoformat(when[:10]) - zero).days
            if not low <= day <= high:
                what = {"events": "events_days_before or grid.events_last_day"}.get(
                    table, "last_day or grid.days_before"
                )
                raise CaracError(f"Day {day} is not read ({low} to {high} are); widen it with --set grid.{what}.")
    if not first <= case.day <= last:
        raise CaracError(f"day={case.day} is not read ({first} to {last} are); widen it with --set grid.last_day.")
