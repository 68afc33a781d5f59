"""Do two sources, or two places, agree on one figure?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from carac.evidence.audit.cells import printed
from carac.evidence.audit.finding import AuditFinding, Weight
from carac.evidence.audit.rounding import same_figure
from carac.evidence.study import Figure, Outcome, Study


def check_sources(study: Study) -> list[AuditFinding]:
    """Findings where a repeated figure of a study differs from the one it repeats."""
    found = []
    for again in (one for one in study.outcomes if one.repeats):
        for first in study.outcomes_of(again.outcome, again.arm):
            if not first.repeats and first.serious == again.serious and first.reported:
                finding = _compare(study, first, again)
                if finding:
                    found.append(finding)
                break
    return found


def _compare(study: Study, first: Outcome, again: Outcome) -> AuditFinding | None:
    faults = []
    for what, one, other in (
        ("count", first.count, again.count),
        ("denominator", first.denominator, again.denominator),
    ):
        if one is not None and other is not None and one != other:
            faults.append(f"The {what} is {one} here and {other} there.")
    if first.percentage and again.percentage and not same_figure(first.percentage, again.percentage):
        faults.append(f"The percentage is {first.percentage} here and {again.percentage} there.")
    if not faults:
        return None
    exact = ""
    if again.count is not None and again.denominator:
        exact = f" {again.count} of {again.denominator} is {100 * again.count / again.denominator:.3f} %."
    return AuditFinding(
        "sources_disagree",
        Weight.QUESTION,
        study.name,
        f"{first.cell}, against {again.cell} ({study.source(again.source).what})",
        f"{printed(first)} against {printed(again)}",
        " ".join(faults) + exact,
        "One of the two was rounded or copied otherwise; the source nearest to the patients is to be believed.",
    )


def check_figures(studies: Iterable[Study]) -> list[AuditFinding]:
    """Findings where one quantity stands with two values, in one study or in two reviews."""
    places: dict[tuple[str, str, str], list[tuple[Study, Figure]]] = defaultdict(list)
    for study in studies:
        scope = "reviews" if study.design in ("review", "guideline") else study.name
        for figure in study.figures:
            places[(scope, figure.quantity, figure.unit)].append((study, figure))
    found = []
    for entries in places.values():
        for number, (study, first) in enumerate(entries):
            for other_study, other in entries[number + 1 :]:
                finding = _compare_figures(study, first, other_study, other)
                if finding:
                    found.append(finding)
    return found


def _ends(figure: Figure) -> tuple[str, str, str]:
    """Value, lowest and highest that a figure speaks of."""
    if figure.statistic in ("minimum", "maximum"):
        low, high = (figure.value, "") if figure.statistic == "minimum" else ("", figure.value)
        return ("", low, high)
    return (figure.value, figure.low, figure.high)


def _compare_figures(study: Study, first: Figure, other_study: Study, other: Figure) -> AuditFinding | None:
    differing = [
        (one, two)
        for one, two in zip(_ends(first), _ends(other), strict=True)
        if one and two and not same_figure(one, two)
    ]
    if not differing:
        return None
    one, two = differing[0]
    unit = f" {first.unit}" if first.unit else ""
    return AuditFinding(
        "figures_disagree",
        Weight.QUESTION,
        study.name,
        f"{first.cell} ({study.title}), against {other.cell} ({other_study.title})",
        f"{first.quantity}: {one}{unit} against {two}{unit}",
        f"{one} and {two} are not one figure at any rounding to the nearest.",
        "Two sources or two definitions behind one phrase.",
    )
