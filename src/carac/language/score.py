"""A score or count of criteria as a definition: its total, bounds, readings and classes, from the parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from carac.language.definition import Certainty, Citation, Definition, Layer, Output, Status, Values
from carac.language.points import Total
from carac.language.windows import read_as_asked
from carac.parameters import Parameter
from carac.vocabulary.types import Assessed, Baseline, Grain, Input, Laboratory, OfPatient

#: Judged items that nobody recorded: open in every score of clinical judgement.
UNRECORDED = Parameter(
    "unrecorded_is_absent",
    False,
    "whether a judged item that nobody recorded is taken as absent; else it widens the range",
    source="catalogue 0: unknown is not 0",
)


@dataclass(frozen=True)
class About:
    """What a score says of itself."""

    name: str
    title: str
    instrument: str
    version: str
    citation: Citation
    certainty: Certainty
    population: str
    meaning: str
    status: Status = Status.CONSENSUS
    grain: Grain = Grain.DAY
    choices: tuple[str, ...] = ()
    low_items: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    uses: tuple[str, ...] = ()
    by_default: bool = True
    monotone: bool = True
    more_outputs: tuple[Output, ...] = field(default=())


def score(
    about: About, total: Callable[[Values], Total], more: Callable[[Values], Sequence[Layer]] | None = None
) -> Definition:
    """The definition of a score.

    Parameters
    ----------
    about: what it says of itself.
    total: its criteria, given the parameters.
    more: layers that read the total, such as a reading of two conditions.
    """
    standard = total({parameter.name: parameter.default for parameter in about.parameters})

    def asked(values: Values) -> Total:
        return read_as_asked(total(values), values)

    outputs = standard.outputs(about.meaning)
    own = [output for output in outputs if not output.item]
    items = [output for output in outputs if output.item]

    def layers(values: Values) -> list[Layer]:
        return [*asked(values).layers(about.name), *(more(values) if more else ())]

    return Definition(
        name=about.name,
        title=about.title,
        instrument=about.instrument,
        version=about.version,
        citation=about.citation,
        status=about.status,
        certainty=about.certainty,
        population=about.population,
        grain=about.grain,
        inputs=standard.inputs,
        inputs_of=(lambda values: asked(values).inputs) if about.parameters else None,
        outputs=(*own, *about.more_outputs, *items),
        layers=layers,
        parameters=about.parameters,
        rules=standard.rules,
        lowest=int(standard.fewest),
        highest=int(standard.most),
        choices=about.choices,
        low_items=about.low_items,
        uses=about.uses,
        by_default=about.by_default,
        monotone=about.monotone,
        needs=tables_needed(standard.inputs),
        adds=not standard.worst,
    )


def tables_needed(inputs: Sequence[Input]) -> tuple[str, ...]:
    """The table without which nothing of these inputs is known; exposures alone only widen a range."""
    kinds = {type(each) for each in inputs}
    if kinds & {Laboratory, Baseline}:
        return ("labs",)
    return ("assessments",) if Assessed in kinds and OfPatient not in kinds else ("infusions",)
