"""Random cases of a definition, twice: as a user types them, and as rows of a record. Each side has code of its own."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from carac.grading.by_hand.items import CaseItem
from carac.grading.by_hand.kept import Sheet
from carac.vocabulary.analytes import analytes
from carac.vocabulary.assessment_items import assessment_items
from carac.vocabulary.event_features import event_features
from carac.vocabulary.event_sites import event_sites
from carac.vocabulary.icd10cm import icd10cm
from carac.vocabulary.units import conversion, known_units
from support.case_files import INFUSION_DATE

#: How often an item is left out.
ABSENT = 0.35
DAYS = 45


@dataclass
class RandomCase:
    """One case.

    Parameters
    ----------
    patient: in the record.
    definition: that it is made for.
    typed: items as on the command line.
    rows: rows of the record by table.
    """

    patient: str
    definition: str
    typed: dict[str, str] = field(default_factory=dict)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, table: str, **columns: Any) -> None:
        """A row of the record."""
        self.rows.setdefault(table, []).append(columns)


def _date(day: int) -> str:
    return (INFUSION_DATE + timedelta(days=day)).isoformat()


def random_case(known: Sheet, patient: str, chance: random.Random, full: bool) -> RandomCase:
    """A case of a definition.

    Parameters
    ----------
    known: the definition as one calculates with it.
    patient: its identifier.
    chance: seeded.
    full: True for a case that has treatments, periods and an event, False for one without these tables.
    """
    case = RandomCase(patient, known.name)
    infusion: dict[str, Any] = {"patient_id": patient, "infusion_time": _date(0)}
    by_kind: dict[str, list[CaseItem]] = {}
    for item in known.items:
        by_kind.setdefault(item.kind, []).append(item)
    _values(case, by_kind, infusion, chance)
    for item in by_kind.get("assessment", []):
        if item.name != "recorded_grade" and chance.random() > ABSENT:
            _assessment(case, item, chance)
    if full:
        _treatments(case, by_kind, chance)
        _periods(case, by_kind, chance)
        if "event" in by_kind:
            _event(case, by_kind, chance)
    _patient(case, by_kind.get("patient", []), infusion, chance)
    case.add("infusions", **infusion)
    return case


# ---- laboratory values


def _values(
    case: RandomCase, by_kind: Mapping[str, Sequence[CaseItem]], infusion: dict[str, Any], chance: random.Random
) -> None:
    limits = {(item.of, item.by_limit): item for item in by_kind.get("limit", [])}
    typed_limits: dict[tuple[str, str], tuple[str, str]] = {}
    chosen = [
        item
        for item in (*by_kind.get("laboratory", []), *by_kind.get("baseline", []))
        if chance.random() >= ABSENT or len(by_kind.get("laboratory", [])) <= 1
    ]
    # The limits first: one that is typed holds for every value of its analyte.
    units = {item.of: _unit(item) for item in chosen}
    for (analyte, side), limit in limits.items():
        if analyte in units and chance.random() > ABSENT:
            if (analyte, "lower") in typed_limits:
                # Limits that run backwards are refused by hand, and both are set aside in a record.
                text = f"{float(typed_limits[analyte, 'lower'][0]) * chance.choice((1.5, 2, 3)):.4g}".replace("e+", "e")
            else:
                text = _amount(analyte, units[analyte], chance, limit=True)
            typed_limits[analyte, side] = (text, units[analyte])
            case.typed[limit.name] = text + units[analyte]
    for item in chosen:
        unit = units[item.of]
        texts = [(day, _text(item.of, unit, chance)) for day in _days(item, chance)]
        if item.kind == "baseline":
            infusion["lymphodepletion_start"] = _date(-5)
            texts = [(-6, texts[0][1])]
        case.typed[item.name] = _typed(item, texts, unit)
        for day, text in texts:
            ends = {f"{side}_limit": _limit_in(item.of, side, unit, typed_limits) for side in ("lower", "upper")}
            row = {"analyte": item.of, "value": text, "unit": unit, **ends}
            case.add("labs", patient_id=case.patient, time=_date(day), **row)


def _limit_in(analyte: str, side: str, unit: str, limits: Mapping[tuple[str, str], tuple[str, str]]) -> str | None:
    found = limits.get((analyte, side))
    # A record has its limit in the unit of the result; the case is made so that both have one unit.
    return found[0] if found is not None and found[1] == unit else None


def _unit(item: CaseItem) -> str:
    """One unit per analyte and case: chosen by the analyte, so that value, baseline and limit share it."""
    units = [""] if not analytes()[item.of].canonical_unit else list(dict.fromkeys(known_units(item.of)))
    usable = [u for u in units if (found := conversion(item.of, u or None)) is not None and not found.basis_needed]
    # A text such as "1E3" or a blank would be read as part of the number.
    usable = [u for u in usable if not u or not (u[0].isdigit() or u[0] in ".eE+-")]
    return usable[sum(map(ord, item.of)) % len(usable)]


def _amount(analyte: str, unit: str, chance: random.Random, limit: bool = False) -> str:
    """A number in a unit that lies where values of the analyte lie, often at a round number."""
    found = conversion(analyte, unit or None)
    assert found is not None
    usual = _USUAL.get(analyte, 50.0)
    value = usual * chance.choice((0.5, 0.8, 1.0) if limit else (0.02, 0.1, 0.2, 0.5, 0.8, 1.0, 1.5, 2.0, 3.0, 6.0))
    known = analytes()[analyte]
    value = min(max(value, known.plausible_low * 1.1, usual / 1000), known.plausible_high * 0.9)
    return f"{value * found.divide / found.multiply:.4g}".replace("e+", "e")


def _text(analyte: str, unit: str, chance: random.Random) -> str:
    number = _amount(analyte, unit, chance)
    kind = chance.random()
    found = conversion(analyte, unit or None)
    assert found is not None
    # "<0.3" of a quantity that is never below 0.3 is refused by hand, and set aside in a record.
    if kind < 0.08 and float(number) * found.multiply / found.divide > analytes()[analyte].plausible_low * 1.01:
        return f"<{number}"
    if 0.08 <= kind < 0.16:
        return f">{number}"
    if 0.16 <= kind < 0.24:
        low, high = sorted((float(number), float(_amount(analyte, unit, chance))))
        return f"{low:.6g}-{high:.6g}" if "e" not in f"{low:.6g}{high:.6g}" else number
    return number


def _days(item: CaseItem, chance: random.Random) -> list[int]:
    if item.days_needed:
        return sorted(chance.sample(range(DAYS), chance.randint(5, 25)))
    return [0] if chance.random() < 0.6 else sorted({0, *chance.sample(range(-4, 1), 2)})


def _typed(item: CaseItem, texts: Sequence[tuple[int, str]], unit: str) -> str:
    if not item.days_needed and len(texts) == 1:
        return texts[0][1] + unit
    return ",".join(f"{day}:{text}{unit}" for day, text in texts)


_USUAL = {
    "platelets": 50.0, "neutrophils": 0.5, "leukocytes": 3.0, "haemoglobin": 9.0, "fibrinogen": 1.5, "d_dimer": 3.0,
    "prothrombin_time": 15.0, "prothrombin_time_ratio": 1.3, "inr": 1.3, "aptt": 40.0, "antithrombin": 70.0,
    "fibrin_degradation_products": 20.0, "protein_c": 60.0, "lactate_dehydrogenase": 400.0, "creatinine": 1.5,
    "c_reactive_protein": 30.0, "ferritin": 2000.0, "interleukin_10": 40.0, "soluble_interleukin_2_receptor": 2500.0,
    "alanine_aminotransferase": 120.0, "aspartate_aminotransferase": 120.0, "gamma_glutamyl_transferase": 120.0,
    "bilirubin": 2.0, "triglycerides": 250.0, "soluble_p_selectin": 50.0, "soluble_fibrin": 10.0,
    "thrombin_antithrombin_complex": 6.0, "prothrombin_fragment_1_2": 300.0,
}  # fmt: skip


# ---- the rest


def _assessment(case: RandomCase, item: CaseItem, chance: random.Random) -> None:
    known = assessment_items()[item.of]
    days = [0] if chance.random() < 0.7 else [-1, 0]
    time = chance.choice(("", "", "08:30"))
    texts = []
    for day in days:
        if known.allowed:
            text = chance.choice(known.allowed)
        else:
            low, high = known.low or 0.0, known.high if known.high is not None else 10.0
            text = f"{chance.choice((low, high, (low + high) / 2, low + (high - low) * 0.7)):.3g}"
        texts.append((day, text))
        moment = f"{_date(day)}T{time}" if time else _date(day)
        case.add("assessments", patient_id=case.patient, time=moment, item=item.of, value=text, unit=known.unit or None)
    case.typed[item.name] = ",".join(f"{day}{'@' + time if time else ''}:{text}" for day, text in texts)


def _treatments(case: RandomCase, by_kind: Mapping[str, Sequence[CaseItem]], chance: random.Random) -> None:
    """At least one is typed, if only as not given: a record with the table says the same of all."""
    items = list(by_kind.get("treatment", []))
    if not items:
        return
    for item in items:
        if chance.random() < 0.75:
            continue
        first = chance.randint(-10, 1)
        last = first + chance.choice((0, 0, 3))
        intent = chance.choice(("", "", "prophylactic", "therapeutic"))
        days = f"{first}" if first == last else f"{first}..{last}"
        case.typed[item.name] = days + (f":{intent}" if intent else "")
        row = {"start": _date(first), "end": _date(last) if last != first else None, "intent": intent or None}
        case.add("treatments", patient_id=case.patient, agent=item.agents[0], **row)
    case.typed.setdefault(items[0].name, "no")


def _periods(case: RandomCase, by_kind: Mapping[str, Sequence[CaseItem]], chance: random.Random) -> None:
    for item in by_kind.get("period", []):
        if chance.random() < 0.5:
            case.typed[item.name] = "no"
            continue
        first = chance.randint(-10, 0)
        end = chance.choice((None, first + 20))
        case.typed[item.name] = f"{first}" if end is None else f"{first}..{end}"
        row = {"start": _date(first), "end": _date(end) if end is not None else None}
        case.add("periods", patient_id=case.patient, kind=item.of, **row)


def _event(case: RandomCase, by_kind: Mapping[str, Sequence[CaseItem]], chance: random.Random) -> None:
    words = {item.name: item.words for item in by_kind["event"]}
    row: dict[str, Any] = {"event_id": f"{case.patient}::e", "patient_id": case.patient, "onset": _date(0)}
    if chance.random() < 0.3:
        row |= {"code": chance.choice(sorted(icd10cm())), "code_system": "ICD-10-CM"}
        case.typed["code"] = row["code"]
    elif words["site"]:
        site = chance.choice(words["site"])
        row |= {"site": site, "kind": event_sites()[site].kind}
        case.typed |= {"site": site, "kind": row["kind"]}
    else:
        # A complication of a line is an event of no site.
        row["kind"] = case.typed["kind"] = chance.choice(words["kind"])
    for fact in ("side", "present_on_admission"):
        if fact in words and chance.random() < 0.3:
            row[fact] = case.typed[fact] = chance.choice(words[fact])
    case.add("events", **row)
    for item in by_kind.get("feature", []):
        if chance.random() < ABSENT + 0.2:
            continue
        known = event_features()[item.of]
        if known.kind == "number":
            text = f"{chance.choice((0, 1, 2, 31)):g}" if (known.high or 0) >= 31 else "1"
        else:
            text = chance.choice(item.words)
        case.typed[item.name] = text
        case.add("event_features", event_id=row["event_id"], feature=item.of, value=text)


def _patient(case: RandomCase, items: Sequence[CaseItem], infusion: dict[str, Any], chance: random.Random) -> None:
    typed = {"age": "18 40 65 75", "sex": "female male", "weight": "50 95", "height": "160 180"}
    days = {"follow_up_end_day": ("follow_up_end", "20 90"), "death_day": ("death", "12 60")}
    for item in items:
        if chance.random() < ABSENT:
            continue
        if item.name in typed:
            infusion[item.name] = case.typed[item.name] = chance.choice(typed[item.name].split())
        elif item.name in days:
            column, choices = days[item.name]
            case.typed[item.name] = chance.choice(choices.split())
            infusion[column] = _date(int(case.typed[item.name]))
