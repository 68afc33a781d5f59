"""Names of tables as they are printed: hyphens and capitals where a doctor writes them, letters of a record kept."""

from __future__ import annotations

import pytest

from carac.vocabulary.printed_words import printed


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("large_b_cell_lymphoma", "large B-cell lymphoma"),
        ("b_cell_acute_lymphoblastic_leukaemia", "B-cell acute lymphoblastic leukaemia"),
        ("primary mediastinal b-cell lymphoma", "primary mediastinal B-cell lymphoma"),
        ("t_cell_lymphoma", "T-cell lymphoma"),
        ("mantle_cell_lymphoma", "mantle cell lymphoma"),
        ("multiple_myeloma", "multiple myeloma"),
        ("non_hodgkin_lymphoma", "non-Hodgkin lymphoma"),
        ("hodgkin_lymphoma", "Hodgkin lymphoma"),
        ("DLBCL", "DLBCL"),
        ("DVT_upper", "DVT upper"),
        ("thumb_cell_tumour", "thumb cell tumour"),
        ("", ""),
    ],
)
def test_a_name_is_printed_as_a_doctor_writes_it(name: str, wanted: str) -> None:
    assert printed(name) == wanted
