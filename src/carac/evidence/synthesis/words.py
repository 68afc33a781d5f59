"""Pooled figures in words: heterogeneity as a clinician would say it, cautions, methods."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from math import exp, sqrt

from carac.evidence.synthesis.estimates import Estimate
from carac.evidence.synthesis.gathering import StudyCount
from carac.evidence.synthesis.one_arm import FEW_STUDIES, Pooled, Slope
from carac.evidence.synthesis.question import ANY, NOT_SAID, POOLED_ANYWAY, Question

#: carac's words for the median odds ratio of two studies (Larsen K, Merlo J. Am J Epidemiol 2005;161:81-88,
#: doi:10.1093/aje/kwi017): up to the first "little", up to the second "moderately", above "greatly". The words are
#: carac's, not the paper's.
LITTLE, MODERATE = 1.25, 2.0
#: 0.75 quantile of the standard normal distribution, which the median of a difference rests on.
_MEDIAN = 0.6744897501960817


def percent(share: float) -> str:
    """A proportion as a percentage, or a rate per month as one of 100 months: one decimal below 10, two below 1."""
    value = 100 * share
    if value == 0:
        return "0"
    if value < 0.995:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


def with_interval(one: Estimate, unit: str = "%") -> str:
    """An estimate with its interval: "6.0 % (4.2 to 8.5)"; a dash where there is none."""
    if one.value is None or one.lower is None or one.upper is None:
        return "–"
    return f"{percent(one.value)} {unit} ({percent(one.lower)} to {percent(one.upper)})".replace("  ", " ")


def studies_in_words(count: int) -> str:
    """Such as "1 study" and "5 studies"."""
    return f"{count} {'study' if count == 1 else 'studies'}"


def amount(pooled: Pooled) -> str:
    """All that was pooled: "48 of 900", or "48 in 2,310.5 patient-months"."""
    if pooled.question.measure == "rate":
        return f"{pooled.events} in {pooled.size:,.1f} patient-months"
    return f"{pooled.events} of {pooled.size:.0f}"


def median_odds_ratio(tau_squared: float) -> float:
    """The median ratio of the odds (or rates) in two studies taken at random, the larger over the smaller."""
    return exp(sqrt(2 * tau_squared) * _MEDIAN)


def heterogeneity(pooled: Pooled) -> str:
    """How much studies differ, in words that a clinician uses."""
    count = len(pooled.counts)
    if count == 1:
        return "One study: nothing can be said about differences between studies."
    said = [_differ(pooled), *_new_study(pooled)]
    if count < FEW_STUDIES:
        said.append(f"With {count} studies this is hardly known.")
    said.append(_figures(pooled))
    return " ".join(said)


def without_spread(one: Estimate) -> bool:
    """Whether a prediction interval is the confidence interval again: no variance between studies was found."""
    return one.prediction is not None and one.tau_squared == 0


#: Said beneath figures and tables whose prediction interval is no wider than the confidence interval.
SAME_INTERVAL = (
    "Where the model's tau² is 0, the prediction interval is the confidence interval again: studies are taken not to"
    " differ, which few studies cannot show. A new study may lie outside."
)


def _new_study(pooled: Pooled) -> list[str]:
    """What a new study is expected to find, by the reported model and where that finds no variance by another."""
    main, unit = pooled.main, pooled.measure.unit
    if not main.prediction:
        return []
    expected = f"{percent(main.prediction[0])} to {percent(main.prediction[1])} {unit}"
    if not without_spread(main):
        return [
            f"A new study like these would be expected to find anything from {expected} (95 % prediction interval)."
        ]
    said = [
        f"The 95 % prediction interval, {expected}, is the confidence interval again, because the reported model,"
        f" {main.title}, estimates tau², the variance between studies, as 0: it is no promise that a new study will"
        " lie within."
    ]
    for one in pooled.models[1:]:
        if one.prediction and one.tau_squared:
            low, high = one.prediction
            said.append(
                f"By a model that finds some ({one.title}, tau² {one.tau_squared:.3f}) it would be {percent(low)} to"
                f" {percent(high)} {unit}."
            )
            break
    return said


def _differ(pooled: Pooled) -> str:
    variance = pooled.main.tau_squared
    if variance is None:
        return "The model gives no variance between studies."
    ratio = median_odds_ratio(variance)
    what = "odds" if pooled.question.measure == "proportion" else "rate"
    if variance == 0:
        assert pooled.interval is not None
        hidden = median_odds_ratio(pooled.interval.tau_squared[1])
        most = f"; a factor of {hidden:.1f} in the {what} could still hide behind chance (upper end of tau², Q-profile)"
        more = "" if hidden <= LITTLE else most
        return f"By the reported model the studies differ no more than chance would make them{more}."
    much = "little" if ratio <= LITTLE else "moderately" if ratio <= MODERATE else "greatly"
    return f"True incidences differ {much} between studies: by a factor of {ratio:.1f} in the {what}, typically."


def _figures(pooled: Pooled) -> str:
    assert pooled.heterogeneity is not None and pooled.interval is not None
    found, ends = pooled.heterogeneity.heterogeneity, pooled.interval
    return (
        f"On the {pooled.measure.scale} scale by inverse variance ({pooled.tau}), not by the model reported: tau²"
        f" {found.tau_squared:.3f} (Q-profile {ends.tau_squared[0]:.3f} to {ends.tau_squared[1]:.3f}), I²"
        f" {found.i_squared:.0f} % ({ends.i_squared[0]:.0f} to {ends.i_squared[1]:.0f}), Q {found.q:.1f} on"
        f" {found.degrees_of_freedom}, {p_text(found.p_value)}."
    )


def regression(slope: Slope) -> str:
    """A meta-regression in a sentence, or why there is none."""
    if slope.ratio is None or slope.lower is None or slope.upper is None or slope.p_value is None:
        return slope.why
    return (
        f"Regression on {slope.by} of {slope.studies} studies: {slope.name} {slope.ratio:.2f} ({slope.lower:.2f} to"
        f" {slope.upper:.2f}) per {slope.unit}, {p_text(slope.p_value)}. A relation among studies, not among patients."
    )


def p_text(value: float) -> str:
    """A probability as a journal prints it."""
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}" if value < 0.1 else f"p = {value:.2f}"


def cautions(question: Question, counts: Sequence[StudyCount], anyway: Iterable[str]) -> tuple[str, ...]:
    """What must be said wherever the figure is shown."""
    said = []
    for part, values, plural in (
        (question.definition, {one.definition for one in counts}, "definitions"),
        (question.window, {one.window for one in counts}, "windows"),
        (question.counted, {one.outcome.counted for one in counts}, "kinds of denominator"),
    ):
        if part == ANY and len(values) > 1:
            listed = ", ".join(sorted(value or NOT_SAID for value in values))
            said.append(f"{POOLED_ANYWAY} over different {plural}: {listed}.")
    if question.grades == ANY and len({one.outcome.grades for one in counts}) > 1:
        listed = ", ".join(sorted({one.outcome.grades or NOT_SAID for one in counts}))
        said.append(f"{POOLED_ANYWAY} over different grades: {listed}.")
    several = len(counts) > 1
    if several and not question.definition:
        said.append("No study says its definition here; they may differ.")
    if several and not question.window:
        said.append("No window is known here; follow-up may differ.")
    if question.measure == "rate":
        said.append(
            "A rate takes the risk to be even over time. Most bleeding and clotting comes in the first weeks after the"
            " infusion, so that rates differ with the length of follow-up alone."
        )
    if question.counted == "events":
        said.append("Of all events: a patient may have had several.")
    if question.counted == "reports":
        said.append("Of spontaneous reports, not of patients: no incidence.")
    if "percentages" in anyway and any("nearest count" in one.origin for one in counts):
        said.append(f"{POOLED_ANYWAY}: counts worked out from percentages that are of no whole number of patients.")
    return tuple(said)


#: What the paragraph on methods adds where rates were pooled.
_RATES = (
    " Rates per patient-month were pooled in the same way by a Poisson-normal model of events with the logarithm of the"
    " time at risk as offset; studies have exact (Garwood) intervals, and inverse-variance models on the logarithmic"
    " and the square root scale stand beside it. First events and all events were kept apart, and no percentage was"
    " turned into a rate."
)


def methods(pooled: Iterable[Pooled]) -> str:
    """A paragraph for a methods section."""
    every = list(pooled)
    tau = every[0].tau if every else "REML"
    rates = _RATES if any(one.question.measure == "rate" for one in every) else ""
    return (
        "Incidences were pooled by a random-effects logistic (binomial-normal) model, fitted by maximum likelihood with"
        " adaptive Gauss-Hermite quadrature, without correction of zeros; 95 % confidence intervals rest on the normal"
        " distribution, 95 % prediction intervals on the variance between studies and that of the estimate. Single"
        " studies have exact (Clopper-Pearson) intervals. As sensitivity analyses, the beta-binomial model and"
        f" inverse-variance models on the logit, arcsine and Freeman-Tukey scales ({tau} estimate of the variance"
        " between studies, Knapp-Hartung intervals with the variance not below the usual one) stand beside it."
        " The variance between studies has a Q-profile interval. Counts by different definitions, in different windows,"
        f" of reports and of patients, and serious and other events were not pooled together unless marked so.{rates}"
        f" carac {version('carac')}."
    )
