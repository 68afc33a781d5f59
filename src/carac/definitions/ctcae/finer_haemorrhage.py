"""Haemorrhage terms of CTCAE whose site is finer than that of the record, where their cells are not the common ones.

Source: National Cancer Institute, Common Terminology Criteria for Adverse Events, versions 5.0 (2017) and 6.0 (2025).
Menorrhagia: 3 transfusion or operation (5.0), hospitalisation or operation (6.0). Bruising: 2 generalised.
Intraoperative: 3 invasive intervention after the operation, or hospitalisation; nothing milder is printed.
After a biopsy (6.0): 3 transfusion, invasive intervention or hospitalisation, else 2. At a stoma, tracheostomy or
urostomy (6.0): 3 invasive intervention or hospitalisation, 2 medical intervention.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.definitions.ctcae.haemorrhage_terms import STOMAS
from carac.definitions.ctcae.terms import Version
from carac.definitions.ctcae.version_6 import VERSION_6
from carac.language.event_rules import Criterion, certainly


def finer_criteria(version: Version, events: ibis.Table, other: ir.BooleanValue) -> list[Criterion]:
    """The criteria of these sites.

    Parameters
    ----------
    version: 5.0 has no term for biopsies and stomas, so that its events are at no such place.
    events: with `place` and the features.
    other: false for a postoperative bleed, which has a term of its own.
    """
    menorrhagia, bruise, operation, biopsy, stoma = (
        other & certainly(events.place.isin(sites))
        for sites in (("menorrhagia",), ("bruising",), ("intraoperative",), ("after_biopsy",), STOMAS)
    )
    invasive, admitted = events.invasive_intervention, events.hospitalised_because
    treated = events.medical_intervention | events.transfused
    return [
        Criterion("severe", 3, menorrhagia & (invasive | (admitted if version is VERSION_6 else events.transfused))),
        Criterion("severe", 3, (operation | stoma) & (invasive | admitted)),
        Criterion("severe", 3, biopsy & (events.transfused | invasive | admitted)),
        Criterion("intervention", 2, (menorrhagia | stoma) & treated),
        Criterion("generalised", 2, bruise & events.generalised),
    ]
