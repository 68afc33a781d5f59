"""The worst grade of each infusion: who surely reached a grade, who surely did not, and for whom it stays open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from carac.language.definition import Definition, Status
from carac.report.material import Material
from carac.vocabulary.types import Grain

#: With more than a tenth left open, those decided are mostly those who have it: their share would mislead.
OPEN_AT_MOST = 0.1
#: With less than half known, they are those in whom it was looked for: their share would be taken for that of all.
KNOWN_AT_LEAST = 0.5


@dataclass(frozen=True)
class Worst:
    """The worst grade over the window, by definition.

    Parameters
    ----------
    definition: what was graded.
    total: infusions in all.
    pairs: infusions by the lowest and the highest that the worst grade can be; those on whom nothing is known are in
        none. On days without any input nothing can be said: they count in neither end.
    """

    definition: Definition
    total: int
    pairs: Mapping[tuple[int, int], int]

    @property
    def graded(self) -> int:
        """Infusions of which anything is known."""
        return sum(self.pairs.values())

    @property
    def is_of_most(self) -> bool:
        """Whether enough is known for a share or a bar, which readers take for that of all infusions."""
        return self.graded >= KNOWN_AT_LEAST * self.total

    def exactly(self, grade: int) -> int:
        """Infusions whose worst grade is this one."""
        return self.pairs.get((grade, grade), 0)

    @property
    def between(self) -> int:
        """Infusions whose worst grade is known only as a range."""
        return sum(count for (low, high), count in self.pairs.items() if low < high)

    def at_least(self, grade: int) -> Reached:
        """Who reached a grade."""
        yes = sum(count for (low, _), count in self.pairs.items() if low >= grade)
        no = sum(count for (_, high), count in self.pairs.items() if high < grade)
        return Reached(yes, no, self.graded - yes - no, self.total - self.graded)


@dataclass(frozen=True)
class Reached:
    """Infusions by whether they reached something.

    Parameters
    ----------
    yes, no: surely did, surely did not.
    open: for whom what is missing decides.
    unknown: of whom nothing is known; in no share.
    """

    yes: int
    no: int
    open: int
    unknown: int = 0

    @property
    def decided(self) -> int:
        """The denominator: those of whom it can be said."""
        return self.yes + self.no

    @property
    def is_told(self) -> bool:
        """Whether a share of those decided says something.

        To have it is decided on one day, not to have it on all days; and the few in whom it was looked for are not all.
        """
        few_open = self.open <= OPEN_AT_MOST * self.known
        return few_open and self.known >= KNOWN_AT_LEAST * (self.known + self.unknown)

    @property
    def known(self) -> int:
        """Those of whom anything is known."""
        return self.decided + self.open

    @property
    def range(self) -> tuple[float, float] | None:
        """The lowest and highest share that can be, of those of whom anything is known."""
        if not self.known:
            return None
        return self.yes / self.known, (self.yes + self.open) / self.known


def worst_of(material: Material, definition: Definition) -> Worst:
    """The worst grade of each infusion under a definition, from day 0 to the end of the window."""
    name, keys = definition.name, "patient_id, infusion_number"
    if definition.grain is Grain.DAY:
        own = (
            f'SELECT {keys}, max("{name}__lowest") AS low, max("{name}__highest") AS high FROM report_days'
            f" WHERE day BETWEEN 0 AND {material.options.worst_until} GROUP BY {keys}"
        )
    else:
        own = f'SELECT {keys}, "{name}__lowest" AS low, "{name}__highest" AS high FROM report_infusions'
    sql = f"SELECT low, high, count(*) AS count FROM ({own}) AS own WHERE low IS NOT NULL GROUP BY low, high"
    pairs = {(int(row["low"]), int(row["high"])): int(row["count"]) for row in material.rows(sql)}
    return Worst(definition, len(material.infusions), pairs)


def is_grade(definition: Definition) -> bool:
    """Whether a definition gives grades of at most 5, and not points, words, or the places of carac's own sorting."""
    first = definition.outputs[0]
    few = definition.highest is not None and definition.highest <= 5 and first.type.startswith("int")
    return few and not definition.adds and definition.status is not Status.PROPOSAL


def readings_of(definition: Definition) -> list[str]:
    """Suffixes of the readings of a score, such as ``__overt``: booleans whose meaning says what they are."""
    wanted = ("compatible", "high risk")
    return [o.suffix for o in definition.outputs if o.type == "boolean" and not o.item and o.meaning.startswith(wanted)]


def reading_reached(material: Material, definition: Definition, suffix: str) -> Reached:
    """Who had a reading on any day of the window; open: no day says yes, and on one it cannot be said."""
    column = f'"{definition.name}{suffix}"'
    known = f'"{definition.name}__lowest" IS NOT NULL'
    sql = (
        f"SELECT max(CASE WHEN {column} THEN 1 ELSE 0 END) AS yes,"
        f" max(CASE WHEN {column} IS NULL AND {known} THEN 1 ELSE 0 END) AS open,"
        f" max(CASE WHEN {known} THEN 1 ELSE 0 END) AS known FROM report_days"
        f" WHERE day BETWEEN 0 AND {material.options.worst_until} GROUP BY patient_id, infusion_number"
    )
    counted = (
        f"SELECT sum(yes) AS yes, sum(CASE WHEN yes = 0 THEN open ELSE 0 END) AS open, sum(known) AS known"
        f" FROM ({sql}) AS own"
    )
    row = material.rows(counted)[0]
    yes, still_open, of = (int(row[name] or 0) for name in ("yes", "open", "known"))
    return Reached(yes, of - yes - still_open, still_open, len(material.infusions) - of)


def disagreement(material: Material, first: Definition, second: Definition) -> dict[tuple[int, int], int]:
    """Infusions by their sure worst grade under two definitions, such as two versions."""
    parts = []
    for place, definition in enumerate((first, second)):
        name = definition.name
        if definition.grain is Grain.DAY:
            parts.append(
                f'SELECT patient_id, infusion_number, max("{name}__lowest") AS low{place},'
                f' max("{name}__highest") AS high{place} FROM report_days'
                f" WHERE day BETWEEN 0 AND {material.options.worst_until} GROUP BY patient_id, infusion_number"
            )
        else:
            parts.append(
                f'SELECT patient_id, infusion_number, "{name}__lowest" AS low{place},'
                f' "{name}__highest" AS high{place} FROM report_infusions'
            )
    sql = (
        f"SELECT low0, low1, count(*) AS count FROM ({parts[0]}) AS a JOIN ({parts[1]}) AS b"
        " USING (patient_id, infusion_number) WHERE low0 = high0 AND low1 = high1 GROUP BY low0, low1"
    )
    return {(int(row["low0"]), int(row["low1"])): int(row["count"]) for row in material.rows(sql)}
