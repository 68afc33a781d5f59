"""Names of adverse events as trial registries print them, sorted into what carac counts, with the rule that decided.

carac's own short list (catalogue section 8.3). MedDRA is licensed and not shipped: neither its hierarchy nor its codes
are here. A user may add names, such as those of a query they are licensed for.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path
from types import MappingProxyType

from carac.findings import CaracError
from carac.vocabulary.files import rows
from carac.vocabulary.spelling import fold

#: What a term may be sorted into. "none" is none of them; "unknown" sounds like one of them and is for a person.
GROUPS = (
    "venous",
    "arterial",
    "thrombosis_unspecified",
    "bleeding",
    "thrombocytopenia",
    "coagulopathy",
    "none",
    "unknown",
)
ROLES = ("event", "flag", "exclude")

#: American to British, on folded text; the list is British, as MedDRA's names are.
_BRITISH = (
    (re.compile(r"hemorrh"), "haemorrh"),
    (re.compile(r"(?<!a)hemat"), "haemat"),
    (re.compile(r"(?<!a)hemo(?!rrh)"), "haemo"),
    (re.compile(r"(?<!a)hemarthr"), "haemarthr"),
    (re.compile(r"(?<!a)hemangi"), "haemangi"),
    (re.compile(r"ischem"), "ischaem"),
    (re.compile(r"(?<=[a-z])enemia\b"), "enaemia"),
    (re.compile(r"uremi"), "uraemi"),
    (re.compile(r"melena"), "melaena"),
    (re.compile(r"tumor"), "tumour"),
    (re.compile(r"catheteriz"), "catheteris"),
    (re.compile(r"normalized"), "normalised"),
    (re.compile(r"recanaliz"), "recanalis"),
)
#: CTCAE's internal number before the name, as some records print it: "13200-Anemia".
_NUMBERED = re.compile(r"^\d{4,6}\s*[-–]\s*")
#: Words that decide for a term that is not listed; the first that is found.
_WORDS = (
    ("none", re.compile(r"microhaemorrhages?|haemosiderin"), "an imaging sign of old bleeding"),
    ("bleeding", re.compile(r"haemorrhag|bleed|haematoma\b|haemato(?:chezia|emesis)"), "names bleeding"),
    ("venous", re.compile(r"\b(?:vein|venous|vena cava)\b.*\b(?:thromb\w*|embol\w*|occlusion)\b"), "a clot in a vein"),
    ("venous", re.compile(r"\b(?:thromb\w*|embol\w*)\b.*\b(?:vein|venous)\b"), "a clot in a vein"),
    ("arterial", re.compile(r"\barter(?:y|ial)\b.*\b(?:thromb\w*|embol\w*|occlusion)\b"), "a clot in an artery"),
)
#: What sounds like one of the groups and decides nothing.
_SOUNDS = re.compile(
    r"thromb|embol|clot|infarct|ischaem|coagul|platelet|fibrin|purpur|bruis|haem(?!oglob|angi|olys|oly|odial|oph)"
    r"|stroke|vascular access|occlusi|prothrombin|ecchym|petech"
)


@dataclass(frozen=True)
class Term:
    """A name of the list.

    Parameters
    ----------
    term: as listed.
    group, category: of `GROUPS`, and what within it.
    role: event; flag (counted apart, for a person to look at); exclude.
    status: verified (name seen in MedDRA 26.1), memory, or user.
    note: what to know.
    """

    term: str
    group: str
    category: str
    role: str
    status: str
    note: str


@dataclass(frozen=True)
class SortedTerm:
    """What a printed term is, and why.

    Parameters
    ----------
    printed: as the record has it.
    group, category, role: see `Term`; category is "" where only a word decided.
    rule: which rule decided, in words.
    """

    printed: str
    group: str
    category: str
    role: str
    rule: str


def plain_term(printed: str) -> str:
    """A term without internal number, case and American spelling."""
    text = fold(_NUMBERED.sub("", printed.strip()))
    for american, british in _BRITISH:
        text = american.sub(british, text)
    return text


@cache
def adverse_event_terms() -> Mapping[str, Term]:
    """The list, by plain name."""
    return MappingProxyType({plain_term(row["term"]): Term(**row) for row in rows("adverse_event_terms.csv")})


def with_own_terms(path: Path) -> Mapping[str, Term]:
    """The list with a user's names, which decide where both have one.

    Parameters
    ----------
    path: CSV with the columns term and group (of `GROUPS`), and if wanted category, role and note.

    Raises
    ------
    CaracError: a column is missing, or a group or role is none.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CaracError(f"{path} cannot be read as UTF-8 text ({error}); name a CSV file of terms.") from None
    reader = csv.DictReader(StringIO(text))
    if not {"term", "group"} <= set(reader.fieldnames or ()):
        raise CaracError(f"{path} has no columns term and group; they must be there.")
    own = {}
    for row in reader:
        group, role = (row["group"] or "").strip(), (row.get("role") or "event").strip()
        if group not in GROUPS or role not in ROLES:
            word, allowed = (group, GROUPS) if group not in GROUPS else (role, ROLES)
            raise CaracError(f"{path}, row {reader.line_num}: {word!r} is none of {', '.join(allowed)}.")
        term = Term(row["term"], group, row.get("category") or "", role, "user", row.get("note") or "")
        own[plain_term(row["term"])] = term
    return MappingProxyType({**adverse_event_terms(), **own})


def sort_term(printed: str, terms: Mapping[str, Term] | None = None) -> SortedTerm:
    """What a term of a record is.

    Parameters
    ----------
    printed: as the record has it.
    terms: the list; carac's own where None.
    """
    plain = plain_term(printed)
    known = (terms if terms is not None else adverse_event_terms()).get(plain)
    if known is not None:
        whose = "the user's list" if known.status == "user" else "carac's list"
        note = f": {known.note}" if known.note else ""
        return SortedTerm(printed, known.group, known.category, known.role, f"in {whose}{note}")
    for group, pattern, why in _WORDS:
        if pattern.search(plain):
            role = "exclude" if group == "none" else "flag"
            return SortedTerm(printed, group, "", role, f"not listed; {why}")
    if _SOUNDS.search(plain):
        return SortedTerm(printed, "unknown", "", "flag", "not listed; sounds like one of them, a person decides")
    return SortedTerm(printed, "none", "", "exclude", "not listed; names none of them")
