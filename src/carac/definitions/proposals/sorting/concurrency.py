"""What goes on beside the coagulopathy of an infusion: CRS, ICANS and IEC-HS at its onset and at its peak. A proposal.

Source: Galli E, Sorà F, Rossi E. Br J Haematol 2024;205:409-410. doi:10.1111/bjh.19619 (coagulopathy is to be told from
CRS and macrophage activation). The grades are those of their own definitions.
Inputs: onset and peak of the place of an infusion; the grades of those days, or of the day before where the day has
none.
Values: how many of the three go on at the peak (CRS from grade 1, ICANS from grade 1, a candidate of IEC-HS); null
where there is no peak, or where one of them is not known.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.definitions.proposals.sorting import GALLI, INSTRUMENT, KEYS, POPULATION, VERSION
from carac.definitions.proposals.sorting.patient import NAME as PATIENT
from carac.language.definition import Certainty, Definition, Output, Rule, Status, Tables, Values
from carac.parameters import Parameter, whole
from carac.vocabulary.types import Grain

NAME = "sorting_concurrency_proposal"
BESIDE = {"crs": "astct_crs", "icans": "astct_icans", "iec_hs": "iec_hs_candidate__reading"}
TITLES = {"crs": "grade of CRS", "icans": "grade of ICANS", "iec_hs": "reading of IEC-HS"}
MOMENTS = ("onset", "peak")
CANDIDATES = ("candidate", "candidate_onset_unknown")
HOLDS = Parameter(
    "holds_days", 1, "days for which the last grade stands in where a day has none", lowest=0, highest=7,
    source="catalogue 14, P15",
)  # fmt: skip


def rows(tables: Tables, values: Values) -> ibis.Table:
    """One row per infusion."""
    days, ordered = tables.days, ibis.window(group_by=list(KEYS), order_by="day")
    holds = range(1, whole(values, "holds_days") + 1)
    days = days.select(
        *KEYS,
        "day",
        **{
            name: ibis.coalesce(days[column], *(days[column].lag(k).over(ordered) for k in holds))
            for name, column in BESIDE.items()
        },
    )
    patients = tables.results[PATIENT]
    joined = days.inner_join(patients, list(KEYS))
    measures: dict[str, ir.Value] = {}
    for moment in MOMENTS:
        on_day = (joined.day == joined[f"{PATIENT}__{moment}_day"]).fill_null(False)
        for name in BESIDE:
            measures[f"{name}_at_{moment}"] = on_day.ifelse(joined[name], ibis.null(joined[name].type())).max()
    found = joined.group_by(*KEYS).aggregate(**measures)
    every = tables.infusions.select(*KEYS).left_join(found, list(KEYS))
    shown = {f"{NAME}__{name}": every[name] for name in measures}
    shown |= {column: value.cast("int8") for column, value in shown.items() if not column.count("iec_hs")}
    return every.select(*KEYS, **{NAME: _together(every)}, **shown)


def _together(found: ibis.Table) -> ir.IntegerValue:
    """How many go on at the peak; null where one is not known."""
    truths = (found.crs_at_peak >= 1, found.icans_at_peak >= 1, found.iec_hs_at_peak.isin(CANDIDATES))
    counted = [truth.ifelse(1, 0) for truth in truths]
    known = truths[0].notnull() & truths[1].notnull() & truths[2].notnull()
    return known.ifelse((counted[0] + counted[1] + counted[2]).cast("int8"), ibis.null("int8"))


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name=NAME,
        title="Sorting of coagulopathy, what goes on beside it",
        instrument=INSTRUMENT,
        version=VERSION,
        citation=GALLI,
        status=Status.PROPOSAL,
        certainty=Certainty.LOW,
        population=POPULATION,
        grain=Grain.INFUSION,
        outputs=(
            Output("", "how many of CRS, ICANS and IEC-HS go on at the peak; null where one of them is not known"),
            *(
                Output(
                    f"__{name}_at_{moment}",
                    f"{TITLES[name]} at the {moment} of the coagulopathy; null where it is not known or there is none",
                    "string" if name == "iec_hs" else "int8",
                )
                for moment in MOMENTS
                for name in BESIDE
            ),
        ),
        rows=rows,
        parameters=(HOLDS,),
        uses=(PATIENT, "astct_crs", "astct_icans", "iec_hs_candidate"),
        rules=(Rule("grade", "grade of CRS or ICANS", "", (("≥", 1, 1),)),),
        lowest=None,
        monotone=False,
        choices=("Concurrence is told, not judged: CRS, IEC-HS and DIC may go on together.",),
        needs=("labs", "assessments"),
    ),
)
