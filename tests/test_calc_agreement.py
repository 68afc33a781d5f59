"""The same random cases by hand and in a cohort: equal in every column, items and bounds among them.

One definition of each shape here; all definitions and 10,000 cases are the proof `proofs/calc_agreement.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from support.agreement import cases_of, cohort_of, differences

NAMES = (
    "astct_crs", "ctcae_v5_inr_with_baseline", "isth_overt_dic_2025", "car_hematotox", "icaht_early_as_printed",
    "isth_bleeding", "creatinine_clearance",
)  # fmt: skip
EACH, SEED = 12, 20241128


@pytest.mark.parametrize("full", [False, True], ids=["values alone", "all tables"])
def test_by_hand_is_what_the_cohort_gives(full: bool, tmp_path: Path) -> None:
    """Missing inputs, intervals, units, series, treatments, events."""
    cases = cases_of(NAMES, EACH, SEED, full)
    read = cohort_of(cases, tmp_path / "record", full)
    compared, found = differences(cases, read, "duckdb", list(cases))
    assert not found, "\n".join(str(one) for one in found[:10])
    assert compared >= EACH * len(cases) * 0.9
