"""CAR-HEMATOTOX, 2021: risk of prolonged neutropenia from values before lymphodepletion.

Source: Rejeski K, Perez A, Sesques P, et al. Blood 2021;138:2499-2513. doi:10.1182/blood.2020010543.
Inputs: the baseline values of platelets (10^9/L), neutrophils (cells/uL), haemoglobin (g/dL), C-reactive protein
(mg/dL) and ferritin (ug/L).
Values: 0 to 7; 0 to 1 low risk, 2 or more high risk; null where what is missing decides.
Open in the source: the ties at neutrophils 1200, haemoglobin 9.0 and C-reactive protein 3.0 are undefined in the
printed table; here 1200 and 9.0 give 0 and 3.0 gives 1. A risk score for lymphoma, no toxicity grade.
"""

from __future__ import annotations

import ibis

from carac.language.bands import Bands
from carac.language.definition import Certainty, Citation, Columns, Definition, Output, Status, Values
from carac.language.points import Item, Total
from carac.parameters import Parameter
from carac.vocabulary.types import Baseline, Grain

NAME = "car_hematotox"
#: Points from which the risk is high.
HIGH_FROM = 2

TIES = Parameter(
    "ties_count",
    "protein_only",
    "which printed ties (neutrophils 1200, haemoglobin 9.0, C-reactive protein 3.0) give a point",
    choices=("protein_only", "all", "none"),
    source="catalogue 9.2",
)


def total(values: Values) -> Total:
    """The score under a reading of its three ties."""
    ties = values.get("ties_count", "protein_only")
    neutrophils = Bands(at_most={1200: 1}) if ties == "all" else Bands(below={1200: 1})
    haemoglobin = Bands(at_most={9.0: 1}) if ties == "all" else Bands(below={9.0: 1})
    protein = Bands(above={3.0: 1}) if ties == "none" else Bands(at_least={3.0: 1})
    return Total(
        (
            Item("platelets", "platelets", Baseline("platelets"), "10^9/L", Bands(below={75: 2}, at_most={175: 1})),
            Item("neutrophils", "neutrophils", Baseline("neutrophils"), "/uL", neutrophils, factor=1000.0),
            Item("haemoglobin", "haemoglobin", Baseline("haemoglobin"), "g/dL", haemoglobin),
            Item(
                "c_reactive_protein", "C-reactive protein", Baseline("c_reactive_protein"), "mg/dL", protein, factor=0.1
            ),
            Item("ferritin", "ferritin", Baseline("ferritin"), "ug/L", Bands(above={2000: 2}, at_least={650: 1})),
        ),
    )


def group(table: ibis.Table) -> Columns:
    """Low or high risk, also where the points are known only within bounds that lie on one side of the cut."""
    lowest, highest = table[f"{NAME}__lowest"], table[f"{NAME}__highest"]
    words = ((lowest >= HIGH_FROM, "high"), (highest < HIGH_FROM, "low"))
    return {f"{NAME}__group": ibis.cases(*words, else_=ibis.null("string"))}


_standard = total({})
_outputs = _standard.outputs("points before lymphodepletion, 0 to 7; null where what is missing decides")
_group_output = Output(
    "__group", "low (0 to 1 points) or high (2 or more); null where what is missing decides", "string"
)

DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name=NAME,
        title="CAR-HEMATOTOX",
        instrument="CAR-HEMATOTOX",
        version="2021",
        citation=Citation("Rejeski K et al. Blood 2021;138:2499-2513", "10.1182/blood.2020010543"),
        status=Status.CONSENSUS,
        certainty=Certainty.SECONDARY,
        population="adults with large B-cell lymphoma",
        grain=Grain.INFUSION,
        inputs=_standard.inputs,
        outputs=(*_outputs[:3], _group_output, *_outputs[3:]),
        layers=lambda values: [*total(values).layers(NAME), group],
        parameters=(TIES,),
        rules=_standard.rules,
        highest=7,
        adds=True,
        choices=("A risk score from values before treatment, not a grade of toxicity.",),
    ),
)
