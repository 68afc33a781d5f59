"""The laboratory values of one case by hand, in canonical units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from carac.findings import CaracError
from carac.grading.by_hand import texts
from carac.grading.by_hand.case import Case, Taken, moment
from carac.grading.by_hand.items import CaseItem
from carac.vocabulary.analytes import analytes, number_of_analyte
from carac.vocabulary.units import conversion, known_units

#: Stands for a limit where only the multiple of it is typed and compared.
_UNIT_LIMIT = 1.0
#: Stands for the upper limit where only the distance above it is typed and compared.
_LIMIT_FOR_DISTANCE = 12.0


class LaboratoryRows:
    """The laboratory rows of a case.

    Parameters
    ----------
    case: takes the rows.
    pairs: items with what was typed; values, baselines and limits are read, the others left.
    grid: parameters of the window of days.
    """

    def __init__(self, case: Case, pairs: Sequence[tuple[CaseItem, str]], grid: Mapping[str, Any]) -> None:
        self.case = case
        self.look_back = int(grid["baseline_look_back"])
        self.pairs = [(item, text) for item, text in pairs if item.kind in ("laboratory", "baseline")]
        self.limits = {
            (item.of, item.by_limit): (item, texts.value(item.name, text), text)
            for item, text in pairs
            if item.kind == "limit"
        }

    def add(self) -> None:
        """Read them all; a limit without a value to go with it is refused."""
        for item, text in self.pairs:
            start = int(self.case.rows["infusions"][0].get("lymphodepletion_day") or 0)
            day = start - 1 if item.kind == "baseline" else self.case.day
            for one in texts.by_days(item.name, text, day, item.days_needed):
                self._add(item, one)
        valued = {item.of for item, _ in self.pairs}
        for (analyte, _), (item, _, _) in self.limits.items():
            if analyte not in valued:
                raise CaracError(f"{item.name} is a limit of normal without a value; write {analyte}=VALUE, too.")
        self._refuse_shadowed()

    def _refuse_shadowed(self) -> None:
        """A value before treatment that a later one would replace."""
        start = self.case.rows["infusions"][0].get("lymphodepletion_day")
        for item, _ in self.pairs:
            earlier = [row for row in self.case.rows["labs"] if row["analyte"] == item.of]
            before = [row for row in earlier if row["time"] <= moment(int(start or 0))[0]]
            if item.kind == "baseline" and len(before) > 1:
                raise CaracError(
                    f"{item.name} is the value before treatment, and the series has others of day {start} or earlier;"
                    " leave one out, or move lymphodepletion_day."
                )

    def _add(self, item: CaseItem, one: texts.OfDay) -> None:
        read = texts.value(item.name, one.text)
        lower, upper = (self._limit(item, side, read.unit) for side in ("lower", "upper"))
        if lower is not None and upper is not None and lower > upper:
            raise CaracError(f"The lower limit of {item.of} lies above its upper limit; exchange the two.")
        low, high, unit = self._converted(item, read, lower, upper)
        if read.by in ("ULN", "above") and upper is None:
            upper = _UNIT_LIMIT if read.by == "ULN" else _LIMIT_FOR_DISTANCE
        if read.by == "LLN" and lower is None:
            lower = _UNIT_LIMIT
        time, precision = moment(one.day, one.time)
        self.case.add(
            "labs",
            time=time,
            time_precision=precision,
            analyte=item.of,
            analyte_number=number_of_analyte(item.of),
            exact=low == high,
            has_lower_limit=lower is not None,
            has_upper_limit=upper is not None,
            value_low=low,
            value_high=high,
            lower_limit=lower,
            upper_limit=upper,
        )
        self.case.taken.append(Taken(item, self._words(item, one, read, unit)))

    def _words(self, item: CaseItem, one: texts.OfDay, read: texts.Value, unit: str) -> str:
        text = one.text if read.unit or read.by else f"{one.text} {unit}".strip()
        limits = [t for (analyte, _), (_, _, t) in self.limits.items() if analyte == item.of]
        against = f", limit of normal {' and '.join(limits)}" if limits else ""
        when = "" if item.kind == "baseline" else f", day {one.day}{' ' + one.time if one.time else ''}"
        assumed = " (no unit typed)" if unit and not read.unit and not read.by else ""
        return f"{text}{assumed}{against}{when}"

    def _limit(self, item: CaseItem, side: str, unit: str) -> float | None:
        found = self.limits.get((item.of, side))
        if found is None:
            return None
        limit, read, text = found
        if read.by or read.low != read.high or read.low <= 0:
            raise CaracError(f"{limit.name}={text} must be one number above 0.")
        return self._in_canonical(limit, read.low, read.unit or unit, text)

    def _converted(
        self, item: CaseItem, read: texts.Value, lower: float | None, upper: float | None
    ) -> tuple[float, float, str]:
        if read.by == "":
            unit = read.unit or item.unit
            low, high = (self._in_canonical(item, end, unit, f"{end:g}{unit}") for end in (read.low, read.high))
            self._check_plausible(item, low, high, unit)
            return low, high, unit
        limit = lower if read.by == "LLN" else upper
        if limit is None and (item.absolute or ("lower" if read.by == "LLN" else "upper") not in item.by_limit):
            side = "lower" if read.by == "LLN" else "upper"
            raise CaracError(
                f"{item.name} is compared as a value here, which a multiple of the limit does not tell;"
                f" write the value with its unit, and {item.of}_{side}_limit where the limit matters."
            )
        if read.by == "above":
            base = limit if limit is not None else _LIMIT_FOR_DISTANCE
            return base + read.low, base + read.high, ""
        base = limit if limit is not None else _UNIT_LIMIT
        return base * read.low, base * read.high, ""

    def _in_canonical(self, item: CaseItem, number: float, unit: str, text: str) -> float:
        found = conversion(item.of, unit or item.unit or None)
        if found is None:
            units = ", ".join(dict.fromkeys(known_units(item.of)))
            right = f"write one of {units}" if units else "it has no unit"
            raise CaracError(f"{item.name}={text}: the unit {unit!r} is not known for {item.of}; {right}.")
        if found.basis_needed:
            if item.absolute:
                raise CaracError(
                    f"{item.name}={text} says neither FEU nor DDU; write the unit as mg/L{{FEU}} or ng/mL{{DDU}}."
                )
            # Only its ratio to the limit counts, and that is the same in both.
            found = conversion(item.of, unit, "FEU")
            assert found is not None
        return number * found.multiply / found.divide

    def _check_plausible(self, item: CaseItem, low: float, high: float, unit: str) -> None:
        known = analytes()[item.of]
        if high < known.plausible_low or low > known.plausible_high:
            raise CaracError(
                f"{item.name} of {low:g} {known.canonical_unit} is outside"
                f" {known.plausible_low:,g} to {known.plausible_high:,g} {known.canonical_unit};"
                f" check the value and its unit (a bare number is taken in {item.unit or 'no unit'})."
            )
