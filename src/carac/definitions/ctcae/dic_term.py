"""CTCAE 5.0 and 6.0: the term "disseminated intravascular coagulation", which needs a determination of DIC first.

Source: National Cancer Institute, Common Terminology Criteria for Adverse Events, versions 5.0 (2017) and 6.0 (2025):
printed alike. CTCAE names no score; overt DIC by ISTH 2025 stands in (`gate`, catalogue 3.1).
Inputs: overt DIC of the day by the score of the gate; bleeds with onset on the day.
Values: 0 no laboratory DIC; 2 laboratory DIC without bleeding; 3 with bleeding; null where what is missing decides.
Grade 4 (life-threatening) and 5 (death) are clinical: 4 where a bleed of the day is of WHO grade 4, 5 never.
Open in the source: the score, and how near the bleed has to be (the same day here).
"""

from __future__ import annotations

import ibis

from carac.definitions.ctcae.terms import Version
from carac.definitions.ctcae.version_5 import VERSION_5
from carac.definitions.ctcae.version_6 import VERSION_6
from carac.definitions.proposals.clinical_events import NAME as EVENTS
from carac.language.comparisons import agreed
from carac.language.definition import (
    Certainty,
    Columns,
    Definition,
    Layer,
    Output,
    Rule,
    Status,
    Values,
)
from carac.parameters import Parameter
from carac.vocabulary.types import Grain

GATES = {
    "isth_overt_dic_2025": "isth_overt_dic_2025__overt",
    "isth_overt_dic_2001_10xuln": "isth_overt_dic_2001_10xuln__overt",
    "cdss_malignant": "cdss_malignant__dic",
}
GATE = Parameter(
    "gate", "isth_overt_dic_2025", "which score determines DIC; CTCAE names none", tuple(GATES), source="catalogue 3.1"
)
LIFE_THREATENING = 4


def _bounds(name: str, values: Values) -> Layer:
    gate = str(values["gate"])

    def columns(table: ibis.Table) -> Columns:
        known, overt = table[f"{gate}__lowest"].notnull(), table[GATES[gate]]
        bleeds, worst = table[f"{EVENTS}__bleeds"], table[f"{EVENTS}__worst_bleed"]
        made: Columns = {}
        for end, open_ in (("lowest", False), ("highest", True)):
            bleeding = (bleeds > 0).fill_null(open_)
            # A bleed of which no grade is known may be life-threatening.
            threat = bleeding & (worst >= LIFE_THREATENING).fill_null(open_)
            grade = ibis.cases((~overt.fill_null(open_), 0), (threat, 4), (bleeding, 3), else_=2)
            made[f"{name}__{end}"] = known.ifelse(grade.cast("int8"), ibis.null("int8"))
        return made

    return columns


def _value(name: str) -> Layer:
    return lambda table: {name: agreed(table[f"{name}__lowest"], table[f"{name}__highest"])}


def _definition(version: Version) -> Definition:
    name = f"{version.prefix}_dic"
    return Definition(
        name=name,
        title=f"CTCAE {version.number} disseminated intravascular coagulation",
        instrument="CTCAE DIC",
        version=version.number,
        citation=version.citation,
        status=Status.CONSENSUS,
        certainty=Certainty.VERIFIED,
        population="adults and children",
        grain=Grain.DAY,
        outputs=(
            Output("", "0 no laboratory DIC, 2 laboratory DIC, 3 with bleeding, 4 life-threatening; null: open"),
            Output("__lowest", "lowest possible grade; null where nothing of the score is known"),
            Output("__highest", "highest possible grade; null where nothing of the score is known"),
        ),
        layers=lambda values: [_bounds(name, values), _value(name)],
        parameters=(GATE,),
        uses=(*GATES, EVENTS),
        rules=(
            Rule("bleeding", "laboratory DIC with a bleed of the day", "", (("=", 1, 3),)),
            Rule("laboratory", "laboratory DIC", "", (("=", 1, 2),)),
        ),
        highest=4,
        choices=(
            "CTCAE names no score: overt DIC by ISTH 2025 stands in.",
            "Life-threatening is read from a bleed of WHO grade 4 on the day; death is not given here.",
        ),
        needs=("labs", "events"),
    )


DEFINITIONS: tuple[Definition, ...] = (_definition(VERSION_5), _definition(VERSION_6))
