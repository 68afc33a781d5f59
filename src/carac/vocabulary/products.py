"""The CAR-T products, by name, synonym, code, or within a text. Source: catalogue sections 8.2 and 11.2."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from carac.vocabulary.files import rows, words
from carac.vocabulary.spelling import fold

#: "CAR-T" in a text. Without its hyphen or blank only in capitals, because a cart is not a product.
_CAR_T = re.compile(r"(?i:\bcar[- ]t\b)|\bCART\b")


@dataclass(frozen=True)
class Product:
    """A cell product.

    Parameters
    ----------
    name: the word of the tables.
    title: as printed.
    target: antigen, "CD19" or "BCMA"; "" where it is no CAR-T product.
    atc, omop: codes; empty where none is known.
    atc_status, omop_status: "verified" or "memory"; "" where there is no code.
    synonyms: short and brand names.
    note: what to know, or "".
    """

    name: str
    title: str
    target: str
    atc: tuple[str, ...]
    atc_status: str
    omop: tuple[str, ...]
    omop_status: str
    synonyms: tuple[str, ...]
    note: str

    @property
    def names(self) -> tuple[str, ...]:
        """Every name it goes by."""
        return (self.name, self.title, *self.synonyms)


@dataclass(frozen=True)
class ProductCode:
    """A procedure or billing code; `product` is "" where it stands for any CAR-T product."""

    system: str
    code: str
    product: str
    status: str
    note: str


@cache
def _all() -> tuple[tuple[str, Product], ...]:
    return tuple(
        (
            row["kind"],
            Product(
                name=row["name"],
                title=row["title"],
                target=row["target"],
                atc=words(row["atc"]),
                atc_status=row["atc_status"],
                omop=words(row["omop"]),
                omop_status=row["omop_status"],
                synonyms=words(row["synonyms"]),
                note=row["note"],
            ),
        )
        for row in rows("products.csv")
    )


@cache
def products() -> Mapping[str, Product]:
    """The CAR-T products by name."""
    return MappingProxyType({product.name: product for kind, product in _all() if kind == "car_t"})


@cache
def excluded_products() -> Mapping[str, Product]:
    """Cell products that share the ending "leucel" and are no CAR-T cells, by name."""
    return MappingProxyType({product.name: product for kind, product in _all() if kind == "not_car_t"})


@cache
def product_codes() -> Mapping[str, ProductCode]:
    """Procedure and billing codes by code; all from memory, to be checked before use."""
    return MappingProxyType({row["code"]: ProductCode(**row) for row in rows("product_codes.csv")})


@cache
def _by_code() -> dict[str, str]:
    found = {code: name for name, product in products().items() for code in (*product.atc, *product.omop)}
    found.update({code.code: code.product for code in product_codes().values() if code.product})
    return found


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Per product, its names as whole words, in folded text."""
    return tuple(
        (name, re.compile(r"(?<!\w)(?:" + "|".join(re.escape(fold(known)) for known in product.names) + r")(?!\w)"))
        for name, product in products().items()
    )


def product_of(text_or_code: str | None) -> str | None:
    """The product that a name, a text around a name, or a code stands for.

    None where no product or more than one is named: "CAR-T" alone does not say which, "lifileucel" is none.
    Codes are ATC, OMOP concept id, ICD-10-PCS and HCPCS.
    """
    if not text_or_code:
        return None
    by_code = _by_code().get(text_or_code.strip().upper())
    if by_code is not None:
        return by_code
    folded = fold(text_or_code)
    named = [name for name, pattern in _patterns() if pattern.search(folded)]
    return named[0] if len(named) == 1 else None


def names_car_t(text_or_code: str | None) -> bool:
    """Whether a text or code names any CAR-T product, be it only as "CAR-T" or by a code without product."""
    if not text_or_code:
        return False
    if text_or_code.strip().upper() in product_codes() or _CAR_T.search(text_or_code):
        return True
    folded = fold(text_or_code)
    return product_of(text_or_code) is not None or any(pattern.search(folded) for _, pattern in _patterns())
