"""Names of things as a report prints them: products, analytes, units, definitions, days."""

from __future__ import annotations

import re

from carac.grading.explanation import words
from carac.language.definition import Definition
from carac.vocabulary.analytes import analytes
from carac.vocabulary.printed_words import printed
from carac.vocabulary.products import products

#: Short names of analytes, where the full one is too long for an axis or a table.
_SHORT = {
    "platelets": "Platelets",
    "neutrophils": "Neutrophils",
    "haemoglobin": "Haemoglobin",
    "fibrinogen": "Fibrinogen",
    "d_dimer": "D-dimer",
    "inr": "INR",
    "aptt": "aPTT",
    "prothrombin_time": "Prothrombin time",
    "ferritin": "Ferritin",
    "c_reactive_protein": "C-reactive protein",
    "lactate_dehydrogenase": "Lactate dehydrogenase",
    "creatinine": "Creatinine",
    "interleukin_6": "Interleukin-6",
    "easix": "EASIX",
}
_UNITS = {"10^9/L": "10⁹/L", "mg/L{FEU}": "mg/L FEU", "ug/L": "µg/L", "ug/mL": "µg/mL"}
#: What `explain` writes with the letters of a terminal, and how it is set in print.
_TYPESET = {"x10^9/L": "× 10⁹/L", " ug/L": " µg/L", " ug/mL": " µg/mL"}


def analyte_short(analyte: str) -> str:
    """An analyte as an axis names it."""
    return _SHORT.get(analyte) or words.title(analyte)


def in_sentence(analyte: str) -> str:
    """An analyte in the middle of a sentence; abbreviations keep their letters."""
    name = analyte_short(analyte)
    return lowered(name)


def lowered(name: str) -> str:
    """A title in the middle of a sentence; abbreviations keep their letters."""
    return name if name[:2].isupper() or name[1:2].isupper() else f"{name[:1].lower()}{name[1:]}"


def unit(analyte: str) -> str:
    """Its canonical unit as printed; empty where it has none."""
    found = analytes()[analyte].canonical_unit if analyte in analytes() else ""
    return _UNITS.get(found, found)


def printed_unit(written: str) -> str:
    """A unit of the vocabulary as printed."""
    return _UNITS.get(written, written).replace("x ", "× ")


#: A name of a table that no quotes set apart as one.
_NAME = re.compile(r"(?<![\w'\"])[a-z0-9]+(?:_[a-z0-9]+)+(?![\w'\"])")


def with_analytes_named(text: str) -> str:
    """A sentence of a finding with the names of analytes as printed; columns of the output keep theirs."""
    return _NAME.sub(lambda found: in_sentence(found[0]) if found[0] in analytes() else found[0], text)


def typeset(text: str) -> str:
    """A sentence of `explain` with its units as printed."""
    for plain, set_in_print in _TYPESET.items():
        text = text.replace(plain, set_in_print)
    return text


def with_unit(analyte: str) -> str:
    """An analyte with its unit, such as "Platelets (10⁹/L)"."""
    return f"{analyte_short(analyte)} ({unit(analyte)})" if unit(analyte) else analyte_short(analyte)


def product_short(product: str | None) -> str:
    """The short name of a product, such as axi-cel; as recorded where carac does not know it."""
    if not product:
        return "not recorded"
    known = products().get(product)
    if known is None:
        return printed(product)
    return next((name for name in known.synonyms if name.endswith("-cel")), known.title)


def product_full(product: str | None) -> str:
    """The full name of a product."""
    if not product:
        return "not recorded"
    return products()[product].title if product in products() else printed(product)


def definition_title(definition: Definition) -> str:
    """A definition's title, marked where it is carac's own proposal or a software convention."""
    mark = {"proposal of carac": " (proposal of carac)", "software convention": " (software convention)"}
    return definition.title.replace("authors code", "authors' code") + mark.get(str(definition.status), "")


def day(number: int) -> str:
    """A day with a true minus sign."""
    return f"−{-number}" if number < 0 else str(number)


def plural(count: int, word: str) -> str:
    """A count with its noun."""
    return words.plural(count, word)


def listed(texts: list[str]) -> str:
    """Texts as a sentence lists them."""
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} and {texts[-1]}"
