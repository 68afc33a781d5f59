"""The measures that published figures are compared by: each a name, what it counts, and how it reads the facts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from carac.analysis.calibration_estimates import YEAR, Correlation, Incidence, Measure, Median, Nadir, Rate, Share
from carac.analysis.calibration_facts import MONTH, RECENT, THREE_MONTHS, TWO_MONTHS, Facts
from carac.analysis.calibration_readings import (
    Booleans,
    Floats,
    Reading,
    at_least,
    at_most,
    below,
    both,
    fact,
    is_word,
    known,
    neither,
    over,
    seen_days,
    starts_with,
)

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
