"""The one event of a case by hand, with its features and its code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from carac.findings import CaracError
from carac.grading.by_hand.case import Case, Taken, moment, whole_number
from carac.grading.by_hand.checked_words import number_of, word_of
from carac.grading.by_hand.items import CaseItem
from carac.vocabulary.event_classes import class_of
from carac.vocabulary.event_features import event_features
from carac.vocabulary.event_sites import site_of
from carac.vocabulary.icd10cm import code_of

#: Begins the identifier of the event; the patient follows.
EVENT_ID = "event"


class EventRows:
    """The one event of a case.

    Parameters
    ----------
    case: takes the rows.
    items: what the definition takes.
    """

    def __init__(self, case: Case, items: Sequence[CaseItem]) -> None:
        self.case = case
        self.columns: dict[str, str] = {}
        self.features: list[dict[str, Any]] = []
        self.kinds = next((item.words for item in items if item.name == "kind"), ())

    def take(self, item: CaseItem, text: str) -> None:
        """One fact of the event."""
        if item.kind == "event":
            word = word_of(item.name, text, item.words) if item.words else text
            self.columns[item.name] = word
            self.case.taken.append(Taken(item, word.replace("_", " ")))
            return
        known = event_features()[item.of]
        row: dict[str, Any] = {"event_id": self._id, "feature": item.of}
        if known.kind == "number":
            row["number"] = number_of(item.name, text, item.of, known.unit, known.low, known.high)
            self.case.taken.append(Taken(item, f"{row['number']:g} {known.unit}".strip()))
        else:
            word = word_of(item.name, text, item.words)
            row |= {"flag": word == "yes"} if known.kind == "bool" else {"text": word}
            self.case.taken.append(Taken(item, word.replace("_", " ")))
        self.features.append(row)

    @property
    def _id(self) -> str:
        return f"{EVENT_ID}-{self.case.patient}"

    def add(self) -> None:
        """Write it, if anything was said of it."""
        if not self.columns and not self.features:
            return
        self.case.present |= {"events", "event_features"}
        day = whole_number("event_day", self.columns.get("event_day", str(self.case.day)))
        onset, precision = moment(day)
        code = self._code()
        site = self.columns.get("site")
        kind = self.columns.get("kind") or self._kind(site, code)
        admission = self.columns.get("present_on_admission")
        texts_ = {name: self.columns.get(name) for name in ("side", "certainty")}
        self.case.add(
            "events",
            event_id=self._id,
            day=day,
            onset=onset,
            onset_precision=precision,
            kind=kind,
            site=site or code.pop("code_site", None),
            present_on_admission=None if admission is None else admission == "yes",
            **texts_,
            **{name: value for name, value in code.items() if name != "code_site"},
        )
        for row in self.features:
            self.case.rows.setdefault("event_features", []).append(row)

    def _kind(self, site: str | None, code: Mapping[str, Any]) -> str | None:
        known = site_of(site) if site else None
        if known is not None:
            return known.kind
        if code:
            return None
        if len(self.kinds) == 1:
            return self.kinds[0]
        raise CaracError(f"An event needs its kind, site or code; write kind={' or kind='.join(self.kinds)}.")

    def _code(self) -> dict[str, Any]:
        text = self.columns.get("code")
        if not text:
            return {}
        known = code_of(text)
        if known is None:
            raise CaracError(f"code={text} names no event that carac reads; write a whole ICD-10-CM code, or the kind.")
        of = class_of(known)
        return {
            "code": text,
            "code_domain": known.domain,
            "code_category": known.category,
            "code_acuity": known.acuity,
            "code_role": known.role,
            "code_class": of.level_1,
            "code_subclass": of.level_2,
            "code_site": of.site or None,
        }
