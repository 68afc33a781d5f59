"""How a laboratory term of CTCAE becomes a definition: rules on the day's worst value, the worst rule decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from carac.language.bands import Bands
from carac.language.definition import Certainty, Citation, Definition, Output, Status, Values
from carac.language.points import Criterion, Item, Total
from carac.parameters import Parameter
from carac.vocabulary.types import Grain, Laboratory, Scale, Worse

NULL = "null: cannot be graded from what is recorded; see the lowest and highest possible grade"


@dataclass(frozen=True)
class Version:
    """One printed version of CTCAE."""

    prefix: str
    number: str
    citation: Citation


def by_value(analyte: str, title: str, unit: str, bands: Bands) -> Item:
    """A rule on the value itself."""
    return Item("value", title, Laboratory(analyte, bands.worse), unit, bands)


def below_limit(analyte: str, title: str, bands: Bands) -> Item:
    """A rule on the ratio of a value to its own lower limit of normal."""
    return Item(
        "limit",
        f"{title} against its lower limit",
        Laboratory(analyte, Worse.LOWER, Scale.BY_LOWER_LIMIT),
        "x LLN",
        bands,
    )


def above_limit(analyte: str, title: str, bands: Bands) -> Item:
    """A rule on the ratio of a value to its own upper limit of normal."""
    return Item(
        "limit",
        f"{title} against its upper limit",
        Laboratory(analyte, Worse.HIGHER, Scale.BY_UPPER_LIMIT),
        "x ULN",
        bands,
    )


def term(
    version: Version,
    name: str,
    title: str,
    rules: tuple[Criterion, ...],
    *,
    highest: int | None = None,
    choices: tuple[str, ...] = (),
    needs: tuple[str, ...] = ("labs",),
) -> Definition:
    """One laboratory term of one version: the worst of its rules."""
    total = Total(rules, worst=True, items_shown=False)
    full_name = f"{version.prefix}_{name}"
    return Definition(
        name=full_name,
        title=f"CTCAE {version.number} {title}",
        instrument="CTCAE",
        version=version.number,
        citation=version.citation,
        status=Status.CONSENSUS,
        certainty=Certainty.VERIFIED,
        population="adults and children",
        grain=Grain.DAY,
        inputs=total.inputs,
        outputs=_outputs(total, highest or int(total.most)),
        layers=lambda _: total.layers(full_name),
        rules=total.rules,
        highest=highest or int(total.most),
        choices=choices,
        needs=needs,
    )


def term_with_choice(
    definition: Definition,
    parameter: Parameter,
    rules: Callable[[Values], tuple[Criterion, ...]],
    instrument: str = "",
) -> Definition:
    """The same term with a parameter that decides between rules; `instrument` where it is not of values alone."""

    def total(values: Values) -> Total:
        return Total(rules(values), worst=True, items_shown=False)

    every = [total({parameter.name: choice}).inputs for choice in parameter.choices]
    return replace(
        definition,
        instrument=instrument or definition.instrument,
        parameters=(parameter,),
        inputs=tuple(dict.fromkeys(i for inputs in every for i in inputs)),
        layers=lambda values: total(values).layers(definition.name),
    )


def _outputs(total: Total, highest: int) -> tuple[Output, ...]:
    return total.outputs(f"grade of the day, 0 to {highest}; 0: measured and not abnormal; {NULL}")
