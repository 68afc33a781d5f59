"""The events of the record: what bled, clotted or was infected, where, how badly and why."""

from __future__ import annotations

import numpy as np

from carac.synthetic.course import COUNTERFACTUAL_COLUMNS, DAYS, EVENT_COLUMNS, NEVER, Array, Integers
from carac.synthetic.day_by_day import FATAL, Days
from carac.synthetic.event_features import Details, draw_details, feature_rows
from carac.synthetic.hazards import DAILY_EVENTS, Infections
from carac.synthetic.inflammation import Episode
from carac.synthetic.people import People, by_setting
from carac.synthetic.random_numbers import uniforms
from carac.synthetic.shapes import choice
from carac.synthetic.treatment import Rows
from carac.synthetic.world import World

LINE_VESSEL = {
    "peripherally_inserted": "brachial vein",
    "jugular": "internal jugular vein",
    "subclavian_port": "subclavian vein",
}
KINDS = {"bleeding": "bleeding", "bleeding_minor": "bleeding", "arterial": "arterial"}

#: Codes of neurological adverse events (ICD-10-CM): what ICANS is reported as, and the others.
ENCEPHALOPATHY = "G93.40"
OTHER_NEUROLOGICAL = {
    "headache": "R51.9",
    "tremor": "R25.1",
    "dizziness": "R42",
    "paraesthesia": "R20.2",
    "confusion": "R41.0",
}


def table(columns: dict[str, object], number: int) -> Rows:
    """Rows of the table of events; what is not named is empty.

    Parameters
    ----------
    columns: one value or [n] by name.
    number: of rows, n.
    """
    empty: dict[str, object] = {
        "end_day": np.nan,
        "event_number": 0,
        "hazard": np.nan,
        "hazard_ratio": np.nan,
        "grade": -1,
    }
    result: Rows = {}
    for name, dtype in EVENT_COLUMNS.items():
        column = np.empty(number, dtype=dtype)
        column[:] = columns.get(name, empty.get(name, ""))
        result[name] = column
    return result


def event_rows(
    world: World,
    seed: int,
    patients: Integers,
    people: People,
    days: Days,
    infections: Infections,
    episodes: tuple[Episode, Episode],
    states: dict[str, Array],
) -> tuple[Rows, Rows]:
    """Events in the order of patient and time, and their features.

    Parameters
    ----------
    world, seed, patients: as in `random_numbers`.
    people, days, infections: what happened to whom.
    episodes: CRS and ICANS.
    states: of the day, [D, B], for the cause.
    """
    needed = np.flatnonzero(days.happens[:-1].any(axis=(0, 1)) | infections.happens.any(axis=0))
    details = draw_details(seed, patients, needed)
    tables = [daily_rows(world, people, days, states, details, name) for name in DAILY_EVENTS if name != "death"]
    tables.append(infection_rows(infections, details))
    tables.append(neurological_rows(world, seed, patients, people, episodes[1]))
    tables.append(earlier_rows(people))
    joined = {name: np.concatenate([part[name] for part in tables]) for name in EVENT_COLUMNS}
    # What is dated after a death did not happen.
    death = days.death_day[joined["patient"]]
    kept = (death == NEVER) | (joined["onset_day"] < death + 1)
    order = np.lexsort((joined["onset_day"], joined["patient"]))
    order = order[kept[order]]
    events = {name: column[order] for name, column in joined.items()}
    events["event_number"] = numbered(events["patient"])
    return events, feature_rows(world, days, states, details, events)


def numbered(patient: Integers) -> Integers:
    """Number of each row within its patient, from 1; the rows are in the order of patients."""
    first = np.r_[True, patient[1:] != patient[:-1]] if len(patient) else np.zeros(0, dtype=bool)
    position = np.arange(len(patient))
    return position - np.maximum.accumulate(np.where(first, position, 0)) + 1


def daily_rows(world: World, people: People, days: Days, states: dict[str, Array], details: Details, name: str) -> Rows:
    """Rows of one of the events that are drawn day by day."""
    number = DAILY_EVENTS.index(name)
    patient, day = np.nonzero(days.happens[number].T)
    uniform = details.site[patient, day]
    severity = days.severity[day, patient]
    kind = KINDS.get(name, "venous")
    lasts = np.where(severity >= 3, 4.0, np.where(severity >= 1, 1.5, np.nan)) if kind == "bleeding" else np.nan
    onset = DAYS[day] + details.hour[patient, day]
    catheter = name == "venous_catheter"
    side = np.where(details.second[patient, day] < 0.5, "left", "right").astype(object)
    has_side = name == "venous_leg"
    hazard = days.hazard[number][day, patient]
    columns: dict[str, object] = {
        "patient": patient,
        "onset_day": onset,
        "end_day": onset + lasts,
        "kind": kind,
        "site": sites(world, name, severity, uniform),
        "vessel": [LINE_VESSEL.get(word, "") for word in people["line_vein"][patient]] if catheter else "",
        "side": people["line_side"][patient] if catheter else side if has_side else "",
        "cause": causes(name, day, patient, states),
        "hazard_name": name,
        "hazard": hazard,
        "hazard_ratio": hazard / world.number(f"events.base_rate.{name}") if len(hazard) else hazard,
        "grade": severity if kind == "bleeding" else -1,
    }
    return table(columns, len(patient))


def sites(world: World, name: str, severity: Integers, uniform: Array) -> Array:
    """Site of each event, a word of the vocabulary, [n]."""
    features = "events.features."
    if name == "bleeding":
        severe = choice(uniform, world.table(features + "bleeding_site_severe"))
        return np.where(severity >= 4, severe, choice(uniform, world.table(features + "bleeding_site")))
    tables = {
        "bleeding_minor": "bleeding_site_minor",
        "venous_leg": "venous_leg_site",
        "venous_splanchnic": "venous_splanchnic_site",
        "arterial": "arterial_site",
    }
    if name in tables:
        return choice(uniform, world.table(features + tables[name]))
    words = {"venous_catheter": "deep_vein_upper", "venous_lung": "pulmonary_embolism"}
    return np.full(len(uniform), words.get(name, "cerebral_venous_sinus"), dtype=object)


def causes(name: str, day: Integers, patient: Integers, states: dict[str, Array]) -> Array:
    """What stands behind each event, as the mechanism has it: the first that applies, [n]."""
    consumed = states["true_dic"][day, patient] > 0
    if name.startswith("bleeding"):
        reasons = {
            "consumption": consumed,
            "marrow": states["platelets_below_50"][day, patient] > 0,
            "fibrinogen": states["fibrinogen_below_1_5"][day, patient] > 0,
            "anticoagulant": states["anticoagulated"][day, patient] > 0,
        }
        return np.select(list(reasons.values()), list(reasons), "other").astype(object)
    if name == "venous_catheter":
        return np.full(len(day), "catheter", dtype=object)
    inflamed = states["inflammation"][day, patient] > 0.3
    return np.select([consumed, inflamed], ["consumption", "inflammation"], "disease").astype(object)


def infection_rows(infections: Infections, details: Details) -> Rows:
    """Rows of infections."""
    patient, day = np.nonzero(infections.happens.T)
    septic = infections.septic[day, patient]
    onset = DAYS[day] + details.hour[patient, day]
    columns: dict[str, object] = {
        "patient": patient,
        "onset_day": onset,
        "end_day": onset + np.where(septic, 9.0, 5.0),
        "kind": "infection",
        "code": np.where(septic, "A41.9", "B99.9").astype(object),
        "cause": "infection",
        "hazard_name": "infection",
        "hazard": infections.hazard[day, patient],
    }
    return table(columns, len(patient))


def neurological_rows(world: World, seed: int, patients: Integers, people: People, icans: Episode) -> Rows:
    """Neurological adverse events as trials count them: encephalopathy of ICANS, and others such as headache."""
    uniform = uniforms(seed, patients, "events.neurological", 4)
    chance = by_setting(world, "inflammation.other_neurological", people)
    other = (icans.top == 0) & (uniform[:, 0] < chance)
    severe = uniform[:, 1] < by_setting(world, "inflammation.other_neurological_severe", people)
    moderate = uniform[:, 1] > 1.0 - world.number("events.features.other_neurological_moderate")
    latest = world.number("events.features.other_neurological_latest")
    day = np.where(other, 1.0 + (latest - 1.0) * uniform[:, 2], icans.onset)
    patient = np.flatnonzero(other | (icans.top > 0))
    kinds = choice(uniform[:, 3], world.table("events.features.other_neurological_kind"))
    code = np.where(other, np.array([OTHER_NEUROLOGICAL[kind] for kind in kinds], dtype=object), ENCEPHALOPATHY)
    columns: dict[str, object] = {
        "patient": patient,
        "onset_day": day[patient],
        "end_day": np.where(other, day + 4.0, icans.end + 0.5)[patient],
        "kind": "other",
        "code": code[patient],
        "cause": np.where(other, "other", "ICANS").astype(object)[patient],
        "grade": np.where(other, np.where(severe, 3, 1 + moderate), icans.top)[patient],
        "hazard_name": "neurological",
    }
    return table(columns, len(patient))


def earlier_rows(people: People) -> Rows:
    """Venous thrombosis in the six months before infusion."""
    patient = np.flatnonzero(people["recent_thrombosis_day"] != NEVER)
    columns: dict[str, object] = {
        "patient": patient,
        "onset_day": people["recent_thrombosis_day"][patient] + 0.5,
        "kind": "venous",
        "site": "deep_vein_lower_proximal",
        "side": "left",
        "cause": "disease",
        "hazard_name": "before_infusion",
    }
    return table(columns, len(patient))


def counterfactual_rows(days: Days) -> Rows:
    """What the same numbers would have made of the hazards had nobody been given an anticoagulant.

    Parameters
    ----------
    days: hazards, the numbers they were compared with, and what happened.
    """
    parts: list[Rows] = []
    for number, name in enumerate(DAILY_EVENTS[:-1]):
        would = days.uniform[number] < -np.expm1(-days.hazard_without[number])
        # A bleed of the day stands for the minor one as well, in either world.
        if name == "bleeding":
            relevant = would
        elif name == "bleeding_minor":
            would = would & ~relevant
        day, patient = np.nonzero(would)
        part: Rows = {
            "patient": patient,
            "onset_day": DAYS[day].astype(np.float64),
            "hazard_name": np.full(len(patient), name, dtype=object),
            "hazard": days.hazard_without[number][day, patient],
            "happened": days.happens[number][day, patient],
        }
        parts.append(part)
    joined = {name: np.concatenate([part[name] for part in parts]) for name in COUNTERFACTUAL_COLUMNS}
    order = np.lexsort((joined["onset_day"], joined["patient"]))
    return {name: column[order] for name, column in joined.items()}


def cause_of_death(
    world: World, seed: int, patients: Integers, days: Days, progression_day: Integers, states: dict[str, Array]
) -> Array:
    """Why each patient died, "" in the living, [B].

    Parameters
    ----------
    world, seed, patients: as in `random_numbers`.
    days: when.
    progression_day: or `NEVER`, [B].
    states: of the day, [D, B].
    """
    everyone = np.arange(len(patients))
    position = np.where(days.death_day == NEVER, 0, days.death_day - DAYS[0])
    there = {
        name: states[name][position, everyone] > 0 for name in ("crs_4", "icans_4", "iec_hs", "sepsis", "true_dic")
    }
    rest = choice(
        uniforms(seed, patients, "events.cause_of_death", 1)[:, 0],
        world.table("events.features.other_cause_of_death"),
    )
    rest = np.array([word.replace("_", " ") for word in rest], dtype=object)
    reasons = [
        (days.death_day == NEVER, ""),
        (days.severity[position, everyone] == FATAL, "bleeding"),
        (there["crs_4"], "cytokine release syndrome"),
        (there["icans_4"], "ICANS"),
        (there["iec_hs"], "IEC-HS"),
        (there["sepsis"], "infection"),
        (there["true_dic"], "disseminated intravascular coagulation"),
        (progression_day != NEVER, "progression of disease"),
    ]
    result: Array = rest
    for applies, word in reversed(reasons):
        result = np.where(applies, word, result)
    return result.astype(object)
