"""What a choice of version or rule changes: patient-days and patients whose grade differs under two of them.

Compared where both grades are known; a patient by the worst known grade of days 0 to 30.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from carac.grading.run import Graded
from carac.vocabulary.types import Grain

LAST_DAY = 30


@dataclass(frozen=True)
class Pair:
    """Two versions, or two rules, of one thing; `title` is a row of the page."""

    group: str
    title: str
    first: str
    second: str


def _ctcae() -> list[Pair]:
    pairs = []
    for term in ("platelets", "neutrophils", "haemoglobin", "fibrinogen", "inr", "aptt"):
        pairs.append(Pair("CTCAE, by version", f"{term}: 5.0 and 6.0", f"ctcae_v5_{term}", f"ctcae_v6_{term}"))
    for term in ("fibrinogen", "inr"):
        for version, number in (("v5", "5.0"), ("v6", "6.0")):
            title = f"{term}: 4.03 and {number}"
            pairs.append(Pair("CTCAE, by version", title, f"ctcae_v4_{term}", f"ctcae_{version}_{term}"))
    for version, number in (("v4", "4.03"), ("v5", "5.0"), ("v6", "6.0")):
        name = f"ctcae_{version}_fibrinogen"
        title = f"fibrinogen {number}: its limit alone, and with the fall from baseline"
        pairs.append(Pair("Fibrinogen, limit and baseline", title, name, f"{name}_with_baseline"))
    return pairs


SCHEMES = {"5xuln": "5 x ULN", "10xuln": "10 x ULN", "2x4x": "2 and 4 x ULN", "fdp": "FDP", "absolute": "1 and 4 mg/L"}
PAIRS: tuple[Pair, ...] = (
    *_ctcae(),
    *(
        Pair(
            "ISTH overt DIC",
            f"2001 ({title}) and 2025",
            f"isth_overt_dic_2001_{suffix}__overt",
            "isth_overt_dic_2025__overt",
        )
        for suffix, title in SCHEMES.items()
    ),
    *(
        Pair(
            "ICAHT and T-ICAHT",
            f"{title}: as printed, and as in the authors' code",
            f"{name}_as_printed",
            f"{name}_as_in_authors_code",
        )
        for name, title in (
            ("icaht_early", "ICAHT, early"),
            ("icaht_late", "ICAHT, late"),
            ("t_icaht_early", "T-ICAHT, early"),
            ("t_icaht_late", "T-ICAHT, late"),
        )
    ),
)
DEFINITIONS = tuple(dict.fromkeys(name.split("__")[0] for pair in PAIRS for name in (pair.first, pair.second)))


@dataclass(frozen=True)
class Change:
    """How many units have both grades, how many differ, and of these how many are higher in the second."""

    both: int
    differ: int
    higher: int
    only_first: int
    only_second: int


def changed(graded: Graded, pair: Pair, by_patient: bool) -> Change:
    """Patient-days, or patients by their worst known grade; ICAHT and T-ICAHT are grades of an infusion."""
    daily = {d.name for d in graded.plan.of_grain(Grain.DAY)}
    first, second = (f"CAST({name} AS INTEGER)" for name in (pair.first, pair.second))
    if pair.first.split("__")[0] not in daily:
        rows = f"SELECT {first} AS one, {second} AS other FROM infusion_results"
    else:
        ends = (f"max({first})", f"max({second})") if by_patient else (first, second)
        grouped = "GROUP BY patient_id, infusion_number" if by_patient else ""
        rows = (
            f"SELECT {ends[0]} AS one, {ends[1]} AS other FROM patient_days_full"
            f" WHERE day BETWEEN 0 AND {LAST_DAY} {grouped}"
        )
    counted = graded.engine.fetch(
        f"""
        SELECT count(*) FILTER (WHERE one IS NOT NULL AND other IS NOT NULL), count(*) FILTER (WHERE one <> other),
            count(*) FILTER (WHERE other > one), count(*) FILTER (WHERE one IS NOT NULL AND other IS NULL),
            count(*) FILTER (WHERE one IS NULL AND other IS NOT NULL)
        FROM ({rows})
        """
    )
    return Change(*(int(column[0].as_py() or 0) for column in counted.columns))


def is_daily(pair: Pair) -> bool:
    """Whether a pair has a grade of each day."""
    return not pair.first.startswith(("icaht", "t_icaht"))


def all_changes(graded: Graded) -> dict[str, dict[str, Any]]:
    """Every pair: patient-days (where it has some) and patients."""
    return {
        f"{pair.group}: {pair.title}": {
            **({"days": asdict(changed(graded, pair, False))} if is_daily(pair) else {}),
            "patients": asdict(changed(graded, pair, True)),
        }
        for pair in PAIRS
    }
