"""The marrow: its injury, production of platelets, neutrophils and red cells, and the counts that follow quickly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from carac.synthetic.course import NEVER, Array, Booleans, Floats, Integers
from carac.synthetic.inflammation import Inflammation
from carac.synthetic.people import People
from carac.synthetic.random_numbers import normals, uniforms
from carac.synthetic.shapes import DAY, bell, step_down, wandering
from carac.synthetic.world import World

PHENOTYPES = ("quick", "intermittent", "aplastic")


@dataclass(frozen=True)
class Marrow:
    """Marrow of each patient.

    Parameters
    ----------
    injury: about 1 in the average patient, 0 where there is none, [B].
    phenotype: of neutrophil recovery, position in `PHENOTYPES`, [B].
    platelet_production: as share of the patient's own before lymphodepletion, [D, B].
    neutrophil_production: likewise, [D, B].
    healed: damage before lymphodepletion that remission has healed, [D, B].
    """

    injury: Floats
    phenotype: Integers
    platelet_production: Floats
    neutrophil_production: Floats
    healed: Floats

    @property
    def phenotype_word(self) -> Array:
        """Phenotype as a word, [B]."""
        result: Array = np.array(PHENOTYPES, dtype=object)[self.phenotype]
        return result


def draw_marrow(
    world: World, seed: int, patients: Integers, people: People, inflammation: Inflammation, progression_day: Integers
) -> Marrow:
    """Injury, phenotype and production of each patient.

    Parameters
    ----------
    world, seed, patients: as in `random_numbers`.
    people, inflammation: what injures the marrow.
    progression_day: end of remission, or `NEVER`, [B].
    """
    normal = normals(seed, patients, "marrow.injury", 1)[:, 0]
    logarithm = (
        np.log(world.number("marrow.injury_median"))
        + world.number("marrow.injury_by_damage") * people["damage_score"]
        + world.number("marrow.injury_by_burden") * people["burden"]
        + world.number("marrow.injury_by_inflammation") * (inflammation.peak - 0.5)
        + world.number("marrow.injury_spread") * normal
    )
    injury = world.number("marrow.injury") * np.exp(logarithm)
    phenotype = draw_phenotype(world, uniforms(seed, patients, "marrow.phenotype", 2), logarithm)
    healed = healing(world, people, progression_day)
    platelets = platelet_production(world, seed, patients, injury, phenotype, inflammation)
    neutrophils = neutrophil_production(world, seed, patients, injury, phenotype, inflammation)
    return Marrow(
        injury,
        phenotype,
        platelets * np.exp(world.number("baseline.damage_on_platelets") * healed),
        neutrophils * np.exp(world.number("baseline.damage_on_neutrophils") * healed),
        healed,
    )


def healing(world: World, people: People, progression_day: Integers) -> Floats:
    """Damage before lymphodepletion that remission has healed, in units of damage, [D, B]."""
    end = np.where(progression_day == NEVER, DAY[-1, 0], progression_day)
    days = np.maximum(np.minimum(DAY, end) - world.number("marrow.remission_from"), 0.0)
    share = 1.0 - 0.5 ** (days / world.number("marrow.remission_half_time"))
    result: Floats = world.number("marrow.remission_share") * people["marrow_damage"] * share
    return result


def haemoglobin_level(world: World, people: People, marrow: Marrow) -> Floats:
    """Haemoglobin that the production of the day would keep up, g/dL, [D, B]."""
    injured = marrow.platelet_production / np.exp(world.number("baseline.damage_on_platelets") * marrow.healed)
    share = np.minimum(injured, 1.0) ** world.number("marrow.haemoglobin.production_share")
    healed = world.number("baseline.damage_on_haemoglobin") * np.minimum(marrow.healed, 3.0)
    result: Floats = (people["haemoglobin"] + healed) * share
    return result


def draw_phenotype(world: World, uniform: Floats, injury: Floats) -> Integers:
    """Phenotype of neutrophil recovery, [B].

    Parameters
    ----------
    world: shares at average injury and how much injury decides.
    uniform: [B, 2].
    injury: its logarithm, [B].
    """
    slope = world.number("marrow.phenotype_by_injury")
    aplastic = uniform[:, 0] < expit(logit(world.number("marrow.aplastic_share")) + slope * injury)
    second = uniform[:, 1] < expit(logit(world.number("marrow.intermittent_share")) + 0.5 * slope * injury)
    return np.select([aplastic, second], [2, 1], 0).astype(np.int64)


def by_phenotype(world: World, name: str, phenotype: Integers) -> Floats:
    """The number of each patient from a table by phenotype, [B]."""
    table = world.table(name)
    return np.array([table[word] for word in PHENOTYPES])[phenotype]


def platelet_production(
    world: World, seed: int, patients: Integers, injury: Floats, phenotype: Integers, inflammation: Inflammation
) -> Floats:
    """Production of platelets, two troughs deep by injury, as share of that before lymphodepletion, [D, B]."""
    name = "marrow.platelets."
    normal = normals(seed, patients, "marrow.platelets", 3)
    uneven = np.exp(world.number(name + "unevenness") * normal[:, 1])
    early = bell(world.number(name + "early_day"), world.number(name + "early_rise"), world.number(name + "early_fall"))
    late_day = world.number(name + "late_day") + world.number(name + "late_day_spread") * normal[:, 0]
    # The longer the deeper: the worst marrows recover last.
    fall = world.number(name + "late_fall") * np.clip(injury, 0.4, 2.5) ** 0.5
    late = bell(late_day, world.number(name + "late_rise"), fall)
    late_depth = world.number(name + "late") * by_phenotype(world, name + "late_by_phenotype", phenotype) / uneven
    depth = world.number(name + "early") * uneven * early
    depth = depth + world.number(name + "inflammation") * inflammation.expansion
    depth = depth + world.number("inflammation.iec_hs.marrow") * inflammation.iec_hs
    recovered = np.where(DAY < 0, 0.0, -np.log(world.number(name + "recovered")) * np.minimum(DAY / 60.0, 1.0))
    result: Floats = np.exp(
        -injury * (depth + recovered) - injury ** world.number(name + "late_power") * late_depth * late
    )
    return result


def neutrophil_production(
    world: World, seed: int, patients: Integers, injury: Floats, phenotype: Integers, inflammation: Inflammation
) -> Floats:
    """Production of neutrophils: the trough of lymphodepletion, then by phenotype, [D, B]."""
    name = "marrow.neutrophils."
    normal = normals(seed, patients, "marrow.neutrophils", 4)
    # Lymphodepletion empties every marrow that can be injured; how long it lasts depends on the patient's injury.
    exposed = min(world.number("marrow.injury"), 1.5)
    fall = world.number(name + "lymphodepletion_fall") * np.clip(injury, 0.3, 4.0) ** world.number(
        name + "lymphodepletion_power"
    )
    trough = bell(world.number(name + "lymphodepletion_day"), world.number(name + "lymphodepletion_rise"), fall)
    differs = np.exp(world.number(name + "lymphodepletion_spread") * normal[:, 3])
    depth = exposed * world.number(name + "lymphodepletion") * differs * trough
    end = world.number(name + "aplastic_end") * np.exp(world.number(name + "aplastic_end_spread") * normal[:, 0])
    plateau = step_down(end, 2.0) * (1.0 - step_down(np.zeros_like(end), 1.2))
    aplasia = np.where(phenotype == 2, exposed * world.number(name + "aplastic_depth") * plateau, 0.0)
    second_day = world.number(name + "second_day") + world.number(name + "second_day_spread") * normal[:, 1]
    second_day = np.where(phenotype == 2, np.maximum(second_day, end + 10.0), second_day)
    second = bell(second_day, world.number(name + "second_rise"), world.number(name + "second_fall"))
    second = by_phenotype(world, name + "second", phenotype) * second * np.clip(injury, 0.0, 2.0) ** 0.5
    second = second * np.exp(world.number(name + "second_spread") * normal[:, 2])
    relative = world.number(name + "iec_hs") * world.number("inflammation.iec_hs.marrow")
    result: Floats = np.exp(-(np.maximum(depth, aplasia) + second + relative * injury * inflammation.iec_hs))
    return result


def neutrophil_counts(
    world: World, seed: int, patients: Integers, people: People, marrow: Marrow, inflamed: Floats
) -> tuple[Floats, Array]:
    """Neutrophils, and the days on which granulocyte colony-stimulating factor is given, [D, B] each.

    Parameters
    ----------
    world, seed, patients: as in `random_numbers`.
    people, marrow: counts before and production after.
    inflamed: inflammation, which lets neutrophils leave the marrow, [D, B].
    """
    share = 1.0 - np.exp(-1.0 / world.number("marrow.neutrophils.lifetime"))
    boost = world.number("marrow.neutrophils.growth_factor")
    chance = world.number("treatment.growth_factor_probability")
    treated = uniforms(seed, patients, "treatment.growth_factor", 1)[:, 0] < chance
    start = world.number("treatment.growth_factor_below")
    stop = world.number("treatment.growth_factor_stop")
    first_day = world.number("treatment.growth_factor_from")
    last_day = world.number("treatment.growth_factor_until")
    leaving = world.number("marrow.neutrophils.leaving")
    wanted = people["neutrophils"] * marrow.neutrophil_production * (1.0 + leaving * np.minimum(inflamed, 1.0))
    result = np.empty_like(wanted)
    given = np.zeros(wanted.shape, dtype=bool)
    level = wanted[0]
    giving: Booleans = np.zeros(len(patients), dtype=bool)
    for day, production in enumerate(wanted):
        level = level + share * (production * np.exp(boost * giving) - level)
        result[day] = level
        may = treated & (DAY[day, 0] >= first_day) & (DAY[day, 0] <= last_day)
        giving = may & np.where(giving, level < stop, level < start)
        given[day] = giving
    wander = wandered(world, seed, patients, "neutrophils")
    return np.maximum(result * wander, 0.0), given


def lymphocyte_counts(world: World, seed: int, patients: Integers, people: People, expansion: Floats) -> Floats:
    """Lymphocytes: emptied by lymphodepletion, CAR T cells, slow return, [D, B]."""
    name = "marrow.lymphocytes."
    emptied = 1.0 - step_down(people["lymphodepletion_day"] + 1.5, 0.6)
    returned = 0.9 * (1.0 - 0.5 ** (np.maximum(DAY - 5.0, 0.0) / world.number(name + "recovery_half_time")))
    resting = people["lymphocytes"]
    own = resting * (1.0 - emptied) + emptied * (world.number(name + "depleted") + resting * returned)
    peak = world.number(name + "expansion") * expansion.max(axis=0)
    cells = peak * bell(world.number(name + "expansion_day"), 2.2, 5.0)
    result: Floats = (own + cells) * wandered(world, seed, patients, "lymphocytes")
    return result


def wandered(world: World, seed: int, patients: Integers, name: str) -> Floats:
    """Factor by which a quantity wanders around its course, [D, B].

    Parameters
    ----------
    world: sizes and memory.
    seed, patients: as in `random_numbers`.
    name: of the quantity.
    """
    size = world.number(f"inflammation.wandering.{name}")
    result: Floats = np.exp(
        wandering(seed, patients, name, size, world.number("inflammation.markers.wandering_memory"))
    )
    return result
