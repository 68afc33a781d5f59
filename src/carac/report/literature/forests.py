"""From pooled figures to the lines of a forest plot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isinf

import altair as alt

from carac.evidence.study import Study
from carac.evidence.synthesis.estimates import Estimate
from carac.evidence.synthesis.gathering import StudyCount
from carac.evidence.synthesis.one_arm import Group, Grouping, Pooled
from carac.evidence.synthesis.two_arms import Compared, Effect
from carac.evidence.synthesis.words import percent
from carac.report.figures.forest import BIAS, Line, forest, percent_axis, ratio_axis

#: Judgements from the best to the worst; the worst domain stands for a study where none is called overall.
_WORSE = ("low", "unclear", "some concerns", "high")


def bias_of(study: Study) -> str:
    """The overall judgement of a study's risk of bias, or its worst; "" where there is none."""
    overall = [one.judgement for one in study.risk_of_bias if one.domain.lower() == "overall"]
    judged = overall or [one.judgement for one in study.risk_of_bias]
    return max(judged, key=_WORSE.index) if judged else ""


def bias_key(studies: Iterable[Study]) -> tuple[str, ...]:
    """What the signs of the column mean and by which tools the studies were judged; empty where none was."""
    judged = [study for study in studies if study.risk_of_bias]
    if not judged:
        return ()
    tools = ", ".join(sorted({one.tool for study in judged for one in study.risk_of_bias}))
    signs = ", ".join(f"{sign} {judgement}" for judgement, (_, sign) in BIAS.items())
    return (f"Bias: {signs}; overall, or else the worst domain ({tools}).",)


def one_arm_forest(pooled: Pooled, grouping: Grouping | None = None) -> alt.TopLevelMixin:
    """The forest plot of an incidence, by groups where a grouping is given."""
    lines = _grouped(pooled, grouping) if grouping else _studies(pooled, range(len(pooled.counts)))
    several = len(pooled.counts) > 1
    if several:
        lines += _summary(pooled.main, f"Pooled, {len(pooled.counts)} studies", _counts(pooled.counts))
    shown = [value for line in lines for value in (line.value, line.high if line.kind != "prediction" else None)]
    highest = max((value for value in shown if value is not None), default=1.0)
    counted = "reports" if pooled.question.counted == "reports" else "patients"
    rate = pooled.question.measure == "rate"
    return forest(
        lines,
        percent_axis(highest, f"Events {pooled.measure.unit}" if rate else f"% of {counted}"),
        (("Events", "Patient-months" if rate else "Of"), ("Rate (95 % CI)" if rate else "% (95 % CI)", "Weight %")),
        pooled.question.title,
        pooled.question.detail,
        100 * pooled.main.value if several and pooled.main.value is not None else None,
    )


def _studies(pooled: Pooled, places: Sequence[int]) -> list[Line]:
    found = []
    for place in places:
        one, (value, low, high) = pooled.counts[place], pooled.own[place]
        weight = pooled.weights[place]
        found.append(
            Line(
                one.label + (" *" if one.origin else ""),
                left=_counts([one]),
                right=(f"{percent(value)} ({percent(low)}–{percent(high)})", f"{weight:.1f}"),
                value=100 * value,
                low=100 * low,
                high=100 * high,
                weight=weight,
                bias=bias_of(one.study),
            )
        )
    return found


def _counts(counts: Sequence[StudyCount]) -> tuple[str, str]:
    """Events, and the people or patient-months that they are held against."""
    size = sum(one.size for one in counts)
    return str(sum(one.events for one in counts)), f"{size:.0f}" if counts[0].months is None else f"{size:,.1f}"


def _grouped(pooled: Pooled, grouping: Grouping) -> list[Line]:
    lines: list[Line] = []
    for group in grouping.groups:
        lines.append(Line(f"{group.name[:1].upper()}{group.name[1:]}", "group"))
        lines += _studies(pooled, [pooled.counts.index(one) for one in group.counts])
        if len(group.counts) > 1:
            lines += _subtotal(group)
    return lines


def _subtotal(group: Group) -> list[Line]:
    return _summary(group.estimate, f"{len(group.counts)} studies", _counts(group.counts))


def _summary(main: Estimate, label: str, counts: tuple[str, str]) -> list[Line]:
    """A diamond, and beneath it the prediction interval."""
    if main.value is None or main.lower is None or main.upper is None:
        return [Line(label, "words", counts, ("no estimate", ""))]
    ends = f"{percent(main.value)} ({percent(main.lower)}–{percent(main.upper)})"
    found = [
        Line(
            label,
            "pooled",
            counts,
            (ends, ""),
            100 * main.value,
            100 * main.lower,
            100 * main.upper,
        )
    ]
    if main.prediction:
        low, high = (100 * end for end in main.prediction)
        text = f"{percent(low / 100)}–{percent(high / 100)}"
        found.append(Line("Prediction interval", "prediction", (), (text, ""), 100 * main.value, low, high))
    return found


def two_arm_forest(compared: Compared) -> alt.TopLevelMixin:
    """The forest plot of an odds ratio; studies without events stand in it and say so."""
    lines = []
    for pair, own in zip(compared.pairs, compared.own, strict=True):
        first, second = pair.first, pair.second
        lines.append(
            Line(
                pair.study.title,
                left=(f"{first.events}/{first.total}", f"{second.events}/{second.total}"),
                right=(ratio(own) if own.value is not None else "no event",),
                value=own.value,
                low=own.lower,
                high=own.upper,
                weight=100 / len(compared.pairs),
                bias=bias_of(pair.study),
            )
        )
    main = compared.main
    if len(compared.pairs) > 1:
        totals = tuple(
            f"{sum(one.events for one in side)}/{sum(one.total for one in side)}"
            for side in ([pair.first for pair in compared.pairs], [pair.second for pair in compared.pairs])
        )
        studies = f"{main.studies} of {len(compared.pairs)} studies" if main.left_out else f"{main.studies} studies"
        lines.append(Line(f"Pooled, {studies}", "pooled", totals, (ratio(main),), main.value, main.lower, main.upper))
        if main.prediction:
            low, high = main.prediction
            text = f"{number(low)}–{number(high)}"
            lines.append(Line("Prediction interval", "prediction", (), (text,), main.value, low, high))
    ends = [value for line in lines if line.value is not None for value in (line.low, line.value, line.high)]
    finite = [value for value in ends if value is not None and not isinf(value) and value > 0]
    axis = ratio_axis(
        min(finite, default=1), max(finite, default=1), "Odds ratio", ("fewer with CAR-T", "more with CAR-T")
    )
    return forest(
        lines,
        axis,
        (("CAR-T", "Comparator"), ("OR (95 % CI)",)),
        compared.question.title,
        compared.question.detail,
        main.value if len(compared.pairs) > 1 else None,
    )


def ratio(one: Effect) -> str:
    """An odds or risk ratio with its interval."""
    if one.value is None or one.lower is None or one.upper is None:
        return "–"
    return f"{number(one.value)} ({number(one.lower)}–{number(one.upper)})"


def number(value: float) -> str:
    """A ratio to two places, whole from 10 on."""
    if isinf(value):
        return "∞"
    return "0" if value == 0 else f"{value:.2f}" if value < 10 else f"{value:.0f}"
