"""Facts about each event that the scales of bleeding and the classes of thrombosis ask for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carac.synthetic.course import DAYS, FEATURE_COLUMNS, Array, Integers
from carac.synthetic.day_by_day import FATAL, Days
from carac.synthetic.random_numbers import uniforms
from carac.synthetic.shapes import choice
from carac.synthetic.treatment import Rows
from carac.synthetic.world import World


@dataclass(frozen=True)
class Details:
    """Uniform numbers for the details of what happens on a day, [B, D] each."""

    hour: Array
    site: Array
    first: Array
    second: Array
    third: Array


def draw_details(seed: int, patients: Integers, needed: Array) -> Details:
    """Numbers for the details of events.

    Parameters
    ----------
    seed, patients: as in `random_numbers`.
    needed: positions of the patients who have any event; the others get zeros.
    """
    names = ("hour", "site", "first", "second", "third")
    arrays = [np.zeros((len(patients), len(DAYS))) for _ in names]
    for name, array in zip(names, arrays, strict=True):
        array[needed] = uniforms(seed, patients[needed], f"events.details.{name}", len(DAYS))
    return Details(*arrays)


def said(flag: object) -> str:
    """Yes or no as a record writes it."""
    return "yes" if flag else "no"


def feature_rows(world: World, days: Days, states: dict[str, Array], details: Details, events: Rows) -> Rows:
    """Facts about the events, one row each, as text."""
    rows: list[tuple[int, str, str]] = []
    for row in range(len(events["patient"])):
        name = events["hazard_name"][row]
        patient, day = int(events["patient"][row]), int(np.floor(events["onset_day"][row])) - int(DAYS[0])
        if day < 0 or name == "before_infusion":
            facts = {"symptomatic": "yes", "imaging_confirmed": "yes", "incidental": "no"}
        elif events["kind"][row] == "bleeding":
            facts = bleeding_facts(world, days, states, details, events["site"][row], patient, day)
        elif events["kind"][row] in ("venous", "arterial"):
            facts = thrombosis_facts(world, states, details, name, events["site"][row], patient, day)
        elif events["kind"][row] == "infection":
            facts = {"septic": said(events["code"][row] == "A41.9")}
        else:
            facts = {"recorded_grade:ctcae": str(events["grade"][row])}
        rows += [(row, feature, value) for feature, value in facts.items()]
    result: Rows = {}
    for number, (name, dtype) in enumerate(FEATURE_COLUMNS.items()):
        column = np.empty(len(rows), dtype=dtype)
        column[:] = [fact[number] for fact in rows]
        result[name] = column
    return result


def bleeding_facts(
    world: World, days: Days, states: dict[str, Array], details: Details, site: str, patient: int, day: int
) -> dict[str, str]:
    """Facts about a bleed that follow from its severity and site."""
    severity = int(days.severity[day, patient])
    units = days.bleeding_red_cells[day, patient]
    first, second = details.first[patient, day], details.second[patient, day]
    inpatient = bool(states["hospital"][day, patient])

    def number(name: str) -> float:
        return world.number(f"events.features.{name}")

    attended = severity >= 3 or (severity == 2 and first < number("who_2_treated"))
    facts = {
        "overt": "yes",
        "fatal": said(severity == FATAL),
        "symptomatic": said(severity >= 2),
        "critical_site": said(site in ("intracranial", "retroperitoneal")),
        "haemoglobin_fall": f"{days.haemoglobin_fall[day, patient]:.1f}",
        "red_cell_units": f"{units:.0f}",
        "units_beyond_routine": f"{units:.0f}",
        "medical_intervention": said(attended),
        "invasive_intervention": said(severity >= 3 and first < number("invasive_intervention")),
        "evaluated_face_to_face": said(attended),
        "dedicated_bleeding_evaluation": said(attended),
        "hospitalised_because": said(severity >= 3 and not inpatient),
        "level_of_care_raised": said(severity >= 4 or (severity == 3 and second < number("care_raised"))),
        "life_threatening": said(severity >= 4),
        "haemodynamic_instability": instability(severity, site, second > 1.0 - number("unstable")),
        "tachycardia": said(severity >= 4 and site != "intracranial"),
        "visible": said(not (severity == 1 and site == "haematuria")),
        "occult": said(severity == 1 and site == "haematuria"),
    }
    with_signs = severity == FATAL or second < number("neurological_signs")
    return facts | site_facts(site, severity == 1, first, with_signs)


def instability(severity: int, site: str, unstable: bool) -> str:
    """Word for the circulation during a bleed."""
    if severity >= 4 and site != "intracranial":
        return "severe"
    return "moderate" if severity == 3 and unstable else "none"


def site_facts(site: str, minor: bool, first: float, neurological_signs: bool) -> dict[str, str]:
    """Facts that only some sites have."""
    if site in ("epistaxis", "oropharyngeal"):
        return {"minutes_in_24_h": f"{5 + 20 * first:.0f}" if minor else f"{35 + 90 * first:.0f}"}
    if site == "skin":
        return {"petechiae": "yes", "lesion_size": f"{0.3 + 1.8 * first:.1f}", "deep": "no"}
    if site == "soft_tissue":
        return {"deep": "yes", "lesion_size": f"{4 + 6 * first:.1f}"}
    if site == "invasive_site":
        return {"bleeding_at_invasive_site_minutes": f"{70 + 120 * first:.0f}"}
    if site == "intracranial":
        return {"neurological_signs": said(neurological_signs)}
    return {}


def thrombosis_facts(
    world: World, states: dict[str, Array], details: Details, name: str, site: str, patient: int, day: int
) -> dict[str, str]:
    """Facts about a thrombosis."""
    incidental = name.startswith("venous") and details.first[patient, day] < world.number("events.features.incidental")
    catheter = name == "venous_catheter"
    later = min(day + 1, len(DAYS) - 1)
    facts = {
        "symptomatic": said(not incidental),
        "incidental": said(incidental),
        "imaging_confirmed": "yes",
        "anticoagulant_started": said(states["anticoagulated"][later, patient]),
    }
    if name.startswith("venous"):
        facts |= {"catheter_related": said(catheter), "catheter_in_vein": said(catheter), "septic": "no"}
    if name == "venous_lung":
        multiple = world.number("events.features.subsegmental_multiple")
        vessel = str(choice(details.third[patient, day : day + 1], world.table("events.features.lung_vessel"))[0])
        number = "multiple" if details.second[patient, day] < multiple else "single"
        facts |= {"most_proximal_vessel": vessel, "subsegmental": number if vessel == "subsegmental" else "no"}
    if site == "myocardial_infarction":
        facts["type_2_infarction"] = said(
            details.third[patient, day] < world.number("events.features.type_2_infarction")
        )
    return facts
