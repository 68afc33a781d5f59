"""The place of a day in the sorting of "coagulopathy", from no abnormality to overt DIC with a clinical event.

Source: Galli E, Sorà F, Rossi E. Br J Haematol 2024;205:409-410. doi:10.1111/bjh.19619 asks for it; the places and
their rules are carac's own proposal (docs/sorting.md), with the laboratory limb and the events of CARAC.
Inputs: the five laboratory items of CARAC, its level and its linked events; overt DIC by score, printed and adjusted.
Values: 0 no abnormality; 1 isolated laboratory abnormality; 2 laboratory coagulopathy; 3 CARAC; 4 laboratory DIC
without a clinical event; 5 overt DIC with one; null before infusion and where what is missing decides, with the lowest
and the highest possible place. Beside it: the consumptive pattern, and how the DIC of the day reads once explained
points are set aside.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.definitions.proposals.carac import LABORATORY, UNCONFIRMED
from carac.definitions.proposals.carac import NAME as CARAC
from carac.definitions.proposals.sorting import GALLI, INSTRUMENT, POPULATION, VERSION
from carac.definitions.proposals.sorting.explanations import NAME as EXPLAINED
from carac.language.comparisons import agreed
from carac.language.conditions import all_of, any_true
from carac.language.definition import Certainty, Columns, Definition, Layer, Output, Rule, Status, Values
from carac.parameters import Parameter
from carac.vocabulary.types import Grain

NAME = "sorting_proposal"
#: The word of each place, from 0 on.
WORDS = (
    "no_abnormality", "isolated_abnormality", "laboratory_coagulopathy", "carac", "laboratory_dic", "overt_dic",
)  # fmt: skip
ISOLATED, COAGULOPATHY, WITH_EVENT, LABORATORY_DIC, OVERT_DIC = range(1, 6)
#: By choice of the score: whether it is reached, printed and with explained points set aside.
SCORES: dict[str, tuple[str, str]] = {
    "isth_2025": ("isth_overt_dic_2025__overt", "isth_2025_adjusted_proposal__overt"),
    "isth_2001": ("isth_overt_dic_2001_10xuln__overt", "isth_2001_adjusted_proposal__overt"),
    "cdss": ("cdss_malignant__dic", "cdss_adjusted_proposal__dic"),
}
DIC_SCORE = Parameter(
    "dic_score", "isth_2025", "which score makes DIC: ISTH 2025, ISTH 2001 with 10 x ULN, or CDSS (malignant)",
    tuple(SCORES), source="catalogue 14, P17",
)  # fmt: skip
ITEMS = ("platelets", "prothrombin_time", "aptt", "fibrinogen", "d_dimer")


def _items(table: ibis.Table) -> dict[str, ir.BooleanValue]:
    """Whether each of the five items is abnormal; degradation products beside D-dimer count as D-dimer."""
    found = {name: table[f"{LABORATORY}__{name}"] == 1 for name in ITEMS}
    found["d_dimer"] = any_true(found["d_dimer"], table[f"{LABORATORY}__degradation_products"] == 1)
    return found


def _bounds(values: Values) -> Layer:
    """The lowest and highest place: what is unknown taken as absent, and as present."""
    printed, _ = SCORES[str(values["dic_score"])]

    def columns(table: ibis.Table) -> Columns:
        known = table[f"{CARAC}__lowest"].notnull()
        made: Columns = {}
        for end, open_ in (("lowest", False), ("highest", True)):
            dic, linked = table[printed].fill_null(open_), table[f"{CARAC}__linked_event"].fill_null(open_)
            carac = (table[f"{CARAC}__{end}"] >= 2).fill_null(open_)
            abnormal = sum(
                (item.fill_null(open_).ifelse(1, 0) for item in _items(table).values()), ibis.literal(0, "int8")
            )
            place = ibis.cases(
                (dic & linked, OVERT_DIC),
                (dic, LABORATORY_DIC),
                (carac, WITH_EVENT),
                (abnormal >= 2, COAGULOPATHY),
                (abnormal == 1, ISOLATED),
                else_=0,
            )
            made[f"{NAME}__{end}"] = known.ifelse(place.cast("int8"), ibis.null("int8"))
        return made

    return columns


def _beside(values: Values) -> Layer:
    printed, adjusted = SCORES[str(values["dic_score"])]

    def columns(table: ibis.Table) -> Columns:
        place = agreed(table[f"{NAME}__lowest"], table[f"{NAME}__highest"])
        items, dic, after_infusion = _items(table), table[printed], table.day >= 0
        reduced = any_true(items["fibrinogen"], table[f"{EXPLAINED}__acute_phase_mask"])
        beside = any_true(items["prothrombin_time"], items["aptt"], items["d_dimer"])
        reading = ibis.cases(
            (~after_infusion | ~dic.fill_null(False), ibis.null("string")),
            (table[adjusted], "supported"),
            (~table[adjusted], "explained"),
            else_="open",
        )
        return {
            NAME: place,
            f"{NAME}__word": place.cases(*enumerate(WORDS), else_=ibis.null("string")),
            f"{NAME}__consumptive": after_infusion.ifelse(all_of(reduced, beside), ibis.null("boolean")),
            f"{NAME}__dic_reading": reading,
            f"{NAME}__dic_like": after_infusion.ifelse(
                all_of(dic, table[f"{EXPLAINED}__consumption_moves"]), ibis.null("boolean")
            ),
        }

    return columns


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name=NAME,
        title="Sorting of coagulopathy, place of the day",
        instrument=INSTRUMENT,
        version=VERSION,
        citation=GALLI,
        status=Status.PROPOSAL,
        certainty=Certainty.LOW,
        population=POPULATION,
        grain=Grain.DAY,
        outputs=(
            Output(
                "",
                "0 no abnormality, 1 isolated abnormality, 2 laboratory coagulopathy, 3 CARAC, 4 laboratory DIC, 5 "
                "overt DIC with a clinical event; null before infusion and where what is missing decides",
            ),
            Output("__lowest", "lowest possible place; null where nothing is known"),
            Output("__highest", "highest possible place; null where nothing is known"),
            Output("__word", "the place in a word; null where it is open", "string"),
            Output(
                "__consumptive",
                "fibrinogen low or hidden by an acute phase, with a long prothrombin time or aPTT or high D-dimer: "
                "true, false, or null where what is missing decides",
                "boolean",
            ),
            Output(
                "__dic_reading",
                "of a day with DIC by score: supported (also with explained points set aside), explained (no longer), "
                "open; null on other days",
                "string",
            ),
            Output(
                "__dic_like",
                "DIC by score while platelets or fibrinogen fall or D-dimer rises: true, false, or null where what is "
                "missing decides",
                "boolean",
            ),
        ),
        layers=lambda values: [_bounds(values), _beside(values)],
        parameters=(DIC_SCORE,),
        uses=(
            *(LABORATORY, CARAC, EXPLAINED, "isth_overt_dic_2025", "isth_overt_dic_2001_10xuln", "cdss_malignant"),
            *("isth_2025_adjusted_proposal", "isth_2001_adjusted_proposal", "cdss_adjusted_proposal"),
        ),
        rules=(
            Rule("overt_dic", "DIC by score with a clinical event within the linkage", "", (("=", 1, OVERT_DIC),)),
            Rule("laboratory_dic", "DIC by score", "", (("=", 1, LABORATORY_DIC),)),
            Rule("carac", "CARAC level of the day", "", (("≥", 2, WITH_EVENT),)),
            Rule("abnormal", "abnormal laboratory items", "", (("≥", 2, COAGULOPATHY), ("≥", 1, ISOLATED))),
        ),
        highest=OVERT_DIC,
        low_items=("carac", "abnormal"),
        choices=(
            UNCONFIRMED,
            "Places and order are carac's own; the consensus separates DIC from CARAC and does not rank them.",
            "An item that was not measured is unknown: a day with a blood count alone has a range.",
            "What explains a day never changes its place.",
        ),
    ),
)
