"""CTCAE 6.0: the term "immune effector cell-associated neurotoxicity syndrome" [10083347]; 5.0 has none.

Source: National Cancer Institute, Common Terminology Criteria for Adverse Events, version 6.0 (2025).
Inputs: those of the ASTCT grade (`astct_icans`); judged symptoms; death and its cause.
Values: ICE 7 to 9 is 1, 3 to 6 is 2, 0 to 2 is 3; CAPD 1 to 8 and awakening spontaneously 1, CAPD 1 to 8 and awakening
to voice 2, CAPD of 9 or more and awakening to touch only 3; mild, moderate and severe symptoms 1 to 3;
life-threatening 4; death 5. Null where the lowest and the highest possible grade differ, where nothing is recorded,
and during an intracranial haemorrhage, which has a term of its own.
Differs from ASTCT: CAPD counts only together with consciousness; symptoms and limits of daily life are printed.
Open in the source: seizures, weakness, raised pressure and arousal are not printed (`other_signs`).
"""

from __future__ import annotations

from typing import Any

import ibis

from carac.definitions.ctcae.version_6 import VERSION_6
from carac.definitions.neurotoxicity import astct_icans as astct
from carac.definitions.neurotoxicity import capd, domains, ice
from carac.language.daily_grades import DAY_KEYS, beside, with_records_and_deaths
from carac.language.definition import Certainty, Definition, Output, Rule, Status, Tables
from carac.language.signs import Sign
from carac.parameters import Parameter, Values
from carac.vocabulary.types import Grain

NAME = f"{VERSION_6.prefix}_icans"
#: "Moderate" limits instrumental, "severe" self-care activities of daily living.
SYMPTOMS = Sign("icans_symptoms", {"none": 0, "mild": 1, "moderate": 2, "severe": 3, "life_threatening": 4})

OTHER_SIGNS = Parameter(
    "other_signs",
    "as_astct",
    "whether seizures, weakness, raised pressure and, beside ICE, arousal count as ASTCT grades them, or not at all",
    choices=("as_astct", "not_counted"),
    source="proposal of carac: CTCAE prints severe symptoms and life-threatening consequences without naming signs",
)
SHARED = (astct.UNRECORDED, astct.CARRY, astct.BLEED, astct.FIRST_DAY)
PARAMETERS = (OTHER_SIGNS, *SHARED)


def rows(tables: Tables, values: Values) -> ibis.Table:
    """One row per infusion and day that has an assessment, a judgement, a recorded grade, or death from it."""
    chosen: dict[str, Any] = {p.name: values.get(p.name, p.default) for p in PARAMETERS}
    observed = astct.with_observations(tables, chosen, (*astct.SIGNS, SYMPTOMS))
    absent = chosen["unrecorded_signs"] == "absent"
    if chosen["other_signs"] == "not_counted":
        observed, absent = _without_other_signs(observed), True
    graded = astct.graded(_with_symptoms(astct.with_domains(observed, absent, "and")))
    day = beside(astct.by_day(graded, "events" in tables.present), _judged(graded))
    day = with_records_and_deaths(day, tables, NAME, astct.CAUSES)
    shown = {"": day.grade} | {f"__{column}": day[column] for column in SHOWN}
    types = {output.suffix: output.type for output in OUTPUTS}
    return day.select(*DAY_KEYS, **{NAME + end: column.cast(types[end]) for end, column in shown.items()})


def _with_symptoms(table: ibis.Table) -> ibis.Table:
    """The moments, no bound of which lies under the judged symptoms; what nobody judged adds nothing."""
    judged = table[SYMPTOMS.name]
    worst = {end: ibis.greatest(table[end], ibis.coalesce(judged, 0.0)) for end in ("lowest", "highest")}
    return table.mutate(**worst, known=table.known | judged.notnull())


def _judged(table: ibis.Table) -> ibis.Table:
    return table.group_by(*DAY_KEYS).aggregate(judged=table[SYMPTOMS.name].max())


def _without_other_signs(table: ibis.Table) -> ibis.Table:
    """The moments with ICE and CAPD alone: consciousness is kept where it is read together with CAPD."""
    nothing = ibis.null("float64")
    awake = ibis.literal(0.0)
    return table.mutate(
        **{sign.name: nothing for sign in astct.WHEN_PRESENT},
        consciousness=table.ice_low.notnull().ifelse(awake, table[domains.CONSCIOUSNESS.name]),
    )


OUTPUTS = (
    Output("", "0 none to 4, 5 death from the syndrome; null if the bounds differ, nothing is recorded, or bleeding"),
    Output("__lowest", "lowest grade that what is recorded allows, outside intracranial haemorrhage; else null"),
    Output("__highest", "highest grade that what is recorded allows, outside intracranial haemorrhage; else null"),
    Output("__ice", "grade by ICE, 0 to 4; null where it is not recorded or cannot be said", item=True),
    Output("__capd", "grade by CAPD with consciousness, 0 to 3; null where it cannot be said", item=True),
    Output("__judged", "grade by judged symptoms, 0 to 4; null where nobody judged", item=True),
    Output("__recorded", "worst grade that a clinician recorded on the day; null where none"),
)
SHOWN = tuple(output.suffix.removeprefix("__") for output in OUTPUTS if output.suffix)

DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name=NAME,
        title="CTCAE 6.0 immune effector cell-associated neurotoxicity syndrome",
        instrument="CTCAE ICANS",
        version=VERSION_6.number,
        citation=VERSION_6.citation,
        status=Status.CONSENSUS,
        certainty=Certainty.VERIFIED,
        population="adults and children after immune effector cells; ICE from 12 years, CAPD below",
        grain=Grain.DAY,
        outputs=OUTPUTS,
        rows=rows,
        parameters=PARAMETERS,
        rules=(
            Rule("ice", "ICE, from 12 years", "", tuple(ice.BANDS.cuts)),
            Rule(
                "capd",
                "CAPD, under 12 years, with consciousness (1 to 8 is 2 if the child awakens to voice)",
                "",
                tuple(capd.LEAST_GRADE.cuts),
            ),
            Rule("mild", "mild symptoms, judged", "", (("=", 1, 1),)),
            Rule("moderate", "moderate symptoms, limiting instrumental activities, judged", "", (("=", 1, 2),)),
            Rule("severe", "severe symptoms, limiting self-care, judged", "", (("=", 1, 3),)),
            Rule("life_threatening", "life-threatening, urgent intervention: judged", "", (("=", 1, 4),)),
        ),
        highest=5,
        monotone=False,
        choices=(
            "Seizures, weakness, raised pressure and arousal are not printed: they count as in ASTCT (other_signs).",
            "Signs, their times and what is taken as absent are read as for astct_icans.",
            "Intracranial haemorrhage is kept out, as in ASTCT: it has a term of its own.",
            "Symptoms that nobody judged add nothing.",
        ),
        needs=("assessments",),
    ),
)
