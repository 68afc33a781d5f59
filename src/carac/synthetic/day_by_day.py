"""The days in order: counts that depend on yesterday, transfusion and anticoagulants by rule, events of the day."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from carac.synthetic.coagulation import Consumption, FibrinogenBalance
from carac.synthetic.course import DAYS, NEVER, Array, Booleans, Floats, Integers
from carac.synthetic.hazards import DAILY_EVENTS, MOVING_STATES, VENOUS, family, hazard_ratios, log_ratio
from carac.synthetic.people import People
from carac.synthetic.random_numbers import normals, uniforms
from carac.synthetic.world import World

#: Severity of a bleed: 1 is WHO grade 1, 5 is fatal.
SEVERITY = ("", "minor", "who_2", "who_3", "who_4", "fatal")
FATAL = 5


@dataclass(frozen=True)
class Given:
    """What is known before the days are gone through.

    Parameters
    ----------
    people: counts before, weight, history.
    platelet_production: as share of that before lymphodepletion, [D, B].
    haemoglobin_level: that production would keep up, g/dL, [D, B].
    inflamed: inflammation of all causes, [D, B].
    feverish: days with fever or sepsis, [D, B].
    seriously_ill: days on which fibrinogen is replaced earlier, [D, B].
    hospital: days in hospital, [D, B].
    line: days on which the vein of a central line is at risk, [D, B].
    consumption, fibrinogen: see `coagulation`.
    wander: factors by which platelets, haemoglobin and fibrinogen wander, [D, B] each.
    log_hazard: of each daily event without the moving states, [E, D, B].
    """

    people: People
    platelet_production: Floats
    haemoglobin_level: Floats
    inflamed: Floats
    feverish: Booleans
    seriously_ill: Booleans
    hospital: Booleans
    line: Booleans
    consumption: Consumption
    fibrinogen: FibrinogenBalance
    wander: dict[str, Floats]
    log_hazard: Floats


@dataclass
class Days:
    """What the days brought, [D, B] each, [E, D, B] for events; filled day by day."""

    shape: tuple[int, int]
    platelets: Floats = field(init=False)
    own_platelets: Floats = field(init=False)
    fibrinogen: Floats = field(init=False)
    haemoglobin: Floats = field(init=False)
    platelet_transfusion: Booleans = field(init=False)
    fibrinogen_replaced: Booleans = field(init=False)
    plasma: Booleans = field(init=False)
    red_cells: Floats = field(init=False)
    bleeding_red_cells: Floats = field(init=False)
    haemoglobin_fall: Floats = field(init=False)
    severity: Integers = field(init=False)
    anticoagulated: Booleans = field(init=False)
    prophylactic: Booleans = field(init=False)
    recent_thrombosis: Booleans = field(init=False)
    hazard: Floats = field(init=False)
    hazard_without: Floats = field(init=False)
    happens: Booleans = field(init=False)
    death_day: Integers = field(init=False)
    uniform: Floats = field(init=False)

    def __post_init__(self) -> None:
        for name in ("platelets", "own_platelets", "fibrinogen", "haemoglobin", "red_cells"):
            setattr(self, name, np.zeros(self.shape))
        for name in ("bleeding_red_cells", "haemoglobin_fall"):
            setattr(self, name, np.zeros(self.shape))
        for name in ("platelet_transfusion", "fibrinogen_replaced", "plasma", "anticoagulated", "prophylactic"):
            setattr(self, name, np.zeros(self.shape, dtype=bool))
        self.recent_thrombosis = np.zeros(self.shape, dtype=bool)
        self.severity = np.zeros(self.shape, dtype=np.int64)
        self.hazard = np.zeros((len(DAILY_EVENTS), *self.shape))
        self.hazard_without = np.zeros((len(DAILY_EVENTS), *self.shape))
        self.happens = np.zeros((len(DAILY_EVENTS), *self.shape), dtype=bool)
        self.death_day = np.full(self.shape[1], NEVER)


@dataclass
class Today:
    """State of the patients on the day that is being gone through, [B] each.

    Parameters
    ----------
    own, transfused: platelets, 10^9/L.
    fibrinogen: g/L.
    haemoglobin: g/dL.
    alive: whether the day is reached.
    treated_until: last day of anticoagulants for a thrombosis.
    paused_until: last day without them after a bleed.
    recent_until: last day on which a thrombosis counts as recent.
    free_from: day from which each event may happen again, [E, B].
    on, on_prophylaxis: given anticoagulants yesterday.
    """

    own: Floats
    transfused: Floats
    fibrinogen: Floats
    haemoglobin: Floats
    alive: Booleans
    treated_until: Floats
    paused_until: Floats
    recent_until: Floats
    free_from: Floats
    on: Booleans
    on_prophylaxis: Booleans


class Rules:
    """The numbers of the world and of the patients that every day asks for, looked up once.

    Parameters
    ----------
    world, seed, patients: as in `random_numbers`.
    people: weight.
    """

    def __init__(self, world: World, seed: int, patients: Integers, people: People) -> None:
        self.world = world
        self.values = {name: value for name, value in world.values().items() if name.startswith("treatment.")}
        count = len(DAYS)
        self.platelets_followed = uniforms(seed, patients, "treatment.platelets", count).T
        self.fibrinogen_followed = uniforms(seed, patients, "treatment.fibrinogen", count).T
        self.severity = uniforms(seed, patients, "events.severity", count).T
        self.event = np.stack([uniforms(seed, patients, f"events.{name}", count).T for name in DAILY_EVENTS])
        spread = self.of("platelets_rise_spread")
        normal = normals(seed, patients, "treatment.person", 2)
        self.rise = self.of("platelets_rise") * np.exp(spread * normal[:, 0])
        self.fall = np.exp(world.number("events.features.haemoglobin_fall_spread") * normal[:, 1])
        person = uniforms(seed, patients, "treatment.person", 3)
        self.wants_plasma = person[:, 2] < self.of("plasma_probability")
        self.wants_prophylaxis = person[:, 0] < self.of("prophylaxis")
        self.is_treated = person[:, 1] < self.of("anticoagulant_given")
        self.unit_rise = self.of("red_cells_rise") * np.minimum(75.0 / people["weight"], 1.3)
        self.moving = np.array(
            [
                [log_ratio(hazard_ratios(world, event).get(state, 1.0)) for state in MOVING_STATES]
                for event in DAILY_EVENTS
            ]
        )
        waiting = world.table("events.features.refractory_days")
        self.waiting = np.array([waiting.get(name, waiting.get(family(name), 0.0)) for name in DAILY_EVENTS])[:, None]
        severity = world.table("events.features.bleeding_severity")
        self.severity_edges = np.cumsum(list(severity.values())) / sum(severity.values())
        fall = world.table("events.features.haemoglobin_fall")
        self.fall_by_severity = np.array([0.0, *[fall[word] for word in SEVERITY[1:]]])

    def of(self, name: str) -> float:
        """A number of the treatment section."""
        return float(self.values[f"treatment.{name}"])


def first_day(world: World, given: Given, rules: Rules) -> Today:
    """State of the patients on the first day of the axis."""
    people = given.people
    count = len(people["weight"])
    recent = people["recent_thrombosis_day"]
    had = recent != NEVER
    return Today(
        own=people["platelets"].copy(),
        transfused=np.zeros(count),
        fibrinogen=given.fibrinogen.resting * given.fibrinogen.production[0],
        haemoglobin=people["haemoglobin"].copy(),
        alive=np.ones(count, dtype=bool),
        treated_until=np.where(had & rules.is_treated, recent + rules.of("anticoagulant_days"), NEVER),
        paused_until=np.full(count, float(NEVER)),
        recent_until=np.where(had, recent + 180.0, NEVER),
        free_from=np.zeros((len(DAILY_EVENTS), count)),
        on=had & rules.is_treated,
        on_prophylaxis=np.zeros(count, dtype=bool),
    )


def go_through(world: World, seed: int, patients: Integers, given: Given) -> Days:
    """Go through the days.

    Parameters
    ----------
    world, seed, patients: as in `random_numbers`.
    given: what is known beforehand.
    """
    rules = Rules(world, seed, patients, given.people)
    days = Days((len(DAYS), len(patients)))
    days.uniform = rules.event
    today = first_day(world, given, rules)
    for position in range(len(DAYS)):
        measure(position, given, today, days)
        anticoagulate(position, given, today, days, rules)
        events_of_the_day(position, given, today, days, rules)
        transfuse(position, given, today, days, rules)
        next_morning(position, given, today, days, rules)
    return days


def measure(position: int, given: Given, today: Today, days: Days) -> None:
    """Values without noise at 06:00."""
    days.platelets[position] = (today.own + today.transfused) * given.wander["platelets"][position]
    days.own_platelets[position] = today.own * given.wander["platelets"][position]
    days.fibrinogen[position] = today.fibrinogen * given.wander["fibrinogen"][position]
    days.haemoglobin[position] = today.haemoglobin * given.wander["haemoglobin"][position]


def anticoagulate(position: int, given: Given, today: Today, days: Days, rules: Rules) -> None:
    """Anticoagulants: for a thrombosis or as prophylaxis, held while platelets are low and after a bleed."""
    day, platelets = DAYS[position], days.platelets[position]
    allowed = (day > today.paused_until) & today.alive
    held, resumed = rules.of("anticoagulant_platelets"), rules.of("anticoagulant_resumed")
    enough = platelets >= np.where(today.on, held, resumed)
    today.on = allowed & (day <= today.treated_until) & enough
    enough = platelets >= np.where(today.on_prophylaxis, held, resumed)
    wanted = rules.wants_prophylaxis & given.hospital[position] & ~today.on
    today.on_prophylaxis = allowed & wanted & enough
    days.anticoagulated[position] = today.on
    days.prophylactic[position] = today.on_prophylaxis
    days.recent_thrombosis[position] = day <= today.recent_until


def events_of_the_day(position: int, given: Given, today: Today, days: Days, rules: Rules) -> None:
    """Hazards of the day and what happens; a bleed of the worst kind kills."""
    platelets, fibrinogen = days.platelets[position], days.fibrinogen[position]
    moving = np.stack(
        [
            platelets < 50.0,
            platelets < 20.0,
            fibrinogen < 1.5,
            fibrinogen < 1.0,
            days.recent_thrombosis[position],
            today.on,
            today.on_prophylaxis,
        ]
    ).astype(np.float64)
    may = today.alive & (DAYS[position] >= 0) & (DAYS[position] >= today.free_from)
    may[DAILY_EVENTS.index("venous_catheter")] &= given.line[position]
    # Anticoagulants are the last two moving states. einsum adds in one order on every machine.
    others = given.log_hazard[:, position] + np.einsum("es,sb->eb", rules.moving[:, :-2], moving[:-2])
    without = np.where(may, np.exp(others), 0.0)
    hazard = without * np.exp(np.einsum("es,sb->eb", rules.moving[:, -2:], moving[-2:]))
    happens = rules.event[:, position] < -np.expm1(-hazard)
    days.hazard[:, position], days.hazard_without[:, position] = hazard, without
    bleeding = happens[0]
    severity = np.where(happens[1], 1, 0)
    graded = 2 + np.searchsorted(rules.severity_edges, rules.severity[position], side="right")
    severity = np.where(bleeding, np.minimum(graded, FATAL), severity)
    # A clinically relevant bleed of the day stands for the minor one as well.
    happens[1] &= ~bleeding
    days.happens[:, position], days.severity[position] = happens, severity
    died = happens[-1] | (severity == FATAL)
    days.death_day = np.where(died, DAYS[position], days.death_day)
    today.free_from = np.where(happens, DAYS[position] + rules.waiting, today.free_from)
    after_thrombosis(position, today, happens, rules)
    relevant = severity >= 2
    today.paused_until = np.where(relevant, DAYS[position] + rules.of("anticoagulant_pause"), today.paused_until)
    today.alive = today.alive & ~died


def after_thrombosis(position: int, today: Today, happens: Booleans, rules: Rules) -> None:
    """A thrombosis is treated from the next day, and counts as recent."""
    first, last = DAILY_EVENTS.index(VENOUS[0]), DAILY_EVENTS.index(VENOUS[-1])
    venous = happens[first : last + 1].any(axis=0)
    treated = (venous | happens[DAILY_EVENTS.index("arterial")]) & rules.is_treated
    until = DAYS[position] + rules.of("anticoagulant_days")
    today.treated_until = np.where(treated, np.maximum(until, today.treated_until), today.treated_until)
    recent = DAYS[position] + rules.world.number("events.features.recent_thrombosis_days")
    today.recent_until = np.where(venous, np.maximum(recent, today.recent_until), today.recent_until)


def transfuse(position: int, given: Given, today: Today, days: Days, rules: Rules) -> None:
    """Platelets, red cells and fibrinogen of the day, by rule; the dead are given none."""
    platelets, fibrinogen = days.platelets[position], days.fibrinogen[position]
    severity = days.severity[position]
    bleeding = severity >= 2
    limit = np.where(given.feverish[position], rules.of("platelets_below_fever"), rules.of("platelets_below"))
    chance = np.where(given.hospital[position], rules.of("platelets_compliance"), rules.of("platelets_outpatient"))
    routine = (platelets < limit) & (rules.platelets_followed[position] < chance)
    needed = bleeding & (platelets < rules.of("platelets_below_bleeding"))
    days.platelet_transfusion[position] = today.alive & (routine | needed)
    ill = given.seriously_ill[position] | bleeding
    limit = np.where(ill, rules.of("fibrinogen_below_ill"), rules.of("fibrinogen_below"))
    followed = rules.fibrinogen_followed[position] < rules.of("fibrinogen_compliance")
    days.fibrinogen_replaced[position] = today.alive & (fibrinogen < limit) & followed
    low = (fibrinogen < rules.of("plasma_below")) & (DAYS[position] >= 0)
    days.plasma[position] = today.alive & low & rules.wants_plasma & followed & given.hospital[position]
    days.haemoglobin_fall[position] = rules.fall_by_severity[severity] * rules.fall
    for_bleed = np.where(severity >= 3, np.maximum(severity - 2.0, np.round(days.haemoglobin_fall[position])), 0.0)
    days.bleeding_red_cells[position] = np.minimum(for_bleed, 10.0)
    routine = today.alive & (days.haemoglobin[position] < rules.of("red_cells_below")) & (for_bleed == 0)
    days.red_cells[position] = np.where(routine, rules.of("red_cells_units"), 0.0)


def next_morning(position: int, given: Given, today: Today, days: Days, rules: Rules) -> None:
    """Counts of the next morning, from production, loss and what was given."""
    number = rules.world.number
    inflamed, consumed = given.inflamed[position], given.consumption.course[position]
    loss = number("marrow.platelets.clearance") * inflamed
    loss = loss + number("coagulation.consumption_on_platelets") * consumed
    lifetime = number("marrow.platelets.lifetime")
    made = given.people["platelets"] * given.platelet_production[position] / lifetime
    rate = 1.0 / lifetime + loss
    level = made / rate
    today.own = level + (today.own - level) * np.exp(-rate)
    given_today = rules.rise * days.platelet_transfusion[position]
    kept = np.exp(-(1.0 / rules.of("platelets_survival") + loss))
    # What was given around noon has lost less than half a day by the next morning.
    today.transfused = today.transfused * kept + given_today * np.sqrt(kept)
    rate = given.fibrinogen.loss[position]
    usual = np.log(2.0) / number("coagulation.fibrinogen_half_life")
    level = given.fibrinogen.resting * given.fibrinogen.production[position] * usual / rate
    today.fibrinogen = level + (today.fibrinogen - level) * np.exp(-rate)
    today.fibrinogen = today.fibrinogen + rules.of("fibrinogen_rise") * days.fibrinogen_replaced[position]
    today.fibrinogen = today.fibrinogen + rules.of("plasma_rise") * days.plasma[position]
    today.haemoglobin = next_haemoglobin(position, given, today, days, rules)


def next_haemoglobin(position: int, given: Given, today: Today, days: Days, rules: Rules) -> Array:
    """Haemoglobin of the next morning in g/dL, [B]."""
    name = "marrow.haemoglobin."
    number = rules.world.number
    value = today.haemoglobin + (given.haemoglobin_level[position] - today.haemoglobin) / number(name + "lifetime")
    value = value - number(name + "daily_loss") * given.hospital[position]
    units = days.red_cells[position] + days.bleeding_red_cells[position]
    value = value - days.haemoglobin_fall[position] + units * rules.unit_rise
    return np.clip(value, 3.5, 18.5)
