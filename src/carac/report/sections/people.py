"""Who the patients are: table one by product, with what is missing, and the flow of who is included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from carac.report import words
from carac.report.content import Block, Figure, Paragraph, Section, Table
from carac.report.figures.flow import flow_figure
from carac.report.material import Material
from carac.report.numbers import SMALL
from carac.report.queries.follow_up import FlowStep, flow
from carac.report.queries.people import Line, baseline, number_lines, products_of, share_lines
from carac.vocabulary.printed_words import printed

Row = dict[str, Any]
#: Baselines of table one, where a definition that was graded reads them.
_BASELINES = ("platelets", "neutrophils", "haemoglobin", "fibrinogen", "inr", "c_reactive_protein", "ferritin")


def section(material: Material) -> Section:
    """Table one and the flow."""
    rows = material.infusions
    patients = len({row["patient_id"] for row in rows})
    text = (
        f"{words.plural(len(rows), 'infusion')} of {words.plural(patients, 'patient')}{_years(material)}."
        " The unit of every count is the infusion unless another is named."
    )
    steps = flow(material)
    blocks: list[Block] = [Paragraph(text), _flow(material, steps), _table(material)]
    return Section("people", "Who the patients are", tuple(blocks))


def _years(material: Material) -> str:
    """The years of the infusions, which a paper has to say; not of so few patients that it would be theirs."""
    rows = material.infusions
    if len({row["patient_id"] for row in rows}) < SMALL and material.options.identifiers == "hashed":
        return ""
    years = sorted({row["infusion_date"].year for row in rows})
    return f", {years[0]}" if years[0] == years[-1] else f", {years[0]} to {years[-1]}"


def _flow(material: Material, steps: Sequence[FlowStep]) -> Figure:
    said = "; ".join(f"{step.name}: {material.writer.count(step.count)}" for step in steps)
    return Figure(
        "flow",
        "Who is included, and who is not",
        flow_figure(material, steps),
        f"Flow from the record to those followed. {said}.",
        ("Patients leave no step of the grading: what is missing gives ranges and denominators, not exclusions.",),
    )


def _table(material: Material) -> Table:
    rows = list(material.infusions)
    products = products_of(rows)
    columns = [rows, *(own for _, own in products)]
    header = ("", f"All (n = {len(rows)})", *(f"{name} (n = {len(own)})" for name, own in products))
    lines = _lines(material, columns)
    return Table(
        "table_one",
        "Patients at infusion" + (", by product" if products else ""),
        header,
        tuple((line.name, *line.texts) for line in lines),
        (
            "Median (quartiles), or number (% of those recorded).",
            "Baseline: last value before lymphodepletion, else before infusion; a result beyond the range of"
            " measurement counts at its limit.",
            *(("Products: " + "; ".join(_full_names(rows)) + ".",) if products else ()),
        ),
    )


def _full_names(rows: Sequence[Row]) -> list[str]:
    names = dict.fromkeys(row["product"] for row in rows if row["product"])
    return sorted(f"{words.product_short(name)}, {words.product_full(name).lower()}" for name in names)


def _lines(material: Material, columns: Sequence[Sequence[Row]]) -> list[Line]:
    write = material.writer
    lines = number_lines("Age, years", lambda row: row["age"], columns, write)
    lines += share_lines("Sex", lambda row: row["sex"], columns, write)
    if len(columns) == 1:
        lines += share_lines("Product", lambda row: words.product_short(row["product"]), columns, write)
    lines += share_lines("Disease", lambda row: printed(row["disease"]) if row["disease"] else None, columns, write)
    lines += share_lines("Centre", _centres(columns[0]), columns, write)
    lines += share_lines("Number of the infusion", lambda row: str(row["infusion_number"]), columns, write)
    for analyte in _BASELINES:
        if f"{analyte}_baseline__from" in columns[0][0]:
            unit = f", {words.unit(analyte)}" if words.unit(analyte) else ""
            name = f"Baseline {words.in_sentence(analyte)}{unit}"
            lines += number_lines(name, lambda row, a=analyte: baseline(row, a), columns, write)  # type: ignore[misc]
    if "car_hematotox__group" in columns[0][0]:
        lines += share_lines("CAR-HEMATOTOX", lambda row: row["car_hematotox__group"], columns, write)
    return lines


def _centres(rows: Sequence[Row]) -> Any:
    """Centres by number, largest first: a name of a hospital narrows down who someone is."""
    counts: dict[str, int] = {}
    for row in rows:
        if row["centre"]:
            counts[row["centre"]] = counts.get(row["centre"], 0) + 1
    order = sorted(counts, key=lambda name: (-counts[name], name))
    numbered = {name: f"centre {place}" for place, name in enumerate(order, 1)}
    return lambda row: numbered.get(row["centre"])
