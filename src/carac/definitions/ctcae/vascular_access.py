"""CTCAE 5.0 and 6.0: Vascular access complication without a thrombosis, from features of the event.

Source: National Cancer Institute, Common Terminology Criteria for Adverse Events, versions 5.0 (2017) and 6.0 (2025).
Inputs: events of the kind "other" whose feature device_complication is recorded, and their consequences.
Values: 1 lysis of a line without intent for systemic therapy; 2 dislodgement, blockage, leak, malposition, replacement;
4 life-threatening with instability; 5 death; null where what is missing decides, with the lowest and highest grade.
Grade 3, a thrombosis at the line, stands in `ctcae_v5_thromboembolism` and `ctcae_v6_thromboembolism`, which name the
same term. The two versions print the same criteria.
"""

from __future__ import annotations

import ibis

from carac.definitions.ctcae.event_terms import event_term
from carac.definitions.ctcae.terms import Version
from carac.definitions.ctcae.version_5 import VERSION_5
from carac.definitions.ctcae.version_6 import VERSION_6
from carac.language.comparisons import agreed
from carac.language.definition import Definition, Rule, Tables
from carac.language.event_rules import KEYS, Criteria, Criterion, features

COMPLICATION = "device_complication"
LYSIS = "lysis"
WANTED = (COMPLICATION, "fatal", "life_threatening", "haemodynamic_instability")


def rows(version: Version, tables: Tables) -> ibis.Table:
    """One row per event of a device that is no thrombosis."""
    name = f"{version.prefix}_vascular_access"
    events = features(tables, WANTED)
    # A line in a vein or artery that holds a thrombus is graded by its thrombosis.
    events = events.filter(events.kind == "other", events[COMPLICATION].notnull())
    unstable = events.life_threatening | events.haemodynamic_instability.isin(("moderate", "severe"))
    bounds = Criteria(
        (
            Criterion("fatal", 5, events.fatal),
            Criterion("unstable", 4, unstable),
            Criterion("device", 2, events[COMPLICATION] != LYSIS),
        ),
        1,
    ).bounds()
    low, high = (end.cast("int8") for end in (bounds.low, bounds.high))
    return events.select(*KEYS, **{name: agreed(low, high), f"{name}__lowest": low, f"{name}__highest": high})


def _definition(version: Version) -> Definition:
    return event_term(
        version,
        "vascular_access",
        "vascular access complication without thrombosis",
        "1, 2 or 4, 5 death; null where what is missing decides",
        rows=lambda tables, _: rows(version, tables),
        rules=(
            Rule("fatal", "fatal", "", (("=", 1, 5),)),
            Rule("unstable", "life-threatening, with instability", "", (("=", 1, 4),)),
            Rule("device", "dislodgement, blockage, leak, malposition, replacement", "", (("=", 1, 2),)),
            Rule("lysis", "lysis of the line, not meant to be systemic", "", (("=", 1, 1),)),
        ),
        highest=5,
        choices=(
            "Only events of the kind other with the feature device_complication have a row.",
            "A thrombosis at the line (grade 3) is graded by ctcae_v5_thromboembolism and ctcae_v6_thromboembolism.",
            "A blocked line that lysis opened is what the record calls it: lysis is 1, blockage 2.",
        ),
    )


DEFINITIONS: tuple[Definition, ...] = (_definition(VERSION_5), _definition(VERSION_6))
