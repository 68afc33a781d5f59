"""What is known of the patients before the days are gone through one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carac.synthetic.coagulation import Consumption, draw_consumption, fibrinogen_balance
from carac.synthetic.course import NEVER, Array, Booleans, Floats, Integers
from carac.synthetic.day_by_day import Given
from carac.synthetic.hazards import (
    DAILY_EVENTS,
    Infections,
    Progression,
    draw_infections,
    draw_progression,
    log_hazard,
    periods,
    personal_states,
)
from carac.synthetic.inflammation import Inflammation, draw_inflammation, endothelial_injury
from carac.synthetic.marrow import Marrow, draw_marrow, haemoglobin_level, neutrophil_counts, wandered
from carac.synthetic.people import People, draw_people
from carac.synthetic.shapes import DAY, stays_after
from carac.synthetic.signs import bedside_signs
from carac.synthetic.treatment import Planned, plan
from carac.synthetic.world import World

#: From this height on, sepsis and IEC-HS are there as states.
PRESENT = 0.3


@dataclass(frozen=True)
class Scene:
    """What is known before the days are gone through; arrays by day are [D, B].

    Parameters
    ----------
    world, seed, patients: as in `random_numbers`.
    people, inflammation, marrow, planned, progression, infections, consumption: see their modules.
    neutrophils: 10^9/L.
    growth_factor: days of granulocyte colony-stimulating factor.
    inflamed: inflammation of all causes.
    endothelium: injury of the vessels.
    signs: of the bedside.
    states: covariates of the hazards, and what else describes the patient, by name.
    """

    world: World
    seed: int
    patients: Integers
    people: People
    inflammation: Inflammation
    marrow: Marrow
    planned: Planned
    progression: Progression
    infections: Infections
    consumption: Consumption
    neutrophils: Floats
    growth_factor: Booleans
    inflamed: Floats
    endothelium: Floats
    signs: dict[str, Array]
    states: dict[str, Array]


def set_scene(world: World, seed: int, patients: Integers) -> Scene:
    """Everything that does not wait for the events of the days.

    Parameters
    ----------
    world, seed, patients: as in `random_numbers`.
    """
    people = draw_people(world, seed, patients)
    inflammation = draw_inflammation(world, seed, patients, people)
    progression = draw_progression(world, seed, patients, people)
    marrow = draw_marrow(world, seed, patients, people, inflammation, progression.day)
    planned = plan(world, seed, patients, people, inflammation)
    neutrophils, growth_factor = neutrophil_counts(world, seed, patients, people, marrow, inflammation.expansion)
    states: dict[str, Array] = {**periods(len(patients)), **personal_states(people)}
    states |= {
        "neutrophils_below_0_5": neutrophils < 0.5,
        "steroid": planned.steroid,
        "progressed": progression.progressed,
    }
    infections = draw_infections(world, seed, patients, states)
    inflamed = all_inflammation(world, inflammation, infections)
    endothelium = endothelial_injury(world, seed, patients, inflamed)
    consumption = draw_consumption(world, seed, patients, inflammation, infections.sepsis)
    states |= states_of_illness(inflammation, infections, planned, consumption, inflamed, endothelium)
    states |= {"marrow": marrow.platelet_production, "line": line_states(world, people)}
    infected = np.maximum(infections.course, infections.sepsis)
    signs = bedside_signs(world, seed, patients, people, inflammation, planned, infected)
    return Scene(
        world, seed, patients, people, inflammation, marrow, planned, progression, infections, consumption,
        neutrophils, growth_factor, inflamed, endothelium, signs, states,
    )  # fmt: skip


def all_inflammation(world: World, inflammation: Inflammation, infections: Infections) -> Floats:
    """Inflammation of all causes, [D, B]: CAR T cells, infections, IEC-HS."""
    infected = world.number("inflammation.course.infection_height") * infections.course
    septic = world.number("inflammation.course.sepsis_height") * infections.sepsis
    hyper = world.number("inflammation.iec_hs.inflammation") * inflammation.iec_hs
    result: Floats = inflammation.expansion + np.maximum(infected, septic) + hyper
    return result


def states_of_illness(
    inflammation: Inflammation,
    infections: Infections,
    planned: Planned,
    consumption: Consumption,
    inflamed: Floats,
    endothelium: Floats,
) -> dict[str, Array]:
    """Illness and treatment of each day, [D, B] each, under the names that the hazard ratios use."""
    crs, icans = inflammation.crs.grade, inflammation.icans.grade
    return {
        "crs": crs,
        "icans": icans,
        "crs_3_or_more": crs >= 3,
        "crs_4": crs == 4,
        "icans_3_or_more": icans >= 3,
        "icans_3_or_more_so_far": np.maximum.accumulate(icans >= 3, axis=0),
        "icans_4": icans == 4,
        "inflammation": inflamed,
        "endothelial_injury": endothelium,
        "hepatic_injury": inflammation.hepatic,
        "iec_hs": inflammation.iec_hs > PRESENT,
        "iec_hs_course": inflammation.iec_hs,
        "sepsis": infections.sepsis > PRESENT,
        "consumption": consumption.course,
        "true_dic": consumption.dic,
        "dic_haemorrhagic": consumption.dic & consumption.haemorrhagic,
        "dic_thrombotic": consumption.dic & ~consumption.haemorrhagic,
        "tocilizumab_effect": planned.tocilizumab_effect,
        "steroid": planned.steroid,
        "hospital": planned.hospital,
    }


def line_states(world: World, people: People) -> Booleans:
    """Days on which the vein of a central line is at risk: while it lies and some days after, [D, B]."""
    has = people["line_day"] != NEVER
    after = world.number("events.features.line_after_removal")
    return has & (people["line_day"] <= DAY) & (people["line_end_day"] + after >= DAY)


def what_is_given(scene: Scene) -> Given:
    """What the days are gone through with."""
    world, seed, patients, states = scene.world, scene.seed, scene.patients, scene.states
    fibrinogen = fibrinogen_balance(
        world, seed, patients, scene.people, scene.inflammation, scene.inflamed, scene.endothelium, scene.planned,
        scene.consumption,
    )  # fmt: skip
    names = ("platelets", "haemoglobin", "fibrinogen")
    ill = stays_after(states["crs_3_or_more"], int(world.number("treatment.fibrinogen_ill_days")))
    return Given(
        people=scene.people,
        platelet_production=scene.marrow.platelet_production,
        haemoglobin_level=haemoglobin_level(world, scene.people, scene.marrow),
        inflamed=scene.inflamed,
        feverish=scene.signs["temperature"] >= 38.0,
        seriously_ill=ill | states["true_dic"] | states["sepsis"],
        hospital=scene.planned.hospital,
        line=states["line"],
        consumption=scene.consumption,
        fibrinogen=fibrinogen,
        wander={name: wandered(world, seed, patients, name) for name in names},
        log_hazard=np.stack([log_hazard(world, event, states) for event in DAILY_EVENTS]),
    )
