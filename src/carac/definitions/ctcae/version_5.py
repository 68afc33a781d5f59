"""CTCAE 5.0: laboratory terms of blood count and coagulation.

Source: National Cancer Institute, Common Terminology Criteria for Adverse Events, version 5.0, 27 November 2017.
Inputs: platelets, neutrophils (10^9/L), haemoglobin (g/dL), fibrinogen (g/L), INR, aPTT (s), with the limits of normal
that came with each result; for the baseline rules the value before lymphodepletion and the anticoagulants of the day.
Values: 0 measured and not abnormal, 1 to 4 as printed; null cannot be graded, with its lowest and highest grade.
Open in the source: grade 4 of anaemia is clinical and never given here; "bleeding" in the grade 3 cells of INR and
aPTT is a matter of the event, not of the value, and is left to the event scales; whether the fibrinogen "if abnormal"
means the current value or the baseline is a parameter. A printed range "<75.0 - 50.0" is 50.0 ≤ x < 75.0.
"""

from __future__ import annotations

from carac.definitions.ctcae.fall_from_baseline import INR_MODE, BaselineIfAnticoagulated, FallFromBaseline
from carac.definitions.ctcae.terms import Version, above_limit, below_limit, by_value, term, term_with_choice
from carac.language.bands import Bands
from carac.language.definition import Citation, Definition
from carac.parameters import Parameter

VERSION_5 = Version(
    "ctcae_v5",
    "5.0",
    Citation("National Cancer Institute. Common Terminology Criteria for Adverse Events version 5.0. 2017"),
)

BELOW_LIMIT = Bands(below={1.0: 1})

PLATELETS = Bands(below={25: 4, 50: 3, 75: 2})
NEUTROPHILS = Bands(below={0.5: 4, 1.0: 3, 1.5: 2})
HAEMOGLOBIN = Bands(below={8.0: 3, 10.0: 2})
FIBRINOGEN = Bands(below={0.5: 4})
FIBRINOGEN_BY_LIMIT = Bands(below={0.25: 4, 0.5: 3, 0.75: 2, 1.0: 1})
#: What is left of the baseline: a fall of 75 % leaves a quarter.
FIBRINOGEN_LEFT = Bands(at_most={0.25: 4, 0.5: 3, 0.75: 2}, below={1.0: 1})
INR = Bands(above={2.5: 3, 1.5: 2, 1.2: 1})
INR_BY_BASELINE = Bands(above={2.5: 3, 1.5: 2, 1.0: 1})
APTT_BY_LIMIT = Bands(above={2.5: 3, 1.5: 2, 1.0: 1})

ABNORMAL = Parameter(
    "fib_abnormal",
    "current",
    'whether "if abnormal" means the current fibrinogen or the baseline lies below its lower limit',
    choices=("current", "baseline"),
    source="catalogue 14, P6",
)
INR_CHOICE = ('"Bleeding" in the grade 3 cell is not read from the value; bleeds are graded as events.',)
HAEMOGLOBIN_CHOICES = (
    "g/dL decides: 10.0 g/dL stands beside 6.2 mmol/L (9.99 g/dL) and 8.0 beside 4.9 mmol/L (7.89 g/dL); "
    "a value in these two gaps has another grade by unit.",
    "Grade 4 is clinical and is not given from a value.",
)

_platelets = by_value("platelets", "platelets", "10^9/L", PLATELETS)
_fibrinogen = (
    by_value("fibrinogen", "fibrinogen", "g/L", FIBRINOGEN),
    below_limit("fibrinogen", "fibrinogen", FIBRINOGEN_BY_LIMIT),
)


def coagulation_terms(version: Version) -> tuple[Definition, ...]:
    """Fibrinogen, INR and aPTT: printed alike in versions 5.0 and 6.0."""
    with_baseline = term(
        version,
        "fibrinogen_with_baseline",
        "fibrinogen decreased, with the fall from baseline",
        (*_fibrinogen, FallFromBaseline(FIBRINOGEN_LEFT)),
        choices=("The baseline is often raised by acute phase; the grade by limit alone stands beside.",),
    )
    return (
        term(version, "fibrinogen", "fibrinogen decreased, by lower limit", _fibrinogen),
        term_with_choice(
            with_baseline,
            ABNORMAL,
            lambda v: (*_fibrinogen, FallFromBaseline(FIBRINOGEN_LEFT, abnormal=str(v["fib_abnormal"]))),
        ),
        term(version, "inr", "INR increased, absolute", (by_value("inr", "INR", "", INR),), choices=INR_CHOICE),
        term_with_choice(
            term(
                version,
                "inr_with_baseline",
                "INR increased, against baseline if anticoagulated",
                (BaselineIfAnticoagulated(INR, INR_BY_BASELINE),),
                choices=(*INR_CHOICE, "Prophylactic courses do not count as anticoagulation."),
                needs=("labs", "treatments"),
            ),
            INR_MODE,
            lambda v: (BaselineIfAnticoagulated(INR, INR_BY_BASELINE, mode=str(v["inr_mode"])),),
        ),
        term(version, "aptt", "aPTT prolonged", (above_limit("aptt", "aPTT", APTT_BY_LIMIT),), choices=INR_CHOICE),
    )


def haemoglobin_term(version: Version) -> Definition:
    """Anaemia: printed alike in versions 5.0 and 6.0."""
    rules = (
        by_value("haemoglobin", "haemoglobin", "g/dL", HAEMOGLOBIN),
        below_limit("haemoglobin", "haemoglobin", BELOW_LIMIT),
    )
    return term(version, "haemoglobin", "anaemia", rules, choices=HAEMOGLOBIN_CHOICES)


DEFINITIONS: tuple[Definition, ...] = (
    term(
        VERSION_5,
        "platelets",
        "platelet count decreased",
        (_platelets, below_limit("platelets", "platelets", BELOW_LIMIT)),
    ),
    term(
        VERSION_5,
        "neutrophils",
        "neutrophil count decreased",
        (
            by_value("neutrophils", "neutrophils", "10^9/L", NEUTROPHILS),
            below_limit("neutrophils", "neutrophils", BELOW_LIMIT),
        ),
    ),
    haemoglobin_term(VERSION_5),
    *coagulation_terms(VERSION_5),
)
