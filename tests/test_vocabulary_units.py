"""Units: every spelling and every conversion example of the catalogue, and what must not be converted."""

from __future__ import annotations

import pytest

from carac.vocabulary.analytes import analytes
from carac.vocabulary.assessment_items import assessment_items
from carac.vocabulary.files import rows
from carac.vocabulary.unit_spelling import dimer_basis, is_absent, normalise_unit
from carac.vocabulary.units import conversion, known_units, why_not


def converted(quantity: str, value: float, unit: str | None, basis: str | None = None) -> float:
    """A value in the canonical unit; fails where the unit is not known."""
    found = conversion(quantity, unit, basis)
    assert found is not None, (quantity, unit)
    return found.apply(value)


def test_canonical_unit_of_every_analyte_converts_to_itself() -> None:
    for name, analyte in analytes().items():
        found = conversion(name, analyte.canonical_unit)
        assert found is not None, name
        assert (found.multiply, found.divide, found.offset_before, found.basis_needed) == (1, 1, 0, False)
        assert found.canonical_unit == analyte.canonical_unit


def test_canonical_unit_of_every_numeric_item_converts_to_itself() -> None:
    for name, item in assessment_items().items():
        if item.kind == "number":
            assert converted(name, 7, item.unit) == 7


def test_plausible_ranges_let_real_extremes_pass() -> None:
    assert all(analyte.plausible_low < analyte.plausible_high for analyte in analytes().values())
    for name, value in [
        ("platelets", 0),
        ("leukocytes", 800),
        ("haemoglobin", 2.5),
        ("ferritin", 500_000),
        ("fibrinogen", 0.2),
        ("fibrinogen", 12),
        ("inr", 20),
        ("d_dimer", 200),
        ("lactate_dehydrogenase", 30_000),
        ("interleukin_6", 500_000),
        ("triglycerides", 8_000),
    ]:
        assert analytes()[name].is_plausible(value), (name, value)


def test_plausible_ranges_catch_a_wrong_unit() -> None:
    for name, value in [("platelets", 45_000), ("fibrinogen", 150), ("haemoglobin", 95), ("albumin", 35)]:
        assert not analytes()[name].is_plausible(value), (name, value)


@pytest.mark.parametrize(
    ("quantity", "value", "unit", "basis", "expected"),
    [
        # The conversion examples of catalogue section 11.3; CRP and neutrophils are examples of the inverse.
        ("fibrinogen", 150, "mg/dL", None, 1.5),
        ("d_dimer", 2500, "ng/mL", "DDU", 5.0),
        ("d_dimer", 2500, "ng/mL DDU", None, 5.0),
        ("c_reactive_protein", 8.0, "mg/dL", None, 80),
        ("creatinine", 124, "µmol/L", None, 124 / 88.4),
        ("triglycerides", 3.0, "mmol/L", None, 265.71),
        ("neutrophils", 500, "cells/uL", None, 0.5),
        ("haemoglobin", 6.2, "mmol/L", None, 9.9882),
        ("lactate_dehydrogenase", 5, "ukat/L", None, 300),
        # Section 0.1
        ("fibrinogen", 10, "umol/L", None, 3.4),
        ("d_dimer", 500, "ug/L FEU", None, 0.5),
        ("d_dimer", 0.5, "ug/mL", "FEU", 0.5),
        ("bilirubin", 17.1, "umol/L", None, 1.0),
        ("direct_bilirubin", 34.2, "umol/L", None, 2.0),
        ("haemoglobin", 100, "g/L", None, 10.0),
        ("platelets", 45_000, "/mm3", None, 45),
        ("ferritin", 1000, "pmol/L", None, 445),
        ("ferritin", 640, "ng/mL", None, 640),
        ("interleukin_6", 12, "ng/L", None, 12),
        ("temperature", 100.4, "degF", None, 38.0),
        ("albumin", 35, "g/L", None, 3.5),
        ("fibrin_degradation_products", 20, "mg/L", None, 20),
        ("antithrombin", 0.8, "IU/mL", None, 80),
        ("protein_c", 0.8, "kIU/L", None, 80),
        ("platelets", 1.5, "lakhs/cumm", None, 150),
        ("fio2", 0.4, "1", None, 40),
        ("urine_output", 1.2, "L/24h", None, 1200),
    ],
)
def test_conversion_examples(quantity: str, value: float, unit: str, basis: str | None, expected: float) -> None:
    assert converted(quantity, value, unit, basis) == pytest.approx(expected, rel=1e-12)


def test_printed_ties_stay_exact() -> None:
    for tenth in range(1, 10_000):
        assert converted("fibrinogen", tenth * 10, "mg/dL") == tenth / 10
        assert converted("haemoglobin", tenth, "g/L") == tenth / 10
        assert converted("platelets", tenth * 1000, "/uL") == tenth
    assert converted("temperature", 100.4, "°F") == 38.0


BILLION_PER_LITRE = """
10^9/L; 10^9/l; 10*9/L; x10E9/L; x 10^9/L; \u00d710⁹/L; 10e9/l; 10E+09/L; E9/L; 109/L; 10(9)/L; 10^9 L-1; 10**9/L;
Gpt/L; giga/l;
G/L; G/l; K/uL; K/\u00b5L; K/\u03bcL; k/mcL; thou/uL; THOU/UL; 10*3/uL; 10*3{cells}/uL; X10(3)/mcL; 1000/ul;
10^3/mm3; 10^3/mm³; th/cumm; thousand per microliter; 10^3 cells/uL; /nl; 10^6/mL
"""


@pytest.mark.parametrize("text", [text.strip() for text in BILLION_PER_LITRE.split(";")])
def test_every_spelling_of_billion_per_litre(text: str) -> None:
    for analyte in ("platelets", "leukocytes", "neutrophils", "lymphocytes"):
        assert converted(analyte, 45, text) == 45


@pytest.mark.parametrize(
    "text", ["/uL", "/µL", "/mm3", "/mm³", "/mm^3", "cells/uL", "{cells}/uL", "cells/mm3", "per uL", "#/uL", "/cumm"]
)
def test_every_spelling_of_per_microlitre(text: str) -> None:
    assert converted("platelets", 45_000, text) == 45


@pytest.mark.parametrize(
    ("analyte", "text", "expected"),
    [
        ("fibrinogen", "G/L", 1.5),
        ("fibrinogen", "g/l", 1.5),
        ("fibrinogen", "g·L⁻¹", 1.5),
        ("fibrinogen", "MG/DL", 0.015),
        ("fibrinogen", "mg%", 0.015),
        ("fibrinogen", "mg/100 mL", 0.015),
        ("haemoglobin", "gm/dL", 1.5),
        ("prothrombin_time", "sec", 1.5),
        ("prothrombin_time", "SECONDS", 1.5),
        ("prothrombin_time", "sec.", 1.5),
        ("aptt", "s", 1.5),
        ("lactate_dehydrogenase", "IU/L", 1.5),
        ("lactate_dehydrogenase", "[IU]/L", 1.5),
        ("lactate_dehydrogenase", "U/l", 1.5),
        ("alanine_aminotransferase", "units/L", 1.5),
        ("aspartate_aminotransferase", "µkat/L", 90),
        ("creatinine", "umol/L", 1.5 / 88.4),
        ("creatinine", "µmol/L", 1.5 / 88.4),
        ("creatinine", "μmol/l", 1.5 / 88.4),
        ("creatinine", "mcmol/L", 1.5 / 88.4),
        ("neutrophil_percentage", "percent", 1.5),
        ("factor_viii", "% of normal", 1.5),
        ("anti_xa_unfractionated", "[iU]/mL", 1.5),
        ("inr", "{INR}", 1.5),
        ("inr", "ratio", 1.5),
        ("inr", "1", 1.5),
        ("inr", "", 1.5),
        ("inr", None, 1.5),
        ("inr", "N/A", 1.5),
        ("prothrombin_time_ratio", "{ratio}", 1.5),
        ("schistocytes", None, 1.5),
        ("ice_total", None, 1.5),
        ("ice_total", "{score}", 1.5),
        ("systolic_pressure", "mm[Hg]", 1.5),
        ("systolic_pressure", "mm Hg", 1.5),
        ("heart_rate", "beats/min", 1.5),
        ("temperature", "Cel", 1.5),
        ("temperature", "ºC", 1.5),
    ],
)
def test_other_spellings(analyte: str, text: str | None, expected: float) -> None:
    assert converted(analyte, 1.5, text) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "basis", "factor"),
    [
        ("ug{FEU}/mL", "FEU", 1),
        ("µgFEU/mL", "FEU", 1),
        ("ng/mL FEU", "FEU", 1 / 1000),
        ("ng/mL{FEU}", "FEU", 1 / 1000),
        ("ng{FEU}/mL", "FEU", 1 / 1000),
        ("mg/L FEU", "FEU", 1),
        ("mg/L (FEU)", "FEU", 1),
        ("FEU mg/L", "FEU", 1),
        ("ng/mL DDU", "DDU", 2 / 1000),
        ("ng{DDU}/mL", "DDU", 2 / 1000),
        ("ug/mL DDU", "DDU", 2),
        ("ng/mL D-DU", "DDU", 2 / 1000),
    ],
)
def test_d_dimer_unit_that_says_its_basis(text: str, basis: str, factor: float) -> None:
    assert dimer_basis(text) == basis
    # The unit has the last word over the code or the user's default.
    for given in (None, "FEU", "DDU"):
        found = conversion("d_dimer", text, given)
        assert found is not None
        assert (found.basis, found.basis_needed, found.approximate) == (basis, False, basis == "DDU")
        assert found.apply(1) == pytest.approx(factor, rel=1e-12)


@pytest.mark.parametrize("text", ["ng/mL", "mg/L", "ug/mL", "ug/L"])
def test_d_dimer_without_basis_is_not_converted(text: str) -> None:
    found = conversion("d_dimer", text)
    assert found is not None and found.basis_needed
    with pytest.raises(ValueError, match="FEU or DDU"):
        found.apply(500)
    with_basis = conversion("d_dimer", text, "ddu")
    assert with_basis is not None and with_basis.approximate and not with_basis.basis_needed


def test_d_dimer_in_ng_per_ml_ddu_doubles() -> None:
    found = conversion("d_dimer", "ng/mL", basis="DDU")
    assert found is not None
    assert (found.multiply, found.divide, found.approximate) == (2, 1000, True)


def test_a_basis_that_is_neither_is_refused() -> None:
    with pytest.raises(ValueError, match="FEU or DDU"):
        conversion("d_dimer", "ng/mL", basis="SI")


@pytest.mark.parametrize(
    ("analyte", "text"),
    [
        ("platelets", "mg/dL"),
        ("platelets", None),
        ("platelets", ""),
        ("fibrinogen", None),
        ("fibrinogen", "seconds"),
        ("fibrinogen", "mg/L FEU"),
        ("fibrin_degradation_products", "ug/mL FEU"),
        ("d_dimer", None),
        ("d_dimer", "mmol/L"),
        ("inr", "s"),
        ("inr", "%"),
        ("prothrombin_time", "%"),
        ("prothrombin_time_ratio", "INR"),
        ("soluble_interleukin_2_receptor", "pg/mL"),
        ("interleukin_6", "IU/mL"),
        ("creatinine", "bananas"),
        ("no_such_analyte", "mg/dL"),
        ("temperature", None),
    ],
)
def test_unknown_or_absent_unit_is_none(analyte: str, text: str | None) -> None:
    assert conversion(analyte, text) is None


def test_a_refused_unit_says_why() -> None:
    assert "assay specific" in (why_not("soluble_interleukin_2_receptor", "pg/mL") or "")
    assert "Quick" in (why_not("prothrombin_time", "%") or "")
    assert why_not("creatinine", "bananas") is None
    refused = [row for row in rows("units.csv") if not row["multiply"]]
    assert refused and all(row["note"] for row in refused)


def test_units_name_only_known_quantities_and_statuses() -> None:
    quantities = set(analytes()) | set(assessment_items())
    for row in rows("units.csv"):
        assert set(row["quantity"].split("|")) <= quantities
        assert row["status"] in {"catalogue", "arithmetic", "memory"}
        assert row["basis"] in {"", "FEU", "DDU"}
    assert not set(analytes()) & set(assessment_items())


def test_every_printed_unit_is_known_by_its_own_spelling() -> None:
    for name in (*analytes(), *assessment_items()):
        for unit in known_units(name):
            assert conversion(name, unit) is not None


def test_absent_is_not_unknown() -> None:
    assert is_absent(None) and is_absent(" ") and is_absent("N/A")
    assert not is_absent("bananas") and not is_absent("1")


def test_normalised_units_are_stable() -> None:
    for row in rows("units.csv"):
        key = normalise_unit(row["unit"])
        assert normalise_unit(key) == key
