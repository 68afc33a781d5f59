"""What a study file may hold: sections, keys, closed lists and patterns, stated once.

The sections are the dataclasses of `carac.evidence.study`; what a key holds follows from its type there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from functools import cache
from types import MappingProxyType
from typing import Any

from carac.evidence.study import (
    AnalysisSet,
    Arm,
    Citation,
    Claim,
    Figure,
    Outcome,
    Part,
    RiskOfBias,
    Source,
    Study,
)
from carac.vocabulary.products import products
from carac.vocabulary.study_outcomes import study_diseases, study_outcomes

#: Arrays of tables of a file, [[name]], with the field of `Study` that holds them.
SECTIONS: Mapping[str, tuple[str, type]] = MappingProxyType(
    {
        "citation": ("citations", Citation),
        "source": ("sources", Source),
        "arm": ("arms", Arm),
        "analysis_set": ("analysis_sets", AnalysisSet),
        "outcome": ("outcomes", Outcome),
        "figure": ("figures", Figure),
        "claim": ("claims", Claim),
        "risk_of_bias": ("risk_of_bias", RiskOfBias),
    }
)
#: A file without one of these is none.
NEEDED_SECTIONS = ("citation", "source")
#: Keys that hold tables of their own: [[arm.part]].
NESTED: Mapping[tuple[str, str], type] = MappingProxyType({("arm", "parts"): Part})

DESIGNS = (
    "randomised_trial",
    "single_arm_trial",
    "prospective_cohort",
    "retrospective_cohort",
    "cohort",
    "spontaneous_reports",
    "registry_record",
    "meta_analysis",
    "review",
    "guideline",
)
#: Designs whose counts are people followed from a treatment on, without a comparator chosen by lot.
OBSERVATIONAL = ("prospective_cohort", "retrospective_cohort", "cohort", "spontaneous_reports")

#: Keys that came after the first format, and with which; a file that has one states that format or a later one.
SINCE: Mapping[tuple[str, str], int] = MappingProxyType(
    {("outcome", "person_time"): 2, ("outcome", "person_time_unit"): 2}
)

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_NUMBER_WORDS = 'a number as text, such as "7.20"'


@cache
def closed_lists() -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Section and key to the words allowed there; an absent key, or "", is always allowed unless it is needed."""
    return MappingProxyType(
        {
            ("study", "design"): DESIGNS,
            ("study", "products"): tuple(products()),
            ("study", "diseases"): tuple(study_diseases()),
            ("source", "kind"): ("publication", "review", "registry", "abstract", "label", "memory", "user"),
            ("arm", "role"): ("car_t", "comparator", "other"),
            ("arm", "product"): tuple(products()),
            ("part", "product"): tuple(products()),
            ("outcome", "outcome"): tuple(study_outcomes()),
            ("outcome", "denominator_from"): ("cell", "row", "record"),
            ("outcome", "estimate"): ("proportion", "cumulative_incidence", "pooled"),
            ("outcome", "person_time_unit"): ("patient-days", "patient-weeks", "patient-months", "patient-years"),
            ("outcome", "serious"): ("serious", "non-serious"),
            ("outcome", "counted"): ("patients", "reports", "events"),
            ("figure", "statistic"): (
                "median",
                "mean",
                "minimum",
                "maximum",
                "range",
                "proportion",
                "rate",
                "odds_ratio",
                "hazard_ratio",
                "correlation",
                "number",
                "statement",
            ),
            ("figure", "interval"): ("range", "95% confidence interval", "interquartile range"),
            ("claim", "kind"): ("range", "below", "studies", "studies_with", "studies_reporting", "total"),
            ("claim", "outcomes"): tuple(study_outcomes()),
            ("claim", "designs"): DESIGNS,
            ("claim", "role"): ("car_t", "comparator", "other"),
            ("risk_of_bias", "judgement"): ("low", "some concerns", "high", "unclear"),
        }
    )


#: Section and key to what its text must look like, and that in words.
PATTERNS: Mapping[tuple[str, str], tuple[re.Pattern[str], str]] = MappingProxyType(
    {
        ("outcome", "percentage"): (re.compile(r"\d+(\.\d+)?"), _NUMBER_WORDS),
        ("outcome", "person_time"): (re.compile(r"\d+(\.\d+)?"), 'a number as text, such as "812.5"'),
        **{
            (part, "grades"): (re.compile(r"[0-5](-[0-5])?"), 'grades such as "3" or "2-5"')
            for part in ("outcome", "claim")
        },
        **{("figure", key): (_NUMBER, _NUMBER_WORDS) for key in ("value", "low", "high")},
        **{("claim", key): (_NUMBER, _NUMBER_WORDS) for key in ("value", "low", "high")},
        **{
            (part, "doi"): (re.compile(r"10\.\d{4,9}/\S+"), 'a DOI without "doi:", such as "10.1000/182"')
            for part in ("citation", "source")
        },
        ("citation", "pmid"): (re.compile(r"\d+"), "the digits of a PubMed number"),
        ("study", "registry_number"): (re.compile(r"\S+"), 'a number such as "NCT00000000"'),
    }
)


def keys(section: str) -> tuple[Field[Any], ...]:
    """The keys of a section, or of the head of a file ("study"), in the order of writing."""
    if section == "study":
        held = {field for field, _ in SECTIONS.values()} | {"name"}
        return tuple(key for key in fields(Study) if key.name not in held)
    return fields(Part if section == "part" else SECTIONS[section][1])


def needed(key: Field[Any]) -> bool:
    """Whether a key must be there."""
    return key.default is MISSING and key.default_factory is MISSING


def kind_of(key: Field[Any]) -> str:
    """What a key holds: text, number, yes or no, texts, cell, or parts."""
    return {
        "str": "text",
        "int": "number",
        "int | None": "number",
        "bool": "yes or no",
        "tuple[str, ...]": "texts",
        "Cell": "cell",
        "tuple[Part, ...]": "parts",
    }[str(key.type)]
