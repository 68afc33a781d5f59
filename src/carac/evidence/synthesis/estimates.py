"""What one model says of one arm, and the estimate that inverse-variance models share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from carac.statistics.checks import Floats
from carac.statistics.pooling import Method, pool
from carac.statistics.transformations import Effects


@dataclass(frozen=True)
class Estimate:
    """What one model says; proportions of 1, or events per patient-month.

    Parameters
    ----------
    model, title: short name, and what a table calls it.
    value, lower, upper: None where the model has no answer, and `why` says so.
    prediction: of a new study's incidence; None where the model gives none.
    tau_squared: variance between studies on the model's scale; None where it has none.
    warning: what a reader must know of the model; "" else.
    """

    model: str
    title: str
    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    prediction: tuple[float, float] | None = None
    tau_squared: float | None = None
    warning: str = ""
    why: str = ""


#: A model of one arm: events, sizes (people, or patient-months), and how the variance between studies is estimated.
Model = Callable[[Floats, Floats, Method], Estimate]


def inverse_variance(
    name: str, title: str, effects: Effects, back: Callable[[list[float]], Floats], tau: Method, warning: str = ""
) -> Estimate:
    """Effects of studies pooled on their scale, and back; the interval is Knapp and Hartung's, not below the usual one.

    Parameters
    ----------
    back: from the scale to proportions or rates.
    """
    several = len(effects.estimate) > 1
    found = pool(effects.estimate, effects.variance, tau, "knapp-hartung-floored" if several else "normal")
    near = found.prediction or (float("nan"), float("nan"))
    ends = [found.estimate, float(found.lower[0]), float(found.upper[0]), *near]
    value, lower, upper, near_low, near_high = back(ends).tolist()
    prediction = (near_low, near_high) if found.prediction else None
    halves = int(effects.corrected.sum())
    said = f"Half an event was added in {halves} studies without any." if halves > 1 else ""
    said = "Half an event was added in the one study without any." if halves == 1 else said
    told = " ".join(part for part in (warning, said) if part)
    return Estimate(name, title, value, lower, upper, prediction, found.heterogeneity.tau_squared, told)
