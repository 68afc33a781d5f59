"""Hazard ratios with missing values imputed: drawn several times by chained equations, pooled by Rubin's rules.

Every factor known at infusion explains the others, and so do the event, what competes and the Nelson-Aalen hazard
(White IR, Royston P. Stat Med 2009;28:1982-1998). A result below or above the limit of an assay is drawn within its
interval. A group of more than two levels is not imputed: who lacks it stays out of its models. All this is right where
being missing does not depend on the value itself, given what is known, which nothing in a record can show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from carac.analysis.factors import Columns, Kind
from carac.analysis.hazard_models import AtRisk, Fit, Line, Method, fitted
from carac.analysis.incidence import Value
from carac.endpoints.people import Floats, Integers
from carac.statistics.checks import EstimationError
from carac.statistics.cox import cox
from carac.statistics.firth import firth_cox
from carac.statistics.imputation import Column, impute, nelson_aalen, pool

#: Completed sets, and the seed of their random numbers.
SETS, SEED = 20, 1

#: Lower and upper ends of a factor's values, scaled as it enters a model.
Ends = Mapping[str, tuple[Floats, Floats]]


def completed(
    rows: AtRisk, status: Integers, designs: Sequence[Columns], ends: Ends, sets: int = SETS, seed: int = SEED
) -> list[list[Columns]]:
    """The designs with what is missing drawn, `sets` times; those that cannot be imputed as they are.

    Parameters
    ----------
    rows: one per person at risk; status: 0 censored, 1 event, 2 competing.
    ends: by name of a factor, the interval in which each value lies; infinite where open, NaN where nothing is known.

    Raises
    ------
    EstimationError: a column of which nothing is known, or too little to draw from.
    """
    columns = [
        Column("event", rows.event.astype(np.float64), "binary"),
        Column("competing", (status == 2).astype(np.float64), "binary"),
        Column("hazard", nelson_aalen(rows.stop, rows.event)),
    ]
    columns = [one for one in columns if np.ptp(np.asarray(one.values)) > 0]
    place: dict[tuple[int, int], int] = {}
    for number, one in enumerate(designs):
        for column in range(one.values.shape[1]):
            if (made := _column(one, column, ends)) is not None:
                place[number, column] = len(columns)
                columns.append(made)
    found = []
    for drawn in impute(columns, sets, seed, sweeps=10):
        filled = [one.values.copy() for one in designs]
        for (number, column), where in place.items():
            filled[number][:, column] = drawn[:, where]
        found.append([replace(one, values=values) for one, values in zip(designs, filled, strict=True)])
    return found


def _column(one: Columns, column: int, ends: Ends) -> Column | None:
    """What the imputation sees of a column; None where it cannot use it."""
    values = one.values[:, column]
    several = one.factor.kind is Kind.GROUP and len(one.labels) > 1
    known = values[~np.isnan(values)]
    if not one.labels or not known.size or np.ptp(known) == 0 or (several and one.missing.any()):
        return None
    name = f"{one.factor.title} {one.labels[column]}".strip()
    if one.counted:
        return Column(name, values, "binary")
    if one.factor.name not in ends:
        return Column(name, values)
    low, high = ends[one.factor.name]
    exact = np.isfinite(low) & (low == high)
    bounded = np.where(exact, values, np.nan)
    if not exact.any() or np.ptp(bounded[exact]) == 0:
        return Column(name, values)
    # an end that is NaN is open to the imputation
    return Column(name, bounded, "number", low, high)


def incomplete(one: Columns, ends: Ends) -> int:
    """People whose value is drawn: missing, or known as an interval alone."""
    missing = one.missing
    if one.factor.name in ends:
        low, high = ends[one.factor.name]
        missing = missing | (low != high)
    return int(missing.sum())


def fitted_imputed(rows: AtRisk, sets: Sequence[Sequence[Columns]], robust: bool = False) -> Fit:
    """One model of the designs of every set, pooled; how it is fitted follows from the first set, as in `fitted`."""
    first = fitted(rows, sets[0], robust)
    if first.why_not:
        return first
    kept = ~np.any([one.missing for one in sets[0]], axis=0)
    chosen = rows.only(kept)
    estimates, variances = [], []
    try:
        for designs in sets:
            values = np.column_stack([one.values for one in designs])[kept]
            if first.method is Method.COX:
                fit = cox(chosen.stop, chosen.event, values, chosen.start, cluster=chosen.person if robust else None)
                estimates.append(fit.coefficients)
                variances.append(np.diag(fit.covariance))
            else:
                penalised = firth_cox(chosen.stop, chosen.event, values, chosen.start)
                estimates.append(penalised.coefficients)
                variances.append(np.diag(penalised.covariance))
        pooled = pool(estimates, variances)
    except EstimationError as error:
        return replace(first, why_not=f"Not in every completed set is there an estimate: {error}.", lines=_bare(first))
    lines = [
        replace(line, ratio=Value(*(float(np.exp(end)) for end in three)), p_value=float(p))
        for line, *three, p in zip(
            first.lines, pooled.estimate, pooled.lower, pooled.upper, pooled.p_value, strict=True
        )
    ]
    # of the first set, which are no counts of people whose values are known
    return replace(first, lines=tuple(replace(one, rows=None, events=None) for one in lines), joint_p=())


def _bare(fit: Fit) -> tuple[Line, ...]:
    return tuple(Line(one.factor, one.level, None, None) for one in fit.lines)
