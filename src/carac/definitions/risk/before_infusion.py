"""What the risk scores share: values before treatment, items judged before infusion, and how a score is declared."""

from __future__ import annotations

from collections.abc import Callable

from carac.language.bands import Bands
from carac.language.combined import Judged, recorded
from carac.language.definition import Certainty, Citation, Definition, Values
from carac.language.points import Criterion, Item, Total
from carac.language.score import UNRECORDED, About, score
from carac.parameters import Parameter
from carac.vocabulary.types import Assessed, Baseline, Grain, OfPatient, Scale, Span

NOT_DERIVED = "Not derived in recipients of CAR T cells, and not calibrated for them."


def value(
    name: str,
    analyte: str,
    title: str,
    unit: str,
    bands: Bands,
    factor: float = 1.0,
    scale: Scale = Scale.VALUE,
) -> Item:
    """An item on the value before lymphodepletion."""
    return Item(name, title, Baseline(analyte, scale), unit, bands, factor)


def word(name: str, item: str, title: str, points: dict[float, float]) -> Item:
    """An item on a judged word: points from that place in its list on."""
    return Item(name, title, Assessed(item, span=Span.BEFORE_INFUSION), "place in the list", Bands(at_least=points))


def judged(item: str, title: str, values: Values, points: float = 1) -> Criterion:
    """A yes-or-no item judged before the infusion."""
    criterion = Judged(item, title, points, Span.BEFORE_INFUSION)
    return recorded(criterion, bool(values["unrecorded_is_absent"]))


def age(bands: Bands) -> Item:
    """An item on the age at infusion."""
    return Item("age", "age", OfPatient("age"), "years", bands)


def body_mass_index(bands: Bands) -> Item:
    """An item on the body-mass index."""
    return Item("body_mass_index", "body-mass index", OfPatient("body_mass_index"), "kg/m2", bands)


def risk_score(
    name: str,
    title: str,
    version: str,
    citation: Citation,
    certainty: Certainty,
    population: str,
    total: Callable[[Values], Total],
    *,
    meaning: str = "points before infusion; null where what is missing decides",
    parameters: tuple[Parameter, ...] = (),
    choices: tuple[str, ...] = (),
    uses: tuple[str, ...] = (),
) -> Definition:
    """A score of one row per infusion, labelled as not derived after CAR T cells."""
    return score(
        About(
            name=name,
            title=f"{title} (not derived after CAR T cells)",
            instrument=title,
            version=version,
            citation=citation,
            certainty=certainty,
            population=population,
            meaning=meaning,
            grain=Grain.INFUSION,
            parameters=(*parameters, UNRECORDED),
            choices=(NOT_DERIVED, *choices),
            uses=uses,
        ),
        total,
    )
