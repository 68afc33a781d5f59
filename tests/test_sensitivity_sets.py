"""Which parameters a sensitivity analysis of ICAHT and T-ICAHT changes, and to which values: typed by hand.

Every reading that catalogue 2.1, 2.2 and 12 (1 to 5) leave open stands here beside the preset, and a value without
effect under the preset does not: a gap that nothing fills, the start of a run that no rule asks for.
"""

from __future__ import annotations

import pytest

from carac.definitions import sensitivity_sets
from carac.parameters import Value

Changes = dict[str, tuple[Value, ...]]

#: What ends a window and which days have a count, by instrument.
ICAHT: Changes = {
    "censor_at_cell_boost": (True,),
    "comparator": ("<",),
    # The flag changes no grade; it counts how many grades stand on G-CSF.
    "gcsf_handling": ("flag", "censor"),
}
#: Early ICAHT ends at death and last follow-up alone (catalogue 12, 4). Its gap of 2 days is none in other hands, and
#: 6 in T-ICAHT; its longest filled gap is 7 by the code and 5 by the text of the same authors.
EARLY_ICAHT: Changes = ICAHT | {
    "censor_at_death": (False,),
    "censor_at_follow_up_end": (False,),
    "censor_at_progression": (True,),
    "censor_at_next_therapy": (True,),
    "duration": ("cumulative_with_gaps", "cumulative"),
    "join_gap": (0, 6),
    "imputation": ("none", "mean_of_neighbours", "last_observation"),
    "maximum_gap": (0, 3, 5, 14),
    "end_gaps": ("unknown",),
}
LATE_ICAHT: Changes = ICAHT | {
    "censor_at_death": (False,),
    "censor_at_follow_up_end": (False,),
    "censor_at_progression": (False,),
    "censor_at_next_therapy": (False,),
    "rounding": ("ten_half_to_even",),
    "late_rule": ("each_threshold_twice",),
    "late_minimum_values": (2,),
}
#: The table of T-ICAHT fills nothing: how long a gap may be, and what stands at its ends, changes nothing.
PRINTED_T_ICAHT: Changes = {
    "censor_at_death": (False,),
    "censor_at_follow_up_end": (True,),
    "censor_at_progression": (False,),
    "censor_at_next_therapy": (False,),
    "censor_at_cell_boost": (True,),
    "comparator": ("<=",),
    "duration": ("longest_joined", "cumulative"),
    "join_gap": (0, 6),
    "imputation": ("linear", "mean_of_neighbours", "last_observation"),
    "transfusion_adjust": ("drop_24h", "drop_72h"),
}
CODED_T_ICAHT: Changes = {
    "censor_at_death": (False,),
    "censor_at_follow_up_end": (False,),
    "censor_at_progression": (False,),
    "censor_at_next_therapy": (True,),
    "censor_at_cell_boost": (True,),
    "comparator": ("<",),
    "duration": ("cumulative_with_gaps", "cumulative"),
    "join_gap": (0, 2),
    "imputation": ("none", "linear", "last_observation"),
    "maximum_gap": (0, 3, 7),
    "transfusion_adjust": ("drop_24h", "drop_72h"),
}
LATE_T_ICAHT: Changes = {
    "late_rule": ("any_one_if_two_tests",),
    "late_minimum_values": (1,),
    "late_unknown_days": ("widen",),
}
EXPECTED: dict[str, Changes] = {
    # All 31 days low is the printed reading: then the first day of the run is not asked for.
    "icaht_early_as_printed": EARLY_ICAHT
    | {"rounding": ("ten_half_to_even",), "g4_rule": ("start_d0_3_and_open", "never_above")},
    "icaht_early_as_in_authors_code": EARLY_ICAHT
    | {"rounding": ("none",), "g4_rule": ("strict_31_days", "never_above"), "g4_latest_start": (0, 7)},
    "icaht_late_as_printed": LATE_ICAHT,
    "icaht_late_as_in_authors_code": LATE_ICAHT,
    # The table ends on day 30, the vignette on day 37.
    "t_icaht_early_as_printed": PRINTED_T_ICAHT | {"last_day": (37,)},
    "t_icaht_early_as_in_authors_code": CODED_T_ICAHT | {"end_gaps": ("unknown",), "last_day": (30,)},
    "t_icaht_late_as_printed": PRINTED_T_ICAHT | LATE_T_ICAHT,
    "t_icaht_late_as_in_authors_code": CODED_T_ICAHT | LATE_T_ICAHT | {"end_gaps": ("nearest",)},
}


def test_only_these_definitions_have_such_sets() -> None:
    assert set(sensitivity_sets()) == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_first_the_preset_then_each_parameter_alone(name: str) -> None:
    preset, *changed = sensitivity_sets()[name]
    assert preset == {}
    found = [(parameter, value) for change in changed for parameter, value in change.items()]
    assert len(found) == len(changed)
    assert set(found) == {(parameter, value) for parameter, values in EXPECTED[name].items() for value in values}
    assert len(found) == len(set(found))
