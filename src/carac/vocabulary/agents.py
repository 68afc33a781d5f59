"""The agents of the treatments table: drugs, blood products, CAR-T products. Source: catalogue sections 11.2 and 15."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from carac.vocabulary.files import rows, words
from carac.vocabulary.products import products
from carac.vocabulary.spelling import fold

#: Class of the CAR-T products, which are agents too.
CAR_T_PRODUCT = "car_t_product"


@dataclass(frozen=True)
class Agent:
    """A drug or blood product.

    Parameters
    ----------
    name: the word of the tables.
    title: as printed.
    agent_class: what definitions ask for, such as ``vasopressor``.
    atc, rxnorm, omop: codes (RxNorm ingredient, OMOP concept); empty where none is known.
    atc_status, rxnorm_status, omop_status: "verified" or "memory"; "" where there is no code.
    synonyms: brand and other common names; never the name of a class (LMWH is no agent).
    note: what to know, or "".
    """

    name: str
    title: str
    agent_class: str
    atc: tuple[str, ...]
    atc_status: str
    rxnorm: tuple[str, ...]
    rxnorm_status: str
    omop: tuple[str, ...]
    omop_status: str
    synonyms: tuple[str, ...]
    note: str


def _from_file() -> list[Agent]:
    return [
        Agent(
            name=row["agent"],
            title=row["title"],
            agent_class=row["agent_class"],
            atc=words(row["atc"]),
            atc_status=row["atc_status"],
            rxnorm=words(row["rxnorm"]),
            rxnorm_status=row["rxnorm_status"],
            omop=words(row["omop"]),
            omop_status=row["omop_status"],
            synonyms=words(row["synonyms"]),
            note=row["note"],
        )
        for row in rows("agents.csv")
    ]


def _from_products() -> list[Agent]:
    return [
        Agent(
            name=product.name,
            title=product.title,
            agent_class=CAR_T_PRODUCT,
            atc=product.atc,
            atc_status=product.atc_status,
            rxnorm=(),
            rxnorm_status="",
            omop=product.omop,
            omop_status=product.omop_status,
            synonyms=product.synonyms,
            note=product.note,
        )
        for product in products().values()
    ]


@cache
def agents() -> Mapping[str, Agent]:
    """All agents by name, the CAR-T products among them."""
    return MappingProxyType({agent.name: agent for agent in _from_file() + _from_products()})


@cache
def agent_classes() -> Mapping[str, tuple[str, ...]]:
    """The names of the agents of each class."""
    found: dict[str, list[str]] = {}
    for agent in agents().values():
        found.setdefault(agent.agent_class, []).append(agent.name)
    return MappingProxyType({name: tuple(members) for name, members in found.items()})


@cache
def _by_name() -> dict[str, str]:
    found: dict[str, str] = {}
    for agent in agents().values():
        for name in (agent.name, agent.title, *agent.synonyms):
            if found.setdefault(fold(name), agent.name) != agent.name:
                raise ValueError(f"agents.csv gives {name!r} to {found[fold(name)]} and to {agent.name}.")
    return found


@cache
def _by_code() -> dict[str, str]:
    found: dict[str, str] = {}
    for agent in agents().values():
        for code in (*agent.atc, *agent.rxnorm, *agent.omop):
            if found.setdefault(code, agent.name) != agent.name:
                raise ValueError(f"agents.csv gives the code {code} to {found[code]} and to {agent.name}.")
    return found


def agent_of(text_or_code: str | None) -> str | None:
    """The agent that a whole name, synonym or code (ATC, RxNorm ingredient, OMOP) stands for; None if unknown."""
    if not text_or_code:
        return None
    return _by_code().get(text_or_code.strip().upper()) or _by_name().get(fold(text_or_code))
