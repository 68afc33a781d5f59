"""The explanation of a patient-day: what stands out, values, what could explain them, grades, sources."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from carac.grading.explanation import causes, context, grades, record_notes, standing_out, words
from carac.grading.explanation.facts import Facts, gather
from carac.grading.run import Graded
from carac.language.definition import Definition
from carac.vocabulary.products import products
from carac.vocabulary.types import Grain


@dataclass(frozen=True)
class Section:
    """A part of an explanation: a heading with lines, or with a table."""

    heading: str
    lines: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Explanation:
    """Why a patient-day has its grades."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]

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
    lines = [grades.line(d, facts.day) for d in graded.plan.of_grain(Grain.DAY)]
    sections = [
        Section("What stands out", tuple(standing_out.headline(facts, lines))),
        Section(
            "Values",
            header=("", "today", "value before", f"in the last {context.LOOK_BACK} days"),
            rows=tuple(context.value_rows(facts)),
        ),
        Section("How the values stand in the record", tuple(record_notes.notes(facts))),
        Section("What could explain them (facts beside the grades, to be weighed)", tuple(causes.explanations(facts))),
        Section(
            "What was going on",
            (
                *context.peaks(facts),
                *_named("Given: ", context.treatments(facts)),
                *context.lines_in_place(facts),
                *context.events(facts),
            ),
        ),
        *_grade_sections(graded, lines),
        Section("Over the whole course, as known at its end", tuple(_course(facts))),
        Section("Sources, and how sure they are", tuple(_sources(graded, lines))),
        Section("Choices that decided", tuple(_choices(graded, lines))),
    ]
    return Explanation(_title(facts), _subtitle(facts), tuple(s for s in sections if s.lines or s.rows))


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
        parts.append(str(infusion["disease"]).replace("_", " "))
    if infusion["age"] is not None:
        parts.append(f"{infusion['sex'] or 'sex not recorded'}, {words.number(infusion['age'])} years")
    return "; ".join(parts)


def _named(prefix: str, names: Sequence[str]) -> list[str]:
    return [prefix + "; ".join(names)] if names else []


def _grade_sections(graded: Graded, lines: Sequence[grades.Line]) -> list[Section]:
    """The grades by instrument; those of 0 in one line, and what nothing is known of once, at the end."""
    definitions = {d.name: d for d in graded.plan.definitions}
    sections: dict[str, list[str]] = {}
    none: dict[str, dict[str, list[str]]] = {}
    for line in lines:
        definition = definitions[line.name]
        if line.grade == "0" and definition.instrument == "CTCAE":
            by_version = none.setdefault(definition.instrument, {})
            prefix = f"CTCAE {definition.version} "
            by_version.setdefault(prefix, []).append(line.title.removeprefix(prefix))
        elif line.grade:
            sections.setdefault(definition.instrument, []).append(_grade_text(line))
    for instrument, by_version in none.items():
        for prefix, titles in by_version.items():
            sections.setdefault(instrument, []).append(f"{prefix}grade 0: {'; '.join(titles)}")
    silent = [line.title for line in lines if not line.grade and not line.withheld]
    withheld = [f"{line.title}: {line.withheld}" for line in lines if line.withheld]
    return [
        *(Section(instrument, tuple(texts)) for instrument, texts in sections.items()),
        Section("Withheld", tuple(withheld)),
        Section("Not graded: nothing was recorded that they need", ("; ".join(silent),) if silent else ()),
    ]


def _grade_text(line: grades.Line) -> str:
    reasons = _marker_only(line) if line.name.startswith("isth_overt_dic_2001") else line.reasons
    text = f"{line.title}: {line.grade}" + (f" — {'; '.join(reasons)}" if reasons else "")
    return text + (f". Not recorded: {', '.join(line.missing)}" if line.missing else "")


def _marker_only(line: grades.Line) -> list[str]:
    """Of a 2001 score only the reading and the fibrin-related marker: the other items are those of 2025."""
    return [reason for reason in line.reasons if "compatible" in reason or reason.startswith(("D-dimer", "fibrin"))]


def _course(facts: Facts) -> list[str]:
    found = []
    for definition in facts.graded.plan.of_grain(Grain.INFUSION):
        line = grades.line(definition, facts.infusion)
        if line.grade:
            reasons = grades.course_reasons(definition, facts.infusion) or list(line.reasons)
            found.append(f"{line.title}: {line.grade}" + (f" — {'; '.join(reasons)}" if reasons else ""))
    return found


def _graded_now(graded: Graded, lines: Sequence[grades.Line]) -> list[Definition]:
    shown = {line.name for line in lines if line.grade}
    return [d for d in graded.plan.definitions if d.name in shown]


def _sources(graded: Graded, lines: Sequence[grades.Line]) -> list[str]:
    """Each source once, with every certainty that a definition taken from it has."""
    certainties: dict[tuple[str, str], dict[str, None]] = {}
    for d in _graded_now(graded, lines):
        key = (f"{d.instrument} {d.version} ({d.status})", str(d.citation))
        certainties.setdefault(key, {}).setdefault(str(d.certainty))
    return [f"{name}: {citation} [{'; '.join(sure)}]" for (name, citation), sure in certainties.items()]


def _choices(graded: Graded, lines: Sequence[grades.Line]) -> list[str]:
    """The parameters of the definitions shown; alike ones of several versions stand together."""
    by_choice: dict[str, list[str]] = {}
    for definition in _graded_now(graded, lines):
        values = graded.parameters.scope(definition.name)
        for parameter in definition.parameters:
            text = f"{parameter.name} = {values[parameter.name]} ({parameter.meaning})"
            by_choice.setdefault(text, []).append(definition.name)
    return [f"{names[0]}{' and others' if len(names) > 1 else ''}: {text}" for text, names in by_choice.items()]
