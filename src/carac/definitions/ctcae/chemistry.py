"""CTCAE 5.0 and 6.0: leukocytes, ALT, AST, bilirubin, GGT, creatinine and lactate dehydrogenase.

Source: National Cancer Institute, Common Terminology Criteria for Adverse Events, versions 5.0 (2017) and 6.0 (2025).
Inputs: the values of the day with the limits of normal that came with them; the value before lymphodepletion, with its
own limits, for the criteria "if baseline was normal" and "if baseline was abnormal".
Values: 0 measured and not abnormal, 1 to 4 as printed; null cannot be graded, with its lowest and highest grade.
6.0 differs where the baseline was abnormal (other multiples, and grade 1 from 1.0 on), and in creatinine, whose limbs
against baseline count only where the baseline lay below its lower limit. Lactate dehydrogenase has grade 1 alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from carac.definitions.ctcae.against_baseline import ByBaseline, RiseFromLow, rise
from carac.definitions.ctcae.terms import Version, above_limit, below_limit, by_value, term
from carac.definitions.ctcae.version_5 import BELOW_LIMIT, VERSION_5
from carac.definitions.ctcae.version_6 import VERSION_6
from carac.language.bands import Bands
from carac.language.definition import Definition

LEUKOCYTES = Bands(below={1.0: 4, 2.0: 3, 3.0: 2})
ABOVE_LIMIT = Bands(above={1.0: 1})
TRANSAMINASES = Bands(above={20: 4, 5: 3, 3: 2, 1: 1})
BILIRUBIN = Bands(above={10: 4, 3: 3, 1.5: 2, 1: 1})
GAMMA = Bands(above={20: 4, 5: 3, 2.5: 2, 1: 1})
CREATININE = Bands(above={6: 4, 3: 3, 1.5: 2, 1: 1})
#: Multiples of the baseline, normal or not in 5.0, below its lower limit in 6.0.
CREATININE_RISE = Bands(above={3: 3, 1.5: 2})


@dataclass(frozen=True)
class Enzyme:
    """A term that is graded against the limit if the baseline was normal, else against the baseline."""

    name: str
    title: str
    analyte: str
    normal: Bands
    abnormal_5: Bands
    abnormal_6: Bands


ENZYMES = (
    Enzyme(
        "alt",
        "alanine aminotransferase increased",
        "alanine_aminotransferase",
        TRANSAMINASES,
        Bands(above={20: 4, 5: 3, 3: 2}, at_least={1.5: 1}),
        Bands(above={4: 4, 2: 3, 1.5: 2}, at_least={1: 1}),
    ),
    Enzyme(
        "ast",
        "aspartate aminotransferase increased",
        "aspartate_aminotransferase",
        TRANSAMINASES,
        Bands(above={20: 4, 5: 3, 3: 2}, at_least={1.5: 1}),
        Bands(above={4: 4, 2: 3, 1.5: 2}, at_least={1: 1}),
    ),
    Enzyme(
        "bilirubin",
        "blood bilirubin increased",
        "bilirubin",
        BILIRUBIN,
        Bands(above={10: 4, 3: 3, 1.5: 2, 1: 1}),
        Bands(above={10: 4, 2.5: 3, 1.5: 2}, at_least={1: 1}),
    ),
    Enzyme(
        "ggt",
        "GGT increased",
        "gamma_glutamyl_transferase",
        GAMMA,
        Bands(above={20: 4, 5: 3, 2.5: 2}, at_least={2: 1}),
        Bands(above={10: 4, 3: 3, 1.5: 2}, at_least={1: 1}),
    ),
)
BASELINE_CHOICES = (
    "A baseline is abnormal where it lies above its own upper limit of normal.",
    "Without a baseline the grade has a range: the baseline is taken to have had the limit of the day.",
)


def _enzyme(version: Version, enzyme: Enzyme) -> Definition:
    abnormal = enzyme.abnormal_5 if version is VERSION_5 else enzyme.abnormal_6
    rule = ByBaseline(enzyme.analyte, enzyme.title, enzyme.normal, abnormal)
    return term(version, enzyme.name, enzyme.title, (rule,), choices=BASELINE_CHOICES)


def _creatinine(version: Version) -> Definition:
    from_baseline = (
        rise("creatinine", "creatinine", CREATININE_RISE)
        if version is VERSION_5
        else RiseFromLow("creatinine", "creatinine", CREATININE_RISE)
    )
    rules = (above_limit("creatinine", "creatinine", CREATININE), from_baseline)
    return term(version, "creatinine", "creatinine increased", rules)


def _of_version(version: Version) -> tuple[Definition, ...]:
    white = (
        by_value("leukocytes", "leukocytes", "10^9/L", LEUKOCYTES),
        below_limit("leukocytes", "leukocytes", BELOW_LIMIT),
    )
    dehydrogenase = above_limit("lactate_dehydrogenase", "lactate dehydrogenase", ABOVE_LIMIT)
    return (
        term(version, "leukocytes", "white blood cell decreased", white),
        *(_enzyme(version, enzyme) for enzyme in ENZYMES),
        _creatinine(version),
        term(version, "ldh", "blood lactate dehydrogenase increased", (dehydrogenase,)),
    )


DEFINITIONS: tuple[Definition, ...] = (*_of_version(VERSION_5), *_of_version(VERSION_6))
