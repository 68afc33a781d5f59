"""Landmark analysis: what comes after a day, by what was reached by it."""

from __future__ import annotations

from carac.analysis.incidence import UNRECORDED, Curve
from carac.analysis.landmark_analysis import AfterLandmark, Difference, Split, landmark
from carac.findings import CaracError
from carac.report.content import Block, Figure, Heading, Paragraph, Section, Table, Voice
from carac.report.figures.incidence_curves import SMALLEST, groups_figure, shown_groups
from carac.report.numbers import NOTHING, percent
from carac.report.questions.asked import Asked, p_value, sentence, with_interval
from carac.report.questions.incidence import days_words


def section(asked: Asked) -> Section:
    """Every endpoint that was asked, after the landmark."""
    settings = asked.settings
    blocks: list[Block] = [
        Paragraph(
            "Whoever had a toxicity lived long enough to have it: comparing those who ever had it with those who never"
            f" did favours it. So groups are made on day {settings.landmark_day} from what was graded by then, of those"
            " still observed and free of the endpoint, and only later events count. A difference is an association."
        )
    ]
    for endpoint in asked.study.available(settings.landmark_endpoints):
        blocks.append(Heading(sentence(endpoint.title)))
        try:
            found = landmark(
                asked.study,
                endpoint,
                settings.landmark_day,
                settings.landmark_states,
                settings.window,
                settings.landmark_adjust,
            )
        except CaracError as error:
            blocks.append(Paragraph(str(error), Voice.NOTE))
            continue
        blocks += _blocks(asked, found)
    return Section("landmark", "After a landmark", tuple(blocks))


def _blocks(asked: Asked, found: AfterLandmark) -> list[Block]:
    blocks: list[Block] = []
    for one in found.splits:
        if not asked.settings.hide_small_cells and found.outcome.events and len(shown_groups(one.found)) > 1:
            blocks.append(_figure(asked, found, one))
    return [*blocks, _table(asked, found), *_left_out(found), Paragraph(found.methods, Voice.PASTE)]


def _figure(asked: Asked, found: AfterLandmark, one: Split) -> Figure:
    said = "; ".join(
        f"{group.label} {percent(group.last.incidence.estimate)} %"
        for group in shown_groups(one.found)
        if group.last is not None
    )
    return Figure(
        f"landmark_{found.endpoint.name}_{one.state.name}",
        f"{sentence(found.endpoint.title)} after day {found.day}, by {one.state.title}",
        groups_figure(one.found, asked.synthetic),
        f"{sentence(one.state.title)}: {said} by the last day.",
        (f"Groups of fewer than {SMALLEST} people stand in the table alone.",),
    )


def _table(asked: Asked, found: AfterLandmark) -> Table:
    rows: list[tuple[str, ...]] = []
    for one in found.splits:
        hidden = any(asked.writer.is_small(group.outcome.events) for group in one.found.groups)
        test = one.found.test
        gray = NOTHING if test is None or test.p_value is None or hidden else p_value(test.p_value)
        rows.append((f"{sentence(one.state.title)}, by day {found.day}", *[""] * 4, *_differences(one, hidden), gray))
        rows += [_group(asked, group) for group in one.found.groups]
    header = (
        *("", "At risk", "Events", "To the end, % (95 % CI)", "Days lost (95 % CI)"),
        *("Difference, points (95 % CI)", "Adjusted (95 % CI)", "P (Gray)"),
    )
    notes = [
        "Difference: incidence at the end with it less that without it, in percentage points, from pseudo-observations."
        " Days lost: area under the cumulative incidence from the landmark on. Not recorded: no day graded by the"
        " landmark, or only as a range that may have been it. Days without a grade between others count as without.",
        *[f"{one.state.title}, not compared: {one.why_not}" for one in found.splits if one.why_not],
        *[f"{one.state.title}, not adjusted: {one.not_adjusted}" for one in found.splits if one.not_adjusted],
        *_counted(found),
    ]
    title = f"{sentence(found.endpoint.title)} after day {found.day}"
    return Table(f"landmark_{found.endpoint.name}", title, header, tuple(rows), tuple(notes))


def _counted(found: AfterLandmark) -> list[str]:
    """How many are in an adjusted difference, where a value is missing of some."""
    fewer = [
        f"{one.state.title} {one.adjusted.people} of {one.plain.people}"
        for one in found.splits
        if one.plain and one.adjusted and one.adjusted.people < one.plain.people
    ]
    return [f"With every value of what is adjusted for: {', '.join(fewer)}."] if fewer else []


def _differences(one: Split, hidden: bool) -> tuple[str, str]:
    if hidden:
        return NOTHING, NOTHING
    return _points(one.plain), _points(one.adjusted)


def _points(one: Difference | None) -> str:
    if one is None:
        return NOTHING
    ends = (one.value.estimate, one.value.lower, one.value.upper)
    value, low, high = (f"{100 * (end or 0.0):+.1f}".replace("-", "−").replace("+0.0", "0.0") for end in ends)
    return f"{value} ({low} to {high})"


def _group(asked: Asked, group: Curve) -> tuple[str, ...]:
    write, outcome = asked.writer, group.outcome
    small = write.is_small(outcome.events) or write.is_small(outcome.at_risk)
    last = group.last
    label = "not recorded" if group.label == UNRECORDED else group.label
    return (
        f"  {label}",
        write.count(outcome.at_risk),
        write.count(outcome.events),
        NOTHING if small or last is None else with_interval(last.incidence),
        NOTHING if small else days_words(group.time_lost),
        *("", "", ""),
    )


def _left_out(found: AfterLandmark) -> list[Block]:
    if not found.left_out:
        return []
    said = "; ".join(f"{title}: {why}" for title, why in found.left_out)
    return [Paragraph(f"Not read here: {said}.", Voice.NOTE)]
