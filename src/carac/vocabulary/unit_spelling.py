"""Folds the many spellings of a unit into one key, without looking at the analyte."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from carac.vocabulary.files import rows

#: What exports write where a quantity has no unit, or where nobody entered one.
ABSENT = frozenset(
    {"", "-", "--", "n/a", "na", "nan", "null", "none", "no unit", "no units", "unitless", "dimensionless"}
)

#: Fibrinogen equivalent units or D-dimer units, wherever they stand: "ug{FEU}/mL", "ugFEU/mL", "mg/L D-DU".
_BASIS = re.compile(
    r"[\s({\[]*(?:(?<![a-z])|(?<=[munp]g))"
    r"(?:(?P<feu>feu|fibrinogen equivalent units?)|d-?du|d-?dimer units?)(?![a-z])[\s)}\]]*"
)

#: "10^9", "10*9", "x10E9", "10(9)", "10e+09", and "109" from a lost superscript. Read as the power, as every
#: laboratory means it, although 10E9 is strictly 10^10. Only powers in which cells are counted.
_POWER = re.compile(r"[x\u00d7*\u00b7]?10[\^*e(~']*\+?0?(3|4|5|6|9|12)\)?")
_BARE_POWER = re.compile(r"[x\u00d7*\u00b7]?1?e\+?0?(3|4|5|6|9|12)")
_INVERSE = re.compile(r"[\s\u00b7*]*\b([dmun]?l|min|day)\s*\^?[-\u2212]1$")


@cache
def _symbols() -> dict[str, str]:
    return {row["word"]: row["symbol"] for row in rows("unit_words.csv")}


def is_absent(text: str | None) -> bool:
    """Whether a unit is absent, which is not the same as unknown: empty, or a placeholder such as "n/a"."""
    return text is None or text.strip().casefold() in ABSENT


def dimer_basis(text: str | None) -> str:
    """The basis "FEU" or "DDU" where a unit says so, else ""."""
    found = re.search(r"\{(feu|ddu)\}$", normalise_unit(text))
    return "" if found is None else found.group(1).upper()


def _part(text: str) -> str:
    """One side of a slash."""
    symbols = _symbols()
    if text in symbols:
        return symbols[text]
    power = _POWER.fullmatch(text) or _BARE_POWER.fullmatch(text)
    if power is not None:
        return f"10^{power.group(1)}"
    for ending in ("cells", "cell"):
        if text.endswith(ending):
            return _part(text.removesuffix(ending))
    return text


def normalise_unit(text: str | None) -> str:
    """A key that is the same for every spelling of a unit: for comparison, not for print.

    Parameters
    ----------
    text: as the source wrote it; None, "" and placeholders give "".

    Notes
    -----
    Keys are lower case, because exports in capitals are common and no analyte of carac has two units that differ by
    case only. "G/L" is therefore "g/l": giga for cells, grams for fibrinogen, which the table of conversions settles.
    The micro sign, "mc" and "u" are one; 1 mm3 is 1 uL; "{FEU}" and "{DDU}" stay, at the end.
    """
    if is_absent(text) or text is None:
        return ""
    # A superscript minus one is an inverse and is settled before compatibility folding loses the superscript.
    key = text.replace("º", "°").replace("˚", "°")
    key = unicodedata.normalize("NFKC", key).casefold().strip().replace("\u03bc", "u")
    found = _BASIS.search(key)
    basis = ""
    if found is not None:
        basis = "{feu}" if found.group("feu") else "{ddu}"
        key = _BASIS.sub("", key)
    key = _INVERSE.sub(r"/\1", key)
    annotation = re.fullmatch(r"\{([^{}]*)\}", key)
    key = annotation.group(1) if annotation else re.sub(r"\{[^{}]*\}", "", key)
    key = re.sub(r"\s+per\s+|^per\s+", "/", key)
    # The dots of "i.u." and "sec." and the brackets of UCUM's "[IU]" carry nothing.
    key = re.sub(r"[\s.\[\]]", "", key)
    if not key:
        return ""
    percent = re.fullmatch(r"(u|m)?gm?s?%", key)
    if percent is not None:
        key = f"{percent.group(1) or ''}g/dl"
    folded = "/".join(_part(part) for part in key.split("/"))
    return (folded or key) + basis
