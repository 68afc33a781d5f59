"""Coagulation: consumption in a minority, what makes and loses fibrinogen, and the clotting tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carac.synthetic.course import Booleans, Floats, Integers
from carac.synthetic.inflammation import Inflammation, by_grade
from carac.synthetic.marrow import wandered
from carac.synthetic.people import People
from carac.synthetic.random_numbers import normals, uniforms
from carac.synthetic.shapes import DAY, bell, lagged
from carac.synthetic.treatment import Planned
from carac.synthetic.world import World


@dataclass(frozen=True)
class Consumption:
    """Consumption of clotting factors.

    Parameters
    ----------
    course: 0 to about 1, [D, B].
    haemorrhagic: whether it is haemorrhagic (else thrombotic), [B].
    dic: days of true disseminated intravascular coagulation, [D, B].
    """

    course: Floats
    haemorrhagic: Booleans
    dic: Booleans


@dataclass(frozen=True)
class FibrinogenBalance:
    """What the day-by-day balance of fibrinogen needs.

    Parameters
    ----------
    resting: g/L, [B].
    production: as share of that at rest, [D, B].
    loss: share lost per day, [D, B].
    """

    resting: Floats
    production: Floats
    loss: Floats


def draw_consumption(
    world: World, seed: int, patients: Integers, inflammation: Inflammation, sepsis: Floats
) -> Consumption:
    """Consumption with severe CRS, sepsis or IEC-HS, each drawn for itself.

    Parameters
    ----------
    world, seed, patients: as in `random_numbers`.
    inflammation: CRS and IEC-HS.
    sepsis: its course from 0 to 1, [D, B].
    """
    uniform = uniforms(seed, patients, "coagulation.consumption", 4)
    normal = normals(seed, patients, "coagulation.consumption", 3)
    chance = world.number("coagulation.consumption_probability")
    share = world.table("coagulation.consumption_share")
    delay = world.number("coagulation.consumption_delay")
    rise = world.number("coagulation.consumption_rise")
    fall = world.number("coagulation.consumption_fall")
    has_sepsis = sepsis.max(axis=0) > 0
    causes = (
        (by_grade(world, "coagulation.consumption_share", inflammation.crs.top), inflammation.peak_day, 1.0),
        (share["sepsis"] * has_sepsis, DAY[sepsis.argmax(axis=0), 0], 1.0),
        (share["iec_hs"] * inflammation.iec_hs_top, DAY[inflammation.iec_hs.argmax(axis=0), 0], 1.5),
    )
    course = np.zeros(sepsis.shape)
    for number, (factor, day, longer) in enumerate(causes):
        has = uniform[:, number] < chance * factor
        height = world.number("coagulation.consumption_height") * np.exp(
            world.number("coagulation.consumption_height_spread") * normal[:, number]
        )
        shape = height * bell(day + delay, longer * rise, longer * fall)
        course = np.maximum(course, np.where(has, shape, 0.0))
    haemorrhagic = uniform[:, 3] < world.number("coagulation.haemorrhagic_share")
    return Consumption(course, haemorrhagic, course >= world.number("coagulation.dic_above"))


def by_kind(world: World, name: str, consumption: Consumption) -> Floats:
    """The number of each patient from a table with haemorrhagic and thrombotic, [B]."""
    table = world.table(name)
    return np.where(consumption.haemorrhagic, table["haemorrhagic"], table["thrombotic"])


def fibrinogen_balance(
    world: World,
    seed: int,
    patients: Integers,
    people: People,
    inflammation: Inflammation,
    inflamed: Floats,
    endothelium: Floats,
    planned: Planned,
    consumption: Consumption,
) -> FibrinogenBalance:
    """Production and loss of fibrinogen on each day.

    Parameters
    ----------
    world, seed, patients: as in `random_numbers`.
    people, inflammation, planned, consumption: what moves it.
    inflamed, endothelium: inflammation of all causes and injury of the vessels, [D, B].
    """
    normal = normals(seed, patients, "coagulation.fibrinogen", 2)
    resting = world.number("coagulation.fibrinogen") * np.exp(
        world.number("coagulation.fibrinogen_burden") * people["burden"]
        + world.number("inflammation.personal.fibrinogen") * normal[:, 0]
    )
    damped = np.where(planned.steroid, 1.0 - world.number("inflammation.markers.steroid_damping"), 1.0)
    gain = world.number("coagulation.fibrinogen_acute_phase")
    acute = 1.0 + damped * gain * inflamed / (inflamed + world.number("coagulation.fibrinogen_acute_half"))
    liver = 1.0 - world.number("coagulation.fibrinogen_hepatic") * np.minimum(inflammation.hepatic, 1.0)
    hyper = 1.0 - world.number("inflammation.iec_hs.fibrinogen") * inflammation.iec_hs
    production = (
        acute * liver * hyper * blocked(world, seed, patients, planned, normal[:, 1]) * asparaginase_left(world, people)
    )
    loss = (
        np.log(2.0) / world.number("coagulation.fibrinogen_half_life")
        + world.number("coagulation.fibrinogen_loss") * np.square(endothelium)
        + by_kind(world, "coagulation.consumption_on_fibrinogen", consumption) * consumption.course
    )
    return FibrinogenBalance(resting, production, loss)


def blocked(world: World, seed: int, patients: Integers, planned: Planned, normal: Floats) -> Floats:
    """Share of fibrinogen production that tocilizumab leaves, [D, B].

    Parameters
    ----------
    world: mean effect and how much patients differ.
    seed, patients: as in `random_numbers`.
    planned: blockade.
    normal: standard normal, [B].
    """
    effect = world.number("treatment.tocilizumab_fibrinogen_effect")
    if effect <= 0.0:
        return np.ones(planned.tocilizumab_effect.shape)
    left = (1.0 - effect) * np.exp(world.number("treatment.tocilizumab_effect_spread") * normal)
    responds = uniforms(seed, patients, "coagulation.responds", 1)[:, 0] < world.number(
        "treatment.tocilizumab_responders"
    )
    left = np.where(responds, left, 1.0)
    result: Floats = 1.0 - (1.0 - np.minimum(left, 1.0)) * planned.tocilizumab_effect
    return result


def asparaginase_left(world: World, people: People) -> Floats:
    """Share of production that asparaginase leaves, [D, B]."""
    since = DAY - people["asparaginase_day"]
    share = 0.5 ** (np.maximum(since - 7.0, 0.0) / world.number("coagulation.asparaginase_days"))
    given = people["asparaginase"] & (since >= 0)
    onset = np.clip(since / 7.0, 0.0, 1.0)
    return np.where(given, 1.0 - world.number("coagulation.fibrinogen_asparaginase") * share * onset, 1.0)


@dataclass(frozen=True)
class ClottingCauses:
    """What moves the clotting tests; arrays by day are [D, B].

    Parameters
    ----------
    burden: of the tumour, standard deviations, [B].
    hepatic, endothelium: injuries of liver and vessels.
    consumption: of clotting factors.
    anticoagulated: days of therapeutic anticoagulants.
    thrombosis: 1 at a new thrombosis, fading.
    """

    burden: Floats
    hepatic: Floats
    endothelium: Floats
    consumption: Consumption
    anticoagulated: Booleans
    thrombosis: Floats


def clotting_tests(world: World, seed: int, patients: Integers, causes: ClottingCauses) -> dict[str, Floats]:
    """D-dimer, degradation products, prothrombin time with its INR, and aPTT, [D, B] each.

    Parameters
    ----------
    world, seed, patients: as in `random_numbers`.
    causes: what moves them.
    """
    own = normals(seed, patients, "coagulation.tests", 3)
    return fibrinolysis_tests(world, seed, patients, causes, own[:, 0]) | clotting_times(
        world, seed, patients, causes, own[:, 1:]
    )


def fibrinolysis_tests(
    world: World, seed: int, patients: Integers, causes: ClottingCauses, own: Floats
) -> dict[str, Floats]:
    """D-dimer (mg/L FEU) and fibrin degradation products (ug/mL), [D, B] each.

    Parameters
    ----------
    world, seed, patients: as in `random_numbers`.
    causes: what moves them.
    own: standard normal, how the patient differs at rest, [B].
    """
    name, consumption = "coagulation.", causes.consumption
    logarithm = (
        np.log(world.number(name + "d_dimer"))
        + world.number(name + "d_dimer_burden") * causes.burden
        + world.number("inflammation.personal.d_dimer") * own
        + world.number(name + "d_dimer_gain") * causes.endothelium
        + by_kind(world, name + "consumption_on_d_dimer", consumption) * consumption.course
        + world.number(name + "d_dimer_thrombosis") * causes.thrombosis
    )
    # Rare sums of all causes stay within what laboratories report.
    d_dimer = np.exp(np.minimum(logarithm, np.log(150.0))) * wandered(world, seed, patients, "d_dimer")
    fibrinolysis = world.number(name + "fibrin_degradation_fibrinolysis") * consumption.course
    products = world.number(name + "fibrin_degradation_products") * d_dimer**0.8
    return {
        "d_dimer": d_dimer,
        "fibrin_degradation_products": products * np.exp(fibrinolysis * consumption.haemorrhagic),
    }


def clotting_times(
    world: World, seed: int, patients: Integers, causes: ClottingCauses, own: Floats
) -> dict[str, Floats]:
    """Prothrombin time (s), its INR, and aPTT (s), [D, B] each.

    Parameters
    ----------
    world, seed, patients: as in `random_numbers`.
    causes: what moves them.
    own: standard normal, how the patient differs at rest, [B, 2].
    """
    name, vessels = "coagulation.", np.square(causes.endothelium)
    used = lagged(causes.consumption.course, 1.0)
    inr = (
        np.log(world.number(name + "inr"))
        + world.number("inflammation.personal.prothrombin_time") * own[:, 0]
        + world.number(name + "inr_gain") * vessels
        + world.number(name + "inr_hepatic") * causes.hepatic
        + world.number(name + "consumption_on_inr") * used
    )
    aptt = (
        np.log(world.number(name + "aptt"))
        + world.number("inflammation.personal.aptt") * own[:, 1]
        + world.number(name + "aptt_gain") * vessels
        + world.number(name + "aptt_hepatic") * causes.hepatic
        + world.number(name + "consumption_on_aptt") * used
        + world.number(name + "aptt_anticoagulant") * causes.anticoagulated
    )
    ratio = np.exp(inr) * wandered(world, seed, patients, "prothrombin_time")
    return {
        # One reagent with a sensitivity index of 1, so that seconds and INR always agree.
        "prothrombin_time": ratio * world.number(name + "normal_prothrombin_time"),
        "inr": ratio,
        "aptt": np.exp(aptt) * wandered(world, seed, patients, "aptt"),
    }
