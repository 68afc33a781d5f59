"""How the DIC scores agree on a day: how many call DIC, how many do not, how many are open. A proposal.

Source: catalogue 4.8 (report the agreement; never call overt DIC on one score alone). SIC of that list is left out: it
presupposes sepsis and asks for four organ items.
Inputs: ISTH 2025, ISTH 2001 (10 x ULN), CDSS for malignant haematology, JSTH for haematopoietic disorders.
Values: all, none, split; null with fewer than two scores that are known.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.definitions.proposals.sorting import GALLI, INSTRUMENT, POPULATION, VERSION
from carac.language.definition import Certainty, Columns, Definition, Layer, Output, Rule, Status, Values
from carac.parameters import Parameter, whole
from carac.vocabulary.types import Grain

NAME = "dic_agreement_proposal"
#: Each score with the reading that calls DIC.
PANEL: dict[str, str] = {
    "isth_overt_dic_2025": "isth_overt_dic_2025__overt",
    "isth_overt_dic_2001_10xuln": "isth_overt_dic_2001_10xuln__overt",
    "cdss_malignant": "cdss_malignant__dic",
    "jsth_dic_haematopoietic": "jsth_dic_haematopoietic__dic",
}
KNOWN_NEEDED = Parameter(
    "scores_needed", 2, "how many scores have to be known before they can agree", lowest=2, highest=len(PANEL),
    source="carac's own",
)  # fmt: skip


def _counts(table: ibis.Table) -> Columns:
    def how_many(said: list[ir.BooleanValue]) -> ir.IntegerValue:
        return sum((one.fill_null(False).ifelse(1, 0) for one in said), ibis.literal(0)).cast("int8")

    calls = [table[column] for column in PANEL.values()]
    started = [table[f"{name}__lowest"].notnull() for name in PANEL]
    return {
        f"{NAME}__calling": how_many(calls),
        f"{NAME}__not_calling": how_many([~call for call in calls]),
        f"{NAME}__open": how_many([known & call.isnull() for known, call in zip(started, calls, strict=True)]),
    }


def _word(values: Values) -> Layer:
    needed = whole(values, "scores_needed")

    def columns(table: ibis.Table) -> Columns:
        calling, against = table[f"{NAME}__calling"], table[f"{NAME}__not_calling"]
        word: ir.StringValue = ibis.cases(
            (calling + against < needed, ibis.null("string")),
            (against == 0, "all"),
            (calling == 0, "none"),
            else_="split",
        )
        return {NAME: word}

    return columns


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name=NAME,
        title="Agreement of the DIC scores",
        instrument=INSTRUMENT,
        version=VERSION,
        citation=GALLI,
        status=Status.PROPOSAL,
        certainty=Certainty.LOW,
        population=POPULATION,
        grain=Grain.DAY,
        outputs=(
            Output("", "all, none or split: whether the known scores call DIC; null with fewer than two", "string"),
            Output("__calling", "how many scores call DIC; 0 also where none is known"),
            Output("__not_calling", "how many scores are known not to call DIC"),
            Output("__open", "how many scores have some input but no answer"),
        ),
        layers=lambda values: [_counts, _word(values)],
        parameters=(KNOWN_NEEDED,),
        uses=tuple(PANEL),
        rules=(Rule("calls", "scores that call DIC", "", (("≥", 1, 1),)),),
        lowest=None,
        monotone=False,
        choices=("SIC is left out: it presupposes sepsis.",),
    ),
)
