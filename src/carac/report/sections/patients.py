"""A page per patient: one day axis for everything, and beneath it what explains each day on which something changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from carac.grading.explanation import words as plain
from carac.grading.explanation.gathering import no_such_patient
from carac.progress import Progress
from carac.report import words
from carac.report.content import Block, Figure, Heading, Items, Paragraph, Section, Voice
from carac.report.drawing import READING_DOTS
from carac.report.figures.patient import patient
from carac.report.material import Key, Material
from carac.report.queries.patient import Course, DayText, courses_of, texts
from carac.vocabulary.printed_words import printed


def sections(
    material: Material, progress: Progress, ready: Callable[[Section], None] = lambda _: None
) -> tuple[Section, ...]:
    """One section per infusion of the patients that the options name; `ready` is called with each."""
    made = []
    for place, course in enumerate(courses_of(material, _wanted(material)), 1):
        progress.show(f"page of patient {place}")
        made.append(page(material, course, place))
        ready(made[-1])
    return tuple(made)


def _wanted(material: Material) -> list[Key]:
    """The infusions of the patients asked for, in the order of the record."""
    asked = material.options.patients
    keys = [(row["patient_id"], row["infusion_number"]) for row in material.infusions]
    if asked in ("none", "all"):
        return keys if asked == "all" else []
    names = [name.strip() for name in asked.split(",") if name.strip()]
    known = {patient for patient, _ in keys}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise no_such_patient(unknown[0], known)
    return [key for key in keys if key[0] in names]


def page(material: Material, course: Course, place: int) -> Section:
    """The page of one infusion."""
    told = texts(material, course)
    label = material.labels[course.key]
    figure = Figure(
        f"patient_{place}",
        f"Patient {label}: laboratory courses, grades, treatments and events on one day axis",
        patient(material, course),
        _alternative(course, label),
        (
            "Dashed: cut-points of definitions. Triangles: blood products. Diamonds: events. Grey cells: only a range"
            " is known. DIC points are red where they are compatible with overt DIC.",
        ),
        READING_DOTS,
    )
    blocks: list[Block] = [Paragraph(_who(material, course.key)), figure]
    if told:
        blocks.append(
            Paragraph("Days on which a grade, a treatment or an event changed, and what explains them.", Voice.NOTE)
        )
    for one in told:
        blocks += _day(one)
    return Section(f"patient-{place}", f"Patient {label}", tuple(blocks))


def _who(material: Material, key: Key) -> str:
    row = next(r for r in material.infusions if (r["patient_id"], r["infusion_number"]) == key)
    parts = [words.product_full(row["product"])]
    if row["disease"]:
        parts.append(printed(str(row["disease"])))
    if row["sex"]:
        parts.append(str(row["sex"]))
    if row["age"] is not None:
        exact = material.options.identifiers != "hashed"
        parts.append(f"{plain.number(row['age'])} years" if exact else _decade(float(row["age"])))
    return "; ".join(parts) + "."


def _decade(age: float) -> str:
    """An age as a decade, because an exact one narrows down who someone is; from 90 on all are one."""
    start = int(age // 10) * 10
    return "90 years or older" if start >= 90 else f"{start} to {start + 9} years"


def _alternative(course: Course, label: str) -> str:
    parts = []
    for analyte, low in (("platelets", True), ("fibrinogen", True), ("ferritin", False)):
        own = [row for row in course.values if row["analyte"] == analyte and row["day"] >= 0]
        if own:
            worst = min(own, key=lambda r: r["value"]) if low else max(own, key=lambda r: r["value"])
            what = "lowest" if low else "highest"
            at = words.day(int(worst["day"]))
            parts.append(f"{what} {words.in_sentence(analyte)} {plain.number(worst['value'])} on day {at}")
    events = [f"{_kind(row)} on day {words.day(int(row['day']))}" for row in course.facts.events]
    return f"Course of patient {label}: " + "; ".join(parts + events) + "."


def _kind(event: Mapping[str, Any]) -> str:
    kind = event["kind"]
    if kind in (None, "other"):
        return "other event"
    return f"{kind} thrombosis" if kind in ("venous", "arterial") else printed(str(kind))


def _day(one: DayText) -> list[Block]:
    blocks: list[Block] = [Heading(f"Day {words.day(one.day)}"), _items(one.stands_out)]
    if one.could_explain:
        blocks += [Paragraph("What could explain it:"), _items(one.could_explain)]
    if one.going_on:
        blocks.append(Paragraph(words.typeset("Going on: " + "; ".join(one.going_on) + ".")))
    return blocks


def _items(texts: Sequence[str]) -> Items:
    return Items(tuple(words.typeset(text) for text in texts))
