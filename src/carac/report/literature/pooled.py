"""A document on pooled incidences: a section per question, with figure, models, and what is left out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from carac.evidence.synthesis import Gathered, Pooled, one_arm_code, pool_counts
from carac.evidence.synthesis.gathering import LeftOut
from carac.evidence.synthesis.one_arm import Estimate, Grouping
from carac.evidence.synthesis.question import NOT_SAID
from carac.evidence.synthesis.words import (
    cautions,
    heterogeneity,
    methods,
    p_text,
    percent,
    studies_in_words,
    with_interval,
)
from carac.report.content import Block, Document, Figure, Paragraph, Section, Table, Voice
from carac.report.figures.funnel import funnel
from carac.report.literature.forests import one_arm_forest
from carac.statistics.pooling import Method
from carac.statistics.transformations import transformed
from carac.vocabulary.study_outcomes import study_outcomes

SCRIPT = "pooled_with_metafor.R"


def pool_all(gathered: Gathered, tau: Method, by: Iterable[str], model: str) -> list[Pooled]:
    """Every question pooled, those with most studies first."""
    wanted = tuple(by)
    return [pool_counts(question, counts, tau, wanted, model) for question, counts in gathered.pools.items()]


def pooled_document(pooled: Sequence[Pooled], gathered: Gathered) -> Document:
    """The document on the questions of one outcome."""
    title = study_outcomes()[pooled[0].question.outcome].title
    several = [one for one in pooled if len(one.counts) > 1]
    subtitle = f"{len({count.study.name for one in pooled for count in one.counts})} studies,"
    subtitle += f" {len(pooled)} ways of counting kept apart"
    sections = [question_section(one, gathered.anyway, place) for place, one in enumerate(several, 1)]
    alone = [one for one in pooled if len(one.counts) == 1]
    if alone:
        sections.append(Section("single_studies", "Counted in this way by one study only", (single_table(alone),)))
    if gathered.left_out:
        sections.append(Section("left_out", "Left out, and why", (left_out_table(gathered.left_out),)))
    text = (Paragraph(methods(pooled), Voice.PASTE), Paragraph(f"{SCRIPT} gives the figures again with metafor."))
    sections.append(Section("methods", "Methods", text))
    return Document(f"{title}: pooled incidence", subtitle, False, lead(), tuple(sections))


def lead() -> tuple[Block, ...]:
    """What such a page is and is not."""
    return (
        Paragraph(
            "Made by carac from published figures, as they were printed. It supports research and the writing of"
            " guidelines; it is not a medical device, and a pooled figure is no better than the studies behind it."
        ),
    )


def question_section(pooled: Pooled, anyway: Sequence[str], place: int) -> Section:
    """Everything on one question."""
    question = pooled.question
    name = f"{question.outcome}_{place}"
    blocks: list[Block] = [Paragraph(one, Voice.CAUTION) for one in cautions(question, pooled.counts, anyway)]
    blocks.append(Paragraph(f"{sentence(pooled)} {heterogeneity(pooled)}"))
    if not pooled.groupings:
        blocks.append(_figure(pooled, None, f"{name}_forest"))
    for grouping in pooled.groupings:
        blocks.append(_figure(pooled, grouping, f"{name}_by_{grouping.by}"))
        text = grouping.why or f"Groups by {grouping.by}: {p_text(grouping.p_value or 0)} that they are alike."
        blocks.append(Paragraph(text, Voice.NOTE))
    if pooled.slope:
        blocks.append(Paragraph(_slope(pooled), Voice.NOTE))
    blocks += [_studies(pooled, name), _models(pooled, name), *_without(pooled, name), *_small_studies(pooled, name)]
    return Section(name, f"{question.title}: {question.detail}", tuple(blocks))


def sentence(pooled: Pooled) -> str:
    """The result in a sentence."""
    main = pooled.main
    found = (
        f"{pooled.events} of {pooled.total} in {studies_in_words(len(pooled.counts))}: {with_interval(main)}, 95 % CI."
    )
    return f"{found} {main.warning}" if main.model != "glmm" and main.warning else found


def _figure(pooled: Pooled, grouping: Grouping | None, name: str) -> Figure:
    said = "; ".join(
        f"{one.label} {one.events} of {one.total}, {percent(own[0])} %"
        for one, own in zip(pooled.counts, pooled.own, strict=True)
    )
    notes = ["Intervals of studies are exact. Weights are those of the logit scale, and approximate."]
    notes += [f"* {one.label}: {one.origin}." for one in pooled.counts if one.origin]
    title = f"{pooled.question.title}: forest plot" + (f" by {grouping.by}" if grouping else "")
    return Figure(name, title, one_arm_forest(pooled, grouping), f"{said}. {with_interval(pooled.main)}.", tuple(notes))


def _studies(pooled: Pooled, name: str) -> Table:
    rows = tuple(
        (
            one.label,
            str(one.events),
            str(one.total),
            f"{percent(value)} ({percent(low)} to {percent(high)})",
            f"{weight:.1f}",
            one.definition or NOT_SAID,
            one.window or NOT_SAID,
            one.origin,
        )
        for one, (value, low, high), weight in zip(pooled.counts, pooled.own, pooled.weights, strict=True)
    )
    header = ("Study", "Events", "Of", "% (exact 95 % CI)", "Weight, %", "Definition", "Window", "Remark")
    return Table(f"{name}_studies", f"{pooled.question.title}: the studies", header, rows)


def _models(pooled: Pooled, name: str) -> Table:
    rows = tuple(
        (
            one.title,
            with_interval(one),
            _range(one),
            "–" if one.tau_squared is None else f"{one.tau_squared:.3f}",
            one.warning or one.why,
        )
        for one in pooled.models
    )
    header = ("Model", "Pooled (95 % CI)", "Prediction, %", "tau²", "Remark")
    notes = (f"The first is reported. tau² is on the scale of each model; inverse variance: {pooled.tau}.",)
    return Table(f"{name}_models", f"{pooled.question.title}: what other models say", header, rows, notes)


def _range(one: Estimate) -> str:
    return f"{percent(one.prediction[0])}–{percent(one.prediction[1])}" if one.prediction else "–"


def _without(pooled: Pooled, name: str) -> list[Block]:
    if not pooled.without:
        return []
    rows = tuple(
        (one.label, with_interval(found), _range(found))
        for one, found in zip(pooled.counts, pooled.without, strict=True)
    )
    header = ("Without", "Pooled (95 % CI)", "Prediction, %")
    return [Table(f"{name}_without", f"{pooled.question.title}: without each study in turn", header, rows)]


def _slope(pooled: Pooled) -> str:
    slope = pooled.slope
    assert slope is not None
    return (
        f"Regression on {slope.by} of {slope.studies} studies: odds ratio {slope.odds_ratio:.2f} ({slope.lower:.2f} to"
        f" {slope.upper:.2f}) per {slope.unit}, {p_text(slope.p_value)}. A relation among studies, not among patients."
    )


def _small_studies(pooled: Pooled, name: str) -> list[Block]:
    found = pooled.asymmetry
    if found is None:
        return [Paragraph(pooled.no_asymmetry, Voice.NOTE)]
    effects = transformed([one.events for one in pooled.counts], [one.total for one in pooled.counts])
    studies = [
        (one.label, float(value), float(variance) ** 0.5)
        for one, value, variance in zip(pooled.counts, effects.estimate, effects.variance, strict=True)
    ]
    assert pooled.heterogeneity is not None
    chart = funnel(studies, pooled.heterogeneity.estimate, pooled.question.title, pooled.question.detail)
    said = f"Peters' test that small studies report as large ones do: {p_text(found.p_value)}, {found.studies} studies."
    return [Figure(f"{name}_funnel", f"{pooled.question.title}: funnel plot", chart, said, (said,))]


def single_table(alone: Sequence[Pooled], name: str = "single_studies") -> Table:
    """Questions that one study only answers."""
    rows = tuple(
        (
            one.question.title,
            one.question.detail,
            one.counts[0].label,
            f"{one.events} of {one.total}",
            with_interval(one.main),
            one.counts[0].origin,
        )
        for one in alone
    )
    header = ("Outcome", "Counted how", "Study", "n", "% (exact 95 % CI)", "Remark")
    return Table(name, "Not pooled: one study each", header, rows)


def left_out_table(left_out: Sequence[LeftOut], name: str = "left_out") -> Table:
    """Figures that cannot be pooled, with the reason."""
    rows = tuple((one.study.title, str(one.outcome.cell), one.outcome.percentage or "–", one.why) for one in left_out)
    return Table(name, "Left out, and why", ("Study", "Where", "Printed, %", "Why"), rows)


def script(pooled: Sequence[Pooled]) -> str:
    """R code for the same figures."""
    return one_arm_code(pooled)


def as_json(pooled: Sequence[Pooled], gathered: Gathered) -> str:
    """Everything as JSON; proportions of 1."""
    found = [
        {
            "outcome": one.question.outcome,
            "title": one.question.title,
            "counted_how": one.question.detail,
            "studies": [
                {"study": count.study.name, "label": count.label, "events": count.events, "total": count.total}
                | ({"origin": count.origin} if count.origin else {})
                for count in one.counts
            ],
            "pooled": estimate_entry(one.main),
            "models": [estimate_entry(model) for model in one.models],
            "heterogeneity": heterogeneity(one),
            "cautions": list(cautions(one.question, one.counts, gathered.anyway)),
        }
        for one in pooled
    ]
    left_out = [{"study": one.study.name, "where": str(one.outcome.cell), "why": one.why} for one in gathered.left_out]
    return json.dumps({"pools": found, "left_out": left_out}, indent=1, ensure_ascii=False)


def estimate_entry(one: Estimate) -> dict[str, object]:
    """An estimate for JSON and manifests."""
    return {
        "model": one.model,
        "value": one.value,
        "lower": one.lower,
        "upper": one.upper,
        "prediction": list(one.prediction) if one.prediction else None,
        "tau_squared": one.tau_squared,
        "remark": one.warning or one.why,
    }
