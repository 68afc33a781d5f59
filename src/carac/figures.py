"""The figures of the report one by one, for a notebook: each takes a graded cohort and returns the Altair chart.

import carac
from carac import figures

graded = carac.grade("records")
figures.course(graded, "fibrinogen", by="crs_peak")
"""

from __future__ import annotations

from typing import Any

import altair as alt

from carac.analysis import spread as spreads
from carac.analysis.anticoagulation import ENDPOINTS as ANTICOAGULATION
from carac.analysis.anticoagulation import anticoagulation as anticoagulation_of
from carac.analysis.incidence import incidence as incidence_of
from carac.analysis.landmark_analysis import landmark as landmark_of
from carac.analysis.risk import risk as risk_of
from carac.analysis.scores import Request
from carac.analysis.scores import scores as scores_of
from carac.analysis.timing import AROUND
from carac.analysis.timing import timing as timing_of
from carac.analysis.under_reporting import ENDPOINTS
from carac.analysis.under_reporting import under_reporting as under_reporting_of
from carac.endpoints.study import Study
from carac.findings import CaracError
from carac.grading.explanation.gathering import infusion_of
from carac.grading.run import Graded
from carac.report.families import lines
from carac.report.figures.collected import collected_figure
from carac.report.figures.course import course as course_figure
from carac.report.figures.coverage import coverage_figure, severity_figure
from carac.report.figures.decision import Drawn, decision_figure
from carac.report.figures.definition_spread import agreement_figure, combinations_figure, spread_figure
from carac.report.figures.event_axis import event_axis
from carac.report.figures.flow import flow_figure
from carac.report.figures.grade_bars import grade_bars
from carac.report.figures.heat_map import heat_map
from carac.report.figures.incidence_curves import groups_figure, overall_figure
from carac.report.figures.onsets import onset_figure, overlap_figure
from carac.report.figures.patient import patient as patient_figure
from carac.report.figures.places_by_day import places_by_day as places_figure
from carac.report.figures.two_sides import two_sides as two_sides_figure
from carac.report.material import Material, gather
from carac.report.options import Options, with_changes
from carac.report.queries import coverage as tested
from carac.report.queries.events import events as events_of
from carac.report.queries.follow_up import flow as flow_of
from carac.report.queries.heat import order
from carac.report.queries.patient import course_of
from carac.report.queries.sorting import is_sorted
from carac.report.queries.sorting import places_by_day as places_of
from carac.report.queries.tables import HIGHEST, INDICES, LOWEST
from carac.report.questions.anticoagulation import anticoagulation_figure
from carac.report.questions.asked import sentence
from carac.report.questions.risk import risk_figure
from carac.report.sections.heat_map import panels
from carac.report.sections.toxicities import drawn
from carac.report.sections.toxicities import graded as worst_grades
from carac.report.synthetic import is_synthetic

__all__ = [
    "agreement",
    "anticoagulation",
    "combinations",
    "course",
    "coverage",
    "events",
    "flow",
    "grades_by_day",
    "incidence",
    "landmark",
    "onset",
    "overlap",
    "patient",
    "places_by_day",
    "risk",
    "scores",
    "spread",
    "testing",
    "toxicities",
    "two_sides",
    "under_reporting",
]


def _material(graded: Graded, options: dict[str, Any]) -> Material:
    """What a figure is made from; a notebook shows identifiers only where that is asked for."""
    return gather(graded, with_changes(Options(), options), is_synthetic(graded.findings, {}))


def course(graded: Graded, analyte: str, by: str = "crs_peak", **options: Any) -> alt.TopLevelMixin:
    """Median and quartiles of an analyte by day.

    Parameters
    ----------
    graded: a graded cohort.
    analyte: a name of the vocabulary, or ``easix``.
    by: ``crs_peak``, ``icans_peak``, ``product``, ``disease``, ``centre``, ``sex`` or ``none``.
    options: those of a report, such as ``first_day=-7`` and ``last_day=30``, in days after infusion.

    Raises
    ------
    CaracError: an analyte without course, or an unknown option.
    """
    known = (*LOWEST, *HIGHEST, *INDICES)
    if analyte not in known:
        raise CaracError(f"There is no course of {analyte!r}; there are {', '.join(known)}.")
    return course_figure(_material(graded, {"by": by, **options}), analyte)


def toxicities(graded: Graded, **options: Any) -> alt.TopLevelMixin:
    """Worst grades by family, as shares of those graded; versions that grade everybody alike share a bar."""
    material = _material(graded, options)
    return grade_bars(material, drawn(lines(worst_grades(material))))


def grades_by_day(graded: Graded, **options: Any) -> alt.TopLevelMixin:
    """The heat map of grades, a line per infusion."""
    material = _material(graded, options)
    return heat_map(material, panels(material), order(material))


def places_by_day(graded: Graded, **options: Any) -> alt.TopLevelMixin:
    """The places of the sorting of coagulopathy (a proposal) by day, of the infusions of which anything is known.

    Raises
    ------
    CaracError: the sorting was not graded.
    """
    material = _material(graded, options)
    if not is_sorted(material):
        raise CaracError("The sorting of coagulopathy was not graded; ask for sorting_patient_proposal.")
    return places_figure(material, places_of(material))


def events(graded: Graded, **options: Any) -> alt.TopLevelMixin:
    """Bleeding and thrombosis by day of onset."""
    material = _material(graded, options)
    return event_axis(material, events_of(material))


def two_sides(graded: Graded, **options: Any) -> alt.TopLevelMixin:
    """Bleeding and thrombosis on one day axis, with the median platelet and fibrinogen course."""
    material = _material(graded, options)
    return two_sides_figure(material, events_of(material), tested.observed_by_day(material))


def coverage(graded: Graded, **options: Any) -> alt.TopLevelMixin:
    """Who was tested, by analyte and day."""
    material = _material(graded, options)
    return coverage_figure(material, tested.by_day(material))


def testing(graded: Graded, last_day: int = 14, **options: Any) -> alt.TopLevelMixin:
    """How testing depends on the CRS grade of the day, on days 0 to `last_day`."""
    material = _material(graded, options)
    return severity_figure(material, tested.by_severity(material, last_day), last_day)


def flow(graded: Graded, **options: Any) -> alt.TopLevelMixin:
    """Who is included, and who is not."""
    material = _material(graded, options)
    return flow_figure(material, flow_of(material))


def patient(graded: Graded, patient: str, infusion: int = 1, **options: Any) -> alt.TopLevelMixin:
    """Everything about one infusion on one day axis.

    Parameters
    ----------
    patient: patient_id, as in the record.
    infusion: infusion_number.

    Raises
    ------
    CaracError: the cohort has no such patient or infusion; the sentence says which are like it.
    """
    key = (str(patient), infusion_of(graded, patient, infusion))
    material = _material(graded, options)
    return alt.LayerChart.from_dict(patient_figure(material, course_of(material, key)))


# ---- of a study: carac.study(...)


def incidence(study: Study, endpoint: str, by: str = "", window: str = "to_100") -> alt.TopLevelMixin:
    """Cumulative incidence with numbers at risk: of everybody beside the naive estimate, or a curve per group.

    Parameters
    ----------
    study: from `carac.study`.
    endpoint: its name.
    by: what groups are made by, such as ``product``; empty draws everybody.
    window: in which the first event is sought.
    """
    found = incidence_of(study, endpoint, by, window)
    return groups_figure(found, _synthetic(study)) if by else overall_figure(found, _synthetic(study))


def landmark(
    study: Study, endpoint: str, state: str = "crs_any", day: int = 7, window: str = "to_100"
) -> alt.TopLevelMixin:
    """Cumulative incidence after a day, by whether a state was reached by that day."""
    found = landmark_of(study, endpoint, day, (state,), window, ())
    if not found.splits:
        raise CaracError(f"{found.left_out[0][0]} cannot be read: {found.left_out[0][1]}.")
    return groups_figure(found.splits[0].found, _synthetic(study))


def onset(study: Study, *endpoints: str, window: str = "to_100") -> alt.TopLevelMixin:
    """The day of the first event, a lane per endpoint."""
    chosen = study.window(window)
    return onset_figure([timing_of(study, one, chosen) for one in endpoints], chosen.last, _synthetic(study))


def overlap(study: Study, *endpoints: str, window: str = "to_100", around: int = AROUND) -> alt.TopLevelMixin:
    """Overlap of events with CRS, ICANS, low platelets and low fibrinogen, against what chance gives."""
    found = [timing_of(study, one, window, around=(around,)) for one in endpoints]
    return overlap_figure(found, around, _synthetic(study))


def risk(study: Study, endpoint: str, by_day: bool = False, **options: Any) -> alt.TopLevelMixin:
    """Hazard ratios of what is known at infusion, or of what changes by day.

    Parameters
    ----------
    options: those of `carac.risk`, such as ``factors=["age", "prior_thrombosis"]``.
    """
    found = risk_of(study, endpoint, **options)
    return risk_figure(found, found.parts[by_day], _synthetic(study))


def anticoagulation(study: Study, *endpoints: str, window: str = "to_100") -> alt.TopLevelMixin:
    """Hazard ratios on against off anticoagulants, beside the naive ones of ever against never."""
    return anticoagulation_figure(anticoagulation_of(study, endpoints or ANTICOAGULATION, window), _synthetic(study))


def spread(study: Study, topic: str = "coagulopathy", window: str = "0_to_30") -> alt.TopLevelMixin:
    """The incidence of one thing under every published definition of it."""
    found = spreads.spread(study, [topic], window)
    return spread_figure(found.topics[0], str(found.window), _synthetic(study))


def agreement(study: Study, topic: str = "coagulopathy", window: str = "0_to_30") -> alt.TopLevelMixin:
    """How far each two definitions agree about who has it: AC1 and kappa."""
    return agreement_figure(spreads.spread(study, [topic], window).topics[0], _synthetic(study))


def combinations(study: Study, topic: str = "coagulopathy", window: str = "0_to_30") -> alt.TopLevelMixin:
    """Who reaches which definitions together (an UpSet figure)."""
    return combinations_figure(spreads.spread(study, [topic], window).topics[0], _synthetic(study))


def under_reporting(study: Study, *endpoints: str, window: str = "to_365") -> alt.TopLevelMixin:
    """What would have been reported had only serious or symptomatic events, or thirty days, been collected."""
    found = under_reporting_of(study, endpoints or ENDPOINTS, window)
    return collected_figure([one for one in found.endpoints if one.ways], _synthetic(study))


def scores(study: Study, endpoint: str, *markers: str, window: str = "to_100", day: int = 7) -> alt.TopLevelMixin:
    """Decision curves and calibration of scores of one landmark.

    Parameters
    ----------
    endpoint: its name.
    markers: such as ``easix_pre``, ``khorana``; none takes those that are known before the infusion.
    day: landmark of scores that belong to a day.

    Raises
    ------
    CaracError: scores of different landmarks: they are of different people.
    """
    found = scores_of(study, endpoint, window, Request(markers=markers, day=day))
    judged = [one for one in found.scored if one.merit is not None]
    days = {one.ahead.day for one in judged}
    if markers and len(days) > 1:
        raise CaracError("These scores have different landmarks, and are of different people; draw each alone.")
    drawn = [
        Drawn(one.title, one.merit.curve, one.merit.groups)
        for one in judged
        if one.ahead.day == min(days) and one.merit
    ]
    events = judged[0].ahead.days if judged else str(found.window)
    said = f"Scores, events of {events}" if judged else "No score could be judged"
    return decision_figure(sentence(found.title), said, drawn, _synthetic(study))


def _synthetic(study: Study) -> bool:
    return is_synthetic(study.graded.findings, {})
