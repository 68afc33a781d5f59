"""CTCAE: syndromes whose grades are clinical throughout, from one judged item each.

Source: National Cancer Institute, Common Terminology Criteria for Adverse Events, versions 5.0 (2017) and 6.0 (2025).
6.0: secondary haemophagocytic lymphohistiocytosis [10081409], thrombotic microangiopathy [10043645]. 5.0: haemolytic
uraemic syndrome [10019515], thrombotic thrombocytopenic purpura [10043648], capillary leak syndrome [10007196].
Inputs: the judged item of the day; death and its cause.
Values: the grade that the word prints (see each card); 0 where the syndrome was looked for and denied; 5 where the
cause of death names it; null on days on which nobody judged.
Open in the source: what makes the diagnosis: it is the clinician's. 6.0 prints the last three too, in words that the
catalogue does not state.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis

from carac.definitions.ctcae.judged import judged_days
from carac.definitions.ctcae.terms import Version
from carac.definitions.ctcae.version_5 import VERSION_5
from carac.definitions.ctcae.version_6 import VERSION_6
from carac.language.daily_grades import DAY_KEYS, with_records_and_deaths
from carac.language.definition import Certainty, Definition, Output, Rule, Status, Tables
from carac.vocabulary.types import Grain

DEATH = 5


@dataclass(frozen=True)
class Syndrome:
    """One term.

    Parameters
    ----------
    version, name: the definition is called by both.
    title: as printed, with its MedDRA code.
    item: the judged item.
    grades: of each of its words; what it is that a word says stands in the vocabulary.
    causes: words of a cause of death (regular expressions in lower case) that make grade 5.
    """

    version: Version
    name: str
    title: str
    item: str
    grades: dict[str, int]
    causes: tuple[str, ...]

    @property
    def full_name(self) -> str:
        """Name of the definition."""
        return f"{self.version.prefix}_{self.name}"


LYMPHOHISTIOCYTOSIS = Syndrome(
    VERSION_6,
    "hlh",
    "secondary haemophagocytic lymphohistiocytosis [10081409]",
    "hlh_consequences",
    {"absent": 0, "no_intervention": 1, "intervention": 2, "hospitalisation": 3, "life_threatening": 4},
    ("ha?emophagocytic", "hlh"),
)
MICROANGIOPATHY = Syndrome(
    VERSION_6,
    "tma",
    "thrombotic microangiopathy [10043645]",
    "microangiopathy_consequences",
    {"absent": 0, "outpatient_intervention": 2, "transfusion_or_intravenous": 3, "life_threatening": 4},
    ("microangiopathy", "tma"),
)
URAEMIC = Syndrome(
    VERSION_5,
    "hus",
    "haemolytic uraemic syndrome [10019515]",
    "uraemic_syndrome_consequences",
    {"absent": 0, "clinical_consequences": 3, "life_threatening": 4},
    ("ha?emolytic[ _-]ura?emic", "hus"),
)
PURPURA = Syndrome(
    VERSION_5,
    "ttp",
    "thrombotic thrombocytopenic purpura [10043648]",
    "thrombotic_purpura_consequences",
    {"absent": 0, "clinical_consequences": 3, "life_threatening": 4},
    ("thrombotic[ _-]thrombocytopa?enic[ _-]purpura", "ttp"),
)
LEAK = Syndrome(
    VERSION_5,
    "capillary_leak",
    "capillary leak syndrome [10007196]",
    "capillary_leak_consequences",
    {"absent": 0, "asymptomatic": 1, "medical_intervention": 2, "severe": 3, "life_threatening": 4},
    ("capillary[ _-]leak",),
)
SYNDROMES = (LYMPHOHISTIOCYTOSIS, MICROANGIOPATHY, URAEMIC, PURPURA, LEAK)


def rows(syndrome: Syndrome, tables: Tables) -> ibis.Table:
    """One row per day on which the syndrome was judged, its grade was recorded, or the patient died of it."""
    judged = judged_days(tables.assessments, syndrome.item, syndrome.grades)
    bounded = judged.select(*DAY_KEYS, lowest=judged.judged, highest=judged.judged)
    day = with_records_and_deaths(bounded, tables, syndrome.full_name, syndrome.causes)
    ends = {"": day.grade, "__lowest": day.lowest, "__highest": day.highest, "__recorded": day.recorded}
    return day.select(*DAY_KEYS, **{syndrome.full_name + end: column.cast("int8") for end, column in ends.items()})


def _definition(syndrome: Syndrome) -> Definition:
    words = ", ".join(f"{grade} {word.replace('_', ' ')}" for word, grade in syndrome.grades.items())
    return Definition(
        name=syndrome.full_name,
        title=f"CTCAE {syndrome.version.number} {syndrome.title}",
        instrument="CTCAE syndromes",
        version=syndrome.version.number,
        citation=syndrome.version.citation,
        status=Status.CONSENSUS,
        certainty=Certainty.VERIFIED,
        population="adults and children",
        grain=Grain.DAY,
        outputs=(
            Output("", f"{words}, {DEATH} death; null: not judged"),
            Output("__lowest", "lowest possible grade; null: not judged"),
            Output("__highest", "highest possible grade; null: not judged"),
            Output("__recorded", "worst grade that a clinician recorded on the day; null where none"),
        ),
        rows=lambda tables, _: rows(syndrome, tables),
        rules=tuple(
            Rule(word, f"{word.replace('_', ' ')}, judged", "", (("=", 1, grade),))
            for word, grade in reversed(syndrome.grades.items())
            if grade
        ),
        highest=DEATH,
        choices=(
            "The grade is clinical: it is made of the judged item alone, in a patient with the diagnosis.",
            "Death is read from the cause of death.",
        ),
        needs=("assessments",),
    )


DEFINITIONS: tuple[Definition, ...] = tuple(_definition(syndrome) for syndrome in SYNDROMES)
