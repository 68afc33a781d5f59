"""A document on two arms compared: a section per question, with figure, methods side by side."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from math import exp

from carac.evidence.synthesis import Compared, Effect, two_arm_code
from carac.evidence.synthesis.two_arms import Comparisons
from carac.evidence.synthesis.words import cautions, p_text, percent
from carac.report.content import Block, Document, Figure, Paragraph, Section, Table, Voice
from carac.report.literature.forests import bias_key, number, ratio, two_arm_forest
from carac.report.literature.pooled import lead, left_out_table
from carac.vocabulary.study_outcomes import study_outcomes

SCRIPT = "compared_with_metafor.R"


def compared_document(compared: Sequence[Compared], gathered: Comparisons) -> Document:
    """The document on the comparisons of one outcome."""
    title = study_outcomes()[compared[0].question.outcome].title
    studies = len({pair.study.name for one in compared for pair in one.pairs})
    sections = [comparison_section(one, gathered.anyway, place) for place, one in enumerate(compared, 1)]
    if gathered.left_out:
        sections.append(Section("left_out", "Left out, and why", (left_out_table(gathered.left_out),)))
    text = (Paragraph(methods(), Voice.PASTE), Paragraph(f"{SCRIPT} gives the figures again with metafor."))
    sections.append(Section("methods", "Methods", text))
    subtitle = f"CAR T-cells against the comparator, {studies} {'study' if studies == 1 else 'studies'}"
    return Document(f"{title}: two arms", subtitle, False, lead(), tuple(sections))


def comparison_section(compared: Compared, anyway: Sequence[str], place: int) -> Section:
    """Everything on one comparison."""
    question = compared.question
    name = f"{question.outcome}_arms_{place}"
    counts = [one for pair in compared.pairs for one in (pair.first, pair.second)]
    blocks: list[Block] = [Paragraph(one, Voice.CAUTION) for one in cautions(question, counts, anyway)]
    blocks += [Paragraph(text) for text in sentences(compared)]
    said = "; ".join(
        f"{pair.study.title} {pair.first.events} of {pair.first.total} against {pair.second.events}"
        f" of {pair.second.total}"
        for pair in compared.pairs
    )
    notes = (
        "Intervals of studies are exact; an arrow runs beyond the axis.",
        *bias_key(pair.study for pair in compared.pairs),
    )
    figure = Figure(
        f"{name}_forest", f"{question.title}: CAR T-cells against the comparator", two_arm_forest(compared), said, notes
    )
    blocks += [figure, effects_table(compared, name), *without_each(compared, name), *beliefs(compared, name)]
    return Section(name, f"{question.title}: {question.detail}", tuple(blocks))


def sentences(compared: Compared) -> list[str]:
    """The result in words, who is silent in it, and whether methods agree."""
    main = compared.main
    found = [f"{main.title}: {main.measure} {ratio(main)}, 95 % CI{_p(main)}."]
    if main.value is not None and main.lower is not None and main.upper is not None and main.lower <= 1 <= main.upper:
        found.append("The interval holds both fewer and more events; this does not show that the arms are alike.")
    silent = [pair.study.title for pair in compared.pairs if pair.silent]
    if silent:
        found.append(
            f"{', '.join(silent)}: no event in either arm. Left out of every ratio, as it says nothing about one;"
            " in the risk difference."
        )
    if compared.alike is not None:
        found.append(f"That the odds ratios of the studies are equal: {p_text(compared.alike)} (Tarone).")
    if len(compared.pairs) > 1:
        found.append(_small_studies(compared))
    return [" ".join(found)]


def _small_studies(compared: Compared) -> str:
    if compared.asymmetry is None:
        return compared.no_asymmetry
    return f"Harbord's test that small studies report as large ones do: {p_text(compared.asymmetry)}."


def without_each(compared: Compared, name: str) -> list[Table]:
    """The effect that is reported, without each study in turn; empty with fewer than three."""
    if not compared.without:
        return []
    rows = tuple(
        (pair.study.title, effect_text(one), one.why)
        for pair, one in zip(compared.pairs, compared.without, strict=True)
    )
    header = ("Without", f"{compared.main.measure.capitalize()} (95 % CI)", "Remark")
    title = f"{compared.question.title}: without each study in turn ({compared.main.title})"
    return [Table(f"{name}_without", title, header, rows)]


def _p(one: Effect) -> str:
    return "" if one.p_value is None else f", {p_text(one.p_value)}"


def effect_text(one: Effect) -> str:
    """An effect with its interval; a difference in patients of 100."""
    if one.measure != "risk difference":
        return ratio(one)
    if one.value is None or one.lower is None or one.upper is None:
        return "–"
    return f"{_signed(one.value)} ({_signed(one.lower)} to {_signed(one.upper)}) %"


def _signed(value: float) -> str:
    return f"−{percent(-value)}" if value < 0 else percent(value)


def effects_table(compared: Compared, name: str) -> Table:
    """Every method beside the others."""
    rows = tuple(
        (
            one.title,
            effect_text(one),
            "–" if one.p_value is None else p_text(one.p_value).removeprefix("p ").removeprefix("= "),
            "–" if one.tau_squared is None else f"{one.tau_squared:.3f}",
            str(one.studies) if one.value is not None else "–",
            str(one.left_out) if one.value is not None else "–",
            one.warning or one.why,
        )
        for one in compared.effects
    )
    header = ("Method", "Effect (95 % CI)", "p", "tau²", "Studies", "Say nothing", "Remark")
    notes = ("Say nothing: studies without an event in either arm, left out of ratios. No zero is corrected.",)
    return Table(f"{name}_methods", f"{compared.question.title}: what each method says", header, rows, notes)


def beliefs(compared: Compared, name: str) -> list[Table]:
    """The posterior under weak priors, and what other priors would have made of it; empty where there is none."""
    if not compared.beliefs:
        return []
    rows = tuple(
        (
            f"{one.priors.effect:g}",
            f"{one.priors.spread:g}",
            _interval(one.median, one.lower, one.upper),
            f"{100 * one.below_zero:.0f}",
            f"{number(exp(one.prediction[0]))} to {number(exp(one.prediction[1]))}",
        )
        for one in compared.beliefs
    )
    header = (
        "Prior, effect",
        "Prior, spread",
        "Odds ratio (95 % credible)",
        "Fewer with CAR-T, probability %",
        "New study, odds ratio",
    )
    notes = (
        "Bayes on a grid, conditional likelihood. Effect: standard deviation of a normal prior of the log odds ratio"
        " about 0; spread: scale of a half-normal prior of the standard deviation between studies. The first row is"
        " the weak prior; where the rows differ, the result hangs on the prior and not on the data.",
    )
    title = f"{compared.question.title}: by Bayes, and how much hangs on the prior"
    return [Table(f"{name}_bayes", title, header, rows, notes)]


def _interval(median: float, lower: float, upper: float) -> str:
    return f"{number(exp(median))} ({number(exp(lower))} to {number(exp(upper))})"


def methods() -> str:
    """A paragraph for a methods section."""
    return (
        "Arms were compared by the conditional random-effects model on the non-central hypergeometric distribution,"
        " fitted by maximum likelihood with adaptive Gauss-Hermite quadrature, without correction of zeros. Beside it"
        " stand the binomial model with fixed study effects, Mantel-Haenszel's odds ratio, risk ratio and risk"
        " difference, the exact common odds ratio, and Peto's odds ratio, which is biased where arms differ in size or"
        " effects are large. Studies without an event in either arm contribute to the risk difference only. Serious"
        " and other events were not added. A posterior on a grid, with a normal prior of the log odds ratio and a"
        f" half-normal one of the spread, shows what hangs on priors. carac {version('carac')}."
    )


def script(compared: Sequence[Compared]) -> str:
    """R code for the same figures."""
    return two_arm_code(compared)


def as_json(compared: Sequence[Compared], gathered: Comparisons) -> str:
    """Everything as JSON; infinite ends as text."""
    found = [
        {
            "outcome": one.question.outcome,
            "title": one.question.title,
            "counted_how": one.question.detail,
            "studies": [
                {
                    "study": pair.study.name,
                    "events": [pair.first.events, pair.second.events],
                    "total": [pair.first.total, pair.second.total],
                    "says_nothing_about_a_ratio": pair.silent,
                }
                for pair in one.pairs
            ],
            "effects": [effect_entry(effect) for effect in one.effects],
            "without_each_study": [
                {"study": pair.study.name} | effect_entry(effect)
                for pair, effect in zip(one.pairs, one.without, strict=False)
            ],
            "small_studies": _small_studies(one),
            "by_bayes": [asdict(belief) for belief in one.beliefs],
        }
        for one in compared
    ]
    left_out = [{"study": one.study.name, "where": str(one.outcome.cell), "why": one.why} for one in gathered.left_out]
    return json.dumps({"comparisons": found, "left_out": left_out}, indent=1, ensure_ascii=False)


def effect_entry(one: Effect) -> dict[str, object]:
    """An effect for JSON and manifests."""
    ends = {
        name: "infinite" if value == float("inf") else value
        for name, value in (("value", one.value), ("lower", one.lower), ("upper", one.upper))
    }
    return {
        "method": one.method,
        "measure": one.measure,
        **ends,
        "p_value": one.p_value,
        "tau_squared": one.tau_squared,
        "studies": one.studies,
        "left_out": one.left_out,
        "remark": one.warning or one.why,
    }
