"""Khorana score, 2008, and Vienna CATS, 2010: venous thrombosis in outpatients with cancer. Not derived after CAR-T.

Sources: Khorana AA et al. Blood 2008;111:4902; Vienna CATS as tabulated in catalogue 9.4.
Inputs: site of the cancer (judged: lymphoma is high, myeloma and acute leukaemia are none of the list), platelets and
leukocytes (10^9/L), haemoglobin (g/dL) or an erythropoiesis-stimulating agent, body-mass index; Vienna also D-dimer
(mg/L = ug/mL) and soluble P-selectin (ng/mL). Values before lymphodepletion stand for those before chemotherapy.
Values: Khorana 0 to 6: 0 low, 1 to 2 intermediate, 3 or more high; Vienna 0 to 8; null where what is missing decides.
Open in the source: trials take 2 or more as high.
"""

from __future__ import annotations

from carac.definitions.risk.before_infusion import body_mass_index, judged, risk_score, value, word
from carac.language.bands import Bands
from carac.language.combined import any_of
from carac.language.definition import Certainty, Citation, Definition, Values
from carac.language.points import Classes, Criterion, Total

GROUPS = Classes(
    "__group",
    "low (0), intermediate (1 to 2) or high (3 or more); null where what is missing decides",
    ((0, "low"), (1, "intermediate"), (3, "high")),
)


def khorana(values: Values) -> tuple[Criterion, ...]:
    """The five items."""
    anaemia = (
        value("haemoglobin", "haemoglobin", "haemoglobin", "g/dL", Bands(below={10: 1})),
        judged("erythropoiesis_stimulating_agent", "erythropoiesis-stimulating agent", values),
    )
    return (
        word("site", "cancer_site_risk", "site: high, very high", {2: 2, 1: 1}),
        value("platelets", "platelets", "platelets", "10^9/L", Bands(at_least={350: 1})),
        any_of("anaemia", "haemoglobin or erythropoiesis-stimulating agent", anaemia),
        value("leukocytes", "leukocytes", "leukocytes", "10^9/L", Bands(above={11: 1})),
        body_mass_index(Bands(at_least={35: 1})),
    )


MARKERS = (
    value("soluble_p_selectin", "soluble_p_selectin", "soluble P-selectin", "ng/mL", Bands(at_least={53.1: 1})),
    value("d_dimer", "d_dimer", "D-dimer", "ug/mL", Bands(at_least={1.44: 1})),
)
POPULATION = "ambulatory patients with cancer"

DEFINITIONS: tuple[Definition, ...] = (
    risk_score(
        "khorana",
        "Khorana score",
        "2008",
        Citation("Khorana AA et al. Blood 2008;111:4902"),
        Certainty.VERIFIED,
        POPULATION,
        lambda values: Total(khorana(values), classes=GROUPS),
        choices=(
            "Trials take 2 or more as high.",
            "Lymphoma is a high-risk site; myeloma and leukaemia are not listed.",
        ),
    ),
    risk_score(
        "vienna_cats",
        "Vienna CATS",
        "2010",
        Citation("Vienna CATS 2010, as tabulated in catalogue 9.4"),
        Certainty.VERIFIED,
        POPULATION,
        lambda values: Total((*khorana(values), *MARKERS)),
    ),
)
