"""The measures that published figures are compared by: each a name, what it counts, and how it reads the facts.

A measure is a share of infusions, an incidence, a median, a rate per patient-month, a correlation, or a figure of a
whole course. It is computed with a weight per infusion, so that a mixed population of a publication can be matched by
product and disease.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from carac.analysis.calibration_facts import MONTH, RECENT, THREE_MONTHS, TWO_MONTHS, Facts

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
Reading = Callable[[Facts], npt.NDArray[Any]]

#: Two-sided 95 % of the normal distribution.
Z = 1.959963984540054
#: Days per month and per half year that rates per patient-month are counted in.
DAYS_PER_MONTH = 30.4375
YEAR = 365


@dataclass(frozen=True)
class Achieved:
    """What the cohort has of a measure.

    Parameters
    ----------
    value: in the unit of the measure; NaN where nobody can be counted.
    low, high: its own 95 % interval by chance; NaN where none is computed.
    counted: infusions that could be counted.
    """

    value: float
    low: float
    high: float
    counted: int


NOTHING = Achieved(float("nan"), float("nan"), float("nan"), 0)


def wilson(share: float, counted: float) -> tuple[float, float]:
    """The Wilson interval of a share in per cent.

    Parameters
    ----------
    share: 0 to 100.
    counted: number of people.
    """
    p, n = share / 100, counted
    middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    return 100 * max(0.0, middle - half), 100 * min(1.0, middle + half)


def effective(weights: Floats) -> float:
    """How many equally weighted people have the same information."""
    return float(weights.sum() ** 2 / (weights**2).sum()) if weights.size and weights.sum() else 0.0


class Measure:
    """One way to count; `unit` is what its value is in."""

    unit = ""

    def of(self, facts: Facts, weights: Floats) -> Achieved:
        """The value in a cohort.

        Parameters
        ----------
        facts: of all infusions.
        weights: [n]; 0 leaves an infusion out.
        """
        raise NotImplementedError


def everybody(facts: Facts) -> Booleans:
    """All infusions."""
    return np.ones(len(facts["product"]), dtype=bool)


@dataclass(frozen=True)
class Share(Measure):
    """Share of infusions with something, in per cent.

    Parameters
    ----------
    having: who has it.
    among: who could be counted.
    """

    having: Reading
    among: Reading = everybody
    unit = "%"

    def of(self, facts: Facts, weights: Floats) -> Achieved:
        """See `Measure`."""
        chosen = self.among(facts) & (weights > 0)
        if not chosen.any():
            return NOTHING
        used = weights[chosen]
        value = 100 * float(np.average(self.having(facts)[chosen], weights=used))
        return Achieved(value, *wilson(value, effective(used)), int(chosen.sum()))


@dataclass(frozen=True)
class Incidence(Measure):
    """Cumulative incidence by a day in per cent, with a competing event and censoring at last contact (Aalen-Johansen).

    Parameters
    ----------
    day: of the event, NaN where it never came.
    by: last day that counts.
    among: who could be counted.
    competing: day of what makes the event impossible.
    """

    day: Reading
    by: int
    among: Reading = everybody
    competing: Reading = lambda facts: facts["death_day"]
    unit = "%"

    def of(self, facts: Facts, weights: Floats) -> Achieved:
        """See `Measure`."""
        chosen = self.among(facts) & (weights > 0)
        if not chosen.any():
            return NOTHING
        days = (self.day(facts)[chosen], self.competing(facts)[chosen], facts["follow_up_end_day"][chosen])
        value = 100 * cumulative_incidence(*days, self.by, weights[chosen])
        return Achieved(value, *wilson(value, effective(weights[chosen])), int(chosen.sum()))


def cumulative_incidence(event: Floats, competing: Floats, last_seen: Floats, by: int, weights: Floats) -> float:
    """The Aalen-Johansen estimate of the share with an event by a day.

    Parameters
    ----------
    event, competing, last_seen: whole days, NaN for never; of two on one day the event counts, then the competing one.
    by: last day that counts; negative days count as day 0.
    weights: of each person.
    """
    first = np.fmin(np.fmin(np.fmin(event, competing), last_seen), by + 1.0)
    day = np.clip(first, 0, by + 1).astype(np.int64)
    happened, ended = event <= first, (competing <= first) & ~(event <= first)
    size = by + 2
    leaving = np.bincount(day, weights, size)
    events = np.bincount(day[happened], weights[happened], size)
    stops = events + np.bincount(day[ended], weights[ended], size)
    at_risk = np.maximum(np.cumsum(leaving[::-1])[::-1], 1e-300)
    free = np.concatenate([[1.0], np.cumprod(1 - np.minimum(stops / at_risk, 1.0))[:-1]])
    return float((free * events / at_risk)[: by + 1].sum())


@dataclass(frozen=True)
class Median(Measure):
    """Median of those who have a value.

    Parameters
    ----------
    values: NaN where there is none.
    among: who could be counted.
    unit: of the values.
    """

    values: Reading
    among: Reading = everybody
    unit: str = "d"

    def of(self, facts: Facts, weights: Floats) -> Achieved:
        """See `Measure`."""
        values = self.values(facts)
        chosen = self.among(facts) & (weights > 0) & ~np.isnan(values)
        if not chosen.any():
            return NOTHING
        order = np.argsort(values[chosen], kind="stable")
        ranked, used = values[chosen][order], weights[chosen][order]
        reached = np.cumsum(used) / used.sum()
        spread = Z * 0.5 / sqrt(effective(used))
        low, value, high = (_quantile(ranked, reached, 0.5 + shift) for shift in (-spread, 0.0, spread))
        return Achieved(value, low, high, int(chosen.sum()))


def _quantile(ranked: Floats, reached: Floats, share: float) -> float:
    """The value at which the running weight reaches a share; half-way where it is reached exactly."""
    place = min(int(np.searchsorted(reached, min(max(share, 0.0), 1.0))), len(ranked) - 1)
    exact = abs(reached[place] - share) < 1e-12 and place + 1 < len(ranked)
    return float((ranked[place] + ranked[place + 1]) / 2 if exact else ranked[place])


@dataclass(frozen=True)
class Rate(Measure):
    """Events per 100 patient-months.

    Parameters
    ----------
    events: number per infusion.
    days: at risk, per infusion.
    """

    events: Reading
    days: Reading
    unit = "per 100 patient-months"

    def of(self, facts: Facts, weights: Floats) -> Achieved:
        """See `Measure`."""
        months = float((weights * self.days(facts)).sum()) / DAYS_PER_MONTH
        if months <= 0:
            return NOTHING
        events = float((weights * self.events(facts)).sum())
        # The weights of a matched population keep the sum of people, so that the count is near Poisson.
        half = Z * sqrt(max(events, 1.0))
        bounds = 100 * max(0.0, events - half) / months, 100 * (events + half) / months
        return Achieved(100 * events / months, *bounds, int((weights > 0).sum()))


@dataclass(frozen=True)
class Correlation(Measure):
    """Pearson's correlation of two values.

    Parameters
    ----------
    first, second: values per infusion; NaN leaves an infusion out.
    among: who could be counted.
    """

    first: Reading
    second: Reading
    among: Reading = everybody
    unit = "r"

    def of(self, facts: Facts, weights: Floats) -> Achieved:
        """See `Measure`."""
        first, second = self.first(facts), self.second(facts)
        chosen = self.among(facts) & (weights > 0) & ~np.isnan(first) & ~np.isnan(second)
        if chosen.sum() < 4 or np.ptp(first[chosen]) == 0 or np.ptp(second[chosen]) == 0:
            return NOTHING
        covariance = np.cov(first[chosen], second[chosen], aweights=weights[chosen])
        value = float(covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]))
        half = Z / sqrt(max(effective(weights[chosen]) - 3, 1.0))
        low, high = np.tanh(np.arctanh(value) - half), np.tanh(np.arctanh(value) + half)
        return Achieved(value, float(low), float(high), int(chosen.sum()))


@dataclass(frozen=True)
class Nadir(Measure):
    """Day of the lowest mean platelet count of a stretch of days, the first and second nadir of the cohort's course.

    The mean is of logarithms, smoothed over three days; a nadir at the edge of its stretch is none.

    Parameters
    ----------
    first, last: the stretch.
    """

    first: int
    last: int
    unit = "d"

    def of(self, facts: Facts, weights: Floats) -> Achieved:
        """See `Measure`."""
        course = np.array([_mean_logarithm(facts[f"platelets_day_{day}"], weights) for day in range(TWO_MONTHS + 1)])
        smooth = np.array([_mean_known(course[max(0, day - 1) : day + 2]) for day in range(TWO_MONTHS + 1)])
        if np.isnan(smooth[self.first : self.last + 1]).all():
            return NOTHING
        place = self.first + int(np.nanargmin(smooth[self.first : self.last + 1]))
        value = float(place) if self.first < place < self.last else float("nan")
        return Achieved(value, float("nan"), float("nan"), int((weights > 0).sum()))


def _mean_known(values: Floats) -> float:
    known_ones = values[~np.isnan(values)]
    return float(known_ones.mean()) if known_ones.size else float("nan")


def _mean_logarithm(values: Floats, weights: Floats) -> float:
    known = ~np.isnan(values) & (weights > 0)
    if not known.any():
        return float("nan")
    return float(np.average(np.log(np.maximum(values[known], 1.0)), weights=weights[known]))


# ---- readings ----


def fact(name: str) -> Reading:
    """A fact as it is."""
    return lambda facts: facts[name]


def known(name: str) -> Reading:
    """Who has a value of a fact."""
    return lambda facts: ~np.isnan(facts[name])


def at_least(name: str, value: float) -> Reading:
    """Who has at least this value; who has none has not."""
    return lambda facts: facts[name] >= value


def over(name: str, value: float) -> Reading:
    """Who has more than this value."""
    return lambda facts: facts[name] > value


def below(name: str, value: float) -> Reading:
    """Who has less than this value."""
    return lambda facts: facts[name] < value


def at_most(name: str, value: float) -> Reading:
    """Who has at most this value."""
    return lambda facts: facts[name] <= value


def is_word(name: str, *words: str) -> Reading:
    """Who has one of these words."""
    return lambda facts: np.isin(facts[name], words)


def starts_with(name: str, *words: str) -> Reading:
    """Who has a word that begins so."""
    return lambda facts: np.array([str(text).startswith(words) for text in facts[name]])


def both(*readings: Reading) -> Reading:
    """Who meets all."""
    return lambda facts: np.logical_and.reduce([reading(facts) for reading in readings])


def either(*readings: Reading) -> Reading:
    """Who meets one."""
    return lambda facts: np.logical_or.reduce([reading(facts) for reading in readings])


def neither(*readings: Reading) -> Reading:
    """Who meets none."""
    return lambda facts: ~np.logical_or.reduce([reading(facts) for reading in readings])


def before(day: str, of: str, margin: float = 0.0) -> Reading:
    """Where one day comes before another by more than a margin."""
    return lambda facts: facts[day] + margin < facts[of]


def seen_days(first: int, last: int) -> Reading:
    """Days at risk of each infusion from one day to another: up to death or last contact."""

    def days(facts: Facts) -> Floats:
        end = np.fmin(np.fmin(facts["death_day"], facts["follow_up_end_day"]), float(last))
        return np.clip(np.where(np.isnan(end), last, end) - first, 0, last - first).astype(np.float64)

    return days


CRS = at_least("crs_grade", 1)
BLEEDERS = at_most("who_2_bleed_day", THREE_MONTHS)
THROMBOSED = at_most("thrombosis_day", THREE_MONTHS)
VENOUS_100 = at_most("venous_day", 100)
LOW_FIBRINOGEN = below("fibrinogen_lowest_by_limit", 1)
COUNTED = known("fibrinogen_lowest")
HELD = both(at_least("recent_thrombosis", 1), known("anticoagulant_held_day"))


def _death_without_relapse_day(facts: Facts) -> Floats:
    relapsed = facts["progression_day"] <= facts["death_day"]
    return np.where(relapsed, np.nan, facts["death_day"])


def _penn_3(facts: Facts) -> Booleans:
    """Penn grade 3 or more: oxygen, vasopressors or repeated fluids, or coagulation factors, for CRS."""
    factors = np.fmin(facts["fibrinogen_replacement_first_day"], facts["plasma_first_day"])
    replaced = (factors >= facts["crs_first_day"]) & (factors <= facts["crs_last_day"] + 2)
    return (facts["crs_grade"] >= 2) | ((facts["crs_grade"] >= 1) & replaced)


def _lowest_in_maximal_crs(facts: Facts) -> Booleans:
    day = facts["fibrinogen_lowest_day"]
    return (day >= facts["crs_worst_first_day"]) & (day <= facts["crs_worst_last_day"] + 1)


def _fibrinogen_change(facts: Facts) -> Floats:
    """Lowest fibrinogen from day 8 less the one before the infusion, in g/L."""
    return np.asarray(facts["fibrinogen_late_lowest"] - facts["fibrinogen_before"], dtype=np.float64)


def _coagulopathy(facts: Facts) -> Booleans:
    """Coagulopathy as Xu 2021 counts it, near the consensus of Mei 2022, whose thresholds no source could confirm."""
    return np.logical_or.reduce(
        [
            facts["d_dimer_highest"] > 5,
            facts["aptt_highest_above_limit"] > 10,
            facts["prothrombin_time_highest_above_limit"] > 3,
            facts["fibrinogen_lowest"] < 1.5,
            facts["fibrin_degradation_products_highest"] > 20,
        ]
    )


def _died_with(score: str) -> Reading:
    return lambda facts: (facts[score] == 1) & (facts["death_day"] <= 2 * TWO_MONTHS)


HEMATOTOX_HIGH = is_word("car_hematotox_group", "high")
HEMATOTOX_LOW = is_word("car_hematotox_group", "low")
UPPER = starts_with("venous_category", "DVT_upper")
DEEP_VEIN = starts_with("venous_category", "DVT")
PRINTED_DIC = at_least("isth_overt_dic_2001_5xuln", 1)


def _graded(name: str, grade: float) -> Share:
    """Share with at least a grade, among those who could be graded."""
    return Share(at_least(name, grade), known(name))


def _over_in_known(name: str, value: float) -> Share:
    """Share above a value, among those tested."""
    return Share(over(name, value), known(name))


def _below_in_known(name: str, value: float) -> Share:
    """Share below a value, among those tested."""
    return Share(below(name, value), known(name))


MEASURES: Mapping[str, Measure] = {
    # CRS and neurotoxicity
    "crs_any": Share(CRS),
    "crs_3": Share(at_least("crs_grade", 3)),
    "crs_penn_3": Share(_penn_3),
    "crs_first_day": Median(fact("crs_first_day"), CRS),
    "crs_days": Median(fact("crs_days"), CRS),
    "crs_new_after_day_14": Share(over("crs_first_day", 14)),
    "icans_any": Share(at_least("icans_grade", 1)),
    "icans_3": Share(at_least("icans_grade", 3)),
    "icans_new_after_day_14": Share(over("icans_first_day", 14)),
    "neurological_any": Share(at_least("neurological_grade", 1)),
    "neurological_3": Share(at_least("neurological_grade", 3)),
    "neurological_first_day": Median(fact("neurological_first_day"), at_least("neurological_grade", 1)),
    "neurological_days": Median(fact("neurological_days"), at_least("neurological_grade", 1)),
    "tocilizumab": Share(at_least("tocilizumab_doses", 1)),
    "tocilizumab_among_crs": Share(at_least("tocilizumab_doses", 1), CRS),
    # blood counts
    "t_icaht_early_any": _graded("t_icaht_early_as_in_authors_code", 1),
    "t_icaht_early_3": _graded("t_icaht_early_as_in_authors_code", 3),
    "t_icaht_late_any": _graded("t_icaht_late_as_in_authors_code", 1),
    "t_icaht_late_3": _graded("t_icaht_late_as_in_authors_code", 3),
    "platelet_nadir_first": Nadir(0, 14),
    "platelet_nadir_second": Nadir(15, 50),
    "thrombocytopenia_any": _below_in_known("platelets_lowest_by_limit", 1),
    "platelets_below_50": _below_in_known("platelets_lowest", 50),
    "platelets_below_50_high_hematotox": Share(below("platelets_lowest", 50), HEMATOTOX_HIGH),
    "platelets_below_50_low_hematotox": Share(below("platelets_lowest", 50), HEMATOTOX_LOW),
    "hematotox_high": Share(HEMATOTOX_HIGH, is_word("car_hematotox_group", "high", "low")),
    "neutrophils_to_0_5": Share(at_most("neutrophils_lowest", 0.5), known("neutrophils_lowest")),
    "neutropenia_days": Median(fact("neutropenia_days"), at_least("neutropenia_days", 1)),
    "neutropenia_14_days": Share(at_least("neutropenia_days", 14)),
    "neutropenia_14_days_high_hematotox": Share(at_least("neutropenia_days", 14), HEMATOTOX_HIGH),
    "neutropenia_14_days_low_hematotox": Share(at_least("neutropenia_days", 14), HEMATOTOX_LOW),
    "baseline_platelets_of_bleeders": Median(fact("baseline_platelets"), BLEEDERS, "x10^9/L"),
    "baseline_platelets_of_others": Median(fact("baseline_platelets"), neither(BLEEDERS), "x10^9/L"),
    # coagulation
    "coagulation_any_abnormal": _graded("coagulation_abnormal", 1),
    "coagulation_abnormal_day": Median(fact("coagulation_abnormal_mean_day")),
    "d_dimer_raised": _over_in_known("d_dimer_highest_by_limit", 1),
    "degradation_products_raised": _over_in_known("fibrin_degradation_products_highest_by_limit", 1),
    "fibrinogen_low": Share(LOW_FIBRINOGEN, known("fibrinogen_lowest_by_limit")),
    "aptt_long": _over_in_known("aptt_highest_by_limit", 1),
    "prothrombin_time_long": _over_in_known("prothrombin_time_highest_by_limit", 1),
    "d_dimer_over_5": _over_in_known("d_dimer_highest", 5),
    "aptt_over_10_s": _over_in_known("aptt_highest_above_limit", 10),
    "fibrinogen_below_1_5": Share(below("fibrinogen_lowest", 1.5), COUNTED),
    "prothrombin_time_over_3_s": _over_in_known("prothrombin_time_highest_above_limit", 3),
    "degradation_products_over_20": _over_in_known("fibrin_degradation_products_highest", 20),
    "fibrinogen_lowest": Median(fact("fibrinogen_lowest"), unit="g/L"),
    "fibrinogen_lowest_day": Median(fact("fibrinogen_lowest_day"), LOW_FIBRINOGEN),
    "fibrinogen_nadir_below_1": Share(below("fibrinogen_lowest", 1.0), COUNTED),
    "fibrinogen_nadir_1_to_2": Share(
        both(at_least("fibrinogen_lowest", 1.0), at_most("fibrinogen_lowest", 2.0)), COUNTED
    ),
    "fibrinogen_nadir_over_2": Share(over("fibrinogen_lowest", 2.0), COUNTED),
    "fibrinogen_to_1_5": Share(at_most("fibrinogen_lowest", 1.5), COUNTED),
    "fibrinogen_to_1_5_day": Median(fact("fibrinogen_first_day_to_1_5")),
    "fibrinogen_below_1_in_crs_2": Share(below("fibrinogen_lowest", 1.0), both(at_least("crs_grade", 2), COUNTED)),
    "fibrinogen_replaced": Share(at_least("fibrinogen_replacement_doses", 1)),
    "fibrinogen_below_1_among_replaced": Share(
        below("fibrinogen_lowest", 1.0), both(at_least("fibrinogen_replacement_doses", 1), COUNTED)
    ),
    "replaced_in_severe_crs": Share(_penn_3, at_least("fibrinogen_replacement_doses", 1)),
    "lowest_fibrinogen_in_maximal_crs": Share(
        _lowest_in_maximal_crs, both(at_least("fibrinogen_replacement_doses", 1), below("fibrinogen_lowest", 1.0), CRS)
    ),
    "plasma_given": Share(at_least("plasma_doses", 1)),
    "tocilizumab_doses_and_fibrinogen": Correlation(fact("tocilizumab_doses"), fact("fibrinogen_late_lowest"), CRS),
    "fibrinogen_change_with_tocilizumab": Median(_fibrinogen_change, at_least("tocilizumab_doses", 1), "g/L"),
    "fibrinogen_low_in_crs_1": Share(LOW_FIBRINOGEN, both(at_least("crs_grade", 1), at_most("crs_grade", 1), COUNTED)),
    "overt_dic_2001": Share(PRINTED_DIC),
    "overt_dic_2025": Share(at_least("isth_overt_dic_2025", 1)),
    "overt_dic_2001_in_severe_crs": Share(at_least("crs_grade", 3), PRINTED_DIC),
    "true_dic": _graded("true_dic", 1),
    "true_dic_in_severe_crs": Share(at_least("crs_grade", 3), at_least("true_dic", 1)),
    "death_with_true_dic": Share(_died_with("true_dic"), at_least("true_dic", 1)),
    "death_with_overt_dic_2001": Share(_died_with("isth_overt_dic_2001_5xuln"), PRINTED_DIC),
    "bleeding_among_coagulopathy": Incidence(fact("who_2_bleed_day"), 28, _coagulopathy),
    "overt_dic_among_coagulopathy": Share(PRINTED_DIC, _coagulopathy),
    # bleeding
    "bleeding_who_2_month_1": Incidence(fact("who_2_bleed_day"), MONTH),
    "bleeding_any_month_1": Incidence(fact("bleed_day"), MONTH),
    "bleeding_who_2_months_3": Incidence(fact("who_2_bleed_day"), THREE_MONTHS),
    "bleeding_any_months_3": Incidence(fact("bleed_day"), THREE_MONTHS),
    "bleeding_who_2_day": Median(fact("who_2_bleed_day"), BLEEDERS),
    "bleeding_isth_relevant_year": Incidence(fact("isth_relevant_bleed_day"), YEAR),
    "bleeding_isth_relevant_months_3": Incidence(fact("isth_relevant_bleed_day"), THREE_MONTHS),
    "bleeding_isth_major_months_3": Incidence(fact("isth_major_bleed_day"), THREE_MONTHS),
    "icans_3_of_bleeders": Share(at_least("icans_grade", 3), BLEEDERS),
    "icans_3_of_not_bleeders": Share(at_least("icans_grade", 3), neither(BLEEDERS)),
    "bleeding_rate_to_6_months": Rate(fact("bleeds_to_6_months"), seen_days(0, RECENT)),
    "bleeding_rate_after_6_months": Rate(fact("bleeds_after_6_months"), seen_days(RECENT, YEAR)),
    # thrombosis
    "venous_month_1": Incidence(fact("venous_day"), MONTH),
    "venous_months_3": Incidence(fact("venous_day"), THREE_MONTHS),
    "venous_day_100": Incidence(fact("venous_day"), 100),
    "venous_year": Incidence(fact("venous_day"), YEAR),
    "arterial_year": Incidence(fact("arterial_day"), YEAR),
    "thrombosis_months_3": Incidence(fact("thrombosis_day"), THREE_MONTHS),
    "thrombosis_day": Median(fact("thrombosis_day"), THROMBOSED),
    "icans_3_of_thrombosed": Share(at_least("icans_grade", 3), THROMBOSED),
    "icans_3_of_not_thrombosed": Share(at_least("icans_grade", 3), neither(THROMBOSED)),
    "venous_deep_vein": Share(DEEP_VEIN, VENOUS_100),
    "venous_upper_of_deep_vein": Share(UPPER, both(VENOUS_100, DEEP_VEIN)),
    "catheter_of_upper": Share(at_least("venous_catheter", 1), both(VENOUS_100, UPPER)),
    "venous_pulmonary_embolism": Share(starts_with("venous_category", "PE"), VENOUS_100),
    "venous_incidental": Share(at_least("venous_incidental", 1), VENOUS_100),
    "venous_rate_to_6_months": Rate(fact("venous_to_6_months"), seen_days(0, RECENT)),
    "venous_rate_after_6_months": Rate(fact("venous_after_6_months"), seen_days(RECENT, YEAR)),
    # recent thrombosis and its anticoagulant
    "recent_thrombosis": Share(at_least("recent_thrombosis", 1)),
    "anticoagulant_held": Share(
        known("anticoagulant_held_day"), both(at_least("recent_thrombosis", 1), known("anticoagulant_last_day"))
    ),
    "platelets_when_held": Median(fact("platelets_when_held"), HELD, "x10^9/L"),
    "day_when_held": Median(fact("anticoagulant_held_day"), HELD),
    "platelets_when_resumed": Median(fact("platelets_when_resumed"), HELD, "x10^9/L"),
    "venous_when_held": Incidence(fact("venous_day"), 100, HELD),
    # outcome
    "death_without_relapse_year": Incidence(_death_without_relapse_day, YEAR, competing=fact("progression_day")),
    "progression_year": Incidence(fact("progression_day"), YEAR),
}
