"""What a simulated cohort is made of: the whole truth of a batch of patients on one axis of days.

Day 0 is the calendar day of infusion. Arrays by day have the shape [B, D], patients by days, and hold the value at
06:00 of the day (signs: the worst of the day). They are stored with the patients of one day side by side in memory,
because the mechanism steps from day to day.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from carac.synthetic.world import World

#: First and last day of the axis, and what stands for "never" in whole-number days.
FIRST_DAY = -28
LAST_DAY = 365
NEVER = -9999

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

DAYS: Integers = np.arange(FIRST_DAY, LAST_DAY + 1)

#: Words for the whole-number levels of `Course.signs`; a level is the position in the tuple.
HYPOTENSION = ("none", "fluids", "one vasopressor", "several vasopressors")
OXYGEN = ("none", "low flow", "high flow", "positive pressure")
CONSCIOUSNESS = ("awake", "awakens_spontaneously", "awakens_to_voice", "awakens_to_touch", "unarousable")
SEIZURE = ("none", "resolving", "nonconvulsive_resolving", "prolonged", "repetitive")
RAISED_PRESSURE = ("none", "focal_oedema", "diffuse_oedema")

TREATMENT_COLUMNS = {
    "patient": np.int64,
    "start_day": np.float64,
    "end_day": np.float64,
    "agent": object,
    "dose": np.float64,
    "unit": object,
    "route": object,
    "intent": object,
    "indication": object,
    "event_number": np.int64,
    "beyond_routine": np.int64,
}

EVENT_COLUMNS = {
    "patient": np.int64,
    "event_number": np.int64,
    "onset_day": np.float64,
    "end_day": np.float64,
    "kind": object,
    "site": object,
    "vessel": object,
    "side": object,
    "code": object,
    "cause": object,
    "hazard_name": object,
    "hazard": np.float64,
    "hazard_ratio": np.float64,
    "grade": np.int64,
}

FEATURE_COLUMNS = {"event": np.int64, "feature": object, "value": object}

COUNTERFACTUAL_COLUMNS = {
    "patient": np.int64,
    "onset_day": np.float64,
    "hazard_name": object,
    "hazard": np.float64,
    "happened": np.bool_,
}


def day_index(day: int) -> int:
    """Position of a day on the axis.

    Parameters
    ----------
    day: days since infusion.
    """
    return day - FIRST_DAY


@dataclass(frozen=True)
class Course:
    """The truth of a batch of patients.

    Parameters
    ----------
    world: every rate and effect behind it.
    seed: of the random numbers.
    patients: numbers of the patients, int64 [B], counted from 1; everything else is keyed by the position 0 … B - 1.
    people: what does not change, [B]: product, target, disease, centre, age (years), sex, weight (kg), height (cm),
        burden (standard deviations), infusion_date, infusion_hour, lymphodepletion_day, line_day, line_end_day,
        line_text, line_side, prior_thrombosis, recent_thrombosis_day, asparaginase_day …; a day that never comes is
        `NEVER`.
    latent: value without noise by analyte, in its canonical unit, [B, D].
    state: state of the patient by name, [B, D]; the covariates of the hazards are among them, under their own names.
    signs: what the bedside sees on its worst occasion of the day, [B, D].
    treatments: one row per course or product given, see `TREATMENT_COLUMNS`; days with fractions. An event_number of -1
        means none; beyond_routine is 1, 0 or -1 (not said).
    events: one row per event, see `EVENT_COLUMNS`; event_number counts within the patient; grade -1: none recorded.
    event_features: one row per fact about an event; `event` is the position of its row in `events`, value is text.
    hazards: true hazard per day of each kind of event, [B, D]; 0 while it cannot happen.
    hazards_without_anticoagulant: the same had nobody been given an anticoagulant, the rest of the course as it was.
    counterfactual_events: what the same random numbers make of those hazards.
    outcome: death_day, cause_of_death, progression_day, next_therapy_day, last_contact_day, [B].
    """

    world: World
    seed: int
    patients: Integers
    people: dict[str, Array] = field(default_factory=dict)
    latent: dict[str, Array] = field(default_factory=dict)
    state: dict[str, Array] = field(default_factory=dict)
    signs: dict[str, Array] = field(default_factory=dict)
    treatments: dict[str, Array] = field(default_factory=dict)
    events: dict[str, Array] = field(default_factory=dict)
    event_features: dict[str, Array] = field(default_factory=dict)
    hazards: dict[str, Array] = field(default_factory=dict)
    hazards_without_anticoagulant: dict[str, Array] = field(default_factory=dict)
    counterfactual_events: dict[str, Array] = field(default_factory=dict)
    outcome: dict[str, Array] = field(default_factory=dict)

    @property
    def patient_ids(self) -> Array:
        """Identifier of each patient in the record, [B]."""
        return np.array([f"S{number:06d}" for number in self.patients], dtype=object)

    @property
    def last_seen_day(self) -> Integers:
        """Last day on which anything of the patient can be seen, [B]: death, else the last contact."""
        death = np.asarray(self.outcome["death_day"])
        last = np.asarray(self.outcome["last_contact_day"])
        return np.where(death == NEVER, last, np.minimum(death, last)).astype(np.int64)
