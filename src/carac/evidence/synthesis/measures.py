"""What can be pooled of one arm: the proportion of patients, or the rate per patient-month; with the models of each.

The main model of both has a random effect per study and the likelihood of the counts themselves (binomial, Poisson): it
needs no correction of zeros and weighs small studies by what they know. The others stand beside it because readers know
them and because a result that hangs on the model should be seen to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy.special import expit

from carac.evidence.synthesis.estimates import Estimate, Model, inverse_variance
from carac.statistics.checks import EstimationError, Floats
from carac.statistics.one_arm import OneArm, beta_binomial, binomial_normal, poisson_normal
from carac.statistics.pooling import Method
from carac.statistics.proportions import Proportions, clopper_pearson, poisson_rate
from carac.statistics.rates import RateScale, rate, transformed_rates
from carac.statistics.small_study import Asymmetry, peters_one_arm
from carac.statistics.transformations import Effects, Scale, proportion, transformed


@dataclass(frozen=True)
class Measure:
    """A measure of one arm.

    Parameters
    ----------
    name: proportion or rate.
    unit: what stands behind a figure times 100.
    ratio: what the exponent of a regression's slope is called.
    scale: that of the weights and of heterogeneity, in words.
    exact: own interval of each study.
    effects: of each study on that scale.
    models: by name, in the order of tables; the first is that to report.
    regression: the main model with covariates.
    asymmetry: a test of small studies; None where none is established.
    """

    name: str
    unit: str
    ratio: str
    scale: str
    exact: Callable[[Floats, Floats], Proportions]
    effects: Callable[[Floats, Floats], Effects]
    models: Mapping[str, Model]
    regression: Callable[[Floats, Floats, Floats], OneArm]
    asymmetry: Callable[[Floats, Floats], Asymmetry] | None

    def estimate(self, model: str, events: Floats, sizes: Floats, tau: Method) -> Estimate:
        """What a model says, or why it says nothing."""
        try:
            return self.models[model](events, sizes, tau)
        except EstimationError as error:
            title = model.replace("_", " ").capitalize()
            return Estimate(model, title, why=f"{str(error)[:1].upper()}{str(error)[1:]}.")


def _mixed(title: str, found: OneArm, back: Callable[[Floats], Floats]) -> Estimate:
    ends = [found.coefficients[0], found.lower[0], found.upper[0]]
    value, lower, upper = back(np.array(ends)).tolist()
    near = tuple(back(np.array(found.prediction)).tolist()) if found.prediction else None
    return Estimate("glmm", title, value, lower, upper, near, found.tau_squared)


def _together(title: str, exact: Proportions) -> Estimate:
    return Estimate(
        "together",
        title,
        float(exact.estimate[0]),
        float(exact.lower[0]),
        float(exact.upper[0]),
        warning="As if all were one study: too narrow wherever studies differ.",
    )


# ---- proportions ----


def _binomial(events: Floats, total: Floats, tau: Method) -> Estimate:
    return _mixed("Binomial-normal (GLMM)", binomial_normal(events, total), expit)


def _beta(events: Floats, total: Floats, tau: Method) -> Estimate:
    found = beta_binomial(events, total)
    return Estimate(
        "beta_binomial",
        "Beta-binomial",
        found.proportion,
        found.lower,
        found.upper,
        found.prediction if found.overdispersion > 0 else None,
        warning="The mean of the studies' incidences, not the incidence of a typical study; its prediction interval"
        " leaves the uncertainty of the estimate out.",
    )


def _scaled(name: str, title: str, scale: Scale, warning: str = "") -> Model:
    def made(events: Floats, total: Floats, tau: Method) -> Estimate:
        effects = transformed(events, total, scale)
        return inverse_variance(name, title, effects, lambda ends: proportion(ends, scale, total), tau, warning)

    return made


def _all_people(events: Floats, total: Floats, tau: Method) -> Estimate:
    return _together("All people together", clopper_pearson([events.sum()], [total.sum()]))


PROPORTION = Measure(
    name="proportion",
    unit="%",
    ratio="odds ratio",
    scale="logit",
    exact=clopper_pearson,
    effects=transformed,
    models=MappingProxyType(
        {
            "glmm": _binomial,
            "beta_binomial": _beta,
            "logit": _scaled("logit", "Logit, inverse variance", "logit"),
            "arcsine": _scaled("arcsine", "Arcsine, inverse variance", "arcsine"),
            "freeman_tukey": _scaled(
                "freeman_tukey",
                "Freeman-Tukey double arcsine",
                "freeman-tukey",
                "Can mislead where sizes differ much; here only to compare with published figures.",
            ),
            "together": _all_people,
        }
    ),
    regression=binomial_normal,
    asymmetry=peters_one_arm,
)


# ---- rates ----


def _poisson(events: Floats, months: Floats, tau: Method) -> Estimate:
    return _mixed("Poisson-normal (GLMM)", poisson_normal(events, months), np.exp)


def _rate_scaled(name: str, title: str, scale: RateScale) -> Model:
    def made(events: Floats, months: Floats, tau: Method) -> Estimate:
        effects = transformed_rates(events, months, scale)
        return inverse_variance(name, title, effects, lambda ends: rate(ends, scale), tau)

    return made


def _all_time(events: Floats, months: Floats, tau: Method) -> Estimate:
    return _together("All time together", poisson_rate([events.sum()], [months.sum()]))


RATE = Measure(
    name="rate",
    unit="per 100 patient-months",
    ratio="rate ratio",
    scale="log",
    exact=poisson_rate,
    effects=transformed_rates,
    models=MappingProxyType(
        {
            "glmm": _poisson,
            "log": _rate_scaled("log", "Log rate, inverse variance", "log"),
            "square_root": _rate_scaled("square_root", "Square root of the rate, inverse variance", "square-root"),
            "together": _all_time,
        }
    ),
    regression=poisson_normal,
    asymmetry=None,
)

MEASURES: Mapping[str, Measure] = MappingProxyType({one.name: one for one in (PROPORTION, RATE)})
