"""What the bedside sees: temperature, blood pressure, oxygen, neurological signs, and the chemistry of the blood."""

from __future__ import annotations

import numpy as np

from carac.synthetic.course import DAYS, Array, Floats, Integers
from carac.synthetic.inflammation import Inflammation
from carac.synthetic.marrow import wandered
from carac.synthetic.people import People
from carac.synthetic.random_numbers import normals, uniforms
from carac.synthetic.shapes import DAY, lagged, wandering
from carac.synthetic.treatment import Planned
from carac.synthetic.world import World


def bedside_signs(
    world: World,
    seed: int,
    patients: Integers,
    people: People,
    inflammation: Inflammation,
    planned: Planned,
    infected: Floats,
) -> dict[str, Array]:
    """Signs of each day at their worst, [D, B] each; see the words in `course` for the levels.

    Parameters
    ----------
    world, seed, patients: as in `random_numbers`.
    people, inflammation, planned: what makes them.
    infected: fever of infection, 0 to 1, [D, B].
    """
    crs = inflammation.crs
    hypotension, oxygen = circulation_and_oxygen(world, seed, patients, crs.grade)
    signs: dict[str, Array] = {
        "temperature": temperature(world, seed, patients, inflammation, planned, infected),
        "hypotension": hypotension,
        "oxygen": oxygen,
        "fever_other_cause": (infected > 0.25) & (crs.grade == 0),
    }
    signs |= neurological_signs(world, seed, patients, inflammation.icans.grade)
    seen = uniforms(seed, patients, "signs.iec_hs", 2)
    at_height = inflammation.iec_hs > 0.6
    signs["haemophagocytosis"] = at_height & (seen[:, 0] < world.number("inflammation.iec_hs.haemophagocytosis_seen"))
    signs["spleen_enlarged"] = at_height & (seen[:, 1] < world.number("inflammation.iec_hs.spleen_enlarged"))
    return signs


def temperature(
    world: World, seed: int, patients: Integers, inflammation: Inflammation, planned: Planned, infected: Floats
) -> Floats:
    """Highest temperature of the day in degrees Celsius, [D, B].

    CRS has fever every day, except that after tocilizumab its later days may be without; nobody else has any but with
    an infection.

    Parameters
    ----------
    world, seed, patients: as in `random_numbers`.
    inflammation: CRS and what the CAR T cells inflame.
    planned: tocilizumab and steroids.
    infected: fever of infection, 0 to 1, [D, B].
    """
    number, name = world.number, "inflammation.signs."
    crs, expansion = inflammation.crs.grade, inflammation.expansion
    swing = wandering(seed, patients, "temperature", number(name + "temperature_swing"), 0.4)
    # Nobody has fever without a reason: 37.7 leaves room for the thermometer below 38.0.
    calm = np.clip(number(name + "temperature") + swing, 36.1, 37.7)
    # An axis of grade 2 keeps CRS open without fever once tocilizumab has been given.
    cooled = (planned.tocilizumab_effect > 0.3) & (crs >= 2)
    chance = uniforms(seed, patients, "signs.cooled", len(DAYS)).T
    cool_day = chance < number(name + "without_fever")
    fever = np.clip(number(name + "fever") + number(name + "fever_gain") * expansion + swing, 38.1, 41.0)
    result = np.where((crs >= 1) & ~(cooled & cool_day), fever, calm)
    with_infection = np.clip(37.4 + number(name + "fever_of_infection") * infected + swing, 36.5, 40.8)
    return np.where((infected > 0.25) & (crs == 0), np.maximum(with_infection, 38.0), result)


def circulation_and_oxygen(world: World, seed: int, patients: Integers, crs: Integers) -> tuple[Integers, Integers]:
    """Levels of hypotension and oxygen of which the higher makes the grade of CRS, [D, B].

    Parameters
    ----------
    world, seed, patients: as in `random_numbers`.
    crs: grade, [D, B].
    """
    uniform = uniforms(seed, patients, "signs.axis", 2)
    level = np.maximum(crs - 1, 0)
    lower = np.maximum(level - 1 - (uniform[:, 1] < 0.5), 0)
    pressure_leads = uniform[:, 0] < world.number("inflammation.signs.hypotension_leads")
    both = uniform[:, 0] > 1.0 - world.number("inflammation.signs.both_lead")
    return np.where(pressure_leads | both, level, lower), np.where(pressure_leads, lower, level)


def neurological_signs(world: World, seed: int, patients: Integers, icans: Integers) -> dict[str, Array]:
    """ICE, CAPD, consciousness and the rarer signs that make the grade of ICANS, [D, B] each.

    Parameters
    ----------
    world, seed, patients: as in `random_numbers`.
    icans: grade, [D, B].
    """
    number, name = world.number, "inflammation.signs."
    uniform = uniforms(seed, patients, "signs.neurological", len(DAYS)).T
    person = uniforms(seed, patients, "signs.neurological_person", 4)
    spread = np.floor(uniform * np.array([1, 3, 4, 3, 1])[icans]).astype(np.int64)
    ice = np.array([10, 7, 3, 0, 0])[icans] + spread
    width = np.array([1, 4, 4, 12, 12])[icans]
    capd = np.array([0, 1, 5, 9, 20])[icans] + np.floor(uniform * width).astype(np.int64)
    consciousness = np.array([0, 1, 2, 3, 4])[icans]
    # An aphasic patient of grade 2 or 3 is awake.
    aphasic = (person[:, 0] < number(name + "aphasia")) & (icans == 3)
    consciousness = np.where(aphasic | ((icans == 2) & (uniform < number(name + "awake_moderate"))), 0, consciousness)
    seizure = np.where((icans == 3) & (person[:, 1] < number(name + "seizure.grade_3")), 1, 0)
    seizure = np.where((icans == 4) & (person[:, 1] < number(name + "seizure.grade_4")), 3, seizure)
    oedema = np.where((icans == 4) & (person[:, 2] < number(name + "cerebral_oedema")), 2, 0)
    return {
        "ice": ice,
        "capd": capd,
        "consciousness": consciousness,
        "aphasia": aphasic.astype(np.int64),
        "seizure": seizure,
        "weakness": ((icans == 4) & (person[:, 3] < number(name + "weakness"))).astype(np.int64),
        "raised_pressure": oedema,
    }


def chemistry(
    world: World,
    seed: int,
    patients: Integers,
    people: People,
    inflammation: Inflammation,
    inflamed: Floats,
    planned: Planned,
    sepsis: Floats,
) -> dict[str, Floats]:
    """C-reactive protein, ferritin, interleukin-6, enzymes, creatinine, bilirubin, lipids, albumin, [D, B] each.

    Parameters
    ----------
    world, seed, patients: as in `random_numbers`.
    people, inflammation, planned: what moves them.
    inflamed: inflammation of all causes, [D, B].
    sepsis: its course from 0 to 1, [D, B].
    """
    lasting = lagged(inflamed, world.number("inflammation.markers.slow_half_life"))
    values = proteins_of_inflammation(world, people, inflammation, inflamed, planned)
    own = normals(seed, patients, "signs.chemistry", 7)
    number, personal = world.number, world.table("inflammation.personal")
    name = "inflammation.markers."
    burden = people["burden"]
    values |= liver_tests(world, inflammation, inflamed, lasting, own[:, [1, 2, 4]])
    values["interleukin_6"] = number(name + "interleukin_6") * np.exp(
        personal["interleukin_6"] * own[:, 0]
        + number(name + "interleukin_6_gain") * inflamed
        + number(name + "interleukin_6_blocked") * planned.tocilizumab_effect
    )
    values["lactate_dehydrogenase"] = number(name + "lactate_dehydrogenase") * np.exp(
        number(name + "lactate_dehydrogenase_burden") * burden
        + personal["lactate_dehydrogenase"] * own[:, 3]
        + number(name + "lactate_dehydrogenase_gain") * lasting
        + number(name + "lactate_dehydrogenase_iec_hs") * inflammation.iec_hs
    )
    values["triglycerides"] = number(name + "triglycerides") * np.exp(
        personal["triglycerides"] * own[:, 5]
        + number(name + "triglycerides_gain") * lasting
        + number(name + "triglycerides_blocked") * planned.tocilizumab_effect
        + number(name + "triglycerides_iec_hs") * inflammation.iec_hs
    )
    values["creatinine"] = creatinine(world, people, lasting, sepsis) * np.exp(personal["creatinine"] * own[:, 6])
    albumin = number(name + "albumin") + number(name + "albumin_burden") * burden
    values["albumin"] = np.clip(albumin + number(name + "albumin_gain") * lasting, 1.4, 5.2)
    return wandering_chemistry(world, seed, patients, values)


def liver_tests(
    world: World, inflammation: Inflammation, inflamed: Floats, lasting: Floats, own: Floats
) -> dict[str, Floats]:
    """Both transaminases (U/L) and bilirubin (mg/dL), [D, B] each.

    Parameters
    ----------
    world: effects.
    inflammation: liver injury.
    inflamed, lasting: inflammation of all causes, and what has lasted of it, [D, B].
    own: standard normal, how the patient differs at rest, [B, 3].
    """
    number, personal = world.number, world.table("inflammation.personal")
    name, hepatic = "inflammation.markers.", inflammation.hepatic
    enzyme = number(name + "transaminases") * np.exp(
        personal["transaminases"] * own[:, 0]
        + number(name + "transaminases_gain") * lasting
        + number(name + "transaminases_hepatic") * hepatic
    )
    alanine = enzyme * np.exp(number(name + "alanine_aminotransferase_apart") * own[:, 1])
    aspartate = enzyme * np.exp(number(name + "aspartate_aminotransferase_gain") * inflamed)
    bilirubin = number(name + "bilirubin") * np.exp(
        personal["bilirubin"] * own[:, 2]
        + number(name + "bilirubin_gain") * lasting
        + number(name + "bilirubin_hepatic") * hepatic
    )
    return {
        "alanine_aminotransferase": alanine,
        "aspartate_aminotransferase": aspartate,
        "bilirubin": bilirubin,
    }


def proteins_of_inflammation(
    world: World, people: People, inflammation: Inflammation, inflamed: Floats, planned: Planned
) -> dict[str, Floats]:
    """C-reactive protein (mg/L) and ferritin (ug/L), [D, B]."""
    number, name = world.number, "inflammation.markers."
    # What raised them before lymphodepletion, mostly the tumour, goes with it.
    left = number(name + "c_reactive_protein_calmed")
    calmed = left + (1.0 - left) / (1.0 + np.exp((DAY - 8.0) / 4.0))
    wanted = people["c_reactive_protein"] * calmed + number(name + "c_reactive_protein_gain") * inflamed
    wanted = wanted * (1.0 - number("treatment.tocilizumab_crp_effect") * planned.tocilizumab_effect)
    wanted = wanted * np.where(planned.steroid, 1.0 - number(name + "steroid_damping"), 1.0)
    following = lagged(inflamed, number(name + "ferritin_half_life"))
    ferritin = people["ferritin"] * np.exp(
        number(name + "ferritin_gain") * following + number("inflammation.iec_hs.ferritin") * inflammation.iec_hs
    )
    protein = np.maximum(lagged(wanted, number(name + "c_reactive_protein_half_life")), 0.2)
    return {"c_reactive_protein": protein, "ferritin": ferritin}


def creatinine(world: World, people: People, lasting: Floats, sepsis: Floats) -> Floats:
    """Creatinine in mg/dL by sex and age, and with illness, [D, B]."""
    name = "inflammation.markers.creatinine"
    resting = world.number(name) * np.where(people["sex"] == "female", world.number(name + "_women"), 1.0)
    born = world.number(name + "_child")
    resting = resting * (born + (1.0 - born) * np.minimum(people["age"] / 18.0, 1.0))
    older = np.exp(world.number(name + "_age") * np.clip(people["age"] - 50.0, 0.0, 35.0))
    illness = world.number(name + "_gain") * lasting + world.number(name + "_sepsis") * lagged(sepsis, 1.5)
    result: Floats = resting * older * np.exp(illness)
    return result


def wandering_chemistry(world: World, seed: int, patients: Integers, values: dict[str, Floats]) -> dict[str, Floats]:
    """The values with each patient's own wandering; both transaminases wander together."""
    together = wandered(world, seed, patients, "transaminases")
    result = {}
    for name, value in values.items():
        factor = together if name.endswith("aminotransferase") else wandered(world, seed, patients, name)
        result[name] = value * factor
    return result
