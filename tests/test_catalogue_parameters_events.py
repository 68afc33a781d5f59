"""Have the parameters of coagulation, hyperinflammation, bleeding and thrombosis the defaults of the catalogue?

Typed from sections 12 and 14. What has no parameter here has its reason beside it.
"""

from __future__ import annotations

import pytest

from carac.grading.parameters import declared
from carac.parameters import Value

ISTH = ("isth_overt_dic_2025", "isth_overt_dic_2001_5xuln", "isth_overt_dic_2001_10xuln")
SCORES = (*ISTH, "isth_non_overt_dic", "cdss_malignant", "cdss", "jsth_dic_haematopoietic", "jaam_dic", "jaam_2_dic")
FALLS = ("cdss_malignant", "cdss", "jsth_dic_basic", "jaam_dic", "jaam_2_dic")

EXPECTED: list[tuple[str, str, str, Value]] = [
    # no. 9, the D-dimer scheme: each is a column of its own; FEU or DDU is read with each result
    ("12 no. 9", "cdss_malignant", "d_dimer_basis", "feu"),
    *(("12 no. 10", name, "inr_for_seconds", True) for name in ISTH),
    *(("12 no. 11", name, "ties", ">=") for name in ISTH),
    # no. 12, the platelet item kept or dropped: the items stand beside the score
    # no. 13, fibrinogen after tocilizumab or replacement: kept, and told by the explanation of the day
    ("12 no. 14", "cdss_malignant", "plt_additive", True),
    ("12 no. 15", "carac_proposal", "window_days", 28),
    ("12 no. 15", "carac_proposal", "link_hours", 48),
    ("12 no. 18", "hscore", "cut_off_included", True),
    ("12 no. 19", "hlh_2004", "ties_count", True),
    ("12 no. 20", "iec_hs_candidate", "manifestations_needed", 2),
    ("12 no. 21", "isth_bleeding", "hb_window_hours", 48),
    ("12 no. 21", "isth_bleeding", "red_cell_attribution", "caused_by_bleed"),
    ("12 no. 21", "isth_bleeding", "hb_adjust_for_rbc", False),
    ("12 no. 22", "isth_bleeding", "crnm_inpatient_rule", "strict"),
    ("12 no. 23", "who_bleeding", "who_cns_rule", 4),
    ("12 no. 25", "thrombosis_class", "superficial_counts", False),
    ("12 no. 25", "thrombosis_class", "subsegmental_counts", True),
    ("12 no. 25", "thrombosis_class", "incidental_counts", True),
    ("12 no. 25", "thrombosis_class", "catheter_counts", True),
    ("12 no. 25", "thrombosis_class", "type_2_infarction_counts", False),
    ("12 no. 26", "thrombosis_class", "earlier_code", "recurrent"),
    ("12 no. 26", "thrombosis_class", "washout_days", 365),
    ("12 no. 26", "grid", "events_days_before", 365),
    # no. 29 and 30 belong to guidance
    *(("14 P9", name, "pt_reference", "uln") for name in SCORES),
    *(("14 P10", name, "score_window", "calendar_day") for name in (*SCORES, "sic")),
    *(("0", name, "carry_forward", 0) for name in (*SCORES, "sic")),
    ("14 P11", "jaam_dic", "jaam_fall_op", ">"),
    # P12 asks for hours: 24 are the two calendar days before, which a switch turns off
    *(("14 P12", name, "exclude_transfused_falls", True) for name in FALLS),
    # P13 and P15 are rules without a choice
    ("14 P14", "iec_hs_candidate", "ferritin_reference", "baseline_if_abnormal"),
    ("14 P16", "iec_hs_candidate", "cytopenia_fall", 0.5),
    # P17 belongs to the sorting of coagulopathy; P18 to a feature of three values; P19 to reports
    ("14 P20", "thrombosis_class", "cvc_lookback_days", 7),
    # P22 belongs to guidance
]


@pytest.mark.parametrize(("number", "scope", "name", "default"), EXPECTED)
def test_default_of_the_catalogue(number: str, scope: str, name: str, default: Value) -> None:
    found = {parameter.name: parameter.default for parameter in declared()[scope]}
    assert name in found, f"catalogue {number}: {scope} has no {name}"
    assert found[name] == default, f"catalogue {number}"
