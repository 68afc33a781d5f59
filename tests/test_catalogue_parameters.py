"""Have the parameters that the catalogue asks for (sections 12 and 14) the defaults that it prints?

Typed from the catalogue: blood counts, CTCAE, CRS and ICANS, scores before infusion. What has no parameter here has its
reason beside it.
"""

from __future__ import annotations

import pytest

from carac.grading.parameters import declared
from carac.parameters import Value

EARLY, LATE = ("icaht_early_as_printed", "icaht_early_as_in_authors_code"), ("icaht_late_as_printed",)
T_PRINTED, T_CODE = "t_icaht_early_as_printed", "t_icaht_early_as_in_authors_code"
VERSIONS_WITH_BASELINE = ("ctcae_v5", "ctcae_v6")

EXPECTED: list[tuple[str, str, str, Value]] = [
    # number in the catalogue, scope, parameter, default
    *(("12 no. 1", name, "duration", "longest_joined") for name in EARLY),
    *(("12 no. 1", name, "join_gap", 2) for name in EARLY),
    ("12 no. 2", T_PRINTED, "comparator", "<"),
    ("12 no. 2", T_PRINTED, "duration", "cumulative_with_gaps"),
    ("12 no. 2", T_PRINTED, "join_gap", 2),
    ("12 no. 2", T_CODE, "comparator", "<="),
    ("12 no. 2", T_CODE, "duration", "longest_joined"),
    ("12 no. 2", T_CODE, "join_gap", 6),
    *(("12 no. 3", name, "imputation", "linear") for name in EARLY),
    *(("12 no. 3", name, "maximum_gap", 7) for name in EARLY),
    ("12 no. 3; 14 P4", T_PRINTED, "imputation", "none"),
    ("12 no. 3; 14 P4", T_CODE, "imputation", "mean_of_neighbours"),
    *(("12 no. 4", name, "censor_at_death", True) for name in (*EARLY, *LATE, T_PRINTED, T_CODE)),
    *(("12 no. 4", name, "censor_at_follow_up_end", True) for name in (*EARLY, *LATE, T_CODE)),
    *(("12 no. 4", name, "censor_at_progression", False) for name in EARLY),
    *(("12 no. 4", name, "censor_at_next_therapy", False) for name in (*EARLY, T_CODE)),
    *(("12 no. 4", name, "censor_at_progression", True) for name in (*LATE, T_PRINTED, T_CODE)),
    *(("12 no. 4", name, "censor_at_next_therapy", True) for name in (*LATE, T_PRINTED)),
    ("12 no. 4", T_PRINTED, "censor_at_follow_up_end", False),
    *(("0", name, "censor_at_cell_boost", False) for name in (*EARLY, *LATE, T_PRINTED, T_CODE)),
    ("12 no. 5", "icaht_late_as_printed", "late_rule", "nadir_with_second"),
    ("12 no. 5", "icaht_late_as_in_authors_code", "late_rule", "nadir_with_second"),
    ("2.1", EARLY[0], "g4_rule", "strict_31_days"),
    ("2.1", EARLY[1], "g4_rule", "start_d0_3_and_open"),
    ("2.1", EARLY[0], "gcsf_handling", "ignore"),
    ("2.2", T_PRINTED, "last_day", 30),
    ("2.2", T_CODE, "last_day", 37),
    ("2.2", T_PRINTED, "transfusion_adjust", "none"),
    ("2.2", "t_icaht_late_as_printed", "late_minimum_values", 2),
    ("14 P5", "t_icaht_late_as_printed", "late_rule", "two_below_threshold"),
    ("2.4", "platelet_recovery_20", "days_without_transfusion", 7),
    ("2.4", "platelet_recovery_20", "clock", "first"),
    # no. 6, the CTCAE version, and no. 7, fibrinogen by limit or with baseline: columns side by side, no parameter
    *(("14 P6", f"{v}_fibrinogen_with_baseline", "fib_abnormal", "current") for v in VERSIONS_WITH_BASELINE),
    *(
        ("12 no. 8", f"{v}_inr_with_baseline", "inr_mode", "baseline_if_anticoagulated")
        for v in ("ctcae_v4", *VERSIONS_WITH_BASELINE)
    ),
    ("14 P7", "ctcae_v6_platelets_with_transfusion", "transfusion_counts", "for_bleeding"),
    ("14 P8", "ctcae_v5_haemorrhage", "haematuria_gross_grade", 3),
    ("3.1", "ctcae_v5_dic", "gate", "isth_overt_dic_2025"),
    ("12 no. 16; 14 P1", "astct_crs", "gate_hours", 24),
    ("12 no. 16", "astct_crs", "vasopressin_alone", 3),
    ("14 P2", "astct_crs", "episode_gap_hours", 24),
    ("14 P2", "astct_crs", "long_episode_gap_hours", 7 * 24),
    ("12 no. 17", "astct_icans", "capd_logic", "max"),
    # no. 24, hospitalisation because of the bleed: the feature is asked for in these words, there is no other reading
    ("4.8", "overt_dic_persistence", "persistence_days", 1),
    ("12 no. 27", "easix", "zero_platelets", "null"),
    ("9.1", "m_easix", "below_limit_factor", 0.5),
    # no. 27, units: they are read with each result and converted, there is nothing to choose
    ("12 no. 28", "car_hematotox", "ties_count", "protein_only"),
    ("12 no. 28; 0", "grid", "baseline_look_back", 14),
    ("14 P21", "grid", "anc_if_wbc_low", 0.0),
    ("0", "grid", "index_infusion", "first"),
    ("15", "impede_vte", "therapeutic_points", 4),
    ("15", "throly", "bmi_30_counts", False),
    *(("15", name, "race_item", False) for name in ("impede_vte", "saved", "prism")),
]


@pytest.mark.parametrize(("number", "scope", "name", "default"), EXPECTED)
def test_the_parameter_has_the_default_of_the_catalogue(number: str, scope: str, name: str, default: Value) -> None:
    parameters = {parameter.name: parameter for parameter in declared()[scope]}
    assert name in parameters, f"{number}: {scope} has no parameter {name}"
    found = parameters[name].default
    assert (found, type(found)) == (default, type(default))
