"""Whether a patient died with DIC or from it, as far as a record can tell, and how sure that is. A proposal.

Source: Galli E, Sorà F, Rossi E. Br J Haematol 2024;205:409-410. doi:10.1111/bjh.19619 (patients who die "from DIC" and
those who die "with DIC" are hard to tell apart). The rules are carac's own (docs/sorting.md).
Inputs: DIC by the score of the sorting on each day; death and its recorded cause; bleeds of WHO grade 4, and bleeds and
clots recorded as fatal.
Values: no_dic, alive, with_dic, from_dic, adjudicate; null where no score is known on any day. No rule is sure that DIC
killed: every from_dic is for a committee too.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.definitions.proposals.clinical_events import BLEEDING, EVENT_KEYS
from carac.definitions.proposals.sorting import GALLI, INSTRUMENT, KEYS, POPULATION, VERSION
from carac.definitions.proposals.sorting.places import LABORATORY_DIC
from carac.definitions.proposals.sorting.places import NAME as PLACE
from carac.language.conditions import all_of
from carac.language.definition import Certainty, Citation, Definition, Output, Rule, Status, Tables, Values
from carac.parameters import Parameter, whole
from carac.vocabulary.types import Grain

NAME = "dic_and_death_proposal"
PARAMETERS = (
    Parameter("active_days", 3, "last days before death on which DIC is active", lowest=1, source="carac's own"),
    Parameter("event_days", 7, "last days before death on which a severe event began", lowest=1, source="carac's own"),
)
LIFE_THREATENING = 4
#: Words of a cause of death that name DIC, bleeding or thrombosis.
HAEMOSTATIC = (
    "(^|[^a-z])(dic|disseminated intravascular coagulation|coagulopathy|bleed|bleeding|haemorrhage|hemorrhage|"
    "haemorrhagic|hemorrhagic|thrombosis|thromboembolism|embolism|stroke|infarction)([^a-z]|$)"
)
REASONS = {
    "no_dic": "the score was never reached",
    "alive": "the score was reached, and no death is recorded",
    "inactive": "the score was not reached in the last days",
    "no_event_other_cause": "active DIC, no severe event, another cause recorded",
    "event_and_cause": "active DIC, a severe event, and a cause of death that fits",
    "unknown": "active DIC or not, event or cause: missing or in contradiction",
}


def rows(tables: Tables, values: Values) -> ibis.Table:
    """One row per infusion."""
    infusions = tables.infusions.select(*KEYS, "death_day", "cause_of_death")
    found = infusions.left_join(_dic(tables, whole(values, "active_days")), list(KEYS))
    found = found.select(*infusions.columns, "ever", "perhaps", "active", "last_known")
    severe = _severe(tables, whole(values, "event_days"))
    joined = found.left_join(severe, list(KEYS)).select(*found.columns, "severe")
    return joined.select(*KEYS, **_columns(joined, "events" in tables.present))


def _dic(tables: Tables, days_before: int) -> ibis.Table:
    """Whether DIC was ever reached, may have been, was active at death, and was known then."""
    deaths = tables.infusions.select(*KEYS, died="death_day")
    days = tables.days.filter(tables.days.day >= 0).inner_join(deaths, list(KEYS))
    last = ((days.day <= days.died) & (days.day > days.died - days_before)).fill_null(False)
    low, high = days[f"{PLACE}__lowest"], days[f"{PLACE}__highest"]
    reached, possible = low >= LABORATORY_DIC, high >= LABORATORY_DIC

    def any_day(met: ir.BooleanValue) -> ir.IntegerValue:
        return met.fill_null(False).ifelse(1, 0).max()

    return days.group_by(*KEYS).aggregate(
        known=any_day(low.notnull()),
        ever=low.notnull().ifelse(reached.ifelse(1, 0), ibis.null("int8")).max(),
        perhaps=any_day(possible & ~reached),
        active=any_day(reached & last),
        last_known=any_day(low.notnull() & ~(possible & ~reached) & last),
    )


def _severe(tables: Tables, days_before: int) -> ibis.Table:
    """Infusions with a severe event in the last days before death."""
    events = tables.events.select(*EVENT_KEYS, "day", "kind")
    features = tables.event_features
    fatal = features.filter(features.feature == "fatal", features.flag.fill_null(False)).select(
        "event_id", fatal=ibis.literal(True)
    )
    joined = events.left_join(fatal, "event_id").select(*events.columns, "fatal")
    graded = tables.results[BLEEDING].select(*EVENT_KEYS, worst=tables.results[BLEEDING][f"{BLEEDING}__lowest"])
    joined = joined.left_join(graded, list(EVENT_KEYS)).select(*joined.columns, "worst")
    deaths = tables.infusions.select(*KEYS, died="death_day")
    joined = joined.inner_join(deaths, list(KEYS))
    near = (joined.day <= joined.died) & (joined.day > joined.died - days_before)
    counts = joined.kind.isin(("bleeding", "venous", "arterial")) & joined.fatal
    hit = counts.fill_null(False) | (joined.worst >= LIFE_THREATENING).fill_null(False)
    return joined.filter(near, hit).select(*KEYS).distinct().mutate(severe=ibis.literal(True))


def _columns(found: ibis.Table, with_events: bool) -> dict[str, ir.Value]:
    died, ever, active = found.death_day.notnull(), found.ever == 1, found.active == 1
    severe = found.severe.fill_null(False) if with_events else ibis.null("boolean")
    cause = found.cause_of_death.lower()
    fits = cause.re_search(HAEMOSTATIC)
    inactive = (found.last_known == 1) & ~active
    reason = ibis.cases(
        (found.ever.isnull(), ibis.null("string")),
        (~ever, "no_dic"),
        (~died, "alive"),
        (inactive, "inactive"),
        (all_of(active, ~severe, ~fits).fill_null(False), "no_event_other_cause"),
        (all_of(active, severe, fits).fill_null(False), "event_and_cause"),
        else_="unknown",
    )
    word = reason.cases(
        ("no_dic", "no_dic"),
        ("alive", "alive"),
        ("inactive", "with_dic"),
        ("no_event_other_cause", "with_dic"),
        ("event_and_cause", "from_dic"),
        ("unknown", "adjudicate"),
        else_=ibis.null("string"),
    )
    sure = ibis.cases(
        (reason.isnull(), ibis.null("string")),
        ((reason == "unknown") | ((reason == "no_dic") & (found.perhaps == 1)), "low"),
        (reason.isin(("no_event_other_cause", "event_and_cause")), "moderate"),
        else_="high",
    )
    to_judge = ibis.cases((reason.isnull(), ibis.null("boolean")), else_=word.isin(("from_dic", "adjudicate")))
    return {NAME: word, f"{NAME}__certainty": sure, f"{NAME}__reason": reason, f"{NAME}__adjudicate": to_judge}


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name=NAME,
        title="With DIC or from DIC",
        instrument=INSTRUMENT,
        version=VERSION,
        citation=Citation(GALLI.text, GALLI.doi),
        status=Status.PROPOSAL,
        certainty=Certainty.LOW,
        population=POPULATION,
        grain=Grain.INFUSION,
        outputs=(
            Output(
                "", "no_dic, alive, with_dic, from_dic or adjudicate; null where no score is known on any day", "string"
            ),
            Output("__certainty", "how sure: high, moderate, low; null where the word is", "string"),
            Output("__reason", f"{', '.join(REASONS)}: which rule gave the word; null where the word is", "string"),
            Output("__adjudicate", "whether a committee should look at the case; null where the word is", "boolean"),
        ),
        rows=rows,
        parameters=PARAMETERS,
        uses=(PLACE, BLEEDING),
        rules=(Rule("severe", "WHO grade of a bleed in the last days", "", (("≥", LIFE_THREATENING, 1),)),),
        lowest=None,
        monotone=False,
        choices=(
            "A record cannot be sure that DIC killed: from_dic is moderate at best and goes to adjudication too.",
            "A cause of death is read by its words: DIC, bleeding, thrombosis and their like.",
        ),
        needs=("labs",),
    ),
)
