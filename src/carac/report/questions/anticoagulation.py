"""Anticoagulation: who was given what at which platelet counts, and events on and off it."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from carac.analysis.anticoagulation import BANDS, DOSES, Anticoagulation, Compared, Given, Rate, anticoagulation
from carac.analysis.day_states import lacks
from carac.analysis.factors import ANTICOAGULANT, BY_DAY, VALUE_HOLDS
from carac.analysis.hazard_models import Fit, Method
from carac.report import theme
from carac.report.content import Block, Figure, Paragraph, Section, Table, Voice
from carac.report.figures.hazard_ratios import Row, hazard_ratio, hazard_ratio_figure
from carac.report.numbers import NOTHING, Writer
from carac.report.questions.asked import Asked, capped, p_value, sentence

TITLE = "Anticoagulants: events on them and off them"
KEY = (("by day", theme.GROUPS[1]), ("ever against never: wrong, immortal time", theme.GROUPS[0]))
_HOLDS = f"it holds for up to {VALUE_HOLDS} days without one"
_TEXT = (
    "Who is given an anticoagulant, and when it is held, follows from clots, bleeds and platelets; no comparison here"
    " is that of a trial. What can be avoided is counting the days before a treatment began for the treatment: a day"
    " counts from the day after the start of a course to the day after its last dose."
)


def section(asked: Asked) -> Section:
    """Exposure, rates on and off, hazard ratios."""
    reason = lacks(asked.study, BY_DAY[ANTICOAGULANT])
    if reason:
        text = f"Not answered: {reason}. Whether a day was on or off an anticoagulant is not known."
        return Section("anticoagulation", TITLE, (Paragraph(text, Voice.NOTE),))
    found = anticoagulation(asked.study, asked.settings.anticoagulation_endpoints, asked.settings.window)
    blocks: list[Block] = [Paragraph(_TEXT), _given(asked, found.given, found)]
    if shown := [one for one in found.compared if one.people]:
        blocks += [_rates(asked, shown), *_by_platelets(asked, shown), *_ratios(asked, found, shown)]
    for title, why in found.left_out:
        blocks.append(Paragraph(f"{sentence(title)} is not counted: {why}.", Voice.NOTE))
    return Section("anticoagulation", TITLE, (*blocks, Paragraph(found.methods, Voice.PASTE)))


# ---- tables


def _given(asked: Asked, given: Sequence[Given], found: Anticoagulation) -> Table:
    write = asked.writer
    rows = []
    for one in given:
        small = write.is_small(one.people)
        days = [NOTHING if small else str(count) for count in (one.days, *one.days_by_platelets)]
        name = "Any anticoagulant" if one.name == "any" else sentence(_dose(one.name).replace("_", " "))
        rows.append((name, write.count(one.people), *days))
    header = ("", "People", "Patient-days", *(sentence(band) for band in BANDS))
    notes = (
        f"Under observation on {found.window}. Platelets in 10⁹/L, those of the day before ({_HOLDS}), by the"
        " cut-points of CTCAE grades 3 and 4. A day can be on two agents or doses.",
        *found.notes,
    )
    return Table("anticoagulant_exposure", "Anticoagulants given", header, tuple(rows), notes)


def _dose(name: str) -> str:
    return f"{name} dose" if name in DOSES[:2] else name


def _rates(asked: Asked, compared: Sequence[Compared]) -> Table:
    rows: list[tuple[str, ...]] = []
    for one in compared:
        rows.append((_counted(asked.writer, one), "", "", ""))
        rows += [_rate_row(asked.writer, rate) for rate in one.rates if not rate.platelets]
    header = ("", "Patient-days at risk", "Events", "Per 100 patient-months (95 % CI)")
    notes = ("Exact Poisson intervals. Nothing is adjusted: days on and off differ in more than the treatment.",)
    title = "First events and recurrences on and off anticoagulants"
    return Table("anticoagulant_rates", title, header, tuple(rows), notes)


def _counted(write: Writer, one: Compared) -> str:
    return f"{sentence(one.title)} ({write.count(one.people)} at risk, {write.count(one.events)} events)"


def _rate_row(write: Writer, rate: Rate, name: str = "") -> tuple[str, ...]:
    small = write.is_small(rate.events)
    value = rate.rate
    told = NOTHING if small or value is None else f"{value.estimate:.1f} ({value.lower:.1f}–{value.upper:.1f})"
    return (f"  {name or sentence(_dose(rate.name))}", str(rate.days), write.count(rate.events), told)


def _by_platelets(asked: Asked, compared: Sequence[Compared]) -> list[Block]:
    rows: list[tuple[str, ...]] = []
    for one in compared:
        some = [rate for rate in one.rates if rate.platelets and rate.days]
        rows.append((_counted(asked.writer, one), "", "", ""))
        rows += [_rate_row(asked.writer, rate, f"{sentence(rate.platelets)}, {rate.name}") for rate in some]
    header = ("", "Patient-days at risk", "Events", "Per 100 patient-months (95 % CI)")
    title = "The same by the platelets of the day"
    return [Table("anticoagulant_rates_by_platelets", title, header, tuple(rows))]


# ---- hazard ratios


def _models(one: Compared) -> list[tuple[str, Fit]]:
    made = [("On against off, by day", one.by_day)]
    if one.adjusted is not None:
        made.append(("The same at equal platelets", one.adjusted))
    return made


def _doses(one: Compared) -> list[tuple[str, Fit, int]]:
    """Each dose against off it, in one model."""
    fit = one.by_dose
    equal = " at equal platelets" if any(line.factor.analyte for line in fit.lines) else ""
    return [
        (sentence(f"{line.factor.title}{equal}"), fit, place)
        for place, line in enumerate(fit.lines)
        if not line.factor.analyte
    ]


def _lower(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}"


def _ratios(asked: Asked, found: Anticoagulation, compared: Sequence[Compared]) -> list[Block]:
    told = [one for one in compared if not asked.writer.is_small(one.events)]
    if not told:
        return [Paragraph("The events are too few to tell a hazard ratio of.", Voice.NOTE)]
    table = _table(asked, told)
    said = [_naive_sentence(one) for one in told if one.naive.lines and one.naive.lines[0].ratio]
    blocks: list[Block] = [table, *(Paragraph(text, Voice.CAUTION) for text in said)]
    if asked.settings.hide_small_cells or not _rows(told):
        return blocks
    return [_figure(found, told, asked.synthetic), *blocks]


def _rows(compared: Sequence[Compared]) -> list[Row]:
    rows = []
    for one in compared:
        body = [Row(words, together=fit.lines[0].ratio) for words, fit in _models(one) if fit.lines[0].ratio]
        body += [
            Row(words, together=fit.lines[place].ratio) for words, fit, place in _doses(one) if fit.lines[place].ratio
        ]
        if one.naive.lines[0].ratio:
            body.append(Row("Ever against never (naive)", alone=one.naive.lines[0].ratio))
        if body:
            rows += [Row(capped(f"{sentence(one.title)}, {one.events} events", 80), head=True), *body]
    return rows


def anticoagulation_figure(found: Anticoagulation, synthetic: bool) -> alt.TopLevelMixin:
    """Hazard ratios on against off anticoagulants, and the naive ones beside them."""
    subtitle = f"Hazard ratios with 95 % intervals, {found.window}"
    title = "Events on against off anticoagulants"
    return hazard_ratio_figure(_rows([one for one in found.compared if one.people]), title, subtitle, synthetic, KEY)


def _figure(found: Anticoagulation, compared: Sequence[Compared], synthetic: bool) -> Figure:
    said = "; ".join(
        f"{one.title}: by day {hazard_ratio(one.by_day.lines[0].ratio)},"
        f" ever against never {hazard_ratio(one.naive.lines[0].ratio)}"
        for one in compared
    )
    chart = anticoagulation_figure(found, synthetic)
    return Figure("anticoagulant_hazard_ratios", "Events on against off anticoagulants", chart, f"{said}.")


def _table(asked: Asked, compared: Sequence[Compared]) -> Table:
    rows: list[tuple[str, ...]] = []
    notes: list[str] = [
        f"Firth: penalised, for few events. At equal platelets: at the count of the day before ({_HOLDS})."
    ]
    for one in compared:
        rows.append((_counted(asked.writer, one), *[""] * 5))
        models = [(words, fit, 0) for words, fit in _models(one)]
        models += [*_doses(one), ("Ever against never (naive: wrong)", one.naive, 0)]
        for words, fit, place in models:
            rows.append(_line(asked.writer, words, fit, place))
            if fit.why_not:
                notes.append(f"{sentence(one.title)}, {_lower(words)}: {fit.why_not}")
    header = ("", "Events on it", "Events in the model", "Days or people missing", "HR (95 % CI)", "P")
    title = "Hazard ratios, with the exposure changing by day"
    return Table("anticoagulant_hazard_ratios", title, header, tuple(rows), tuple(dict.fromkeys(notes)))


def _line(write: Writer, words: str, fit: Fit, place: int) -> tuple[str, ...]:
    line = fit.lines[place]
    small = write.is_small(line.events or 0)
    kind = "" if fit.method is not Method.FIRTH else " (Firth, separated)" if fit.separated else " (Firth)"
    return (
        f"  {words}{kind}",
        write.count(line.events or 0),
        write.count(fit.events),
        write.count(fit.missing_rows),
        NOTHING if small else hazard_ratio(line.ratio),
        NOTHING if small else p_value(line.p_value),
    )


def _naive_sentence(one: Compared) -> str:
    naive = hazard_ratio(one.naive.lines[0].ratio)
    return (
        f"{sentence(one.title)}: those ever given an anticoagulant, against those never given one, have a hazard ratio"
        f" of {naive}. It is wrong: whoever was given one had to be under observation and free of the event until then,"
        f" and the {one.immortal_days} patient-days before it began are counted for the treatment (immortal time)."
    )
