"""The whole mechanism in its order: the people and what inflames them, the days one by one, the events, the course."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from carac.synthetic.coagulation import ClottingCauses, clotting_tests
from carac.synthetic.course import DAYS, NEVER, Array, Booleans, Course, Floats, Integers
from carac.synthetic.day_by_day import Days, go_through
from carac.synthetic.events import cause_of_death, counterfactual_rows, event_rows
from carac.synthetic.hazards import DAILY_EVENTS, VENOUS, followed
from carac.synthetic.marrow import lymphocyte_counts
from carac.synthetic.random_numbers import uniforms
from carac.synthetic.scene import PRESENT, Scene, set_scene, what_is_given
from carac.synthetic.shapes import DAY, stays_after
from carac.synthetic.signs import chemistry
from carac.synthetic.treatment import (
    Rows,
    asparaginase_rows,
    course_rows,
    joined,
    lymphodepletion_rows,
    planned_rows,
    rows,
    sign_rows,
)
from carac.synthetic.world import World


def simulate(world: World, seed: int, patients: Integers) -> Course:
    """The whole truth of a batch of patients.

    Parameters
    ----------
    world: every rate and effect.
    seed: of the cohort, 0 or more.
    patients: numbers of the patients, [B], from 1; a patient's course depends on no other patient.
    """
    scene = set_scene(world, seed, np.asarray(patients, dtype=np.int64))
    days = go_through(world, seed, scene.patients, what_is_given(scene))
    states = scene.states | moved_states(scene, days)
    outcome = outcomes(scene, days, states)
    episodes = (scene.inflammation.crs, scene.inflammation.icans)
    events, features = event_rows(world, seed, scene.patients, scene.people, days, scene.infections, episodes, states)
    dead = (days.death_day != NEVER) & (days.death_day < DAY)
    return Course(
        world=world,
        seed=seed,
        patients=scene.patients,
        people=people_columns(scene),
        latent=until_death(latent_values(scene, days), dead),
        state=until_death(states | {"alive": ~dead}, dead),
        signs=until_death(scene.signs, dead),
        treatments=before_death(treatment_rows(scene, days, events), days.death_day),
        events=events,
        event_features=features,
        hazards=all_hazards(scene, days.hazard, dead),
        hazards_without_anticoagulant=all_hazards(scene, days.hazard_without, dead),
        counterfactual_events=counterfactual_rows(days),
        outcome=outcome,
    )


def people_columns(scene: Scene) -> dict[str, Array]:
    """What does not change, with the phenotypes that the mechanism drew."""
    has = scene.consumption.dic.any(axis=0)
    kind = np.where(scene.consumption.haemorrhagic, "haemorrhagic", "thrombotic")
    drawn = {
        "marrow_injury": scene.marrow.injury,
        "phenotype": scene.marrow.phenotype_word,
        "dic_phenotype": np.where(has, kind, "none").astype(object),
        "crs_top": scene.inflammation.crs.top,
        "icans_top": scene.inflammation.icans.top,
    }
    return {name: column for name, column in scene.people.items() if name != "last_contact_day"} | drawn


def until_death(values: Mapping[str, Array], dead: Booleans) -> dict[str, Array]:
    """Arrays by patient and day, [B, D]: no value, or 0, on the days after death.

    Parameters
    ----------
    values: by name, [D, B] or [B].
    dead: days after death, [D, B].
    """
    result = {}
    for name, value in values.items():
        whole = np.broadcast_to(value, dead.shape)
        after = np.nan if value.dtype.kind == "f" else np.zeros((), dtype=value.dtype)
        result[name] = np.where(dead, after, whole).T
    return result


def moved_states(scene: Scene, days: Days) -> dict[str, Array]:
    """States that depend on the days, and the stays in hospital with their complications, [D, B] each."""
    serious = days.severity >= 3
    readmitted = stays_after(serious | scene.infections.septic, int(scene.world.number("treatment.readmission_days")))
    hospital = scene.planned.hospital | readmitted | (scene.states["iec_hs"] & (DAY >= 0))
    critical = stays_after(days.severity >= 4, 4) | (scene.infections.sepsis > 0.8)
    critical = critical | scene.states["crs_3_or_more"] | scene.states["icans_3_or_more"]
    return {
        "platelets_below_50": days.platelets < 50.0,
        "platelets_below_20": days.platelets < 20.0,
        "fibrinogen_below_1_5": days.fibrinogen < 1.5,
        "fibrinogen_below_1_0": days.fibrinogen < 1.0,
        "recent_thrombosis": days.recent_thrombosis,
        "anticoagulated": days.anticoagulated,
        "prophylactic_anticoagulant": days.prophylactic,
        "platelets_without_transfusion": days.own_platelets,
        "marrow_injury": scene.marrow.injury,
        "hospital": hospital | critical,
        "intensive_care": critical,
    }


def latent_values(scene: Scene, days: Days) -> dict[str, Floats]:
    """Value without noise of each analyte at 06:00, in its canonical unit, [D, B]."""
    world, seed, patients, people = scene.world, scene.seed, scene.patients, scene.people
    lymphocytes = lymphocyte_counts(world, seed, patients, people, scene.inflammation.expansion)
    first, last = DAILY_EVENTS.index(VENOUS[0]), DAILY_EVENTS.index(VENOUS[-1])
    thrombosis: Booleans = np.logical_or.reduce(days.happens[first : last + 1], axis=0)
    clots = followed(thrombosis, 12.0)
    others = world.number("marrow.lymphocytes.leukocytes_others")
    blood = {
        "platelets": days.platelets,
        "neutrophils": scene.neutrophils,
        "lymphocytes": lymphocytes,
        "leukocytes": (1.0 + others) * (scene.neutrophils + lymphocytes) + 0.02,
        "haemoglobin": days.haemoglobin,
        "fibrinogen": days.fibrinogen,
    }
    causes = ClottingCauses(
        people["burden"],
        scene.inflammation.hepatic,
        scene.endothelium,
        scene.consumption,
        days.anticoagulated,
        clots,
    )
    tests = clotting_tests(world, seed, patients, causes)
    values = chemistry(
        world, seed, patients, people, scene.inflammation, scene.inflamed, scene.planned, scene.infections.sepsis
    )
    return blood | tests | values


def outcomes(scene: Scene, days: Days, states: dict[str, Array]) -> dict[str, Array]:
    """Death, progression, next therapy and last contact, [B] each; what would follow a death is `NEVER`."""
    death = days.death_day
    progression, therapy = scene.progression.day, scene.progression.next_therapy_day
    progression = np.where((death != NEVER) & (progression > death), NEVER, progression)
    therapy = np.where((death != NEVER) & (therapy > death), NEVER, therapy)
    last = scene.people["last_contact_day"]
    return {
        "death_day": death,
        "cause_of_death": cause_of_death(scene.world, scene.seed, scene.patients, days, progression, states),
        "progression_day": progression,
        "next_therapy_day": therapy,
        "last_contact_day": np.where(death == NEVER, last, np.minimum(last, death)),
    }


def all_hazards(scene: Scene, daily: Floats, dead: Booleans) -> dict[str, Floats]:
    """Hazards by event, [B, D]; 0 after death."""
    hazards = {name: daily[number].T for number, name in enumerate(DAILY_EVENTS)}
    alive = ~dead
    hazards["infection"] = (scene.infections.hazard * alive).T
    hazards["progression"] = (scene.progression.hazard * alive).T
    return hazards


def treatment_rows(scene: Scene, days: Days, events: Rows) -> Rows:
    """Every treatment of the record."""
    world, seed, patients = scene.world, scene.seed, scene.patients
    tables = [lymphodepletion_rows(scene.people), asparaginase_rows(scene.people)]
    tables += planned_rows(world, seed, patients, scene.people, scene.planned)
    tables += sign_rows(world, seed, patients, scene.signs)
    tables += anticoagulant_rows(days)
    tables += transfusion_rows(scene, days, events)
    factor = {"dose": 5.0, "unit": "ug/kg", "route": "subcutaneous", "indication": "neutropenia"}
    tables.append(course_rows(scene.growth_factor, "filgrastim", 12.0, **factor))
    hyper = scene.states["iec_hs_course"] > PRESENT
    tables.append(
        course_rows(hyper, "anakinra", 13.0, dose=100.0, unit="mg", route="subcutaneous", indication="IEC-HS")
    )
    return joined(tables)


def anticoagulant_rows(days: Days) -> list[Rows]:
    """Anticoagulants: heparin at first, later a tablet; prophylaxis apart."""
    early = DAY < 45
    therapy: dict[str, object] = {"intent": "therapeutic", "indication": "thrombosis"}
    heparin: dict[str, object] = {"unit": "mg", "route": "subcutaneous"}
    return [
        course_rows(days.anticoagulated & early, "enoxaparin", 20.0, dose=80.0, **heparin, **therapy),
        course_rows(days.anticoagulated & ~early, "apixaban", 20.0, dose=5.0, unit="mg", route="oral", **therapy),
        course_rows(days.prophylactic, "enoxaparin", 20.0, dose=40.0, **heparin, intent="prophylactic"),
    ]


def transfusion_rows(scene: Scene, days: Days, events: Rows) -> list[Rows]:
    """Platelets, red cells and fibrinogen, with the bleed they were given for."""
    hour = (10.0 + 6.0 * uniforms(scene.seed, scene.patients, "treatment.transfusion_hours", len(DAYS)).T) / 24.0
    bleed = bleed_of_day(events, days.severity.shape)
    person = uniforms(scene.seed, scene.patients, "treatment.concentrate", 1)[:, 0]
    concentrate = person < scene.world.number("treatment.concentrate_share")
    tables = []
    given = {
        "platelets": (days.platelet_transfusion * 1.0, "units"),
        "red_cells": (days.red_cells + days.bleeding_red_cells, "units"),
        "fibrinogen_concentrate": (days.fibrinogen_replaced * concentrate * 3.0, "g"),
        "plasma": (days.plasma * 3.0, "units"),
        "cryoprecipitate": (days.fibrinogen_replaced * ~concentrate * 10.0, "units"),
    }
    for agent, (dose, unit) in given.items():
        patient, day = np.nonzero(dose.T)
        number = bleed[day, patient]
        beyond = np.where(number > 0, 1, 0) if agent == "red_cells" else -1
        number = np.where(number > 0, number, -1)
        start = DAYS[day] + hour[day, patient]
        tables.append(
            rows(patient, start, agent, end_day=start + 0.08, dose=dose[day, patient], unit=unit, route="intravenous",
                 indication=np.where(number > 0, "bleeding", "prophylaxis"), event_number=number, beyond_routine=beyond)
        )  # fmt: skip
    return tables


def bleed_of_day(events: Rows, shape: tuple[int, ...]) -> Integers:
    """Number of the patient's clinically relevant bleed of each day, 0 where there is none, [D, B]."""
    relevant = np.flatnonzero(events["hazard_name"] == "bleeding")
    result = np.zeros(shape, dtype=np.int64)
    day = np.floor(events["onset_day"][relevant]).astype(np.int64) - DAYS[0]
    result[day, events["patient"][relevant]] = events["event_number"][relevant]
    return result


def before_death(treatments: Rows, death_day: Integers) -> Rows:
    """Treatments without what would begin after death; courses end with it.

    Parameters
    ----------
    treatments: rows.
    death_day: or `NEVER`, [B].
    """
    end_of_life = np.where(death_day == NEVER, np.inf, death_day + 1.0)[treatments["patient"]]
    kept = treatments["start_day"] < end_of_life
    result = {name: column[kept] for name, column in treatments.items()}
    result["end_day"] = np.minimum(result["end_day"], end_of_life[kept])
    return result
