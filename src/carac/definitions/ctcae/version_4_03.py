"""CTCAE 4.03: only the two terms in which it differs from 5.0, fibrinogen and INR.

Source: National Cancer Institute, Common Terminology Criteria for Adverse Events, version 4.03, 14 June 2010.
Fibrinogen: version 5.0 reads "if abnormal" where 4.03 reads "or", so that a fall from baseline counts although the
value is normal. INR: >1 to 1.5, >1.5 to 2.5, >2.5 times the upper limit of normal, or times baseline if on
anticoagulation, where 5.0 has absolute values. Values and null as in 5.0.
"""

from __future__ import annotations

from carac.definitions.ctcae.fall_from_baseline import INR_MODE, BaselineIfAnticoagulated, FallFromBaseline
from carac.definitions.ctcae.terms import Version, above_limit, below_limit, by_value, term, term_with_choice
from carac.definitions.ctcae.version_5 import (
    FIBRINOGEN,
    FIBRINOGEN_BY_LIMIT,
    FIBRINOGEN_LEFT,
    INR_BY_BASELINE,
    INR_CHOICE,
)
from carac.language.bands import Bands
from carac.language.definition import Citation, Definition, Values
from carac.vocabulary.types import Laboratory, Scale, Worse

VERSION_4 = Version(
    "ctcae_v4",
    "4.03",
    Citation("National Cancer Institute. Common Terminology Criteria for Adverse Events version 4.03. 2010"),
)

INR_BY_LIMIT = Bands(above={2.5: 3, 1.5: 2, 1.0: 1})

_fibrinogen = (
    by_value("fibrinogen", "fibrinogen", "g/L", FIBRINOGEN),
    below_limit("fibrinogen", "fibrinogen", FIBRINOGEN_BY_LIMIT),
)


def _inr(values: Values) -> tuple[BaselineIfAnticoagulated]:
    by_limit = Laboratory("inr", Worse.HIGHER, Scale.BY_UPPER_LIMIT)
    mode = str(values["inr_mode"])
    return (BaselineIfAnticoagulated(INR_BY_LIMIT, INR_BY_BASELINE, absolute_input=by_limit, mode=mode),)


DEFINITIONS: tuple[Definition, ...] = (
    term(VERSION_4, "fibrinogen", "fibrinogen decreased, by lower limit", _fibrinogen),
    term(
        VERSION_4,
        "fibrinogen_with_baseline",
        "fibrinogen decreased, with the fall from baseline",
        (*_fibrinogen, FallFromBaseline(FIBRINOGEN_LEFT, only_if_abnormal=False)),
    ),
    term(
        VERSION_4,
        "inr",
        "INR increased, by upper limit",
        (above_limit("inr", "INR", INR_BY_LIMIT),),
        choices=INR_CHOICE,
    ),
    term_with_choice(
        term(
            VERSION_4,
            "inr_with_baseline",
            "INR increased, against baseline if anticoagulated",
            _inr({"inr_mode": INR_MODE.default}),
            choices=(*INR_CHOICE, "Prophylactic courses do not count as anticoagulation."),
            needs=("labs", "treatments"),
        ),
        INR_MODE,
        _inr,
    ),
)
