"""Odds ratio of two arms by one-stage models with a random treatment effect, no zero corrected.

Three ways to treat the studies' own risks (Jackson D et al. Stat Med 2018;37:1059-1085; Stijnen T, Hamza TH, Ozdemir P.
Stat Med 2010;29:3046-3067): conditioned away, by the non-central hypergeometric distribution; conditioned away
approximately, by a binomial distribution, good where events are rare; or one fixed effect per study. In metafor's words
CM.EL, CM.AL and UM.FS.

Studies in which nobody or everybody had the event in both arms say nothing about the odds ratio under any of these, and
are left out and counted. O(studies x nodes x events) per evaluation for the first, O(studies x nodes) for the second,
and O(studies^2 x nodes) for the third.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from carac.statistics.checks import EstimationError, Floats, SeparationError, normal_quantile
from carac.statistics.mixed import NODES, Binomial, Hypergeometric, Rows, fit_mixed
from carac.statistics.two_arms import Arms, conditional_weights

Model = Literal["conditional", "conditional-approximate", "study-effects"]


@dataclass(frozen=True)
class MixedOddsRatio:
    """Pooled log odds ratio of the first arm against the second.

    Attributes
    ----------
    tau_squared: variance of the log odds ratio between studies.
    prediction: interval for the log odds ratio of a new study.
    ratio_test, ratio_p: test that it does not vary.
    studies, left_out: how many were used, and how many said nothing.
    """

    estimate: float
    standard_error: float
    lower: float
    upper: float
    tau_squared: float
    prediction: tuple[float, float]
    log_likelihood: float
    ratio_test: float
    ratio_p: float
    studies: int
    left_out: int


def mixed_odds_ratio(
    counts: Arms, model: Model = "conditional", confidence: float = 0.95, nodes: int = NODES
) -> MixedOddsRatio:
    """Fit one of the models.

    Raises SeparationError where all events of all studies lie in one arm, or nobody is without one in it.
    """
    builders = {"conditional": _exact, "conditional-approximate": _approximate, "study-effects": _study_effects}
    if model not in builders:
        raise EstimationError(f"there is no model {model!r}; known are {', '.join(builders)}")
    use = counts.informative
    if not use.any():
        raise EstimationError("no study has both an event and somebody without one, so no ratio can be estimated")
    chosen = counts.only(use)
    _require_finite(chosen)
    fit = fit_mixed(builders[model](chosen), nodes)
    estimate, error = float(fit.coefficients[-1]), float(np.sqrt(fit.covariance[-1, -1]))
    quantile = normal_quantile(confidence)
    wide = quantile * float(np.sqrt(error**2 + fit.tau**2))
    return MixedOddsRatio(
        estimate,
        error,
        estimate - quantile * error,
        estimate + quantile * error,
        fit.tau**2,
        (estimate - wide, estimate + wide),
        fit.log_likelihood,
        fit.ratio_test,
        fit.ratio_p,
        int(use.sum()),
        int((~use).sum()),
    )


def _require_finite(counts: Arms) -> None:
    events = counts.first_events + counts.second_events
    lowest = np.maximum(0, events - counts.second_total)
    highest = np.minimum(counts.first_total, events)
    if (counts.first_events == lowest).all() or (counts.first_events == highest).all():
        raise SeparationError(
            "every study has as few or as many events in the first arm as can be, so that the odds ratio has no finite"
            " estimate; the exact interval has one finite end"
        )


def _exact(counts: Arms) -> Rows:
    ways = conditional_weights(counts)
    excess = [
        low + np.arange(len(weight)) - seen for (low, weight), seen in zip(ways, counts.first_events, strict=True)
    ]
    first = np.cumsum([0, *(len(weight) for _, weight in ways[:-1])])
    family = Hypergeometric(np.concatenate(excess), np.concatenate([weight for _, weight in ways]), first)
    return _one_row_each(family, np.zeros(len(ways)))


def _approximate(counts: Arms) -> Rows:
    events = counts.first_events + counts.second_events
    return _one_row_each(Binomial(counts.first_events, events), np.log(counts.first_total / counts.second_total))


def _one_row_each(family: Hypergeometric | Binomial, offset: Floats) -> Rows:
    size = len(offset)
    return Rows(family, np.ones((size, 1)), offset, np.ones(size), np.arange(size))


def _study_effects(counts: Arms) -> Rows:
    """Two rows per study; the random effect is shared out half to each arm, so that neither arm is the reference."""
    size = len(counts.first_total)
    events = np.column_stack([counts.first_events, counts.second_events]).ravel()
    total = np.column_stack([counts.first_total, counts.second_total]).ravel()
    first = np.tile([1.0, 0.0], size)
    study = np.repeat(np.arange(size), 2)
    design = np.column_stack([np.eye(size)[study], first])
    return Rows(Binomial(events, total), design, np.zeros(2 * size), first - 0.5, study)
