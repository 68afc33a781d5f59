"""The map of the evidence and its gaps: from studies to a figure and a table."""

from __future__ import annotations

from collections.abc import Iterable

import altair as alt

from carac.evidence.study import Study
from carac.evidence.synthesis.gathering import known_window
from carac.evidence.synthesis.question import definition_of, window_of
from carac.report.content import Table
from carac.report.figures.evidence_map import Measured, evidence_map
from carac.vocabulary.study_outcomes import study_outcomes

#: What the map and the gaps are about: the outcomes that the review asks standard endpoints for.
CORE = (
    "arterial_thromboembolism",
    "venous_thromboembolism",
    "bleeding",
    "fatal_bleeding",
    "thrombocytopenia",
    "coagulopathy",
    "disseminated_intravascular_coagulation",
    "hypofibrinogenaemia",
)
#: Designs that follow people themselves; what others have is theirs.
_SECOND_HAND = ("meta_analysis", "review", "guideline")
_SHORT = {"fatal_bleeding": "Fatal bleed", "thrombocytopenia": "Low platelets", "hypofibrinogenaemia": "Low fibrin."}


def own_studies(studies: Iterable[Study]) -> list[Study]:
    """Studies that counted people themselves."""
    return [study for study in studies if study.design not in _SECOND_HAND and study.arms]


def column(outcome: str) -> str:
    """An outcome as a narrow column names it."""
    return _SHORT.get(outcome, study_outcomes()[outcome].column)


def measured(studies: Iterable[Study]) -> list[Measured]:
    """What each study says of each core outcome in its CAR T-cell arms."""
    found = []
    for study in own_studies(studies):
        for one in study.outcomes:
            if one.outcome in CORE and study.arm(one.arm).role == "car_t" and not one.repeats:
                window = _short_window(window_of(*known_window(study, one)))
                definition = definition_of(study, one)
                found.append(Measured(study.title, column(one.outcome), _family(definition), window, one.reported))
    return found


def _family(definition: str) -> str:
    """Trials' own definitions, which are all different, share a letter of the map."""
    return "the trial's own definition, each another" if definition.endswith("'s own definition") else definition


def _short_window(window: str) -> str:
    for long, short in ((" months", " mo"), (" month", " mo"), (" days", " d"), (" year", " y")):
        if window.endswith(long):
            return window.removesuffix(long) + short
    return window.replace("days ", "d ").replace(" to ", "–")


def map_figure(studies: Iterable[Study]) -> alt.TopLevelMixin:
    """The map of the evidence."""
    found = measured(studies)
    columns = [column(name) for name in CORE if any(one.outcome == column(name) for one in found)]
    definitions = len({one.definition for one in found if one.reported and one.definition})
    subtitle = f"{len({one.study for one in found})} studies, {definitions} definitions; empty: the study says nothing"
    return evidence_map(found, columns, "Who measured what, by which definition, by when", subtitle)


def gaps_table(studies: Iterable[Study]) -> Table:
    """Per core outcome: how many studies give it, with a definition, with a window, with both; and who does not."""
    own = own_studies(studies)
    rows = []
    for name in CORE:
        given = {
            study: [
                one
                for one in study.outcomes
                if one.outcome == name and one.reported and study.arm(one.arm).role == "car_t"
            ]
            for study in own
        }
        having = {study: found for study, found in given.items() if found}
        said = [any(one.definition for one in found) for found in having.values()]
        when = [any(any(known_window(study, one)) for one in found) for study, found in having.items()]
        both = sum(a and b for a, b in zip(said, when, strict=True))
        silent = [study.title for study in own if study not in having]
        rows.append(
            (
                study_outcomes()[name].title,
                str(len(having)),
                str(sum(said)),
                str(sum(when)),
                str(both),
                ", ".join(silent) or "–",
            )
        )
    header = ("Outcome", "Studies with it", "say how", "say by when", "say both", "Not in")
    notes = (f"Of {len(own)} studies that counted patients or reports themselves.",)
    return Table("gaps", "What no study, or few, report", header, tuple(rows), notes)
