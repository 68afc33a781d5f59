"""What could explain an abnormal coagulation: facts of the day beside the grades, never instead of them. A proposal.

Source: catalogue 6.6, 14 (P12, P17) and 15, all LOW or carac's own; Lee D et al. Bleeding Thromb Vasc Biol
2026;5(s1):461. doi:10.4081/btvb.2026.461 (marrow and tocilizumab confound the DIC scores).
Inputs: the laboratory items of CARAC; neutrophils, haemoglobin, C-reactive protein; values since the day before;
tocilizumab, asparaginase, anticoagulants, blood products and fluids; liver values by CTCAE 5.0; clinical events.
Values: each explanation is true, false, or null where what is missing decides; the number counts those that surely
hold, null where nothing of coagulation is known. `__consumption_moves` is no explanation: it speaks for consumption.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.definitions.proposals.carac import LABORATORY
from carac.definitions.proposals.carac import NAME as CARAC
from carac.definitions.proposals.sorting import GALLI, INSTRUMENT, KEYS, POPULATION, VERSION
from carac.language.bands import Bands
from carac.language.combined import TRANSFUSED_BEFORE, Both, Change
from carac.language.comparisons import TIE, above, at_least, number
from carac.language.conditions import all_of, any_true, truth
from carac.language.definition import Certainty, Columns, Definition, Layer, Output, Status, Values, interval
from carac.language.points import Criterion, Item
from carac.parameters import Parameter, numeric, whole
from carac.vocabulary.types import Exposure, Grain, Input, Laboratory, Scale, Worse

NAME = "abnormality_explained_proposal"
LIVER = ("ctcae_v5_alt", "ctcae_v5_ast", "ctcae_v5_bilirubin")
SOURCE = "catalogue 6.6, LOW"


def _share(name: str, default: float, meaning: str, source: str = SOURCE) -> Parameter:
    return Parameter(name, default, f"{meaning} (LOW)", lowest=0.0, source=source)


def _days(name: str, default: int, meaning: str, source: str = SOURCE) -> Parameter:
    return Parameter(name, default, f"{meaning} (LOW)", lowest=1, highest=60, source=source)


PARAMETERS = (
    _days("look_back_days", 2, "days before in which the value is sought that today's is compared with", "14, P17"),
    _share("fall_leaves", 0.7, "share of platelets or fibrinogen left by a fall that speaks for consumption"),
    _share("d_dimer_rise", 1.5, "how many times the earlier D-dimer is a rise", "catalogue 14, P17, LOW"),
    _share("d_dimer_rise_above", 1.0, "multiple of its limit above which D-dimer rises", "catalogue 14, P17, LOW"),
    _share("neutrophils_at_most", 1.0, "neutrophils (10^9/L) up to which the marrow is suppressed"),
    _days("tocilizumab_days", 21, "days for which tocilizumab keeps fibrinogen low"),
    _share("suppressed_protein", 10.0, "C-reactive protein (mg/L) below which it is suppressed"),
    _days("asparaginase_days", 21, "days for which asparaginase keeps fibrinogen low", "catalogue 15, LOW"),
    _days("anticoagulant_days", 1, "days for which an anticoagulant acts after its last dose", "carac's own, LOW"),
    _share("inr_normal", 1.2, "INR up to which prothrombin time counts as normal where it cannot be read"),
    Parameter(
        "liver_grade_from", 3, "CTCAE grade of ALT, AST or bilirubin from which on the liver is injured (LOW)",
        lowest=1, highest=4, source="carac's own, LOW",
    ),
    _days("liver_days", 2, "days before whose liver values still count", "carac's own, LOW"),
    _share("dilution_leaves", 0.9, "share of haemoglobin, and platelets or fibrinogen, left by dilution", "LOW"),
    _share("peak_above", 4.0, "fibrinogen (g/L) above which a peak is one of acute phase"),
    _days("peak_days", 7, "days before in which the peak of fibrinogen is sought"),
    _share("masked_from", 1.5, "fibrinogen (g/L) from which on a fall is not seen by absolute cut-offs"),
)  # fmt: skip

# ---- what is read

NEUTROPHILS = Laboratory("neutrophils", Worse.LOWER)
PROTEIN = Laboratory("c_reactive_protein", Worse.HIGHER)
FIBRINOGEN, HIGHEST_FIBRINOGEN = Laboratory("fibrinogen", Worse.LOWER), Laboratory("fibrinogen", Worse.HIGHER)
FIBRINOGEN_REPLACED_BEFORE = Exposure(
    "fibrinogen_replaced_1_to_2_days_before", ("fibrinogen_replacement",), days_after=2, from_day=1
)
REPLACED = (
    Exposure("fibrinogen_replaced_within_2_days", ("fibrinogen_replacement",), days_after=2),
    Exposure("plasma_within_1_day", ("plasma_transfusion",), days_after=1),
    Exposure("platelets_transfused_within_1_day", ("platelet_transfusion",), days_after=1),
)
VOLUME = Exposure(
    "volume_within_1_day", ("intravenous_fluids", "plasma_transfusion", "red_cell_transfusion"), days_after=1
)
ON_PROTHROMBIN = ("vitamin_k_antagonist", "direct_oral_anticoagulant", "direct_thrombin_inhibitor")
ON_APTT = ("unfractionated_heparin", *ON_PROTHROMBIN)


def _within(values: Values, parameter: str, name: str, agents: tuple[str, ...], therapeutic: bool = False) -> Exposure:
    days = whole(values, parameter)
    return Exposure(f"{name}_within_{days}_days", agents, days_after=days, without_prophylaxis=therapeutic)


class Read:
    """The single facts of the day that the explanations are made of, under these parameters."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self.tocilizumab = _within(values, "tocilizumab_days", "tocilizumab", ("interleukin_6_receptor_blocker",))
        self.asparaginase = _within(values, "asparaginase_days", "asparaginase", ("asparaginase",))
        self.on_prothrombin = _within(values, "anticoagulant_days", "on_prothrombin_time", ON_PROTHROMBIN, True)
        self.on_aptt = _within(values, "anticoagulant_days", "on_aptt", ON_APTT, True)
        fall = Bands(at_most={self.number("fall_leaves"): 1})
        self.platelets_fall = self._change("platelets", Worse.HIGHER, fall, TRANSFUSED_BEFORE)
        self.fibrinogen_falls = self._change("fibrinogen", Worse.HIGHER, fall, FIBRINOGEN_REPLACED_BEFORE)
        self.d_dimer_rises = self._d_dimer_rises()
        diluted = Bands(at_most={self.number("dilution_leaves"): 1})
        self.diluted = {
            name: self._change(name, Worse.LOWER, diluted) for name in ("haemoglobin", "platelets", "fibrinogen")
        }
        self.suppressed = Item(
            "neutrophils", "neutrophils", NEUTROPHILS, "10^9/L", Bands(at_most={self.number("neutrophils_at_most"): 1})
        )
        self.protein_low = Item(
            "protein", "C-reactive protein", PROTEIN, "mg/L", Bands(below={self.number("suppressed_protein"): 1})
        )
        below_limit = Laboratory("fibrinogen", Worse.LOWER, Scale.BY_LOWER_LIMIT)
        self.below_limit = Item("by_limit", "fibrinogen by its limit", below_limit, "x LLN", Bands(below={1.0: 1}))
        inr = Bands(above={self.number("inr_normal"): 1})
        self.prothrombin_long = self._above_limit(
            "prothrombin_time", Item("inr", "INR", Laboratory("inr", Worse.HIGHER), "", inr)
        )
        self.aptt_long = self._above_limit("aptt")

    def number(self, name: str) -> float:
        """A parameter as a number."""
        return numeric(self.values, name)

    def _change(self, analyte: str, before: Worse, bands: Bands, unless: Exposure | None = None) -> Change:
        carry = whole(self.values, "look_back_days") - 1
        earlier = Laboratory(analyte, before, carry=carry, before=1)
        worst = Laboratory(analyte, Worse.HIGHER if analyte == "d_dimer" else Worse.LOWER)
        return Change(f"{analyte}_change", f"{analyte} against the days before", worst, earlier, bands, unless)

    def _d_dimer_rises(self) -> Both:
        rises = self._change("d_dimer", Worse.HIGHER, Bands(at_least={self.number("d_dimer_rise"): 1}))
        by_limit = Laboratory("d_dimer", Worse.HIGHER, Scale.BY_UPPER_LIMIT)
        raised = Item(
            "d_dimer", "D-dimer by its limit", by_limit, "x ULN", Bands(above={self.number("d_dimer_rise_above"): 1})
        )
        return Both("d_dimer_rises", "D-dimer rises above its limit", (rises, raised))

    @staticmethod
    def _above_limit(analyte: str, otherwise: Item | None = None) -> Item:
        reads = Laboratory(analyte, Worse.HIGHER, Scale.ABOVE_UPPER_LIMIT)
        return Item(f"{analyte}_long", f"{analyte} above its limit", reads, "s", Bands(above={0: 1}), 1.0, otherwise)

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """Every criterion, for the card."""
        return (
            *(self.platelets_fall, self.fibrinogen_falls, self.d_dimer_rises, self.suppressed, self.protein_low),
            *(self.below_limit, self.prothrombin_long, self.aptt_long, self.diluted["haemoglobin"]),
        )

    @property
    def inputs(self) -> tuple[Input, ...]:
        """Everything that is read of the day."""
        every = (*self.criteria, *self.diluted.values())
        exposures = (self.tocilizumab, self.asparaginase, self.on_prothrombin, self.on_aptt, VOLUME, *REPLACED)
        read = [i for criterion in every for i in criterion.inputs]
        return tuple(dict.fromkeys([*read, FIBRINOGEN, HIGHEST_FIBRINOGEN, *exposures]))


# ---- the explanations


def _layer(values: Values) -> Layer:
    read = Read(values)

    def columns(table: ibis.Table) -> Columns:
        def met(criterion: Criterion) -> ir.BooleanValue:
            return truth(criterion.bounds(table))

        rises, long = met(read.d_dimer_rises), met(read.prothrombin_long)
        low_fibrinogen = any_true(table[f"{LABORATORY}__fibrinogen"] == 1, met(read.below_limit))
        moves = any_true(met(read.platelets_fall), met(read.fibrinogen_falls), rises)
        smaller = any_true(met(read.diluted["platelets"]), met(read.diluted["fibrinogen"]))
        event = table[f"{CARAC}__linked_event"]
        found: dict[str, ir.BooleanValue] = {
            "consumption_moves": moves,
            "marrow": all_of(table[f"{LABORATORY}__platelets"] == 1, met(read.suppressed), ~moves),
            "tocilizumab": all_of(table[read.tocilizumab.name], low_fibrinogen, met(read.protein_low), ~long, ~rises),
            "asparaginase": all_of(table[read.asparaginase.name], low_fibrinogen),
            "anticoagulant_prothrombin": all_of(table[read.on_prothrombin.name], long),
            "anticoagulant_aptt": all_of(table[read.on_aptt.name], met(read.aptt_long)),
            "liver": all_of(_liver(table, values), any_true(long, low_fibrinogen)),
            "replacement": any_true(*(table[exposure.name] for exposure in REPLACED)),
            "dilution": all_of(table[VOLUME.name], met(read.diluted["haemoglobin"]), smaller, ~rises, ~event),
            "acute_phase_mask": _masked(table, read),
        }
        return {f"{NAME}__{name}": value for name, value in found.items()}

    return columns


def _liver(table: ibis.Table, values: Values) -> ir.BooleanValue:
    """Whether a liver value of today or the days before has the grade; one of the three that is known denies it."""
    grade = whole(values, "liver_grade_from")
    near = ibis.window(group_by=list(KEYS), order_by="day", preceding=whole(values, "liver_days"), following=0)
    surely, possibly = ([table[f"{name}__{end}"].max().over(near) for name in LIVER] for end in ("lowest", "highest"))
    injured = any_true(*((worst >= grade).fill_null(False) for worst in surely))
    healthy = all_of(*((worst < grade).fill_null(True) for worst in possibly))
    known = any_true(*(worst.notnull() for worst in possibly))
    return ibis.cases((injured, True), (known & healthy, False), else_=ibis.null("boolean"))


def _masked(table: ibis.Table, read: Read) -> ir.BooleanValue:
    """A fall from an acute-phase peak to a fibrinogen that still looks normal."""
    days = whole(read.values, "peak_days")
    before = ibis.window(group_by=list(KEYS), order_by="day", preceding=(days, 1))
    today, left = interval(table, FIBRINOGEN), number(read.number("fall_leaves") * (1 + TIE))
    low, high = (table[end].max().over(before) for end in (HIGHEST_FIBRINOGEN.low, HIGHEST_FIBRINOGEN.high))
    from_, peak = read.number("masked_from"), read.number("peak_above")
    surely = all_of(above(low, peak), today.high <= low * left, at_least(today.low, from_))
    possibly = all_of(above(high, peak), today.low <= high * left, at_least(today.high, from_))
    return ibis.cases((surely, True), (~possibly, False), else_=ibis.null("boolean"))


OUTPUTS = {
    "consumption_moves": "platelets or fibrinogen fall, or D-dimer rises, as in consumption",
    "marrow": "low platelets beside low neutrophils, and consumption does not move",
    "tocilizumab": "low fibrinogen after tocilizumab, with nothing else of consumption",
    "asparaginase": "low fibrinogen after asparaginase",
    "anticoagulant_prothrombin": "a long prothrombin time on an anticoagulant that prolongs it",
    "anticoagulant_aptt": "a long aPTT on an anticoagulant that prolongs it",
    "liver": "a long prothrombin time or low fibrinogen beside liver injury",
    "replacement": "fibrinogen, plasma or platelets were given: values flatter",
    "dilution": "haemoglobin and platelets or fibrinogen fall together after fluids or blood products",
    "acute_phase_mask": "a fall from an acute-phase peak of fibrinogen that absolute cut-offs do not see",
}
EXPLANATIONS = tuple(name for name in OUTPUTS if name != "consumption_moves")


def _count(table: ibis.Table) -> Columns:
    known = table[f"{LABORATORY}__lowest"].notnull()
    held = sum((table[f"{NAME}__{name}"].fill_null(False).ifelse(1, 0) for name in EXPLANATIONS), ibis.literal(0))
    return {NAME: known.ifelse(held.cast("int8"), ibis.null("int8"))}


STANDARD = Read({parameter.name: parameter.default for parameter in PARAMETERS})

DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name=NAME,
        title="What could explain an abnormality",
        instrument=INSTRUMENT,
        version=VERSION,
        citation=GALLI,
        status=Status.PROPOSAL,
        certainty=Certainty.LOW,
        population=POPULATION,
        grain=Grain.DAY,
        inputs=STANDARD.inputs,
        inputs_of=lambda values: Read(values).inputs,
        outputs=(
            Output("", "how many explanations surely hold; null where nothing of coagulation is known"),
            *(
                Output(f"__{name}", f"{meaning}: true, false, or null where what is missing decides", "boolean")
                for name, meaning in OUTPUTS.items()
            ),
        ),
        layers=lambda values: [_layer(values), _count],
        parameters=PARAMETERS,
        uses=(LABORATORY, CARAC, *LIVER),
        rules=tuple({rule.name: rule for criterion in STANDARD.criteria for rule in criterion.rules}.values()),
        highest=len(EXPLANATIONS),
        monotone=False,
        choices=(
            "Each stands beside the grades; none of them takes a grade away.",
            "All thresholds are LOW or carac's own: no opened source confirms them.",
            "Of ALT, AST and bilirubin, one that is known is enough to deny a liver injury.",
            "A clot, an infection or a tumour raises D-dimer too; no rule here says so, as DIC can bring the clot.",
        ),
        needs=("labs",),
    ),
)
