"""EASIX, m-EASIX and s-EASIX: endothelial activation and stress, per day and before lymphodepletion.

Sources: EASIX: Luft T et al. Lancet Haematol 2017;4:e414-e423. doi:10.1016/S2352-3026(17)30108-4.
m-EASIX: Pennisi M et al. Blood Adv 2021;5:3397-3406. doi:10.1182/bloodadvances.2020003885.
Inputs: lactate dehydrogenase (U/L), creatinine (mg/dL), C-reactive protein (mg/dL in m-EASIX), platelets (10^9/L).
Values: a positive number without unit, its base-2 logarithm beside it; null where an input is missing or known only as
an interval (its lowest and highest value then stand beside), and where platelets are 0.
Open in the sources: which value of the day (worst of each is taken); a C-reactive protein "<0.4" (`below_limit_factor`
times the limit is taken, and said); platelets of 0 (`zero_platelets`); assays of lactate dehydrogenase differ by about
a factor of two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from carac.language.comparisons import INFINITY, Interval, agreed, number
from carac.language.definition import (
    Certainty,
    Citation,
    Columns,
    Definition,
    Layer,
    Measured,
    Output,
    Rule,
    Status,
    Values,
    interval,
)
from carac.parameters import Parameter, numeric
from carac.vocabulary.types import Baseline, Grain, Laboratory, Worse

LDH, CREATININE, C_REACTIVE_PROTEIN, PLATELETS = (
    "lactate_dehydrogenase",
    "creatinine",
    "c_reactive_protein",
    "platelets",
)

#: C-reactive protein is kept in mg/L and enters m-EASIX in mg/dL.
MG_PER_DL = 0.1
#: The least platelets under ``zero_platelets`` one, 10^9/L.
LEAST_PLATELETS = 1.0

BELOW_LIMIT_FACTOR = Parameter(
    "below_limit_factor",
    0.5,
    'what share of the limit a C-reactive protein "<limit" is taken as',
    lowest=0.0,
    highest=1.0,
    source="catalogue 9.1",
)
ZERO_PLATELETS = Parameter(
    "zero_platelets",
    "null",
    "whether platelets of 0 leave no index, or counts below 1 are taken as 1",
    ("null", "one"),
    source="catalogue 12 no. 27",
)


def today(analyte: str) -> Laboratory:
    """The worst value of the day."""
    return Laboratory(analyte, Worse.LOWER if analyte == PLATELETS else Worse.HIGHER)


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


@dataclass(frozen=True)
class Index:
    """One of the three formulas.

    Parameters
    ----------
    name, title: as a definition has them.
    citation: the source.
    numerators: what is multiplied.
    formula: in words.
    parameters: its open choices.
    """

    name: str
    title: str
    citation: Citation
    numerators: tuple[str, ...]
    formula: str
    parameters: tuple[Parameter, ...] = (ZERO_PLATELETS,)


LUFT = Citation("Luft T et al. Lancet Haematol 2017;4:e414-e423", "10.1016/S2352-3026(17)30108-4")
PENNISI = Citation("Pennisi M et al. Blood Adv 2021;5:3397-3406", "10.1182/bloodadvances.2020003885")
EASIX = Index(
    "easix",
    "EASIX",
    LUFT,
    (LDH, CREATININE),
    "lactate dehydrogenase (U/L) x creatinine (mg/dL) / platelets (10^9/L)",
)
M_EASIX = Index(
    "m_easix",
    "modified EASIX",
    PENNISI,
    (LDH, C_REACTIVE_PROTEIN),
    "lactate dehydrogenase (U/L) x C-reactive protein (mg/dL) / platelets (10^9/L)",
    (BELOW_LIMIT_FACTOR, ZERO_PLATELETS),
)
S_EASIX = Index("s_easix", "simplified EASIX", LUFT, (LDH,), "lactate dehydrogenase (U/L) / platelets (10^9/L)")


def _numerator(table: ibis.Table, source: Measured, analyte: str, values: Values) -> Interval:
    value = interval(table, source)
    if analyte != C_REACTIVE_PROTEIN:
        return value
    share = numeric(values, "below_limit_factor")
    below_limit = (value.low == 0) & (value.high > 0)
    low, high = (below_limit.ifelse(value.high * number(share), end) for end in (value.low, value.high))
    return Interval(low * number(MG_PER_DL), high * number(MG_PER_DL))


def _platelets(table: ibis.Table, source: Measured, values: Values) -> Interval:
    value = interval(table, source)
    if values["zero_platelets"] == "null":
        return value
    least = number(LEAST_PLATELETS)
    # Not `greatest`: it would make a missing count 1 where an engine leaves nulls out of it.
    return Interval(*((end < least).ifelse(least, end) for end in (value.low, value.high)))


def _layers(name: str, index: Index, source: Callable[[str], Measured], values: Values) -> list[Layer]:
    def bounds(table: ibis.Table) -> Columns:
        numerators = [_numerator(table, source(analyte), analyte, values) for analyte in index.numerators]
        made = quotient(numerators, _platelets(table, source(PLATELETS), values))
        return {f"{name}__lowest": made.low, f"{name}__highest": made.high}

    def value(table: ibis.Table) -> Columns:
        return {name: agreed(table[f"{name}__lowest"], table[f"{name}__highest"])}

    def logarithm(table: ibis.Table) -> Columns:
        result: ir.FloatingValue = table[name]
        # The guard keeps engines from taking the logarithm of 0.
        positive = (result > 0).ifelse(result, ibis.null("float64"))
        return {f"{name}__log2": positive.ln() / number(0.6931471805599453)}

    return [bounds, value, logarithm]


def _definition(index: Index, certainty: Certainty, before: bool = False) -> Definition:
    name = f"{index.name}_pre" if before else index.name
    source: Callable[[str], Measured] = Baseline if before else today
    day = "The last value of each input before lymphodepletion is taken (the baseline of the grid)."
    return Definition(
        name=name,
        title=f"{index.title} before lymphodepletion" if before else index.title,
        instrument="EASIX",
        version="1",
        citation=index.citation,
        status=Status.CONSENSUS,
        certainty=certainty,
        population="adults",
        grain=Grain.INFUSION if before else Grain.DAY,
        inputs=tuple(source(analyte) for analyte in (*index.numerators, PLATELETS)),
        outputs=(
            Output(
                "", "value of the index; null where an input is missing, an interval, or platelets are 0", "float64"
            ),
            Output("__lowest", "lowest possible value; null where an input is missing", "float64"),
            Output("__highest", "highest possible value; null where an input is missing", "float64"),
            Output("__log2", "base-2 logarithm of the index; null where the index is null or 0", "float64"),
        ),
        layers=lambda values: _layers(name, index, source, values),
        parameters=index.parameters,
        rules=(Rule("formula", index.formula, "", ()),),
        lowest=None,
        choices=(
            day if before else "The worst value of each input on the calendar day is taken.",
            "Published cut-offs belong to their cohorts.",
        ),
    )


DEFINITIONS: tuple[Definition, ...] = (
    _definition(EASIX, Certainty.VERIFIED),
    _definition(M_EASIX, Certainty.VERIFIED),
    _definition(S_EASIX, Certainty.MEMORY_HIGH),
    _definition(EASIX, Certainty.VERIFIED, before=True),
    _definition(M_EASIX, Certainty.MEMORY_MODERATE, before=True),
    _definition(S_EASIX, Certainty.MEMORY_HIGH, before=True),
)
