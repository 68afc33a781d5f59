"""Scores: how well those that carac grades foretell bleeding, clots, or what else was asked."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from carac.analysis.prediction_model import landmark_words
from carac.analysis.scores import Scored, Scores, scores
from carac.report.content import Block, Figure, Heading, Paragraph, Section, Table, Voice
from carac.report.figures.decision import MOST, Drawn, decision_figure
from carac.report.numbers import NOTHING
from carac.report.questions.asked import Asked, p_value, sentence
from carac.statistics.prediction import Score

#: An area whose interval holds this tells no more than a coin.
CHANCE = 0.5


def section(asked: Asked) -> Section:
    """Every score for every endpoint that was asked."""
    study, request = asked.study, asked.settings.scores
    blocks: list[Block] = [
        Paragraph(
            "Whether a score tells those who will have an event from those who will not. Each is read when it is known,"
            " and only events after that count. None of the scores of thrombosis or bleeding was made for CAR T cells."
        )
    ]
    methods = []
    for name in request.endpoints:
        endpoint = study.endpoint(name)
        blocks.append(Heading(sentence(endpoint.title)))
        if reason := study.lacks(endpoint):
            blocks.append(Paragraph(f"It cannot be counted here: {reason}.", Voice.NOTE))
            continue
        found = scores(study, name, asked.settings.window, request)
        blocks += _blocks(asked, found)
        methods.append(found.methods)
    blocks += [Paragraph(text, Voice.PASTE) for text in methods[:1]]
    return Section("scores", "How well scores foretell", tuple(blocks))


def _blocks(asked: Asked, found: Scores) -> list[Block]:
    judged = [one for one in found.scored if one.merit is not None]
    blocks: list[Block] = [Paragraph(_text(found, judged))]
    days = list(dict.fromkeys(one.ahead.day for one in judged))
    if not asked.settings.hide_small_cells:
        blocks += [_figure(asked, found, [one for one in judged if one.ahead.day == day]) for day in days]
    if shown := [one for one in found.scored if one.people]:
        blocks.append(_table(asked, found, shown))
    if found.compared and not asked.settings.hide_small_cells:
        blocks.append(_compared(found))
    return [*blocks, *_unscored(found)]


def _text(found: Scores, judged: Sequence[Scored]) -> str:
    if not judged:
        reasons = dict.fromkeys(one.refusal for one in found.scored if one.people and one.refusal)
        said = "; ".join(list(reasons)[:2])
        return "No score could be judged" + (f": {said}." if said else ".")
    better = [one for one in judged if one.merit and one.merit.area.lower > CHANCE]
    start = f"Of {len(judged)} scores that could be judged, {len(better) or 'none'} did better than chance"
    best = max(judged, key=lambda one: one.merit.area.estimate if one.merit else 0.0)
    assert best.merit is not None
    return (
        f"{start} (the 95 % interval of the area lies above 0.5). The largest area was that of {best.title}, read"
        f" {landmark_words(best.ahead.day)}: {area_words(best.merit.area)}. Among so many the largest is too large."
    )


def area_words(area: Score) -> str:
    """An area with its interval; none where every case stands above every control, or below."""
    if area.standard_error == 0:
        return f"{area.estimate:.2f}"
    return f"{area.estimate:.2f} ({area.lower:.2f}–{area.upper:.2f})"


def _figure(asked: Asked, found: Scores, judged: Sequence[Scored]) -> Figure:
    ahead = judged[0].ahead
    drawn = [Drawn(one.title, one.merit.curve, one.merit.groups) for one in judged if one.merit]
    when = landmark_words(ahead.day)
    chart = decision_figure(
        sentence(found.title), f"Scores read {when}, events of {ahead.days}", drawn, asked.synthetic
    )
    said = "; ".join(f"{one.title}: area {area_words(one.merit.area)}" for one in judged[:MOST] if one.merit)
    notes = [
        "Left: net benefit of treating those above a risk, against treating everybody and nobody. Right: people of like"
        " predicted risk, and what happened to them (Aalen-Johansen). Risks of scores are estimated in this cohort,"
        " cross-validated; those of a model are its own."
    ]
    if len(judged) > MOST:
        notes.append(f"Not drawn: {', '.join(one.title for one in judged[MOST:])}.")
    name = f"scores_{found.endpoint}_{'before_infusion' if ahead.day < 0 else f'day_{ahead.day}'}"
    return Figure(name, f"{sentence(found.title)}: scores read {when}", chart, said + ".", tuple(notes))


def _table(asked: Asked, found: Scores, shown: Sequence[Scored]) -> Table:
    width = 7 + len(found.thresholds)
    rows: list[tuple[str, ...]] = []
    for day in dict.fromkeys(one.ahead.day for one in shown):
        own = [one for one in shown if one.ahead.day == day]
        ahead = own[0].ahead
        everybody = len(ahead.place)
        head = f"Read {landmark_words(day)}, events of {ahead.days}: {asked.writer.count(everybody)} at risk"
        rows.append((head, *[""] * (width - 1)))
        for one in own:
            rows.append(_row(asked, one, everybody, len(found.thresholds)))
    header = (
        *(
            "Score",
            "Scored",
            "Not scored",
            "Events",
            "Area (95 % CI)",
            "Brier score against none, %",
            "Calibration slope",
        ),
        *(f"Net benefit at {100 * one:g} % (all)" for one in found.thresholds),
    )
    notes = [
        "Area: under the time-dependent curve; 0.5 is chance. Brier score against none: by how much the error of the"
        " predicted risks lies below that of giving everybody the same risk; below 0 it is larger. Net benefit: per 100"
        " people, of treating those above the risk; in brackets of treating everybody; treating nobody is 0.",
        "A dash: not estimated, because too few had the event, or because the risks hardly differ (slope).",
    ]
    reasons = [f"{one.title}: {one.refusal}" for one in shown if one.refusal]
    if reasons and not asked.settings.hide_small_cells:
        notes.append("Not judged: " + "; ".join(reasons) + ".")
    notes += [
        f"{one.title}: {asked.writer.count(one.outside, one.people)} of {asked.writer.count(one.people)} people have a"
        " value beyond those that the model was made from, where its risk is a guess."
        for one in shown
        if one.outside
    ]
    return Table(f"scores_{found.endpoint}", f"Scores for {found.title}", header, tuple(rows), tuple(notes))


def _compared(found: Scores) -> Table:
    """Each score against the first of its landmark."""
    rows = []
    for one in found.compared:
        ends = (one.difference.estimate, one.difference.lower, one.difference.upper)
        value, low, high = (signed(end, 2) for end in ends)
        said = f"{value} ({low} to {high})" if one.difference.standard_error else value
        rows.append((one.title, one.against, landmark_words(one.day), str(one.people), said, p_value(one.p_value)))
    header = ("Score", "Against", "Read", "Scored by both", "Difference of areas (95 % CI)", "P")
    notes = (
        "Above 0 the score tells apart better than the one beside it, the first that is named of those read on the same"
        " day. On the people whom both could score, so that areas can differ from those above. P is not adjusted for"
        " the number of comparisons.",
    )
    return Table(f"scores_{found.endpoint}_compared", f"Scores for {found.title}, compared", header, tuple(rows), notes)


def _row(asked: Asked, one: Scored, everybody: int, thresholds: int) -> tuple[str, ...]:
    write = asked.writer
    small = write.is_small(one.events) or write.is_small(one.people, everybody)
    why = ", ".join(f"{write.count(number)} {text}" for text, number in one.unscored) or "0"
    counts = (f"  {one.title}", write.count(one.people, everybody), why, write.count(one.events))
    merit = one.merit
    if merit is None or small:
        return (*counts, *[NOTHING] * (3 + thresholds))
    return (
        *counts,
        area_words(merit.area),
        signed(100 * merit.gain, 1),
        NOTHING if merit.slope is None else signed(merit.slope, 2),
        *(
            NOTHING if isnan(own) else f"{signed(100 * own, 1)} ({signed(100 * everyone, 1)})"
            for own, everyone in zip(merit.net_benefit, merit.treat_all, strict=True)
        ),
    )


def signed(value: float, digits: int) -> str:
    """A number with a minus sign as it is printed; what rounds to 0 has none."""
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")


def _unscored(found: Scores) -> list[Block]:
    nobody = [one for one in found.scored if not one.people]
    parts = []
    if nobody:
        said = "; ".join(
            f"{one.title} ({', '.join(text for text, _ in one.unscored) or one.refusal})" for one in nobody
        )
        parts.append(
            f"Nobody could be scored by: {said}. Where what is not recorded was surely absent, the parameter"
            " unrecorded_is_absent of a score says so."
        )
    if found.left_out:
        parts.append("Not read: " + "; ".join(f"{title} ({why})" for title, why in found.left_out) + ".")
    return [Paragraph(text, Voice.NOTE) for text in parts]
