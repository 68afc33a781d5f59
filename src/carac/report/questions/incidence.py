"""Incidence: a table of every endpoint, curves with numbers at risk, groups compared, bounds, events per month."""

from __future__ import annotations

from collections.abc import Sequence

from carac.analysis.incidence import GROUPINGS, Incidence, Moment, Value, incidence
from carac.report import words
from carac.report.content import Block, Figure, Heading, Paragraph, Section, Table, Voice
from carac.report.figures.incidence_curves import SMALLEST, groups_figure, overall_figure, shown_groups
from carac.report.numbers import NOTHING, percent
from carac.report.questions.asked import Asked, group_name, p_value, sentence, with_interval


def section(asked: Asked) -> Section:
    """Every endpoint that can be counted, and figures of those that were named."""
    study, settings = asked.study, asked.settings
    found = [incidence(study, one, window=settings.window) for one in study.available()]
    named = [one for one in found if one.endpoint.name in settings.endpoints]
    order = {name: place for place, name in enumerate(settings.endpoints)}
    named.sort(key=lambda one: order[one.endpoint.name])
    blocks: list[Block] = [Paragraph(_summary(asked, found)), _table(asked, found), _rates(asked, found)]
    blocks += [_burden(asked, found)] if found else []
    blocks += [_bounds(asked, found)] if any(one.bounds for one in found) else []
    for one in named:
        blocks += _blocks(asked, one)
    blocks += [_flow(asked, named), *_not_counted(asked)]
    return Section("incidence", "Cumulative incidence", tuple(blocks))


def _summary(asked: Asked, found: Sequence[Incidence]) -> str:
    people = asked.study.people
    window = asked.settings.windows[asked.settings.window]
    kept = len(people) - int(people.left_out.sum())
    widest = max(
        (one for one in found if one.overall.last), key=lambda one: _overstatement(one.overall.last), default=None
    )
    text = (
        f"First events on {window} of {asked.writer.count(kept)} infusions. Death competes: whoever died cannot have"
        " the event any more, and an estimate that takes death for censoring says too much."
    )
    if widest is not None and (last := widest.overall.last) and last.overstatement > 0.0005:
        text += (
            f" Here it would say most too much of {widest.endpoint.title}: {percent(last.naive)} in place of"
            f" {percent(last.incidence.estimate)} % by day {last.day}."
        )
    return text


def _overstatement(moment: Moment | None) -> float:
    return moment.overstatement if moment else 0.0


def _by_family(found: Sequence[Incidence]) -> list[tuple[str, list[Incidence]]]:
    families = list(dict.fromkeys(one.endpoint.family for one in found))
    return [(name, [one for one in found if one.endpoint.family == name]) for name in families]


def _table(asked: Asked, found: Sequence[Incidence]) -> Table:
    rows: list[tuple[str, ...]] = []
    for family, members in _by_family(found):
        rows.append((sentence(family), "", "", "", "", "", ""))
        rows += [_line(asked, one) for one in members]
    header = (
        *("Endpoint", "At risk", "Events", "Competing", "By day 30, % (95 % CI)"),
        *("To the end, % (95 % CI)", "Naive 1 − KM, %"),
    )
    last = asked.settings.windows[asked.settings.window].last
    notes = (
        f"To the end: day {last}, or the last day that anybody was observed. Competing: died (or had what the rules let"
        " compete) before the event. Naive: Kaplan-Meier with death taken for censoring, which overstates.",
        "At risk are also infusions that were never graded: a day without a grade counts as a day without the event."
        " Tables of worst grades (`carac report`) take those alone of whom it can be said, so that their shares differ;"
        " what ungraded days could hide stands in a table of its own.",
        *_proposals(found),
    )
    return Table("incidence", "Cumulative incidence of every endpoint", header, tuple(rows), notes)


def _proposals(found: Sequence[Incidence]) -> tuple[str, ...]:
    """What is carac's own, said where its figures stand."""
    return tuple(dict.fromkeys(one.endpoint.note for one in found if one.endpoint.proposal and one.endpoint.note))


def _line(asked: Asked, one: Incidence) -> tuple[str, ...]:
    outcome, write = one.overall.outcome, asked.writer
    small = write.is_small(outcome.events)
    by_30 = next((m for m in one.overall.moments if m.day == 30), None)
    last = one.overall.last
    return (
        f"  {sentence(one.endpoint.title)}",
        write.count(outcome.at_risk),
        write.count(outcome.events),
        write.count(outcome.competing),
        NOTHING if small or by_30 is None else with_interval(by_30.incidence),
        NOTHING if small or last is None else with_interval(last.incidence),
        NOTHING if small or last is None else percent(last.naive),
    )


def _rates(asked: Asked, found: Sequence[Incidence]) -> Table:
    windows = [rate.window for rate in found[0].rates] if found else []
    rows = []
    for one in found:
        cells = []
        for rate in one.rates:
            hidden = rate.rate is None or asked.writer.is_small(rate.events)
            value = rate.rate
            cells.append(
                NOTHING
                if hidden or value is None
                else f"{_plain(value.estimate)} ({_plain(value.lower)}–{_plain(value.upper)})"
            )
        rows.append((sentence(one.endpoint.title), *cells))
    header = ("Endpoint", *(sentence(str(window)) for window in windows))
    notes = (
        "First events per 100 patient-months at risk, with the exact 95 % interval (Poisson). A window that begins"
        " later has those still free of the event on its first day. A dash: nobody at risk, or longer than days are"
        " graded.",
    )
    return Table("incidence_rates", "First events per 100 patient-months", header, tuple(rows), notes)


def _burden(asked: Asked, found: Sequence[Incidence]) -> Table:
    """How long people had it, and how often."""
    rows = []
    for one in found:
        small = asked.writer.is_small(one.overall.outcome.events)
        count = one.mean_count
        per_100 = None if count is None else _times_100(count)
        rows.append(
            (
                sentence(one.endpoint.title),
                NOTHING if small else days_words(one.overall.time_lost),
                NOTHING if small else days_words(per_100),
                NOTHING if small else asked.writer.count(one.recurrences),
            )
        )
    header = (
        *("Endpoint", "Days lost per person (95 % CI)", "Events per 100 people (95 % CI)"),
        "Events after a first one",
    )
    notes = (
        "Days lost: restricted mean time lost, the area under the cumulative incidence: who has it on day 10 of 100"
        " loses 90 days, who never has it none. Events per 100 people: mean cumulative count to the end of the window,"
        " further events included; death ends the counting. Of states of days, episodes are counted.",
    )
    return Table("incidence_burden", "Time lost, and how often it came", header, tuple(rows), notes)


def _times_100(value: Value) -> Value:
    low, high = (None if end is None else 100 * end for end in (value.lower, value.upper))
    return Value(100 * value.estimate, low, high)


def days_words(value: Value | None) -> str:
    """Days, or a count, with its interval."""
    if value is None:
        return NOTHING
    if value.lower is None or value.upper is None:
        return _plain(value.estimate)
    return f"{_plain(value.estimate)} ({_plain(value.lower)}–{_plain(value.upper)})"


def _plain(value: float | None) -> str:
    """A rate to two significant digits or one decimal."""
    if value is None:
        return NOTHING
    if not value:
        return "0"
    return f"{value:.0f}" if value >= 99.5 else f"{value:.1f}" if value >= 0.95 else f"{value:.2f}"


def _bounds(asked: Asked, found: Sequence[Incidence]) -> Table:
    rows = []
    for one in found:
        bounds, outcome = one.bounds, one.overall.outcome
        if bounds is None or (not outcome.days and bounds.if_open == bounds.lowest):
            continue
        ungraded = percent(outcome.ungraded_days / outcome.days) if outcome.days else NOTHING
        rows.append(
            (
                sentence(one.endpoint.title),
                ungraded,
                *(NOTHING if asked.writer.is_small(outcome.events) else percent(v) for v in _three(one)),
            )
        )
    header = (
        *("Endpoint", "Patient-days without a grade, %", "Lowest, %"),
        *("If open grades were events, %", "If ungraded days were as well, %"),
    )
    notes = (
        "A patient-day that could not be graded is not a day without the event. Lowest: everything that is not known is"
        " no event. Open: graded only as a range that reaches the endpoint, or an event that cannot be graded. The last"
        " column lets every untested day be an event: it shows what a record without daily tests cannot exclude.",
    )
    return Table("incidence_bounds", "What is not known, and what it could hide", header, tuple(rows), notes)


def _three(one: Incidence) -> tuple[float, float, float]:
    assert one.bounds is not None
    return one.bounds.lowest, one.bounds.if_open, one.bounds.if_unknown


def _blocks(asked: Asked, one: Incidence) -> list[Block]:
    """Figure, groups and methods of one endpoint."""
    name, title = one.endpoint.name, one.endpoint.title
    blocks: list[Block] = [Heading(sentence(title))]
    if asked.writer.is_small(one.overall.outcome.events):
        return [*blocks, Paragraph("Few have the event; what could tell them is left out.", Voice.NOTE)]
    blocks.append(
        Figure(
            f"incidence_{name}",
            f"Cumulative incidence of {title}",
            overall_figure(one, asked.synthetic),
            _said(one),
            tuple(one.overall.outcome.notes),
        )
    )
    for by in asked.settings.by:
        blocks += _group_blocks(asked, incidence(asked.study, one.endpoint, by, asked.settings.window, ()))
    blocks.append(Paragraph(_recurrent(one) + one.methods, Voice.PASTE))
    return blocks


def _said(one: Incidence) -> str:
    last, outcome = one.overall.last, one.overall.outcome
    if last is None:
        return "Nobody is at risk."
    return (
        f"{outcome.events} of {outcome.at_risk} had it by day {last.day}: {with_interval(last.incidence)} %;"
        f" {outcome.competing} had a competing event first. The naive estimate is {percent(last.naive)} %."
    )


def _recurrent(one: Incidence) -> str:
    if not one.recurrences or one.mean_count is None:
        return ""
    value = one.mean_count
    assert value.lower is not None and value.upper is not None
    return (
        f"{one.recurrences} further events followed a first one; the mean cumulative count to the end of the window is"
        f" {100 * value.estimate:.1f} ({100 * value.lower:.1f}–{100 * value.upper:.1f}) events per 100 people. "
    )


def _group_blocks(asked: Asked, found: Incidence) -> list[Block]:
    if len(found.groups) < 2:
        return []
    name, by = found.endpoint.name, GROUPINGS.get(found.by, found.by)
    blocks: list[Block] = []
    drawn = shown_groups(found)
    if len(drawn) > 1 and not asked.settings.hide_small_cells:
        left = len(found.groups) - len(drawn)
        notes = (
            (
                f"{left} groups with fewer than {SMALLEST} people or beyond those that can be told apart stand in the"
                " table alone.",
            )
            if left
            else ()
        )
        said = "; ".join(
            f"{group_name(found.by, one.label)} {percent(one.last.incidence.estimate)} %" for one in drawn if one.last
        )
        blocks.append(
            Figure(
                f"incidence_{name}_by_{found.by}",
                f"Cumulative incidence of {found.endpoint.title}, by {by}",
                groups_figure(found, asked.synthetic),
                f"To the end of the window: {said}.",
                notes,
            )
        )
    return [*blocks, _group_table(asked, found, by)]


def _group_table(asked: Asked, found: Incidence, by: str) -> Table:
    rows = []
    for one in found.groups:
        write, outcome = asked.writer, one.outcome
        small = write.is_small(outcome.events) or write.is_small(outcome.at_risk)
        rows.append(
            (
                group_name(found.by, one.label),
                write.count(outcome.at_risk),
                write.count(outcome.events),
                NOTHING if small or one.last is None else with_interval(one.last.incidence),
                NOTHING if small or one.last is None else percent(one.last.naive),
                NOTHING if small else days_words(one.time_lost),
            )
        )
    test = found.test
    said = "Gray's test cannot be made."
    if test and test.p_value is not None:
        sign = "" if test.p_value < 0.001 else "= "
        said = f"Gray's test: P {sign}{p_value(test.p_value)} ({words.plural(len(found.groups), 'group')})."
    elif test and test.why_not:
        said = f"Gray's test cannot be made: {test.why_not}."
    left_out = "Those of whom it is not recorded are not in the test." if test and test.left_out else ""
    header = (sentence(by), "At risk", "Events", "To the end, % (95 % CI)", "Naive 1 − KM, %", "Days lost (95 % CI)")
    notes = tuple(text for text in (said, left_out, "No adjustment: groups differ in more than this.") if text)
    title = f"{sentence(found.endpoint.title)}, by {by}"
    return Table(f"incidence_{found.endpoint.name}_by_{found.by}", title, header, tuple(rows), notes)


def _flow(asked: Asked, found: Sequence[Incidence]) -> Table:
    """Who is at risk of each endpoint, and why the others are not."""
    rows: list[tuple[str, ...]] = []
    for one in found:
        write, flow = asked.writer, one.overall.outcome.flow
        rows.append((sentence(one.endpoint.title), ""))
        rows.append((f"  {sentence(flow[0].name)}", write.count(flow[0].count)))
        rows += [(f"    not at risk: {why}", write.count(count)) for why, count in flow[0].leaving]
        rows += [(f"  {sentence(step.name)}", write.count(step.count)) for step in flow[1:]]
    header = ("", "Infusions")
    return Table("incidence_flow", "Who is at risk, and how it ended", header, tuple(rows))


def _not_counted(asked: Asked) -> list[Block]:
    study = asked.study
    reasons = [(one.title, study.lacks(one)) for one in (study.endpoints or {}).values() if study.lacks(one)]
    if not reasons:
        return []
    said = "; ".join(f"{title}: {why}" for title, why in reasons)
    return [Paragraph(f"Not counted here: {said}.", Voice.NOTE)]
