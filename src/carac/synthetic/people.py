"""Who is treated: product, disease, body, central line, history, and the blood before lymphodepletion."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from carac.synthetic.course import NEVER, Array, Booleans, Floats, Integers
from carac.synthetic.random_numbers import normals, uniforms
from carac.synthetic.shapes import choice
from carac.synthetic.world import World
from carac.vocabulary.products import products

LEUKAEMIA = "b_cell_acute_lymphoblastic_leukaemia"

LINE_TEXT = {
    "peripherally_inserted": "PICC, brachial vein, {side}",
    "jugular": "tunnelled catheter, internal jugular vein, {side}",
    "subclavian_port": "port, subclavian vein, {side}",
}

People = dict[str, Array]


def draw_people(world: World, seed: int, patients: Integers) -> People:
    """Everything about the patients that does not change, [B] each.

    Parameters
    ----------
    world: rates and shares.
    seed, patients: as in `random_numbers`.
    """
    people: People = {}
    people |= treated_with_what(world, seed, patients)
    people |= when(world, seed, patients)
    people |= body(world, seed, patients, people)
    people |= drives(world, seed, patients, people)
    people |= blood_before(world, seed, patients, people)
    people |= central_line(world, seed, patients, people)
    people |= history(world, seed, patients, people)
    return people


def by_setting(world: World, name: str, people: People) -> Floats:
    """The number of each patient from a table by product, [B].

    A product that is given in lymphoma and in leukaemia may have a second number under its name with "_leukaemia".

    Parameters
    ----------
    world, name: of the table.
    people: with product and disease.
    """
    table = world.by_product(name)
    result = np.array([table[product] for product in people["product"]], dtype=np.float64)
    for position in np.flatnonzero(people["disease"] == LEUKAEMIA):
        result[position] = table.get(f"{people['product'][position]}_leukaemia", result[position])
    return result


def by_disease(world: World, name: str, people: People) -> Floats:
    """The number of each patient from a table by disease, [B].

    Parameters
    ----------
    world, name: of the table.
    people: with disease.
    """
    table = world.table(name)
    return np.array([table[disease] for disease in people["disease"]], dtype=np.float64)


def treated_with_what(world: World, seed: int, patients: Integers) -> People:
    """Product, its target and the disease."""
    uniform = uniforms(seed, patients, "people.product", 2)
    product = choice(uniform[:, 0], world.table("population.product_mix"))
    disease: Array = np.empty(len(patients), dtype=object)
    target: Array = np.empty(len(patients), dtype=object)
    for name in sorted(set(product)):
        of_product = product == name
        disease[of_product] = choice(uniform[of_product, 1], world.table(f"population.disease.{name}"))
        target[of_product] = target_of(name)
    return {"product": product, "target": target, "disease": disease}


def target_of(product: str) -> str:
    """The antigen of a product, from the vocabulary."""
    known = products().get(product)
    return known.target if known is not None else ""


def when(world: World, seed: int, patients: Integers) -> People:
    """Date and hour of infusion, on a working day, and the centre."""
    uniform = uniforms(seed, patients, "people.when", 3)
    first = np.datetime64(world.text("population.calendar_start"), "D")
    last = np.datetime64(world.text("population.calendar_end"), "D")
    offset = np.floor(uniform[:, 0] * ((last - first).astype(int) + 1)).astype("timedelta64[D]")
    date = np.minimum(np.busday_offset(first + offset, 0, roll="forward"), np.busday_offset(last, 0, roll="backward"))
    centre = 1 + np.floor(uniform[:, 2] * world.number("population.centres")).astype(int)
    return {
        "infusion_date": date,
        "infusion_hour": 10.0 + 5.0 * uniform[:, 1],
        "centre": np.array([f"centre_{number}" for number in centre], dtype=object),
    }


def body(world: World, seed: int, patients: Integers, people: People) -> People:
    """Age, sex, height and weight; children grow."""
    uniform = uniforms(seed, patients, "people.body", 1)[:, 0]
    normal = normals(seed, patients, "people.body", 3)
    limits = world.table("population.age_limits")
    child_product = (people["product"] == "tisagenlecleucel") & (people["disease"] == LEUKAEMIA)
    means, spreads = (
        by_disease(world, "population.age_mean", people),
        by_disease(world, "population.age_spread", people),
    )
    mean = np.where(child_product, world.number("population.age_mean.paediatric_leukaemia"), means)
    spread = np.where(child_product, world.number("population.age_spread.paediatric_leukaemia"), spreads)
    lowest = np.where(child_product, limits["child_lowest"], limits["adult_lowest"])
    # The label of tisa-cel in leukaemia ends at 25 years.
    age = np.clip(mean + spread * normal[:, 0], lowest, np.where(child_product, 25.9, limits["highest"]))
    female = uniform < world.number("population.female_share")
    height, weight = height_and_weight(world, age, female, normal[:, 1], normal[:, 2])
    sex: Array = np.where(female, "female", "male").astype(object)
    return {"age": np.floor(age), "sex": sex, "height": np.round(height), "weight": np.round(weight, 1)}


def height_and_weight(
    world: World, age: Floats, female: Booleans, taller: Floats, heavier: Floats
) -> tuple[Floats, Floats]:
    """Height (cm) and weight (kg) by age and sex.

    Parameters
    ----------
    world, age (years), female: [B].
    taller, heavier: standard normal deviations, [B].
    """
    name = "population.body."
    adult = np.where(female, world.number(name + "height_women"), world.number(name + "height_men"))
    adult = adult + world.number(name + "height_spread") * np.clip(taller, -2.7, 2.7)
    share = world.number(name + "child_height_share")
    height = adult * np.minimum(1.0, share + (1.0 - share) * age / world.number(name + "grown_at"))
    grown = np.clip((age - 6.0) / 14.0, 0.0, 1.0)
    index = (
        world.number(name + "child_body_mass_index") * (1.0 - grown) + world.number(name + "body_mass_index") * grown
    )
    index = index * np.exp(world.number(name + "body_mass_index_spread") * np.clip(heavier, -2.5, 2.8))
    return height, index * np.square(height / 100.0)


def drives(world: World, seed: int, patients: Integers, people: People) -> People:
    """What a patient brings along: tumour burden, damage of the marrow and drive of inflammation, standard normal."""
    normal = normals(seed, patients, "people.drives", 3)
    with_damage = world.number("baseline.burden_on_damage")
    with_drive = world.number("inflammation.course.burden_on_drive")
    burden = normal[:, 0]
    damage_score = with_damage * burden + np.sqrt(1.0 - with_damage**2) * normal[:, 1]
    median = by_disease(world, "baseline.damage", people)
    damage = median * np.exp(world.number("baseline.damage_spread") * damage_score)
    return {
        "burden": burden,
        "inflammatory_drive": with_drive * burden + np.sqrt(1.0 - with_drive**2) * normal[:, 2],
        "damage_score": damage_score,
        "marrow_damage": damage * world.number("marrow.injury"),
    }


def blood_before(world: World, seed: int, patients: Integers, people: People) -> People:
    """Counts, C-reactive protein and ferritin before lymphodepletion: the inputs of CAR-HEMATOTOX."""
    normal = normals(seed, patients, "people.blood", 6)
    damage, burden = people["marrow_damage"], people["burden"]
    healthy = world.number("baseline.platelets") * np.exp(world.number("baseline.platelets_spread") * normal[:, 0])
    healthy = np.clip(healthy, world.number("baseline.platelets_lowest_healthy"), 420.0)
    neutrophils = world.number("baseline.neutrophils") * np.exp(
        world.number("baseline.neutrophils_spread") * normal[:, 1]
        - world.number("baseline.damage_on_neutrophils") * damage
    )
    haemoglobin = (
        world.number("baseline.haemoglobin")
        + np.where(people["sex"] == "female", world.number("baseline.haemoglobin_women"), 0.0)
        + world.number("baseline.haemoglobin_spread") * normal[:, 2]
        - world.number("baseline.damage_on_haemoglobin") * np.minimum(damage, 3.0)
    )
    protein = world.number("baseline.c_reactive_protein") * np.exp(
        world.number("baseline.c_reactive_protein_burden") * burden
        + world.number("baseline.c_reactive_protein_spread") * normal[:, 3]
    )
    iron = world.number("baseline.ferritin_damage") * people["damage_score"]
    ferritin = world.number("baseline.ferritin") * np.exp(
        world.number("baseline.ferritin_burden") * burden
        + iron
        + world.number("baseline.ferritin_spread") * normal[:, 4]
    )
    lymphocytes = world.number("marrow.lymphocytes.resting") * np.exp(
        world.number("marrow.lymphocytes.resting_spread") * normal[:, 5]
    )
    return {
        "platelets": np.maximum(healthy * np.exp(-world.number("baseline.damage_on_platelets") * damage), 6.0),
        "neutrophils": np.clip(neutrophils, 0.15, 12.0),
        "haemoglobin": np.clip(haemoglobin, 7.2, 16.5),
        "c_reactive_protein": np.clip(protein, 0.3, 250.0),
        "ferritin": np.clip(ferritin, 15.0, 15000.0),
        "lymphocytes": np.clip(lymphocytes, 0.08, 3.0),
    }


def central_line(world: World, seed: int, patients: Integers, people: People) -> People:
    """First day of lymphodepletion; kind, side and days of a central line."""
    uniform = uniforms(seed, patients, "people.line", 3)
    normal = normals(seed, patients, "people.line", 1)[:, 0]
    start = by_setting(world, "population.lymphodepletion_day", people).astype(np.int64)
    has = uniform[:, 0] < world.number("population.line.probability")
    kind = choice(uniform[:, 1], world.table("population.line.kind"))
    side: Array = np.where(uniform[:, 2] < world.number("population.line.right_side"), "right", "left").astype(object)
    kept = world.table("population.line.days_kept")
    median = np.array([kept[word] for word in kind])
    removed = np.maximum(np.floor(median * np.exp(world.number("population.line.days_kept_spread") * normal)), 3)
    placed = start - int(world.number("population.line.days_before_lymphodepletion"))
    placed = np.where(kind == "subclavian_port", -120, placed)
    text = np.array([LINE_TEXT[word].format(side=where) for word, where in zip(kind, side, strict=True)], dtype=object)
    return {
        "lymphodepletion_day": start,
        "line_day": np.where(has, placed, NEVER),
        "line_end_day": np.where(has, removed, NEVER).astype(np.int64),
        "line_vein": np.where(has, kind, "").astype(object),
        "line_text": np.where(has, text, "").astype(object),
        "line_side": np.where(has, side, "").astype(object),
    }


def history(world: World, seed: int, patients: Integers, people: People) -> People:
    """Earlier thrombosis, asparaginase, and the last day on which the record could see the patient."""
    uniform = uniforms(seed, patients, "people.history", 6)
    recent = uniform[:, 0] < world.number("population.thrombosis.recent")
    earlier = uniform[:, 1] < world.number("population.thrombosis.prior")
    leukaemia = people["disease"] == LEUKAEMIA
    given = leukaemia & (uniform[:, 2] < world.number("population.asparaginase.probability"))
    first, last = (
        world.number("population.asparaginase.earliest_day"),
        world.number("population.asparaginase.latest_day"),
    )
    end = np.datetime64(world.text("population.calendar_end"), "D")
    end = end + np.timedelta64(int(world.number("population.follow_up_after_calendar_end")), "D")
    administrative = (end - people["infusion_date"]).astype("timedelta64[D]").astype(np.int64)
    lost = np.floor(-np.log(uniform[:, 4]) / max(world.number("population.loss_to_follow_up"), 1e-12))
    return {
        "prior_thrombosis": earlier,
        "recent_thrombosis_day": np.where(recent, -8 - np.floor(172 * uniform[:, 3]), NEVER).astype(np.int64),
        "asparaginase": given,
        "asparaginase_day": np.where(given, np.floor(first + (last - first) * uniform[:, 5]), NEVER).astype(np.int64),
        "last_contact_day": np.clip(np.minimum(administrative, lost), 0, 365).astype(np.int64),
    }


def severity_uniform(correlation: float, drive: Floats, own: Floats) -> Floats:
    """Uniform numbers that are small where a shared drive is strong, [B].

    Parameters
    ----------
    correlation: with the drive.
    drive, own: standard normal, [B].
    """
    result: Floats = ndtr(-(correlation * drive + np.sqrt(1.0 - correlation**2) * own))
    return result
