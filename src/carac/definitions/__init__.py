"""The instruments, one module each, in folders by topic. `all_definitions` lists what this version of carac grades."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path

from carac.definitions.own.force import Own, in_force, own, read_own
from carac.findings import CaracError
from carac.language.definition import Definition
from carac.parameters import Value
from carac.vocabulary.spelling import nearest

#: Modules with a tuple DEFINITIONS, in the order in which cards and columns stand.
MODULES = (
    "cytokine_release.astct_crs",
    "neurotoxicity.astct_icans",
    "ctcae.version_5",
    "ctcae.version_6",
    "ctcae.version_4_03",
    "ctcae.chemistry",
    "ctcae.cytokine_release",
    "ctcae.neurotoxicity",
    "ctcae.judged_syndromes",
    "coagulation.isth_overt_dic_2025",
    "coagulation.isth_overt_dic_2001",
    "coagulation.isth_non_overt_dic",
    "coagulation.cdss",
    "coagulation.jsth_2017",
    "coagulation.sofa",
    "coagulation.sic",
    "coagulation.overt_dic_persistence",
    "coagulation.jaam",
    "hyperinflammation.hlh",
    "hyperinflammation.hscore",
    "hyperinflammation.mas_2016",
    "hyperinflammation.cartox_hlh",
    "hyperinflammation.iec_hs",
    "hyperinflammation.ta_tma",
    "coagulation.hit_4ts",
    "endothelium.easix",
    "risk.car_hematotox",
    "risk.wang_bleeding",
    "risk.creatinine_clearance",
    "risk.bleeding_risk",
    "risk.khorana",
    "risk.vienna_nomogram",
    "risk.onkotev",
    "risk.myeloma_lymphoma_thrombosis",
    "haematotoxicity.icaht",
    "haematotoxicity.t_icaht",
    "haematotoxicity.icaht_phenotypes",
    "haematotoxicity.platelet_recovery",
    "bleeding.isth_bleeding",
    "bleeding.isth_surgical_bleeding",
    "bleeding.who_bleeding",
    "thrombosis.classes",
    "thrombosis.spesi",
    "thrombosis.on_imaging",
    "ctcae.haemorrhage",
    "ctcae.thromboembolism",
    "ctcae.vascular_access",
    "proposals.clinical_events",
    "ctcae.dic_term",
    "proposals.carac",
    "proposals.sorting.explanations",
    "proposals.sorting.adjusted_points",
    "proposals.sorting.agreement",
    "proposals.sorting.places",
    "proposals.sorting.patient",
    "proposals.sorting.concurrency",
    "proposals.sorting.death",
    "proposals.isth_sensitivity",
    "proposals.fibrinogen_course",
    "proposals.recent_thrombosis",
    "proposals.platelet_nadirs",
    "proposals.transfusion_independence",
    "proposals.platelet_refractoriness",
    "proposals.neutrophil_refractoriness",
)


def all_definitions() -> dict[str, Definition]:
    """Every definition by name: those that carac brings, and those of a site's file where one is in force."""
    more = own().definitions
    return {**brought_definitions(), **more} if more else brought_definitions()


@contextmanager
def definitions_from(file: Path | str | None) -> Iterator[Own]:
    """The definitions of a site's file beside those of carac, within the block; None changes nothing.

    Raises `CaracError` with file, line and what would be right.
    """
    made = read_own(Path(file), brought_definitions()) if file is not None else own()
    with in_force(made):
        yield made


@cache
def brought_definitions() -> dict[str, Definition]:
    """Every definition that carac brings, by name."""
    found: dict[str, Definition] = {}
    for module in MODULES:
        for definition in import_module(f"carac.definitions.{module}").DEFINITIONS:
            if definition.name in found:
                raise ValueError(f"two definitions are called {definition.name}")
            found[definition.name] = definition
    return found


def definition_of(name: str) -> Definition:
    """The definition of that name; raises `CaracError` with the nearest name."""
    known = all_definitions()
    if name in known:
        return known[name]
    near = nearest(name, known)
    raise CaracError(
        f"There is no definition {name!r}." + (f" Did you mean {near}?" if near else " See `carac definitions`.")
    )


def sensitivity_sets() -> dict[str, list[dict[str, Value]]]:
    """Per definition that depends much on its open choices: the preset (nothing changed), then one change at a time."""
    found: dict[str, list[dict[str, Value]]] = {}
    for module in MODULES:
        sets = getattr(import_module(f"carac.definitions.{module}"), "sensitivity_sets", None)
        if sets is not None:
            found |= sets()
    return found
