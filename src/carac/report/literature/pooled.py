"""A document on pooled incidences: a section per question, with figure, models, and what is left out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from carac.evidence.synthesis import Gathered, Pooled, one_arm_code, pool_counts
from carac.evidence.synthesis.estimates import Estimate
from carac.evidence.synthesis.gathering import LeftOut
from carac.evidence.synthesis.one_arm import Grouping
from carac.evidence.synthesis.question import NOT_SAID
from carac.evidence.synthesis.words import (
    SAME_INTERVAL,
    amount,
    cautions,
    heterogeneity,
    methods,
    p_text,
    percent,
    regression,
    studies_in_words,
    with_interval,
    without_spread,
)
from carac.report.content import Block, Document, Figure, Paragraph, Section, Table, Voice
from carac.report.figures.funnel import funnel
from carac.report.literature.forests import bias_key, one_arm_forest
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
    what = "rate" if pooled[0].question.measure == "rate" else "incidence"
    return Document(f"{title}: pooled {what}", subtitle, False, lead(), tuple(sections))


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
    blocks += [Paragraph(regression(one), Voice.NOTE) for one in pooled.slopes]
    blocks += [_studies(pooled, name), _models(pooled, name), *_without(pooled, name), *_small_studies(pooled, name)]
    return Section(name, f"{question.title}: {question.detail}", tuple(blocks))


def sentence(pooled: Pooled) -> str:
    """The result in a sentence."""
    main = pooled.main
    value = with_interval(main, pooled.measure.unit)
    found = f"{amount(pooled)} in {studies_in_words(len(pooled.counts))}: {value}, 95 % CI."
    return f"{found} {main.warning}" if main.model != "glmm" and main.warning else found


def _figure(pooled: Pooled, grouping: Grouping | None, name: str) -> Figure:
    said = "; ".join(
        f"{one.label} {one.said}, {percent(own[0])} {pooled.measure.unit}"
        for one, own in zip(pooled.counts, pooled.own, strict=True)
    )
    notes = [f"Intervals of studies are exact. Weights are those of the {pooled.measure.scale} scale, and approximate."]
    notes += [SAME_INTERVAL] if without_spread(pooled.main) else []
    notes += [f"* {one.label}: {one.origin}." for one in pooled.counts if one.origin]
    notes += bias_key(one.study for one in pooled.counts)
    title = f"{pooled.question.title}: forest plot" + (f" by {grouping.by}" if grouping else "")
    return Figure(name, title, one_arm_forest(pooled, grouping), f"{said}. {sentence(pooled)}", tuple(notes))


def _studies(pooled: Pooled, name: str) -> Table:
    rows = tuple(
        (
            one.label,
            str(one.events),
            f"{one.total}" if one.months is None else f"{one.months:.1f}",
            f"{percent(value)} ({percent(low)} to {percent(high)})",
            f"{weight:.1f}",
            one.definition or NOT_SAID,
            one.window or NOT_SAID,
            one.origin,
        )
        for one, (value, low, high), weight in zip(pooled.counts, pooled.own, pooled.weights, strict=True)
    )
    rate = pooled.question.measure == "rate"
    of, figure = (
        ("Patient-months", f"Rate {pooled.measure.unit} (exact 95 % CI)") if rate else ("Of", "% (exact 95 % CI)")
    )
    header = ("Study", "Events", of, figure, "Weight, %", "Definition", "Window", "Remark")
    return Table(f"{name}_studies", f"{pooled.question.title}: the studies", header, rows)


def _models(pooled: Pooled, name: str) -> Table:
    rows = tuple(
        (
            one.title,
            with_interval(one, _unit(pooled)),
            _range(one),
            "–" if one.tau_squared is None else f"{one.tau_squared:.3f}",
            one.warning or one.why,
        )
        for one in pooled.models
    )
    header = ("Model", "Pooled (95 % CI)", _prediction(pooled), "tau²", "Remark")
    notes = (
        f"The first is reported. tau² is on the scale of each model; inverse variance: {pooled.tau}.{_per(pooled)}",
        *((SAME_INTERVAL,) if without_spread(pooled.main) else ()),
    )
    return Table(f"{name}_models", f"{pooled.question.title}: what other models say", header, rows, notes)


def _unit(pooled: Pooled) -> str:
    """What stands behind each figure of a table; a rate's unit stands beneath the table."""
    return "%" if pooled.question.measure == "proportion" else ""


def _prediction(pooled: Pooled) -> str:
    return "Prediction, %" if pooled.question.measure == "proportion" else "Prediction"


def _per(pooled: Pooled) -> str:
    return "" if pooled.question.measure == "proportion" else f" Events {pooled.measure.unit}."


def _range(one: Estimate) -> str:
    return f"{percent(one.prediction[0])}–{percent(one.prediction[1])}" if one.prediction else "–"


def _without(pooled: Pooled, name: str) -> list[Block]:
    if not pooled.without:
        return []
    rows = tuple(
        (one.label, with_interval(found, _unit(pooled)), _range(found))
        for one, found in zip(pooled.counts, pooled.without, strict=True)
    )
    header = ("Without", "Pooled (95 % CI)", _prediction(pooled))
    notes = (_per(pooled).strip(),) if _per(pooled) else ()
    return [Table(f"{name}_without", f"{pooled.question.title}: without each study in turn", header, rows, notes)]


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
    said = small_studies(pooled)
    return [Figure(f"{name}_funnel", f"{pooled.question.title}: funnel plot", chart, said, (said,))]


def small_studies(pooled: Pooled) -> str:
    """Peters' test in words, or why there is none."""
    found = pooled.asymmetry
    if found is None:
        return pooled.no_asymmetry
    return f"Peters' test that small studies report as large ones do: {p_text(found.p_value)}, {found.studies} studies."


def single_table(alone: Sequence[Pooled], name: str = "single_studies") -> Table:
    """Questions that one study only answers."""
    rows = tuple(
        (
            one.question.title,
            one.question.detail,
            one.counts[0].label,
            amount(one),
            with_interval(one.main, one.measure.unit),
            one.counts[0].origin,
        )
        for one in alone
    )
    header = ("Outcome", "Counted how", "Study", "n", "Figure (exact 95 % CI)", "Remark")
    return Table(name, "Not pooled: one study each", header, rows)


def left_out_table(left_out: Sequence[LeftOut], name: str = "left_out") -> Table:
    """Figures that cannot be pooled, with the reason."""
    rows = tuple((one.study.title, str(one.outcome.cell), one.outcome.percentage or "–", one.why) for one in left_out)
    return Table(name, "Left out, and why", ("Study", "Where", "Printed, %", "Why"), rows)


def script(pooled: Sequence[Pooled]) -> str:
    """R code for the same figures."""
    return one_arm_code(pooled)


def as_json(pooled: Sequence[Pooled], gathered: Gathered) -> str:
    """Everything as JSON; proportions of 1, rates per patient-month."""
    found = [
        {
            "outcome": one.question.outcome,
            "title": one.question.title,
            "counted_how": one.question.detail,
            "measure": one.question.measure,
            "studies": [
                {"study": count.study.name, "label": count.label, "events": count.events, "total": count.total}
                | ({} if count.months is None else {"patient_months": count.months})
                | ({"origin": count.origin} if count.origin else {})
                for count in one.counts
            ],
            "pooled": estimate_entry(one.main),
            "models": [estimate_entry(model) for model in one.models],
            "heterogeneity": heterogeneity(one),
            "without_each_study": [
                {"study": count.study.name} | estimate_entry(found)
                for count, found in zip(one.counts, one.without, strict=False)
            ],
            "groups": [
                {
                    "by": grouping.by,
                    "p_value": grouping.p_value,
                    "why": grouping.why,
                    "groups": [
                        {"group": group.name, "studies": len(group.counts)} | estimate_entry(group.estimate)
                        for group in grouping.groups
                    ],
                }
                for grouping in one.groupings
            ],
            "regressions": [asdict(slope) for slope in one.slopes],
            "small_studies": asdict(one.asymmetry) if one.asymmetry else {"why": one.no_asymmetry},
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
