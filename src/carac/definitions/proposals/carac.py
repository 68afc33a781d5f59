"""CARAC (CAR T-cell therapy-associated coagulopathy): a proposal, every number a parameter.

Source: Mei H et al. Chin Med J (Engl) 2022;135:1639-1641. doi:10.1097/CM9.0000000000002288, as quoted by Galli E, Sorà
F, Rossi E. Br J Haematol 2024;205:409-410. doi:10.1111/bjh.19619: a clinical syndrome within the first 28 days, with
thrombosis or bleeding accompanied by thrombocytopenia and/or coagulopathy. The consensus itself was not opened: its
laboratory thresholds, stages and grades are not known here, and all thresholds below are carac's own (LOW).
Inputs: platelets, prothrombin time (else INR), aPTT, fibrinogen, D-dimer (else fibrin degradation products) of each
day; the clinical events of the day; overt DIC by CDSS for malignant haematology or ISTH 2025.
Values: 0 neither; 1 laboratory abnormality alone; 2 CARAC: a clinical event with a laboratory abnormality within the
linkage; 3 CARAC with overt DIC; null where what is missing decides. The day of the event carries the level (P13); a
day after the window is 0. Laboratory DIC without a clinical event stands apart: the consensus separates DIC from CARAC.
"""

from __future__ import annotations

from functools import reduce

import ibis
import ibis.expr.types as ir

from carac.definitions.proposals.clinical_events import NAME as EVENTS
from carac.language.bands import Bands
from carac.language.combined import IfRecorded, any_of
from carac.language.comparisons import agreed
from carac.language.definition import (
    Certainty,
    Citation,
    Columns,
    Definition,
    Layer,
    Output,
    Rule,
    Status,
    Values,
)
from carac.language.points import Item, Total
from carac.language.score import About, score
from carac.parameters import Parameter, numeric, whole
from carac.vocabulary.types import Grain, Laboratory, Scale, Worse

NAME = "carac_proposal"
LABORATORY = "carac_laboratory_proposal"
MEI = Citation("Mei H et al. Chin Med J (Engl) 2022;135:1639-1641", "10.1097/CM9.0000000000002288")
KEYS = ("patient_id", "infusion_number")
#: Overt DIC by either score; the columns are readings of definitions in `uses`.
DIC: dict[str, tuple[str, ...]] = {
    "cdss": ("cdss_malignant__dic",),
    "isth": ("isth_overt_dic_2025__overt",),
    "either": ("cdss_malignant__dic", "isth_overt_dic_2025__overt"),
}

#: No opened source confirms any of these thresholds.
UNCONFIRMED = (
    "Not confirmed by any opened source: platelets below 100, prothrombin time 3 s above its limit (INR above 1.5), "
    "aPTT 10 s above its limit, fibrinogen below 1.5 g/L, D-dimer above 5 mg/L, degradation products above 20 ug/mL, "
    "and linkage within 48 hours."
)


def _threshold(name: str, default: float, meaning: str) -> Parameter:
    return Parameter(name, default, f"{meaning} (LOW)", lowest=0.0, source="catalogue 5.2, LOW")


THRESHOLDS = (
    _threshold("platelets_below", 100.0, "platelets (10^9/L) below which they are low"),
    _threshold(
        "prothrombin_time_from", 3.0, "seconds above the upper limit from which on prothrombin time is abnormal"
    ),
    _threshold("inr_above", 1.5, "INR above which it is abnormal where prothrombin time cannot be read"),
    _threshold("aptt_from", 10.0, "seconds above the upper limit from which on aPTT is abnormal"),
    _threshold("fibrinogen_below", 1.5, "fibrinogen (g/L) below which it is low"),
    _threshold("d_dimer_above", 5.0, "D-dimer (mg/L FEU) above which it is abnormal"),
    _threshold("fdp_above", 20.0, "fibrin degradation products (ug/mL) above which they are abnormal"),
)
WINDOW = (
    Parameter(
        "window_days", 28, "last day on which an event makes CARAC; 30 is the alternative", lowest=1,
        source="catalogue 5.1, 12 #15",
    ),
    Parameter(
        "link_hours", 48, "hours between event and laboratory abnormality; on calendar days two days either way (LOW)",
        lowest=0, highest=168, source="catalogue 5.2, LOW",
    ),
    Parameter("dic_score", "either", "which score makes overt DIC", ("either", "cdss", "isth"), source="catalogue 5.2"),
)  # fmt: skip


# ---- the laboratory limb


def laboratory(values: Values) -> Total:
    """1 where platelets are low or coagulation is abnormal on the day, else 0."""

    def cut(name: str) -> float:
        return numeric(values, name)

    def above_limit(name: str, title: str, analyte: str, parameter: str, otherwise: Item | None = None) -> Item:
        reads = Laboratory(analyte, Worse.HIGHER, Scale.ABOVE_UPPER_LIMIT)
        return Item(name, title, reads, "s", Bands(at_least={cut(parameter): 1}), otherwise=otherwise)

    inr = Item("inr", "INR", Laboratory("inr", Worse.HIGHER), "", Bands(above={cut("inr_above"): 1}))
    products = Item(
        "fibrin_degradation_products",
        "fibrin degradation products",
        Laboratory("fibrin_degradation_products", Worse.HIGHER),
        "ug/mL",
        Bands(above={cut("fdp_above"): 1}),
    )
    d_dimer = Laboratory("d_dimer", Worse.HIGHER)
    return Total(
        (
            Item(
                "platelets",
                "platelets",
                Laboratory("platelets", Worse.LOWER),
                "10^9/L",
                Bands(below={cut("platelets_below"): 1}),
            ),
            above_limit("prothrombin_time", "prothrombin time", "prothrombin_time", "prothrombin_time_from", inr),
            above_limit("aptt", "aPTT", "aptt", "aptt_from"),
            Item(
                "fibrinogen",
                "fibrinogen",
                Laboratory("fibrinogen", Worse.LOWER),
                "g/L",
                Bands(below={cut("fibrinogen_below"): 1}),
            ),
            Item("d_dimer", "D-dimer", d_dimer, "mg/L FEU", Bands(above={cut("d_dimer_above"): 1}), otherwise=products),
            any_of("degradation_products", "degradation products beside D-dimer", (IfRecorded(_beside(products)),)),
        ),
        worst=True,
    )


def _beside(products: Item) -> Item:
    return Item("products", products.title, products.input, products.unit, products.bands)


# ---- levels


def _linked(days: int, dic: tuple[str, ...]) -> Layer:
    """Within the linkage: laboratory abnormality, and overt DIC; days without any result say nothing."""

    def columns(table: ibis.Table) -> Columns:
        near = ibis.window(group_by=list(KEYS), order_by="day", preceding=days, following=days)
        after_infusion = table.day >= 0
        made: Columns = {}
        for end in ("lowest", "highest"):
            found = after_infusion.ifelse(table[f"{LABORATORY}__{end}"], ibis.null("int8"))
            made[f"{NAME}__linked_{end}"] = found.max().over(near)
            truths = [_truth(table, column, end) for column in dic]
            worst = reduce(ibis.greatest, truths)
            made[f"{NAME}__dic_{end}"] = worst
            made[f"{NAME}__linked_dic_{end}"] = after_infusion.ifelse(worst, ibis.null("int8")).max().over(near)
            events = table[f"{EVENTS}__{end}"].fill_null(0 if end == "lowest" else 1)
            made[f"{NAME}__events_{end}"] = events.max().over(near)
        return made

    return columns


def _truth(table: ibis.Table, column: str, end: str) -> ir.IntegerValue:
    """A reading as 0 or 1; one that is open is 0 at its lowest and 1 at its highest; null on a day without results."""
    known = table[f"{LABORATORY}__lowest"].notnull()
    found = table[column].fill_null(end == "highest").ifelse(1, 0).cast("int8")
    return known.ifelse(found, ibis.null("int8"))


def _bounds(last_day: int) -> Layer:
    """The lowest and highest level of each day."""

    def columns(table: ibis.Table) -> Columns:
        event_known = table[f"{EVENTS}__lowest"].notnull()
        possible = table[f"{EVENTS}__highest"] > 0
        known = table[f"{LABORATORY}__lowest"].notnull() | (event_known & possible)
        made: Columns = {}
        for end in ("lowest", "highest"):
            unknown = 0 if end == "lowest" else 1
            event = (table[f"{EVENTS}__{end}"] > 0).fill_null(end == "highest")
            linked = table[f"{NAME}__linked_{end}"].fill_null(unknown) > 0
            dic = table[f"{NAME}__linked_dic_{end}"].fill_null(unknown) > 0
            today = table[f"{LABORATORY}__{end}"].fill_null(unknown) > 0
            level = ibis.cases((event & linked & dic, 3), (event & linked, 2), (today, 1), else_=0)
            inside = (table.day <= last_day).ifelse(level, 0)
            made[f"{NAME}__{end}"] = (known & (table.day >= 0)).ifelse(inside.cast("int8"), ibis.null("int8"))
        return made

    return columns


def _level(last_day: int) -> Layer:
    def columns(table: ibis.Table) -> Columns:
        low, high = table[f"{NAME}__lowest"], table[f"{NAME}__highest"]
        level = agreed(low, high)
        inside = (table.day >= 0) & (table.day <= last_day)
        apart = (table[f"{NAME}__dic_lowest"] > 0) & (table[f"{NAME}__events_highest"] == 0)
        never = (table[f"{NAME}__dic_highest"] == 0) | (table[f"{NAME}__events_lowest"] > 0)
        return {
            NAME: level,
            f"{NAME}__carac": ibis.cases((low >= 2, True), (high < 2, False), else_=ibis.null("boolean")),
            f"{NAME}__laboratory_dic": ibis.cases(
                (~inside, ibis.null("boolean")), (apart, True), (never, False), else_=ibis.null("boolean")
            ),
            f"{NAME}__linked_event": ibis.cases(
                (table.day < 0, ibis.null("boolean")),
                (table[f"{NAME}__events_lowest"] > 0, True),
                (table[f"{NAME}__events_highest"] == 0, False),
                else_=ibis.null("boolean"),
            ),
            f"{NAME}__outside_window": low.notnull().ifelse(table.day > last_day, ibis.null("boolean")),
        }

    return columns


def layers(values: Values) -> list[Layer]:
    """The layers of the levels."""
    days, last_day = whole(values, "link_hours") // 24, whole(values, "window_days")
    return [_linked(days, DIC[str(values["dic_score"])]), _bounds(last_day), _level(last_day)]


_laboratory = score(
    About(
        name=LABORATORY,
        title="CARAC, laboratory limb",
        instrument="CARAC",
        version="proposal",
        citation=MEI,
        certainty=Certainty.LOW,
        status=Status.PROPOSAL,
        population="recipients of CAR T cells",
        meaning="1 low platelets or abnormal coagulation, 0 neither; null where what is missing decides",
        parameters=THRESHOLDS,
        low_items=("platelets", "prothrombin_time", "inr", "aptt", "fibrinogen", "d_dimer", "products"),
        choices=(UNCONFIRMED,),
    ),
    laboratory,
)

DEFINITIONS: tuple[Definition, ...] = (
    _laboratory,
    Definition(
        name=NAME,
        title="CARAC",
        instrument="CARAC",
        version="proposal",
        citation=MEI,
        status=Status.PROPOSAL,
        certainty=Certainty.LOW,
        population="recipients of CAR T cells",
        grain=Grain.DAY,
        outputs=(
            Output(
                "",
                "0 neither, 1 laboratory abnormality alone, 2 CARAC, 3 CARAC with overt DIC; null before infusion and "
                "where what is missing decides",
            ),
            Output("__lowest", "lowest possible level; null where nothing is known"),
            Output("__highest", "highest possible level; null where nothing is known"),
            Output("__carac", "level 2 or more: true, false, or null where what is missing decides", "boolean"),
            Output(
                "__laboratory_dic",
                "overt DIC by score without a clinical event within the linkage (level 1D): true, false, or null where "
                "what is missing decides",
                "boolean",
            ),
            Output(
                "__linked_event",
                "whether a clinical event begins within the linkage: true, false, or null before infusion and where "
                "what is missing decides",
                "boolean",
            ),
            Output("__outside_window", "whether the day lies after the window; null where nothing is known", "boolean"),
        ),
        layers=layers,
        parameters=WINDOW,
        uses=(LABORATORY, EVENTS, "cdss_malignant", "isth_overt_dic_2025"),
        rules=(
            Rule("event", "a clinical event on a day of the window", "", (("≥", 1, 2),)),
            Rule("linked", "low platelets or abnormal coagulation within the linkage", "", (("≥", 1, 1),)),
            Rule("overt_dic", "overt DIC within the linkage", "", (("≥", 1, 3),)),
        ),
        highest=3,
        monotone=True,
        low_items=("linked",),
        choices=(
            UNCONFIRMED,
            "The day of the event carries the level; the level of a patient is the highest of the days.",
            "Laboratory values count from day 0; days without any result say nothing.",
            "CARAC severity is not computed: no published grade was opened.",
        ),
        needs=("labs", "events"),
    ),
)
