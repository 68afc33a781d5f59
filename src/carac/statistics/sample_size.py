"""How many people a new prediction model of a yes-or-no outcome needs.

Riley RD et al. Stat Med 2019;38:1276-1296; Riley RD et al. BMJ 2020;368:m441. Three demands, of which the largest
counts: little shrinkage, a small difference between apparent and adjusted explained variation, and a precise overall
risk. O(1).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, exp, log

from carac.statistics.checks import EstimationError, normal_quantile, require_fraction

#: The shrinkage that is aimed at, and the optimism in explained variation and the error in the overall risk allowed.
SHRINKAGE, OPTIMISM, MARGIN = 0.9, 0.05, 0.05
#: Share of the largest explained variation that is expected where nothing is known (BMJ 2020;368:m441).
EXPECTED_SHARE = 0.15


@dataclass(frozen=True)
class Needed:
    """People needed by each demand.

    Attributes
    ----------
    for_shrinkage, for_optimism, for_risk: people.
    explained: Cox-Snell explained variation that was assumed.
    parameters: candidate coefficients, the intercept left out.
    share: of people with the event.
    """

    for_shrinkage: int
    for_optimism: int
    for_risk: int
    explained: float
    parameters: int
    share: float

    @property
    def people(self) -> int:
        """The largest of the three."""
        return max(self.for_shrinkage, self.for_optimism, self.for_risk)

    @property
    def events_per_parameter(self) -> float:
        """That so many people would bring."""
        return self.people * self.share / self.parameters


def people_needed(parameters: int, share: float, explained: float | None = None) -> Needed:
    """People needed for a model with so many candidate coefficients.

    Parameters
    ----------
    parameters: coefficients that are considered, whether or not they stay; 1 or more.
    share: of people with the event by the horizon, between 0 and 1.
    explained: Cox-Snell explained variation to expect; None takes 15 % of the largest possible.
    """
    require_fraction(share, "share")
    if parameters < 1:
        raise EstimationError("a model needs one parameter or more")
    largest = largest_explained(share)
    expected = EXPECTED_SHARE * largest if explained is None else explained
    if not 0 < expected < largest:
        raise EstimationError(f"explained variation is {expected:g}, and must lie between 0 and {largest:.3g}")
    shrinkage = expected / (expected + OPTIMISM * largest)
    return Needed(
        _for_shrinkage(parameters, expected, SHRINKAGE),
        _for_shrinkage(parameters, expected, shrinkage),
        ceil((normal_quantile(0.95) / MARGIN) ** 2 * share * (1 - share)),
        expected,
        parameters,
        share,
    )


def largest_explained(share: float) -> float:
    """The Cox-Snell explained variation of perfect predictions."""
    require_fraction(share, "share")
    return 1 - exp(2 * (share * log(share) + (1 - share) * log(1 - share)))


def _for_shrinkage(parameters: int, explained: float, shrinkage: float) -> int:
    if explained >= shrinkage:
        # so much is explained that no number of people is too small for this demand
        return parameters + 2
    return ceil(parameters / ((shrinkage - 1) * log(1 - explained / shrinkage)))
