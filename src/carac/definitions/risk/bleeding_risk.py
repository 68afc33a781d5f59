"""HAS-BLED, 2010, and VTE-BLEED, 2016: bleeding under anticoagulation. Not derived after CAR T cells.

Sources: HAS-BLED: Pisters R et al. 2010; VTE-BLEED: Klok FA et al. 2016 (both from memory, high; catalogue 9.4).
Inputs: judged items before the infusion, age, creatinine, bilirubin and transaminases before lymphodepletion, and
creatinine clearance.
Values: HAS-BLED 0 to 9, high from 3; VTE-BLEED 0 to 9.0, high from 2; null where what is missing decides.
Open in the sources: a clearance below 30 mL/min, which the trials left out, counts as 30 to 60 does. Platelets below 50
outweigh both scores; whoever has active cancer has 2 points of VTE-BLEED, so that it does not discriminate here.
"""

from __future__ import annotations

from carac.definitions.risk.before_infusion import age, judged, risk_score, value
from carac.language.bands import Bands
from carac.language.combined import Both, Combined, IsMale, OnResult, any_of
from carac.language.definition import Certainty, Citation, Definition, Values
from carac.language.points import Classes, Criterion, Reading, Total
from carac.vocabulary.types import Scale

#: Creatinine is kept in mg/dL.
MICROMOL_PER_L = 88.4
HIGH = Classes(
    "__group", "high (3 or more) or not high; null where what is missing decides", ((0, "not_high"), (3, "high"))
)


def _liver(values: Values) -> Criterion:
    transaminases = tuple(
        value(name, analyte, name.upper(), "x ULN", Bands(above={3: 1}), scale=Scale.BY_UPPER_LIMIT)
        for name, analyte in (("alt", "alanine_aminotransferase"), ("ast", "aspartate_aminotransferase"))
    )
    bilirubin = value("bilirubin", "bilirubin", "bilirubin", "x ULN", Bands(above={2: 1}), scale=Scale.BY_UPPER_LIMIT)
    enzymes = any_of("transaminases", "ALT or AST", transaminases)
    both = Both("liver_values", "bilirubin with ALT or AST", (bilirubin, enzymes))
    return any_of("liver", "cirrhosis or liver values", (judged("liver_disease", "cirrhosis", values), both))


def has_bled(values: Values) -> Total:
    """Nine items of one point."""
    creatinine = value(
        "creatinine", "creatinine", "creatinine", "umol/L", Bands(at_least={200: 1}), factor=MICROMOL_PER_L
    )
    renal = (judged("renal_disease", "dialysis or transplant", values), creatinine)
    bleeding = (
        judged("bleeding_history", "bleeding in history or predisposition", values),
        judged("anaemia", "anaemia", values),
    )
    return Total(
        (
            judged("uncontrolled_hypertension", "systolic pressure over 160", values),
            any_of("renal", "kidney", renal),
            _liver(values),
            judged("stroke_history", "stroke", values),
            any_of("bleeding", "bleeding, predisposition or anaemia", bleeding),
            judged("labile_inr", "labile INR", values),
            age(Bands(above={65: 1})),
            judged("antiplatelet_or_nsaid", "antiplatelet drug or NSAID", values),
            judged("alcohol_eight_a_week", "alcohol", values),
        ),
        classes=HIGH,
    )


def vte_bleed(values: Values) -> Total:
    """Six items of 1, 1.5 or 2 points."""
    hypertension = judged("uncontrolled_hypertension", "uncontrolled hypertension", values)
    man = Both("male_hypertension", "male with uncontrolled hypertension", (hypertension, IsMale()))
    clearance = OnResult(
        "clearance", "creatinine clearance", "creatinine_clearance", "mL/min", Bands(at_most={60: 1.5})
    )
    return Total(
        (
            judged("active_cancer", "active cancer", values, 2),
            Combined("hypertension", "male with uncontrolled hypertension", (man,)),
            judged("anaemia", "anaemia", values, 1.5),
            judged("bleeding_history", "bleeding in history", values, 1.5),
            age(Bands(at_least={60: 1.5})),
            clearance,
        ),
        readings=(Reading("__high", "high risk of bleeding", 2),),
    )


DEFINITIONS: tuple[Definition, ...] = (
    risk_score(
        "has_bled",
        "HAS-BLED",
        "2010",
        Citation("Pisters R et al. HAS-BLED, 2010 (catalogue 9.4)"),
        Certainty.MEMORY_HIGH,
        "patients with atrial fibrillation under anticoagulation",
        has_bled,
        choices=("Alkaline phosphatase, the third enzyme of the liver item, is not read.",),
    ),
    risk_score(
        "vte_bleed",
        "VTE-BLEED",
        "2016",
        Citation("Klok FA et al. VTE-BLEED, 2016 (catalogue 9.4)"),
        Certainty.MEMORY_HIGH,
        "patients anticoagulated for venous thrombosis",
        vte_bleed,
        choices=(
            "A clearance below 30 mL/min counts as one of 30 to 60 does.",
            "With active cancer every patient is at high risk: it does not discriminate after CAR T cells.",
        ),
        uses=("creatinine_clearance",),
    ),
)
