"""The DIC scores with the points of each explained item set aside, beside the scores as printed. A proposal.

Sources: of each score, see its own card; catalogue 4.1 (confounders after CAR T cells: exploratory, not validated).
Inputs: those of the score, and what could explain an abnormality.
Values: as the printed score; an explained item gives no points, one whose explanation is open gives a range; the
threshold stays as printed. Null where what is missing decides, with the lowest and highest possible score.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from carac.definitions.coagulation import cdss, isth_overt_dic_2001, isth_overt_dic_2025, jsth_2017
from carac.definitions.proposals.sorting import INSTRUMENT, POPULATION, VERSION
from carac.definitions.proposals.sorting.explanations import NAME as EXPLAINED
from carac.language.conditions import set_aside
from carac.language.definition import Certainty, Citation, Definition, Status, Values
from carac.language.points import Total
from carac.language.score import UNRECORDED, About, score
from carac.parameters import Parameter

_MARROW = (f"{EXPLAINED}__marrow",)
_SYNTHESIS = tuple(f"{EXPLAINED}__{name}" for name in ("tocilizumab", "asparaginase", "liver"))
_PROTHROMBIN = tuple(f"{EXPLAINED}__{name}" for name in ("anticoagulant_prothrombin", "liver"))

#: Item of a score, and the explanations that set its points aside. Nothing sets D-dimer aside.
SET_ASIDE: dict[str, tuple[str, ...]] = {
    "platelets": _MARROW,
    "platelet_count": _MARROW,
    "fibrinogen": _SYNTHESIS,
    "prothrombin_time": _PROTHROMBIN,
    "prothrombin_time_3": _PROTHROMBIN,
    "prothrombin_time_ratio": _PROTHROMBIN,
    "aptt": (f"{EXPLAINED}__anticoagulant_aptt",),
}
HAEMATOPOIETIC = next(kind for kind in jsth_2017.KINDS if kind.word == "haematopoietic")
SCHEME = next(scheme for scheme in isth_overt_dic_2001.SCHEMES if scheme.suffix == "10xuln")
_ISTH = isth_overt_dic_2001.PARAMETERS


def adjusted(printed: Total) -> Total:
    """The score with explained items set aside."""
    # Of CDSS, count and fall of platelets share a line: the fall is never explained by the marrow.
    parts = {"platelet_count": _MARROW} | {k: v for k, v in SET_ASIDE.items() if k != "platelets"}
    criteria = tuple(
        set_aside(criterion, parts if getattr(criterion, "parts", ()) else SET_ASIDE) for criterion in printed.criteria
    )
    return replace(printed, criteria=criteria)


def _definition(
    name: str,
    printed: str,
    title: str,
    citation: Citation,
    parameters: tuple[Parameter, ...],
    total: Callable[[Values], Total],
) -> Definition:
    about = About(
        name=name,
        title=f"{title}, explained items set aside",
        instrument=INSTRUMENT,
        version=VERSION,
        citation=citation,
        certainty=Certainty.LOW,
        status=Status.PROPOSAL,
        population=POPULATION,
        meaning="score without explained points; null where what is missing decides",
        parameters=parameters,
        uses=(EXPLAINED, printed),
        monotone=False,
        choices=(
            "Exploratory and not validated: the threshold stays as printed although fewer points can be reached.",
            "D-dimer and fibrin degradation products are never set aside.",
        ),
        low_items=("inr", "prothrombin_time_ratio"),
    )
    return score(about, lambda values: adjusted(total(values)))


DEFINITIONS: tuple[Definition, ...] = (
    _definition(
        "isth_2025_adjusted_proposal",
        "isth_overt_dic_2025",
        "ISTH overt DIC 2025",
        isth_overt_dic_2025.CITATION,
        _ISTH,
        lambda values: isth_overt_dic_2001.total(values, isth_overt_dic_2025.D_DIMER),
    ),
    _definition(
        "isth_2001_adjusted_proposal",
        "isth_overt_dic_2001_10xuln",
        f"ISTH overt DIC 2001, {SCHEME.title}",
        isth_overt_dic_2001.CITATION,
        _ISTH,
        lambda values: isth_overt_dic_2001.total(values, SCHEME.item),
    ),
    _definition(
        "cdss_adjusted_proposal",
        "cdss_malignant",
        "CDSS, malignant haematology",
        cdss.CITATION,
        cdss.PARAMETERS,
        lambda values: cdss.total(True, values),
    ),
    _definition(
        "jsth_adjusted_proposal",
        "jsth_dic_haematopoietic",
        "JSTH DIC 2017, haematopoietic type",
        jsth_2017.CITATION,
        (UNRECORDED,),
        lambda values: jsth_2017.total(HAEMATOPOIETIC, values),
    ),
)
