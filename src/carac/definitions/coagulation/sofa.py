"""SOFA items of lung, circulation, liver and kidney: what sepsis-induced coagulopathy reads.

Source: Vincent JL et al. Intensive Care Med 1996;22:707-710, as tabulated in catalogue 4.4.
Inputs: arterial oxygen pressure over inspired oxygen (mmHg) and oxygen device, mean arterial pressure (mmHg),
vasopressors with their rate (ug/kg/min), bilirubin and creatinine (mg/dL), urine output (mL/day).
Values: 0 to 16, the sum of four items of 0 to 4; null where what is missing decides.
Open in the source: urine output counts only where it is recorded (`urine_output_must_be_known`); positive pressure by
mask or tube is ventilatory support, without which the lung gives at most 2; vasopressors of which no rate is recorded
leave a range.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from carac.language.bands import Bands
from carac.language.combined import Combined, IfRecorded, any_of
from carac.language.comparisons import Interval
from carac.language.definition import Certainty, Citation, Definition, Rule, Values, interval
from carac.language.points import Criterion, Item, Total, filled
from carac.language.score import About, score
from carac.parameters import Parameter
from carac.vocabulary.assessment_items import assessment_items
from carac.vocabulary.types import Assessed, Exposure, Input, Laboratory, Worse

CITATION = Citation("Vincent JL et al. Intensive Care Med 1996;22:707-710")

OXYGENATION = Assessed("pao2_fio2_ratio", Worse.LOWER)
DEVICE = Assessed("oxygen_device")
#: From continuous positive pressure on, a device supports ventilation.
SUPPORT_FROM = assessment_items()["oxygen_device"].allowed.index("cpap")
UNSUPPORTED = Bands(below={300: 2, 400: 1})
SUPPORTED = Bands(below={100: 4, 200: 3, 300: 2, 400: 1})


@dataclass(frozen=True)
class Respiratory:
    """Oxygenation, of which grades 3 and 4 need ventilatory support."""

    name: str = "respiratory"
    title: str = "lung: PaO2/FiO2, from 3 on with ventilatory support"
    most: float = 4
    fewest: float = 0

    @property
    def inputs(self) -> tuple[Input, ...]:
        return (OXYGENATION, DEVICE)

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(self.name, "lung with ventilatory support", "mmHg", SUPPORTED.as_tuples, OXYGENATION.column),
            Rule("respiratory_unsupported", "lung without it", "mmHg", UNSUPPORTED.as_tuples, OXYGENATION.column),
        )

    def known(self, table: ibis.Table) -> ir.BooleanValue:
        return interval(table, OXYGENATION).known

    def bounds(self, table: ibis.Table) -> Interval:
        with_support, without = (bands.bounds(interval(table, OXYGENATION)) for bands in (SUPPORTED, UNSUPPORTED))
        supported = table[DEVICE.column] >= SUPPORT_FROM
        low = ibis.cases((supported, with_support.low), else_=without.low)
        high = ibis.cases((~supported, without.high), else_=with_support.high)
        # Without support the most is 2, however little oxygenation is known.
        most = ibis.cases((~supported, ibis.literal(2, "int8")), else_=ibis.literal(4, "int8"))
        return Interval(filled(low, 0), ibis.coalesce(high, most))

    def chosen(self, table: ibis.Table) -> ir.StringValue | None:
        return None


PRESSURE = Item(
    "mean_arterial_pressure",
    "mean arterial pressure",
    Assessed("mean_arterial_pressure", Worse.LOWER),
    "mmHg",
    Bands(below={70: 1}),
)


@dataclass(frozen=True)
class Vasopressor:
    """A vasopressor by its rate; given without a recorded rate, it leaves a range; not given, it gives nothing."""

    name: str
    title: str
    given: Exposure
    rate: Assessed
    bands: Bands

    @property
    def inputs(self) -> tuple[Input, ...]:
        return (self.given, self.rate)

    @property
    def most(self) -> float:
        return self.bands.most

    @property
    def fewest(self) -> float:
        return 0

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (Rule(self.name, self.title, "ug/kg/min", self.bands.as_tuples, self.rate.column),)

    def known(self, table: ibis.Table) -> ir.BooleanValue:
        return interval(table, self.rate).known

    def bounds(self, table: ibis.Table) -> Interval:
        points, given = self.bands.bounds(interval(table, self.rate)), table[self.given.name]
        least = min(cut.points for cut in self.bands.cuts)
        low = ibis.cases((given, ibis.literal(least, "int8")), else_=ibis.literal(0, "int8"))
        high = ibis.cases((~given, ibis.literal(0, "int8")), else_=ibis.literal(self.most, "int8"))
        return Interval(ibis.coalesce(points.low, low), ibis.coalesce(points.high, high))

    def chosen(self, table: ibis.Table) -> ir.StringValue | None:
        return None


@dataclass(frozen=True)
class Given:
    """Points for an agent that is given on the day, at any rate; without a table of treatments nobody knows."""

    name: str
    title: str
    given: Exposure
    points: int

    @property
    def inputs(self) -> tuple[Input, ...]:
        return (self.given,)

    @property
    def most(self) -> float:
        return self.points

    @property
    def fewest(self) -> float:
        return 0

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (Rule(self.name, self.title, "", (("=", 1, self.points),)),)

    def known(self, table: ibis.Table) -> ir.BooleanValue:
        return ibis.literal(False)

    def bounds(self, table: ibis.Table) -> Interval:
        given = table[self.given.name]
        low, high = (given.fill_null(open_).ifelse(self.points, 0).cast("int8") for open_ in (False, True))
        return Interval(low, high)

    def chosen(self, table: ibis.Table) -> ir.StringValue | None:
        return None


CIRCULATION = any_of(
    "cardiovascular",
    "circulation: mean arterial pressure and vasopressors",
    (
        PRESSURE,
        Vasopressor(
            "norepinephrine",
            "norepinephrine or epinephrine",
            Exposure("norepinephrine_or_epinephrine", ("norepinephrine", "epinephrine")),
            Assessed("norepinephrine_rate"),
            Bands(above={0.1: 4, 0: 3}),
        ),
        Vasopressor(
            "dopamine",
            "dopamine",
            Exposure("dopamine", ("dopamine",)),
            Assessed("dopamine_rate"),
            Bands(above={15: 4, 5: 3, 0: 2}),
        ),
        Given("dobutamine", "dobutamine at any rate", Exposure("dobutamine", ("dobutamine",)), 2),
    ),
)
LIVER = Item(
    "hepatic",
    "liver: bilirubin",
    Laboratory("bilirubin", Worse.HIGHER),
    "mg/dL",
    Bands(at_least={12: 4, 6: 3, 2: 2, 1.2: 1}),
)
CREATININE = Item(
    "creatinine",
    "creatinine",
    Laboratory("creatinine", Worse.HIGHER),
    "mg/dL",
    Bands(at_least={5: 4, 3.5: 3, 2: 2, 1.2: 1}),
)
URINE = Item(
    "urine_output", "urine output", Assessed("urine_output", Worse.LOWER), "mL/day", Bands(below={200: 4, 500: 3})
)

URINE_OUTPUT = Parameter(
    "urine_output_must_be_known",
    False,
    "whether urine output that nobody recorded leaves a range; false takes it as no sign of kidney failure",
    source="catalogue 4.4, whose examples print none",
)


def criteria(values: Values) -> tuple[Criterion, ...]:
    """The four items."""
    urine: Criterion = URINE if values["urine_output_must_be_known"] else IfRecorded(URINE)
    kidney = Combined("renal", "kidney: creatinine and urine output", (CREATININE, urine), worst=True)
    return (Respiratory(), CIRCULATION, LIVER, kidney)


DEFINITIONS: tuple[Definition, ...] = (
    score(
        About(
            name="sofa_4",
            title="SOFA, four organ items",
            instrument="SOFA",
            version="1996",
            citation=CITATION,
            certainty=Certainty.VERIFIED,
            population="adults",
            meaning="sum of lung, circulation, liver and kidney, 0 to 16; null where what is missing decides",
            parameters=(URINE_OUTPUT,),
            choices=(
                "Urine output counts only where it is recorded; dobutamine counts at any rate.",
                "A vasopressor that is given without a recorded rate leaves a range.",
            ),
        ),
        lambda values: Total(criteria(values)),
    ),
)
