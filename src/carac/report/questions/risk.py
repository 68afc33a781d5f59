"""Risk factors: what is known at infusion and what changes by day, one by one and together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import altair as alt

from carac.analysis.factors import Factor
from carac.analysis.hazard_models import Fit, Line, Method
from carac.analysis.risk import Part, Risk, risk
from carac.report import theme
from carac.report.content import Block, Figure, Heading, Paragraph, Section, Table, Voice
from carac.report.figures.hazard_ratios import Row, hazard_ratio, hazard_ratio_figure
from carac.report.numbers import NOTHING
from carac.report.questions.asked import Asked, capped, group_name, p_value, sentence

KEY = (("alone", theme.GROUPS[0]), ("with the others of the joint model", theme.GROUPS[1]))


def section(asked: Asked) -> Section:
    """The endpoints whose risk factors were asked for."""
    blocks: list[Block] = [Paragraph(_TEXT)]
    settings = asked.settings
    for one in asked.study.available(settings.risk_endpoints):
        found = risk(
            asked.study,
            one,
            settings.risk_factors,
            settings.risk_factors_by_day,
            settings.risk_together,
            settings.risk_together_by_day,
            settings.window,
            settings.risk_window_by_day,
            settings.risk_missing,
        )
        blocks += _blocks(asked, found)
    return Section("risk", "Risk factors", tuple(blocks))


_TEXT = (
    "A hazard ratio compares the rate of first events among those who are still free of it; it is an association in"
    " this record and no effect of anything. Those whose value is missing are left out of a model and counted beside"
    " it. With few events the likelihood is penalised, which is said; with hardly any nothing is estimated."
)


def _blocks(asked: Asked, found: Risk) -> list[Block]:
    title = sentence(found.endpoint.title)
    blocks: list[Block] = [Heading(title)]
    if found.endpoint.proposal and found.endpoint.note:
        blocks.append(Paragraph(found.endpoint.note, Voice.NOTE))
    for part in found.parts:
        blocks += _part(asked, found, part)
    blocks.append(Paragraph(found.methods, Voice.PASTE))
    return blocks


def _part(asked: Asked, found: Risk, part: Part) -> list[Block]:
    name = f"risk_{found.endpoint.name}_{'by_day' if part.by_day else 'at_infusion'}"
    title = _title_of(found, part)
    events = part.outcome.events
    if asked.writer.is_small(events):
        text = f"{title}: {asked.writer.count(events)} events on {part.outcome.window}; nothing is told of so few."
        return [Paragraph(text, Voice.NOTE)]
    blocks: list[Block] = []
    if any(line.ratio for fit in part.alone for line in fit.lines) and not asked.settings.hide_small_cells:
        blocks.append(_figure(found, part, name, asked.synthetic))
    if part.alone:
        blocks.append(_table(asked, part, name, title))
    said = "; ".join(f"{factor}: {why}" for factor, why in part.left_out)
    return [*blocks, *([Paragraph(f"Not read here: {said}.", Voice.NOTE)] if said else [])]


def risk_figure(found: Risk, part: Part, synthetic: bool) -> alt.TopLevelMixin:
    """The forest of one kind of factor."""
    subtitle = f"Hazard ratios with 95 % intervals, {part.outcome.window}, {part.outcome.events} events"
    key = KEY if part.together is not None and not part.together.why_not else KEY[:1]
    return hazard_ratio_figure(_rows(part), capped(_title_of(found, part), 80), subtitle, synthetic, key)


def _title_of(found: Risk, part: Part) -> str:
    return f"{sentence(found.endpoint.title)}: factors {'by day' if part.by_day else 'at infusion'}"


def _figure(found: Risk, part: Part, name: str, synthetic: bool) -> Figure:
    said = "; ".join(f"{row.label} {hazard_ratio(row.together or row.alone)}" for row in _rows(part) if not row.head)
    notes = ("The numbers are those of the joint model where the factor is in it, else of the factor alone.",)
    return Figure(name, _title_of(found, part), risk_figure(found, part, synthetic), f"{said}.", notes)


def _rows(part: Part) -> list[Row]:
    rows = []
    together = {(line.factor.name, line.level): line.ratio for line in _lines(part.together)}
    for fit in part.alone:
        if fit.lines and fit.lines[0].level:
            rows.append(Row(_group_title(fit), head=True))
        for line in fit.lines:
            key = (line.factor.name, line.level)
            rows.append(Row(_label(line), line.ratio, together.get(key)))
    return rows


def _lines(fit: Fit | None) -> tuple[Line, ...]:
    return fit.lines if fit is not None else ()


def _label(line: Line) -> str:
    if line.level:
        return capped(group_name(line.factor.name, line.level), 46)
    unit = line.factor.unit if line.factor.unit.startswith("per") else ""
    return capped(f"{line.factor.title}, {unit}" if unit else line.factor.title, 46)


def _group_title(fit: Fit) -> str:
    design = fit.designs[0]
    return f"{design.factor.title} (against {group_name(design.factor.name, design.reference)})"


# ---- the table


def _table(asked: Asked, part: Part, name: str, title: str) -> Table:
    together = {(line.factor.name, line.level): line for line in _lines(part.together)}
    rows: list[tuple[str, ...]] = []
    for place, fit in enumerate(part.alone):
        beside = part.subdistribution[place] if part.subdistribution else None
        rows += _factor_rows(asked, fit, beside, together, part.imputed)
    what = "Days with it" if part.by_day else "People with it"
    header = (
        *("Factor", what, "Events with it", "Model", "Events per coefficient", "Missing"),
        *("Alone, HR (95 % CI)", "P", *(() if part.by_day else ("Fine-Gray, SHR (95 % CI)",))),
        *("Together, HR (95 % CI)", "P together"),
    )
    return Table(name, title, header, tuple(rows), tuple(_notes(asked, part)))


def _factor_rows(
    asked: Asked,
    fit: Fit,
    beside: Fit | None,
    together: dict[tuple[str, str], Line],
    imputed: Mapping[str, int],
) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    if fit.lines and fit.lines[0].level:
        width = 10 if beside is None else 11
        rows.append((_group_title(fit), *[""] * (width - 1)))
    for place, line in enumerate(fit.lines):
        write = asked.writer
        joint = together.get((line.factor.name, line.level))
        small = line.events is not None and (write.is_small(line.events) or write.is_small(line.rows or 0))
        counts = [NOTHING if one is None else write.count(one) for one in (line.rows, line.events)]
        other = () if beside is None else (NOTHING if small else hazard_ratio(beside.lines[place].ratio),)
        rows.append(
            (
                f"  {_label(line)}" if line.level else _label(line),
                *counts,
                _model(fit),
                f"{fit.events_per_variable:.3g}",
                _missing(asked, fit, beside is None, imputed.get(line.factor.name, 0)),
                NOTHING if small else hazard_ratio(line.ratio),
                NOTHING if small else p_value(line.p_value),
                *other,
                NOTHING if small or joint is None else hazard_ratio(joint.ratio),
                NOTHING if small or joint is None else p_value(joint.p_value),
            )
        )
    return rows


def _model(fit: Fit) -> str:
    if fit.why_not:
        return NOTHING
    short = "Firth" if fit.method is Method.FIRTH else str(fit.method)
    return f"{short}, separated" if fit.separated else short


def _missing(asked: Asked, fit: Fit, by_day: bool, imputed: int) -> str:
    write = asked.writer
    if imputed:
        return f"{write.count(imputed)} imputed"
    rows = fit.missing_rows if by_day else fit.missing_people
    if not rows:
        return "0"
    return f"{write.count(rows)} ({write.count(fit.missing_events)} with the event)"


def _notes(asked: Asked, part: Part) -> Iterable[str]:
    yield (
        "Cox: cause-specific. Firth: the same with a penalty, for few events or where a covariate sorts the events"
        " perfectly (separated). Missing: left out of the model."
    )
    if part.not_imputed:
        yield f"Nothing could be imputed: {part.not_imputed}"
    if part.imputed:
        yield (
            "Imputed: values that are missing, or only known to lie beyond an assay's limit, were drawn; people and"
            " events with a factor are then not counted. Right only where being missing does not depend on the value."
        )
    if part.by_day:
        yield "Days at risk are counted on which somebody had the event; others say nothing about a hazard ratio."
    yield from dict.fromkeys(f"{_title(fit)}: {_lower(fit.why_not)}" for fit in part.alone if fit.why_not)
    yield from dict.fromkeys(
        f"{_title(fit)}: put together, being few: {', '.join(design.together)}."
        for fit in part.alone
        for design in fit.designs
        if design.together
    )
    tests = [(fit.designs[0].factor, p) for fit in part.alone for _, p in fit.joint_p]
    yield from (f"{factor.title}, all levels together: P = {p_value(p)}." for factor, p in tests)
    yield from dict.fromkeys(one.note for one in _factors(part) if one.note)
    yield from _joint_notes(asked, part)
    without = [(fit, why) for fit in part.subdistribution if (why := fit.why_not)]
    if without:
        yield "No Fine-Gray model: " + "; ".join(f"{_title(fit)} ({_lower(why)[:-1]})" for fit, why in without) + "."


def _joint_notes(asked: Asked, part: Part) -> Iterable[str]:
    joint = part.together
    if joint is None:
        yield "No joint model: fewer than two factors could enter."
    elif joint.why_not:
        yield f"No joint model: {_lower(joint.why_not)}"
    else:
        write = asked.writer
        yield (
            f"Joint model: {joint.method}; {write.count(joint.events)} events, {len(joint.lines)} coefficients,"
            f" {joint.events_per_variable:.3g} events for each; left out for a missing value:"
            f" {write.count(joint.missing_rows)} {'days at risk' if part.by_day else 'people'} with"
            f" {write.count(joint.missing_events)} events."
            + (" A covariate sorts the events perfectly." if joint.separated else "")
        )
    if part.not_together:
        reasons: dict[str, list[str]] = {}
        for title, why in part.not_together:
            reasons.setdefault(why, []).append(title)
        yield "Not in the joint model: " + "; ".join(f"{', '.join(t)} ({why})" for why, t in reasons.items()) + "."


def _factors(part: Part) -> list[Factor]:
    return [design.factor for fit in part.alone for design in fit.designs]


def _title(fit: Fit) -> str:
    return fit.designs[0].factor.title


def _lower(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}"
