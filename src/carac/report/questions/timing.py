"""Timing: when first events begin, and whether they coincide with other toxicities more than chance would have it."""

from __future__ import annotations

from collections.abc import Sequence

from carac.analysis.timing import AROUND, PERIODS, STATES, Timing, timing
from carac.endpoints.rules import Window
from carac.report.content import Block, Figure, Paragraph, Section, Table, Voice
from carac.report.figures.onsets import onset_figure, overlap_figure
from carac.report.numbers import NOTHING, percent
from carac.report.questions.asked import Asked, p_value, sentence
from carac.vocabulary.types import Grain

#: Beside the endpoints with figures of their own, what is shown by day of onset.
ALSO = ("any_bleeding", "crs_any", "icans_any")


def section(asked: Asked) -> Section:
    """Days of onset, and overlap against chance."""
    study, settings = asked.study, asked.settings
    names = dict.fromkeys([*settings.endpoints, *ALSO])
    window = study.window(settings.window)
    found = [timing(study, one, window) for one in study.available(names)]
    blocks: list[Block] = [Paragraph(_text(found))]
    shown = [one for one in found if not asked.writer.is_small(len(one.onset.days))]
    if shown and not settings.hide_small_cells:
        blocks.append(_onset_figure(shown, window, asked))
    blocks.append(_onsets(asked, found, window))
    # a grade of duration is dated by a rule: nothing coincides with its day
    dated = [one for one in shown if one.endpoint.grain is not Grain.INFUSION]
    own = [one for one in dated if one.endpoint.name in settings.endpoints and one.endpoint.name not in STATES]
    if own:
        blocks += [_overlap_figure(own, asked), _overlaps(asked, own)]
        blocks.append(Paragraph(own[0].methods, Voice.PASTE))
    left_out = dict(pair for one in found for pair in one.left_out)
    if left_out:
        said = "; ".join(f"{title}: {why}" for title, why in left_out.items())
        blocks.append(Paragraph(f"Overlap is not counted with {said}.", Voice.NOTE))
    return Section("timing", "When events begin, and what they coincide with", tuple(blocks))


def _text(found: Sequence[Timing]) -> str:
    with_events = [one for one in found if one.onset.quartiles]
    if not with_events:
        return "None of the endpoints happened."
    said = [f"{one.endpoint.title} on day {one.onset.quartiles[1]:g}" for one in with_events[:3] if one.onset.quartiles]
    return (
        f"The median first onset was: {'; '.join(said)}. Bleeding, clots, CRS and low counts crowd into the same weeks,"
        " so that much of their overlap is what chance gives; the figure shows both."
    )


def _onset_figure(found: Sequence[Timing], window: Window, asked: Asked) -> Figure:
    said = "; ".join(
        f"{one.endpoint.title}: n = {len(one.onset.days)}"
        + (f", median day {one.onset.quartiles[1]:g}" if one.onset.quartiles else "")
        for one in found
    )
    return Figure(
        "timing_onset", "Day of the first event", onset_figure(found, window.last, asked.synthetic), said + "."
    )


def _onsets(asked: Asked, found: Sequence[Timing], window: Window) -> Table:
    kept = [place for place, (first, _) in enumerate(PERIODS) if first <= window.last]
    titles = [f"Days {first} to {last}" if last else f"After day {first - 1}" for first, last in PERIODS]
    rows = []
    for one in found:
        write, onset = asked.writer, one.onset
        small = write.is_small(len(onset.days))
        quartiles, extent = onset.quartiles, onset.range
        rows.append(
            (
                sentence(one.endpoint.title),
                write.count(len(onset.days)),
                NOTHING if small or quartiles is None else "{1:g} ({0:g}–{2:g})".format(*quartiles),
                NOTHING if small or extent is None else f"{extent[0]} to {extent[1]}",
                *(NOTHING if small else write.count(onset.periods[place]) for place in kept),
            )
        )
    header = ("Endpoint", "People", "Median day (quartiles)", "Range", *(titles[place] for place in kept))
    notes = ("Crude days of those with the event: later events are seen less often, because follow-up ends.",)
    return Table("timing_onset", "Day of the first event", header, tuple(rows), notes)


def _overlap_figure(found: Sequence[Timing], asked: Asked) -> Figure:
    said = "; ".join(
        f"{one.endpoint.title} with {o.state.title}: {o.present} of {o.assessed}, by chance {o.expected_in_period:.1f}"
        for one in found
        for o in one.overlaps
        if o.around == AROUND and o.assessed
    )
    notes = (
        "P: probability that chance within the period of the event gives at least as much overlap. Overlap says nothing"
        " about cause. Platelets and fibrinogen are part of some of these endpoints: their overlap is by definition.",
    )
    chart = overlap_figure(found, AROUND, asked.synthetic)
    return Figure("timing_overlap", "Overlap with other toxicities, against chance", chart, said + ".", notes)


def _overlaps(asked: Asked, found: Sequence[Timing]) -> Table:
    rows: list[tuple[str, ...]] = []
    for one in found:
        rows.append((sentence(one.endpoint.title), *[""] * 7))
        for o in one.overlaps:
            small = asked.writer.is_small(o.present) or asked.writer.is_small(o.assessed)
            share = percent(o.present / o.assessed) if o.assessed else NOTHING
            rows.append(
                (
                    f"  {sentence(o.state.title)}",
                    "on the day" if o.around == 0 else f"±{o.around} days",
                    asked.writer.count(o.assessed),
                    *(
                        (NOTHING,) * 5
                        if small
                        else (
                            f"{o.present} ({share})",
                            f"{o.expected:.1f}",
                            p_value(o.p_value),
                            f"{o.expected_in_period:.1f}",
                            p_value(o.p_value_in_period),
                        )
                    ),
                )
            )
    header = (
        *("With", "When", "Assessed", "Overlap, n (%)", "By chance, whole window", "P"),
        *("By chance, within its period", "P"),
    )
    notes = ("Assessed: people with the event and a graded day of the other toxicity there.",)
    return Table("timing_overlap", "Overlap with other toxicities, against chance", header, tuple(rows), notes)
