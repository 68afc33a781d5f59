"""Thrombosis category: which vessel, from the code of the event, else from its kind and site, refined by features.

Sources: catalogue 8.1 (categories) and 8.2 (ICD-10-CM codes; the assignment of codes is the catalogue's own).
Inputs: events with the class of their code; features subsegmental, most_proximal_vessel, saddle, type_2_infarction.
Values: the second level of the vocabulary's classes, such as PE_saddle, DVT_upper, splanchnic, ischaemic_stroke; null
where neither code nor site tells. Events that are no thrombosis have no row.
Open in the source: a code that does not settle the vessel (I82.89, I82.60-, K55.0-, I51.3 …) gives way to the site
that the record itself names. Subsegmental means that no more proximal vessel is recorded.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.language.definition import Certainty, Citation, Definition, Output, Status, Tables
from carac.language.event_rules import KEYS, any_of, certainly, features
from carac.parameters import Values
from carac.vocabulary.event_classes import event_classes
from carac.vocabulary.event_features import event_features
from carac.vocabulary.event_sites import event_sites
from carac.vocabulary.types import Grain

NAME = "thrombosis_category"

SOURCE = Citation(
    "Software convention; categories after Lee D et al. Bleeding Thromb Vasc Biol 2026;5(s1):461",
    "10.4081/btvb.2026.461",
)

#: Features that the classes ask for.
WANTED = tuple(name for name, feature in event_features().items() if "thrombosis_class" in feature.asked_by)

#: Categories of codes that leave the vessel open: the site of the record decides where there is one.
NEEDS_TEXT = (
    "unspecified_vein",
    "upper_vein_unspecified",
    "phlebitis_unspecified_depth",
    "other_specified_vein (incl. splenic, mesenteric, gonadal)",
    "mesenteric_ischaemia (arterial or venous!)",
    "intracardiac_thrombus",
    "atheroembolism",
    "catheter_device_thrombosis",
    "catheter_infusion_complication",
)

#: Domains of codes that are about clots, also where the code itself is none (cement, transient amnesia).
DOMAINS = ("VTE", "ATE", "NONTHROMBOTIC")

#: The most proximal vessel of a pulmonary embolism decides; a saddle first.
PULMONARY = {"main": "PE_central_lobar", "lobar": "PE_central_lobar", "segmental": "PE_segmental"}
SUBSEGMENTAL = {"single": "PE_subsegmental_single", "multiple": "PE_subsegmental_multiple"}


def thromboses(tables: Tables) -> ibis.Table:
    """The events about clots with their features, `by_site` (the record's site decides), `bed` and `category`.

    `bed` is venous or arterial, null for entities of their own (sinusoidal obstruction, microangiopathy, HIT).
    """
    rows = features(tables, WANTED)
    about = any_of(
        certainly(truth)
        for truth in (
            rows.kind.isin(("venous", "arterial")),
            rows.code_domain.isin(DOMAINS),
            rows.code_role == "separate",
            rows.code_category == "thrombophilia",
        )
    )
    rows = rows.filter(about)
    rows = rows.mutate(by_site=_site_decides(rows))
    rows = rows.mutate(bed=_bed(rows), stated=_stated(rows))
    return rows.mutate(category=_refined(rows)).drop("stated")


def _of_sites(field: str) -> dict[str, str]:
    return {name: getattr(site, field) for name, site in event_sites().items() if site.kind != "bleeding"}


def _site_decides(rows: ibis.Table) -> ir.BooleanValue:
    named = rows.site.isin(tuple(_of_sites("kind")))
    # A code of another kind of event beside a site of thrombosis does not say which vessel it is.
    # Entities of their own stay what they are: sinusoidal obstruction is no hepatic vein thrombosis.
    other = ~rows.code_domain.isin(DOMAINS).fill_null(False) & (rows.code_role.fill_null("") != "separate")
    named = named & (rows.site_by != "code").fill_null(True)
    return certainly(named) & (other | certainly(rows.code_category.isin(NEEDS_TEXT)))


def _bed(rows: ibis.Table) -> ir.StringValue:
    by_site = rows.site.cases(*_of_sites("kind").items(), else_=ibis.null("string"))
    by_code = rows.code_domain.cases(("VTE", "venous"), ("ATE", "arterial"), else_=ibis.null("string"))
    kind = rows.kind.isin(("venous", "arterial")).ifelse(rows.kind, ibis.null("string"))
    return ibis.cases((rows.by_site, by_site), else_=ibis.coalesce(by_code, kind))


def _stated(rows: ibis.Table) -> ir.StringValue:
    """The category by site or code, before the features."""
    by_site = rows.site.cases(*_of_sites("level_2").items(), else_=ibis.null("string"))
    return ibis.cases((rows.by_site, by_site), else_=rows.code_subclass)


def _refined(rows: ibis.Table) -> ir.StringValue:
    pulmonary = certainly(rows.stated.startswith("PE_"))
    # A saddle by its code is the more proximal vessel, whatever lies further out.
    saddle = pulmonary & (certainly(rows.saddle) | (rows.stated == "PE_saddle") & rows.most_proximal_vessel.isnull())
    infarction = certainly((rows.stated == "MI") & rows.type_2_infarction)
    return ibis.cases(
        (infarction, "MI_type_2"),
        (saddle, "PE_saddle"),
        *((pulmonary & (rows.most_proximal_vessel == vessel), name) for vessel, name in PULMONARY.items()),
        *((pulmonary & (rows.subsegmental == word), name) for word, name in SUBSEGMENTAL.items()),
        else_=rows.stated,
    )


def septic_categories() -> tuple[str, ...]:
    """Categories of codes for septic thrombosis."""
    return tuple(c.category for c in event_classes().values() if c.septic)


def rows(tables: Tables, values: Values) -> ibis.Table:
    """One row per event about a clot, keyed by patient_id, infusion_number, event_id."""
    events = thromboses(tables)
    return events.select(*KEYS, **{NAME: events.category})


CATEGORY = Definition(
    name=NAME,
    title="Thrombosis category",
    instrument="Thrombosis",
    version="2026",
    citation=SOURCE,
    status=Status.CONVENTION,
    certainty=Certainty.VERIFIED,
    population="all",
    grain=Grain.EVENT,
    outputs=(
        Output(
            "",
            "vessel or entity, such as PE_saddle, DVT_lower_proximal, CVST, splanchnic, ischaemic_stroke, MI; null "
            "where neither code nor site tells; an event that is no thrombosis has no row",
            "string",
        ),
    ),
    rows=rows,
    lowest=None,
    highest=None,
    choices=(
        "Existence of the codes is verified; their assignment to categories is the catalogue's own.",
        "A code that leaves the vessel open gives way to the site of the record.",
        "A pulmonary embolism is subsegmental only where no more proximal vessel is recorded.",
    ),
    needs=("events",),
)
