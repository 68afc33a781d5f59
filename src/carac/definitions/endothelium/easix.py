"""EASIX, m-EASIX and s-EASIX: endothelial activation and stress, per day.

Sources: EASIX: Luft T et al. Lancet Haematol 2017;4:e414-e423. doi:10.1016/S2352-3026(17)30108-4.
m-EASIX: Pennisi M et al. Blood Adv 2021;5:3397-3406. doi:10.1182/bloodadvances.2020003885.
Inputs: lactate dehydrogenase (U/L), creatinine (mg/dL), C-reactive protein (mg/dL in m-EASIX), platelets (10^9/L).
Values: a positive number without unit, its base-2 logarithm beside it; null where an input is missing or known only as
an interval (its lowest and highest value then stand beside), and where platelets are 0.
Open in the sources: which value of the day (worst of each is taken); a C-reactive protein "<0.4" (`below_limit_factor`
times the limit is taken, and said); assays of lactate dehydrogenase differ by about a factor of two.
"""

from __future__ import annotations

from collections.abc import Callable

import ibis
import ibis.expr.types as ir

from carac.language.comparisons import INFINITY, Interval, agreed, number
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
    interval,
)
from carac.parameters import Parameter
from carac.vocabulary.types import Grain, Laboratory, Worse

LDH = Laboratory("lactate_dehydrogenase", Worse.HIGHER)
CREATININE = Laboratory("creatinine", Worse.HIGHER)
C_REACTIVE_PROTEIN = Laboratory("c_reactive_protein", Worse.HIGHER)
PLATELETS = Laboratory("platelets", Worse.LOWER)

#: C-reactive protein is kept in mg/L and enters m-EASIX in mg/dL.
MG_PER_DL = 0.1

BELOW_LIMIT_FACTOR = Parameter(
    "below_limit_factor",
    0.5,
    'what share of the limit a C-reactive protein "<limit" is taken as',
    lowest=0.0,
    highest=1.0,
    source="catalogue 9.1",
)


def quotient(numerators: list[Interval], platelets: Interval) -> Interval:
    """Product of the numerators over platelets; null where platelets can only be 0."""
    low, high = numerators[0].low, numerators[0].high
    for other in numerators[1:]:
        low, high = low * other.low, high * other.high
    nothing = ibis.null("float64")
    return Interval(
        (platelets.high > 0).ifelse(low / platelets.high, nothing),
        ibis.cases(
            (platelets.low > 0, high / platelets.low),
            ((platelets.high > 0) & high.notnull(), number(INFINITY)),
            else_=nothing,
        ),
    )


def _formula(name: str, numerators: Callable[[ibis.Table, Values], list[Interval]], values: Values) -> list[Layer]:
    def bounds(table: ibis.Table) -> Columns:
        made = quotient(numerators(table, values), interval(table, PLATELETS))
        return {f"{name}__lowest": made.low, f"{name}__highest": made.high}

    def value(table: ibis.Table) -> Columns:
        return {name: agreed(table[f"{name}__lowest"], table[f"{name}__highest"])}

    def logarithm(table: ibis.Table) -> Columns:
        index: ir.FloatingValue = table[name]
        # The guard keeps engines from taking the logarithm of 0.
        positive = (index > 0).ifelse(index, ibis.null("float64"))
        return {f"{name}__log2": positive.ln() / number(0.6931471805599453)}

    return [bounds, value, logarithm]


def _easix(table: ibis.Table, _: Values) -> list[Interval]:
    return [interval(table, LDH), interval(table, CREATININE)]


def _s_easix(table: ibis.Table, _: Values) -> list[Interval]:
    return [interval(table, LDH)]


def _m_easix(table: ibis.Table, values: Values) -> list[Interval]:
    protein = interval(table, C_REACTIVE_PROTEIN)
    share = float(values["below_limit_factor"] or 0)
    below_limit = (protein.low == 0) & (protein.high > 0)
    low, high = (below_limit.ifelse(protein.high * number(share), end) for end in (protein.low, protein.high))
    return [interval(table, LDH), Interval(low * number(MG_PER_DL), high * number(MG_PER_DL))]


def _definition(
    name: str,
    title: str,
    citation: Citation,
    certainty: Certainty,
    inputs: tuple[Laboratory, ...],
    formula: str,
    numerators: Callable[[ibis.Table, Values], list[Interval]],
    parameters: tuple[Parameter, ...] = (),
) -> Definition:
    return Definition(
        name=name,
        title=title,
        instrument="EASIX",
        version="1",
        citation=citation,
        status=Status.CONSENSUS,
        certainty=certainty,
        population="adults",
        grain=Grain.DAY,
        inputs=(*inputs, PLATELETS),
        outputs=(
            Output(
                "", "value of the index; null where an input is missing, an interval, or platelets are 0", "float64"
            ),
            Output("__lowest", "lowest possible value; null where an input is missing", "float64"),
            Output("__highest", "highest possible value; null where an input is missing", "float64"),
            Output("__log2", "base-2 logarithm of the index; null where the index is null or 0", "float64"),
        ),
        layers=lambda values: _formula(name, numerators, values),
        parameters=parameters,
        rules=(Rule("formula", formula, "", ()),),
        lowest=None,
        choices=(
            "The worst value of each input on the calendar day is taken.",
            "Published cut-offs belong to their cohorts.",
        ),
    )


LUFT = Citation("Luft T et al. Lancet Haematol 2017;4:e414-e423", "10.1016/S2352-3026(17)30108-4")
PENNISI = Citation("Pennisi M et al. Blood Adv 2021;5:3397-3406", "10.1182/bloodadvances.2020003885")

DEFINITIONS: tuple[Definition, ...] = (
    _definition(
        "easix",
        "EASIX",
        LUFT,
        Certainty.VERIFIED,
        (LDH, CREATININE),
        "lactate dehydrogenase (U/L) x creatinine (mg/dL) / platelets (10^9/L)",
        _easix,
    ),
    _definition(
        "m_easix",
        "modified EASIX",
        PENNISI,
        Certainty.VERIFIED,
        (LDH, C_REACTIVE_PROTEIN),
        "lactate dehydrogenase (U/L) x C-reactive protein (mg/dL) / platelets (10^9/L)",
        _m_easix,
        (BELOW_LIMIT_FACTOR,),
    ),
    _definition(
        "s_easix",
        "simplified EASIX",
        LUFT,
        Certainty.MEMORY_HIGH,
        (LDH,),
        "lactate dehydrogenase (U/L) / platelets (10^9/L)",
        _s_easix,
    ),
)
