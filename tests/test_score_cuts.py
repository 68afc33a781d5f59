"""Scores and counts of criteria: each cut-point separates its two sides, and a printed tie lies on the printed side.

Here nothing is judged anew: with one input given and all else unknown, the lowest and highest possible total on the
constant equal those of the side on which the sign puts it. Cuts that one input alone cannot show are listed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from carac.definitions import all_definitions
from carac.language.definition import Definition, Rule
from carac.vocabulary.types import Baseline, Laboratory, Scale
from support.patients import BEFORE, Patient, Result, graded_rows, record

#: Tested with a judge of their own in test_cut_points.
JUDGED = ("CTCAE", "ISTH overt DIC", "CAR-HEMATOTOX")
STEP = Decimal("0.000001")
LIMIT = Decimal("35.2")
SIDES = ("below", "on", "above")
#: Cuts that one result alone cannot show, with the reason.
UNSEEN = {
    # Two of three lineages are needed; one alone neither makes two nor denies them.
    *(
        (name, *cut)
        for name in ("hlh_2004", "hlh_2024")
        for cut in (("haemoglobin", 9.0), ("platelets", 100), ("neutrophils", 1.0))
    ),
    # Bilirubin counts only with ALT or AST, and either enzyme only with bilirubin.
    *(("has_bled", *cut) for cut in (("alt", 3), ("ast", 3), ("bilirubin", 2))),
    # Three of four signs are needed; high leukocytes leave the lowest of the day open, and the other way round.
    *(("jaam_dic", *cut) for cut in (("sirs_leukocytes_higher", 12), ("sirs_leukocytes_lower", 4))),
    # The baseline and the day before are open.
    ("iec_hs_candidate", "limit", 2),
    # Each asks for a drug, a liver value or a value of the day before too: cases/sorting_explanations.toml has them.
    *(
        ("abnormality_explained_proposal", *cut)
        for cut in (
            *(("aptt_long", 0), ("prothrombin_time_long", 0), ("inr", 1.2)),
            *(("by_limit", 1.0), ("d_dimer", 1.0), ("protein", 10.0)),
        )
    ),
    # One point may be set aside, and aPTT, which was not measured, may give it too.
    ("cdss_adjusted_proposal", "prothrombin_time", 3),
    # The made-up limit of normal lies below 50, where the count alone gives the grade: see test_cut_points.
    ("ctcae_v6_platelets_with_transfusion", "limit", 1.0),
    # Two SOFA points are the most that count.
    *(("sic", *cut) for cut in (("creatinine", 3.5), ("creatinine", 5), ("hepatic", 6), ("hepatic", 12))),
}


@dataclass(frozen=True)
class Place:
    """One cut of one rule of one definition."""

    definition: Definition
    rule: Rule
    sign: str
    constant: float

    @property
    def input(self) -> Laboratory | Baseline | None:
        """The result that it reads; None where it reads something else."""
        for wanted in self.definition.inputs:
            if isinstance(wanted, Laboratory | Baseline) and wanted.column == self.rule.column:
                return None if isinstance(wanted, Laboratory) and wanted.is_moved else wanted
        return None

    def patient(self, side: str) -> Patient:
        """The value on one side of the cut."""
        wanted = self.input
        assert wanted is not None
        exact = Decimal(str(self.constant)) / Decimal(repr(self.rule.factor))
        sided = exact * (1 + STEP * (SIDES.index(side) - 1))
        limits: dict[str, str] = {}
        if wanted.scale is not Scale.VALUE:
            limits = {"lower" if wanted.scale is Scale.BY_LOWER_LIMIT else "upper": str(LIMIT)}
            sided = LIMIT + sided if wanted.scale is Scale.ABOVE_UPPER_LIMIT else LIMIT * sided
        day = BEFORE if isinstance(wanted, Baseline) else Result.day
        says = f"{self.definition.name}: {self.rule.title} {side} {self.sign} {self.constant}"
        return Patient((Result(wanted.analyte, str(sided), day=day, **limits),), says=says)


def places() -> Iterator[Place]:
    """Every cut of a score that one result shows."""
    for definition in all_definitions().values():
        if definition.layers is None or definition.instrument in JUDGED:
            continue
        for rule in definition.rules:
            for sign, constant, _ in rule.cuts:
                place = Place(definition, rule, sign, constant)
                if place.input is not None:
                    yield place


def test_both_sides_of_every_cut_of_the_scores(tmp_path: Path) -> None:
    assert len(check(tmp_path)) > 100


def check(folder: Path, of: Collection[str] | None = None) -> list[Place]:
    """Both sides of every cut of these definitions; None means all."""
    every = [place for place in places() if of is None or place.definition.name in of]
    if not every:
        return every
    names = list(dict.fromkeys(place.definition.name for place in every))
    patients = [place.patient(side) for place in every for side in SIDES]
    found = graded_rows(folder, record(patients), names)
    wrong, unseen = [], set()
    for number, place in enumerate(every):
        below, on, above = (_total(row, place) for row in found[3 * number : 3 * number + 3])
        expected = {"<": above, "≤": below, ">": below, "≥": above}[place.sign]
        if on != expected:
            wrong.append(f"{place.patient('on').says}: {below}, {on}, {above}")
        if below == above:
            unseen.add((place.definition.name, place.rule.name, place.constant))
    assert not wrong, f"{len(wrong)} of {len(every)}: " + "\n".join(wrong[:5])
    assert unseen == {cut for cut in UNSEEN if of is None or cut[0] in of}
    return every


def _total(row: dict[str, Any], place: Place) -> tuple[Any, ...]:
    """All columns of the definition: the total with its bounds, and the points of each item."""
    return tuple(row[column] for column in place.definition.columns)
