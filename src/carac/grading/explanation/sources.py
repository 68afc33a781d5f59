"""Where the grades and the sentences of an explanation come from, and the open choices that bear on the day."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from carac.definitions.cytokine_release.vasopressors import FEVER_LOWERING
from carac.grading.explanation import measures, signs, words
from carac.grading.explanation.facts import Facts
from carac.language.definition import Certainty, Definition, Status
from carac.vocabulary.types import Grain, Laboratory

#: How sure the printed thresholds are, as a reader outside of carac has to know it.
_SURE = {
    Certainty.VERIFIED: "checked against the source",
    Certainty.SECONDARY: "checked against a secondary source",
    Certainty.MEMORY_HIGH: "source not opened, little doubt",
    Certainty.MEMORY_MODERATE: "source not opened, some doubt",
    Certainty.LOW: "no source opened",
}
#: Sources of what is said beside the grades, by the words that say it.
_RULES = {
    "IEC-HS": "Hines MR et al. Transplant Cell Ther 2023;29:438.e1-438.e16. doi:10.1016/j.jtct.2023.03.006",
    "tocilizumab": "Perl M et al. Haematologica 2024;109:2969-2977 (fibrinogen after tocilizumab)",
    "ISTH SSC 2018": "Samuelson Bannow BT et al. J Thromb Haemost 2018;16:1246-1249. doi:10.1111/jth.14015",
}
_CONVENTION = (
    "What could explain the values is expert convention, not a grade: acute phase, tocilizumab for three weeks,"
    " suppressed marrow, consumption, infection in neutropenia, clots, anticoagulants."
)


def sources(shown: Sequence[Definition], said: str) -> list[str]:
    """Each source once, with every certainty that a definition taken from it has; then those of the sentences."""
    certainties: dict[tuple[str, str], dict[str, None]] = {}
    for definition in shown:
        status = "" if definition.status is Status.CONSENSUS else f" ({definition.status})"
        key = (f"{definition.instrument} {definition.version}{status}", str(definition.citation))
        certainties.setdefault(key, {}).setdefault(_SURE[definition.certainty])
    grades = [f"{name}: {citation} [{'; '.join(sure)}]" for (name, citation), sure in certainties.items()]
    lowered = said.lower()
    rules = [f"{words.opening(name)}: {source}" for name, source in _RULES.items() if name.lower() in lowered]
    return [*grades, *rules, _CONVENTION]


def choices(facts: Facts, shown: Sequence[Definition]) -> list[str]:
    """The open choices of the sources whose alternatives bear on this day; alike ones of several grades together."""
    by_choice: dict[str, list[str]] = {}
    for definition in (d for d in shown if d.grain is Grain.DAY):
        values = facts.graded.parameters.scope(definition.name)
        for parameter in definition.parameters:
            if not _BEARS.get(parameter.name, _always)(facts, definition):
                continue
            text = f"{parameter.meaning}: {values[parameter.name]}"
            by_choice.setdefault(f"{text} ({parameter.name})", []).append(definition.instrument)
    return [f"{', '.join(dict.fromkeys(names))}: {text}" for text, names in by_choice.items()]


def _always(facts: Facts, definition: Definition) -> bool:
    """A choice of which no rule here says when it does not matter."""
    return True


def _before_infusion(facts: Facts, definition: Definition) -> bool:
    return facts.number <= 0


def _signs_lasting(facts: Facts, definition: Definition) -> bool:
    """A sign that was worse yesterday than today, or has a grade today and was not recorded: it can be carried."""
    yesterday = next((row for row in facts.course if row["day"] == facts.number - 1), {})
    today = signs.seen(facts)
    for item in _CARRIED:
        name = f"{definition.name}__{item}"
        before, now = yesterday.get(name) or 0, facts.day.get(name) or 0
        if before > now or (now > 0 and name not in today):
            return True
    return False


#: The items of a grade that stand in at assessments that do not record them.
_CARRIED = ("hypotension", "hypoxia", "ice", "capd", "consciousness")


def _no_fever_but_signs(facts: Facts, definition: Definition) -> bool:
    """Hypotension or hypoxia without fever: whether they count is what the gate decides."""
    signs = [facts.day.get(f"astct_crs__{sign}") or 0 for sign in ("hypotension", "hypoxia")]
    return max(signs) > 0 and not facts.day.get("astct_crs__fever")


def _hours_decide(facts: Facts, definition: Definition) -> bool:
    """Signs without fever, where no treatment of the days before has already taken the need for fever away."""
    lasting = [name for name in FEVER_LOWERING if name != "antipyretic"]
    treated = [d for d in facts.given(*lasting) if facts.number - 7 <= d < facts.number]
    return _no_fever_but_signs(facts, definition) and not treated


def _sign_missing(facts: Facts, definition: Definition) -> bool:
    """A sign of ICANS that nobody recorded on a day with a grade."""
    items = ("consciousness", "seizure", "motor", "pressure")
    graded = facts.day.get(f"{definition.name}__highest", facts.day.get(f"{definition.name}__as_graded")) is not None
    return graded and any(facts.day.get(f"{definition.name}__{item}") is None for item in items)


def _open_haemorrhage(facts: Facts, definition: Definition) -> bool:
    """An intracranial haemorrhage before or on this day whose end the record does not say."""
    bleeds = [e for e in facts.events if e["site"] == "intracranial" and e["day"] <= facts.number]
    return any(e.get("end_day") is None for e in bleeds)


def _fall_without_low_value(facts: Facts, definition: Definition) -> bool:
    """Fibrinogen below its baseline: whether "abnormal" is the value or the baseline decides if that counts."""
    now, base = measures.today(facts, "fibrinogen"), facts.infusion.get("fibrinogen_baseline__from")
    ratio = facts.infusion.get("fibrinogen_baseline_by_lower_limit__to")
    fallen = now is not None and base is not None and now[2] < base
    return fallen and measures.low_fibrinogen(facts) != (ratio is not None and ratio < 1)


def _value_missing_today(facts: Facts, definition: Definition) -> bool:
    """An input without a value today that had one within the last week."""
    return any(
        facts.day.get(wanted.low) is None and facts.values(wanted.analyte, facts.number - 7, facts.number - 1)
        for wanted in definition.inputs
        if isinstance(wanted, Laboratory)
    )


def _stood_in(facts: Facts, definition: Definition) -> bool:
    by = facts.day.get(f"{definition.name}__prothrombin_time__by")
    return by not in (None, "prothrombin_time")


def _protein_below_limit(facts: Facts, definition: Definition) -> bool:
    protein = measures.today(facts, "c_reactive_protein")
    return protein is not None and protein[1] == 0 < protein[2]


#: By parameter: whether another setting could change a grade of the day.
_BEARS: dict[str, Callable[[Facts, Definition], bool]] = {
    "first_day": _before_infusion,
    "sign_carry_hours": _signs_lasting,
    "gate_hours": _hours_decide,
    "episode_gap_hours": _no_fever_but_signs,
    "vasopressin_alone": lambda facts, _: bool(facts.running("vasopressin")),
    "unrecorded_signs": _sign_missing,
    "capd_logic": lambda facts, _: (facts.day.get("astct_icans__capd") or 0) > 0,
    "haemorrhage_days": _open_haemorrhage,
    "fib_abnormal": _fall_without_low_value,
    "carry_forward": _value_missing_today,
    "inr_for_seconds": _stood_in,
    "below_limit_factor": _protein_below_limit,
}
