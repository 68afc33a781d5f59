"""The explanation of a patient-day: what stands out, values, what could explain them, grades, sources."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from carac.grading.explanation import (
    causes,
    context,
    course,
    grades,
    isth_score,
    later,
    place,
    record_notes,
    signs,
    sources,
    standing_out,
    toxicity,
    words,
)
from carac.grading.explanation.facts import Facts
from carac.grading.explanation.gathering import gather
from carac.grading.run import Graded
from carac.language.definition import Definition
from carac.vocabulary.printed_words import printed
from carac.vocabulary.products import products
from carac.vocabulary.types import Grain


@dataclass(frozen=True)
class Section:
    """A part of an explanation: a heading with lines, or with a table; `brief` ones are what a ward round needs."""

    heading: str
    lines: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    brief: bool = False


@dataclass(frozen=True)
class Explanation:
    """Why a patient-day has its grades."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]

    def short(self) -> Explanation:
        """What stands out, the values, what could explain them, what was going on, what came later."""
        return replace(self, sections=tuple(section for section in self.sections if section.brief))

    def as_text(self) -> str:
        """The explanation as plain text."""
        parts = [self.title, self.subtitle]
        for section in self.sections:
            parts += ["", section.heading]
            parts += [f"  {line}" for line in section.lines]
            parts += ["  " + " | ".join(row) for row in ((section.header,) if section.header else ()) + section.rows]
        return "\n".join(parts)

    def as_json(self) -> str:
        """The explanation as JSON."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False)


def explain(graded: Graded, patient: str, day: int, infusion: int | None = None) -> Explanation:
    """Why a patient-day has these grades.

    Parameters
    ----------
    graded: a graded cohort.
    patient: patient_id.
    day: day after infusion; day 0 is its calendar date.
    infusion: infusion_number; None takes the patient's first.

    Raises
    ------
    CaracError: there is no such patient, infusion or day.
    """
    facts = gather(graded, patient, day, infusion)
    seen = signs.seen(facts)
    lines = [grades.line(d, facts.day, seen) for d in graded.plan.of_grain(Grain.DAY)]
    sections = [*_brief(facts, lines), *_further(facts, lines)]
    return Explanation(_title(facts), _subtitle(facts), tuple(s for s in sections if s.lines or s.rows))


def _brief(facts: Facts, lines: Sequence[grades.Line]) -> list[Section]:
    """What a ward round needs."""
    return [
        Section("What stands out", tuple(standing_out.headline(facts, lines)), brief=True),
        Section("Place in the sorting of coagulopathy (proposal of carac)", tuple(place.place(facts)), brief=True),
        Section(
            "Values",
            header=("", "today", "value before", "before treatment", f"in the last {context.LOOK_BACK} days"),
            rows=tuple(context.value_rows(facts)),
            brief=True,
        ),
        Section("How the values stand in the record", tuple(record_notes.notes(facts)), brief=True),
        Section(
            "What could explain them (facts beside the grades, to be weighed)",
            tuple(causes.explanations(facts)),
            brief=True,
        ),
        Section(
            "What was going on",
            (
                *context.peaks(facts),
                *_named("Given: ", context.treatments(facts)),
                *context.lines_in_place(facts),
                *context.events(facts),
            ),
            brief=True,
        ),
        Section("Later, not known on this day", tuple(later.later(facts)), brief=True),
    ]


def _further(facts: Facts, lines: Sequence[grades.Line]) -> list[Section]:
    """The grades one by one, those of the course, sources and choices."""
    shown = _shown(facts, lines)
    said = " ".join([*standing_out.headline(facts, lines), *causes.explanations(facts)])
    return [
        *_grade_sections(facts, lines),
        Section("Before treatment", tuple(course.before_treatment(facts))),
        Section("Over the whole course, known only at its end", tuple(course.whole_course(facts))),
        Section("Sources, and how sure they are", tuple(sources.sources(shown, said))),
        Section("Open choices that bear on this day, as they are set", tuple(sources.choices(facts, shown))),
    ]


def _shown(facts: Facts, lines: Sequence[grades.Line]) -> list[Definition]:
    """The definitions that say something of this day, of its course, or of its events."""
    said = {line.name for line in lines if line.grade or line.withheld}
    plan = facts.graded.plan
    said |= {d.name for d in plan.of_grain(Grain.INFUSION) if grades.line(d, facts.infusion).grade}
    near = [e for e in facts.events if abs(facts.number - e["day"]) <= context.EVENT_DAYS]
    said |= {d.name for d in plan.of_grain(Grain.EVENT) if any(event.get(d.name) is not None for event in near)}
    return [d for d in plan.definitions if d.name in said]


def _title(facts: Facts) -> str:
    row = facts.day
    number = f", infusion {row['infusion_number']}" if row["infusion_number"] != 1 else ""
    return f"Patient {row['patient_id']}{number}, {words.day_words(facts.number)}"


def _subtitle(facts: Facts) -> str:
    infusion = facts.infusion
    product = infusion["product"]
    name = products()[product].title if product in products() else (product or "product not recorded")
    parts = [name]
    if infusion["disease"]:
        parts.append(printed(str(infusion["disease"])))
    if infusion["age"] is not None:
        parts.append(f"{infusion['sex'] or 'sex not recorded'}, {words.number(infusion['age'])} years")
    return "; ".join(parts)


def _named(prefix: str, names: Sequence[str]) -> list[str]:
    return [prefix + "; ".join(names)] if names else []


def _grade_sections(facts: Facts, lines: Sequence[grades.Line]) -> list[Section]:
    """The grades by instrument, and what nothing is known of once, at the end."""
    definitions = {d.name: d for d in facts.graded.plan.definitions}
    together = {
        toxicity.INSTRUMENT: lambda: toxicity.section(lines, definitions),
        isth_score.INSTRUMENT: lambda: isth_score.section(facts, lines),
    }
    sections: dict[str, list[str]] = {}
    for line in lines:
        instrument = definitions[line.name].instrument
        if instrument in together:
            sections.setdefault(instrument, together[instrument]())
        elif line.grade:
            sections.setdefault(instrument, []).append(_grade_text(line))
    silent = [line.title for line in lines if not line.grade and not line.withheld]
    withheld = [f"{line.title}: {line.withheld}" for line in lines if line.withheld]
    return [
        *(Section(instrument, tuple(texts)) for instrument, texts in sections.items()),
        Section("Withheld", tuple(withheld)),
        Section("Not graded: nothing was recorded that they need", ("; ".join(silent),) if silent else ()),
    ]


def _grade_text(line: grades.Line) -> str:
    text = f"{line.title}: {line.grade}" + (f" — {'; '.join(line.reasons)}" if line.reasons else "")
    return text + (f". {'. '.join(line.missing)}" if line.missing else "")
