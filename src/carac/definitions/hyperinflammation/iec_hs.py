"""IEC-HS (immune effector cell-associated HLH-like syndrome), 2023: candidates for adjudication, and the grade.

Source: Hines MR, Knight TE, McNerney KO, et al. Transplant Cell Ther 2023;29:438.e1-438.e16.
doi:10.1016/j.jtct.2023.03.006 (criteria from memory, high; grading from memory, moderate).
Inputs: ferritin (ug/L) against its upper limit or an abnormal baseline, or rising; ALT and AST (grade 3 of CTCAE 5.0 is
the printed 5-fold), fibrinogen (g/L), haemophagocytosis, counts; the ASTCT grade of cytokine release of each day.
Values: how many of four common manifestations beside ferritin are met, 0 to 4. The reading is candidate, no,
possible_crs_ongoing (ferritin met while cytokine release goes on), candidate_onset_unknown (no cytokine release is
recorded), or null where what is missing decides. A candidate is for adjudication, never a diagnosis.
Open in the source: no number of manifestations is printed (`manifestations_needed`, a software convention); "rapidly
rising" (`rising_fold`, LOW), "resolving" (catalogue P15) and "new, worsening or refractory" (P16, LOW) have no rule.
"""

from __future__ import annotations

from dataclasses import replace

import ibis
import ibis.expr.types as ir

from carac.definitions.ctcae.against_baseline import ByBaseline
from carac.definitions.hyperinflammation.cytopenia import NewOrWorse
from carac.definitions.hyperinflammation.hlh import lowest
from carac.language.bands import Bands
from carac.language.combined import Change, IfRecorded, Judged, OfGrade, any_of, recorded
from carac.language.daily_grades import with_records_and_deaths
from carac.language.definition import (
    Certainty,
    Citation,
    Columns,
    Definition,
    Layer,
    Output,
    Rule,
    Status,
    Tables,
    Values,
)
from carac.language.points import Criterion, Item, Reading, Total
from carac.language.score import UNRECORDED, About, score
from carac.parameters import Parameter, numeric, whole
from carac.vocabulary.types import Baseline, Exposure, Grain, Laboratory, Scale, Worse

NAME = "iec_hs_candidate"
GRADE = "iec_hs_grade"
CRS = "astct_crs"
KEYS = ("patient_id", "infusion_number")
CITATION = Citation("Hines MR et al. Transplant Cell Ther 2023;29:438.e1-438.e16", "10.1016/j.jtct.2023.03.006")

#: Ferritin in multiples of its upper limit, or of a baseline.
TWICE = Bands(above={2: 1})
FERRITIN = Laboratory("ferritin", Worse.HIGHER)
TREATED = Exposure(
    "tocilizumab_or_steroid_within_14_days", ("interleukin_6_receptor_blocker", "steroid"), days_after=14
)

#: What the onset reads beside the criteria.
ALSO_READ = (TREATED, FERRITIN, Laboratory("ferritin", Worse.HIGHER, before=1))

PARAMETERS = (
    Parameter(
        "manifestations_needed", 2, "how many common manifestations beside ferritin make a candidate (a convention)",
        lowest=1, highest=4, source="catalogue 6.1, 12 #20",
    ),
    Parameter(
        "ferritin_reference", "baseline_if_abnormal",
        "whether ferritin above twice its upper limit counts although the baseline was above the limit (either) or not",
        ("baseline_if_abnormal", "either"), source="catalogue 14, P14",
    ),
    Parameter(
        "rising_fold", 2.0, "how many times the value of the day before is rapidly rising (LOW); none switches it off",
        lowest=1.0, optional=True, source="catalogue 6.1, LOW",
    ),
    Parameter(
        "computed_cytopenia", True,
        "whether a cytopenia is found from counts (LOW) and not only from the judged item",
        source="catalogue 14, P16, LOW",
    ),
    Parameter(
        "cytopenia_fall", 0.5, "share of the median of three days whose loss makes a cytopenia worse (LOW)",
        lowest=0.05, highest=0.95, source="catalogue 14, P16, LOW",
    ),
    Parameter(
        "crs_grade_holds_days", 1, "days for which the last grade of cytokine release stands in where a day has none",
        lowest=0, highest=7, source="catalogue 14, P15",
    ),
    UNRECORDED,
)  # fmt: skip


def _ferritin(values: Values) -> Criterion:
    parts: list[Criterion] = [ByBaseline("ferritin", "ferritin", TWICE, TWICE)]
    if values["ferritin_reference"] == "either":
        by_limit = Laboratory("ferritin", Worse.HIGHER, Scale.BY_UPPER_LIMIT)
        parts = [
            Item("by_limit", "ferritin against its upper limit", by_limit, "x ULN", TWICE),
            Change("by_baseline", "ferritin against its baseline", FERRITIN, Baseline("ferritin"), TWICE),
        ]
    parts.append(IfRecorded(Judged("ferritin_rapidly_rising", "rapidly rising, by clinical assessment")))
    if values["rising_fold"]:
        before = Laboratory("ferritin", Worse.HIGHER, before=1)
        fold = Bands(at_least={float(values["rising_fold"]): 1})
        parts.append(Change("rising", "ferritin against the day before (LOW)", FERRITIN, before, fold))
    return any_of("ferritin", "ferritin (required)", parts)


def _cytopenia(values: Values) -> Criterion:
    judged = Judged("cytopenia_refractory", "refractory cytopenia")
    if not values["computed_cytopenia"]:
        return any_of("cytopenia", "cytopenia", (recorded(judged, bool(values["unrecorded_is_absent"])),))
    left = 1.0 - numeric(values, "cytopenia_fall")
    computed = (
        NewOrWorse("platelets", "platelets", "10^9/L", 50, left),
        NewOrWorse("neutrophils", "neutrophils", "10^9/L", 1.0, left),
        NewOrWorse("haemoglobin", "haemoglobin", "g/dL", 8.0, left),
    )
    return any_of("cytopenia", "new, worsening or refractory cytopenia", (IfRecorded(judged), *computed))


def total(values: Values) -> Total:
    """The common manifestations, with ferritin required."""
    transaminases = (OfGrade(f"{enzyme}_grade_3", enzyme.upper(), f"ctcae_v5_{enzyme}", 3) for enzyme in ("alt", "ast"))
    by_limit = Laboratory("fibrinogen", Worse.LOWER, Scale.BY_LOWER_LIMIT)
    fibrinogen = (
        lowest("fibrinogen_value", "fibrinogen", "fibrinogen", "g/L", Bands(below={1.5: 1})),
        Item("fibrinogen_by_limit", "fibrinogen against its lower limit", by_limit, "x LLN", Bands(below={1.0: 1})),
    )
    haemophagocytosis = Judged("haemophagocytosis", "haemophagocytosis")
    return Total(
        (
            any_of("transaminases", "ALT or AST above 5-fold", transaminases),
            any_of("fibrinogen", "low fibrinogen", fibrinogen),
            recorded(haemophagocytosis, bool(values["unrecorded_is_absent"])),
            _cytopenia(values),
        ),
        readings=(Reading("__enough", "ferritin and enough manifestations", whole(values, "manifestations_needed")),),
        gates=(_ferritin(values),),
    )


# ---- onset


def _course(holds: int) -> Layer:
    """The grade of cytokine release in force, yesterday's, and the highest so far."""

    def columns(table: ibis.Table) -> Columns:
        ordered = ibis.window(group_by=list(KEYS), order_by="day")
        before = ibis.window(group_by=list(KEYS), order_by="day", preceding=(None, 1))
        made: Columns = {}
        for end in ("lowest", "highest"):
            grade = table[f"{CRS}__{end}"]
            earlier = [grade.lag(day).over(ordered) for day in range(1, holds + 2)]
            made[f"{NAME}__crs_{end}"] = ibis.coalesce(grade, *earlier[:holds])
            made[f"{NAME}__crs_{end}_before"] = ibis.coalesce(*earlier)
            made[f"{NAME}__crs_peak_{end}"] = grade.max().over(before)
        return made

    return columns


def _resolving(table: ibis.Table) -> Columns:
    """Grade 0 after at least 1, or below the peak today and yesterday; never null."""
    today, yesterday = table[f"{NAME}__crs_highest"], table[f"{NAME}__crs_highest_before"]
    peak = table[f"{NAME}__crs_peak_lowest"]
    resolved = (today == 0) & (peak >= 1)
    improving = (today < peak) & (yesterday < peak)
    return {f"{NAME}__resolving": (resolved | improving).fill_null(False)}


def _onset(table: ibis.Table) -> Columns:
    """Resolving; or worse again, with rising ferritin, after it resolved under treatment; ongoing; or unknown."""
    before = ibis.window(group_by=list(KEYS), order_by="day", preceding=(None, 1))
    resolved_before = table[f"{NAME}__resolving"].ifelse(1, 0).max().over(before) == 1
    yesterday = Laboratory("ferritin", Worse.HIGHER, before=1)
    rising = table[FERRITIN.low] > table[yesterday.high]
    again = resolved_before & rising & table[TREATED.name]
    peak = ibis.greatest(table[f"{NAME}__crs_peak_highest"], table[f"{NAME}__crs_highest"])
    ongoing = table[f"{NAME}__crs_lowest"] >= 1
    return {
        f"{NAME}__onset": ibis.cases(
            (table[f"{NAME}__resolving"] | again.fill_null(False), "resolving"),
            (ongoing.fill_null(False), "crs_ongoing"),
            ((peak == 0).fill_null(False), "never_crs"),
            else_=ibis.null("string"),
        )
    }


def _reading(table: ibis.Table) -> Columns:
    ferritin = {end: table[f"{NAME}__ferritin__{end}"] > 0 for end in ("lowest", "highest")}
    enough, onset = table[f"{NAME}__enough"], table[f"{NAME}__onset"]
    known = table[f"{NAME}__lowest"].notnull()
    word: ir.StringValue = ibis.cases(
        (~known, ibis.null("string")),
        (~ferritin["highest"], "no"),
        ((onset == "crs_ongoing").fill_null(False) & ferritin["lowest"], "possible_crs_ongoing"),
        ((~enough).fill_null(False), "no"),
        (enough.isnull() | onset.isnull(), ibis.null("string")),
        (onset == "never_crs", "candidate_onset_unknown"),
        (onset == "resolving", "candidate"),
        else_=ibis.null("string"),
    )
    return {f"{NAME}__reading": word}


def _more(values: Values) -> list[Layer]:
    return [_course(whole(values, "crs_grade_holds_days")), _resolving, _onset, _reading]


# ---- grade

WORDS = ("no_intervention", "intervention", "severe", "life_threatening")
CAUSES = ("iec-hs", "ichs", "haemophagocytic", "hemophagocytic", "hlh")


def grade_rows(tables: Tables, values: Values) -> ibis.Table:
    """One row per day on which the consequences were recorded, or the patient died of the syndrome."""
    rows = tables.assessments.filter(tables.assessments.item == "iec_hs_severity")
    grade = rows.text.cases(*((word, place + 1) for place, word in enumerate(WORDS)), else_=ibis.null("int8"))
    worst = rows.group_by("patient_id", "infusion_number", "day").aggregate(lowest=grade.max().cast("int8"))
    graded = worst.mutate(highest=worst.lowest)
    day = with_records_and_deaths(graded, tables, GRADE, CAUSES)
    return day.select(
        *KEYS,
        "day",
        **{
            GRADE: day.grade.cast("int8"),
            f"{GRADE}__lowest": day.lowest.cast("int8"),
            f"{GRADE}__highest": day.highest.cast("int8"),
            f"{GRADE}__recorded": day.recorded.cast("int8"),
        },
    )


_candidate = score(
    About(
        name=NAME,
        title="IEC-HS candidate",
        instrument="IEC-HS",
        version="2023",
        citation=CITATION,
        certainty=Certainty.MEMORY_HIGH,
        status=Status.CONVENTION,
        population="patients after immune effector cells",
        meaning="common manifestations beside ferritin, 0 to 4; null where what is missing decides",
        parameters=PARAMETERS,
        uses=(CRS, "ctcae_v5_alt", "ctcae_v5_ast"),
        more_outputs=(
            Output(
                "__reading",
                "candidate, candidate_onset_unknown, possible_crs_ongoing or no; null where what is missing decides; "
                "every candidate is for adjudication",
                "string",
            ),
            Output(
                "__onset",
                "cytokine release of the day: resolving, crs_ongoing, never_crs; null where it is not recorded",
                "string",
            ),
        ),
        low_items=("rising", "new_or_worse_platelets", "new_or_worse_neutrophils", "new_or_worse_haemoglobin"),
        choices=(
            "No number of manifestations is printed: two beside ferritin are a software convention.",
            "A ferritin of twice the value of the day before is rapidly rising (LOW).",
            "A cytopenia is new where a count passes grade 3 against the median of the three days before, or loses "
            "half of it (LOW).",
            "Cytokine release is resolving at grade 0 after at least 1, below its peak on two days, or where ferritin "
            "rises again after that under tocilizumab or a steroid.",
            "Progression and infection, which exclude the diagnosis, are not judged.",
        ),
    ),
    total,
    _more,
)

DEFINITIONS: tuple[Definition, ...] = (
    replace(
        _candidate,
        inputs=tuple(dict.fromkeys((*_candidate.inputs, *ALSO_READ))),
        inputs_of=lambda values: tuple(dict.fromkeys((*total(values).inputs, *ALSO_READ))),
    ),
    Definition(
        name=GRADE,
        title="IEC-HS grade",
        instrument="IEC-HS",
        version="2023",
        citation=CITATION,
        status=Status.CONSENSUS,
        certainty=Certainty.MEMORY_MODERATE,
        population="patients in whom IEC-HS was diagnosed",
        grain=Grain.DAY,
        outputs=(
            Output("", "1 no intervention, 2 intervention, 3 severe, 4 life-threatening, 5 death; null: not judged"),
            Output("__lowest", "lowest possible grade; null: not judged"),
            Output("__highest", "highest possible grade; null: not judged"),
            Output("__recorded", "worst grade that a clinician recorded on the day; null where none"),
        ),
        rows=grade_rows,
        rules=(Rule("severity", "consequences of the syndrome, judged", "", (("≥", 3, 4), ("≥", 2, 3), ("≥", 1, 2))),),
        lowest=1,
        highest=5,
        choices=("The grade is clinical: it is made of the judged consequences alone, in a patient with a diagnosis.",),
        needs=("assessments",),
    ),
)
